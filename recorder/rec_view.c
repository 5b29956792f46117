#include "rec_view.h"

#include <stdlib.h>

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

void
rec_view_put(struct rec_src src)
{
    struct rec_view *view = &rec.view;
    if (grow(&view->item, &view->item_cap, view->item_count + 1) != NULL) {
        view->item[view->item_count++] = src;
    }
}

void
rec_view_put_obj(PyObject *obj)
{
    rec_view_put(rec_src_obj(obj));
}

void
rec_view_put_obj_or_none(PyObject *obj)
{
    rec_view_put(rec_src_obj(obj != NULL ? obj : Py_None));
}

void
rec_view_put_int(int64_t n)
{
    rec_view_put((struct rec_src){.sort = SRC_INT, .integer = n});
}

void
rec_view_put_attr(struct rec_src name, PyObject *value)
{
    struct rec_view *view = &rec.view;
    if (grow(&view->attr, &view->attr_cap, view->attr_count + 2) != NULL) {
        view->attr[view->attr_count++] = name;
        view->attr[view->attr_count++] = rec_src_obj(value);
    }
}

char *
rec_view_room(size_t len)
{
    struct rec_view *view = &rec.view;
    if (len >= view->scratch_cap) { /* NULL is for no memory, also of no length */
        char *more = realloc(view->scratch, len + 64);
        if (more == NULL) {
            view->failed = true;
            return NULL;
        }
        view->scratch = more;
        view->scratch_cap = len + 64;
    }
    return view->scratch;
}

void
rec_view_put_room(size_t len)
{
    rec_view_put(
        (struct rec_src){.sort = SRC_TEXT, .text = rec.view.scratch, .len = len});
}

void
rec_view_put_text(const char *text, size_t len)
{
    char *room = rec_view_room(len);
    if (room != NULL) {
        if (len > 0) {
            memcpy(room, text, len);
        }
        rec_view_put_room(len);
    }
}

void
rec_view_put_c_text(const char *text)
{
    rec_view_put((struct rec_src){.sort = SRC_TEXT, .text = text, .len = strlen(text)});
}
