#include "fz_parts.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fz_frames.h"
#include "fz_look.h"
#include "tf_tail.h"

enum { FIELD_HEADER = 1, HEADER_UUID = 4, HEADER_TAIL_EVENTS = 18 };

struct part {
    unsigned what, slot;
    const uint8_t *data;
    size_t len;
};

static bool
part_next(const uint8_t **at, const uint8_t *end, struct part *ret)
{
    if (end - *at < 3) {
        return false;
    }
    const uint8_t *head = *at;
    size_t len = head[1] | (size_t)head[2] << 8, left = (size_t)(end - head) - 3;
    *ret = (struct part){.what = head[0] & 7,
                         .slot = head[0] >> 3,
                         .data = head + 3,
                         .len = len < left ? len : left};
    *at = ret->data + ret->len;
    return true;
}

/* --- the recording --- */

/* The header of the sample, as long as nothing else is written. */
static void
put_header(struct tt_bytes *joined)
{
    const uint8_t *at = fz_base()->data, *end = at + fz_base()->len;
    struct fz_field field;
    struct tt_bytes header = {NULL, 0};
    if (!fz_field_next(&at, end, &field)) {
        abort();
    }
    tt_put(&header, field.payload, field.payload_len);
    tt_put_u64(&header, HEADER_TAIL_EVENTS, 65536);
    tt_put_message(joined, FIELD_HEADER, &header);
}

static void
find_uuid(const struct tt_bytes *joined, uint8_t uuid[16])
{
    const uint8_t *at = joined->data, *end = at + joined->len;
    struct fz_field header, field;
    memset(uuid, 0, 16);
    if (!fz_field_next(&at, end, &header) || header.type != 2) {
        return;
    }
    at = header.payload;
    end = at + header.payload_len;
    while (fz_field_next(&at, end, &field)) {
        if (field.number == HEADER_UUID && field.type == 2 && field.payload_len == 16) {
            memcpy(uuid, field.payload, 16);
        }
    }
}

/* --- the tail --- */
struct making {
    uint8_t front[TF_TAIL_DATA_OFF];
    struct tt_bytes area[TF_TAIL_SLOTS_MAX][TF_TAIL_AREA_COUNT];
    struct tf_tail_slot slot[TF_TAIL_SLOTS_MAX];
    uint64_t end[TF_TAIL_SLOTS_MAX][TF_TAIL_AREA_COUNT]; /* of what is sealed */
    uint32_t signal;
};

static void
seal(struct making *making, unsigned slot, unsigned area)
{
    const struct tt_bytes *bytes = &making->area[slot][area];
    uint64_t *end = &making->end[slot][area];
    struct tf_tail_seal seal = {.area = area,
                                .end = bytes->len,
                                .check = tf_tail_check(bytes->data + *end,
                                                       bytes->len - (size_t)*end,
                                                       making->slot[slot].batch, area)};
    *end = bytes->len;
    tt_put(&making->area[slot][TF_TAIL_SEALS], &seal, sizeof seal);
    making->slot[slot].seal_count++;
}

static void
take_part(struct making *making, const struct part *part)
{
    struct tf_tail_slot *slot = &making->slot[part->slot];
    uint64_t number = 0;
    memcpy(&number, part->data, part->len < 8 ? part->len : 8);
    switch (part->what) {
    case FZ_PART_SEQ: slot->first_seq = number; break;
    case FZ_PART_SIGNAL:
        making->signal = (uint32_t)number;
        slot->left = part->slot & 1;
        break;
    case FZ_PART_LOOSE: /* changes without a checksum */
        slot->batch = part->slot + 1;
        tt_put(&making->area[part->slot][TF_TAIL_CHANGES], part->data, part->len);
        break;
    case FZ_PART_PATCH: break; /* at the end */
    default:
        slot->batch = part->slot + 1;
        tt_put(&making->area[part->slot][part->what], part->data, part->len);
        if (part->len > 0) {
            seal(making, part->slot, part->what);
        }
        break;
    }
}

static void
put_areas(struct making *making, struct tf_tail_head *head, struct tt_bytes *data)
{
    for (unsigned slot = 0; slot < TF_TAIL_SLOTS_MAX; slot++) {
        making->slot[slot].changes_bytes = making->area[slot][TF_TAIL_CHANGES].len;
        for (unsigned area = 0; area < TF_TAIL_AREA_COUNT; area++) {
            struct tt_bytes *bytes = &making->area[slot][area];
            struct tf_tail_extent extent = {.slot = slot,
                                            .area = area,
                                            .off = TF_TAIL_DATA_OFF + data->len,
                                            .bytes = bytes->len};
            extent.check =
                tf_tail_check(&extent, offsetof(struct tf_tail_extent, check), 0, 0);
            if (bytes->len > 0 && head->extent_count < TF_TAIL_EXTENTS_MAX) {
                memcpy(making->front + TF_TAIL_EXTENT_OFF
                           + head->extent_count++ * sizeof extent,
                       &extent, sizeof extent);
                tt_put(data, bytes->data, bytes->len);
            }
            tt_bytes_free(bytes);
        }
    }
    memcpy(making->front + TF_TAIL_SLOT_OFF, making->slot, sizeof making->slot);
}

/* Bytes of the front that are other ones: a place (2 bytes), then what stands there. */
static void
patch(struct making *making, const struct part *part)
{
    size_t off = part->len < 2 ? 0 : part->data[0] | (size_t)part->data[1] << 8;
    if (part->len > 2 && off + part->len - 2 <= sizeof making->front) {
        memcpy(making->front + off, part->data + 2, part->len - 2);
    }
}

static void
put_tail(struct making *making, const uint8_t uuid[16], const uint8_t *data, size_t len,
         struct tt_bytes *tail)
{
    struct tf_tail_head head = {.magic = TF_TAIL_MAGIC,
                                .version = TF_TAIL_VERSION,
                                .slot_count = TF_TAIL_SLOTS_MAX,
                                .signal = making->signal};
    struct tt_bytes areas = {NULL, 0};
    const uint8_t *at = data, *end = data + len;
    struct part part;
    memcpy(head.uuid, uuid, 16);
    head.check = tf_tail_check(&head, offsetof(struct tf_tail_head, check), 0, 0);
    put_areas(making, &head, &areas);
    memcpy(making->front, &head, sizeof head);
    while (len > 0 && part_next(&at, end, &part)) {
        if (part.what == FZ_PART_PATCH) {
            patch(making, &part);
        }
    }
    tt_put(tail, making->front, sizeof making->front);
    tt_put(tail, areas.data, areas.len);
    tt_bytes_free(&areas);
}

void
fz_parts_make(const uint8_t *data, size_t len, struct tt_bytes *recording,
              struct tt_bytes *tail)
{
    struct making *making = calloc(1, sizeof *making);
    struct tt_bytes joined = {NULL, 0};
    const uint8_t *at = data, *end = data + len;
    struct part part;
    uint8_t uuid[16];
    for (unsigned slot = 0; slot < TF_TAIL_SLOTS_MAX; slot++) {
        making->slot[slot].first_seq = 1;
    }
    while (len > 0 && part_next(&at, end, &part)) {
        if (part.slot == FZ_PARTS_RECORDING && part.what == 0) {
            tt_put(&joined, part.data, part.len);
        }
        else {
            take_part(making, &part);
        }
    }
    if (joined.len == 0) {
        put_header(&joined);
    }
    find_uuid(&joined, uuid);
    fz_frames_put(recording, joined.data, joined.len);
    put_tail(making, uuid, data, len, tail);
    tt_bytes_free(&joined);
    free(making);
}

/* --- the other way --- */
static void
put_part(struct tt_bytes *parts, unsigned slot, unsigned what, const uint8_t *data,
         size_t len)
{
    while (len > 0) {
        size_t now = len < 0xffff ? len : 0xffff;
        uint8_t head[3] = {(uint8_t)(slot << 3 | what), (uint8_t)now,
                           (uint8_t)(now >> 8)};
        tt_put(parts, head, sizeof head);
        tt_put(parts, data, now);
        data += now;
        len -= now;
    }
}

static void
take_slot(const uint8_t *tail, size_t tail_len, unsigned slot, unsigned extent_count,
          struct tt_bytes *parts)
{
    struct tf_tail_slot head;
    size_t changes = 0;
    memcpy(&head, tail + TF_TAIL_SLOT_OFF + slot * sizeof head, sizeof head);
    if (head.batch == 0) {
        return;
    }
    put_part(parts, slot, FZ_PART_SEQ, (const uint8_t *)&head.first_seq, 8);
    for (unsigned i = 0; i < extent_count; i++) {
        struct tf_tail_extent extent;
        memcpy(&extent, tail + TF_TAIL_EXTENT_OFF + i * sizeof extent, sizeof extent);
        if (extent.slot != slot || extent.area >= TF_TAIL_SEALS
            || extent.off + extent.bytes > tail_len) {
            continue;
        }
        size_t len = (size_t)extent.bytes;
        const uint8_t *data = tail + extent.off;
        if (extent.area == TF_TAIL_CHANGES) {
            len = len < head.changes_bytes - changes
                      ? len
                      : (size_t)head.changes_bytes - changes;
            changes += len;
        }
        else { /* what is reserved is 0 behind what was written */
            while (len > 0 && data[len - 1] == 0) {
                len--;
            }
        }
        put_part(parts, slot, extent.area, data, len);
    }
}

void
fz_parts_take(const uint8_t *recording, size_t recording_len, const uint8_t *tail,
              size_t tail_len, struct tt_bytes *parts)
{
    struct tt_bytes joined = {NULL, 0};
    struct tf_tail_head head;
    fz_frames_join(recording, recording_len, &joined); /* as much as is whole */
    put_part(parts, FZ_PARTS_RECORDING, 0, joined.data, joined.len);
    tt_bytes_free(&joined);
    if (tail_len < TF_TAIL_DATA_OFF) {
        return;
    }
    memcpy(&head, tail, sizeof head);
    for (unsigned slot = 0; slot < TF_TAIL_SLOTS_MAX && slot < head.slot_count;
         slot++) {
        take_slot(tail, tail_len, slot, head.extent_count, parts);
    }
}
