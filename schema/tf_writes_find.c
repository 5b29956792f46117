/* Questions to the lists of writes: which chunk before or after this one. */
#include <stdlib.h>

#include "tf_limits.h"
#include "tf_reader_inside.h"
#include "tf_retell.h"

/* --- blocks of the file --- */
static struct tf_cached_writes *
cache_oldest(struct tf_reader *reader, bool in_use)
{
    struct tf_cached_writes *oldest = NULL;
    for (size_t i = 0; i < TF_WRITES_CACHE; i++) {
        struct tf_cached_writes *at = &reader->writes[i];
        if (at->block.write == NULL && !in_use) {
            return at;
        }
        if (at->block.write != NULL && (oldest == NULL || at->used < oldest->used)) {
            oldest = at;
        }
    }
    return oldest;
}

static size_t
block_bytes(const struct tf_writes_block *block)
{
    return (block->count + 1) * sizeof *block->write;
}

static void
cache_drop(struct tf_reader *reader, struct tf_cached_writes *at)
{
    if (at->block.write != NULL) {
        reader->writes_bytes -= block_bytes(&at->block);
        free(at->block.write);
        at->block = (struct tf_writes_block){0};
    }
}

/* Takes what the block has; what is returned is valid until the next call. */
static const struct tf_writes_block *
cache_put(struct tf_reader *reader, uint64_t off, const struct tf_writes_block *block)
{
    while (reader->writes_bytes > 0
           && reader->writes_bytes + block_bytes(block) > TF_WRITES_CACHE_BYTES) {
        cache_drop(reader, cache_oldest(reader, true));
    }
    struct tf_cached_writes *at = cache_oldest(reader, false);
    cache_drop(reader, at);
    *at = (struct tf_cached_writes){off, ++reader->cache_time, *block};
    reader->writes_bytes += block_bytes(block);
    return &at->block;
}

static tf_status
load(struct tf_reader *reader, const struct tf_index_writes *place,
     const struct tf_writes_block **ret_block, struct tf_err *err)
{
    struct tf_writes_block block;
    struct tf_cursor bytes;
    uint8_t *content;
    for (size_t i = 0; i < TF_WRITES_CACHE; i++) {
        struct tf_cached_writes *at = &reader->writes[i];
        if (at->block.write != NULL && at->off == place->off) {
            at->used = ++reader->cache_time;
            *ret_block = &at->block;
            return TF_OK;
        }
    }
    tf_status status =
        tf_reader_field(reader, place->off, TF_REC_WRITES, &content, &bytes, err);
    if (status != TF_OK) {
        return status;
    }
    status = tf_writes_get(bytes, (int64_t)place->off, &block, err);
    free(content);
    if (status != TF_OK) {
        return status;
    }
    if (block.first_chunk != place->first_chunk
        || block.chunk_count != place->chunk_count || block.list != place->list) {
        free(block.write);
        return tf_err_set(err, TF_ERR_DAMAGED, (int64_t)place->off,
                          "damaged recording: the index disagrees with the list of "
                          "writes at offset %llu",
                          (unsigned long long)place->off);
    }
    *ret_block = cache_put(reader, place->off, &block);
    return TF_OK;
}

tf_status
tf_reader_writes(struct tf_reader *reader, size_t block,
                 const struct tf_writes_block **ret_block, struct tf_err *err)
{
    return load(reader, &reader->index.writes.at[block], ret_block, err);
}

/* The last block of the group that may hold the key; false: none does. */
static bool
find_block(const struct tf_index *index, uint64_t first_chunk, enum tf_writes_list list,
           uint64_t id, uint32_t page, size_t *ret_block)
{
    size_t low = 0, high = index->writes.count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct tf_index_writes *at = &index->writes.at[mid];
        bool before = at->first_chunk != first_chunk ? at->first_chunk < first_chunk
                      : at->list != list             ? at->list < list
                      : at->id != id                 ? at->id < id
                                                     : at->page <= page;
        if (before) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    *ret_block = low - 1;
    return low > 0 && index->writes.at[low - 1].first_chunk == first_chunk
           && index->writes.at[low - 1].list == list;
}

/* --- groups that the file has not --- */
tf_status
tf_reader_tail_thread(struct tf_reader *reader, size_t idx,
                      const struct tf_chunk *chunk, uint32_t *ret_thread,
                      struct tf_err *err)
{
    uint32_t last = chunk->event_count > 0 ? chunk->op_end[chunk->event_count - 1] : 0;
    *ret_thread = 0;
    if (last == chunk->changes.op_count) {
        return TF_OK;
    }
    for (idx++; idx < reader->index.chunk.count && *ret_thread == 0; idx++) {
        struct tf_chunk *next;
        if (reader->index.chunk.at[idx].event_count == 0) {
            continue;
        }
        tf_status status = tf_reader_chunk(reader, idx, &next, err);
        if (status != TF_OK) {
            return status;
        }
        *ret_thread = next->event_count > 0 ? next->thread[0] : 0;
        tf_chunk_free(next);
    }
    return TF_OK;
}

static tf_status
make_chunk(struct tf_reader *reader, size_t idx, struct tf_tally *tally,
           struct tf_writes_group *group, struct tf_err *err)
{
    struct tf_chunk *chunk;
    uint32_t thread;
    tf_status status = tf_reader_chunk(reader, idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    status = tf_reader_tail_thread(reader, idx, chunk, &thread, err);
    if (status == TF_OK) {
        status = tf_retell_chunk(chunk, thread, tally, err);
    }
    tf_chunk_free(chunk);
    if (status == TF_OK
        && !tf_writes_group_add(group, &tally->objects, &tally->frames)) {
        status = tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    return status;
}

static tf_status
make_group(struct tf_reader *reader, size_t first, struct tf_writes_group *group,
           struct tf_err *err)
{
    size_t end = first + TF_MADE_CHUNKS;
    struct tf_tally tally;
    tf_tally_init(&tally);
    group->first_chunk = first;
    tf_status status = TF_OK;
    for (size_t i = first; i < end && i < reader->index.chunk.count && status == TF_OK;
         i++) {
        status = make_chunk(reader, i, &tally, group, err);
    }
    tf_tally_release(&tally);
    if (status == TF_OK && !tf_writes_group_sort(group)) {
        status = tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    if (status != TF_OK) {
        tf_writes_group_release(group);
    }
    return status;
}

static tf_status
made_group(struct tf_reader *reader, size_t first, struct tf_writes_group **ret_group,
           struct tf_err *err)
{
    struct tf_made_group *to = &reader->made[0];
    for (size_t i = 0; i < TF_MADE_GROUPS; i++) {
        struct tf_made_group *at = &reader->made[i];
        if (at->group.chunk_count > 0 && at->group.first_chunk == first) {
            at->used = ++reader->cache_time;
            *ret_group = &at->group;
            return TF_OK;
        }
        if (at->used < to->used) {
            to = at;
        }
    }
    tf_writes_group_release(&to->group);
    to->used = ++reader->cache_time;
    *ret_group = &to->group;
    return make_group(reader, first, &to->group, err);
}

/* --- searching --- */
struct query {
    struct tf_reader *reader;
    struct tf_err *err;
    enum tf_writes_list list;
    uint64_t id;
    uint32_t
        page; /* objects: 0, or the page to be looked into as well; frames: the slot */
    bool any; /* every write; else: */
    uint64_t items; /* items of the page */
    uint32_t attrs; /* attributes */
    bool moved;     /* another number of items, up to this place: */
    uint64_t moved_from;
    uint8_t flags;    /* what has one of these */
    size_t low, high; /* chunks [low, high) */
    bool backward, found;
    size_t found_idx;
};

static bool
matches(const struct query *query, const struct tf_write *write)
{
    if (query->any) {
        return true;
    }
    if (write->page > 0) {
        return (write->items & query->items) != 0;
    }
    return (write->flags & query->flags) != 0
           || (query->page == 1 && (write->items & query->items) != 0)
           || (write->attrs & query->attrs) != 0
           || (query->moved && write->from > 0 && write->from - 1 <= query->moved_from);
}

/* The nearest in a group's list, of one page; query->low or high closes in on it. */
static void
search_block(struct query *query, const struct tf_writes_block *block, uint32_t page)
{
    size_t first, end;
    tf_writes_range(block, query->id, page, &first, &end);
    for (size_t n = 0; n < end - first; n++) {
        const struct tf_write *write =
            &block->write[query->backward ? end - 1 - n : first + n];
        size_t idx = (size_t)block->first_chunk + write->chunk;
        if (idx < query->low || idx >= query->high || !matches(query, write)) {
            continue;
        }
        query->found = true;
        query->found_idx = idx;
        *(query->backward ? &query->low : &query->high) =
            idx + (query->backward ? 1 : 0);
        return;
    }
}

static tf_status
search_page(struct query *query, const struct tf_index_writes *group, uint32_t page)
{
    struct tf_reader *reader = query->reader;
    const struct tf_writes_block *block;
    size_t at;
    if (!find_block(&reader->index, group->first_chunk, query->list, query->id, page,
                    &at)) {
        return TF_OK;
    }
    tf_status status = load(reader, &reader->index.writes.at[at], &block, query->err);
    if (status == TF_OK) {
        search_block(query, block, page);
    }
    return status;
}

static tf_status
search_made(struct query *query, size_t first, uint32_t page)
{
    struct tf_writes_group *group;
    tf_status status = made_group(query->reader, first, &group, query->err);
    if (status == TF_OK) {
        struct tf_writes_block block = {
            .list = query->list,
            .first_chunk = group->first_chunk,
            .chunk_count = group->chunk_count,
            .write = group->list[query->list].write,
            .count = group->list[query->list].count,
        };
        search_block(query, &block, page);
    }
    return status;
}

/* A group, [*ret_first, *ret_end), that holds the chunk: one of the file, or NULL. */
static const struct tf_index_writes *
group_of(const struct tf_reader *reader, size_t chunk, size_t *ret_first,
         size_t *ret_end)
{
    const struct tf_index *index = &reader->index;
    size_t covered = (size_t)tf_index_writes_end(index);
    if (chunk >= covered) {
        *ret_first = covered + (chunk - covered) / TF_MADE_CHUNKS * TF_MADE_CHUNKS;
        *ret_end = *ret_first + TF_MADE_CHUNKS;
        return NULL;
    }
    size_t low = 0, high = index->writes.count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (index->writes.at[mid].first_chunk <= chunk) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    const struct tf_index_writes *group = &index->writes.at[low - 1];
    *ret_first = (size_t)group->first_chunk;
    *ret_end = *ret_first + group->chunk_count;
    return group;
}

/* Objects: its own entries, and those of the page. Frames: the slot's. */
static tf_status
search_group(struct query *query, size_t chunk, size_t *ret_first, size_t *ret_end)
{
    const struct tf_index_writes *group =
        group_of(query->reader, chunk, ret_first, ret_end);
    bool frames = query->list == TF_WRITES_FRAMES;
    uint32_t page = frames ? query->page : 0;
    tf_status status = group != NULL ? search_page(query, group, page)
                                     : search_made(query, *ret_first, page);
    if (status == TF_OK && !frames && query->page > 0) {
        status = group != NULL ? search_page(query, group, query->page)
                               : search_made(query, *ret_first, query->page);
    }
    return status;
}

/* `born`: the chunk that created it, which counts. */
static tf_status
answer(struct query *query, bool is_born, size_t born, size_t *ret_idx)
{
    tf_status status = TF_OK;
    bool at_birth = is_born && born >= query->low && born < query->high;
    if (is_born && query->low <= born) {
        query->low = born + 1; /* nothing was written before */
    }
    if (at_birth && !query->backward) {
        *ret_idx = born;
        return TF_OK;
    }
    while (status == TF_OK && !query->found && query->low < query->high) {
        size_t first, end;
        status = search_group(query, query->backward ? query->high - 1 : query->low,
                              &first, &end);
        if (!query->found && query->backward) {
            query->high = first;
        }
        else if (!query->found) {
            query->low = end;
        }
    }
    if (status != TF_OK) {
        return status;
    }
    if (!query->found && !at_birth) {
        return tf_err_set(query->err, TF_ERR_NOT_FOUND, -1, "nothing in the recording");
    }
    *ret_idx = query->found ? query->found_idx : born;
    return TF_OK;
}

static tf_status
answer_before(struct query *query, bool is_born, size_t born, size_t before,
              size_t *ret_idx)
{
    size_t count = query->reader->index.chunk.count;
    query->high = before < count ? before : count;
    query->backward = true;
    return answer(query, is_born, born, ret_idx);
}

static tf_status
answer_after(struct query *query, bool is_born, size_t born, size_t after,
             size_t *ret_idx)
{
    query->low = after == SIZE_MAX ? SIZE_MAX : after + 1;
    query->high = query->reader->index.chunk.count;
    return answer(query, is_born, born, ret_idx);
}

/* --- objects --- */
static struct query
object_query(struct tf_reader *reader, uint64_t id, enum tf_posting_want want,
             struct tf_err *err)
{
    return (struct query){
        .reader = reader,
        .err = err,
        .list = TF_WRITES_OBJECTS,
        .id = id,
        .any = want == TF_POSTING_ANY,
        .flags = TF_WRITTEN_IMAGE,
    };
}

tf_status
tf_reader_object_before(struct tf_reader *reader, uint64_t object_id,
                        enum tf_posting_want want, size_t before, size_t *ret_idx,
                        struct tf_err *err)
{
    struct query query = object_query(reader, object_id, want, err);
    size_t born = 0;
    bool is_born = tf_reader_chunk_of_object(reader, object_id, &born);
    return answer_before(&query, is_born, born, before, ret_idx);
}

tf_status
tf_reader_object_after(struct tf_reader *reader, uint64_t object_id,
                       enum tf_posting_want want, size_t after, size_t *ret_idx,
                       struct tf_err *err)
{
    struct query query = object_query(reader, object_id, want, err);
    size_t born = 0;
    bool is_born = tf_reader_chunk_of_object(reader, object_id, &born);
    return answer_after(&query, is_born, born, after, ret_idx);
}

static void
part_items(struct query *query, const struct tf_part *part)
{
    uint64_t page = part->idx / TF_PAGE_ITEMS, last = TF_PAGE_ITEMS - 1;
    while (last > 0 && (part->items >> last & 1) == 0) {
        last--;
    }
    query->page = page < UINT32_MAX - 1 ? (uint32_t)page + 1 : UINT32_MAX;
    query->items = part->items;
    query->moved = true;
    query->moved_from = part->idx + last;
}

static struct query
part_query(struct tf_reader *reader, const struct tf_part *part, struct tf_err *err)
{
    struct query query = object_query(reader, part->object, TF_POSTING_IMAGE, err);
    switch (part->sort) {
    case TF_PART_ATTR: query.attrs = 1u << (part->idx / 2 % 32); break;
    case TF_PART_ATTRS: query.attrs = UINT32_MAX; break;
    case TF_PART_KEYS:
        query.flags |= TF_WRITTEN_EVEN;
        query.moved = true;
        query.moved_from = UINT64_MAX;
        break;
    case TF_PART_MORE: query.flags |= TF_WRITTEN_MORE; break;
    case TF_PART_ITEMS: part_items(&query, part); break;
    }
    return query;
}

tf_status
tf_reader_part_before(struct tf_reader *reader, const struct tf_part *part,
                      size_t before, size_t *ret_idx, struct tf_err *err)
{
    struct query query = part_query(reader, part, err);
    size_t born = 0;
    bool is_born = tf_reader_chunk_of_object(reader, part->object, &born);
    return answer_before(&query, is_born, born, before, ret_idx);
}

tf_status
tf_reader_part_after(struct tf_reader *reader, const struct tf_part *part, size_t after,
                     size_t *ret_idx, struct tf_err *err)
{
    struct query query = part_query(reader, part, err);
    size_t born = 0;
    bool is_born = tf_reader_chunk_of_object(reader, part->object, &born);
    return answer_after(&query, is_born, born, after, ret_idx);
}

/* --- frames --- */
static struct query
slot_query(struct tf_reader *reader, uint64_t frame_id, uint32_t slot,
           struct tf_err *err)
{
    return (struct query){
        .reader = reader,
        .err = err,
        .list = TF_WRITES_FRAMES,
        .id = frame_id,
        .page = slot,
        .any = true,
    };
}

tf_status
tf_reader_slot_before(struct tf_reader *reader, uint64_t frame_id, uint32_t slot,
                      size_t before, size_t *ret_idx, struct tf_err *err)
{
    struct query query = slot_query(reader, frame_id, slot, err);
    size_t born = 0;
    bool is_born = tf_reader_chunk_of_frame(reader, frame_id, &born);
    return answer_before(&query, is_born, born, before, ret_idx);
}

tf_status
tf_reader_slot_after(struct tf_reader *reader, uint64_t frame_id, uint32_t slot,
                     size_t after, size_t *ret_idx, struct tf_err *err)
{
    struct query query = slot_query(reader, frame_id, slot, err);
    size_t born = 0;
    bool is_born = tf_reader_chunk_of_frame(reader, frame_id, &born);
    return answer_after(&query, is_born, born, after, ret_idx);
}

/* --- how many items --- */

/* Adds up what the writes in [low, high) of one group did; true: an image ended it. */
static bool
add_growth(const struct tf_writes_block *block, uint64_t id, size_t high, int64_t *sum)
{
    size_t first, end;
    tf_writes_range(block, id, 0, &first, &end);
    while (end-- > first) {
        const struct tf_write *write = &block->write[end];
        if (block->first_chunk + write->chunk >= high) {
            continue;
        }
        *sum = (int64_t)((uint64_t)*sum + (uint64_t)write->grown);
        if ((write->flags & TF_WRITTEN_IMAGE) != 0) {
            return true;
        }
    }
    return false;
}

/* What tells of the object as a whole in the group that holds the chunk, [*ret_first,
 * *ret_end); borrowed until the next question. */
static tf_status
own_block(struct tf_reader *reader, uint64_t id, size_t chunk, size_t *ret_first,
          size_t *ret_end, struct tf_writes_block *ret_block, struct tf_err *err)
{
    const struct tf_index_writes *group = group_of(reader, chunk, ret_first, ret_end);
    const struct tf_writes_block *block;
    struct tf_writes_group *made;
    size_t at;
    tf_status status = TF_OK;
    *ret_block = (struct tf_writes_block){.first_chunk = *ret_first};
    if (group == NULL) {
        status = made_group(reader, *ret_first, &made, err);
        if (status == TF_OK) {
            ret_block->write = made->list[TF_WRITES_OBJECTS].write;
            ret_block->count = made->list[TF_WRITES_OBJECTS].count;
        }
    }
    else if (find_block(&reader->index, group->first_chunk, TF_WRITES_OBJECTS, id, 0,
                        &at)) {
        status = load(reader, &reader->index.writes.at[at], &block, err);
        if (status == TF_OK) {
            *ret_block = *block;
        }
    }
    return status;
}

tf_status
tf_reader_object_items(struct tf_reader *reader, uint64_t object_id, size_t chunk,
                       int64_t *ret_items, size_t *ret_base, struct tf_err *err)
{
    size_t born = 0, first, end;
    int64_t sum = 0;
    if (!tf_reader_chunk_of_object(reader, object_id, &born) || born >= chunk) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no such object yet");
    }
    for (size_t high = chunk; high > born + 1; high = first) {
        struct tf_writes_block block;
        tf_status status =
            own_block(reader, object_id, high - 1, &first, &end, &block, err);
        if (status != TF_OK) {
            return status;
        }
        if (add_growth(&block, object_id, chunk, &sum)) {
            *ret_items = sum;
            *ret_base = SIZE_MAX;
            return TF_OK;
        }
    }
    *ret_items = sum;
    *ret_base = born;
    return TF_OK;
}

/* The next of the block's writes in chunks [low, high) in which the object may have had more
 * than `idx` items; *items is brought along. */
static bool
reach_in(const struct tf_writes_block *block, uint64_t id, uint64_t idx, bool forward,
         size_t low, size_t high, uint64_t *items, size_t *ret_idx)
{
    size_t first, end;
    tf_writes_range(block, id, 0, &first, &end);
    for (size_t n = 0; n < end - first; n++) {
        const struct tf_write *write = &block->write[forward ? first + n : end - 1 - n];
        size_t chunk = (size_t)block->first_chunk + write->chunk;
        uint64_t grown = (uint64_t)write->grown;
        if (chunk < low || chunk >= high) {
            continue;
        }
        uint64_t far = forward ? *items + grown : *items - grown;
        uint64_t most = (far > *items ? far : *items) + write->risen;
        if ((write->flags & TF_WRITTEN_IMAGE) != 0 || most > idx) {
            *ret_idx = chunk;
            return true;
        }
        *items = far;
    }
    return false;
}

tf_status
tf_reader_items_reach(struct tf_reader *reader, uint64_t object_id, uint64_t idx,
                      bool forward, size_t from, uint64_t *items, size_t *ret_idx,
                      struct tf_err *err)
{
    size_t born = 0, first, end;
    bool is_born = tf_reader_chunk_of_object(reader, object_id, &born);
    size_t low = forward ? from + 1 : is_born ? born + 1 : 0;
    size_t high = forward ? reader->index.chunk.count : from;
    if (forward && is_born && born > from) {
        *ret_idx = born;
        return TF_OK;
    }
    while (low < high) {
        struct tf_writes_block block;
        tf_status status = own_block(reader, object_id, forward ? low : high - 1,
                                     &first, &end, &block, err);
        if (status != TF_OK) {
            return status;
        }
        if (reach_in(&block, object_id, idx, forward, low, high, items, ret_idx)) {
            return TF_OK;
        }
        *(forward ? &low : &high) = forward ? end : first;
    }
    if (!forward && is_born && born < from) {
        *ret_idx = born;
        return TF_OK;
    }
    return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "nothing in the recording");
}
