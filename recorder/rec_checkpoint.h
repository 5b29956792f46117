/* The state of the program as a checkpoint of the recording (FORMAT.md, 5). */
#ifndef REC_CHECKPOINT_H
#define REC_CHECKPOINT_H

#include "rec_state.h"

/* The stacks of all threads and every recorded object, as they were recorded last, become
 * the batch's checkpoint, with the ids that come next. Between events, with the batch's
 * keyframe just written; the objects are read again: what changed since their latest event
 * is in it already. GIL held. */
void rec_checkpoint_write(void);

/* A recording begins in the middle of a program: takes in the frames that are on the stacks
 * of all threads, and what can be reached from them, and writes the checkpoint that the
 * recording begins with. */
tf_status rec_checkpoint_begin(struct tf_err *err);
/* Likewise in a forked child, where only this thread is left; `innermost` (may be NULL) is
 * the frame that its stack ends with. */
tf_status rec_checkpoint_begin_child(PyFrameObject *innermost, struct tf_err *err);

#endif
