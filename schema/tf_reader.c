#include "tf_reader.h"

#include <stdlib.h>

#include "sha256.h"
#include "tf_limits.h"
#include "tf_proto.h"
#include "tf_reader_inside.h"

void
tf_reader_close(struct tf_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    for (size_t i = 0; i < TF_POSTINGS_CACHE; i++) {
        tf_postings_free(reader->cache[i].postings);
    }
    for (size_t i = 0; i < TF_WRITES_CACHE; i++) {
        free(reader->writes[i].block.write);
    }
    for (size_t i = 0; i < TF_MADE_GROUPS; i++) {
        tf_writes_group_release(&reader->made[i].group);
    }
    tf_reader_drop_sources(reader);
    free(reader->source.at);
    for (size_t i = 0; i < reader->gap.count; i++) {
        free((char *)(uintptr_t)reader->gap.at[i].reason.data);
    }
    free(reader->gap.at);
    tf_index_release(&reader->index);
    tf_defs_release(&reader->defs);
    tf_footer_release(&reader->footer);
    tf_header_release(&reader->header);
    tf_blob_release(&reader->joined.frames);
    tf_file_close(&reader->file);
    free(reader);
}

struct tf_id_bounds
tf_reader_bounds(const struct tf_reader *reader)
{
    return (struct tf_id_bounds){reader->defs.code.count, reader->defs.type.count,
                                 reader->defs.thread.count};
}

tf_status
tf_file_field(struct tf_file *file, const struct tf_frame_list *list, uint64_t off,
              enum tf_record number, uint8_t **ret_content, struct tf_cursor *ret_bytes,
              struct tf_err *err)
{
    const struct tf_frame_place *place = tf_frame_list_find(list, off);
    uint8_t *content;
    uint32_t found;
    size_t len;
    if (place == NULL) {
        return tf_err_set(err, TF_ERR_DAMAGED, (int64_t)off,
                          "damaged recording: no frame begins at offset %llu",
                          (unsigned long long)off);
    }
    tf_status status = tf_file_frame(file, place, &content, &len, err);
    if (status != TF_OK) {
        return status;
    }
    status = tf_frame_field(content, len, (int64_t)off, &found, ret_bytes, err);
    if (status == TF_OK && found != (uint32_t)number) {
        status =
            tf_err_set(err, TF_ERR_DAMAGED, (int64_t)off,
                       "damaged recording: field %u at offset %llu where the index "
                       "has field %u",
                       found, (unsigned long long)off, (unsigned)number);
    }
    if (status != TF_OK) {
        free(content);
        return status;
    }
    *ret_content = content;
    return TF_OK;
}

tf_status
tf_reader_field(struct tf_reader *reader, uint64_t off, enum tf_record number,
                uint8_t **ret_content, struct tf_cursor *ret_bytes, struct tf_err *err)
{
    return tf_file_field(&reader->file, &reader->file.list, off, number, ret_content,
                         ret_bytes, err);
}

/* --- facts --- */
const struct tf_header *
tf_reader_header(const struct tf_reader *reader)
{
    return &reader->header.header;
}

const struct tf_footer *
tf_reader_footer(const struct tf_reader *reader)
{
    return reader->has_footer ? &reader->footer.footer : NULL;
}

bool
tf_reader_complete(const struct tf_reader *reader)
{
    return reader->has_footer;
}

const char *
tf_reader_incomplete_reason(const struct tf_reader *reader, int64_t *ret_off)
{
    if (tf_reader_complete(reader)) {
        return NULL;
    }
    if (ret_off != NULL) {
        *ret_off = reader->reason_off;
    }
    return reader->reason;
}

struct tf_reader_rest
tf_reader_rest(const struct tf_reader *reader)
{
    return (struct tf_reader_rest){.tail_events = reader->joined.events,
                                   .whole = reader->joined.whole,
                                   .runs = reader->joined.runs};
}

uint64_t
tf_reader_file_bytes(const struct tf_reader *reader)
{
    return reader->file.size;
}

uint64_t
tf_reader_event_count(const struct tf_reader *reader)
{
    return reader->event_count;
}

const uint64_t *
tf_reader_events_by_kind(const struct tf_reader *reader)
{
    return reader->kind_events;
}

uint64_t
tf_reader_first_seq(const struct tf_reader *reader)
{
    for (size_t i = 0; i < reader->index.chunk.count; i++) {
        if (reader->index.chunk.at[i].event_count > 0) {
            return reader->index.chunk.at[i].first_seq;
        }
    }
    return 0;
}

uint64_t
tf_reader_last_seq(const struct tf_reader *reader)
{
    for (size_t i = reader->index.chunk.count; i > 0; i--) {
        const struct tf_chunk_info *info = &reader->index.chunk.at[i - 1];
        if (info->event_count > 0) {
            return info->first_seq + info->event_count - 1;
        }
    }
    return 0;
}

size_t
tf_reader_gap_count(const struct tf_reader *reader)
{
    return reader->scanned ? reader->gap.count : reader->footer.totals.gap_count;
}

const struct tf_gap *
tf_reader_gap(const struct tf_reader *reader, size_t idx)
{
    return reader->scanned ? &reader->gap.at[idx] : &reader->footer.gap[idx];
}

/* --- what takes the space --- */
static uint64_t
bytes_at(const struct tf_reader *reader, uint64_t off)
{
    const struct tf_frame_place *place = tf_frame_list_find(&reader->file.list, off);
    return place != NULL ? place->compressed_bytes : 0;
}

struct tf_space
tf_reader_space(const struct tf_reader *reader)
{
    const struct tf_index *index = &reader->index;
    struct tf_space space = {0};
    for (size_t i = 0; i < index->chunk.count; i++) {
        space.chunks += bytes_at(reader, (uint64_t)index->chunk.at[i].file_off);
    }
    for (size_t i = 0; i < index->source.count; i++) {
        space.sources += bytes_at(reader, index->source.at[i].off);
    }
    for (size_t i = 0; i < index->definitions.count; i++) {
        space.definitions += bytes_at(reader, index->definitions.at[i]);
    }
    for (size_t i = 0; i < index->checkpoint.count; i++) {
        space.checkpoints += bytes_at(reader, index->checkpoint.at[i].off);
    }
    for (size_t i = 0; i < index->postings.count; i++) {
        space.lists += bytes_at(reader, index->postings.at[i]);
    }
    for (size_t i = 0; i < index->summary.count; i++) {
        space.lists += bytes_at(reader, index->summary.at[i].off);
    }
    for (size_t i = 0; i < index->writes.count; i++) {
        space.lists += bytes_at(reader, index->writes.at[i].off);
    }
    return space;
}

/* --- definitions --- */
uint32_t
tf_reader_file_count(const struct tf_reader *reader)
{
    return reader->defs.file.count;
}

uint32_t
tf_reader_code_count(const struct tf_reader *reader)
{
    return reader->defs.code.count;
}

uint32_t
tf_reader_type_count(const struct tf_reader *reader)
{
    return reader->defs.type.count;
}

uint32_t
tf_reader_thread_count(const struct tf_reader *reader)
{
    return reader->defs.thread.count;
}

const struct tf_def_file *
tf_reader_file(const struct tf_reader *reader, uint32_t id)
{
    return tf_id_table_get(&reader->defs.file, id);
}

const struct tf_def_code *
tf_reader_code(const struct tf_reader *reader, uint32_t id)
{
    return tf_id_table_get(&reader->defs.code, id);
}

const struct tf_def_type *
tf_reader_type(const struct tf_reader *reader, uint32_t id)
{
    return tf_id_table_get(&reader->defs.type, id);
}

const struct tf_def_thread *
tf_reader_thread(const struct tf_reader *reader, uint32_t id)
{
    return tf_id_table_get(&reader->defs.thread, id);
}

/* --- sources --- */
#define SOURCE_OTHER_BYTES 1024u /* of the field, beside the text */

void
tf_reader_drop_sources(struct tf_reader *reader)
{
    for (size_t i = 0; i < reader->source.count; i++) {
        free(reader->source.at[i].content);
    }
    reader->source.count = 0;
    reader->source_bytes = 0;
}

static bool
source_take(struct tf_source_text *source, struct tf_cursor bytes)
{
    struct tf_wire wire;
    struct tf_cursor sha = {NULL, NULL};
    enum tf_wire_step step;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    while ((step = tf_wire_next(&bytes, &wire)) == TF_WIRE_FIELD) {
        struct tf_text text = {(const char *)wire.bytes.at,
                               tf_cursor_left(&wire.bytes)};
        switch (wire.number) {
        case 2: source->text = text; break;
        case 3: sha = wire.bytes; break;
        case 4: source->absent = text; break;
        default: break;
        }
    }
    if (step != TF_WIRE_END || tf_cursor_left(&sha) == 0) {
        return step == TF_WIRE_END;
    }
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, (const uint8_t *)source->text.data, source->text.len);
    SHA256Final(digest, &context);
    return tf_cursor_left(&sha) == sizeof digest
           && memcmp(sha.at, digest, sizeof digest) == 0;
}

static tf_status
source_load(struct tf_reader *reader, uint32_t file_id, uint64_t off,
            struct tf_source_text **ret_source, struct tf_err *err)
{
    struct tf_source_text source = {
        .file = file_id, .text = {"", 0}, .absent = {"", 0}};
    struct tf_cursor bytes;
    tf_status status =
        tf_reader_field(reader, off, TF_REC_SOURCE, &source.content, &bytes, err);
    if (status != TF_OK) {
        return status;
    }
    if (tf_cursor_left(&bytes) > TF_SOURCE_BYTES_MAX + SOURCE_OTHER_BYTES) {
        free(source.content);
        return tf_err_set(err, TF_ERR_LIMIT, (int64_t)off,
                          "the source text at offset %llu is larger than %u MiB",
                          (unsigned long long)off, TF_SOURCE_BYTES_MAX >> 20);
    }
    if (reader->source_bytes + tf_cursor_left(&bytes) > TF_SOURCES_BYTES_MAX) {
        free(source.content);
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                          "there is more source text than this program keeps");
    }
    if (!source_take(&source, bytes)) {
        free(source.content);
        return tf_err_set(
            err, TF_ERR_DAMAGED, (int64_t)off,
            "damaged recording: the source text at offset %llu does not match "
            "its SHA-256",
            (unsigned long long)off);
    }
    if (!tf_list_next(&reader->source)) {
        free(source.content);
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    reader->source_bytes += tf_cursor_left(&bytes);
    reader->source.at[reader->source.count++] = source;
    *ret_source = &reader->source.at[reader->source.count - 1];
    return TF_OK;
}

static tf_status
source_find(struct tf_reader *reader, uint32_t file_id,
            struct tf_source_text **ret_source, struct tf_err *err)
{
    const struct tf_index *index = &reader->index;
    for (size_t i = 0; i < reader->source.count; i++) {
        if (reader->source.at[i].file == file_id) {
            *ret_source = &reader->source.at[i];
            return TF_OK;
        }
    }
    for (size_t i = 0; i < index->source.count; i++) {
        if (index->source.at[i].file == file_id) {
            return source_load(reader, file_id, index->source.at[i].off, ret_source,
                               err);
        }
    }
    return tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                      "the recording has no source text of it");
}

tf_status
tf_reader_source(struct tf_reader *reader, uint32_t file_id, struct tf_text *ret_text,
                 struct tf_err *err)
{
    struct tf_source_text *source = NULL;
    tf_status status = source_find(reader, file_id, &source, err);
    if (status != TF_OK) {
        return status;
    }
    if (source->absent.len > 0) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                          "the recording has no source text of it: %.*s",
                          (int)(source->absent.len < 180 ? source->absent.len : 180),
                          source->absent.data);
    }
    *ret_text = source->text;
    return TF_OK;
}

/* --- chunks --- */
size_t
tf_reader_chunk_count(const struct tf_reader *reader)
{
    return reader->index.chunk.count;
}

const struct tf_chunk_info *
tf_reader_chunk_info(const struct tf_reader *reader, size_t idx)
{
    return &reader->index.chunk.at[idx];
}

enum chunk_key { BY_SEQ, BY_OBJECT, BY_FRAME };

static uint64_t
chunk_first(const struct tf_chunk_info *info, enum chunk_key key)
{
    return key == BY_SEQ      ? info->first_seq
           : key == BY_OBJECT ? info->first_object
                              : info->first_frame;
}

/* The last chunk whose first is at most `n`: of several with the same first, the others
 * have nothing. */
static bool
chunk_search(const struct tf_reader *reader, enum chunk_key key, uint64_t n,
             size_t *ret_idx)
{
    size_t low = 0, high = reader->index.chunk.count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (chunk_first(&reader->index.chunk.at[mid], key) <= n) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    *ret_idx = low - 1;
    return low > 0;
}

bool
tf_reader_chunk_of_seq(const struct tf_reader *reader, uint64_t seq, size_t *ret_idx)
{
    size_t idx;
    if (!chunk_search(reader, BY_SEQ, seq, &idx)) {
        return false;
    }
    const struct tf_chunk_info *info = &reader->index.chunk.at[idx];
    if (seq - info->first_seq >= info->event_count) {
        return false;
    }
    *ret_idx = idx;
    return true;
}

bool
tf_reader_chunk_of_object(const struct tf_reader *reader, uint64_t id, size_t *ret_idx)
{
    return id > 0 && id < reader->end_object
           && chunk_search(reader, BY_OBJECT, id, ret_idx);
}

bool
tf_reader_chunk_of_frame(const struct tf_reader *reader, uint64_t id, size_t *ret_idx)
{
    return id > 0 && id < reader->end_frame
           && chunk_search(reader, BY_FRAME, id, ret_idx);
}

static bool
chunk_as_indexed(const struct tf_chunk *chunk, const struct tf_chunk_info *info,
                 size_t idx)
{
    return chunk->number == idx && chunk->first_seq == info->first_seq
           && chunk->event_count == info->event_count
           && chunk->first_object == info->first_object
           && chunk->first_frame == info->first_frame
           && chunk->start_ns == info->start_ns;
}

tf_status
tf_reader_chunk_of(const struct tf_reader *reader, size_t idx, uint8_t *content,
                   struct tf_cursor bytes, struct tf_chunk **ret_chunk,
                   struct tf_err *err)
{
    const struct tf_chunk_info *info = &reader->index.chunk.at[idx];
    struct tf_id_bounds bounds = tf_reader_bounds(reader);
    struct tf_chunk *chunk;
    tf_status status =
        tf_chunk_decode(content, bytes, info->file_off, &bounds, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    if (!chunk_as_indexed(chunk, info, idx)) {
        tf_chunk_free(chunk);
        return tf_err_set(
            err, TF_ERR_DAMAGED, info->file_off,
            "damaged recording: the index disagrees with the chunk at offset "
            "%lld",
            (long long)info->file_off);
    }
    *ret_chunk = chunk;
    return TF_OK;
}

tf_status
tf_reader_chunk(struct tf_reader *reader, size_t idx, struct tf_chunk **ret_chunk,
                struct tf_err *err)
{
    struct tf_cursor bytes;
    uint8_t *content;
    tf_status status =
        tf_reader_field(reader, (uint64_t)reader->index.chunk.at[idx].file_off,
                        TF_REC_CHUNK, &content, &bytes, err);
    return status == TF_OK
               ? tf_reader_chunk_of(reader, idx, content, bytes, ret_chunk, err)
               : status;
}

/* --- checkpoints --- */
size_t
tf_reader_checkpoint_count(const struct tf_reader *reader)
{
    return reader->index.checkpoint.count;
}

uint64_t
tf_reader_footer_off(const struct tf_reader *reader)
{
    const struct tf_frame_list *list = &reader->file.list;
    return list->count > 0 ? list->place[list->count - 1].off : 0;
}

uint64_t
tf_reader_checkpoint_off(const struct tf_reader *reader, size_t idx)
{
    return reader->index.checkpoint.at[idx].off;
}

tf_status
tf_reader_checkpoint(struct tf_reader *reader, size_t idx,
                     struct tf_checkpoint **ret_checkpoint, struct tf_err *err)
{
    const struct tf_index_checkpoint *at = &reader->index.checkpoint.at[idx];
    struct tf_id_bounds bounds = tf_reader_bounds(reader);
    struct tf_checkpoint *checkpoint;
    struct tf_cursor bytes;
    uint8_t *content;
    tf_status status =
        tf_reader_field(reader, at->off, TF_REC_CHECKPOINT, &content, &bytes, err);
    if (status == TF_OK) {
        status = tf_checkpoint_decode(content, bytes, (int64_t)at->off, &bounds,
                                      &checkpoint, err);
    }
    if (status != TF_OK) {
        return status;
    }
    if (checkpoint->seq != at->seq) {
        tf_checkpoint_free(checkpoint);
        return tf_err_set(err, TF_ERR_DAMAGED, (int64_t)at->off,
                          "damaged recording: the index disagrees with a checkpoint");
    }
    *ret_checkpoint = checkpoint;
    return TF_OK;
}
