/* Random walks through a recording: every movement against a plain search through a list of
 * all events, and there and back again.
 *
 *     rp_walks RECORDING off|on|BYTES COUNT SEED
 *
 * The second word is the cache under test, as in rp_states. COUNT walks of 12 moves begin
 * at random events. Each move is held against the list where what it means is simple to
 * say, its mirror image must lead back, and after a walk the state where it began is the
 * one that another reader of the recording (with another cache) shows. Prints how many
 * checks of each sort there were; faults go to stderr, and the exit status is 1. */
#include <string.h>

#include "rp_state_text.h"

#define MOVES      12
#define FAULTS_MAX 20

/* Sorts of checks: name in the output. */
#define CHECKS(X)                \
 X(STEP, "s and rs")             \
 X(STEP_ALL, "s all and rs all") \
 X(NEXT, "n and rn")             \
 X(RETURN, "r and rf")           \
 X(OUT, "out and up")            \
 X(UNTIL, "until and back")      \
 X(CONTINUE, "c and rc")         \
 X(INSTRUCTION, "si and rsi")    \
 X(LOOP, "iterations")           \
 X(CALLS, "calls")               \
 X(STATE, "states")

#define X(id, name) CHECK_##id,

enum check { CHECKS(X) CHECK_COUNT };

#undef X
#define X(id, name) name,
static const char *const check_name[] = {CHECKS(X)};
#undef X

struct walks {
    struct rp *rp;    /* with the cache under test */
    struct rp *other; /* another reader of the same file */
    struct rp_event *event;
    size_t count;
    uint64_t first_seq, random;
    uint64_t checks[CHECK_COUNT];
    unsigned faults;
    enum check check;
};

#define NOWHERE UINT64_MAX

static void
expect(struct walks *walks, const char *what, uint64_t from, uint64_t expected,
       uint64_t got)
{
    walks->checks[walks->check]++;
    if (expected == got) {
        return;
    }
    if (walks->faults++ < FAULTS_MAX) {
        fprintf(stderr, "%s from %" PRIu64 ": expected %" PRId64 ", got %" PRId64 "\n",
                what, from, (int64_t)expected, (int64_t)got);
    }
}

static uint64_t
random_below(struct walks *walks, uint64_t below)
{
    return (random_next(&walks->random) >> 11) % below;
}

static const struct rp_event *
event_of(const struct walks *walks, uint64_t seq)
{
    return &walks->event[seq - walks->first_seq];
}

/* Where a movement leads; NOWHERE: it does not. */
static uint64_t
go_by(struct walks *walks, const struct rp_moving *moving)
{
    struct rp_stop stop;
    struct tf_err err = TF_ERR_INIT;
    check(rp_move(walks->rp, moving, &stop, &err), "move", &err);
    switch (stop.reason) {
    case RP_STOP_START:
    case RP_STOP_END:
    case RP_STOP_NOWHERE: return NOWHERE;
    default: return stop.seq;
    }
}

static uint64_t
go(struct walks *walks, enum rp_move move, uint64_t seq)
{
    return go_by(walks, &(struct rp_moving){.move = move, .seq = seq});
}

/* --- A plain search --- */
typedef bool (*fits_fn)(const struct rp_event *event, const void *ctx);

static uint64_t
search(const struct walks *walks, uint64_t from, bool forward, fits_fn fits,
       const void *ctx)
{
    size_t i = (size_t)(from - walks->first_seq);
    for (;;) {
        if (forward ? i + 1 >= walks->count : i == 0) {
            return NOWHERE;
        }
        i = forward ? i + 1 : i - 1;
        if (fits(&walks->event[i], ctx)) {
            return walks->event[i].seq;
        }
    }
}

static bool
same_thread(const struct rp_event *event, const void *ctx)
{
    const struct rp_event *here = ctx;
    return event->thread == here->thread;
}

/* What s, n and their like stop at: only si stops at instructions. */
static bool
seen(const struct rp_event *event)
{
    return event->kind != TF_EV_OPCODE;
}

static bool
seen_in_thread(const struct rp_event *event, const void *ctx)
{
    return seen(event) && same_thread(event, ctx);
}

static bool
seen_anywhere(const struct rp_event *event, const void *ctx)
{
    (void)ctx;
    return seen(event);
}

static bool
of_parent(const struct rp_event *event, const void *ctx)
{
    const struct rp_event *here = ctx;
    return seen(event) && event->thread == here->thread && event->frame == here->parent;
}

static bool
same_activation(const struct rp_event *event, const void *ctx)
{
    const struct rp_event *here = ctx;
    return event->frame == here->frame && event->call_seq == here->call_seq;
}

static bool
same_line(const struct rp_event *event, const void *ctx)
{
    const struct rp_event *here = ctx;
    return event->frame == here->frame && event->kind == TF_EV_LINE
           && event->lineno == here->lineno;
}

static bool
other_call(const struct rp_event *event, const void *ctx)
{
    const struct rp_event *here = ctx;
    return event->frame != here->frame && event->kind == TF_EV_START
           && event->code == here->code;
}

static bool
is_coroutine(const struct rp_event *event)
{
    enum { CO_GENERATOR = 0x20, CO_COROUTINE = 0x80, CO_ASYNC_GENERATOR = 0x200 };

    return (event->code->flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR))
           != 0;
}

/* Between an await and its end a coroutine is suspended and resumed: n passes over that, so
 * from there it leads back elsewhere. */
static bool
is_suspension(const struct rp_event *event)
{
    return is_coroutine(event)
           && (event->kind == TF_EV_YIELD || event->kind == TF_EV_RESUME
               || event->kind == TF_EV_THROW);
}

/* --- The movements --- */
static uint64_t
walk_step(struct walks *walks, uint64_t seq)
{
    const struct rp_event *here = event_of(walks, seq);
    walks->check = CHECK_STEP;
    uint64_t to = go(walks, RP_STEP, seq), back = go(walks, RP_STEP_BACK, seq);
    expect(walks, "s", seq, search(walks, seq, true, seen_in_thread, here), to);
    expect(walks, "rs", seq, search(walks, seq, false, seen_in_thread, here), back);
    if (to != NOWHERE && seen(here)) {
        expect(walks, "rs after s", seq, seq, go(walks, RP_STEP_BACK, to));
    }
    if (back != NOWHERE && seen(here)) {
        expect(walks, "s after rs", seq, seq, go(walks, RP_STEP, back));
    }
    return random_below(walks, 2) == 0 ? to : back;
}

static uint64_t
walk_step_all(struct walks *walks, uint64_t seq)
{
    bool forward = random_below(walks, 2) == 0;
    uint64_t expected = search(walks, seq, forward, seen_anywhere, NULL);
    walks->check = CHECK_STEP_ALL;
    uint64_t to =
        go_by(walks, &(struct rp_moving){.move = forward ? RP_STEP : RP_STEP_BACK,
                                         .seq = seq,
                                         .any_thread = true});
    expect(walks, forward ? "s all" : "rs all", seq, expected, to);
    return to;
}

/* No line of the frame is passed over, and what is passed over is deeper. */
static void
check_passed(struct walks *walks, uint64_t from, uint64_t to)
{
    const struct rp_event *here = event_of(walks, from);
    for (uint64_t seq = from + 1; seq < to; seq++) {
        const struct rp_event *event = event_of(walks, seq);
        if (seen(event) && event->thread == here->thread && event->frame == here->frame
            && (event->kind == TF_EV_LINE || !is_coroutine(here))) {
            expect(walks, "n passed over an event of the frame", from, to, seq);
            return;
        }
    }
}

static uint64_t
walk_next(struct walks *walks, uint64_t seq)
{
    const struct rp_event *here = event_of(walks, seq);
    walks->check = CHECK_NEXT;
    uint64_t to = go(walks, RP_NEXT, seq), back = go(walks, RP_NEXT_BACK, seq);
    bool there_and_back = seen(here) && !is_suspension(here);
    if (there_and_back && to != NOWHERE && event_of(walks, to)->frame == here->frame) {
        check_passed(walks, seq, to);
        expect(walks, "rn after n", seq, seq, go(walks, RP_NEXT_BACK, to));
    }
    if (there_and_back && back != NOWHERE
        && event_of(walks, back)->frame == here->frame) {
        check_passed(walks, back, seq);
        expect(walks, "n after rn", seq, seq, go(walks, RP_NEXT, back));
    }
    if (to != NOWHERE) {
        expect(walks, "n: thread", seq, here->thread, event_of(walks, to)->thread);
    }
    return random_below(walks, 2) == 0 ? to : back;
}

static uint64_t
last_of_activation(const struct walks *walks, uint64_t seq, bool forward)
{
    const struct rp_event *here = event_of(walks, seq);
    uint64_t last = seq, next;
    while ((next = search(walks, last, forward, same_activation, here)) != NOWHERE) {
        last = next;
    }
    return last;
}

static uint64_t
walk_return(struct walks *walks, uint64_t seq)
{
    const struct rp_event *here = event_of(walks, seq);
    walks->check = CHECK_RETURN;
    uint64_t to = go(walks, RP_RETURN, seq), back = go(walks, RP_CALL, seq);
    if (!is_coroutine(here)) {
        uint64_t last = last_of_activation(walks, seq, true);
        uint64_t begin = last_of_activation(walks, seq, false);
        unsigned kind = event_of(walks, last)->kind;
        bool ends = kind == TF_EV_RETURN || kind == TF_EV_UNWIND;
        if (last > seq && ends) {
            expect(walks, "r", seq, last, to);
        }
        if (begin < seq && event_of(walks, begin)->kind == TF_EV_START) {
            expect(walks, "rf", seq, begin, back);
        }
    }
    if (to != NOWHERE && back != NOWHERE && event_of(walks, to)->frame == here->frame
        && event_of(walks, back)->frame == here->frame) {
        expect(walks, "rf after r", seq, back, go(walks, RP_CALL, to));
        expect(walks, "r after rf", seq, to, go(walks, RP_RETURN, back));
    }
    return random_below(walks, 2) == 0 ? to : back;
}

static uint64_t
walk_out(struct walks *walks, uint64_t seq)
{
    const struct rp_event *here = event_of(walks, seq);
    walks->check = CHECK_OUT;
    uint64_t to = go(walks, RP_OUT, seq), up = go(walks, RP_UP, seq);
    if (up != NOWHERE && !is_coroutine(here)) {
        expect(walks, "up: frame", seq, here->parent, event_of(walks, up)->frame);
        expect(walks, "up: before the call", seq, true, up < here->call_seq);
    }
    if (to != NOWHERE && !is_coroutine(here) && here->parent != 0
        && !is_coroutine(event_of(walks, to))) {
        uint64_t last = last_of_activation(walks, seq, true);
        expect(walks, "out: frame", seq, here->parent, event_of(walks, to)->frame);
        expect(walks, "out", seq, search(walks, last, true, of_parent, here), to);
    }
    return random_below(walks, 2) == 0 ? to : up;
}

struct until {
    const struct rp_event *here;
    uint32_t lineno;
    bool forward;
};

static bool
fits_until(const struct rp_event *event, const void *ctx)
{
    const struct until *until = ctx;
    if (!same_activation(event, until->here)) {
        return false;
    }
    if (event->kind == TF_EV_LINE) {
        return until->forward ? event->lineno >= until->lineno
                              : event->lineno <= until->lineno;
    }
    return until->forward ? event->kind == TF_EV_RETURN || event->kind == TF_EV_UNWIND
                          : event->kind == TF_EV_START;
}

static uint64_t
walk_until(struct walks *walks, uint64_t seq)
{
    const struct rp_event *here = event_of(walks, seq);
    bool forward = random_below(walks, 2) == 0;
    uint32_t lineno = here->lineno + (uint32_t)random_below(walks, 9);
    lineno = lineno > 4 ? lineno - 4 : 1;
    walks->check = CHECK_UNTIL;
    struct until until = {here, lineno, forward};
    uint64_t to =
        go_by(walks, &(struct rp_moving){.move = forward ? RP_UNTIL : RP_UNTIL_BACK,
                                         .seq = seq,
                                         .lineno = lineno});
    uint64_t expected = search(walks, seq, forward, fits_until, &until);
    if (!is_coroutine(here) && expected != NOWHERE) {
        expect(walks, forward ? "until" : "runtil", seq, expected, to);
    }
    return to;
}

struct breaks {
    const struct rp_event *at[3];
    size_t count;
};

static bool
fits_break(const struct rp_event *event, const void *ctx)
{
    const struct breaks *breaks = ctx;
    for (size_t i = 0; i < breaks->count; i++) {
        if (event->kind == TF_EV_LINE && event->file == breaks->at[i]->file
            && event->lineno == breaks->at[i]->lineno) {
            return true;
        }
    }
    return false;
}

static uint64_t
go_on(struct walks *walks, uint64_t seq, bool forward)
{
    return go_by(walks,
                 &(struct rp_moving){.move = forward ? RP_CONTINUE : RP_CONTINUE_BACK,
                                     .seq = seq,
                                     .breaks = true});
}

/* Breakpoints at lines that were run; the same as a plain search both ways. */
static uint64_t
walk_continue(struct walks *walks, uint64_t seq)
{
    if (rp_facts(walks->rp)->events_by_kind[TF_EV_LINE] == 0) {
        return seq;
    }
    struct breaks breaks = {.count = 1 + random_below(walks, 3)};
    uint32_t id[3] = {0};
    struct tf_err err = TF_ERR_INIT;
    for (size_t i = 0; i < breaks.count; i++) {
        do {
            breaks.at[i] = &walks->event[random_below(walks, walks->count)];
        } while (breaks.at[i]->kind != TF_EV_LINE);
        struct rp_break_spec spec = {.sort = RP_BREAK_LINE,
                                     .file_id = breaks.at[i]->file->id,
                                     .lineno = breaks.at[i]->lineno};
        check(rp_break_add(walks->rp, &spec, &id[i], &err), "break", &err);
    }
    walks->check = CHECK_CONTINUE;
    uint64_t to = go_on(walks, seq, true), back = go_on(walks, seq, false);
    expect(walks, "c", seq, search(walks, seq, true, fits_break, &breaks), to);
    expect(walks, "rc", seq, search(walks, seq, false, fits_break, &breaks), back);
    if (to != NOWHERE && fits_break(event_of(walks, seq), &breaks)) {
        expect(walks, "rc after c", seq, seq, go_on(walks, to, false));
    }
    for (size_t i = 0; i < breaks.count; i++) {
        check(rp_break_remove(walks->rp, id[i], &err), "clear", &err);
    }
    return random_below(walks, 2) == 0 ? to : back;
}

static uint64_t
walk_instruction(struct walks *walks, uint64_t seq)
{
    const struct rp_event *here = event_of(walks, seq);
    walks->check = CHECK_INSTRUCTION;
    uint64_t to = go(walks, RP_INSTRUCTION, seq);
    uint64_t back = go(walks, RP_INSTRUCTION_BACK, seq);
    expect(walks, "si", seq, search(walks, seq, true, same_thread, here), to);
    expect(walks, "rsi", seq, search(walks, seq, false, same_thread, here), back);
    uint64_t over = go(walks, RP_INSTRUCTION_OVER, seq);
    if (!is_suspension(here) && over != NOWHERE
        && event_of(walks, over)->frame == here->frame) {
        expect(walks, "rni after ni", seq, seq,
               go(walks, RP_INSTRUCTION_OVER_BACK, over));
    }
    return random_below(walks, 2) == 0 ? to : over;
}

static uint64_t
walk_loop(struct walks *walks, uint64_t seq)
{
    const struct rp_event *here = event_of(walks, seq);
    if (here->kind != TF_EV_LINE) {
        return seq;
    }
    walks->check = CHECK_LOOP;
    uint64_t to = go(walks, RP_LOOP, seq), back = go(walks, RP_LOOP_BACK, seq);
    expect(walks, "iteration", seq, search(walks, seq, true, same_line, here), to);
    expect(walks, "iteration back", seq, search(walks, seq, false, same_line, here),
           back);
    if (to != NOWHERE) {
        expect(walks, "iteration there and back", seq, seq,
               go(walks, RP_LOOP_BACK, to));
    }
    return random_below(walks, 2) == 0 ? to : back;
}

static uint64_t
walk_calls(struct walks *walks, uint64_t seq)
{
    const struct rp_event *here = event_of(walks, seq);
    walks->check = CHECK_CALLS;
    uint64_t to = go(walks, RP_NEXT_CALL, seq),
             back = go(walks, RP_NEXT_CALL_BACK, seq);
    expect(walks, "next call", seq, search(walks, seq, true, other_call, here), to);
    expect(walks, "previous call", seq, search(walks, seq, false, other_call, here),
           back);
    return random_below(walks, 2) == 0 ? to : back;
}

/* --- All of it --- */
static void
compare_state(struct walks *walks, uint64_t seq)
{
    struct rp_buf one = RP_BUF_INIT, other = RP_BUF_INIT;
    const struct rp_limits limits = {.items = 3, .depth = 3};
    walks->check = CHECK_STATE;
    add_state(walks->rp, seq, &limits, &one);
    add_state(walks->other, seq, &limits, &other);
    expect(walks, "state", seq, digest(&other), digest(&one));
    rp_buf_release(&one);
    rp_buf_release(&other);
}

static void
walk(struct walks *walks)
{
    static uint64_t (*const moves[])(struct walks *, uint64_t) = {
        walk_step,  walk_step_all, walk_next,        walk_return, walk_out,
        walk_until, walk_continue, walk_instruction, walk_loop,   walk_calls,
    };
    uint64_t begin = walks->first_seq + random_below(walks, walks->count), seq = begin;
    for (unsigned i = 0; i < MOVES; i++) {
        size_t move = random_below(walks, sizeof moves / sizeof *moves);
        uint64_t to = moves[move](walks, seq);
        seq = to == NOWHERE ? seq : to;
    }
    compare_state(walks, seq);
    compare_state(walks, begin);
}

static void
list_events(struct walks *walks)
{
    struct tf_err err = TF_ERR_INIT;
    const struct rp_facts *facts = rp_facts(walks->other);
    walks->count = (size_t)facts->event_count;
    walks->first_seq = facts->first_seq;
    walks->event = calloc(walks->count + 1, sizeof *walks->event);
    for (size_t i = 0; walks->event != NULL && i < walks->count; i++) {
        check(rp_event_at(walks->other, walks->first_seq + i, &walks->event[i], &err),
              "event", &err);
    }
}

int
main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: rp_walks RECORDING off|on|BYTES COUNT SEED\n");
        return 2;
    }
    struct tf_err err = TF_ERR_INIT;
    struct rp_options options = {
        .cache_off = strcmp(argv[2], "off") == 0,
        .cache_bytes = (size_t)strtoull(argv[2], NULL, 10),
    };
    struct walks walks = {.random = strtoull(argv[4], NULL, 10) * 2654435761u + 1};
    check(rp_open(argv[1], &options, &walks.rp, &err), argv[1], &err);
    check(rp_open(argv[1], NULL, &walks.other, &err), argv[1], &err);
    list_events(&walks);
    uint64_t count = strtoull(argv[3], NULL, 10);
    for (uint64_t i = 0; walks.event != NULL && i < count; i++) {
        walk(&walks);
    }
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        printf("%s: %" PRIu64 "\n", check_name[i], walks.checks[i]);
    }
    free(walks.event);
    rp_close(walks.rp);
    rp_close(walks.other);
    return walks.faults > 0;
}
