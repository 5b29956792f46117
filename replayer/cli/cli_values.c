/* Values: p, pp, expand, locals, args, globals. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_pretty.h"
#include "cli_session.h"
#include "cli_utf8.h"

const struct rp_limits *
cli_line_limits(const struct cli_session *session, struct rp_limits *space)
{
    if (session->batch) {
        return NULL;
    }
    size_t columns = cli_out_columns(session->out);
    *space = (struct rp_limits){.chars = 4 * columns, .items = 2 * columns};
    return space;
}

/* --- Expressions --- */

/* False, refused, when it has no value here. */
static bool
evaluate(struct cli_session *session, const char *text, struct rp_value *ret_value)
{
    struct rp_expr *expr;
    struct rp_expr_err error = {0, ""};
    struct tf_err err = TF_ERR_INIT;
    tf_status status = rp_expr_parse(text, strlen(text), &expr, &error, &err);
    if (status == TF_OK) {
        status = rp_expr_eval(session->rp, expr, session->seq, session->frame.frame,
                              ret_value, &error, &err);
        rp_expr_free(expr);
    }
    if (status != TF_OK) {
        cli_refuse_expr(session, text, &error, &err);
    }
    return status == TF_OK;
}

bool
cli_eval_text(struct cli_session *session, const char *text, struct rp_buf *ret_text)
{
    struct rp_value value;
    struct tf_err err = TF_ERR_INIT;
    if (!evaluate(session, text, &value)) {
        return false;
    }
    tf_status status = rp_value_text(session->rp, &value, session->seq, NULL, ret_text,
                                     NULL, NULL, &err);
    rp_value_release(&value);
    if (status != TF_OK) {
        cli_refuse_err(session, &err);
    }
    return status == TF_OK;
}

/* That a value was seen late is part of the answer. */
static void
put_late(struct cli_session *session, const struct rp_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        const struct rp_note *note = &notes->note[i];
        if (note->reason != TF_ELIDE_NONE || note->damaged || !note->path) {
            continue;
        }
        cli_out_style(session->out, CLI_DIM);
        cli_out_str(session->out, "   (");
        cli_out_text(session->out, note->path, strlen(note->path));
        cli_out_str(session->out, ": its last change was noticed up to ");
        cli_put_counted(session->out, note->events, "event");
        cli_out_str(session->out, " late)\n");
        cli_out_style(session->out, CLI_PLAIN);
    }
}

/* Whether values are shown to a person who can ask for more of them. */
static bool
folds(const struct cli_session *session)
{
    return !session->batch && session->out->terminal;
}

#define PRINT_ROWS 10u

/* What of a long value `p` shows on a terminal; *ret_folded: that is not all. */
static tf_status
short_text(struct cli_session *session, const struct rp_value *value,
           struct rp_buf *text, bool *ret_folded, struct tf_err *err)
{
    size_t room = (size_t)PRINT_ROWS * cli_out_columns(session->out);
    struct rp_limits limits = {.chars = room, .items = room, .text = room};
    struct rp_limits wider = {
        .chars = 2 * room + 200, .items = 2 * room + 200, .text = 2 * room};
    struct rp_buf more = RP_BUF_INIT;
    tf_status status =
        rp_value_text(session->rp, value, session->seq, &limits, text, NULL, NULL, err);
    if (status == TF_OK && text->len > room / 2) {
        status = rp_value_text(session->rp, value, session->seq, &wider, &more, NULL,
                               NULL, err);
        *ret_folded = more.len != text->len;
    }
    rp_buf_release(&more);
    return status;
}

static tf_status
put_folded(struct cli_session *session, const struct rp_value *value, const char *text,
           bool *ret_folded, struct tf_err *err)
{
    struct cli_out *out = session->out;
    struct rp_buf buf = RP_BUF_INIT;
    bool is_text = value->kind == TF_VAL_STR || value->kind == TF_VAL_STR_CUT
                   || value->kind == TF_VAL_BYTES || value->kind == TF_VAL_BYTES_CUT;
    *ret_folded = false;
    tf_status status = short_text(session, value, &buf, ret_folded, err);
    if (status == TF_OK && *ret_folded) {
        cli_out_text(out, buf.data, buf.len);
        cli_out_style(out, CLI_DIM);
        cli_out_str(out,
                    is_text ? "\n   (there is more: expand " : "\n   (folded: pp ");
        cli_out_text(out, text, strlen(text));
        if (!is_text) {
            cli_out_str(out, " unfolds it, expand ");
            cli_out_text(out, text, strlen(text));
        }
        cli_out_str(out, " shows all)\n");
        cli_out_style(out, CLI_PLAIN);
    }
    rp_buf_release(&buf);
    return status;
}

static tf_status
put_whole(struct cli_session *session, const struct rp_value *value, const char *text,
          struct tf_err *err)
{
    struct rp_buf buf = RP_BUF_INIT;
    struct rp_notes notes = RP_NOTES_INIT;
    tf_status status =
        rp_value_text(session->rp, value, session->seq, NULL, &buf, &notes, text, err);
    if (status == TF_OK) {
        cli_out_text(session->out, buf.data ? buf.data : "", buf.len);
        cli_out_char(session->out, '\n');
        put_late(session, &notes);
    }
    rp_buf_release(&buf);
    rp_notes_release(&notes);
    return status;
}

static enum cli_answer
print_value(struct cli_session *session, const char *text)
{
    struct rp_value value;
    struct tf_err err = TF_ERR_INIT;
    bool folded = false;
    if (!evaluate(session, text, &value)) {
        return CLI_NO;
    }
    tf_status status =
        folds(session) ? put_folded(session, &value, text, &folded, &err) : TF_OK;
    if (status == TF_OK && !folded) {
        status = put_whole(session, &value, text, &err);
    }
    rp_value_release(&value);
    return status == TF_OK ? CLI_YES : cli_refuse_err(session, &err);
}

enum cli_answer
cli_do_print(struct cli_session *session, const char *args)
{
    if (!cli_has_event(session)) {
        return CLI_NO;
    }
    return *args ? print_value(session, args)
                 : cli_refuse(session, "what? p EXPR, for example: p len(items)");
}

static enum cli_answer
print_pretty(struct cli_session *session, const char *text, bool fold)
{
    struct rp_value value;
    struct tf_err err = TF_ERR_INIT;
    struct cli_pretty how = {.folds_as = fold ? text : NULL,
                             .interrupts = session->env->interrupts};
    if (!*text) {
        return cli_refuse(session, "what? %s EXPR, for example: %s config",
                          session->command, session->command);
    }
    if (!cli_has_event(session) || !evaluate(session, text, &value)) {
        return CLI_NO;
    }
    tf_status status =
        cli_pretty(session->out, session->rp, &value, session->seq, &how, &err);
    rp_value_release(&value);
    return status == TF_OK ? CLI_YES : cli_refuse_err(session, &err);
}

enum cli_answer
cli_do_pp(struct cli_session *session, const char *args)
{
    return print_pretty(session, args, folds(session));
}

enum cli_answer
cli_do_expand(struct cli_session *session, const char *args)
{
    return print_pretty(session, args, false);
}

/* --- Variables --- */

/* __name__, __builtins__ and the like of a module or class body. */
static bool
is_furniture(const struct rp_var *var)
{
    const char *name = var->name.data;
    size_t len = var->name.len;
    return var->slot_kind == TF_SLOT_MAPPING && len > 4 && memcmp(name, "__", 2) == 0
           && memcmp(name + len - 2, "__", 2) == 0;
}

static size_t
widest_name(const struct rp_vars *vars, bool arguments_only)
{
    size_t widest = 0;
    for (size_t i = 0; i < vars->count; i++) {
        size_t columns = cli_utf8_count(vars->var[i].name.data, vars->var[i].name.len);
        bool counts = (vars->var[i].argument || !arguments_only) && columns <= 24
                      && !is_furniture(&vars->var[i]);
        widest = counts && columns > widest ? columns : widest;
    }
    return widest;
}

static void
put_var(struct cli_session *session, const struct rp_var *var, size_t name_columns)
{
    struct cli_out *out = session->out;
    struct rp_limits space;
    struct rp_buf text = RP_BUF_INIT;
    size_t width = session->batch ? SIZE_MAX : cli_out_columns(out);
    rp_value_text(session->rp, &var->value, session->seq,
                  cli_line_limits(session, &space), &text, NULL, NULL, NULL);
    cli_out_str(out, "   ");
    size_t used = cli_put_tf(out, var->name);
    if (used < name_columns) {
        cli_out_pad(out, name_columns - used);
        used = name_columns;
    }
    cli_out_str(out, " = ");
    used += 6;
    cli_out_text_cut(out, text.data ? text.data : "", text.len,
                     width > used + 8 ? width - used : 8);
    cli_out_char(out, '\n');
    rp_buf_release(&text);
}

void
cli_show_vars(struct cli_session *session, const struct rp_vars *vars,
              bool arguments_only, size_t max)
{
    size_t name_columns = widest_name(vars, arguments_only), shown = 0, left = 0,
           hidden = 0;
    for (size_t i = 0; i < vars->count; i++) {
        const struct rp_var *var = &vars->var[i];
        if (is_furniture(var)) {
            hidden++;
        }
        else if (var->argument || !arguments_only) {
            if (shown < max) {
                put_var(session, var, name_columns);
            }
            shown++;
        }
    }
    left = shown > max ? shown - max : 0;
    if (left) {
        cli_out_format(session->out, "   ... %zu more: %s\n", left,
                       arguments_only ? "args" : "locals");
    }
    if (hidden) {
        cli_out_style(session->out, CLI_DIM);
        cli_out_format(session->out, "   (and %zu such as __name__: p EXPR)\n", hidden);
        cli_out_style(session->out, CLI_PLAIN);
    }
    else if (!shown) {
        cli_out_str(session->out, "   (none)\n");
    }
}

static enum cli_answer
show_locals(struct cli_session *session, const char *args, bool arguments_only)
{
    struct rp_vars vars;
    struct tf_err err = TF_ERR_INIT;
    if (!cli_no_args(session, args) || !cli_has_event(session)
        || !cli_has_frame(session)) {
        return CLI_NO;
    }
    if (rp_locals(session->rp, session->seq, session->frame.frame, &vars, &err)
        != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    cli_show_vars(session, &vars, arguments_only, SIZE_MAX);
    rp_vars_release(&vars);
    return CLI_YES;
}

enum cli_answer
cli_do_locals(struct cli_session *session, const char *args)
{
    return show_locals(session, args, false);
}

enum cli_answer
cli_do_args(struct cli_session *session, const char *args)
{
    return show_locals(session, args, true);
}

enum cli_answer
cli_do_globals(struct cli_session *session, const char *args)
{
    struct rp_vars vars;
    struct tf_err err = TF_ERR_INIT;
    if (!cli_no_args(session, args) || !cli_has_event(session)
        || !cli_has_frame(session)) {
        return CLI_NO;
    }
    if (rp_globals(session->rp, session->seq, session->frame.frame, true, &vars, &err)
        != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    cli_show_vars(session, &vars, false, SIZE_MAX);
    rp_vars_release(&vars);
    return CLI_YES;
}
