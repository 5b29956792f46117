/* What a breakpoint is about: the code objects, types or place that its text means. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rp_break.h"
#include "rp_watch.h"

/* --- Which code objects --- */

static bool
add_code(struct rp_point *point, uint32_t id)
{
    uint32_t *code = realloc(point->code, (point->pub.code_count + 1) * sizeof *code);
    if (!code) {
        return false;
    }
    code[point->pub.code_count++] = id;
    point->code = code;
    return true;
}

static tf_status
sum_hits(struct rp *rp, struct rp_point *point, enum tf_posting_sort sort,
         struct tf_err *err)
{
    for (size_t i = 0; i < point->pub.code_count; i++) {
        uint64_t hits = 0;
        tf_status status = tf_reader_posting_hits(
            rp->reader, sort, point->code[i],
            sort == TF_POSTING_LINE ? point->pub.lineno : 0, &hits, err);
        if (status == TF_OK) {
            point->pub.run_hits += hits;
        }
        else if (status != TF_ERR_NOT_FOUND) {
            return status;
        }
    }
    return TF_OK;
}

static bool
line_of_code(const struct tf_def_code *code, uint32_t lineno)
{
    for (uint32_t i = 0; i < code->line_count; i++) {
        if (code->line[i] == lineno) {
            return true;
        }
    }
    return false;
}

/* The first line from `lineno` on that has code in what the run met; 0: none. */
static uint32_t
next_code_line(const struct rp *rp, uint32_t file, uint32_t lineno)
{
    uint32_t best = 0;
    for (uint32_t id = 1; id <= rp->facts.code_count; id++) {
        const struct tf_def_code *code = rp_code(rp, id);
        for (uint32_t i = 0; code->file == file && i < code->line_count; i++) {
            if (code->line[i] >= lineno && (!best || code->line[i] < best)) {
                best = code->line[i];
            }
        }
    }
    return best;
}

/* A blank line or a comment: nothing can ever run there. */
static bool
line_is_empty(struct tf_text line)
{
    size_t i = 0;
    while (i < line.len && isspace((unsigned char)line.data[i])) {
        i++;
    }
    return i == line.len || line.data[i] == '#';
}

static tf_status
no_code(struct rp *rp, uint32_t file, uint32_t lineno, struct tf_err *err)
{
    struct tf_text path = rp_file(rp, file)->path, line;
    int len = (int)(path.len < 120 ? path.len : 120);
    struct tf_err why = TF_ERR_INIT;
    tf_status status = rp_source_line(rp, file, lineno, &line, &why);
    uint32_t count = 0;
    if (status != TF_OK && rp_source_line_count(rp, file, &count, NULL) == TF_OK) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "%.*s has %u lines, not %u", len,
                          path.data, count, lineno);
    }
    if (status != TF_OK || !line_is_empty(line)) {
        return TF_OK; /* there may be code that the run never met */
    }
    uint32_t next = next_code_line(rp, file, lineno);
    return next
               ? tf_err_set(err, TF_ERR_ARGUMENT, -1,
                            "no code at line %u of %.*s; the next line with code is %u",
                            lineno, len, path.data, next)
               : tf_err_set(err, TF_ERR_ARGUMENT, -1,
                            "no code at line %u of %.*s, nor after it", lineno, len,
                            path.data);
}

static tf_status
find_file(const struct rp *rp, const struct rp_break_spec *spec, uint32_t *ret_file,
          struct tf_err *err)
{
    uint32_t ids[4];
    if (!spec->file.len) {
        *ret_file = spec->file_id;
        return spec->file_id ? TF_OK
                             : tf_err_set(err, TF_ERR_ARGUMENT, -1, "which file?");
    }
    size_t count = rp_files_named(rp, spec->file, ids, 4);
    int len = (int)(spec->file.len < 60 ? spec->file.len : 60);
    if (count == 1) {
        *ret_file = ids[0];
        return TF_OK;
    }
    if (count == 0) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "no recorded code comes from a file named '%.*s'", len,
                          spec->file.data);
    }
    struct tf_text a = rp_file(rp, ids[0])->path, b = rp_file(rp, ids[1])->path;
    return tf_err_set(
        err, TF_ERR_ARGUMENT, -1, "'%.*s' may be %.*s or %.*s%s: say more of the path",
        len, spec->file.data, (int)(a.len < 60 ? a.len : 60), a.data,
        (int)(b.len < 60 ? b.len : 60), b.data, count > 2 ? " or others" : "");
}

static tf_status
resolve_line(struct rp *rp, const struct rp_break_spec *spec, struct rp_point *point,
             struct tf_err *err)
{
    tf_status status = find_file(rp, spec, &point->pub.file, err);
    if (status != TF_OK) {
        return status;
    }
    point->pub.lineno = spec->lineno;
    for (uint32_t id = 1; id <= rp->facts.code_count; id++) {
        const struct tf_def_code *code = rp_code(rp, id);
        if (code->file == point->pub.file && line_of_code(code, spec->lineno)
            && !add_code(point, id)) {
            return rp_no_memory(err);
        }
    }
    if (point->pub.code_count == 0) {
        return no_code(rp, point->pub.file, spec->lineno, err);
    }
    return sum_hits(rp, point, TF_POSTING_LINE, err);
}

/* --- A function that the run never called has no code object: its name may stand in the
 * source after `def` or `class`. --- */

static bool
is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool
text_defines(struct tf_text text, struct tf_text name)
{
    for (size_t i = 0; i + 4 + name.len <= text.len; i++) {
        if (memcmp(text.data + i, "def ", 4) == 0
            && memcmp(text.data + i + 4, name.data, name.len) == 0
            && (i == 0 || !is_word(text.data[i - 1]))
            && (i + 4 + name.len == text.len
                || !is_word(text.data[i + 4 + name.len]))) {
            return true;
        }
    }
    return false;
}

static bool
source_defines(struct rp *rp, struct tf_text name)
{
    for (size_t i = name.len; i-- > 0;) { /* the last part of a qualified name */
        if (name.data[i] == '.') {
            name = (struct tf_text){name.data + i + 1, name.len - i - 1};
            break;
        }
    }
    for (uint32_t id = 1; id <= rp->facts.file_count && name.len; id++) {
        struct tf_text text;
        if (rp_source(rp, id, &text, NULL) == TF_OK && text_defines(text, name)) {
            return true;
        }
    }
    return false;
}

static tf_status
resolve_function(struct rp *rp, const struct rp_break_spec *spec,
                 struct rp_point *point, struct tf_err *err)
{
    size_t count = rp_codes_named(rp, spec->name, NULL, 0);
    point->pub.at_exit = spec->at_exit;
    point->code = calloc(count + 1, sizeof *point->code);
    if (!point->code) {
        return rp_no_memory(err);
    }
    point->pub.code_count = rp_codes_named(rp, spec->name, point->code, count);
    if (count == 0 && (rp_glob_magic(spec->name) || !source_defines(rp, spec->name))) {
        return tf_err_set(
            err, TF_ERR_ARGUMENT, -1, "no recorded function is named '%.*s'",
            (int)(spec->name.len < 100 ? spec->name.len : 100), spec->name.data);
    }
    if (count) {
        const struct tf_def_code *code = rp_code(rp, point->code[0]);
        point->pub.file = code->file;
        point->pub.lineno = code->first_lineno;
    }
    return sum_hits(rp, point, TF_POSTING_CODE, err);
}

/* --- Which types of exceptions --- */

/* By name or qualified name, as a glob, or by the name of a base. */
static bool
type_fits(const struct rp *rp, const struct rp_point *point,
          const struct tf_def_type *type)
{
    struct tf_text pattern = {point->name, strlen(point->name)};
    struct rp_buf name = RP_BUF_INIT;
    rp_type_name(type, &name);
    bool fits = rp_glob(pattern, type->name)
                || rp_glob(pattern, (struct tf_text){name.data, name.len})
                || (!rp_glob_magic(pattern) && rp_type_is(rp, type, point->name));
    rp_buf_release(&name);
    return fits;
}

/* The recording does not name BaseException where nothing of that very type is in it. */
static bool
is_builtin_exception(const char *name)
{
    size_t len = strlen(name);
    static const char *const others[] = {"KeyboardInterrupt", "SystemExit",
                                         "StopIteration", "StopAsyncIteration",
                                         "GeneratorExit"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(name, others[i]) == 0) {
            return true;
        }
    }
    return (len >= 5 && strcmp(name + len - 5, "Error") == 0)
           || (len >= 7 && strcmp(name + len - 7, "Warning") == 0)
           || (len >= 9 && strcmp(name + len - 9, "Exception") == 0);
}

static tf_status
resolve_uncaught(struct rp *rp, struct rp_point *point, struct tf_err *err)
{
    tf_status status = rp_uncaught(rp, &point->uncaught, err);
    for (size_t i = 0; status == TF_OK && i < point->uncaught->count; i++) {
        for (size_t k = 0; k < point->type_count; k++) {
            point->pub.run_hits += point->uncaught->type[i] == point->type[k];
        }
    }
    return status;
}

static tf_status
resolve_exception(struct rp *rp, const struct rp_break_spec *spec,
                  struct rp_point *point, struct tf_err *err)
{
    bool any = spec->name.len == 0;
    point->pub.uncaught = spec->uncaught;
    point->name = any ? strdup("*") : strndup(spec->name.data, spec->name.len);
    point->type = calloc((size_t)rp->facts.type_count + 1, sizeof *point->type);
    if (!point->name || !point->type) {
        return rp_no_memory(err);
    }
    for (uint32_t id = 1; id <= rp->facts.type_count; id++) {
        const struct tf_def_type *type = rp_type(rp, id);
        if (type->category != TF_CAT_EXCEPTION || !type_fits(rp, point, type)) {
            continue;
        }
        uint64_t hits = 0;
        tf_status status =
            tf_reader_posting_hits(rp->reader, TF_POSTING_EXCEPTION, id, 0, &hits, err);
        if (status != TF_OK && status != TF_ERR_NOT_FOUND) {
            return status;
        }
        point->pub.run_hits += status == TF_OK && !spec->uncaught ? hits : 0;
        point->type[point->type_count++] = id;
    }
    if (point->type_count == 0 && !any && !rp_glob_magic(spec->name)
        && !is_builtin_exception(point->name)) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "no recorded type of exceptions is named '%.100s'",
                          point->name);
    }
    return spec->uncaught ? resolve_uncaught(rp, point, err) : TF_OK;
}

static tf_status
resolve_watch(struct rp *rp, const struct rp_break_spec *spec, struct rp_point *point,
              struct tf_err *err)
{
    char *text = strndup(spec->name.data, spec->name.len);
    if (!text) {
        return rp_no_memory(err);
    }
    point->frame = spec->frame;
    tf_status status =
        rp_place_parse(rp, text, spec->seq, spec->frame, &point->place, err);
    free(text);
    return status;
}

tf_status
rp_point_resolve(struct rp *rp, const struct rp_break_spec *spec,
                 struct rp_point *point, struct tf_err *err)
{
    if (spec->thread > rp->facts.thread_count) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "there is no thread %u; threads 1 to %u", spec->thread,
                          rp->facts.thread_count);
    }
    switch (spec->sort) {
    case RP_BREAK_LINE: return resolve_line(rp, spec, point, err);
    case RP_BREAK_FUNCTION: return resolve_function(rp, spec, point, err);
    case RP_BREAK_EXCEPTION: return resolve_exception(rp, spec, point, err);
    case RP_BREAK_WATCH: return resolve_watch(rp, spec, point, err);
    }
    return tf_err_set(err, TF_ERR_ARGUMENT, -1, "no such sort of breakpoint");
}

tf_status
rp_break_parse(const struct rp *rp, const char *text, uint32_t file_id,
               struct rp_break_spec *ret_spec, struct tf_err *err)
{
    (void)rp;
    struct rp_break_spec spec = {.file_id = file_id};
    const char *colon = strrchr(text, ':');
    const char *number = colon ? colon + 1 : text;
    size_t digits = strspn(number, "0123456789");
    if (digits && number[digits] == '\0') {
        unsigned long lineno = strtoul(number, NULL, 10);
        if (lineno == 0 || lineno > TF_LINE_MAX || digits > 10) {
            return tf_err_set(err, TF_ERR_ARGUMENT, -1, "'%.20s' is no line number",
                              number);
        }
        spec.sort = RP_BREAK_LINE;
        spec.lineno = (uint32_t)lineno;
        spec.file = (struct tf_text){text, colon ? (size_t)(colon - text) : 0};
    }
    else if (colon || text[0] == '\0') {
        return tf_err_set(
            err, TF_ERR_ARGUMENT, -1,
            "'%.60s' is neither FILE:LINE, LINE nor the name of a function", text);
    }
    else {
        spec.sort = RP_BREAK_FUNCTION;
        spec.name = (struct tf_text){text, strlen(text)};
    }
    *ret_spec = spec;
    return TF_OK;
}
