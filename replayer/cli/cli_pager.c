/* Output that is longer than the screen goes through $PAGER or `less`. Where there is
 * neither, or a part of it was shown already because the rest takes long, it stops after
 * each screenful and waits for a key. */
#include "cli_pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli_out.h"
#include "cli_utf8.h"

bool
cli_pager_window(int fd, unsigned *ret_rows, unsigned *ret_columns)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
        return false;
    }
    *ret_rows = size.ws_row;
    *ret_columns = size.ws_col;
    return true;
}

/* --- Counting rows --- */

/* The end of a colour's sequence that begins at `at`. */
static const char *
skip_style(const char *at, const char *end)
{
    while (at < end && *at != 'm') {
        at++;
    }
    return at < end ? at + 1 : end;
}

size_t
cli_pager_fit(struct cli_out *out, const char *data, size_t len)
{
    const char *at = data, *end = data + len;
    while (at < end && out->rows_left) {
        if (*at == '\x1b') {
            at = skip_style(at, end);
            continue;
        }
        if (*at == '\n') {
            at++;
            out->rows_left--;
            out->column = 0;
            continue;
        }
        const char *next = at;
        unsigned width = cli_utf8_width(cli_utf8_next(&next, end));
        if (out->column + width > out->columns) {
            out->rows_left--; /* the terminal folds the line */
            out->column = 0;
            continue;
        }
        out->column += width;
        at = next;
    }
    return (size_t)(at - data);
}

/* --- A pager of the system's --- */

static bool
on_path(const char *name)
{
    const char *path = getenv("PATH");
    char file[512];
    while (path && *path) {
        size_t len = strcspn(path, ":");
        int used = snprintf(file, sizeof file, "%.*s/%s", (int)len, path, name);
        if (*path == '/' && used < (int)sizeof file && access(file, X_OK) == 0) {
            return true;
        }
        path += len + (path[len] == ':');
    }
    return false;
}

/* Whether the command's program is there, as far as its first word tells. */
static bool
can_run(const char *command)
{
    char name[256];
    size_t len = strcspn(command, " \t");
    if (len >= sizeof name || strpbrk(command, "=$`\"'\\|&;()<>")) {
        return true; /* the shell will know */
    }
    memcpy(name, command, len);
    name[len] = 0;
    return strchr(name, '/') ? access(name, X_OK) == 0 : on_path(name);
}

/* NULL: none. */
static const char *
find_pager(void)
{
    const char *pager = getenv("PAGER");
    if (pager && *pager && can_run(pager)) {
        return pager;
    }
    return on_path("less") ? "less -RX" : NULL;
}

static void
become_pager(const char *pager, int in_fd)
{
    signal(SIGPIPE, SIG_DFL);
    setenv("LESSCHARSET", "utf-8", 0);
    setenv("LESSSECURE", "1", 0);
    if (dup2(in_fd, STDIN_FILENO) >= 0) {
        execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
    }
    _exit(127);
}

static bool
pager_start(struct cli_out *out, const char *pager)
{
    int pipe_fd[2];
    if (pipe2(pipe_fd, O_CLOEXEC) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        become_pager(pager, pipe_fd[0]);
    }
    close(pipe_fd[0]);
    if (child < 0) {
        close(pipe_fd[1]);
        return false;
    }
    out->pager = child;
    out->pager_fd = pipe_fd[1];
    return true;
}

/* --- Our own --- */

/* A key, without waiting for Enter; 'q' when there is none to be had. */
static char
read_key(int fd)
{
    struct termios old, raw;
    char key = 'q';
    if (tcgetattr(fd, &old) != 0) {
        return key;
    }
    raw = old;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSADRAIN, &raw) == 0) {
        if (read(fd, &key, 1) != 1) {
            key = 'q'; /* Ctrl-C, too */
        }
        tcsetattr(fd, TCSADRAIN, &old);
    }
    return key;
}

static void
wait_for_key(struct cli_out *out)
{
    unsigned rows, columns;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        out->paging = false; /* nobody to press a key */
        return;
    }
    cli_out_status(out, out->columns >= 50
                            ? "-- more: space, Enter (a line), q (no more) --"
                            : "-- more --");
    char key = read_key(fd);
    cli_out_status(out, "");
    close(fd);
    if (cli_pager_window(out->fd, &rows, &columns)) {
        out->rows = rows;
        out->columns = columns;
    }
    out->rows_left = key == '\n' || key == '\r' || out->rows < 2 ? 1 : out->rows - 1;
    if (key == 'q' || key == 'Q') {
        cli_out_style(out, CLI_PLAIN);
        cli_out_flush(out);
        out->error = EPIPE;
    }
}

void
cli_pager_full(struct cli_out *out)
{
    const char *pager = out->shown ? NULL : find_pager();
    if (pager && pager_start(out, pager)) {
        out->paging = false;
        return;
    }
    out->shown = true;
    cli_out_flush(out);
    wait_for_key(out);
}

/* --- An answer's beginning and end --- */

void
cli_out_page_begin(struct cli_out *out)
{
    const char *pager = getenv("PAGER");
    cli_out_flush(out);
    out->paging = out->terminal && !(pager && strcmp(pager, "cat") == 0)
                  && cli_pager_window(out->fd, &out->rows, &out->columns)
                  && out->rows > 2;
    out->rows_left = out->paging ? out->rows - 1 : 0;
    out->column = 0;
    out->shown = false;
}

void
cli_out_page_end(struct cli_out *out)
{
    cli_out_flush(out);
    if (out->pager) {
        int status;
        close(out->pager_fd);
        while (waitpid(out->pager, &status, 0) < 0 && errno == EINTR) {
        }
        out->pager = 0;
    }
    if (out->terminal && out->error == EPIPE) {
        out->error = 0; /* the person had seen enough */
        out->len = 0;
    }
    out->paging = false;
}
