/* For the tests of schema/: recordings made by hand, frame by frame, so that they can be
 * wrong in any way. Knows the file's layout from FORMAT.md alone. */
#ifndef TT_CRAFT_H
#define TT_CRAFT_H

#include <stddef.h>
#include <stdint.h>

struct tt_bytes {
    uint8_t *data;
    size_t len;
};

void tt_bytes_free(struct tt_bytes *bytes);
void tt_put(struct tt_bytes *bytes, const void *data, size_t len);
/* Protobuf: a number, a field that is one, a field of bytes. */
void tt_put_varint(struct tt_bytes *bytes, uint64_t n);
void tt_put_u64(struct tt_bytes *bytes, uint32_t field, uint64_t n);
void tt_put_bytes(struct tt_bytes *bytes, uint32_t field, const void *data, size_t len);
void tt_put_string(struct tt_bytes *bytes, uint32_t field, const char *s);
/* A packed field of so many numbers, then -1. */
void tt_put_packed(struct tt_bytes *bytes, uint32_t field, ...);
/* The message `from` as field; frees it. */
void tt_put_message(struct tt_bytes *bytes, uint32_t field, struct tt_bytes *from);
/* One zstd frame with a checksum that holds the field; frees the message. */
void tt_put_frame(struct tt_bytes *file, uint32_t field, struct tt_bytes *message);
/* Header, one file, code, type and thread; returns the file so far. */
struct tt_bytes tt_start(void);

#endif
