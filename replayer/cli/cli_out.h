/* Where a front end's output goes: a buffer before a file descriptor, with colour only
 * where it is wanted, and a pager in between when an answer is longer than the screen
 * (cli_pager.c).
 *
 * Text from a recording goes through cli_out_text(), which lets no control sequence pass.
 * Everything else is for the program's own words. Writing never fails at once: the first
 * error is kept, what follows is dropped, and cli_out_failed() tells. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CLI_OUT_BUFFER 65536u

enum cli_style {
    CLI_PLAIN,
    CLI_BOLD,
    CLI_DIM,
    CLI_CURRENT, /* the current line */
    CLI_CHANGED, /* what changed since the last stop */
    CLI_BAD,     /* exceptions, losses */
};

struct cli_out {
    int fd; /* borrowed */
    bool color, terminal;
    bool ascii; /* a terminal that knows no UTF-8: other characters are escaped */
    int error;  /* errno of the first failure; EPIPE when the reader went away */
    size_t len;
    unsigned status_columns; /* of a status line that the next output takes away */
    /* paging: `rows_left` counts down while an answer still fits the screen */
    bool paging, shown; /* shown: part of it is on the screen already */
    unsigned columns, rows, rows_left, column;
    pid_t pager; /* 0: none */
    int pager_fd;
    /* a row that is not whole yet: it begins in `held`, or at `row_at` of the buffer */
    bool in_row;
    size_t row_at, held_len, held_cap;
    char *held; /* owned */
    char buffer[CLI_OUT_BUFFER];
};

/* Colour when `fd` is a terminal that can show it and NO_COLOR is not set. `utf8`: the
 * locale's encoding is UTF-8. */
void cli_out_init(struct cli_out *out, int fd, bool utf8);
/* A row that is not whole yet stays behind. */
void cli_out_flush(struct cli_out *out);
/* errno of the first failed write, 0 when there was none. */
int cli_out_failed(const struct cli_out *out);

/* Between these two, output longer than the terminal goes through $PAGER, or `less`, or
 * waits for a key after each screenful. Somebody who leaves early makes
 * cli_out_failed() EPIPE until the end. Nothing happens when `fd` is not a terminal. */
void cli_out_page_begin(struct cli_out *out);
void cli_out_page_end(struct cli_out *out);
/* What there is so far is shown at once, rather than held until it fills a screen: the
 * rest may take long. */
void cli_out_show(struct cli_out *out);
/* "searching: 12 %" on the terminal's current line, in place of the one before; "" takes
 * it away. Nothing when `fd` is no terminal, or a pager has it. */
void cli_out_status(struct cli_out *out, const char *text);

/* What is put between these two is printed whole or, without `keep`, not at all; what is
 * longer than CLI_ROW_BYTES is printed as far as it got. Ending what was not begun does
 * nothing. */
#define CLI_ROW_BYTES ((size_t)16 << 20)
void cli_out_row_begin(struct cli_out *out);
void cli_out_row_end(struct cli_out *out, bool keep);

/* The program's own words. */
void cli_out_raw(struct cli_out *out, const char *data, size_t len);
void cli_out_str(struct cli_out *out, const char *text);
void cli_out_char(struct cli_out *out, char c);
void cli_out_u64(struct cli_out *out, uint64_t number);
void cli_out_format(struct cli_out *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void cli_out_style(struct cli_out *out, enum cli_style style);
void cli_out_pad(struct cli_out *out, size_t columns);

/* Text from a recording or of the user: controls, bidirectional controls, lone surrogates
 * and bytes that are not UTF-8 are shown as \xNN and \uNNNN. Returns the columns taken. */
size_t cli_out_text(struct cli_out *out, const char *data, size_t len);
/* The columns that it would take. */
size_t cli_out_text_columns(const struct cli_out *out, const char *data, size_t len);
/* At most `columns` of it, the last one an ellipsis when there is more. */
size_t cli_out_text_cut(struct cli_out *out, const char *data, size_t len,
                        size_t columns);
/* Likewise; tabs become spaces up to the next multiple of eight. */
void cli_out_source_line(struct cli_out *out, const char *data, size_t len);

/* Columns of the terminal that `out` writes to; 80 when it is none. */
unsigned cli_out_columns(const struct cli_out *out);

#endif
