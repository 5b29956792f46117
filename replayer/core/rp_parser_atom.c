/* Parses what operators stand between: literals, names, displays, comprehensions, and what
 * follows them: .name, [index], (arguments). */
#include <stdlib.h>
#include <string.h>

#include "rp_expr.h"

/* --- Names --- */

bool
rp_is_keyword(struct tf_text text)
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
parse_name(struct rp_parser *parser, uint32_t *ret)
{
    static const struct {
        const char *word;
        uint8_t kind;
    } constants[] = {
        {"None", TF_VAL_NONE}, {"True", TF_VAL_TRUE}, {"False", TF_VAL_FALSE}};
    struct tf_text name = parser->token.text;
    if (rp_is_keyword(name)) {
        return rp_expr_fail(parser->lexer.error, parser->token.column,
                            "invalid syntax at '%.*s'", (int)name.len, name.data);
    }
    if (!rp_parser_add(parser, RP_NODE_NAME, parser->token.column, ret)) {
        return false;
    }
    rp_parser_at(parser, *ret)->text = name;
    for (size_t i = 0; i < 3; i++) {
        if (rp_text_is(name, constants[i].word)) {
            rp_parser_at(parser, *ret)->kind = RP_NODE_VALUE;
            rp_parser_at(parser, *ret)->value.kind = constants[i].kind;
        }
    }
    return rp_parser_advance(parser);
}

/* --- Displays and comprehensions --- */

/* The names that `for` binds: an expression whose names, tuples and stars they are. */
static bool
check_target(struct rp_parser *parser, uint32_t target)
{
    const struct rp_node *node = rp_parser_at(parser, target);
    if (node->kind == RP_NODE_NAME) {
        return true;
    }
    if (node->kind == RP_NODE_STAR) {
        return check_target(parser, node->a);
    }
    if (node->kind != RP_NODE_TUPLE && node->kind != RP_NODE_LIST) {
        return rp_parser_fail(parser, node->column, "only names can stand after 'for'");
    }
    for (uint32_t i = node->list; i != RP_NONE; i = rp_parser_at(parser, i)->next) {
        if (!check_target(parser, i)) {
            return false;
        }
    }
    return true;
}

static bool
parse_targets(struct rp_parser *parser, uint32_t *ret)
{
    uint32_t tuple = RP_NONE, last = RP_NONE, element;
    size_t column = parser->token.column;
    for (;;) {
        size_t at = parser->token.column;
        bool star = rp_parser_is_op(parser, "*");
        uint32_t node;
        if ((star && !rp_parser_advance(parser)) || !rp_parse_bitor(parser, &element)) {
            return false;
        }
        if (star) {
            if (!rp_parser_add(parser, RP_NODE_STAR, at, &node)) {
                return false;
            }
            rp_parser_at(parser, node)->a = element;
            element = node;
        }
        bool comma = rp_parser_is_op(parser, ",");
        if (tuple == RP_NONE && !comma) {
            *ret = element;
            return check_target(parser, element);
        }
        if (tuple == RP_NONE && !rp_parser_add(parser, RP_NODE_TUPLE, column, &tuple)) {
            return false;
        }
        rp_parser_chain(parser, tuple, &last, element);
        if (comma && !rp_parser_advance(parser)) {
            return false;
        }
        if (!comma || rp_parser_is_word(parser, "in")) {
            *ret = tuple;
            return check_target(parser, tuple);
        }
    }
}

static bool
parse_for(struct rp_parser *parser, uint32_t *ret)
{
    uint32_t target, iterable, condition, last = RP_NONE;
    if (!rp_parser_add(parser, RP_NODE_FOR, parser->token.column, ret)
        || !rp_parser_advance(parser) || !parse_targets(parser, &target)) {
        return false;
    }
    if (!rp_parser_is_word(parser, "in")) {
        return rp_parser_fail(parser, parser->token.column, "'in' expected");
    }
    if (!rp_parser_advance(parser) || !rp_parse_or(parser, &iterable)) {
        return false;
    }
    rp_parser_at(parser, *ret)->a = target;
    rp_parser_at(parser, *ret)->b = iterable;
    while (rp_parser_is_word(parser, "if")) {
        if (!rp_parser_advance(parser) || !rp_parse_or(parser, &condition)) {
            return false;
        }
        rp_parser_chain(parser, *ret, &last, condition);
    }
    return true;
}

bool
rp_parse_comprehension(struct rp_parser *parser, enum rp_comp kind, uint32_t element,
                       uint32_t value, uint32_t *ret)
{
    uint32_t comp, clause, last = RP_NONE, count = 0;
    size_t column = rp_parser_at(parser, element)->column;
    if (!rp_parser_add(parser, RP_NODE_COMP, column, &comp)) {
        return false;
    }
    rp_parser_at(parser, comp)->op = (uint8_t)kind;
    rp_parser_at(parser, comp)->a = element;
    rp_parser_at(parser, comp)->b = value;
    if (rp_parser_is_word(parser, "async")) {
        return rp_parser_fail(parser, parser->token.column, "nothing is run here");
    }
    while (rp_parser_is_word(parser, "for")) {
        if (++count > 8) {
            return rp_parser_fail(parser, parser->token.column, "too many 'for'");
        }
        if (!parse_for(parser, &clause)) {
            return false;
        }
        rp_parser_chain(parser, comp, &last, clause);
    }
    *ret = comp;
    return true;
}

static bool
star_node(struct rp_parser *parser, bool two, uint32_t *ret)
{
    uint32_t node, value;
    size_t column = parser->token.column;
    if (!rp_parser_advance(parser) || !rp_parse_bitor(parser, &value)
        || !rp_parser_add(parser, two ? RP_NODE_STAR2 : RP_NODE_STAR, column, &node)) {
        return false;
    }
    rp_parser_at(parser, node)->a = value;
    *ret = node;
    return true;
}

/* A list, set or tuple's element, or a dict's entry. */
static bool
parse_element(struct rp_parser *parser, bool braces, uint32_t *ret)
{
    uint32_t value, node;
    if (rp_parser_is_op(parser, "*")) {
        return star_node(parser, false, ret);
    }
    if (braces && rp_parser_is_op(parser, "**")) {
        return star_node(parser, true, ret);
    }
    if (!rp_parse_test(parser, ret)) {
        return false;
    }
    if (!braces || !rp_parser_is_op(parser, ":")) {
        return true;
    }
    size_t column = parser->token.column;
    if (!rp_parser_advance(parser) || !rp_parse_test(parser, &value)
        || !rp_parser_add(parser, RP_NODE_ENTRY, column, &node)) {
        return false;
    }
    rp_parser_at(parser, node)->a = *ret;
    rp_parser_at(parser, node)->b = value;
    *ret = node;
    return true;
}

static bool
is_entry(struct rp_parser *parser, uint32_t node)
{
    return rp_parser_at(parser, node)->kind == RP_NODE_ENTRY
           || rp_parser_at(parser, node)->kind == RP_NODE_STAR2;
}

/* Behind the first element of a display. */
static bool
comprehension_here(struct rp_parser *parser, char open, const char *close,
                   uint32_t element, uint32_t *ret)
{
    const struct rp_node *node = rp_parser_at(parser, element);
    bool dict = node->kind == RP_NODE_ENTRY;
    uint32_t value = dict ? node->b : RP_NONE;
    enum rp_comp kind = open == '['   ? RP_COMP_LIST
                        : open == '(' ? RP_COMP_GENERATOR
                        : dict        ? RP_COMP_DICT
                                      : RP_COMP_SET;
    if (node->kind == RP_NODE_STAR || node->kind == RP_NODE_STAR2) {
        return rp_parser_fail(parser, node->column,
                              "iterable unpacking cannot be used in comprehension");
    }
    return rp_parse_comprehension(parser, kind, dict ? node->a : element, value, ret)
           && rp_parser_expect(parser, close);
}

static bool
parse_display(struct rp_parser *parser, uint32_t *ret)
{
    char open = parser->token.text.data[0];
    const char *close = open == '[' ? "]" : open == '(' ? ")" : "}";
    size_t column = parser->token.column, count = 0;
    uint32_t node, last = RP_NONE, element = RP_NONE;
    bool comma = false, dict = true;
    if (!rp_parser_enter(parser)
        || !rp_parser_add(parser, open == '[' ? RP_NODE_LIST : RP_NODE_TUPLE, column,
                          &node)
        || !rp_parser_advance(parser)) {
        return false;
    }
    for (; !rp_parser_is_op(parser, close); count++) {
        if (count && !rp_parser_expect(parser, ",")) {
            return false;
        }
        comma = count > 0;
        if (rp_parser_is_op(parser, close)) {
            break;
        }
        if (!parse_element(parser, open == '{', &element)) {
            return false;
        }
        bool comp =
            rp_parser_is_word(parser, "for") || rp_parser_is_word(parser, "async");
        if (comp && count == 0) {
            parser->depth--;
            return comprehension_here(parser, open, close, element, ret);
        }
        if (count && dict != is_entry(parser, element)) {
            return rp_parser_fail(parser, rp_parser_at(parser, element)->column,
                                  "invalid syntax");
        }
        dict = is_entry(parser, element);
        rp_parser_chain(parser, node, &last, element);
    }
    parser->depth--;
    if (open == '{') {
        rp_parser_at(parser, node)->kind = dict ? RP_NODE_DICT : RP_NODE_SET;
    }
    *ret = node;
    if (open == '(' && count == 1 && !comma) {
        if (rp_parser_at(parser, element)->kind == RP_NODE_STAR) {
            return rp_parser_fail(parser, column, "cannot use starred expression here");
        }
        *ret = element;
    }
    return rp_parser_advance(parser);
}

bool
rp_parse_atom(struct rp_parser *parser, uint32_t *ret)
{
    switch (parser->token.kind) {
    case RP_TOK_LITERAL:
    case RP_TOK_FSTRING: return rp_parse_literal(parser, ret);
    case RP_TOK_NAME: return parse_name(parser, ret);
    case RP_TOK_END:
        return rp_parser_fail(parser, parser->token.column,
                              "the expression ends too early");
    default: break;
    }
    if (rp_parser_is_op(parser, "(") || rp_parser_is_op(parser, "[")
        || rp_parser_is_op(parser, "{")) {
        return parse_display(parser, ret);
    }
    return rp_expr_fail(parser->lexer.error, parser->token.column,
                        "invalid syntax at '%.*s'", (int)parser->token.text.len,
                        parser->token.text.data);
}

/* --- Trailers --- */

static bool
parse_attr(struct rp_parser *parser, uint32_t *ret)
{
    size_t column = parser->token.column;
    uint32_t node, object = *ret;
    if (!rp_parser_advance(parser)) {
        return false;
    }
    if (parser->token.kind != RP_TOK_NAME || rp_is_keyword(parser->token.text)) {
        return rp_parser_fail(parser, parser->token.column,
                              "the name of an attribute expected");
    }
    if (!rp_parser_add(parser, RP_NODE_ATTR, column, &node)) {
        return false;
    }
    rp_parser_at(parser, node)->a = object;
    rp_parser_at(parser, node)->text = parser->token.text;
    *ret = node;
    return rp_parser_advance(parser);
}

/* a, or a:b:c with any part missing. */
static bool
parse_key(struct rp_parser *parser, size_t column, uint32_t *ret)
{
    uint32_t slice, part[3] = {RP_NONE, RP_NONE, RP_NONE};
    if (rp_parser_is_op(parser, "*")) {
        return star_node(parser, false, ret);
    }
    int i = 0;
    for (;; i++) {
        bool none = rp_parser_is_op(parser, ":") || rp_parser_is_op(parser, "]")
                    || rp_parser_is_op(parser, ",");
        if (!none && !rp_parse_test(parser, &part[i])) {
            return false;
        }
        if (i == 2 || !rp_parser_is_op(parser, ":")) {
            break;
        }
        if (!rp_parser_advance(parser)) {
            return false;
        }
    }
    if (i == 0) {
        *ret = part[0];
        return part[0] != RP_NONE
               || rp_parser_fail(parser, parser->token.column, "an index expected");
    }
    if (!rp_parser_add(parser, RP_NODE_SLICE, column, &slice)) {
        return false;
    }
    rp_parser_at(parser, slice)->a = part[0];
    rp_parser_at(parser, slice)->b = part[1];
    rp_parser_at(parser, slice)->c = part[2];
    *ret = slice;
    return true;
}

static bool
parse_index(struct rp_parser *parser, uint32_t *ret)
{
    size_t column = parser->token.column;
    uint32_t node, key, tuple, last, object = *ret;
    if (!rp_parser_advance(parser) || !parse_key(parser, column, &key)) {
        return false;
    }
    if (rp_parser_is_op(parser, ",")) {
        if (!rp_parser_add(parser, RP_NODE_TUPLE, column, &tuple)) {
            return false;
        }
        rp_parser_at(parser, tuple)->list = last = key;
        while (rp_parser_is_op(parser, ",")) {
            if (!rp_parser_advance(parser)) {
                return false;
            }
            if (rp_parser_is_op(parser, "]")) {
                break;
            }
            if (!parse_key(parser, column, &key)) {
                return false;
            }
            rp_parser_at(parser, last)->next = key;
            last = key;
        }
        key = tuple;
    }
    if (!rp_parser_expect(parser, "]")
        || !rp_parser_add(parser, RP_NODE_INDEX, column, &node)) {
        return false;
    }
    rp_parser_at(parser, node)->a = object;
    rp_parser_at(parser, node)->b = key;
    *ret = node;
    return true;
}

/* value, name=value, *values, **entries, or a generator expression. */
static bool
parse_argument(struct rp_parser *parser, bool first, uint32_t *ret)
{
    if (rp_parser_is_op(parser, "*") || rp_parser_is_op(parser, "**")) {
        return star_node(parser, rp_parser_is_op(parser, "**"), ret);
    }
    if (!rp_parse_test(parser, ret)) {
        return false;
    }
    if (rp_parser_is_word(parser, "for")) {
        if (!rp_parse_comprehension(parser, RP_COMP_GENERATOR, *ret, RP_NONE, ret)) {
            return false;
        }
        return (first && rp_parser_is_op(parser, ")"))
               || rp_parser_fail(parser, rp_parser_at(parser, *ret)->column,
                                 "Generator expression must be parenthesized");
    }
    if (!rp_parser_is_op(parser, "=")) {
        return true;
    }
    uint32_t value, keyword;
    struct tf_text name = rp_parser_at(parser, *ret)->text;
    size_t column = rp_parser_at(parser, *ret)->column;
    if (rp_parser_at(parser, *ret)->kind != RP_NODE_NAME) {
        return rp_parser_fail(parser, parser->token.column,
                              "'=' has no meaning here; '==' compares");
    }
    if (!rp_parser_advance(parser) || !rp_parse_test(parser, &value)
        || !rp_parser_add(parser, RP_NODE_KEYWORD, column, &keyword)) {
        return false;
    }
    rp_parser_at(parser, keyword)->text = name;
    rp_parser_at(parser, keyword)->a = value;
    *ret = keyword;
    return true;
}

static bool
parse_call(struct rp_parser *parser, uint32_t *ret)
{
    uint32_t node, last = RP_NONE, function = *ret, argument;
    bool keyword = false;
    if (!rp_parser_add(parser, RP_NODE_CALL, rp_parser_at(parser, function)->column,
                       &node)
        || !rp_parser_advance(parser)) {
        return false;
    }
    rp_parser_at(parser, node)->a = function;
    while (!rp_parser_is_op(parser, ")")) {
        if (last != RP_NONE && !rp_parser_expect(parser, ",")) {
            return false;
        }
        if (rp_parser_is_op(parser, ")")) {
            break;
        }
        if (!parse_argument(parser, last == RP_NONE, &argument)) {
            return false;
        }
        unsigned kind = rp_parser_at(parser, argument)->kind;
        bool named = kind == RP_NODE_KEYWORD || kind == RP_NODE_STAR2;
        if (keyword && !named && kind != RP_NODE_STAR) {
            return rp_parser_fail(parser, rp_parser_at(parser, argument)->column,
                                  "positional argument follows keyword argument");
        }
        keyword |= named;
        rp_parser_chain(parser, node, &last, argument);
    }
    *ret = node;
    return rp_parser_advance(parser);
}

bool
rp_parse_primary(struct rp_parser *parser, uint32_t *ret)
{
    if (!rp_parse_atom(parser, ret)) {
        return false;
    }
    /* A chain of trailers nests as deep as it is long. */
    for (unsigned count = 0;; count++) {
        if (count > RP_EXPR_DEPTH) {
            return rp_parser_fail(parser, parser->token.column, "nested too deeply");
        }
        bool fine = true;
        if (rp_parser_is_op(parser, ".")) {
            fine = parse_attr(parser, ret);
        }
        else if (rp_parser_is_op(parser, "[")) {
            fine = parse_index(parser, ret);
        }
        else if (rp_parser_is_op(parser, "(")) {
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
