/* The tail: the batches that are being filled or wait for the writer, in a shared mapping
 * of a file beside the recording, so that they outlive the process.
 *
 * The memory of a batch (its rows, definitions and sources) lies in the mapping; whoever
 * fills it writes nothing twice. One store after each event publishes how far the rows are
 * whole, and runs of rows are sealed by a checksum. FORMAT.md, section 14, has the layout.
 *
 * The file is allocated before it is mapped: a mapping of a file with holes on a full disk
 * is a SIGBUS. Where that cannot be, batches lie in ordinary memory. */
#ifndef TF_TAIL_H
#define TF_TAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "tf_err.h"
#include "tf_writer.h"

#define TF_TAIL_SUFFIX  ".tail"
#define TF_TAIL_MAGIC   UINT64_C(0x316C696174727970) /* "pyrtail1" */
#define TF_TAIL_VERSION 1u

/* Where the parts of the file are. */
#define TF_TAIL_SLOT_OFF   4096u
#define TF_TAIL_EXTENT_OFF 8192u
#define TF_TAIL_DATA_OFF   16384u
#define TF_TAIL_SLOTS_MAX  32u
#define TF_TAIL_EXTENTS_MAX \
 ((TF_TAIL_DATA_OFF - TF_TAIL_EXTENT_OFF) / sizeof(struct tf_tail_extent))

/* What a slot's data are: id, number, name. */
#define TF_TAIL_AREAS(X)               \
 X(TAIL_CHANGES, 0, "changes")         \
 X(TAIL_KEYFRAME, 1, "keyframe")       \
 X(TAIL_DEFINITIONS, 2, "definitions") \
 X(TAIL_SOURCES, 3, "sources")         \
 X(TAIL_SEALS, 4, "seals")

#define TF_TAIL_AREA_X(id, number, name) TF_##id = number,

enum tf_tail_area { TF_TAIL_AREAS(TF_TAIL_AREA_X) TF_TAIL_AREA_COUNT };

#undef TF_TAIL_AREA_X

/* All numbers are little endian. */
struct tf_tail_head {
    uint64_t magic;
    uint32_t version;
    uint32_t slot_count;
    uint8_t uuid[16];    /* of the recording */
    uint8_t boot_id[16]; /* of the kernel that runs; 0: not known */
    uint64_t pid;
    uint64_t check; /* of the bytes before; what follows changes */
    uint32_t extent_count;
    uint32_t signal; /* the latest signal seen that ends a process; 0: none */
    uint64_t signal_unix_ns;
};

/* A batch. Free as long as `batch` is 0; else everything of it but `batch` only grows. */
struct tf_tail_slot {
    uint64_t batch; /* its number: 1, 2, 3 ... */
    uint64_t first_seq;
    uint64_t changes_bytes; /* published: ends with a whole event */
    uint32_t seal_count;
    uint32_t left;         /* not 0: there was no room; what came after is not here */
    uint64_t synced_bytes; /* of the changes, when last written to the disk, */
    uint64_t synced_check; /* and their checksum */
    uint8_t reserved[80];
};

/* A piece of an area. An area is its extents, in the order of the table. */
struct tf_tail_extent {
    uint32_t slot, area;
    uint64_t off, bytes;
    uint64_t check; /* of the bytes before */
};

/* The bytes of an area from the end of the seal before of that area. */
struct tf_tail_seal {
    uint32_t area;
    uint32_t reserved;
    uint64_t end;
    uint64_t check;
};

/* Changes are sealed when so many bytes are not. */
#define TF_TAIL_SEAL_BYTES 1024u

/* Checksum of a run of bytes of a batch's area: of the batch, so that what an earlier one
 * left in the same place does not fit. */
uint64_t tf_tail_check(const void *bytes, size_t len, uint64_t batch, unsigned area);

/* Of the kernel that runs; false, and all 0, where it cannot be had. */
bool tf_tail_boot_id(uint8_t ret_id[16]);

/* --- Writing --- */
struct tf_tail;

/* Makes the file at `path` (0600) and maps it. A tail that is there already is of another
 * recording, which is gone: it is replaced; anything else is not. `place_fd` (may be NULL)
 * gives the descriptor another number. The error is without the file's name. */
tf_status tf_tail_create(const char *path, const uint8_t uuid[16], unsigned slot_count,
                         int (*place_fd)(int fd), struct tf_tail **ret_tail,
                         struct tf_err *err);
/* Unmaps. `remove`: the file goes, too, if it still is ours. The batches must have been
 * released. */
void tf_tail_close(struct tf_tail *tail, bool remove);
/* In a forked child: unmaps and closes; touches no lock, frees no memory. */
void tf_tail_forget(struct tf_tail *tail);
/* Gives the empty batch the memory of a slot, for ever. */
bool tf_tail_attach(struct tf_tail *tail, unsigned slot, struct tf_batch *batch);

/* The rest is for a batch with or without a tail. */

/* The keyframe is whole, the events that follow begin with `first_seq`. */
void tf_tail_begin(struct tf_batch *batch, uint64_t first_seq);
/* The changes up to the latest event get a checksum. */
void tf_tail_seal_changes(struct tf_batch *batch);
/* After a definition or a source: seals what was added. */
void tf_tail_seal_definitions(struct tf_batch *batch);
void tf_tail_seal_sources(struct tf_batch *batch);
/* The batch is in the recording, and is used again: its slot is free. Before
 * tf_batch_clear(). */
void tf_tail_free(struct tf_batch *batch);
/* Whether all of the batch is in the tail; then leaving it there costs no memory. */
bool tf_tail_holds(const struct tf_batch *batch);

/* Before the file is brought to the disk: what was published so far gets a checksum. Returns
 * the descriptor for fdatasync(2), -1 when there is none any more. By any one thread, while
 * another fills a batch. */
int tf_tail_seal_for_sync(struct tf_tail *tail);
/* Notes that a signal came that ends the process. Async-signal-safe. */
void tf_tail_note_signal(struct tf_tail *tail, int signal_number);

/* The rows up to here are whole. The one thing done for each event. */
static inline void
tf_tail_publish(const struct tf_batch *batch)
{
    __atomic_store_n(batch->published, batch->changes.len, __ATOMIC_RELEASE);
}

#endif
