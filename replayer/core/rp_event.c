/* Events, stacks, and finding events. */
#include "rp_private.h"

#include <stdlib.h>

void
rp_fill_event(const struct rp *rp, const struct rp_chunk *chunk, uint32_t event,
              struct rp_event *ret_event)
{
    const struct tf_chunk *raw = chunk->raw;
    *ret_event = (struct rp_event){
        .seq = raw->first_seq + event,
        .time_ns = raw->time_ns[event],
        .thread = raw->thread[event],
        .lineno = raw->lineno[event],
        .instruction = -1,
        .kind = raw->kind[event],
    };
    if (raw->kind[event] == TF_EV_OPCODE && raw->instruction
        && raw->instruction[event] <= INT32_MAX) {
        ret_event->instruction = (int32_t)raw->instruction[event];
    }
    uint32_t code = 0;
    if (chunk->event_act[event] != RP_NONE) {
        const struct rp_act *act = &chunk->act[chunk->event_act[event]];
        ret_event->frame = chunk->frame[act->frame].id;
        ret_event->call_seq = act->call_seq;
        ret_event->depth = act->depth;
        code = chunk->frame[act->frame].code;
        if (act->parent != RP_NONE) {
            ret_event->parent = chunk->frame[chunk->act[act->parent].frame].id;
        }
    }
    ret_event->code = rp_code(rp, code);
    ret_event->file = rp_file(rp, ret_event->code->file);
}

tf_status
rp_event_at(struct rp *rp, uint64_t seq, struct rp_event *ret_event, struct tf_err *err)
{
    struct rp_chunk *chunk;
    uint32_t event;
    tf_status status = rp_chunk_at(rp, seq, &chunk, &event, err);
    if (status == TF_OK) {
        rp_fill_event(rp, chunk, event, ret_event);
        rp_chunk_put(rp, chunk);
    }
    return status;
}

/* The chunk with events that holds or precedes `seq`; false: none. */
static bool
chunk_before(const struct rp *rp, uint64_t seq, size_t *ret_idx)
{
    size_t first = 0, end = rp->facts.chunk_count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (tf_reader_chunk_info(rp->reader, middle)->first_seq <= seq) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    while (first > 0 && tf_reader_chunk_info(rp->reader, first - 1)->event_count == 0) {
        first--;
    }
    *ret_idx = first - 1;
    return first > 0;
}

uint64_t
rp_clamp(const struct rp *rp, uint64_t seq)
{
    size_t idx;
    if (seq <= rp->facts.first_seq) {
        return rp->facts.first_seq;
    }
    if (seq >= rp->facts.last_seq || tf_reader_chunk_of_seq(rp->reader, seq, &idx)) {
        return seq < rp->facts.last_seq ? seq : rp->facts.last_seq;
    }
    if (!chunk_before(rp, seq, &idx)) {
        return rp->facts.first_seq;
    }
    const struct tf_chunk_info *info = tf_reader_chunk_info(rp->reader, idx);
    uint64_t last = info->first_seq + info->event_count - 1;
    return last < seq ? last : seq;
}

tf_status
rp_seq_at_time(struct rp *rp, uint64_t time_ns, uint64_t *ret_seq, struct tf_err *err)
{
    if (rp->facts.event_count == 0) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "the recording has no event");
    }
    size_t first = 0, end = rp->facts.chunk_count;
    while (end - first > 1) {
        size_t middle = first + (end - first) / 2;
        bool before = tf_reader_chunk_info(rp->reader, middle)->start_ns <= time_ns;
        *(before ? &first : &end) = middle;
    }
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(rp, first, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    uint32_t low = 0, high = chunk->raw->event_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (chunk->raw->time_ns[middle] <= time_ns) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    *ret_seq = rp_clamp(rp, chunk->raw->first_seq + low - (low > 0 || first > 0));
    rp_chunk_put(rp, chunk);
    return TF_OK;
}

/* --- Stacks --- */

static void
fill_frame(const struct rp *rp, const struct rp_chunk *chunk, uint32_t act_idx,
           uint32_t event, struct rp_frame *ret_frame)
{
    const struct rp_act *act = &chunk->act[act_idx];
    uint32_t last =
        rp_last_event(chunk->act_event, act->event_first, act->event_end, event);
    *ret_frame = (struct rp_frame){
        .frame = chunk->frame[act->frame].id,
        .call_seq = act->call_seq,
        .thread = act->thread,
        .depth = act->depth,
        .lineno = last == RP_NONE ? act->keyframe_lineno : chunk->raw->lineno[last],
        .last_seq = last == RP_NONE ? 0 : chunk->raw->first_seq + last,
        .call_kind = act->call_kind,
        .code = rp_code(rp, chunk->frame[act->frame].code),
    };
    ret_frame->file = rp_file(rp, ret_frame->code->file);
    if (act->parent != RP_NONE) {
        ret_frame->parent = chunk->frame[chunk->act[act->parent].frame].id;
    }
}

tf_status
rp_stack_at(struct rp *rp, uint64_t seq, uint32_t thread, size_t skip, size_t max,
            struct rp_stack *ret_stack, struct tf_err *err)
{
    struct rp_chunk *chunk;
    uint32_t event;
    tf_status status = rp_chunk_at(rp, seq, &chunk, &event, err);
    if (status != TF_OK) {
        return status;
    }
    struct rp_stack stack = {0};
    uint32_t act = rp_chunk_top(chunk, thread, event);
    stack.total = act == RP_NONE ? 0 : (size_t)chunk->act[act].depth + 1;
    for (; act != RP_NONE && skip > 0; skip--) {
        act = chunk->act[act].parent;
    }
    size_t left = act == RP_NONE ? 0 : (size_t)chunk->act[act].depth + 1;
    left = left < max ? left : max;
    stack.frame = left ? malloc(left * sizeof *stack.frame) : NULL;
    if (left && !stack.frame) {
        rp_chunk_put(rp, chunk);
        return rp_no_memory(err);
    }
    for (; stack.count < left; act = chunk->act[act].parent) {
        fill_frame(rp, chunk, act, event, &stack.frame[stack.count++]);
    }
    rp_chunk_put(rp, chunk);
    *ret_stack = stack;
    return TF_OK;
}

void
rp_stack_release(struct rp_stack *stack)
{
    free(stack->frame);
    *stack = (struct rp_stack){0};
}

uint32_t
rp_chunk_act_of(const struct rp_chunk *chunk, uint64_t frame_id, uint32_t event)
{
    uint32_t frame = rp_chunk_frame(chunk, frame_id);
    if (frame == RP_NONE) {
        return RP_NONE;
    }
    /* The event's own thread first: that is where one looks. */
    for (uint32_t act = rp_chunk_top(chunk, chunk->raw->thread[event], event);
         act != RP_NONE; act = chunk->act[act].parent) {
        if (chunk->act[act].frame == frame) {
            return act;
        }
    }
    for (uint32_t i = 0; i < chunk->thread_count; i++) {
        for (uint32_t act = rp_chunk_top(chunk, chunk->thread[i].id, event);
             act != RP_NONE; act = chunk->act[act].parent) {
            if (chunk->act[act].frame == frame) {
                return act;
            }
        }
    }
    return RP_NONE;
}

tf_status
rp_frame_at(struct rp *rp, uint64_t seq, uint64_t frame, struct rp_frame *ret_frame,
            struct tf_err *err)
{
    struct rp_chunk *chunk;
    uint32_t event;
    tf_status status = rp_chunk_at(rp, seq, &chunk, &event, err);
    if (status != TF_OK) {
        return status;
    }
    uint32_t act = rp_chunk_act_of(chunk, frame, event);
    if (act != RP_NONE) {
        fill_frame(rp, chunk, act, event, ret_frame);
    }
    rp_chunk_put(rp, chunk);
    return act != RP_NONE
               ? TF_OK
               : tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                            "frame %llu is on no stack at event %llu",
                            (unsigned long long)frame, (unsigned long long)seq);
}

/* --- Finding events --- */

static bool
filter_lets_through(const struct rp *rp, const struct rp_filter *filter,
                    const struct rp_chunk *chunk, uint32_t event)
{
    const struct tf_chunk *raw = chunk->raw;
    if ((filter->kinds && !(filter->kinds & (1u << raw->kind[event])))
        || (filter->thread && raw->thread[event] != filter->thread)
        || (filter->lineno && raw->lineno[event] != filter->lineno)) {
        return false;
    }
    if (filter->frame || filter->code) {
        uint32_t act = chunk->event_act[event];
        if (act == RP_NONE) {
            return false;
        }
        const struct rp_cframe *frame = &chunk->frame[chunk->act[act].frame];
        if (filter->frame && frame->id != filter->frame) {
            return false;
        }
        size_t i = 0;
        while (filter->code && i < filter->code_count
               && filter->code[i] != frame->code) {
            i++;
        }
        if (filter->code && i == filter->code_count) {
            return false;
        }
    }
    if (filter->accept) {
        struct rp_event full;
        rp_fill_event(rp, chunk, event, &full);
        return filter->accept(filter->ctx, &full);
    }
    return true;
}

/* --- Which chunk to look into next: one that fits each part of the filter, by the index */

#define KINDS_COMMON \
 (1u << TF_EV_LINE | 1u << TF_EV_START | 1u << TF_EV_RETURN | 1u << TF_EV_OPCODE)

struct skip {
    struct rp *rp;
    bool forward;
    size_t from;
    size_t best; /* of the alternatives asked for so far; SIZE_MAX: none */
};

static bool
is_nearer(const struct skip *skip, size_t idx, size_t than)
{
    return idx != SIZE_MAX
           && (than == SIZE_MAX || (skip->forward ? idx < than : idx > than));
}

static tf_status
skip_ask(struct skip *skip, enum tf_posting_sort sort, uint32_t id, uint32_t lineno,
         struct tf_err *err)
{
    size_t idx;
    struct tf_err none = TF_ERR_INIT;
    tf_status status =
        (skip->forward ? tf_reader_posting_after : tf_reader_posting_before)(
            skip->rp->reader, sort, id, lineno, skip->from, &idx, &none);
    if (status == TF_OK && is_nearer(skip, idx, skip->best)) {
        skip->best = idx;
    }
    if (status != TF_OK && status != TF_ERR_NOT_FOUND) {
        if (err) {
            *err = none;
        }
        return status;
    }
    return TF_OK;
}

static tf_status
skip_codes(struct skip *skip, const struct rp_filter *filter, struct tf_err *err)
{
    bool lines = filter->lineno && filter->kinds == 1u << TF_EV_LINE;
    enum tf_posting_sort sort = lines                                ? TF_POSTING_LINE
                                : filter->kinds == 1u << TF_EV_START ? TF_POSTING_CALL
                                                                     : TF_POSTING_CODE;
    tf_status status = TF_OK;
    skip->best = SIZE_MAX;
    for (size_t i = 0; i < filter->code_count && status == TF_OK; i++) {
        status = skip_ask(skip, sort, filter->code[i], lines ? filter->lineno : 0, err);
    }
    return status;
}

static tf_status
skip_kinds(struct skip *skip, uint32_t kinds, struct tf_err *err)
{
    tf_status status = TF_OK;
    skip->best = SIZE_MAX;
    for (uint32_t kind = 0; kind < TF_EV_COUNT && status == TF_OK; kind++) {
        if (kinds & 1u << kind) {
            status = skip_ask(skip, TF_POSTING_KIND, kind, 0, err);
        }
    }
    return status;
}

/* *far becomes the farther of the two: nothing nearer fits both. */
static void
take_farther(const struct skip *skip, size_t *far)
{
    if (*far != SIZE_MAX
        && (skip->best == SIZE_MAX || is_nearer(skip, *far, skip->best))) {
        *far = skip->best;
    }
}

tf_status
rp_next_chunk(struct rp *rp, const struct rp_filter *filter, bool forward, size_t *idx,
              struct tf_err *err)
{
    size_t at = *idx, next = forward ? at + 1 : at - 1; /* SIZE_MAX before the first */
    struct skip skip = {.rp = rp, .forward = forward, .from = at};
    tf_status status = TF_OK;
    next = next < rp->facts.chunk_count ? next : SIZE_MAX;
    if (filter->code && filter->code_count <= 16) {
        status = skip_codes(&skip, filter, err);
        take_farther(&skip, &next);
    }
    if (status == TF_OK && filter->thread) {
        skip.best = SIZE_MAX;
        status = skip_ask(&skip, TF_POSTING_THREAD, filter->thread, 0, err);
        take_farther(&skip, &next);
    }
    if (status == TF_OK && filter->kinds && !(filter->kinds & KINDS_COMMON)) {
        status = skip_kinds(&skip, filter->kinds, err);
        take_farther(&skip, &next);
    }
    if (status != TF_OK) {
        return status;
    }
    *idx = next;
    return rp_progress(rp, forward ? at : rp->facts.chunk_count - at,
                       rp->facts.chunk_count, err);
}

/* Searches one chunk from the event on (inclusive). */
static bool
find_in_chunk(const struct rp *rp, const struct rp_filter *filter,
              const struct rp_chunk *chunk, uint32_t event, bool forward,
              uint32_t *ret_event)
{
    uint32_t count = chunk->raw->event_count;
    while (event < count) {
        if (filter_lets_through(rp, filter, chunk, event)) {
            *ret_event = event;
            return true;
        }
        event += forward ? 1u : UINT32_MAX; /* before 0 comes what is not < count */
    }
    return false;
}

/* Where a search begins: chunk and event, inclusive. False: beyond either end. */
bool
rp_search_begin(const struct rp *rp, uint64_t from, bool forward, size_t *ret_idx,
                uint64_t *ret_seq)
{
    const struct rp_facts *facts = &rp->facts;
    if (facts->event_count == 0
        || (forward ? from >= facts->last_seq : from <= facts->first_seq)) {
        return false;
    }
    uint64_t seq = forward ? from + 1 : from - 1;
    seq = seq < facts->first_seq ? facts->first_seq : seq;
    seq = seq > facts->last_seq ? facts->last_seq : seq;
    if (tf_reader_chunk_of_seq(rp->reader, seq, ret_idx)) {
        *ret_seq = seq;
        return true;
    }
    /* In a gap. */
    if (!chunk_before(rp, seq, ret_idx)) {
        return false;
    }
    const struct tf_chunk_info *info = tf_reader_chunk_info(rp->reader, *ret_idx);
    if (!forward) {
        *ret_seq = info->first_seq + info->event_count - 1;
        return true;
    }
    size_t next = *ret_idx + 1;
    while (next < facts->chunk_count
           && tf_reader_chunk_info(rp->reader, next)->event_count == 0) {
        next++;
    }
    if (next >= facts->chunk_count) {
        return false;
    }
    *ret_idx = next;
    *ret_seq = tf_reader_chunk_info(rp->reader, next)->first_seq;
    return true;
}

tf_status
rp_find(struct rp *rp, const struct rp_filter *filter, uint64_t from, bool forward,
        uint64_t *ret_seq, struct tf_err *err)
{
    size_t idx;
    uint64_t seq;
    bool begun = rp_search_begin(rp, from, forward, &idx, &seq);
    bool first = true;
    while (begun && idx != SIZE_MAX) {
        struct rp_chunk *chunk;
        tf_status status = rp_chunk_get(rp, idx, &chunk, err);
        if (status != TF_OK) {
            return status;
        }
        uint32_t count = chunk->raw->event_count;
        uint32_t event = forward ? 0 : count - 1;
        if (first && seq - chunk->raw->first_seq < count) {
            event = (uint32_t)(seq - chunk->raw->first_seq);
        }
        first = false;
        bool found = find_in_chunk(rp, filter, chunk, event, forward, &event);
        if (found) {
            *ret_seq = chunk->raw->first_seq + event;
        }
        rp_chunk_put(rp, chunk);
        if (found) {
            return TF_OK;
        }
        status = rp_next_chunk(rp, filter, forward, &idx, err);
        if (status != TF_OK) {
            return status;
        }
    }
    return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no such event %s",
                      forward ? "after this one" : "before this one");
}
