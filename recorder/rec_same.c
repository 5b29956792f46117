#include "rec_delta.h"
#include "rec_values.h"

/* Follows the references of an object that is as it was recorded. False when a value was
 * left out that might be taken in now. */
static bool
follow(struct rec_obj *obj, uint32_t depth)
{
    bool no_refs = true, leaves = true;
    size_t count = (size_t)obj->item_count + obj->attr_count;
    for (size_t i = 0; i < count; i++) {
        const struct rec_val *val = &obj->val[i];
        if (val->kind == TF_VAL_REF) {
            struct rec_obj *child = rec_val_obj(val);
            if (child == NULL) {
                return false;
            }
            rec_values_enqueue(child, depth + 1);
            no_refs = false;
            leaves = leaves && child->leaf && !child->fresh;
        }
        else if (val->kind == TF_VAL_ELIDED && val->note != TF_ELIDE_REDACTED
                 && val->note != TF_ELIDE_OPAQUE) {
            return false;
        }
    }
    obj->no_refs = no_refs;
    if (leaves && obj->type->fixed && !obj->type->has_dict
        && obj->type->slot_count == 0) {
        obj->leaf = true;
    }
    return true;
}

static bool
list_is_same(const struct rec_obj *obj, uint32_t depth)
{
    PyListObject *list = (PyListObject *)obj->addr;
    if (obj->more != 0 || (size_t)PyList_GET_SIZE(list) != obj->item_count) {
        return false;
    }
    for (uint32_t i = 0; i < obj->item_count; i++) {
        struct rec_src src = {.sort = SRC_OBJ, .obj = list->ob_item[i]};
        if (src.obj == NULL || !rec_value_same(&obj->val[i], &src, depth + 1)) {
            return false;
        }
    }
    return true;
}

/* The dict behind an object whose recorded values are those of that dict alone. */
static PyObject *
dict_behind(const struct rec_obj *obj)
{
    switch ((enum tf_category)obj->type->category) {
    case TF_CAT_DICT:
    case TF_CAT_COUNTER:
    case TF_CAT_NAMESPACE: return obj->type->has_dict ? NULL : obj->addr;
    case TF_CAT_INSTANCE:
        return obj->type->slot_count == 0 ? rec_py_instance_dict(obj->addr) : NULL;
    default: return NULL;
    }
}

/* An instance whose attributes are kept inline. */
static bool
inline_attrs_are_same(const struct rec_obj *obj, uint32_t depth)
{
    PyObject *name, *value;
    Py_ssize_t pos = 0;
    uint32_t i = obj->item_count;
    uint32_t end = i + obj->attr_count;
    while (rec_py_inline_attr_next(obj->addr, &pos, &name, &value)) {
        struct rec_src src = {.sort = SRC_OBJ, .obj = value};
        if (i + 1 >= end || obj->val[i].data != (uintptr_t)name
            || !rec_value_same(&obj->val[i + 1], &src, depth + 1)) {
            return false;
        }
        i += 2;
    }
    return i == end;
}

/* Is the object as it was recorded? False: not known, look at all of it. */
bool
rec_obj_is_same(struct rec_obj *obj, uint32_t depth)
{
    const struct rec_type *type = obj->type;
    bool attrs = type->has_dict || type->slot_count > 0;
    if (type->fixed && !attrs) {
        return obj->no_refs || follow(obj, depth);
    }
    if (type->category == TF_CAT_LIST && !attrs) {
        return list_is_same(obj, depth);
    }
    PyObject *dict = dict_behind(obj);
    if (dict != NULL) {
        return obj->version != 0 && obj->version == rec_py_dict_version(dict)
               && (obj->no_refs || follow(obj, depth));
    }
    return type->category == TF_CAT_INSTANCE && type->slot_count == 0
           && inline_attrs_are_same(obj, depth);
}

/* After everything of the object was compared or written. */
void
rec_obj_note_version(struct rec_obj *obj)
{
    PyObject *dict = dict_behind(obj);
    obj->version = dict != NULL ? rec_py_dict_version(dict) : 0;
    obj->no_refs = false;
}
