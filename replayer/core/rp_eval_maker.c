/* Sets and dicts in the making. */
#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"

bool
rp_maker_begin(struct rp_eval *eval, enum tf_category category,
               struct rp_maker *ret_maker)
{
    *ret_maker = (struct rp_maker){0};
    if (!rp_eval_make(eval, category, &ret_maker->object)) {
        return false;
    }
    ret_maker->table.object = ret_maker->object;
    ret_maker->table.run = rp_object_run(ret_maker->object);
    return true;
}

void
rp_maker_release(struct rp_maker *maker)
{
    rp_table_release(&maker->table);
    rp_object_release(maker->object);
    maker->object = NULL;
}

static bool
add_new(struct rp_eval *eval, struct rp_maker *maker, struct rp_value *key,
        struct rp_value *value, uint64_t hash)
{
    struct rp_value spare = {0};
    if (!rp_eval_add(eval, maker->object, key)) {
        rp_value_release(value ? value : &spare);
        return false;
    }
    return (!value || rp_eval_add(eval, maker->object, value))
           && rp_table_grow(eval, &maker->table, hash);
}

bool
rp_maker_put(struct rp_eval *eval, struct rp_maker *maker, struct rp_value *key,
             struct rp_value *value)
{
    uint64_t hash;
    bool known;
    size_t found;
    bool fine = rp_eval_hash(eval, key, &hash, &known)
                && rp_table_find(eval, &maker->table, key, hash, &found);
    if (fine && found == SIZE_MAX) {
        return add_new(eval, maker, key, value, hash);
    }
    rp_value_release(key);
    if (value && fine) {
        struct rp_value *there =
            &maker->object->item[maker->table.run.first + 2 * found + 1];
        rp_value_release(there);
        *there = *value;
    }
    else if (value) {
        rp_value_release(value);
    }
    return fine;
}

bool
rp_maker_has(struct rp_eval *eval, struct rp_maker *maker, const struct rp_value *key,
             bool *ret_has)
{
    uint64_t hash;
    bool known;
    size_t found;
    if (!rp_eval_hash(eval, key, &hash, &known)
        || !rp_table_find(eval, &maker->table, key, hash, &found)) {
        return false;
    }
    *ret_has = found != SIZE_MAX;
    return true;
}

bool
rp_maker_merge(struct rp_eval *eval, struct rp_maker *maker,
               const struct rp_object *dict)
{
    struct rp_run run = rp_object_run(dict);
    bool fine = rp_eval_whole(eval, dict);
    for (size_t i = 0; i < run.count && fine; i++) {
        struct rp_value key, value;
        const struct rp_value *entry = &dict->item[run.first + 2 * i];
        fine = rp_eval_known(eval, entry);
        if (fine) {
            rp_value_copy(&key, entry);
            rp_value_copy(&value, entry + 1);
            fine = rp_maker_put(eval, maker, &key, &value);
        }
    }
    return fine;
}

/* One of the pairs that a dict is made of. */
static bool
put_pair(struct rp_eval *eval, struct rp_maker *maker, struct rp_value *pair,
         uint64_t idx)
{
    struct rp_object *items;
    struct rp_iter *iter = NULL;
    bool scalar = pair->kind != TF_VAL_REF && pair->kind != TF_VAL_STR
                  && pair->kind != TF_VAL_BYTES && pair->kind != RP_VAL_MADE;
    if (scalar) {
        bool known = rp_eval_known(eval, pair);
        rp_value_release(pair);
        return known
               && rp_eval_raise(
                   eval, "TypeError",
                   "cannot convert dictionary update sequence element #%llu to a sequence",
                   (unsigned long long)idx);
    }
    bool fine = rp_iter_of(eval, pair, &iter) && rp_eval_list_of(eval, pair, &items);
    rp_iter_free(iter);
    rp_value_release(pair);
    if (!fine) {
        return false;
    }
    if (items->item_count != 2) {
        rp_eval_raise(
            eval, "ValueError",
            "dictionary update sequence element #%llu has length %zu; 2 is required",
            (unsigned long long)idx, items->item_count);
        rp_object_release(items);
        return false;
    }
    struct rp_value key, value;
    rp_value_copy(&key, &items->item[0]);
    rp_value_copy(&value, &items->item[1]);
    rp_object_release(items);
    return rp_maker_put(eval, maker, &key, &value);
}

static bool
update_by_items(struct rp_eval *eval, struct rp_maker *maker,
                const struct rp_value *from, bool dict)
{
    struct rp_iter *iter;
    if (!rp_iter_of(eval, from, &iter)) {
        return false;
    }
    bool fine = true, more = true;
    for (uint64_t i = 0; fine && more; i++) {
        struct rp_value item;
        fine = rp_iter_next(eval, iter, &item, &more);
        if (fine && more) {
            fine = dict ? put_pair(eval, maker, &item, i)
                        : rp_maker_put(eval, maker, &item, NULL);
        }
    }
    rp_iter_free(iter);
    return fine;
}

bool
rp_maker_update(struct rp_eval *eval, struct rp_maker *maker,
                const struct rp_value *from)
{
    bool dict = rp_category_is_dict(maker->object->category);
    struct rp_object *object = NULL;
    if (!rp_eval_known(eval, from)
        || (dict && from->kind == TF_VAL_REF && !rp_eval_object(eval, from, &object))) {
        return false;
    }
    bool merge = object && rp_category_is_dict(object->category);
    bool fine = merge ? rp_maker_merge(eval, maker, object)
                      : update_by_items(eval, maker, from, dict);
    rp_object_release(object);
    return fine;
}

/* --- The order of a set --- */

#define LINEAR_PROBES 9u
#define PERTURB_SHIFT 5

/* Objects/setobject.c: the first free place (set_add_entry, set_insert_clean). */
static size_t
free_place(const uint32_t *table, size_t mask, uint64_t hash)
{
    uint64_t perturb = hash;
    size_t i = (size_t)hash & mask;
    for (;;) {
        size_t probes = i + LINEAR_PROBES <= mask ? LINEAR_PROBES : 0;
        for (size_t k = 0; k <= probes; k++) {
            if (!table[i + k]) {
                return i + k;
            }
        }
        perturb >>= PERTURB_SHIFT;
        i = (i * 5 + 1 + (size_t)perturb) & mask;
    }
}

/* Places of the items in the order of the table; `order` holds the order in which they
 * are added, and then the other. */
static bool
table_order(const uint64_t *hash, uint32_t *order, size_t count)
{
    size_t mask = 7, fill = 0;
    uint32_t *table = calloc(mask + 1, sizeof *table);
    for (size_t i = 0; table && i < count; i++) {
        table[free_place(table, mask, hash[order[i]])] = order[i] + 1;
        if (++fill * 5 < mask * 3) {
            continue;
        }
        size_t size = 8, used = fill > 50000 ? fill * 2 : fill * 4;
        while (size <= used) {
            size *= 2;
        }
        uint32_t *larger = calloc(size, sizeof *larger);
        for (size_t k = 0; larger && k <= mask; k++) {
            if (table[k]) {
                larger[free_place(larger, size - 1, hash[table[k] - 1])] = table[k];
            }
        }
        free(table);
        table = larger;
        mask = size - 1;
    }
    size_t at = 0;
    for (size_t k = 0; table && k <= mask; k++) {
        if (table[k]) {
            order[at++] = table[k] - 1;
        }
    }
    bool fine = table != NULL;
    free(table);
    return fine;
}

static bool
reorder(struct rp_eval *eval, struct rp_maker *maker)
{
    size_t count = maker->object->item_count;
    uint32_t *order = malloc((count + 1) * sizeof *order);
    struct rp_value *item = malloc((count + 1) * sizeof *item);
    bool fine = order && item;
    for (size_t i = 0; fine && i < count; i++) {
        order[i] = (uint32_t)i;
    }
    fine = fine && table_order(maker->table.hash, order, count);
    for (size_t i = 0; fine && i < count; i++) {
        item[i] = maker->object->item[order[i]];
    }
    if (fine) {
        memcpy(maker->object->item, item, count * sizeof *item);
    }
    free(order);
    free(item);
    return fine || rp_eval_memory(eval);
}

bool
rp_maker_end(struct rp_eval *eval, struct rp_maker *maker, struct rp_value *ret_value)
{
    bool known = rp_is_set(maker->object);
    for (size_t i = 0; i < maker->object->item_count && known; i++) {
        uint64_t hash;
        if (!rp_eval_hash(eval, &maker->object->item[i], &hash, &known)) {
            return false;
        }
    }
    if (known && !reorder(eval, maker)) {
        return false;
    }
    rp_value_set_object(ret_value, maker->object);
    maker->object = NULL;
    rp_table_release(&maker->table);
    return true;
}
