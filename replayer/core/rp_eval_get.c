/* Attributes, subscripts and slices of recorded values. */
#include <string.h>

#include "rp_eval.h"
#include "rp_text.h"
#include "rp_unicode.h"

static bool
copy_known(struct rp_value *to, const struct rp_value *from)
{
    rp_value_copy(to, from);
    return true;
}

/* --- Attributes --- */

static bool
no_attr(struct rp_eval *eval, const struct rp_value *value, struct tf_text name)
{
    struct rp_buf type = RP_BUF_INIT;
    if (rp_eval_type_name(eval, value, &type)) {
        rp_eval_fail(eval, "no attribute '%.*s' of the '%.80s' is recorded",
                     (int)(name.len < 60 ? name.len : 60), name.data,
                     type.data ? type.data : "");
    }
    rp_buf_release(&type);
    return false;
}

static bool
number_attr(struct rp_eval *eval, const struct rp_value *value, struct tf_text name,
            struct rp_value *ret_value)
{
    bool real = rp_text_is(name, "real"), imag = rp_text_is(name, "imag");
    struct rp_number number;
    if (value->kind == TF_VAL_COMPLEX && (real || imag)) {
        rp_value_set_float(ret_value, real ? value->real : value->imag);
        return true;
    }
    if (!rp_number_of(value, &number) || (!real && !imag)) {
        return no_attr(eval, value, name);
    }
    if (number.is_float) {
        rp_value_set_float(ret_value, real ? number.real : 0);
    }
    else {
        rp_value_set_int(ret_value, real ? number.integer : 0);
    }
    return true;
}

/* What an object has by its sort: a namedtuple's fields, an exception's args ... */
static const struct rp_value *
part_named(const struct rp_object *object, struct tf_text name)
{
    struct rp_child child;
    for (size_t i = 0; rp_object_child(object, i, &child); i++) {
        bool named = child.sort == RP_CHILD_PART || child.sort == RP_CHILD_ATTR;
        if (named && rp_text_equal(child.name, name)) {
            return child.value;
        }
    }
    return NULL;
}

bool
rp_eval_attr(struct rp_eval *eval, const struct rp_value *value, struct tf_text name,
             struct rp_value *ret_value)
{
    struct rp_object *object;
    if (!rp_eval_known(eval, value)) {
        return false;
    }
    if (value->kind != TF_VAL_REF) {
        return number_attr(eval, value, name, ret_value);
    }
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    const struct rp_value *found = rp_object_attr(object, name);
    if (!found) {
        found = part_named(object, name);
    }
    bool fine = found ? copy_known(ret_value, found) : no_attr(eval, value, name);
    if (fine && ret_value->kind == TF_VAL_UNBOUND) {
        fine = no_attr(eval, value, name);
    }
    rp_object_release(object);
    return fine;
}

/* --- Subscripts --- */

/* Of scalar keys only the kinds that can be equal are compared, so that a dict whose keys
 * the replayer could not compare is searched all the same. */
bool
rp_eval_find_key(struct rp_eval *eval, const struct rp_object *object,
                 const struct rp_value *key, size_t *ret_item)
{
    struct rp_run run = rp_object_run(object);
    bool text = key->kind == TF_VAL_STR || key->kind == TF_VAL_BYTES;
    bool gap = object->more != 0;
    *ret_item = SIZE_MAX;
    for (size_t i = 0; i < run.count; i++) {
        const struct rp_value *there = &object->item[run.first + 2 * i];
        if (there->kind == TF_VAL_ELIDED) {
            gap = true;
            continue;
        }
        bool same = there->kind == key->kind && text && rp_value_same(there, key);
        if (!same && !(text && there->kind != TF_VAL_REF)
            && !rp_eval_compare(eval, RP_OP_EQ, there, key, &same)) {
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
         uint64_t *ret_index)
{
    struct rp_number number;
    if (!rp_number_of(key, &number) || number.is_float) {
        return rp_eval_fail(eval, "the index is no int");
    }
    int64_t index = number.integer;
    if (index < 0 && __builtin_add_overflow(index, (int64_t)length, &index)) {
        index = -1;
    }
    if (index < 0 || (uint64_t)index >= length) {
        return rp_eval_fail(eval, "index out of range: there are %llu items",
                            (unsigned long long)length);
    }
    *ret_index = (uint64_t)index;
    return true;
}

static bool
text_part(struct rp_eval *eval, const struct rp_value *value, size_t first,
          size_t count, struct rp_value *ret_value)
{
    struct tf_text text = rp_value_bytes(value);
    if (value->kind == TF_VAL_STR) {
        size_t begin = rp_utf8_off(text, first);
        text = (struct tf_text){text.data + begin, text.len - begin};
        text.len = rp_utf8_off(text, count);
    }
    else {
        text = (struct tf_text){text.data + first, count};
    }
    return rp_value_set_text(ret_value, value->kind, text.data, text.len)
           || rp_eval_memory(eval);
}

static bool
index_text(struct rp_eval *eval, const struct rp_value *value,
           const struct rp_value *key, struct rp_value *ret_value)
{
    uint64_t index;
    if (!index_of(eval, key, rp_text_length(value), &index)) {
        return false;
    }
    if (value->kind == TF_VAL_BYTES) {
        rp_value_set_int(ret_value, (unsigned char)rp_value_bytes(value).data[index]);
        return true;
    }
    return text_part(eval, value, index, 1, ret_value);
}

static bool
index_range(struct rp_eval *eval, const struct rp_object *range,
            const struct rp_value *key, struct rp_value *ret_value)
{
    struct rp_object *items;
    struct rp_value value = {.kind = TF_VAL_REF,
                             .ref = range->id,
                             .object = (struct rp_object *)(uintptr_t)range};
    uint64_t index;
    if (!rp_eval_items(eval, &value, RP_OP_NONE, &items)) {
        return false;
    }
    bool fine = index_of(eval, key, items->item_count, &index);
    if (fine) {
        rp_value_copy(ret_value, &items->item[index]);
    }
    rp_object_release(items);
    return fine;
}

static bool
index_run(struct rp_eval *eval, const struct rp_object *object,
          const struct rp_value *key, struct rp_value *ret_value)
{
    struct rp_run run = rp_object_run(object);
    uint64_t index;
    if (!index_of(eval, key, run.count + object->more, &index)) {
        return false;
    }
    return index < run.count ? copy_known(ret_value, &object->item[run.first + index])
                             : rp_eval_fail(eval, "the item is not recorded (items)");
}

static bool
index_dict(struct rp_eval *eval, const struct rp_object *object,
           const struct rp_value *key, struct rp_value *ret_value)
{
    size_t found;
    if (!rp_eval_hashable(eval, key, false)
        || !rp_eval_find_key(eval, object, key, &found)) {
        return false;
    }
    if (found != SIZE_MAX) {
        return copy_known(ret_value, &object->item[found]);
    }
    struct rp_buf text = RP_BUF_INIT;
    struct rp_limits limits = {60, 4, 2, 60};
    if (rp_eval_status(eval, rp_value_text(eval->rp, key, eval->seq, &limits, &text,
                                           NULL, NULL, eval->err))) {
        rp_eval_fail(eval, "there is no key %.100s", text.data ? text.data : "");
    }
    rp_buf_release(&text);
    return false;
}

static bool
index_object(struct rp_eval *eval, const struct rp_value *value,
             const struct rp_object *object, const struct rp_value *key,
             struct rp_value *ret_value)
{
    switch (object->category) {
    case TF_CAT_LIST:
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE:
    case TF_CAT_DEQUE: return index_run(eval, object, key, ret_value);
    case TF_CAT_DICT:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER:
    case TF_CAT_NAMESPACE: return index_dict(eval, object, key, ret_value);
    case TF_CAT_RANGE: return index_range(eval, object, key, ret_value);
    case TF_CAT_STR:
    case TF_CAT_BYTES:
    case TF_CAT_BYTEARRAY:
    case TF_CAT_MAPPINGPROXY:
        return object->item_count
                   ? rp_eval_index(eval, &object->item[0], key, ret_value)
                   : rp_eval_fail(eval, "the value is not recorded");
    default: break;
    }
    struct rp_buf type = RP_BUF_INIT;
    if (rp_eval_type_name(eval, value, &type)) {
        rp_eval_fail(eval, "a '%.80s' cannot be indexed without its own code",
                     type.data ? type.data : "");
    }
    rp_buf_release(&type);
    return false;
}

bool
rp_eval_index(struct rp_eval *eval, const struct rp_value *value,
              const struct rp_value *key, struct rp_value *ret_value)
{
    struct rp_object *object;
    if (value->kind == TF_VAL_STR || value->kind == TF_VAL_BYTES) {
        return index_text(eval, value, key, ret_value);
    }
    if (!rp_eval_known(eval, value) || !rp_eval_known(eval, key)) {
        return false;
    }
    if (value->kind != TF_VAL_REF) {
        return rp_eval_fail(eval, "the value cannot be indexed");
    }
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool fine = index_object(eval, value, object, key, ret_value);
    rp_object_release(object);
    return fine;
}

/* --- Slices --- */

struct bounds {
    int64_t start, step;
    uint64_t count;
};

/* PySlice_Unpack and PySlice_AdjustIndices (Objects/sliceobject.c). */
static bool
slice_bounds(struct rp_eval *eval, const struct rp_value part[3], int64_t length,
             struct bounds *ret)
{
    int64_t number[3] = {0, 0, 1};
    for (int i = 0; i < 3; i++) {
        struct rp_number n;
        if (part[i].kind == TF_VAL_NONE) {
            continue;
        }
        if (!rp_number_of(&part[i], &n) || n.is_float) {
            return rp_eval_fail(eval, "the bounds of a slice are ints or nothing");
        }
        number[i] = n.integer;
    }
    int64_t step = number[2];
    if (step == 0) {
        return rp_eval_fail(eval, "a slice's step cannot be 0");
    }
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
    *ret = (struct bounds){number[0], step,
                           span > 0 ? ((uint64_t)span - 1) / stride + 1 : 0};
    return true;
}

static bool
slice_text(struct rp_eval *eval, const struct rp_value *value,
           const struct rp_value part[3], struct rp_value *ret_value)
{
    struct bounds bounds;
    if (!slice_bounds(eval, part, (int64_t)rp_text_length(value), &bounds)) {
        return false;
    }
    if (bounds.step == 1) {
        return text_part(eval, value, (size_t)(bounds.count ? bounds.start : 0),
                         bounds.count, ret_value);
    }
    struct rp_buf buf = RP_BUF_INIT;
    for (uint64_t i = 0; i < bounds.count; i++) {
        struct rp_value one;
        size_t at = (size_t)(bounds.start + (int64_t)i * bounds.step);
        if (!text_part(eval, value, at, 1, &one)) {
            rp_buf_release(&buf);
            return false;
        }
        rp_buf_add_text(&buf, rp_value_bytes(&one));
        rp_value_release(&one);
    }
    bool fine =
        !buf.failed
        && rp_value_set_text(ret_value, value->kind, buf.data ? buf.data : "", buf.len);
    rp_buf_release(&buf);
    return fine || rp_eval_memory(eval);
}

static bool
slice_run(struct rp_eval *eval, const struct rp_object *object,
          const struct rp_value part[3], struct rp_value *ret_value)
{
    struct rp_run run = rp_object_run(object);
    struct bounds bounds;
    enum tf_category category =
        object->category == TF_CAT_LIST ? TF_CAT_LIST : TF_CAT_TUPLE;
    if (!slice_bounds(eval, part, (int64_t)(run.count + object->more), &bounds)) {
        return false;
    }
    struct rp_object *result = rp_object_make(rp_builtin_type(category), category, 0);
    if (!result) {
        return rp_eval_memory(eval);
    }
    for (uint64_t i = 0; i < bounds.count; i++) {
        uint64_t at = (uint64_t)(bounds.start + (int64_t)i * bounds.step);
        struct rp_value item;
        bool fine = at < run.count
                    || rp_eval_fail(eval, "not all items of the slice are recorded");
        if (fine) {
            rp_value_copy(&item, &object->item[run.first + at]);
            fine = rp_object_add_item(result, &item) || rp_eval_memory(eval);
        }
        if (!fine) {
            rp_object_release(result);
            return false;
        }
    }
    rp_value_set_object(ret_value, result);
    return true;
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
        return rp_eval_fail(eval, "the value cannot be sliced");
    }
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool run = object->category == TF_CAT_LIST || object->category == TF_CAT_TUPLE
               || object->category == TF_CAT_NAMEDTUPLE;
    bool text = object->category == TF_CAT_STR && object->item_count;
    bool fine = run    ? slice_run(eval, object, part, ret_value)
                : text ? rp_eval_slice(eval, &object->item[0], part, ret_value)
                       : rp_eval_fail(eval, "the value cannot be sliced");
    rp_object_release(object);
    return fine;
}
