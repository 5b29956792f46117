/* The nth execution of a place in the whole run is one event: found by the counts in the
 * postings. */
#include "rp_break.h"

static bool
is_execution(const struct rp_point *point, const struct rp_chunk *chunk, uint32_t event)
{
    uint32_t act = chunk->event_act[event];
    return act != RP_NONE
           && rp_point_is_at(point, chunk->raw->kind[event], chunk->raw->lineno[event],
                             chunk->frame[chunk->act[act].frame].code);
}

/* The nth of those in the chunk, from 1; 0 when there are fewer. */
static uint64_t
nth_in_chunk(const struct rp_point *point, const struct rp_chunk *chunk, uint64_t nth)
{
    for (uint32_t event = 0; event < chunk->raw->event_count; event++) {
        if (is_execution(point, chunk, event) && --nth == 0) {
            return chunk->raw->first_seq + event;
        }
    }
    return 0;
}

static tf_status
hits_before(struct rp *rp, const struct rp_point *point, size_t idx, uint64_t *ret_hits,
            struct tf_err *err)
{
    bool line = point->pub.sort == RP_BREAK_LINE;
    uint64_t sum = 0;
    for (size_t i = 0; i < point->pub.code_count; i++) {
        uint64_t hits = 0;
        tf_status status = tf_reader_posting_hits_before(
            rp->reader, line ? TF_POSTING_LINE : TF_POSTING_CALL, point->code[i],
            line ? point->pub.lineno : 0, idx, &hits, err);
        if (status != TF_OK) {
            return status;
        }
        sum += hits;
    }
    *ret_hits = sum;
    return TF_OK;
}

/* In the last chunk before which there are fewer. */
static tf_status
find_nth(struct rp *rp, const struct rp_point *point, uint64_t nth, uint64_t *ret_seq,
         struct tf_err *err)
{
    size_t low = 0, high = rp->facts.chunk_count;
    uint64_t before = 0;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        uint64_t hits;
        tf_status status = hits_before(rp, point, middle, &hits, err);
        if (status == TF_OK) {
            status = rp_progress(rp, low, rp->facts.chunk_count, err);
        }
        if (status != TF_OK) {
            return status;
        }
        if (hits < nth) {
            low = middle;
            before = hits;
        }
        else {
            high = middle;
        }
    }
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(rp, low, &chunk, err);
    if (status == TF_OK) {
        *ret_seq = nth_in_chunk(point, chunk, nth - before);
        rp_chunk_put(rp, chunk);
    }
    return status;
}

tf_status
rp_point_set_nth(struct rp *rp, struct rp_point *point, uint64_t nth, bool on,
                 struct tf_err *err)
{
    uint64_t seq = 0;
    bool counted = point->pub.sort == RP_BREAK_LINE
                   || (point->pub.sort == RP_BREAK_FUNCTION && !point->pub.at_exit);
    if (nth && !counted) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "only lines and calls of functions are counted");
    }
    if (nth > point->pub.run_hits) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "the run comes by only %llu times",
                          (unsigned long long)point->pub.run_hits);
    }
    tf_status status = nth ? find_nth(rp, point, nth, &seq, err) : TF_OK;
    if (status != TF_OK) {
        return status;
    }
    if (nth && !seq) {
        return tf_err_set(err, TF_ERR_DAMAGED, -1,
                          "the index counts more executions than there are");
    }
    point->pub.nth = nth;
    point->pub.nth_on = on;
    point->seq_first = seq;
    point->seq_last = nth && !on ? seq : UINT64_MAX;
    return TF_OK;
}
