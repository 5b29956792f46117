/* What the parts of cutting share. */
#ifndef RP_CUT_H
#define RP_CUT_H

#include "rp_follow.h"
#include "rp_share.h"

/* Changes of stacks at a chunk's end: they belong to an event that comes later. */
struct rp_cut_left {
    struct tf_chunk *chunk;
    uint32_t first;
};

struct rp_cutter {
    struct rp *rp;
    struct rp_cut cut; /* with its bounds filled in */
    struct rp_follow follow;
    struct tf_writer *writer;
    struct tf_batch batch;
    bool has_keyframe;     /* the batch has it already */
    bool dropping;         /* the latest event was left out */
    uint64_t chunk_no;     /* of the batch */
    uint64_t first_object; /* that the batch creates */
    uint64_t next_seq;     /* of the batch's first event, as the writer has it */
    uint64_t last_ns;
    uint64_t event_count;
    uint64_t failure_seq;
    bool failure_kept;
    bool *file_used; /* by id */
    struct rp_cut_left left[16];
    size_t left_count, left_bytes;
};

/* Where the state before the first event kept is at hand. */
struct rp_cut_place {
    size_t chunk;
    uint32_t event, op; /* the next to come in that chunk */
};

/* Writes the batch as a chunk, and begins another. */
tf_status rp_cut_flush(struct rp_cutter *cutter, struct tf_err *err);

/* Writes the state at a place, where the cutter's stacks are: a checkpoint, and chunks with
 * images. */
tf_status rp_cut_state(struct rp_cutter *cutter, const struct rp_cut_place *place,
                       size_t last_chunk, struct tf_err *err);

#endif
