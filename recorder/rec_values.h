/* Objects: which are new, which changed since they were last looked at, as changes in the
 * batch. The one door to value capture: rec_frames and rec_trace know nothing of how it is
 * found out.
 *
 * An event looks at its roots (locals, globals, the argument) through the functions below
 * and then calls rec_values_drain(), which follows them breadth first to everything that
 * can be reached and is recorded already, and to what is new within the limits. All of it
 * reads the objects only (rec_read.h). */
#ifndef REC_VALUES_H
#define REC_VALUES_H

#include "rec_scalar.h"
#include "rec_type.h"

struct rec_code;

/* A new event. `changed`: objects may have changed since the one before; else those that
 * were looked at are not looked at again. */
void rec_values_begin(bool changed);
/* Appends `src` as a value to the changes, and makes it known if it is a new object.
 * `depth`: 1 for a root. */
struct rec_val rec_value_emit(const struct rec_src *src, uint32_t depth);
/* Is `src` what was recorded? Marks the object to be looked at. */
bool rec_value_same(const struct rec_val *old, const struct rec_src *src,
                    uint32_t depth);
/* The value that stands for a secret. */
struct rec_val rec_value_emit_redacted(void);
/* Looks at everything that the roots lead to. */
void rec_values_drain(void);

/* The object that holds a module's or class body's variables. `whole`: all of them are
 * wanted, not only those that rec_values_globals() asks for. NULL when memory ran out. */
struct rec_obj *rec_values_namespace(PyObject *dict, bool whole);
/* Looks at the module globals that a code object uses. */
void rec_values_globals(struct rec_obj *namespace, PyObject *dict,
                        struct rec_code *code);

#endif
