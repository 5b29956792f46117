/* Where the recorder's functions are called from, and what keeps them there: the hooks of all
 * threads, beside those of the program, and built-in functions that would change them. */
#ifndef REC_HOOKS_H
#define REC_HOOKS_H

#include "rec_state.h"

/* Installs the hooks in all threads, those that start later included. */
void rec_hooks_install(void);
/* Takes them away, as if they had never been there. */
void rec_hooks_remove(void);
/* Threads that have no hook of ours get it; true if there were any. GIL held. */
bool rec_hooks_threads(void);

#endif
