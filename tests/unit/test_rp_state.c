/* The state at an event is what the model says, however one comes there, and whatever the
 * cache holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rp.h"
#include "tt_model.h"

enum { EVENTS = 400, SEEDS = 10 };

static const struct rp_options caches[] = {
    {.cache_off = true},
    {.cache_bytes = 20000},
    {.cache_bytes = 0},
};

static struct rp *
open_model(const char *path, const struct rp_options *options)
{
    struct rp *rp = NULL;
    struct tf_err err = TF_ERR_INIT;
    if (rp_open(path, options, &rp, &err) != TF_OK) {
        fail_msg("%s", err.message);
    }
    return rp;
}

static void
check(struct rp *rp, const struct tt_model *model, uint64_t seq, struct rp_buf *buf)
{
    tt_state_text(rp, seq, buf);
    if (strcmp(buf->data, tt_model_state(model, seq)) != 0) {
        fail_msg("event %llu: the core has\n%s, the model\n%s", (unsigned long long)seq,
                 buf->data, tt_model_state(model, seq));
    }
}

/* `some`: every so many events; without a cache each costs several decoded chunks. */
static void
walk_all_ways(struct rp *rp, const struct tt_model *model, unsigned seed, unsigned some)
{
    struct rp_buf buf = RP_BUF_INIT;
    assert_int_equal(rp_facts(rp)->event_count, EVENTS);
    for (uint64_t seq = 1; seq <= EVENTS; seq += some) {
        check(rp, model, seq, &buf);
    }
    for (uint64_t seq = EVENTS; seq > some; seq -= some) {
        check(rp, model, seq, &buf);
    }
    for (unsigned i = 0; i < EVENTS; i += some) {
        check(rp, model, 1 + (uint64_t)(i + seed) * 7919 % EVENTS, &buf);
    }
    rp_buf_release(&buf);
}

static void
test_states(void **unused)
{
    (void)unused;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct tt_model *model = tt_model_new(seed, EVENTS);
        size_t len;
        const char *text = tt_model_text(model, &len);
        char *path = tt_model_file(text, len);
        for (size_t i = 0; i < sizeof caches / sizeof *caches; i++) {
            struct rp *rp = open_model(path, &caches[i]);
            assert_true(rp_facts(rp)->chunk_count > 5);
            walk_all_ways(rp, model, seed, i == 2 ? 1 : 7);
            rp_close(rp);
        }
        unlink(path);
        free(path);
        tt_model_free(model);
    }
}

/* --- Stepping: there and back is the same place; every event is met --- */

static uint64_t
step(struct rp *rp, uint64_t seq, enum rp_move move, enum rp_stop_reason *ret_reason)
{
    struct rp_moving moving = {.move = move, .seq = seq};
    struct rp_stop stop;
    struct tf_err err = TF_ERR_INIT;
    if (rp_move(rp, &moving, &stop, &err) != TF_OK) {
        fail_msg("%s", err.message);
    }
    *ret_reason = stop.reason;
    return stop.seq;
}

static void
step_thread(struct rp *rp, uint32_t thread)
{
    struct rp_filter filter = {.thread = thread};
    struct tf_err err = TF_ERR_INIT;
    uint64_t seq;
    enum rp_stop_reason reason;
    if (rp_find(rp, &filter, 0, true, &seq, &err) != TF_OK) {
        return;
    }
    uint64_t path[EVENTS];
    size_t count = 0;
    do {
        path[count++] = seq;
        seq = step(rp, seq, RP_STEP, &reason);
    } while (reason == RP_STOP_MOVED);
    assert_int_equal(reason, RP_STOP_END);
    size_t expected = 0;
    for (uint64_t i = 1; i <= EVENTS; i++) {
        struct rp_event event;
        assert_int_equal(rp_event_at(rp, i, &event, &err), TF_OK);
        expected += event.thread == thread;
    }
    assert_int_equal(count, expected);
    for (size_t i = count - 1; i-- > 0;) {
        seq = step(rp, seq, RP_STEP_BACK, &reason);
        assert_int_equal(seq, path[i]);
    }
    step(rp, seq, RP_STEP_BACK, &reason);
    assert_int_equal(reason, RP_STOP_START);
}

/* What each move must give, told by going through all events one after another. */
static uint64_t
brute_next(struct rp *rp, const struct rp_event *from, bool forward)
{
    struct tf_err err = TF_ERR_INIT;
    bool leaves = forward ? from->kind == TF_EV_RETURN || from->kind == TF_EV_YIELD
                                || from->kind == TF_EV_UNWIND
                          : from->kind == TF_EV_START || from->kind == TF_EV_RESUME
                                || from->kind == TF_EV_THROW;
    uint32_t depth = from->depth - (leaves && from->depth);
    for (uint64_t seq = from->seq + (forward ? 1 : -1); seq >= 1 && seq <= EVENTS;
         seq += forward ? 1 : -1) {
        struct rp_event event;
        assert_int_equal(rp_event_at(rp, seq, &event, &err), TF_OK);
        if (event.thread == from->thread && event.depth <= depth) {
            return seq;
        }
    }
    return 0;
}

static uint64_t
brute_return(struct rp *rp, const struct rp_event *from)
{
    struct tf_err err = TF_ERR_INIT;
    for (uint64_t seq = from->seq + 1; seq <= EVENTS; seq++) {
        struct rp_event event;
        assert_int_equal(rp_event_at(rp, seq, &event, &err), TF_OK);
        if (event.frame == from->frame && event.call_seq == from->call_seq
            && event.kind >= TF_EV_RETURN && event.kind <= TF_EV_UNWIND) {
            return seq;
        }
    }
    return 0;
}

static void
check_moves(struct rp *rp, uint64_t seq)
{
    struct rp_event event;
    struct tf_err err = TF_ERR_INIT;
    enum rp_stop_reason reason;
    assert_int_equal(rp_event_at(rp, seq, &event, &err), TF_OK);
    uint64_t expected = brute_next(rp, &event, true);
    uint64_t got = step(rp, seq, RP_NEXT, &reason);
    assert_int_equal(reason == RP_STOP_MOVED ? got : 0, expected);
    expected = brute_next(rp, &event, false);
    got = step(rp, seq, RP_NEXT_BACK, &reason);
    assert_int_equal(reason == RP_STOP_MOVED ? got : 0, expected);
    if (event.seq != event.call_seq) {
        got = step(rp, seq, RP_CALL, &reason);
        assert_int_equal(reason, RP_STOP_MOVED);
        assert_int_equal(got, event.call_seq);
    }
    bool at_return = event.kind >= TF_EV_RETURN && event.kind <= TF_EV_UNWIND;
    expected = at_return ? 0 : brute_return(rp, &event);
    if (expected) {
        got = step(rp, seq, RP_RETURN, &reason);
        assert_int_equal(reason, RP_STOP_MOVED);
        assert_int_equal(got, expected);
    }
}

static void
test_moves(void **unused)
{
    (void)unused;
    for (unsigned seed = 1; seed <= 6; seed++) {
        struct tt_model *model = tt_model_new(seed, EVENTS);
        size_t len;
        const char *text = tt_model_text(model, &len);
        char *path = tt_model_file(text, len);
        for (size_t i = 0; i < sizeof caches / sizeof *caches; i++) {
            struct rp *rp = open_model(path, &caches[i]);
            for (uint32_t thread = 1; thread <= 3 && i > 0; thread++) {
                step_thread(rp, thread);
            }
            for (uint64_t seq = 1; seq <= EVENTS; seq += i == 2 ? 3 : 67) {
                check_moves(rp, seq);
            }
            rp_close(rp);
        }
        unlink(path);
        free(path);
        tt_model_free(model);
    }
}

/* --- Writes: the last write of each local, against the states themselves --- */

static char *
local_text(struct rp *rp, uint64_t seq, uint64_t frame, const char *name)
{
    struct rp_value value;
    struct rp_buf buf = RP_BUF_INIT;
    struct tf_err err = TF_ERR_INIT;
    struct tf_text text = {name, strlen(name)};
    if (rp_variable(rp, seq, frame, text, &value, &err) != TF_OK) {
        return NULL;
    }
    if (value.kind == TF_VAL_REF) {
        rp_buf_addf(&buf, "#%llu", (unsigned long long)value.ref);
    }
    else {
        assert_int_equal(rp_value_text(rp, &value, seq, NULL, &buf, NULL, NULL, &err),
                         TF_OK);
    }
    rp_value_release(&value);
    return buf.data;
}

static bool
same(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

/* Where the frame's variable last got the value that it has at `seq`, going back event by
 * event; only as long as the frame stays on the stack, which is enough here. */
static uint64_t
brute_last(struct rp *rp, uint64_t seq, uint64_t frame, const char *name,
           bool *ret_known)
{
    char *now = local_text(rp, seq, frame, name);
    uint64_t found = 0;
    struct rp_frame there;
    struct tf_err err = TF_ERR_INIT;
    *ret_known = true;
    for (uint64_t at = seq; at >= 1 && !found; at--) {
        struct rp_frame before;
        if (at == 1 || rp_frame_at(rp, at - 1, frame, &before, &err) != TF_OK) {
            assert_int_equal(rp_frame_at(rp, at, frame, &there, &err), TF_OK);
            *ret_known = now && there.call_kind == TF_EV_START;
            found = now ? at : 0;
            break;
        }
        char *then = local_text(rp, at - 1, frame, name);
        if (!same(now, then)) {
            found = at;
        }
        free(then);
    }
    free(now);
    return found;
}

static void
check_last(struct rp *rp, uint64_t seq, const char *name)
{
    struct rp_event event;
    struct tf_err err = TF_ERR_INIT;
    assert_int_equal(rp_event_at(rp, seq, &event, &err), TF_OK);
    bool known;
    uint64_t expected = brute_last(rp, seq, event.frame, name, &known);
    struct rp_place *place;
    struct rp_write write;
    if (!known) {
        return;
    }
    assert_int_equal(rp_place_parse(rp, name, seq, event.frame, &place, &err), TF_OK);
    tf_status status = rp_write_last(rp, place, seq, &write, &err);
    if (expected) {
        /* A later assignment of an equal value is a write as well. */
        bool again_equal = status == TF_OK && write.seq > expected && write.seq <= seq
                           && rp_value_same(&write.before, &write.after);
        if (status != TF_OK || (write.seq != expected && !again_equal)) {
            fail_msg("last %s before %llu: %llu expected, %llu found (%s)", name,
                     (unsigned long long)seq, (unsigned long long)expected,
                     status == TF_OK ? (unsigned long long)write.seq : 0, err.message);
        }
        struct rp_write again;
        if (write.seq > 1
            && rp_write_next(rp, place, write.seq - 1, &again, &err) == TF_OK) {
            assert_int_equal(again.seq, write.seq);
            rp_write_release(&again);
        }
    }
    if (status == TF_OK) {
        rp_write_release(&write);
    }
    rp_place_free(place);
}

static void
test_writes(void **unused)
{
    (void)unused;
    for (unsigned seed = 1; seed <= 6; seed++) {
        struct tt_model *model = tt_model_new(seed, EVENTS);
        size_t len;
        const char *text = tt_model_text(model, &len);
        char *path = tt_model_file(text, len);
        struct rp *rp = open_model(path, NULL);
        for (uint64_t seq = 1; seq <= EVENTS; seq += 5) {
            check_last(rp, seq, "v0");
            check_last(rp, seq, "v3");
        }
        rp_close(rp);
        unlink(path);
        free(path);
        tt_model_free(model);
    }
}

/* --- Objects that were written in another chunk, in the text of others --- */

static const char STRAYS[] = "file app.py own\n"
                             "    | f()\n"
                             "type Box instance module=app\n"
                             "code f app.py:1 slots=x args=1 lines=1\n"
                             "thread 1\n"
                             "call f x=None\n"
                             "line 1 new $old:Box(n=1)\n"
                             "chunk\n"
                             "line 1 x=Box(old=$old, n=2)\n"
                             "return 1 => None\n"
                             "exit 0\n";

static void
check_stray(struct rp *rp, bool fold, const char *expected)
{
    struct rp_value value;
    struct rp_buf buf = RP_BUF_INIT;
    struct rp_event event;
    struct tf_err err = TF_ERR_INIT;
    struct tf_text name = {"x", 1};
    assert_int_equal(rp_event_at(rp, 3, &event, &err), TF_OK);
    assert_int_equal(rp_variable(rp, 3, event.frame, name, &value, &err), TF_OK);
    rp_fold_strays(rp, fold);
    assert_int_equal(rp_value_text(rp, &value, 3, NULL, &buf, NULL, "x", &err), TF_OK);
    assert_string_equal(buf.data, expected);
    rp_fold_strays(rp, false);
    rp_value_release(&value);
    rp_buf_release(&buf);
}

static void
test_strays(void **unused)
{
    (void)unused;
    char *path = tt_model_file(STRAYS, sizeof STRAYS - 1);
    struct rp *rp = open_model(path, &caches[0]);
    uint64_t before = rp_strays(rp);
    check_stray(rp, true, "<app.Box #2 old=<#1 ...> n=2>");
    assert_int_equal(rp_strays(rp), before);
    check_stray(rp, false, "<app.Box #2 old=<app.Box #1 n=1> n=2>");
    assert_int_equal(rp_strays(rp), before + 1);
    rp_close(rp);
    unlink(path);
    free(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_strays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
