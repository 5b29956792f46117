/* Ints of any size. See rp_int.h. */
#include "rp_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LIMB_BITS 32u

void
rp_int_release(struct rp_int *n)
{
    free(n->limb);
    *n = (struct rp_int){0};
}

static bool
make(size_t count, struct rp_int *ret_n)
{
    *ret_n = (struct rp_int){.limb = calloc(count ? count : 1, sizeof(uint32_t)),
                             .count = count};
    return ret_n->limb != NULL;
}

static void
trim(struct rp_int *n)
{
    while (n->count && n->limb[n->count - 1] == 0) {
        n->count--;
    }
    n->negative = n->negative && n->count;
}

/* --- From and to values --- */

bool
rp_int_small(int64_t number, struct rp_int *ret_n)
{
    if (!make(2, ret_n)) {
        return false;
    }
    uint64_t size = number < 0 ? -(uint64_t)number : (uint64_t)number;
    ret_n->limb[0] = (uint32_t)size;
    ret_n->limb[1] = (uint32_t)(size >> LIMB_BITS);
    ret_n->negative = number < 0;
    trim(ret_n);
    return true;
}

/* Two's complement in place: the negative of a number of so many limbs. */
static void
negate_limbs(uint32_t *limb, size_t count)
{
    bool carry = true;
    for (size_t i = 0; i < count; i++) {
        limb[i] = ~limb[i] + carry;
        carry = carry && limb[i] == 0;
    }
}

static bool
of_bytes(struct tf_text text, struct rp_int *ret_n)
{
    if (!make(text.len / 4 + 1, ret_n)) {
        return false;
    }
    bool negative = text.len && (unsigned char)text.data[text.len - 1] & 0x80;
    for (size_t i = 0; i < ret_n->count * 4; i++) {
        uint32_t byte = i < text.len ? (unsigned char)text.data[i]
                        : negative   ? 0xff
                                     : 0;
        ret_n->limb[i / 4] |= byte << (i % 4 * 8);
    }
    if (negative) {
        negate_limbs(ret_n->limb, ret_n->count);
    }
    ret_n->negative = negative;
    trim(ret_n);
    return true;
}

bool
rp_int_of(const struct rp_value *value, struct rp_int *ret_n)
{
    switch (value->kind) {
    case TF_VAL_FALSE: return rp_int_small(0, ret_n);
    case TF_VAL_TRUE: return rp_int_small(1, ret_n);
    case TF_VAL_INT: return rp_int_small(value->integer, ret_n);
    case TF_VAL_BIGINT: return of_bytes(rp_value_bytes(value), ret_n);
    default: return false;
    }
}

bool
rp_int_fits(const struct rp_int *n, int64_t *ret_number)
{
    uint64_t size = n->count > 0 ? n->limb[0] : 0;
    size |= n->count > 1 ? (uint64_t)n->limb[1] << LIMB_BITS : 0;
    if (n->count > 2 || size > (uint64_t)INT64_MAX + n->negative) {
        return false;
    }
    *ret_number = n->negative ? (int64_t)-size : (int64_t)size;
    return true;
}

bool
rp_int_value(struct rp_int *n, struct rp_value *ret_value)
{
    int64_t small;
    if (rp_int_fits(n, &small)) {
        rp_value_set_int(ret_value, small);
        rp_int_release(n);
        return true;
    }
    size_t len = n->count * 4 + 1;
    uint8_t *byte = malloc(len);
    if (byte) {
        for (size_t i = 0; i < n->count * 4; i++) {
            byte[i] = (uint8_t)(n->limb[i / 4] >> (i % 4 * 8));
        }
        byte[len - 1] = 0;
        bool carry = n->negative;
        for (size_t i = 0; n->negative && i < len; i++) {
            byte[i] = (uint8_t)(~byte[i] + carry);
            carry = carry && byte[i] == 0;
        }
        uint8_t sign = n->negative ? 0xff : 0;
        while (len > 1 && byte[len - 1] == sign
               && (byte[len - 2] & 0x80) == (sign & 0x80)) {
            len--;
        }
    }
    bool fine =
        byte && rp_value_set_text(ret_value, TF_VAL_BIGINT, (const char *)byte, len);
    free(byte);
    rp_int_release(n);
    return fine;
}

/* --- Size and order --- */

uint64_t
rp_int_bits(const struct rp_int *n)
{
    return n->count ? (uint64_t)n->count * LIMB_BITS
                          - (unsigned)__builtin_clz(n->limb[n->count - 1])
                    : 0;
}

uint64_t
rp_int_ones(const struct rp_int *n)
{
    uint64_t ones = 0;
    for (size_t i = 0; i < n->count; i++) {
        ones += (unsigned)__builtin_popcount(n->limb[i]);
    }
    return ones;
}

static int
compare_size(const struct rp_int *a, const struct rp_int *b)
{
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (size_t i = a->count; i-- > 0;) {
        if (a->limb[i] != b->limb[i]) {
            return a->limb[i] < b->limb[i] ? -1 : 1;
        }
    }
    return 0;
}

int
rp_int_compare(const struct rp_int *a, const struct rp_int *b)
{
    if (a->negative != b->negative) {
        return a->negative ? -1 : 1;
    }
    return a->negative ? compare_size(b, a) : compare_size(a, b);
}

int
rp_int_compare_real(const struct rp_int *a, double b)
{
    struct rp_int whole;
    if (isnan(b) || isinf(b)) {
        return isnan(b) || b > 0 ? -1 : 1;
    }
    if (!rp_int_of_real(b, &whole)) {
        return 1;
    }
    int order = rp_int_compare(a, &whole);
    rp_int_release(&whole);
    double rest = b - trunc(b);
    return order ? order : rest > 0 ? -1 : rest < 0;
}

/* --- + - * --- */

static void
add_size(const struct rp_int *a, const struct rp_int *b, struct rp_int *to)
{
    uint64_t carry = 0;
    for (size_t i = 0; i < to->count; i++) {
        carry += i < a->count ? a->limb[i] : 0;
        carry += i < b->count ? b->limb[i] : 0;
        to->limb[i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
}

/* a is not the smaller. */
static void
subtract_size(const struct rp_int *a, const struct rp_int *b, struct rp_int *to)
{
    int64_t borrow = 0;
    for (size_t i = 0; i < a->count; i++) {
        int64_t rest = (int64_t)a->limb[i] - (i < b->count ? b->limb[i] : 0) + borrow;
        to->limb[i] = (uint32_t)rest;
        borrow = rest < 0 ? -1 : 0;
    }
}

bool
rp_int_add(const struct rp_int *a, const struct rp_int *b, bool subtract,
           struct rp_int *ret_n)
{
    size_t count = (a->count > b->count ? a->count : b->count) + 1;
    bool b_negative = b->negative != subtract;
    if (!make(count, ret_n)) {
        return false;
    }
    if (a->negative == b_negative) {
        add_size(a, b, ret_n);
        ret_n->negative = a->negative;
    }
    else if (compare_size(a, b) >= 0) {
        subtract_size(a, b, ret_n);
        ret_n->negative = a->negative;
    }
    else {
        subtract_size(b, a, ret_n);
        ret_n->negative = b_negative;
    }
    trim(ret_n);
    return true;
}

bool
rp_int_mul(const struct rp_int *a, const struct rp_int *b, struct rp_int *ret_n)
{
    if (!make(a->count + b->count, ret_n)) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        uint64_t carry = 0;
        for (size_t j = 0; j < b->count; j++) {
            carry += (uint64_t)a->limb[i] * b->limb[j] + ret_n->limb[i + j];
            ret_n->limb[i + j] = (uint32_t)carry;
            carry >>= LIMB_BITS;
        }
        ret_n->limb[i + b->count] = (uint32_t)carry;
    }
    ret_n->negative = a->negative != b->negative;
    trim(ret_n);
    return true;
}

/* --- // and % --- */

static uint32_t
divide_small(const struct rp_int *a, uint32_t divisor, uint32_t *quotient)
{
    uint64_t rest = 0;
    for (size_t i = a->count; i-- > 0;) {
        rest = rest << LIMB_BITS | a->limb[i];
        quotient[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint32_t)rest;
}

/* One digit of the quotient (Knuth, TAOCP 4.3.1, D3 to D6): takes digit * b from the
 * count + 1 limbs at `a`. */
static uint32_t
divide_step(uint32_t *a, const uint32_t *b, size_t count)
{
    uint64_t top = (uint64_t)a[count] << LIMB_BITS | a[count - 1];
    uint64_t digit = top / b[count - 1], rest = top % b[count - 1];
    while (digit >> LIMB_BITS
           || digit * b[count - 2] > (rest << LIMB_BITS | a[count - 2])) {
        digit--;
        rest += b[count - 1];
        if (rest >> LIMB_BITS) {
            break;
        }
    }
    uint64_t carry = 0;
    int64_t borrow = 0;
    for (size_t i = 0; i <= count; i++) {
        carry += i < count ? digit * b[i] : 0;
        int64_t left = (int64_t)a[i] - (int64_t)(carry & UINT32_MAX) + borrow;
        a[i] = (uint32_t)left;
        borrow = left < 0 ? -1 : 0;
        carry >>= LIMB_BITS;
    }
    if (borrow) {
        digit--;
        uint64_t sum = 0;
        for (size_t i = 0; i <= count; i++) {
            sum += (uint64_t)a[i] + (i < count ? b[i] : 0);
            a[i] = (uint32_t)sum;
            sum >>= LIMB_BITS;
        }
    }
    return (uint32_t)digit;
}

/* Sizes only; rounds toward 0. */
static bool
divide_size(const struct rp_int *a, const struct rp_int *b, struct rp_int *q,
            struct rp_int *r)
{
    struct rp_int x = {0}, y = {0};
    *q = *r = (struct rp_int){0};
    if (b->count < 2) {
        if (!make(a->count, q) || !make(1, r)) {
            return false;
        }
        r->limb[0] = divide_small(a, b->limb[0], q->limb);
        return true;
    }
    if (compare_size(a, b) < 0) {
        return make(0, q) && rp_int_shift(a, 0, true, r);
    }
    unsigned shift = (unsigned)__builtin_clz(b->limb[b->count - 1]);
    struct rp_int size_a = {a->limb, a->count, false};
    struct rp_int size_b = {b->limb, b->count, false};
    bool fine = rp_int_shift(&size_a, shift, true, &x)
                && rp_int_shift(&size_b, shift, true, &y) && make(a->count + 2, r)
                && make(a->count + 1, q);
    if (fine) {
        memcpy(r->limb, x.limb, x.count * sizeof *x.limb);
        for (size_t i = a->count - b->count + 1; i-- > 0;) {
            q->limb[i] = divide_step(r->limb + i, y.limb, y.count);
        }
        struct rp_int rest = *r;
        trim(&rest);
        *r = (struct rp_int){0};
        fine = rp_int_shift(&rest, shift, false, r);
        free(rest.limb);
    }
    rp_int_release(&x);
    rp_int_release(&y);
    return fine;
}

bool
rp_int_divmod(const struct rp_int *a, const struct rp_int *b, struct rp_int *ret_q,
              struct rp_int *ret_r)
{
    struct rp_int q = {0}, r = {0}, one = {0}, next_q = {0}, next_r = {0};
    bool fine = divide_size(a, b, &q, &r);
    if (fine) {
        trim(&q);
        trim(&r);
        q.negative = q.count && a->negative != b->negative;
        r.negative = r.count && a->negative;
        if (r.count && a->negative != b->negative) { /* round down */
            fine = rp_int_small(1, &one) && rp_int_add(&q, &one, true, &next_q)
                   && rp_int_add(&r, b, false, &next_r);
            rp_int_release(&q);
            rp_int_release(&r);
            q = next_q;
            r = next_r;
        }
    }
    rp_int_release(&one);
    if (fine && ret_q) {
        *ret_q = q;
        q = (struct rp_int){0};
    }
    if (fine && ret_r) {
        *ret_r = r;
        r = (struct rp_int){0};
    }
    rp_int_release(&q);
    rp_int_release(&r);
    return fine;
}

/* --- Bits --- */

static bool
shift_left(const struct rp_int *a, uint64_t bits, struct rp_int *ret_n)
{
    size_t limbs = bits / LIMB_BITS, rest = bits % LIMB_BITS;
    if (!make(a->count + limbs + 1, ret_n)) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        uint64_t moved = (uint64_t)a->limb[i] << rest;
        ret_n->limb[i + limbs] |= (uint32_t)moved;
        ret_n->limb[i + limbs + 1] |= (uint32_t)(moved >> LIMB_BITS);
    }
    return true;
}

/* Rounds down: a negative number loses one more when any bit falls off. */
static bool
shift_right(const struct rp_int *a, uint64_t bits, struct rp_int *ret_n)
{
    size_t limbs = bits / LIMB_BITS, rest = bits % LIMB_BITS;
    bool lost = false;
    if (limbs >= a->count) {
        lost = a->count > 0;
        limbs = a->count;
    }
    if (!make(a->count - limbs + 1, ret_n)) {
        return false;
    }
    for (size_t i = 0; i < limbs; i++) {
        lost |= a->limb[i] != 0;
    }
    for (size_t i = limbs; i < a->count; i++) {
        uint64_t two = a->limb[i];
        two |= i + 1 < a->count ? (uint64_t)a->limb[i + 1] << LIMB_BITS : 0;
        ret_n->limb[i - limbs] = (uint32_t)(two >> rest);
    }
    lost |= limbs < a->count && (a->limb[limbs] & (((uint64_t)1 << rest) - 1));
    for (size_t i = 0; a->negative && lost && i < ret_n->count; i++) {
        if (++ret_n->limb[i]) {
            break;
        }
    }
    return true;
}

bool
rp_int_shift(const struct rp_int *a, uint64_t bits, bool left, struct rp_int *ret_n)
{
    if (left ? !shift_left(a, bits, ret_n) : !shift_right(a, bits, ret_n)) {
        return false;
    }
    ret_n->negative = a->negative;
    trim(ret_n);
    return true;
}

bool
rp_int_bitwise(char op, const struct rp_int *a, const struct rp_int *b,
               struct rp_int *ret_n)
{
    size_t count = (a->count > b->count ? a->count : b->count) + 1;
    struct rp_int x = {0}, y = {0};
    bool fine = make(count, &x) && make(count, &y) && make(count, ret_n);
    if (fine) {
        memcpy(x.limb, a->limb, a->count * sizeof *x.limb);
        memcpy(y.limb, b->limb, b->count * sizeof *y.limb);
        if (a->negative) {
            negate_limbs(x.limb, count);
        }
        if (b->negative) {
            negate_limbs(y.limb, count);
        }
        for (size_t i = 0; i < count; i++) {
            ret_n->limb[i] = op == '&'   ? x.limb[i] & y.limb[i]
                             : op == '|' ? x.limb[i] | y.limb[i]
                                         : x.limb[i] ^ y.limb[i];
        }
        ret_n->negative = ret_n->limb[count - 1] >> (LIMB_BITS - 1);
        if (ret_n->negative) {
            negate_limbs(ret_n->limb, count);
        }
        trim(ret_n);
    }
    rp_int_release(&x);
    rp_int_release(&y);
    return fine;
}

/* --- Floats --- */

/* size * 2**exponent (and a bit more when `sticky`), rounded to the nearest double, ties
 * to even, below DBL_MIN too. False: too large. */
static bool
round_size(const struct rp_int *size, int64_t exponent, bool sticky, double *ret_real)
{
    int64_t bits = (int64_t)rp_int_bits(size), top = bits + exponent;
    int64_t keep = top - 1 >= -1022 ? 53 : 53 - (-1022 - (top - 1));
    if (bits == 0 || keep < 0) {
        *ret_real = 0;
        return true;
    }
    int64_t drop = bits > keep ? bits - keep : 0;
    uint64_t head = 0;
    bool half = false;
    for (int64_t bit = bits; bit-- > 0;) {
        bool one = size->limb[bit / LIMB_BITS] >> (bit % LIMB_BITS) & 1;
        if (bit >= drop) {
            head = head << 1 | one;
        }
        else if (bit == drop - 1) {
            half = one;
        }
        else if (one) {
            sticky = true;
            break;
        }
    }
    head += half && (sticky || head & 1);
    *ret_real = ldexp((double)head, (int)(exponent + drop));
    return !isinf(*ret_real);
}

bool
rp_int_real(const struct rp_int *n, double *ret_real)
{
    if (rp_int_bits(n) > 1024 || !round_size(n, 0, false, ret_real)) {
        return false;
    }
    *ret_real = n->negative ? -*ret_real : *ret_real;
    return true;
}

bool
rp_int_quotient(const struct rp_int *a, const struct rp_int *b, double *ret_real)
{
    int64_t shift = 66 - ((int64_t)rp_int_bits(a) - (int64_t)rp_int_bits(b));
    struct rp_int x = {0}, y = {0}, q = {0}, r = {0};
    struct rp_int size_a = {a->limb, a->count, false};
    struct rp_int size_b = {b->limb, b->count, false};
    bool negative = a->negative != b->negative;
    if (a->count == 0) {
        *ret_real = negative ? -0.0 : 0.0;
        return true;
    }
    if (shift < -2000) {
        return false;
    }
    if (shift > 2000) {
        *ret_real = negative ? -0.0 : 0.0;
        return true;
    }
    bool fine = rp_int_shift(&size_a, shift > 0 ? (uint64_t)shift : 0, true, &x)
                && rp_int_shift(&size_b, shift < 0 ? (uint64_t)-shift : 0, true, &y)
                && rp_int_divmod(&x, &y, &q, &r)
                && round_size(&q, -shift, r.count > 0, ret_real);
    rp_int_release(&x);
    rp_int_release(&y);
    rp_int_release(&q);
    rp_int_release(&r);
    *ret_real = fine && negative ? -*ret_real : *ret_real;
    return fine;
}

bool
rp_int_of_real(double real, struct rp_int *ret_n)
{
    int exponent;
    double part = frexp(fabs(trunc(real)), &exponent);
    struct rp_int head;
    if (!rp_int_small((int64_t)ldexp(part, 53), &head)) {
        return false;
    }
    bool fine = rp_int_shift(&head, (uint64_t)abs(exponent - 53), exponent > 53, ret_n);
    rp_int_release(&head);
    if (fine) {
        ret_n->negative = ret_n->count && real < 0;
    }
    return fine;
}

/* --- Text --- */

bool
rp_int_parse(struct tf_text digits, unsigned base, struct rp_value *ret_value)
{
    struct rp_int n;
    if (!make(digits.len / 5 + 1, &n)) { /* base 36 is below 2**5.17: one limb for 6 */
        return false;
    }
    size_t used = 0;
    for (size_t i = 0; i < digits.len; i++) {
        unsigned char c = (unsigned char)digits.data[i];
        uint64_t carry = c <= '9' ? (unsigned)c - '0' : (c | 0x20u) - 'a' + 10;
        for (size_t k = 0; k < used; k++) {
            carry += (uint64_t)n.limb[k] * base;
            n.limb[k] = (uint32_t)carry;
            carry >>= LIMB_BITS;
        }
        if (carry && used < n.count) {
            n.limb[used++] = (uint32_t)carry;
        }
    }
    trim(&n);
    return rp_int_value(&n, ret_value);
}

void
rp_int_text(const struct rp_int *n, unsigned base, struct rp_buf *out)
{
    uint32_t chunk = base == 10   ? 1000000000u
                     : base == 16 ? 1u << 28
                     : base == 8  ? 1u << 30
                                  : 1u << 31;
    unsigned chunk_digits = base == 10 ? 9 : base == 16 ? 7 : base == 8 ? 10 : 31;
    size_t cap = rp_int_bits(n) + chunk_digits + 2, at = cap;
    char *digits = malloc(cap);
    struct rp_int rest;
    if (!digits || !rp_int_shift(n, 0, true, &rest)) {
        out->failed = true;
        free(digits);
        return;
    }
    do {
        uint32_t part = rest.count ? divide_small(&rest, chunk, rest.limb) : 0;
        trim(&rest);
        for (unsigned i = 0; i < chunk_digits && (rest.count || part || at == cap);
             i++) {
            digits[--at] = "0123456789abcdef"[part % base];
            part /= base;
        }
    } while (rest.count);
    rp_buf_add_string(out, n->negative ? "-" : "");
    rp_buf_add(out, digits + at, cap - at);
    free(digits);
    rp_int_release(&rest);
}
