/* The making of a chunk's index: what its two passes share. */
#ifndef RP_CHUNK_BUILD_H
#define RP_CHUNK_BUILD_H

#include "rp_private.h"

struct rp_object_entry { /* a change of an object, before they are grouped */
    uint32_t object, op;
    rp_place_no place;
};

struct rp_build {
    struct rp *rp;
    struct tf_aside *aside; /* NULL: other chunks are read through the reader */
    struct rp_chunk *chunk;
    size_t frame_cap, act_cap, slot_cap, thread_cap;
    struct rp_object_entry *entry;
    size_t entry_count, entry_cap;
    uint32_t *top; /* by thread: act on top now */
    size_t top_cap;
};

/* Puts slots and object changes into their order (rp_chunk_sort.c). */
bool rp_build_sort(struct rp_build *build);

#endif
