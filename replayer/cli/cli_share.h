/* Files that subcommands write: private, never half-done under their own name. */
#ifndef CLI_SHARE_H
#define CLI_SHARE_H

#include "cli.h"
#include "rp_share.h"

/* A new file beside `path`, which gets that name when it is done. */
struct cli_new_file {
    const char *path; /* borrowed */
    char *part;       /* its name until then */
    int fd;           /* -1: none */
    bool force;       /* may replace what has the name */
};

/* Mode 0600. Refuses a name that is taken (unless `force`), and a recording that is still
 * being written in any case. */
tf_status cli_new_file_open(struct cli_new_file *file, const char *path, bool force,
                            struct tf_err *err);
/* Gives it its name, or throws it away. */
tf_status cli_new_file_keep(struct cli_new_file *file, struct tf_err *err);
void cli_new_file_drop(struct cli_new_file *file);

/* A file without a name beside `path`, gone when `fd` is closed; `ret_name` (of at least 32
 * bytes) is how to open it meanwhile. */
tf_status cli_scratch_open(const char *path, int *ret_fd, char *ret_name,
                           struct tf_err *err);

/* "12.3 MB" */
void cli_put_bytes(struct cli_out *out, uint64_t bytes);

#endif
