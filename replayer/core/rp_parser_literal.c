/* Parses literals: numbers, texts, and f-strings with the expressions in them. */
#include <stdlib.h>
#include <string.h>

#include "rp_expr.h"

static bool
join_texts(struct rp_parser *parser, struct rp_value *value,
           const struct rp_value *more)
{
    struct tf_text a = rp_value_bytes(value), b = rp_value_bytes(more);
    struct rp_value joined;
    if (more->kind != value->kind) {
        return rp_parser_fail(parser, parser->token.column,
                              "cannot mix bytes and nonbytes literals");
    }
    char *text = malloc(a.len + b.len + 1);
    bool fine = text != NULL;
    if (fine) {
        memcpy(text, a.data, a.len);
        memcpy(text + a.len, b.data, b.len);
        fine = rp_value_set_text(&joined, value->kind, text, a.len + b.len);
    }
    free(text);
    if (!fine) {
        return rp_parser_fail(parser, parser->token.column, "out of memory");
    }
    rp_value_release(value);
    *value = joined;
    return true;
}

static bool
literal_node(struct rp_parser *parser, uint32_t *ret)
{
    if (!rp_parser_add(parser, RP_NODE_VALUE, parser->token.column, ret)) {
        return false;
    }
    rp_parser_at(parser, *ret)->value = parser->token.value;
    parser->token.value = (struct rp_value){0};
    return rp_parser_advance(parser);
}

/* --- f-strings --- */

static bool parse_format(struct rp_parser *parser, struct rp_lexer *body, bool raw,
                         bool spec, uint32_t parent, uint32_t *last);

static bool
add_text(struct rp_parser *parser, size_t column, struct rp_buf *text, uint32_t parent,
         uint32_t *last)
{
    uint32_t node;
    if (text->len == 0 && !text->failed) {
        return true;
    }
    if (!rp_parser_add(parser, RP_NODE_VALUE, column, &node)) {
        return false;
    }
    bool fine = !text->failed
                && rp_value_set_text(&rp_parser_at(parser, node)->value, TF_VAL_STR,
                                     text->data, text->len);
    rp_buf_clear(text);
    rp_parser_chain(parser, parent, last, node);
    return fine || rp_parser_fail(parser, column, "out of memory");
}

/* Behind the expression of a field: `=`, `!r`, `:format`, and the `}`. */
static bool
field_rest(struct rp_parser *parser, size_t begin, bool raw, uint32_t field,
           uint32_t parent, uint32_t *last)
{
    bool debug = rp_parser_is_op(parser, "=");
    if (debug) {
        if (!rp_parser_advance(parser)) {
            return false;
        }
        struct rp_buf text = RP_BUF_INIT;
        rp_buf_add(&text, parser->lexer.text.data + begin,
                   parser->token.column - begin);
        bool fine = add_text(parser, begin, &text, parent, last);
        rp_buf_release(&text);
        if (!fine) {
            return false;
        }
        rp_parser_at(parser, field)->op = 'r';
    }
    if (rp_parser_is_op(parser, "!")) {
        if (!rp_parser_advance(parser)) {
            return false;
        }
        struct tf_text name = parser->token.text;
        if (parser->token.kind != RP_TOK_NAME || name.len != 1
            || !strchr("rsa", name.data[0])) {
            return rp_parser_fail(parser, parser->token.column,
                                  "a conversion is one of 's', 'r', 'a'");
        }
        rp_parser_at(parser, field)->op = (uint8_t)name.data[0];
        if (!rp_parser_advance(parser)) {
            return false;
        }
    }
    else if (debug && rp_parser_is_op(parser, ":")) {
        rp_parser_at(parser, field)->op = 0;
    }
    rp_parser_chain(parser, parent, last, field);
    if (rp_parser_is_op(parser, ":")) {
        uint32_t spec, spec_last = RP_NONE;
        size_t column = parser->token.end;
        struct rp_lexer body = parser->lexer;
        body.off = column;
        if (!rp_parser_enter(parser)
            || !rp_parser_add(parser, RP_NODE_FSTRING, column, &spec)
            || !parse_format(parser, &body, raw, true, spec, &spec_last)) {
            return false;
        }
        parser->depth--;
        rp_parser_at(parser, field)->b = spec;
        parser->lexer.off = body.off;
        return true;
    }
    if (!rp_parser_is_op(parser, "}")) {
        return rp_parser_fail(parser, parser->token.column, "'}' expected");
    }
    parser->lexer.off = parser->token.end;
    return true;
}

/* One {field}: body->off stands behind the brace, and after it behind the other. */
static bool
parse_field(struct rp_parser *parser, struct rp_lexer *body, bool raw, uint32_t parent,
            uint32_t *last)
{
    struct rp_token outer_token = parser->token;
    struct rp_lexer outer = parser->lexer;
    size_t begin = body->off;
    uint32_t field, value;
    parser->token = (struct rp_token){0};
    parser->lexer = *body;
    bool fine =
        rp_parser_enter(parser) && rp_parser_advance(parser)
        && (!rp_parser_is_op(parser, "}")
            || rp_parser_fail(parser, begin, "f-string: empty expression not allowed"))
        && rp_parse_tests(parser, &value)
        && rp_parser_add(parser, RP_NODE_FIELD, begin, &field);
    if (fine) {
        parser->depth--;
        rp_parser_at(parser, field)->a = value;
        fine = field_rest(parser, begin, raw, field, parent, last);
    }
    body->off = parser->lexer.off;
    rp_value_release(&parser->token.value);
    parser->token = outer_token;
    parser->lexer = outer;
    return fine;
}

/* The text and the fields of an f-string, or of a format up to its '}'. */
static bool
parse_format(struct rp_parser *parser, struct rp_lexer *body, bool raw, bool spec,
             uint32_t parent, uint32_t *last)
{
    struct rp_buf text = RP_BUF_INIT;
    size_t begin = body->off;
    bool fine = true, closed = false;
    while (fine && !closed && body->off < body->text.len) {
        char c = body->text.data[body->off++];
        bool twice =
            !spec && body->off < body->text.len && body->text.data[body->off] == c;
        if (c == '\\' && !raw) {
            fine = rp_lexer_escape(body, false, &text);
        }
        else if ((c == '{' || c == '}') && twice) {
            body->off++;
            rp_buf_add(&text, &c, 1);
        }
        else if (c == '{') {
            fine = add_text(parser, begin, &text, parent, last)
                   && parse_field(parser, body, raw, parent, last);
            begin = body->off;
        }
        else if (c == '}') {
            closed = true;
        }
        else {
            rp_buf_add(&text, &c, 1);
        }
    }
    fine = fine && add_text(parser, begin, &text, parent, last);
    rp_buf_release(&text);
    if (fine && closed != spec) {
        return rp_parser_fail(parser, body->off ? body->off - 1 : 0,
                              spec ? "f-string: expecting '}'"
                                   : "f-string: single '}' is not allowed");
    }
    return fine;
}

static bool
parse_fstring(struct rp_parser *parser, uint32_t parent, uint32_t *last)
{
    struct rp_token *token = &parser->token;
    size_t begin = (size_t)(token->text.data - parser->expr->source);
    struct rp_lexer body = {
        {parser->expr->source, begin + token->text.len}, begin, parser->lexer.error};
    return parse_format(parser, &body, token->raw, false, parent, last)
           && rp_parser_advance(parser);
}

/* An f-string's parts, or one literal, with what stands beside it. */
bool
rp_parse_literal(struct rp_parser *parser, uint32_t *ret)
{
    uint32_t parent = RP_NONE, last = RP_NONE, node;
    size_t column = parser->token.column;
    if (parser->token.kind == RP_TOK_LITERAL) {
        if (!literal_node(parser, ret)) {
            return false;
        }
        if (!rp_kind_has_text(rp_parser_at(parser, *ret)->value.kind)
            || rp_parser_at(parser, *ret)->value.kind == TF_VAL_BIGINT) {
            return true;
        }
    }
    else {
        if (!rp_parser_add(parser, RP_NODE_FSTRING, column, &parent)) {
            return false;
        }
        *ret = parent;
    }
    for (;;) {
        if (parser->token.kind == RP_TOK_FSTRING) {
            if (parent == RP_NONE) {
                node = *ret;
                if (rp_parser_at(parser, node)->value.kind != TF_VAL_STR) {
                    return rp_parser_fail(parser, parser->token.column,
                                          "cannot mix bytes and nonbytes literals");
                }
                if (!rp_parser_add(parser, RP_NODE_FSTRING, column, &parent)) {
                    return false;
                }
                rp_parser_chain(parser, parent, &last, node);
                *ret = parent;
            }
            if (!parse_fstring(parser, parent, &last)) {
                return false;
            }
        }
        else if (parser->token.kind == RP_TOK_LITERAL && parent != RP_NONE) {
            if (parser->token.value.kind != TF_VAL_STR) {
                return rp_parser_fail(parser, parser->token.column, "invalid syntax");
            }
            if (!literal_node(parser, &node)) {
                return false;
            }
            rp_parser_chain(parser, parent, &last, node);
        }
        else if (parser->token.kind == RP_TOK_LITERAL) {
            uint8_t kind = parser->token.value.kind;
            if (kind != TF_VAL_STR && kind != TF_VAL_BYTES) {
                return rp_parser_fail(parser, parser->token.column, "invalid syntax");
            }
            if (!join_texts(parser, &rp_parser_at(parser, *ret)->value,
                            &parser->token.value)
                || !rp_parser_advance(parser)) {
                return false;
            }
        }
        else {
            return true;
        }
    }
}
