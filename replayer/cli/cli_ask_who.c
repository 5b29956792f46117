/* `who`: what refers to an object at this moment. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli_ask.h"
#include "cli_handlers.h"

static const struct cl_option OPTIONS[] = {
    {.id = ASK_AT,
     .long_name = "at",
     .argument = "EVENT",
     .help = "at this event (when not said: where one is; in the shell where the "
             "recording opens)",
     .group = "When"},
    CLI_ASK_OPTIONS,
    {0},
};

static const char *const USAGE[] = {"[OPTION...] FILE EXPR", NULL};

static const struct cl_section SECTIONS[] = {
    {"What it lists",
     "EXPR says which object: `order`, `self.items`, `cart.items[0]`. Then every variable "
     "of a running function that is this very object, and every recorded container, "
     "attribute, closure and module variable that holds it at this event, with an "
     "expression by which one gets there where one is known. A holder that nothing known "
     "leads to may be garbage already. Texts and numbers are values, not objects: `search` "
     "finds those."},
    {"JSON lines",
     "Fields: sort (local, item, key, entry, global, attribute, cell), name, object, type, "
     "index, key (as with search), frame, thread, depth, function (of a local; else null; thread and "
     "depth are null while its frame is suspended), "
     "reached (a variable leads there), path (an expression, or null), path_frame (the frame "
     "in which it is one; null: a global)."},
    {"Exit status",
     "0 done, 1 when nothing refers to it, 2 when EXPR is no object, 3 when "
     "the file cannot be read."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay who --at 1234 shop.pyrec cart.items", "who shares this list?"},
    {0},
};

const struct cl_program cli_who_program = {
    .name = "pyreplay who",
    .summary = "the names and containers that refer to an object at a moment",
    .usage = USAGE,
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

static void
put_frame_json(struct cli_ask *ask, const struct rp_holder *at)
{
    struct cli_json *json = &ask->to_json;
    static const char *const keys[] = {"frame", "thread", "depth", "function"};
    if (at->sort == RP_AT_LOCAL) {
        cli_rows_u64(json, "frame", at->frame);
        cli_json_key(json, "thread");
        at->thread ? cli_json_u64(json, at->thread) : cli_json_null(json);
        cli_json_key(json, "depth");
        at->thread ? cli_json_u64(json, at->depth) : cli_json_null(json);
        cli_rows_text(json, "function", at->code->qualname);
        return;
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        cli_json_key(json, keys[i]);
        cli_json_null(json);
    }
}

static tf_status
put_json(struct cli_ask *ask, const struct rp_referrer *row, struct tf_err *err)
{
    struct cli_json *json = &ask->to_json;
    cli_json_open(json, '{');
    tf_status status = cli_ask_holder_json(ask, &row->at, ask->seq, err);
    put_frame_json(ask, &row->at);
    cli_json_key(json, "reached");
    cli_json_bool(json, row->reached);
    cli_json_key(json, "path");
    if (row->path.len > 0) {
        cli_json_text(json, row->path.data, row->path.len);
    }
    else {
        cli_json_null(json);
    }
    cli_json_key(json, "path_frame");
    if (row->path_frame) {
        cli_json_u64(json, row->path_frame);
    }
    else {
        cli_json_null(json);
    }
    cli_json_close(json, '}');
    return status;
}

static void
add_function(struct cli_ask *ask, const struct tf_def_code *code)
{
    struct tf_text name = code->qualname;
    rp_buf_addf(&ask->text, " in %.*s%s", (int)name.len, name.data,
                name.len && name.data[name.len - 1] == '>' ? "" : "()");
}

static void
put_text(struct cli_ask *ask, const struct rp_referrer *row)
{
    struct rp_buf *text = &ask->text;
    rp_buf_clear(text);
    cli_ask_holder_text(ask, &row->at, ask->seq, text);
    cli_table_text(&ask->table, text->data, text->len);
    rp_buf_clear(text);
    if (row->at.sort == RP_AT_LOCAL) {
        rp_buf_add_string(text, "a variable");
        add_function(ask, row->at.code);
        if (row->at.thread == 0) {
            rp_buf_add_string(text, ", which is suspended");
        }
        else if (rp_facts(ask->rp)->thread_count > 1) {
            rp_buf_addf(text, ", thread %" PRIu32, row->at.thread);
        }
    }
    else if (row->at.sort == RP_AT_GLOBAL) {
        rp_buf_add_string(text, "a variable of a module");
    }
    else if (row->path.len > 0) {
        rp_buf_addf(text, "as %.*s", (int)row->path.len, row->path.data);
        if (row->path_frame && row->path_frame != ask->frame) {
            add_function(ask, row->path_code);
        }
    }
    else if (!row->reached) {
        rp_buf_add_string(text, "(nothing known leads there)");
    }
    cli_table_text(&ask->table, text->data, text->len);
}

static bool
put_referrer(void *ctx, const struct rp_referrer *row)
{
    struct cli_ask *ask = ctx;
    tf_status status = TF_OK;
    if (ask->json) {
        status = put_json(ask, row, &ask->err);
    }
    else {
        put_text(ask, row);
    }
    return cli_ask_row(ask) && status == TF_OK;
}

static tf_status
find_object(struct cli_ask *ask, uint64_t *ret_id, struct tf_err *err)
{
    struct rp_expr *expr;
    struct rp_value value;
    struct rp_expr_err error = {0};
    tf_status status = cli_ask_parse(ask, ask->whole, &expr, err);
    if (status != TF_OK) {
        return status;
    }
    status = rp_expr_eval(ask->rp, expr, ask->seq, ask->frame, &value, &error, err);
    rp_expr_free(expr);
    if (status != TF_OK) {
        return status;
    }
    *ret_id = value.kind == TF_VAL_REF ? value.ref : 0;
    rp_value_release(&value);
    return *ret_id ? TF_OK
                   : tf_err_set(err, TF_ERR_ARGUMENT, -1,
                                "%.100s is a value without an identity of its own, no "
                                "recorded object",
                                ask->whole);
}

static tf_status
run(struct cli_ask *ask, struct tf_err *err)
{
    uint64_t id;
    tf_status status = find_object(ask, &id, err);
    if (status != TF_OK) {
        return status;
    }
    cli_table_column(&ask->table, NULL, false);
    cli_table_column(&ask->table, NULL, false);
    status = rp_who(ask->rp, ask->seq, id, put_referrer, ask, err);
    return status != TF_OK || ask->shown
               ? status
               : tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                            "nothing that is recorded refers to it here");
}

const struct cli_question cli_question_who = {"who", &cli_who_program, run, true,
                                              "an expression, such as self.items,"};

enum cli_answer
cli_do_who(struct cli_session *session, const char *args)
{
    return cli_ask_prompt(session, &cli_question_who, args);
}
