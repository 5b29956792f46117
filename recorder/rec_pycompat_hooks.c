/* Hooks of threads and frames, the thread itself, the collector, the process. */
#include "rec_pycompat_internal.h"

#if PY_VERSION_HEX < 0x030b0000
# include <sys/syscall.h>
# include <unistd.h>
#endif

uint64_t
rec_py_gil_switches(void)
{
#if PY_VERSION_HEX >= 0x030c0000
    return PyInterpreterState_Get()->ceval.gil->switch_number;
#else
    return _PyRuntime.ceval.gil.switch_number;
#endif
}

void
rec_py_frame_mute_lines(PyFrameObject *frame, bool mute)
{
    frame->f_trace_lines = !mute;
}

bool
rec_py_frame_is_muted(PyFrameObject *frame)
{
    return !frame->f_trace_lines;
}

#if PY_VERSION_HEX >= 0x030d0000
/* The setter asks for the events of the code object, but only where the frame has a trace
 * function of its own; nothing looks at which (Objects/frameobject.c, 3.13 and later,
 * frame_settrace_opcodes). */
void
rec_py_frame_want_opcodes(PyFrameObject *frame)
{
    PyObject *trace = frame->f_trace;
    const PyGetSetDef *def = PyFrame_Type.tp_getset;
    if (frame->f_trace_opcodes) {
        return;
    }
    while (def->name != NULL && strcmp(def->name, "f_trace_opcodes") != 0) {
        def++;
    }
    frame->f_trace = Py_None;
    if (def->name != NULL && def->set((PyObject *)frame, Py_True, def->closure) < 0) {
        PyErr_Clear();
    }
    frame->f_trace = trace;
}
#else
void
rec_py_frame_want_opcodes(PyFrameObject *frame)
{
    frame->f_trace_opcodes = 1;
}
#endif

void
rec_py_frame_drop_opcodes(PyFrameObject *frame)
{
    frame->f_trace_opcodes = 0;
}

#if PY_VERSION_HEX >= 0x030c0000
# define AUDIT_HOOKS _PyRuntime.audit_hooks.head
#else
# define AUDIT_HOOKS _PyRuntime.audit_hook_head
#endif

/* Where there are no hooks, no event is made (Python/sysmodule.c, should_audit). */
struct rec_py_audit
rec_py_audit_pause(void)
{
    PyInterpreterState *interp = PyInterpreterState_Get();
    struct rec_py_audit audit = {interp->audit_hooks, AUDIT_HOOKS};
    interp->audit_hooks = NULL;
    AUDIT_HOOKS = NULL;
    return audit;
}

void
rec_py_audit_resume(struct rec_py_audit audit)
{
    PyInterpreterState_Get()->audit_hooks = audit.own;
    AUDIT_HOOKS = audit.of_all;
}

#if PY_VERSION_HEX < 0x030c0000
# if PY_VERSION_HEX >= 0x03090000
#  define GC_STATE PyInterpreterState_Get()->gc
# else
#  define GC_STATE _PyRuntime.gc
# endif
#endif

static int
visit_generator(PyObject *obj, void *arg)
{
    void (**found)(PyFrameObject * frame) = arg;
    bool is_one =
        PyGen_Check(obj) || PyCoro_CheckExact(obj) || PyAsyncGen_CheckExact(obj);
    PyFrameObject *frame = is_one ? rec_py_generator_frame(obj) : NULL;
    if (frame != NULL) {
        (*found)(frame);
    }
    return 1;
}

#if PY_VERSION_HEX >= 0x030c0000
void
rec_py_generators_each(void (*found)(PyFrameObject *frame))
{
    PyUnstable_GC_VisitObjects(visit_generator, &found);
}
#else
/* The lowest bit is the collector's (Modules/gcmodule.c, NEXT_MASK_UNREACHABLE). */
static PyGC_Head *
gc_next(const PyGC_Head *gc)
{
    return (PyGC_Head *)(gc->_gc_next & ~(uintptr_t)1);
}

void
rec_py_generators_each(void (*found)(PyFrameObject *frame))
{
    for (int i = 0; i <= NUM_GENERATIONS; i++) {
        const PyGC_Head *head = i < NUM_GENERATIONS
                                    ? &GC_STATE.generations[i].head
                                    : &GC_STATE.permanent_generation.head;
        for (PyGC_Head *gc = gc_next(head); gc != head; gc = gc_next(gc)) {
            visit_generator((PyObject *)(gc + 1), &found);
        }
    }
}
#endif

static struct {
    bool wanted; /* of any frame, by us */
    bool (*is_ours)(PyFrameObject *frame);
    void (*was_set)(PyFrameObject *frame, bool value);
    PyObject *before; /* the descriptor that stood there; owned while ours does */
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

void
rec_py_want_opcodes(void)
{
    opcodes.wanted = true;
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
    opcodes.before =
        PyDict_GetItemString(rec_py_type_dict(&PyFrame_Type), "f_trace_opcodes");
    Py_XINCREF(opcodes.before);
    bool ok = descr != NULL
              && PyDict_SetItemString(rec_py_type_dict(&PyFrame_Type),
                                      "f_trace_opcodes", descr)
                     == 0;
    Py_XDECREF(descr);
    PyType_Modified(&PyFrame_Type);
    PyErr_Clear();
    return ok;
}

void
rec_py_show_opcodes(void)
{
    if (opcodes.before != NULL) {
        PyDict_SetItemString(rec_py_type_dict(&PyFrame_Type), "f_trace_opcodes",
                             opcodes.before);
        PyType_Modified(&PyFrame_Type);
        Py_CLEAR(opcodes.before);
        PyErr_Clear();
    }
}

#if PY_VERSION_HEX >= 0x030c0000
/* From 3.12 on tracing is monitoring, which PyEval_SetTrace() sets up for all threads as soon
 * as one has a function; then the fields of another thread, and the count of those that have
 * one, are all (Python/legacy_tracing.c, _PyEval_SetTrace and setup_tracing). */
static void
set_other(PyThreadState *tstate, Py_tracefunc *hook, PyObject **hook_self,
          Py_ssize_t *threads, Py_tracefunc func, PyObject *self)
{
    PyObject *before = *hook_self;
    *threads += (func != NULL) - (*hook != NULL);
    (void)tstate;
    Py_XINCREF(self);
    *hook = func;
    *hook_self = self;
    Py_XDECREF(before);
}

static void
set_own(void (*set)(Py_tracefunc func, PyObject *self), Py_tracefunc func,
        PyObject *self)
{
    struct rec_py_audit audit = rec_py_audit_pause();
    set(func, self);
    rec_py_audit_resume(audit);
}

void
rec_py_set_trace(PyThreadState *tstate, Py_tracefunc trace, PyObject *self)
{
    if (tstate == PyThreadState_Get()) {
# if PY_VERSION_HEX < 0x030d0000
        /* Opcode events come if this is so by now (Python/legacy_tracing.c, 3.12). */
        PyInterpreterState_Get()->f_opcode_trace_set |= opcodes.wanted;
# endif
        set_own(PyEval_SetTrace, trace, self);
        return;
    }
    set_other(tstate, &tstate->c_tracefunc, &tstate->c_traceobj,
              &PyThreadState_GetInterpreter(tstate)->sys_tracing_threads, trace, self);
}

void
rec_py_set_profile(PyThreadState *tstate, Py_tracefunc profile, PyObject *self)
{
    if (tstate == PyThreadState_Get()) {
        set_own(PyEval_SetProfile, profile, self);
        return;
    }
    set_other(tstate, &tstate->c_profilefunc, &tstate->c_profileobj,
              &PyThreadState_GetInterpreter(tstate)->sys_profiling_threads, profile,
              self);
}
#else
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
# if PY_VERSION_HEX >= 0x030b0000
    tstate->cframe->use_tracing = on ? 255 : 0;
# elif PY_VERSION_HEX >= 0x030a0000
    tstate->cframe->use_tracing = on;
# else
    tstate->use_tracing = on;
# endif
    Py_XDECREF(before);
}

void
rec_py_set_trace(PyThreadState *tstate, Py_tracefunc trace, PyObject *self)
{
    /* So many threads are traced: nothing is looked at while it is 0. */
# if PY_VERSION_HEX < 0x03090000
    _PyRuntime.ceval.tracing_possible +=
        (trace != NULL) - (tstate->c_tracefunc != NULL);
# elif PY_VERSION_HEX < 0x030a0000
    tstate->interp->ceval.tracing_possible +=
        (trace != NULL) - (tstate->c_tracefunc != NULL);
# endif
    set_hook(tstate, &tstate->c_tracefunc, &tstate->c_traceobj, trace, self);
}

void
rec_py_set_profile(PyThreadState *tstate, Py_tracefunc profile, PyObject *self)
{
    set_hook(tstate, &tstate->c_profilefunc, &tstate->c_profileobj, profile, self);
}
#endif

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
#if PY_VERSION_HEX >= 0x030b0000
    return tstate->native_thread_id;
#else /* a thread's own is all that can be told */
    return tstate == PyThreadState_Get() ? (uint64_t)syscall(SYS_gettid) : 0;
#endif
}

#if PY_VERSION_HEX >= 0x030a0000
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
#else
int
rec_py_gc_pause(void)
{
    int was_on = GC_STATE.enabled;
    GC_STATE.enabled = 0;
    return was_on;
}

void
rec_py_gc_restore(int was_on)
{
    GC_STATE.enabled = was_on;
}
#endif

PyMethodDef *
rec_py_builtin_def(PyObject *builtin)
{
    return PyCFunction_Check(builtin) ? ((PyCFunctionObject *)builtin)->m_ml : NULL;
}

bool
rec_py_interrupted(void)
{
#if PY_VERSION_HEX >= 0x030c0000
    return _PyRuntime.signals.unhandled_keyboard_interrupt != 0;
#else
    return _Py_UnhandledKeyboardInterrupt != 0;
#endif
}
