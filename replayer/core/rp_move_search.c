/* The next event of a thread that is not deeper than a frame.
 *
 * Stepping over and out are one search: the next (previous) event of the thread at a stack
 * depth of at most D. While the frame at depth D stays, everything below it is what it
 * called, so recursion and generators need no care. A long call is not read through:
 * forward, keyframes that have the same callee at depth D + 1 rule out whole runs of
 * chunks, found by doubling and halving; backward, the callee's own call_seq says where to
 * go on. */
#include "rp_move_search.h"

struct callee { /* an activation at the start of a chunk */
    uint64_t frame, call_seq;
};

static bool
fits(const struct rp_depth_search *search, const struct rp_chunk *chunk, uint32_t event)
{
    uint32_t act = chunk->event_act[event];
    uint32_t depth = act == RP_NONE ? 0 : chunk->act[act].depth;
    return depth <= search->depth && (search->kinds & (1u << chunk->raw->kind[event]));
}

/* Looks through one chunk from an event on (inclusive). */
static bool
find_here(const struct rp_depth_search *search, const struct rp_chunk *chunk,
          uint32_t event, uint32_t *ret_event)
{
    const struct rp_cthread *thread = rp_chunk_thread(chunk, search->thread);
    if (!thread || thread->event_first == thread->event_end) {
        return false;
    }
    const uint32_t *list = chunk->thread_event;
    uint32_t at = thread->event_first, end = thread->event_end;
    while (at < end) { /* the first that is >= event */
        uint32_t middle = at + (end - at) / 2;
        if (list[middle] < event) {
            at = middle + 1;
        }
        else {
            end = middle;
        }
    }
    if (search->forward) {
        for (; at < thread->event_end; at++) {
            if (fits(search, chunk, list[at])) {
                *ret_event = list[at];
                return true;
            }
        }
        return false;
    }
    at += at < thread->event_end && list[at] == event;
    while (at-- > thread->event_first) {
        if (fits(search, chunk, list[at])) {
            *ret_event = list[at];
            return true;
        }
    }
    return false;
}

/* The activation under which the thread is at the chunk's start and in which there is
 * nothing to find. */
static bool
callee_of(const struct rp_depth_search *search, const struct rp_chunk *chunk,
          struct callee *ret)
{
    if (search->depth == UINT32_MAX) {
        return false;
    }
    const struct rp_cthread *thread = rp_chunk_thread(chunk, search->thread);
    uint32_t act = thread ? thread->first_top : RP_NONE;
    uint32_t depth = search->whole_frame ? search->depth : search->depth + 1;
    if (act == RP_NONE || chunk->act[act].depth < depth) {
        return false;
    }
    while (chunk->act[act].depth > depth) {
        act = chunk->act[act].parent;
    }
    *ret = (struct callee){chunk->frame[chunk->act[act].frame].id,
                           chunk->act[act].call_seq};
    return true;
}

static tf_status
has_callee(const struct rp_depth_search *search, size_t idx,
           const struct callee *callee, bool *ret_has, struct tf_err *err)
{
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(search->rp, idx, &chunk, err);
    if (status == TF_OK) {
        struct callee there;
        *ret_has = callee_of(search, chunk, &there) && there.frame == callee->frame
                   && there.call_seq == callee->call_seq;
        rp_chunk_put(search->rp, chunk);
    }
    return status;
}

/* The last chunk from `idx` on that begins in the callee that `idx` begins in. */
static tf_status
skip_call(const struct rp_depth_search *search, size_t *idx, struct tf_err *err)
{
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(search->rp, *idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    struct callee callee;
    bool inside = callee_of(search, chunk, &callee);
    rp_chunk_put(search->rp, chunk);
    size_t in = *idx, out = search->rp->facts.chunk_count, step = 1;
    while (inside && in + step < out) {
        bool has;
        status = has_callee(search, in + step, &callee, &has, err);
        if (status == TF_OK) {
            status = rp_progress(search->rp, in, search->rp->facts.chunk_count, err);
        }
        if (status != TF_OK) {
            return status;
        }
        if (has) {
            in += step;
            step *= 2;
        }
        else {
            out = in + step;
            step = 1;
        }
        if (in + step >= out && in + 1 < out) {
            step = (out - in) / 2;
        }
    }
    *idx = in;
    return TF_OK;
}

/* The nearest chunk with events of the thread; SIZE_MAX: there is none. */
static tf_status
next_of_thread(const struct rp_depth_search *search, size_t *idx, struct tf_err *err)
{
    struct rp_filter filter = {.thread = search->thread};
    return rp_next_chunk(search->rp, &filter, search->forward, idx, err);
}

/* The chunk to look through next, and where in it. SIZE_MAX: there is none. */
static tf_status
next_chunk(const struct rp_depth_search *search, size_t *idx, uint32_t *event,
           struct tf_err *err)
{
    struct rp *rp = search->rp;
    *event = search->forward ? 0 : UINT32_MAX;
    size_t from = *idx;
    tf_status status = next_of_thread(search, idx, err);
    if (status != TF_OK || *idx == SIZE_MAX) {
        return status;
    }
    if (search->forward) {
        return skip_call(search, idx, err);
    }
    struct rp_chunk *chunk;
    status = rp_chunk_get(rp, from, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    struct callee callee;
    size_t before = *idx;
    if (callee_of(search, chunk, &callee)
        && tf_reader_chunk_of_seq(rp->reader, callee.call_seq, &before)) {
        before = before < from ? before : from ? from - 1 : SIZE_MAX;
        const struct tf_chunk_info *info =
            before == SIZE_MAX ? NULL : tf_reader_chunk_info(rp->reader, before);
        if (info && callee.call_seq - info->first_seq < info->event_count) {
            *event = (uint32_t)(callee.call_seq - info->first_seq);
        }
    }
    rp_chunk_put(rp, chunk);
    *idx = before;
    return TF_OK;
}

tf_status
rp_depth_find(const struct rp_depth_search *search, uint64_t from, uint64_t *ret_seq,
              struct tf_err *err)
{
    struct rp *rp = search->rp;
    size_t idx;
    uint64_t seq;
    bool begun = rp_search_begin(rp, from, search->forward, &idx, &seq);
    uint32_t event = 0;
    bool first = true;
    while (begun && idx != SIZE_MAX) {
        struct rp_chunk *chunk;
        tf_status status = rp_chunk_get(rp, idx, &chunk, err);
        if (status != TF_OK) {
            return status;
        }
        if (first) {
            event = (uint32_t)(seq - chunk->raw->first_seq);
            first = false;
        }
        uint32_t found;
        bool has = find_here(search, chunk, event, &found);
        if (has) {
            *ret_seq = chunk->raw->first_seq + found;
        }
        rp_chunk_put(rp, chunk);
        if (has) {
            return TF_OK;
        }
        status = rp_progress(rp, search->forward ? idx : rp->facts.chunk_count - idx,
                             rp->facts.chunk_count, err);
        if (status == TF_OK) {
            status = next_chunk(search, &idx, &event, err);
        }
        if (status != TF_OK) {
            return status;
        }
    }
    return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "the thread has no such event");
}

/* --- Where a move starts --- */

tf_status
rp_here_at(struct rp *rp, const struct rp_moving *moving, struct rp_here *ret_here,
           struct tf_err *err)
{
    struct rp_here here = {0};
    tf_status status = rp_event_at(rp, moving->seq, &here.event, err);
    if (status != TF_OK) {
        return status;
    }
    uint64_t frame = moving->frame ? moving->frame : here.event.frame;
    if (frame == 0) { /* an event without a frame: only its thread counts */
        here.frame = (struct rp_frame){.thread = here.event.thread,
                                       .code = here.event.code,
                                       .file = here.event.file};
        here.at_own = true;
    }
    else {
        status = rp_frame_at(rp, moving->seq, frame, &here.frame, err);
        here.at_own = here.frame.depth == here.event.depth
                      && here.frame.thread == here.event.thread;
    }
    if (status == TF_OK) {
        *ret_here = here;
    }
    return status;
}

bool
rp_here_leaves(const struct rp_here *here, bool forward)
{
    unsigned kind = here->event.kind;
    return here->at_own && (forward ? rp_kind_is_return(kind) : rp_kind_is_call(kind));
}
