/* Who wrote it: last, history, and what a watchpoint shows. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_ask.h"
#include "cli_handlers.h"

#define HISTORY_SHOWN 50
#define HISTORY_MAX   1000000u

bool
cli_parse_place(struct cli_session *session, const char *text,
                struct rp_place **ret_place)
{
    struct tf_err err = TF_ERR_INIT;
    if (rp_place_parse(session->rp, text, session->seq, session->frame.frame, ret_place,
                       &err)
        != TF_OK) {
        cli_refuse_err(session, &err);
        return false;
    }
    return true;
}

/* Values of a moment in the past, one after the other: long ones are cut, and of a large
 * container only these items are made. */
#define PROMPT_CHARS 4000
#define BATCH_CHARS  65536
#define PROMPT_ITEMS 100
#define BATCH_ITEMS  2000

static bool
written_text(struct cli_session *session, const struct rp_value *value, uint64_t seq,
             size_t chars, struct rp_buf *ret_text)
{
    struct rp_limits limits = {chars, PROMPT_ITEMS, 0, 0};
    if (value->kind == TF_VAL_UNBOUND) {
        return false;
    }
    if (session->batch) {
        limits = (struct rp_limits){BATCH_CHARS, BATCH_ITEMS, 0, 0};
    }
    rp_value_text(session->rp, value, seq, &limits, ret_text, NULL, NULL, NULL);
    return true;
}

/* "len 3 -> 4", where what is shown of both is the same. */
static void
put_lengths(struct cli_session *session, const struct rp_change *change)
{
    struct rp_object *before, *after;
    uint64_t was, is;
    if (change->before.kind != TF_VAL_REF || change->after.kind != TF_VAL_REF
        || rp_object_open(session->rp, &change->before, change->before_seq, &before,
                          NULL)
               != TF_OK) {
        return;
    }
    if (rp_object_open(session->rp, &change->after, change->seq, &after, NULL)
        == TF_OK) {
        if (rp_object_length(before, &was) && rp_object_length(after, &is)) {
            cli_out_str(session->out, "  (not in what is shown; len ");
            cli_put_count(session->out, was);
            cli_out_str(session->out, " -> ");
            cli_put_count(session->out, is);
            cli_out_char(session->out, ')');
        }
        rp_object_release(after);
    }
    rp_object_release(before);
}

static void
put_written(struct cli_session *session, const struct rp_value *value, uint64_t seq)
{
    struct rp_buf text = RP_BUF_INIT;
    written_text(session, value, seq, 200, &text);
    cli_out_text(session->out, text.data ? text.data : "", text.len);
    rp_buf_release(&text);
}

void
cli_show_change(struct cli_session *session, const char *name,
                const struct rp_change *change)
{
    struct cli_out *out = session->out;
    struct rp_buf before = RP_BUF_INIT, after = RP_BUF_INIT;
    bool was = written_text(session, &change->before, change->before_seq, PROMPT_CHARS,
                            &before);
    bool is = written_text(session, &change->after, change->seq, PROMPT_CHARS, &after);
    cli_out_text(out, name, strlen(name));
    cli_out_str(out, ": ");
    if (was && is && !session->batch) {
        cli_put_both(out, before.data ? before.data : "", after.data ? after.data : "");
    }
    else {
        cli_out_text(out, was ? before.data : "not there", was ? before.len : 9);
        cli_out_str(out, " -> ");
        cli_out_text(out, is ? after.data : "gone", is ? after.len : 4);
    }
    if (was && is && before.len == after.len
        && (!before.len || memcmp(before.data, after.data, before.len) == 0)) {
        put_lengths(session, change);
    }
    cli_out_format(out, "  (seen at event %" PRIu64 ")\n", change->seq);
    rp_buf_release(&before);
    rp_buf_release(&after);
}

/* The place is kept: at the write `self` may be another object, or no name at all. */
static bool
place_for_last(struct cli_session *session, const char *text)
{
    struct rp_place *place;
    bool again = session->last_place && session->last_seq == session->seq
                 && strcmp(session->last_text, text) == 0;
    if (again) {
        return true;
    }
    if (!cli_parse_place(session, text, &place)) {
        return false;
    }
    rp_place_free(session->last_place);
    free(session->last_text);
    session->last_place = place;
    session->last_text = strdup(text);
    return session->last_text != NULL;
}

static bool
is_end(uint8_t kind)
{
    return kind == TF_EV_RETURN || kind == TF_EV_YIELD || kind == TF_EV_UNWIND;
}

/* What is written between a function's end and the next event is written by the line that
 * called it: `x = f()`, or a sort that called its key function. */
static bool
written_by_caller(struct cli_session *session)
{
    if (!is_end(session->event.kind) || cli_select_frame(session, 1, NULL) != TF_OK) {
        return false;
    }
    return session->frame.frame || cli_select_frame(session, 0, NULL) != TF_OK;
}

static void
show_writer(struct cli_session *session)
{
    struct cli_out *out = session->out;
    if (!written_by_caller(session)) {
        cli_show_stop(session, "Written", 2);
        return;
    }
    const struct rp_frame *frame = &session->frame;
    cli_out_str(out, "Written: ");
    cli_out_style(out, CLI_BOLD);
    cli_put_place(out, session->rp, frame->file, frame->lineno);
    cli_out_style(out, CLI_PLAIN);
    cli_out_str(out, " in ");
    cli_put_function(out, frame->code);
    cli_out_str(out, ", after ");
    cli_put_function(out, session->event.code);
    cli_out_str(out, " returned (d looks there)\n");
    uint32_t first = frame->lineno > 2 ? frame->lineno - 2 : 1;
    cli_show_source(session, frame->file->id, first, frame->lineno + 2, frame->lineno);
}

/* `last` and `next-write` go to the line that wrote. */
static enum cli_answer
go_to_write(struct cli_session *session, const char *args, struct rp_write *write)
{
    struct tf_err err = TF_ERR_INIT;
    struct rp_change change = {
        .seq = write->seq,
        .before_seq = rp_clamp(session->rp, write->seq - (write->seq > 1)),
        .before = write->before,
        .after = write->after,
    };
    cli_show_change(session, args, &change);
    uint64_t there = write->by_seq ? write->by_seq : write->seq;
    rp_write_release(write);
    if (cli_go(session, there, &err) != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    session->last_seq = session->seq;
    show_writer(session);
    return CLI_YES;
}

/* The nearest that was written by an event after this one. */
static tf_status
write_after(struct cli_session *session, struct rp_write *ret_write, struct tf_err *err)
{
    uint64_t from = session->seq;
    for (;;) {
        struct rp_write write;
        tf_status status =
            rp_write_next(session->rp, session->last_place, from, &write, err);
        uint64_t by = status == TF_OK && write.by_seq ? write.by_seq : write.seq;
        if (status != TF_OK || by > session->seq) {
            *ret_write = write;
            return status;
        }
        from = write.seq;
        rp_write_release(&write);
    }
}

static enum cli_answer
seek_write(struct cli_session *session, const char *args, bool forward)
{
    if (strncmp(args, "--", 2) == 0) { /* as a row, and one stays */
        return cli_ask_prompt(
            session, forward ? &cli_question_next_write : &cli_question_last, args);
    }
    struct rp_write write = {0};
    struct tf_err err = TF_ERR_INIT;
    if (!*args) {
        return cli_refuse(session, "of what? For example: %s self.total",
                          forward ? "next-write" : "last");
    }
    if (!cli_has_event(session) || !place_for_last(session, args)) {
        return CLI_NO;
    }
    tf_status status = forward ? write_after(session, &write, &err)
                               : rp_write_last(session->rp, session->last_place,
                                               session->seq, &write, &err);
    if (status == TF_ERR_NOT_FOUND) {
        return cli_refuse(session, "no write of %s %s event %" PRIu64, args,
                          forward ? "after" : "before", session->seq);
    }
    return status == TF_OK ? go_to_write(session, args, &write)
                           : cli_refuse_err(session, &err);
}

enum cli_answer
cli_do_last(struct cli_session *session, const char *args)
{
    return seek_write(session, args, false);
}

enum cli_answer
cli_do_nextwrite(struct cli_session *session, const char *args)
{
    return seek_write(session, args, true);
}

struct row {
    uint64_t seq, by_seq;
    bool removed;
    struct rp_value value;
};

tf_status
cli_find_writer(struct rp *rp, const struct rp_event *event, struct rp_frame *ret_frame,
                struct tf_err *err)
{
    if (is_end(event->kind) && event->parent) {
        struct tf_err none = TF_ERR_INIT;
        tf_status status = rp_frame_at(rp, event->seq, event->parent, ret_frame, &none);
        if (status != TF_ERR_NOT_FOUND) {
            return status == TF_OK ? status
                                   : tf_err_set(err, status, -1, "%s", none.message);
        }
    }
    *ret_frame = (struct rp_frame){.frame = event->frame,
                                   .thread = event->thread,
                                   .lineno = event->lineno,
                                   .code = event->code,
                                   .file = event->file};
    return TF_OK;
}

static void
put_row(struct cli_session *session, const struct row *row)
{
    struct cli_out *out = session->out;
    struct rp_frame writer;
    uint64_t at = row->by_seq ? row->by_seq : row->seq;
    cli_out_format(out, "%10" PRIu64 "  ", at);
    struct rp_event event;
    if (rp_event_at(session->rp, at, &event, NULL) == TF_OK
        && cli_find_writer(session->rp, &event, &writer, NULL) == TF_OK) {
        if (session->facts->thread_count > 1) {
            cli_out_format(out, "t%-3" PRIu32, writer.thread);
        }
        size_t used = cli_put_place(out, session->rp, writer.file, writer.lineno);
        cli_out_str(out, "  ");
        used += 2 + cli_put_function(out, writer.code);
        cli_out_pad(out, used < 34 ? 36 - used : 2);
    }
    if (row->removed) {
        cli_out_str(out, "(gone)");
    }
    else {
        put_written(session, &row->value, row->seq);
    }
    cli_out_char(out, '\n');
}

/* Newest first into rows[0..max). */
static tf_status
collect_rows(struct cli_session *session, const struct rp_place *place,
             struct row *rows, size_t max, size_t *ret_count, struct tf_err *err)
{
    struct rp_changes *changes = NULL;
    size_t count = 0;
    tf_status status = rp_changes_begin(session->rp, place, session->seq + 1, false,
                                        true, &changes, err);
    while (status == TF_OK && count < max) {
        struct rp_change change;
        status = rp_changes_next(changes, &change, err);
        if (status != TF_OK) {
            break;
        }
        rows[count++] = (struct row){.seq = change.seq,
                                     .by_seq = change.by_seq,
                                     .removed = change.after.kind == TF_VAL_UNBOUND,
                                     .value = change.after};
        rp_value_release(&change.before);
    }
    rp_changes_free(changes);
    *ret_count = count;
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

static enum cli_answer
show_history(struct cli_session *session, const char *text, size_t max)
{
    struct rp_place *place;
    struct tf_err err = TF_ERR_INIT;
    size_t count = 0;
    if (!cli_parse_place(session, text, &place)) {
        return CLI_NO;
    }
    struct row *rows = calloc(max, sizeof *rows);
    tf_status status = rows ? collect_rows(session, place, rows, max, &count, &err)
                            : tf_err_set(&err, TF_ERR_MEMORY, -1, "out of memory");
    rp_place_free(place);
    if (count == max) {
        cli_out_format(session->out, "... the last %zu (history %s %zu shows more)\n",
                       max, text, max * 10);
    }
    for (size_t i = count; i-- > 0;) {
        put_row(session, &rows[i]);
        rp_value_release(&rows[i].value);
    }
    free(rows);
    if (status != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    return count ? CLI_YES
                 : cli_refuse(session, "no write of %s up to event %" PRIu64, text,
                              session->seq);
}

/* The COUNT at the end, cut off; HISTORY_SHOWN when there is none. */
static size_t
take_count(char *text)
{
    size_t len = strlen(text), at = len;
    while (at > 0 && isdigit((unsigned char)text[at - 1])) {
        at--;
    }
    if (at == len || at == 0 || !isspace((unsigned char)text[at - 1])) {
        return HISTORY_SHOWN;
    }
    unsigned long count = strtoul(text + at, NULL, 10);
    while (at > 0 && isspace((unsigned char)text[at - 1])) {
        at--;
    }
    text[at] = 0;
    return count == 0 ? 1 : count < HISTORY_MAX ? count : HISTORY_MAX;
}

enum cli_answer
cli_do_history(struct cli_session *session, const char *args)
{
    if (strncmp(args, "--", 2) == 0) {
        return cli_ask_prompt(session, &cli_question_history, args);
    }
    if (!*args) {
        return cli_refuse(session, "of what? For example: history balance");
    }
    if (!cli_has_event(session)) {
        return CLI_NO;
    }
    char *text = strdup(args);
    if (!text) {
        return cli_refuse(session, "out of memory");
    }
    size_t max = take_count(text);
    enum cli_answer answer = show_history(session, text, max);
    free(text);
    return answer;
}
