/* Verification: the file by itself, then what needs the chunks' indexes. */
#include "rp_private.h"

static tf_status
check_chunks(struct rp *rp, const struct tf_verify *options, uint64_t *findings,
             struct tf_err *err)
{
    for (size_t i = 0; i < rp->facts.chunk_count; i++) {
        struct rp_chunk *chunk;
        struct tf_err finding = TF_ERR_INIT;
        tf_status status = rp_chunk_get(rp, i, &chunk, &finding);
        if (status == TF_ERR_MEMORY) {
            return rp_no_memory(err);
        }
        if (status != TF_OK) {
            continue; /* the file's own check has told of it */
        }
        if (chunk->damaged) {
            tf_err_set(&finding, TF_ERR_DAMAGED,
                       tf_reader_chunk_info(rp->reader, i)->file_off, "chunk %zu: %s",
                       i, chunk->damage);
            *findings += 1;
            if (options->finding) {
                options->finding(options->ctx, &finding);
            }
        }
        rp_chunk_put(rp, chunk);
        if (options->progress
            && !options->progress(options->ctx, i, rp->facts.chunk_count)) {
            return tf_err_set(err, TF_ERR_INTERRUPTED, -1, "interrupted");
        }
    }
    return TF_OK;
}

tf_status
rp_verify(const char *path, const struct tf_verify *options, uint64_t *ret_findings,
          struct tf_err *err)
{
    uint64_t findings = 0;
    tf_status status = tf_verify_file(path, options, &findings, err);
    if (status != TF_OK || options->quick) {
        *ret_findings = findings;
        return status;
    }
    struct rp *rp = NULL;
    struct rp_options reading = {.cache_off = true};
    status = rp_open(path, &reading, &rp, err);
    if (status == TF_OK) {
        status = check_chunks(rp, options, &findings, err);
        rp_close(rp);
    }
    if (status == TF_OK) {
        *ret_findings = findings;
    }
    return status;
}
