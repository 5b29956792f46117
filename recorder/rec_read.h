/* What an object holds right now, read through its C structure by type.
 *
 * Runs no code of the program: no method, property, descriptor or hash of it. What it
 * fills in is borrowed and good until the GIL is released or Python code runs. */
#ifndef REC_READ_H
#define REC_READ_H

#include "rec_scalar.h"
#include "rec_type.h"

/* Reads items and attributes into rec.view. At most `max_items` items and as many attributes
 * are read, the rest is counted in view.more. */
void rec_read(PyObject *obj, const struct rec_type *type, uint64_t max_items);
/* The variables of a namespace dict: name, value, ... all of them. */
void rec_read_namespace(PyObject *dict);

#endif
