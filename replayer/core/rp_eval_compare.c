/* Truth, order, `in` and `is`. What only the program's own code could tell is an error. */
#include <string.h>

#include "rp_compare.h"

/* --- Truth --- */

static bool
truth_of_object(struct rp_eval *eval, const struct rp_value *value,
                const struct rp_object *object, bool *ret_truth)
{
    uint64_t length;
    const struct rp_value *plain = rp_plain_of(eval->rp, object, value);
    if (plain->kind != TF_VAL_REF) {
        return rp_eval_truth(eval, plain, ret_truth);
    }
    if (rp_object_length(object, &length)) {
        *ret_truth = length > 0;
        return true;
    }
    struct rp_range_of range;
    switch (object->category) {
    case TF_CAT_RANGE:
        *ret_truth = rp_eval_range(eval, object, &range) && range.count > 0;
        return eval->status == TF_OK;
    case TF_CAT_TIMEDELTA:
        *ret_truth = false;
        for (size_t i = 0; i < object->item_count; i++) {
            *ret_truth |= object->item[i].integer != 0;
        }
        return true;
    case TF_CAT_FUNCTION:
    case TF_CAT_BUILTIN:
    case TF_CAT_METHOD:
    case TF_CAT_PARTIAL:
    case TF_CAT_MODULE:
    case TF_CAT_CLASS:
    case TF_CAT_EXCEPTION:
    case TF_CAT_GENERATOR:
    case TF_CAT_PATTERN:
    case TF_CAT_PATH:
    case TF_CAT_UUID:
    case TF_CAT_DATE:
    case TF_CAT_DATETIME:
    case TF_CAT_TIME:
    case TF_CAT_TIMEZONE:
    case TF_CAT_SLICE:
    case TF_CAT_ENUM:
    case TF_CAT_CELL: *ret_truth = true; return true;
    default: return rp_eval_needs_code(eval, "the truth", object);
    }
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
    case TF_VAL_BIGINT_CUT:
    case RP_VAL_MADE: *ret_truth = true; return true;
    case TF_VAL_REF: break;
    default: return rp_eval_known(eval, value);
    }
    struct rp_object *object;
    if (!rp_eval_open(eval, value, &object)) {
        return false;
    }
    bool fine = truth_of_object(eval, value, object, ret_truth);
    rp_object_release(object);
    return fine;
}

/* --- Order --- */

static bool
not_ordered(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
            const struct rp_value *b)
{
    struct rp_label left = rp_eval_label(eval, a), right = rp_eval_label(eval, b);
    return rp_eval_raise(eval, "TypeError",
                         "'%s' not supported between instances of '%s' and '%s'",
                         rp_op_text(op), left.text, right.text);
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
    struct rp_run x = rp_object_run(a), y = rp_object_run(b);
    bool parts = a->category == TF_CAT_DATE || a->category == TF_CAT_TIMEDELTA;
    size_t m = parts ? a->item_count : x.count, n = parts ? b->item_count : y.count;
    const struct rp_value *p = a->item + (parts ? 0 : x.first);
    const struct rp_value *q = b->item + (parts ? 0 : y.first);
    for (size_t i = 0; i < m && i < n; i++) {
        bool same;
        if (!rp_equal_items(eval, &p[i], &q[i], &same)) {
            return false;
        }
        if (!same) {
            return order_by(eval, op, &p[i], &q[i], ret_result);
        }
    }
    if (a->more || b->more) {
        return rp_eval_fail(eval, "not all items are recorded");
    }
    *ret_result = holds(op, m < n ? -1 : m > n);
    return true;
}

static bool
order_sets(struct rp_eval *eval, enum rp_op op, const struct rp_object *a,
           const struct rp_object *b, bool *ret_result)
{
    bool less = op == RP_OP_LT || op == RP_OP_LE;
    const struct rp_object *small = less ? a : b, *large = less ? b : a;
    bool strict = op == RP_OP_LT || op == RP_OP_GT;
    if (a->more || b->more) {
        return rp_eval_fail(eval, "not all items are recorded");
    }
    if (!rp_is_subset(eval, small, large, ret_result)) {
        return false;
    }
    *ret_result = *ret_result && (!strict || small->item_count < large->item_count);
    return true;
}

static bool
no_order(const struct rp_object *object)
{
    return object->category != TF_CAT_INSTANCE && object->category != TF_CAT_OPAQUE
           && object->category != TF_CAT_ARRAY && object->category != TF_CAT_DECIMAL
           && object->category != TF_CAT_COUNTER && object->category != TF_CAT_ENUM
           && object->category != TF_CAT_FLAG && object->category != TF_CAT_PATH
           && object->category != TF_CAT_UUID && object->category != TF_CAT_TIME
           && object->category != TF_CAT_DATETIME && object->category != TF_CAT_CLASS
           && object->category != TF_CAT_BYTEARRAY && object->category != TF_CAT_DATE
           && object->category != TF_CAT_TIMEDELTA;
}

static bool
order_objects(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
              const struct rp_value *b, const struct rp_object *x,
              const struct rp_object *y, bool *ret_result)
{
    bool like_sets = rp_is_set_like(x) && rp_is_set_like(y);
    if (like_sets) {
        return order_sets(eval, op, x, y, ret_result);
    }
    bool lists = x->category == TF_CAT_LIST && y->category == TF_CAT_LIST
                 && !rp_view_of(x) && !rp_view_of(y);
    if ((rp_is_tuple(x) && rp_is_tuple(y)) || lists
        || (x->category == y->category
            && (x->category == TF_CAT_DEQUE || x->category == TF_CAT_DATE
                || x->category == TF_CAT_TIMEDELTA))) {
        return order_sequences(eval, op, x, y, ret_result);
    }
    if (x->category == TF_CAT_BYTEARRAY && y->category == TF_CAT_BYTEARRAY
        && x->item_count && y->item_count) {
        return order_by(eval, op, &x->item[0], &y->item[0], ret_result);
    }
    return no_order(x) || no_order(y)
               ? not_ordered(eval, op, a, b)
               : rp_eval_needs_code(eval, "the order", no_order(x) ? y : x);
}

static int
order_text(struct tf_text a, struct tf_text b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order : a.len < b.len ? -1 : a.len > b.len;
}

static bool
order_plain(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
            const struct rp_value *b, const struct rp_value *p,
            const struct rp_value *q, bool *ret_result)
{
    int order;
    bool ordered;
    if (!rp_eval_known(eval, p) || !rp_eval_known(eval, q)) {
        return false;
    }
    if (rp_is_number(p) && rp_is_number(q)) {
        if (!rp_compare_numbers(eval, p, q, &order, &ordered)) {
            return false;
        }
        *ret_result = ordered && holds(op, order);
        return true;
    }
    if (p->kind == q->kind && (p->kind == TF_VAL_STR || p->kind == TF_VAL_BYTES)) {
        /* UTF-8 keeps the order of code points. */
        *ret_result = holds(op, order_text(rp_value_bytes(p), rp_value_bytes(q)));
        return true;
    }
    return not_ordered(eval, op, a, b);
}

static bool
order_deep(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
           const struct rp_value *b, const struct rp_object *x,
           const struct rp_object *y, bool *ret_result)
{
    const struct rp_value *p = rp_plain_of(eval->rp, x, a);
    const struct rp_value *q = rp_plain_of(eval->rp, y, b);
    if (p->kind == TF_VAL_REF && q->kind == TF_VAL_REF) {
        /* The operand of the more special type is asked first. */
        bool swap = x->category == TF_CAT_TUPLE && y->category == TF_CAT_NAMEDTUPLE;
        enum rp_op back = op == RP_OP_LT   ? RP_OP_GT
                          : op == RP_OP_LE ? RP_OP_GE
                          : op == RP_OP_GT ? RP_OP_LT
                                           : RP_OP_LE;
        return swap ? order_objects(eval, back, b, a, y, x, ret_result)
                    : order_objects(eval, op, a, b, x, y, ret_result);
    }
    if (p->kind != TF_VAL_REF && q->kind != TF_VAL_REF) {
        return order_plain(eval, op, a, b, p, q, ret_result);
    }
    const struct rp_object *object = p->kind == TF_VAL_REF ? x : y;
    const struct rp_value *plain = p->kind == TF_VAL_REF ? q : p;
    if (!rp_eval_known(eval, plain)) {
        return false;
    }
    if (object->category == TF_CAT_BYTEARRAY && plain->kind == TF_VAL_BYTES
        && object->item_count) {
        return order_plain(eval, op, a, b, p == plain ? p : &object->item[0],
                           q == plain ? q : &object->item[0], ret_result);
    }
    bool decided = no_order(object) || object->category == TF_CAT_BYTEARRAY
                   || object->category == TF_CAT_DATE
                   || object->category == TF_CAT_TIMEDELTA
                   || object->category == TF_CAT_CLASS;
    return decided ? not_ordered(eval, op, a, b)
                   : rp_eval_needs_code(eval, "the order", object);
}

static bool
order_by(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
         const struct rp_value *b, bool *ret_result)
{
    struct rp_object *x = NULL, *y = NULL;
    if (a->kind != TF_VAL_REF && b->kind != TF_VAL_REF) {
        return order_plain(eval, op, a, b, a, b, ret_result);
    }
    if (!rp_eval_step(eval) || !rp_eval_enter(eval)) {
        return false;
    }
    bool fine = (a->kind != TF_VAL_REF || rp_eval_object(eval, a, &x))
                && (b->kind != TF_VAL_REF || rp_eval_object(eval, b, &y))
                && order_deep(eval, op, a, b, x, y, ret_result);
    eval->depth--;
    rp_object_release(x);
    rp_object_release(y);
    return fine;
}

/* --- in --- */

/* A str holds a str; bytes hold bytes or a number below 256. */
static bool
in_text(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
        bool *ret_result)
{
    struct rp_value plain;
    struct rp_object *object = NULL;
    char byte;
    if (!rp_eval_known(eval, b)
        || (a->kind == TF_VAL_REF && !rp_eval_object(eval, a, &object))) {
        return false;
    }
    bool bytearray =
        object && object->category == TF_CAT_BYTEARRAY && object->item_count;
    rp_value_copy(&plain,
                  bytearray ? &object->item[0] : rp_plain_of(eval->rp, object, a));
    rp_object_release(object);
    struct tf_text needle = rp_value_bytes(&plain), text = rp_value_bytes(b);
    bool fine = rp_eval_known(eval, &plain);
    if (fine && b->kind == TF_VAL_BYTES && rp_is_int(&plain)) {
        struct rp_number number = {.integer = -1};
        rp_number_of(&plain, &number);
        byte = (char)number.integer;
        needle = (struct tf_text){&byte, 1};
        fine = (number.integer >= 0 && number.integer <= 255)
               || rp_eval_raise(eval, "ValueError", "byte must be in range(0, 256)");
    }
    else if (fine && (plain.kind != b->kind || (bytearray && b->kind == TF_VAL_STR))) {
        fine =
            b->kind == TF_VAL_STR
                ? rp_eval_raise(eval, "TypeError",
                                "'in <string>' requires string as left operand, not %s",
                                rp_eval_label(eval, a).text)
                : rp_eval_raise(eval, "TypeError",
                                "a bytes-like object is required, not '%s'",
                                rp_eval_label(eval, a).text);
    }
    *ret_result =
        fine
        && (needle.len == 0 || memmem(text.data, text.len, needle.data, needle.len));
    rp_value_release(&plain);
    return fine;
}

/* An int in a range is worked out. */
static bool
in_range(struct rp_eval *eval, const struct rp_value *a, const struct rp_object *range,
         bool *ret_result, bool *ret_done)
{
    struct rp_range_of of;
    if (a->kind != TF_VAL_INT && a->kind != TF_VAL_TRUE && a->kind != TF_VAL_FALSE) {
        *ret_done = a->kind == TF_VAL_BIGINT || a->kind == TF_VAL_STR
                    || a->kind == TF_VAL_BYTES || a->kind == TF_VAL_NONE;
        *ret_result = false;
        return true;
    }
    *ret_done = true;
    if (!rp_eval_range(eval, range, &of)) {
        return false;
    }
    int64_t n = a->kind == TF_VAL_INT ? a->integer : a->kind == TF_VAL_TRUE;
    uint64_t from = of.step > 0 ? (uint64_t)n - (uint64_t)of.start
                                : (uint64_t)of.start - (uint64_t)n;
    uint64_t stride = of.step > 0 ? (uint64_t)of.step : -(uint64_t)of.step;
    bool behind = of.step > 0 ? n >= of.start : n <= of.start;
    *ret_result = behind && from % stride == 0 && from / stride < of.count;
    return true;
}

static bool
in_items(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
         bool *ret_result)
{
    struct rp_iter *iter;
    bool fine = rp_iter_of(eval, b, &iter), more = true;
    *ret_result = false;
    if (!fine) {
        return false;
    }
    while (fine && more && !*ret_result) {
        struct rp_value item;
        fine = rp_iter_next(eval, iter, &item, &more);
        if (fine && more) {
            fine = rp_equal_items(eval, &item, a, ret_result);
            rp_value_release(&item);
        }
    }
    rp_iter_free(iter);
    return fine;
}

/* A set looks for a set as if it were frozen. */
static bool
in_set(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
       bool *ret_result)
{
    uint64_t hash;
    bool known;
    struct rp_object *key = NULL;
    if (a->kind == TF_VAL_REF && !rp_eval_object(eval, a, &key)) {
        return false;
    }
    bool set = key && key->category == TF_CAT_SET;
    rp_object_release(key);
    return (set || rp_eval_hash(eval, a, &hash, &known))
           && in_items(eval, a, b, ret_result);
}

static bool
in_object(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
          const struct rp_object *object, bool *ret_result)
{
    const struct rp_value *plain = rp_plain_of(eval->rp, object, b);
    if (object->category == TF_CAT_BYTEARRAY && object->item_count) {
        return in_text(eval, a, &object->item[0], ret_result);
    }
    if (plain->kind == TF_VAL_STR || plain->kind == TF_VAL_BYTES) {
        return in_text(eval, a, plain, ret_result);
    }
    if (object->category == TF_CAT_MAPPINGPROXY && object->item_count) {
        return rp_eval_compare(eval, RP_OP_IN, a, &object->item[0], ret_result);
    }
    if (rp_is_set(object)) {
        return in_set(eval, a, b, ret_result);
    }
    if (rp_category_is_dict(object->category)) {
        size_t found;
        uint64_t hash;
        bool known;
        bool fine = (a->kind != TF_VAL_REF || rp_eval_hash(eval, a, &hash, &known))
                    && rp_eval_find_key(eval, object, a, &found);
        *ret_result = fine && found != SIZE_MAX;
        return fine;
    }
    bool done = false;
    if (object->category == TF_CAT_RANGE
        && (!in_range(eval, a, object, ret_result, &done) || done)) {
        return eval->status == TF_OK;
    }
    uint64_t length;
    if (object->category != TF_CAT_RANGE && !rp_object_length(object, &length)
        && object->category != TF_CAT_INSTANCE && object->category != TF_CAT_OPAQUE
        && object->category != TF_CAT_CLASS && object->category != TF_CAT_GENERATOR
        && object->category != TF_CAT_ARRAY && object->category != TF_CAT_FLAG) {
        return rp_eval_raise(eval, "TypeError", "argument of type '%s' is not iterable",
                             rp_eval_label(eval, b).text);
    }
    return in_items(eval, a, b, ret_result);
}

static bool
contains(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
         bool *ret_result)
{
    struct rp_object *object;
    if (!rp_eval_known(eval, a) || !rp_eval_known(eval, b)) {
        return false;
    }
    if (b->kind == TF_VAL_STR || b->kind == TF_VAL_BYTES) {
        return in_text(eval, a, b, ret_result);
    }
    if (b->kind == RP_VAL_MADE && rp_iter_of_value(b)) {
        return in_items(eval, a, b, ret_result);
    }
    if (b->kind != TF_VAL_REF) {
        return rp_eval_raise(
            eval, "TypeError",
            eval->rp->facts.header->python_hex < 0x030e0000
                ? "argument of type '%s' is not iterable"
                : "argument of type '%s' is not a container or iterable",
            rp_eval_label(eval, b).text);
    }
    if (!rp_eval_open(eval, b, &object)) {
        return false;
    }
    bool fine = in_object(eval, a, b, object, ret_result);
    rp_object_release(object);
    return fine;
}

/* --- is --- */

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
            fine = rp_equal(eval, a, b, ret_result);
        }
        bool empty = fine && x != y && x->category == TF_CAT_TUPLE
                     && y->category == TF_CAT_TUPLE && !x->item_count && !y->item_count;
        rp_object_release(x);
        rp_object_release(y);
        return fine
               && (!empty
                   || rp_eval_fail(eval,
                                   "the identity of empty tuples is not recorded"));
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
    bool ints = a->kind == TF_VAL_INT && b->kind == TF_VAL_INT;
    bool texts = a->kind == TF_VAL_STR && b->kind == TF_VAL_STR;
    if (ints && op >= RP_OP_LT && op <= RP_OP_GE) {
        *ret_result = holds(op, a->integer < b->integer ? -1 : a->integer > b->integer);
        return true;
    }
    if ((ints || texts) && (op == RP_OP_EQ || op == RP_OP_NE)) {
        bool same = ints ? a->integer == b->integer
                         : a->length == b->length
                               && rp_text_equal(rp_value_bytes(a), rp_value_bytes(b));
        *ret_result = same == (op == RP_OP_EQ);
        return true;
    }
    switch (op) {
    case RP_OP_EQ: return rp_equal(eval, a, b, ret_result);
    case RP_OP_NE: fine = rp_equal(eval, a, b, ret_result); break;
    case RP_OP_IN: return contains(eval, a, b, ret_result);
    case RP_OP_NOT_IN: fine = contains(eval, a, b, ret_result); break;
    case RP_OP_IS: return identical(eval, a, b, ret_result);
    case RP_OP_IS_NOT: fine = identical(eval, a, b, ret_result); break;
    default: return order_by(eval, op, a, b, ret_result);
    }
    *ret_result = fine && !*ret_result;
    return fine;
}
