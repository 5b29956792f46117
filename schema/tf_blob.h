/* A growing piece of encoded protobuf. */
#ifndef TF_BLOB_H
#define TF_BLOB_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tf_cursor.h"
#include "tf_writer.h" /* struct tf_blob */

/* The most bytes that a varint takes. */
#define TF_VARINT_MAX 10u

/* Makes room for `need` more bytes; false when memory ran out. */
bool tf_blob_grow(struct tf_blob *blob, size_t need);
void tf_blob_release(struct tf_blob *blob);
bool tf_blob_bytes(struct tf_blob *blob, const void *bytes, size_t len);
/* A length-delimited field. */
bool tf_blob_field(struct tf_blob *blob, uint32_t number, const void *bytes,
                   size_t len);
/* A varint field; none for 0, as proto3 says. */
bool tf_blob_field_u64(struct tf_blob *blob, uint32_t number, uint64_t n);
size_t tf_varint_size(uint64_t n);

static inline bool
tf_blob_reserve(struct tf_blob *blob, size_t need)
{
    return __builtin_expect(blob->cap - blob->len >= need, 1)
           || tf_blob_grow(blob, need);
}

/* These two need room made before. */
static inline void
tf_blob_put_u64(struct tf_blob *blob, uint64_t n)
{
    uint8_t *at = blob->data + blob->len;
    if (n < 0x80) {
        *at = (uint8_t)n;
        blob->len++;
        return;
    }
    while (n >= 0x80) {
        *at++ = (uint8_t)(n | 0x80);
        n >>= 7;
    }
    *at++ = (uint8_t)n;
    blob->len = (size_t)(at - blob->data);
}

static inline void
tf_blob_put_tag(struct tf_blob *blob, uint32_t number, unsigned type)
{
    tf_blob_put_u64(blob, (uint64_t)number << 3 | type);
}

static inline bool
tf_blob_u64(struct tf_blob *blob, uint64_t n)
{
    if (!tf_blob_reserve(blob, TF_VARINT_MAX)) {
        return false;
    }
    tf_blob_put_u64(blob, n);
    return true;
}

#endif
