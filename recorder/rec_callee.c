#include "rec_callee.h"

#include "rec_intercept.h"
#include "rec_key.h"

#include "rec_touch.h"
#include "rec_type.h"

static const struct rec_hint anywhere = {.sort = REC_HINT_NONE};

/* --- Names --- */
/* The names of C code lie where they are for good, nearly always: a copy tells. */
#define NAMES_JUDGED 512
#define NAME_BYTES   24

static struct {
    const char *name;
    const char *const *names;
    char copy[NAME_BYTES];
    bool found;
} judged[NAMES_JUDGED];

static bool
find_name(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_one_of(const char *name, const char *const *names)
{
    size_t at = ((uintptr_t)name ^ (uintptr_t)names >> 3) % NAMES_JUDGED;
    if (judged[at].name != name || judged[at].names != names
        || strcmp(judged[at].copy, name) != 0) {
        bool found = find_name(name, names);
        size_t len = strlen(name);
        if (len >= NAME_BYTES) {
            return found;
        }
        judged[at].name = name;
        judged[at].names = names;
        judged[at].found = found;
        memcpy(judged[at].copy, name, len + 1);
    }
    return judged[at].found;
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
    "_asyncio", "_codecs",      "_imp",        "_json",    "_sre",  "_stat",
    "_thread",  "_tracemalloc", "_warnings",   "_weakref", "cmath", "errno",
    "gc",       "itertools",    "marshal",     "math",     "posix", "sys",
    "time",     "_signal",      "unicodedata", "_abc",     "zlib",  "_string",
    "_locale",  "_contextvars", "binascii",    NULL};

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

/* --- What hides in objects that are not looked into --- */

/* So many objects are followed from one, and so far. */
#define REACH_MAX    64
#define REACH_LEVELS 4

struct reach {
    struct rec_frame *frame;
    PyObject *obj[REACH_MAX];
    size_t count;
};

static int
collect(PyObject *obj, void *ctx)
{
    struct reach *reach = ctx;
    for (size_t i = 0; i < reach->count; i++) {
        if (reach->obj[i] == obj) {
            return 0;
        }
    }
    if (reach->count == REACH_MAX) {
        return 1;
    }
    reach->obj[reach->count++] = obj;
    return 0;
}

/* Slots in Python: the code behind has its own events. */
static bool
is_python_callable(PyObject *callable)
{
    PyTypeObject *type = Py_TYPE(callable);
    return type == &PyFunction_Type
           || (!PyType_Check(callable) && !rec_py_is_c_type(type));
}

/* Objects that lead to all of the program. */
static bool
is_end_of_reach(PyObject *obj)
{
    return PyModule_Check(obj) || PyType_Check(obj) || Py_IS_TYPE(obj, &PyFunction_Type)
           || Py_IS_TYPE(obj, &PyFrame_Type) || Py_IS_TYPE(obj, &PyCode_Type);
}

/* An object and all that can be reached from it: through what was recorded, and as far as it
 * was not, through what CPython's collector would follow. */
static void
touch_reach(struct rec_frame *frame, PyObject *first)
{
    struct reach reach = {.frame = frame, .obj = {first}, .count = 1};
    size_t level_end = 1;
    int level = 0;
    for (size_t i = 0; i < reach.count; i++) {
        PyObject *obj = reach.obj[i];
        if (i == level_end) {
            level_end = reach.count;
            level++;
        }
        if (is_end_of_reach(obj)) {
            continue;
        }
        bool known = rec_touch_object(frame, obj, anywhere, true);
        bool container = PyList_Check(obj) || PyDict_Check(obj) || PyAnySet_Check(obj);
        if (level < REACH_LEVELS && Py_TYPE(obj)->tp_traverse != NULL
            && !(known && (container || is_python_callable(obj))) && !PyGen_Check(obj)
            && !PyCoro_CheckExact(obj)) {
            Py_TYPE(obj)->tp_traverse(obj, collect, &reach);
        }
    }
}

/* Objects of C that hide what they hold: to run a step of a task or a function in a context, or
 * to match a pattern, changes nothing that is recorded, but for what the code does that it
 * calls. */
static bool
is_closed(PyObject *obj)
{
    static const char *const names[] = {"_asyncio.Task",
                                        "_asyncio.Future",
                                        "_asyncio.TaskStepMethWrapper",
                                        "TaskStepMethWrapper",
                                        "re.Match",
                                        "re.Pattern",
                                        "_sre.SRE_Scanner",
                                        NULL};
    PyTypeObject *type = Py_TYPE(obj);
    return type == &PyContext_Type
           || (is_one_of(type->tp_name, names) && rec_py_is_c_type(type));
}

/* A callable of C that may change something. */
static bool
is_c_callable(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    PyObject *self = PyCFunction_Check(obj) ? PyCFunction_GET_SELF(obj) : NULL;
    return type->tp_call != NULL && !PyType_Check(obj) && !is_python_callable(obj)
           && !is_closed(self != NULL ? self : obj)
           && !(type == &PyMethod_Type
                && is_python_callable(PyMethod_GET_FUNCTION(obj)));
}

void
rec_callee_touch_iterator(struct rec_frame *frame, PyObject *iterator)
{
    struct reach found = {.count = 0};
    bool calls_c = false;
    Py_TYPE(iterator)->tp_traverse(iterator, collect, &found);
    for (size_t i = 0; i < found.count; i++) {
        calls_c |= is_c_callable(found.obj[i]);
    }
    if (calls_c) {
        touch_reach(frame, iterator);
    }
}

/* --- Calls --- */

/* Arguments of code that calls them, but changes nothing by itself: key=seen.append. */
static void
touch_used(struct rec_frame *frame, PyObject *const *arg, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_c_callable(arg[i])) {
            continue;
        }
        touch_reach(frame, arg[i]);
        for (size_t j = 0; j < count; j++) { /* sorted(lists, key=list.pop) */
            touch_reach(frame, arg[j]);
        }
    }
}

static void
touch_all(struct rec_frame *frame, PyObject *const *arg, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        touch_reach(frame, arg[i]);
    }
}

bool
rec_callee_is_immutable(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    return type == &PyUnicode_Type || type == &PyBytes_Type || type == &PyLong_Type
           || type == &PyFloat_Type || type == &PyTuple_Type
           || type == &PyFrozenSet_Type || type == &PyBool_Type || type == &PyRange_Type
           || type == &PyComplex_Type || type == &PySlice_Type;
}

static bool
is_deque(PyTypeObject *type)
{
    return rec_type_is_c(type, "collections.deque");
}

static bool
is_defaultdict(PyTypeObject *type)
{
    return rec_type_is_c(type, "collections.defaultdict");
}

static struct rec_hint
list_hint(PyObject *list, const char *name, PyObject *first, size_t count)
{
    bool pops = strcmp(name, "pop") == 0, inserts = strcmp(name, "insert") == 0;
    int64_t index = 0, size = PyList_GET_SIZE(list);
    if ((pops && count == 0) || strcmp(name, "append") == 0
        || strcmp(name, "extend") == 0) {
        return (struct rec_hint){.sort = REC_HINT_TAIL, .index = pops};
    }
    if ((!pops && !inserts) || first == NULL || !PyLong_CheckExact(first)
        || !rec_py_int64(first, &index)) {
        return anywhere;
    }
    index += index < 0 ? size : 0;
    if (pops) {
        return (struct rec_hint){.sort = REC_HINT_GONE, .index = index};
    }
    index = index < 0 ? 0 : index > size ? size : index;
    return (struct rec_hint){.sort = REC_HINT_COME, .index = index};
}

/* Which place of the receiver a method changes at most. */
static struct rec_hint
method_hint(PyObject *self, const char *name, PyObject *first, size_t count)
{
    static const char *const of_key[] = {"setdefault", "__setitem__", NULL};
    static const char *const of_gone[] = {"pop", "__delitem__", NULL};
    static const char *const of_order[] = {"move_to_end", "popitem", NULL};
    static const char *const of_set[] = {"add", "discard", "remove", "pop", NULL};
    static const char *const at_end[] = {"append", "pop", NULL};
    static const char *const at_begin[] = {"appendleft", "popleft", NULL};
    if (PyList_CheckExact(self)) {
        return list_hint(self, name, first, count);
    }
    if (PyDict_CheckExact(self) || is_defaultdict(Py_TYPE(self))) {
        return strcmp(name, "popitem") == 0
                   ? (struct rec_hint){.sort = REC_HINT_TAIL, .index = 1}
               : first != NULL && is_one_of(name, of_key)
                   ? rec_touch_item_hint(self, first)
               : first != NULL && is_one_of(name, of_gone)
                   ? rec_touch_gone_hint(self, first)
                   : anywhere;
    }
    if (Py_IS_TYPE(self, &PySet_Type)) {
        Py_hash_t hash;
        return !is_one_of(name, of_set) ? anywhere
               : first != NULL && rec_key_hash(first, &hash)
                   ? (struct rec_hint){.sort = REC_HINT_HASH, .index = hash}
                   : (struct rec_hint){.sort = REC_HINT_ONE};
    }
    if (Py_IS_TYPE(self, &PyODict_Type)) {
        return is_one_of(name, of_order) ? (struct rec_hint){.sort = REC_HINT_MOVE}
                                         : anywhere;
    }
    return !is_deque(Py_TYPE(self)) ? anywhere
           : is_one_of(name, at_end)
               ? (struct rec_hint){.sort = REC_HINT_TAIL, .index = 0}
           : is_one_of(name, at_begin) ? (struct rec_hint){.sort = REC_HINT_HEAD}
                                       : anywhere;
}

static void
touch_method(struct rec_frame *frame, PyObject *self, const char *name,
             PyObject *const *arg, size_t count)
{
    struct rec_obj *known = rec_shadow_find(&rec.shadow, self);
    if (known != NULL && !rec_callee_is_immutable(self)) {
        bool reads =
            is_one_of(name, reading_methods) && Py_TYPE(self) == known->type->base;
        if (!reads) {
            rec_touch_object(frame, self,
                             method_hint(self, name, count > 0 ? arg[0] : NULL, count),
                             false);
        }
    }
    else if (known == NULL && !rec_callee_is_immutable(self) && !PyType_Check(self)
             && !is_closed(self)) {
        /* What it does with its arguments is its own business: file.readinto(buffer). */
        rec_touch_object(frame, self, anywhere, false);
        touch_all(frame, arg, count);
        return;
    }
    touch_used(frame, arg, count);
}

struct rec_hint
rec_callee_first_hint(PyObject *function)
{
    static const char *const of_heap[] = {"heappush",
                                          "heappop",
                                          "heapreplace",
                                          "heappushpop",
                                          "_heappop_max",
                                          "_heapreplace_max",
                                          "heappush_max",
                                          "heappop_max",
                                          "heapreplace_max",
                                          "heappushpop_max",
                                          NULL};
    static const char *const heap_module[] = {"_heapq", NULL};
    return is_one_of(((PyCFunctionObject *)function)->m_ml->ml_name, of_heap)
                   && is_one_of(module_of(function), heap_module)
               ? (struct rec_hint){.sort = REC_HINT_HEAP}
               : anywhere;
}

static void
touch_function(struct rec_frame *frame, PyObject *function, PyObject *const *arg,
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
        rec_touch_object(frame, arg[0], rec_callee_first_hint(function),
                         false); /* setattr, heappush, setitem */
        touch_used(frame, arg, count);
    }
    else {
        touch_all(frame, arg, count);
    }
}

static bool
is_partial_of_python(PyObject *callable)
{
    PyObject *inner = rec_type_is_c(Py_TYPE(callable), "functools.partial")
                          ? rec_py_wrapped_function(callable)
                          : NULL;
    return inner != NULL && (is_python_callable(inner) || PyType_Check(inner));
}

static void
touch_callee(struct rec_frame *frame, PyObject *callable, PyObject *const *arg,
             size_t count)
{
    PyTypeObject *type = Py_TYPE(callable);
    if (is_python_callable(callable) || is_partial_of_python(callable)) {
        return;
    }
    if (type == &PyMethod_Type) {
        PyObject *function = PyMethod_GET_FUNCTION(callable);
        if (!is_python_callable(function)) {
            touch_reach(frame, callable);
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
        rec_intercept_iterator((PyTypeObject *)callable);
        touch_used(frame, arg, count);
    }
    else if (rec_type_is_c(type, "functools._lru_cache_wrapper")
             || rec_type_is_c(type, "operator.itemgetter")
             || rec_type_is_c(type, "operator.attrgetter")
             || rec_type_is_c(type, "_json.Scanner")
             || rec_type_is_c(type, "_json.Encoder")) {
        touch_used(frame, arg, count);
    }
    else { /* unknown: whatever can be reached from it and its arguments */
        touch_reach(frame, callable);
        touch_all(frame, arg, count);
    }
}

void
rec_callee_touch(struct rec_frame *frame, PyObject *callable, PyObject *const *arg,
                 size_t arg_count)
{
    touch_callee(frame, callable, arg, arg_count);
}

/* --- Judging a call before it is made --- */

/* What C code of that name does, whatever it is called with. */
enum habit {
    HABIT_UNKNOWN,
    HABIT_READS,   /* built-in function that changes nothing and calls no argument */
    HABIT_LENGTH,  /* likewise, and gives a scalar */
    HABIT_CALLS,   /* changes nothing itself, but calls what it is given */
    HABIT_FIRST,   /* changes its first argument */
    HABIT_CHANGES, /* method: may change self */
    HABIT_TEXT,    /* method that reads; of a str it gives a str */
};

static const char *const calling_builtins[] = {"sorted", "max", "min", "iter", NULL};
static const char *const scalar_builtins[] = {
    "len", "isinstance", "issubclass", "hasattr", "callable", "repr", "ascii", "bin",
    "oct", "hex",        "chr",        "ord",     "id",       "hash", "print", NULL};
static const char *const text_methods[] = {
    "strip",      "lstrip",   "rstrip",     "lower",    "upper",        "replace",
    "join",       "format",   "title",      "center",   "capitalize",   "zfill",
    "ljust",      "rjust",    "encode",     "casefold", "removeprefix", "removesuffix",
    "expandtabs", "swapcase", "startswith", "endswith", "find",         "index",
    "count",      "isdigit",  "isalpha",    NULL};

static enum habit
function_habit(PyObject *function, const char *name)
{
    const char *module = module_of(function);
    bool builtin = strcmp(module, "builtins") == 0;
    if (builtin && is_one_of(name, calling_builtins)) {
        return HABIT_CALLS;
    }
    if (builtin && is_one_of(name, scalar_builtins)) {
        return HABIT_LENGTH;
    }
    if ((builtin && is_one_of(name, reading_builtins))
        || is_one_of(module, reading_modules)) {
        return HABIT_READS;
    }
    return builtin || is_one_of(module, changing_modules) ? HABIT_FIRST : HABIT_UNKNOWN;
}

static enum rec_calls
judge_function(PyObject *function, bool names, struct rec_judged *memory)
{
    PyMethodDef *def = ((PyCFunctionObject *)function)->m_ml;
    if (memory->def != def) {
        memory->habit = (uint8_t)function_habit(function, def->ml_name);
        memory->def = def;
    }
    switch ((enum habit)memory->habit) {
    case HABIT_READS: return REC_CALLS_NOTHING;
    case HABIT_LENGTH: return REC_CALLS_SCALAR;
    case HABIT_CALLS: return REC_CALLS_ARGS;
    case HABIT_FIRST: return names ? REC_CALLS_ALL : REC_CALLS_FIRST;
    default: return REC_CALLS_ALL;
    }
}

static enum rec_calls
judge_method(PyObject *self, PyMethodDef *def, bool names, struct rec_judged *memory)
{
    if (memory->def != def) {
        memory->habit = is_one_of(def->ml_name, text_methods)      ? HABIT_TEXT
                        : is_one_of(def->ml_name, reading_methods) ? HABIT_READS
                                                                   : HABIT_CHANGES;
        memory->def = def;
    }
    if (rec_callee_is_immutable(self)) {
        return memory->habit == HABIT_TEXT && PyUnicode_CheckExact(self)
                   ? REC_CALLS_SCALAR
                   : REC_CALLS_NOTHING;
    }
    if (names || PyType_Check(self)) {
        return REC_CALLS_ALL;
    }
    PyTypeObject *type = Py_TYPE(self);
    if (type == &PyList_Type || type == &PyDict_Type || type == &PySet_Type
        || type == &PyByteArray_Type || type == &PyODict_Type || is_deque(type)
        || is_defaultdict(type)) {
        return memory->habit != HABIT_CHANGES ? REC_CALLS_NOTHING : REC_CALLS_SELF;
    }
    return is_closed(self) ? REC_CALLS_ARGS : REC_CALLS_ALL;
}

static enum rec_calls
judge_class(PyTypeObject *class, struct rec_judged *memory)
{
    uint64_t version = rec_py_type_version(class);
    if (memory->def != class || memory->version != version || version == 0) {
        rec_intercept_iterator(class);
        memory->def = class;
        memory->version = version;
        memory->habit = rec_py_is_plain_class(class);
    }
    return memory->habit ? REC_CALLS_CLASS : REC_CALLS_NOTHING;
}

enum rec_calls
rec_callee_judge(PyObject *callable, PyObject *self, bool names,
                 struct rec_judged *memory)
{
    PyTypeObject *type = Py_TYPE(callable);
    if (PyType_Check(callable)) {
        return judge_class((PyTypeObject *)callable, memory);
    }
    if (self != NULL && type == &PyMethodDescr_Type) {
        return judge_method(self, ((PyMethodDescrObject *)callable)->d_method, names,
                            memory);
    }
    if (is_python_callable(callable)) {
        return REC_CALLS_NOTHING;
    }
    if (type == &PyMethod_Type) {
        return is_python_callable(PyMethod_GET_FUNCTION(callable)) ? REC_CALLS_NOTHING
                                                                   : REC_CALLS_ALL;
    }
    if (PyCFunction_Check(callable)) {
        PyObject *of = PyCFunction_GET_SELF(callable);
        return of == NULL || PyModule_Check(of)
                   ? judge_function(callable, names, memory)
                   : judge_method(of, ((PyCFunctionObject *)callable)->m_ml, names,
                                  memory);
    }
    if (is_partial_of_python(callable)) {
        return REC_CALLS_NOTHING;
    }
    return REC_CALLS_ALL;
}

struct rec_hint
rec_callee_hint(PyObject *callable, PyObject *self, PyObject *first, size_t arg_count)
{
    const PyMethodDef *def = Py_IS_TYPE(callable, &PyMethodDescr_Type)
                                 ? ((PyMethodDescrObject *)callable)->d_method
                                 : ((PyCFunctionObject *)callable)->m_ml;
    return method_hint(self != NULL ? self : PyCFunction_GET_SELF(callable),
                       def->ml_name, first, arg_count);
}
