#include "tf_map.h"

#include <stdlib.h>
#include <string.h>

#define MAP_FIRST_SLOTS 1024u
/* A table larger than this is given back when the map is cleared and was little used. */
#define MAP_KEEP_SLOTS 65536u

void
tf_map_init(struct tf_map *map)
{
    *map = (struct tf_map){0};
}

void
tf_map_release(struct tf_map *map)
{
    free(map->entry);
    free(map->slot);
    *map = (struct tf_map){0};
}

void
tf_map_clear(struct tf_map *map)
{
    if (map->slot_count > MAP_KEEP_SLOTS && map->count < map->slot_count / 16) {
        tf_map_release(map);
        return;
    }
    if (map->slot != NULL) {
        memset(map->slot, 0, map->slot_count * sizeof *map->slot);
    }
    map->count = 0;
}

static size_t
map_slot_of(const struct tf_map *map, uint64_t key)
{
    size_t at = tf_map_start(map, key);
    while (map->slot[at] != 0 && map->entry[map->slot[at] - 1].key != key) {
        at = (at + 1) & (map->slot_count - 1);
    }
    return at;
}

static bool
map_grow(struct tf_map *map)
{
    size_t slot_count = map->slot_count > 0 ? map->slot_count * 2 : MAP_FIRST_SLOTS;
    if (slot_count > UINT32_MAX / 2) {
        return false;
    }
    struct tf_entry *entry = realloc(map->entry, slot_count / 2 * sizeof *entry);
    if (entry == NULL) {
        return false;
    }
    map->entry = entry;
    map->cap = slot_count / 2;
    uint32_t *slot = calloc(slot_count, sizeof *slot);
    if (slot == NULL) {
        map->cap = map->slot_count / 2;
        return false;
    }
    free(map->slot);
    map->slot = slot;
    map->slot_count = slot_count;
    for (size_t i = 0; i < map->count; i++) {
        map->slot[map_slot_of(map, map->entry[i].key)] = (uint32_t)i + 1;
    }
    return true;
}

struct tf_entry *
tf_map_at_slow(struct tf_map *map, uint64_t key)
{
    if (map->count == map->cap) {
        if (!map_grow(map)) {
            return NULL;
        }
    }
    size_t at = map_slot_of(map, key);
    if (map->slot[at] == 0) {
        map->entry[map->count] = (struct tf_entry){.key = key};
        map->slot[at] = (uint32_t)++map->count;
    }
    return &map->entry[map->slot[at] - 1];
}

/* One pass of a radix sort by the byte at `shift`; false: all have the same there. */
static bool
sort_pass(const struct tf_entry *from, struct tf_entry *to, size_t count,
          unsigned shift)
{
    size_t start[256] = {0};
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        start[(from[i].key >> shift) & 0xff]++;
    }
    if (start[(from[0].key >> shift) & 0xff] == count) {
        return false;
    }
    for (size_t b = 0; b < 256; b++) {
        size_t n = start[b];
        start[b] = sum;
        sum += n;
    }
    for (size_t i = 0; i < count; i++) {
        to[start[(from[i].key >> shift) & 0xff]++] = from[i];
    }
    return true;
}

static int
compare_entries(const void *a, const void *b)
{
    uint64_t x = ((const struct tf_entry *)a)->key,
             y = ((const struct tf_entry *)b)->key;
    return (x > y) - (x < y);
}

bool
tf_map_sort(struct tf_map *map)
{
    if (map->count < 256) {
        if (map->count > 1) {
            qsort(map->entry, map->count, sizeof *map->entry, compare_entries);
        }
        return true;
    }
    struct tf_entry *to = malloc(map->cap * sizeof *to);
    if (to == NULL) {
        return false;
    }
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if (sort_pass(map->entry, to, map->count, shift)) {
            struct tf_entry *from = map->entry;
            map->entry = to;
            to = from;
        }
    }
    free(to);
    return true;
}

const struct tf_entry *
tf_entry_find(const struct tf_entry *entry, size_t count, uint64_t key)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (entry[mid].key < key) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    return low < count && entry[low].key == key ? &entry[low] : NULL;
}
