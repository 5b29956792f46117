/* `info`: the recording as a whole, and topics of the session. */
#include <inttypes.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

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

static enum cli_answer
show_event(struct cli_session *session, const char *args)
{
    static const char *const kind[TF_EV_COUNT] = {
        [TF_EV_START] = "call",         [TF_EV_RESUME] = "resume",
        [TF_EV_THROW] = "throw",        [TF_EV_LINE] = "line",
        [TF_EV_RETURN] = "return",      [TF_EV_YIELD] = "yield",
        [TF_EV_UNWIND] = "unwind",      [TF_EV_EXCEPTION] = "exception",
        [TF_EV_OPCODE] = "instruction", [TF_EV_C_CALL] = "call of a C function",
        [TF_EV_C_RETURN] = "C return",  [TF_EV_C_EXCEPTION] = "C exception",
    };
    const struct rp_event *event = &session->event;
    struct cli_out *out = session->out;
    (void)args;
    if (!cli_has_event(session)) {
        return CLI_NO;
    }
    cli_out_format(out,
                   "event %" PRIu64 " of %" PRIu64 ": %s, thread %" PRIu32
                   ", frame %" PRIu64 ", depth %" PRIu32 ", after ",
                   event->seq, session->facts->last_seq,
                   event->kind < TF_EV_COUNT && kind[event->kind] ? kind[event->kind]
                                                                  : "?",
                   event->thread, event->frame, event->depth);
    cli_put_duration(out, event->time_ns);
    cli_out_char(out, '\n');
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
    {"event position", show_event},
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
                      "threads, locals, args, frame, exceptions, line, event",
                      args);
}
