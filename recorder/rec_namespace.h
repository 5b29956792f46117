/* The variables of modules: one object a dict, of which only the names are kept that running
 * code uses, or all when it is the locals of a frame. A dict that the program uses otherwise,
 * too (a class body's, what exec() was given), is a dict like any other, but kept whole. */
#ifndef REC_NAMESPACE_H
#define REC_NAMESPACE_H

#include "rec_state.h"

struct rec_code;

/* The object that holds the globals of a frame. `whole`: all of them are wanted, not only
 * those that rec_values_globals() asks for. NULL when memory ran out. */
struct rec_obj *rec_values_namespace(PyObject *dict, bool whole);
/* The object of a dict that is the locals of a frame, and not its globals. */
struct rec_obj *rec_values_mapping(PyObject *dict);
/* Looks at the module globals that a code object uses. */
void rec_values_globals(struct rec_obj *namespace, PyObject *dict,
                        struct rec_code *code);

#endif
