/* Rows to columns: what becomes the messages `Ops` and `Chunk`.
 *
 * A column is built as the packed field's bytes, straight from the row's, in one pass:
 * protobuf-c would want an array of integers first and walk it twice. That protoc and
 * another protobuf library read the bytes is tested (test_tf_roundtrip, tests/reader). */
#ifndef TF_COLUMNS_H
#define TF_COLUMNS_H

#include "tf_blob.h"
#include "tf_err.h"
#include "tf_rows.h"
#include "tf_tally.h"

/* Columns of `Ops`: id, field number, name; all packed. A test holds the numbers against
 * recording.proto. */
#define TF_OPS_COLUMNS(X)      \
 X(COL_OP, 1, "op")            \
 X(COL_SLOT, 2, "slot")        \
 X(COL_CODE, 3, "code")        \
 X(COL_FRAME, 4, "frame")      \
 X(COL_OBJECT, 5, "object")    \
 X(COL_TYPE, 6, "type")        \
 X(COL_INDEX, 7, "index")      \
 X(COL_COUNT, 8, "count")      \
 X(COL_VALUE, 9, "value")      \
 X(COL_INTEGER, 10, "integer") \
 X(COL_REF, 11, "ref")         \
 X(COL_REAL, 12, "real")       \
 X(COL_TEXT, 13, "text")
#define TF_OPS_TABLE 14u

/* Columns of `Chunk`, likewise. */
#define TF_CHUNK_COLUMNS(X)              \
 X(EVENT_KIND, 9, "kind")                \
 X(EVENT_THREAD, 10, "thread")           \
 X(EVENT_LINE, 11, "line")               \
 X(EVENT_OP_COUNT, 12, "op_count")       \
 X(EVENT_STAMP_EVENT, 13, "stamp_event") \
 X(EVENT_STAMP_NS, 14, "stamp_ns")       \
 X(EVENT_INSTRUCTION, 15, "instruction")
#define TF_CHUNK_KEYFRAME 16u
#define TF_CHUNK_CHANGES  17u
#define TF_CHUNK_GAP      18u

#define TF_COLUMN_X(id, number, name) TF_##id,

enum tf_ops_column { TF_OPS_COLUMNS(TF_COLUMN_X) TF_COL_KINDS };

enum tf_event_column { TF_CHUNK_COLUMNS(TF_COLUMN_X) TF_EVENT_KINDS_OF_COLUMNS };

#undef TF_COLUMN_X
extern const uint8_t tf_ops_column_field[TF_COL_KINDS];
extern const uint8_t tf_chunk_column_field[TF_EVENT_KINDS_OF_COLUMNS];

/* The texts of one `Ops`, each once: `table` as it goes into the message. */
struct tf_texts {
    struct tf_blob table;

    struct tf_text_place {
        uint64_t hash;
        size_t off; /* of the bytes in `table` */
        size_t len;
    } * place;

    size_t count, cap;
    uint32_t *slot;
    size_t slot_count;
};

struct tf_ops_builder {
    struct tf_blob column[TF_COL_KINDS];
    struct tf_texts texts;
    uint64_t frame, object, ref; /* the previous entries of these columns */
    bool full;                   /* memory ran out */
};

struct tf_columns {
    struct tf_ops_builder keyframe, changes;
    struct tf_blob event[TF_EVENT_KINDS_OF_COLUMNS];
    struct tf_blob message; /* kept for its memory */
    uint64_t event_count, pending_ops;
    uint32_t lineno;     /* of the latest event of the chunk */
    int64_t stamp_event; /* the latest stamp: its event's place in the chunk */
    uint64_t stamp_ns;   /* and time; kept from chunk to chunk */
    uint64_t start_ns;
};

/* What stands beside the columns in a chunk. */
struct tf_chunk_head {
    uint64_t number, first_seq, first_object, object_count, first_frame, frame_count;
    uint64_t gap_events;
    const char *gap_reason; /* NULL: no gap */
};

/* Where rows stand: which changes are allowed there. */
enum tf_ops_place { TF_IN_CHANGES, TF_IN_KEYFRAME, TF_IN_CHECKPOINT };

/* As tf_op_operands and tf_value_operands, without a call: for kinds below the counts.
 * There is no change of kind 0. */
extern const char *const tf_op_letters[TF_OP_COUNT];
extern const char *const tf_value_letters[TF_VAL_COUNT];

static inline bool
tf_op_allowed(enum tf_ops_place place, unsigned op)
{
    const uint32_t both = 1u << TF_OP_LOCAL | 1u << TF_OP_IMAGE;
    const uint32_t state = 1u << TF_OP_THREAD | 1u << TF_OP_FRAME;
    const uint32_t only = state | 1u << TF_OP_SAME;
    const uint32_t allowed = place == TF_IN_CHANGES    ? ~(only | 1u)
                             : place == TF_IN_KEYFRAME ? both | only
                                                       : both | state;
    return op < TF_OP_COUNT && (allowed >> op & 1u) != 0;
}

void tf_ops_builder_clear(struct tf_ops_builder *ops);
void tf_ops_builder_release(struct tf_ops_builder *ops);
/* Rows without events into `ops`; each change is told to `tally` (may be NULL) too. */
tf_status tf_ops_builder_rows(struct tf_ops_builder *ops, const struct tf_rows *rows,
                              enum tf_ops_place place, struct tf_tally *tally,
                              struct tf_err *err);
/* Appends the message `Ops` as field `number`. */
bool tf_ops_builder_put(const struct tf_ops_builder *ops, struct tf_blob *blob,
                        uint32_t number);

void tf_columns_init(struct tf_columns *columns);
void tf_columns_release(struct tf_columns *columns);
/* Empty, for the next chunk. */
void tf_columns_clear(struct tf_columns *columns);
/* All rows of one chunk's `changes`. */
tf_status tf_columns_rows(struct tf_columns *columns, const struct tf_rows *rows,
                          struct tf_tally *tally, struct tf_err *err);
/* Appends the message `Chunk` as the field `number` of `Recording`. */
bool tf_columns_put(struct tf_columns *columns, const struct tf_chunk_head *head,
                    struct tf_blob *blob, uint32_t number);

#endif
