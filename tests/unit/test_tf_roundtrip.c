/* What is written is read: by the reader, by an independent reading of the seek table, and
 * by zstd and protoc. And the tables and small parts of the library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <zstd.h>

#include <cmocka.h>

#include "tf_limits.h"
#include "tf_reader.h"
#include "tt_dump.h"
#include "tt_file.h"

#define TEXT(s)    \
 {                 \
  s, sizeof(s) - 1 \
 }

static struct tf_reader *
open_memory(const struct tf_sink_memory *sink, const char *name)
{
    struct tf_err err = TF_ERR_INIT;
    struct tf_reader *reader;
    tt_write(tt_path(name), sink->data, sink->sink.written_bytes);
    if (tf_reader_open(tt_path(name), NULL, NULL, &reader, &err) != TF_OK) {
        fail_msg("%s", err.message);
    }
    return reader;
}

/* --- header, definitions, footer --- */
static const struct tf_text words[] = {TEXT("one"), TEXT(""), TEXT("thr\0ee"),
                                       TEXT("\xed\xa0\x80")};

static const struct tf_header header = {
    .uuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
    .parent_uuid = {0, 0, 9},
    .parent_pid = 4000000001,
    .parent_seq = 5000000001,
    .recorder = TEXT("pyrecord 0.1.0"),
    .python = TEXT("3.11.2"),
    .platform = TEXT("Linux"),
    .executable = TEXT("/usr/bin/python3"),
    .cwd = TEXT("/tmp"),
    .script = TEXT("app.py"),
    .python_hex = 0x030b02f0,
    .argv = words,
    .argv_count = 4,
    .library_dir = words,
    .library_dir_count = 2,
    .pid = UINT64_C(1) << 40,
    .start_unix_ns = -5,
    .limits = {.text_chars = 4096,
               .items = 256,
               .depth = 8,
               .objects_an_event = 10000,
               .events = 0x1ffe,
               .include = words,
               .include_count = 1,
               .exclude = words,
               .exclude_count = 2,
               .include_function = words,
               .include_function_count = 3,
               .exclude_function = words,
               .exclude_function_count = 4,
               .redact = true,
               .values = true},
};

static const struct tf_footer footer = {
    .end_ns = UINT64_C(123456789012345),
    .has_exit_status = true,
    .exit_status = -9,
    .failure_seq = 1,
    .failure_object = 3,
    .end_reason = TEXT("disk full"),
    .elided_count = 17,
};

static void
same_text(struct tf_text a, struct tf_text b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
}

static void
same_texts(const struct tf_text *a, uint32_t count_a, const struct tf_text *b,
           uint32_t count_b)
{
    assert_int_equal(count_a, count_b);
    for (uint32_t i = 0; i < count_a; i++) {
        same_text(a[i], b[i]);
    }
}

static void
test_header_and_footer(void **state)
{
    struct tf_sink_memory sink;
    struct tf_writer *writer;
    struct tf_writer_stats stats;
    (void)state;
    tf_sink_memory_init(&sink);
    assert_int_equal(tf_writer_open(&sink.sink, &header, 0, &writer, NULL), TF_OK);
    assert_int_equal(tf_writer_close(writer, &footer, &stats, NULL), TF_OK);
    assert_int_equal(stats.file_bytes, sink.sink.written_bytes);
    assert_int_equal(stats.events, 0);
    struct tf_reader *reader = open_memory(&sink, "header");
    const struct tf_header *h = tf_reader_header(reader);
    assert_memory_equal(h->uuid, header.uuid, 16);
    assert_memory_equal(h->parent_uuid, header.parent_uuid, 16);
    assert_int_equal(h->parent_pid, header.parent_pid);
    assert_int_equal(h->parent_seq, header.parent_seq);
    same_text(h->recorder, header.recorder);
    same_text(h->python, header.python);
    same_text(h->platform, header.platform);
    same_text(h->executable, header.executable);
    same_text(h->cwd, header.cwd);
    same_text(h->script, header.script);
    same_texts(h->argv, h->argv_count, header.argv, header.argv_count);
    same_texts(h->library_dir, h->library_dir_count, words, 2);
    same_texts(h->limits.include, h->limits.include_count, words, 1);
    same_texts(h->limits.exclude, h->limits.exclude_count, words, 2);
    same_texts(h->limits.include_function, h->limits.include_function_count, words, 3);
    same_texts(h->limits.exclude_function, h->limits.exclude_function_count, words, 4);
    assert_int_equal(h->python_hex, header.python_hex);
    assert_int_equal(h->pid, header.pid);
    assert_int_equal(h->start_unix_ns, header.start_unix_ns);
    assert_int_equal(h->limits.text_chars, 4096);
    assert_int_equal(h->limits.objects_an_event, 10000);
    assert_int_equal(h->limits.events, 0x1ffe);
    assert_true(h->limits.redact && h->limits.values);
    const struct tf_footer *f = tf_reader_footer(reader);
    assert_int_equal(f->end_ns, footer.end_ns);
    assert_int_equal(f->exit_status, -9);
    assert_int_equal(f->failure_seq, 1);
    assert_int_equal(f->failure_object, 3);
    assert_int_equal(f->elided_count, 17);
    same_text(f->end_reason, footer.end_reason);
    assert_int_equal(tf_reader_last_seq(reader), 0);
    assert_int_equal(tf_reader_chunk_count(reader), 0);
    tf_reader_close(reader);
    tf_sink_memory_release(&sink);
}

static void
test_definitions_in_any_order(void **state)
{
    static const uint32_t kind[] = {TF_SLOT_LOCAL, TF_SLOT_CELL, TF_SLOT_FREE,
                                    TF_SLOT_MAPPING};
    static const uint32_t line[] = {3, 4, 90000};
    static const uint32_t offs[] = {0, 2}, off_line[] = {90000, 3};
    static const uint32_t base[] = {2, 1};
    static const char text[] = "x = 1\n";
    struct tf_sink_memory sink;
    struct tf_writer *writer;
    struct tf_batch batch;
    struct tf_err err = TF_ERR_INIT;
    struct tf_text got;
    (void)state;
    tf_batch_init(&batch);
    tf_batch_add_code(&batch, &(struct tf_def_code){.id = 2, .name = TEXT("later")});
    tf_batch_add_code(&batch, &(struct tf_def_code){.id = 1,
                                                    .file = 2,
                                                    .first_lineno = 3,
                                                    .flags = 0x23,
                                                    .arg_count = 2,
                                                    .name = TEXT("f"),
                                                    .qualname = TEXT("C.f"),
                                                    .bytecode = TEXT("\x64\0\x09\0"),
                                                    .bytecode_name = words,
                                                    .bytecode_name_count = 2,
                                                    .bytecode_const = words,
                                                    .bytecode_const_count = 3,
                                                    .bytecode_line_off = offs,
                                                    .bytecode_line = off_line,
                                                    .bytecode_line_count = 2,
                                                    .slot = words,
                                                    .slot_kind = kind,
                                                    .slot_count = 4,
                                                    .line = line,
                                                    .line_count = 3,
                                                    .global = words,
                                                    .global_count = 1});
    tf_batch_add_file(
        &batch, &(struct tf_def_file){.id = 2, .path = TEXT("b.py"), .own = true});
    tf_batch_add_file(&batch, &(struct tf_def_file){.id = 1, .path = TEXT("\xff\xfe")});
    tf_batch_add_type(&batch, &(struct tf_def_type){.id = 3,
                                                    .category = TF_CAT_NAMEDTUPLE,
                                                    .flags = TF_TYPE_OWN_REPR,
                                                    .module = TEXT("m"),
                                                    .name = TEXT("T"),
                                                    .base = base,
                                                    .base_count = 2,
                                                    .field = words,
                                                    .field_count = 1});
    tf_batch_add_thread(&batch, &(struct tf_def_thread){.id = 1, .native_id = 7});
    tf_batch_add_thread(&batch,
                        &(struct tf_def_thread){.id = 1, .name = TEXT("named later")});
    tf_batch_add_source(&batch, &(struct tf_def_source){.file = 2, .text = TEXT(text)});
    tf_batch_add_source(&batch,
                        &(struct tf_def_source){.file = 1, .absent = TEXT("frozen")});
    tf_sink_memory_init(&sink);
    assert_int_equal(tf_writer_open(&sink.sink, &header, 0, &writer, NULL), TF_OK);
    assert_int_equal(tf_writer_batch(writer, &batch, NULL), TF_OK);
    assert_int_equal(tf_writer_close(writer, &footer, NULL, NULL), TF_OK);
    tf_batch_release(&batch);
    struct tf_reader *reader = open_memory(&sink, "definitions");
    const struct tf_def_code *code = tf_reader_code(reader, 1);
    assert_int_equal(tf_reader_code_count(reader), 2);
    assert_null(tf_reader_code(reader, 0));
    assert_null(tf_reader_code(reader, 3));
    same_text(code->qualname, (struct tf_text)TEXT("C.f"));
    same_text(code->bytecode, (struct tf_text)TEXT("\x64\0\x09\0"));
    same_texts(code->bytecode_name, code->bytecode_name_count, words, 2);
    same_texts(code->bytecode_const, code->bytecode_const_count, words, 3);
    assert_int_equal(code->bytecode_line_count, 2);
    assert_memory_equal(code->bytecode_line_off, offs, sizeof offs);
    assert_memory_equal(code->bytecode_line, off_line, sizeof off_line);
    same_texts(code->slot, code->slot_count, words, 4);
    same_texts(code->global, code->global_count, words, 1);
    assert_memory_equal(code->slot_kind, kind, sizeof kind);
    assert_int_equal(code->line_count, 3);
    assert_memory_equal(code->line, line, sizeof line);
    assert_int_equal(code->flags, 0x23);
    assert_true(tf_reader_file(reader, 2)->own);
    same_text(tf_reader_file(reader, 1)->path, (struct tf_text)TEXT("\xff\xfe"));
    assert_null(tf_reader_type(reader, 2));
    const struct tf_def_type *type = tf_reader_type(reader, 3);
    assert_int_equal(type->base_count, 2);
    assert_memory_equal(type->base, base, sizeof base);
    same_texts(type->field, type->field_count, words, 1);
    same_text(tf_reader_thread(reader, 1)->name, (struct tf_text)TEXT("named later"));
    assert_int_equal(tf_reader_source(reader, 2, &got, &err), TF_OK);
    same_text(got, (struct tf_text)TEXT(text));
    assert_int_equal(tf_reader_source(reader, 1, &got, &err), TF_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "frozen"));
    assert_int_equal(tf_reader_source(reader, 9, &got, &err), TF_ERR_NOT_FOUND);
    tf_reader_close(reader);
    tf_sink_memory_release(&sink);
}

/* --- values at their limits --- */
static void
test_values(void **state)
{
    static const int64_t integer[] = {0, -1, 63, 64, -64, -65, INT64_MAX, INT64_MIN};
    static const double real[] = {0.0, -0.0, 1e308, 5e-324, -1.5};
    static const uint64_t ref[] = {1, 1, 200, 3, (UINT64_C(1) << 47) - 1};

    enum { INTEGERS = 8, REALS = 5, REFS = 5 };
    struct tf_sink_memory sink;
    struct tf_writer *writer;
    struct tf_batch batch;
    struct tf_chunk *chunk;
    size_t len = TF_TEXT_BYTES_MAX;
    char *giant = malloc(len);
    (void)state;
    memset(giant, 'x', len);
    tf_batch_init(&batch);
    tf_batch_add_thread(&batch, &(struct tf_def_thread){.id = 1});
    struct tf_rows *rows = &batch.changes;
    for (int i = 0; i < INTEGERS; i++) {
        tf_rows_op(rows, TF_OP_ARG);
        tf_rows_int(rows, integer[i]);
    }
    for (int i = 0; i < REALS; i++) {
        tf_rows_op(rows, TF_OP_ARG);
        tf_rows_float(rows, real[i]);
        tf_rows_op(rows, TF_OP_ARG);
        tf_rows_complex(rows, real[i], -real[i]);
    }
    for (int i = 0; i < REFS; i++) {
        tf_rows_op(rows, TF_OP_ARG);
        tf_rows_ref(rows, ref[i]);
    }
    tf_rows_op(rows, TF_OP_MARK);
    tf_rows_text(rows, TF_VAL_STR, giant, len);
    tf_rows_op(rows, TF_OP_MARK);
    tf_rows_text(rows, TF_VAL_STR, "", 0);
    tf_rows_op(rows, TF_OP_MARK);
    tf_rows_text_cut(rows, TF_VAL_BYTES_CUT, giant, len, UINT64_MAX);
    tf_rows_event(rows, TF_EV_LINE, 1, TF_LINE_MAX, 0, 0);
    tf_rows_event(rows, TF_EV_LINE, 1, 0, 0, 77);
    tf_rows_event(rows, TF_EV_OPCODE, 1, 5, UINT32_MAX, 0);
    tf_rows_event(rows, TF_EV_LINE, 1, 6, 0, 50); /* a clock that went back */
    tf_rows_event(rows, TF_EV_LINE, 1, 6, 0, UINT64_C(1) << 60);
    tf_sink_memory_init(&sink);
    assert_int_equal(tf_writer_open(&sink.sink, &header, 0, &writer, NULL), TF_OK);
    assert_int_equal(tf_writer_batch(writer, &batch, NULL), TF_OK);
    assert_int_equal(tf_writer_close(writer, &footer, NULL, NULL), TF_OK);
    tf_batch_release(&batch);
    struct tf_reader *reader = open_memory(&sink, "values");
    assert_int_equal(tf_reader_chunk(reader, 0, &chunk, NULL), TF_OK);
    const struct tf_value *value = chunk->changes.value;
    for (int i = 0; i < INTEGERS; i++) {
        assert_int_equal((value++)->integer, integer[i]);
    }
    for (int i = 0; i < REALS; i++) {
        assert_memory_equal(&(value++)->real, &real[i], sizeof *real);
        double minus = -real[i];
        assert_memory_equal(&value->real, &real[i], sizeof *real);
        assert_memory_equal(&(value++)->imag, &minus, sizeof minus);
    }
    for (int i = 0; i < REFS; i++) {
        assert_int_equal((value++)->ref, ref[i]);
    }
    assert_int_equal(chunk->changes.text_count, 2); /* each once */
    same_text(chunk->changes.text[value[0].text], (struct tf_text){giant, len});
    same_text(chunk->changes.text[value[1].text], (struct tf_text){"", 0});
    same_text(chunk->changes.text[value[2].text], (struct tf_text){giant, len});
    assert_int_equal(value[2].length, UINT64_MAX);
    assert_int_equal(chunk->lineno[0], TF_LINE_MAX);
    assert_int_equal(chunk->lineno[1], 0);
    assert_int_equal(chunk->instruction[2], UINT32_MAX);
    static const uint64_t times[] = {0, 77, 77, 77, UINT64_C(1) << 60};
    assert_memory_equal(chunk->time_ns, times, sizeof times);
    tf_chunk_free(chunk);
    tf_reader_close(reader);
    tf_sink_memory_release(&sink);
    free(giant);
}

/* --- what a writer refuses --- */
static tf_status
write_one(const struct tf_batch *batch, struct tf_err *err)
{
    struct tf_sink_memory sink;
    struct tf_writer *writer;
    tf_sink_memory_init(&sink);
    assert_int_equal(tf_writer_open(&sink.sink, &header, 0, &writer, NULL), TF_OK);
    tf_status status = tf_writer_batch(writer, batch, err);
    tf_writer_abandon(writer);
    tf_sink_memory_release(&sink);
    return status;
}

static void
test_rows_that_cannot_be_written(void **state)
{
    struct tf_err err = TF_ERR_INIT;
    struct tf_batch batch;
    (void)state;
    tf_batch_init(&batch);
    tf_rows_op(&batch.changes, TF_OP_THREAD);
    tf_rows_u64(&batch.changes, 1);
    assert_int_equal(write_one(&batch, &err), TF_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "may not stand there"));
    tf_batch_clear(&batch);
    tf_rows_op(&batch.keyframe, TF_OP_NEW);
    tf_rows_event(&batch.changes, TF_EV_LINE, 1, 1, 0, 0);
    assert_int_equal(write_one(&batch, &err), TF_ERR_ARGUMENT);
    tf_batch_clear(&batch);
    tf_rows_op(&batch.changes, TF_OP_LOCAL); /* cut off */
    assert_int_equal(write_one(&batch, &err), TF_ERR_ARGUMENT);
    tf_batch_clear(&batch);
    tf_rows_op(&batch.changes, TF_OP_LOCAL);
    tf_rows_u64(&batch.changes, 0);
    tf_rows_int(&batch.changes, 1); /* whose thread? */
    assert_int_equal(write_one(&batch, &err), TF_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "without their thread"));
    batch.tail_thread = 1;
    assert_int_equal(write_one(&batch, &err), TF_OK);
    batch.failed = true;
    assert_int_equal(write_one(&batch, &err), TF_ERR_MEMORY);
    tf_batch_clear(&batch);
    batch.changes.failed = true;
    assert_int_equal(write_one(&batch, &err), TF_ERR_MEMORY);
    tf_batch_release(&batch);
}

static void
test_a_start_in_the_middle(void **state)
{
    struct tf_sink_memory sink;
    struct tf_writer *writer;
    struct tf_batch batch;
    struct tf_chunk *chunk;
    size_t idx;
    (void)state;
    tf_batch_init(&batch);
    tf_batch_add_thread(&batch, &(struct tf_def_thread){.id = 1});
    tf_batch_add_type(&batch, &(struct tf_def_type){.id = 1});
    tf_rows_op(&batch.changes, TF_OP_NEW);
    for (int i = 0; i < 5; i++) {
        tf_rows_u64(&batch.changes, i == 0);
    }
    tf_rows_event(&batch.changes, TF_EV_LINE, 1, 1, 0, 0);
    tf_sink_memory_init(&sink);
    assert_int_equal(tf_writer_open(&sink.sink, &header, 0, &writer, NULL), TF_OK);
    tf_writer_start_at(writer, 1000, 500, 70);
    assert_int_equal(tf_writer_batch(writer, &batch, NULL), TF_OK);
    assert_int_equal(tf_writer_close(writer, &footer, NULL, NULL), TF_OK);
    tf_batch_release(&batch);
    struct tf_reader *reader = open_memory(&sink, "middle");
    assert_int_equal(tf_reader_first_seq(reader), 1000);
    assert_int_equal(tf_reader_last_seq(reader), 1000);
    assert_true(tf_reader_chunk_of_seq(reader, 1000, &idx));
    assert_false(tf_reader_chunk_of_seq(reader, 999, &idx));
    assert_false(tf_reader_chunk_of_seq(reader, 1001, &idx));
    assert_true(tf_reader_chunk_of_object(reader, 500, &idx));
    assert_false(tf_reader_chunk_of_object(reader, 501, &idx));
    assert_false(tf_reader_chunk_of_object(reader, 499, &idx));
    assert_int_equal(tf_reader_chunk(reader, 0, &chunk, NULL), TF_OK);
    assert_int_equal(chunk->changes.op[0].id, 500);
    tf_chunk_free(chunk);
    tf_reader_close(reader);
    tf_sink_memory_release(&sink);
}

/* --- seek table, read by the specification alone --- */
static uint32_t
le32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void
test_seek_table(void **state)
{
    struct tf_sink_memory sink;
    (void)state;
    tt_build(tt_sample_text, &sink);
    const uint8_t *data = sink.data, *end = data + sink.sink.written_bytes;
    assert_int_equal(le32(end - 4), 0x8F92EAB1);
    assert_int_equal(end[-5] & 0xfc, 0);
    uint32_t count = le32(end - 9);
    const uint8_t *table = end - 9 - count * 8;
    assert_int_equal(le32(table - 8), 0x184D2A5E);
    assert_int_equal(le32(table - 4), count * 8 + 9);
    assert_true(count > 15);
    size_t off = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t compressed = le32(table + i * 8), content = le32(table + i * 8 + 4);
        void *out = malloc(content + 1);
        assert_int_equal(ZSTD_findFrameCompressedSize(
                             data + off, (size_t)(table - 8 - (data + off))),
                         compressed);
        assert_int_equal(ZSTD_getFrameContentSize(data + off, compressed), content);
        assert_int_equal(ZSTD_decompress(out, content, data + off, compressed),
                         content);
        assert_true(data[off + 4] & 0x04); /* the frame has a checksum */
        free(out);
        off += compressed;
    }
    assert_ptr_equal(data + off, table - 8);
    tf_sink_memory_release(&sink);
}

/* --- zstd and protoc --- */
static int
protoc(const char *path)
{
    char command[2000];
    snprintf(command, sizeof command,
             "bash -c 'set -o pipefail; zstd -dc %s | protoc --decode=pyrec.Recording "
             "-I %s/schema %s/schema/recording.proto >%s.decoded'",
             path, tt_root(), tt_root(), path);
    return system(command);
}

static void
test_zstd_and_protoc(void **state)
{
    struct tf_sink_memory sink;
    size_t len;
    char path[300];
    (void)state;
    tt_build(tt_sample_text, &sink);
    snprintf(path, sizeof path, "%s", tt_path("protoc.pyrec"));
    tt_write(path, sink.data, sink.sink.written_bytes);
    assert_int_equal(protoc(path), 0);
    char *decoded = (char *)tt_read(tt_path("protoc.pyrec.decoded"), &len);
    assert_non_null(strstr(decoded, "\nchunk {\n  number: 4\n"));
    assert_non_null(strstr(decoded, "\nindex {\n"));
    assert_non_null(strstr(decoded, "\nfooter {\n"));
    assert_non_null(strstr(decoded, "text \\355\\240\\200")); /* a lone surrogate */
    /* every field has a name */
    for (const char *line = strtok(decoded, "\n"); line; line = strtok(NULL, "\n")) {
        line += strspn(line, " ");
        assert_false(*line >= '0' && *line <= '9');
    }
    free(decoded);
    /* and the check can fail */
    sink.data[sink.sink.written_bytes / 2] ^= 1;
    tt_write(path, sink.data, sink.sink.written_bytes);
    assert_int_not_equal(protoc(path), 0);
    tf_sink_memory_release(&sink);
}

/* --- names --- */
static void
test_names(void **state)
{
    (void)state;
    assert_string_equal(tf_event_name(TF_EV_YIELD), "return");
    assert_string_equal(tf_event_kind_name(TF_EV_YIELD), "yield");
    assert_null(tf_event_kind_name(TF_EV_LINE));
    assert_null(tf_event_name(0));
    assert_null(tf_event_name(TF_EV_COUNT));
    assert_string_equal(tf_op_operands(TF_OP_FRAME), "fcinn1");
    assert_null(tf_op_name(0));
    assert_null(tf_op_operands(TF_OP_COUNT));
    assert_string_equal(tf_value_name(TF_VAL_ELIDED), "elided");
    assert_null(tf_value_operands(99));
    assert_string_equal(tf_elision_name(TF_ELIDE_BUDGET), "budget");
    assert_null(tf_elision_name(8));
    assert_string_equal(tf_category_name(TF_CAT_FLAG), "flag");
    assert_null(tf_category_name(TF_CAT_COUNT));
}

static void
test_rows_without_memory(void **state)
{
    struct tf_rows rows;
    (void)state;
    tf_rows_init(&rows);
    assert_true(tf_rows_op(&rows, TF_OP_ARG));
    tf_rows_value(&rows, TF_VAL_NONE);
    size_t len = rows.len;
    assert_false(tf_rows_grow(&rows, SIZE_MAX / 2));
    assert_true(rows.failed);
    assert_false(tf_rows_op(&rows, TF_OP_ARG));
    tf_rows_int(&rows, 5);
    tf_rows_event(&rows, TF_EV_LINE, 1, 1, 0, 0);
    assert_int_equal(rows.len, len);
    assert_int_equal(rows.event_count, 0);
    tf_rows_clear(&rows);
    assert_true(tf_rows_op(&rows, TF_OP_ARG));
    tf_rows_release(&rows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_and_footer),
        cmocka_unit_test(test_definitions_in_any_order),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_rows_that_cannot_be_written),
        cmocka_unit_test(test_a_start_in_the_middle),
        cmocka_unit_test(test_seek_table),
        cmocka_unit_test(test_zstd_and_protoc),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_rows_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
