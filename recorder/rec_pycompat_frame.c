/* Frames of 3.11 and later: a PyFrameObject stands before an _PyInterpreterFrame
 * (Include/internal/pycore_frame.h of each version, pycore_interpframe.h from 3.14 on). */
#include "rec_pycompat_internal.h"

#if PY_VERSION_HEX >= 0x030b0000

# include <opcode.h>

static PyCodeObject *
code_of(_PyInterpreterFrame *frame)
{
# if PY_VERSION_HEX >= 0x030d0000
    return _PyFrame_GetCode(frame);
# else
    return frame->f_code;
# endif
}

# if PY_VERSION_HEX >= 0x030c0000
/* The event of monitoring behind it tells (Python/instrumentation.c, call_one_instrument);
 * 3.12 gives None, not NULL, as the argument when an exception ends the frame. */
enum tf_event_kind
rec_py_call_kind(PyFrameObject *frame)
{
    (void)frame;
    switch (PyThreadState_Get()->what_event) {
    case PY_MONITORING_EVENT_PY_START: return TF_EV_START;
    case PY_MONITORING_EVENT_PY_THROW: return TF_EV_THROW;
    default: return TF_EV_RESUME;
    }
}

enum tf_event_kind
rec_py_return_kind(PyFrameObject *frame, PyObject *arg)
{
    (void)frame;
    switch (PyThreadState_Get()->what_event) {
    case PY_MONITORING_EVENT_PY_UNWIND: return TF_EV_UNWIND;
    case PY_MONITORING_EVENT_PY_YIELD: return TF_EV_YIELD;
    default: return arg == NULL ? TF_EV_UNWIND : TF_EV_RETURN;
    }
}
# else
/* The instruction at which the frame stands, and its argument; 0: before the first. */
static unsigned
frame_opcode(_PyInterpreterFrame *frame, unsigned *ret_arg)
{
    PyCodeObject *code = code_of(frame);
    int unit = _PyInterpreterFrame_LASTI(frame);
    *ret_arg = 0;
    if (unit < 0) {
        return 0;
    }
    *ret_arg = _Py_OPARG(_PyCode_CODE(code)[unit]);
    return rec_py_base_opcode(code, (uint32_t)unit);
}

/* 3.11: a generator starts at RESUME 0 and goes on at RESUME 1 (yield), 2 (yield from) or
 * 3 (await); throw() reports the call while the frame still stands at its YIELD_VALUE,
 * SEND or, never started, RETURN_GENERATOR (Python/ceval.c, TRACE_FUNCTION_THROW_ENTRY). */
enum tf_event_kind
rec_py_call_kind(PyFrameObject *frame)
{
    unsigned arg;
    if (frame_opcode(frame->f_frame, &arg) != RESUME) {
        return TF_EV_THROW;
    }
    return (arg & 3) == 0 ? TF_EV_START : TF_EV_RESUME;
}

enum tf_event_kind
rec_py_return_kind(PyFrameObject *frame, PyObject *arg)
{
    unsigned oparg;
    if (arg == NULL) {
        return TF_EV_UNWIND;
    }
    return frame_opcode(frame->f_frame, &oparg) == YIELD_VALUE ? TF_EV_YIELD
                                                               : TF_EV_RETURN;
}
# endif

PyCodeObject *
rec_py_frame_code(PyFrameObject *frame)
{
    return code_of(frame->f_frame);
}

PyObject *
rec_py_frame_globals(PyFrameObject *frame)
{
    return frame->f_frame->f_globals;
}

PyObject *
rec_py_frame_builtins(PyFrameObject *frame)
{
    return frame->f_frame->f_builtins;
}

PyObject *
rec_py_frame_mapping(PyFrameObject *frame)
{
    return frame->f_frame->f_locals;
}

/* From 3.12 on, each C call of the evaluation loop has a frame of its own, without code of
 * the program's, below the first that it runs. */
static bool
is_entry(const _PyInterpreterFrame *frame)
{
# if PY_VERSION_HEX >= 0x030e0000
    return frame->owner >= FRAME_OWNED_BY_INTERPRETER;
# elif PY_VERSION_HEX >= 0x030c0000
    return frame->owner == FRAME_OWNED_BY_CSTACK;
# else
    (void)frame;
    return false;
# endif
}

PyFrameObject *
rec_py_frame_back(PyFrameObject *frame)
{
    const _PyInterpreterFrame *below = frame->f_frame->previous;
    while (below != NULL && is_entry(below)) {
        below = below->previous;
    }
    return below != NULL ? below->frame_obj : NULL;
}

rec_py_ref *
rec_py_frame_slots(PyFrameObject *frame)
{
    return (rec_py_ref *)frame->f_frame->localsplus;
}

uint32_t
rec_py_frame_lineno(PyFrameObject *frame)
{
    int lineno = PyFrame_GetLineNumber(frame);
    return lineno > 0 ? (uint32_t)lineno : 0;
}

/* As PyFrame_GetLineNumber() (Objects/frameobject.c). */
uint32_t
rec_py_frame_lineno_of_event(PyFrameObject *frame, uint32_t *ret_unit)
{
    int unit = frame->f_lineno != 0 ? -1 : _PyInterpreterFrame_LASTI(frame->f_frame);
    *ret_unit = unit >= 0 ? (uint32_t)unit : REC_NO_UNIT;
    return frame->f_lineno > 0 ? (uint32_t)frame->f_lineno : 0;
}

uint32_t
rec_py_frame_instruction(PyFrameObject *frame)
{
    return rec_py_frame_unit(frame) * (uint32_t)sizeof(_Py_CODEUNIT);
}

uint32_t
rec_py_frame_unit(PyFrameObject *frame)
{
    int unit = _PyInterpreterFrame_LASTI(frame->f_frame);
    return unit > 0 ? (uint32_t)unit : 0;
}

static bool
is_call(unsigned opcode)
{
# ifdef CALL_KW
    return opcode == CALL || opcode == CALL_KW;
# else
    return opcode == CALL;
# endif
}

/* While it calls, a frame stands on the last inline cache of the CALL up to 3.12, and on
 * the instruction itself from 3.13 on (Python/bytecodes.c, CALL). */
uint32_t
rec_py_call_unit(PyFrameObject *caller, uint32_t unit)
{
    PyCodeObject *code = code_of(caller->f_frame);
    while (unit > 0 && !is_call(rec_py_base_opcode(code, unit))) {
        unit--;
    }
    return unit;
}

bool
rec_py_frame_is_called_by(PyFrameObject *frame, PyFrameObject *caller)
{
    const _PyInterpreterFrame *callee = frame->f_frame;
# if PY_VERSION_HEX < 0x030c0000
    if (callee->is_entry) { /* begun by a C call of the evaluation loop */
        return false;
    }
# endif
    if (callee->previous != caller->f_frame) {
        return false;
    }
    PyCodeObject *code = code_of(caller->f_frame);
    uint32_t unit = rec_py_frame_unit(caller);
    uint32_t call = rec_py_call_unit(caller, unit);
    unsigned opcode = rec_py_base_opcode(code, call);
    return is_call(opcode) && unit - call <= rec_py_opcode_caches(opcode);
}

PyFrameObject *
rec_py_generator_frame(PyObject *generator)
{
    PyGenObject *gen = (PyGenObject *)generator;
    if (FRAME_STATE_FINISHED(gen->gi_frame_state)) {
        return NULL;
    }
    return ((_PyInterpreterFrame *)&gen->gi_iframe)->frame_obj;
}

PyObject *
rec_py_generator_qualname(PyObject *generator)
{
    return ((PyGenObject *)generator)->gi_qualname;
}

rec_py_ref *
rec_py_frame_stack_at(PyFrameObject *frame, uint16_t depth)
{
    return rec_py_frame_slots(frame) + code_of(frame->f_frame)->co_nlocalsplus + depth;
}

rec_py_ref *
rec_py_frame_stack(PyFrameObject *frame)
{
    _PyInterpreterFrame *f = frame->f_frame;
# if PY_VERSION_HEX >= 0x030e0000
    return (rec_py_ref *)f->stackpointer;
# else
    return f->stacktop > 0 ? f->localsplus + f->stacktop : NULL;
# endif
}

void
rec_py_watch_frames(void)
{
}

uint32_t
rec_py_frame_start_unit(PyFrameObject *frame, enum tf_event_kind kind)
{
    (void)kind;
    return rec_py_frame_unit(frame);
}

#endif
