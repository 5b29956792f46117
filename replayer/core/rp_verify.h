/* Verification of what needs the state: what the parts of it share. */
#ifndef RP_VERIFY_H
#define RP_VERIFY_H

#include "rp_follow.h"

/* How many items and attributes an object has, as far as the changes so far tell. A cache:
 * what has no room in it is asked of the core. */
struct rp_verify_length {
    uint64_t id; /* 0: empty */
    uint64_t items, attrs;
    bool unknown; /* it was told of already, or is too large to be followed */
};

struct rp_verifier {
    struct rp *rp;
    const struct tf_verify *options;
    uint64_t findings;
    struct rp_follow follow;
    bool values_told;
    bool follows; /* the stacks are those that the chunk before left */
    struct rp_verify_length *length;
};

void rp_verify_found(struct rp_verifier *verifier, uint64_t off, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

/* Where the chunk stands in the file. */
uint64_t rp_verify_chunk_off(const struct rp_verifier *verifier, size_t idx);

/* --- rp_verify_state.c: keyframes and checkpoints against what the changes left --- */

/* Before the chunk's changes; `places` is how many the chunk before it has. */
tf_status rp_verify_keyframe(struct rp_verifier *verifier, const struct tf_chunk *chunk,
                             size_t idx, uint32_t places, struct tf_err *err);
/* A checkpoint that stands before the chunk. */
tf_status rp_verify_checkpoint(struct rp_verifier *verifier,
                               const struct tf_checkpoint *checkpoint, uint64_t off,
                               const struct tf_chunk *chunk, size_t idx,
                               uint32_t places, struct tf_err *err);

/* --- rp_verify_changes.c: changes against what they change --- */

bool rp_verify_changes_begin(struct rp_verifier *verifier);
/* Change `op` of the chunk, which belongs to an event of the thread: whether it fits. Before
 * the stacks follow it. */
tf_status rp_verify_change(struct rp_verifier *verifier, const struct tf_chunk *chunk,
                           size_t idx, uint32_t op, uint32_t thread,
                           struct tf_err *err);
void rp_verify_changes_end(struct rp_verifier *verifier);

#endif
