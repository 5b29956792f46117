/* pyrec-synth OUT.pyrec [--events N[K|M]] [--seed N]: writes a recording of a large run
 * that never was, with all that makes replaying one hard (sy_source.h has the program), and
 * prints as JSON where in it things are. Memory: some 100 bytes a live object. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sy_bank.h"

static int
usage(void)
{
    fprintf(stderr, "usage: pyrec-synth OUT.pyrec [--events N[K|M]] [--seed N]\n");
    return 2;
}

/* "100M" */
static bool
parse_count(const char *text, uint64_t *ret)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    n *= *end == 'M' ? 1000000 : *end == 'K' ? 1000 : 1;
    end += *end == 'M' || *end == 'K';
    *ret = n;
    return end != text && *end == '\0';
}

static void
print_facts(const struct sy_bank *bank, const struct tf_writer_stats *stats)
{
    const struct sy_facts *facts = &bank->facts;
    printf("{\"events\": %" PRIu64 ", \"chunks\": %" PRIu64
           ", \"file_bytes\": %" PRIu64,
           stats->events, stats->chunks, stats->file_bytes);
#define FACT(name) printf(", \"" #name "\": %" PRIu64, facts->name)
    FACT(rate_seq);
    FACT(limit_seq);
    FACT(mode_seq);
    FACT(ledger_seq);
    FACT(seed_seq);
    FACT(breakpoint_seq);
    FACT(first_post_seq);
    FACT(last_post_seq);
    FACT(posts);
    FACT(deep_first_seq);
    FACT(deep_last_seq);
    FACT(workers_seq);
    FACT(accounts);
    FACT(journal);
    FACT(ledger);
    FACT(raised);
    FACT(failure_seq);
    FACT(last_seq);
    FACT(object_writes);
    FACT(old_writes);
#undef FACT
#define LINE(name, line) printf(", \"" name "_line\": %d", SY_L_##line)
    LINE("breakpoint", CALIBRATE_RETURN);
    LINE("post", POST_JOURNAL);
    LINE("score", SCORE_STEP);
    LINE("raise", MAIN_RAISE);
#undef LINE
    printf("}\n");
}

int
main(int argc, char **argv)
{
    uint64_t events = 1000000, seed = 1;
    if (argc < 2 || argv[1][0] == '-') {
        return usage();
    }
    for (int i = 2; i < argc; i += 2) {
        bool known =
            i + 1 < argc
            && ((strcmp(argv[i], "--events") == 0 && parse_count(argv[i + 1], &events))
                || (strcmp(argv[i], "--seed") == 0 && parse_count(argv[i + 1], &seed)));
        if (!known) {
            return usage();
        }
    }
    int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    struct sy_bank *bank = calloc(1, sizeof *bank);
    if (fd < 0 || bank == NULL) {
        perror(argv[1]);
        return 2;
    }
    struct tf_sink_fd sink;
    struct tf_writer_stats stats = {0};
    tf_sink_fd_init(&sink, fd);
    bool ok = sy_bank_run(bank, events, seed, &sink.sink, &stats);
    ok = close(fd) == 0 && ok;
    if (ok) {
        print_facts(bank, &stats);
    }
    else {
        fprintf(stderr, "pyrec-synth: %s\n", bank->sy.err.message);
    }
    free(bank);
    return ok ? 0 : 4;
}
