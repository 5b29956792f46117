/* A print statement added afterwards: what expressions were each time that a line ran. */
#include "rp_ask.h"

#include <stdlib.h>
#include <string.h>

struct hits_job {
    struct rp *rp;
    const struct rp_hits *hits;
    struct rp_probe *where; /* NULL: none */
    struct rp_probe **column;
    struct rp_cell *cell;
    uint8_t *wanted; /* by code */
    bool (*row)(void *ctx, const struct rp_hit *hit);
    void *ctx;
    bool stopped;
};

static void
clear_cells(struct hits_job *job)
{
    for (size_t i = 0; i < job->hits->column_count; i++) {
        if (job->cell[i].has) {
            rp_value_release(&job->cell[i].value);
            job->cell[i].has = false;
        }
    }
}

static tf_status
fill_cells(struct hits_job *job, struct rp_chunk *chunk, uint32_t event,
           struct tf_err *err)
{
    tf_status status = TF_OK;
    for (size_t i = 0; i < job->hits->column_count && status == TF_OK; i++) {
        struct rp_cell *cell = &job->cell[i];
        bool unbound;
        cell->error.message[0] = 0;
        status = rp_probe_value(job->column[i], chunk, event, &cell->value, &unbound,
                                &cell->error, err);
        cell->has = status == TF_OK;
        status = status == TF_ERR_ARGUMENT ? TF_OK : status;
    }
    return status;
}

static tf_status
tell(struct hits_job *job, struct rp_chunk *chunk, uint32_t event, struct tf_err *err)
{
    struct rp_hit hit = {.cell = job->cell};
    if (job->where) {
        enum rp_truth truth;
        tf_status status =
            rp_probe_truth(job->where, chunk, event, &truth, NULL, NULL, err);
        if (status != TF_OK || truth != RP_YES) {
            return status;
        }
    }
    tf_status status = fill_cells(job, chunk, event, err);
    if (status == TF_OK) {
        rp_fill_event(job->rp, chunk, event, &hit.event);
        job->stopped = !job->row(job->ctx, &hit);
    }
    clear_cells(job);
    return status;
}

static tf_status
sweep(struct hits_job *job, struct rp_chunk *chunk, struct tf_err *err)
{
    const struct tf_chunk *raw = chunk->raw;
    const struct rp_hits *hits = job->hits;
    uint32_t first, end;
    tf_status status = TF_OK;
    rp_range_events(&hits->range, raw, &first, &end);
    for (uint32_t i = first; i < end && status == TF_OK && !job->stopped; i++) {
        if (raw->lineno[i] != hits->lineno || raw->kind[i] != TF_EV_LINE
            || chunk->event_act[i] == RP_NONE
            || (hits->range.thread && raw->thread[i] != hits->range.thread)) {
            continue;
        }
        uint32_t code = chunk->frame[chunk->act[chunk->event_act[i]].frame].code;
        if (code <= job->rp->facts.code_count && job->wanted[code]) {
            status = tell(job, chunk, i, err);
        }
    }
    return status;
}

/* The code objects of the file that have code at the line. */
static tf_status
choose_codes(const struct hits_job *job, uint32_t **ret_codes, size_t *ret_count,
             struct tf_err *err)
{
    const struct rp_hits *hits = job->hits;
    uint32_t *codes = malloc(((size_t)job->rp->facts.code_count + 1) * sizeof *codes);
    size_t count = 0;
    if (!codes) {
        return rp_no_memory(err);
    }
    for (uint32_t id = 1; id <= job->rp->facts.code_count; id++) {
        const struct tf_def_code *code = rp_code(job->rp, id);
        bool here = code->file == hits->file_id && job->wanted[id];
        for (uint32_t i = 0; here && i < code->line_count; i++) {
            if (code->line[i] == hits->lineno) {
                codes[count++] = id;
                break;
            }
        }
    }
    *ret_codes = codes;
    *ret_count = count;
    return TF_OK;
}

static tf_status
run(struct hits_job *job, struct tf_err *err)
{
    struct rp_range range = job->hits->range;
    uint32_t *codes = NULL;
    tf_status status = choose_codes(job, &codes, &range.code_count, err);
    if (status != TF_OK) {
        return status;
    }
    range.code = codes;
    memset(job->wanted, 0, (size_t)job->rp->facts.code_count + 1);
    for (size_t i = 0; i < range.code_count; i++) {
        job->wanted[codes[i]] = 1;
    }
    struct rp_scan scan = {.rp = job->rp, .range = &range, .lineno = job->hits->lineno};
    if (range.code_count > 0) {
        status = rp_scan_begin(&scan, err);
    }
    while (status == TF_OK && !job->stopped && range.code_count > 0) {
        struct rp_chunk *chunk;
        status = rp_scan_next(&scan, &chunk, err);
        if (status == TF_OK) {
            status = sweep(job, chunk, err);
            rp_chunk_put(job->rp, chunk);
        }
    }
    rp_scan_end(&scan);
    free(codes);
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

static tf_status
prepare(struct hits_job *job, struct tf_err *err)
{
    const struct rp_hits *hits = job->hits;
    tf_status status = TF_OK;
    job->column = calloc(hits->column_count + 1, sizeof(struct rp_probe *));
    job->cell = calloc(hits->column_count + 1, sizeof *job->cell);
    job->wanted = rp_range_codes(job->rp, &hits->range);
    if (!job->column || !job->cell || !job->wanted) {
        return rp_no_memory(err);
    }
    if (hits->where) {
        status = rp_probe_new(job->rp, hits->where, &job->where, err);
    }
    for (size_t i = 0; i < hits->column_count && status == TF_OK; i++) {
        status = rp_probe_new(job->rp, hits->column[i], &job->column[i], err);
    }
    return status;
}

tf_status
rp_hits(struct rp *rp, const struct rp_hits *hits,
        bool (*row)(void *ctx, const struct rp_hit *hit), void *ctx, struct tf_err *err)
{
    struct hits_job job = {.rp = rp, .hits = hits, .row = row, .ctx = ctx};
    tf_status status = prepare(&job, err);
    if (status == TF_OK) {
        status = run(&job, err);
    }
    for (size_t i = 0; job.column && i < hits->column_count; i++) {
        rp_probe_free(job.column[i]);
    }
    rp_probe_free(job.where);
    free(job.column);
    free(job.cell);
    free(job.wanted);
    return status;
}
