#include "tf_repair.h"

#include <stdlib.h>

#include "tf_reader_inside.h"
#include "tf_retell.h"
#include "tf_writer_inside.h"

struct repair {
    struct tf_reader *reader;
    struct tf_writer *writer;
    size_t chunks, checkpoints, sources; /* so many were written */
    uint64_t end_ns;
};

static tf_status
repair_no_memory(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
}

/* A frame as it was. */
static tf_status
copy_frame(struct repair *repair, const struct tf_frame_place *place, uint64_t *ret_off,
           struct tf_err *err)
{
    uint8_t *content;
    size_t len;
    tf_status status = tf_file_frame(&repair->reader->file, place, &content, &len, err);
    if (status != TF_OK) {
        return status;
    }
    bool ok = tf_blob_bytes(&repair->writer->field, content, len);
    free(content);
    return ok ? tf_writer_flush(repair->writer, ret_off, err) : repair_no_memory(err);
}

/* --- Chunks, and what is derived of them --- */
static tf_status
copy_gaps(struct repair *repair, uint64_t first_seq, struct tf_err *err)
{
    struct tf_writer *writer = repair->writer;
    for (size_t i = 0; i < tf_reader_gap_count(repair->reader); i++) {
        struct tf_gap gap = *tf_reader_gap(repair->reader, i);
        if (gap.before_seq != first_seq) {
            continue;
        }
        char *reason = strndup(gap.reason.data, gap.reason.len);
        if (reason == NULL || !tf_list_next(&writer->gap)) {
            free(reason);
            return repair_no_memory(err);
        }
        gap.reason.data = reason;
        writer->gap.at[writer->gap.count++] = gap;
    }
    return TF_OK;
}

static tf_status
derive(struct repair *repair, size_t idx, struct tf_err *err)
{
    struct tf_writer *writer = repair->writer;
    struct tf_chunk *chunk;
    uint32_t thread;
    tf_status status = tf_reader_chunk(repair->reader, idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    status = tf_reader_tail_thread(repair->reader, idx, chunk, &thread, err);
    if (status == TF_OK) {
        status = tf_retell_chunk(chunk, thread, &writer->tally, err);
    }
    if (chunk->event_count > 0) {
        repair->end_ns = chunk->time_ns[chunk->event_count - 1];
    }
    writer->next_object = chunk->first_object + chunk->object_count;
    writer->next_frame = chunk->first_frame + chunk->frame_count;
    if (idx == 0) {
        writer->first_object = chunk->first_object;
        writer->first_frame = chunk->first_frame;
    }
    tf_chunk_free(chunk);
    if (status == TF_OK) {
        status = tf_writer_postings(writer, err);
    }
    return status == TF_OK ? tf_writer_writes(writer, err) : status;
}

static tf_status
copy_chunk(struct repair *repair, const struct tf_frame_place *place,
           struct tf_err *err)
{
    struct tf_writer *writer = repair->writer;
    size_t idx = repair->chunks++;
    uint64_t off;
    if (idx >= tf_reader_chunk_count(repair->reader)
        || !tf_list_next(&writer->index.chunk)) {
        return repair_no_memory(err);
    }
    struct tf_chunk_info info = *tf_reader_chunk_info(repair->reader, idx);
    tf_status status = copy_gaps(repair, info.first_seq, err);
    if (status == TF_OK) {
        status = copy_frame(repair, place, &off, err);
    }
    if (status != TF_OK) {
        return status;
    }
    info.file_off = (int64_t)off;
    writer->index.chunk.at[writer->index.chunk.count++] = info;
    writer->next_seq = info.first_seq + info.event_count;
    writer->event_count += info.event_count;
    return derive(repair, idx, err);
}

/* --- The other fields --- */
static tf_status
copy_definitions(struct repair *repair, const struct tf_frame_place *place,
                 struct tf_err *err)
{
    struct tf_index *index = &repair->writer->index;
    uint64_t off;
    if (!tf_list_next(&index->definitions)) {
        return repair_no_memory(err);
    }
    tf_status status = copy_frame(repair, place, &off, err);
    index->definitions.at[index->definitions.count] = off;
    index->definitions.count += status == TF_OK;
    return status;
}

static tf_status
copy_source(struct repair *repair, const struct tf_frame_place *place,
            struct tf_err *err)
{
    struct tf_index *index = &repair->writer->index;
    uint32_t file = 0;
    uint64_t off;
    for (size_t i = 0; i < repair->reader->index.source.count; i++) {
        if (repair->reader->index.source.at[i].off == place->off) {
            file = repair->reader->index.source.at[i].file;
        }
    }
    if (!tf_list_next(&index->source)) {
        return repair_no_memory(err);
    }
    tf_status status = copy_frame(repair, place, &off, err);
    index->source.at[index->source.count] = (struct tf_index_source){file, off};
    index->source.count += status == TF_OK;
    return status;
}

static tf_status
copy_checkpoint(struct repair *repair, const struct tf_frame_place *place,
                struct tf_err *err)
{
    struct tf_index *index = &repair->writer->index;
    struct tf_checkpoint *checkpoint;
    uint64_t off;
    size_t idx = repair->checkpoints++;
    if (idx >= tf_reader_checkpoint_count(repair->reader)
        || !tf_list_next(&index->checkpoint)) {
        return repair_no_memory(err);
    }
    tf_status status = copy_frame(repair, place, &off, err);
    if (status == TF_OK) {
        status = tf_reader_checkpoint(repair->reader, idx, &checkpoint, err);
    }
    if (status != TF_OK) {
        return status;
    }
    index->checkpoint.at[index->checkpoint.count++] =
        (struct tf_index_checkpoint){checkpoint->seq, off};
    status = tf_retell_state(&checkpoint->state, &repair->writer->tally, err);
    tf_checkpoint_free(checkpoint);
    return status;
}

static tf_status
copy_field(struct repair *repair, const struct tf_frame_place *place,
           struct tf_err *err)
{
    struct tf_cursor bytes;
    uint8_t *content;
    uint32_t number;
    size_t len;
    tf_status status = tf_file_frame(&repair->reader->file, place, &content, &len, err);
    if (status != TF_OK) {
        return status;
    }
    status = tf_frame_field(content, len, (int64_t)place->off, &number, &bytes, err);
    free(content);
    if (status != TF_OK) {
        return status;
    }
    switch (number) {
    case TF_REC_DEFINITIONS: return copy_definitions(repair, place, err);
    case TF_REC_SOURCE: return copy_source(repair, place, err);
    case TF_REC_CHECKPOINT: return copy_checkpoint(repair, place, err);
    case TF_REC_CHUNK: return copy_chunk(repair, place, err);
    default: return TF_OK; /* derived */
    }
}

/* --- The whole --- */
static struct tf_footer
footer_for(const struct repair *repair)
{
    const struct tf_reader *reader = repair->reader;
    struct tf_footer footer = {
        .end_ns = repair->end_ns,
        .has_exit_status = reader->joined.signal != 0,
        .exit_status = -(int32_t)reader->joined.signal,
        .end_reason = {reader->reason, strlen(reader->reason)},
    };
    return reader->has_footer ? reader->footer.footer : footer;
}

tf_status
tf_repair(struct tf_reader *reader, struct tf_sink *sink,
          struct tf_writer_stats *ret_stats, struct tf_err *err)
{
    struct repair repair = {.reader = reader};
    struct tf_header header = reader->header.header;
    header.tail_events = 0;
    header.tail_absent = (struct tf_text){"", 0};
    tf_status status = tf_writer_open(sink, &header, 0, &repair.writer, err);
    if (status != TF_OK) {
        return status;
    }
    status = tf_retell_types(reader, &repair.writer->tally, err);
    for (size_t i = 1; i < reader->file.list.count && status == TF_OK; i++) {
        status = copy_field(&repair, &reader->file.list.place[i], err);
    }
    if (status != TF_OK) {
        tf_writer_abandon(repair.writer);
        return status;
    }
    struct tf_footer footer = footer_for(&repair);
    return tf_writer_close(repair.writer, &footer, ret_stats, err);
}
