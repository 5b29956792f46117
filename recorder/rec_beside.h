/* Others who change the hooks by C calls, past the built-ins that are ours: noticed by the
 * audit events that CPython raises before it does what they ask. */
#ifndef REC_BESIDE_H
#define REC_BESIDE_H

#include "rec_state.h"

/* From now on the hooks are put back after such a call: `rehook` is called soon after, in
 * the main thread, with the GIL. One audit hook a process, which cannot be removed and does
 * nothing while nothing is recorded. */
void rec_beside_watch(int (*rehook)(void *unused));

#endif
