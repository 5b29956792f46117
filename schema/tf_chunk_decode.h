/* Decoding of `Ops`, `Chunk` and `Checkpoint`: each column is read through a cursor of its
 * own, straight into the structs of tf_reader.h. */
#ifndef TF_CHUNK_DECODE_H
#define TF_CHUNK_DECODE_H

#include "tf_columns.h"
#include "tf_cursor.h"
#include "tf_reader.h"

/* The message's fields, not yet decoded. */
struct tf_chunk_view {
    uint64_t number, first_seq, event_count, first_object, object_count, first_frame,
        frame_count, start_ns;
    struct tf_cursor event[TF_EVENT_KINDS_OF_COLUMNS];
    struct tf_cursor keyframe, changes, gap;
    bool has_gap;
};

/* False: the bytes are no such message. */
bool tf_chunk_view_get(struct tf_cursor bytes, struct tf_chunk_view *ret_view);
bool tf_gap_get(struct tf_cursor bytes, struct tf_gap *ret_gap);

/* What ids may name. */
struct tf_id_bounds {
    uint32_t code_count, type_count, thread_count;
};

/* `content` holds the bytes and belongs to the chunk afterwards; on failure it is freed. */
tf_status tf_chunk_decode(uint8_t *content, struct tf_cursor bytes, int64_t file_off,
                          const struct tf_id_bounds *bounds,
                          struct tf_chunk **ret_chunk, struct tf_err *err);
tf_status tf_checkpoint_decode(uint8_t *content, struct tf_cursor bytes,
                               int64_t file_off, const struct tf_id_bounds *bounds,
                               struct tf_checkpoint **ret_checkpoint,
                               struct tf_err *err);

#endif
