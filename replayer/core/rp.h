/* The replayer's core: everything a front end may ask of a recording.
 *
 * It never prints, keeps no global state, opens no file but the one that it is given and
 * runs nothing. A `struct rp` and all that was got from it is used by one thread at a time.
 *
 * A *position* is the seq of an event; the core has no current position, each call is
 * handed one. The state *at* an event is what the program saw when it was about to do what
 * the event says: all changes up to and including the event's own.
 *
 * What came from the file is believed nowhere. What is missing or impossible shows as a
 * value of kind RP_VAL_DAMAGED, an id 0 or a TF_ERR_DAMAGED; texts are bytes as recorded
 * (UTF-8 with surrogates, or anything at all): front ends make them safe before they print.
 *
 * Ownership: `ret_` pointers to pointers are owned by the caller and have a function that
 * frees them; `const` pointers are borrowed from the `struct rp` and live as long as it;
 * struct rp_value see there. On failure outputs are untouched. */
#ifndef RP_H
#define RP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tf_err.h"
#include "tf_format.h"
#include "tf_limits.h"
/* For its types only (struct tf_text, tf_def_*, tf_header, tf_footer, tf_gap): front ends
 * call nothing of tf_reader_*. */
#include "tf_reader.h"

struct rp;

/* --- Open and close ------------------------------------------------------------------ */

/* Called now and then (some thousand events, at least every 100 ms) during what may take
 * long; false stops it with TF_ERR_INTERRUPTED. `done` and `total` are of any unit. */
typedef bool (*rp_progress_fn)(void *ctx, uint64_t done, uint64_t total);

struct rp_options {
    size_t cache_bytes; /* for decoded chunks and objects; 0: RP_CACHE_BYTES */
    bool cache_off;     /* keep nothing that is not in use (for tests) */
    rp_progress_fn progress;
    void *progress_ctx;
};

#define RP_CACHE_BYTES ((size_t)80 << 20)

/* `options` may be NULL. */
tf_status rp_open(const char *path, const struct rp_options *options,
                  struct rp **ret_rp, struct tf_err *err);
void rp_close(struct rp *rp);
void rp_set_progress(struct rp *rp, rp_progress_fn progress, void *ctx);

/* --- Facts about the run --------------------------------------------------------------- */

struct rp_facts {
    const struct tf_header *header;
    const struct tf_footer *footer; /* NULL: not complete */
    bool complete;
    const char *incomplete_reason; /* one line; NULL when complete */
    int64_t incomplete_off;        /* the file was read up to here */
    struct tf_reader_rest rest;    /* what there is of the rest, when not complete */
    uint64_t file_bytes;
    uint64_t event_count, first_seq, last_seq; /* 0, 0, 0: no event */
    const uint64_t *events_by_kind;            /* [TF_EV_COUNT] */
    uint64_t duration_ns; /* footer's end, or the last event's time */
    size_t chunk_count;
    uint32_t file_count, code_count, type_count, thread_count;
    size_t gap_count;
    uint64_t lost_events; /* sum over the gaps; some may be unknown (0) */
};
const struct rp_facts *rp_facts(const struct rp *rp);
const struct tf_gap *rp_gap(const struct rp *rp, size_t idx);
/* What takes the space in the file. Cost: a look at each entry of the index. */
struct tf_space rp_space(const struct rp *rp);

/* Never NULL: an id without a definition gives a placeholder named "<damaged>", id 0. */
const struct tf_def_file *rp_file(const struct rp *rp, uint32_t id);
const struct tf_def_code *rp_code(const struct rp *rp, uint32_t id);
const struct tf_def_type *rp_type(const struct rp *rp, uint32_t id);
const struct tf_def_thread *rp_thread(const struct rp *rp, uint32_t id);

/* Whether code of this file is the program's own (not the standard library's). */
bool rp_file_own(const struct rp *rp, uint32_t file_id);

/* Source text. TF_ERR_NOT_FOUND, with the reason, when the recording has none. */
tf_status rp_source(struct rp *rp, uint32_t file_id, struct tf_text *ret_text,
                    struct tf_err *err);
/* One line of it (1 is the first) without its line end; TF_ERR_NOT_FOUND past the end. */
tf_status rp_source_line(struct rp *rp, uint32_t file_id, uint32_t lineno,
                         struct tf_text *ret_line, struct tf_err *err);
tf_status rp_source_line_count(struct rp *rp, uint32_t file_id, uint32_t *ret_count,
                               struct tf_err *err);

/* How often a line ran (EV_LINE) in the whole recording, from the index. *ret_has_code:
 * whether a code object of that file that the run met has code there. */
tf_status rp_line_hits(struct rp *rp, uint32_t file_id, uint32_t lineno,
                       uint64_t *ret_hits, bool *ret_has_code, struct tf_err *err);

/* Finds files by path, or by a tail of it that begins at a '/': ids, ascending, up to
 * `max`; returns how many there are. */
size_t rp_files_named(const struct rp *rp, struct tf_text name, uint32_t *ret_ids,
                      size_t max);
/* Finds code objects by name, qualified name or glob over either (* ? [set]). */
size_t rp_codes_named(const struct rp *rp, struct tf_text name, uint32_t *ret_ids,
                      size_t max);
/* The innermost code object of the file that has code at the line; 0: none. */
uint32_t rp_code_at_line(const struct rp *rp, uint32_t file_id, uint32_t lineno);

/* --- Events ------------------------------------------------------------------------------ */

struct rp_event {
    uint64_t seq;
    uint64_t time_ns;  /* since the start; that of the latest stamp before it */
    uint64_t frame;    /* 0: damaged */
    uint64_t parent;   /* frame that it was called from, 0: none recorded */
    uint64_t call_seq; /* of the call event that began this activation */
    uint32_t thread;
    uint32_t depth;                 /* 0: the outermost recorded frame of its thread */
    uint32_t lineno;                /* 0: none (a module's call event on 3.11) */
    int32_t instruction;            /* byte offset; -1 unless EV_OPCODE */
    uint8_t kind;                   /* enum tf_event_kind */
    const struct tf_def_code *code; /* never NULL */
    const struct tf_def_file *file; /* never NULL */
};

/* TF_ERR_NOT_FOUND when there is no such event. */
tf_status rp_event_at(struct rp *rp, uint64_t seq, struct rp_event *ret_event,
                      struct tf_err *err);
/* The nearest existing event: `seq` itself, else the next before, else the first. 0 when
 * the recording is empty. */
uint64_t rp_clamp(const struct rp *rp, uint64_t seq);
/* The last event at or before the time (the first event when there is none). */
tf_status rp_seq_at_time(struct rp *rp, uint64_t time_ns, uint64_t *ret_seq,
                         struct tf_err *err);

/* Where to begin: at the failure when the program ended by one, at the end of a recording that
 * ended before its program, else at the first line. */
struct rp_opening {
    uint64_t seq;
    bool failure;       /* seq raised the uncaught exception */
    uint64_t exception; /* object id; 0: none */
};

tf_status rp_opening(struct rp *rp, struct rp_opening *ret_opening, struct tf_err *err);

/* The next event after (forward) or before `from` that a filter lets through;
 * TF_ERR_NOT_FOUND when none. `from` 0 with forward: from the first; backward from
 * UINT64_MAX: from the last. Fields that are 0 or NULL let everything through. */
struct rp_filter {
    uint32_t kinds; /* bits 1u << TF_EV_... */
    uint32_t thread;
    const uint32_t *code; /* ids, any of them */
    size_t code_count;
    uint32_t lineno; /* only with `code` */
    uint64_t frame;
    /* More to ask of an event; may be NULL. */
    bool (*accept)(void *ctx, const struct rp_event *event);
    void *ctx;
};

tf_status rp_find(struct rp *rp, const struct rp_filter *filter, uint64_t from,
                  bool forward, uint64_t *ret_seq, struct tf_err *err);

/* Exceptions as the program met them: `raised` is the event at the level where it began
 * (or was raised again), not each level that it passed. Iterate with `from` as in
 * rp_find. */
struct rp_raise {
    uint64_t seq;
    uint64_t object; /* 0: not recorded */
    uint32_t type_id;
    uint32_t levels; /* frames that it left by unwinding */
    uint64_t
        handled_seq; /* the first event after it in the frame that caught it; 0: nobody
                             did before the recording or the thread ended */
};

tf_status rp_raise_next(struct rp *rp, uint64_t from, bool forward,
                        struct rp_raise *ret_raise, struct tf_err *err);
/* The one that was raised at that event; TF_ERR_NOT_FOUND: none was, or it only passed. */
tf_status rp_raise_at(struct rp *rp, uint64_t seq, struct rp_raise *ret_raise,
                      struct tf_err *err);

/* --- Stacks ------------------------------------------------------------------------------ */

struct rp_frame {
    uint64_t frame;
    uint64_t parent;   /* 0: none */
    uint64_t call_seq; /* with `frame`: the identity of this activation */
    uint64_t
        last_seq; /* its latest event at or before the position; 0: in an earlier part
                          of the recording than is at hand cheaply */
    uint32_t thread;
    uint32_t depth;
    uint32_t lineno;   /* where it is: the line of its latest event */
    uint8_t call_kind; /* EV_START, EV_RESUME, EV_THROW; 0 unknown */
    const struct tf_def_code *code;
    const struct tf_def_file *file;
};

/* Innermost first. At most `max` frames after skipping `skip` of them; `total` says how
 * deep the stack is. An empty stack is no error. */
struct rp_stack {
    struct rp_frame *frame;
    size_t count, total;
};

tf_status rp_stack_at(struct rp *rp, uint64_t seq, uint32_t thread, size_t skip,
                      size_t max, struct rp_stack *ret_stack, struct tf_err *err);
void rp_stack_release(struct rp_stack *stack);
/* The activation of that frame on whichever stack it is on; TF_ERR_NOT_FOUND: on none. */
tf_status rp_frame_at(struct rp *rp, uint64_t seq, uint64_t frame,
                      struct rp_frame *ret_frame, struct tf_err *err);

/* --- Values ------------------------------------------------------------------------------ */

/* A value. Copy it with rp_value_copy, never by assignment alone, unless it stays borrowed
 * from what it was got from. One that was got through a `ret_` parameter is owned. All 0 is
 * a valid value (unbound) that needs no release. */
struct rp_value {
    uint8_t kind;     /* enum tf_value_kind, or RP_VAL_DAMAGED */
    uint8_t note;     /* VAL_ELIDED: enum tf_elision */
    uint32_t type_id; /* VAL_ELIDED: 0 unknown */

    union {
        int64_t integer; /* VAL_INT */
        uint64_t ref;    /* VAL_REF: identity; 0 when `object` has none */
        double real;     /* VAL_FLOAT, VAL_COMPLEX */
    };

    union {
        struct rp_str *str; /* the texts; see rp_value_bytes */
        struct rp_object
            *object; /* VAL_REF: of an expression's own making, else NULL */
        double imag; /* VAL_COMPLEX */
    };

    uint64_t length; /* the *_CUT kinds: true length; texts: length in bytes */
};

#define RP_VAL_DAMAGED 0xffu

void rp_value_copy(struct rp_value *to,
                   const struct rp_value *from); /* `to` was released */
void rp_value_release(struct rp_value *value);
/* Bytes of the text kinds (STR, BYTES, BIGINT and their _CUT); else empty. */
struct tf_text rp_value_bytes(const struct rp_value *value);
/* The same scalar, or the same object. Not Python's ==. */
bool rp_value_same(const struct rp_value *a, const struct rp_value *b);

/* An object's state at one event, whole and on its own: it stays what it is wherever one
 * goes. Counted; the cache keeps it, too. */
struct rp_object {
    uint64_t id;                    /* 0: an expression made it */
    const struct tf_def_type *type; /* never NULL */
    uint8_t category;               /* enum tf_category */
    uint8_t note;                   /* enum tf_elision: why it is not whole */
    bool damaged;                   /* a change did not fit, or nothing creates it */
    bool partial;                   /* items may be absent: see rp_object_open() */
    uint64_t more;                  /* items that are not recorded */
    struct rp_value *item;          /* as tf_format.h says, by category */
    size_t item_count;
    struct rp_value *attr; /* name, value, name, value ... */
    size_t attr_count;     /* values, so twice the number of attributes */
    uint64_t write_seq;    /* its latest change: seen at this event; 0 unknown */
    uint64_t late_seq, late_events; /* its latest late change: seen at, at most so many
                                       events old */
};

/* The object that a VAL_REF names, as it was at `seq`. Any other value:
 * TF_ERR_ARGUMENT. An object that nothing creates comes back `damaged`. */
tf_status rp_object_at(struct rp *rp, const struct rp_value *value, uint64_t seq,
                       struct rp_object **ret_object, struct tf_err *err);
/* The same, for a look at some of its items: a large container comes back `partial`, with
 * item_count as it is but its items absent (unbound) until rp_object_load() made those
 * present that are wanted. Cost: that of the pages of 64 items that are looked at. */
tf_status rp_object_open(struct rp *rp, const struct rp_value *value, uint64_t seq,
                         struct rp_object **ret_object, struct tf_err *err);
/* Makes items [first, end) present; `end` may be beyond the last. Fine for whole ones. */
tf_status rp_object_load(struct rp *rp, struct rp_object *object, size_t first,
                         size_t end, struct tf_err *err);
/* When its latest change was seen: write_seq, which is not known of a partial one. 0: by
 * then it was as it had been made. */
tf_status rp_object_last_write(struct rp *rp, struct rp_object *object,
                               uint64_t *ret_seq, struct tf_err *err);
/* Makes the keys of a dict present, without its values. */
tf_status rp_object_load_keys(struct rp *rp, struct rp_object *object,
                              struct tf_err *err);
void rp_object_release(struct rp_object *object); /* NULL is fine */

/* len() of it where it has one: items that are not recorded count. False: it has none. */
bool rp_object_length(const struct rp_object *object, uint64_t *ret_length);
/* The attribute of that name, borrowed; NULL: none. */
const struct rp_value *rp_object_attr(const struct rp_object *object,
                                      struct tf_text name);

/* What a front end unfolds. */
enum rp_child_sort {
    RP_CHILD_ITEM,   /* index */
    RP_CHILD_ENTRY,  /* key: value */
    RP_CHILD_MEMBER, /* of a set */
    RP_CHILD_PART,   /* a named part: a namedtuple's field, maxlen, args, cause ... */
    RP_CHILD_ATTR,
};

struct rp_child {
    enum rp_child_sort sort;
    uint64_t index;
    struct tf_text name;          /* PART, ATTR */
    const struct rp_value *key;   /* ENTRY */
    const struct rp_value *value; /* borrowed from the object, like all here */
};

size_t rp_object_child_count(const struct rp_object *object);
bool rp_object_child(const struct rp_object *object, size_t idx,
                     struct rp_child *ret_child);

/* type(value) as "list", "builtins.int"-less for built-ins, "module.Name" for others. */
struct rp_buf;
void rp_type_name(const struct tf_def_type *type, struct rp_buf *out);
tf_status rp_value_type_name(struct rp *rp, const struct rp_value *value, uint64_t seq,
                             struct rp_buf *out, struct tf_err *err);

/* --- Texts of values ----------------------------------------------------------------------- */

/* Bytes that grow. Always terminated; `failed` once memory ran out. */
struct rp_buf {
    char *data; /* NULL while empty and never used */
    size_t len, cap;
    bool failed;
};

#define RP_BUF_INIT \
 {                  \
  NULL, 0, 0, false \
 }
void rp_buf_release(struct rp_buf *buf);
void rp_buf_clear(struct rp_buf *buf);
void rp_buf_add(struct rp_buf *buf, const char *bytes, size_t len);
void rp_buf_add_string(struct rp_buf *buf, const char *string);
void rp_buf_add_u64(struct rp_buf *buf, uint64_t number);
void rp_buf_addf(struct rp_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a text or a walk met that is not as it should be. */
struct rp_note {
    char *path;     /* "x[3].name", a Python expression where there is one */
    uint8_t reason; /* enum tf_elision; ELIDE_NONE: a late change */
    bool damaged;
    uint64_t events; /* late: at most so many events ago */
};

struct rp_notes {
    struct rp_note *note;
    size_t count, cap;
    bool failed;
};

#define RP_NOTES_INIT \
 {                    \
  NULL, 0, 0, false   \
 }
void rp_notes_release(struct rp_notes *notes);
void rp_notes_clear(struct rp_notes *notes);

/* 0 means no limit of one's own; 64 MiB of text is the end in any case. */
struct rp_limits {
    size_t chars; /* of the whole text, in bytes about */
    size_t items; /* of one container */
    size_t depth; /* of nesting */
    size_t text;  /* of one str or bytes */
};

/* How many chunks were read so far only because an object was last written in them. Who
 * shows a million rows, each with objects written anywhere, reads a chunk for each: with
 * `fold` texts have `<#id ...>` for an object inside another that would need one more. */
uint64_t rp_strays(const struct rp *rp);
void rp_fold_strays(struct rp *rp, bool fold);

#define RP_LIMITS_SCREEN \
 {                       \
  200, 20, 4, 120        \
 }

/* Appends the text: repr() as CPython prints it for built-in types, `<module.Type #id
 * attr=value ...>` for instances, `<elided: depth>` for what is not recorded and `...`
 * where it was cut, by the recording or by `limits` (may be NULL: none). Notes (may be
 * NULL) get paths that begin with `root`; what `limits` cut is no note. */
tf_status rp_value_text(struct rp *rp, const struct rp_value *value, uint64_t seq,
                        const struct rp_limits *limits, struct rp_buf *out,
                        struct rp_notes *notes, const char *root, struct tf_err *err);
/* str() of it: the same but for str itself, and what has a built-in __str__. */
tf_status rp_value_str(struct rp *rp, const struct rp_value *value, uint64_t seq,
                       const struct rp_limits *limits, struct rp_buf *out,
                       struct tf_err *err);

/* Steps through a value and all that it holds, without recursion. */
enum rp_step_sort {
    RP_STEP_SCALAR, /* `text` is its repr; or elided: `elided` */
    RP_STEP_OPEN,   /* an object; its items, then its attributes follow, then CLOSE */
    RP_STEP_CLOSE,
    RP_STEP_AGAIN, /* an object that is open already: a cycle */
};

enum rp_step_role {
    RP_ROLE_ROOT,
    RP_ROLE_ITEM, /* index */
    RP_ROLE_KEY,  /* of an entry; may be an OPEN ... CLOSE itself; VALUE follows */
    RP_ROLE_VALUE,
    RP_ROLE_ATTR, /* name: attribute, or a named part */
};

struct rp_step {
    enum rp_step_sort sort;
    enum rp_step_role role;
    uint64_t index;
    struct tf_text name;            /* ROLE_ATTR */
    const struct rp_value *value;   /* SCALAR, OPEN, AGAIN */
    const struct rp_object *object; /* OPEN, CLOSE, AGAIN */
    struct tf_text type;            /* SCALAR, OPEN, AGAIN: name of the type */
    struct tf_text text;            /* SCALAR */
    const char *elided;             /* SCALAR, OPEN: reason; NULL: whole */
    bool has_length;                /* OPEN, SCALAR texts: true length */
    uint64_t length;
    bool entries; /* OPEN: holds KEY and VALUE steps, not ITEMs */
};
struct rp_walk;
tf_status rp_walk_begin(struct rp *rp, const struct rp_value *value, uint64_t seq,
                        const struct rp_limits *limits, struct rp_walk **ret_walk,
                        struct tf_err *err);
/* TF_ERR_NOT_FOUND after the last step. What `ret_step` points to lives until the next
 * call. */
tf_status rp_walk_next(struct rp_walk *walk, struct rp_step *ret_step,
                       struct tf_err *err);
void rp_walk_free(struct rp_walk *walk);

/* --- Variables ----------------------------------------------------------------------------- */

struct rp_var {
    struct tf_text name;   /* borrowed from the rp_vars */
    struct rp_value value; /* likewise */
    uint8_t slot_kind; /* enum tf_slot_kind; SLOT_MAPPING: an entry of a namespace */
    bool argument;
    uint32_t slot;
};

struct rp_vars {
    struct rp_var *var;
    size_t count;
    struct rp_object *namespace_object; /* keeps names alive; may be NULL */
    bool partial; /* a namespace of which only some names are recorded */
};

/* Every bound local of a frame that is on a stack at `seq`, as frame.f_locals shows them:
 * slots in order, cells by their content, the entries of the namespace for a module or
 * class body. TF_ERR_NOT_FOUND: no such frame then. */
tf_status rp_locals(struct rp *rp, uint64_t seq, uint64_t frame,
                    struct rp_vars *ret_vars, struct tf_err *err);
/* The module globals that the frame's code names, as far as they are bound; `all`: every
 * recorded global of its module. */
tf_status rp_globals(struct rp *rp, uint64_t seq, uint64_t frame, bool all,
                     struct rp_vars *ret_vars, struct tf_err *err);
void rp_vars_release(struct rp_vars *vars);
/* One variable as a name in an expression finds it: local, then global. */
tf_status rp_variable(struct rp *rp, uint64_t seq, uint64_t frame, struct tf_text name,
                      struct rp_value *ret_value, struct tf_err *err);

/* The event's argument: value returned, yielded or raised; the C function. False: it has
 * none. */
tf_status rp_event_arg(struct rp *rp, uint64_t seq, bool *ret_has,
                       struct rp_value *ret_value, struct tf_err *err);

/* An exception's facts. Values are borrowed from `object`. */
struct rp_exception {
    const struct tf_def_type *type;
    uint64_t id;
    const struct rp_value *args, *cause, *context; /* NULL: not recorded */
    bool suppress_context;
};

tf_status rp_exception_of(const struct rp_object *object,
                          struct rp_exception *ret_exception, struct tf_err *err);
/* str(exception) as a traceback prints it. */
tf_status rp_exception_text(struct rp *rp, const struct rp_object *object, uint64_t seq,
                            const struct rp_limits *limits, struct rp_buf *out,
                            struct tf_err *err);

/* --- Movement ------------------------------------------------------------------------------ */

enum rp_move {
    RP_STEP,      /* next event of the thread: line, call, return */
    RP_NEXT,      /* likewise, but not inside what this frame calls or awaits */
    RP_RETURN,    /* this frame's return event (a coroutine's: not its awaits) */
    RP_STEP_BACK, /* the mirror images */
    RP_NEXT_BACK,
    RP_CALL,     /* this frame's call event */
    RP_CONTINUE, /* to a breakpoint or the end */
    RP_CONTINUE_BACK,
    RP_UNTIL,       /* a line of this frame at or past `lineno`, or its return */
    RP_UNTIL_BACK,  /* a line of this frame at or before `lineno`, or its call */
    RP_OUT,         /* the caller's first event after this frame's return */
    RP_UP,          /* the event of the caller's that called this frame */
    RP_INSTRUCTION, /* next event of the thread, EV_OPCODE included */
    RP_INSTRUCTION_BACK,
    RP_INSTRUCTION_OVER, /* likewise, but not inside what this frame calls */
    RP_INSTRUCTION_OVER_BACK,
    RP_LOOP, /* this frame's next EV_LINE at `lineno`, through all its suspensions */
    RP_LOOP_BACK,
    RP_NEXT_CALL, /* EV_START of `code`, of another frame than this one */
    RP_NEXT_CALL_BACK,
};

enum rp_stop_reason {
    RP_STOP_MOVED,  /* where it was asked to go */
    RP_STOP_BREAK,  /* `break_id`: a breakpoint or watchpoint */
    RP_STOP_RETURN, /* the frame returned first */
    RP_STOP_CALL,   /* backward: the frame was entered there */
    RP_STOP_START,  /* the recording begins: nothing before */
    RP_STOP_END,    /* the recording ends: nothing after (for the thread, when moving by
                       thread) */
    RP_STOP_NOWHERE, /* there is no such event: no caller, the line is not met again, no
                        other call. One stays where one is. */
};

struct rp_stop {
    uint64_t seq; /* where one is now; unchanged when there was nowhere to go */
    enum rp_stop_reason reason;
    uint32_t break_id;  /* RP_STOP_BREAK */
    bool break_removed; /* it was a temporary one */
    bool
        condition_failed; /* it has no value there, so the breakpoint holds, as in pdb */
    uint32_t watch_id;    /* RP_STOP_BREAK: a watchpoint that changed there, 0: none;
                          `break_id` may be another one that holds there, too */
};

/* Moves from `seq` by the thread and the frame of the event there. With `breaks` it stops
 * earlier at an enabled breakpoint, of any thread. Reaching either end is no error: see
 * `reason`. Cost: a few chunks, found by postings, however far it goes; RP_CONTINUE with
 * conditions looks into each chunk in which the place was run. */
struct rp_moving {
    enum rp_move move;
    uint64_t seq;
    uint64_t frame; /* 0: the frame of the event; else one on the stack of its thread */
    uint32_t lineno; /* UNTIL: 0: any line past the present one; LOOP: 0: the present */
    bool breaks;
    bool
        any_thread; /* STEP, NEXT, INSTRUCTION: events of all other threads count, too */
    uint32_t thread;      /* CONTINUE: only what happens in this thread; 0: in any */
    const uint32_t *code; /* NEXT_CALL: ids; NULL: the frame's own */
    size_t code_count;
};

tf_status rp_move(struct rp *rp, const struct rp_moving *moving,
                  struct rp_stop *ret_stop, struct tf_err *err);

struct rp_place;

/* --- Expressions ------------------------------------------------------------------------------- */

/* A Python subset, evaluated on recorded values; see rp_expr.h for what there is. It calls
 * nothing of the program's. */
struct rp_expr;

struct rp_expr_err {
    size_t column;     /* byte in the text, 0 is the first: where the caret goes */
    char message[200]; /* "name 'x' is not defined here" */
};

/* TF_ERR_ARGUMENT with `ret_error` (may be NULL) filled when it does not parse. */
tf_status rp_expr_parse(const char *text, size_t len, struct rp_expr **ret_expr,
                        struct rp_expr_err *ret_error, struct tf_err *err);
void rp_expr_free(struct rp_expr *expr);
/* Names of the built-in functions that there are; NULL behind the last. */
const char *rp_expr_function(size_t idx);
/* TF_ERR_ARGUMENT with `ret_error` filled when it has no value there: a name that is not
 * bound, an operation that Python would raise for, something that is not recorded. */
tf_status rp_expr_eval(struct rp *rp, const struct rp_expr *expr, uint64_t seq,
                       uint64_t frame, struct rp_value *ret_value,
                       struct rp_expr_err *ret_error, struct tf_err *err);
/* bool() of it; false with TF_ERR_ARGUMENT when it cannot be known. */
tf_status rp_value_truth(struct rp *rp, const struct rp_value *value, uint64_t seq,
                         bool *ret_truth, struct tf_err *err);

/* --- Instructions ------------------------------------------------------------------------------ */

struct rp_instruction {
    uint32_t off;    /* in bytes, as in rp_event.instruction */
    uint32_t target; /* of a jump: an offset; UINT32_MAX: none */
    uint32_t arg;    /* with what EXTENDED_ARG said before it */
    uint32_t lineno; /* of the line that begins here; 0: none begins */
    uint8_t opcode;
    bool has_arg;
    bool is_target;   /* something jumps here */
    const char *name; /* NULL: that version of Python has no such instruction */
};

/* The bytecode of a code object, which a recording with opcode events has.
 * TF_ERR_NOT_FOUND, with the reason, when there is none or its Python is not known. */
struct rp_dis;
tf_status rp_dis_begin(struct rp *rp, uint32_t code_id, struct rp_dis **ret_dis,
                       struct tf_err *err);
/* The next instruction, caches skipped; false after the last. */
bool rp_dis_next(struct rp_dis *dis, struct rp_instruction *ret_ins);
void rp_dis_end(struct rp_dis *dis); /* NULL is fine */
/* Appends what its argument stands for, "total" or "to 34"; nothing when that is not
 * known. */
void rp_dis_arg_text(const struct rp_dis *dis, const struct rp_instruction *ins,
                     struct rp_buf *out);

#include "rp_questions.h" /* about the whole run; a part of this header */
#include "rp_stops.h"     /* breakpoints, changes, writes: a part of this header */

/* --- Verification -------------------------------------------------------------------------------- */

/* tf_verify_file, and that every chunk's changes fit its stacks and objects. */
tf_status rp_verify(const char *path, const struct tf_verify *options,
                    uint64_t *ret_findings, struct tf_err *err);

#endif
