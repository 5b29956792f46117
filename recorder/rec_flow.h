/* Where a frame stands in its code, instruction by instruction: what each can do to
 * objects, and which locals it assigns. Worked out once a code object. */
#ifndef REC_FLOW_H
#define REC_FLOW_H

#include "rec_state.h"

struct rec_frame;

struct rec_flow {
    uint32_t unit_count;
    uint8_t *effect; /* one a code unit: enum rec_effect */
    uint32_t *arg;   /* the instruction's argument, extended */
    uint32_t *jump;  /* [i]: jumps before unit i */
    uint32_t
        *store; /* units that assign a fast local, ascending; the slot is their arg */
    uint32_t store_count;
};

/* Works it out; false when memory ran out. Allocates Python objects. */
bool rec_flow_init(struct rec_flow *flow, PyCodeObject *code);
void rec_flow_release(struct rec_flow *flow);

/* Makes the locals of `top` (NULL: none) that were certainly assigned since its previous
 * event differ from what is recorded, so that an assignment of an equal value is written,
 * too. Asked before the event. */
void rec_flow_note_stores(struct rec_frame *top, PyFrameObject *frame,
                          enum tf_event_kind kind);
/* The frame calls another one, or C code that it called does. */
void rec_flow_called(struct rec_frame *caller, PyFrameObject *frame);
/* After an event of the frame: where it stands. */
void rec_flow_mark(struct rec_frame *frame);

#endif
