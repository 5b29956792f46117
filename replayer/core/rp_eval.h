/* The evaluator: the parts in which rp_eval*.c meet. */
#ifndef RP_EVAL_H
#define RP_EVAL_H

#include "rp_expr.h"

struct rp_eval {
    struct rp *rp;
    uint64_t seq, frame;
    const struct rp_lookup *lookup; /* NULL: rp_variable */
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

/* Numbers (rp_eval_ops.c) */
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
