#include "cli_ask.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PROMPT_LIMIT 100u

static uint64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- Options --- */

static tf_status
set_u64(const char *option, const char *value, uint64_t *ret_number, struct tf_err *err)
{
    unsigned long long number;
    tf_status status = cl_number(option, value, UINT64_MAX, &number, err);
    if (status == TF_OK) {
        *ret_number = number;
    }
    return status;
}

static tf_status
set_format(struct cli_ask *ask, const char *value, struct tf_err *err)
{
    ask->json = strcmp(value, "json") == 0 || strcmp(value, "jsonl") == 0;
    return ask->json || strcmp(value, "text") == 0
               ? TF_OK
               : tf_err_set(err, TF_ERR_ARGUMENT, -1,
                            "--format: '%.60s' is neither text nor json", value);
}

static tf_status
set_option(void *context, int id, const char *value, struct tf_err *err)
{
    struct cli_ask *ask = context;
    uint64_t number = 0;
    tf_status status = TF_OK;
    switch (id) {
    case ASK_FORMAT: return set_format(ask, value, err);
    case ASK_LIMIT:
        ask->limited = true;
        return set_u64("--limit", value, &ask->limit, err);
    case ASK_THREAD:
        status = set_u64("--thread", value, &number, err);
        if (status == TF_OK && (number == 0 || number > UINT32_MAX)) {
            return tf_err_set(err, TF_ERR_ARGUMENT, -1, "--thread: threads begin at 1");
        }
        ask->thread = (uint32_t)number;
        return status;
    case ASK_FROM: return set_u64("--from", value, &ask->from_seq, err);
    case ASK_TO: return set_u64("--to", value, &ask->to_seq, err);
    case ASK_AT: return set_u64("--at", value, &ask->at_seq, err);
    case ASK_DEPTH: return set_u64("--depth", value, &ask->depth, err);
    case ASK_WITHIN: ask->within_text = value; break;
    case ASK_WHERE: ask->where_text = value; break;
    case ASK_LAST: ask->backward = true; /* fall through */
    case ASK_FIRST:
        ask->limited = true;
        ask->limit = 1;
        break;
    case ASK_COUNT: ask->count_only = true; break;
    case ASK_ALL: ask->all = true; break;
    case ASK_FULL: ask->full = true; break;
    }
    return status;
}

/* --- Operands --- */

char *
cli_ask_cut(char *text, const char *word, bool last)
{
    size_t len = strlen(word);
    int depth = 0;
    char quote = 0, *found = NULL;
    for (char *c = text; *c; c++) {
        if (quote) {
            quote = *c == quote ? 0 : quote;
            c += *c == '\\' && c[1];
        }
        else if (*c == '"' || *c == '\'') {
            quote = *c;
        }
        else if (strchr("([{", *c)) {
            depth++;
        }
        else if (strchr(")]}", *c)) {
            depth--;
        }
        else if (depth == 0 && strncmp(c, word, len) == 0
                 && (c == text || isspace((unsigned char)c[-1]))
                 && isspace((unsigned char)c[len]) && (last || !found)) {
            found = c;
        }
    }
    if (!found) {
        return NULL;
    }
    char *rest = found + len + strspn(found + len, " \t");
    while (found > text && isspace((unsigned char)found[-1])) {
        found--;
    }
    *found = 0;
    return rest;
}

static char *
join(char **words, int count)
{
    struct rp_buf line = RP_BUF_INIT;
    for (int i = 0; i < count; i++) {
        rp_buf_add_string(&line, i ? " " : "");
        rp_buf_add_string(&line, words[i]);
    }
    char *copy = line.failed ? NULL : strdup(line.data ? line.data : "");
    rp_buf_release(&line);
    return copy;
}

static bool
take_operands(struct cli_ask *ask, char **words, int count)
{
    ask->first = strdup(count ? words[0] : "");
    ask->rest = join(words + (count > 0), count - (count > 0));
    ask->whole = join(words, count);
    return ask->first && ask->rest && ask->whole;
}

static void
ask_release(struct cli_ask *ask)
{
    free(ask->first);
    free(ask->rest);
    free(ask->whole);
    free(ask->code);
    rp_expr_free(ask->where);
    rp_buf_release(&ask->text);
    rp_buf_release(&ask->made);
    cli_table_release(&ask->table);
}

tf_status
cli_ask_parse(struct cli_ask *ask, const char *text, struct rp_expr **ret_expr,
              struct tf_err *err)
{
    struct rp_expr_err error = {0};
    tf_status status = rp_expr_parse(text, strlen(text), ret_expr, &error, err);
    if (status != TF_ERR_ARGUMENT || !error.message[0]) {
        return status;
    }
    if (ask->session && !ask->session->batch) {
        cli_refuse_expr(ask->session, text, &error, err);
        err->message[0] = 0; /* said */
        return status;
    }
    return tf_err_set(err, TF_ERR_ARGUMENT, -1, "%s (column %zu of: %.200s)",
                      error.message, error.column + 1, text);
}

tf_status
cli_ask_range(struct cli_ask *ask, struct rp_range *ret_range, struct tf_err *err)
{
    struct rp_range range = {
        .from_seq = ask->from_seq, .to_seq = ask->to_seq, .thread = ask->thread};
    tf_status status = TF_OK;
    if (ask->within_text) {
        struct tf_text name = {ask->within_text, strlen(ask->within_text)};
        status = rp_codes_meant(ask->rp, name, &ask->code, &ask->code_count, err);
        range.code = ask->code;
        range.code_count = ask->code_count;
    }
    if (status == TF_OK && ask->where_text && !ask->where) {
        status = cli_ask_parse(ask, ask->where_text, &ask->where, err);
    }
    if (status == TF_OK) {
        *ret_range = range;
    }
    return status;
}

/* --- Rows --- */

/* What is there so far. */
static void
show_rows(struct cli_ask *ask)
{
    ask->due = ask->table.at != 0; /* in the middle of a row: at its end */
    cli_table_flush(&ask->table);
    if (!ask->session && ask->shown > 0 && ask->out->len > 0) {
        cli_out_status(ask->env->err, "");
        cli_out_flush(ask->out);
    }
}

bool
cli_ask_row(struct cli_ask *ask)
{
    if (ask->json) {
        cli_json_end(&ask->to_json);
    }
    else if (ask->table.at > 0) {
        cli_table_end_row(&ask->table);
    }
    ask->shown++;
    if (ask->due) {
        show_rows(ask);
    }
    if (ask->limit && ask->shown >= ask->limit) {
        ask->more = true;
        return false;
    }
    return ask->err.status == TF_OK && !cli_out_failed(ask->out);
}

/* After so many chunks that were read for one object each, rows fold what would need more:
 * the last of a million rows comes in seconds instead of hours. */
#define STRAYS_MAX 250u

static const struct rp_limits ROW_TEXT = {.chars = 200, .items = 10, .depth = 3};
static const struct rp_limits ROW_JSON = {.chars = 4000, .items = 100, .depth = 4};

tf_status
cli_ask_value(struct cli_ask *ask, const struct rp_value *value, uint64_t seq,
              bool as_str, struct tf_err *err)
{
    const struct rp_limits *limits = ask->full   ? NULL
                                     : ask->json ? &ROW_JSON
                                                 : &ROW_TEXT;
    if (limits == &ROW_TEXT && rp_strays(ask->rp) - ask->strays > STRAYS_MAX) {
        ask->folds = true;
        rp_fold_strays(ask->rp, true);
    }
    rp_buf_clear(&ask->text);
    return as_str ? rp_value_str(ask->rp, value, seq, limits, &ask->text, err)
                  : rp_value_text(ask->rp, value, seq, limits, &ask->text, NULL, NULL,
                                  err);
}

tf_status
cli_ask_json_value(struct cli_ask *ask, const char *key, const struct rp_value *value,
                   uint64_t seq, struct tf_err *err)
{
    struct cli_json *json = &ask->to_json;
    cli_json_key(json, key);
    if (!value) {
        cli_json_null(json);
        return TF_OK;
    }
    tf_status status = cli_ask_value(ask, value, seq, false, err);
    cli_json_text(json, ask->text.data ? ask->text.data : "", ask->text.len);
    return status;
}

void
cli_ask_event_columns(struct cli_ask *ask)
{
    cli_table_column(&ask->table, "event", true);
    if (rp_facts(ask->rp)->thread_count > 1) {
        cli_table_column(&ask->table, "thread", false);
    }
    cli_table_column(&ask->table, "place", false);
    cli_table_column(&ask->table, "function", false);
}

void
cli_ask_event_cells(struct cli_ask *ask, const struct rp_event *event)
{
    cli_table_u64(&ask->table, event->seq);
    if (rp_facts(ask->rp)->thread_count > 1) {
        char thread[16];
        snprintf(thread, sizeof thread, "t%" PRIu32, event->thread);
        cli_table_str(&ask->table, thread);
    }
    cli_table_place(&ask->table, ask->rp, event->file, event->lineno);
    cli_table_function(&ask->table, event->code);
}

/* --- On the way --- */

/* Rows that are there are shown now and then, so that the first is seen at once. */
static bool
on_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct cli_ask *ask = ctx;
    uint64_t now = now_ns();
    if (ask->session) {
        show_rows(ask);
        return cli_session_progress(ask->session, done, total);
    }
    if (ask->env->err->terminal && total > 0 && now - ask->started_ns > 500000000u
        && now - ask->told_ns > 100000000u) {
        char line[64];
        ask->told_ns = now;
        snprintf(line, sizeof line, "searching: %.0f %%  (Ctrl-C stops it) ",
                 100.0 * (double)(done < total ? done : total) / (double)total);
        cli_out_status(ask->env->err, line);
    }
    show_rows(ask);
    return !*ask->env->interrupts && !cli_out_failed(ask->out);
}

/* Whether there is anything to ask about; `at_seq` checked. */
static tf_status
find_position(struct cli_ask *ask, struct tf_err *err)
{
    struct rp_event event;
    if (ask->at_seq) {
        ask->seq = ask->at_seq;
        ask->frame = 0;
    }
    if (ask->frame || rp_facts(ask->rp)->event_count == 0) {
        return TF_OK;
    }
    tf_status status = rp_event_at(ask->rp, ask->seq, &event, err);
    if (status == TF_OK) {
        ask->frame = event.frame;
    }
    return status;
}

static tf_status
answer(struct cli_ask *ask, struct tf_err *err)
{
    if (rp_facts(ask->rp)->event_count == 0) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no event was recorded");
    }
    cli_table_init(&ask->table, ask->out);
    cli_json_init(&ask->to_json, ask->out);
    ask->started_ns = now_ns();
    ask->strays = rp_strays(ask->rp);
    rp_set_progress(ask->rp, on_progress, ask);
    tf_status status = find_position(ask, err);
    if (status == TF_OK) {
        status = ask->question->run(ask, err);
    }
    if (status == TF_OK && ask->err.status != TF_OK) {
        *err = ask->err;
        status = ask->err.status;
    }
    if (status != TF_OK) {
        cli_json_drop(&ask->to_json);
    }
    cli_table_flush(&ask->table);
    rp_fold_strays(ask->rp, false);
    if (ask->folds) {
        cli_out_str(ask->out, "(<#ID ...>: folded, last written long before its row; ");
        cli_out_str(ask->out, "--full or --format json shows it)\n");
    }
    if (!ask->session) {
        cli_out_status(ask->env->err, "");
    }
    return status;
}

static bool
misses_operand(const struct cli_ask *ask)
{
    return ask->question->operand && !ask->whole[strspn(ask->whole, " \t")];
}

/* --- From the shell --- */

static tf_status
open_file(struct cli_ask *ask, struct tf_err *err)
{
    struct rp_opening opening;
    struct rp_options options = {.progress = on_progress, .progress_ctx = ask};
    ask->started_ns = now_ns();
    tf_status status = rp_open(ask->file, &options, &ask->rp, err);
    if (status == TF_OK) {
        cli_warn_incomplete(ask->env, ask->file, ask->rp);
    }
    if (status == TF_OK && rp_facts(ask->rp)->event_count > 0) {
        status = rp_opening(ask->rp, &opening, err);
        ask->seq = status == TF_OK ? opening.seq : 0;
    }
    return status;
}

static int
shell_exit(struct cli_ask *ask, tf_status status, const struct tf_err *err)
{
    if (status == TF_OK || cli_out_failed(ask->out)) {
        return CLI_EXIT_DONE; /* nobody reads on: cli_finish() says so where it matters */
    }
    if (status == TF_ERR_INTERRUPTED) {
        cli_complain(ask->env, "interrupted");
        return CLI_EXIT_FAULT;
    }
    return cli_complain_err(ask->env, ask->file, err);
}

static int
run_shell(struct cli_ask *ask, int argc, char **argv)
{
    const struct cl_program *program = ask->question->program;
    struct tf_err err = TF_ERR_INIT;
    struct cl_result result;
    if (cl_parse(program, argc, argv, set_option, ask, &result, &err) != TF_OK) {
        return cli_wrong_call(ask->env, program, err.message);
    }
    if (result.request != CL_RUN) {
        cl_answer(program, result.request, stdout);
        return fflush(stdout) == 0 ? CLI_EXIT_DONE : CLI_EXIT_FAULT;
    }
    if (result.operand_idx >= argc) {
        return cli_wrong_call(ask->env, program, "which recording? A FILE is missing");
    }
    ask->file = argv[result.operand_idx];
    if (!take_operands(ask, argv + result.operand_idx + 1,
                       argc - result.operand_idx - 1)) {
        tf_err_set(&err, TF_ERR_MEMORY, -1, "out of memory");
        return cli_complain_err(ask->env, NULL, &err);
    }
    if (misses_operand(ask)) {
        char message[160];
        snprintf(message, sizeof message, "%s is missing", ask->question->operand_is);
        return cli_wrong_call(ask->env, program, message);
    }
    if (!ask->question->operand && ask->whole[0] && !ask->question->operand_is) {
        return cli_wrong_call(ask->env, program, "one recording at a time");
    }
    ask->env->interrupts_catch();
    *ask->env->interrupts = 0;
    tf_status status = open_file(ask, &err);
    if (status == TF_OK) {
        status = answer(ask, &err);
    }
    return shell_exit(ask, status, &err);
}

int
cli_ask_shell(struct cli_env *env, const struct cli_question *question, int argc,
              char **argv)
{
    struct cli_ask ask = {.question = question, .env = env, .out = env->out};
    int status = run_shell(&ask, argc, argv);
    ask_release(&ask);
    rp_close(ask.rp);
    return status;
}

/* --- At the prompt --- */

#define WORDS_MAX 32

static const struct cl_option *
option_named(const struct cl_program *program, const char *name, size_t len)
{
    for (const struct cl_option *o = program->options; o->id; o++) {
        if (o->long_name && strlen(o->long_name) == len
            && memcmp(o->long_name, name, len) == 0) {
            return o;
        }
    }
    return NULL;
}

/* The end of a word that begins at `text`: quotes hold blanks together. They are taken
 * away. */
static char *
take_word(char *text)
{
    char *to = text, quote = 0;
    for (; *text && (quote || !isspace((unsigned char)*text)); text++) {
        if (quote ? *text == quote : *text == '"' || *text == '\'') {
            quote = quote ? 0 : *text;
        }
        else {
            *to++ = *text;
        }
    }
    char *rest = text + strspn(text, " \t");
    *to = 0;
    return rest;
}

/* The options that a line begins with become words; returns what follows them. */
static char *
take_options(const struct cl_program *program, char *line, char **words, int *count)
{
    while (line[0] == '-' && line[1] == '-' && *count < WORDS_MAX - 4) {
        size_t len = strcspn(line + 2, "= \t");
        bool inside = line[2 + len] == '=';
        const struct cl_option *option = option_named(program, line + 2, len);
        words[(*count)++] = line;
        line = take_word(line);
        if (option && option->argument && !inside && *line) {
            words[(*count)++] = line;
            line = take_word(line);
        }
    }
    return line;
}

static enum cli_answer
prompt_answer(struct cli_ask *ask, tf_status status, const struct tf_err *err)
{
    if (status != TF_OK) {
        return err->message[0] ? cli_refuse_err(ask->session, err) : CLI_NO;
    }
    if (ask->more && !ask->json && ask->limit != 1) {
        cli_out_format(ask->out, "... and perhaps more: %s --limit %" PRIu64 " ...\n",
                       ask->question->name, ask->limit * 10);
    }
    return CLI_YES;
}

static enum cli_answer
run_prompt(struct cli_ask *ask, char *line)
{
    const struct cl_program *program = ask->question->program;
    struct tf_err err = TF_ERR_INIT;
    struct cl_result result;
    char *words[WORDS_MAX] = {(char *)ask->question->name};
    int count = 1;
    line = take_options(program, line, words, &count);
    words[count] = NULL;
    if (cl_parse(program, count, words, set_option, ask, &result, &err) != TF_OK) {
        return cli_refuse(ask->session, "%s", err.message);
    }
    if (result.request != CL_RUN) {
        return cli_refuse(ask->session, "help %s explains it", ask->question->name);
    }
    size_t word = strcspn(line, " \t");
    char *rest = line + word + strspn(line + word, " \t"), *copy = strdup(line);
    char *parts[2] = {line, rest};
    bool fine = copy != NULL;
    line[word] = 0;
    fine = fine && take_operands(ask, parts, *rest ? 2 : *line ? 1 : 0);
    free(ask->whole);
    ask->whole = copy;
    if (!fine) {
        return cli_refuse(ask->session, "out of memory");
    }
    if (misses_operand(ask)) {
        return cli_refuse(ask->session, "%s is missing", ask->question->operand_is);
    }
    if (!ask->limited && !ask->json) {
        ask->limit = PROMPT_LIMIT;
    }
    return prompt_answer(ask, answer(ask, &err), &err);
}

enum cli_answer
cli_ask_prompt(struct cli_session *session, const struct cli_question *question,
               const char *args)
{
    struct cli_ask ask = {
        .question = question,
        .env = session->env,
        .out = session->out,
        .rp = session->rp,
        .session = session,
        .seq = session->seq,
        .frame = session->frame.frame,
    };
    char *line = strdup(args);
    if (!line) {
        return cli_refuse(session, "out of memory");
    }
    enum cli_answer got = run_prompt(&ask, line);
    rp_set_progress(session->rp, cli_session_progress, session);
    free(line);
    ask_release(&ask);
    return got;
}
