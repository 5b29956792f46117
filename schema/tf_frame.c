#include "tf_frame.h"

#include <stdlib.h>

#include "tf_limits.h"

static tf_status
frame_no_memory(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
}

bool
tf_frame_list_add(struct tf_frame_list *list, uint64_t off, uint64_t compressed_bytes,
                  uint64_t content_bytes)
{
    if (list->count == list->cap) {
        size_t cap = list->cap > 0 ? list->cap * 2 : 64;
        struct tf_frame_place *place = realloc(list->place, cap * sizeof *place);
        if (place == NULL) {
            return false;
        }
        list->place = place;
        list->cap = cap;
    }
    list->place[list->count++] = (struct tf_frame_place){
        off, (uint32_t)compressed_bytes, (uint32_t)content_bytes};
    return true;
}

void
tf_frame_list_release(struct tf_frame_list *list)
{
    free(list->place);
    *list = (struct tf_frame_list){0};
}

const struct tf_frame_place *
tf_frame_list_find(const struct tf_frame_list *list, uint64_t off)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (list->place[mid].off < off) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    return low < list->count && list->place[low].off == off ? &list->place[low] : NULL;
}

tf_status
tf_frame_writer_init(struct tf_frame_writer *writer, struct tf_sink *sink, int level,
                     struct tf_err *err)
{
    *writer = (struct tf_frame_writer){.sink = sink, .context = ZSTD_createCCtx()};
    if (writer->context == NULL) {
        return frame_no_memory(err);
    }
    size_t a = ZSTD_CCtx_setParameter(writer->context, ZSTD_c_compressionLevel,
                                      level != 0 ? level : 3);
    size_t b = ZSTD_CCtx_setParameter(writer->context, ZSTD_c_checksumFlag, 1);
    if (ZSTD_isError(a) || ZSTD_isError(b)) {
        tf_frame_writer_release(writer);
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "compression level %d is not possible", level);
    }
    return TF_OK;
}

void
tf_frame_writer_release(struct tf_frame_writer *writer)
{
    ZSTD_freeCCtx(writer->context);
    tf_blob_release(&writer->out);
    tf_frame_list_release(&writer->list);
    writer->context = NULL;
}

tf_status
tf_frame_write(struct tf_frame_writer *writer, const void *content, size_t len,
               uint64_t *ret_off, struct tf_err *err)
{
    uint64_t off = writer->sink->written_bytes;
    if (len > TF_FIELD_BYTES_MAX) {
        return tf_err_set(err, TF_ERR_LIMIT, (int64_t)off,
                          "a part of the recording is larger than %u MiB",
                          TF_FIELD_BYTES_MAX >> 20);
    }
    if (writer->list.count >= TF_FRAMES_MAX) {
        return tf_err_set(err, TF_ERR_LIMIT, (int64_t)off,
                          "the recording has as many parts as a file may have");
    }
    writer->out.len = 0;
    if (!tf_blob_reserve(&writer->out, ZSTD_compressBound(len))) {
        return frame_no_memory(err);
    }
    size_t size = ZSTD_compress2(writer->context, writer->out.data, writer->out.cap,
                                 content, len);
    if (ZSTD_isError(size)) {
        return tf_err_set(err, TF_ERR_MEMORY, (int64_t)off, "cannot compress: %s",
                          ZSTD_getErrorName(size));
    }
    if (!tf_frame_list_add(&writer->list, off, size, len)) {
        return frame_no_memory(err);
    }
    if (ret_off != NULL) {
        *ret_off = off;
    }
    return writer->sink->write(writer->sink, writer->out.data, size, err);
}

static void
put_le32(struct tf_blob *blob, uint32_t n)
{
    for (int i = 0; i < 4; i++) {
        blob->data[blob->len++] = (uint8_t)(n >> (8 * i));
    }
}

tf_status
tf_frame_write_seek_table(struct tf_frame_writer *writer, struct tf_err *err)
{
    const struct tf_frame_list *list = &writer->list;
    size_t content = list->count * 8 + TF_SEEK_FOOTER_BYTES;
    writer->out.len = 0;
    if (content > UINT32_MAX || !tf_blob_reserve(&writer->out, content + 8)) {
        return frame_no_memory(err);
    }
    put_le32(&writer->out, TF_SEEK_TABLE_MAGIC);
    put_le32(&writer->out, (uint32_t)content);
    for (size_t i = 0; i < list->count; i++) {
        put_le32(&writer->out, list->place[i].compressed_bytes);
        put_le32(&writer->out, list->place[i].content_bytes);
    }
    put_le32(&writer->out, (uint32_t)list->count);
    writer->out.data[writer->out.len++] = 0;
    put_le32(&writer->out, TF_SEEK_FOOTER_MAGIC);
    return writer->sink->write(writer->sink, writer->out.data, writer->out.len, err);
}
