/* Which signal ended the program, for the recording that cannot be ended any more. */
#ifndef REC_SIGNALS_H
#define REC_SIGNALS_H

#include "rec_writer.h"

/* From here on a signal that ends the process is noted in the recording's tail first, where
 * the program leaves it to its default. It ends the process all the same, in the same way. */
void rec_signals_watch(struct rec_writer *writer);
/* Likewise for what the program has put back to its default meanwhile. */
void rec_signals_watch_again(void);
/* Before the writer goes. */
void rec_signals_forget(void);

#endif
