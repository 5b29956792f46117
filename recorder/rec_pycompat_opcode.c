/* CPython's own tables of opcodes, and what stands at a place of a code object. */
#include "rec_pycompat_internal.h"

#if PY_VERSION_HEX >= 0x030b0000

/* A shared libpython does not export the tables: they are made here, under own names. */
# define _PyOpcode_Caches rec_py_table_caches
# define _PyOpcode_Deopt  rec_py_table_deopt
# if PY_VERSION_HEX >= 0x030d0000
#  define NEED_OPCODE_METADATA      1
#  define _PyOpcode_num_popped      rec_py_table_popped
#  define _PyOpcode_num_pushed      rec_py_table_pushed
#  define _PyOpcode_opcode_metadata rec_py_table_metadata
#  define _PyOpcode_macro_expansion rec_py_table_expansion
#  define _PyOpcode_OpName          rec_py_table_name
#  define _PyOpcode_PseudoTargets   rec_py_table_pseudo
#  include "internal/pycore_opcode_metadata.h"
# else
#  define NEED_OPCODE_TABLES 1
#  define _PyOpcode_Jump     rec_py_table_jump
#  include "internal/pycore_opcode.h"
# endif

# include <opcode.h>

unsigned
rec_py_opcode_caches(unsigned opcode)
{
    return opcode < 256 ? _PyOpcode_Caches[opcode] : 0;
}

# if PY_VERSION_HEX >= 0x030c0000
/* Only what the recorder asks for. The rest is not asked. */
static unsigned
without_instrument(unsigned opcode)
{
    switch (opcode) {
    case INSTRUMENTED_RESUME: return RESUME;
    case INSTRUMENTED_YIELD_VALUE: return YIELD_VALUE;
    case INSTRUMENTED_CALL: return CALL;
#  ifdef INSTRUMENTED_CALL_KW
    case INSTRUMENTED_CALL_KW: return CALL_KW;
#  endif
    default: return opcode;
    }
}

/* co_code is made once and kept (Objects/codeobject.c, _PyCode_GetCode, 3.12 to 3.15). */
static unsigned
opcode_of_bytes(PyCodeObject *code, uint32_t unit)
{
    PyObject *bytes = PyCode_GetCode(code);
    unsigned opcode = 0;
    if (bytes != NULL && (Py_ssize_t)unit * 2 < PyBytes_GET_SIZE(bytes)) {
        opcode = (uint8_t)PyBytes_AS_STRING(bytes)[2 * (size_t)unit];
    }
    Py_XDECREF(bytes);
    PyErr_Clear();
    return opcode;
}

unsigned
rec_py_base_opcode(PyCodeObject *code, uint32_t unit)
{
    unsigned opcode = _Py_OPCODE(_PyCode_CODE(code)[unit]);
    if (opcode == INSTRUMENTED_LINE || opcode == INSTRUMENTED_INSTRUCTION) {
        return opcode_of_bytes(code, unit);
    }
    return _PyOpcode_Deopt[without_instrument(opcode)];
}
# else
unsigned
rec_py_base_opcode(PyCodeObject *code, uint32_t unit)
{
    return _PyOpcode_Deopt[_Py_OPCODE(_PyCode_CODE(code)[unit])];
}
# endif

#endif
