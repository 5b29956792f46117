/* Instructions up to 3.10, as rec_pycompat_code.c has those of later versions. Facts:
 * Lib/opcode.py and Python/ceval.c of 3.8, 3.9 and 3.10; tests/oracle notices when one is
 * wrong. */
#include "rec_pycompat_internal.h"

#include "rec_pycompat_code.h"

#if PY_VERSION_HEX < 0x030b0000

# include <opcode.h>

/* --- Lines --- */

# if PY_VERSION_HEX >= 0x030a0000
static int
line_of(PyCodeObject *code, uint32_t unit)
{
    return PyCode_Addr2Line(code, (int)(unit * sizeof(_Py_CODEUNIT)));
}

/* As maybe_call_line_trace() decides it (Python/ceval.c, 3.10). */
bool
rec_py_code_fires(PyCodeObject *code, uint32_t from, uint32_t unit, bool begins)
{
    (void)begins;
    int line = line_of(code, unit);
    return line != -1 && (unit < from || line != line_of(code, from));
}

# else
/* As maybe_call_line_trace() decides it (Python/ceval.c, 3.8 and 3.9): at the first
 * instruction of a line's run, and whenever it goes back. */
bool
rec_py_code_fires(PyCodeObject *code, uint32_t from, uint32_t unit, bool begins)
{
    PyAddrPair bounds;
    int off = (int)(unit * sizeof(_Py_CODEUNIT));
    (void)begins;
    if (unit < from) {
        return true;
    }
    _PyCode_CheckLineNumber(code, off, &bounds);
    return bounds.ap_lower == off;
}
# endif

/* The blocks of handlers are on the frame's own stack: not asked for. */
int64_t
rec_py_code_handler(PyCodeObject *code, uint32_t unit)
{
    (void)code;
    (void)unit;
    return REC_HANDLER_UNKNOWN;
}

/* --- What an instruction takes and gives --- */

struct form {
    uint8_t act, pops, pushes;
};

/* Those whose operands do not depend on their argument. An exception goes to its handler
 * with an event, so that what SETUP_FINALLY and its like point to is not followed. */
static const struct form forms[256] = {
    [NOP] = {REC_ACT_PLAIN, 0, 0},
    [POP_TOP] = {REC_ACT_PLAIN, 1, 0},
    [UNARY_POSITIVE] = {REC_ACT_PLAIN, 1, 1},
    [UNARY_NEGATIVE] = {REC_ACT_PLAIN, 1, 1},
    [UNARY_INVERT] = {REC_ACT_PLAIN, 1, 1},
    [UNARY_NOT] = {REC_ACT_SCALAR, 1, 1},
    [BINARY_SUBSCR] = {REC_ACT_SUBSCR, 2, 1},
    [STORE_SUBSCR] = {REC_ACT_STORE_SUBSCR, 3, 0},
    [DELETE_SUBSCR] = {REC_ACT_DELETE_SUBSCR, 2, 0},
    [GET_ITER] = {REC_ACT_ITER, 1, 1},
    [GET_YIELD_FROM_ITER] = {REC_ACT_PLAIN, 1, 1},
    [GET_AITER] = {REC_ACT_PLAIN, 1, 1},
    [GET_ANEXT] = {REC_ACT_PLAIN, 0, 1},
    [GET_AWAITABLE] = {REC_ACT_PLAIN, 1, 1},
    [PRINT_EXPR] = {REC_ACT_PLAIN, 1, 0},
    [LOAD_BUILD_CLASS] = {REC_ACT_SCALAR, 0, 1},
    [SETUP_ANNOTATIONS] = {REC_ACT_PLAIN, 0, 0},
    [IMPORT_STAR] = {REC_ACT_STORE_NAME, 1, 0},
    [RETURN_VALUE] = {REC_ACT_END, 1, 0},
    [YIELD_VALUE] = {REC_ACT_END, 1, 1},
    [YIELD_FROM] = {REC_ACT_PLAIN, 2, 1}, /* or yields, which is an event */
    [STORE_NAME] = {REC_ACT_STORE_NAME, 1, 0},
    [DELETE_NAME] = {REC_ACT_STORE_NAME, 0, 0},
    [STORE_GLOBAL] = {REC_ACT_STORE_NAME, 1, 0},
    [DELETE_GLOBAL] = {REC_ACT_STORE_NAME, 0, 0},
    [STORE_ATTR] = {REC_ACT_STORE_ATTR, 2, 0},
    [DELETE_ATTR] = {REC_ACT_STORE_ATTR, 1, 0},
    [LOAD_CONST] = {REC_ACT_CONST, 0, 1},
    [LOAD_NAME] = {REC_ACT_NAME, 0, 1},
    [LOAD_GLOBAL] = {REC_ACT_GLOBAL, 0, 1},
    [LOAD_ATTR] = {REC_ACT_ATTR, 1, 1},
    [LOAD_METHOD] = {REC_ACT_METHOD, 1, 2},
    [COMPARE_OP] = {REC_ACT_PLAIN, 2, 1},
    [IMPORT_NAME] = {REC_ACT_PLAIN, 2, 1},
    [IMPORT_FROM] = {REC_ACT_PLAIN, 0, 1},
    [LOAD_FAST] = {REC_ACT_FAST, 0, 1},
    [STORE_FAST] = {REC_ACT_STORE_FAST, 1, 0},
    [DELETE_FAST] = {REC_ACT_STORE_FAST, 0, 0},
    [LOAD_CLOSURE] = {REC_ACT_SCALAR, 0, 1},
    [LOAD_DEREF] = {REC_ACT_CELL, 0, 1},
    [LOAD_CLASSDEREF] = {REC_ACT_PLAIN, 0, 1},
    [STORE_DEREF] = {REC_ACT_STORE_CELL, 1, 0},
    [DELETE_DEREF] = {REC_ACT_STORE_CELL, 0, 0},
    [LIST_APPEND] = {REC_ACT_PLAIN, 1, 0},
    [SET_ADD] = {REC_ACT_PLAIN, 1, 0},
    [MAP_ADD] = {REC_ACT_PLAIN, 2, 0},
    [JUMP_FORWARD] = {REC_ACT_PLAIN, 0, 0},
    [JUMP_ABSOLUTE] = {REC_ACT_PLAIN, 0, 0},
    [POP_JUMP_IF_FALSE] = {REC_ACT_PLAIN, 1, 0},
    [POP_JUMP_IF_TRUE] = {REC_ACT_PLAIN, 1, 0},
    [JUMP_IF_FALSE_OR_POP] = {REC_ACT_PLAIN, 1, 0},
    [JUMP_IF_TRUE_OR_POP] = {REC_ACT_PLAIN, 1, 0},
    [FOR_ITER] = {REC_ACT_FOR_ITER, 0, 1},
    [SETUP_FINALLY] = {REC_ACT_PLAIN, 0, 0},
    [SETUP_WITH] = {REC_ACT_PLAIN, 1, 2},
    [BEFORE_ASYNC_WITH] = {REC_ACT_PLAIN, 1, 2},
    [SETUP_ASYNC_WITH] = {REC_ACT_PLAIN, 0, 0},
    [POP_BLOCK] = {REC_ACT_PLAIN, 0, 0},
    [POP_EXCEPT] = {REC_ACT_PLAIN, 3, 0},
    [END_ASYNC_FOR] = {REC_ACT_OPEN, 0, 0},
# if PY_VERSION_HEX >= 0x03090000
    [LIST_TO_TUPLE] = {REC_ACT_FRESH, 1, 1},
    [IS_OP] = {REC_ACT_SCALAR, 2, 1},
    [CONTAINS_OP] = {REC_ACT_CONTAINS, 2, 1},
    [JUMP_IF_NOT_EXC_MATCH] = {REC_ACT_PLAIN, 2, 0},
    [LIST_EXTEND] = {REC_ACT_ITERATE, 1, 0},
    [SET_UPDATE] = {REC_ACT_ITERATE, 1, 0},
    [DICT_MERGE] = {REC_ACT_ITERATE, 1, 0},
    [DICT_UPDATE] = {REC_ACT_ITERATE, 1, 0},
    [LOAD_ASSERTION_ERROR] = {REC_ACT_PLAIN, 0, 1},
    [WITH_EXCEPT_START] = {REC_ACT_OPEN, 0, 1}, /* calls __exit__ */
    [RERAISE] = {REC_ACT_OPEN, 0, 0},
# else
    [BEGIN_FINALLY] = {REC_ACT_NULL, 0, 1},
    [WITH_CLEANUP_START] = {REC_ACT_OPEN, 0, 0}, /* calls __exit__ */
    [WITH_CLEANUP_FINISH] = {REC_ACT_OPEN, 0, 0},
    [END_FINALLY] = {REC_ACT_OPEN, 0, 0},
    [CALL_FINALLY] = {REC_ACT_OPEN, 0, 0},
    [POP_FINALLY] = {REC_ACT_OPEN, 0, 0},
# endif
# if PY_VERSION_HEX >= 0x030a0000
    [GEN_START] = {REC_ACT_PLAIN, 1, 0},
    [GET_LEN] = {REC_ACT_SCALAR, 0, 1},
    [MATCH_MAPPING] = {REC_ACT_SCALAR, 0, 1},
    [MATCH_SEQUENCE] = {REC_ACT_SCALAR, 0, 1},
    [MATCH_KEYS] = {REC_ACT_PLAIN, 0, 2},
    [MATCH_CLASS] = {REC_ACT_PLAIN, 3, 2},
    [COPY_DICT_WITHOUT_KEYS] = {REC_ACT_PLAIN, 1, 1},
# endif
};

/* Operators stand together: BINARY_* give something new, INPLACE_* may change the left. */
static struct form
operator_form(unsigned opcode)
{
    switch (opcode) {
    case BINARY_POWER:
    case BINARY_MULTIPLY:
    case BINARY_MATRIX_MULTIPLY:
    case BINARY_MODULO:
    case BINARY_ADD:
    case BINARY_SUBTRACT:
    case BINARY_FLOOR_DIVIDE:
    case BINARY_TRUE_DIVIDE:
    case BINARY_LSHIFT:
    case BINARY_RSHIFT:
    case BINARY_AND:
    case BINARY_XOR:
    case BINARY_OR: return (struct form){REC_ACT_PLAIN, 2, 1};
    case INPLACE_POWER:
    case INPLACE_MULTIPLY:
    case INPLACE_MATRIX_MULTIPLY:
    case INPLACE_MODULO:
    case INPLACE_ADD:
    case INPLACE_SUBTRACT:
    case INPLACE_FLOOR_DIVIDE:
    case INPLACE_TRUE_DIVIDE:
    case INPLACE_LSHIFT:
    case INPLACE_RSHIFT:
    case INPLACE_AND:
    case INPLACE_XOR:
    case INPLACE_OR: return (struct form){REC_ACT_INPLACE, 2, 1};
    default: return (struct form){REC_ACT_UNKNOWN, 0, 0};
    }
}

static void
set_form(struct rec_insn *ret, enum rec_act act, uint32_t pops, uint32_t pushes)
{
    ret->act = (uint8_t)act;
    ret->pops = pops;
    ret->pushes = pushes;
}

static void
decode_call(unsigned opcode, uint32_t arg, struct rec_insn *ret)
{
    switch (opcode) {
    case CALL_METHOD: set_form(ret, REC_ACT_CALL, arg + 2, 1); break;
    case CALL_FUNCTION:
        set_form(ret, REC_ACT_CALL, arg + 1, 1);
        ret->alone = true;
        break;
    case CALL_FUNCTION_KW: /* the names lie on top */
        set_form(ret, REC_ACT_CALL_KW, arg + 2, 1);
        ret->alone = true;
        break;
    default: /* CALL_FUNCTION_EX */
        set_form(ret, REC_ACT_CALL_EX, 2 + (arg & 1), 1);
        ret->callee = ret->pops;
        break;
    }
}

static void
decode_stack(unsigned opcode, uint32_t arg, struct rec_insn *ret)
{
    switch (opcode) {
    case ROT_TWO:
    case ROT_THREE:
    case ROT_FOUR:
        set_form(ret, REC_ACT_ROTATE, 0, 0);
        ret->arg = opcode == ROT_TWO ? 2 : opcode == ROT_THREE ? 3 : 4;
        break;
# if PY_VERSION_HEX >= 0x030a0000
    case ROT_N: set_form(ret, REC_ACT_ROTATE, 0, 0); break;
# endif
    case DUP_TOP:
    case DUP_TOP_TWO:
        set_form(ret, REC_ACT_COPY, 0, opcode == DUP_TOP ? 1 : 2);
        ret->arg = ret->pushes;
        break;
    case UNPACK_SEQUENCE: set_form(ret, REC_ACT_UNPACK, 1, arg); break;
    default: /* UNPACK_EX */
        set_form(ret, REC_ACT_UNPACK, 1, (arg & 0xff) + (arg >> 8) + 1);
        break;
    }
}

static void
decode_counted(unsigned opcode, uint32_t arg, struct rec_insn *ret)
{
    struct form form;
    switch (opcode) {
    case BUILD_TUPLE:
    case BUILD_LIST:
    case BUILD_SET:
    case BUILD_SLICE: set_form(ret, REC_ACT_FRESH, arg, 1); break;
    case BUILD_STRING: set_form(ret, REC_ACT_SCALAR, arg, 1); break;
    case BUILD_MAP: set_form(ret, REC_ACT_FRESH, 2 * arg, 1); break;
    case BUILD_CONST_KEY_MAP: set_form(ret, REC_ACT_FRESH, arg + 1, 1); break;
    case FORMAT_VALUE: set_form(ret, REC_ACT_SCALAR, (arg & 4) != 0 ? 2 : 1, 1); break;
    case MAKE_FUNCTION:
        set_form(ret, REC_ACT_FRESH,
                 2 + (arg & 1) + (arg >> 1 & 1) + (arg >> 2 & 1) + (arg >> 3 & 1), 1);
        break;
    case RAISE_VARARGS:
        /* A raise without operands goes to the handler without an exception event. */
        set_form(ret, arg == 0 ? REC_ACT_OPEN : REC_ACT_END, arg, 0);
        break;
# if PY_VERSION_HEX < 0x03090000
    case BUILD_LIST_UNPACK:
    case BUILD_TUPLE_UNPACK:
    case BUILD_TUPLE_UNPACK_WITH_CALL:
    case BUILD_SET_UNPACK:
    case BUILD_MAP_UNPACK:
    case BUILD_MAP_UNPACK_WITH_CALL: set_form(ret, REC_ACT_PLAIN, arg, 1); break;
# endif
    case CALL_FUNCTION:
    case CALL_FUNCTION_KW:
    case CALL_FUNCTION_EX:
    case CALL_METHOD: decode_call(opcode, arg, ret); break;
    case ROT_TWO:
    case ROT_THREE:
    case ROT_FOUR:
# if PY_VERSION_HEX >= 0x030a0000
    case ROT_N:
# endif
    case DUP_TOP:
    case DUP_TOP_TWO:
    case UNPACK_SEQUENCE:
    case UNPACK_EX: decode_stack(opcode, arg, ret); break;
    default:
        form = operator_form(opcode);
        set_form(ret, (enum rec_act)form.act, form.pops, form.pushes);
        break;
    }
}

/* Where a jump goes, and what it leaves on the stack otherwise than falling through. Its
 * argument counts bytes up to 3.9. */
static void
decode_jump(unsigned opcode, uint32_t next, uint32_t arg, struct rec_insn *ret)
{
    uint32_t units = PY_VERSION_HEX >= 0x030a0000 ? arg : arg / 2;
    switch (opcode) {
    case JUMP_FORWARD:
        ret->falls = false;
        ret->target = next + units;
        break;
    case JUMP_ABSOLUTE:
        ret->falls = false;
        ret->target = units;
        break;
    case POP_JUMP_IF_FALSE:
    case POP_JUMP_IF_TRUE:
# if PY_VERSION_HEX >= 0x03090000
    case JUMP_IF_NOT_EXC_MATCH:
# endif
        ret->target = units;
        break;
    case JUMP_IF_FALSE_OR_POP:
    case JUMP_IF_TRUE_OR_POP:
        ret->target = units;
        ret->target_keeps = 1;
        break;
    case FOR_ITER:
        ret->target = next + units;
        ret->target_pops = 1;
        break;
    default: break;
    }
}

/* `in`, `is` and the match of an exception are comparisons up to 3.8 (Include/opcode.h, enum
 * cmp_op); cells are counted from 0. */
static void
decode_argument(PyCodeObject *code, unsigned opcode, uint32_t arg, struct rec_insn *ret)
{
    switch (opcode) {
# if PY_VERSION_HEX < 0x03090000
    case COMPARE_OP:
        ret->act = arg == PyCmp_IN || arg == PyCmp_NOT_IN ? REC_ACT_CONTAINS
                   : arg >= PyCmp_IS                      ? REC_ACT_SCALAR
                                                          : REC_ACT_PLAIN;
        break;
# endif
    case LOAD_DEREF:
    case STORE_DEREF:
    case DELETE_DEREF:
        ret->arg = arg + (code != NULL ? (uint32_t)code->co_nlocals : 0);
        break;
    default: break;
    }
}

void
rec_py_code_decode(PyCodeObject *code, const uint8_t *bytes, uint32_t unit_count,
                   uint32_t unit, struct rec_insn *ret)
{
    uint32_t extended = 0, at = unit;
    while (at + 1 < unit_count && bytes[2 * at] == EXTENDED_ARG) {
        extended = extended << 8 | bytes[2 * at + 1];
        at++;
    }
    unsigned opcode = bytes[2 * at];
    uint32_t arg = extended << 8 | bytes[2 * at + 1];
    uint32_t next = at + 1;
    *ret = (struct rec_insn){
        .unit = at, .next = next, .arg = arg, .target = REC_NO_UNIT, .falls = true};
    struct form form = forms[opcode];
    if (form.act == 0) {
        decode_counted(opcode, arg, ret);
    }
    else {
        set_form(ret, (enum rec_act)form.act, form.pops, form.pushes);
    }
    decode_argument(code, opcode, arg, ret);
    if (ret->act == REC_ACT_END || ret->act == REC_ACT_OPEN) {
        ret->falls = false;
    }
    decode_jump(opcode, next, arg, ret);
    if (next > unit_count
        || (ret->target != REC_NO_UNIT && ret->target >= unit_count)) {
        ret->act = REC_ACT_UNKNOWN;
        ret->falls = false;
        ret->target = REC_NO_UNIT;
    }
}

#endif
