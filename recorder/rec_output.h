/* The file that a recording goes to: its name, made exclusively, locked as long as it is
 * being written. */
#ifndef REC_OUTPUT_H
#define REC_OUTPUT_H

#include "rec_options.h"
#include "tf_err.h"

struct rec_output {
    int fd;     /* write only, close-on-exec, mode 0600, flock(2)ed */
    char *path; /* as the user would type it: relative to the start directory */
};

/* Chooses the name and makes the file. Without -o: NAME.pyrec, NAME.2.pyrec ... in the
 * current directory. With --force a finished recording of the first name is replaced. */
tf_status rec_output_open(const struct rec_options *options,
                          struct rec_output *ret_output, struct tf_err *err);

/* For a forked child: NAME.PID.pyrec beside the recording at `path`, NAME.PID.2.pyrec if that
 * is taken. */
tf_status rec_output_open_child(const char *path, long pid,
                                struct rec_output *ret_output, struct tf_err *err);

/* Removes the file again: the recording did not start. `fd` is the caller's business. */
void rec_output_discard(struct rec_output *output);
void rec_output_release(struct rec_output *output);

/* NAME: the script's stem, the module's name, `command` for code, `stdin`. Free it. NULL
 * when memory ran out. */
char *rec_output_stem(const struct rec_options *options);

#endif
