#ifndef TF_OPS_H
#define TF_OPS_H

#include "tf_chunk_decode.h"

/* What the changes stand in. */
struct tf_ops_context {
    enum tf_ops_place place;
    struct tf_id_bounds bounds;
    uint64_t first_object, object_count, first_frame,
        frame_count; /* that they create */
};

/* Decodes the message `Ops`; its texts point into the bytes. `ops` is to be released
 * whatever comes back. Adds to *memory_bytes what it takes. */
tf_status tf_ops_decode(struct tf_cursor bytes, int64_t file_off,
                        const struct tf_ops_context *context, struct tf_ops *ops,
                        size_t *memory_bytes, struct tf_err *err);
void tf_ops_release(struct tf_ops *ops);

#endif
