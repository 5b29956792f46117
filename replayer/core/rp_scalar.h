/* repr() of single values. */
#ifndef RP_SCALAR_H
#define RP_SCALAR_H

#include "rp_private.h"

/* repr(float), without limits of the C locale. */
void rp_float_text(double real, struct rp_buf *out);
void rp_complex_text(double real, double imag, struct rp_buf *out);
/* `max` bytes of it at most (0: all), then `...`. */
void rp_str_text(struct tf_text text, uint32_t python_hex, size_t max,
                 struct rp_buf *out);
void rp_bytes_text(struct tf_text text, size_t max, struct rp_buf *out);
/* Two's complement, little endian. */
void rp_bigint_text(struct tf_text text, struct rp_buf *out);
/* Anything but a VAL_REF. `max`: of a str or bytes. False: it is a VAL_REF. */
bool rp_scalar_text(const struct rp *rp, const struct rp_value *value, size_t max,
                    struct rp_buf *out);

#endif
