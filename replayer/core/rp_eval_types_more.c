/* The built-in types as functions: texts and containers. */
#include <string.h>

#include "rp_compare.h"

/* --- str, bytes --- */

static bool
bytes_of(struct rp_eval *eval, const struct rp_value *value, struct rp_value *ret_bytes,
         bool *ret_is)
{
    struct rp_object *object = NULL;
    if (value->kind == TF_VAL_REF && !rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool array = object && object->category == TF_CAT_BYTEARRAY && object->item_count;
    const struct rp_value *plain =
        array ? &object->item[0] : rp_plain_of(eval->rp, object, value);
    *ret_is = plain->kind == TF_VAL_BYTES;
    if (*ret_is) {
        rp_value_copy(ret_bytes, plain);
    }
    bool fine = !array || rp_eval_known(eval, plain);
    rp_object_release(object);
    return fine;
}

static bool
call_str(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    const struct rp_value *object = rp_call_arg(call, 0, "object");
    const struct rp_value *encoding = rp_call_arg(call, 1, "encoding");
    const struct rp_value *errors = rp_call_arg(call, 2, "errors");
    if (!object) {
        return rp_eval_text(call->eval, TF_VAL_STR, "", 0, ret_value);
    }
    if (encoding || errors) {
        struct rp_value bytes;
        bool is;
        if (!bytes_of(call->eval, object, &bytes, &is)) {
            return false;
        }
        if (!is) {
            return rp_eval_raise(
                call->eval, "TypeError",
                object->kind == TF_VAL_STR
                    ? "decoding str is not supported"
                    : "decoding to str: need a bytes-like object, %s found",
                rp_eval_label(call->eval, object).text);
        }
        bool fine =
            rp_eval_decode(call, rp_value_bytes(&bytes), encoding, errors, ret_value);
        rp_value_release(&bytes);
        return fine;
    }
    return rp_eval_str(call->eval, object, &buf)
               ? rp_eval_text_of(call->eval, TF_VAL_STR, &buf, ret_value)
               : (rp_buf_release(&buf), false);
}

static bool
bytes_of_items(struct rp_calling *call, const struct rp_value *value,
               struct rp_buf *out)
{
    struct rp_iter *iter;
    if (!rp_iter_of(call->eval, value, &iter)) {
        return false;
    }
    bool fine = true, more = true;
    while (fine && more) {
        struct rp_value item;
        int64_t byte;
        fine = rp_iter_next(call->eval, iter, &item, &more);
        if (!fine || !more) {
            break;
        }
        fine =
            rp_eval_index_of(call->eval, &item,
                             "'%s' object cannot be interpreted as an integer", &byte);
        rp_value_release(&item);
        if (fine && (byte < 0 || byte > 255)) {
            fine = rp_eval_raise(call->eval, "ValueError",
                                 strcmp(call->name, "bytes") == 0
                                     ? "bytes must be in range(0, 256)"
                                     : "byte must be in range(0, 256)");
        }
        char one = (char)byte;
        rp_buf_add(out, &one, 1);
    }
    rp_iter_free(iter);
    return fine;
}

static bool
bytes_of_count(struct rp_calling *call, const struct rp_value *value,
               struct rp_buf *out)
{
    int64_t count;
    if (!rp_eval_index_of(call->eval, value, "%s", &count)) {
        return false;
    }
    if (count < 0) {
        return rp_eval_raise(call->eval, "ValueError", "negative count");
    }
    if ((uint64_t)count > RP_EVAL_TEXT || !rp_eval_room(call->eval, (uint64_t)count)) {
        return rp_eval_fail(call->eval, "the result is too long");
    }
    for (int64_t i = 0; i < count; i++) {
        rp_buf_add(out, "", 1);
    }
    return true;
}

static bool
make_bytes(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_buf out = RP_BUF_INIT;
    struct rp_value plain, bytes;
    const struct rp_value *source = rp_call_arg(call, 0, "source");
    const struct rp_value *encoding = rp_call_arg(call, 1, "encoding");
    const struct rp_value *errors = rp_call_arg(call, 2, "errors");
    bool is;
    if (!source) {
        return rp_eval_text(call->eval, TF_VAL_BYTES, "", 0, ret_value);
    }
    if (!rp_eval_known(call->eval, source)
        || !bytes_of(call->eval, source, &bytes, &is)) {
        return false;
    }
    if (is && !encoding && !errors) {
        *ret_value = bytes;
        return true;
    }
    if (is) {
        rp_value_release(&bytes);
    }
    if (!rp_eval_plain(call->eval, source, &plain)) {
        return false;
    }
    bool fine = true;
    if (plain.kind == TF_VAL_STR) {
        fine = encoding ? rp_eval_encode(call, rp_value_bytes(&plain), encoding, errors,
                                         ret_value)
                        : rp_eval_raise(call->eval, "TypeError",
                                        "string argument without an encoding");
        rp_value_release(&plain);
        return fine;
    }
    if (encoding || errors) {
        fine = rp_eval_raise(call->eval, "TypeError",
                             "encoding without a string argument");
    }
    else if (rp_is_int(&plain)) {
        fine = bytes_of_count(call, &plain, &out);
    }
    else if (plain.kind != TF_VAL_REF && plain.kind != RP_VAL_MADE) {
        fine = rp_eval_known(call->eval, &plain)
               && rp_eval_raise(call->eval, "TypeError",
                                "cannot convert '%s' object to %s",
                                rp_eval_label(call->eval, source).text, call->name);
    }
    else {
        fine = bytes_of_items(call, source, &out);
    }
    rp_value_release(&plain);
    if (!fine) {
        rp_buf_release(&out);
        return false;
    }
    return rp_eval_text_of(call->eval, TF_VAL_BYTES, &out, ret_value);
}

static bool
call_bytearray(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_value bytes;
    struct rp_object *object;
    if (!make_bytes(call, &bytes)) {
        return false;
    }
    if (!rp_eval_make(call->eval, TF_CAT_BYTEARRAY, &object)) {
        rp_value_release(&bytes);
        return false;
    }
    rp_value_set_object(ret_value, object);
    return rp_eval_add(call->eval, object, &bytes)
           || (rp_object_release(object), false);
}

/* --- Containers --- */

static bool
make_sequence(struct rp_calling *call, enum tf_category category,
              struct rp_value *ret_value)
{
    struct rp_object *list;
    if (call->count == 0 ? !rp_eval_make(call->eval, TF_CAT_LIST, &list)
                         : !rp_eval_list_of(call->eval, &call->arg[0], &list)) {
        return false;
    }
    list->category = (uint8_t)category;
    list->type = rp_builtin_type(category);
    rp_value_set_object(ret_value, list);
    return true;
}

static bool
call_list(struct rp_calling *call, struct rp_value *ret_value)
{
    return make_sequence(call, TF_CAT_LIST, ret_value);
}

static bool
call_tuple(struct rp_calling *call, struct rp_value *ret_value)
{
    return make_sequence(call, TF_CAT_TUPLE, ret_value);
}

static bool
make_set(struct rp_calling *call, enum tf_category category, struct rp_value *ret_value)
{
    struct rp_maker maker;
    if (!rp_maker_begin(call->eval, category, &maker)) {
        return false;
    }
    bool fine = (call->count == 0 || rp_maker_update(call->eval, &maker, &call->arg[0]))
                && rp_maker_end(call->eval, &maker, ret_value);
    rp_maker_release(&maker);
    return fine;
}

static bool
call_set(struct rp_calling *call, struct rp_value *ret_value)
{
    return make_set(call, TF_CAT_SET, ret_value);
}

static bool
call_frozenset(struct rp_calling *call, struct rp_value *ret_value)
{
    return make_set(call, TF_CAT_FROZENSET, ret_value);
}

static bool
call_dict(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_maker maker;
    if (!rp_maker_begin(call->eval, TF_CAT_DICT, &maker)) {
        return false;
    }
    bool fine = call->count == 0 || rp_maker_update(call->eval, &maker, &call->arg[0]);
    for (size_t i = 0; i < call->named_count && fine; i++) {
        struct rp_value key, value;
        struct tf_text name = call->named[i].name;
        fine = rp_eval_text(call->eval, TF_VAL_STR, name.data, name.len, &key);
        if (fine) {
            rp_value_copy(&value, &call->named[i].value);
            fine = rp_maker_put(call->eval, &maker, &key, &value);
        }
    }
    fine = fine && rp_maker_end(call->eval, &maker, ret_value);
    rp_maker_release(&maker);
    return fine;
}

static bool
make_parts(struct rp_calling *call, enum tf_category category,
           const struct rp_value part[3], struct rp_value *ret_value)
{
    struct rp_object *object;
    if (!rp_eval_make(call->eval, category, &object)) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        if (!rp_eval_add_copy(call->eval, object, &part[i])) {
            rp_object_release(object);
            return false;
        }
    }
    rp_value_set_object(ret_value, object);
    return true;
}

static bool
call_range(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_value part[3];
    int64_t number[3] = {0, 0, 1};
    for (size_t i = 0; i < call->count; i++) {
        size_t at = call->count == 1 ? 1 : i;
        if (!rp_eval_index_of(call->eval, &call->arg[i],
                              "'%s' object cannot be interpreted as an integer",
                              &number[at])) {
            return false;
        }
        if (number[at] == INT64_MAX || number[at] == INT64_MIN) {
            return rp_eval_fail(call->eval, "the range is beyond 64 bits");
        }
    }
    if (number[2] == 0) {
        return rp_eval_raise(call->eval, "ValueError",
                             "range() arg 3 must not be zero");
    }
    for (int i = 0; i < 3; i++) {
        rp_value_set_int(&part[i], number[i]);
    }
    return make_parts(call, TF_CAT_RANGE, part, ret_value);
}

static bool
call_slice(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_value part[3] = {
        {.kind = TF_VAL_NONE}, {.kind = TF_VAL_NONE}, {.kind = TF_VAL_NONE}};
    for (size_t i = 0; i < call->count; i++) {
        part[call->count == 1 ? 1 : i] = call->arg[i];
    }
    return make_parts(call, TF_CAT_SLICE, part, ret_value);
}

const struct rp_function rp_container_functions[] = {
    {"str", call_str, 0, 3, true, " object encoding errors "},
    {"bytes", make_bytes, 0, 3, true, " source encoding errors "},
    {"bytearray", call_bytearray, 0, 3, true, " source encoding errors "},
    {"list", call_list, 0, 1, true, NULL},
    {"tuple", call_tuple, 0, 1, true, NULL},
    {"dict", call_dict, 0, 1, true, "*"},
    {"set", call_set, 0, 1, true, NULL},
    {"frozenset", call_frozenset, 0, 1, true, NULL},
    {"range", call_range, 1, 3, true, NULL},
    {"slice", call_slice, 1, 3, true, NULL},
    {"type", rp_call_type, 1, 1, true, NULL},
    {NULL, NULL, 0, 0, false, NULL},
};
