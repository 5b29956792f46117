/* Variables that refer to an object: those of the frames on the stacks are simply read.
 *
 * A generator that waits is on no stack. What its variables are was told when they were
 * set, or when it last went on: the changes that `who` goes through name them, and the last
 * chunk that wrote one says what it is and whether the frame still waits. */
#include "rp_ask_who.h"

#include <stdio.h>

/* One slot of a frame on a stack. */
static tf_status
look_at_slot(struct who_job *job, uint32_t act_idx, uint32_t slot, struct tf_err *err)
{
    struct rp *rp = job->rp;
    const struct rp_act *act = &job->chunk->act[act_idx];
    const struct rp_cframe *frame = &job->chunk->frame[act->frame];
    const struct tf_def_code *code = rp_code(rp, frame->code);
    struct rp_value value;
    tf_status status =
        rp_slot_value(rp, job->chunk, act->frame, slot, job->place, &value, err);
    if (status != TF_OK || value.kind != TF_VAL_REF) {
        if (status == TF_OK) {
            rp_value_release(&value);
        }
        return status;
    }
    char name[RP_WHO_WORDS];
    snprintf(name, sizeof name, "%.*s",
             (int)(code->slot[slot].len < 200 ? code->slot[slot].len : 200),
             code->slot[slot].data);
    bool mapping = code->slot_kind[slot] == TF_SLOT_MAPPING;
    if (value.ref == job->target && !mapping) {
        struct rp_referrer row = {
            .at = {.sort = RP_AT_LOCAL,
                   .type = rp_type(rp, 0),
                   .name = code->slot[slot],
                   .frame = frame->id,
                   .thread = act->thread,
                   .depth = act->depth,
                   .code = code},
            .reached = true,
            .path = code->slot[slot],
            .path_frame = frame->id,
            .path_code = code,
        };
        job->stopped = !job->row(job->ctx, &row);
    }
    uint32_t node = rp_who_node(job, value.ref);
    if (node == RP_NONE) {
        return rp_no_memory(err);
    }
    rp_who_reach(job, node, mapping ? NULL : name, frame->id, frame->code);
    return TF_OK;
}

static tf_status
look_at_frame(struct who_job *job, uint32_t act_idx, struct tf_err *err)
{
    const struct rp_cframe *frame = &job->chunk->frame[job->chunk->act[act_idx].frame];
    const struct tf_def_code *code = rp_code(job->rp, frame->code);
    tf_status status = TF_OK;
    for (uint32_t i = 0; i < code->slot_count && status == TF_OK && !job->stopped;
         i++) {
        status = look_at_slot(job, act_idx, i, err);
    }
    return status;
}

/* The event's own stack first: its words are the best. */
tf_status
rp_who_stacks(struct who_job *job, struct tf_err *err)
{
    struct rp_chunk *chunk = job->chunk;
    uint32_t own = chunk->raw->thread[job->event];
    tf_status status = TF_OK;
    for (uint32_t i = 0; i <= chunk->thread_count && status == TF_OK; i++) {
        uint32_t thread = i == 0 ? own : chunk->thread[i - 1].id;
        if (i > 0 && thread == own) {
            continue;
        }
        uint32_t act = rp_chunk_top(chunk, thread, job->event);
        for (; act != RP_NONE && status == TF_OK && !job->stopped;
             act = chunk->act[act].parent) {
            status = look_at_frame(job, act, err);
        }
    }
    return status;
}

/* --- Frames that wait --- */

/* The frame's last event in the chunk up to an event; RP_NONE. */
static uint32_t
last_event_of(const struct rp_chunk *chunk, uint32_t frame, uint32_t end)
{
    for (uint32_t event = end; event-- > 0;) {
        uint32_t act = chunk->event_act[event];
        if (act != RP_NONE && chunk->act[act].frame == frame) {
            return event;
        }
    }
    return RP_NONE;
}

static bool
is_on_stack(const struct rp_chunk *chunk, uint32_t frame)
{
    for (uint32_t i = 0; i < chunk->thread_count; i++) {
        uint32_t act =
            rp_chunk_top(chunk, chunk->thread[i].id, chunk->raw->event_count);
        for (; act != RP_NONE; act = chunk->act[act].parent) {
            if (chunk->act[act].frame == frame) {
                return true;
            }
        }
    }
    return false;
}

/* Whether the frame waits now: it left its last stack by a yield. From chunk `idx` on, in
 * which it was last set up, it may have stayed on a stack for some. */
static tf_status
waits(struct who_job *job, uint64_t frame_id, size_t idx, bool *ret_waits,
      struct tf_err *err)
{
    struct rp *rp = job->rp;
    tf_status status = TF_OK;
    uint8_t last = 0; /* kind of its last event */
    bool stays = true;
    *ret_waits = false;
    for (; stays && idx <= job->chunk->idx && status == TF_OK; idx++) {
        struct rp_chunk *chunk;
        status = rp_chunk_get(rp, idx, &chunk, err);
        if (status != TF_OK) {
            return status;
        }
        uint32_t frame = rp_chunk_frame(chunk, frame_id);
        bool here = idx == job->chunk->idx;
        uint32_t event =
            frame == RP_NONE
                ? RP_NONE
                : last_event_of(chunk, frame,
                                here ? job->event + 1 : chunk->raw->event_count);
        last = event == RP_NONE ? last : chunk->raw->kind[event];
        stays = frame != RP_NONE && is_on_stack(chunk, frame);
        rp_chunk_put(rp, chunk);
        status = rp_progress(rp, idx, job->chunk->idx, err);
    }
    *ret_waits = last == TF_EV_YIELD;
    return status;
}

static void
put_suspended(struct who_job *job, uint64_t frame, const struct tf_def_code *code,
              uint32_t slot)
{
    struct rp_referrer row = {
        .at = {.sort = RP_AT_LOCAL,
               .type = rp_type(job->rp, 0),
               .name = code->slot[slot],
               .frame = frame,
               .code = code},
        .path_code = rp_code(job->rp, 0),
    };
    job->stopped = !job->row(job->ctx, &row);
}

/* Whether the chunk of now says before now what the slot is. */
static bool
is_set_here(const struct who_job *job, uint64_t frame_id, uint32_t slot)
{
    bool same;
    uint32_t frame = rp_chunk_frame(job->chunk, frame_id);
    return frame != RP_NONE
           && (rp_chunk_slot(job->chunk, frame, slot, job->place, &same) != RP_NONE
               || same);
}

/* The variable as it was left by the last chunk that wrote it. */
static tf_status
look_at_suspended(struct who_job *job, uint64_t frame_id, uint32_t slot,
                  struct tf_err *err)
{
    struct rp *rp = job->rp;
    struct rp_chunk *chunk;
    size_t idx;
    size_t end = job->chunk->idx + is_set_here(job, frame_id, slot);
    tf_status status =
        tf_reader_slot_before(rp->reader, frame_id, slot, end, &idx, err);
    if (status != TF_OK) {
        return status == TF_ERR_NOT_FOUND ? TF_OK : status;
    }
    status = rp_chunk_get(rp, idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    struct rp_value value = {0};
    const struct tf_def_code *code = rp_code(rp, 0);
    uint32_t frame = rp_chunk_frame(chunk, frame_id);
    if (frame != RP_NONE) {
        rp_place_no place = idx == job->chunk->idx ? job->place : UINT32_MAX - 1;
        status = rp_slot_value(rp, chunk, frame, slot, place, &value, err);
        code = rp_code(rp, chunk->frame[frame].code);
    }
    rp_chunk_put(rp, chunk);
    bool refers = status == TF_OK && value.kind == TF_VAL_REF
                  && value.ref == job->target && slot < code->slot_count
                  && code->slot_kind[slot] != TF_SLOT_MAPPING;
    rp_value_release(&value);
    if (refers) {
        status = waits(job, frame_id, idx, &refers, err);
    }
    if (status == TF_OK && refers) {
        put_suspended(job, frame_id, code, slot);
    }
    return status;
}

/* Sets a slot to the object that is asked about. */
static bool
sets_slot(const struct who_job *job, const struct tf_ops *changes,
          const struct tf_op *op)
{
    return op->kind == TF_OP_LOCAL && op->value_count == 1
           && changes->value[op->value_first].kind == TF_VAL_REF
           && changes->value[op->value_first].ref == job->target;
}

tf_status
rp_who_suspended(struct who_job *job, size_t idx, const struct tf_ops *changes,
                 struct tf_err *err)
{
    bool any = false;
    struct rp_chunk *chunk;
    for (uint32_t i = 0; i < changes->op_count && !any; i++) {
        any = sets_slot(job, changes, &changes->op[i]);
    }
    tf_status status = any ? rp_chunk_get(job->rp, idx, &chunk, err) : TF_OK;
    if (status != TF_OK || !any) {
        return status;
    }
    for (uint32_t i = 0; i < chunk->slot_count && status == TF_OK && !job->stopped;
         i++) {
        const struct rp_cslot *slot = &chunk->slot[i];
        if (slot->place == 0 || slot->slot == RP_SLOT_RESET
            || !sets_slot(job, &chunk->raw->changes,
                          &chunk->raw->changes.op[slot->place - 1])) {
            continue;
        }
        uint64_t frame = chunk->frame[slot->frame].id;
        uint64_t key = frame << 16 ^ slot->slot;
        if (rp_chunk_act_of(job->chunk, frame, job->event) != RP_NONE
            || rp_map_get(&job->suspended, key) != RP_NONE) {
            continue;
        }
        status = rp_map_put(&job->suspended, key, 0)
                     ? look_at_suspended(job, frame, slot->slot, err)
                     : rp_no_memory(err);
    }
    rp_chunk_put(job->rp, chunk);
    return status;
}
