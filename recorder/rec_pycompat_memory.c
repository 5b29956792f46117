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
    uintptr_t probed;
#if PY_VERSION_HEX < 0x030b0000
    destructor frame, method, function, asend, wrapped;
#elif PY_VERSION_HEX >= 0x030e0000
    destructor list_iter, tuple_iter, range, range_iter, function, method;
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

/* Those that hold nothing deep, or leave the trashcan to _Py_Dealloc (3.14). */
#define WATCHED_LEAF(name)                        \
 static void watched_dealloc_##name(PyObject *op) \
 {                                                \
  deaths.died(rec_py_base(op));                   \
  deaths.name(op);                                \
 }

WATCHED_LEAF(slice)
WATCHED_LEAF(context)
WATCHED_LEAF(memory_error)
#if PY_VERSION_HEX >= 0x030e0000
/* More free lists (Include/internal/pycore_freelist_state.h, 3.14). */
WATCHED_LEAF(list_iter)
WATCHED_LEAF(tuple_iter)
WATCHED_LEAF(range)
WATCHED_LEAF(range_iter)
WATCHED_LEAF(function)
WATCHED_LEAF(method)
#endif
#if PY_VERSION_HEX < 0x030b0000
/* Frames are kept by their code objects, too. Their dealloc brings its own trashcan, which may
 * come here a second time. */
WATCHED_LEAF(frame)
WATCHED_LEAF(asend)
WATCHED_LEAF(wrapped)
# if PY_VERSION_HEX < 0x03090000
WATCHED_LEAF(method)
WATCHED_DEALLOC(function) /* x.__dir__.__dir__ ... */
# endif
#endif

static void
swap_dealloc(PyTypeObject *type, destructor *ret_before, destructor ours)
{
    if (type->tp_dealloc != ours) {
        *ret_before = type->tp_dealloc;
        type->tp_dealloc = ours;
    }
}

/* What a type inherited from us while we were there goes on to the function before, which
 * stays known. */
static void
restore_dealloc(PyTypeObject *type, destructor before, destructor ours)
{
    if (type->tp_dealloc == ours) {
        type->tp_dealloc = before;
    }
}

static void
note_probe(uintptr_t base)
{
    deaths.probed = base;
}

/* Another that hooked the allocator (tracemalloc) puts back what it found when it stops: with
 * us, or without us, whatever has become of us since. */
static bool
is_in_chain(void)
{
    void (*died)(uintptr_t base) = deaths.died;
    deaths.died = note_probe;
    deaths.probed = 0;
    void *block = PyObject_Malloc(16);
    uintptr_t base = (uintptr_t)block;
    PyObject_Free(block);
    deaths.died = died;
    return base != 0 && deaths.probed == base;
}

static void
watch_allocator(void)
{
    if (!is_in_chain()) {
        PyMemAllocatorEx watched = {NULL, watched_malloc, watched_calloc,
                                    watched_realloc, watched_free};
        PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &deaths.next);
        PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &watched);
    }
}

/* Type and name of the function. */
#if PY_VERSION_HEX < 0x03090000
# define WATCHED_BEFORE_3_9(X) \
  X(&PyMethod_Type, method)    \
  X(&PyCFunction_Type, function)
#else
# define WATCHED_BEFORE_3_9(X)
#endif
#if PY_VERSION_HEX < 0x030b0000
# define WATCHED_BEFORE_3_11(X)             \
  X(&PyFrame_Type, frame)                   \
  X(&_PyAsyncGenASend_Type, asend)          \
  X(&_PyAsyncGenWrappedValue_Type, wrapped) \
  WATCHED_BEFORE_3_9(X)
#else
# define WATCHED_BEFORE_3_11(X)
#endif
#if PY_VERSION_HEX >= 0x030e0000
# define WATCHED_SINCE_3_14(X)     \
  X(&PyListIter_Type, list_iter)   \
  X(&PyTupleIter_Type, tuple_iter) \
  X(&PyRange_Type, range)          \
  X(&PyRangeIter_Type, range_iter) \
  X(&PyCFunction_Type, function)   \
  X(&PyMethod_Type, method)
#else
# define WATCHED_SINCE_3_14(X)
#endif
#define WATCHED_TYPES(X)                            \
 X(&PyList_Type, list)                              \
 X(&PyTuple_Type, tuple)                            \
 X(&PyDict_Type, dict)                              \
 X(&PySlice_Type, slice)                            \
 X(&PyContext_Type, context)                        \
 X((PyTypeObject *)PyExc_MemoryError, memory_error) \
 WATCHED_BEFORE_3_11(X)                             \
 WATCHED_SINCE_3_14(X)

#define WATCH(type, name)   swap_dealloc(type, &deaths.name, watched_dealloc_##name);
#define RESTORE(type, name) restore_dealloc(type, deaths.name, watched_dealloc_##name);

void
rec_py_watch_deaths(void (*died)(uintptr_t base))
{
    deaths.died = died;
    watch_allocator();
    WATCHED_TYPES(WATCH)
}

void
rec_py_unwatch_deaths(void)
{
    PyMemAllocatorEx now;
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &now);
    if (now.free == watched_free) {
        PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &deaths.next);
    }
    WATCHED_TYPES(RESTORE)
}
