#include "tf_blob.h"

#include <stdlib.h>

bool
tf_blob_grow(struct tf_blob *blob, size_t need)
{
    size_t cap = blob->cap > 256 ? blob->cap : 256;
    if (need > SIZE_MAX / 4 || blob->len > SIZE_MAX / 4) {
        return false;
    }
    if (blob->memory != NULL) {
        return blob->memory->grow(blob->memory, &blob->data, blob->len, &blob->cap,
                                  need);
    }
    while (cap - blob->len < need) {
        cap *= 2;
    }
    uint8_t *data = realloc(blob->data, cap);
    if (data == NULL) {
        return false;
    }
    blob->data = data;
    blob->cap = cap;
    return true;
}

void
tf_blob_release(struct tf_blob *blob)
{
    if (blob->memory == NULL) {
        free(blob->data);
    }
    *blob = (struct tf_blob){0};
}

bool
tf_blob_bytes(struct tf_blob *blob, const void *bytes, size_t len)
{
    if (!tf_blob_reserve(blob, len)) {
        return false;
    }
    if (len > 0) {
        memcpy(blob->data + blob->len, bytes, len);
        blob->len += len;
    }
    return true;
}

bool
tf_blob_field(struct tf_blob *blob, uint32_t number, const void *bytes, size_t len)
{
    if (!tf_blob_reserve(blob, 2 * TF_VARINT_MAX)) {
        return false;
    }
    tf_blob_put_tag(blob, number, TF_WIRE_BYTES);
    tf_blob_put_u64(blob, len);
    return tf_blob_bytes(blob, bytes, len);
}

bool
tf_blob_field_u64(struct tf_blob *blob, uint32_t number, uint64_t n)
{
    if (n == 0) {
        return true;
    }
    if (!tf_blob_reserve(blob, 2 * TF_VARINT_MAX)) {
        return false;
    }
    tf_blob_put_tag(blob, number, TF_WIRE_VARINT);
    tf_blob_put_u64(blob, n);
    return true;
}

size_t
tf_varint_size(uint64_t n)
{
    size_t size = 1;
    for (; n >= 0x80; n >>= 7) {
        size++;
    }
    return size;
}
