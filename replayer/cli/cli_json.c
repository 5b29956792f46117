#include "cli_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli_utf8.h"

void
cli_json_init(struct cli_json *json, struct cli_out *out)
{
    json->out = out;
    json->comma = false;
    json->depth = 0;
}

static void
separate(struct cli_json *json)
{
    if (json->comma) {
        cli_out_char(json->out, ',');
    }
    json->comma = true;
}

void
cli_json_open(struct cli_json *json, char bracket)
{
    if (json->depth++ == 0) {
        cli_out_row_begin(json->out);
    }
    separate(json);
    cli_out_char(json->out, bracket);
    json->comma = false;
}

void
cli_json_close(struct cli_json *json, char bracket)
{
    cli_out_char(json->out, bracket);
    json->comma = true;
    json->depth--;
}

void
cli_json_key(struct cli_json *json, const char *key)
{
    separate(json);
    cli_out_char(json->out, '"');
    cli_out_str(json->out, key);
    cli_out_raw(json->out, "\":", 2);
    json->comma = false;
}

static void
escape_unit(struct cli_out *out, uint32_t unit)
{
    static const char digit[] = "0123456789abcdef";
    char text[6] = {'\\', 'u'};
    for (int i = 0; i < 4; i++) {
        text[2 + i] = digit[unit >> (12 - 4 * i) & 0xf];
    }
    cli_out_raw(out, text, sizeof text);
}

static void
escape(struct cli_out *out, uint32_t character)
{
    static const char named[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    const char *found =
        character && character < 0x80 ? strchr(named, (int)character) : NULL;
    if (found) {
        cli_out_char(out, '\\');
        cli_out_char(out, letter[found - named]);
    }
    else if (character >= CLI_UTF8_BAD_BYTE) {
        escape_unit(out, 0xdc00u + (character - CLI_UTF8_BAD_BYTE));
    }
    else if (character > 0xffff) {
        escape_unit(out, 0xd800u + ((character - 0x10000u) >> 10));
        escape_unit(out, 0xdc00u + (character & 0x3ffu));
    }
    else {
        escape_unit(out, character);
    }
}

static bool
is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void
quoted(struct cli_out *out, const char *data, size_t len)
{
    const char *end =
        len > 0 ? data + len : data; /* a text without bytes may be NULL */
    cli_out_char(out, '"');
    while (data < end) {
        const char *start = data;
        while (data < end && is_plain(*data)) {
            data++;
        }
        cli_out_raw(out, start, (size_t)(data - start));
        if (data == end) {
            break;
        }
        start = data;
        uint32_t character = cli_utf8_next(&data, end);
        if (character == '"' || character == '\\' || cli_utf8_unsafe(character)) {
            escape(out, character);
        }
        else {
            cli_out_raw(out, start, (size_t)(data - start));
        }
    }
    cli_out_char(out, '"');
}

void
cli_json_key_text(struct cli_json *json, const char *data, size_t len)
{
    separate(json);
    quoted(json->out, data, len);
    cli_out_char(json->out, ':');
    json->comma = false;
}

void
cli_json_text(struct cli_json *json, const char *data, size_t len)
{
    separate(json);
    quoted(json->out, data, len);
}

void
cli_json_str(struct cli_json *json, const char *text)
{
    cli_json_text(json, text, strlen(text));
}

void
cli_json_u64(struct cli_json *json, uint64_t number)
{
    separate(json);
    cli_out_u64(json->out, number);
}

void
cli_json_i64(struct cli_json *json, int64_t number)
{
    separate(json);
    if (number < 0) {
        cli_out_char(json->out, '-');
    }
    cli_out_u64(json->out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void
cli_json_real(struct cli_json *json, double number)
{
    separate(json);
    if (!isfinite(number)) {
        cli_out_str(json->out, "null"); /* JSON has no word for it */
        return;
    }
    cli_out_format(json->out, "%.17g", number);
}

void
cli_json_bool(struct cli_json *json, bool truth)
{
    separate(json);
    cli_out_str(json->out, truth ? "true" : "false");
}

void
cli_json_null(struct cli_json *json)
{
    separate(json);
    cli_out_str(json->out, "null");
}

void
cli_json_end(struct cli_json *json)
{
    cli_out_char(json->out, '\n');
    cli_out_row_end(json->out, true);
    json->comma = false;
}

void
cli_json_drop(struct cli_json *json)
{
    cli_out_row_end(json->out, false);
    json->comma = false;
    json->depth = 0;
}
