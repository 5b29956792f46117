#include "rec_hooks.h"

#include "rec_beside.h"
#include "rec_exec.h"
#include "rec_frames.h"
#include "rec_intercept.h"
#include "rec_session.h"
#include "rec_signals.h"
#include "rec_trace.h"

#define PROFILE_EVENTS \
 (1u << TF_EV_C_CALL | 1u << TF_EV_C_RETURN | 1u << TF_EV_C_EXCEPTION)

#define TRACE_EVENTS (1u << TF_EV_LINE | 1u << TF_EV_EXCEPTION | 1u << TF_EV_OPCODE)

/* What stood where our functions are. */
static struct {
    PyCFunction settrace, setprofile, settrace_all, setprofile_all, start_new_thread,
        start_new, start_joinable, os_exit, execv, execve, set_signal, tracemalloc_stop,
        use_tool, get_tool;
} hooks;

/* --- Staying installed --- */

/* Code that is left out gets no line events (rec_trace.c), until somebody else wants them. */
static void
unmute(PyFrameObject *frame)
{
    const struct rec_code *code = rec_py_code_extra(rec_py_frame_code(frame));
    if (code != NULL && code->id == 0) {
        rec_py_frame_mute_lines(frame, false);
    }
}

static void
unmute_thread(PyThreadState *tstate)
{
    for (PyFrameObject *frame = rec_py_thread_frame(tstate); frame != NULL;
         frame = rec_py_frame_caller(frame)) {
        unmute(frame);
    }
}

static void
unmute_generators(void)
{
    if (rec.muted_generators) {
        rec_py_generators_each(unmute);
        rec.muted_generators = false;
    }
}

/* Puts our hooks where there are none, or in front of those that are there. */
static void
hook_thread(PyThreadState *tstate)
{
    PyObject *self;
    struct rec_thread *thread = rec_thread_of(tstate);
    Py_tracefunc trace = rec_py_get_trace(tstate, &self);
    if (thread == NULL) {
        return;
    }
    if (trace != rec_trace_event) {
        thread->next_trace = trace;
        if (!rec.calls_only) {
            rec_py_set_trace(tstate, rec_trace_event, self);
        }
        if (trace != NULL) {
            unmute_thread(tstate);
            unmute_generators();
        }
    }
    thread->hooked = true;
    if (rec.options->events & PROFILE_EVENTS) {
        Py_tracefunc profile = rec_py_get_profile(tstate, &self);
        if (profile != rec_profile_event) {
            thread->next_profile = profile;
            rec_py_set_profile(tstate, rec_profile_event, self);
        }
    }
}

static bool
is_hooked(PyThreadState *tstate)
{
    PyObject *self;
    return (rec.calls_only || rec_py_get_trace(tstate, &self) == rec_trace_event)
           && (!(rec.options->events & PROFILE_EVENTS)
               || rec_py_get_profile(tstate, &self) == rec_profile_event);
}

bool
rec_hooks_threads(void)
{
    bool found = false;
    PyThreadState *tstate = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    if (!rec_py_is_main_interpreter()) {
        return false;
    }
    for (; rec.active && tstate != NULL; tstate = PyThreadState_Next(tstate)) {
        if (!is_hooked(tstate)) {
            struct rec_thread *thread = rec_thread_of(tstate);
            if (thread != NULL && thread->hooked) {
                thread->stale = true;
                rec.lost = "another tool took the trace function of a thread";
            }
            hook_thread(tstate);
            found = true;
        }
    }
    return found;
}

/* --- What the program sees of the opcode events that are ours alone --- */
static struct rec_frame *
frame_of(PyFrameObject *frame)
{
    return rec.active ? rec_frame_of(frame) : NULL;
}

static bool
opcodes_are_ours(PyFrameObject *frame)
{
    const struct rec_frame *known = frame_of(frame);
    return known != NULL && known->opcodes && !known->opcodes_wanted;
}

static void
opcodes_were_set(PyFrameObject *frame, bool value)
{
    struct rec_frame *known = frame_of(frame);
    if (known != NULL) { /* if switched off, we ask for them again at the next event */
        known->opcodes = false;
        known->opcodes_wanted = value;
        rec.look_again = true;
    }
}

static PyObject *
after_set(PyObject *result)
{
    if (rec.active && rec_py_is_main_interpreter()) {
        hook_thread(PyThreadState_Get());
    }
    return result;
}

static PyObject *
sys_settrace(PyObject *self, PyObject *arg)
{
    return after_set(hooks.settrace(self, arg));
}

static PyObject *
sys_setprofile(PyObject *self, PyObject *arg)
{
    return after_set(hooks.setprofile(self, arg));
}

static void
hook_all(void)
{
    PyThreadState *tstate = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    for (; rec.active && rec_py_is_main_interpreter() && tstate != NULL;
         tstate = PyThreadState_Next(tstate)) {
        hook_thread(tstate);
    }
}

/* From 3.12 on. Nothing of Python's runs before it returns. */
static PyObject *
after_set_all(PyObject *result)
{
    hook_all();
    return result;
}

static PyObject *
sys_settrace_all(PyObject *self, PyObject *arg)
{
    return after_set_all(hooks.settrace_all(self, arg));
}

static PyObject *
sys_setprofile_all(PyObject *self, PyObject *arg)
{
    return after_set_all(hooks.setprofile_all(self, arg));
}

/* A new thread has its state by the time the call returns, and has not run yet: it needs
 * the GIL, which we hold. */
static PyObject *
after_start(PyObject *result)
{
    rec_hooks_threads();
    return result;
}

static PyObject *
thread_start_new_thread(PyObject *self, PyObject *args)
{
    return after_start(hooks.start_new_thread(self, args));
}

static PyObject *
thread_start_new(PyObject *self, PyObject *args)
{
    return after_start(hooks.start_new(self, args));
}

static PyObject *
thread_start_joinable(PyObject *self, PyObject *args, PyObject *names)
{
    PyCFunctionWithKeywords start =
        (PyCFunctionWithKeywords)(void (*)(void))hooks.start_joinable;
    return after_start(start(self, args, names));
}

/* It puts back the allocators that it found when it started: without ours, when we came after
 * it. */
static PyObject *
tracemalloc_stop(PyObject *self, PyObject *unused)
{
    PyObject *result = hooks.tracemalloc_stop(self, unused);
    if (rec.active) {
        rec_session_watch_deaths();
    }
    return result;
}

/* --- The tool of `sys.monitoring` that we took is there for the program --- */
static bool
is_our_tool(PyObject *arg)
{
    int64_t id;
    return rec.active && rec_py_is_main_interpreter() && PyLong_CheckExact(arg)
           && rec_py_int64(arg, &id) && id == rec_py_watch_tool();
}

static void
unwatch_codes(void)
{
    for (struct rec_code *code = rec.codes; code != NULL; code = code->next) {
        if (code->flow.watched) {
            rec_py_unwatch_instructions(code->object);
            code->flow.watched = false;
        }
    }
}

static PyObject *
monitoring_use_tool(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    if (count > 0 && is_our_tool(args[0])) { /* another will do, or none */
        unwatch_codes();
        rec_py_watch_release();
        rec.look_again = true;
        if (rec.calls_only) {
            rec.calls_only = false;
            hook_all();
        }
    }
    return ((_PyCFunctionFast)(void (*)(void))hooks.use_tool)(self, args, count);
}

static PyObject *
monitoring_get_tool(PyObject *self, PyObject *arg)
{
    if (is_our_tool(arg)) {
        Py_RETURN_NONE;
    }
    return hooks.get_tool(self, arg);
}

/* It may have put a signal back to its default, and so have taken our handler away. */
static PyObject *
signal_signal(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    PyObject *result =
        ((_PyCFunctionFast)(void (*)(void))hooks.set_signal)(self, args, count);
    if (rec.active) {
        rec_signals_watch_again();
    }
    return result;
}

/* The one built-in way out that passes no finalisation. */
static PyObject *
posix_exit(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    struct rec_session_result result;
    int64_t status = 0;
    bool known =
        count == 1 && PyLong_CheckExact(args[0]) && rec_py_int64(args[0], &status);
    if (rec.active && (known || names == NULL)) {
        rec_session_finish(known, (int)(status & 0xff), &result);
    }
    return ((_PyCFunctionFastWithKeywords)(void (*)(void))hooks.os_exit)(self, args,
                                                                         count, names);
}

/* Another program is about to take this one's place, if it can: the end of the recording. */
static void
before_exec(PyObject *const *args, Py_ssize_t count)
{
    struct rec_session_result result;
    if (rec.active && count > 0 && rec_py_is_main_interpreter()
        && rec_exec_can_run(args[0])) {
        rec_session_stop("the program ran another in its place (exec)");
        rec_session_finish(false, 0, &result);
    }
}

static PyObject *
posix_execv(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    before_exec(args, count);
    return ((_PyCFunctionFast)(void (*)(void))hooks.execv)(self, args, count);
}

static PyObject *
posix_execve(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    before_exec(args, count);
    return ((_PyCFunctionFastWithKeywords)(void (*)(void))hooks.execve)(self, args,
                                                                        count, names);
}

/* --- Built-ins whose C function is ours while we record --- */

static struct rec_builtin {
    const char *module, *name;
    PyCFunction ours;
    PyCFunction *before;
    PyMethodDef *def; /* once found: it stays */
} builtin_table[] = {
    {"sys", "settrace", sys_settrace, &hooks.settrace, NULL},
    {"sys", "setprofile", sys_setprofile, &hooks.setprofile, NULL},
    {"sys", "_settraceallthreads", sys_settrace_all, &hooks.settrace_all, NULL},
    {"sys", "_setprofileallthreads", sys_setprofile_all, &hooks.setprofile_all, NULL},
    {"sys.monitoring", "use_tool_id", (PyCFunction)(void (*)(void))monitoring_use_tool,
     &hooks.use_tool, NULL},
    {"sys.monitoring", "get_tool", monitoring_get_tool, &hooks.get_tool, NULL},
    {"_thread", "start_new_thread", thread_start_new_thread, &hooks.start_new_thread,
     NULL},
    {"_thread", "start_new", thread_start_new, &hooks.start_new, NULL},
    {"_thread", "start_joinable_thread", /* 3.13 */
     (PyCFunction)(void (*)(void))thread_start_joinable, &hooks.start_joinable, NULL},
    {"_tracemalloc", "stop", tracemalloc_stop, &hooks.tracemalloc_stop, NULL},
    {"_signal", "signal", (PyCFunction)(void (*)(void))signal_signal, &hooks.set_signal,
     NULL},
    {"posix", "_exit", (PyCFunction)(void (*)(void))posix_exit, &hooks.os_exit, NULL},
    {"posix", "execv", (PyCFunction)(void (*)(void))posix_execv, &hooks.execv, NULL},
    {"posix", "execve", (PyCFunction)(void (*)(void))posix_execve, &hooks.execve, NULL},
};

#define BUILTINS (sizeof builtin_table / sizeof builtin_table[0])

static PyMethodDef *
find_builtin(const struct rec_builtin *builtin)
{
    PyObject *modules = PyImport_GetModuleDict(); /* borrowed */
    PyObject *module = strcmp(builtin->module, "sys.monitoring") == 0
                           ? PySys_GetObject("monitoring")
                           : PyDict_GetItemString(modules, builtin->module);
    PyObject *dict =
        module != NULL && PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
    PyObject *found = dict != NULL ? PyDict_GetItemString(dict, builtin->name) : NULL;
    return found != NULL ? rec_py_builtin_def(found) : NULL;
}

static void
take_builtins(void)
{
    for (size_t i = 0; i < BUILTINS; i++) {
        struct rec_builtin *builtin = &builtin_table[i];
        if (builtin->def == NULL) {
            builtin->def = find_builtin(builtin);
        }
        if (builtin->def != NULL && builtin->def->ml_meth != builtin->ours) {
            *builtin->before = builtin->def->ml_meth;
            builtin->def->ml_meth = builtin->ours;
        }
    }
}

static void
give_builtins_back(void)
{
    for (size_t i = 0; i < BUILTINS; i++) {
        const struct rec_builtin *builtin = &builtin_table[i];
        if (builtin->def != NULL && builtin->def->ml_meth == builtin->ours) {
            builtin->def->ml_meth = *builtin->before;
        }
    }
}

/* --- All of it --- */
static void
unhook_thread(PyThreadState *tstate)
{
    PyObject *self;
    const struct rec_thread *thread = rec_thread_of(tstate);
    if (thread != NULL && rec_py_get_trace(tstate, &self) == rec_trace_event) {
        rec_py_set_trace(tstate, thread->next_trace, self);
    }
    if (thread != NULL && rec_py_get_profile(tstate, &self) == rec_profile_event) {
        rec_py_set_profile(tstate, thread->next_profile, self);
    }
}

/* The main thread's hook was taken by a C call that has returned just now: what it missed, if
 * anything, is what that call ran. */
static int
rehook(void *unused)
{
    PyObject *self;
    (void)unused;
    if (!rec.active || !rec_py_is_main_interpreter()) {
        return 0;
    }
    PyThreadState *tstate = PyThreadState_Get();
    struct rec_thread *thread = rec_thread_of(tstate);
    if (thread != NULL && thread->hooked && !rec.calls_only
        && rec_py_get_trace(tstate, &self) != rec_trace_event) {
        thread->stale = true;
    }
    hook_thread(tstate);
    return 0;
}

void
rec_hooks_install(void)
{
    take_builtins();
    rec_beside_watch(rehook);
    if (rec.options->events & 1u << TF_EV_OPCODE) {
        rec_py_want_opcodes();
    }
    if (REC_WATCHES_CODE) {
        rec_py_watch_with(rec_instruction_event);
        rec.calls_only = !(rec.options->events & (TRACE_EVENTS | PROFILE_EVENTS))
                         && rec_py_watch_calls(rec_trace_event);
    }
    else {
        rec_py_hide_opcodes(opcodes_are_ours, opcodes_were_set);
    }
    rec_py_watch_frames();
    rec_intercept_install();
    hook_thread(PyThreadState_Get());
    rec_hooks_threads();
}

void
rec_hooks_remove(void)
{
    PyThreadState *tstate = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    unmute_generators();
    for (; tstate != NULL; tstate = PyThreadState_Next(tstate)) {
        unmute_thread(tstate);
        unhook_thread(tstate);
    }
    rec_intercept_remove();
    if (REC_WATCHES_CODE) {
        unwatch_codes();
        rec_py_watch_no_more();
    }
    else {
        rec_py_show_opcodes();
    }
    give_builtins_back();
}
