#include "rec_frames.h"

#include <stdlib.h>
#include <string.h>

#include "rec_namespace.h"
#include "rec_scan.h"
#include "rec_touch.h"
#include "rec_values.h"

static inline struct tf_rows *
rows(void)
{
    return &rec.batch->changes;
}

static bool
thread_push(struct rec_thread *thread, struct rec_frame *frame)
{
    rec_thread_define(thread);
    if (thread->depth == thread->cap) {
        uint32_t cap = thread->cap * 2 + 64;
        struct rec_frame **more = realloc(thread->stack, cap * sizeof *more);
        if (more == NULL) {
            return false;
        }
        thread->stack = more;
        thread->cap = cap;
    }
    thread->stack[thread->depth++] = frame;
    frame->on_stack = true;
    return true;
}

/* --- Frames --- */
/* Frames are used again by those of the same size: each call makes one. */
static void
frame_free(struct rec_frame *frame)
{
    if (frame->slot_count < REC_FREE_FRAMES) {
        frame->link.next = (struct rec_link *)rec.free_frames[frame->slot_count];
        rec.free_frames[frame->slot_count] = frame;
        return;
    }
    free(frame->touched);
    free(frame);
}

static struct rec_frame *
frame_alloc(uint32_t slots)
{
    size_t size = sizeof(struct rec_frame) + slots * sizeof(struct rec_val);
    struct rec_frame *frame = slots < REC_FREE_FRAMES ? rec.free_frames[slots] : NULL;
    if (frame == NULL) {
        return calloc(1, size);
    }
    rec.free_frames[slots] = (struct rec_frame *)frame->link.next;
    struct rec_touch *touched = frame->touched;
    uint32_t cap = frame->touched_cap;
    memset(frame, 0, size);
    frame->touched = touched;
    frame->touched_cap = cap;
    return frame;
}

static void
frame_forget(struct rec_frame *frame)
{
    rec_frames_index_remove(&rec.shadow, &frame->link);
    frame_free(frame);
}

/* The frame object is gone: a generator that was dropped while suspended. One that is still
 * on a stack is forgotten when it is popped. */
void
rec_frame_died(void *arg)
{
    struct rec_frame *frame = arg;
    frame->frame = NULL;
    if (!frame->on_stack) {
        frame_free(frame);
    }
}

struct rec_frame *
rec_frame_of(PyFrameObject *frame)
{
    return rec_index_find(&rec.shadow.frames, rec_py_base((PyObject *)frame));
}

static struct rec_frame *
frame_new(PyFrameObject *object, struct rec_code *code)
{
    uint32_t slots = code->slot_count + code->has_mapping;
    struct rec_frame *frame = frame_alloc(slots);
    if (frame == NULL) {
        return NULL;
    }
    struct rec_frame *stale = rec_frame_of(object);
    if (stale != NULL) {
        rec_frames_index_remove(&rec.shadow, &stale->link);
        if (!stale->on_stack) {
            frame_free(stale);
        }
    }
    frame->link.base = rec_py_base((PyObject *)object);
    if (!rec_frames_index_add(&rec.shadow, &frame->link)) {
        frame_free(frame);
        return NULL;
    }
    frame->frame = object;
    frame->code = code;
    frame->code_id = code->id;
    frame->fast_count = code->slot_count;
    frame->slot_count = slots;
    frame->globals = rec_py_frame_globals(object);
    frame->full_chunk = UINT64_MAX;
    frame->id = ++rec.frame_count;
    return frame;
}

/* The value that names the frame's globals, for OP_ENTER and its like. */
static void
emit_globals(struct rec_frame *frame)
{
    frame->namespace = NULL;
    if (rec.options->values && frame->globals != NULL && PyDict_Check(frame->globals)) {
        struct rec_obj *last = frame->code->namespace;
        bool whole = frame->code->has_mapping
                     && rec_py_frame_mapping(frame->frame) == frame->globals;
        if (!whole && last != NULL && last->addr == frame->globals
            && last->id == frame->code->global_namespace && !last->fresh
            && last->epoch == rec.epoch) {
            frame->namespace = last;
            frame->namespace_id = last->id;
            return;
        }
        frame->namespace = rec_values_namespace(frame->globals, whole);
        frame->code->namespace = frame->namespace;
        frame->namespace_id = frame->namespace != NULL ? frame->namespace->id : 0;
    }
}

static void
write_globals(const struct rec_frame *frame)
{
    if (frame->namespace_id != 0) {
        tf_rows_ref(rows(), frame->namespace_id);
    }
    else {
        tf_rows_value(rows(), TF_VAL_NONE);
    }
}

static void
write_enter(struct rec_frame *frame)
{
    emit_globals(frame);
    if (tf_rows_op(rows(), TF_OP_ENTER)) {
        tf_rows_u64(rows(), frame->code->id);
        write_globals(frame);
    }
    frame->known_chunk = rec.chunk;
}

static void
write_local(uint32_t slot)
{
    if (tf_rows_op(rows(), TF_OP_LOCAL)) {
        tf_rows_u64(rows(), slot);
    }
}

/* A generator goes on. Where the chunk does not show it yet, its slots are written anew. */
static void
write_resume(struct rec_frame *frame)
{
    bool full = frame->known_chunk != rec.chunk;
    emit_globals(frame);
    if (tf_rows_op(rows(), full ? TF_OP_RESUME_FULL : TF_OP_RESUME)) {
        tf_rows_u64(rows(), frame->id);
        tf_rows_u64(rows(), frame->code->id);
        write_globals(frame);
    }
    if (full) { /* all unbound: rec_frame_update() writes what is bound */
        memset(frame->slot, 0, frame->slot_count * sizeof frame->slot[0]);
        frame->known_chunk = rec.chunk;
        frame->full_chunk = UINT64_MAX;
    }
}

static void
pop(struct rec_thread *thread, bool keep)
{
    struct rec_frame *frame = thread->stack[--thread->depth];
    frame->touched_count = frame->touched_since = 0;
    frame->plan = NULL;
    frame->on_stack = false;
    if (!keep) {
        frame_forget(frame);
    }
}

/* Frames whose objects are gone without an event that told of their end. */
static void
drop_dead(struct rec_thread *thread)
{
    struct rec_frame *top;
    while ((top = rec_thread_top(thread)) != NULL && top->frame == NULL) {
        tf_rows_op(rows(), TF_OP_LEAVE);
        pop(thread, false);
    }
}

/* A frame that was seen before and is the same now; NULL if it is another at its address. */
static struct rec_frame *
frame_known(PyFrameObject *object)
{
    struct rec_frame *frame = rec_frame_of(object);
    bool same = frame != NULL && frame->code_id != 0
                && rec_py_code_extra(rec_py_frame_code(object)) == frame->code;
    return same ? frame : NULL;
}

static bool
resume(struct rec_thread *thread, struct rec_frame *frame)
{
    if (frame->on_stack) {
        if (rec_thread_top(thread) != frame) {
            return false;
        }
        tf_rows_op(rows(), TF_OP_LEAVE);
        pop(thread, true);
    }
    if (!thread_push(thread, frame)) {
        return false;
    }
    write_resume(frame);
    return true;
}

/* Up to 3.9 only the innermost knows who waits for it (Objects/genobject.c, _gen_throw): one
 * between that is thrown into later may have been put too low. */
static void
lift(struct rec_thread *thread, PyFrameObject *object)
{
    struct rec_frame *frame = frame_known(object);
    if (frame != NULL && frame->on_stack && rec_thread_top(thread) == frame) {
        tf_rows_op(rows(), TF_OP_LEAVE);
        pop(thread, true);
    }
}

/* outer.throw() reaches the innermost generator of a chain of `yield from` and `await`
 * directly: the ones between stand on the stack again without an event of theirs. */
static void
resume_chain(struct rec_thread *thread, PyFrameObject *object)
{
    PyFrameObject *back = rec_py_frame_back(object);
    struct rec_frame *frame = back != NULL ? frame_known(back) : NULL;
    if (frame != NULL && !frame->on_stack) {
        resume_chain(thread, back);
        if (resume(thread, frame)) {
            rec_frame_update(frame);
        }
    }
}

/* A function's cells may have been filled by C code that is long done: type.__new__ fills
 * that of `__class__` after the class body has returned. */
static void
look_at_cells(const struct rec_frame *frame)
{
    rec_py_ref *slots = rec_py_frame_slots(frame->frame);
    for (uint32_t i = frame->fast_count; i > 0; i--) {
        PyObject *obj = rec_py_ref_get(slots[i - 1]);
        if (obj == NULL || !PyCell_Check(obj)) {
            break; /* free variables come last */
        }
        struct rec_obj *cell = rec_shadow_find(&rec.shadow, obj);
        if (cell != NULL) {
            rec_values_look(cell, (struct rec_hint){.sort = REC_HINT_NONE, .index = 0});
        }
    }
}

struct rec_frame *
rec_frame_enter(struct rec_thread *thread, PyFrameObject *object, struct rec_code *code,
                enum tf_event_kind kind)
{
    drop_dead(thread);
    struct rec_frame *caller = rec_thread_top(thread);
    if (caller != NULL) {
        rec_frame_update(caller);
    }
    if (kind == TF_EV_THROW) {
        lift(thread, object);
        resume_chain(thread, object);
    }
    struct rec_frame *frame = kind != TF_EV_START ? frame_known(object) : NULL;
    if (frame == NULL || !resume(thread, frame)) {
        frame = frame_new(object, code);
        if (frame != NULL && !thread_push(thread, frame)) {
            frame_forget(frame);
            frame = NULL;
        }
        if (frame == NULL) {
            return NULL;
        }
        write_enter(frame);
    }
    look_at_cells(frame);
    frame->call_seq = rec.seq + 1;
    frame->call_kind = (uint8_t)kind;
    return frame;
}

struct rec_frame *
rec_frame_find(struct rec_thread *thread, PyFrameObject *object, struct rec_code *code)
{
    struct rec_frame *top = rec_thread_top(thread);
    if (top != NULL && top->frame == object && top->code == code) {
        return top;
    }
    for (uint32_t i = thread->depth; i > 0; i--) {
        if (thread->stack[i - 1]->frame == object
            && thread->stack[i - 1]->code == code) {
            while (thread->depth > i) { /* their returns were not seen */
                tf_rows_op(rows(), TF_OP_LEAVE);
                pop(thread, rec_thread_top(thread)->frame != NULL
                                && rec_thread_top(thread)->code->is_generator);
            }
            return thread->stack[i - 1];
        }
    }
    /* It ran before the hooks did. */
    struct rec_frame *frame = frame_new(object, code);
    if (frame != NULL && !thread_push(thread, frame)) {
        frame_forget(frame);
        return NULL;
    }
    if (frame != NULL) {
        write_enter(frame);
    }
    return frame;
}

/* --- Whole stacks --- */

/* The frames that are recorded, innermost first; NULL when memory ran out. */
static PyFrameObject **
real_stack(PyFrameObject *innermost, uint32_t *ret_count)
{
    uint32_t count = 0, cap = 0;
    PyFrameObject **real = NULL;
    for (PyFrameObject *at = innermost; at != NULL; at = rec_py_frame_caller(at)) {
        struct rec_code *code = rec_code_of(rec_py_frame_code(at));
        if (count == cap) {
            cap = cap * 2 + 64;
            PyFrameObject **more = realloc(real, cap * sizeof *more);
            code = more != NULL ? code : NULL;
            real = more != NULL ? more : real;
        }
        if (code == NULL) {
            free(real);
            return NULL;
        }
        if (code->id != 0) {
            real[count++] = at;
        }
    }
    *ret_count = count;
    return real != NULL ? real : malloc(1);
}

/* A frame that runs, and that was not seen to begin. */
static bool
push_running(struct rec_thread *thread, PyFrameObject *object)
{
    struct rec_frame *frame = frame_known(object);
    if (frame == NULL || !resume(thread, frame)) {
        frame = frame_new(object, rec_code_of(rec_py_frame_code(object)));
        if (frame == NULL || !thread_push(thread, frame)) {
            return false;
        }
        write_enter(frame);
    }
    frame->lineno = rec_py_frame_lineno(object);
    frame->call_kind = TF_EV_START;
    frame->unit = REC_UNIT_UNKNOWN;
    rec.budget = rec.options->max_objects;
    rec_frame_update(frame);
    rec_values_drain();
    return true;
}

bool
rec_frames_sync(struct rec_thread *thread, PyFrameObject *innermost)
{
    uint32_t count = 0, same = 0;
    PyFrameObject **real = real_stack(innermost, &count);
    bool ok = real != NULL;
    while (ok && same < thread->depth && same < count
           && thread->stack[same]->frame == real[count - 1 - same]
           && frame_known(real[count - 1 - same]) == thread->stack[same]) {
        same++;
    }
    while (ok && thread->depth > same) {
        const struct rec_frame *top = rec_thread_top(thread);
        tf_rows_op(rows(), TF_OP_LEAVE);
        pop(thread, top->frame != NULL && top->code->is_generator);
    }
    for (uint32_t i = same; ok && i < count; i++) {
        ok = push_running(thread, real[count - 1 - i]);
    }
    free(real);
    return ok;
}

static void
release_frame(void *value)
{
    struct rec_frame *frame = value;
    if (rec.whole && frame->frame != NULL && frame->opcodes && !frame->opcodes_wanted) {
        rec_py_frame_drop_opcodes(frame->frame);
    }
    free(frame->touched);
    free(frame);
}

void
rec_frames_release(void)
{
    for (struct rec_thread *thread = rec.threads; thread != NULL;
         thread = thread->next) {
        for (; thread->depth > 0; thread->depth--) {
            struct rec_frame *frame = thread->stack[thread->depth - 1];
            rec_frames_index_remove(&rec.shadow, &frame->link);
            release_frame(frame);
        }
    }
    rec_index_drop_all(&rec.shadow.frames, release_frame);
    for (size_t i = 0; i < REC_FREE_FRAMES; i++) {
        while (rec.free_frames[i] != NULL) {
            struct rec_frame *frame = rec.free_frames[i];
            rec.free_frames[i] = (struct rec_frame *)frame->link.next;
            free(frame->touched);
            free(frame);
        }
    }
}

void
rec_frame_leave(struct rec_thread *thread, bool suspended)
{
    if (thread->depth > 0) {
        pop(thread, suspended);
    }
}

/* --- Locals --- */
/* The usual values, without a call. False: it is another. */
static inline bool
slot_update_quickly(struct rec_frame *frame, uint32_t slot, PyObject *value)
{
    struct rec_val *val = &frame->slot[slot], now;
    if (value == NULL) {
        return val->kind == TF_VAL_UNBOUND;
    }
    if (val->kind == TF_VAL_REF) {
        const struct rec_obj *obj = rec_val_obj(val);
        if (obj != NULL && obj->addr == value) {
            return obj->epoch == rec.epoch && obj->depth <= 1;
        }
    }
    if (frame->code->slot_secret[slot] || !rec_py_small_scalar(value, &now)) {
        return false;
    }
    if (val->kind == now.kind && val->data == now.data) {
        return true;
    }
    if (rec.text_rules) {
        return false;
    }
    write_local(slot);
    rec_small_scalar_emit(rows(), &now);
    *val = now;
    frame->written = true;
    return true;
}

static bool
is_key_secret(const struct rec_frame *frame)
{
    rec_py_ref *slots = rec_py_frame_slots(frame->frame);
    PyObject *key = rec_py_ref_get(slots[frame->code->key_slot]);
    struct rec_src src = rec_src_obj(key);
    return key != NULL && (PyUnicode_Check(key) || PyBytes_Check(key))
           && rec_value_is_secret(&src);
}

static void
slot_update(struct rec_frame *frame, uint32_t slot, PyObject *value)
{
    if (slot < frame->fast_count && slot_update_quickly(frame, slot, value)) {
        return;
    }
    struct rec_src src = rec_src_obj(value);
    struct rec_val *val = &frame->slot[slot];
    if (val->kind == TF_VAL_UNBOUND
            ? value == NULL
            : val->kind != REC_VAL_ASSIGNED && rec_value_same(val, &src, 1)) {
        return;
    }
    write_local(slot);
    uint8_t secret = slot < frame->code->slot_count ? frame->code->slot_secret[slot]
                                                    : REC_SLOT_PLAIN;
    bool paired = secret == REC_SLOT_VALUE;
    if (paired && !is_key_secret(frame)) {
        secret = REC_SLOT_PLAIN;
    }
    *val = secret != REC_SLOT_PLAIN && value != NULL ? rec_value_emit_redacted(value)
                                                     : rec_value_emit(&src, 1);
    if (paired && val->kind == TF_VAL_ELIDED) {
        val->data = (uintptr_t)value; /* another value may come with another key */
    }
    if (val->kind == TF_VAL_REF) {
        rec_scan_met(rec_val_obj(val));
    }
    frame->written = true;
}

static void
mapping_update(struct rec_frame *frame)
{
    PyObject *mapping = rec_py_frame_mapping(frame->frame);
    uint32_t slot = frame->code->slot_count;
    if (mapping == NULL || !PyDict_Check(mapping)) {
        slot_update(frame, slot, mapping);
        return;
    }
    struct rec_obj *namespace = mapping == frame->globals
                                    ? rec_values_namespace(mapping, true)
                                    : rec_values_mapping(mapping);
    struct rec_val *val = &frame->slot[slot];
    if (namespace != NULL
        && (val->kind != TF_VAL_REF || rec_val_obj(val) != namespace)) {
        write_local(slot);
        tf_rows_ref(rows(), namespace->id);
        *val = rec_val_ref(namespace);
        frame->written = true;
    }
}

static void
globals_update(struct rec_frame *frame)
{
    if (rec_py_frame_mapping(frame->frame) != frame->globals) {
        rec_values_globals(frame->namespace, frame->globals, frame->code);
    }
}

void
rec_frame_update_slots(struct rec_frame *frame)
{
    if (!rec.options->values || frame->frame == NULL) {
        return;
    }
    rec_py_ref *slots = rec_py_frame_slots(frame->frame);
    bool all = frame->epoch != rec.epoch;
    frame->epoch = rec.epoch;
    if (frame->plan != NULL && !frame->plan->open && !all) {
        for (uint32_t i = 0; i < frame->plan->store_count; i++) {
            uint32_t slot = frame->plan->store[i].slot;
            slot_update(frame, slot, rec_py_ref_get(slots[slot]));
        }
    }
    else {
        for (uint32_t i = 0; i < frame->code->slot_count; i++) {
            PyObject *value = rec_py_ref_get(slots[i]);
            if (value != NULL || frame->slot[i].kind != TF_VAL_UNBOUND) {
                slot_update(frame, i, value);
            }
        }
    }
    if (frame->code->has_mapping) {
        mapping_update(frame);
    }
    struct rec_code *code = frame->code;
    if (frame->namespace != NULL && code->global_count > 0) {
        uint64_t version = rec_py_dict_version(frame->globals);
        if (version == 0 || version != code->global_version || all
            || code->global_namespace != frame->namespace_id) {
            globals_update(frame);
            code->global_version = version;
        }
    }
}

/* --- Keyframes --- */

/* One slot as it was recorded. A text is taken from the object, which is there still unless
 * the frame has run on since its last event. */
static void
key_value(const struct rec_val *val, PyObject *value)
{
    struct tf_rows *key = &rec.batch->keyframe;
    struct rec_src src = rec_src_obj(value);
    struct rec_val now;
    double x;
    switch (val->kind) {
    case TF_VAL_REF: {
        /* it may have died since, but what is recorded refers to it */
        const struct rec_obj *obj = (const struct rec_obj *)(uintptr_t)val->data;
        if ((uint32_t)obj->id == val->hash) {
            tf_rows_ref(key, obj->id);
        }
        else {
            tf_rows_elided(key, TF_ELIDE_UNREADABLE, 0);
        }
        return;
    }
    case TF_VAL_INT: tf_rows_int(key, (int64_t)val->data); return;
    case TF_VAL_FLOAT:
        memcpy(&x, &val->data, sizeof x);
        tf_rows_float(key, x);
        return;
    case TF_VAL_ELIDED: tf_rows_elided(key, (enum tf_elision)val->note, 0); return;
    default: break;
    }
    if (rec_scalar_make(&src, &now) && rec_val_equal(val, &now)) {
        rec_scalar_emit(key, &src, &now);
    }
    else if (val->kind <= TF_VAL_NOTIMPLEMENTED) {
        tf_rows_value(key, (enum tf_value_kind)val->kind);
    }
    else {
        tf_rows_elided(key, TF_ELIDE_UNREADABLE, 0);
    }
}

static void
key_slots(struct rec_frame *frame)
{
    struct tf_rows *key = &rec.batch->keyframe;
    rec_py_ref *slots = frame->frame != NULL ? rec_py_frame_slots(frame->frame) : NULL;
    uint32_t count = frame->slot_count;
    for (uint32_t i = 0; i < count; i++) {
        if (frame->slot[i].kind != TF_VAL_UNBOUND && tf_rows_op(key, TF_OP_LOCAL)) {
            tf_rows_u64(key, i);
            key_value(&frame->slot[i], slots != NULL && i < frame->fast_count
                                           ? rec_py_ref_get(slots[i])
                                           : NULL);
        }
    }
}

static void
key_frame(struct rec_frame *frame)
{
    struct tf_rows *key = &rec.batch->keyframe;
    if (!tf_rows_op(key, TF_OP_FRAME)) {
        return;
    }
    tf_rows_u64(key, frame->id);
    tf_rows_u64(key, frame->code_id);
    tf_rows_u64(key, frame->lineno);
    tf_rows_u64(key, frame->call_seq);
    tf_rows_u64(key, frame->call_kind);
    if (frame->namespace_id != 0) {
        tf_rows_ref(key, frame->namespace_id);
    }
    else {
        tf_rows_value(key, TF_VAL_NONE);
    }
    if (!frame->written && frame->full_chunk != UINT64_MAX) {
        if (tf_rows_op(key, TF_OP_SAME)) {
            tf_rows_u64(key, frame->full_chunk);
        }
    }
    else {
        key_slots(frame);
        frame->full_chunk = rec.chunk;
        frame->written = false;
    }
    frame->known_chunk = rec.chunk;
}

void
rec_frames_keyframe(void)
{
    for (struct rec_thread *thread = rec.threads; thread != NULL;
         thread = thread->next) {
        if (thread->depth == 0 || !tf_rows_op(&rec.batch->keyframe, TF_OP_THREAD)) {
            continue;
        }
        tf_rows_u64(&rec.batch->keyframe, thread->id);
        for (uint32_t i = 0; i < thread->depth; i++) {
            key_frame(thread->stack[i]);
        }
    }
}
