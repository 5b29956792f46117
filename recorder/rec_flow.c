#include "rec_flow.h"

#include <stdlib.h>

#include "rec_frames.h"
#include "rec_scalar.h"

/* --- Tables --- */
static bool
allocate(struct rec_flow *flow, uint32_t units)
{
    flow->unit_count = units;
    flow->change = calloc((size_t)units + 1, sizeof *flow->change);
    flow->subscr = calloc((size_t)units + 1, sizeof *flow->subscr);
    flow->last = calloc((size_t)units + 1, sizeof *flow->last);
    flow->jump = calloc((size_t)units + 1, sizeof *flow->jump);
    return flow->change != NULL && flow->subscr != NULL && flow->last != NULL
           && flow->jump != NULL;
}

struct line_fill {
    uint32_t *line;
    uint32_t unit_count;
};

static void
fill_line(void *ctx, uint32_t lineno, uint32_t from, uint32_t to)
{
    struct line_fill *fill = ctx;
    for (uint32_t i = from; i < to && i < fill->unit_count; i++) {
        fill->line[i] = lineno;
    }
}

struct last_of_line {
    uint32_t lineno, unit;
};

static int
compare_last(const void *a, const void *b)
{
    const struct last_of_line *x = a, *y = b;
    if (x->lineno != y->lineno) {
        return x->lineno < y->lineno ? -1 : 1;
    }
    return x->unit < y->unit ? -1 : x->unit > y->unit;
}

/* last[i] for every unit: sort by line, then hand the last unit of each line back. */
static bool
fill_last(struct rec_flow *flow, PyCodeObject *code)
{
    uint32_t n = flow->unit_count;
    struct line_fill fill = {calloc((size_t)n + 1, sizeof(uint32_t)), n};
    struct last_of_line *sorted = calloc((size_t)n + 1, sizeof *sorted);
    if (fill.line == NULL || sorted == NULL) {
        free(fill.line);
        free(sorted);
        return false;
    }
    rec_py_code_ranges(code, fill_line, &fill);
    for (uint32_t i = 0; i < n; i++) {
        sorted[i] = (struct last_of_line){fill.line[i], i};
    }
    qsort(sorted, n, sizeof *sorted, compare_last);
    for (uint32_t i = n; i > 0; i--) {
        bool end = i == n || sorted[i].lineno != sorted[i - 1].lineno;
        flow->last[sorted[i - 1].unit] =
            end ? sorted[i - 1].unit : flow->last[sorted[i].unit];
    }
    free(fill.line);
    free(sorted);
    return true;
}

static bool
unit_slot_add(struct rec_unit_slot **list, uint32_t *count, uint32_t unit,
              uint32_t slot)
{
    if ((*count & (*count - 1)) == 0) { /* full: 0, 1, 2, 4, 8 ... */
        size_t cap = *count == 0 ? 1 : (size_t)*count * 2;
        struct rec_unit_slot *more = realloc(*list, cap * sizeof *more);
        if (more == NULL) {
            return false;
        }
        *list = more;
    }
    (*list)[(*count)++] = (struct rec_unit_slot){unit, slot};
    return true;
}

/* x += y; x = z on one line: what became of the first x cannot be seen in the second. */
static bool
is_stored_again(const struct rec_flow *flow, const struct rec_effect *effect,
                uint32_t unit)
{
    unsigned stores = 0;
    for (uint32_t i = unit + 1; i <= flow->last[unit]; i++) {
        stores += effect[i].sort == REC_EFFECT_STORE
                  && (effect[i].slot & 0xff) == (effect[unit].slot & 0xff);
    }
    return stores > 1;
}

bool
rec_flow_init(struct rec_flow *flow, PyCodeObject *code)
{
    uint32_t units = rec_py_code_unit_count(code);
    struct rec_effect *effect = calloc((size_t)units + 1, sizeof *effect);
    bool ok = effect != NULL && allocate(flow, units)
              && rec_py_code_effects(code, effect) && fill_last(flow, code);
    for (uint32_t i = 0; ok && i < units; i++) {
        if (effect[i].sort == REC_EFFECT_INPLACE && is_stored_again(flow, effect, i)) {
            effect[i].sort = REC_EFFECT_CHANGE;
        }
        flow->change[i + 1] = flow->change[i] + (effect[i].sort == REC_EFFECT_CHANGE);
        flow->subscr[i + 1] = flow->subscr[i] + (effect[i].sort == REC_EFFECT_SUBSCR);
        flow->jump[i + 1] = flow->jump[i] + effect[i].jumps;
        if (effect[i].sort == REC_EFFECT_INPLACE) {
            ok = unit_slot_add(&flow->inplace, &flow->inplace_count, i, effect[i].slot);
        }
        if (effect[i].sort == REC_EFFECT_STORE) {
            ok = unit_slot_add(&flow->store, &flow->store_count, i, effect[i].slot);
        }
    }
    free(effect);
    return ok;
}

void
rec_flow_release(struct rec_flow *flow)
{
    free(flow->change);
    free(flow->subscr);
    free(flow->last);
    free(flow->jump);
    free(flow->inplace);
    free(flow->store);
}

/* --- Questions --- */

/* `slot` was assigned by an in-place operator: was that a new plain value? */
static bool
is_plain_now(const struct rec_frame *frame, uint32_t slot)
{
    PyObject *value = rec_py_frame_slots(frame->frame)[slot];
    struct rec_src src = rec_src_obj(value);
    struct rec_val val;
    return value != NULL && rec_scalar_make(&src, &val);
}

/* Can units [from, to) of the frame's code have changed an object? */
static bool
range_changes(const struct rec_frame *frame, uint32_t from, uint32_t to)
{
    const struct rec_flow *flow = &frame->code->flow;
    if (from > to || to > flow->unit_count) {
        return true;
    }
    if (flow->change[to] != flow->change[from]
        || (rec.defaultdict_seen && flow->subscr[to] != flow->subscr[from])) {
        return true;
    }
    for (uint32_t i = 0; i < flow->inplace_count && flow->inplace[i].unit < to; i++) {
        if (flow->inplace[i].unit >= from
            && !is_plain_now(frame, flow->inplace[i].slot)) {
            return true;
        }
    }
    return false;
}

bool
rec_flow_may_change(const struct rec_thread *thread, const struct rec_frame *top,
                    PyFrameObject *frame, enum tf_event_kind kind)
{
    uint64_t switches = rec_py_gil_switches();
    bool switched = switches != rec.gil_switches;
    rec.gil_switches = switches;
    if (switched || thread != rec.thread || top == NULL || top->frame == NULL
        || top->unit == REC_UNIT_UNKNOWN || thread->next_trace != NULL
        || thread->next_profile != NULL || kind == TF_EV_EXCEPTION
        || !(rec.options->events & 1u << TF_EV_LINE)) {
        return true;
    }
    uint32_t now = rec_py_frame_unit(top->frame);
    if (kind == TF_EV_START) {
        if (!rec_py_frame_is_called_by(frame, top->frame)) {
            return true;
        }
        return range_changes(top, top->unit, rec_py_call_unit(top->frame, now));
    }
    if (top->frame != frame || kind == TF_EV_RESUME || kind == TF_EV_THROW) {
        return true;
    }
    if (now
        < top->unit) { /* jumped back: at the end of what is left of the line at most */
        return top->unit >= top->code->flow.unit_count
               || range_changes(top, top->unit, top->code->flow.last[top->unit] + 1);
    }
    return range_changes(top, top->unit,
                         kind == TF_EV_LINE || kind == TF_EV_OPCODE ? now : now + 1);
}

/* The end of what certainly ran, when the frame has gone from `from` to `now`. */
static uint32_t
straight_end(const struct rec_flow *flow, uint32_t from, uint32_t now)
{
    if (now >= from && now <= flow->unit_count) {
        return flow->jump[now] == flow->jump[from] ? now : from;
    }
    uint32_t end = from; /* a jump back: up to the first jump */
    while (end < flow->unit_count && flow->jump[end + 1] == flow->jump[from]) {
        end++;
    }
    return end;
}

void
rec_flow_note_stores(struct rec_frame *top, PyFrameObject *frame,
                     enum tf_event_kind kind)
{
    if (top == NULL || top->frame == NULL || top->unit == REC_UNIT_UNKNOWN
        || top->unit >= top->code->flow.unit_count
        || (kind > TF_EV_THROW && top->frame != frame)) {
        return;
    }
    const struct rec_flow *flow = &top->code->flow;
    uint32_t end = straight_end(flow, top->unit, rec_py_frame_unit(top->frame));
    uint32_t low = 0, high = flow->store_count;
    while (low < high) { /* the first store at or behind top->unit */
        uint32_t middle = (low + high) / 2;
        if (flow->store[middle].unit < top->unit) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    for (; low < flow->store_count && flow->store[low].unit < end; low++) {
        top->slot[flow->store[low].slot].kind = REC_VAL_ASSIGNED;
    }
}

void
rec_flow_called(struct rec_frame *caller, PyFrameObject *frame)
{
    bool direct =
        caller->frame != NULL && rec_py_frame_is_called_by(frame, caller->frame);
    caller->unit = direct ? rec_py_frame_unit(caller->frame) + 1 : REC_UNIT_UNKNOWN;
}

void
rec_flow_mark(struct rec_frame *frame)
{
    frame->unit = rec_py_frame_unit(frame->frame);
}
