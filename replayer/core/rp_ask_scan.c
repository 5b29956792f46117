/* Which chunks a question must look at. */
#include "rp_ask.h"

#include <stdlib.h>
#include <string.h>

/* With more code objects than this it is cheaper to look into every chunk. */
#define CODES_MAX 64u

/* The chunks [*ret_first, *ret_end) that may hold events of the range. */
static void
range_chunks(const struct rp *rp, const struct rp_range *range, size_t *ret_first,
             size_t *ret_end)
{
    size_t count = rp->facts.chunk_count, first = 0, end = count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        const struct tf_chunk_info *info = tf_reader_chunk_info(rp->reader, middle);
        if (info->first_seq + info->event_count <= range->from_seq) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    *ret_first = first;
    end = count;
    while (range->to_seq && end > first
           && tf_reader_chunk_info(rp->reader, end - 1)->first_seq > range->to_seq) {
        end--;
    }
    *ret_end = end;
}

tf_status
rp_scan_begin(struct rp_scan *scan, struct tf_err *err)
{
    const struct rp_range *range = scan->range;
    range_chunks(scan->rp, range, &scan->first, &scan->end);
    scan->at = SIZE_MAX;
    scan->over = scan->alone = false;
    scan->ahead = NULL;
    scan->planned_count = scan->seen = 0;
    scan->counted = true;
    scan->rp->scans++;
    scan->posts =
        (struct rp_posts){.every = !range->code || range->code_count > CODES_MAX};
    for (size_t i = 0; i < range->code_count && !scan->posts.every; i++) {
        if (!rp_posts_add(&scan->posts,
                          scan->lineno ? TF_POSTING_LINE : TF_POSTING_CODE,
                          range->code[i], scan->lineno)) {
            rp_scan_end(scan);
            return rp_no_memory(err);
        }
    }
    return TF_OK;
}

void
rp_scan_end(struct rp_scan *scan)
{
    rp_ahead_stop(scan->ahead);
    scan->ahead = NULL;
    scan->rp->scans -= scan->counted;
    scan->counted = false;
    rp_posts_release(&scan->posts);
}

/* The next chunk with events; SIZE_MAX: there is none. */
static tf_status
advance(struct rp_scan *scan, size_t *ret_idx, struct tf_err *err)
{
    size_t at = scan->at;
    *ret_idx = SIZE_MAX;
    if (scan->first >= scan->end || scan->over) {
        return TF_OK;
    }
    if (at == SIZE_MAX) {
        at = scan->backward ? scan->end : scan->first - 1;
    }
    do {
        tf_status status =
            rp_posts_next(scan->rp, &scan->posts, !scan->backward, at, &at, err);
        if (status != TF_OK) {
            return status;
        }
        scan->over = at < scan->first || at >= scan->end;
    } while (!scan->over
             && tf_reader_chunk_info(scan->rp->reader, at)->event_count == 0);
    if (!scan->over) {
        *ret_idx = scan->at = at;
    }
    return TF_OK;
}

static tf_status
tell_progress(const struct rp_scan *scan, size_t idx, struct tf_err *err)
{
    return rp_progress(scan->rp,
                       scan->backward ? scan->end - idx : idx - scan->first + 1,
                       scan->end - scan->first, err);
}

static tf_status
no_more(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "there is no more");
}

tf_status
rp_scan_next_idx(struct rp_scan *scan, size_t *ret_idx, struct tf_err *err)
{
    size_t idx;
    tf_status status = advance(scan, &idx, err);
    if (status == TF_OK && idx == SIZE_MAX) {
        return no_more(err);
    }
    if (status == TF_OK) {
        status = tell_progress(scan, idx, err);
    }
    if (status == TF_OK) {
        *ret_idx = idx;
    }
    return status;
}

/* Who looks at so many chunks will look at more. */
#define AHEAD_AFTER 3u

/* Keeps `planned` full, and the other thread busy. */
static tf_status
plan(struct rp_scan *scan, struct tf_err *err)
{
    if (!scan->ahead && !scan->alone && scan->seen >= AHEAD_AFTER) {
        scan->ahead = rp_ahead_start(scan->rp);
        scan->alone = !scan->ahead;
    }
    size_t wanted = scan->ahead ? RP_AHEAD : 1;
    while (scan->planned_count < wanted) {
        size_t idx;
        tf_status status = advance(scan, &idx, err);
        if (status != TF_OK || idx == SIZE_MAX) {
            return status;
        }
        scan->planned[scan->planned_count++] = idx;
        if (scan->ahead) {
            rp_ahead_ask(scan->ahead, idx);
        }
    }
    return TF_OK;
}

tf_status
rp_scan_next(struct rp_scan *scan, struct rp_chunk **ret_chunk, struct tf_err *err)
{
    tf_status status = plan(scan, err);
    if (status != TF_OK) {
        return status;
    }
    if (scan->planned_count == 0) {
        return no_more(err);
    }
    size_t idx = scan->planned[0];
    status = tell_progress(scan, idx, err);
    if (status != TF_OK) {
        return status;
    }
    scan->planned_count--;
    for (unsigned i = 0; i < scan->planned_count; i++) {
        scan->planned[i] = scan->planned[i + 1];
    }
    scan->seen++;
    if (!scan->ahead) {
        return rp_chunk_get(scan->rp, idx, ret_chunk, err);
    }
    return rp_ahead_take(scan->ahead, ret_chunk, err);
}

void
rp_range_events(const struct rp_range *range, const struct tf_chunk *raw,
                uint32_t *ret_first, uint32_t *ret_end)
{
    uint32_t count = raw->event_count;
    uint64_t first =
        range->from_seq > raw->first_seq ? range->from_seq - raw->first_seq : 0;
    uint64_t end = count;
    if (range->to_seq && range->to_seq < raw->first_seq + count) {
        end = range->to_seq < raw->first_seq ? 0 : range->to_seq - raw->first_seq + 1;
    }
    *ret_end = (uint32_t)end;
    *ret_first = first < end ? (uint32_t)first : *ret_end;
}

uint8_t *
rp_range_codes(const struct rp *rp, const struct rp_range *range)
{
    size_t count = (size_t)rp->facts.code_count + 1;
    uint8_t *wanted = malloc(count);
    if (!wanted) {
        return NULL;
    }
    memset(wanted, range->code == NULL, count);
    for (size_t i = 0; range->code && i < range->code_count; i++) {
        if (range->code[i] < count) {
            wanted[range->code[i]] = 1;
        }
    }
    return wanted;
}

/* --- What a person means --- */

static tf_status
codes_of_files(const struct rp *rp, const uint32_t *file, size_t file_count,
               uint32_t *codes, size_t *ret_count)
{
    size_t count = 0;
    for (uint32_t id = 1; id <= rp->facts.code_count; id++) {
        for (size_t i = 0; i < file_count; i++) {
            if (rp_code(rp, id)->file == file[i]) {
                codes[count++] = id;
                break;
            }
        }
    }
    *ret_count = count;
    return TF_OK;
}

#define FILES_MEANT 16u

tf_status
rp_codes_meant(const struct rp *rp, struct tf_text name, uint32_t **ret_codes,
               size_t *ret_count, struct tf_err *err)
{
    uint32_t file[FILES_MEANT];
    size_t count = rp_codes_named(rp, name, NULL, 0), files = 0;
    if (count == 0) {
        files = rp_files_named(rp, name, file, FILES_MEANT);
        files = files < FILES_MEANT ? files : FILES_MEANT;
        count = files ? rp->facts.code_count : 0;
    }
    if (count == 0) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "no function or file '%.*s' in the recording",
                          (int)(name.len < 100 ? name.len : 100), name.data);
    }
    uint32_t *codes = malloc((count + 1) * sizeof *codes);
    if (!codes) {
        return rp_no_memory(err);
    }
    if (files) {
        codes_of_files(rp, file, files, codes, &count);
    }
    else {
        rp_codes_named(rp, name, codes, count);
    }
    *ret_codes = codes;
    *ret_count = count;
    return TF_OK;
}

bool
rp_type_matches(const struct rp *rp, const struct tf_def_type *type,
                struct tf_text name)
{
    struct rp_buf full = RP_BUF_INIT;
    char plain[256];
    rp_type_name(type, &full);
    bool matches = rp_glob(name, type->name)
                   || rp_glob(name, (struct tf_text){full.data, full.len});
    rp_buf_release(&full);
    if (!matches && !rp_glob_magic(name) && name.len < sizeof plain) {
        memcpy(plain, name.data, name.len);
        plain[name.len] = 0;
        matches = rp_type_is(rp, type, plain);
    }
    return matches;
}
