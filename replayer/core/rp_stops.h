/* Where one stops, and who wrote what: a part of rp.h, which includes it. */
#ifndef RP_STOPS_H
#define RP_STOPS_H

#include "rp.h"

/* --- Breakpoints ----------------------------------------------------------------------------- */

/* A watchpoint is a breakpoint that holds where a value is different. */
enum rp_break_sort {
    RP_BREAK_LINE,
    RP_BREAK_FUNCTION,
    RP_BREAK_EXCEPTION,
    RP_BREAK_WATCH,
};

struct rp_break {
    uint32_t id; /* 1, 2, 3 ..., never used again */
    enum rp_break_sort sort;
    bool enabled, temporary;
    bool at_exit;          /* FUNCTION: where it is left, not where it is called */
    bool uncaught;         /* EXCEPTION: only those that nobody catches */
    uint32_t thread;       /* only there; 0: in any */
    uint32_t file;         /* LINE */
    uint32_t lineno;       /* LINE; FUNCTION: first line of the one it means, if one */
    const char *text;      /* as it was asked for: "file.py:12", "Class.method" */
    const char *condition; /* NULL: none */
    uint64_t ignore_count; /* pass it so many times more */
    uint64_t hit_count;    /* stops and passes while moving, so far */
    uint64_t run_hits;     /* how often the whole recording comes by, condition aside;
                              EXCEPTION: at how many levels of stacks; WATCH: 0 */
    uint64_t nth;          /* only at its nth execution of the whole run; 0: at each */
    bool nth_on;           /* and at all later ones */
    size_t code_count;     /* code objects that it concerns */
};

struct rp_break_spec {
    enum rp_break_sort sort;
    struct tf_text file; /* LINE: path, tail of a path; empty: `file_id` */
    uint32_t file_id;
    uint32_t lineno;
    struct tf_text name; /* FUNCTION: name or glob; EXCEPTION: type name or glob, empty:
                              any; WATCH: an expression as in rp_place_parse */
    uint64_t seq, frame; /* WATCH: where its names mean what they mean */
    const char *condition; /* NULL: none */
    uint32_t thread;       /* 0: any */
    bool temporary, at_exit, uncaught;
};

/* TF_ERR_ARGUMENT with the reason: no such file or function in the recording, an
 * ambiguous file name (all are named), no code at the line (the nearest is named), a
 * condition that does not parse. One that the run never reached is made; run_hits is 0. */
tf_status rp_break_add(struct rp *rp, const struct rp_break_spec *spec,
                       uint32_t *ret_id, struct tf_err *err);
/* Splits "file.py:12", "12" (in `file_id`), "name" into a spec whose texts point into
 * `text`. */
tf_status rp_break_parse(const struct rp *rp, const char *text, uint32_t file_id,
                         struct rp_break_spec *ret_spec, struct tf_err *err);
size_t rp_break_count(const struct rp *rp);
const struct rp_break *rp_break_idx(const struct rp *rp,
                                    size_t idx); /* by id, ascending */
const struct rp_break *rp_break_get(const struct rp *rp, uint32_t id); /* NULL: none */
tf_status rp_break_remove(struct rp *rp, uint32_t id, struct tf_err *err);
tf_status rp_break_enable(struct rp *rp, uint32_t id, bool enabled, struct tf_err *err);
tf_status rp_break_ignore(struct rp *rp, uint32_t id, uint64_t count,
                          struct tf_err *err);
/* NULL takes the condition away. */
tf_status rp_break_condition(struct rp *rp, uint32_t id, const char *condition,
                             struct tf_err *err);
/* Only the nth execution in the whole run, condition aside, counts; with `on` all later
 * ones, too. 0: every one. TF_ERR_ARGUMENT: it is not run so often, or is neither a line
 * nor a function. */
tf_status rp_break_nth(struct rp *rp, uint32_t id, uint64_t nth, bool on,
                       struct tf_err *err);

/* What a watchpoint saw: it holds at `seq`, at the event after the change. A value: the
 * place's own, or the content of the plain container that it refers to. */
struct rp_change {
    uint64_t seq;
    uint64_t
        by_seq; /* the event before it in that thread: the line that wrote; 0: none */
    uint64_t before_seq; /* where `before` is to be looked at */
    bool bound;          /* the place was written; else only its content changed */
    struct rp_value before, after; /* owned */
};

void rp_change_release(struct rp_change *change);
/* What changed for watchpoint `id` at `seq`. TF_ERR_NOT_FOUND: nothing did. */
tf_status rp_watch_change(struct rp *rp, uint32_t id, uint64_t seq,
                          struct rp_change *ret_change, struct tf_err *err);
/* Every change of a place and of what it contains, one after the other, from `from` on
 * (exclusive), as a watchpoint sees them; `assigned`: an assignment of the value that a
 * variable had already counts, too. `place` must outlive it. */
struct rp_changes;
tf_status rp_changes_begin(struct rp *rp, const struct rp_place *place, uint64_t from,
                           bool forward, bool assigned, struct rp_changes **ret_changes,
                           struct tf_err *err);
/* TF_ERR_NOT_FOUND after the last one. */
tf_status rp_changes_next(struct rp_changes *changes, struct rp_change *ret_change,
                          struct tf_err *err);
void rp_changes_free(struct rp_changes *changes); /* NULL is fine */

/* --- Writes ---------------------------------------------------------------------------------- */

/* Something that can be written: a variable, an attribute or an element *of that object*,
 * whichever name it goes by. */
struct rp_place;
/* From an expression such as x, self.total, d["k"], items[3], at a position. */
tf_status rp_place_parse(struct rp *rp, const char *text, uint64_t seq, uint64_t frame,
                         struct rp_place **ret_place, struct tf_err *err);
void rp_place_free(struct rp_place *place);

struct rp_write {
    uint64_t seq; /* the first event that shows it */
    uint64_t
        by_seq;   /* the event before it in that thread: the line that wrote; 0: none */
    bool created; /* there was nothing before: bound, added */
    bool removed; /* there is nothing after: unbound, deleted */
    struct rp_value before, after; /* owned */
};

void rp_write_release(struct rp_write *write);
/* The last write seen at or before `seq`, resp. the next seen after it. TF_ERR_NOT_FOUND. */
tf_status rp_write_last(struct rp *rp, const struct rp_place *place, uint64_t seq,
                        struct rp_write *ret_write, struct tf_err *err);
tf_status rp_write_next(struct rp *rp, const struct rp_place *place, uint64_t seq,
                        struct rp_write *ret_write, struct tf_err *err);

#endif
