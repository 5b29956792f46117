/* The debugger's commands: one table makes dispatch, `help`, completion and the manual. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct cli_session;

/* What became of a command. */
enum cli_answer {
    CLI_YES,  /* done */
    CLI_NO,   /* it has no answer, or failed; it said why */
    CLI_QUIT, /* done, and the session with it */
};

/* What the TAB key offers after the command. */
enum cli_complete {
    CLI_COMPLETE_NOTHING,
    CLI_COMPLETE_COMMANDS,
    CLI_COMPLETE_PLACES,     /* files and functions */
    CLI_COMPLETE_NAMES,      /* locals, globals and their attributes */
    CLI_COMPLETE_TIMES,      /* start, end, failure */
    CLI_COMPLETE_TOPICS,     /* of `info` */
    CLI_COMPLETE_EXCEPTIONS, /* types of exceptions */
};

enum cli_group {
    CLI_GROUP_FORWARD,
    CLI_GROUP_BACKWARD,
    CLI_GROUP_BREAKPOINTS,
    CLI_GROUP_LOOKING,
    CLI_GROUP_RECORDING,
    CLI_GROUP_SESSION,
    CLI_GROUP_COUNT,
};

/* `args` has no blanks at its ends; it is "" when nothing was typed. */
typedef enum cli_answer (*cli_command_run)(struct cli_session *session,
                                           const char *args);

struct cli_command {
    const char *names; /* the full one first: "step s" */
    enum cli_group group;
    enum cli_complete complete;
    bool repeats; /* an empty line does it again */
    cli_command_run run;
    const char *arguments; /* "[COUNT]", or "" */
    const char *summary;   /* a line, no period */
    const char *help;      /* more, as whole sentences; or NULL */
    const char *example;   /* how it is typed */
    const char *example_does;
};

/* Ends with an entry whose `names` is NULL. */
extern const struct cli_command cli_commands[];

/* What pdb and gdb have and a recording cannot do, or does otherwise. */
struct cli_refusal {
    const char *names;
    const char *why;
};
extern const struct cli_refusal cli_refusals[];

extern const char *const cli_group_titles[CLI_GROUP_COUNT];

/* The command of that name (abbreviated or full), NULL when there is none. */
const struct cli_command *cli_command_find(const char *name, size_t len);
/* Why there is no command of that name, NULL when nobody would expect it. */
const char *cli_command_refusal(const char *name, size_t len);

/* Length of the command word that a line begins with, 0 when it begins with none: then
 * it is an expression. A word counts only when a blank or the line's end follows. */
size_t cli_command_word(const char *line);

/* Whether `name` is one of the words in `names`. */
bool cli_command_has_name(const char *names, const char *name, size_t len);

#endif
