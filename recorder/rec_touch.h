/* Which objects can have changed since they were last looked at?
 *
 * An object changes by an instruction that names it, or by C code that is called with it.
 * Before that happens it is noted for the frame whose instruction it is, and looked at again
 * at the next event: the cost follows what the program does, not how much there is. What an
 * instruction names is mostly known beforehand (rec_sites.h); where it is not, an opcode
 * event comes before each instruction of the line, with the object on the value stack. A
 * call of C code notes what the code can change: for the methods of the built-in containers
 * the receiver, for what only reads nothing, for everything else all that can be reached
 * from its arguments (rec_callee.h); what hides inside iterators is noted when they advance
 * (rec_intercept.h). Python code that is called is seen by itself.
 *
 * What this cannot see sets rec.look_again: then everything that the next event can reach is
 * looked at: excluded code ran, or a trace function of the program's own did. */
#ifndef REC_TOUCH_H
#define REC_TOUCH_H

#include "rec_delta.h"
#include "rec_frames.h"

/* Notes one object, for the frame. `deep`: and all that can be reached from it. True when it
 * is recorded at all. */
bool rec_touch_object(struct rec_frame *frame, PyObject *obj, struct rec_hint hint,
                      bool deep);
/* Likewise one that is recorded. */
void rec_touch_known(struct rec_frame *frame, struct rec_obj *known,
                     struct rec_hint hint);
/* Which item x[key] = ... changes, where that is easy to say. */
struct rec_hint rec_touch_item_hint(PyObject *container, PyObject *key);
/* Likewise del x[key]. */
struct rec_hint rec_touch_gone_hint(PyObject *container, PyObject *key);
/* What the frame's locals hold, but for what is large. */
void rec_touch_locals(struct rec_frame *frame);
/* The frame is about to execute an instruction (opcode event). */
void rec_touch_instruction(struct rec_frame *frame);
/* An event: looks at what was noted. `caller`: of a call
 * event, else NULL; `frame`: the event's. */
void rec_touch_look(struct rec_frame *caller, struct rec_frame *frame);

/* Is there anything for rec_touch_look() in this frame? */
static inline bool
rec_touch_has_work(const struct rec_frame *frame)
{
    return frame->touched_count > 0
           || (frame->plan != NULL && frame->plan->afterwards_count > 0);
}

#endif
