/* Watching the instructions of single code objects, through a tool of `sys.monitoring`
 * (PEP 669, 3.12 and later). */
#include "rec_pycompat_internal.h"

#if PY_VERSION_HEX >= 0x030c0000

static struct {
    bool (*event)(PyCodeObject *code, uint32_t unit);
    Py_tracefunc call;      /* NULL: calls and returns are not asked for */
    long tool;              /* 0: not asked for yet, -1: there is none */
    PyObject *set, *events; /* set_local_events, and the number of the event */
    PyObject *disable;
} monitor;

static PyObject *
instruction(PyObject *self, PyObject *const *args, size_t flags, PyObject *names)
{
    int64_t off;
    (void)self;
    (void)names;
    bool done = PyVectorcall_NARGS(flags) == 2 && monitor.event != NULL
                && PyCode_Check(args[0]) && rec_py_int64(args[1], &off)
                && monitor.event((PyCodeObject *)args[0],
                                 (uint32_t)(off / (int64_t)sizeof(_Py_CODEUNIT)));
    return Py_NewRef(done ? monitor.disable : Py_None);
}

/* A type of our own: a call of a built-in function counts as a level of recursion
 * (Objects/methodobject.c), so that a program at its limit would get a RecursionError from
 * it; tests/e2e/test_versions.py, test_the_recursion_limit, notices. */
struct callback {
    PyObject_HEAD vectorcallfunc call;
};

static PyTypeObject callback_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "pyrecord.callback",
    .tp_basicsize = sizeof(struct callback),
    .tp_vectorcall_offset = offsetof(struct callback, call),
    .tp_call = PyVectorcall_Call,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
};

static struct callback callback = {PyObject_HEAD_INIT(&callback_type) instruction};

void
rec_py_watch_with(bool (*event)(PyCodeObject *code, uint32_t unit))
{
    monitor.event = event;
}

/* --- Calls and returns --- */
static PyObject *
tell(int what, PyObject *arg)
{
    PyFrameObject *frame = PyEval_GetFrame(); /* borrowed */
    if (monitor.call != NULL && frame != NULL) {
        Py_INCREF(frame);
        monitor.call(NULL, frame, what, arg);
        Py_DECREF(frame);
    }
    Py_RETURN_NONE;
}

static PyObject *
begins(PyObject *self, PyObject *const *args, size_t flags, PyObject *names)
{
    (void)self, (void)args, (void)flags, (void)names;
    return tell(PyTrace_CALL, Py_None);
}

static PyObject *
ends(PyObject *self, PyObject *const *args, size_t flags, PyObject *names)
{
    (void)self, (void)names;
    return tell(PyTrace_RETURN, PyVectorcall_NARGS(flags) == 3 ? args[2] : Py_None);
}

static PyObject *
unwinds(PyObject *self, PyObject *const *args, size_t flags, PyObject *names)
{
    (void)self, (void)args, (void)flags, (void)names;
    return tell(PyTrace_RETURN, NULL);
}

/* sys.settrace's call and return events are made of these (Python/legacy_tracing.c,
 * _PyEval_SetTrace). */
static struct call_event {
    const char *name;
    struct callback callback;
} call_events[] = {
    {"PY_START", {PyObject_HEAD_INIT(&callback_type) begins}},
    {"PY_RESUME", {PyObject_HEAD_INIT(&callback_type) begins}},
    {"PY_THROW", {PyObject_HEAD_INIT(&callback_type) begins}},
    {"PY_RETURN", {PyObject_HEAD_INIT(&callback_type) ends}},
    {"PY_YIELD", {PyObject_HEAD_INIT(&callback_type) ends}},
    {"PY_UNWIND", {PyObject_HEAD_INIT(&callback_type) unwinds}},
};

# define CALL_EVENTS (sizeof call_events / sizeof call_events[0])

/* Registers the callbacks (or takes them away); the events' bits, -1: an exception is set. */
static long
register_calls(PyObject *monitoring, bool on)
{
    long bits = 0;
    PyObject *events = PyObject_GetAttrString(monitoring, "events"); /* owned */
    for (size_t i = 0; events != NULL && bits >= 0 && i < CALL_EVENTS; i++) {
        PyObject *number = PyObject_GetAttrString(events, call_events[i].name);
        PyObject *before = NULL; /* both owned */
        if (number != NULL) {
            before = PyObject_CallMethod(
                monitoring, "register_callback", "lOO", monitor.tool, number,
                on ? (PyObject *)&call_events[i].callback : Py_None);
        }
        bits = before != NULL ? bits | PyLong_AsLong(number) : -1;
        Py_XDECREF(before);
        Py_XDECREF(number);
    }
    Py_XDECREF(events);
    return events != NULL ? bits : -1;
}

/* 0, 1, 2 and 5 are for debuggers, coverage, profilers and optimisers (PEP 669). */
static bool
take_tool(PyObject *monitoring)
{
    static const long tools[] = {4, 3};
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        PyObject *taken =
            PyObject_CallMethod(monitoring, "use_tool_id", "ls", tools[i], "pyrecord");
        PyErr_Clear();
        if (taken != NULL) {
            Py_DECREF(taken);
            monitor.tool = tools[i];
            return true;
        }
    }
    return false;
}

static bool
begin(void)
{
    PyObject *monitoring = PySys_GetObject("monitoring");
    monitor.tool = -1;
    if (monitoring == NULL || !PyModule_CheckExact(monitoring)) {
        return false;
    }
    PyObject *events = PyObject_GetAttrString(monitoring, "events");
    monitor.events =
        events != NULL ? PyObject_GetAttrString(events, "INSTRUCTION") : NULL;
    monitor.disable = PyObject_GetAttrString(monitoring, "DISABLE");
    monitor.set = PyObject_GetAttrString(monitoring, "set_local_events");
    PyObject *before = NULL;
    if (monitor.events != NULL && monitor.disable != NULL && monitor.set != NULL
        && PyType_Ready(&callback_type) == 0 && take_tool(monitoring)) {
        before = PyObject_CallMethod(monitoring, "register_callback", "lOO",
                                     monitor.tool, monitor.events, &callback);
    }
    if (before == NULL) {
        monitor.tool = -1;
    }
    Py_XDECREF(before);
    Py_XDECREF(events);
    return monitor.tool > 0;
}

bool
rec_py_watch_calls(Py_tracefunc call)
{
    PyObject *done = NULL, *monitoring = PySys_GetObject("monitoring"); /* borrowed */
    struct rec_py_audit audit = rec_py_audit_pause();
    if (monitor.tool > 0 || (monitor.tool == 0 && begin())) {
        long bits = register_calls(monitoring, true);
        monitor.call = call;
        done = bits < 0 ? NULL
                        : PyObject_CallMethod(monitoring, "set_events", "ll",
                                              monitor.tool, bits);
    }
    rec_py_audit_resume(audit);
    PyErr_Clear();
    Py_XDECREF(done);
    monitor.call = done != NULL ? call : NULL;
    return done != NULL;
}

static void
unwatch_calls(PyObject *monitoring)
{
    if (monitor.call != NULL) {
        monitor.call = NULL;
        Py_XDECREF(
            PyObject_CallMethod(monitoring, "set_events", "li", monitor.tool, 0));
        PyErr_Clear();
        register_calls(monitoring, false);
        PyErr_Clear();
    }
}

bool
rec_py_watch_instructions(PyCodeObject *code)
{
    if (monitor.tool < 0 || monitor.event == NULL) {
        return false;
    }
    PyObject *raised = PyErr_GetRaisedException();
    int gc = rec_py_gc_pause();
    struct rec_py_audit audit = rec_py_audit_pause();
    PyObject *done = NULL;
    if (monitor.tool > 0 || begin()) {
        done = PyObject_CallFunction(monitor.set, "lOO", monitor.tool, code,
                                     monitor.events);
    }
    rec_py_audit_resume(audit);
    rec_py_gc_restore(gc);
    PyErr_Clear();
    PyErr_SetRaisedException(raised);
    Py_XDECREF(done);
    return done != NULL;
}

void
rec_py_unwatch_instructions(PyCodeObject *code)
{
    if (monitor.tool > 0) {
        struct rec_py_audit audit = rec_py_audit_pause();
        Py_XDECREF(PyObject_CallFunction(monitor.set, "lOi", monitor.tool, code, 0));
        rec_py_audit_resume(audit);
        PyErr_Clear();
    }
}

long
rec_py_watch_tool(void)
{
    return monitor.tool > 0 ? monitor.tool : -1;
}

void
rec_py_watch_release(void)
{
    PyObject *monitoring = PySys_GetObject("monitoring");
    if (monitor.tool > 0 && monitoring != NULL) {
        struct rec_py_audit audit = rec_py_audit_pause();
        unwatch_calls(monitoring);
        Py_XDECREF(PyObject_CallMethod(monitoring, "register_callback", "lOO",
                                       monitor.tool, monitor.events, Py_None));
        PyErr_Clear();
        Py_XDECREF(PyObject_CallMethod(monitoring, "free_tool_id", "l", monitor.tool));
        PyErr_Clear();
        rec_py_audit_resume(audit);
    }
    Py_CLEAR(monitor.set);
    Py_CLEAR(monitor.events);
    Py_CLEAR(monitor.disable);
    monitor.tool = 0;
}

void
rec_py_watch_no_more(void)
{
    rec_py_watch_release();
    monitor.event = NULL;
}

#else
void
rec_py_watch_with(bool (*event)(PyCodeObject *code, uint32_t unit))
{
    (void)event;
}

bool
rec_py_watch_instructions(PyCodeObject *code)
{
    (void)code;
    return false;
}

void
rec_py_unwatch_instructions(PyCodeObject *code)
{
    (void)code;
}

bool
rec_py_watch_calls(Py_tracefunc call)
{
    (void)call;
    return false;
}

long
rec_py_watch_tool(void)
{
    return -1;
}

void
rec_py_watch_release(void)
{
}

void
rec_py_watch_no_more(void)
{
}
#endif
