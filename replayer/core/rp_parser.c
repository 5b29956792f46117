/* Parses an expression by recursive descent, a function a precedence level. */
#include <stdlib.h>
#include <string.h>

#include "rp_expr.h"

void
rp_parser_chain(struct rp_parser *parser, uint32_t parent, uint32_t *last,
                uint32_t node)
{
    *(*last == RP_NONE ? &rp_parser_at(parser, parent)->list
                       : &rp_parser_at(parser, *last)->next) = node;
    *last = node;
}

bool
rp_parser_fail(struct rp_parser *parser, size_t column, const char *message)
{
    return rp_expr_fail(parser->lexer.error, column, "%s", message);
}

bool
rp_parser_advance(struct rp_parser *parser)
{
    rp_value_release(&parser->token.value);
    return rp_lexer_next(&parser->lexer, &parser->token);
}

bool
rp_parser_is_op(const struct rp_parser *parser, const char *op)
{
    return parser->token.kind == RP_TOK_OP && rp_text_is(parser->token.text, op);
}

bool
rp_parser_is_word(const struct rp_parser *parser, const char *word)
{
    return parser->token.kind == RP_TOK_NAME && rp_text_is(parser->token.text, word);
}

bool
rp_parser_expect(struct rp_parser *parser, const char *op)
{
    if (!rp_parser_is_op(parser, op)) {
        return rp_expr_fail(parser->lexer.error, parser->token.column, "'%s' expected",
                            op);
    }
    return rp_parser_advance(parser);
}

bool
rp_parser_enter(struct rp_parser *parser)
{
    return ++parser->depth <= RP_EXPR_DEPTH
           || rp_parser_fail(parser, parser->token.column, "nested too deeply");
}

bool
rp_parser_add(struct rp_parser *parser, enum rp_node_kind kind, size_t column,
              uint32_t *ret)
{
    struct rp_expr *expr = parser->expr;
    if (expr->count == expr->cap) {
        uint32_t cap = expr->cap ? expr->cap * 2 : 16;
        struct rp_node *node = realloc(expr->node, cap * sizeof *node);
        if (!node) {
            parser->no_memory = true;
            return rp_parser_fail(parser, column, "out of memory");
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
                                               .name = RP_NONE,
                                               .column = column};
    *ret = expr->count++;
    return true;
}

struct rp_node *
rp_parser_at(struct rp_parser *parser, uint32_t node)
{
    return &parser->expr->node[node];
}

/* --- Arithmetic --- */

static bool
binary(struct rp_parser *parser, enum rp_op op, size_t column, uint32_t b, uint32_t *a)
{
    uint32_t node;
    if (!rp_parser_add(parser, RP_NODE_BINARY, column, &node)) {
        return false;
    }
    rp_parser_at(parser, node)->op = (uint8_t)op;
    rp_parser_at(parser, node)->a = *a;
    rp_parser_at(parser, node)->b = b;
    *a = node;
    return true;
}

static bool
parse_unary(struct rp_parser *parser, uint32_t *ret)
{
    static const struct {
        const char *text;
        enum rp_op op;
    } ops[] = {{"-", RP_OP_NEG}, {"+", RP_OP_POS}, {"~", RP_OP_INVERT}};

    size_t column = parser->token.column;
    for (size_t i = 0; i < 3; i++) {
        if (rp_parser_is_op(parser, ops[i].text)) {
            uint32_t operand;
            if (!rp_parser_enter(parser) || !rp_parser_advance(parser)
                || !parse_unary(parser, &operand)
                || !rp_parser_add(parser, RP_NODE_UNARY, column, ret)) {
                return false;
            }
            parser->depth--;
            rp_parser_at(parser, *ret)->op = (uint8_t)ops[i].op;
            rp_parser_at(parser, *ret)->a = operand;
            return true;
        }
    }
    uint32_t exponent;
    if (!rp_parse_primary(parser, ret)) {
        return false;
    }
    if (!rp_parser_is_op(parser, "**")) {
        return true;
    }
    column = parser->token.column;
    if (!rp_parser_enter(parser) || !rp_parser_advance(parser)
        || !parse_unary(parser, &exponent)) {
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
parse_binary(struct rp_parser *parser, unsigned level, uint32_t *ret)
{
    if (level == 6) {
        return parse_unary(parser, ret);
    }
    if (!parse_binary(parser, level + 1, ret)) {
        return false;
    }
    for (unsigned count = 0;; count++) {
        size_t i = 0, last = sizeof binary_ops / sizeof *binary_ops;
        while (i < last
               && (binary_ops[i].level != level
                   || !rp_parser_is_op(parser, binary_ops[i].text))) {
            i++;
        }
        if (i == last) {
            return true;
        }
        size_t column = parser->token.column;
        uint32_t right;
        if (count > RP_EXPR_DEPTH) {
            return rp_parser_fail(parser, column, "nested too deeply");
        }
        if (!rp_parser_advance(parser) || !parse_binary(parser, level + 1, &right)
            || !binary(parser, binary_ops[i].op, column, right, ret)) {
            return false;
        }
    }
}

bool
rp_parse_bitor(struct rp_parser *parser, uint32_t *ret)
{
    return parse_binary(parser, 0, ret);
}

/* --- Comparisons --- */

/* The comparison that begins here; takes its words. RP_OP_NONE: none. */
static bool
comparison_op(struct rp_parser *parser, enum rp_op *ret_op)
{
    static const struct {
        const char *text;
        enum rp_op op;
    } ops[] = {{"<", RP_OP_LT},  {"<=", RP_OP_LE}, {">", RP_OP_GT},
               {">=", RP_OP_GE}, {"==", RP_OP_EQ}, {"!=", RP_OP_NE}};

    *ret_op = RP_OP_NONE;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (rp_parser_is_op(parser, ops[i].text)) {
            *ret_op = ops[i].op;
            return rp_parser_advance(parser);
        }
    }
    if (rp_parser_is_word(parser, "in")) {
        *ret_op = RP_OP_IN;
        return rp_parser_advance(parser);
    }
    if (rp_parser_is_word(parser, "not")) {
        if (!rp_parser_advance(parser)) {
            return false;
        }
        *ret_op = RP_OP_NOT_IN;
        return rp_parser_is_word(parser, "in")
                   ? rp_parser_advance(parser)
                   : rp_parser_fail(parser, parser->token.column, "'in' expected");
    }
    if (rp_parser_is_word(parser, "is")) {
        *ret_op = RP_OP_IS;
        if (!rp_parser_advance(parser)) {
            return false;
        }
        if (rp_parser_is_word(parser, "not")) {
            *ret_op = RP_OP_IS_NOT;
            return rp_parser_advance(parser);
        }
    }
    return true;
}

static bool
parse_comparison(struct rp_parser *parser, uint32_t *ret)
{
    if (!rp_parse_bitor(parser, ret)) {
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
            if (!rp_parser_add(parser, RP_NODE_COMPARE, column, &node)) {
                return false;
            }
            rp_parser_at(parser, node)->a = *ret;
        }
        if (!rp_parse_bitor(parser, &right)
            || !rp_parser_add(parser, RP_NODE_LINK, column, &link)) {
            return false;
        }
        rp_parser_at(parser, link)->op = (uint8_t)op;
        rp_parser_at(parser, link)->a = right;
        *(last == RP_NONE ? &rp_parser_at(parser, node)->list
                          : &rp_parser_at(parser, last)->next) = link;
        last = link;
    }
}

/* --- not, and, or, if --- */

static bool
parse_not(struct rp_parser *parser, uint32_t *ret)
{
    if (!rp_parser_is_word(parser, "not")) {
        return parse_comparison(parser, ret);
    }
    size_t column = parser->token.column;
    uint32_t operand;
    if (!rp_parser_enter(parser) || !rp_parser_advance(parser)
        || !parse_not(parser, &operand)
        || !rp_parser_add(parser, RP_NODE_UNARY, column, ret)) {
        return false;
    }
    parser->depth--;
    rp_parser_at(parser, *ret)->op = RP_OP_NOT;
    rp_parser_at(parser, *ret)->a = operand;
    return true;
}

static bool
parse_logic(struct rp_parser *parser, bool is_or, uint32_t *ret)
{
    if (is_or ? !parse_logic(parser, false, ret) : !parse_not(parser, ret)) {
        return false;
    }
    for (unsigned count = 0; rp_parser_is_word(parser, is_or ? "or" : "and"); count++) {
        size_t column = parser->token.column;
        uint32_t right, node;
        if (count > RP_EXPR_DEPTH) {
            return rp_parser_fail(parser, column, "nested too deeply");
        }
        if (!rp_parser_advance(parser)
            || (is_or ? !parse_logic(parser, false, &right)
                      : !parse_not(parser, &right))
            || !rp_parser_add(parser, is_or ? RP_NODE_OR : RP_NODE_AND, column,
                              &node)) {
            return false;
        }
        rp_parser_at(parser, node)->a = *ret;
        rp_parser_at(parser, node)->b = right;
        *ret = node;
    }
    return true;
}

bool
rp_parse_or(struct rp_parser *parser, uint32_t *ret)
{
    return parse_logic(parser, true, ret);
}

static bool
parse_if(struct rp_parser *parser, uint32_t *ret)
{
    size_t column = parser->token.column;
    uint32_t condition, otherwise, node;
    if (!rp_parser_advance(parser) || !rp_parse_or(parser, &condition)) {
        return false;
    }
    if (!rp_parser_is_word(parser, "else")) {
        return rp_parser_fail(parser, parser->token.column, "'else' expected");
    }
    if (!rp_parser_advance(parser) || !rp_parse_test(parser, &otherwise)
        || !rp_parser_add(parser, RP_NODE_IF, column, &node)) {
        return false;
    }
    rp_parser_at(parser, node)->a = *ret;
    rp_parser_at(parser, node)->b = condition;
    rp_parser_at(parser, node)->c = otherwise;
    *ret = node;
    return true;
}

/* --- lambda --- */

static bool
parse_param(struct rp_parser *parser, uint32_t *ret)
{
    uint8_t stars = rp_parser_is_op(parser, "*")    ? 1
                    : rp_parser_is_op(parser, "**") ? 2
                                                    : 0;
    if (stars && !rp_parser_advance(parser)) {
        return false;
    }
    if (parser->token.kind != RP_TOK_NAME || rp_is_keyword(parser->token.text)) {
        return rp_parser_fail(parser, parser->token.column,
                              "the name of a parameter expected");
    }
    if (!rp_parser_add(parser, RP_NODE_PARAM, parser->token.column, ret)) {
        return false;
    }
    rp_parser_at(parser, *ret)->op = stars;
    rp_parser_at(parser, *ret)->text = parser->token.text;
    uint32_t value;
    if (!rp_parser_advance(parser)) {
        return false;
    }
    if (!stars && rp_parser_is_op(parser, "=")) {
        if (!rp_parser_advance(parser) || !rp_parse_test(parser, &value)) {
            return false;
        }
        rp_parser_at(parser, *ret)->a = value;
    }
    return true;
}

static bool
parse_lambda(struct rp_parser *parser, uint32_t *ret)
{
    uint32_t node, last = RP_NONE, body;
    if (!rp_parser_add(parser, RP_NODE_LAMBDA, parser->token.column, &node)
        || !rp_parser_advance(parser)) {
        return false;
    }
    while (!rp_parser_is_op(parser, ":")) {
        uint32_t param = RP_NONE;
        if (last != RP_NONE && !rp_parser_expect(parser, ",")) {
            return false;
        }
        if (rp_parser_is_op(parser, ":")) {
            break; /* a comma after the last */
        }
        if (!parse_param(parser, &param)) {
            return false;
        }
        *(last == RP_NONE ? &rp_parser_at(parser, node)->list
                          : &rp_parser_at(parser, last)->next) = param;
        last = param;
    }
    if (!rp_parser_advance(parser) || !rp_parse_test(parser, &body)) {
        return false;
    }
    rp_parser_at(parser, node)->a = body;
    *ret = node;
    return true;
}

bool
rp_parse_test(struct rp_parser *parser, uint32_t *ret)
{
    if (!rp_parser_enter(parser)) {
        return false;
    }
    bool fine =
        rp_parser_is_word(parser, "lambda")
            ? parse_lambda(parser, ret)
            : rp_parse_or(parser, ret)
                  && (!rp_parser_is_word(parser, "if") || parse_if(parser, ret));
    parser->depth--;
    return fine;
}

static bool
parse_element(struct rp_parser *parser, uint32_t *ret)
{
    size_t column = parser->token.column;
    uint32_t node;
    if (!rp_parser_is_op(parser, "*")) {
        return rp_parse_test(parser, ret);
    }
    if (!rp_parser_advance(parser) || !rp_parse_bitor(parser, ret)
        || !rp_parser_add(parser, RP_NODE_STAR, column, &node)) {
        return false;
    }
    rp_parser_at(parser, node)->a = *ret;
    *ret = node;
    return true;
}

static bool
at_end(const struct rp_parser *parser)
{
    return parser->token.kind == RP_TOK_END
           || (parser->token.kind == RP_TOK_OP && parser->token.text.len == 1
               && strchr(")]}:=!", parser->token.text.data[0]));
}

bool
rp_parse_tests(struct rp_parser *parser, uint32_t *ret)
{
    size_t column = parser->token.column;
    uint32_t tuple, last, element;
    if (!parse_element(parser, ret)) {
        return false;
    }
    if (!rp_parser_is_op(parser, ",")) {
        return rp_parser_at(parser, *ret)->kind != RP_NODE_STAR
               || rp_parser_fail(parser, column, "can't use starred expression here");
    }
    if (!rp_parser_add(parser, RP_NODE_TUPLE, column, &tuple)) {
        return false;
    }
    rp_parser_at(parser, tuple)->list = last = *ret;
    while (rp_parser_is_op(parser, ",")) {
        if (!rp_parser_advance(parser)) {
            return false;
        }
        if (at_end(parser)) {
            break;
        }
        if (!parse_element(parser, &element)) {
            return false;
        }
        rp_parser_at(parser, last)->next = element;
        last = element;
    }
    *ret = tuple;
    return true;
}

/* --- All of it --- */

static bool
parse_all(struct rp_parser *parser, uint32_t *ret)
{
    if (!rp_parser_advance(parser) || !rp_parse_tests(parser, ret)) {
        return false;
    }
    if (parser->token.kind == RP_TOK_END) {
        return true;
    }
    return rp_parser_is_op(parser, "=")
               ? rp_parser_fail(parser, parser->token.column,
                                "a recording cannot be changed; '==' compares")
               : rp_parser_fail(parser, parser->token.column, "invalid syntax");
}

void
rp_expr_free(struct rp_expr *expr)
{
    if (expr) {
        for (uint32_t i = 0; i < expr->count; i++) {
            rp_value_release(&expr->node[i].value);
        }
        free(expr->node);
        free(expr->name);
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
    struct rp_parser parser = {.lexer = {{expr->source, expr->source_len}, 0, &error},
                               .expr = expr};
    bool fine = parse_all(&parser, &expr->root);
    rp_value_release(&parser.token.value);
    if (fine && !rp_expr_resolve(expr)) {
        parser.no_memory = true;
        fine = false;
    }
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
