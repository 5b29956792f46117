/* pyrecord's command line: what is asked, and what is left for Python. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rec_options.h"
#include "tf_format.h"

#define WORDS_MAX 24

struct typed {
    char *argv[WORDS_MAX];
    int argc;
    struct rec_options options;
    enum cl_request request;
    struct tf_err err;
};

static tf_status
parse(struct typed *typed, const char *const *words)
{
    *typed = (struct typed){.argv = {(char *)"pyrecord"}, .argc = 1};
    for (; words[typed->argc - 1] != NULL; typed->argc++) {
        typed->argv[typed->argc] = (char *)words[typed->argc - 1];
    }
    return rec_options_parse(typed->argc, typed->argv, &typed->options, &typed->request,
                             &typed->err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
assert_words(char *const *words, int count, const char *const *expected)
{
    for (int i = 0; i < count; i++) {
        assert_non_null(expected[i]);
        assert_string_equal(words[i], expected[i]);
    }
    assert_null(expected[count]);
}

/* What Python is given for a line, without [0]. */
#define PASSES(words, ...)                                                   \
 do {                                                                        \
  struct typed typed;                                                        \
  assert_int_equal(parse(&typed, words), TF_OK);                             \
  assert_words(typed.options.python_argv + 1, typed.options.python_argc - 1, \
               WORDS(__VA_ARGS__));                                          \
  assert_null(typed.options.python_argv[typed.options.python_argc]);         \
  rec_options_release(&typed.options);                                       \
 } while (0)

static void
passes_pythons_own_words_on(void **state)
{
    (void)state;
    PASSES(WORDS("x.py", "-q", "--force"), "x.py", "-q", "--force");
    PASSES(WORDS("-q", "-o", "f", "--force", "x.py"), "x.py");
    PASSES(WORDS("-OO", "-B", "x.py"), "-OO", "-B", "x.py");
    PASSES(WORDS("-qO", "x.py"), "-O", "x.py");
    PASSES(WORDS("-OqB", "x.py"), "-OB", "x.py");
    PASSES(WORDS("-Bof", "x.py"), "-B", "x.py");
    PASSES(WORDS("-Bo", "f", "x.py"), "-B", "x.py");
    PASSES(WORDS("-X", "dev", "-Xutf8", "x.py"), "-X", "dev", "-Xutf8", "x.py");
    PASSES(WORDS("-qX", "dev", "x.py"), "-X", "dev", "x.py");
    PASSES(WORDS("-qWerror", "x.py"), "-Werror", "x.py");
    PASSES(WORDS("-qm", "mod", "-q"), "-m", "mod", "-q");
    PASSES(WORDS("-qmmod", "-q"), "-mmod", "-q");
    PASSES(WORDS("-c", "-q", "-q"), "-c", "-q", "-q");
    PASSES(WORDS("-qBc", "1"), "-Bc", "1");
    PASSES(WORDS("-q", "--", "-q"), "--", "-q");
    PASSES(WORDS("-", "x"), "-", "x");
    PASSES(WORDS("-o", "-X", "-X", "-o", "x.py"), "-X", "-o", "x.py");
    PASSES(WORDS("--output", "--include", "x.py"), "x.py");
    PASSES(WORDS("--check-hash-based-pycs=always", "x"), "--check-hash-based-pycs",
           "always", "x");
    PASSES(WORDS("--check", "never", "--out", "a", "x"), "--check-hash-based-pycs",
           "never", "x");
}

static void
an_ambiguous_word_is_refused(void **state)
{
    (void)state;
    struct typed typed;
    assert_int_equal(parse(&typed, WORDS("--in", "a", "x")), TF_ERR_ARGUMENT);
}

static void
knows_what_to_run(void **state)
{
    (void)state;

    static const struct {
        const char *words[4];
        enum rec_run_kind kind;
        const char *target;
    } CASES[] = {
        {{"x.py", "-m"}, REC_RUN_SCRIPT, "x.py"},
        {{"-q", "-"}, REC_RUN_SCRIPT, "-"},
        {{"-m", "pkg.mod", "x"}, REC_RUN_MODULE, "pkg.mod"},
        {{"-qmmod"}, REC_RUN_MODULE, "mod"},
        {{"-c", "code", "x"}, REC_RUN_CODE, "code"},
        {{"-c", ""}, REC_RUN_CODE, ""},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct typed typed;
        assert_int_equal(parse(&typed, CASES[i].words), TF_OK);
        assert_int_equal(typed.options.run_kind, CASES[i].kind);
        assert_string_equal(typed.options.target, CASES[i].target);
        rec_options_release(&typed.options);
    }
}

#define BIT(kind) (1u << TF_##kind)
#define CALLS     (BIT(EV_START) | BIT(EV_RESUME) | BIT(EV_THROW))
#define RETURNS   (BIT(EV_RETURN) | BIT(EV_YIELD) | BIT(EV_UNWIND))
#define ALWAYS    (CALLS | RETURNS)
#define DEFAULTS  (ALWAYS | BIT(EV_LINE) | BIT(EV_EXCEPTION))

static void
reads_event_lists(void **state)
{
    (void)state;

    static const struct {
        const char *list;
        uint32_t events;
    } CASES[] = {
        {REC_EVENTS_DEFAULT, DEFAULTS},
        {"line", ALWAYS | BIT(EV_LINE)},
        {"call", ALWAYS},
        {"return", ALWAYS},
        {"call,return", ALWAYS},
        {"+opcode", DEFAULTS | BIT(EV_OPCODE)},
        {"+c_call,+c_return", DEFAULTS | BIT(EV_C_CALL) | BIT(EV_C_RETURN)},
        {"line,+opcode", ALWAYS | BIT(EV_LINE) | BIT(EV_OPCODE)},
        {"all", DEFAULTS | BIT(EV_OPCODE) | BIT(EV_C_CALL) | BIT(EV_C_RETURN)
                    | BIT(EV_C_EXCEPTION)},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct typed typed;
        assert_int_equal(parse(&typed, WORDS("--events", CASES[i].list, "x.py")),
                         TF_OK);
        assert_int_equal(typed.options.events, CASES[i].events);
        rec_options_release(&typed.options);
    }
    static const char *const WRONG[] = {"",  ",",     "line,",    "lines",
                                        "+", "start", "line call"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        struct typed typed;
        assert_int_equal(parse(&typed, WORDS("--events", WRONG[i], "x.py")),
                         TF_ERR_ARGUMENT);
    }
}

static void
has_generous_defaults(void **state)
{
    (void)state;
    struct typed typed;
    assert_int_equal(parse(&typed, WORDS("x.py")), TF_OK);
    assert_int_equal(typed.options.max_text, 4096);
    assert_int_equal(typed.options.max_items, 256);
    assert_int_equal(typed.options.max_depth, 8);
    assert_int_equal(typed.options.max_objects, 10000);
    assert_int_equal(typed.options.events, DEFAULTS);
    assert_true(typed.options.values);
    assert_true(typed.options.redact);
    assert_false(typed.options.force || typed.options.quiet);
    assert_null(typed.options.output);
    rec_options_release(&typed.options);
}

static void
reads_the_others(void **state)
{
    (void)state;
    struct typed typed;
    assert_int_equal(
        parse(&typed,
              WORDS("--max-text=1", "--max-items=2", "--max-depth=3", "--max-objects=4",
                    "--values=off", "--no-redact", "--force", "--quiet", "-ofile",
                    "--python", "py", "--exclude", "a", "--exclude", "b", "x.py")),
        TF_OK);
    const struct rec_options *options = &typed.options;
    assert_int_equal(options->max_text, 1);
    assert_int_equal(options->max_items, 2);
    assert_int_equal(options->max_depth, 3);
    assert_int_equal(options->max_objects, 4);
    assert_false(options->values || options->redact);
    assert_true(options->force && options->quiet);
    assert_string_equal(options->output, "file");
    assert_string_equal(options->python, "py");
    assert_int_equal(options->exclude.count, 2);
    assert_string_equal(options->exclude.glob[1], "b");
    rec_options_release(&typed.options);
}

static void
help_needs_no_program(void **state)
{
    (void)state;
    struct typed typed;
    assert_int_equal(parse(&typed, WORDS("-q", "--include", "x", "--help")), TF_OK);
    assert_int_equal(typed.request, CL_HELP);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_pythons_own_words_on),
        cmocka_unit_test(an_ambiguous_word_is_refused),
        cmocka_unit_test(knows_what_to_run),
        cmocka_unit_test(reads_event_lists),
        cmocka_unit_test(has_generous_defaults),
        cmocka_unit_test(reads_the_others),
        cmocka_unit_test(help_needs_no_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
