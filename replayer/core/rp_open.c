/* A recording: opening it, its facts and definitions. */
#include "rp_private.h"

#include <stdlib.h>
#include <string.h>

static uint64_t
sum_of_gaps(const struct tf_reader *reader)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < tf_reader_gap_count(reader); i++) {
        sum += tf_reader_gap(reader, i)->events;
    }
    return sum;
}

static tf_status
last_time(struct rp *rp, uint64_t *ret_ns, struct tf_err *err)
{
    if (rp->facts.footer) {
        *ret_ns = rp->facts.footer->end_ns;
        return TF_OK;
    }
    struct rp_event event;
    tf_status status =
        rp->facts.last_seq ? rp_event_at(rp, rp->facts.last_seq, &event, err) : TF_OK;
    if (status == TF_OK) {
        *ret_ns = rp->facts.last_seq ? event.time_ns : 0;
    }
    return status;
}

static tf_status
fill_facts(struct rp *rp, struct tf_err *err)
{
    const struct tf_reader *reader = rp->reader;
    rp->facts = (struct rp_facts){
        .header = tf_reader_header(reader),
        .footer = tf_reader_footer(reader),
        .complete = tf_reader_complete(reader),
        .incomplete_off = -1,
        .rest = tf_reader_rest(reader),
        .file_bytes = tf_reader_file_bytes(reader),
        .event_count = tf_reader_event_count(reader),
        .first_seq = tf_reader_first_seq(reader),
        .last_seq = tf_reader_last_seq(reader),
        .events_by_kind = tf_reader_events_by_kind(reader),
        .chunk_count = tf_reader_chunk_count(reader),
        .file_count = tf_reader_file_count(reader),
        .code_count = tf_reader_code_count(reader),
        .type_count = tf_reader_type_count(reader),
        .thread_count = tf_reader_thread_count(reader),
        .gap_count = tf_reader_gap_count(reader),
        .lost_events = sum_of_gaps(reader),
    };
    if (!rp->facts.complete) {
        rp->facts.incomplete_reason =
            tf_reader_incomplete_reason(reader, &rp->facts.incomplete_off);
    }
    rp->chunk = calloc(rp->facts.chunk_count + 1, sizeof(struct rp_chunk *));
    rp->lines = calloc((size_t)rp->facts.file_count + 1, sizeof *rp->lines);
    rp->state_bucket = calloc(RP_STATE_BUCKETS, sizeof(struct rp_state *));
    if (!rp->chunk || !rp->lines || !rp->state_bucket) {
        return rp_no_memory(err);
    }
    return last_time(rp, &rp->facts.duration_ns, err);
}

tf_status
rp_open(const char *path, const struct rp_options *options, struct rp **ret_rp,
        struct tf_err *err)
{
    const struct rp_options none = {0};
    options = options ? options : &none;
    struct rp *rp = calloc(1, sizeof *rp);
    if (!rp) {
        return rp_no_memory(err);
    }
    size_t bytes = options->cache_off ? 0
                                      : (options->cache_bytes ? options->cache_bytes
                                                              : (size_t)RP_CACHE_BYTES);
    rp->chunk_bytes_max = bytes / 4 * 3;
    rp->state_bytes_max = bytes / 4;
    rp_set_progress(rp, options->progress, options->progress_ctx);
    tf_status status = tf_reader_open(path, options->progress, options->progress_ctx,
                                      &rp->reader, err);
    if (status == TF_OK) {
        status = fill_facts(rp, err);
    }
    if (status != TF_OK) {
        rp_close(rp);
        return status;
    }
    *ret_rp = rp;
    return TF_OK;
}

void
rp_close(struct rp *rp)
{
    if (!rp) {
        return;
    }
    rp_breaks_free(rp->breaks);
    if (rp->state_bucket) {
        rp_states_clear(rp);
    }
    for (size_t i = 0; rp->chunk && i < rp->facts.chunk_count; i++) {
        rp_chunk_free(rp->chunk[i]);
    }
    for (uint32_t i = 0; rp->lines && i <= rp->facts.file_count; i++) {
        free(rp->lines[i].off);
    }
    rp_checkpoint_free(rp->checkpoint);
    rp_uncaught_free(rp->uncaught);
    rp_text_memos_free(rp->text_memos);
    rp_key_tracks_free(rp->key_tracks);
    free(rp->fates);
    free(rp->chunk);
    free(rp->lines);
    free(rp->state_bucket);
    if (rp->reader) {
        tf_reader_close(rp->reader);
    }
    free(rp);
}

void
rp_set_progress(struct rp *rp, rp_progress_fn progress, void *ctx)
{
    rp->progress = progress;
    rp->progress_ctx = ctx;
}

const struct rp_facts *
rp_facts(const struct rp *rp)
{
    return &rp->facts;
}

const struct tf_gap *
rp_gap(const struct rp *rp, size_t idx)
{
    return tf_reader_gap(rp->reader, idx);
}

struct tf_space
rp_space(const struct rp *rp)
{
    return tf_reader_space(rp->reader);
}

/* --- Definitions, with something to show for those that are not there --- */

const struct tf_def_file *
rp_file(const struct rp *rp, uint32_t id)
{
    static const struct tf_def_file none = {.path = {"<damaged>", 9}};
    const struct tf_def_file *def = id ? tf_reader_file(rp->reader, id) : NULL;
    return def ? def : &none;
}

const struct tf_def_code *
rp_code(const struct rp *rp, uint32_t id)
{
    static const struct tf_def_code none = {.name = {"<damaged>", 9},
                                            .qualname = {"<damaged>", 9}};
    const struct tf_def_code *def = id ? tf_reader_code(rp->reader, id) : NULL;
    return def ? def : &none;
}

const struct tf_def_type *
rp_type(const struct rp *rp, uint32_t id)
{
    static const struct tf_def_type none = {.name = {"<damaged>", 9}};
    const struct tf_def_type *def = id ? tf_reader_type(rp->reader, id) : NULL;
    return def ? def : &none;
}

const struct tf_def_thread *
rp_thread(const struct rp *rp, uint32_t id)
{
    static const struct tf_def_thread none = {.name = {"<damaged>", 9}};
    const struct tf_def_thread *def = id ? tf_reader_thread(rp->reader, id) : NULL;
    return def ? def : &none;
}

bool
rp_file_own(const struct rp *rp, uint32_t file_id)
{
    return rp_file(rp, file_id)->own;
}
