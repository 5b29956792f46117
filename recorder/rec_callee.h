/* What C code can change when it is called. */
#ifndef REC_CALLEE_H
#define REC_CALLEE_H

#include "rec_delta.h"
#include "rec_frames.h"

/* Notes what a call can change, for the frame that calls. */
void rec_callee_touch(const struct rec_frame *frame, PyObject *callable,
                      PyObject *const *arg, size_t arg_count);
/* Notes what taking items from an iterable can change: C code that it calls. */
void rec_callee_touch_iterator(const struct rec_frame *frame, PyObject *iterable);

/* Notes one object (rec_touch.c). */
void rec_touch_object(const struct rec_frame *owner, PyObject *obj,
                      struct rec_hint hint, bool deep);

#endif
