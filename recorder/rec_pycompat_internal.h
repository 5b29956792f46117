/* For the files rec_pycompat_*.c: CPython's internal headers. Facts come from the headers of
 * the version that is compiled for, and from its sources where said.
 * tests/e2e/test_oracle_*.py notices when one stops being true. */
#ifndef REC_PYCOMPAT_INTERNAL_H
#define REC_PYCOMPAT_INTERNAL_H

#define Py_BUILD_CORE 1
#include "rec_pycompat.h"

/* make/pythons.py reads this line, too. */
#if PY_VERSION_HEX < 0x03080000 || PY_VERSION_HEX >= 0x03100000
# error \
     "pyrecord does not know this version of CPython: build it with another PYTHON=..."
#endif
#ifdef Py_GIL_DISABLED
# error "pyrecord does not know the free-threaded build; build it with another PYTHON"
#endif

#include <frameobject.h>

#include "internal/pycore_code.h"
#include "internal/pycore_object.h"
#include "internal/pycore_pylifecycle.h"
#if PY_VERSION_HEX >= 0x030b0000
# include "internal/pycore_dict.h"
# include "internal/pycore_frame.h"
#endif
#if PY_VERSION_HEX >= 0x03090000
# include "internal/pycore_interp.h"
# include "internal/pycore_runtime.h"
#else
# include "internal/pycore_pystate.h"
#endif
#if PY_VERSION_HEX >= 0x030c0000
# include "internal/pycore_interp.h"
# include "internal/pycore_intrinsics.h"
# include "internal/pycore_long.h"
#endif
#if PY_VERSION_HEX >= 0x030e0000
# include "internal/pycore_genobject.h"
# include "internal/pycore_interpframe.h"
#endif

#if PY_VERSION_HEX >= 0x030b0000 && !defined(FRAME_STATE_FINISHED) /* 3.11 */
# define FRAME_STATE_FINISHED(state) ((state) >= FRAME_COMPLETED)
#endif

/* Up to 3.10 the instruction at which `f_lasti` stands, -1 before the first; it counts bytes
 * up to 3.9 (Include/frameobject.h, Python/ceval.c). */
#if PY_VERSION_HEX < 0x030a0000
# define REC_PY_LASTI_UNIT(frame) ((frame)->f_lasti < 0 ? -1 : (frame)->f_lasti / 2)
#elif PY_VERSION_HEX < 0x030b0000
# define REC_PY_LASTI_UNIT(frame) ((frame)->f_lasti)
#endif

/* The instruction at a code unit, as compiled: without what monitoring and specialisation
 * put in its place. */
unsigned rec_py_base_opcode(PyCodeObject *code, uint32_t unit);

/* Between these, the program's audit hooks are not called. */
struct rec_py_audit {
    PyObject *own;
    void *of_all;
};

struct rec_py_audit rec_py_audit_pause(void);
void rec_py_audit_resume(struct rec_py_audit audit);
/* Inline caches behind an instruction, in code units. */
unsigned rec_py_opcode_caches(unsigned opcode);

#endif
