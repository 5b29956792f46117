#include "rec_clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rec_state.h"

#ifdef __x86_64__
# include <x86intrin.h>
#endif

#define SOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"
/* Counts between two looks at the clock, and before the first estimate: some milliseconds. */
#define SPAN ((uint64_t)1 << 23)
/* A rate that differs by more from the one before is no rate. */
#define RATE_FAULT 0.001
/* Counts that reading the clock takes unless somebody else ran meanwhile. */
#define BOTH_COUNTS 2000

static struct {
    bool used;
    uint64_t first;         /* the count at rec.start_ns */
    uint64_t base, base_ns; /* at the latest look at the clock */
    uint64_t span;          /* counts after `base` for which `rate` is good; 0: none */
    double rate;            /* nanoseconds a count; 0: not known */
    uint64_t scaled;        /* the same times 2^32 */
} ticks;

uint64_t
rec_clock_monotonic(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline uint64_t
count(void)
{
#ifdef __x86_64__
    return __rdtsc();
#else
    return 0;
#endif
}

/* The kernel's own judgement: the counter runs at one rate, on all processors alike. */
static bool
kernel_trusts_counter(void)
{
    char name[8] = "";
    FILE *file = fopen(SOURCE, "re");
    bool read = file != NULL && fgets(name, sizeof name, file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    return read && strcmp(name, "tsc\n") == 0;
}

/* The clock and the counter at one moment, as near as a few tries get. */
static uint64_t
both(uint64_t *ret_count)
{
    uint64_t ns, before, after;
    int tries = 0;
    do {
        before = count();
        ns = rec_clock_monotonic();
        after = count();
    } while (after - before > BOTH_COUNTS && ++tries < 4);
    *ret_count = before + (after - before) / 2;
    return ns;
}

void
rec_clock_begin(void)
{
    memset(&ticks, 0, sizeof ticks);
#ifdef __x86_64__
    ticks.used = kernel_trusts_counter();
#endif
    rec.start_ns = both(&ticks.first);
}

static inline uint64_t
since_base(uint64_t passed)
{
    return ticks.base_ns + (passed * ticks.scaled >> 32);
}

/* Looks at the clock; finds the counter's rate once enough time has passed. */
static uint64_t __attribute__((noinline)) look_at_clock(void)
{
    uint64_t now, at = both(&now);
    uint64_t ns = at > rec.start_ns ? at - rec.start_ns : 0; /* a clock may jump */
    uint64_t passed = now - ticks.base;
    uint64_t latest = since_base(passed < ticks.span ? passed : ticks.span);
    ns = ns > latest ? ns : latest;
    ticks.base = now;
    ticks.base_ns = ns;
    if (ticks.used && now - ticks.first >= SPAN) {
        double rate = (double)ns / (double)(now - ticks.first);
        double difference = ticks.rate > 0 ? rate / ticks.rate - 1 : 0;
        ticks.used = rate > 0.01 && rate < 100 && difference < RATE_FAULT
                     && difference > -RATE_FAULT;
        ticks.rate = rate;
        ticks.scaled = (uint64_t)(rate * 4294967296.0);
    }
    ticks.span = ticks.used && ticks.rate > 0 ? SPAN : 0;
    return ns;
}

uint64_t
rec_clock_ns(void)
{
    uint64_t passed = ticks.span > 0 ? count() - ticks.base : 0;
    return passed < ticks.span ? since_base(passed) : look_at_clock();
}
