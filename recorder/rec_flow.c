#include "rec_flow.h"

#include <stdlib.h>

#include "rec_frames.h"

bool
rec_flow_init(struct rec_flow *flow, PyCodeObject *code)
{
    uint32_t units = rec_py_code_unit_count(code);
    flow->unit_count = units;
    flow->effect = calloc((size_t)units + 1, sizeof *flow->effect);
    flow->arg = calloc((size_t)units + 1, sizeof *flow->arg);
    flow->jump = calloc((size_t)units + 1, sizeof *flow->jump);
    flow->store = calloc((size_t)units + 1, sizeof *flow->store);
    if (flow->effect == NULL || flow->arg == NULL || flow->jump == NULL
        || flow->store == NULL || !rec_py_code_effects(code, flow->effect, flow->arg)) {
        return false;
    }
    for (uint32_t i = 0; i < units; i++) {
        flow->jump[i + 1] =
            flow->jump[i] + (flow->effect[i] & REC_EFFECT_JUMPS ? 1 : 0);
        flow->effect[i] &= (uint8_t)~REC_EFFECT_JUMPS;
        if (flow->effect[i] == REC_EFFECT_STORE) {
            flow->store[flow->store_count++] = i;
            flow->effect[i] = REC_EFFECT_NONE;
        }
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
        if (flow->store[middle] < top->unit) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    for (; low < flow->store_count && flow->store[low] < end; low++) {
        top->slot[flow->arg[flow->store[low]]].kind = REC_VAL_ASSIGNED;
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
