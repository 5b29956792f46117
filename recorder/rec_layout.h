/* Objects whose C struct is private to CPython: deque, OrderedDict, mappingproxy,
 * timezone, Decimal. A layout is used only after it has read a few objects made for the purpose
 * correctly (rec_layout_known); otherwise objects of the type are opaque. */
#ifndef REC_LAYOUT_H
#define REC_LAYOUT_H

#include "rec_state.h"

/* True when objects of this C type may be read, or need no private layout. Tests on first
 * use: ask only with an object of the type at hand, for a class may still be in the making.
 * May make and drop Python objects. */
bool rec_layout_known(PyTypeObject *type, enum tf_category category);

/* -1: unbounded. */
Py_ssize_t rec_deque_maxlen(PyObject *deque);

/* A number that is one more after each item that comes, goes, or pushes another out; never 0. */
uint64_t rec_deque_version(PyObject *deque);

struct rec_deque_pos {
    void *block;
    Py_ssize_t idx, left;
};

PyObject *rec_deque_at(PyObject *deque, size_t i); /* borrowed; `i` below its size */
void rec_deque_start(PyObject *deque, struct rec_deque_pos *pos);
PyObject *rec_deque_next(struct rec_deque_pos *pos); /* borrowed, NULL at the end */

/* Keys in the OrderedDict's own order: start with *node = NULL; borrowed, NULL at the end. */
PyObject *rec_odict_next(PyObject *odict, void **node);

/* The first and last key (borrowed); false when there is none. */
bool rec_odict_ends(PyObject *odict, PyObject **ret_first, PyObject **ret_last);

PyObject *rec_mappingproxy_mapping(PyObject *proxy); /* borrowed */

PyObject *rec_timezone_offset(PyObject *timezone); /* borrowed */
PyObject *rec_timezone_name(PyObject *timezone);   /* borrowed, NULL if none */

/* str(decimal), ASCII, not terminated; its length, or 0 when it does not fit: half of `cap` is
 * for the digits meanwhile. */
size_t rec_decimal_text(PyObject *decimal, char *out, size_t cap);

#endif
