/* When objects die. */
#include "rec_pycompat_internal.h"

uintptr_t
rec_py_base(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    size_t before = 0;
#if PY_VERSION_HEX >= 0x030c0000
    if (type->tp_flags & Py_TPFLAGS_PREHEADER) {
        before += 2 * sizeof(PyObject *);
    }
#elif PY_VERSION_HEX >= 0x030b0000
    if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        before += 2 * sizeof(PyObject *);
    }
#endif
    if (type->tp_flags & Py_TPFLAGS_HAVE_GC
        && (type->tp_is_gc == NULL || type->tp_is_gc(obj))) {
        before += sizeof(PyGC_Head);
    }
    return (uintptr_t)obj - before;
}

static struct {
    void (*died)(uintptr_t base);
    PyMemAllocatorEx next;
    destructor list, tuple, dict, slice, context, memory_error;
#if PY_VERSION_HEX < 0x030b0000
    destructor frame, method, function, asend, wrapped;
#endif
} deaths;

static void
watched_free(void *ctx, void *p)
{
    (void)ctx;
    if (p != NULL) {
        deaths.died((uintptr_t)p);
    }
    deaths.next.free(deaths.next.ctx, p);
}

static void *
watched_realloc(void *ctx, void *p, size_t size)
{
    (void)ctx;
    if (p != NULL) {
        deaths.died((uintptr_t)p);
    }
    return deaths.next.realloc(deaths.next.ctx, p, size);
}

static void *
watched_malloc(void *ctx, size_t size)
{
    (void)ctx;
    return deaths.next.malloc(deaths.next.ctx, size);
}

static void *
watched_calloc(void *ctx, size_t count, size_t size)
{
    (void)ctx;
    return deaths.next.calloc(deaths.next.ctx, count, size);
}

/* Types whose dead objects go to a free list (3.11: numfree in Include/internal/pycore_*.h;
 * before: numfree in Objects/, 3.9 and 3.10: Include/internal/pycore_interp.h;
 * and interp->slice_cache). A container's dealloc checks that tp_dealloc is itself before it
 * uses the trashcan (_PyTrash_cond), which is no longer so here: without a trashcan of ours a
 * deep structure would overflow the C stack. */
#define WATCHED_DEALLOC(name)                                                 \
 static void watched_dealloc_##name(PyObject *op)                             \
 {                                                                            \
  PyObject_GC_UnTrack(op);                                                    \
  Py_TRASHCAN_BEGIN(op, watched_dealloc_##name) deaths.died(rec_py_base(op)); \
  deaths.name(op);                                                            \
  Py_TRASHCAN_END                                                             \
 }

WATCHED_DEALLOC(list)
WATCHED_DEALLOC(tuple)
WATCHED_DEALLOC(dict)

static void
watched_dealloc_slice(PyObject *op)
{
    deaths.died(rec_py_base(op));
    deaths.slice(op);
}

static void
watched_dealloc_context(PyObject *op)
{
    deaths.died(rec_py_base(op));
    deaths.context(op);
}

#if PY_VERSION_HEX < 0x030b0000
/* Frames are kept by their code objects, too. Their dealloc brings its own trashcan, which may
 * come here a second time. */
# define WATCHED_DEALLOC_PLAIN(name)               \
  static void watched_dealloc_##name(PyObject *op) \
  {                                                \
   deaths.died(rec_py_base(op));                   \
   deaths.name(op);                                \
  }

WATCHED_DEALLOC_PLAIN(frame)
WATCHED_DEALLOC_PLAIN(asend)
WATCHED_DEALLOC_PLAIN(wrapped)
# if PY_VERSION_HEX < 0x03090000
WATCHED_DEALLOC_PLAIN(method)
WATCHED_DEALLOC_PLAIN(function)
# endif
#endif

static void
watched_dealloc_memory_error(PyObject *op)
{
    deaths.died(rec_py_base(op));
    deaths.memory_error(op);
}

static void
swap_dealloc(PyTypeObject *type, destructor *ret_before, destructor ours)
{
    *ret_before = type->tp_dealloc;
    type->tp_dealloc = ours;
}

void
rec_py_watch_deaths(void (*died)(uintptr_t base))
{
    deaths.died = died;
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &deaths.next);
    PyMemAllocatorEx watched = {NULL, watched_malloc, watched_calloc, watched_realloc,
                                watched_free};
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &watched);
    swap_dealloc(&PyList_Type, &deaths.list, watched_dealloc_list);
    swap_dealloc(&PyTuple_Type, &deaths.tuple, watched_dealloc_tuple);
    swap_dealloc(&PyDict_Type, &deaths.dict, watched_dealloc_dict);
    swap_dealloc(&PySlice_Type, &deaths.slice, watched_dealloc_slice);
    swap_dealloc(&PyContext_Type, &deaths.context, watched_dealloc_context);
#if PY_VERSION_HEX < 0x030b0000
    swap_dealloc(&PyFrame_Type, &deaths.frame, watched_dealloc_frame);
    swap_dealloc(&_PyAsyncGenASend_Type, &deaths.asend, watched_dealloc_asend);
    swap_dealloc(&_PyAsyncGenWrappedValue_Type, &deaths.wrapped,
                 watched_dealloc_wrapped);
# if PY_VERSION_HEX < 0x03090000
    swap_dealloc(&PyMethod_Type, &deaths.method, watched_dealloc_method);
    swap_dealloc(&PyCFunction_Type, &deaths.function, watched_dealloc_function);
# endif
#endif
    swap_dealloc((PyTypeObject *)PyExc_MemoryError, &deaths.memory_error,
                 watched_dealloc_memory_error);
}
