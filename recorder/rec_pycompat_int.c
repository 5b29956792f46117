/* Ints. */
#include "rec_pycompat_internal.h"

/* From 3.12 on a tag holds sign and count (Include/cpython/longintrepr.h, lv_tag: the count
 * above three bits, the sign in two, 2 for negative). */
static Py_ssize_t
digit_count(PyObject *n)
{
#if PY_VERSION_HEX >= 0x030c0000
    return (Py_ssize_t)(((PyLongObject *)n)->long_value.lv_tag
                        >> _PyLong_NON_SIZE_BITS);
#else
    Py_ssize_t size = Py_SIZE(n);
    return size < 0 ? -size : size;
#endif
}

static const digit *
digits_of(PyObject *n)
{
#if PY_VERSION_HEX >= 0x030c0000
    return ((PyLongObject *)n)->long_value.ob_digit;
#else
    return ((PyLongObject *)n)->ob_digit;
#endif
}

bool
rec_py_int_negative(PyObject *n)
{
#if PY_VERSION_HEX >= 0x030c0000
    return (((PyLongObject *)n)->long_value.lv_tag & _PyLong_SIGN_MASK) == 2;
#else
    return Py_SIZE(n) < 0;
#endif
}

bool
rec_py_int64(PyObject *n, int64_t *ret)
{
    if (rec_py_is_one_digit(n)) {
        *ret = rec_py_one_digit(n);
        return true;
    }
    Py_ssize_t count = digit_count(n);
    if (count > 3) {
        return false;
    }
    bool negative = rec_py_int_negative(n);
    unsigned __int128 magnitude = 0;
    while (count-- > 0) {
        magnitude = magnitude << PyLong_SHIFT | digits_of(n)[count];
    }
    if (magnitude > (unsigned __int128)INT64_MAX + negative) {
        return false;
    }
    *ret = negative ? (int64_t)(0 - (uint64_t)magnitude) : (int64_t)magnitude;
    return true;
}

size_t
rec_py_int_bits(PyObject *n)
{
    return (size_t)_PyLong_NumBits(n);
}

bool
rec_py_int_bytes(PyObject *n, uint8_t *bytes, size_t len)
{
#if PY_VERSION_HEX >= 0x030d0000
    if (_PyLong_AsByteArray((PyLongObject *)n, bytes, len, 1, 1, 1) < 0) {
#else
    if (_PyLong_AsByteArray((PyLongObject *)n, bytes, len, 1, 1) < 0) {
#endif
        PyErr_Clear();
        return false;
    }
    return true;
}

const void *
rec_py_int_digits(PyObject *n, size_t *ret_bytes)
{
    *ret_bytes = (size_t)digit_count(n) * sizeof(digit);
    return digits_of(n);
}
