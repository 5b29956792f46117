/* The file of what was typed: lines, the newest last, readable by its owner alone. Several
 * sessions may write to it at once; none loses a line. */
#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

#include <stddef.h>

#define CLI_HISTORY_LINES 1000
#define CLI_HISTORY_BYTES ((size_t)1 << 20)

/* Calls `add` for the file's latest lines, the oldest first. A file that is not there or
 * cannot be read has none. */
void cli_history_load(const char *path, void (*add)(void *ctx, const char *line),
                      void *ctx);
/* Adds a line at the end, and takes lines away at the front when there are too many. What
 * goes wrong is not worth a word: the session goes on without. */
void cli_history_append(const char *path, const char *line);

#endif
