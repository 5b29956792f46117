/* The built-in functions that go through items, and that ask what a value is. */
#include <math.h>
#include <string.h>

#include "rp_compare.h"

#define MANY 100000u

static bool
version_from(const struct rp_calling *call, uint32_t python_hex)
{
    return call->eval->rp->facts.header->python_hex >= python_hex;
}

/* --- Over items --- */

static bool
call_len(struct rp_calling *call, struct rp_value *ret_value)
{
    uint64_t length;
    bool has;
    if (!rp_eval_length(call->eval, &call->arg[0], &length, &has)) {
        return false;
    }
    if (!has) {
        return rp_eval_raise(call->eval, "TypeError",
                             "object of type '%s' has no len()",
                             rp_eval_label(call->eval, &call->arg[0]).text);
    }
    rp_value_set_int(ret_value, (int64_t)length);
    return true;
}

bool
rp_eval_key(struct rp_eval *eval, const struct rp_value *function,
            const struct rp_value *item, struct rp_value *ret_key)
{
    if (!function || function->kind == TF_VAL_NONE) {
        rp_value_copy(ret_key, item);
        return true;
    }
    return rp_eval_call_value(eval, function, item, 1, ret_key);
}

/* The best of an iterator's items. *ret_any false: there is none. */
static bool
best_of(struct rp_eval *eval, struct rp_iter *iter, const struct rp_value *function,
        enum rp_op op, struct rp_value *ret_best, bool *ret_any)
{
    struct rp_value best_key = {0};
    bool fine = true, more = true;
    *ret_any = false;
    while (fine) {
        struct rp_value item, key = {0};
        bool better = true;
        fine = rp_iter_next(eval, iter, &item, &more);
        if (!fine || !more) {
            break;
        }
        fine = rp_eval_key(eval, function, &item, &key)
               && (!*ret_any || rp_eval_compare(eval, op, &key, &best_key, &better));
        if (fine && better) {
            if (*ret_any) {
                rp_value_release(ret_best);
            }
            rp_value_release(&best_key);
            *ret_best = item;
            best_key = key;
            *ret_any = true;
            continue;
        }
        rp_value_release(&item);
        rp_value_release(&key);
    }
    rp_value_release(&best_key);
    if (!fine && *ret_any) {
        rp_value_release(ret_best);
    }
    return fine;
}

static bool
call_best(struct rp_calling *call, enum rp_op op, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    const struct rp_value *key = rp_call_named(call, "key");
    const struct rp_value *otherwise = rp_call_named(call, "default");
    struct rp_iter *iter;
    struct rp_object *list = NULL;
    struct rp_value several;
    bool any, fine;
    if (call->count > 1) {
        if (otherwise) {
            return rp_eval_raise(eval, "TypeError",
                                 "Cannot specify a default for %s() with multiple "
                                 "positional arguments",
                                 call->name);
        }
        fine = rp_eval_make(eval, TF_CAT_LIST, &list);
        for (size_t i = 0; i < call->count && fine; i++) {
            fine = rp_eval_add_copy(eval, list, &call->arg[i]);
        }
        if (!fine) {
            rp_object_release(list);
            return false;
        }
        rp_value_set_object(&several, list);
        fine = rp_iter_of(eval, &several, &iter);
        rp_value_release(&several);
    }
    else {
        fine = rp_iter_of(eval, &call->arg[0], &iter);
    }
    if (!fine) {
        return false;
    }
    fine = best_of(eval, iter, key, op, ret_value, &any);
    rp_iter_free(iter);
    if (!fine || any) {
        return fine;
    }
    if (otherwise) {
        rp_value_copy(ret_value, otherwise);
        return true;
    }
    return rp_eval_raise(eval, "ValueError",
                         version_from(call, 0x030c0000)
                             ? "%s() iterable argument is empty"
                             : "%s() arg is an empty sequence",
                         call->name);
}

static bool
call_min(struct rp_calling *call, struct rp_value *ret_value)
{
    return call_best(call, RP_OP_LT, ret_value);
}

static bool
call_max(struct rp_calling *call, struct rp_value *ret_value)
{
    return call_best(call, RP_OP_GT, ret_value);
}

/* From 3.12 on floats are added with compensation (Python/bltinmodule.c; gh-100425). */
struct compensated {
    bool on;
    double rest;
};

static void
add_compensated(struct compensated *sum, struct rp_value *total, double x)
{
    double t = total->real + x;
    sum->rest +=
        fabs(total->real) >= fabs(x) ? (total->real - t) + x : (x - t) + total->real;
    total->real = t;
}

static bool
add_to_sum(struct rp_eval *eval, struct compensated *sum, struct rp_value *total,
           const struct rp_value *item)
{
    struct rp_value next;
    if (sum->on && total->kind == TF_VAL_FLOAT) {
        if (item->kind == TF_VAL_FLOAT) {
            add_compensated(sum, total, item->real);
            return true;
        }
        if (item->kind == TF_VAL_INT) {
            total->real += (double)item->integer;
            return true;
        }
        if (sum->rest != 0 && isfinite(sum->rest)) {
            total->real += sum->rest;
        }
        *sum = (struct compensated){0};
    }
    if (!rp_eval_binary(eval, RP_OP_ADD, total, item, &next)) {
        return false;
    }
    rp_value_release(total);
    *total = next;
    return true;
}

static bool
call_sum(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    struct rp_iter *iter;
    struct rp_value total;
    struct compensated sum = {.on = version_from(call, 0x030c0000)};
    const struct rp_value *start = rp_call_arg(call, 1, "start");
    if (!rp_iter_of(eval, &call->arg[0], &iter)) {
        return false;
    }
    rp_value_set_int(&total, 0);
    if (start) {
        rp_value_copy(&total, start);
    }
    bool fine = rp_eval_known(eval, &total), more = true;
    if (total.kind == TF_VAL_STR || total.kind == TF_VAL_BYTES) {
        bool bytes = total.kind == TF_VAL_BYTES;
        fine = rp_eval_raise(eval, "TypeError",
                             "sum() can't sum %s [use %s''.join(seq) instead]",
                             bytes ? "bytes" : "strings", bytes ? "b" : "");
    }
    while (fine && more) {
        struct rp_value item;
        fine = rp_iter_next(eval, iter, &item, &more);
        if (fine && more) {
            fine = add_to_sum(eval, &sum, &total, &item);
            rp_value_release(&item);
        }
    }
    rp_iter_free(iter);
    if (!fine) {
        rp_value_release(&total);
        return false;
    }
    if (total.kind == TF_VAL_FLOAT && sum.rest != 0 && isfinite(sum.rest)) {
        total.real += sum.rest;
    }
    *ret_value = total;
    return true;
}

static bool
any_or_all(struct rp_calling *call, bool any, struct rp_value *ret_value)
{
    struct rp_iter *iter;
    if (!rp_iter_of(call->eval, &call->arg[0], &iter)) {
        return false;
    }
    bool truth = !any, fine = true, more = true;
    while (fine && more && truth != any) {
        struct rp_value item;
        fine = rp_iter_next(call->eval, iter, &item, &more);
        if (fine && more) {
            fine = rp_eval_truth(call->eval, &item, &truth);
            rp_value_release(&item);
        }
    }
    rp_iter_free(iter);
    rp_value_set_bool(ret_value, truth);
    return fine;
}

static bool
call_any(struct rp_calling *call, struct rp_value *ret_value)
{
    return any_or_all(call, true, ret_value);
}

static bool
call_all(struct rp_calling *call, struct rp_value *ret_value)
{
    return any_or_all(call, false, ret_value);
}

/* --- sorted, and iterators --- */

static bool
call_sorted(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_object *list;
    bool reverse = false;
    const struct rp_value *key = rp_call_named(call, "key");
    const struct rp_value *down = rp_call_named(call, "reverse");
    if ((down && !rp_eval_truth(call->eval, down, &reverse))
        || !rp_eval_list_of(call->eval, &call->arg[0], &list)) {
        return false;
    }
    if (!rp_eval_sort(call->eval, list, key, reverse)) {
        rp_object_release(list);
        return false;
    }
    rp_value_set_object(ret_value, list);
    return true;
}

static bool
sources(struct rp_calling *call, size_t first, enum rp_iter_sort sort,
        const struct rp_value *function, struct rp_iter **ret_iter)
{
    struct rp_iter *source[16];
    size_t count = 0;
    bool fine =
        call->count - first <= 16 || rp_eval_fail(call->eval, "too many arguments");
    for (size_t i = first; i < call->count && fine; i++) {
        fine = rp_iter_of(call->eval, &call->arg[i], &source[count]);
        count += fine;
    }
    if (fine) {
        return rp_iter_over(call->eval, sort, function, source, count, ret_iter);
    }
    while (count) {
        rp_iter_free(source[--count]);
    }
    return false;
}

static bool
call_map(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_iter *iter;
    if (!sources(call, 1, RP_ITER_MAP, &call->arg[0], &iter)) {
        return false;
    }
    rp_value_set_iter(ret_value, iter);
    return true;
}

static bool
call_filter(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_iter *iter;
    if (!sources(call, 1, RP_ITER_FILTER, &call->arg[0], &iter)) {
        return false;
    }
    rp_value_set_iter(ret_value, iter);
    return true;
}

static bool
call_zip(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_iter *iter;
    bool strict = false;
    const struct rp_value *value = rp_call_named(call, "strict");
    if (value && !version_from(call, 0x030a0000)) {
        return rp_eval_raise(call->eval, "TypeError",
                             "zip() takes no keyword arguments");
    }
    if ((value && !rp_eval_truth(call->eval, value, &strict))
        || !sources(call, 0, RP_ITER_ZIP, NULL, &iter)) {
        return false;
    }
    if (strict) {
        rp_iter_strict(iter);
    }
    rp_value_set_iter(ret_value, iter);
    return true;
}

static bool
call_enumerate(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_iter *source, *iter;
    const struct rp_value *items = rp_call_arg(call, 0, "iterable");
    const struct rp_value *first = rp_call_arg(call, 1, "start");
    int64_t start = 0;
    if (first
        && !rp_eval_index_of(call->eval, first,
                             "'%s' object cannot be interpreted as an integer",
                             &start)) {
        return false;
    }
    if (start > INT64_MAX / 2) { /* or beyond 64 bits */
        return rp_eval_fail(call->eval, "enumerate() from %lld on is not supported",
                            (long long)start);
    }
    if (!items || !rp_iter_of(call->eval, items, &source)
        || !rp_iter_over(call->eval, RP_ITER_ENUMERATE, NULL, &source, 1, &iter)) {
        return items ? false
                     : rp_eval_fail(call->eval, "enumerate() needs an iterable");
    }
    rp_iter_start(iter, start);
    rp_value_set_iter(ret_value, iter);
    return true;
}

static bool
call_reversed(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_iter *iter;
    if (!rp_iter_reversed(call->eval, &call->arg[0], &iter)) {
        return false;
    }
    rp_value_set_iter(ret_value, iter);
    return true;
}

static bool
call_iter(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_iter *iter;
    if (!rp_iter_of(call->eval, &call->arg[0], &iter)) {
        return false;
    }
    rp_value_set_iter(ret_value, iter);
    return true;
}

static bool
call_next(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_iter *iter = rp_iter_of_value(&call->arg[0]);
    bool more;
    if (!iter) {
        return rp_eval_known(call->eval, &call->arg[0])
               && rp_eval_raise(call->eval, "TypeError",
                                "'%s' object is not an iterator",
                                rp_eval_label(call->eval, &call->arg[0]).text);
    }
    if (!rp_iter_next(call->eval, iter, ret_value, &more)) {
        return false;
    }
    if (!more && call->count > 1) {
        rp_value_copy(ret_value, &call->arg[1]);
        return true;
    }
    return more || rp_eval_raise(call->eval, "StopIteration", "%s", "");
}

/* --- What a value is --- */

static bool
call_hash(struct rp_calling *call, struct rp_value *ret_value)
{
    uint64_t hash;
    bool known;
    if (!rp_eval_hash(call->eval, &call->arg[0], &hash, &known)) {
        return false;
    }
    if (!known) {
        return rp_eval_fail(call->eval, "this hash is another in each run");
    }
    rp_value_set_int(ret_value, (int64_t)hash);
    return true;
}

/* Our own identity: the number behind '#'. */
static bool
call_id(struct rp_calling *call, struct rp_value *ret_value)
{
    if (call->arg[0].kind != TF_VAL_REF || !call->arg[0].ref) {
        return rp_eval_fail(call->eval, "only recorded objects have an identity");
    }
    rp_value_set_int(ret_value, (int64_t)call->arg[0].ref);
    return true;
}

static bool
attribute_name(struct rp_calling *call, struct tf_text *ret_name)
{
    if (call->arg[1].kind != TF_VAL_STR) {
        return rp_eval_known(call->eval, &call->arg[1])
               && (version_from(call, 0x030b0000)
                       ? rp_eval_raise(call->eval, "TypeError",
                                       "attribute name must be string, not '%s'",
                                       rp_eval_label(call->eval, &call->arg[1]).text)
                       : rp_eval_raise(call->eval, "TypeError",
                                       "%s(): attribute name must be string",
                                       call->name));
    }
    *ret_name = rp_value_bytes(&call->arg[1]);
    return true;
}

static bool
call_getattr(struct rp_calling *call, struct rp_value *ret_value)
{
    struct tf_text name;
    bool found;
    if (!attribute_name(call, &name)
        || !rp_eval_attr(call->eval, &call->arg[0], name, ret_value, &found)) {
        return false;
    }
    if (found) {
        return true;
    }
    rp_eval_no_attr(call->eval, &call->arg[0], name);
    if (call->count < 3 || !call->eval->raised) {
        return false;
    }
    call->eval->status = TF_OK;
    rp_value_copy(ret_value, &call->arg[2]);
    return true;
}

static bool
call_hasattr(struct rp_calling *call, struct rp_value *ret_value)
{
    struct tf_text name;
    bool found;
    struct rp_value value;
    if (!attribute_name(call, &name)
        || !rp_eval_attr(call->eval, &call->arg[0], name, &value, &found)) {
        return false;
    }
    if (found) {
        rp_value_release(&value);
    }
    else {
        rp_eval_no_attr(call->eval, &call->arg[0], name);
        if (!call->eval->raised) {
            return false;
        }
        call->eval->status = TF_OK;
    }
    rp_value_set_bool(ret_value, found);
    return true;
}

static bool
call_callable(struct rp_calling *call, struct rp_value *ret_value)
{
    const struct rp_value *value = &call->arg[0];
    struct rp_object *object;
    if (value->kind != TF_VAL_REF) {
        if (!rp_eval_known(call->eval, value)) {
            return false;
        }
        rp_value_set_bool(ret_value,
                          value->kind == RP_VAL_MADE && !rp_iter_of_value(value));
        return true;
    }
    if (!rp_eval_object(call->eval, value, &object)) {
        return false;
    }
    unsigned category = object->category;
    bool yes = category == TF_CAT_FUNCTION || category == TF_CAT_BUILTIN
               || category == TF_CAT_METHOD || category == TF_CAT_PARTIAL
               || category == TF_CAT_CLASS;
    bool no = object->type->flags & TF_TYPE_EXACT;
    bool fine = yes || no || rp_eval_needs_code(call->eval, "callable()", object);
    rp_object_release(object);
    rp_value_set_bool(ret_value, yes);
    return fine;
}

const struct rp_function rp_functions[] = {
    {"len", call_len, 1, 1, false, NULL},
    {"min", call_min, 1, MANY, false, " key default "},
    {"max", call_max, 1, MANY, false, " key default "},
    {"sum", call_sum, 1, 2, false, " start "},
    {"any", call_any, 1, 1, false, NULL},
    {"all", call_all, 1, 1, false, NULL},
    {"sorted", call_sorted, 1, 1, false, " key reverse "},
    {"map", call_map, 2, MANY, false, NULL},
    {"filter", call_filter, 2, 2, false, NULL},
    {"zip", call_zip, 0, MANY, false, " strict "},
    {"enumerate", call_enumerate, 1, 2, false, " iterable start "},
    {"reversed", call_reversed, 1, 1, false, NULL},
    {"iter", call_iter, 1, 1, false, NULL},
    {"next", call_next, 1, 2, false, NULL},
    {"hash", call_hash, 1, 1, false, NULL},
    {"id", call_id, 1, 1, false, NULL},
    {"getattr", call_getattr, 2, 3, false, NULL},
    {"hasattr", call_hasattr, 2, 2, false, NULL},
    {"callable", call_callable, 1, 1, false, NULL},
    {"isinstance", rp_call_isinstance, 2, 2, false, NULL},
    {"issubclass", rp_call_issubclass, 2, 2, false, NULL},
    {NULL, NULL, 0, 0, false, NULL},
};
