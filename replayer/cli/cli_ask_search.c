/* `search`: values in which a text stands. */
#include <inttypes.h>
#include <string.h>

#include "cli_ask.h"
#include "cli_handlers.h"

/* Characters of a value that a row shows, and how many of them before the text. */
#define EXCERPT 120u
#define BEFORE  30u

static const struct cl_option OPTIONS[] = {
    {.id = ASK_WITHIN,
     .long_name = "within",
     .argument = "PLACE",
     .help = "seen first in this function (a name or a glob) or file",
     .group = "Which values"},
    CLI_ASK_RANGE,
    CLI_ASK_OPTIONS,
    CLI_ASK_FULL,
    {0},
};

static const char *const USAGE[] = {"[OPTION...] FILE TEXT", NULL};

static const struct cl_section SECTIONS[] = {
    {"What it finds",
     "Every str and bytes with TEXT somewhere in it, and if TEXT is a number every int and "
     "float that is it: each time that one was put into a variable, an attribute, an item or "
     "an entry, returned, or was in an object that was made. The event is the first that "
     "shows it."},
    {"JSON lines",
     "Fields: seq, time_ns, thread, frame, depth, file, function, line, sort (local, "
     "result, item, key, entry, global, attribute, cell, mark), name (null if none), object "
     "(id; null for local and result), type (of the object), index, key (text of an entry's "
     "key), value (text)."},
    {"Exit status", "0 done, 1 when there is none, 3 when the file cannot be read."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay search shop.pyrec 'order 42'", "where does this text come from?"},
    {"pyreplay search --limit 1 shop.pyrec 1.0000000000000002", "and this number?"},
    {0},
};

const struct cl_program cli_search_program = {
    .name = "pyreplay search",
    .summary = "values in which a text stands, where they were written",
    .usage = USAGE,
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

static const char *
sort_name(enum rp_spot_sort sort)
{
    static const char *const names[] = {
        [RP_AT_LOCAL] = "local",    [RP_AT_RESULT] = "result",
        [RP_AT_ITEM] = "item",      [RP_AT_KEY] = "key",
        [RP_AT_ENTRY] = "entry",    [RP_AT_GLOBAL] = "global",
        [RP_AT_ATTR] = "attribute", [RP_AT_CELL] = "cell",
        [RP_AT_MARK] = "mark",
    };
    return names[sort];
}

tf_status
cli_ask_holder_json(struct cli_ask *ask, const struct rp_holder *at, uint64_t seq,
                    struct tf_err *err)
{
    struct cli_json *json = &ask->to_json;
    bool indexed =
        at->sort == RP_AT_ITEM || at->sort == RP_AT_KEY || at->sort == RP_AT_ENTRY;
    cli_json_key(json, "sort");
    cli_json_str(json, sort_name(at->sort));
    cli_json_key(json, "name");
    if (at->name.len > 0) {
        cli_json_text(json, at->name.data, at->name.len);
    }
    else {
        cli_json_null(json);
    }
    cli_json_key(json, "object");
    if (at->object) {
        struct rp_buf type = RP_BUF_INIT;
        cli_json_u64(json, at->object);
        rp_type_name(at->type, &type);
        cli_rows_text(json, "type", (struct tf_text){type.data, type.len});
        rp_buf_release(&type);
    }
    else {
        cli_json_null(json);
        cli_json_key(json, "type");
        cli_json_null(json);
    }
    cli_json_key(json, "index");
    if (indexed) {
        cli_json_u64(json, at->index);
    }
    else {
        cli_json_null(json);
    }
    return cli_ask_json_value(ask, "key", at->sort == RP_AT_ENTRY ? at->key : NULL, seq,
                              err);
}

/* "total", "list #12 [3]", "Cart #7 .owner" */
void
cli_ask_holder_text(struct cli_ask *ask, const struct rp_holder *at, uint64_t seq,
                    struct rp_buf *out)
{
    const struct rp_limits limits = {.chars = 60};
    if (at->object && at->sort != RP_AT_GLOBAL) {
        rp_type_name(at->type, out);
        rp_buf_addf(out, " #%" PRIu64 " ", at->object);
    }
    switch (at->sort) {
    case RP_AT_RESULT: rp_buf_add_string(out, "(result)"); break;
    case RP_AT_MARK: rp_buf_add_string(out, "(mark)"); break;
    case RP_AT_CELL: rp_buf_add_string(out, "(a closure's variable)"); break;
    case RP_AT_KEY: rp_buf_add_string(out, "(a key)"); break;
    case RP_AT_ITEM: rp_buf_addf(out, "[%" PRIu64 "]", at->index); break;
    case RP_AT_ENTRY:
        rp_buf_add_string(out, "[");
        if (at->key) {
            rp_value_text(ask->rp, at->key, seq, &limits, out, NULL, NULL, NULL);
        }
        rp_buf_add_string(out, "]");
        break;
    case RP_AT_ATTR: rp_buf_add_string(out, "."); /* fall through */
    case RP_AT_LOCAL:
    case RP_AT_GLOBAL: rp_buf_add(out, at->name.data, at->name.len); break;
    }
}

/* At the prompt quotes around it are no part of it. */
static struct tf_text
text_of(const struct cli_ask *ask)
{
    struct tf_text text = {ask->whole, strlen(ask->whole)};
    char quote = text.len > 1 ? text.data[0] : 0;
    if (ask->session && (quote == '"' || quote == '\'')
        && text.data[text.len - 1] == quote) {
        text.data++;
        text.len -= 2;
    }
    return text;
}

/* A long value is shown around the text. */
static tf_status
put_excerpt(struct cli_ask *ask, const struct rp_value *value, uint64_t seq,
            struct tf_err *err)
{
    struct rp_buf *text = &ask->text;
    struct tf_text wanted = text_of(ask);
    rp_buf_clear(text);
    tf_status status = rp_value_text(ask->rp, value, seq, NULL, text, NULL, NULL, err);
    const char *data = text->data ? text->data : "";
    const char *at = memmem(data, text->len, wanted.data, wanted.len);
    size_t first =
        at && (size_t)(at - data) > BEFORE ? (size_t)(at - data) - BEFORE : 0;
    size_t len = text->len - first;
    if (text->len <= EXCERPT || ask->full) {
        first = 0;
        len = text->len;
    }
    bool more = len > EXCERPT && !ask->full;
    struct rp_buf line = RP_BUF_INIT;
    rp_buf_add_string(&line, first ? "..." : "");
    rp_buf_add(&line, data + first, more ? EXCERPT : len);
    rp_buf_add_string(&line, more ? "..." : "");
    cli_table_text(&ask->table, line.data, line.len);
    rp_buf_release(&line);
    return status;
}

static bool
put_found(void *ctx, const struct rp_found *found)
{
    struct cli_ask *ask = ctx;
    struct tf_err *err = &ask->err;
    uint64_t seq = found->event.seq;
    tf_status status;
    if (ask->json) {
        cli_json_open(&ask->to_json, '{');
        cli_rows_event(&ask->to_json, &found->event);
        status = cli_ask_holder_json(ask, &found->at, seq, err);
        if (status == TF_OK) {
            status = cli_ask_json_value(ask, "value", found->value, seq, err);
        }
        cli_json_close(&ask->to_json, '}');
        return cli_ask_row(ask) && status == TF_OK;
    }
    struct rp_buf place = RP_BUF_INIT;
    cli_ask_event_cells(ask, &found->event);
    cli_ask_holder_text(ask, &found->at, seq, &place);
    cli_table_text(&ask->table, place.data, place.len);
    rp_buf_release(&place);
    status = put_excerpt(ask, found->value, seq, err);
    return cli_ask_row(ask) && status == TF_OK;
}

static tf_status
run(struct cli_ask *ask, struct tf_err *err)
{
    struct rp_search search = {.text = text_of(ask)};
    tf_status status = cli_ask_range(ask, &search.range, err);
    if (status != TF_OK) {
        return status;
    }
    cli_ask_event_columns(ask);
    cli_table_column(&ask->table, "where", false);
    cli_table_column(&ask->table, "value", false);
    status = rp_search(ask->rp, &search, put_found, ask, err);
    return status != TF_OK || ask->shown
               ? status
               : tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                            "no recorded value holds '%.100s'", ask->whole);
}

const struct cli_question cli_question_search = {"search", &cli_search_program, run,
                                                 true, "a text to search"};

enum cli_answer
cli_do_search(struct cli_session *session, const char *args)
{
    return cli_ask_prompt(session, &cli_question_search, args);
}
