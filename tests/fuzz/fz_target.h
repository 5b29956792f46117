/* One target of the fuzzers: each of fz_open.c, fz_chunk.c, fz_index.c, fz_expr.c, fz_ask.c
 * and fz_files.c defines both. */
#ifndef FZ_TARGET_H
#define FZ_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fz_target {
    size_t head; /* bytes before the recording's content */
    bool text;   /* there is no content: it is a text */
};
extern const struct fz_target fz_target;

void fz_try(const uint8_t *data, size_t len);

#endif
