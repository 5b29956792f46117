/* The embedded Python: which one it passes for, and starting it so that the program cannot
 * tell it from the bare `python3`. */
#ifndef REC_PYTHON_H
#define REC_PYTHON_H

#include <stdbool.h>

#include "rec_options.h"
#include "tf_err.h"

/* The command that sys.orig_argv shows, and the file that sys.executable shows. */
struct rec_python {
    const char *command;
    char *executable; /* owned */
    bool is_other;    /* not the one that this program embeds */
};

/* --python, else the python of $VIRTUAL_ENV, else the one that we were built with. */
tf_status rec_python_choose(const struct rec_options *options, struct rec_python *ret,
                            struct tf_err *err);
void rec_python_release(struct rec_python *python);

/* CPython would say so after the recording had begun, in its own words. */
tf_status rec_python_check_script(const struct rec_options *options,
                                  struct tf_err *err);

/* Replaces this process by that interpreter, which records with the extension module beside
 * `boot` (package/pyrecord/_boot.py) what our command line `argv` says. `flags`: options of
 * Python's beside those of `options`; NULL at the end. Returns on failure only. */
tf_status rec_python_exec(const struct rec_python *python,
                          const struct rec_options *options, const char *boot,
                          char *const *flags, int argc, char *const *argv,
                          struct tf_err *err);
/* The boot file that belongs to this program; free it. NULL: there is none. */
char *rec_python_boot_file(void);

/* Initialises the interpreter; the GIL is held afterwards. Completes
 * options->python_argv. */
tf_status rec_python_start(const struct rec_python *python, struct rec_options *options,
                           struct tf_err *err);

/* Runs the program to its end, finalisation included. Returns its exit status, or does not
 * return (sys.exit, Ctrl-C). */
int rec_python_run(void);

#endif
