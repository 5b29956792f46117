/* Rules for what is not to be in a recording: names, types and texts, one at a time and in
 * files, and each allocation failing in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tf_rules.h"
#include "tt_alloc.h"
#include "tt_file.h"

static struct tf_rules *
one_rule(enum tf_rule_sort sort, const char *pattern)
{
    struct tf_err err = TF_ERR_INIT;
    struct tf_rules *rules = tf_rules_new(false);
    if (tf_rules_add(rules, sort, pattern, &err) != TF_OK) {
        fail_msg("%s: %s", pattern, err.message);
    }
    return rules;
}

/* --- Names and types --- */

static const struct {
    const char *pattern, *name;
    bool secret;
} NAMES[] = {
    {"card_number", "cardNumber", true},
    {"card_number", "card_number2", true},
    {"card_number", "my-card-number", true},
    {"card_number", "card_numbering", false},
    {"card_number", "number_card", false},
    {"card_number", "card", false},
    {"iban", "IBAN", true},
    {"iban", "iban", true},
    {"iban", "urban", false},
    {"pin", "x", false},
    {"a", "a", true},
    {"*_key", "Some_Key", true},
    {"*_key", "key", false},
    {"k?y", "KEY", true},
    {"k?y", "keys", false},
    {"id[0-9]", "id7", true},
    {"id[0-9]", "idx", false},
    {"pin", "", false},
};

static void
test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct tf_rules *rules = one_rule(TF_RULE_NAME, NAMES[i].pattern);
        const char *name = NAMES[i].name;
        if (tf_rules_name(rules, name, strlen(name)) != NAMES[i].secret) {
            fail_msg("%s and %s", NAMES[i].pattern, name);
        }
        tf_rules_free(rules);
    }
}

static void
test_built_in_and_kept_names(void **state)
{
    struct tf_rules *rules = tf_rules_new(true);
    (void)state;
    assert_true(tf_rules_name(rules, "token", 5));
    assert_false(tf_rules_name(rules, "pw", 2));
    assert_int_equal(tf_rules_add(rules, TF_RULE_KEEP, "page_token", NULL), TF_OK);
    assert_false(tf_rules_name(rules, "page_token", 10));
    assert_true(tf_rules_name(rules, "token", 5));
    assert_int_equal(tf_rules_add(rules, TF_RULE_KEEP, "*count", NULL), TF_OK);
    assert_false(tf_rules_name(rules, "token_count", 11));
    tf_rules_set_built_in(rules, false);
    assert_false(tf_rules_name(rules, "token", 5));
    assert_int_equal(tf_rules_add(rules, TF_RULE_NAME, "t?ken", NULL), TF_OK);
    assert_true(tf_rules_name(rules, "token", 5));
    assert_false(tf_rules_has_types(rules));
    assert_false(tf_rules_has_texts(rules));
    tf_rules_free(rules);
    tf_rules_free(NULL);
}

static bool
is_type(const struct tf_rules *rules, const char *module, const char *name)
{
    return tf_rules_type(rules, module, strlen(module), name, strlen(name));
}

static void
test_types(void **state)
{
    struct tf_rules *rules = tf_rules_new(false);
    char long_name[1100];
    (void)state;
    assert_false(is_type(rules, "app", "Key"));
    assert_int_equal(tf_rules_add(rules, TF_RULE_TYPE, "app.keys.*", NULL), TF_OK);
    assert_int_equal(tf_rules_add(rules, TF_RULE_TYPE, "Secret*", NULL), TF_OK);
    assert_true(tf_rules_has_types(rules));
    assert_true(is_type(rules, "app.keys", "Private"));
    assert_false(is_type(rules, "app", "keys"));
    assert_true(is_type(rules, "pydantic", "SecretStr"));
    assert_true(is_type(rules, "", "Secret"));
    assert_false(is_type(rules, "", "MySecret"));
    memset(long_name, 'x', sizeof long_name);
    memcpy(long_name, "Secret", 6);
    assert_false(tf_rules_type(rules, "m", 1, long_name, sizeof long_name));
    tf_rules_free(rules);
}

/* --- Texts --- */

static const struct {
    const char *pattern, *text;
    size_t from;
    bool cut;
    size_t at, end; /* 0, 0: it is not there */
} TEXTS[] = {
    {"hunter2", "my hunter2 is", 0, false, 3, 10},
    {"hunter2", "my hunter2 is", 4, false, 0, 0},
    {"hunter2", "hunter", 0, false, 0, 0},
    {"hunter2", "my hunter", 0, true, 3, 9},
    {"hunter2", "my hun", 0, true, 0, 0},
    {"sk-*", "key=sk-abcDEF, next", 0, false, 4, 13},
    {"sk-*z", "sk-abzcz0 z", 0, false, 0, 8},
    {"sk-*z", "sk-ab 0z", 0, false, 0, 0},
    {"*@x", "me@x", 0, false, 0, 4},
    {"*@x", "me at x", 0, false, 0, 0},
    {"*a*b", "xaxxbx", 0, false, 0, 5},
    {"a?c", "a c abc", 0, false, 4, 7},
    {"[0-9][0-9]", "a1 12", 0, false, 3, 5},
    {"[!a]b", "ab cb", 0, false, 3, 5},
    {"[^a]b", "ab cb", 0, false, 3, 5},
    {"[]]x", "a]x", 0, false, 1, 3},
    {"[a-]x", "-x", 0, false, 0, 2},
    {"\\*x", "a*x", 0, false, 1, 3},
    {"\\*x", "aax", 0, false, 0, 0},
    {"x\\", "x\\", 0, false, 0, 2},
    /* as repr(), JSON and URLs write it */
    {"it's", "'it\\'s'", 0, false, 1, 6},
    {"a\\\\b", "'a\\\\b'", 0, false, 1, 5},
    {"a\"b", "{\"k\": \"a\\\"b\"}", 0, false, 7, 11},
    {"\xc3\xa9t\xc3\xa9!", "\"\\u00e9t\\u00e9!\"", 0, false, 1, 15},
    {"\xe2\x82\xac 5", "'\\u20ac 5'", 0, false, 1, 9},
    {"\xf0\x9f\x98\x80x", "\\ud83d\\ude00x", 0, false, 0, 13},
    {"\xf0\x9f\x98\x80x", "'\\U0001f600x'", 0, false, 1, 12},
    {"a b/c", "q=a%20b%2Fc", 0, false, 2, 11},
    {"\xffz\xc3", "\xffz\xc3", 0, false, 0, 3},
};

static void
test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct tf_rules *rules = one_rule(TF_RULE_TEXT, TEXTS[i].pattern);
        const char *text = TEXTS[i].text;
        size_t at = TEXTS[i].from, end = 0;
        assert_true(tf_rules_has_texts(rules));
        bool found = tf_rules_text(rules, text, strlen(text), TEXTS[i].cut, &at, &end);
        if (found != (TEXTS[i].end > 0)
            || (found && (at != TEXTS[i].at || end != TEXTS[i].end))) {
            fail_msg("%s in %s: %d, %zu to %zu", TEXTS[i].pattern, text, found, at,
                     end);
        }
        tf_rules_free(rules);
    }
}

/* The first of all; the longest of those that begin there. */
static void
test_many_texts(void **state)
{
    struct tf_rules *rules = one_rule(TF_RULE_TEXT, "bb");
    size_t at = 0, end;
    (void)state;
    assert_int_equal(tf_rules_text_reach(rules), 2);
    assert_int_equal(tf_rules_add(rules, TF_RULE_TEXT, "cc", NULL), TF_OK);
    assert_int_equal(tf_rules_add(rules, TF_RULE_TEXT, "bb*", NULL), TF_OK);
    assert_int_equal(tf_rules_text_reach(rules), 202);
    assert_true(tf_rules_text(rules, "a bbx cc", 8, false, &at, &end));
    assert_int_equal(at, 2);
    assert_int_equal(end, 5);
    at = 5;
    assert_true(tf_rules_text(rules, "a bbx cc", 8, false, &at, &end));
    assert_int_equal(at, 6);
    tf_rules_free(rules);
}

/* --- What is refused --- */

static void
test_refused(void **state)
{
    static char long_pattern[400];

    static const struct {
        enum tf_rule_sort sort;
        const char *pattern, *message;
    } cases[] = {
        {TF_RULE_NAME, "", "the pattern '' is empty"},
        {TF_RULE_TEXT, "", "the pattern '' is empty"},
        {TF_RULE_NAME, "*?", "the pattern '*?' would match anything"},
        {TF_RULE_KEEP, "*", "the pattern '*' would match anything"},
        {TF_RULE_NAME, "12_3", "the pattern '12_3' has no word in it"},
        {TF_RULE_NAME, long_pattern, "is too long"},
        {TF_RULE_TYPE, "*.*", "is empty, too long, or would match anything"},
        {TF_RULE_TYPE, long_pattern, "is empty, too long, or would match anything"},
        {TF_RULE_TEXT, "**?", "the pattern '**?' would match anything"},
        {TF_RULE_TEXT, "a[b", "the pattern 'a[b' has a [ without ]"},
        {TF_RULE_TEXT, long_pattern, "is too long"},
    };
    struct tf_rules *rules = tf_rules_new(false);
    (void)state;
    memset(long_pattern, 'x', sizeof long_pattern - 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tf_err err = TF_ERR_INIT;
        assert_int_equal(tf_rules_add(rules, cases[i].sort, cases[i].pattern, &err),
                         TF_ERR_ARGUMENT);
        if (strstr(err.message, cases[i].message) == NULL) {
            fail_msg("'%s' and not '%s'", err.message, cases[i].message);
        }
    }
    tf_rules_free(rules);
}

/* --- Files --- */

static const char RULES[] = "# a comment\n"
                            "\n"
                            "  name\tcard_number  \r\n"
                            "keep token_count\n"
                            "type Secret*\n"
                            "text sk-*\n"
                            "text it's \xe2\x82\xac \"5\"/\n";

static tf_status
read_rules(const char *text, size_t len, struct tf_err *err)
{
    struct tf_rules *rules = tf_rules_new(false);
    tt_write(tt_path("rules"), text, len);
    tf_status status = tf_rules_read(rules, tt_path("rules"), err);
    if (status == TF_OK && text == RULES) {
        size_t at = 0, end;
        assert_true(tf_rules_name(rules, "cardNumber", 10));
        assert_true(is_type(rules, "m", "SecretStr"));
        assert_true(tf_rules_text(rules, "a sk-1", 6, false, &at, &end));
    }
    tf_rules_free(rules);
    return status;
}

static void
test_files(void **state)
{
    static char long_line[2000], much[(1 << 20) + 4000];

    static const struct {
        const char *text, *message;
    } cases[] = {
        {"name a\nnome b\n", ", line 2: 'nome b' is none of name, type, text and keep"},
        {"name\n", ", line 1: the pattern '' is empty"},
        {"\n\ntext [x\n", ", line 3: the pattern '[x' has a [ without ]"},
        {"names a\n", "'names a' is none of"},
        {long_line, ", line 1: too long"},
        {much, ": too long"},
    };
    struct tf_err err = TF_ERR_INIT;
    (void)state;
    memset(long_line, 'x', sizeof long_line - 1);
    memset(much, '#', sizeof much - 1);
    for (size_t i = 100; i < sizeof much; i += 100) {
        much[i] = '\n';
    }
    assert_int_equal(read_rules(RULES, sizeof RULES - 1, &err), TF_OK);
    assert_int_equal(read_rules("name a", 6, &err), TF_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_rules(cases[i].text, strlen(cases[i].text), &err),
                         TF_ERR_ARGUMENT);
        if (strstr(err.message, cases[i].message) == NULL) {
            fail_msg("'%s' and not '%s'", err.message, cases[i].message);
        }
    }
    struct tf_rules *rules = tf_rules_new(false);
    assert_int_equal(tf_rules_read(rules, tt_path("absent"), &err), TF_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "cannot read the rules in "));
    assert_non_null(strstr(err.message, "No such file"));
    mkdir(tt_path("folder"), 0700);
    assert_int_equal(tf_rules_read(rules, tt_path("folder"), &err), TF_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "Is a directory"));
    tf_rules_free(rules);
}

/* --- Memory --- */

static void
test_no_memory(void **state)
{
    static const char *const argv[] = {"app.py", "--password", "x", "--token=y",
                                       "ftp://a:b@c"};
    size_t nth = 1;
    bool more = true;
    (void)state;
    if (!tt_alloc_possible()) {
        skip();
    }
    tt_write(tt_path("rules"), RULES, sizeof RULES - 1);
    for (; more; nth++) {
        struct tf_err err = TF_ERR_INIT;
        tt_alloc_fail(nth, false);
        struct tf_rules *rules = tf_rules_new(true);
        tf_status status =
            rules ? tf_rules_read(rules, tt_path("rules"), &err) : TF_ERR_MEMORY;
        char **shown =
            status == TF_OK ? tf_redact_argv(rules, (char *const *)argv, 5) : NULL;
        more = tt_alloc_end() >= nth;
        if (more) {
            /* (stdio does without a buffer) */
            assert_true(shown == NULL || strcmp(shown[2], TF_REDACTED) == 0);
            assert_true(status == TF_OK || status == TF_ERR_MEMORY
                        || strstr(err.message, "memory") != NULL
                        || strstr(err.message, "Cannot allocate") != NULL);
        }
        tf_redact_argv_free(shown);
        tf_rules_free(rules);
    }
    assert_true(nth > 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_built_in_and_kept_names),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_many_texts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
