#include "rec_trace.h"

#include <stdlib.h>
#include <time.h>

#include "rec_beside.h"
#include "rec_exec.h"
#include "rec_frames.h"
#include "rec_intercept.h"
#include "rec_scan.h"
#include "rec_session.h"
#include "rec_touch.h"
#include "rec_values.h"
#include "tf_limits.h"
#include "tf_tail.h"

/* A line event is stamped when so many events have passed since the latest stamp. */
#define STAMP_EVENTS 64
/* A chunk is closed when it is so old, so that a program that dies later loses little. */
#define CHUNK_NS 1000000000u

#define PROFILE_EVENTS \
 (1u << TF_EV_C_CALL | 1u << TF_EV_C_RETURN | 1u << TF_EV_C_EXCEPTION)

static bool hook_new_threads(void);
static int trace_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg);
static int profile_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg);

static struct {
    uint64_t unstamped;
    unsigned depth_before; /* of calls before the program's first */
    bool begun;
    unsigned raised_next;
    PyCFunction settrace, setprofile, start_new_thread, start_new, start_joinable,
        os_exit, execv, execve, tracemalloc_stop;
} hooks;

static uint64_t
now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec - rec.start_ns;
}

/* --- The uncaught exception: where was it raised? --- */

/* The latest exceptions, so that one that goes on after others were raised and caught on its
 * way is known again. */
#define RAISED_KEPT 64

static struct raised {
    uint64_t object, seq;
    bool own;
} raised[RAISED_KEPT];

static void
note_raised(uint64_t object, uint64_t seq, bool own)
{
    for (unsigned i = 0; i < RAISED_KEPT; i++) {
        if (raised[i].object == object && object != 0) {
            if (own && !raised[i].own) {
                raised[i].seq = seq;
                raised[i].own = true;
            }
            rec.raised = &raised[i];
            return;
        }
    }
    rec.raised = &raised[hooks.raised_next++ % RAISED_KEPT];
    *rec.raised = (struct raised){object, seq, own};
}

static void
note_unwound(const struct rec_thread *thread)
{
    if (thread->depth == 1 && thread->tstate_id == rec.main_tstate_id
        && rec.failure_seq == 0 && rec_thread_top(thread)->code->is_main) {
        rec.failure_object = rec_thread_top(thread)->raised_object;
        rec.failure_seq = rec_thread_top(thread)->raised_seq;
    }
}

/* --- One event --- */

static bool
is_end_of_frame(enum tf_event_kind kind)
{
    return kind == TF_EV_RETURN || kind == TF_EV_YIELD || kind == TF_EV_UNWIND;
}

static uint64_t
stamp(enum tf_event_kind kind)
{
    if ((kind == TF_EV_LINE || kind == TF_EV_OPCODE)
        && ++hooks.unstamped < STAMP_EVENTS) {
        return 0;
    }
    hooks.unstamped = 0;
    uint64_t ns = now_ns();
    return ns > 0 ? ns : 1;
}

/* A function named for it, or a text that one argument, a secret, became. */
static bool
is_secret_result(const struct rec_frame *frame, PyObject *arg)
{
    if (frame->code->name_secret) {
        return true;
    }
    return frame->code->arg_count == 1 && frame->slot[0].kind == TF_VAL_ELIDED
           && frame->slot[0].note == TF_ELIDE_REDACTED
           && (PyUnicode_Check(arg) || PyBytes_Check(arg));
}

/* The object that an exception event or a return carries, as a change. */
static void
write_argument(enum tf_event_kind kind, const struct rec_frame *frame, PyObject *arg)
{
    const struct rec_code *code = frame->code;
    if (kind == TF_EV_EXCEPTION) {
        arg = arg != NULL && PyTuple_Check(arg) && PyTuple_GET_SIZE(arg) > 1
                  ? PyTuple_GET_ITEM(arg, 1)
                  : NULL;
    }
    if (arg == NULL || kind == TF_EV_LINE || kind == TF_EV_OPCODE
        || kind == TF_EV_UNWIND || kind <= TF_EV_THROW
        || (!rec.options->values && kind != TF_EV_EXCEPTION)) {
        return;
    }
    struct rec_src src = rec_src_obj(arg);
    if (tf_rows_op(&rec.batch->changes, TF_OP_ARG)) {
        if (is_secret_result(frame, arg)
            && (kind == TF_EV_RETURN || kind == TF_EV_YIELD)) {
            rec_value_emit_redacted(arg);
        }
        else {
            struct rec_val val = rec_value_emit(&src, 1);
            if (kind == TF_EV_EXCEPTION) {
                struct rec_obj *raised_obj =
                    val.kind == TF_VAL_REF ? rec_val_obj(&val) : NULL;
                if (raised_obj != NULL) { /* raising it gives it a context */
                    rec_values_look(raised_obj, (struct rec_hint){.sort = REC_HINT_NONE,
                                                                  .index = 0});
                }
                note_raised(raised_obj != NULL ? raised_obj->id : 0, rec.seq + 1,
                            code->own);
            }
        }
    }
}

/* Enough rows for a checksum, or for a chunk. */
static void
seal_or_next_batch(uint64_t ns)
{
    const struct tf_rows *rows = &rec.batch->changes;
    if (rows->event_count >= TF_CHUNK_EVENTS || rows->len >= TF_CHUNK_ROW_BYTES
        || (ns != 0 && ns - rec.batch_ns > CHUNK_NS)) {
        rec_session_next_batch();
        return;
    }
    tf_tail_seal_changes(rec.batch);
}

static inline __attribute__((always_inline)) void
write_event(struct rec_thread *thread, struct rec_frame *frame, enum tf_event_kind kind,
            PyObject *arg)
{
    rec_frame_update(frame);
    write_argument(kind, frame, arg);
    if (kind == TF_EV_EXCEPTION && rec.raised != NULL) {
        frame->raised_object = rec.raised->object;
        frame->raised_seq = rec.raised->seq;
    }
    rec_scan();
    rec_values_drain();

    uint64_t ns = stamp(kind);
    uint32_t instruction =
        kind == TF_EV_OPCODE ? rec_py_frame_instruction(frame->frame) : 0;
    frame->lineno = rec_py_frame_lineno(frame->frame);
    tf_rows_event(&rec.batch->changes, kind, thread->id, frame->lineno, instruction,
                  ns);
    rec.seq++;
    tf_tail_publish(rec.batch);
    if (is_end_of_frame(kind)) {
        if (kind == TF_EV_UNWIND) {
            note_unwound(thread);
        }
        rec_frame_leave(thread, kind == TF_EV_YIELD);
    }
    else {
        rec_flow_mark(frame, kind);
    }
    const struct tf_rows *rows = &rec.batch->changes;
    if (rec.out_of_memory || rows->failed) {
        rec_session_stop("out of memory");
    }
    else if (rows->event_count >= TF_CHUNK_EVENTS || rows->len >= rec.batch->check_at
             || (ns != 0 && ns - rec.batch_ns > CHUNK_NS)) {
        seal_or_next_batch(ns);
    }
}

/* Threads that began without our hooks (in C code) may have run Python code unseen. */
static void
look_at_threads(const struct rec_thread *thread)
{
    uint64_t switches = rec_py_gil_switches();
    rec.switched = switches != rec.gil_switches || thread != rec.thread;
    rec.gil_switches = switches;
    if (rec.switched && hook_new_threads()) {
        rec.look_again = true;
    }
}

/* Before the program runs, CPython looks at what its script is: a file, a directory, a zip
 * (Modules/main.c, pymain_get_importer). That is not the program's doing. */
static bool
has_begun(PyFrameObject *object, enum tf_event_kind kind)
{
    if (hooks.begun) {
        return true;
    }
    if (kind <= TF_EV_THROW && hooks.depth_before++ == 0) {
        struct tf_text file = rec_text_dup(rec_py_frame_code(object)->co_filename);
        hooks.begun = file.data == NULL
                      || (strcmp(file.data, "<frozen zipimport>") != 0
                          && strncmp(file.data, "<frozen importlib", 17) != 0);
        free((char *)file.data);
    }
    else if (is_end_of_frame(kind) && hooks.depth_before > 0) {
        hooks.depth_before--;
    }
    return hooks.begun;
}

/* What was missed ends a chunk. */
static bool
tell_lost(void)
{
    if (rec.batch == NULL && !rec_session_wait_batch()) {
        return false;
    }
    rec_session_next_batch();
    return rec.active && rec.batch != NULL;
}

/* The stack as it is now, without the frame whose call is to come. */
static void __attribute__((noinline))
find_stack(struct rec_thread *thread, PyFrameObject *object, enum tf_event_kind kind)
{
    thread->stale = false;
    rec.thread = thread;
    rec_values_begin(true);
    if (!rec_frames_sync(thread,
                         kind <= TF_EV_THROW ? rec_py_frame_caller(object) : object)) {
        rec_session_stop("out of memory");
    }
    rec.look_again = true;
}

/* Inline for each kind of event, which takes away what it has no part in. */
static inline __attribute__((always_inline)) void
record(PyFrameObject *object, enum tf_event_kind kind, PyObject *arg)
{
    if (!has_begun(object, kind)) {
        return;
    }
    if (rec.lost != NULL && !tell_lost()) {
        return;
    }
    if (rec.batch == NULL && !rec_session_wait_batch()) {
        return;
    }
    struct rec_thread *thread = rec_thread_of(PyThreadState_Get());
    if (thread != NULL && thread->stale) {
        find_stack(thread, object, kind);
    }
    struct rec_frame *top = thread != NULL ? rec_thread_top(thread) : NULL;
    struct rec_code *code = top != NULL && top->frame == object && kind > TF_EV_THROW
                                ? top->code
                                : rec_code_of(rec_py_frame_code(object));
    if (code == NULL || thread == NULL) {
        rec_session_stop("out of memory");
        return;
    }
    if (code->id == 0) { /* left out: its calls are all that is asked of it */
        if (kind <= TF_EV_THROW && thread->next_trace == NULL) {
            rec_py_frame_mute_lines(object);
        }
        rec.look_again = true;
        return;
    }
    look_at_threads(thread);
    if (kind <= TF_EV_THROW && top != NULL && rec_py_frame_back(object) != top->frame) {
        rec.look_again = true; /* code that is left out runs in between */
    }
    if (top != NULL && top->plan == NULL && kind > TF_EV_THROW) {
        rec.look_again = true; /* it ran before we looked */
    }
    if (top != NULL && top->called) {
        rec_flow_follow_again(top);
    }
    rec_values_begin(rec.look_again || rec.left_out);
    rec.look_again = thread->next_trace != NULL || thread->next_profile != NULL;
    if (top == NULL || top->plan == NULL || top->plan->open
        || top->plan->store_count > 0) {
        rec_flow_note_stores(top, object, kind);
    }
    if (kind <= TF_EV_THROW && top != NULL) {
        rec_flow_called(top, object);
    }
    rec.thread = thread;
    struct rec_frame *frame =
        kind <= TF_EV_THROW ? rec_frame_enter(thread, object, code, kind)
        : top != NULL && top->frame == object ? top
                                              : rec_frame_find(thread, object, code);
    if (frame == NULL) {
        rec_session_stop("out of memory");
        return;
    }
    if (rec.options->values) {
        struct rec_frame *caller = kind <= TF_EV_THROW && thread->depth > 1
                                       ? thread->stack[thread->depth - 2]
                                       : NULL;
        if (rec.switched || rec_touch_has_work(frame)
            || (caller != NULL && rec_touch_has_work(caller))) {
            rec_touch_look(caller, frame);
        }
    }
    if (thread->next_trace != NULL) { /* it would get our opcode events, too */
        rec.look_again = true;
    }
    write_event(thread, frame, kind, arg);
}

/* The frame whose call is to come is not on the stack yet. False: this child is not
 * recorded. */
static bool __attribute__((noinline))
follow_fork(PyFrameObject *frame, enum tf_event_kind kind)
{
    return rec_session_follow_fork(kind <= TF_EV_THROW ? rec_py_frame_caller(frame)
                                                       : frame);
}

/* --- The trace function --- */

/* False when the event is ours alone. */
static bool
before_instruction(PyFrameObject *object)
{
    struct rec_thread *thread = rec_thread_of(PyThreadState_Get());
    struct rec_frame *frame = thread != NULL ? rec_thread_top(thread) : NULL;
    if (!rec.active || frame == NULL || frame->frame != object) {
        return rec.options->events & 1u << TF_EV_OPCODE;
    }
    if (rec.options->values) {
        rec_touch_instruction(frame);
    }
    if (frame->opcodes && !frame->opcodes_wanted && thread->next_trace != NULL) {
        rec_py_frame_drop_opcodes(object);
        frame->opcodes = false;
        rec.look_again = true;
        return false;
    }
    return !frame->opcodes || frame->opcodes_wanted;
}

/* As far as it is ours: no opcode event comes from it. True: it changes no object, ever. */
static bool
instruction_event(PyCodeObject *code, uint32_t unit)
{
    const struct rec_code *known = rec_py_code_extra(code);
    if (known == NULL || unit >= known->flow.unit_count
        || known->flow.effect[unit] == REC_EFFECT_NONE) {
        return true;
    }
    struct rec_thread *thread = rec.active ? rec_thread_of(PyThreadState_Get()) : NULL;
    struct rec_frame *frame = thread != NULL ? rec_thread_top(thread) : NULL;
    if (frame != NULL && frame->watched && frame->frame != NULL && frame->code == known
        && rec_py_frame_unit(frame->frame) == unit) {
        rec_touch_instruction(frame);
    }
    return false;
}

static Py_tracefunc
next_trace(void)
{
    struct rec_thread *thread =
        rec.options != NULL ? rec_thread_of(PyThreadState_Get()) : NULL;
    return thread != NULL ? thread->next_trace : NULL;
}

/* The program's own function comes after ours, through CPython's own trampoline. When that
 * took our place (it removes itself after an error), we take it back. */
static int
call_next(Py_tracefunc next, PyObject *self, PyFrameObject *frame, int what,
          PyObject *arg)
{
    int result = next(self, frame, what, arg);
    PyThreadState *tstate = PyThreadState_Get();
    PyObject *now_self;
    Py_tracefunc now = rec_py_get_trace(tstate, &now_self);
    struct rec_thread *thread =
        now != trace_event && rec.active ? rec_thread_of(tstate) : NULL;
    if (thread != NULL) {
        thread->next_trace = now;
        rec_py_set_trace(tstate, trace_event, now_self);
    }
    return result;
}

static int
trace_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
    enum tf_event_kind kind;
    switch (what) {
    case PyTrace_CALL: kind = rec_py_call_kind(frame); break;
    case PyTrace_LINE: kind = TF_EV_LINE; break;
    case PyTrace_RETURN: kind = rec_py_return_kind(frame, arg); break;
    case PyTrace_EXCEPTION: kind = TF_EV_EXCEPTION; break;
    case PyTrace_OPCODE: kind = TF_EV_OPCODE; break;
    default: return 0;
    }
    /* found before the event: a wait for the writer may see the recording's end */
    Py_tracefunc next = self != NULL ? next_trace() : NULL;
    if (!rec.active && rec.forked && !follow_fork(frame, kind)) {
        return next != NULL ? call_next(next, self, frame, what, arg) : 0;
    }
    if (what == PyTrace_OPCODE && !before_instruction(frame)) {
        return 0;
    }
    if (rec.active
        && (is_end_of_frame(kind) || kind <= TF_EV_THROW
            || rec.options->events & 1u << kind)) {
        if (kind == TF_EV_LINE) {
            record(frame, TF_EV_LINE, NULL);
        }
        else {
            record(frame, kind, arg);
        }
    }
    return next != NULL ? call_next(next, self, frame, what, arg) : 0;
}

static int
profile_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
    enum tf_event_kind kind = what == PyTrace_C_CALL        ? TF_EV_C_CALL
                              : what == PyTrace_C_RETURN    ? TF_EV_C_RETURN
                              : what == PyTrace_C_EXCEPTION ? TF_EV_C_EXCEPTION
                                                            : 0;
    const struct rec_thread *thread =
        rec.options != NULL && self != NULL ? rec_thread_of(PyThreadState_Get()) : NULL;
    Py_tracefunc next = thread != NULL ? thread->next_profile : NULL;
    if (!rec.active && rec.forked) {
        follow_fork(frame, kind);
    }
    if (rec.active && kind != 0 && rec.options->events & 1u << kind) {
        record(frame, kind, arg);
    }
    return next != NULL ? next(self, frame, what, arg) : 0;
}

/* --- Staying installed --- */

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
    if (trace != trace_event) {
        thread->next_trace = trace;
        rec_py_set_trace(tstate, trace_event, self);
    }
    thread->hooked = true;
    if (rec.options->events & PROFILE_EVENTS) {
        Py_tracefunc profile = rec_py_get_profile(tstate, &self);
        if (profile != profile_event) {
            thread->next_profile = profile;
            rec_py_set_profile(tstate, profile_event, self);
        }
    }
}

static bool
hook_new_threads(void)
{
    bool found = false;
    PyThreadState *tstate = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    if (!rec_py_is_main_interpreter()) {
        return false;
    }
    for (; rec.active && tstate != NULL; tstate = PyThreadState_Next(tstate)) {
        PyObject *self;
        if (rec_py_get_trace(tstate, &self) != trace_event) {
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

/* A new thread has its state by the time the call returns, and has not run yet: it needs
 * the GIL, which we hold. */
static PyObject *
after_start(PyObject *result)
{
    hook_new_threads();
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
    {"_thread", "start_new_thread", thread_start_new_thread, &hooks.start_new_thread,
     NULL},
    {"_thread", "start_new", thread_start_new, &hooks.start_new, NULL},
    {"_thread", "start_joinable_thread", /* 3.13 */
     (PyCFunction)(void (*)(void))thread_start_joinable, &hooks.start_joinable, NULL},
    {"_tracemalloc", "stop", tracemalloc_stop, &hooks.tracemalloc_stop, NULL},
    {"posix", "_exit", (PyCFunction)(void (*)(void))posix_exit, &hooks.os_exit, NULL},
    {"posix", "execv", (PyCFunction)(void (*)(void))posix_execv, &hooks.execv, NULL},
    {"posix", "execve", (PyCFunction)(void (*)(void))posix_execve, &hooks.execve, NULL},
};

#define BUILTINS (sizeof builtin_table / sizeof builtin_table[0])

static PyMethodDef *
find_builtin(const struct rec_builtin *builtin)
{
    PyObject *modules = PyImport_GetModuleDict(); /* borrowed */
    PyObject *module = PyDict_GetItemString(modules, builtin->module);
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
    if (thread != NULL && rec_py_get_trace(tstate, &self) == trace_event) {
        rec_py_set_trace(tstate, thread->next_trace, self);
    }
    if (thread != NULL && rec_py_get_profile(tstate, &self) == profile_event) {
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
    if (thread != NULL && thread->hooked
        && rec_py_get_trace(tstate, &self) != trace_event) {
        thread->stale = true;
    }
    hook_thread(tstate);
    return 0;
}

tf_status
rec_trace_install(bool running, struct tf_err *err)
{
    if (rec_code_init(err) != TF_OK) {
        return err->status;
    }
    hooks.unstamped = hooks.depth_before = hooks.raised_next = 0;
    hooks.begun = running;
    memset(raised, 0, sizeof raised);
    take_builtins();
    rec_beside_watch(rehook);
    if (rec.options->events & 1u << TF_EV_OPCODE) {
        rec_py_want_opcodes();
    }
    if (REC_WATCHES_CODE) {
        rec_py_watch_with(instruction_event);
    }
    else {
        rec_py_hide_opcodes(opcodes_are_ours, opcodes_were_set);
    }
    rec_py_watch_frames();
    rec_intercept_install();
    hook_thread(PyThreadState_Get());
    hook_new_threads();
    return TF_OK;
}

void
rec_trace_remove(void)
{
    PyThreadState *tstate = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    for (; tstate != NULL; tstate = PyThreadState_Next(tstate)) {
        unhook_thread(tstate);
    }
    rec_intercept_remove();
    if (REC_WATCHES_CODE) {
        for (const struct rec_code *code = rec.codes; code != NULL; code = code->next) {
            if (code->flow.watched) {
                rec_py_unwatch_instructions(code->object);
            }
        }
        rec_py_watch_no_more();
    }
    else {
        rec_py_show_opcodes();
    }
    give_builtins_back();
}
