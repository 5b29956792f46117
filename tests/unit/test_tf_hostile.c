/* Recordings that nobody would write: each is refused with its own message, and without
 * memory that the file does not justify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zstd.h>

#include <cmocka.h>

#include "tf_limits.h"
#include "tf_reader.h"
#include "tt_craft.h"
#include "tt_file.h"

static tf_status
open_bytes(const struct tt_bytes *file, struct tf_reader **ret_reader,
           struct tf_err *err)
{
    *err = (struct tf_err)TF_ERR_INIT;
    tt_write(tt_path("hostile"), file->data, file->len);
    return tf_reader_open(tt_path("hostile"), NULL, NULL, ret_reader, err);
}

static void
expect_open(struct tt_bytes *file, tf_status status, const char *message)
{
    struct tf_reader *reader;
    struct tf_err err;
    assert_int_equal(open_bytes(file, &reader, &err), status);
    if (strstr(err.message, message) == NULL) {
        fail_msg("'%s' and not '%s'", err.message, message);
    }
    tt_bytes_free(file);
}

/* Opens, but the scan stops at the frame that is wrong. */
static void
expect_reason(struct tt_bytes *file, const char *message)
{
    struct tf_reader *reader;
    struct tf_err err;
    int64_t off = -1;
    assert_int_equal(open_bytes(file, &reader, &err), TF_OK);
    assert_false(tf_reader_complete(reader));
    const char *reason = tf_reader_incomplete_reason(reader, &off);
    if (strstr(reason, message) == NULL) {
        fail_msg("'%s' and not '%s'", reason, message);
    }
    assert_true(off > 0);
    tf_reader_close(reader);
    tt_bytes_free(file);
}

/* The first chunk can be found but not decoded. */
static void
expect_chunk(struct tt_bytes *file, tf_status status, const char *message)
{
    struct tf_reader *reader;
    struct tf_chunk *chunk;
    struct tf_err err;
    assert_int_equal(open_bytes(file, &reader, &err), TF_OK);
    assert_int_equal(tf_reader_chunk_count(reader), 1);
    assert_int_equal(tf_reader_chunk(reader, 0, &chunk, &err), status);
    if (status == TF_OK) {
        tf_chunk_free(chunk);
    }
    else if (strstr(err.message, message) == NULL) {
        fail_msg("'%s' and not '%s'", err.message, message);
    }
    tf_reader_close(reader);
    tt_bytes_free(file);
}

/* --- versions --- */
static struct tt_bytes
header_file(uint64_t version, uint64_t compatible, uint64_t incompatible)
{
    struct tt_bytes file = {NULL, 0}, header = {NULL, 0};
    if (version > 0) {
        tt_put_u64(&header, 1, version);
    }
    tt_put_u64(&header, 2, compatible);
    tt_put_u64(&header, 3, incompatible);
    tt_put_frame(&file, 1, &header);
    return file;
}

static void
test_versions(void **state)
{
    struct tt_bytes file = header_file(2, 0, 0);
    (void)state;
    expect_open(&file, TF_ERR_NEWER, "format version 2, this program reads up to 1");
    file = header_file(1, 0, 0x10);
    expect_open(&file, TF_ERR_NEWER, "features unknown to this program (bits 0x10)");
    file = header_file(0, 0, 0);
    expect_open(&file, TF_ERR_NOT_PYREC, "states no format version");
    file = header_file(1, UINT64_MAX, 0);
    expect_reason(&file, "not finished");
}

static void
test_unknown_fields_are_skipped(void **state)
{
    struct tt_bytes file = tt_start(), other = {NULL, 0}, chunk = {NULL, 0};
    (void)state;
    tt_put_string(&other, 1, "of a later version");
    tt_put_frame(&file, 77, &other);
    tt_put_u64(&chunk, 2, 1);
    tt_put_u64(&chunk, 3, 1);
    tt_put_u64(&chunk, 4, 1);
    tt_put_u64(&chunk, 6, 1);
    tt_put_packed(&chunk, 9, 4LL, -1LL);
    tt_put_packed(&chunk, 10, 1LL, -1LL);
    tt_put_packed(&chunk, 11, 6LL, -1LL);
    tt_put_packed(&chunk, 12, 0LL, -1LL);
    tt_put_string(&chunk, 99, "also");
    tt_put_frame(&file, 4, &chunk);
    expect_chunk(&file, TF_OK, "");
}

/* --- chunks --- */
struct chunk_case {
    const char *name, *message;
    long long kind, thread, line, ops; /* of the one event; -2: no column */
    long long op[12], operand[12];     /* -1 ends; operands of column `field` */
    uint32_t field;
    long long value, type, count; /* -1: none */
    uint64_t objects, frames;     /* that it says it creates */
};

static void
put_one(struct tt_bytes *message, uint32_t field, long long n)
{
    if (n >= 0) {
        tt_put_packed(message, field, n, -1LL);
    }
}

static struct tt_bytes
chunk_file(const struct chunk_case *c)
{
    struct tt_bytes file = tt_start(), chunk = {NULL, 0}, ops = {NULL, 0},
                    op = {NULL, 0}, operand = {NULL, 0};
    tt_put_u64(&chunk, 2, 1);
    tt_put_u64(&chunk, 3, 1);
    tt_put_u64(&chunk, 4, 1);
    tt_put_u64(&chunk, 5, c->objects);
    tt_put_u64(&chunk, 6, 1);
    tt_put_u64(&chunk, 7, c->frames);
    put_one(&chunk, 9, c->kind);
    put_one(&chunk, 10, c->thread);
    put_one(&chunk, 11, c->line);
    put_one(&chunk, 12, c->ops);
    for (int i = 0; i < 12 && c->op[i] > 0; i++) {
        tt_put_varint(&op, (uint64_t)c->op[i]);
    }
    for (int i = 0; i < 12 && c->operand[i] > 0; i++) {
        tt_put_varint(&operand, (uint64_t)c->operand[i] - 1); /* one more than meant */
    }
    tt_put_message(&ops, 1, &op);
    if (operand.len > 0) {
        tt_put_message(&ops, c->field, &operand);
    }
    tt_bytes_free(&operand);
    if (c->value > 0) {
        put_one(&ops, 9, c->value - 1);
    }
    if (c->type > 0) {
        put_one(&ops, 6, c->type - 1);
    }
    if (c->count > 0) {
        put_one(&ops, 8, c->count - 1);
    }
    tt_put_message(&chunk, 17, &ops);
    tt_put_frame(&file, 4, &chunk);
    return file;
}

/* Numbers in `operand`, `value`, `type`, `count` are one more than they mean. */
static const struct chunk_case chunk_cases[] = {
    {.name = "right", .kind = 4, .thread = 1, .line = 2, .ops = 1, .op = {5}},
    {.name = "thread",
     .message = "no such thread",
     .kind = 4,
     .thread = 2,
     .line = 2,
     .ops = 0},
    {.name = "thread 0", .message = "no such thread", .kind = 4, .line = 2, .ops = 0},
    {.name = "line",
     .message = "thread or line",
     .kind = 4,
     .thread = 1,
     .line = 1,
     .ops = 0},
    {.name = "no lines",
     .message = "one length",
     .kind = 4,
     .thread = 1,
     .line = -2,
     .ops = 0},
    {.name = "ops",
     .message = "more changes",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 9},
    {.name = "op 200",
     .message = "too large",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {200}},
    {.name = "thread op",
     .message = "may not stand",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {14},
     .count = 2},
    {.name = "short",
     .message = "too short",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {1}},
    {.name = "long",
     .message = "too long",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {5},
     .field = 2,
     .operand = {3}},
    {.name = "slot",
     .message = "too large",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {1},
     .field = 2,
     .operand = {70000},
     .value = 2},
    {.name = "code",
     .message = "too large",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {2},
     .field = 3,
     .operand = {3},
     .value = 2,
     .frames = 1},
    {.name = "code 0",
     .message = "id is 0",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {2},
     .field = 3,
     .operand = {1},
     .value = 2,
     .frames = 1},
    {.name = "frames",
     .message = "another number of objects",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {2},
     .field = 3,
     .operand = {2},
     .value = 2},
    {.name = "value",
     .message = "too large",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {17},
     .value = 18},
    {.name = "text",
     .message = "text is not there",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {17},
     .field = 13,
     .operand = {1},
     .value = 12},
    {.name = "ref 0",
     .message = "id is out of range",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {17},
     .field = 11,
     .operand = {1},
     .value = 16},
    {.name = "elided",
     .message = "too large",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {17},
     .value = 17,
     .count = 9,
     .type = 1},
    {.name = "values",
     .message = "too large",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {6},
     .field = 8,
     .operand = {1, 1000000, 1, 1},
     .type = 2,
     .objects = 1},
    {.name = "attribute",
     .message = "without its value",
     .kind = 4,
     .thread = 1,
     .line = 2,
     .ops = 0,
     .op = {6},
     .field = 8,
     .operand = {1, 1, 1, 2},
     .type = 2,
     .value = 2,
     .objects = 1},
};

static void
test_chunks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof chunk_cases / sizeof *chunk_cases; i++) {
        const struct chunk_case *c = &chunk_cases[i];
        struct tt_bytes file = chunk_file(c);
        expect_chunk(&file, c->message ? TF_ERR_DAMAGED : TF_OK,
                     c->message ? c->message : "");
    }
}

static void
test_an_event_of_no_kind(void **state)
{
    struct chunk_case c = {.kind = 13, .thread = 1, .line = 2};
    struct tt_bytes file = chunk_file(&c);
    (void)state;
    expect_reason(&file, "a chunk at offset");
}

/* --- sizes that lie --- */
static long
peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* 8 MiB of empty submessages: with protobuf-c alone half a gigabyte. */
static void
test_empty_submessages(void **state)
{
    size_t len = 8u << 20;
    struct tt_bytes file = tt_start(), defs = {calloc(len, 1), len};
    long before = peak_kib();
    (void)state;
    for (size_t i = 0; i < len; i += 2) {
        defs.data[i] = 0x0a; /* file, length 0 */
    }
    tt_put_frame(&file, 2, &defs);
    assert_true(file.len < 100000);
    expect_reason(&file, "larger than this program takes");
    assert_true(peak_kib() - before < 64 << 10);
}

static void
test_many_values_in_few_bytes(void **state)
{
    size_t len = 30u << 20;
    struct tt_bytes file = tt_start(), chunk = {NULL, 0}, ops = {NULL, 0};
    struct tt_bytes column = {calloc(len, 1), len};
    long before = peak_kib();
    (void)state;
    tt_put_message(&ops, 9, &column);
    tt_put_u64(&chunk, 2, 1);
    tt_put_u64(&chunk, 4, 1);
    tt_put_u64(&chunk, 6, 1);
    tt_put_message(&chunk, 17, &ops);
    tt_put_frame(&file, 4, &chunk);
    expect_chunk(&file, TF_ERR_LIMIT, "larger than this program takes");
    assert_true(peak_kib() - before < 256 << 10);
}

/* A frame that says it holds 60 GiB, and one that holds more than it says. */
static void
test_frames_that_lie(void **state)
{
    static const uint8_t giant[] = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0,    0, 0,
                                    0,    15,   0,    0,    0,    0x01, 0, 0};
    struct tt_bytes file = tt_start();
    (void)state;
    tt_put(&file, giant, sizeof giant);
    expect_reason(&file, "larger than 64 MiB");

    uint8_t out[256];
    static const char content[200];
    file = tt_start();
    size_t len = ZSTD_compress(out, sizeof out, content, sizeof content, 3);
    assert_int_equal(out[4] & 0xe0, 0x20); /* one byte of content size */
    out[5] = 100;
    tt_put(&file, out, len);
    expect_reason(&file, "the frame at offset");
}

static void
test_a_seek_table_that_lies(void **state)
{
    static const uint8_t table[] = {0x5e, 0x2a, 0x4d, 0x18, 17, 0, 0, 0,
                                    /* one frame of nearly 4 GiB */
                                    0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0,
                                    /* ... */
                                    1, 0, 0, 0, 0, 0xb1, 0xea, 0x92, 0x8f};
    static const uint8_t many[] = {0xff, 0xff, 0xff, 0xff, 0, 0xb1, 0xea, 0x92, 0x8f};
    struct tt_bytes file = tt_start();
    (void)state;
    tt_put(&file, table, sizeof table);
    expect_reason(&file, "not finished");
    file = tt_start();
    tt_put(&file, many, sizeof many);
    expect_reason(&file, "no frame begins");
}

static void
test_definitions(void **state)
{
    struct tt_bytes file = tt_start(), defs = {NULL, 0}, def = {NULL, 0};
    (void)state;
    tt_put_u64(&def, 1, 1);
    tt_put_message(&defs, 2, &def); /* code 1 again */
    tt_put_frame(&file, 2, &defs);
    expect_reason(&file, "code 1, defined at offset");

    file = tt_start();
    tt_put_u64(&def, 1, 1u << 23);
    tt_put_message(&defs, 3, &def);
    tt_put_frame(&file, 2, &defs);
    expect_reason(&file, "type 8388608, defined");

    file = tt_start();
    tt_put_u64(&def, 1, 2);
    tt_put_u64(&def, 4, TF_CAT_COUNT);
    tt_put_message(&defs, 3, &def);
    tt_put_frame(&file, 2, &defs);
    expect_reason(&file, "type 2, defined");
}

static void
test_frames_in_the_wrong_place(void **state)
{
    struct tt_bytes file = tt_start(), message = {NULL, 0};
    (void)state;
    tt_put_u64(&message, 1, 1);
    tt_put_frame(&file, 1, &message);
    expect_reason(&file, "a second header");

    file = tt_start();
    tt_put_u64(&message, 3, 1);
    tt_put_frame(&file, 5, &message);
    expect_reason(&file, "postings at offset");

    file = tt_start();
    tt_put_u64(&message, 1, 7); /* chunk 7 */
    tt_put_u64(&message, 2, 1);
    tt_put_u64(&message, 4, 1);
    tt_put_u64(&message, 6, 1);
    tt_put_frame(&file, 4, &message);
    expect_reason(&file, "a chunk at offset");
}

static void
note_finding(void *ctx, const struct tf_err *finding)
{
    if (strstr(finding->message, "has no checksum") != NULL) {
        *(int64_t *)ctx = finding->file_off;
    }
}

static void
test_a_frame_without_a_checksum(void **state)
{
    int64_t off = -1;
    struct tf_verify verify = {.finding = note_finding, .ctx = &off, .quick = true};
    struct tt_bytes file = tt_start(), message = {NULL, 0}, content = {NULL, 0};
    uint8_t out[256];
    uint64_t findings = 0;
    (void)state;
    size_t before = file.len;
    tt_put_string(&message, 1, "of a later version");
    tt_put_message(&content, 77, &message);
    size_t len = ZSTD_compress(out, sizeof out, content.data, content.len, 3);
    tt_put(&file, out, len);
    tt_write(tt_path("hostile"), file.data, file.len);
    assert_int_equal(tf_verify_file(tt_path("hostile"), &verify, &findings, NULL),
                     TF_OK);
    assert_int_equal(findings, 1);
    assert_int_equal(off, before);
    tt_bytes_free(&content);
    tt_bytes_free(&file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_unknown_fields_are_skipped),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_an_event_of_no_kind),
        cmocka_unit_test(test_empty_submessages),
        cmocka_unit_test(test_many_values_in_few_bytes),
        cmocka_unit_test(test_frames_that_lie),
        cmocka_unit_test(test_a_seek_table_that_lies),
        cmocka_unit_test(test_definitions),
        cmocka_unit_test(test_frames_in_the_wrong_place),
        cmocka_unit_test(test_a_frame_without_a_checksum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
