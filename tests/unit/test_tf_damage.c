/* Damaged, cut and failing: a small recording with everything in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tb_build.h"
#include "tf_reader.h"
#include "tt_dump.h"
#include "tt_file.h"

struct sample {
    uint8_t *data;
    size_t len;
    char *dump;   /* of everything */
    char *chunks; /* of the chunks alone */
};

static char *
dump_chunks(const char *path)
{
    struct tf_err err = TF_ERR_INIT;
    struct tf_reader *reader;
    char *text;
    size_t len;
    assert_int_equal(tf_reader_open(path, NULL, NULL, &reader, &err), TF_OK);
    FILE *out = open_memstream(&text, &len);
    assert_int_equal(tt_dump_chunks(reader, out, &err), TF_OK);
    fclose(out);
    tf_reader_close(reader);
    return text;
}

static int
setup(void **state)
{
    static struct sample sample;
    struct tf_err err = TF_ERR_INIT;
    struct tf_sink_memory sink;
    tt_build(tt_sample_text, &sink);
    sample.data = sink.data;
    sample.len = (size_t)sink.sink.written_bytes;
    tt_write(tt_path("whole"), sample.data, sample.len);
    sample.dump = tt_dump_file(tt_path("whole"), &err);
    assert_non_null(sample.dump);
    sample.chunks = dump_chunks(tt_path("whole"));
    *state = &sample;
    return 0;
}

static int
teardown(void **state)
{
    struct sample *sample = *state;
    free(sample->data);
    free(sample->dump);
    free(sample->chunks);
    return 0;
}

static size_t
count_words(const char *text, const char *word)
{
    size_t count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        count++;
    }
    return count;
}

static void
test_sample_has_everything(void **state)
{
    const struct sample *sample = *state;
    for (unsigned i = 0; i < TF_OP_COUNT; i++) {
        if (tf_op_name(i) != NULL) {
            char word[40];
            snprintf(word, sizeof word, "  %s ", tf_op_name(i));
            if (strstr(sample->dump, word) == NULL) {
                fail_msg("no %s in the sample", word);
            }
        }
    }
    for (unsigned i = 0; i < TF_VAL_COUNT; i++) {
        char word[40];
        snprintf(word, sizeof word, " %s", tf_value_name(i));
        assert_non_null(strstr(sample->dump, word));
    }
    for (unsigned i = TF_EV_START; i < TF_EV_COUNT; i++) {
        char word[60];
        snprintf(word, sizeof word, " %s:%s line", tf_event_name(i),
                 tf_event_kind_name(i) ? tf_event_kind_name(i) : "");
        if (strstr(sample->dump, word) == NULL) {
            fail_msg("no event%s in the sample", word);
        }
    }
    assert_int_equal(count_words(sample->dump, "\nchunk "), 5);
    assert_non_null(strstr(sample->dump, "gap before 126 events 100 reason=\"ring\""));
    assert_non_null(strstr(sample->dump, " tail"));
}

/* What is read of a file: 0 an error with a message, 1 a part, 2 all of it. A part must be
 * the beginning of the whole. */
static int
read_part(const struct sample *sample, const char *path)
{
    struct tf_err err = TF_ERR_INIT;
    struct tf_reader *reader;
    char *text;
    size_t len;
    if (tf_reader_open(path, NULL, NULL, &reader, &err) != TF_OK) {
        assert_true(strlen(err.message) > 10);
        return 0;
    }
    FILE *out = open_memstream(&text, &len);
    tf_status status = tt_dump(reader, out, &err);
    fclose(out);
    if (status == TF_OK && tf_reader_complete(reader)) {
        assert_string_equal(text, sample->dump);
    }
    else if (status == TF_OK) {
        assert_true(strlen(tf_reader_incomplete_reason(reader, NULL)) > 10);
    }
    else {
        assert_true(strlen(err.message) > 10);
    }
    bool complete = tf_reader_complete(reader);
    free(text);
    if (status == TF_OK) {
        out = open_memstream(&text, &len);
        assert_int_equal(tt_dump_chunks(reader, out, &err), TF_OK);
        fclose(out);
        assert_true(len <= strlen(sample->chunks));
        assert_memory_equal(text, sample->chunks, len);
        free(text);
    }
    tf_reader_close(reader);
    return status != TF_OK ? 0 : complete ? 2 : 1;
}

static void
test_cut_at_every_byte(void **state)
{
    const struct sample *sample = *state;
    int count[3] = {0};
    size_t chunks_before = 0;
    for (size_t len = 0; len < sample->len; len++) {
        struct tf_reader *reader;
        const char *path = tt_path("cut");
        tt_write(path, sample->data, len);
        int got = read_part(sample, path);
        count[got]++;
        if (got == 0) {
            assert_int_equal(chunks_before, 0);
            continue;
        }
        assert_int_equal(tf_reader_open(path, NULL, NULL, &reader, NULL), TF_OK);
        assert_true(tf_reader_chunk_count(reader) >= chunks_before);
        chunks_before = tf_reader_chunk_count(reader);
        tf_reader_close(reader);
    }
    assert_int_equal(chunks_before, 5);
    assert_true(count[0] > 50); /* within the header */
    assert_true(count[1] > 500);
    assert_true(count[2] > 100); /* within the seek table */
}

static uint64_t
verify(const char *path)
{
    struct tf_verify options = {0};
    uint64_t findings = 0;
    if (tf_verify_file(path, &options, &findings, NULL) != TF_OK) {
        return 1;
    }
    return findings;
}

/* Whatever bit is wrong: the right answer, a part that says so, or an error. Where it is
 * right all the same, only bytes that carry no meaning were hit. */
static void
test_flip_every_bit(void **state)
{
    const struct sample *sample = *state;
    /* verification takes longest: a short run does every fifth */
    size_t verified = getenv("PYREC_TEST_FULL") ? 1 : 5;
    int count[3] = {0}, unseen = 0;
    uint8_t *data = malloc(sample->len);
    assert_int_equal(verify(tt_path("whole")), 0);
    for (size_t bit = 0; bit < sample->len * 8; bit++) {
        const char *path = tt_path("flip");
        memcpy(data, sample->data, sample->len);
        data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        tt_write(path, data, sample->len);
        int got = read_part(sample, path);
        count[got]++;
        if (bit % verified == 0 && verify(tt_path("flip")) == 0) {
            assert_int_equal(got, 2);
            unseen++;
        }
    }
    free(data);
    print_message(
        "flipped bits: %d refused, %d read in part, %d read right, %d unseen by "
        "verify\n",
        count[0], count[1], count[2], unseen);
    assert_true(count[0] > 1000);
    assert_true(count[1] > 1000);
    /* unused bits of zstd's frame headers, paddings of its bit streams */
    assert_true(unseen * (int)verified < 150);
}

static void
test_sink_fails_at_every_byte(void **state)
{
    const struct sample *sample = *state;
    for (size_t len = 0; len < sample->len; len++) {
        struct tf_err err = TF_ERR_INIT;
        struct tf_sink_memory sink;
        tf_sink_memory_init(&sink);
        sink.fail_after_bytes = len;
        sink.cut_fails = true;
        assert_int_equal(
            tb_build(tt_sample_text, strlen(tt_sample_text), &sink.sink, &err),
            TF_ERR_IO);
        assert_non_null(strstr(err.message, "No space left"));
        assert_int_equal(sink.sink.written_bytes, len);
        assert_memory_equal(sink.data, sample->data, len);
        tf_sink_memory_release(&sink);
    }
}

static void
test_not_a_recording(void **state)
{
    static const struct {
        const char *content;
        size_t len;
        tf_status status;
        const char *message;
    } cases[] = {
        {"", 0, TF_ERR_NOT_PYREC, "no recording"},
        {"hello, world, this is text", 26, TF_ERR_NOT_PYREC, "no recording"},
        {"\x28\xb5\x2f\xfd", 4, TF_ERR_TRUNCATED, "nothing can be read"},
        {"\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00", 9, TF_ERR_NOT_PYREC, "no recording"},
        {"\x50\x2a\x4d\x18\x00\x00\x00\x00", 8, TF_ERR_NOT_PYREC, "no recording"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tf_err err = TF_ERR_INIT;
        struct tf_reader *reader;
        const char *path = tt_path("other");
        tt_write(path, cases[i].content, cases[i].len);
        assert_int_equal(tf_reader_open(path, NULL, NULL, &reader, &err),
                         cases[i].status);
        assert_non_null(strstr(err.message, cases[i].message));
    }
    struct tf_err err = TF_ERR_INIT;
    struct tf_reader *reader;
    assert_int_equal(tf_reader_open(tt_path("missing"), NULL, NULL, &reader, &err),
                     TF_ERR_IO);
    assert_non_null(strstr(err.message, "No such file"));
    assert_int_equal(tf_reader_open("/tmp", NULL, NULL, &reader, &err),
                     TF_ERR_NOT_PYREC);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_has_everything),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_flip_every_bit),
        cmocka_unit_test(test_sink_fails_at_every_byte),
        cmocka_unit_test(test_not_a_recording),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
