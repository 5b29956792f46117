#include "cli_utf8.h"

#include <wchar.h>

static bool
is_tail(const char *text)
{
    return ((unsigned char)*text & 0xc0u) == 0x80u;
}

static uint32_t
take(const char **text, unsigned tail_count, uint32_t lead_bits)
{
    uint32_t character = lead_bits;
    for (unsigned i = 1; i <= tail_count; i++) {
        character = character << 6 | ((unsigned char)(*text)[i] & 0x3fu);
    }
    *text += tail_count + 1;
    return character;
}

uint32_t
cli_utf8_next(const char **text, const char *end)
{
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)**text;
    if (lead < 0x80) {
        ++*text;
        return lead;
    }
    unsigned tail_count = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    bool whole = lead >= 0xc2 && lead <= 0xf4 && (size_t)(end - *text) > tail_count;
    for (unsigned i = 1; whole && i <= tail_count; i++) {
        whole = is_tail(*text + i);
    }
    if (whole) {
        const char *at = *text;
        uint32_t character = take(text, tail_count, lead & (0x3fu >> tail_count));
        if (character >= smallest[tail_count] && character < 0x110000u) {
            return character;
        }
        *text = at;
    }
    ++*text;
    return CLI_UTF8_BAD_BYTE + lead;
}

bool
cli_utf8_unsafe(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
        return true;
    }
    if (c < 0x61c) {
        return c == 0xad;
    }
    return c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e)
           || (c >= 0x2060 && c <= 0x206f) || (c >= 0xd800 && c < 0xe000) || c == 0xfeff
           || (c >= 0xfff9 && c <= 0xfffb) || (c & 0xfffeu) == 0xfffeu
           || (c >= 0xe0000 && c <= 0xe0fff) || c >= CLI_UTF8_BAD_BYTE;
}

unsigned
cli_utf8_width(uint32_t character)
{
    int columns = character < 0x300 ? 1 : wcwidth((wchar_t)character);
    return columns < 0 ? 1 : (unsigned)columns;
}

size_t
cli_utf8_count(const char *text, size_t len)
{
    const char *end = text + len;
    size_t count = 0;
    while (text < end) {
        cli_utf8_next(&text, end);
        count++;
    }
    return count;
}
