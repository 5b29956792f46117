/* Truth, equality and order. What only the program's own code could tell is an error. */
#include <math.h>
#include <string.h>

#include "rp_eval.h"

#define EQUAL_DEPTH 100u

/* --- Truth --- */

static bool
truth_of_object(struct rp_eval *eval, const struct rp_object *object, bool *ret_truth)
{
    uint64_t length;
    if (rp_object_length(object, &length)) {
        *ret_truth = length > 0;
        return true;
    }
    switch (object->category) {
    case TF_CAT_INT:
    case TF_CAT_FLOAT:
    case TF_CAT_COMPLEX:
        return object->item_count ? rp_eval_truth(eval, &object->item[0], ret_truth)
                                  : rp_eval_fail(eval, "the value is not recorded");
    case TF_CAT_FUNCTION:
    case TF_CAT_BUILTIN:
    case TF_CAT_METHOD:
    case TF_CAT_MODULE:
    case TF_CAT_CLASS:
    case TF_CAT_EXCEPTION:
    case TF_CAT_GENERATOR:
    case TF_CAT_PATTERN:
    case TF_CAT_PATH:
    case TF_CAT_UUID:
    case TF_CAT_CELL: *ret_truth = true; return true;
    default: break;
    }
    struct rp_buf name = RP_BUF_INIT;
    rp_type_name(object->type, &name);
    rp_eval_fail(eval, "whether a %.80s is true, only its own code could tell",
                 name.data ? name.data : "?");
    rp_buf_release(&name);
    return false;
}

bool
rp_eval_truth(struct rp_eval *eval, const struct rp_value *value, bool *ret_truth)
{
    switch (value->kind) {
    case TF_VAL_NONE:
    case TF_VAL_FALSE: *ret_truth = false; return true;
    case TF_VAL_INT: *ret_truth = value->integer != 0; return true;
    case TF_VAL_FLOAT: *ret_truth = value->real != 0; return true;
    case TF_VAL_COMPLEX: *ret_truth = value->real != 0 || value->imag != 0; return true;
    case TF_VAL_STR:
    case TF_VAL_BYTES:
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES_CUT: *ret_truth = value->length != 0; return true;
    case TF_VAL_TRUE:
    case TF_VAL_ELLIPSIS:
    case TF_VAL_NOTIMPLEMENTED:
    case TF_VAL_BIGINT:
    case TF_VAL_BIGINT_CUT: *ret_truth = true; return true;
    case TF_VAL_REF: break;
    default: return rp_eval_known(eval, value);
    }
    struct rp_object *object;
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool fine = truth_of_object(eval, object, ret_truth);
    rp_object_release(object);
    return fine;
}

/* --- Numbers --- */

static bool
is_number(const struct rp_value *value)
{
    struct rp_number number;
    return rp_number_of(value, &number) || value->kind == TF_VAL_BIGINT;
}

/* Two's complement, little endian, shortest: sign, then length, then bytes. */
static int
compare_bigints(struct tf_text a, struct tf_text b)
{
    bool a_negative = a.len && (unsigned char)a.data[a.len - 1] & 0x80;
    bool b_negative = b.len && (unsigned char)b.data[b.len - 1] & 0x80;
    if (a_negative != b_negative) {
        return a_negative ? -1 : 1;
    }
    if (a.len != b.len) {
        return (a.len < b.len) != a_negative ? -1 : 1;
    }
    for (size_t i = a.len; i-- > 0;) {
        if (a.data[i] != b.data[i]) {
            return (unsigned char)a.data[i] < (unsigned char)b.data[i] ? -1 : 1;
        }
    }
    return 0;
}

static long double
bigint_real(struct tf_text text)
{
    long double real = 0;
    for (size_t i = text.len; i-- > 0;) {
        real = real * 256
               + (i == text.len - 1 ? (signed char)text.data[i]
                                    : (unsigned char)text.data[i]);
    }
    return real;
}

/* False: not ordered (a NaN). x86's long double has 64 bits of precision, so int64 and
 * double are compared exactly; a big int against a float is not, in its last digits. */
static bool
compare_numbers(const struct rp_value *a, const struct rp_value *b, int *ret_order)
{
    if (a->kind == TF_VAL_BIGINT && b->kind == TF_VAL_BIGINT) {
        *ret_order = compare_bigints(rp_value_bytes(a), rp_value_bytes(b));
        return true;
    }
    const struct rp_value *value[2] = {a, b};
    long double real[2];
    for (int i = 0; i < 2; i++) {
        struct rp_number number;
        if (rp_number_of(value[i], &number)) {
            real[i] = number.is_float ? (long double)number.real
                                      : (long double)number.integer;
        }
        else {
            real[i] = bigint_real(rp_value_bytes(value[i]));
        }
    }
    *ret_order = real[0] < real[1] ? -1 : real[0] > real[1];
    return !isnan(real[0]) && !isnan(real[1]);
}

static int
compare_text(struct tf_text a, struct tf_text b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order : a.len < b.len ? -1 : a.len > b.len;
}

/* --- Equality --- */

static bool equal(struct rp_eval *eval, const struct rp_value *a,
                  const struct rp_value *b, bool *ret_equal);

/* For order and equality an object stands for the built-in value that it extends. */
static const struct rp_value *
stands_for(const struct rp_object *object, const struct rp_value *value)
{
    bool built_on = object && object->category >= TF_CAT_INT
                    && object->category <= TF_CAT_BYTES && object->item_count;
    return built_on ? &object->item[0] : value;
}

static bool
is_tuple(const struct rp_object *object)
{
    return object->category == TF_CAT_TUPLE || object->category == TF_CAT_NAMEDTUPLE;
}

static bool
is_set(const struct rp_object *object)
{
    return object->category == TF_CAT_SET || object->category == TF_CAT_FROZENSET;
}

static bool
same_sort(const struct rp_object *a, const struct rp_object *b)
{
    return a->category == b->category || (is_tuple(a) && is_tuple(b))
           || (is_set(a) && is_set(b))
           || (rp_category_is_dict(a->category) && rp_category_is_dict(b->category));
}

static bool
equal_runs(struct rp_eval *eval, const struct rp_object *a, const struct rp_object *b,
           size_t first, bool *ret_equal)
{
    *ret_equal = a->item_count == b->item_count && a->more == b->more;
    for (size_t i = first; i < a->item_count && *ret_equal; i++) {
        if (!equal(eval, &a->item[i], &b->item[i], ret_equal)) {
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
    *ret_equal = x.count == y.count;
    for (size_t i = 0; i < x.count && *ret_equal; i++) {
        size_t found;
        const struct rp_value *key = &a->item[x.first + 2 * i];
        if (!rp_eval_find_key(eval, b, key, &found)) {
            return false;
        }
        *ret_equal = found != SIZE_MAX;
        if (*ret_equal && !equal(eval, key + 1, &b->item[found], ret_equal)) {
            return false;
        }
    }
    return true;
}

static bool
set_has(struct rp_eval *eval, const struct rp_object *set,
        const struct rp_value *member, bool *ret_has)
{
    *ret_has = false;
    for (size_t i = 0; i < set->item_count && !*ret_has; i++) {
        if (!equal(eval, &set->item[i], member, ret_has)) {
            return false;
        }
    }
    return true;
}

static bool
equal_sets(struct rp_eval *eval, const struct rp_object *a, const struct rp_object *b,
           bool *ret_equal)
{
    *ret_equal = a->item_count == b->item_count;
    for (size_t i = 0; i < a->item_count && *ret_equal; i++) {
        if (!set_has(eval, b, &a->item[i], ret_equal)) {
            return false;
        }
    }
    return true;
}

static bool
own_code(struct rp_eval *eval, const struct rp_object *object)
{
    struct rp_buf name = RP_BUF_INIT;
    rp_type_name(object->type, &name);
    rp_eval_fail(eval,
                 "comparing a %.80s may need its own code; 'is' compares identity",
                 name.data ? name.data : "?");
    rp_buf_release(&name);
    return false;
}

static bool
equal_objects(struct rp_eval *eval, const struct rp_object *a,
              const struct rp_object *b, bool *ret_equal)
{
    *ret_equal = false;
    if (!same_sort(a, b)) {
        bool own = a->category == TF_CAT_INSTANCE || b->category == TF_CAT_INSTANCE;
        return !own || own_code(eval, a->category == TF_CAT_INSTANCE ? a : b);
    }
    if (a->more || b->more || a->note == TF_ELIDE_DEPTH || b->note == TF_ELIDE_DEPTH) {
        return rp_eval_fail(eval, "not all of the value is recorded");
    }
    switch (a->category) {
    case TF_CAT_LIST:
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE:
    case TF_CAT_RANGE:
    case TF_CAT_SLICE:
    case TF_CAT_BYTEARRAY:
    case TF_CAT_DATE:
    case TF_CAT_TIMEDELTA:
    case TF_CAT_DECIMAL:
    case TF_CAT_UUID:
    case TF_CAT_PATH: return equal_runs(eval, a, b, 0, ret_equal);
    case TF_CAT_CLASS: /* module and name: a type that the replayer made has no more */
        return equal(eval, &a->item[0], &b->item[0], ret_equal)
               && (!*ret_equal || equal(eval, &a->item[1], &b->item[1], ret_equal));
    case TF_CAT_DEQUE: return equal_runs(eval, a, b, 1, ret_equal);
    case TF_CAT_DICT:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER: return equal_dicts(eval, a, b, ret_equal);
    case TF_CAT_SET:
    case TF_CAT_FROZENSET: return equal_sets(eval, a, b, ret_equal);
    case TF_CAT_FUNCTION:
    case TF_CAT_MODULE:
    case TF_CAT_ENUM:
    case TF_CAT_EXCEPTION:
    case TF_CAT_GENERATOR: return true; /* by identity */
    default: return own_code(eval, a);
    }
}

static bool
equal_scalars(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
              bool *ret_equal)
{
    int order;
    if (!rp_eval_known(eval, a) || !rp_eval_known(eval, b)) {
        return false;
    }
    if (is_number(a) && is_number(b)) {
        *ret_equal = compare_numbers(a, b, &order) && order == 0;
        return true;
    }
    if (a->kind == TF_VAL_COMPLEX || b->kind == TF_VAL_COMPLEX) {
        struct rp_number x, y;
        double re[2] = {a->real, b->real}, im[2] = {a->imag, b->imag};
        bool fine = true;
        if (a->kind != TF_VAL_COMPLEX) {
            fine = rp_number_of(a, &x);
            re[0] = x.real;
            im[0] = 0;
        }
        if (b->kind != TF_VAL_COMPLEX) {
            fine = rp_number_of(b, &y);
            re[1] = y.real;
            im[1] = 0;
        }
        *ret_equal = fine && re[0] == re[1] && im[0] == im[1];
        return true;
    }
    *ret_equal = a->kind == b->kind && rp_value_same(a, b);
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
        const struct rp_value *p = stands_for(x, a), *q = stands_for(y, b);
        if (p->kind != TF_VAL_REF && q->kind != TF_VAL_REF) {
            fine = equal_scalars(eval, p, q, ret_equal);
        }
        else if (x && y) {
            fine = equal_objects(eval, x, y, ret_equal);
        }
        else { /* an object and a plain value */
            const struct rp_object *object = x ? x : y;
            const struct rp_value *plain = x ? b : a;
            bool bytes = object->category == TF_CAT_BYTEARRAY && object->item_count
                         && plain->kind == TF_VAL_BYTES;
            *ret_equal = bytes && rp_value_same(&object->item[0], plain);
            bool enum_value =
                (object->category == TF_CAT_ENUM || object->category == TF_CAT_FLAG)
                && rp_type_is(eval->rp, object->type, "int") && object->item_count > 1;
            if (enum_value) {
                fine = equal(eval, &object->item[1], plain, ret_equal);
            }
            fine = fine && rp_eval_known(eval, plain);
        }
    }
    rp_object_release(x);
    rp_object_release(y);
    return fine;
}

static bool
equal(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
      bool *ret_equal)
{
    if (a->kind == TF_VAL_REF && rp_value_same(a, b)) {
        *ret_equal = true;
        return true;
    }
    if (!rp_eval_step(eval)) {
        return false;
    }
    if (++eval->depth > EQUAL_DEPTH * 2) {
        return rp_eval_fail(eval, "nested too deeply to compare");
    }
    bool fine = equal_deep(eval, a, b, ret_equal);
    eval->depth--;
    return fine;
}

/* --- Order --- */

static bool
not_ordered(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b)
{
    struct rp_buf left = RP_BUF_INIT, right = RP_BUF_INIT;
    if (rp_eval_type_name(eval, a, &left) && rp_eval_type_name(eval, b, &right)) {
        rp_eval_fail(eval, "'%.60s' and '%.60s' have no order",
                     left.data ? left.data : "", right.data ? right.data : "");
    }
    rp_buf_release(&left);
    rp_buf_release(&right);
    return false;
}

static bool
holds(enum rp_op op, int order)
{
    switch (op) {
    case RP_OP_LT: return order < 0;
    case RP_OP_LE: return order <= 0;
    case RP_OP_GT: return order > 0;
    default: return order >= 0;
    }
}

static bool order_by(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                     const struct rp_value *b, bool *ret_result);

/* The first items that differ decide, else the lengths. */
static bool
order_sequences(struct rp_eval *eval, enum rp_op op, const struct rp_object *a,
                const struct rp_object *b, bool *ret_result)
{
    size_t i = 0, end = a->item_count < b->item_count ? a->item_count : b->item_count;
    bool same = true;
    for (; i < end; i++) {
        if (!equal(eval, &a->item[i], &b->item[i], &same)) {
            return false;
        }
        if (!same) {
            return order_by(eval, op, &a->item[i], &b->item[i], ret_result);
        }
    }
    if (a->more || b->more) {
        return rp_eval_fail(eval, "not all items are recorded");
    }
    int order = a->item_count < b->item_count ? -1 : a->item_count > b->item_count;
    *ret_result = holds(op, order);
    return true;
}

static bool
is_subset(struct rp_eval *eval, const struct rp_object *a, const struct rp_object *b,
          bool *ret_subset)
{
    *ret_subset = a->item_count <= b->item_count;
    for (size_t i = 0; i < a->item_count && *ret_subset; i++) {
        if (!set_has(eval, b, &a->item[i], ret_subset)) {
            return false;
        }
    }
    return true;
}

static bool
order_objects(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
              const struct rp_value *b, const struct rp_object *x,
              const struct rp_object *y, bool *ret_result)
{
    if ((is_tuple(x) && is_tuple(y))
        || (x->category == TF_CAT_LIST && y->category == TF_CAT_LIST)
        || (x->category == TF_CAT_DATE && y->category == TF_CAT_DATE)
        || (x->category == TF_CAT_TIMEDELTA && y->category == TF_CAT_TIMEDELTA)) {
        return order_sequences(eval, op, x, y, ret_result);
    }
    if (is_set(x) && is_set(y)) {
        bool less = op == RP_OP_LT || op == RP_OP_LE;
        const struct rp_object *small = less ? x : y, *large = less ? y : x;
        bool strict = op == RP_OP_LT || op == RP_OP_GT;
        if (x->more || y->more) {
            return rp_eval_fail(eval, "not all items are recorded");
        }
        if (!is_subset(eval, small, large, ret_result)) {
            return false;
        }
        *ret_result = *ret_result && (!strict || small->item_count < large->item_count);
        return true;
    }
    return x->category == TF_CAT_INSTANCE || y->category == TF_CAT_INSTANCE
               ? own_code(eval, x->category == TF_CAT_INSTANCE ? x : y)
               : not_ordered(eval, a, b);
}

static bool
order_deep(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
           const struct rp_value *b, const struct rp_object *x,
           const struct rp_object *y, bool *ret_result)
{
    const struct rp_value *p = stands_for(x, a), *q = stands_for(y, b);
    int order;
    if (x && y && p->kind == TF_VAL_REF && q->kind == TF_VAL_REF) {
        return order_objects(eval, op, a, b, x, y, ret_result);
    }
    if (!rp_eval_known(eval, p) || !rp_eval_known(eval, q)) {
        return false;
    }
    if (is_number(p) && is_number(q)) {
        *ret_result = compare_numbers(p, q, &order) && holds(op, order);
        return true;
    }
    if (p->kind == q->kind && (p->kind == TF_VAL_STR || p->kind == TF_VAL_BYTES)) {
        /* UTF-8 keeps the order of code points. */
        *ret_result = holds(op, compare_text(rp_value_bytes(p), rp_value_bytes(q)));
        return true;
    }
    return not_ordered(eval, a, b);
}

static bool
order_by(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
         const struct rp_value *b, bool *ret_result)
{
    struct rp_object *x = NULL, *y = NULL;
    if (!rp_eval_step(eval)) {
        return false;
    }
    if (++eval->depth > EQUAL_DEPTH * 2) {
        return rp_eval_fail(eval, "nested too deeply to compare");
    }
    bool fine = (a->kind != TF_VAL_REF || rp_eval_object(eval, a, &x))
                && (b->kind != TF_VAL_REF || rp_eval_object(eval, b, &y))
                && order_deep(eval, op, a, b, x, y, ret_result);
    eval->depth--;
    rp_object_release(x);
    rp_object_release(y);
    return fine;
}

/* --- in, is --- */

/* Whether the built-in type of the value has a hash; tuples have that of their items. */
bool
rp_eval_hashable(struct rp_eval *eval, const struct rp_value *value, bool set_too)
{
    struct rp_object *object;
    if (value->kind != TF_VAL_REF) {
        return true;
    }
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool fine = true;
    switch (object->category) {
    case TF_CAT_SET: fine = set_too; break;
    case TF_CAT_LIST:
    case TF_CAT_DICT:
    case TF_CAT_DEQUE:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER:
    case TF_CAT_BYTEARRAY:
    case TF_CAT_SLICE: fine = false; break; /* slices have one from 3.12 on */
    default: break;
    }
    fine = fine || rp_eval_fail(eval, "the value is unhashable");
    for (size_t i = 0; is_tuple(object) && i < object->item_count && fine; i++) {
        fine = ++eval->depth < EQUAL_DEPTH * 2
               && rp_eval_hashable(eval, &object->item[i], false);
        eval->depth--;
    }
    rp_object_release(object);
    return fine
           || (eval->status == TF_OK ? rp_eval_fail(eval, "nested too deeply") : false);
}

/* A str holds a str; bytes hold bytes or a number below 256. */
static bool
contains_text(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
              bool *ret_result)
{
    struct tf_text needle = rp_value_bytes(a), text = rp_value_bytes(b);
    struct rp_number number;
    char byte;
    if (b->kind == TF_VAL_BYTES && rp_number_of(a, &number) && !number.is_float
        && number.integer >= 0 && number.integer <= 255) {
        byte = (char)number.integer;
        needle = (struct tf_text){&byte, 1};
    }
    else if (a->kind != b->kind) {
        return rp_eval_fail(eval, "'in' a str or bytes needs the same on its left");
    }
    *ret_result =
        needle.len == 0 || memmem(text.data, text.len, needle.data, needle.len) != NULL;
    return true;
}

static bool
contains(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
         bool *ret_result)
{
    if (!rp_eval_known(eval, b)) {
        return false;
    }
    if (b->kind == TF_VAL_STR || b->kind == TF_VAL_BYTES) {
        return contains_text(eval, a, b, ret_result);
    }
    struct rp_object *object;
    if (b->kind == TF_VAL_REF && rp_eval_object(eval, b, &object)) {
        if (object->category == TF_CAT_BYTEARRAY || object->category == TF_CAT_STR
            || object->category == TF_CAT_BYTES) {
            bool fine = object->item_count && rp_eval_known(eval, &object->item[0])
                        && contains_text(eval, a, &object->item[0], ret_result);
            rp_object_release(object);
            return fine
                   || (eval->status == TF_OK
                       && rp_eval_fail(eval, "the value is not recorded"));
        }
        if (is_set(object)) { /* a set looks for a set as if it were frozen */
            bool fine = rp_eval_hashable(eval, a, true);
            if (!fine) {
                rp_object_release(object);
                return false;
            }
        }
        if (rp_category_is_dict(object->category)) {
            size_t found;
            bool fine = rp_eval_hashable(eval, a, false)
                        && rp_eval_find_key(eval, object, a, &found);
            *ret_result = fine && found != SIZE_MAX;
            rp_object_release(object);
            return fine;
        }
        rp_object_release(object);
    }
    struct rp_object *items;
    if (eval->status != TF_OK || !rp_eval_items(eval, b, RP_OP_IN, &items)) {
        return false;
    }
    bool fine = true;
    *ret_result = false;
    for (size_t i = 0; i < items->item_count && fine && !*ret_result; i++) {
        fine = equal(eval, &items->item[i], a, ret_result);
    }
    if (fine && !*ret_result && items->more) {
        fine = rp_eval_fail(eval,
                            "not among the recorded items, but not all are recorded");
    }
    rp_object_release(items);
    return fine;
}

static bool
identical(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
          bool *ret_result)
{
    if (!rp_eval_known(eval, a) || !rp_eval_known(eval, b)) {
        return false;
    }
    bool objects = a->kind == TF_VAL_REF && b->kind == TF_VAL_REF;
    if (objects && (a->object || b->object)) { /* made here: types have one identity */
        struct rp_object *x = NULL, *y = NULL;
        bool fine = rp_eval_object(eval, a, &x) && rp_eval_object(eval, b, &y);
        *ret_result = fine && x == y;
        if (fine && x->category == TF_CAT_CLASS && y->category == TF_CAT_CLASS) {
            fine = equal_objects(eval, x, y, ret_result);
        }
        rp_object_release(x);
        rp_object_release(y);
        return fine;
    }
    if (!objects && a->kind == b->kind && a->kind > TF_VAL_NOTIMPLEMENTED
        && a->kind != TF_VAL_REF && rp_value_same(a, b)) {
        return rp_eval_fail(eval,
                            "the identity of equal numbers and texts is not recorded");
    }
    *ret_result = a->kind == b->kind && rp_value_same(a, b);
    return true;
}

bool
rp_eval_compare(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                const struct rp_value *b, bool *ret_result)
{
    bool fine;
    switch (op) {
    case RP_OP_EQ: return equal(eval, a, b, ret_result);
    case RP_OP_NE: fine = equal(eval, a, b, ret_result); break;
    case RP_OP_IN: return contains(eval, a, b, ret_result);
    case RP_OP_NOT_IN: fine = contains(eval, a, b, ret_result); break;
    case RP_OP_IS: return identical(eval, a, b, ret_result);
    case RP_OP_IS_NOT: fine = identical(eval, a, b, ret_result); break;
    default: return order_by(eval, op, a, b, ret_result);
    }
    *ret_result = fine && !*ret_result;
    return fine;
}
