/* Where a call ends that lasts longer than its chunk.
 *
 * A frame on a stack stays on it until it ends: the stacks at the starts of chunks say by
 * bisection in which chunk that is. A generator leaves the stack again and again; for
 * these the chunks in which the code ran are looked through once, and all ends on the way
 * are kept. */
#include "rp_ask.h"

#include <stdlib.h>

/* Ends that are kept; with more of them the search begins anew. */
#define KEPT_MAX (1u << 20)

void
rp_ends_release(struct rp_ends *ends)
{
    rp_map_release(&ends->map);
    free(ends->seq);
    ends->seq = NULL;
    ends->count = ends->cap = 0;
    ends->looked_from = ends->looked_to = 0;
}

/* The frame's activation at the chunk's start; RP_NONE: it is on no stack there. */
static uint32_t
act_at_start(const struct rp_chunk *chunk, uint64_t id)
{
    uint32_t frame = rp_chunk_frame(chunk, id);
    for (uint32_t i = 0; frame != RP_NONE && i < chunk->thread_count; i++) {
        for (uint32_t act = chunk->thread[i].first_top; act != RP_NONE;
             act = chunk->act[act].parent) {
            if (chunk->act[act].frame == frame) {
                return act;
            }
        }
    }
    return RP_NONE;
}

static tf_status
is_on_stack(struct rp *rp, size_t idx, uint64_t frame, bool *ret_is, struct tf_err *err)
{
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(rp, idx, &chunk, err);
    if (status == TF_OK) {
        *ret_is = act_at_start(chunk, frame) != RP_NONE;
        rp_chunk_put(rp, chunk);
    }
    return status;
}

/* The last chunk at whose start the frame is on a stack; `idx` when there is none. */
static tf_status
last_on_stack(struct rp *rp, uint64_t frame, size_t idx, size_t *ret_idx,
              struct tf_err *err)
{
    size_t in = idx, out = rp->facts.chunk_count, step = 1;
    while (in + 1 < out) {
        size_t at = in + step < out ? in + step : in + (out - in) / 2;
        bool is;
        tf_status status = is_on_stack(rp, at, frame, &is, err);
        if (status == TF_OK) {
            status = rp_progress(rp, at, rp->facts.chunk_count, err);
        }
        if (status != TF_OK) {
            return status;
        }
        if (is) {
            in = at;
            step *= 2;
        }
        else {
            out = at;
            step = 1 + (out - in) / 2;
        }
    }
    *ret_idx = in;
    return TF_OK;
}

static bool
ends_frame(unsigned kind)
{
    return kind == TF_EV_RETURN || kind == TF_EV_UNWIND;
}

static void
fill_end(const struct rp_chunk *chunk, uint32_t event, struct rp_frame_end *ret_end)
{
    *ret_end = (struct rp_frame_end){
        .seq = chunk->raw->first_seq + event,
        .time_ns = chunk->raw->time_ns[event],
        .kind = chunk->raw->kind[event],
    };
}

/* The frame's last event of the activation that it is in at the chunk's start. */
static tf_status
end_of_stay(struct rp *rp, uint64_t frame, size_t idx, struct rp_frame_end *ret_end,
            bool *ret_suspended, struct tf_err *err)
{
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(rp, idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    uint32_t act = act_at_start(chunk, frame);
    *ret_suspended = false;
    if (act != RP_NONE && chunk->act[act].event_end > chunk->act[act].event_first) {
        uint32_t event = chunk->act_event[chunk->act[act].event_end - 1];
        *ret_suspended = chunk->raw->kind[event] == TF_EV_YIELD;
        if (ends_frame(chunk->raw->kind[event])) {
            fill_end(chunk, event, ret_end);
        }
    }
    rp_chunk_put(rp, chunk);
    return TF_OK;
}

/* --- Frames that were suspended --- */

static bool
keep(struct rp_ends *ends, uint64_t frame, uint64_t seq)
{
    if (ends->count == ends->cap) {
        uint32_t cap = ends->cap ? ends->cap * 2 : 256;
        uint64_t *bigger = realloc(ends->seq, cap * sizeof *bigger);
        if (!bigger) {
            return false;
        }
        ends->seq = bigger;
        ends->cap = cap;
    }
    ends->seq[ends->count] = seq;
    return rp_map_put(&ends->map, frame, ends->count++);
}

/* All ends in a chunk of frames that are older than it. */
static tf_status
keep_chunk(struct rp_ends *ends, const struct rp_chunk *chunk, struct tf_err *err)
{
    const struct tf_chunk *raw = chunk->raw;
    for (uint32_t i = 0; i < raw->event_count; i++) {
        if (!ends_frame(raw->kind[i]) || chunk->event_act[i] == RP_NONE) {
            continue;
        }
        const struct rp_cframe *frame =
            &chunk->frame[chunk->act[chunk->event_act[i]].frame];
        if (frame->id < raw->first_frame && frame->code <= ends->rp->facts.code_count
            && ends->wanted[frame->code]
            && !keep(ends, frame->id, raw->first_seq + i)) {
            return rp_no_memory(err);
        }
    }
    return TF_OK;
}

static tf_status
look_further(struct rp_ends *ends, uint64_t frame, struct tf_err *err)
{
    struct rp_range range = {
        .code = ends->range->code,
        .code_count = ends->range->code_count,
        .from_seq = tf_reader_chunk_info(ends->rp->reader, ends->looked_to)->first_seq,
    };
    struct rp_scan scan = {.rp = ends->rp, .range = &range};
    tf_status status = rp_scan_begin(&scan, err);
    while (status == TF_OK && rp_map_get(&ends->map, frame) == RP_NONE) {
        struct rp_chunk *chunk;
        status = rp_scan_next(&scan, &chunk, err);
        if (status == TF_ERR_NOT_FOUND) {
            ends->looked_to = ends->rp->facts.chunk_count;
        }
        if (status == TF_OK) {
            status = keep_chunk(ends, chunk, err);
            ends->looked_to = chunk->idx + 1;
            rp_chunk_put(ends->rp, chunk);
        }
    }
    rp_scan_end(&scan);
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

static tf_status
find_suspended(struct rp_ends *ends, uint64_t frame, size_t idx,
               struct rp_frame_end *ret_end, struct tf_err *err)
{
    struct rp *rp = ends->rp;
    if (ends->count > KEPT_MAX || idx < ends->looked_from || ends->looked_to == 0) {
        rp_ends_release(ends);
        ends->looked_from = ends->looked_to = idx;
    }
    if (rp_map_get(&ends->map, frame) == RP_NONE
        && ends->looked_to < rp->facts.chunk_count) {
        tf_status status = look_further(ends, frame, err);
        if (status != TF_OK) {
            return status;
        }
    }
    uint32_t at = rp_map_get(&ends->map, frame);
    if (at == RP_NONE) {
        return TF_OK;
    }
    struct rp_chunk *chunk;
    uint32_t event;
    tf_status status = rp_chunk_at(rp, ends->seq[at], &chunk, &event, err);
    if (status == TF_OK) {
        fill_end(chunk, event, ret_end);
        rp_chunk_put(rp, chunk);
    }
    return status;
}

/* So many chunks are looked into at once where they are in memory. */
#define NEAR 8u

tf_status
rp_ends_find(struct rp_ends *ends, uint64_t frame, size_t idx,
             struct rp_frame_end *ret_end, struct tf_err *err)
{
    size_t last;
    bool suspended = true;
    tf_status status = TF_OK;
    *ret_end = (struct rp_frame_end){0};
    for (size_t near = idx + 1; near < ends->rp->facts.chunk_count
                                && ends->rp->chunk[near] && near <= idx + NEAR;
         near++) {
        status = end_of_stay(ends->rp, frame, near, ret_end, &suspended, err);
        if (status != TF_OK || ret_end->seq) {
            return status;
        }
    }
    suspended = true;
    status = last_on_stack(ends->rp, frame, idx, &last, err);
    if (status == TF_OK && last > idx) {
        status = end_of_stay(ends->rp, frame, last, ret_end, &suspended, err);
    }
    if (status == TF_OK && suspended && idx + 1 < ends->rp->facts.chunk_count) {
        status = find_suspended(ends, frame, last > idx ? last : idx + 1, ret_end, err);
    }
    return status;
}
