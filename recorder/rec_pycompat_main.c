/* What Py_RunMain() (Modules/main.c) takes its orders from is the interpreter's PyConfig,
 * the same fields from 3.8 to 3.15; tests/e2e/test_module_like_python.py notices when that
 * changes. */
#include "rec_pycompat_internal.h"

#include "rec_pycompat_main.h"

static PyConfig *
running_config(void)
{
    return (PyConfig *)&PyInterpreterState_Get()->config;
}

/* What runs now will never go on. */
static void
detach_frames(PyThreadState *tstate)
{
#if PY_VERSION_HEX >= 0x030d0000
    struct _PyInterpreterFrame *first = tstate->current_frame;
    while (first != NULL && first->previous != NULL) {
        first = first->previous;
    }
    tstate->current_frame = NULL;
# if PY_VERSION_HEX \
     >= 0x030e0000 /* the chain ends with a frame of the interpreter's own */
    if (first != NULL && first->owner == FRAME_OWNED_BY_INTERPRETER) {
        tstate->current_frame = first;
    }
# endif
    tstate->py_recursion_remaining = tstate->py_recursion_limit;
#elif PY_VERSION_HEX >= 0x030c0000
    tstate->cframe = &tstate->root_cframe;
    tstate->cframe->current_frame = NULL;
    tstate->py_recursion_remaining = tstate->py_recursion_limit;
#elif PY_VERSION_HEX >= 0x030b0000
    tstate->cframe = &tstate->root_cframe;
    tstate->cframe->current_frame = NULL;
    tstate->recursion_remaining = tstate->recursion_limit;
#else
# if PY_VERSION_HEX >= 0x030a0000
    tstate->cframe = &tstate->root_cframe;
# endif
    tstate->frame = NULL;
    tstate->recursion_depth = 0;
#endif
}

static void
end_running_main(void)
{
#if PY_VERSION_HEX >= 0x030c0000
    /* 3.13: "interpreter already running" (Python/pystate.c) */
    _PyInterpreterState_SetNotRunningMain(PyInterpreterState_Get());
#endif
}

/* --- __main__ --- */

/* As Python/pylifecycle.c, add_main_module(), made it; a new one, because what runs now
 * holds the old one for ever. */
static bool
renew_main(void)
{
    static const char *const KEPT[] = {"__name__",     "__doc__",  "__package__",
                                       "__loader__",   "__spec__", "__annotations__",
                                       "__builtins__", NULL};
    PyObject *modules = PyImport_GetModuleDict(); /* borrowed, as the next three */
    PyObject *before = PyDict_GetItemString(modules, "__main__");
    PyObject *frozen = PyDict_GetItemString(modules, "_frozen_importlib");
    PyObject *loader = NULL;
    PyObject *fresh = PyModule_New("__main__"); /* owned */
    bool ok = fresh != NULL && before != NULL && frozen != NULL;
    for (size_t i = 0; ok && KEPT[i] != NULL; i++) {
        PyObject *value = PyDict_GetItemString(PyModule_GetDict(before), KEPT[i]);
        if (strcmp(KEPT[i], "__loader__") == 0) {
            value = loader = PyObject_GetAttrString(frozen, "BuiltinImporter");
        }
        else if (value != NULL && PyDict_CheckExact(value)) { /* __annotations__ */
            PyDict_Clear(value);
        }
        ok = value == NULL
             || PyDict_SetItemString(PyModule_GetDict(fresh), KEPT[i], value) == 0;
    }
    ok = ok && PyDict_SetItemString(PyModule_GetDict(fresh), "__doc__", Py_None) == 0
         && PyDict_SetItemString(PyModule_GetDict(fresh), "__spec__", Py_None) == 0
         && PyDict_SetItemString(PyModule_GetDict(fresh), "__package__", Py_None) == 0
         && PyDict_SetItemString(modules, "__main__", fresh) == 0;
    Py_XDECREF(loader);
    Py_XDECREF(fresh);
    return ok;
}

/* --- The command line --- */
static bool
set_text(PyConfig *config, wchar_t **text, const wchar_t *value)
{
    return !PyStatus_Exception(PyConfig_SetString(config, text, value));
}

static bool
set_list(PyConfig *config, PyWideStringList *list, const PyWideStringList *value,
         const char *sys_name)
{
    PyObject *words = PyList_New(value->length);
    bool ok = words != NULL
              && !PyStatus_Exception(PyConfig_SetWideStringList(
                  config, list, value->length, value->items));
    for (Py_ssize_t i = 0; ok && i < value->length; i++) {
        PyObject *word = PyUnicode_FromWideChar(value->items[i], -1);
        ok = word != NULL;
        PyList_SET_ITEM(words, i, word);
    }
    ok = ok && PySys_SetObject(sys_name, words) == 0;
    Py_XDECREF(words);
    return ok;
}

/* What CPython makes of a command line, it tells itself. */
static bool
take_program(PyConfig *config, const PyConfig *wanted)
{
    return set_text(config, &config->run_filename, wanted->run_filename)
           && set_text(config, &config->run_module, wanted->run_module)
           && set_text(config, &config->run_command, wanted->run_command)
#if PY_VERSION_HEX >= 0x030a0000
           && set_list(config, &config->orig_argv, &wanted->orig_argv, "orig_argv")
#endif
           && set_list(config, &config->argv, &wanted->argv, "argv");
}

tf_status
rec_py_set_program(const struct rec_options *options, struct tf_err *err)
{
    PyConfig wanted;
    PyConfig_InitPythonConfig(&wanted);
    PyStatus step =
        PyConfig_SetBytesArgv(&wanted, options->python_argc, options->python_argv);
    if (!PyStatus_Exception(step)) {
        step = PyConfig_Read(&wanted);
    }
    bool ok = !PyStatus_Exception(step) && take_program(running_config(), &wanted)
              && renew_main();
    PyConfig_Clear(&wanted);
    if (!ok) {
        PyErr_Clear();
        return tf_err_set(err, TF_ERR_MEMORY, -1,
                          "cannot give Python its command line");
    }
    end_running_main();
    detach_frames(PyThreadState_Get());
    return TF_OK;
}
