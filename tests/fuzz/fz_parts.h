/* A recording that was not finished and its tail, made of parts that a fuzzer changes, with
 * checksums that hold: fz_files.c has the layout of a part. FORMAT.md, section 14, has that
 * of a tail. */
#ifndef FZ_PARTS_H
#define FZ_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "tt_craft.h"

/* What a part is, beside the areas of a slot (0 to 3). In slot 31 area 0 is the recording's
 * content; without one it is a header, of the time before the first event. */
enum { FZ_PART_SEQ = 4, FZ_PART_LOOSE = 5, FZ_PART_PATCH = 6, FZ_PART_SIGNAL = 7 };

#define FZ_PARTS_RECORDING 31u

void fz_parts_make(const uint8_t *data, size_t len, struct tt_bytes *recording,
                   struct tt_bytes *tail);
/* The other way: the parts of a recording and its tail. */
void fz_parts_take(const uint8_t *recording, size_t recording_len, const uint8_t *tail,
                   size_t tail_len, struct tt_bytes *parts);

#endif
