/* Breakpoints, as movement sees them. */
#ifndef RP_BREAK_H
#define RP_BREAK_H

#include "rp_private.h"
#include "rp_uncaught.h"

struct rp_point { /* a breakpoint */
    struct rp_break pub;
    char *text, *condition_text;
    struct rp_expr *condition;
    uint32_t *code; /* FUNCTION, LINE: ids that it concerns */
    uint32_t *type; /* EXCEPTION: ids of types that it means */
    size_t type_count;
    char *name;                         /* EXCEPTION: type name or glob */
    const struct rp_uncaught *uncaught; /* EXCEPTION, of these only; borrowed */
    struct rp_place *place;             /* WATCH */
    uint64_t frame;               /* WATCH: where its condition's names are looked up */
    uint64_t seq_first, seq_last; /* it can hold only there; see rp_break_nth */
};

struct rp_breaks {
    struct rp_point **point; /* by id, ascending */
    size_t count, cap;
    uint32_t next_id;
};

struct rp_hunting {
    uint64_t from, bound; /* after (before) `from`, not beyond `bound` */
    bool forward;
    uint32_t thread; /* 0: any */
};

/* The nearest enabled breakpoint that holds. Counts hits on the way. TF_ERR_NOT_FOUND:
 * none. Chunks that can matter for none of them are not decoded. */
tf_status rp_breaks_next(struct rp *rp, const struct rp_hunting *hunting,
                         struct rp_stop *ret_stop, struct tf_err *err);
/* Whether any is enabled. */
bool rp_breaks_any(const struct rp *rp);
/* Fills in what the point is about. See rp_break_add for the errors. */
tf_status rp_point_resolve(struct rp *rp, const struct rp_break_spec *spec,
                           struct rp_point *point, struct tf_err *err);
/* See rp_break_nth. */
tf_status rp_point_set_nth(struct rp *rp, struct rp_point *point, uint64_t nth, bool on,
                           struct tf_err *err);
/* Whether the event is one of the place that a LINE or FUNCTION breakpoint names. */
bool rp_point_is_at(const struct rp_point *point, unsigned kind, uint32_t lineno,
                    uint32_t code);

#endif
