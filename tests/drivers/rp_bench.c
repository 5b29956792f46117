/* Measures what the core does for one look or one step, without a process start or a pipe
 * between. Prints JSON, one object a line: {"what": ..., "ns": [...], "cpu_ns": [...],
 * "seq": [...]}; the last has "peak_kib".
 *
 *     rp_bench RECORDING open COUNT           opens and closes it
 *     rp_bench RECORDING goto COUNT SEED      random events: the screen of each
 *     rp_bench RECORDING fresh COUNT SEED     likewise, each in a recording just opened,
 *                                             whose file was dropped from the page cache
 *     rp_bench RECORDING step COUNT SEED      from random events and over chunk borders:
 *                                             steps forward and back, 20 at each place
 *     rp_bench RECORDING next COUNT SEED      likewise, over calls
 *
 * The screen is what the prompt shows: the event, the innermost frames with their source
 * lines, the frame's locals as texts that fit the screen. */
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "rp.h"

#define SCREEN_FRAMES 8
#define STEPS         20

static void
check(tf_status status, const char *what, const struct tf_err *err)
{
    if (status != TF_OK) {
        fprintf(stderr, "rp_bench: %s: %s\n", what, err->message);
        exit(1);
    }
}

/* The time, and what the process has computed: the same on a quiet machine, but for
 * waiting for the disk. */
struct moment {
    uint64_t ns, cpu_ns;
};

static uint64_t
clock_ns(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static struct moment
now(void)
{
    return (struct moment){clock_ns(CLOCK_MONOTONIC),
                           clock_ns(CLOCK_PROCESS_CPUTIME_ID)};
}

static uint64_t
random_next(uint64_t *state)
{
    *state ^= *state << 13; /* Marsaglia's xorshift64 */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

/* --- Samples --- */
struct samples {
    uint64_t *ns, *cpu_ns, *seq;
    size_t count, cap;
};

static void
samples_grow(struct samples *samples)
{
    samples->cap = samples->cap > 0 ? samples->cap * 2 : 256;
    samples->ns = realloc(samples->ns, samples->cap * sizeof *samples->ns);
    samples->cpu_ns = realloc(samples->cpu_ns, samples->cap * sizeof *samples->cpu_ns);
    samples->seq = realloc(samples->seq, samples->cap * sizeof *samples->seq);
    if (samples->ns == NULL || samples->cpu_ns == NULL || samples->seq == NULL) {
        fprintf(stderr, "rp_bench: out of memory\n");
        exit(1);
    }
}

/* What passed since `begin`. */
static void
samples_add(struct samples *samples, struct moment begin, uint64_t seq)
{
    struct moment end = now();
    if (samples->count == samples->cap) {
        samples_grow(samples);
    }
    samples->ns[samples->count] = end.ns - begin.ns;
    samples->cpu_ns[samples->count] = end.cpu_ns - begin.cpu_ns;
    samples->seq[samples->count++] = seq;
}

static void
print_list(const char *name, const uint64_t *number, size_t count)
{
    printf(", \"%s\": [", name);
    for (size_t i = 0; i < count; i++) {
        printf("%s%" PRIu64, i > 0 ? ", " : "", number[i]);
    }
    putchar(']');
}

static void
samples_print(struct samples *samples, const char *what)
{
    printf("{\"what\": \"%s\"", what);
    print_list("ns", samples->ns, samples->count);
    print_list("cpu_ns", samples->cpu_ns, samples->count);
    print_list("seq", samples->seq, samples->count);
    puts("}");
    free(samples->ns);
    free(samples->cpu_ns);
    free(samples->seq);
    *samples = (struct samples){0};
}

/* --- What is measured --- */
static struct rp *
open_recording(const char *path)
{
    struct rp *rp;
    struct tf_err err = TF_ERR_INIT;
    check(rp_open(path, NULL, &rp, &err), path, &err);
    return rp;
}

static void
forget_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        close(fd);
    }
}

static void
show_line(struct rp *rp, const struct tf_def_file *file, uint32_t lineno,
          struct rp_buf *out)
{
    struct tf_text text;
    if (rp_source_line(rp, file->id, lineno, &text, NULL) == TF_OK) {
        rp_buf_add(out, text.data, text.len);
    }
}

static void
show_stack(struct rp *rp, const struct rp_event *event, struct rp_buf *out)
{
    struct rp_stack stack;
    struct tf_err err = TF_ERR_INIT;
    check(rp_stack_at(rp, event->seq, event->thread, 0, SCREEN_FRAMES, &stack, &err),
          "stack", &err);
    for (size_t i = 0; i < stack.count; i++) {
        show_line(rp, stack.frame[i].file, stack.frame[i].lineno, out);
    }
    rp_stack_release(&stack);
}

static void
show_locals(struct rp *rp, const struct rp_event *event, struct rp_buf *out)
{
    struct rp_vars vars;
    struct tf_err err = TF_ERR_INIT;
    const struct rp_limits limits = RP_LIMITS_SCREEN;
    check(rp_locals(rp, event->seq, event->frame, &vars, &err), "locals", &err);
    for (size_t i = 0; i < vars.count; i++) {
        struct rp_notes notes = RP_NOTES_INIT;
        check(rp_value_text(rp, &vars.var[i].value, event->seq, &limits, out, &notes,
                            "", &err),
              "text", &err);
        rp_notes_release(&notes);
    }
    rp_vars_release(&vars);
}

static void
show_screen(struct rp *rp, uint64_t seq)
{
    struct rp_event event;
    struct rp_buf out = RP_BUF_INIT;
    struct tf_err err = TF_ERR_INIT;
    check(rp_event_at(rp, seq, &event, &err), "event", &err);
    show_stack(rp, &event, &out);
    show_locals(rp, &event, &out);
    rp_buf_release(&out);
}

static uint64_t
random_seq(const struct rp *rp, uint64_t *seed)
{
    const struct rp_facts *facts = rp_facts(rp);
    return facts->first_seq + random_next(seed) % facts->event_count;
}

static void
run_open(const char *path, size_t count)
{
    struct samples samples = {0};
    for (size_t i = 0; i < count; i++) {
        struct moment begin = now();
        struct rp *rp = open_recording(path);
        samples_add(&samples, begin, 0);
        rp_close(rp);
    }
    samples_print(&samples, "open");
}

static void
run_goto(const char *path, size_t count, uint64_t seed, bool fresh)
{
    struct samples samples = {0};
    struct rp *rp = open_recording(path);
    for (size_t i = 0; i < count; i++) {
        uint64_t seq = random_seq(rp, &seed);
        if (fresh) {
            rp_close(rp);
            forget_file(path);
            rp = open_recording(path);
        }
        struct moment begin = now();
        show_screen(rp, seq);
        samples_add(&samples, begin, seq);
    }
    rp_close(rp);
    samples_print(&samples, fresh ? "fresh" : "goto");
}

/* A step, and what the prompt says then: the event and its line. */
static uint64_t
step(struct rp *rp, enum rp_move move, uint64_t seq)
{
    struct rp_event event;
    struct rp_stop stop;
    struct rp_buf out = RP_BUF_INIT;
    struct tf_err err = TF_ERR_INIT;
    struct rp_moving moving = {.move = move, .seq = seq};
    check(rp_move(rp, &moving, &stop, &err), "move", &err);
    check(rp_event_at(rp, stop.seq, &event, &err), "event", &err);
    show_line(rp, event.file, event.lineno, &out);
    rp_buf_release(&out);
    return stop.seq;
}

/* Where each chunk begins. */
struct borders {
    struct tf_reader *reader;
    size_t count;
};

static size_t
chunk_of(const struct borders *borders, uint64_t seq)
{
    size_t idx = 0;
    tf_reader_chunk_of_seq(borders->reader, seq, &idx);
    return idx;
}

static void
run_steps(const char *path, size_t count, uint64_t seed, bool over)
{
    static const enum rp_move moves[2][2] = {{RP_STEP, RP_STEP_BACK},
                                             {RP_NEXT, RP_NEXT_BACK}};
    struct samples within[2] = {{0}}, border[2] = {{0}};
    struct tf_err err = TF_ERR_INIT;
    struct borders borders;
    struct rp *rp = open_recording(path);
    check(tf_reader_open(path, NULL, NULL, &borders.reader, &err), path, &err);
    borders.count = tf_reader_chunk_count(borders.reader);
    for (size_t i = 0; i < count; i++) {
        uint64_t seq = random_seq(rp, &seed);
        int back = (int)(i % 2);
        if (i % 4 >= 2) { /* begin right before, resp. after a border */
            size_t chunk = 1 + random_next(&seed) % (borders.count - 1);
            seq =
                tf_reader_chunk_info(borders.reader, chunk)->first_seq - 5 + 10 * back;
        }
        show_screen(rp, seq);
        for (size_t s = 0; s < STEPS; s++) {
            struct moment begin = now();
            uint64_t to = step(rp, moves[over][back], seq);
            if (to == seq) {
                break;
            }
            bool crossed = chunk_of(&borders, to) != chunk_of(&borders, seq);
            samples_add(crossed ? &border[back] : &within[back], begin, seq);
            seq = to;
        }
    }
    tf_reader_close(borders.reader);
    rp_close(rp);
    samples_print(&within[0], over ? "n" : "s");
    samples_print(&within[1], over ? "rn" : "rs");
    samples_print(&border[0], over ? "n over a border" : "s over a border");
    samples_print(&border[1], over ? "rn over a border" : "rs over a border");
}

int
main(int argc, char **argv)
{
    mallopt(M_MMAP_THRESHOLD, 6 << 20); /* as replayer/main.c does */
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
    mallopt(M_TOP_PAD, 1 << 20);
    if (argc < 4) {
        fprintf(stderr, "usage: rp_bench RECORDING open|goto|fresh|step|next COUNT "
                        "[SEED]\n");
        return 2;
    }
    size_t count = (size_t)strtoull(argv[3], NULL, 10);
    uint64_t seed = (argc > 4 ? strtoull(argv[4], NULL, 10) : 1) * 2654435761u + 1;
    const char *what = argv[2];
    if (strcmp(what, "open") == 0) {
        run_open(argv[1], count);
    }
    else if (strcmp(what, "goto") == 0 || strcmp(what, "fresh") == 0) {
        run_goto(argv[1], count, seed, *what == 'f');
    }
    else {
        run_steps(argv[1], count, seed, strcmp(what, "next") == 0);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"peak_kib\": %ld}\n", usage.ru_maxrss);
    return 0;
}
