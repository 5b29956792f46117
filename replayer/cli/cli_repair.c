/* `pyreplay repair`: a whole recording out of one that is not. */
#include <inttypes.h>
#include <string.h>

#include "cli_session.h"
#include "cli_share.h"

enum { OPT_OUTPUT = 'o', OPT_FORCE = 1 };

static const struct cl_option OPTIONS[] = {
    {.id = OPT_OUTPUT,
     .short_name = 'o',
     .long_name = "output",
     .argument = "OUT",
     .help = "write to OUT"},
    {.id = OPT_FORCE, .long_name = "force", .help = "replace OUT if it exists"},
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

struct repair_options {
    const char *output;
    bool force;
};

static tf_status
set_option(void *context, int id, const char *value, struct tf_err *err)
{
    struct repair_options *options = context;
    (void)err;
    if (id == OPT_OUTPUT) {
        options->output = value;
    }
    else {
        options->force = true;
    }
    return TF_OK;
}

static int
run(struct cli_env *env, const struct repair_options *options, const char *file)
{
    struct cli_new_file out;
    struct rp_repair_result result;
    struct tf_err err = TF_ERR_INIT;
    struct rp *rp;
    tf_status status = rp_open(file, NULL, &rp, &err);
    if (status != TF_OK) {
        return cli_complain_err(env, file, &err);
    }
    status = cli_new_file_open(&out, options->output, options->force, &err);
    if (status == TF_OK) {
        status = rp_repair(rp, out.fd, &result, &err);
        status = status == TF_OK ? cli_new_file_keep(&out, &err)
                                 : (cli_new_file_drop(&out), status);
    }
    rp_close(rp);
    if (status != TF_OK) {
        return cli_complain_err(env, NULL, &err);
    }
    cli_out_text(env->out, options->output, strlen(options->output));
    cli_out_str(env->out, ": ");
    cli_put_counted(env->out, result.event_count, "event");
    cli_out_str(env->out, ", ");
    cli_put_bytes(env->out, result.file_bytes);
    cli_out_char(env->out, '\n');
    return CLI_EXIT_DONE;
}

int
cli_repair_run(struct cli_env *env, int argc, char **argv)
{
    struct repair_options options = {0};
    const char *file;
    int status;
    if (cli_parse_file(env, &cli_repair_program, argc, argv, set_option, &options,
                       &file, &status)) {
        status = options.output ? run(env, &options, file)
                                : cli_wrong_call(env, &cli_repair_program,
                                                 "where to? -o OUT is missing");
    }
    return status;
}
