/* Operators: which type answers for them. */
#include <math.h>
#include <string.h>

#include "rp_compare.h"

const char *
rp_op_text(enum rp_op op)
{
    static const char *const names[] = {
        [RP_OP_NONE] = "",         [RP_OP_ADD] = "+",
        [RP_OP_SUB] = "-",         [RP_OP_MUL] = "*",
        [RP_OP_DIV] = "/",         [RP_OP_FLOORDIV] = "//",
        [RP_OP_MOD] = "%",         [RP_OP_POW] = "** or pow()",
        [RP_OP_LSHIFT] = "<<",     [RP_OP_RSHIFT] = ">>",
        [RP_OP_AND] = "&",         [RP_OP_OR] = "|",
        [RP_OP_XOR] = "^",         [RP_OP_NEG] = "-",
        [RP_OP_POS] = "+",         [RP_OP_INVERT] = "~",
        [RP_OP_NOT] = "not",       [RP_OP_LT] = "<",
        [RP_OP_LE] = "<=",         [RP_OP_GT] = ">",
        [RP_OP_GE] = ">=",         [RP_OP_EQ] = "==",
        [RP_OP_NE] = "!=",         [RP_OP_IN] = "in",
        [RP_OP_NOT_IN] = "not in", [RP_OP_IS] = "is",
        [RP_OP_IS_NOT] = "is not"};
    return names[op];
}

bool
rp_eval_unsupported(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                    const struct rp_value *b)
{
    struct rp_label left = rp_eval_label(eval, a), right = rp_eval_label(eval, b);
    return rp_eval_raise(eval, "TypeError",
                         "unsupported operand type(s) for %s: '%s' and '%s'",
                         rp_op_text(op), left.text, right.text);
}

/* --- Unary --- */

static bool
negate(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
       struct rp_value *ret_value)
{
    struct rp_value zero, minus_one;
    if (a->kind == TF_VAL_FLOAT) {
        rp_value_set_float(ret_value, op == RP_OP_NEG ? -a->real : a->real);
        return true;
    }
    if (a->kind == TF_VAL_COMPLEX) {
        *ret_value = *a;
        if (op == RP_OP_NEG) {
            ret_value->real = -a->real;
            ret_value->imag = -a->imag;
        }
        return true;
    }
    rp_value_set_int(&zero, 0);
    rp_value_set_int(&minus_one, -1);
    return op == RP_OP_NEG ? rp_eval_numbers(eval, RP_OP_SUB, &zero, a, ret_value)
           : op == RP_OP_POS
               ? rp_eval_numbers(eval, RP_OP_ADD, &zero, a, ret_value)
               : rp_eval_numbers(eval, RP_OP_SUB, &minus_one, a, ret_value);
}

/* What a type that defines operators in ways that are not worked out here gives. */
static bool
has_operators(const struct rp_object *object)
{
    switch (object->category) {
    case TF_CAT_INSTANCE:
    case TF_CAT_OPAQUE:
    case TF_CAT_DECIMAL:
    case TF_CAT_COUNTER:
    case TF_CAT_ARRAY:
    case TF_CAT_ENUM:
    case TF_CAT_FLAG:
    case TF_CAT_PATH:
    case TF_CAT_DATE:
    case TF_CAT_DATETIME:
    case TF_CAT_TIME:
    case TF_CAT_TIMEDELTA:
    case TF_CAT_CLASS:
    case TF_CAT_MODULE:
    case TF_CAT_MAPPINGPROXY:
    case TF_CAT_NAMESPACE: return true;
    default: return false;
    }
}

/* Fails when the value's type may have an operator of its own. */
static bool
no_operators(struct rp_eval *eval, const struct rp_value *value)
{
    struct rp_object *object;
    if (value->kind != TF_VAL_REF) {
        return rp_eval_known(eval, value);
    }
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool fine =
        !has_operators(object) || rp_eval_needs_code(eval, "an operator", object);
    rp_object_release(object);
    return fine;
}

bool
rp_eval_unary(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
              struct rp_value *ret_value)
{
    bool truth;
    if (op == RP_OP_NOT) {
        if (!rp_eval_truth(eval, a, &truth)) {
            return false;
        }
        rp_value_set_bool(ret_value, !truth);
        return true;
    }
    struct rp_value plain;
    if (!rp_eval_known(eval, a) || !rp_eval_plain(eval, a, &plain)) {
        return false;
    }
    bool number = rp_is_number(&plain) || plain.kind == TF_VAL_COMPLEX;
    bool fine = rp_eval_known(eval, &plain);
    if (fine && number && (op != RP_OP_INVERT || rp_is_int(&plain))) {
        fine = negate(eval, op, &plain, ret_value);
    }
    else if (fine) {
        fine =
            no_operators(eval, &plain)
            && rp_eval_raise(eval, "TypeError", "bad operand type for unary %s: '%s'",
                             rp_op_text(op), rp_eval_label(eval, a).text);
    }
    rp_value_release(&plain);
    return fine;
}

/* --- Sequences: + and * --- */

static bool
repeat_text(struct rp_eval *eval, const struct rp_value *a, int64_t times,
            struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    struct tf_text text = rp_value_bytes(a);
    uint64_t count = times > 0 && text.len ? (uint64_t)times : 0;
    if (count > RP_EVAL_TEXT || count * text.len > RP_EVAL_TEXT) {
        return rp_eval_fail(eval, "the result is too long");
    }
    for (uint64_t i = 0; i < count; i++) {
        rp_buf_add_text(&buf, text);
    }
    return rp_eval_text_of(eval, a->kind, &buf, ret_value);
}

static bool
concat_text(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
            struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    rp_buf_add_text(&buf, rp_value_bytes(a));
    rp_buf_add_text(&buf, rp_value_bytes(b));
    return rp_eval_text_of(eval, a->kind, &buf, ret_value);
}

static bool
add_items(struct rp_eval *eval, struct rp_object *to, const struct rp_object *from)
{
    struct rp_run run = rp_object_run(from);
    bool fine = rp_eval_whole(eval, from);
    for (size_t i = 0; i < run.count && fine; i++) {
        fine = rp_eval_add_copy(eval, to, &from->item[run.first + i]);
    }
    return fine;
}

/* a repeated, then b (NULL: nothing). */
static bool
join_objects(struct rp_eval *eval, const struct rp_object *a, int64_t times,
             const struct rp_object *b, struct rp_value *ret_value)
{
    struct rp_object *result;
    if (!rp_eval_make(eval, a->category == TF_CAT_LIST ? TF_CAT_LIST : TF_CAT_TUPLE,
                      &result)) {
        return false;
    }
    bool fine = true;
    uint64_t count = times > 0 && a->item_count ? (uint64_t)times : 0;
    if (count > RP_EVAL_STEPS || count * a->item_count > RP_EVAL_STEPS) {
        fine = rp_eval_fail(eval, "the result is too long");
    }
    for (uint64_t i = 0; i < count && fine; i++) {
        fine = add_items(eval, result, a);
    }
    fine = fine && (!b || add_items(eval, result, b));
    if (!fine) {
        rp_object_release(result);
        return false;
    }
    rp_value_set_object(ret_value, result);
    return true;
}

static bool
is_sequence(const struct rp_object *object)
{
    return (object->category == TF_CAT_LIST && !rp_view_of(object))
           || rp_is_tuple(object);
}

/* The bytes of a bytearray; NULL: it is none. */
static const struct rp_value *
bytearray_of(const struct rp_object *object)
{
    return object && object->category == TF_CAT_BYTEARRAY && object->item_count
               ? &object->item[0]
               : NULL;
}

static bool
set_bytearray(struct rp_eval *eval, bool wanted, struct rp_value *value)
{
    struct rp_object *object;
    if (!wanted) {
        return true;
    }
    if (!rp_eval_make(eval, TF_CAT_BYTEARRAY, &object)) {
        rp_value_release(value);
        return false;
    }
    if (!rp_eval_add(eval, object, value)) {
        rp_object_release(object);
        return false;
    }
    rp_value_set_object(value, object);
    return true;
}

struct operands {
    const struct rp_value *a, *b; /* as they are */
    struct rp_object *x, *y;      /* NULL: no objects */
    const struct rp_value *p, *q; /* plain */
};

static bool
is_text(const struct rp_value *value)
{
    return value->kind == TF_VAL_STR || value->kind == TF_VAL_BYTES;
}

static bool
concat(struct rp_eval *eval, const struct operands *o, bool *ret_done,
       struct rp_value *ret_value)
{
    const struct rp_value *left = bytearray_of(o->x), *right = bytearray_of(o->y);
    const struct rp_value *p = left ? left : o->p, *q = right ? right : o->q;
    *ret_done = true;
    if (is_text(p) && p->kind == q->kind) {
        return concat_text(eval, p, q, ret_value)
               && set_bytearray(eval, left != NULL, ret_value);
    }
    if (p->kind == TF_VAL_STR) {
        return no_operators(eval, o->b)
               && rp_eval_raise(eval, "TypeError",
                                "can only concatenate str (not \"%s\") to str",
                                rp_eval_label(eval, o->b).text);
    }
    if (p->kind == TF_VAL_BYTES) {
        return no_operators(eval, o->b)
               && rp_eval_raise(eval, "TypeError", "can't concat %s to %s",
                                rp_eval_label(eval, o->b).text,
                                left ? "bytearray" : "bytes");
    }
    if (!o->x || !is_sequence(o->x)) {
        *ret_done = false;
        return true;
    }
    bool list = o->x->category == TF_CAT_LIST;
    if (o->y && is_sequence(o->y) && (o->y->category == TF_CAT_LIST) == list) {
        return join_objects(eval, o->x, 1, o->y, ret_value);
    }
    const char *type = list ? "list" : "tuple";
    return no_operators(eval, o->b)
           && rp_eval_raise(eval, "TypeError",
                            "can only concatenate %s (not \"%s\") to %s", type,
                            rp_eval_label(eval, o->b).text, type);
}

/* A sequence times a number, either way round. */
static bool
repeat(struct rp_eval *eval, const struct operands *o, bool *ret_done,
       struct rp_value *ret_value)
{
    for (int swapped = 0; swapped < 2; swapped++) {
        const struct rp_value *p = swapped ? o->q : o->p;
        const struct rp_object *x = swapped ? o->y : o->x;
        const struct rp_value *times = swapped ? o->p : o->q;
        const struct rp_value *other = swapped ? o->a : o->b;
        const struct rp_value *array = bytearray_of(x);
        int64_t count;
        if (!is_text(p) && !array && (!x || !is_sequence(x))) {
            continue;
        }
        *ret_done = true;
        if (!rp_is_int(times)) {
            return no_operators(eval, other)
                   && rp_eval_raise(eval, "TypeError",
                                    "can't multiply sequence by non-int of type '%s'",
                                    rp_eval_label(eval, other).text);
        }
        if (!rp_eval_index_of(eval, times, "%s", &count)) {
            return false;
        }
        if (x && is_sequence(x)) {
            return join_objects(eval, x, count, NULL, ret_value);
        }
        return repeat_text(eval, array ? array : p, count, ret_value)
               && set_bytearray(eval, array != NULL, ret_value);
    }
    *ret_done = false;
    return true;
}

/* --- Binary --- */

static bool
binary_objects(struct rp_eval *eval, enum rp_op op, const struct operands *o,
               struct rp_value *ret_value)
{
    bool done = false;
    if (op == RP_OP_MOD && is_text(o->p)) {
        return rp_eval_percent(eval, o->p, o->b, ret_value);
    }
    if (op == RP_OP_ADD && (!concat(eval, o, &done, ret_value) || done)) {
        return eval->status == TF_OK;
    }
    if (op == RP_OP_MUL && (!repeat(eval, o, &done, ret_value) || done)) {
        return eval->status == TF_OK;
    }
    if (!rp_eval_set_op(eval, op, o->a, o->b, &done, ret_value) || done) {
        return eval->status == TF_OK;
    }
    if (o->x && o->x->category == TF_CAT_DEQUE
        && (op == RP_OP_ADD || op == RP_OP_MUL)) {
        return rp_eval_needs_code(eval, "an operator", o->x);
    }
    return no_operators(eval, o->p) && no_operators(eval, o->q)
           && rp_eval_unsupported(eval, op, o->a, o->b);
}

static bool
both_numbers(const struct rp_value *a, const struct rp_value *b)
{
    return (rp_is_number(a) || a->kind == TF_VAL_COMPLEX)
           && (rp_is_number(b) || b->kind == TF_VAL_COMPLEX);
}

bool
rp_eval_binary(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
               const struct rp_value *b, struct rp_value *ret_value)
{
    if (both_numbers(a, b)) {
        return rp_eval_numbers(eval, op, a, b, ret_value);
    }
    struct operands o = {.a = a, .b = b};
    bool fine = rp_eval_known(eval, a) && rp_eval_known(eval, b)
                && (a->kind != TF_VAL_REF || rp_eval_object(eval, a, &o.x))
                && (b->kind != TF_VAL_REF || rp_eval_object(eval, b, &o.y));
    if (fine) {
        o.p = rp_plain_of(eval->rp, o.x, a);
        o.q = rp_plain_of(eval->rp, o.y, b);
        fine = rp_eval_known(eval, o.p) && rp_eval_known(eval, o.q);
    }
    if (fine) {
        bool flags = (o.x && o.x->category == TF_CAT_FLAG)
                     || (o.y && o.y->category == TF_CAT_FLAG);
        fine = flags && op >= RP_OP_AND && op <= RP_OP_XOR ? rp_eval_needs_code(
                   eval, "an operator", o.x && o.x->category == TF_CAT_FLAG ? o.x : o.y)
               : both_numbers(o.p, o.q) ? rp_eval_numbers(eval, op, o.p, o.q, ret_value)
                                        : binary_objects(eval, op, &o, ret_value);
    }
    rp_object_release(o.x);
    rp_object_release(o.y);
    return fine;
}
