/* Comprehensions and generator expressions: one item after another. */
#include "rp_eval_iter.h"

#include <stdlib.h>

#define CLAUSES_MAX 8u

static uint32_t
count_names(const struct rp_expr *expr, uint32_t target)
{
    const struct rp_node *node = &expr->node[target];
    if (node->kind == RP_NODE_NAME) {
        return 1;
    }
    if (node->kind == RP_NODE_STAR) {
        return count_names(expr, node->a);
    }
    uint32_t count = 0;
    for (uint32_t i = node->list; i != RP_NONE; i = expr->node[i].next) {
        count += count_names(expr, i);
    }
    return count;
}

bool
rp_eval_generator(struct rp_eval *eval, const struct rp_node *comp,
                  struct rp_iter **ret_iter)
{
    const struct rp_node *node = eval->expr->node;
    struct rp_value first;
    uint32_t names = 0;
    struct rp_iter *iter = rp_iter_new(eval, RP_ITER_GENERATOR, "generator");
    if (!iter) {
        return false;
    }
    iter->source = calloc(CLAUSES_MAX, sizeof(struct rp_iter *));
    for (uint32_t i = comp->list; i != RP_NONE; i = node[i].next) {
        names += count_names(eval->expr, node[i].a);
        iter->count++;
    }
    iter->node = (uint32_t)(comp - node);
    iter->scope = rp_scope_new(eval->scope, names);
    if (!iter->source || !iter->scope || iter->count > CLAUSES_MAX) {
        iter->count = 0;
        rp_iter_free(iter);
        return rp_eval_memory(eval);
    }
    if (!rp_eval_node(eval, node[comp->list].b, &first)) {
        rp_iter_free(iter);
        return false;
    }
    eval->column = node[node[comp->list].b].column;
    bool fine = rp_iter_of(eval, &first, &iter->source[0]);
    rp_value_release(&first);
    iter->level = 1;
    if (!fine) {
        rp_iter_free(iter);
        return false;
    }
    *ret_iter = iter;
    return true;
}

/* The conditions of one `for`. */
static bool
conditions(struct rp_eval *eval, const struct rp_node *clause, bool *ret_true)
{
    *ret_true = true;
    for (uint32_t i = clause->list; i != RP_NONE && *ret_true;
         i = eval->expr->node[i].next) {
        struct rp_value value;
        if (!rp_eval_node(eval, i, &value)) {
            return false;
        }
        bool fine = rp_eval_truth(eval, &value, ret_true);
        rp_value_release(&value);
        if (!fine) {
            return false;
        }
    }
    return true;
}

static bool
element(struct rp_eval *eval, const struct rp_node *comp, struct rp_value *ret_item)
{
    struct rp_value key, value;
    if (comp->b == RP_NONE) {
        return rp_eval_node(eval, comp->a, ret_item);
    }
    if (!rp_eval_node(eval, comp->a, &key)) {
        return false;
    }
    if (!rp_eval_node(eval, comp->b, &value)) {
        rp_value_release(&key);
        return false;
    }
    return rp_eval_pair(eval, &key, &value, ret_item);
}

static const struct rp_node *
clause_at(struct rp_eval *eval, const struct rp_node *comp, size_t level)
{
    uint32_t at = comp->list;
    while (level--) {
        at = eval->expr->node[at].next;
    }
    return &eval->expr->node[at];
}

/* Opens the next inner `for`. */
static bool
open_clause(struct rp_eval *eval, struct rp_iter *iter, const struct rp_node *comp)
{
    struct rp_value value;
    const struct rp_node *clause = clause_at(eval, comp, iter->level);
    if (!rp_eval_node(eval, clause->b, &value)) {
        return false;
    }
    bool fine = rp_iter_of(eval, &value, &iter->source[iter->level]);
    rp_value_release(&value);
    iter->level += fine;
    return fine;
}

static bool
generate(struct rp_eval *eval, struct rp_iter *iter, struct rp_value *ret_item,
         bool *ret_more)
{
    const struct rp_node *comp = &eval->expr->node[iter->node];
    while (iter->level) {
        const struct rp_node *clause = clause_at(eval, comp, iter->level - 1);
        struct rp_value item;
        bool more, holds;
        if (!rp_eval_step(eval)
            || !rp_iter_next(eval, iter->source[iter->level - 1], &item, &more)) {
            return false;
        }
        if (!more) {
            rp_iter_free(iter->source[--iter->level]);
            iter->source[iter->level] = NULL;
            continue;
        }
        if (!rp_scope_bind(eval, iter->scope, clause->a, &item)
            || !conditions(eval, clause, &holds)) {
            return false;
        }
        if (!holds) {
            continue;
        }
        if (iter->level == iter->count) {
            *ret_more = true;
            return element(eval, comp, ret_item);
        }
        if (!open_clause(eval, iter, comp)) {
            return false;
        }
    }
    *ret_more = false;
    return true;
}

bool
rp_iter_next_generated(struct rp_eval *eval, struct rp_iter *iter,
                       struct rp_value *ret_item, bool *ret_more)
{
    struct rp_scope *outer = eval->scope;
    size_t column = eval->column;
    if (!rp_eval_enter(eval)) {
        return false;
    }
    eval->scope = iter->scope;
    bool fine = generate(eval, iter, ret_item, ret_more);
    eval->scope = outer;
    eval->depth--;
    if (fine) {
        eval->column = column;
    }
    return fine;
}
