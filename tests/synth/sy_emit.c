#include "sy_emit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tf_limits.h"

/* As in the recorder (rec_delta.c). */
#define IMAGE_CHUNKS 4u

/* An event takes about so long; a stamp stands at calls, returns and exceptions. */
#define EVENT_NS 80u

/* --- Values --- */
struct sy_value
sy_none(void)
{
    return (struct sy_value){.kind = TF_VAL_NONE};
}

struct sy_value
sy_int(int64_t n)
{
    return (struct sy_value){.kind = TF_VAL_INT, .integer = n};
}

struct sy_value
sy_float(double x)
{
    return (struct sy_value){.kind = TF_VAL_FLOAT, .real = x};
}

struct sy_value
sy_ref(uint64_t object)
{
    return (struct sy_value){.kind = TF_VAL_REF, .ref = object};
}

struct sy_value
sy_str(const char *format, ...)
{
    struct sy_value value = {.kind = TF_VAL_STR};
    va_list args;
    va_start(args, format);
    vsnprintf(value.text, sizeof value.text, format, args);
    va_end(args);
    return value;
}

static bool
same_value(const struct sy_value *a, const struct sy_value *b)
{
    return a->kind == b->kind && a->integer == b->integer
           && (a->kind != TF_VAL_STR || strcmp(a->text, b->text) == 0);
}

static void
put_value(struct tf_rows *rows, const struct sy_value *value)
{
    switch (value->kind) {
    case TF_VAL_INT: tf_rows_int(rows, value->integer); break;
    case TF_VAL_FLOAT: tf_rows_float(rows, value->real); break;
    case TF_VAL_REF: tf_rows_ref(rows, value->ref); break;
    case TF_VAL_STR:
        tf_rows_text(rows, TF_VAL_STR, value->text, strlen(value->text));
        break;
    default: tf_rows_value(rows, (enum tf_value_kind)value->kind); break;
    }
}

/* --- Chunks --- */
static void
put_key_frame(struct sy *sy, struct sy_frame *frame)
{
    struct tf_rows *key = &sy->batch.keyframe;
    tf_rows_op(key, TF_OP_FRAME);
    tf_rows_u64(key, frame->id);
    tf_rows_u64(key, frame->code);
    tf_rows_u64(key, frame->lineno);
    tf_rows_u64(key, frame->call_seq);
    tf_rows_u64(key, frame->call_kind);
    tf_rows_ref(key, sy->globals);
    frame->known_chunk = sy->chunk;
    if (!frame->written && frame->full_chunk != UINT64_MAX) {
        tf_rows_op(key, TF_OP_SAME);
        tf_rows_u64(key, frame->full_chunk);
        return;
    }
    for (unsigned i = 0; i < sy_code_slots[frame->code]; i++) {
        if (frame->slot[i].kind != TF_VAL_UNBOUND) {
            tf_rows_op(key, TF_OP_LOCAL);
            tf_rows_u64(key, i);
            put_value(key, &frame->slot[i]);
        }
    }
    frame->full_chunk = sy->chunk;
    frame->written = false;
}

static void
put_keyframe(struct sy *sy)
{
    for (size_t t = 0; t < SY_THREADS; t++) {
        struct sy_thread *thread = &sy->thread[t];
        if (thread->depth > 0) {
            tf_rows_op(&sy->batch.keyframe, TF_OP_THREAD);
            tf_rows_u64(&sy->batch.keyframe, thread->id);
        }
        for (size_t i = 0; i < thread->depth; i++) {
            put_key_frame(sy, thread->stack[i]);
        }
    }
}

static void
write_batch(struct sy *sy)
{
    struct tf_batch *batch = &sy->batch;
    if (!sy->failed
        && (batch->changes.failed || batch->keyframe.failed || batch->failed)) {
        tf_err_set(&sy->err, TF_ERR_MEMORY, -1, "out of memory");
        sy->failed = true;
    }
    if (!sy->failed) {
        sy->failed = tf_writer_batch(sy->writer, batch, &sy->err) != TF_OK;
    }
    tf_batch_clear(batch);
}

void
sy_flush(struct sy *sy)
{
    if (sy->batch.changes.event_count > 0) {
        write_batch(sy);
    }
}

static void
end_of_event(struct sy *sy)
{
    const struct tf_rows *rows = &sy->batch.changes;
    if (rows->event_count >= TF_CHUNK_EVENTS || rows->len >= TF_CHUNK_ROW_BYTES) {
        write_batch(sy);
        sy->chunk++;
        put_keyframe(sy);
    }
    if (sy->after_event != NULL) {
        sy->after_event(sy->ctx);
    }
}

/* --- Frames --- */
static void
push(struct sy *sy, struct sy_thread *thread, struct sy_frame *frame)
{
    if (thread->depth == thread->cap) {
        size_t cap = thread->cap > 0 ? thread->cap * 2 : 64;
        struct sy_frame **stack = realloc(thread->stack, cap * sizeof *stack);
        if (stack == NULL) {
            tf_err_set(&sy->err, TF_ERR_MEMORY, -1, "out of memory");
            sy->failed = true;
            return;
        }
        thread->stack = stack;
        thread->cap = cap;
    }
    thread->stack[thread->depth++] = frame;
}

static struct sy_frame *
top(const struct sy_thread *thread)
{
    return thread->stack[thread->depth - 1];
}

void
sy_enter(struct sy *sy, struct sy_thread *thread, struct sy_frame *frame,
         enum sy_code code)
{
    memset(frame, 0, sizeof *frame);
    frame->id = sy->next_frame++;
    frame->code = (uint16_t)code;
    frame->full_chunk = UINT64_MAX;
    frame->known_chunk = sy->chunk;
    push(sy, thread, frame);
    tf_rows_op(&sy->batch.changes, TF_OP_ENTER);
    tf_rows_u64(&sy->batch.changes, code);
    tf_rows_ref(&sy->batch.changes, sy->globals);
}

static void
put_local(struct sy *sy, unsigned slot, const struct sy_value *value)
{
    tf_rows_op(&sy->batch.changes, TF_OP_LOCAL);
    tf_rows_u64(&sy->batch.changes, slot);
    put_value(&sy->batch.changes, value);
}

void
sy_local(struct sy *sy, struct sy_thread *thread, unsigned slot, struct sy_value value)
{
    struct sy_frame *frame = top(thread);
    if (!same_value(&frame->slot[slot], &value)) {
        frame->slot[slot] = value;
        frame->written = true;
        put_local(sy, slot, &value);
    }
}

void
sy_resume(struct sy *sy, struct sy_thread *thread, struct sy_frame *frame)
{
    struct tf_rows *rows = &sy->batch.changes;
    bool full = frame->known_chunk != sy->chunk;
    push(sy, thread, frame);
    tf_rows_op(rows, full ? TF_OP_RESUME_FULL : TF_OP_RESUME);
    tf_rows_u64(rows, frame->id);
    tf_rows_u64(rows, frame->code);
    tf_rows_ref(rows, sy->globals);
    for (unsigned i = 0; full && i < sy_code_slots[frame->code]; i++) {
        if (frame->slot[i].kind != TF_VAL_UNBOUND) {
            put_local(sy, i, &frame->slot[i]);
        }
    }
    frame->known_chunk = sy->chunk;
}

/* --- Events --- */
static uint64_t
put_event(struct sy *sy, struct sy_thread *thread, enum tf_event_kind kind)
{
    bool stamped = kind != TF_EV_LINE || sy->seq % 64 == 0;
    sy->now_ns += EVENT_NS + (sy->seq * 2654435761u >> 7) % 32;
    tf_rows_event(&sy->batch.changes, kind, thread->id, top(thread)->lineno, 0,
                  stamped ? sy->now_ns : 0);
    return sy->seq++;
}

uint64_t
sy_call(struct sy *sy, struct sy_thread *thread, enum tf_event_kind kind)
{
    static const uint32_t first_line[SY_C_COUNT] = {
#define SY_X(id, name, line, args, slots, globals) [SY_C_##id] = SY_L_##line,
        SY_CODES(SY_X)
#undef SY_X
    };
    struct sy_frame *frame = top(thread);
    if (kind == TF_EV_START) {
        frame->lineno = first_line[frame->code];
    }
    frame->call_kind = (uint8_t)kind;
    frame->call_seq = put_event(sy, thread, kind);
    end_of_event(sy);
    return sy->seq - 1;
}

uint64_t
sy_line(struct sy *sy, struct sy_thread *thread, enum sy_line line)
{
    top(thread)->lineno = line;
    put_event(sy, thread, TF_EV_LINE);
    end_of_event(sy);
    return sy->seq - 1;
}

static uint64_t
put_end_of_frame(struct sy *sy, struct sy_thread *thread, enum tf_event_kind kind,
                 const struct sy_value *arg)
{
    if (arg != NULL) {
        tf_rows_op(&sy->batch.changes, TF_OP_ARG);
        put_value(&sy->batch.changes, arg);
    }
    put_event(sy, thread, kind);
    thread->depth--;
    end_of_event(sy);
    return sy->seq - 1;
}

uint64_t
sy_return(struct sy *sy, struct sy_thread *thread, struct sy_value value)
{
    return put_end_of_frame(sy, thread, TF_EV_RETURN, &value);
}

uint64_t
sy_yield(struct sy *sy, struct sy_thread *thread, struct sy_value value)
{
    return put_end_of_frame(sy, thread, TF_EV_YIELD, &value);
}

uint64_t
sy_unwind(struct sy *sy, struct sy_thread *thread)
{
    return put_end_of_frame(sy, thread, TF_EV_UNWIND, NULL);
}

uint64_t
sy_exception(struct sy *sy, struct sy_thread *thread, uint64_t exception)
{
    tf_rows_op(&sy->batch.changes, TF_OP_ARG);
    tf_rows_ref(&sy->batch.changes, exception);
    put_event(sy, thread, TF_EV_EXCEPTION);
    end_of_event(sy);
    return sy->seq - 1;
}

/* --- Objects --- */
static void
put_contents(struct sy *sy, enum sy_type type, const struct sy_value *item,
             size_t item_count, const struct sy_value *attr, size_t attr_count)
{
    struct tf_rows *rows = &sy->batch.changes;
    tf_rows_u64(rows, type);
    tf_rows_u64(rows, TF_ELIDE_NONE);
    tf_rows_u64(rows, item_count);
    tf_rows_u64(rows, 0);
    tf_rows_u64(rows, attr_count);
    for (size_t i = 0; i < item_count; i++) {
        put_value(rows, &item[i]);
    }
    for (size_t i = 0; i < attr_count; i++) {
        put_value(rows, &attr[i]);
    }
}

uint64_t
sy_new(struct sy *sy, enum sy_type type, const struct sy_value *item, size_t item_count,
       const struct sy_value *attr, size_t attr_count)
{
    tf_rows_op(&sy->batch.changes, TF_OP_NEW);
    put_contents(sy, type, item, item_count, attr, attr_count);
    return sy->next_object++;
}

void
sy_image(struct sy *sy, uint64_t id, enum sy_type type, const struct sy_value *item,
         size_t item_count, const struct sy_value *attr, size_t attr_count)
{
    tf_rows_op(&sy->batch.changes, TF_OP_IMAGE);
    tf_rows_u64(&sy->batch.changes, id);
    put_contents(sy, type, item, item_count, attr, attr_count);
}

bool
sy_spread_due(const struct sy *sy, struct sy_spread *spread)
{
    if (spread->chunks >= IMAGE_CHUNKS) {
        *spread = (struct sy_spread){.chunk = (uint32_t)sy->chunk};
        return true;
    }
    spread->chunks += spread->chunk != (uint32_t)sy->chunk;
    spread->chunk = (uint32_t)sy->chunk;
    return false;
}

void
sy_object_new(struct sy *sy, struct sy_object *object)
{
    object->id =
        sy_new(sy, (enum sy_type)object->type, object->value, object->item_count,
               object->value + object->item_count, object->attr_count);
    object->spread = (struct sy_spread){.chunk = (uint32_t)sy->chunk};
}

static void
put_object(struct sy *sy, const struct sy_object *object)
{
    sy_image(sy, object->id, (enum sy_type)object->type, object->value,
             object->item_count, object->value + object->item_count,
             object->attr_count);
}

static void
splice(struct sy *sy, enum tf_op_kind op, uint64_t id, uint64_t idx, size_t gone,
       const struct sy_value *value, size_t count)
{
    struct tf_rows *rows = &sy->batch.changes;
    tf_rows_op(rows, op);
    tf_rows_u64(rows, id);
    tf_rows_u64(rows, idx);
    tf_rows_u64(rows, gone);
    tf_rows_u64(rows, count);
    for (size_t i = 0; i < count; i++) {
        put_value(rows, &value[i]);
    }
}

/* A new attribute, once the object is known; values are put in behind the last one. */
void
sy_object_add_attr(struct sy *sy, struct sy_object *object, const char *name,
                   struct sy_value value)
{
    struct sy_value *at = &object->value[object->item_count + object->attr_count];
    at[0] = sy_str("%s", name);
    at[1] = value;
    object->attr_count += 2;
    if (sy_spread_due(sy, &object->spread)) {
        put_object(sy, object);
    }
    else {
        splice(sy, TF_OP_ATTR_SPLICE, object->id, object->attr_count - 2u, 0, at, 2);
    }
}

void
sy_object_set(struct sy *sy, struct sy_object *object, unsigned idx,
              struct sy_value value)
{
    object->value[idx] = value;
    if (sy_spread_due(sy, &object->spread)) {
        put_object(sy, object);
    }
    else if (idx < object->item_count) {
        sy_item_set(sy, object->id, idx, value);
    }
    else {
        sy_attr_set(sy, object->id, idx - object->item_count, value);
    }
}

void
sy_object_append(struct sy *sy, struct sy_object *object, struct sy_value value)
{
    object->value[object->item_count++] = value;
    if (sy_spread_due(sy, &object->spread)) {
        put_object(sy, object);
    }
    else {
        sy_item_insert(sy, object->id, object->item_count - 1u, &value, 1);
    }
}

void
sy_attr_add(struct sy *sy, uint64_t id, uint64_t idx, const char *name,
            struct sy_value value)
{
    struct sy_value pair[2] = {sy_str("%s", name), value};
    splice(sy, TF_OP_ATTR_SPLICE, id, idx, 0, pair, 2);
}

static void
set_one(struct sy *sy, enum tf_op_kind op, uint64_t id, uint64_t idx,
        const struct sy_value *value)
{
    tf_rows_op(&sy->batch.changes, op);
    tf_rows_u64(&sy->batch.changes, id);
    tf_rows_u64(&sy->batch.changes, idx);
    put_value(&sy->batch.changes, value);
}

void
sy_item_set(struct sy *sy, uint64_t id, uint64_t idx, struct sy_value value)
{
    set_one(sy, TF_OP_ITEM_SET, id, idx, &value);
}

void
sy_attr_set(struct sy *sy, uint64_t id, uint64_t idx, struct sy_value value)
{
    set_one(sy, TF_OP_ATTR_SET, id, idx, &value);
}

void
sy_item_insert(struct sy *sy, uint64_t id, uint64_t idx, const struct sy_value *value,
               size_t count)
{
    splice(sy, TF_OP_ITEM_SPLICE, id, idx, 0, value, count);
}

void
sy_item_replace(struct sy *sy, uint64_t id, uint64_t idx, const struct sy_value *value,
                size_t count)
{
    splice(sy, TF_OP_ITEM_SPLICE, id, idx, count, value, count);
}
