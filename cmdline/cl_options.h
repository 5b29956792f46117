/* Command lines: one table a program (or subcommand) makes the parsing, `--help`,
 * `--version` and the man page (a hidden `--man`).
 *
 *     static const struct cl_option OPTIONS[] = {
 *         {.id = 'o', .short_name = 'o', .long_name = "output", .argument = "FILE",
 *          .help = "write to FILE", .group = "Output"},
 *         {.id = OPT_FORCE, .long_name = "force", .help = "replace an older one"},
 *         {0},
 *     };
 *     static const char *const USAGE[] = {"[OPTION...] FILE", NULL};
 *     static const struct cl_program PROGRAM = {
 *         .name = "pyreplay dump", .summary = "print a recording's events",
 *         .usage = USAGE, .options = OPTIONS};
 *
 *     struct cl_result result;
 *     if (cl_parse(&PROGRAM, argc, argv, set_option, &opts, &result, &err) != TF_OK) {
 *         ... print err.message and cl_try_help(...); wrong call
 *     }
 *     if (result.request != CL_RUN) {
 *         cl_answer(&PROGRAM, result.request, stdout);
 *         return 0;
 *     }
 *     for (int i = result.operand_idx; i < argc; i++) ... argv[i]
 *
 * Nothing here prints by itself or exits. `-h/--help`, `-V/--version` and `--man` are in
 * every program without standing in its table; a table that takes -h or -V for itself
 * keeps it. */
#ifndef CL_OPTIONS_H
#define CL_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "tf_err.h"

struct cl_option {
    int id;            /* 1 ... 0xffff, what the callback is given; 0 ends the table */
    char short_name;   /* 0: none */
    bool hidden;       /* not in help and man page */
    bool ends_options; /* what follows is not ours (`-m MODULE`, `-c CODE`) */
    const char *long_name; /* NULL: none */
    const char *argument;  /* its name in the help; NULL: takes none */
    const char *help;      /* NULL: belongs to the entry before, shown on its line */
    const char *group;     /* heading from here on; NULL: the one before goes on */
};

struct cl_example {
    const char *command; /* NULL ends the list */
    const char *what;
};

struct cl_section {
    const char *title; /* "Exit status"; NULL ends the list */
    /* Paragraphs, separated by an empty line, are filled; one that begins with a space
     * is kept line by line. */
    const char *text;
};

struct cl_program {
    const char *name;         /* as typed: "pyrecord", "pyreplay dump" */
    const char *summary;      /* a line without a period, for the man page's NAME */
    const char *const *usage; /* what follows the name, one a form; NULL at the end */
    const char *description;  /* text as in cl_section, or NULL */
    const struct cl_option *options;
    const struct cl_section *sections; /* or NULL */
    const struct cl_example *examples; /* or NULL */
    bool
        options_anywhere; /* options may follow operands (up to `--`): argv is reordered */
};

enum cl_request { CL_RUN, CL_HELP, CL_VERSION_TEXT, CL_MAN };

struct cl_result {
    enum cl_request request; /* CL_RUN: go on; else: cl_answer() */
    int operand_idx;         /* the first operand in argv, argc if none */
};

/* Told of each option in the order typed. `value` (NULL without an argument) points into
 * argv. A failure stops the parsing and becomes cl_parse's own. */
typedef tf_status (*cl_set_option)(void *context, int id, const char *value,
                                   struct tf_err *err);

/* TF_ERR_ARGUMENT with a one-line message for an unknown, ambiguous or incomplete option.
 * Uses getopt_long's globals: one thread at a time. After a request for help the rest of
 * the line is not looked at. */
tf_status cl_parse(const struct cl_program *program, int argc, char **argv,
                   cl_set_option set, void *context, struct cl_result *ret_result,
                   struct tf_err *err);

/* Prints help, version or man page. */
void cl_answer(const struct cl_program *program, enum cl_request request, FILE *out);

/* Prints "Try 'NAME --help'." with a newline: the line after a message about a wrong call. */
void cl_try_help(const struct cl_program *program, FILE *out);

/* --- For the values of options --- */

/* A decimal number of at most `max`; TF_ERR_ARGUMENT names `option`. */
tf_status cl_number(const char *option, const char *value, unsigned long long max,
                    unsigned long long *ret_number, struct tf_err *err);

#endif
