/* The first screen: what was run, how it ended, where it failed, what to try. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli_session.h"

#define SCREEN_FRAMES 8
#define SCREEN_LOCALS 10
#define HINT_COLUMNS  24

static void
put_heading(struct cli_out *out, const char *text)
{
    cli_out_char(out, '\n');
    cli_out_style(out, CLI_BOLD);
    cli_out_str(out, text);
    cli_out_style(out, CLI_PLAIN);
}

static bool
is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool
is_word_at(struct tf_text line, size_t at, size_t len)
{
    bool begins =
        at == 0 || (!is_name_char(line.data[at - 1]) && line.data[at - 1] != '.');
    return begins && (at + len == line.len || !is_name_char(line.data[at + len]));
}

/* Where the name stands in the line as a word, and not as an attribute or in a string: the
 * place after it; 0: nowhere. */
static size_t
find_name(struct tf_text line, struct tf_text name)
{
    char quote = 0;
    for (size_t i = 0; name.len && i + name.len <= line.len; i++) {
        char c = line.data[i];
        if (quote || c == '"' || c == '\'') {
            quote = !quote ? c : quote == c ? 0 : quote;
        }
        else if (memcmp(line.data + i, name.data, name.len) == 0
                 && is_word_at(line, i, name.len)) {
            return i + name.len;
        }
    }
    return 0;
}

/* Length of the attributes (".items.first") that follow at `from`, without a last one
 * that is called. */
static size_t
attributes_len(struct tf_text line, size_t from)
{
    size_t end = from;
    while (end < line.len && line.data[end] == '.') {
        size_t at = end + 1;
        while (at < line.len && is_name_char(line.data[at])) {
            at++;
        }
        if (at == end + 1 || (at < line.len && line.data[at] == '(')) {
            break;
        }
        end = at;
    }
    return end - from;
}

/* A local that the failing line uses, a variable rather than an argument: what one asks
 * about first. */
static const struct rp_var *
find_suspect(const struct rp_vars *vars, struct tf_text line)
{
    const struct rp_var *suspect = NULL;
    for (size_t i = 0; i < vars->count; i++) {
        const struct rp_var *var = &vars->var[i];
        bool better = !suspect || suspect->argument || !var->argument;
        if (better && var->slot_kind != TF_SLOT_MAPPING && find_name(line, var->name)) {
            suspect = var;
        }
    }
    return suspect;
}

static bool
put_suspect(struct cli_session *session)
{
    struct rp_vars vars;
    struct tf_text line;
    const struct rp_event *event = &session->event;
    if (rp_source_line(session->rp, event->file->id, event->lineno, &line, NULL)
            != TF_OK
        || rp_locals(session->rp, session->seq, event->frame, &vars, NULL) != TF_OK) {
        return false;
    }
    const struct rp_var *suspect = find_suspect(&vars, line);
    if (suspect) {
        size_t after = find_name(line, suspect->name);
        size_t more = attributes_len(line, after);
        cli_out_str(session->out, "   last ");
        size_t used = cli_put_tf(session->out, suspect->name)
                      + cli_out_text(session->out, line.data + after, more);
        cli_out_pad(session->out,
                    used + 7 < HINT_COLUMNS ? HINT_COLUMNS - 5 - used : 2);
        cli_out_str(session->out, "go back to where it got its value\n");
    }
    rp_vars_release(&vars);
    return suspect != NULL;
}

static void
put_hint(struct cli_out *out, const char *command, const char *what)
{
    cli_out_format(out, "   %-*s%s\n", HINT_COLUMNS, command, what);
}

static void
put_hints(struct cli_session *session)
{
    struct cli_out *out = session->out;
    put_heading(out, "Try\n");
    if (!session->opening.failure) {
        put_hint(out, "n", "one line forward (rn: one back)");
        if (!session->facts->complete && session->facts->thread_count > 1) {
            put_hint(out, "threads", "where each of them stands");
        }
        else {
            put_hint(out, "b FUNCTION", "a breakpoint; c goes there, rc back");
        }
        put_hint(out, "exceptions", "what was raised, caught ones too");
        return;
    }
    put_hint(out, "rn", "one line back, over calls");
    if (!put_suspect(session)) {
        put_hint(out, "exceptions", "what was raised before");
    }
    if (session->event.depth > 0) {
        put_hint(out, "rf", "back to this function's call");
    }
    else {
        put_hint(out, "goto start", "how it all began");
    }
}

static void
put_locals(struct cli_session *session)
{
    struct rp_vars vars;
    if (!session->frame.frame
        || rp_locals(session->rp, session->seq, session->frame.frame, &vars, NULL)
               != TF_OK) {
        return;
    }
    put_heading(session->out, "Locals of ");
    cli_put_function(session->out, session->frame.code);
    cli_out_char(session->out, '\n');
    cli_show_vars(session, &vars, false, SCREEN_LOCALS);
    rp_vars_release(&vars);
}

static void
put_summary(struct cli_session *session)
{
    struct cli_out *out = session->out;
    const struct rp_facts *facts = session->facts;
    const struct tf_header *header = facts->header;
    struct tf_text python = header->python;
    const char *space = memchr(python.data ? python.data : "", ' ', python.len);
    cli_out_style(out, CLI_BOLD);
    cli_put_command(out, session->rp);
    cli_out_style(out, CLI_PLAIN);
    cli_out_str(out, "\nPython ");
    cli_out_text(out, python.data, space ? (size_t)(space - python.data) : python.len);
    cli_out_str(out, ", ");
    cli_put_counted(out, facts->event_count, "event");
    cli_out_str(out, ", ");
    cli_put_counted(out, facts->thread_count, "thread");
    cli_out_str(out, ", ");
    cli_put_duration(out, facts->duration_ns);
    cli_out_char(out, '\n');
    cli_put_outcome(out, session->rp);
    cli_out_char(out, '\n');
    cli_put_losses(out, session->rp);
}

static void
put_source(struct cli_session *session)
{
    const struct rp_event *event = &session->event;
    uint32_t lineno = event->lineno;
    put_heading(session->out, "Source ");
    cli_put_tf(session->out, cli_short_path(session->rp, event->file));
    cli_out_char(session->out, '\n');
    cli_show_source(session, event->file->id, lineno > 3 ? lineno - 3 : 1, lineno + 3,
                    lineno);
}

void
cli_show_opening(struct cli_session *session)
{
    put_summary(session);
    if (!session->seq) {
        cli_out_str(session->out, "No event was recorded.\n");
        return;
    }
    if (session->frame.frame) {
        put_heading(session->out, "Stack\n");
        cli_show_stack(session, SCREEN_FRAMES);
    }
    put_source(session);
    put_locals(session);
    put_hints(session);
    cli_out_char(session->out, '\n');
}
