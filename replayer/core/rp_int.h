/* Ints of any size: a sign and 32-bit limbs, lowest first.
 *
 * A library (libtommath) would be four times as much code to link as the dozen functions
 * that an expression needs, would round no quotient to a double, and has its own idea of
 * how memory runs out. Times are those of the school methods; callers bound the sizes. */
#ifndef RP_INT_H
#define RP_INT_H

#include "rp_private.h"

/* All 0 is 0. `limb` is owned; no leading zero limbs; 0 is not negative. */
struct rp_int {
    uint32_t *limb;
    size_t count;
    bool negative;
};

/* Functions that return bool return false when memory ran out, unless they say
 * otherwise. Results are made anew: an operand may not be the result. */
void rp_int_release(struct rp_int *n);
/* An int or a bool; false also for anything else. */
bool rp_int_of(const struct rp_value *value, struct rp_int *ret_n);
/* Takes `n`. VAL_INT where it fits, else VAL_BIGINT. */
bool rp_int_value(struct rp_int *n, struct rp_value *ret_value);
bool rp_int_small(int64_t number, struct rp_int *ret_n);
/* False: it does not fit. */
bool rp_int_fits(const struct rp_int *n, int64_t *ret_number);

uint64_t rp_int_bits(const struct rp_int *n); /* bit_length() */
uint64_t rp_int_ones(const struct rp_int *n); /* bit_count() */
int rp_int_compare(const struct rp_int *a, const struct rp_int *b);
/* NaN is greater than all. */
int rp_int_compare_real(const struct rp_int *a, double b);
bool rp_int_add(const struct rp_int *a, const struct rp_int *b, bool subtract,
                struct rp_int *ret_n);
bool rp_int_mul(const struct rp_int *a, const struct rp_int *b, struct rp_int *ret_n);
/* Rounds down; b is not 0. Either result may be NULL. */
bool rp_int_divmod(const struct rp_int *a, const struct rp_int *b, struct rp_int *ret_q,
                   struct rp_int *ret_r);
bool rp_int_shift(const struct rp_int *a, uint64_t bits, bool left,
                  struct rp_int *ret_n);
/* op: '&', '|', '^', by two's complement. */
bool rp_int_bitwise(char op, const struct rp_int *a, const struct rp_int *b,
                    struct rp_int *ret_n);

/* Rounded to the nearest, ties to even. False: too large for a float. */
bool rp_int_real(const struct rp_int *n, double *ret_real);
/* a / b, rounded once. False: too large, or no memory. */
bool rp_int_quotient(const struct rp_int *a, const struct rp_int *b, double *ret_real);
/* The whole part of a finite number. */
bool rp_int_of_real(double real, struct rp_int *ret_n);

/* Digits only. */
bool rp_int_parse(struct tf_text digits, unsigned base, struct rp_value *ret_value);
/* base 2, 8, 10, 16; with '-', without prefix. */
void rp_int_text(const struct rp_int *n, unsigned base, struct rp_buf *out);

#endif
