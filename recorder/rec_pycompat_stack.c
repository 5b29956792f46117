/* Stacks of frames, through CPython's public functions (3.9 and later; the fields before). */
#include "rec_pycompat.h"

bool
rec_py_is_main_interpreter(void)
{
#if PY_VERSION_HEX >= 0x030d0000
    PyThreadState *tstate = PyThreadState_GetUnchecked();
#else
    PyThreadState *tstate = _PyThreadState_UncheckedGet();
#endif
    return tstate == NULL || tstate->interp == PyInterpreterState_Main();
}

/* Frames that run are kept by what runs them. */
static PyFrameObject *
borrow(PyFrameObject *owned)
{
    Py_XDECREF(owned);
    return owned;
}

PyFrameObject *
rec_py_thread_frame(PyThreadState *tstate)
{
#if PY_VERSION_HEX >= 0x03090000
    return borrow(PyThreadState_GetFrame(tstate));
#else
    Py_XINCREF(tstate->frame);
    return borrow(tstate->frame);
#endif
}

PyFrameObject *
rec_py_frame_caller(PyFrameObject *frame)
{
#if PY_VERSION_HEX >= 0x03090000
    return borrow(PyFrame_GetBack(frame));
#else
    Py_XINCREF(frame->f_back);
    return borrow(frame->f_back);
#endif
}
