/* The exceptions that nobody caught. */
#ifndef RP_UNCAUGHT_H
#define RP_UNCAUGHT_H

#include "rp_private.h"

struct rp_uncaught {
    uint64_t *seq;  /* where each was raised; ascending */
    uint32_t *type; /* of the exception */
    size_t count, cap;
};

/* Those of the whole recording; borrowed until it is closed. Looked for once: in the chunks
 * in which a thread was left by an exception, by their postings. */
tf_status rp_uncaught(struct rp *rp, const struct rp_uncaught **ret_uncaught,
                      struct tf_err *err);
bool rp_uncaught_has(const struct rp_uncaught *uncaught, uint64_t seq);

#endif
