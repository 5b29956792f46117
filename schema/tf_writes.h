/* Which chunks wrote what: the message `Writes`, lists by object and by frame.
 *
 * The lists of up to TF_WRITES_CHUNKS chunks, a *group*, are sorted by what was written and
 * cut into blocks, so that one small block tells all chunks of the group that wrote an
 * object, a page of it, or a slot. The writer collects a group in bounded memory. */
#ifndef TF_WRITES_H
#define TF_WRITES_H

#include "tf_blob.h"
#include "tf_err.h"
#include "tf_format.h"

enum tf_writes_list {
    TF_WRITES_OBJECTS = 1,
    TF_WRITES_FRAMES = 2,
    TF_WRITES_LISTS = 3,
};

/* tf_write.flags */
#define TF_WRITTEN       1u
#define TF_WRITTEN_IMAGE 2u  /* whole, by an image */
#define TF_WRITTEN_PAGES 4u  /* which items: see its pages */
#define TF_WRITTEN_MORE  8u  /* the number of items that are not recorded */
#define TF_WRITTEN_EVEN  16u /* an item with an even idx: a key, in a dict */
/* Those that a file may have. */
#define TF_WRITTEN_KNOWN \
 (TF_WRITTEN_IMAGE | TF_WRITTEN_PAGES | TF_WRITTEN_MORE | TF_WRITTEN_EVEN)

/* Items that an object's own entry can tell. */
#define TF_WRITE_ITEMS 32u

struct tf_write {
    uint64_t id; /* object or frame, older than the chunk */
    uint64_t
        items; /* a bit for each item that was set: of the object the first 32 (none
                       with TF_WRITTEN_PAGES), or those of the page */
    int64_t
        grown; /* how many items more there are at the chunk's end than at its start;
                       with TF_WRITTEN_IMAGE: how many there are */
    uint64_t
        risen; /* how many items more it had in between than at the start and at the end;
                       0 with TF_WRITTEN_IMAGE */
    uint32_t
        page; /* objects: 0 the object itself, n + 1 its page n; frames: the slot */
    uint32_t attrs; /* bit i % 32 for each attribute i */
    uint32_t from;  /* items from from - 1 on may have moved, come or gone; 0: none */
    uint16_t chunk; /* in the group */
    uint8_t flags;
};

/* What one chunk wrote; made by the tally. */
struct tf_writes_set {
    struct tf_write *write;
    size_t count, cap;
    uint32_t *slot; /* place in `write` + 1, 0 free; a power of two of them */
    size_t slot_count;
};

void tf_writes_set_clear(struct tf_writes_set *set);
void tf_writes_set_release(struct tf_writes_set *set);
/* The entry, made if it is not there; NULL when memory ran out. Valid until the next. */
struct tf_write *tf_writes_at(struct tf_writes_set *set, uint64_t id, uint32_t page);
/* Items [idx, idx + count) of an object were set to other values. */
bool tf_writes_items(struct tf_writes_set *set, uint64_t id, uint64_t idx,
                     uint64_t count);
/* `gone` items were taken away at idx and `come` put there. */
bool tf_writes_splice(struct tf_writes_set *set, uint64_t id, uint64_t idx,
                      uint64_t gone, uint64_t come);
/* Attribute values [idx, ...) likewise. */
bool tf_writes_attrs(struct tf_writes_set *set, uint64_t id, uint64_t idx,
                     uint64_t gone, uint64_t come);
bool tf_writes_more(struct tf_writes_set *set, uint64_t id);
bool tf_writes_image(struct tf_writes_set *set, uint64_t id, uint64_t items);

/* The group being collected. */
struct tf_writes_group {
    uint64_t first_chunk;
    uint32_t chunk_count;

    struct {
        struct tf_write *write;
        size_t count, cap;
    } list[TF_WRITES_LISTS];
};

/* A slice of a group's list; keys (id, page) are not split between blocks. */
struct tf_writes_block {
    enum tf_writes_list list;
    uint64_t first_chunk;
    uint32_t chunk_count;
    struct tf_write *write;
    size_t count;
};

void tf_writes_group_release(struct tf_writes_group *group);
/* Adds the next chunk's. False when memory ran out. */
bool tf_writes_group_add(struct tf_writes_group *group,
                         const struct tf_writes_set *objects,
                         const struct tf_writes_set *frames);
/* Whether the group is to be closed. */
bool tf_writes_group_full(const struct tf_writes_group *group);
/* By id, page, chunk. False when memory ran out. */
bool tf_writes_group_sort(struct tf_writes_group *group);
/* The block of a sorted group that begins at *at; moves *at to the next. A group has one
 * block at least, if an empty one of the objects. False: there is no more. */
bool tf_writes_group_block(const struct tf_writes_group *group,
                           enum tf_writes_list *list, size_t *at,
                           struct tf_writes_block *ret_block);
/* Empty, for the chunks that follow. */
void tf_writes_group_next(struct tf_writes_group *group);

/* False when memory ran out. */
bool tf_writes_put(const struct tf_writes_block *block, struct tf_blob *blob,
                   uint32_t number);
/* `ret_block->write` is the caller's to free. */
tf_status tf_writes_get(struct tf_cursor bytes, int64_t file_off,
                        struct tf_writes_block *ret_block, struct tf_err *err);
/* The entries of a key in a block: [*ret_first, *ret_end), by chunk. */
void tf_writes_range(const struct tf_writes_block *block, uint64_t id, uint32_t page,
                     size_t *ret_first, size_t *ret_end);

#endif
