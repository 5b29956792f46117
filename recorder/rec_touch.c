#include "rec_touch.h"

#include <stdlib.h>

#include "rec_callee.h"
#include "rec_delta.h"
#include "rec_set.h"
#include "rec_sites.h"
#include "rec_values.h"

static const struct rec_hint anywhere = {.sort = REC_HINT_NONE};

/* Keeps what the present instruction may change. */
static void
drop_done(struct rec_frame *frame)
{
    frame->touched_count -= frame->touched_since;
    if (frame->touched_since > 0) {
        memmove(frame->touched, frame->touched + frame->touched_since,
                frame->touched_count * sizeof *frame->touched);
        frame->touched_since = 0;
    }
}

/* --- Noting --- */

/* More than that comes together where line events are not asked for: then all that is known
 * is looked at. */
#define TOUCHED_MAX 256u

static bool
make_room(struct rec_frame *frame)
{
    if (frame->touched_count >= TOUCHED_MAX && frame->touched_since > 0) {
        rec.look_again = true;
        drop_done(frame);
    }
    if (frame->touched_count < frame->touched_cap) {
        return true;
    }
    uint32_t cap = frame->touched_cap * 2 + 8;
    struct rec_touch *more = realloc(frame->touched, cap * sizeof *more);
    if (more == NULL) {
        rec.out_of_memory = true;
        return false;
    }
    frame->touched = more;
    frame->touched_cap = cap;
    return true;
}

static void
add_entry(struct rec_frame *frame, struct rec_obj *obj, struct rec_hint hint, bool deep)
{
    if (obj->leaf && !obj->fresh) {
        return;
    }
    if (!make_room(frame)) {
        return;
    }
    frame->touched[frame->touched_count++] =
        (struct rec_touch){.obj = obj,
                           .id = obj->id,
                           .changes = obj->changes,
                           .index = hint.index,
                           .hint = (uint8_t)hint.sort,
                           .deep = deep};
}

/* One that is not recorded may be before the C code that changes it has ended, when that
 * calls Python code. */
static void
add_unknown(struct rec_frame *frame, PyObject *obj)
{
    if (PyObject_IS_GC(obj) && !PyTuple_CheckExact(obj) && make_room(frame)) {
        frame->touched[frame->touched_count++] =
            (struct rec_touch){.base = rec_py_base(obj)};
    }
}

/* The instance whose attributes a dict holds. */
static void
add_owner_of(struct rec_frame *owner, PyObject *dict)
{
    struct rec_obj *obj =
        rec_shadow_get(&rec.shadow, &rec.shadow.owners, rec_py_base(dict));
    if (obj != NULL && obj->addr != NULL) {
        add_entry(owner, obj, anywhere, false);
    }
}

bool
rec_touch_object(struct rec_frame *owner, PyObject *obj, struct rec_hint hint,
                 bool deep)
{
    struct rec_obj *known = obj != NULL ? rec_shadow_find(&rec.shadow, obj) : NULL;
    uint32_t before = owner->touched_count;
    if (obj == NULL) {
        return false;
    }
    if (known == NULL) {
        add_unknown(owner, obj);
        before = owner->touched_count;
    }
    else {
        add_entry(owner, known, hint, deep && rec.options->values == REC_VALUES_EXACT);
    }
    if (PyMemoryView_Check(obj) && PyMemoryView_GET_BASE(obj) != NULL) {
        rec_touch_object(owner, PyMemoryView_GET_BASE(obj), anywhere, false);
    }
    if (PyDict_Check(obj)) {
        add_owner_of(owner, obj);
    }
    else if (known != NULL && known->type->has_dict) {
        PyObject *dict = rec_py_instance_dict(obj);
        struct rec_obj *attrs =
            dict != NULL ? rec_shadow_find(&rec.shadow, dict) : NULL;
        if (attrs != NULL) {
            add_entry(owner, attrs, anywhere, false);
        }
    }
    return owner->touched_count != before;
}

void
rec_touch_known(struct rec_frame *owner, struct rec_obj *known, struct rec_hint hint)
{
    PyObject *dict = known->type->has_dict ? rec_py_instance_dict(known->addr) : NULL;
    if (PyDict_Check(known->addr) || dict != NULL
        || Py_IS_TYPE(known->addr, &PyMemoryView_Type)) {
        rec_touch_object(owner, known->addr, hint, false);
        return;
    }
    add_entry(owner, known, hint, false);
}

/* More values take too long to compare at each event. */
#define LOCAL_VALUES_MAX 64u

void
rec_touch_locals(struct rec_frame *frame)
{
    for (uint32_t i = 0; i < frame->fast_count; i++) {
        const struct rec_val *val = &frame->slot[i];
        struct rec_obj *obj = val->kind == TF_VAL_REF ? rec_val_obj(val) : NULL;
        if (obj != NULL && obj->item_count + obj->attr_count <= LOCAL_VALUES_MAX) {
            rec_touch_known(frame, obj, anywhere);
        }
    }
}

static void
touch(struct rec_frame *owner, PyObject *obj)
{
    rec_touch_object(owner, obj, anywhere, false);
}

/* Does x[key] = ... do what it does for the built-in type? */
static bool
stores_as(PyObject *container, PyTypeObject *type)
{
    return Py_IS_TYPE(container, type)
           || (PyType_IsSubtype(Py_TYPE(container), type)
               && Py_TYPE(container)->tp_as_mapping->mp_ass_subscript
                      == type->tp_as_mapping->mp_ass_subscript);
}

/* A Counter deletes in a way of its own, but does not store so. */
static bool
stores_as_dict(PyObject *container)
{
    if (PyDict_CheckExact(container)) {
        return true;
    }
    if (!PyDict_Check(container)) {
        return false;
    }
    const struct rec_obj *known = rec_shadow_find(&rec.shadow, container);
    return stores_as(container, &PyDict_Type) || stores_as(container, &PyODict_Type)
           || (known != NULL && known->type->category == TF_CAT_COUNTER
               && known->type->base == Py_TYPE(container));
}

/* x[key] = ...: which item, where that is easy to say. */
struct rec_hint
rec_touch_item_hint(PyObject *container, PyObject *key)
{
    int64_t index;
    if (stores_as(container, &PyList_Type) && PyLong_CheckExact(key)
        && rec_py_int64(key, &index)) {
        index += index < 0 ? PyList_GET_SIZE(container) : 0;
        return (struct rec_hint){.sort = REC_HINT_ITEM, .index = index};
    }
    if (stores_as_dict(container)) {
        index = rec_py_dict_position(container, key);
        if (index >= 0) {
            return (struct rec_hint){.sort = REC_HINT_ITEM, .index = index};
        }
        if (index == REC_PY_DICT_NEW) {
            return (struct rec_hint){.sort = REC_HINT_TAIL, .index = 0};
        }
    }
    return anywhere;
}

struct rec_hint
rec_touch_gone_hint(PyObject *container, PyObject *key)
{
    struct rec_hint hint = rec_touch_item_hint(container, key);
    if (hint.sort == REC_HINT_ITEM) {
        hint.sort = REC_HINT_GONE;
    }
    return stores_as(container, &PyList_Type) || stores_as(container, &PyDict_Type)
               ? hint
               : anywhere;
}

static void
touch_call_ex(struct rec_frame *frame, rec_py_ref *top, uint32_t arg)
{
    PyObject *callable, *args;
    rec_py_call_ex(top, arg, &callable, &args);
    if (callable == NULL || args == NULL || !PyTuple_Check(args)) {
        rec.look_again = true;
        return;
    }
    rec_callee_touch(frame, callable, ((PyTupleObject *)args)->ob_item,
                     (size_t)PyTuple_GET_SIZE(args));
}

static void
touch_call(struct rec_frame *frame, rec_py_ref *top, uint32_t arg, bool names)
{
    struct rec_call call;
    if (!rec_py_call(top, arg, names, &call)) {
        rec.look_again = true;
        return;
    }
    rec_callee_touch(frame, call.callable, call.arg, call.arg_count);
}

static void
touch_item(struct rec_frame *frame, PyObject *container, PyObject *key)
{
    if (container != NULL && key != NULL) {
        rec_touch_object(frame, container, rec_touch_item_hint(container, key), false);
    }
}

void
rec_touch_instruction(struct rec_frame *frame)
{
    uint32_t unit = rec_py_frame_unit(frame->frame);
    const struct rec_flow *flow = &frame->code->flow;
    if (unit >= flow->unit_count || flow->effect[unit] == REC_EFFECT_NONE) {
        return;
    }
    rec_py_ref *top = rec_flow_stack(flow, frame->frame, unit);
    if (top == NULL) {
        rec.look_again = true;
        return;
    }
    uint32_t arg = flow->arg[unit];
    frame->touched_since = frame->touched_count;
    switch ((enum rec_effect)flow->effect[unit]) {
    case REC_EFFECT_ATTR: touch(frame, rec_py_ref_get(top[-1])); break;
    case REC_EFFECT_STORE_SUBSCR:
        touch_item(frame, rec_py_ref_get(top[-2]), rec_py_ref_get(top[-1]));
        break;
    case REC_EFFECT_STORE_SLICE: touch(frame, rec_py_ref_get(top[-3])); break;
    case REC_EFFECT_INPLACE: touch(frame, rec_py_ref_get(top[-2])); break;
    case REC_EFFECT_SET_ADD:
        touch(frame, rec_py_ref_get(top[-1 - (ptrdiff_t)arg]));
        break;
    case REC_EFFECT_CELL:
        touch(frame, rec_py_ref_get(rec_py_frame_slots(frame->frame)[arg]));
        break;
    case REC_EFFECT_CALL:
    case REC_EFFECT_CALL_KW:
        touch_call(frame, top, arg, flow->effect[unit] == REC_EFFECT_CALL_KW);
        break;
    case REC_EFFECT_CALL_EX: touch_call_ex(frame, top, arg); break;
    default: break;
    }
}

/* --- Looking --- */

/* Everything that can be reached from it, as far as it is recorded. */
static void
look_deep(struct rec_obj *first)
{
    size_t count = 0, at = 0;
    first->deep_mark = ++rec.deep_mark;
    for (struct rec_obj *obj = first; obj != NULL;
         obj = at < count ? rec.deep[at++] : NULL) {
        rec_values_look(obj, anywhere);
        size_t values = rec_obj_values(obj);
        for (size_t i = 0; i < values && !obj->no_refs; i++) {
            struct rec_obj *child =
                obj->val[i].kind == TF_VAL_REF ? rec_val_obj(&obj->val[i]) : NULL;
            if (child == NULL || child->deep_mark == rec.deep_mark || child->leaf
                || child->fresh) {
                continue;
            }
            child->deep_mark = rec.deep_mark;
            if (count == rec.deep_cap) {
                size_t cap = rec.deep_cap * 2 + 256;
                struct rec_obj **more = realloc(rec.deep, cap * sizeof *more);
                if (more == NULL) {
                    rec.out_of_memory = true;
                    return;
                }
                rec.deep = more;
                rec.deep_cap = cap;
            }
            rec.deep[count++] = child;
        }
    }
}

/* A dict gets an item that comes after all others: so may the next note say. */
static bool
is_new_key(const struct rec_touch *touched)
{
    const struct rec_obj *obj = touched->obj;
    if (obj == NULL || obj->addr == NULL || !rec_obj_has_keys(obj)) {
        return false;
    }
    return touched->hint == REC_HINT_TAIL
               ? touched->index == 0
               : touched->hint == REC_HINT_ITEM && touched->index >= rec_obj_keys(obj);
}

/* What was known of the place holds no longer when the object was changed meanwhile, by code
 * that was called; that it is the end of it does. */
static bool
is_noted_twice(const struct rec_frame *frame, uint32_t idx)
{
    const struct rec_touch *touched = &frame->touched[idx];
    for (uint32_t i = 0; i < frame->touched_count; i++) {
        const struct rec_touch *other = &frame->touched[i];
        bool both_at_end = is_new_key(touched) && is_new_key(other);
        if (i != idx && other->obj == touched->obj && !both_at_end) {
            return true;
        }
    }
    return false;
}

/* Two changes of one object are more than each hint alone tells of. */
#define NOTED_MAX 16u

static void
check_hints(struct rec_frame *frame)
{
    for (uint32_t i = 0; i < frame->touched_count; i++) {
        struct rec_touch *touched = &frame->touched[i];
        bool alone =
            touched->hint != REC_HINT_NONE && touched->hint != REC_HINT_ATTR
            && (frame->touched_count == 1
                || (frame->touched_count <= NOTED_MAX && !is_noted_twice(frame, i)));
        bool list = touched->obj != NULL && touched->obj->type->category == TF_CAT_LIST;
        if (!alone && touched->hint != REC_HINT_ATTR
            && !(list && touched->hint == REC_HINT_TAIL)) {
            touched->hint = REC_HINT_NONE;
        }
        if (touched->obj != NULL && touched->changes != touched->obj->changes
            && touched->hint != REC_HINT_ATTR
            && !(list && touched->hint == REC_HINT_TAIL)) {
            touched->hint = REC_HINT_NONE;
        }
    }
}

static void
look_at(const struct rec_touch *touched)
{
    struct rec_obj *obj = touched->obj;
    if (obj == NULL) {
        obj = rec_index_find(&rec.shadow.objects, touched->base);
        if (obj != NULL && !obj->fresh) {
            rec_values_look(obj, anywhere);
        }
        return;
    }
    if (obj->addr == NULL || obj->id != touched->id || obj->fresh) {
        return;
    }
    if (touched->deep) {
        look_deep(obj);
    }
    else {
        rec_values_look(
            obj, (struct rec_hint){.sort = touched->hint, .index = touched->index});
    }
}

static void
look_at_all(struct rec_frame *frame)
{
    uint32_t noted = frame->touched_count;
    if (noted > 0) {
        check_hints(frame);
    }
    if (frame->plan != NULL && frame->plan->afterwards_count > 0
        && frame->frame != NULL) {
        rec_sites_look(frame);
    }
    if (frame->touched_count == 0) {
        return;
    }
    if (frame->touched_count > noted) {
        check_hints(frame);
    }
    for (uint32_t i = 0; i < frame->touched_count; i++) {
        look_at(&frame->touched[i]);
    }
    for (uint32_t i = 0; i < frame->touched_count; i++) {
        struct rec_obj *obj = frame->touched[i].obj;
        frame->touched[i].changes = obj != NULL ? obj->changes : 0;
    }
}

void
rec_touch_look(struct rec_frame *caller, struct rec_frame *frame)
{
    if (rec.switched) { /* instructions of other threads may be half done */
        for (struct rec_thread *at = rec.threads; at != NULL; at = at->next) {
            for (uint32_t i = 0; i < at->depth; i++) {
                if (rec_touch_has_work(at->stack[i])) {
                    look_at_all(at->stack[i]);
                }
            }
        }
    }
    else if (caller != NULL && rec_touch_has_work(caller)) {
        look_at_all(caller); /* its instruction may go on and change them again */
        if (caller->opcodes || (caller->watched && caller->code->flow.watched)) {
            drop_done(caller);
        }
    }
    if (rec_touch_has_work(frame)) {
        look_at_all(frame);
        frame->touched_count = frame->touched_since = 0; /* the instruction is done */
    }
}
