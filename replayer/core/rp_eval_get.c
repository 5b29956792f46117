/* Subscripts and slices of recorded values. */
#include <string.h>

#include "rp_eval.h"
#include "rp_unicode.h"

/* --- Length --- */

bool
rp_eval_length(struct rp_eval *eval, const struct rp_value *value, uint64_t *ret_length,
               bool *ret_has)
{
    struct rp_object *object;
    *ret_has = true;
    if (value->kind == TF_VAL_STR || value->kind == TF_VAL_BYTES
        || value->kind == TF_VAL_STR_CUT || value->kind == TF_VAL_BYTES_CUT) {
        *ret_length = rp_text_length(value);
        return true;
    }
    if (value->kind != TF_VAL_REF) {
        *ret_has = false;
        return rp_eval_known(eval, value);
    }
    if (!rp_eval_open(eval, value, &object)) {
        return false;
    }
    bool fine = true;
    struct rp_range_of range;
    const struct rp_value *plain = rp_plain_of(eval->rp, object, value);
    if (plain->kind != TF_VAL_REF) {
        fine = rp_eval_length(eval, plain, ret_length, ret_has);
    }
    else if (object->category == TF_CAT_RANGE) {
        fine = rp_eval_range(eval, object, &range);
        *ret_length = range.count;
    }
    else if (object->category == TF_CAT_MAPPINGPROXY && object->item_count) {
        fine = rp_eval_length(eval, &object->item[0], ret_length, ret_has);
    }
    else {
        *ret_has = rp_object_length(object, ret_length);
        bool own =
            object->category == TF_CAT_INSTANCE || object->category == TF_CAT_OPAQUE
            || object->category == TF_CAT_ARRAY || object->category == TF_CAT_MEMORYVIEW
            || object->category == TF_CAT_CLASS || object->note != TF_ELIDE_NONE;
        fine = *ret_has || !own || rp_eval_needs_code(eval, "the length", object);
    }
    rp_object_release(object);
    return fine;
}

/* --- Subscripts --- */

/* The keys of a large dict are often running numbers: then the place of one is known, and
 * not all have to be made. */
static bool
running_key(struct rp_eval *eval, const struct rp_object *object,
            const struct rp_value *key, size_t *ret_item)
{
    struct rp_run run = rp_object_run(object);
    *ret_item = SIZE_MAX;
    if (!object->partial || run.count == 0 || key->kind != TF_VAL_INT) {
        return true;
    }
    if (!rp_eval_load(eval, object, run.first, run.first + 1)) {
        return false;
    }
    const struct rp_value *first = &object->item[run.first];
    uint64_t after = (uint64_t)key->integer - (uint64_t)first->integer;
    if (first->kind != TF_VAL_INT || after >= run.count) {
        return true;
    }
    size_t at = run.first + 2 * (size_t)after;
    if (!rp_eval_load(eval, object, at, at + 1)) {
        return false;
    }
    if (rp_value_same(&object->item[at], key)) {
        *ret_item = at + 1;
    }
    return true;
}

bool
rp_eval_find_key(struct rp_eval *eval, const struct rp_object *object,
                 const struct rp_value *key, size_t *ret_item)
{
    struct rp_run run = rp_object_run(object);
    bool text = key->kind == TF_VAL_STR || key->kind == TF_VAL_BYTES;
    bool gap = object->more != 0;
    if (!running_key(eval, object, key, ret_item)) {
        return false;
    }
    if (*ret_item != SIZE_MAX) {
        return true;
    }
    if (!rp_eval_load_keys(eval, object) || !rp_eval_steps(eval, run.count / 64)) {
        return false;
    }
    for (size_t i = 0; i < run.count; i++) {
        const struct rp_value *there = &object->item[run.first + 2 * i];
        if (there->kind == TF_VAL_ELIDED) {
            gap = true;
            continue;
        }
        /* Of plain keys only the kinds that can be equal are compared, so that a dict
         * whose other keys the replayer could not compare is searched all the same. */
        bool same = there->kind == key->kind && text && rp_value_same(there, key);
        bool never =
            there->kind != TF_VAL_REF
            && (text || there->kind == TF_VAL_STR || there->kind == TF_VAL_BYTES)
            && key->kind != TF_VAL_REF;
        if (!same && !never && !rp_eval_compare(eval, RP_OP_EQ, there, key, &same)) {
            return false;
        }
        if (same) {
            *ret_item = run.first + 2 * i + 1;
            return true;
        }
    }
    return !gap
           || rp_eval_fail(eval,
                           "not among the recorded entries, but not all are recorded");
}

static bool
index_of(struct rp_eval *eval, const struct rp_value *key, uint64_t length,
         const char *no_int, const char *out_of_range, uint64_t *ret_index)
{
    int64_t index;
    if (!rp_eval_index_of(eval, key, no_int, &index)) {
        return false;
    }
    if (key->kind == TF_VAL_BIGINT
        && out_of_range[0] != 'r') { /* a range's may be any */
        return rp_eval_raise(eval, "IndexError",
                             "cannot fit '%s' into an index-sized integer",
                             rp_eval_label(eval, key).text);
    }
    if (index < 0 && __builtin_add_overflow(index, (int64_t)length, &index)) {
        index = -1;
    }
    if (index < 0 || (uint64_t)index >= length) {
        return rp_eval_raise(eval, "IndexError", "%s", out_of_range);
    }
    *ret_index = (uint64_t)index;
    return true;
}

static bool
is_ascii(const struct rp_value *value)
{
    return value->kind != TF_VAL_STR || rp_text_length(value) == value->length;
}

static bool
text_part(struct rp_eval *eval, const struct rp_value *value, size_t first,
          size_t count, struct rp_value *ret_value)
{
    struct tf_text text = rp_value_bytes(value);
    if (value->kind == TF_VAL_STR && !is_ascii(value)) {
        size_t begin = rp_utf8_off(text, first);
        text = (struct tf_text){text.data + begin, text.len - begin};
        text.len = rp_utf8_off(text, count);
    }
    else {
        text = (struct tf_text){text.data + first, count};
    }
    return rp_eval_text(eval, value->kind, text.data, text.len, ret_value);
}

static bool
index_text(struct rp_eval *eval, const struct rp_value *value,
           const struct rp_value *key, bool bytearray, struct rp_value *ret_value)
{
    uint64_t index;
    bool bytes = value->kind == TF_VAL_BYTES;
    const char *no_str = eval->rp->facts.header->python_hex < 0x030b0000
                             ? "string indices must be integers"
                             : "string indices must be integers, not '%s'";
    if (!index_of(eval, key, rp_text_length(value),
                  bytearray ? "bytearray indices must be integers or slices, not %s"
                  : bytes   ? "byte indices must be integers or slices, not %s"
                            : no_str,
                  bytearray ? "bytearray index out of range"
                  : bytes   ? "index out of range"
                            : "string index out of range",
                  &index)) {
        return false;
    }
    if (bytes) {
        rp_value_set_int(ret_value, (unsigned char)rp_value_bytes(value).data[index]);
        return true;
    }
    return text_part(eval, value, index, 1, ret_value);
}

static bool
index_range(struct rp_eval *eval, const struct rp_object *range,
            const struct rp_value *key, struct rp_value *ret_value)
{
    struct rp_range_of of;
    uint64_t index;
    if (!rp_eval_range(eval, range, &of)
        || !index_of(eval, key, of.count,
                     "range indices must be integers or slices, not %s",
                     "range object index out of range", &index)) {
        return false;
    }
    rp_value_set_int(ret_value,
                     (int64_t)((uint64_t)of.start + index * (uint64_t)of.step));
    return true;
}

static bool
index_run(struct rp_eval *eval, const struct rp_object *object,
          const struct rp_value *key, struct rp_value *ret_value)
{
    struct rp_run run = rp_object_run(object);
    uint64_t index;
    bool list = object->category == TF_CAT_LIST;
    bool deque = object->category == TF_CAT_DEQUE;
    if (!index_of(eval, key, run.count + object->more,
                  list    ? "list indices must be integers or slices, not %s"
                  : deque ? "sequence index must be integer, not '%s'"
                          : "tuple indices must be integers or slices, not %s",
                  list    ? "list index out of range"
                  : deque ? "deque index out of range"
                          : "tuple index out of range",
                  &index)) {
        return false;
    }
    if (index >= run.count) {
        return rp_eval_fail(eval, "the item is not recorded (items)");
    }
    if (!rp_eval_load(eval, object, run.first + index, run.first + index + 1)) {
        return false;
    }
    rp_value_copy(ret_value, &object->item[run.first + index]);
    return true;
}

static bool
index_dict(struct rp_eval *eval, const struct rp_object *object,
           const struct rp_value *key, struct rp_value *ret_value)
{
    size_t found;
    uint64_t hash;
    bool known;
    if ((key->kind == TF_VAL_REF && !rp_eval_hash(eval, key, &hash, &known))
        || !rp_eval_find_key(eval, object, key, &found)) {
        return false;
    }
    if (found != SIZE_MAX) {
        if (!rp_eval_load(eval, object, found, found + 1)) {
            return false;
        }
        rp_value_copy(ret_value, &object->item[found]);
        return true;
    }
    if (object->category == TF_CAT_COUNTER) {
        rp_value_set_int(ret_value, 0);
        return true;
    }
    if (!(object->type->flags & TF_TYPE_EXACT)
        || object->category == TF_CAT_DEFAULTDICT) {
        return rp_eval_fail(eval,
                            "there is no such key, and what '%s' then does needs "
                            "code that is not run",
                            rp_eval_label_of(object).text);
    }
    struct rp_buf text = RP_BUF_INIT;
    if (rp_eval_repr(eval, key, &text)) {
        rp_eval_raise(eval, "KeyError", "%.150s", text.data ? text.data : "");
    }
    rp_buf_release(&text);
    return false;
}

static bool
not_subscriptable(struct rp_eval *eval, const struct rp_value *value)
{
    return rp_eval_raise(eval, "TypeError", "'%s' object is not subscriptable",
                         rp_eval_label(eval, value).text);
}

static bool
own_subscripts(const struct rp_object *object)
{
    switch (object->category) {
    case TF_CAT_OPAQUE:
    case TF_CAT_INSTANCE:
    case TF_CAT_ARRAY:
    case TF_CAT_MEMORYVIEW:
    case TF_CAT_CLASS:
    case TF_CAT_MODULE: return true;
    default: return false;
    }
}

static bool
index_object(struct rp_eval *eval, const struct rp_value *value,
             const struct rp_object *object, const struct rp_value *key,
             struct rp_value *ret_value)
{
    const struct rp_value *plain = rp_plain_of(eval->rp, object, value);
    if (plain->kind == TF_VAL_STR || plain->kind == TF_VAL_BYTES) {
        return index_text(eval, plain, key, false, ret_value);
    }
    switch (object->category) {
    case TF_CAT_LIST:
        if (rp_view_of(object)) {
            return not_subscriptable(eval, value);
        }
        return index_run(eval, object, key, ret_value);
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE:
    case TF_CAT_DEQUE: return index_run(eval, object, key, ret_value);
    case TF_CAT_DICT:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER:
    case TF_CAT_NAMESPACE: return index_dict(eval, object, key, ret_value);
    case TF_CAT_RANGE: return index_range(eval, object, key, ret_value);
    case TF_CAT_BYTEARRAY:
        return object->item_count
                   ? rp_eval_known(eval, &object->item[0])
                         && index_text(eval, &object->item[0], key, true, ret_value)
                   : rp_eval_whole(eval, object);
    case TF_CAT_MAPPINGPROXY:
        return object->item_count
                   ? rp_eval_index(eval, &object->item[0], key, ret_value)
                   : rp_eval_fail(eval, "the value is not recorded");
    default: break;
    }
    return own_subscripts(object) ? rp_eval_needs_code(eval, "a subscript", object)
                                  : not_subscriptable(eval, value);
}

/* A slice object as the key: d[slice(1, 2)]. */
static bool
index_by_slice(struct rp_eval *eval, const struct rp_value *value,
               const struct rp_value *key, bool *ret_done, struct rp_value *ret_value)
{
    struct rp_object *object;
    *ret_done = false;
    if (key->kind != TF_VAL_REF) {
        return true;
    }
    if (!rp_eval_object(eval, key, &object)) {
        return false;
    }
    bool fine = true;
    if (object->category == TF_CAT_SLICE && object->item_count == 3) {
        *ret_done = true;
        fine = rp_eval_slice(eval, value, object->item, ret_value);
    }
    rp_object_release(object);
    return fine;
}

bool
rp_eval_index(struct rp_eval *eval, const struct rp_value *value,
              const struct rp_value *key, struct rp_value *ret_value)
{
    struct rp_object *object;
    bool done;
    if (!rp_eval_known(eval, value) || !rp_eval_known(eval, key)
        || !index_by_slice(eval, value, key, &done, ret_value) || done) {
        return eval->status == TF_OK;
    }
    if (value->kind == TF_VAL_STR || value->kind == TF_VAL_BYTES) {
        return index_text(eval, value, key, false, ret_value);
    }
    if (value->kind != TF_VAL_REF) {
        return not_subscriptable(eval, value);
    }
    if (!rp_eval_open(eval, value, &object)) {
        return false;
    }
    bool fine = index_object(eval, value, object, key, ret_value);
    rp_object_release(object);
    return fine;
}

/* --- Slices --- */

/* PySlice_Unpack and PySlice_AdjustIndices (Objects/sliceobject.c). */
bool
rp_eval_bounds(struct rp_eval *eval, const struct rp_value part[3], int64_t length,
               struct rp_bounds *ret_bounds)
{
    static const int order[3] = {2, 0, 1};
    int64_t number[3] = {0, 0, 1};
    for (int k = 0; k < 3; k++) {
        int i = order[k];
        if (part[i].kind != TF_VAL_NONE
            && !rp_eval_index_of(
                eval, &part[i],
                "slice indices must be integers or None or have an __index__ method",
                &number[i])) {
            return false;
        }
        if (i == 2 && number[2] == 0) {
            return rp_eval_raise(eval, "ValueError", "slice step cannot be zero");
        }
    }
    int64_t step = number[2];
    step = step < -INT64_MAX ? -INT64_MAX : step;
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? length - 1 : length;
    for (int i = 0; i < 2; i++) {
        bool first = (i == 0) == (step > 0);
        if (part[i].kind == TF_VAL_NONE) {
            number[i] = first ? low : high;
            continue;
        }
        number[i] += number[i] < 0 ? length : 0;
        number[i] = number[i] < low ? low : number[i] > high ? high : number[i];
    }
    int64_t span = step > 0 ? number[1] - number[0] : number[0] - number[1];
    uint64_t stride = (uint64_t)(step > 0 ? step : -step);
    *ret_bounds = (struct rp_bounds){number[0], step,
                                     span > 0 ? ((uint64_t)span - 1) / stride + 1 : 0};
    return true;
}

static bool
slice_text(struct rp_eval *eval, const struct rp_value *value,
           const struct rp_value part[3], struct rp_value *ret_value)
{
    struct rp_bounds bounds;
    if (!rp_eval_bounds(eval, part, (int64_t)rp_text_length(value), &bounds)) {
        return false;
    }
    if (bounds.step == 1) {
        return text_part(eval, value, (size_t)(bounds.count ? bounds.start : 0),
                         bounds.count, ret_value);
    }
    struct tf_text text = rp_value_bytes(value);
    struct rp_buf buf = RP_BUF_INIT;
    bool ascii = is_ascii(value), fine = true;
    for (uint64_t i = 0; i < bounds.count && fine; i++) {
        size_t at = (size_t)(bounds.start + (int64_t)i * bounds.step);
        size_t begin = ascii ? at : rp_utf8_off(text, at), end = begin;
        fine = rp_eval_steps(eval, ascii ? 1 : begin / 16 + 1);
        if (ascii) {
            end++;
        }
        else if (fine) {
            rp_utf8_next(text, &end);
        }
        rp_buf_add(&buf, text.data + begin, end - begin);
    }
    if (!fine) {
        rp_buf_release(&buf);
        return false;
    }
    return rp_eval_text_of(eval, value->kind, &buf, ret_value);
}

static bool
slice_run(struct rp_eval *eval, const struct rp_object *object,
          const struct rp_value part[3], struct rp_value *ret_value)
{
    struct rp_run run = rp_object_run(object);
    struct rp_bounds bounds;
    enum tf_category category =
        object->category == TF_CAT_LIST ? TF_CAT_LIST : TF_CAT_TUPLE;
    struct rp_object *result;
    if (!rp_eval_bounds(eval, part, (int64_t)(run.count + object->more), &bounds)
        || !rp_eval_make(eval, category, &result)) {
        return false;
    }
    uint64_t last = bounds.count ? (bounds.count - 1) * (uint64_t)bounds.step : 0;
    uint64_t low = (uint64_t)bounds.start + (bounds.step < 0 ? last : 0);
    uint64_t high = (uint64_t)bounds.start + (bounds.step < 0 ? 0 : last);
    high = high < run.count ? high : run.count;
    bool fine = bounds.count == 0
                || rp_eval_load(eval, object, run.first + low, run.first + high + 1);
    for (uint64_t i = 0; i < bounds.count && fine; i++) {
        uint64_t at = (uint64_t)(bounds.start + (int64_t)i * bounds.step);
        fine = (at < run.count
                || rp_eval_fail(eval, "not all items of the slice are recorded"))
               && rp_eval_add_copy(eval, result, &object->item[run.first + at]);
    }
    if (!fine) {
        rp_object_release(result);
        return false;
    }
    rp_value_set_object(ret_value, result);
    return true;
}

static bool
slice_range(struct rp_eval *eval, const struct rp_object *range,
            const struct rp_value part[3], struct rp_value *ret_value)
{
    struct rp_range_of of;
    struct rp_bounds bounds;
    struct rp_object *result;
    if (!rp_eval_range(eval, range, &of)
        || !rp_eval_bounds(eval, part, (int64_t)of.count, &bounds)) {
        return false;
    }
    struct rp_value end_part = part[1];
    int64_t stop = bounds.start;
    /* compute_slice keeps the end as it was clipped, not as the last item has it. */
    bool none = end_part.kind == TF_VAL_NONE;
    if (none) {
        stop = bounds.step > 0 ? (int64_t)of.count : -1;
    }
    else if (!rp_eval_index_of(eval, &end_part, "%s", &stop)) {
        return false;
    }
    if (!none) {
        int64_t length = (int64_t)of.count, low = bounds.step < 0 ? -1 : 0;
        int64_t high = bounds.step < 0 ? length - 1 : length;
        stop += stop < 0 ? length : 0;
        stop = stop < low ? low : stop > high ? high : stop;
    }
    if (!rp_eval_make(eval, TF_CAT_RANGE, &result)) {
        return false;
    }
    struct rp_value number[3];
    rp_value_set_int(&number[0], of.start + bounds.start * of.step);
    rp_value_set_int(&number[1], of.start + stop * of.step);
    rp_value_set_int(&number[2], of.step * bounds.step);
    for (int i = 0; i < 3; i++) {
        if (!rp_eval_add(eval, result, &number[i])) {
            rp_object_release(result);
            return false;
        }
    }
    rp_value_set_object(ret_value, result);
    return true;
}

static bool
slice_object(struct rp_eval *eval, const struct rp_value *value,
             const struct rp_object *object, const struct rp_value part[3],
             struct rp_value *ret_value)
{
    const struct rp_value *plain = rp_plain_of(eval->rp, object, value);
    struct rp_value array;
    if (plain->kind == TF_VAL_STR || plain->kind == TF_VAL_BYTES) {
        return slice_text(eval, plain, part, ret_value);
    }
    if ((object->category == TF_CAT_LIST && !rp_view_of(object))
        || object->category == TF_CAT_TUPLE || object->category == TF_CAT_NAMEDTUPLE) {
        return slice_run(eval, object, part, ret_value);
    }
    if (object->category == TF_CAT_RANGE) {
        return slice_range(eval, object, part, ret_value);
    }
    if (object->category == TF_CAT_BYTEARRAY && object->item_count) {
        struct rp_object *made;
        if (!rp_eval_known(eval, &object->item[0])
            || !slice_text(eval, &object->item[0], part, &array)) {
            return false;
        }
        if (!rp_eval_make(eval, TF_CAT_BYTEARRAY, &made)) {
            rp_value_release(&array);
            return false;
        }
        rp_value_set_object(ret_value, made);
        return rp_eval_add(eval, made, &array) || (rp_object_release(made), false);
    }
    if (rp_category_is_dict(object->category)) {
        return eval->rp->facts.header->python_hex < 0x030c0000
                   ? rp_eval_raise(eval, "TypeError", "unhashable type: 'slice'")
                   : rp_eval_fail(eval,
                                  "a slice as the key of a dict is not supported");
    }
    if (object->category == TF_CAT_DEQUE) {
        return rp_eval_raise(eval, "TypeError",
                             "sequence index must be integer, not 'slice'");
    }
    return own_subscripts(object) ? rp_eval_needs_code(eval, "a slice", object)
                                  : not_subscriptable(eval, value);
}

bool
rp_eval_slice(struct rp_eval *eval, const struct rp_value *value,
              const struct rp_value part[3], struct rp_value *ret_value)
{
    struct rp_object *object;
    if (!rp_eval_known(eval, value)) {
        return false;
    }
    if (value->kind == TF_VAL_STR || value->kind == TF_VAL_BYTES) {
        return slice_text(eval, value, part, ret_value);
    }
    if (value->kind != TF_VAL_REF) {
        return not_subscriptable(eval, value);
    }
    if (!rp_eval_open(eval, value, &object)) {
        return false;
    }
    bool fine = slice_object(eval, value, object, part, ret_value);
    rp_object_release(object);
    return fine;
}
