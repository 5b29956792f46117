/* Recordings that the program itself begins and ends. */
#ifndef MOD_CONTROL_H
#define MOD_CONTROL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyObject *mod_start(PyObject *module, PyObject *args);
PyObject *mod_stop(PyObject *module, PyObject *args);
PyObject *mod_mark(PyObject *module, PyObject *text);
PyObject *mod_current(PyObject *module, PyObject *args);

/* Puts the module's exception into it. -1 with an exception. */
int mod_control_init(PyObject *module);

/* The list's words as the system has them, NULL at the end; NULL with an exception. */
char **mod_words(PyObject *list, int *ret_count);
void mod_words_free(char **words, int count);

#endif
