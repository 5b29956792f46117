/* What the parts of redacting share. */
#ifndef RP_REDACT_H
#define RP_REDACT_H

#include "rp_rewrite.h"
#include "rp_share.h"

/* Where a value stands. */
struct rp_redact_place {
    uint64_t holder; /* the object that has it; 0: a frame, an event */
    bool secret;     /* by its name */
    bool name;       /* it is a text that must stay one: a key, a name, a part */
    bool item;       /* of a sequence */
};

struct rp_redactor;
typedef void rp_redact_value_fn(struct rp_redactor *redactor, const struct tf_ops *ops,
                                const struct tf_value *value,
                                const struct rp_redact_place *place);

/* Which items of an object have the names of secrets. */
struct rp_redact_flags {
    uint8_t *item, *attr;
    size_t item_count, attr_count;
};

struct rp_redact_stack {
    uint32_t thread;
    uint32_t *code; /* outermost first */
    size_t count, cap;
};

struct rp_redactor {
    struct rp *rp;
    const struct tf_rules *rules;
    struct rp_redact_home home;
    rp_redact_value_fn *take;
    /* following */
    struct rp_redact_stack *stack;
    size_t stack_count;
    struct rp_map stack_of;
    struct rp_ids dicts;    /* objects with keys and values */
    struct rp_map flags_of; /* object -> place in `flags` */
    struct rp_redact_flags *flags;
    size_t flags_count, flags_cap;
    bool *type_secret; /* by id */
    bool failed;       /* out of memory */
    /* what was found */
    struct rp_ids hidden;  /* objects that only secrets lead to */
    struct rp_ids forced;  /* of a type that is hidden */
    struct rp_ids visible; /* those that are not to be hidden */
    struct rp_ids seen;    /* of the pass: something that is shown leads to them */
    struct rp_ids split;   /* sequences whose items make up a secret together */
    bool found_more;
    struct rp_buf join, piece_end;
    struct rp_redact_grown *grown; /* NULL: nothing was seen */
    /* writing */
    struct tf_rows *rows;
    struct rp_buf text;
    uint64_t redacted;
    char **kept;
    size_t kept_count, kept_cap;
};

/* --- rp_redact_follow.c --- */

/* The stacks at the start of a chunk. */
void rp_redact_keyframe(struct rp_redactor *redactor, const struct tf_ops *keyframe);
/* Tells where each value of a change stands (`redactor->take`), in order. `thread` is that of
 * the event that it belongs to; 0 in a checkpoint. */
void rp_redact_op(struct rp_redactor *redactor, uint32_t thread,
                  const struct tf_ops *ops, const struct tf_op *op);
/* The event, after its changes. */
void rp_redact_event(struct rp_redactor *redactor, uint32_t thread, uint8_t kind);
/* Forgets all that was followed: another pass begins. */
void rp_redact_restart(struct rp_redactor *redactor);

/* How many frames are on the stack. */
size_t rp_redact_depth(struct rp_redactor *redactor, uint32_t thread);

/* --- rp_redact_grown.c --- */

/* The texts of a change, in the first pass; then that pass is done. */
void rp_redact_see(struct rp_redactor *redactor, uint32_t thread,
                   const struct tf_ops *ops, const struct tf_op *op);
void rp_redact_grown_done(struct rp_redactor *redactor);
/* Whether the text was the beginning, or a part, of a secret that grew. */
bool rp_redact_is_grown(const struct rp_redactor *redactor, struct tf_text text);
void rp_redact_grown_free(struct rp_redactor *redactor);

/* --- rp_redact_source.c --- */

/* Appends the source without the literals that stand beside the name of a secret; returns how
 * many there were. */
size_t rp_redact_source(const struct tf_rules *rules, struct tf_text text,
                        struct rp_buf *to);

/* --- rp_redact_find.c --- */

/* What must be known before the first byte is written. */
tf_status rp_redact_find(struct rp_redactor *redactor, struct tf_err *err);

#endif
