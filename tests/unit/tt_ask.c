#include "tt_ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tt_alloc.h"
#include "tt_file.h"

void
tt_say(struct tt_answer *answer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(answer->text + answer->len, sizeof answer->text - answer->len,
                        format, args);
    va_end(args);
    if (len > 0 && answer->len + (size_t)len < sizeof answer->text) {
        answer->len += (size_t)len;
    }
}

/* Each fault is told once, and all of them before the test fails. */
static size_t faults;

__attribute__((format(printf, 1, 2))) static void
fault(const char *format, ...)
{
    char line[600];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (faults++ < 400) {
        print_message("%s\n", line);
    }
}

static bool
is_memory(tf_status status, const struct tf_err *err)
{
    return status == TF_ERR_MEMORY || strstr(err->message, "memory") != NULL;
}

/* Asks with the nth allocation failing. False: there are not so many. */
static bool
ask_failing(tt_question_fn question, struct tt_asked asked, size_t nth, bool onward,
            const struct tt_answer *right, struct tt_answer *answer, const char *name)
{
    struct tf_err err = TF_ERR_INIT;
    bool opens = asked.rp == NULL;
    if (!opens) {
        assert_int_equal(rp_open(asked.path, NULL, &asked.rp, NULL), TF_OK);
    }
    answer->len = 0;
    answer->text[0] = 0;
    asked.answer = answer;
    tt_alloc_fail(nth, onward);
    tf_status status = question(&asked, &err);
    size_t done = tt_alloc_end();
    if (opens && tt_alloc_kept() != 0) {
        fault("%s of %s, allocation %zu: %ld blocks are not freed", name,
              asked.text ? asked.text : "", nth, tt_alloc_kept());
    }
    if (done >= nth && status != TF_OK && !is_memory(status, &err)) {
        fault("%s of %s, allocation %zu: %d %s", name, asked.text ? asked.text : "",
              nth, status, err.message);
    }
    if (status == TF_OK && strcmp(answer->text, right->text) != 0) {
        fault("%s of %s, allocation %zu: %.100s\nnot %.100s", name,
              asked.text ? asked.text : "", nth, answer->text, right->text);
    }
    if (!opens) {
        /* the same recording, asked again */
        answer->len = 0;
        answer->text[0] = 0;
        err = (struct tf_err)TF_ERR_INIT;
        if (question(&asked, &err) != TF_OK) {
            fault("%s of %s, after allocation %zu: %s", name,
                  asked.text ? asked.text : "", nth, err.message);
        }
        else if (strcmp(answer->text, right->text) != 0) {
            fault("%s of %s, after allocation %zu: %.100s\nnot %.100s", name,
                  asked.text ? asked.text : "", nth, answer->text, right->text);
        }
        rp_close(asked.rp);
    }
    return done >= nth;
}

size_t
tt_ask_faults(void)
{
    return faults;
}

size_t
tt_ask_all(tt_question_fn question, const char *name, const char *path,
           const char *text, uint64_t seq, bool opens)
{
    static struct tt_answer right, answer;
    struct tt_asked asked = {.path = path, .text = text, .seq = seq, .answer = &right};
    struct tf_err err = TF_ERR_INIT;
    size_t nth = 1, tried = 0;
    if (!opens) {
        assert_int_equal(rp_open(path, NULL, &asked.rp, NULL), TF_OK);
    }
    right.len = 0;
    right.text[0] = 0;
    tt_alloc_fail(0, false);
    tf_status status = question(&asked, &err);
    size_t count = tt_alloc_end();
    if (status != TF_OK) {
        fail_msg("%s of %s: %s", name, text ? text : "", err.message);
    }
    rp_close(asked.rp);
    size_t most = getenv("PYREC_TEST_FULL") ? 100000 : 150;
    size_t step = count / most + 1;
    for (; nth <= count; nth += step) {
        ask_failing(question, asked, nth, false, &right, &answer, name);
        ask_failing(question, asked, nth, true, &right, &answer, name);
        tried += 2;
    }
    return tried;
}

const char *
tt_sample_file(void)
{
    static char path[300];
    if (path[0] == 0) {
        struct tf_sink_memory sink;
        tt_build(tt_sample_text, &sink);
        snprintf(path, sizeof path, "%s", tt_path("sample.pyrec"));
        tt_write(path, sink.data, (size_t)sink.sink.written_bytes);
        tf_sink_memory_release(&sink);
    }
    return path;
}

const char *
tt_golden_file(const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/tests/golden/%s.pyrec", tt_root(), name);
    return path;
}
