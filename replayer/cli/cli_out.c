#include "cli_out.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli_utf8.h"

static bool
wants_color(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

void
cli_out_init(struct cli_out *out, int fd)
{
    memset(out, 0, offsetof(struct cli_out, buffer));
    out->fd = fd;
    out->color = wants_color(fd);
}

int
cli_out_failed(const struct cli_out *out)
{
    return out->error;
}

static void
write_all(struct cli_out *out, int fd)
{
    size_t done = 0;
    while (done < out->len && !out->error) {
        ssize_t written = write(fd, out->buffer + done, out->len - done);
        if (written < 0 && errno != EINTR) {
            out->error = errno;
        }
        done += written > 0 ? (size_t)written : 0;
    }
    out->len = 0;
}

/* Runs the pager on a pipe. Without one the output just goes to the terminal. */
static void
pager_start(struct cli_out *out)
{
    const char *pager = getenv("PAGER");
    int pipe_fd[2];
    out->paging = false;
    if (!pager || !*pager) {
        pager =
            "if command -v less >/dev/null; then exec less -R -F -X; else exec cat; fi";
    }
    if (strcmp(pager, "cat") == 0 || pipe(pipe_fd) != 0) {
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        setenv("LESSCHARSET", "utf-8", 0);
        setenv("LESSSECURE", "1", 0);
        dup2(pipe_fd[0], STDIN_FILENO);
        close(pipe_fd[0]);
        close(pipe_fd[1]);
        execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
        _exit(127);
    }
    close(pipe_fd[0]);
    if (child < 0) {
        close(pipe_fd[1]);
        return;
    }
    out->pager = child;
    out->pager_fd = pipe_fd[1];
}

void
cli_out_flush(struct cli_out *out)
{
    if (out->paging && out->rows_left == 0) {
        pager_start(out);
    }
    write_all(out, out->pager ? out->pager_fd : out->fd);
}

static bool
window_size(int fd, unsigned *ret_rows, unsigned *ret_columns)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
        return false;
    }
    *ret_rows = size.ws_row;
    *ret_columns = size.ws_col;
    return true;
}

unsigned
cli_out_columns(const struct cli_out *out)
{
    unsigned rows, columns;
    return window_size(out->fd, &rows, &columns) ? columns : 80;
}

void
cli_out_page_begin(struct cli_out *out)
{
    cli_out_flush(out);
    unsigned rows;
    out->paging =
        isatty(out->fd) && window_size(out->fd, &rows, &out->columns) && rows > 2;
    out->rows_left = out->paging ? rows - 1 : 0;
    out->column = 0;
}

void
cli_out_page_end(struct cli_out *out)
{
    cli_out_flush(out);
    out->paging = false;
    if (!out->pager) {
        return;
    }
    close(out->pager_fd);
    int status;
    while (waitpid(out->pager, &status, 0) < 0 && errno == EINTR) {
    }
    out->pager = 0;
    if (out->error == EPIPE) {
        out->error = 0; /* the person left the pager early */
    }
}

/* Counts the rows that the text takes; styles count as text, which errs on the safe side. */
static void
count_rows(struct cli_out *out, const char *data, size_t len)
{
    for (size_t i = 0; i < len && out->rows_left; i++) {
        out->column++;
        if (data[i] == '\n' || out->column > out->columns) {
            out->rows_left--;
            out->column = 0;
        }
    }
}

void
cli_out_raw(struct cli_out *out, const char *data, size_t len)
{
    if (out->paging && out->rows_left) {
        count_rows(out, data, len);
        if (!out->rows_left) {
            cli_out_flush(out); /* starts the pager; nothing was written before */
        }
    }
    while (len > 0) {
        if (out->len == sizeof out->buffer) {
            out->rows_left = 0;
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
escape(char *ret_text, size_t size, uint32_t character)
{
    if (!cli_utf8_unsafe(character)) {
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
    const char *end = data + len;
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
        size_t width = escape(text, sizeof text, cli_utf8_next(&data, end));
        if (width) {
            cli_out_raw(out, text, width);
        }
        else {
            cli_out_raw(out, at, (size_t)(data - at));
        }
        columns += width ? width : 1;
    }
    return columns;
}

size_t
cli_out_text_cut(struct cli_out *out, const char *data, size_t len, size_t columns)
{
    const char *end = data + len, *at = data, *fits = data;
    size_t used = 0;
    while (at < end && used <= columns) {
        char text[16];
        size_t width = escape(text, sizeof text, cli_utf8_next(&at, end));
        used += width ? width : 1;
        if (used < columns) {
            fits = at; /* and an ellipsis still has room after it */
        }
    }
    if (used <= columns) {
        return cli_out_text(out, data, len);
    }
    used = cli_out_text(out, data, (size_t)(fits - data));
    cli_out_str(out, "\xe2\x80\xa6");
    return used + 1;
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
