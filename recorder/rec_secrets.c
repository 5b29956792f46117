#include "rec_secrets.h"

#include <stdlib.h>

#include <xxhash.h>

#define PLACES 1024u
/* The beginning is enough to see that something else has the address now. */
#define HASHED_BYTES 256

struct rec_secret {
    PyObject *obj; /* its address only */
    Py_ssize_t len;
    uint64_t hash;
};

/* False: it cannot be a secret. */
static bool
look(PyObject *obj, struct rec_secret *ret)
{
    const void *data;
    Py_ssize_t len;
    if (PyBytes_CheckExact(obj)) {
        data = PyBytes_AS_STRING(obj);
        len = PyBytes_GET_SIZE(obj);
    }
    else if (PyUnicode_CheckExact(obj) && PyUnicode_IS_READY(obj)
             && !PyUnicode_CHECK_INTERNED(obj)) {
        data = PyUnicode_DATA(obj);
        len = PyUnicode_GET_LENGTH(obj) * PyUnicode_KIND(obj);
    }
    else {
        return false;
    }
    if (len < REC_SECRET_BYTES) {
        return false;
    }
    *ret = (struct rec_secret){
        obj, len, XXH3_64bits(data, (size_t)(len < HASHED_BYTES ? len : HASHED_BYTES))};
    return true;
}

static struct rec_secret *
place_of(PyObject *obj)
{
    uint64_t at = (uint64_t)(uintptr_t)obj * UINT64_C(0x9e3779b97f4a7c15);
    return &rec.secrets[at >> 54];
}

void
rec_secret_seen(PyObject *obj)
{
    struct rec_secret secret;
    if (obj == NULL || !look(obj, &secret)) {
        return;
    }
    if (rec.secrets == NULL) {
        rec.secrets = calloc(PLACES, sizeof *rec.secrets);
    }
    if (rec.secrets != NULL) {
        *place_of(obj) = secret;
    }
}

bool
rec_secret_is(PyObject *obj)
{
    struct rec_secret now;
    if (rec.secrets == NULL || place_of(obj)->obj != obj || !look(obj, &now)) {
        return false;
    }
    const struct rec_secret *secret = place_of(obj);
    return secret->len == now.len && secret->hash == now.hash;
}
