#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tb_inside.h"

void
tb_blanks(struct tb *tb)
{
    while (tb->at < tb->end && (*tb->at == ' ' || *tb->at == '\t')) {
        tb->at++;
    }
}

bool
tb_at_end(struct tb *tb)
{
    tb_blanks(tb);
    if (tb->at < tb->end && *tb->at == '#') {
        while (tb->at < tb->end && *tb->at != '\n') {
            tb->at++;
        }
    }
    return tb->at == tb->end || *tb->at == '\n';
}

bool
tb_try(struct tb *tb, const char *symbol)
{
    size_t len = strlen(symbol);
    tb_blanks(tb);
    if ((size_t)(tb->end - tb->at) < len || memcmp(tb->at, symbol, len) != 0) {
        return false;
    }
    tb->at += len;
    return true;
}

void
tb_expect(struct tb *tb, const char *symbol)
{
    if (!tb_try(tb, symbol)) {
        tb_fail(tb, "'%s' expected before '%.10s'", symbol,
                tb->at < tb->end ? tb->at : "");
    }
}

static const char *
copy(struct tb *tb, const char *from, const char *to)
{
    size_t len = (size_t)(to - from);
    char *at = tb_get(tb, len + 1);
    memcpy(at, from, len);
    return at;
}

static bool
is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '<' || c == '>';
}

static const char *
word_end(struct tb *tb)
{
    tb_blanks(tb);
    const char *to = tb->at;
    while (to < tb->end && is_word(*to)) {
        to++;
    }
    return to;
}

const char *
tb_word(struct tb *tb)
{
    const char *to = word_end(tb);
    if (to == tb->at) {
        tb_fail(tb, "a word expected before '%.10s'", to < tb->end ? to : "");
    }
    const char *word = copy(tb, tb->at, to);
    tb->at = to;
    return word;
}

const char *
tb_name(struct tb *tb)
{
    const char *to = tb->at;
    while (to < tb->end && (isalnum((unsigned char)*to) || *to == '_')) {
        to++;
    }
    if (to == tb->at) {
        tb_fail(tb, "a name expected after $");
    }
    const char *name = copy(tb, tb->at, to);
    tb->at = to;
    return name;
}

bool
tb_peek_word(struct tb *tb, const char *word)
{
    const char *to = word_end(tb);
    return (size_t)(to - tb->at) == strlen(word)
           && memcmp(tb->at, word, strlen(word)) == 0;
}

const char *
tb_path(struct tb *tb)
{
    tb_blanks(tb);
    const char *to = tb->at;
    while (to < tb->end && !isspace((unsigned char)*to) && *to != ':') {
        to++;
    }
    const char *path = copy(tb, tb->at, to);
    tb->at = to;
    return path;
}

int64_t
tb_signed(struct tb *tb)
{
    char *to;
    tb_blanks(tb);
    errno = 0;
    int64_t n = strtoll(tb->at, &to, 0);
    if (to == tb->at || errno != 0) {
        tb_fail(tb, "a number expected before '%.10s'", tb->at);
    }
    tb->at = to;
    return n;
}

uint64_t
tb_number(struct tb *tb)
{
    int64_t n = tb_signed(tb);
    if (n < 0) {
        tb_fail(tb, "a number that is not negative expected");
    }
    return (uint64_t)n;
}

/* UTF-8, surrogates too: what Python calls surrogatepass. */
static char *
put_utf8(char *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    }
    else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

static unsigned
hex(struct tb *tb, int digits)
{
    char buf[9] = "";
    if (tb->end - tb->at < digits) {
        tb_fail(tb, "an escape is not whole");
    }
    memcpy(buf, tb->at, (size_t)digits);
    tb->at += digits;
    return (unsigned)strtoul(buf, NULL, 16);
}

static char *
escape(struct tb *tb, char *to)
{
    char c = tb->at < tb->end ? *tb->at++ : '\n';
    switch (c) {
    case 'n': *to++ = '\n'; break;
    case 't': *to++ = '\t'; break;
    case '0': *to++ = '\0'; break;
    case 'x': *to++ = (char)hex(tb, 2); break; /* a raw byte */
    case 'u': to = put_utf8(to, hex(tb, 4)); break;
    case 'U': to = put_utf8(to, hex(tb, 8)); break;
    case '\\':
    case '"': *to++ = c; break;
    default: tb_fail(tb, "an unknown escape");
    }
    return to;
}

struct tf_text
tb_string(struct tb *tb)
{
    tb_expect(tb, "\"");
    const char *to = tb->at;
    while (to < tb->end && *to != '\n') {
        to++;
    }
    /* no escape gives more bytes than it has characters */
    char *start = tb_get(tb, (size_t)(to - tb->at) + 1), *out = start;
    while (tb->at < tb->end && *tb->at != '"' && *tb->at != '\n') {
        char c = *tb->at++;
        if (c == '\\') {
            out = escape(tb, out);
        }
        else {
            *out++ = c;
        }
    }
    tb_expect(tb, "\"");
    return (struct tf_text){start, (size_t)(out - start)};
}
