#include "rec_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rec_sink.h"

#define SUFFIX ".pyrec"

/* Names tried before giving up. */
#define NAMES_MAX 100000u

static tf_status
no_memory(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
}

/* `name` without directories and extension, as pathlib's stem. */
static char *
script_stem(const char *name)
{
    char *path = strdup(name);
    if (path == NULL) {
        return NULL;
    }
    for (size_t len = strlen(path); len > 1 && path[len - 1] == '/'; len--) {
        path[len - 1] = '\0';
    }
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    bool has_extension = dot != NULL && dot > base && dot[1] != '\0';
    char *stem = has_extension ? strndup(base, (size_t)(dot - base)) : strdup(base);
    free(path);
    return stem;
}

/* `.` and the like say nothing: take the directory's own name. */
static char *
directory_stem(const char *name)
{
    char *real = realpath(name, NULL);
    char *stem = real != NULL ? script_stem(real) : strdup("program");
    free(real);
    return stem;
}

char *
rec_output_stem(const struct rec_options *options)
{
    char *stem = NULL;
    const char *target = options->target;
    switch (options->run_kind) {
    case REC_RUN_CODE: return strdup("command");
    case REC_RUN_MODULE: stem = strdup(target); break;
    case REC_RUN_SCRIPT:
        if (strcmp(target, "-") == 0) {
            return strdup("stdin");
        }
        stem = script_stem(target);
        if (stem != NULL && stem[strspn(stem, "./")] == '\0') {
            free(stem);
            stem = directory_stem(target);
        }
        break;
    }
    for (char *c = stem; c != NULL && *c != '\0'; c++) {
        if (*c == '/') {
            *c = '_';
        }
    }
    return stem;
}

/* Locks, unless the file system cannot: TF_ERR_IO with EWOULDBLOCK when another holds it. */
static bool
lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

static bool
is_at(int fd, const char *path)
{
    struct stat open_st, path_st;
    return fstat(fd, &open_st) == 0 && stat(path, &path_st) == 0
           && open_st.st_dev == path_st.st_dev && open_st.st_ino == path_st.st_ino;
}

/* Makes a file that was not there. -1 with errno; EEXIST: taken. */
static int
create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -1;
    }
    /* someone with --force may have come between: then it is theirs */
    if (!lock(fd) || !is_at(fd, path)) {
        close(fd);
        errno = EEXIST;
        return -1;
    }
    return fd;
}

/* Empty, or beginning as a zstd frame or a skippable one (RFC 8878, 3.1). */
static bool
looks_like_recording(int fd)
{
    unsigned char magic[4];
    ssize_t len = pread(fd, magic, sizeof magic, 0);
    return len == 0
           || (len == 4
               && (memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0
                   || ((magic[0] & 0xf0) == 0x50
                       && memcmp(magic + 1, "\x2a\x4d\x18", 3) == 0)));
}

/* Puts a new file in the place of a recording that is there. The old one is not cut off: a
 * replayer that has it open keeps it. */
static tf_status
replace(const char *path, int *ret_fd, struct tf_err *err)
{
    tf_status status = TF_OK;
    char *temporary = NULL;
    int fd = -1;
    int old = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (old < 0) {
        return tf_err_set_errno(err, errno, "cannot replace '%s'", path);
    }
    if (!lock(old)) {
        status = tf_err_set(err, TF_ERR_IO, -1,
                            "'%s' is still being written by another run", path);
        goto out;
    }
    if (!looks_like_recording(old)) {
        status = tf_err_set(err, TF_ERR_IO, -1,
                            "'%s' is no recording: --force does not replace it", path);
        goto out;
    }
    if (asprintf(&temporary, "%s.%ld.new", path, (long)getpid()) < 0) {
        temporary = NULL;
        status = no_memory(err);
        goto out;
    }
    fd = create(temporary);
    if (fd < 0 || !is_at(old, path) || rename(temporary, path) != 0) {
        status = tf_err_set_errno(err, errno, "cannot replace '%s'", path);
        if (fd >= 0) {
            unlink(temporary);
            close(fd);
        }
        goto out;
    }
    *ret_fd = fd;
out:
    free(temporary);
    close(old);
    return status;
}

/* -o /dev/null and pipes: nothing to make, lock or replace. */
static bool
is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode));
}

static tf_status
open_named(const struct rec_options *options, const char *path, int *ret_fd,
           struct tf_err *err)
{
    int fd =
        is_special(path) ? open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY) : create(path);
    if (fd < 0 && errno == EEXIST) {
        if (options->force) {
            return replace(path, ret_fd, err);
        }
        return tf_err_set(err, TF_ERR_IO, -1,
                          "'%s' exists: --force replaces a recording", path);
    }
    if (fd < 0) {
        return tf_err_set_errno(err, errno, "cannot write '%s'", path);
    }
    *ret_fd = fd;
    return TF_OK;
}

/* STEM.pyrec, or the first of STEM.2.pyrec ... that is not taken. */
static tf_status
open_numbered(const char *stem, bool force, char **ret_path, int *ret_fd,
              struct tf_err *err)
{
    tf_status status = TF_OK;
    char *path = NULL;
    int fd = -1;
    for (unsigned n = 1; n <= NAMES_MAX && fd < 0 && status == TF_OK; n++) {
        char number[16] = "";
        if (n > 1) {
            snprintf(number, sizeof number, ".%u", n);
        }
        free(path);
        if (asprintf(&path, "%s%s" SUFFIX, stem, number) < 0) {
            path = NULL;
            status = no_memory(err);
        }
        else if ((fd = create(path)) < 0 && errno != EEXIST) {
            status = tf_err_set_errno(err, errno, "cannot write '%s'", path);
        }
        else if (fd < 0 && force) {
            status = replace(path, &fd, err);
        }
    }
    if (status == TF_OK && fd < 0) {
        status =
            tf_err_set(err, TF_ERR_IO, -1, "no free name for '%s" SUFFIX "'", stem);
    }
    if (status == TF_OK) {
        *ret_path = path;
        *ret_fd = fd;
    }
    else {
        free(path);
    }
    return status;
}

static tf_status
open_default(const struct rec_options *options, char **ret_path, int *ret_fd,
             struct tf_err *err)
{
    char *stem = rec_output_stem(options);
    if (stem == NULL) {
        return no_memory(err);
    }
    tf_status status = open_numbered(stem, options->force, ret_path, ret_fd, err);
    free(stem);
    return status;
}

tf_status
rec_output_open_child(const char *path, long pid, struct rec_output *ret_output,
                      struct tf_err *err)
{
    struct rec_output output = {.fd = -1};
    const char *end = strrchr(path, '.');
    size_t len =
        end != NULL && strcmp(end, SUFFIX) == 0 ? (size_t)(end - path) : strlen(path);
    char *stem;
    if (asprintf(&stem, "%.*s.%ld", (int)len, path, pid) < 0) {
        return no_memory(err);
    }
    tf_status status = open_numbered(stem, false, &output.path, &output.fd, err);
    free(stem);
    if (status == TF_OK) {
        output.fd = rec_sink_move_up(output.fd);
        *ret_output = output;
    }
    return status;
}

tf_status
rec_output_open(const struct rec_options *options, struct rec_output *ret_output,
                struct tf_err *err)
{
    tf_status status;
    char *path = NULL;
    int fd = -1;
    if (options->output == NULL) {
        status = open_default(options, &path, &fd, err);
    }
    else if ((path = strdup(options->output)) == NULL) {
        status = no_memory(err);
    }
    else {
        status = open_named(options, path, &fd, err);
    }
    if (status != TF_OK) {
        free(path);
        return status;
    }
    *ret_output = (struct rec_output){.fd = rec_sink_move_up(fd), .path = path};
    return TF_OK;
}

void
rec_output_discard(struct rec_output *output)
{
    struct stat st;
    if (stat(output->path, &st) == 0 && S_ISREG(st.st_mode)) {
        unlink(output->path);
    }
    rec_output_release(output);
}

void
rec_output_release(struct rec_output *output)
{
    free(output->path);
    *output = (struct rec_output){.fd = -1};
}
