/* Objects with a buffer: array, memoryview, and what exports one. */
#include <stdio.h>

#include "rec_view.h"

static bool
read_element(const char *at, char format)
{
#define ELEMENT(code, type, src_sort, member)                    \
 case code: {                                                    \
  type x;                                                        \
  memcpy(&x, at, sizeof x);                                      \
  rec_view_put((struct rec_src){.sort = src_sort, .member = x}); \
  return true;                                                   \
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
    case '?': rec_view_put_obj(*at ? Py_True : Py_False); return true;
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
    size_t format_len = strnlen(format, 32);
    char both[sizeof shape + 32];
    memcpy(both, format, format_len);
    memcpy(both + format_len, shape, used);
    rec_view_put_text(both, format_len + used);
    if (view->failed) {
        return;
    }
    view->item[view->item_count - 1].len = format_len;
    rec_view_put((struct rec_src){
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

void
rec_read_exporter(PyObject *obj, uint64_t max_items)
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

void
rec_read_memoryview(PyObject *obj, uint64_t max_items)
{
    PyMemoryViewObject *view = (PyMemoryViewObject *)obj;
    if (view->flags & _Py_MEMORYVIEW_RELEASED) {
        rec.view.note = TF_ELIDE_UNREADABLE;
    }
    else {
        read_buffer(&view->view, max_items);
    }
}
