#include "rec_read.h"

#include "rec_frames.h"
#include "rec_layout.h"
#include "rec_values.h"
#include "rec_view.h"

/* --- Containers --- */
static void
read_array(PyObject *const *item, Py_ssize_t count, uint64_t max_items)
{
    uint64_t kept = (uint64_t)count < max_items ? (uint64_t)count : max_items;
    for (uint64_t i = 0; i < kept; i++) {
        rec_view_put_obj(item[i]);
    }
    rec.view.more = (uint64_t)count - kept;
}

static void
read_dict(PyObject *dict, uint64_t max_items)
{
    PyObject *key, *value;
    Py_ssize_t pos = 0;
    uint64_t kept = 0;
    while (kept < max_items && PyDict_Next(dict, &pos, &key, &value)) {
        rec_view_put_obj(key);
        rec_view_put_obj(value);
        kept++;
    }
    rec.view.more = (uint64_t)PyDict_GET_SIZE(dict) - kept;
}

/* The value of `key`, a key that is in the dict, by identity. *pos: where to look first. */
static PyObject *
dict_value_of(PyObject *dict, PyObject *key, Py_ssize_t *pos)
{
    PyObject *at, *value;
    for (int round = 0; round < 2; round++) {
        while (PyDict_Next(dict, pos, &at, &value)) {
            if (at == key) {
                return value;
            }
        }
        *pos = 0;
    }
    return NULL;
}

static void
read_odict(PyObject *odict, uint64_t max_items)
{
    PyObject *key;
    void *node = NULL;
    Py_ssize_t pos = 0;
    uint64_t kept = 0;
    while (kept < max_items && (key = rec_odict_next(odict, &node)) != NULL) {
        rec_view_put_obj(key);
        rec_view_put_obj(dict_value_of(odict, key, &pos));
        kept++;
    }
    rec.view.more = (uint64_t)PyDict_GET_SIZE(odict) - kept;
}

static void
read_set(PyObject *set, uint64_t max_items)
{
    PyObject *key;
    Py_hash_t hash;
    Py_ssize_t pos = 0;
    uint64_t kept = 0;
    while (kept < max_items && rec_py_set_next(set, &pos, &key, &hash)) {
        rec_view_put_obj(key);
        kept++;
    }
    rec.view.more = (uint64_t)PySet_GET_SIZE(set) - kept;
}

static void
read_deque(PyObject *deque, uint64_t max_items)
{
    struct rec_deque_pos pos;
    PyObject *item;
    Py_ssize_t maxlen = rec_deque_maxlen(deque);
    if (maxlen < 0) {
        rec_view_put_obj(Py_None);
    }
    else {
        rec_view_put_int(maxlen);
    }
    rec_deque_start(deque, &pos);
    uint64_t kept = 0;
    while (kept < max_items && (item = rec_deque_next(&pos)) != NULL) {
        rec_view_put_obj(item);
        kept++;
    }
    rec.view.more = (uint64_t)Py_SIZE(deque) - kept;
}

/* --- Code --- */

/* A default of an argument that has the name of a secret. */
static bool
has_secret_default(PyFunctionObject *function)
{
    PyCodeObject *code = (PyCodeObject *)function->func_code;
    PyObject *defaults = function->func_defaults;
    if (defaults == NULL || !PyTuple_Check(defaults)) {
        return false;
    }
    Py_ssize_t end = code->co_argcount, count = PyTuple_GET_SIZE(defaults);
    for (Py_ssize_t i = count < end ? end - count : 0; i < end; i++) {
        struct rec_src name = rec_src_obj(rec_py_code_slot_name(code, (uint32_t)i));
        if (rec_value_is_secret(&name)) {
            return true;
        }
    }
    return false;
}

static void
read_function(PyObject *obj)
{
    PyFunctionObject *function = (PyFunctionObject *)obj;
    rec_view_put_obj(function->func_qualname);
    rec_view_put_obj_or_none(function->func_module);
    rec_view_put_obj(Py_None);
    if (has_secret_default(function)) {
        rec_view_put((struct rec_src){.sort = SRC_REDACTED});
    }
    else {
        rec_view_put_obj_or_none(function->func_defaults);
    }
    rec_view_put_obj_or_none(function->func_kwdefaults);
    if (function->func_dict != NULL && PyDict_Check(function->func_dict)) {
        PyObject *key, *value;
        Py_ssize_t pos = 0;
        while (PyDict_Next(function->func_dict, &pos, &key, &value)) {
            rec_view_put_attr(rec_src_obj(key), value);
        }
    }
}

static void
read_builtin(PyObject *obj)
{
    PyCFunctionObject *function = (PyCFunctionObject *)obj;
    PyObject *self = PyCFunction_GET_SELF(obj);
    rec_view_put_c_text(function->m_ml->ml_name);
    rec_view_put_obj(self == NULL || PyModule_Check(self) ? Py_None : self);
}

static PyObject *
member_at(PyObject *obj, Py_ssize_t offset)
{
    PyObject *value = *(PyObject **)((char *)obj + offset);
    return value != NULL ? value : Py_None;
}

static void
read_module(PyObject *module)
{
    PyObject *dict = PyModule_GetDict(module), *name = NULL, *file = NULL;
    if (dict != NULL) {
        PyObject *key, *value;
        Py_ssize_t pos = 0;
        while ((name == NULL || file == NULL)
               && PyDict_Next(dict, &pos, &key, &value)) {
            if (PyUnicode_CheckExact(key) && PyUnicode_IS_READY(key)) {
                name = rec_py_str_is(key, "__name__") ? value : name;
                file = rec_py_str_is(key, "__file__") ? value : file;
            }
        }
    }
    rec_view_put_obj_or_none(name);
    rec_view_put_obj_or_none(file);
}

/* Attributes that are data: what a class statement binds besides functions and what makes
 * the class itself. */
static bool
is_class_data(PyObject *name, PyObject *value)
{
    if (!PyUnicode_CheckExact(name) || !PyUnicode_IS_READY(name)
        || PyUnicode_GET_LENGTH(name) == 0) {
        return false;
    }
    if (PyUnicode_GET_LENGTH(name) > 1 && PyUnicode_READ_CHAR(name, 0) == '_'
        && PyUnicode_READ_CHAR(name, 1) == '_') {
        return false;
    }
    PyTypeObject *type = Py_TYPE(value);
    return type != &PyFunction_Type && type->tp_descr_get == NULL
           && type != &PyClassMethod_Type && type != &PyStaticMethod_Type;
}

static void
read_class(PyObject *obj, uint64_t max_items)
{
    PyTypeObject *type = (PyTypeObject *)obj;
    struct rec_type *of = rec_type_of(type);
    PyObject *key, *value, *module = NULL;
    Py_ssize_t pos = 0;
    bool own = !rec_py_is_c_type(type) && type->tp_dict != NULL;
    while (own && PyDict_Next(type->tp_dict, &pos, &key, &value)) {
        if (PyUnicode_CheckExact(key) && PyUnicode_IS_READY(key)
            && rec_py_str_is(key, "__module__")) {
            module = value;
        }
        else if (rec.view.attr_count < max_items * 2 && is_class_data(key, value)) {
            rec_view_put_attr(rec_src_obj(key), value);
        }
    }
    if (module != NULL) {
        rec_view_put_obj(module);
        rec_view_put_obj(((PyHeapTypeObject *)type)->ht_qualname);
    }
    else {
        const char *dot = strrchr(type->tp_name, '.');
        rec_view_put_c_text(dot != NULL ? "" : "builtins");
        rec_view_put_c_text(type->tp_name);
    }
    rec_view_put_int(of != NULL ? (int64_t)of->id : 0);
}

static void
read_generator(PyObject *generator)
{
    PyFrameObject *frame = rec_py_generator_frame(generator);
    const struct rec_frame *known = frame != NULL ? rec_frame_of(frame) : NULL;
    rec_view_put_obj_or_none(rec_py_generator_qualname(generator));
    if (known != NULL) {
        rec_view_put_int((int64_t)known->id);
    }
    else {
        rec_view_put_obj(Py_None);
    }
}

/* --- Attributes --- */
static void
read_attrs(PyObject *obj, const struct rec_type *type, uint64_t max_items)
{
    bool is_enum = type->category == TF_CAT_ENUM || type->category == TF_CAT_FLAG;
    PyObject *key, *value, *dict = type->has_dict ? rec_py_instance_dict(obj) : NULL;
    Py_ssize_t pos = 0;
    while (type->has_dict && rec.view.attr_count < 2 * max_items
           && (dict != NULL ? PyDict_Next(dict, &pos, &key, &value)
                            : rec_py_inline_attr_next(obj, &pos, &key, &value))) {
        if (!is_enum || !rec_is_enum_machinery(key)) {
            rec_view_put_attr(rec_src_obj(key), value);
        }
    }
    for (uint32_t i = 0; i < type->slot_count; i++) {
        const struct rec_slot_member *slot = &type->slot[i];
        PyObject *at = *(PyObject **)((char *)obj + slot->offset);
        if (at != NULL) {
            rec_view_put_attr(rec_src_obj(slot->interned), at);
        }
    }
}

static void
start(void)
{
    struct rec_view *view = &rec.view;
    view->item_count = view->attr_count = 0;
    view->more = 0;
    view->note = TF_ELIDE_NONE;
    view->failed = false;
}

void
rec_read_namespace(PyObject *dict)
{
    start();
    read_dict(dict, UINT64_MAX);
}

static void
hide_items(uint64_t which)
{
    for (size_t i = 0; which >> i != 0 && i < rec.view.item_count && i < 64; i++) {
        if (which >> i & 1) {
            rec_value_hide(&rec.view.item[i]);
        }
    }
}

void
rec_read(PyObject *obj, const struct rec_type *type, uint64_t max_items)
{
    start();
    if (type->secret) {
        rec.view.note = TF_ELIDE_REDACTED;
        return;
    }
    if (!rec_layout_known(type->base, (enum tf_category)type->category)) {
        rec.view.note = TF_ELIDE_OPAQUE;
        return;
    }
    switch ((enum tf_category)type->category) {
    case TF_CAT_LIST:
        read_array(((PyListObject *)obj)->ob_item, PyList_GET_SIZE(obj), max_items);
        break;
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE:
        read_array(((PyTupleObject *)obj)->ob_item, PyTuple_GET_SIZE(obj), max_items);
        hide_items(type->secret_items);
        break;
    case TF_CAT_DEFAULTDICT:
        rec_view_put_obj(member_at(obj, type->member[0]));
        rec_view_put_obj(Py_None);
        read_dict(obj, max_items);
        break;
    case TF_CAT_DICT:
    case TF_CAT_COUNTER: read_dict(obj, max_items); break;
    case TF_CAT_NAMESPACE: read_dict(obj, UINT64_MAX); break;
    case TF_CAT_ORDEREDDICT: read_odict(obj, max_items); break;
    case TF_CAT_SET:
    case TF_CAT_FROZENSET: read_set(obj, max_items); break;
    case TF_CAT_DEQUE: read_deque(obj, max_items); break;
    case TF_CAT_BYTEARRAY:
        rec_view_put((struct rec_src){.sort = SRC_AS_BYTES, .obj = obj});
        break;
    case TF_CAT_RANGE:
    case TF_CAT_SLICE: {
        struct {
            PyObject_HEAD PyObject *start, *stop, *step;
        } *s = (void *)
            obj; /* both begin so: Objects/rangeobject.c, Include/sliceobject.h */

        rec_view_put_obj(s->start);
        rec_view_put_obj(s->stop);
        rec_view_put_obj(s->step);
        break;
    }
    case TF_CAT_CELL: rec_view_put_obj(PyCell_GET(obj)); break;
    case TF_CAT_FUNCTION: read_function(obj); break;
    case TF_CAT_BUILTIN: read_builtin(obj); break;
    case TF_CAT_METHOD:
        rec_view_put_obj(PyMethod_GET_FUNCTION(obj));
        rec_view_put_obj(PyMethod_GET_SELF(obj));
        break;
    case TF_CAT_PARTIAL:
        for (int i = 0; i < 3; i++) {
            rec_view_put_obj(member_at(obj, type->member[i]));
        }
        break;
    case TF_CAT_MODULE: read_module(obj); break;
    case TF_CAT_CLASS: read_class(obj, max_items); break;
    case TF_CAT_EXCEPTION: rec_read_exception(obj); break;
    case TF_CAT_ENUM:
    case TF_CAT_FLAG: rec_read_enum(obj); break;
    case TF_CAT_INT:
        rec_view_put((struct rec_src){.sort = SRC_AS_INT, .obj = obj});
        break;
    case TF_CAT_FLOAT:
        rec_view_put(
            (struct rec_src){.sort = SRC_REAL, .real = PyFloat_AS_DOUBLE(obj)});
        break;
    case TF_CAT_COMPLEX:
        rec_view_put((struct rec_src){.sort = SRC_AS_COMPLEX, .obj = obj});
        break;
    case TF_CAT_STR:
        rec_view_put((struct rec_src){.sort = SRC_AS_STR, .obj = obj});
        break;
    case TF_CAT_BYTES:
        rec_view_put((struct rec_src){.sort = SRC_AS_BYTES, .obj = obj});
        break;
    case TF_CAT_DATE: rec_read_date(obj); break;
    case TF_CAT_TIME: rec_read_time(obj); break;
    case TF_CAT_DATETIME: rec_read_datetime(obj); break;
    case TF_CAT_TIMEDELTA: rec_read_timedelta(obj); break;
    case TF_CAT_TIMEZONE:
        rec_view_put_obj(rec_timezone_offset(obj));
        rec_view_put_obj_or_none(rec_timezone_name(obj));
        break;
    case TF_CAT_DECIMAL: rec_read_decimal(obj); break;
    case TF_CAT_UUID: rec_read_uuid(obj); break;
    case TF_CAT_PATH: rec_read_path(obj); break;
    case TF_CAT_PATTERN:
        rec_view_put_obj(member_at(obj, type->member[0]));
        rec_view_put_int(*(int *)((char *)obj + type->member[1]));
        break;
    case TF_CAT_ARRAY: rec_read_exporter(obj, max_items); break;
    case TF_CAT_MEMORYVIEW: rec_read_memoryview(obj, max_items); break;
    case TF_CAT_GENERATOR: read_generator(obj); break;
    case TF_CAT_MAPPINGPROXY: rec_view_put_obj(rec_mappingproxy_mapping(obj)); break;
    case TF_CAT_INSTANCE: break;
    default: rec.view.note = TF_ELIDE_OPAQUE; break;
    }
    if (type->has_dict || type->slot_count > 0) {
        if (type->category != TF_CAT_FUNCTION) {
            read_attrs(obj, type, max_items);
        }
    }
}
