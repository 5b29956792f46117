/* What the parts of the replayer's core share.
 *
 *   rp_open     the recording and its facts          rp_value   values, texts, buffers
 *   rp_chunk    a decoded chunk with its index       rp_cache   which chunks are kept
 *   rp_event    events and stacks                    rp_object  objects at a position
 *   rp_seek     which chunks can matter              rp_text    repr()
 *   rp_vars     locals and globals
 *   rp_move     movement                             rp_break   breakpoints
 *   rp_write    who wrote it                         rp_expr    expressions */
#ifndef RP_PRIVATE_H
#define RP_PRIVATE_H

#include "rp.h"

#define RP_NONE UINT32_MAX

/* --- Texts and values (rp_value.c) --- */
struct rp_str {
    uint32_t refs;
    size_t len;
    char data[]; /* terminated */
};
struct rp_str *rp_str_new(const char *bytes, size_t len);
void rp_str_unref(struct rp_str *str);
/* What only an expression has while it is evaluated: an iterator, a function. It stands
 * where `str` does. */
#define RP_VAL_MADE 0xfeu

struct rp_made {
    uint32_t refs;
    uint8_t sort;
    const char *text; /* for a person, such as "<generator object>" */
    void (*free)(struct rp_made *made);
};

bool rp_kind_has_text(unsigned kind);
bool rp_text_equal(struct tf_text a, struct tf_text b);
bool rp_text_is(struct tf_text a, const char *string);
void rp_value_set_int(struct rp_value *value, int64_t n);
bool rp_value_set_text(struct rp_value *value, enum tf_value_kind kind,
                       const char *bytes, size_t len);
void rp_buf_add_text(struct rp_buf *buf, struct tf_text text);
/* Takes `path`. */
void rp_notes_add(struct rp_notes *notes, char *path, uint8_t reason, bool damaged,
                  uint64_t events);

/* --- A map from 64-bit ids to places in an array (rp_map.c) --- */
struct rp_map {
    struct rp_map_entry {
        uint64_t key;
        uint32_t value; /* RP_NONE: free */
    } * entry;

    size_t cap, count;
};

uint32_t rp_map_get(const struct rp_map *map, uint64_t key); /* RP_NONE: not there */
bool rp_map_put(struct rp_map *map, uint64_t key, uint32_t value);
void rp_map_release(struct rp_map *map);

/* --- Chunks --- */

/* *Place*: a number that orders the changes of a chunk. 0 is the keyframe; change i is at
 * i + 1. The state at event e holds all changes at places up to op_end[e]. */
typedef uint32_t rp_place_no;

/* A frame that the chunk knows. */
struct rp_cframe {
    uint64_t id;
    uint32_t code;
    uint32_t slot_first, slot_end; /* in rp_chunk.slot: sorted by slot, then place */
    uint32_t globals;              /* value; RP_NONE */
    bool globals_keyframe;         /* it is in the keyframe's values */
    bool same;                     /* keyframe: slots are those of chunk `same_chunk` */
    uint64_t same_chunk;
};

#define RP_SLOT_RESET UINT32_MAX /* all slots of the frame are unbound here */

struct rp_cslot {
    uint32_t frame; /* place in rp_chunk.frame */
    uint32_t slot;
    rp_place_no place;
    uint32_t value; /* of the keyframe if place is 0, else of the changes */
};

/* An activation: one stay of a frame on a stack. */
struct rp_act {
    uint32_t frame;  /* place in rp_chunk.frame */
    uint32_t parent; /* place in rp_chunk.act; RP_NONE */
    uint32_t depth, thread;
    uint32_t keyframe_lineno;
    uint32_t event_first, event_end; /* in rp_chunk.act_event */
    uint64_t call_seq;
    uint8_t call_kind;
};

struct rp_cthread {
    uint32_t id;
    uint32_t first_top;              /* act on top at the chunk's start; RP_NONE */
    uint32_t event_first, event_end; /* in rp_chunk.thread_event */
};

/* A decoded chunk and what makes the state at any of its events a binary search. */
struct rp_chunk {
    struct tf_chunk *raw;
    size_t idx;
    struct rp_cframe *frame; /* those that the chunk creates first, in order */
    uint32_t frame_count, new_frames;
    struct rp_map old_frames;
    struct rp_act *act;
    uint32_t act_count;
    struct rp_cslot *slot;
    uint32_t slot_count;
    struct rp_cthread *thread;
    uint32_t thread_count;
    struct rp_map threads;
    uint32_t *event_act;    /* act of each event; RP_NONE: empty stack */
    uint32_t *act_event;    /* events by act, ascending */
    uint32_t *thread_event; /* events by thread, ascending */
    uint32_t new_objects, object_count;
    struct rp_map old_objects;
    uint32_t *object_first; /* [object_count + 1] in object_place */
    rp_place_no *object_place;
    uint32_t *object_op; /* change, or RP_KEYFRAME_OP | op of the keyframe */
    struct rp_str **text, **keyframe_text; /* filled on first use */
    bool built;   /* it has its index: all between `raw` and here */
    bool damaged; /* a change did not fit */
    const char *damage;
    size_t memory_bytes;
    uint32_t refs;
    struct rp_chunk *newer, *older;
};

#define RP_KEYFRAME_OP 0x80000000u

struct rp;
/* A decoded chunk without its index. Takes `raw`. */
tf_status rp_chunk_new(struct tf_chunk *raw, size_t idx, struct rp_chunk **ret_chunk,
                       struct tf_err *err);
struct tf_aside;
/* Makes the index. Other chunks are read through `aside`; NULL: through the reader. With
 * one of its own a thread may make an index while another uses `rp`. */
tf_status rp_chunk_build(struct rp *rp, struct tf_aside *aside, struct rp_chunk *chunk,
                         struct tf_err *err);
void rp_chunk_release_index(struct rp_chunk *chunk);
void rp_chunk_free(struct rp_chunk *chunk);

uint32_t rp_chunk_frame(const struct rp_chunk *chunk, uint64_t id);  /* RP_NONE */
uint32_t rp_chunk_object(const struct rp_chunk *chunk, uint64_t id); /* RP_NONE */
/* Converts; the result is owned. Texts are shared with the chunk. */
tf_status rp_chunk_value(struct rp_chunk *chunk, bool keyframe, uint32_t value_idx,
                         struct rp_value *ret_value, struct tf_err *err);
/* Top of a thread's stack at event `event` of the chunk. */
uint32_t rp_chunk_top(const struct rp_chunk *chunk, uint32_t thread, uint32_t event);
const struct rp_cthread *rp_chunk_thread(const struct rp_chunk *chunk, uint32_t thread);
/* The last of `event_list[first, end)` that is <= event; RP_NONE. */
uint32_t rp_last_event(const uint32_t *list, uint32_t first, uint32_t end,
                       uint32_t event);
/* Entry of the slot that holds at a place; RP_NONE: unbound, or see `same`. */
uint32_t rp_chunk_slot(const struct rp_chunk *chunk, uint32_t frame, uint32_t slot,
                       rp_place_no place, bool *ret_same);
/* The same, and the first place after it at which the slot may hold another value;
 * UINT32_MAX: none in this chunk. */
uint32_t rp_chunk_slot_until(const struct rp_chunk *chunk, uint32_t frame,
                             uint32_t slot, rp_place_no place, bool *ret_same,
                             rp_place_no *ret_until);
/* The event that a change belongs to: event_count for those past the last. */
uint32_t rp_chunk_event_of(const struct rp_chunk *chunk, rp_place_no place);

static inline bool
rp_kind_is_call(unsigned kind)
{
    return kind == TF_EV_START || kind == TF_EV_RESUME || kind == TF_EV_THROW;
}

static inline bool
rp_kind_is_return(unsigned kind)
{
    return kind == TF_EV_RETURN || kind == TF_EV_YIELD || kind == TF_EV_UNWIND;
}

/* --- Objects --- */
struct rp_state { /* what an rp_object is inside */
    struct rp_object object;
    uint32_t refs;
    size_t item_cap, attr_cap;
    bool written; /* its last change is there: */
    size_t write_chunk;
    rp_place_no write_place;
    size_t valid_chunk; /* it holds in this chunk from place to place */
    rp_place_no valid_first, valid_last; /* valid_last UINT32_MAX: to the chunk's end */
    size_t text_bytes, cached_bytes;
    uint64_t *page;  /* partial: a bit for each 64 items of which some may be present */
    size_t page_cap; /* in words of 64 pages */
    size_t page_count; /* of the bits that are set */
    bool cached;
    bool start; /* kept as the state at the start of valid_chunk */
    bool bound; /* what it began with is in no chunk: it cannot be made in part */
    struct rp_state *newer, *older, *next_in_bucket;
};

#define RP_STATE_BUCKETS 131072u
/* Values of one object, at most: what goes beyond is as if it were not recorded. */
#define RP_OBJECT_VALUES ((size_t)4 << 20)

void rp_object_ref(struct rp_object *object);
/* The next run of items at or after *first that may be present: [*first, *ret_end). Of an
 * object that is not partial: all. */
bool rp_object_present(const struct rp_object *object, size_t *first, size_t *ret_end);
/* An object that an expression makes. `type` is borrowed for ever. */
struct rp_object *rp_object_make(const struct tf_def_type *type,
                                 enum tf_category category, size_t item_cap);
/* Appends; takes the value. False: out of memory (the value is released). */
bool rp_object_add_item(struct rp_object *object, struct rp_value *value);
tf_status rp_state_at(struct rp *rp, uint64_t id, size_t chunk_idx, rp_place_no place,
                      struct rp_object **ret_object, struct tf_err *err);
/* Likewise, but a large one with items absent: rp_object_load() makes them present. */
tf_status rp_state_open(struct rp *rp, uint64_t id, size_t chunk_idx, rp_place_no place,
                        struct rp_object **ret_object, struct tf_err *err);
/* Where the state holds; its content is that at the place. */
tf_status rp_state_set_validity(struct rp *rp, struct rp_state *state, size_t chunk_idx,
                                rp_place_no place, struct tf_err *err);
/* Changes of an object in a chunk at or before a place: [*ret_first, *ret_end). */
void rp_object_entries(const struct rp_chunk *chunk, uint64_t id, rp_place_no place,
                       uint32_t *ret_first, uint32_t *ret_end);
const struct tf_op *rp_object_op(const struct rp_chunk *chunk, uint32_t entry);
void rp_states_clear(struct rp *rp);
/* Applies changes of `ops` that concern the state (rp_object_apply.c). `text` caches the
 * shared texts of `ops`; NULL: none. */
tf_status rp_state_apply(struct rp *rp, struct rp_state *state,
                         const struct tf_ops *ops, struct rp_str **text,
                         const struct tf_op *op, struct tf_err *err);
struct rp_state *rp_state_new(void);
void rp_state_unref(struct rp_state *state);
/* A value of `ops`, owned. */
tf_status rp_ops_value(const struct tf_ops *ops, struct rp_str **text,
                       uint32_t value_idx, struct rp_value *ret_value,
                       struct tf_err *err);

/* The run of like items behind an object's named parts (rp_child.c). */
struct rp_run {
    size_t first, stride, count; /* stride 2: key, value */
};
struct rp_run rp_object_run(const struct rp_object *object);
bool rp_category_is_dict(unsigned category);
/* Length in characters or bytes of a text value, whole. */
uint64_t rp_text_length(const struct rp_value *value);
/* The type or one of its bases has that name. */
bool rp_type_is(const struct rp *rp, const struct tf_def_type *type, const char *name);

/* --- The recording --- */
struct rp_lines { /* where the lines of a source begin */
    bool known;
    struct tf_text text;
    uint32_t *off;
    uint32_t count;
};

struct rp_breaks;
struct rp_uncaught;
struct rp_fate;
struct rp_text_memos;
struct rp_key_tracks;

/* Which objects were looked at: what an answer was made of (rp_ask_probe.c). */
struct rp_touched {
    uint64_t *id;
    size_t count, cap;
    bool failed; /* out of memory: some are missing */
};

void rp_touch(struct rp_touched *touched, uint64_t id);

/* Where in a chunk every object that is looked at stays as it is. */
struct rp_span {
    size_t chunk;
    rp_place_no first, last;
    bool broken; /* it cannot be told */
};

/* A decoded checkpoint, and where in it each object stands. */
struct rp_checkpoint {
    struct tf_checkpoint *raw;
    size_t idx;
    struct rp_map image; /* object -> op */
};

/* The last one at or before the chunk; borrowed until the next call. NULL: there is none. */
tf_status rp_checkpoint_before(struct rp *rp, size_t chunk,
                               const struct rp_checkpoint **ret_checkpoint,
                               struct tf_err *err);
void rp_checkpoint_free(struct rp_checkpoint *checkpoint);

struct rp {
    struct tf_reader *reader;
    struct rp_facts facts;
    rp_progress_fn progress;
    void *progress_ctx;
    uint64_t progress_last_ns;
    uint32_t progress_calls;

    struct rp_chunk **chunk; /* [chunk_count]; NULL: not in memory */
    struct rp_chunk *chunk_newest, *chunk_oldest;
    struct rp_state **state_bucket; /* by object id; [RP_STATE_BUCKETS] */
    struct rp_state *state_newest, *state_oldest;
    size_t chunk_bytes, state_bytes;
    size_t chunk_bytes_max, state_bytes_max;

    struct rp_checkpoint *checkpoint; /* the one used last; NULL */
    struct rp_lines *lines;           /* [file_count + 1] */
    struct rp_breaks *breaks;
    struct rp_uncaught *uncaught;     /* NULL: not asked for yet */
    struct rp_fate *fates;            /* of frames (rp_fate.c); NULL: none known */
    struct rp_touched *touched;       /* NULL: nobody asks */
    struct rp_span *span;             /* likewise */
    struct rp_text_memos *text_memos; /* NULL: none yet */
    struct rp_key_tracks *key_tracks; /* likewise (rp_key.c) */
    unsigned scans;  /* questions that go through the chunks in order */
    uint64_t strays; /* see rp_strays() */
    bool fold_strays;
    bool many_objects; /* so many are looked for that each chunk is worth its index */
    bool near;         /* such chunks are not to be read ... */
    bool refused;      /* ... and one was not */
};

/* --- Which chunks can matter (rp_seek.c) --- */
struct rp_seek {
    enum rp_seek_sort {
        RP_SEEK_LINE,      /* EV_LINE of line `second` in code object `id` */
        RP_SEEK_CODE,      /* any event of code object `id` */
        RP_SEEK_EXCEPTION, /* EV_EXCEPTION with an exception of type `id` */
        RP_SEEK_KIND,      /* any event of kind `id`, EV_* */
        RP_SEEK_THREAD,    /* any event of thread `id` */
        RP_SEEK_OBJECT,    /* object `id` is made or written */
        RP_SEEK_ITEM, /* its item `second` may be written (a place in rp_object.item) */
        RP_SEEK_ATTR, /* its attribute value `second` (a place in rp_object.attr) */
        RP_SEEK_SLOT, /* slot `second` of frame `id` is written, or the frame made */
    } sort;

    uint64_t id, second;
};

/* The nearest chunk after (before) chunk `from` where that happened, by the postings:
 * nothing is decoded. TF_ERR_NOT_FOUND: there is none. An item or attribute has its place
 * until something is put in or taken out before it; chunks where that happened are found,
 * too, so follow the place through each and ask again. */
tf_status rp_chunk_seek(struct rp *rp, const struct rp_seek *seek, bool forward,
                        size_t from, size_t *ret_idx, struct tf_err *err);

/* Counts one use; rp_chunk_put gives it back. */
tf_status rp_chunk_get(struct rp *rp, size_t idx, struct rp_chunk **ret_chunk,
                       struct tf_err *err);
/* The same with a chunk that was made elsewhere, with its index; takes it. */
tf_status rp_chunk_adopt(struct rp *rp, struct rp_chunk *chunk,
                         struct rp_chunk **ret_chunk, struct tf_err *err);
/* Likewise, but perhaps without its index (`built`): for who reads its changes only. */
tf_status rp_chunk_get_raw(struct rp *rp, size_t idx, struct rp_chunk **ret_chunk,
                           struct tf_err *err);
void rp_chunk_put(struct rp *rp, struct rp_chunk *chunk);
/* The chunk and the place in it of an event. */
tf_status rp_chunk_at(struct rp *rp, uint64_t seq, struct rp_chunk **ret_chunk,
                      uint32_t *ret_event, struct tf_err *err);
/* Asks whether to go on; TF_ERR_INTERRUPTED. Cheap enough for each chunk. */
tf_status rp_progress(struct rp *rp, uint64_t done, uint64_t total, struct tf_err *err);

tf_status rp_no_memory(struct tf_err *err);
void rp_fill_event(const struct rp *rp, const struct rp_chunk *chunk, uint32_t event,
                   struct rp_event *ret_event);
tf_status rp_slot_value(struct rp *rp, struct rp_chunk *chunk, uint32_t frame,
                        uint32_t slot, rp_place_no place, struct rp_value *ret_value,
                        struct tf_err *err);
/* A name as an expression finds it, in a frame at a place of a chunk; unbound when there
 * is none. Built-ins are not looked at. */
tf_status rp_variable_in(struct rp *rp, struct rp_chunk *chunk, uint32_t frame,
                         rp_place_no place, struct tf_text name,
                         struct rp_value *ret_value, struct tf_err *err);
/* The activation of that frame on whichever stack; RP_NONE. */
uint32_t rp_chunk_act_of(const struct rp_chunk *chunk, uint64_t frame_id,
                         uint32_t event);
/* For searches over events: where to begin, and which chunk comes next (SIZE_MAX: none). */
bool rp_search_begin(const struct rp *rp, uint64_t from, bool forward, size_t *ret_idx,
                     uint64_t *ret_seq);
tf_status rp_next_chunk(struct rp *rp, const struct rp_filter *filter, bool forward,
                        size_t *idx, struct tf_err *err);
void rp_breaks_free(struct rp_breaks *breaks);         /* NULL is fine */
void rp_uncaught_free(struct rp_uncaught *uncaught);   /* likewise */
void rp_text_memos_free(struct rp_text_memos *memos);  /* likewise */
void rp_key_tracks_free(struct rp_key_tracks *tracks); /* likewise */
/* glob(7)'s * ? [set] over bytes. */
bool rp_glob(struct tf_text pattern, struct tf_text text);
bool rp_glob_magic(struct tf_text pattern);

/* --- What became of frames (rp_fate.c) --- */
struct rp_fate {
    uint64_t frame;
    uint64_t unwind_seq; /* it was left by an exception here; 0: it was not */
    uint64_t raise_seq;  /* ... by that of this EV_EXCEPTION, an event of the frame; 0:
                            there is none */
};

/* The frame is that of the event, at which it has not ended. */
tf_status rp_fate_of(struct rp *rp, const struct rp_event *event,
                     struct rp_fate *ret_fate, struct tf_err *err);
/* By which EV_EXCEPTION event of its frame an EV_UNWIND event came about; 0: none. */
tf_status rp_fate_raise(struct rp *rp, const struct rp_event *unwind, uint64_t *ret_seq,
                        struct tf_err *err);
/* The event of the same thread just before or after; *ret_has false: there is none. */
tf_status rp_event_beside(struct rp *rp, const struct rp_event *event, bool forward,
                          struct rp_event *ret_event, bool *ret_has,
                          struct tf_err *err);
/* Whether that is where a thread of `threading` ends up with what its target raises. */
bool rp_code_ends_thread(const struct rp *rp, const struct tf_def_code *code);

/* Where a variable is kept. */
struct rp_spot {
    enum {
        RP_SPOT_SLOT,  /* `slot` of the frame */
        RP_SPOT_CELL,  /* item 0 of `object` */
        RP_SPOT_ENTRY, /* an entry of `object`, a namespace */
    } sort;

    uint32_t slot;
    uint64_t object;
};

tf_status rp_variable_spot(struct rp *rp, uint64_t seq, uint64_t frame,
                           struct tf_text name, struct rp_spot *ret_spot,
                           struct tf_err *err);

/* A built-in type that needs no definition in the recording. */
const struct tf_def_type *rp_builtin_type(enum tf_category category);

#endif
