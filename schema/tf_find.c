/* Questions to the postings: which chunk before or after this one, and how often. */
#include <stdlib.h>

#include "tf_limits.h"
#include "tf_reader_inside.h"
#include "tf_retell.h"

/* --- the cache --- */
static struct tf_cached_postings *
cache_place(struct tf_reader *reader)
{
    struct tf_cached_postings *oldest = &reader->cache[0];
    for (size_t i = 0; i < TF_POSTINGS_CACHE; i++) {
        struct tf_cached_postings *at = &reader->cache[i];
        if (at->postings == NULL) {
            return at;
        }
        if (at->used < oldest->used) {
            oldest = at;
        }
    }
    return oldest;
}

static void
cache_drop(struct tf_reader *reader, struct tf_cached_postings *at)
{
    if (at->postings != NULL) {
        reader->cache_bytes -= at->postings->memory_bytes;
        tf_postings_free(at->postings);
        at->postings = NULL;
    }
}

static void
cache_put(struct tf_reader *reader, uint64_t off, struct tf_postings *postings)
{
    while (reader->cache_bytes > 0
           && reader->cache_bytes + postings->memory_bytes > TF_POSTINGS_CACHE_BYTES) {
        struct tf_cached_postings *oldest = NULL;
        for (size_t i = 0; i < TF_POSTINGS_CACHE; i++) {
            struct tf_cached_postings *at = &reader->cache[i];
            if (at->postings != NULL && (oldest == NULL || at->used < oldest->used)) {
                oldest = at;
            }
        }
        cache_drop(reader, oldest);
    }
    struct tf_cached_postings *at = cache_place(reader);
    cache_drop(reader, at);
    *at = (struct tf_cached_postings){off, ++reader->cache_time, postings};
    reader->cache_bytes += postings->memory_bytes;
}

static const struct tf_postings *
cache_get(struct tf_reader *reader, uint64_t off)
{
    for (size_t i = 0; i < TF_POSTINGS_CACHE; i++) {
        struct tf_cached_postings *at = &reader->cache[i];
        if (at->postings != NULL && at->off == off) {
            at->used = ++reader->cache_time;
            return at->postings;
        }
    }
    return NULL;
}

/* --- loading --- */
static tf_status
load(struct tf_reader *reader, uint64_t off, enum tf_record number, uint32_t level,
     uint64_t first_chunk, const struct tf_postings **ret_postings, struct tf_err *err)
{
    const struct tf_postings *cached = cache_get(reader, off);
    struct tf_postings *postings;
    struct tf_cursor bytes;
    uint8_t *content;
    if (cached != NULL) {
        *ret_postings = cached;
        return TF_OK;
    }
    tf_status status = tf_reader_field(reader, off, number, &content, &bytes, err);
    if (status != TF_OK) {
        return status;
    }
    status = tf_postings_get(bytes, (int64_t)off, &postings, err);
    free(content);
    if (status != TF_OK) {
        return status;
    }
    if (postings->level != level || postings->first_chunk != first_chunk) {
        tf_postings_free(postings);
        return tf_err_set(err, TF_ERR_DAMAGED, (int64_t)off,
                          "damaged recording: the index disagrees with the postings at "
                          "offset %llu",
                          (unsigned long long)off);
    }
    cache_put(reader, off, postings);
    *ret_postings = postings;
    return TF_OK;
}

/* The file has none: the chunk itself tells. */
static tf_status
compute(struct tf_reader *reader, size_t idx, const struct tf_postings **ret_postings,
        struct tf_err *err)
{
    uint64_t off = (uint64_t)reader->index.chunk.at[idx].file_off;
    const struct tf_postings *cached = cache_get(reader, off);
    struct tf_postings *postings = NULL;
    struct tf_chunk *chunk;
    struct tf_tally tally;
    if (cached != NULL) {
        *ret_postings = cached;
        return TF_OK;
    }
    tf_status status = tf_reader_chunk(reader, idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    tf_tally_init(&tally);
    status = tf_retell_types(reader, &tally, err);
    if (status == TF_OK) {
        status = tf_retell_chunk(chunk, 0, &tally, err);
    }
    if (status == TF_OK) {
        postings = tf_postings_of_set(&tally.set);
        if (postings == NULL) {
            status = tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
        }
    }
    tf_tally_release(&tally);
    tf_chunk_free(chunk);
    if (status == TF_OK) {
        cache_put(reader, off, postings);
        *ret_postings = postings;
    }
    return status;
}

tf_status
tf_reader_chunk_postings(struct tf_reader *reader, size_t idx,
                         const struct tf_postings **ret_postings, struct tf_err *err)
{
    if (idx < reader->index.postings.count) {
        return load(reader, reader->index.postings.at[idx], TF_REC_POSTINGS, 0, idx,
                    ret_postings, err);
    }
    return compute(reader, idx, ret_postings, err);
}

tf_status
tf_reader_summary(struct tf_reader *reader, const struct tf_index_summary *summary,
                  const struct tf_postings **ret_postings, struct tf_err *err)
{
    return load(reader, summary->off, TF_REC_SUMMARY, summary->level,
                summary->first_chunk, ret_postings, err);
}

/* --- searching --- */
struct query {
    struct tf_reader *reader;
    struct tf_err *err;
    enum tf_posting_list list;
    uint64_t key;
    bool kind;        /* events of kind `key`: no list has them */
    bool calls;       /* of code: chunks where it only went on do not count */
    size_t low, high; /* chunks [low, high) */
    bool backward;
    bool found;
    size_t found_idx;
};

static size_t
level_chunks(uint32_t level)
{
    size_t chunks = 1;
    while (level-- > 0) {
        chunks *= TF_SUMMARY_FANOUT;
    }
    return chunks;
}

static bool
has_entry(const struct query *query, const struct tf_postings *postings,
          uint32_t *ret_groups)
{
    if (query->kind) {
        *ret_groups = UINT32_MAX;
        return postings->kind_events[query->key] > 0;
    }
    const struct tf_entry *entry = tf_postings_find(postings, query->list, query->key);
    if (entry != NULL && query->calls && entry->calls == 0) {
        entry = NULL;
    }
    *ret_groups = entry != NULL ? entry->groups : 0;
    return entry != NULL;
}

static tf_status
search_chunk(struct query *query, size_t idx)
{
    const struct tf_postings *postings;
    uint32_t groups;
    tf_status status =
        tf_reader_chunk_postings(query->reader, idx, &postings, query->err);
    if (status == TF_OK) {
        query->found = has_entry(query, postings, &groups);
        query->found_idx = idx;
    }
    return status;
}

/* Which children of a group may have it. */
static tf_status
children(struct query *query, uint32_t level, size_t first, uint32_t *ret_mask)
{
    const struct tf_index_summary *summary =
        tf_index_summary(&query->reader->index, level, first);
    const struct tf_postings *postings;
    *ret_mask = (1u << TF_SUMMARY_FANOUT) - 1;
    if (summary == NULL) {
        return TF_OK;
    }
    tf_status status = tf_reader_summary(query->reader, summary, &postings, query->err);
    if (status == TF_OK && !has_entry(query, postings, ret_mask)) {
        *ret_mask = 0;
    }
    return status;
}

static tf_status
search(struct query *query, uint32_t level, size_t first)
{
    uint32_t mask;
    if (level == 0) {
        return search_chunk(query, first);
    }
    tf_status status = children(query, level, first, &mask);
    size_t step = level_chunks(level - 1);
    for (uint32_t i = 0; status == TF_OK && !query->found && i < TF_SUMMARY_FANOUT;
         i++) {
        uint32_t child = query->backward ? TF_SUMMARY_FANOUT - 1 - i : i;
        size_t at = first + child * step;
        if ((mask >> child & 1) != 0 && at < query->high && at + step > query->low) {
            status = search(query, level - 1, at);
        }
    }
    return status;
}

static uint32_t
top_level(size_t chunk_count)
{
    uint32_t level = 0;
    while (level + 1 < TF_SUMMARY_LEVELS && level_chunks(level) < chunk_count) {
        level++;
    }
    return level;
}

static tf_status
answer(struct query *query, size_t *ret_idx)
{
    uint32_t level = top_level(query->reader->index.chunk.count);
    size_t step = level_chunks(level);
    tf_status status = TF_OK;
    if (query->low < query->high) {
        size_t from = query->low / step, to = (query->high - 1) / step;
        for (size_t i = 0; status == TF_OK && !query->found && i <= to - from; i++) {
            status = search(query, level, (query->backward ? to - i : from + i) * step);
        }
    }
    if (status == TF_OK && !query->found) {
        return tf_err_set(query->err, TF_ERR_NOT_FOUND, -1, "nothing in the recording");
    }
    if (status == TF_OK) {
        *ret_idx = query->found_idx;
    }
    return status;
}

static tf_status
answer_before(struct query *query, size_t before, size_t *ret_idx)
{
    size_t count = query->reader->index.chunk.count;
    query->high = before < count ? before : count;
    query->backward = true;
    return answer(query, ret_idx);
}

static tf_status
answer_after(struct query *query, size_t after, size_t *ret_idx)
{
    query->low = after + 1;
    query->high = query->reader->index.chunk.count;
    return answer(query, ret_idx);
}

static struct query
posting_query(struct tf_reader *reader, enum tf_posting_sort sort, uint32_t id,
              uint32_t lineno, struct tf_err *err)
{
    static const enum tf_posting_list list[] = {
        [TF_POSTING_LINE] = TF_POST_LINE,
        [TF_POSTING_CODE] = TF_POST_CODE,
        [TF_POSTING_CALL] = TF_POST_CODE,
        [TF_POSTING_EXCEPTION] = TF_POST_EXCEPTION,
        [TF_POSTING_THREAD] = TF_POST_THREAD,
        [TF_POSTING_KIND] = TF_POST_LISTS,
    };

    return (struct query){
        .reader = reader,
        .err = err,
        .calls = sort == TF_POSTING_CALL,
        .list = list[sort],
        .key = sort == TF_POSTING_LINE                        ? tf_line_key(id, lineno)
               : sort == TF_POSTING_KIND && id >= TF_EV_COUNT ? 0
                                                              : id,
        .kind = sort == TF_POSTING_KIND,
    };
}

tf_status
tf_reader_posting_before(struct tf_reader *reader, enum tf_posting_sort sort,
                         uint32_t id, uint32_t lineno, size_t before, size_t *ret_idx,
                         struct tf_err *err)
{
    struct query query = posting_query(reader, sort, id, lineno, err);
    return answer_before(&query, before, ret_idx);
}

tf_status
tf_reader_posting_after(struct tf_reader *reader, enum tf_posting_sort sort,
                        uint32_t id, uint32_t lineno, size_t after, size_t *ret_idx,
                        struct tf_err *err)
{
    struct query query = posting_query(reader, sort, id, lineno, err);
    return answer_after(&query, after, ret_idx);
}

/* --- counting --- */
static uint64_t
hits_in(const struct query *query, const struct tf_postings *postings)
{
    if (query->kind) {
        return postings->kind_events[query->key];
    }
    const struct tf_entry *entry = tf_postings_find(postings, query->list, query->key);
    return entry == NULL ? 0 : query->list == TF_POST_CODE ? entry->calls : entry->hits;
}

/* Of the chunks of a group that are before query->high. */
static tf_status
count_group(struct query *query, uint32_t level, size_t first, uint64_t *hits)
{
    const struct tf_index *index = &query->reader->index;
    const struct tf_postings *postings = NULL;
    bool whole =
        first + level_chunks(level) <= query->high || query->high >= index->chunk.count;
    const struct tf_index_summary *summary =
        level > 0 && whole ? tf_index_summary(index, level, first) : NULL;
    tf_status status = TF_OK;
    if (level == 0) {
        status = tf_reader_chunk_postings(query->reader, first, &postings, query->err);
    }
    else if (summary != NULL) {
        status = tf_reader_summary(query->reader, summary, &postings, query->err);
    }
    if (postings != NULL && status == TF_OK) {
        *hits += hits_in(query, postings);
        return TF_OK;
    }
    size_t step = level > 0 ? level_chunks(level - 1) : 1;
    for (uint32_t i = 0; status == TF_OK && i < TF_SUMMARY_FANOUT; i++) {
        if (first + i * step < query->high) {
            status = count_group(query, level - 1, first + i * step, hits);
        }
    }
    return status;
}

tf_status
tf_reader_posting_hits(struct tf_reader *reader, enum tf_posting_sort sort, uint32_t id,
                       uint32_t lineno, uint64_t *ret_hits, struct tf_err *err)
{
    return tf_reader_posting_hits_before(reader, sort, id, lineno, SIZE_MAX, ret_hits,
                                         err);
}

tf_status
tf_reader_posting_hits_before(struct tf_reader *reader, enum tf_posting_sort sort,
                              uint32_t id, uint32_t lineno, size_t before,
                              uint64_t *ret_hits, struct tf_err *err)
{
    struct query query = posting_query(reader, sort, id, lineno, err);
    size_t count = reader->index.chunk.count;
    uint32_t level = top_level(count);
    uint64_t hits = 0;
    query.high = before < count ? before : count;
    for (size_t first = 0; first < query.high; first += level_chunks(level)) {
        tf_status status = count_group(&query, level, first, &hits);
        if (status != TF_OK) {
            return status;
        }
    }
    *ret_hits = hits;
    return TF_OK;
}
