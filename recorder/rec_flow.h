/* Which instructions can change an object that is recorded?
 *
 * Between two events of a frame only some instructions ran. When none of them can change
 * anything but fast locals (loads, comparisons, arithmetic, jumps, direct calls of Python
 * functions, whose own instructions are looked at themselves), what was looked at before
 * need not be looked at again. Everything that is not known to be harmless counts as a
 * change; so does whatever happens out of sight: C code that calls back, other threads, the
 * program's own trace function. */
#ifndef REC_FLOW_H
#define REC_FLOW_H

#include "rec_state.h"

struct rec_frame;
struct rec_thread;

struct rec_flow {
    uint32_t unit_count;
    uint32_t *change; /* [i]: changing instructions before code unit i */
    uint32_t *subscr; /* [i]: x[y] before it: changes a defaultdict */
    uint32_t *last;   /* [i]: the last unit of the same line, here or further on */

    uint32_t *jump; /* [i]: jumps before it */

    struct rec_unit_slot {
        uint32_t unit, slot;
    } * inplace; /* x += y on a fast local: changes x unless it is a plain scalar now */
    struct rec_unit_slot *store; /* assignments to fast locals, in order */
    uint32_t inplace_count, store_count;
};

/* Works it out; false when memory ran out. Allocates Python objects. */
bool rec_flow_init(struct rec_flow *flow, PyCodeObject *code);
void rec_flow_release(struct rec_flow *flow);

/* Can an object have changed since the thread's previous event? `top`: the frame on top of
 * its stack before this event (NULL none), `frame`: that of the event. */
bool rec_flow_may_change(const struct rec_thread *thread, const struct rec_frame *top,
                         PyFrameObject *frame, enum tf_event_kind kind);
/* Makes the locals that were certainly assigned since the frame's previous event differ
 * from what is recorded, so that an assignment of an equal value is written too. Asked
 * before the event, with the same arguments. */
void rec_flow_note_stores(struct rec_frame *top, PyFrameObject *frame,
                          enum tf_event_kind kind);
/* The frame on top calls `frame`, or C code that it called does. */
void rec_flow_called(struct rec_frame *caller, PyFrameObject *frame);
/* After the event: where the frame stands. */
void rec_flow_mark(struct rec_frame *frame);

#endif
