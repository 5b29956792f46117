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

/* What -o and --force say of it, and their rows in a table of options. */
struct cli_output {
    const char *path;
    bool force;
};

enum { CLI_OPT_OUTPUT = 'o', CLI_OPT_FORCE = 900 };

#define CLI_OUTPUT_OPTIONS                                                      \
 {.id = CLI_OPT_OUTPUT,                                                         \
  .short_name = 'o',                                                            \
  .long_name = "output",                                                        \
  .argument = "OUT",                                                            \
  .help = "write to OUT"},                                                      \
 {                                                                              \
  .id = CLI_OPT_FORCE, .long_name = "force", .help = "replace OUT if it exists" \
 }

/* True: it was one of the two. */
bool cli_output_option(struct cli_output *output, int id, const char *value);

/* Opens `file`, has `make` write another recording into `fd`, and gives that its name. False:
 * it was complained of, and *ret_exit is the program's exit status. */
bool cli_output_make(struct cli_env *env, const struct cl_program *program,
                     const struct cli_output *output, const char *file,
                     tf_status (*make)(void *ctx, struct rp *rp, int fd,
                                       struct tf_err *err),
                     void *ctx, int *ret_exit);

/* A file without a name beside `path`, gone when `fd` is closed; `ret_name` (of at least 32
 * bytes) is how to open it meanwhile. */
tf_status cli_scratch_open(const char *path, int *ret_fd, char *ret_name,
                           struct tf_err *err);

/* "12.3 MB" */
void cli_put_bytes(struct cli_out *out, uint64_t bytes);

#endif
