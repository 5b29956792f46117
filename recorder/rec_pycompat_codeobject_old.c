/* Code objects up to 3.10: their parts are objects (Include/code.h, 3.9 and later
 * Include/cpython/code.h). */
#include "rec_pycompat_internal.h"

#if PY_VERSION_HEX < 0x030b0000

/* Locals, then cells, then free variables (Objects/frameobject.c, PyFrame_FastToLocals). An
 * argument that is a cell has both: its local is unbound from the start. */
uint32_t
rec_py_code_slot_count(PyCodeObject *code)
{
    return (uint32_t)(code->co_nlocals + PyTuple_GET_SIZE(code->co_cellvars)
                      + PyTuple_GET_SIZE(code->co_freevars));
}

PyObject *
rec_py_code_slot_name(PyCodeObject *code, uint32_t slot)
{
    Py_ssize_t i = (Py_ssize_t)slot - code->co_nlocals;
    if (i < 0) {
        return PyTuple_GET_ITEM(code->co_varnames, (Py_ssize_t)slot);
    }
    Py_ssize_t cells = PyTuple_GET_SIZE(code->co_cellvars);
    return i < cells ? PyTuple_GET_ITEM(code->co_cellvars, i)
                     : PyTuple_GET_ITEM(code->co_freevars, i - cells);
}

enum tf_slot_kind
rec_py_code_slot_kind(PyCodeObject *code, uint32_t slot)
{
    Py_ssize_t i = (Py_ssize_t)slot - code->co_nlocals;
    return i < 0                                     ? TF_SLOT_LOCAL
           : i < PyTuple_GET_SIZE(code->co_cellvars) ? TF_SLOT_CELL
                                                     : TF_SLOT_FREE;
}

PyObject *
rec_py_code_qualname(PyCodeObject *code)
{
    return code->co_name;
}

# if PY_VERSION_HEX >= 0x030a0000
/* Pairs: bytes of instructions, and how far their line is from the one before; -128: they
 * have none (Objects/lnotab_notes.txt, 3.10). */
bool
rec_py_code_lines(PyCodeObject *code,
                  void (*line)(void *ctx, uint32_t lineno, uint32_t off), void *ctx)
{
    const uint8_t *table = (const uint8_t *)PyBytes_AS_STRING(code->co_linetable);
    Py_ssize_t len = PyBytes_GET_SIZE(code->co_linetable);
    int lineno = code->co_firstlineno;
    uint32_t off = 0;
    for (Py_ssize_t i = 0; i + 1 < len; i += 2) {
        int delta = (int8_t)table[i + 1];
        lineno += delta != -128 ? delta : 0;
        if (table[i] > 0) {
            line(ctx, delta != -128 && lineno > 0 ? (uint32_t)lineno : 0, off);
        }
        off += table[i];
    }
    return true;
}
# else
/* Pairs: how far the next instruction and its line are from those before
 * (Objects/lnotab_notes.txt, 3.8 and 3.9). */
bool
rec_py_code_lines(PyCodeObject *code,
                  void (*line)(void *ctx, uint32_t lineno, uint32_t off), void *ctx)
{
    const uint8_t *table = (const uint8_t *)PyBytes_AS_STRING(code->co_lnotab);
    Py_ssize_t len = PyBytes_GET_SIZE(code->co_lnotab);
    int lineno = code->co_firstlineno;
    uint32_t off = 0;
    for (Py_ssize_t i = 0; i + 1 < len; i += 2) {
        if (table[i] > 0) {
            line(ctx, lineno > 0 ? (uint32_t)lineno : 0, off);
        }
        off += table[i];
        lineno += (int8_t)table[i + 1];
    }
    line(ctx, lineno > 0 ? (uint32_t)lineno : 0, off);
    return true;
}
# endif

uint32_t
rec_py_code_unit_count(PyCodeObject *code)
{
    return (uint32_t)(PyBytes_GET_SIZE(code->co_code)
                      / (Py_ssize_t)sizeof(_Py_CODEUNIT));
}

PyObject *
rec_py_code_object_bytes(PyCodeObject *code)
{
    Py_INCREF(code->co_code);
    return code->co_code;
}

#endif
