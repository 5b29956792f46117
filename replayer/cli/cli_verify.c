/* `pyreplay verify`: whether a recording is whole. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "rp.h"

enum { OPT_QUICK = 1 };

static const struct cl_option OPTIONS[] = {
    {.id = OPT_QUICK,
     .long_name = "quick",
     .help = "only the checksums, nothing is decoded"},
    {0},
};

static const char *const USAGE[] = {"[--quick] FILE", NULL};

static const struct cl_section SECTIONS[] = {
    {"Exit status",
     "0 when nothing is wrong, 1 when something is, 3 when it is no recording at all."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay verify shop.pyrec",
     "read all of it and say what is damaged, if anything"},
    {0},
};

const struct cl_program cli_verify_program = {
    .name = "pyreplay verify",
    .summary = "read a whole recording and report damage",
    .usage = USAGE,
    .description =
        "Reads every byte, checks every checksum, decodes every field, holds what is said "
        "twice against the data (index, counts, postings, the stacks, variables and objects "
        "of keyframes and checkpoints), and sees that every change fits the stacks and "
        "objects that it is about.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

static tf_status
set_option(void *context, int id, const char *value, struct tf_err *err)
{
    (void)id, (void)value, (void)err;
    *(bool *)context = true;
    return TF_OK;
}

#define FINDINGS_SHOWN 100

struct report {
    struct cli_out *out;
    uint64_t shown;
};

static void
put_finding(void *ctx, const struct tf_err *finding)
{
    struct report *report = ctx;
    if (report->shown++ >= FINDINGS_SHOWN) {
        return;
    }
    if (finding->file_off >= 0) {
        cli_out_format(report->out, "byte %" PRId64 ": ", finding->file_off);
    }
    cli_out_text(report->out, finding->message, strlen(finding->message));
    cli_out_char(report->out, '\n');
}

static int
conclude(struct cli_env *env, const char *file, uint64_t findings)
{
    file = cli_name_of(env, file);
    if (findings) {
        cli_complain(
            env, "%s: damaged: %" PRIu64 " fault%s; what is whole can still be opened",
            file, findings, findings == 1 ? "" : "s");
        return CLI_EXIT_NO;
    }
    cli_out_text(env->out, file, strlen(file));
    cli_out_str(env->out, ": whole\n");
    return CLI_EXIT_DONE;
}

int
cli_verify_run(struct cli_env *env, int argc, char **argv)
{
    bool quick = false;
    const char *file;
    int status;
    uint64_t findings = 0;
    struct tf_err err = TF_ERR_INIT;
    if (!cli_parse_file(env, &cli_verify_program, argc, argv, set_option, &quick, &file,
                        &status)) {
        return status;
    }
    struct report report = {.out = env->out};
    struct tf_verify verify = {.finding = put_finding, .ctx = &report, .quick = quick};
    if (rp_verify(file, &verify, &findings, &err) != TF_OK) {
        return cli_complain_err(env, file, &err);
    }
    return conclude(env, file, findings);
}
