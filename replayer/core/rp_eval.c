/* Evaluates an expression: the tree. */
#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"

/* --- Names --- */

static bool
look_up(struct rp_eval *eval, struct tf_text name, struct rp_value *ret_value,
        bool *ret_found)
{
    struct tf_err why = TF_ERR_INIT, *err = eval->err ? &why : NULL;
    tf_status status =
        eval->lookup
            ? eval->lookup->variable(eval->lookup->ctx, name, ret_value, err)
            : rp_variable(eval->rp, eval->seq, eval->frame, name, ret_value, err);
    *ret_found = status == TF_OK;
    if (status == TF_OK || status == TF_ERR_NOT_FOUND) {
        return true;
    }
    if (eval->err) {
        *eval->err = why;
    }
    return rp_eval_status(eval, status);
}

/* In the cache an unbound value is one that was not looked up, a damaged one with a note
 * one that is not there. */
bool
rp_eval_variable(struct rp_eval *eval, const struct rp_node *node,
                 struct rp_value *ret_value, bool *ret_found)
{
    for (struct rp_scope *at = node->local ? eval->scope : NULL; at; at = at->up) {
        for (uint32_t i = 0; i < at->count; i++) {
            if (at->binding[i].name == node->name
                && at->binding[i].value.kind != TF_VAL_UNBOUND) {
                rp_value_copy(ret_value, &at->binding[i].value);
                *ret_found = true;
                return true;
            }
        }
    }
    struct rp_value *cached = eval->cache ? &eval->cache[node->name] : NULL;
    if (cached && cached->kind != TF_VAL_UNBOUND) {
        *ret_found = cached->kind != RP_VAL_DAMAGED || !cached->note;
        if (*ret_found) {
            rp_value_copy(ret_value, cached);
        }
        return true;
    }
    if (!look_up(eval, node->text, ret_value, ret_found)) {
        return false;
    }
    if (cached && *ret_found && ret_value->kind != RP_VAL_DAMAGED) {
        rp_value_copy(cached, ret_value);
    }
    else if (cached && !*ret_found) {
        *cached = (struct rp_value){.kind = RP_VAL_DAMAGED, .note = 1};
    }
    return true;
}

static bool
eval_name(struct rp_eval *eval, const struct rp_node *node, struct rp_value *ret_value)
{
    static const struct {
        const char *name;
        enum tf_value_kind kind;
    } constants[] = {{"Ellipsis", TF_VAL_ELLIPSIS},
                     {"NotImplemented", TF_VAL_NOTIMPLEMENTED}};

    bool found;
    if (!rp_eval_variable(eval, node, ret_value, &found)) {
        return false;
    }
    if (found || rp_eval_builtin(eval, node->text, ret_value)) {
        return true;
    }
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        if (eval->status == TF_OK && rp_text_is(node->text, constants[i].name)) {
            *ret_value = (struct rp_value){.kind = constants[i].kind};
            return true;
        }
    }
    return eval->status == TF_OK
           && rp_eval_raise(eval, "NameError", "name '%.*s' is not defined",
                            (int)(node->text.len < 100 ? node->text.len : 100),
                            node->text.data);
}

/* --- Attributes and subscripts --- */

static bool
eval_attr(struct rp_eval *eval, const struct rp_node *node, struct rp_value *ret_value)
{
    struct rp_value object;
    bool found;
    if (!rp_eval_node(eval, node->a, &object)) {
        return false;
    }
    eval->column = node->column;
    bool fine = rp_eval_attr(eval, &object, node->text, ret_value, &found)
                && (found || rp_eval_no_attr(eval, &object, node->text));
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

/* A slice among the subscripts of a tuple: no built-in type takes it. */
static bool
eval_lone_slice(struct rp_eval *eval)
{
    return rp_eval_fail(eval, "a slice has no meaning here");
}

/* --- Operators --- */

static bool
eval_unary(struct rp_eval *eval, const struct rp_node *node, struct rp_value *ret_value)
{
    struct rp_value a;
    if (!rp_eval_node(eval, node->a, &a)) {
        return false;
    }
    eval->column = node->column;
    bool fine = rp_eval_unary(eval, node->op, &a, ret_value);
    rp_value_release(&a);
    return fine;
}

/* The value of a literal or a variable that was looked up, borrowed; else the node's own,
 * in *owned. NULL: it failed. */
static const struct rp_value *
operand(struct rp_eval *eval, uint32_t idx, struct rp_value *owned)
{
    const struct rp_node *node = &eval->expr->node[idx];
    *owned = (struct rp_value){0};
    if (node->kind == RP_NODE_VALUE) {
        return &node->value;
    }
    if (node->kind == RP_NODE_NAME && !node->local && eval->cache
        && eval->cache[node->name].kind != TF_VAL_UNBOUND
        && eval->cache[node->name].kind != RP_VAL_DAMAGED) {
        return &eval->cache[node->name];
    }
    if (!rp_eval_node(eval, idx, owned)) {
        return NULL;
    }
    return owned;
}

static bool
eval_binary(struct rp_eval *eval, const struct rp_node *node,
            struct rp_value *ret_value)
{
    struct rp_value own_a, own_b;
    const struct rp_value *a = operand(eval, node->a, &own_a), *b;
    if (!a) {
        return false;
    }
    b = operand(eval, node->b, &own_b);
    bool fine = b != NULL;
    if (fine) {
        eval->column = node->column;
        fine = rp_eval_binary(eval, node->op, a, b, ret_value);
        rp_value_release(&own_b);
    }
    rp_value_release(&own_a);
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
    struct rp_value owned[2];
    bool result = true;
    unsigned at = 0;
    const struct rp_value *left = operand(eval, node->a, &owned[0]), *right;
    if (!left) {
        return false;
    }
    for (uint32_t i = node->list; i != RP_NONE && result;
         i = eval->expr->node[i].next) {
        const struct rp_node *link = &eval->expr->node[i];
        right = operand(eval, link->a, &owned[!at]);
        bool fine = right != NULL;
        if (fine) {
            eval->column = link->column;
            fine = rp_eval_compare(eval, link->op, left, right, &result);
        }
        rp_value_release(&owned[at]);
        at = !at;
        if (!fine) {
            if (right) {
                rp_value_release(&owned[at]);
            }
            return false;
        }
        left = right;
    }
    rp_value_release(&owned[at]);
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

/* --- Displays --- */

/* *a in a display: all of it. */
static bool
add_all(struct rp_eval *eval, struct rp_object *to, uint32_t node)
{
    struct rp_value value;
    if (!rp_eval_node(eval, node, &value)) {
        return false;
    }
    bool fine = rp_eval_known(eval, &value);
    struct rp_iter *iter = NULL;
    bool old = eval->rp->facts.header->python_hex < 0x03090000, more = true;
    if (fine && !old && !rp_is_iterable_kind(&value)) {
        fine = rp_eval_raise(eval, "TypeError",
                             "Value after * must be an iterable, not %s",
                             rp_eval_label(eval, &value).text);
    }
    if (fine && !rp_iter_of(eval, &value, &iter)) {
        fine = false;
        if (eval->raised && !old) {
            eval->status = TF_OK;
            rp_eval_raise(eval, "TypeError",
                          "Value after * must be an iterable, not %s",
                          rp_eval_label(eval, &value).text);
        }
    }
    while (fine && more) {
        struct rp_value item;
        fine = rp_iter_next(eval, iter, &item, &more);
        if (fine && more) {
            fine = rp_eval_add(eval, to, &item);
        }
    }
    rp_iter_free(iter);
    rp_value_release(&value);
    return fine;
}

static bool
eval_display(struct rp_eval *eval, const struct rp_node *node,
             struct rp_value *ret_value)
{
    enum tf_category category = node->kind == RP_NODE_LIST ? TF_CAT_LIST : TF_CAT_TUPLE;
    struct rp_object *object;
    if (!rp_eval_make(eval, category, &object)) {
        return false;
    }
    bool fine = true;
    for (uint32_t i = node->list; i != RP_NONE && fine; i = eval->expr->node[i].next) {
        struct rp_value item;
        if (eval->expr->node[i].kind == RP_NODE_STAR) {
            fine = add_all(eval, object, eval->expr->node[i].a);
            continue;
        }
        fine = rp_eval_node(eval, i, &item) && rp_eval_add(eval, object, &item);
    }
    if (!fine) {
        rp_object_release(object);
        return false;
    }
    rp_value_set_object(ret_value, object);
    return true;
}

/* *a, **a */
static bool
put_star(struct rp_eval *eval, struct rp_maker *maker, const struct rp_node *star)
{
    struct rp_value value;
    struct rp_object *object = NULL;
    if (!rp_eval_node(eval, star->a, &value)) {
        return false;
    }
    eval->column = star->column;
    bool fine = rp_eval_known(eval, &value);
    if (fine && star->kind == RP_NODE_STAR) {
        fine = rp_maker_update(eval, maker, &value);
    }
    else if (fine) {
        fine = value.kind != TF_VAL_REF || rp_eval_object(eval, &value, &object);
        if (fine && (!object || !rp_category_is_dict(object->category))) {
            fine = rp_eval_raise(eval, "TypeError", "'%s' object is not a mapping",
                                 rp_eval_label(eval, &value).text);
        }
        fine = fine && rp_maker_merge(eval, maker, object);
    }
    rp_object_release(object);
    rp_value_release(&value);
    return fine;
}

/* Puts the values that were evaluated so far, and forgets them. */
static bool
put_values(struct rp_eval *eval, struct rp_maker *maker, struct rp_object *values,
           bool dict)
{
    bool fine = true;
    for (size_t i = 0; i < values->item_count; i++) {
        struct rp_value key = values->item[i], value = {0};
        values->item[i] = (struct rp_value){0};
        if (dict && i + 1 < values->item_count) {
            value = values->item[++i];
            values->item[i] = (struct rp_value){0};
        }
        if (fine) {
            fine = rp_maker_put(eval, maker, &key, dict ? &value : NULL);
        }
        else {
            rp_value_release(&key);
            rp_value_release(&value);
        }
    }
    values->item_count = 0;
    return fine;
}

/* As Python does it, what stands between two stars is evaluated before it is put. */
static bool
put_elements(struct rp_eval *eval, struct rp_maker *maker, const struct rp_node *node,
             struct rp_object *values)
{
    bool dict = node->kind == RP_NODE_DICT, fine = true;
    for (uint32_t i = node->list; i != RP_NONE && fine; i = eval->expr->node[i].next) {
        const struct rp_node *element = &eval->expr->node[i];
        struct rp_value value;
        if (element->kind == RP_NODE_STAR || element->kind == RP_NODE_STAR2) {
            fine =
                put_values(eval, maker, values, dict) && put_star(eval, maker, element);
            continue;
        }
        fine = rp_eval_node(eval, dict ? element->a : i, &value)
               && rp_eval_add(eval, values, &value)
               && (!dict
                   || (rp_eval_node(eval, element->b, &value)
                       && rp_eval_add(eval, values, &value)));
    }
    eval->column = node->column;
    return fine && put_values(eval, maker, values, dict);
}

static bool
eval_braces(struct rp_eval *eval, const struct rp_node *node,
            struct rp_value *ret_value)
{
    struct rp_maker maker = {0};
    struct rp_object *values;
    if (!rp_eval_make(eval, TF_CAT_LIST, &values)) {
        return false;
    }
    bool fine = rp_maker_begin(
                    eval, node->kind == RP_NODE_DICT ? TF_CAT_DICT : TF_CAT_SET, &maker)
                && put_elements(eval, &maker, node, values)
                && rp_maker_end(eval, &maker, ret_value);
    rp_maker_release(&maker);
    rp_object_release(values);
    return fine;
}

/* --- Comprehensions --- */

static bool
put_all(struct rp_eval *eval, struct rp_iter *iter, enum rp_comp kind,
        struct rp_value *ret_value)
{
    struct rp_object *list = NULL;
    struct rp_maker maker = {0};
    bool fine = kind == RP_COMP_LIST
                    ? rp_eval_make(eval, TF_CAT_LIST, &list)
                    : rp_maker_begin(
                        eval, kind == RP_COMP_DICT ? TF_CAT_DICT : TF_CAT_SET, &maker);
    bool more = true;
    while (fine && more) {
        struct rp_value item;
        fine = rp_iter_next(eval, iter, &item, &more);
        if (!fine || !more) {
            break;
        }
        if (kind == RP_COMP_LIST) {
            fine = rp_eval_add(eval, list, &item);
        }
        else if (kind == RP_COMP_SET) {
            fine = rp_maker_put(eval, &maker, &item, NULL);
        }
        else { /* the generator gives pairs */
            struct rp_value key, value;
            rp_value_copy(&key, &item.object->item[0]);
            rp_value_copy(&value, &item.object->item[1]);
            rp_value_release(&item);
            fine = rp_maker_put(eval, &maker, &key, &value);
        }
    }
    if (fine && list) {
        rp_value_set_object(ret_value, list);
        list = NULL;
    }
    else if (fine) {
        fine = rp_maker_end(eval, &maker, ret_value);
    }
    rp_object_release(list);
    rp_maker_release(&maker);
    return fine;
}

static bool
eval_comprehension(struct rp_eval *eval, const struct rp_node *node,
                   struct rp_value *ret_value)
{
    struct rp_iter *iter;
    if (!rp_eval_generator(eval, node, &iter)) {
        return false;
    }
    if (node->op == RP_COMP_GENERATOR) {
        rp_value_set_iter(ret_value, iter);
        return true;
    }
    bool fine = put_all(eval, iter, node->op, ret_value);
    rp_iter_free(iter);
    return fine;
}

static void
free_callable(struct rp_made *made)
{
    struct rp_callable *callable = (struct rp_callable *)made;
    rp_value_release(&callable->self);
    rp_scope_unref(callable->scope);
    free(callable);
}

static bool
eval_lambda(struct rp_eval *eval, const struct rp_node *node,
            struct rp_value *ret_value)
{
    struct rp_callable *lambda = calloc(1, sizeof *lambda);
    if (!lambda) {
        return rp_eval_memory(eval);
    }
    lambda->made =
        (struct rp_made){1, RP_MADE_LAMBDA, "<function <lambda>>", free_callable};
    lambda->node = (uint32_t)(node - eval->expr->node);
    lambda->scope = eval->scope;
    if (eval->scope) {
        eval->scope->refs++;
    }
    *ret_value = (struct rp_value){.kind = RP_VAL_MADE, .str = (void *)lambda};
    return true;
}

/* --- f-strings --- */

static bool
add_field(struct rp_eval *eval, const struct rp_node *field, struct rp_buf *out)
{
    struct rp_value value, spec = {0}, text = {0};
    struct rp_buf converted = RP_BUF_INIT;
    if (!rp_eval_node(eval, field->a, &value)) {
        return false;
    }
    bool fine = field->b == RP_NONE || rp_eval_node(eval, field->b, &spec);
    eval->column = field->column;
    if (fine && field->op) {
        fine = field->op == 'r'   ? rp_eval_repr(eval, &value, &converted)
               : field->op == 'a' ? rp_eval_ascii(eval, &value, &converted)
                                  : rp_eval_str(eval, &value, &converted);
        fine = fine && rp_eval_text_of(eval, TF_VAL_STR, &converted, &text);
    }
    fine =
        fine
        && rp_eval_format(eval, field->op ? &text : &value, rp_value_bytes(&spec), out);
    out->failed |= converted.failed;
    rp_buf_release(&converted);
    rp_value_release(&text);
    rp_value_release(&spec);
    rp_value_release(&value);
    return fine;
}

static bool
eval_fstring(struct rp_eval *eval, const struct rp_node *node,
             struct rp_value *ret_value)
{
    struct rp_buf out = RP_BUF_INIT;
    bool fine = true;
    for (uint32_t i = node->list; i != RP_NONE && fine; i = eval->expr->node[i].next) {
        const struct rp_node *part = &eval->expr->node[i];
        if (part->kind == RP_NODE_VALUE) {
            rp_buf_add_text(&out, rp_value_bytes(&part->value));
        }
        else {
            fine = add_field(eval, part, &out);
        }
    }
    if (!fine) {
        rp_buf_release(&out);
        return false;
    }
    return rp_eval_text_of(eval, TF_VAL_STR, &out, ret_value);
}

/* --- All --- */

static bool
eval_kind(struct rp_eval *eval, const struct rp_node *node, struct rp_value *ret_value)
{
    switch (node->kind) {
    case RP_NODE_VALUE: rp_value_copy(ret_value, &node->value); return true;
    case RP_NODE_NAME: return eval_name(eval, node, ret_value);
    case RP_NODE_ATTR: return eval_attr(eval, node, ret_value);
    case RP_NODE_INDEX: return eval_index(eval, node, ret_value);
    case RP_NODE_SLICE: return eval_lone_slice(eval);
    case RP_NODE_CALL: return rp_eval_call(eval, node, ret_value);
    case RP_NODE_UNARY: return eval_unary(eval, node, ret_value);
    case RP_NODE_BINARY: return eval_binary(eval, node, ret_value);
    case RP_NODE_AND:
    case RP_NODE_OR: return eval_logic(eval, node, ret_value);
    case RP_NODE_COMPARE: return eval_comparison(eval, node, ret_value);
    case RP_NODE_IF: return eval_if(eval, node, ret_value);
    case RP_NODE_TUPLE:
    case RP_NODE_LIST: return eval_display(eval, node, ret_value);
    case RP_NODE_SET:
    case RP_NODE_DICT: return eval_braces(eval, node, ret_value);
    case RP_NODE_COMP: return eval_comprehension(eval, node, ret_value);
    case RP_NODE_LAMBDA: return eval_lambda(eval, node, ret_value);
    case RP_NODE_FSTRING: return eval_fstring(eval, node, ret_value);
    default: return rp_eval_fail(eval, "invalid syntax");
    }
}

bool
rp_eval_node(struct rp_eval *eval, uint32_t idx, struct rp_value *ret_value)
{
    const struct rp_node *node = &eval->expr->node[idx];
    eval->column = node->column;
    if (!rp_eval_enter(eval) || !rp_eval_step(eval)) {
        return false;
    }
    bool fine = eval_kind(eval, node, ret_value);
    eval->depth--;
    return fine;
}

#define CACHE_LOCAL 16u

static tf_status
evaluate(struct rp_eval *eval, struct rp_value *ret_value,
         struct rp_expr_err *ret_error)
{
    struct rp_value local[CACHE_LOCAL], value;
    uint32_t count = eval->expr->name_count;
    eval->error = ret_error;
    eval->cache = count <= CACHE_LOCAL ? local : calloc(count, sizeof *local);
    for (uint32_t i = 0; i < count && i < CACHE_LOCAL; i++) {
        local[i] = (struct rp_value){0};
    }
    if (!eval->cache) {
        return rp_no_memory(eval->err);
    }
    bool fine = rp_eval_node(eval, eval->expr->root, &value);
    if (fine && value.kind == RP_VAL_MADE
        && ((struct rp_made *)(void *)value.str)->sort == RP_MADE_ITER) {
        rp_value_release(&value);
        fine = rp_eval_fail(eval, "an iterator: list(...) shows what it gives");
    }
    for (uint32_t i = 0; i < count; i++) {
        rp_value_release(&eval->cache[i]);
    }
    if (eval->cache != local) {
        free(eval->cache);
    }
    if (fine) {
        *ret_value = value;
        return TF_OK;
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
    struct rp_eval eval = {.rp = rp, .seq = seq, .err = err};
    bool truth;
    if (rp_eval_truth(&eval, value, &truth)) {
        *ret_truth = truth;
        return TF_OK;
    }
    return eval.status == TF_OK ? TF_ERR_ARGUMENT : eval.status;
}
