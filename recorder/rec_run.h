/* A whole run of a program under the recorder: the file, the session, and the line at the end.
 *
 * Ways out of a Python program, and where the recording is closed:
 * - Py_RunMain returns, or Py_Exit ends the process (sys.exit in a script): exit(3) is
 *   called, whose last handler is at_exit(), since it was registered first. It is told the
 *   status.
 * - An uncaught KeyboardInterrupt: Py_RunMain finalises and then raises SIGINT on itself
 *   (Modules/main.c, exit_sigint; 3.8 and later), so that at_exit() never runs. The end of
 *   the finalisation, at_finalized(), is the last that is seen of it.
 * - C code calls exit(3) in the middle: at_exit() too, with the interpreter still alive.
 * - os._exit, exec, a fatal signal: nothing runs; the file stays as it is, unfinished. */
#ifndef REC_RUN_H
#define REC_RUN_H

#include "rec_options.h"
#include "tf_err.h"

/* As env(1), nohup(1) and the like: we failed, not what we were to run. */
#define REC_EXIT_NOT_STARTED 125

/* Once, before anything of the program runs. */
void rec_run_prepare(void);

/* Opens the file and begins to record; the program's end is seen to. GIL held. `options` is
 * borrowed until the end of the process. */
tf_status rec_run_start(const struct rec_options *options, struct tf_err *err);

#endif
