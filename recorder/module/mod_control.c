#include "mod_control.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rec_mark.h"
#include "rec_options.h"
#include "rec_output.h"
#include "rec_pycompat.h"
#include "rec_session.h"

/* The recording that is on, if it was begun by mod_start(). */
static struct {
    char **words;
    int word_count;
    struct rec_options options; /* its texts are `words` */
    struct rec_output output;
    unsigned long long number; /* of recordings begun in this process */
    pid_t pid;
    bool on;
} control;

/* --- Words --- */
void
mod_words_free(char **words, int count)
{
    for (int i = 0; words != NULL && i < count; i++) {
        free(words[i]);
    }
    free(words);
}

static char *
word_of(PyObject *str)
{
    PyObject *bytes = PyUnicode_EncodeFSDefault(str);
    char *word = NULL;
    if (bytes != NULL && (word = strdup(PyBytes_AS_STRING(bytes))) == NULL) {
        PyErr_NoMemory();
    }
    Py_XDECREF(bytes);
    return word;
}

char **
mod_words(PyObject *list, int *ret_count)
{
    if (!PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "a list of str is wanted");
        return NULL;
    }
    Py_ssize_t count = PyList_GET_SIZE(list);
    char **words = calloc((size_t)count + 1, sizeof *words);
    if (words == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        words[i] = word_of(PyList_GET_ITEM(list, i));
        if (words[i] == NULL) {
            mod_words_free(words, (int)i);
            return NULL;
        }
    }
    *ret_count = (int)count;
    return words;
}

/* --- Starting and stopping --- */
static PyObject *
fail(PyObject *module, const char *message)
{
    PyObject *error = PyObject_GetAttrString(module, "RecordingError");
    if (error != NULL) {
        PyErr_SetString(error, message);
        Py_DECREF(error);
    }
    return NULL;
}

static void
release(void)
{
    rec_options_release(&control.options);
    mod_words_free(control.words, control.word_count);
    control.words = NULL;
    rec_output_release(&control.output);
    control.on = false;
}

static tf_status
begin(struct tf_err *err)
{
    enum cl_request request;
    tf_status status = rec_options_parse(control.word_count, control.words,
                                         &control.options, &request, err);
    if (status == TF_OK) {
        status = rec_output_open(&control.options, &control.output, err);
    }
    if (status != TF_OK) {
        return status;
    }
    const struct rec_session_config config = {.options = &control.options,
                                              .fd = control.output.fd,
                                              .output_path = control.output.path,
                                              .running = true};
    status = rec_session_start(&config, err);
    if (status != TF_OK) {
        rec_output_discard(&control.output);
    }
    return status;
}

/* What the program has not ended ends with it. */
static void
at_exit(int status, void *unused)
{
    struct rec_session_result ignored;
    (void)unused;
    if (control.on && getpid() == rec_session_pid()) {
        if (Py_IsInitialized()) {
            PyGILState_Ensure(); /* C code called exit(): no other thread may go on */
        }
        rec_session_finish(true, status & 0xff, &ignored);
    }
}

PyObject *
mod_start(PyObject *module, PyObject *list)
{
    struct tf_err err = TF_ERR_INIT;
    if (!rec_py_is_main_interpreter()) {
        return fail(module, "a subinterpreter cannot be recorded");
    }
    int count;
    char **words = mod_words(list, &count);
    if (words == NULL) {
        return NULL;
    }
    if (control.on && control.pid != getpid() && !rec_session_is_on()) {
        release(); /* forked, and not recorded: it is the parent's */
    }
    if (control.on || rec_session_is_on()) {
        mod_words_free(words, count);
        Py_RETURN_NONE;
    }
    control.words = words;
    control.word_count = count;
    control.on = true;
    control.pid = getpid();
    if (begin(&err) != TF_OK) {
        release();
        return fail(module, err.message);
    }
    if (control.number++ == 0) {
        on_exit(at_exit, NULL);
    }
    return Py_BuildValue("NK", PyUnicode_DecodeFSDefault(control.output.path),
                         control.number);
}

/* A forked child has a recording of its own. */
static const char *
current_path(void)
{
    const char *child = rec_session_child_path();
    return child != NULL ? child : control.output.path;
}

static PyObject *
make_result(const struct rec_session_result *result, const char *path)
{
    PyObject *name = PyUnicode_DecodeFSDefault(path);
    return name == NULL
               ? NULL
               : Py_BuildValue("{sNsKsKss}", "path", name, "events",
                               (unsigned long long)result->stats.events, "file_bytes",
                               (unsigned long long)result->stats.file_bytes, "message",
                               result->message);
}

PyObject *
mod_stop(PyObject *module, PyObject *args)
{
    struct rec_session_result result;
    unsigned long long number = 0;
    if (!PyArg_ParseTuple(args, "|K", &number)) {
        return NULL;
    }
    if (number != 0
        && (!control.on || !rec_session_is_on() || number != control.number)) {
        Py_RETURN_NONE;
    }
    if (!control.on || !rec_session_is_on()) {
        return fail(module, rec_session_is_on() ? "this recording ends with the program"
                                                : "this process is not being recorded");
    }
    char *path = strdup(current_path());
    if (path == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *answer = NULL;
    if (rec_session_end(release, &result)) {
        answer = make_result(&result, path);
    }
    else {
        fail(module, "this recording is being stopped already");
    }
    free(path);
    return answer;
}

PyObject *
mod_mark(PyObject *module, PyObject *text)
{
    (void)module;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a mark is a str");
        return NULL;
    }
    return PyBool_FromLong(rec_py_is_main_interpreter() && rec_mark(text));
}

PyObject *
mod_current(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (!rec_session_is_on() || !rec_py_is_main_interpreter()) {
        Py_RETURN_NONE;
    }
    unsigned long long events = rec_session_event_count();
    return control.on ? Py_BuildValue("NKK", PyUnicode_DecodeFSDefault(current_path()),
                                      control.number, events)
                      : Py_BuildValue("OKK", Py_None, 0ULL, events);
}

int
mod_control_init(PyObject *module)
{
    PyObject *error = PyErr_NewExceptionWithDoc(
        "pyrecord.RecordingError",
        "A recording could not be started or stopped; the message says why.",
        PyExc_RuntimeError, NULL);
    if (error == NULL || PyModule_AddObject(module, "RecordingError", error) < 0) {
        Py_XDECREF(error);
        return -1;
    }
    return 0;
}
