/* Equality. What only the program's own code could tell is an error. */
#include <math.h>
#include <string.h>

#include "rp_compare.h"

bool
rp_is_number(const struct rp_value *value)
{
    return rp_is_int(value) || value->kind == TF_VAL_FLOAT;
}

bool
rp_compare_numbers(struct rp_eval *eval, const struct rp_value *a,
                   const struct rp_value *b, int *ret_order, bool *ret_ordered)
{
    struct rp_number x, y;
    *ret_ordered = true;
    if (rp_number_of(a, &x) && rp_number_of(b, &y)) {
        /* x86's long double has 64 bits of precision: both are exact. */
        long double p = x.is_float ? (long double)x.real : (long double)x.integer;
        long double q = y.is_float ? (long double)y.real : (long double)y.integer;
        *ret_order = p < q ? -1 : p > q;
        *ret_ordered = !isnan(p) && !isnan(q);
        return true;
    }
    struct rp_int m = {0}, n = {0};
    bool fine = (a->kind == TF_VAL_FLOAT || rp_int_of(a, &m))
                && (b->kind == TF_VAL_FLOAT || rp_int_of(b, &n));
    if (a->kind == TF_VAL_FLOAT) {
        *ret_order = -rp_int_compare_real(&n, a->real);
        *ret_ordered = !isnan(a->real);
    }
    else if (b->kind == TF_VAL_FLOAT) {
        *ret_order = rp_int_compare_real(&m, b->real);
        *ret_ordered = !isnan(b->real);
    }
    else {
        *ret_order = rp_int_compare(&m, &n);
    }
    rp_int_release(&m);
    rp_int_release(&n);
    return fine || rp_eval_memory(eval);
}

/* --- Items: the same object is equal to itself --- */

bool
rp_equal_items(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
               bool *ret_equal)
{
    bool nan = a->kind == TF_VAL_FLOAT && b->kind == TF_VAL_FLOAT && isnan(a->real)
               && isnan(b->real);
    return nan ? rp_eval_fail(eval, "whether two NaN are one object is not recorded")
               : rp_eval_compare(eval, RP_OP_EQ, a, b, ret_equal);
}

static bool
equal_runs(struct rp_eval *eval, const struct rp_object *a, const struct rp_object *b,
           size_t first, bool *ret_equal)
{
    *ret_equal = a->item_count == b->item_count;
    for (size_t i = first; i < a->item_count && *ret_equal; i++) {
        if (!rp_equal_items(eval, &a->item[i], &b->item[i], ret_equal)) {
            return false;
        }
    }
    return true;
}

static bool
equal_dicts(struct rp_eval *eval, const struct rp_object *a, const struct rp_object *b,
            bool *ret_equal)
{
    struct rp_run x = rp_object_run(a), y = rp_object_run(b);
    struct rp_table table = {0};
    bool large = x.count > 8, fine = true;
    *ret_equal = x.count == y.count;
    if (!*ret_equal || (large && !rp_table_of(eval, b, &table))) {
        return !*ret_equal;
    }
    for (size_t i = 0; i < x.count && *ret_equal && fine; i++) {
        size_t found;
        uint64_t hash;
        bool known;
        const struct rp_value *key = &a->item[x.first + 2 * i];
        fine = large ? rp_eval_hash(eval, key, &hash, &known)
                           && rp_table_find(eval, &table, key, hash, &found)
                     : rp_eval_find_key(eval, b, key, &found);
        *ret_equal = fine && found != SIZE_MAX;
        if (*ret_equal) {
            found = large ? y.first + 2 * found + 1 : found;
            fine = rp_equal_items(eval, key + 1, &b->item[found], ret_equal);
        }
    }
    rp_table_release(&table);
    return fine;
}

bool
rp_is_subset(struct rp_eval *eval, const struct rp_object *a, const struct rp_object *b,
             bool *ret_subset)
{
    struct rp_table table;
    *ret_subset = a->item_count <= b->item_count;
    if (!*ret_subset) {
        return true;
    }
    if (!rp_table_of(eval, b, &table)) {
        return false;
    }
    bool fine = true;
    for (size_t i = 0; i < a->item_count && *ret_subset && fine; i++) {
        uint64_t hash;
        bool known;
        size_t found;
        fine = rp_eval_hash(eval, &a->item[i], &hash, &known)
               && rp_table_find(eval, &table, &a->item[i], hash, &found);
        *ret_subset = fine && found != SIZE_MAX;
    }
    rp_table_release(&table);
    return fine;
}

/* range(0) == range(2, 2): by what they give. */
static bool
equal_ranges(struct rp_eval *eval, const struct rp_object *a, const struct rp_object *b,
             bool *ret_equal)
{
    struct rp_range_of x, y;
    if (!rp_eval_range(eval, a, &x) || !rp_eval_range(eval, b, &y)) {
        return false;
    }
    *ret_equal =
        x.count == y.count
        && (x.count == 0 || (x.start == y.start && (x.count == 1 || x.step == y.step)));
    return true;
}

/* --- Objects --- */

static bool
same_sort(const struct rp_object *a, const struct rp_object *b)
{
    return a->category == b->category || (rp_is_tuple(a) && rp_is_tuple(b))
           || (rp_is_set(a) && rp_is_set(b))
           || (rp_category_is_dict(a->category) && rp_category_is_dict(b->category));
}

/* A view of keys or items is a set. */
bool
rp_is_set_like(const struct rp_object *object)
{
    enum rp_view view = rp_view_of(object);
    return rp_is_set(object) || view == RP_VIEW_KEYS || view == RP_VIEW_ITEMS;
}

static bool
equal_like_sets(struct rp_eval *eval, const struct rp_object *a,
                const struct rp_object *b, bool *ret_equal)
{
    *ret_equal = a->item_count == b->item_count;
    return !*ret_equal || rp_is_subset(eval, a, b, ret_equal);
}

static bool
own_code(struct rp_eval *eval, const struct rp_object *object)
{
    return rp_eval_fail(
        eval, "comparing '%s' may need the program's own code; 'is' compares identity",
        rp_eval_label_of(object).text);
}

/* How many items there are, recorded or not: two of another length are not equal. */
static bool
lengths_differ(const struct rp_object *a, const struct rp_object *b)
{
    uint64_t x, y;
    return rp_object_length(a, &x) && rp_object_length(b, &y) && x != y;
}

static bool
unlike(const struct rp_object *object)
{
    return object->category == TF_CAT_INSTANCE || object->category == TF_CAT_OPAQUE
           || object->category == TF_CAT_ARRAY || object->category == TF_CAT_MEMORYVIEW;
}

static bool
equal_decimals(struct rp_eval *eval, const struct rp_object *a,
               const struct rp_object *b, bool *ret_equal)
{
    bool same = a->item_count && b->item_count
                && rp_value_same(&a->item[0], &b->item[0])
                && !memmem(rp_value_bytes(&a->item[0]).data,
                           rp_value_bytes(&a->item[0]).len, "NaN", 3);
    *ret_equal = true;
    return same || own_code(eval, a);
}

static bool
equal_objects(struct rp_eval *eval, const struct rp_object *a,
              const struct rp_object *b, bool *ret_equal)
{
    *ret_equal = false;
    if (rp_is_set_like(a) && rp_is_set_like(b) && (rp_view_of(a) || rp_view_of(b))) {
        return equal_like_sets(eval, a, b, ret_equal);
    }
    if (rp_view_of(a) || rp_view_of(b)) {
        return true;
    }
    if (!same_sort(a, b)) {
        return (!unlike(a) && !unlike(b)) || own_code(eval, unlike(a) ? a : b);
    }
    if (lengths_differ(a, b)) {
        return true;
    }
    if (a->more || b->more || a->note == TF_ELIDE_DEPTH || b->note == TF_ELIDE_DEPTH) {
        return rp_eval_fail(eval, "not all of the value is recorded");
    }
    switch (a->category) {
    case TF_CAT_LIST:
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE:
    case TF_CAT_SLICE:
    case TF_CAT_BYTEARRAY:
    case TF_CAT_DATE:
    case TF_CAT_TIMEDELTA:
    case TF_CAT_UUID:
    case TF_CAT_PATH: return equal_runs(eval, a, b, 0, ret_equal);
    case TF_CAT_RANGE: return equal_ranges(eval, a, b, ret_equal);
    case TF_CAT_DECIMAL: return equal_decimals(eval, a, b, ret_equal);
    case TF_CAT_CLASS: /* module and name: a type that the replayer made has no more */
        return a->item_count < 2 || b->item_count < 2
               || (rp_equal_items(eval, &a->item[0], &b->item[0], ret_equal)
                   && (!*ret_equal
                       || rp_equal_items(eval, &a->item[1], &b->item[1], ret_equal)));
    case TF_CAT_DEQUE: return equal_runs(eval, a, b, 1, ret_equal);
    case TF_CAT_ORDEREDDICT:
        if (b->category == TF_CAT_ORDEREDDICT) {
            return equal_runs(eval, a, b, 0, ret_equal);
        }
        return equal_dicts(eval, a, b, ret_equal);
    case TF_CAT_COUNTER: /* missing counts are 0 */
        return b->category == TF_CAT_COUNTER ? own_code(eval, a)
                                             : equal_dicts(eval, a, b, ret_equal);
    case TF_CAT_DICT:
    case TF_CAT_DEFAULTDICT: return equal_dicts(eval, a, b, ret_equal);
    case TF_CAT_SET:
    case TF_CAT_FROZENSET: return equal_like_sets(eval, a, b, ret_equal);
    case TF_CAT_FUNCTION:
    case TF_CAT_MODULE:
    case TF_CAT_ENUM:
    case TF_CAT_EXCEPTION:
    case TF_CAT_GENERATOR: return true; /* by identity */
    default: return own_code(eval, a);
    }
}

static bool
equal_complex(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
              bool *ret_equal)
{
    const struct rp_value *complex = a->kind == TF_VAL_COMPLEX ? a : b;
    const struct rp_value *other = complex == a ? b : a;
    *ret_equal = false;
    if (other->kind == TF_VAL_COMPLEX) {
        *ret_equal = a->real == b->real && a->imag == b->imag;
        return true;
    }
    if (!rp_is_number(other) || complex->imag != 0) {
        return true;
    }
    struct rp_value real;
    rp_value_set_float(&real, complex->real);
    return rp_eval_compare(eval, RP_OP_EQ, &real, other, ret_equal);
}

bool
rp_equal_scalars(struct rp_eval *eval, const struct rp_value *a,
                 const struct rp_value *b, bool *ret_equal)
{
    int order;
    bool ordered;
    if (!rp_eval_known(eval, a) || !rp_eval_known(eval, b)) {
        return false;
    }
    if (rp_is_number(a) && rp_is_number(b)) {
        bool fine = rp_compare_numbers(eval, a, b, &order, &ordered);
        *ret_equal = fine && ordered && order == 0;
        return fine;
    }
    if (a->kind == TF_VAL_COMPLEX || b->kind == TF_VAL_COMPLEX) {
        return equal_complex(eval, a, b, ret_equal);
    }
    *ret_equal = a->kind == b->kind && rp_value_same(a, b);
    return true;
}

static bool
equal_mixed(struct rp_eval *eval, const struct rp_object *object,
            const struct rp_value *plain, bool *ret_equal)
{
    bool bytes = object->category == TF_CAT_BYTEARRAY && object->item_count
                 && plain->kind == TF_VAL_BYTES;
    *ret_equal = bytes && rp_value_same(&object->item[0], plain);
    if (!rp_eval_known(eval, plain)) {
        return false;
    }
    bool number = rp_is_number(plain) || plain->kind == TF_VAL_COMPLEX;
    if (unlike(object) || (object->category == TF_CAT_DECIMAL && number)) {
        /* None, True ... have no __eq__ of their own, but an instance may. */
        return own_code(eval, object);
    }
    return true;
}

static bool
equal_deep(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
           bool *ret_equal)
{
    struct rp_object *x = NULL, *y = NULL;
    bool fine = (a->kind != TF_VAL_REF || rp_eval_object(eval, a, &x))
                && (b->kind != TF_VAL_REF || rp_eval_object(eval, b, &y));
    if (fine) {
        const struct rp_value *p = rp_plain_of(eval->rp, x, a);
        const struct rp_value *q = rp_plain_of(eval->rp, y, b);
        if (p->kind != TF_VAL_REF && q->kind != TF_VAL_REF) {
            fine = rp_equal_scalars(eval, p, q, ret_equal);
        }
        else if (p->kind == TF_VAL_REF && q->kind == TF_VAL_REF) {
            fine = x == y ? (*ret_equal = true) : equal_objects(eval, x, y, ret_equal);
        }
        else {
            fine = equal_mixed(eval, p->kind == TF_VAL_REF ? x : y,
                               p->kind == TF_VAL_REF ? q : p, ret_equal);
        }
    }
    rp_object_release(x);
    rp_object_release(y);
    return fine;
}

bool
rp_equal(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
         bool *ret_equal)
{
    if (a->kind == TF_VAL_REF && rp_value_same(a, b)) {
        *ret_equal = true;
        return true;
    }
    if (a->kind != TF_VAL_REF && b->kind != TF_VAL_REF) {
        return rp_equal_scalars(eval, a, b, ret_equal);
    }
    if (!rp_eval_step(eval) || !rp_eval_enter(eval)) {
        return false;
    }
    bool fine = equal_deep(eval, a, b, ret_equal);
    eval->depth--;
    return fine;
}
