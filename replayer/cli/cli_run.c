/* The program as a whole: which subcommand, errors, exit statuses. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "cli_ask.h"
#include "cli_suggest.h"
#include "cli_zip.h"

const struct cli_subcommand cli_subcommands[] = {
    {"info", &cli_info_program, cli_info_run, NULL},
    {"dump", &cli_dump_program, cli_dump_run, NULL},
    {"when", &cli_when_program, NULL, &cli_question_when},
    {"hits", &cli_hits_program, NULL, &cli_question_hits},
    {"calls", &cli_calls_program, NULL, &cli_question_calls},
    {"exceptions", &cli_exceptions_program, NULL, &cli_question_exceptions},
    {"tree", &cli_tree_program, NULL, &cli_question_tree},
    {"search", &cli_search_program, NULL, &cli_question_search},
    {"marks", &cli_marks_program, NULL, &cli_question_marks},
    {"who", &cli_who_program, NULL, &cli_question_who},
    {"history", &cli_history_program, NULL, &cli_question_history},
    {"last", &cli_last_program, NULL, &cli_question_last},
    {"next-write", &cli_next_write_program, NULL, &cli_question_next_write},
    {"breakpoints", &cli_breakpoints_program, NULL, &cli_question_breakpoints},
    {"verify", &cli_verify_program, cli_verify_run, NULL},
    {"cut", &cli_cut_program, cli_cut_run, NULL},
    {"redact", &cli_redact_program, cli_redact_run, NULL},
    {"pack", &cli_pack_program, cli_pack_run, NULL},
    {"repair", &cli_repair_program, cli_repair_run, NULL},
    {"help", &cli_help_program, cli_help_run, NULL},
    {0},
};

static const struct cli_subcommand *
find_subcommand(const char *name)
{
    for (const struct cli_subcommand *s = cli_subcommands; s->name; s++) {
        if (strcmp(s->name, name) == 0) {
            return s;
        }
    }
    return NULL;
}

/* A first word that is no file, but nearly a subcommand: says which. */
static bool
is_mistyped(struct cli_env *env, const char *word)
{
    const char *near = NULL;
    size_t near_len = 0, distance = SIZE_MAX;
    if (*word == '-' || access(word, F_OK) == 0) {
        return false;
    }
    for (const struct cli_subcommand *s = cli_subcommands; s->name; s++) {
        cli_suggest(s->name, word, strlen(word), &near, &near_len, &distance);
    }
    if (near) {
        cli_complain(env, "no subcommand or file '%s'; did you mean: pyreplay %s", word,
                     near);
    }
    return near != NULL;
}

/* A recording in an archive is opened where its name stands: the word becomes that of the
 * unpacked one, in `name`. False: it cannot be. */
static bool
open_archive(struct cli_env *env, int argc, char **argv, char *name, int *ret_exit)
{
    struct tf_err err = TF_ERR_INIT;
    for (int i = 1; i < argc; i++) {
        size_t len = strlen(argv[i]);
        if (len < 10 || strcmp(argv[i] + len - 10, ".pyrec.zip") != 0
            || argv[i][0] == '-' || argv[i - 1][0] == '-') {
            continue;
        }
        tf_status status = cli_zip_open(argv[i], name, &err);
        if (status == TF_OK) {
            env->archive = argv[i];
            env->unpacked = argv[i] = name;
            return true;
        }
        if (status != TF_ERR_NOT_FOUND) {
            *ret_exit = cli_complain_err(env, argv[i], &err);
            return false;
        }
    }
    return true;
}

const char *
cli_name_of(const struct cli_env *env, const char *file)
{
    return env->unpacked && strcmp(file, env->unpacked) == 0 ? env->archive : file;
}

int
cli_run(struct cli_env *env, int argc, char **argv)
{
    int failed;
    char unpacked[32];
    if (!open_archive(env, argc, argv, unpacked, &failed)) {
        return cli_finish(env, failed);
    }
    const struct cli_subcommand *subcommand =
        argc > 1 ? find_subcommand(argv[1]) : NULL;
    if (argc > 1 && !subcommand && is_mistyped(env, argv[1])) {
        return CLI_EXIT_WRONG_CALL;
    }
    int status = !subcommand ? cli_debug_run(env, argc, argv)
                 : subcommand->question
                     ? cli_ask_shell(env, subcommand->question, argc - 1, argv + 1)
                     : subcommand->run(env, argc - 1, argv + 1);
    return cli_finish(env, status);
}

int
cli_finish(struct cli_env *env, int status)
{
    cli_out_flush(env->out);
    int error = cli_out_failed(env->out);
    if (error && error != EPIPE) {
        cli_complain(env, "cannot write the output: %s", strerror(error));
        status = CLI_EXIT_FAULT;
    }
    return status;
}

static void
complain(struct cli_env *env, const char *line)
{
    cli_out_flush(env->out);
    cli_out_str(env->err, "pyreplay: ");
    cli_out_text(env->err, line, strlen(line));
    cli_out_char(env->err, '\n');
    cli_out_flush(env->err);
}

void
cli_complain(struct cli_env *env, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    complain(env, line);
}

static int
exit_of(tf_status status)
{
    switch (status) {
    case TF_OK: return CLI_EXIT_DONE;
    case TF_ERR_NOT_FOUND: return CLI_EXIT_NO;
    case TF_ERR_ARGUMENT: return CLI_EXIT_WRONG_CALL;
    case TF_ERR_IO:
    case TF_ERR_NOT_PYREC:
    case TF_ERR_NEWER:
    case TF_ERR_DAMAGED:
    case TF_ERR_TRUNCATED:
    case TF_ERR_LIMIT: return CLI_EXIT_UNREADABLE;
    case TF_ERR_MEMORY:
    case TF_ERR_INTERRUPTED: return CLI_EXIT_FAULT;
    }
    return CLI_EXIT_FAULT;
}

static const char *
advice(const struct tf_err *err)
{
    switch (err->status) {
    case TF_ERR_NOT_PYREC: return "; give it a file that pyrecord wrote";
    case TF_ERR_NEWER: return "; use a newer pyreplay";
    case TF_ERR_DAMAGED:
    case TF_ERR_TRUNCATED:
    case TF_ERR_LIMIT: return "; pyreplay verify FILE says what is damaged";
    case TF_ERR_IO: return err->errno_value == ENOENT ? "; is the name right?" : "";
    case TF_ERR_MEMORY: return "; try it with more memory";
    default: return "";
    }
}

int
cli_complain_err(struct cli_env *env, const char *file, const struct tf_err *err)
{
    char place[48] = "";
    if (err->file_off > 0) {
        snprintf(place, sizeof place, " (at byte %lld)", (long long)err->file_off);
    }
    bool named = !file || strstr(err->message, file);
    file = file ? cli_name_of(env, file) : NULL;
    cli_complain(env, "%s%s%s%s%s", named ? "" : file, named ? "" : ": ", err->message,
                 place, advice(err));
    return exit_of(err->status);
}

void
cli_warn_incomplete(struct cli_env *env, const char *file, const struct rp *rp)
{
    const struct rp_facts *facts = rp_facts(rp);
    if (!facts->complete) {
        cli_complain(env, "%s: not complete: %s (read up to byte %lld)",
                     cli_name_of(env, file), facts->incomplete_reason,
                     (long long)facts->incomplete_off);
    }
}

int
cli_wrong_call(struct cli_env *env, const struct cl_program *program,
               const char *message)
{
    cli_complain(env, "%s (see %s --help)", message, program->name);
    return CLI_EXIT_WRONG_CALL;
}

bool
cli_parse_file(struct cli_env *env, const struct cl_program *program, int argc,
               char **argv, cl_set_option set, void *context, const char **ret_file,
               int *ret_exit)
{
    struct tf_err err = TF_ERR_INIT;
    struct cl_result result;
    if (cl_parse(program, argc, argv, set, context, &result, &err) != TF_OK) {
        *ret_exit = cli_wrong_call(env, program, err.message);
        return false;
    }
    if (result.request != CL_RUN) {
        cl_answer(program, result.request, stdout);
        *ret_exit =
            fflush(stdout) == 0 || errno == EPIPE ? CLI_EXIT_DONE : CLI_EXIT_FAULT;
        return false;
    }
    if (argc - result.operand_idx != 1) {
        const char *message = result.operand_idx == argc
                                  ? "which recording? A FILE is missing"
                                  : "one recording at a time";
        *ret_exit = cli_wrong_call(env, program, message);
        return false;
    }
    *ret_file = argv[result.operand_idx];
    return true;
}
