/* Dicts, read without a comparison that could run code. */
#include "rec_pycompat_internal.h"

#include "rec_key.h"

#if PY_VERSION_HEX < 0x030b0000
/* Objects/dict-common.h, 3.8 to 3.10, which is not installed. */
struct _dictkeysobject {
    Py_ssize_t dk_refcnt, dk_size;
    void (*dk_lookup)(void);
    Py_ssize_t dk_usable, dk_nentries;
    char dk_indices[];
};

typedef struct {
    Py_hash_t me_hash;
    PyObject *me_key, *me_value;
} PyDictKeyEntry;

# define DKIX_EMPTY    (-1)
# define DK_SIZE(keys) ((keys)->dk_size)

static size_t
index_bytes(const PyDictKeysObject *keys)
{
    return keys->dk_size <= 0xff         ? 1
           : keys->dk_size <= 0xffff     ? 2
           : keys->dk_size <= 0xffffffff ? 4
                                         : 8;
}

static PyDictKeyEntry *
DK_ENTRIES(PyDictKeysObject *keys)
{
    return (PyDictKeyEntry *)(void *)(keys->dk_indices
                                      + (size_t)keys->dk_size * index_bytes(keys));
}

/* A dict with other keys than strs is searched by a function of its own (Objects/
 * dictobject.c, lookdict), which one that holds an int shows. */
static bool
DK_IS_UNICODE(const PyDictKeysObject *keys)
{
    static void (*general)(void);
    if (general == NULL) {
        int gc = rec_py_gc_pause();
        PyObject *dict = PyDict_New(), *number = PyLong_FromLong(1);
        if (dict != NULL && number != NULL
            && PyDict_SetItem(dict, number, Py_None) == 0) {
            general = ((PyDictObject *)dict)->ma_keys->dk_lookup;
        }
        Py_XDECREF(number);
        Py_XDECREF(dict);
        rec_py_gc_restore(gc);
        if (general == NULL) {
            PyErr_Clear();
            return false;
        }
    }
    return keys->dk_lookup != general;
}
#endif

uint64_t
rec_py_dict_version(PyObject *dict)
{
#if PY_VERSION_HEX >= 0x030e0000
    (void)dict;
    return 0;
#elif PY_VERSION_HEX >= 0x030d0000
    /* An attribute that is assigned to an instance whose dict shares its values leaves the
     * dict's tag alone (Objects/dictobject.c, store_instance_attr_lock_held, 3.13). */
    const PyDictObject *mp = (const PyDictObject *)dict;
    return mp->ma_values == NULL ? mp->ma_version_tag : 0;
#else
    return ((PyDictObject *)dict)->ma_version_tag;
#endif
}

static PyObject *
dict_scan_str(PyObject *dict, PyObject *name)
{
    PyObject *key, *value;
    Py_ssize_t pos = 0;
    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (key == name) {
            return value;
        }
        if (PyUnicode_CheckExact(key) && PyUnicode_IS_READY(key)
            && rec_py_str_equal(key, name)) {
            return value;
        }
    }
    return NULL;
}

PyObject *
rec_py_dict_get_str(PyObject *dict, PyObject *name)
{
    PyDictObject *mp = (PyDictObject *)dict;
    Py_hash_t hash = ((PyASCIIObject *)name)->hash;
    if (hash == -1 || !DK_IS_UNICODE(mp->ma_keys)) {
        return dict_scan_str(dict,
                             name); /* other keys may have an __eq__ of their own */
    }
    return _PyDict_GetItem_KnownHash(dict, name, hash);
}

#if PY_VERSION_HEX < 0x030b0000
/* The values of an instance's dict stand apart as long as they came in the order of the keys
 * of its class, and none was deleted (Objects/dictobject.c, insertdict). */
static bool
dict_entry_at(PyObject *dict, Py_ssize_t i, PyObject **ret_key, PyObject **ret_value)
{
    PyDictObject *mp = (PyDictObject *)dict;
    PyDictKeysObject *keys = mp->ma_keys;
    if (i >= (mp->ma_values != NULL ? mp->ma_used : keys->dk_nentries)) {
        return false;
    }
    PyDictKeyEntry *entry = &DK_ENTRIES(keys)[i];
    *ret_key = entry->me_key;
    *ret_value = mp->ma_values != NULL ? mp->ma_values[i] : entry->me_value;
    return *ret_key != NULL && *ret_value != NULL;
}

static bool
dict_has_holes(const PyDictObject *mp)
{
    return mp->ma_values == NULL && mp->ma_keys->dk_nentries != mp->ma_used;
}

static Py_ssize_t
dict_index_at(const PyDictKeysObject *keys, size_t i)
{
    switch (index_bytes(keys)) {
    case 1: return ((const int8_t *)keys->dk_indices)[i];
    case 2: return ((const int16_t *)(const void *)keys->dk_indices)[i];
    case 4: return ((const int32_t *)(const void *)keys->dk_indices)[i];
    default: return (Py_ssize_t)((const int64_t *)(const void *)keys->dk_indices)[i];
    }
}
#else
static bool
dict_entry_at(PyObject *dict, Py_ssize_t i, PyObject **ret_key, PyObject **ret_value)
{
    PyDictObject *mp = (PyDictObject *)dict;
    PyDictKeysObject *keys = mp->ma_keys;
    if (mp->ma_values != NULL || i >= keys->dk_nentries) {
        return false;
    }
    if (DK_IS_UNICODE(keys)) {
        *ret_key = DK_UNICODE_ENTRIES(keys)[i].me_key;
        *ret_value = DK_UNICODE_ENTRIES(keys)[i].me_value;
    }
    else {
        *ret_key = DK_ENTRIES(keys)[i].me_key;
        *ret_value = DK_ENTRIES(keys)[i].me_value;
    }
    return *ret_key != NULL && *ret_value != NULL;
}

static Py_ssize_t
dict_index_at(const PyDictKeysObject *keys, size_t i)
{
    switch (keys->dk_log2_index_bytes - keys->dk_log2_size) {
    case 0: return ((const int8_t *)keys->dk_indices)[i];
    case 1: return ((const int16_t *)keys->dk_indices)[i];
    case 2: return ((const int32_t *)keys->dk_indices)[i];
    default: return (Py_ssize_t)((const int64_t *)keys->dk_indices)[i];
    }
}
#endif

#if PY_VERSION_HEX >= 0x030b0000
static bool
dict_has_holes(const PyDictObject *mp)
{
    return mp->ma_keys->dk_nentries != mp->ma_used;
}
#endif

/* Where a key was deleted, the entry is empty until the dict grows: items are counted then. */
bool
rec_py_dict_entry(PyObject *dict, uint32_t i, PyObject **ret_key, PyObject **ret_value)
{
    if (!dict_has_holes((PyDictObject *)dict)) {
        return dict_entry_at(dict, (Py_ssize_t)i, ret_key, ret_value);
    }
    Py_ssize_t count = ((PyDictObject *)dict)->ma_keys->dk_nentries;
    bool from_end = i > (size_t)PyDict_GET_SIZE(dict) / 2;
    uint32_t skip = from_end ? (uint32_t)PyDict_GET_SIZE(dict) - 1 - i : i;
    if ((Py_ssize_t)i >= PyDict_GET_SIZE(dict)) {
        return false;
    }
    for (Py_ssize_t at = 0; at < count; at++) {
        Py_ssize_t entry = from_end ? count - 1 - at : at;
        if (dict_entry_at(dict, entry, ret_key, ret_value) && skip-- == 0) {
            return true;
        }
    }
    return false;
}

/* The item that the entry is. */
static int64_t
dict_item_of(PyObject *dict, Py_ssize_t entry)
{
    PyObject *key, *value;
    Py_ssize_t count = ((PyDictObject *)dict)->ma_keys->dk_nentries, used = 0;
    if (!dict_has_holes((PyDictObject *)dict)) {
        return entry;
    }
    if (entry < count / 2) {
        for (Py_ssize_t at = 0; at < entry; at++) {
            used += dict_entry_at(dict, at, &key, &value);
        }
        return used;
    }
    for (Py_ssize_t at = entry; at < count; at++) {
        used += dict_entry_at(dict, at, &key, &value);
    }
    return PyDict_GET_SIZE(dict) - used;
}

/* Its entries hold keys and values. */
static bool
dict_is_readable(const PyDictObject *mp)
{
#if PY_VERSION_HEX < 0x030b0000
    (void)mp;
    return true;
#else
    return mp->ma_values == NULL;
#endif
}

/* Probes as lookdict does (Objects/dictobject.c), but no code of the program is called: a key
 * that has the same hash and may be equal or not makes the answer unknown. */
static int64_t
dict_probe(PyObject *dict, PyObject *key)
{
    PyObject *at, *value;
    PyDictKeysObject *keys = ((PyDictObject *)dict)->ma_keys;
    Py_hash_t hash;
    if (PyDict_GET_SIZE(dict) == 0) {
        return REC_PY_DICT_NEW;
    }
    if (!dict_is_readable((PyDictObject *)dict) || !rec_key_hash(key, &hash)) {
        return REC_PY_DICT_UNKNOWN;
    }
    size_t mask = (size_t)DK_SIZE(keys) - 1;
    size_t perturb = (size_t)hash, i = (size_t)hash & mask;
    for (;;) {
        Py_ssize_t entry = dict_index_at(keys, i);
        if (entry == DKIX_EMPTY) {
            return REC_PY_DICT_NEW;
        }
        bool used = entry >= 0 && dict_entry_at(dict, entry, &at, &value);
        if (used && rec_key_equal(at, key)) {
            return entry;
        }
        if (used && !DK_IS_UNICODE(keys) && DK_ENTRIES(keys)[entry].me_hash == hash) {
            return REC_PY_DICT_UNKNOWN;
        }
        perturb >>= 5;
        i = (i * 5 + perturb + 1) & mask;
    }
}

int64_t
rec_py_dict_position(PyObject *dict, PyObject *key)
{
    int64_t entry = dict_probe(dict, key);
    return entry >= 0 ? dict_item_of(dict, (Py_ssize_t)entry) : entry;
}

int64_t
rec_py_dict_lookup(PyObject *dict, PyObject *key, PyObject **ret_value)
{
    PyObject *at;
    int64_t entry = dict_probe(dict, key);
    return entry >= 0 && !dict_entry_at(dict, (Py_ssize_t)entry, &at, ret_value)
               ? REC_PY_DICT_UNKNOWN
               : entry;
}

bool
rec_py_dict_has_holes(PyObject *dict)
{
    return dict_has_holes((PyDictObject *)dict);
}

uint64_t
rec_py_set_version(PyObject *set)
{
    const PySetObject *so = (const PySetObject *)set;
    return so->table != so->smalltable ? (uint64_t)(uintptr_t)so->table : 0;
}

/* A place that was given up holds a dummy, whose hash no member has (Objects/setobject.c). */
bool
rec_py_set_next(PyObject *set, Py_ssize_t *pos, PyObject **ret_key, Py_hash_t *ret_hash)
{
    const PySetObject *so = (const PySetObject *)set;
    while (*pos <= so->mask) {
        const setentry *entry = &so->table[(*pos)++];
        if (entry->key != NULL && entry->hash != -1) {
            *ret_key = entry->key;
            *ret_hash = entry->hash;
            return true;
        }
    }
    return false;
}

uint32_t
rec_py_set_places(PyObject *set)
{
    size_t mask = (size_t)((PySetObject *)set)->mask;
    return mask < UINT32_MAX ? (uint32_t)mask + 1 : 0;
}

bool
rec_py_set_at(PyObject *set, uint32_t place, PyObject **ret_key, Py_hash_t *ret_hash)
{
    const setentry *entry = &((PySetObject *)set)->table[place];
    *ret_key = entry->key;
    *ret_hash = entry->hash;
    return entry->key != NULL && entry->hash != -1;
}

uint32_t
rec_py_set_popped(PyObject *set)
{
    const PySetObject *so = (const PySetObject *)set;
    return (uint32_t)((size_t)(so->finger - 1) & (size_t)so->mask);
}

/* set_add_entry() and set_lookkey(): LINEAR_PROBES neighbours where so many are left, then on
 * as dicts do, up to a place that was never used. */
#define NEIGHBOURS 9u

static void
begin_run(struct rec_py_probe *probe)
{
    size_t mask = (size_t)((PySetObject *)probe->set)->mask;
    probe->step = 0;
    probe->steps = probe->base + NEIGHBOURS <= mask ? NEIGHBOURS + 1 : 1;
}

struct rec_py_probe
rec_py_set_probe(PyObject *set, Py_hash_t hash)
{
    size_t mask = (size_t)((PySetObject *)set)->mask;
    struct rec_py_probe probe = {
        .set = set, .perturb = (size_t)hash, .base = (size_t)hash & mask};
    begin_run(&probe);
    return probe;
}

bool
rec_py_set_probe_next(struct rec_py_probe *probe, uint32_t *ret_place)
{
    const PySetObject *so = (const PySetObject *)probe->set;
    if (probe->end) {
        return false;
    }
    *ret_place = (uint32_t)(probe->base + probe->step);
    probe->end = so->table[*ret_place].key == NULL;
    if (++probe->step == probe->steps) {
        probe->perturb >>= 5;
        probe->base = (probe->base * 5 + 1 + probe->perturb) & (size_t)so->mask;
        begin_run(probe);
    }
    return true;
}
