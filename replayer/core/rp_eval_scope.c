/* The names that comprehensions and lambdas bind. */
#include <stdlib.h>

#include "rp_eval.h"

struct rp_scope *
rp_scope_new(struct rp_scope *up, uint32_t count)
{
    struct rp_scope *scope = calloc(1, sizeof *scope + count * sizeof *scope->binding);
    if (scope) {
        scope->up = up;
        scope->refs = 1;
        scope->count = count;
        if (up) {
            up->refs++;
        }
        for (uint32_t i = 0; i < count; i++) {
            scope->binding[i].name = RP_NONE;
        }
    }
    return scope;
}

void
rp_scope_unref(struct rp_scope *scope)
{
    while (scope && --scope->refs == 0) {
        struct rp_scope *up = scope->up;
        for (uint32_t i = 0; i < scope->count; i++) {
            rp_value_release(&scope->binding[i].value);
        }
        free(scope);
        scope = up;
    }
}

/* Takes the value. There is room for each name. */
static void
bind_name(struct rp_scope *scope, uint32_t name, struct rp_value *value)
{
    for (uint32_t i = 0; i < scope->count; i++) {
        struct rp_binding *binding = &scope->binding[i];
        if (binding->name == name || binding->name == RP_NONE) {
            rp_value_release(&binding->value);
            binding->name = name;
            binding->value = *value;
            *value = (struct rp_value){0};
            return;
        }
    }
    rp_value_release(value);
}

static bool
bind_star(struct rp_eval *eval, struct rp_scope *scope, uint32_t target,
          struct rp_object *items, size_t first, size_t end)
{
    struct rp_object *list;
    struct rp_value value;
    if (!rp_eval_make(eval, TF_CAT_LIST, &list)) {
        return false;
    }
    for (size_t i = first; i < end; i++) {
        if (!rp_eval_add_copy(eval, list, &items->item[i])) {
            rp_object_release(list);
            return false;
        }
    }
    rp_value_set_object(&value, list);
    return rp_scope_bind(eval, scope, target, &value);
}

static bool
bind_items(struct rp_eval *eval, struct rp_scope *scope, const struct rp_node *tuple,
           struct rp_object *items)
{
    const struct rp_node *node = eval->expr->node;
    size_t want = 0, at = 0;
    bool star = false;
    for (uint32_t i = tuple->list; i != RP_NONE; i = node[i].next) {
        star |= node[i].kind == RP_NODE_STAR;
        want += node[i].kind != RP_NODE_STAR;
    }
    if (items->item_count < want || (!star && items->item_count > want)) {
        return items->item_count < want
                   ? rp_eval_raise(
                       eval, "ValueError",
                       "not enough values to unpack (expected %s%zu, got %zu)",
                       star ? "at least " : "", want, items->item_count)
                   : rp_eval_raise(eval, "ValueError",
                                   "too many values to unpack (expected %zu)", want);
    }
    bool fine = true;
    for (uint32_t i = tuple->list; i != RP_NONE && fine; i = node[i].next) {
        if (node[i].kind == RP_NODE_STAR) {
            size_t end = at + items->item_count - want;
            fine = bind_star(eval, scope, node[i].a, items, at, end);
            at = end;
            continue;
        }
        struct rp_value item;
        rp_value_copy(&item, &items->item[at++]);
        fine = rp_scope_bind(eval, scope, i, &item);
    }
    return fine;
}

bool
rp_scope_bind(struct rp_eval *eval, struct rp_scope *scope, uint32_t target,
              struct rp_value *value)
{
    const struct rp_node *node = &eval->expr->node[target];
    if (node->kind == RP_NODE_NAME) {
        bind_name(scope, node->name, value);
        return true;
    }
    struct rp_object *items;
    eval->column = node->column;
    bool fine = rp_eval_known(eval, value);
    if (fine && !rp_is_iterable_kind(value)) {
        fine = rp_eval_raise(eval, "TypeError", "cannot unpack non-iterable %s object",
                             rp_eval_label(eval, value).text);
    }
    fine = fine && rp_eval_list_of(eval, value, &items);
    rp_value_release(value);
    if (fine) {
        fine = bind_items(eval, scope, node, items);
        rp_object_release(items);
    }
    return fine;
}
