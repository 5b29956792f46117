/* Methods of the numbers. */
#include <math.h>
#include <stdlib.h>

#include "rp_compare.h"

#define METHOD(name)                                                    \
 static bool name(struct rp_calling *call, const struct rp_value *self, \
                  const struct rp_object *object, struct rp_value *ret_value)
#define UNUSED (void)self, (void)object, (void)call

/* --- int --- */

static bool
int_size(struct rp_calling *call, const struct rp_value *self, bool ones,
         struct rp_value *ret_value)
{
    struct rp_int n;
    if (!rp_int_of(self, &n)) {
        return rp_eval_memory(call->eval);
    }
    rp_value_set_int(ret_value, (int64_t)(ones ? rp_int_ones(&n) : rp_int_bits(&n)));
    rp_int_release(&n);
    return true;
}

METHOD(int_bit_length)
{
    UNUSED;
    return int_size(call, self, false, ret_value);
}

METHOD(int_bit_count)
{
    UNUSED;
    if (call->eval->rp->facts.header->python_hex < 0x030a0000) {
        return rp_eval_raise(call->eval, "AttributeError",
                             "'int' object has no attribute 'bit_count'");
    }
    return int_size(call, self, true, ret_value);
}

METHOD(int_conjugate)
{
    struct rp_value zero;
    UNUSED;
    rp_value_set_int(&zero, 0);
    return rp_eval_numbers(call->eval, RP_OP_ADD, &zero, self, ret_value);
}

METHOD(int_is_integer)
{
    UNUSED;
    if (call->eval->rp->facts.header->python_hex < 0x030c0000) {
        return rp_eval_raise(call->eval, "AttributeError",
                             "'int' object has no attribute 'is_integer'");
    }
    rp_value_set_bool(ret_value, true);
    return true;
}

static bool
pair_of(struct rp_calling *call, const struct rp_value *self, int64_t second,
        struct rp_value *ret_value)
{
    struct rp_value a, b;
    struct rp_value zero;
    rp_value_set_int(&zero, 0);
    rp_value_set_int(&b, second);
    return rp_eval_numbers(call->eval, RP_OP_ADD, &zero, self, &a)
           && rp_eval_pair(call->eval, &a, &b, ret_value);
}

METHOD(int_as_integer_ratio)
{
    UNUSED;
    return pair_of(call, self, 1, ret_value);
}

METHOD(int_to_bytes)
{
    const struct rp_value *length = rp_call_arg(call, 0, "length");
    const struct rp_value *order = rp_call_arg(call, 1, "byteorder");
    const struct rp_value *sign = rp_call_named(call, "signed");
    int64_t count = 1;
    bool is_signed = false,
         defaults = call->eval->rp->facts.header->python_hex >= 0x030b0000;
    struct rp_int n;
    UNUSED;
    if ((!length || !order) && !defaults) {
        return rp_eval_raise(call->eval, "TypeError",
                             "to_bytes() missing required argument '%s' (pos %d)",
                             length ? "byteorder" : "length", length ? 2 : 1);
    }
    if ((length
         && !rp_eval_index_of(call->eval, length,
                              "'%s' object cannot be interpreted as an integer",
                              &count))
        || (sign && !rp_eval_truth(call->eval, sign, &is_signed))) {
        return false;
    }
    if (order && order->kind != TF_VAL_STR) {
        return rp_eval_raise(call->eval, "TypeError",
                             "to_bytes() argument 'byteorder' must be str, not %s",
                             rp_eval_label(call->eval, order).text);
    }
    bool little = order && rp_text_is(rp_value_bytes(order), "little");
    if (order && !little && !rp_text_is(rp_value_bytes(order), "big")) {
        return rp_eval_raise(call->eval, "ValueError",
                             "byteorder must be either 'little' or 'big'");
    }
    if (count < 0) {
        return rp_eval_raise(call->eval, "ValueError",
                             "length argument must be non-negative");
    }
    if (!rp_eval_room(call->eval, (uint64_t)count)) {
        return false;
    }
    if (!rp_int_of(self, &n)) {
        return rp_eval_memory(call->eval);
    }
    if (n.negative && !is_signed) {
        rp_int_release(&n);
        return rp_eval_raise(call->eval, "OverflowError",
                             "can't convert negative int to unsigned");
    }
    uint64_t bits = rp_int_bits(&n);
    bool power = n.negative && rp_int_ones(&n) == 1; /* -128 fits into 8 bits */
    if (bits + is_signed - power > (uint64_t)count * 8) {
        rp_int_release(&n);
        return rp_eval_raise(call->eval, "OverflowError", "int too big to convert");
    }
    char *byte = malloc((size_t)count + 1);
    bool carry = n.negative;
    for (size_t i = 0; byte && i < (size_t)count; i++) {
        uint32_t limb = i / 4 < n.count ? n.limb[i / 4] : 0;
        unsigned b = limb >> (i % 4 * 8) & 0xff;
        if (n.negative) {
            b = (~b & 0xff) + carry;
            carry = b >> 8;
        }
        byte[little ? i : (size_t)count - 1 - i] = (char)b;
    }
    rp_int_release(&n);
    bool fine =
        byte ? rp_eval_text(call->eval, TF_VAL_BYTES, byte, (size_t)count, ret_value)
             : rp_eval_memory(call->eval);
    free(byte);
    return fine;
}

const struct rp_method rp_int_methods[] = {
    {"bit_length", int_bit_length, 0, 0, NULL},
    {"bit_count", int_bit_count, 0, 0, NULL},
    {"conjugate", int_conjugate, 0, 0, NULL},
    {"is_integer", int_is_integer, 0, 0, NULL},
    {"as_integer_ratio", int_as_integer_ratio, 0, 0, NULL},
    {"to_bytes", int_to_bytes, 0, 2, " length byteorder signed "},
    {NULL, NULL, 0, 0, NULL},
};

/* --- float, complex --- */

METHOD(float_is_integer)
{
    UNUSED;
    rp_value_set_bool(ret_value,
                      isfinite(self->real) && floor(self->real) == self->real);
    return true;
}

METHOD(float_conjugate)
{
    UNUSED;
    rp_value_set_float(ret_value, self->real);
    return true;
}

METHOD(float_as_integer_ratio)
{
    struct rp_value two, power, exponent_value, a = {0}, b = {0}, part;
    int exponent;
    UNUSED;
    if (isnan(self->real) || isinf(self->real)) {
        return isnan(self->real)
                   ? rp_eval_raise(call->eval, "ValueError",
                                   "cannot convert NaN to integer ratio")
                   : rp_eval_raise(call->eval, "OverflowError",
                                   "cannot convert Infinity to integer ratio");
    }
    double fraction = frexp(self->real, &exponent);
    while (fraction != floor(fraction)) {
        fraction *= 2;
        exponent--;
    }
    rp_value_set_int(&part, (int64_t)fraction);
    rp_value_set_int(&two, 2);
    rp_value_set_int(&exponent_value, exponent < 0 ? -exponent : exponent);
    if (!rp_eval_numbers(call->eval, RP_OP_POW, &two, &exponent_value, &power)) {
        return false;
    }
    if (exponent < 0) {
        a = part;
        b = power;
        return rp_eval_pair(call->eval, &a, &b, ret_value);
    }
    rp_value_set_int(&b, 1);
    bool fine = rp_eval_numbers(call->eval, RP_OP_MUL, &part, &power, &a);
    rp_value_release(&power);
    return fine && rp_eval_pair(call->eval, &a, &b, ret_value);
}

/* float_hex of Objects/floatobject.c. */
METHOD(float_hex)
{
    struct rp_buf out = RP_BUF_INIT;
    double real = self->real;
    UNUSED;
    if (isnan(real) || isinf(real)) {
        rp_buf_add_string(&out, isnan(real) ? "nan" : real < 0 ? "-inf" : "inf");
    }
    else if (real == 0) {
        rp_buf_add_string(&out, signbit(real) ? "-0x0.0p+0" : "0x0.0p+0");
    }
    else {
        int exponent;
        double part = frexp(fabs(real), &exponent);
        int shift = 1 - (-1021 > exponent ? -1021 - exponent : 0);
        part = ldexp(part, shift);
        exponent -= shift;
        rp_buf_addf(&out, "%s0x%d.", real < 0 ? "-" : "", (int)part);
        part -= (int)part;
        for (int i = 0; i < 13; i++) {
            part *= 16;
            rp_buf_addf(&out, "%x", (unsigned)part);
            part -= (int)part;
        }
        rp_buf_addf(&out, "p%c%d", exponent < 0 ? '-' : '+', abs(exponent));
    }
    return rp_eval_text_of(call->eval, TF_VAL_STR, &out, ret_value);
}

METHOD(complex_conjugate)
{
    UNUSED;
    *ret_value = *self;
    ret_value->imag = -self->imag;
    return true;
}

const struct rp_method rp_float_methods[] = {
    {"is_integer", float_is_integer, 0, 0, NULL},
    {"conjugate", float_conjugate, 0, 0, NULL},
    {"as_integer_ratio", float_as_integer_ratio, 0, 0, NULL},
    {"hex", float_hex, 0, 0, NULL},
    {NULL, NULL, 0, 0, NULL},
};

const struct rp_method rp_complex_methods[] = {
    {"conjugate", complex_conjugate, 0, 0, NULL},
    {NULL, NULL, 0, 0, NULL},
};
