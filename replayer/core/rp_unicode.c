/* Which characters repr() prints as they are.
 *
 * str.isprintable() follows the Unicode version that the Python was built with: 3.10 has
 * Unicode 13, 3.11 14, 3.12 15.0, 3.13 15.1 (Lib/test/test_unicodedata.py and
 * unicodedata.unidata_version). One table a version; one that is missing here is answered
 * by the nearest. rp_unicode_table.py makes a table, tests/e2e/test_rp_repr.py compares
 * it with the Python at hand. */
#include "rp_unicode.h"

#include <stddef.h>

struct range {
    uint32_t first, last;
};

static const struct range unicode_14[] = {
#include "rp_unicode_14.inc"
};

static const struct {
    uint32_t python_hex; /* holds from this version on */
    const struct range *range;
    size_t count;
} tables[] = {
    {0x030b0000, unicode_14, sizeof unicode_14 / sizeof *unicode_14},
};

bool
rp_unicode_printable(uint32_t python_hex, uint32_t code)
{
    if (code < 0x7f) {
        return code >= 0x20;
    }
    size_t at = 0;
    while (at + 1 < sizeof tables / sizeof *tables
           && tables[at + 1].python_hex <= python_hex) {
        at++;
    }
    const struct range *range = tables[at].range;
    size_t first = 0, end = tables[at].count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (range[middle].last < code) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    return first == tables[at].count || code < range[first].first;
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
