#include "tf_index.h"

#include <stddef.h>
#include <stdlib.h>

#include "tf_limits.h"

/* All TF_LISTs look like this; they are read and written by memcpy. */
struct any_list {
    void *at;
    size_t count, cap;
};

_Static_assert(sizeof(((struct tf_index *)0)->chunk) == sizeof(struct any_list),
               "TF_LIST");

enum index_list {
    LIST_CHUNK,
    LIST_POSTINGS,
    LIST_SUMMARY,
    LIST_DEFINITIONS,
    LIST_SOURCE,
    LIST_CHECKPOINT,
    LIST_WRITES,
    LIST_COUNT
};

static const struct {
    size_t off, element_bytes;
} lists[LIST_COUNT] = {
    [LIST_CHUNK] = {offsetof(struct tf_index, chunk), sizeof(struct tf_chunk_info)},
    [LIST_POSTINGS] = {offsetof(struct tf_index, postings), sizeof(uint64_t)},
    [LIST_SUMMARY] = {offsetof(struct tf_index, summary),
                      sizeof(struct tf_index_summary)},
    [LIST_DEFINITIONS] = {offsetof(struct tf_index, definitions), sizeof(uint64_t)},
    [LIST_SOURCE] = {offsetof(struct tf_index, source), sizeof(struct tf_index_source)},
    [LIST_CHECKPOINT] = {offsetof(struct tf_index, checkpoint),
                         sizeof(struct tf_index_checkpoint)},
    [LIST_WRITES] = {offsetof(struct tf_index, writes), sizeof(struct tf_index_writes)},
};

#define MEMBER(type, member) offsetof(type, member), sizeof(((type *)0)->member)

static const struct index_column {
    uint8_t field, list;
    size_t off, bytes; /* of the member in an element */
    bool delta, place; /* place: the offset of a frame */
} columns[] = {
    {1, LIST_CHUNK, MEMBER(struct tf_chunk_info, file_off), true, true},
    {2, LIST_CHUNK, MEMBER(struct tf_chunk_info, first_seq), true, false},
    {3, LIST_CHUNK, MEMBER(struct tf_chunk_info, first_object), true, false},
    {4, LIST_CHUNK, MEMBER(struct tf_chunk_info, first_frame), true, false},
    {5, LIST_CHUNK, MEMBER(struct tf_chunk_info, start_ns), true, false},
    {6, LIST_POSTINGS, 0, sizeof(uint64_t), true, true},
    {7, LIST_SUMMARY, MEMBER(struct tf_index_summary, level), false, false},
    {8, LIST_SUMMARY, MEMBER(struct tf_index_summary, first_chunk), false, false},
    {9, LIST_SUMMARY, MEMBER(struct tf_index_summary, off), false, true},
    {10, LIST_DEFINITIONS, 0, sizeof(uint64_t), true, true},
    {11, LIST_SOURCE, MEMBER(struct tf_index_source, file), false, false},
    {12, LIST_SOURCE, MEMBER(struct tf_index_source, off), false, true},
    {13, LIST_CHECKPOINT, MEMBER(struct tf_index_checkpoint, seq), false, false},
    {14, LIST_CHECKPOINT, MEMBER(struct tf_index_checkpoint, off), false, true},
    {15, LIST_CHUNK, MEMBER(struct tf_chunk_info, event_count), false, false},
    {16, LIST_WRITES, MEMBER(struct tf_index_writes, first_chunk), true, false},
    {17, LIST_WRITES, MEMBER(struct tf_index_writes, chunk_count), false, false},
    {18, LIST_WRITES, MEMBER(struct tf_index_writes, list), false, false},
    {19, LIST_WRITES, MEMBER(struct tf_index_writes, id), false, false},
    {20, LIST_WRITES, MEMBER(struct tf_index_writes, page), false, false},
    {21, LIST_WRITES, MEMBER(struct tf_index_writes, off), true, true},
};

#define COLUMN_COUNT (sizeof columns / sizeof *columns)

bool
tf_list_room(void *at_of_list, size_t count, size_t *cap, size_t size)
{
    void *at;
    if (count < *cap) {
        return true;
    }
    size_t more = *cap > 0 ? *cap * 2 : 16;
    memcpy(&at, at_of_list, sizeof at);
    at = realloc(at, more * size);
    if (at == NULL) {
        return false;
    }
    memcpy(at_of_list, &at, sizeof at);
    *cap = more;
    return true;
}

static struct any_list
list_of(const struct tf_index *index, unsigned list)
{
    struct any_list any;
    memcpy(&any, (const char *)index + lists[list].off, sizeof any);
    return any;
}

void
tf_index_release(struct tf_index *index)
{
    for (unsigned i = 0; i < LIST_COUNT; i++) {
        free(list_of(index, i).at);
    }
    *index = (struct tf_index){0};
}

static uint64_t
member_load(const struct any_list *any, const struct index_column *column, size_t i)
{
    const char *at = (const char *)any->at + i * lists[column->list].element_bytes;
    uint64_t wide;
    uint32_t narrow;
    if (column->bytes == sizeof narrow) {
        memcpy(&narrow, at + column->off, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, at + column->off, sizeof wide);
    return wide;
}

static bool
member_store(struct any_list *any, const struct index_column *column, size_t i,
             uint64_t n)
{
    char *at = (char *)any->at + i * lists[column->list].element_bytes;
    uint32_t narrow = (uint32_t)n;
    if (column->bytes == sizeof narrow) {
        memcpy(at + column->off, &narrow, sizeof narrow);
        return n <= UINT32_MAX;
    }
    memcpy(at + column->off, &n, sizeof n);
    return n <= TF_SEQ_MAX;
}

static bool
put_column(const struct tf_index *index, const struct index_column *column,
           struct tf_blob *scratch, struct tf_blob *message)
{
    struct any_list any = list_of(index, column->list);
    uint64_t before = 0;
    scratch->len = 0;
    for (size_t i = 0; i < any.count; i++) {
        uint64_t n = member_load(&any, column, i);
        if (!tf_blob_u64(scratch, n - before)) {
            return false;
        }
        before = column->delta ? n : 0;
    }
    return any.count == 0
           || tf_blob_field(message, column->field, scratch->data, scratch->len);
}

bool
tf_index_put(const struct tf_index *index, struct tf_blob *blob, uint32_t number)
{
    struct tf_blob scratch = {0}, message = {0};
    bool ok = true;
    for (size_t i = 0; i < COLUMN_COUNT && ok; i++) {
        ok = put_column(index, &columns[i], &scratch, &message);
    }
    ok = ok && tf_blob_field(blob, number, message.data, message.len);
    tf_blob_release(&scratch);
    tf_blob_release(&message);
    return ok;
}

static bool
take_values(const struct index_column *column, struct tf_cursor bytes,
            struct any_list *any, const struct tf_frame_list *frames)
{
    uint64_t value, before = 0;
    for (size_t i = 0; i < any->count; i++) {
        if (!tf_cursor_u64(&bytes, &value) || value > TF_SEQ_MAX) {
            return false;
        }
        value += before;
        if (!member_store(any, column, i, value)
            || (column->place && tf_frame_list_find(frames, value) == NULL)) {
            return false;
        }
        before = column->delta ? value : 0;
    }
    return bytes.at == bytes.end;
}

static bool
take_column(struct tf_index *index, const struct index_column *column,
            struct tf_cursor bytes, const struct tf_frame_list *frames)
{
    struct any_list any = list_of(index, column->list);
    size_t count = tf_cursor_count_varints(bytes);
    /* every entry names a frame, so there are no more than frames */
    if (count > frames->count) {
        return false;
    }
    if (any.at == NULL && count > 0) {
        any.at = calloc(count, lists[column->list].element_bytes);
        if (any.at == NULL) {
            index->no_memory = true;
            return false;
        }
        any.count = any.cap = count;
        memcpy((char *)index + lists[column->list].off, &any, sizeof any);
    }
    return count > 0 && count == any.count && take_values(column, bytes, &any, frames);
}

static bool
take_field(struct tf_index *index, const struct tf_wire *wire,
           const struct tf_frame_list *frames, uint32_t *seen)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (columns[i].field == wire->number) {
            bool again = (*seen & 1u << i) != 0;
            *seen |= 1u << i;
            return !again && wire->type == TF_WIRE_BYTES
                   && take_column(index, &columns[i], wire->bytes, frames);
        }
    }
    return true;
}

static bool
chunks_hold(const struct tf_index *index)
{
    for (size_t i = 0; i < index->chunk.count; i++) {
        const struct tf_chunk_info *info = &index->chunk.at[i];
        uint64_t next = i + 1 < index->chunk.count ? info[1].first_seq : TF_SEQ_MAX;
        if (info->event_count > TF_CHUNK_EVENTS_MAX || info->first_seq == 0
            || info->first_seq + info->event_count > next
            || (i > 0 && info->file_off <= info[-1].file_off)) {
            return false;
        }
    }
    return index->postings.count <= index->chunk.count;
}

struct tf_index_writes
tf_index_writes_of(const struct tf_writes_block *block, uint64_t off)
{
    return (struct tf_index_writes){
        .first_chunk = block->first_chunk,
        .chunk_count = block->chunk_count,
        .list = block->list,
        .id = block->count > 0 ? block->write[0].id : 0,
        .page = block->count > 0 ? block->write[0].page : 0,
        .off = off,
    };
}

static bool
writes_follow(const struct tf_index_writes *before, const struct tf_index_writes *next)
{
    if (next->chunk_count == 0 || next->chunk_count > UINT16_MAX
        || next->first_chunk > TF_SEQ_MAX) {
        return false;
    }
    uint64_t end = before != NULL ? before->first_chunk + before->chunk_count : 0;
    if (before == NULL || next->first_chunk != before->first_chunk) {
        return next->first_chunk == end && next->list == TF_WRITES_OBJECTS;
    }
    if (next->chunk_count != before->chunk_count || next->list >= TF_WRITES_LISTS) {
        return false;
    }
    return next->list > before->list
           || (next->list == before->list
               && (next->id > before->id
                   || (next->id == before->id && next->page > before->page)));
}

bool
tf_index_writes_follow(const struct tf_index *index, const struct tf_index_writes *next)
{
    size_t count = index->writes.count;
    return writes_follow(count > 0 ? &index->writes.at[count - 1] : NULL, next)
           && next->first_chunk + next->chunk_count <= index->chunk.count;
}

uint64_t
tf_index_writes_end(const struct tf_index *index)
{
    size_t count = index->writes.count;
    return count > 0 ? index->writes.at[count - 1].first_chunk
                           + index->writes.at[count - 1].chunk_count
                     : 0;
}

/* The groups cover the chunks from the first on, without a hole. */
static bool
writes_hold(const struct tf_index *index)
{
    for (size_t i = 0; i < index->writes.count; i++) {
        const struct tf_index_writes *at = &index->writes.at[i];
        if (!writes_follow(i > 0 ? &at[-1] : NULL, at)
            || at->first_chunk + at->chunk_count > index->chunk.count) {
            return false;
        }
    }
    return true;
}

/* Every column of a list must be there when one is: `seen` has a bit a column. */
static bool
columns_complete(uint32_t seen)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        for (size_t j = 0; j < COLUMN_COUNT; j++) {
            if (columns[i].list == columns[j].list
                && (seen >> i & 1) != (seen >> j & 1)) {
                return false;
            }
        }
    }
    return true;
}

tf_status
tf_index_get(struct tf_index *index, struct tf_cursor bytes, int64_t file_off,
             const struct tf_frame_list *frames, struct tf_err *err)
{
    struct tf_wire wire;
    enum tf_wire_step step;
    uint32_t seen = 0;
    while ((step = tf_wire_next(&bytes, &wire)) == TF_WIRE_FIELD) {
        if (!take_field(index, &wire, frames, &seen)) {
            break;
        }
    }
    if (step != TF_WIRE_END || !columns_complete(seen) || !chunks_hold(index)
        || !writes_hold(index)) {
        bool no_memory = index->no_memory;
        tf_index_release(index);
        if (no_memory) {
            return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
        }
        return tf_err_set(err, TF_ERR_DAMAGED, file_off,
                          "damaged recording: its index at offset %lld does not hold",
                          (long long)file_off);
    }
    return TF_OK;
}

const struct tf_index_summary *
tf_index_summary(const struct tf_index *index, uint32_t level, uint64_t first_chunk)
{
    size_t low = 0, high = index->summary.count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct tf_index_summary *at = &index->summary.at[mid];
        if (at->level < level
            || (at->level == level && at->first_chunk < first_chunk)) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    if (low < index->summary.count && index->summary.at[low].level == level
        && index->summary.at[low].first_chunk == first_chunk) {
        return &index->summary.at[low];
    }
    return NULL;
}

static int
compare_summaries(const void *a, const void *b)
{
    const struct tf_index_summary *x = a, *y = b;
    if (x->level != y->level) {
        return x->level < y->level ? -1 : 1;
    }
    return (x->first_chunk > y->first_chunk) - (x->first_chunk < y->first_chunk);
}

void
tf_index_sort(struct tf_index *index)
{
    if (index->summary.count > 1) {
        qsort(index->summary.at, index->summary.count, sizeof *index->summary.at,
              compare_summaries);
    }
}
