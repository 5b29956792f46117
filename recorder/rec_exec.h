/* Programs that take this one's place. */
#ifndef REC_EXEC_H
#define REC_EXEC_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>

/* Whether os.execv(path, ...) will succeed, as far as the file tells: it can be run, and is a
 * program or a script. Runs no Python code; false for a path that is no str or bytes. */
bool rec_exec_can_run(PyObject *path);

#endif
