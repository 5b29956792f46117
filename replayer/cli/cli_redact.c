/* `pyreplay redact`: a recording without its secrets. */
#include <string.h>

#include "cli_session.h"
#include "cli_share.h"

enum { OPT_NAME = 1, OPT_TEXT, OPT_TYPE, OPT_RULES, OPT_KEEP, OPT_NO_DEFAULT };

static const struct cl_option OPTIONS[] = {
    CLI_OUTPUT_OPTIONS,
    {.id = OPT_NAME,
     .long_name = "name",
     .argument = "PATTERN",
     .help = "the values of what is called so: words as in card_number, which is also "
             "cardNumber and my_card_number2, or a glob (repeatable)",
     .group = "What is taken out"},
    {.id = OPT_TEXT,
     .long_name = "text",
     .argument = "PATTERN",
     .help =
         "this text wherever it stands; * up to 200 characters that are no space, quote, "
         "comma or bracket, ? one of them, [a-z] one of a set, \\ the next character as "
         "it is (repeatable)"},
    {.id = OPT_TYPE,
     .long_name = "type",
     .argument = "PATTERN",
     .help =
         "the content of the instances of these classes and those derived from them: a "
         "glob over module.Class or Class (repeatable)"},
    {.id = OPT_RULES,
     .long_name = "rules",
     .argument = "FILE",
     .help =
         "what a file of rules says, as pyrecord --redact-file takes it (repeatable)"},
    {.id = OPT_KEEP,
     .long_name = "keep",
     .argument = "PATTERN",
     .help = "a name that is no secret after all (repeatable)"},
    {.id = OPT_NO_DEFAULT,
     .long_name = "no-default",
     .help = "not also what looks secret by its name (password, token, ...)"},
    {0},
};

static const char *const USAGE[] = {"FILE -o OUT [--name PATTERN] [--text PATTERN]...",
                                    NULL};

static const struct cl_section SECTIONS[] = {
    {"What is looked at",
     "Every text in the file: values, names, source text, the command line, messages of "
     "exceptions, constants. A text is found as it stands and as repr(), JSON and URLs write "
     "it; also where it came about piece by piece: of a text that grew by `+=` the beginnings "
     "and parts that show three characters of it or more, of items of a list, tuple, "
     "bytearray or array one after the other all texts of that sequence are taken out. "
     "A value that holds it shows as <elided: redacted>; in names, sources and messages "
     "<redacted> stands for it.\n\nBy name: variables, attributes, keys of dicts, fields, "
     "results of functions, and the objects that only they lead to. Not known is what was "
     "made from a secret: parts of it, hashes, encodings. Look with `pyreplay search`."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay redact shop.pyrec -o clean.pyrec --text hunter2 --text 'sk_live_*'",
     "take two secrets out of everything"},
    {"pyreplay redact shop.pyrec -o clean.pyrec --name card_number --rules team.rules",
     "by name, and by the rules of the team"},
    {0},
};

const struct cl_program cli_redact_program = {
    .name = "pyreplay redact",
    .summary = "take secrets out of a recording",
    .usage = USAGE,
    .description =
        "Writes a recording anew without the values and texts that are named, and without "
        "what looks secret by its name.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

struct redact_options {
    struct tf_rules *rules;
    struct cli_output output;
    struct rp_redact_result result;
};

static tf_status
set_option(void *context, int id, const char *value, struct tf_err *err)
{
    struct redact_options *options = context;
    switch (id) {
    case OPT_NO_DEFAULT: tf_rules_set_built_in(options->rules, false); break;
    case OPT_NAME: return tf_rules_add(options->rules, TF_RULE_NAME, value, err);
    case OPT_TEXT: return tf_rules_add(options->rules, TF_RULE_TEXT, value, err);
    case OPT_TYPE: return tf_rules_add(options->rules, TF_RULE_TYPE, value, err);
    case OPT_KEEP: return tf_rules_add(options->rules, TF_RULE_KEEP, value, err);
    case OPT_RULES: return tf_rules_read(options->rules, value, err);
    default: cli_output_option(&options->output, id, value); break;
    }
    return TF_OK;
}

static tf_status
make(void *ctx, struct rp *rp, int fd, struct tf_err *err)
{
    struct redact_options *options = ctx;
    const struct rp_redact redact = {.rules = options->rules};
    return rp_redact(rp, &redact, fd, &options->result, err);
}

int
cli_redact_run(struct cli_env *env, int argc, char **argv)
{
    struct redact_options options = {.rules = tf_rules_new(true)};
    const char *file;
    int status;
    if (!options.rules) {
        cli_complain(env, "out of memory");
        return CLI_EXIT_FAULT;
    }
    if (cli_parse_file(env, &cli_redact_program, argc, argv, set_option, &options,
                       &file, &status)
        && cli_output_make(env, &cli_redact_program, &options.output, file, make,
                           &options, &status)) {
        cli_put_counted(env->out, options.result.redacted, "place");
        cli_out_str(env->out, " redacted, ");
        cli_put_bytes(env->out, options.result.file_bytes);
        cli_out_char(env->out, '\n');
    }
    tf_rules_free(options.rules);
    return status;
}
