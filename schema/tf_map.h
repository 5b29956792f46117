/* Counts by key: a hash table whose entries lie in one array, so that they can be sorted
 * and emptied cheaply. Used for the postings. */
#ifndef TF_MAP_H
#define TF_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tf_entry {
    uint64_t key;
    uint64_t hits;  /* lines: EV_LINE events; codes, threads: all; exceptions: raised */
    uint64_t calls; /* codes: EV_START events */
    uint32_t groups; /* above level 0: the children that have it */
};

struct tf_map {
    struct tf_entry *entry;
    size_t count, cap;
    uint32_t *slot; /* place in `entry` + 1, 0 free; a power of two of them */
    size_t slot_count;
};

void tf_map_init(struct tf_map *map);
void tf_map_release(struct tf_map *map);
/* Empty; keeps a moderate amount of memory. */
void tf_map_clear(struct tf_map *map);
/* The entry of `key`, made if it is not there; NULL when memory ran out. Valid until the
 * next call. */
struct tf_entry *tf_map_at_slow(struct tf_map *map, uint64_t key);
/* Sorts the entries by key. The map must be cleared before it is used as a map again. */
bool tf_map_sort(struct tf_map *map);
/* In a sorted array; NULL: not there. */
const struct tf_entry *tf_entry_find(const struct tf_entry *entry, size_t count,
                                     uint64_t key);

/* Fibonacci hashing: the high bits of the product are well mixed. */
static inline size_t
tf_map_start(const struct tf_map *map, uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (map->slot_count - 1);
}

static inline struct tf_entry *
tf_map_at(struct tf_map *map, uint64_t key)
{
    if (map->slot_count > 0) {
        uint32_t place = map->slot[tf_map_start(map, key)];
        if (place != 0 && map->entry[place - 1].key == key) {
            return &map->entry[place - 1];
        }
    }
    return tf_map_at_slow(map, key);
}

#endif
