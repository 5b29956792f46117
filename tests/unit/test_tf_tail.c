/* The tail of a recording that was not finished: its events are there, whatever stands in it
 * otherwise takes nothing away from what was written before, and says why it is not used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "rp.h"
#include "tf_rows.h"
#include "tf_sink.h"
#include "tf_tail.h"
#include "tf_writer.h"
#include "tt_alloc.h"
#include "tt_ask.h"
#include "tt_file.h"
#include "tt_model.h"

enum { CHUNK_EVENTS = 3, TAIL_EVENTS = 5 };

static struct {
    char path[300], tail[310];
    uint8_t *bytes; /* of the tail as it was left */
    size_t len;
    char *states;      /* of all events */
    size_t chunk_len;  /* of those that were written */
    size_t sealed_len; /* of those before the last, which has no checksum */
} left;

static void
define(struct tf_batch *batch, uint32_t id)
{
    static const struct tf_text slot[] = {{"x", 1}};
    static const uint32_t kind[] = {TF_SLOT_LOCAL};
    struct tf_def_file file = {.id = id, .path = {"app.py", 6}};
    struct tf_def_code code = {.id = id,
                               .file = 1,
                               .name = {"f", 1},
                               .qualname = {"f", 1},
                               .slot = slot,
                               .slot_kind = kind,
                               .slot_count = 1};
    struct tf_def_thread thread = {.id = id, .name = {"main", 4}};
    struct tf_def_source source = {.file = id, .text = {"x = 1\n", 6}};
    tf_batch_add_file(batch, &file);
    tf_batch_add_code(batch, &code);
    tf_batch_add_thread(batch, &thread);
    tf_batch_add_source(batch, &source);
    tf_tail_seal_definitions(batch);
    tf_tail_seal_sources(batch);
}

static void
put_keyframe(struct tf_rows *rows, int64_t x)
{
    tf_rows_op(rows, TF_OP_THREAD);
    tf_rows_u64(rows, 1);
    tf_rows_op(rows, TF_OP_FRAME);
    tf_rows_u64(rows, 1); /* frame */
    tf_rows_u64(rows, 1); /* code */
    tf_rows_u64(rows, 1); /* line */
    tf_rows_u64(rows, 1); /* its call */
    tf_rows_u64(rows, TF_EV_START);
    tf_rows_value(rows, TF_VAL_NONE);
    tf_rows_op(rows, TF_OP_LOCAL);
    tf_rows_u64(rows, 0);
    tf_rows_int(rows, x);
}

/* x is the event's number. */
static void
put_event(struct tf_batch *batch, uint64_t seq)
{
    struct tf_rows *rows = &batch->changes;
    if (seq == 1) {
        tf_rows_op(rows, TF_OP_ENTER);
        tf_rows_u64(rows, 1);
        tf_rows_value(rows, TF_VAL_NONE);
    }
    tf_rows_op(rows, TF_OP_LOCAL);
    tf_rows_u64(rows, 0);
    tf_rows_int(rows, (int64_t)seq);
    tf_rows_event(rows, seq == 1 ? TF_EV_START : TF_EV_LINE, 1, 1, 0, 1000 * seq);
    tf_tail_publish(batch);
}

static void
record(void)
{
    struct tf_header header = {.uuid = {1, 2, 3}, .tail_events = 100, .pid = 1};
    struct tf_sink_memory sink;
    struct tf_writer *writer;
    struct tf_tail *tail;
    struct tf_batch batch[2];
    struct tf_err err = TF_ERR_INIT;
    snprintf(left.path, sizeof left.path, "%s", tt_path("left.pyrec"));
    snprintf(left.tail, sizeof left.tail, "%s%s", left.path, TF_TAIL_SUFFIX);
    tf_sink_memory_init(&sink);
    assert_int_equal(tf_writer_open(&sink.sink, &header, 0, &writer, &err), TF_OK);
    assert_int_equal(tf_tail_create(left.tail, header.uuid, 2, NULL, &tail, &err),
                     TF_OK);
    for (unsigned i = 0; i < 2; i++) {
        tf_batch_init(&batch[i]);
        assert_true(tf_tail_attach(tail, i, &batch[i]));
    }
    define(&batch[0], 1);
    tf_tail_begin(&batch[0], 1);
    uint64_t seq = 1;
    for (; seq <= CHUNK_EVENTS; seq++) {
        put_event(&batch[0], seq);
    }
    assert_true(tf_tail_holds(&batch[0]));
    assert_int_equal(tf_writer_batch(writer, &batch[0], &err), TF_OK);
    tf_tail_free(&batch[0]);
    tf_batch_clear(&batch[0]);
    put_keyframe(&batch[1].keyframe, CHUNK_EVENTS);
    tf_tail_begin(&batch[1], seq);
    for (; seq <= CHUNK_EVENTS + 3; seq++) {
        put_event(&batch[1], seq);
    }
    tf_tail_seal_changes(&batch[1]);
    put_keyframe(&batch[0].keyframe, CHUNK_EVENTS + 3);
    define(&batch[0], 2);
    tf_tail_begin(&batch[0], seq);
    put_event(&batch[0], seq++);
    assert_true(tf_tail_seal_for_sync(tail) >= 0);
    put_event(&batch[0], seq);
    tf_tail_note_signal(tail, 15);
    tt_write(left.path, sink.data, (size_t)sink.sink.written_bytes);
    left.bytes = tt_read(left.tail, &left.len);
    tf_writer_abandon(writer);
    tf_batch_release(&batch[0]);
    tf_batch_release(&batch[1]);
    tf_tail_close(tail, true);
    assert_int_not_equal(access(left.tail, F_OK), 0);
    tf_sink_memory_release(&sink);
}

/* The states of the events that there are. */
static void
put_states(struct rp *rp, struct rp_buf *out)
{
    struct rp_buf state = RP_BUF_INIT;
    for (uint64_t seq = 1; seq <= rp_facts(rp)->last_seq; seq++) {
        tt_state_text(rp, seq, &state);
        rp_buf_add_string(out, state.data);
    }
    rp_buf_release(&state);
}

static int
setup(void **state)
{
    struct rp *rp;
    struct rp_buf states = RP_BUF_INIT;
    (void)state;
    record();
    tt_write(left.tail, left.bytes, left.len);
    assert_int_equal(rp_open(left.path, NULL, &rp, NULL), TF_OK);
    put_states(rp, &states);
    left.states = states.data;
    left.chunk_len = (size_t)(strstr(states.data, "x=4") - states.data) - 6;
    left.sealed_len = (size_t)(strstr(states.data, "x=8") - states.data) - 6;
    rp_close(rp);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    free(left.bytes);
    free(left.states);
    return 0;
}

/* A slot says which batch it holds and how many seals it has, without a checksum: while a
 * program runs it changes all the time. What was in the recording before stays as it was. */
static bool slot_lies;

/* Opens what was left with this tail; the states it has must be the first ones. */
static uint64_t
open_with(const uint8_t *bytes, size_t len, const char *reason)
{
    struct rp *rp;
    struct tf_err err = TF_ERR_INIT;
    struct rp_buf states = RP_BUF_INIT;
    unlink(left.tail);
    if (bytes != NULL) {
        tt_write(left.tail, bytes, len);
    }
    if (rp_open(left.path, NULL, &rp, &err) != TF_OK) {
        fail_msg("%s", err.message);
    }
    assert_false(rp_facts(rp)->complete);
    const char *why = rp_facts(rp)->incomplete_reason;
    if (reason != NULL && strstr(why, reason) == NULL) {
        fail_msg("'%s' and not '%s'", why, reason);
    }
    uint64_t count = rp_facts(rp)->event_count;
    assert_in_range(count, CHUNK_EVENTS, CHUNK_EVENTS + TAIL_EVENTS);
    put_states(rp, &states);
    size_t most = slot_lies ? left.chunk_len : left.sealed_len;
    size_t same = states.len < most ? states.len : most;
    if (strncmp(states.data, left.states, same) != 0) {
        fail_msg("other states: %s", states.data);
    }
    rp_buf_release(&states);
    rp_close(rp);
    return count;
}

static void
test_whole(void **state)
{
    struct rp *rp;
    uint64_t count;
    (void)state;
    count = open_with(left.bytes, left.len, "killed by signal 15 (SIGTERM)");
    assert_int_equal(count, CHUNK_EVENTS + TAIL_EVENTS);
    assert_non_null(strstr(left.states, "x=8"));
    assert_int_equal(rp_open(left.path, NULL, &rp, NULL), TF_OK);
    struct tf_text text;
    assert_int_equal(rp_source(rp, 2, &text, NULL), TF_OK);
    assert_int_equal(rp_facts(rp)->thread_count, 2);
    rp_close(rp);
}

static void
test_not_usable(void **state)
{
    uint8_t *bytes = malloc(left.len);
    struct tf_tail_head *head = (void *)bytes;
    (void)state;
    assert_int_equal(open_with(NULL, 0, "there is no .tail file"), CHUNK_EVENTS);
    assert_int_equal(open_with(left.bytes, 100, ""), CHUNK_EVENTS);
    assert_int_equal(open_with(left.bytes, 0, ""), CHUNK_EVENTS);
    memcpy(bytes, left.bytes, left.len);
    head->uuid[0] ^= 1;
    head->check = tf_tail_check(head, offsetof(struct tf_tail_head, check), 0, 0);
    assert_int_equal(open_with(bytes, left.len, "another recording"), CHUNK_EVENTS);
    memcpy(bytes, left.bytes, left.len);
    head->version = 9;
    head->check = tf_tail_check(head, offsetof(struct tf_tail_head, check), 0, 0);
    assert_int_equal(open_with(bytes, left.len, "a later version made it"),
                     CHUNK_EVENTS);
    memcpy(bytes, left.bytes, left.len);
    head->slot_count = TF_TAIL_SLOTS_MAX + 1;
    head->check = tf_tail_check(head, offsetof(struct tf_tail_head, check), 0, 0);
    assert_int_equal(open_with(bytes, left.len, "its beginning does not hold"),
                     CHUNK_EVENTS);
    memcpy(bytes, left.bytes, left.len);
    head->magic ^= 1;
    assert_int_equal(open_with(bytes, left.len, "its beginning does not hold"),
                     CHUNK_EVENTS);
    memcpy(bytes, left.bytes, left.len);
    head->signal = 200;
    open_with(bytes, left.len, "killed");
    head->signal = 0;
    open_with(bytes, left.len, "killed");
    memset(head->boot_id, 7, sizeof head->boot_id);
    head->check = tf_tail_check(head, offsetof(struct tf_tail_head, check), 0, 0);
    open_with(bytes, left.len, NULL);
    unlink(left.tail);
    assert_int_equal(mkdir(left.tail, 0700), 0);
    struct rp *rp;
    assert_int_equal(rp_open(left.path, NULL, &rp, NULL), TF_OK);
    assert_int_equal(rp_facts(rp)->event_count, CHUNK_EVENTS);
    rp_close(rp);
    rmdir(left.tail);
    free(bytes);
}

/* With the checksums of the head and of the extents made right again, where they cover it. */
static void
make_right(uint8_t *bytes, size_t at)
{
    struct tf_tail_head *head = (void *)bytes;
    struct tf_tail_extent *extent = (void *)(bytes + TF_TAIL_EXTENT_OFF);
    if (at < offsetof(struct tf_tail_head, check)) {
        head->check = tf_tail_check(head, offsetof(struct tf_tail_head, check), 0, 0);
    }
    if (at >= TF_TAIL_EXTENT_OFF && at < TF_TAIL_DATA_OFF) {
        extent += (at - TF_TAIL_EXTENT_OFF) / sizeof *extent;
        extent->check =
            tf_tail_check(extent, offsetof(struct tf_tail_extent, check), 0, 0);
    }
}

static const uint32_t NUMBERS[] = {0, 1, 2, 5, 0x4001, 0x7fffffff, 0xffffffff};

static void
test_each_number(void **state)
{
    uint8_t *bytes = malloc(left.len);
    size_t tried = 0, whole = 0;
    (void)state;
    size_t data = 0;
    for (size_t at = 0; at + 4 <= left.len; at += 4) {
        bool table = at < TF_TAIL_DATA_OFF;
        uint32_t was;
        memcpy(&was, left.bytes + at, 4);
        if (was == 0 || (!table && data++ % 8 != 0)) {
            continue;
        }
        slot_lies = at >= TF_TAIL_SLOT_OFF && at < TF_TAIL_EXTENT_OFF;
        for (size_t i = table ? 0 : 5; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
            memcpy(bytes, left.bytes, left.len);
            memcpy(bytes + at, &NUMBERS[i], 4);
            make_right(bytes, at);
            whole += open_with(bytes, left.len, NULL) == CHUNK_EVENTS + TAIL_EVENTS;
            tried++;
        }
    }
    slot_lies = false;
    print_message("%zu changes, %zu of them take no event away\n", tried, whole);
    assert_true(tried > 100 && whole < tried);
    free(bytes);
}

static void
test_each_length(void **state)
{
    uint64_t before = CHUNK_EVENTS;
    (void)state;
    for (size_t len = TF_TAIL_SLOT_OFF; len <= left.len; len += left.len / 40 + 1) {
        uint64_t count = open_with(left.bytes, len, NULL);
        assert_true(count >= before);
        before = count;
    }
}

static tf_status
ask_open(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp *rp;
    tf_status status = rp_open(asked->path, NULL, &rp, err);
    if (status == TF_OK) {
        tt_say(asked->answer, "%llu %s", (unsigned long long)rp_facts(rp)->event_count,
               rp_facts(rp)->incomplete_reason);
        rp_close(rp);
    }
    return status;
}

static void
test_no_memory(void **state)
{
    (void)state;
    if (!tt_alloc_possible()) {
        skip();
    }
    tt_write(left.tail, left.bytes, left.len);
    size_t tried = tt_ask_all(ask_open, "opening", left.path, NULL, 0, true);
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(tt_ask_faults(), 0);
}

/* --- Writing --- */

static void
test_create(void **state)
{
    const uint8_t uuid[16] = {9};
    struct tf_tail *tail;
    struct tf_err err = TF_ERR_INIT;
    (void)state;
    assert_int_equal(tf_tail_create("/nowhere/x.tail", uuid, 2, NULL, &tail, &err),
                     TF_ERR_IO);
    assert_non_null(strstr(err.message, "No such file or directory"));
    tt_write(tt_path("mine.tail"), "something else of a user's", 26);
    err = (struct tf_err)TF_ERR_INIT;
    assert_int_not_equal(
        tf_tail_create(tt_path("mine.tail"), uuid, 2, NULL, &tail, &err), TF_OK);
    assert_true(strlen(err.message) > 5);
    size_t len;
    uint8_t *bytes = tt_read(tt_path("mine.tail"), &len);
    assert_string_equal((char *)bytes, "something else of a user's");
    free(bytes);
    /* one of a recording that is gone is replaced */
    assert_int_equal(tf_tail_create(tt_path("a.tail"), uuid, 2, NULL, &tail, &err),
                     TF_OK);
    tf_tail_close(tail, false);
    assert_int_equal(access(tt_path("a.tail"), F_OK), 0);
    assert_int_equal(tf_tail_create(tt_path("a.tail"), uuid, 2, NULL, &tail, &err),
                     TF_OK);
    struct stat st;
    assert_int_equal(stat(tt_path("a.tail"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    static struct tf_tail
        *volatile kept; /* who forgets one does not give back its memory */
    kept = tail;
    tf_tail_forget(kept);
    assert_int_equal(access(tt_path("a.tail"), F_OK), 0);
}

/* More than a slot has room for at first: the areas grow, in the tail. */
static void
test_growth(void **state)
{
    const uint8_t uuid[16] = {9};
    struct tf_tail *tail;
    struct tf_batch batch;
    char text[5000];
    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(tf_tail_create(tt_path("g.tail"), uuid, 1, NULL, &tail, NULL),
                     TF_OK);
    tf_batch_init(&batch);
    assert_true(tf_tail_attach(tail, 0, &batch));
    tf_tail_begin(&batch, 1);
    for (uint64_t seq = 1; seq <= 800; seq++) {
        tf_rows_op(&batch.changes, TF_OP_MARK);
        tf_rows_text(&batch.changes, TF_VAL_STR, text, sizeof text);
        put_event(&batch, seq);
        tf_tail_seal_changes(&batch);
    }
    assert_false(batch.changes.failed);
    assert_true(batch.changes.len > 800 * sizeof text);
    assert_memory_equal(batch.changes.data + batch.changes.len / 2 / sizeof text, text,
                        10);
    tf_tail_free(&batch);
    tf_batch_clear(&batch);
    tf_batch_release(&batch);
    tf_tail_close(tail, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),       cmocka_unit_test(test_not_usable),
        cmocka_unit_test(test_each_number), cmocka_unit_test(test_each_length),
        cmocka_unit_test(test_no_memory),   cmocka_unit_test(test_create),
        cmocka_unit_test(test_growth),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
