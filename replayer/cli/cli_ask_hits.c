/* `hits`: a print statement added afterwards. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_ask.h"
#include "cli_handlers.h"

static const struct cl_option OPTIONS[] = {
    {.id = ASK_WHERE,
     .long_name = "where",
     .argument = "EXPR",
     .help = "only where EXPR holds; so does `FORMAT where EXPR`",
     .group = "Which executions"},
    {.id = ASK_COUNT, .long_name = "count", .help = "only how many there are"},
    CLI_ASK_RANGE,
    CLI_ASK_OPTIONS,
    CLI_ASK_FULL,
    {0},
};

static const char *const USAGE[] = {
    "[OPTION...] FILE SOURCE:LINE [FORMAT] [where EXPR]", NULL};

static const struct cl_section SECTIONS[] = {
    {"What it prints",
     "A row each time that the line was about to run. FORMAT is one expression or several "
     "with commas in between, each a column: \"i, total, len(items)\". An f-string prints "
     "what print() would: f\"{name:>10} {price:.2f}\"; so does a text that is no expression: "
     "'{name}: {price}'. The variables are those before the "
     "line runs."},
    {"JSON lines",
     "Fields: seq, time_ns, thread, frame, depth, file, function, line, values (expression "
     "to text; null where it has no value), errors (expression to reason; only where there "
     "is one). With --count one object: hits."},
    {"Exit status",
     "0 done, 1 when the line never ran (so), 2 when there is no such line, "
     "3 when the file cannot be read."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay hits shop.pyrec shop.py:14", "when did this line run?"},
    {"pyreplay hits shop.pyrec shop.py:14 'name, price, price * rate'",
     "and what was it about?"},
    {"pyreplay hits shop.pyrec shop.py:14 'name' --where 'price < 0'",
     "in the cases of interest"},
    {0},
};

const struct cl_program cli_hits_program = {
    .name = "pyreplay hits",
    .summary = "what expressions were each time that a line ran",
    .usage = USAGE,
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

struct hits_ask {
    struct cli_ask *ask;
    char *text[CLI_TABLE_COLUMNS]; /* of the expressions; borrowed */
    struct rp_expr *expr[CLI_TABLE_COLUMNS];
    size_t count;
};

/* The end of an expression: a comma outside strings and brackets, or the text's end. */
static char *
expression_end(char *text)
{
    int depth = 0;
    char quote = 0;
    for (; *text && !(depth == 0 && !quote && *text == ','); text++) {
        if (quote) {
            quote = *text == quote ? 0 : quote;
            text += *text == '\\' && text[1];
        }
        else if (*text == '"' || *text == '\'') {
            quote = *text;
        }
        else if (strchr("([{", *text)) {
            depth++;
        }
        else if (strchr(")]}", *text)) {
            depth--;
        }
    }
    return text;
}

static char *
trimmed(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        text[--len] = 0;
    }
    return text;
}

static bool
is_expressions(char *format)
{
    for (char *text = format;; text++) {
        char *end = expression_end(text);
        struct rp_expr *expr = NULL;
        bool fine =
            rp_expr_parse(text, (size_t)(end - text), &expr, NULL, NULL) == TF_OK;
        rp_expr_free(expr);
        if (!fine || !*end) {
            return fine;
        }
        text = end;
    }
}

/* One string without a prefix, from quote to quote. */
static bool
is_plain_string(const char *text, size_t len)
{
    return len >= 2 && (*text == '"' || *text == '\'')
           && memchr(text + 1, *text, len - 1) == text + len - 1;
}

/* `{name}: {price}`, with quotes around it or without, as after print(f: an f-string.
 * False: it is expressions, or no text that can be quoted. */
static bool
make_template(struct hits_ask *hits, char *format)
{
    char *text = trimmed(format);
    size_t len = strlen(text);
    bool quoted = is_plain_string(text, len);
    const char *quote = strchr(text, '"') ? "'" : "\"";
    if (!strchr(text, '{')
        || (!quoted && (is_expressions(text) || strstr(text, quote)))) {
        return false;
    }
    rp_buf_add_string(&hits->ask->made, "f");
    rp_buf_add_string(&hits->ask->made, quoted ? "" : quote);
    rp_buf_add(&hits->ask->made, text, len);
    rp_buf_add_string(&hits->ask->made, quoted ? "" : quote);
    return !hits->ask->made.failed;
}

static tf_status
parse_format(struct hits_ask *hits, char *format, struct tf_err *err)
{
    tf_status status = TF_OK;
    if (make_template(hits, format)) {
        format = hits->ask->made.data;
    }
    bool more = *trimmed(format) != 0;
    while (more && status == TF_OK) {
        char *end = expression_end(format);
        more = *end == ',';
        *end = 0;
        if (hits->count == CLI_TABLE_COLUMNS - 4) {
            return tf_err_set(err, TF_ERR_ARGUMENT, -1, "too many columns");
        }
        hits->text[hits->count] = trimmed(format);
        status = cli_ask_parse(hits->ask, hits->text[hits->count],
                               &hits->expr[hits->count], err);
        hits->count += status == TF_OK;
        format = end + 1;
    }
    return status;
}

static bool
is_format(const char *text)
{
    size_t prefix = strspn(text, "fFrR");
    return prefix > 0 && (text[prefix] == '"' || text[prefix] == '\'')
           && (memchr(text, 'f', prefix) || memchr(text, 'F', prefix));
}

static tf_status
put_json(struct hits_ask *hits, const struct rp_hit *hit, struct tf_err *err)
{
    struct cli_json *json = &hits->ask->to_json;
    tf_status status = TF_OK;
    bool errors = false;
    cli_json_open(json, '{');
    cli_rows_event(json, &hit->event);
    cli_json_key(json, "values");
    cli_json_open(json, '{');
    for (size_t i = 0; i < hits->count && status == TF_OK; i++) {
        const struct rp_cell *cell = &hit->cell[i];
        errors |= !cell->has;
        struct rp_buf *text = &hits->ask->text;
        cli_json_key_text(json, hits->text[i], strlen(hits->text[i]));
        if (!cell->has) {
            cli_json_null(json);
            continue;
        }
        status = cli_ask_value(hits->ask, &cell->value, hit->event.seq, false, err);
        cli_json_text(json, text->data ? text->data : "", text->len);
    }
    cli_json_close(json, '}');
    if (errors) {
        cli_json_key(json, "errors");
        cli_json_open(json, '{');
        for (size_t i = 0; i < hits->count; i++) {
            const struct rp_cell *cell = &hit->cell[i];
            if (!cell->has) {
                cli_json_key_text(json, hits->text[i], strlen(hits->text[i]));
                cli_json_text(json, cell->error.message, strlen(cell->error.message));
            }
        }
        cli_json_close(json, '}');
    }
    cli_json_close(json, '}');
    return status;
}

static tf_status
put_text(struct hits_ask *hits, const struct rp_hit *hit, struct tf_err *err)
{
    struct cli_ask *ask = hits->ask;
    tf_status status = TF_OK;
    cli_ask_event_cells(ask, &hit->event);
    for (size_t i = 0; i < hits->count && status == TF_OK; i++) {
        const struct rp_cell *cell = &hit->cell[i];
        if (cell->has) {
            status = cli_ask_value(ask, &cell->value, hit->event.seq,
                                   is_format(hits->text[i]), err);
            cli_table_text(&ask->table, ask->text.data, ask->text.len);
        }
        else {
            rp_buf_clear(&ask->text);
            rp_buf_addf(&ask->text, "<%s>", cell->error.message);
            cli_table_text(&ask->table, ask->text.data, ask->text.len);
        }
    }
    return status;
}

static bool
put_hit(void *ctx, const struct rp_hit *hit)
{
    struct hits_ask *hits = ctx;
    struct cli_ask *ask = hits->ask;
    tf_status status =
        ask->json ? put_json(hits, hit, &ask->err) : put_text(hits, hit, &ask->err);
    return cli_ask_row(ask) && status == TF_OK;
}

/* --- SOURCE:LINE --- */

static tf_status
ambiguous(const struct rp *rp, const char *text, const uint32_t *file, size_t count,
          struct tf_err *err)
{
    char list[160] = "";
    for (size_t i = 0; i < count && i < 4; i++) {
        struct tf_text path = cli_short_path(rp, rp_file(rp, file[i]));
        size_t len = strlen(list);
        snprintf(list + len, sizeof list - len, "%s%.*s", i ? ", " : "", (int)path.len,
                 path.data);
    }
    return tf_err_set(err, TF_ERR_ARGUMENT, -1, "'%.60s' may be several files: %s",
                      text, list);
}

static tf_status
find_line(struct cli_ask *ask, struct rp_hits *ret_hits, struct tf_err *err)
{
    struct rp_break_spec spec;
    struct rp_event here = {.file = rp_file(ask->rp, 0)};
    uint32_t file[8];
    uint64_t runs;
    bool has_code;
    tf_status status = rp_event_at(ask->rp, ask->seq, &here, err);
    if (status == TF_OK) {
        status = rp_break_parse(ask->rp, ask->first, here.file->id, &spec, err);
    }
    if (status != TF_OK) {
        return status;
    }
    if (spec.sort != RP_BREAK_LINE) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "'%.60s' is no line; it is asked for as SOURCE:LINE",
                          ask->first);
    }
    file[0] = spec.file_id;
    size_t count = spec.file.len ? rp_files_named(ask->rp, spec.file, file, 8) : 1;
    if (count == 0) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "no file '%.*s' in the recording",
                          (int)(spec.file.len < 100 ? spec.file.len : 100),
                          spec.file.data);
    }
    if (count > 1) {
        return ambiguous(ask->rp, ask->first, file, count < 8 ? count : 8, err);
    }
    status = rp_line_hits(ask->rp, file[0], spec.lineno, &runs, &has_code, err);
    if (status == TF_OK && !has_code) {
        status = tf_err_set(err, TF_ERR_ARGUMENT, -1,
                            "nothing that ran has code at %.100s", ask->first);
    }
    if (status == TF_OK) {
        ret_hits->file_id = file[0];
        ret_hits->lineno = spec.lineno;
    }
    return status;
}

static bool
count_hit(void *ctx, const struct rp_hit *hit)
{
    uint64_t *count = ctx;
    (void)hit;
    ++*count;
    return true;
}

/* Without conditions the index knows. */
static tf_status
count_hits(struct cli_ask *ask, struct rp_hits *hits, struct tf_err *err)
{
    const struct rp_range *range = &hits->range;
    bool has_code,
        all = !ask->where && !range->from_seq && !range->to_seq && !range->thread;
    uint64_t count = 0;
    hits->where = ask->where;
    tf_status status =
        all ? rp_line_hits(ask->rp, hits->file_id, hits->lineno, &count, &has_code, err)
            : rp_hits(ask->rp, hits, count_hit, &count, err);
    if (status != TF_OK) {
        return status;
    }
    if (ask->json) {
        cli_json_open(&ask->to_json, '{');
        cli_rows_u64(&ask->to_json, "hits", count);
        cli_json_close(&ask->to_json, '}');
        cli_json_end(&ask->to_json);
        return TF_OK;
    }
    cli_put_counted(ask->out, count, "time");
    cli_out_char(ask->out, '\n');
    return TF_OK;
}

static tf_status
ask_hits(struct hits_ask *ask_of, struct rp_hits *hits, struct tf_err *err)
{
    struct cli_ask *ask = ask_of->ask;
    cli_ask_event_columns(ask);
    for (size_t i = 0; i < ask_of->count; i++) {
        cli_table_column(&ask->table, ask_of->text[i], false);
    }
    hits->where = ask->where;
    hits->column = (const struct rp_expr *const *)ask_of->expr;
    hits->column_count = ask_of->count;
    tf_status status = rp_hits(ask->rp, hits, put_hit, ask_of, err);
    return status != TF_OK || ask->shown
               ? status
               : tf_err_set(err, TF_ERR_NOT_FOUND, -1, "%.100s never ran%s", ask->first,
                            ask->where ? " where that holds" : "");
}

static tf_status
run(struct cli_ask *ask, struct tf_err *err)
{
    struct hits_ask ask_of = {.ask = ask};
    struct rp_hits hits = {.file_id = 0};
    char *where = cli_ask_cut(ask->rest, "where", true);
    if (!where && strncmp(ask->rest, "where ", 6) == 0) {
        where = ask->rest + 6;
        *ask->rest = 0;
    }
    ask->where_text = where ? where : ask->where_text;
    tf_status status = cli_ask_range(ask, &hits.range, err);
    if (status == TF_OK) {
        status = find_line(ask, &hits, err);
    }
    if (status == TF_OK) {
        status = parse_format(&ask_of, ask->rest, err);
    }
    if (status == TF_OK) {
        status = ask->count_only ? count_hits(ask, &hits, err)
                                 : ask_hits(&ask_of, &hits, err);
    }
    for (size_t i = 0; i < ask_of.count; i++) {
        rp_expr_free(ask_of.expr[i]);
    }
    return status;
}

const struct cli_question cli_question_hits = {"hits", &cli_hits_program, run, true,
                                               "a line, such as shop.py:14,"};

enum cli_answer
cli_do_hits(struct cli_session *session, const char *args)
{
    return cli_ask_prompt(session, &cli_question_hits, args);
}
