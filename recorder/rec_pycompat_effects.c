/* Which instructions change objects, and where these lie on the value stack. */
#include "rec_pycompat_internal.h"

#include <opcode.h>

#include "rec_pycompat_code.h"

/* Does the instruction name a global of the module in co_names? */
static bool
names_global(unsigned opcode)
{
    switch (opcode) {
    case LOAD_GLOBAL:
    case STORE_GLOBAL:
    case DELETE_GLOBAL:
#ifdef LOAD_FROM_DICT_OR_GLOBALS
    case LOAD_FROM_DICT_OR_GLOBALS:
#endif
    case LOAD_NAME: return true;
    default: return false;
    }
}

bool
rec_py_code_globals(PyCodeObject *code, uint8_t *used)
{
    PyObject *bytes = rec_py_code_object_bytes(code);
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
        Py_ssize_t name =
            opcode == LOAD_GLOBAL && PY_VERSION_HEX >= 0x030b0000 ? arg >> 1 : arg;
        if (names_global(opcode) && name < names) {
            used[name] = 1;
        }
        if (opcode != EXTENDED_ARG) {
            arg = 0;
        }
    }
    Py_DECREF(bytes);
    return true;
}

static enum rec_effect
effect_of(const struct rec_insn *insn, PyCodeObject *code)
{
    switch ((enum rec_act)insn->act) {
    case REC_ACT_STORE_FAST: return insn->pops > 0 ? REC_EFFECT_STORE : REC_EFFECT_NONE;
    case REC_ACT_STORE_FAST_LOAD: return REC_EFFECT_STORE_LOAD;
    case REC_ACT_STORE_FAST_STORE: return REC_EFFECT_STORE_STORE;
    case REC_ACT_STORE_ATTR: return REC_EFFECT_ATTR;
    case REC_ACT_ATTR:
        return (Py_ssize_t)insn->arg < PyTuple_GET_SIZE(code->co_names)
                       && rec_py_str_is(PyTuple_GET_ITEM(code->co_names, insn->arg),
                                        "__dict__")
                   ? REC_EFFECT_ATTR
                   : REC_EFFECT_NONE;
    case REC_ACT_STORE_SUBSCR:
    case REC_ACT_DELETE_SUBSCR: return REC_EFFECT_STORE_SUBSCR;
    case REC_ACT_STORE_SLICE: return REC_EFFECT_STORE_SLICE;
    case REC_ACT_INPLACE: return REC_EFFECT_INPLACE;
    case REC_ACT_SET_ADD: /* elsewhere that of a comprehension, which has no name yet */
        return rec_py_code_has_mapping(code) ? REC_EFFECT_SET_ADD : REC_EFFECT_NONE;
    case REC_ACT_STORE_CELL: return REC_EFFECT_CELL;
    case REC_ACT_CALL: return REC_EFFECT_CALL;
    case REC_ACT_CALL_KW: return REC_EFFECT_CALL_KW;
    case REC_ACT_CALL_EX: return REC_EFFECT_CALL_EX;
    default: return REC_EFFECT_NONE;
    }
}

/* Up to 3.11 no opcode event comes for what follows an EXTENDED_ARG (Python/ceval.c); later
 * one comes for each of them. */
static void
note_extended(uint8_t *effect, uint32_t *arg, uint32_t first, uint32_t unit)
{
    if (first < unit && effect[unit] != REC_EFFECT_STORE
        && PY_VERSION_HEX < 0x030c0000) {
        effect[first] = effect[unit] & (uint8_t)~REC_EFFECT_JUMPS;
        arg[first] = arg[unit];
    }
}

/* What rec_py_call() wants of an instruction. */
static uint32_t
call_argument(const struct rec_insn *insn)
{
    bool calls = insn->act == REC_ACT_CALL || insn->act == REC_ACT_CALL_KW;
    return PY_VERSION_HEX < 0x030b0000 && calls ? insn->arg << 1 | insn->alone
                                                : insn->arg;
}

bool
rec_py_code_effects(PyCodeObject *code, uint8_t *effect, uint32_t *arg)
{
    PyObject *bytes = rec_py_code_object_bytes(code);
    if (bytes == NULL) {
        PyErr_Clear();
        return false;
    }
    const uint8_t *unit = (const uint8_t *)PyBytes_AS_STRING(bytes);
    uint32_t count = (uint32_t)PyBytes_GET_SIZE(bytes) / 2;
    struct rec_insn insn;
    for (uint32_t i = 0; i < count; i = insn.unit + 1) {
        rec_py_code_decode(code, unit, count, i, &insn);
        arg[insn.unit] = call_argument(&insn);
        effect[insn.unit] =
            (uint8_t)(effect_of(&insn, code)
                      | (insn.target != REC_NO_UNIT || !insn.falls ? REC_EFFECT_JUMPS
                                                                   : 0));
        note_extended(effect, arg, i, insn.unit);
    }
    Py_DECREF(bytes);
    return true;
}

/* The stack holds: method or NULL, callable or self, arguments up to 3.12; then callable or
 * method, NULL or self (Python/bytecodes.c, CALL). */
bool
rec_py_call(rec_py_ref *stack_top, uint32_t arg, bool names, struct rec_call *ret)
{
#if PY_VERSION_HEX < 0x030b0000
    bool alone = arg & 1; /* the callable, without NULL or self */
    arg >>= 1;
    rec_py_ref *base = stack_top - arg - 2 - (names ? 1 : 0);
    PyObject *first = alone ? NULL : base[0], *second = base[1];
#else
    rec_py_ref *base = stack_top - arg - 2 - (names ? 1 : 0);
    PyObject *first = rec_py_ref_get(base[0]), *second = rec_py_ref_get(base[1]);
#endif
    ret->callable = first != NULL ? first : second;
    ret->arg_count = 0;
    if (first != NULL && second != NULL) {
        ret->arg[ret->arg_count++] = second;
    }
    if (arg >= REC_CALL_ARGS) {
        return false;
    }
    for (uint32_t i = 0; i < arg; i++) {
        PyObject *value = rec_py_ref_get(base[2 + i]);
        if (value != NULL) {
            ret->arg[ret->arg_count++] = value;
        }
    }
    return ret->callable != NULL;
}

/* Above the callable: a tuple, and a dict if `arg` & 1; from 3.13 on a NULL before these, and
 * from 3.14 on a NULL instead of the dict (Python/bytecodes.c, CALL_FUNCTION_EX). */
void
rec_py_call_ex(rec_py_ref *stack_top, uint32_t arg, PyObject **ret_callable,
               PyObject **ret_args)
{
#if PY_VERSION_HEX >= 0x030e0000
    (void)arg;
    rec_py_ref *args = stack_top - 2;
#else
    rec_py_ref *args = stack_top - 1 - (arg & 1);
#endif
    *ret_args = rec_py_ref_get(args[0]);
    *ret_callable = rec_py_ref_get(args[PY_VERSION_HEX >= 0x030d0000 ? -2 : -1]);
}
