/* What is read of one object, in rec.view: filled by rec_read() and its parts. What is put
 * in is borrowed; texts that are made while reading live until the next object. */
#ifndef REC_VIEW_H
#define REC_VIEW_H

#include "rec_scalar.h"

void rec_view_put(struct rec_src src);
void rec_view_put_obj(PyObject *obj); /* NULL: unbound */
void rec_view_put_obj_or_none(PyObject *obj);
void rec_view_put_int(int64_t n);
void rec_view_put_attr(struct rec_src name, PyObject *value);
void rec_view_put_text(const char *text, size_t len); /* copied; one an object */
/* The same made in place: room for a text of that length (NULL: no memory), then the text
 * that was made there. The stack may be as small as 32 KiB. */
char *rec_view_room(size_t len);
void rec_view_put_room(size_t len);
void rec_view_put_c_text(const char *text); /* kept */

/* --- The parts of rec_read() that are in rec_read_data.c and rec_read_buffer.c --- */
void rec_read_exception(PyObject *obj);
void rec_read_date(PyObject *obj);
void rec_read_datetime(PyObject *obj);
void rec_read_time(PyObject *obj);
void rec_read_timedelta(PyObject *obj);
void rec_read_decimal(PyObject *obj);
void rec_read_uuid(PyObject *obj);
void rec_read_path(PyObject *obj);
void rec_read_enum(PyObject *obj);
/* An attribute of an enum member that says nothing beyond its name and value. */
bool rec_is_enum_machinery(PyObject *name);
void rec_read_exporter(PyObject *obj, uint64_t max_items);
void rec_read_memoryview(PyObject *obj, uint64_t max_items);

#endif
