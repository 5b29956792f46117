/* Frames up to 3.10: a PyFrameObject holds all (Include/frameobject.h, 3.10:
 * Include/cpython/frameobject.h). */
#include "rec_pycompat_internal.h"

#if PY_VERSION_HEX < 0x030b0000

# include <opcode.h>

/* The instruction at a code unit; what is reached through EXTENDED_ARG stands behind it. */
static unsigned
opcode_at(PyCodeObject *code, Py_ssize_t unit)
{
    const uint8_t *bytes = (const uint8_t *)PyBytes_AS_STRING(code->co_code);
    Py_ssize_t count = PyBytes_GET_SIZE(code->co_code) / 2;
    while (unit >= 0 && unit + 1 < count && bytes[2 * unit] == EXTENDED_ARG) {
        unit++;
    }
    return unit >= 0 && unit < count ? bytes[2 * unit] : 0;
}

/* --- Is a generator resumed by throw()? --- */

/* PEP 523: all frames begin here, and the call event is the first that comes of it
 * (Python/ceval.c, _PyEval_EvalFrameDefault). */
static struct {
    _PyFrameEvalFunction next;
    PyFrameObject *thrown; /* compared only */
} evaluated;

# if PY_VERSION_HEX < 0x03090000
static PyObject *
evaluate(PyFrameObject *frame, int throwflag)
{
    evaluated.thrown = throwflag ? frame : NULL;
    return evaluated.next(frame, throwflag);
}

void
rec_py_watch_frames(void)
{
    PyInterpreterState *interp = PyInterpreterState_Get();
    if (interp->eval_frame != evaluate) {
        evaluated.next = interp->eval_frame;
        interp->eval_frame = evaluate;
    }
}
# else
static PyObject *
evaluate(PyThreadState *tstate, PyFrameObject *frame, int throwflag)
{
    evaluated.thrown = throwflag ? frame : NULL;
    return evaluated.next(tstate, frame, throwflag);
}

void
rec_py_watch_frames(void)
{
    PyInterpreterState *interp = PyInterpreterState_Get();
    if (_PyInterpreterState_GetEvalFrameFunc(interp) != evaluate) {
        evaluated.next = _PyInterpreterState_GetEvalFrameFunc(interp);
        _PyInterpreterState_SetEvalFrameFunc(interp, evaluate);
    }
}
# endif

/* --- Events --- */
enum tf_event_kind
rec_py_call_kind(PyFrameObject *frame)
{
    if (evaluated.thrown == frame) {
        evaluated.thrown = NULL;
        return TF_EV_THROW;
    }
    return frame->f_lasti < 0 ? TF_EV_START : TF_EV_RESUME;
}

/* A frame that yields stands at its YIELD_VALUE, or before the YIELD_FROM that will be
 * executed again. */
enum tf_event_kind
rec_py_return_kind(PyFrameObject *frame, PyObject *arg)
{
    if (arg == NULL) {
        return TF_EV_UNWIND;
    }
    unsigned opcode = opcode_at(frame->f_code, REC_PY_LASTI_UNIT(frame));
    return opcode == RETURN_VALUE ? TF_EV_RETURN : TF_EV_YIELD;
}

PyCodeObject *
rec_py_frame_code(PyFrameObject *frame)
{
    return frame->f_code;
}

PyObject *
rec_py_frame_globals(PyFrameObject *frame)
{
    return frame->f_globals;
}

PyObject *
rec_py_frame_builtins(PyFrameObject *frame)
{
    return frame->f_builtins;
}

PyObject *
rec_py_frame_mapping(PyFrameObject *frame)
{
    return frame->f_locals;
}

PyFrameObject *
rec_py_frame_back(PyFrameObject *frame)
{
    return frame->f_back;
}

rec_py_ref *
rec_py_frame_slots(PyFrameObject *frame)
{
    return frame->f_localsplus;
}

/* Up to 3.9 `f_lineno` is the line of the latest line event in a frame that is traced, which
 * is what sys.settrace() shows; PyFrame_GetLineNumber() looks the instruction up unless a
 * Python function traces the frame. */
uint32_t
rec_py_frame_lineno(PyFrameObject *frame)
{
# if PY_VERSION_HEX < 0x030a0000
    int lineno = frame->f_lineno;
# else
    int lineno = PyFrame_GetLineNumber(frame);
# endif
    return lineno > 0 ? (uint32_t)lineno : 0;
}

uint32_t
rec_py_frame_lineno_of_event(PyFrameObject *frame, uint32_t *ret_unit)
{
    *ret_unit = REC_NO_UNIT;
    return rec_py_frame_lineno(frame);
}

uint32_t
rec_py_frame_instruction(PyFrameObject *frame)
{
    return rec_py_frame_unit(frame) * (uint32_t)sizeof(_Py_CODEUNIT);
}

uint32_t
rec_py_frame_unit(PyFrameObject *frame)
{
    int unit = REC_PY_LASTI_UNIT(frame);
    return unit > 0 ? (uint32_t)unit : 0;
}

/* A generator that goes on has executed its YIELD_VALUE; the value sent lies on the stack
 * (Objects/genobject.c, gen_send_ex). */
uint32_t
rec_py_frame_start_unit(PyFrameObject *frame, enum tf_event_kind kind)
{
    return rec_py_frame_unit(frame) + (kind == TF_EV_RESUME ? 1 : 0);
}

uint32_t
rec_py_call_unit(PyFrameObject *caller, uint32_t unit)
{
    (void)caller;
    return unit;
}

/* C code in between leaves no trace; it may call several times from one instruction. */
bool
rec_py_frame_is_called_by(PyFrameObject *frame, PyFrameObject *caller)
{
    if (frame->f_back != caller) {
        return false;
    }
    switch (opcode_at(caller->f_code, REC_PY_LASTI_UNIT(caller))) {
    case CALL_FUNCTION:
    case CALL_FUNCTION_KW:
    case CALL_METHOD: return true;
    default: return false;
    }
}

/* The value stack's top is told at line, opcode and call events only. */
rec_py_ref *
rec_py_frame_stack(PyFrameObject *frame)
{
# if PY_VERSION_HEX < 0x030a0000
    rec_py_ref *top = frame->f_stacktop;
    return top != NULL && top > frame->f_valuestack ? top : NULL;
# else
    return frame->f_stackdepth > 0 ? frame->f_valuestack + frame->f_stackdepth : NULL;
# endif
}

rec_py_ref *
rec_py_frame_stack_at(PyFrameObject *frame, uint16_t depth)
{
    return frame->f_valuestack + depth;
}

PyFrameObject *
rec_py_generator_frame(PyObject *generator)
{
    return ((PyGenObject *)generator)->gi_frame;
}

PyObject *
rec_py_generator_qualname(PyObject *generator)
{
    return ((PyGenObject *)generator)->gi_qualname;
}

#endif
