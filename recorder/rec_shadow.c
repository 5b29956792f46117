#include "rec_shadow.h"

#include <stdlib.h>
#include <string.h>

#define FILTER_BITS 16
#define TABLE_MIN   1024

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
    size_t i = rec_base_hash(base) & table->mask;
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
    size_t i = rec_base_hash(base) & table->mask;
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
        size_t home = rec_base_hash(table->entry[i].base) & table->mask;
        if (((i - home) & table->mask) >= ((i - hole) & table->mask)) {
            table->entry[hole] = table->entry[i];
            hole = i;
        }
    }
    table->entry[hole].base = 0;
    table->used--;
}

/* --- Chains --- */
static bool
index_init(struct rec_index *index, size_t size)
{
    index->head = calloc(size, sizeof *index->head);
    index->mask = size - 1;
    index->count = 0;
    return index->head != NULL;
}

static inline void
index_link(struct rec_index *index, struct rec_link *link)
{
    struct rec_link **head = &index->head[rec_base_hash(link->base) & index->mask];
    link->next = *head;
    *head = link;
    index->count++;
}

static bool
index_grow(struct rec_index *index)
{
    struct rec_index bigger;
    if (!index_init(&bigger, (index->mask + 1) * 2)) {
        return false;
    }
    for (size_t i = 0; i <= index->mask; i++) {
        for (struct rec_link *link = index->head[i], *next; link != NULL; link = next) {
            next = link->next;
            index_link(&bigger, link);
        }
    }
    free(index->head);
    *index = bigger;
    return true;
}

static inline bool
index_add(struct rec_index *index, struct rec_link *link)
{
    if (index->count > index->mask && !index_grow(index)) {
        return false;
    }
    index_link(index, link);
    return true;
}

/* The entry at `base`, only if it is `only` (NULL: any), taken out; NULL if there is none. */
static inline struct rec_link *
index_take(struct rec_index *index, uintptr_t base, const struct rec_link *only)
{
    struct rec_link **at = &index->head[rec_base_hash(base) & index->mask];
    while (*at != NULL && ((*at)->base != base || (only != NULL && *at != only))) {
        at = &(*at)->next;
    }
    struct rec_link *link = *at;
    if (link != NULL) {
        *at = link->next;
        index->count--;
    }
    return link;
}

/* Stuck when full: that only costs time. */
static inline void
count_up(uint8_t *count)
{
    *count += *count != UINT8_MAX;
}

static inline void
count_down(uint8_t *count)
{
    *count -= *count != UINT8_MAX;
}

bool
rec_shadow_init(struct rec_shadow *shadow)
{
    memset(shadow, 0, sizeof *shadow);
    shadow->next_id = 1;
    shadow->filter = calloc((size_t)1 << FILTER_BITS, sizeof *shadow->filter);
    return shadow->filter != NULL && index_init(&shadow->objects, TABLE_MIN)
           && index_init(&shadow->frames, TABLE_MIN)
           && table_init(&shadow->types, TABLE_MIN)
           && table_init(&shadow->owners, TABLE_MIN);
}

/* --- Memory --- */
#define SLAB_BYTES (64u << 10)

/* Entries, or blocks of values of one size: used again, but for their kind only. */
struct rec_slab {
    struct rec_slab *next;
    max_align_t memory[];
};

static const uint8_t val_size[REC_VAL_SIZES] = {2, 4, 6, 8, 12, 16};
/* By how many values are wanted. */
static const uint8_t val_size_of[] = {0, 0, 0, 1, 1, 2, 2, 3, 3,
                                      4, 4, 4, 4, 5, 5, 5, 5};
#define VAL_SMALL (sizeof val_size_of - 1)

static void *
slab_alloc(struct rec_shadow *shadow)
{
    struct rec_slab *slab = calloc(1, sizeof *slab + SLAB_BYTES);
    if (slab == NULL) {
        return NULL;
    }
    slab->next = shadow->slabs;
    shadow->slabs = slab;
    return slab->memory;
}

static struct rec_obj *
obj_alloc(struct rec_shadow *shadow)
{
    if (shadow->free_obj == NULL) {
        struct rec_obj *slab = slab_alloc(shadow);
        for (size_t i = 0; slab != NULL && i < SLAB_BYTES / sizeof *slab; i++) {
            slab[i].link.next = shadow->free_obj;
            shadow->free_obj = &slab[i].link;
        }
        if (slab == NULL) {
            return NULL;
        }
    }
    struct rec_obj *obj = (struct rec_obj *)shadow->free_obj;
    shadow->free_obj = obj->link.next;
    memset(obj, 0, sizeof *obj);
    return obj;
}

static struct rec_val *
val_alloc(struct rec_shadow *shadow, unsigned size)
{
    if (shadow->free_val[size] == NULL) {
        struct rec_val *slab = slab_alloc(shadow);
        size_t count = SLAB_BYTES / sizeof *slab / val_size[size];
        for (size_t i = 0; slab != NULL && i < count; i++) {
            slab[i * val_size[size]].data = (uintptr_t)shadow->free_val[size];
            shadow->free_val[size] = &slab[i * val_size[size]];
        }
        if (slab == NULL) {
            return NULL;
        }
    }
    struct rec_val *val = shadow->free_val[size];
    shadow->free_val[size] = (struct rec_val *)(uintptr_t)val->data;
    return val;
}

static void
val_free(struct rec_shadow *shadow, struct rec_val *val, uint32_t cap)
{
    if (cap > VAL_SMALL) {
        free(val);
    }
    else if (cap > 0) {
        val->data = (uintptr_t)shadow->free_val[val_size_of[cap]];
        shadow->free_val[val_size_of[cap]] = val;
    }
}

static void
give_up_front(struct rec_obj *obj)
{
    obj->val -= obj->front;
    obj->val_cap += obj->front;
    obj->front = 0;
}

/* Keeps the id, by which references to the dead are told from those to the living. */
static void
obj_free(struct rec_shadow *shadow, struct rec_obj *obj)
{
    give_up_front(obj);
    val_free(shadow, obj->val, obj->val_cap);
    if (obj->by_slot) {
        free(obj->slots);
    }
    obj->addr = NULL;
    obj->link.next = shadow->free_obj;
    shadow->free_obj = &obj->link;
}

/* --- Tables --- */
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
    count_up(&shadow->filter[filter_idx(base)].others);
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
    count_down(&shadow->filter[filter_idx(base)].others);
    return value;
}

/* --- Objects and frames --- */

struct rec_obj *
rec_shadow_add(struct rec_shadow *shadow, PyObject *obj)
{
    struct rec_obj *entry = obj_alloc(shadow);
    if (entry == NULL) {
        return NULL;
    }
    entry->link.base = rec_py_base(obj);
    entry->addr = obj;
    if (!index_add(&shadow->objects, &entry->link)) {
        obj_free(shadow, entry);
        return NULL;
    }
    count_up(&shadow->filter[filter_idx(entry->link.base)].objects);
    entry->id = shadow->next_id++;
    return entry;
}

bool
rec_obj_grow(struct rec_shadow *shadow, struct rec_obj *obj, size_t count)
{
    struct rec_val *val;
    size_t cap;
    if (obj->front > 0) {
        bool enough = obj->front > obj->val_cap / 4;
        memmove(obj->val - obj->front, obj->val, obj->val_cap * sizeof *val);
        give_up_front(obj);
        if (enough && count <= obj->val_cap) {
            return true;
        }
    }
    if (count <= VAL_SMALL) {
        cap = val_size[val_size_of[count]];
        val = val_alloc(shadow, val_size_of[count]);
    }
    else {
        cap = obj->val_cap == 0 ? count : count + count / 2;
        bool large = obj->val_cap > VAL_SMALL;
        val = cap > UINT32_MAX ? NULL
              : large          ? realloc(obj->val, cap * sizeof *val)
                               : malloc(cap * sizeof *val);
        if (val != NULL && large) {
            obj->val_cap = 0;
        }
    }
    if (val == NULL) {
        return false;
    }
    if (obj->val_cap > 0) {
        memcpy(val, obj->val, obj->val_cap * sizeof *val);
        val_free(shadow, obj->val, obj->val_cap);
    }
    obj->val = val;
    obj->val_cap = (uint32_t)cap;
    return true;
}

bool
rec_frames_index_add(struct rec_shadow *shadow, struct rec_link *link)
{
    count_up(&shadow->filter[filter_idx(link->base)].others);
    return index_add(&shadow->frames, link);
}

void
rec_frames_index_remove(struct rec_shadow *shadow, struct rec_link *link)
{
    if (index_take(&shadow->frames, link->base, link) != NULL) {
        count_down(&shadow->filter[filter_idx(link->base)].others);
    }
}

static void __attribute__((noinline))
object_died(struct rec_shadow *shadow, uintptr_t base)
{
    struct rec_link *link = index_take(&shadow->objects, base, NULL);
    if (link != NULL) {
        count_down(&shadow->filter[filter_idx(base)].objects);
        obj_free(shadow, (struct rec_obj *)link);
    }
}

static void __attribute__((noinline))
other_died(struct rec_shadow *shadow, uintptr_t base)
{
    rec_shadow_take(shadow, &shadow->owners, base);
    struct rec_type *type = rec_shadow_take(shadow, &shadow->types, base);
    if (type != NULL) {
        shadow->type_died(type);
    }
    struct rec_link *frame = index_take(&shadow->frames, base, NULL);
    if (frame != NULL) {
        count_down(&shadow->filter[filter_idx(base)].others);
        shadow->frame_died(frame);
    }
}

void
rec_shadow_died(struct rec_shadow *shadow, uintptr_t base)
{
    struct rec_seen seen = shadow->filter[filter_idx(base)];
    if (seen.objects != 0) {
        object_died(shadow, base);
    }
    if (seen.others != 0) {
        other_died(shadow, base);
    }
}

void
rec_shadow_drop_all(struct rec_table *table, void (*release)(void *value))
{
    for (size_t i = 0; table->entry != NULL && i <= table->mask; i++) {
        if (table->entry[i].base != 0) {
            table->entry[i].base = 0;
            release(table->entry[i].value);
        }
    }
    table->used = 0;
}

void
rec_index_drop_all(struct rec_index *index, void (*release)(void *entry))
{
    for (size_t i = 0; index->head != NULL && i <= index->mask; i++) {
        struct rec_link *link = index->head[i], *next;
        index->head[i] = NULL;
        for (; link != NULL; link = next) {
            next = link->next;
            release(link);
        }
    }
    index->count = 0;
}

static void
release_values(void *entry)
{
    struct rec_obj *obj = entry;
    give_up_front(obj);
    if (obj->val_cap > VAL_SMALL) {
        free(obj->val);
    }
    if (obj->by_slot) {
        free(obj->slots);
    }
}

void
rec_shadow_release(struct rec_shadow *shadow)
{
    rec_index_drop_all(&shadow->objects, release_values);
    while (shadow->slabs != NULL) {
        struct rec_slab *next = shadow->slabs->next;
        free(shadow->slabs);
        shadow->slabs = next;
    }
    free(shadow->objects.head);
    free(shadow->frames.head);
    free(shadow->types.entry);
    free(shadow->owners.entry);
    free(shadow->filter);
    *shadow = (struct rec_shadow){0};
}
