/* Keys of dicts and members of sets: hashed and compared without running code of the
 * program. Both need the GIL. */
#ifndef REC_KEY_H
#define REC_KEY_H

#include "rec_pycompat.h"

/* The hash, for a key whose type has CPython's own `__hash__`, as has everything in it. False
 * for any other: it is not known. May keep the hash in the key, as any lookup does. */
bool rec_key_hash(PyObject *key, Py_hash_t *ret_hash);
/* Whether the two are surely equal; false does not mean that they are not. */
bool rec_key_equal(PyObject *a, PyObject *b);

#endif
