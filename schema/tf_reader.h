/* Reads a recording: header, definitions, index, and chunks one at a time.
 *
 * Everything that is returned is borrowed from the reader or the chunk that it was asked
 * of. A reader may be used by one thread at a time. Nothing in the file is believed: a
 * count is checked against what remains and against tf_limits.h before memory is taken.
 *
 * Memory: definitions without sources, the index, and what the caller keeps of chunks. */
#ifndef TF_READER_H
#define TF_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "tf_err.h"
#include "tf_format.h"
#include "tf_writer.h" /* struct tf_text, tf_def_*, tf_header, tf_footer */

struct tf_reader;

/* Opens a recording. Without an index (an unfinished or damaged file) it is rebuilt by a
 * scan that stops at the first frame that is not whole; tf_reader_complete() is false
 * then. `progress` may be NULL; it is called during a scan with bytes done and total, and
 * stops it by returning false. */
tf_status tf_reader_open(const char *path,
                         bool (*progress)(void *ctx, uint64_t done, uint64_t total),
                         void *ctx, struct tf_reader **ret_reader, struct tf_err *err);
void tf_reader_close(struct tf_reader *reader);

/* --- Facts about the run --- */
const struct tf_header *tf_reader_header(const struct tf_reader *reader);
/* NULL when the recording is not complete. */
const struct tf_footer *tf_reader_footer(const struct tf_reader *reader);
/* Where it stands in the file; 0: there is none. */
uint64_t tf_reader_footer_off(const struct tf_reader *reader);
bool tf_reader_complete(const struct tf_reader *reader);
/* Why it is not complete: one line, and the offset up to which it was read. */
const char *tf_reader_incomplete_reason(const struct tf_reader *reader,
                                        int64_t *ret_off);

/* Of a recording that is not complete. */
struct tf_reader_rest {
    uint64_t tail_events; /* so many came from its tail */
    bool whole; /* with its tail it has every event up to the program's death */
    bool runs;  /* the program still ran when the file was opened */
};

struct tf_reader_rest tf_reader_rest(const struct tf_reader *reader);
uint64_t tf_reader_file_bytes(const struct tf_reader *reader);

/* Where the file's bytes are, as it is compressed. */
struct tf_space {
    uint64_t chunks, sources, definitions, checkpoints, lists; /* lists: postings,
                                                                  summaries, writes */
};

struct tf_space tf_reader_space(const struct tf_reader *reader);
uint64_t tf_reader_event_count(const struct tf_reader *reader);
/* Indexed by TF_EV_...; from the postings, or the footer. */
const uint64_t *tf_reader_events_by_kind(const struct tf_reader *reader);
/* seq of the first and the last event; 0 and 0 when there is none. */
uint64_t tf_reader_first_seq(const struct tf_reader *reader);
uint64_t tf_reader_last_seq(const struct tf_reader *reader);

struct tf_gap {
    uint64_t before_seq, events;
    struct tf_text reason;
};

size_t tf_reader_gap_count(const struct tf_reader *reader);
const struct tf_gap *tf_reader_gap(const struct tf_reader *reader, size_t idx);

/* --- Definitions: NULL for an id that is not defined. Ids run from 1 to the count. --- */
uint32_t tf_reader_file_count(const struct tf_reader *reader);
uint32_t tf_reader_code_count(const struct tf_reader *reader);
uint32_t tf_reader_type_count(const struct tf_reader *reader);
uint32_t tf_reader_thread_count(const struct tf_reader *reader);
const struct tf_def_file *tf_reader_file(const struct tf_reader *reader, uint32_t id);
const struct tf_def_code *tf_reader_code(const struct tf_reader *reader, uint32_t id);
const struct tf_def_type *tf_reader_type(const struct tf_reader *reader, uint32_t id);
const struct tf_def_thread *tf_reader_thread(const struct tf_reader *reader,
                                             uint32_t id);
/* Source text, read on first use and kept. TF_ERR_NOT_FOUND with the reason in `err`
 * when the recording has none. */
tf_status tf_reader_source(struct tf_reader *reader, uint32_t file_id,
                           struct tf_text *ret_text, struct tf_err *err);

/* --- Chunks --- */
struct tf_chunk_info {
    uint64_t first_seq, event_count;
    uint64_t first_object, first_frame; /* ids that it creates begin here */
    uint64_t start_ns;
    int64_t file_off;
};

size_t tf_reader_chunk_count(const struct tf_reader *reader);
/* `idx` must be below the count. */
const struct tf_chunk_info *tf_reader_chunk_info(const struct tf_reader *reader,
                                                 size_t idx);
/* The chunk that holds event `seq`; false when there is no such event. */
bool tf_reader_chunk_of_seq(const struct tf_reader *reader, uint64_t seq,
                            size_t *ret_idx);
/* The chunk that creates the object or frame; false when there is none. */
bool tf_reader_chunk_of_object(const struct tf_reader *reader, uint64_t id,
                               size_t *ret_idx);
bool tf_reader_chunk_of_frame(const struct tf_reader *reader, uint64_t id,
                              size_t *ret_idx);

/* One value as decoded. */
struct tf_value {
    uint8_t kind;     /* enum tf_value_kind */
    uint8_t note;     /* VAL_ELIDED: enum tf_elision */
    uint32_t type_id; /* VAL_ELIDED */

    union {
        int64_t integer;
        uint64_t ref;
        double real;
        uint32_t text; /* place in tf_ops.text */
    };

    union {
        double imag;
        uint64_t length; /* the *_CUT kinds */
    };
};

/* One change as decoded. Which members have a meaning follows from the operand letters. */
struct tf_op {
    uint8_t kind;   /* enum tf_op_kind */
    uint8_t note;   /* NEW, IMAGE: enum tf_elision; FRAME: kind of its call event */
    uint32_t a;     /* slot (LOCAL), code (ENTER, RESUME*, FRAME), type (NEW, IMAGE) */
    uint64_t id;    /* frame (ENTER, too: given by the reader, RESUME*, FRAME),
                            object (NEW, too: given by the reader, IMAGE, *_SET, *_SPLICE, MORE, LATE),
                            THREAD: thread id */
    uint64_t index; /* SET, SPLICE: index; FRAME: line */
    uint64_t count; /* SPLICE: values taken away; NEW, IMAGE, MORE: items that are not
                            recorded; LATE: events; SAME: chunk; FRAME: call_seq */
    uint32_t value_first; /* place of its first value in tf_ops.value */
    uint32_t value_count;
    uint32_t
        item_count; /* NEW, IMAGE: so many of the values are items, the rest attributes */
};

struct tf_ops {
    struct tf_op *op;
    struct tf_value *value;
    struct tf_text *text;
    uint32_t op_count, value_count, text_count;
};

/* A decoded chunk. Immutable. */
struct tf_chunk {
    uint64_t number, first_seq, first_object, object_count, first_frame, frame_count,
        start_ns;
    uint32_t event_count;
    uint8_t *kind; /* one an event, like all that follow */
    uint32_t *thread;
    uint32_t *lineno;
    uint32_t *op_end;  /* changes [op_end[i-1], op_end[i]) belong to event i; those past
                              the last belong to the next chunk's first event */
    uint64_t *time_ns; /* that of the latest stamp up to and including the event */
    uint32_t *instruction; /* NULL when no opcode event is there; else one an event */
    struct tf_ops keyframe, changes;
    size_t memory_bytes; /* what it takes, for a cache */
};

/* Decodes a chunk; the caller owns it. Everything is checked except what needs other
 * chunks: a ref may name an object that no chunk creates, a pop may find an empty stack.
 * Two threads may ask one reader for chunks at once. */
tf_status tf_reader_chunk(struct tf_reader *reader, size_t idx,
                          struct tf_chunk **ret_chunk, struct tf_err *err);
void tf_chunk_free(struct tf_chunk *chunk);

/* --- Checkpoints --- */
struct tf_checkpoint {
    uint64_t seq, chunk, next_object, next_frame;
    struct tf_ops state;
};

size_t tf_reader_checkpoint_count(const struct tf_reader *reader);
/* Where it stands in the file; `idx` is below the count. */
uint64_t tf_reader_checkpoint_off(const struct tf_reader *reader, size_t idx);
tf_status tf_reader_checkpoint(struct tf_reader *reader, size_t idx,
                               struct tf_checkpoint **ret_checkpoint,
                               struct tf_err *err);
void tf_checkpoint_free(struct tf_checkpoint *checkpoint);

/* --- What the chunks wrote, without decoding them --- */
enum tf_posting_want { TF_POSTING_ANY, TF_POSTING_IMAGE };

/* The last chunk before `before` (its idx; exclusive), resp. the first after `after`, in
 * which the object was written. Its creation counts as an image. TF_ERR_NOT_FOUND when
 * there is none. Cost: one block of the lists of writes for every 256 chunks passed over. */
tf_status tf_reader_object_before(struct tf_reader *reader, uint64_t object_id,
                                  enum tf_posting_want want, size_t before,
                                  size_t *ret_idx, struct tf_err *err);
tf_status tf_reader_object_after(struct tf_reader *reader, uint64_t object_id,
                                 enum tf_posting_want want, size_t after,
                                 size_t *ret_idx, struct tf_err *err);
/* Likewise for a slot of a frame. */
tf_status tf_reader_slot_before(struct tf_reader *reader, uint64_t frame_id,
                                uint32_t slot, size_t before, size_t *ret_idx,
                                struct tf_err *err);
tf_status tf_reader_slot_after(struct tf_reader *reader, uint64_t frame_id,
                               uint32_t slot, size_t after, size_t *ret_idx,
                               struct tf_err *err);

/* Part of an object: that it was written, or may have been. */
struct tf_part {
    uint64_t object;

    enum {
        TF_PART_ITEMS, /* items [idx, idx + 64), those of which the bit is set in `items`;
                            idx is a multiple of 64 */
        TF_PART_ATTR,  /* attribute value idx */
        TF_PART_ATTRS, /* any attribute */
        TF_PART_KEYS,  /* how many items there are, or one with an even idx */
        TF_PART_MORE,  /* how many items are not recorded */
    } sort;

    uint64_t idx, items;
};

/* For items, chunks that gave the object another number of items before those places count;
 * images and its creation count for all. */
tf_status tf_reader_part_before(struct tf_reader *reader, const struct tf_part *part,
                                size_t before, size_t *ret_idx, struct tf_err *err);
tf_status tf_reader_part_after(struct tf_reader *reader, const struct tf_part *part,
                               size_t after, size_t *ret_idx, struct tf_err *err);
/* How many items the object has at the start of chunk `chunk`: *ret_items more than at the
 * end of chunk *ret_base, which created it; SIZE_MAX: *ret_items in all. */
tf_status tf_reader_object_items(struct tf_reader *reader, uint64_t object_id,
                                 size_t chunk, int64_t *ret_items, size_t *ret_base,
                                 struct tf_err *err);

/* Goes on from chunk `from`, at whose end (forward) or start the object has *items items, to
 * the next chunk in which it may have had more than `idx`, or has an image; the one
 * that created it counts, too. *items: how many at that chunk's near side. TF_ERR_NOT_FOUND:
 * there is none. */
tf_status tf_reader_items_reach(struct tf_reader *reader, uint64_t object_id,
                                uint64_t idx, bool forward, size_t from,
                                uint64_t *items, size_t *ret_idx, struct tf_err *err);

/* --- Postings: what the chunks ran, without decoding them --- */

/* The last chunk before, resp. the first after one, with a line (EV_LINE), with any event of
 * a code object, with an exception of a type, with any event of a thread, with an event of
 * a kind (EV_*, or TF_COUNT_LAST_UNWIND). For lines: code id and line; else the id alone,
 * lineno 0. */
enum tf_posting_sort {
    TF_POSTING_LINE,
    TF_POSTING_CODE,
    TF_POSTING_CALL,
    TF_POSTING_EXCEPTION,
    TF_POSTING_THREAD,
    TF_POSTING_KIND,
};

tf_status tf_reader_posting_before(struct tf_reader *reader, enum tf_posting_sort sort,
                                   uint32_t id, uint32_t lineno, size_t before,
                                   size_t *ret_idx, struct tf_err *err);
tf_status tf_reader_posting_after(struct tf_reader *reader, enum tf_posting_sort sort,
                                  uint32_t id, uint32_t lineno, size_t after,
                                  size_t *ret_idx, struct tf_err *err);
/* How often it happened in the whole recording (for TF_POSTING_CODE: calls). */
tf_status tf_reader_posting_hits(struct tf_reader *reader, enum tf_posting_sort sort,
                                 uint32_t id, uint32_t lineno, uint64_t *ret_hits,
                                 struct tf_err *err);
/* The same in the chunks before `before`. */
tf_status tf_reader_posting_hits_before(struct tf_reader *reader,
                                        enum tf_posting_sort sort, uint32_t id,
                                        uint32_t lineno, size_t before,
                                        uint64_t *ret_hits, struct tf_err *err);

/* --- Verification: reads every frame, checks every checksum, decodes every field, and
 * holds index, postings and seek table against the data. `finding` is called for each
 * fault. TF_OK when it could be done, whatever was found. --- */
struct tf_verify {
    void (*finding)(void *ctx, const struct tf_err *finding);
    bool (*progress)(void *ctx, uint64_t done, uint64_t total); /* may be NULL */
    void *ctx;
    bool quick; /* checksums only */
};

tf_status tf_verify_file(const char *path, const struct tf_verify *options,
                         uint64_t *ret_findings, struct tf_err *err);

#endif
