/* Threads, their stacks of recorded frames, and the locals as last recorded. */
#ifndef REC_FRAMES_H
#define REC_FRAMES_H

#include "rec_code.h"

/* Not known where: something may have run that was not seen. */
#define REC_UNIT_UNKNOWN UINT32_MAX

/* An object that may have changed: rec_touch.h. */
struct rec_touch {
    struct rec_obj *obj; /* NULL: it was not recorded yet; then `base` */

    union {
        uint64_t id; /* the entry is used for another object when it differs */
        uintptr_t base;
    };

    union {
        int64_t index;
        PyObject *name;
    };

    uint32_t changes; /* rec_obj.changes when it was noted */
    uint8_t hint;     /* enum of struct rec_hint */
    bool deep;
};

struct rec_frame {
    struct rec_link link; /* by the frame object */
    uint64_t id;
    PyFrameObject
        *frame; /* borrowed: lives while it runs or its generator does; NULL when
                              it died unseen: then `code` and `globals` may be gone too */
    struct rec_code *code;     /* borrowed: lives as long as the frame */
    PyObject *globals;         /* borrowed from the frame */
    struct rec_obj *namespace; /* its globals' object; lives as long as the frame */
    uint64_t namespace_id;
    uint32_t code_id, fast_count, slot_count;
    uint64_t call_seq;
    uint8_t call_kind;
    uint32_t lineno;
    uint32_t unit; /* where it stood at its latest event; REC_UNIT_UNKNOWN */
    struct rec_plan
        *plan; /* of what runs since; NULL: not known. Borrowed from the code */
    struct rec_touch *touched; /* what the instructions since may change */
    uint32_t touched_count, touched_cap;
    uint32_t touched_since; /* those of the present instruction, where each is seen */
    /* The latest exception that passed here, and where it was raised: while the frame ends,
     * generators that are dropped raise others. */
    uint64_t raised_object, raised_seq;
    uint32_t epoch;      /* rec.epoch when all of its locals were looked at */
    bool called;         /* Python code ran since its latest event */
    bool watched;        /* events of its code's instructions are looked at */
    bool opcodes;        /* we asked for its opcode events */
    bool opcodes_wanted; /* the program did, too */
    bool on_stack;
    uint64_t known_chunk;  /* chunk in which its slots are known to a reader */
    uint64_t full_chunk;   /* chunk whose keyframe has all its slots; UINT64_MAX none */
    bool written;          /* since that keyframe */
    struct rec_val slot[]; /* code->slot_count, and one more for the mapping */
};

struct rec_thread {
    struct rec_thread *next;
    PyThreadState *tstate; /* compared, never followed, once the thread may be gone */
    uint64_t tstate_id;
    uint32_t id;
    bool named;
    bool stale; /* events were missed: its stack may be another */
    bool hooked;
    uint8_t name_tries;
    struct rec_frame **stack;
    uint32_t depth, cap;
    uint32_t lineno;
    /* The program's own trace and profile functions, called after ours. */
    Py_tracefunc next_trace, next_profile;
};

/* The entry for a thread, made on first sight. NULL when memory ran out. */
struct rec_thread *rec_thread_find(PyThreadState *tstate);

static inline struct rec_thread *
rec_thread_of(PyThreadState *tstate)
{
    return rec.thread != NULL && rec.thread->tstate == tstate
                   && rec.thread->tstate_id == tstate->id
               ? rec.thread
               : rec_thread_find(tstate);
}

/* Forgets all threads. */
void rec_threads_release(void);

/* Gives it its number with its first event, and its name as soon as it has one. */
void rec_thread_define(struct rec_thread *thread);

static inline struct rec_frame *
rec_thread_top(const struct rec_thread *thread)
{
    return thread->depth > 0 ? thread->stack[thread->depth - 1] : NULL;
}


/* Call event: writes what changed in the caller, then pushes the frame (new, or the same as
 * before when a generator goes on). NULL when memory ran out. */
struct rec_frame *rec_frame_enter(struct rec_thread *thread, PyFrameObject *frame,
                                  struct rec_code *code, enum tf_event_kind kind);
/* Any other event: the thread's top frame is made to be this one. */
struct rec_frame *rec_frame_find(struct rec_thread *thread, PyFrameObject *frame,
                                 struct rec_code *code);
/* Writes what changed in its locals and in the globals that it uses. */
void rec_frame_update_slots(struct rec_frame *frame);

static inline void
rec_frame_update(struct rec_frame *frame)
{
    const struct rec_code *code = frame->code;
    const struct rec_plan *plan = frame->plan;
    bool quiet = plan != NULL && plan->store_count == 0 && !plan->open
                 && frame->epoch == rec.epoch && !code->has_mapping
                 && (code->global_count == 0 || frame->namespace == NULL
                     || (code->global_namespace == frame->namespace_id
                         && code->global_version == rec_py_dict_version(frame->globals)
                         && code->global_version != 0));
    if (!quiet) {
        rec_frame_update_slots(frame);
    }
}

/* After a return event. `suspended`: it yielded. */
void rec_frame_leave(struct rec_thread *thread, bool suspended);
/* NULL unless the frame was recorded and lives. */
struct rec_frame *rec_frame_of(PyFrameObject *frame);
void rec_frame_died(void *frame);
/* Makes the recorded stack that of the frames from `innermost` outward: frames that are gone
 * are popped, those that were not seen to begin are pushed, and what changed in all of them
 * is written. False when memory ran out. */
bool rec_frames_sync(struct rec_thread *thread, PyFrameObject *innermost);
/* Forgets all frames; those that live are given back as they were. */
void rec_frames_release(void);

/* Writes the stacks of all threads as the batch's keyframe. */
void rec_frames_keyframe(void);

#endif
