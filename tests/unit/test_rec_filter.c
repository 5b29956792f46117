/* Globs, and which code is recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rec_filter.h"
#include "rec_options.h"

static void
matches_globs(void **state)
{
    (void)state;

    static const struct {
        const char *glob, *text;
        bool match;
    } CASES[] = {
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"*", "", true},
        {"*", "a/b", true},
        {"**", "abc", true},
        {"a*", "a", true},
        {"a*c", "abbc", true},
        {"a*c", "abbd", false},
        {"*a*b*c*", "xxaxxbxxcxx", true},
        {"*a*b*c*", "xxaxxcxxbxx", false},
        {"*aab", "aaab", true},
        {"*.py", "x.pyc", false},
        {"*.py*", "x.pyc", true},
        {"?", "", false},
        {"?", "a", true},
        {"?", "\xc3\xa9", true},
        {"??", "\xc3\xa9", false},
        {"?\xa9", "\xc3\xa9", false},
        {"*\xa9", "\xc3\xa9", false},
        {"*\xc3\xa9", "caf\xc3\xa9", true},
        {"[abc]", "b", true},
        {"[abc]", "d", false},
        {"[a-c]x", "bx", true},
        {"[a-c]x", "dx", false},
        {"[!a-c]", "d", true},
        {"[^a-c]", "b", false},
        {"[]]", "]", true},
        {"[!]]", "]", false},
        {"[a-]", "-", true},
        {"[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", true},
        {"[\xc3\xa0-\xc3\xbf]", "\xc4\x80", false},
        {"[", "[", true},
        {"[a", "[a", true},
        {"[a", "a", false},
        {"a[", "a", false},
        {"[!", "!", false},
        {"*[0-9]", "abc7", true},
        {"*[0-9]", "abc", false},
        {"A", "a", false},
        {"\xff*", "\xff\xfe", true},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        if (rec_filter_glob(CASES[i].glob, CASES[i].text) != CASES[i].match) {
            fail_msg("'%s' on '%s' should be %d", CASES[i].glob, CASES[i].text,
                     CASES[i].match);
        }
    }
}

static void
takes_no_exponential_time(void **state)
{
    (void)state;
    char glob[201], text[20001];
    for (size_t i = 0; i < 200; i += 2) {
        memcpy(glob + i, "*a", 2);
    }
    glob[199] = 'b';
    glob[200] = '\0';
    memset(text, 'a', 20000);
    text[20000] = '\0';
    assert_false(rec_filter_glob(glob, text));
}

/* The answer for options as typed. */
static bool
answer(const char *const *words, const char *file, const char *qualname)
{
    char *argv[12] = {(char *)"pyrecord"};
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)words[argc - 1];
    }
    argv[argc++] = (char *)"x.py";
    struct rec_options options;
    enum cl_request request;
    struct rec_filter filter;
    struct tf_err err = TF_ERR_INIT;
    assert_int_equal(rec_options_parse(argc, argv, &options, &request, &err), TF_OK);
    rec_filter_init(&filter, &options);
    bool recorded = rec_filter_code(&filter, file, qualname);
    rec_options_release(&options);
    return recorded;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_WORDS   ((const char *const[]){NULL})

static void
records_all_without_options(void **state)
{
    (void)state;
    assert_true(answer(NO_WORDS, "/usr/lib/python3.11/json/decoder.py", "f"));
    assert_true(answer(NO_WORDS, "<string>", "<module>"));
}

static void
includes_files(void **state)
{
    (void)state;

    static const struct {
        const char *glob, *file;
        bool recorded;
    } CASES[] = {
        {"myapp/*", "/home/me/myapp/views.py", true},
        {"myapp/*", "/home/me/myapp/deep/er/views.py", true},
        {"myapp/*", "/home/me/notmyapp/views.py", false},
        {"myapp/*", "/home/me/myapp.py", false},
        {"./myapp/*", "/home/me/myapp/views.py", true},
        {"views.py", "/home/me/myapp/views.py", true},
        {"views.py", "/home/me/myapp/reviews.py", false},
        {"myapp", "/home/me/myapp/views.py", false},
        {"/home/*", "/home/me/x.py", true},
        {"/me/*", "/home/me/x.py", false},
        {"*/site-packages/*", "/usr/lib/site-packages/x.py", true},
        {"*.py", "<string>", false},
        {"<*>", "<string>", true},
        {"<frozen *", "<frozen importlib._bootstrap>", true},
        {"x.py", "x.py", true},
        {"string", "<string>", false},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        bool in = answer(WORDS("--include", CASES[i].glob), CASES[i].file, "f");
        bool out = answer(WORDS("--exclude", CASES[i].glob), CASES[i].file, "f");
        if (in != CASES[i].recorded || out == CASES[i].recorded) {
            fail_msg("'%s' on '%s': included %d, excluded %d", CASES[i].glob,
                     CASES[i].file, in, !out);
        }
    }
}

static void
several_globs_add_up(void **state)
{
    (void)state;
    const char *const *words = WORDS("--include", "a.py", "--include", "b.py");
    assert_true(answer(words, "/x/a.py", "f"));
    assert_true(answer(words, "/x/b.py", "f"));
    assert_false(answer(words, "/x/c.py", "f"));
}

static void
exclusion_wins(void **state)
{
    (void)state;
    const char *const *words = WORDS("--exclude", "app/gen/*", "--include", "app/*",
                                     "--exclude-function", "*.__repr__");
    assert_true(answer(words, "/x/app/a.py", "A.run"));
    assert_false(answer(words, "/x/app/gen/a.py", "A.run"));
    assert_false(answer(words, "/x/app/a.py", "A.__repr__"));
    assert_false(answer(words, "/x/other.py", "A.run"));
}

static void
functions_are_chosen_by_their_whole_name(void **state)
{
    (void)state;
    const char *const *words = WORDS("--include-function", "Order.*");
    assert_true(answer(words, "/x/a.py", "Order.total"));
    assert_true(answer(words, "/x/a.py", "Order.total.<locals>.<lambda>"));
    assert_false(answer(words, "/x/a.py", "BigOrder.total"));
    assert_false(answer(words, "/x/a.py", "<module>"));
    words = WORDS("--include-function", "f", "--include", "a.py");
    assert_true(answer(words, "/x/a.py", "f"));
    assert_false(answer(words, "/x/b.py", "f"));
    assert_false(answer(words, "/x/a.py", "g"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_globs),
        cmocka_unit_test(takes_no_exponential_time),
        cmocka_unit_test(records_all_without_options),
        cmocka_unit_test(includes_files),
        cmocka_unit_test(several_globs_add_up),
        cmocka_unit_test(exclusion_wins),
        cmocka_unit_test(functions_are_chosen_by_their_whole_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
