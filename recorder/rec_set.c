#include "rec_set.h"

#include <stdlib.h>

#include "rec_values.h"

/* Tables with fewer places are looked through. */
#define PLACES_MIN 256u
#define BLOCK      64u

struct rec_slots {
    uint64_t version;
    uint32_t places;
    uint32_t
        count[]; /* a Fenwick tree over the members in each BLOCK places, from 1 on */
};

static inline struct tf_rows *
rows(void)
{
    return &rec.batch->changes;
}

static bool
is_member(const struct rec_val *val)
{
    return val->kind != TF_VAL_UNBOUND;
}

/* --- Counting --- */
static void
count_member(struct rec_slots *slots, uint32_t place, int by)
{
    uint32_t blocks = slots->places / BLOCK;
    for (uint32_t i = place / BLOCK + 1; i <= blocks; i += i & -i) {
        slots->count[i] += (uint32_t)by;
    }
}

static uint32_t
members_before(const struct rec_obj *obj, uint32_t place)
{
    uint32_t sum = 0;
    for (uint32_t i = place / BLOCK; i > 0; i -= i & -i) {
        sum += obj->slots->count[i];
    }
    for (uint32_t i = place / BLOCK * BLOCK; i < place; i++) {
        sum += is_member(&obj->val[i]);
    }
    return sum;
}

/* --- Opening and closing --- */

void
rec_set_open(struct rec_obj *obj)
{
    PyObject *key;
    Py_hash_t hash;
    uint32_t places = rec_py_set_places(obj->addr), left = obj->item_count;
    if (places < PLACES_MIN || obj->by_slot || obj->more != 0 || obj->attr_count > 0
        || (size_t)PySet_GET_SIZE(obj->addr) != left || !rec_obj_reserve(obj, places)) {
        return;
    }
    struct rec_slots *slots =
        calloc(1, sizeof *slots + (places / BLOCK + 1) * sizeof *slots->count);
    if (slots == NULL) {
        return;
    }
    slots->places = places;
    slots->version = rec_py_set_version(obj->addr);
    for (uint32_t i = places; i-- > 0;) {
        if (rec_py_set_at(obj->addr, i, &key, &hash)) {
            obj->val[i] = obj->val[--left];
            count_member(slots, i, 1);
        }
        else {
            obj->val[i] = (struct rec_val){.kind = TF_VAL_UNBOUND};
        }
    }
    obj->slots = slots;
    obj->by_slot = true;
}

size_t
rec_set_places(const struct rec_obj *obj)
{
    return obj->slots->places;
}

void
rec_set_close_slots(struct rec_obj *obj)
{
    struct rec_slots *slots = obj->slots;
    uint32_t count = 0;
    for (uint32_t i = 0; i < slots->places; i++) {
        if (is_member(&obj->val[i])) {
            obj->val[count++] = obj->val[i];
        }
    }
    obj->by_slot = false;
    obj->version = slots->version;
    free(slots);
}

static bool
is_gap(const struct rec_val *val)
{
    return val->kind == TF_VAL_ELIDED && val->note == TF_ELIDE_ITEMS;
}

/* One that was not recorded may be any. */
static bool
is_same_member(const struct rec_val *old, PyObject *key, uint32_t depth)
{
    struct rec_src src = rec_src_obj(key);
    return is_gap(old) ? true
           : old->kind == TF_VAL_REF || old->kind == TF_VAL_ELIDED
               ? rec_value_is_there(old, key, depth)
               : rec_value_same(old, &src, depth);
}

bool
rec_set_is_same(const struct rec_obj *obj)
{
    const struct rec_slots *slots = obj->slots;
    if ((size_t)PySet_GET_SIZE(obj->addr) != obj->item_count
        || slots->version != rec_py_set_version(obj->addr)) {
        return false;
    }
    for (uint32_t i = 0; i < slots->places; i++) {
        PyObject *key;
        Py_hash_t hash;
        bool member = rec_py_set_at(obj->addr, i, &key, &hash);
        if (member != is_member(&obj->val[i])
            || (member && !is_same_member(&obj->val[i], key, obj->depth + 1))) {
            return false;
        }
    }
    return true;
}

/* --- The place that changed --- */
#define NOWHERE UINT32_MAX

static bool
differs_at(const struct rec_obj *obj, uint32_t place)
{
    PyObject *key;
    Py_hash_t hash;
    return rec_py_set_at(obj->addr, place, &key, &hash) != is_member(&obj->val[place]);
}

/* Along the places at which a member with that hash may stand. */
static uint32_t
find_by_hash(const struct rec_obj *obj, Py_hash_t hash)
{
    struct rec_py_probe probe = rec_py_set_probe(obj->addr, hash);
    uint32_t place;
    while (rec_py_set_probe_next(&probe, &place)) {
        if (differs_at(obj, place)) {
            return place;
        }
    }
    return NOWHERE;
}

static uint32_t
find_place(const struct rec_obj *obj, struct rec_hint hint)
{
    uint32_t place = hint.sort == REC_HINT_HASH
                         ? find_by_hash(obj, (Py_hash_t)hint.index)
                         : rec_py_set_popped(obj->addr);
    if (place != NOWHERE && differs_at(obj, place)) {
        return place;
    }
    for (place = 0; place < obj->slots->places; place++) {
        if (differs_at(obj, place)) {
            return place;
        }
    }
    return NOWHERE;
}

/* One member more or less; false: the difference is another. */
static bool
is_one_step(const struct rec_obj *obj, bool *ret_more)
{
    size_t size = (size_t)PySet_GET_SIZE(obj->addr);
    *ret_more = size > obj->item_count;
    return size == (size_t)obj->item_count + 1 || size + 1 == obj->item_count;
}

/* `key` comes to the place; NULL: its member goes. */
static void
step(struct rec_obj *obj, uint32_t place, PyObject *key)
{
    bool more = key != NULL;
    rec_delta_op(TF_OP_ITEM_SPLICE, obj->id, members_before(obj, place));
    tf_rows_u64(rows(), !more);
    tf_rows_u64(rows(), more);
    rec_obj_changed(obj, (size_t)more + 1);
    obj->val[place] = more ? rec_value_emit_obj(key, obj->depth + 1)
                           : (struct rec_val){.kind = TF_VAL_UNBOUND};
    count_member(obj->slots, place, more ? 1 : -1);
    obj->item_count += more ? 1 : UINT32_MAX;
}

static bool
look_at_slots(struct rec_obj *obj, struct rec_hint hint)
{
    PyObject *key;
    Py_hash_t hash;
    struct rec_slots *slots = obj->slots;
    bool more;
    if (slots->version != rec_py_set_version(obj->addr) || !is_one_step(obj, &more)) {
        return false;
    }
    uint32_t place = find_place(obj, hint);
    if (place == NOWHERE || rec_py_set_at(obj->addr, place, &key, &hash) != more) {
        return false;
    }
    step(obj, place, more ? key : NULL);
    return true;
}

bool
rec_set_look_through(struct rec_obj *obj)
{
    if (!obj->by_slot || obj->slots->version != rec_py_set_version(obj->addr)) {
        return false;
    }
    for (uint32_t i = 0; i < obj->slots->places; i++) {
        PyObject *key;
        Py_hash_t hash;
        bool member = rec_py_set_at(obj->addr, i, &key, &hash);
        if (member && is_member(&obj->val[i])
            && is_same_member(&obj->val[i], key, obj->depth + 1)) {
            continue;
        }
        if (is_member(&obj->val[i])) {
            step(obj, i, NULL);
        }
        if (member) {
            step(obj, i, key);
        }
    }
    obj->no_refs = false;
    return true;
}

/* --- Small ones, and those that are not open yet --- */
bool
rec_look_at_set(struct rec_obj *obj, struct rec_hint hint)
{
    if (obj->more != 0 || obj->note != 0 || obj->attr_count > 0) {
        return false;
    }
    if ((size_t)PySet_GET_SIZE(obj->addr) == obj->item_count) {
        return true;
    }
    if (obj->by_slot) {
        return look_at_slots(obj, hint);
    }
    uint64_t version = obj->version;
    bool more;
    if (version == 0 || version != rec_py_set_version(obj->addr)
        || !is_one_step(obj, &more)) {
        return false;
    }
    PyObject *key = NULL;
    Py_hash_t hash;
    Py_ssize_t pos = 0;
    uint32_t i = 0;
    bool found;
    while ((found = rec_py_set_next(obj->addr, &pos, &key, &hash))
           && i < obj->item_count
           && rec_value_is_there(&obj->val[i], key, obj->depth + 1)) {
        i++;
    }
    if ((more && !found) || !rec_obj_open(obj, i, !more, more)) {
        return false;
    }
    if (more) {
        obj->val[i] = rec_value_emit_obj(key, obj->depth + 1);
    }
    obj->version = version;
    rec_set_open(obj);
    return true;
}

/* Shows the members with that hash: one of them may have come. */
static void
show_members(struct rec_obj *obj, Py_hash_t wanted)
{
    struct rec_py_probe probe = rec_py_set_probe(obj->addr, wanted);
    uint32_t place;
    PyObject *key;
    Py_hash_t hash;
    while (rec_py_set_probe_next(&probe, &place)) {
        if (rec_py_set_at(obj->addr, place, &key, &hash) && hash == wanted
            && is_gap(&obj->val[place])) {
            rec_delta_op(TF_OP_ITEM_SET, obj->id, members_before(obj, place));
            obj->val[place] = rec_value_emit_obj(key, obj->depth + 1);
            rec_obj_changed(obj, 1);
        }
    }
}

void
rec_set_fill_gap(struct rec_obj *obj, struct rec_hint hint)
{
    uint64_t total = (uint64_t)obj->item_count + obj->more;
    uint64_t version = obj->version;
    if (obj->by_slot || obj->note != 0 || obj->attr_count > 0 || total > GAP_ITEMS_MAX
        || total != (size_t)PySet_GET_SIZE(obj->addr) || version == 0
        || !rec_obj_fill_gap(obj, total, 0)) {
        return;
    }
    obj->version = version;
    rec_set_open(obj);
    if (obj->by_slot && hint.sort == REC_HINT_HASH) {
        show_members(obj, (Py_hash_t)hint.index);
    }
}
