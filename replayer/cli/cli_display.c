/* Expressions shown at every stop: display, undisplay. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

/* NULL when it has no value here, which at a stop is nothing to complain about. */
static char *
display_text(struct cli_session *session, const char *text)
{
    struct rp_expr *expr;
    struct rp_value value;
    struct rp_buf buf = RP_BUF_INIT;
    if (rp_expr_parse(text, strlen(text), &expr, NULL, NULL) != TF_OK) {
        return NULL;
    }
    tf_status status = rp_expr_eval(session->rp, expr, session->seq,
                                    session->frame.frame, &value, NULL, NULL);
    if (status == TF_OK) {
        const struct rp_limits wide = {.chars = 65536, .items = 4096};
        status = rp_value_text(session->rp, &value, session->seq,
                               session->batch ? NULL : &wide, &buf, NULL, NULL, NULL);
        rp_value_release(&value);
    }
    rp_expr_free(expr);
    if (status != TF_OK || buf.failed) {
        rp_buf_release(&buf);
        return NULL;
    }
    return buf.data ? buf.data : strdup("");
}

static void
show_display(struct cli_session *session, struct cli_display *display)
{
    struct cli_out *out = session->out;
    size_t width = session->batch ? SIZE_MAX : cli_out_columns(out);
    char *text = display_text(session, display->text);
    bool differs = text && display->shown && strcmp(text, display->shown) != 0;
    cli_out_format(out, "   %" PRIu32 ": ", display->id);
    cli_out_text(out, display->text, strlen(display->text));
    cli_out_style(out, differs ? CLI_CHANGED : CLI_PLAIN);
    cli_out_str(out, text ? " = " : " has no value here");
    cli_out_text_cut(out, text ? text : "", text ? strlen(text) : 0, width);
    if (differs) {
        cli_out_style(out, CLI_DIM);
        cli_out_str(out, "  (was ");
        cli_out_text_cut(out, display->shown, strlen(display->shown), width);
        cli_out_char(out, ')');
    }
    cli_out_style(out, CLI_PLAIN);
    cli_out_char(out, '\n');
    if (text) {
        free(display->shown);
        display->shown = text;
    }
}

void
cli_show_displays(struct cli_session *session)
{
    for (size_t i = 0; i < session->display_count; i++) {
        show_display(session, &session->display[i]);
    }
}

static enum cli_answer
add_display(struct cli_session *session, const char *args)
{
    struct rp_expr *expr;
    struct rp_expr_err error = {0, ""};
    struct tf_err err = TF_ERR_INIT;
    if (rp_expr_parse(args, strlen(args), &expr, &error, &err) != TF_OK) {
        return cli_refuse_expr(session, args, &error, &err);
    }
    rp_expr_free(expr);
    struct cli_display *grown =
        realloc(session->display, (session->display_count + 1) * sizeof *grown);
    char *text = strdup(args);
    if (grown) {
        session->display = grown;
    }
    if (!grown || !text) {
        free(text);
        return cli_refuse(session, "out of memory");
    }
    struct cli_display *display = &grown[session->display_count++];
    *display = (struct cli_display){.id = session->display_next_id++, .text = text};
    show_display(session, display);
    return CLI_YES;
}

enum cli_answer
cli_do_display(struct cli_session *session, const char *args)
{
    if (!cli_has_event(session)) {
        return CLI_NO;
    }
    if (*args) {
        return add_display(session, args);
    }
    if (session->display_count == 0) {
        cli_out_str(session->out, "Nothing is displayed (display EXPR).\n");
    }
    cli_show_displays(session);
    return CLI_YES;
}

static bool
is_display(const struct cli_display *display, const char *args)
{
    char *end;
    unsigned long id = strtoul(args, &end, 10);
    return !*args || strcmp(display->text, args) == 0
           || (isdigit((unsigned char)*args) && !*end && id == display->id);
}

enum cli_answer
cli_do_undisplay(struct cli_session *session, const char *args)
{
    size_t kept = 0;
    for (size_t i = 0; i < session->display_count; i++) {
        struct cli_display *display = &session->display[i];
        if (is_display(display, args)) {
            free(display->text);
            free(display->shown);
        }
        else {
            session->display[kept++] = *display;
        }
    }
    if (kept == session->display_count) {
        return cli_refuse(session, "there is no display %s", args);
    }
    session->display_count = kept;
    return CLI_YES;
}
