/* The program of the synthetic recording, as it runs. */
#ifndef SY_BANK_H
#define SY_BANK_H

#include <ucontext.h>

#include "sy_emit.h"
#include "tf_renew.h"

/* What a benchmark asks for: where it is, so that answers can be checked. */
struct sy_facts {
    uint64_t rate_seq;       /* shows bank.rate = 7 first; never written again */
    uint64_t limit_seq;      /* bank.limits[2] */
    uint64_t mode_seq;       /* bank.settings["mode"] */
    uint64_t ledger_seq;     /* bank.ledger[17], in a dict of a million keys */
    uint64_t seed_seq;       /* main's local */
    uint64_t breakpoint_seq; /* the only hit of CALIBRATE_RETURN */
    uint64_t first_post_seq, last_post_seq, posts; /* POST_JOURNAL's hits */
    uint64_t deep_first_seq, deep_last_seq;        /* depth 1,000 */
    uint64_t workers_seq;                          /* four threads run from here */
    uint64_t accounts, journal, ledger;            /* lengths */
    uint64_t raised, failure_seq, last_seq;
    uint64_t object_writes, old_writes; /* old: to objects older than a tenth of it */
};

struct sy_account {
    uint64_t id;
    int64_t balance;
    struct sy_spread spread;
};

struct sy_bank {
    struct sy sy;
    uint64_t random, event_goal;
    struct sy_facts facts;

    /* the program's data */
    struct sy_object globals, bank, limits, settings;
    struct sy_account *account;
    uint64_t account_count, account_goal;
    uint64_t accounts_id, journal_id, ledger_id;
    uint64_t journal_count;
    double *ledger; /* what each number has; LEDGER_KEY has another value */
    struct tf_renew *renew;

    /* its threads: each runs as a coroutine and is interrupted after so many events */
    struct sy_run {
        ucontext_t context;
        char *stack;
        uint64_t slice;
        bool started, done;
    } run[SY_THREADS];

    size_t current;
    ucontext_t scheduler;
};

/* Tells a run of about `events` events. False: see bank->sy.err. */
bool sy_bank_run(struct sy_bank *bank, uint64_t events, uint64_t seed,
                 struct tf_sink *sink, struct tf_writer_stats *ret_stats);

/* --- sy_threads.c --- */
uint64_t sy_random(struct sy_bank *bank, uint64_t below);
/* Runs all threads to their end; the first begins alone. */
bool sy_threads_run(struct sy_bank *bank, void (*body)(struct sy_bank *, size_t));
/* Another thread begins; it runs when it is its turn. */
void sy_thread_start(struct sy_bank *bank, size_t thread);
/* Waits for it. */
void sy_thread_join(struct sy_bank *bank, size_t thread);

#endif
