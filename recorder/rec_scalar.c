#include "rec_scalar.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* sys.int_info.default_max_str_digits: more digits Python itself does not print. */
#define INT_DIGITS_MAX 4300u
#define INT_BITS_MAX   14285u /* of 10 ** 4300 - 1 */
#define INT_BYTES_MAX  (INT_BITS_MAX / 8 + 2)

static uint32_t
hash_bytes(const void *bytes, size_t len, uint64_t salt)
{
    uint64_t hash =
        len == 0 ? salt * 0x9E3779B97F4A7C15u : XXH3_64bits_withSeed(bytes, len, salt);
    return (uint32_t)(hash ^ hash >> 32);
}

/* Python's own hash of a short str, which it keeps with the str (Objects/unicodeobject.c,
 * unicode_hash). A long one is not hashed for us: only what is recorded of it is. */
#define OWN_HASH_CHARS 256u
_Static_assert(REC_SHORT_TEXT <= OWN_HASH_CHARS, "one hash for all short texts");

static uint32_t
str_hash(PyObject *str, size_t kept, size_t length)
{
    if (length <= OWN_HASH_CHARS) {
        Py_hash_t hash = ((PyASCIIObject *)str)->hash;
        hash = hash != -1 ? hash : PyUnicode_Type.tp_hash(str);
        return rec_fold_hash(hash);
    }
    return hash_bytes(PyUnicode_DATA(str), kept * PyUnicode_KIND(str),
                      length << 3 | (uint64_t)PyUnicode_KIND(str));
}

static void
str_make(PyObject *str, struct rec_val *ret)
{
    if (!PyUnicode_IS_READY(str)) {
        *ret = (struct rec_val){.kind = TF_VAL_ELIDED, .note = TF_ELIDE_UNREADABLE};
        return;
    }
    size_t length = (size_t)PyUnicode_GET_LENGTH(str);
    size_t kept = length;
    bool cut = length > rec.options->max_text;
    if (cut) {
        kept = rec.options->max_text;
    }
    ret->kind = cut ? TF_VAL_STR_CUT : TF_VAL_STR;
    ret->note = 0;
    ret->data = (uintptr_t)str;
    ret->hash = str_hash(str, kept, length);
}

static void
bytes_make(const void *bytes, size_t len, uintptr_t address, struct rec_val *ret)
{
    bool cut = len > rec.options->max_text;
    ret->kind = cut ? TF_VAL_BYTES_CUT : TF_VAL_BYTES;
    ret->note = 0;
    ret->data = address;
    ret->hash = hash_bytes(bytes, cut ? rec.options->max_text : len, len);
}

static void
int_make(PyObject *n, struct rec_val *ret)
{
    int64_t value;
    ret->note = 0;
    if (rec_py_int64(n, &value)) {
        ret->kind = TF_VAL_INT;
        ret->hash = 0;
        ret->data = (uint64_t)value;
        return;
    }
    size_t len;
    const void *digits = rec_py_int_digits(n, &len);
    ret->kind = rec_py_int_bits(n) > INT_BITS_MAX ? TF_VAL_BIGINT_CUT : TF_VAL_BIGINT;
    ret->hash = rec_py_int_negative(n);
    ret->data = XXH3_64bits(digits, len); /* equal big ints are not told apart */
}

static void
float_make(double x, struct rec_val *ret)
{
    *ret = (struct rec_val){.kind = TF_VAL_FLOAT};
    memcpy(&ret->data, &x, sizeof x);
}

static void
complex_make(PyObject *z, struct rec_val *ret)
{
    Py_complex value = ((PyComplexObject *)z)->cval;
    *ret = (struct rec_val){.kind = TF_VAL_COMPLEX};
    memcpy(&ret->data, &value.real, sizeof ret->data);
    ret->hash = hash_bytes(&value, sizeof value, 0);
}

static bool
object_make(PyObject *obj, struct rec_val *ret)
{
    PyTypeObject *type = Py_TYPE(obj);
    if (type == &PyLong_Type) {
        int_make(obj, ret);
    }
    else if (type == &PyUnicode_Type) {
        str_make(obj, ret);
    }
    else if (type == &PyFloat_Type) {
        float_make(PyFloat_AS_DOUBLE(obj), ret);
    }
    else if (obj == Py_None) {
        *ret = (struct rec_val){.kind = TF_VAL_NONE};
    }
    else if (type == &PyBool_Type) {
        *ret = (struct rec_val){.kind = obj == Py_True ? TF_VAL_TRUE : TF_VAL_FALSE};
    }
    else if (type == &PyBytes_Type) {
        bytes_make(PyBytes_AS_STRING(obj), (size_t)PyBytes_GET_SIZE(obj),
                   (uintptr_t)obj, ret);
    }
    else if (type == &PyComplex_Type) {
        complex_make(obj, ret);
    }
    else if (obj == Py_Ellipsis) {
        *ret = (struct rec_val){.kind = TF_VAL_ELLIPSIS};
    }
    else if (obj == Py_NotImplemented) {
        *ret = (struct rec_val){.kind = TF_VAL_NOTIMPLEMENTED};
    }
    else {
        return false;
    }
    return true;
}

/* Where the bytes of a bytes or bytearray lie. */
static const char *
bytes_of(PyObject *obj, size_t *ret_len)
{
    if (PyByteArray_Check(obj)) {
        *ret_len = (size_t)PyByteArray_GET_SIZE(obj);
        return PyByteArray_AS_STRING(obj);
    }
    *ret_len = (size_t)PyBytes_GET_SIZE(obj);
    return PyBytes_AS_STRING(obj);
}

bool
rec_scalar_make(const struct rec_src *src, struct rec_val *ret)
{
    size_t len;
    switch (src->sort) {
    case SRC_OBJ: return object_make(src->obj, ret);
    case SRC_AS_INT: int_make(src->obj, ret); return true;
    case SRC_AS_STR: str_make(src->obj, ret); return true;
    case SRC_AS_BYTES: {
        const char *bytes = bytes_of(src->obj, &len);
        bytes_make(bytes, len, 0, ret);
        return true;
    }
    case SRC_AS_COMPLEX: complex_make(src->obj, ret); return true;
    case SRC_INT:
        *ret = (struct rec_val){.kind = TF_VAL_INT, .data = (uint64_t)src->integer};
        return true;
    case SRC_REAL: float_make(src->real, ret); return true;
    case SRC_TEXT:
        *ret = (struct rec_val){.kind = TF_VAL_STR,
                                .hash = hash_bytes(src->text, src->len, src->len)};
        return true;
    case SRC_BLOB: bytes_make(src->text, src->len, 0, ret); return true;
    case SRC_REDACTED:
        *ret = (struct rec_val){.kind = TF_VAL_ELIDED, .note = TF_ELIDE_REDACTED};
        return true;
    default: *ret = (struct rec_val){.kind = TF_VAL_UNBOUND}; return true;
    }
}

static size_t
utf8_char(Py_UCS4 c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

size_t
rec_utf8(PyObject *str, size_t max_chars, char *out)
{
    size_t length = (size_t)PyUnicode_GET_LENGTH(str);
    if (length > max_chars) {
        length = max_chars;
    }
    if (PyUnicode_IS_ASCII(str)) {
        memcpy(out, PyUnicode_DATA(str), length);
        return length;
    }
    int kind = PyUnicode_KIND(str);
    const void *data = PyUnicode_DATA(str);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        used += utf8_char(PyUnicode_READ(kind, data, (Py_ssize_t)i), out + used);
    }
    return used;
}

struct tf_text
rec_text_dup(PyObject *str)
{
    struct tf_text none = {NULL, 0};
    if (str == NULL || !PyUnicode_Check(str) || !PyUnicode_IS_READY(str)) {
        return none;
    }
    size_t length = (size_t)PyUnicode_GET_LENGTH(str);
    char *out = malloc(length * (PyUnicode_IS_ASCII(str) ? 1 : 4) + 1);
    if (out == NULL) {
        return none;
    }
    size_t len = rec_utf8(str, length, out);
    out[len] = '\0';
    return (struct tf_text){out, len};
}

static void
str_emit(struct tf_rows *rows, PyObject *str, const struct rec_val *val)
{
    size_t length = (size_t)PyUnicode_GET_LENGTH(str);
    size_t kept = val->kind == TF_VAL_STR_CUT ? rec.options->max_text : length;
    size_t most = PyUnicode_IS_ASCII(str) ? kept : kept * 4;
    if (!tf_rows_reserve(rows, most + 32)) {
        return;
    }
    if (PyUnicode_IS_ASCII(str)) {
        tf_rows_text(rows, (enum tf_value_kind)val->kind, PyUnicode_DATA(str), kept);
    }
    else {
        /* Encoded behind the place of the longest header, then moved to its end. */
        char *out = (char *)rows->data + rows->len + 16;
        size_t len = rec_utf8(str, kept, out);
        tf_rows_byte(rows, val->kind);
        tf_rows_u64(rows, len);
        memmove(rows->data + rows->len, out, len);
        rows->len += len;
    }
    if (val->kind == TF_VAL_STR_CUT) {
        tf_rows_u64(rows, length);
    }
}

static void
bytes_emit(struct tf_rows *rows, const char *bytes, size_t len,
           const struct rec_val *val)
{
    if (val->kind == TF_VAL_BYTES_CUT) {
        tf_rows_text_cut(rows, TF_VAL_BYTES_CUT, bytes, rec.options->max_text, len);
    }
    else {
        tf_rows_text(rows, TF_VAL_BYTES, bytes, len);
    }
}

static void
int_emit(struct tf_rows *rows, PyObject *n, const struct rec_val *val)
{
    if (val->kind == TF_VAL_INT) {
        tf_rows_int(rows, (int64_t)val->data);
        return;
    }
    size_t bits = rec_py_int_bits(n);
    if (val->kind == TF_VAL_BIGINT_CUT) {
        bool negative = rec_py_int_negative(n);
        tf_rows_text_cut(rows, TF_VAL_BIGINT_CUT, "-", negative, bits);
        return;
    }
    uint8_t bytes[INT_BYTES_MAX];
    size_t len = bits / 8 + 1; /* room for the sign */
    bool ok = rec_py_int_bytes(n, bytes, len);
    tf_rows_text(rows, TF_VAL_BIGINT, bytes, ok ? len : 0);
}

void
rec_scalar_emit(struct tf_rows *rows, const struct rec_src *src,
                const struct rec_val *val)
{
    size_t len;
    double re, im;
    switch (val->kind) {
    case TF_VAL_INT:
    case TF_VAL_BIGINT:
    case TF_VAL_BIGINT_CUT: int_emit(rows, src->obj, val); break;
    case TF_VAL_FLOAT:
        memcpy(&re, &val->data, sizeof re);
        tf_rows_float(rows, re);
        break;
    case TF_VAL_COMPLEX:
        re = ((PyComplexObject *)src->obj)->cval.real;
        im = ((PyComplexObject *)src->obj)->cval.imag;
        tf_rows_complex(rows, re, im);
        break;
    case TF_VAL_STR:
    case TF_VAL_STR_CUT:
        if (src->sort == SRC_TEXT) {
            tf_rows_text(rows, TF_VAL_STR, src->text, src->len);
        }
        else {
            str_emit(rows, src->obj, val);
        }
        break;
    case TF_VAL_BYTES:
    case TF_VAL_BYTES_CUT:
        if (src->sort == SRC_BLOB) {
            bytes_emit(rows, src->text, src->len, val);
        }
        else {
            const char *bytes = bytes_of(src->obj, &len);
            bytes_emit(rows, bytes, len, val);
        }
        break;
    case TF_VAL_ELIDED: tf_rows_elided(rows, (enum tf_elision)val->note, 0); break;
    default: tf_rows_value(rows, (enum tf_value_kind)val->kind); break;
    }
}
