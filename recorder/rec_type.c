#include "rec_type.h"
#include "rec_redact.h"

#include "rec_intercept.h"

#include <stdlib.h>
#include <structmember.h>

#include "rec_scalar.h"

/* --- Recognising a type --- */

bool
rec_type_is_c(PyTypeObject *type, const char *tp_name)
{
    return strcmp(type->tp_name, tp_name) == 0 && rec_py_is_c_type(type);
}

/* An entry of a type's own dict, by a C string. */
static PyObject *
type_dict_get(PyTypeObject *type, const char *name)
{
    PyObject *key, *value;
    Py_ssize_t pos = 0;
    size_t len = strlen(name);
    PyObject *dict = rec_py_type_dict(type);
    while (dict != NULL && PyDict_Next(dict, &pos, &key, &value)) {
        if (PyUnicode_CheckExact(key) && PyUnicode_IS_READY(key)
            && PyUnicode_IS_ASCII(key) && (size_t)PyUnicode_GET_LENGTH(key) == len
            && memcmp(PyUnicode_DATA(key), name, len) == 0) {
            return value;
        }
    }
    return NULL;
}

PyObject *
rec_type_lookup(PyTypeObject *type, const char *name)
{
    PyObject *mro = type->tp_mro;
    for (Py_ssize_t i = 0; mro != NULL && i < PyTuple_GET_SIZE(mro); i++) {
        PyObject *found = type_dict_get((PyTypeObject *)PyTuple_GET_ITEM(mro, i), name);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static bool
str_is(PyObject *str, const char *text)
{
    size_t len = strlen(text);
    return str != NULL && PyUnicode_CheckExact(str) && PyUnicode_IS_READY(str)
           && PyUnicode_IS_ASCII(str) && (size_t)PyUnicode_GET_LENGTH(str) == len
           && memcmp(PyUnicode_DATA(str), text, len) == 0;
}

/* A class statement's class `name` in `module`. */
static bool
is_python_class(PyTypeObject *type, const char *module, const char *name)
{
    return type->tp_flags & Py_TPFLAGS_HEAPTYPE
           && str_is(((PyHeapTypeObject *)type)->ht_qualname, name)
           && str_is(type_dict_get(type, "__module__"), module);
}

static bool
mro_has(PyTypeObject *type, const char *module, const char *name)
{
    PyObject *mro = type->tp_mro;
    for (Py_ssize_t i = 0; mro != NULL && i < PyTuple_GET_SIZE(mro); i++) {
        if (is_python_class((PyTypeObject *)PyTuple_GET_ITEM(mro, i), module, name)) {
            return true;
        }
    }
    return false;
}

static bool
is_enum(PyTypeObject *type)
{
    return (Py_TYPE(type)->tp_flags & Py_TPFLAGS_HEAPTYPE)
           && (mro_has(Py_TYPE(type), "enum", "EnumType")
               || mro_has(Py_TYPE(type), "enum", "EnumMeta"));
}

/* Is `found`, a function, defined in a file whose path ends like this? */
static bool
is_function_from(PyObject *found, const char *file_end)
{
    if (found == NULL || !PyFunction_Check(found)) {
        return false;
    }
    PyObject *file =
        ((PyCodeObject *)((PyFunctionObject *)found)->func_code)->co_filename;
    size_t len = strlen(file_end);
    return PyUnicode_IS_READY(file) && PyUnicode_IS_ASCII(file)
           && (size_t)PyUnicode_GET_LENGTH(file) >= len
           && memcmp((char *)PyUnicode_DATA(file) + PyUnicode_GET_LENGTH(file) - len,
                     file_end, len)
                  == 0;
}

static bool
is_namedtuple(PyTypeObject *type)
{
    PyObject *fields = rec_type_lookup(type, "_fields");
    return PyType_HasFeature(type, Py_TPFLAGS_TUPLE_SUBCLASS) && fields != NULL
           && PyTuple_CheckExact(fields)
           && is_function_from(rec_type_lookup(type, "_replace"),
                               "collections/__init__.py");
}

/* --- Categories --- */

static const struct known_type {
    PyTypeObject *type;
    enum tf_category category;
} known_types[] = {
    {&PyODict_Type, TF_CAT_ORDEREDDICT},
    {&PyList_Type, TF_CAT_LIST},
    {&PyTuple_Type, TF_CAT_TUPLE},
    {&PyDict_Type, TF_CAT_DICT},
    {&PySet_Type, TF_CAT_SET},
    {&PyFrozenSet_Type, TF_CAT_FROZENSET},
    {&PyByteArray_Type, TF_CAT_BYTEARRAY},
    {&PyRange_Type, TF_CAT_RANGE},
    {&PySlice_Type, TF_CAT_SLICE},
    {&PyCell_Type, TF_CAT_CELL},
    {&PyFunction_Type, TF_CAT_FUNCTION},
    {&PyCFunction_Type, TF_CAT_BUILTIN},
    {&PyMethod_Type, TF_CAT_METHOD},
    {&PyModule_Type, TF_CAT_MODULE},
    {&PyType_Type, TF_CAT_CLASS},
    {&PyLong_Type, TF_CAT_INT},
    {&PyFloat_Type, TF_CAT_FLOAT},
    {&PyComplex_Type, TF_CAT_COMPLEX},
    {&PyUnicode_Type, TF_CAT_STR},
    {&PyBytes_Type, TF_CAT_BYTES},
    {&PyGen_Type, TF_CAT_GENERATOR},
    {&PyCoro_Type, TF_CAT_GENERATOR},
    {&PyAsyncGen_Type, TF_CAT_GENERATOR},
    {&PyDictProxy_Type, TF_CAT_MAPPINGPROXY},
    {&PyMemoryView_Type, TF_CAT_MEMORYVIEW},
};

static const struct named_type {
    const char *tp_name;
    enum tf_category category;
} named_types[] = {
    {"collections.deque", TF_CAT_DEQUE},
    {"collections.defaultdict", TF_CAT_DEFAULTDICT},
    {"functools.partial", TF_CAT_PARTIAL},
    {"datetime.datetime", TF_CAT_DATETIME},
    {"datetime.date", TF_CAT_DATE},
    {"datetime.time", TF_CAT_TIME},
    {"datetime.timedelta", TF_CAT_TIMEDELTA},
    {"datetime.timezone", TF_CAT_TIMEZONE},
    {"decimal.Decimal", TF_CAT_DECIMAL},
    {"re.Pattern", TF_CAT_PATTERN},
    {"array.array", TF_CAT_ARRAY},
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* One class of the MRO: the category that it gives, or -1. */
static int
class_category(PyTypeObject *type)
{
    for (size_t i = 0; i < LENGTH(known_types); i++) {
        if (type == known_types[i].type) {
            return (int)known_types[i].category;
        }
    }
    for (size_t i = 0; i < LENGTH(named_types); i++) {
        if (rec_type_is_c(type, named_types[i].tp_name)) {
            return (int)named_types[i].category;
        }
    }
    if ((PyObject *)type == PyExc_BaseException) {
        return TF_CAT_EXCEPTION;
    }
    if (is_python_class(type, "collections", "Counter")) {
        return TF_CAT_COUNTER;
    }
    if (is_python_class(type, "uuid", "UUID")) {
        return TF_CAT_UUID;
    }
    if (is_python_class(type, "pathlib", "PurePath")
        || is_python_class(type, "pathlib._local", "PurePath")) { /* 3.13 */
        return TF_CAT_PATH;
    }
    return -1;
}

static enum tf_category
type_category(PyTypeObject *type, PyTypeObject **ret_base)
{
    *ret_base = type;
    if (is_enum(type)) {
        return mro_has(type, "enum", "Flag") ? TF_CAT_FLAG : TF_CAT_ENUM;
    }
    if (is_namedtuple(type)) {
        return TF_CAT_NAMEDTUPLE;
    }
    PyObject *mro = type->tp_mro;
    for (Py_ssize_t i = 0; mro != NULL && i < PyTuple_GET_SIZE(mro); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        int category = class_category(base);
        if (category >= 0) {
            *ret_base = base;
            return (enum tf_category)category;
        }
    }
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        return TF_CAT_INSTANCE;
    }
    return type->tp_dictoffset != 0 ? TF_CAT_INSTANCE : TF_CAT_OPAQUE;
}

static bool
category_is_fixed(enum tf_category category)
{
    switch (category) {
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE:
    case TF_CAT_FROZENSET:
    case TF_CAT_RANGE:
    case TF_CAT_SLICE:
    case TF_CAT_BUILTIN:
    case TF_CAT_INT:
    case TF_CAT_FLOAT:
    case TF_CAT_COMPLEX:
    case TF_CAT_STR:
    case TF_CAT_BYTES:
    case TF_CAT_DATE:
    case TF_CAT_TIME:
    case TF_CAT_DATETIME:
    case TF_CAT_TIMEDELTA:
    case TF_CAT_TIMEZONE:
    case TF_CAT_DECIMAL:
    case TF_CAT_PATTERN:
    case TF_CAT_OPAQUE:
    case TF_CAT_METHOD:
    case TF_CAT_PARTIAL: return true;
    default: return false;
    }
}

/* Does repr() give the text that the category stands for? */
static uint32_t
type_flags(PyTypeObject *type, enum tf_category category, PyTypeObject *base)
{
    uint32_t flags = 0;
    PyObject *repr = rec_type_lookup(type, "__repr__");
    switch (category) {
    case TF_CAT_ENUM:
    case TF_CAT_FLAG: {
        PyObject *value_repr = rec_type_lookup(type, "_value_repr_");
        bool standard = is_function_from(repr, "/enum.py");
        bool global =
            standard && PyFunction_Check(repr)
            && str_is(((PyFunctionObject *)repr)->func_name, "global_enum_repr");
        if (global
            || (standard
                && str_is(((PyFunctionObject *)repr)->func_name, "global_flag_repr"))) {
            flags |= TF_TYPE_ENUM_GLOBAL;
        }
        else if (standard && (value_repr == NULL || !PyFunction_Check(value_repr))) {
            flags |= TF_TYPE_ENUM_STD;
        }
        break;
    }
    case TF_CAT_NAMEDTUPLE:
        flags |= is_function_from(repr, "collections/__init__.py") ? TF_TYPE_EXACT : 0;
        break;
    case TF_CAT_PATH:
        flags |= is_function_from(repr, "/pathlib.py")
                         || is_function_from(repr, "/pathlib/_local.py")
                         || is_function_from(repr, "/pathlib/__init__.py")
                     ? TF_TYPE_EXACT
                     : 0;
        break;
    case TF_CAT_EXCEPTION:
        if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
            PyObject *str = rec_type_lookup(type, "__str__");
            flags |= str != NULL && PyFunction_Check(str) ? TF_TYPE_OWN_STR : 0;
        }
        flags |= repr != NULL && PyFunction_Check(repr) ? TF_TYPE_OWN_REPR : 0;
        flags |= rec_py_is_c_type(type) ? TF_TYPE_EXACT : 0;
        return flags;
    default: flags |= type == base ? TF_TYPE_EXACT : 0; break;
    }
    if (!(flags & (TF_TYPE_EXACT | TF_TYPE_ENUM_STD | TF_TYPE_ENUM_GLOBAL))
        && repr != NULL && PyFunction_Check(repr)) {
        flags |= TF_TYPE_OWN_REPR;
    }
    return flags;
}

/* --- Offsets --- */
static Py_ssize_t
member_offset(PyTypeObject *type, const char *name)
{
    for (const PyMemberDef *m = type->tp_members; m != NULL && m->name != NULL; m++) {
        if (strcmp(m->name, name) == 0) {
            return m->offset;
        }
    }
    return -1;
}

static bool
find_members(struct rec_type *entry, PyTypeObject *base)
{
    static const char *const partial[3] = {"func", "args", "keywords"};
    static const char *const defaultdict[3] = {"default_factory", NULL, NULL};
    static const char *const pattern[3] = {"pattern", "flags", NULL};
    const char *const *names;
    switch (entry->category) {
    case TF_CAT_PARTIAL: names = partial; break;
    case TF_CAT_DEFAULTDICT: names = defaultdict; break;
    case TF_CAT_PATTERN: names = pattern; break;
    default: return true;
    }
    for (int i = 0; i < 3 && names[i] != NULL; i++) {
        entry->member[i] = member_offset(base, names[i]);
        if (entry->member[i] < 0) {
            return false;
        }
    }
    return true;
}

static bool
find_slots(struct rec_type *entry)
{
    PyObject *mro = entry->type->tp_mro;
    for (Py_ssize_t i = 0; mro != NULL && i < PyTuple_GET_SIZE(mro); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        const char *name;
        Py_ssize_t pos = 0, offset;
        while (!rec_py_is_c_type(base)
               && rec_py_slot_next(base, &pos, &name, &offset)) {
            struct rec_slot_member *more =
                realloc(entry->slot, (entry->slot_count + 1) * sizeof *more);
            if (more == NULL) {
                return false;
            }
            entry->slot = more;
            more[entry->slot_count].interned = PyUnicode_InternFromString(name);
            more[entry->slot_count].offset = offset;
            if (more[entry->slot_count].interned == NULL) {
                PyErr_Clear();
                return false;
            }
            entry->slot_count++;
        }
    }
    return true;
}

/* --- The definition --- */
static void
define(struct rec_type *entry)
{
    PyTypeObject *type = entry->type;
    struct tf_text name = {NULL, 0}, module = {NULL, 0};
    struct tf_text *field = NULL;
    uint32_t *base = NULL;
    uint32_t base_count = 0, field_count = 0;
    PyObject *mro = type->tp_mro;
    Py_ssize_t mro_len = mro != NULL ? PyTuple_GET_SIZE(mro) : 0;

    base = calloc((size_t)mro_len + 1, sizeof *base);
    for (Py_ssize_t i = 1; base != NULL && i < mro_len; i++) {
        PyTypeObject *at = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        struct rec_type *of = at != &PyBaseObject_Type ? rec_type_of(at) : NULL;
        if (of != NULL) {
            base[base_count++] = of->id;
            entry->secret |= of->secret;
        }
    }
    const char *dot = strrchr(type->tp_name, '.');
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        name = rec_text_dup(((PyHeapTypeObject *)type)->ht_qualname);
        module = rec_text_dup(type_dict_get(type, "__module__"));
    }
    if (name.data == NULL) {
        name.data = strdup(dot != NULL ? dot + 1 : type->tp_name);
        name.len = name.data != NULL ? strlen(name.data) : 0;
    }
    if (module.data == NULL) {
        module.data = dot != NULL
                          ? strndup(type->tp_name, (size_t)(dot - type->tp_name))
                          : strdup("builtins");
        module.len = module.data != NULL ? strlen(module.data) : 0;
    }
    if (entry->category == TF_CAT_NAMEDTUPLE) {
        PyObject *fields = rec_type_lookup(type, "_fields");
        Py_ssize_t count = PyTuple_GET_SIZE(fields);
        field = calloc((size_t)count + 1, sizeof *field);
        for (Py_ssize_t i = 0; field != NULL && i < count; i++) {
            field[field_count++] = rec_text_dup(PyTuple_GET_ITEM(fields, i));
        }
    }
    for (uint32_t i = 0; i < field_count && i < 64; i++) {
        bool secret = rec_redact_name(rec.options->rules, field[i].data, field[i].len);
        entry->secret_items |= (uint64_t)secret << i;
    }
    entry->secret |= rec.options->rules != NULL
                     && tf_rules_type(rec.options->rules, module.data, module.len,
                                      name.data, name.len);
    struct tf_def_type def = {.id = entry->id,
                              .category = entry->category,
                              .flags = entry->flags,
                              .module = module,
                              .name = name,
                              .base = base,
                              .base_count = base_count,
                              .field = field,
                              .field_count = field_count};
    tf_batch_add_type(rec.batch, &def);
    for (uint32_t i = 0; i < field_count; i++) {
        free((char *)field[i].data);
    }
    free(field);
    free(base);
    free((char *)name.data);
    free((char *)module.data);
}

static void
define_bases(PyTypeObject *type)
{
    PyObject *mro = type->tp_mro;
    for (Py_ssize_t i = mro != NULL ? PyTuple_GET_SIZE(mro) - 1 : 0; i > 0; i--) {
        PyTypeObject *at = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        if (at != &PyBaseObject_Type) {
            rec_type_of(at);
        }
    }
}

static struct rec_type *
type_make(PyTypeObject *type)
{
    PyTypeObject *base;
    struct rec_type *entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    entry->type = type;
    entry->category = (uint8_t)type_category(type, &base);
    entry->flags = type_flags(type, (enum tf_category)entry->category, base);
    entry->base = base;
    if (!find_members(entry, base)) {
        entry->category = TF_CAT_OPAQUE;
    }
    define_bases(type); /* so that ids ascend in the order of definition */
    if (entry->category == TF_CAT_DEFAULTDICT) {
        rec_intercept_defaultdict(base);
    }
    entry->has_dict = type->tp_dictoffset != 0 && entry->category != TF_CAT_CLASS
                      && entry->category != TF_CAT_MODULE;
    entry->fixed = category_is_fixed((enum tf_category)entry->category);
    uintptr_t key = rec_py_base((PyObject *)type);
    bool by_value = entry->category == TF_CAT_PATH || entry->category == TF_CAT_UUID;
    if ((!by_value && !find_slots(entry))
        || !rec_shadow_put(&rec.shadow, &rec.shadow.types, key, entry)) {
        rec_type_died(entry);
        return NULL;
    }
    entry->id = ++rec.type_count;
    define(entry);
    return entry;
}

struct rec_type *
rec_type_of(PyTypeObject *type)
{
    uintptr_t key = rec_py_base((PyObject *)type);
    struct rec_type *entry = rec_shadow_get(&rec.shadow, &rec.shadow.types, key);
    return entry != NULL ? entry : type_make(type);
}

struct rec_type *
rec_type_namespace(void)
{
    if (rec.namespace_type == NULL) {
        struct rec_type *entry = calloc(1, sizeof *entry);
        if (entry == NULL) {
            return NULL;
        }
        entry->type = &PyDict_Type;
        entry->category = TF_CAT_NAMESPACE;
        entry->id = ++rec.type_count;
        struct tf_def_type def = {.id = entry->id,
                                  .category = TF_CAT_NAMESPACE,
                                  .flags = TF_TYPE_EXACT,
                                  .name = {"namespace", 9}};
        tf_batch_add_type(rec.batch, &def);
        rec.namespace_type = entry;
    }
    return rec.namespace_type;
}

void
rec_type_died(struct rec_type *type)
{
    free(type->slot);
    free(type);
}

static void
free_type(void *type)
{
    rec_type_died(type);
}

void
rec_type_release(void)
{
    rec_shadow_drop_all(&rec.shadow.types, free_type);
    free(rec.namespace_type);
    rec.namespace_type = NULL;
}
