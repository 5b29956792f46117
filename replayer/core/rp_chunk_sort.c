/* Groups a chunk's changes by frame and slot, and by object: counting sorts, because a
 * chunk of 65,536 events is indexed anew on each jump into it. */
#include "rp_chunk_build.h"

#include <stdlib.h>
#include <string.h>

static int
compare_slots(const void *a, const void *b)
{
    const struct rp_cslot *x = a, *y = b;
    if (x->slot != y->slot) {
        return x->slot < y->slot ? -1 : 1;
    }
    if (x->place != y->place) {
        return x->place < y->place ? -1 : 1;
    }
    return x->value < y->value ? -1 : x->value > y->value;
}

static void
insertion_sort(struct rp_cslot *slot, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct rp_cslot moving = slot[i];
        size_t at = i;
        for (; at > 0 && slot[at - 1].slot > moving.slot; at--) {
            slot[at] = slot[at - 1];
        }
        slot[at] = moving;
    }
}

/* Stable, by slot number. Falls back to qsort where the numbers are wild. */
static bool
sort_frame(struct rp_cslot *slot, size_t count, struct rp_cslot *spare)
{
    if (count <= 24) {
        insertion_sort(slot, count);
        return true;
    }
    uint32_t max = 0;
    for (size_t i = 0; i < count; i++) {
        if (slot[i].slot != RP_SLOT_RESET && slot[i].slot > max) {
            max = slot[i].slot;
        }
    }
    if (max > 4 * count + 64) {
        qsort(slot, count, sizeof *slot, compare_slots);
        return true;
    }
    size_t keys = (size_t)max + 3; /* the last key: RP_SLOT_RESET */
    uint32_t *first = calloc(keys, sizeof *first);
    if (!first) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        first[1 + (slot[i].slot == RP_SLOT_RESET ? max + 1 : slot[i].slot)]++;
    }
    for (size_t i = 1; i < keys; i++) {
        first[i] += first[i - 1];
    }
    for (size_t i = 0; i < count; i++) {
        spare[first[slot[i].slot == RP_SLOT_RESET ? max + 1 : slot[i].slot]++] =
            slot[i];
    }
    memcpy(slot, spare, count * sizeof *slot);
    free(first);
    return true;
}

static bool
sort_slots(struct rp_chunk *chunk)
{
    size_t count = chunk->slot_count;
    struct rp_cslot *sorted = malloc((count + 1) * sizeof *sorted);
    if (!sorted) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        chunk->frame[chunk->slot[i].frame].slot_end++;
    }
    uint32_t first = 0;
    for (uint32_t i = 0; i < chunk->frame_count; i++) {
        struct rp_cframe *frame = &chunk->frame[i];
        frame->slot_first = first;
        first += frame->slot_end;
        frame->slot_end = frame->slot_first;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[chunk->frame[chunk->slot[i].frame].slot_end++] = chunk->slot[i];
    }
    struct rp_cslot *spare = chunk->slot; /* at least `count` long, and free now */
    chunk->slot = sorted;
    bool fine = true;
    for (uint32_t i = 0; i < chunk->frame_count && fine; i++) {
        const struct rp_cframe *frame = &chunk->frame[i];
        if (frame->slot_end > frame->slot_first + 1) {
            fine = sort_frame(sorted + frame->slot_first,
                              frame->slot_end - frame->slot_first, spare);
        }
    }
    free(spare);
    return fine;
}

static bool
sort_objects(struct rp_build *build)
{
    struct rp_chunk *chunk = build->chunk;
    size_t count = build->entry_count;
    chunk->object_first = calloc((size_t)chunk->object_count + 2, sizeof(uint32_t));
    chunk->object_place = malloc((count + 1) * sizeof *chunk->object_place);
    chunk->object_op = malloc((count + 1) * sizeof *chunk->object_op);
    if (!chunk->object_first || !chunk->object_place || !chunk->object_op) {
        return false;
    }
    /* object_first[i + 1] is the running end of object i, which leaves the begin of each
     * in its own place at the end. */
    uint32_t *end = chunk->object_first + 1;
    for (size_t i = 0; i < count; i++) {
        end[build->entry[i].object]++;
    }
    uint32_t first = 0;
    for (uint32_t i = 0; i < chunk->object_count; i++) {
        uint32_t size = end[i];
        end[i] = first;
        first += size;
    }
    for (size_t i = 0; i < count; i++) {
        const struct rp_object_entry *entry = &build->entry[i];
        uint32_t at = end[entry->object]++;
        chunk->object_place[at] = entry->place;
        chunk->object_op[at] = entry->op;
    }
    return true;
}

bool
rp_build_sort(struct rp_build *build)
{
    return sort_slots(build->chunk) && sort_objects(build);
}
