#include "tf_arena.h"

#include <stdlib.h>

#define BLOCK_BYTES 65536u

struct tf_arena_block {
    struct tf_arena_block *before;
    max_align_t data[];
};

void *
tf_arena_get(struct tf_arena *arena, size_t len, size_t limit_bytes)
{
    size_t rounded = (len + 15) & ~(size_t)15;
    if (rounded < len || rounded > limit_bytes - arena->total_bytes) {
        return NULL;
    }
    if (rounded > arena->cap - arena->used) {
        size_t cap = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
        struct tf_arena_block *block = calloc(1, sizeof *block + cap);
        if (block == NULL) {
            arena->no_memory = true;
            return NULL;
        }
        block->before = arena->block;
        arena->block = block;
        arena->used = 0;
        arena->cap = cap;
    }
    void *at = (char *)arena->block->data + arena->used;
    arena->used += rounded;
    arena->total_bytes += rounded;
    return at;
}

void
tf_arena_release(struct tf_arena *arena)
{
    while (arena->block != NULL) {
        struct tf_arena_block *before = arena->block->before;
        free(arena->block);
        arena->block = before;
    }
    *arena = (struct tf_arena){0};
}
