/* Breakpoints. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

static void
put_exceptions(struct cli_out *out, const struct rp_break *b)
{
    bool any = !*b->text;
    cli_out_text(out, any ? "any exception" : b->text, any ? 13 : strlen(b->text));
    cli_out_str(out, b->uncaught ? " that nobody catches" : " where it is raised");
}

static void
put_break_place(struct cli_session *session, const struct rp_break *b)
{
    struct cli_out *out = session->out;
    switch (b->sort) {
    case RP_BREAK_LINE:
        cli_put_place(out, session->rp, rp_file(session->rp, b->file), b->lineno);
        break;
    case RP_BREAK_FUNCTION:
        cli_out_text(out, b->text, strlen(b->text));
        cli_out_str(out, b->at_exit ? "(), where it is left" : "()");
        break;
    case RP_BREAK_EXCEPTION: put_exceptions(out, b); break;
    case RP_BREAK_WATCH:
        cli_out_str(out, "watch ");
        cli_out_text(out, b->text, strlen(b->text));
        break;
    }
    if (b->code_count > 1) {
        cli_out_format(out, " (%zu functions)", b->code_count);
    }
}

/* From the index, over the whole recording. */
static void
put_run_hits(struct cli_out *out, const struct rp_break *b)
{
    if (b->run_hits == 0) {
        cli_out_str(out, b->sort == RP_BREAK_EXCEPTION ? "the run never met it"
                                                       : "the run never came by");
    }
    else if (b->uncaught) {
        cli_out_str(out, "the run has ");
        cli_put_count(out, b->run_hits);
    }
    else if (b->sort == RP_BREAK_EXCEPTION) {
        cli_out_str(out, "in the run it went through ");
        cli_put_counted(out, b->run_hits, "frame");
    }
    else {
        cli_out_str(out, "the run comes by ");
        cli_put_counted(out, b->run_hits, "time");
    }
}

static void
put_restrictions(struct cli_out *out, const struct rp_break *b)
{
    if (b->thread) {
        cli_out_format(out, "\n       only in thread %" PRIu32, b->thread);
    }
    if (b->nth) {
        cli_out_format(out, "\n       only time %" PRIu64 " of the run%s", b->nth,
                       b->nth_on ? " and later" : "");
    }
    if (b->ignore_count) {
        cli_out_str(out, "\n       passes ");
        cli_put_counted(out, b->ignore_count, "more time");
    }
    if (b->condition) {
        cli_out_str(out, "\n       only if ");
        cli_out_text(out, b->condition, strlen(b->condition));
    }
}

void
cli_put_break(struct cli_session *session, const struct rp_break *b)
{
    struct cli_out *out = session->out;
    cli_out_style(out, b->enabled ? CLI_PLAIN : CLI_DIM);
    cli_out_format(out, "%3" PRIu32 "  ", b->id);
    put_break_place(session, b);
    cli_out_str(out, b->temporary ? "  once" : "");
    cli_out_str(out, b->enabled ? "" : "  disabled");
    if (b->sort != RP_BREAK_WATCH) {
        cli_out_str(out, "  ");
        put_run_hits(out, b);
    }
    if (b->hit_count) {
        cli_out_str(out, b->sort == RP_BREAK_WATCH ? "  met " : ", met ");
        cli_put_counted(out, b->hit_count, "time");
    }
    put_restrictions(out, b);
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
        cli_put_break(session, rp_break_idx(session->rp, i));
    }
    return CLI_YES;
}

/* Ends the place where the condition begins: "PLACE, EXPR" as in pdb, or "PLACE if EXPR" as
 * in gdb. */
char *
cli_split_condition(char *text, bool comma_too)
{
    char *comma = comma_too ? strchr(text, ',') : NULL, *word = strstr(text, " if ");
    char *end = comma && (!word || comma < word) ? comma : word;
    if (!end) {
        return NULL;
    }
    char *condition = end + (end == word ? 4 : 1);
    condition += strspn(condition, " \t");
    if (end == comma && strncmp(condition, "if ", 3) == 0) {
        condition += 3;
    }
    while (end > text && isspace((unsigned char)end[-1])) {
        end--;
    }
    *end = 0;
    return *condition ? condition : NULL;
}

/* Cuts the last word off when it is `word`; "thread 3": its number into *ret_number. */
static bool
take_last(char *text, const char *word, uint32_t *ret_number)
{
    size_t len = strlen(text), digits = 0, word_len = strlen(word);
    unsigned long number = 0;
    if (ret_number) {
        while (digits < len && isdigit((unsigned char)text[len - 1 - digits])) {
            digits++;
        }
        number = strtoul(text + len - digits, NULL, 10);
        len -= digits;
        while (len > 0 && isspace((unsigned char)text[len - 1])) {
            len--;
        }
    }
    if ((ret_number && (!digits || number > UINT32_MAX)) || len <= word_len
        || strncmp(text + len - word_len, word, word_len) != 0
        || !isspace((unsigned char)text[len - word_len - 1])) {
        return false;
    }
    len -= word_len;
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        len--;
    }
    text[len] = 0;
    if (ret_number) {
        *ret_number = (uint32_t)number;
    }
    return true;
}

/* "PLACE [exit] [thread N]" */
static tf_status
parse_break(struct cli_session *session, char *text, struct rp_break_spec *spec,
            struct tf_err *err)
{
    uint32_t thread = 0, file_id = session->frame.frame ? session->frame.file->id : 0;
    bool threaded = take_last(text, "thread", &thread);
    bool at_exit = take_last(text, "exit", NULL);
    if (threaded && thread == 0) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "there is no thread 0");
    }
    tf_status status = rp_break_parse(session->rp, text, file_id, spec, err);
    if (status == TF_OK && at_exit && spec->sort != RP_BREAK_FUNCTION) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "only a function has an exit");
    }
    if (status == TF_OK) {
        spec->thread = thread;
        spec->at_exit = at_exit;
    }
    return status;
}

static enum cli_answer
say_made(struct cli_session *session, uint32_t id)
{
    const struct rp_break *b = rp_break_get(session->rp, id);
    cli_out_format(session->out, "Breakpoint %" PRIu32 " at ", id);
    put_break_place(session, b);
    cli_out_str(session->out, ": ");
    put_run_hits(session->out, b);
    cli_out_char(session->out, '\n');
    return CLI_YES;
}

static enum cli_answer
add_break(struct cli_session *session, char *text, bool temporary)
{
    struct rp_break_spec spec;
    struct tf_err err = TF_ERR_INIT;
    uint32_t id;
    const char *condition = cli_split_condition(text, true);
    tf_status status = parse_break(session, text, &spec, &err);
    if (status == TF_OK) {
        spec.condition = condition;
        spec.temporary = temporary;
        status = rp_break_add(session->rp, &spec, &id, &err);
    }
    return status == TF_OK ? say_made(session, id) : cli_refuse_err(session, &err);
}

static enum cli_answer
add_catch(struct cli_session *session, char *text)
{
    struct tf_err err = TF_ERR_INIT;
    uint32_t id;
    struct rp_break_spec spec = {.sort = RP_BREAK_EXCEPTION};
    size_t word = strcspn(text, " \t");
    if (strncmp(text, "if ", 3) == 0) {
        spec.condition = text + 3;
        text += strlen(text);
    }
    else if (word == 8 && strncmp(text, "uncaught", 8) == 0) {
        spec.uncaught = true;
        text += word + strspn(text + word, " \t");
    }
    else if (word == 6 && strncmp(text, "raised", 6) == 0) {
        text += word + strspn(text + word, " \t");
    }
    const char *condition = cli_split_condition(text, true);
    if (condition) {
        spec.condition = condition;
    }
    spec.name = (struct tf_text){text, strlen(text)};
    tf_status status = rp_break_add(session->rp, &spec, &id, &err);
    return status == TF_OK ? say_made(session, id) : cli_refuse_err(session, &err);
}

enum cli_answer
cli_do_catch(struct cli_session *session, const char *args)
{
    char *copy = strdup(args);
    if (!copy) {
        return cli_refuse(session, "out of memory");
    }
    enum cli_answer answer = add_catch(session, copy);
    free(copy);
    return answer;
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

/* "NUMBER COUNT": the breakpoint, and where the rest begins; 0: refused. */
static uint32_t
take_break(struct cli_session *session, const char *args, const char *form,
           const char **ret_rest)
{
    size_t len = strcspn(args, " \t");
    uint32_t id = find_break(session, args, len);
    *ret_rest = args + len + strspn(args + len, " \t");
    if (!id) {
        cli_refuse(session, "which breakpoint? %s; b lists them", form);
    }
    return id;
}

enum cli_answer
cli_do_ignore(struct cli_session *session, const char *args)
{
    struct tf_err err = TF_ERR_INIT;
    const char *rest;
    char *end;
    uint32_t id = take_break(session, args, "ignore NUMBER COUNT", &rest);
    if (!id) {
        return CLI_NO;
    }
    uint64_t count = strtoull(rest, &end, 10);
    if (*end || (*rest && !isdigit((unsigned char)*rest))) {
        return cli_refuse(session, "how often? ignore NUMBER COUNT");
    }
    if (rp_break_ignore(session->rp, id, count, &err) != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    cli_out_format(session->out, "Breakpoint %" PRIu32, id);
    if (count) {
        cli_out_str(session->out, " is passed ");
        cli_put_counted(session->out, count, "more time");
        cli_out_str(session->out, ".\n");
    }
    else {
        cli_out_str(session->out, " stops the next time.\n");
    }
    return CLI_YES;
}

enum cli_answer
cli_do_hit(struct cli_session *session, const char *args)
{
    struct tf_err err = TF_ERR_INIT;
    const char *rest;
    char *end;
    uint32_t id = take_break(session, args, "hit NUMBER COUNT[+]", &rest);
    if (!id) {
        return CLI_NO;
    }
    uint64_t nth = strtoull(rest, &end, 10);
    bool on = *end == '+' && !end[1];
    if ((*end && !on) || (*rest && !isdigit((unsigned char)*rest)) || (on && !nth)) {
        return cli_refuse(session, "which time? hit NUMBER COUNT, or COUNT+");
    }
    if (rp_break_nth(session->rp, id, nth, on, &err) != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    cli_out_format(session->out, "Breakpoint %" PRIu32 " stops ", id);
    if (nth) {
        cli_out_format(session->out, "at time %" PRIu64 "%s of ", nth,
                       on ? " and later" : "");
        cli_put_count(session->out, rp_break_get(session->rp, id)->run_hits);
        cli_out_str(session->out, ".\n");
    }
    else {
        cli_out_str(session->out, "every time.\n");
    }
    return CLI_YES;
}
