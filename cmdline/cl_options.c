#include "cl_options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cl_private.h"

enum {
    ID_HELP = CL_ID_MAX + 1,
    ID_VERSION,
    ID_MAN,
};

static const struct cl_option COMMON[] = {
    {.id = ID_HELP,
     .short_name = 'h',
     .long_name = "help",
     .help = "print this help",
     .group = "Help"},
    {.id = ID_VERSION,
     .short_name = 'V',
     .long_name = "version",
     .help = "print the version"},
    {.id = ID_MAN, .long_name = "man", .hidden = true},
    {0},
};

/* Above every character, so that optopt tells a long option from a short one. */
#define FIRST_VAL 0x100

static bool
takes_short(const struct cl_program *program, char short_name)
{
    for (const struct cl_option *o = program->options; o->id != 0; o++) {
        if (o->short_name == short_name) {
            return true;
        }
    }
    return false;
}

struct cl_option
cl_option_at(const struct cl_program *program, size_t idx)
{
    size_t own = 0;
    while (program->options[own].id != 0) {
        if (own == idx) {
            return program->options[own];
        }
        own++;
    }
    struct cl_option option = {0};
    if (idx - own < sizeof COMMON / sizeof *COMMON) {
        option = COMMON[idx - own];
    }
    if (option.short_name != 0 && takes_short(program, option.short_name)) {
        option.short_name = 0;
    }
    return option;
}

static size_t
option_count(const struct cl_program *program)
{
    size_t count = 0;
    while (cl_option_at(program, count).id != 0) {
        count++;
    }
    return count;
}

struct parser {
    const struct cl_program *program;
    struct option *longs;
    char *shorts;
    size_t count;
};

static void
parser_release(struct parser *parser)
{
    free(parser->longs);
    free(parser->shorts);
}

static bool
parser_init(struct parser *parser, const struct cl_program *program)
{
    size_t count = option_count(program);
    *parser = (struct parser){.program = program, .count = count};
    parser->longs = calloc(count + 1, sizeof *parser->longs);
    parser->shorts = calloc(count * 2 + 4, 1);
    if (parser->longs == NULL || parser->shorts == NULL) {
        return false;
    }
    struct option *next_long = parser->longs;
    char *next_short = parser->shorts;
    if (!program->options_anywhere) {
        *next_short++ = '+';
    }
    *next_short++ = ':';
    for (size_t i = 0; i < count; i++) {
        struct cl_option option = cl_option_at(program, i);
        int has_arg = option.argument != NULL ? required_argument : no_argument;
        if (option.long_name != NULL) {
            *next_long++ = (struct option){.name = option.long_name,
                                           .has_arg = has_arg,
                                           .val = FIRST_VAL + (int)i};
        }
        if (option.short_name != 0) {
            *next_short++ = option.short_name;
            if (option.argument != NULL) {
                *next_short++ = ':';
            }
        }
    }
    return true;
}

/* The option for getopt_long's answer (or optopt); id 0: none. */
static struct cl_option
parser_find(const struct parser *parser, int val)
{
    if (val >= FIRST_VAL) {
        return cl_option_at(parser->program, (size_t)(val - FIRST_VAL));
    }
    for (size_t i = 0; i < parser->count; i++) {
        struct cl_option option = cl_option_at(parser->program, i);
        if (val != 0 && option.short_name == val) {
            return option;
        }
    }
    return (struct cl_option){0};
}

static tf_status
missing_argument(const struct parser *parser, const char *word, struct tf_err *err)
{
    struct cl_option option = parser_find(parser, optopt);
    if (optopt >= FIRST_VAL) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "option '--%s' needs %s",
                          option.long_name, option.argument);
    }
    if (option.id != 0) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "option '-%c' needs %s", optopt,
                          option.argument);
    }
    return tf_err_set(err, TF_ERR_ARGUMENT, -1, "option '%s' needs a value", word);
}

static bool
is_ambiguous(const struct parser *parser, const char *word)
{
    size_t len = strcspn(word, "=");
    size_t matches = 0;
    for (const struct option *o = parser->longs; o->name != NULL; o++) {
        matches += strncmp(o->name, word, len) == 0;
    }
    return matches > 1;
}

static tf_status
wrong_option(const struct parser *parser, const char *word, struct tf_err *err)
{
    if (optopt >= FIRST_VAL) {
        struct cl_option option = parser_find(parser, optopt);
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "option '--%s' takes no value",
                          option.long_name);
    }
    if (optopt != 0) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          isprint(optopt) ? "unknown option '-%c'"
                                          : "unknown option character 0x%02x",
                          (unsigned char)optopt);
    }
    bool ambiguous = strncmp(word, "--", 2) == 0 && is_ambiguous(parser, word + 2);
    return tf_err_set(err, TF_ERR_ARGUMENT, -1, "%s option '%.*s'",
                      ambiguous ? "ambiguous" : "unknown", (int)strcspn(word, "="),
                      word);
}

static bool
is_request(int id, struct cl_result *result)
{
    switch (id) {
    case ID_HELP: result->request = CL_HELP; return true;
    case ID_VERSION: result->request = CL_VERSION_TEXT; return true;
    case ID_MAN: result->request = CL_MAN; return true;
    default: return false;
    }
}

static tf_status
parse(const struct parser *parser, int argc, char **argv, cl_set_option set,
      void *context, struct cl_result *result, struct tf_err *err)
{
    optind = 0; /* glibc: begin anew, also in the middle of a cluster */
    opterr = 0;
    for (;;) {
        int val = getopt_long(argc, argv, parser->shorts, parser->longs, NULL);
        const char *word = argv[optind > 1 ? optind - 1 : 1];
        if (val == -1) {
            result->operand_idx = optind;
            return TF_OK;
        }
        if (val == ':') {
            return missing_argument(parser, word, err);
        }
        struct cl_option option = parser_find(parser, val);
        if (val == '?' || option.id == 0) {
            return wrong_option(parser, word, err);
        }
        if (is_request(option.id, result)) {
            return TF_OK;
        }
        tf_status status = set(context, option.id, optarg, err);
        if (status != TF_OK) {
            return status;
        }
        if (option.ends_options) {
            result->operand_idx = optind;
            return TF_OK;
        }
    }
}

tf_status
cl_parse(const struct cl_program *program, int argc, char **argv, cl_set_option set,
         void *context, struct cl_result *ret_result, struct tf_err *err)
{
    struct cl_result result = {.request = CL_RUN, .operand_idx = argc};
    struct parser parser;
    tf_status status;
    if (argc < 1) {
        *ret_result = result;
        return TF_OK;
    }
    if (parser_init(&parser, program)) {
        status = parse(&parser, argc, argv, set, context, &result, err);
    }
    else {
        status = tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    parser_release(&parser);
    if (status == TF_OK) {
        *ret_result = result;
    }
    return status;
}

tf_status
cl_number(const char *option, const char *value, unsigned long long max,
          unsigned long long *ret_number, struct tf_err *err)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end != '\0') {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "%s: '%.60s' is not a number",
                          option, value);
    }
    if (errno == ERANGE || number > max) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "%s: %.60s is above %llu", option,
                          value, max);
    }
    *ret_number = number;
    return TF_OK;
}
