/* The extension module `_pyrecord`: the recorder inside any interpreter. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mod_control.h"
#include "rec_options.h"
#include "rec_pycompat_main.h"
#include "rec_python.h"
#include "rec_run.h"

/* --- The command line --- */

static int
complain(const struct tf_err *err)
{
    fprintf(stderr, "pyrecord: %s\n", err->message);
    return REC_EXIT_NOT_STARTED;
}

/* What is to be done is in `ret_status`: -1 run the program, else end with that. */
static void
read_command_line(int argc, char **argv, struct rec_options *options, int *ret_status)
{
    struct tf_err err = TF_ERR_INIT;
    enum cl_request request;
    if (rec_options_parse(argc, argv, options, &request, &err) != TF_OK) {
        complain(&err);
        fputs("Try 'python3 -m pyrecord --help'.\n", stderr);
        *ret_status = REC_EXIT_NOT_STARTED;
    }
    else if (request != CL_RUN) {
        rec_options_answer(request, stdout);
        fflush(stdout);
        *ret_status = 0;
    }
    else {
        *ret_status = -1;
        if (rec_python_check_script(options, &err) != TF_OK) {
            *ret_status = complain(&err);
        }
    }
}

/* The interpreter is started anew, with Python's own options among ours, and without a trace
 * of how it came to us. */
static PyObject *
execute(PyObject *module, PyObject *args)
{
    (void)module;
    struct tf_err err = TF_ERR_INIT;
    struct rec_options options = {0};
    const char *executable, *command, *boot;
    PyObject *flag_list, *list;
    int argc, flag_count, status;
    if (!PyArg_ParseTuple(args, "sssOO", &executable, &command, &boot, &flag_list,
                          &list)) {
        return NULL;
    }
    char **argv = mod_words(list, &argc);
    char **flags = argv != NULL ? mod_words(flag_list, &flag_count) : NULL;
    if (flags == NULL) {
        return NULL;
    }
    read_command_line(argc, argv, &options, &status);
    if (status < 0) {
        struct rec_python python = {.command = command,
                                    .executable = strdup(executable)};
        if (python.executable != NULL && options.python != NULL) {
            rec_python_release(&python);
            if (rec_python_choose(&options, &python, &err) != TF_OK) {
                python.executable = NULL;
            }
        }
        if (python.executable != NULL) {
            rec_python_exec(&python, &options, boot, flags, argc, argv, &err);
        }
        status = complain(&err);
        rec_python_release(&python);
        rec_options_release(&options);
    }
    mod_words_free(flags, flag_count);
    mod_words_free(argv, argc);
    return PyLong_FromLong(status);
}

/* Never returns: what called it is not part of the program's run. */
static PyObject *
run_program(PyObject *module, PyObject *args)
{
    (void)module;
    struct tf_err err = TF_ERR_INIT;
    PyObject *list, *command;
    int argc, command_count, status;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &command, &PyList_Type, &list)) {
        return NULL;
    }
    char **argv = mod_words(list, &argc);
    char **python = argv != NULL ? mod_words(command, &command_count) : NULL;
    if (python == NULL || command_count != 1) {
        return NULL;
    }
    struct rec_options *options = calloc(1, sizeof *options); /* kept to the end */
    if (options == NULL) {
        return PyErr_NoMemory();
    }
    rec_run_prepare();
    read_command_line(argc, argv, options, &status);
    if (status < 0) {
        options->python_argv[0] = python[0];
        if (rec_py_set_program(options, &err) != TF_OK
            || rec_run_start(options, &err) != TF_OK) {
            exit(complain(&err));
        }
        status = rec_python_run();
    }
    exit(status);
}

/* --- The module --- */
static PyMethodDef functions[] = {
    {"execute", execute, METH_VARARGS,
     "execute(executable, command, boot, flags, argv) -> exit status\n\n"
     "Runs the interpreter anew to record the program of argv; returns if there is none to "
     "run."},
    {"run_program", run_program, METH_VARARGS,
     "run_program([command], argv)\n\nRuns the program of argv, recorded, and ends the "
     "process."},
    {"start", mod_start, METH_O,
     "start(argv) -> (path, number of the recording) or None\n\nBegins a recording of this "
     "process, unless there is one."},
    {"stop", mod_stop, METH_VARARGS,
     "stop([number]) -> dict or None\n\nEnds the recording (None: not if it has another "
     "number) and closes its file."},
    {"mark", mod_mark, METH_O,
     "mark(text)\n\nSets a mark in the recording, if there is one."},
    {"current", mod_current, METH_NOARGS,
     "current() -> (path, number of the recording, events so far) or None"},
    {NULL, NULL, 0, NULL},
};

static int
module_exec(PyObject *module)
{
    return mod_control_init(module);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)module_exec},
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_pyrecord",
    .m_doc = "The recorder; see the package pyrecord.",
    .m_methods = functions,
    .m_slots = slots,
};

/* 3.8 does not say so itself (Include/pyport.h). */
__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__pyrecord(void);

PyMODINIT_FUNC
PyInit__pyrecord(void)
{
    return PyModuleDef_Init(&definition);
}
