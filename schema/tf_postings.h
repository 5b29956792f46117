/* What chunks ran and wrote: the message `Postings`, as sets that are built and merged,
 * and as sorted lists that are looked into. */
#ifndef TF_POSTINGS_H
#define TF_POSTINGS_H

#include "tf_blob.h"
#include "tf_format.h"
#include "tf_map.h"

enum tf_posting_list {
    TF_POST_LINE,      /* key: code, line */
    TF_POST_CODE,      /* code */
    TF_POST_EXCEPTION, /* type; 0: not known */
    TF_POST_THREAD,    /* thread */
    TF_POST_LISTS
};

static inline uint64_t
tf_line_key(uint32_t code, uint32_t lineno)
{
    return (uint64_t)code << 32 | lineno;
}

/* Being built, or merged. */
struct tf_postings_set {
    uint32_t level;
    uint64_t first_chunk, chunk_count;
    uint32_t child_count; /* level > 0: so many are merged in */
    struct tf_map map[TF_POST_LISTS];
    uint64_t kind_events[TF_EV_COUNT];
};

void tf_postings_set_init(struct tf_postings_set *set);
void tf_postings_set_release(struct tf_postings_set *set);
void tf_postings_set_clear(struct tf_postings_set *set, uint32_t level,
                           uint64_t first_chunk);
/* Adds a level's child, in order. False when memory ran out. */
bool tf_postings_set_merge(struct tf_postings_set *set,
                           const struct tf_postings_set *child);
/* Sorts it and appends it as field `number`; it can be merged afterwards, but not added
 * to. False when memory ran out. */
bool tf_postings_set_put(struct tf_postings_set *set, struct tf_blob *blob,
                         uint32_t number);

/* As read: sorted. */
struct tf_postings {
    uint32_t level;
    uint64_t first_chunk, chunk_count;
    struct tf_entry *entry[TF_POST_LISTS];
    size_t count[TF_POST_LISTS];
    uint64_t kind_events[TF_EV_COUNT];
    size_t memory_bytes;
    bool no_memory; /* while it was read */
};

tf_status tf_postings_get(struct tf_cursor bytes, int64_t file_off,
                          struct tf_postings **ret_postings, struct tf_err *err);
/* The content of a set, which is empty then. NULL: no memory. */
struct tf_postings *tf_postings_of_set(struct tf_postings_set *set);
void tf_postings_free(struct tf_postings *postings);
const struct tf_entry *tf_postings_find(const struct tf_postings *postings,
                                        enum tf_posting_list list, uint64_t key);

#endif
