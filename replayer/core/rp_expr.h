/* Expressions: the parts in which rp_expr.c, rp_lexer.c, rp_parser*.c and rp_eval*.c meet.
 *
 * What there is: every literal of Python's (f-strings, too), names (variables of the
 * expression, then locals, then globals, then built-ins), attributes, subscripts, slices,
 * displays, comprehensions, generator expressions, lambda, all operators but `@`, `await`
 * and `:=`, comparison chains, conditional expressions, calls of built-in functions and
 * types, and the methods of built-in types that only read.
 *
 * A result is what CPython gives on the same values, an error that Python would raise has
 * its type and message. What is not recorded, and what only the program's own code could
 * answer (`==` of instances), is an error without a type and never a guess. */
#ifndef RP_EXPR_H
#define RP_EXPR_H

#include "rp_private.h"

/* --- Tokens (rp_lexer.c) --- */

enum rp_token_kind {
    RP_TOK_END,
    RP_TOK_NAME,
    RP_TOK_LITERAL, /* `value` */
    RP_TOK_FSTRING, /* `text`: between the quotes */
    RP_TOK_OP,
};

struct rp_token {
    enum rp_token_kind kind;
    size_t column, end; /* where it begins, and behind it */
    struct tf_text text;
    struct rp_value value; /* owned by the token until the parser takes it */
    bool raw;              /* RP_TOK_FSTRING */
};

struct rp_lexer {
    struct tf_text text;
    size_t off;
    struct rp_expr_err *error;
};

/* False: *error is filled. The column is that of the token. */
bool rp_lexer_next(struct rp_lexer *lexer, struct rp_token *ret_token);
/* What stands behind a backslash at lexer->off. */
bool rp_lexer_escape(struct rp_lexer *lexer, bool bytes, struct rp_buf *out);

/* --- The tree (rp_parser.c, rp_parser_atom.c) --- */

enum rp_node_kind {
    RP_NODE_VALUE,
    RP_NODE_NAME,
    RP_NODE_ATTR,   /* a.text */
    RP_NODE_INDEX,  /* a[b] */
    RP_NODE_SLICE,  /* a:b:c, only below an INDEX */
    RP_NODE_CALL,   /* a(list) */
    RP_NODE_UNARY,  /* op a */
    RP_NODE_BINARY, /* a op b */
    RP_NODE_AND,    /* a and b */
    RP_NODE_OR,
    RP_NODE_COMPARE, /* a, then list of LINKs */
    RP_NODE_LINK,    /* op a: the rest of a comparison */
    RP_NODE_IF,      /* a if b else c */
    RP_NODE_TUPLE,   /* list */
    RP_NODE_LIST,
    RP_NODE_SET,
    RP_NODE_DICT,    /* list of ENTRY and STAR2 */
    RP_NODE_ENTRY,   /* a: b */
    RP_NODE_KEYWORD, /* text=a, only in a CALL's list */
    RP_NODE_STAR,    /* *a, in a display or a call */
    RP_NODE_STAR2,   /* **a */
    RP_NODE_COMP,    /* op: RP_COMP_...; a, in a dict a: b; list of FORs */
    RP_NODE_FOR,     /* for a in b, list of conditions */
    RP_NODE_LAMBDA,  /* list of PARAMs, a: body */
    RP_NODE_PARAM,   /* text, a: default; op: 1 for *args, 2 for **kwargs */
    RP_NODE_FSTRING, /* list of VALUEs (str) and FIELDs */
    RP_NODE_FIELD,   /* a, op: conversion or 0, b: an FSTRING, the format */
};

enum rp_comp { RP_COMP_LIST, RP_COMP_SET, RP_COMP_DICT, RP_COMP_GENERATOR };

enum rp_op {
    RP_OP_NONE,
    RP_OP_ADD,
    RP_OP_SUB,
    RP_OP_MUL,
    RP_OP_DIV,
    RP_OP_FLOORDIV,
    RP_OP_MOD,
    RP_OP_POW,
    RP_OP_LSHIFT,
    RP_OP_RSHIFT,
    RP_OP_AND,
    RP_OP_OR,
    RP_OP_XOR,
    RP_OP_NEG,
    RP_OP_POS,
    RP_OP_INVERT,
    RP_OP_NOT,
    RP_OP_LT,
    RP_OP_LE,
    RP_OP_GT,
    RP_OP_GE,
    RP_OP_EQ,
    RP_OP_NE,
    RP_OP_IN,
    RP_OP_NOT_IN,
    RP_OP_IS,
    RP_OP_IS_NOT,
};

struct rp_node {
    uint8_t kind, op;
    bool local;       /* NAME: a variable of a comprehension or lambda */
    uint32_t a, b, c; /* places in rp_expr.node; RP_NONE: absent */
    uint32_t list;    /* its first element; `next` chains them */
    uint32_t next;
    uint32_t name; /* NAME, PARAM: place in rp_expr.name */
    size_t column;
    struct tf_text text; /* in rp_expr.source */
    struct rp_value value;
};

struct rp_expr {
    char *source;
    size_t source_len;
    struct rp_node *node;
    uint32_t count, cap, root;
    struct tf_text *name; /* the distinct names; in `source` */
    uint32_t name_count, name_cap;
};

/* Nesting, and so the depth of the parser's and the evaluator's recursion. */
#define RP_EXPR_DEPTH 100

struct rp_parser {
    struct rp_lexer lexer;
    struct rp_token token; /* the next one */
    struct rp_expr *expr;
    unsigned depth;
    bool no_memory;
};

bool rp_expr_fail(struct rp_expr_err *error, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* All return false when they failed; *error is filled. */
bool rp_parse_test(struct rp_parser *parser, uint32_t *ret);
/* One test, or several with commas: a tuple. `*a` may stand in it. */
bool rp_parse_tests(struct rp_parser *parser, uint32_t *ret);
/* Without comparisons: what `for` binds, and what follows a `*`. */
bool rp_parse_bitor(struct rp_parser *parser, uint32_t *ret);
/* or-expression: behind `in` of a comprehension. */
bool rp_parse_or(struct rp_parser *parser, uint32_t *ret);
bool rp_parse_primary(struct rp_parser *parser, uint32_t *ret);
bool rp_parse_atom(struct rp_parser *parser, uint32_t *ret);
/* Appends `node` to the list of `parent`; *last: its last node, RP_NONE: none yet. */
void rp_parser_chain(struct rp_parser *parser, uint32_t parent, uint32_t *last,
                     uint32_t node);
bool rp_parse_literal(struct rp_parser *parser, uint32_t *ret);
/* Behind `element` (and `value` of a dict's) a `for` follows. */
bool rp_parse_comprehension(struct rp_parser *parser, enum rp_comp kind,
                            uint32_t element, uint32_t value, uint32_t *ret);

bool rp_parser_fail(struct rp_parser *parser, size_t column, const char *message);
bool rp_parser_advance(struct rp_parser *parser);
bool rp_parser_enter(struct rp_parser *parser);
bool rp_parser_is_op(const struct rp_parser *parser, const char *op);
bool rp_parser_is_word(const struct rp_parser *parser, const char *word);
bool rp_parser_expect(struct rp_parser *parser, const char *op);
bool rp_parser_add(struct rp_parser *parser, enum rp_node_kind kind, size_t column,
                   uint32_t *ret);
struct rp_node *rp_parser_at(struct rp_parser *parser, uint32_t node);
bool rp_is_keyword(struct tf_text text);
/* Whether it names a built-in function or type that expressions know. */
bool rp_expr_is_builtin(struct tf_text name);
/* Numbers the names, and finds which are the expression's own variables. */
bool rp_expr_resolve(struct rp_expr *expr);

#endif
