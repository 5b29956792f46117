/* Source text, lines, and finding files and code objects by name. */
#include "rp_private.h"

#include <stdlib.h>
#include <string.h>

tf_status
rp_source(struct rp *rp, uint32_t file_id, struct tf_text *ret_text, struct tf_err *err)
{
    if (file_id == 0 || file_id > rp->facts.file_count) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "the recording has no such file");
    }
    return tf_reader_source(rp->reader, file_id, ret_text, err);
}

/* Lines end as Python's tokenizer ends them: \n, \r\n or \r. */
static size_t
line_end(struct tf_text text, size_t off)
{
    while (off < text.len && text.data[off] != '\n' && text.data[off] != '\r') {
        off++;
    }
    return off;
}

static size_t
next_line(struct tf_text text, size_t end)
{
    if (end + 1 < text.len && text.data[end] == '\r' && text.data[end + 1] == '\n') {
        return end + 2;
    }
    return end < text.len ? end + 1 : end;
}

static tf_status
lines_of(struct rp *rp, uint32_t file_id, struct rp_lines **ret_lines,
         struct tf_err *err)
{
    struct tf_text text;
    tf_status status = rp_source(rp, file_id, &text, err);
    if (status != TF_OK) {
        return status;
    }
    struct rp_lines *lines = &rp->lines[file_id];
    if (!lines->known) {
        uint32_t count = 0;
        for (size_t off = 0; off < text.len;
             off = next_line(text, line_end(text, off))) {
            count++;
        }
        lines->off = malloc(((size_t)count + 1) * sizeof *lines->off);
        if (!lines->off) {
            return rp_no_memory(err);
        }
        for (size_t off = 0; off < text.len;
             off = next_line(text, line_end(text, off))) {
            lines->off[lines->count++] = (uint32_t)off;
        }
        lines->text = text;
        lines->known = true;
    }
    *ret_lines = lines;
    return TF_OK;
}

tf_status
rp_source_line(struct rp *rp, uint32_t file_id, uint32_t lineno,
               struct tf_text *ret_line, struct tf_err *err)
{
    struct rp_lines *lines;
    tf_status status = lines_of(rp, file_id, &lines, err);
    if (status != TF_OK) {
        return status;
    }
    if (lineno == 0 || lineno > lines->count) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "the source has no line %u",
                          lineno);
    }
    size_t off = lines->off[lineno - 1];
    ret_line->data = lines->text.data + off;
    ret_line->len = line_end(lines->text, off) - off;
    return TF_OK;
}

tf_status
rp_source_line_count(struct rp *rp, uint32_t file_id, uint32_t *ret_count,
                     struct tf_err *err)
{
    struct rp_lines *lines;
    tf_status status = lines_of(rp, file_id, &lines, err);
    if (status == TF_OK) {
        *ret_count = lines->count;
    }
    return status;
}

/* --- Lines that have code --- */

static bool
code_has_line(const struct tf_def_code *code, uint32_t lineno)
{
    for (uint32_t i = 0; i < code->line_count; i++) {
        if (code->line[i] == lineno) {
            return true;
        }
    }
    return false;
}

tf_status
rp_line_hits(struct rp *rp, uint32_t file_id, uint32_t lineno, uint64_t *ret_hits,
             bool *ret_has_code, struct tf_err *err)
{
    uint64_t sum = 0;
    bool has_code = false;
    for (uint32_t id = 1; id <= rp->facts.code_count; id++) {
        const struct tf_def_code *code = rp_code(rp, id);
        if (code->file != file_id || !code_has_line(code, lineno)) {
            continue;
        }
        has_code = true;
        uint64_t hits = 0;
        tf_status status =
            tf_reader_posting_hits(rp->reader, TF_POSTING_LINE, id, lineno, &hits, err);
        if (status != TF_OK && status != TF_ERR_NOT_FOUND) {
            return status;
        }
        sum += status == TF_OK ? hits : 0;
    }
    *ret_hits = sum;
    *ret_has_code = has_code;
    return TF_OK;
}

uint32_t
rp_code_at_line(const struct rp *rp, uint32_t file_id, uint32_t lineno)
{
    uint32_t best = 0;
    for (uint32_t id = 1; id <= rp->facts.code_count; id++) {
        const struct tf_def_code *code = rp_code(rp, id);
        if (code->file == file_id && code_has_line(code, lineno)
            && (!best || code->first_lineno >= rp_code(rp, best)->first_lineno)) {
            best = id;
        }
    }
    return best;
}

/* --- Names --- */

static bool
path_matches(struct tf_text path, struct tf_text name)
{
    if (name.len == 0 || name.len > path.len
        || memcmp(path.data + path.len - name.len, name.data, name.len) != 0) {
        return false;
    }
    return name.len == path.len || name.data[0] == '/'
           || path.data[path.len - name.len - 1] == '/';
}

size_t
rp_files_named(const struct rp *rp, struct tf_text name, uint32_t *ret_ids, size_t max)
{
    size_t count = 0;
    for (uint32_t id = 1; id <= rp->facts.file_count; id++) {
        if (path_matches(rp_file(rp, id)->path, name)) {
            if (count < max) {
                ret_ids[count] = id;
            }
            count++;
        }
    }
    return count;
}

size_t
rp_codes_named(const struct rp *rp, struct tf_text name, uint32_t *ret_ids, size_t max)
{
    size_t count = 0;
    bool magic = rp_glob_magic(name);
    for (uint32_t id = 1; id <= rp->facts.code_count; id++) {
        const struct tf_def_code *code = rp_code(rp, id);
        bool match = magic ? rp_glob(name, code->name) || rp_glob(name, code->qualname)
                           : rp_text_equal(name, code->name)
                                 || rp_text_equal(name, code->qualname);
        if (match) {
            if (count < max) {
                ret_ids[count] = id;
            }
            count++;
        }
    }
    return count;
}

bool
rp_glob_magic(struct tf_text pattern)
{
    for (size_t i = 0; i < pattern.len; i++) {
        if (strchr("*?[", pattern.data[i]) && pattern.data[i]) {
            return true;
        }
    }
    return false;
}

/* Whether `c` is in the set that begins after a '['; *at moves behind its ']'. A '[' that
 * nothing closes stands for itself. */
static bool
set_holds(struct tf_text pattern, size_t *at, char c)
{
    size_t i = *at;
    bool inverted =
        i < pattern.len && (pattern.data[i] == '!' || pattern.data[i] == '^');
    i += inverted;
    size_t first = i;
    bool found = false;
    for (; i < pattern.len && (pattern.data[i] != ']' || i == first); i++) {
        if (i + 2 < pattern.len && pattern.data[i + 1] == '-'
            && pattern.data[i + 2] != ']') {
            found |= pattern.data[i] <= c && c <= pattern.data[i + 2];
            i += 2;
        }
        else {
            found |= pattern.data[i] == c;
        }
    }
    if (i >= pattern.len) {
        return c == '[';
    }
    *at = i + 1;
    return found != inverted;
}

/* Only the latest '*' is ever tried again, so the time is the product of the lengths. */
bool
rp_glob(struct tf_text pattern, struct tf_text text)
{
    size_t p = 0, t = 0, star_p = SIZE_MAX, star_t = 0;
    while (t < text.len) {
        size_t next = p + 1;
        bool fits = false;
        if (p < pattern.len && pattern.data[p] == '*') {
            star_p = p++;
            star_t = t;
            continue;
        }
        if (p < pattern.len) {
            fits = pattern.data[p] == '?'   ? true
                   : pattern.data[p] == '[' ? set_holds(pattern, &next, text.data[t])
                                            : pattern.data[p] == text.data[t];
        }
        if (fits) {
            p = next;
            t++;
        }
        else if (star_p != SIZE_MAX) {
            p = star_p + 1;
            t = ++star_t;
        }
        else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*') {
        p++;
    }
    return p == pattern.len;
}
