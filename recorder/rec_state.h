/* The recorder's state, one for the process, and how its parts reach the batch that is
 * being filled.
 *
 *   rec_trace   hooks: which event is it
 *   rec_frames  threads, stacks, locals
 *   rec_values  objects: what is new, what changed
 *   rec_read    what an object holds, by type
 *   rec_type    which type is it
 *   rec_code    code objects and files
 *   rec_shadow  what was recorded before
 *
 * Everything is used with the GIL held. */
#ifndef REC_STATE_H
#define REC_STATE_H

#include "rec_facts.h"
#include "rec_filter.h"
#include "rec_options.h"
#include "rec_shadow.h"
#include "tf_writer.h"

/* Frames with so many slots are kept for reuse. */
#define REC_FREE_FRAMES 64

struct rec_thread;
struct rec_frame;
struct rec_code;
struct raised;

/* What an object holds at this moment; see rec_read.h. */
struct rec_src {
    uint8_t sort; /* enum rec_src_sort */

    union {
        PyObject *obj;
        int64_t integer;
        double real;
        const char *text;
    };

    size_t len;
};

struct rec_view {
    struct rec_src *item, *attr;
    size_t item_count, item_cap;
    size_t attr_count, attr_cap;
    uint64_t more;
    enum tf_elision note;
    bool failed;   /* memory ran out */
    char *scratch; /* texts made while reading; free for the next object */
    size_t scratch_len, scratch_cap;
};

struct rec_visit {
    struct rec_obj *obj;
    bool look; /* it may have changed; else only its depth did */
    bool late; /* it did, and nothing foretold it */
};

/* See rec_scan.h. */
struct rec_scan {
    size_t bucket;                /* of the index of objects: comes next */
    uint64_t allowed;             /* values that may be compared now */
    uint64_t begun, begun_before; /* rec.seq when this sweep and the one before began */
};

struct rec_state {
    const struct rec_options *options;
    bool active; /* hooks record */
    bool
        forked; /* this is a forked child: it begins its own recording at its next event */
    bool interpreters;      /* there is more than one, or was */
    const char *lost;       /* why events are missing before the next; static string */
    bool whole;             /* they did without a break: deaths are all known */
    struct tf_batch *batch; /* being filled; NULL while the writer is behind */
    uint64_t chunk;         /* its number */
    uint64_t seq;           /* of the latest event */
    uint64_t start_ns;      /* CLOCK_MONOTONIC */
    uint64_t batch_ns;      /* when the batch was begun, since the start */
    uint64_t elided_count;

    struct rec_shadow shadow;
    struct tf_renew *renew; /* pages of large objects; NULL until there is one */
    uint32_t epoch;         /* counts the times that objects may have changed */
    uint64_t gil_switches;  /* at the latest event */
    bool switched;          /* the GIL went to another thread since the event before */
    bool text_rules;        /* texts and numbers can be secrets by themselves */
    bool left_out;          /* the event's budget did not do */
    bool
        look_again; /* something may have changed without an instruction that was seen */
    struct rec_obj **deep;
    size_t deep_cap;
    uint32_t deep_mark;
    uint64_t event_start_bytes; /* of the batch, when the event began */
    uint64_t budget;            /* new objects that this event may still make */
    struct rec_scan scan;
    struct rec_visit *queue;
    size_t queue_head, queue_tail, queue_cap;
    struct rec_view view;
    uint32_t type_count, code_count, file_count, thread_count;
    struct rec_type *namespace_type;
    struct rec_secret *secrets; /* the values met under the names of secrets; or NULL */
    PyObject *builtins; /* the dict of all built-ins: never looked into; borrowed */

    struct rec_frame *free_frames[REC_FREE_FRAMES]; /* by slot count */
    struct rec_thread *threads;                     /* all that were seen and live */
    struct rec_thread *thread;                      /* of the latest event */
    unsigned
        threads_kept; /* so many entries may be there before dead ones are sought */
    uint64_t frame_count;

    struct rec_file *files;
    struct rec_code *codes;
    struct rec_filter filter;
    struct rec_facts *facts;

    /* The uncaught exception, as far as is known. */
    struct raised *raised; /* of the latest exception event */
    uint64_t main_tstate_id;
    uint64_t failure_object, failure_seq;
    bool out_of_memory;
    bool calls_only; /* they come from rec_py_watch_calls(), and there are no others */
    bool muted_generators; /* line events of some that are left out are switched off */
    bool code_extra_ready;
    signed char layout_result[TF_CAT_COUNT]; /* 0 not tested, 1 known, -1 not */
};

extern struct rec_state rec;

#endif
