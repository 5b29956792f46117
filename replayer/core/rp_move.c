/* Movement: from an event to another by what a person means.
 *
 * Over and out are searches by stack depth, until and iterations follow the frame's
 * identity from line to line, all else goes by the postings. A breakpoint on the way stops
 * earlier. */
#include "rp_break.h"
#include "rp_move_search.h"

#define KINDS_RETURN \
 (1u << TF_EV_RETURN | 1u << TF_EV_YIELD | 1u << TF_EV_UNWIND | 1u << TF_EV_START)
#define KINDS_INSTRUCTION (RP_KINDS_STEP | 1u << TF_EV_OPCODE)

static bool
is_backward(enum rp_move move)
{
    switch (move) {
    case RP_STEP_BACK:
    case RP_NEXT_BACK:
    case RP_CALL:
    case RP_CONTINUE_BACK:
    case RP_UNTIL_BACK:
    case RP_UP:
    case RP_INSTRUCTION_BACK:
    case RP_INSTRUCTION_OVER_BACK:
    case RP_LOOP_BACK:
    case RP_NEXT_CALL_BACK: return true;
    default: return false;
    }
}

static bool
is_run(enum rp_move move)
{
    return move == RP_CONTINUE || move == RP_CONTINUE_BACK;
}

static tf_status
nowhere(struct rp_stop *stop)
{
    stop->reason = RP_STOP_NOWHERE;
    return TF_OK;
}

static tf_status
no_caller(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "nothing recorded called this frame");
}

/* --- Over and out --- */

static struct rp_depth_search
depth_search(struct rp *rp, const struct rp_here *here, bool forward, uint32_t kinds)
{
    return (struct rp_depth_search){
        .rp = rp,
        .thread = here->frame.thread,
        .depth = here->frame.depth,
        .forward = forward,
        .kinds = kinds,
    };
}

/* An await of the frame itself: the event that suspends it or, backward, resumes it. */
static bool
is_await(const struct rp_depth_search *search, const struct rp_here *here,
         const struct rp_event *event)
{
    return event->frame == here->frame.frame && rp_code_awaits(event->code)
           && (search->forward
                   ? event->kind == TF_EV_YIELD
                   : event->kind == TF_EV_RESUME || event->kind == TF_EV_THROW);
}

/* The search from where the frame goes on after an await; *moved: it does. */
static tf_status
pass_await(struct rp_depth_search *search, const struct rp_event *event, uint64_t *from,
           bool *ret_passed, struct tf_err *err)
{
    struct rp_event on;
    struct tf_err none = TF_ERR_INIT;
    *ret_passed = false;
    tf_status status =
        rp_frame_resumed(search->rp, event, search->forward, from, &none);
    if (status == TF_ERR_NOT_FOUND) {
        return TF_OK; /* it was never resumed */
    }
    if (status == TF_OK) {
        status = rp_event_at(search->rp, *from, &on, &none);
    }
    if (status != TF_OK) {
        if (err) {
            *err = none;
        }
        return status;
    }
    search->thread = on.thread;
    search->depth = on.depth;
    *ret_passed = true;
    return TF_OK;
}

/* As rp_depth_find, but what the frame awaits is as what it calls. */
static tf_status
find_over(struct rp_depth_search *search, const struct rp_here *here, uint64_t from,
          uint64_t *ret_seq, struct tf_err *err)
{
    for (;;) {
        uint64_t found;
        struct rp_event event;
        bool passed = false;
        tf_status status = rp_depth_find(search, from, &found, err);
        if (status == TF_OK) {
            status = rp_event_at(search->rp, found, &event, err);
        }
        if (status == TF_OK && is_await(search, here, &event)) {
            status = pass_await(search, &event, &from, &passed, err);
        }
        if (status != TF_OK || !passed) {
            *ret_seq = status == TF_OK ? found : 0;
            return status;
        }
    }
}

static tf_status other_thread(struct rp *rp, const struct rp_here *here, bool forward,
                              uint32_t kinds, uint64_t *seq, struct tf_err *err);

/* next: at the frame's end (backward: at its begin) one goes on in what called it. */
static tf_status
move_over(struct rp *rp, const struct rp_moving *moving, const struct rp_here *here,
          uint32_t kinds, struct rp_stop *stop, struct tf_err *err)
{
    bool forward = !is_backward(moving->move);
    struct rp_depth_search search = depth_search(rp, here, forward, kinds);
    search.depth -= rp_here_leaves(here, forward) && search.depth > 0;
    tf_status status = find_over(&search, here, moving->seq, &stop->seq, err);
    if (moving->any_thread && (status == TF_OK || status == TF_ERR_NOT_FOUND)) {
        uint64_t bound = status == TF_OK ? stop->seq : forward ? UINT64_MAX : 0;
        tf_status other = other_thread(rp, here, forward, kinds, &bound, err);
        if (other != TF_ERR_NOT_FOUND) {
            stop->seq = bound;
            return other;
        }
    }
    return status;
}

static bool
of_other_thread(void *ctx, const struct rp_event *event)
{
    return event->thread != *(const uint32_t *)ctx;
}

/* The next event of another thread if it is nearer than *seq. */
static tf_status
other_thread(struct rp *rp, const struct rp_here *here, bool forward, uint32_t kinds,
             uint64_t *seq, struct tf_err *err)
{
    uint32_t thread = here->frame.thread;
    uint64_t found;
    struct rp_filter filter = {
        .kinds = kinds, .accept = of_other_thread, .ctx = &thread};
    tf_status status = rp_find(rp, &filter, here->event.seq, forward, &found, err);
    if (status == TF_OK && (forward ? found < *seq : found > *seq)) {
        *seq = found;
        return TF_OK;
    }
    return status == TF_OK ? TF_ERR_NOT_FOUND : status;
}

/* The frame of which `here` speaks becomes its caller's; false: there is none. */
static tf_status
to_caller(struct rp *rp, const struct rp_moving *moving, struct rp_here *here,
          bool *ret_has, struct tf_err *err)
{
    *ret_has = here->frame.parent != 0;
    here->at_own = false;
    return *ret_has
               ? rp_frame_at(rp, moving->seq, here->frame.parent, &here->frame, err)
               : TF_OK;
}

static tf_status
find_return(struct rp *rp, const struct rp_here *here, uint64_t from, uint64_t *ret_seq,
            struct tf_err *err)
{
    struct rp_depth_search search = depth_search(rp, here, true, KINDS_RETURN);
    search.whole_frame = true;
    return find_over(&search, here, from, ret_seq, err);
}

static tf_status
move_return(struct rp *rp, const struct rp_moving *moving, struct rp_here *here,
            struct rp_stop *stop, struct tf_err *err)
{
    bool has = true;
    if (rp_here_leaves(here, true)) { /* done already: the same for its caller */
        tf_status status = to_caller(rp, moving, here, &has, err);
        if (status != TF_OK || !has) {
            return status == TF_OK ? no_caller(err) : status;
        }
    }
    return find_return(rp, here, moving->seq, &stop->seq, err);
}

/* A coroutine's call is where it began, not where its last await ended. */
static tf_status
call_of(struct rp *rp, const struct rp_frame *frame, uint64_t before, uint64_t *ret_seq,
        struct tf_err *err)
{
    if (!rp_code_awaits(frame->code)) {
        *ret_seq = frame->call_seq;
        return TF_OK;
    }
    struct rp_filter filter = {.kinds = 1u << TF_EV_START,
                               .code = &frame->code->id,
                               .code_count = 1,
                               .frame = frame->frame};
    return rp_find(rp, &filter, before, false, ret_seq, err);
}

static tf_status
move_call(struct rp *rp, const struct rp_moving *moving, struct rp_here *here,
          struct rp_stop *stop, struct tf_err *err)
{
    bool has = true;
    tf_status status = TF_OK;
    uint64_t seq = 0;
    bool awaits = rp_code_awaits(here->frame.code) && here->event.kind != TF_EV_START;
    if (rp_here_leaves(here, false) && !awaits) {
        status = to_caller(rp, moving, here, &has, err);
    }
    if (status == TF_OK && has) {
        status = call_of(rp, &here->frame, moving->seq, &seq, err);
    }
    if (status != TF_OK && status != TF_ERR_NOT_FOUND) {
        return status;
    }
    if (!seq || seq >= moving->seq || rp_clamp(rp, seq) != seq) {
        return no_caller(err); /* the recording begins inside it */
    }
    stop->seq = seq;
    return TF_OK;
}

/* Into the caller: what it does next once the frame is left. */
static tf_status
move_out(struct rp *rp, const struct rp_moving *moving, const struct rp_here *here,
         struct rp_stop *stop, struct tf_err *err)
{
    if (!here->frame.parent) {
        return nowhere(stop);
    }
    uint64_t from = moving->seq;
    struct rp_here end = *here;
    if (rp_code_awaits(here->frame.code) && !rp_here_leaves(here, true)) {
        struct rp_event event;
        tf_status status = find_return(rp, here, from, &from, err);
        if (status == TF_OK) {
            status = rp_event_at(rp, from, &event, err);
        }
        if (status != TF_OK) {
            return status;
        }
        end.frame.thread = event.thread;
        end.frame.depth = event.depth;
    }
    struct rp_depth_search search = depth_search(rp, &end, true, RP_KINDS_STEP);
    search.depth -= search.depth > 0;
    return rp_depth_find(&search, from, &stop->seq, err);
}

static tf_status
move_up(struct rp *rp, const struct rp_here *here, struct rp_stop *stop,
        struct tf_err *err)
{
    if (!here->frame.parent || !here->frame.depth) {
        return nowhere(stop);
    }
    struct rp_depth_search search = depth_search(rp, here, false, RP_KINDS_STEP);
    search.depth--;
    return rp_depth_find(&search, here->frame.call_seq, &stop->seq, err);
}

/* --- From line to line of a frame --- */

/* Where the frame ends for good. */
static tf_status
find_end(struct rp *rp, const struct rp_here *here, uint64_t from, uint64_t *ret_seq,
         struct tf_err *err)
{
    struct rp_filter filter = {.kinds = 1u << TF_EV_RETURN | 1u << TF_EV_UNWIND,
                               .code = &here->frame.code->id,
                               .code_count = 1,
                               .frame = here->frame.frame};
    return rp_code_suspends(here->frame.code)
               ? rp_find(rp, &filter, from, true, ret_seq, err)
               : find_return(rp, here, from, ret_seq, err);
}

static tf_status
find_begin(struct rp *rp, const struct rp_here *here, uint64_t from, uint64_t *ret_seq,
           struct tf_err *err)
{
    struct rp_filter filter = {.kinds = 1u << TF_EV_START,
                               .code = &here->frame.code->id,
                               .code_count = 1,
                               .frame = here->frame.frame};
    return rp_find(rp, &filter, from, false, ret_seq, err);
}

static tf_status
move_until(struct rp *rp, const struct rp_moving *moving, const struct rp_here *here,
           struct rp_stop *stop, struct tf_err *err)
{
    bool forward = !is_backward(moving->move);
    uint32_t from = here->frame.lineno, lineno = moving->lineno;
    if (rp_here_leaves(here, forward) || !here->frame.frame) {
        return move_over(rp, moving, here, RP_KINDS_STEP, stop, err);
    }
    struct rp_line_search search = {
        .frame = here->frame.frame,
        .code = here->frame.code,
        .low = forward ? lineno ? lineno : from + 1 : 0,
        .high = forward  ? UINT32_MAX
                : lineno ? lineno
                         : from - (from > 0),
        .forward = forward,
    };
    uint64_t end;
    tf_status status = rp_line_find(rp, &search, moving->seq, &stop->seq, &end, err);
    if (status != TF_ERR_NOT_FOUND) {
        return status;
    }
    stop->reason = forward ? RP_STOP_RETURN : RP_STOP_CALL;
    stop->seq = end;
    if (end) {
        return TF_OK;
    }
    return forward ? find_end(rp, here, moving->seq, &stop->seq, err)
                   : find_begin(rp, here, moving->seq, &stop->seq, err);
}

static tf_status
move_loop(struct rp *rp, const struct rp_moving *moving, const struct rp_here *here,
          struct rp_stop *stop, struct tf_err *err)
{
    uint32_t lineno = moving->lineno ? moving->lineno : here->frame.lineno;
    struct rp_line_search search = {
        .frame = here->frame.frame,
        .code = here->frame.code,
        .low = lineno,
        .high = lineno,
        .forward = !is_backward(moving->move),
    };
    uint64_t end, from = moving->seq;
    if (!here->frame.frame) {
        return nowhere(stop);
    }
    bool on_it = here->at_own && here->event.kind == TF_EV_LINE;
    if (!search.forward && lineno == here->frame.lineno && !on_it) {
        /* What is being run now is this one. */
        tf_status present = rp_line_find(rp, &search, from, &from, &end, err);
        if (present != TF_OK) {
            return present == TF_ERR_NOT_FOUND ? nowhere(stop) : present;
        }
    }
    tf_status status = rp_line_find(rp, &search, from, &stop->seq, &end, err);
    return status == TF_ERR_NOT_FOUND ? nowhere(stop) : status;
}

static bool
is_another(void *ctx, const struct rp_event *event)
{
    return event->frame != *(const uint64_t *)ctx;
}

static tf_status
move_call_of(struct rp *rp, const struct rp_moving *moving, const struct rp_here *here,
             struct rp_stop *stop, struct tf_err *err)
{
    uint64_t frame = moving->code ? 0 : here->frame.frame;
    struct rp_filter filter = {
        .kinds = 1u << TF_EV_START,
        .code = moving->code ? moving->code : &here->frame.code->id,
        .code_count = moving->code ? moving->code_count : 1,
        .accept = is_another,
        .ctx = &frame,
    };
    tf_status status =
        rp_find(rp, &filter, moving->seq, !is_backward(moving->move), &stop->seq, err);
    return status == TF_ERR_NOT_FOUND ? nowhere(stop) : status;
}

/* --- All of them --- */

static tf_status
move_any(struct rp *rp, const struct rp_moving *moving, const struct rp_here *here,
         uint32_t kinds, struct rp_stop *stop, struct tf_err *err)
{
    bool forward = !is_backward(moving->move);
    if (moving->any_thread) {
        struct rp_filter filter = {.kinds = kinds};
        return rp_find(rp, &filter, moving->seq, forward, &stop->seq, err);
    }
    struct rp_depth_search search = {.rp = rp,
                                     .thread = here->event.thread,
                                     .depth = UINT32_MAX,
                                     .forward = forward,
                                     .kinds = kinds};
    return rp_depth_find(&search, moving->seq, &stop->seq, err);
}

static tf_status
move_to_target(struct rp *rp, const struct rp_moving *moving, struct rp_stop *stop,
               struct tf_err *err)
{
    struct rp_here here;
    tf_status status = rp_here_at(rp, moving, &here, err);
    if (status != TF_OK) {
        return status;
    }
    switch (moving->move) {
    case RP_STEP:
    case RP_STEP_BACK: return move_any(rp, moving, &here, RP_KINDS_STEP, stop, err);
    case RP_INSTRUCTION:
    case RP_INSTRUCTION_BACK:
        return move_any(rp, moving, &here, KINDS_INSTRUCTION, stop, err);
    case RP_NEXT:
    case RP_NEXT_BACK: return move_over(rp, moving, &here, RP_KINDS_STEP, stop, err);
    case RP_INSTRUCTION_OVER:
    case RP_INSTRUCTION_OVER_BACK:
        return move_over(rp, moving, &here, KINDS_INSTRUCTION, stop, err);
    case RP_UNTIL:
    case RP_UNTIL_BACK: return move_until(rp, moving, &here, stop, err);
    case RP_RETURN: return move_return(rp, moving, &here, stop, err);
    case RP_CALL: return move_call(rp, moving, &here, stop, err);
    case RP_OUT: return move_out(rp, moving, &here, stop, err);
    case RP_UP: return move_up(rp, &here, stop, err);
    case RP_LOOP:
    case RP_LOOP_BACK: return move_loop(rp, moving, &here, stop, err);
    case RP_NEXT_CALL:
    case RP_NEXT_CALL_BACK: return move_call_of(rp, moving, &here, stop, err);
    case RP_CONTINUE:
    case RP_CONTINUE_BACK: break;
    }
    return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no breakpoint on the way");
}

/* Where one ends up when there is nowhere else to go: the thread's last (first) event, or
 * the recording's for a continue. */
static tf_status
move_to_end(struct rp *rp, const struct rp_moving *moving, struct rp_stop *stop,
            struct tf_err *err)
{
    bool forward = !is_backward(moving->move);
    *stop = (struct rp_stop){.seq = moving->seq,
                             .reason = forward ? RP_STOP_END : RP_STOP_START};
    if (is_run(moving->move)) {
        stop->seq = forward ? rp->facts.last_seq : rp->facts.first_seq;
        return TF_OK;
    }
    struct rp_event event;
    tf_status status = rp_event_at(rp, moving->seq, &event, err);
    if (status != TF_OK) {
        return status;
    }
    struct rp_depth_search search = {.rp = rp,
                                     .thread = event.thread,
                                     .depth = UINT32_MAX,
                                     .forward = !forward,
                                     .kinds = RP_KINDS_STEP};
    uint64_t seq;
    struct tf_err none = TF_ERR_INIT;
    status = rp_depth_find(&search, forward ? UINT64_MAX : 0, &seq, &none);
    if (status == TF_OK && (forward ? seq > moving->seq : seq < moving->seq)) {
        stop->seq = seq;
    }
    if (status != TF_OK && status != TF_ERR_NOT_FOUND && err) {
        *err = none;
    }
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

tf_status
rp_move(struct rp *rp, const struct rp_moving *moving, struct rp_stop *ret_stop,
        struct tf_err *err)
{
    bool forward = !is_backward(moving->move), all = is_run(moving->move);
    struct rp_stop stop = {.seq = moving->seq, .reason = RP_STOP_MOVED};
    struct tf_err ignored = TF_ERR_INIT;
    tf_status status = move_to_target(rp, moving, &stop, &ignored);
    bool reached = status == TF_OK;
    if (status == TF_ERR_NOT_FOUND) {
        status = move_to_end(rp, moving, &stop, &ignored);
    }
    if (status != TF_OK) {
        if (err) {
            *err = ignored;
        }
        return status;
    }
    if ((all || moving->breaks) && stop.reason != RP_STOP_NOWHERE
        && rp_breaks_any(rp)) {
        struct rp_hunting hunting = {
            .from = moving->seq,
            .forward = forward,
            .bound = reached && !all ? stop.seq
                     : forward       ? UINT64_MAX
                                     : 0,
            .thread = all ? moving->thread : 0,
        };
        struct rp_stop at;
        status = rp_breaks_next(rp, &hunting, &at, &ignored);
        if (status == TF_OK) {
            stop = at;
        }
        else if (status != TF_ERR_NOT_FOUND) {
            if (err) {
                *err = ignored;
            }
            return status;
        }
    }
    *ret_stop = stop;
    return TF_OK;
}
