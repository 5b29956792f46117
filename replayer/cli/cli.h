/* The command-line front end: what its parts share. */
#ifndef CLI_H
#define CLI_H

#include <signal.h>
#include <stdbool.h>

#include "cl_options.h"
#include "cli_out.h"
#include "tf_err.h"

/* Exit statuses, the same for every subcommand. */
enum cli_exit {
    CLI_EXIT_DONE = 0,
    CLI_EXIT_NO = 1, /* nothing matched, damage was found, a batch command failed */
    CLI_EXIT_WRONG_CALL = 2,
    CLI_EXIT_UNREADABLE = 3,
    CLI_EXIT_FAULT = 4,
};

/* What main() lends to the rest. */
struct cli_env {
    struct cli_out *out;
    struct cli_out *err;
    int in_fd;
    /* Counts Ctrl-C; only where cli_interrupts_catch() was called. */
    volatile sig_atomic_t *interrupts;
    void (*interrupts_catch)(void);
    /* The recording of an archive: how it is opened, and what the user called it. */
    const char *unpacked, *archive;
};

/* Runs the program and returns its exit status. */
int cli_run(struct cli_env *env, int argc, char **argv);

/* --- Subcommands: one a file, listed in cli_run.c --- */
struct rp;
struct cli_question;

struct cli_subcommand {
    const char *name;
    const struct cl_program *program;
    int (*run)(struct cli_env *env, int argc, char **argv);
    const struct cli_question *question; /* NULL: `run`; see cli_ask.h */
};

/* Ends with an entry whose `name` is NULL. */
extern const struct cli_subcommand cli_subcommands[];

extern const struct cl_program cli_info_program, cli_dump_program, cli_verify_program,
    cli_help_program, cli_when_program, cli_hits_program, cli_calls_program,
    cli_exceptions_program, cli_tree_program, cli_search_program, cli_marks_program,
    cli_who_program, cli_history_program, cli_last_program, cli_next_write_program,
    cli_breakpoints_program, cli_cut_program, cli_redact_program, cli_pack_program,
    cli_repair_program;
int cli_debug_run(struct cli_env *env, int argc, char **argv);
int cli_info_run(struct cli_env *env, int argc, char **argv);
int cli_dump_run(struct cli_env *env, int argc, char **argv);
int cli_verify_run(struct cli_env *env, int argc, char **argv);
int cli_pack_run(struct cli_env *env, int argc, char **argv);
int cli_redact_run(struct cli_env *env, int argc, char **argv);
int cli_cut_run(struct cli_env *env, int argc, char **argv);
int cli_repair_run(struct cli_env *env, int argc, char **argv);
int cli_help_run(struct cli_env *env, int argc, char **argv);

/* --- For all of them --- */

/* Parses, answers --help and the like, and sees that there is one FILE. Returns true with
 * it in *ret_file; else *ret_exit is what to return. */
bool cli_parse_file(struct cli_env *env, const struct cl_program *program, int argc,
                    char **argv, cl_set_option set, void *context,
                    const char **ret_file, int *ret_exit);

/* The user's name for the recording that `file` opens. */
const char *cli_name_of(const struct cli_env *env, const char *file);

/* "pyreplay: MESSAGE" on one line of stderr, made safe for a terminal. */
void cli_complain(struct cli_env *env, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for a failure about `file` (NULL: none), with what to do about it. Returns the
 * exit status that goes with it. */
int cli_complain_err(struct cli_env *env, const char *file, const struct tf_err *err);
/* Says on stderr that the recording is not complete, if it is not: what is printed of it is
 * not all that the program did. */
void cli_warn_incomplete(struct cli_env *env, const char *file, const struct rp *rp);
int cli_wrong_call(struct cli_env *env, const struct cl_program *program,
                   const char *message);

/* Flushes the output; `status`, or a fault when the output could not be written. A reader
 * that went away is none. */
int cli_finish(struct cli_env *env, int status);

#endif
