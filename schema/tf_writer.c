#include "tf_writer.h"

#include <stdlib.h>

#include "tf_limits.h"
#include "tf_writer_inside.h"

/* A frame of definitions is closed at this size. */
#define DEFINITION_FRAME_BYTES (4u << 20)

static tf_status
writer_no_memory(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
}

/* Writes `writer->field` as one frame. */
tf_status
tf_writer_flush(struct tf_writer *writer, uint64_t *ret_off, struct tf_err *err)
{
    tf_status status = tf_frame_write(&writer->frames, writer->field.data,
                                      writer->field.len, ret_off, err);
    if (writer->field.cap > 2 * DEFINITION_FRAME_BYTES) {
        tf_blob_release(&writer->field); /* one giant value is not kept in memory */
    }
    writer->field.len = 0;
    return status;
}

void
tf_writer_set_mark(struct tf_writer *writer)
{
    const struct tf_index *index = &writer->index;
    writer->mark = (struct tf_writer_mark){
        .bytes = writer->frames.sink->written_bytes,
        .frames = writer->frames.list.count,
        .chunks = index->chunk.count,
        .postings = index->postings.count,
        .summaries = index->summary.count,
        .definitions = index->definitions.count,
        .sources = index->source.count,
        .checkpoints = index->checkpoint.count,
        .writes = index->writes.count,
        .gaps = writer->gap.count,
        .next_seq = writer->next_seq,
        .next_object = writer->next_object,
        .next_frame = writer->next_frame,
        .event_count = writer->event_count,
    };
    memcpy(writer->mark.kind_events, writer->kind_events, sizeof writer->kind_events);
}

static void
back_to_mark(struct tf_writer *writer)
{
    const struct tf_writer_mark *mark = &writer->mark;
    struct tf_index *index = &writer->index;
    writer->frames.list.count = mark->frames;
    index->chunk.count = mark->chunks;
    index->postings.count = mark->postings;
    index->summary.count = mark->summaries;
    index->definitions.count = mark->definitions;
    index->source.count = mark->sources;
    index->checkpoint.count = mark->checkpoints;
    index->writes.count = mark->writes;
    while (writer->gap.count > mark->gaps) {
        free((char *)(uintptr_t)writer->gap.at[--writer->gap.count].reason.data);
    }
    writer->next_seq = mark->next_seq;
    writer->next_object = mark->next_object;
    writer->next_frame = mark->next_frame;
    writer->event_count = mark->event_count;
    memcpy(writer->kind_events, mark->kind_events, sizeof writer->kind_events);
    writer->field.len = 0;
}

static tf_status emit_summary(void *ctx, struct tf_postings_set *set,
                              struct tf_err *err);

tf_status
tf_writer_open(struct tf_sink *sink, const struct tf_header *header, int level,
               struct tf_writer **ret_writer, struct tf_err *err)
{
    struct tf_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        return writer_no_memory(err);
    }
    tf_columns_init(&writer->columns);
    tf_tally_init(&writer->tally);
    tf_summaries_init(&writer->summaries, emit_summary, writer);
    writer->next_seq = writer->next_object = writer->next_frame = 1;
    writer->first_object = writer->first_frame = 1;
    tf_status status = tf_frame_writer_init(&writer->frames, sink, level, err);
    if (status == TF_OK && !tf_header_put(header, &writer->field, TF_REC_HEADER)) {
        status = writer_no_memory(err);
    }
    if (status == TF_OK) {
        status = tf_writer_flush(writer, NULL, err);
    }
    if (status != TF_OK) {
        tf_writer_abandon(writer);
        return status;
    }
    tf_writer_set_mark(writer);
    *ret_writer = writer;
    return TF_OK;
}

tf_status
tf_writer_continue(struct tf_sink *sink, const struct tf_writer_place *place,
                   struct tf_writer **ret_writer, struct tf_err *err)
{
    struct tf_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        return writer_no_memory(err);
    }
    tf_columns_init(&writer->columns);
    tf_tally_init(&writer->tally);
    tf_summaries_init(&writer->summaries, emit_summary, writer);
    tf_writer_start_at(writer, place->next_seq, place->next_object, place->next_frame);
    writer->next_chunk = place->next_chunk;
    writer->columns.stamp_ns = place->ns;
    writer->chunks_only = true;
    tf_status status = tf_frame_writer_init(&writer->frames, sink, 0, err);
    if (status != TF_OK) {
        tf_writer_abandon(writer);
        return status;
    }
    *ret_writer = writer;
    return TF_OK;
}

void
tf_writer_abandon(struct tf_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    for (size_t i = 0; i < writer->gap.count; i++) {
        free((char *)(uintptr_t)writer->gap.at[i].reason.data);
    }
    free(writer->gap.at);
    tf_summaries_release(&writer->summaries);
    tf_writes_group_release(&writer->writes);
    tf_blob_release(&writer->field);
    tf_index_release(&writer->index);
    tf_tally_release(&writer->tally);
    tf_columns_release(&writer->columns);
    tf_frame_writer_release(&writer->frames);
    free(writer);
}

void
tf_writer_start_at(struct tf_writer *writer, uint64_t first_seq, uint64_t first_object,
                   uint64_t first_frame)
{
    writer->next_seq = first_seq;
    writer->next_object = writer->first_object = first_object;
    writer->next_frame = writer->first_frame = first_frame;
}

/* --- definitions and sources --- */
static tf_status
write_definition_frame(struct tf_writer *writer, const uint8_t *at, size_t len,
                       struct tf_err *err)
{
    uint64_t off;
    if (!tf_blob_field(&writer->field, TF_REC_DEFINITIONS, at, len)
        || !tf_list_next(&writer->index.definitions)) {
        return writer_no_memory(err);
    }
    tf_status status = tf_writer_flush(writer, &off, err);
    writer->index.definitions.at[writer->index.definitions.count++] = off;
    return status;
}

static tf_status
write_definitions(struct tf_writer *writer, const struct tf_blob *blob,
                  struct tf_err *err)
{
    struct tf_cursor cursor = tf_cursor_of(blob->data, blob->len);
    const uint8_t *start = cursor.at;
    struct tf_wire wire;
    while (tf_wire_next(&cursor, &wire) == TF_WIRE_FIELD) {
        size_t len = (size_t)(cursor.at - start);
        if (len >= DEFINITION_FRAME_BYTES || cursor.at == cursor.end) {
            tf_status status = write_definition_frame(writer, start, len, err);
            if (status != TF_OK) {
                return status;
            }
            start = cursor.at;
        }
    }
    return TF_OK;
}

static uint32_t
source_file_id(struct tf_cursor message)
{
    struct tf_wire wire;
    while (tf_wire_next(&message, &wire) == TF_WIRE_FIELD) {
        if (wire.number == 1) {
            return (uint32_t)wire.varint;
        }
    }
    return 0;
}

static tf_status
write_sources(struct tf_writer *writer, const struct tf_blob *blob, struct tf_err *err)
{
    struct tf_cursor cursor = tf_cursor_of(blob->data, blob->len);
    struct tf_wire wire;
    for (;;) {
        const uint8_t *start = cursor.at;
        uint64_t off;
        if (tf_wire_next(&cursor, &wire) != TF_WIRE_FIELD) {
            return TF_OK;
        }
        if (!tf_blob_bytes(&writer->field, start, (size_t)(cursor.at - start))
            || !tf_list_next(&writer->index.source)) {
            return writer_no_memory(err);
        }
        tf_status status = tf_writer_flush(writer, &off, err);
        if (status != TF_OK) {
            return status;
        }
        writer->index.source.at[writer->index.source.count++] =
            (struct tf_index_source){source_file_id(wire.bytes), off};
    }
}

static tf_status
emit_summary(void *ctx, struct tf_postings_set *set, struct tf_err *err)
{
    struct tf_writer *writer = ctx;
    uint64_t off;
    if (!tf_postings_set_put(set, &writer->field, TF_REC_SUMMARY)
        || !tf_list_next(&writer->index.summary)) {
        return writer_no_memory(err);
    }
    tf_status status = tf_writer_flush(writer, &off, err);
    writer->index.summary.at[writer->index.summary.count++] =
        (struct tf_index_summary){set->level, set->first_chunk, off};
    return status;
}

tf_status
tf_writer_postings(struct tf_writer *writer, struct tf_err *err)
{
    struct tf_postings_set *set = &writer->tally.set;
    uint64_t off;
    if (!tf_postings_set_put(set, &writer->field, TF_REC_POSTINGS)
        || !tf_list_next(&writer->index.postings)) {
        return writer_no_memory(err);
    }
    tf_status status = tf_writer_flush(writer, &off, err);
    if (status != TF_OK) {
        return status;
    }
    writer->index.postings.at[writer->index.postings.count++] = off;
    for (int kind = 1; kind < TF_EV_COUNT; kind++) {
        writer->kind_events[kind] += set->kind_events[kind];
    }
    writer->deriving = true;
    return tf_summaries_add(&writer->summaries, set, err);
}

/* --- lists of writes --- */
static tf_status
write_block(struct tf_writer *writer, const struct tf_writes_block *block,
            struct tf_err *err)
{
    uint64_t off;
    if (!tf_writes_put(block, &writer->field, TF_REC_WRITES)
        || !tf_list_next(&writer->index.writes)) {
        return writer_no_memory(err);
    }
    tf_status status = tf_writer_flush(writer, &off, err);
    writer->index.writes.at[writer->index.writes.count++] =
        tf_index_writes_of(block, off);
    return status;
}

static tf_status
close_group(struct tf_writer *writer, struct tf_err *err)
{
    struct tf_writes_block block;
    enum tf_writes_list list = TF_WRITES_OBJECTS;
    size_t at = 0;
    tf_status status =
        tf_writes_group_sort(&writer->writes) ? TF_OK : writer_no_memory(err);
    while (status == TF_OK
           && tf_writes_group_block(&writer->writes, &list, &at, &block)) {
        status = write_block(writer, &block, err);
    }
    tf_writes_group_next(&writer->writes);
    return status;
}

tf_status
tf_writer_writes(struct tf_writer *writer, struct tf_err *err)
{
    if (!tf_writes_group_add(&writer->writes, &writer->tally.objects,
                             &writer->tally.frames)) {
        return writer_no_memory(err);
    }
    return tf_writes_group_full(&writer->writes) ? close_group(writer, err) : TF_OK;
}

/* --- chunks --- */
static tf_status
learn_exceptions(struct tf_writer *writer, const struct tf_blob *types,
                 struct tf_err *err)
{
    uint32_t id;
    for (size_t off = 0; off + sizeof id <= types->len; off += sizeof id) {
        memcpy(&id, types->data + off, sizeof id);
        if (!tf_tally_exception_type(&writer->tally, id)) {
            return writer_no_memory(err);
        }
    }
    return TF_OK;
}

static tf_status
add_gap(struct tf_writer *writer, uint64_t events, const char *text, struct tf_err *err)
{
    writer->next_seq += events;
    if (writer->gap_open) {
        struct tf_gap *last = &writer->gap.at[writer->gap.count - 1];
        last->before_seq = writer->next_seq;
        last->events += events;
        return TF_OK;
    }
    char *reason = strdup(text != NULL ? text : "");
    if (reason == NULL || !tf_list_next(&writer->gap)) {
        free(reason);
        return writer_no_memory(err);
    }
    writer->gap.at[writer->gap.count++] =
        (struct tf_gap){writer->next_seq, events, {reason, strlen(reason)}};
    writer->gap_open = true;
    return TF_OK;
}

tf_status
tf_writer_skip(struct tf_writer *writer, uint64_t events, const char *reason,
               uint64_t next_object, uint64_t next_frame, struct tf_err *err)
{
    if (next_object < writer->next_object || next_frame < writer->next_frame
        || (reason == NULL && events > 0)) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "numbers do not go back");
    }
    if (writer->index.chunk.count == 0) {
        writer->first_object = next_object;
        writer->first_frame = next_frame;
    }
    writer->next_object = next_object;
    writer->next_frame = next_frame;
    return reason != NULL ? add_gap(writer, events, reason, err) : TF_OK;
}

static tf_status
encode_chunk(struct tf_writer *writer, const struct tf_batch *batch,
             struct tf_chunk_head *ret_head, struct tf_err *err)
{
    struct tf_columns *columns = &writer->columns;
    struct tf_tally *tally = &writer->tally;
    tf_columns_clear(columns);
    tf_tally_keyframe(tally);
    tf_status status = tf_ops_builder_rows(&columns->keyframe, &batch->keyframe,
                                           TF_IN_KEYFRAME, tally, err);
    if (status != TF_OK) {
        return status;
    }
    tf_tally_begin(tally, writer->next_chunk, writer->next_object, writer->next_frame);
    status = tf_columns_rows(columns, &batch->changes, tally, err);
    if (status == TF_OK) {
        status = tf_tally_tail(tally, batch->tail_thread, err);
    }
    const struct tf_gap *gap =
        writer->gap_open ? &writer->gap.at[writer->gap.count - 1] : NULL;
    *ret_head = (struct tf_chunk_head){
        .number = writer->next_chunk,
        .first_seq = writer->next_seq,
        .first_object = writer->next_object,
        .object_count = tally->next_object - writer->next_object,
        .first_frame = writer->next_frame,
        .frame_count = tally->next_frame - writer->next_frame,
        .gap_events = gap != NULL ? gap->events : 0,
        .gap_reason = gap != NULL ? gap->reason.data : NULL,
    };
    return status;
}

static tf_status
write_chunk(struct tf_writer *writer, const struct tf_batch *batch, struct tf_err *err)
{
    struct tf_chunk_head head;
    uint64_t off;
    tf_status status = encode_chunk(writer, batch, &head, err);
    if (status != TF_OK) {
        return status;
    }
    if (!tf_columns_put(&writer->columns, &head, &writer->field, TF_REC_CHUNK)
        || !tf_list_next(&writer->index.chunk)) {
        return writer_no_memory(err);
    }
    status = tf_writer_flush(writer, &off, err);
    if (status != TF_OK) {
        return status;
    }
    writer->index.chunk.at[writer->index.chunk.count++] = (struct tf_chunk_info){
        .first_seq = head.first_seq,
        .event_count = writer->columns.event_count,
        .first_object = head.first_object,
        .first_frame = head.first_frame,
        .start_ns = writer->columns.start_ns,
        .file_off = (int64_t)off,
    };
    writer->next_chunk++;
    writer->next_seq += writer->columns.event_count;
    writer->event_count += writer->columns.event_count;
    writer->next_object += head.object_count;
    writer->next_frame += head.frame_count;
    writer->gap_open = false;
    if (writer->chunks_only) {
        return TF_OK;
    }
    status = tf_writer_postings(writer, err);
    return status == TF_OK ? tf_writer_writes(writer, err) : status;
}

static tf_status
check_batch(const struct tf_batch *batch, struct tf_err *err)
{
    if (batch->failed || batch->keyframe.failed || batch->changes.failed) {
        return writer_no_memory(err);
    }
    if (batch->changes.event_count > TF_CHUNK_EVENTS_MAX) {
        return tf_err_set(err, TF_ERR_LIMIT, -1, "a chunk of more than %u events",
                          TF_CHUNK_EVENTS_MAX);
    }
    return TF_OK;
}

static tf_status
write_checkpoint(struct tf_writer *writer, const struct tf_batch *batch,
                 struct tf_err *err)
{
    if (batch->checkpoint.len == 0) {
        return TF_OK;
    }
    if (writer->index.chunk.count == 0) {
        tf_writer_start_at(writer, writer->next_seq, batch->next_object,
                           batch->next_frame);
    }
    return tf_writer_checkpoint(writer, &batch->checkpoint, err);
}

tf_status
tf_writer_batch(struct tf_writer *writer, const struct tf_batch *batch,
                struct tf_err *err)
{
    tf_status status = check_batch(batch, err);
    if (status == TF_OK) {
        status = write_definitions(writer, &batch->definitions, err);
    }
    if (status == TF_OK) {
        status = write_sources(writer, &batch->sources, err);
    }
    if (status == TF_OK) {
        status = learn_exceptions(writer, &batch->exception_types, err);
    }
    if (status == TF_OK && (batch->lost_reason != NULL || batch->lost_events > 0)) {
        status = add_gap(writer, batch->lost_events, batch->lost_reason, err);
    }
    if (status == TF_OK) {
        status = write_checkpoint(writer, batch, err);
    }
    if (status == TF_OK
        && (batch->changes.len > 0 || batch->lost_events > 0 || writer->gap_open)) {
        status = write_chunk(writer, batch, err);
    }
    if (status == TF_OK) {
        writer->deriving = false;
        tf_writer_set_mark(writer);
    }
    return status;
}

/* Field numbers of Checkpoint. */
tf_status
tf_writer_checkpoint(struct tf_writer *writer, const struct tf_rows *state,
                     struct tf_err *err)
{
    struct tf_ops_builder *ops = &writer->columns.keyframe;
    struct tf_blob message = {0};
    uint64_t off;
    tf_columns_clear(&writer->columns);
    tf_tally_keyframe(&writer->tally);
    tf_status status = state->failed ? writer_no_memory(err)
                                     : tf_ops_builder_rows(ops, state, TF_IN_CHECKPOINT,
                                                           &writer->tally, err);
    bool ok =
        status == TF_OK && tf_blob_field_u64(&message, 1, writer->next_seq)
        && tf_blob_field_u64(&message, 2, writer->index.chunk.count)
        && tf_blob_field_u64(&message, 3, writer->next_object)
        && tf_blob_field_u64(&message, 4, writer->next_frame)
        && tf_ops_builder_put(ops, &message, 5)
        && tf_blob_field(&writer->field, TF_REC_CHECKPOINT, message.data, message.len)
        && tf_list_next(&writer->index.checkpoint);
    tf_blob_release(&message);
    if (!ok) {
        return status != TF_OK ? status : writer_no_memory(err);
    }
    status = tf_writer_flush(writer, &off, err);
    writer->index.checkpoint.at[writer->index.checkpoint.count++] =
        (struct tf_index_checkpoint){writer->next_seq, off};
    return status;
}

/* --- the end --- */
static tf_status
write_footer(struct tf_writer *writer, const struct tf_footer *footer,
             struct tf_err *err)
{
    struct tf_totals totals = {
        .event_count = writer->event_count,
        .object_count = writer->next_object - writer->first_object,
        .frame_count = writer->next_frame - writer->first_frame,
        .chunk_count = writer->index.chunk.count,
        .gap = writer->gap.at,
        .gap_count = writer->gap.count,
    };
    memcpy(totals.kind_events, writer->kind_events, sizeof totals.kind_events);
    if (!tf_footer_put(footer, &totals, &writer->field, TF_REC_FOOTER)) {
        return writer_no_memory(err);
    }
    return tf_writer_flush(writer, NULL, err);
}

static tf_status
write_end(struct tf_writer *writer, const struct tf_footer *footer, struct tf_err *err)
{
    tf_status status =
        tf_summaries_close(&writer->summaries, writer->index.chunk.count, err);
    if (status == TF_OK && writer->writes.chunk_count > 0) {
        status = close_group(writer, err);
    }
    if (status != TF_OK) {
        return status;
    }
    if (!tf_index_put(&writer->index, &writer->field, TF_REC_INDEX)) {
        return writer_no_memory(err);
    }
    status = tf_writer_flush(writer, NULL, err);
    if (status == TF_OK) {
        status = write_footer(writer, footer, err);
    }
    if (status == TF_OK) {
        status = tf_frame_write_seek_table(&writer->frames, err);
    }
    return status;
}

static void
fill_stats(const struct tf_writer *writer, struct tf_writer_stats *ret_stats)
{
    if (ret_stats != NULL) {
        *ret_stats = (struct tf_writer_stats){
            .events = writer->event_count,
            .chunks = writer->index.chunk.count,
            .file_bytes = writer->frames.sink->written_bytes,
        };
    }
}

/* What the footer can say of a recording that ends before its run. */
static struct tf_footer
footer_of_part(const struct tf_writer *writer, const struct tf_footer *footer)
{
    struct tf_footer part = *footer;
    if (part.failure_seq >= writer->mark.next_seq) {
        part.failure_seq = part.failure_object = 0;
    }
    return part;
}

/* The index can be made by a scan. */
static tf_status
end_without_index(struct tf_writer *writer, const struct tf_footer *footer)
{
    struct tf_sink *sink = writer->frames.sink;
    struct tf_footer part = footer_of_part(writer, footer);
    back_to_mark(writer);
    if (sink->cut == NULL || !sink->cut(sink, writer->mark.bytes)) {
        return TF_ERR_IO;
    }
    return write_footer(writer, &part, NULL);
}

tf_status
tf_writer_close(struct tf_writer *writer, const struct tf_footer *footer,
                struct tf_writer_stats *ret_stats, struct tf_err *err)
{
    tf_status status = write_end(writer, footer, err);
    if (status != TF_OK && err != NULL) {
        struct tf_footer early = *footer;
        early.end_reason = (struct tf_text){err->message, strlen(err->message)};
        end_without_index(writer, &early);
    }
    fill_stats(writer, ret_stats);
    tf_writer_abandon(writer);
    return status;
}

tf_status
tf_writer_salvage(struct tf_writer *writer, const struct tf_footer *footer,
                  struct tf_writer_stats *ret_stats, struct tf_err *err)
{
    struct tf_sink *sink = writer->frames.sink;
    bool derived = !writer->deriving;
    back_to_mark(writer);
    if (sink->cut == NULL || !sink->cut(sink, writer->mark.bytes)) {
        fill_stats(writer, ret_stats);
        tf_writer_abandon(writer);
        return tf_err_set(err, TF_ERR_IO, -1, "there is no room for its end");
    }
    struct tf_footer part = footer_of_part(writer, footer);
    tf_status status = derived ? write_end(writer, &part, err) : TF_ERR_IO;
    if (status != TF_OK) {
        status = end_without_index(writer, footer);
    }
    fill_stats(writer, ret_stats);
    tf_writer_abandon(writer);
    return status;
}
