#include <Python.h>

#include "rec_python.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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
check_same(struct rec_python *python, struct tf_err *err)
{
    tf_status status = TF_OK;
    char *base = base_python(python->executable);
    int base_errno = errno;
    char *own = realpath(REC_PYTHON_EXECUTABLE, NULL);
    if (base == NULL) {
        status =
            tf_err_set_errno(err, base_errno, "cannot run '%s'", python->executable);
    }
    python->is_other = base != NULL && (own == NULL || strcmp(base, own) != 0);
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
    tf_status status = check_same(&python, err);
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

/* --- The program --- */
tf_status
rec_python_check_script(const struct rec_options *options, struct tf_err *err)
{
    if (options->run_kind != REC_RUN_SCRIPT || strcmp(options->target, "-") == 0
        || access(options->target, R_OK) == 0) {
        return TF_OK;
    }
    return tf_err_set_errno(err, errno, "cannot open the script '%.120s'",
                            options->target);
}

/* --- Another interpreter --- */

/* In the build tree and where `make install` puts it, as seen from the program. */
char *
rec_python_boot_file(void)
{
    static const char *const PLACES[] = {"../python/pyrecord/_boot.py",
                                         "../../python/pyrecord/_boot.py",
                                         "../lib/pyrecord/python/pyrecord/_boot.py"};
    char *own = realpath("/proc/self/exe", NULL); /* proc(5) */
    char *slash = own != NULL ? strrchr(own, '/') : NULL;
    char *found = NULL;
    if (slash != NULL) {
        *slash = '\0';
    }
    for (size_t i = 0; slash != NULL && found == NULL && i < 3; i++) {
        char *path = NULL;
        if (asprintf(&path, "%s/%s", own, PLACES[i]) >= 0) {
            found = realpath(path, NULL);
            free(path);
        }
    }
    free(own);
    return found;
}

static size_t
count_words(char *const *words)
{
    size_t count = 0;
    while (words != NULL && words[count] != NULL) {
        count++;
    }
    return count;
}

/* Whether it is a Python at all: what else it may be would do something else. */
static bool
is_python(const char *executable)
{
    char *words[] = {(char *)executable, (char *)"-ISc",
                     (char *)"print('python', end='')", NULL};
    posix_spawn_file_actions_t actions;
    char answer[8] = "";
    int ends[2];
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    bool started = posix_spawn(&pid, executable, &actions, NULL, words, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    bool ok = started && read(ends[0], answer, sizeof answer - 1) == 6
              && strcmp(answer, "python") == 0;
    close(ends[0]);
    if (started) {
        waitpid(pid, NULL, 0);
    }
    return ok;
}

/* By it, CPython finds out what sys.executable is. */
static const char *
argv0(const struct rec_python *python)
{
    char *found =
        strchr(python->command, '/') == NULL ? find_in_path(python->command) : NULL;
    bool leads_there = found == NULL || strcmp(found, python->executable) == 0;
    free(found);
    return leads_there ? python->command : python->executable;
}

tf_status
rec_python_exec(const struct rec_python *python, const struct rec_options *options,
                const char *boot, char *const *flags, int argc, char *const *argv,
                struct tf_err *err)
{
    size_t flag_count = count_words(flags), to = 0;
    if (python->is_other && !is_python(python->executable)) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "'%.200s' is no Python that runs",
                          python->executable);
    }
    char **words =
        calloc(2 * flag_count + (size_t)options->program_word + (size_t)argc + 4,
               sizeof *words);
    char *letters = options->program_letters > 1
                        ? strndup(options->python_argv[options->program_word],
                                  (size_t)options->program_letters)
                        : NULL;
    if (words == NULL) {
        free(letters);
        return no_memory(err);
    }
    words[to++] = (char *)argv0(python);
    for (size_t i = 0; i < flag_count; i++) {
        words[to++] = flags[i];
    }
    for (int i = 1; i < options->program_word; i++) {
        words[to++] = options->python_argv[i];
    }
    if (letters != NULL) {
        words[to++] = letters;
    }
    words[to++] = (char *)boot;
    for (size_t i = 0; i < flag_count; i++) { /* they are part of sys.orig_argv */
        words[to++] = flags[i];
    }
    for (int i = 1; i < argc; i++) {
        words[to++] = argv[i];
    }
    execv(python->executable, words);
    tf_status status =
        tf_err_set_errno(err, errno, "cannot run '%.200s'", python->executable);
    free(letters);
    free(words);
    return status;
}

/* --- Our own interpreter --- */
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
