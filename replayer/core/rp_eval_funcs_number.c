/* The built-in functions of numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp_compare.h"

static bool
call_abs(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    struct rp_value plain, zero;
    bool negative;
    if (!rp_eval_known(eval, &call->arg[0])
        || !rp_eval_plain(eval, &call->arg[0], &plain)) {
        return false;
    }
    bool fine = true;
    rp_value_set_int(&zero, 0);
    if (plain.kind == TF_VAL_FLOAT) {
        rp_value_set_float(ret_value, fabs(plain.real));
    }
    else if (plain.kind == TF_VAL_COMPLEX) {
        double size = hypot(plain.real, plain.imag);
        rp_value_set_float(ret_value, size);
        if (isinf(size) && isfinite(plain.real) && isfinite(plain.imag)) {
            fine = rp_eval_raise(eval, "OverflowError", "absolute value too large");
        }
    }
    else if (rp_is_int(&plain)) {
        fine = rp_eval_compare(eval, RP_OP_LT, &plain, &zero, &negative)
               && rp_eval_numbers(eval, negative ? RP_OP_SUB : RP_OP_ADD, &zero, &plain,
                                  ret_value);
    }
    else if (plain.kind == TF_VAL_REF) {
        fine = rp_eval_unary(eval, RP_OP_POS, &plain, ret_value); /* its error */
        if (!fine && eval->error && strstr(eval->error->message, "unary +")) {
            rp_expr_fail(eval->error, eval->column,
                         "TypeError: bad operand type for abs(): '%s'",
                         rp_eval_label(eval, &call->arg[0]).text);
        }
    }
    else {
        fine = rp_eval_raise(eval, "TypeError", "bad operand type for abs(): '%s'",
                             rp_eval_label(eval, &call->arg[0]).text);
    }
    rp_value_release(&plain);
    return fine;
}

static bool
call_divmod(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    struct rp_value a, b, quotient, rest;
    if (!rp_eval_plain(eval, &call->arg[0], &a)) {
        return false;
    }
    if (!rp_eval_plain(eval, &call->arg[1], &b)) {
        rp_value_release(&a);
        return false;
    }
    bool numbers = rp_is_number(&a) && rp_is_number(&b);
    bool zero = (b.kind == TF_VAL_INT && b.integer == 0) || b.kind == TF_VAL_FALSE
                || (b.kind == TF_VAL_FLOAT && b.real == 0);
    bool real = a.kind == TF_VAL_FLOAT || b.kind == TF_VAL_FLOAT;
    bool fine = rp_eval_known(eval, &a) && rp_eval_known(eval, &b);
    if (fine && numbers && zero && real) {
        double x;
        fine = rp_eval_real(eval, &a, &x)
               && rp_eval_raise(eval, "ZeroDivisionError", "float divmod()");
    }
    else if (fine && numbers) {
        fine = rp_eval_numbers(eval, RP_OP_FLOORDIV, &a, &b, &quotient);
        if (fine && !rp_eval_numbers(eval, RP_OP_MOD, &a, &b, &rest)) {
            rp_value_release(&quotient);
            fine = false;
        }
        fine = fine && rp_eval_pair(eval, &quotient, &rest, ret_value);
    }
    else if (fine) {
        bool own = (a.kind == TF_VAL_REF || b.kind == TF_VAL_REF);
        fine = own && !rp_eval_binary(eval, RP_OP_SUB, &a, &b, &rest) && eval->error
                       && !strstr(eval->error->message, "unsupported")
                   ? false
                   : (eval->status = TF_OK,
                      rp_eval_raise(eval, "TypeError",
                                    "unsupported operand type(s) for divmod(): '%s' "
                                    "and '%s'",
                                    rp_eval_label(eval, &call->arg[0]).text,
                                    rp_eval_label(eval, &call->arg[1]).text));
    }
    rp_value_release(&a);
    rp_value_release(&b);
    return fine;
}

/* round(x, digits) of a float: decimal, from the exact value, ties to even. */
static bool
round_real(struct rp_eval *eval, double real, int64_t digits,
           struct rp_value *ret_value)
{
    char text[800];
    if (!isfinite(real) || real == 0 || digits > 323) {
        rp_value_set_float(ret_value, real);
        return true;
    }
    if (digits < -308) {
        rp_value_set_float(ret_value, copysign(0, real));
        return true;
    }
    if (digits >= 0) {
        snprintf(text, sizeof text, "%.*f", (int)digits, real);
    }
    else {
        snprintf(text, sizeof text, "%.17e", real);
        int exponent = atoi(strchr(text, 'e') + 1);
        int keep = exponent + (int)digits;
        if (keep >= 0) {
            snprintf(text, sizeof text, "%.*e", keep, real);
        }
        else { /* 0, or one unit of the place */
            snprintf(text, sizeof text, "5e%d", (int)-digits - 1);
            bool up = keep == -1 && fabs(real) > strtod(text, NULL);
            snprintf(text, sizeof text, "%s%de%d", real < 0 ? "-" : "", up,
                     (int)-digits);
        }
    }
    double rounded = strtod(text, NULL);
    if (isinf(rounded)) {
        return rp_eval_raise(eval, "OverflowError",
                             "rounded value too large to represent");
    }
    rp_value_set_float(ret_value, rounded);
    return true;
}

/* round(n, -digits) of an int: to a multiple of 10**digits, ties to even. */
static bool
round_int(struct rp_eval *eval, const struct rp_value *n, int64_t digits,
          struct rp_value *ret_value)
{
    struct rp_value ten, exponent, unit = {0}, q = {0}, r = {0}, twice = {0}, one;
    bool more = false, half = false, odd = false, fine;
    rp_value_set_int(&ten, 10);
    rp_value_set_int(&one, 1);
    rp_value_set_int(&exponent, digits);
    fine = rp_eval_numbers(eval, RP_OP_POW, &ten, &exponent, &unit)
           && rp_eval_numbers(eval, RP_OP_FLOORDIV, n, &unit, &q)
           && rp_eval_numbers(eval, RP_OP_MOD, n, &unit, &r)
           && rp_eval_numbers(eval, RP_OP_ADD, &r, &r, &twice)
           && rp_eval_compare(eval, RP_OP_GT, &twice, &unit, &more)
           && rp_eval_compare(eval, RP_OP_EQ, &twice, &unit, &half);
    if (fine && half) {
        struct rp_value bit;
        fine = rp_eval_numbers(eval, RP_OP_AND, &q, &one, &bit)
               && rp_eval_truth(eval, &bit, &odd);
    }
    if (fine && (more || odd)) {
        struct rp_value up;
        fine = rp_eval_numbers(eval, RP_OP_ADD, &q, &one, &up);
        if (fine) {
            rp_value_release(&q);
            q = up;
        }
    }
    fine = fine && rp_eval_numbers(eval, RP_OP_MUL, &q, &unit, ret_value);
    rp_value_release(&unit);
    rp_value_release(&q);
    rp_value_release(&r);
    rp_value_release(&twice);
    return fine;
}

bool
rp_eval_whole_number(struct rp_eval *eval, double real, struct rp_value *ret_value)
{
    struct rp_int n;
    if (isnan(real)) {
        return rp_eval_raise(eval, "ValueError", "cannot convert float NaN to integer");
    }
    if (isinf(real)) {
        return rp_eval_raise(eval, "OverflowError",
                             "cannot convert float infinity to integer");
    }
    return (rp_int_of_real(real, &n) || rp_eval_memory(eval))
           && rp_eval_int(eval, &n, ret_value);
}

static bool
call_round(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    const struct rp_value *number = rp_call_arg(call, 0, "number");
    const struct rp_value *places = rp_call_arg(call, 1, "ndigits");
    struct rp_value plain, zero;
    int64_t digits = 0;
    if (!number) {
        return rp_eval_raise(eval, "TypeError",
                             "round() missing required argument 'number' (pos 1)");
    }
    if (!rp_eval_known(eval, number) || !rp_eval_plain(eval, number, &plain)) {
        return false;
    }
    rp_value_set_int(&zero, 0);
    bool none = !places || places->kind == TF_VAL_NONE, fine = true;
    bool real = plain.kind == TF_VAL_FLOAT;
    if (!real && !rp_is_int(&plain)) {
        fine = rp_eval_known(eval, &plain)
               && (plain.kind != TF_VAL_REF
                       ? rp_eval_raise(eval, "TypeError",
                                       "type %s doesn't define __round__ method",
                                       rp_eval_label(eval, number).text)
                       : rp_eval_fail(eval, "round() of this is not supported"));
    }
    fine = fine
           && (none
               || rp_eval_index_of(eval, places,
                                   "'%s' object cannot be interpreted as an integer",
                                   &digits));
    if (fine && real) {
        fine = none ? rp_eval_whole_number(eval, rint(plain.real), ret_value)
                    : round_real(eval, plain.real, digits, ret_value);
    }
    else if (fine) {
        fine = digits >= 0 ? rp_eval_numbers(eval, RP_OP_ADD, &plain, &zero, ret_value)
               : digits < -20000 ? (rp_value_set_int(ret_value, 0), true)
                                 : round_int(eval, &plain, -digits, ret_value);
    }
    rp_value_release(&plain);
    return fine;
}

static bool
call_pow(struct rp_calling *call, struct rp_value *ret_value)
{
    const struct rp_value *base = rp_call_arg(call, 0, "base");
    const struct rp_value *exponent = rp_call_arg(call, 1, "exp");
    const struct rp_value *modulus = rp_call_arg(call, 2, "mod");
    if (!base || !exponent) {
        return rp_eval_raise(call->eval, "TypeError",
                             "pow() missing required argument '%s' (pos %d)",
                             base ? "exp" : "base", base ? 2 : 1);
    }
    if (!modulus || modulus->kind == TF_VAL_NONE) {
        return rp_eval_binary(call->eval, RP_OP_POW, base, exponent, ret_value);
    }
    const struct rp_value *given[3] = {base, exponent, modulus};
    struct rp_value arg[3] = {{0}};
    bool fine = true;
    for (int i = 0; i < 3 && fine; i++) {
        fine = rp_eval_known(call->eval, given[i])
               && rp_eval_plain(call->eval, given[i], &arg[i])
               && rp_eval_known(call->eval, &arg[i]);
    }
    fine = fine && rp_eval_power_mod(call->eval, given, arg, ret_value);
    for (int i = 0; i < 3; i++) {
        rp_value_release(&arg[i]);
    }
    return fine;
}

const struct rp_function rp_number_functions[] = {
    {"abs", call_abs, 1, 1, false, NULL},
    {"divmod", call_divmod, 2, 2, false, NULL},
    {"round", call_round, 0, 2, false, " number ndigits "},
    {"pow", call_pow, 0, 3, false, " base exp mod "},
    {NULL, NULL, 0, 0, false, NULL},
};
