#include "tb_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tb_inside.h"

#define TB_ARENA_BYTES ((size_t)1 << 30)

_Noreturn void
tb_fail(struct tb *tb, const char *format, ...)
{
    char message[160];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    tb->status =
        tf_err_set(tb->err, TF_ERR_ARGUMENT, -1, "line %d: %s", tb->lineno, message);
    longjmp(tb->fail, 1);
}

_Noreturn void
tb_fail_writer(struct tb *tb, tf_status status)
{
    tb->status = status;
    longjmp(tb->fail, 1);
}

void *
tb_get(struct tb *tb, size_t len)
{
    void *at = tf_arena_get(&tb->arena, len, TB_ARENA_BYTES);
    if (at == NULL) {
        tb_fail(tb, "out of memory");
    }
    return at;
}

static void
define_footer(struct tb *tb, const char *word)
{
    if (strcmp(word, "exit") == 0) {
        tb->footer.has_exit_status = true;
        tb->footer.exit_status = (int32_t)tb_signed(tb);
    }
    else if (strcmp(word, "failure") == 0) {
        tb->footer.failure_seq = tb_number(tb);
        if (tb_try(tb, "$")) {
            tb->footer.failure_object = tb_object_named(tb, tb_name(tb));
        }
    }
    else {
        tb->footer.end_reason = tb_string(tb);
    }
}

static void
gap(struct tb *tb)
{
    tb_chunk(tb, false);
    tb->batch.lost_events = tb_number(tb);
    tb->seq += tb->batch.lost_events;
    struct tf_text reason = tb_at_end(tb) ? (struct tf_text){"", 0} : tb_string(tb);
    tb->batch.lost_reason = reason.data;
}

static bool
directive(struct tb *tb, const char *word)
{
    if (strcmp(word, "file") == 0) {
        tb_define_file(tb);
    }
    else if (strcmp(word, "code") == 0) {
        tb_define_code(tb);
    }
    else if (strcmp(word, "type") == 0) {
        tb_define_type(tb);
    }
    else if (strcmp(word, "thread") == 0) {
        tb_define_thread(tb);
    }
    else if (strcmp(word, "header") == 0) {
        tb_define_header(tb);
    }
    else if (strcmp(word, "chunk") == 0) {
        bool same = tb_peek_word(tb, "same");
        if (same) {
            tb_word(tb);
        }
        tb_chunk(tb, same);
    }
    else if (strcmp(word, "images") == 0) {
        tb->images = true;
    }
    else if (strcmp(word, "checkpoint") == 0) {
        tb_checkpoint(tb);
    }
    else if (strcmp(word, "gap") == 0) {
        gap(tb);
    }
    else if (strcmp(word, "unfinished") == 0) {
        tb->finished = false;
    }
    else if (strcmp(word, "exit") == 0 || strcmp(word, "failure") == 0
             || strcmp(word, "end_reason") == 0) {
        define_footer(tb, word);
    }
    else {
        return false;
    }
    return true;
}

static void
line(struct tb *tb)
{
    if (tb_at_end(tb)) {
        return;
    }
    if (tb_try(tb, "@")) {
        tb_thread(tb, tb_number(tb));
        if (tb_at_end(tb)) {
            return;
        }
    }
    const char *word = tb_word(tb);
    if (!directive(tb, word)) {
        tb_event(tb, word);
    }
    if (!tb_at_end(tb)) {
        tb_fail(tb, "cannot understand '%.20s'", tb->at);
    }
}

static void
all_lines(struct tb *tb)
{
    for (;;) {
        tb->lineno++;
        line(tb);
        if (tb->at == tb->end) {
            break;
        }
        tb->at++;
    }
    tb_flush(tb);
    if (tb->finished) {
        struct tf_writer *writer = tb->writer;
        tb->writer = NULL;
        tb->footer.end_ns = tb->seq * 1000;
        tf_status status = tf_writer_close(writer, &tb->footer, NULL, tb->err);
        if (status != TF_OK) {
            tb_fail_writer(tb, status);
        }
    }
}

static struct tf_text
text_of(const char *s)
{
    return (struct tf_text){s, strlen(s)};
}

static void
defaults(struct tb *tb)
{
    struct tf_header *header = &tb->header;
    memcpy(header->uuid, "pyrec-build 0001", sizeof header->uuid);
    header->recorder = text_of("pyrec-build");
    header->python = text_of("3.11.2 (builder)");
    header->python_hex = 0x030b02f0;
    header->platform = text_of("Linux 6.1 x86_64");
    header->executable = text_of("/usr/bin/python3");
    header->cwd = text_of("/home/user");
    header->script = text_of("app.py");
    header->pid = 4711;
    header->start_unix_ns = INT64_C(1700000000000000000);
    header->limits = (struct tf_limits){
        .text_chars = 4096,
        .items = 256,
        .depth = 8,
        .objects_an_event = 10000,
        .events = 1u << TF_EV_START | 1u << TF_EV_RESUME | 1u << TF_EV_THROW
                  | 1u << TF_EV_LINE | 1u << TF_EV_RETURN | 1u << TF_EV_YIELD
                  | 1u << TF_EV_UNWIND | 1u << TF_EV_EXCEPTION,
        .redact = true,
        .values = true,
    };
}

static void
release(struct tb *tb)
{
    tf_writer_abandon(tb->writer);
    tf_batch_release(&tb->batch);
    for (size_t i = 0; i < tb->object.count; i++) {
        free(tb->object.at[i].item.at);
        free(tb->object.at[i].attr.at);
    }
    for (size_t i = 0; i < tb->thread.count; i++) {
        free(tb->thread.at[i].stack.at);
    }
    free(tb->object.at);
    free(tb->frame.at);
    free(tb->thread.at);
    free(tb->code.at);
    free(tb->type.at);
    free(tb->file.at);
    free(tb->name.at);
    free(tb->argv.at);
    free(tb->library.at);
    tf_arena_release(&tb->arena);
    free(tb);
}

tf_status
tb_build(const char *text, size_t len, struct tf_sink *sink, struct tf_err *err)
{
    struct tb *tb = calloc(1, sizeof *tb);
    if (tb == NULL) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    tb->at = text;
    tb->end = text + len;
    tb->sink = sink;
    tb->err = err;
    tb->seq = 1;
    tb->finished = true;
    defaults(tb);
    if (setjmp(tb->fail) == 0) {
        all_lines(tb);
    }
    tf_status status = tb->status;
    release(tb);
    return status;
}

tf_status
tb_build_file(const char *text, size_t len, const char *path, struct tf_err *err)
{
    struct tf_sink_fd sink;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        return tf_err_set_errno(err, errno, "cannot create %s", path);
    }
    tf_sink_fd_init(&sink, fd);
    tf_status status = tb_build(text, len, &sink.sink, err);
    if (close(fd) != 0 && status == TF_OK) {
        status = tf_err_set_errno(err, errno, "cannot write %s", path);
    }
    return status;
}
