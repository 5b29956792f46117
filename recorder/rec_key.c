#include "rec_key.h"

#include <string.h>

/* Tuples that are longer, or nested deeper, take too long to look through at each event. */
#define PARTS_MAX 32
#define DEPTH_MAX 3

static bool
is_plain(PyObject *key, int depth)
{
    PyTypeObject *type = Py_TYPE(key);
    if (type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type
        || type == &PyBytes_Type || type == &PyBool_Type || type == &PyComplex_Type
        || type == &PyFrozenSet_Type /* made of the hashes that it keeps */
        || type->tp_hash == PyBaseObject_Type.tp_hash /* the address */) {
        return true;
    }
    if (type != &PyTuple_Type || depth == DEPTH_MAX
        || PyTuple_GET_SIZE(key) > PARTS_MAX) {
        return false;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(key); i++) {
        if (!is_plain(PyTuple_GET_ITEM(key, i), depth + 1)) {
            return false;
        }
    }
    return true;
}

bool
rec_key_hash(PyObject *key, Py_hash_t *ret_hash)
{
    if (!is_plain(key, 0)) {
        return false;
    }
    *ret_hash = Py_TYPE(key)->tp_hash(key);
    return true;
}

static bool
are_equal(PyObject *a, PyObject *b, int depth)
{
    int64_t x, y;
    PyTypeObject *type = Py_TYPE(a);
    if (a == b) {
        return true;
    }
    if (type != Py_TYPE(b)) {
        return false;
    }
    if (type == &PyUnicode_Type) {
        return PyUnicode_IS_READY(a) && PyUnicode_IS_READY(b) && rec_py_str_equal(a, b);
    }
    if (type == &PyLong_Type) {
        return rec_py_int64(a, &x) && rec_py_int64(b, &y) && x == y;
    }
    if (type == &PyFloat_Type) {
        return PyFloat_AS_DOUBLE(a) == PyFloat_AS_DOUBLE(b);
    }
    if (type == &PyBytes_Type) {
        return PyBytes_GET_SIZE(a) == PyBytes_GET_SIZE(b)
               && memcmp(PyBytes_AS_STRING(a), PyBytes_AS_STRING(b),
                         (size_t)PyBytes_GET_SIZE(a))
                      == 0;
    }
    if (type != &PyTuple_Type || depth == DEPTH_MAX
        || PyTuple_GET_SIZE(a) != PyTuple_GET_SIZE(b)) {
        return false;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(a); i++) {
        if (!are_equal(PyTuple_GET_ITEM(a, i), PyTuple_GET_ITEM(b, i), depth + 1)) {
            return false;
        }
    }
    return true;
}

bool
rec_key_equal(PyObject *a, PyObject *b)
{
    return are_equal(a, b, 0);
}
