#include "rec_layout.h"

#include <stdio.h>

#include "rec_type.h"

/* --- collections.deque: Modules/_collectionsmodule.c, 3.8 to 3.13 --- */
#define BLOCK_LEN 64

struct deque_block {
    struct deque_block *left;
    PyObject *data[BLOCK_LEN];
    struct deque_block *right;
};

struct deque_object {
    PyObject_VAR_HEAD struct deque_block *left_block, *right_block;
    Py_ssize_t left_idx, right_idx;
    size_t state;
    Py_ssize_t maxlen;
};

Py_ssize_t
rec_deque_maxlen(PyObject *deque)
{
    return ((struct deque_object *)deque)->maxlen;
}

uint64_t
rec_deque_version(PyObject *deque)
{
    return (uint64_t)((struct deque_object *)deque)->state + 1;
}

PyObject *
rec_deque_at(PyObject *deque, size_t i)
{
    const struct deque_object *d = (const struct deque_object *)deque;
    Py_ssize_t from_right = Py_SIZE(d) - 1 - (Py_ssize_t)i;
    const struct deque_block *block = d->left_block;
    Py_ssize_t idx = d->left_idx + (Py_ssize_t)i;
    if (from_right < (Py_ssize_t)i) {
        block = d->right_block;
        for (idx = d->right_idx - from_right; idx < 0; idx += BLOCK_LEN) {
            block = block->left;
        }
        return block->data[idx];
    }
    for (; idx >= BLOCK_LEN; idx -= BLOCK_LEN) {
        block = block->right;
    }
    return block->data[idx];
}

void
rec_deque_start(PyObject *deque, struct rec_deque_pos *pos)
{
    struct deque_object *d = (struct deque_object *)deque;
    *pos = (struct rec_deque_pos){d->left_block, d->left_idx, Py_SIZE(d)};
}

PyObject *
rec_deque_next(struct rec_deque_pos *pos)
{
    if (pos->left <= 0) {
        return NULL;
    }
    struct deque_block *block = pos->block;
    PyObject *item = block->data[pos->idx++];
    if (pos->idx == BLOCK_LEN) {
        pos->block = block->right;
        pos->idx = 0;
    }
    pos->left--;
    return item;
}

/* --- collections.OrderedDict: Objects/odictobject.c, 3.8 to 3.13 --- */
struct odict_node {
    PyObject *key;
    Py_hash_t hash;
    struct odict_node *next, *prev;
};

struct odict_object {
    PyDictObject dict;
    struct odict_node *first, *last;
    struct odict_node **fast_nodes;
    Py_ssize_t fast_nodes_size;
};

bool
rec_odict_ends(PyObject *odict, PyObject **ret_first, PyObject **ret_last)
{
    const struct odict_object *od = (const struct odict_object *)odict;
    if (od->first == NULL || od->last == NULL) {
        return false;
    }
    *ret_first = od->first->key;
    *ret_last = od->last->key;
    return true;
}

PyObject *
rec_odict_next(PyObject *odict, void **node)
{
    struct odict_node *at = *node == NULL ? ((struct odict_object *)odict)->first
                                          : ((struct odict_node *)*node)->next;
    *node = at;
    return at != NULL ? at->key : NULL;
}

/* --- mappingproxy: Objects/descrobject.c --- */
struct mappingproxy_object {
    PyObject_HEAD PyObject *mapping;
};

PyObject *
rec_mappingproxy_mapping(PyObject *proxy)
{
    return ((struct mappingproxy_object *)proxy)->mapping;
}

/* --- datetime.timezone: Modules/_datetimemodule.c --- */
struct timezone_object {
    PyObject_HEAD PyObject *offset, *name;
};

PyObject *
rec_timezone_offset(PyObject *timezone)
{
    return ((struct timezone_object *)timezone)->offset;
}

PyObject *
rec_timezone_name(PyObject *timezone)
{
    return ((struct timezone_object *)timezone)->name;
}

/* --- decimal.Decimal: Modules/_decimal/_decimal.c and libmpdec/mpdecimal.h --- */
#define MPD_NEG         1
#define MPD_INF         2
#define MPD_NAN         4
#define MPD_SNAN        8
#define MPD_WORD_DIGITS 19 /* of a 64-bit word, MPD_RDIGITS */

struct decimal_object {
    PyObject_HEAD Py_hash_t hash;
    uint8_t flags;
    Py_ssize_t exp, digits, len, alloc;
    uint64_t *data;
};

static size_t
word_digits(uint64_t word, unsigned at_least, char *out)
{
    char reversed[MPD_WORD_DIGITS + 1];
    size_t len = 0;
    do {
        reversed[len++] = (char)('0' + word % 10);
        word /= 10;
    } while (word > 0 || len < at_least);
    for (size_t i = 0; i < len; i++) {
        out[i] = reversed[len - 1 - i];
    }
    return len;
}

/* The coefficient, most significant digit first. */
static size_t
decimal_digits(const struct decimal_object *d, char *out, size_t cap)
{
    if (d->len <= 0 || (size_t)d->digits + MPD_WORD_DIGITS + 1 > cap) {
        return 0;
    }
    size_t len = word_digits(d->data[d->len - 1], 1, out);
    for (Py_ssize_t i = d->len - 2; i >= 0; i--) {
        len += word_digits(d->data[i], MPD_WORD_DIGITS, out + len);
    }
    return len;
}

/* The General Decimal Arithmetic rule "to-scientific-string". */
static size_t
decimal_number(const struct decimal_object *d, char *out, size_t cap)
{
    char *digits = out + cap / 2;
    cap /= 2;
    size_t n = decimal_digits(d, digits, cap);
    if (n == 0 || cap < n + 64) {
        return 0;
    }
    Py_ssize_t adjusted = d->exp + (Py_ssize_t)n - 1;
    size_t at = 0;
    if (d->exp <= 0 && adjusted >= -6) {
        Py_ssize_t point = (Py_ssize_t)n + d->exp; /* digits before the point */
        if (point <= 0) {
            out[at++] = '0';
            out[at++] = '.';
            for (Py_ssize_t i = point; i < 0; i++) {
                out[at++] = '0';
            }
            memcpy(out + at, digits, n);
            return at + n;
        }
        memcpy(out, digits, (size_t)point);
        at = (size_t)point;
        if (d->exp < 0) {
            out[at++] = '.';
            memcpy(out + at, digits + point, n - (size_t)point);
            at += n - (size_t)point;
        }
        return at;
    }
    out[at++] = digits[0];
    if (n > 1) {
        out[at++] = '.';
        memcpy(out + at, digits + 1, n - 1);
        at += n - 1;
    }
    return at + (size_t)snprintf(out + at, cap - at, "E%+zd", adjusted);
}

size_t
rec_decimal_text(PyObject *decimal, char *out, size_t cap)
{
    const struct decimal_object *d = (const struct decimal_object *)decimal;
    size_t at = 0;
    if (cap < 64) {
        return 0;
    }
    if (d->flags & MPD_NEG) {
        out[at++] = '-';
    }
    if (d->flags & MPD_INF) {
        memcpy(out + at, "Infinity", 8);
        return at + 8;
    }
    if (d->flags & (MPD_NAN | MPD_SNAN)) {
        const char *name = d->flags & MPD_SNAN ? "sNaN" : "NaN";
        memcpy(out + at, name, strlen(name));
        at += strlen(name);
        return at + (d->len > 0 ? decimal_digits(d, out + at, cap - at) : 0);
    }
    size_t number = decimal_number(d, out + at, cap - at);
    return number != 0 ? at + number : 0;
}

/* --- The self-tests. Each returns false with or without an exception set. --- */
static bool
test_deque(PyTypeObject *type)
{
    bool ok = false;
    PyObject *range = PyObject_CallFunction((PyObject *)&PyRange_Type, "i", 200);
    PyObject *deque = range != NULL
                          ? PyObject_CallFunction((PyObject *)type, "Oi", range, 150)
                          : NULL;
    if (deque != NULL && type->tp_basicsize >= (Py_ssize_t)sizeof(struct deque_object)
        && rec_deque_maxlen(deque) == 150 && Py_SIZE(deque) == 150) {
        struct rec_deque_pos pos;
        PyObject *item;
        long expected = 50;
        rec_deque_start(deque, &pos);
        while ((item = rec_deque_next(&pos)) != NULL && PyLong_CheckExact(item)
               && PyLong_AsLong(item) == expected) {
            expected++;
        }
        ok = item == NULL && expected == 200;
    }
    Py_XDECREF(deque);
    Py_XDECREF(range);
    return ok;
}

static bool
test_odict(PyTypeObject *type)
{
    bool ok = false;
    PyObject *odict = PyObject_CallFunction(
        (PyObject *)type, "N", Py_BuildValue("{s:i,s:i,s:i}", "a", 1, "b", 2, "c", 3));
    PyObject *moved =
        odict != NULL ? PyObject_CallMethod(odict, "move_to_end", "s", "a") : NULL;
    if (moved != NULL
        && type->tp_basicsize >= (Py_ssize_t)sizeof(struct odict_object)) {
        void *node = NULL;
        PyObject *b = rec_odict_next(odict, &node);
        PyObject *c = b != NULL ? rec_odict_next(odict, &node) : NULL;
        PyObject *a = c != NULL ? rec_odict_next(odict, &node) : NULL;
        ok = a != NULL && rec_odict_next(odict, &node) == NULL
             && PyUnicode_CompareWithASCIIString(a, "a") == 0
             && PyUnicode_CompareWithASCIIString(b, "b") == 0
             && PyUnicode_CompareWithASCIIString(c, "c") == 0;
        PyObject *first, *last;
        ok = ok && rec_odict_ends(odict, &first, &last) && first == b && last == a;
    }
    Py_XDECREF(moved);
    Py_XDECREF(odict);
    return ok;
}

static bool
test_mappingproxy(PyTypeObject *type)
{
    PyObject *dict = PyDict_New();
    PyObject *proxy = dict != NULL ? PyDictProxy_New(dict) : NULL;
    bool ok = proxy != NULL && Py_TYPE(proxy) == type
              && rec_mappingproxy_mapping(proxy) == dict;
    Py_XDECREF(proxy);
    Py_XDECREF(dict);
    return ok;
}

static bool
test_timezone(PyTypeObject *type)
{
    PyObject *utc = rec_type_lookup(type, "utc");
    PyObject *zero =
        utc != NULL ? PyObject_CallMethod(utc, "utcoffset", "O", Py_None) : NULL;
    PyObject *offset =
        zero != NULL ? PyObject_CallFunction((PyObject *)Py_TYPE(zero), "ii", 0, 3600)
                     : NULL;
    PyObject *name = PyUnicode_FromString("here");
    PyObject *zone = offset != NULL && name != NULL
                         ? PyObject_CallFunction((PyObject *)type, "OO", offset, name)
                         : NULL;
    bool ok = zone != NULL
              && type->tp_basicsize >= (Py_ssize_t)sizeof(struct timezone_object)
              && rec_timezone_offset(zone) == offset && rec_timezone_name(zone) == name;
    Py_XDECREF(zone);
    Py_XDECREF(name);
    Py_XDECREF(offset);
    Py_XDECREF(zero);
    return ok;
}

/* With a context of its own: the thread's would be made by the asking. */
static PyObject *
decimal_context(void)
{
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *module = PyDict_GetItemString(modules, "_decimal");
    if (module == NULL || !PyModule_Check(module)) {
        return NULL;
    }
    return PyDict_GetItemString(PyModule_GetDict(module), "DefaultContext");
}

static bool
test_decimal(PyTypeObject *type)
{
    static const char *const texts[] = {"0",
                                        "-1.50",
                                        "123456789012345678901234567890.5",
                                        "1E+400",
                                        "-0.0000001",
                                        "1E-7",
                                        "0.000001",
                                        "NaN123",
                                        "sNaN",
                                        "-Infinity",
                                        "1.5E+7",
                                        "10000000000000000000",
                                        "10000000000000000000.0000000000000000001"};
    PyObject *context = decimal_context();
    if (context == NULL
        || type->tp_basicsize < (Py_ssize_t)sizeof(struct decimal_object)) {
        return false;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char ours[256];
        PyObject *decimal =
            PyObject_CallFunction((PyObject *)type, "sO", texts[i], context);
        PyObject *text = decimal != NULL ? PyObject_CallMethod(context, "to_sci_string",
                                                               "O", decimal)
                                         : NULL;
        bool ok = text != NULL;
        if (ok) {
            ours[rec_decimal_text(decimal, ours, sizeof ours - 1)] = '\0';
            ok = PyUnicode_CompareWithASCIIString(text, ours) == 0;
        }
        Py_XDECREF(text);
        Py_XDECREF(decimal);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool
run_test(PyTypeObject *type, enum tf_category category)
{
    switch (category) {
    case TF_CAT_DEQUE: return test_deque(type);
    case TF_CAT_ORDEREDDICT: return test_odict(type);
    case TF_CAT_MAPPINGPROXY: return test_mappingproxy(type);
    case TF_CAT_TIMEZONE: return test_timezone(type);
    case TF_CAT_DECIMAL: return test_decimal(type);
    default: return true;
    }
}

bool
rec_layout_known(PyTypeObject *type, enum tf_category category)
{
    if (category != TF_CAT_DEQUE && category != TF_CAT_ORDEREDDICT
        && category != TF_CAT_MAPPINGPROXY && category != TF_CAT_TIMEZONE
        && category != TF_CAT_DECIMAL) {
        return true;
    }
    signed char *result = &rec.layout_result[category];
    if (*result == 0) {
        PyObject *exc_type, *exc_value, *exc_tb;
        int gc = rec_py_gc_pause();
        PyErr_Fetch(&exc_type, &exc_value, &exc_tb);
        *result = run_test(type, category) ? 1 : -1;
        PyErr_Clear();
        PyErr_Restore(exc_type, exc_value, exc_tb);
        rec_py_gc_restore(gc);
    }
    return *result > 0;
}
