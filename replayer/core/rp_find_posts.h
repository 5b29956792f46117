/* Which chunk comes next in which one of several things was run. */
#ifndef RP_FIND_POSTS_H
#define RP_FIND_POSTS_H

#include "rp_private.h"

struct rp_post {
    enum tf_posting_sort sort;
    uint32_t id, lineno; /* as tf_reader_posting_after wants them */
    size_t first, last;  /* only chunks from `first` to `last` */
    size_t next;         /* chunk; SIZE_MAX: none */
    bool known;
};

/* All 0 is an empty set. One set serves one direction. */
struct rp_posts {
    struct rp_post *post;
    size_t count, cap;
    bool every;          /* what is looked for has no postings: no chunk is left out */
    const uint64_t *seq; /* events, ascending, whose chunks count, too; borrowed */
    size_t seq_count;
};

bool rp_posts_add(struct rp_posts *posts, enum tf_posting_sort sort, uint32_t id,
                  uint32_t lineno); /* false: out of memory */
/* The post that was added last counts only in those chunks. */
void rp_posts_bound(struct rp_posts *posts, size_t first, size_t last);
/* The nearest chunk after (before) `idx`; SIZE_MAX: none. The postings are asked once for
 * each of the set, and again only when the answer has been passed. */
tf_status rp_posts_next(struct rp *rp, struct rp_posts *posts, bool forward, size_t idx,
                        size_t *ret_idx, struct tf_err *err);
void rp_posts_release(struct rp_posts *posts);

#endif
