/* One pass over a chunk's changes follows every thread's stack and notes, for each event,
 * the activation that it belongs to, and for each slot and object the changes in order.
 * After that no question about the chunk needs another pass.
 *
 * A stack is never copied: an activation names its parent, so the stack at an event is a
 * chain. Nothing here trusts the changes to fit: a pop of an empty stack, a slot of no
 * frame, a frame that was never there are noted as damage and passed over. */
#include "rp_chunk_build.h"

#include <stdlib.h>
#include <string.h>

#include "tf_aside.h"

static bool
grow(void **array, size_t *cap, size_t count, size_t size)
{
    if (count < *cap) {
        return true;
    }
    size_t more = *cap ? *cap * 2 : 64;
    void *bigger = realloc(*array, more * size);
    if (!bigger) {
        return false;
    }
    *array = bigger;
    *cap = more;
    return true;
}

static void
damage(struct rp_build *build, const char *what)
{
    if (!build->chunk->damaged) {
        build->chunk->damaged = true;
        build->chunk->damage = what;
    }
}

/* --- Frames, threads, activations --- */

static uint32_t
build_frame(struct rp_build *build, uint64_t id)
{
    struct rp_chunk *chunk = build->chunk;
    uint32_t idx = rp_chunk_frame(chunk, id);
    if (idx != RP_NONE) {
        return idx;
    }
    if (!grow((void **)&chunk->frame, &build->frame_cap, chunk->frame_count,
              sizeof *chunk->frame)
        || !rp_map_put(&chunk->old_frames, id, chunk->frame_count)) {
        return RP_NONE;
    }
    chunk->frame[chunk->frame_count] = (struct rp_cframe){.id = id, .globals = RP_NONE};
    return chunk->frame_count++;
}

static uint32_t
build_thread(struct rp_build *build, uint32_t id)
{
    struct rp_chunk *chunk = build->chunk;
    uint32_t idx = rp_map_get(&chunk->threads, id);
    if (idx != RP_NONE) {
        return idx;
    }
    if (!grow((void **)&chunk->thread, &build->thread_cap, chunk->thread_count,
              sizeof *chunk->thread)
        || !grow((void **)&build->top, &build->top_cap, chunk->thread_count,
                 sizeof *build->top)
        || !rp_map_put(&chunk->threads, id, chunk->thread_count)) {
        return RP_NONE;
    }
    chunk->thread[chunk->thread_count] =
        (struct rp_cthread){.id = id, .first_top = RP_NONE};
    build->top[chunk->thread_count] = RP_NONE;
    return chunk->thread_count++;
}

static bool
push(struct rp_build *build, uint32_t thread, const struct tf_op *op, uint64_t call_seq,
     uint8_t call_kind)
{
    struct rp_chunk *chunk = build->chunk;
    uint32_t frame = build_frame(build, op->id);
    if (frame == RP_NONE
        || !grow((void **)&chunk->act, &build->act_cap, chunk->act_count,
                 sizeof *chunk->act)) {
        return false;
    }
    bool keyframe = op->kind == TF_OP_FRAME;
    chunk->frame[frame].code = op->a;
    chunk->frame[frame].globals = op->value_count ? op->value_first : RP_NONE;
    chunk->frame[frame].globals_keyframe = keyframe;
    uint32_t parent = build->top[thread];
    chunk->act[chunk->act_count] = (struct rp_act){
        .frame = frame,
        .parent = parent,
        .depth = parent == RP_NONE ? 0 : chunk->act[parent].depth + 1,
        .thread = chunk->thread[thread].id,
        .keyframe_lineno =
            keyframe && op->index <= TF_LINE_MAX ? (uint32_t)op->index : 0,
        .call_seq = call_seq,
        .call_kind = call_kind,
    };
    build->top[thread] = chunk->act_count++;
    return true;
}

static void
pop(struct rp_build *build, uint32_t thread)
{
    uint32_t act = build->top[thread];
    if (act == RP_NONE) {
        damage(build, "a frame ends on an empty stack");
        return;
    }
    build->top[thread] = build->chunk->act[act].parent;
}

static bool
add_slot(struct rp_build *build, uint32_t thread, uint32_t slot, rp_place_no place,
         uint32_t value)
{
    struct rp_chunk *chunk = build->chunk;
    uint32_t act = build->top[thread];
    if (act == RP_NONE) {
        damage(build, "a variable changes in no frame");
        return true;
    }
    if (!grow((void **)&chunk->slot, &build->slot_cap, chunk->slot_count,
              sizeof *chunk->slot)) {
        return false;
    }
    chunk->slot[chunk->slot_count++] =
        (struct rp_cslot){chunk->act[act].frame, slot, place, value};
    return true;
}

/* --- Objects --- */

static bool
add_object(struct rp_build *build, uint64_t id, rp_place_no place, uint32_t op)
{
    struct rp_chunk *chunk = build->chunk;
    uint32_t idx = rp_chunk_object(chunk, id);
    if (idx == RP_NONE) {
        idx = chunk->object_count;
        if (!rp_map_put(&chunk->old_objects, id, idx)) {
            return false;
        }
        chunk->object_count++;
    }
    if (!grow((void **)&build->entry, &build->entry_cap, build->entry_count,
              sizeof *build->entry)) {
        return false;
    }
    build->entry[build->entry_count++] = (struct rp_object_entry){idx, op, place};
    return true;
}

/* --- The passes --- */

static bool
keyframe_pass(struct rp_build *build)
{
    const struct tf_ops *ops = &build->chunk->raw->keyframe;
    struct rp_chunk *chunk = build->chunk;
    uint32_t thread = RP_NONE;
    bool fine = true;
    for (uint32_t i = 0; i < ops->op_count && fine; i++) {
        const struct tf_op *op = &ops->op[i];
        if (op->kind == TF_OP_THREAD) {
            thread = build_thread(build, (uint32_t)op->id);
            fine = thread != RP_NONE;
        }
        else if (op->kind == TF_OP_IMAGE) {
            fine = add_object(build, op->id, 0, i | RP_KEYFRAME_OP);
        }
        else if (thread == RP_NONE) {
            damage(build, "a keyframe's frame has no thread");
        }
        else if (op->kind == TF_OP_FRAME) {
            fine = push(build, thread, op, op->count, op->note);
        }
        else if (op->kind == TF_OP_LOCAL) {
            fine = add_slot(build, thread, op->a, 0, op->value_first);
        }
        else if (op->kind == TF_OP_SAME && build->top[thread] != RP_NONE) {
            struct rp_cframe *frame =
                &chunk->frame[chunk->act[build->top[thread]].frame];
            frame->same = true;
            frame->same_chunk = op->count;
        }
        else {
            damage(build, "a keyframe holds what is no part of one");
        }
    }
    for (uint32_t i = 0; i < chunk->thread_count; i++) {
        chunk->thread[i].first_top = build->top[i];
    }
    return fine;
}

struct owner { /* the event that changes belong to */
    uint32_t thread;
    uint64_t seq;
    uint8_t kind;
};

static bool
apply(struct rp_build *build, uint32_t i, const struct owner *owner)
{
    const struct tf_op *op = &build->chunk->raw->changes.op[i];
    rp_place_no place = i + 1;
    uint8_t call_kind = rp_kind_is_call(owner->kind) ? owner->kind : 0;
    switch (op->kind) {
    case TF_OP_LOCAL:
        return add_slot(build, owner->thread, op->a, place, op->value_first);
    case TF_OP_RESUME:
    case TF_OP_RESUME_FULL:
        if (rp_chunk_frame(build->chunk, op->id) == RP_NONE
            && op->kind == TF_OP_RESUME) {
            damage(build, "a frame goes on that was not there");
        }
        return push(build, owner->thread, op, owner->seq, call_kind)
               && (op->kind == TF_OP_RESUME
                   || add_slot(build, owner->thread, RP_SLOT_RESET, place, 0));
    case TF_OP_ENTER: return push(build, owner->thread, op, owner->seq, call_kind);
    case TF_OP_LEAVE: pop(build, owner->thread); return true;
    case TF_OP_NEW:
    case TF_OP_IMAGE:
    case TF_OP_ITEM_SET:
    case TF_OP_ITEM_SPLICE:
    case TF_OP_ATTR_SET:
    case TF_OP_ATTR_SPLICE:
    case TF_OP_MORE:
    case TF_OP_LATE: return add_object(build, op->id, place, i);
    case TF_OP_ARG:
    case TF_OP_MARK: return true;
    default: damage(build, "a keyframe's change among others"); return true;
    }
}

/* The thread of the first event after the chunk, whose changes end this one; 0: it cannot
 * be read. False: no memory. */
static bool
tail_thread(struct rp_build *build, uint32_t *ret_thread)
{
    *ret_thread = 0;
    size_t count = tf_reader_chunk_count(build->rp->reader);
    for (size_t i = build->chunk->idx + 1; i < count; i++) {
        if (tf_reader_chunk_info(build->rp->reader, i)->event_count == 0) {
            continue;
        }
        struct tf_chunk *next = NULL;
        tf_status status = build->aside
                               ? tf_aside_chunk(build->aside, i, &next, NULL)
                               : tf_reader_chunk(build->rp->reader, i, &next, NULL);
        if (status != TF_OK) {
            return status != TF_ERR_MEMORY;
        }
        *ret_thread = next->event_count ? next->thread[0] : 0;
        tf_chunk_free(next);
        return true;
    }
    return true;
}

static bool
tail_pass(struct rp_build *build, uint32_t first)
{
    struct rp_chunk *chunk = build->chunk;
    if (first >= chunk->raw->changes.op_count) {
        return true;
    }
    uint32_t thread;
    if (!tail_thread(build, &thread)) {
        return false;
    }
    struct owner owner = {
        .thread = build_thread(build, thread),
        .seq = chunk->raw->first_seq + chunk->raw->event_count,
    };
    if (owner.thread == RP_NONE) {
        return false;
    }
    for (uint32_t i = first; i < chunk->raw->changes.op_count; i++) {
        if (!apply(build, i, &owner)) {
            return false;
        }
    }
    return true;
}

static bool
change_pass(struct rp_build *build)
{
    struct rp_chunk *chunk = build->chunk;
    const struct tf_chunk *raw = chunk->raw;
    uint32_t op = 0, thread_idx = RP_NONE, thread_id = 0;
    for (uint32_t event = 0; event < raw->event_count; event++) {
        if (thread_idx == RP_NONE || raw->thread[event] != thread_id) {
            thread_id = raw->thread[event];
            thread_idx = build_thread(build, thread_id);
            if (thread_idx == RP_NONE) {
                return false;
            }
        }
        struct owner owner = {thread_idx, raw->first_seq + event, raw->kind[event]};
        for (; op < raw->op_end[event]; op++) {
            if (!apply(build, op, &owner)) {
                return false;
            }
        }
        uint32_t act = build->top[thread_idx];
        chunk->event_act[event] = act;
        chunk->thread_event[event] = thread_idx; /* regrouped below */
        if (act == RP_NONE) {
            damage(build, "an event without a frame");
        }
        else if (rp_kind_is_return(raw->kind[event])) {
            pop(build, thread_idx);
        }
    }
    return tail_pass(build, op);
}

/* Turns thread_event from "thread of each event" into events by thread, and fills
 * act_event likewise. Both are counting sorts, so events stay in order. */
static bool
group_events(struct rp_chunk *chunk)
{
    uint32_t count = chunk->raw->event_count;
    uint32_t *of_event = chunk->thread_event;
    chunk->thread_event = malloc(((size_t)count + 1) * sizeof(uint32_t));
    if (!chunk->thread_event) {
        free(of_event);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        chunk->thread[of_event[i]].event_end++;
        if (chunk->event_act[i] != RP_NONE) {
            chunk->act[chunk->event_act[i]].event_end++;
        }
    }
    uint32_t first = 0;
    for (uint32_t i = 0; i < chunk->thread_count; i++) {
        struct rp_cthread *thread = &chunk->thread[i];
        thread->event_first = first;
        first += thread->event_end;
        thread->event_end = thread->event_first;
    }
    first = 0;
    for (uint32_t i = 0; i < chunk->act_count; i++) {
        struct rp_act *act = &chunk->act[i];
        act->event_first = first;
        first += act->event_end;
        act->event_end = act->event_first;
    }
    for (uint32_t i = 0; i < count; i++) {
        chunk->thread_event[chunk->thread[of_event[i]].event_end++] = i;
        if (chunk->event_act[i] != RP_NONE) {
            chunk->act_event[chunk->act[chunk->event_act[i]].event_end++] = i;
        }
    }
    free(of_event);
    return true;
}

static bool
build_begin(struct rp_build *build)
{
    struct rp_chunk *chunk = build->chunk;
    const struct tf_chunk *raw = chunk->raw;
    size_t count = (size_t)raw->event_count + 1;
    chunk->new_frames = (uint32_t)raw->frame_count; /* as many as there are changes */
    chunk->new_objects = (uint32_t)raw->object_count;
    build->frame_cap = (size_t)chunk->new_frames + 16;
    chunk->frame = malloc(build->frame_cap * sizeof *chunk->frame);
    chunk->event_act = malloc(count * sizeof(uint32_t));
    chunk->act_event = malloc(count * sizeof(uint32_t));
    chunk->thread_event = malloc(count * sizeof(uint32_t));
    if (!chunk->frame || !chunk->event_act || !chunk->act_event
        || !chunk->thread_event) {
        return false;
    }
    for (uint32_t i = 0; i < chunk->new_frames; i++) {
        chunk->frame[i] =
            (struct rp_cframe){.id = raw->first_frame + i, .globals = RP_NONE};
    }
    chunk->frame_count = chunk->new_frames;
    chunk->object_count = chunk->new_objects;
    return true;
}

static void
build_measure(const struct rp_build *build)
{
    struct rp_chunk *chunk = build->chunk;
    chunk->memory_bytes +=
        build->frame_cap * sizeof *chunk->frame + build->act_cap * sizeof *chunk->act
        + chunk->slot_count * sizeof *chunk->slot
        + build->thread_cap * sizeof *chunk->thread
        + (size_t)chunk->raw->event_count * 3 * sizeof(uint32_t)
        + ((size_t)chunk->object_count + build->entry_count * 2) * sizeof(uint32_t)
        + (chunk->old_frames.cap + chunk->old_objects.cap + chunk->threads.cap)
              * sizeof(struct rp_map_entry);
}

tf_status
rp_chunk_new(struct tf_chunk *raw, size_t idx, struct rp_chunk **ret_chunk,
             struct tf_err *err)
{
    struct rp_chunk *chunk = calloc(1, sizeof *chunk);
    if (!chunk) {
        tf_chunk_free(raw);
        return rp_no_memory(err);
    }
    chunk->raw = raw;
    chunk->idx = idx;
    chunk->text = calloc((size_t)raw->changes.text_count + 1, sizeof *chunk->text);
    chunk->keyframe_text =
        calloc((size_t)raw->keyframe.text_count + 1, sizeof *chunk->keyframe_text);
    if (!chunk->text || !chunk->keyframe_text) {
        rp_chunk_free(chunk);
        return rp_no_memory(err);
    }
    chunk->memory_bytes = sizeof *chunk + raw->memory_bytes
                          + ((size_t)raw->changes.text_count + raw->keyframe.text_count)
                                * (sizeof(void *) + sizeof(struct rp_str) + 16);
    *ret_chunk = chunk;
    return TF_OK;
}

tf_status
rp_chunk_build(struct rp *rp, struct tf_aside *aside, struct rp_chunk *chunk,
               struct tf_err *err)
{
    struct rp_build build = {.rp = rp, .aside = aside, .chunk = chunk};
    bool fine = build_begin(&build) && keyframe_pass(&build) && change_pass(&build)
                && group_events(chunk) && rp_build_sort(&build);
    free(build.entry);
    free(build.top);
    if (!fine) {
        rp_chunk_release_index(chunk);
        return rp_no_memory(err);
    }
    build_measure(&build);
    chunk->built = true;
    return TF_OK;
}
