/* The prompt's line: libedit with a history file and completion, or, when input is no
 * terminal, plain lines. */
#ifndef CLI_EDITOR_H
#define CLI_EDITOR_H

#include <stddef.h>

#include "cli.h"

/* What the TAB key may put in place of the word before the cursor. */
struct cli_choices {
    char **text; /* owned */
    size_t count, cap;
    size_t word_len; /* bytes before the cursor that they replace */
    bool is_name;    /* an expression may go on after it: no blank is added */
};

/* Adds a copy when it begins with the word and no terminal could misread it. */
void cli_choices_add(struct cli_choices *choices, const char *word, const char *text,
                     size_t len);

/* Fills `choices` for `line`, in which the cursor stands at the end. */
typedef void (*cli_complete_fn)(void *context, const char *line,
                                struct cli_choices *choices);

struct cli_editor;

enum cli_editor_got {
    CLI_EDITOR_LINE,
    CLI_EDITOR_INTERRUPTED, /* Ctrl-C: begin a new line */
    CLI_EDITOR_END,
};

/* `history_path` NULL: none is kept. NULL when memory runs out. */
struct cli_editor *cli_editor_open(struct cli_env *env, const char *history_path,
                                   cli_complete_fn complete, void *context);
void cli_editor_close(struct cli_editor *editor);
/* The line, without its line feed, is valid until the next call. */
enum cli_editor_got cli_editor_read(struct cli_editor *editor, const char *prompt,
                                    const char **ret_line);

#endif
