/* `pyreplay FILE`: the debugger, at its prompt or in a batch. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_editor.h"
#include "cli_help.h"
#include "cli_rc.h"
#include "cli_session.h"

enum { OPT_COMMAND = 1, OPT_BATCH, OPT_ECHO, OPT_NO_RC };

static const struct cl_option OPTIONS[] = {
    {.id = OPT_COMMAND,
     .short_name = 'c',
     .long_name = "command",
     .argument = "COMMAND",
     .help = "run a debugger command first; repeatable",
     .group = "Options"},
    {.id = OPT_BATCH,
     .long_name = "batch",
     .help =
         "no prompt: leave after the commands (of -c, else of standard input); nothing "
         "is printed but their answers, values in full"},
    {.id = OPT_ECHO,
     .long_name = "echo",
     .help = "print each command before its answer, as a session would show it"},
    {.id = OPT_NO_RC, .long_name = "no-rc", .help = "do not read ~/.pyreplayrc"},
    {0},
};

static const char *const USAGE[] = {
    "[OPTION...] FILE",
    "SUBCOMMAND [OPTION...] FILE",
    NULL,
};

#define EXIT_TEXT                                                                \
 "0 done; 1 answered no (nothing matched, verify found damage, a batch command " \
 "failed); 2 wrong call; 3 the file cannot be read; 4 any other fault."

static const struct cl_example EXAMPLES[] = {
    {"pyrecord shop.py", "record a run first: writes shop.pyrec"},
    {"pyreplay shop.pyrec",
     "open it where it failed; rn goes back, help lists the rest"},
    {"pyreplay --batch -c where -c 'p order' shop.pyrec", "ask from a script"},
    {"pyreplay dump --format jsonl shop.pyrec", "every event, for other programs"},
    {0},
};

static const char DESCRIPTION[] =
    "Opens a recording of a Python program at its failure and steps through it, backward "
    "and forward. Neither Python nor the program is needed; nothing is run.";

/* The subcommands as a text for the help and the manual; the caller frees it. */
static char *
list_subcommands(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (!file) {
        return NULL;
    }
    for (const struct cli_subcommand *s = cli_subcommands; s->name; s++) {
        fprintf(file, "%s  %-12s%s", s == cli_subcommands ? "" : "\n", s->name,
                s->program->summary);
    }
    if (fclose(file) != 0) {
        free(text);
        text = NULL;
    }
    return text;
}

struct debug {
    const char **command; /* borrowed from argv */
    size_t count;
    bool batch, echo, no_rc;
};

static tf_status
set_option(void *context, int id, const char *value, struct tf_err *err)
{
    struct debug *debug = context;
    switch (id) {
    case OPT_COMMAND: {
        const char **grown =
            realloc(debug->command, (debug->count + 1) * sizeof *grown);
        if (!grown) {
            return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
        }
        debug->command = grown;
        grown[debug->count++] = value;
        break;
    }
    case OPT_BATCH: debug->batch = true; break;
    case OPT_ECHO: debug->echo = true; break;
    case OPT_NO_RC: debug->no_rc = true; break;
    }
    return TF_OK;
}

#define NARROW_COLUMNS 50

/* "(event 1234/5678 t1) ", or "(1234) " where that leaves no room to type */
static void
make_prompt(const struct cli_session *session, char *ret_prompt, size_t size)
{
    if (session->out->terminal && cli_out_columns(session->out) < NARROW_COLUMNS) {
        snprintf(ret_prompt, size, "(%" PRIu64 ") ", session->seq);
        return;
    }
    snprintf(ret_prompt, size, "(event %" PRIu64 "/%" PRIu64 " t%" PRIu32 ") ",
             session->seq, session->facts->last_seq, session->thread);
}

/* Reads lines until there are no more. True: all had an answer. */
static bool
run_lines(struct cli_session *session)
{
    char prompt[64],
        *history = session->batch ? NULL : cli_home_path(".pyreplay_history");
    bool all = true;
    struct cli_editor *editor =
        cli_editor_open(session->env, history, cli_complete_line, session);
    enum cli_answer answer = CLI_YES;
    while (editor && answer != CLI_QUIT) {
        const char *line = "";
        make_prompt(session, prompt, sizeof prompt);
        enum cli_editor_got got = cli_editor_read(editor, prompt, &line);
        if (got == CLI_EDITOR_END) {
            break;
        }
        if (got == CLI_EDITOR_INTERRUPTED) {
            cli_out_str(session->out, "^C\n");
            continue;
        }
        answer = cli_session_line(session, line);
        all = all && answer != CLI_NO;
    }
    if (editor && answer != CLI_QUIT && session->out->terminal) {
        cli_out_char(session->out, '\n'); /* after Ctrl-D */
    }
    cli_editor_close(editor);
    free(history);
    return all;
}

static bool
run_commands(struct cli_session *session, const struct debug *debug,
             enum cli_answer *ret_answer)
{
    bool all = true;
    *ret_answer = CLI_YES;
    for (size_t i = 0; i < debug->count && *ret_answer != CLI_QUIT; i++) {
        *ret_answer = cli_session_line(session, debug->command[i]);
        all = all && *ret_answer != CLI_NO;
    }
    return all;
}

static int
run_session(struct cli_session *session, const struct debug *debug)
{
    enum cli_answer answer = CLI_YES;
    session->batch = debug->batch;
    session->echo = debug->echo;
    if (debug->batch) {
        bool all =
            debug->count ? run_commands(session, debug, &answer) : run_lines(session);
        return all ? CLI_EXIT_DONE : CLI_EXIT_NO;
    }
    cli_show_opening(session);
    cli_out_flush(session->out);
    if (!debug->no_rc) {
        answer = cli_rc_run(session);
    }
    if (answer != CLI_QUIT) {
        run_commands(session, debug, &answer);
    }
    if (answer != CLI_QUIT) {
        run_lines(session);
    }
    return CLI_EXIT_DONE;
}

static int
open_and_run(struct cli_env *env, const struct debug *debug, const char *file)
{
    struct cli_session session;
    struct tf_err err = TF_ERR_INIT;
    int status;
    env->interrupts_catch();
    if (cli_session_init(&session, env, file, &err) == TF_OK) {
        status = run_session(&session, debug);
    }
    else {
        status = cli_complain_err(env, file, &err);
    }
    cli_session_release(&session);
    return status;
}

/* The manual lists the debugger's commands; --help says where they are explained. */
static bool
wants_manual(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "--man") == 0;
}

int
cli_debug_run(struct cli_env *env, int argc, char **argv)
{
    struct debug debug = {0};
    const char *file;
    int status;
    char *subcommands = list_subcommands();
    char *commands =
        wants_manual(argc, argv)
            ? cli_help_manual_text()
            : strdup(
                "s n r c go forward and rs rn rf rc backward; b w u d l p and most others "
                "are those of pdb. `pyreplay help` lists all, `pyreplay help COMMAND` "
                "explains one.");
    const struct cl_section sections[] = {
        {"Subcommands", subcommands ? subcommands : ""},
        {"Debugger commands", commands ? commands : ""},
        {"Exit status", EXIT_TEXT},
        {"Files",
         "~/.pyreplayrc: commands run before the first prompt. ~/.pyreplay_history: what "
         "was typed."},
        {0},
    };
    const struct cl_program program = {
        .name = "pyreplay",
        .summary = "step backward and forward through a recorded Python program",
        .usage = USAGE,
        .description = DESCRIPTION,
        .options = OPTIONS,
        .sections = sections,
        .examples = EXAMPLES,
        .options_anywhere = true,
    };
    if (cli_parse_file(env, &program, argc, argv, set_option, &debug, &file, &status)) {
        status = open_and_run(env, &debug, file);
    }
    free(debug.command);
    free(commands);
    free(subcommands);
    return status;
}
