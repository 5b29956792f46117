/* The second oracle for events: runs Python as `python3` would, with a trace function
 * that logs and does nothing else.
 *
 *     ctracer OUT PYTHON [PYTHON-ARGUMENT...]
 *
 * A Python tracer is not neutral: up to CPython 3.12 reading `f_locals` keeps the values
 * of a frame alive until its next event, so finalizers and weakref callbacks run late.
 * This one keeps no reference, allocates no Python object that outlives the event and
 * never releases the GIL.
 *
 * OUT gets one line an event, until CPython delivers none any more:
 *     thread <TAB> event <TAB> line <TAB> function <TAB> file
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <frameobject.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
    const char *path;
    FILE *memory;
    char *data;
    size_t len;
    pid_t pid;
    PyThreadState *newest; /* compared only */
    uint64_t thread_id[4096];
    unsigned thread_count;
} ctracer;

static unsigned
ctracer_thread_number(uint64_t id)
{
    for (unsigned i = 0; i < ctracer.thread_count; i++) {
        if (ctracer.thread_id[i] == id) {
            return i + 1;
        }
    }
    if (ctracer.thread_count < 4096) {
        ctracer.thread_id[ctracer.thread_count++] = id;
    }
    return ctracer.thread_count;
}

/* --- What differs between the versions --- */
#if PY_VERSION_HEX < 0x03090000
# define PyInterpreterState_Get      _PyInterpreterState_Get
# define PyThreadState_GetID(tstate) ((tstate)->id)
#endif

static int
ctracer_line(PyFrameObject *frame)
{
#if PY_VERSION_HEX < 0x030a0000
    /* What `frame.f_lineno` is as soon as a Python function traces the frame; the function
     * looks the instruction up instead where none does (Objects/frameobject.c). */
    return frame->f_lineno;
#else
    return PyFrame_GetLineNumber(frame);
#endif
}

static PyCodeObject *
ctracer_code(PyFrameObject *frame)
{
#if PY_VERSION_HEX < 0x030b0000
    return frame->f_code;
#else
    PyCodeObject *code = PyFrame_GetCode(frame);
    Py_DECREF(code); /* the frame holds it */
    return code;
#endif
}

static PyObject *
ctracer_name(PyCodeObject *code)
{
#if PY_VERSION_HEX < 0x030b0000
    return code->co_name;
#else
    return code->co_qualname;
#endif
}

static void
ctracer_set(PyThreadState *tstate, Py_tracefunc trace)
{
#if PY_VERSION_HEX < 0x03090000
    /* As PyEval_SetTrace (Python/ceval.c), which knows its own thread only; the count of
     * threads that are traced is never 0 here, as the main thread is. */
    tstate->c_tracefunc = trace;
    tstate->use_tracing = 1;
#elif PY_VERSION_HEX < 0x030d0000
    _PyEval_SetTrace(tstate, trace, NULL);
#else
    (void)tstate;
    PyEval_SetTraceAllThreads(trace, NULL);
#endif
}

static int ctracer_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg);

/* A new thread state is put at the head of the list, by the thread that starts the new
 * thread: it is found at that thread's next event. */
static void
ctracer_follow_threads(void)
{
    PyThreadState *head = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    if (head == ctracer.newest) {
        return;
    }
    ctracer.newest = head;
    for (PyThreadState *one = head; one; one = PyThreadState_Next(one)) {
        if (one->c_tracefunc != ctracer_event) {
            ctracer_set(one, ctracer_event);
        }
    }
}

static int
ctracer_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
    static const char *const names[] = {
        [PyTrace_CALL] = "call",
        [PyTrace_EXCEPTION] = "exception",
        [PyTrace_LINE] = "line",
        [PyTrace_RETURN] = "return",
    };
    (void)self;
    (void)arg;
    if (what < PyTrace_CALL || what > PyTrace_RETURN) {
        return 0;
    }
    ctracer_follow_threads();
    PyCodeObject *code = ctracer_code(frame);
    const char *file = PyUnicode_AsUTF8(code->co_filename);
    const char *function = PyUnicode_AsUTF8(ctracer_name(code));
    fprintf(ctracer.memory, "%u\t%s\t%d\t%s\t%s\n",
            ctracer_thread_number(PyThreadState_GetID(PyThreadState_Get())),
            names[what], ctracer_line(frame), function, file);
    return 0;
}

static void
ctracer_write(void)
{
    if (getpid() != ctracer.pid) {
        return;
    }
    fclose(ctracer.memory);
    FILE *out = fopen(ctracer.path, "w");
    if (!out || fwrite(ctracer.data, 1, ctracer.len, out) != ctracer.len
        || fclose(out) != 0) {
        perror(ctracer.path);
        _exit(99);
    }
}

int
main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: ctracer OUT PYTHON [PYTHON-ARGUMENT...]\n");
        return 2;
    }
    ctracer.path = argv[1];
    ctracer.pid = getpid();
    ctracer.memory = open_memstream(&ctracer.data, &ctracer.len);
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    PyStatus status = PyConfig_SetBytesArgv(&config, argc - 2, argv + 2);
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    if (!ctracer.memory || PyStatus_Exception(status)) {
        fprintf(stderr, "ctracer: %s\n",
                status.err_msg ? status.err_msg : "cannot start");
        return 99;
    }
    atexit(ctracer_write);
    PyEval_SetTrace(ctracer_event, NULL);
    return Py_RunMain();
}
