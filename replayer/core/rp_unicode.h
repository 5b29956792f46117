/* Characters: decoding recorded text, and what the methods of str say of them. */
#ifndef RP_UNICODE_H
#define RP_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

#include "tf_writer.h"

/* What is true of a character; the order is that of rp_unicode_table.py. */
#define RP_UNICODE_ALPHA            0x1u
#define RP_UNICODE_DECIMAL          0x2u
#define RP_UNICODE_DIGIT            0x4u
#define RP_UNICODE_NUMERIC          0x8u
#define RP_UNICODE_LOWER            0x10u
#define RP_UNICODE_UPPER            0x20u
#define RP_UNICODE_TITLE            0x40u
#define RP_UNICODE_SPACE            0x80u
#define RP_UNICODE_PRINTABLE        0x100u
#define RP_UNICODE_IDENTIFIER_START 0x200u
#define RP_UNICODE_IDENTIFIER       0x400u
#define RP_UNICODE_CASED            0x800u
#define RP_UNICODE_IGNORABLE        0x1000u /* between letters: for the final sigma */

/* As the Python of that version has it; 0: the newest that is known. */
unsigned rp_unicode_flags(uint32_t python_hex, uint32_t code);
bool rp_unicode_printable(uint32_t python_hex, uint32_t code);
/* The value of a decimal digit of any script; -1: it is none. */
int rp_unicode_decimal(uint32_t python_hex, uint32_t code);
/* How many characters it becomes. */
size_t rp_unicode_lower(uint32_t python_hex, uint32_t code, uint32_t ret_to[3]);
size_t rp_unicode_upper(uint32_t python_hex, uint32_t code, uint32_t ret_to[3]);
size_t rp_unicode_title(uint32_t python_hex, uint32_t code, uint32_t ret_to[3]);
size_t rp_unicode_fold(uint32_t python_hex, uint32_t code, uint32_t ret_to[3]);

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
