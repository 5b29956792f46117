#include "fz_frames.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#define FRAMES_MAX  2048u
#define BLOCK_BYTES (128u << 10)

enum { FIELD_INDEX = 8, FIELD_FOOTER = 9 };

bool
fz_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 70 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        n |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (byte < 0x80) {
            *ret = n;
            return true;
        }
    }
    return false;
}

bool
fz_field_next(const uint8_t **at, const uint8_t *end, struct fz_field *ret_field)
{
    const uint8_t *start = *at;
    uint64_t tag, n;
    if (!fz_varint(at, end, &tag) || tag >> 35) {
        return false;
    }
    struct fz_field field = {
        .number = (uint32_t)(tag >> 3), .type = tag & 7, .at = start};
    field.payload = *at;
    switch (field.type) {
    case 0:
        if (!fz_varint(at, end, &n)) {
            return false;
        }
        break;
    case 1:
    case 5: {
        size_t size = field.type == 1 ? 8 : 4;
        if ((size_t)(end - *at) < size) {
            return false;
        }
        *at += size;
        break;
    }
    case 2:
        if (!fz_varint(at, end, &n) || n > (size_t)(end - *at)) {
            return false;
        }
        field.payload = *at;
        *at += n;
        break;
    default: return false;
    }
    field.payload_len = (size_t)(*at - field.payload);
    field.len = (size_t)(*at - start);
    *ret_field = field;
    return true;
}

static void
put_le(struct tt_bytes *bytes, uint64_t n, int size)
{
    uint8_t out[8];
    for (int i = 0; i < size; i++) {
        out[i] = (uint8_t)(n >> (8 * i));
    }
    tt_put(bytes, out, (size_t)size);
}

/* RFC 8878, 3.1.1: a single segment of raw blocks, with its size and checksum. */
static void
put_frame(struct tt_bytes *file, const uint8_t *content, size_t len)
{
    size_t done = 0;
    put_le(file, 0xFD2FB528u, 4);
    put_le(file, 0xa4, 1);
    put_le(file, len, 4);
    do {
        size_t size = len - done < BLOCK_BYTES ? len - done : BLOCK_BYTES;
        put_le(file, (uint64_t)size << 3 | (done + size == len), 3);
        tt_put(file, content + done, size);
        done += size;
    } while (done < len);
    put_le(file, XXH64(content, len, 0), 4);
}

/* --- the index's offsets --- */
struct places {
    uint64_t off[FRAMES_MAX];
    size_t count;
    bool to_number;
};

static uint64_t
translate(const struct places *places, uint64_t n)
{
    if (!places->to_number) {
        return n < places->count ? places->off[n] : n;
    }
    for (size_t i = 0; i < places->count; i++) {
        if (places->off[i] == n) {
            return i;
        }
    }
    return n;
}

static void
put_translated(struct tt_bytes *out, const struct fz_field *field,
               const struct places *places, bool delta)
{
    struct tt_bytes column = {NULL, 0};
    const uint8_t *at = field->payload, *end = at + field->payload_len;
    uint64_t n, from = 0, to = 0;
    while (fz_varint(&at, end, &n)) {
        from = delta ? from + n : n;
        uint64_t now = translate(places, from);
        tt_put_varint(&column, delta ? now - to : now);
        to = now;
    }
    tt_put(&column, at, (size_t)(end - at));
    tt_put_message(out, field->number, &column);
}

static void
put_index(struct tt_bytes *out, const uint8_t *at, const uint8_t *end,
          const struct places *places)
{
    struct fz_field field;
    while (fz_field_next(&at, end, &field)) {
        bool delta = field.number == 1 || field.number == 6 || field.number == 10
                     || field.number == 21;
        bool plain = field.number == 9 || field.number == 12 || field.number == 14;
        if (field.type == 2 && (delta || plain)) {
            put_translated(out, &field, places, delta);
        }
        else {
            tt_put(out, field.at, field.len);
        }
    }
    tt_put(out, at, (size_t)(end - at));
}

/* --- a file --- */
static void
put_seek_table(struct tt_bytes *file, const struct places *places,
               const uint32_t *content)
{
    uint64_t end = file->len;
    put_le(file, 0x184D2A5Eu, 4);
    put_le(file, places->count * 8 + 9, 4);
    for (size_t i = 0; i < places->count; i++) {
        uint64_t next = i + 1 < places->count ? places->off[i + 1] : end;
        put_le(file, next - places->off[i], 4);
        put_le(file, content[i], 4);
    }
    put_le(file, places->count, 4);
    put_le(file, 0, 1);
    put_le(file, 0x8F92EAB1u, 4);
}

void
fz_frames_put(struct tt_bytes *file, const uint8_t *joined, size_t len)
{
    static struct places places;
    static uint32_t content[FRAMES_MAX];
    const uint8_t *at = joined, *end = joined + len;
    struct fz_field field = {0};
    places.count = 0;
    places.to_number = false;
    while (at < end && places.count + 1 < FRAMES_MAX) {
        const uint8_t *start = at;
        struct tt_bytes frame = {NULL, 0};
        if (!fz_field_next(&at, end, &field)) {
            at = end;
            field.number = 0;
            tt_put(&frame, start, (size_t)(end - start));
        }
        else if (field.number == FIELD_INDEX && field.type == 2) {
            struct tt_bytes index = {NULL, 0};
            put_index(&index, field.payload, at, &places);
            tt_put_message(&frame, FIELD_INDEX, &index);
        }
        else {
            tt_put(&frame, field.at, field.len);
        }
        places.off[places.count] = file->len;
        content[places.count++] = (uint32_t)frame.len;
        put_frame(file, frame.data, frame.len);
        tt_bytes_free(&frame);
    }
    if (field.number == FIELD_FOOTER) {
        put_seek_table(file, &places, content);
    }
}

bool
fz_frames_join(const uint8_t *file, size_t len, struct tt_bytes *ret_joined)
{
    static struct places places;
    size_t off = 0;
    places.count = 0;
    places.to_number = true;
    while (off < len && places.count < FRAMES_MAX) {
        size_t size = ZSTD_findFrameCompressedSize(file + off, len - off);
        if (ZSTD_isError(size)) {
            return false;
        }
        unsigned long long cap = ZSTD_getFrameContentSize(file + off, size);
        if (file[off] == 0x28 && cap < 64u << 20) {
            uint8_t *content = malloc((size_t)cap + 1);
            size_t got = ZSTD_decompress(content, (size_t)cap, file + off, size);
            const uint8_t *at = content;
            struct fz_field field;
            if (ZSTD_isError(got) || !fz_field_next(&at, content + got, &field)) {
                free(content);
                return false;
            }
            if (field.number == FIELD_INDEX) {
                struct tt_bytes index = {NULL, 0};
                put_index(&index, field.payload, at, &places);
                tt_put_message(ret_joined, FIELD_INDEX, &index);
            }
            else {
                tt_put(ret_joined, content, got);
            }
            free(content);
            places.off[places.count++] = off;
        }
        off += size;
    }
    return true;
}
