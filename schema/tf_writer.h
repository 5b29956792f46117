/* Writes a recording: header, batches of rows as chunks, footer.
 *
 * The writer owns no thread and takes no lock: it is called by one thread at a time (the
 * recorder's writer thread, a test, `pyreplay cut`). It makes the definitions, postings,
 * summaries, index and seek table by itself. Memory: bounded by one chunk's columns, the
 * index (about 40 bytes a chunk) and one open summary a level. */
#ifndef TF_WRITER_H
#define TF_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "tf_err.h"
#include "tf_rows.h"
#include "tf_sink.h"

struct tf_text { /* borrowed bytes; not terminated */
    const char *data;
    size_t len;
};

/* --- Definitions. Ids are given by the caller: 1, 2, 3 ... for each sort. All texts are
 * copied. They are encoded at once into the batch they are first used in. --- */
struct tf_def_file {
    uint32_t id;
    struct tf_text path;
    bool own;
};

struct tf_def_source {
    uint32_t file;
    struct tf_text text;
    struct tf_text absent; /* not empty: there is no text, and why */
};

struct tf_def_code {
    uint32_t id, file, first_lineno, flags, arg_count;
    struct tf_text name, qualname, bytecode;
    const struct tf_text *slot;
    const uint32_t *slot_kind;
    uint32_t slot_count;
    const uint32_t *line; /* ascending */
    uint32_t line_count;
    const struct tf_text *global;
    uint32_t global_count;
    /* with `bytecode`: */
    const struct tf_text *bytecode_name, *bytecode_const;
    uint32_t bytecode_name_count, bytecode_const_count;
    const uint32_t *bytecode_line_off; /* ascending, in bytes */
    const uint32_t *bytecode_line;     /* the line from there on; 0: none */
    uint32_t bytecode_line_count;
};

struct tf_def_type {
    uint32_t id, category, flags;
    struct tf_text module, name;
    const uint32_t *base;
    uint32_t base_count;
    const struct tf_text *field;
    uint32_t field_count;
};

struct tf_def_thread {
    uint32_t id;
    uint64_t native_id, ident;
    struct tf_text name;
};

/* A part of an encoded `Definitions` or a list of encoded `Source`s. */
struct tf_blob {
    uint8_t *data;
    size_t len, cap;
    struct tf_memory *memory; /* NULL: ordinary memory */
};

struct tf_tail_batch;

/* What becomes one chunk. Filled by one thread, then handed to the writer's. */
struct tf_batch {
    struct tf_blob definitions;
    struct tf_blob sources;
    struct tf_rows keyframe; /* state before the first change of `changes` */
    struct tf_rows
        changes; /* rows of changes and events; may end with changes that belong
                                to the next batch's first event */
    struct tf_blob
        exception_types; /* uint32_t ids of the types of CAT_EXCEPTION among them */
    uint32_t
        tail_thread; /* thread of the event that those last changes belong to; 0: none */
    /* Not empty: a checkpoint before the chunk, as tf_writer_checkpoint() takes it. One
     * before the first chunk says with which ids objects and frames go on. */
    struct tf_rows checkpoint;
    uint64_t next_object, next_frame;
    uint64_t lost_events;    /* missing before this batch (a ring, a gap) */
    const char *lost_reason; /* static string or NULL */
    bool failed;             /* memory ran out while it was filled */
    uint64_t *published;    /* how far `changes` is whole, for who reads it meanwhile */
    uint64_t own_published; /* where there is no tail */
    size_t check_at; /* at this size of `changes` there is something to be done */
    struct tf_tail_batch *tail; /* where its memory is; NULL: ordinary memory */
};

void tf_batch_init(struct tf_batch *batch);
void tf_batch_clear(struct tf_batch *batch);
void tf_batch_release(struct tf_batch *batch);
void tf_batch_add_file(struct tf_batch *batch, const struct tf_def_file *def);
void tf_batch_add_source(struct tf_batch *batch, const struct tf_def_source *def);
void tf_batch_add_code(struct tf_batch *batch, const struct tf_def_code *def);
void tf_batch_add_type(struct tf_batch *batch, const struct tf_def_type *def);
void tf_batch_add_thread(struct tf_batch *batch, const struct tf_def_thread *def);

struct tf_limits {
    uint64_t text_chars, items, depth, objects_an_event;
    uint32_t events; /* bit 1 << TF_EV_... */
    const struct tf_text *include, *exclude, *include_function, *exclude_function;
    uint32_t include_count, exclude_count, include_function_count,
        exclude_function_count;
    bool redact, values, values_fast;
};

struct tf_header {
    uint8_t uuid[16];
    uint8_t parent_uuid[16]; /* all 0: none */
    struct tf_text recorder, python, platform, executable, cwd, script;
    uint32_t python_hex;
    const struct tf_text *argv;
    uint32_t argv_count;
    const struct tf_text *library_dir;
    uint32_t library_dir_count;
    uint64_t pid;
    int64_t start_unix_ns;
    uint64_t tail_events; /* so many events at most are in the tail; 0: there is none */
    struct tf_text tail_absent; /* why not */
    uint64_t parent_pid, parent_seq;
    struct tf_limits limits;
};

struct tf_footer {
    uint64_t end_ns;
    bool has_exit_status;
    int32_t exit_status;
    uint64_t failure_seq, failure_object;
    struct tf_text end_reason;
    uint64_t elided_count;
};

struct tf_writer_stats {
    uint64_t events, chunks, file_bytes;
};

struct tf_writer;

/* Writes the header. `sink` is borrowed and must outlive the writer. `level`: zstd's, 0
 * for the default (3). */
tf_status tf_writer_open(struct tf_sink *sink, const struct tf_header *header,
                         int level, struct tf_writer **ret_writer, struct tf_err *err);

/* Where a recording goes on: the numbers and ids that come next, and its latest time. */
struct tf_writer_place {
    uint64_t next_chunk, next_seq, next_object, next_frame, ns;
};

/* Goes on with a recording that was not finished: definitions and chunks only, no header,
 * nothing that is derived from the chunks. To be ended by tf_writer_abandon(). */
tf_status tf_writer_continue(struct tf_sink *sink, const struct tf_writer_place *place,
                             struct tf_writer **ret_writer, struct tf_err *err);

/* Numbers the events, objects and frames from here on (a cut keeps the original numbers).
 * Before the first batch; without it all begin at 1. */
void tf_writer_start_at(struct tf_writer *writer, uint64_t first_seq,
                        uint64_t first_object, uint64_t first_frame);

/* `events` events are missing here (`reason` NULL: none are, `events` is 0), and the ids of
 * objects and frames go on from these, which must not be below those given so far: the
 * checkpoint and the chunk that follow come after the gap. Gaps that meet become one. */
tf_status tf_writer_skip(struct tf_writer *writer, uint64_t events, const char *reason,
                         uint64_t next_object, uint64_t next_frame, struct tf_err *err);

/* Appends one chunk (and its definitions before it). After a failure only
 * tf_writer_salvage or tf_writer_abandon may be called: what reached the sink before is a
 * readable unfinished recording. */
tf_status tf_writer_batch(struct tf_writer *writer, const struct tf_batch *batch,
                          struct tf_err *err);

/* Writes a checkpoint: rows of a keyframe in which OP_IMAGEs stand too. The next batch
 * begins with the state that it gives. */
tf_status tf_writer_checkpoint(struct tf_writer *writer, const struct tf_rows *state,
                               struct tf_err *err);

/* Writes summaries, index, footer and seek table, and frees the writer. When that fails, the
 * recording ends behind its last batch with the reason, where the sink can still do that;
 * `ret_stats` is always filled. */
tf_status tf_writer_close(struct tf_writer *writer, const struct tf_footer *footer,
                          struct tf_writer_stats *ret_stats, struct tf_err *err);

/* After a failure: cuts the recording off behind the last batch that was written whole,
 * ends it there and frees the writer. Fails where the sink cannot do that: then it stays
 * unfinished. */
tf_status tf_writer_salvage(struct tf_writer *writer, const struct tf_footer *footer,
                            struct tf_writer_stats *ret_stats, struct tf_err *err);

/* Frees the writer and writes nothing more. */
void tf_writer_abandon(struct tf_writer *writer);

#endif
