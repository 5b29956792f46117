/* Memory that is given back all at once, with a bound. */
#ifndef TF_ARENA_H
#define TF_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct tf_arena_block;

struct tf_arena {
    struct tf_arena_block *block;
    size_t used, cap; /* of the latest block */
    size_t total_bytes;
    bool no_memory; /* rather than the bound, once there was none to be had */
};

/* Zeroed; NULL when memory ran out or the whole would exceed `limit_bytes`. */
void *tf_arena_get(struct tf_arena *arena, size_t len, size_t limit_bytes);
void tf_arena_release(struct tf_arena *arena);

#endif
