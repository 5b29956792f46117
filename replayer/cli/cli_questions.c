/* Questions about the whole run: exceptions, info. */
#include <inttypes.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

#define EXCEPTIONS_SHOWN 100

/* --- exceptions --- */

static void
put_handled(struct cli_session *session, const struct rp_raise *raise)
{
    struct cli_out *out = session->out;
    struct rp_event event;
    cli_out_style(out, CLI_DIM);
    if (raise->handled_seq == 0) {
        cli_out_str(out, "  not caught");
    }
    else if (rp_event_at(session->rp, raise->handled_seq, &event, NULL) == TF_OK) {
        cli_out_str(out, raise->levels ? "  caught by " : "  caught there, ");
        if (raise->levels) {
            cli_put_function(out, event.code);
            cli_out_str(out, " at ");
        }
        cli_put_place(out, session->rp, event.file, event.lineno);
        cli_out_format(out, " (event %" PRIu64 ")", raise->handled_seq);
    }
    if (raise->levels) {
        cli_out_str(out, " after leaving ");
        cli_put_counted(out, raise->levels, "frame");
    }
    cli_out_style(out, CLI_PLAIN);
    cli_out_char(out, '\n');
}

static tf_status
put_raise(struct cli_session *session, const struct rp_raise *raise, struct tf_err *err)
{
    struct cli_out *out = session->out;
    struct rp_event event;
    size_t columns = session->batch ? 0 : cli_out_columns(out);
    tf_status status = rp_event_at(session->rp, raise->seq, &event, err);
    if (status != TF_OK) {
        return status;
    }
    cli_out_format(out, "%10" PRIu64 "  ", raise->seq);
    if (session->facts->thread_count > 1) {
        cli_out_format(out, "t%" PRIu32 "  ", event.thread);
    }
    cli_out_style(out, CLI_BAD);
    if (raise->object) {
        cli_put_exception(out, session->rp, raise->object, raise->seq,
                          columns > 50 ? columns - 20 : columns);
    }
    else {
        struct rp_buf name = RP_BUF_INIT;
        rp_type_name(rp_type(session->rp, raise->type_id), &name);
        cli_out_text(out, name.data ? name.data : "", name.len);
        rp_buf_release(&name);
    }
    cli_out_style(out, CLI_PLAIN);
    cli_out_str(out, "\n            ");
    cli_put_function(out, event.code);
    cli_out_str(out, " at ");
    cli_put_place(out, session->rp, event.file, event.lineno);
    put_handled(session, raise);
    return TF_OK;
}

/* Whether the program's own code has to do with it: raised there, caught there, or caught
 * by nobody. What the standard library raises and catches by itself has nothing. */
static bool
concerns_program(struct cli_session *session, const struct rp_raise *raise)
{
    struct rp_event event;
    bool known = rp_event_at(session->rp, raise->seq, &event, NULL) == TF_OK;
    if (!known || event.file->own) {
        return true;
    }
    if (!raise->handled_seq) {
        return event.parent != 0 || raise->seq == session->opening.seq;
    }
    known = rp_event_at(session->rp, raise->handled_seq, &event, NULL) == TF_OK;
    return !known || event.file->own;
}

static enum cli_answer
end_exceptions(struct cli_session *session, uint64_t shown, uint64_t hidden, bool more)
{
    if (more) {
        cli_out_format(session->out, "... and more: exceptions %" PRIu64 "\n",
                       shown * 10);
    }
    if (hidden) {
        cli_out_str(session->out, "(and ");
        cli_put_count(session->out, hidden);
        cli_out_str(session->out, " that the library raised and caught by itself: "
                                  "exceptions all)\n");
    }
    return shown || hidden
               ? CLI_YES
               : cli_refuse(session, "no exception was raised in what is recorded");
}

static enum cli_answer
show_exceptions(struct cli_session *session, bool all, uint64_t max)
{
    uint64_t shown = 0, hidden = 0, from = 0;
    struct rp_raise raise;
    struct tf_err err = TF_ERR_INIT;
    tf_status status;
    while ((status = rp_raise_next(session->rp, from, true, &raise, &err)) == TF_OK) {
        from = raise.seq;
        if (!all && !concerns_program(session, &raise)) {
            hidden++;
            continue;
        }
        if (shown == max) {
            break;
        }
        status = put_raise(session, &raise, &err);
        if (status != TF_OK) {
            break;
        }
        shown++;
    }
    if (status != TF_OK && status != TF_ERR_NOT_FOUND) {
        return cli_refuse_err(session, &err);
    }
    return end_exceptions(session, shown, hidden, status == TF_OK);
}

enum cli_answer
cli_do_exceptions(struct cli_session *session, const char *args)
{
    uint64_t max;
    if (strcmp(args, "all") == 0) {
        return show_exceptions(session, true, UINT64_MAX);
    }
    return cli_count_arg(session, args, EXCEPTIONS_SHOWN, &max)
               ? show_exceptions(session, false, max)
               : CLI_NO;
}

/* --- info --- */

static enum cli_answer
show_recording(struct cli_session *session, const char *args)
{
    (void)args;
    cli_info_text(session->out, session->rp);
    return CLI_YES;
}

static enum cli_answer
show_line(struct cli_session *session, const char *args)
{
    uint64_t hits;
    bool has_code;
    struct tf_err err = TF_ERR_INIT;
    (void)args;
    if (!cli_has_frame(session)) {
        return CLI_NO;
    }
    const struct rp_frame *frame = &session->frame;
    if (rp_line_hits(session->rp, frame->file->id, frame->lineno, &hits, &has_code,
                     &err)
        != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    cli_put_place(session->out, session->rp, frame->file, frame->lineno);
    cli_out_str(session->out, " ran ");
    cli_put_counted(session->out, hits, "time");
    cli_out_str(session->out, " in the whole run\n");
    return CLI_YES;
}

static const struct {
    const char *names;
    cli_command_run run;
} topics[] = {
    {"recording program", show_recording},
    {"breakpoints break b", cli_do_break},
    {"display", cli_do_display},
    {"threads", cli_do_threads},
    {"locals", cli_do_locals},
    {"args", cli_do_args},
    {"frame stack", cli_do_where},
    {"exceptions", cli_do_exceptions},
    {"line source", show_line},
};

enum cli_answer
cli_do_info(struct cli_session *session, const char *args)
{
    size_t len = strcspn(args, " \t");
    if (!*args) {
        return show_recording(session, "");
    }
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        if (cli_command_has_name(topics[i].names, args, len)) {
            return topics[i].run(session, args + len + strspn(args + len, " \t"));
        }
    }
    return cli_refuse(session,
                      "no topic '%s'; there are recording, breakpoints, display, "
                      "threads, locals, args, frame, exceptions, line",
                      args);
}
