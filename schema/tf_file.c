/* Reading frames: through the seek table, or by walking from one to the next. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd_errors.h>

#include "tf_frame.h"
#include "tf_limits.h"

#define PROBE_FIRST_BYTES 65536u

static tf_status
file_no_memory(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
}

tf_status
tf_file_open(struct tf_file *file, const char *path, struct tf_err *err)
{
    struct stat st;
    *file = (struct tf_file){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file->fd < 0) {
        return tf_err_set_errno(err, errno, "cannot open %s", path);
    }
    if (fstat(file->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        tf_file_close(file);
        return tf_err_set(err, TF_ERR_NOT_PYREC, -1, "%s is not a regular file", path);
    }
    file->size = file->own_bytes = (uint64_t)st.st_size;
    file->context = ZSTD_createDCtx();
    if (file->context == NULL) {
        tf_file_close(file);
        return file_no_memory(err);
    }
    return TF_OK;
}

tf_status
tf_file_look_again(struct tf_file *file, struct tf_err *err)
{
    struct stat st;
    if (fstat(file->fd, &st) != 0) {
        return tf_err_set_errno(err, errno, "cannot look at the recording");
    }
    file->size = file->own_bytes = (uint64_t)st.st_size;
    return TF_OK;
}

void
tf_file_put_behind(struct tf_file *file, uint64_t own_bytes, const uint8_t *bytes,
                   size_t len)
{
    file->own_bytes = own_bytes;
    file->behind = bytes;
    file->size = own_bytes + len;
}

void
tf_file_close(struct tf_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
    ZSTD_freeDCtx(file->context);
    free(file->window);
    tf_frame_list_release(&file->list);
    *file = (struct tf_file){.fd = -1};
}

/* Reads `len` bytes at `off` into the window. */
static tf_status
file_read(struct tf_file *file, uint64_t off, size_t len, struct tf_err *err)
{
    size_t done = 0;
    if (len > file->window_cap) {
        uint8_t *window = realloc(file->window, len);
        if (window == NULL) {
            return file_no_memory(err);
        }
        file->window = window;
        file->window_cap = len;
    }
    uint64_t own_left = off < file->own_bytes ? file->own_bytes - off : 0;
    size_t own = own_left < len ? (size_t)own_left : len;
    if (own < len) {
        if (file->behind == NULL || off + len > file->size) {
            return tf_err_set(err, TF_ERR_TRUNCATED, (int64_t)off,
                              "the recording became shorter while it was read");
        }
        memcpy(file->window + own, file->behind + (off + own - file->own_bytes),
               len - own);
    }
    while (done < own) {
        ssize_t n =
            pread(file->fd, file->window + done, own - done, (off_t)(off + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return tf_err_set_errno(err, errno, "cannot read the recording");
        }
        if (n == 0) {
            return tf_err_set(err, TF_ERR_TRUNCATED, (int64_t)(off + done),
                              "the recording became shorter while it was read");
        }
        done += (size_t)n;
    }
    return TF_OK;
}

static tf_status
seek_table_damaged(struct tf_file *file, struct tf_err *err)
{
    tf_frame_list_release(&file->list);
    return tf_err_set(err, TF_ERR_DAMAGED, (int64_t)file->size,
                      "damaged recording: its seek table does not hold");
}

static tf_status
seek_table_entries(struct tf_file *file, uint64_t count, size_t entry_bytes,
                   struct tf_err *err)
{
    uint64_t table_bytes = 8 + count * entry_bytes + TF_SEEK_FOOTER_BYTES;
    uint64_t off = 0, end = file->size - table_bytes;
    tf_status status = file_read(file, end, (size_t)table_bytes, err);
    if (status != TF_OK) {
        return status;
    }
    const uint8_t *at = file->window;
    if (tf_le32(at) != TF_SEEK_TABLE_MAGIC || tf_le32(at + 4) != table_bytes - 8) {
        return seek_table_damaged(file, err);
    }
    at += 8;
    for (uint64_t i = 0; i < count; i++, at += entry_bytes) {
        uint32_t compressed = tf_le32(at), content = tf_le32(at + 4);
        if (compressed == 0 || compressed > end - off) {
            return seek_table_damaged(file, err);
        }
        if (!tf_frame_list_add(&file->list, off, compressed, content)) {
            return file_no_memory(err);
        }
        off += compressed;
    }
    return off == end ? TF_OK : seek_table_damaged(file, err);
}

tf_status
tf_file_seek_table(struct tf_file *file, struct tf_err *err)
{
    if (file->size < TF_SEEK_FOOTER_BYTES + 8) {
        return TF_ERR_NOT_FOUND;
    }
    tf_status status =
        file_read(file, file->size - TF_SEEK_FOOTER_BYTES, TF_SEEK_FOOTER_BYTES, err);
    if (status != TF_OK) {
        return status;
    }
    const uint8_t *at = file->window;
    if (tf_le32(at + 5) != TF_SEEK_FOOTER_MAGIC) {
        return TF_ERR_NOT_FOUND;
    }
    uint64_t count = tf_le32(at);
    size_t entry_bytes = (at[4] & TF_SEEK_CHECKSUM_FLAG) != 0 ? 12 : 8;
    if ((at[4] & TF_SEEK_RESERVED_BITS) != 0 || count == 0 || count > TF_FRAMES_MAX
        || count > (file->size - TF_SEEK_FOOTER_BYTES - 8) / entry_bytes) {
        return seek_table_damaged(file, err);
    }
    return seek_table_entries(file, count, entry_bytes, err);
}

/* How long a frame can be at most: its content at zstd's worst. */
static size_t
probe_limit(void)
{
    return ZSTD_compressBound(TF_FIELD_BYTES_MAX) + 64;
}

static tf_status
probe_content(const uint8_t *window, size_t size, uint64_t off,
              struct tf_frame_place *ret_place, struct tf_err *err)
{
    unsigned long long content = ZSTD_getFrameContentSize(window, size);
    if (content == ZSTD_CONTENTSIZE_UNKNOWN || content == ZSTD_CONTENTSIZE_ERROR) {
        return tf_err_set(err, TF_ERR_DAMAGED, (int64_t)off,
                          "damaged recording: the frame at offset %llu states no size",
                          (unsigned long long)off);
    }
    if (content > TF_FIELD_BYTES_MAX) {
        return tf_err_set(err, TF_ERR_LIMIT, (int64_t)off,
                          "the frame at offset %llu is larger than %u MiB",
                          (unsigned long long)off, TF_FIELD_BYTES_MAX >> 20);
    }
    *ret_place = (struct tf_frame_place){off, (uint32_t)size, (uint32_t)content};
    return TF_OK;
}

static bool
is_zstd_magic(const uint8_t *window, size_t len)
{
    static const uint8_t zstd[4] = {0x28, 0xb5, 0x2f, 0xfd},
                         skip[3] = {0x2a, 0x4d, 0x18};
    size_t n = len < 4 ? len : 4;
    return memcmp(window, zstd, n) == 0
           || ((window[0] & 0xf0) == 0x50 && memcmp(window + 1, skip, n - 1) == 0);
}

tf_status
tf_file_probe(struct tf_file *file, uint64_t off, struct tf_frame_place *ret_place,
              bool *ret_skippable, struct tf_err *err)
{
    uint64_t left = file->size - off;
    if (off >= file->size) {
        return TF_ERR_NOT_FOUND;
    }
    for (size_t len = PROBE_FIRST_BYTES;; len *= 2) {
        len = len < left ? len : (size_t)left;
        tf_status status = file_read(file, off, len, err);
        if (status != TF_OK) {
            return status;
        }
        if (!is_zstd_magic(file->window, len)) {
            return tf_err_set(err, TF_ERR_DAMAGED, (int64_t)off,
                              "no frame begins at offset %llu",
                              (unsigned long long)off);
        }
        size_t size = ZSTD_findFrameCompressedSize(file->window, len);
        *ret_skippable = file->window[0] != 0x28;
        if (!ZSTD_isError(size)) {
            *ret_place = (struct tf_frame_place){off, (uint32_t)size, 0};
            return *ret_skippable
                       ? TF_OK
                       : probe_content(file->window, size, off, ret_place, err);
        }
        if (len == left || len > probe_limit()) {
            return tf_err_set(err, TF_ERR_TRUNCATED, (int64_t)off,
                              "the frame at offset %llu is not whole",
                              (unsigned long long)off);
        }
    }
}

tf_status
tf_file_frame(struct tf_file *file, const struct tf_frame_place *place,
              uint8_t **ret_content, size_t *ret_len, struct tf_err *err)
{
    struct tf_frame_place probed;
    if (place->compressed_bytes > probe_limit() || place->off > file->size
        || place->compressed_bytes > file->size - place->off) {
        return tf_err_set(err, TF_ERR_LIMIT, (int64_t)place->off,
                          "the frame at offset %llu is too large",
                          (unsigned long long)place->off);
    }
    tf_status status = file_read(file, place->off, place->compressed_bytes, err);
    if (status != TF_OK) {
        return status;
    }
    status =
        probe_content(file->window, place->compressed_bytes, place->off, &probed, err);
    if (status != TF_OK) {
        return status;
    }
    uint8_t *content = malloc(probed.content_bytes > 0 ? probed.content_bytes : 1);
    if (content == NULL) {
        return file_no_memory(err);
    }
    size_t len = ZSTD_decompressDCtx(file->context, content, probed.content_bytes,
                                     file->window, place->compressed_bytes);
    if (ZSTD_isError(len) && ZSTD_getErrorCode(len) == ZSTD_error_memory_allocation) {
        free(content);
        return file_no_memory(err);
    }
    if (ZSTD_isError(len) || len != probed.content_bytes) {
        free(content);
        return tf_err_set(err, TF_ERR_DAMAGED, (int64_t)place->off,
                          "damaged recording: the frame at offset %llu: %s",
                          (unsigned long long)place->off,
                          ZSTD_isError(len) ? ZSTD_getErrorName(len) : "wrong size");
    }
    *ret_content = content;
    *ret_len = len;
    return TF_OK;
}

tf_status
tf_frame_field(const uint8_t *content, size_t len, int64_t file_off,
               uint32_t *ret_number, struct tf_cursor *ret_bytes, struct tf_err *err)
{
    struct tf_cursor cursor = tf_cursor_of(content, len);
    struct tf_wire wire;
    if (tf_wire_next(&cursor, &wire) != TF_WIRE_FIELD || wire.type != TF_WIRE_BYTES
        || cursor.at != cursor.end) {
        return tf_err_set(
            err, TF_ERR_DAMAGED, file_off,
            "damaged recording: the frame at offset %lld is not one field",
            (long long)file_off);
    }
    *ret_number = wire.number;
    *ret_bytes = wire.bytes;
    return TF_OK;
}
