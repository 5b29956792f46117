/* What a code object says of itself. */
#include <stdlib.h>
#include <string.h>

#include "rec_pycompat_internal.h"

#if PY_VERSION_HEX >= 0x030b0000
# if PY_VERSION_HEX >= 0x030e0000
/* A module or class body whose cells are the compiler's (Python/symtable.c, 3.14): its
 * variables are in the mapping, and `f_locals` shows none of these. */
static bool
has_own_cells_only(PyCodeObject *code)
{
    static const char *const own[] = {"__class__", "__classdict__",
                                      "__conditional_annotations__"};
    bool all = !(code->co_flags & CO_OPTIMIZED);
    for (int i = code->co_nlocals; all && i < code->co_nlocalsplus; i++) {
        PyObject *name = PyTuple_GET_ITEM(code->co_localsplusnames, i);
        bool found = _PyLocals_GetKind(code->co_localspluskinds, i) & CO_FAST_FREE;
        for (size_t k = 0; k < sizeof own / sizeof *own; k++) {
            found |= rec_py_str_is(name, own[k]);
        }
        all = found;
    }
    return all;
}
# endif

uint32_t
rec_py_code_slot_count(PyCodeObject *code)
{
# if PY_VERSION_HEX >= 0x030e0000
    if (has_own_cells_only(code)) {
        return (uint32_t)code->co_nlocals;
    }
# endif
    return (uint32_t)code->co_nlocalsplus;
}

PyObject *
rec_py_code_slot_name(PyCodeObject *code, uint32_t slot)
{
    return PyTuple_GET_ITEM(code->co_localsplusnames, slot);
}

enum tf_slot_kind
rec_py_code_slot_kind(PyCodeObject *code, uint32_t slot)
{
    _PyLocals_Kind kind = _PyLocals_GetKind(code->co_localspluskinds, (int)slot);
    if (kind & CO_FAST_FREE) {
        return TF_SLOT_FREE;
    }
    return kind & CO_FAST_CELL ? TF_SLOT_CELL : TF_SLOT_LOCAL;
}

PyObject *
rec_py_code_qualname(PyCodeObject *code)
{
    return code->co_qualname;
}
#endif

uint32_t
rec_py_code_arg_count(PyCodeObject *code)
{
    int count = code->co_argcount + code->co_kwonlyargcount;
    count += (code->co_flags & CO_VARARGS) != 0;
    count += (code->co_flags & CO_VARKEYWORDS) != 0;
    return (uint32_t)count;
}

bool
rec_py_code_has_mapping(PyCodeObject *code)
{
    return !(code->co_flags & CO_OPTIMIZED);
}

bool
rec_py_code_is_generator(PyCodeObject *code)
{
    return code->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR);
}

#if PY_VERSION_HEX >= 0x030b0000
/* A number in pieces of six bits, the lowest first; bit 6: another follows. */
static uint32_t
take_number(const uint8_t **at, const uint8_t *end)
{
    uint32_t number = 0;
    for (unsigned shift = 0; *at < end && shift < 32; shift += 6) {
        uint8_t byte = *(*at)++;
        number |= (uint32_t)(byte & 63) << shift;
        if (!(byte & 64)) {
            break;
        }
    }
    return number;
}

/* co_linetable of 3.11 and later (Objects/locations.md, later InternalDocs/code_objects.md):
 * an entry's first byte has bit 7, a code of four bits and the count of units less one. */
static int32_t
take_line_delta(const uint8_t **at, const uint8_t *end, unsigned code)
{
    if (code == 13 || code == 14) { /* signed: the lowest bit is the sign */
        uint32_t number = take_number(at, end);
        return number & 1 ? -(int32_t)(number >> 1) : (int32_t)(number >> 1);
    }
    return code >= 10 && code <= 12 ? (int32_t)code - 10 : 0;
}

bool
rec_py_code_lines(PyCodeObject *code,
                  void (*line)(void *ctx, uint32_t lineno, uint32_t off), void *ctx)
{
    const uint8_t *at = (const uint8_t *)PyBytes_AS_STRING(code->co_linetable);
    const uint8_t *end = at + PyBytes_GET_SIZE(code->co_linetable);
    int32_t lineno = code->co_firstlineno;
    uint32_t off = 0;
    while (at < end) {
        uint8_t head = *at++;
        unsigned kind = head >> 3 & 15;
        lineno += take_line_delta(&at, end, kind);
        line(ctx, kind == 15 || lineno < 0 ? 0 : (uint32_t)lineno, off);
        off += ((head & 7u) + 1) * (uint32_t)sizeof(_Py_CODEUNIT);
        while (at < end && !(*at & 0x80)) {
            at++;
        }
    }
    return true;
}

PyObject *
rec_py_code_object_bytes(PyCodeObject *code)
{
    return PyCode_GetCode(code);
}

uint32_t
rec_py_code_unit_count(PyCodeObject *code)
{
    return (uint32_t)Py_SIZE(code);
}
#endif

uint8_t *
rec_py_code_bytes(PyCodeObject *code, uint32_t unit_count)
{
    PyObject *bytes = rec_py_code_object_bytes(code);
    size_t len = (size_t)unit_count * sizeof(_Py_CODEUNIT);
    uint8_t *copy = malloc(len + 1);
    if (bytes == NULL || copy == NULL || (size_t)PyBytes_GET_SIZE(bytes) < len) {
        free(copy);
        copy = NULL;
    }
    else {
        memcpy(copy, PyBytes_AS_STRING(bytes), len);
    }
    Py_XDECREF(bytes);
    PyErr_Clear();
    return copy;
}

PyObject *
rec_py_code_name(PyCodeObject *code, uint32_t idx)
{
    return PyTuple_GET_ITEM(code->co_names, (Py_ssize_t)idx);
}

PyObject *
rec_py_code_const(PyCodeObject *code, uint32_t idx)
{
    return PyTuple_GET_ITEM(code->co_consts, (Py_ssize_t)idx);
}

#if PY_VERSION_HEX >= 0x030c0000
# define REQUEST_EXTRA PyUnstable_Eval_RequestCodeExtraIndex
# define GET_EXTRA     PyUnstable_Code_GetExtra
# define SET_EXTRA     PyUnstable_Code_SetExtra
#else
# define REQUEST_EXTRA _PyEval_RequestCodeExtraIndex
# define GET_EXTRA     _PyCode_GetExtra
# define SET_EXTRA     _PyCode_SetExtra
#endif

static Py_ssize_t extra_index = -1;

int
rec_py_code_extra_init(void (*release)(void *extra))
{
    if (extra_index < 0) {
        extra_index = (Py_ssize_t)REQUEST_EXTRA(release);
    }
    return extra_index < 0 ? -1 : 0;
}

void *
rec_py_code_extra(PyCodeObject *code)
{
    void *extra = NULL;
    GET_EXTRA((PyObject *)code, extra_index, &extra);
    return extra;
}

bool
rec_py_code_set_extra(PyCodeObject *code, void *extra)
{
    if (SET_EXTRA((PyObject *)code, extra_index, extra) < 0) {
        PyErr_Clear();
        return false;
    }
    return true;
}
