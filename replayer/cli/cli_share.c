#include "cli_share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static tf_status
taken(const char *path, struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                      "%.180s exists already; --force replaces it", path);
}

/* The recorder holds a lock on what it writes. */
static tf_status
check_target(const char *path, bool force, struct tf_err *err)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        return TF_OK;
    }
    if (!force) {
        return taken(path, err);
    }
    if (!S_ISREG(info.st_mode)) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "%.180s is no regular file: it is not replaced", path);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0) {
        close(fd);
    }
    return locked
               ? tf_err_set(err, TF_ERR_ARGUMENT, -1,
                            "%.180s is still being written: it is not replaced", path)
               : TF_OK;
}

tf_status
cli_new_file_open(struct cli_new_file *file, const char *path, bool force,
                  struct tf_err *err)
{
    *file = (struct cli_new_file){.path = path, .fd = -1, .force = force};
    tf_status status = check_target(path, force, err);
    if (status != TF_OK) {
        return status;
    }
    if (asprintf(&file->part, "%s.part-XXXXXX", path) < 0) {
        file->part = NULL;
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    file->fd = mkostemp(file->part, O_CLOEXEC); /* mode 0600 */
    if (file->fd < 0) {
        int error = errno;
        free(file->part);
        file->part = NULL;
        return tf_err_set_errno(err, error, "cannot write %.150s", path);
    }
    return TF_OK;
}

/* Renames without replacing, where the file system can do that; else by a second link. */
static int
give_name(const struct cli_new_file *file)
{
    if (file->force) {
        return rename(file->part, file->path);
    }
    if (renameat2(AT_FDCWD, file->part, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
    return link(file->part, file->path) == 0 ? unlink(file->part) : -1;
}

tf_status
cli_new_file_keep(struct cli_new_file *file, struct tf_err *err)
{
    tf_status status = TF_OK;
    if (fsync(file->fd) != 0 && errno != EINVAL && errno != EROFS) {
        status = tf_err_set_errno(err, errno, "cannot write %.150s", file->path);
    }
    else if (give_name(file) != 0) {
        status = errno == EEXIST
                     ? taken(file->path, err)
                     : tf_err_set_errno(err, errno, "cannot write %.150s", file->path);
    }
    if (status != TF_OK) {
        cli_new_file_drop(file);
        return status;
    }
    close(file->fd);
    free(file->part);
    *file = (struct cli_new_file){.fd = -1};
    return TF_OK;
}

void
cli_new_file_drop(struct cli_new_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
        unlink(file->part);
    }
    free(file->part);
    *file = (struct cli_new_file){.fd = -1};
}

bool
cli_output_option(struct cli_output *output, int id, const char *value)
{
    if (id == CLI_OPT_OUTPUT) {
        output->path = value;
    }
    output->force |= id == CLI_OPT_FORCE;
    return id == CLI_OPT_OUTPUT || id == CLI_OPT_FORCE;
}

bool
cli_output_make(struct cli_env *env, const struct cl_program *program,
                const struct cli_output *output, const char *file,
                tf_status (*make)(void *ctx, struct rp *rp, int fd, struct tf_err *err),
                void *ctx, int *ret_exit)
{
    struct cli_new_file out;
    struct tf_err err = TF_ERR_INIT;
    struct rp *rp;
    if (!output->path) {
        *ret_exit = cli_wrong_call(env, program, "where to? -o OUT is missing");
        return false;
    }
    if (rp_open(file, NULL, &rp, &err) != TF_OK) {
        *ret_exit = cli_complain_err(env, file, &err);
        return false;
    }
    tf_status status = cli_new_file_open(&out, output->path, output->force, &err);
    if (status == TF_OK) {
        status = make(ctx, rp, out.fd, &err);
        status = status == TF_OK ? cli_new_file_keep(&out, &err)
                                 : (cli_new_file_drop(&out), status);
    }
    rp_close(rp);
    if (status != TF_OK) {
        *ret_exit = cli_complain_err(env, NULL, &err);
        return false;
    }
    cli_out_text(env->out, output->path, strlen(output->path));
    cli_out_str(env->out, ": ");
    *ret_exit = CLI_EXIT_DONE;
    return true;
}

tf_status
cli_scratch_open(const char *path, int *ret_fd, char *ret_name, struct tf_err *err)
{
    char *name;
    if (asprintf(&name, "%s.part-XXXXXX", path) < 0) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) {
        int error = errno;
        free(name);
        return tf_err_set_errno(err, error, "cannot write beside %.150s", path);
    }
    unlink(name);
    free(name);
    snprintf(ret_name, 32, "/proc/self/fd/%d", fd);
    *ret_fd = fd;
    return TF_OK;
}

void
cli_put_bytes(struct cli_out *out, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        size /= 1000;
        unit++;
    }
    cli_out_format(out, unit && size < 9.95 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}
