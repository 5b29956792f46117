#include "rec_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define FD_MIN 200

int
rec_sink_move_up(int fd)
{
    struct rlimit limit;
    int low = FD_MIN;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FD_MIN + 20) {
        low = limit.rlim_cur > 40 ? (int)limit.rlim_cur - 20 : 0;
    }
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, low);
    if (moved < 0) {
        return fd;
    }
    close(fd);
    return moved;
}

static bool
is_ours(const struct rec_sink *sink, int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_dev == sink->device && st.st_ino == sink->inode;
}

/* Locked anew too: closing the descriptor gave the lock up. */
static bool
reopen(struct rec_sink *sink)
{
    int fd = sink->path != NULL ? open(sink->path, O_WRONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return false;
    }
    bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    if (!locked || !is_ours(sink, fd)
        || lseek(fd, (off_t)sink->sink.written_bytes, SEEK_SET) < 0) {
        close(fd);
        return false;
    }
    __atomic_store_n(&sink->file.fd, rec_sink_move_up(fd), __ATOMIC_RELAXED);
    return true;
}

static tf_status
sink_write(struct tf_sink *base, const void *bytes, size_t len, struct tf_err *err)
{
    struct rec_sink *sink = (struct rec_sink *)base; /* its first member */
    if (!is_ours(sink, sink->file.fd) && !reopen(sink)) {
        return tf_err_set(err, TF_ERR_IO, -1,
                          "the program has closed the recording's file descriptor");
    }
    tf_status status = sink->file.sink.write(&sink->file.sink, bytes, len, err);
    base->written_bytes = sink->file.sink.written_bytes;
    return status;
}

/* Where the descriptor's file is. Linux: /proc/self/fd (proc(5)); elsewhere it has none. */
static char *
path_of(int fd)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return realpath(link, NULL);
}

tf_status
rec_sink_init(struct rec_sink *sink, int fd, struct tf_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return tf_err_set_errno(err, errno, "cannot look at the recording");
    }
    *sink = (struct rec_sink){.sink = {.write = sink_write}};
    tf_sink_fd_init(&sink->file, fd);
    sink->device = st.st_dev;
    sink->inode = st.st_ino;
    sink->path = path_of(fd);
    return TF_OK;
}

tf_status
rec_sink_close(struct rec_sink *sink, struct tf_err *err)
{
    if (is_ours(sink, sink->file.fd) && close(sink->file.fd) != 0) {
        return tf_err_set_errno(err, errno, "cannot finish the recording");
    }
    return TF_OK;
}

void
rec_sink_forget(const struct rec_sink *sink)
{
    if (is_ours(sink, sink->file.fd)) {
        close(sink->file.fd);
    }
}

void
rec_sink_sync(const struct rec_sink *sink)
{
    int fd = __atomic_load_n(&sink->file.fd, __ATOMIC_RELAXED);
    if (is_ours(sink, fd)) {
        fdatasync(fd);
    }
}

char *
rec_sink_beside(const struct rec_sink *sink, const char *suffix)
{
    struct stat st;
    char *path = NULL;
    if (sink->path == NULL || stat(sink->path, &st) != 0 || !S_ISREG(st.st_mode)
        || asprintf(&path, "%s%s", sink->path, suffix) < 0) {
        return NULL;
    }
    return path;
}

void
rec_sink_release(struct rec_sink *sink)
{
    free(sink->path);
    sink->path = NULL;
}
