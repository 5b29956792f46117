/* Characters: decoding recorded text, and what repr() prints as it is. */
#ifndef RP_UNICODE_H
#define RP_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

#include "tf_writer.h"

bool rp_unicode_printable(uint32_t python_hex, uint32_t code);

/* The code point at *off, which moves on; surrogates are let through. A byte that is no
 * UTF-8 comes back alone, with RP_UTF8_BAD. *off must be below the length. */
#define RP_UTF8_BAD 0x80000000u
uint32_t rp_utf8_next(struct tf_text text, size_t *off);
/* Writes up to 4 bytes. */
size_t rp_utf8_put(uint32_t code, char *out);
size_t rp_utf8_length(struct tf_text text);
/* Byte offset of character `idx`, or the length. */
size_t rp_utf8_off(struct tf_text text, size_t idx);

#endif
