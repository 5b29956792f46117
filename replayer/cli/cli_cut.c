/* `pyreplay cut`: a part of a recording as one of its own. */
#include <inttypes.h>
#include <string.h>

#include "cli_filter.h"
#include "cli_session.h"
#include "cli_share.h"

enum { OPT_FROM = 1, OPT_TO, OPT_THREAD, OPT_FILE, OPT_FUNCTION };

static const struct cl_option OPTIONS[] = {
    CLI_OUTPUT_OPTIONS,
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
    struct cli_output output;
    struct rp_cut_result result;
    uint64_t all; /* events of the whole */
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
    default: cli_output_option(&options->output, id, value); break;
    }
    return status;
}

static tf_status
make(void *ctx, struct rp *rp, int fd, struct tf_err *err)
{
    struct cut_options *options = ctx;
    struct cli_filter *filter = &options->filter;
    tf_status status = cli_filter_begin(filter, rp, err);
    if (status == TF_OK && filter->code && filter->code_count == 0) {
        status = tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                            "no function of the recording has that name");
    }
    const struct rp_cut cut = {
        .first_seq = filter->from_seq,
        .last_seq = filter->to_seq == UINT64_MAX ? 0 : filter->to_seq,
        .thread = filter->thread,
        .code = filter->code,
        .code_count = filter->code_count,
    };
    options->all = rp_facts(rp)->event_count;
    return status == TF_OK ? rp_cut(rp, &cut, fd, &options->result, err) : status;
}

int
cli_cut_run(struct cli_env *env, int argc, char **argv)
{
    struct cut_options options = {0};
    const char *file;
    int status;
    cli_filter_init(&options.filter);
    if (cli_parse_file(env, &cli_cut_program, argc, argv, set_option, &options, &file,
                       &status)
        && cli_output_make(env, &cli_cut_program, &options.output, file, make, &options,
                           &status)) {
        cli_put_count(env->out, options.result.event_count);
        cli_out_str(env->out, " of ");
        cli_put_counted(env->out, options.all, "event");
        cli_out_str(env->out, ", ");
        cli_put_bytes(env->out, options.result.file_bytes);
        cli_out_char(env->out, '\n');
    }
    cli_filter_release(&options.filter);
    return status;
}
