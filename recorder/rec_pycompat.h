/* All that the recorder knows of CPython's versions and internals.
 *
 * Nothing else in the project tests PY_VERSION_HEX or includes an internal header. Every
 * function here runs without Python code being executed, without releasing the GIL and
 * without leaving an exception set, unless it says otherwise; all need the GIL. */
#ifndef REC_PYCOMPAT_H
#define REC_PYCOMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tf_format.h"

#if PY_VERSION_HEX < 0x030b0000
# include <frameobject.h> /* PyFrame_Type */
#endif
#if PY_VERSION_HEX < 0x030a0000
# define PyDateTime_DATE_GET_TZINFO(obj)                                              \
  (((PyDateTime_DateTime *)(obj))->hastzinfo ? ((PyDateTime_DateTime *)(obj))->tzinfo \
                                             : Py_None)
# define PyDateTime_TIME_GET_TZINFO(obj) \
  (((PyDateTime_Time *)(obj))->hastzinfo ? ((PyDateTime_Time *)(obj))->tzinfo : Py_None)
#endif
#if PY_VERSION_HEX < 0x03090000
# define Py_IS_TYPE(obj, type)  (Py_TYPE(obj) == (type))
# define PyInterpreterState_Get _PyInterpreterState_Get
#endif

/* --- Frames --- */

/* To be called once before the first event. Up to 3.10 a generator that is resumed by
 * throw() is told apart by nothing else than how the evaluation of its frame begins. */
void rec_py_watch_frames(void);

/* What a PyTrace_CALL (call) or PyTrace_RETURN (return) event of this frame is. `arg` is
 * the trace function's argument. */
enum tf_event_kind rec_py_call_kind(PyFrameObject *frame);
enum tf_event_kind rec_py_return_kind(PyFrameObject *frame, PyObject *arg);

/* Borrowed. */
PyCodeObject *rec_py_frame_code(PyFrameObject *frame);
PyObject *rec_py_frame_globals(PyFrameObject *frame);
PyObject *rec_py_frame_builtins(PyFrameObject *frame);
/* The mapping that holds the variables of a module or class body; NULL if there is none. */
PyObject *rec_py_frame_mapping(PyFrameObject *frame);
/* Whether the calling thread runs the main interpreter: no other is recorded. */
bool rec_py_is_main_interpreter(void);
/* The innermost frame of a thread, and the frame that called one; borrowed, NULL: none. A
 * frame object is made for a frame that has none. */
PyFrameObject *rec_py_thread_frame(PyThreadState *tstate);
PyFrameObject *rec_py_frame_caller(PyFrameObject *frame);
/* The frame below it on the stack, where that has a frame object; borrowed. */
PyFrameObject *rec_py_frame_back(PyFrameObject *frame);
/* What a slot or the value stack of a frame holds: an object or NULL. From 3.14 on the two
 * lowest bits tell how it is counted, or that it is no object (a small int of the evaluation
 * loop's own, an invalid place: Include/internal/pycore_stackref.h, Py_TAG_BITS). */
#if PY_VERSION_HEX >= 0x030e0000
typedef uintptr_t rec_py_ref;

static inline PyObject *
rec_py_ref_get(rec_py_ref ref)
{
    return ref & 2 ? NULL : (PyObject *)(ref & ~(uintptr_t)1);
}
#else
typedef PyObject *rec_py_ref;

static inline PyObject *
rec_py_ref_get(rec_py_ref ref)
{
    return ref;
}
#endif
/* Fast locals, cells and free variables, as many as rec_py_code_slot_count(); each may
 * be NULL. */
rec_py_ref *rec_py_frame_slots(PyFrameObject *frame);
/* What `frame.f_lineno` would be; 0 where that is None. */
uint32_t rec_py_frame_lineno(PyFrameObject *frame);
/* The same where it costs nothing, as at a line event (`ret_unit`: REC_NO_UNIT); else 0, and
 * the unit whose line it is. */
#define REC_NO_UNIT UINT32_MAX
uint32_t rec_py_frame_lineno_of_event(PyFrameObject *frame, uint32_t *ret_unit);
/* Byte offset of the instruction, as `frame.f_lasti`. */
uint32_t rec_py_frame_instruction(PyFrameObject *frame);
/* The code unit at which it goes on after an event of that kind. */
uint32_t rec_py_frame_start_unit(PyFrameObject *frame, enum tf_event_kind kind);
/* The code unit of the instruction; that of the call that the frame is executing, when it
 * stands at or behind it. */
uint32_t rec_py_frame_unit(PyFrameObject *frame);
uint32_t rec_py_call_unit(PyFrameObject *caller, uint32_t unit);
/* Was `frame` called by an instruction of `caller`, with no C code in between? */
bool rec_py_frame_is_called_by(PyFrameObject *frame, PyFrameObject *caller);
/* Counts how often the GIL went from one thread to another. */
uint64_t rec_py_gil_switches(void);
/* No more line events for this frame (as `frame.f_trace_lines = False`), or line events
 * again. */
void rec_py_frame_mute_lines(PyFrameObject *frame, bool mute);
/* Calls `found` for the frame object of each generator, coroutine and asynchronous generator
 * that has one. Looks at all objects that the collector knows. */
void rec_py_generators_each(void (*found)(PyFrameObject *frame));
/* Whether that is so. */
bool rec_py_frame_is_muted(PyFrameObject *frame);
/* Opcode events will be wanted; asked before rec_py_set_trace(). */
void rec_py_want_opcodes(void);
/* Opcode events for this frame (as `frame.f_trace_opcodes = True`). */
void rec_py_frame_want_opcodes(PyFrameObject *frame);
void rec_py_frame_drop_opcodes(PyFrameObject *frame);
/* From 3.12 on, the instructions of a code object can be watched without an opcode event:
 * `event` is called before each of them, whoever runs it, and says whether it need not be
 * again for the instruction at `unit`. */
#define REC_WATCHES_CODE (PY_VERSION_HEX >= 0x030c0000)
void rec_py_watch_with(bool (*event)(PyCodeObject *code, uint32_t unit));
/* False when that cannot be done: the program has all tools of `sys.monitoring`, or memory
 * ran out. The instruction that runs now is not told any more. Allocates. */
bool rec_py_watch_instructions(PyCodeObject *code);
/* Calls and returns, of all code and threads, are told to `call` as to a trace function
 * whose `self` is NULL, until the tool is given up; false when that cannot be done. It costs
 * half of what PyEval_SetTrace() does, which asks for lines, too. */
bool rec_py_watch_calls(Py_tracefunc call);
/* Takes that back for one code object. */
void rec_py_unwatch_instructions(PyCodeObject *code);
/* The number of the tool, -1: none. */
long rec_py_watch_tool(void);
/* Gives the tool up, when nothing is watched any more; another is taken when it is wanted. */
void rec_py_watch_release(void);
/* Likewise, and for good: until rec_py_watch_with() is called. */
void rec_py_watch_no_more(void);
/* From now on `frame.f_trace_opcodes` shows False where `is_ours` says so; an assignment by
 * the program is told to `was_set` before it takes effect. False when that cannot be done. */
bool rec_py_hide_opcodes(bool (*is_ours)(PyFrameObject *frame),
                         void (*was_set)(PyFrameObject *frame, bool value));
void rec_py_show_opcodes(void);
/* The frame object of a generator, coroutine or asynchronous generator that has one by
 * now, or NULL. Does not make one. */
PyFrameObject *rec_py_generator_frame(PyObject *generator);
PyObject *rec_py_generator_qualname(PyObject *generator);

/* A str and ASCII text. */
static inline bool
rec_py_str_is(PyObject *str, const char *text)
{
    size_t len = strlen(text);
    return PyUnicode_IS_READY(str) && PyUnicode_IS_ASCII(str)
           && (size_t)PyUnicode_GET_LENGTH(str) == len
           && memcmp(PyUnicode_1BYTE_DATA(str), text, len) == 0;
}

/* Two strs; nothing of theirs is called. */
static inline bool
rec_py_str_equal(PyObject *a, PyObject *b)
{
    return a == b
           || (PyUnicode_IS_READY(a) && PyUnicode_IS_READY(b)
               && PyUnicode_GET_LENGTH(a) == PyUnicode_GET_LENGTH(b)
               && PyUnicode_KIND(a) == PyUnicode_KIND(b)
               && memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b),
                         (size_t)PyUnicode_GET_LENGTH(a) * PyUnicode_KIND(a))
                      == 0);
}

/* --- Code objects --- */
uint32_t rec_py_code_slot_count(PyCodeObject *code);
PyObject *rec_py_code_slot_name(PyCodeObject *code, uint32_t slot); /* borrowed */
enum tf_slot_kind rec_py_code_slot_kind(PyCodeObject *code, uint32_t slot);
PyObject *rec_py_code_qualname(PyCodeObject *code); /* borrowed; up to 3.10 the name */
uint32_t rec_py_code_arg_count(PyCodeObject *code); /* * and ** included */
/* Its locals are a mapping. */
bool rec_py_code_has_mapping(PyCodeObject *code);
bool rec_py_code_is_generator(PyCodeObject *code);
/* Marks in `used` (one a name of co_names) those that the code reads or writes as module
 * globals. False when memory ran out. Allocates Python objects. */
bool rec_py_code_globals(PyCodeObject *code, uint8_t *used);
/* Calls `line` for each run of instructions of one line, by ascending offset (in bytes);
 * lineno 0: they have none. Allocates. */
bool rec_py_code_lines(PyCodeObject *code,
                       void (*line)(void *ctx, uint32_t lineno, uint32_t off),
                       void *ctx);
uint32_t rec_py_code_unit_count(PyCodeObject *code);
/* co_code, a new reference; NULL with an exception set. */
PyObject *rec_py_code_object_bytes(PyCodeObject *code);
/* Its instructions as compiled, two bytes a unit: the caller frees them. NULL when memory
 * ran out. Allocates. */
uint8_t *rec_py_code_bytes(PyCodeObject *code, uint32_t unit_count);

/* What an instruction can do to objects, and where on the value stack these are (TOS: the
 * top). Python code that it calls has its own events and instructions. */
enum rec_effect {
    REC_EFFECT_NONE,
    REC_EFFECT_STORE,        /* assigns fast local `arg` */
    REC_EFFECT_STORE_LOAD,   /* assigns fast local `arg` >> 4 */
    REC_EFFECT_STORE_STORE,  /* that, and `arg` & 15 */
    REC_EFFECT_ATTR,         /* changes attributes of TOS */
    REC_EFFECT_STORE_SUBSCR, /* changes the item TOS of what is below it */
    REC_EFFECT_STORE_SLICE,  /* changes items of what is two below TOS */
    REC_EFFECT_INPLACE,      /* changes what is below TOS, or not */
    REC_EFFECT_SET_ADD,      /* changes the arg-th below TOS */
    REC_EFFECT_CELL,         /* changes the cell in fast local `arg` */
    REC_EFFECT_CALL,         /* calls with `arg` arguments: see rec_py_call() */
    REC_EFFECT_CALL_KW,      /* the names of the last of them are TOS */
    REC_EFFECT_CALL_EX,      /* calls with a tuple: see rec_py_call_ex() */
    REC_EFFECT_JUMPS = 0x80, /* a flag: what follows may not be what runs next */
};

/* One a code unit: effect (with flag) and argument. An instruction that is reached through
 * EXTENDED_ARG stands at the first of these, too. False when memory ran out. Allocates
 * Python objects. */
bool rec_py_code_effects(PyCodeObject *code, uint8_t *effect, uint32_t *arg);

/* The value stack during an opcode event: past its top, so that [-1] is TOS; NULL when it
 * is not known. */
rec_py_ref *rec_py_frame_stack(PyFrameObject *frame);

/* The depth of the value stack before each instruction (REC_NO_DEPTH: not known), into one
 * number a code unit; false when that cannot be told. */
#define REC_NO_DEPTH UINT16_MAX
bool rec_py_code_depths(PyCodeObject *code, const uint8_t *bytes, uint32_t unit_count,
                        uint16_t *depth);
/* The place past the top of a value stack of that depth. */
rec_py_ref *rec_py_frame_stack_at(PyFrameObject *frame, uint16_t depth);

/* What a REC_EFFECT_CALL calls, with which arguments (self first; those with a name last). */
#define REC_CALL_ARGS 64

struct rec_call {
    PyObject *callable;
    size_t arg_count;
    PyObject *arg[REC_CALL_ARGS];
};

/* False when there are more arguments than that. `names`: their names lie on top. */
bool rec_py_call(rec_py_ref *stack_top, uint32_t arg, bool names, struct rec_call *ret);
/* What a REC_EFFECT_CALL_EX calls, and the arguments without those that have names. */
void rec_py_call_ex(rec_py_ref *stack_top, uint32_t arg, PyObject **ret_callable,
                    PyObject **ret_args);

/* A pointer of ours in the code object; NULL if none. Its `release` is called when the
 * code object dies. */
int rec_py_code_extra_init(void (*release)(void *extra));
void *rec_py_code_extra(PyCodeObject *code);
bool rec_py_code_set_extra(PyCodeObject *code, void *extra);

/* co_names and co_consts; borrowed. */
PyObject *rec_py_code_name(PyCodeObject *code, uint32_t idx);
PyObject *rec_py_code_const(PyCodeObject *code, uint32_t idx);

/* --- Types --- */

/* A number that no other state of a type had; 0 when it has none. */
uint64_t rec_py_type_version(PyTypeObject *type);
/* tp_dict, which a built-in type has elsewhere from 3.12 on; borrowed, or NULL. */
PyObject *rec_py_type_dict(PyTypeObject *type);
/* What its MRO has under that name; borrowed, NULL: nothing. Runs no code. */
PyObject *rec_py_type_find(PyTypeObject *type, PyObject *name);
/* It was made by C code: a static type, or one with a module's definition. */
bool rec_py_is_c_type(PyTypeObject *type);
/* Its attributes are looked up as `object` does it. */
bool rec_py_plain_getattr(PyTypeObject *type);
bool rec_py_plain_setattr(PyTypeObject *type);
/* A class whose objects come from `object.__new__` and `type.__call__`: calling it gives one
 * of exactly this type. */
bool rec_py_is_plain_class(PyTypeObject *type);
/* What a staticmethod, classmethod or partial wraps; borrowed; NULL for anything else. */
PyObject *rec_py_wrapped_function(PyObject *descr);
/* The value behind the descriptor of a `__slots__` member (NULL: unbound); false for other
 * descriptors. `obj` NULL: only whether it is one. */
bool rec_py_member_value(PyObject *descr, PyObject *obj, PyObject **ret_value);

/* --- Dicts and instances --- */

/* A number that changes with every change of the dict itself; 0 when there is none. */
uint64_t rec_py_dict_version(PyObject *dict);
/* A number that another table of the same set does not have, as long as the set lives and is
 * looked at after each change; 0 while members stand in the set object itself. */
uint64_t rec_py_set_version(PyObject *set);
/* Keys were deleted since the dict grew last. */
bool rec_py_dict_has_holes(PyObject *dict);
/* Borrowed value for an exact str key, NULL if there is none. Never compares with anything
 * but exact strs. */
PyObject *rec_py_dict_get_str(PyObject *dict, PyObject *name);
/* The place among the items of a key; REC_PY_DICT_NEW when there is none,
 * REC_PY_DICT_UNKNOWN for a key that only code of the program can tell from others
 * (rec_key.h). Where keys were deleted, items are counted. */
#define REC_PY_DICT_NEW     (-1)
#define REC_PY_DICT_UNKNOWN (-2)
int64_t rec_py_dict_position(PyObject *dict, PyObject *key);
/* The value of such a key, in constant time (borrowed), with any number that is not
 * negative; else the same numbers. */
int64_t rec_py_dict_lookup(PyObject *dict, PyObject *key, PyObject **ret_value);
/* Item `i` of a dict (borrowed); false where that is not known. Constant time while no key
 * was deleted, else as far as `i` is from the nearer end. */
bool rec_py_dict_entry(PyObject *dict, uint32_t i, PyObject **ret_key,
                       PyObject **ret_value);
/* Places in the table of a set, a power of two. */
uint32_t rec_py_set_places(PyObject *set);
/* The member at a place of the table (borrowed); false: there is none. */
bool rec_py_set_at(PyObject *set, uint32_t place, PyObject **ret_key,
                   Py_hash_t *ret_hash);
/* The place from which set.pop() took a member, if it was the latest method that did. */
uint32_t rec_py_set_popped(PyObject *set);

/* The places at which a member with the hash can stand, or stood until it was discarded. */
struct rec_py_probe {
    PyObject *set;
    size_t perturb, base;
    uint32_t step, steps; /* of the present run of neighbours */
    bool end;
};

struct rec_py_probe rec_py_set_probe(PyObject *set, Py_hash_t hash);
bool rec_py_set_probe_next(struct rec_py_probe *probe, uint32_t *ret_place);
/* The next member of a set or frozenset, in the order of its table: start with *pos = 0;
 * false at the end. Borrowed. */
bool rec_py_set_next(PyObject *set, Py_ssize_t *pos, PyObject **ret_key,
                     Py_hash_t *ret_hash);
/* The instance's `__dict__` if it exists as an object (borrowed), else NULL; never makes
 * it. */
PyObject *rec_py_instance_dict(PyObject *obj);
/* Attributes that are kept in the instance itself because no dict was asked for yet, in
 * insertion order: start with *pos = 0. False at the end. Borrowed. */
bool rec_py_inline_attr_next(PyObject *obj, Py_ssize_t *pos, PyObject **ret_name,
                             PyObject **ret_value);
/* One attribute of the instance, by its interned name; borrowed, NULL: it has none. `place`
 * (-1 at first): where it was for the latest object, which is tried first. */
PyObject *rec_py_instance_attr(PyObject *obj, PyObject *name, int32_t *place);
/* Offsets of the T_OBJECT_EX slots (`__slots__`) of one class of the MRO: start with
 * *pos = 0; false at the end. */
bool rec_py_slot_next(PyTypeObject *type, Py_ssize_t *pos, const char **ret_name,
                      Py_ssize_t *ret_offset);

/* --- Scalars --- */

/* An exact int whose magnitude is one digit or 0, and its value. */
#if PY_VERSION_HEX >= 0x030c0000
static inline bool
rec_py_is_one_digit(PyObject *n)
{
    return PyUnstable_Long_IsCompact((PyLongObject *)n);
}

static inline int64_t
rec_py_one_digit(PyObject *n)
{
    return PyUnstable_Long_CompactValue((PyLongObject *)n);
}
#else
static inline bool
rec_py_is_one_digit(PyObject *n)
{
    Py_ssize_t size = Py_SIZE(n);
    return size >= -1 && size <= 1;
}

static inline int64_t
rec_py_one_digit(PyObject *n)
{
    Py_ssize_t size = Py_SIZE(n);
    return size == 0 ? 0 : size * (int64_t)((PyLongObject *)n)->ob_digit[0];
}
#endif

/* True with the value if it fits 64 bits. `n` is an int or of a subclass. */
bool rec_py_int64(PyObject *n, int64_t *ret);
/* Bits of |n|, and two's complement bytes into `bytes` (`len` of them); false if they do
 * not fit. */
size_t rec_py_int_bits(PyObject *n);
bool rec_py_int_negative(PyObject *n);
bool rec_py_int_bytes(PyObject *n, uint8_t *bytes, size_t len);
/* The digits as they lie in memory, for comparing. */
const void *rec_py_int_digits(PyObject *n, size_t *ret_bytes);

/* --- Memory: when does an object die? --- */

/* Start of the memory block that the object lies in: what its type's tp_free passes on to
 * the allocator. Two live objects never share it. */
uintptr_t rec_py_base(PyObject *obj);
/* Calls `died(base)` for each block of the object allocator that is freed, and for each
 * object that CPython keeps in a free list instead of freeing. Must be cheap: it is called
 * for every object. */
void rec_py_watch_deaths(void (*died)(uintptr_t base));
/* Takes that back as far as nobody else has come on top; what stays calls `died` on. */
void rec_py_unwatch_deaths(void);

/* --- Hooks --- */
/* Installs `trace` (and `profile` unless NULL) in a thread. The functions' `self` is what
 * sys.gettrace() (sys.getprofile()) shows: NULL for None. */
void rec_py_set_trace(PyThreadState *tstate, Py_tracefunc trace, PyObject *self);
void rec_py_set_profile(PyThreadState *tstate, Py_tracefunc profile, PyObject *self);
Py_tracefunc rec_py_get_trace(PyThreadState *tstate, PyObject **ret_self);
Py_tracefunc rec_py_get_profile(PyThreadState *tstate, PyObject **ret_self);
uint64_t rec_py_thread_id(PyThreadState *tstate); /* never used again in this process */
uint64_t rec_py_thread_ident(PyThreadState *tstate);
uint64_t rec_py_thread_native_id(PyThreadState *tstate);
/* Turns the collector off; returns what rec_py_gc_restore() wants. While it is off, Python
 * objects may be made and dropped without a collection being moved in time. */
int rec_py_gc_pause(void);
void rec_py_gc_restore(int was_on);
/* The definition of a built-in (`sys.settrace`), which all share who hold it and which stays
 * for good; NULL when it is no built-in function. */
PyMethodDef *rec_py_builtin_def(PyObject *builtin);

/* The program ends because of a KeyboardInterrupt that nothing caught: CPython raises SIGINT
 * on itself after finalisation. */
bool rec_py_interrupted(void);

#endif
