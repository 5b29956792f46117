/* For the tests of schema/: recordings in memory and in temporary files. */
#ifndef TT_FILE_H
#define TT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "tf_sink.h"

/* A recording that has everything the builder can make, small; in memory. */
extern const char tt_sample_text[];
void tt_build(const char *text, struct tf_sink_memory *sink);

/* A name in a folder of this test's own, which is removed at exit. */
const char *tt_path(const char *name);
void tt_write(const char *path, const void *data, size_t len);
/* To be freed. */
uint8_t *tt_read(const char *path, size_t *ret_len);
/* The folder of the sources, where tests/golden and schema/ are found. */
const char *tt_root(void);

#endif
