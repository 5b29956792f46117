/* Sizes and limits that writer and reader share. A reader refuses what exceeds them
 * (TF_ERR_LIMIT) before it takes memory; a writer never makes it. */
#ifndef TF_LIMITS_H
#define TF_LIMITS_H

#include <stdint.h>

/* A chunk closes at the first of these. */
#define TF_CHUNK_EVENTS    16384u
#define TF_CHUNK_ROW_BYTES (1u << 20)

/* One recorded text, in bytes, at most (a capture limit above it is refused). */
#define TF_TEXT_BYTES_MAX (4u << 20)

/* One top-level field, decompressed: a chunk of TF_CHUNK_ROW_BYTES whose last change
 * carried a text of the greatest size, as columns, and its keyframe. */
#define TF_FIELD_BYTES_MAX (64u << 20)

/* Source text of one file; a longer one is left out, with the reason. */
#define TF_SOURCE_BYTES_MAX (16u << 20)
/* Source texts that a reader keeps at once. */
#define TF_SOURCES_BYTES_MAX (64u << 20)

/* zstd frames of a file: some 30,000 million events. */
#define TF_FRAMES_MAX (4u << 20)

/* Events of one chunk that a reader takes; a writer closes it earlier (above). */
#define TF_CHUNK_EVENTS_MAX (1u << 20)

/* Ops, values and texts of one chunk or checkpoint, after decoding, and the memory that
 * all of it takes. */
#define TF_OPS_MAX           (16u << 20)
#define TF_VALUES_MAX        (16u << 20)
#define TF_DECODED_BYTES_MAX (128u << 20)

/* Memory of one other field while it is unpacked; of all definitions. */
#define TF_UNPACK_BYTES_MAX     (64u << 20)
#define TF_DEFINITION_BYTES_MAX (96u << 20)

/* What is copied of a tail. */
#define TF_TAIL_BYTES_MAX (192u << 20)

/* Frames on one stack, threads, definitions. */
#define TF_STACK_MAX       (4u << 20)
#define TF_THREADS_MAX     (1u << 20)
#define TF_DEFINITIONS_MAX (1u << 24)
#define TF_SLOTS_MAX       65536u
#define TF_LINE_MAX        0x7fffffff

/* Ids of objects and frames, event numbers and times stay below these. */
#define TF_ID_MAX  (UINT64_C(1) << 47)
#define TF_SEQ_MAX (UINT64_C(1) << 62)

/* Children of one summary. */
#define TF_SUMMARY_FANOUT 16u
#define TF_SUMMARY_LEVELS 8u

/* A group of lists of writes is closed at so many chunks, or so many entries of one of its
 * lists; a block of it has about so many entries. */
#define TF_WRITES_CHUNKS  256u
#define TF_WRITES_ENTRIES (1u << 17)
#define TF_WRITES_BLOCK   2048u

#endif
