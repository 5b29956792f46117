/* The nth execution of a place in the whole run is one event: found by counting. */
#include "rp_break.h"
#include "rp_find_posts.h"

static bool
is_execution(const struct rp_point *point, const struct rp_chunk *chunk, uint32_t event)
{
    uint32_t act = chunk->event_act[event];
    return act != RP_NONE
           && rp_point_is_at(point, chunk->raw->kind[event], chunk->raw->lineno[event],
                             chunk->frame[chunk->act[act].frame].code);
}

/* Counts *nth down; the event at which it came to 0, else 0. */
static uint64_t
count_chunk(const struct rp_point *point, const struct rp_chunk *chunk, uint64_t *nth)
{
    for (uint32_t event = 0; event < chunk->raw->event_count; event++) {
        if (is_execution(point, chunk, event) && --*nth == 0) {
            return chunk->raw->first_seq + event;
        }
    }
    return 0;
}

static tf_status
look_into(struct rp *rp, const struct rp_point *point, size_t idx, uint64_t *nth,
          uint64_t *ret_seq, struct tf_err *err)
{
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(rp, idx, &chunk, err);
    if (status == TF_OK) {
        *ret_seq = count_chunk(point, chunk, nth);
        rp_chunk_put(rp, chunk);
        status = rp_progress(rp, idx, rp->facts.chunk_count, err);
    }
    return status;
}

static bool
add_posts(const struct rp_point *point, struct rp_posts *posts)
{
    bool line = point->pub.sort == RP_BREAK_LINE;
    for (size_t i = 0; i < point->pub.code_count; i++) {
        if (!rp_posts_add(posts, line ? TF_POSTING_LINE : TF_POSTING_CODE,
                          point->code[i], line ? point->pub.lineno : 0)) {
            return false;
        }
    }
    return true;
}

static tf_status
find_nth(struct rp *rp, const struct rp_point *point, uint64_t nth, uint64_t *ret_seq,
         struct tf_err *err)
{
    struct rp_posts posts = {0};
    size_t idx = 0;
    *ret_seq = 0;
    tf_status status = add_posts(point, &posts) ? TF_OK : rp_no_memory(err);
    while (status == TF_OK && !*ret_seq && idx < rp->facts.chunk_count) {
        status = look_into(rp, point, idx, &nth, ret_seq, err);
        if (status == TF_OK && !*ret_seq) {
            status = rp_posts_next(rp, &posts, true, idx, &idx, err);
        }
    }
    rp_posts_release(&posts);
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
