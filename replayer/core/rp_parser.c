/* Parses an expression by recursive descent, a function a precedence level. */
#include <stdlib.h>
#include <string.h>

#include "rp_expr.h"

struct parser {
    struct rp_lexer lexer;
    struct rp_token token; /* the next one */
    struct rp_expr *expr;
    unsigned depth;
    bool no_memory;
};

static bool parse_test(struct parser *parser, uint32_t *ret);

static bool
fail(struct parser *parser, size_t column, const char *message)
{
    return rp_expr_fail(parser->lexer.error, column, "%s", message);
}

static bool
advance(struct parser *parser)
{
    rp_value_release(&parser->token.value);
    return rp_lexer_next(&parser->lexer, &parser->token);
}

static bool
is_op(const struct parser *parser, const char *op)
{
    return parser->token.kind == RP_TOK_OP && rp_text_is(parser->token.text, op);
}

static bool
is_word(const struct parser *parser, const char *word)
{
    return parser->token.kind == RP_TOK_NAME && rp_text_is(parser->token.text, word);
}

static bool
expect(struct parser *parser, const char *op)
{
    if (!is_op(parser, op)) {
        return rp_expr_fail(parser->lexer.error, parser->token.column, "'%s' expected",
                            op);
    }
    return advance(parser);
}

static bool
add_node(struct parser *parser, enum rp_node_kind kind, size_t column, uint32_t *ret)
{
    struct rp_expr *expr = parser->expr;
    if (expr->count == expr->cap) {
        uint32_t cap = expr->cap ? expr->cap * 2 : 16;
        struct rp_node *node = realloc(expr->node, cap * sizeof *node);
        if (!node) {
            parser->no_memory = true;
            return fail(parser, column, "out of memory");
        }
        expr->node = node;
        expr->cap = cap;
    }
    expr->node[expr->count] = (struct rp_node){.kind = (uint8_t)kind,
                                               .a = RP_NONE,
                                               .b = RP_NONE,
                                               .c = RP_NONE,
                                               .list = RP_NONE,
                                               .next = RP_NONE,
                                               .column = column};
    *ret = expr->count++;
    return true;
}

static struct rp_node *
at(struct parser *parser, uint32_t node)
{
    return &parser->expr->node[node];
}

/* --- Atoms --- */

/* Elements up to a closing bracket, chained; `first` may be there already. */
static bool
parse_list(struct parser *parser, const char *close, uint32_t *first, bool *ret_comma)
{
    uint32_t last = *first;
    *ret_comma = false;
    while (!is_op(parser, close)) {
        uint32_t element;
        if (last != RP_NONE) {
            if (!expect(parser, ",")) {
                return false;
            }
            *ret_comma = true;
            if (is_op(parser, close)) {
                break;
            }
        }
        if (!parse_test(parser, &element)) {
            return false;
        }
        *(last == RP_NONE ? first : &at(parser, last)->next) = element;
        last = element;
    }
    return advance(parser);
}

static bool
parse_parens(struct parser *parser, uint32_t *ret)
{
    size_t column = parser->token.column;
    bool square = is_op(parser, "[");
    uint32_t list = RP_NONE;
    bool comma;
    if (!advance(parser) || !parse_list(parser, square ? "]" : ")", &list, &comma)) {
        return false;
    }
    if (!square && list != RP_NONE && !comma) {
        *ret = list;
        return true;
    }
    if (!add_node(parser, square ? RP_NODE_LIST : RP_NODE_TUPLE, column, ret)) {
        return false;
    }
    at(parser, *ret)->list = list;
    return true;
}

static bool
parse_literal(struct parser *parser, uint32_t *ret)
{
    if (!add_node(parser, RP_NODE_VALUE, parser->token.column, ret)) {
        return false;
    }
    struct rp_value *value = &at(parser, *ret)->value;
    *value = parser->token.value;
    parser->token.value = (struct rp_value){0};
    if (!advance(parser)) {
        return false;
    }
    while (parser->token.kind == RP_TOK_LITERAL && rp_kind_has_text(value->kind)) {
        struct tf_text a = rp_value_bytes(value),
                       b = rp_value_bytes(&parser->token.value);
        struct rp_value joined;
        char *text =
            parser->token.value.kind == value->kind ? malloc(a.len + b.len + 1) : NULL;
        if (!text) {
            return fail(parser, parser->token.column, "invalid syntax");
        }
        memcpy(text, a.data, a.len);
        memcpy(text + a.len, b.data, b.len);
        bool fine = rp_value_set_text(&joined, value->kind, text, a.len + b.len);
        free(text);
        if (!fine) {
            return fail(parser, parser->token.column, "out of memory");
        }
        rp_value_release(value);
        *value = joined;
        if (!advance(parser)) {
            return false;
        }
    }
    return true;
}

static bool
is_keyword(struct tf_text text)
{
    static const char *const words[] = {
        "and",      "as",       "assert", "async", "await",  "break",  "class",
        "continue", "def",      "del",    "elif",  "else",   "except", "finally",
        "for",      "from",     "global", "if",    "import", "in",     "is",
        "lambda",   "nonlocal", "not",    "or",    "pass",   "raise",  "return",
        "try",      "while",    "with",   "yield"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (rp_text_is(text, words[i])) {
            return true;
        }
    }
    return false;
}

static bool
parse_name(struct parser *parser, uint32_t *ret)
{
    static const struct {
        const char *word;
        uint8_t kind;
    } constants[] = {
        {"None", TF_VAL_NONE}, {"True", TF_VAL_TRUE}, {"False", TF_VAL_FALSE}};
    struct tf_text name = parser->token.text;
    if (is_keyword(name)) {
        return rp_expr_fail(parser->lexer.error, parser->token.column,
                            "invalid syntax at '%.*s'", (int)name.len, name.data);
    }
    if (!add_node(parser, RP_NODE_NAME, parser->token.column, ret)) {
        return false;
    }
    at(parser, *ret)->text = name;
    for (size_t i = 0; i < 3; i++) {
        if (rp_text_is(name, constants[i].word)) {
            at(parser, *ret)->kind = RP_NODE_VALUE;
            at(parser, *ret)->value.kind = constants[i].kind;
        }
    }
    return advance(parser);
}

static bool
parse_atom(struct parser *parser, uint32_t *ret)
{
    switch (parser->token.kind) {
    case RP_TOK_LITERAL: return parse_literal(parser, ret);
    case RP_TOK_NAME: return parse_name(parser, ret);
    case RP_TOK_END:
        return fail(parser, parser->token.column, "the expression ends too early");
    default: break;
    }
    if (is_op(parser, "(") || is_op(parser, "[")) {
        return parse_parens(parser, ret);
    }
    if (is_op(parser, "{")) {
        return fail(parser, parser->token.column,
                    "dict and set displays are not supported");
    }
    return rp_expr_fail(parser->lexer.error, parser->token.column,
                        "invalid syntax at '%.*s'", (int)parser->token.text.len,
                        parser->token.text.data);
}

/* --- Trailers: .name, [index], (arguments) --- */

static bool
parse_attr(struct parser *parser, uint32_t *ret)
{
    size_t column = parser->token.column;
    uint32_t node, object = *ret;
    if (!advance(parser)) {
        return false;
    }
    if (parser->token.kind != RP_TOK_NAME) {
        return fail(parser, parser->token.column, "the name of an attribute expected");
    }
    if (!add_node(parser, RP_NODE_ATTR, column, &node)) {
        return false;
    }
    at(parser, node)->a = object;
    at(parser, node)->text = parser->token.text;
    *ret = node;
    return advance(parser);
}

static bool
parse_slice_part(struct parser *parser, uint32_t *ret)
{
    *ret = RP_NONE;
    return is_op(parser, ":") || is_op(parser, "]") || parse_test(parser, ret);
}

static bool
parse_index(struct parser *parser, uint32_t *ret)
{
    size_t column = parser->token.column;
    uint32_t node, slice, object = *ret, part[3] = {RP_NONE, RP_NONE, RP_NONE};
    if (!advance(parser) || !parse_slice_part(parser, &part[0])) {
        return false;
    }
    uint32_t key = part[0];
    if (is_op(parser, ":")) {
        for (int i = 1; i < 3 && is_op(parser, ":"); i++) {
            if (!advance(parser) || !parse_slice_part(parser, &part[i])) {
                return false;
            }
        }
        if (!add_node(parser, RP_NODE_SLICE, column, &slice)) {
            return false;
        }
        at(parser, slice)->a = part[0];
        at(parser, slice)->b = part[1];
        at(parser, slice)->c = part[2];
        key = slice;
    }
    else if (key != RP_NONE && is_op(parser, ",")) {
        uint32_t tuple;
        bool comma;
        if (!add_node(parser, RP_NODE_TUPLE, column, &tuple)
            || !add_node(parser, RP_NODE_INDEX, column, &node)
            || !parse_list(parser, "]", &key, &comma)) {
            return false;
        }
        at(parser, tuple)->list = key;
        at(parser, node)->a = object;
        at(parser, node)->b = tuple;
        *ret = node;
        return true;
    }
    if (key == RP_NONE) {
        return fail(parser, parser->token.column, "an index expected");
    }
    if (!expect(parser, "]") || !add_node(parser, RP_NODE_INDEX, column, &node)) {
        return false;
    }
    at(parser, node)->a = object;
    at(parser, node)->b = key;
    *ret = node;
    return true;
}

/* name=value in a call: a NAME, then '='. */
static bool
parse_argument(struct parser *parser, uint32_t *ret)
{
    if (!parse_test(parser, ret)) {
        return false;
    }
    if (!is_op(parser, "=")) {
        return true;
    }
    uint32_t value, keyword;
    struct tf_text name = at(parser, *ret)->text;
    size_t column = at(parser, *ret)->column;
    if (at(parser, *ret)->kind != RP_NODE_NAME) {
        return fail(parser, parser->token.column,
                    "'=' has no meaning here; '==' compares");
    }
    if (!advance(parser) || !parse_test(parser, &value)
        || !add_node(parser, RP_NODE_KEYWORD, column, &keyword)) {
        return false;
    }
    at(parser, keyword)->text = name;
    at(parser, keyword)->a = value;
    *ret = keyword;
    return true;
}

static bool
parse_call(struct parser *parser, uint32_t *ret)
{
    uint32_t node, last = RP_NONE, function = *ret;
    if (!add_node(parser, RP_NODE_CALL, at(parser, function)->column, &node)
        || !advance(parser)) {
        return false;
    }
    at(parser, node)->a = function;
    while (!is_op(parser, ")")) {
        uint32_t argument;
        if (last != RP_NONE && !expect(parser, ",")) {
            return false;
        }
        if (is_op(parser, ")")) {
            break;
        }
        if (!parse_argument(parser, &argument)) {
            return false;
        }
        *(last == RP_NONE ? &at(parser, node)->list : &at(parser, last)->next) =
            argument;
        last = argument;
    }
    *ret = node;
    return advance(parser);
}

static bool
parse_primary(struct parser *parser, uint32_t *ret)
{
    if (!parse_atom(parser, ret)) {
        return false;
    }
    /* A chain of trailers nests as deep as it is long. */
    for (unsigned count = 0;; count++) {
        if (count > RP_EXPR_DEPTH) {
            return fail(parser, parser->token.column, "nested too deeply");
        }
        bool fine = true;
        if (is_op(parser, ".")) {
            fine = parse_attr(parser, ret);
        }
        else if (is_op(parser, "[")) {
            fine = parse_index(parser, ret);
        }
        else if (is_op(parser, "(")) {
            fine = parse_call(parser, ret);
        }
        else {
            return true;
        }
        if (!fine) {
            return false;
        }
    }
}

/* --- Operators --- */

static bool
binary(struct parser *parser, enum rp_op op, size_t column, uint32_t b, uint32_t *a)
{
    uint32_t node;
    if (!add_node(parser, RP_NODE_BINARY, column, &node)) {
        return false;
    }
    at(parser, node)->op = (uint8_t)op;
    at(parser, node)->a = *a;
    at(parser, node)->b = b;
    *a = node;
    return true;
}

static bool
enter(struct parser *parser)
{
    return ++parser->depth <= RP_EXPR_DEPTH
           || fail(parser, parser->token.column, "nested too deeply");
}

static bool
parse_unary(struct parser *parser, uint32_t *ret)
{
    static const struct {
        const char *text;
        enum rp_op op;
    } ops[] = {{"-", RP_OP_NEG}, {"+", RP_OP_POS}, {"~", RP_OP_INVERT}};

    size_t column = parser->token.column;
    for (size_t i = 0; i < 3; i++) {
        if (is_op(parser, ops[i].text)) {
            uint32_t operand;
            if (!enter(parser) || !advance(parser) || !parse_unary(parser, &operand)
                || !add_node(parser, RP_NODE_UNARY, column, ret)) {
                return false;
            }
            parser->depth--;
            at(parser, *ret)->op = (uint8_t)ops[i].op;
            at(parser, *ret)->a = operand;
            return true;
        }
    }
    uint32_t exponent;
    if (!parse_primary(parser, ret)) {
        return false;
    }
    if (!is_op(parser, "**")) {
        return true;
    }
    column = parser->token.column;
    if (!enter(parser) || !advance(parser) || !parse_unary(parser, &exponent)) {
        return false;
    }
    parser->depth--;
    return binary(parser, RP_OP_POW, column, exponent, ret);
}

static const struct {
    const char *text;
    enum rp_op op;
    unsigned level; /* 0 binds least */
} binary_ops[] = {
    {"|", RP_OP_OR, 0},        {"^", RP_OP_XOR, 1},     {"&", RP_OP_AND, 2},
    {"<<", RP_OP_LSHIFT, 3},   {">>", RP_OP_RSHIFT, 3}, {"+", RP_OP_ADD, 4},
    {"-", RP_OP_SUB, 4},       {"*", RP_OP_MUL, 5},     {"/", RP_OP_DIV, 5},
    {"//", RP_OP_FLOORDIV, 5}, {"%", RP_OP_MOD, 5},
};

static bool
parse_binary(struct parser *parser, unsigned level, uint32_t *ret)
{
    if (level == 6) {
        return parse_unary(parser, ret);
    }
    if (!parse_binary(parser, level + 1, ret)) {
        return false;
    }
    for (unsigned count = 0;; count++) {
        size_t i = 0, last = sizeof binary_ops / sizeof *binary_ops;
        while (
            i < last
            && (binary_ops[i].level != level || !is_op(parser, binary_ops[i].text))) {
            i++;
        }
        if (i == last) {
            return true;
        }
        size_t column = parser->token.column;
        uint32_t right;
        if (count > RP_EXPR_DEPTH) {
            return fail(parser, column, "nested too deeply");
        }
        if (!advance(parser) || !parse_binary(parser, level + 1, &right)
            || !binary(parser, binary_ops[i].op, column, right, ret)) {
            return false;
        }
    }
}

/* The comparison that begins here; takes its words. RP_OP_NONE: none. */
static bool
comparison_op(struct parser *parser, enum rp_op *ret_op)
{
    static const struct {
        const char *text;
        enum rp_op op;
    } ops[] = {{"<", RP_OP_LT},  {"<=", RP_OP_LE}, {">", RP_OP_GT},
               {">=", RP_OP_GE}, {"==", RP_OP_EQ}, {"!=", RP_OP_NE}};

    *ret_op = RP_OP_NONE;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (is_op(parser, ops[i].text)) {
            *ret_op = ops[i].op;
            return advance(parser);
        }
    }
    if (is_word(parser, "in")) {
        *ret_op = RP_OP_IN;
        return advance(parser);
    }
    if (is_word(parser, "not")) {
        if (!advance(parser)) {
            return false;
        }
        *ret_op = RP_OP_NOT_IN;
        return is_word(parser, "in")
                   ? advance(parser)
                   : fail(parser, parser->token.column, "'in' expected");
    }
    if (is_word(parser, "is")) {
        *ret_op = RP_OP_IS;
        if (!advance(parser)) {
            return false;
        }
        if (is_word(parser, "not")) {
            *ret_op = RP_OP_IS_NOT;
            return advance(parser);
        }
    }
    return true;
}

static bool
parse_comparison(struct parser *parser, uint32_t *ret)
{
    if (!parse_binary(parser, 0, ret)) {
        return false;
    }
    uint32_t node = RP_NONE, last = RP_NONE;
    for (;;) {
        enum rp_op op;
        size_t column = parser->token.column;
        uint32_t right, link;
        if (!comparison_op(parser, &op)) {
            return false;
        }
        if (op == RP_OP_NONE) {
            *ret = node == RP_NONE ? *ret : node;
            return true;
        }
        if (node == RP_NONE) {
            if (!add_node(parser, RP_NODE_COMPARE, column, &node)) {
                return false;
            }
            at(parser, node)->a = *ret;
        }
        if (!parse_binary(parser, 0, &right)
            || !add_node(parser, RP_NODE_LINK, column, &link)) {
            return false;
        }
        at(parser, link)->op = (uint8_t)op;
        at(parser, link)->a = right;
        *(last == RP_NONE ? &at(parser, node)->list : &at(parser, last)->next) = link;
        last = link;
    }
}

static bool
parse_not(struct parser *parser, uint32_t *ret)
{
    if (!is_word(parser, "not")) {
        return parse_comparison(parser, ret);
    }
    size_t column = parser->token.column;
    uint32_t operand;
    if (!enter(parser) || !advance(parser) || !parse_not(parser, &operand)
        || !add_node(parser, RP_NODE_UNARY, column, ret)) {
        return false;
    }
    parser->depth--;
    at(parser, *ret)->op = RP_OP_NOT;
    at(parser, *ret)->a = operand;
    return true;
}

static bool
parse_logic(struct parser *parser, bool is_or, uint32_t *ret)
{
    if (is_or ? !parse_logic(parser, false, ret) : !parse_not(parser, ret)) {
        return false;
    }
    for (unsigned count = 0; is_word(parser, is_or ? "or" : "and"); count++) {
        size_t column = parser->token.column;
        uint32_t right, node;
        if (count > RP_EXPR_DEPTH) {
            return fail(parser, column, "nested too deeply");
        }
        if (!advance(parser)
            || (is_or ? !parse_logic(parser, false, &right)
                      : !parse_not(parser, &right))
            || !add_node(parser, is_or ? RP_NODE_OR : RP_NODE_AND, column, &node)) {
            return false;
        }
        at(parser, node)->a = *ret;
        at(parser, node)->b = right;
        *ret = node;
    }
    return true;
}

static bool
parse_if(struct parser *parser, uint32_t *ret)
{
    size_t column = parser->token.column;
    uint32_t condition, other, node;
    if (!advance(parser) || !parse_logic(parser, true, &condition)) {
        return false;
    }
    if (!is_word(parser, "else")) {
        return fail(parser, parser->token.column, "'else' expected");
    }
    if (!advance(parser) || !parse_test(parser, &other)
        || !add_node(parser, RP_NODE_IF, column, &node)) {
        return false;
    }
    at(parser, node)->a = *ret;
    at(parser, node)->b = condition;
    at(parser, node)->c = other;
    *ret = node;
    return true;
}

static bool
parse_test(struct parser *parser, uint32_t *ret)
{
    if (!enter(parser) || !parse_logic(parser, true, ret)
        || (is_word(parser, "if") && !parse_if(parser, ret))) {
        return false;
    }
    parser->depth--;
    return true;
}

/* a, b without parentheses is a tuple, too. */
static bool
parse_all(struct parser *parser, uint32_t *ret)
{
    if (!advance(parser) || !parse_test(parser, ret)) {
        return false;
    }
    if (is_op(parser, ",")) {
        uint32_t tuple, last = *ret;
        if (!add_node(parser, RP_NODE_TUPLE, at(parser, *ret)->column, &tuple)) {
            return false;
        }
        at(parser, tuple)->list = *ret;
        while (is_op(parser, ",")) {
            uint32_t element;
            if (!advance(parser)) {
                return false;
            }
            if (parser->token.kind == RP_TOK_END) {
                break;
            }
            if (!parse_test(parser, &element)) {
                return false;
            }
            at(parser, last)->next = element;
            last = element;
        }
        *ret = tuple;
    }
    if (parser->token.kind == RP_TOK_END) {
        return true;
    }
    return is_op(parser, "=") ? fail(parser, parser->token.column,
                                     "a recording cannot be changed; '==' compares")
                              : fail(parser, parser->token.column, "invalid syntax");
}

void
rp_expr_free(struct rp_expr *expr)
{
    if (expr) {
        for (uint32_t i = 0; i < expr->count; i++) {
            rp_value_release(&expr->node[i].value);
        }
        free(expr->node);
        free(expr->source);
        free(expr);
    }
}

tf_status
rp_expr_parse(const char *text, size_t len, struct rp_expr **ret_expr,
              struct rp_expr_err *ret_error, struct tf_err *err)
{
    struct rp_expr_err error = {0};
    struct rp_expr *expr = calloc(1, sizeof *expr);
    if (!expr) {
        return rp_no_memory(err);
    }
    expr->source = strndup(text, len);
    if (!expr->source) {
        rp_expr_free(expr);
        return rp_no_memory(err);
    }
    expr->source_len = strlen(expr->source);
    struct parser parser = {.lexer = {{expr->source, expr->source_len}, 0, &error},
                            .expr = expr};
    bool fine = parse_all(&parser, &expr->root);
    rp_value_release(&parser.token.value);
    if (fine) {
        *ret_expr = expr;
        return TF_OK;
    }
    rp_expr_free(expr);
    if (ret_error) {
        *ret_error = error;
    }
    return parser.no_memory ? rp_no_memory(err)
                            : tf_err_set(err, TF_ERR_ARGUMENT, -1, "%s", error.message);
}
