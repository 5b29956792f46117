/* The outer layer of the file: zstd frames, each with one top-level field, and the seek
 * table at its end.
 *
 * Seek table: zstd's contrib/seekable_format/zstd_seekable_compression_format.md 0.1.0,
 * without the optional checksums (every frame has its own). */
#ifndef TF_FRAME_H
#define TF_FRAME_H

#include <stdio.h>
#include <zstd.h>

#include "tf_blob.h"
#include "tf_sink.h"

#define TF_ZSTD_MAGIC         0xFD2FB528u
#define TF_SEEK_TABLE_MAGIC   0x184D2A5Eu
#define TF_SEEK_FOOTER_MAGIC  0x8F92EAB1u
#define TF_SEEK_FOOTER_BYTES  9u
#define TF_SEEK_CHECKSUM_FLAG 0x80u
#define TF_SEEK_RESERVED_BITS 0x7cu

struct tf_frame_place {
    uint64_t off;
    uint32_t compressed_bytes, content_bytes;
};

struct tf_frame_list {
    struct tf_frame_place *place;
    size_t count, cap;
};

bool tf_frame_list_add(struct tf_frame_list *list, uint64_t off,
                       uint64_t compressed_bytes, uint64_t content_bytes);
void tf_frame_list_release(struct tf_frame_list *list);
/* The frame that starts at `off`; NULL: none does. */
const struct tf_frame_place *tf_frame_list_find(const struct tf_frame_list *list,
                                                uint64_t off);

/* --- Writing --- */
struct tf_frame_writer {
    struct tf_sink *sink;
    ZSTD_CCtx *context;
    struct tf_blob out;
    struct tf_frame_list list;
};

tf_status tf_frame_writer_init(struct tf_frame_writer *writer, struct tf_sink *sink,
                               int level, struct tf_err *err);
void tf_frame_writer_release(struct tf_frame_writer *writer);
/* One frame; `ret_off` (may be NULL): where it begins. */
tf_status tf_frame_write(struct tf_frame_writer *writer, const void *content,
                         size_t len, uint64_t *ret_off, struct tf_err *err);
tf_status tf_frame_write_seek_table(struct tf_frame_writer *writer, struct tf_err *err);

/* --- Reading --- */
struct tf_file {
    int fd;
    uint64_t size;      /* with what follows in memory */
    uint64_t own_bytes; /* of the file, as far as it is used */
    const uint8_t
        *behind; /* bytes that follow it, borrowed; NULL when there are none */
    ZSTD_DCtx *context;
    uint8_t *window; /* compressed bytes */
    size_t window_cap;
    struct tf_frame_list list; /* from the seek table, or the scan so far */
};

tf_status tf_file_open(struct tf_file *file, const char *path, struct tf_err *err);
/* How long is it now? */
tf_status tf_file_look_again(struct tf_file *file, struct tf_err *err);
/* Puts bytes from memory in the place of what the file has from `own_bytes` on. Borrowed. */
void tf_file_put_behind(struct tf_file *file, uint64_t own_bytes, const uint8_t *bytes,
                        size_t len);
void tf_file_close(struct tf_file *file);
/* TF_ERR_NOT_FOUND: there is none (no fault); TF_ERR_DAMAGED: it does not hold. */
tf_status tf_file_seek_table(struct tf_file *file, struct tf_err *err);
/* Finds the frame at `off` by its own headers. TF_ERR_NOT_FOUND at the end of the file,
 * TF_ERR_TRUNCATED when it is not whole. `ret_skippable`: it has no content. */
tf_status tf_file_probe(struct tf_file *file, uint64_t off,
                        struct tf_frame_place *ret_place, bool *ret_skippable,
                        struct tf_err *err);
/* Decompresses a frame and checks its checksum; the caller frees *ret_content. */
tf_status tf_file_frame(struct tf_file *file, const struct tf_frame_place *place,
                        uint8_t **ret_content, size_t *ret_len, struct tf_err *err);
/* The one top-level field that a frame's content is. */
tf_status tf_frame_field(const uint8_t *content, size_t len, int64_t file_off,
                         uint32_t *ret_number, struct tf_cursor *ret_bytes,
                         struct tf_err *err);

#endif
