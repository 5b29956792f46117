/* Instructions of CPython 3.11, as far as the recorder must understand them: what each takes
 * from the value stack, puts there, and where it goes on. Facts: Lib/opcode.py,
 * Python/ceval.c and Include/opcode.h of that version; tests/oracle notices when one stops
 * being true. */
#define Py_BUILD_CORE 1
#include "rec_pycompat_code.h"

#include <opcode.h>

#include "internal/pycore_code.h"
#include "internal/pycore_frame.h"

static int
line_of(PyCodeObject *code, uint32_t unit)
{
    if (code->_co_linearray != NULL) {
        return _PyCode_LineNumberFromArray(code, (int)unit);
    }
    return PyCode_Addr2Line(code, (int)(unit * sizeof(_Py_CODEUNIT)));
}

/* As maybe_call_line_trace() decides it. */
bool
rec_py_code_fires(PyCodeObject *code, uint32_t from, uint32_t unit)
{
    int before = (int)from <= code->_co_firsttraceable ? -1 : line_of(code, from);
    int line = line_of(code, unit);
    bool back = unit < from && _Py_OPCODE(_PyCode_CODE(code)[unit]) != SEND;
    return line != -1 && (line != before || back);
}

/* Caches behind an instruction, in code units (Include/internal/pycore_opcode.h). */
static uint32_t
caches_of(unsigned opcode)
{
    switch (opcode) {
    case BINARY_SUBSCR: return 4;
    case STORE_SUBSCR: return 1;
    case UNPACK_SEQUENCE: return 1;
    case STORE_ATTR: return 4;
    case LOAD_ATTR: return 4;
    case COMPARE_OP: return 2;
    case LOAD_GLOBAL: return 5;
    case BINARY_OP: return 1;
    case LOAD_METHOD: return 10;
    case PRECALL: return 1;
    case CALL: return 4;
    default: return 0;
    }
}

struct form {
    uint8_t act, pops, pushes;
};

/* Instructions whose operands do not depend on their argument. */
static const struct form forms[256] = {
    [NOP] = {REC_ACT_PLAIN, 0, 0},
    [RESUME] = {REC_ACT_PLAIN, 0, 0},
    [PRECALL] = {REC_ACT_PLAIN, 0, 0},
    [KW_NAMES] = {REC_ACT_NAMES, 0, 0},
    [CACHE] = {REC_ACT_PLAIN, 0, 0},
    [POP_TOP] = {REC_ACT_PLAIN, 1, 0},
    [PUSH_NULL] = {REC_ACT_NULL, 0, 1},
    [UNARY_POSITIVE] = {REC_ACT_PLAIN, 1, 1},
    [UNARY_NEGATIVE] = {REC_ACT_PLAIN, 1, 1},
    [UNARY_INVERT] = {REC_ACT_PLAIN, 1, 1},
    [UNARY_NOT] = {REC_ACT_SCALAR, 1, 1},
    [BINARY_SUBSCR] = {REC_ACT_SUBSCR, 2, 1},
    [GET_LEN] = {REC_ACT_SCALAR, 0, 1},
    [MATCH_MAPPING] = {REC_ACT_SCALAR, 0, 1},
    [MATCH_SEQUENCE] = {REC_ACT_SCALAR, 0, 1},
    [STORE_SUBSCR] = {REC_ACT_STORE_SUBSCR, 3, 0},
    [DELETE_SUBSCR] = {REC_ACT_DELETE_SUBSCR, 2, 0},
    [GET_ITER] = {REC_ACT_ITER, 1, 1},
    [LOAD_BUILD_CLASS] = {REC_ACT_SCALAR, 0, 1},
    [LOAD_ASSERTION_ERROR] = {REC_ACT_PLAIN, 0, 1},
    [LIST_TO_TUPLE] = {REC_ACT_FRESH, 1, 1},
    [RETURN_VALUE] = {REC_ACT_END, 1, 0},
    [RETURN_GENERATOR] = {REC_ACT_END, 0, 0},
    [YIELD_VALUE] = {REC_ACT_END, 1, 1},
    [ASYNC_GEN_WRAP] = {REC_ACT_PLAIN, 1, 1},
    [STORE_NAME] = {REC_ACT_STORE_NAME, 1, 0},
    [DELETE_NAME] = {REC_ACT_STORE_NAME, 0, 0},
    [STORE_ATTR] = {REC_ACT_STORE_ATTR, 2, 0},
    [DELETE_ATTR] = {REC_ACT_STORE_ATTR, 1, 0},
    [STORE_GLOBAL] = {REC_ACT_STORE_NAME, 1, 0},
    [DELETE_GLOBAL] = {REC_ACT_STORE_NAME, 0, 0},
    [LOAD_CONST] = {REC_ACT_CONST, 0, 1},
    [LOAD_NAME] = {REC_ACT_NAME, 0, 1},
    [LOAD_ATTR] = {REC_ACT_ATTR, 1, 1},
    [COMPARE_OP] = {REC_ACT_PLAIN, 2, 1},
    [IS_OP] = {REC_ACT_SCALAR, 2, 1},
    [CONTAINS_OP] = {REC_ACT_CONTAINS, 2, 1},
    [IMPORT_FROM] = {REC_ACT_PLAIN, 0, 1},
    [LOAD_FAST] = {REC_ACT_FAST, 0, 1},
    [STORE_FAST] = {REC_ACT_STORE_FAST, 1, 0},
    [DELETE_FAST] = {REC_ACT_STORE_FAST, 0, 0},
    [LOAD_CLOSURE] = {REC_ACT_SCALAR, 0, 1},
    [LOAD_DEREF] = {REC_ACT_CELL, 0, 1},
    [STORE_DEREF] = {REC_ACT_STORE_CELL, 1, 0},
    [DELETE_DEREF] = {REC_ACT_STORE_CELL, 0, 0},
    [LOAD_CLASSDEREF] = {REC_ACT_PLAIN, 0, 1},
    [LIST_APPEND] = {REC_ACT_PLAIN, 1, 0},
    [SET_ADD] = {REC_ACT_PLAIN, 1, 0},
    [MAP_ADD] = {REC_ACT_PLAIN, 2, 0},
    [LIST_EXTEND] = {REC_ACT_ITERATE, 1, 0},
    [SET_UPDATE] = {REC_ACT_ITERATE, 1, 0},
    [DICT_MERGE] = {REC_ACT_ITERATE, 1, 0},
    [DICT_UPDATE] = {REC_ACT_ITERATE, 1, 0},
    [LOAD_METHOD] = {REC_ACT_METHOD, 1, 2},
    [BINARY_OP] = {REC_ACT_PLAIN, 2, 1},
    [JUMP_FORWARD] = {REC_ACT_PLAIN, 0, 0},
    [JUMP_BACKWARD] = {REC_ACT_PLAIN, 0, 0},
    [JUMP_BACKWARD_NO_INTERRUPT] = {REC_ACT_PLAIN, 0, 0},
    [POP_JUMP_FORWARD_IF_FALSE] = {REC_ACT_PLAIN, 1, 0},
    [POP_JUMP_FORWARD_IF_TRUE] = {REC_ACT_PLAIN, 1, 0},
    [POP_JUMP_FORWARD_IF_NONE] = {REC_ACT_PLAIN, 1, 0},
    [POP_JUMP_FORWARD_IF_NOT_NONE] = {REC_ACT_PLAIN, 1, 0},
    [POP_JUMP_BACKWARD_IF_FALSE] = {REC_ACT_PLAIN, 1, 0},
    [POP_JUMP_BACKWARD_IF_TRUE] = {REC_ACT_PLAIN, 1, 0},
    [POP_JUMP_BACKWARD_IF_NONE] = {REC_ACT_PLAIN, 1, 0},
    [POP_JUMP_BACKWARD_IF_NOT_NONE] = {REC_ACT_PLAIN, 1, 0},
    [JUMP_IF_FALSE_OR_POP] = {REC_ACT_PLAIN, 1, 0},
    [JUMP_IF_TRUE_OR_POP] = {REC_ACT_PLAIN, 1, 0},
    [FOR_ITER] = {REC_ACT_FOR_ITER, 0, 1},
    [BEFORE_WITH] = {REC_ACT_PLAIN, 1, 2},
    [IMPORT_NAME] = {REC_ACT_PLAIN, 2, 1},
    [PUSH_EXC_INFO] = {REC_ACT_PLAIN, 1, 2},
    [POP_EXCEPT] = {REC_ACT_PLAIN, 1, 0},
    [CHECK_EXC_MATCH] = {REC_ACT_SCALAR, 1, 1},
    [WITH_EXCEPT_START] = {REC_ACT_PLAIN, 0, 1},
    [GET_AWAITABLE] = {REC_ACT_PLAIN, 1, 1},
    [GET_YIELD_FROM_ITER] = {REC_ACT_PLAIN, 1, 1},
    [END_ASYNC_FOR] = {REC_ACT_OPEN, 0, 0},
};

/* Where a jump goes, and what it leaves on the stack otherwise than falling through. */
static void
decode_jump(unsigned opcode, uint32_t next, uint32_t arg, struct rec_insn *ret)
{
    switch (opcode) {
    case JUMP_FORWARD:
        ret->falls = false;
        ret->target = next + arg;
        break;
    case JUMP_BACKWARD:
    case JUMP_BACKWARD_NO_INTERRUPT:
        ret->falls = false;
        ret->target = next - arg;
        break;
    case POP_JUMP_FORWARD_IF_FALSE:
    case POP_JUMP_FORWARD_IF_TRUE:
    case POP_JUMP_FORWARD_IF_NONE:
    case POP_JUMP_FORWARD_IF_NOT_NONE: ret->target = next + arg; break;
    case POP_JUMP_BACKWARD_IF_FALSE:
    case POP_JUMP_BACKWARD_IF_TRUE:
    case POP_JUMP_BACKWARD_IF_NONE:
    case POP_JUMP_BACKWARD_IF_NOT_NONE: ret->target = next - arg; break;
    case JUMP_IF_FALSE_OR_POP:
    case JUMP_IF_TRUE_OR_POP:
        ret->target = next + arg;
        ret->target_keeps = 1;
        break;
    case SEND: ret->target = next + arg; break;
    case FOR_ITER:
        ret->target = next + arg;
        ret->target_pops = 1;
        break;
    default: break;
    }
}

static void
decode_counted(unsigned opcode, uint32_t arg, struct rec_insn *ret)
{
    struct form form = {REC_ACT_UNKNOWN, 0, 0};
    uint32_t count = arg;
    switch (opcode) {
    case BUILD_TUPLE:
    case BUILD_LIST:
    case BUILD_SET: form = (struct form){REC_ACT_FRESH, 0, 1}; break;
    case BUILD_STRING: form = (struct form){REC_ACT_SCALAR, 0, 1}; break;
    case BUILD_SLICE: form = (struct form){REC_ACT_FRESH, 0, 1}; break;
    case BUILD_MAP:
        form = (struct form){REC_ACT_FRESH, 0, 1};
        count = arg * 2;
        break;
    case BUILD_CONST_KEY_MAP:
        form = (struct form){REC_ACT_FRESH, 0, 1};
        count = arg + 1;
        break;
    case FORMAT_VALUE:
        form = (struct form){REC_ACT_SCALAR, 0, 1};
        count = (arg & 4) != 0 ? 2 : 1;
        break;
    case MAKE_FUNCTION:
        form = (struct form){REC_ACT_FRESH, 0, 1};
        count = 1u + (arg & 1) + (arg >> 1 & 1) + (arg >> 2 & 1) + (arg >> 3 & 1);
        break;
    case RAISE_VARARGS:
        /* A raise without operands goes to the handler without an exception event. */
        form.act = arg == 0 ? REC_ACT_OPEN : REC_ACT_END;
        break;
    case UNPACK_SEQUENCE:
        ret->act = REC_ACT_UNPACK;
        ret->pops = 1;
        ret->pushes = arg;
        return;
    case CALL:
        ret->act = REC_ACT_CALL;
        ret->pops = arg + 2;
        ret->pushes = 1;
        return;
    case CALL_FUNCTION_EX:
        ret->act = REC_ACT_CALL_EX;
        ret->pops = 3 + (arg & 1);
        ret->pushes = 1;
        return;
    case SWAP: ret->act = REC_ACT_SWAP; return;
    case COPY:
        ret->act = REC_ACT_COPY;
        ret->pushes = 1;
        return;
    case RERAISE: form.act = REC_ACT_OPEN; break;
    default: break;
    }
    ret->act = form.act;
    ret->pops = count;
    ret->pushes = form.pushes;
}

void
rec_py_code_decode(const uint8_t *bytes, uint32_t unit_count, uint32_t unit,
                   struct rec_insn *ret)
{
    uint32_t extended = 0, at = unit;
    while (at + 1 < unit_count && bytes[2 * at] == EXTENDED_ARG) {
        extended = extended << 8 | bytes[2 * at + 1];
        at++;
    }
    unsigned opcode = bytes[2 * at];
    uint32_t arg = extended << 8 | bytes[2 * at + 1];
    uint32_t next = at + 1 + caches_of(opcode);
    *ret = (struct rec_insn){
        .unit = at, .next = next, .arg = arg, .target = REC_NO_UNIT, .falls = true};
    struct form form = forms[opcode];
    if (form.act == 0) {
        decode_counted(opcode, arg, ret);
    }
    else {
        ret->act = form.act;
        ret->pops = form.pops;
        ret->pushes = form.pushes;
    }
    switch (opcode) {
    case LOAD_GLOBAL:
        ret->act = REC_ACT_GLOBAL;
        ret->pushes = 1 + (arg & 1);
        ret->arg = arg >> 1;
        break;
    case BINARY_OP:
        if (arg >= NB_INPLACE_ADD) {
            ret->act = REC_ACT_INPLACE;
        }
        break;
    default: break;
    }
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
