/* Arithmetic of int, float and complex, by Python's rules. */
#include <math.h>
#include <string.h>

#include "rp_eval.h"

static bool
older(const struct rp_eval *eval, uint32_t python_hex)
{
    return eval->rp->facts.header->python_hex < python_hex;
}

static bool
too_large(struct rp_eval *eval)
{
    return rp_eval_fail(eval, "the int is too large (more than %llu bits)",
                        (unsigned long long)RP_EVAL_BITS);
}

/* --- int --- */

static bool
zero_division(struct rp_eval *eval, enum rp_op op)
{
    bool modulo = op == RP_OP_MOD && !older(eval, 0x030b0000);
    return rp_eval_raise(eval, "ZeroDivisionError", "%s",
                         op == RP_OP_DIV ? "division by zero"
                         : modulo        ? "integer modulo by zero"
                                         : "integer division or modulo by zero");
}

static bool
shift_count(struct rp_eval *eval, const struct rp_int *a, const struct rp_int *b,
            bool left, uint64_t *ret_bits)
{
    int64_t bits;
    if (b->negative) {
        return rp_eval_raise(eval, "ValueError", "negative shift count");
    }
    if (!rp_int_fits(b, &bits)) {
        bits = INT64_MAX / 2;
    }
    *ret_bits = (uint64_t)bits;
    return !left || a->count == 0 || rp_int_bits(a) + *ret_bits <= RP_EVAL_BITS
           || too_large(eval);
}

static bool
int_power(struct rp_eval *eval, const struct rp_int *base, uint64_t exponent,
          struct rp_int *ret)
{
    struct rp_int result = {0}, square = {0}, next;
    bool fine = rp_int_small(1, &result) && rp_int_shift(base, 0, true, &square);
    while (fine && exponent) {
        uint64_t work = (uint64_t)square.count * square.count / 64;
        fine = rp_eval_steps(eval, work);
        if (fine && exponent & 1) {
            fine = rp_int_mul(&result, &square, &next);
            if (fine) {
                rp_int_release(&result);
                result = next;
            }
        }
        exponent >>= 1;
        if (fine && exponent) {
            fine = rp_int_mul(&square, &square, &next);
            if (fine) {
                rp_int_release(&square);
                square = next;
            }
        }
    }
    rp_int_release(&square);
    if (!fine) {
        rp_int_release(&result);
        return eval->status == TF_OK ? rp_eval_memory(eval) : false;
    }
    *ret = result;
    return true;
}

/* exponent is not negative. */
static bool
big_power(struct rp_eval *eval, const struct rp_int *a, const struct rp_int *b,
          struct rp_int *ret)
{
    int64_t exponent = 0;
    bool fits = rp_int_fits(b, &exponent);
    if (a->count == 1 && a->limb[0] == 1) { /* 1, -1 */
        exponent = b->count ? b->limb[0] & 1 : 0;
    }
    else if (a->count == 0) {
        exponent = b->count ? 1 : 0;
    }
    else if (!fits || (uint64_t)exponent > RP_EVAL_BITS
             || (rp_int_bits(a) - 1) * (uint64_t)exponent > RP_EVAL_BITS) {
        return too_large(eval);
    }
    return int_power(eval, a, (uint64_t)exponent, ret);
}

static bool
big_binary(struct rp_eval *eval, enum rp_op op, const struct rp_int *a,
           const struct rp_int *b, struct rp_int *ret)
{
    uint64_t bits = 0;
    switch (op) {
    case RP_OP_ADD: return rp_int_add(a, b, false, ret) || rp_eval_memory(eval);
    case RP_OP_SUB: return rp_int_add(a, b, true, ret) || rp_eval_memory(eval);
    case RP_OP_MUL:
        return (a->count + b->count <= RP_EVAL_BITS / 32 + 2 || too_large(eval))
               && rp_eval_steps(eval, (uint64_t)a->count * b->count / 64)
               && (rp_int_mul(a, b, ret) || rp_eval_memory(eval));
    case RP_OP_FLOORDIV:
    case RP_OP_MOD:
        if (b->count == 0) {
            return zero_division(eval, op);
        }
        return rp_eval_steps(eval, (uint64_t)a->count * b->count / 64)
               && (rp_int_divmod(a, b, op == RP_OP_MOD ? NULL : ret,
                                 op == RP_OP_MOD ? ret : NULL)
                   || rp_eval_memory(eval));
    case RP_OP_POW: return big_power(eval, a, b, ret);
    case RP_OP_LSHIFT:
    case RP_OP_RSHIFT:
        return shift_count(eval, a, b, op == RP_OP_LSHIFT, &bits)
               && (rp_int_shift(a, a->count ? bits : 0, op == RP_OP_LSHIFT, ret)
                   || rp_eval_memory(eval));
    default:
        return rp_int_bitwise(op == RP_OP_AND  ? '&'
                              : op == RP_OP_OR ? '|'
                                               : '^',
                              a, b, ret)
               || rp_eval_memory(eval);
    }
}

/* What needs no big numbers. False: it does, or fails. */
static bool
small_binary(enum rp_op op, int64_t a, int64_t b, int64_t *ret)
{
    switch (op) {
    case RP_OP_ADD: return !__builtin_add_overflow(a, b, ret);
    case RP_OP_SUB: return !__builtin_sub_overflow(a, b, ret);
    case RP_OP_MUL: return !__builtin_mul_overflow(a, b, ret);
    case RP_OP_AND: *ret = a & b; return true;
    case RP_OP_OR: *ret = a | b; return true;
    case RP_OP_XOR: *ret = a ^ b; return true;
    case RP_OP_RSHIFT: *ret = b > 63 ? (a < 0 ? -1 : 0) : a >> (b & 63); return b >= 0;
    case RP_OP_FLOORDIV:
    case RP_OP_MOD:
        if (b == 0 || (a == INT64_MIN && b == -1)) {
            return false;
        }
        *ret = op == RP_OP_MOD ? a % b : a / b;
        if (a % b && (a % b < 0) != (b < 0)) { /* Python rounds down */
            *ret += op == RP_OP_MOD ? b : -1;
        }
        return true;
    default: return false;
    }
}

static bool
int_true_division(struct rp_eval *eval, const struct rp_value *a,
                  const struct rp_value *b, struct rp_value *ret_value)
{
    struct rp_int x = {0}, y = {0};
    double real;
    bool fine = rp_int_of(a, &x) && rp_int_of(b, &y);
    if (!fine) {
        fine = rp_eval_memory(eval);
    }
    else if (y.count == 0) {
        fine = zero_division(eval, RP_OP_DIV);
    }
    else if (!rp_eval_steps(eval, (uint64_t)x.count * y.count / 64)) {
        fine = false;
    }
    else if (!rp_int_quotient(&x, &y, &real)) {
        bool large = rp_int_bits(&x) >= rp_int_bits(&y) + 1023;
        fine = large ? rp_eval_raise(eval, "OverflowError",
                                     "integer division result too large for a float")
                     : rp_eval_memory(eval);
    }
    else {
        rp_value_set_float(ret_value, real);
    }
    rp_int_release(&x);
    rp_int_release(&y);
    return fine;
}

static bool
is_negative(const struct rp_value *n)
{
    struct tf_text text = rp_value_bytes(n);
    return n->kind == TF_VAL_BIGINT
               ? text.len && (unsigned char)text.data[text.len - 1] & 0x80
               : n->kind == TF_VAL_INT && n->integer < 0;
}

static bool
int_binary(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
           const struct rp_value *b, struct rp_value *ret_value)
{
    struct rp_number x, y;
    int64_t small;
    if (op == RP_OP_DIV) {
        return int_true_division(eval, a, b, ret_value);
    }
    if (rp_number_of(a, &x) && rp_number_of(b, &y)
        && small_binary(op, x.integer, y.integer, &small)) {
        bool bools = a->kind <= TF_VAL_TRUE && b->kind <= TF_VAL_TRUE
                     && (op == RP_OP_AND || op == RP_OP_OR || op == RP_OP_XOR);
        rp_value_set_int(ret_value, small);
        if (bools) {
            rp_value_set_bool(ret_value, small != 0);
        }
        return true;
    }
    struct rp_int m = {0}, n = {0}, result = {0};
    bool fine = (rp_int_of(a, &m) && rp_int_of(b, &n)) || rp_eval_memory(eval);
    fine = fine && big_binary(eval, op, &m, &n, &result)
           && rp_eval_int(eval, &result, ret_value);
    rp_int_release(&m);
    rp_int_release(&n);
    return fine;
}

/* --- float --- */

bool
rp_eval_real(struct rp_eval *eval, const struct rp_value *value, double *ret_real)
{
    struct rp_number number;
    struct rp_int n;
    if (rp_number_of(value, &number)) {
        *ret_real = number.real;
        return true;
    }
    if (!rp_int_of(value, &n)) {
        return rp_is_int(value)
                   ? rp_eval_memory(eval)
                   : rp_eval_raise(eval, "TypeError", "must be real number, not %s",
                                   rp_eval_label(eval, value).text);
    }
    bool fine = rp_int_real(&n, ret_real);
    rp_int_release(&n);
    return fine
           || rp_eval_raise(eval, "OverflowError", "int too large to convert to float");
}

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
float_zero_division(struct rp_eval *eval, enum rp_op op)
{
    const char *modulo =
        older(eval, 0x030d0000) ? "float modulo" : "float modulo by zero";
    const char *floor_division =
        older(eval, 0x03090000) ? "float divmod()" : "float floor division by zero";
    return rp_eval_raise(eval, "ZeroDivisionError", "%s",
                         op == RP_OP_DIV   ? "float division by zero"
                         : op == RP_OP_MOD ? modulo
                                           : floor_division);
}

struct complex {
    double re, im;
};

static bool complex_binary(struct rp_eval *eval, enum rp_op op, struct complex a,
                           struct complex b, struct rp_value *ret_value);

static bool
float_power(struct rp_eval *eval, double a, double b, struct rp_value *ret_value)
{
    if (a == 0 && b < 0 && !isinf(b)) {
        return rp_eval_raise(eval, "ZeroDivisionError",
                             "0.0 cannot be raised to a negative power");
    }
    if (a < 0 && isfinite(a) && isfinite(b) && b != floor(b)) {
        return complex_binary(eval, RP_OP_POW, (struct complex){a, 0},
                              (struct complex){b, 0}, ret_value);
    }
    double power = pow(a, b);
    if (isinf(power) && isfinite(a) && isfinite(b)) {
        return rp_eval_raise(eval, "OverflowError",
                             "(34, 'Numerical result out of range')");
    }
    rp_value_set_float(ret_value, power);
    return true;
}

static bool
float_binary(struct rp_eval *eval, enum rp_op op, double a, double b,
             struct rp_value *ret_value)
{
    double whole = 0, result;
    switch (op) {
    case RP_OP_ADD: result = a + b; break;
    case RP_OP_SUB: result = a - b; break;
    case RP_OP_MUL: result = a * b; break;
    case RP_OP_POW: return float_power(eval, a, b, ret_value);
    default:
        if (b == 0) {
            return float_zero_division(eval, op);
        }
        result = op == RP_OP_DIV ? a / b : float_mod(a, b, &whole);
        result = op == RP_OP_FLOORDIV ? whole : result;
    }
    rp_value_set_float(ret_value, result);
    return true;
}

/* --- complex (Objects/complexobject.c) --- */

static struct complex
product(struct complex a, struct complex b)
{
    return (struct complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static bool
quotient(struct complex a, struct complex b, struct complex *ret)
{
    if (b.re == 0 && b.im == 0) {
        return false;
    }
    if (fabs(b.re) >= fabs(b.im)) {
        double ratio = b.im / b.re, denominator = b.re + b.im * ratio;
        *ret = (struct complex){(a.re + a.im * ratio) / denominator,
                                (a.im - a.re * ratio) / denominator};
    }
    else if (fabs(b.im) >= fabs(b.re)) {
        double ratio = b.re / b.im, denominator = b.re * ratio + b.im;
        *ret = (struct complex){(a.re * ratio + a.im) / denominator,
                                (a.im * ratio - a.re) / denominator};
    }
    else {
        *ret = (struct complex){NAN, NAN};
    }
    return true;
}

static struct complex
small_power(struct complex x, unsigned n)
{
    struct complex result = {1, 0};
    for (unsigned mask = 1; mask && n >= mask; mask <<= 1) {
        if (n & mask) {
            result = product(result, x);
        }
        x = product(x, x);
    }
    return result;
}

static bool
complex_power(struct complex a, struct complex b, struct complex *ret)
{
    if (b.im == 0 && b.re == floor(b.re) && fabs(b.re) <= 100) {
        if (b.re > 0) {
            *ret = small_power(a, (unsigned)b.re);
            return true;
        }
        return quotient((struct complex){1, 0}, small_power(a, (unsigned)-b.re), ret);
    }
    if (a.re == 0 && a.im == 0) {
        *ret = (struct complex){0, 0};
        return b.im == 0 && b.re >= 0;
    }
    double size = hypot(a.re, a.im), length = pow(size, b.re);
    double angle = atan2(a.im, a.re), phase = angle * b.re;
    if (b.im != 0) {
        length *= exp(-angle * b.im);
        phase += b.im * log(size);
    }
    *ret = (struct complex){length * cos(phase), length * sin(phase)};
    return true;
}

static bool
complex_binary(struct rp_eval *eval, enum rp_op op, struct complex a, struct complex b,
               struct rp_value *ret_value)
{
    struct complex result = {0, 0};
    switch (op) {
    case RP_OP_ADD: result = (struct complex){a.re + b.re, a.im + b.im}; break;
    case RP_OP_SUB: result = (struct complex){a.re - b.re, a.im - b.im}; break;
    case RP_OP_MUL: result = product(a, b); break;
    case RP_OP_DIV:
        if (!quotient(a, b, &result)) {
            return rp_eval_raise(eval, "ZeroDivisionError", "complex division by zero");
        }
        break;
    default:
        if (!complex_power(a, b, &result)) {
            return rp_eval_raise(eval, "ZeroDivisionError",
                                 "0.0 to a negative or complex power");
        }
        if (isinf(result.re) || isinf(result.im)) {
            return rp_eval_raise(eval, "OverflowError", "complex exponentiation");
        }
    }
    *ret_value =
        (struct rp_value){.kind = TF_VAL_COMPLEX, .real = result.re, .imag = result.im};
    return true;
}

static bool
complex_of(struct rp_eval *eval, const struct rp_value *value, struct complex *ret)
{
    if (value->kind == TF_VAL_COMPLEX) {
        *ret = (struct complex){value->real, value->imag};
        return true;
    }
    ret->im = 0;
    return rp_eval_real(eval, value, &ret->re);
}

/* --- All --- */

bool
rp_eval_numbers(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                const struct rp_value *b, struct rp_value *ret_value)
{
    bool bits = op >= RP_OP_LSHIFT && op <= RP_OP_XOR;
    bool complex = a->kind == TF_VAL_COMPLEX || b->kind == TF_VAL_COMPLEX;
    bool whole = op == RP_OP_FLOORDIV || op == RP_OP_MOD;
    double x, y;
    if (rp_is_int(a) && rp_is_int(b) && !(op == RP_OP_POW && is_negative(b))) {
        return int_binary(eval, op, a, b, ret_value);
    }
    if (complex && whole && older(eval, 0x030a0000)) {
        return rp_eval_raise(eval, "TypeError",
                             op == RP_OP_MOD ? "can't mod complex numbers."
                                             : "can't take floor of complex number.");
    }
    if (bits || (complex && whole)) {
        return rp_eval_unsupported(eval, op, a, b);
    }
    if (complex) {
        struct complex m, n;
        return complex_of(eval, a, &m) && complex_of(eval, b, &n)
               && complex_binary(eval, op, m, n, ret_value);
    }
    return rp_eval_real(eval, a, &x) && rp_eval_real(eval, b, &y)
           && float_binary(eval, op, x, y, ret_value);
}

/* pow(a, b, c) of ints. */
static bool
power_mod(struct rp_eval *eval, struct rp_int *base, const struct rp_int *exponent,
          const struct rp_int *modulus, struct rp_int *ret)
{
    struct rp_int result = {0}, next = {0}, rest = {0};
    uint64_t bits = rp_int_bits(exponent);
    bool fine = rp_int_small(1, &next) && rp_int_divmod(&next, modulus, NULL, &result)
                && rp_int_divmod(base, modulus, NULL, &rest);
    rp_int_release(&next);
    rp_int_release(base);
    *base = rest;
    for (uint64_t i = bits; i-- > 0 && fine;) {
        uint64_t work = (uint64_t)modulus->count * modulus->count / 16 + 1;
        struct rp_int square = {0};
        fine = rp_eval_steps(eval, work) && rp_int_mul(&result, &result, &square);
        rp_int_release(&result);
        fine = fine && rp_int_divmod(&square, modulus, NULL, &result);
        rp_int_release(&square);
        if (fine && exponent->limb[i / 32] >> (i % 32) & 1) {
            fine = rp_int_mul(&result, base, &square);
            rp_int_release(&result);
            fine = fine && rp_int_divmod(&square, modulus, NULL, &result);
            rp_int_release(&square);
        }
    }
    if (!fine) {
        rp_int_release(&result);
        return eval->status == TF_OK ? rp_eval_memory(eval) : false;
    }
    *ret = result;
    return true;
}

bool
rp_eval_power_mod(struct rp_eval *eval, const struct rp_value *const given[3],
                  const struct rp_value arg[3], struct rp_value *ret_value)
{
    struct rp_int n[3] = {{0}}, result = {0};
    for (int i = 0; i < 3; i++) {
        bool number = rp_is_int(&arg[i]) || arg[i].kind == TF_VAL_FLOAT
                      || arg[i].kind == TF_VAL_COMPLEX;
        if (!number) {
            struct rp_label label[3];
            for (int k = 0; k < 3; k++) {
                label[k] = rp_eval_label(eval, given[k]);
            }
            return arg[i].kind == TF_VAL_REF
                       ? rp_eval_fail(eval, "pow() of this is not supported")
                       : rp_eval_raise(eval, "TypeError",
                                       "unsupported operand type(s) for ** or pow(): "
                                       "'%s', '%s', '%s'",
                                       label[0].text, label[1].text, label[2].text);
        }
    }
    for (int i = 0; i < 3; i++) {
        if (arg[i].kind == TF_VAL_COMPLEX) {
            return rp_eval_raise(eval, "ValueError", "complex modulo");
        }
    }
    for (int i = 0; i < 3; i++) {
        if (!rp_is_int(&arg[i])) {
            return rp_eval_raise(
                eval, "TypeError",
                "pow() 3rd argument not allowed unless all arguments are integers");
        }
    }
    bool fine = rp_int_of(&arg[0], &n[0]) && rp_int_of(&arg[1], &n[1])
                && rp_int_of(&arg[2], &n[2]);
    if (!fine) {
        fine = rp_eval_memory(eval);
    }
    else if (n[2].count == 0) {
        fine = rp_eval_raise(eval, "ValueError", "pow() 3rd argument cannot be 0");
    }
    else if (n[1].negative) {
        fine = rp_eval_fail(eval, "pow() with a negative exponent and a modulus is not "
                                  "supported");
    }
    else {
        fine = power_mod(eval, &n[0], &n[1], &n[2], &result)
               && rp_eval_int(eval, &result, ret_value);
    }
    for (int i = 0; i < 3; i++) {
        rp_int_release(&n[i]);
    }
    return fine;
}
