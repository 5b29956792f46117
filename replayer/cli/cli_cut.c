/* `pyreplay cut`: a part of a recording as one of its own. */
#include <inttypes.h>
#include <string.h>

#include "cli_filter.h"
#include "cli_session.h"
#include "cli_share.h"

enum { OPT_FROM = 1, OPT_TO, OPT_THREAD, OPT_FILE, OPT_FUNCTION, OPT_FORCE };

static const struct cl_option OPTIONS[] = {
    {.id = 'o',
     .short_name = 'o',
     .long_name = "output",
     .argument = "OUT",
     .help = "write to OUT"},
    {.id = OPT_FORCE, .long_name = "force", .help = "replace OUT if it exists"},
    {.id = OPT_FROM,
     .long_name = "from",
     .argument = "EVENT",
     .help = "begin with this event",
     .group = "Which events are kept"},
    {.id = OPT_TO,
     .long_name = "to",
     .argument = "EVENT",
     .help = "end with this event"},
    {.id = OPT_THREAD,
     .long_name = "thread",
     .argument = "NUMBER",
     .help = "of this thread only (1: the first)"},
    {.id = OPT_FILE,
     .long_name = "file",
     .argument = "GLOB",
     .help =
         "in these files only; repeatable. Without a / it is the name without folders"},
    {.id = OPT_FUNCTION,
     .long_name = "function",
     .argument = "GLOB",
     .help = "in functions of this name, with or without class; repeatable"},
    {0},
};

static const char *const USAGE[] = {
    "FILE -o OUT [--from EVENT] [--to EVENT] [OPTION...]", NULL};

static const struct cl_section SECTIONS[] = {
    {"What is in it",
     "The events that are kept have the numbers that they had, and show what they showed: "
     "the stack with all callers, variables, globals, and every object that can be reached "
     "from them, whoever made it. What the events left out did to objects is part of the "
     "next event that is kept. Source text is there for the files of which something is "
     "kept.\n\nThe gaps are said: `pyreplay info OUT` lists them. Secrets are left as they "
     "are; `pyreplay redact` takes them out, `pyreplay pack` does both."},
    {"Exit status",
     "0 done, 1 when no event fits, 2 when OUT exists, 3 when FILE cannot be read."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay cut shop.pyrec -o end.pyrec --from 80000",
     "the end of a run, complete from event 80,000 on"},
    {"pyreplay cut shop.pyrec -o orders.pyrec --function 'Order.*' --thread 2",
     "what one thread did in the methods of one class"},
    {0},
};

const struct cl_program cli_cut_program = {
    .name = "pyreplay cut",
    .summary = "make a smaller recording out of a part of one",
    .usage = USAGE,
    .description =
        "Writes some of a recording's events, with the state complete at the first of them, "
        "as a recording of its own.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

struct cut_options {
    struct cli_filter filter;
    const char *output;
    bool force;
};

static tf_status
set_number(const char *option, const char *value, uint64_t max, uint64_t *ret_number,
           struct tf_err *err)
{
    unsigned long long number;
    tf_status status = cl_number(option, value, max, &number, err);
    if (status == TF_OK) {
        *ret_number = number;
    }
    return status;
}

static tf_status
set_option(void *context, int id, const char *value, struct tf_err *err)
{
    struct cut_options *options = context;
    uint64_t thread = 0;
    tf_status status = TF_OK;
    switch (id) {
    case 'o': options->output = value; break;
    case OPT_FORCE: options->force = true; break;
    case OPT_FROM:
        return set_number("--from", value, TF_SEQ_MAX, &options->filter.from_seq, err);
    case OPT_TO:
        return set_number("--to", value, TF_SEQ_MAX, &options->filter.to_seq, err);
    case OPT_THREAD:
        status = set_number("--thread", value, TF_THREADS_MAX, &thread, err);
        options->filter.thread = (uint32_t)thread;
        break;
    case OPT_FILE: return cli_globs_add(&options->filter.files, value, err);
    case OPT_FUNCTION: return cli_globs_add(&options->filter.functions, value, err);
    default: break;
    }
    return status;
}

static tf_status
make_cut(struct cut_options *options, struct rp *rp, int fd,
         struct rp_cut_result *ret_result, struct tf_err *err)
{
    tf_status status = cli_filter_begin(&options->filter, rp, err);
    if (status == TF_OK && options->filter.code && options->filter.code_count == 0) {
        status = tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                            "no function of the recording has that name");
    }
    const struct rp_cut cut = {
        .first_seq = options->filter.from_seq,
        .last_seq = options->filter.to_seq == UINT64_MAX ? 0 : options->filter.to_seq,
        .thread = options->filter.thread,
        .code = options->filter.code,
        .code_count = options->filter.code_count,
    };
    return status == TF_OK ? rp_cut(rp, &cut, fd, ret_result, err) : status;
}

static int
run(struct cli_env *env, struct cut_options *options, const char *file)
{
    struct cli_new_file out;
    struct rp_cut_result result;
    struct tf_err err = TF_ERR_INIT;
    struct rp *rp;
    tf_status status = rp_open(file, NULL, &rp, &err);
    if (status != TF_OK) {
        return cli_complain_err(env, file, &err);
    }
    status = cli_new_file_open(&out, options->output, options->force, &err);
    if (status == TF_OK) {
        status = make_cut(options, rp, out.fd, &result, &err);
        status = status == TF_OK ? cli_new_file_keep(&out, &err)
                                 : (cli_new_file_drop(&out), status);
    }
    uint64_t all = rp_facts(rp)->event_count;
    rp_close(rp);
    if (status != TF_OK) {
        return cli_complain_err(env, NULL, &err);
    }
    cli_out_text(env->out, options->output, strlen(options->output));
    cli_out_str(env->out, ": ");
    cli_put_count(env->out, result.event_count);
    cli_out_str(env->out, " of ");
    cli_put_counted(env->out, all, "event");
    cli_out_str(env->out, ", ");
    cli_put_bytes(env->out, result.file_bytes);
    cli_out_char(env->out, '\n');
    return CLI_EXIT_DONE;
}

int
cli_cut_run(struct cli_env *env, int argc, char **argv)
{
    struct cut_options options = {0};
    const char *file;
    int status;
    cli_filter_init(&options.filter);
    if (cli_parse_file(env, &cli_cut_program, argc, argv, set_option, &options, &file,
                       &status)) {
        status = options.output ? run(env, &options, file)
                                : cli_wrong_call(env, &cli_cut_program,
                                                 "where to? -o OUT is missing");
    }
    cli_filter_release(&options.filter);
    return status;
}
