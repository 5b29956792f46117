/* Breakpoints, as movement sees them. */
#ifndef RP_BREAK_H
#define RP_BREAK_H

#include "rp_private.h"

struct rp_point { /* a breakpoint */
    struct rp_break pub;
    char *text, *condition_text;
    struct rp_expr *condition;
    uint32_t *code; /* ids that it concerns */
    char *type;     /* EXCEPTION: name or glob */
};

struct rp_breaks {
    struct rp_point **point; /* by id, ascending */
    size_t count, cap;
    uint32_t next_id;
};

/* The next enabled breakpoint that holds after (before) `from`, not beyond `bound`.
 * Counts hits on the way. TF_ERR_NOT_FOUND: none. */
tf_status rp_breaks_next(struct rp *rp, uint64_t from, bool forward, uint64_t bound,
                         struct rp_stop *ret_stop, struct tf_err *err);
/* Whether any is enabled. */
bool rp_breaks_any(const struct rp *rp);

#endif
