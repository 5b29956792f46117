/* Watchpoints: `c` and `rc` stop where the value of a place is different. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

void
cli_watches_release(struct cli_session *session)
{
    for (size_t i = 0; i < session->watch_count; i++) {
        free(session->watch[i].text);
        rp_place_free(session->watch[i].place);
    }
    free(session->watch);
}

tf_status
cli_watch_find(struct cli_session *session, uint64_t from, bool forward, uint64_t limit,
               struct cli_watch_hit *ret_hit, struct tf_err *err)
{
    *ret_hit = (struct cli_watch_hit){0};
    uint64_t best = limit;
    for (size_t i = 0; i < session->watch_count; i++) {
        struct rp_write write;
        struct cli_watch *watch = &session->watch[i];
        tf_status status =
            forward ? rp_write_next(session->rp, watch->place, from, &write, err)
                    : rp_write_last(session->rp, watch->place, from - 1, &write, err);
        if (status == TF_ERR_NOT_FOUND) {
            continue;
        }
        if (status != TF_OK) {
            return status;
        }
        bool nearer = forward ? write.seq < best : write.seq > best;
        if (nearer) {
            best = write.seq;
            *ret_hit = (struct cli_watch_hit){.watch = watch, .seq = write.seq};
        }
        rp_write_release(&write);
    }
    return TF_OK;
}

void
cli_show_watch_hit(struct cli_session *session, const struct cli_watch_hit *hit)
{
    struct rp_write write;
    if (rp_write_last(session->rp, hit->watch->place, hit->seq, &write, NULL)
        != TF_OK) {
        return;
    }
    cli_show_write(session, hit->watch->text, &write);
    rp_write_release(&write);
}

static enum cli_answer
list_watches(struct cli_session *session)
{
    if (session->watch_count == 0) {
        cli_out_str(session->out, "No watchpoints (watch EXPR makes one).\n");
    }
    for (size_t i = 0; i < session->watch_count; i++) {
        const struct cli_watch *watch = &session->watch[i];
        cli_out_format(session->out, "%3" PRIu32 "  ", watch->id);
        cli_out_text(session->out, watch->text, strlen(watch->text));
        cli_out_char(session->out, '\n');
    }
    return CLI_YES;
}

enum cli_answer
cli_do_watch(struct cli_session *session, const char *args)
{
    struct rp_place *place;
    if (!*args) {
        return list_watches(session);
    }
    if (!cli_has_event(session) || !cli_parse_place(session, args, &place)) {
        return CLI_NO;
    }
    struct cli_watch *grown =
        realloc(session->watch, (session->watch_count + 1) * sizeof *grown);
    char *text = strdup(args);
    if (grown) {
        session->watch = grown;
    }
    if (!grown || !text) {
        free(text);
        rp_place_free(place);
        return cli_refuse(session, "out of memory");
    }
    struct cli_watch *watch = &grown[session->watch_count++];
    *watch = (struct cli_watch){
        .id = ++session->watch_last_id, .text = text, .place = place};
    cli_out_format(session->out, "Watchpoint %" PRIu32 ": ", watch->id);
    cli_out_text(session->out, text, strlen(text));
    cli_out_str(session->out, "; c and rc stop where it changes\n");
    return CLI_YES;
}

static bool
is_watch(const struct cli_watch *watch, const char *args)
{
    char *end;
    unsigned long id = strtoul(args, &end, 10);
    return !*args || strcmp(watch->text, args) == 0
           || (isdigit((unsigned char)*args) && !*end && id == watch->id);
}

enum cli_answer
cli_do_unwatch(struct cli_session *session, const char *args)
{
    size_t kept = 0;
    for (size_t i = 0; i < session->watch_count; i++) {
        struct cli_watch *watch = &session->watch[i];
        if (is_watch(watch, args)) {
            free(watch->text);
            rp_place_free(watch->place);
        }
        else {
            session->watch[kept++] = *watch;
        }
    }
    if (kept == session->watch_count) {
        return cli_refuse(session, "there is no watchpoint %s", args);
    }
    session->watch_count = kept;
    return CLI_YES;
}
