/* What can be told of an expression without evaluating it: its names, and what it reads. */
#include "rp_expr.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
rp_expr_fail(struct rp_expr_err *error, size_t column, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
        error->column = column;
    }
    return false;
}

/* --- Names --- */

/* Which names the comprehensions and lambdas around a node bind. */
struct scope {
    const struct scope *up;
    const struct rp_expr *expr;
    uint32_t comp; /* a COMP or LAMBDA */
};

static bool
intern(struct rp_expr *expr, struct tf_text name, uint32_t *ret)
{
    for (uint32_t i = 0; i < expr->name_count; i++) {
        if (rp_text_equal(expr->name[i], name)) {
            *ret = i;
            return true;
        }
    }
    if (expr->name_count == expr->name_cap) {
        uint32_t cap = expr->name_cap ? expr->name_cap * 2 : 8;
        struct tf_text *names = realloc(expr->name, cap * sizeof *names);
        if (!names) {
            return false;
        }
        expr->name = names;
        expr->name_cap = cap;
    }
    expr->name[expr->name_count] = name;
    *ret = expr->name_count++;
    return true;
}

static bool
target_binds(const struct rp_expr *expr, uint32_t target, struct tf_text name)
{
    const struct rp_node *node = &expr->node[target];
    if (node->kind == RP_NODE_NAME) {
        return rp_text_equal(node->text, name);
    }
    if (node->kind == RP_NODE_STAR) {
        return target_binds(expr, node->a, name);
    }
    bool binds = false;
    for (uint32_t i = node->list; i != RP_NONE && !binds; i = expr->node[i].next) {
        binds = target_binds(expr, i, name);
    }
    return binds;
}

static bool
scope_binds(const struct scope *scope, struct tf_text name)
{
    const struct rp_expr *expr = scope->expr;
    const struct rp_node *comp = &expr->node[scope->comp];
    bool binds = false;
    for (uint32_t i = comp->list; i != RP_NONE && !binds; i = expr->node[i].next) {
        const struct rp_node *part = &expr->node[i];
        binds = part->kind == RP_NODE_PARAM ? rp_text_equal(part->text, name)
                                            : target_binds(expr, part->a, name);
    }
    return binds;
}

/* Goes through a tree: `visit` is told of each node with what is bound around it. */
typedef bool (*visit_fn)(void *ctx, struct rp_expr *expr, uint32_t node,
                         const struct scope *scope);

static bool walk(struct rp_expr *expr, uint32_t idx, const struct scope *scope,
                 visit_fn visit, void *ctx);

static bool
walk_list(struct rp_expr *expr, uint32_t list, const struct scope *scope,
          visit_fn visit, void *ctx)
{
    bool fine = true;
    for (uint32_t i = list; i != RP_NONE && fine; i = expr->node[i].next) {
        fine = walk(expr, i, scope, visit, ctx);
    }
    return fine;
}

/* The first `for`'s iterable and a lambda's defaults are evaluated outside. */
static bool
walk_scoped(struct rp_expr *expr, uint32_t idx, const struct scope *scope,
            visit_fn visit, void *ctx)
{
    const struct rp_node *node = &expr->node[idx];
    struct scope inner = {scope, expr, idx};
    bool fine = true, first = true;
    for (uint32_t i = node->list; i != RP_NONE && fine; i = expr->node[i].next) {
        const struct rp_node *part = &expr->node[i];
        if (part->kind == RP_NODE_PARAM) {
            fine =
                visit(ctx, expr, i, &inner) && walk(expr, part->a, scope, visit, ctx);
            continue;
        }
        fine = walk(expr, part->b, first ? scope : &inner, visit, ctx)
               && walk(expr, part->a, &inner, visit, ctx)
               && walk_list(expr, part->list, &inner, visit, ctx);
        first = false;
    }
    return fine && walk(expr, node->a, &inner, visit, ctx)
           && walk(expr, node->b, &inner, visit, ctx);
}

static bool
walk(struct rp_expr *expr, uint32_t idx, const struct scope *scope, visit_fn visit,
     void *ctx)
{
    if (idx == RP_NONE) {
        return true;
    }
    if (!visit(ctx, expr, idx, scope)) {
        return false;
    }
    const struct rp_node *node = &expr->node[idx];
    if (node->kind == RP_NODE_COMP || node->kind == RP_NODE_LAMBDA) {
        return walk_scoped(expr, idx, scope, visit, ctx);
    }
    return walk(expr, node->a, scope, visit, ctx)
           && walk(expr, node->b, scope, visit, ctx)
           && walk(expr, node->c, scope, visit, ctx)
           && walk_list(expr, node->list, scope, visit, ctx);
}

static bool
resolve(void *ctx, struct rp_expr *expr, uint32_t idx, const struct scope *scope)
{
    struct rp_node *node = &expr->node[idx];
    (void)ctx;
    if (node->kind != RP_NODE_NAME && node->kind != RP_NODE_PARAM) {
        return true;
    }
    for (const struct scope *at = scope; at && !node->local; at = at->up) {
        node->local = scope_binds(at, node->text);
    }
    return intern(expr, node->text, &node->name);
}

bool
rp_expr_resolve(struct rp_expr *expr)
{
    return walk(expr, expr->root, NULL, resolve, NULL);
}

/* --- What it reads --- */

struct reader {
    struct rp_reads *reads;
    size_t cap;
};

/* The path of a NAME with constant subscripts and attributes behind it; false: no such. */
static bool
path_length(const struct rp_expr *expr, uint32_t idx, size_t *ret_count)
{
    *ret_count = 0;
    for (;; ++*ret_count) {
        const struct rp_node *node = &expr->node[idx];
        bool constant =
            node->kind == RP_NODE_INDEX && expr->node[node->b].kind == RP_NODE_VALUE;
        bool minus = node->kind == RP_NODE_INDEX
                     && expr->node[node->b].kind == RP_NODE_UNARY
                     && expr->node[node->b].op == RP_OP_NEG
                     && expr->node[expr->node[node->b].a].kind == RP_NODE_VALUE
                     && expr->node[expr->node[node->b].a].value.kind == TF_VAL_INT;
        if (node->kind == RP_NODE_NAME) {
            return !node->local;
        }
        if (node->kind != RP_NODE_ATTR && !constant && !minus) {
            return false;
        }
        idx = node->a;
    }
}

static bool
add_read(struct reader *reader, const struct rp_expr *expr, uint32_t idx,
         enum rp_read_depth depth)
{
    struct rp_reads *reads = reader->reads;
    size_t count;
    if (!path_length(expr, idx, &count)) {
        return true;
    }
    if (reads->count == reader->cap) {
        size_t cap = reader->cap ? reader->cap * 2 : 4;
        struct rp_read *read = realloc(reads->read, cap * sizeof *read);
        if (!read) {
            return false;
        }
        reads->read = read;
        reader->cap = cap;
    }
    struct rp_read_step *step = calloc(count + 1, sizeof *step);
    if (!step) {
        return false;
    }
    struct rp_read *read = &reads->read[reads->count++];
    *read = (struct rp_read){.step = step, .step_count = count, .depth = depth};
    for (size_t i = count; i-- > 0; idx = expr->node[idx].a) {
        const struct rp_node *node = &expr->node[idx];
        const struct rp_node *key =
            node->kind == RP_NODE_INDEX ? &expr->node[node->b] : NULL;
        step[i].attr = !key;
        step[i].name = node->text;
        if (key && key->kind == RP_NODE_UNARY) {
            step[i].key = expr->node[key->a].value;
            step[i].key.integer = -step[i].key.integer;
        }
        else if (key) {
            step[i].key = key->value;
        }
    }
    read->name = expr->node[idx].text;
    return true;
}

static bool read_node(struct reader *reader, const struct rp_expr *expr, uint32_t idx,
                      enum rp_read_depth depth);

static bool
read_list(struct reader *reader, const struct rp_expr *expr, uint32_t list)
{
    bool fine = true;
    for (uint32_t i = list; i != RP_NONE && fine; i = expr->node[i].next) {
        fine = read_node(reader, expr, i, RP_READ_DEEP);
    }
    return fine;
}

/* `x is y`: only which object it is; `len(x)`: only how many items it has. */
static enum rp_read_depth
depth_of_operands(const struct rp_expr *expr, const struct rp_node *node)
{
    if (node->kind == RP_NODE_COMPARE) {
        bool is = true;
        for (uint32_t i = node->list; i != RP_NONE; i = expr->node[i].next) {
            is &= expr->node[i].op == RP_OP_IS || expr->node[i].op == RP_OP_IS_NOT;
        }
        return is ? RP_READ_SELF : RP_READ_DEEP;
    }
    if (node->kind == RP_NODE_UNARY && node->op == RP_OP_NOT) {
        return RP_READ_ITEMS;
    }
    return RP_READ_DEEP;
}

static bool
read_call(struct reader *reader, const struct rp_expr *expr, const struct rp_node *node)
{
    const struct rp_node *function = &expr->node[node->a];
    bool named = function->kind == RP_NODE_NAME && !function->local;
    bool len = named && rp_text_is(function->text, "len");
    bool type = named
                && (rp_text_is(function->text, "type")
                    || rp_text_is(function->text, "isinstance")
                    || rp_text_is(function->text, "id"));
    /* Of a method's name only what it belongs to is read. */
    uint32_t owner = function->kind == RP_NODE_ATTR ? function->a : node->a;
    if (!read_node(reader, expr, owner, named ? RP_READ_SELF : RP_READ_DEEP)) {
        return false;
    }
    if ((len || type) && node->list != RP_NONE) {
        return read_node(reader, expr, node->list, len ? RP_READ_ITEMS : RP_READ_SELF)
               && read_list(reader, expr, expr->node[node->list].next);
    }
    return read_list(reader, expr, node->list);
}

static bool
read_node(struct reader *reader, const struct rp_expr *expr, uint32_t idx,
          enum rp_read_depth depth)
{
    size_t count;
    if (idx == RP_NONE) {
        return true;
    }
    if (path_length(expr, idx, &count)) {
        return add_read(reader, expr, idx, depth);
    }
    const struct rp_node *node = &expr->node[idx];
    if (node->kind == RP_NODE_CALL) {
        return read_call(reader, expr, node);
    }
    enum rp_read_depth inner = depth_of_operands(expr, node);
    bool fine = read_node(reader, expr, node->a, inner)
                && read_node(reader, expr, node->b, RP_READ_DEEP)
                && read_node(reader, expr, node->c, RP_READ_DEEP);
    for (uint32_t i = node->list; i != RP_NONE && fine; i = expr->node[i].next) {
        const struct rp_node *part = &expr->node[i];
        fine = part->kind == RP_NODE_LINK ? read_node(reader, expr, part->a, inner)
                                          : read_node(reader, expr, i, RP_READ_DEEP);
    }
    return fine;
}

tf_status
rp_expr_reads(const struct rp_expr *expr, struct rp_reads *ret_reads,
              struct tf_err *err)
{
    struct rp_reads reads = {0};
    struct reader reader = {.reads = &reads};
    if (!read_node(&reader, expr, expr->root, RP_READ_DEEP)) {
        rp_reads_release(&reads);
        return rp_no_memory(err);
    }
    *ret_reads = reads;
    return TF_OK;
}

void
rp_reads_release(struct rp_reads *reads)
{
    for (size_t i = 0; i < reads->count; i++) {
        free(reads->read[i].step);
    }
    free(reads->read);
    *reads = (struct rp_reads){0};
}
