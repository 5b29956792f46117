#include "cli_filter.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

void
cli_filter_init(struct cli_filter *filter)
{
    *filter = (struct cli_filter){.to_seq = UINT64_MAX};
}

void
cli_filter_release(struct cli_filter *filter)
{
    free(filter->files.glob);
    free(filter->functions.glob);
    free(filter->code);
}

tf_status
cli_globs_add(struct cli_globs *globs, const char *glob, struct tf_err *err)
{
    const char **grown = realloc(globs->glob, (globs->count + 1) * sizeof *grown);
    if (!grown) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    globs->glob = grown;
    grown[globs->count++] = glob;
    return TF_OK;
}

/* The kinds of events of that name, as bits; 0: there is none. */
static uint32_t
kinds_named(const char *name, size_t len)
{
    uint32_t kinds = 0;
    for (unsigned kind = 1; kind < TF_EV_COUNT; kind++) {
        const char *event = tf_event_name(kind), *sub = tf_event_kind_name(kind);
        bool is_event = event && strlen(event) == len && memcmp(event, name, len) == 0;
        bool is_sub = sub && strlen(sub) == len && memcmp(sub, name, len) == 0;
        kinds |= is_event || is_sub ? 1u << kind : 0;
    }
    return kinds;
}

tf_status
cli_filter_set_events(struct cli_filter *filter, const char *list, struct tf_err *err)
{
    const char *name = list;
    for (;;) {
        size_t len = strcspn(name, ",");
        uint32_t kinds = kinds_named(name, len);
        if (!kinds) {
            return tf_err_set(
                err, TF_ERR_ARGUMENT, -1,
                "--events: no event '%.*s'; there are call, line, return, "
                "exception, opcode, c_call, c_return, c_exception, start, "
                "resume, throw, yield, unwind",
                (int)(len < 60 ? len : 60), name);
        }
        filter->kinds |= kinds;
        if (!name[len]) {
            return TF_OK;
        }
        name += len + 1;
    }
}

/* `text` may hold zeros, where it ends for fnmatch; long names do not match. */
static bool
glob_matches(const char *glob, struct tf_text text)
{
    char copy[4096];
    if (text.len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.data ? text.data : "", text.len);
    copy[text.len] = 0;
    return fnmatch(glob, copy, 0) == 0;
}

static struct tf_text
last_part(struct tf_text path)
{
    const char *slash = path.len ? memrchr(path.data, '/', path.len) : NULL;
    if (slash) {
        path.len -= (size_t)(slash + 1 - path.data);
        path.data = slash + 1;
    }
    return path;
}

static bool
file_matches(const struct cli_globs *globs, struct tf_text path)
{
    bool matches = globs->count == 0;
    for (size_t i = 0; i < globs->count && !matches; i++) {
        bool whole = strchr(globs->glob[i], '/') != NULL;
        matches = glob_matches(globs->glob[i], whole ? path : last_part(path));
    }
    return matches;
}

static bool
function_matches(const struct cli_globs *globs, const struct tf_def_code *code)
{
    bool matches = globs->count == 0;
    for (size_t i = 0; i < globs->count && !matches; i++) {
        matches = glob_matches(globs->glob[i], code->qualname)
                  || glob_matches(globs->glob[i], code->name);
    }
    return matches;
}

tf_status
cli_filter_begin(struct cli_filter *filter, const struct rp *rp, struct tf_err *err)
{
    uint32_t count = rp_facts(rp)->code_count;
    if (filter->files.count == 0 && filter->functions.count == 0) {
        return TF_OK;
    }
    filter->code = malloc(((size_t)count + 1) * sizeof *filter->code);
    if (!filter->code) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    for (uint32_t id = 1; id <= count; id++) {
        const struct tf_def_code *code = rp_code(rp, id);
        if (function_matches(&filter->functions, code)
            && file_matches(&filter->files, rp_file(rp, code->file)->path)) {
            filter->code[filter->code_count++] = id;
        }
    }
    return TF_OK;
}

tf_status
cli_filter_next(const struct cli_filter *filter, struct rp *rp, uint64_t from,
                uint64_t *ret_seq, struct tf_err *err)
{
    uint64_t seq;
    struct rp_filter wanted = {
        .kinds = filter->kinds,
        .thread = filter->thread,
        .code = filter->code,
        .code_count = filter->code_count,
    };
    if (filter->code && filter->code_count == 0) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no such function");
    }
    tf_status status = rp_find(rp, &wanted, from, true, &seq, err);
    if (status == TF_OK && seq > filter->to_seq) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no more events");
    }
    if (status == TF_OK) {
        *ret_seq = seq;
    }
    return status;
}
