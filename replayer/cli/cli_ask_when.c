/* `when`: where an expression holds. */
#include <inttypes.h>
#include <string.h>

#include "cli_ask.h"
#include "cli_handlers.h"

static const struct cl_option OPTIONS[] = {
    {.id = ASK_FIRST,
     .long_name = "first",
     .help = "the first event only",
     .group = "Which events"},
    {.id = ASK_LAST, .long_name = "last", .help = "the last event only"},
    {.id = ASK_COUNT, .long_name = "count", .help = "only how many there are"},
    {.id = ASK_WITHIN,
     .long_name = "within",
     .argument = "PLACE",
     .help =
         "in this function (a name or a glob) or file; so does `EXPR within PLACE`"},
    CLI_ASK_RANGE,
    CLI_ASK_OPTIONS,
    {0},
};

static const char *const USAGE[] = {"[OPTION...] FILE EXPR [within PLACE]", NULL};

static const struct cl_section SECTIONS[] = {
    {"What counts",
     "Each event is looked at in its own frame, in functions that know all names of EXPR: "
     "as variables of their own, or as globals that they use. Events at which EXPR has no "
     "value (not recorded, a TypeError) are counted and said."},
    {"JSON lines", "Fields: seq, time_ns, thread, frame, depth, file, function, line. "
                   "With --count one object: events, unknown."},
    {"Exit status",
     "0 done, 1 when it never holds, 2 when EXPR is none, 3 when the file "
     "cannot be read."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay when --first shop.pyrec 'total < 0'", "when did it go wrong first?"},
    {"pyreplay when shop.pyrec 'len(items) > 3' --within Cart.add",
     "all events in one function"},
    {"pyreplay when --format json shop.pyrec 'x is None' | jq .line",
     "for other programs"},
    {0},
};

const struct cl_program cli_when_program = {
    .name = "pyreplay when",
    .summary = "where an expression holds",
    .usage = USAGE,
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

static bool
put_event(void *ctx, const struct rp_event *event)
{
    struct cli_ask *ask = ctx;
    if (ask->json) {
        cli_json_open(&ask->to_json, '{');
        cli_rows_event(&ask->to_json, event);
        cli_json_close(&ask->to_json, '}');
        return cli_ask_row(ask);
    }
    struct tf_text line = {"", 0};
    cli_ask_event_cells(ask, event);
    if (rp_source_line(ask->rp, event->file->id, event->lineno, &line, NULL) == TF_OK) {
        while (line.len > 0 && (*line.data == ' ' || *line.data == '\t')) {
            line.data++;
            line.len--;
        }
    }
    cli_table_text(&ask->table, line.data, line.len);
    return cli_ask_row(ask);
}

static void
put_total(struct cli_ask *ask, const struct rp_when_total *total)
{
    struct cli_out *out = ask->out;
    cli_table_flush(&ask->table);
    if (ask->json) {
        if (ask->count_only) {
            cli_json_open(&ask->to_json, '{');
            cli_rows_u64(&ask->to_json, "events", total->events);
            cli_rows_u64(&ask->to_json, "unknown", total->unknown);
            cli_json_close(&ask->to_json, '}');
            cli_json_end(&ask->to_json);
        }
        return;
    }
    if (ask->count_only) {
        cli_put_counted(out, total->events, "event");
        cli_out_char(out, '\n');
    }
    if (total->unknown) {
        cli_out_str(out, "(at ");
        cli_put_counted(out, total->unknown, "more event");
        cli_out_format(
            out, ", as event %" PRIu64 ", it cannot be told: ", total->unknown_seq);
        cli_out_text(out, total->error.message, strlen(total->error.message));
        cli_out_str(out, ")\n");
    }
}

static tf_status
run(struct cli_ask *ask, struct tf_err *err)
{
    struct rp_when when = {.backward = ask->backward};
    struct rp_when_total total = {0};
    struct rp_expr *expr = NULL;
    char *within = cli_ask_cut(ask->whole, "within", true);
    ask->within_text = within ? within : ask->within_text;
    tf_status status = cli_ask_range(ask, &when.range, err);
    if (status == TF_OK) {
        status = cli_ask_parse(ask, ask->whole, &expr, err);
    }
    if (status != TF_OK) {
        return status;
    }
    cli_ask_event_columns(ask);
    cli_table_column(&ask->table, NULL, false);
    when.expr = expr;
    status =
        rp_when(ask->rp, &when, ask->count_only ? NULL : put_event, ask, &total, err);
    rp_expr_free(expr);
    if (status != TF_OK) {
        return status;
    }
    put_total(ask, &total);
    return total.events
               ? TF_OK
               : tf_err_set(err, TF_ERR_NOT_FOUND, -1, "it holds at no event%s",
                            total.unknown ? " of which that can be told" : "");
}

const struct cli_question cli_question_when = {"when", &cli_when_program, run, true,
                                               "an expression, such as total < 0,"};

enum cli_answer
cli_do_when(struct cli_session *session, const char *args)
{
    return cli_ask_prompt(session, &cli_question_when, args);
}
