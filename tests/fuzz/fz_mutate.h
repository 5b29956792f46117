/* Changes a recording's content where it has a meaning: a number in a column, a field, a
 * message's place. The lengths around it are made right again. */
#ifndef FZ_MUTATE_H
#define FZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* Returns the new length, at most `max`. Bytes are changed by `bytes` where it is not NULL
 * (libFuzzer's own), else here. */
size_t fz_mutate(uint8_t *joined, size_t len, size_t max, uint64_t seed,
                 size_t (*bytes)(uint8_t *data, size_t len, size_t max));

#endif
