/* Calls: of built-in functions, types, methods and lambdas. Nothing of the program's is
 * ever run. */
#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"

#define ARGS_MAX 100000u

/* --- Which function --- */

const struct rp_function *
rp_function_named(struct tf_text name)
{
    const struct rp_function *const tables[] = {rp_functions, rp_text_functions,
                                                rp_number_functions, rp_type_functions,
                                                rp_container_functions};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        for (const struct rp_function *at = tables[t]; at->name; at++) {
            if (rp_text_is(name, at->name)) {
                return at;
            }
        }
    }
    return NULL;
}

const char *
rp_expr_function(size_t idx)
{
    const struct rp_function *at = rp_functions;
    for (; at->name && idx > 0; at++) {
        idx--;
    }
    at = at->name ? at : rp_type_functions;
    for (; at->name && idx > 0; at++) {
        idx--;
    }
    return at->name;
}

static const char *const plain_types[] = {"object", "type", "slice", "memoryview"};

/* Exceptions can be named, in isinstance() above all. */
static bool
is_exception_name(struct tf_text name)
{
    static const char *const ends[] = {"Error", "Exception", "Warning",
                                       "Exit",  "Interrupt", "Iteration"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t len = strlen(ends[i]);
        if (name.len >= len && name.len < 40
            && memcmp(name.data + name.len - len, ends[i], len) == 0
            && name.data[0] >= 'A' && name.data[0] <= 'Z') {
            return true;
        }
    }
    return false;
}

static bool
is_plain_type(struct tf_text name)
{
    bool known = is_exception_name(name);
    for (size_t i = 0; i < sizeof plain_types / sizeof *plain_types; i++) {
        known |= rp_text_is(name, plain_types[i]);
    }
    return known;
}

bool
rp_expr_is_builtin(struct tf_text name)
{
    return rp_function_named(name) || is_plain_type(name);
}

static void
free_function(struct rp_made *made)
{
    free(made);
}

bool
rp_eval_builtin(struct rp_eval *eval, struct tf_text name, struct rp_value *ret_value)
{
    const struct rp_function *function = rp_function_named(name);
    char text[48];
    if (function && !function->type) {
        struct rp_callable *made = calloc(1, sizeof *made);
        if (!made) {
            return rp_eval_memory(eval);
        }
        made->made =
            (struct rp_made){1, RP_MADE_FUNCTION, "<built-in function>", free_function};
        made->function = function;
        *ret_value = (struct rp_value){.kind = RP_VAL_MADE, .str = (void *)made};
        return true;
    }
    if (!function && !is_plain_type(name)) {
        return false;
    }
    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    return rp_eval_class(eval, "builtins", text, ret_value);
}

/* --- Arguments --- */

static bool
add_argument(struct rp_calling *call, struct rp_value *value)
{
    if (call->count == call->cap) {
        size_t cap = call->cap ? call->cap * 2 : 4;
        struct rp_value *arg = realloc(call->arg, cap * sizeof *arg);
        if (!arg) {
            rp_value_release(value);
            return rp_eval_memory(call->eval);
        }
        call->arg = arg;
        call->cap = cap;
    }
    call->arg[call->count++] = *value;
    return call->count < ARGS_MAX || rp_eval_fail(call->eval, "too many arguments");
}

static bool
add_named(struct rp_calling *call, struct tf_text name, const struct rp_value *key,
          struct rp_value *value)
{
    for (size_t i = 0; i < call->named_count; i++) {
        if (rp_text_equal(call->named[i].name, name)) {
            rp_value_release(value);
            return rp_eval_fail(call->eval, "keyword argument repeated: %.*s",
                                (int)(name.len < 60 ? name.len : 60), name.data);
        }
    }
    if (call->named_count == call->named_cap) {
        size_t cap = call->named_cap ? call->named_cap * 2 : 4;
        struct rp_named *named = realloc(call->named, cap * sizeof *named);
        if (!named) {
            rp_value_release(value);
            return rp_eval_memory(call->eval);
        }
        call->named = named;
        call->named_cap = cap;
    }
    struct rp_named *named = &call->named[call->named_count++];
    *named = (struct rp_named){.name = name, .value = *value};
    if (key) {
        rp_value_copy(&named->key, key);
        named->name = rp_value_bytes(&named->key);
    }
    return call->named_count < 1000 || rp_eval_fail(call->eval, "too many arguments");
}

static void
call_release(struct rp_calling *call)
{
    while (call->count) {
        rp_value_release(&call->arg[--call->count]);
    }
    while (call->named_count) {
        rp_value_release(&call->named[--call->named_count].value);
        rp_value_release(&call->named[call->named_count].key);
    }
    free(call->arg);
    free(call->named);
}

bool
rp_is_iterable_kind(const struct rp_value *value)
{
    return value->kind == TF_VAL_REF || value->kind == TF_VAL_STR
           || value->kind == TF_VAL_BYTES || rp_iter_of_value(value)
           || value->kind == TF_VAL_ELIDED;
}

/* *values */
static bool
add_star(struct rp_calling *call, const struct rp_value *values)
{
    struct rp_iter *iter;
    if (!rp_is_iterable_kind(values)) {
        return rp_eval_raise(call->eval, "TypeError",
                             "%s() argument after * must be an iterable, not %s",
                             call->name, rp_eval_label(call->eval, values).text);
    }
    if (!rp_iter_of(call->eval, values, &iter)) {
        return false;
    }
    bool fine = true, more = true;
    while (fine && more) {
        struct rp_value item;
        fine = rp_iter_next(call->eval, iter, &item, &more);
        if (fine && more) {
            fine = add_argument(call, &item);
        }
    }
    rp_iter_free(iter);
    return fine;
}

/* **entries */
static bool
add_star2(struct rp_calling *call, const struct rp_value *entries)
{
    struct rp_object *object = NULL;
    if (entries->kind == TF_VAL_REF && !rp_eval_object(call->eval, entries, &object)) {
        return false;
    }
    bool fine = object && rp_category_is_dict(object->category);
    if (!fine) {
        rp_eval_raise(call->eval, "TypeError",
                      "%s() argument after ** must be a mapping, not %s", call->name,
                      rp_eval_label(call->eval, entries).text);
    }
    struct rp_run run = fine ? rp_object_run(object) : (struct rp_run){0};
    fine = fine && rp_eval_whole(call->eval, object);
    for (size_t i = 0; i < run.count && fine; i++) {
        struct rp_value value;
        const struct rp_value *key = &object->item[run.first + 2 * i];
        if (key->kind != TF_VAL_STR) {
            fine = rp_eval_raise(call->eval, "TypeError", "keywords must be strings");
            break;
        }
        rp_value_copy(&value, key + 1);
        fine = add_named(call, rp_value_bytes(key), key, &value);
    }
    rp_object_release(object);
    return fine;
}

static bool
eval_argument(struct rp_calling *call, uint32_t idx)
{
    const struct rp_node *node = &call->eval->expr->node[idx];
    struct rp_value value;
    bool wrapped = node->kind == RP_NODE_STAR || node->kind == RP_NODE_STAR2
                   || node->kind == RP_NODE_KEYWORD;
    if (!rp_eval_node(call->eval, wrapped ? node->a : idx, &value)) {
        return false;
    }
    if (node->kind == RP_NODE_KEYWORD) {
        return add_named(call, node->text, NULL, &value);
    }
    if (!wrapped) {
        return add_argument(call, &value);
    }
    call->eval->column = node->column;
    bool fine = rp_eval_known(call->eval, &value)
                && (node->kind == RP_NODE_STAR ? add_star(call, &value)
                                               : add_star2(call, &value));
    rp_value_release(&value);
    return fine;
}

static bool
eval_arguments(struct rp_calling *call, const struct rp_node *node)
{
    bool fine = true;
    for (uint32_t i = node->list; i != RP_NONE && fine;
         i = call->eval->expr->node[i].next) {
        fine = eval_argument(call, i);
    }
    call->eval->column = node->column;
    return fine;
}

const struct rp_value *
rp_call_named(struct rp_calling *call, const char *name)
{
    for (size_t i = 0; i < call->named_count; i++) {
        if (rp_text_is(call->named[i].name, name)) {
            call->named[i].used = true;
            return &call->named[i].value;
        }
    }
    return NULL;
}

const struct rp_value *
rp_call_arg(struct rp_calling *call, size_t idx, const char *name)
{
    return idx < call->count ? &call->arg[idx]
           : name            ? rp_call_named(call, name)
                             : NULL;
}

/* --- How many --- */

static bool
wrong_count(struct rp_calling *call, unsigned min, unsigned max, const char *owner)
{
    const char *dot = owner[0] ? "." : "";
    size_t count = call->count;
    if (min == max && max <= 1 && (owner[0] || max == 1)) {
        return max == 0
                   ? rp_eval_raise(call->eval, "TypeError",
                                   "%s%s%s() takes no arguments (%zu given)", owner,
                                   dot, call->name, count)
                   : rp_eval_raise(call->eval, "TypeError",
                                   "%s%s%s() takes exactly one argument (%zu given)",
                                   owner, dot, call->name, count);
    }
    unsigned limit = count < min ? min : max;
    return rp_eval_raise(call->eval, "TypeError",
                         "%s expected %s%u argument%s, got %zu", call->name,
                         min == max    ? ""
                         : count < min ? "at least "
                                       : "at most ",
                         limit, limit == 1 ? "" : "s", count);
}

/* Named arguments that may stand for positional ones count as such. */
static bool
check_arguments(struct rp_calling *call, unsigned min, unsigned max, const char *words,
                const char *owner)
{
    size_t count = call->count;
    for (size_t i = 0; i < call->named_count; i++) {
        char word[64] = " ";
        struct tf_text name = call->named[i].name;
        size_t len = name.len < sizeof word - 3 ? name.len : sizeof word - 3;
        memcpy(word + 1, name.data, len);
        word[len + 1] = ' ';
        word[len + 2] = '\0';
        if (!words || (!strstr(words, word) && !strchr(words, '*'))) {
            return words
                       ? rp_eval_raise(call->eval, "TypeError",
                                       "'%.*s' is an invalid keyword argument for %s()",
                                       (int)len, name.data, call->name)
                       : rp_eval_raise(call->eval, "TypeError",
                                       "%s%s%s() takes no keyword arguments", owner,
                                       owner[0] ? "." : "", call->name);
        }
        count++;
    }
    return (count >= min && call->count <= max) || wrong_count(call, min, max, owner);
}

/* --- Calling --- */

static bool
run_function(struct rp_calling *call, const struct rp_function *function,
             struct rp_value *ret_value)
{
    call->name = function->name;
    return check_arguments(call, function->min, function->max, function->words, "")
           && function->run(call, ret_value);
}

static bool
run_method(struct rp_calling *call, const struct rp_method *method,
           const struct rp_value *self, struct rp_value *ret_value)
{
    struct rp_object *object = NULL;
    struct rp_eval *eval = call->eval;
    bool one = strcmp(method->name, "get") == 0; /* makes present what it looks at */
    if (self->kind == TF_VAL_REF
        && !(one ? rp_eval_open(eval, self, &object)
                 : rp_eval_object(eval, self, &object))) {
        return false;
    }
    struct rp_label owner =
        object ? rp_eval_label_of(object) : rp_eval_label(eval, self);
    const struct rp_value *plain = rp_plain_of(eval->rp, object, self);
    bool bytearray =
        object && object->category == TF_CAT_BYTEARRAY && object->item_count;
    plain = bytearray ? &object->item[0] : plain;
    call->name = method->name;
    bool fine =
        rp_eval_known(eval, plain)
        && check_arguments(call, method->min, method->max, method->words, owner.text)
        && method->run(call, plain, object, ret_value);
    rp_object_release(object);
    return fine;
}

/* A type's method: its first argument is what it is called on. */
static bool
run_unbound(struct rp_calling *call, const struct rp_method *method, const char *owner,
            struct rp_value *ret_value)
{
    struct rp_object *object = NULL;
    struct rp_value self;
    if (call->count == 0) {
        return rp_eval_fail(call->eval, "%s() needs a value to work on", method->name);
    }
    self = call->arg[0];
    if (self.kind == TF_VAL_REF && !rp_eval_object(call->eval, &self, &object)) {
        return false;
    }
    struct tf_text name = {method->name, strlen(method->name)};
    const struct rp_value *plain = rp_plain_of(call->eval->rp, object, &self);
    bool fits =
        rp_method_of(plain, plain->kind == TF_VAL_REF ? object : NULL, name) == method;
    rp_object_release(object);
    if (!fits) {
        return rp_eval_raise(
            call->eval, "TypeError",
            "descriptor '%s' for '%s' objects doesn't apply to a '%s' object",
            method->name, owner, rp_eval_label(call->eval, &self).text);
    }
    memmove(call->arg, call->arg + 1, (call->count - 1) * sizeof *call->arg);
    call->count--;
    bool fine = run_method(call, method, &self, ret_value);
    rp_value_release(&self);
    return fine;
}

static size_t
positional_params(const struct rp_expr *expr, const struct rp_node *lambda)
{
    size_t count = 0;
    for (uint32_t i = lambda->list; i != RP_NONE; i = expr->node[i].next) {
        count += expr->node[i].op == 0;
    }
    return count;
}

static bool
bind_param(struct rp_calling *call, struct rp_scope *scope, uint32_t idx,
           const struct rp_node *param, size_t *at)
{
    struct rp_value value = {0};
    struct rp_object *rest;
    char name[64];
    size_t len = param->text.len < 63 ? param->text.len : 63;
    memcpy(name, param->text.data, len);
    name[len] = '\0';
    if (param->op == 1) {
        if (!rp_eval_make(call->eval, TF_CAT_TUPLE, &rest)) {
            return false;
        }
        for (; *at < call->count; ++*at) {
            if (!rp_eval_add_copy(call->eval, rest, &call->arg[*at])) {
                rp_object_release(rest);
                return false;
            }
        }
        rp_value_set_object(&value, rest);
    }
    else if (param->op == 2) {
        return rp_eval_fail(call->eval, "**%s is not supported", name);
    }
    else if (*at < call->count && rp_call_named(call, name)) {
        return rp_eval_raise(call->eval, "TypeError",
                             "<lambda>() got multiple values for argument '%s'", name);
    }
    else if (*at < call->count) {
        rp_value_copy(&value, &call->arg[(*at)++]);
    }
    else if (rp_call_named(call, name)) {
        rp_value_copy(&value, rp_call_named(call, name));
    }
    else if (param->a != RP_NONE) {
        struct rp_scope *inner = call->eval->scope;
        call->eval->scope = scope->up;
        bool fine = rp_eval_node(call->eval, param->a, &value);
        call->eval->scope = inner;
        if (!fine) {
            return false;
        }
    }
    else {
        return rp_eval_raise(call->eval, "TypeError",
                             "<lambda>() missing 1 required positional argument: '%s'",
                             name);
    }
    scope->binding[idx].name = param->name;
    scope->binding[idx].value = value;
    return true;
}

static bool
run_lambda(struct rp_calling *call, const struct rp_callable *lambda,
           struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    const struct rp_expr *expr = eval->expr;
    const struct rp_node *node = &expr->node[lambda->node];
    uint32_t params = 0, idx = 0;
    size_t at = 0, want = positional_params(expr, node);
    for (uint32_t i = node->list; i != RP_NONE; i = expr->node[i].next) {
        params++;
    }
    struct rp_scope *scope = rp_scope_new(lambda->scope, params), *outer = eval->scope;
    if (!scope || !rp_eval_enter(eval)) {
        rp_scope_unref(scope);
        return scope ? false : rp_eval_memory(eval);
    }
    eval->scope = scope;
    bool fine = true;
    for (uint32_t i = node->list; i != RP_NONE && fine; i = expr->node[i].next) {
        fine = bind_param(call, scope, idx++, &expr->node[i], &at);
    }
    if (fine && at < call->count) {
        fine = rp_eval_raise(
            eval, "TypeError",
            "<lambda>() takes %zu positional argument%s but %zu %s given", want,
            want == 1 ? "" : "s", call->count, call->count == 1 ? "was" : "were");
    }
    fine = fine && rp_eval_node(eval, node->a, ret_value);
    eval->scope = outer;
    eval->depth--;
    rp_scope_unref(scope);
    return fine;
}

static bool
not_run(struct rp_eval *eval)
{
    return rp_eval_fail(eval, "the program's code is not run: only built-in functions "
                              "such as len, max, sorted can be called");
}

/* A type's name as the program knows it, or a built-in function that it holds. */
static bool
run_object(struct rp_calling *call, const struct rp_value *value,
           const struct rp_object *object, struct rp_value *ret_value)
{
    const struct rp_function *function = NULL;
    if (object->category == TF_CAT_CLASS && object->item_count >= 2
        && rp_text_is(rp_value_bytes(&object->item[0]), "builtins")) {
        function = rp_function_named(rp_value_bytes(&object->item[1]));
        function = function && function->type ? function : NULL;
    }
    if (object->category == TF_CAT_BUILTIN && object->item_count >= 1) {
        function = rp_function_named(rp_value_bytes(&object->item[0]));
    }
    if (function) {
        return run_function(call, function, ret_value);
    }
    uint64_t length;
    bool never = rp_object_length(object, &length) || object->category == TF_CAT_RANGE
                 || object->category == TF_CAT_SLICE
                 || object->category == TF_CAT_MODULE;
    return never && object->type->flags & TF_TYPE_EXACT
               ? rp_eval_raise(call->eval, "TypeError", "'%s' object is not callable",
                               rp_eval_label(call->eval, value).text)
               : not_run(call->eval);
}

static bool
run_value(struct rp_calling *call, const struct rp_value *value,
          struct rp_value *ret_value)
{
    struct rp_object *object;
    if (value->kind == RP_VAL_MADE && !rp_iter_of_value(value)) {
        const struct rp_callable *made = (struct rp_callable *)(void *)value->str;
        switch (made->made.sort) {
        case RP_MADE_FUNCTION: return run_function(call, made->function, ret_value);
        case RP_MADE_LAMBDA: return run_lambda(call, made, ret_value);
        default:
            return made->self.kind == TF_VAL_UNBOUND
                       ? run_unbound(call, made->method, made->owner, ret_value)
                       : run_method(call, made->method, &made->self, ret_value);
        }
    }
    if (value->kind != TF_VAL_REF) {
        return rp_eval_known(call->eval, value)
               && rp_eval_raise(call->eval, "TypeError", "'%s' object is not callable",
                                rp_eval_label(call->eval, value).text);
    }
    if (!rp_eval_object(call->eval, value, &object)) {
        return false;
    }
    bool fine = run_object(call, value, object, ret_value);
    rp_object_release(object);
    return fine;
}

bool
rp_eval_call_value(struct rp_eval *eval, const struct rp_value *function,
                   const struct rp_value *arg, size_t count, struct rp_value *ret_value)
{
    struct rp_calling call = {.eval = eval, .name = "function"};
    bool fine = rp_eval_enter(eval) && rp_eval_step(eval);
    for (size_t i = 0; i < count && fine; i++) {
        struct rp_value copy;
        rp_value_copy(&copy, &arg[i]);
        fine = add_argument(&call, &copy);
    }
    fine = fine && run_value(&call, function, ret_value);
    eval->depth--;
    call_release(&call);
    return fine;
}

/* What is called: a method of a value, without making a bound one of it; or any value. */
static bool
eval_callee(struct rp_calling *call, const struct rp_node *node,
            struct rp_value *ret_self, const struct rp_method **ret_method,
            struct rp_value *ret_function)
{
    struct rp_eval *eval = call->eval;
    *ret_method = NULL;
    if (node->kind != RP_NODE_ATTR) {
        return rp_eval_node(eval, (uint32_t)(node - eval->expr->node), ret_function);
    }
    if (!rp_eval_node(eval, node->a, ret_self)) {
        return false;
    }
    eval->column = node->column;
    *ret_method =
        ret_self->kind == TF_VAL_REF ? NULL : rp_method_of(ret_self, NULL, node->text);
    if (*ret_method) {
        return true;
    }
    bool found;
    bool fine = rp_eval_attr(eval, ret_self, node->text, ret_function, &found)
                && (found || rp_eval_no_attr(eval, ret_self, node->text));
    rp_value_release(ret_self);
    return fine;
}

bool
rp_eval_call(struct rp_eval *eval, const struct rp_node *node,
             struct rp_value *ret_value)
{
    struct rp_calling call = {.eval = eval, .name = "function"};
    struct rp_value self = {0}, function = {0};
    const struct rp_method *method;
    const struct rp_node *callee = &eval->expr->node[node->a];
    bool found = true;
    const struct rp_function *known = callee->kind == RP_NODE_NAME && !callee->local
                                          ? rp_function_named(callee->text)
                                          : NULL;
    if (known && !rp_eval_variable(eval, callee, &function, &found)) {
        return false;
    }
    if (known && !found) {
        call.name = known->name;
        bool fine =
            eval_arguments(&call, node) && run_function(&call, known, ret_value);
        call_release(&call);
        return fine;
    }
    rp_value_release(&function);
    if (!eval_callee(&call, callee, &self, &method, &function)) {
        return false;
    }
    bool fine = eval_arguments(&call, node)
                && (method ? run_method(&call, method, &self, ret_value)
                           : run_value(&call, &function, ret_value));
    rp_value_release(&self);
    rp_value_release(&function);
    call_release(&call);
    return fine;
}
