/* Help: `pyreplay help`, the prompt's `help`, and the manual's list of commands, all from
 * the tables. */
#include "cli_help.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_suggest.h"

enum { OPT_LIST = 1 };

static const struct cl_option OPTIONS[] = {
    {.id = OPT_LIST,
     .long_name = "list",
     .help = "only the names of the subcommands, one a line",
     .group = "Options"},
    {0},
};
static const char *const USAGE[] = {"[SUBCOMMAND | DEBUGGER-COMMAND]", NULL};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay help", "all subcommands, and all commands of the prompt"},
    {"pyreplay help last", "a command of the prompt, with an example"},
    {"pyreplay help expressions", "what `p`, conditions and the questions understand"},
    {"pyreplay help dump", "the options of a subcommand"},
    {0},
};

const struct cl_program cli_help_program = {
    .name = "pyreplay help",
    .summary = "explain a subcommand or a debugger command",
    .usage = USAGE,
    .description = "Without an argument: all subcommands and all debugger commands.",
    .options = OPTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

#define NAME_COLUMNS 34

/* "next, n [COUNT]". Returns its columns. */
static size_t
put_form(struct cli_out *out, const struct cli_command *command)
{
    size_t columns = 0;
    for (const char *c = command->names; *c; c++) {
        cli_out_str(out, *c == ' ' ? ", " : (char[]){*c, 0});
        columns += *c == ' ' ? 2 : 1;
    }
    if (*command->arguments) {
        cli_out_char(out, ' ');
        cli_out_str(out, command->arguments);
        columns += 1 + strlen(command->arguments);
    }
    return columns;
}

static void
put_title(struct cli_out *out, enum cli_group group)
{
    cli_out_style(out, CLI_BOLD);
    cli_out_str(out, cli_group_titles[group]);
    cli_out_style(out, CLI_PLAIN);
}

static void
put_group(struct cli_out *out, enum cli_group group)
{
    put_title(out, group);
    cli_out_char(out, '\n');
    for (const struct cli_command *c = cli_commands; c->names; c++) {
        if (c->group != group) {
            continue;
        }
        cli_out_str(out, "  ");
        size_t columns = put_form(out, c);
        if (columns + 1 > NAME_COLUMNS) {
            cli_out_str(out, "\n  ");
            columns = 0;
        }
        cli_out_pad(out, NAME_COLUMNS - columns);
        cli_out_format(out, "%s\n", c->summary);
    }
}

#define CLOSING                                                                         \
 "Anything else is an expression on the recorded values (p EXPR always is).\nAn empty " \
 "line repeats a step. help COMMAND shows an example.\n"

void
cli_help_commands(struct cli_out *out)
{
    for (enum cli_group group = 0; group < CLI_GROUP_COUNT; group++) {
        put_group(out, group);
    }
    cli_out_str(out, CLOSING);
}

/* "step s", and a line's end before it where it would not fit. */
static size_t
put_names(struct cli_out *out, const struct cli_command *command, size_t column,
          size_t width)
{
    const char *end = command->names + strcspn(command->names, " ");
    size_t full = (size_t)(end - command->names),
           brief = *end ? strcspn(end + 1, " ") : 0;
    size_t len = full + (brief ? brief + 3 : 0);
    if (column + 2 + len > width) {
        cli_out_str(out, "\n ");
        column = 1;
    }
    cli_out_char(out, ' ');
    cli_out_raw(out, command->names, full);
    if (brief) {
        cli_out_str(out, " (");
        cli_out_raw(out, end + 1, brief);
        cli_out_char(out, ')');
    }
    cli_out_char(out, ' ');
    return column + 2 + len;
}

const char *const cli_help_topics =
    "forward backward breakpoints values questions session expressions all";

void
cli_help_overview(struct cli_out *out)
{
    size_t width = cli_out_columns(out);
    for (enum cli_group group = 0; group < CLI_GROUP_COUNT; group++) {
        put_title(out, group);
        cli_out_str(out, "\n ");
        size_t column = 1;
        for (const struct cli_command *c = cli_commands; c->names; c++) {
            if (c->group == group) {
                column = put_names(out, c, column, width);
            }
        }
        cli_out_char(out, '\n');
    }
    cli_out_str(out, CLOSING "help TOPIC has a line on each:\n  ");
    for (const char *c = cli_help_topics; *c; c++) {
        cli_out_str(out, *c == ' ' ? ", " : (char[]){*c, 0});
    }
    cli_out_str(out, ".\n");
}

static const char EXPRESSIONS[] =
    "Expressions are Python's, evaluated on the recorded values. Nothing of the program is\n"
    "run; what was not recorded, or what only the program's own code could answer, is an\n"
    "error and never a guess.\n"
    "  order.items[0].price * 2          names, attributes, elements, arithmetic\n"
    "  0 < total <= limit and not done   comparisons, and, or, not, in, is\n"
    "  names[-3:], config[\"a\"][\"b\"]      slices and keys\n"
    "  len(queue), sum(prices), max(d)   built-in functions that only read\n"
    "  name.upper().split(\",\")           methods of built-in types that only read\n"
    "  [i.price for i in items if i.ok]  comprehensions, all(...), any(...)\n"
    "  f\"{total:>10.2f} {name!r}\"        formats\n"
    "  x if x else y                     conditions\n"
    "A name is looked up as the frame that is looked at (u, d) would: locals, then globals.\n"
    "Conditions of breakpoints, watch, when, hits, calls and display take them, too.\n";

bool
cli_help_topic(struct cli_out *out, const char *topic)
{
    const char *names = cli_help_topics;
    size_t len = strlen(topic);
    for (unsigned i = 0; *names; i++) {
        size_t word = strcspn(names, " ");
        if (word == len && memcmp(names, topic, len) == 0) {
            if (i < CLI_GROUP_COUNT) {
                put_group(out, (enum cli_group)i);
            }
            else if (i == CLI_GROUP_COUNT) {
                cli_out_str(out, EXPRESSIONS);
            }
            else {
                cli_help_commands(out);
            }
            return true;
        }
        names += word + (names[word] == ' ');
    }
    return false;
}

void
cli_help_command(struct cli_out *out, const struct cli_command *command)
{
    put_form(out, command);
    cli_out_format(out, "\n  %s.\n", command->summary);
    if (command->help) {
        size_t column = 79;
        for (const char *word = command->help; *word;) {
            size_t len = strcspn(word, " ");
            bool wraps = column + 1 + len > 76;
            cli_out_str(out, !wraps ? " " : word == command->help ? "  " : "\n  ");
            cli_out_raw(out, word, len);
            column = wraps ? 2 + len : column + 1 + len;
            word += len + (word[len] == ' ');
        }
        cli_out_char(out, '\n');
    }
    cli_out_format(out, "Example:\n  %-28s  %s\n", command->example,
                   command->example_does);
}

char *
cli_help_manual_text(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (!file) {
        return NULL;
    }
    for (enum cli_group group = 0; group < CLI_GROUP_COUNT; group++) {
        fprintf(file, "%s%s:\n\n", group ? "\n\n" : "", cli_group_titles[group]);
        const char *lead = "";
        for (const struct cli_command *c = cli_commands; c->names; c++) {
            if (c->group == group) {
                fprintf(file, "%s  %s%s%s\n      %s", lead, c->names,
                        *c->arguments ? " " : "", c->arguments, c->summary);
                lead = "\n";
            }
        }
    }
    bool written = fclose(file) == 0;
    if (!written) {
        free(text);
        text = NULL;
    }
    return text;
}

static void
put_overview(struct cli_out *out)
{
    cli_out_str(out, "pyreplay FILE                  open a recording at its failure\n"
                     "pyreplay --batch -c w FILE     run commands, print, leave\n");
    for (const struct cli_subcommand *s = cli_subcommands; s->name; s++) {
        cli_out_format(out, "pyreplay %-21s %s\n", s->name, s->program->summary);
    }
    cli_out_str(out, "`pyreplay SUBCOMMAND --help` has the options of each.\n\n"
                     "Commands at the debugger prompt:\n\n");
    cli_help_commands(out);
}

static int
put_topic(struct cli_env *env, const char *topic)
{
    for (const struct cli_subcommand *s = cli_subcommands; s->name; s++) {
        if (strcmp(s->name, topic) == 0) {
            cl_answer(s->program, CL_HELP, stdout);
            fflush(stdout);
            return CLI_EXIT_DONE;
        }
    }
    const struct cli_command *command = cli_command_find(topic, strlen(topic));
    if (command) {
        cli_help_command(env->out, command);
        return CLI_EXIT_DONE;
    }
    if (cli_help_topic(env->out, topic)) {
        return CLI_EXIT_DONE;
    }
    const char *why = cli_command_refusal(topic, strlen(topic));
    if (why) {
        cli_out_format(env->out, "no command `%s`: %s\n", topic, why);
        return CLI_EXIT_DONE;
    }
    size_t near_len;
    const char *near = cli_suggest_command(topic, strlen(topic), &near_len);
    if (near) {
        cli_complain(env, "no help on '%s'; did you mean: pyreplay help %.*s", topic,
                     (int)near_len, near);
    }
    else {
        cli_complain(env, "no help on '%s'; `pyreplay help` lists what there is",
                     topic);
    }
    return CLI_EXIT_WRONG_CALL;
}

static tf_status
set_option(void *context, int id, const char *value, struct tf_err *err)
{
    bool *list = context;
    (void)value, (void)err;
    *list = *list || id == OPT_LIST;
    return TF_OK;
}

static void
list_subcommands(struct cli_out *out)
{
    for (const struct cli_subcommand *s = cli_subcommands; s->name; s++) {
        cli_out_format(out, "%s\n", s->name);
    }
}

int
cli_help_run(struct cli_env *env, int argc, char **argv)
{
    struct tf_err err = TF_ERR_INIT;
    struct cl_result result;
    bool list = false;
    if (cl_parse(&cli_help_program, argc, argv, set_option, &list, &result, &err)
        != TF_OK) {
        return cli_wrong_call(env, &cli_help_program, err.message);
    }
    if (result.request != CL_RUN) {
        cl_answer(&cli_help_program, result.request, stdout);
        return fflush(stdout) == 0 ? CLI_EXIT_DONE : CLI_EXIT_FAULT;
    }
    if (argc - result.operand_idx > 1) {
        return cli_wrong_call(env, &cli_help_program, "help on one thing at a time");
    }
    if (list) {
        list_subcommands(env->out);
        return CLI_EXIT_DONE;
    }
    if (result.operand_idx < argc) {
        return put_topic(env, argv[result.operand_idx]);
    }
    cli_out_page_begin(env->out);
    put_overview(env->out);
    cli_out_page_end(env->out);
    return CLI_EXIT_DONE;
}
