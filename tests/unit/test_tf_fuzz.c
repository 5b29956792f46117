/* Random damage behind the checksums: the frames of a recording are taken apart, their
 * contents changed, and put together again with right checksums and seek table. Whatever
 * comes out, reading it ends, without a fault that the sanitizers or the bounds would show.
 * PYREC_TEST_FULL makes it a long run, PYREC_SEED another one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include <cmocka.h>

#include "tf_reader.h"
#include "tt_craft.h"
#include "tt_dump.h"
#include "tt_file.h"

enum { FRAMES_MAX = 256, SHORT_RUN = 1500, LONG_RUN = 60000 };

struct frames {
    struct tt_bytes content[FRAMES_MAX];
    size_t count;
};

static uint64_t seed;

static uint32_t
roll(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 11) % below);
}

static void
take_apart(const struct tf_sink_memory *sink, struct frames *frames)
{
    size_t off = 0, end = (size_t)sink->sink.written_bytes;
    frames->count = 0;
    for (;;) {
        size_t size = ZSTD_findFrameCompressedSize(sink->data + off, end - off);
        if (off >= end || ZSTD_isError(size) || sink->data[off] != 0x28) {
            return; /* the seek table */
        }
        size_t len = (size_t)ZSTD_getFrameContentSize(sink->data + off, size);
        struct tt_bytes *content = &frames->content[frames->count++];
        *content = (struct tt_bytes){malloc(len + 1), len};
        assert_int_equal(ZSTD_decompress(content->data, len, sink->data + off, size),
                         len);
        off += size;
    }
}

static void
put_le32(struct tt_bytes *bytes, uint32_t n)
{
    uint8_t le[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
                     (uint8_t)(n >> 24)};
    tt_put(bytes, le, 4);
}

static struct tt_bytes
put_together(const struct frames *frames, ZSTD_CCtx *context)
{
    struct tt_bytes file = {NULL, 0}, table = {NULL, 0};
    uint8_t out[1 << 16];
    for (size_t i = 0; i < frames->count; i++) {
        const struct tt_bytes *content = &frames->content[i];
        size_t len =
            ZSTD_compress2(context, out, sizeof out, content->data, content->len);
        assert_false(ZSTD_isError(len));
        tt_put(&file, out, len);
        put_le32(&table, (uint32_t)len);
        put_le32(&table, (uint32_t)content->len);
    }
    put_le32(&file, 0x184D2A5E);
    put_le32(&file, (uint32_t)table.len + 9);
    tt_put(&file, table.data, table.len);
    put_le32(&file, (uint32_t)frames->count);
    tt_put(&file, "", 1);
    put_le32(&file, 0x8F92EAB1);
    tt_bytes_free(&table);
    return file;
}

/* Numbers that break things, as varints. */
static size_t
odd_number(uint8_t *at, size_t room)
{
    static const uint64_t odd[] = {0,          1,         127,        128,
                                   255,        65535,     65536,      0x7fffffff,
                                   0xffffffff, 1u << 24,  1ull << 47, 1ull << 62,
                                   1ull << 63, UINT64_MAX};
    uint64_t n = odd[roll(sizeof odd / sizeof *odd)];
    size_t len = 0;
    for (; len < room; n >>= 7) {
        at[len++] = (uint8_t)((n & 0x7f) | (n >= 0x80 ? 0x80 : 0));
        if (n < 0x80) {
            break;
        }
    }
    return len;
}

static void
mutate(struct tt_bytes *content)
{
    for (uint32_t n = 1 + roll(3); n > 0 && content->len > 0; n--) {
        size_t at = roll((uint32_t)content->len);
        switch (roll(6)) {
        case 0: content->data[at] ^= (uint8_t)(1u << roll(8)); break;
        case 1: content->data[at] = (uint8_t)roll(256); break;
        case 2: odd_number(content->data + at, content->len - at); break;
        case 3: content->len = at; break;
        case 4: { /* a piece goes to another place */
            size_t from = roll((uint32_t)content->len), len = roll(20);
            len = from + len > content->len ? content->len - from : len;
            len = at + len > content->len ? content->len - at : len;
            memmove(content->data + at, content->data + from, len);
            break;
        }
        default: { /* something more */
            uint8_t more[16];
            size_t len = odd_number(more, sizeof more), old = content->len;
            tt_put(content, more, len);
            memmove(content->data + at + len, content->data + at, old - at);
            memcpy(content->data + at, more, len);
            break;
        }
        }
    }
}

static void
ask(struct tf_reader *reader)
{
    size_t idx, count = tf_reader_chunk_count(reader);
    uint64_t hits;
    for (uint32_t i = 1; i < 12; i++) {
        tf_reader_object_before(reader, i, TF_POSTING_ANY, count, &idx, NULL);
        tf_reader_object_after(reader, i, TF_POSTING_IMAGE, 0, &idx, NULL);
        tf_reader_slot_before(reader, i, i % 3, count, &idx, NULL);
        tf_reader_posting_after(reader, TF_POSTING_LINE, i % 4, i, 0, &idx, NULL);
        tf_reader_posting_hits(reader, TF_POSTING_CODE, i, 0, &hits, NULL);
        tf_reader_chunk_of_seq(reader, i * 7, &idx);
    }
}

/* 1: it could be opened. */
static int
read_all(const char *path, FILE *out)
{
    struct tf_verify options = {0};
    struct tf_err err = TF_ERR_INIT;
    struct tf_reader *reader;
    uint64_t findings;
    if (tf_reader_open(path, NULL, NULL, &reader, &err) != TF_OK) {
        assert_true(err.message[0] != 0);
        return 0;
    }
    for (uint32_t id = 0; id <= tf_reader_code_count(reader); id++) {
        tf_reader_code(reader, id);
    }
    tt_dump_chunks(reader, out, &err);
    ask(reader);
    for (size_t i = 0; i < tf_reader_checkpoint_count(reader); i++) {
        struct tf_checkpoint *checkpoint;
        if (tf_reader_checkpoint(reader, i, &checkpoint, &err) == TF_OK) {
            tf_checkpoint_free(checkpoint);
        }
    }
    struct tf_text text;
    tf_reader_source(reader, 1, &text, &err);
    tf_reader_close(reader);
    tf_verify_file(path, &options, &findings, &err);
    return 1;
}

static void
test_random_damage(void **state)
{
    struct tf_sink_memory sink;
    struct frames whole, damaged;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    FILE *out = fopen("/dev/null", "w");
    int runs = getenv("PYREC_TEST_FULL") ? LONG_RUN : SHORT_RUN, opened = 0;
    (void)state;
    seed = 88172645463325252u;
    seed += getenv("PYREC_SEED") ? strtoull(getenv("PYREC_SEED"), NULL, 0) : 0;
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    tt_build(tt_sample_text, &sink);
    take_apart(&sink, &whole);
    for (int run = 0; run < runs; run++) {
        damaged.count = whole.count;
        for (size_t i = 0; i < whole.count; i++) {
            damaged.content[i] = (struct tt_bytes){NULL, 0};
            tt_put(&damaged.content[i], whole.content[i].data, whole.content[i].len);
        }
        size_t which = roll((uint32_t)whole.count);
        if (roll(4) == 0) {
            which =
                whole.count - 1 - roll(2); /* index, footer: what comes before stays */
        }
        mutate(&damaged.content[which]);
        struct tt_bytes file = put_together(&damaged, context);
        tt_write(tt_path("fuzz"), file.data, file.len);
        opened += read_all(tt_path("fuzz"), out);
        tt_bytes_free(&file);
        for (size_t i = 0; i < damaged.count; i++) {
            tt_bytes_free(&damaged.content[i]);
        }
    }
    for (size_t i = 0; i < whole.count; i++) {
        tt_bytes_free(&whole.content[i]);
    }
    print_message("%d damaged recordings, %d of them opened\n", runs, opened);
    assert_true(opened > runs / 2);
    fclose(out);
    ZSTD_freeCCtx(context);
    tf_sink_memory_release(&sink);
}

/* --- a lie in one named field, and its finding --- */
static char findings[4096];

static void
note_finding(void *ctx, const struct tf_err *finding)
{
    (void)ctx;
    size_t len = strlen(findings);
    snprintf(findings + len, sizeof findings - len, "%s\n", finding->message);
}

/* The nth frame that holds the field. */
static struct tt_bytes *
frame_of(struct frames *frames, uint32_t field, int nth)
{
    for (size_t i = 0; i < frames->count; i++) {
        if (frames->content[i].data[0] == (field << 3 | 2) && nth-- == 0) {
            return &frames->content[i];
        }
    }
    abort();
}

/* Protobuf takes the last of several: a number more at the message's end replaces it. */
static void
add_number(struct tt_bytes *content, uint32_t number, uint64_t n)
{
    struct tt_bytes message = {NULL, 0}, whole = {NULL, 0};
    size_t head = 1;
    while (content->data[head++] >= 0x80) {
    }
    tt_put(&message, content->data + head, content->len - head);
    tt_put_u64(&message, number, n);
    tt_put_message(&whole, content->data[0] >> 3, &message);
    tt_bytes_free(content);
    *content = whole;
}

static void
test_verify_names_it(void **state)
{
    static const struct {
        uint32_t field;
        int nth;
        uint32_t number;
        uint64_t n;
        const char *finding;
    } lies[] = {
        {5, 1, 3, 9, "the counts in the postings at offset"},
        {5, 2, 2, 4, "postings at offset"},
        {6, 0, 3, 4, "the counts in the postings at offset"},
        {10, 0, 2, 77, "a list of writes"},
        {4, 2, 8, 3, "a chunk at offset"},
        {4, 1, 5, 77, "it creates another number of objects or frames than it says"},
        {4, 3, 3, 77, "a chunk at offset"},
        {7, 0, 2, 1, "a checkpoint before chunk 3 names chunk 1"},
        {7, 0, 1, 5, "names event 5"},
        {9, 0, 1, 5, "the footer counts other events than there are"},
        {9, 0, 3, 5, "the footer counts other objects or frames than there are"},
        {9, 0, 9, 5000, "the footer names a failure at an event that is not there"},
        {3, 0, 1, 9, "a source of file 9, which is not defined"},
    };

    struct tf_verify options = {.finding = note_finding};
    struct tf_sink_memory sink;
    struct frames frames;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    (void)state;
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    tt_build(tt_sample_text, &sink);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        uint64_t count;
        take_apart(&sink, &frames);
        add_number(frame_of(&frames, lies[i].field, lies[i].nth), lies[i].number,
                   lies[i].n);
        struct tt_bytes file = put_together(&frames, context);
        tt_write(tt_path("lie"), file.data, file.len);
        findings[0] = 0;
        assert_int_equal(tf_verify_file(tt_path("lie"), &options, &count, NULL), TF_OK);
        if (count == 0 || strstr(findings, lies[i].finding) == NULL) {
            print_message("lie %zu: %s, not: %s\n", i, findings, lies[i].finding);
            fail();
        }
        tt_bytes_free(&file);
        for (size_t k = 0; k < frames.count; k++) {
            tt_bytes_free(&frames.content[k]);
        }
    }
    ZSTD_freeCCtx(context);
    tf_sink_memory_release(&sink);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_names_it),
        cmocka_unit_test(test_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
