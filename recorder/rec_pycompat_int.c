/* Ints. */
#include "rec_pycompat_internal.h"

bool
rec_py_int64(PyObject *n, int64_t *ret)
{
    const PyLongObject *v = (const PyLongObject *)n;
    Py_ssize_t size = Py_SIZE(v);
    switch (size) {
    case 0: *ret = 0; return true;
    case 1: *ret = (int64_t)v->ob_digit[0]; return true;
    case -1: *ret = -(int64_t)v->ob_digit[0]; return true;
    default: break;
    }
    Py_ssize_t digits = size < 0 ? -size : size;
    if (digits > 3) {
        return false;
    }
    unsigned __int128 magnitude = 0;
    while (digits-- > 0) {
        magnitude = magnitude << PyLong_SHIFT | v->ob_digit[digits];
    }
    if (magnitude > (unsigned __int128)INT64_MAX + (size < 0)) {
        return false;
    }
    *ret = size < 0 ? (int64_t)(0 - (uint64_t)magnitude) : (int64_t)magnitude;
    return true;
}

size_t
rec_py_int_bits(PyObject *n)
{
    return _PyLong_NumBits(n);
}

bool
rec_py_int_negative(PyObject *n)
{
    return Py_SIZE(n) < 0;
}

bool
rec_py_int_bytes(PyObject *n, uint8_t *bytes, size_t len)
{
    if (_PyLong_AsByteArray((PyLongObject *)n, bytes, len, 1, 1) < 0) {
        PyErr_Clear();
        return false;
    }
    return true;
}

const void *
rec_py_int_digits(PyObject *n, size_t *ret_bytes)
{
    Py_ssize_t size = Py_SIZE(n);
    *ret_bytes = (size_t)(size < 0 ? -size : size) * sizeof(digit);
    return ((PyLongObject *)n)->ob_digit;
}
