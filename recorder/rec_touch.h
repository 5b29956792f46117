/* Which objects can have changed since they were last looked at?
 *
 * Before an instruction runs that can change an object, the object lies on the value stack:
 * it is noted here, and looked at again at the next event. The cost of that follows what the
 * program does, not how much there is. A call of C code notes what the code can change: for
 * the methods of the built-in containers the receiver, for what only reads nothing, for
 * everything else all that can be reached from its arguments; callables inside iterators
 * (map, filter ...) count as called. Python code that an instruction calls is seen by itself.
 *
 * What this cannot see sets rec.look_again: then everything that the next event can reach is
 * looked at: excluded code ran, or a trace function of the program's own did. */
#ifndef REC_TOUCH_H
#define REC_TOUCH_H

#include "rec_frames.h"

/* The frame is about to execute an instruction (opcode event). */
void rec_touch_instruction(struct rec_frame *frame);
/* An event: looks at what was noted. `top`: the frame on top of the thread's stack before
 * it; `frame`: the event's. */
void rec_touch_look(const struct rec_frame *top, const struct rec_frame *frame);
/* The frame is gone. */
void rec_touch_forget(const struct rec_frame *frame);

#endif
