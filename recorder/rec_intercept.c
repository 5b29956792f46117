#include "rec_intercept.h"

#include "rec_callee.h"
#include "rec_touch.h"

/* Types beyond these are left alone: what they call is found by no other way. */
#define TYPES_MAX 64

static struct {
    struct {
        PyTypeObject *type;
        iternextfunc next;
    } iterator[TYPES_MAX];

    size_t count; /* they stay: a subclass may have inherited the slot from us */
    PyMethodDef *missing_def;
    PyCFunction missing;
} intercepted;

static struct rec_frame *
running_frame(void)
{
    struct rec_thread *thread =
        rec.active && rec.options->values ? rec_thread_of(PyThreadState_Get()) : NULL;
    return thread != NULL ? rec_thread_top(thread) : NULL;
}

static iternextfunc
next_of(PyTypeObject *type)
{
    for (; type != NULL; type = type->tp_base) { /* a subclass inherits the slot */
        for (size_t i = 0; i < intercepted.count; i++) {
            if (intercepted.iterator[i].type == type) {
                return intercepted.iterator[i].next;
            }
        }
    }
    return NULL;
}

static PyObject *
watched_next(PyObject *self)
{
    struct rec_frame *frame = running_frame();
    if (frame != NULL) {
        rec_callee_touch_iterator(frame, self);
    }
    return next_of(Py_TYPE(self))(self);
}

/* `iterator.__next__` calls the slot that was there when the type was made ready. */
static void
replace_next(PyTypeObject *type, iternextfunc before, iternextfunc after)
{
    PyObject *found = PyDict_GetItemString(rec_py_type_dict(type), "__next__");
    if (found != NULL && Py_IS_TYPE(found, &PyWrapperDescr_Type)) {
        PyWrapperDescrObject *descr = (PyWrapperDescrObject *)found;
        if (descr->d_wrapped == (void *)before) {
            descr->d_wrapped = (void *)after;
        }
    }
    if (type->tp_iternext == before) {
        type->tp_iternext = after;
    }
}

static bool
is_kept(const PyTypeObject *type)
{
    for (size_t i = 0; i < intercepted.count; i++) {
        if (intercepted.iterator[i].type == type) {
            return true;
        }
    }
    return false;
}

/* Those that hold no callable, and call nothing when they advance. */
static bool
is_plain(PyTypeObject *type)
{
    return type == &PyListIter_Type || type == &PyTupleIter_Type
           || type == &PyRangeIter_Type || type == &PyDictIterKey_Type
           || type == &PyDictIterValue_Type || type == &PyDictIterItem_Type
           || type == &PySetIter_Type || type == &PyUnicodeIter_Type
           || type == &PyBytesIter_Type || type == &PyGen_Type || type == &PyCoro_Type
           || type == &PyAsyncGen_Type || type == &PySeqIter_Type || type == &PyZip_Type
           || type == &PyEnum_Type || type == &PyReversed_Type;
}

void
rec_intercept_iterator(PyTypeObject *type)
{
    if (type->tp_iternext == NULL || type->tp_iternext == watched_next
        || !rec_py_is_c_type(type) || type->tp_traverse == NULL || is_plain(type)) {
        return;
    }
    if (!is_kept(type)) {
        if (intercepted.count == TYPES_MAX) {
            return;
        }
        Py_INCREF(type); /* for good, with its entry */
        intercepted.iterator[intercepted.count].type = type;
        intercepted.iterator[intercepted.count++].next = type->tp_iternext;
    }
    replace_next(type, type->tp_iternext, watched_next);
}

static PyObject *
watched_missing(PyObject *self, PyObject *key)
{
    struct rec_frame *frame = running_frame();
    if (frame != NULL) {
        rec_touch_object(frame, self, rec_touch_item_hint(self, key), false);
    }
    return intercepted.missing(self, key);
}

void
rec_intercept_defaultdict(PyTypeObject *type)
{
    PyObject *found = PyDict_GetItemString(rec_py_type_dict(type), "__missing__");
    if (found != NULL && Py_IS_TYPE(found, &PyMethodDescr_Type)) {
        PyMethodDef *def = ((PyMethodDescrObject *)found)->d_method;
        if (def->ml_meth != watched_missing
            && (intercepted.missing_def == NULL || intercepted.missing_def == def)) {
            intercepted.missing_def = def;
            intercepted.missing = def->ml_meth;
            def->ml_meth = watched_missing;
        }
    }
}

void
rec_intercept_remove(void)
{
    for (size_t i = 0; i < intercepted.count; i++) {
        replace_next(intercepted.iterator[i].type, watched_next,
                     intercepted.iterator[i].next);
    }
    if (intercepted.missing_def != NULL
        && intercepted.missing_def->ml_meth == watched_missing) {
        intercepted.missing_def->ml_meth = intercepted.missing;
    }
}

void
rec_intercept_install(void)
{
    rec_intercept_iterator(&PyMap_Type);
    rec_intercept_iterator(&PyFilter_Type);
    rec_intercept_iterator(&PyCallIter_Type);
}
