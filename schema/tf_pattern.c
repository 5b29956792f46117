#include "tf_pattern.h"

#include <stdlib.h>
#include <string.h>

enum { BYTE, ONE, SET, STAR };

/* The beginning of a match at a text's cut end counts from so many tokens on. */
#define CUT_TOKENS 4u

static bool
is_plain(uint8_t byte)
{
    return byte > ' ' && byte != 0x7f && strchr("\"'`,()[]{}<>", byte) == NULL;
}

/* "[a-z]", "[!0-9]" after the bracket; returns what follows, NULL: it does not end. */
static const char *
read_set(const char *at, uint8_t *set)
{
    bool negated = *at == '!' || *at == '^';
    at += negated;
    const char *first = at;
    memset(set, 0, 32);
    while (*at && (*at != ']' || at == first)) {
        uint8_t low = (uint8_t)*at++, high = low;
        if (*at == '-' && at[1] && at[1] != ']') {
            high = (uint8_t)at[1];
            at += 2;
        }
        for (unsigned byte = low; byte <= high; byte++) {
            set[byte >> 3] |= (uint8_t)(1u << (byte & 7));
        }
    }
    for (int i = 0; negated && i < 32; i++) {
        set[i] = (uint8_t)~set[i];
    }
    return *at == ']' ? at + 1 : NULL;
}

static bool
parse(struct tf_pattern *pattern, const char *at)
{
    while (*at) {
        struct tf_pattern_token *token = &pattern->token[pattern->count++];
        char c = *at++;
        token->sort = c == '*' ? STAR : c == '?' ? ONE : c == '[' ? SET : BYTE;
        token->byte = (uint8_t)c;
        if (c == '\\' && *at) {
            token->byte = (uint8_t)*at++;
        }
        if (token->sort == SET) {
            token->set = (uint16_t)pattern->set_count;
            at = read_set(at, pattern->set[pattern->set_count++]);
            if (!at) {
                return false;
            }
        }
        pattern->fixed += token->sort == BYTE || token->sort == SET;
    }
    return true;
}

bool
tf_pattern_make(struct tf_pattern *pattern, const char *text, const char **ret_why)
{
    size_t len = strlen(text);
    *pattern = (struct tf_pattern){0};
    *ret_why = len == 0 ? "is empty" : "is too long";
    if (len == 0 || len > TF_PATTERN_TOKENS) {
        return false;
    }
    pattern->token = calloc(len, sizeof *pattern->token);
    pattern->set = calloc(len, sizeof *pattern->set);
    *ret_why = "cannot be kept: out of memory";
    if (pattern->token != NULL && pattern->set != NULL) {
        *ret_why = !parse(pattern, text) ? "has a [ without ]"
                   : pattern->fixed == 0 ? "would match anything"
                                         : NULL;
    }
    if (*ret_why != NULL) {
        tf_pattern_release(pattern);
    }
    return *ret_why == NULL;
}

void
tf_pattern_release(struct tf_pattern *pattern)
{
    free(pattern->token);
    free(pattern->set);
    *pattern = (struct tf_pattern){0};
}

static bool
fits(const struct tf_pattern *pattern, const struct tf_pattern_token *token,
     uint8_t byte)
{
    switch (token->sort) {
    case BYTE: return token->byte == byte;
    case SET: return pattern->set[token->set][byte >> 3] >> (byte & 7) & 1;
    default: return is_plain(byte);
    }
}

/* Length of the match at the text's start; SIZE_MAX: none. A `*` takes as much as it can,
 * the last one gives back. */
static size_t
match_at(const struct tf_pattern *pattern, const char *text, size_t len, bool cut)
{
    size_t token = 0, at = 0, star = SIZE_MAX, star_at = 0, star_end = 0;
    for (;;) {
        if (token == pattern->count) {
            return at;
        }
        const struct tf_pattern_token *next = &pattern->token[token];
        if (next->sort == STAR) {
            star = ++token;
            star_at = at;
            while (at < len && at - star_at < TF_PATTERN_STAR
                   && is_plain((uint8_t)text[at])) {
                at++;
            }
            star_end = at;
            continue;
        }
        if (at < len && fits(pattern, next, (uint8_t)text[at])) {
            token++;
            at++;
            continue;
        }
        if (at == len && cut && token >= CUT_TOKENS) {
            return at;
        }
        if (star == SIZE_MAX || star_end == star_at) {
            return SIZE_MAX;
        }
        token = star;
        at = --star_end;
    }
}

bool
tf_pattern_find(const struct tf_pattern *pattern, const char *text, size_t len,
                bool cut, size_t *at, size_t *ret_end)
{
    const struct tf_pattern_token *first = &pattern->token[0];
    for (size_t i = *at; i < len; i++) {
        if (first->sort == BYTE) {
            const char *there = memchr(text + i, first->byte, len - i);
            if (there == NULL) {
                return false;
            }
            i = (size_t)(there - text);
        }
        size_t match = match_at(pattern, text + i, len - i, cut);
        if (match != SIZE_MAX && match > 0) {
            *at = i;
            *ret_end = i + match;
            return true;
        }
    }
    return false;
}

size_t
tf_pattern_reach(const struct tf_pattern *pattern)
{
    size_t reach = 0;
    for (size_t i = 0; i < pattern->count; i++) {
        reach += pattern->token[i].sort == STAR ? TF_PATTERN_STAR : 1;
    }
    return reach;
}
