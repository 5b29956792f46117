/* What the methods of str say of characters, and UTF-8.
 *
 * They follow the Unicode version that the Python was built with: 3.8 has 12.1, 3.9 and
 * 3.10 13.0, 3.11 14.0, 3.12 15.0, 3.13 15.1, 3.14 16.0, 3.15 17.0
 * (unicodedata.unidata_version). The tables have
 * the newest in full and of the others what differs; a version that is missing is answered
 * by the next that is there. rp_unicode_table.py makes them, tests/e2e/test_rp_repr.py and
 * test_expr_unicode.py compare them with the Python at hand. */
#include "rp_unicode.h"

#include <stddef.h>

struct record {
    uint16_t flags;
    int32_t delta[4]; /* to the lower, upper, title and folded one */
    int8_t decimal;
};

struct run { /* up to the next run's beginning */
    uint32_t first;
    uint16_t record;
};

struct change {
    uint32_t first, last;
    uint16_t record;
};

struct special { /* 0 ends a mapping */
    uint32_t code, to[4][3];
};

struct older { /* holds below this Python */
    uint32_t python_hex;
    const struct change *change;
    size_t count;
};

#define SPECIAL 0x2000u

#include "rp_unicode.inc"

static const struct record *
changed(const struct older *older, uint32_t code)
{
    size_t first = 0, end = older->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (older->change[middle].last < code) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    return first < older->count && older->change[first].first <= code
               ? &records[older->change[first].record]
               : NULL;
}

static const struct record *
record_of(uint32_t python_hex, uint32_t code)
{
    size_t first = 0, end = sizeof runs / sizeof *runs;
    for (size_t i = 0; python_hex && i < sizeof olders / sizeof *olders; i++) {
        if (python_hex < olders[i].python_hex) {
            const struct record *record = changed(&olders[i], code);
            if (record) {
                return record;
            }
            break;
        }
    }
    while (end - first > 1) {
        size_t middle = first + (end - first) / 2;
        if (runs[middle].first <= code) {
            first = middle;
        }
        else {
            end = middle;
        }
    }
    return &records[runs[first].record];
}

unsigned
rp_unicode_flags(uint32_t python_hex, uint32_t code)
{
    return code <= 0x10ffff ? record_of(python_hex, code)->flags : 0;
}

bool
rp_unicode_printable(uint32_t python_hex, uint32_t code)
{
    return code < 0x7f ? code >= 0x20
                       : rp_unicode_flags(python_hex, code) & RP_UNICODE_PRINTABLE;
}

int
rp_unicode_decimal(uint32_t python_hex, uint32_t code)
{
    return code <= 0x10ffff ? record_of(python_hex, code)->decimal : -1;
}

static size_t
special(uint32_t code, size_t which, uint32_t ret_to[3])
{
    size_t first = 0, end = sizeof specials / sizeof *specials, count = 0;
    while (end - first > 1) {
        size_t middle = first + (end - first) / 2;
        if (specials[middle].code <= code) {
            first = middle;
        }
        else {
            end = middle;
        }
    }
    for (; count < 3 && specials[first].to[which][count]; count++) {
        ret_to[count] = specials[first].to[which][count];
    }
    return count;
}

static size_t
mapped(uint32_t python_hex, uint32_t code, size_t which, uint32_t ret_to[3])
{
    const struct record *record = code <= 0x10ffff ? record_of(python_hex, code) : NULL;
    if (record && record->flags & SPECIAL) {
        return special(code, which, ret_to);
    }
    ret_to[0] = record ? (uint32_t)((int64_t)code + record->delta[which]) : code;
    return 1;
}

size_t
rp_unicode_lower(uint32_t python_hex, uint32_t code, uint32_t ret_to[3])
{
    return mapped(python_hex, code, 0, ret_to);
}

size_t
rp_unicode_upper(uint32_t python_hex, uint32_t code, uint32_t ret_to[3])
{
    return mapped(python_hex, code, 1, ret_to);
}

size_t
rp_unicode_title(uint32_t python_hex, uint32_t code, uint32_t ret_to[3])
{
    return mapped(python_hex, code, 2, ret_to);
}

size_t
rp_unicode_fold(uint32_t python_hex, uint32_t code, uint32_t ret_to[3])
{
    return mapped(python_hex, code, 3, ret_to);
}

uint32_t
rp_utf8_next(struct tf_text text, size_t *off)
{
    const uint8_t *byte = (const uint8_t *)text.data + *off;
    size_t left = text.len - *off;
    uint32_t code = byte[0];
    size_t more = code < 0x80   ? 0
                  : code < 0xc2 ? 4
                  : code < 0xe0 ? 1
                  : code < 0xf0 ? 2
                  : code < 0xf5 ? 3
                                : 4;
    if (more == 0) {
        *off += 1;
        return code;
    }
    if (more == 4 || more >= left) {
        *off += 1;
        return RP_UTF8_BAD | byte[0];
    }
    code &= more == 1 ? 0x1fu : more == 2 ? 0x0fu : 0x07u;
    for (size_t i = 1; i <= more; i++) {
        if ((byte[i] & 0xc0) != 0x80) {
            *off += 1;
            return RP_UTF8_BAD | byte[0];
        }
        code = code << 6 | (byte[i] & 0x3fu);
    }
    if ((more == 2 && code < 0x800)
        || (more == 3 && (code < 0x10000 || code > 0x10ffff))) {
        *off += 1;
        return RP_UTF8_BAD | byte[0];
    }
    *off += more + 1;
    return code;
}

size_t
rp_utf8_put(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

size_t
rp_utf8_length(struct tf_text text)
{
    size_t count = 0;
    for (size_t off = 0; off < text.len; count++) {
        rp_utf8_next(text, &off);
    }
    return count;
}

size_t
rp_utf8_off(struct tf_text text, size_t idx)
{
    size_t off = 0;
    for (; off < text.len && idx > 0; idx--) {
        rp_utf8_next(text, &off);
    }
    return off;
}
