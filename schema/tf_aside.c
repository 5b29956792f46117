#include "tf_aside.h"

#include <stdlib.h>

#include "tf_limits.h"
#include "tf_reader_inside.h"

struct tf_aside {
    const struct tf_reader *reader;
    struct tf_file file; /* the reader's descriptor, only read with pread() */
    uint8_t *content;    /* of the latest glance */
};

tf_status
tf_aside_open(const struct tf_reader *reader, struct tf_aside **ret_aside,
              struct tf_err *err)
{
    struct tf_aside *aside = calloc(1, sizeof *aside);
    if (aside != NULL) {
        aside->reader = reader;
        aside->file.fd = reader->file.fd;
        tf_file_put_behind(&aside->file, reader->file.own_bytes, reader->file.behind,
                           (size_t)(reader->file.size - reader->file.own_bytes));
        aside->file.context = ZSTD_createDCtx();
    }
    if (aside == NULL || aside->file.context == NULL) {
        free(aside);
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    *ret_aside = aside;
    return TF_OK;
}

void
tf_aside_close(struct tf_aside *aside)
{
    if (aside != NULL) {
        ZSTD_freeDCtx(aside->file.context);
        free(aside->file.window);
        free(aside->content);
        free(aside);
    }
}

static tf_status
chunk_field(struct tf_aside *aside, size_t idx, uint8_t **ret_content,
            struct tf_cursor *ret_bytes, struct tf_err *err)
{
    uint64_t off = (uint64_t)aside->reader->index.chunk.at[idx].file_off;
    return tf_file_field(&aside->file, &aside->reader->file.list, off, TF_REC_CHUNK,
                         ret_content, ret_bytes, err);
}

tf_status
tf_aside_chunk(struct tf_aside *aside, size_t idx, struct tf_chunk **ret_chunk,
               struct tf_err *err)
{
    struct tf_cursor bytes;
    uint8_t *content;
    tf_status status = chunk_field(aside, idx, &content, &bytes, err);
    return status == TF_OK
               ? tf_reader_chunk_of(aside->reader, idx, content, bytes, ret_chunk, err)
               : status;
}

tf_status
tf_aside_glance(struct tf_aside *aside, size_t idx, struct tf_glance *ret_glance,
                struct tf_err *err)
{
    struct tf_chunk_view view;
    struct tf_cursor bytes;
    struct tf_wire wire;
    enum tf_wire_step step;
    free(aside->content);
    aside->content = NULL;
    tf_status status = chunk_field(aside, idx, &aside->content, &bytes, err);
    if (status != TF_OK) {
        return status;
    }
    bool fine = tf_chunk_view_get(bytes, &view);
    struct tf_glance glance = {.changes = view.changes};
    struct tf_cursor fields = view.changes;
    while (fine && (step = tf_wire_next(&fields, &wire)) != TF_WIRE_END) {
        fine = step == TF_WIRE_FIELD;
        if (fine && wire.number == tf_ops_column_field[TF_COL_REF]) {
            glance.ref = wire.bytes;
        }
        if (fine && wire.number == TF_OPS_TABLE && glance.ref.at != NULL) {
            break; /* the columns stand before the texts */
        }
    }
    if (!fine) {
        return tf_err_set(
            err, TF_ERR_DAMAGED, aside->reader->index.chunk.at[idx].file_off,
            "damaged recording: the fields of chunk %zu do not hold", idx);
    }
    *ret_glance = glance;
    return TF_OK;
}

bool
tf_glance_text(struct tf_glance *glance, struct tf_text *ret_text)
{
    struct tf_wire wire;
    while (tf_wire_next(&glance->changes, &wire) == TF_WIRE_FIELD) {
        if (wire.number == TF_OPS_TABLE && wire.type == TF_WIRE_BYTES) {
            *ret_text = (struct tf_text){(const char *)wire.bytes.at,
                                         tf_cursor_left(&wire.bytes)};
            return true;
        }
    }
    return false;
}
