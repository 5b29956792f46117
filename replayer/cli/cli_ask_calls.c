/* `calls`: what a function was given, and what came of it. */
#include <inttypes.h>
#include <string.h>

#include "cli_ask.h"
#include "cli_handlers.h"

static const struct cl_option OPTIONS[] = {
    {.id = ASK_WHERE,
     .long_name = "where",
     .argument = "EXPR",
     .help =
         "calls for which EXPR, made of the arguments, holds; so does `FUNC where EXPR`",
     .group = "Which calls"},
    CLI_ASK_RANGE,
    CLI_ASK_OPTIONS,
    CLI_ASK_FULL,
    {0},
};

static const char *const USAGE[] = {"[OPTION...] FILE FUNC [where EXPR]", NULL};

static const struct cl_section SECTIONS[] = {
    {"What it lists",
     "FUNC is a name, with or without its class, or a glob over either. Calls come in the "
     "order in which they were made; a generator's ends with its last return. Durations are "
     "of the recorded run, which recording made slower. In a very long table objects inside "
     "others that were written long before their row become <#ID ...>; --full shows them."},
    {"JSON lines",
     "Fields: seq, time_ns, thread, frame, depth, file, function, line, args (name to "
     "text), end (return, unwind, or null: it did not end), end_seq, duration_ns, result "
     "(text), exception (type, text, id); null where there is none."},
    {"Exit status", "0 done, 1 when there is no such call, 2 when there is no such "
                    "function, 3 when the file cannot be read."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay calls shop.pyrec Cart.add", "every call of a method"},
    {"pyreplay calls shop.pyrec total --where 'rate > 1'", "some of them"},
    {"pyreplay calls --format json shop.pyrec '*' | jq -s 'max_by(.duration_ns)'",
     "the longest call of all"},
    {0},
};

const struct cl_program cli_calls_program = {
    .name = "pyreplay calls",
    .summary = "the calls of a function: arguments, result, duration",
    .usage = USAGE,
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

static tf_status
put_json(struct cli_ask *ask, const struct rp_call *call, struct tf_err *err)
{
    struct cli_json *json = &ask->to_json;
    bool unwound = call->end_kind == TF_EV_UNWIND;
    tf_status status = TF_OK;
    cli_json_open(json, '{');
    cli_rows_event(json, &call->event);
    cli_json_key(json, "args");
    cli_json_open(json, '{');
    for (size_t i = 0; i < call->args->count && status == TF_OK; i++) {
        const struct rp_var *var = &call->args->var[i];
        status = cli_ask_value(ask, &var->value, call->event.seq, false, err);
        cli_json_key_text(json, var->name.data, var->name.len);
        cli_json_text(json, ask->text.data ? ask->text.data : "", ask->text.len);
    }
    cli_json_close(json, '}');
    cli_json_key(json, "end");
    if (call->end_seq) {
        cli_json_str(json, unwound ? "unwind" : "return");
        cli_rows_u64(json, "end_seq", call->end_seq);
        cli_rows_u64(json, "duration_ns", call->end_ns - call->event.time_ns);
    }
    else {
        cli_json_null(json);
        cli_json_key(json, "end_seq");
        cli_json_null(json);
        cli_json_key(json, "duration_ns");
        cli_json_null(json);
    }
    const struct rp_value *result = call->has_result ? &call->result : NULL;
    if (status == TF_OK) {
        status = cli_ask_json_value(ask, "result", unwound ? NULL : result,
                                    call->end_seq, err);
    }
    cli_rows_exception(json, "exception", ask->rp, unwound ? result : NULL,
                       call->end_seq);
    cli_json_close(json, '}');
    return status;
}

/* "add(x=1, seen=[])" */
static tf_status
put_arguments(struct cli_ask *ask, const struct rp_call *call, struct tf_err *err)
{
    struct rp_buf line = RP_BUF_INIT;
    tf_status status = TF_OK;
    for (size_t i = 0; i < call->args->count && status == TF_OK; i++) {
        const struct rp_var *var = &call->args->var[i];
        status = cli_ask_value(ask, &var->value, call->event.seq, false, err);
        rp_buf_add_string(&line, i ? ", " : "");
        rp_buf_add(&line, var->name.data, var->name.len);
        rp_buf_add_string(&line, "=");
        rp_buf_add(&line, ask->text.data ? ask->text.data : "", ask->text.len);
    }
    cli_table_text(&ask->table, line.data, line.len);
    rp_buf_release(&line);
    return status;
}

static tf_status
put_result(struct cli_ask *ask, const struct rp_call *call, struct tf_err *err)
{
    struct rp_buf line = RP_BUF_INIT;
    tf_status status = TF_OK;
    if (!call->end_seq) {
        rp_buf_add_string(&line, "(did not end)");
    }
    else if (!call->has_result) {
        rp_buf_add_string(&line,
                          call->end_kind == TF_EV_UNWIND ? "raised" : "returned");
    }
    else {
        status = cli_ask_value(ask, &call->result, call->end_seq, false, err);
        rp_buf_add_string(&line, call->end_kind == TF_EV_UNWIND ? "raised " : "-> ");
        rp_buf_add(&line, ask->text.data ? ask->text.data : "", ask->text.len);
    }
    cli_table_text(&ask->table, line.data, line.len);
    rp_buf_release(&line);
    return status;
}

static tf_status
put_text(struct cli_ask *ask, const struct rp_call *call, struct tf_err *err)
{
    cli_ask_event_cells(ask, &call->event);
    cli_table_u64(&ask->table, call->event.depth);
    if (call->end_seq) {
        cli_table_duration(&ask->table, call->end_ns - call->event.time_ns);
    }
    else {
        cli_table_str(&ask->table, "");
    }
    tf_status status = put_arguments(ask, call, err);
    return status == TF_OK ? put_result(ask, call, err) : status;
}

static bool
put_call(void *ctx, const struct rp_call *call)
{
    struct cli_ask *ask = ctx;
    tf_status status =
        ask->json ? put_json(ask, call, &ask->err) : put_text(ask, call, &ask->err);
    return cli_ask_row(ask) && status == TF_OK;
}

static tf_status
run(struct cli_ask *ask, struct tf_err *err)
{
    struct rp_calls calls = {.where = NULL};
    const char *where = strncmp(ask->rest, "where ", 6) == 0
                            ? ask->rest + 6
                            : cli_ask_cut(ask->first, "where", false);
    if (*ask->rest && (!where || where != ask->rest + 6)) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "after the function comes `where EXPR`, not '%.60s'",
                          ask->rest);
    }
    ask->where_text = where ? where : ask->where_text;
    ask->within_text = ask->first;
    tf_status status = cli_ask_range(ask, &calls.range, err);
    if (status != TF_OK) {
        return status;
    }
    calls.where = ask->where;
    cli_ask_event_columns(ask);
    cli_table_column(&ask->table, "depth", true);
    cli_table_column(&ask->table, "time", true);
    cli_table_column(&ask->table, "arguments", false);
    cli_table_column(&ask->table, NULL, false);
    status = rp_calls(ask->rp, &calls, put_call, ask, err);
    return status != TF_OK || ask->shown
               ? status
               : tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no such call of %.100s",
                            ask->first);
}

const struct cli_question cli_question_calls = {"calls", &cli_calls_program, run, true,
                                                "the name of a function"};

enum cli_answer
cli_do_calls(struct cli_session *session, const char *args)
{
    return cli_ask_prompt(session, &cli_question_calls, args);
}
