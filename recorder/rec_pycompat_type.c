/* Types. */
#include <string.h>

#include "rec_pycompat_internal.h"

#include <structmember.h>

#if PY_VERSION_HEX < 0x030b0000
# define _PyHeapType_GET_MEMBERS PyHeapType_GET_MEMBERS
#endif

uint64_t
rec_py_type_version(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030c0000
    return type
        ->tp_version_tag; /* 0 as soon as the type changes (Objects/typeobject.c) */
#else
    return type->tp_flags & Py_TPFLAGS_VALID_VERSION_TAG ? type->tp_version_tag : 0;
#endif
}

PyObject *
rec_py_type_dict(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030c0000
    PyObject *dict = PyType_GetDict(type);
    Py_XDECREF(dict); /* the type holds it */
    return dict;
#else
    return type->tp_dict;
#endif
}

PyObject *
rec_py_type_find(PyTypeObject *type, PyObject *name)
{
    return _PyType_Lookup(type, name);
}

#if PY_VERSION_HEX >= 0x030b0000
bool
rec_py_is_c_type(PyTypeObject *type)
{
    return !(type->tp_flags & Py_TPFLAGS_HEAPTYPE)
           || ((PyHeapTypeObject *)type)->ht_module != NULL;
}
#else
/* Not all of the C code's types know their module yet, but they have an end of their own:
 * `class` gives all the same (Objects/typeobject.c, subtype_dealloc). */
bool
rec_py_is_c_type(PyTypeObject *type)
{
    static destructor of_class;
    if (of_class == NULL) {
        int gc = rec_py_gc_pause();
        PyObject *made = PyObject_CallFunction((PyObject *)&PyType_Type, "s(){}", "a");
        of_class = made != NULL ? ((PyTypeObject *)made)->tp_dealloc : NULL;
        Py_XDECREF(made);
        rec_py_gc_restore(gc);
        PyErr_Clear();
    }
    return !(type->tp_flags & Py_TPFLAGS_HEAPTYPE) || type->tp_dealloc != of_class;
}
#endif

bool
rec_py_plain_getattr(PyTypeObject *type)
{
    return type->tp_getattro == PyObject_GenericGetAttr;
}

bool
rec_py_plain_setattr(PyTypeObject *type)
{
    return type->tp_setattro == PyObject_GenericSetAttr;
}

bool
rec_py_is_plain_class(PyTypeObject *type)
{
    return Py_TYPE(type)->tp_call == PyType_Type.tp_call
           && type->tp_new == PyBaseObject_Type.tp_new
           && type->tp_flags & Py_TPFLAGS_HEAPTYPE;
}

/* They have it as the member `__func__` (Objects/funcobject.c) or `func`
 * (Modules/_functoolsmodule.c). */
PyObject *
rec_py_wrapped_function(PyObject *descr)
{
    PyTypeObject *type = Py_TYPE(descr);
    bool method = type == &PyStaticMethod_Type || type == &PyClassMethod_Type;
    for (PyMemberDef *at = type->tp_members; at != NULL && at->name != NULL; at++) {
        if (strcmp(at->name, method ? "__func__" : "func") == 0
            && (at->type == T_OBJECT || at->type == T_OBJECT_EX)) {
            return *(PyObject **)((char *)descr + at->offset);
        }
    }
    return NULL;
}

bool
rec_py_member_value(PyObject *descr, PyObject *obj, PyObject **ret_value)
{
    if (!Py_IS_TYPE(descr, &PyMemberDescr_Type)) {
        return false;
    }
    const PyMemberDef *member = ((PyMemberDescrObject *)descr)->d_member;
    if (member->type != T_OBJECT_EX) {
        return false;
    }
    *ret_value = obj != NULL ? *(PyObject **)((char *)obj + member->offset) : NULL;
    return true;
}

bool
rec_py_slot_next(PyTypeObject *type, Py_ssize_t *pos, const char **ret_name,
                 Py_ssize_t *ret_offset)
{
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        return false;
    }
    /* behind the metaclass's own fields (Objects/typeobject.c, PyHeapType_GET_MEMBERS) */
    PyMemberDef *member = (PyMemberDef *)((char *)type + Py_TYPE(type)->tp_basicsize);
    Py_ssize_t count = Py_SIZE(type);
    while (*pos < count) {
        PyMemberDef *at = &member[(*pos)++];
        if (at->type == T_OBJECT_EX) {
            *ret_name = at->name;
            *ret_offset = at->offset;
            return true;
        }
    }
    return false;
}
