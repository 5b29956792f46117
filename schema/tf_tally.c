#include "tf_tally.h"

#include <stdlib.h>
#include <string.h>

static tf_status
tally_no_memory(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
}

void
tf_tally_init(struct tf_tally *tally)
{
    *tally = (struct tf_tally){.next_object = 1, .next_frame = 1};
    tf_postings_set_init(&tally->set);
}

void
tf_tally_release(struct tf_tally *tally)
{
    tf_postings_set_release(&tally->set);
    tf_writes_set_release(&tally->objects);
    tf_writes_set_release(&tally->frames);
    for (size_t i = 0; i < tally->stack_count; i++) {
        free(tally->stack[i].frame);
    }
    free(tally->stack);
    free(tally->pending);
    free(tally->is_exception);
    free(tally->exception);
    *tally = (struct tf_tally){0};
}

bool
tf_tally_exception_type(struct tf_tally *tally, uint32_t type_id)
{
    if (type_id > TF_DEFINITIONS_MAX) {
        return true;
    }
    if (type_id >= tally->is_exception_count) {
        size_t count = ((size_t)type_id + 1) * 2;
        uint8_t *is = realloc(tally->is_exception, count);
        if (is == NULL) {
            return false;
        }
        memset(is + tally->is_exception_count, 0, count - tally->is_exception_count);
        tally->is_exception = is;
        tally->is_exception_count = count;
    }
    tally->is_exception[type_id] = 1;
    return true;
}

void
tf_tally_begin(struct tf_tally *tally, uint64_t chunk, uint64_t first_object,
               uint64_t first_frame)
{
    tf_postings_set_clear(&tally->set, 0, chunk);
    tf_writes_set_clear(&tally->objects);
    tf_writes_set_clear(&tally->frames);
    tally->set.chunk_count = 1;
    tally->first_object = tally->next_object = first_object;
    tally->first_frame = tally->next_frame = first_frame;
    tally->in_keyframe = false;
}

void
tf_tally_keyframe(struct tf_tally *tally)
{
    for (size_t i = 0; i < tally->stack_count; i++) {
        tally->stack[i].count = 0;
    }
    tally->thread = 0;
    tally->in_keyframe = true;
}

static struct tf_stack *
tally_stack(struct tf_tally *tally, uint64_t thread_id)
{
    if (thread_id >= tally->stack_count) {
        size_t count = ((size_t)thread_id + 1) * 2;
        if (thread_id > TF_THREADS_MAX) {
            return NULL;
        }
        struct tf_stack *stack = realloc(tally->stack, count * sizeof *stack);
        if (stack == NULL) {
            return NULL;
        }
        memset(stack + tally->stack_count, 0,
               (count - tally->stack_count) * sizeof *stack);
        tally->stack = stack;
        tally->stack_count = count;
    }
    return &tally->stack[thread_id];
}

static bool
stack_push(struct tf_stack *stack, uint64_t frame, uint32_t code)
{
    if (stack->count == stack->cap) {
        size_t cap = stack->cap > 0 ? stack->cap * 2 : 16;
        if (cap > TF_STACK_MAX) {
            return false;
        }
        struct tf_frame_on_stack *at = realloc(stack->frame, cap * sizeof *at);
        if (at == NULL) {
            return false;
        }
        stack->frame = at;
        stack->cap = cap;
    }
    stack->frame[stack->count++] = (struct tf_frame_on_stack){frame, code};
    return true;
}

static void
stack_pop(struct tf_stack *stack)
{
    if (stack->count > 0) {
        stack->count--;
    }
    if (stack->count == 0 && stack->cap > 1024) {
        free(stack->frame);
        *stack = (struct tf_stack){0};
    }
}

/* --- exceptions: which type an object has --- */
static struct tf_tally_exception *
exception_at(struct tf_tally *tally, size_t i)
{
    return &tally->exception[(tally->exception_first + i) % TF_TALLY_EXCEPTIONS];
}

/* The number of known exceptions with an id below `object`. */
static size_t
exception_rank(struct tf_tally *tally, uint64_t object)
{
    size_t low = 0, high = tally->exception_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (exception_at(tally, mid)->object < object) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    return low;
}

/* Images tell of older objects, too; one that would have to go into the middle is left
 * out unless the ring is empty so far (a checkpoint tells them in any order). */
static bool
exception_learn(struct tf_tally *tally, uint64_t object, uint32_t type)
{
    if (type >= tally->is_exception_count || !tally->is_exception[type]) {
        return true;
    }
    if (tally->exception == NULL) {
        tally->exception = malloc(TF_TALLY_EXCEPTIONS * sizeof *tally->exception);
        if (tally->exception == NULL) {
            return false;
        }
    }
    size_t rank = exception_rank(tally, object);
    if (rank < tally->exception_count && exception_at(tally, rank)->object == object) {
        return true;
    }
    if (tally->exception_count == TF_TALLY_EXCEPTIONS) {
        if (rank == 0) {
            return true;
        }
        tally->exception_first = (tally->exception_first + 1) % TF_TALLY_EXCEPTIONS;
        tally->exception_count--;
        rank--;
    }
    for (size_t i = tally->exception_count++; i > rank; i--) {
        *exception_at(tally, i) = *exception_at(tally, i - 1);
    }
    *exception_at(tally, rank) = (struct tf_tally_exception){object, type};
    return true;
}

static uint32_t
exception_type(struct tf_tally *tally)
{
    if (tally->arg_kind == TF_VAL_ELIDED) {
        return (uint32_t)tally->arg_id;
    }
    if (tally->arg_kind != TF_VAL_REF) {
        return 0;
    }
    size_t rank = exception_rank(tally, tally->arg_id);
    if (rank < tally->exception_count
        && exception_at(tally, rank)->object == tally->arg_id) {
        return exception_at(tally, rank)->type;
    }
    return 0;
}

/* --- changes --- */
static bool
tally_pend(struct tf_tally *tally, unsigned op, uint32_t a, uint64_t id)
{
    if (tally->pending_count == tally->pending_cap) {
        size_t cap = tally->pending_cap > 0 ? tally->pending_cap * 2 : 64;
        struct tf_pending_op *pending = realloc(tally->pending, cap * sizeof *pending);
        if (pending == NULL) {
            return false;
        }
        tally->pending = pending;
        tally->pending_cap = cap;
    }
    tally->pending[tally->pending_count++] = (struct tf_pending_op){(uint8_t)op, a, id};
    return true;
}

/* Only what is older than the chunk is listed: for the rest, the ranges of ids tell. */
static bool
tally_object(struct tf_tally *tally, unsigned op, const struct tf_op_facts *facts)
{
    struct tf_writes_set *set = &tally->objects;
    if (facts->id >= tally->first_object) {
        return true;
    }
    switch (op) {
    case TF_OP_IMAGE: return tf_writes_image(set, facts->id, facts->values);
    case TF_OP_ITEM_SET: return tf_writes_items(set, facts->id, facts->index, 1);
    case TF_OP_ITEM_SPLICE:
        return tf_writes_splice(set, facts->id, facts->index, facts->count,
                                facts->values);
    case TF_OP_ATTR_SET: return tf_writes_attrs(set, facts->id, facts->index, 1, 1);
    case TF_OP_ATTR_SPLICE:
        return tf_writes_attrs(set, facts->id, facts->index, facts->count,
                               facts->values);
    default: return tf_writes_more(set, facts->id);
    }
}

static bool
tally_keyframe_push(struct tf_tally *tally, const struct tf_op_facts *facts)
{
    struct tf_stack *stack = tally_stack(tally, tally->thread);
    return stack != NULL && stack_push(stack, facts->id, facts->a);
}

tf_status
tf_tally_op(struct tf_tally *tally, unsigned op, const struct tf_op_facts *facts,
            struct tf_err *err)
{
    bool ok = true;
    switch (op) {
    case TF_OP_LOCAL:
        ok = tally->in_keyframe || tally_pend(tally, op, facts->a, 0);
        break;
    case TF_OP_ENTER: ok = tally_pend(tally, op, facts->a, tally->next_frame++); break;
    case TF_OP_RESUME:
    case TF_OP_RESUME_FULL: ok = tally_pend(tally, op, facts->a, facts->id); break;
    case TF_OP_LEAVE: ok = tally_pend(tally, op, 0, 0); break;
    case TF_OP_NEW: ok = exception_learn(tally, tally->next_object++, facts->a); break;
    case TF_OP_IMAGE:
        ok = exception_learn(tally, facts->id, facts->a)
             && (tally->in_keyframe || tally_object(tally, op, facts));
        break;
    case TF_OP_ITEM_SET:
    case TF_OP_ITEM_SPLICE:
    case TF_OP_ATTR_SET:
    case TF_OP_ATTR_SPLICE:
    case TF_OP_MORE: ok = tally_object(tally, op, facts); break;
    case TF_OP_THREAD: tally->thread = (uint32_t)facts->count; break;
    case TF_OP_FRAME: ok = tally_keyframe_push(tally, facts); break;
    case TF_OP_ARG:
        tally->arg_kind = facts->value_kind;
        tally->arg_id = facts->value_id;
        break;
    default: break;
    }
    return ok ? TF_OK : tally_no_memory(err);
}

/* --- events --- */
static bool
tally_local(struct tf_tally *tally, const struct tf_stack *stack, uint32_t slot)
{
    uint64_t frame = stack->count > 0 ? stack->frame[stack->count - 1].frame : 0;
    if (frame == 0 || frame >= tally->first_frame) {
        return true;
    }
    return tf_writes_at(&tally->frames, frame, slot) != NULL;
}

static bool
tally_apply(struct tf_tally *tally, struct tf_stack *stack)
{
    bool ok = true;
    for (size_t i = 0; i < tally->pending_count && ok; i++) {
        const struct tf_pending_op *op = &tally->pending[i];
        switch (op->kind) {
        case TF_OP_LOCAL: ok = tally_local(tally, stack, op->a); break;
        case TF_OP_LEAVE: stack_pop(stack); break;
        default: ok = stack_push(stack, op->id, op->a); break;
        }
    }
    tally->pending_count = 0;
    return ok;
}

static bool
tally_count(struct tf_tally *tally, unsigned kind, uint32_t thread_id, uint32_t code,
            uint32_t lineno)
{
    struct tf_entry *entry = tf_map_at(&tally->set.map[TF_POST_THREAD], thread_id);
    if (entry == NULL) {
        return false;
    }
    entry->hits++;
    entry = tf_map_at(&tally->set.map[TF_POST_CODE], code);
    if (entry == NULL) {
        return false;
    }
    entry->hits++;
    entry->calls += kind == TF_EV_START;
    if (kind == TF_EV_LINE) {
        entry = tf_map_at(&tally->set.map[TF_POST_LINE], tf_line_key(code, lineno));
    }
    else if (kind == TF_EV_EXCEPTION) {
        entry = tf_map_at(&tally->set.map[TF_POST_EXCEPTION], exception_type(tally));
    }
    else {
        return true;
    }
    if (entry != NULL) {
        entry->hits++;
    }
    return entry != NULL;
}

static bool
event_ends_frame(unsigned kind)
{
    return kind == TF_EV_RETURN || kind == TF_EV_YIELD || kind == TF_EV_UNWIND;
}

tf_status
tf_tally_event(struct tf_tally *tally, unsigned kind, uint32_t thread_id,
               uint32_t lineno, struct tf_err *err)
{
    struct tf_stack *stack = tally_stack(tally, thread_id);
    if (stack == NULL || !tally_apply(tally, stack)) {
        return tally_no_memory(err);
    }
    uint32_t code = stack->count > 0 ? stack->frame[stack->count - 1].code : 0;
    if (!tally_count(tally, kind, thread_id, code, lineno)) {
        return tally_no_memory(err);
    }
    tally->set.kind_events[kind]++;
    tally->set.kind_events[TF_COUNT_LAST_UNWIND] +=
        kind == TF_EV_UNWIND && stack->count == 1;
    tally->arg_kind = 0;
    if (event_ends_frame(kind)) {
        stack_pop(stack);
    }
    return TF_OK;
}

tf_status
tf_tally_tail(struct tf_tally *tally, uint32_t thread_id, struct tf_err *err)
{
    if (tally->pending_count == 0) {
        return TF_OK;
    }
    struct tf_stack *stack = tally_stack(tally, thread_id);
    if (thread_id == 0 || stack == NULL) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "changes of a stack at a chunk's end without their thread");
    }
    return tally_apply(tally, stack) ? TF_OK : tally_no_memory(err);
}
