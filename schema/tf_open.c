/* Opening: through seek table and index, or by a scan of all frames. */
#include <inttypes.h>
#include <stdlib.h>

#include "tf_limits.h"
#include "tf_reader_inside.h"
#include "tf_unfinished.h"

/* --- adding what a frame holds, during a scan --- */
struct scan {
    struct tf_reader *reader;
    uint64_t off;
    uint8_t *content; /* of the frame; taken by nobody */
    struct tf_err *err;
};

static tf_status
scan_no_memory(const struct scan *scan)
{
    return tf_err_set(scan->err, TF_ERR_MEMORY, -1, "out of memory");
}

static tf_status
scan_damaged(const struct scan *scan, const char *what)
{
    return tf_err_set(scan->err, TF_ERR_DAMAGED, (int64_t)scan->off,
                      "damaged recording: %s at offset %" PRIu64 " does not hold", what,
                      scan->off);
}

/* The reason of a gap is copied: the frame's content goes. */
static tf_status
scan_gap(const struct scan *scan, const struct tf_chunk_view *view)
{
    struct tf_reader *reader = scan->reader;
    struct tf_gap gap;
    if (!view->has_gap) {
        return TF_OK;
    }
    if (!tf_gap_get(view->gap, &gap)) {
        return scan_damaged(scan, "a gap");
    }
    char *reason = malloc(gap.reason.len + 1);
    if (reason == NULL || !tf_list_next(&reader->gap)) {
        free(reason);
        return scan_no_memory(scan);
    }
    if (gap.reason.len > 0) {
        memcpy(reason, gap.reason.data, gap.reason.len);
    }
    gap.before_seq = view->first_seq;
    gap.reason.data = reason;
    reader->gap.at[reader->gap.count++] = gap;
    return TF_OK;
}

static bool
scan_count_kinds(struct tf_reader *reader, struct tf_cursor kinds)
{
    uint64_t kind, count[TF_EV_COUNT] = {0};
    while (kinds.at < kinds.end) {
        if (!tf_cursor_u64(&kinds, &kind) || kind == 0 || kind >= TF_EV_COUNT) {
            return false;
        }
        count[kind]++;
    }
    for (int i = 0; i < TF_EV_COUNT; i++) {
        reader->kind_events[i] += count[i];
    }
    return true;
}

static bool
chunk_follows(const struct tf_reader *reader, const struct tf_chunk_view *view)
{
    size_t count = reader->index.chunk.count;
    if (view->number != count) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    const struct tf_chunk_info *last = &reader->index.chunk.at[count - 1];
    return view->first_seq >= last->first_seq + last->event_count
           && view->first_object >= reader->end_object
           && view->first_frame >= reader->end_frame
           && view->start_ns >= last->start_ns;
}

static tf_status
scan_chunk(const struct scan *scan, struct tf_cursor bytes)
{
    struct tf_reader *reader = scan->reader;
    struct tf_chunk_view view;
    if (!tf_chunk_view_get(bytes, &view) || !chunk_follows(reader, &view)
        || tf_cursor_count_varints(view.event[TF_EVENT_KIND]) != view.event_count) {
        return scan_damaged(scan, "a chunk");
    }
    tf_status status = scan_gap(scan, &view);
    if (status != TF_OK) {
        return status;
    }
    if (!tf_list_next(&reader->index.chunk)) {
        return scan_no_memory(scan);
    }
    if (!scan_count_kinds(reader, view.event[TF_EVENT_KIND])) {
        return scan_damaged(scan, "a chunk");
    }
    reader->index.chunk.at[reader->index.chunk.count++] = (struct tf_chunk_info){
        .first_seq = view.first_seq,
        .event_count = view.event_count,
        .first_object = view.first_object,
        .first_frame = view.first_frame,
        .start_ns = view.start_ns,
        .file_off = (int64_t)scan->off,
    };
    reader->event_count += view.event_count;
    reader->end_object = view.first_object + view.object_count;
    reader->end_frame = view.first_frame + view.frame_count;
    return TF_OK;
}

/* The first varint fields of a message, by number; those not there are 0. */
static bool
first_numbers(struct tf_cursor bytes, uint64_t *number, size_t count)
{
    struct tf_wire wire;
    enum tf_wire_step step;
    memset(number, 0, count * sizeof *number);
    while ((step = tf_wire_next(&bytes, &wire)) == TF_WIRE_FIELD) {
        if (wire.number < count && wire.type == TF_WIRE_VARINT) {
            number[wire.number] = wire.varint;
        }
    }
    return step == TF_WIRE_END;
}

static tf_status
scan_postings(const struct scan *scan, struct tf_cursor bytes)
{
    struct tf_index *index = &scan->reader->index;
    uint64_t number[4]; /* 1 level, 2 first_chunk */
    if (!first_numbers(bytes, number, 4) || number[1] != 0
        || number[2] != index->postings.count
        || index->postings.count >= index->chunk.count) {
        return scan_damaged(scan, "postings");
    }
    if (!tf_list_next(&index->postings)) {
        return scan_no_memory(scan);
    }
    index->postings.at[index->postings.count++] = scan->off;
    return TF_OK;
}

static tf_status
scan_summary(const struct scan *scan, struct tf_cursor bytes)
{
    struct tf_index *index = &scan->reader->index;
    uint64_t number[4];
    if (!first_numbers(bytes, number, 4) || number[1] == 0
        || number[1] >= TF_SUMMARY_LEVELS || number[2] >= index->chunk.count) {
        return scan_damaged(scan, "a summary");
    }
    if (!tf_list_next(&index->summary)) {
        return scan_no_memory(scan);
    }
    index->summary.at[index->summary.count++] =
        (struct tf_index_summary){(uint32_t)number[1], number[2], scan->off};
    return TF_OK;
}

static tf_status
scan_writes(const struct scan *scan, struct tf_cursor bytes)
{
    struct tf_index *index = &scan->reader->index;
    struct tf_writes_block block;
    tf_status status = tf_writes_get(bytes, (int64_t)scan->off, &block, scan->err);
    if (status != TF_OK) {
        return status;
    }
    struct tf_index_writes writes = tf_index_writes_of(&block, scan->off);
    free(block.write);
    if (!tf_index_writes_follow(index, &writes)) {
        return scan_damaged(scan, "a list of writes");
    }
    if (!tf_list_next(&index->writes)) {
        return scan_no_memory(scan);
    }
    index->writes.at[index->writes.count++] = writes;
    return TF_OK;
}

static tf_status
scan_source(const struct scan *scan, struct tf_cursor bytes)
{
    struct tf_index *index = &scan->reader->index;
    uint64_t number[2]; /* 1 file */
    if (!first_numbers(bytes, number, 2) || number[1] > UINT32_MAX) {
        return scan_damaged(scan, "a source");
    }
    if (!tf_list_next(&index->source)) {
        return scan_no_memory(scan);
    }
    index->source.at[index->source.count++] =
        (struct tf_index_source){(uint32_t)number[1], scan->off};
    return TF_OK;
}

static tf_status
scan_checkpoint(const struct scan *scan, struct tf_cursor bytes)
{
    struct tf_index *index = &scan->reader->index;
    uint64_t number[2]; /* 1 seq */
    if (!first_numbers(bytes, number, 2)) {
        return scan_damaged(scan, "a checkpoint");
    }
    if (!tf_list_next(&index->checkpoint)) {
        return scan_no_memory(scan);
    }
    index->checkpoint.at[index->checkpoint.count++] =
        (struct tf_index_checkpoint){number[1], scan->off};
    return TF_OK;
}

static tf_status
scan_definitions(const struct scan *scan, struct tf_cursor bytes)
{
    struct tf_index *index = &scan->reader->index;
    if (!tf_list_next(&index->definitions)) {
        return scan_no_memory(scan);
    }
    index->definitions.at[index->definitions.count++] = scan->off;
    return tf_defs_add(&scan->reader->defs, bytes, (int64_t)scan->off, scan->err);
}

static tf_status
scan_footer(const struct scan *scan, struct tf_cursor bytes)
{
    struct tf_reader *reader = scan->reader;
    if (reader->has_footer) {
        return scan_damaged(scan, "a second footer");
    }
    tf_status status =
        tf_footer_get(bytes, (int64_t)scan->off, &reader->footer, scan->err);
    reader->has_footer = status == TF_OK;
    return status;
}

static tf_status
scan_field(const struct scan *scan, uint32_t number, struct tf_cursor bytes)
{
    switch (number) {
    case TF_REC_HEADER: return scan_damaged(scan, "a second header");
    case TF_REC_DEFINITIONS: return scan_definitions(scan, bytes);
    case TF_REC_SOURCE: return scan_source(scan, bytes);
    case TF_REC_CHUNK: return scan_chunk(scan, bytes);
    case TF_REC_POSTINGS: return scan_postings(scan, bytes);
    case TF_REC_SUMMARY: return scan_summary(scan, bytes);
    case TF_REC_CHECKPOINT: return scan_checkpoint(scan, bytes);
    case TF_REC_FOOTER: return scan_footer(scan, bytes);
    case TF_REC_WRITES: return scan_writes(scan, bytes);
    case TF_REC_INDEX: scan->reader->has_index = true; return TF_OK;
    default: return TF_OK; /* fields of a later version */
    }
}

static tf_status
scan_frame(struct tf_reader *reader, const struct tf_frame_place *place,
           struct tf_err *err)
{
    struct scan scan = {reader, place->off, NULL, err};
    struct tf_cursor bytes;
    uint32_t number;
    size_t len;
    if (reader->file.list.count >= TF_FRAMES_MAX) {
        return tf_err_set(err, TF_ERR_LIMIT, (int64_t)place->off,
                          "the file has more parts than this program takes");
    }
    tf_status status = tf_file_frame(&reader->file, place, &scan.content, &len, err);
    if (status != TF_OK) {
        return status;
    }
    status =
        tf_frame_field(scan.content, len, (int64_t)place->off, &number, &bytes, err);
    if (status == TF_OK && place->off > 0) {
        status = scan_field(&scan, number, bytes);
    }
    free(scan.content);
    if (status == TF_OK
        && !tf_frame_list_add(&reader->file.list, place->off, place->compressed_bytes,
                              place->content_bytes)) {
        status = scan_no_memory(&scan);
    }
    return status;
}

static void
scan_reset(struct tf_reader *reader)
{
    tf_index_release(&reader->index);
    tf_defs_release(&reader->defs);
    tf_frame_list_release(&reader->file.list);
    tf_footer_release(&reader->footer);
    reader->has_footer = reader->has_index = false;
    reader->gap.count = 0; /* those of the footer were only borrowed */
    reader->event_count = 0;
    memset(reader->kind_events, 0, sizeof reader->kind_events);
    reader->end_object = reader->end_frame = 1;
    reader->scanned = true;
}

/* A frame that is not whole ends the scan; everything before it stands. */
static bool
scan_can_end_here(tf_status status)
{
    return status == TF_ERR_TRUNCATED || status == TF_ERR_DAMAGED
           || status == TF_ERR_LIMIT;
}

tf_status
tf_reader_scan(struct tf_reader *reader,
               bool (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx,
               struct tf_err *err)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_frame_place place;
    uint64_t off = 0;
    bool skippable;
    tf_status status;
    scan_reset(reader);
    for (;;) {
        if (progress != NULL && !progress(ctx, off, reader->file.size)) {
            return tf_err_set(err, TF_ERR_INTERRUPTED, -1, "interrupted");
        }
        status = tf_file_probe(&reader->file, off, &place, &skippable, &fault);
        if (status == TF_OK && !skippable) {
            status = scan_frame(reader, &place, &fault);
        }
        if (status != TF_OK) {
            break;
        }
        off += place.compressed_bytes;
    }
    reader->scan_end = status;
    if (status != TF_ERR_NOT_FOUND && !scan_can_end_here(status)) {
        if (err != NULL) {
            *err = fault;
        }
        return status;
    }
    if (status != TF_ERR_NOT_FOUND) {
        snprintf(reader->reason, sizeof reader->reason, "%s", fault.message);
    }
    else if (!reader->has_footer) {
        snprintf(reader->reason, sizeof reader->reason,
                 "it was not finished: the program was killed, or still runs");
    }
    reader->reason_off = (int64_t)off;
    tf_index_sort(&reader->index);
    return TF_OK;
}

tf_status
tf_reader_scan_from(struct tf_reader *reader, uint64_t off, struct tf_err *err)
{
    struct tf_frame_place place;
    bool skippable;
    for (;;) {
        tf_status status = tf_file_probe(&reader->file, off, &place, &skippable, err);
        if (status == TF_OK && !skippable) {
            status = scan_frame(reader, &place, err);
        }
        if (status != TF_OK) {
            return status == TF_ERR_NOT_FOUND ? TF_OK : status;
        }
        off += place.compressed_bytes;
    }
}

/* --- through the index --- */
static tf_status
index_definitions(struct tf_reader *reader, struct tf_err *err)
{
    tf_status status = TF_OK;
    for (size_t i = 0; i < reader->index.definitions.count && status == TF_OK; i++) {
        uint64_t off = reader->index.definitions.at[i];
        struct tf_cursor bytes;
        uint8_t *content;
        status =
            tf_reader_field(reader, off, TF_REC_DEFINITIONS, &content, &bytes, err);
        if (status == TF_OK) {
            status = tf_defs_add(&reader->defs, bytes, (int64_t)off, err);
            free(content);
        }
    }
    return status;
}

/* The index must cover what the footer counts. */
static tf_status
index_totals(struct tf_reader *reader, struct tf_err *err)
{
    const struct tf_totals *totals = &reader->footer.totals;
    const struct tf_index *index = &reader->index;
    uint64_t events = 0;
    for (size_t i = 0; i < index->chunk.count; i++) {
        events += index->chunk.at[i].event_count;
    }
    if (events != totals->event_count || totals->chunk_count != index->chunk.count
        || index->postings.count != index->chunk.count
        || tf_index_writes_end(index) != index->chunk.count
        || totals->object_count > TF_ID_MAX || totals->frame_count > TF_ID_MAX) {
        return tf_err_set(err, TF_ERR_DAMAGED, -1,
                          "damaged recording: its index and its footer disagree");
    }
    reader->event_count = events;
    memcpy(reader->kind_events, totals->kind_events, sizeof reader->kind_events);
    reader->end_object = totals->object_count;
    reader->end_frame = totals->frame_count;
    reader->end_object += index->chunk.count > 0 ? index->chunk.at[0].first_object : 1;
    reader->end_frame += index->chunk.count > 0 ? index->chunk.at[0].first_frame : 1;
    return TF_OK;
}

static tf_status
open_with_index(struct tf_reader *reader, struct tf_err *err)
{
    struct tf_cursor bytes;
    uint8_t *content;
    tf_status status = tf_file_seek_table(&reader->file, err);
    if (status != TF_OK || reader->file.list.count < 3) {
        return status != TF_OK ? status : TF_ERR_NOT_FOUND;
    }
    const struct tf_frame_place *last =
        &reader->file.list.place[reader->file.list.count - 1];
    status = tf_reader_field(reader, last->off, TF_REC_FOOTER, &content, &bytes, err);
    if (status == TF_OK) {
        status = tf_footer_get(bytes, (int64_t)last->off, &reader->footer, err);
        reader->has_footer = status == TF_OK;
        free(content);
    }
    if (status != TF_OK) {
        return status;
    }
    status = tf_reader_field(reader, last[-1].off, TF_REC_INDEX, &content, &bytes, err);
    if (status == TF_OK) {
        status = tf_index_get(&reader->index, bytes, (int64_t)last[-1].off,
                              &reader->file.list, err);
        free(content);
    }
    if (status == TF_OK) {
        status = index_definitions(reader, err);
    }
    if (status == TF_OK) {
        status = index_totals(reader, err);
    }
    tf_index_sort(&reader->index);
    return status;
}

/* --- open --- */
static tf_status
not_pyrec(const char *path, struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_NOT_PYREC, 0, "%s is no recording of pyrecord", path);
}

static tf_status
open_header(struct tf_reader *reader, const char *path, struct tf_err *err)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_frame_place place = {0};
    struct tf_cursor bytes;
    uint8_t *content;
    uint32_t number;
    size_t len;
    bool skippable = false;
    tf_status status = tf_file_probe(&reader->file, 0, &place, &skippable, &fault);
    if (status == TF_ERR_TRUNCATED) {
        return tf_err_set(err, TF_ERR_TRUNCATED, 0,
                          "%s ends before any event was recorded: nothing can be read",
                          path);
    }
    if (status == TF_OK && !skippable) {
        status = tf_file_frame(&reader->file, &place, &content, &len, &fault);
    }
    if (status == TF_ERR_IO || status == TF_ERR_MEMORY) {
        if (err != NULL) {
            *err = fault;
        }
        return status;
    }
    if (status == TF_ERR_DAMAGED && fault.file_off == 0 && place.compressed_bytes > 0
        && reader->file.window[0] == 0x28) {
        return tf_err_set(err, TF_ERR_DAMAGED, 0, "%s: its beginning is damaged", path);
    }
    if (status != TF_OK || skippable) {
        return not_pyrec(path, err);
    }
    status = tf_frame_field(content, len, 0, &number, &bytes, &fault);
    status = status != TF_OK || number != TF_REC_HEADER
                 ? not_pyrec(path, err)
                 : tf_header_get(bytes, 0, &reader->header, err);
    free(content);
    return status;
}

/* The tail first: what goes from there into the recording meanwhile is in both. */
static tf_status
open_with_scan(struct tf_reader *reader, const char *path,
               bool (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx,
               struct tf_err *err)
{
    struct tf_tail_found tail;
    tf_status status = tf_tail_find(path, reader->header.header.uuid, &tail, err);
    if (status != TF_OK) {
        return status;
    }
    status = tf_file_look_again(&reader->file, err);
    if (status == TF_OK) {
        status = tf_reader_scan(reader, progress, ctx, err);
    }
    if (status == TF_OK && !reader->has_footer) {
        status = tf_reader_unfinished(reader, &tail, err);
    }
    tf_tail_found_release(&tail);
    return status;
}

tf_status
tf_reader_open(const char *path,
               bool (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx,
               struct tf_reader **ret_reader, struct tf_err *err)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    tf_status status = tf_file_open(&reader->file, path, err);
    if (status == TF_OK) {
        status = open_header(reader, path, err);
    }
    if (status == TF_OK) {
        status = open_with_index(reader, &fault);
        if (status == TF_ERR_MEMORY || status == TF_ERR_IO) {
            if (err != NULL) {
                *err = fault;
            }
        }
        else if (status != TF_OK) {
            status = open_with_scan(reader, path, progress, ctx, err);
        }
    }
    if (status != TF_OK) {
        tf_reader_close(reader);
        return status;
    }
    *ret_reader = reader;
    return TF_OK;
}
