/* Open addressing; ids from a file, so the hash mixes all bits. */
#include "rp_private.h"

#include <stdlib.h>

static size_t
slot_of(const struct rp_map *map, uint64_t key)
{
    uint64_t hash = key;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    hash ^= hash >> 32;
    size_t i = (size_t)hash & (map->cap - 1);
    while (map->entry[i].value != RP_NONE && map->entry[i].key != key) {
        i = (i + 1) & (map->cap - 1);
    }
    return i;
}

uint32_t
rp_map_get(const struct rp_map *map, uint64_t key)
{
    return map->cap ? map->entry[slot_of(map, key)].value : RP_NONE;
}

static bool
map_grow(struct rp_map *map)
{
    struct rp_map bigger = {.cap = map->cap ? map->cap * 2 : 64};
    bigger.entry = malloc(bigger.cap * sizeof *bigger.entry);
    if (!bigger.entry) {
        return false;
    }
    for (size_t i = 0; i < bigger.cap; i++) {
        bigger.entry[i].value = RP_NONE;
    }
    for (size_t i = 0; i < map->cap; i++) {
        if (map->entry[i].value != RP_NONE) {
            bigger.entry[slot_of(&bigger, map->entry[i].key)] = map->entry[i];
        }
    }
    bigger.count = map->count;
    free(map->entry);
    *map = bigger;
    return true;
}

bool
rp_map_put(struct rp_map *map, uint64_t key, uint32_t value)
{
    if ((map->count + 1) * 2 > map->cap && !map_grow(map)) {
        return false;
    }
    size_t i = slot_of(map, key);
    map->count += map->entry[i].value == RP_NONE;
    map->entry[i] = (struct rp_map_entry){key, value};
    return true;
}

void
rp_map_release(struct rp_map *map)
{
    free(map->entry);
    *map = (struct rp_map){0};
}
