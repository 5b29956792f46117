#include "rp_follow.h"

#include <stdlib.h>
#include <string.h>

/* Frames and bound slots on all stacks together. */
#define FOLLOW_WEIGHT_MAX (2u << 20)

void
rp_follow_init(struct rp_follow *follow, struct rp *rp)
{
    *follow = (struct rp_follow){.rp = rp, .next_object = 1, .next_frame = 1};
}

static void
free_frame(struct rp_follow_frame *frame)
{
    for (size_t i = 0; i < frame->slot_count; i++) {
        rp_value_release(&frame->slot[i].value);
    }
    rp_value_release(&frame->globals);
    free(frame->slot);
    free(frame);
}

void
rp_follow_release(struct rp_follow *follow)
{
    for (size_t i = 0; i < follow->frame_count; i++) {
        free_frame(follow->frame[i]);
    }
    for (size_t i = 0; i < follow->thread_count; i++) {
        free(follow->thread[i].frame);
    }
    rp_map_release(&follow->frame_of);
    rp_map_release(&follow->thread_of);
    free(follow->frame);
    free(follow->thread);
    *follow = (struct rp_follow){0};
}

static bool
grow(void *array, size_t *cap, size_t count, size_t size)
{
    void **at = array;
    if (count < *cap) {
        return true;
    }
    size_t more = *cap ? *cap * 2 : 8;
    void *bigger = realloc(*at, more * size);
    if (!bigger) {
        return false;
    }
    *at = bigger;
    *cap = more;
    return true;
}

static tf_status
too_much(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_LIMIT, -1,
                      "the stacks hold more than %u frames and variables",
                      FOLLOW_WEIGHT_MAX);
}

static tf_status
does_not_fit(const char *what, struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_DAMAGED, -1, "damaged recording: %s", what);
}

/* --- Threads and frames --- */

static struct rp_follow_thread *
thread_at(struct rp_follow *follow, uint32_t id)
{
    uint32_t idx = rp_map_get(&follow->thread_of, id);
    if (idx != RP_NONE) {
        return &follow->thread[idx];
    }
    if (!grow(&follow->thread, &follow->thread_cap, follow->thread_count,
              sizeof *follow->thread)
        || !rp_map_put(&follow->thread_of, id, (uint32_t)follow->thread_count)) {
        return NULL;
    }
    follow->thread[follow->thread_count] = (struct rp_follow_thread){.id = id};
    return &follow->thread[follow->thread_count++];
}

struct rp_follow_frame *
rp_follow_frame(const struct rp_follow *follow, uint64_t id)
{
    uint32_t idx = rp_map_get(&follow->frame_of, id);
    return idx == RP_NONE ? NULL : follow->frame[idx];
}

struct rp_follow_frame *
rp_follow_top(const struct rp_follow *follow, uint32_t thread_id)
{
    uint32_t idx = rp_map_get(&follow->thread_of, thread_id);
    const struct rp_follow_thread *thread =
        idx == RP_NONE ? NULL : &follow->thread[idx];
    return thread && thread->count ? thread->frame[thread->count - 1] : NULL;
}

static struct rp_follow_frame *
frame_at(struct rp_follow *follow, uint64_t id)
{
    struct rp_follow_frame *frame = rp_follow_frame(follow, id);
    if (frame) {
        return frame;
    }
    frame = calloc(1, sizeof *frame);
    if (!frame
        || !grow(&follow->frame, &follow->frame_cap, follow->frame_count,
                 sizeof(struct rp_follow_frame *))
        || !rp_map_put(&follow->frame_of, id, (uint32_t)follow->frame_count)) {
        free(frame);
        return NULL;
    }
    frame->id = id;
    follow->weight++;
    follow->frame[follow->frame_count++] = frame;
    return frame;
}

static void
clear_slots(struct rp_follow *follow, struct rp_follow_frame *frame)
{
    for (size_t i = 0; i < frame->slot_count; i++) {
        rp_value_release(&frame->slot[i].value);
    }
    follow->weight -= frame->slot_count;
    frame->slot_count = 0;
    frame->full = 0;
}

static tf_status
push(struct rp_follow *follow, uint32_t thread_id, const struct tf_ops *ops,
     const struct tf_op *op, struct tf_err *err)
{
    struct rp_follow_thread *thread = thread_at(follow, thread_id);
    struct rp_follow_frame *frame = thread ? frame_at(follow, op->id) : NULL;
    if (!frame
        || !grow(&thread->frame, &thread->cap, thread->count,
                 sizeof(struct rp_follow_frame *))) {
        return rp_no_memory(err);
    }
    if (follow->weight > FOLLOW_WEIGHT_MAX || thread->count > FOLLOW_WEIGHT_MAX) {
        return too_much(err);
    }
    if (op->kind != TF_OP_RESUME) {
        clear_slots(follow, frame);
    }
    frame->code = op->a;
    rp_value_release(&frame->globals);
    thread->frame[thread->count++] = frame;
    frame->stays++;
    return op->value_count
               ? rp_ops_value(ops, NULL, op->value_first, &frame->globals, err)
               : TF_OK;
}

static tf_status
pop(struct rp_follow_thread *thread, struct tf_err *err)
{
    if (!thread || thread->count == 0) {
        return does_not_fit("a frame ends on an empty stack", err);
    }
    thread->frame[--thread->count]->stays--;
    return TF_OK;
}

static tf_status
set_slot(struct rp_follow *follow, struct rp_follow_frame *frame,
         const struct tf_ops *ops, const struct tf_op *op, struct tf_err *err)
{
    struct rp_value value;
    size_t at = frame->slot_count;
    while (at > 0 && frame->slot[at - 1].slot >= op->a) {
        at--;
    }
    bool there = at < frame->slot_count && frame->slot[at].slot == op->a;
    tf_status status = rp_ops_value(ops, NULL, op->value_first, &value, err);
    if (status != TF_OK) {
        return status;
    }
    frame->full = 0;
    if (there) {
        rp_value_release(&frame->slot[at].value);
        frame->slot[at].value = value;
        return TF_OK;
    }
    if (!grow(&frame->slot, &frame->slot_cap, frame->slot_count, sizeof *frame->slot)) {
        rp_value_release(&value);
        return rp_no_memory(err);
    }
    memmove(&frame->slot[at + 1], &frame->slot[at],
            (frame->slot_count - at) * sizeof *frame->slot);
    frame->slot[at] = (struct rp_follow_slot){op->a, value};
    frame->slot_count++;
    follow->weight++;
    return follow->weight > FOLLOW_WEIGHT_MAX ? too_much(err) : TF_OK;
}

/* --- Keyframes --- */

void
rp_follow_ids(struct rp_follow *follow, const struct tf_chunk *chunk)
{
    follow->next_object = chunk->first_object;
    follow->next_frame = chunk->first_frame;
}

/* The slots that another chunk's keyframe tells of the frame. */
static tf_status
take_same(struct rp_follow *follow, struct rp_follow_frame *frame, uint64_t chunk_no,
          uint64_t now, struct tf_err *err)
{
    struct rp_chunk *chunk;
    if (chunk_no >= now) {
        return does_not_fit("a frame has the slots of a later chunk", err);
    }
    tf_status status = rp_chunk_get_raw(follow->rp, (size_t)chunk_no, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    const struct tf_ops *ops = &chunk->raw->keyframe;
    bool here = false;
    for (uint32_t i = 0; i < ops->op_count && status == TF_OK; i++) {
        const struct tf_op *op = &ops->op[i];
        if (op->kind == TF_OP_FRAME || op->kind == TF_OP_THREAD) {
            here = op->kind == TF_OP_FRAME && op->id == frame->id;
        }
        else if (here && op->kind == TF_OP_LOCAL) {
            status = set_slot(follow, frame, ops, op, err);
        }
    }
    rp_chunk_put(follow->rp, chunk);
    return status;
}

static void
clear_stacks(struct rp_follow *follow)
{
    for (size_t i = 0; i < follow->thread_count; i++) {
        follow->thread[i].count = 0;
    }
    for (size_t i = 0; i < follow->frame_count; i++) {
        follow->frame[i]->stays = 0;
    }
    rp_follow_forget(follow);
}

/* `number`: the chunk's that they are of; 0: there is none before. */
static tf_status
take_stacks(struct rp_follow *follow, const struct tf_ops *ops, uint64_t number,
            struct tf_err *err)
{
    struct rp_follow_frame *frame = NULL;
    uint32_t thread = 0;
    tf_status status = TF_OK;
    clear_stacks(follow);
    for (uint32_t i = 0; i < ops->op_count && status == TF_OK; i++) {
        const struct tf_op *op = &ops->op[i];
        switch (op->kind) {
        case TF_OP_THREAD:
            thread = (uint32_t)op->id;
            frame = NULL;
            break;
        case TF_OP_FRAME:
            status = push(follow, thread, ops, op, err);
            frame = rp_follow_top(follow, thread);
            if (status == TF_OK) {
                frame->lineno = op->index <= TF_LINE_MAX ? (uint32_t)op->index : 0;
                frame->call_seq = op->count;
                frame->call_kind = op->note;
            }
            break;
        case TF_OP_LOCAL:
            status = frame ? set_slot(follow, frame, ops, op, err)
                           : does_not_fit("a variable of no frame", err);
            break;
        case TF_OP_SAME:
            status = frame ? take_same(follow, frame, op->count, number, err)
                           : does_not_fit("the variables of no frame", err);
            break;
        default: break;
        }
    }
    return status;
}

tf_status
rp_follow_keyframe(struct rp_follow *follow, const struct tf_chunk *chunk,
                   struct tf_err *err)
{
    rp_follow_ids(follow, chunk);
    return take_stacks(follow, &chunk->keyframe, chunk->number, err);
}

tf_status
rp_follow_state(struct rp_follow *follow, const struct tf_ops *state,
                struct tf_err *err)
{
    return take_stacks(follow, state, 0, err);
}

/* --- Changes and events --- */

tf_status
rp_follow_op(struct rp_follow *follow, uint32_t thread, const struct tf_ops *ops,
             const struct tf_op *op, struct tf_err *err)
{
    struct rp_follow_frame *top;
    switch (op->kind) {
    case TF_OP_NEW: follow->next_object = op->id + 1; return TF_OK;
    case TF_OP_ENTER:
        follow->next_frame = op->id + 1;
        return push(follow, thread, ops, op, err);
    case TF_OP_RESUME:
    case TF_OP_RESUME_FULL: return push(follow, thread, ops, op, err);
    case TF_OP_LEAVE: {
        struct rp_follow_thread *stack = thread_at(follow, thread);
        return stack ? pop(stack, err) : rp_no_memory(err);
    }
    case TF_OP_LOCAL:
        top = rp_follow_top(follow, thread);
        return top ? set_slot(follow, top, ops, op, err)
                   : does_not_fit("a variable of no frame", err);
    default: return TF_OK;
    }
}

void
rp_follow_event(struct rp_follow *follow, uint32_t thread_id, uint8_t kind,
                uint32_t lineno, uint64_t seq)
{
    struct rp_follow_frame *top = rp_follow_top(follow, thread_id);
    if (!top) {
        return;
    }
    top->lineno = lineno;
    if (rp_kind_is_call(kind)) {
        top->call_seq = seq;
        top->call_kind = kind;
    }
    if (rp_kind_is_return(kind)) {
        pop(thread_at(follow, thread_id), NULL);
    }
}

void
rp_follow_forget(struct rp_follow *follow)
{
    size_t kept = 0;
    for (size_t i = 0; i < follow->frame_count; i++) {
        struct rp_follow_frame *frame = follow->frame[i];
        if (frame->stays) {
            follow->frame[kept++] = frame;
            continue;
        }
        follow->weight -= frame->slot_count + 1;
        free_frame(frame);
    }
    follow->frame_count = kept;
    for (size_t i = 0; i < follow->frame_of.cap; i++) {
        follow->frame_of.entry[i].value = RP_NONE;
    }
    follow->frame_of.count = 0;
    for (size_t i = 0; i < kept; i++) { /* there is room: it held more */
        rp_map_put(&follow->frame_of, follow->frame[i]->id, (uint32_t)i);
    }
}

uint32_t
rp_follow_pushed(const struct tf_ops *ops, uint32_t first, uint32_t end, size_t *left)
{
    for (uint32_t i = end; i > first; i--) {
        const struct tf_op *op = &ops->op[i - 1];
        bool pushes = op->kind >= TF_OP_ENTER && op->kind <= TF_OP_RESUME_FULL;
        if (pushes && *left == 0) {
            return op->a;
        }
        *left -= pushes;
        *left += op->kind == TF_OP_LEAVE;
    }
    return 0;
}

uint32_t
rp_follow_code(const struct rp_follow *follow, uint32_t thread_id, size_t left)
{
    uint32_t idx = rp_map_get(&follow->thread_of, thread_id);
    const struct rp_follow_thread *thread =
        idx == RP_NONE ? NULL : &follow->thread[idx];
    return thread && thread->count > left
               ? thread->frame[thread->count - 1 - left]->code
               : 0;
}

/* --- Writing --- */

static void
put_frame(struct rp_follow_frame *frame, struct tf_rows *rows, uint64_t chunk)
{
    const struct tf_op head = {.kind = TF_OP_FRAME,
                               .id = frame->id,
                               .a = frame->code,
                               .index = frame->lineno,
                               .count = frame->call_seq,
                               .note = frame->call_kind};
    if (!rp_rows_op_head(rows, &head)) {
        return;
    }
    rp_rows_value(rows, &frame->globals);
    if (chunk != UINT64_MAX) {
        frame->known = chunk + 1;
        if (frame->full && tf_rows_op(rows, TF_OP_SAME)) {
            tf_rows_u64(rows, frame->full - 1);
            return;
        }
        frame->full = chunk + 1;
    }
    for (size_t i = 0; i < frame->slot_count; i++) {
        if (frame->slot[i].value.kind != TF_VAL_UNBOUND
            && tf_rows_op(rows, TF_OP_LOCAL)) {
            tf_rows_u64(rows, frame->slot[i].slot);
            rp_rows_value(rows, &frame->slot[i].value);
        }
    }
}

void
rp_follow_put(struct rp_follow *follow, struct tf_rows *rows, uint64_t chunk)
{
    for (size_t i = 0; i < follow->thread_count; i++) {
        const struct rp_follow_thread *thread = &follow->thread[i];
        if (thread->count == 0 || !tf_rows_op(rows, TF_OP_THREAD)) {
            continue;
        }
        tf_rows_u64(rows, thread->id);
        for (size_t k = 0; k < thread->count; k++) {
            put_frame(thread->frame[k], rows, chunk);
        }
    }
}
