/* Movement in time. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

struct order {
    enum rp_move move;
    const char *name;  /* for the line that says why it stopped */
    const char *never; /* RP_STOP_NOWHERE: why */
    unsigned context;
    uint32_t lineno;
    uint64_t count; /* 0: once */
    bool all;       /* all threads */
    uint32_t thread;
    const uint32_t *code;
    size_t code_count;
};

static bool
is_run(const struct order *order)
{
    return order->move == RP_CONTINUE || order->move == RP_CONTINUE_BACK;
}

/* --- Why it stopped --- */

/* "Breakpoint 1", "Watchpoint 2" */
static int
name_break(const struct rp_stop *stop, char *text, size_t size)
{
    const char *failed =
        stop->condition_failed ? ", where its condition has no value" : "";
    if (stop->watch_id == stop->break_id) {
        return snprintf(text, size, "Watchpoint %" PRIu32 "%s%s", stop->watch_id,
                        stop->break_removed ? " (temporary)" : "", failed);
    }
    int len = snprintf(text, size, "Breakpoint %" PRIu32 "%s%s", stop->break_id,
                       stop->break_removed ? " (temporary)" : "", failed);
    if (stop->watch_id && len > 0 && (size_t)len < size) {
        len += snprintf(text + len, size - (size_t)len, ", watchpoint %" PRIu32,
                        stop->watch_id);
    }
    return len;
}

static void
describe_stop(const struct cli_session *session, const struct order *order,
              const struct rp_stop *stop, char *text, size_t size)
{
    bool whole = is_run(order) || session->facts->thread_count == 1;
    const char *end = stop->reason == RP_STOP_START ? "Start" : "End";
    switch (stop->reason) {
    case RP_STOP_MOVED:
    case RP_STOP_NOWHERE: snprintf(text, size, "%s", order->name); break;
    case RP_STOP_BREAK: name_break(stop, text, size); break;
    case RP_STOP_RETURN: snprintf(text, size, "%s, at the return", order->name); break;
    case RP_STOP_CALL: snprintf(text, size, "%s, at the call", order->name); break;
    case RP_STOP_START:
    case RP_STOP_END:
        if (whole) {
            snprintf(text, size, "%s of the recording", end);
        }
        else {
            snprintf(text, size, "%s of thread %" PRIu32, end, session->thread);
        }
        break;
    }
}

static bool
wants_instruction(const struct order *order)
{
    return order->move == RP_INSTRUCTION || order->move == RP_INSTRUCTION_BACK
           || order->move == RP_INSTRUCTION_OVER
           || order->move == RP_INSTRUCTION_OVER_BACK;
}

static void
show_arrival(struct cli_session *session, const struct order *order,
             const struct rp_stop *stop, bool moved)
{
    char reason[128];
    if (stop->reason == RP_STOP_BREAK && stop->watch_id) {
        cli_show_watch_change(session, stop->watch_id, stop->seq);
    }
    describe_stop(session, order, stop, reason, sizeof reason);
    if (!moved) {
        cli_out_str(session->out, stop->reason == RP_STOP_START
                                      ? "Nothing before this: "
                                  : stop->reason == RP_STOP_END ? "Nothing after this: "
                                                                : "Already here: ");
    }
    bool far = order->context || stop->reason == RP_STOP_BREAK;
    cli_show_stop(session, reason, far ? 2 : 0);
    if (wants_instruction(order)) {
        cli_show_instruction(session);
    }
}

/* --- Moving --- */

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

/* A run goes on from a stop, so that `c 5` is the fifth; a count of steps ends at one. */
static bool
goes_on(const struct order *order, const struct rp_stop *stop)
{
    return stop->reason == RP_STOP_MOVED
           || (is_run(order) && stop->reason == RP_STOP_BREAK);
}

static tf_status
move_by(struct cli_session *session, const struct order *order,
        struct rp_stop *ret_stop, struct tf_err *err)
{
    struct rp_moving moving = {
        .move = order->move,
        .seq = session->seq,
        .frame = is_run(order) || session->frame_idx == 0 ? 0 : session->frame.frame,
        .lineno = order->lineno,
        .breaks = true,
        .any_thread = order->all,
        .thread = order->thread,
        .code = order->code,
        .code_count = order->code_count,
    };
    uint64_t count = order->count ? order->count : 1;
    struct rp_stop stop = {.seq = session->seq, .reason = RP_STOP_MOVED};
    tf_status status = is_run(order) ? TF_OK : base_seq(session, &moving.seq, err);
    for (uint64_t i = 0; i < count && goes_on(order, &stop); i++) {
        struct rp_stop next;
        if (status == TF_OK && i > 0 && *session->env->interrupts) {
            status = tf_err_set(err, TF_ERR_INTERRUPTED, -1, "interrupted");
        }
        if (status == TF_OK) {
            status = rp_move(session->rp, &moving, &next, err);
        }
        if (status != TF_OK) {
            return status;
        }
        bool first = i == 0;
        if (next.reason == RP_STOP_NOWHERE && !first) {
            break; /* so far and no further */
        }
        stop = next;
        moving.seq = stop.seq;
        moving.frame = 0;
    }
    *ret_stop = stop;
    return TF_OK;
}

static enum cli_answer
move(struct cli_session *session, const struct order *order)
{
    struct rp_stop stop;
    struct tf_err err = TF_ERR_INIT;
    uint64_t before = session->seq;
    tf_status status = move_by(session, order, &stop, &err);
    if (status == TF_OK && stop.reason == RP_STOP_NOWHERE) {
        return cli_refuse(session, "%s",
                          order->never ? order->never
                                       : "nothing recorded called this frame");
    }
    if (status == TF_OK) {
        status = cli_go(session, stop.seq, &err);
    }
    if (status != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    show_arrival(session, order, &stop, before != session->seq);
    return CLI_YES;
}

/* --- Arguments --- */

/* The word at the beginning of *args, when that is it; then *args goes past it. */
static bool
take_word(const char **args, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(*args, word, len) != 0
        || ((*args)[len] && !isspace((unsigned char)(*args)[len]))) {
        return false;
    }
    *args += len;
    *args += strspn(*args, " \t");
    return true;
}

/* "[all] [COUNT]", in whichever order. */
static bool
take_count(struct cli_session *session, const char *args, struct order *order)
{
    char number[24];
    order->all = take_word(&args, "all");
    size_t digits = strspn(args, "0123456789");
    const char *rest = args + digits + strspn(args + digits, " \t");
    if (digits && digits < sizeof number && !order->all && take_word(&rest, "all")
        && !*rest) {
        memcpy(number, args, digits);
        number[digits] = '\0';
        order->all = true;
        args = number;
    }
    return cli_has_event(session) && cli_count_arg(session, args, 1, &order->count);
}

static enum cli_answer
move_counted(struct cli_session *session, const char *args, enum rp_move kind,
             const char *name)
{
    struct order order = {.move = kind, .name = name};
    return take_count(session, args, &order) ? move(session, &order) : CLI_NO;
}

static enum cli_answer
move_plain(struct cli_session *session, const char *args, enum rp_move kind,
           const char *name)
{
    struct order order = {.move = kind, .name = name};
    return cli_no_args(session, args) && cli_has_event(session) ? move(session, &order)
                                                                : CLI_NO;
}

/* --- Step, next, return --- */

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
    return move_plain(session, args, RP_RETURN, "Return");
}

enum cli_answer
cli_do_rfinish(struct cli_session *session, const char *args)
{
    return move_plain(session, args, RP_CALL, "Call");
}

enum cli_answer
cli_do_out(struct cli_session *session, const char *args)
{
    return move_plain(session, args, RP_OUT, "Caller");
}

enum cli_answer
cli_do_rout(struct cli_session *session, const char *args)
{
    return move_plain(session, args, RP_UP, "Caller");
}

/* --- Instructions --- */

static enum cli_answer
move_instruction(struct cli_session *session, const char *args, enum rp_move kind,
                 const char *name)
{
    if (cli_has_event(session) && !session->facts->events_by_kind[TF_EV_OPCODE]) {
        return cli_refuse(session, "this recording has no instructions; record with "
                                   "pyrecord --events +opcode");
    }
    return move_counted(session, args, kind, name);
}

enum cli_answer
cli_do_stepi(struct cli_session *session, const char *args)
{
    return move_instruction(session, args, RP_INSTRUCTION, "Instruction");
}

enum cli_answer
cli_do_rstepi(struct cli_session *session, const char *args)
{
    return move_instruction(session, args, RP_INSTRUCTION_BACK, "Back");
}

enum cli_answer
cli_do_nexti(struct cli_session *session, const char *args)
{
    return move_instruction(session, args, RP_INSTRUCTION_OVER, "Instruction");
}

enum cli_answer
cli_do_rnexti(struct cli_session *session, const char *args)
{
    return move_instruction(session, args, RP_INSTRUCTION_OVER_BACK, "Back");
}

/* --- Continue --- */

static enum cli_answer
run(struct cli_session *session, const char *args, enum rp_move kind)
{
    struct order order = {.move = kind, .name = "Continue", .context = 2};
    if (!cli_has_event(session)) {
        return CLI_NO;
    }
    if (take_word(&args, "thread")) {
        order.thread = session->thread;
    }
    return cli_count_arg(session, args, 1, &order.count) ? move(session, &order)
                                                         : CLI_NO;
}

enum cli_answer
cli_do_continue(struct cli_session *session, const char *args)
{
    return run(session, args, RP_CONTINUE);
}

enum cli_answer
cli_do_rcontinue(struct cli_session *session, const char *args)
{
    return run(session, args, RP_CONTINUE_BACK);
}

/* A breakpoint that is there for this run only. */
static enum cli_answer
advance(struct cli_session *session, const char *args, enum rp_move kind)
{
    struct tf_err err = TF_ERR_INIT;
    struct rp_break_spec spec;
    uint32_t id, file_id = session->frame.frame ? session->frame.file->id : 0;
    struct order order = {.move = kind, .name = "Continue", .context = 2};
    if (!*args) {
        return cli_refuse(session, "to where? FILE:LINE, LINE or FUNCTION");
    }
    if (!cli_has_event(session)) {
        return CLI_NO;
    }
    tf_status status = rp_break_parse(session->rp, args, file_id, &spec, &err);
    if (status == TF_OK) {
        status = rp_break_add(session->rp, &spec, &id, &err);
    }
    if (status != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    enum cli_answer answer;
    if (rp_break_get(session->rp, id)->run_hits == 0) {
        answer = cli_refuse(session, "the run never came by %s", args);
    }
    else {
        answer = move(session, &order);
    }
    rp_break_remove(session->rp, id, NULL);
    return answer;
}

enum cli_answer
cli_do_advance(struct cli_session *session, const char *args)
{
    return advance(session, args, RP_CONTINUE);
}

enum cli_answer
cli_do_radvance(struct cli_session *session, const char *args)
{
    return advance(session, args, RP_CONTINUE_BACK);
}

/* --- Lines and calls --- */

static bool
take_line(struct cli_session *session, const char *args, uint32_t *ret_lineno)
{
    uint64_t lineno;
    if (!cli_has_event(session) || !cli_count_arg(session, args, 0, &lineno)) {
        return false;
    }
    if (lineno > TF_LINE_MAX) {
        cli_refuse(session, "no file has a line %" PRIu64, lineno);
        return false;
    }
    *ret_lineno = (uint32_t)lineno;
    return true;
}

enum cli_answer
cli_do_until(struct cli_session *session, const char *args)
{
    struct order order = {.move = RP_UNTIL, .name = "Until"};
    return take_line(session, args, &order.lineno) ? move(session, &order) : CLI_NO;
}

enum cli_answer
cli_do_runtil(struct cli_session *session, const char *args)
{
    struct order order = {.move = RP_UNTIL_BACK, .name = "Until"};
    return take_line(session, args, &order.lineno) ? move(session, &order) : CLI_NO;
}

static enum cli_answer
iterate(struct cli_session *session, const char *args, enum rp_move kind,
        const char *name, const char *when)
{
    char never[128];
    struct order order = {.move = kind, .name = name, .never = never};
    if (!take_line(session, args, &order.lineno)) {
        return CLI_NO;
    }
    uint32_t lineno = order.lineno ? order.lineno : session->frame.lineno;
    snprintf(never, sizeof never,
             "this frame does not come to line %" PRIu32 " %s event %" PRIu64, lineno,
             when, session->seq);
    return move(session, &order);
}

enum cli_answer
cli_do_iteration(struct cli_session *session, const char *args)
{
    return iterate(session, args, RP_LOOP, "Iteration", "again after");
}

enum cli_answer
cli_do_riteration(struct cli_session *session, const char *args)
{
    return iterate(session, args, RP_LOOP_BACK, "Iteration", "before");
}

static enum cli_answer
to_call(struct cli_session *session, const char *args, enum rp_move kind,
        const char *name, const char *when)
{
    char never[128];
    struct order order = {.move = kind, .name = name, .never = never};
    struct tf_text function = {args, strlen(args)};
    uint32_t *code = NULL;
    if (!cli_has_event(session)) {
        return CLI_NO;
    }
    if (*args) {
        order.code_count = rp_codes_named(session->rp, function, NULL, 0);
        if (!order.code_count) {
            return cli_refuse(session, "no recorded function is named '%.100s'", args);
        }
        code = calloc(order.code_count, sizeof *code);
        if (!code) {
            return cli_refuse(session, "out of memory");
        }
        order.code_count =
            rp_codes_named(session->rp, function, code, order.code_count);
        order.code = code;
    }
    else if (session->frame.frame) {
        function = session->frame.code->name;
    }
    snprintf(never, sizeof never, "no call of %.*s() %s event %" PRIu64,
             (int)(function.len < 60 ? function.len : 60), function.data, when,
             session->seq);
    enum cli_answer answer = move(session, &order);
    free(code);
    return answer;
}

enum cli_answer
cli_do_nextcall(struct cli_session *session, const char *args)
{
    return to_call(session, args, RP_NEXT_CALL, "Call", "after");
}

enum cli_answer
cli_do_previouscall(struct cli_session *session, const char *args)
{
    return to_call(session, args, RP_NEXT_CALL_BACK, "Call", "before");
}
