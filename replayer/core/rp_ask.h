/* What the questions over the whole run share: which chunks to look at, and expressions
 * that are worked out at many events. */
#ifndef RP_ASK_H
#define RP_ASK_H

#include "rp_ask_ahead.h"
#include "rp_find_posts.h"
#include "rp_private.h"

/* --- Chunks, one after the other (rp_ask_scan.c) --- */

/* Goes through the chunks of a range, without those in which, by the index, none of the
 * code ran (none of the lines, with `lineno`). */
struct rp_scan {
    struct rp *rp;
    const struct rp_range *range;
    uint32_t lineno;
    bool backward;
    size_t first, end; /* chunks [first, end) */
    size_t at;         /* the last one that was chosen; SIZE_MAX: none yet */
    bool over;         /* there are no more */
    bool alone;        /* there is no other thread */
    bool counted;      /* in rp.scans */
    struct rp_ahead *ahead;
    size_t planned[RP_AHEAD]; /* chosen, and not yet handed out */
    unsigned planned_count, seen;
    struct rp_posts posts;
};

/* `scan->range` and `scan->rp` are set; the rest begins as 0. */
tf_status rp_scan_begin(struct rp_scan *scan, struct tf_err *err);
/* The next chunk, which rp_chunk_put() gives back; TF_ERR_NOT_FOUND after the last. */
tf_status rp_scan_next(struct rp_scan *scan, struct rp_chunk **ret_chunk,
                       struct tf_err *err);
/* The same without decoding it. */
tf_status rp_scan_next_idx(struct rp_scan *scan, size_t *ret_idx, struct tf_err *err);
void rp_scan_end(struct rp_scan *scan);
/* The events of the chunk that are in the range: [*ret_first, *ret_end). */
void rp_range_events(const struct rp_range *range, const struct tf_chunk *raw,
                     uint32_t *ret_first, uint32_t *ret_end);

/* Bits by code id: those of the range. NULL: no memory. */
uint8_t *rp_range_codes(const struct rp *rp, const struct rp_range *range);

/* --- Expressions at many events (rp_ask_probe.c) --- */
struct rp_probe;
tf_status rp_probe_new(struct rp *rp, const struct rp_expr *expr,
                       struct rp_probe **ret_probe, struct tf_err *err);
void rp_probe_free(struct rp_probe *probe);
/* Whether the code knows all names of the expression, see struct rp_when. */
bool rp_probe_knows(const struct rp_probe *probe, const struct tf_def_code *code,
                    bool *ret_no_memory);

/* Its value at an event of a chunk, in the event's frame. TF_ERR_ARGUMENT: it has none,
 * and *ret_error (may be NULL) says why; *ret_unbound: a name is not bound there. */
tf_status rp_probe_value(struct rp_probe *probe, struct rp_chunk *chunk, uint32_t event,
                         struct rp_value *ret_value, bool *ret_unbound,
                         struct rp_expr_err *ret_error, struct tf_err *err);

enum rp_truth { RP_NO, RP_YES, RP_UNKNOWN };

/* Whether it holds there; and from which place on in this chunk that may be otherwise:
 * UINT32_MAX: all of the chunk's rest. */
tf_status rp_probe_truth(struct rp_probe *probe, struct rp_chunk *chunk, uint32_t event,
                         enum rp_truth *ret_truth, rp_place_no *ret_until,
                         struct rp_expr_err *ret_error, struct tf_err *err);

/* --- Places (rp_ask_search.c) --- */

/* Whether what the items of such objects hold is the program's data. */
bool rp_category_tells(unsigned category);
/* Where item `index` (attribute value `index`) of an object is; `at` points into it.
 * False: it is no value of the program's, such as an attribute's name. */
bool rp_item_spot(const struct rp_object *object, size_t index, struct rp_holder *at);
bool rp_attr_spot(const struct rp_object *object, size_t index, struct rp_holder *at);

/* --- Ends of frames (rp_ask_ends.c) --- */

/* Where frames end that outlive the chunk in which they were called. */
struct rp_ends {
    struct rp *rp;
    const uint8_t *wanted; /* by code id */
    const struct rp_range *range;
    /* Of frames that were suspended, ends in chunks [looked_from, looked_to). */
    struct rp_map map; /* by frame: place in `seq` */
    uint64_t *seq;
    uint32_t count, cap;
    size_t looked_from, looked_to;
};

struct rp_frame_end {
    uint64_t seq; /* 0: not in the recording */
    uint64_t time_ns;
    uint8_t kind; /* EV_RETURN, EV_UNWIND */
};

/* The end of a frame of one of the codes that was called in chunk `idx` and did not end
 * there. */
tf_status rp_ends_find(struct rp_ends *ends, uint64_t frame, size_t idx,
                       struct rp_frame_end *ret_end, struct tf_err *err);
void rp_ends_release(struct rp_ends *ends);

#endif
