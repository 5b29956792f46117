/* Literals in a source that stand beside the name of a secret: `password = "x"`,
 * `password: str = "x"`, `f(password="x")`, `{"password": "x"}`. */
#include "rp_redact.h"

#include <string.h>

struct scan {
    const struct tf_rules *rules;
    const char *text;
    size_t len, at;
    bool secret;    /* the latest name is that of one */
    bool separated; /* and = or : came after it */
};

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || c == '_' || (unsigned char)c >= 0x80;
}

/* The content of the literal whose first quote is at `at`: [*ret_first, *ret_end). */
static void
literal(const struct scan *scan, size_t at, size_t *ret_first, size_t *ret_end,
        size_t *ret_next)
{
    char quote = scan->text[at];
    bool triple = at + 2 < scan->len && scan->text[at + 1] == quote
                  && scan->text[at + 2] == quote;
    size_t width = triple ? 3 : 1, i = at + width;
    *ret_first = i;
    for (; i < scan->len; i++) {
        if (scan->text[i] == '\\') {
            i++;
            continue;
        }
        bool closes = scan->text[i] == quote
                      && (!triple
                          || (i + 2 < scan->len && scan->text[i + 1] == quote
                              && scan->text[i + 2] == quote));
        if (closes || (!triple && scan->text[i] == '\n')) {
            *ret_end = i;
            *ret_next = closes ? i + width : i;
            return;
        }
    }
    *ret_end = *ret_next = scan->len;
}

static void
name_ends(struct scan *scan, size_t first, size_t end)
{
    if (scan->secret && scan->separated) {
        return; /* an annotation */
    }
    scan->secret = tf_rules_name(scan->rules, scan->text + first, end - first);
    scan->separated = false;
}

static void
other_char(struct scan *scan, char c)
{
    if (c == '=' || c == ':') {
        scan->separated = true;
    }
    else if (c != ' ' && c != '\t' && c != ']' && c != '[' && c != '.') {
        scan->secret = scan->separated = false;
    }
}

/* Appends what comes next up to the literal, and a mark in its place. */
static bool
next_literal(struct scan *scan, size_t *ret_first, size_t *ret_end)
{
    while (scan->at < scan->len) {
        size_t first = scan->at;
        char c = scan->text[first];
        if (c == '#') {
            const char *end = memchr(scan->text + first, '\n', scan->len - first);
            scan->at = end ? (size_t)(end - scan->text) : scan->len;
        }
        else if (c == '"' || c == '\'') {
            size_t begin, end;
            literal(scan, first, &begin, &end, &scan->at);
            if (scan->secret && scan->separated) {
                scan->secret = scan->separated = false;
                *ret_first = begin;
                *ret_end = end;
                return true;
            }
            scan->separated = false;
            name_ends(scan, begin, end);
        }
        else if (is_word(c)) {
            while (scan->at < scan->len && is_word(scan->text[scan->at])) {
                scan->at++;
            }
            bool prefix =
                scan->at < scan->len && scan->at - first <= 2
                && (scan->text[scan->at] == '"' || scan->text[scan->at] == '\'');
            if (!prefix) {
                name_ends(scan, first, scan->at);
            }
        }
        else {
            other_char(scan, c);
            scan->at++;
        }
    }
    return false;
}

size_t
rp_redact_source(const struct tf_rules *rules, struct tf_text text, struct rp_buf *to)
{
    struct scan scan = {.rules = rules, .text = text.data, .len = text.len};
    size_t from = 0, first, end, count = 0;
    while (next_literal(&scan, &first, &end)) {
        if (end > first) {
            rp_buf_add_text(to, (struct tf_text){text.data + from, first - from});
            rp_buf_add_text(to, (struct tf_text){TF_REDACTED, sizeof TF_REDACTED - 1});
            for (size_t i = first; i < end; i++) { /* lines keep their numbers */
                if (text.data[i] == '\n') {
                    rp_buf_add_text(to, (struct tf_text){"\n", 1});
                }
            }
            from = end;
            count++;
        }
    }
    rp_buf_add_text(to, (struct tf_text){text.data + from, text.len - from});
    return count;
}
