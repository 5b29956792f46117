/* Movement: the next event of a thread that is not deeper than a frame.
 *
 * All of stepping over, out and until is one search: the next (previous) event of the
 * thread at a stack depth of at most D. While the frame at depth D stays, everything below
 * it is what it called, so recursion and generators need no care. A long call is not read
 * through: forward, keyframes that have the same callee at depth D + 1 rule out whole runs
 * of chunks, found by doubling and halving; backward, the callee's own call_seq says where
 * to go on. */
#include "rp_break.h"

#define KINDS_STEP                                                              \
 (1u << TF_EV_START | 1u << TF_EV_RESUME | 1u << TF_EV_THROW | 1u << TF_EV_LINE \
  | 1u << TF_EV_RETURN | 1u << TF_EV_YIELD | 1u << TF_EV_UNWIND                 \
  | 1u << TF_EV_EXCEPTION)

struct search {
    struct rp *rp;
    uint32_t thread;
    uint32_t depth; /* at most; UINT32_MAX: any */
    bool forward;
    uint32_t kinds;
};

struct callee { /* an activation at depth + 1 at the start of a chunk */
    uint64_t frame, call_seq;
};

static bool
fits(const struct search *search, const struct rp_chunk *chunk, uint32_t event)
{
    uint32_t act = chunk->event_act[event];
    uint32_t depth = act == RP_NONE ? 0 : chunk->act[act].depth;
    return depth <= search->depth && (search->kinds & (1u << chunk->raw->kind[event]));
}

/* Looks through one chunk from an event on (inclusive). */
static bool
find_here(const struct search *search, const struct rp_chunk *chunk, uint32_t event,
          uint32_t *ret_event)
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

/* The callee under which the thread is at the chunk's start. */
static bool
callee_of(const struct search *search, const struct rp_chunk *chunk, struct callee *ret)
{
    const struct rp_cthread *thread = rp_chunk_thread(chunk, search->thread);
    uint32_t act = thread ? thread->first_top : RP_NONE;
    if (act == RP_NONE || search->depth == UINT32_MAX
        || chunk->act[act].depth <= search->depth) {
        return false;
    }
    while (chunk->act[act].depth > search->depth + 1) {
        act = chunk->act[act].parent;
    }
    *ret = (struct callee){chunk->frame[chunk->act[act].frame].id,
                           chunk->act[act].call_seq};
    return true;
}

static tf_status
has_callee(const struct search *search, size_t idx, const struct callee *callee,
           bool *ret_has, struct tf_err *err)
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
skip_call(const struct search *search, size_t *idx, struct tf_err *err)
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

/* The chunk to look through next, and where in it. False: there is none. */
static tf_status
next_chunk(const struct search *search, size_t *idx, uint32_t *event,
           struct tf_err *err)
{
    struct rp *rp = search->rp;
    *event = search->forward ? 0 : UINT32_MAX;
    if (search->forward) {
        *idx += 1;
        if (*idx >= rp->facts.chunk_count) {
            *idx = SIZE_MAX;
            return TF_OK;
        }
        return skip_call(search, idx, err);
    }
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(rp, *idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    struct callee callee;
    size_t before = *idx ? *idx - 1 : SIZE_MAX;
    if (callee_of(search, chunk, &callee)
        && tf_reader_chunk_of_seq(rp->reader, callee.call_seq, &before)) {
        before = before < *idx ? before : *idx ? *idx - 1 : SIZE_MAX;
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

static tf_status
search_run(const struct search *search, uint64_t from, uint64_t *ret_seq,
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

/* --- The moves --- */

struct here { /* where one starts */
    struct rp_event event;
    struct rp_frame frame;
    bool at_own; /* the event is the frame's, not one of something that it called */
};

static tf_status
find_here_frame(struct rp *rp, const struct rp_moving *moving, struct here *here,
                struct tf_err *err)
{
    tf_status status = rp_event_at(rp, moving->seq, &here->event, err);
    if (status != TF_OK) {
        return status;
    }
    uint64_t frame = moving->frame ? moving->frame : here->event.frame;
    if (frame == 0) { /* an event without a frame: only its thread counts */
        here->frame = (struct rp_frame){.thread = here->event.thread};
        here->at_own = true;
        return TF_OK;
    }
    status = rp_frame_at(rp, moving->seq, frame, &here->frame, err);
    here->at_own = here->frame.depth == here->event.depth
                   && here->frame.thread == here->event.thread;
    return status;
}

static bool
is_until(const struct rp_moving *moving, const struct here *here,
         const struct rp_event *event)
{
    if (event->kind != TF_EV_LINE || event->depth < here->frame.depth) {
        return false;
    }
    uint32_t from = here->frame.lineno;
    if (moving->move == RP_UNTIL) {
        return moving->lineno ? event->lineno >= moving->lineno : event->lineno > from;
    }
    return moving->lineno ? event->lineno <= moving->lineno : event->lineno < from;
}

/* Runs the search until `moving` is satisfied. */
static tf_status
move_by_search(struct rp *rp, const struct rp_moving *moving, const struct here *here,
               struct search *search, struct rp_stop *stop, struct tf_err *err)
{
    uint64_t seq = moving->seq;
    bool until = moving->move == RP_UNTIL || moving->move == RP_UNTIL_BACK;
    for (;;) {
        uint64_t found;
        tf_status status = search_run(search, seq, &found, err);
        if (status != TF_OK) {
            return status;
        }
        struct rp_event event;
        status = rp_event_at(rp, found, &event, err);
        if (status != TF_OK) {
            return status;
        }
        bool own =
            event.frame == here->frame.frame && event.call_seq == here->frame.call_seq;
        stop->seq = found;
        stop->reason = RP_STOP_MOVED;
        if (until && own && rp_kind_is_return(event.kind) && search->forward) {
            stop->reason = RP_STOP_RETURN;
            return TF_OK;
        }
        if (until && own && rp_kind_is_call(event.kind) && !search->forward) {
            stop->reason = RP_STOP_CALL;
            return TF_OK;
        }
        if (!until || !own || is_until(moving, here, &event)) {
            return TF_OK;
        }
        seq = found;
    }
}

/* next: at the frame's end (backward: at its begin) one goes on in what called it. */
static uint32_t
over_depth(const struct here *here, bool forward)
{
    unsigned kind = here->event.kind;
    bool leaves =
        here->at_own && (forward ? rp_kind_is_return(kind) : rp_kind_is_call(kind));
    return here->frame.depth - (leaves && here->frame.depth > 0);
}

static tf_status
move_out(struct rp *rp, const struct rp_moving *moving, struct here *here,
         struct rp_stop *stop, struct tf_err *err)
{
    bool forward = moving->move == RP_RETURN;
    unsigned kind = here->event.kind;
    bool there =
        here->at_own && (forward ? rp_kind_is_return(kind) : rp_kind_is_call(kind));
    if (there && here->frame.parent) { /* done already: the same for its caller */
        tf_status status =
            rp_frame_at(rp, moving->seq, here->frame.parent, &here->frame, err);
        if (status != TF_OK) {
            return status;
        }
    }
    else if (there) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                          "nothing recorded called this frame");
    }
    if (!forward) {
        stop->seq = here->frame.call_seq;
        return here->frame.call_seq && here->frame.call_seq < moving->seq
                       && rp_clamp(rp, stop->seq) == stop->seq
                   ? TF_OK
                   : tf_err_set(err, TF_ERR_NOT_FOUND, -1, "its call is not recorded");
    }
    struct search search = {rp, here->frame.thread, here->frame.depth, true,
                            1u << TF_EV_RETURN | 1u << TF_EV_YIELD | 1u << TF_EV_UNWIND
                                | 1u << TF_EV_START};
    return search_run(&search, moving->seq, &stop->seq, err);
}

static tf_status
move_up(struct rp *rp, const struct here *here, struct rp_stop *stop,
        struct tf_err *err)
{
    if (!here->frame.parent) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                          "nothing recorded called this frame");
    }
    struct search search = {rp, here->frame.thread, here->frame.depth - 1, false,
                            KINDS_STEP};
    return search_run(&search, here->frame.call_seq, &stop->seq, err);
}

static bool
is_backward(enum rp_move move)
{
    return move == RP_STEP_BACK || move == RP_NEXT_BACK || move == RP_CALL
           || move == RP_CONTINUE_BACK || move == RP_UNTIL_BACK || move == RP_UP;
}

static tf_status
move_any_thread(struct rp *rp, uint64_t seq, bool forward, struct rp_stop *stop,
                struct tf_err *err)
{
    struct rp_filter filter = {.kinds = KINDS_STEP};
    return rp_find(rp, &filter, seq, forward, &stop->seq, err);
}

static tf_status
move_to_target(struct rp *rp, const struct rp_moving *moving, struct rp_stop *stop,
               struct tf_err *err)
{
    bool forward = !is_backward(moving->move);
    struct here here = {0};
    tf_status status = find_here_frame(rp, moving, &here, err);
    if (status != TF_OK) {
        return status;
    }
    struct search search = {rp, here.frame.thread, UINT32_MAX, forward, KINDS_STEP};
    switch (moving->move) {
    case RP_CONTINUE:
    case RP_CONTINUE_BACK:
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no breakpoint on the way");
    case RP_STEP:
    case RP_STEP_BACK:
        if (moving->any_thread) {
            return move_any_thread(rp, moving->seq, forward, stop, err);
        }
        search.thread = here.event.thread;
        return search_run(&search, moving->seq, &stop->seq, err);
    case RP_NEXT:
    case RP_NEXT_BACK: search.depth = over_depth(&here, forward); break;
    case RP_UNTIL:
    case RP_UNTIL_BACK: search.depth = over_depth(&here, forward); break;
    case RP_RETURN:
    case RP_CALL: return move_out(rp, moving, &here, stop, err);
    case RP_UP: return move_up(rp, &here, stop, err);
    }
    return move_by_search(rp, moving, &here, &search, stop, err);
}

/* Where one ends up when there is nowhere else to go: the thread's last (first) event, or
 * the recording's for a continue. */
static tf_status
move_to_end(struct rp *rp, const struct rp_moving *moving, struct rp_stop *stop,
            struct tf_err *err)
{
    bool forward = !is_backward(moving->move);
    bool all = moving->move == RP_CONTINUE || moving->move == RP_CONTINUE_BACK;
    stop->reason = forward ? RP_STOP_END : RP_STOP_START;
    stop->seq = moving->seq;
    if (all) {
        stop->seq = forward ? rp->facts.last_seq : rp->facts.first_seq;
        return TF_OK;
    }
    if (moving->move == RP_CALL || moving->move == RP_UP || moving->move == RP_STEP
        || moving->move == RP_STEP_BACK) {
        return TF_OK;
    }
    struct rp_event event;
    tf_status status = rp_event_at(rp, moving->seq, &event, err);
    if (status != TF_OK) {
        return status;
    }
    struct rp_filter filter = {.thread = event.thread, .kinds = KINDS_STEP};
    uint64_t seq;
    status = rp_find(rp, &filter, forward ? UINT64_MAX : 0, !forward, &seq, err);
    if (status == TF_OK && (forward ? seq > moving->seq : seq < moving->seq)) {
        stop->seq = seq;
    }
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

tf_status
rp_move(struct rp *rp, const struct rp_moving *moving, struct rp_stop *ret_stop,
        struct tf_err *err)
{
    bool forward = !is_backward(moving->move);
    bool all = moving->move == RP_CONTINUE || moving->move == RP_CONTINUE_BACK;
    struct rp_stop stop = {.seq = moving->seq, .reason = RP_STOP_MOVED};
    struct tf_err ignored = TF_ERR_INIT;
    tf_status status = move_to_target(rp, moving, &stop, &ignored);
    bool reached = status == TF_OK;
    if (status == TF_ERR_NOT_FOUND) {
        status = move_to_end(rp, moving, &stop, &ignored);
    }
    if (status != TF_OK) {
        if (err) {
            *err = ignored;
        }
        return status;
    }
    if ((all || moving->breaks) && rp_breaks_any(rp)) {
        struct rp_stop at;
        uint64_t bound = reached && !all ? stop.seq : forward ? UINT64_MAX : 0;
        status = rp_breaks_next(rp, moving->seq, forward, bound, &at, err);
        if (status == TF_OK) {
            stop = at;
        }
        else if (status != TF_ERR_NOT_FOUND) {
            return status;
        }
    }
    *ret_stop = stop;
    return TF_OK;
}
