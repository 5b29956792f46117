/* Giving an interpreter that is running already another program to run. */
#ifndef REC_PYCOMPAT_MAIN_H
#define REC_PYCOMPAT_MAIN_H

#include "rec_options.h"
#include "tf_err.h"

/* The interpreter becomes one that is about to run the program of `options`: its command
 * line, sys.argv, sys.orig_argv and an empty __main__; no frame is on the calling thread's
 * stack. Py_RunMain() is to follow, and what called this must never be returned to. GIL
 * held. */
tf_status rec_py_set_program(const struct rec_options *options, struct tf_err *err);

#endif
