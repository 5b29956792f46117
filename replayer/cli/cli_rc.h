/* The user's own files: ~/.pyreplayrc, ~/.pyreplay_history, ~/.editrc. Only those of the
 * home folder: recordings come from strangers, and so may the folder that they are in. */
#ifndef CLI_RC_H
#define CLI_RC_H

#include "cli_command.h"

/* The path of a file in the user's home folder, which the caller frees; NULL when the
 * environment names none, or no absolute one. */
char *cli_home_path(const char *name);
/* Runs the commands of ~/.pyreplayrc. */
enum cli_answer cli_rc_run(struct cli_session *session);

#endif
