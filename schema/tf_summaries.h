/* The open groups of chunks, a level each, whose postings are being merged. */
#ifndef TF_SUMMARIES_H
#define TF_SUMMARIES_H

#include "tf_err.h"
#include "tf_limits.h"
#include "tf_postings.h"

struct tf_summaries {
    struct tf_postings_set set[TF_SUMMARY_LEVELS]; /* [0] is not used */
    /* Takes a finished group; may sort it. */
    tf_status (*emit)(void *ctx, struct tf_postings_set *set, struct tf_err *err);
    void *ctx;
};

void tf_summaries_init(struct tf_summaries *summaries,
                       tf_status (*emit)(void *ctx, struct tf_postings_set *set,
                                         struct tf_err *err),
                       void *ctx);
void tf_summaries_release(struct tf_summaries *summaries);
/* The postings of the next chunk. */
tf_status tf_summaries_add(struct tf_summaries *summaries,
                           const struct tf_postings_set *chunk, struct tf_err *err);
/* At the end: emits the groups that are not full. */
tf_status tf_summaries_close(struct tf_summaries *summaries, size_t chunk_count,
                             struct tf_err *err);

#endif
