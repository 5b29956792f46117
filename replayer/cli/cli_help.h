/* Help from the table of commands. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

struct cli_out;
struct cli_command;

/* All commands, one line each, by group. */
void cli_help_commands(struct cli_out *out);
/* One command with its example. */
void cli_help_command(struct cli_out *out, const struct cli_command *command);
/* The commands for the man page; the caller frees it. NULL when memory runs out. */
char *cli_help_manual_text(void);

#endif
