#include "tf_summaries.h"

void
tf_summaries_init(struct tf_summaries *summaries,
                  tf_status (*emit)(void *ctx, struct tf_postings_set *set,
                                    struct tf_err *err),
                  void *ctx)
{
    *summaries = (struct tf_summaries){.emit = emit, .ctx = ctx};
}

void
tf_summaries_release(struct tf_summaries *summaries)
{
    for (uint32_t i = 0; i < TF_SUMMARY_LEVELS; i++) {
        tf_postings_set_release(&summaries->set[i]);
    }
}

tf_status
tf_summaries_add(struct tf_summaries *summaries, const struct tf_postings_set *child,
                 struct tf_err *err)
{
    uint32_t level = child->level + 1;
    if (level >= TF_SUMMARY_LEVELS) {
        return TF_OK;
    }
    struct tf_postings_set *set = &summaries->set[level];
    if (set->child_count == 0) {
        tf_postings_set_clear(set, level, child->first_chunk);
    }
    if (!tf_postings_set_merge(set, child)) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    if (set->child_count < TF_SUMMARY_FANOUT) {
        return TF_OK;
    }
    tf_status status = summaries->emit(summaries->ctx, set, err);
    if (status == TF_OK) {
        status = tf_summaries_add(summaries, set, err);
    }
    tf_postings_set_clear(set, level, 0);
    return status;
}

/* A question about the whole recording finds a summary at the top then. A level with one
 * group has no need of one above. */
tf_status
tf_summaries_close(struct tf_summaries *summaries, size_t chunk_count,
                   struct tf_err *err)
{
    tf_status status = TF_OK;
    size_t below = chunk_count; /* groups a level below */
    for (uint32_t level = 1; level < TF_SUMMARY_LEVELS && below > 1; level++) {
        struct tf_postings_set *set = &summaries->set[level];
        if (set->child_count > 0) {
            status = summaries->emit(summaries->ctx, set, err);
            if (status == TF_OK) {
                status = tf_summaries_add(summaries, set, err);
            }
            if (status != TF_OK) {
                return status;
            }
        }
        below = (below + TF_SUMMARY_FANOUT - 1) / TF_SUMMARY_FANOUT;
    }
    return status;
}
