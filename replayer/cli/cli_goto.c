/* Going to a moment by its number, its time, or its share of the run. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

static bool
all_digits(const char *text, size_t len)
{
    return len > 0 && strspn(text, "0123456789") >= len;
}

/* "12", "12.5": a number without a sign, as `scale` parts of one. False: it is not one, or
 * it is too large. */
static bool
parse_decimal(const char *text, size_t len, uint64_t scale, uint64_t *ret_value)
{
    uint64_t whole = 0;
    size_t i = 0;
    for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
        if (whole > UINT64_MAX / 16) {
            return false;
        }
        whole = whole * 10 + (uint64_t)(text[i] - '0');
    }
    size_t digits = i;
    if (whole > UINT64_MAX / 4 / scale) {
        return false;
    }
    uint64_t value = whole * scale;
    if (i < len && text[i] == '.') {
        for (i++; i < len && text[i] >= '0' && text[i] <= '9'; i++, digits++) {
            scale /= 10;
            value += scale * (uint64_t)(text[i] - '0');
        }
    }
    *ret_value = value;
    return i == len && digits > 0;
}

static const struct unit {
    const char *name;
    uint64_t ns;
} units[] = {
    {"ns", 1},         {"us", 1000},         {"ms", 1000000},
    {"s", 1000000000}, {"min", 60000000000}, {"h", 3600000000000},
};

/* "1.5s", "300ms" */
static bool
parse_duration(const char *text, uint64_t *ret_ns)
{
    size_t len = strspn(text, "0123456789.");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text + len, units[i].name) == 0) {
            return parse_decimal(text, len, units[i].ns, ret_ns);
        }
    }
    return false;
}

/* "25%", of the events */
static bool
parse_share(const struct cli_session *session, const char *text, uint64_t *ret_seq)
{
    const struct rp_facts *facts = session->facts;
    size_t len = strlen(text);
    uint64_t millionths, span = facts->last_seq - facts->first_seq;
    if (len < 2 || text[len - 1] != '%'
        || !parse_decimal(text, len - 1, 1000000 / 100, &millionths)
        || millionths > 1000000) {
        return false;
    }
    *ret_seq = facts->first_seq + span / 1000000 * millionths
               + span % 1000000 * millionths / 1000000;
    return true;
}

/* +N and -N count events of all threads; they go as far as there are any. */
static uint64_t
offset_seq(const struct cli_session *session, const char *args)
{
    uint64_t offset = strtoull(args + 1, NULL, 10), seq = session->seq;
    uint64_t first = session->facts->first_seq, last = session->facts->last_seq;
    if (*args == '+') {
        return offset < last - seq ? seq + offset : last;
    }
    return offset < seq - first ? seq - offset : first;
}

static bool
find_time(struct cli_session *session, const char *args, uint64_t *ret_seq,
          enum cli_answer *ret_answer)
{
    const struct rp_facts *facts = session->facts;
    uint64_t time_ns;
    struct tf_err err = TF_ERR_INIT;
    *ret_answer = CLI_YES;
    if (!parse_duration(args, &time_ns)) {
        return false;
    }
    if (time_ns > facts->duration_ns) {
        *ret_answer = cli_refuse(session, "the run took %" PRIu64 ".%03" PRIu64 " s",
                                 facts->duration_ns / 1000000000,
                                 facts->duration_ns / 1000000 % 1000);
    }
    else if (rp_seq_at_time(session->rp, time_ns, ret_seq, &err) != TF_OK) {
        *ret_answer = cli_refuse_err(session, &err);
    }
    return true;
}

static enum cli_answer
find_failure(struct cli_session *session, uint64_t *ret_seq)
{
    if (!session->opening.failure) {
        return cli_refuse(session, "the run did not end by an exception; exceptions "
                                   "lists those that were caught");
    }
    *ret_seq = session->opening.seq;
    return CLI_YES;
}

/* Of several marks the first of just that text, or the first with that text in it. */
struct mark {
    struct tf_text wanted;
    uint64_t seq;
};

static bool
note_mark(void *ctx, const struct rp_found *found)
{
    struct mark *mark = ctx;
    bool exact = rp_value_bytes(found->value).len == mark->wanted.len;
    if (exact || mark->seq == 0) {
        mark->seq = found->event.seq;
    }
    return !exact;
}

static enum cli_answer
find_mark(struct cli_session *session, const char *text, uint64_t *ret_seq)
{
    struct tf_err err = TF_ERR_INIT;
    struct mark mark = {.wanted = {text, strlen(text)}};
    struct rp_search search = {.text = mark.wanted, .marks = true};
    if (rp_search(session->rp, &search, note_mark, &mark, &err) != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    if (mark.seq == 0) {
        return cli_refuse(session, "no mark has '%.100s' in it; marks lists them",
                          text);
    }
    *ret_seq = mark.seq;
    return CLI_YES;
}

static enum cli_answer
find_moment(struct cli_session *session, const char *args, uint64_t *ret_seq)
{
    const struct rp_facts *facts = session->facts;
    enum cli_answer answer = CLI_YES;
    size_t len = strlen(args);
    if (strcmp(args, "start") == 0 || strcmp(args, "end") == 0) {
        *ret_seq = *args == 's' ? facts->first_seq : facts->last_seq;
        return CLI_YES;
    }
    if (strcmp(args, "failure") == 0 || strcmp(args, "crash") == 0) {
        return find_failure(session, ret_seq);
    }
    if (strncmp(args, "mark ", 5) == 0) {
        return find_mark(session, args + 5 + strspn(args + 5, " "), ret_seq);
    }
    if ((*args == '+' || *args == '-') && all_digits(args + 1, len - 1)) {
        *ret_seq = offset_seq(session, args);
        return CLI_YES;
    }
    if (parse_share(session, args, ret_seq)
        || find_time(session, args, ret_seq, &answer)) {
        return answer;
    }
    if (!all_digits(args, len)) {
        return cli_refuse(session,
                          "which event? A number, +N, -N, N%%, a time such as 1.5s or "
                          "300ms, start, end, failure or mark TEXT");
    }
    uint64_t seq = strtoull(args, NULL, 10);
    if (seq < facts->first_seq || seq > facts->last_seq) {
        return cli_refuse(session,
                          "there is no event %s; they are %" PRIu64 " to %" PRIu64,
                          args, facts->first_seq, facts->last_seq);
    }
    *ret_seq = seq;
    return CLI_YES;
}

enum cli_answer
cli_do_goto(struct cli_session *session, const char *args)
{
    uint64_t seq = 0;
    struct tf_err err = TF_ERR_INIT;
    if (!cli_has_event(session) || find_moment(session, args, &seq) != CLI_YES) {
        return CLI_NO;
    }
    uint64_t there = rp_clamp(session->rp, seq);
    if (cli_go(session, there, &err) != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    const char *reason = there != seq ? "That event is missing; the nearest"
                         : there == session->facts->first_seq ? "Start of the recording"
                         : there == session->facts->last_seq  ? "End of the recording"
                         : session->opening.failure && there == session->opening.seq
                             ? "Failure"
                             : "Event";
    cli_show_stop(session, reason, 2);
    return CLI_YES;
}
