/* Arithmetic, by Python's rules: floor division, float when one of two is, no silent
 * overflow. */
#include <math.h>
#include <string.h>

#include "rp_eval.h"

bool
rp_number_of(const struct rp_value *value, struct rp_number *ret_number)
{
    switch (value->kind) {
    case TF_VAL_FALSE:
    case TF_VAL_TRUE:
        *ret_number = (struct rp_number){.integer = value->kind == TF_VAL_TRUE};
        break;
    case TF_VAL_INT: *ret_number = (struct rp_number){.integer = value->integer}; break;
    case TF_VAL_FLOAT:
        *ret_number = (struct rp_number){.is_float = true, .real = value->real};
        return true;
    default: return false;
    }
    ret_number->real = (double)ret_number->integer;
    return true;
}

/* A subclass of a number (IntEnum's members are no such) stands for its value. */
static bool
plain_of(struct rp_eval *eval, const struct rp_value *value, struct rp_value *ret_value)
{
    struct rp_object *object;
    rp_value_copy(ret_value, value);
    if (value->kind != TF_VAL_REF) {
        return true;
    }
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool built_on = object->category >= TF_CAT_INT && object->category <= TF_CAT_BYTES;
    if (built_on && object->item_count) {
        rp_value_release(ret_value);
        rp_value_copy(ret_value, &object->item[0]);
    }
    rp_object_release(object);
    return true;
}

static bool
too_large(struct rp_eval *eval)
{
    return rp_eval_fail(eval, "the int is too large for the replayer's arithmetic");
}

static bool
unsupported(struct rp_eval *eval, const char *what, const struct rp_value *a,
            const struct rp_value *b)
{
    if (a->kind == TF_VAL_BIGINT || (b && b->kind == TF_VAL_BIGINT)) {
        return too_large(eval);
    }
    struct rp_buf left = RP_BUF_INIT, right = RP_BUF_INIT;
    if (rp_eval_type_name(eval, a, &left)
        && (!b || rp_eval_type_name(eval, b, &right))) {
        rp_eval_fail(eval,
                     b ? "unsupported operand types for %s: '%.60s' and '%.60s'"
                       : "bad operand type for unary %s: '%.60s'",
                     what, left.data ? left.data : "", right.data ? right.data : "");
    }
    rp_buf_release(&left);
    rp_buf_release(&right);
    return false;
}

bool
rp_eval_unary(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
              struct rp_value *ret_value)
{
    struct rp_number number;
    bool truth;
    if (op == RP_OP_NOT) {
        if (!rp_eval_truth(eval, a, &truth)) {
            return false;
        }
        rp_value_set_bool(ret_value, !truth);
        return true;
    }
    struct rp_value plain;
    if (!rp_eval_known(eval, a) || !plain_of(eval, a, &plain)) {
        return false;
    }
    bool is_number = rp_number_of(&plain, &number);
    rp_value_release(&plain);
    if (!is_number || (number.is_float && op == RP_OP_INVERT)) {
        return unsupported(eval,
                           op == RP_OP_NEG   ? "-"
                           : op == RP_OP_POS ? "+"
                                             : "~",
                           a, NULL);
    }
    if (number.is_float) {
        rp_value_set_float(ret_value, op == RP_OP_NEG ? -number.real : number.real);
        return true;
    }
    if (op == RP_OP_NEG && number.integer == INT64_MIN) {
        return too_large(eval);
    }
    rp_value_set_int(ret_value, op == RP_OP_NEG   ? -number.integer
                                : op == RP_OP_POS ? number.integer
                                                  : ~number.integer);
    return true;
}

/* --- int --- */

static bool
int_divide(struct rp_eval *eval, enum rp_op op, int64_t a, int64_t b, int64_t *ret)
{
    if (b == 0) {
        return rp_eval_fail(eval, "integer division or modulo by zero");
    }
    if (a == INT64_MIN && b == -1) {
        *ret = 0;
        return op == RP_OP_MOD || too_large(eval);
    }
    int64_t quotient = a / b, rest = a % b;
    if (rest && (rest < 0) != (b < 0)) { /* Python rounds down */
        quotient--;
        rest += b;
    }
    *ret = op == RP_OP_MOD ? rest : quotient;
    return true;
}

static bool
int_power(struct rp_eval *eval, int64_t base, int64_t exponent, int64_t *ret)
{
    int64_t result = 1;
    while (exponent) {
        if (exponent & 1 && __builtin_mul_overflow(result, base, &result)) {
            return too_large(eval);
        }
        exponent >>= 1;
        if (exponent && __builtin_mul_overflow(base, base, &base)) {
            return too_large(eval);
        }
    }
    *ret = result;
    return true;
}

static bool
int_shift(struct rp_eval *eval, enum rp_op op, int64_t a, int64_t b, int64_t *ret)
{
    if (b < 0) {
        return rp_eval_fail(eval, "negative shift count");
    }
    if (op == RP_OP_RSHIFT) {
        *ret = b > 63 ? (a < 0 ? -1 : 0) : a >> b;
        return true;
    }
    if (a == 0) {
        *ret = 0;
        return true;
    }
    return (b < 63 && !__builtin_mul_overflow(a, (int64_t)1 << b, ret))
           || too_large(eval);
}

static bool
int_binary(struct rp_eval *eval, enum rp_op op, int64_t a, int64_t b, int64_t *ret)
{
    bool overflow = false;
    switch (op) {
    case RP_OP_ADD: overflow = __builtin_add_overflow(a, b, ret); break;
    case RP_OP_SUB: overflow = __builtin_sub_overflow(a, b, ret); break;
    case RP_OP_MUL: overflow = __builtin_mul_overflow(a, b, ret); break;
    case RP_OP_FLOORDIV:
    case RP_OP_MOD: return int_divide(eval, op, a, b, ret);
    case RP_OP_POW: return int_power(eval, a, b, ret);
    case RP_OP_LSHIFT:
    case RP_OP_RSHIFT: return int_shift(eval, op, a, b, ret);
    case RP_OP_AND: *ret = a & b; break;
    case RP_OP_OR: *ret = a | b; break;
    default: *ret = a ^ b; break;
    }
    return !overflow || too_large(eval);
}

/* --- float --- */

/* float_divmod of Objects/floatobject.c: the rest has the divisor's sign, zeros too. */
static double
float_mod(double a, double b, double *ret_floor)
{
    double rest = fmod(a, b), quotient = (a - rest) / b;
    if (rest != 0) {
        if ((b < 0) != (rest < 0)) {
            rest += b;
            quotient -= 1;
        }
    }
    else {
        rest = copysign(0, b);
    }
    double whole;
    if (quotient != 0) {
        whole = floor(quotient);
        whole += quotient - whole > 0.5;
    }
    else {
        whole = copysign(0, a / b);
    }
    *ret_floor = whole;
    return rest;
}

static bool
float_binary(struct rp_eval *eval, enum rp_op op, double a, double b, double *ret)
{
    double whole;
    switch (op) {
    case RP_OP_ADD: *ret = a + b; return true;
    case RP_OP_SUB: *ret = a - b; return true;
    case RP_OP_MUL: *ret = a * b; return true;
    case RP_OP_POW:
        if (a == 0 && b < 0) {
            return rp_eval_fail(eval, "0.0 cannot be raised to a negative power");
        }
        if (a < 0 && b != floor(b) && isfinite(a) && isfinite(b)) {
            return rp_eval_fail(eval, "the result is complex, which is not supported");
        }
        *ret = pow(a, b);
        return (!isinf(*ret) || isinf(a) || isinf(b))
               || rp_eval_fail(eval, "the result is too large for a float");
    default: break;
    }
    if (b == 0) {
        return rp_eval_fail(eval, "float division by zero");
    }
    if (op == RP_OP_DIV) {
        *ret = a / b;
        return true;
    }
    double rest = float_mod(a, b, &whole);
    *ret = op == RP_OP_MOD ? rest : whole;
    return true;
}

static bool
is_bit_operation(enum rp_op op)
{
    return op == RP_OP_LSHIFT || op == RP_OP_RSHIFT || op == RP_OP_AND || op == RP_OP_OR
           || op == RP_OP_XOR;
}

#define EXACT_INT ((int64_t)1 << 53) /* every int up to it is a float */

static bool
numbers(struct rp_eval *eval, enum rp_op op, const struct rp_number *a,
        const struct rp_number *b, struct rp_value *ret_value)
{
    bool negative_power = op == RP_OP_POW && !b->is_float && b->integer < 0;
    if (!a->is_float && !b->is_float && op != RP_OP_DIV && !negative_power) {
        int64_t result = 0;
        if (!int_binary(eval, op, a->integer, b->integer, &result)) {
            return false;
        }
        rp_value_set_int(ret_value, result);
        return true;
    }
    bool both_ints = !a->is_float && !b->is_float;
    if (both_ints && op == RP_OP_DIV && b->integer == 0) {
        return rp_eval_fail(eval, "division by zero");
    }
    /* int / int is rounded once in Python, not after two conversions. */
    if (both_ints && op == RP_OP_DIV
        && (a->integer > EXACT_INT || a->integer < -EXACT_INT || b->integer > EXACT_INT
            || b->integer < -EXACT_INT)) {
        return too_large(eval);
    }
    double result = 0;
    if (!float_binary(eval, op, a->real, b->real, &result)) {
        return false;
    }
    rp_value_set_float(ret_value, result);
    return true;
}

/* --- Sequences: + and * --- */

#define REPEAT_MAX ((int64_t)1 << 24)

static bool
concat_text(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
            int64_t times, struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    struct tf_text first = rp_value_bytes(a);
    if (times > 0 && (int64_t)first.len > REPEAT_MAX / times) {
        return rp_eval_fail(eval, "the result is too long");
    }
    for (int64_t i = 0; i < times && first.len; i++) {
        rp_buf_add_text(&buf, first);
    }
    if (b) {
        rp_buf_add_text(&buf, rp_value_bytes(b));
    }
    bool fine =
        !buf.failed
        && rp_value_set_text(ret_value, a->kind, buf.data ? buf.data : "", buf.len);
    rp_buf_release(&buf);
    return fine || rp_eval_memory(eval);
}

static bool
add_items(struct rp_eval *eval, struct rp_object *to, const struct rp_object *from)
{
    for (size_t i = 0; i < from->item_count; i++) {
        struct rp_value item;
        rp_value_copy(&item, &from->item[i]);
        if (!rp_object_add_item(to, &item)) {
            return rp_eval_memory(eval);
        }
    }
    return true;
}

static bool
concat_objects(struct rp_eval *eval, const struct rp_object *a,
               const struct rp_object *b, int64_t times, struct rp_value *ret_value)
{
    enum tf_category category = a->category == TF_CAT_LIST ? TF_CAT_LIST : TF_CAT_TUPLE;
    if (a->more || (b && b->more)) {
        return rp_eval_fail(eval, "not all items are recorded");
    }
    if (times > 0 && (int64_t)a->item_count > REPEAT_MAX / 16 / times) {
        return rp_eval_fail(eval, "the result is too long");
    }
    struct rp_object *result = rp_object_make(rp_builtin_type(category), category, 0);
    if (!result) {
        return rp_eval_memory(eval);
    }
    bool fine = true;
    for (int64_t i = 0; i < times && fine && a->item_count; i++) {
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
    return object->category == TF_CAT_LIST || object->category == TF_CAT_TUPLE;
}

/* *ret_done: it was such an operation. */
static bool
sequences(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
          const struct rp_value *b, bool *ret_done, struct rp_value *ret_value)
{
    bool text = a->kind == TF_VAL_STR || a->kind == TF_VAL_BYTES;
    struct rp_number times;
    bool repeat = op == RP_OP_MUL && rp_number_of(b, &times) && !times.is_float;
    *ret_done = true;
    if (text && (repeat || (op == RP_OP_ADD && b->kind == a->kind))) {
        return concat_text(eval, a, repeat ? NULL : b, repeat ? times.integer : 1,
                           ret_value);
    }
    *ret_done = false;
    if (a->kind != TF_VAL_REF
        || (!repeat && (op != RP_OP_ADD || b->kind != TF_VAL_REF))) {
        return true;
    }
    struct rp_object *left, *right = NULL;
    if (!rp_eval_object(eval, a, &left)) {
        return false;
    }
    bool fine = repeat || rp_eval_object(eval, b, &right);
    if (fine && is_sequence(left)
        && (!right || right->category == left->category
            || (left->category == TF_CAT_TUPLE
                && right->category == TF_CAT_NAMEDTUPLE))) {
        *ret_done = true;
        fine = concat_objects(eval, left, right, repeat ? times.integer : 1, ret_value);
    }
    rp_object_release(left);
    rp_object_release(right);
    return fine;
}

static const char *
op_name(enum rp_op op)
{
    static const char *const names[] = {
        [RP_OP_ADD] = "+",  [RP_OP_SUB] = "-",       [RP_OP_MUL] = "*",
        [RP_OP_DIV] = "/",  [RP_OP_FLOORDIV] = "//", [RP_OP_MOD] = "%",
        [RP_OP_POW] = "**", [RP_OP_LSHIFT] = "<<",   [RP_OP_RSHIFT] = ">>",
        [RP_OP_AND] = "&",  [RP_OP_OR] = "|",        [RP_OP_XOR] = "^"};
    return op <= RP_OP_XOR && names[op] ? names[op] : "?";
}

static bool
binary_plain(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
             const struct rp_value *b, struct rp_value *ret_value)
{
    struct rp_number x, y;
    bool x_number = rp_number_of(a, &x), y_number = rp_number_of(b, &y);
    if (x_number && y_number) {
        if ((x.is_float || y.is_float) && is_bit_operation(op)) {
            return unsupported(eval, op_name(op), a, b);
        }
        if (!numbers(eval, op, &x, &y, ret_value)) {
            return false;
        }
        bool bools = a->kind <= TF_VAL_TRUE && b->kind <= TF_VAL_TRUE;
        if (bools && (op == RP_OP_AND || op == RP_OP_OR || op == RP_OP_XOR)) {
            rp_value_set_bool(ret_value, ret_value->integer != 0);
        }
        return true;
    }
    bool done;
    bool swapped = op == RP_OP_MUL && x_number;
    if (!sequences(eval, op, swapped ? b : a, swapped ? a : b, &done, ret_value)) {
        return false;
    }
    return done || unsupported(eval, op_name(op), a, b);
}

bool
rp_eval_binary(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
               const struct rp_value *b, struct rp_value *ret_value)
{
    struct rp_value left = {0}, right = {0};
    bool fine = rp_eval_known(eval, a) && rp_eval_known(eval, b)
                && plain_of(eval, a, &left) && plain_of(eval, b, &right)
                && rp_eval_known(eval, &left) && rp_eval_known(eval, &right)
                && binary_plain(eval, op, &left, &right, ret_value);
    rp_value_release(&left);
    rp_value_release(&right);
    return fine;
}
