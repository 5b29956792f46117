/* `pyreplay info`: what a recording is of. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli_json.h"
#include "cli_session.h"
#include "cli_version_numbers.h"

enum { OPT_FORMAT = 1 };

static const struct cl_option OPTIONS[] = {
    {.id = OPT_FORMAT,
     .long_name = "format",
     .argument = "FORMAT",
     .help = "text (the default) or json"},
    {0},
};

static const char *const USAGE[] = {"[--format text|json] FILE", NULL};

static const struct cl_section SECTIONS[] = {
    {"JSON",
     "One object: format_version, complete, events, events_by_kind, threads, files, "
     "python, argv, exit_status, duration_ns, file_bytes, bytes_per_event, lost, "
     "dump_version and more; of a forked child, parent has uuid, pid and seq of the "
     "recording that it comes from, and of its latest event then. Keys are only added."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay info shop.pyrec",
     "what was run, how it ended, and how much was recorded"},
    {"pyreplay info --format json shop.pyrec | jq .events", "for a script"},
    {0},
};

const struct cl_program cli_info_program = {
    .name = "pyreplay info",
    .summary = "say what a recording is of",
    .usage = USAGE,
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

void
cli_put_command(struct cli_out *out, const struct rp *rp)
{
    const struct tf_header *header = rp_facts(rp)->header;
    for (uint32_t i = 0; i < header->argv_count; i++) {
        cli_out_str(out, i ? " " : "");
        cli_put_tf(out, header->argv[i]);
    }
    if (!header->argv_count) {
        cli_put_tf(out, header->script);
    }
}

/* The exception is the argument of the event that raised it. */
static void
put_failure(struct cli_out *out, struct rp *rp, uint64_t seq)
{
    struct rp_value value;
    bool has;
    if (!seq || rp_event_arg(rp, seq, &has, &value, NULL) != TF_OK || !has) {
        return;
    }
    if (value.kind == TF_VAL_REF) {
        cli_out_str(out, " by ");
        cli_out_style(out, CLI_BAD);
        cli_put_exception(out, rp, value.ref, seq, 200);
        cli_out_style(out, CLI_PLAIN);
    }
    rp_value_release(&value);
}

void
cli_put_outcome(struct cli_out *out, struct rp *rp)
{
    const struct rp_facts *facts = rp_facts(rp);
    const struct tf_footer *footer = facts->footer;
    if (!footer) {
        cli_out_str(out, "How it ended is not recorded");
        return;
    }
    if (!footer->has_exit_status) {
        cli_out_str(out,
                    footer->end_reason.len ? "How it ended is not recorded" : "Ended");
    }
    else if (footer->exit_status < 0) {
        int number = -footer->exit_status;
        const char *name = number < NSIG ? sigabbrev_np(number) : NULL;
        cli_out_format(out, "Killed by signal %d%s%s", number, name ? ", SIG" : "",
                       name ? name : "");
    }
    else {
        cli_out_format(out, "Ended with status %" PRId32, footer->exit_status);
    }
    put_failure(out, rp, footer->failure_seq);
}

static void
put_gap(struct cli_out *out, const struct tf_gap *gap)
{
    bool cut = gap->reason.len == 3 && memcmp(gap->reason.data, "cut", 3) == 0;
    cli_out_str(out, cut ? "Left out: " : "Lost ");
    if (gap->events) {
        cli_put_counted(out, gap->events, "event");
    }
    else {
        cli_out_str(out, "an unknown number of events");
    }
    cli_out_format(out, " before event %" PRIu64, gap->before_seq);
    if (!cut) {
        cli_out_str(out, ": ");
        cli_put_tf(out, gap->reason);
    }
    cli_out_char(out, '\n');
}

bool
cli_put_losses(struct cli_out *out, const struct rp *rp)
{
    const struct rp_facts *facts = rp_facts(rp);
    const struct tf_footer *footer = facts->footer;
    bool any = !facts->complete || facts->gap_count > 0;
    cli_out_style(out, CLI_BAD);
    if (!facts->complete) {
        const char *reason = facts->incomplete_reason ? facts->incomplete_reason : "";
        cli_out_str(out, "Not complete: ");
        cli_out_text(out, reason, strlen(reason));
        if (!facts->rest.whole) {
            cli_out_format(out, " (read up to byte %" PRId64 ")",
                           facts->incomplete_off);
        }
        cli_out_char(out, '\n');
    }
    if (footer && footer->end_reason.len) {
        cli_out_str(out, "Recording stopped early: ");
        cli_put_tf(out, footer->end_reason);
        cli_out_char(out, '\n');
        any = true;
    }
    for (size_t i = 0; i < facts->gap_count && i < 10; i++) {
        put_gap(out, rp_gap(rp, i));
    }
    cli_out_style(out, CLI_PLAIN);
    return any;
}

/* --- As text --- */

static void
put_label(struct cli_out *out, const char *label)
{
    cli_out_style(out, CLI_DIM);
    cli_out_format(out, "%-10s", label);
    cli_out_style(out, CLI_PLAIN);
}

static void
put_when(struct cli_out *out, int64_t unix_ns)
{
    time_t seconds = (time_t)(unix_ns / 1000000000);
    struct tm parts;
    char text[64];
    if (!gmtime_r(&seconds, &parts)
        || !strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)) {
        return;
    }
    cli_out_str(out, text);
}

static void
put_kinds(struct cli_out *out, const uint64_t *by_kind)
{
    for (unsigned kind = 1; kind < TF_EV_COUNT; kind++) {
        const char *sub = tf_event_kind_name(kind);
        if (by_kind[kind]) {
            cli_out_format(out, "%-10s", "");
            cli_put_count(out, by_kind[kind]);
            cli_out_format(out, " %s%s%s%s\n", tf_event_name(kind), sub ? " (" : "",
                           sub ? sub : "", sub ? ")" : "");
        }
    }
}

static void
put_size(struct cli_out *out, const struct rp_facts *facts)
{
    put_label(out, "file");
    cli_put_count(out, facts->file_bytes);
    cli_out_str(out, " bytes");
    if (facts->event_count) {
        cli_out_format(out, ", %.2f an event",
                       (double)facts->file_bytes / (double)facts->event_count);
    }
    cli_out_format(out, ", format %d\n", TF_FORMAT_VERSION);
}

/* How values were captured: `pyrecord --values`. */
static const char *
values_level(const struct tf_header *header)
{
    return !header->limits.values       ? "off"
           : header->limits.values_fast ? "fast"
                                        : "exact";
}

/* The parts of the file, the largest first as a rule; what is left is the index. */
static void
put_space(struct cli_out *out, const struct rp *rp)
{
    const struct tf_space space = rp_space(rp);

    const struct {
        const char *what;
        uint64_t bytes;
    } parts[] = {{"events and values", space.chunks},
                 {"source text", space.sources},
                 {"names of functions, types and files", space.definitions},
                 {"the state at the start", space.checkpoints},
                 {"lists for finding things", space.lists}};

    uint64_t total = rp_facts(rp)->file_bytes;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && total; i++) {
        if (parts[i].bytes) {
            cli_out_format(out, "%-10s", "");
            cli_put_count(out, parts[i].bytes);
            cli_out_format(out, " bytes, %.0f %%: %s\n",
                           100.0 * (double)parts[i].bytes / (double)total,
                           parts[i].what);
        }
    }
}

static void
put_program(struct cli_out *out, struct rp *rp)
{
    const struct tf_header *header = rp_facts(rp)->header;
    size_t version = 0;
    while (version < header->python.len && header->python.data[version] != '\n') {
        version++;
    }
    put_label(out, "command");
    cli_put_command(out, rp);
    cli_out_char(out, '\n');
    put_label(out, "in");
    cli_put_tf(out, header->cwd);
    cli_out_char(out, '\n');
    put_label(out, "python");
    cli_out_text(out, header->python.data, version);
    cli_out_char(out, '\n');
    put_label(out, "on");
    cli_put_tf(out, header->platform);
    cli_out_char(out, '\n');
    put_label(out, "when");
    put_when(out, header->start_unix_ns);
    cli_out_str(out, ", for ");
    cli_put_duration(out, rp_facts(rp)->duration_ns);
    cli_out_char(out, '\n');
    if (header->parent_pid) {
        put_label(out, "process");
        cli_out_format(out,
                       "%" PRIu64 ", forked from process %" PRIu64
                       " after event %" PRIu64 " of its recording\n",
                       header->pid, header->parent_pid, header->parent_seq);
    }
    put_label(out, "outcome");
    cli_put_outcome(out, rp);
    cli_out_char(out, '\n');
}

void
cli_info_text(struct cli_out *out, struct rp *rp)
{
    const struct rp_facts *facts = rp_facts(rp);
    put_program(out, rp);
    put_label(out, "events");
    cli_put_count(out, facts->event_count);
    cli_out_str(out, " in ");
    cli_put_counted(out, facts->thread_count, "thread");
    cli_out_str(out, ", ");
    cli_put_counted(out, facts->file_count, "file");
    cli_out_str(out, ", ");
    cli_put_counted(out, facts->code_count, "function");
    cli_out_char(out, '\n');
    put_kinds(out, facts->events_by_kind);
    put_size(out, facts);
    put_space(out, rp);
    put_label(out, "values");
    cli_out_format(out, "%s\n", values_level(facts->header));
    put_label(out, "losses");
    if (!cli_put_losses(out, rp)) {
        cli_out_str(out, "none\n");
    }
}

/* --- As JSON --- */

static void
json_kinds(struct cli_json *json, const uint64_t *by_kind)
{
    cli_json_key(json, "events_by_kind");
    cli_json_open(json, '{');
    for (unsigned kind = 1; kind < TF_EV_COUNT; kind++) {
        const char *name = tf_event_name(kind);
        bool first = kind == 1 || strcmp(tf_event_name(kind - 1), name) != 0;
        uint64_t total = 0;
        for (unsigned i = kind; i < TF_EV_COUNT; i++) {
            total += strcmp(tf_event_name(i), name) == 0 ? by_kind[i] : 0;
        }
        if (first && total) {
            cli_json_key(json, name);
            cli_json_u64(json, total);
        }
    }
    cli_json_close(json, '}');
}

static void
json_threads(struct cli_json *json, const struct rp *rp)
{
    cli_json_key(json, "threads");
    cli_json_open(json, '[');
    for (uint32_t id = 1; id <= rp_facts(rp)->thread_count; id++) {
        const struct tf_def_thread *thread = rp_thread(rp, id);
        cli_json_open(json, '{');
        cli_json_key(json, "thread");
        cli_json_u64(json, id);
        cli_json_key(json, "name");
        cli_json_text(json, thread->name.data, thread->name.len);
        cli_json_key(json, "native_id");
        cli_json_u64(json, thread->native_id);
        cli_json_key(json, "ident");
        cli_json_u64(json, thread->ident);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void
json_files(struct cli_json *json, const struct rp *rp)
{
    cli_json_key(json, "files");
    cli_json_open(json, '[');
    for (uint32_t id = 1; id <= rp_facts(rp)->file_count; id++) {
        const struct tf_def_file *file = rp_file(rp, id);
        cli_json_text(json, file->path.data, file->path.len);
    }
    cli_json_close(json, ']');
}

static void
json_lost(struct cli_json *json, const struct rp *rp)
{
    const struct rp_facts *facts = rp_facts(rp);
    cli_json_key(json, "lost");
    cli_json_open(json, '[');
    for (size_t i = 0; i < facts->gap_count; i++) {
        const struct tf_gap *gap = rp_gap(rp, i);
        cli_json_open(json, '{');
        cli_json_key(json, "before");
        cli_json_u64(json, gap->before_seq);
        cli_json_key(json, "events");
        cli_json_u64(json, gap->events);
        cli_json_key(json, "reason");
        cli_json_text(json, gap->reason.data, gap->reason.len);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void
json_text(struct cli_json *json, const char *key, struct tf_text text)
{
    cli_json_key(json, key);
    cli_json_text(json, text.data, text.len);
}

static void
json_run(struct cli_json *json, const struct rp *rp)
{
    const struct rp_facts *facts = rp_facts(rp);
    const struct tf_header *header = facts->header;
    const struct tf_footer *footer = facts->footer;
    json_text(json, "python", header->python);
    cli_json_key(json, "argv");
    cli_json_open(json, '[');
    for (uint32_t i = 0; i < header->argv_count; i++) {
        cli_json_text(json, header->argv[i].data, header->argv[i].len);
    }
    cli_json_close(json, ']');
    cli_json_key(json, "exit_status");
    if (footer && footer->has_exit_status) {
        cli_json_i64(json, footer->exit_status);
    }
    else {
        cli_json_null(json);
    }
    cli_json_key(json, "failure_seq");
    if (footer && footer->failure_seq) {
        cli_json_u64(json, footer->failure_seq);
    }
    else {
        cli_json_null(json);
    }
    cli_json_key(json, "values");
    cli_json_str(json, values_level(header));
    json_text(json, "cwd", header->cwd);
    json_text(json, "script", header->script);
    json_text(json, "platform", header->platform);
    json_text(json, "executable", header->executable);
    json_text(json, "recorder", header->recorder);
    cli_json_key(json, "pid");
    cli_json_u64(json, header->pid);
    cli_json_key(json, "start_unix_ns");
    cli_json_i64(json, header->start_unix_ns);
}

static void
json_uuid(struct cli_json *json, const uint8_t *uuid)
{
    char text[33];
    for (int i = 0; i < 16; i++) {
        snprintf(text + 2 * i, 3, "%02x", uuid[i]);
    }
    cli_json_key(json, "uuid");
    cli_json_str(json, text);
}

/* The recording whose process forked this one. */
static void
json_parent(struct cli_json *json, const struct tf_header *header)
{
    cli_json_key(json, "parent");
    if (!header->parent_pid) {
        cli_json_null(json);
        return;
    }
    cli_json_open(json, '{');
    json_uuid(json, header->parent_uuid);
    cli_json_key(json, "pid");
    cli_json_u64(json, header->parent_pid);
    cli_json_key(json, "seq");
    cli_json_u64(json, header->parent_seq);
    cli_json_close(json, '}');
}

static void
json_completeness(struct cli_json *json, const struct rp_facts *facts)
{
    cli_json_key(json, "complete");
    cli_json_bool(json, facts->complete);
    cli_json_key(json, "incomplete_reason");
    if (facts->complete || !facts->incomplete_reason) {
        cli_json_null(json);
    }
    else {
        cli_json_str(json, facts->incomplete_reason);
    }
    cli_json_key(json, "still_runs");
    cli_json_bool(json, facts->rest.runs);
    cli_json_key(json, "tail_events");
    cli_json_u64(json, facts->rest.tail_events);
    cli_json_key(json, "end_reason");
    if (facts->footer && facts->footer->end_reason.len) {
        cli_json_text(json, facts->footer->end_reason.data,
                      facts->footer->end_reason.len);
    }
    else {
        cli_json_null(json);
    }
}

static void
info_json(struct cli_out *out, const struct rp *rp)
{
    const struct rp_facts *facts = rp_facts(rp);
    struct cli_json json;
    cli_json_init(&json, out);
    cli_json_open(&json, '{');
    cli_json_key(&json, "format_version");
    cli_json_u64(&json, TF_FORMAT_VERSION);
    cli_json_key(&json, "dump_version");
    cli_json_u64(&json, CLI_DUMP_VERSION);
    json_completeness(&json, facts);
    cli_json_key(&json, "events");
    cli_json_u64(&json, facts->event_count);
    json_kinds(&json, facts->events_by_kind);
    json_threads(&json, rp);
    json_files(&json, rp);
    json_run(&json, rp);
    cli_json_key(&json, "duration_ns");
    cli_json_u64(&json, facts->duration_ns);
    cli_json_key(&json, "file_bytes");
    cli_json_u64(&json, facts->file_bytes);
    cli_json_key(&json, "bytes_per_event");
    if (facts->event_count) {
        cli_json_real(&json, (double)facts->file_bytes / (double)facts->event_count);
    }
    else {
        cli_json_null(&json);
    }
    const struct tf_space space = rp_space(rp);
    cli_json_key(&json, "space");
    cli_json_open(&json, '{');
    cli_json_key(&json, "chunks");
    cli_json_u64(&json, space.chunks);
    cli_json_key(&json, "sources");
    cli_json_u64(&json, space.sources);
    cli_json_key(&json, "definitions");
    cli_json_u64(&json, space.definitions);
    cli_json_key(&json, "checkpoints");
    cli_json_u64(&json, space.checkpoints);
    cli_json_key(&json, "lists");
    cli_json_u64(&json, space.lists);
    cli_json_close(&json, '}');
    json_lost(&json, rp);
    json_uuid(&json, facts->header->uuid);
    json_parent(&json, facts->header);
    cli_json_close(&json, '}');
    cli_json_end(&json);
}

/* --- The subcommand --- */

static tf_status
set_option(void *context, int id, const char *value, struct tf_err *err)
{
    bool *json = context;
    (void)id;
    if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "--format: '%.60s' is neither text nor json", value);
    }
    *json = strcmp(value, "json") == 0;
    return TF_OK;
}

int
cli_info_run(struct cli_env *env, int argc, char **argv)
{
    bool json = false;
    const char *file;
    int status;
    struct rp *rp;
    struct tf_err err = TF_ERR_INIT;
    if (!cli_parse_file(env, &cli_info_program, argc, argv, set_option, &json, &file,
                        &status)) {
        return status;
    }
    if (rp_open(file, NULL, &rp, &err) != TF_OK) {
        return cli_complain_err(env, file, &err);
    }
    if (json) {
        info_json(env->out, rp);
    }
    else {
        cli_info_text(env->out, rp);
    }
    rp_close(rp);
    return CLI_EXIT_DONE;
}
