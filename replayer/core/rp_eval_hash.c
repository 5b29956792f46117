/* Hashes, and finding by value. CPython's own hashes where they do not depend on the run
 * (Python/pyhash.c, Objects/tupleobject.c, Objects/setobject.c; 3.8 to 3.13). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"

#define HASH_BITS    61
#define HASH_MODULUS (((uint64_t)1 << HASH_BITS) - 1)
#define HASH_INF     314159u
#define HASH_IMAG    1000003u

static uint64_t
not_minus_one(uint64_t hash)
{
    return hash == UINT64_MAX ? UINT64_MAX - 1 : hash;
}

static uint64_t
hash_small(int64_t n)
{
    uint64_t size = (n < 0 ? -(uint64_t)n : (uint64_t)n) % HASH_MODULUS;
    return not_minus_one(n < 0 ? -size : size);
}

static bool
hash_big(struct rp_eval *eval, const struct rp_value *value, uint64_t *ret_hash)
{
    struct rp_int n;
    if (!rp_int_of(value, &n)) {
        return rp_eval_memory(eval);
    }
    uint64_t hash = 0;
    for (size_t i = n.count; i-- > 0;) {
        unsigned __int128 next = (unsigned __int128)hash << 32 | n.limb[i];
        hash = (uint64_t)(next % HASH_MODULUS);
    }
    hash = n.negative ? -hash : hash;
    rp_int_release(&n);
    *ret_hash = not_minus_one(hash);
    return true;
}

/* _Py_HashDouble. */
static uint64_t
hash_real(double real, bool *known)
{
    if (isnan(real)) {
        *known = false;
        return 0;
    }
    if (isinf(real)) {
        return real > 0 ? HASH_INF : -(uint64_t)HASH_INF;
    }
    int exponent;
    double part = frexp(fabs(real), &exponent);
    uint64_t hash = 0;
    while (part != 0) {
        hash = ((hash << 28) & HASH_MODULUS) | hash >> (HASH_BITS - 28);
        part *= 268435456.0;
        exponent -= 28;
        uint64_t whole = (uint64_t)part;
        part -= (double)whole;
        hash += whole;
        hash -= hash >= HASH_MODULUS ? HASH_MODULUS : 0;
    }
    exponent = exponent >= 0 ? exponent % HASH_BITS
                             : HASH_BITS - 1 - ((-1 - exponent) % HASH_BITS);
    hash = ((hash << exponent) & HASH_MODULUS) | hash >> (HASH_BITS - exponent);
    return not_minus_one(real < 0 ? -hash : hash);
}

static uint64_t
hash_text(struct tf_text text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3u;
    }
    return hash ^ hash >> 29;
}

static bool
hash_scalar(struct rp_eval *eval, const struct rp_value *value, uint64_t *ret_hash,
            bool *ret_known)
{
    *ret_known = true;
    switch (value->kind) {
    case TF_VAL_FALSE:
    case TF_VAL_TRUE: *ret_hash = value->kind == TF_VAL_TRUE; return true;
    case TF_VAL_INT: *ret_hash = hash_small(value->integer); return true;
    case TF_VAL_BIGINT: return hash_big(eval, value, ret_hash);
    case TF_VAL_FLOAT: *ret_hash = hash_real(value->real, ret_known); return true;
    case TF_VAL_COMPLEX:
        *ret_hash = not_minus_one(hash_real(value->real, ret_known)
                                  + HASH_IMAG * hash_real(value->imag, ret_known));
        return true;
    case TF_VAL_NONE: /* a constant from 3.12 on, an address before */
        *ret_known = eval->rp->facts.header->python_hex >= 0x030c0000;
        *ret_hash = 0xfca86420u;
        return true;
    case TF_VAL_STR:
    case TF_VAL_BYTES: {
        struct tf_text text = rp_value_bytes(value);
        *ret_known = text.len == 0;
        *ret_hash = text.len ? hash_text(text) : 0;
        return true;
    }
    default:
        *ret_known = false;
        *ret_hash = (uint64_t)value->kind * 0x9e3779b97f4a7c15u;
        return rp_eval_known(eval, value);
    }
}

static uint64_t
rotate(uint64_t n, unsigned bits)
{
    return n << bits | n >> (64 - bits);
}

static bool
hash_tuple(struct rp_eval *eval, const struct rp_object *tuple, uint64_t *ret_hash,
           bool *ret_known)
{
    uint64_t hash = 2870177450012600261u;
    *ret_known = true;
    if (!rp_eval_whole(eval, tuple)) {
        return false;
    }
    for (size_t i = 0; i < tuple->item_count; i++) {
        uint64_t item;
        bool known;
        if (!rp_eval_hash(eval, &tuple->item[i], &item, &known)) {
            return false;
        }
        *ret_known &= known;
        hash = rotate(hash + item * 14029467366897019727u, 31) * 11400714785074694791u;
    }
    hash += tuple->item_count ^ (2870177450012600261u ^ 3527539u);
    *ret_hash = hash == UINT64_MAX ? 1546275796u : hash;
    return true;
}

static bool
hash_frozenset(struct rp_eval *eval, const struct rp_object *set, uint64_t *ret_hash,
               bool *ret_known)
{
    uint64_t hash = 0;
    *ret_known = true;
    if (!rp_eval_whole(eval, set)) {
        return false;
    }
    for (size_t i = 0; i < set->item_count; i++) {
        uint64_t item;
        bool known;
        if (!rp_eval_hash(eval, &set->item[i], &item, &known)) {
            return false;
        }
        *ret_known &= known;
        hash ^= ((item ^ 89869747u) ^ (item << 16)) * 3644798167u;
    }
    hash ^= (set->item_count + 1) * 1927868237u;
    hash ^= hash >> 11 ^ hash >> 25;
    hash = hash * 69069u + 907133923u;
    *ret_hash = hash == UINT64_MAX ? 590923713u : hash;
    return true;
}

static bool
hash_items(struct rp_eval *eval, const struct rp_object *object, uint64_t *ret_hash)
{
    uint64_t hash = object->category;
    for (size_t i = 0; i < object->item_count; i++) {
        uint64_t item;
        bool known;
        if (!rp_eval_hash(eval, &object->item[i], &item, &known)) {
            return false;
        }
        hash = rotate(hash, 7) * 31 + item;
    }
    *ret_hash = hash;
    return true;
}

static bool
hash_object(struct rp_eval *eval, const struct rp_value *value,
            const struct rp_object *object, uint64_t *ret_hash, bool *ret_known)
{
    const struct rp_value *plain = rp_plain_of(eval->rp, object, value);
    if (plain->kind != TF_VAL_REF) {
        return hash_scalar(eval, plain, ret_hash, ret_known);
    }
    *ret_known = false;
    *ret_hash = object->id * 0x9e3779b97f4a7c15u;
    if (rp_view_of(object) == RP_VIEW_VALUES) {
        return true; /* by identity */
    }
    switch (object->category) {
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE: return hash_tuple(eval, object, ret_hash, ret_known);
    case TF_CAT_FROZENSET: return hash_frozenset(eval, object, ret_hash, ret_known);
    case TF_CAT_LIST:
    case TF_CAT_DICT:
    case TF_CAT_SET:
    case TF_CAT_DEQUE:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER:
    case TF_CAT_NAMESPACE:
    case TF_CAT_MAPPINGPROXY:
    case TF_CAT_BYTEARRAY:
        return rp_eval_raise(eval, "TypeError", "unhashable type: '%s'",
                             rp_eval_label_of(object).text);
    case TF_CAT_SLICE:
        if (eval->rp->facts.header->python_hex < 0x030c0000) {
            return rp_eval_raise(eval, "TypeError", "unhashable type: 'slice'");
        }
        return hash_items(eval, object, ret_hash);
    case TF_CAT_RANGE:
    case TF_CAT_DATE:
    case TF_CAT_TIMEDELTA:
    case TF_CAT_UUID:
    case TF_CAT_PATH: return hash_items(eval, object, ret_hash);
    case TF_CAT_CLASS: /* by module and name: a type made here has no more */
        *ret_hash =
            object->item_count > 1 ? hash_text(rp_value_bytes(&object->item[1])) : 0;
        return true;
    case TF_CAT_FUNCTION:
    case TF_CAT_BUILTIN:
    case TF_CAT_MODULE:
    case TF_CAT_ENUM:
    case TF_CAT_GENERATOR: return true; /* by identity */
    default: return rp_eval_needs_code(eval, "the hash", object);
    }
}

bool
rp_eval_hash(struct rp_eval *eval, const struct rp_value *value, uint64_t *ret_hash,
             bool *ret_known)
{
    struct rp_object *object;
    if (value->kind != TF_VAL_REF) {
        return hash_scalar(eval, value, ret_hash, ret_known);
    }
    if (!rp_eval_enter(eval) || !rp_eval_step(eval)
        || !rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool fine = hash_object(eval, value, object, ret_hash, ret_known);
    rp_object_release(object);
    eval->depth--;
    return fine;
}

/* --- Tables: open addressing over places in a run --- */

static const struct rp_value *
item_at(const struct rp_table *table, size_t idx)
{
    return &table->object->item[table->run.first + idx * table->run.stride];
}

static void
insert(struct rp_table *table, size_t idx)
{
    size_t at = (size_t)((table->hash[idx] * 0x9e3779b97f4a7c15u) >> 32);
    while (table->slot[at & (table->cap - 1)]) {
        at++;
    }
    table->slot[at & (table->cap - 1)] = (uint32_t)idx + 1;
}

static bool
reserve(struct rp_eval *eval, struct rp_table *table, size_t count)
{
    if (count > table->hash_cap) {
        size_t cap = table->hash_cap ? table->hash_cap * 2 : 8;
        cap = cap < count ? count : cap;
        uint64_t *hash = realloc(table->hash, cap * sizeof *hash);
        if (!hash) {
            return rp_eval_memory(eval);
        }
        table->hash = hash;
        table->hash_cap = cap;
    }
    if (count * 2 < table->cap) {
        return true;
    }
    size_t cap = table->cap ? table->cap : 16;
    while (cap <= count * 2) {
        cap *= 2;
    }
    uint32_t *slot = calloc(cap, sizeof *slot);
    if (!slot) {
        return rp_eval_memory(eval);
    }
    free(table->slot);
    table->slot = slot;
    table->cap = cap;
    for (size_t i = 0; i < table->count; i++) {
        insert(table, i);
    }
    return true;
}

bool
rp_table_grow(struct rp_eval *eval, struct rp_table *table, uint64_t hash)
{
    if (!reserve(eval, table, table->count + 1)) {
        return false;
    }
    table->hash[table->count] = hash;
    insert(table, table->count++);
    table->run = rp_object_run(table->object);
    return true;
}

bool
rp_table_of(struct rp_eval *eval, const struct rp_object *object,
            struct rp_table *ret_table)
{
    struct rp_table table = {.object = object, .run = rp_object_run(object)};
    bool fine = reserve(eval, &table, table.run.count + 1);
    for (size_t i = 0; i < table.run.count && fine; i++) {
        uint64_t hash;
        bool known;
        fine =
            rp_eval_step(eval) && rp_eval_hash(eval, item_at(&table, i), &hash, &known);
        if (fine) {
            table.hash[i] = hash;
            insert(&table, i);
            table.count++;
        }
    }
    if (!fine) {
        rp_table_release(&table);
        return false;
    }
    *ret_table = table;
    return true;
}

bool
rp_table_find(struct rp_eval *eval, struct rp_table *table, const struct rp_value *key,
              uint64_t hash, size_t *ret_idx)
{
    *ret_idx = SIZE_MAX;
    if (!table->cap) {
        return true;
    }
    size_t at = (size_t)((hash * 0x9e3779b97f4a7c15u) >> 32);
    for (;; at++) {
        uint32_t place = table->slot[at & (table->cap - 1)];
        bool same;
        if (!place) {
            return true;
        }
        if (!rp_eval_step(eval)) {
            return false;
        }
        if (table->hash[place - 1] != hash) {
            continue;
        }
        const struct rp_value *there = item_at(table, place - 1);
        if (there->kind == TF_VAL_FLOAT && rp_value_same(there, key)) {
            same = true; /* a NaN that is the same object: see rp_eval_compare.c */
        }
        else if (!rp_eval_compare(eval, RP_OP_EQ, there, key, &same)) {
            return false;
        }
        if (same) {
            *ret_idx = place - 1;
            return true;
        }
    }
}

void
rp_table_release(struct rp_table *table)
{
    free(table->slot);
    free(table->hash);
    table->slot = NULL;
    table->hash = NULL;
    table->cap = table->hash_cap = table->count = 0;
}
