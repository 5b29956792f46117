/* `marks`: what the program noted while it was recorded. */
#include <string.h>

#include "cli_ask.h"
#include "cli_handlers.h"

static const struct cl_option OPTIONS[] = {
    {.id = ASK_WITHIN,
     .long_name = "within",
     .argument = "PLACE",
     .help = "set in this function (a name or a glob) or file",
     .group = "Which marks"},
    CLI_ASK_RANGE,
    CLI_ASK_OPTIONS,
    CLI_ASK_FULL,
    {0},
};

static const char *const USAGE[] = {"[OPTION...] FILE [TEXT]", NULL};

static const struct cl_section SECTIONS[] = {
    {"What it lists",
     "Each pyrecord.mark(text) of the program, with TEXT only those that have TEXT in them. "
     "The event is the first after the mark was set. At the prompt `goto mark TEXT` goes "
     "there."},
    {"JSON lines",
     "Fields: seq, time_ns, thread, frame, depth, file, function, line, mark (the text)."},
    {"Exit status", "0 done, 1 when there is none, 3 when the file cannot be read."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay marks shop.pyrec", "which marks did the program set?"},
    {"pyreplay marks shop.pyrec login", "those with this text"},
    {0},
};

const struct cl_program cli_marks_program = {
    .name = "pyreplay marks",
    .summary = "marks that the program set while it was recorded",
    .usage = USAGE,
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

static bool
put_mark(void *ctx, const struct rp_found *found)
{
    struct cli_ask *ask = ctx;
    struct tf_text text = rp_value_bytes(found->value);
    if (ask->json) {
        cli_json_open(&ask->to_json, '{');
        cli_rows_event(&ask->to_json, &found->event);
        cli_rows_text(&ask->to_json, "mark", text);
        cli_json_close(&ask->to_json, '}');
        return cli_ask_row(ask);
    }
    cli_ask_event_cells(ask, &found->event);
    tf_status status =
        cli_ask_value(ask, found->value, found->event.seq, true, &ask->err);
    cli_table_text(&ask->table, ask->text.data, ask->text.len);
    return cli_ask_row(ask) && status == TF_OK;
}

static tf_status
run(struct cli_ask *ask, struct tf_err *err)
{
    struct rp_search search = {.text = {ask->whole, strlen(ask->whole)}, .marks = true};
    tf_status status = cli_ask_range(ask, &search.range, err);
    if (status != TF_OK) {
        return status;
    }
    cli_ask_event_columns(ask);
    cli_table_column(&ask->table, "mark", false);
    status = rp_search(ask->rp, &search, put_mark, ask, err);
    if (status != TF_OK || ask->shown) {
        return status;
    }
    return *ask->whole ? tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                                    "no mark has '%.100s' in it", ask->whole)
                       : tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                                    "the program set no mark (pyrecord.mark(text))");
}

const struct cli_question cli_question_marks = {"marks", &cli_marks_program, run, false,
                                                "a text"};

enum cli_answer
cli_do_marks(struct cli_session *session, const char *args)
{
    return cli_ask_prompt(session, &cli_question_marks, args);
}
