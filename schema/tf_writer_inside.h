/* What a writer consists of; for the files of schema/ that share it. */
#ifndef TF_WRITER_INSIDE_H
#define TF_WRITER_INSIDE_H

#include "tf_columns.h"
#include "tf_frame.h"
#include "tf_header.h"
#include "tf_index.h"
#include "tf_record.h"
#include "tf_summaries.h"
#include "tf_writer.h"

/* How far everything is whole: after the header, and after each batch. */
struct tf_writer_mark {
    uint64_t bytes;
    size_t frames, chunks, postings, summaries, definitions, sources, checkpoints,
        writes, gaps;
    uint64_t next_seq, next_object, next_frame, event_count;
    uint64_t kind_events[TF_EV_COUNT];
};

struct tf_writer {
    struct tf_frame_writer frames;
    struct tf_columns columns;
    struct tf_tally tally;
    struct tf_index index;
    struct tf_summaries summaries;
    struct tf_writes_group writes;
    struct tf_blob field; /* the top-level field being made */
    uint64_t next_seq, next_object, next_frame;
    uint64_t event_count;
    uint64_t kind_events[TF_EV_COUNT];
    uint64_t first_object, first_frame; /* the first ids of the recording */
    uint64_t next_chunk;
    bool chunks_only; /* nothing that is derived from them */
    bool deriving;    /* summaries and lists of writes are in the middle of a change */
    struct tf_writer_mark mark;
    TF_LIST(struct tf_gap) gap;
    bool gap_open; /* the last of them is for the chunk to come */
};

/* Writes `writer->field` as one frame. */
tf_status tf_writer_flush(struct tf_writer *writer, uint64_t *ret_off,
                          struct tf_err *err);
/* What the tally has of the chunk just written, then what is merged of it. */
tf_status tf_writer_postings(struct tf_writer *writer, struct tf_err *err);
tf_status tf_writer_writes(struct tf_writer *writer, struct tf_err *err);
/* Everything so far is whole. */
void tf_writer_set_mark(struct tf_writer *writer);

#endif
