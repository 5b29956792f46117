/* The attributes of an instance, in its dict or in itself. */
#include "rec_pycompat_internal.h"

PyObject *
rec_py_instance_dict(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        return *_PyObject_ManagedDictPointer(obj);
    }
    Py_ssize_t offset = type->tp_dictoffset;
    if (offset == 0) {
        return NULL;
    }
    if (offset
        < 0) { /* after the items (Objects/object.c, _PyObject_ComputedDictPointer) */
        Py_ssize_t size = ((PyVarObject *)obj)->ob_size;
        offset += (Py_ssize_t)_PyObject_VAR_SIZE(type, size < 0 ? -size : size);
    }
    PyObject *dict = *(PyObject **)((char *)obj + offset);
    return dict != NULL && PyDict_Check(dict) ? dict : NULL;
}

/* Values kept inline (3.11, Include/internal/pycore_dict.h): the bytes before the values
 * hold the count ([-2]) and the places in the order of insertion ([-3], [-4] ...). */
bool
rec_py_inline_attr_next(PyObject *obj, Py_ssize_t *pos, PyObject **ret_name,
                        PyObject **ret_value)
{
    PyTypeObject *type = Py_TYPE(obj);
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return false;
    }
    PyDictValues *values = *_PyObject_ValuesPointer(obj);
    PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    if (values == NULL || keys == NULL) {
        return false;
    }
    const uint8_t *order = (const uint8_t *)values;
    while (*pos < order[-2]) {
        unsigned place = order[-3 - *pos];
        ++*pos;
        if (place < (unsigned)keys->dk_nentries && values->values[place] != NULL) {
            *ret_name = DK_UNICODE_ENTRIES(keys)[place].me_key;
            *ret_value = values->values[place];
            return true;
        }
    }
    return false;
}

PyObject *
rec_py_instance_attr(PyObject *obj, PyObject *name, int32_t *place)
{
    PyTypeObject *type = Py_TYPE(obj);
    PyObject *at, *value, *dict = rec_py_instance_dict(obj);
    if (dict != NULL) {
        return rec_py_dict_get_str(dict, name);
    }
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return NULL;
    }
    PyDictValues *values = *_PyObject_ValuesPointer(obj);
    PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    if (values != NULL && keys != NULL && *place >= 0 && *place < keys->dk_nentries
        && DK_UNICODE_ENTRIES(keys)[*place].me_key == name
        && values->values[*place] != NULL) {
        return values->values[*place];
    }
    for (Py_ssize_t pos = 0; rec_py_inline_attr_next(obj, &pos, &at, &value);) {
        if (at == name
            || (!(PyUnicode_CHECK_INTERNED(at) && PyUnicode_CHECK_INTERNED(name))
                && _PyUnicode_EQ(at, name))) {
            *place = ((const uint8_t *)values)[-2 - pos];
            return value;
        }
    }
    return NULL;
}
