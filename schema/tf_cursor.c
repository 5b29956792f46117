#include "tf_cursor.h"

bool
tf_cursor_u64_slow(struct tf_cursor *cursor, uint64_t *ret)
{
    uint64_t n = 0;
    const uint8_t *at = cursor->at;
    for (unsigned shift = 0; at < cursor->end; shift += 7) {
        uint64_t byte = *at++;
        if (shift == 63 && byte > 1) {
            return false; /* more than 64 bits */
        }
        n |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret = n;
            cursor->at = at;
            return true;
        }
    }
    return false;
}

static bool
wire_fixed(struct tf_cursor *cursor, unsigned size, uint64_t *ret)
{
    const uint8_t *at;
    if (!tf_cursor_take(cursor, size, &at)) {
        return false;
    }
    *ret = tf_le32(at);
    if (size == 8) {
        *ret |= (uint64_t)tf_le32(at + 4) << 32;
    }
    return true;
}

static bool
wire_bytes(struct tf_cursor *cursor, struct tf_cursor *ret)
{
    uint64_t len;
    const uint8_t *at;
    if (!tf_cursor_u64(cursor, &len) || !tf_cursor_take(cursor, len, &at)) {
        return false;
    }
    *ret = tf_cursor_of(at, (size_t)len);
    return true;
}

enum tf_wire_step
tf_wire_next(struct tf_cursor *cursor, struct tf_wire *ret)
{
    uint64_t tag;
    bool ok = false;
    if (cursor->at == cursor->end) {
        return TF_WIRE_END;
    }
    if (!tf_cursor_u64(cursor, &tag) || tag >> 3 == 0 || tag > UINT32_MAX) {
        return TF_WIRE_BAD;
    }
    ret->number = (uint32_t)(tag >> 3);
    ret->type = (uint8_t)(tag & 7);
    ret->varint = 0;
    ret->bytes = (struct tf_cursor){cursor->at, cursor->at};
    switch (ret->type) {
    case TF_WIRE_VARINT: ok = tf_cursor_u64(cursor, &ret->varint); break;
    case TF_WIRE_64: ok = wire_fixed(cursor, 8, &ret->varint); break;
    case TF_WIRE_32: ok = wire_fixed(cursor, 4, &ret->varint); break;
    case TF_WIRE_BYTES: ok = wire_bytes(cursor, &ret->bytes); break;
    default: break; /* groups: proto3 has none */
    }
    return ok ? TF_WIRE_FIELD : TF_WIRE_BAD;
}

size_t
tf_cursor_count_varints(struct tf_cursor cursor)
{
    size_t count = 0;
    const uint8_t *at = cursor.at;
    for (; cursor.end - at >= 8;
         at += 8) { /* the last byte of each has its top bit clear */
        uint64_t bytes;
        memcpy(&bytes, at, sizeof bytes);
        uint64_t last = (~bytes >> 7) & UINT64_C(0x0101010101010101);
        count += (size_t)((last * UINT64_C(0x0101010101010101)) >> 56);
    }
    for (; at < cursor.end; at++) {
        count += *at < 0x80;
    }
    return count;
}
