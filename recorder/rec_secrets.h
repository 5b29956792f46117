/* Values that were met under the name of a secret: the same object under another name, as an
 * argument of an exception or a result, is not recorded either.
 *
 * By identity: a text made from a secret is not known to be one. Texts and bytes of at least
 * REC_SECRET_BYTES that are not interned count (an identifier in the source is no secret), and
 * the latest of them that fall on one place of a small table. */
#ifndef REC_SECRETS_H
#define REC_SECRETS_H

#include "rec_state.h"

#define REC_SECRET_BYTES 6

/* NULL is fine; what is neither str nor bytes is passed over. */
void rec_secret_seen(PyObject *obj);
bool rec_secret_is(PyObject *obj);

#endif
