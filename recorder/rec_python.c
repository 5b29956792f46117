#include <Python.h>

#include "rec_python.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRING_(x) #x
#define STRING(x)  STRING_(x)
#define PYTHON_X_Y "python" STRING(PY_MAJOR_VERSION) "." STRING(PY_MINOR_VERSION)

static tf_status
no_memory(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
}

/* DIR/NAME if it can be run, else NULL. */
static char *
find_in(const char *dir, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", dir, name) < 0) {
        return NULL;
    }
    if (access(path, X_OK) != 0) {
        free(path);
        return NULL;
    }
    return path;
}

/* The value of `home = ...` in a pyvenv.cfg, or NULL. */
static char *
read_home(const char *path)
{
    FILE *file = fopen(path, "re");
    char *line = NULL, *home = NULL;
    size_t cap = 0;
    while (file != NULL && home == NULL && getline(&line, &cap, file) > 0) {
        char *value = strchr(line, '=');
        if (value != NULL && strncmp(line, "home", 4) == 0
            && line[4 + strspn(line + 4, " \t")] == '=') {
            value += 1 + strspn(value + 1, " \t");
            value[strcspn(value, "\r\n")] = '\0';
            home = strdup(value);
        }
    }
    free(line);
    if (file != NULL) {
        fclose(file);
    }
    return home;
}

/* Where CPython's getpath looks for a pyvenv.cfg: beside the executable, then one above. */
static char *
venv_home(const char *executable)
{
    static const char *const PLACES[] = {"", "../"};
    const char *slash = strrchr(executable, '/');
    int dir_len = slash != NULL ? (int)(slash + 1 - executable) : 0;
    char *home = NULL;
    for (size_t i = 0; i < 2 && home == NULL; i++) {
        char *path = NULL;
        if (asprintf(&path, "%.*s%spyvenv.cfg", dir_len, executable, PLACES[i]) < 0) {
            return NULL;
        }
        home = read_home(path);
        free(path);
    }
    return home;
}

/* The file that runs in the end: behind the virtual environment and all links. */
static char *
base_python(const char *executable)
{
    static const char *const NAMES[] = {PYTHON_X_Y, "python3", "python"};
    char *home = venv_home(executable);
    char *found = NULL;
    for (size_t i = 0; home != NULL && found == NULL && i < 3; i++) {
        found = find_in(home, NAMES[i]);
    }
    char *base = realpath(found != NULL ? found : executable, NULL);
    int base_errno = errno;
    free(found);
    free(home);
    errno = base_errno;
    return base;
}

static tf_status
check_same(const char *executable, struct tf_err *err)
{
    tf_status status = TF_OK;
    char *base = base_python(executable);
    int base_errno = errno;
    char *own = realpath(REC_PYTHON_EXECUTABLE, NULL);
    if (base == NULL) {
        status = tf_err_set_errno(err, base_errno, "cannot run '%s'", executable);
    }
    else if (own == NULL || strcmp(base, own) != 0) {
        status = tf_err_set(err, TF_ERR_ARGUMENT, -1,
                            "'%.80s' runs %.60s, but this pyrecord was built for %.40s "
                            "(%s): build another with 'make PYTHON=...'",
                            executable, base, REC_PYTHON_EXECUTABLE, PY_VERSION);
    }
    free(base);
    free(own);
    return status;
}

/* A command without a slash, as a shell finds it. */
static char *
find_in_path(const char *name)
{
    const char *path = getenv("PATH");
    char *dirs = strdup(path != NULL ? path : "");
    char *rest = NULL, *found = NULL;
    for (char *dir = dirs != NULL ? strtok_r(dirs, ":", &rest) : NULL;
         dir != NULL && found == NULL; dir = strtok_r(NULL, ":", &rest)) {
        found = find_in(dir, name);
    }
    free(dirs);
    return found != NULL ? found : strdup(name);
}

/* $VIRTUAL_ENV/bin/python3 when it is there, else our own. */
static char *
default_executable(void)
{
    const char *venv = getenv("VIRTUAL_ENV");
    char *bin = NULL, *found = NULL;
    if (venv != NULL && venv[0] != '\0' && asprintf(&bin, "%s/bin", venv) >= 0) {
        found = find_in(bin, "python3");
        if (found == NULL) {
            found = find_in(bin, "python");
        }
        free(bin);
    }
    return found != NULL ? found : strdup(REC_PYTHON_EXECUTABLE);
}

tf_status
rec_python_choose(const struct rec_options *options, struct rec_python *ret,
                  struct tf_err *err)
{
    struct rec_python python = {.command = "python3"};
    if (options->python != NULL) {
        python.command = options->python;
        python.executable = strchr(options->python, '/') != NULL
                                ? strdup(options->python)
                                : find_in_path(options->python);
    }
    else {
        python.executable = default_executable();
    }
    if (python.executable == NULL) {
        return no_memory(err);
    }
    tf_status status = check_same(python.executable, err);
    if (status != TF_OK) {
        rec_python_release(&python);
        return status;
    }
    *ret = python;
    return TF_OK;
}

void
rec_python_release(struct rec_python *python)
{
    free(python->executable);
    *python = (struct rec_python){0};
}

static tf_status
from_py(PyStatus failure, struct tf_err *err)
{
    if (!PyStatus_Exception(failure)) {
        return TF_OK;
    }
    if (PyStatus_IsExit(failure)) {
        /* CPython has said on stderr which of its options is wrong */
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "Python refused its options");
    }
    return tf_err_set(err, TF_ERR_ARGUMENT, -1, "cannot start Python: %s%s%s",
                      failure.func != NULL ? failure.func : "",
                      failure.func != NULL ? ": " : "",
                      failure.err_msg != NULL ? failure.err_msg : "unknown error");
}

/* A path with a slash is made absolute, as getpath does with the path that it finds. */
static char *
absolute(const char *path)
{
    char *result = NULL;
    if (path[0] == '/') {
        return strdup(path);
    }
    char *cwd = getcwd(NULL, 0);
    if (cwd == NULL || asprintf(&result, "%s/%s", cwd, path) < 0) {
        result = NULL;
    }
    free(cwd);
    return result;
}

/* The same steps as Py_BytesMain (Modules/main.c, pymain_init, 3.8 to 3.13), with
 * `executable` given: CPython would look for it by the name of our own process. */
tf_status
rec_python_start(const struct rec_python *python, struct rec_options *options,
                 struct tf_err *err)
{
    PyPreConfig preconfig;
    PyConfig config;
    char *executable = absolute(python->executable);
    options->python_argv[0] = (char *)python->command;
    PyPreConfig_InitPythonConfig(&preconfig);
    tf_status status =
        from_py(Py_PreInitializeFromBytesArgs(&preconfig, options->python_argc,
                                              options->python_argv),
                err);
    if (status != TF_OK || executable == NULL) {
        free(executable);
        return status != TF_OK ? status : no_memory(err);
    }
    PyConfig_InitPythonConfig(&config);
    PyStatus step = PyConfig_SetBytesString(&config, &config.executable, executable);
    if (!PyStatus_Exception(step)) {
        step =
            PyConfig_SetBytesArgv(&config, options->python_argc, options->python_argv);
    }
    if (!PyStatus_Exception(step)) {
        step = Py_InitializeFromConfig(&config);
    }
    status = from_py(step, err);
    PyConfig_Clear(&config);
    free(executable);
    return status;
}

int
rec_python_run(void)
{
    return Py_RunMain();
}
