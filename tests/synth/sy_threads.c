/* The threads of the synthetic program: coroutines that take turns, as threads do that
 * hold the GIL in turn. So a function of the program is a function here, whatever thread
 * it runs in, and every run of the generator is the same. */
#include <stdlib.h>

#include "sy_bank.h"

#define STACK_BYTES ((size_t)4 << 20)

/* Events between two switches of threads. */
#define SLICE_MIN 500u
#define SLICE_MAX 20000u

struct body {
    struct sy_bank *bank;
    void (*run)(struct sy_bank *, size_t);
    size_t thread;
};

uint64_t
sy_random(struct sy_bank *bank, uint64_t below)
{
    bank->random ^= bank->random << 13; /* Marsaglia's xorshift64 */
    bank->random ^= bank->random >> 7;
    bank->random ^= bank->random << 17;
    return (bank->random >> 11) % below;
}

static void
give_way(struct sy_bank *bank)
{
    swapcontext(&bank->run[bank->current].context, &bank->scheduler);
}

static void
after_event(void *ctx)
{
    struct sy_bank *bank = ctx;
    struct sy_run *run = &bank->run[bank->current];
    if (run->slice > 0) {
        run->slice--;
        return;
    }
    give_way(bank);
}

/* makecontext hands on ints only. */
static void
body_start(unsigned high, unsigned low)
{
    struct body *body = (struct body *)((uintptr_t)high << 32 | low);
    struct sy_bank *bank = body->bank;
    body->run(bank, body->thread);
    bank->run[body->thread].done = true;
    give_way(bank);
}

static bool
prepare(struct sy_bank *bank, struct body *body)
{
    struct sy_run *run = &bank->run[body->thread];
    uintptr_t at = (uintptr_t)body;
    run->stack = malloc(STACK_BYTES);
    if (run->stack == NULL || getcontext(&run->context) != 0) {
        return false;
    }
    run->context.uc_stack.ss_sp = run->stack;
    run->context.uc_stack.ss_size = STACK_BYTES;
    makecontext(&run->context, (void (*)(void))body_start, 2, (unsigned)(at >> 32),
                (unsigned)at);
    return true;
}

/* The next thread that can run, after the current one. */
static bool
pick(struct sy_bank *bank)
{
    for (size_t i = 0; i < SY_THREADS; i++) {
        size_t next = (bank->current + 1 + i) % SY_THREADS;
        if (bank->run[next].started && !bank->run[next].done) {
            bank->current = next;
            bank->run[next].slice = SLICE_MIN + sy_random(bank, SLICE_MAX - SLICE_MIN);
            return true;
        }
    }
    return false;
}

bool
sy_threads_run(struct sy_bank *bank, void (*run)(struct sy_bank *, size_t))
{
    struct body body[SY_THREADS];
    bool ok = true;
    bank->sy.after_event = after_event;
    bank->sy.ctx = bank;
    for (size_t i = 0; i < SY_THREADS; i++) {
        body[i] = (struct body){bank, run, i};
        ok = ok && prepare(bank, &body[i]);
    }
    bank->run[0].started = true;
    while (ok && pick(bank)) {
        swapcontext(&bank->scheduler, &bank->run[bank->current].context);
    }
    for (size_t i = 0; i < SY_THREADS; i++) {
        free(bank->run[i].stack);
    }
    return ok;
}

void
sy_thread_start(struct sy_bank *bank, size_t thread)
{
    bank->run[thread].started = true;
}

void
sy_thread_join(struct sy_bank *bank, size_t thread)
{
    while (!bank->run[thread].done) {
        bank->run[bank->current].slice = 0;
        give_way(bank);
    }
}
