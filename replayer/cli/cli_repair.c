/* `pyreplay repair`: a whole recording out of one that is not. */
#include <inttypes.h>
#include <string.h>

#include "cli_session.h"
#include "cli_share.h"

static const struct cl_option OPTIONS[] = {
    CLI_OUTPUT_OPTIONS,
    {0},
};

static const char *const USAGE[] = {"FILE -o OUT [--force]", NULL};

static const struct cl_section SECTIONS[] = {
    {"What is in it",
     "Everything that is whole in FILE, and the last events from FILE.tail, which the "
     "recorder keeps as long as the program runs: it is there after a program was killed. "
     "What is derived of it (the index and what finds things without a search) is made anew. "
     "`pyreplay info OUT` says why the recording ended.\n\nFILE and its tail stay as they "
     "are. When OUT is there they are not needed any more."},
    {"Exit status", "0 done, 2 when OUT exists, 3 when FILE cannot be read."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay repair shop.pyrec -o shop.whole.pyrec",
     "one file of shop.pyrec and shop.pyrec.tail, to be given away or kept"},
    {0},
};

const struct cl_program cli_repair_program = {
    .name = "pyreplay repair",
    .summary = "make a whole recording out of one that was not finished",
    .usage = USAGE,
    .description =
        "Writes what there is of a recording whose program was killed, or whose "
        "file is damaged, as a recording that is whole.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

static tf_status
set_option(void *context, int id, const char *value, struct tf_err *err)
{
    (void)err;
    cli_output_option(context, id, value);
    return TF_OK;
}

static tf_status
make(void *ctx, struct rp *rp, int fd, struct tf_err *err)
{
    return rp_repair(rp, fd, ctx, err);
}

int
cli_repair_run(struct cli_env *env, int argc, char **argv)
{
    struct cli_output output = {0};
    struct rp_repair_result result;
    const char *file;
    int status;
    if (cli_parse_file(env, &cli_repair_program, argc, argv, set_option, &output, &file,
                       &status)
        && cli_output_make(env, &cli_repair_program, &output, file, make, &result,
                           &status)) {
        cli_put_counted(env->out, result.event_count, "event");
        cli_out_str(env->out, ", ");
        cli_put_bytes(env->out, result.file_bytes);
        cli_out_char(env->out, '\n');
    }
    return status;
}
