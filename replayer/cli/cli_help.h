/* Help from the table of commands. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdbool.h>

struct cli_out;
struct cli_command;

/* All commands, one line each, by group. */
void cli_help_commands(struct cli_out *out);
/* The names of all commands, by group, on one screen. */
void cli_help_overview(struct cli_out *out);
/* A group of commands, or expressions; false: there is no such topic. */
bool cli_help_topic(struct cli_out *out, const char *topic);
/* The topics, separated by blanks. */
extern const char *const cli_help_topics;
/* One command with its example. */
void cli_help_command(struct cli_out *out, const struct cli_command *command);
/* The commands for the man page; the caller frees it. NULL when memory runs out. */
char *cli_help_manual_text(void);

#endif
