/* Questions about the whole run: a part of rp.h, which includes it. */
#ifndef RP_QUESTIONS_H
#define RP_QUESTIONS_H

#include "rp.h"

/* Rows come one by one, as they are found, and each stands on its own. What a row points
 * to lives until the function that it is handed to returns; that function returns false to
 * hear no more, which is no failure. The progress function is asked on the way, too. */

/* Which events a question is about. All 0: all of them. */
struct rp_range {
    uint64_t from_seq, to_seq; /* inclusive; `to_seq` 0: to the end */
    uint32_t thread;
    const uint32_t *code; /* of these code objects only; NULL: of all */
    size_t code_count;
};

/* The code objects that a person means by a function's name or a glob, or all those of a
 * file. The caller frees *ret_codes. TF_ERR_ARGUMENT: there is none. */
tf_status rp_codes_meant(const struct rp *rp, struct tf_text name, uint32_t **ret_codes,
                         size_t *ret_count, struct tf_err *err);

/* Whether the type is of that name, or of one that the glob fits, or derived from it. */
bool rp_type_matches(const struct rp *rp, const struct tf_def_type *type,
                     struct tf_text name);

/* Where an expression holds: at each event in the event's own frame, in code that knows
 * all its names, as locals or as globals that it uses (a module or class body knows any).
 * It is worked out anew only after something that it was made of was written. */
struct rp_when {
    const struct rp_expr *expr;
    struct rp_range range;
    bool backward; /* the last event first */
};

struct rp_when_total {
    uint64_t events;  /* at which it holds: rows that there were */
    uint64_t unknown; /* at which it cannot be told: not recorded, a TypeError ... */
    uint64_t unknown_seq;     /* one of those */
    struct rp_expr_err error; /* and why */
};

/* `row` may be NULL: to count only. */
tf_status rp_when(struct rp *rp, const struct rp_when *when,
                  bool (*row)(void *ctx, const struct rp_event *event), void *ctx,
                  struct rp_when_total *ret_total, struct tf_err *err);

/* A print statement added afterwards: one row each time that the line ran. */
struct rp_hits {
    uint32_t file_id, lineno;
    const struct rp_expr *where; /* rows at which it holds; NULL: all */
    const struct rp_expr *const *column;
    size_t column_count;
    struct rp_range range;
};

struct rp_cell {
    bool has;
    struct rp_value value;
    struct rp_expr_err error; /* why there is none */
};

struct rp_hit {
    struct rp_event event;
    const struct rp_cell *cell; /* [column_count] */
};

tf_status rp_hits(struct rp *rp, const struct rp_hits *hits,
                  bool (*row)(void *ctx, const struct rp_hit *hit), void *ctx,
                  struct tf_err *err);

/* The calls of functions, in the order in which they were called. */
struct rp_calls {
    struct rp_range range;       /* of the call; `code`: the functions */
    const struct rp_expr *where; /* looked at where the call begins; NULL: all */
};

struct rp_call {
    struct rp_event event;      /* the call */
    const struct rp_vars *args; /* only those with `argument` are there */
    uint64_t end_seq;           /* its return or unwinding; 0: none was recorded */
    uint64_t end_ns;
    uint8_t end_kind; /* EV_RETURN, EV_UNWIND; 0 */
    bool has_result;  /* `result`: the value returned, or the exception */
    struct rp_value result;
};

tf_status rp_calls(struct rp *rp, const struct rp_calls *calls,
                   bool (*row)(void *ctx, const struct rp_call *call), void *ctx,
                   struct tf_err *err);

/* The call tree, folded: what one function called is one node a function, however often it
 * was called; a function that calls itself is one with its caller. Node 0 is the root; a
 * node's children follow it, those that took longest first. */
struct rp_tree_node {
    uint32_t parent; /* idx; of the root: 0 */
    uint32_t depth;
    const struct tf_def_code *code;
    uint64_t calls, resumes;
    uint64_t unwinds;           /* stays that an exception ended */
    uint64_t total_ns, self_ns; /* with and without what it called */
    uint64_t first_seq;         /* its first call; 0: before the recording */
    uint64_t left_out; /* calls of what is below the depth that was asked for */
};

struct rp_tree {
    struct rp_tree_node *node;
    size_t count;
    bool
        cut; /* there were too many: what came late is left out, as if it were too deep */
};

struct rp_tree_spec {
    uint64_t seq;
    uint64_t frame;     /* the tree of this activation; 0: of the thread */
    uint32_t thread;    /* frame 0: of that thread */
    uint32_t depth_max; /* 0: as deep as it is */
};

tf_status rp_tree(struct rp *rp, const struct rp_tree_spec *spec,
                  struct rp_tree *ret_tree, struct tf_err *err);
void rp_tree_release(struct rp_tree *tree);

/* Values in which a text stands, where they were written. */
struct rp_search {
    struct tf_text text;
    struct rp_range range;
    bool marks; /* only marks that the program set; all of them if `text` is empty */
};

enum rp_spot_sort {
    RP_AT_LOCAL,  /* `name` in `frame` */
    RP_AT_RESULT, /* what the event returned, yielded or raised */
    RP_AT_ITEM,   /* `index` in `object` */
    RP_AT_KEY,    /* a key of `object` */
    RP_AT_ENTRY,  /* the value for `key` in `object` */
    RP_AT_GLOBAL, /* `name` in `object`, a module's or class body's variables */
    RP_AT_ATTR,   /* attribute `name` of `object` */
    RP_AT_CELL,   /* in a closure's cell */
    RP_AT_MARK,   /* a mark that the program set */
};

/* A place that holds a value. */
struct rp_holder {
    enum rp_spot_sort sort;
    uint64_t object;
    const struct tf_def_type *type; /* of the object; never NULL */
    uint64_t index;
    struct tf_text name;
    const struct rp_value *key;     /* NULL: it is not known here */
    uint64_t frame;                 /* LOCAL */
    uint32_t thread;                /* LOCAL; 0: the frame is suspended (`who`) */
    uint32_t depth;                 /* LOCAL */
    const struct tf_def_code *code; /* LOCAL; never NULL */
};

struct rp_found {
    struct rp_event event; /* the first that shows it */
    struct rp_holder at;
    const struct rp_value *value;
};

tf_status rp_search(struct rp *rp, const struct rp_search *search,
                    bool (*row)(void *ctx, const struct rp_found *found), void *ctx,
                    struct tf_err *err);

/* What refers to an object at a moment: variables of the frames on the stacks and of
 * suspended generators, and items and attributes of objects. */
struct rp_referrer {
    struct rp_holder at;
    bool reached;        /* it is a variable, or can be reached from one: */
    struct tf_text path; /* by this expression; empty: by none that is known */
    uint64_t path_frame; /* in which frame; 0: in any of the module, or none */
    const struct tf_def_code *path_code; /* of that frame; never NULL */
};

tf_status rp_who(struct rp *rp, uint64_t seq, uint64_t object,
                 bool (*row)(void *ctx, const struct rp_referrer *referrer), void *ctx,
                 struct tf_err *err);

/* What an expression reads, without evaluating it. It has the same value (or the same
 * error) at two events of one frame if everything that it reads is the same at both.
 *
 * A *read* is a name of the program's and the constant steps behind it, as far as they go:
 * `a.b["k"][i]` reads the path a .b ["k"] and, apart from it, i; the subscript that is no
 * constant makes it read all that a.b["k"] holds. `depth` says how much of what stands at
 * the end of the path counts. A step counts too: when `a` or `a.b` becomes another object,
 * the value may be another. A step that is not there (no such attribute yet) is read all
 * the same. Names that are no variable of the program's there (`len`) are listed, too. */
enum rp_read_depth {
    RP_READ_SELF,  /* which object or scalar it is */
    RP_READ_ITEMS, /* and how many items it has: its own changes, not those below */
    RP_READ_DEEP,  /* and everything that can be reached from it */
};

struct rp_read_step {
    bool attr;           /* .name */
    struct tf_text name; /* borrowed from the expression */
    struct rp_value key; /* not attr: [key]; borrowed */
};

struct rp_read {
    struct tf_text name; /* borrowed from the expression */
    struct rp_read_step *step;
    size_t step_count;
    enum rp_read_depth depth;
};

struct rp_reads {
    struct rp_read *read;
    size_t count;
};

tf_status rp_expr_reads(const struct rp_expr *expr, struct rp_reads *ret_reads,
                        struct tf_err *err);
void rp_reads_release(struct rp_reads *reads);

/* Evaluation with the caller's own way to find variables: for scans that keep them at
 * hand. `lookup` returns TF_ERR_NOT_FOUND for a name that is not bound; what it returns is
 * owned by the evaluation. */
struct rp_lookup {
    tf_status (*variable)(void *ctx, struct tf_text name, struct rp_value *ret_value,
                          struct tf_err *err);
    void *ctx;
};

tf_status rp_expr_eval_with(struct rp *rp, const struct rp_expr *expr, uint64_t seq,
                            const struct rp_lookup *lookup, struct rp_value *ret_value,
                            struct rp_expr_err *ret_error, struct tf_err *err);

#endif
