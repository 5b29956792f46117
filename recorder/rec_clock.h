/* The time of events: nanoseconds since the recording began (rec.start_ns, CLOCK_MONOTONIC).
 *
 * Where the kernel itself keeps time by the processor's time stamp counter, that counter is read
 * instead, at half the cost, and held against CLOCK_MONOTONIC every few milliseconds. A counter that
 * does not go with that clock is not used any more. Called with the GIL held. */
#ifndef REC_CLOCK_H
#define REC_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC, in nanoseconds. */
uint64_t rec_clock_monotonic(void);
/* A recording begins: sets rec.start_ns. */
void rec_clock_begin(void);
/* Never less than before. */
uint64_t rec_clock_ns(void);

#endif
