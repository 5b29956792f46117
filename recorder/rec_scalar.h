/* Values that have no identity: None, bool, int, float, complex, str, bytes.
 *
 * Making, comparing and writing them runs no Python code and makes no Python object. */
#ifndef REC_SCALAR_H
#define REC_SCALAR_H

#include "rec_state.h"

/* What an object holds at one place. */
enum rec_src_sort {
    SRC_OBJ,    /* any object */
    SRC_AS_INT, /* the built-in part of an instance of a subclass of int ... */
    SRC_AS_STR,
    SRC_AS_BYTES, /* bytes or bytearray */
    SRC_AS_COMPLEX,
    SRC_INT, /* made while reading */
    SRC_REAL,
    SRC_TEXT, /* UTF-8 */
    SRC_BLOB, /* bytes */
    SRC_UNBOUND,
    SRC_REDACTED,
};

static inline struct rec_src
rec_src_obj(PyObject *obj)
{
    return (struct rec_src){.sort = obj != NULL ? SRC_OBJ : SRC_UNBOUND, .obj = obj};
}

/* The value as the recording would hold it. False when it is an object with identity. */
bool rec_scalar_make(const struct rec_src *src, struct rec_val *ret);
/* Appends the value that rec_scalar_make() made to `rows`. */
void rec_scalar_emit(struct tf_rows *rows, const struct rec_src *src,
                     const struct rec_val *val);

/* Likewise what rec_py_small_scalar() made. */
static inline void
rec_small_scalar_emit(struct tf_rows *rows, const struct rec_val *val)
{
    switch (val->kind) {
    case TF_VAL_INT: tf_rows_int(rows, (int64_t)val->data); break;
    case TF_VAL_FLOAT: tf_rows_float_bits(rows, val->data); break;
    default: tf_rows_value(rows, (enum tf_value_kind)val->kind); break;
    }
}

static inline uint32_t
rec_fold_hash(Py_hash_t hash)
{
    return (uint32_t)((uint64_t)hash ^ (uint64_t)hash >> 32);
}

/* The usual text: rec_scalar_make() and rec_scalar_emit() in one. False: it is another. */
#define REC_SHORT_TEXT 127u

static inline bool
rec_short_text_emit(struct tf_rows *rows, PyObject *obj, struct rec_val *ret)
{
    if (!PyUnicode_CheckExact(obj) || !PyUnicode_IS_COMPACT_ASCII(obj)) {
        return false;
    }
    size_t len = (size_t)PyUnicode_GET_LENGTH(obj);
    Py_hash_t hash = ((PyASCIIObject *)obj)->hash;
    if (len > REC_SHORT_TEXT || len > rec.options->max_text || hash == -1) {
        return false;
    }
    *ret = (struct rec_val){
        .kind = TF_VAL_STR, .hash = rec_fold_hash(hash), .data = (uintptr_t)obj};
    if (tf_rows_reserve(rows, 2 + len)) {
        uint8_t *at = rows->data + rows->len;
        at[0] = TF_VAL_STR;
        at[1] = (uint8_t)len;
        memcpy(at + 2, PyUnicode_DATA(obj), len);
        rows->len += 2 + len;
    }
    return true;
}

/* Was anything cut off? */
static inline bool
rec_scalar_is_cut(const struct rec_val *val)
{
    return val->kind == TF_VAL_STR_CUT || val->kind == TF_VAL_BYTES_CUT
           || val->kind == TF_VAL_BIGINT_CUT;
}

static inline bool
rec_val_equal(const struct rec_val *a, const struct rec_val *b)
{
    return a->kind == b->kind && a->data == b->data && a->hash == b->hash
           && a->note == b->note;
}

/* UTF-8 (lone surrogates as surrogatepass) of the first `max_chars` characters; needs at
 * most 4 bytes a character in `out`. `str` is an exact str or of a subclass. */
size_t rec_utf8(PyObject *str, size_t max_chars, char *out);
/* The whole of it in memory of its own (free() it); {NULL, 0} when memory ran out or `str`
 * is no readable str. */
struct tf_text rec_text_dup(PyObject *str);

#endif
