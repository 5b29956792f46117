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

#define FD_MIN   200
#define FDS_OURS 20

int
rec_sink_move_up(int fd)
{
    struct rlimit limit;
    int moved = -1;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FD_MIN + FDS_OURS) {
        /* the highest that is free: a program may use up all there are */
        for (int low = (int)limit.rlim_cur - 1; moved < 0 && low > fd; low--) {
            moved = fcntl(fd, F_DUPFD_CLOEXEC, low);
        }
    }
    else {
        moved = fcntl(fd, F_DUPFD_CLOEXEC, FD_MIN);
    }
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

/* --- Room --- */

#define ROOM_MIN_BYTES 65536u
#define ROOM_MAX_BYTES (1u << 20)
#define ROOM_STEP      (1u << 20)

/* For index, footer and what is derived of the last chunks: more the longer the run. */
static uint64_t
room_for_end(const struct rec_sink *sink)
{
    uint64_t room = ROOM_MIN_BYTES + sink->sink.written_bytes / 2;
    if (sink->ending) {
        return 0;
    }
    return room < ROOM_MAX_BYTES ? room : ROOM_MAX_BYTES;
}

/* A write beyond it would be answered by SIGXFSZ (setrlimit(2)). */
static bool
is_within_limit(uint64_t end)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY
           || end <= limit.rlim_cur;
}

static bool
allocate_to(struct rec_sink *sink, uint64_t end)
{
    int failed;
    do {
        failed =
            fallocate(sink->file.fd, FALLOC_FL_KEEP_SIZE, (off_t)sink->allocated_bytes,
                      (off_t)(end - sink->allocated_bytes));
    } while (failed != 0 && errno == EINTR);
    if (failed == 0) {
        sink->allocated_bytes = end;
    }
    return failed == 0;
}

/* 0, or the errno of why there is no room for `len` more bytes and the end. */
static int
make_room(struct rec_sink *sink, size_t len)
{
    uint64_t end = sink->sink.written_bytes + len + room_for_end(sink);
    if (!is_within_limit(end)) {
        return EFBIG;
    }
    if (!sink->keeps_room || end <= sink->allocated_bytes || sink->ending) {
        return 0;
    }
    if ((is_within_limit(end + ROOM_STEP) && allocate_to(sink, end + ROOM_STEP))
        || allocate_to(sink, end)) {
        return 0;
    }
    if (errno == ENOSPC || errno == EDQUOT || errno == EIO) {
        return errno;
    }
    sink->keeps_room = false;
    return 0;
}

void
rec_sink_end(struct rec_sink *sink)
{
    sink->ending = true;
}

static bool
sink_cut(struct tf_sink *base, uint64_t bytes)
{
    struct rec_sink *sink = (struct rec_sink *)base; /* its first member */
    struct stat st;
    sink->ending = true;
    if (!is_ours(sink, sink->file.fd) || fstat(sink->file.fd, &st) != 0
        || !S_ISREG(st.st_mode)
        || ((uint64_t)st.st_size != bytes
            && ftruncate(sink->file.fd, (off_t)bytes) != 0)
        || lseek(sink->file.fd, (off_t)bytes, SEEK_SET) < 0) {
        return false;
    }
    base->written_bytes = sink->file.sink.written_bytes = bytes;
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
    int no_room = make_room(sink, len);
    if (no_room != 0) {
        return tf_err_set_errno(err, no_room, "cannot write the recording");
    }
    tf_status status = sink->file.sink.write(&sink->file.sink, bytes, len, err);
    base->written_bytes = sink->file.sink.written_bytes;
    return status;
}

/* Linux: /proc/self/fd (proc(5)); elsewhere it has none. */
char *
rec_sink_path_of(int fd)
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
    *sink = (struct rec_sink){.sink = {.write = sink_write, .cut = sink_cut},
                              .keeps_room = S_ISREG(st.st_mode)};
    tf_sink_fd_init(&sink->file, fd);
    sink->device = st.st_dev;
    sink->inode = st.st_ino;
    sink->path = rec_sink_path_of(fd);
    return TF_OK;
}

tf_status
rec_sink_close(struct rec_sink *sink, struct tf_err *err)
{
    if (!is_ours(sink, sink->file.fd)) {
        return TF_OK;
    }
    if (sink->allocated_bytes > sink->sink.written_bytes
        && ftruncate(sink->file.fd, (off_t)sink->sink.written_bytes) != 0) {
        sink->allocated_bytes = 0; /* some blocks stay with the file */
    }
    if (close(sink->file.fd) != 0) {
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

int
rec_sink_for_sync(const struct rec_sink *sink, uint64_t *ret_bytes)
{
    struct stat st;
    int fd = __atomic_load_n(&sink->file.fd, __ATOMIC_RELAXED);
    if (!is_ours(sink, fd) || fstat(fd, &st) != 0) {
        return -1;
    }
    *ret_bytes = (uint64_t)st.st_size;
    return fd;
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
