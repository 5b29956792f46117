/* The searches that movement is made of. */
#ifndef RP_MOVE_SEARCH_H
#define RP_MOVE_SEARCH_H

#include "rp_private.h"

#define RP_KINDS_STEP                                                           \
 (1u << TF_EV_START | 1u << TF_EV_RESUME | 1u << TF_EV_THROW | 1u << TF_EV_LINE \
  | 1u << TF_EV_RETURN | 1u << TF_EV_YIELD | 1u << TF_EV_UNWIND                 \
  | 1u << TF_EV_EXCEPTION)

/* Where a move starts. */
struct rp_here {
    struct rp_event event;
    struct rp_frame frame;
    bool at_own; /* the event is the frame's, not one of something that it called */
};

tf_status rp_here_at(struct rp *rp, const struct rp_moving *moving,
                     struct rp_here *ret_here, struct tf_err *err);
/* The event is the frame's own return or, backward, its call. */
bool rp_here_leaves(const struct rp_here *here, bool forward);

/* The next event of a thread in a stack depth of at most `depth`. */
struct rp_depth_search {
    struct rp *rp;
    uint32_t thread;
    uint32_t depth; /* at most; UINT32_MAX: any */
    bool forward;
    bool whole_frame; /* while the frame at `depth` stays there is nothing to find */
    uint32_t kinds;   /* bits 1u << TF_EV_... */
};

/* After (before) `from`; TF_ERR_NOT_FOUND. */
tf_status rp_depth_find(const struct rp_depth_search *search, uint64_t from,
                        uint64_t *ret_seq, struct tf_err *err);

/* An `async def`: what suspends it is an await, which one steps over. */
bool rp_code_awaits(const struct tf_def_code *code);
/* It may be suspended and go on: a generator, a coroutine. */
bool rp_code_suspends(const struct tf_def_code *code);
/* Where a suspended frame goes on after `from`; backward: where it had been suspended.
 * TF_ERR_NOT_FOUND: never. */
tf_status rp_frame_resumed(struct rp *rp, const struct rp_event *event, bool forward,
                           uint64_t *ret_seq, struct tf_err *err);

/* The next EV_LINE of a frame, by its identity, at a line from `low` to `high`. */
struct rp_line_search {
    uint64_t frame;
    const struct tf_def_code *code;
    uint32_t low, high;
    bool forward;
};

/* After (before) `from`. TF_ERR_NOT_FOUND: there is none; then *ret_end is the event that
 * the frame ended (began) with if that was met on the way, else 0. */
tf_status rp_line_find(struct rp *rp, const struct rp_line_search *search,
                       uint64_t from, uint64_t *ret_seq, uint64_t *ret_end,
                       struct tf_err *err);

#endif
