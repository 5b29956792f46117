#include "cli_suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "cli_command.h"

#define WORD_MAX 24

/* How many letters have to be put in, left out, replaced or swapped with the next. */
static size_t
edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b_len; j++) {
        row[0][j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = row[i % 3], *above = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t cost = above[j - 1] + (a[i - 1] != b[j - 1]);
            cost = above[j] + 1 < cost ? above[j] + 1 : cost;
            cost = now[j - 1] + 1 < cost ? now[j - 1] + 1 : cost;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]
                && before[j - 2] + 1 < cost) {
                cost = before[j - 2] + 1;
            }
            now[j] = cost;
        }
    }
    return row[a_len % 3][b_len];
}

/* Whether letters are only missing. */
static bool
is_shortened(const char *typed, size_t len, const char *word, size_t word_len)
{
    size_t i = 0;
    for (size_t j = 0; i < len && j < word_len; j++) {
        i += typed[i] == word[j];
    }
    return i == len && *typed == *word;
}

void
cli_suggest(const char *words, const char *typed, size_t len, const char **best,
            size_t *ret_best_len, size_t *distance)
{
    size_t near = len <= 2 ? 1 : 2;
    while (*words && len > 1 && len <= WORD_MAX) {
        size_t word = strcspn(words, " ");
        if (word > 1 && word <= WORD_MAX) {
            bool begins = len >= 3 && word > len && memcmp(words, typed, len) == 0;
            size_t far = begins ? 1 : edit_distance(typed, len, words, word);
            bool alike = far <= 1 || len > 4 || is_shortened(typed, len, words, word);
            if (far <= near && far < word && far < *distance && alike) {
                *best = words;
                *ret_best_len = word;
                *distance = far;
            }
        }
        words += word + (words[word] == ' ');
    }
}

const char *
cli_suggest_command(const char *typed, size_t len, size_t *ret_len)
{
    const char *best = NULL;
    size_t distance = SIZE_MAX;
    for (const struct cli_command *c = cli_commands; c->names; c++) {
        cli_suggest(c->names, typed, len, &best, ret_len, &distance);
    }
    return best;
}
