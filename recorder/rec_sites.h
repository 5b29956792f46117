/* Follows a plan's paths before the instructions run, and notes the objects that they can
 * change (rec_touch.h). */
#ifndef REC_SITES_H
#define REC_SITES_H

#include "rec_frames.h"

/* False when some path cannot be followed: then the instructions must be watched one by
 * one. `again`: other code ran meanwhile; what lay on the value stack is gone. */
bool rec_sites_note(struct rec_frame *frame, struct rec_plan *plan, bool again);

/* Looks at what the plan's other sites change, of which nothing was noted: `self` of
 * `self.total = total` is there still. May note more. */
void rec_sites_look(struct rec_frame *frame);

#endif
