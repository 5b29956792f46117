/* C code that changes recorded objects although no instruction names them: iterators that
 * call what they were made of (map, filter, itertools), wherever they are advanced, and the
 * defaultdict that grows when it is read. Their slots are ours; each notes the objects for
 * the frame that runs (rec_touch.h) and goes on to the one that was there. */
#ifndef REC_INTERCEPT_H
#define REC_INTERCEPT_H

#include "rec_state.h"

/* The built-in iterators. */
void rec_intercept_install(void);
/* Takes that back. What a type inherited from us meanwhile goes on to what was there. */
void rec_intercept_remove(void);
/* A type that is called: its objects, if they are iterators made in C that hold others. */
void rec_intercept_iterator(PyTypeObject *type);
/* The type of a defaultdict. */
void rec_intercept_defaultdict(PyTypeObject *type);

#endif
