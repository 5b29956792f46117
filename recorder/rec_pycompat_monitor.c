/* Watching the instructions of single code objects, through a tool of `sys.monitoring`
 * (PEP 669, 3.12 and later). */
#include "rec_pycompat_internal.h"

#if PY_VERSION_HEX >= 0x030c0000

static struct {
    bool (*event)(PyCodeObject *code, uint32_t unit);
    long tool;              /* 0: not asked for yet, -1: there is none */
    PyObject *set, *events; /* set_local_events, and the number of the event */
    PyObject *disable;
} monitor;

static PyObject *
instruction(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    int64_t off;
    (void)self;
    bool done = count == 2 && monitor.event != NULL && PyCode_Check(args[0])
                && rec_py_int64(args[1], &off)
                && monitor.event((PyCodeObject *)args[0],
                                 (uint32_t)(off / (int64_t)sizeof(_Py_CODEUNIT)));
    return Py_NewRef(done ? monitor.disable : Py_None);
}

void
rec_py_watch_with(bool (*event)(PyCodeObject *code, uint32_t unit))
{
    monitor.event = event;
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
    static PyMethodDef def = {"pyrecord", (PyCFunction)(void (*)(void))instruction,
                              METH_FASTCALL, NULL};
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
    PyObject *callback = PyCFunction_New(&def, NULL);
    PyObject *before = NULL;
    if (monitor.events != NULL && monitor.disable != NULL && monitor.set != NULL
        && callback != NULL && take_tool(monitoring)) {
        before = PyObject_CallMethod(monitoring, "register_callback", "lOO",
                                     monitor.tool, monitor.events, callback);
    }
    if (before == NULL) {
        monitor.tool = -1;
    }
    Py_XDECREF(before);
    Py_XDECREF(callback);
    Py_XDECREF(events);
    return monitor.tool > 0;
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

void
rec_py_watch_no_more(void)
{
    PyObject *monitoring = PySys_GetObject("monitoring");
    if (monitor.tool > 0 && monitoring != NULL) {
        struct rec_py_audit audit = rec_py_audit_pause();
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

void
rec_py_watch_no_more(void)
{
}
#endif
