#include "rec_trace.h"

#include <stdlib.h>

#include "rec_clock.h"
#include "rec_frames.h"
#include "rec_hooks.h"
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

static struct {
    uint64_t unstamped;
    unsigned depth_before; /* of calls before the program's first */
    bool begun;
    unsigned raised_next;
} events;

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
    rec.raised = &raised[events.raised_next++ % RAISED_KEPT];
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
        && ++events.unstamped < STAMP_EVENTS) {
        return 0;
    }
    events.unstamped = 0;
    uint64_t ns = rec_clock_ns();
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
static void __attribute__((noinline))
write_argument(enum tf_event_kind kind, const struct rec_frame *frame, PyObject *arg)
{
    const struct rec_code *code = frame->code;
    if (kind == TF_EV_EXCEPTION) {
        arg = arg != NULL && PyTuple_Check(arg) && PyTuple_GET_SIZE(arg) > 1
                  ? PyTuple_GET_ITEM(arg, 1)
                  : NULL;
    }
    if (arg == NULL || kind == TF_EV_OPCODE || kind == TF_EV_UNWIND
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
        || (ns != 0 && ns > rec.batch_ns + CHUNK_NS)) {
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
    if (kind > TF_EV_THROW && kind != TF_EV_LINE) {
        write_argument(kind, frame, arg);
    }
    if (kind == TF_EV_EXCEPTION && rec.raised != NULL) {
        frame->raised_object = rec.raised->object;
        frame->raised_seq = rec.raised->seq;
    }
    rec_scan();
    rec_values_drain();

    uint64_t ns = stamp(kind);
    uint32_t instruction =
        kind == TF_EV_OPCODE ? rec_py_frame_instruction(frame->frame) : 0;
    frame->lineno = rec_flow_lineno(&frame->code->flow, frame->frame);
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
             || (ns != 0 && ns > rec.batch_ns + CHUNK_NS)) {
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
    if (rec.switched && rec_hooks_threads()) {
        rec.look_again = true;
    }
}

/* Before the program runs, CPython looks at what its script is: a file, a directory, a zip
 * (Modules/main.c, pymain_get_importer). That is not the program's doing. */
static bool
has_begun(PyFrameObject *object, enum tf_event_kind kind)
{
    if (events.begun) {
        return true;
    }
    if (kind <= TF_EV_THROW && events.depth_before++ == 0) {
        struct tf_text file = rec_text_dup(rec_py_frame_code(object)->co_filename);
        events.begun = file.data == NULL
                       || (strcmp(file.data, "<frozen zipimport>") != 0
                           && strncmp(file.data, "<frozen importlib", 17) != 0);
        free((char *)file.data);
    }
    else if (is_end_of_frame(kind) && events.depth_before > 0) {
        events.depth_before--;
    }
    return events.begun;
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

/* Any event. */
static void __attribute__((noinline))
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
            rec_py_frame_mute_lines(object, true);
            rec.muted_generators |= rec_py_code_is_generator(rec_py_frame_code(object));
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

/* The usual event: of the frame that the event before left on top, with the GIL where it was.
 * False, and nothing done: it is another. */
static inline __attribute__((always_inline)) bool
record_next(PyFrameObject *object, enum tf_event_kind kind, PyObject *arg)
{
    struct rec_thread *thread = rec.thread;
    if (thread == NULL || rec.batch == NULL || rec.lost != NULL || thread->depth == 0
        || rec.gil_switches != rec_py_gil_switches()) {
        return false;
    }
    struct rec_frame *frame = thread->stack[thread->depth - 1];
    if (frame->frame != object || frame->plan == NULL || thread->stale
        || thread->tstate_id != thread->tstate->id || thread->next_trace != NULL
        || thread->next_profile != NULL) {
        return false;
    }
    rec.switched = false;
    if (frame->called) {
        rec_flow_follow_again(frame);
    }
    rec_values_begin(rec.look_again || rec.left_out);
    rec.look_again = false;
    if (frame->plan->open || frame->plan->store_count > 0) {
        rec_flow_note_stores(frame, object, kind);
    }
    if (rec_touch_has_work(frame)) {
        rec_touch_look(NULL, frame);
    }
    write_event(thread, frame, kind, arg);
    return true;
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
bool
rec_instruction_event(PyCodeObject *code, uint32_t unit)
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
        now != rec_trace_event && rec.active ? rec_thread_of(tstate) : NULL;
    if (thread != NULL) {
        thread->next_trace = now;
        rec_py_set_trace(tstate, rec_trace_event, now_self);
    }
    return result;
}

int
rec_trace_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
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
        bool done = kind == TF_EV_LINE     ? record_next(frame, TF_EV_LINE, NULL)
                    : kind == TF_EV_RETURN ? record_next(frame, TF_EV_RETURN, arg)
                                           : false;
        if (!done) {
            record(frame, kind, arg);
        }
    }
    return next != NULL ? call_next(next, self, frame, what, arg) : 0;
}

int
rec_profile_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
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

tf_status
rec_trace_install(bool running, struct tf_err *err)
{
    if (rec_code_init(err) != TF_OK) {
        return err->status;
    }
    events.unstamped = events.depth_before = events.raised_next = 0;
    events.begun = running;
    memset(raised, 0, sizeof raised);
    rec_hooks_install();
    return TF_OK;
}
