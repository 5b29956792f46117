#include "rec_beside.h"

#include <string.h>

#include "rec_session.h"

static struct {
    int (*rehook)(void *unused);
    bool installed;
} beside;

/* `args` are empty for the two that change a hook (Python/ceval.c, _PyEval_SetTrace and
 * _PyEval_SetProfile). */
static int
audit(const char *event, PyObject *args, void *unused)
{
    (void)args;
    (void)unused;
    if (!rec.active) {
        return 0;
    }
    if (strcmp(event, "sys.settrace") == 0 || strcmp(event, "sys.setprofile") == 0) {
        Py_AddPendingCall(beside.rehook, NULL); /* full: it will be called anyway */
    }
    else if (strcmp(event, "cpython.PyInterpreterState_New") == 0) {
        rec.interpreters = true;
        rec.lost = "a subinterpreter ran, which is not recorded";
    }
    return 0;
}

void
rec_beside_watch(int (*rehook)(void *unused))
{
    beside.rehook = rehook;
    if (!beside.installed) {
        beside.installed = PySys_AddAuditHook(audit, NULL) == 0;
        PyErr_Clear(); /* refused by a hook of the program's */
    }
}
