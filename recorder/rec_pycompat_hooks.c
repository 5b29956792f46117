/* Hooks of threads and frames, the thread itself, the collector, the process. */
#include "rec_pycompat_internal.h"

uint64_t
rec_py_gil_switches(void)
{
    return _PyRuntime.ceval.gil.switch_number;
}

void
rec_py_frame_mute_lines(PyFrameObject *frame)
{
    frame->f_trace_lines = 0;
}

bool
rec_py_frame_is_muted(PyFrameObject *frame)
{
    return !frame->f_trace_lines;
}

void
rec_py_frame_want_opcodes(PyFrameObject *frame)
{
    frame->f_trace_opcodes = 1;
}

void
rec_py_frame_drop_opcodes(PyFrameObject *frame)
{
    frame->f_trace_opcodes = 0;
}

static struct {
    bool (*is_ours)(PyFrameObject *frame);
    void (*was_set)(PyFrameObject *frame, bool value);
} opcodes;

static PyObject *
get_opcodes(PyObject *self, void *closure)
{
    (void)closure;
    PyFrameObject *frame = (PyFrameObject *)self;
    return PyBool_FromLong(frame->f_trace_opcodes && !opcodes.is_ours(frame));
}

/* As the T_BOOL member that it stands for (Python/structmember.c). */
static int
set_opcodes(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    PyFrameObject *frame = (PyFrameObject *)self;
    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "can't delete numeric/char attribute");
        return -1;
    }
    if (!PyBool_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "attribute value type must be bool");
        return -1;
    }
    opcodes.was_set(frame, value == Py_True);
    frame->f_trace_opcodes = value == Py_True;
    return 0;
}

bool
rec_py_hide_opcodes(bool (*is_ours)(PyFrameObject *frame),
                    void (*was_set)(PyFrameObject *frame, bool value))
{
    static PyGetSetDef opcodes_def = {"f_trace_opcodes", get_opcodes, set_opcodes, NULL,
                                      NULL};
    opcodes.is_ours = is_ours;
    opcodes.was_set = was_set;
    PyObject *descr = PyDescr_NewGetSet(&PyFrame_Type, &opcodes_def);
    bool ok =
        descr != NULL
        && PyDict_SetItemString(PyFrame_Type.tp_dict, "f_trace_opcodes", descr) == 0;
    Py_XDECREF(descr);
    PyType_Modified(&PyFrame_Type);
    PyErr_Clear();
    return ok;
}

/* As _PyEval_SetTrace and _PyEval_SetProfile (Python/ceval.c, 3.11), but without the audit
 * event, which the program's audit hooks would see. */
static void
set_hook(PyThreadState *tstate, Py_tracefunc *hook, PyObject **hook_self,
         Py_tracefunc func, PyObject *self)
{
    PyObject *before = *hook_self;
    Py_XINCREF(self);
    *hook = func;
    *hook_self = self;
    bool on = tstate->c_tracefunc != NULL || tstate->c_profilefunc != NULL;
    tstate->cframe->use_tracing = on ? 255 : 0;
    Py_XDECREF(before);
}

void
rec_py_set_trace(PyThreadState *tstate, Py_tracefunc trace, PyObject *self)
{
    set_hook(tstate, &tstate->c_tracefunc, &tstate->c_traceobj, trace, self);
}

void
rec_py_set_profile(PyThreadState *tstate, Py_tracefunc profile, PyObject *self)
{
    set_hook(tstate, &tstate->c_profilefunc, &tstate->c_profileobj, profile, self);
}

Py_tracefunc
rec_py_get_trace(PyThreadState *tstate, PyObject **ret_self)
{
    *ret_self = tstate->c_traceobj;
    return tstate->c_tracefunc;
}

Py_tracefunc
rec_py_get_profile(PyThreadState *tstate, PyObject **ret_self)
{
    *ret_self = tstate->c_profileobj;
    return tstate->c_profilefunc;
}

uint64_t
rec_py_thread_id(PyThreadState *tstate)
{
    return tstate->id;
}

uint64_t
rec_py_thread_ident(PyThreadState *tstate)
{
    return tstate->thread_id;
}

uint64_t
rec_py_thread_native_id(PyThreadState *tstate)
{
    return tstate->native_thread_id;
}

int
rec_py_gc_pause(void)
{
    return PyGC_Disable();
}

void
rec_py_gc_restore(int was_on)
{
    if (was_on) {
        PyGC_Enable();
    }
}

PyCFunction
rec_py_swap_builtin(PyObject *builtin, PyCFunction replacement)
{
    if (!PyCFunction_Check(builtin)) {
        return NULL;
    }
    PyMethodDef *def = ((PyCFunctionObject *)builtin)->m_ml;
    PyCFunction before = def->ml_meth;
    def->ml_meth = replacement;
    return before;
}

bool
rec_py_interrupted(void)
{
    return _Py_UnhandledKeyboardInterrupt != 0;
}
