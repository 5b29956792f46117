/* Values of an expression's own making. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"

bool
rp_eval_object(struct rp_eval *eval, const struct rp_value *value,
               struct rp_object **ret_object)
{
    return rp_eval_status(
        eval, rp_object_at(eval->rp, value, eval->seq, ret_object, eval->err));
}

bool
rp_eval_open(struct rp_eval *eval, const struct rp_value *value,
             struct rp_object **ret_object)
{
    return rp_eval_status(
        eval, rp_object_open(eval->rp, value, eval->seq, ret_object, eval->err));
}

/* What is absent is no part of an object's state, so that it may be made present in one
 * that is only looked at. */
static struct rp_object *
present(const struct rp_object *object)
{
    return (struct rp_object *)(uintptr_t)object;
}

bool
rp_eval_load(struct rp_eval *eval, const struct rp_object *object, size_t first,
             size_t end)
{
    return !object->partial
           || rp_eval_status(
               eval, rp_object_load(eval->rp, present(object), first, end, eval->err));
}

bool
rp_eval_load_keys(struct rp_eval *eval, const struct rp_object *object)
{
    return !object->partial
           || rp_eval_status(eval,
                             rp_object_load_keys(eval->rp, present(object), eval->err));
}

const struct rp_value *
rp_plain_of(const struct rp *rp, const struct rp_object *object,
            const struct rp_value *value)
{
    if (!object) {
        return value;
    }
    if (object->category >= TF_CAT_INT && object->category <= TF_CAT_BYTES) {
        return object->item_count ? &object->item[0] : value;
    }
    bool member = object->category == TF_CAT_ENUM || object->category == TF_CAT_FLAG;
    if (!member || object->item_count < 2 || object->item[1].kind == TF_VAL_REF) {
        return value;
    }
    bool number =
        rp_type_is(rp, object->type, "int") || rp_type_is(rp, object->type, "float");
    bool text = rp_type_is(rp, object->type, "str");
    return number || text ? &object->item[1] : value;
}

bool
rp_eval_plain(struct rp_eval *eval, const struct rp_value *value,
              struct rp_value *ret_value)
{
    struct rp_object *object = NULL;
    if (value->kind == TF_VAL_REF && !rp_eval_object(eval, value, &object)) {
        return false;
    }
    rp_value_copy(ret_value, rp_plain_of(eval->rp, object, value));
    rp_object_release(object);
    return true;
}

void
rp_value_set_none(struct rp_value *value)
{
    *value = (struct rp_value){.kind = TF_VAL_NONE};
}

void
rp_value_set_bool(struct rp_value *value, bool truth)
{
    *value = (struct rp_value){.kind = truth ? TF_VAL_TRUE : TF_VAL_FALSE};
}

void
rp_value_set_float(struct rp_value *value, double real)
{
    *value = (struct rp_value){.kind = TF_VAL_FLOAT, .real = real};
}

void
rp_value_set_object(struct rp_value *value, struct rp_object *object)
{
    *value = (struct rp_value){.kind = TF_VAL_REF, .ref = object->id, .object = object};
}

bool
rp_eval_text(struct rp_eval *eval, enum tf_value_kind kind, const char *bytes,
             size_t len, struct rp_value *ret_value)
{
    return rp_eval_room(eval, len)
           && (rp_value_set_text(ret_value, kind, bytes, len) || rp_eval_memory(eval));
}

bool
rp_eval_text_of(struct rp_eval *eval, enum tf_value_kind kind, struct rp_buf *buf,
                struct rp_value *ret_value)
{
    bool fine =
        (!buf->failed || rp_eval_memory(eval))
        && rp_eval_text(eval, kind, buf->data ? buf->data : "", buf->len, ret_value);
    rp_buf_release(buf);
    return fine;
}

bool
rp_eval_int(struct rp_eval *eval, struct rp_int *n, struct rp_value *ret_value)
{
    if (rp_int_bits(n) > RP_EVAL_BITS) {
        rp_int_release(n);
        return rp_eval_fail(eval, "the int is too large");
    }
    return rp_eval_room(eval, n->count * 4)
               ? rp_int_value(n, ret_value) || rp_eval_memory(eval)
               : (rp_int_release(n), false);
}

/* --- Types --- */

#define TYPE(type_name, type_category)                                          \
 {                                                                              \
  .category = type_category, .flags = TF_TYPE_EXACT, .module = {"builtins", 8}, \
  .name = {                                                                     \
      type_name,                                                                \
      sizeof type_name - 1                                                      \
  }                                                                             \
 }

static const struct tf_def_type builtin_types[] = {
    TYPE("list", TF_CAT_LIST),
    TYPE("tuple", TF_CAT_TUPLE),
    TYPE("dict", TF_CAT_DICT),
    TYPE("set", TF_CAT_SET),
    TYPE("frozenset", TF_CAT_FROZENSET),
    TYPE("range", TF_CAT_RANGE),
    TYPE("slice", TF_CAT_SLICE),
    TYPE("bytearray", TF_CAT_BYTEARRAY),
    TYPE("type", TF_CAT_CLASS),
    TYPE("builtin_function_or_method", TF_CAT_BUILTIN),
};

static const struct tf_def_type view_types[] = {
    [RP_VIEW_KEYS] = TYPE("dict_keys", TF_CAT_LIST),
    [RP_VIEW_VALUES] = TYPE("dict_values", TF_CAT_LIST),
    [RP_VIEW_ITEMS] = TYPE("dict_items", TF_CAT_LIST),
};

#undef TYPE

const struct tf_def_type *
rp_builtin_type(enum tf_category category)
{
    for (size_t i = 0; i < sizeof builtin_types / sizeof *builtin_types; i++) {
        if (builtin_types[i].category == category) {
            return &builtin_types[i];
        }
    }
    return &builtin_types[0];
}

enum rp_view
rp_view_of(const struct rp_object *object)
{
    bool view = object->type > view_types && object->type <= &view_types[RP_VIEW_ITEMS];
    return view ? (enum rp_view)(object->type - view_types) : RP_VIEW_NONE;
}

/* --- Containers --- */

bool
rp_eval_make(struct rp_eval *eval, enum tf_category category,
             struct rp_object **ret_object)
{
    *ret_object = rp_object_make(rp_builtin_type(category), category, 4);
    return *ret_object || rp_eval_memory(eval);
}

bool
rp_eval_add(struct rp_eval *eval, struct rp_object *object, struct rp_value *item)
{
    if (!rp_eval_step(eval)) {
        rp_value_release(item);
        return false;
    }
    return rp_object_add_item(object, item) || rp_eval_memory(eval);
}

bool
rp_eval_add_copy(struct rp_eval *eval, struct rp_object *object,
                 const struct rp_value *item)
{
    struct rp_value copy;
    rp_value_copy(&copy, item);
    return rp_eval_add(eval, object, &copy);
}

bool
rp_eval_pair(struct rp_eval *eval, struct rp_value *a, struct rp_value *b,
             struct rp_value *ret_value)
{
    struct rp_object *tuple;
    if (!rp_eval_make(eval, TF_CAT_TUPLE, &tuple)) {
        rp_value_release(a);
        rp_value_release(b);
        return false;
    }
    bool fine = rp_eval_add(eval, tuple, a);
    if (fine) {
        fine = rp_eval_add(eval, tuple, b);
    }
    else {
        rp_value_release(b);
    }
    if (!fine) {
        rp_object_release(tuple);
        return false;
    }
    rp_value_set_object(ret_value, tuple);
    return true;
}

static bool
add_view_item(struct rp_eval *eval, struct rp_object *list,
              const struct rp_value *entry, enum rp_view view)
{
    struct rp_value pair, key, value;
    if (view != RP_VIEW_ITEMS) {
        return rp_eval_add_copy(eval, list, view == RP_VIEW_KEYS ? entry : entry + 1);
    }
    rp_value_copy(&key, entry);
    rp_value_copy(&value, entry + 1);
    return rp_eval_pair(eval, &key, &value, &pair) && rp_eval_add(eval, list, &pair);
}

bool
rp_eval_view(struct rp_eval *eval, const struct rp_object *dict, enum rp_view view,
             struct rp_value *ret_value)
{
    struct rp_object *list;
    if (!rp_eval_make(eval, TF_CAT_LIST, &list)) {
        return false;
    }
    list->type = &view_types[view];
    list->more = dict->more;
    struct rp_run run = rp_object_run(dict);
    for (size_t i = 0; i < run.count; i++) {
        if (!add_view_item(eval, list, &dict->item[run.first + 2 * i], view)) {
            rp_object_release(list);
            return false;
        }
    }
    rp_value_set_object(ret_value, list);
    return true;
}

bool
rp_eval_class(struct rp_eval *eval, const char *module, const char *name,
              struct rp_value *ret_value)
{
    struct rp_object *class;
    struct rp_value text = {0};
    if (!rp_eval_make(eval, TF_CAT_CLASS, &class)) {
        return false;
    }
    bool fine = rp_value_set_text(&text, TF_VAL_STR, module, strlen(module))
                && rp_object_add_item(class, &text)
                && rp_value_set_text(&text, TF_VAL_STR, name, strlen(name))
                && rp_object_add_item(class, &text);
    if (!fine) {
        rp_object_release(class);
        return rp_eval_memory(eval);
    }
    rp_value_set_object(ret_value, class);
    return true;
}

/* --- Numbers --- */

bool
rp_number_of(const struct rp_value *value, struct rp_number *ret_number)
{
    switch (value->kind) {
    case TF_VAL_FALSE:
    case TF_VAL_TRUE:
        *ret_number = (struct rp_number){.integer = value->kind == TF_VAL_TRUE};
        break;
    case TF_VAL_INT: *ret_number = (struct rp_number){.integer = value->integer}; break;
    case TF_VAL_FLOAT:
        *ret_number = (struct rp_number){.is_float = true, .real = value->real};
        return true;
    default: return false;
    }
    ret_number->real = (double)ret_number->integer;
    return true;
}

bool
rp_eval_index_of(struct rp_eval *eval, const struct rp_value *value,
                 const char *message, int64_t *ret_index)
{
    struct rp_value plain;
    if (!rp_eval_plain(eval, value, &plain)) {
        return false;
    }
    bool fine = rp_eval_known(eval, &plain);
    if (fine && plain.kind == TF_VAL_BIGINT) {
        struct tf_text text = rp_value_bytes(&plain);
        bool negative = text.len && (unsigned char)text.data[text.len - 1] & 0x80;
        *ret_index = negative ? INT64_MIN : INT64_MAX;
    }
    else if (fine && rp_is_int(&plain)) {
        *ret_index =
            plain.kind == TF_VAL_INT ? plain.integer : plain.kind == TF_VAL_TRUE;
    }
    else if (fine) {
        char text[160];
        char label[80];
        strcpy(label, rp_eval_label(eval, value).text);
        const char *mark = strstr(message, "%s");
        size_t before = mark ? (size_t)(mark - message) : strlen(message);
        memcpy(text, message, before);
        text[before] = '\0';
        if (mark) {
            strncat(text, label, sizeof text - strlen(text) - 1);
            strncat(text, mark + 2, sizeof text - strlen(text) - 1);
        }
        fine = rp_eval_raise(eval, "TypeError", "%s", text);
    }
    rp_value_release(&plain);
    return fine;
}
