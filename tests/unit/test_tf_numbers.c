/* Each number of a small recording replaced in turn, each field left out, doubled and
 * emptied, and each column cut and lengthened: what verify finds no fault with can be read
 * whole, all else is told in a line; what is derived (index, postings, lists of writes)
 * changes nothing of what is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fz_frames.h"
#include "rp.h"
#include "tf_reader.h"
#include "tt_dump.h"
#include "tt_file.h"
#include "tt_model.h"

enum { DEPTH = 4, FIELD_POSTINGS = 5, FIELD_INDEX = 8, FIELD_WRITES = 10 };

/* A message, and the field in it that is being changed. */
struct level {
    const struct level *outer;   /* the message that it is a field of; NULL: none */
    uint32_t number;             /* there */
    const uint8_t *start, *end;  /* of the message */
    const uint8_t *field, *next; /* of the field */
};

static struct run {
    char *chunks; /* of the recording as it was */
    size_t made, tried, refused, part, same;
    uint32_t top; /* top-level field that is being changed */
} run;

/* --- What each changed recording is held against --- */

static char *
dump_of(struct tf_reader *reader,
        tf_status (*dump)(struct tf_reader *, FILE *, struct tf_err *),
        tf_status *ret_status, struct tf_err *err)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    *ret_status = dump(reader, out, err);
    fclose(out);
    return text;
}

static void
count_finding(void *ctx, const struct tf_err *finding)
{
    assert_true(strlen(finding->message) > 10);
    ++*(uint64_t *)ctx;
}

/* Whatever the core makes of it, it must be an answer. */
static void
look(const char *path)
{
    struct rp *rp;
    struct tf_err err = TF_ERR_INIT;
    struct rp_buf text = RP_BUF_INIT;
    struct rp_opening opening;
    struct rp_raise raise;
    uint32_t count;
    if (rp_open(path, NULL, &rp, &err) != TF_OK) {
        assert_true(strlen(err.message) > 10);
        return;
    }
    uint64_t last = rp_facts(rp)->last_seq;
    for (uint64_t seq = last; seq > 0; seq /= 3) {
        tt_state_text(rp, rp_clamp(rp, seq), &text);
    }
    rp_opening(rp, &opening, NULL);
    for (uint64_t seq = 0; rp_raise_next(rp, seq, true, &raise, NULL) == TF_OK;) {
        assert_true(raise.seq > seq);
        seq = raise.seq;
    }
    rp_source_line_count(rp, 1, &count, NULL);
    rp_buf_release(&text);
    rp_close(rp);
}

static bool
is_derived(uint32_t field)
{
    return field == FIELD_POSTINGS || field == FIELD_INDEX || field == FIELD_WRITES;
}

/* One in three, unless everything is wanted. */
static bool
is_left_out(void)
{
    return run.made++ % 3 != 0 && getenv("PYREC_TEST_FULL") == NULL;
}

static void
try_changed(const struct tt_bytes *joined)
{
    if (is_left_out()) {
        return;
    }
    struct tt_bytes file = {NULL, 0};
    struct tf_err err = TF_ERR_INIT;
    struct tf_reader *reader;
    uint64_t counted = 0, findings = 0;
    struct tf_verify verify = {.finding = count_finding, .ctx = &counted};
    const char *path = tt_path("changed.pyrec");
    fz_frames_put(&file, joined->data, joined->len);
    tt_write(path, file.data, file.len);
    tt_bytes_free(&file);
    run.tried++;
    tf_status status = rp_verify(path, &verify, &findings, &err);
    assert_int_equal(counted, findings);
    if (status != TF_OK) {
        assert_true(strlen(err.message) > 10);
    }
    if (tf_reader_open(path, NULL, NULL, &reader, &err) != TF_OK) {
        assert_true(status != TF_OK || findings > 0);
        run.refused++;
        return;
    }
    tf_status dumped;
    char *text = dump_of(reader, tt_dump, &dumped, &err);
    free(text);
    if (dumped != TF_OK && status == TF_OK && findings == 0) {
        fail_msg("field %u: verify finds nothing, but: %s", run.top, err.message);
    }
    run.part += dumped != TF_OK || findings > 0;
    if (is_derived(run.top)) {
        text = dump_of(reader, tt_dump_chunks, &dumped, &err);
        /* all of it, or the part before a fault that is told */
        bool whole = tf_reader_complete(reader) && dumped == TF_OK;
        if (whole ? strcmp(text, run.chunks) != 0
                  : findings == 0 || strncmp(text, run.chunks, strlen(text)) != 0) {
            fail_msg("field %u: other events: %s", run.top, err.message);
        }
        free(text);
        run.same++;
    }
    tf_reader_close(reader);
    look(path);
}

/* --- The changes --- */

/* `len` bytes instead of the field, in all messages around it. */
static void
emit(const struct level *level, const void *bytes, size_t len)
{
    struct tt_bytes message = {NULL, 0};
    tt_put(&message, level->start, (size_t)(level->field - level->start));
    tt_put(&message, bytes, len);
    tt_put(&message, level->next, (size_t)(level->end - level->next));
    if (level->outer == NULL) {
        try_changed(&message);
    }
    else {
        struct tt_bytes field = {NULL, 0};
        tt_put_bytes(&field, level->number, message.data, message.len);
        emit(level->outer, field.data, field.len);
        tt_bytes_free(&field);
    }
    tt_bytes_free(&message);
}

static const uint64_t NUMBERS[] = {0, 1, 3, 0x7fffffff, 0x100000000, UINT64_MAX};

#define NUMBER_COUNT (sizeof NUMBERS / sizeof *NUMBERS)

static void
change_number(const struct level *level, uint32_t number)
{
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        struct tt_bytes field = {NULL, 0};
        tt_put_u64(&field, number, NUMBERS[i]);
        emit(level, field.data, field.len);
        tt_bytes_free(&field);
    }
}

/* The field as a column: another first, middle or last number, one less, one more. */
static void
change_column(const struct level *level, const struct fz_field *field)
{
    const uint8_t *at = field->payload, *end = at + field->payload_len;
    size_t count = 0;
    uint64_t n;
    while (fz_varint(&at, end, &n)) {
        count++;
    }
    if (at != end || count == 0) {
        return; /* a text */
    }
    for (size_t change = 0; change < 3 * NUMBER_COUNT + 2; change++) {
        size_t which = change / NUMBER_COUNT == 0   ? 0
                       : change / NUMBER_COUNT == 1 ? count / 2
                                                    : count - 1;
        struct tt_bytes column = {NULL, 0}, changed = {NULL, 0};
        at = field->payload;
        for (size_t i = 0; fz_varint(&at, end, &n); i++) {
            bool here = change < 3 * NUMBER_COUNT && i == which;
            if (change != 3 * NUMBER_COUNT || i + 1 < count) {
                tt_put_varint(&column, here ? NUMBERS[change % NUMBER_COUNT] : n);
            }
        }
        if (change == 3 * NUMBER_COUNT + 1) {
            tt_put_varint(&column, 1);
        }
        tt_put_message(&changed, field->number, &column);
        emit(level, changed.data, changed.len);
        tt_bytes_free(&changed);
    }
}

static bool
is_message(const struct fz_field *field)
{
    const uint8_t *at = field->payload, *end = at + field->payload_len;
    struct fz_field inner;
    while (at < end && fz_field_next(&at, end, &inner)) {
        if (inner.number > 40) {
            return false;
        }
    }
    return at == end && field->payload_len > 1;
}

static void
change_message(const struct level *outer, uint32_t number, const uint8_t *start,
               const uint8_t *end, unsigned depth)
{
    const uint8_t *at = start;
    struct fz_field field;
    while (at < end && fz_field_next(&at, end, &field)) {
        struct level level = {outer, number, start, end, field.at, at};
        if (outer == NULL) {
            run.top = field.number;
        }
        struct tt_bytes twice = {NULL, 0};
        tt_put(&twice, field.at, field.len);
        tt_put(&twice, field.at, field.len);
        emit(&level, "", 0);
        emit(&level, twice.data, twice.len);
        tt_bytes_free(&twice);
        if (field.type == 0) {
            change_number(&level, field.number);
        }
        if (field.type == 2) {
            struct tt_bytes empty = {NULL, 0}, none = {NULL, 0};
            tt_put_message(&empty, field.number, &none);
            emit(&level, empty.data, empty.len);
            tt_bytes_free(&empty);
            if (depth < DEPTH && is_message(&field)) {
                change_message(&level, field.number, field.payload, at, depth + 1);
            }
            if (depth > 0) {
                change_column(&level, &field);
            }
        }
    }
}

static void
change_all(const char *path)
{
    struct tf_err err = TF_ERR_INIT;
    struct tf_reader *reader;
    struct tt_bytes joined = {NULL, 0};
    tf_status status;
    size_t len;
    uint8_t *file = tt_read(path, &len);
    assert_true(fz_frames_join(file, len, &joined));
    free(file);
    run = (struct run){0};
    assert_int_equal(tf_reader_open(path, NULL, NULL, &reader, &err), TF_OK);
    run.chunks = dump_of(reader, tt_dump_chunks, &status, &err);
    assert_int_equal(status, TF_OK);
    tf_reader_close(reader);
    change_message(NULL, 0, joined.data, joined.data + joined.len, 0);
    print_message("%s: %zu changes, %zu refused, %zu with findings\n",
                  strrchr(path, '/') + 1, run.tried, run.refused, run.part);
    assert_true(run.refused > 0 && run.part > run.refused && run.same > 100);
    tt_bytes_free(&joined);
    free(run.chunks);
}

static void
test_golden(void **state)
{
    char path[300];
    (void)state;
    snprintf(path, sizeof path, "%s/tests/golden/%s.pyrec", tt_root(), "basic");
    change_all(path);
}

static void
test_sample(void **state)
{
    struct tf_sink_memory sink;
    char path[300];
    (void)state;
    tt_build(tt_sample_text, &sink);
    snprintf(path, sizeof path, "%s", tt_path("sample.pyrec"));
    tt_write(path, sink.data, (size_t)sink.sink.written_bytes);
    tf_sink_memory_release(&sink);
    change_all(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
