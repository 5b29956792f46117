/* What became of a frame that went on after an exception: whether it was left by one, and by
 * which. An EV_UNWIND does not say; the caller's EV_EXCEPTION right after it does. */
#include <stdlib.h>
#include <string.h>

#include "rp_ask.h"

/* Frames whose fate is kept, by frame. */
#define FATES 256u

/* Of a frame that nobody called, so many of its exceptions are looked at to find the one
 * that the recording ended with. */
#define FAILURES_MAX 64u

tf_status
rp_event_beside(struct rp *rp, const struct rp_event *event, bool forward,
                struct rp_event *ret_event, bool *ret_has, struct tf_err *err)
{
    struct rp_filter filter = {.thread = event->thread};
    uint64_t seq;
    struct tf_err ignored = TF_ERR_INIT;
    tf_status status = rp_find(rp, &filter, event->seq, forward, &seq, &ignored);
    *ret_has = status == TF_OK;
    if (status == TF_ERR_NOT_FOUND) {
        return TF_OK;
    }
    if (status != TF_OK) {
        if (err) {
            *err = ignored;
        }
        return status;
    }
    return rp_event_at(rp, seq, ret_event, err);
}

/* threading.Thread._bootstrap_inner hands what run() raises to threading.excepthook
 * (Lib/threading.py, 3.8 to 3.15). */
bool
rp_code_ends_thread(const struct rp *rp, const struct tf_def_code *code)
{
    static const char end[] = "/threading.py";
    const struct tf_def_file *file = rp_file(rp, code->file);
    size_t len = sizeof end - 1;
    return rp_text_is(code->name, "_bootstrap_inner") && !file->own
           && file->path.len > len
           && memcmp(file->path.data + file->path.len - len, end, len) == 0;
}

/* --- Where it ends --- */

/* The frame's end after an event of the chunk; RP_NONE: not in there. */
static uint32_t
end_in(const struct rp_chunk *chunk, uint64_t id, uint32_t event)
{
    uint32_t frame = rp_chunk_frame(chunk, id);
    for (uint32_t i = 0; frame != RP_NONE && i < chunk->act_count; i++) {
        const struct rp_act *act = &chunk->act[i];
        if (act->frame != frame || act->event_end == act->event_first) {
            continue;
        }
        uint32_t last = chunk->act_event[act->event_end - 1];
        unsigned kind = chunk->raw->kind[last];
        if (last >= event && (kind == TF_EV_RETURN || kind == TF_EV_UNWIND)) {
            return last;
        }
    }
    return RP_NONE;
}

static tf_status
end_far(struct rp *rp, const struct rp_event *event, size_t idx,
        struct rp_frame_end *ret_end, struct tf_err *err)
{
    struct rp_range range = {.code = &event->code->id, .code_count = 1};
    uint8_t *wanted = rp_range_codes(rp, &range);
    if (!wanted) {
        return rp_no_memory(err);
    }
    struct rp_ends ends = {.rp = rp, .wanted = wanted, .range = &range};
    tf_status status = rp_ends_find(&ends, event->frame, idx, ret_end, err);
    rp_ends_release(&ends);
    free(wanted);
    return status;
}

static tf_status
find_end(struct rp *rp, const struct rp_event *event, struct rp_frame_end *ret_end,
         struct tf_err *err)
{
    struct rp_chunk *chunk;
    uint32_t at;
    tf_status status = rp_chunk_at(rp, event->seq, &chunk, &at, err);
    if (status != TF_OK) {
        return status;
    }
    uint32_t end = end_in(chunk, event->frame, at);
    size_t idx = chunk->idx;
    if (end != RP_NONE) {
        *ret_end = (struct rp_frame_end){.seq = chunk->raw->first_seq + end,
                                         .kind = chunk->raw->kind[end]};
    }
    rp_chunk_put(rp, chunk);
    return end != RP_NONE ? TF_OK : end_far(rp, event, idx, ret_end, err);
}

/* --- By which exception --- */

/* The object that an EV_EXCEPTION event carries; 0: it is not recorded. */
static tf_status
object_of(struct rp *rp, uint64_t seq, uint64_t *ret_object, struct tf_err *err)
{
    struct rp_value arg;
    bool has;
    tf_status status = rp_event_arg(rp, seq, &has, &arg, err);
    if (status == TF_OK) {
        *ret_object = has && arg.kind == TF_VAL_REF ? arg.ref : 0;
        rp_value_release(&arg);
    }
    return status;
}

/* What it is that left the frame: the caller's event right after says, else the recording's
 * end, perhaps. 0: not known. */
static tf_status
object_leaving(struct rp *rp, const struct rp_event *unwind, uint64_t *ret_object,
               bool *ret_certain, struct tf_err *err)
{
    struct rp_event next;
    bool has;
    const struct tf_footer *footer = rp->facts.footer;
    *ret_object = unwind->parent == 0 && footer ? footer->failure_object : 0;
    *ret_certain = false;
    tf_status status = rp_event_beside(rp, unwind, true, &next, &has, err);
    if (status == TF_OK && has && next.kind == TF_EV_EXCEPTION
        && next.frame == unwind->parent) {
        *ret_certain = true;
        status = object_of(rp, next.seq, ret_object, err);
    }
    return status;
}

tf_status
rp_fate_raise(struct rp *rp, const struct rp_event *unwind, uint64_t *ret_seq,
              struct tf_err *err)
{
    struct rp_filter filter = {.kinds = 1u << TF_EV_EXCEPTION,
                               .frame = unwind->frame,
                               .code = &unwind->code->id,
                               .code_count = 1};
    uint64_t object, seq = unwind->seq, latest = 0;
    bool certain;
    tf_status status = object_leaving(rp, unwind, &object, &certain, err);
    for (unsigned n = 0; status == TF_OK && (certain || n < FAILURES_MAX); n++) {
        struct tf_err none = TF_ERR_INIT;
        uint64_t carried = 0;
        status = rp_find(rp, &filter, seq, false, &seq, &none);
        if (status == TF_ERR_NOT_FOUND) {
            status = TF_OK;
            break;
        }
        if (status == TF_OK && object) {
            status = object_of(rp, seq, &carried, &none);
        }
        if (status != TF_OK && err) {
            *err = none;
        }
        latest = latest ? latest : seq;
        if (status == TF_OK && carried == object) {
            *ret_seq = seq;
            return TF_OK;
        }
    }
    *ret_seq = certain && object ? 0 : latest;
    return status;
}

tf_status
rp_fate_of(struct rp *rp, const struct rp_event *event, struct rp_fate *ret_fate,
           struct tf_err *err)
{
    struct rp_frame_end end = {0};
    struct rp_fate fate = {.frame = event->frame};
    rp->fates = rp->fates ? rp->fates : calloc(FATES, sizeof *rp->fates);
    if (!rp->fates) {
        return rp_no_memory(err);
    }
    struct rp_fate *kept = &rp->fates[event->frame % FATES];
    if (kept->frame == event->frame) {
        *ret_fate = *kept;
        return TF_OK;
    }
    tf_status status = find_end(rp, event, &end, err);
    if (status == TF_OK && end.seq && end.kind == TF_EV_UNWIND) {
        struct rp_event unwind;
        status = rp_event_at(rp, end.seq, &unwind, err);
        if (status == TF_OK) {
            fate.unwind_seq = end.seq;
            status = rp_fate_raise(rp, &unwind, &fate.raise_seq, err);
        }
    }
    if (status == TF_OK) {
        *ret_fate = *kept = fate;
    }
    return status;
}
