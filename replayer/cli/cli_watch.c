/* Watchpoints: `c` and `rc` stop where a value is different. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

static enum cli_answer
list_watches(struct cli_session *session)
{
    size_t count = 0;
    for (size_t i = 0; i < rp_break_count(session->rp); i++) {
        const struct rp_break *b = rp_break_idx(session->rp, i);
        if (b->sort == RP_BREAK_WATCH) {
            cli_put_break(session, b);
            count++;
        }
    }
    if (!count) {
        cli_out_str(session->out, "Nothing is watched (watch EXPR does it).\n");
    }
    return CLI_YES;
}

static enum cli_answer
add_watch(struct cli_session *session, char *text)
{
    struct tf_err err = TF_ERR_INIT;
    uint32_t id;
    const char *condition = cli_split_condition(text, false);
    struct rp_break_spec spec = {
        .sort = RP_BREAK_WATCH,
        .name = {text, strlen(text)},
        .condition = condition,
        .seq = session->seq,
        .frame = session->frame.frame,
    };
    if (rp_break_add(session->rp, &spec, &id, &err) != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    cli_out_format(session->out, "Watchpoint %" PRIu32 ": ", id);
    cli_out_text(session->out, text, strlen(text));
    cli_out_str(session->out, "; c and rc stop where it changes");
    if (condition) {
        cli_out_str(session->out, " and ");
        cli_out_text(session->out, condition, strlen(condition));
    }
    cli_out_char(session->out, '\n');
    return CLI_YES;
}

enum cli_answer
cli_do_watch(struct cli_session *session, const char *args)
{
    if (!*args) {
        return list_watches(session);
    }
    char *copy = strdup(args);
    if (!copy) {
        return cli_refuse(session, "out of memory");
    }
    enum cli_answer answer = cli_has_event(session) ? add_watch(session, copy) : CLI_NO;
    free(copy);
    return answer;
}

static bool
is_watch(const struct rp_break *b, const char *args)
{
    char *end;
    unsigned long id = strtoul(args, &end, 10);
    return b->sort == RP_BREAK_WATCH
           && (!*args || strcmp(b->text, args) == 0 || (!*end && id == b->id));
}

enum cli_answer
cli_do_unwatch(struct cli_session *session, const char *args)
{
    bool any = false;
    for (size_t i = rp_break_count(session->rp); i-- > 0;) {
        const struct rp_break *b = rp_break_idx(session->rp, i);
        if (is_watch(b, args)) {
            any = rp_break_remove(session->rp, b->id, NULL) == TF_OK;
        }
    }
    return any || !*args ? CLI_YES
                         : cli_refuse(session, "there is no watchpoint %s", args);
}

void
cli_show_watch_change(struct cli_session *session, uint32_t id, uint64_t seq)
{
    struct rp_change change;
    const struct rp_break *b = rp_break_get(session->rp, id);
    if (b && rp_watch_change(session->rp, id, seq, &change, NULL) == TF_OK) {
        cli_show_change(session, b->text, &change);
        rp_change_release(&change);
    }
}
