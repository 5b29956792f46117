/* Which chunks stay in memory: the most recently used, up to a number of bytes. */
#include "rp_private.h"

#include <stdlib.h>
#include <time.h>

static void
unlink_chunk(struct rp *rp, struct rp_chunk *chunk)
{
    *(chunk->newer ? &chunk->newer->older : &rp->chunk_newest) = chunk->older;
    *(chunk->older ? &chunk->older->newer : &rp->chunk_oldest) = chunk->newer;
    chunk->newer = chunk->older = NULL;
}

static void
link_newest(struct rp *rp, struct rp_chunk *chunk)
{
    chunk->older = rp->chunk_newest;
    *(chunk->older ? &chunk->older->newer : &rp->chunk_oldest) = chunk;
    rp->chunk_newest = chunk;
}

static void
add(struct rp *rp, struct rp_chunk *chunk)
{
    rp->chunk[chunk->idx] = chunk;
    rp->chunk_bytes += chunk->memory_bytes;
    link_newest(rp, chunk);
}

static void
drop(struct rp *rp, struct rp_chunk *chunk)
{
    unlink_chunk(rp, chunk);
    rp->chunk_bytes -= chunk->memory_bytes;
    rp->chunk[chunk->idx] = NULL;
    rp_chunk_free(chunk);
}

static void
trim(struct rp *rp)
{
    struct rp_chunk *chunk = rp->chunk_oldest;
    while (chunk && rp->chunk_bytes > rp->chunk_bytes_max) {
        struct rp_chunk *next = chunk->newer;
        if (chunk->refs == 0) {
            drop(rp, chunk);
        }
        chunk = next;
    }
}

static struct rp_chunk *
use(struct rp *rp, struct rp_chunk *chunk)
{
    if (rp->chunk_newest != chunk) {
        unlink_chunk(rp, chunk);
        link_newest(rp, chunk);
    }
    chunk->refs++;
    trim(rp);
    return chunk;
}

static tf_status
get_any(struct rp *rp, size_t idx, struct rp_chunk **ret_chunk, struct tf_err *err)
{
    if (idx >= rp->facts.chunk_count) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "there is no chunk %zu", idx);
    }
    if (!rp->chunk[idx]) {
        struct tf_chunk *raw = NULL;
        struct rp_chunk *chunk;
        tf_status status = tf_reader_chunk(rp->reader, idx, &raw, err);
        if (status == TF_OK) {
            status = rp_chunk_new(raw, idx, &chunk, err);
        }
        if (status != TF_OK) {
            return status;
        }
        add(rp, chunk);
    }
    *ret_chunk = use(rp, rp->chunk[idx]);
    return TF_OK;
}

tf_status
rp_chunk_get(struct rp *rp, size_t idx, struct rp_chunk **ret_chunk, struct tf_err *err)
{
    struct rp_chunk *chunk;
    tf_status status = get_any(rp, idx, &chunk, err);
    if (status == TF_OK && !chunk->built) {
        rp->chunk_bytes -= chunk->memory_bytes;
        status = rp_chunk_build(rp, NULL, chunk, err);
        rp->chunk_bytes += chunk->memory_bytes;
        if (status != TF_OK) {
            rp_chunk_put(rp, chunk);
        }
        else {
            trim(rp);
        }
    }
    if (status == TF_OK) {
        *ret_chunk = chunk;
    }
    return status;
}

tf_status
rp_chunk_get_raw(struct rp *rp, size_t idx, struct rp_chunk **ret_chunk,
                 struct tf_err *err)
{
    return rp->many_objects ? rp_chunk_get(rp, idx, ret_chunk, err)
                            : get_any(rp, idx, ret_chunk, err);
}

tf_status
rp_chunk_adopt(struct rp *rp, struct rp_chunk *chunk, struct rp_chunk **ret_chunk,
               struct tf_err *err)
{
    size_t idx = chunk->idx;
    struct rp_chunk *old = rp->chunk[idx];
    if (old && (old->built || old->refs)) {
        rp_chunk_free(chunk);
        return rp_chunk_get(rp, idx, ret_chunk, err);
    }
    if (old) {
        drop(rp, old);
    }
    add(rp, chunk);
    *ret_chunk = use(rp, chunk);
    return TF_OK;
}

void
rp_chunk_put(struct rp *rp, struct rp_chunk *chunk)
{
    if (chunk && --chunk->refs == 0) {
        trim(rp);
    }
}

tf_status
rp_chunk_at(struct rp *rp, uint64_t seq, struct rp_chunk **ret_chunk,
            uint32_t *ret_event, struct tf_err *err)
{
    size_t idx;
    if (!tf_reader_chunk_of_seq(rp->reader, seq, &idx)) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "there is no event %llu",
                          (unsigned long long)seq);
    }
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(rp, idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    uint64_t event = seq - chunk->raw->first_seq;
    if (event >= chunk->raw->event_count) {
        rp_chunk_put(rp, chunk);
        return tf_err_set(err, TF_ERR_DAMAGED, -1,
                          "the index places event %llu wrongly",
                          (unsigned long long)seq);
    }
    *ret_chunk = chunk;
    *ret_event = (uint32_t)event;
    return TF_OK;
}

static uint64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

tf_status
rp_progress(struct rp *rp, uint64_t done, uint64_t total, struct tf_err *err)
{
    if (!rp->progress) {
        return TF_OK;
    }
    uint64_t now = now_ns();
    if (now - rp->progress_last_ns < 50 * 1000000u) {
        return TF_OK;
    }
    rp->progress_last_ns = now;
    if (!rp->progress(rp->progress_ctx, done, total)) {
        return tf_err_set(err, TF_ERR_INTERRUPTED, -1, "interrupted");
    }
    return TF_OK;
}

tf_status
rp_no_memory(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
}
