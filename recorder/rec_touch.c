#include "rec_touch.h"

#include <stdlib.h>

#include "rec_callee.h"
#include "rec_delta.h"
#include "rec_values.h"

struct rec_touch {
    struct rec_obj *obj;
    uint64_t id; /* the entry is used for another object when it differs */
    const struct rec_frame *owner; /* whose instruction it is; NULL: finished */
    struct rec_hint hint;
    bool deep;   /* and all that can be reached from it */
    bool looked; /* at least once since it was noted */
};

static const struct rec_hint anywhere = {REC_HINT_NONE, 0};

/* --- Noting --- */
static void
add_entry(const struct rec_frame *owner, struct rec_obj *obj, struct rec_hint hint,
          bool deep)
{
    if (obj->leaf && !obj->fresh) {
        return;
    }
    if (rec.touched_count == rec.touched_cap) {
        size_t cap = rec.touched_cap * 2 + 64;
        struct rec_touch *more = realloc(rec.touched, cap * sizeof *more);
        if (more == NULL) {
            rec.out_of_memory = true;
            return;
        }
        rec.touched = more;
        rec.touched_cap = cap;
    }
    rec.touched[rec.touched_count++] = (struct rec_touch){
        .obj = obj, .id = obj->id, .owner = owner, .hint = hint, .deep = deep};
}

/* The instance whose attributes a dict holds. */
static void
add_owner_of(const struct rec_frame *owner, PyObject *dict)
{
    struct rec_obj *obj =
        rec_shadow_get(&rec.shadow, &rec.shadow.owners, rec_py_base(dict));
    if (obj != NULL && obj->addr != NULL) {
        add_entry(owner, obj, anywhere, false);
    }
}

void
rec_touch_object(const struct rec_frame *owner, PyObject *obj, struct rec_hint hint,
                 bool deep)
{
    struct rec_obj *known = obj != NULL ? rec_shadow_find(&rec.shadow, obj) : NULL;
    if (known != NULL) {
        add_entry(owner, known, hint, deep);
    }
    if (obj == NULL) {
        return;
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
}

static void
touch(const struct rec_frame *owner, PyObject *obj)
{
    rec_touch_object(owner, obj, anywhere, false);
}

/* x[key] = ...: which item, where that is easy to say. */
static struct rec_hint
item_hint(PyObject *container, PyObject *key)
{
    int64_t index;
    if (PyList_CheckExact(container) && PyLong_CheckExact(key)
        && rec_py_int64(key, &index)) {
        index += index < 0 ? PyList_GET_SIZE(container) : 0;
        return (struct rec_hint){REC_HINT_ITEM, index};
    }
    if (PyDict_CheckExact(container)) {
        index = rec_py_dict_position(container, key);
        if (index >= 0) {
            return (struct rec_hint){REC_HINT_ITEM, index};
        }
        if (index == REC_PY_DICT_NEW) {
            return (struct rec_hint){REC_HINT_TAIL, PyDict_GET_SIZE(container)};
        }
    }
    return anywhere;
}

static void
touch_call_ex(const struct rec_frame *frame, PyObject **top, uint32_t flags)
{
    PyObject *args = flags & 1 ? top[-2] : top[-1];
    PyObject *callable = flags & 1 ? top[-3] : top[-2];
    if (!PyTuple_Check(args)) {
        rec_callee_touch_iterator(frame, args);
        return;
    }
    rec_callee_touch(frame, callable, ((PyTupleObject *)args)->ob_item,
                     (size_t)PyTuple_GET_SIZE(args));
}

void
rec_touch_instruction(struct rec_frame *frame)
{
    for (size_t i = rec.touched_count; i > 0 && rec.touched[i - 1].owner == frame;
         i--) {
        rec.touched[i - 1].owner = NULL; /* the instruction before is done */
    }
    uint32_t unit = rec_py_frame_unit(frame->frame);
    const struct rec_flow *flow = &frame->code->flow;
    if (unit >= flow->unit_count || flow->effect[unit] == REC_EFFECT_NONE) {
        return;
    }
    PyObject **top = rec_py_frame_stack(frame->frame);
    if (top == NULL) {
        rec.look_again = true;
        return;
    }
    uint32_t arg = flow->arg[unit];
    struct rec_call call;
    switch ((enum rec_effect)flow->effect[unit]) {
    case REC_EFFECT_ATTR: touch(frame, top[-1]); break;
    case REC_EFFECT_STORE_SUBSCR:
        rec_touch_object(frame, top[-2], item_hint(top[-2], top[-1]), false);
        break;
    case REC_EFFECT_LOAD_SUBSCR:
        if (Py_TYPE(top[-2]) != &PyDict_Type && PyDict_Check(top[-2])) {
            touch(frame, top[-2]);
        }
        break;
    case REC_EFFECT_INPLACE:
        touch(frame, top[-2]);
        rec_callee_touch_iterator(frame, top[-1]);
        break;
    case REC_EFFECT_CELL: touch(frame, rec_py_frame_slots(frame->frame)[arg]); break;
    case REC_EFFECT_CALL:
        rec_py_call(top, arg, &call);
        rec_callee_touch(frame, call.callable, call.arg, call.arg_count);
        break;
    case REC_EFFECT_CALL_EX: touch_call_ex(frame, top, arg); break;
    case REC_EFFECT_ITERATE: rec_callee_touch_iterator(frame, top[-1]); break;
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
        size_t values = (size_t)obj->item_count + obj->attr_count;
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

static void
look_at(struct rec_touch *touched)
{
    if (touched->obj->addr != NULL && touched->obj->id == touched->id
        && !touched->obj->fresh) {
        if (touched->deep) {
            look_deep(touched->obj);
        }
        else {
            rec_values_look(touched->obj, touched->hint);
        }
    }
    touched->looked = true;
}

void
rec_touch_look(const struct rec_frame *top, const struct rec_frame *frame)
{
    size_t kept = 0;
    for (size_t i = 0; i < rec.touched_count; i++) {
        struct rec_touch *touched = &rec.touched[i];
        bool running = touched->owner != NULL && touched->owner != frame;
        /* C code that runs on can change it again: it is back in that when it calls. */
        if (!running || !touched->looked || touched->owner == top || rec.switched) {
            look_at(touched);
        }
        if (running) {
            rec.touched[i].hint.sort = REC_HINT_NONE;
            rec.touched[kept++] = rec.touched[i];
        }
    }
    rec.touched_count = kept;
}

void
rec_touch_forget(const struct rec_frame *frame)
{
    for (size_t i = rec.touched_count; i > 0; i--) {
        if (rec.touched[i - 1].owner == frame) {
            rec.touched[i - 1].owner = NULL;
        }
    }
}
