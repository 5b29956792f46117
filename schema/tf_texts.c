/* The table of texts of one `Ops`: open addressing over XXH3 hashes, verified by the
 * bytes, so that a collision costs time and nothing else. */
#include "tf_texts.h"

#include <stdlib.h>
#include <xxhash.h>

#include "tf_limits.h"

#define TEXTS_FIRST_SLOTS 256u

void
tf_texts_clear(struct tf_texts *texts)
{
    if (texts->count > 0) {
        memset(texts->slot, 0, texts->slot_count * sizeof *texts->slot);
    }
    texts->count = 0;
    texts->table.len = 0;
}

void
tf_texts_release(struct tf_texts *texts)
{
    tf_blob_release(&texts->table);
    free(texts->place);
    free(texts->slot);
    *texts = (struct tf_texts){0};
}

static size_t
texts_slot_of(const struct tf_texts *texts, uint64_t hash, const uint8_t *bytes,
              size_t len)
{
    size_t mask = texts->slot_count - 1;
    size_t at = (size_t)hash & mask;
    for (; texts->slot[at] != 0; at = (at + 1) & mask) {
        const struct tf_text_place *place = &texts->place[texts->slot[at] - 1];
        if (place->hash == hash && place->len == len
            && (len == 0 || memcmp(texts->table.data + place->off, bytes, len) == 0)) {
            break;
        }
    }
    return at;
}

static size_t
texts_free_slot(const struct tf_texts *texts, uint64_t hash)
{
    size_t at = (size_t)hash & (texts->slot_count - 1);
    while (texts->slot[at] != 0) {
        at = (at + 1) & (texts->slot_count - 1);
    }
    return at;
}

static bool
texts_grow(struct tf_texts *texts)
{
    size_t slot_count =
        texts->slot_count > 0 ? texts->slot_count * 2 : TEXTS_FIRST_SLOTS;
    if (slot_count > UINT32_MAX / 2) {
        return false;
    }
    struct tf_text_place *place = realloc(texts->place, slot_count / 2 * sizeof *place);
    if (place == NULL) {
        return false;
    }
    texts->place = place;
    uint32_t *slot = calloc(slot_count, sizeof *slot);
    if (slot == NULL) {
        return false;
    }
    free(texts->slot);
    texts->slot = slot;
    texts->slot_count = slot_count;
    texts->cap = slot_count / 2;
    for (size_t i = 0; i < texts->count; i++) {
        texts->slot[texts_free_slot(texts, place[i].hash)] = (uint32_t)i + 1;
    }
    return true;
}

bool
tf_texts_add(struct tf_texts *texts, const uint8_t *bytes, size_t len,
             uint32_t *ret_idx)
{
    uint64_t hash = XXH3_64bits(bytes, len);
    if (texts->count == texts->cap && !texts_grow(texts)) {
        return false;
    }
    size_t at = texts_slot_of(texts, hash, bytes, len);
    if (texts->slot[at] == 0) {
        if (!tf_blob_field(&texts->table, TF_OPS_TABLE, bytes, len)) {
            return false;
        }
        texts->place[texts->count] =
            (struct tf_text_place){hash, texts->table.len - len, len};
        texts->slot[at] = (uint32_t)++texts->count;
    }
    *ret_idx = texts->slot[at] - 1;
    return true;
}
