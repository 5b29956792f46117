/* Iteration: what gives one value after another. */
#include <stdlib.h>
#include <string.h>

#include "rp_eval_iter.h"
#include "rp_unicode.h"

static void
iter_free(struct rp_made *made)
{
    struct rp_iter *iter = (struct rp_iter *)made;
    rp_object_release(iter->object);
    rp_value_release(&iter->value);
    for (size_t i = 0; i < iter->count; i++) {
        rp_iter_free(iter->source[i]);
    }
    free(iter->source);
    rp_scope_unref(iter->scope);
    rp_scope_unref(iter->outer);
    free(iter);
}

void
rp_iter_free(struct rp_iter *iter)
{
    if (iter && --iter->made.refs == 0) {
        iter_free(&iter->made);
    }
}

struct rp_iter *
rp_iter_new(struct rp_eval *eval, enum rp_iter_sort sort, const char *type)
{
    struct rp_iter *iter = calloc(1, sizeof *iter);
    if (!iter) {
        rp_eval_memory(eval);
        return NULL;
    }
    iter->made = (struct rp_made){1, RP_MADE_ITER, "<iterator>", iter_free};
    iter->sort = sort;
    iter->type = type;
    return iter;
}

const char *
rp_iter_type(const struct rp_iter *iter)
{
    return iter->type;
}

struct rp_iter *
rp_iter_of_value(const struct rp_value *value)
{
    struct rp_made *made =
        value->kind == RP_VAL_MADE ? (struct rp_made *)(void *)value->str : NULL;
    return made && made->sort == RP_MADE_ITER ? (struct rp_iter *)made : NULL;
}

void
rp_value_set_iter(struct rp_value *value, struct rp_iter *iter)
{
    *value = (struct rp_value){.kind = RP_VAL_MADE, .str = (void *)iter};
}

void
rp_iter_start(struct rp_iter *iter, int64_t start)
{
    iter->start = start;
}

void
rp_iter_strict(struct rp_iter *iter)
{
    iter->strict = true;
}

/* --- range --- */

bool
rp_eval_range(struct rp_eval *eval, const struct rp_object *range,
              struct rp_range_of *ret_range)
{
    int64_t n[3];
    for (size_t i = 0; i < 3; i++) {
        if (i >= range->item_count || range->item[i].kind != TF_VAL_INT) {
            return rp_eval_fail(eval, "the range is beyond 64 bits");
        }
        n[i] = range->item[i].integer;
    }
    uint64_t span = n[2] > 0 && n[0] < n[1]   ? (uint64_t)n[1] - (uint64_t)n[0]
                    : n[2] < 0 && n[0] > n[1] ? (uint64_t)n[0] - (uint64_t)n[1]
                                              : 0;
    uint64_t stride = n[2] > 0 ? (uint64_t)n[2] : -(uint64_t)n[2];
    *ret_range = (struct rp_range_of){n[0], n[2], span ? (span - 1) / stride + 1 : 0};
    return true;
}

/* --- Making one --- */

static bool
not_iterable(struct rp_eval *eval, const struct rp_value *value)
{
    return rp_eval_raise(eval, "TypeError", "'%s' object is not iterable",
                         rp_eval_label(eval, value).text);
}

static bool
iter_text(struct rp_eval *eval, const struct rp_value *text, struct rp_iter **ret_iter)
{
    if (!rp_eval_known(eval, text)) {
        return false;
    }
    bool bytes = text->kind == TF_VAL_BYTES;
    struct rp_iter *iter =
        rp_iter_new(eval, RP_ITER_TEXT, bytes ? "bytes_iterator" : "str_iterator");
    if (iter) {
        rp_value_copy(&iter->value, text);
        *ret_iter = iter;
    }
    return iter != NULL;
}

static bool
iter_object(struct rp_eval *eval, const struct rp_value *value,
            struct rp_object *object, struct rp_iter **ret_iter)
{
    uint64_t length;
    const struct rp_value *plain = rp_plain_of(eval->rp, object, value);
    if (plain->kind == TF_VAL_STR || plain->kind == TF_VAL_BYTES) {
        return iter_text(eval, plain, ret_iter);
    }
    if (object->category == TF_CAT_BYTEARRAY && object->item_count) {
        return iter_text(eval, &object->item[0], ret_iter);
    }
    if (object->category == TF_CAT_MAPPINGPROXY && object->item_count) {
        return rp_iter_of(eval, &object->item[0], ret_iter);
    }
    bool range = object->category == TF_CAT_RANGE;
    if (!range && !rp_object_length(object, &length)) {
        bool no =
            (object->category >= TF_CAT_SLICE && object->category <= TF_CAT_METHOD)
            || object->category == TF_CAT_MODULE
            || (object->category >= TF_CAT_INT && object->category <= TF_CAT_COMPLEX)
            || (object->category >= TF_CAT_DATE && object->category <= TF_CAT_PATTERN);
        return no ? not_iterable(eval, value)
                  : rp_eval_needs_code(eval, "what iteration gives", object);
    }
    static const char *const types[TF_CAT_COUNT] = {[TF_CAT_LIST] = "list_iterator",
                                                    [TF_CAT_TUPLE] = "tuple_iterator",
                                                    [TF_CAT_SET] = "set_iterator",
                                                    [TF_CAT_FROZENSET] = "set_iterator",
                                                    [TF_CAT_NAMEDTUPLE] =
                                                        "tuple_iterator"};
    const char *type = types[object->category];
    struct rp_iter *iter = rp_iter_new(eval, range ? RP_ITER_RANGE : RP_ITER_RUN,
                                       range  ? "range_iterator"
                                       : type ? type
                                              : "dict_keyiterator");
    if (!iter) {
        return false;
    }
    iter->object = object;
    iter->run = rp_object_run(object);
    rp_object_ref(object);
    if (range && !rp_eval_range(eval, object, &iter->range)) {
        rp_iter_free(iter);
        return false;
    }
    *ret_iter = iter;
    return true;
}

bool
rp_iter_of(struct rp_eval *eval, const struct rp_value *value,
           struct rp_iter **ret_iter)
{
    struct rp_iter *made = rp_iter_of_value(value);
    if (made) {
        made->made.refs++;
        *ret_iter = made;
        return true;
    }
    if (!rp_eval_known(eval, value)) {
        return false;
    }
    if (value->kind == TF_VAL_STR || value->kind == TF_VAL_BYTES) {
        return iter_text(eval, value, ret_iter);
    }
    struct rp_object *object;
    if (value->kind != TF_VAL_REF) {
        return not_iterable(eval, value);
    }
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool fine = iter_object(eval, value, object, ret_iter);
    rp_object_release(object);
    return fine;
}

bool
rp_iter_over(struct rp_eval *eval, enum rp_iter_sort sort,
             const struct rp_value *function, struct rp_iter **source, size_t count,
             struct rp_iter **ret_iter)
{
    static const char *const types[] = {[RP_ITER_MAP] = "map",
                                        [RP_ITER_FILTER] = "filter",
                                        [RP_ITER_ZIP] = "zip",
                                        [RP_ITER_ENUMERATE] = "enumerate"};
    struct rp_iter *iter = rp_iter_new(eval, sort, types[sort]);
    struct rp_iter **own = calloc(count + 1, sizeof *own);
    if (!iter || !own) {
        rp_iter_free(iter);
        free(own);
        for (size_t i = 0; i < count; i++) {
            rp_iter_free(source[i]);
        }
        return rp_eval_memory(eval);
    }
    memcpy(own, source, count * sizeof *own);
    iter->source = own;
    iter->count = count;
    if (function) {
        rp_value_copy(&iter->value, function);
    }
    *ret_iter = iter;
    return true;
}

bool
rp_iter_reversed(struct rp_eval *eval, const struct rp_value *value,
                 struct rp_iter **ret_iter)
{
    struct rp_object *object = NULL, *list;
    if (!rp_eval_known(eval, value)
        || (value->kind == TF_VAL_REF && !rp_eval_object(eval, value, &object))) {
        return false;
    }
    const struct rp_value *plain = rp_plain_of(eval->rp, object, value);
    bool can = plain->kind == TF_VAL_STR || plain->kind == TF_VAL_BYTES
               || (object && !rp_is_set(object));
    rp_object_release(object);
    if (!can) {
        return rp_eval_raise(eval, "TypeError", "'%s' object is not reversible",
                             rp_eval_label(eval, value).text);
    }
    if (!rp_eval_list_of(eval, value, &list)) {
        return false;
    }
    struct rp_iter *iter = rp_iter_new(eval, RP_ITER_REVERSED, "reversed");
    if (!iter) {
        rp_object_release(list);
        return false;
    }
    iter->object = list;
    *ret_iter = iter;
    return true;
}

/* --- The others --- */

static bool
next_text(struct rp_eval *eval, struct rp_iter *iter, struct rp_value *ret_item,
          bool *ret_more)
{
    struct tf_text text = rp_value_bytes(&iter->value);
    *ret_more = iter->idx < text.len;
    if (!*ret_more) {
        return true;
    }
    size_t begin = (size_t)iter->idx, off = begin;
    if (iter->value.kind == TF_VAL_BYTES) {
        iter->idx++;
        rp_value_set_int(ret_item, (unsigned char)text.data[begin]);
        return true;
    }
    rp_utf8_next(text, &off);
    iter->idx = off;
    return rp_eval_text(eval, TF_VAL_STR, text.data + begin, off - begin, ret_item);
}

static bool
next_run(struct rp_eval *eval, struct rp_iter *iter, struct rp_value *ret_item,
         bool *ret_more)
{
    const struct rp_object *object = iter->object;
    if (iter->idx >= iter->run.count) {
        *ret_more = false;
        return !object->more || rp_eval_fail(eval, "not all items are recorded");
    }
    const struct rp_value *item =
        &object->item[iter->run.first + iter->idx++ * iter->run.stride];
    *ret_more = true;
    if (item->kind == TF_VAL_ELIDED && item->note == TF_ELIDE_ITEMS) {
        return rp_eval_fail(eval, "not all items are recorded");
    }
    rp_value_copy(ret_item, item);
    return true;
}

static void
release_all(struct rp_value *value, size_t count)
{
    while (count) {
        rp_value_release(&value[--count]);
    }
}

static bool
short_argument(struct rp_eval *eval, size_t at, bool longer)
{
    return rp_eval_raise(eval, "ValueError",
                         at == 1 ? "zip() argument %zu is %s than argument 1"
                                 : "zip() argument %zu is %s than arguments 1-%zu",
                         at + 1, longer ? "longer" : "shorter", at);
}

/* One item of each source; *ret_more false when any has ended. */
static bool
next_each(struct rp_eval *eval, struct rp_iter *iter, struct rp_value *item,
          bool *ret_more)
{
    *ret_more = iter->count > 0;
    for (size_t i = 0; i < iter->count; i++) {
        bool fine = rp_iter_next(eval, iter->source[i], &item[i], ret_more);
        if (fine && !*ret_more && iter->strict && i > 0) {
            fine = short_argument(eval, i, false);
        }
        for (size_t k = 1;
             fine && !*ret_more && iter->strict && i == 0 && k < iter->count; k++) {
            bool more;
            struct rp_value rest;
            fine = rp_iter_next(eval, iter->source[k], &rest, &more);
            if (fine && more) {
                rp_value_release(&rest);
                fine = short_argument(eval, k, true);
            }
        }
        if (!fine || !*ret_more) {
            release_all(item, i);
            return fine;
        }
    }
    return true;
}

#define SOURCES_MAX 16u

static bool
next_mapped(struct rp_eval *eval, struct rp_iter *iter, struct rp_value *ret_item,
            bool *ret_more)
{
    struct rp_value item[SOURCES_MAX];
    if (iter->count > SOURCES_MAX) {
        return rp_eval_fail(eval, "too many arguments");
    }
    if (!next_each(eval, iter, item, ret_more) || !*ret_more) {
        return eval->status == TF_OK;
    }
    bool fine = rp_eval_call_value(eval, &iter->value, item, iter->count, ret_item);
    release_all(item, iter->count);
    return fine;
}

static bool
next_zipped(struct rp_eval *eval, struct rp_iter *iter, struct rp_value *ret_item,
            bool *ret_more)
{
    struct rp_value item[SOURCES_MAX];
    struct rp_object *tuple;
    if (iter->count > SOURCES_MAX) {
        return rp_eval_fail(eval, "too many arguments");
    }
    if (!next_each(eval, iter, item, ret_more) || !*ret_more) {
        return eval->status == TF_OK;
    }
    if (!rp_eval_make(eval, TF_CAT_TUPLE, &tuple)) {
        release_all(item, iter->count);
        return false;
    }
    bool fine = true;
    for (size_t i = 0; i < iter->count; i++) {
        if (fine) {
            fine = rp_eval_add(eval, tuple, &item[i]);
        }
        else {
            rp_value_release(&item[i]);
        }
    }
    if (!fine) {
        rp_object_release(tuple);
        return false;
    }
    rp_value_set_object(ret_item, tuple);
    return true;
}

static bool
next_filtered(struct rp_eval *eval, struct rp_iter *iter, struct rp_value *ret_item,
              bool *ret_more)
{
    for (;;) {
        struct rp_value verdict;
        bool truth;
        if (!rp_eval_step(eval)
            || !rp_iter_next(eval, iter->source[0], ret_item, ret_more)) {
            return false;
        }
        if (!*ret_more) {
            return true;
        }
        bool fine;
        if (iter->value.kind == TF_VAL_NONE) {
            fine = rp_eval_truth(eval, ret_item, &truth);
        }
        else {
            fine = rp_eval_call_value(eval, &iter->value, ret_item, 1, &verdict);
            if (fine) {
                fine = rp_eval_truth(eval, &verdict, &truth);
                rp_value_release(&verdict);
            }
        }
        if (fine && truth) {
            return true;
        }
        rp_value_release(ret_item);
        if (!fine) {
            return false;
        }
    }
}

static bool
next_numbered(struct rp_eval *eval, struct rp_iter *iter, struct rp_value *ret_item,
              bool *ret_more)
{
    struct rp_value item, number;
    if (!rp_iter_next(eval, iter->source[0], &item, ret_more) || !*ret_more) {
        return eval->status == TF_OK;
    }
    rp_value_set_int(&number, iter->start + (int64_t)iter->idx++);
    return rp_eval_pair(eval, &number, &item, ret_item);
}

static bool
next_of(struct rp_eval *eval, struct rp_iter *iter, struct rp_value *ret_item,
        bool *ret_more)
{
    switch (iter->sort) {
    case RP_ITER_RUN: return next_run(eval, iter, ret_item, ret_more);
    case RP_ITER_TEXT: return next_text(eval, iter, ret_item, ret_more);
    case RP_ITER_GENERATOR:
        return rp_iter_next_generated(eval, iter, ret_item, ret_more);
    case RP_ITER_MAP: return next_mapped(eval, iter, ret_item, ret_more);
    case RP_ITER_FILTER: return next_filtered(eval, iter, ret_item, ret_more);
    case RP_ITER_ZIP: return next_zipped(eval, iter, ret_item, ret_more);
    case RP_ITER_ENUMERATE: return next_numbered(eval, iter, ret_item, ret_more);
    case RP_ITER_RANGE:
        *ret_more = iter->idx < iter->range.count;
        rp_value_set_int(ret_item,
                         (int64_t)((uint64_t)iter->range.start
                                   + iter->idx++ * (uint64_t)iter->range.step));
        return true;
    case RP_ITER_REVERSED:
        *ret_more = iter->idx < iter->object->item_count;
        if (*ret_more) {
            rp_value_copy(
                ret_item,
                &iter->object->item[iter->object->item_count - 1 - iter->idx++]);
        }
        return true;
    }
    return false;
}

bool
rp_iter_next(struct rp_eval *eval, struct rp_iter *iter, struct rp_value *ret_item,
             bool *ret_more)
{
    *ret_more = false;
    if (iter->ended) {
        return true;
    }
    if (!rp_eval_step(eval) || !next_of(eval, iter, ret_item, ret_more)) {
        return false;
    }
    iter->ended = !*ret_more;
    return true;
}

bool
rp_eval_list_of(struct rp_eval *eval, const struct rp_value *value,
                struct rp_object **ret_list)
{
    struct rp_iter *iter;
    struct rp_object *list;
    if (!rp_iter_of(eval, value, &iter)) {
        return false;
    }
    bool fine = rp_eval_make(eval, TF_CAT_LIST, &list), more = true;
    if (!fine) {
        rp_iter_free(iter);
        return false;
    }
    while (fine && more) {
        struct rp_value item;
        fine = rp_iter_next(eval, iter, &item, &more);
        if (fine && more) {
            fine = rp_eval_add(eval, list, &item);
        }
    }
    rp_iter_free(iter);
    if (!fine) {
        rp_object_release(list);
        return false;
    }
    *ret_list = list;
    return true;
}
