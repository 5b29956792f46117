#include "tf_postings.h"

#include <stdlib.h>

#include "tf_limits.h"

/* How an entry stands in columns. */
enum column_sort {
    COLUMN_KEY,       /* key, delta */
    COLUMN_LINE_CODE, /* high half of a line's key, delta */
    COLUMN_LINE_NO,   /* low half, signed delta */
    COLUMN_HITS,
    COLUMN_CALLS,
    COLUMN_GROUPS,
};

static const struct column {
    uint8_t field, list, sort;
    bool above_level_0;
} columns[] = {
    {4, TF_POST_LINE, COLUMN_LINE_CODE, false},
    {5, TF_POST_LINE, COLUMN_LINE_NO, false},
    {6, TF_POST_LINE, COLUMN_HITS, false},
    {7, TF_POST_LINE, COLUMN_GROUPS, true},
    {8, TF_POST_CODE, COLUMN_KEY, false},
    {9, TF_POST_CODE, COLUMN_CALLS, false},
    {10, TF_POST_CODE, COLUMN_HITS, false},
    {11, TF_POST_CODE, COLUMN_GROUPS, true},
    {12, TF_POST_EXCEPTION, COLUMN_KEY, false},
    {13, TF_POST_EXCEPTION, COLUMN_HITS, false},
    {14, TF_POST_EXCEPTION, COLUMN_GROUPS, true},
    {15, TF_POST_THREAD, COLUMN_KEY, false},
    {16, TF_POST_THREAD, COLUMN_HITS, false},
    {17, TF_POST_THREAD, COLUMN_GROUPS, true},
};

#define COLUMN_COUNT (sizeof columns / sizeof *columns)

enum {
    FIELD_LEVEL = 1,
    FIELD_FIRST = 2,
    FIELD_COUNT = 3,
    FIELD_KINDS = 18,
};

void
tf_postings_set_init(struct tf_postings_set *set)
{
    *set = (struct tf_postings_set){0};
}

void
tf_postings_set_release(struct tf_postings_set *set)
{
    for (int i = 0; i < TF_POST_LISTS; i++) {
        tf_map_release(&set->map[i]);
    }
}

void
tf_postings_set_clear(struct tf_postings_set *set, uint32_t level, uint64_t first_chunk)
{
    for (int i = 0; i < TF_POST_LISTS; i++) {
        tf_map_clear(&set->map[i]);
    }
    memset(set->kind_events, 0, sizeof set->kind_events);
    set->level = level;
    set->first_chunk = first_chunk;
    set->chunk_count = 0;
    set->child_count = 0;
}

static bool
merge_list(struct tf_postings_set *set, const struct tf_postings_set *child,
           enum tf_posting_list list)
{
    const struct tf_map *from = &child->map[list];
    for (size_t i = 0; i < from->count; i++) {
        const struct tf_entry *entry = &from->entry[i];
        struct tf_entry *to = tf_map_at(&set->map[list], entry->key);
        if (to == NULL) {
            return false;
        }
        to->hits += entry->hits;
        to->calls += entry->calls;
        to->groups |= 1u << set->child_count;
    }
    return true;
}

bool
tf_postings_set_merge(struct tf_postings_set *set, const struct tf_postings_set *child)
{
    bool ok = true;
    for (int list = 0; list < TF_POST_LISTS && ok; list++) {
        ok = merge_list(set, child, (enum tf_posting_list)list);
    }
    for (int kind = 0; kind < TF_EV_COUNT; kind++) {
        set->kind_events[kind] += child->kind_events[kind];
    }
    set->chunk_count += child->chunk_count;
    set->child_count++;
    return ok;
}

/* --- writing --- */
static uint64_t
column_value(enum column_sort sort, const struct tf_entry *entry,
             const struct tf_entry *before)
{
    switch (sort) {
    case COLUMN_KEY: return entry->key - before->key;
    case COLUMN_LINE_CODE: return (entry->key >> 32) - (before->key >> 32);
    case COLUMN_LINE_NO:
        return tf_zigzag((int64_t)(entry->key & UINT32_MAX)
                         - (int64_t)(before->key & UINT32_MAX));
    case COLUMN_HITS: return entry->hits;
    case COLUMN_CALLS: return entry->calls;
    case COLUMN_GROUPS: return entry->groups;
    }
    return 0;
}

static bool
put_column(const struct tf_map *map, const struct column *column,
           struct tf_blob *scratch, struct tf_blob *message)
{
    static const struct tf_entry zero;
    const struct tf_entry *before = &zero;
    scratch->len = 0;
    if (map->count == 0) {
        return true;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct tf_entry *entry = &map->entry[i];
        if (!tf_blob_u64(scratch, column_value(column->sort, entry, before))) {
            return false;
        }
        before = entry;
    }
    return tf_blob_field(message, column->field, scratch->data, scratch->len);
}

static bool
put_kinds(const uint64_t *kind_events, struct tf_blob *scratch, struct tf_blob *message)
{
    scratch->len = 0;
    for (int kind = 0; kind < TF_EV_COUNT; kind++) {
        if (!tf_blob_u64(scratch, kind_events[kind])) {
            return false;
        }
    }
    return tf_blob_field(message, FIELD_KINDS, scratch->data, scratch->len);
}

static bool
put_message(const struct tf_postings_set *set, struct tf_blob *scratch,
            struct tf_blob *message)
{
    bool ok = tf_blob_field_u64(message, FIELD_LEVEL, set->level)
              && tf_blob_field_u64(message, FIELD_FIRST, set->first_chunk)
              && tf_blob_field_u64(message, FIELD_COUNT, set->chunk_count);
    for (size_t i = 0; i < COLUMN_COUNT && ok; i++) {
        if (set->level > 0 || !columns[i].above_level_0) {
            ok = put_column(&set->map[columns[i].list], &columns[i], scratch, message);
        }
    }
    return ok && put_kinds(set->kind_events, scratch, message);
}

bool
tf_postings_set_put(struct tf_postings_set *set, struct tf_blob *blob, uint32_t number)
{
    struct tf_blob scratch = {0}, message = {0};
    bool ok = true;
    for (int i = 0; i < TF_POST_LISTS && ok; i++) {
        ok = tf_map_sort(&set->map[i]);
    }
    ok = ok && put_message(set, &scratch, &message)
         && tf_blob_field(blob, number, message.data, message.len);
    tf_blob_release(&scratch);
    tf_blob_release(&message);
    return ok;
}

/* --- reading --- */
void
tf_postings_free(struct tf_postings *postings)
{
    for (int i = 0; postings != NULL && i < TF_POST_LISTS; i++) {
        free(postings->entry[i]);
    }
    free(postings);
}

const struct tf_entry *
tf_postings_find(const struct tf_postings *postings, enum tf_posting_list list,
                 uint64_t key)
{
    return tf_entry_find(postings->entry[list], postings->count[list], key);
}

/* One value of a column into its entry; `sum` is the running total of the deltas. */
static bool
take_value(enum column_sort sort, uint64_t value, uint64_t *sum, struct tf_entry *entry)
{
    switch (sort) {
    case COLUMN_KEY:
        entry->key = *sum += value;
        return value <= TF_ID_MAX && *sum <= TF_ID_MAX;
    case COLUMN_LINE_CODE:
        *sum += value;
        entry->key |= *sum << 32;
        return value <= UINT32_MAX && *sum <= UINT32_MAX;
    case COLUMN_LINE_NO:
        *sum += (uint64_t)tf_unzigzag(value);
        entry->key |= *sum;
        return *sum <= UINT32_MAX;
    case COLUMN_HITS: entry->hits = value; return value <= TF_SEQ_MAX;
    case COLUMN_CALLS: entry->calls = value; return value <= TF_SEQ_MAX;
    case COLUMN_GROUPS: entry->groups = (uint32_t)value; return value <= 0xffff;
    }
    return false;
}

static bool
take_column(struct tf_postings *postings, const struct column *column,
            struct tf_cursor bytes)
{
    size_t count = tf_cursor_count_varints(bytes);
    struct tf_entry **entry = &postings->entry[column->list];
    uint64_t value, sum = 0;
    if (count == 0 || count > TF_UNPACK_BYTES_MAX / sizeof **entry) {
        return false;
    }
    if (*entry == NULL) {
        *entry = calloc(count, sizeof **entry);
        postings->no_memory = *entry == NULL;
        postings->count[column->list] = *entry != NULL ? count : 0;
        postings->memory_bytes += count * sizeof **entry;
    }
    if (count != postings->count[column->list]) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!tf_cursor_u64(&bytes, &value)
            || !take_value(column->sort, value, &sum, &(*entry)[i])) {
            return false;
        }
    }
    return bytes.at == bytes.end;
}

static bool
take_kinds(struct tf_postings *postings, struct tf_cursor bytes)
{
    for (int kind = 0; kind < TF_EV_COUNT && bytes.at < bytes.end; kind++) {
        if (!tf_cursor_u64(&bytes, &postings->kind_events[kind])
            || postings->kind_events[kind] > TF_SEQ_MAX) {
            return false;
        }
    }
    return bytes.at == bytes.end;
}

static bool
take_field(struct tf_postings *postings, const struct tf_wire *wire, uint32_t *seen)
{
    bool varint = wire->type == TF_WIRE_VARINT;
    switch (wire->number) {
    case FIELD_LEVEL:
        postings->level = (uint32_t)wire->varint;
        return varint && wire->varint <= TF_SUMMARY_LEVELS;
    case FIELD_FIRST: postings->first_chunk = wire->varint; return varint;
    case FIELD_COUNT: postings->chunk_count = wire->varint; return varint;
    case FIELD_KINDS:
        return wire->type == TF_WIRE_BYTES && take_kinds(postings, wire->bytes);
    default: break;
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (columns[i].field == wire->number) {
            bool again = (*seen & 1u << i) != 0;
            *seen |= 1u << i;
            return !again && wire->type == TF_WIRE_BYTES
                   && take_column(postings, &columns[i], wire->bytes);
        }
    }
    return true; /* a field of a later version */
}

static bool
is_sorted(const struct tf_postings *postings)
{
    for (int list = 0; list < TF_POST_LISTS; list++) {
        const struct tf_entry *entry = postings->entry[list];
        for (size_t i = 1; i < postings->count[list]; i++) {
            if (entry[i].key <= entry[i - 1].key) {
                return false;
            }
        }
    }
    return true;
}

tf_status
tf_postings_get(struct tf_cursor bytes, int64_t file_off,
                struct tf_postings **ret_postings, struct tf_err *err)
{
    struct tf_wire wire;
    enum tf_wire_step step;
    uint32_t seen = 0;
    struct tf_postings *postings = calloc(1, sizeof *postings);
    if (postings == NULL) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    postings->memory_bytes = sizeof *postings;
    while ((step = tf_wire_next(&bytes, &wire)) == TF_WIRE_FIELD) {
        if (!take_field(postings, &wire, &seen)) {
            break;
        }
    }
    if (postings->no_memory) {
        tf_postings_free(postings);
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    if (step != TF_WIRE_END || !is_sorted(postings)) {
        tf_postings_free(postings);
        return tf_err_set(err, TF_ERR_DAMAGED, file_off,
                          "damaged recording: postings at offset %lld do not hold",
                          (long long)file_off);
    }
    *ret_postings = postings;
    return TF_OK;
}

struct tf_postings *
tf_postings_of_set(struct tf_postings_set *set)
{
    struct tf_postings *postings = calloc(1, sizeof *postings);
    if (postings == NULL) {
        return NULL;
    }
    *postings = (struct tf_postings){
        .level = set->level,
        .first_chunk = set->first_chunk,
        .chunk_count = set->chunk_count,
        .memory_bytes = sizeof *postings,
    };
    memcpy(postings->kind_events, set->kind_events, sizeof set->kind_events);
    for (int i = 0; i < TF_POST_LISTS; i++) {
        if (!tf_map_sort(&set->map[i])) {
            tf_postings_free(postings);
            return NULL;
        }
        postings->entry[i] = set->map[i].entry; /* taken over */
        postings->count[i] = set->map[i].count;
        postings->memory_bytes += set->map[i].cap * sizeof(struct tf_entry);
        set->map[i].entry = NULL;
        tf_map_release(&set->map[i]);
    }
    return postings;
}
