/* Breakpoints. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

static void
put_break_place(struct cli_session *session, const struct rp_break *b)
{
    struct cli_out *out = session->out;
    if (b->sort == RP_BREAK_LINE) {
        cli_put_place(out, session->rp, rp_file(session->rp, b->file), b->lineno);
        return;
    }
    cli_out_text(out, b->text, strlen(b->text));
    cli_out_str(out, b->sort == RP_BREAK_FUNCTION ? "()" : "");
    if (b->code_count > 1) {
        cli_out_format(out, " (%zu functions)", b->code_count);
    }
}

static void
put_run_hits(struct cli_out *out, const struct rp_break *b)
{
    if (b->run_hits == 0) {
        cli_out_str(out, "the run never came by");
        return;
    }
    cli_out_str(out, "the run comes by ");
    cli_put_counted(out, b->run_hits, "time");
}

static void
put_break(struct cli_session *session, const struct rp_break *b)
{
    struct cli_out *out = session->out;
    cli_out_style(out, b->enabled ? CLI_PLAIN : CLI_DIM);
    cli_out_format(out, "%3" PRIu32 "  ", b->id);
    put_break_place(session, b);
    cli_out_str(out, b->temporary ? "  once" : "");
    cli_out_str(out, b->enabled ? "" : "  disabled");
    cli_out_str(out, "  ");
    put_run_hits(out, b);
    if (b->hit_count) {
        cli_out_str(out, ", met ");
        cli_put_counted(out, b->hit_count, "time");
    }
    if (b->condition) {
        cli_out_str(out, "\n       only if ");
        cli_out_text(out, b->condition, strlen(b->condition));
    }
    cli_out_style(out, CLI_PLAIN);
    cli_out_char(out, '\n');
}

static enum cli_answer
list_breaks(struct cli_session *session)
{
    size_t count = rp_break_count(session->rp);
    if (count == 0) {
        cli_out_str(session->out, "No breakpoints (b LINE or b FUNCTION makes one).\n");
    }
    for (size_t i = 0; i < count; i++) {
        put_break(session, rp_break_idx(session->rp, i));
    }
    return CLI_YES;
}

/* The comma that ends the place and begins the condition. */
static char *
split_condition(char *text)
{
    char *comma = strchr(text, ',');
    if (!comma) {
        return NULL;
    }
    char *condition = comma + 1 + strspn(comma + 1, " \t");
    while (comma > text && isspace((unsigned char)comma[-1])) {
        comma--;
    }
    *comma = 0;
    if (strncmp(condition, "if ", 3) == 0) {
        condition += 3;
    }
    return *condition ? condition : NULL;
}

static enum cli_answer
add_break(struct cli_session *session, char *text, bool temporary)
{
    struct rp_break_spec spec;
    struct tf_err err = TF_ERR_INIT;
    uint32_t id, file_id = session->frame.frame ? session->frame.file->id : 0;
    const char *condition = split_condition(text);
    tf_status status = rp_break_parse(session->rp, text, file_id, &spec, &err);
    if (status == TF_OK) {
        spec.condition = condition;
        spec.temporary = temporary;
        status = rp_break_add(session->rp, &spec, &id, &err);
    }
    if (status != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    const struct rp_break *b = rp_break_get(session->rp, id);
    cli_out_format(session->out, "Breakpoint %" PRIu32 " at ", id);
    put_break_place(session, b);
    cli_out_str(session->out, ": ");
    put_run_hits(session->out, b);
    cli_out_char(session->out, '\n');
    return CLI_YES;
}

static enum cli_answer
make_break(struct cli_session *session, const char *args, bool temporary)
{
    if (!*args) {
        return list_breaks(session);
    }
    char *copy = strdup(args);
    if (!copy) {
        return cli_refuse(session, "out of memory");
    }
    enum cli_answer answer = add_break(session, copy, temporary);
    free(copy);
    return answer;
}

enum cli_answer
cli_do_break(struct cli_session *session, const char *args)
{
    return make_break(session, args, false);
}

enum cli_answer
cli_do_tbreak(struct cli_session *session, const char *args)
{
    return make_break(session, args, true);
}

/* --- Commands on breakpoints by number --- */

typedef tf_status (*break_action)(struct rp *rp, uint32_t id, struct tf_err *err);

static tf_status
remove_break(struct rp *rp, uint32_t id, struct tf_err *err)
{
    return rp_break_remove(rp, id, err);
}

static tf_status
enable_break(struct rp *rp, uint32_t id, struct tf_err *err)
{
    return rp_break_enable(rp, id, true, err);
}

static tf_status
disable_break(struct rp *rp, uint32_t id, struct tf_err *err)
{
    return rp_break_enable(rp, id, false, err);
}

static enum cli_answer
on_all(struct cli_session *session, break_action action, const char *done)
{
    struct tf_err err = TF_ERR_INIT;
    size_t count = rp_break_count(session->rp);
    for (size_t i = count; i-- > 0;) {
        if (action(session->rp, rp_break_idx(session->rp, i)->id, &err) != TF_OK) {
            return cli_refuse_err(session, &err);
        }
    }
    if (!count) {
        return cli_refuse(session, "there are no breakpoints");
    }
    cli_put_counted(session->out, count, "breakpoint");
    cli_out_format(session->out, " %s.\n", done);
    return CLI_YES;
}

/* "3", or "shop.py:23" and "total", as the breakpoint was asked for or is shown. */
static uint32_t
find_break(struct cli_session *session, const char *word, size_t len)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);
    if (end == word + len && len > 0) {
        bool known =
            number <= UINT32_MAX && rp_break_get(session->rp, (uint32_t)number);
        return known ? (uint32_t)number : 0;
    }
    for (size_t i = 0; i < rp_break_count(session->rp); i++) {
        const struct rp_break *b = rp_break_idx(session->rp, i);
        if (strlen(b->text) == len && memcmp(b->text, word, len) == 0) {
            return b->id;
        }
    }
    return 0;
}

static enum cli_answer
on_listed(struct cli_session *session, const char *args, break_action action,
          const char *done)
{
    struct tf_err err = TF_ERR_INIT;
    if (!*args) {
        return on_all(session, action, done);
    }
    while (*args) {
        size_t len = strcspn(args, " \t,");
        uint32_t id = find_break(session, args, len);
        if (!id) {
            return cli_refuse(session, "there is no breakpoint %.*s; b lists them",
                              (int)len, args);
        }
        if (action(session->rp, id, &err) != TF_OK) {
            return cli_refuse_err(session, &err);
        }
        cli_out_format(session->out, "Breakpoint %" PRIu32 " %s.\n", id, done);
        args += len + strspn(args + len, " \t,");
    }
    return CLI_YES;
}

enum cli_answer
cli_do_clear(struct cli_session *session, const char *args)
{
    return on_listed(session, args, remove_break, "removed");
}

enum cli_answer
cli_do_enable(struct cli_session *session, const char *args)
{
    return on_listed(session, args, enable_break, "enabled");
}

enum cli_answer
cli_do_disable(struct cli_session *session, const char *args)
{
    return on_listed(session, args, disable_break, "disabled");
}

enum cli_answer
cli_do_condition(struct cli_session *session, const char *args)
{
    struct tf_err err = TF_ERR_INIT;
    size_t len = strcspn(args, " \t");
    uint32_t id = find_break(session, args, len);
    const char *condition = args + len + strspn(args + len, " \t");
    if (!id) {
        return cli_refuse(session,
                          "which breakpoint? condition NUMBER EXPR; b lists them");
    }
    if (rp_break_condition(session->rp, id, *condition ? condition : NULL, &err)
        != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    cli_out_format(session->out, "Breakpoint %" PRIu32 " stops ", id);
    cli_out_str(session->out, *condition ? "only if " : "always");
    cli_out_text(session->out, condition, strlen(condition));
    cli_out_str(session->out, ".\n");
    return CLI_YES;
}
