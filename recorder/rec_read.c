#include "rec_read.h"

#include <datetime.h>
#include <stdio.h>
#include <stdlib.h>

#include "rec_frames.h"
#include "rec_layout.h"

/* --- Filling the view --- */

static struct rec_src *
grow(struct rec_src **array, size_t *cap, size_t need)
{
    if (need > *cap) {
        size_t bigger = need + need / 2 + 64;
        struct rec_src *more = realloc(*array, bigger * sizeof *more);
        if (more == NULL) {
            rec.view.failed = true;
            return NULL;
        }
        *array = more;
        *cap = bigger;
    }
    return *array;
}

static void
put(struct rec_src src)
{
    struct rec_view *view = &rec.view;
    if (grow(&view->item, &view->item_cap, view->item_count + 1) != NULL) {
        view->item[view->item_count++] = src;
    }
}

static void
put_obj(PyObject *obj)
{
    put(rec_src_obj(obj));
}

static void
put_obj_or_none(PyObject *obj)
{
    put(rec_src_obj(obj != NULL ? obj : Py_None));
}

static void
put_int(int64_t n)
{
    put((struct rec_src){.sort = SRC_INT, .integer = n});
}

static void
put_attr(struct rec_src name, PyObject *value)
{
    struct rec_view *view = &rec.view;
    if (grow(&view->attr, &view->attr_cap, view->attr_count + 2) != NULL) {
        view->attr[view->attr_count++] = name;
        view->attr[view->attr_count++] = rec_src_obj(value);
    }
}

/* A text that lives until the next object is read. */
static void
put_text(const char *text, size_t len)
{
    struct rec_view *view = &rec.view;
    if (len > view->scratch_cap) {
        char *more = realloc(view->scratch, len + 64);
        if (more == NULL) {
            view->failed = true;
            return;
        }
        view->scratch = more;
        view->scratch_cap = len + 64;
    }
    if (len > 0) {
        memcpy(view->scratch, text, len);
    }
    put((struct rec_src){.sort = SRC_TEXT, .text = view->scratch, .len = len});
}

static void
put_c_text(const char *text)
{
    put((struct rec_src){.sort = SRC_TEXT, .text = text, .len = strlen(text)});
}

/* --- Containers --- */
static void
read_array(PyObject *const *item, Py_ssize_t count, uint64_t max_items)
{
    uint64_t kept = (uint64_t)count < max_items ? (uint64_t)count : max_items;
    for (uint64_t i = 0; i < kept; i++) {
        put_obj(item[i]);
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
        put_obj(key);
        put_obj(value);
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
        put_obj(key);
        put_obj(dict_value_of(odict, key, &pos));
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
    while (kept < max_items && _PySet_NextEntry(set, &pos, &key, &hash)) {
        put_obj(key);
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
        put_obj(Py_None);
    }
    else {
        put_int(maxlen);
    }
    rec_deque_start(deque, &pos);
    uint64_t kept = 0;
    while (kept < max_items && (item = rec_deque_next(&pos)) != NULL) {
        put_obj(item);
        kept++;
    }
    rec.view.more = (uint64_t)Py_SIZE(deque) - kept;
}

/* --- Code --- */
static void
read_function(PyObject *obj)
{
    PyFunctionObject *function = (PyFunctionObject *)obj;
    put_obj(function->func_qualname);
    put_obj_or_none(function->func_module);
    put_obj(Py_None);
    put_obj_or_none(function->func_defaults);
    put_obj_or_none(function->func_kwdefaults);
    if (function->func_dict != NULL && PyDict_Check(function->func_dict)) {
        PyObject *key, *value;
        Py_ssize_t pos = 0;
        while (PyDict_Next(function->func_dict, &pos, &key, &value)) {
            put_attr(rec_src_obj(key), value);
        }
    }
}

static void
read_builtin(PyObject *obj)
{
    PyCFunctionObject *function = (PyCFunctionObject *)obj;
    PyObject *self = PyCFunction_GET_SELF(obj);
    put_c_text(function->m_ml->ml_name);
    put_obj(self == NULL || PyModule_Check(self) ? Py_None : self);
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
                name = _PyUnicode_EqualToASCIIString(key, "__name__") ? value : name;
                file = _PyUnicode_EqualToASCIIString(key, "__file__") ? value : file;
            }
        }
    }
    put_obj_or_none(name);
    put_obj_or_none(file);
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
    bool own = type->tp_flags & Py_TPFLAGS_HEAPTYPE && type->tp_dict != NULL
               && ((PyHeapTypeObject *)type)->ht_module == NULL;
    while (own && PyDict_Next(type->tp_dict, &pos, &key, &value)) {
        if (PyUnicode_CheckExact(key) && PyUnicode_IS_READY(key)
            && _PyUnicode_EqualToASCIIString(key, "__module__")) {
            module = value;
        }
        else if (rec.view.attr_count < max_items * 2 && is_class_data(key, value)) {
            put_attr(rec_src_obj(key), value);
        }
    }
    if (module != NULL) {
        put_obj(module);
        put_obj(((PyHeapTypeObject *)type)->ht_qualname);
    }
    else {
        const char *dot = strrchr(type->tp_name, '.');
        put_c_text(dot != NULL ? "" : "builtins");
        put_c_text(type->tp_name);
    }
    put_int(of != NULL ? (int64_t)of->id : 0);
}

static void
read_generator(PyObject *generator)
{
    PyFrameObject *frame = rec_py_generator_frame(generator);
    uint64_t id = frame != NULL ? rec_frame_id_of(frame) : 0;
    put_obj_or_none(rec_py_generator_qualname(generator));
    if (id != 0) {
        put_int((int64_t)id);
    }
    else {
        put_obj(Py_None);
    }
}

/* --- Exceptions --- */
static bool
is_plain(PyObject *obj)
{
    return obj == NULL || obj == Py_None || PyUnicode_CheckExact(obj)
           || PyLong_CheckExact(obj) || PyFloat_CheckExact(obj)
           || PyBytes_CheckExact(obj) || PyBool_Check(obj);
}

static bool
are_plain(PyObject *tuple)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        PyObject *item = PyTuple_GET_ITEM(tuple, i);
        if (!is_plain(item) && !(PyTuple_CheckExact(item) && are_plain(item))) {
            return false;
        }
    }
    return true;
}

#define HAS_STR_OF(type, exc_type) \
 ((type)->tp_str == ((PyTypeObject *)(exc_type))->tp_str)

/* Does str(exc) run C code only, and on plain values only? The fields are those that the
 * types' tp_str read (Objects/exceptions.c). */
static bool
has_plain_str(PyObject *exc, PyObject *args)
{
    PyTypeObject *type = Py_TYPE(exc);
    if (!are_plain(args)) {
        return false;
    }
    if (HAS_STR_OF(type, PyExc_BaseException) || HAS_STR_OF(type, PyExc_KeyError)) {
        return true;
    }
    if (HAS_STR_OF(type, PyExc_OSError)) {
        PyOSErrorObject *os = (PyOSErrorObject *)exc;
        return is_plain(os->myerrno) && is_plain(os->strerror) && is_plain(os->filename)
               && is_plain(os->filename2);
    }
    if (HAS_STR_OF(type, PyExc_SyntaxError)) {
        PySyntaxErrorObject *syntax = (PySyntaxErrorObject *)exc;
        return is_plain(syntax->msg) && is_plain(syntax->filename)
               && is_plain(syntax->lineno);
    }
    if (HAS_STR_OF(type, PyExc_ImportError)) {
        return is_plain(((PyImportErrorObject *)exc)->msg);
    }
    if (HAS_STR_OF(type, PyExc_UnicodeDecodeError)
        || HAS_STR_OF(type, PyExc_UnicodeEncodeError)
        || HAS_STR_OF(type, PyExc_UnicodeTranslateError)) {
        PyUnicodeErrorObject *unicode = (PyUnicodeErrorObject *)exc;
        return is_plain(unicode->encoding) && is_plain(unicode->object)
               && is_plain(unicode->reason);
    }
    return false;
}

static PyObject *
exception_text(PyObject *exc, PyObject *args)
{
    if (!has_plain_str(exc, args)) {
        return NULL;
    }
    PyObject *error[3];
    PyErr_Fetch(&error[0], &error[1], &error[2]);
    PyObject *text = Py_TYPE(exc)->tp_str(exc);
    PyErr_Clear();
    PyErr_Restore(error[0], error[1], error[2]);
    return text;
}

static void
read_exception(PyObject *obj)
{
    PyBaseExceptionObject *exc = (PyBaseExceptionObject *)obj;
    put_obj_or_none(exc->args);
    put_obj_or_none(exc->cause);
    put_obj_or_none(exc->context);
    put_obj(exc->suppress_context ? Py_True : Py_False);
    PyObject *text = NULL;
    if (exc->args != NULL && PyTuple_CheckExact(exc->args)) {
        text = exception_text(obj, exc->args);
    }
    if (text != NULL && PyUnicode_CheckExact(text)) {
        struct tf_text utf8 = rec_text_dup(text);
        size_t most = 4 * rec.options->max_text;
        put_text(utf8.data != NULL ? utf8.data : "", utf8.len < most ? utf8.len : 0);
        free((char *)utf8.data);
    }
    else {
        put_obj(Py_None);
    }
    Py_XDECREF(text);
}

/* --- Data types --- */
static void
read_date(PyObject *obj)
{
    put_int(PyDateTime_GET_YEAR(obj));
    put_int(PyDateTime_GET_MONTH(obj));
    put_int(PyDateTime_GET_DAY(obj));
}

static void
read_datetime(PyObject *obj)
{
    read_date(obj);
    put_int(PyDateTime_DATE_GET_HOUR(obj));
    put_int(PyDateTime_DATE_GET_MINUTE(obj));
    put_int(PyDateTime_DATE_GET_SECOND(obj));
    put_int(PyDateTime_DATE_GET_MICROSECOND(obj));
    put_int(PyDateTime_DATE_GET_FOLD(obj));
    put_obj(PyDateTime_DATE_GET_TZINFO(obj));
}

static void
read_time(PyObject *obj)
{
    put_int(PyDateTime_TIME_GET_HOUR(obj));
    put_int(PyDateTime_TIME_GET_MINUTE(obj));
    put_int(PyDateTime_TIME_GET_SECOND(obj));
    put_int(PyDateTime_TIME_GET_MICROSECOND(obj));
    put_int(PyDateTime_TIME_GET_FOLD(obj));
    put_obj(PyDateTime_TIME_GET_TZINFO(obj));
}

static void
read_timedelta(PyObject *obj)
{
    put_int(PyDateTime_DELTA_GET_DAYS(obj));
    put_int(PyDateTime_DELTA_GET_SECONDS(obj));
    put_int(PyDateTime_DELTA_GET_MICROSECONDS(obj));
}

static void
read_decimal(PyObject *obj)
{
    char text[5100];
    size_t len = rec_decimal_text(obj, text, sizeof text);
    if (len == 0) {
        rec.view.note = TF_ELIDE_LENGTH;
    }
    else {
        put_text(text, len);
    }
}

static PyObject *
slot_value(PyObject *obj, const char *name)
{
    PyObject *mro = Py_TYPE(obj)->tp_mro;
    for (Py_ssize_t i = 0; mro != NULL && i < PyTuple_GET_SIZE(mro); i++) {
        PyTypeObject *type = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        const char *at;
        Py_ssize_t pos = 0, offset;
        while (rec_py_slot_next(type, &pos, &at, &offset)) {
            if (strcmp(at, name) == 0) {
                return *(PyObject **)((char *)obj + offset);
            }
        }
    }
    return NULL;
}

static void
read_uuid(PyObject *obj)
{
    PyObject *n = slot_value(obj, "int");
    if (n != NULL && PyLong_CheckExact(n)) {
        put_obj(n);
    }
    else {
        rec.view.note = TF_ELIDE_OPAQUE;
    }
}

/* pathlib, 3.8 to 3.11: PurePath._format_parsed_parts. */
static void
read_path(PyObject *obj)
{
    PyObject *drv = slot_value(obj, "_drv"), *root = slot_value(obj, "_root"),
             *parts = slot_value(obj, "_parts");
    if (drv == NULL || root == NULL || parts == NULL || !PyUnicode_CheckExact(drv)
        || !PyUnicode_CheckExact(root) || !PyList_CheckExact(parts)) {
        rec.view.note = TF_ELIDE_OPAQUE;
        return;
    }
    char text[4 * 4096 + 8];
    size_t used = 0;
    bool anchored = PyUnicode_GET_LENGTH(drv) > 0 || PyUnicode_GET_LENGTH(root) > 0;
    if (anchored) {
        used += rec_utf8(drv, 255, text);
        used += rec_utf8(root, 255, text + used);
    }
    Py_ssize_t count = PyList_GET_SIZE(parts);
    for (Py_ssize_t i = anchored; i < count; i++) {
        PyObject *part = PyList_GET_ITEM(parts, i);
        if (!PyUnicode_Check(part) || !PyUnicode_IS_READY(part)
            || used + 4 * (size_t)PyUnicode_GET_LENGTH(part) + 2 > sizeof text) {
            rec.view.note = TF_ELIDE_LENGTH;
            return;
        }
        if (i > anchored) {
            text[used++] = '/';
        }
        used += rec_utf8(part, (size_t)PyUnicode_GET_LENGTH(part), text + used);
    }
    if (used == 0) {
        text[used++] = '.';
    }
    put_text(text, used);
}

/* --- Enums: name and value are attributes; what else it has is shown as such --- */
static PyObject *
enum_attr(PyObject *obj, const char *name)
{
    PyObject *key, *value, *dict = rec_py_instance_dict(obj);
    Py_ssize_t pos = 0;
    while (dict != NULL ? PyDict_Next(dict, &pos, &key, &value)
                        : rec_py_inline_attr_next(obj, &pos, &key, &value)) {
        if (PyUnicode_CheckExact(key) && PyUnicode_IS_READY(key)
            && _PyUnicode_EqualToASCIIString(key, name)) {
            return value;
        }
    }
    return NULL;
}

static void
read_enum(PyObject *obj)
{
    put_obj_or_none(enum_attr(obj, "_name_"));
    put_obj_or_none(enum_attr(obj, "_value_"));
}

static bool
is_enum_machinery(PyObject *name)
{
    static const char *const names[] = {"_name_",       "_value_",    "__objclass__",
                                        "_sort_order_", "_inverted_", "_member_names_"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (PyUnicode_CheckExact(name)
            && _PyUnicode_EqualToASCIIString(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* --- Buffers --- */
static bool
read_element(const char *at, char format)
{
#define ELEMENT(code, type, src_sort, member)           \
 case code: {                                           \
  type x;                                               \
  memcpy(&x, at, sizeof x);                             \
  put((struct rec_src){.sort = src_sort, .member = x}); \
  return true;                                          \
 }
    switch (format) {
        ELEMENT('b', signed char, SRC_INT, integer)
        ELEMENT('B', unsigned char, SRC_INT, integer)
        ELEMENT('h', short, SRC_INT, integer)
        ELEMENT('H', unsigned short, SRC_INT, integer)
        ELEMENT('i', int, SRC_INT, integer)
        ELEMENT('I', unsigned, SRC_INT, integer)
        ELEMENT('l', long, SRC_INT, integer)
        ELEMENT('q', long long, SRC_INT, integer)
        ELEMENT('n', Py_ssize_t, SRC_INT, integer)
        ELEMENT('f', float, SRC_REAL, real)
        ELEMENT('d', double, SRC_REAL, real)
    case '?': put_obj(*at ? Py_True : Py_False); return true;
    default: return false;
    }
#undef ELEMENT
}

static void
read_buffer(const Py_buffer *buffer, uint64_t max_items)
{
    const char *format = buffer->format != NULL ? buffer->format : "B";
    char shape[128];
    size_t used = (size_t)snprintf(shape, sizeof shape, "(");
    for (int i = 0; i < buffer->ndim && used < sizeof shape - 24; i++) {
        const char *sep = i + 1 < buffer->ndim ? ", " : buffer->ndim == 1 ? "," : "";
        Py_ssize_t length =
            buffer->shape != NULL
                ? buffer->shape[i]
                : buffer->len / (buffer->itemsize > 0 ? buffer->itemsize : 1);
        used +=
            (size_t)snprintf(shape + used, sizeof shape - used, "%zd%s", length, sep);
    }
    shape[used++] = ')';
    struct rec_view *view = &rec.view;
    PyObject *none = Py_None;
    (void)none;
    size_t format_len = strnlen(format, 32);
    char both[sizeof shape + 32];
    memcpy(both, format, format_len);
    memcpy(both + format_len, shape, used);
    put_text(both, format_len + used);
    if (view->failed) {
        return;
    }
    view->item[view->item_count - 1].len = format_len;
    put((struct rec_src){
        .sort = SRC_TEXT, .text = view->scratch + format_len, .len = used});
    uint64_t count =
        buffer->itemsize > 0 ? (uint64_t)(buffer->len / buffer->itemsize) : 0;
    uint64_t kept = 0;
    bool flat = buffer->ndim <= 1 && buffer->suboffsets == NULL && buffer->buf != NULL;
    Py_ssize_t stride = buffer->strides != NULL && buffer->ndim == 1
                            ? buffer->strides[0]
                            : buffer->itemsize;
    char code = format[0] == '@' || format[0] == '=' || format[0] == '<' ? format[1]
                                                                         : format[0];
    while (
        flat && kept < count && kept < max_items
        && read_element((const char *)buffer->buf + (Py_ssize_t)kept * stride, code)) {
        kept++;
    }
    view->more = count - kept;
}

static void
read_exporter(PyObject *obj, uint64_t max_items)
{
    Py_buffer buffer;
    PyObject *error[3];
    PyErr_Fetch(&error[0], &error[1], &error[2]);
    if (PyObject_GetBuffer(obj, &buffer, PyBUF_FULL_RO) == 0) {
        read_buffer(&buffer, max_items);
        PyBuffer_Release(&buffer);
    }
    else {
        rec.view.note = TF_ELIDE_OPAQUE;
    }
    PyErr_Clear();
    PyErr_Restore(error[0], error[1], error[2]);
}

static void
read_memoryview(PyObject *obj, uint64_t max_items)
{
    PyMemoryViewObject *view = (PyMemoryViewObject *)obj;
    if (view->flags & _Py_MEMORYVIEW_RELEASED) {
        rec.view.note = TF_ELIDE_UNREADABLE;
    }
    else {
        read_buffer(&view->view, max_items);
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
        if (!is_enum || !is_enum_machinery(key)) {
            put_attr(rec_src_obj(key), value);
        }
    }
    for (uint32_t i = 0; i < type->slot_count; i++) {
        const struct rec_slot_member *slot = &type->slot[i];
        PyObject *at = *(PyObject **)((char *)obj + slot->offset);
        if (at != NULL) {
            struct rec_src name = {
                .sort = SRC_TEXT, .text = slot->name, .len = strlen(slot->name)};
            put_attr(name, at);
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

/* `__builtins__` of a module other than __main__ is the dict of all built-ins: not the
 * program's, unless it made one of its own. */
static void
read_namespace(PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t pos = 0;
    while (PyDict_Next(dict, &pos, &key, &value)) {
        bool builtins = value == rec.builtins;
        put_obj(key);
        put(builtins ? (struct rec_src){.sort = SRC_OPAQUE} : rec_src_obj(value));
    }
}

void
rec_read_namespace(PyObject *dict)
{
    start();
    read_namespace(dict);
}

void
rec_read(PyObject *obj, const struct rec_type *type, uint64_t max_items)
{
    start();
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
        break;
    case TF_CAT_DEFAULTDICT:
        put_obj(member_at(obj, type->member[0]));
        put_obj(Py_None);
        read_dict(obj, max_items);
        break;
    case TF_CAT_DICT:
    case TF_CAT_COUNTER: read_dict(obj, max_items); break;
    case TF_CAT_NAMESPACE: read_namespace(obj); break;
    case TF_CAT_ORDEREDDICT: read_odict(obj, max_items); break;
    case TF_CAT_SET:
    case TF_CAT_FROZENSET: read_set(obj, max_items); break;
    case TF_CAT_DEQUE: read_deque(obj, max_items); break;
    case TF_CAT_BYTEARRAY:
        put((struct rec_src){.sort = SRC_AS_BYTES, .obj = obj});
        break;
    case TF_CAT_RANGE:
    case TF_CAT_SLICE: {
        struct {
            PyObject_HEAD PyObject *start, *stop, *step;
        } *s = (void *)
            obj; /* both begin so: Objects/rangeobject.c, Include/sliceobject.h */

        put_obj(s->start);
        put_obj(s->stop);
        put_obj(s->step);
        break;
    }
    case TF_CAT_CELL: put_obj(PyCell_GET(obj)); break;
    case TF_CAT_FUNCTION: read_function(obj); break;
    case TF_CAT_BUILTIN: read_builtin(obj); break;
    case TF_CAT_METHOD:
        put_obj(PyMethod_GET_FUNCTION(obj));
        put_obj(PyMethod_GET_SELF(obj));
        break;
    case TF_CAT_PARTIAL:
        for (int i = 0; i < 3; i++) {
            put_obj(member_at(obj, type->member[i]));
        }
        break;
    case TF_CAT_MODULE: read_module(obj); break;
    case TF_CAT_CLASS: read_class(obj, max_items); break;
    case TF_CAT_EXCEPTION: read_exception(obj); break;
    case TF_CAT_ENUM:
    case TF_CAT_FLAG: read_enum(obj); break;
    case TF_CAT_INT: put((struct rec_src){.sort = SRC_AS_INT, .obj = obj}); break;
    case TF_CAT_FLOAT:
        put((struct rec_src){.sort = SRC_REAL, .real = PyFloat_AS_DOUBLE(obj)});
        break;
    case TF_CAT_COMPLEX:
        put((struct rec_src){.sort = SRC_AS_COMPLEX, .obj = obj});
        break;
    case TF_CAT_STR: put((struct rec_src){.sort = SRC_AS_STR, .obj = obj}); break;
    case TF_CAT_BYTES: put((struct rec_src){.sort = SRC_AS_BYTES, .obj = obj}); break;
    case TF_CAT_DATE: read_date(obj); break;
    case TF_CAT_TIME: read_time(obj); break;
    case TF_CAT_DATETIME: read_datetime(obj); break;
    case TF_CAT_TIMEDELTA: read_timedelta(obj); break;
    case TF_CAT_TIMEZONE:
        put_obj(rec_timezone_offset(obj));
        put_obj_or_none(rec_timezone_name(obj));
        break;
    case TF_CAT_DECIMAL: read_decimal(obj); break;
    case TF_CAT_UUID: read_uuid(obj); break;
    case TF_CAT_PATH: read_path(obj); break;
    case TF_CAT_PATTERN:
        put_obj(member_at(obj, type->member[0]));
        put_int(*(int *)((char *)obj + type->member[1]));
        break;
    case TF_CAT_ARRAY: read_exporter(obj, max_items); break;
    case TF_CAT_MEMORYVIEW: read_memoryview(obj, max_items); break;
    case TF_CAT_GENERATOR: read_generator(obj); break;
    case TF_CAT_MAPPINGPROXY: put_obj(rec_mappingproxy_mapping(obj)); break;
    case TF_CAT_INSTANCE: break;
    default: rec.view.note = TF_ELIDE_OPAQUE; break;
    }
    if (type->has_dict || type->slot_count > 0) {
        if (type->category != TF_CAT_FUNCTION) {
            read_attrs(obj, type, max_items);
        }
    }
}
