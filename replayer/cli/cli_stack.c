/* Frames and threads: where, up, down, threads, thread. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"
#include "cli_utf8.h"

#define WHERE_FRAMES 50

tf_status
cli_select_frame(struct cli_session *session, size_t idx, struct tf_err *err)
{
    struct rp_stack stack;
    tf_status status =
        rp_stack_at(session->rp, session->seq, session->thread, idx, 1, &stack, err);
    if (status != TF_OK) {
        return status;
    }
    memset(&session->frame, 0, sizeof session->frame);
    session->frame_idx = 0;
    if (stack.count > 0) {
        session->frame = stack.frame[0];
        session->frame_idx = idx;
    }
    session->list_lineno = 0;
    rp_stack_release(&stack);
    return TF_OK;
}

/* How wide the columns of a listed stack are. */
struct widths {
    size_t place, function;
};

static void
put_frame(struct cli_session *session, const struct rp_frame *frame,
          struct widths widths, bool is_here)
{
    struct cli_out *out = session->out;
    struct tf_text line;
    cli_out_style(out, is_here ? CLI_CURRENT : CLI_PLAIN);
    cli_out_str(out, is_here ? "-> " : "   ");
    size_t used = cli_put_place(out, session->rp, frame->file, frame->lineno);
    cli_out_pad(out, widths.place > used ? widths.place - used + 2 : 2);
    used = cli_put_function(out, frame->code);
    cli_out_style(out, CLI_PLAIN);
    if (rp_source_line(session->rp, frame->file->id, frame->lineno, &line, NULL)
        == TF_OK) {
        while (line.len > 0 && (*line.data == ' ' || *line.data == '\t')) {
            line.data++;
            line.len--;
        }
        size_t width = session->batch ? 200 : cli_out_columns(out);
        size_t name_columns = used < widths.function ? widths.function + 2 : used + 2;
        size_t taken = 5 + widths.place + name_columns;
        cli_out_pad(out, name_columns - used);
        cli_out_style(out, CLI_DIM);
        cli_out_text_cut(out, line.data, line.len,
                         width > taken + 20 ? width - taken : 20);
        cli_out_style(out, CLI_PLAIN);
    }
    cli_out_char(out, '\n');
}

#define PLACE_COLUMNS_MAX    50
#define FUNCTION_COLUMNS_MAX 30

static struct widths
find_widths(const struct cli_session *session, const struct rp_stack *stack)
{
    struct widths widths = {0, 0};
    for (size_t i = 0; i < stack->count; i++) {
        const struct rp_frame *frame = &stack->frame[i];
        struct tf_text name = frame->code->qualname;
        size_t place = cli_place_columns(session->rp, frame->file, frame->lineno);
        size_t function = cli_utf8_count(name.data, name.len) + 2;
        if (place > widths.place && place <= PLACE_COLUMNS_MAX) {
            widths.place = place;
        }
        if (function > widths.function && function <= FUNCTION_COLUMNS_MAX) {
            widths.function = function;
        }
    }
    return widths;
}

void
cli_show_stack(struct cli_session *session, size_t max)
{
    struct rp_stack stack;
    struct tf_err err = TF_ERR_INIT;
    size_t skip = session->frame_idx >= max ? session->frame_idx - max + 1 : 0;
    if (rp_stack_at(session->rp, session->seq, session->thread, skip, max, &stack, &err)
        != TF_OK) {
        cli_refuse_err(session, &err);
        return;
    }
    struct widths widths = find_widths(session, &stack);
    size_t older = stack.total - skip - stack.count;
    if (older) {
        cli_out_str(session->out, "   ... ");
        cli_put_counted(session->out, older, "older frame");
        cli_out_format(session->out, " (w %zu shows all)\n", stack.total);
    }
    for (size_t i = stack.count; i-- > 0;) {
        put_frame(session, &stack.frame[i], widths, skip + i == session->frame_idx);
    }
    if (skip) {
        cli_out_str(session->out, "   ... ");
        cli_put_counted(session->out, skip, "newer frame");
        cli_out_char(session->out, '\n');
    }
    rp_stack_release(&stack);
}

enum cli_answer
cli_do_where(struct cli_session *session, const char *args)
{
    uint64_t count;
    if (!cli_has_event(session) || !cli_count_arg(session, args, WHERE_FRAMES, &count)
        || !cli_has_frame(session)) {
        return CLI_NO;
    }
    cli_show_stack(session, count < TF_STACK_MAX ? (size_t)count : TF_STACK_MAX);
    return CLI_YES;
}

static enum cli_answer
look_at(struct cli_session *session, size_t idx)
{
    struct tf_err err = TF_ERR_INIT;
    if (cli_select_frame(session, idx, &err) != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    if (session->frame.frame) {
        put_frame(session, &session->frame, (struct widths){0, 0}, true);
    }
    return CLI_YES;
}

static bool
stack_depth(struct cli_session *session, size_t *ret_total)
{
    struct rp_stack stack;
    struct tf_err err = TF_ERR_INIT;
    if (rp_stack_at(session->rp, session->seq, session->thread, 0, 1, &stack, &err)
        != TF_OK) {
        cli_refuse_err(session, &err);
        return false;
    }
    *ret_total = stack.total;
    rp_stack_release(&stack);
    return true;
}

enum cli_answer
cli_do_up(struct cli_session *session, const char *args)
{
    uint64_t count;
    size_t total;
    if (!cli_has_event(session) || !cli_count_arg(session, args, 1, &count)
        || !cli_has_frame(session) || !stack_depth(session, &total)) {
        return CLI_NO;
    }
    if (session->frame_idx + 1 >= total) {
        return cli_refuse(session, "this is the oldest frame");
    }
    size_t left = total - 1 - session->frame_idx;
    return look_at(session, session->frame_idx + (count < left ? (size_t)count : left));
}

enum cli_answer
cli_do_down(struct cli_session *session, const char *args)
{
    uint64_t count;
    if (!cli_has_event(session) || !cli_count_arg(session, args, 1, &count)
        || !cli_has_frame(session)) {
        return CLI_NO;
    }
    if (session->frame_idx == 0) {
        return cli_refuse(session, "this is the newest frame");
    }
    size_t idx = session->frame_idx;
    return look_at(session, count < idx ? idx - (size_t)count : 0);
}

static const char *
why_idle(struct cli_session *session, uint32_t id)
{
    struct rp_filter filter = {.thread = id};
    uint64_t seq;
    if (rp_find(session->rp, &filter, session->seq, false, &seq, NULL) != TF_OK) {
        return "not begun yet";
    }
    bool more = rp_find(session->rp, &filter, session->seq, true, &seq, NULL) == TF_OK;
    return more ? "in nothing that is recorded" : "ended";
}

static void
put_thread(struct cli_session *session, uint32_t id)
{
    struct cli_out *out = session->out;
    struct rp_stack stack;
    const struct tf_def_thread *thread = rp_thread(session->rp, id);
    bool is_here = id == session->thread;
    cli_out_style(out, is_here ? CLI_CURRENT : CLI_PLAIN);
    cli_out_format(out, "%s%2" PRIu32 "  ", is_here ? "-> " : "   ", id);
    size_t used = thread->name.len ? cli_put_tf(out, thread->name) : 0;
    cli_out_pad(out, used < 20 ? 22 - used : 2);
    cli_out_style(out, CLI_PLAIN);
    if (rp_stack_at(session->rp, session->seq, id, 0, 1, &stack, NULL) != TF_OK) {
        cli_out_str(out, "?\n");
        return;
    }
    if (stack.count) {
        cli_put_place(out, session->rp, stack.frame[0].file, stack.frame[0].lineno);
        cli_out_str(out, " in ");
        cli_put_function(out, stack.frame[0].code);
    }
    else {
        cli_out_style(out, CLI_DIM);
        cli_out_str(out, why_idle(session, id));
        cli_out_style(out, CLI_PLAIN);
    }
    cli_out_char(out, '\n');
    rp_stack_release(&stack);
}

enum cli_answer
cli_do_threads(struct cli_session *session, const char *args)
{
    if (!cli_no_args(session, args) || !cli_has_event(session)) {
        return CLI_NO;
    }
    for (uint32_t id = 1; id <= session->facts->thread_count; id++) {
        put_thread(session, id);
    }
    return CLI_YES;
}

enum cli_answer
cli_do_thread(struct cli_session *session, const char *args)
{
    struct tf_err err = TF_ERR_INIT;
    uint64_t id;
    if (!cli_has_event(session)
        || !cli_count_arg(session, args, session->thread, &id)) {
        return CLI_NO;
    }
    if (id > session->facts->thread_count) {
        return cli_refuse(session, "there is no thread %" PRIu64 "; threads lists them",
                          id);
    }
    session->thread = (uint32_t)id;
    if (cli_select_frame(session, 0, &err) != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    put_thread(session, session->thread);
    return CLI_YES;
}
