/* Where an expression holds.
 *
 * A chunk's events are gone through in order. Each activation keeps what was found at its
 * latest event and until which place of the chunk that stays so; only from there on is the
 * expression worked out again. */
#include "rp_ask.h"

#include <stdlib.h>
#include <string.h>

struct act_truth {
    uint8_t truth; /* enum rp_truth */
    uint8_t known; /* 0: nothing is known yet; 1: it is; 2: its code is not meant */
    rp_place_no until;
};

struct when_job {
    struct rp *rp;
    const struct rp_when *when;
    struct rp_probe *probe;
    struct rp_when_total total;
    uint8_t *wanted; /* by code */
    struct act_truth *act;
    size_t act_cap;
    uint32_t *held; /* events of the chunk at which it holds */
    size_t held_cap;
    bool (*row)(void *ctx, const struct rp_event *event);
    void *ctx;
    bool stopped;
};

static bool
reserve(struct when_job *job, const struct rp_chunk *chunk)
{
    if (chunk->act_count > job->act_cap || !job->act) {
        free(job->act);
        job->act_cap = (size_t)chunk->act_count + 64;
        job->act = malloc(job->act_cap * sizeof *job->act);
    }
    if (chunk->raw->event_count > job->held_cap || !job->held) {
        free(job->held);
        job->held_cap = (size_t)chunk->raw->event_count + 1;
        job->held = malloc(job->held_cap * sizeof *job->held);
    }
    if (!job->act || !job->held) {
        return false;
    }
    for (uint32_t i = 0; i < chunk->act_count; i++) {
        uint32_t code = chunk->frame[chunk->act[i].frame].code;
        bool meant = code <= job->rp->facts.code_count && job->wanted[code];
        job->act[i] = (struct act_truth){.known = meant ? 0 : 2};
    }
    return true;
}

static void
note_unknown(struct when_job *job, uint64_t seq, const struct rp_expr_err *error)
{
    if (job->total.unknown == 0) {
        job->total.unknown_seq = seq;
        job->total.error = *error;
    }
}

static tf_status
look_again(struct when_job *job, struct rp_chunk *chunk, uint32_t event,
           struct act_truth *act, struct tf_err *err)
{
    struct rp_expr_err error = {0};
    enum rp_truth truth;
    bool why = job->total.unknown == 0;
    tf_status status = rp_probe_truth(job->probe, chunk, event, &truth, &act->until,
                                      why ? &error : NULL, err);
    if (status != TF_OK) {
        return status;
    }
    act->truth = (uint8_t)truth;
    act->known = 1;
    if (truth == RP_UNKNOWN) {
        note_unknown(job, chunk->raw->first_seq + event, &error);
    }
    return TF_OK;
}

/* Fills `held`. */
static tf_status
sweep(struct when_job *job, struct rp_chunk *chunk, uint32_t first, uint32_t end,
      size_t *ret_held, struct tf_err *err)
{
    const struct tf_chunk *raw = chunk->raw;
    uint32_t thread = job->when->range.thread;
    size_t held = 0;
    for (uint32_t event = first; event < end; event++) {
        uint32_t idx = chunk->event_act[event];
        struct act_truth *act = idx == RP_NONE ? NULL : &job->act[idx];
        if (!act || act->known == 2 || (thread && raw->thread[event] != thread)) {
            continue;
        }
        if (!act->known || raw->op_end[event] >= act->until) {
            tf_status status = look_again(job, chunk, event, act, err);
            if (status != TF_OK) {
                return status;
            }
        }
        job->total.unknown += act->truth == RP_UNKNOWN;
        if (act->truth == RP_YES) {
            job->held[held++] = event;
        }
    }
    *ret_held = held;
    return TF_OK;
}

static void
tell(struct when_job *job, const struct rp_chunk *chunk, size_t held)
{
    bool backward = job->when->backward;
    if (!job->row) {
        job->total.events += held;
        return;
    }
    for (size_t i = 0; i < held && !job->stopped; i++) {
        struct rp_event event;
        rp_fill_event(job->rp, chunk, job->held[backward ? held - 1 - i : i], &event);
        job->total.events++;
        job->stopped = !job->row(job->ctx, &event);
    }
}

static tf_status
chunk_by_chunk(struct when_job *job, struct rp_scan *scan, struct tf_err *err)
{
    tf_status status = TF_OK;
    while (status == TF_OK && !job->stopped) {
        struct rp_chunk *chunk;
        status = rp_scan_next(scan, &chunk, err);
        if (status != TF_OK) {
            break;
        }
        uint32_t first, end;
        size_t held = 0;
        rp_range_events(&job->when->range, chunk->raw, &first, &end);
        status = reserve(job, chunk) ? sweep(job, chunk, first, end, &held, err)
                                     : rp_no_memory(err);
        if (status == TF_OK) {
            tell(job, chunk, held);
        }
        rp_chunk_put(job->rp, chunk);
    }
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

/* The range's code objects that know the names, as an array for the scan. */
static tf_status
choose_codes(struct when_job *job, uint32_t **ret_codes, size_t *ret_count,
             struct tf_err *err)
{
    uint32_t count = job->rp->facts.code_count;
    size_t chosen = 0;
    uint32_t *codes = malloc(((size_t)count + 1) * sizeof *codes);
    job->wanted = rp_range_codes(job->rp, &job->when->range);
    if (!codes || !job->wanted) {
        free(codes);
        return rp_no_memory(err);
    }
    bool no_memory = false;
    job->wanted[0] = 0;
    for (uint32_t id = 1; id <= count; id++) {
        job->wanted[id] =
            job->wanted[id]
            && rp_probe_knows(job->probe, rp_code(job->rp, id), &no_memory);
        if (job->wanted[id]) {
            codes[chosen++] = id;
        }
    }
    if (no_memory) {
        free(codes);
        return rp_no_memory(err);
    }
    *ret_codes = codes;
    *ret_count = chosen;
    return TF_OK;
}

static tf_status
run(struct when_job *job, struct tf_err *err)
{
    struct rp_range range = job->when->range;
    uint32_t *codes = NULL;
    tf_status status = choose_codes(job, &codes, &range.code_count, err);
    range.code = codes;
    if (status == TF_OK && range.code_count > 0) {
        struct rp_scan scan = {
            .rp = job->rp, .range = &range, .backward = job->when->backward};
        status = rp_scan_begin(&scan, err);
        if (status == TF_OK) {
            status = chunk_by_chunk(job, &scan, err);
            rp_scan_end(&scan);
        }
    }
    free(codes);
    return status;
}

tf_status
rp_when(struct rp *rp, const struct rp_when *when,
        bool (*row)(void *ctx, const struct rp_event *event), void *ctx,
        struct rp_when_total *ret_total, struct tf_err *err)
{
    struct when_job job = {.rp = rp, .when = when, .row = row, .ctx = ctx};
    tf_status status = rp_probe_new(rp, when->expr, &job.probe, err);
    if (status == TF_OK) {
        status = run(&job, err);
    }
    rp_probe_free(job.probe);
    free(job.wanted);
    free(job.act);
    free(job.held);
    if (status == TF_OK) {
        *ret_total = job.total;
    }
    return status;
}
