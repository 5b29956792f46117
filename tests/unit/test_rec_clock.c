/* The time of events: never less than before, and CLOCK_MONOTONIC's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rec_clock.h"
#include "rec_state.h"

#define TOLERANCE_NS 200000u

static void
goes_with_the_clock(void **state)
{
    (void)state;
    rec_clock_begin();
    uint64_t begun = rec_clock_monotonic(), latest = 0, rounds = 0;
    while (rec_clock_monotonic() - begun < 100000000u) {
        uint64_t before = rec_clock_monotonic() - rec.start_ns;
        uint64_t now = rec_clock_ns();
        uint64_t after = rec_clock_monotonic() - rec.start_ns;
        assert_true(now >= latest);
        assert_true(now + TOLERANCE_NS >= before);
        assert_true(now <= after + TOLERANCE_NS);
        latest = now;
        rounds++;
    }
    assert_true(rounds > 100);
}

static void
begins_anew(void **state)
{
    (void)state;
    rec_clock_begin();
    uint64_t first = rec.start_ns;
    for (int i = 0; i < 1000; i++) {
        rec_clock_ns();
    }
    rec_clock_begin();
    assert_true(rec.start_ns > first);
    assert_true(rec_clock_ns() < 10 * 1000000000u);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_with_the_clock),
        cmocka_unit_test(begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
