/* Tells a decoded chunk to a tally: to make postings that the file lacks, and to verify
 * those that it has. */
#ifndef TF_RETELL_H
#define TF_RETELL_H

#include "tf_reader.h"
#include "tf_tally.h"

/* Which types are exceptions. */
tf_status tf_retell_types(const struct tf_reader *reader, struct tf_tally *tally,
                          struct tf_err *err);
/* `tail_thread`: thread of the next chunk's first event, 0 when there is none. */
tf_status tf_retell_chunk(const struct tf_chunk *chunk, uint32_t tail_thread,
                          struct tf_tally *tally, struct tf_err *err);
/* The state of a checkpoint. */
tf_status tf_retell_state(const struct tf_ops *state, struct tf_tally *tally,
                          struct tf_err *err);

#endif
