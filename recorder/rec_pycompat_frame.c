/* Frames of 3.11 and later: a PyFrameObject stands before an _PyInterpreterFrame
 * (Include/internal/pycore_frame.h of each version). */
#include "rec_pycompat_internal.h"

/* A shared libpython does not export these tables: they are made here, under own names. */
#define NEED_OPCODE_TABLES 1
#define _PyOpcode_Caches   rec_py_opcode_caches
#define _PyOpcode_Deopt    rec_py_opcode_deopt
#define _PyOpcode_Jump     rec_py_opcode_jump
#include "internal/pycore_opcode.h"

/* The instruction at prev_instr, as compiled. Specialised forms that may stand at a RESUME
 * or YIELD_VALUE: RESUME_QUICK only (3.11, Include/internal/pycore_opcode.h). */
static unsigned
frame_opcode(const _PyInterpreterFrame *frame, unsigned *ret_arg)
{
    const _Py_CODEUNIT *first = _PyCode_CODE(frame->f_code);
    const _Py_CODEUNIT *at = frame->prev_instr;
    if (at < first) {
        *ret_arg = 0;
        return 0;
    }
    unsigned opcode = _Py_OPCODE(*at);
    *ret_arg = _Py_OPARG(*at);
    return opcode == RESUME_QUICK ? RESUME : opcode;
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

PyCodeObject *
rec_py_frame_code(PyFrameObject *frame)
{
    return frame->f_frame->f_code;
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

PyFrameObject *
rec_py_frame_back(PyFrameObject *frame)
{
    const _PyInterpreterFrame *below = frame->f_frame->previous;
    return below != NULL ? below->frame_obj : NULL;
}

PyObject **
rec_py_frame_slots(PyFrameObject *frame)
{
    return frame->f_frame->localsplus;
}

uint32_t
rec_py_frame_lineno(PyFrameObject *frame)
{
    int lineno = PyFrame_GetLineNumber(frame);
    return lineno > 0 ? (uint32_t)lineno : 0;
}

uint32_t
rec_py_frame_instruction(PyFrameObject *frame)
{
    int unit = _PyInterpreterFrame_LASTI(frame->f_frame);
    return unit > 0 ? (uint32_t)unit * (uint32_t)sizeof(_Py_CODEUNIT) : 0;
}

uint32_t
rec_py_frame_unit(PyFrameObject *frame)
{
    int unit = _PyInterpreterFrame_LASTI(frame->f_frame);
    return unit > 0 ? (uint32_t)unit : 0;
}

/* prev_instr stands on the last inline cache of the CALL (Python/ceval.c, CALL). */
uint32_t
rec_py_call_unit(PyFrameObject *caller, uint32_t unit)
{
    const _Py_CODEUNIT *code = _PyCode_CODE(caller->f_frame->f_code);
    while (unit > 0 && _PyOpcode_Deopt[_Py_OPCODE(code[unit])] != CALL) {
        unit--;
    }
    return unit;
}

/* is_entry: the frame was begun by a C call of the evaluation loop. */
bool
rec_py_frame_is_called_by(PyFrameObject *frame, PyFrameObject *caller)
{
    const _PyInterpreterFrame *callee = frame->f_frame;
    if (callee->is_entry || callee->previous != caller->f_frame) {
        return false;
    }
    const _Py_CODEUNIT *code = _PyCode_CODE(caller->f_frame->f_code);
    uint32_t unit = rec_py_frame_unit(caller);
    unsigned caches = _PyOpcode_Caches[CALL];
    uint32_t call = rec_py_call_unit(caller, unit);
    return _PyOpcode_Deopt[_Py_OPCODE(code[call])] == CALL && unit - call <= caches;
}

PyFrameObject *
rec_py_generator_frame(PyObject *generator)
{
    PyGenObject *gen = (PyGenObject *)generator;
    if (gen->gi_frame_state >= FRAME_COMPLETED) {
        return NULL;
    }
    return ((_PyInterpreterFrame *)gen->gi_iframe)->frame_obj;
}

PyObject *
rec_py_generator_qualname(PyObject *generator)
{
    return ((PyGenObject *)generator)->gi_qualname;
}

PyObject **
rec_py_frame_stack(PyFrameObject *frame)
{
    _PyInterpreterFrame *f = frame->f_frame;
    return f->stacktop > 0 ? f->localsplus + f->stacktop : NULL;
}
