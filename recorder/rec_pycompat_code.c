/* Instructions of CPython, as far as the recorder must understand them: what each takes from
 * the value stack, puts there, and where it goes on. Facts: Lib/opcode.py, Python/ceval.c and
 * Python/bytecodes.c of each version. tests/unit/test_rec_decode.c holds it against CPython's
 * own stack effects; tests/oracle notices when the rest stops being true. */
#include "rec_pycompat_internal.h"

#include "rec_pycompat_code.h"

#if PY_VERSION_HEX >= 0x030b0000

# include <opcode.h>

static int
line_of(PyCodeObject *code, uint32_t unit)
{
# if PY_VERSION_HEX < 0x030c0000
    if (code->_co_linearray != NULL) {
        return code->_co_linearray_entry_size == 2
                   ? ((const int16_t *)code->_co_linearray)[unit]
                   : ((const int32_t *)code->_co_linearray)[unit];
    }
# endif
    return PyCode_Addr2Line(code, (int)(unit * sizeof(_Py_CODEUNIT)));
}

# if PY_VERSION_HEX >= 0x030c0000
/* A line event comes at an instruction that is marked for it, where the line differs from that
 * of the instruction before (Python/instrumentation.c, initialize_lines and
 * _Py_call_instrumentation_line); and at a jump back on the same line (Python/
 * legacy_tracing.c, sys_trace_jump_func): while the frame still stands at the jump, so that an
 * event there may be just that. */
bool
rec_py_code_fires(PyCodeObject *code, uint32_t from, uint32_t unit, bool begins)
{
    int before = line_of(code, from), line = line_of(code, unit);
    if (line == before) {
        return !begins && line != -1 && unit < from
               && rec_py_base_opcode(code, from) == JUMP_BACKWARD;
    }
    return _Py_OPCODE(_PyCode_CODE(code)[unit]) == INSTRUMENTED_LINE;
}
# else
/* As maybe_call_line_trace() decides it. */
bool
rec_py_code_fires(PyCodeObject *code, uint32_t from, uint32_t unit, bool begins)
{
    (void)begins;
    int before = (int)from <= code->_co_firsttraceable ? -1 : line_of(code, from);
    int line = line_of(code, unit);
    bool back = unit < from && _Py_OPCODE(_PyCode_CODE(code)[unit]) != SEND;
    return line != -1 && (line != before || back);
}
# endif

/* Numbers of co_exceptiontable have six bits a byte, the highest first, and 0x40 where more come
 * (Objects/exception_handling_notes.txt, later InternalDocs). */
static uint32_t
table_number(const uint8_t **at, const uint8_t *end)
{
    uint32_t number = 0;
    uint8_t byte = 0x40;
    while (*at < end && byte & 0x40) {
        byte = *(*at)++;
        number = number << 6 | (byte & 0x3f);
    }
    return number;
}

bool
rec_py_code_handler_next(PyCodeObject *code, size_t *pos, struct rec_handler *ret)
{
    const uint8_t *bytes = (const uint8_t *)PyBytes_AS_STRING(code->co_exceptiontable);
    const uint8_t *end = bytes + PyBytes_GET_SIZE(code->co_exceptiontable);
    const uint8_t *at = bytes + *pos;
    if (at >= end) {
        return false;
    }
    ret->start = table_number(&at, end);
    ret->count = table_number(&at, end);
    ret->unit = table_number(&at, end);
    uint32_t depth = table_number(&at, end);
    ret->depth = (depth >> 1) + (depth & 1) + 1;
    *pos = (size_t)(at - bytes);
    return true;
}

/* The end of an iteration is an exception event, too, and goes on where it is: 3.11 at FOR_ITER
 * and SEND, later (INSTRUMENTED_END_FOR, INSTRUMENTED_END_SEND) behind them. */
static bool
ends_iteration(unsigned opcode)
{
    switch (opcode) {
    case FOR_ITER:
    case SEND:
# ifdef END_FOR
    case END_FOR:
# endif
# ifdef END_SEND
    case END_SEND:
# endif
# ifdef POP_ITER
    case POP_ITER:
# endif
        return true;
    default: return false;
    }
}

int64_t
rec_py_code_handler(PyCodeObject *code, uint32_t unit)
{
    struct rec_handler handler;
    if (ends_iteration(rec_py_base_opcode(code, unit))) {
        return REC_HANDLER_UNKNOWN;
    }
    for (size_t pos = 0; rec_py_code_handler_next(code, &pos, &handler);) {
        if (unit >= handler.start && unit - handler.start < handler.count) {
            return handler.unit;
        }
    }
    return REC_NO_HANDLER;
}

struct form {
    uint8_t act, pops, pushes;
};

/* What an iterator takes on the stack: from 3.15 on, an index or NULL lies above it. */
# if PY_VERSION_HEX >= 0x030f0000
#  define ITER_VALUES 2
# else
#  define ITER_VALUES 1
# endif
# if PY_VERSION_HEX >= 0x030d0000
#  define END_FOR_POPS 1
# else
#  define END_FOR_POPS 2
# endif

/* Instructions whose operands do not depend on their argument. What an instruction looks at
 * without taking it is neither popped nor pushed here. */
static const struct form forms[256] = {
    [NOP] = {REC_ACT_PLAIN, 0, 0},
    [POP_TOP] = {REC_ACT_PLAIN, 1, 0},
    [UNARY_NEGATIVE] = {REC_ACT_PLAIN, 1, 1},
    [UNARY_INVERT] = {REC_ACT_PLAIN, 1, 1},
    [UNARY_NOT] = {REC_ACT_SCALAR, 1, 1},
    [STORE_SUBSCR] = {REC_ACT_STORE_SUBSCR, 3, 0},
    [DELETE_SUBSCR] = {REC_ACT_DELETE_SUBSCR, 2, 0},
    [GET_ITER] = {REC_ACT_ITER, 1, ITER_VALUES},
    [LOAD_BUILD_CLASS] = {REC_ACT_SCALAR, 0, 1},
    [RETURN_VALUE] = {REC_ACT_END, 1, 0},
    [YIELD_VALUE] = {REC_ACT_END, 1, 1},
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
    [IMPORT_FROM] = {REC_ACT_PLAIN, 0, 1},
    [LOAD_FAST] = {REC_ACT_FAST, 0, 1},
    [STORE_FAST] = {REC_ACT_STORE_FAST, 1, 0},
    [DELETE_FAST] = {REC_ACT_STORE_FAST, 0, 0},
    [LOAD_DEREF] = {REC_ACT_CELL, 0, 1},
    [STORE_DEREF] = {REC_ACT_STORE_CELL, 1, 0},
    [DELETE_DEREF] = {REC_ACT_STORE_CELL, 0, 0},
    [LIST_APPEND] = {REC_ACT_PLAIN, 1, 0},
    [SET_ADD] = {REC_ACT_SET_ADD, 1, 0},
    [MAP_ADD] = {REC_ACT_PLAIN, 2, 0},
    [JUMP_FORWARD] = {REC_ACT_PLAIN, 0, 0},
    [FOR_ITER] = {REC_ACT_FOR_ITER, 0, 1},
    [IMPORT_NAME] = {REC_ACT_PLAIN, 2, 1},
    [POP_EXCEPT] = {REC_ACT_PLAIN, 1, 0},
    [GET_AWAITABLE] = {REC_ACT_PLAIN, 1, 1},
    [END_ASYNC_FOR] = {REC_ACT_OPEN, 0, 0},
    [GET_AITER] = {REC_ACT_PLAIN, 1, 1},
    [GET_ANEXT] = {REC_ACT_PLAIN, 1, 2},
/* Not in every version. A number beyond 255 is the compiler's own. */
# ifdef RESUME
    [RESUME] = {REC_ACT_PLAIN, 0, 0},
# endif
# ifdef PRECALL
    [PRECALL] = {REC_ACT_PLAIN, 0, 0},
# endif
# ifdef KW_NAMES
    [KW_NAMES] = {REC_ACT_NAMES, 0, 0},
# endif
# ifdef CACHE
    [CACHE] = {REC_ACT_PLAIN, 0, 0},
# endif
# ifdef PUSH_NULL
    [PUSH_NULL] = {REC_ACT_NULL, 0, 1},
# endif
# ifdef UNARY_POSITIVE
    [UNARY_POSITIVE] = {REC_ACT_PLAIN, 1, 1},
# endif
# ifdef BINARY_SUBSCR
    [BINARY_SUBSCR] = {REC_ACT_SUBSCR, 2, 1},
# endif
# ifdef GET_LEN
    [GET_LEN] = {REC_ACT_SCALAR, 0, 1},
# endif
# ifdef MATCH_MAPPING
    [MATCH_MAPPING] = {REC_ACT_SCALAR, 0, 1},
# endif
# ifdef MATCH_SEQUENCE
    [MATCH_SEQUENCE] = {REC_ACT_SCALAR, 0, 1},
# endif
# ifdef LOAD_ASSERTION_ERROR
    [LOAD_ASSERTION_ERROR] = {REC_ACT_PLAIN, 0, 1},
# endif
# ifdef LIST_TO_TUPLE
    [LIST_TO_TUPLE] = {REC_ACT_FRESH, 1, 1},
# endif
# ifdef RETURN_GENERATOR
    [RETURN_GENERATOR] = {REC_ACT_END, 0, 0},
# endif
# ifdef ASYNC_GEN_WRAP
    [ASYNC_GEN_WRAP] = {REC_ACT_PLAIN, 1, 1},
# endif
# ifdef IS_OP
    [IS_OP] = {REC_ACT_SCALAR, 2, 1},
# endif
# ifdef CONTAINS_OP
    [CONTAINS_OP] = {REC_ACT_CONTAINS, 2, 1},
# endif
# if defined(LOAD_CLOSURE) && LOAD_CLOSURE < 256
    [LOAD_CLOSURE] = {REC_ACT_SCALAR, 0, 1},
# endif
# ifdef LOAD_CLASSDEREF
    [LOAD_CLASSDEREF] = {REC_ACT_PLAIN, 0, 1},
# endif
# ifdef LIST_EXTEND
    [LIST_EXTEND] = {REC_ACT_ITERATE, 1, 0},
# endif
# ifdef SET_UPDATE
    [SET_UPDATE] = {REC_ACT_ITERATE, 1, 0},
# endif
# ifdef DICT_MERGE
    [DICT_MERGE] = {REC_ACT_ITERATE, 1, 0},
# endif
# ifdef DICT_UPDATE
    [DICT_UPDATE] = {REC_ACT_ITERATE, 1, 0},
# endif
# if defined(LOAD_METHOD) && LOAD_METHOD < 256
    [LOAD_METHOD] = {REC_ACT_METHOD, 1, 2},
# endif
# ifdef BINARY_OP
    [BINARY_OP] = {REC_ACT_PLAIN, 2, 1},
# endif
# ifdef JUMP_BACKWARD
    [JUMP_BACKWARD] = {REC_ACT_PLAIN, 0, 0},
# endif
# ifdef JUMP_BACKWARD_NO_INTERRUPT
    [JUMP_BACKWARD_NO_INTERRUPT] = {REC_ACT_PLAIN, 0, 0},
# endif
# ifdef POP_JUMP_FORWARD_IF_FALSE
    [POP_JUMP_FORWARD_IF_FALSE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef POP_JUMP_FORWARD_IF_TRUE
    [POP_JUMP_FORWARD_IF_TRUE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef POP_JUMP_FORWARD_IF_NONE
    [POP_JUMP_FORWARD_IF_NONE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef POP_JUMP_FORWARD_IF_NOT_NONE
    [POP_JUMP_FORWARD_IF_NOT_NONE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef POP_JUMP_BACKWARD_IF_FALSE
    [POP_JUMP_BACKWARD_IF_FALSE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef POP_JUMP_BACKWARD_IF_TRUE
    [POP_JUMP_BACKWARD_IF_TRUE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef POP_JUMP_BACKWARD_IF_NONE
    [POP_JUMP_BACKWARD_IF_NONE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef POP_JUMP_BACKWARD_IF_NOT_NONE
    [POP_JUMP_BACKWARD_IF_NOT_NONE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef JUMP_IF_FALSE_OR_POP
    [JUMP_IF_FALSE_OR_POP] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef JUMP_IF_TRUE_OR_POP
    [JUMP_IF_TRUE_OR_POP] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef BEFORE_WITH
    [BEFORE_WITH] = {REC_ACT_PLAIN, 1, 2},
# endif
# ifdef PUSH_EXC_INFO
    [PUSH_EXC_INFO] = {REC_ACT_PLAIN, 1, 2},
# endif
# ifdef CHECK_EXC_MATCH
    [CHECK_EXC_MATCH] = {REC_ACT_SCALAR, 1, 1},
# endif
# ifdef WITH_EXCEPT_START
    [WITH_EXCEPT_START] = {REC_ACT_PLAIN, 0, 1},
# endif
# ifdef GET_YIELD_FROM_ITER
    [GET_YIELD_FROM_ITER] = {REC_ACT_PLAIN, 1, 1},
# endif
# ifdef END_FOR
    [END_FOR] = {REC_ACT_PLAIN, END_FOR_POPS, 0},
# endif
# ifdef END_SEND
    [END_SEND] = {REC_ACT_PLAIN, 1 + ITER_VALUES, 1},
# endif
# ifdef BINARY_SLICE
    [BINARY_SLICE] = {REC_ACT_PLAIN, 3, 1},
# endif
# ifdef STORE_SLICE
    [STORE_SLICE] = {REC_ACT_STORE_SLICE, 4, 0},
# endif
# ifdef LOAD_LOCALS
    [LOAD_LOCALS] = {REC_ACT_PLAIN, 0, 1},
# endif
# ifdef LOAD_FAST_CHECK
    [LOAD_FAST_CHECK] = {REC_ACT_FAST, 0, 1},
# endif
# ifdef LOAD_FAST_AND_CLEAR
    [LOAD_FAST_AND_CLEAR] = {REC_ACT_TAKE_FAST, 0, 1},
# endif
# ifdef RETURN_CONST
    [RETURN_CONST] = {REC_ACT_END, 0, 0},
# endif
# ifdef LOAD_FROM_DICT_OR_GLOBALS
    [LOAD_FROM_DICT_OR_GLOBALS] = {REC_ACT_PLAIN, 1, 1},
# endif
# ifdef LOAD_FROM_DICT_OR_DEREF
    [LOAD_FROM_DICT_OR_DEREF] = {REC_ACT_PLAIN, 1, 1},
# endif
# ifdef CALL_INTRINSIC_2
    [CALL_INTRINSIC_2] = {REC_ACT_PLAIN, 2, 1},
# endif
# ifdef CLEANUP_THROW
    [CLEANUP_THROW] = {REC_ACT_OPEN, 0, 0},
# endif
# ifdef POP_JUMP_IF_FALSE
    [POP_JUMP_IF_FALSE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef POP_JUMP_IF_TRUE
    [POP_JUMP_IF_TRUE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef POP_JUMP_IF_NONE
    [POP_JUMP_IF_NONE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef POP_JUMP_IF_NOT_NONE
    [POP_JUMP_IF_NOT_NONE] = {REC_ACT_PLAIN, 1, 0},
# endif
# ifdef BEFORE_ASYNC_WITH
    [BEFORE_ASYNC_WITH] = {REC_ACT_PLAIN, 1, 2},
# endif
# ifdef MATCH_KEYS
    [MATCH_KEYS] = {REC_ACT_PLAIN, 1, 2},
# endif
# ifdef MATCH_CLASS
    [MATCH_CLASS] = {REC_ACT_PLAIN, 3, 1},
# endif
# ifdef TO_BOOL
    [TO_BOOL] = {REC_ACT_SCALAR, 1, 1},
# endif
# ifdef FORMAT_SIMPLE
    [FORMAT_SIMPLE] = {REC_ACT_SCALAR, 1, 1},
# endif
# ifdef FORMAT_WITH_SPEC
    [FORMAT_WITH_SPEC] = {REC_ACT_SCALAR, 2, 1},
# endif
# ifdef CONVERT_VALUE
    [CONVERT_VALUE] = {REC_ACT_SCALAR, 1, 1},
# endif
# ifdef SET_FUNCTION_ATTRIBUTE
    [SET_FUNCTION_ATTRIBUTE] = {REC_ACT_FRESH, 2, 1},
# endif
# ifdef LOAD_FAST_LOAD_FAST
    [LOAD_FAST_LOAD_FAST] = {REC_ACT_FAST_FAST, 0, 2},
# endif
# ifdef STORE_FAST_LOAD_FAST
    [STORE_FAST_LOAD_FAST] = {REC_ACT_STORE_FAST_LOAD, 1, 1},
# endif
# ifdef STORE_FAST_STORE_FAST
    [STORE_FAST_STORE_FAST] = {REC_ACT_STORE_FAST_STORE, 2, 0},
# endif
# ifdef LOAD_FAST_BORROW
    [LOAD_FAST_BORROW] = {REC_ACT_FAST, 0, 1},
# endif
# ifdef LOAD_FAST_BORROW_LOAD_FAST_BORROW
    [LOAD_FAST_BORROW_LOAD_FAST_BORROW] = {REC_ACT_FAST_FAST, 0, 2},
# endif
# ifdef LOAD_SMALL_INT
    [LOAD_SMALL_INT] = {REC_ACT_SCALAR, 0, 1},
# endif
# ifdef LOAD_COMMON_CONSTANT
    [LOAD_COMMON_CONSTANT] = {REC_ACT_PLAIN, 0, 1},
# endif
# ifdef LOAD_SPECIAL
    [LOAD_SPECIAL] = {REC_ACT_PLAIN, 1, 2},
# endif
# ifdef NOT_TAKEN
    [NOT_TAKEN] = {REC_ACT_PLAIN, 0, 0},
# endif
# ifdef POP_ITER
    [POP_ITER] = {REC_ACT_PLAIN, ITER_VALUES, 0},
# endif
# ifdef BUILD_TEMPLATE
    [BUILD_TEMPLATE] = {REC_ACT_FRESH, 2, 1},
# endif
};

/* At its end, FOR_ITER goes behind END_FOR: with the iterator gone up to 3.13, where POP_TOP
 * that follows is left out, too; from 3.14 on POP_ITER takes it (Python/bytecodes.c). */
static void
decode_for_iter(uint32_t next, uint32_t arg, struct rec_insn *ret)
{
# if PY_VERSION_HEX >= 0x030e0000
    ret->target = next + arg + 1;
    ret->target_keeps = 1;
# else
    ret->target_pops = 1;
#  if PY_VERSION_HEX >= 0x030d0000
    ret->target = next + arg + 2;
#  elif PY_VERSION_HEX >= 0x030c0000
    ret->target = next + arg + 1;
#  else
    ret->target = next + arg;
#  endif
# endif
}

/* Where a jump goes, and what it leaves on the stack otherwise than falling through. */
static void
decode_jump(unsigned opcode, uint32_t next, uint32_t arg, struct rec_insn *ret)
{
    switch (opcode) {
    case JUMP_FORWARD:
        ret->falls = false;
        ret->target = next + arg;
        break;
# ifdef JUMP_BACKWARD
    case JUMP_BACKWARD:
    case JUMP_BACKWARD_NO_INTERRUPT:
        ret->falls = false;
        ret->target = next - arg;
        break;
# endif
# ifdef POP_JUMP_FORWARD_IF_FALSE /* 3.11 */
    case POP_JUMP_FORWARD_IF_FALSE:
    case POP_JUMP_FORWARD_IF_TRUE:
    case POP_JUMP_FORWARD_IF_NONE:
    case POP_JUMP_FORWARD_IF_NOT_NONE: ret->target = next + arg; break;
    case POP_JUMP_BACKWARD_IF_FALSE:
    case POP_JUMP_BACKWARD_IF_TRUE:
    case POP_JUMP_BACKWARD_IF_NONE:
    case POP_JUMP_BACKWARD_IF_NOT_NONE: ret->target = next - arg; break;
# endif
# if PY_VERSION_HEX >= 0x030c0000
    case POP_JUMP_IF_FALSE:
    case POP_JUMP_IF_TRUE:
    case POP_JUMP_IF_NONE:
    case POP_JUMP_IF_NOT_NONE: ret->target = next + arg; break;
# endif
# ifdef JUMP_IF_FALSE_OR_POP
    case JUMP_IF_FALSE_OR_POP:
    case JUMP_IF_TRUE_OR_POP:
        ret->target = next + arg;
        ret->target_keeps = 1;
        break;
# endif
# ifdef SEND
    case SEND: ret->target = next + arg; break;
# endif
    case FOR_ITER: decode_for_iter(next, arg, ret); break;
    default: break;
    }
}

static struct form
counted_form(unsigned opcode, uint32_t arg, uint32_t *ret_count)
{
    *ret_count = arg;
    switch (opcode) {
    case BUILD_TUPLE:
    case BUILD_LIST:
    case BUILD_SET:
    case BUILD_SLICE: return (struct form){REC_ACT_FRESH, 0, 1};
    case BUILD_STRING: return (struct form){REC_ACT_SCALAR, 0, 1};
    case BUILD_MAP: *ret_count = arg * 2; return (struct form){REC_ACT_FRESH, 0, 1};
# ifdef BUILD_CONST_KEY_MAP
    case BUILD_CONST_KEY_MAP:
        *ret_count = arg + 1;
        return (struct form){REC_ACT_FRESH, 0, 1};
# endif
# ifdef BUILD_INTERPOLATION
    case BUILD_INTERPOLATION:
        *ret_count = 2 + (arg & 1);
        return (struct form){REC_ACT_FRESH, 0, 1};
# endif
# ifdef FORMAT_VALUE
    case FORMAT_VALUE:
        *ret_count = (arg & 4) != 0 ? 2 : 1;
        return (struct form){REC_ACT_SCALAR, 0, 1};
# endif
    case MAKE_FUNCTION: *ret_count = 1;
# if PY_VERSION_HEX < 0x030d0000
        *ret_count += (arg & 1) + (arg >> 1 & 1) + (arg >> 2 & 1) + (arg >> 3 & 1);
# endif
        return (struct form){REC_ACT_FRESH, 0, 1};
    case RAISE_VARARGS:
        /* A raise without operands goes to the handler without an exception event. */
        return (struct form){arg == 0 ? REC_ACT_RERAISE : REC_ACT_END, 0, 0};
    case RERAISE: return (struct form){REC_ACT_RERAISE, 0, 0};
    default: *ret_count = 0; return (struct form){REC_ACT_UNKNOWN, 0, 0};
    }
}

/* The callable and NULL, or a method and self, lie below the arguments; up to 3.12 the NULL
 * comes first. */
static void
decode_call(unsigned opcode, uint32_t arg, struct rec_insn *ret)
{
    ret->pushes = 1;
    switch (opcode) {
    case CALL:
        ret->act = REC_ACT_CALL;
        ret->pops = arg + 2;
        break;
# ifdef CALL_KW
    case CALL_KW: /* the names lie on top */
        ret->act = REC_ACT_CALL_KW;
        ret->pops = arg + 3;
        break;
# endif
    default: /* CALL_FUNCTION_EX */ ret->act = REC_ACT_CALL_EX;
# if PY_VERSION_HEX >= 0x030e0000
        ret->pops = ret->callee = 4;
# elif PY_VERSION_HEX >= 0x030d0000
        ret->pops = ret->callee = 3 + (arg & 1);
# else
        ret->pops = 3 + (arg & 1);
        ret->callee = ret->pops - 1;
# endif
        break;
    }
}

static void
decode_counted(unsigned opcode, uint32_t arg, struct rec_insn *ret)
{
    switch (opcode) {
    case UNPACK_SEQUENCE:
    case UNPACK_EX:
        ret->act = REC_ACT_UNPACK;
        ret->pops = 1;
        ret->pushes = opcode == UNPACK_EX ? (arg & 0xff) + (arg >> 8) + 1 : arg;
        return;
    case CALL:
# ifdef CALL_KW
    case CALL_KW:
# endif
    case CALL_FUNCTION_EX: decode_call(opcode, arg, ret); return;
# ifdef SWAP
    case SWAP: ret->act = REC_ACT_SWAP; return;
    case COPY:
        ret->act = REC_ACT_COPY;
        ret->pushes = 1;
        return;
# endif
# ifdef LOAD_SUPER_ATTR
    case LOAD_SUPER_ATTR:
        ret->act = REC_ACT_PLAIN;
        ret->pops = 3;
        ret->pushes = 1 + (arg & 1);
        return;
# endif
# ifdef CALL_INTRINSIC_1
    case CALL_INTRINSIC_1:
        ret->act = arg == INTRINSIC_LIST_TO_TUPLE ? REC_ACT_FRESH
                   : arg == INTRINSIC_IMPORT_STAR ? REC_ACT_UNKNOWN
                                                  : REC_ACT_PLAIN;
        ret->pops = ret->pushes = 1;
        return;
# endif
    default: break;
    }
    struct form form = counted_form(opcode, arg, &ret->pops);
    ret->act = form.act;
    ret->pushes = form.pushes;
}

/* Where the argument says more than which name or slot. */
static void
decode_argument(unsigned opcode, uint32_t arg, struct rec_insn *ret)
{
    switch (opcode) {
# if PY_VERSION_HEX >= 0x030b0000
    case LOAD_GLOBAL:
        ret->act = REC_ACT_GLOBAL;
        ret->pushes = 1 + (arg & 1);
        ret->arg = arg >> 1;
        break;
    case BINARY_OP:
        if (arg >= NB_INPLACE_ADD) {
            ret->act = REC_ACT_INPLACE;
        }
#  ifdef NB_SUBSCR
        if (arg == NB_SUBSCR) {
            ret->act = REC_ACT_SUBSCR;
        }
#  endif
        break;
# endif
# if PY_VERSION_HEX >= 0x030c0000
    case LOAD_ATTR:
        ret->act = arg & 1 ? REC_ACT_METHOD : REC_ACT_ATTR;
        ret->pushes = 1 + (arg & 1);
        ret->arg = arg >> 1;
        break;
# endif
    default: break;
    }
}

void
rec_py_code_decode(PyCodeObject *code, const uint8_t *bytes, uint32_t unit_count,
                   uint32_t unit, struct rec_insn *ret)
{
    (void)code;
    uint32_t extended = 0, at = unit;
    while (at > 0
           && bytes[2 * at - 2] == EXTENDED_ARG) { /* an event may come behind it */
        at--;
    }
    while (at + 1 < unit_count && bytes[2 * at] == EXTENDED_ARG) {
        extended = extended << 8 | bytes[2 * at + 1];
        at++;
    }
    unsigned opcode = bytes[2 * at];
    uint32_t arg = extended << 8 | bytes[2 * at + 1];
    uint32_t next = at + 1 + rec_py_opcode_caches(opcode);
    *ret = (struct rec_insn){.unit = at,
                             .next = next,
                             .arg = arg,
                             .oparg = arg,
                             .target = REC_NO_UNIT,
                             .falls = true};
    struct form form = forms[opcode];
    if (form.act == 0) {
        decode_counted(opcode, arg, ret);
    }
    else {
        ret->act = form.act;
        ret->pops = form.pops;
        ret->pushes = form.pushes;
    }
    decode_argument(opcode, arg, ret);
    if (ret->act == REC_ACT_END || ret->act == REC_ACT_OPEN
        || ret->act == REC_ACT_RERAISE) {
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
