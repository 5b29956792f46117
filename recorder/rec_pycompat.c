/* Facts come from the headers of the version that is compiled for, and from its sources
 * where said. tests/e2e/test_oracle_*.py notices when one stops being true. */
#define Py_BUILD_CORE 1
#include "rec_pycompat.h"

#if PY_VERSION_HEX < 0x030b0000 || PY_VERSION_HEX >= 0x030c0000
# error \
     "pyrecord knows CPython 3.11 only so far; build it with make PYTHON=/path/to/python3.11"
#endif
#ifdef Py_GIL_DISABLED
# error "pyrecord does not know the free-threaded build"
#endif

#include <stdlib.h>
#include <string.h>

#include <frameobject.h>
#include <opcode.h>
#include <structmember.h>

/* A shared libpython does not export these tables: they are made here, under own names. */
#define NEED_OPCODE_TABLES 1
#define _PyOpcode_Caches   rec_py_opcode_caches
#define _PyOpcode_Deopt    rec_py_opcode_deopt
#define _PyOpcode_Jump     rec_py_opcode_jump
#include "internal/pycore_code.h"
#include "internal/pycore_dict.h"
#include "internal/pycore_frame.h"
#include "internal/pycore_object.h"
#include "internal/pycore_opcode.h"
#include "internal/pycore_pylifecycle.h"
#include "internal/pycore_runtime.h"

/* --- Frames --- */

/* The instruction at prev_instr, as compiled. Specialised forms that may stand at a RESUME
 * or YIELD_VALUE: RESUME_QUICK only (3.11, Include/internal/pycore_opcode.h). */
static unsigned
frame_opcode(const _PyInterpreterFrame *frame, unsigned *ret_arg)
{
    const _Py_CODEUNIT *first = _PyCode_CODE(frame->f_code);
    const _Py_CODEUNIT *at = frame->prev_instr;
    if (at < first) {
        *ret_arg = 0;
        return 0;
    }
    unsigned opcode = _Py_OPCODE(*at);
    *ret_arg = _Py_OPARG(*at);
    return opcode == RESUME_QUICK ? RESUME : opcode;
}

/* 3.11: a generator starts at RESUME 0 and goes on at RESUME 1 (yield), 2 (yield from) or
 * 3 (await); throw() reports the call while the frame still stands at its YIELD_VALUE,
 * SEND or, never started, RETURN_GENERATOR (Python/ceval.c, TRACE_FUNCTION_THROW_ENTRY). */
enum tf_event_kind
rec_py_call_kind(PyFrameObject *frame)
{
    unsigned arg;
    if (frame_opcode(frame->f_frame, &arg) != RESUME) {
        return TF_EV_THROW;
    }
    return (arg & 3) == 0 ? TF_EV_START : TF_EV_RESUME;
}

enum tf_event_kind
rec_py_return_kind(PyFrameObject *frame, PyObject *arg)
{
    unsigned oparg;
    if (arg == NULL) {
        return TF_EV_UNWIND;
    }
    return frame_opcode(frame->f_frame, &oparg) == YIELD_VALUE ? TF_EV_YIELD
                                                               : TF_EV_RETURN;
}

PyCodeObject *
rec_py_frame_code(PyFrameObject *frame)
{
    return frame->f_frame->f_code;
}

PyObject *
rec_py_frame_globals(PyFrameObject *frame)
{
    return frame->f_frame->f_globals;
}

PyObject *
rec_py_frame_builtins(PyFrameObject *frame)
{
    return frame->f_frame->f_builtins;
}

PyObject *
rec_py_frame_mapping(PyFrameObject *frame)
{
    return frame->f_frame->f_locals;
}

PyFrameObject *
rec_py_frame_back(PyFrameObject *frame)
{
    const _PyInterpreterFrame *below = frame->f_frame->previous;
    return below != NULL ? below->frame_obj : NULL;
}

PyObject **
rec_py_frame_slots(PyFrameObject *frame)
{
    return frame->f_frame->localsplus;
}

uint32_t
rec_py_frame_lineno(PyFrameObject *frame)
{
    int lineno = PyFrame_GetLineNumber(frame);
    return lineno > 0 ? (uint32_t)lineno : 0;
}

uint32_t
rec_py_frame_instruction(PyFrameObject *frame)
{
    int unit = _PyInterpreterFrame_LASTI(frame->f_frame);
    return unit > 0 ? (uint32_t)unit * (uint32_t)sizeof(_Py_CODEUNIT) : 0;
}

uint32_t
rec_py_frame_unit(PyFrameObject *frame)
{
    int unit = _PyInterpreterFrame_LASTI(frame->f_frame);
    return unit > 0 ? (uint32_t)unit : 0;
}

/* prev_instr stands on the last inline cache of the CALL (Python/ceval.c, CALL). */
uint32_t
rec_py_call_unit(PyFrameObject *caller, uint32_t unit)
{
    const _Py_CODEUNIT *code = _PyCode_CODE(caller->f_frame->f_code);
    while (unit > 0 && _PyOpcode_Deopt[_Py_OPCODE(code[unit])] != CALL) {
        unit--;
    }
    return unit;
}

/* is_entry: the frame was begun by a C call of the evaluation loop. */
bool
rec_py_frame_is_called_by(PyFrameObject *frame, PyFrameObject *caller)
{
    const _PyInterpreterFrame *callee = frame->f_frame;
    if (callee->is_entry || callee->previous != caller->f_frame) {
        return false;
    }
    const _Py_CODEUNIT *code = _PyCode_CODE(caller->f_frame->f_code);
    uint32_t unit = rec_py_frame_unit(caller);
    unsigned caches = _PyOpcode_Caches[CALL];
    uint32_t call = rec_py_call_unit(caller, unit);
    return _PyOpcode_Deopt[_Py_OPCODE(code[call])] == CALL && unit - call <= caches;
}

uint64_t
rec_py_gil_switches(void)
{
    return _PyRuntime.ceval.gil.switch_number;
}

void
rec_py_frame_mute_lines(PyFrameObject *frame)
{
    frame->f_trace_lines = 0;
}

bool
rec_py_frame_is_muted(PyFrameObject *frame)
{
    return !frame->f_trace_lines;
}

void
rec_py_frame_want_opcodes(PyFrameObject *frame)
{
    frame->f_trace_opcodes = 1;
}

void
rec_py_frame_drop_opcodes(PyFrameObject *frame)
{
    frame->f_trace_opcodes = 0;
}

static struct {
    bool (*is_ours)(PyFrameObject *frame);
    void (*was_set)(PyFrameObject *frame, bool value);
} opcodes;

static PyObject *
get_opcodes(PyObject *self, void *closure)
{
    (void)closure;
    PyFrameObject *frame = (PyFrameObject *)self;
    return PyBool_FromLong(frame->f_trace_opcodes && !opcodes.is_ours(frame));
}

/* As the T_BOOL member that it stands for (Python/structmember.c). */
static int
set_opcodes(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    PyFrameObject *frame = (PyFrameObject *)self;
    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "can't delete numeric/char attribute");
        return -1;
    }
    if (!PyBool_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "attribute value type must be bool");
        return -1;
    }
    opcodes.was_set(frame, value == Py_True);
    frame->f_trace_opcodes = value == Py_True;
    return 0;
}

bool
rec_py_hide_opcodes(bool (*is_ours)(PyFrameObject *frame),
                    void (*was_set)(PyFrameObject *frame, bool value))
{
    static PyGetSetDef opcodes_def = {"f_trace_opcodes", get_opcodes, set_opcodes, NULL,
                                      NULL};
    opcodes.is_ours = is_ours;
    opcodes.was_set = was_set;
    PyObject *descr = PyDescr_NewGetSet(&PyFrame_Type, &opcodes_def);
    bool ok =
        descr != NULL
        && PyDict_SetItemString(PyFrame_Type.tp_dict, "f_trace_opcodes", descr) == 0;
    Py_XDECREF(descr);
    PyType_Modified(&PyFrame_Type);
    PyErr_Clear();
    return ok;
}

PyFrameObject *
rec_py_generator_frame(PyObject *generator)
{
    PyGenObject *gen = (PyGenObject *)generator;
    if (gen->gi_frame_state >= FRAME_COMPLETED) {
        return NULL;
    }
    return ((_PyInterpreterFrame *)gen->gi_iframe)->frame_obj;
}

PyObject *
rec_py_generator_qualname(PyObject *generator)
{
    return ((PyGenObject *)generator)->gi_qualname;
}

/* --- Code objects --- */
uint32_t
rec_py_code_slot_count(PyCodeObject *code)
{
    return (uint32_t)code->co_nlocalsplus;
}

PyObject *
rec_py_code_slot_name(PyCodeObject *code, uint32_t slot)
{
    return PyTuple_GET_ITEM(code->co_localsplusnames, slot);
}

enum tf_slot_kind
rec_py_code_slot_kind(PyCodeObject *code, uint32_t slot)
{
    _PyLocals_Kind kind = _PyLocals_GetKind(code->co_localspluskinds, (int)slot);
    if (kind & CO_FAST_FREE) {
        return TF_SLOT_FREE;
    }
    return kind & CO_FAST_CELL ? TF_SLOT_CELL : TF_SLOT_LOCAL;
}

PyObject *
rec_py_code_qualname(PyCodeObject *code)
{
    return code->co_qualname;
}

uint32_t
rec_py_code_arg_count(PyCodeObject *code)
{
    int count = code->co_argcount + code->co_kwonlyargcount;
    count += (code->co_flags & CO_VARARGS) != 0;
    count += (code->co_flags & CO_VARKEYWORDS) != 0;
    return (uint32_t)count;
}

bool
rec_py_code_has_mapping(PyCodeObject *code)
{
    return !(code->co_flags & CO_OPTIMIZED);
}

bool
rec_py_code_is_generator(PyCodeObject *code)
{
    return code->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR);
}

bool
rec_py_code_globals(PyCodeObject *code, uint8_t *used)
{
    PyObject *bytes = PyCode_GetCode(code);
    if (bytes == NULL) {
        PyErr_Clear();
        return false;
    }
    const uint8_t *unit = (const uint8_t *)PyBytes_AS_STRING(bytes);
    Py_ssize_t names = PyTuple_GET_SIZE(code->co_names);
    Py_ssize_t end = PyBytes_GET_SIZE(bytes);
    Py_ssize_t arg = 0;
    for (Py_ssize_t i = 0; i + 1 < end; i += 2) {
        unsigned opcode = unit[i];
        arg = arg << 8 | unit[i + 1];
        Py_ssize_t name = opcode == LOAD_GLOBAL ? arg >> 1 : arg;
        switch (opcode) {
        case LOAD_GLOBAL:
        case STORE_GLOBAL:
        case DELETE_GLOBAL:
        case LOAD_NAME:
            if (name < names) {
                used[name] = 1;
            }
            break;
        default: break;
        }
        if (opcode != EXTENDED_ARG) {
            arg = 0;
        }
    }
    Py_DECREF(bytes);
    return true;
}

bool
rec_py_code_lines(PyCodeObject *code,
                  void (*line)(void *ctx, uint32_t lineno, uint32_t off), void *ctx)
{
    PyCodeAddressRange bounds;
    _PyCode_InitAddressRange(code, &bounds);
    while (_PyLineTable_NextAddressRange(&bounds)) {
        line(ctx, bounds.ar_line > 0 ? (uint32_t)bounds.ar_line : 0,
             (uint32_t)bounds.ar_start);
    }
    return true;
}

uint32_t
rec_py_code_unit_count(PyCodeObject *code)
{
    return (uint32_t)Py_SIZE(code);
}

uint8_t *
rec_py_code_bytes(PyCodeObject *code, uint32_t unit_count)
{
    PyObject *bytes = PyCode_GetCode(code);
    size_t len = (size_t)unit_count * sizeof(_Py_CODEUNIT);
    uint8_t *copy = malloc(len + 1);
    if (bytes == NULL || copy == NULL || (size_t)PyBytes_GET_SIZE(bytes) < len) {
        free(copy);
        copy = NULL;
    }
    else {
        memcpy(copy, PyBytes_AS_STRING(bytes), len);
    }
    Py_XDECREF(bytes);
    PyErr_Clear();
    return copy;
}

static bool
is_jump(unsigned opcode)
{
    switch (opcode) {
    case FOR_ITER:
    case SEND:
    case JUMP_FORWARD:
    case JUMP_BACKWARD:
    case JUMP_BACKWARD_NO_INTERRUPT:
    case JUMP_IF_FALSE_OR_POP:
    case JUMP_IF_TRUE_OR_POP:
    case POP_JUMP_FORWARD_IF_FALSE:
    case POP_JUMP_FORWARD_IF_TRUE:
    case POP_JUMP_FORWARD_IF_NONE:
    case POP_JUMP_FORWARD_IF_NOT_NONE:
    case POP_JUMP_BACKWARD_IF_FALSE:
    case POP_JUMP_BACKWARD_IF_TRUE:
    case POP_JUMP_BACKWARD_IF_NONE:
    case POP_JUMP_BACKWARD_IF_NOT_NONE: return true;
    default: return false;
    }
}

static enum rec_effect
opcode_effect(unsigned opcode, uint32_t arg, bool reads_dict)
{
    switch (opcode) {
    case STORE_FAST: return REC_EFFECT_STORE;
    case STORE_ATTR:
    case DELETE_ATTR: return REC_EFFECT_ATTR;
    case LOAD_ATTR: return reads_dict ? REC_EFFECT_ATTR : REC_EFFECT_NONE;
    case STORE_SUBSCR:
    case DELETE_SUBSCR: return REC_EFFECT_STORE_SUBSCR;
    case BINARY_OP: return arg >= NB_INPLACE_ADD ? REC_EFFECT_INPLACE : REC_EFFECT_NONE;
    case STORE_DEREF:
    case DELETE_DEREF: return REC_EFFECT_CELL;
    case CALL: return REC_EFFECT_CALL;
    case CALL_FUNCTION_EX: return REC_EFFECT_CALL_EX;
    default: return REC_EFFECT_NONE;
    }
}

bool
rec_py_code_effects(PyCodeObject *code, uint8_t *effect, uint32_t *arg)
{
    PyObject *bytes = PyCode_GetCode(code);
    if (bytes == NULL) {
        PyErr_Clear();
        return false;
    }
    const uint8_t *unit = (const uint8_t *)PyBytes_AS_STRING(bytes);
    Py_ssize_t count = PyBytes_GET_SIZE(bytes) / 2;
    Py_ssize_t first = 0; /* unit at which the instruction's EXTENDED_ARGs begin */
    uint32_t extended = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        unsigned opcode = unit[2 * i];
        extended = extended << 8 | unit[2 * i + 1];
        if (opcode == EXTENDED_ARG) {
            continue;
        }
        arg[i] = extended;
        bool reads_dict = opcode == LOAD_ATTR
                          && (Py_ssize_t)extended < PyTuple_GET_SIZE(code->co_names)
                          && _PyUnicode_EqualToASCIIString(
                              PyTuple_GET_ITEM(code->co_names, extended), "__dict__");
        effect[i] = (uint8_t)(opcode_effect(opcode, extended, reads_dict)
                              | (is_jump(opcode) ? REC_EFFECT_JUMPS : 0));
        if (first < i && effect[i] != REC_EFFECT_STORE) {
            /* No opcode event comes for what follows an EXTENDED_ARG (Python/ceval.c). */
            effect[first] = effect[i] & (uint8_t)~REC_EFFECT_JUMPS;
            arg[first] = extended;
        }
        extended = 0;
        first = i + 1;
    }
    Py_DECREF(bytes);
    return true;
}

PyObject **
rec_py_frame_stack(PyFrameObject *frame)
{
    _PyInterpreterFrame *f = frame->f_frame;
    return f->stacktop > 0 ? f->localsplus + f->stacktop : NULL;
}

/* The stack holds: method or NULL, callable or self, arguments (Python/ceval.c, CALL). */
void
rec_py_call(PyObject **stack_top, uint32_t arg, struct rec_call *ret)
{
    PyObject **base = stack_top - arg - 2;
    bool is_method = base[0] != NULL;
    ret->callable = base[is_method ? 0 : 1];
    ret->arg = base + (is_method ? 1 : 2);
    ret->arg_count = arg + (is_method ? 1u : 0u);
}

PyObject *
rec_py_code_name(PyCodeObject *code, uint32_t idx)
{
    return PyTuple_GET_ITEM(code->co_names, (Py_ssize_t)idx);
}

PyObject *
rec_py_code_const(PyCodeObject *code, uint32_t idx)
{
    return PyTuple_GET_ITEM(code->co_consts, (Py_ssize_t)idx);
}

/* --- Types --- */
uint64_t
rec_py_type_version(PyTypeObject *type)
{
    return type->tp_flags & Py_TPFLAGS_VALID_VERSION_TAG ? type->tp_version_tag : 0;
}

PyObject *
rec_py_type_find(PyTypeObject *type, PyObject *name)
{
    return _PyType_Lookup(type, name);
}

bool
rec_py_plain_getattr(PyTypeObject *type)
{
    return type->tp_getattro == PyObject_GenericGetAttr;
}

bool
rec_py_plain_setattr(PyTypeObject *type)
{
    return type->tp_setattro == PyObject_GenericSetAttr;
}

bool
rec_py_is_plain_class(PyTypeObject *type)
{
    return Py_TYPE(type)->tp_call == PyType_Type.tp_call
           && type->tp_new == PyBaseObject_Type.tp_new
           && type->tp_flags & Py_TPFLAGS_HEAPTYPE;
}

/* They have it as the member `__func__` (Objects/funcobject.c) or `func`
 * (Modules/_functoolsmodule.c). */
PyObject *
rec_py_wrapped_function(PyObject *descr)
{
    PyTypeObject *type = Py_TYPE(descr);
    bool method = type == &PyStaticMethod_Type || type == &PyClassMethod_Type;
    for (PyMemberDef *at = type->tp_members; at != NULL && at->name != NULL; at++) {
        if (strcmp(at->name, method ? "__func__" : "func") == 0
            && (at->type == T_OBJECT || at->type == T_OBJECT_EX)) {
            return *(PyObject **)((char *)descr + at->offset);
        }
    }
    return NULL;
}

bool
rec_py_member_value(PyObject *descr, PyObject *obj, PyObject **ret_value)
{
    if (!Py_IS_TYPE(descr, &PyMemberDescr_Type)) {
        return false;
    }
    const PyMemberDef *member = ((PyMemberDescrObject *)descr)->d_member;
    if (member->type != T_OBJECT_EX) {
        return false;
    }
    *ret_value = obj != NULL ? *(PyObject **)((char *)obj + member->offset) : NULL;
    return true;
}

static Py_ssize_t extra_index = -1;

int
rec_py_code_extra_init(void (*release)(void *extra))
{
    if (extra_index < 0) {
        extra_index = _PyEval_RequestCodeExtraIndex(release);
    }
    return extra_index < 0 ? -1 : 0;
}

void *
rec_py_code_extra(PyCodeObject *code)
{
    void *extra = NULL;
    _PyCode_GetExtra((PyObject *)code, extra_index, &extra);
    return extra;
}

bool
rec_py_code_set_extra(PyCodeObject *code, void *extra)
{
    if (_PyCode_SetExtra((PyObject *)code, extra_index, extra) < 0) {
        PyErr_Clear();
        return false;
    }
    return true;
}

/* --- Dicts and instances --- */
uint64_t
rec_py_dict_version(PyObject *dict)
{
    return ((PyDictObject *)dict)->ma_version_tag;
}

static PyObject *
dict_scan_str(PyObject *dict, PyObject *name)
{
    PyObject *key, *value;
    Py_ssize_t pos = 0;
    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (key == name) {
            return value;
        }
        if (PyUnicode_CheckExact(key) && PyUnicode_IS_READY(key)
            && _PyUnicode_EQ(key, name)) {
            return value;
        }
    }
    return NULL;
}

PyObject *
rec_py_dict_get_str(PyObject *dict, PyObject *name)
{
    PyDictObject *mp = (PyDictObject *)dict;
    Py_hash_t hash = ((PyASCIIObject *)name)->hash;
    if (hash == -1 || !DK_IS_UNICODE(mp->ma_keys)) {
        return dict_scan_str(dict,
                             name); /* other keys may have an __eq__ of their own */
    }
    return _PyDict_GetItem_KnownHash(dict, name, hash);
}

bool
rec_py_dict_entry(PyObject *dict, uint32_t i, PyObject **ret_key, PyObject **ret_value)
{
    PyDictObject *mp = (PyDictObject *)dict;
    PyDictKeysObject *keys = mp->ma_keys;
    if (mp->ma_values != NULL || keys->dk_nentries != mp->ma_used
        || (Py_ssize_t)i >= keys->dk_nentries) {
        return false;
    }
    if (DK_IS_UNICODE(keys)) {
        *ret_key = DK_UNICODE_ENTRIES(keys)[i].me_key;
        *ret_value = DK_UNICODE_ENTRIES(keys)[i].me_value;
    }
    else {
        *ret_key = DK_ENTRIES(keys)[i].me_key;
        *ret_value = DK_ENTRIES(keys)[i].me_value;
    }
    return *ret_key != NULL && *ret_value != NULL;
}

static Py_ssize_t
dict_index_at(const PyDictKeysObject *keys, size_t i)
{
    switch (keys->dk_log2_index_bytes - keys->dk_log2_size) {
    case 0: return ((const int8_t *)keys->dk_indices)[i];
    case 1: return ((const int16_t *)keys->dk_indices)[i];
    case 2: return ((const int32_t *)keys->dk_indices)[i];
    default: return (Py_ssize_t)((const int64_t *)keys->dk_indices)[i];
    }
}

static bool
is_equal_key(PyObject *a, PyObject *b)
{
    int64_t x, y;
    if (a == b) {
        return true;
    }
    if (PyUnicode_CheckExact(a) && PyUnicode_CheckExact(b)) {
        return PyUnicode_IS_READY(a) && PyUnicode_IS_READY(b) && _PyUnicode_EQ(a, b);
    }
    return PyLong_CheckExact(a) && PyLong_CheckExact(b) && rec_py_int64(a, &x)
           && rec_py_int64(b, &y) && x == y;
}

/* Probes as lookdict does (Objects/dictobject.c), but compares exact strs and ints only: no
 * __eq__ is called. A key of another type with the same hash makes the answer unknown. */
int64_t
rec_py_dict_position(PyObject *dict, PyObject *key)
{
    PyObject *at, *value;
    int64_t small;
    PyDictKeysObject *keys = ((PyDictObject *)dict)->ma_keys;
    Py_hash_t hash = -1;
    if (PyUnicode_CheckExact(key)) {
        hash = PyUnicode_Type.tp_hash(key); /* kept in the str, as any lookup does */
    }
    else if (PyLong_CheckExact(key) && rec_py_int64(key, &small)) {
        hash = PyLong_Type.tp_hash(key);
    }
    if (PyDict_GET_SIZE(dict) == 0) {
        return REC_PY_DICT_NEW;
    }
    if (hash == -1 || !rec_py_dict_entry(dict, 0, &at, &value)) {
        return REC_PY_DICT_UNKNOWN;
    }
    size_t mask = (size_t)DK_SIZE(keys) - 1;
    size_t perturb = (size_t)hash, i = (size_t)hash & mask;
    for (;;) {
        Py_ssize_t entry = dict_index_at(keys, i);
        if (entry == DKIX_EMPTY) {
            return REC_PY_DICT_NEW;
        }
        if (entry < 0 || !rec_py_dict_entry(dict, (uint32_t)entry, &at, &value)) {
            return REC_PY_DICT_UNKNOWN;
        }
        if (is_equal_key(at, key)) {
            return entry;
        }
        if (!DK_IS_UNICODE(keys) && DK_ENTRIES(keys)[entry].me_hash == hash) {
            return REC_PY_DICT_UNKNOWN;
        }
        perturb >>= 5;
        i = (i * 5 + perturb + 1) & mask;
    }
}

PyObject *
rec_py_instance_dict(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        return *_PyObject_ManagedDictPointer(obj);
    }
    Py_ssize_t offset = type->tp_dictoffset;
    if (offset == 0) {
        return NULL;
    }
    if (offset
        < 0) { /* after the items (Objects/object.c, _PyObject_ComputedDictPointer) */
        Py_ssize_t size = ((PyVarObject *)obj)->ob_size;
        offset += (Py_ssize_t)_PyObject_VAR_SIZE(type, size < 0 ? -size : size);
    }
    PyObject *dict = *(PyObject **)((char *)obj + offset);
    return dict != NULL && PyDict_Check(dict) ? dict : NULL;
}

/* Values kept inline (3.11, Include/internal/pycore_dict.h): the bytes before the values
 * hold the count ([-2]) and the places in the order of insertion ([-3], [-4] ...). */
bool
rec_py_inline_attr_next(PyObject *obj, Py_ssize_t *pos, PyObject **ret_name,
                        PyObject **ret_value)
{
    PyTypeObject *type = Py_TYPE(obj);
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return false;
    }
    PyDictValues *values = *_PyObject_ValuesPointer(obj);
    PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    if (values == NULL || keys == NULL) {
        return false;
    }
    const uint8_t *order = (const uint8_t *)values;
    while (*pos < order[-2]) {
        unsigned place = order[-3 - *pos];
        ++*pos;
        if (place < (unsigned)keys->dk_nentries && values->values[place] != NULL) {
            *ret_name = DK_UNICODE_ENTRIES(keys)[place].me_key;
            *ret_value = values->values[place];
            return true;
        }
    }
    return false;
}

PyObject *
rec_py_instance_attr(PyObject *obj, PyObject *name, int32_t *place)
{
    PyTypeObject *type = Py_TYPE(obj);
    PyObject *at, *value, *dict = rec_py_instance_dict(obj);
    if (dict != NULL) {
        return rec_py_dict_get_str(dict, name);
    }
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return NULL;
    }
    PyDictValues *values = *_PyObject_ValuesPointer(obj);
    PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    if (values != NULL && keys != NULL && *place >= 0 && *place < keys->dk_nentries
        && DK_UNICODE_ENTRIES(keys)[*place].me_key == name
        && values->values[*place] != NULL) {
        return values->values[*place];
    }
    for (Py_ssize_t pos = 0; rec_py_inline_attr_next(obj, &pos, &at, &value);) {
        if (at == name
            || (!(PyUnicode_CHECK_INTERNED(at) && PyUnicode_CHECK_INTERNED(name))
                && _PyUnicode_EQ(at, name))) {
            *place = ((const uint8_t *)values)[-2 - pos];
            return value;
        }
    }
    return NULL;
}

bool
rec_py_slot_next(PyTypeObject *type, Py_ssize_t *pos, const char **ret_name,
                 Py_ssize_t *ret_offset)
{
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        return false;
    }
    PyMemberDef *member = _PyHeapType_GET_MEMBERS((PyHeapTypeObject *)type);
    Py_ssize_t count = Py_SIZE(type);
    while (*pos < count) {
        PyMemberDef *at = &member[(*pos)++];
        if (at->type == T_OBJECT_EX) {
            *ret_name = at->name;
            *ret_offset = at->offset;
            return true;
        }
    }
    return false;
}

/* --- Scalars --- */
bool
rec_py_int64(PyObject *n, int64_t *ret)
{
    const PyLongObject *v = (const PyLongObject *)n;
    Py_ssize_t size = Py_SIZE(v);
    switch (size) {
    case 0: *ret = 0; return true;
    case 1: *ret = (int64_t)v->ob_digit[0]; return true;
    case -1: *ret = -(int64_t)v->ob_digit[0]; return true;
    default: break;
    }
    Py_ssize_t digits = size < 0 ? -size : size;
    if (digits > 3) {
        return false;
    }
    unsigned __int128 magnitude = 0;
    while (digits-- > 0) {
        magnitude = magnitude << PyLong_SHIFT | v->ob_digit[digits];
    }
    if (magnitude > (unsigned __int128)INT64_MAX + (size < 0)) {
        return false;
    }
    *ret = size < 0 ? (int64_t)(0 - (uint64_t)magnitude) : (int64_t)magnitude;
    return true;
}

size_t
rec_py_int_bits(PyObject *n)
{
    return _PyLong_NumBits(n);
}

bool
rec_py_int_negative(PyObject *n)
{
    return Py_SIZE(n) < 0;
}

bool
rec_py_int_bytes(PyObject *n, uint8_t *bytes, size_t len)
{
    if (_PyLong_AsByteArray((PyLongObject *)n, bytes, len, 1, 1) < 0) {
        PyErr_Clear();
        return false;
    }
    return true;
}

const void *
rec_py_int_digits(PyObject *n, size_t *ret_bytes)
{
    Py_ssize_t size = Py_SIZE(n);
    *ret_bytes = (size_t)(size < 0 ? -size : size) * sizeof(digit);
    return ((PyLongObject *)n)->ob_digit;
}

/* --- Memory --- */
uintptr_t
rec_py_base(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    size_t before = 0;
    if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        before += 2 * sizeof(PyObject *);
    }
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

/* Types whose dead objects go to a free list (3.11: numfree in Include/internal/pycore_*.h,
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
    swap_dealloc((PyTypeObject *)PyExc_MemoryError, &deaths.memory_error,
                 watched_dealloc_memory_error);
}

/* --- Hooks --- */
/* As _PyEval_SetTrace and _PyEval_SetProfile (Python/ceval.c, 3.11), but without the audit
 * event, which the program's audit hooks would see. */
static void
set_hook(PyThreadState *tstate, Py_tracefunc *hook, PyObject **hook_self,
         Py_tracefunc func, PyObject *self)
{
    PyObject *before = *hook_self;
    Py_XINCREF(self);
    *hook = func;
    *hook_self = self;
    bool on = tstate->c_tracefunc != NULL || tstate->c_profilefunc != NULL;
    tstate->cframe->use_tracing = on ? 255 : 0;
    Py_XDECREF(before);
}

void
rec_py_set_trace(PyThreadState *tstate, Py_tracefunc trace, PyObject *self)
{
    set_hook(tstate, &tstate->c_tracefunc, &tstate->c_traceobj, trace, self);
}

void
rec_py_set_profile(PyThreadState *tstate, Py_tracefunc profile, PyObject *self)
{
    set_hook(tstate, &tstate->c_profilefunc, &tstate->c_profileobj, profile, self);
}

Py_tracefunc
rec_py_get_trace(PyThreadState *tstate, PyObject **ret_self)
{
    *ret_self = tstate->c_traceobj;
    return tstate->c_tracefunc;
}

Py_tracefunc
rec_py_get_profile(PyThreadState *tstate, PyObject **ret_self)
{
    *ret_self = tstate->c_profileobj;
    return tstate->c_profilefunc;
}

uint64_t
rec_py_thread_id(PyThreadState *tstate)
{
    return tstate->id;
}

uint64_t
rec_py_thread_ident(PyThreadState *tstate)
{
    return tstate->thread_id;
}

uint64_t
rec_py_thread_native_id(PyThreadState *tstate)
{
    return tstate->native_thread_id;
}

int
rec_py_gc_pause(void)
{
    return PyGC_Disable();
}

void
rec_py_gc_restore(int was_on)
{
    if (was_on) {
        PyGC_Enable();
    }
}

PyCFunction
rec_py_swap_builtin(PyObject *builtin, PyCFunction replacement)
{
    if (!PyCFunction_Check(builtin)) {
        return NULL;
    }
    PyMethodDef *def = ((PyCFunctionObject *)builtin)->m_ml;
    PyCFunction before = def->ml_meth;
    def->ml_meth = replacement;
    return before;
}

bool
rec_py_interrupted(void)
{
    return _Py_UnhandledKeyboardInterrupt != 0;
}
