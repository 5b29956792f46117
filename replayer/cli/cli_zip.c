#include "cli_zip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zip.h>

/* A recording is compressed already: one that grows by more is a bomb. */
#define GROWTH_MAX    64u
#define RECORDING_MAX (UINT64_C(64) << 30)
#define ENTRIES_MAX   64

static tf_status
fail(const char *what, const char *path, zip_error_t *error, struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_IO, -1, "%s %.120s: %.100s", what, path,
                      zip_error_strerror(error));
}

tf_status
cli_zip_write(const char *path, const char *entry, const char *from, struct tf_err *err)
{
    zip_error_t error;
    int code = 0;
    zip_error_init(&error);
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (!zip) {
        zip_error_init_with_code(&error, code);
        return fail("cannot write", path, &error, err);
    }
    zip_source_t *source = zip_source_file(zip, from, 0, 0);
    zip_int64_t idx = source ? zip_file_add(zip, entry, source, ZIP_FL_ENC_UTF_8) : -1;
    if (idx < 0) {
        tf_status status = fail("cannot write", path, zip_get_error(zip), err);
        zip_source_free(source);
        zip_discard(zip);
        return status;
    }
    zip_set_file_compression(zip, (zip_uint64_t)idx, ZIP_CM_STORE, 0);
    zip_file_set_external_attributes(zip, (zip_uint64_t)idx, 0, ZIP_OPSYS_UNIX,
                                     (zip_uint32_t)0100600 << 16);
    if (zip_close(zip) != 0) {
        tf_status status = fail("cannot write", path, zip_get_error(zip), err);
        zip_discard(zip);
        return status;
    }
    return TF_OK;
}

static bool
is_archive(const char *path)
{
    char start[4];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is = fd >= 0 && pread(fd, start, sizeof start, 0) == (ssize_t)sizeof start
              && memcmp(start, "PK\3\4", sizeof start) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is;
}

static tf_status
not_packed(const char *path, const char *why, struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_NOT_PYREC, -1,
                      "%.120s is an archive, but not one that pyreplay pack made: %s",
                      path, why);
}

/* The only entry that has the name of a recording. */
static tf_status
find_entry(zip_t *zip, const char *path, zip_stat_t *ret_stat, struct tf_err *err)
{
    zip_int64_t count = zip_get_num_entries(zip, 0), found = -1;
    for (zip_int64_t i = 0; i < count && i < ENTRIES_MAX; i++) {
        const char *name = zip_get_name(zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        size_t len = name ? strlen(name) : 0;
        if (len < 6 || strcmp(name + len - 6, ".pyrec") != 0) {
            continue;
        }
        if (found >= 0) {
            return not_packed(path, "more than one recording is in it", err);
        }
        found = i;
    }
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if (found < 0) {
        return not_packed(path, "no recording is in it", err);
    }
    if (zip_stat_index(zip, (zip_uint64_t)found, 0, ret_stat) != 0
        || (ret_stat->valid & needed) != needed) {
        return not_packed(path, "its directory is damaged", err);
    }
    ret_stat->index = (zip_uint64_t)found;
    if (ret_stat->size > RECORDING_MAX
        || ret_stat->size / GROWTH_MAX > ret_stat->comp_size + 4096) {
        return not_packed(path, "it would grow beyond measure", err);
    }
    return TF_OK;
}

static int
open_nameless(void)
{
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : memfd_create("pyreplay", MFD_CLOEXEC);
}

static tf_status
copy_entry(zip_file_t *file, const zip_stat_t *stat, int fd, const char *path,
           struct tf_err *err)
{
    char buffer[65536];
    uint64_t done = 0;
    zip_int64_t got;
    while ((got = zip_fread(file, buffer, sizeof buffer)) > 0) {
        done += (uint64_t)got;
        if (done > stat->size) {
            return not_packed(path, "there is more in it than it says", err);
        }
        for (zip_int64_t at = 0; at < got;) {
            ssize_t put = write(fd, buffer + at, (size_t)(got - at));
            if (put < 0 && errno != EINTR) {
                return tf_err_set_errno(err, errno, "cannot unpack %.120s", path);
            }
            at += put > 0 ? put : 0;
        }
    }
    return got < 0 || done != stat->size
               ? not_packed(path, "its content is damaged", err)
               : TF_OK;
}

static tf_status
unpack(zip_t *zip, const char *path, char *ret_name, struct tf_err *err)
{
    zip_stat_t stat;
    tf_status status = find_entry(zip, path, &stat, err);
    if (status != TF_OK) {
        return status;
    }
    zip_file_t *file = zip_fopen_index(zip, stat.index, 0);
    if (!file) {
        return not_packed(path, "its content cannot be read", err);
    }
    int fd = open_nameless();
    status = fd >= 0 ? copy_entry(file, &stat, fd, path, err)
                     : tf_err_set_errno(err, errno, "cannot unpack %.120s", path);
    zip_fclose(file);
    if (status == TF_OK) {
        snprintf(ret_name, 32, "/proc/self/fd/%d", fd); /* open as long as we run */
    }
    else if (fd >= 0) {
        close(fd);
    }
    return status;
}

tf_status
cli_zip_open(const char *path, char *ret_name, struct tf_err *err)
{
    int code = 0;
    if (!is_archive(path)) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "it is no archive");
    }
    zip_t *zip = zip_open(path, ZIP_RDONLY, &code);
    if (!zip) {
        return not_packed(path, "it is damaged", err);
    }
    tf_status status = unpack(zip, path, ret_name, err);
    zip_discard(zip);
    return status;
}
