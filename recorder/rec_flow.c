#include "rec_flow.h"

#include <stdlib.h>

#include "rec_frames.h"
#include "rec_sites.h"
#include "rec_touch.h"

/* Puts an assignment on the list, and out of the effects. */
static void
note_store(struct rec_flow *flow, uint32_t unit)
{
    uint32_t arg = flow->arg[unit];
    switch ((enum rec_effect)flow->effect[unit]) {
    case REC_EFFECT_STORE:
        flow->store[flow->store_count++] = (struct rec_plan_store){unit, arg};
        break;
    case REC_EFFECT_STORE_STORE:
        flow->store[flow->store_count++] = (struct rec_plan_store){unit, arg & 15};
        /* fall through */
    case REC_EFFECT_STORE_LOAD:
        flow->store[flow->store_count++] = (struct rec_plan_store){unit, arg >> 4};
        break;
    default: return;
    }
    flow->effect[unit] = REC_EFFECT_NONE;
}

bool
rec_flow_init(struct rec_flow *flow, PyCodeObject *code)
{
    uint32_t units = rec_py_code_unit_count(code);
    flow->unit_count = units;
    flow->effect = calloc((size_t)units + 1, sizeof *flow->effect);
    flow->arg = calloc((size_t)units + 1, sizeof *flow->arg);
    flow->jump = calloc((size_t)units + 1, sizeof *flow->jump);
    flow->store = calloc(2 * (size_t)units + 1, sizeof *flow->store);
    flow->plan = calloc((size_t)units + 1, sizeof *flow->plan);
    flow->bytes = rec_py_code_bytes(code, units);
    flow->unknown = rec_plan_make(code, flow->bytes, 0, 0, false);
    flow->nothing = calloc(1, sizeof *flow->nothing);
    if (flow->effect == NULL || flow->arg == NULL || flow->jump == NULL
        || flow->store == NULL || flow->plan == NULL || flow->bytes == NULL
        || flow->unknown == NULL || flow->nothing == NULL
        || !rec_py_code_effects(code, flow->effect, flow->arg)) {
        return false;
    }
    for (uint32_t i = 0; i < units; i++) {
        flow->jump[i + 1] =
            flow->jump[i] + (flow->effect[i] & REC_EFFECT_JUMPS ? 1 : 0);
        flow->effect[i] &= (uint8_t)~REC_EFFECT_JUMPS;
        note_store(flow, i);
    }
    return true;
}

void
rec_flow_release(struct rec_flow *flow)
{
    free(flow->effect);
    free(flow->arg);
    free(flow->jump);
    free(flow->store);
    free(flow->bytes);
    free(flow->depth);
    for (uint32_t i = 0; flow->plan != NULL && i < flow->unit_count; i++) {
        rec_plan_free(flow->plan[i]);
    }
    for (uint32_t i = 0; flow->raised != NULL && i < flow->unit_count; i++) {
        if (flow->raised[i] != flow->nothing && flow->raised[i] != flow->unknown) {
            rec_plan_free(flow->raised[i]);
        }
    }
    free(flow->raised);
    free(flow->line);
    rec_plan_free(flow->unknown);
    rec_plan_free(flow->nothing);
    free(flow->plan);
}

/* Looking it up in the table of the code object goes through that from its beginning, and
 * costs more than all else at a call or return. */
uint32_t
rec_flow_lineno(struct rec_flow *flow, PyFrameObject *frame)
{
    uint32_t unit;
    uint32_t lineno = rec_py_frame_lineno_of_event(frame, &unit);
    if (unit == REC_NO_UNIT) {
        return lineno != 0 ? lineno : rec_py_frame_lineno(frame);
    }
    if (flow->line
        == NULL) { /* there is nothing else of it where values are left out */
        uint32_t units = rec_py_code_unit_count(rec_py_frame_code(frame));
        flow->line = calloc((size_t)units + 1, sizeof *flow->line);
    }
    if (flow->line == NULL) {
        return rec_py_frame_lineno(frame);
    }
    if (flow->line[unit] == 0) {
        flow->line[unit] = rec_py_frame_lineno(frame) + 1;
    }
    return flow->line[unit] - 1;
}

static uint32_t
first_jump(const struct rec_flow *flow, uint32_t from)
{
    uint32_t end = from;
    while (end < flow->unit_count && flow->jump[end + 1] == flow->jump[from]) {
        end++;
    }
    return end;
}

struct rec_plan *
rec_flow_plan(struct rec_flow *flow, PyCodeObject *code, uint32_t unit)
{
    if (unit >= flow->unit_count) {
        return flow->unknown;
    }
    if (__builtin_expect(flow->plan[unit] == NULL, 0)) {
        flow->plan[unit] =
            rec_plan_make(code, flow->bytes, flow->unit_count, unit, false);
        if (flow->plan[unit] != NULL) {
            flow->plan[unit]->first_jump = first_jump(flow, unit);
        }
    }
    return flow->plan[unit];
}

/* The end of what certainly ran, when the frame has gone from `from` to `now`. */
static uint32_t
straight_end(const struct rec_flow *flow, const struct rec_plan *plan, uint32_t from,
             uint32_t now)
{
    if (now >= from && now <= flow->unit_count && flow->jump[now] == flow->jump[from]) {
        return now;
    }
    return plan != NULL && !plan->open && plan->first_jump >= from
               ? plan->first_jump
               : first_jump(flow, from);
}

/* Its call has not ended, or has raised: nothing ran since. An exception event stands at the
 * CALL itself, not behind its caches. */
static bool
is_calling(const struct rec_frame *frame)
{
    uint32_t unit = rec_py_frame_unit(frame->frame);
    return unit + 1 == frame->unit
           || (frame->unit > 0
               && rec_py_call_unit(frame->frame, frame->unit - 1) == unit);
}

void
rec_flow_note_stores(struct rec_frame *top, PyFrameObject *frame,
                     enum tf_event_kind kind)
{
    if (top == NULL || top->frame == NULL || top->unit == REC_UNIT_UNKNOWN
        || (top->plan != NULL && !top->plan->open && top->plan->store_count == 0)
        || top->unit >= top->code->flow.unit_count || (top->called && is_calling(top))
        || top->plan == top->code->flow.unknown /* it raised: a handler runs, or none */
        || (kind > TF_EV_THROW && top->frame != frame)) {
        return;
    }
    const struct rec_flow *flow = &top->code->flow;
    uint32_t end =
        straight_end(flow, top->plan, top->unit, rec_py_frame_unit(top->frame));
    if (top->plan != NULL && !top->plan->open) {
        for (uint32_t i = 0; i < top->plan->store_count; i++) {
            const struct rec_plan_store *store = &top->plan->store[i];
            if (store->unit >= top->unit && store->unit < end) {
                top->slot[store->slot].kind = REC_VAL_ASSIGNED;
            }
        }
        return;
    }
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
    caller->called = true;
    caller->unit = direct ? rec_py_frame_unit(caller->frame) + 1 : REC_UNIT_UNKNOWN;
}

void
rec_flow_follow_again(struct rec_frame *frame)
{
    if (frame->watched && !frame->code->flow.watched) { /* the tool was given up */
        rec.look_again = true;
    }
    if (frame->frame != NULL && frame->called && frame->plan != NULL
        && frame->plan->late && !frame->opcodes && !frame->watched
        && !rec_sites_note(frame, frame->plan, true)
        && rec.options->values == REC_VALUES_EXACT) {
        rec.look_again = true;
    }
}

static void
find_depths(struct rec_flow *flow, PyCodeObject *code)
{
    flow->depth = malloc(((size_t)flow->unit_count + 1) * sizeof *flow->depth);
    if (flow->depth != NULL
        && !rec_py_code_depths(code, flow->bytes, flow->unit_count, flow->depth)) {
        free(flow->depth);
        flow->depth = NULL;
    }
}

/* At an event that knows where the stack ends, what was worked out must be just that. */
static void
check_depth(struct rec_flow *flow, PyFrameObject *frame)
{
    uint32_t unit = rec_py_frame_unit(frame);
    const rec_py_ref *top = rec_py_frame_stack(frame);
    if (flow->depth != NULL && top != NULL && unit < flow->unit_count
        && flow->depth[unit] != REC_NO_DEPTH
        && top != rec_py_frame_stack_at(frame, flow->depth[unit])) {
        free(flow->depth);
        flow->depth = NULL;
    }
}

rec_py_ref *
rec_flow_stack(const struct rec_flow *flow, PyFrameObject *frame, uint32_t unit)
{
    rec_py_ref *top = rec_py_frame_stack(frame);
    bool known = flow->depth != NULL && flow->depth[unit] != REC_NO_DEPTH;
    return top == NULL && known ? rec_py_frame_stack_at(frame, flow->depth[unit]) : top;
}

/* The same where the instructions of a code object can be watched, whoever runs it: nobody
 * else sees that, and it stays on. */
static void
watch_code(struct rec_frame *frame, enum tf_event_kind kind, bool on)
{
    struct rec_flow *flow = &frame->code->flow;
    /* Where the program traces itself all is looked at anyway, and 3.12 mixes up the two
     * tools that want a code object's instructions. */
    on = on && rec.thread->next_trace == NULL;
    frame->watched = on;
    if (!on) {
        return;
    }
    PyCodeObject *code = rec_py_frame_code(frame->frame);
    if (!flow->watched && rec_py_watch_instructions(code)) {
        flow->watched = true;
        find_depths(flow, code);
    }
    if (kind == TF_EV_LINE) {
        check_depth(flow, frame->frame);
    }
    if (!flow->watched) {
        rec.look_again = true;
    }
    else if (kind == TF_EV_LINE) { /* no event comes for the one it stands at */
        rec_touch_instruction(frame);
    }
}

/* Whether an opcode event must come before each instruction, because it is not known which
 * objects they change. */
static void
watch_instructions(struct rec_frame *frame, enum tf_event_kind kind, bool on)
{
    if (rec.options->events & 1u << TF_EV_OPCODE) {
        rec_py_frame_want_opcodes(frame->frame);
        return;
    }
    if (REC_WATCHES_CODE) {
        watch_code(frame, kind, on);
        return;
    }
    on = on && rec.thread->next_trace == NULL; /* it would get our opcode events, too */
    if (on && !frame->opcodes && !frame->opcodes_wanted) {
        rec_py_frame_want_opcodes(frame->frame);
        frame->opcodes = true;
    }
    else if (!on && frame->opcodes && !frame->opcodes_wanted) {
        rec_py_frame_drop_opcodes(frame->frame);
        frame->opcodes = false;
    }
}

static struct rec_plan *
make_plan_of_raised(struct rec_flow *flow, PyCodeObject *code, uint32_t unit)
{
    int64_t handler = rec_py_code_handler(code, unit);
    if (handler == REC_HANDLER_UNKNOWN || handler >= flow->unit_count) {
        return flow->unknown;
    }
    if (handler == REC_NO_HANDLER
        || rec_py_code_fires(code, unit, (uint32_t)handler, false)) {
        return flow->nothing;
    }
    return rec_plan_make(code, flow->bytes, flow->unit_count, (uint32_t)handler, true);
}

/* After an exception event: from the handler to the next event, which mostly comes before
 * anything runs that matters. NULL when memory ran out. */
static struct rec_plan *
plan_of_raised(struct rec_flow *flow, const struct rec_frame *frame)
{
    uint32_t unit = rec_py_frame_unit(frame->frame);
    if (unit >= flow->unit_count) {
        return flow->unknown;
    }
    if (flow->raised == NULL) {
        flow->raised = calloc(flow->unit_count, sizeof(struct rec_plan *));
    }
    if (flow->raised != NULL && flow->raised[unit] == NULL) {
        PyCodeObject *code = rec_py_frame_code(frame->frame);
        flow->raised[unit] = make_plan_of_raised(flow, code, unit);
    }
    return flow->raised != NULL ? flow->raised[unit] : NULL;
}

void
rec_flow_mark(struct rec_frame *frame, enum tf_event_kind kind)
{
    frame->unit = rec_py_frame_start_unit(frame->frame, kind);
    frame->called = false;
    if (!rec.options->values) {
        return;
    }
    struct rec_flow *flow = &frame->code->flow;
    /* Without line events anything may run before the next one. */
    bool lines = !rec_py_frame_is_muted(frame->frame)
                 && (rec.options->events & 1u << TF_EV_LINE) != 0;
    frame->plan =
        !lines ? flow->unknown
        : kind == TF_EV_EXCEPTION
            ? plan_of_raised(flow, frame)
            : rec_flow_plan(flow, rec_py_frame_code(frame->frame), frame->unit);
    if (frame->plan == NULL) {
        rec.out_of_memory = true;
        return;
    }
    uint32_t before = frame->touched_count;
    bool known = !frame->plan->hard
                 && (frame->plan->site_count == frame->plan->afterwards_count
                     || rec_sites_note(frame, frame->plan, false));
    if (!known && rec.options->values == REC_VALUES_FAST) {
        rec_touch_locals(frame);
        known = true;
    }
    if (!known && rec.thread->next_trace == NULL && frame->touched_count > before) {
        frame->touched_count = before; /* each is noted again before its instruction */
    }
    if (!known || frame->opcodes || frame->watched
        || rec.options->events & 1u << TF_EV_OPCODE) {
        watch_instructions(frame, kind, !known);
    }
}
