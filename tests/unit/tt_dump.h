/* For the tests of schema/: a recording as text, with everything that the reader gives. */
#ifndef TT_DUMP_H
#define TT_DUMP_H

#include <stdio.h>

#include "tf_reader.h"

/* The events and changes; the first error ends it. */
tf_status tt_dump_chunks(struct tf_reader *reader, FILE *out, struct tf_err *err);
/* All: header, definitions, sources, checkpoints, chunks, gaps, footer. */
tf_status tt_dump(struct tf_reader *reader, FILE *out, struct tf_err *err);
/* Opens the file and dumps it; NULL on an error. To be freed. */
char *tt_dump_file(const char *path, struct tf_err *err);

#endif
