/* Follows the stacks of all threads through chunks, one change after the other, with what
 * the frames' slots hold: for whoever writes another recording and needs keyframes at places
 * where the one that is read has none. */
#ifndef RP_FOLLOW_H
#define RP_FOLLOW_H

#include "rp_rewrite.h"

struct rp_follow_slot {
    uint32_t slot;
    struct rp_value value;
};

struct rp_follow_frame {
    uint64_t id;
    uint32_t code, lineno;
    struct rp_value globals;
    uint64_t call_seq;
    uint8_t call_kind;
    uint32_t stays; /* how often it is on a stack: a damaged file may say so twice */
    struct rp_follow_slot *slot; /* those that are bound, ascending */
    size_t slot_count, slot_cap;
    uint64_t known; /* 1 + number of the latest written chunk that has it on a stack */
    uint64_t
        full; /* 1 + number of the written chunk whose keyframe has its slots, if they
                       did not change since; 0 */
};

struct rp_follow_thread {
    uint32_t id;
    struct rp_follow_frame **frame; /* outermost first */
    size_t count, cap;
};

struct rp_follow {
    struct rp *rp;
    struct rp_map frame_of; /* id -> idx in `frame` */
    struct rp_follow_frame **frame;
    size_t frame_count, frame_cap;
    struct rp_map thread_of;
    struct rp_follow_thread *thread;
    size_t thread_count, thread_cap;
    size_t weight; /* frames and slots, against hostile files */
    uint64_t next_object, next_frame;
};

void rp_follow_init(struct rp_follow *follow, struct rp *rp);
void rp_follow_release(struct rp_follow *follow);

/* Begins anew with a chunk's keyframe, and with the ids that the chunk begins with. */
tf_status rp_follow_keyframe(struct rp_follow *follow, const struct tf_chunk *chunk,
                             struct tf_err *err);
/* Likewise with a checkpoint's stacks; ids are none. */
tf_status rp_follow_state(struct rp_follow *follow, const struct tf_ops *state,
                          struct tf_err *err);
/* The ids that a chunk begins with, where it only goes on. */
void rp_follow_ids(struct rp_follow *follow, const struct tf_chunk *chunk);
/* A change that belongs to an event of the thread. */
tf_status rp_follow_op(struct rp_follow *follow, uint32_t thread,
                       const struct tf_ops *ops, const struct tf_op *op,
                       struct tf_err *err);
/* The event itself, after its changes. */
void rp_follow_event(struct rp_follow *follow, uint32_t thread, uint8_t kind,
                     uint32_t lineno, uint64_t seq);
/* Frames that are on no stack are forgotten: a chunk's end. */
void rp_follow_forget(struct rp_follow *follow);

/* NULL: not there. */
struct rp_follow_frame *rp_follow_frame(const struct rp_follow *follow, uint64_t id);
struct rp_follow_frame *rp_follow_top(const struct rp_follow *follow, uint32_t thread);
/* The code object that changes [first, end) put on top of a stack; 0: none of them does, and
 * *left is how many frames of the stack before them are gone. To be asked of the latest
 * changes first, with *left 0. */
uint32_t rp_follow_pushed(const struct tf_ops *ops, uint32_t first, uint32_t end,
                          size_t *left);
/* The code object `left` frames below the top; 0: none. */
uint32_t rp_follow_code(const struct rp_follow *follow, uint32_t thread, size_t left);

/* Writes the stacks as those of a keyframe of the written chunk `chunk`; UINT64_MAX: of a
 * checkpoint, which has all slots in full. */
void rp_follow_put(struct rp_follow *follow, struct tf_rows *rows, uint64_t chunk);

#endif
