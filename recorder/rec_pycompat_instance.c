/* The attributes of an instance, in its dict or in itself. */
#include "rec_pycompat_internal.h"

#if PY_VERSION_HEX >= 0x030b0000
/* An instance whose `__dict__` was not asked for yet keeps its values in an array, by the
 * keys that its class shares; `order` has their places in the order of insertion, from
 * `order[0]` on upward or, up to 3.12, downward (Include/internal/pycore_dict.h). */
struct inline_values {
    PyObject *const *value;
    const uint8_t *order;
    int step;
    Py_ssize_t count;
    PyDictKeysObject *keys;
};

# if PY_VERSION_HEX >= 0x030d0000
/* The values follow the object's head, and the dict pointer stands before the object. */
static PyObject *
managed_dict(PyObject *obj)
{
    return (PyObject *)_PyObject_GetManagedDict(obj);
}

static bool
find_inline_values(PyObject *obj, struct inline_values *ret)
{
    PyTypeObject *type = Py_TYPE(obj);
    if (!(type->tp_flags & Py_TPFLAGS_INLINE_VALUES)) {
        return false;
    }
    PyDictValues *values = _PyObject_InlineValues(obj);
    *ret = (struct inline_values){.value = values->values,
                                  .order = get_insertion_order_array(values),
                                  .step = 1,
                                  .count = values->size,
                                  .keys = ((PyHeapTypeObject *)type)->ht_cached_keys};
    return values->valid && ret->keys != NULL;
}
# else
#  if PY_VERSION_HEX >= 0x030c0000
/* One pointer before the object is either, told apart by its lowest bit. */
static PyObject *
managed_dict(PyObject *obj)
{
    PyDictOrValues either = *_PyObject_DictOrValuesPointer(obj);
    return _PyDictOrValues_IsValues(either) ? NULL : _PyDictOrValues_GetDict(either);
}

static PyDictValues *
managed_values(PyObject *obj)
{
    PyDictOrValues either = *_PyObject_DictOrValuesPointer(obj);
    return _PyDictOrValues_IsValues(either) ? _PyDictOrValues_GetValues(either) : NULL;
}
#  elif PY_VERSION_HEX >= 0x030b0000
static PyObject *
managed_dict(PyObject *obj)
{
    return *_PyObject_ManagedDictPointer(obj);
}

static PyDictValues *
managed_values(PyObject *obj)
{
    return *_PyObject_ValuesPointer(obj);
}
#  endif

/* The bytes before the values hold the count ([-2]) and the places ([-3], [-4] ...). */
static bool
find_inline_values(PyObject *obj, struct inline_values *ret)
{
#  if PY_VERSION_HEX >= 0x030b0000
    PyTypeObject *type = Py_TYPE(obj);
    PyDictValues *values =
        type->tp_flags & Py_TPFLAGS_MANAGED_DICT ? managed_values(obj) : NULL;
    if (values == NULL) {
        return false;
    }
    *ret = (struct inline_values){.value = values->values,
                                  .order = (const uint8_t *)values - 3,
                                  .step = -1,
                                  .count = ((const uint8_t *)values)[-2],
                                  .keys = ((PyHeapTypeObject *)type)->ht_cached_keys};
    return ret->keys != NULL;
#  else
    (void)obj;
    (void)ret;
    return false;
#  endif
}
# endif
#endif

PyObject *
rec_py_instance_dict(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
#if PY_VERSION_HEX >= 0x030b0000
    if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        return managed_dict(obj);
    }
#endif
    Py_ssize_t offset = type->tp_dictoffset;
    if (offset == 0) {
        return NULL;
    }
    if (offset
        < 0) { /* after the items (Objects/object.c, _PyObject_ComputedDictPointer) */
        Py_ssize_t size = ((PyVarObject *)obj)->ob_size;
#if PY_VERSION_HEX >= 0x030c0000
        if (PyLong_Check(obj)) {
            size_t digits;
            rec_py_int_digits(obj, &digits);
            size = (Py_ssize_t)(digits / sizeof(digit));
        }
#endif
        offset += (Py_ssize_t)_PyObject_VAR_SIZE(type, size < 0 ? -size : size);
    }
    PyObject *dict = *(PyObject **)((char *)obj + offset);
    return dict != NULL && PyDict_Check(dict) ? dict : NULL;
}

#if PY_VERSION_HEX < 0x030b0000
bool
rec_py_inline_attr_next(PyObject *obj, Py_ssize_t *pos, PyObject **ret_name,
                        PyObject **ret_value)
{
    (void)obj;
    (void)pos;
    (void)ret_name;
    (void)ret_value;
    return false;
}

PyObject *
rec_py_instance_attr(PyObject *obj, PyObject *name, int32_t *place)
{
    (void)place;
    PyObject *dict = rec_py_instance_dict(obj);
    return dict != NULL ? rec_py_dict_get_str(dict, name) : NULL;
}
#else
static bool
next_value(const struct inline_values *values, Py_ssize_t *pos, int32_t *ret_place,
           PyObject **ret_name, PyObject **ret_value)
{
    while (*pos < values->count) {
        unsigned place = values->order[*pos * values->step];
        ++*pos;
        if (place < (unsigned)values->keys->dk_nentries
            && values->value[place] != NULL) {
            *ret_place = (int32_t)place;
            *ret_name = DK_UNICODE_ENTRIES(values->keys)[place].me_key;
            *ret_value = values->value[place];
            return true;
        }
    }
    return false;
}

bool
rec_py_inline_attr_next(PyObject *obj, Py_ssize_t *pos, PyObject **ret_name,
                        PyObject **ret_value)
{
    struct inline_values values;
    int32_t place;
    return find_inline_values(obj, &values)
           && next_value(&values, pos, &place, ret_name, ret_value);
}

PyObject *
rec_py_instance_attr(PyObject *obj, PyObject *name, int32_t *place)
{
    PyObject *at, *value, *dict = rec_py_instance_dict(obj);
    struct inline_values values;
    int32_t found;
    if (dict != NULL) {
        return rec_py_dict_get_str(dict, name);
    }
    if (!find_inline_values(obj, &values)) {
        return NULL;
    }
    if (*place >= 0 && *place < values.keys->dk_nentries
        && DK_UNICODE_ENTRIES(values.keys)[*place].me_key == name
        && values.value[*place] != NULL) {
        return values.value[*place];
    }
    for (Py_ssize_t pos = 0; next_value(&values, &pos, &found, &at, &value);) {
        if (at == name
            || (!(PyUnicode_CHECK_INTERNED(at) && PyUnicode_CHECK_INTERNED(name))
                && rec_py_str_equal(at, name))) {
            *place = found;
            return value;
        }
    }
    return NULL;
}
#endif
