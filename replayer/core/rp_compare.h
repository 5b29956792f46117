/* What equality and order share. */
#ifndef RP_COMPARE_H
#define RP_COMPARE_H

#include "rp_eval.h"

bool rp_is_number(const struct rp_value *value); /* int, bool, float */
/* Both are. *ret_ordered false: one is a NaN. */
bool rp_compare_numbers(struct rp_eval *eval, const struct rp_value *a,
                        const struct rp_value *b, int *ret_order, bool *ret_ordered);
bool rp_equal(struct rp_eval *eval, const struct rp_value *a, const struct rp_value *b,
              bool *ret_equal);
bool rp_equal_scalars(struct rp_eval *eval, const struct rp_value *a,
                      const struct rp_value *b, bool *ret_equal);
/* As containers compare what they hold: the same object is equal to itself. */
bool rp_equal_items(struct rp_eval *eval, const struct rp_value *a,
                    const struct rp_value *b, bool *ret_equal);
bool rp_is_subset(struct rp_eval *eval, const struct rp_object *a,
                  const struct rp_object *b, bool *ret_subset);
bool rp_is_set_like(const struct rp_object *object);

#endif
