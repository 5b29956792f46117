/* What reaches a terminal or a JSON reader of text that somebody else made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_json.h"
#include "cli_out.h"
#include "cli_utf8.h"

struct capture {
    struct cli_out out;
    FILE *file;
    char text[1 << 19];
};

static void
capture_begin(struct capture *capture)
{
    capture->file = tmpfile();
    assert_non_null(capture->file);
    cli_out_init(&capture->out, fileno(capture->file), true);
}

static const char *
capture_end(struct capture *capture)
{
    cli_out_flush(&capture->out);
    assert_int_equal(cli_out_failed(&capture->out), 0);
    ssize_t len =
        pread(fileno(capture->file), capture->text, sizeof capture->text - 1, 0);
    assert_true(len >= 0);
    capture->text[len] = 0;
    fclose(capture->file);
    return capture->text;
}

struct pair {
    const char *bytes;
    const char *terminal; /* as cli_out_text shows it */
    const char *json;     /* as a JSON string, without the quotes */
};

static const struct pair PAIRS[] = {
    {"plain", "plain", "plain"},
    {"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
     "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
     "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"\x1b[2J\x07", "\\x1b[2J\\x07", "\\u001b[2J\\u0007"},
    {"a\nb\tc\rd", "a\\nb\\tc\\rd", "a\\nb\\tc\\rd"},
    {"\x7f", "\\x7f", "\\u007f"},
    {"\xc2\x9b"
     "31m",
     "\\x9b31m", "\\u009b31m"}, /* CSI as one C1 character */
    {"\xe2\x80\xae"
     "abc",
     "\\u202eabc", "\\u202eabc"},                          /* right-to-left override */
    {"\xe2\x81\xa6", "\\u2066", "\\u2066"},                /* isolate */
    {"\xe2\x80\xa8", "\\u2028", "\\u2028"},                /* line separator */
    {"\xf3\xa0\x80\xa1", "\\U000e0021", "\\udb40\\udc21"}, /* a tag */
    {"\xed\xa0\x80", "\\ud800", "\\ud800"},                /* lone surrogate */
    {"\xed\xb2\x80x", "\\udc80x", "\\udc80x"},
    {"\xff\xfe", "\\xff\\xfe", "\\udcff\\udcfe"}, /* not UTF-8 */
    {"\xc0\x80", "\\xc0\\x80", "\\udcc0\\udc80"}, /* overlong */
    {"\xe0\x80\xaf", "\\xe0\\x80\\xaf", "\\udce0\\udc80\\udcaf"},
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\udcf4\\udc90\\udc80\\udc80"},
    {"\xe2\x82", "\\xe2\\x82", "\\udce2\\udc82"}, /* cut off */
    {"say \"hi\" \\", "say \"hi\" \\", "say \\\"hi\\\" \\\\"},
};

#define PAIR_COUNT (sizeof PAIRS / sizeof *PAIRS)

static void
test_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_COUNT; i++) {
        struct capture *capture = malloc(sizeof *capture);
        capture_begin(capture);
        size_t columns =
            cli_out_text(&capture->out, PAIRS[i].bytes, strlen(PAIRS[i].bytes));
        assert_string_equal(capture_end(capture), PAIRS[i].terminal);
        assert_int_equal(columns,
                         cli_utf8_count(PAIRS[i].terminal, strlen(PAIRS[i].terminal)));
        free(capture);
    }
}

static void
test_json_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_COUNT; i++) {
        struct capture *capture = malloc(sizeof *capture);
        struct cli_json json;
        char expected[256];
        capture_begin(capture);
        cli_json_init(&json, &capture->out);
        cli_json_str(&json, PAIRS[i].bytes);
        snprintf(expected, sizeof expected, "\"%s\"", PAIRS[i].json);
        assert_string_equal(capture_end(capture), expected);
        free(capture);
    }
}

static void
test_json_shapes(void **state)
{
    (void)state;
    struct capture *capture = malloc(sizeof *capture);
    struct cli_json json;
    capture_begin(capture);
    cli_json_init(&json, &capture->out);
    cli_json_open(&json, '{');
    cli_json_key(&json, "a");
    cli_json_open(&json, '[');
    cli_json_u64(&json, UINT64_MAX);
    cli_json_i64(&json, INT64_MIN);
    cli_json_null(&json);
    cli_json_open(&json, '{');
    cli_json_close(&json, '}');
    cli_json_bool(&json, true);
    cli_json_close(&json, ']');
    cli_json_key_text(&json, "\"\0", 2);
    cli_json_real(&json, 0.5);
    cli_json_close(&json, '}');
    cli_json_end(&json);
    cli_json_open(&json, '[');
    cli_json_close(&json, ']');
    cli_json_end(&json);
    assert_string_equal(
        capture_end(capture),
        "{\"a\":[18446744073709551615,-9223372036854775808,null,{},true],"
        "\"\\\"\\u0000\":0.5}\n[]\n");
    free(capture);
}

/* A row that cannot be finished is not there, however long it is. */
static void
test_json_rows_are_whole(void **state)
{
    static const size_t lengths[] = {10, CLI_OUT_BUFFER - 20, 3 * CLI_OUT_BUFFER};
    static char filler[4 * CLI_OUT_BUFFER];
    struct cli_json json;
    (void)state;
    memset(filler, 'x', sizeof filler - 1);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct capture *capture = malloc(sizeof *capture);
        capture_begin(capture);
        cli_json_init(&json, &capture->out);
        for (int row = 0; row < 3; row++) {
            cli_json_open(&json, '[');
            cli_json_text(&json, filler, lengths[i]);
            cli_json_u64(&json, (uint64_t)row);
            cli_out_flush(&capture->out); /* as somebody does who shows progress */
            if (row == 1) {
                cli_json_drop(&json);
                continue;
            }
            cli_json_close(&json, ']');
            cli_json_end(&json);
        }
        const char *text = capture_end(capture);
        assert_int_equal(strlen(text), 2 * (lengths[i] + 7));
        assert_memory_equal(text + lengths[i] + 3, ",0]\n[\"x", 7);
        assert_string_equal(text + 2 * lengths[i] + 10, ",2]\n");
        free(capture);
    }
}

static void
test_cut(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
        const char *shown;
    } cases[] = {
        {"abcdef", 6, "abcdef"},
        {"abcdef", 5, "abcd\xe2\x80\xa6"},
        {"abcdef", 1, "\xe2\x80\xa6"},
        {"ab\x1b"
         "cd",
         7, "ab\\x1b\xe2\x80\xa6"},
        {"ab\x1b"
         "cd",
         8, "ab\\x1bcd"},
        {"ab\x1b"
         "cd",
         6, "ab\xe2\x80\xa6"},
        {"", 5, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct capture *capture = malloc(sizeof *capture);
        capture_begin(capture);
        size_t used = cli_out_text_cut(&capture->out, cases[i].text,
                                       strlen(cases[i].text), cases[i].columns);
        assert_string_equal(capture_end(capture), cases[i].shown);
        assert_true(used <= cases[i].columns);
        free(capture);
    }
}

static void
test_tabs(void **state)
{
    (void)state;
    struct capture *capture = malloc(sizeof *capture);
    capture_begin(capture);
    cli_out_source_line(&capture->out, "\tif x:\t# \x1b]0;t\x07", 15);
    assert_string_equal(capture_end(capture), "        if x:   # \\x1b]0;t\\x07");
    free(capture);
}

/* Every code point, alone, comes back as it was or as an escape without control bytes. */
static void
test_all_characters(void **state)
{
    (void)state;
    for (uint32_t c = 1; c < 0x110000; c++) {
        char bytes[5] = {0};
        size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const unsigned lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (size_t i = 0; i < len; i++) {
            unsigned bits = c >> (6 * (len - 1 - i)) & 0x3f;
            bytes[i] = (char)(i ? 0x80 | bits : len == 1 ? c : lead[len] | bits);
        }
        const char *at = bytes;
        assert_int_equal(cli_utf8_next(&at, bytes + len), c);
        assert_ptr_equal(at, bytes + len);
    }
    assert_true(cli_utf8_unsafe(0x9b) && cli_utf8_unsafe(0x202e)
                && cli_utf8_unsafe(0xd800));
    assert_false(cli_utf8_unsafe('a') || cli_utf8_unsafe(0xe9)
                 || cli_utf8_unsafe(0x1f600));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_json_strings),
        cmocka_unit_test(test_json_shapes),
        cmocka_unit_test(test_json_rows_are_whole),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_tabs),
        cmocka_unit_test(test_all_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
