/* Exceptions, enums, and types that stand for one datum. */
#include "rec_view.h"

#include <datetime.h>
#include <stdlib.h>

#include "rec_layout.h"
#include "rec_secrets.h"
#include "rec_type.h"
#include "rec_values.h"

/* --- Exceptions --- */
static bool
is_plain(PyObject *obj)
{
    return obj == NULL || obj == Py_None || PyUnicode_CheckExact(obj)
           || PyLong_CheckExact(obj) || PyFloat_CheckExact(obj)
           || PyBytes_CheckExact(obj) || PyBool_Check(obj);
}

/* Tuples in tuples in an exception's arguments: how far their text is asked for. */
#define NESTED_MAX 3

static bool
are_plain(PyObject *tuple, unsigned depth)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        PyObject *item = PyTuple_GET_ITEM(tuple, i);
        bool nested = PyTuple_CheckExact(item) && depth < NESTED_MAX;
        if (!is_plain(item) && !(nested && are_plain(item, depth + 1))) {
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
    if (!are_plain(args, 0)) {
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

/* What it would say holds a text that is known to be a secret. */
static bool
holds_secret(PyObject *tuple, unsigned depth)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        PyObject *item = PyTuple_GET_ITEM(tuple, i);
        bool nested = PyTuple_CheckExact(item) && depth < NESTED_MAX;
        if (rec_secret_is(item) || (nested && holds_secret(item, depth + 1))) {
            return true;
        }
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

void
rec_read_exception(PyObject *obj)
{
    PyBaseExceptionObject *exc = (PyBaseExceptionObject *)obj;
    rec_view_put_obj_or_none(exc->args);
    rec_view_put_obj_or_none(exc->cause);
    rec_view_put_obj_or_none(exc->context);
    rec_view_put_obj(exc->suppress_context ? Py_True : Py_False);
    PyObject *text = NULL;
    bool secret = exc->args != NULL && PyTuple_CheckExact(exc->args)
                  && holds_secret(exc->args, 0);
    if (secret) {
        rec_view_put((struct rec_src){.sort = SRC_REDACTED});
        return;
    }
    if (exc->args != NULL && PyTuple_CheckExact(exc->args)) {
        text = exception_text(obj, exc->args);
    }
    if (text != NULL && PyUnicode_CheckExact(text)) {
        struct tf_text utf8 = rec_text_dup(text);
        size_t most = 4 * rec.options->max_text;
        rec_view_put_text(utf8.data != NULL ? utf8.data : "",
                          utf8.len < most ? utf8.len : 0);
        free((char *)utf8.data);
    }
    else {
        rec_view_put_obj(Py_None);
    }
    Py_XDECREF(text);
}

/* --- Data types --- */
void
rec_read_date(PyObject *obj)
{
    rec_view_put_int(PyDateTime_GET_YEAR(obj));
    rec_view_put_int(PyDateTime_GET_MONTH(obj));
    rec_view_put_int(PyDateTime_GET_DAY(obj));
}

void
rec_read_datetime(PyObject *obj)
{
    rec_read_date(obj);
    rec_view_put_int(PyDateTime_DATE_GET_HOUR(obj));
    rec_view_put_int(PyDateTime_DATE_GET_MINUTE(obj));
    rec_view_put_int(PyDateTime_DATE_GET_SECOND(obj));
    rec_view_put_int(PyDateTime_DATE_GET_MICROSECOND(obj));
    rec_view_put_int(PyDateTime_DATE_GET_FOLD(obj));
    rec_view_put_obj(PyDateTime_DATE_GET_TZINFO(obj));
}

void
rec_read_time(PyObject *obj)
{
    rec_view_put_int(PyDateTime_TIME_GET_HOUR(obj));
    rec_view_put_int(PyDateTime_TIME_GET_MINUTE(obj));
    rec_view_put_int(PyDateTime_TIME_GET_SECOND(obj));
    rec_view_put_int(PyDateTime_TIME_GET_MICROSECOND(obj));
    rec_view_put_int(PyDateTime_TIME_GET_FOLD(obj));
    rec_view_put_obj(PyDateTime_TIME_GET_TZINFO(obj));
}

void
rec_read_timedelta(PyObject *obj)
{
    rec_view_put_int(PyDateTime_DELTA_GET_DAYS(obj));
    rec_view_put_int(PyDateTime_DELTA_GET_SECONDS(obj));
    rec_view_put_int(PyDateTime_DELTA_GET_MICROSECONDS(obj));
}

/* Its text, and its digits while that is made. */
#define DECIMAL_BYTES 10240

void
rec_read_decimal(PyObject *obj)
{
    char *text = rec_view_room(DECIMAL_BYTES);
    size_t len = text != NULL ? rec_decimal_text(obj, text, DECIMAL_BYTES) : 0;
    if (len == 0) {
        rec.view.note = TF_ELIDE_LENGTH;
    }
    else {
        rec_view_put_room(len);
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

void
rec_read_uuid(PyObject *obj)
{
    PyObject *n = slot_value(obj, "int");
    if (n != NULL && PyLong_CheckExact(n)) {
        rec_view_put_obj(n);
    }
    else {
        rec.view.note = TF_ELIDE_OPAQUE;
    }
}

/* A path's text is bytes of UTF-8 from here on; false when it does not fit. */
#define PATH_BYTES (4 * 4096 + 8)

/* As posixpath.join() puts the parts together. */
static bool
join_paths(PyObject *parts, char *out, size_t *ret_len)
{
    size_t len = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(parts); i++) {
        PyObject *part = PyList_GET_ITEM(parts, i);
        if (!PyUnicode_Check(part) || !PyUnicode_IS_READY(part)
            || len + 4 * (size_t)PyUnicode_GET_LENGTH(part) + 1 > PATH_BYTES) {
            return false;
        }
        if (PyUnicode_GET_LENGTH(part) > 0 && PyUnicode_READ_CHAR(part, 0) == '/') {
            len = 0;
        }
        else if (len > 0 && out[len - 1] != '/') {
            out[len++] = '/';
        }
        len += rec_utf8(part, (size_t)PyUnicode_GET_LENGTH(part), out + len);
    }
    *ret_len = len;
    return true;
}

/* What PurePath._parse_path leaves of it: no empty parts, no dots; two slashes at the
 * beginning stay two. In place; its length. */
static size_t
clean_path(char *path, size_t len)
{
    size_t root = 0, used, at;
    while (root < len && path[root] == '/') {
        root++;
    }
    at = root;
    used = root == 2 ? 2 : root > 0;
    size_t begin = used;
    while (at < len) {
        const char *slash = memchr(path + at, '/', len - at);
        size_t part = slash != NULL ? (size_t)(slash - path) - at : len - at;
        if (part > 0 && !(part == 1 && path[at] == '.')) {
            if (used > begin) {
                path[used++] = '/';
            }
            memmove(path + used, path + at, part);
            used += part;
        }
        at += part + 1;
    }
    if (used == 0) {
        path[used++] = '.';
    }
    return used;
}

/* pathlib, 3.12 and later: PurePath.__str__; a path is taken apart when it is asked for. */
static void
read_path_parts(PyObject *obj)
{
    PyObject *str = slot_value(obj, "_str"), *parts = slot_value(obj, "_raw_paths");
    char *text = rec_view_room(PATH_BYTES);
    size_t len = 0;
    if (text == NULL) {
        return;
    }
    if (str != NULL && PyUnicode_CheckExact(str) && PyUnicode_IS_READY(str)
        && 4 * (size_t)PyUnicode_GET_LENGTH(str) < PATH_BYTES) {
        len = rec_utf8(str, (size_t)PyUnicode_GET_LENGTH(str), text);
    }
    else if (str == NULL && parts != NULL && PyList_CheckExact(parts)
             && join_paths(parts, text, &len)) {
        len = clean_path(text, len);
    }
    else {
        rec.view.note = parts == NULL ? TF_ELIDE_OPAQUE : TF_ELIDE_LENGTH;
        return;
    }
    rec_view_put_room(len);
}

/* pathlib, 3.8 to 3.11: PurePath._format_parsed_parts. */
void
rec_read_path(PyObject *obj)
{
    if (slot_value(obj, "_parts") == NULL) {
        read_path_parts(obj);
        return;
    }
    PyObject *drv = slot_value(obj, "_drv"), *root = slot_value(obj, "_root"),
             *parts = slot_value(obj, "_parts");
    if (drv == NULL || root == NULL || parts == NULL || !PyUnicode_CheckExact(drv)
        || !PyUnicode_CheckExact(root) || !PyList_CheckExact(parts)) {
        rec.view.note = TF_ELIDE_OPAQUE;
        return;
    }
    char *text = rec_view_room(PATH_BYTES);
    size_t used = 0;
    if (text == NULL) {
        return;
    }
    bool anchored = PyUnicode_GET_LENGTH(drv) > 0 || PyUnicode_GET_LENGTH(root) > 0;
    if (anchored) {
        used += rec_utf8(drv, 255, text);
        used += rec_utf8(root, 255, text + used);
    }
    Py_ssize_t count = PyList_GET_SIZE(parts);
    for (Py_ssize_t i = anchored; i < count; i++) {
        PyObject *part = PyList_GET_ITEM(parts, i);
        if (!PyUnicode_Check(part) || !PyUnicode_IS_READY(part)
            || used + 4 * (size_t)PyUnicode_GET_LENGTH(part) + 2 > PATH_BYTES) {
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
    rec_view_put_room(used);
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
            && rec_py_str_is(key, name)) {
            return value;
        }
    }
    return NULL;
}

void
rec_read_enum(PyObject *obj)
{
    rec_view_put_obj_or_none(enum_attr(obj, "_name_"));
    rec_view_put_obj_or_none(enum_attr(obj, "_value_"));
    if (rec_value_is_secret(&rec.view.item[0])) {
        rec_value_hide(&rec.view.item[1]);
    }
}

bool
rec_is_enum_machinery(PyObject *name)
{
    static const char *const names[] = {"_name_",       "_value_",    "__objclass__",
                                        "_sort_order_", "_inverted_", "_member_names_"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (PyUnicode_CheckExact(name) && rec_py_str_is(name, names[i])) {
            return true;
        }
    }
    return false;
}
