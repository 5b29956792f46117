/* The built-in functions. */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp_compare.h"
#include "rp_unicode.h"

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

static bool
key_of(struct rp_eval *eval, const struct rp_value *function,
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
        fine = key_of(eval, function, &item, &key)
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

/* --- sorted --- */

struct sorting {
    struct rp_eval *eval;
    struct rp_value *key;
    bool reverse;
};

/* Merge sort: stable, as sorted() is; comparisons may fail. */
static bool
merge(const struct sorting *sorting, const uint32_t *from, uint32_t *to, size_t begin,
      size_t middle, size_t end)
{
    size_t left = begin, right = middle;
    for (size_t i = begin; i < end; i++) {
        bool take_right = left >= middle;
        if (left < middle && right < end) {
            const struct rp_value *a = &sorting->key[from[left]];
            const struct rp_value *b = &sorting->key[from[right]];
            if (!rp_eval_step(sorting->eval)
                || !rp_eval_compare(sorting->eval, RP_OP_LT, sorting->reverse ? a : b,
                                    sorting->reverse ? b : a, &take_right)) {
                return false;
            }
        }
        to[i] = take_right ? from[right++] : from[left++];
    }
    return true;
}

#define INSERTION_MAX 64u

static bool
is_less(const struct sorting *sorting, uint32_t a, uint32_t b, bool *ret_less)
{
    return rp_eval_step(sorting->eval)
           && rp_eval_compare(sorting->eval, RP_OP_LT, &sorting->key[a],
                              &sorting->key[b], ret_less);
}

static void
turn(uint32_t *order, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        uint32_t swap = order[i];
        order[i] = order[--count];
        order[count] = swap;
    }
}

/* What CPython does with so few items (Objects/listobject.c, count_run, binarysort), so
 * that the first comparison that fails is the same. */
static bool
insertion_sort(const struct sorting *sorting, uint32_t *order, size_t count)
{
    bool less = false, down;
    size_t run = 1;
    if (sorting->reverse) {
        turn(order, count);
    }
    if (count > 1 && !is_less(sorting, order[1], order[0], &less)) {
        return false;
    }
    down = less;
    for (run = count > 1 ? 2 : count; run < count; run++) {
        if (!is_less(sorting, order[run], order[run - 1], &less)) {
            return false;
        }
        if (less != down) {
            break;
        }
    }
    if (down) {
        turn(order, run);
    }
    for (size_t i = run; i < count; i++) {
        uint32_t pivot = order[i];
        size_t left = 0, right = i;
        while (left < right) {
            size_t middle = left + (right - left) / 2;
            if (!is_less(sorting, pivot, order[middle], &less)) {
                return false;
            }
            right = less ? middle : right;
            left = less ? left : middle + 1;
        }
        memmove(&order[left + 1], &order[left], (i - left) * sizeof *order);
        order[left] = pivot;
    }
    if (sorting->reverse) {
        turn(order, count);
    }
    return true;
}

static bool
sort_order(const struct sorting *sorting, uint32_t *order, uint32_t *spare,
           size_t count)
{
    bool fine = true;
    if (count < INSERTION_MAX) {
        return insertion_sort(sorting, order, count);
    }
    for (size_t width = 1; width < count && fine; width *= 2) {
        memcpy(spare, order, count * sizeof *spare);
        for (size_t begin = 0; begin < count && fine; begin += 2 * width) {
            size_t middle = begin + width < count ? begin + width : count;
            size_t end = begin + 2 * width < count ? begin + 2 * width : count;
            fine = merge(sorting, spare, order, begin, middle, end);
        }
    }
    return fine;
}

static bool
sort_items(struct rp_eval *eval, struct rp_object *list,
           const struct rp_value *function, bool reverse)
{
    size_t count = list->item_count, keys = 0;
    uint32_t *order = malloc((count + 1) * 2 * sizeof *order);
    struct rp_value *item = malloc((count + 1) * 2 * sizeof *item);
    struct sorting sorting = {eval, item ? item + count + 1 : NULL, reverse};
    bool fine = (order && item) || rp_eval_memory(eval);
    for (; keys < count && fine; keys += fine) {
        order[keys] = (uint32_t)keys;
        fine = key_of(eval, function, &list->item[keys], &sorting.key[keys]);
    }
    fine = fine && sort_order(&sorting, order, order + count + 1, count);
    for (size_t i = 0; i < count && fine; i++) {
        item[i] = list->item[order[i]];
    }
    if (fine) {
        memcpy(list->item, item, count * sizeof *item);
    }
    while (keys) {
        rp_value_release(&sorting.key[--keys]);
    }
    free(order);
    free(item);
    return fine;
}

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
    if (!sort_items(call->eval, list, key, reverse)) {
        rp_object_release(list);
        return false;
    }
    rp_value_set_object(ret_value, list);
    return true;
}

/* --- Iterators --- */

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

/* --- Text --- */

static bool
call_repr(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    return rp_eval_repr(call->eval, &call->arg[0], &buf)
               ? rp_eval_text_of(call->eval, TF_VAL_STR, &buf, ret_value)
               : (rp_buf_release(&buf), false);
}

static bool
call_ascii(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    return rp_eval_ascii(call->eval, &call->arg[0], &buf)
               ? rp_eval_text_of(call->eval, TF_VAL_STR, &buf, ret_value)
               : (rp_buf_release(&buf), false);
}

static bool
call_format(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    struct tf_text spec = {"", 0};
    if (call->count > 1) {
        if (call->arg[1].kind != TF_VAL_STR) {
            return rp_eval_raise(call->eval, "TypeError",
                                 "format() argument 2 must be str, not %s",
                                 rp_eval_label(call->eval, &call->arg[1]).text);
        }
        spec = rp_value_bytes(&call->arg[1]);
    }
    return rp_eval_format(call->eval, &call->arg[0], spec, &buf)
               ? rp_eval_text_of(call->eval, TF_VAL_STR, &buf, ret_value)
               : (rp_buf_release(&buf), false);
}

static bool
call_chr(struct rp_calling *call, struct rp_value *ret_value)
{
    int64_t code;
    char text[4];
    if (!rp_eval_index_of(call->eval, &call->arg[0],
                          "'%s' object cannot be interpreted as an integer", &code)) {
        return false;
    }
    if ((code > INT_MAX || code < INT_MIN) && !version_from(call, 0x030d0000)) {
        return rp_eval_raise(call->eval, "OverflowError",
                             "Python int too large to convert to C int");
    }
    if (code < 0 || code > 0x10ffff) {
        return rp_eval_raise(call->eval, "ValueError",
                             "chr() arg not in range(0x110000)");
    }
    return rp_eval_text(call->eval, TF_VAL_STR, text, rp_utf8_put((uint32_t)code, text),
                        ret_value);
}

static bool
call_ord(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    struct rp_value plain;
    if (!rp_eval_known(eval, &call->arg[0])
        || !rp_eval_plain(eval, &call->arg[0], &plain)) {
        return false;
    }
    bool str = plain.kind == TF_VAL_STR, bytes = plain.kind == TF_VAL_BYTES;
    bool fine = rp_eval_known(eval, &plain);
    uint64_t length = str || bytes ? rp_text_length(&plain) : 0;
    if (fine && !str && !bytes) {
        fine = rp_eval_raise(eval, "TypeError",
                             "ord() expected string of length 1, but %s found",
                             rp_eval_label(eval, &call->arg[0]).text);
    }
    else if (fine && length != 1) {
        fine =
            rp_eval_raise(eval, "TypeError",
                          "ord() expected a character, but string of length %llu found",
                          (unsigned long long)length);
    }
    else if (fine) {
        size_t off = 0;
        struct tf_text text = rp_value_bytes(&plain);
        rp_value_set_int(ret_value,
                         str ? rp_utf8_next(text, &off) : (unsigned char)text.data[0]);
    }
    rp_value_release(&plain);
    return fine;
}

/* hex, oct, bin */
static bool
call_base(struct rp_calling *call, unsigned base, const char *prefix,
          struct rp_value *ret_value)
{
    struct rp_value plain;
    struct rp_int n;
    if (!rp_eval_known(call->eval, &call->arg[0])
        || !rp_eval_plain(call->eval, &call->arg[0], &plain)) {
        return false;
    }
    struct rp_buf digits = RP_BUF_INIT, text = RP_BUF_INIT;
    bool fine = rp_int_of(&plain, &n);
    rp_value_release(&plain);
    if (!fine) {
        return rp_eval_raise(call->eval, "TypeError",
                             "'%s' object cannot be interpreted as an integer",
                             rp_eval_label(call->eval, &call->arg[0]).text);
    }
    rp_int_text(&n, base, &digits);
    rp_buf_addf(&text, "%s%s%s", n.negative ? "-" : "", prefix,
                digits.data ? digits.data + n.negative : "");
    rp_int_release(&n);
    rp_buf_release(&digits);
    return rp_eval_text_of(call->eval, TF_VAL_STR, &text, ret_value);
}

static bool
call_hex(struct rp_calling *call, struct rp_value *ret_value)
{
    return call_base(call, 16, "0x", ret_value);
}

static bool
call_oct(struct rp_calling *call, struct rp_value *ret_value)
{
    return call_base(call, 8, "0o", ret_value);
}

static bool
call_bin(struct rp_calling *call, struct rp_value *ret_value)
{
    return call_base(call, 2, "0b", ret_value);
}

/* --- Numbers --- */

static bool
call_abs(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    struct rp_value plain, zero;
    bool negative;
    if (!rp_eval_known(eval, &call->arg[0])
        || !rp_eval_plain(eval, &call->arg[0], &plain)) {
        return false;
    }
    bool fine = true;
    rp_value_set_int(&zero, 0);
    if (plain.kind == TF_VAL_FLOAT) {
        rp_value_set_float(ret_value, fabs(plain.real));
    }
    else if (plain.kind == TF_VAL_COMPLEX) {
        double size = hypot(plain.real, plain.imag);
        rp_value_set_float(ret_value, size);
        if (isinf(size) && isfinite(plain.real) && isfinite(plain.imag)) {
            fine = rp_eval_raise(eval, "OverflowError", "absolute value too large");
        }
    }
    else if (rp_is_int(&plain)) {
        fine = rp_eval_compare(eval, RP_OP_LT, &plain, &zero, &negative)
               && rp_eval_numbers(eval, negative ? RP_OP_SUB : RP_OP_ADD, &zero, &plain,
                                  ret_value);
    }
    else if (plain.kind == TF_VAL_REF) {
        fine = rp_eval_unary(eval, RP_OP_POS, &plain, ret_value); /* its error */
        if (!fine && eval->error && strstr(eval->error->message, "unary +")) {
            rp_expr_fail(eval->error, eval->column,
                         "TypeError: bad operand type for abs(): '%s'",
                         rp_eval_label(eval, &call->arg[0]).text);
        }
    }
    else {
        fine = rp_eval_raise(eval, "TypeError", "bad operand type for abs(): '%s'",
                             rp_eval_label(eval, &call->arg[0]).text);
    }
    rp_value_release(&plain);
    return fine;
}

static bool
call_divmod(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    struct rp_value a, b, quotient, rest;
    if (!rp_eval_plain(eval, &call->arg[0], &a)) {
        return false;
    }
    if (!rp_eval_plain(eval, &call->arg[1], &b)) {
        rp_value_release(&a);
        return false;
    }
    bool numbers = rp_is_number(&a) && rp_is_number(&b);
    bool zero = (b.kind == TF_VAL_INT && b.integer == 0) || b.kind == TF_VAL_FALSE
                || (b.kind == TF_VAL_FLOAT && b.real == 0);
    bool real = a.kind == TF_VAL_FLOAT || b.kind == TF_VAL_FLOAT;
    bool fine = rp_eval_known(eval, &a) && rp_eval_known(eval, &b);
    if (fine && numbers && zero && real) {
        double x;
        fine = rp_eval_real(eval, &a, &x)
               && rp_eval_raise(eval, "ZeroDivisionError", "float divmod()");
    }
    else if (fine && numbers) {
        fine = rp_eval_numbers(eval, RP_OP_FLOORDIV, &a, &b, &quotient);
        if (fine && !rp_eval_numbers(eval, RP_OP_MOD, &a, &b, &rest)) {
            rp_value_release(&quotient);
            fine = false;
        }
        fine = fine && rp_eval_pair(eval, &quotient, &rest, ret_value);
    }
    else if (fine) {
        bool own = (a.kind == TF_VAL_REF || b.kind == TF_VAL_REF);
        fine = own && !rp_eval_binary(eval, RP_OP_SUB, &a, &b, &rest) && eval->error
                       && !strstr(eval->error->message, "unsupported")
                   ? false
                   : (eval->status = TF_OK,
                      rp_eval_raise(eval, "TypeError",
                                    "unsupported operand type(s) for divmod(): '%s' "
                                    "and '%s'",
                                    rp_eval_label(eval, &call->arg[0]).text,
                                    rp_eval_label(eval, &call->arg[1]).text));
    }
    rp_value_release(&a);
    rp_value_release(&b);
    return fine;
}

/* round(x, digits) of a float: decimal, from the exact value, ties to even. */
static bool
round_real(struct rp_eval *eval, double real, int64_t digits,
           struct rp_value *ret_value)
{
    char text[800];
    if (!isfinite(real) || real == 0 || digits > 323) {
        rp_value_set_float(ret_value, real);
        return true;
    }
    if (digits < -308) {
        rp_value_set_float(ret_value, copysign(0, real));
        return true;
    }
    if (digits >= 0) {
        snprintf(text, sizeof text, "%.*f", (int)digits, real);
    }
    else {
        snprintf(text, sizeof text, "%.17e", real);
        int exponent = atoi(strchr(text, 'e') + 1);
        int keep = exponent + (int)digits;
        if (keep >= 0) {
            snprintf(text, sizeof text, "%.*e", keep, real);
        }
        else { /* 0, or one unit of the place */
            snprintf(text, sizeof text, "5e%d", (int)-digits - 1);
            bool up = keep == -1 && fabs(real) > strtod(text, NULL);
            snprintf(text, sizeof text, "%s%de%d", real < 0 ? "-" : "", up,
                     (int)-digits);
        }
    }
    double rounded = strtod(text, NULL);
    if (isinf(rounded)) {
        return rp_eval_raise(eval, "OverflowError",
                             "rounded value too large to represent");
    }
    rp_value_set_float(ret_value, rounded);
    return true;
}

/* round(n, -digits) of an int: to a multiple of 10**digits, ties to even. */
static bool
round_int(struct rp_eval *eval, const struct rp_value *n, int64_t digits,
          struct rp_value *ret_value)
{
    struct rp_value ten, exponent, unit = {0}, q = {0}, r = {0}, twice = {0}, one;
    bool more = false, half = false, odd = false, fine;
    rp_value_set_int(&ten, 10);
    rp_value_set_int(&one, 1);
    rp_value_set_int(&exponent, digits);
    fine = rp_eval_numbers(eval, RP_OP_POW, &ten, &exponent, &unit)
           && rp_eval_numbers(eval, RP_OP_FLOORDIV, n, &unit, &q)
           && rp_eval_numbers(eval, RP_OP_MOD, n, &unit, &r)
           && rp_eval_numbers(eval, RP_OP_ADD, &r, &r, &twice)
           && rp_eval_compare(eval, RP_OP_GT, &twice, &unit, &more)
           && rp_eval_compare(eval, RP_OP_EQ, &twice, &unit, &half);
    if (fine && half) {
        struct rp_value bit;
        fine = rp_eval_numbers(eval, RP_OP_AND, &q, &one, &bit)
               && rp_eval_truth(eval, &bit, &odd);
    }
    if (fine && (more || odd)) {
        struct rp_value up;
        fine = rp_eval_numbers(eval, RP_OP_ADD, &q, &one, &up);
        if (fine) {
            rp_value_release(&q);
            q = up;
        }
    }
    fine = fine && rp_eval_numbers(eval, RP_OP_MUL, &q, &unit, ret_value);
    rp_value_release(&unit);
    rp_value_release(&q);
    rp_value_release(&r);
    rp_value_release(&twice);
    return fine;
}

bool
rp_eval_whole_number(struct rp_eval *eval, double real, struct rp_value *ret_value)
{
    struct rp_int n;
    if (isnan(real)) {
        return rp_eval_raise(eval, "ValueError", "cannot convert float NaN to integer");
    }
    if (isinf(real)) {
        return rp_eval_raise(eval, "OverflowError",
                             "cannot convert float infinity to integer");
    }
    return (rp_int_of_real(real, &n) || rp_eval_memory(eval))
           && rp_eval_int(eval, &n, ret_value);
}

static bool
call_round(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    const struct rp_value *number = rp_call_arg(call, 0, "number");
    const struct rp_value *places = rp_call_arg(call, 1, "ndigits");
    struct rp_value plain, zero;
    int64_t digits = 0;
    if (!number) {
        return rp_eval_raise(eval, "TypeError",
                             "round() missing required argument 'number' (pos 1)");
    }
    if (!rp_eval_known(eval, number) || !rp_eval_plain(eval, number, &plain)) {
        return false;
    }
    rp_value_set_int(&zero, 0);
    bool none = !places || places->kind == TF_VAL_NONE, fine = true;
    bool real = plain.kind == TF_VAL_FLOAT;
    if (!real && !rp_is_int(&plain)) {
        fine = rp_eval_known(eval, &plain)
               && (plain.kind != TF_VAL_REF
                       ? rp_eval_raise(eval, "TypeError",
                                       "type %s doesn't define __round__ method",
                                       rp_eval_label(eval, number).text)
                       : rp_eval_fail(eval, "round() of this is not supported"));
    }
    fine = fine
           && (none
               || rp_eval_index_of(eval, places,
                                   "'%s' object cannot be interpreted as an integer",
                                   &digits));
    if (fine && real) {
        fine = none ? rp_eval_whole_number(eval, rint(plain.real), ret_value)
                    : round_real(eval, plain.real, digits, ret_value);
    }
    else if (fine) {
        fine = digits >= 0 ? rp_eval_numbers(eval, RP_OP_ADD, &plain, &zero, ret_value)
               : digits < -20000 ? (rp_value_set_int(ret_value, 0), true)
                                 : round_int(eval, &plain, -digits, ret_value);
    }
    rp_value_release(&plain);
    return fine;
}

static bool
call_pow(struct rp_calling *call, struct rp_value *ret_value)
{
    const struct rp_value *base = rp_call_arg(call, 0, "base");
    const struct rp_value *exponent = rp_call_arg(call, 1, "exp");
    const struct rp_value *modulus = rp_call_arg(call, 2, "mod");
    if (!base || !exponent) {
        return rp_eval_raise(call->eval, "TypeError",
                             "pow() missing required argument '%s' (pos %d)",
                             base ? "exp" : "base", base ? 2 : 1);
    }
    if (!modulus || modulus->kind == TF_VAL_NONE) {
        return rp_eval_binary(call->eval, RP_OP_POW, base, exponent, ret_value);
    }
    const struct rp_value *given[3] = {base, exponent, modulus};
    struct rp_value arg[3] = {{0}};
    bool fine = true;
    for (int i = 0; i < 3 && fine; i++) {
        fine = rp_eval_known(call->eval, given[i])
               && rp_eval_plain(call->eval, given[i], &arg[i])
               && rp_eval_known(call->eval, &arg[i]);
    }
    fine = fine && rp_eval_power_mod(call->eval, given, arg, ret_value);
    for (int i = 0; i < 3; i++) {
        rp_value_release(&arg[i]);
    }
    return fine;
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
    {"repr", call_repr, 1, 1, false, NULL},
    {"ascii", call_ascii, 1, 1, false, NULL},
    {"format", call_format, 1, 2, false, NULL},
    {"chr", call_chr, 1, 1, false, NULL},
    {"ord", call_ord, 1, 1, false, NULL},
    {"hex", call_hex, 1, 1, false, NULL},
    {"oct", call_oct, 1, 1, false, NULL},
    {"bin", call_bin, 1, 1, false, NULL},
    {"abs", call_abs, 1, 1, false, NULL},
    {"divmod", call_divmod, 2, 2, false, NULL},
    {"round", call_round, 0, 2, false, " number ndigits "},
    {"pow", call_pow, 0, 3, false, " base exp mod "},
    {"hash", call_hash, 1, 1, false, NULL},
    {"id", call_id, 1, 1, false, NULL},
    {"getattr", call_getattr, 2, 3, false, NULL},
    {"hasattr", call_hasattr, 2, 2, false, NULL},
    {"callable", call_callable, 1, 1, false, NULL},
    {"isinstance", rp_call_isinstance, 2, 2, false, NULL},
    {"issubclass", rp_call_issubclass, 2, 2, false, NULL},
    {NULL, NULL, 0, 0, false, NULL},
};
