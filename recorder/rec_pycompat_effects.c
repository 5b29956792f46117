/* Which instructions change objects, and where these lie on the value stack. */
#include "rec_pycompat_internal.h"

#include <opcode.h>

bool
rec_py_code_globals(PyCodeObject *code, uint8_t *used)
{
    PyObject *bytes = PyCode_GetCode(code);
    if (bytes == NULL) {
        PyErr_Clear();
        return false;
    }
    const uint8_t *unit = (const uint8_t *)PyBytes_AS_STRING(bytes);
    Py_ssize_t names = PyTuple_GET_SIZE(code->co_names);
    Py_ssize_t end = PyBytes_GET_SIZE(bytes);
    Py_ssize_t arg = 0;
    for (Py_ssize_t i = 0; i + 1 < end; i += 2) {
        unsigned opcode = unit[i];
        arg = arg << 8 | unit[i + 1];
        Py_ssize_t name = opcode == LOAD_GLOBAL ? arg >> 1 : arg;
        switch (opcode) {
        case LOAD_GLOBAL:
        case STORE_GLOBAL:
        case DELETE_GLOBAL:
        case LOAD_NAME:
            if (name < names) {
                used[name] = 1;
            }
            break;
        default: break;
        }
        if (opcode != EXTENDED_ARG) {
            arg = 0;
        }
    }
    Py_DECREF(bytes);
    return true;
}

static bool
is_jump(unsigned opcode)
{
    switch (opcode) {
    case FOR_ITER:
    case SEND:
    case JUMP_FORWARD:
    case JUMP_BACKWARD:
    case JUMP_BACKWARD_NO_INTERRUPT:
    case JUMP_IF_FALSE_OR_POP:
    case JUMP_IF_TRUE_OR_POP:
    case POP_JUMP_FORWARD_IF_FALSE:
    case POP_JUMP_FORWARD_IF_TRUE:
    case POP_JUMP_FORWARD_IF_NONE:
    case POP_JUMP_FORWARD_IF_NOT_NONE:
    case POP_JUMP_BACKWARD_IF_FALSE:
    case POP_JUMP_BACKWARD_IF_TRUE:
    case POP_JUMP_BACKWARD_IF_NONE:
    case POP_JUMP_BACKWARD_IF_NOT_NONE: return true;
    default: return false;
    }
}

static enum rec_effect
opcode_effect(unsigned opcode, uint32_t arg, bool reads_dict)
{
    switch (opcode) {
    case STORE_FAST: return REC_EFFECT_STORE;
    case STORE_ATTR:
    case DELETE_ATTR: return REC_EFFECT_ATTR;
    case LOAD_ATTR: return reads_dict ? REC_EFFECT_ATTR : REC_EFFECT_NONE;
    case STORE_SUBSCR:
    case DELETE_SUBSCR: return REC_EFFECT_STORE_SUBSCR;
    case BINARY_OP: return arg >= NB_INPLACE_ADD ? REC_EFFECT_INPLACE : REC_EFFECT_NONE;
    case STORE_DEREF:
    case DELETE_DEREF: return REC_EFFECT_CELL;
    case CALL: return REC_EFFECT_CALL;
    case CALL_FUNCTION_EX: return REC_EFFECT_CALL_EX;
    default: return REC_EFFECT_NONE;
    }
}

bool
rec_py_code_effects(PyCodeObject *code, uint8_t *effect, uint32_t *arg)
{
    PyObject *bytes = PyCode_GetCode(code);
    if (bytes == NULL) {
        PyErr_Clear();
        return false;
    }
    const uint8_t *unit = (const uint8_t *)PyBytes_AS_STRING(bytes);
    Py_ssize_t count = PyBytes_GET_SIZE(bytes) / 2;
    Py_ssize_t first = 0; /* unit at which the instruction's EXTENDED_ARGs begin */
    uint32_t extended = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        unsigned opcode = unit[2 * i];
        extended = extended << 8 | unit[2 * i + 1];
        if (opcode == EXTENDED_ARG) {
            continue;
        }
        arg[i] = extended;
        bool reads_dict = opcode == LOAD_ATTR
                          && (Py_ssize_t)extended < PyTuple_GET_SIZE(code->co_names)
                          && _PyUnicode_EqualToASCIIString(
                              PyTuple_GET_ITEM(code->co_names, extended), "__dict__");
        effect[i] = (uint8_t)(opcode_effect(opcode, extended, reads_dict)
                              | (is_jump(opcode) ? REC_EFFECT_JUMPS : 0));
        if (first < i && effect[i] != REC_EFFECT_STORE) {
            /* No opcode event comes for what follows an EXTENDED_ARG (Python/ceval.c). */
            effect[first] = effect[i] & (uint8_t)~REC_EFFECT_JUMPS;
            arg[first] = extended;
        }
        extended = 0;
        first = i + 1;
    }
    Py_DECREF(bytes);
    return true;
}

/* The stack holds: method or NULL, callable or self, arguments (Python/ceval.c, CALL). */
void
rec_py_call(PyObject **stack_top, uint32_t arg, struct rec_call *ret)
{
    PyObject **base = stack_top - arg - 2;
    bool is_method = base[0] != NULL;
    ret->callable = base[is_method ? 0 : 1];
    ret->arg = base + (is_method ? 1 : 2);
    ret->arg_count = arg + (is_method ? 1u : 0u);
}
