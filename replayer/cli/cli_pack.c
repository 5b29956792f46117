/* `pyreplay pack`: the attachment for a bug report. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_session.h"
#include "cli_share.h"
#include "cli_zip.h"

enum { OPT_LAST = 1, OPT_RULES, OPT_NAME, OPT_TEXT, OPT_HOME, OPT_FORCE, OPT_DRY_RUN };

static const struct cl_option OPTIONS[] = {
    {.id = OPT_LAST,
     .long_name = "last",
     .argument = "N",
     .help = "only the last N events (default: all)"},
    {.id = 'o',
     .short_name = 'o',
     .long_name = "output",
     .argument = "OUT",
     .help = "write to OUT (default: NAME.pyrec.zip beside the recording)"},
    {.id = OPT_FORCE, .long_name = "force", .help = "replace OUT if it exists"},
    {.id = 'n',
     .short_name = 'n',
     .long_name = "dry-run",
     .help = "say what would be in it, and write nothing"},
    {.id = OPT_NAME,
     .long_name = "name",
     .argument = "PATTERN",
     .help = "take out the values of what is called so, too (repeatable)"},
    {.id = OPT_TEXT,
     .long_name = "text",
     .argument = "PATTERN",
     .help = "take out this text wherever it stands (repeatable)"},
    {.id = OPT_RULES,
     .long_name = "rules",
     .argument = "FILE",
     .help = "take out what a file of rules says (repeatable)"},
    {.id = OPT_HOME,
     .long_name = "home",
     .argument = "FOLDER",
     .help =
         "write ~ for this folder (default: the home folder that the recording's paths "
         "are in, if there is one)"},
    {0},
};

static const char *const USAGE[] = {"FILE [--last N] [OPTION...]", NULL};

static const struct cl_section SECTIONS[] = {
    {"What it does",
     "Joins the tail of a recording that was cut off, keeps the last N events (the state at "
     "the first of them is complete), takes out secrets as pyreplay redact does, shortens "
     "paths in the home folder, and packs the result. Before it writes, it says how large it "
     "is, of which files the source is inside, and what still looks secret: look at that "
     "list before you give the file away.\n\npyreplay opens the archive directly."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay pack shop.pyrec --last 100000",
     "shop.pyrec.zip, with what led to the end of the run"},
    {"pyreplay pack shop.pyrec --rules team.rules --dry-run",
     "only say what would be given away"},
    {"pyreplay shop.pyrec.zip", "open what somebody packed"},
    {0},
};

const struct cl_program cli_pack_program = {
    .name = "pyreplay pack",
    .summary = "make a recording into an attachment for a bug report",
    .usage = USAGE,
    .description = "Cuts, redacts and packs a recording in one step.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

#define SUSPECTS_SHOWN 20

/* What looks secret, and at how many places. */
struct suspect {
    const char *what;
    char *text;
    size_t len;
    uint64_t places;
};

struct pack {
    struct cli_env *env;
    struct tf_rules *rules;
    const char *output, *home;
    uint64_t last;
    bool force, dry_run;
    struct suspect *suspect; /* each once */
    size_t suspect_count;
    uint64_t more; /* places of others */
};

static tf_status
set_option(void *context, int id, const char *value, struct tf_err *err)
{
    struct pack *pack = context;
    unsigned long long number = 0;
    tf_status status = TF_OK;
    switch (id) {
    case OPT_LAST:
        status = cl_number("--last", value, TF_SEQ_MAX, &number, err);
        pack->last = number;
        break;
    case 'o': pack->output = value; break;
    case 'n': pack->dry_run = true; break;
    case OPT_FORCE: pack->force = true; break;
    case OPT_HOME: pack->home = value; break;
    case OPT_NAME: return tf_rules_add(pack->rules, TF_RULE_NAME, value, err);
    case OPT_TEXT: return tf_rules_add(pack->rules, TF_RULE_TEXT, value, err);
    case OPT_RULES: return tf_rules_read(pack->rules, value, err);
    default: break;
    }
    return status;
}

/* "/home/NAME", "/Users/NAME" or "/root", if the path is in there: its length, else 0. */
static size_t
home_len(struct tf_text path)
{
    static const char *const above[] = {"/home/", "/Users/"};
    for (size_t i = 0; i < sizeof above / sizeof *above; i++) {
        size_t len = strlen(above[i]);
        if (path.len > len && memcmp(path.data, above[i], len) == 0) {
            const char *end = memchr(path.data + len, '/', path.len - len);
            return end ? (size_t)(end - path.data) : path.len;
        }
    }
    return path.len >= 6 && memcmp(path.data, "/root/", 6) == 0 ? 5 : 0;
}

/* The home folder of the recording; NULL: none. The caller frees it. */
static char *
find_home(const struct rp *rp, const char *given)
{
    const struct tf_header *header = rp_facts(rp)->header;
    struct tf_text path = header->cwd;
    if (given) {
        return strdup(given);
    }
    for (uint32_t id = 1; !home_len(path) && id <= rp_facts(rp)->file_count; id++) {
        path = rp_file(rp, id)->own ? rp_file(rp, id)->path : path;
    }
    return home_len(path) ? strndup(path.data, home_len(path)) : NULL;
}

static tf_status
redact(struct pack *pack, struct rp *rp, int fd, struct tf_err *err)
{
    char *home = find_home(rp, pack->home);
    struct rp_redact_result result;
    const struct rp_redact how = {.rules = pack->rules, .home = {home}};
    tf_status status = rp_redact(rp, &how, fd, &result, err);
    free(home);
    return status;
}

/* Cut, then redacted, into the file behind `fd`. */
static tf_status
prepare(struct pack *pack, const char *file, int fd, struct tf_err *err)
{
    struct rp *rp = NULL, *part = NULL;
    struct rp_cut_result result;
    char name[32];
    int part_fd = -1;
    tf_status status = rp_open(file, NULL, &rp, err);
    uint64_t last_seq = status == TF_OK ? rp_facts(rp)->last_seq : 0;
    if (status == TF_OK && pack->last && pack->last < last_seq) {
        const struct rp_cut cut = {.first_seq = last_seq - pack->last + 1};
        status = cli_scratch_open(pack->output, &part_fd, name, err);
        if (status == TF_OK) {
            status = rp_cut(rp, &cut, part_fd, &result, err);
        }
        if (status == TF_OK) {
            status = rp_open(name, NULL, &part, err);
        }
    }
    if (status == TF_OK) {
        status = redact(pack, part ? part : rp, fd, err);
    }
    rp_close(part);
    rp_close(rp);
    if (part_fd >= 0) {
        close(part_fd);
    }
    return status;
}

/* --- What is said before --- */

static void
note_suspect(void *ctx, const char *what, struct tf_text text)
{
    struct pack *pack = ctx;
    for (size_t i = 0; i < pack->suspect_count; i++) {
        struct suspect *known = &pack->suspect[i];
        if (known->what == what && known->len == text.len
            && memcmp(known->text, text.data, text.len) == 0) {
            known->places++;
            return;
        }
    }
    char *copy = pack->suspect_count < SUSPECTS_SHOWN ? malloc(text.len) : NULL;
    if (!copy) {
        pack->more++;
        return;
    }
    memcpy(copy, text.data, text.len);
    pack->suspect[pack->suspect_count++] = (struct suspect){what, copy, text.len, 1};
}

static void
put_suspects(struct pack *pack)
{
    struct cli_out *out = pack->env->out;
    cli_out_str(out, "Still looks secret:\n");
    for (size_t i = 0; i < pack->suspect_count; i++) {
        const struct suspect *suspect = &pack->suspect[i];
        cli_out_format(out, "  %s: ", suspect->what);
        cli_put_tf(out, (struct tf_text){suspect->text, suspect->len});
        if (suspect->places > 1) {
            cli_out_format(out, "  (%" PRIu64 " places)", suspect->places);
        }
        cli_out_char(out, '\n');
    }
    if (pack->more) {
        cli_out_format(out, "  and %" PRIu64 " more\n", pack->more);
    }
    cli_out_str(out, pack->suspect_count + pack->more
                         ? "To take one out: pyreplay pack --text 'PATTERN' ...\n"
                         : "  nothing\n");
}

static void
put_sources(struct cli_out *out, struct rp *rp)
{
    struct tf_text text;
    cli_out_str(out, "Source of these files is inside:\n");
    for (uint32_t id = 1; id <= rp_facts(rp)->file_count; id++) {
        if (rp_source(rp, id, &text, NULL) == TF_OK) {
            cli_out_str(out, "  ");
            cli_put_tf(out, rp_file(rp, id)->path);
            cli_out_char(out, '\n');
        }
    }
}

static tf_status
report(struct pack *pack, const char *name, struct tf_err *err)
{
    struct cli_out *out = pack->env->out;
    struct rp *rp;
    tf_status status = rp_open(name, NULL, &rp, err);
    if (status != TF_OK) {
        return status;
    }
    cli_out_text(out, pack->output, strlen(pack->output));
    cli_out_str(out, ": ");
    cli_put_counted(out, rp_facts(rp)->event_count, "event");
    cli_out_str(out, ", ");
    cli_put_bytes(out, rp_facts(rp)->file_bytes);
    cli_out_char(out, '\n');
    put_sources(out, rp);
    status = rp_suspects(rp, note_suspect, pack, err);
    if (status == TF_OK) {
        put_suspects(pack);
    }
    rp_close(rp);
    cli_out_flush(out);
    return status;
}

/* --- The archive --- */

/* The recording's own name, without folders. */
static const char *
entry_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

static tf_status
write_archive(struct pack *pack, const char *file, const char *name, struct tf_err *err)
{
    struct cli_new_file out;
    size_t len = strlen(entry_name(file));
    bool named = len > 6 && strcmp(file + strlen(file) - 6, ".pyrec") == 0;
    tf_status status = cli_new_file_open(&out, pack->output, pack->force, err);
    if (status != TF_OK) {
        return status;
    }
    status = cli_zip_write(out.part, named ? entry_name(file) : "recording.pyrec", name,
                           err);
    if (status == TF_OK && chmod(out.part, 0600) != 0) {
        status = tf_err_set(err, TF_ERR_IO, -1, "cannot write %.150s", pack->output);
    }
    return status == TF_OK ? cli_new_file_keep(&out, err)
                           : (cli_new_file_drop(&out), status);
}

static int
run(struct pack *pack, const char *file)
{
    struct tf_err err = TF_ERR_INIT;
    char *default_output = NULL, name[32];
    int fd = -1;
    const char *name_of = cli_name_of(pack->env, file);
    if (!pack->output
        && asprintf(&default_output, "%s%s", name_of, name_of == file ? ".zip" : "")
               >= 0) {
        pack->output = default_output;
    }
    tf_status status = pack->output ? TF_OK : TF_ERR_MEMORY;
    if (status == TF_OK && !pack->force && access(pack->output, F_OK) == 0) {
        status = tf_err_set(&err, TF_ERR_ARGUMENT, -1,
                            "%.180s exists already; --force replaces it", pack->output);
    }
    if (status == TF_OK) {
        status = cli_scratch_open(pack->output, &fd, name, &err);
    }
    if (status == TF_OK) {
        status = prepare(pack, file, fd, &err);
    }
    if (status == TF_OK) {
        status = report(pack, name, &err);
    }
    if (status == TF_OK && !pack->dry_run) {
        status = write_archive(pack, name_of, name, &err);
    }
    if (status == TF_OK) {
        cli_out_str(pack->env->out,
                    pack->dry_run ? "Nothing was written.\n" : "Written.\n");
    }
    if (fd >= 0) {
        close(fd);
    }
    int exit_status =
        status == TF_OK ? CLI_EXIT_DONE : cli_complain_err(pack->env, file, &err);
    free(default_output);
    return exit_status;
}

int
cli_pack_run(struct cli_env *env, int argc, char **argv)
{
    struct suspect suspect[SUSPECTS_SHOWN];
    struct pack pack = {.env = env, .rules = tf_rules_new(true), .suspect = suspect};
    const char *file;
    int status;
    umask(077); /* the library of archives makes files of its own */
    if (!pack.rules) {
        cli_complain(env, "out of memory");
        return CLI_EXIT_FAULT;
    }
    if (cli_parse_file(env, &cli_pack_program, argc, argv, set_option, &pack, &file,
                       &status)) {
        status = run(&pack, file);
    }
    for (size_t i = 0; i < pack.suspect_count; i++) {
        free(suspect[i].text);
    }
    tf_rules_free(pack.rules);
    return status;
}
