#include "cli_history.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that grew to this is cut to CLI_HISTORY_LINES: not at each line. */
#define LINES_BEFORE_CUT (CLI_HISTORY_LINES + CLI_HISTORY_LINES / 4)

/* Opens it, locked, if it is a plain file; else -1. Closing unlocks. */
static int
open_locked(const char *path, int flags, int lock)
{
    struct stat st;
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd >= 0
        && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || flock(fd, lock) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The file's last CLI_HISTORY_BYTES, terminated, from a line's beginning. The caller frees
 * what is returned; NULL: nothing. */
static char *
read_tail(int fd, size_t *ret_len)
{
    off_t size = lseek(fd, 0, SEEK_END);
    size_t len = size < 0                          ? 0
                 : size > (off_t)CLI_HISTORY_BYTES ? CLI_HISTORY_BYTES
                                                   : (size_t)size;
    char *text = len ? malloc(len + 1) : NULL;
    if (!text || pread(fd, text, len, size - (off_t)len) != (ssize_t)len) {
        free(text);
        return NULL;
    }
    text[len] = 0;
    if ((off_t)len < size) {
        char *line = memchr(text, '\n', len);
        len -= line ? (size_t)(line + 1 - text) : len;
        memmove(text, line ? line + 1 : text, len);
        text[len] = 0;
    }
    *ret_len = len;
    return text;
}

static size_t
count_lines(const char *text, size_t len)
{
    size_t count = 0;
    for (const char *at = text; (at = memchr(at, '\n', len - (size_t)(at - text)));) {
        count++;
        at++;
    }
    return count;
}

/* Where the last `keep` lines begin. */
static const char *
last_lines(const char *text, size_t len, size_t keep)
{
    size_t skip = count_lines(text, len);
    for (skip = skip > keep ? skip - keep : 0; skip > 0; skip--) {
        text = strchr(text, '\n') + 1;
    }
    return text;
}

void
cli_history_load(const char *path, void (*add)(void *ctx, const char *line), void *ctx)
{
    size_t len;
    int fd = open_locked(path, O_RDONLY, LOCK_SH);
    char *text = fd >= 0 ? read_tail(fd, &len) : NULL;
    if (fd >= 0) {
        close(fd);
    }
    if (!text || strlen(text) != len) {
        free(text); /* a NUL: no file of ours */
        return;
    }
    char *line = (char *)last_lines(text, len, CLI_HISTORY_LINES);
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        if (*line) {
            add(ctx, line);
        }
    }
    free(text);
}

static bool
write_at(int fd, const char *text, size_t len, off_t off)
{
    while (len > 0) {
        ssize_t written = pwrite(fd, text, len, off);
        if (written <= 0) {
            return false;
        }
        text += written;
        len -= (size_t)written;
        off += written;
    }
    return true;
}

/* What stays is written over the beginning before the end is cut off, so that a crash in
 * between leaves lines twice rather than none. */
static void
cut_front(int fd)
{
    size_t len;
    char *text = read_tail(fd, &len);
    if (text
        && (count_lines(text, len) > LINES_BEFORE_CUT
            || lseek(fd, 0, SEEK_END) > (off_t)len)) {
        const char *kept = last_lines(text, len, CLI_HISTORY_LINES);
        size_t kept_len = (size_t)(text + len - kept);
        if (write_at(fd, kept, kept_len, 0) && ftruncate(fd, (off_t)kept_len) != 0) {
            /* twice, then */
        }
    }
    free(text);
}

void
cli_history_append(const char *path, const char *line)
{
    size_t len = strlen(line);
    char *text = len > 0 && len < CLI_HISTORY_BYTES / 4 && !strchr(line, '\n')
                     ? malloc(len + 2)
                     : NULL;
    int fd = text ? open_locked(path, O_RDWR | O_CREAT, LOCK_EX) : -1;
    if (fd >= 0) {
        memcpy(text, line, len);
        memcpy(text + len, "\n", 2);
        if (fchmod(fd, 0600) == 0
            && write_at(fd, text, len + 1, lseek(fd, 0, SEEK_END))) {
            cut_front(fd);
        }
        close(fd);
    }
    free(text);
}
