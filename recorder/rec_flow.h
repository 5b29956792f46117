/* Where a frame stands in its code, instruction by instruction: what each can do to
 * objects, and which locals it assigns. Worked out once a code object. */
#ifndef REC_FLOW_H
#define REC_FLOW_H

#include "rec_plan.h"
#include "rec_state.h"

struct rec_frame;

struct rec_flow {
    uint32_t unit_count;
    uint8_t *effect;              /* one a code unit: enum rec_effect */
    uint32_t *arg;                /* the instruction's argument, extended */
    uint32_t *jump;               /* [i]: jumps before unit i */
    struct rec_plan_store *store; /* assignments of fast locals, by unit */
    uint32_t store_count;
    uint16_t *depth;          /* of the value stack, one a unit; NULL: not known */
    bool watched;             /* rec_py_watch_instructions() */
    uint8_t *bytes;           /* co_code */
    struct rec_plan **plan;   /* one a unit; NULL: not made yet */
    struct rec_plan *unknown; /* of a place that nothing is known of */
    struct rec_plan *nothing; /* of one where nothing runs */
    struct rec_plan **raised; /* of one that raised, one a unit; NULL: none did yet */
    uint32_t *line; /* one more than the line of a unit, 0: not asked for yet; NULL */
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
/* After an event of the frame: where it stands, what can run until the next, and which
 * objects that can change. `kind`: of the event. */
void rec_flow_mark(struct rec_frame *frame, enum tf_event_kind kind);
/* Before an event of the frame, or of what it calls: where code that it called may have
 * changed which objects its instructions mean, these are noted, too. */
void rec_flow_follow_again(struct rec_frame *frame);
/* Past the top of the value stack, before the instruction at `unit` where the frame stands;
 * NULL when it is not known. */
rec_py_ref *rec_flow_stack(const struct rec_flow *flow, PyFrameObject *frame,
                           uint32_t unit);
/* `frame.f_lineno` at an event; 0: None. */
uint32_t rec_flow_lineno(struct rec_flow *flow, PyFrameObject *frame);
/* What can run from that place; NULL when memory ran out. */
struct rec_plan *rec_flow_plan(struct rec_flow *flow, PyCodeObject *code,
                               uint32_t unit);

#endif
