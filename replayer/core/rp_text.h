/* The making of a value's text: what the engine and the forms share.
 *
 * The engine (rp_text.c) keeps a stack of open objects, so that no depth of nesting costs
 * C stack. A form (rp_text_forms.c) is asked again and again: each time it writes what
 * comes next and returns the child whose text follows there, or NULL at its end. */
#ifndef RP_TEXT_H
#define RP_TEXT_H

#include "rp_private.h"

/* Deeper than repr() itself goes before its RecursionError. */
#define RP_TEXT_DEPTH ((size_t)1000)
#define RP_TEXT_BYTES ((size_t)64 << 20)

/* A wrapped object (`<module.Type #id attr=value ...>`) is unfolded once a text, and not
 * inside so many others: then it is `<module.Type #id ...>`, and nothing in it is noted.
 * Else one instance would show the whole program through its attributes. */
#define RP_TEXT_WRAPPED 2u

/* Two lists that hold each other's successor twice, sixty levels deep, are a text without an
 * end: once so many objects were gone into, each other one is gone into once more. */
#define RP_TEXT_OBJECTS (1u << 18)

struct rp_again {
    uint32_t opened;
    struct rp_map seen; /* ids of those since there were too many */
};

/* Counts the object; true: it is not to be gone into. */
bool rp_again_enough(struct rp_again *again, const struct rp_object *object);

struct rp_text_frame {
    struct rp_object *object;
    const struct rp_text_form *form;
    size_t idx, count; /* of what is being gone through */
    size_t path_len;   /* of the path to the object itself */
    uint32_t *order;   /* Counter: entries by frequency; owned */
    uint8_t stage;     /* the form's own */
    bool own;          /* `<module.Type #id ...>` around it */
    bool attrs;        /* its attributes are being gone through */
    uint8_t weight;    /* by how much it counts as wrapped */
    bool no_comma;     /* a tuple that is an exception's arguments */
};

struct rp_text_job {
    struct rp *rp;
    uint64_t seq;
    struct rp_limits limits;
    struct rp_buf *out;
    size_t begin;           /* of the text in `out` */
    struct rp_notes *notes; /* may be NULL */
    struct rp_buf path;     /* kept only with `notes` */
    struct rp_text_frame *frame;
    size_t count, cap;
    uint32_t turns;
    struct rp_again again;
    bool no_comma; /* for the object that comes next */
    struct rp_map
        unfolded;     /* ids of the wrapped objects that are in the text already */
    unsigned wrapped; /* how many objects around are wrapped, or count as such */
    tf_status status; /* why an item of a large container could not be made */
    struct tf_err *err;
};

typedef const struct rp_value *(*rp_text_next)(struct rp_text_job *job,
                                               struct rp_text_frame *frame);

enum rp_text_wrap { /* when `<module.Type #id ... attr=value>` stands around it */
                    RP_WRAP_SUBCLASS, /* for what is not the very built-in type */
                    RP_WRAP_NEVER,
                    RP_WRAP_ALWAYS,
};

struct rp_text_form {
    rp_text_next next;
    const char *again;  /* instead of an object that is open already, or too deep */
    const char *before; /* the items; `close` after them */
    const char *open, *close; /* around the bare items */
    const char *after;
    uint8_t wrap; /* enum rp_text_wrap */
};

bool rp_text_wrapped(const struct rp_object *object);
const struct rp_text_form *rp_text_form_of(const struct rp_object *object);
/* "module.Type #12". */
void rp_text_own_name(const struct rp_object *object, struct rp_buf *out);

/* What the forms share (rp_text_runs.c). */
const struct rp_value *rp_text_item(const struct rp_object *object, size_t idx);
struct tf_text rp_text_short_name(const struct tf_def_type *type); /* __name__ */
void rp_text_add_before(struct rp_text_job *job, const struct rp_text_frame *frame);
void rp_text_add_after(struct rp_text_job *job, const struct rp_text_frame *frame,
                       bool more);
const struct rp_value *rp_text_next_run(struct rp_text_job *job,
                                        struct rp_text_frame *frame);
const struct rp_value *rp_text_next_set(struct rp_text_job *job,
                                        struct rp_text_frame *frame);
const struct rp_value *rp_text_next_namedtuple(struct rp_text_job *job,
                                               struct rp_text_frame *frame);
const struct rp_value *rp_text_next_deque(struct rp_text_job *job,
                                          struct rp_text_frame *frame);
const struct rp_value *rp_text_next_dict(struct rp_text_job *job,
                                         struct rp_text_frame *frame);
const struct rp_value *rp_text_next_defaultdict(struct rp_text_job *job,
                                                struct rp_text_frame *frame);
const struct rp_value *rp_text_next_ordereddict(struct rp_text_job *job,
                                                struct rp_text_frame *frame);
const struct rp_value *rp_text_next_counter(struct rp_text_job *job,
                                            struct rp_text_frame *frame);

/* Paths, for the notes. */
void rp_path_reset(struct rp_text_job *job, const struct rp_text_frame *frame);
void rp_path_addf(struct rp_text_job *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void rp_path_key(struct rp_text_job *job, const struct rp_value *key, size_t idx);

/* Name of an object's part (rp_child.c); NULL: none. */
const char *rp_part_name(unsigned category, size_t idx);

/* Texts that were made for the rows of a question (rp_text_memo.c). Appends; false: it is
 * not known at that place. */
bool rp_text_remembered(struct rp *rp, uint64_t id, const struct rp_limits *limits,
                        size_t chunk, rp_place_no place, struct rp_buf *out);
/* `span`: where what it was made of stays as it is. */
void rp_text_remember(struct rp *rp, uint64_t id, const struct rp_limits *limits,
                      const struct rp_span *span, struct tf_text text);

/* A value that stands for an item that was never recorded. */
bool rp_is_gap(const struct rp_value *value);
bool rp_has_gap(const struct rp_object *object);

#endif
