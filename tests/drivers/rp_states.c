/* Prints a digest of the whole state at events of a recording, reached in one of several
 * ways; a test compares the ways.
 *
 *     rp_states RECORDING forward|backward|jump CACHE [COUNT SEED]
 *
 * forward and backward go event by event with rp_move, jump goes to the same events in a
 * random order. CACHE is `off`, `on` (the default size) or a number of bytes. COUNT: how
 * many events, chosen by SEED; without it all of them. Output, in the order of the events:
 *     seq digest
 * `rp_states RECORDING print SEQ` prints the text that the digest is made of. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp_state_text.h"

struct visit {
    uint64_t seq, digest;
};

static void
visit_look(struct rp *rp, struct visit *visit)
{
    struct rp_buf buf = RP_BUF_INIT;
    add_state(rp, visit->seq, NULL, &buf);
    visit->digest = digest(&buf);
    rp_buf_release(&buf);
}

static uint64_t
move_one(struct rp *rp, uint64_t seq, bool forward)
{
    struct tf_err err = TF_ERR_INIT;
    struct rp_moving moving = {
        .move = forward ? RP_STEP : RP_STEP_BACK, .seq = seq, .any_thread = true};
    struct rp_stop stop;
    check(rp_move(rp, &moving, &stop, &err), "move", &err);
    if (stop.reason != RP_STOP_MOVED) {
        return 0;
    }
    if (stop.seq != (forward ? seq + 1 : seq - 1)) {
        fprintf(stderr, "rp_states: a step from %" PRIu64 " led to %" PRIu64 "\n", seq,
                stop.seq);
        exit(1);
    }
    return stop.seq;
}

/* From one end to the other, an event a step. */
static void
walk(struct rp *rp, struct visit *visit, size_t count, bool forward)
{
    uint64_t seq = forward ? rp_facts(rp)->first_seq : rp_facts(rp)->last_seq;
    uint64_t end = forward ? rp_facts(rp)->last_seq : rp_facts(rp)->first_seq;
    size_t done = 0;
    for (;;) {
        struct visit *next = &visit[forward ? done : count - 1 - done];
        if (done < count && next->seq == seq) {
            visit_look(rp, next);
            done++;
        }
        uint64_t to = move_one(rp, seq, forward);
        if (to == 0) {
            break;
        }
        seq = to;
    }
    if (seq != end || done != count) {
        fprintf(stderr,
                "rp_states: stepping ended at event %" PRIu64 ", not %" PRIu64 "\n",
                seq, end);
        exit(1);
    }
}

static void
jump(struct rp *rp, struct visit *visit, size_t count, uint64_t seed)
{
    size_t *order = malloc(count * sizeof *order);
    for (size_t i = 0; order && i < count; i++) {
        size_t j = (size_t)(random_next(&seed) % (i + 1));
        order[i] = order[j];
        order[j] = i;
    }
    for (size_t i = 0; order && i < count; i++) {
        visit_look(rp, &visit[order[i]]);
    }
    free(order);
}

/* `count` different events out of all (all when it is 0), ascending. */
static struct visit *
choose(const struct rp_facts *facts, size_t *count, uint64_t seed)
{
    uint64_t left = facts->event_count;
    size_t want = *count && *count < left ? *count : (size_t)left;
    struct visit *visit = calloc(want ? want : 1, sizeof *visit);
    size_t taken = 0;
    for (uint64_t seq = facts->first_seq; visit && left > 0; seq++, left--) {
        if (random_next(&seed) % left < want - taken) { /* Knuth's selection sampling */
            visit[taken++].seq = seq;
        }
    }
    *count = taken;
    return visit;
}

static void
print_state(struct rp *rp, uint64_t seq)
{
    struct rp_buf buf = RP_BUF_INIT;
    add_state(rp, seq, NULL, &buf);
    fwrite(buf.data, 1, buf.len, stdout);
    rp_buf_release(&buf);
}

int
main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(
            stderr,
            "usage: rp_states RECORDING forward|backward|jump off|on|BYTES [COUNT SEED]\n"
            "       rp_states RECORDING print SEQ\n");
        return 2;
    }
    struct tf_err err = TF_ERR_INIT;
    struct rp_options options = {
        .cache_off = strcmp(argv[3], "off") == 0,
        .cache_bytes = (size_t)strtoull(argv[3], NULL, 10),
    };
    struct rp *rp;
    check(rp_open(argv[1], &options, &rp, &err), argv[1], &err);
    if (strcmp(argv[2], "print") == 0) {
        print_state(rp, strtoull(argv[3], NULL, 10));
        rp_close(rp);
        return 0;
    }
    size_t count = argc > 4 ? (size_t)strtoull(argv[4], NULL, 10) : 0;
    uint64_t seed = argc > 5 ? strtoull(argv[5], NULL, 10) | 1u : 1u;
    struct visit *visit = choose(rp_facts(rp), &count, seed * 2654435761u);
    if (strcmp(argv[2], "jump") == 0) {
        jump(rp, visit, count, seed * 40503u);
    }
    else {
        walk(rp, visit, count, strcmp(argv[2], "forward") == 0);
    }
    for (size_t i = 0; i < count; i++) {
        printf("%" PRIu64 " %016" PRIx64 "\n", visit[i].seq, visit[i].digest);
    }
    free(visit);
    rp_close(rp);
    return 0;
}
