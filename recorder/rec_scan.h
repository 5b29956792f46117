/* A rolling scan over all recorded objects, for the changes that no instruction foretold: a
 * weakref's callback that is a C method, C code with a pointer of its own, a buffer that is
 * written without the GIL. What it finds is recorded as `late` (FORMAT.md, section 8).
 *
 * The work an event is bounded: every so many events an allowance of values to compare; an
 * object with more of them waits until there is enough. */
#ifndef REC_SCAN_H
#define REC_SCAN_H

#include "rec_state.h"

#define REC_SCAN_EVENTS 128u /* a power of two */

/* Goes on with the scan, and queues what differs: before rec_values_drain(). */
void rec_scan_step(void);

static inline void
rec_scan(void)
{
    if ((rec.seq & (REC_SCAN_EVENTS - 1)) == 0 && rec.options->values) {
        rec_scan_step();
    }
}

/* An object is bound to a variable: has it another size than is recorded? */
void rec_scan_met(struct rec_obj *obj);

/* Marks the object's changes of this event as late. */
void rec_scan_mark(const struct rec_obj *obj);

#endif
