/* The embedded Python: which one it passes for, and starting it so that the program cannot
 * tell it from the bare `python3`. */
#ifndef REC_PYTHON_H
#define REC_PYTHON_H

#include "rec_options.h"
#include "tf_err.h"

/* The command that sys.orig_argv shows, and the file that sys.executable shows. */
struct rec_python {
    const char *command;
    char *executable; /* owned */
};

/* --python, else the python of $VIRTUAL_ENV, else the one that we were built with. Fails
 * when it is another Python than that: its library would not fit. */
tf_status rec_python_choose(const struct rec_options *options, struct rec_python *ret,
                            struct tf_err *err);
void rec_python_release(struct rec_python *python);

/* Initialises the interpreter; the GIL is held afterwards. Completes
 * options->python_argv. */
tf_status rec_python_start(const struct rec_python *python, struct rec_options *options,
                           struct tf_err *err);

/* Runs the program to its end, finalisation included. Returns its exit status, or does not
 * return (sys.exit, Ctrl-C). */
int rec_python_run(void);

#endif
