/* A session's life, and how a line becomes a command. */
#include "cli_session.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli_handlers.h"
#include "cli_help.h"
#include "cli_suggest.h"

#define PROGRESS_AFTER_NS 500000000u

static uint64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
show_progress(struct cli_session *session, uint64_t done, uint64_t total)
{
    struct cli_out *out = session->out->terminal ? session->out : session->env->err;
    char line[64];
    if (!out->terminal || session->batch || total == 0
        || now_ns() - session->started_ns < PROGRESS_AFTER_NS) {
        return;
    }
    snprintf(line, sizeof line, "searching: %.0f %%  (Ctrl-C stops it) ",
             100.0 * (double)(done < total ? done : total) / (double)total);
    cli_out_show(session->out);
    cli_out_status(out, line);
    session->progress_shown = true;
}

/* Shows how far a long search is, on a terminal, and stops it after Ctrl-C or when nobody
 * reads on. */
bool
cli_session_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct cli_session *session = ctx;
    show_progress(session, done, total);
    return !*session->env->interrupts && !cli_out_failed(session->out);
}

static void
progress_begin(struct cli_session *session)
{
    session->started_ns = now_ns();
    session->progress_shown = false;
    *session->env->interrupts = 0;
}

static void
progress_erase(struct cli_session *session)
{
    if (session->progress_shown) {
        cli_out_status(session->out->terminal ? session->out : session->env->err, "");
        session->progress_shown = false;
    }
}

tf_status
cli_session_init(struct cli_session *session, struct cli_env *env, const char *file,
                 struct tf_err *err)
{
    memset(session, 0, sizeof *session);
    session->env = env;
    session->out = env->out;
    session->file = file;
    session->display_next_id = 1;
    progress_begin(session);
    struct rp_options options = {.progress = cli_session_progress,
                                 .progress_ctx = session};
    tf_status status = rp_open(file, &options, &session->rp, err);
    progress_erase(session);
    if (status != TF_OK) {
        return status;
    }
    session->facts = rp_facts(session->rp);
    if (session->facts->event_count == 0) {
        return TF_OK;
    }
    status = rp_opening(session->rp, &session->opening, err);
    return status == TF_OK ? cli_go(session, session->opening.seq, err) : status;
}

void
cli_session_release(struct cli_session *session)
{
    for (size_t i = 0; i < session->display_count; i++) {
        free(session->display[i].text);
        free(session->display[i].shown);
    }
    free(session->display);
    cli_snapshots_release(session);
    rp_place_free(session->last_place);
    free(session->last_text);
    free(session->repeat);
    rp_close(session->rp);
}

enum cli_answer
cli_refuse(struct cli_session *session, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    progress_erase(session);
    if (session->batch) {
        cli_complain(session->env, "%s%s%s", session->command ? session->command : "",
                     session->command ? ": " : "", line);
        return CLI_NO;
    }
    cli_out_style(session->out, CLI_BAD);
    cli_out_text(session->out, line, strlen(line));
    cli_out_style(session->out, CLI_PLAIN);
    cli_out_char(session->out, '\n');
    return CLI_NO;
}

enum cli_answer
cli_refuse_err(struct cli_session *session, const struct tf_err *err)
{
    if (err->status == TF_ERR_INTERRUPTED && cli_out_failed(session->out)) {
        return CLI_NO; /* whoever left the pager knows */
    }
    if (err->status == TF_ERR_INTERRUPTED) {
        return cli_refuse(session, "interrupted: still at event %" PRIu64,
                          session->seq);
    }
    return cli_refuse(session, "%s", err->message);
}

enum cli_answer
cli_refuse_expr(struct cli_session *session, const char *text,
                const struct rp_expr_err *error, const struct tf_err *err)
{
    if (err->status != TF_ERR_ARGUMENT || !error->message[0]) {
        return cli_refuse_err(session, err);
    }
    if (session->batch) {
        return cli_refuse(session, "%s (column %zu of: %s)", error->message,
                          error->column + 1, text);
    }
    struct cli_out *out = session->out;
    cli_refuse(session, "%s", error->message);
    size_t len = strlen(text), before = error->column < len ? error->column : len;
    cli_out_str(out, "  ");
    size_t columns = cli_out_text(out, text, before);
    cli_out_text(out, text + before, len - before);
    cli_out_str(out, "\n  ");
    cli_out_pad(out, columns);
    cli_out_str(out, "^\n");
    return CLI_NO;
}

/* `r = 3`, `n - 1`: somebody has a variable of the command's name in mind. */
static void
refuse_args(struct cli_session *session, const char *args, const char *what)
{
    if (ispunct((unsigned char)*args)) {
        cli_refuse(session, "%s; as an expression: p %s %s", what, session->command,
                   args);
    }
    else {
        cli_refuse(session, "%s, not '%s'", what, args);
    }
}

bool
cli_count_arg(struct cli_session *session, const char *args, uint64_t fallback,
              uint64_t *ret_count)
{
    char *end;
    if (!*args) {
        *ret_count = fallback;
        return true;
    }
    uint64_t count = strtoull(args, &end, 10);
    if (!isdigit((unsigned char)*args) || *end || count == 0) {
        refuse_args(session, args, "takes a count, 1 or more");
        return false;
    }
    *ret_count = count;
    return true;
}

bool
cli_no_args(struct cli_session *session, const char *args)
{
    if (*args) {
        refuse_args(session, args, "takes nothing after it");
    }
    return !*args;
}

bool
cli_has_event(struct cli_session *session)
{
    if (!session->seq) {
        cli_refuse(session, "the recording has no events");
    }
    return session->seq != 0;
}

bool
cli_has_frame(struct cli_session *session)
{
    if (!session->frame.frame) {
        cli_refuse(session,
                   "no recorded function is running in thread %" PRIu32
                   " at this moment",
                   session->thread);
    }
    return session->frame.frame != 0;
}

enum cli_answer
cli_do_quit(struct cli_session *session, const char *args)
{
    (void)session, (void)args;
    return CLI_QUIT;
}

enum cli_answer
cli_do_help(struct cli_session *session, const char *args)
{
    size_t len = strlen(args);
    const struct cli_command *command = cli_command_find(args, len);
    if (!len) {
        cli_help_overview(session->out);
        return CLI_YES;
    }
    if (command) {
        cli_help_command(session->out, command);
        return CLI_YES;
    }
    if (cli_help_topic(session->out, args)) {
        return CLI_YES;
    }
    const char *why = cli_command_refusal(args, len);
    if (why) {
        cli_out_format(session->out, "no command `%s`: %s\n", args, why);
        return CLI_YES;
    }
    size_t near_len;
    const char *near = cli_suggest_command(args, len, &near_len);
    return near ? cli_refuse(session, "no command '%s'; did you mean: help %.*s", args,
                             (int)near_len, near)
                : cli_refuse(session, "no command '%s'; help lists them", args);
}

/* The quote that ends the string which begins there, or the line's last character. */
static const char *
string_end(const char *quote)
{
    const char *c = quote + 1;
    while (*c && *c != *quote) {
        c += *c == '\\' && c[1] ? 2 : 1;
    }
    return *c ? c : c - 1;
}

/* `x = 3`: an = that is no part of ==, <= and the like, outside brackets and strings. */
static bool
is_assignment(const char *line)
{
    int depth = 0;
    for (const char *c = line; *c; c++) {
        if (*c == '"' || *c == '\'') {
            c = string_end(c);
        }
        else if (strchr("([{", *c)) {
            depth++;
        }
        else if (strchr(")]}", *c)) {
            depth--;
        }
        else if (*c == '=' && depth == 0) {
            bool compares = c[1] == '=' || (c > line && strchr("=!<>:", c[-1]));
            if (!compares) {
                return true;
            }
            c += c[1] == '=';
        }
    }
    return false;
}

static bool
has_value(struct cli_session *session, const char *text)
{
    struct rp_expr *expr = NULL;
    struct rp_value value;
    bool has = rp_expr_parse(text, strlen(text), &expr, NULL, NULL) == TF_OK
               && rp_expr_eval(session->rp, expr, session->seq, session->frame.frame,
                               &value, NULL, NULL)
                      == TF_OK;
    if (has) {
        rp_value_release(&value);
    }
    rp_expr_free(expr);
    return has;
}

/* The command that is meant by a line if it has no value: its first word is nearly that,
 * and no variable. NULL: none. */
static const char *
find_meant(struct cli_session *session, const char *line, size_t *ret_len)
{
    char name[32];
    size_t word = strspn(line, "abcdefghijklmnopqrstuvwxyz-");
    const char *near = cli_suggest_command(line, word, ret_len);
    bool alone = !line[word] || line[word] == ' ' || line[word] == '\t';
    snprintf(name, sizeof name, "%.*s", (int)word, line);
    return near && alone && !has_value(session, name) ? near : NULL;
}

/* What is neither a command nor an expression with a value may be something that people
 * know from pdb: say why it is not here. Or it is mistyped. */
static enum cli_answer
run_expression(struct cli_session *session, const char *line)
{
    size_t word = strcspn(line, " \t(="), near_len;
    const char *why = cli_command_refusal(line, word);
    session->command = NULL;
    if (is_assignment(line)) {
        return cli_refuse(session, "a recording cannot be changed (to compare: ==)");
    }
    const char *near = find_meant(session, line, &near_len);
    if ((!why && !near) || has_value(session, line)) {
        return cli_do_print(session, line);
    }
    if (why) {
        return cli_refuse(session, "no %.*s here: %s", (int)word, line, why);
    }
    return cli_refuse(session, "no command or variable '%.*s'; did you mean: %.*s",
                      (int)strcspn(line, " \t"), line, (int)near_len, near);
}

static const char *
skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

static enum cli_answer
run_one(struct cli_session *session, const char *line)
{
    char name[32];
    size_t word = cli_command_word(line);
    if (*line == '!' || !word) {
        return run_expression(session, skip_blanks(line + (*line == '!')));
    }
    const struct cli_command *command = cli_command_find(line, word);
    snprintf(name, sizeof name, "%.*s", (int)word, line);
    session->command = name;
    enum cli_answer answer = command->run(session, skip_blanks(line + word));
    session->command = NULL;
    free(session->repeat);
    session->repeat = command->repeats && answer == CLI_YES ? strdup(line) : NULL;
    return answer;
}

/* The first `;;` outside a string; NULL: none. */
static const char *
find_separator(const char *line)
{
    for (const char *c = line; *c; c++) {
        if (*c == '"' || *c == '\'') {
            c = string_end(c);
        }
        else if (c[0] == ';' && c[1] == ';') {
            return c;
        }
    }
    return NULL;
}

const char *
cli_last_command(const char *line)
{
    for (const char *at; (at = find_separator(line));) {
        line = at + 2;
    }
    return line;
}

/* Cuts `line` at the first separator; returns what follows, NULL: nothing. */
static char *
split_commands(char *line)
{
    char *at = (char *)find_separator(line);
    if (at) {
        *at = 0;
    }
    return at ? at + 2 : NULL;
}

static void
trim_end(char *line)
{
    size_t len = strlen(line);
    while (len > 0 && isspace((unsigned char)line[len - 1])) {
        line[--len] = 0;
    }
}

static void
put_echo(struct cli_session *session, const char *line)
{
    cli_out_format(session->out, "(event %" PRIu64 "/%" PRIu64 " t%" PRIu32 ") ",
                   session->seq, session->facts->last_seq, session->thread);
    cli_out_text(session->out, line, strlen(line));
    cli_out_char(session->out, '\n');
}

enum cli_answer
cli_session_line(struct cli_session *session, const char *line)
{
    const char *again = session->repeat ? session->repeat : "";
    char *copy = strdup(*skip_blanks(line) ? line : again);
    enum cli_answer answer = CLI_YES;
    if (!copy) {
        return cli_refuse(session, "out of memory");
    }
    if (session->echo) {
        put_echo(session, copy);
    }
    if (!session->batch) {
        cli_out_page_begin(session->out);
    }
    for (char *part = copy, *rest; part && answer == CLI_YES; part = rest) {
        rest = split_commands(part);
        part = (char *)skip_blanks(part);
        trim_end(part);
        if (!*part || *part == '#') {
            continue;
        }
        progress_begin(session);
        answer = run_one(session, part);
        progress_erase(session);
    }
    cli_out_page_end(session->out);
    cli_out_flush(session->out);
    free(copy);
    return answer;
}
