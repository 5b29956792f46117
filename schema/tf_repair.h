/* A whole recording out of one that is not. */
#ifndef TF_REPAIR_H
#define TF_REPAIR_H

#include "tf_reader.h"

/* Writes every whole part of the recording, its tail's included, to `sink`, and makes anew
 * what is derived of it. The footer says why the recording was not complete. */
tf_status tf_repair(struct tf_reader *reader, struct tf_sink *sink,
                    struct tf_writer_stats *ret_stats, struct tf_err *err);

#endif
