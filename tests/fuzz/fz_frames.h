/* What a fuzzer changes is a recording's content; what the programs read is a file. Here
 * the one becomes the other: zstd frames around it whose checksums hold, and offsets in the
 * index that are those of the frames, so that a change gets past the outer layer.
 *
 * The content ("joined") is what `zstd -dc NAME.pyrec` prints, except that the index has the
 * number of a frame (from 0) wherever it would have its offset. */
#ifndef FZ_FRAMES_H
#define FZ_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tt_craft.h"

/* Appends one frame a field, and a seek table if the last one is a footer. What is no field
 * becomes a frame, too. */
void fz_frames_put(struct tt_bytes *file, const uint8_t *joined, size_t len);
/* The other way; false: it is no whole recording. */
bool fz_frames_join(const uint8_t *file, size_t len, struct tt_bytes *ret_joined);

/* One field of a message as it lies there. */
struct fz_field {
    uint32_t number;
    uint8_t type;            /* protobuf's wire type */
    const uint8_t *at;       /* its tag */
    const uint8_t *payload;  /* of a varint: itself */
    size_t len, payload_len; /* `len` with the tag */
};

/* Takes the next field off the front; false: there is none, or no whole one. */
bool fz_field_next(const uint8_t **at, const uint8_t *end, struct fz_field *ret_field);
bool fz_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret);

#endif
