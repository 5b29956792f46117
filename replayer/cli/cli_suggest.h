/* What somebody may have meant by a word that is none. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

/* Keeps the one of `words` (separated by blanks) that is nearest to the word typed, if it
 * is near enough and nearer than *best (start with NULL and SIZE_MAX). Words of one letter
 * are near to nothing. */
void cli_suggest(const char *words, const char *typed, size_t len, const char **best,
                 size_t *ret_best_len, size_t *distance);
/* The command that was meant, and its length; NULL: none is near. */
const char *cli_suggest_command(const char *typed, size_t len, size_t *ret_len);

#endif
