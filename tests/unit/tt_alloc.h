/* Memory that runs out at a chosen moment: the nth allocation of the process fails. */
#ifndef TT_ALLOC_H
#define TT_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* Whether this build can do it (a sanitizer has its own allocator). */
bool tt_alloc_possible(void);
/* From now on the nth allocation fails (1: the next), with `onward` all later ones, too. 0:
 * none, they are only counted. */
void tt_alloc_fail(size_t nth, bool onward);
/* Ends it; returns how many there were. */
size_t tt_alloc_end(void);
/* How many blocks that were taken between the two are not given back. */
long tt_alloc_kept(void);

#endif
