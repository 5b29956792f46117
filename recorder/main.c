/* pyrecord: runs a Python program and records it. */
#include <Python.h>

#include <stdio.h>
#include <stdlib.h>

#include "rec_options.h"
#include "rec_python.h"
#include "rec_run.h"

static struct {
    struct rec_options options;
    struct rec_python python;
} run;

static int
complain(const struct tf_err *err)
{
    fprintf(stderr, "pyrecord: %s\n", err->message);
    return REC_EXIT_NOT_STARTED;
}

static tf_status
start_other(int argc, char **argv, struct tf_err *err)
{
    char *boot = rec_python_boot_file();
    if (boot == NULL) {
        return tf_err_set(
            err, TF_ERR_ARGUMENT, -1,
            "'%.80s' is another Python than the one of this pyrecord (%.40s "
            "%s), and the package for it is not beside it: use 'python -m "
            "pyrecord' there",
            run.python.executable, REC_PYTHON_EXECUTABLE, PY_VERSION);
    }
    tf_status status =
        rec_python_exec(&run.python, &run.options, boot, NULL, argc, argv, err);
    free(boot);
    return status;
}

static tf_status
start(int argc, char **argv, struct tf_err *err)
{
    tf_status status = rec_python_check_script(&run.options, err);
    if (status == TF_OK) {
        status = rec_python_choose(&run.options, &run.python, err);
    }
    if (status == TF_OK && run.python.is_other) {
        return start_other(argc, argv, err);
    }
    if (status == TF_OK) {
        status = rec_python_start(&run.python, &run.options, err);
    }
    if (status == TF_OK) {
        status = rec_run_start(&run.options, err);
    }
    return status;
}

int
main(int argc, char **argv)
{
    struct tf_err err = TF_ERR_INIT;
    enum cl_request request;
    rec_run_prepare();
    if (rec_options_parse(argc, argv, &run.options, &request, &err) != TF_OK) {
        complain(&err);
        fputs("Try 'pyrecord --help'.\n", stderr);
        return REC_EXIT_NOT_STARTED;
    }
    if (request != CL_RUN) {
        rec_options_answer(request, stdout);
        return 0;
    }
    if (start(argc, argv, &err) != TF_OK) {
        return complain(&err);
    }
    return rec_python_run();
}
