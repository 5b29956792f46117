/* Going to an event, and what is shown there. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
