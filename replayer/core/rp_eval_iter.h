/* What iterators are, for those who make them. */
#ifndef RP_EVAL_ITER_H
#define RP_EVAL_ITER_H

#include "rp_eval.h"

struct rp_iter {
    struct rp_made made;
    enum rp_iter_sort sort;
    const char *type;
    struct rp_object *object; /* RUN, REVERSED */
    struct rp_run run;
    struct rp_value value; /* TEXT; the function of MAP and FILTER */
    uint64_t idx;
    struct rp_range_of range;
    struct rp_iter **source; /* MAP ...: owned; GENERATOR: one for each `for` */
    size_t count;
    int64_t start;
    bool strict;
    uint32_t node; /* GENERATOR */
    struct rp_scope *scope, *outer;
    size_t level; /* how many `for` are open */
    bool ended;
};

/* NULL: out of memory, which is the evaluation's error then. */
struct rp_iter *rp_iter_new(struct rp_eval *eval, enum rp_iter_sort sort,
                            const char *type);
/* The next item of a GENERATOR; *ret_more false: there is none. */
bool rp_iter_next_generated(struct rp_eval *eval, struct rp_iter *iter,
                            struct rp_value *ret_item, bool *ret_more);

#endif
