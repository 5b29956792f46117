/* The calls of functions: what they were given, what came of it, and how long it took. */
#include "rp_ask.h"

#include <stdlib.h>
#include <string.h>

struct calls_job {
    struct rp *rp;
    const struct rp_calls *calls;
    struct rp_probe *where; /* NULL: none */
    uint8_t *wanted;        /* by code */
    struct rp_ends ends;
    uint32_t *end_event; /* of the present chunk, by frame: where it ends; RP_NONE */
    size_t end_cap;
    bool (*row)(void *ctx, const struct rp_call *call);
    void *ctx;
    bool stopped;
};

/* Where the chunk's frames end in it. */
static tf_status
find_ends(struct calls_job *job, const struct rp_chunk *chunk, struct tf_err *err)
{
    const struct tf_chunk *raw = chunk->raw;
    if (!job->end_event || chunk->frame_count > job->end_cap) {
        free(job->end_event);
        job->end_cap = (size_t)chunk->frame_count + 64;
        job->end_event = malloc(job->end_cap * sizeof *job->end_event);
        if (!job->end_event) {
            return rp_no_memory(err);
        }
    }
    memset(job->end_event, 0xff, chunk->frame_count * sizeof *job->end_event);
    for (uint32_t i = 0; i < chunk->act_count; i++) {
        const struct rp_act *act = &chunk->act[i];
        if (act->event_first < act->event_end) {
            uint32_t last = chunk->act_event[act->event_end - 1];
            bool ends =
                raw->kind[last] == TF_EV_RETURN || raw->kind[last] == TF_EV_UNWIND;
            job->end_event[act->frame] = ends ? last : job->end_event[act->frame];
        }
    }
    return TF_OK;
}

/* What the frame's unwinding left behind: its latest exception event's. */
static tf_status
find_exception(struct rp *rp, const struct rp_call *call, struct rp_value *ret_value,
               bool *ret_has, struct tf_err *err)
{
    struct rp_filter filter = {.kinds = 1u << TF_EV_EXCEPTION,
                               .frame = call->event.frame,
                               .code = &call->event.code->id,
                               .code_count = 1};
    struct tf_err none = TF_ERR_INIT;
    uint64_t seq;
    tf_status status = rp_find(rp, &filter, call->end_seq, false, &seq, &none);
    if (status == TF_ERR_NOT_FOUND) {
        return TF_OK;
    }
    if (status != TF_OK) {
        if (err) {
            *err = none;
        }
        return status;
    }
    return seq > call->event.seq ? rp_event_arg(rp, seq, ret_has, ret_value, err)
                                 : TF_OK;
}

static tf_status
fill_end(struct calls_job *job, const struct rp_chunk *chunk, uint32_t frame_idx,
         struct rp_call *call, struct tf_err *err)
{
    uint32_t event = job->end_event[frame_idx];
    struct rp_frame_end end = {0};
    tf_status status = TF_OK;
    if (event != RP_NONE) {
        end =
            (struct rp_frame_end){chunk->raw->first_seq + event,
                                  chunk->raw->time_ns[event], chunk->raw->kind[event]};
    }
    else {
        status = rp_ends_find(&job->ends, call->event.frame, chunk->idx, &end, err);
    }
    if (status != TF_OK || !end.seq) {
        return status;
    }
    call->end_seq = end.seq;
    call->end_ns = end.time_ns;
    call->end_kind = end.kind;
    return end.kind == TF_EV_UNWIND
               ? find_exception(job->rp, call, &call->result, &call->has_result, err)
               : rp_event_arg(job->rp, end.seq, &call->has_result, &call->result, err);
}

static void
keep_arguments(struct rp_vars *vars)
{
    size_t kept = 0;
    for (size_t i = 0; i < vars->count; i++) {
        if (vars->var[i].argument) {
            struct rp_var var = vars->var[i];
            vars->var[i] = vars->var[kept];
            vars->var[kept++] = var;
        }
    }
    for (size_t i = kept; i < vars->count; i++) {
        rp_value_release(&vars->var[i].value);
    }
    vars->count = kept;
}

static tf_status
tell(struct calls_job *job, struct rp_chunk *chunk, uint32_t event, struct tf_err *err)
{
    struct rp *rp = job->rp;
    struct rp_call call = {0};
    struct rp_vars args = {0};
    if (job->where) {
        enum rp_truth truth;
        tf_status status =
            rp_probe_truth(job->where, chunk, event, &truth, NULL, NULL, err);
        if (status != TF_OK || truth != RP_YES) {
            return status;
        }
    }
    rp_fill_event(rp, chunk, event, &call.event);
    call.args = &args;
    tf_status status = rp_locals(rp, call.event.seq, call.event.frame, &args, err);
    if (status == TF_OK) {
        keep_arguments(&args);
        status =
            fill_end(job, chunk, chunk->act[chunk->event_act[event]].frame, &call, err);
    }
    if (status == TF_OK) {
        job->stopped = !job->row(job->ctx, &call);
    }
    rp_vars_release(&args);
    rp_value_release(&call.result);
    return status;
}

static tf_status
sweep(struct calls_job *job, struct rp_chunk *chunk, struct tf_err *err)
{
    const struct tf_chunk *raw = chunk->raw;
    const struct rp_range *range = &job->calls->range;
    uint32_t first, end;
    tf_status status = find_ends(job, chunk, err);
    rp_range_events(range, raw, &first, &end);
    for (uint32_t i = 0; i < chunk->act_count && status == TF_OK && !job->stopped;
         i++) { /* in the order in which they began */
        const struct rp_act *act = &chunk->act[i];
        uint32_t code = chunk->frame[act->frame].code;
        if (act->event_first == act->event_end || code > job->rp->facts.code_count
            || !job->wanted[code] || (range->thread && act->thread != range->thread)) {
            continue;
        }
        uint32_t event = chunk->act_event[act->event_first];
        if (event >= first && event < end && raw->kind[event] == TF_EV_START) {
            status = tell(job, chunk, event, err);
        }
    }
    return status;
}

/* Calls mostly end in the chunk where they began or in one of the next few: these are held,
 * so that an end is found without reading them for it alone. */
#define AHEAD_HELD 4

struct window {
    struct rp_chunk *chunk[AHEAD_HELD + 1];
    unsigned count;
    tf_status status; /* what came after the last of them */
    struct tf_err err;
};

static void
look_ahead(const struct calls_job *job, struct rp_scan *scan, struct window *window)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < window->count; i++) {
        bytes += window->chunk[i]->memory_bytes;
    }
    while (window->status == TF_OK && window->count <= AHEAD_HELD
           && bytes <= job->rp->chunk_bytes_max / 4) {
        struct rp_chunk **chunk = &window->chunk[window->count];
        window->status = rp_scan_next(scan, chunk, &window->err);
        if (window->status == TF_OK) {
            bytes += (*chunk)->memory_bytes;
            window->count++;
        }
    }
}

static tf_status
run(struct calls_job *job, struct tf_err *err)
{
    struct rp_scan scan = {.rp = job->rp, .range = &job->calls->range};
    struct window window = {0};
    tf_status status = rp_scan_begin(&scan, err);
    while (status == TF_OK && !job->stopped) {
        look_ahead(job, &scan, &window);
        if (window.count == 0) {
            status = window.status;
            if (err) {
                *err = window.err;
            }
            break;
        }
        struct rp_chunk *chunk = window.chunk[0];
        status = sweep(job, chunk, err);
        rp_chunk_put(job->rp, chunk);
        window.count--;
        memmove(window.chunk, window.chunk + 1, window.count * sizeof window.chunk[0]);
    }
    while (window.count > 0) {
        rp_chunk_put(job->rp, window.chunk[--window.count]);
    }
    rp_scan_end(&scan);
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

tf_status
rp_calls(struct rp *rp, const struct rp_calls *calls,
         bool (*row)(void *ctx, const struct rp_call *call), void *ctx,
         struct tf_err *err)
{
    struct calls_job job = {.rp = rp, .calls = calls, .row = row, .ctx = ctx};
    tf_status status = TF_OK;
    job.wanted = rp_range_codes(rp, &calls->range);
    if (!job.wanted) {
        return rp_no_memory(err);
    }
    job.ends = (struct rp_ends){.rp = rp, .wanted = job.wanted, .range = &calls->range};
    if (calls->where) {
        status = rp_probe_new(rp, calls->where, &job.where, err);
    }
    if (status == TF_OK) {
        status = run(&job, err);
    }
    rp_probe_free(job.where);
    rp_ends_release(&job.ends);
    free(job.end_event);
    free(job.wanted);
    return status;
}
