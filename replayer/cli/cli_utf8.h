/* Recorded text, character by character. It is UTF-8 with lone surrogates as Python's
 * `surrogatepass` writes them, or, in a file that somebody made up, anything. */
#ifndef CLI_UTF8_H
#define CLI_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What cli_utf8_next() gives for a byte that is not part of a character. */
#define CLI_UTF8_BAD_BYTE 0x110000u

/* The character at *text, which is below `end`, and steps over it. Surrogates are let
 * through; a byte that fits nowhere comes as CLI_UTF8_BAD_BYTE + byte. */
uint32_t cli_utf8_next(const char **text, const char *end);

/* Whether a terminal might act on it, or show other text than there is: C0 and C1
 * controls, bidirectional controls, separators of lines and paragraphs, surrogates,
 * tags, non-characters and bad bytes. */
bool cli_utf8_unsafe(uint32_t character);

/* Columns that it takes on a terminal: 0, 1 or 2; 1 where the locale does not know. */
unsigned cli_utf8_width(uint32_t character);

/* Characters in the text, bad bytes included. */
size_t cli_utf8_count(const char *text, size_t len);

#endif
