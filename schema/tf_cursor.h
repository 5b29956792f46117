/* Bounded reading of bytes from a file: varints and protobuf fields.
 *
 * Every function returns false, and reads nothing beyond `end`, when the bytes end early
 * or are no valid encoding; the cursor's place is then unspecified. Wire format:
 * https://protobuf.dev/programming-guides/encoding/ */
#ifndef TF_CURSOR_H
#define TF_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct tf_cursor {
    const uint8_t *at, *end;
};

/* One field of a message. */
struct tf_wire {
    uint32_t number;
    uint8_t type;           /* TF_WIRE_... */
    uint64_t varint;        /* also the 32 and 64 bit types */
    struct tf_cursor bytes; /* TF_WIRE_BYTES */
};

enum { TF_WIRE_VARINT = 0, TF_WIRE_64 = 1, TF_WIRE_BYTES = 2, TF_WIRE_32 = 5 };

enum tf_wire_step { TF_WIRE_END, TF_WIRE_FIELD, TF_WIRE_BAD };

bool tf_cursor_u64_slow(struct tf_cursor *cursor, uint64_t *ret);
/* The next field; TF_WIRE_END at the end of the bytes. */
enum tf_wire_step tf_wire_next(struct tf_cursor *cursor, struct tf_wire *ret);
/* How many varints `cursor` holds (those not finished not counted). */
size_t tf_cursor_count_varints(struct tf_cursor cursor);

static inline struct tf_cursor
tf_cursor_of(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    return (struct tf_cursor){at, at ? at + len : at};
}

static inline size_t
tf_cursor_left(const struct tf_cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

static inline bool
tf_cursor_u64(struct tf_cursor *cursor, uint64_t *ret)
{
    const uint8_t *at = cursor->at;
    if (cursor->end - at >= 2) {
        if (at[0] < 0x80) {
            *ret = at[0];
            cursor->at = at + 1;
            return true;
        }
        if (at[1] < 0x80) {
            *ret = (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
            cursor->at = at + 2;
            return true;
        }
    }
    return tf_cursor_u64_slow(cursor, ret);
}

static inline int64_t
tf_unzigzag(uint64_t n)
{
    return (int64_t)((n >> 1) ^ (~(n & 1) + 1));
}

static inline uint64_t
tf_zigzag(int64_t n)
{
    return ((uint64_t)n << 1) ^ (uint64_t)(n >> 63);
}

static inline bool
tf_cursor_take(struct tf_cursor *cursor, uint64_t len, const uint8_t **ret)
{
    if (len > tf_cursor_left(cursor)) {
        return false;
    }
    *ret = cursor->at;
    cursor->at += len;
    return true;
}

static inline bool
tf_cursor_real(struct tf_cursor *cursor, double *ret)
{
    const uint8_t *at;
    if (!tf_cursor_take(cursor, sizeof *ret, &at)) {
        return false;
    }
    memcpy(ret, at, sizeof *ret);
    return true;
}

static inline uint32_t
tf_le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16
           | (uint32_t)at[3] << 24;
}

#endif
