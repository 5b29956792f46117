/* Objects at a position: what the files that make them share. */
#ifndef RP_OBJECT_H
#define RP_OBJECT_H

#include "rp_private.h"

/* --- Kept states (rp_object_cache.c): one an object, where it was asked for last, and one
 * at the start of a chunk. --- */
struct rp_state *rp_state_cached(const struct rp *rp, uint64_t id, bool start);
/* Takes it out of the cache; the caller has its reference. */
void rp_state_uncache(struct rp *rp, struct rp_state *state);
/* Puts it there, in the place of the one that is there. */
void rp_state_keep(struct rp *rp, struct rp_state *state);
/* How much it takes has changed. */
void rp_state_measure(struct rp *rp, struct rp_state *state);
size_t rp_state_bytes(const struct rp_state *state);
/* Releases the items' values, where they are. */
void rp_state_drop_items(struct rp_state *state);
tf_status rp_state_clone(const struct rp_state *from, struct rp_state **ret_state,
                         struct tf_err *err);

/* --- One object's changes in a chunk (rp_object_ops.c): a cursor between two of them,
 * through the chunk's index if it has one. --- */
struct rp_object_changes {
    const struct rp_chunk *chunk;
    uint64_t id;
    uint32_t entry, first, end; /* with the index: in rp_chunk.object_place */
    uint32_t at;   /* without: so many changes of the chunk are behind it */
    bool keyframe; /* without: an image in the keyframe is behind it */
};

struct rp_object_change {
    rp_place_no place;
    const struct tf_op *op;
    const struct tf_ops *ops; /* where its values are */
    struct rp_str **text;
};

/* Everything up to `place` is behind it. */
void rp_object_changes_begin(struct rp_object_changes *changes,
                             const struct rp_chunk *chunk, uint64_t id,
                             rp_place_no place);
/* Moves back, forward over one; false: there is none. */
bool rp_object_changes_prev(struct rp_object_changes *changes,
                            struct rp_object_change *ret_change);
bool rp_object_changes_next(struct rp_object_changes *changes,
                            struct rp_object_change *ret_change);

/* Applies one, and notes when it was seen. */
tf_status rp_state_apply_change(struct rp *rp, struct rp_state *state,
                                const struct rp_chunk *chunk,
                                const struct rp_object_change *change,
                                struct tf_err *err);

/* --- Large objects of which only some items are looked at (rp_object_part.c) --- */

/* From so many items on. */
#define RP_PART_ITEMS 256u
/* All of it is made of parts up to so many items; larger ones from the last image on. */
#define RP_PART_WHOLE 4096u

/* Whether the object has so many changes before the place, since its last image, and is so
 * large that it is better made in part. Nothing is decoded. */
tf_status rp_part_pays(struct rp *rp, uint64_t id, size_t chunk_idx,
                       const struct rp_state *cached, bool *ret_pays,
                       struct tf_err *err);
/* The state with all its items absent. NULL, and TF_OK: not this one. */
tf_status rp_part_open(struct rp *rp, uint64_t id, size_t chunk_idx, rp_place_no place,
                       struct rp_state **ret_state, struct tf_err *err);
/* Makes items present: [first, end), or all keys of a dict. */
tf_status rp_part_load(struct rp *rp, struct rp_state *state, size_t first, size_t end,
                       struct tf_err *err);
tf_status rp_part_load_keys(struct rp *rp, struct rp_state *state, struct tf_err *err);
/* Makes the items absent of a state that is so large that it would push all others out of
 * the cache, if it can be made in part and nobody else looks at it. */
void rp_part_shrink(const struct rp *rp, struct rp_state *state);
/* Items [first, end) may be present from now on. */
void rp_part_mark(struct rp_state *state, size_t first, size_t end);
bool rp_part_reserve(struct rp_state *state);
/* The next run of items at or after *idx that may be present: [*idx, *ret_end). */
bool rp_part_run(const struct rp_state *state, size_t *idx, size_t *ret_end);

#endif
