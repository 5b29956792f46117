/* `exceptions`: what was raised, where it was caught, and how far it came. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_ask.h"
#include "cli_handlers.h"

static const struct cl_option OPTIONS[] = {
    {.id = ASK_ALL,
     .long_name = "all",
     .help = "also those that the library raised and caught by itself",
     .group = "Which exceptions"},
    CLI_ASK_RANGE,
    CLI_ASK_OPTIONS,
    {0},
};

static const char *const USAGE[] = {"[OPTION...] FILE [TYPE]", NULL};

static const struct cl_section SECTIONS[] = {
    {"What it lists",
     "Each exception once, where it was raised (or raised again), with the function that "
     "caught it and how many it left on the way: one that goes on with finally, with or a "
     "bare raise, and is left all the same, has not caught it; nor has threading, which "
     "prints what ends a thread. With TYPE only those of types of this "
     "name, or a glob. What the standard library raises and catches by itself is counted "
     "only, unless --all."},
    {"JSON lines",
     "Fields: seq, time_ns, thread, frame, depth, file, function, line, exception (type, "
     "text, id), levels (functions that it left), handled (seq, file, function, line; null: "
     "nobody caught it)."},
    {"Exit status", "0 done, 1 when there was none, 3 when the file cannot be read."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay exceptions shop.pyrec",
     "what went wrong, and who kept silent about it?"},
    {"pyreplay exceptions shop.pyrec KeyError", "of one type"},
    {0},
};

const struct cl_program cli_exceptions_program = {
    .name = "pyreplay exceptions",
    .summary = "exceptions: raised where, caught where, how far they came",
    .usage = USAGE,
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

struct raised { /* a row */
    struct rp_raise raise;
    struct rp_event event, handler;
};

static void
put_handled(struct cli_ask *ask, const struct raised *row)
{
    struct cli_out *out = ask->out;
    const struct rp_raise *raise = &row->raise;
    cli_out_style(out, CLI_DIM);
    if (raise->handled_seq == 0) {
        cli_out_str(out, "  not caught");
    }
    else {
        cli_out_str(out, raise->levels ? "  caught by " : "  caught there, ");
        if (raise->levels) {
            cli_put_function(out, row->handler.code);
            cli_out_str(out, " at ");
        }
        cli_put_place(out, ask->rp, row->handler.file, row->handler.lineno);
        cli_out_format(out, " (event %" PRIu64 ")", raise->handled_seq);
    }
    if (raise->levels) {
        cli_out_str(out, " after leaving ");
        cli_put_counted(out, raise->levels, "frame");
    }
    cli_out_style(out, CLI_PLAIN);
    cli_out_char(out, '\n');
}

static void
put_type(struct cli_ask *ask, const struct raised *row)
{
    struct rp_buf name = RP_BUF_INIT;
    rp_type_name(rp_type(ask->rp, row->raise.type_id), &name);
    cli_out_text(ask->out, name.data ? name.data : "", name.len);
    rp_buf_release(&name);
}

static void
put_text(struct cli_ask *ask, const struct raised *row)
{
    struct cli_out *out = ask->out;
    bool whole = !out->terminal || (ask->session && ask->session->batch);
    size_t columns = whole ? 0 : cli_out_columns(out);
    cli_out_format(out, "%10" PRIu64 "  ", row->raise.seq);
    if (rp_facts(ask->rp)->thread_count > 1) {
        cli_out_format(out, "t%" PRIu32 "  ", row->event.thread);
    }
    cli_out_style(out, CLI_BAD);
    if (row->raise.object) {
        cli_put_exception(out, ask->rp, row->raise.object, row->raise.seq,
                          columns > 50 ? columns - 20 : columns);
    }
    else {
        put_type(ask, row);
    }
    cli_out_style(out, CLI_PLAIN);
    cli_out_str(out, "\n            ");
    cli_put_function(out, row->event.code);
    cli_out_str(out, " at ");
    cli_put_place(out, ask->rp, row->event.file, row->event.lineno);
    put_handled(ask, row);
}

static void
put_json(struct cli_ask *ask, const struct raised *row)
{
    struct cli_json *json = &ask->to_json;
    struct rp_value value = {.kind = TF_VAL_REF, .ref = row->raise.object};
    cli_json_open(json, '{');
    cli_rows_event(json, &row->event);
    cli_rows_exception(json, "exception", ask->rp, row->raise.object ? &value : NULL,
                       row->raise.seq);
    cli_rows_u64(json, "levels", row->raise.levels);
    cli_json_key(json, "handled");
    if (row->raise.handled_seq) {
        cli_json_open(json, '{');
        cli_rows_u64(json, "seq", row->handler.seq);
        cli_rows_text(json, "file", row->handler.file->path);
        cli_rows_text(json, "function", row->handler.code->qualname);
        cli_rows_u64(json, "line", row->handler.lineno);
        cli_json_close(json, '}');
    }
    else {
        cli_json_null(json);
    }
    cli_json_close(json, '}');
}

static tf_status
fill_row(struct cli_ask *ask, struct raised *row, struct tf_err *err)
{
    tf_status status = rp_event_at(ask->rp, row->raise.seq, &row->event, err);
    if (status == TF_OK && row->raise.handled_seq) {
        status = rp_event_at(ask->rp, row->raise.handled_seq, &row->handler, err);
    }
    return status;
}

/* Whether the program's own code has to do with it: raised there, caught there, or caught
 * by nobody. What the standard library raises and catches by itself has nothing. */
static bool
concerns_program(struct cli_ask *ask, const struct raised *row)
{
    if (row->event.file->own) {
        return true;
    }
    const struct tf_footer *footer = rp_facts(ask->rp)->footer;
    return row->raise.handled_seq
               ? row->handler.file->own
               : row->event.parent != 0
                     || (footer && footer->failure_seq == row->raise.seq);
}

static bool
is_type(struct cli_ask *ask, const struct raised *row)
{
    return !*ask->first
           || rp_type_matches(ask->rp, rp_type(ask->rp, row->raise.type_id),
                              (struct tf_text){ask->first, strlen(ask->first)});
}

static void
end_text(struct cli_ask *ask, uint64_t hidden)
{
    if (!ask->json && hidden) {
        cli_out_str(ask->out, "(and ");
        cli_put_count(ask->out, hidden);
        cli_out_format(ask->out,
                       " that the library raised and caught by itself: "
                       "exceptions %s)\n",
                       ask->session ? "all" : "--all");
    }
}

static tf_status
list(struct cli_ask *ask, struct tf_err *err)
{
    uint64_t hidden = 0, from = ask->from_seq ? ask->from_seq - 1 : 0;
    bool more = true;
    tf_status status = TF_OK;
    while (status == TF_OK && more) {
        struct raised row;
        status = rp_raise_next(ask->rp, from, true, &row.raise, err);
        if (status != TF_OK || (ask->to_seq && row.raise.seq > ask->to_seq)) {
            break;
        }
        from = row.raise.seq;
        status = fill_row(ask, &row, err);
        if (status != TF_OK || (ask->thread && row.event.thread != ask->thread)
            || !is_type(ask, &row)) {
            continue;
        }
        if (!ask->all && !concerns_program(ask, &row)) {
            hidden++;
            continue;
        }
        if (ask->json) {
            put_json(ask, &row);
        }
        else {
            put_text(ask, &row);
        }
        more = cli_ask_row(ask);
    }
    if (status != TF_OK && status != TF_ERR_NOT_FOUND) {
        return status;
    }
    end_text(ask, hidden);
    return ask->shown || hidden
               ? TF_OK
               : tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                            *ask->first
                                ? "no such exception was raised"
                                : "no exception was raised in what is recorded");
}

/* `exceptions all`, `exceptions 1000`: as they were before there were options. */
static tf_status
run(struct cli_ask *ask, struct tf_err *err)
{
    char *end;
    if (strcmp(ask->first, "all") == 0) {
        ask->all = true;
        *ask->first = 0;
        ask->limit = ask->limited ? ask->limit : 0;
    }
    else if (*ask->first >= '0' && *ask->first <= '9') {
        ask->limit = strtoull(ask->first, &end, 10);
        if (*end || !ask->limit) {
            return tf_err_set(err, TF_ERR_ARGUMENT, -1, "'%.60s' is no count",
                              ask->first);
        }
        *ask->first = 0;
    }
    return list(ask, err);
}

const struct cli_question cli_question_exceptions = {
    "exceptions", &cli_exceptions_program, run, false, "the name of a type"};

enum cli_answer
cli_do_exceptions(struct cli_session *session, const char *args)
{
    return cli_ask_prompt(session, &cli_question_exceptions, args);
}
