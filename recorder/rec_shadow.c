#include "rec_shadow.h"

#include <stdlib.h>
#include <string.h>

#define FILTER_BITS 16
#define TABLE_MIN   1024

/* Blocks are 16-byte aligned; the multiplication spreads what is left. */
static inline size_t
base_hash(uintptr_t base)
{
    return (size_t)((base >> 4) * 0x9E3779B97F4A7C15u >> 20);
}

static inline size_t
filter_idx(uintptr_t base)
{
    return (base >> 4) & ((1u << FILTER_BITS) - 1);
}

static bool
table_init(struct rec_table *table, size_t size)
{
    table->entry = calloc(size, sizeof *table->entry);
    table->mask = size - 1;
    table->used = 0;
    return table->entry != NULL;
}

static struct rec_entry *
table_find(const struct rec_table *table, uintptr_t base)
{
    size_t i = base_hash(base) & table->mask;
    while (table->entry[i].base != base) {
        if (table->entry[i].base == 0) {
            return NULL;
        }
        i = (i + 1) & table->mask;
    }
    return &table->entry[i];
}

static void
table_insert(struct rec_table *table, uintptr_t base, void *value)
{
    size_t i = base_hash(base) & table->mask;
    while (table->entry[i].base != 0) {
        i = (i + 1) & table->mask;
    }
    table->entry[i] = (struct rec_entry){base, value};
    table->used++;
}

static bool
table_resize(struct rec_table *table, size_t size)
{
    struct rec_table bigger;
    if (!table_init(&bigger, size)) {
        return false;
    }
    for (size_t i = 0; i <= table->mask; i++) {
        if (table->entry[i].base != 0) {
            table_insert(&bigger, table->entry[i].base, table->entry[i].value);
        }
    }
    free(table->entry);
    *table = bigger;
    return true;
}

/* Removes by moving back what follows in the same run, so that no tombstones pile up. */
static void
table_remove(struct rec_table *table, struct rec_entry *entry)
{
    size_t hole = (size_t)(entry - table->entry);
    size_t i = hole;
    for (;;) {
        i = (i + 1) & table->mask;
        if (table->entry[i].base == 0) {
            break;
        }
        size_t home = base_hash(table->entry[i].base) & table->mask;
        if (((i - home) & table->mask) >= ((i - hole) & table->mask)) {
            table->entry[hole] = table->entry[i];
            hole = i;
        }
    }
    table->entry[hole].base = 0;
    table->used--;
}

bool
rec_shadow_init(struct rec_shadow *shadow)
{
    memset(shadow, 0, sizeof *shadow);
    shadow->next_id = 1;
    shadow->filter = calloc((size_t)1 << FILTER_BITS, 1);
    return shadow->filter != NULL && table_init(&shadow->objects, TABLE_MIN)
           && table_init(&shadow->types, TABLE_MIN)
           && table_init(&shadow->frames, TABLE_MIN)
           && table_init(&shadow->owners, TABLE_MIN);
}

/* --- Entries --- */
#define SLAB_OBJECTS 256

struct rec_slab {
    struct rec_slab *next;
    struct rec_obj obj[SLAB_OBJECTS];
};

static struct rec_obj *
obj_alloc(struct rec_shadow *shadow)
{
    if (shadow->free_obj == NULL) {
        struct rec_slab *slab = calloc(1, sizeof *slab);
        if (slab == NULL) {
            return NULL;
        }
        slab->next = shadow->slabs;
        shadow->slabs = slab;
        for (size_t i = 0; i < SLAB_OBJECTS; i++) {
            slab->obj[i].val = (struct rec_val *)shadow->free_obj;
            shadow->free_obj = &slab->obj[i];
        }
    }
    struct rec_obj *obj = shadow->free_obj;
    shadow->free_obj = (struct rec_obj *)obj->val;
    memset(obj, 0, sizeof *obj);
    return obj;
}

/* Keeps the id, by which references to the dead are told from those to the living. */
static void
obj_free(struct rec_shadow *shadow, struct rec_obj *obj)
{
    free(obj->val);
    obj->addr = NULL;
    obj->val = (struct rec_val *)shadow->free_obj;
    shadow->free_obj = obj;
}

void *
rec_shadow_get(const struct rec_shadow *shadow, const struct rec_table *table,
               uintptr_t base)
{
    (void)shadow;
    struct rec_entry *entry = table_find(table, base);
    return entry != NULL ? entry->value : NULL;
}

bool
rec_shadow_put(struct rec_shadow *shadow, struct rec_table *table, uintptr_t base,
               void *value)
{
    return rec_shadow_swap(shadow, table, base, &value);
}

bool
rec_shadow_swap(struct rec_shadow *shadow, struct rec_table *table, uintptr_t base,
                void **value)
{
    struct rec_entry *entry = table_find(table, base);
    if (entry != NULL) {
        void *before = entry->value;
        entry->value = *value;
        *value = before;
        return true;
    }
    if (table->used * 2 > table->mask && !table_resize(table, (table->mask + 1) * 2)) {
        return false;
    }
    table_insert(table, base, *value);
    *value = NULL;
    uint8_t *count = &shadow->filter[filter_idx(base)];
    *count += *count != UINT8_MAX; /* stuck when full: only costs time */
    return true;
}

void *
rec_shadow_take(struct rec_shadow *shadow, struct rec_table *table, uintptr_t base)
{
    return rec_shadow_take_if(shadow, table, base, NULL);
}

void *
rec_shadow_take_if(struct rec_shadow *shadow, struct rec_table *table, uintptr_t base,
                   const void *only)
{
    struct rec_entry *entry = table_find(table, base);
    if (entry == NULL || (only != NULL && entry->value != only)) {
        return NULL;
    }
    void *value = entry->value;
    table_remove(table, entry);
    uint8_t *count = &shadow->filter[filter_idx(base)];
    *count -= *count != UINT8_MAX;
    return value;
}

struct rec_obj *
rec_shadow_find(const struct rec_shadow *shadow, PyObject *obj)
{
    struct rec_entry *entry = table_find(&shadow->objects, rec_py_base(obj));
    return entry != NULL ? entry->value : NULL;
}

struct rec_obj *
rec_shadow_add(struct rec_shadow *shadow, PyObject *obj)
{
    struct rec_obj *entry = obj_alloc(shadow);
    if (entry == NULL) {
        return NULL;
    }
    entry->base = rec_py_base(obj);
    entry->addr = obj;
    if (!rec_shadow_put(shadow, &shadow->objects, entry->base, entry)) {
        obj_free(shadow, entry);
        return NULL;
    }
    entry->id = shadow->next_id++;
    return entry;
}

bool
rec_obj_reserve(struct rec_obj *obj, size_t count)
{
    if (count <= obj->val_cap) {
        return true;
    }
    size_t cap = count < 4 && obj->val_cap > 0 ? 8 : count + count / 2;
    struct rec_val *val = realloc(obj->val, cap * sizeof *val);
    if (val == NULL || cap > UINT32_MAX) {
        return false;
    }
    obj->val = val;
    obj->val_cap = (uint32_t)cap;
    return true;
}

static void __attribute__((noinline))
died_slow(struct rec_shadow *shadow, uintptr_t base)
{
    struct rec_obj *obj = rec_shadow_take(shadow, &shadow->objects, base);
    if (obj != NULL) {
        obj_free(shadow, obj);
    }
    rec_shadow_take(shadow, &shadow->owners, base);
    struct rec_type *type = rec_shadow_take(shadow, &shadow->types, base);
    if (type != NULL) {
        shadow->type_died(type);
    }
    void *frame = rec_shadow_take(shadow, &shadow->frames, base);
    if (frame != NULL) {
        shadow->frame_died(frame);
    }
}

void
rec_shadow_died(struct rec_shadow *shadow, uintptr_t base)
{
    if (shadow->filter[filter_idx(base)] != 0) {
        died_slow(shadow, base);
    }
}
