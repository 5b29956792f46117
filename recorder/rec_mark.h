/* Marks that the program sets. */
#ifndef REC_MARK_H
#define REC_MARK_H

#include "rec_state.h"

/* The next event carries the mark. False when nothing is being recorded. GIL held; may be
 * released while the writer is behind. */
bool rec_mark(PyObject *text);

#endif
