/* The floor: a trace function in C that does nothing. `start()` sets it for this thread. */
#include <Python.h>

static int
empty_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
    (void)self;
    (void)frame;
    (void)what;
    (void)arg;
    return 0;
}

static PyObject *
empty_start(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    PyEval_SetTrace(empty_event, NULL);
    Py_RETURN_NONE;
}

static PyMethodDef METHODS[] = {
    {"start", empty_start, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "empty_ctrace", NULL, -1, METHODS, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_empty_ctrace(void)
{
    return PyModule_Create(&MODULE);
}
