/* For the files rec_pycompat_*.c: CPython's internal headers. Facts come from the headers of
 * the version that is compiled for, and from its sources where said.
 * tests/e2e/test_oracle_*.py notices when one stops being true. */
#ifndef REC_PYCOMPAT_INTERNAL_H
#define REC_PYCOMPAT_INTERNAL_H

#define Py_BUILD_CORE 1
#include "rec_pycompat.h"

#if PY_VERSION_HEX < 0x030b0000 || PY_VERSION_HEX >= 0x030c0000
# error \
     "pyrecord knows CPython 3.11 only so far; build it with make PYTHON=/path/to/python3.11"
#endif
#ifdef Py_GIL_DISABLED
# error "pyrecord does not know the free-threaded build"
#endif

#include <frameobject.h>

#include "internal/pycore_code.h"
#include "internal/pycore_dict.h"
#include "internal/pycore_frame.h"
#include "internal/pycore_object.h"
#include "internal/pycore_pylifecycle.h"
#include "internal/pycore_runtime.h"

#endif
