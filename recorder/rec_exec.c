#include "rec_exec.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* execve(2) takes ELF files and scripts that name their interpreter. */
static bool
is_program(const char *path)
{
    char start[4] = "";
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || access(path, X_OK) != 0) {
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return true; /* some may be run and not read */
    }
    ssize_t len = read(fd, start, sizeof start);
    close(fd);
    return len >= 2
           && (memcmp(start, "#!", 2) == 0
               || memcmp(start, "\177ELF", sizeof start) == 0);
}

bool
rec_exec_can_run(PyObject *path)
{
    PyObject *bytes = NULL;
    if (PyBytes_CheckExact(path)) {
        Py_INCREF(path);
        bytes = path;
    }
    else if (PyUnicode_CheckExact(path)) {
        bytes = PyUnicode_EncodeFSDefault(path);
    }
    bool can = bytes != NULL && is_program(PyBytes_AS_STRING(bytes));
    Py_XDECREF(bytes);
    if (bytes == NULL) {
        PyErr_Clear();
    }
    return can;
}
