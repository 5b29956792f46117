#include "tt_craft.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

void
tt_bytes_free(struct tt_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct tt_bytes){NULL, 0};
}

void
tt_put(struct tt_bytes *bytes, const void *data, size_t len)
{
    bytes->data = realloc(bytes->data, bytes->len + len + 1);
    if (bytes->data == NULL) {
        abort();
    }
    if (len > 0) {
        memcpy(bytes->data + bytes->len, data, len);
    }
    bytes->len += len;
}

void
tt_put_varint(struct tt_bytes *bytes, uint64_t n)
{
    do {
        uint8_t byte = (uint8_t)((n & 0x7f) | (n >= 0x80 ? 0x80 : 0));
        tt_put(bytes, &byte, 1);
        n >>= 7;
    } while (n != 0);
}

void
tt_put_u64(struct tt_bytes *bytes, uint32_t field, uint64_t n)
{
    tt_put_varint(bytes, (uint64_t)field << 3);
    tt_put_varint(bytes, n);
}

void
tt_put_bytes(struct tt_bytes *bytes, uint32_t field, const void *data, size_t len)
{
    tt_put_varint(bytes, (uint64_t)field << 3 | 2);
    tt_put_varint(bytes, len);
    tt_put(bytes, data, len);
}

void
tt_put_string(struct tt_bytes *bytes, uint32_t field, const char *s)
{
    tt_put_bytes(bytes, field, s, strlen(s));
}

void
tt_put_packed(struct tt_bytes *bytes, uint32_t field, ...)
{
    struct tt_bytes column = {NULL, 0};
    va_list args;
    va_start(args, field);
    for (long long n = va_arg(args, long long); n != -1; n = va_arg(args, long long)) {
        tt_put_varint(&column, (uint64_t)n);
    }
    va_end(args);
    tt_put_message(bytes, field, &column);
}

void
tt_put_message(struct tt_bytes *bytes, uint32_t field, struct tt_bytes *from)
{
    tt_put_bytes(bytes, field, from->data, from->len);
    tt_bytes_free(from);
}

void
tt_put_frame(struct tt_bytes *file, uint32_t field, struct tt_bytes *message)
{
    struct tt_bytes content = {NULL, 0};
    ZSTD_CCtx *context = ZSTD_createCCtx();
    tt_put_message(&content, field, message);
    size_t cap = ZSTD_compressBound(content.len);
    uint8_t *out = malloc(cap);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t len = ZSTD_compress2(context, out, cap, content.data, content.len);
    if (ZSTD_isError(len)) {
        abort();
    }
    tt_put(file, out, len);
    free(out);
    ZSTD_freeCCtx(context);
    tt_bytes_free(&content);
}

struct tt_bytes
tt_start(void)
{
    struct tt_bytes file = {NULL, 0}, header = {NULL, 0}, defs = {NULL, 0},
                    def = {NULL, 0};
    tt_put_u64(&header, 1, 1);
    tt_put_frame(&file, 1, &header);
    tt_put_u64(&def, 1, 1); /* File */
    tt_put_string(&def, 2, "app.py");
    tt_put_message(&defs, 1, &def);
    tt_put_u64(&def, 1, 1); /* Code */
    tt_put_u64(&def, 2, 1);
    tt_put_string(&def, 7, "a");
    tt_put_message(&defs, 2, &def);
    tt_put_u64(&def, 1, 1); /* Type */
    tt_put_u64(&def, 4, 2);
    tt_put_message(&defs, 3, &def);
    tt_put_u64(&def, 1, 1); /* Thread */
    tt_put_message(&defs, 4, &def);
    tt_put_frame(&file, 2, &defs);
    return file;
}
