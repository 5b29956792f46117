/* Command lines: parsing, help, man page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cl_options.h"
#include "cl_version.h"

enum { OPT_FORCE = 300, OPT_FORMAT, OPT_FROM, OPT_TO, OPT_SECRET };

static const struct cl_option OPTIONS[] = {
    {.id = 'o',
     .short_name = 'o',
     .long_name = "output",
     .argument = "FILE",
     .help =
         "write to FILE, with a help text that is long enough to be filled over two "
         "lines",
     .group = "Output"},
    {.id = 'q', .short_name = 'q', .help = "quiet"},
    {.id = OPT_FORCE, .long_name = "force", .help = "replace"},
    {.id = OPT_FORMAT,
     .long_name = "format",
     .argument = "NAME",
     .help = "text or json"},
    {.id = OPT_FROM,
     .long_name = "from",
     .argument = "SEQ",
     .help = "events between",
     .group = "Which"},
    {.id = OPT_TO, .long_name = "to", .argument = "SEQ"},
    {.id = 'm',
     .short_name = 'm',
     .argument = "MODULE",
     .help = "run it",
     .ends_options = true},
    {.id = OPT_SECRET, .long_name = "secret", .hidden = true, .help = "not shown"},
    {0},
};

static const char *const USAGE[] = {"[OPTION...] FILE", "[OPTION...] -m MODULE", NULL};
static const struct cl_section SECTIONS[] = {
    {"Exit status", ".dot and 'quote' and back\\slash.\n\n 0  good\n 1  bad"},
    {NULL, NULL},
};
static const struct cl_example EXAMPLES[] = {{"prog sub x", "Does it."}, {NULL, NULL}};

static const struct cl_program PROGRAM = {
    .name = "prog sub",
    .summary = "try things",
    .usage = USAGE,
    .description = "First paragraph.\n\nSecond paragraph.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
};

/* What the callback was told, as "id=value ". */
struct told {
    char text[256];
    int refuse;
};

static tf_status
tell(void *context, int id, const char *value, struct tf_err *err)
{
    struct told *told = context;
    size_t len = strlen(told->text);
    if (id == told->refuse) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "refused");
    }
    snprintf(told->text + len, sizeof told->text - len, "%d=%s ", id,
             value != NULL ? value : "");
    return TF_OK;
}

#define ARGV(...)                                         \
 const char *const words[] = {"prog", __VA_ARGS__, NULL}; \
 char *argv[sizeof words / sizeof *words];                \
 int argc = (int)(sizeof words / sizeof *words) - 1;      \
 struct told told = {.refuse = -1};                       \
 struct cl_result result = {.operand_idx = -7};           \
 struct tf_err err = TF_ERR_INIT;                         \
 memcpy(argv, words, sizeof words)

#define PARSE(program) cl_parse(program, argc, argv, tell, &told, &result, &err)

static void
parses_every_form(void **state)
{
    (void)state;
    ARGV("-q", "-oa", "-o", "b", "-qoc", "--output", "d", "--output=e", "--forc",
         "--format=t", "--to=", "x", "-q");
    assert_int_equal(PARSE(&PROGRAM), TF_OK);
    assert_string_equal(told.text,
                        "113= 111=a 111=b 113= 111=c 111=d 111=e 300= 301=t 303= ");
    assert_int_equal(result.request, CL_RUN);
    assert_int_equal(result.operand_idx, 12);
}

static void
stops_at_the_first_operand(void **state)
{
    (void)state;
    ARGV("file", "-q", "--zork");
    assert_int_equal(PARSE(&PROGRAM), TF_OK);
    assert_string_equal(told.text, "");
    assert_int_equal(result.operand_idx, 1);
}

static void
stops_behind_the_option_that_ends_them(void **state)
{
    (void)state;
    ARGV("-qm", "mod", "-q", "--zork");
    assert_int_equal(PARSE(&PROGRAM), TF_OK);
    assert_string_equal(told.text, "113= 109=mod ");
    assert_int_equal(result.operand_idx, 3);
}

static void
takes_options_behind_operands_when_asked(void **state)
{
    (void)state;
    struct cl_program program = PROGRAM;
    program.options_anywhere = true;
    ARGV("one", "-q", "two", "--force", "--", "-o");
    assert_int_equal(PARSE(&program), TF_OK);
    assert_string_equal(told.text, "113= 300= ");
    assert_int_equal(result.operand_idx, 4);
    assert_string_equal(argv[4], "one");
    assert_string_equal(argv[5], "two");
    assert_string_equal(argv[6], "-o");
}

static void
parses_twice(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        ARGV("-qqq", "-q", "x");
        assert_int_equal(PARSE(&PROGRAM), TF_OK);
        assert_string_equal(told.text, "113= 113= 113= 113= ");
        assert_int_equal(result.operand_idx, 3);
        argv[1] = (char *)"-qZq"; /* leaves getopt in the middle of a cluster */
        assert_int_equal(PARSE(&PROGRAM), TF_ERR_ARGUMENT);
    }
}

static void
names_what_is_wrong(void **state)
{
    (void)state;

    static const struct {
        const char *word, *message;
    } CASES[] = {
        {"-o", "option '-o' needs FILE"},
        {"-qo", "option '-o' needs FILE"},
        {"--output", "option '--output' needs FILE"},
        {"--outp", "option '--output' needs FILE"},
        {"-Z", "unknown option '-Z'"},
        {"-qZ", "unknown option '-Z'"},
        {"--zork", "unknown option '--zork'"},
        {"--zork=5", "unknown option '--zork'"},
        {"--force=5", "option '--force' takes no value"},
        {"--fo", "ambiguous option '--fo'"},
        {"-m", "option '-m' needs MODULE"},
        {"-\x01", "unknown option character 0x01"},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        ARGV(CASES[i].word);
        assert_int_equal(PARSE(&PROGRAM), TF_ERR_ARGUMENT);
        assert_string_equal(err.message, CASES[i].message);
        assert_int_equal(result.operand_idx, -7);
    }
}

static void
passes_a_refusal_on(void **state)
{
    (void)state;
    ARGV("-q", "--force", "-q");
    told.refuse = OPT_FORCE;
    assert_int_equal(PARSE(&PROGRAM), TF_ERR_ARGUMENT);
    assert_string_equal(err.message, "refused");
    assert_string_equal(told.text, "113= ");
}

static void
knows_help_version_and_man(void **state)
{
    (void)state;

    static const struct {
        const char *word;
        enum cl_request request;
    } CASES[] = {
        {"-h", CL_HELP},         {"-qh", CL_HELP},
        {"--help", CL_HELP},     {"--version", CL_VERSION_TEXT},
        {"-V", CL_VERSION_TEXT}, {"--man", CL_MAN},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        ARGV(CASES[i].word, "--zork");
        assert_int_equal(PARSE(&PROGRAM), TF_OK);
        assert_int_equal(result.request, CASES[i].request);
    }
}

static void
leaves_a_short_name_to_the_program(void **state)
{
    (void)state;
    static const struct cl_option WITH_H[] = {
        {.id = 'h', .short_name = 'h', .long_name = "human", .help = "sizes"},
        {0},
    };
    struct cl_program program = PROGRAM;
    program.options = WITH_H;
    ARGV("-h");
    assert_int_equal(PARSE(&program), TF_OK);
    assert_int_equal(result.request, CL_RUN);
    assert_string_equal(told.text, "104= ");
}

/* What cl_answer prints; free it. */
static char *
answer(const struct cl_program *program, enum cl_request request)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    cl_answer(program, request, out);
    fclose(out);
    return text;
}

static void
prints_help(void **state)
{
    (void)state;
    char *text = answer(&PROGRAM, CL_HELP);
    assert_string_equal(
        text,
        "Usage: prog sub [OPTION...] FILE\n"
        "   or: prog sub [OPTION...] -m MODULE\n"
        "\n"
        "First paragraph.\n"
        "\n"
        "Second paragraph.\n"
        "\n"
        "Output:\n"
        "  -o, --output=FILE         write to FILE, with a help text that is long enough\n"
        "                            to be filled over two lines\n"
        "  -q                        quiet\n"
        "      --force               replace\n"
        "      --format=NAME         text or json\n"
        "\n"
        "Which:\n"
        "      --from=SEQ, --to=SEQ  events between\n"
        "  -m MODULE                 run it\n"
        "\n"
        "Help:\n"
        "  -h, --help                print this help\n"
        "  -V, --version             print the version\n"
        "\n"
        "Exit status:\n"
        "  .dot and 'quote' and back\\slash.\n"
        "\n"
        " 0  good\n"
        " 1  bad\n"
        "\n"
        "Examples:\n"
        "  prog sub x\n"
        "      Does it.\n");
    free(text);
}

static void
prints_version(void **state)
{
    (void)state;
    char *text = answer(&PROGRAM, CL_VERSION_TEXT);
    assert_string_equal(text, "prog " CL_VERSION "\n");
    free(text);
}

static void
prints_a_man_page(void **state)
{
    (void)state;
    char *text = answer(&PROGRAM, CL_MAN);
    assert_ptr_equal(strstr(text, ".TH PROG\\-SUB 1 "), text);
    assert_non_null(strstr(text, "prog\\-sub \\- try things\n"));
    assert_non_null(strstr(
        text, ".TP\n\\fB\\-o\\fR, \\fB\\-\\-output\\fR=\\fIFILE\\fR\nwrite to "));
    assert_non_null(strstr(text, "\n\\&.dot and \\(aqquote\\(aq and back\\eslash.\n"));
    assert_non_null(strstr(text, ".SH EXAMPLES\n"));
    assert_null(strstr(text, "secret"));
    free(text);
}

static void
reads_numbers(void **state)
{
    (void)state;
    unsigned long long number = 7;
    struct tf_err err = TF_ERR_INIT;
    assert_int_equal(cl_number("--n", "0", 5, &number, &err), TF_OK);
    assert_int_equal(number, 0);
    assert_int_equal(cl_number("--n", "5", 5, &number, &err), TF_OK);
    assert_int_equal(number, 5);
    static const char *const WRONG[] = {"",  " 1",  "+1",  "-1", "1x",
                                        "x", "0x1", "1.5", "6"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        assert_int_equal(cl_number("--n", WRONG[i], 5, &number, &err), TF_ERR_ARGUMENT);
        assert_non_null(strstr(err.message, "--n: "));
        assert_int_equal(number, 5);
    }
    assert_int_equal(
        cl_number("--n", "99999999999999999999999", UINT64_MAX, &number, &err),
        TF_ERR_ARGUMENT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_every_form),
        cmocka_unit_test(stops_at_the_first_operand),
        cmocka_unit_test(stops_behind_the_option_that_ends_them),
        cmocka_unit_test(takes_options_behind_operands_when_asked),
        cmocka_unit_test(parses_twice),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(passes_a_refusal_on),
        cmocka_unit_test(knows_help_version_and_man),
        cmocka_unit_test(leaves_a_short_name_to_the_program),
        cmocka_unit_test(prints_help),
        cmocka_unit_test(prints_version),
        cmocka_unit_test(prints_a_man_page),
        cmocka_unit_test(reads_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
