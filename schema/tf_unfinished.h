/* A recording whose run did not end it. */
#ifndef TF_UNFINISHED_H
#define TF_UNFINISHED_H

#include "tf_reader_inside.h"

/* After the scan of a recording without a footer: joins what is in its tail and says why it
 * is not complete. */
tf_status tf_reader_unfinished(struct tf_reader *reader, struct tf_tail_found *tail,
                               struct tf_err *err);

#endif
