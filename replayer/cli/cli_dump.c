/* `pyreplay dump`: the events of a recording, one by one. */
#include <string.h>

#include "cli.h"
#include "cli_dump_row.h"
#include "cli_filter.h"

enum {
    OPT_FORMAT = 1,
    OPT_VALUES,
    OPT_GLOBALS,
    OPT_NO_LOCALS,
    OPT_FROM,
    OPT_TO,
    OPT_THREAD,
    OPT_FILE,
    OPT_FUNCTION,
    OPT_EVENTS,
};

static const struct cl_option OPTIONS[] = {
    {.id = OPT_FORMAT,
     .long_name = "format",
     .argument = "FORMAT",
     .help =
         "text (the default), or jsonl: one JSON object an event, a stable interface",
     .group = "What is printed"},
    {.id = OPT_VALUES,
     .long_name = "values",
     .argument = "HOW",
     .help =
         "text (the default): a value as repr() prints it; structured: with type, id, "
         "items, entries, attrs (jsonl only)"},
    {.id = OPT_GLOBALS,
     .long_name = "globals",
     .help = "the module globals that the function uses, too"},
    {.id = OPT_NO_LOCALS, .long_name = "no-locals", .help = "events without locals"},
    {.id = OPT_FROM,
     .long_name = "from",
     .argument = "EVENT",
     .help = "begin with this event",
     .group = "Which events"},
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
    {.id = OPT_EVENTS,
     .long_name = "events",
     .argument = "LIST",
     .help = "of these kinds: call,line,return,exception,opcode,c_call,c_return,"
             "c_exception; or start,resume,throw,yield,unwind"},
    {0},
};

static const char *const USAGE[] = {"[OPTION...] FILE", NULL};

static const struct cl_section SECTIONS[] = {
    {"JSON lines",
     "Fields: seq, time_ns, thread, task, frame, parent, call_seq, depth, event, kind, "
     "file, function, line, arg, locals, globals (with --globals), exception (type, text, "
     "id, cause, context; at exception events), elided (path to reason) and late (path to "
     "events), both only where there is something. Within a dump_version (see pyreplay "
     "info --format json) fields are only added."},
    {"Exit status", "0 done, 1 when no event matches, 3 when the file cannot be read."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay dump shop.pyrec | less", "everything, to read"},
    {"pyreplay dump --format jsonl --events exception shop.pyrec | jq .exception",
     "what was raised"},
    {"pyreplay dump --function 'Cart.*' --events call,return --no-locals shop.pyrec",
     "calls of one class"},
    {0},
};

const struct cl_program cli_dump_program = {
    .name = "pyreplay dump",
    .summary = "print a recording's events",
    .usage = USAGE,
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

struct dump {
    struct cli_dumper dumper;
    struct cli_filter filter;
};

static tf_status
set_word(const char *option, const char *value, const char *off, const char *on,
         bool *ret_is_on, struct tf_err *err)
{
    if (strcmp(value, off) != 0 && strcmp(value, on) != 0) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "%s: '%.60s' is neither %s nor %s",
                          option, value, off, on);
    }
    *ret_is_on = strcmp(value, on) == 0;
    return TF_OK;
}

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
    struct dump *dump = context;
    struct cli_filter *filter = &dump->filter;
    uint64_t thread = 0;
    tf_status status = TF_OK;
    switch (id) {
    case OPT_FORMAT:
        return set_word("--format", value, "text", "jsonl", &dump->dumper.jsonl, err);
    case OPT_VALUES:
        return set_word("--values", value, "text", "structured",
                        &dump->dumper.structured, err);
    case OPT_GLOBALS: dump->dumper.globals = true; break;
    case OPT_NO_LOCALS: dump->dumper.no_locals = true; break;
    case OPT_FROM:
        return set_number("--from", value, UINT64_MAX, &filter->from_seq, err);
    case OPT_TO: return set_number("--to", value, UINT64_MAX, &filter->to_seq, err);
    case OPT_THREAD:
        status = set_number("--thread", value, UINT32_MAX, &thread, err);
        if (status == TF_OK && thread == 0) {
            return tf_err_set(err, TF_ERR_ARGUMENT, -1, "--thread: threads begin at 1");
        }
        filter->thread = (uint32_t)thread;
        break;
    case OPT_FILE: return cli_globs_add(&filter->files, value, err);
    case OPT_FUNCTION: return cli_globs_add(&filter->functions, value, err);
    case OPT_EVENTS: return cli_filter_set_events(filter, value, err);
    }
    return status;
}

/* TF_ERR_NOT_FOUND when no event passed the filter. */
static tf_status
dump_events(struct dump *dump, struct tf_err *err)
{
    struct cli_dumper *dumper = &dump->dumper;
    uint64_t from = dump->filter.from_seq > 0 ? dump->filter.from_seq - 1 : 0, seq;
    tf_status status;
    bool any = false;
    while ((status = cli_filter_next(&dump->filter, dumper->rp, from, &seq, err))
           == TF_OK) {
        status = cli_dump_row(dumper, seq, err);
        if (status != TF_OK) {
            return status;
        }
        if (cli_out_failed(dumper->out)) {
            return TF_OK; /* nobody reads on; cli_finish() says so where it matters */
        }
        any = true;
        from = seq;
    }
    return status == TF_ERR_NOT_FOUND && any ? TF_OK : status;
}

static int
dump_file(struct cli_env *env, struct dump *dump, const char *file)
{
    struct tf_err err = TF_ERR_INIT;
    tf_status status = rp_open(file, NULL, &dump->dumper.rp, &err);
    if (status == TF_OK) {
        cli_warn_incomplete(env, file, dump->dumper.rp);
        status = cli_filter_begin(&dump->filter, dump->dumper.rp, &err);
    }
    if (status == TF_OK) {
        status = dump_events(dump, &err);
    }
    bool empty = dump->dumper.rp && rp_facts(dump->dumper.rp)->event_count == 0;
    rp_close(dump->dumper.rp);
    if (status == TF_ERR_NOT_FOUND) {
        cli_complain(env,
                     empty ? "%s: no event was recorded"
                           : "%s: no event matches; without filters all are printed",
                     file);
        return CLI_EXIT_NO;
    }
    return status == TF_OK ? CLI_EXIT_DONE : cli_complain_err(env, file, &err);
}

int
cli_dump_run(struct cli_env *env, int argc, char **argv)
{
    struct dump dump = {.dumper = {.out = env->out}};
    const char *file;
    int status;
    cli_filter_init(&dump.filter);
    if (cli_parse_file(env, &cli_dump_program, argc, argv, set_option, &dump, &file,
                       &status)) {
        bool wrong = dump.dumper.structured && !dump.dumper.jsonl;
        status = wrong ? cli_wrong_call(env, &cli_dump_program,
                                        "--values structured needs --format jsonl")
                       : dump_file(env, &dump, file);
    }
    cli_filter_release(&dump.filter);
    cli_dumper_release(&dump.dumper);
    return status;
}
