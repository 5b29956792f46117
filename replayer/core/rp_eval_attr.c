/* Attributes of recorded values, and the methods of built-in types. */
#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"

/* --- Methods --- */

static const struct rp_method *
find(const struct rp_method *methods, struct tf_text name)
{
    for (; methods && methods->name; methods++) {
        if (rp_text_is(name, methods->name)) {
            return methods;
        }
    }
    return NULL;
}

static const struct rp_method *
scalar_methods(unsigned kind)
{
    switch (kind) {
    case TF_VAL_TRUE:
    case TF_VAL_FALSE:
    case TF_VAL_INT:
    case TF_VAL_BIGINT: return rp_int_methods;
    case TF_VAL_FLOAT: return rp_float_methods;
    case TF_VAL_COMPLEX: return rp_complex_methods;
    case TF_VAL_STR: return rp_str_methods;
    case TF_VAL_BYTES: return rp_bytes_methods;
    default: return NULL;
    }
}

static const struct rp_method *
object_methods(const struct rp_object *object)
{
    if (rp_view_of(object)) {
        return NULL;
    }
    switch (object->category) {
    case TF_CAT_LIST: return rp_list_methods;
    case TF_CAT_DEQUE: return rp_deque_methods;
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE: return rp_tuple_methods;
    case TF_CAT_DICT:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_NAMESPACE: return rp_dict_methods;
    case TF_CAT_COUNTER: return rp_counter_methods;
    case TF_CAT_SET:
    case TF_CAT_FROZENSET: return rp_set_methods;
    case TF_CAT_RANGE: return rp_range_methods;
    case TF_CAT_BYTEARRAY: return rp_bytes_methods;
    default: return NULL;
    }
}

const struct rp_method *
rp_method_of(const struct rp_value *value, const struct rp_object *object,
             struct tf_text name)
{
    const struct rp_method *method =
        find(object && value->kind == TF_VAL_REF ? object_methods(object)
                                                 : scalar_methods(value->kind),
             name);
    if (!method && object && object->category == TF_CAT_COUNTER) {
        method = find(rp_dict_methods, name);
    }
    return method;
}

const struct rp_method *
rp_method_of_type(struct tf_text type, struct tf_text name)
{
    static const struct {
        const char *type;
        const struct rp_method *methods;
    } types[] = {{"str", rp_str_methods},         {"bytes", rp_bytes_methods},
                 {"bytearray", rp_bytes_methods}, {"list", rp_list_methods},
                 {"tuple", rp_tuple_methods},     {"dict", rp_dict_methods},
                 {"set", rp_set_methods},         {"frozenset", rp_set_methods},
                 {"int", rp_int_methods},         {"bool", rp_int_methods},
                 {"float", rp_float_methods},     {"complex", rp_complex_methods},
                 {"range", rp_range_methods}};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (rp_text_is(type, types[i].type)) {
            return find(types[i].methods, name);
        }
    }
    return NULL;
}

static void
free_method(struct rp_made *made)
{
    rp_value_release(&((struct rp_callable *)made)->self);
    free(made);
}

static bool
bound_method(struct rp_eval *eval, const struct rp_method *method, const char *owner,
             const struct rp_value *self, struct rp_value *ret_value)
{
    struct rp_callable *made = calloc(1, sizeof *made);
    if (!made) {
        return rp_eval_memory(eval);
    }
    made->made = (struct rp_made){1, RP_MADE_METHOD, "<built-in method>", free_method};
    made->method = method;
    made->owner = owner;
    if (self) {
        rp_value_copy(&made->self, self);
    }
    *ret_value = (struct rp_value){.kind = RP_VAL_MADE, .str = (void *)made};
    return true;
}

/* --- What is not there --- */

static bool
changes(struct tf_text name)
{
    static const char *const names[] = {"append",
                                        "extend",
                                        "insert",
                                        "remove",
                                        "pop",
                                        "clear",
                                        "sort",
                                        "reverse",
                                        "update",
                                        "setdefault",
                                        "popitem",
                                        "add",
                                        "discard",
                                        "difference_update",
                                        "intersection_update",
                                        "symmetric_difference_update",
                                        "appendleft",
                                        "popleft",
                                        "extendleft",
                                        "rotate",
                                        "move_to_end",
                                        "subtract"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (rp_text_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

bool
rp_eval_no_attr(struct rp_eval *eval, const struct rp_value *value, struct tf_text name)
{
    struct rp_label label = rp_eval_label(eval, value);
    struct rp_object *object = NULL;
    int len = (int)(name.len < 60 ? name.len : 60);
    if (value->kind == TF_VAL_REF && !rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool exact =
        !object
        || ((object->type->flags & TF_TYPE_EXACT) && object->category != TF_CAT_CLASS
            && object->category != TF_CAT_FUNCTION && object->category != TF_CAT_MODULE
            && (object_methods(object) || rp_view_of(object)));
    rp_object_release(object);
    if (exact && changes(name) && (value->kind == TF_VAL_REF)) {
        return rp_eval_fail(eval, "a recording cannot be changed: %.*s()", len,
                            name.data);
    }
    if (exact && name.len > 2 && memcmp(name.data, "__", 2) == 0) {
        return rp_eval_fail(eval, "'%.*s' is not supported", len, name.data);
    }
    return exact ? rp_eval_raise(eval, "AttributeError",
                                 "'%s' object has no attribute '%.*s'", label.text, len,
                                 name.data)
                 : rp_eval_fail(eval, "no attribute '%.*s' of the '%s' is recorded",
                                len, name.data, label.text);
}

/* --- Attributes --- */

#define PARTS_MAX 16u /* named parts stand before the items */

static bool
number_attr(struct rp_eval *eval, const struct rp_value *value, struct tf_text name,
            struct rp_value *ret_value, bool *ret_found)
{
    bool real = rp_text_is(name, "real"), imag = rp_text_is(name, "imag");
    *ret_found = true;
    if (value->kind == TF_VAL_COMPLEX && (real || imag)) {
        rp_value_set_float(ret_value, real ? value->real : value->imag);
        return true;
    }
    if (value->kind == TF_VAL_FLOAT && (real || imag)) {
        rp_value_set_float(ret_value, real ? value->real : 0);
        return true;
    }
    bool same = real || rp_text_is(name, "numerator");
    if (rp_is_int(value) && (same || imag || rp_text_is(name, "denominator"))) {
        struct rp_value zero;
        rp_value_set_int(&zero, 0);
        if (same) {
            return rp_eval_numbers(eval, RP_OP_ADD, value, &zero, ret_value);
        }
        rp_value_set_int(ret_value, imag ? 0 : 1);
        return true;
    }
    *ret_found = false;
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
        if (child.sort == RP_CHILD_ITEM || child.sort == RP_CHILD_ENTRY
            || child.sort == RP_CHILD_MEMBER) {
            break;
        }
    }
    return NULL;
}

static bool
class_attr(struct rp_eval *eval, const struct rp_value *value,
           const struct rp_object *object, struct tf_text name,
           struct rp_value *ret_value, bool *ret_found)
{
    if (object->item_count < 2) {
        return true;
    }
    struct tf_text type = rp_value_bytes(&object->item[1]);
    (void)value;
    if (rp_text_is(name, "__name__")) {
        size_t dot = type.len;
        while (dot && type.data[dot - 1] != '.') {
            dot--;
        }
        *ret_found = true;
        return rp_eval_text(eval, TF_VAL_STR, type.data + dot, type.len - dot,
                            ret_value);
    }
    bool built_in = rp_text_is(rp_value_bytes(&object->item[0]), "builtins");
    const struct rp_method *method = built_in ? rp_method_of_type(type, name) : NULL;
    *ret_found = method != NULL;
    return !method
           || bound_method(eval, method, rp_function_named(type)->name, NULL,
                           ret_value);
}

static bool
object_attr(struct rp_eval *eval, const struct rp_value *value,
            const struct rp_object *object, struct tf_text name,
            struct rp_value *ret_value, bool *ret_found)
{
    const struct rp_value *found = rp_object_attr(object, name);
    *ret_found = false;
    if (!found) {
        found = part_named(object, name);
    }
    if (found && found->kind != TF_VAL_UNBOUND && found->kind != RP_VAL_DAMAGED) {
        rp_value_copy(ret_value, found);
        *ret_found = true;
        return true;
    }
    if (object->category == TF_CAT_CLASS) {
        return class_attr(eval, value, object, name, ret_value, ret_found);
    }
    const struct rp_value *plain = rp_plain_of(eval->rp, object, value);
    const struct rp_method *method =
        rp_method_of(plain, plain->kind == TF_VAL_REF ? object : NULL, name);
    if (method) {
        *ret_found = true;
        return bound_method(eval, method, "", value, ret_value);
    }
    return plain->kind == TF_VAL_REF
           || number_attr(eval, plain, name, ret_value, ret_found);
}

bool
rp_eval_attr(struct rp_eval *eval, const struct rp_value *value, struct tf_text name,
             struct rp_value *ret_value, bool *ret_found)
{
    struct rp_object *object;
    *ret_found = false;
    if (!rp_eval_known(eval, value)) {
        return false;
    }
    if (value->kind == TF_VAL_REF) {
        if (!rp_eval_open(eval, value, &object)) {
            return false;
        }
        bool fine = rp_eval_load(eval, object, 0, PARTS_MAX)
                    && object_attr(eval, value, object, name, ret_value, ret_found);
        rp_object_release(object);
        return fine;
    }
    const struct rp_method *method = rp_method_of(value, NULL, name);
    if (method) {
        *ret_found = true;
        return bound_method(eval, method, "", value, ret_value);
    }
    return number_attr(eval, value, name, ret_value, ret_found);
}
