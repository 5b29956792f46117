/* Patterns that are found in texts; see tf_rules.h. */
#ifndef TF_PATTERN_H
#define TF_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TF_PATTERN_TOKENS 512u
#define TF_PATTERN_STAR   200u /* bytes that a `*` matches at most */

struct tf_pattern_token {
    uint8_t sort; /* enum in tf_pattern.c */
    uint8_t byte;
    uint16_t set; /* place in `set` */
};

struct tf_pattern {
    struct tf_pattern_token *token;
    size_t count;
    uint8_t (*set)[32]; /* bit a byte */
    size_t set_count;
    size_t fixed; /* tokens that are one byte each: what is certain of a match */
};

/* False: no memory, too long, or nothing certain in it (`*ret_why`, static). */
bool tf_pattern_make(struct tf_pattern *pattern, const char *text,
                     const char **ret_why);
void tf_pattern_release(struct tf_pattern *pattern);
/* The first match at or after *at. `cut`: see tf_rules_text(). */
bool tf_pattern_find(const struct tf_pattern *pattern, const char *text, size_t len,
                     bool cut, size_t *at, size_t *ret_end);
size_t tf_pattern_reach(const struct tf_pattern *pattern);

#endif
