/* Prints all writes and changes of places, found forward and backward, for a test that
 * holds them against the dump.
 *
 *     rp_places RECORDING off|on|BYTES <PLACES
 *
 * A line of PLACES is `SEQ FRAME EXPRESSION`; the answer is a line of JSON each:
 *     {"writes": [[seq, by_seq, before, after], ...], "writes_back": [...],
 *      "changes": [seq, ...], "changes_back": [...], "last": [[at, seq or 0], ...]}
 * or {"error": true}. A value is null where there is none, "#ID" for an object, else its
 * text. "last" asks at a few random events what the last write was. */
#include <string.h>

#include "rp_state_text.h"

#define LASTS 8

static struct rp *rp;

static void
put_text(const struct rp_buf *buf)
{
    putchar('"');
    for (size_t i = 0; i < buf->len; i++) {
        unsigned char c = (unsigned char)buf->data[i];
        if (c == '"' || c == '\\') {
            putchar('\\');
        }
        if (c < 0x20 || c >= 0x7f) { /* bytes, not characters: the test does so, too */
            printf("\\u%04x", c);
        }
        else {
            putchar(c);
        }
    }
    putchar('"');
}

static void
put_value(const struct rp_value *value, uint64_t seq)
{
    struct rp_buf buf = RP_BUF_INIT;
    struct tf_err err = TF_ERR_INIT;
    if (value->kind == TF_VAL_UNBOUND) {
        fputs("null", stdout);
        return;
    }
    if (value->kind == TF_VAL_REF) {
        printf("\"#%" PRIu64 "\"", value->ref);
        return;
    }
    check(rp_value_text(rp, value, seq, NULL, &buf, NULL, "", &err), "text", &err);
    put_text(&buf);
    rp_buf_release(&buf);
}

static void
put_write(const struct rp_write *write, bool first)
{
    printf("%s[%" PRIu64 ", %" PRIu64 ", ", first ? "" : ", ", write->seq,
           write->by_seq);
    put_value(&write->before, write->seq);
    fputs(", ", stdout);
    put_value(&write->after, write->seq);
    putchar(']');
}

static void
put_writes(const struct rp_place *place, bool forward)
{
    struct tf_err err = TF_ERR_INIT;
    struct rp_write write;
    uint64_t at = forward ? rp_facts(rp)->first_seq : rp_facts(rp)->last_seq;
    for (bool first = true;; first = false) {
        tf_status status = forward ? rp_write_next(rp, place, at, &write, &err)
                                   : rp_write_last(rp, place, at, &write, &err);
        if (status == TF_ERR_NOT_FOUND) {
            break;
        }
        check(status, "write", &err);
        put_write(&write, first);
        at = forward ? write.seq : write.seq - 1;
        rp_write_release(&write);
        if (at == 0) {
            break;
        }
    }
}

static void
put_changes(const struct rp_place *place, bool forward)
{
    struct tf_err err = TF_ERR_INIT;
    struct rp_changes *changes;
    struct rp_change change;
    tf_status status;
    check(rp_changes_begin(rp, place, forward ? 0 : rp_facts(rp)->last_seq + 1, forward,
                           false, &changes, &err),
          "changes", &err);
    for (bool first = true;
         (status = rp_changes_next(changes, &change, &err)) != TF_ERR_NOT_FOUND;
         first = false) {
        check(status, "change", &err);
        printf("%s%" PRIu64, first ? "" : ", ", change.seq);
        rp_change_release(&change);
    }
    rp_changes_free(changes);
}

static void
put_lasts(const struct rp_place *place, uint64_t random)
{
    struct tf_err err = TF_ERR_INIT;
    struct rp_write write;
    for (unsigned i = 0; i < LASTS; i++) {
        uint64_t at = rp_facts(rp)->first_seq
                      + (random_next(&random) >> 11) % rp_facts(rp)->event_count;
        tf_status status = rp_write_last(rp, place, at, &write, &err);
        if (status != TF_ERR_NOT_FOUND) {
            check(status, "last", &err);
        }
        printf("%s[%" PRIu64 ", %" PRIu64 "]", i > 0 ? ", " : "", at,
               status == TF_OK ? write.seq : 0);
        if (status == TF_OK) {
            rp_write_release(&write);
        }
    }
}

static void
answer(const char *line)
{
    char *end;
    struct rp_place *place;
    struct tf_err err = TF_ERR_INIT;
    uint64_t seq = strtoull(line, &end, 10), frame = strtoull(end, &end, 10);
    if (rp_place_parse(rp, end + strspn(end, " "), seq, frame, &place, &err) != TF_OK) {
        puts("{\"error\": true}");
        fprintf(stderr, "%s: %s\n", line, err.message);
        return;
    }
    fputs("{\"writes\": [", stdout);
    put_writes(place, true);
    fputs("], \"writes_back\": [", stdout);
    put_writes(place, false);
    fputs("], \"changes\": [", stdout);
    put_changes(place, true);
    fputs("], \"changes_back\": [", stdout);
    put_changes(place, false);
    fputs("], \"last\": [", stdout);
    put_lasts(place, seq * 2654435761u + 1);
    puts("]}");
    rp_place_free(place);
}

int
main(int argc, char **argv)
{
    static char line[1 << 16];
    struct tf_err err = TF_ERR_INIT;
    if (argc != 3) {
        fprintf(stderr, "usage: rp_places RECORDING off|on|BYTES <PLACES\n");
        return 2;
    }
    struct rp_options options = {
        .cache_off = strcmp(argv[2], "off") == 0,
        .cache_bytes = (size_t)strtoull(argv[2], NULL, 10),
    };
    check(rp_open(argv[1], &options, &rp, &err), argv[1], &err);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        answer(line);
    }
    rp_close(rp);
    return 0;
}
