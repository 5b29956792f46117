#include "rec_callee.h"

#include "rec_type.h"

static const struct rec_hint anywhere = {REC_HINT_NONE, 0};

/* --- Names --- */
static bool
is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0) {
            return true;
        }
    }
    return false;
}

/* Built-in functions that change nothing by themselves: what they call is seen. */
static const char *const reading_builtins[] = {
    "abs",        "all",        "any",
    "ascii",      "bin",        "callable",
    "chr",        "compile",    "dir",
    "divmod",     "eval",       "exec",
    "format",     "getattr",    "globals",
    "hasattr",    "hash",       "hex",
    "id",         "input",      "isinstance",
    "issubclass", "iter",       "len",
    "locals",     "max",        "min",
    "next",       "aiter",      "anext",
    "oct",        "open",       "ord",
    "pow",        "print",      "repr",
    "round",      "sorted",     "sum",
    "vars",       "__import__", "__build_class__",
    "breakpoint", NULL};

/* Modules whose functions change none of their arguments. */
static const char *const reading_modules[] = {
    "_codecs",      "_imp",        "_json",    "_sre",  "_stat",   "_thread",
    "_tracemalloc", "_warnings",   "_weakref", "cmath", "errno",   "gc",
    "itertools",    "marshal",     "math",     "posix", "sys",     "time",
    "_signal",      "unicodedata", "_abc",     "zlib",  "_string", "_locale",
    "_contextvars", "binascii",    NULL};

/* Functions that change their first argument and nothing else. */
static const char *const changing_modules[] = {"_heapq", "_bisect", "_operator", NULL};

/* Methods that change nothing, of any built-in container. */
static const char *const reading_methods[] = {"get",
                                              "keys",
                                              "values",
                                              "items",
                                              "copy",
                                              "index",
                                              "count",
                                              "union",
                                              "difference",
                                              "intersection",
                                              "isdisjoint",
                                              "issubset",
                                              "issuperset",
                                              "symmetric_difference",
                                              "__contains__",
                                              "__len__",
                                              "__getitem__",
                                              "__iter__",
                                              "__eq__",
                                              "__ne__",
                                              "__repr__",
                                              "__sizeof__",
                                              "__reversed__",
                                              "__reduce__",
                                              "__reduce_ex__",
                                              "__or__",
                                              "__and__",
                                              "__sub__",
                                              "__format__",
                                              "__dir__",
                                              "__getattribute__",
                                              "tobytes",
                                              "tolist",
                                              "decode",
                                              "hex",
                                              "startswith",
                                              "endswith",
                                              "find",
                                              "split",
                                              "__hash__",
                                              "__str__",
                                              "__lt__",
                                              "__le__",
                                              "__gt__",
                                              "__ge__",
                                              "__add__",
                                              "__mul__",
                                              NULL};

static const char *
module_of(PyObject *function)
{
    PyObject *self = PyCFunction_GET_SELF(function);
    const char *name = "";
    if (self != NULL && PyModule_Check(self)) {
        PyModuleDef *def = PyModule_GetDef(self);
        name = def != NULL && def->m_name != NULL ? def->m_name : "";
    }
    return name;
}

/* --- Iterators --- */

/* What an object of a type that is not looked into refers to. */
#define REFERENTS_MAX 16

struct referents {
    PyObject *obj[REFERENTS_MAX];
    size_t count;
};

static int
collect(PyObject *obj, void *ctx)
{
    struct referents *found = ctx;
    if (found->count < REFERENTS_MAX) {
        found->obj[found->count++] = obj;
    }
    return 0;
}

static bool
is_plain_iterator(PyTypeObject *type)
{
    return type == &PyListIter_Type || type == &PyTupleIter_Type
           || type == &PyRangeIter_Type || type == &PyDictIterKey_Type
           || type == &PyDictIterValue_Type || type == &PyDictIterItem_Type
           || type == &PySetIter_Type || type == &PyUnicodeIter_Type
           || type == &PyBytesIter_Type || type == &PyGen_Type || type == &PyCoro_Type
           || type == &PyAsyncGen_Type || type == &PySeqIter_Type;
}

/* A callable of C that may change something. */
static bool
is_c_callable(PyObject *obj)
{
    return PyCFunction_Check(obj) || Py_IS_TYPE(obj, &PyMethodDescr_Type)
           || Py_IS_TYPE(obj, &PyWrapperDescr_Type)
           || Py_IS_TYPE(obj, &_PyMethodWrapper_Type);
}

static void
touch_iterator(const struct rec_frame *frame, PyObject *iterable, int levels)
{
    PyTypeObject *type = Py_TYPE(iterable);
    if (type->tp_iternext == NULL || is_plain_iterator(type)
        || (type->tp_flags & Py_TPFLAGS_HEAPTYPE
            && ((PyHeapTypeObject *)type)->ht_module == NULL)
        || type->tp_traverse == NULL || levels == 0) {
        return;
    }
    struct referents found = {.count = 0};
    type->tp_traverse(iterable, collect, &found);
    bool calls_c = false;
    for (size_t i = 0; i < found.count; i++) {
        calls_c |= is_c_callable(found.obj[i])
                   || rec_type_is_c(Py_TYPE(found.obj[i]), "functools.partial");
    }
    for (size_t i = 0; i < found.count; i++) {
        PyObject *obj = found.obj[i];
        if (calls_c && PyCFunction_Check(obj)) {
            rec_touch_object(frame, PyCFunction_GET_SELF(obj), anywhere, true);
        }
        else if (calls_c) {
            rec_touch_object(frame, obj, anywhere, true);
            struct referents inner = {.count = 0};
            if (Py_TYPE(obj)->tp_traverse != NULL
                && rec_shadow_find(&rec.shadow, obj) == NULL) {
                Py_TYPE(obj)->tp_traverse(obj, collect, &inner);
            }
            for (size_t j = 0; j < inner.count; j++) {
                rec_touch_object(frame, inner.obj[j], anywhere, true);
            }
        }
        touch_iterator(frame, obj, levels - 1);
    }
}

void
rec_callee_touch_iterator(const struct rec_frame *frame, PyObject *iterable)
{
    if (Py_TYPE(iterable)->tp_iternext != NULL) {
        touch_iterator(frame, iterable, 4);
    }
}

/* --- Calls --- */

/* Arguments of code that calls and iterates, but changes nothing by itself. */
static void
touch_used(const struct rec_frame *frame, PyObject *const *arg, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (PyCFunction_Check(arg[i])) { /* key=seen.append */
            PyObject *self = PyCFunction_GET_SELF(arg[i]);
            if (self != NULL && !PyModule_Check(self)) {
                rec_touch_object(frame, self, anywhere, false);
            }
        }
        else if (Py_IS_TYPE(arg[i],
                            &PyMethodDescr_Type)) { /* sorted(lists, key=list.pop) */
            for (size_t j = 0; j < count; j++) {
                rec_touch_object(frame, arg[j], anywhere, true);
            }
        }
        else {
            rec_callee_touch_iterator(frame, arg[i]);
        }
    }
}

static void
touch_all(const struct rec_frame *frame, PyObject *const *arg, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rec_touch_object(frame, arg[i], anywhere, true);
    }
    touch_used(frame, arg, count);
}

static bool
is_immutable(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    return type == &PyUnicode_Type || type == &PyBytes_Type || type == &PyLong_Type
           || type == &PyFloat_Type || type == &PyTuple_Type
           || type == &PyFrozenSet_Type || type == &PyBool_Type || type == &PyRange_Type
           || type == &PyComplex_Type || type == &PySlice_Type;
}

static void
touch_method(const struct rec_frame *frame, PyObject *self, const char *name,
             PyObject *const *arg, size_t count)
{
    struct rec_obj *known = rec_shadow_find(&rec.shadow, self);
    if (known != NULL && !is_immutable(self)) {
        bool reads =
            is_one_of(name, reading_methods) && Py_TYPE(self) == known->type->base;
        struct rec_hint hint = anywhere;
        bool pops = strcmp(name, "pop") == 0 && count == 0;
        if (PyList_CheckExact(self)
            && (pops || strcmp(name, "append") == 0 || strcmp(name, "extend") == 0)) {
            hint = (struct rec_hint){REC_HINT_TAIL, PyList_GET_SIZE(self) - pops};
        }
        if (!reads) {
            rec_touch_object(frame, self, hint, false);
        }
    }
    else if (known == NULL && !is_immutable(self) && !PyType_Check(self)) {
        /* What it does with its arguments is its own business: file.readinto(buffer). */
        touch_all(frame, arg, count);
        return;
    }
    touch_used(frame, arg, count);
}

static void
touch_function(const struct rec_frame *frame, PyObject *function, PyObject *const *arg,
               size_t count)
{
    const char *name = ((PyCFunctionObject *)function)->m_ml->ml_name;
    PyObject *self = PyCFunction_GET_SELF(function);
    if (self != NULL && !PyModule_Check(self)) {
        touch_method(frame, self, name, arg, count);
        return;
    }
    const char *module = module_of(function);
    bool builtin = strcmp(module, "builtins") == 0;
    if ((builtin && is_one_of(name, reading_builtins))
        || is_one_of(module, reading_modules)) {
        touch_used(frame, arg, count);
    }
    else if ((builtin || is_one_of(module, changing_modules)) && count > 0) {
        rec_touch_object(frame, arg[0], anywhere,
                         false); /* setattr, heappush, setitem */
        touch_used(frame, arg, count);
    }
    else {
        touch_all(frame, arg, count);
    }
}

/* Slots in Python: the code behind has its own events. */
static bool
is_python_callable(PyObject *callable)
{
    PyTypeObject *type = Py_TYPE(callable);
    return type == &PyFunction_Type
           || (type->tp_flags & Py_TPFLAGS_HEAPTYPE && !PyType_Check(callable)
               && ((PyHeapTypeObject *)type)->ht_module == NULL);
}

static void
touch_callee(const struct rec_frame *frame, PyObject *callable, PyObject *const *arg,
             size_t count, int levels)
{
    PyTypeObject *type = Py_TYPE(callable);
    if (is_python_callable(callable)) {
        return;
    }
    if (type == &PyMethod_Type) {
        PyObject *function = PyMethod_GET_FUNCTION(callable);
        if (!is_python_callable(function)) {
            rec_touch_object(frame, PyMethod_GET_SELF(callable), anywhere, true);
            touch_all(frame, arg, count);
        }
    }
    else if (PyCFunction_Check(callable)) {
        touch_function(frame, callable, arg, count);
    }
    else if (type == &PyMethodDescr_Type && count > 0) {
        const char *name = ((PyMethodDescrObject *)callable)->d_method->ml_name;
        touch_method(frame, arg[0], name, arg + 1, count - 1);
    }
    else if (type == &PyWrapperDescr_Type && count > 0) {
        rec_touch_object(frame, arg[0], anywhere, false);
        touch_used(frame, arg + 1, count - 1);
    }
    else if (PyType_Check(callable)) {
        touch_used(frame, arg, count);
    }
    else if (rec_type_is_c(type, "functools._lru_cache_wrapper")
             || rec_type_is_c(type, "operator.itemgetter")
             || rec_type_is_c(type, "operator.attrgetter")
             || rec_type_is_c(type, "_json.Scanner")
             || rec_type_is_c(type, "_json.Encoder")) {
        touch_used(frame, arg, count);
    }
    else {
        /* Unknown: whatever can be reached from it and its arguments. */
        struct referents inner = {.count = 0};
        rec_touch_object(frame, callable, anywhere, true);
        if (type->tp_traverse != NULL) {
            type->tp_traverse(callable, collect, &inner);
        }
        for (size_t i = 0; i < inner.count && levels > 0; i++) {
            rec_touch_object(frame, inner.obj[i], anywhere, true);
            if (PyCFunction_Check(inner.obj[i])) {
                touch_callee(frame, inner.obj[i], arg, count, levels - 1);
            }
        }
        touch_all(frame, arg, count);
    }
}

void
rec_callee_touch(const struct rec_frame *frame, PyObject *callable,
                 PyObject *const *arg, size_t arg_count)
{
    touch_callee(frame, callable, arg, arg_count, 3);
}
