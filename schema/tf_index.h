/* Where everything is in a file: built by the writer, read from the file or rebuilt by a
 * scan. */
#ifndef TF_INDEX_H
#define TF_INDEX_H

#include "tf_blob.h"
#include "tf_frame.h"
#include "tf_reader.h"
#include "tf_writes.h"

struct tf_index_summary {
    uint32_t level;
    uint64_t first_chunk, off;
};

struct tf_index_source {
    uint32_t file;
    uint64_t off;
};

struct tf_index_checkpoint {
    uint64_t seq, off;
};

struct tf_index_writes { /* a block: its group, and where its list begins in it */
    uint64_t first_chunk;
    uint32_t chunk_count, list;
    uint64_t id;
    uint32_t page;
    uint64_t off;
};

/* A growing array: count, cap and the elements. */
#define TF_LIST(type) \
 struct {             \
  type *at;           \
  size_t count, cap;  \
 }

struct tf_index {
    TF_LIST(struct tf_chunk_info) chunk;
    TF_LIST(uint64_t) postings; /* one a chunk; may be fewer in an unfinished file */
    TF_LIST(struct tf_index_summary) summary;
    TF_LIST(uint64_t) definitions;
    TF_LIST(struct tf_index_source) source;
    TF_LIST(struct tf_index_checkpoint) checkpoint;
    TF_LIST(struct tf_index_writes) writes; /* by group, list, id, page */
    bool no_memory;                         /* while it was read */
};

/* Makes room for one more of `size` bytes; false: no memory. */
bool tf_list_room(void *at_of_list, size_t count, size_t *cap, size_t size);
/* Room for one more: tf_list_next(&index->chunk) and then list.at[list.count++] = ... */
#define tf_list_next(list) \
 tf_list_room(&(list)->at, (list)->count, &(list)->cap, sizeof *(list)->at)

struct tf_index_writes tf_index_writes_of(const struct tf_writes_block *block,
                                          uint64_t off);
/* The lists of writes cover the chunks before this one. */
uint64_t tf_index_writes_end(const struct tf_index *index);
/* Whether a block may follow those that are there. */
bool tf_index_writes_follow(const struct tf_index *index,
                            const struct tf_index_writes *next);

void tf_index_release(struct tf_index *index);
bool tf_index_put(const struct tf_index *index, struct tf_blob *blob, uint32_t number);
/* Reads and checks it: every offset must be that of a frame in `frames`, and everything
 * that ascends must. */
tf_status tf_index_get(struct tf_index *index, struct tf_cursor bytes, int64_t file_off,
                       const struct tf_frame_list *frames, struct tf_err *err);
/* Sorts the summaries for tf_index_summary. */
void tf_index_sort(struct tf_index *index);
/* The summary of that level that begins with the chunk; NULL: none. */
const struct tf_index_summary *tf_index_summary(const struct tf_index *index,
                                                uint32_t level, uint64_t first_chunk);

#endif
