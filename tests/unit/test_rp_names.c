/* Files, lines and functions by name; texts of values within limits; instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rp.h"
#include "tf_sink.h"
#include "tt_alloc.h"
#include "tt_ask.h"
#include "tt_file.h"

static const char NAMES[] =
    "file /home/me/app.py own\n"
    "    | def outer():\n"
    "    |     def inner(): pass\n"
    "    |     return inner\n"
    "file /usr/lib/app.py\n"
    "    | one\rtwo\r\n"
    "    | three\n"
    "file lib/other.py absent \"No such file\"\n"
    "file empty.py own\n"
    "type Box instance\n"
    "code outer /home/me/app.py:1 slots=v lines=1,2,3\n"
    "code outer.<locals>.inner /home/me/app.py:2 slots=a name=inner lines=2\n"
    "code Box.inner /usr/lib/app.py:2 slots=a name=inner lines=2\n"
    "code inner2 lib/other.py:1 slots=a lines=1\n"
    "thread 1\n"
    "call outer at 1000\n"
    "line 2 v=[1, [2, [3, [4]]], \"long text here\", {\"k\": {\"l\": (5, 6)}}, {7, 8}]\n"
    "line 2 v=Box(a=1, b=[1, 2], c=\"x\")\n"
    "call outer.<locals>.inner at 5000\n"
    "return 2 => None\n"
    "line 3 v=[1, 2, 3, 4, 5, 6, 7, 8]\n"
    "call Box.inner at 9000\n"
    "return 2 => None\n"
    "return 3 => None\n"
    "exit 0\n";

static struct rp *
build(void)
{
    struct tf_sink_memory sink;
    struct rp *rp;
    tt_build(NAMES, &sink);
    tt_write(tt_path("names.pyrec"), sink.data, (size_t)sink.sink.written_bytes);
    tf_sink_memory_release(&sink);
    assert_int_equal(rp_open(tt_path("names.pyrec"), NULL, &rp, NULL), TF_OK);
    return rp;
}

/* The ids as digits. */
static const char *
ids_text(const uint32_t *ids, size_t count, size_t max)
{
    static char text[20];
    size_t len = 0;
    for (size_t i = 0; i < count && i < max; i++) {
        text[len++] = (char)('0' + ids[i]);
    }
    text[len] = 0;
    return text;
}

static void
test_files_and_codes(void **state)
{
    static const struct {
        const char *name, *files, *codes;
    } cases[] = {
        {"app.py", "12", ""},
        {"me/app.py", "1", ""},
        {"/app.py", "12", ""},
        {"pp.py", "", ""},
        {"", "", ""},
        {"/home/me/app.py", "1", ""},
        {"other.py", "3", ""},
        {"inner", "", "23"},
        {"Box.inner", "", "3"},
        {"outer", "", "1"},
        {"inner?", "", "4"},
        {"*inner", "", "23"},
        {"**inner*", "", "234"},
        {"inner[0-9]", "", "4"},
        {"inner[!0-9]", "", ""},
        {"[io]*", "", "1234"},
        {"[^i]*", "", "123"},
        {"inner[2", "", ""},
        {"*[]]", "", ""},
        {"*[2-]", "", "4"},
        {"?uter", "", "1"},
        {"nothing", "", ""},
    };
    struct rp *rp = build();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t ids[8];
        struct tf_text name = {cases[i].name, strlen(cases[i].name)};
        size_t count = rp_files_named(rp, name, ids, 8);
        if (strcmp(ids_text(ids, count, 8), cases[i].files) != 0) {
            fail_msg("files named %s: %s", cases[i].name, ids_text(ids, count, 8));
        }
        count = rp_codes_named(rp, name, ids, 8);
        if (strcmp(ids_text(ids, count, 8), cases[i].codes) != 0) {
            fail_msg("functions named %s: %s", cases[i].name, ids_text(ids, count, 8));
        }
    }
    uint32_t one[1];
    assert_int_equal(rp_files_named(rp, (struct tf_text){"app.py", 6}, one, 1), 2);
    assert_int_equal(rp_codes_named(rp, (struct tf_text){"inner", 5}, one, 1), 2);
    assert_int_equal(rp_code_at_line(rp, 1, 2), 2);
    assert_int_equal(rp_code_at_line(rp, 1, 3), 1);
    assert_int_equal(rp_code_at_line(rp, 1, 9), 0);
    assert_int_equal(rp_code_at_line(rp, 9, 1), 0);
    rp_close(rp);
}

static void
test_lines(void **state)
{
    static const struct {
        uint32_t file, lineno;
        const char *text; /* NULL: the message */
        const char *message;
    } cases[] = {
        {1, 1, "def outer():", NULL},
        {1, 3, "    return inner", NULL},
        {1, 4, NULL, "the source has no line 4"},
        {1, 0, NULL, "the source has no line 0"},
        {2, 1, "one", NULL},
        {2, 2, "two", NULL},
        {2, 3, "three", NULL},
        {3, 1, NULL, "the recording has no source text of it: No such file"},
        {9, 1, NULL, "the recording has no such file"},
        {0, 1, NULL, "the recording has no such file"},
    };
    struct rp *rp = build();
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tf_text line;
        struct tf_err err = TF_ERR_INIT;
        tf_status status =
            rp_source_line(rp, cases[i].file, cases[i].lineno, &line, &err);
        if (cases[i].text != NULL) {
            assert_int_equal(status, TF_OK);
            assert_int_equal(line.len, strlen(cases[i].text));
            assert_memory_equal(line.data, cases[i].text, line.len);
        }
        else if (status != TF_ERR_NOT_FOUND
                 || strcmp(err.message, cases[i].message) != 0) {
            print_message("%u:%u \"%s\"\n", cases[i].file, cases[i].lineno,
                          err.message);
            wrong++;
        }
    }
    uint32_t count;
    uint64_t hits, seq;
    bool has;
    assert_int_equal(rp_source_line_count(rp, 2, &count, NULL), TF_OK);
    assert_int_equal(count, 3);
    assert_int_equal(rp_source_line_count(rp, 3, &count, NULL), TF_ERR_NOT_FOUND);
    assert_int_equal(rp_line_hits(rp, 1, 2, &hits, &has, NULL), TF_OK);
    assert_int_equal(hits, 2);
    assert_true(has);
    assert_int_equal(rp_line_hits(rp, 1, 9, &hits, &has, NULL), TF_OK);
    assert_int_equal(hits, 0);
    assert_false(has);
    assert_int_equal(rp_seq_at_time(rp, 0, &seq, NULL), TF_OK);
    assert_int_equal(seq, 1);
    assert_int_equal(rp_seq_at_time(rp, 5000, &seq, NULL), TF_OK);
    assert_int_equal(seq, 6); /* those that have no stamp of their own, too */
    assert_int_equal(rp_seq_at_time(rp, UINT64_MAX, &seq, NULL), TF_OK);
    assert_int_equal(seq, 9);
    rp_close(rp);
    assert_int_equal(wrong, 0);
}

/* --- Texts --- */

static const struct rp_limits LIMITS[] = {
    {.items = 2},  {.depth = 1}, {.depth = 2},
    {.chars = 10}, {.text = 4},  {.items = 1, .depth = 3},
};

static tf_status
ask_texts(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_event event;
    struct rp_value value;
    struct tf_text name = {"v", 1};
    tf_status status = rp_event_at(asked->rp, asked->seq, &event, err);
    if (status == TF_OK) {
        status = rp_variable(asked->rp, asked->seq, event.frame, name, &value, err);
    }
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS && status == TF_OK; i++) {
        struct rp_buf text = RP_BUF_INIT;
        struct rp_notes notes = RP_NOTES_INIT;
        status = rp_value_text(asked->rp, &value, asked->seq, &LIMITS[i], &text, &notes,
                               "v", err);
        tt_say(asked->answer, "%s%s (%zu)", i ? "\n" : "", text.data ? text.data : "",
               notes.count);
        rp_notes_release(&notes);
        rp_buf_release(&text);
    }
    if (event.seq == asked->seq) {
        rp_value_release(&value);
    }
    return status;
}

static tf_status
ask_dis(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_dis *dis;
    struct rp_instruction ins;
    tf_status status = rp_dis_begin(asked->rp, (uint32_t)asked->seq, &dis, err);
    if (status == TF_OK) {
        while (rp_dis_next(dis, &ins)) {
            struct rp_buf text = RP_BUF_INIT;
            rp_dis_arg_text(dis, &ins, &text);
            tt_say(asked->answer, "%u %s %u %s\n", ins.off, ins.name ? ins.name : "?",
                   ins.arg, text.data ? text.data : "");
            if (text.failed) {
                status = tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
            }
            rp_buf_release(&text);
        }
        rp_dis_end(dis);
    }
    return status;
}

static void
expect(tt_question_fn ask, struct rp *rp, uint64_t seq, const char *expected)
{
    static struct tt_answer answer;
    struct tt_asked asked = {.rp = rp, .seq = seq, .answer = &answer};
    struct tf_err err = TF_ERR_INIT;
    answer = (struct tt_answer){0};
    if (ask(&asked, &err) != TF_OK) {
        fail_msg("%s", err.message);
    }
    if (strcmp(answer.text, expected) != 0) {
        fail_msg("%s\nnot %s", answer.text, expected);
    }
}

static void
test_texts(void **state)
{
    struct rp *rp = build();
    (void)state;
    expect(ask_texts, rp, 2,
           "[1, [2, [3, [4]]], ...] (0)\n"
           "[1, [...], 'long text here', {...}, set(...)] (0)\n"
           "[1, [2, [...]], 'long text here', {'k': {...}}, {7, 8}] (0)\n"
           "[1, [2, [3, ... (0)\n"
           "[1, [2, [3, [4]]], 'long'..., {'k': {'l': (5, 6)}}, {7, 8}] (0)\n"
           "[1, ...] (0)");
    expect(ask_texts, rp, 3,
           "<__main__.Box #10 a=1 b=[1, 2] ...> (0)\n"
           "<__main__.Box #10 a=1 b=[...] c='x'> (0)\n"
           "<__main__.Box #10 a=1 b=[1, 2] c='x'> (0)\n"
           "<__main__.Box #10... (0)\n"
           "<__main__.Box #10 a=1 b=[1, 2] c='x'> (0)\n"
           "<__main__.Box #10 a=1 ...> (0)");
    rp_close(rp);
}

static const char NO_BYTECODE[] =
    "the recording has no bytecode of it: record it with --events +opcode";

static void
test_instructions(void **state)
{
    struct rp *rp;
    struct rp_dis *dis;
    struct tf_err err = TF_ERR_INIT;
    (void)state;
    assert_int_equal(rp_open(tt_golden_file("opcodes"), NULL, &rp, NULL), TF_OK);
    expect(ask_dis, rp, 1, "0 RESUME 0 \n2 LOAD_CONST 0 \n4 RETURN_VALUE 0 \n");
    assert_int_equal(rp_dis_begin(rp, 99, &dis, &err), TF_ERR_NOT_FOUND);
    assert_string_equal(err.message, NO_BYTECODE);
    rp_close(rp);
    rp = build();
    assert_int_equal(rp_dis_begin(rp, 1, &dis, &err), TF_ERR_NOT_FOUND);
    assert_string_equal(err.message, NO_BYTECODE);
    rp_close(rp);
}

static void
test_no_memory(void **state)
{
    char path[300];
    size_t tried = 0;
    (void)state;
    if (!tt_alloc_possible()) {
        skip();
    }
    rp_close(build());
    snprintf(path, sizeof path, "%s", tt_path("names.pyrec"));
    tried += tt_ask_all(ask_texts, "texts", path, NULL, 2, false);
    tried += tt_ask_all(ask_texts, "texts", path, NULL, 3, false);
    tried +=
        tt_ask_all(ask_dis, "instructions", tt_golden_file("opcodes"), NULL, 1, false);
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(tt_ask_faults(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_and_codes), cmocka_unit_test(test_lines),
        cmocka_unit_test(test_texts),           cmocka_unit_test(test_instructions),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
