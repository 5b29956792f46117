/* Expressions: the parts in which rp_expr.c, rp_lexer.c, rp_parser.c and rp_eval*.c meet.
 *
 * What there is: literals (int, float, imaginary, str and bytes with prefixes b and r,
 * True, False, None, ...), names (locals, then globals, then the built-in functions and
 * types below), attributes, subscripts, slices, tuple and list displays, `**`, unary and
 * binary arithmetic, bit operations, comparison chains with in and is, not, and, or,
 * `a if b else c`, and calls of len min max sum any all type isinstance repr str sorted
 * abs int float bool list tuple id.
 *
 * Ints beyond 64 bits are shown and compared; arithmetic with them is refused. What is
 * not recorded, and what only the program's own code could answer (`==` of instances), is
 * an error and never a guess. */
#ifndef RP_EXPR_H
#define RP_EXPR_H

#include "rp_private.h"

enum rp_token_kind {
    RP_TOK_END,
    RP_TOK_NAME,
    RP_TOK_LITERAL, /* `value` */
    RP_TOK_OP,      /* `op`: up to three characters */
};

struct rp_token {
    enum rp_token_kind kind;
    size_t column;
    struct tf_text text;
    struct rp_value value; /* owned by the token until the parser takes it */
};

struct rp_lexer {
    struct tf_text text;
    size_t off;
    struct rp_expr_err *error;
};

/* False: *error is filled. The column is that of the token. */
bool rp_lexer_next(struct rp_lexer *lexer, struct rp_token *ret_token);

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
    RP_NODE_KEYWORD, /* text=a, only in a CALL's list */
};

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
    uint32_t a, b, c; /* places in rp_expr.node; RP_NONE: absent */
    uint32_t list;    /* its first element; `next` chains them */
    uint32_t next;
    size_t column;
    struct tf_text text; /* in rp_expr.source */
    struct rp_value value;
};

struct rp_expr {
    char *source;
    size_t source_len;
    struct rp_node *node;
    uint32_t count, cap, root;
};

bool rp_expr_fail(struct rp_expr_err *error, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Nesting, and so the depth of the parser's and the evaluator's recursion. */
#define RP_EXPR_DEPTH 100

struct rp_eval {
    struct rp *rp;
    uint64_t seq, frame;
    const struct rp_expr *expr;
    struct rp_expr_err *error;
    struct tf_err *err;
    tf_status status; /* not TF_OK: why it ended */
    size_t column;    /* of the node that is being worked on */
    unsigned depth;
    uint32_t steps; /* of work, which is bounded */
};

/* Evaluation functions return false when they failed; the reason is in `eval`. Results
 * are owned. */
bool rp_eval_node(struct rp_eval *eval, uint32_t node, struct rp_value *ret_value);
bool rp_eval_fail(struct rp_eval *eval, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool rp_eval_status(struct rp_eval *eval, tf_status status);
/* Counts a step: fails when there were too many, or the caller's progress says stop. */
bool rp_eval_step(struct rp_eval *eval);
bool rp_eval_memory(struct rp_eval *eval);
/* Whether `value` may be worked on; else fails with what is missing. */
bool rp_eval_known(struct rp_eval *eval, const struct rp_value *value);
bool rp_eval_object(struct rp_eval *eval, const struct rp_value *value,
                    struct rp_object **ret_object);
bool rp_eval_type_name(struct rp_eval *eval, const struct rp_value *value,
                       struct rp_buf *out);

/* rp_eval_ops.c */
bool rp_eval_unary(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                   struct rp_value *ret_value);
bool rp_eval_binary(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                    const struct rp_value *b, struct rp_value *ret_value);
/* rp_eval_compare.c */
bool rp_eval_compare(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                     const struct rp_value *b, bool *ret_result);
/* Fails when the value cannot be a key; `set_too`: a set may. */
bool rp_eval_hashable(struct rp_eval *eval, const struct rp_value *value, bool set_too);
bool rp_eval_truth(struct rp_eval *eval, const struct rp_value *value, bool *ret_truth);
/* rp_eval_get.c */
bool rp_eval_attr(struct rp_eval *eval, const struct rp_value *value,
                  struct tf_text name, struct rp_value *ret_value);
bool rp_eval_index(struct rp_eval *eval, const struct rp_value *value,
                   const struct rp_value *key, struct rp_value *ret_value);
bool rp_eval_slice(struct rp_eval *eval, const struct rp_value *value,
                   const struct rp_value part[3], struct rp_value *ret_value);
/* Place of the key's value in a dict's items; SIZE_MAX: it has none. */
bool rp_eval_find_key(struct rp_eval *eval, const struct rp_object *object,
                      const struct rp_value *key, size_t *ret_item);
/* rp_eval_call.c */
bool rp_eval_call(struct rp_eval *eval, const struct rp_node *call,
                  struct rp_value *ret_value);
/* The built-in type or function of that name; false: none. */
bool rp_eval_builtin(struct rp_eval *eval, struct tf_text name,
                     struct rp_value *ret_value);
/* The values that iteration gives, as a new object's items. */
bool rp_eval_items(struct rp_eval *eval, const struct rp_value *value,
                   enum rp_op what_for, struct rp_object **ret_list);

/* Numbers */
struct rp_number {
    bool is_float;
    int64_t integer;
    double real;
};

bool rp_number_of(const struct rp_value *value, struct rp_number *ret_number);
void rp_value_set_bool(struct rp_value *value, bool truth);
void rp_value_set_float(struct rp_value *value, double real);
void rp_value_set_object(struct rp_value *value, struct rp_object *object);

#endif
