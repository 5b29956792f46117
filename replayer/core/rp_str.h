/* The methods of str and bytes, in two files. */
#ifndef RP_STR_H
#define RP_STR_H

#include "rp_eval.h"
#include "rp_unicode.h"

/* A text of the kind that `self` is of (bytearray, too). Takes what is in `buf`. */
bool rp_str_give(struct rp_calling *call, const struct rp_value *self,
                 const struct rp_object *object, struct rp_buf *buf,
                 struct rp_value *ret_value);
/* The built-in value of an argument; a bytearray's bytes. */
bool rp_str_plain(struct rp_calling *call, const struct rp_value *value,
                  struct rp_value *ret_plain);
size_t rp_str_length(const struct rp_value *self);
bool rp_str_is_space(const struct rp_value *self, const struct rp_eval *eval,
                     uint32_t code);

/* `len` bytes from `begin`, of the kind that `self` is of. */
bool rp_str_give_part(struct rp_calling *call, const struct rp_value *self,
                      const struct rp_object *object, const char *begin, size_t len,
                      struct rp_value *ret_value);
/* An argument of the kind that `self` is of; `message` (%s: its type) when it is not;
 * NULL: the usual one. */
bool rp_str_arg(struct rp_calling *call, const struct rp_value *self,
                const struct rp_value *value, const char *message,
                struct rp_value *ret_text);
/* The first, the last place of a text in another; NULL: none. */
const char *rp_str_search(struct tf_text text, struct tf_text needle);
const char *rp_str_rsearch(struct tf_text text, struct tf_text needle);

/* A list is read as a list. */
/* clang-format off */
#define RP_STR_METHODS(X) \
    X(find) X(rfind) X(index) X(rindex) X(count) X(startswith) X(endswith) \
    X(removeprefix) X(removesuffix) X(lower) X(upper) X(title) X(capitalize) \
    X(swapcase) X(casefold) X(isalpha) X(isalnum) X(isdigit) X(isdecimal) \
    X(isnumeric) X(isspace) X(islower) X(isupper) X(istitle) X(isascii) \
    X(isidentifier) X(isprintable) X(center) X(ljust) X(rjust) X(zfill) \
    X(expandtabs) X(translate) X(encode) X(decode) X(hex) X(format) \
    X(format_map)
/* clang-format on */

#define RP_STR_X(name)                                                    \
 bool rp_str_##name(struct rp_calling *call, const struct rp_value *self, \
                    const struct rp_object *object, struct rp_value *ret_value);
RP_STR_METHODS(RP_STR_X)
#undef RP_STR_X

#endif
