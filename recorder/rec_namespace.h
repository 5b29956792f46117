/* The variables of modules and class bodies: one object a dict, of which only the names are
 * kept that running code uses, or all when it is the locals of a frame. */
#ifndef REC_NAMESPACE_H
#define REC_NAMESPACE_H

#include "rec_state.h"

struct rec_code;

/* The object that holds a module's or class body's variables. `whole`: all of them are
 * wanted, not only those that rec_values_globals() asks for. NULL when memory ran out. */
struct rec_obj *rec_values_namespace(PyObject *dict, bool whole);
/* Looks at the module globals that a code object uses. */
void rec_values_globals(struct rec_obj *namespace, PyObject *dict,
                        struct rec_code *code);

#endif
