/* Follows changes and events to find what a chunk ran and wrote: its postings.
 *
 * It keeps the stack of each thread as (frame, code), since an event's own row names
 * neither. The changes of an event are told before it (tf_tally_op), as rows and decoded
 * chunks have them. Used by the writer, and by a reader where postings are missing or
 * are to be verified. */
#ifndef TF_TALLY_H
#define TF_TALLY_H

#include "tf_err.h"
#include "tf_format.h"
#include "tf_limits.h"
#include "tf_postings.h"
#include "tf_writes.h"

/* The part of a change that matters here. */
struct tf_op_facts {
    uint32_t a;         /* slot, code or type, as in struct tf_op */
    uint64_t id;        /* frame or object; not for ENTER and NEW */
    uint64_t count;     /* THREAD: its id; SPLICE: values taken away */
    uint64_t index;     /* SET, SPLICE */
    uint64_t values;    /* SPLICE: values put there; NEW, IMAGE: items */
    bool counted;       /* `values` is known */
    uint8_t value_kind; /* of the first value: for ARG */
    uint64_t value_id;  /* VAL_REF: object; VAL_ELIDED: type */
};

struct tf_frame_on_stack {
    uint64_t frame;
    uint32_t code;
};

struct tf_stack {
    struct tf_frame_on_stack *frame;
    size_t count, cap;
};

/* Types of the latest objects that are exceptions, by ascending id: a ring. An exception
 * raised again after so many others is counted under type 0. */
#define TF_TALLY_EXCEPTIONS 65536u

struct tf_tally_exception {
    uint64_t object;
    uint32_t type;
};

struct tf_pending_op {
    uint8_t kind;
    uint32_t a;
    uint64_t id;
};

struct tf_tally {
    struct tf_postings_set set; /* level 0, of the chunk since tf_tally_begin */
    struct tf_writes_set objects, frames; /* likewise */
    uint64_t first_object, first_frame;   /* of the chunk */
    uint64_t next_object, next_frame;
    struct tf_stack *stack; /* by thread id */
    size_t stack_count;
    bool in_keyframe;
    uint32_t thread;               /* whose stack the keyframe tells just now */
    struct tf_pending_op *pending; /* changes of the stack since the latest event */
    size_t pending_count, pending_cap;
    uint8_t arg_kind; /* of the event to come; 0: none */
    uint64_t arg_id;
    uint8_t *is_exception; /* by type id */
    size_t is_exception_count;
    struct tf_tally_exception *exception; /* ring */
    size_t exception_first, exception_count;
};

void tf_tally_init(struct tf_tally *tally);
void tf_tally_release(struct tf_tally *tally);

/* Objects of this type are exceptions. */
bool tf_tally_exception_type(struct tf_tally *tally, uint32_t type_id);
/* A chunk begins: empties the postings. */
void tf_tally_begin(struct tf_tally *tally, uint64_t chunk, uint64_t first_object,
                    uint64_t first_frame);
/* A keyframe or checkpoint begins: all stacks are empty, its changes follow. */
void tf_tally_keyframe(struct tf_tally *tally);
tf_status tf_tally_op(struct tf_tally *tally, unsigned op,
                      const struct tf_op_facts *facts, struct tf_err *err);
tf_status tf_tally_event(struct tf_tally *tally, unsigned kind, uint32_t thread_id,
                         uint32_t lineno, struct tf_err *err);
/* The changes since the last event belong to this thread's next one, in the next chunk. */
tf_status tf_tally_tail(struct tf_tally *tally, uint32_t thread_id, struct tf_err *err);

#endif
