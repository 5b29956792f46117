/* Movement in time, and what is shown on arrival. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

tf_status
cli_go(struct cli_session *session, uint64_t seq, struct tf_err *err)
{
    struct rp_event event;
    tf_status status = rp_event_at(session->rp, seq, &event, err);
    if (status != TF_OK) {
        return status;
    }
    session->seq = seq;
    session->event = event;
    session->thread = event.thread;
    session->list_lineno = 0;
    return cli_select_frame(session, 0, err);
}

/* --- What is shown --- */

static void
put_arguments(struct cli_session *session)
{
    struct rp_vars vars;
    struct rp_limits limits = {60, 6, 2, 40};
    struct cli_out *out = session->out;
    const char *lead = " with ";
    if (rp_locals(session->rp, session->seq, session->event.frame, &vars, NULL)
        != TF_OK) {
        return;
    }
    for (size_t i = 0; i < vars.count; i++) {
        struct rp_buf text = RP_BUF_INIT;
        const struct rp_var *var = &vars.var[i];
        if (!var->argument) {
            continue;
        }
        rp_value_text(session->rp, &var->value, session->seq, &limits, &text, NULL,
                      NULL, NULL);
        cli_out_str(out, lead);
        cli_put_tf(out, var->name);
        cli_out_char(out, '=');
        cli_out_text(out, text.data ? text.data : "", text.len);
        rp_buf_release(&text);
        lead = ", ";
    }
    rp_vars_release(&vars);
}

static void
put_argument(struct cli_session *session)
{
    struct rp_value value;
    struct rp_limits space;
    const struct rp_limits *limits = cli_line_limits(session, &space);
    struct rp_buf text = RP_BUF_INIT;
    bool has;
    if (rp_event_arg(session->rp, session->seq, &has, &value, NULL) != TF_OK || !has) {
        return;
    }
    rp_value_text(session->rp, &value, session->seq, limits, &text, NULL, NULL, NULL);
    cli_out_char(session->out, ' ');
    cli_out_text(session->out, text.data ? text.data : "", text.len);
    rp_buf_release(&text);
    rp_value_release(&value);
}

/* The exception that the event is about; its argument. */
static void
put_raised(struct cli_session *session)
{
    struct rp_value value;
    bool has;
    if (rp_event_arg(session->rp, session->seq, &has, &value, NULL) != TF_OK || !has) {
        return;
    }
    size_t columns = session->batch ? 0 : cli_out_columns(session->out);
    cli_out_char(session->out, ' ');
    if (value.kind == TF_VAL_REF) {
        cli_put_exception(session->out, session->rp, value.ref, session->seq, columns);
    }
    rp_value_release(&value);
}

static void
put_event(struct cli_session *session)
{
    struct cli_out *out = session->out;
    switch (session->event.kind) {
    case TF_EV_START:
        cli_out_str(out, ": called");
        put_arguments(session);
        break;
    case TF_EV_RESUME: cli_out_str(out, ": goes on"); break;
    case TF_EV_THROW: cli_out_str(out, ": goes on with an exception thrown in"); break;
    case TF_EV_RETURN:
        cli_out_str(out, ": returns");
        put_argument(session);
        break;
    case TF_EV_YIELD:
        cli_out_str(out, ": yields");
        put_argument(session);
        break;
    case TF_EV_UNWIND: cli_out_str(out, ": left by an exception"); break;
    case TF_EV_EXCEPTION:
        cli_out_style(out, CLI_BAD);
        cli_out_str(out, ": raises");
        put_raised(session);
        cli_out_style(out, CLI_PLAIN);
        break;
    case TF_EV_C_CALL:
        cli_out_str(out, ": calls");
        put_argument(session);
        break;
    case TF_EV_C_RETURN:
        cli_out_str(out, ": back from");
        put_argument(session);
        break;
    case TF_EV_C_EXCEPTION:
        cli_out_str(out, ": exception out of");
        put_argument(session);
        break;
    case TF_EV_OPCODE:
        cli_out_format(out, ": instruction %" PRId32, session->event.instruction);
        break;
    default: break;
    }
}

void
cli_show_stop(struct cli_session *session, const char *reason, unsigned context)
{
    struct cli_out *out = session->out;
    const struct rp_event *event = &session->event;
    cli_out_format(out, "%s: ", reason);
    cli_out_style(out, CLI_BOLD);
    cli_put_place(out, session->rp, event->file, event->lineno);
    cli_out_style(out, CLI_PLAIN);
    cli_out_str(out, " in ");
    cli_put_function(out, event->code);
    put_event(session);
    cli_out_char(out, '\n');
    if (event->lineno) {
        uint32_t lineno = event->lineno;
        uint32_t first = lineno > context ? lineno - context : 1;
        cli_show_source(session, event->file->id, first, lineno + context, lineno);
    }
    cli_show_changes(session);
    cli_show_displays(session);
}

/* `whole`: the move was not by thread. */
static void
describe_stop(const struct cli_session *session, const struct rp_stop *stop,
              const char *moved, bool whole, char *ret_text, size_t size)
{
    switch (stop->reason) {
    case RP_STOP_MOVED: snprintf(ret_text, size, "%s", moved); break;
    case RP_STOP_BREAK:
        snprintf(ret_text, size, "Breakpoint %" PRIu32 "%s", stop->break_id,
                 stop->break_removed ? " (temporary)" : "");
        break;
    case RP_STOP_RETURN: snprintf(ret_text, size, "%s, at the return", moved); break;
    case RP_STOP_CALL: snprintf(ret_text, size, "%s, at the call", moved); break;
    case RP_STOP_START:
    case RP_STOP_END: {
        const char *end = stop->reason == RP_STOP_START ? "Start" : "End";
        if (whole || session->facts->thread_count == 1) {
            snprintf(ret_text, size, "%s of the recording", end);
        }
        else {
            snprintf(ret_text, size, "%s of thread %" PRIu32, end, session->thread);
        }
        break;
    }
    }
}

/* --- The commands --- */

/* Where a move of the thread that is looked at begins: its latest event. */
static tf_status
base_seq(struct cli_session *session, uint64_t *ret_seq, struct tf_err *err)
{
    *ret_seq = session->seq;
    if (session->thread == session->event.thread) {
        return TF_OK;
    }
    struct rp_filter filter = {.thread = session->thread};
    return rp_find(session->rp, &filter, session->seq, false, ret_seq, err);
}

struct order {
    enum rp_move move;
    const char *name; /* for the line that says why it stopped */
    bool breaks;
    unsigned context;
    uint32_t lineno;
};

static bool
is_run(const struct order *order)
{
    return order->move == RP_CONTINUE || order->move == RP_CONTINUE_BACK;
}

static tf_status
move_by(struct cli_session *session, const struct order *order, uint64_t count,
        struct rp_stop *ret_stop, struct tf_err *err)
{
    struct rp_moving moving = {
        .move = order->move, .lineno = order->lineno, .breaks = order->breaks};
    struct rp_stop stop = {.seq = session->seq, .reason = RP_STOP_MOVED};
    moving.seq = session->seq;
    moving.frame = is_run(order) || session->frame_idx == 0 ? 0 : session->frame.frame;
    tf_status status = is_run(order) ? TF_OK : base_seq(session, &moving.seq, err);
    for (uint64_t i = 0; i < count && stop.reason == RP_STOP_MOVED; i++) {
        if (status == TF_OK && i > 0 && *session->env->interrupts) {
            status = tf_err_set(err, TF_ERR_INTERRUPTED, -1, "interrupted");
        }
        if (status == TF_OK) {
            status = rp_move(session->rp, &moving, &stop, err);
        }
        if (status != TF_OK) {
            return status;
        }
        moving.seq = stop.seq;
        moving.frame = 0;
    }
    *ret_stop = stop;
    return TF_OK;
}

/* A run ends earlier where something that is watched changes. */
static tf_status
stop_at_watch(struct cli_session *session, const struct order *order,
              struct rp_stop *stop, struct cli_watch_hit *ret_hit, struct tf_err *err)
{
    bool forward = order->move == RP_CONTINUE;
    uint64_t at_end = stop->reason != RP_STOP_BREAK; /* a change there counts, too */
    uint64_t limit = forward ? stop->seq + at_end : stop->seq - at_end;
    tf_status status =
        cli_watch_find(session, session->seq, forward, limit, ret_hit, err);
    if (status == TF_OK && ret_hit->watch) {
        stop->seq = ret_hit->seq;
    }
    return status;
}

static void
show_arrival(struct cli_session *session, const struct order *order,
             const struct rp_stop *stop, const struct cli_watch_hit *hit, bool moved)
{
    char reason[96];
    if (hit->watch) {
        snprintf(reason, sizeof reason, "Watchpoint %" PRIu32, hit->watch->id);
        cli_show_watch_hit(session, hit);
    }
    else {
        describe_stop(session, stop, order->name, is_run(order), reason, sizeof reason);
    }
    if (!moved) {
        cli_out_str(session->out, stop->reason == RP_STOP_START
                                      ? "Nothing before this: "
                                  : stop->reason == RP_STOP_END ? "Nothing after this: "
                                                                : "Already here: ");
    }
    bool far = order->context || stop->reason == RP_STOP_BREAK;
    cli_show_stop(session, reason, far ? 2 : 0);
}

static enum cli_answer
move_times(struct cli_session *session, const struct order *order, uint64_t count)
{
    struct rp_stop stop;
    struct cli_watch_hit hit = {0};
    struct tf_err err = TF_ERR_INIT;
    uint64_t before = session->seq;
    tf_status status = move_by(session, order, count, &stop, &err);
    if (status == TF_OK && is_run(order)) {
        status = stop_at_watch(session, order, &stop, &hit, &err);
    }
    if (status == TF_OK) {
        status = cli_go(session, stop.seq, &err);
    }
    if (status != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    show_arrival(session, order, &stop, &hit, before != session->seq);
    return CLI_YES;
}

static enum cli_answer
move_counted(struct cli_session *session, const char *args, enum rp_move move,
             const char *name)
{
    struct order order = {.move = move, .name = name};
    uint64_t count;
    if (!cli_has_event(session) || !cli_count_arg(session, args, 1, &count)) {
        return CLI_NO;
    }
    return move_times(session, &order, count);
}

static enum cli_answer
move_plain(struct cli_session *session, const char *args, const struct order *order)
{
    if (!cli_no_args(session, args) || !cli_has_event(session)) {
        return CLI_NO;
    }
    return move_times(session, order, 1);
}

enum cli_answer
cli_do_step(struct cli_session *session, const char *args)
{
    return move_counted(session, args, RP_STEP, "Step");
}

enum cli_answer
cli_do_next(struct cli_session *session, const char *args)
{
    return move_counted(session, args, RP_NEXT, "Next");
}

enum cli_answer
cli_do_rstep(struct cli_session *session, const char *args)
{
    return move_counted(session, args, RP_STEP_BACK, "Back");
}

enum cli_answer
cli_do_rnext(struct cli_session *session, const char *args)
{
    return move_counted(session, args, RP_NEXT_BACK, "Back");
}

enum cli_answer
cli_do_return(struct cli_session *session, const char *args)
{
    struct order order = {RP_RETURN, "Return", true, 0, 0};
    return move_plain(session, args, &order);
}

enum cli_answer
cli_do_rfinish(struct cli_session *session, const char *args)
{
    struct order order = {RP_CALL, "Call", true, 0, 0};
    return move_plain(session, args, &order);
}

enum cli_answer
cli_do_continue(struct cli_session *session, const char *args)
{
    struct order order = {RP_CONTINUE, "Continue", true, 2, 0};
    return move_plain(session, args, &order);
}

enum cli_answer
cli_do_rcontinue(struct cli_session *session, const char *args)
{
    struct order order = {RP_CONTINUE_BACK, "Continue", true, 2, 0};
    return move_plain(session, args, &order);
}

enum cli_answer
cli_do_until(struct cli_session *session, const char *args)
{
    struct order order = {RP_UNTIL, "Until", true, 0, 0};
    uint64_t lineno;
    if (!cli_has_event(session) || !cli_count_arg(session, args, 0, &lineno)) {
        return CLI_NO;
    }
    if (lineno > TF_LINE_MAX) {
        return cli_refuse(session, "no file has a line %" PRIu64, lineno);
    }
    order.lineno = (uint32_t)lineno;
    return move_times(session, &order, 1);
}

/* +N and -N count events of all threads; they go as far as there are any. */
static uint64_t
offset_seq(const struct cli_session *session, const char *args)
{
    uint64_t offset = strtoull(args + 1, NULL, 10), seq = session->seq;
    uint64_t first = session->facts->first_seq, last = session->facts->last_seq;
    if (*args == '+') {
        return offset < last - seq ? seq + offset : last;
    }
    return offset < seq - first ? seq - offset : first;
}

static bool
all_digits(const char *text)
{
    return *text && !text[strspn(text, "0123456789")];
}

static enum cli_answer
parse_time(struct cli_session *session, const char *args, uint64_t *ret_seq)
{
    const struct rp_facts *facts = session->facts;
    if (strcmp(args, "start") == 0 || strcmp(args, "end") == 0) {
        *ret_seq = *args == 's' ? facts->first_seq : facts->last_seq;
        return CLI_YES;
    }
    if (strcmp(args, "failure") == 0 || strcmp(args, "crash") == 0) {
        if (!session->opening.failure) {
            return cli_refuse(session,
                              "the run did not end by an exception; exceptions "
                              "lists those that were caught");
        }
        *ret_seq = session->opening.seq;
        return CLI_YES;
    }
    if ((*args == '+' || *args == '-') && all_digits(args + 1)) {
        *ret_seq = offset_seq(session, args);
        return CLI_YES;
    }
    if (!all_digits(args)) {
        return cli_refuse(session,
                          "which event? A number, +N, -N, start, end or failure");
    }
    uint64_t seq = strtoull(args, NULL, 10);
    if (seq < facts->first_seq || seq > facts->last_seq) {
        return cli_refuse(session,
                          "there is no event %s; they are %" PRIu64 " to %" PRIu64,
                          args, facts->first_seq, facts->last_seq);
    }
    *ret_seq = seq;
    return CLI_YES;
}

enum cli_answer
cli_do_goto(struct cli_session *session, const char *args)
{
    uint64_t seq = 0;
    struct tf_err err = TF_ERR_INIT;
    if (!cli_has_event(session) || parse_time(session, args, &seq) != CLI_YES) {
        return CLI_NO;
    }
    uint64_t there = rp_clamp(session->rp, seq);
    if (cli_go(session, there, &err) != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    const char *reason = there != seq ? "That event is missing; the nearest"
                         : there == session->facts->first_seq ? "Start of the recording"
                         : there == session->facts->last_seq  ? "End of the recording"
                         : session->opening.failure && there == session->opening.seq
                             ? "Failure"
                             : "Event";
    cli_show_stop(session, reason, 2);
    return CLI_YES;
}
