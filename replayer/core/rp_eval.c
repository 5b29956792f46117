/* Evaluates an expression: the tree, and what its parts have in common. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"

#define EVAL_DEPTH 1000u

bool
rp_eval_fail(struct rp_eval *eval, const char *format, ...)
{
    char message[200];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    rp_expr_fail(eval->error, eval->column, "%s", message);
    eval->status = tf_err_set(eval->err, TF_ERR_ARGUMENT, -1, "%s", message);
    return false;
}

bool
rp_eval_status(struct rp_eval *eval, tf_status status)
{
    if (status != TF_OK && eval->status == TF_OK) {
        eval->status = status;
    }
    return status == TF_OK;
}

/* Two structures that share their parts can take as many steps as there are paths through
 * them; Python would be at it for ever. */
#define STEPS_MAX 2000000u

bool
rp_eval_step(struct rp_eval *eval)
{
    if (++eval->steps > STEPS_MAX) {
        return rp_eval_fail(eval, "the expression takes too long");
    }
    return (eval->steps & 0xfff) != 0
           || rp_eval_status(eval,
                             rp_progress(eval->rp, eval->steps, STEPS_MAX, eval->err));
}

bool
rp_eval_memory(struct rp_eval *eval)
{
    return rp_eval_status(eval, rp_no_memory(eval->err));
}

bool
rp_eval_known(struct rp_eval *eval, const struct rp_value *value)
{
    switch (value->kind) {
    case TF_VAL_ELIDED:
        return rp_eval_fail(eval, "the value is not recorded (%s)",
                            tf_elision_name(value->note) ? tf_elision_name(value->note)
                                                         : "unknown");
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES_CUT:
    case TF_VAL_BIGINT_CUT:
        return rp_eval_fail(eval, "only the beginning of the value is recorded");
    case TF_VAL_UNBOUND: return rp_eval_fail(eval, "the value is not bound");
    case RP_VAL_DAMAGED: return rp_eval_fail(eval, "the recording is damaged here");
    default: return true;
    }
}

bool
rp_eval_object(struct rp_eval *eval, const struct rp_value *value,
               struct rp_object **ret_object)
{
    return rp_eval_status(
        eval, rp_object_at(eval->rp, value, eval->seq, ret_object, eval->err));
}

bool
rp_eval_type_name(struct rp_eval *eval, const struct rp_value *value,
                  struct rp_buf *out)
{
    return rp_eval_status(
        eval, rp_value_type_name(eval->rp, value, eval->seq, out, eval->err));
}

/* --- Values of an expression's own making --- */

void
rp_value_set_bool(struct rp_value *value, bool truth)
{
    *value = (struct rp_value){.kind = truth ? TF_VAL_TRUE : TF_VAL_FALSE};
}

void
rp_value_set_float(struct rp_value *value, double real)
{
    *value = (struct rp_value){.kind = TF_VAL_FLOAT, .real = real};
}

void
rp_value_set_object(struct rp_value *value, struct rp_object *object)
{
    *value = (struct rp_value){.kind = TF_VAL_REF, .ref = object->id, .object = object};
}

static const struct tf_def_type builtin_types[] = {
#define TYPE(type_name, type_category)                                          \
 {                                                                              \
  .category = type_category, .flags = TF_TYPE_EXACT, .module = {"builtins", 8}, \
  .name = {                                                                     \
      type_name,                                                                \
      sizeof type_name - 1                                                      \
  }                                                                             \
 }
    TYPE("list", TF_CAT_LIST),   TYPE("tuple", TF_CAT_TUPLE),
    TYPE("dict", TF_CAT_DICT),   TYPE("set", TF_CAT_SET),
    TYPE("range", TF_CAT_RANGE), TYPE("slice", TF_CAT_SLICE),
    TYPE("type", TF_CAT_CLASS),  TYPE("builtin_function_or_method", TF_CAT_BUILTIN),
#undef TYPE
};

const struct tf_def_type *
rp_builtin_type(enum tf_category category)
{
    for (size_t i = 0; i < sizeof builtin_types / sizeof *builtin_types; i++) {
        if (builtin_types[i].category == category) {
            return &builtin_types[i];
        }
    }
    return &builtin_types[0];
}

/* --- The tree --- */

static bool
eval_name(struct rp_eval *eval, const struct rp_node *node, struct rp_value *ret_value)
{
    struct tf_err why = TF_ERR_INIT;
    tf_status status =
        eval->lookup
            ? eval->lookup->variable(eval->lookup->ctx, node->text, ret_value, &why)
            : rp_variable(eval->rp, eval->seq, eval->frame, node->text, ret_value,
                          &why);
    if (status == TF_OK) {
        return true;
    }
    if (status != TF_ERR_NOT_FOUND) {
        if (eval->err) {
            *eval->err = why;
        }
        return rp_eval_status(eval, status);
    }
    if (rp_eval_builtin(eval, node->text, ret_value)) {
        return true;
    }
    return eval->status == TF_OK
           && rp_eval_fail(eval, "name '%.*s' is not bound here",
                           (int)(node->text.len < 100 ? node->text.len : 100),
                           node->text.data);
}

static bool
eval_attr(struct rp_eval *eval, const struct rp_node *node, struct rp_value *ret_value)
{
    struct rp_value object;
    if (!rp_eval_node(eval, node->a, &object)) {
        return false;
    }
    eval->column = node->column;
    bool fine = rp_eval_attr(eval, &object, node->text, ret_value);
    rp_value_release(&object);
    return fine;
}

static bool
eval_slice(struct rp_eval *eval, const struct rp_node *node,
           const struct rp_value *object, struct rp_value *ret_value)
{
    const struct rp_node *slice = &eval->expr->node[node->b];
    uint32_t part[3] = {slice->a, slice->b, slice->c};
    struct rp_value bound[3] = {0};
    bool fine = true;
    for (int i = 0; i < 3 && fine; i++) {
        bound[i].kind = TF_VAL_NONE;
        fine = part[i] == RP_NONE || rp_eval_node(eval, part[i], &bound[i]);
    }
    eval->column = node->column;
    fine = fine && rp_eval_slice(eval, object, bound, ret_value);
    for (int i = 0; i < 3; i++) {
        rp_value_release(&bound[i]);
    }
    return fine;
}

static bool
eval_index(struct rp_eval *eval, const struct rp_node *node, struct rp_value *ret_value)
{
    struct rp_value object, key;
    if (!rp_eval_node(eval, node->a, &object)) {
        return false;
    }
    bool fine;
    if (eval->expr->node[node->b].kind == RP_NODE_SLICE) {
        fine = eval_slice(eval, node, &object, ret_value);
    }
    else {
        fine = rp_eval_node(eval, node->b, &key);
        if (fine) {
            eval->column = node->column;
            fine = rp_eval_index(eval, &object, &key, ret_value);
            rp_value_release(&key);
        }
    }
    rp_value_release(&object);
    return fine;
}

static bool
eval_operation(struct rp_eval *eval, const struct rp_node *node,
               struct rp_value *ret_value)
{
    struct rp_value a, b;
    if (!rp_eval_node(eval, node->a, &a)) {
        return false;
    }
    bool fine;
    if (node->kind == RP_NODE_UNARY) {
        eval->column = node->column;
        fine = rp_eval_unary(eval, node->op, &a, ret_value);
    }
    else {
        fine = rp_eval_node(eval, node->b, &b);
        if (fine) {
            eval->column = node->column;
            fine = rp_eval_binary(eval, node->op, &a, &b, ret_value);
            rp_value_release(&b);
        }
    }
    rp_value_release(&a);
    return fine;
}

static bool
eval_logic(struct rp_eval *eval, const struct rp_node *node, struct rp_value *ret_value)
{
    bool truth;
    struct rp_value a;
    if (!rp_eval_node(eval, node->a, &a)) {
        return false;
    }
    if (!rp_eval_truth(eval, &a, &truth)) {
        rp_value_release(&a);
        return false;
    }
    if (truth == (node->kind == RP_NODE_OR)) {
        *ret_value = a;
        return true;
    }
    rp_value_release(&a);
    return rp_eval_node(eval, node->b, ret_value);
}

static bool
eval_comparison(struct rp_eval *eval, const struct rp_node *node,
                struct rp_value *ret_value)
{
    struct rp_value left, right;
    bool result = true;
    if (!rp_eval_node(eval, node->a, &left)) {
        return false;
    }
    for (uint32_t i = node->list; i != RP_NONE && result;
         i = eval->expr->node[i].next) {
        const struct rp_node *link = &eval->expr->node[i];
        bool fine = rp_eval_node(eval, link->a, &right);
        if (fine) {
            eval->column = link->column;
            fine = rp_eval_compare(eval, link->op, &left, &right, &result);
            rp_value_release(&left);
            left = right;
        }
        if (!fine) {
            rp_value_release(&left);
            return false;
        }
    }
    rp_value_release(&left);
    rp_value_set_bool(ret_value, result);
    return true;
}

static bool
eval_if(struct rp_eval *eval, const struct rp_node *node, struct rp_value *ret_value)
{
    struct rp_value condition;
    bool truth;
    if (!rp_eval_node(eval, node->b, &condition)) {
        return false;
    }
    bool fine = rp_eval_truth(eval, &condition, &truth);
    rp_value_release(&condition);
    return fine && rp_eval_node(eval, truth ? node->a : node->c, ret_value);
}

static bool
eval_display(struct rp_eval *eval, const struct rp_node *node,
             struct rp_value *ret_value)
{
    enum tf_category category = node->kind == RP_NODE_LIST ? TF_CAT_LIST : TF_CAT_TUPLE;
    struct rp_object *object = rp_object_make(rp_builtin_type(category), category, 4);
    if (!object) {
        return rp_eval_memory(eval);
    }
    for (uint32_t i = node->list; i != RP_NONE; i = eval->expr->node[i].next) {
        struct rp_value item;
        bool fine = rp_eval_node(eval, i, &item);
        if (fine && !rp_object_add_item(object, &item)) {
            fine = rp_eval_memory(eval);
        }
        if (!fine) {
            rp_object_release(object);
            return false;
        }
    }
    rp_value_set_object(ret_value, object);
    return true;
}

static bool
eval_kind(struct rp_eval *eval, const struct rp_node *node, struct rp_value *ret_value)
{
    switch (node->kind) {
    case RP_NODE_VALUE: rp_value_copy(ret_value, &node->value); return true;
    case RP_NODE_NAME: return eval_name(eval, node, ret_value);
    case RP_NODE_ATTR: return eval_attr(eval, node, ret_value);
    case RP_NODE_INDEX: return eval_index(eval, node, ret_value);
    case RP_NODE_CALL: return rp_eval_call(eval, node, ret_value);
    case RP_NODE_UNARY:
    case RP_NODE_BINARY: return eval_operation(eval, node, ret_value);
    case RP_NODE_AND:
    case RP_NODE_OR: return eval_logic(eval, node, ret_value);
    case RP_NODE_COMPARE: return eval_comparison(eval, node, ret_value);
    case RP_NODE_IF: return eval_if(eval, node, ret_value);
    case RP_NODE_TUPLE:
    case RP_NODE_LIST: return eval_display(eval, node, ret_value);
    default: return rp_eval_fail(eval, "this is not supported yet");
    }
}

bool
rp_eval_node(struct rp_eval *eval, uint32_t idx, struct rp_value *ret_value)
{
    const struct rp_node *node = &eval->expr->node[idx];
    eval->column = node->column;
    if (++eval->depth > EVAL_DEPTH) {
        return rp_eval_fail(eval, "nested too deeply");
    }
    bool fine = eval_kind(eval, node, ret_value);
    eval->depth--;
    return fine;
}

static tf_status
evaluate(struct rp_eval *eval, struct rp_value *ret_value,
         struct rp_expr_err *ret_error)
{
    struct rp_expr_err error = {0};
    struct rp_value value;
    eval->error = &error;
    if (rp_eval_node(eval, eval->expr->root, &value)) {
        *ret_value = value;
        return TF_OK;
    }
    if (ret_error) {
        *ret_error = error;
    }
    return eval->status == TF_OK ? TF_ERR_ARGUMENT : eval->status;
}

tf_status
rp_expr_eval(struct rp *rp, const struct rp_expr *expr, uint64_t seq, uint64_t frame,
             struct rp_value *ret_value, struct rp_expr_err *ret_error,
             struct tf_err *err)
{
    struct rp_eval eval = {
        .rp = rp, .seq = seq, .frame = frame, .expr = expr, .err = err};
    return evaluate(&eval, ret_value, ret_error);
}

tf_status
rp_expr_eval_with(struct rp *rp, const struct rp_expr *expr, uint64_t seq,
                  const struct rp_lookup *lookup, struct rp_value *ret_value,
                  struct rp_expr_err *ret_error, struct tf_err *err)
{
    struct rp_eval eval = {
        .rp = rp, .seq = seq, .lookup = lookup, .expr = expr, .err = err};
    return evaluate(&eval, ret_value, ret_error);
}

tf_status
rp_value_truth(struct rp *rp, const struct rp_value *value, uint64_t seq,
               bool *ret_truth, struct tf_err *err)
{
    struct rp_eval eval = {.rp = rp, .seq = seq, .err = err, .status = TF_OK};
    bool truth;
    if (rp_eval_truth(&eval, value, &truth)) {
        *ret_truth = truth;
        return TF_OK;
    }
    return eval.status == TF_OK ? TF_ERR_ARGUMENT : eval.status;
}
