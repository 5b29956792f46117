#include "cli_out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_pager.h"
#include "cli_utf8.h"

#define STATUS_COLUMNS_MAX 78u

static bool
wants_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
}

void
cli_out_init(struct cli_out *out, int fd, bool utf8)
{
    memset(out, 0, offsetof(struct cli_out, buffer));
    out->fd = fd;
    out->terminal = isatty(fd);
    out->color = out->terminal && wants_color();
    out->ascii = out->terminal && !utf8;
}

int
cli_out_failed(const struct cli_out *out)
{
    return out->error;
}

static void
write_all(struct cli_out *out, int fd, const char *data, size_t len)
{
    size_t done = 0;
    while (done < len && !out->error) {
        ssize_t written = write(fd, data + done, len - done);
        if (written < 0 && errno != EINTR) {
            out->error = errno;
        }
        done += written > 0 ? (size_t)written : 0;
    }
}

static void
erase_status(struct cli_out *out)
{
    char line[STATUS_COLUMNS_MAX + 2];
    size_t columns = out->status_columns;
    out->status_columns = 0;
    if (columns) {
        memset(line, ' ', sizeof line);
        line[0] = line[columns + 1] = '\r';
        write_all(out, out->fd, line, columns + 2);
    }
}

void
cli_out_status(struct cli_out *out, const char *text)
{
    size_t len = strlen(text);
    if (!out->terminal || out->pager) {
        return;
    }
    erase_status(out);
    if (len > 0 && len < cli_out_columns(out) && len <= STATUS_COLUMNS_MAX) {
        write_all(out, out->fd, text, len);
        out->status_columns = (unsigned)len;
    }
}

static void
flush_part(struct cli_out *out, size_t len)
{
    erase_status(out);
    write_all(out, out->pager ? out->pager_fd : out->fd, out->buffer, len);
    memmove(out->buffer, out->buffer + len, out->len - len);
    out->len -= len;
    out->in_row = out->in_row && len <= out->row_at;
    out->row_at -= out->in_row ? len : 0;
}

void
cli_out_flush(struct cli_out *out)
{
    flush_part(out, out->in_row ? out->row_at : out->len);
}

void
cli_out_show(struct cli_out *out)
{
    const char *end = memrchr(out->buffer, '\n', out->len);
    if (end) {
        out->shown = true;
        flush_part(out, (size_t)(end + 1 - out->buffer));
    }
}

unsigned
cli_out_columns(const struct cli_out *out)
{
    unsigned rows, columns;
    return cli_pager_window(out->fd, &rows, &columns) ? columns : 80;
}

/* --- Rows --- */

void
cli_out_row_begin(struct cli_out *out)
{
    out->in_row = !out->paging;
    out->row_at = out->len;
}

void
cli_out_row_end(struct cli_out *out, bool keep)
{
    if (!out->in_row) {
        return;
    }
    out->in_row = false;
    if (!keep) {
        out->len = out->row_at;
    }
    else if (out->held_len) {
        write_all(out, out->fd, out->held, out->held_len);
    }
    free(out->held);
    out->held = NULL;
    out->held_len = out->held_cap = 0;
}

/* Makes room in the buffer, and keeps what belongs to the row. */
static void
hold(struct cli_out *out)
{
    size_t row = out->len - out->row_at;
    flush_part(out, out->row_at);
    if (out->held_len + row > out->held_cap) {
        size_t cap = (out->held_len + row) * 2;
        char *held = cap <= CLI_ROW_BYTES ? realloc(out->held, cap) : NULL;
        if (!held) {
            cli_out_row_end(out, true);
            return;
        }
        out->held = held;
        out->held_cap = cap;
    }
    if (row > 0) { /* it may begin right here */
        memcpy(out->held + out->held_len, out->buffer, row);
        out->held_len += row;
    }
    out->len = 0;
}

static void
put_bytes(struct cli_out *out, const char *data, size_t len)
{
    while (len > 0) {
        if (out->len == sizeof out->buffer && out->in_row && !out->paging) {
            hold(out);
        }
        if (out->len == sizeof out->buffer) {
            if (out->paging) {
                cli_pager_full(out);
            }
            cli_out_flush(out);
        }
        size_t part = sizeof out->buffer - out->len;
        part = part < len ? part : len;
        memcpy(out->buffer + out->len, data, part);
        out->len += part;
        data += part;
        len -= part;
    }
}

void
cli_out_raw(struct cli_out *out, const char *data, size_t len)
{
    while (out->paging && len > 0 && !out->error) {
        if (out->rows_left == 0) {
            cli_pager_full(out);
            continue;
        }
        size_t part = cli_pager_fit(out, data, len);
        put_bytes(out, data, part);
        data += part;
        len -= part;
    }
    if (!out->error) {
        put_bytes(out, data, len);
    }
}

void
cli_out_str(struct cli_out *out, const char *text)
{
    cli_out_raw(out, text, strlen(text));
}

void
cli_out_char(struct cli_out *out, char c)
{
    if (out->paging || out->len == sizeof out->buffer) {
        cli_out_raw(out, &c, 1);
        return;
    }
    out->buffer[out->len++] = c;
}

void
cli_out_u64(struct cli_out *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    cli_out_raw(out, digits + at, sizeof digits - at);
}

void
cli_out_format(struct cli_out *out, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len > 0) {
        size_t kept = (size_t)len < sizeof line ? (size_t)len : sizeof line - 1;
        cli_out_raw(out, line, kept);
    }
}

void
cli_out_style(struct cli_out *out, enum cli_style style)
{
    static const char *const code[] = {
        [CLI_PLAIN] = "\x1b[0m",    [CLI_BOLD] = "\x1b[1m",
        [CLI_DIM] = "\x1b[2m",      [CLI_CURRENT] = "\x1b[1;32m",
        [CLI_CHANGED] = "\x1b[33m", [CLI_BAD] = "\x1b[31m",
    };
    if (out->color) {
        cli_out_str(out, code[style]);
    }
}

void
cli_out_pad(struct cli_out *out, size_t columns)
{
    static const char spaces[] = "                                ";
    while (columns > 0) {
        size_t part = columns < sizeof spaces - 1 ? columns : sizeof spaces - 1;
        cli_out_raw(out, spaces, part);
        columns -= part;
    }
}

/* Writes one character's escape, or nothing when it may stand as it is. Returns its
 * columns, 0 when it may stand. */
static size_t
escape(const struct cli_out *out, char *ret_text, size_t size, uint32_t character)
{
    if (!cli_utf8_unsafe(character) && !(out->ascii && character > 0x7e)) {
        return 0;
    }
    int len;
    if (character >= CLI_UTF8_BAD_BYTE) {
        len = snprintf(ret_text, size, "\\x%02x", character - CLI_UTF8_BAD_BYTE);
    }
    else if (character == '\n' || character == '\t' || character == '\r') {
        len = snprintf(ret_text, size, "\\%c",
                       character == '\n'   ? 'n'
                       : character == '\t' ? 't'
                                           : 'r');
    }
    else {
        const char *format = character > 0xffff ? "\\U%08x"
                             : character > 0xff ? "\\u%04x"
                                                : "\\x%02x";
        len = snprintf(ret_text, size, format, character);
    }
    return (size_t)len;
}

/* What plain ASCII there is at the front, which needs no care. */
static size_t
plain_prefix(const char *data, size_t len)
{
    size_t i = 0;
    while (i < len && data[i] >= 0x20 && data[i] < 0x7f) {
        i++;
    }
    return i;
}

size_t
cli_out_text(struct cli_out *out, const char *data, size_t len)
{
    const char *end = len ? data + len : data;
    size_t columns = 0;
    while (data < end) {
        size_t plain = plain_prefix(data, (size_t)(end - data));
        cli_out_raw(out, data, plain);
        data += plain;
        columns += plain;
        if (data == end) {
            break;
        }
        char text[16];
        const char *at = data;
        uint32_t character = cli_utf8_next(&data, end);
        size_t width = escape(out, text, sizeof text, character);
        if (width) {
            cli_out_raw(out, text, width);
        }
        else {
            cli_out_raw(out, at, (size_t)(data - at));
        }
        columns += width ? width : cli_utf8_width(character);
    }
    return columns;
}

/* Columns of the next character, escaped where it must be; steps over it. */
static size_t
next_columns(const struct cli_out *out, const char **at, const char *end)
{
    char text[16];
    uint32_t character = cli_utf8_next(at, end);
    size_t width = escape(out, text, sizeof text, character);
    return width ? width : cli_utf8_width(character);
}

size_t
cli_out_text_columns(const struct cli_out *out, const char *data, size_t len)
{
    const char *end = len ? data + len : data;
    size_t columns = 0;
    while (data < end) {
        columns += next_columns(out, &data, end);
    }
    return columns;
}

size_t
cli_out_text_cut(struct cli_out *out, const char *data, size_t len, size_t columns)
{
    const char *end = len ? data + len : data, *at = data, *fits = data;
    size_t used = 0, dots = out->ascii ? 3 : 1;
    while (at < end && used <= columns) {
        used += next_columns(out, &at, end);
        if (used + dots <= columns) {
            fits = at; /* and an ellipsis still has room after it */
        }
    }
    if (used <= columns) {
        return cli_out_text(out, data, len);
    }
    used = cli_out_text(out, data, (size_t)(fits - data));
    cli_out_str(out, out->ascii ? "..." : "\xe2\x80\xa6");
    return used + dots;
}

void
cli_out_source_line(struct cli_out *out, const char *data, size_t len)
{
    size_t column = 0;
    while (len > 0) {
        const char *tab = memchr(data, '\t', len);
        size_t part = tab ? (size_t)(tab - data) : len;
        column += cli_out_text(out, data, part);
        if (tab) {
            size_t gap = 8 - column % 8;
            cli_out_pad(out, gap);
            column += gap;
            part++;
        }
        data += part;
        len -= part;
    }
}
