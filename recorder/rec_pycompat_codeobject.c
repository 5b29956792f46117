/* What a code object says of itself. */
#include <stdlib.h>
#include <string.h>

#include "rec_pycompat_internal.h"

uint32_t
rec_py_code_slot_count(PyCodeObject *code)
{
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

bool
rec_py_code_lines(PyCodeObject *code,
                  void (*line)(void *ctx, uint32_t lineno, uint32_t off), void *ctx)
{
    PyCodeAddressRange bounds;
    _PyCode_InitAddressRange(code, &bounds);
    while (_PyLineTable_NextAddressRange(&bounds)) {
        line(ctx, bounds.ar_line > 0 ? (uint32_t)bounds.ar_line : 0,
             (uint32_t)bounds.ar_start);
    }
    return true;
}

uint32_t
rec_py_code_unit_count(PyCodeObject *code)
{
    return (uint32_t)Py_SIZE(code);
}

uint8_t *
rec_py_code_bytes(PyCodeObject *code, uint32_t unit_count)
{
    PyObject *bytes = PyCode_GetCode(code);
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

static Py_ssize_t extra_index = -1;

int
rec_py_code_extra_init(void (*release)(void *extra))
{
    if (extra_index < 0) {
        extra_index = _PyEval_RequestCodeExtraIndex(release);
    }
    return extra_index < 0 ? -1 : 0;
}

void *
rec_py_code_extra(PyCodeObject *code)
{
    void *extra = NULL;
    _PyCode_GetExtra((PyObject *)code, extra_index, &extra);
    return extra;
}

bool
rec_py_code_set_extra(PyCodeObject *code, void *extra)
{
    if (_PyCode_SetExtra((PyObject *)code, extra_index, extra) < 0) {
        PyErr_Clear();
        return false;
    }
    return true;
}
