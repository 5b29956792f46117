/* A recording whose run did not end it: what its tail adds, and what is said of it. */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>

#include "tf_limits.h"
#include "tf_reader_inside.h"
#include "tf_unfinished.h"

/* --- Joining the tail --- */

/* The frames made of the tail's batches, in memory. */
struct behind {
    struct tf_sink sink;
    struct tf_blob *frames;
};

static tf_status
behind_write(struct tf_sink *base, const void *bytes, size_t len, struct tf_err *err)
{
    struct behind *behind = (struct behind *)base; /* its first member */
    if (!tf_blob_bytes(behind->frames, bytes, len)) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    base->written_bytes += len;
    return TF_OK;
}

static bool
is_known(const struct tf_reader *reader, uint32_t sort, uint64_t id)
{
    const struct tf_defs *defs = &reader->defs;
    const struct tf_id_table *tables[] = {NULL, &defs->file, &defs->code, &defs->type};
    return sort > 0 && sort < 4 && id <= UINT32_MAX
           && tf_id_table_get(tables[sort], (uint32_t)id) != NULL;
}

static bool
has_source(const struct tf_reader *reader, uint64_t file)
{
    for (size_t i = 0; i < reader->index.source.count; i++) {
        if (reader->index.source.at[i].file == file) {
            return true;
        }
    }
    return false;
}

/* The first field of each definition and source is its id, or its file's. */
static uint64_t
first_number(struct tf_cursor message)
{
    struct tf_wire wire;
    while (tf_wire_next(&message, &wire) == TF_WIRE_FIELD) {
        if (wire.number == 1 && wire.type == TF_WIRE_VARINT) {
            return wire.varint;
        }
    }
    return 0;
}

/* The writer may have written a batch's definitions and not its chunk: those are there
 * already. */
static bool
take_new(const struct tf_reader *reader, const struct tf_blob *from, bool sources,
         struct tf_blob *to)
{
    struct tf_cursor cursor = tf_cursor_of(from->data, from->len);
    struct tf_wire wire;
    for (;;) {
        const uint8_t *start = cursor.at;
        if (tf_wire_next(&cursor, &wire) != TF_WIRE_FIELD) {
            return true;
        }
        uint64_t id = wire.type == TF_WIRE_BYTES ? first_number(wire.bytes) : 0;
        bool known =
            sources ? has_source(reader, id) : is_known(reader, wire.number, id);
        if (!known && !tf_blob_bytes(to, start, (size_t)(cursor.at - start))) {
            return false;
        }
    }
}

/* A recording may begin in the middle of a run. */
static tf_status
place_of_checkpoint(struct tf_reader *reader, struct tf_writer_place *place,
                    struct tf_err *err)
{
    struct tf_checkpoint *checkpoint;
    if (reader->index.checkpoint.count == 0) {
        return TF_OK;
    }
    tf_status status = tf_reader_checkpoint(reader, 0, &checkpoint, err);
    if (status == TF_OK) {
        place->next_seq = checkpoint->seq;
        place->next_object = checkpoint->next_object;
        place->next_frame = checkpoint->next_frame;
        tf_checkpoint_free(checkpoint);
    }
    return status;
}

static tf_status
place_of(struct tf_reader *reader, struct tf_writer_place *place, struct tf_err *err)
{
    size_t count = reader->index.chunk.count;
    struct tf_chunk *chunk;
    *place = (struct tf_writer_place){.next_chunk = count,
                                      .next_seq = 1,
                                      .next_object = reader->end_object,
                                      .next_frame = reader->end_frame};
    if (count == 0) {
        return place_of_checkpoint(reader, place, err);
    }
    tf_status status = tf_reader_chunk(reader, count - 1, &chunk, err);
    if (status == TF_OK) {
        place->next_seq = chunk->first_seq + chunk->event_count;
        place->ns = chunk->event_count > 0 ? chunk->time_ns[chunk->event_count - 1]
                                           : chunk->start_ns;
        tf_chunk_free(chunk);
    }
    return status;
}

static struct tf_rows
rows_of(const struct tf_blob *blob)
{
    return (struct tf_rows){.data = blob->data, .len = blob->len};
}

/* As frames behind those that there are. */
static tf_status
write_batch(struct tf_reader *reader, const struct tf_tail_found_batch *found,
            const struct tf_writer_place *place, struct tf_err *err)
{
    struct tf_tail_joined *joined = &reader->joined;
    struct behind behind = {.sink = {.write = behind_write}, .frames = &joined->frames};
    struct tf_batch batch;
    struct tf_writer *writer = NULL;
    behind.sink.written_bytes = reader->file.own_bytes + joined->frames.len;
    tf_batch_init(&batch);
    bool ok =
        take_new(reader, &found->area[TF_TAIL_DEFINITIONS], false, &batch.definitions)
        && take_new(reader, &found->area[TF_TAIL_SOURCES], true, &batch.sources);
    tf_status status = ok ? tf_writer_continue(&behind.sink, place, &writer, err)
                          : tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    if (status == TF_OK) {
        batch.keyframe = rows_of(&found->area[TF_TAIL_KEYFRAME]);
        batch.changes = rows_of(&found->area[TF_TAIL_CHANGES]);
        status = tf_writer_batch(writer, &batch, err);
        batch.keyframe = batch.changes = (struct tf_rows){0}; /* borrowed */
    }
    tf_writer_abandon(writer);
    tf_batch_release(&batch);
    return status;
}

/* The frames of one batch; when its last rows cannot be read, those before them. */
static tf_status
join_batch(struct tf_reader *reader, struct tf_tail_found_batch *found,
           const struct tf_writer_place *place, struct tf_err *err)
{
    struct tf_blob *frames = &reader->joined.frames;
    size_t before = frames->len;
    struct tf_blob *changes = &found->area[TF_TAIL_CHANGES];
    tf_status status = write_batch(reader, found, place, err);
    if ((status == TF_ERR_ARGUMENT || status == TF_ERR_DAMAGED)
        && found->sealed_bytes < changes->len) {
        frames->len = before;
        changes->len = found->sealed_bytes;
        found->torn = true;
        status = write_batch(reader, found, place, err);
    }
    if (status != TF_OK) {
        frames->len = before;
        return status;
    }
    uint64_t from = reader->file.own_bytes + before;
    tf_file_put_behind(&reader->file, reader->file.own_bytes, frames->data,
                       frames->len);
    status = tf_reader_scan_from(reader, from, err);
    if (status != TF_OK) {
        frames->len = before;
        tf_file_put_behind(&reader->file, reader->file.own_bytes, frames->data, before);
    }
    return status;
}

static bool
is_fault_of_file(tf_status status)
{
    return status == TF_ERR_DAMAGED || status == TF_ERR_ARGUMENT
           || status == TF_ERR_LIMIT || status == TF_ERR_TRUNCATED;
}

static tf_status
join_all(struct tf_reader *reader, struct tf_tail_found *tail, struct tf_err *err)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_writer_place place;
    tf_status status = TF_OK;
    for (size_t i = 0; i < tail->batch_count && status == TF_OK; i++) {
        struct tf_tail_found_batch *found = &tail->batch[i];
        status = place_of(reader, &place, &fault);
        if (status != TF_OK || found->first_seq < place.next_seq) {
            continue; /* in the recording already */
        }
        if (found->first_seq > place.next_seq || reader->joined.cut) {
            reader->joined.cut = true;
            break; /* what lies between is gone: values would be wrong from here on */
        }
        uint64_t events = reader->event_count;
        status = join_batch(reader, found, &place, &fault);
        reader->joined.events += reader->event_count - events;
        reader->joined.cut |= found->torn || found->left || status != TF_OK;
        reader->joined.unsealed =
            status == TF_OK && found->sealed_bytes < found->area[TF_TAIL_CHANGES].len;
    }
    reader->joined.cut |= tail->left_out;
    if (status != TF_OK && !is_fault_of_file(status)) {
        if (err != NULL) {
            *err = fault;
        }
        return status;
    }
    return TF_OK;
}

/* --- What is said --- */
static void say(struct tf_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct tf_reader *reader, const char *format, ...)
{
    size_t len = strlen(reader->reason);
    va_list args;
    va_start(args, format);
    vsnprintf(reader->reason + len, sizeof reader->reason - len, format, args);
    va_end(args);
}

static void
say_moment(struct tf_reader *reader, int64_t unix_ns)
{
    char text[64];
    struct tm tm;
    time_t seconds = (time_t)(unix_ns / 1000000000);
    if (gmtime_r(&seconds, &tm) != NULL
        && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm) > 0) {
        say(reader, " at %s", text);
    }
}

/* The recorder holds a lock on the file as long as it lives (flock(2)). */
static bool
still_runs(const struct tf_reader *reader)
{
    if (flock(reader->file.fd, LOCK_SH | LOCK_NB) != 0) {
        return true;
    }
    flock(reader->file.fd, LOCK_UN);
    return false;
}

static void
say_signal(struct tf_reader *reader, uint32_t number)
{
    const char *name = number < NSIG ? sigabbrev_np((int)number) : NULL;
    say(reader, "the program was killed by signal %" PRIu32, number);
    if (name != NULL) {
        say(reader, " (SIG%s)", name);
    }
}

static void
say_end(struct tf_reader *reader, const struct tf_tail_found *tail)
{
    struct tf_writer_place place;
    int64_t start = reader->header.header.start_unix_ns;
    if (reader->joined.runs) {
        say(reader,
            "the program still runs (process %" PRIu64
            "); this is as far as it was when the file was opened",
            reader->header.header.pid);
        return;
    }
    if (tail->state == TF_TAIL_FOUND && tail->signal != 0) {
        say_signal(reader, tail->signal);
        say_moment(reader, (int64_t)tail->signal_unix_ns);
        return;
    }
    say(reader, tail->state == TF_TAIL_FOUND && !tail->same_boot
                    ? "the program was killed, or the machine stopped"
                    : "the program was killed without notice (SIGKILL, out of memory)");
    if (place_of(reader, &place, NULL) == TF_OK) {
        say(reader, ", after its last event");
        say_moment(reader, start + (int64_t)place.ns);
    }
}

static void
say_tail(struct tf_reader *reader, const struct tf_tail_found *tail)
{
    const struct tf_header *header = &reader->header.header;
    uint64_t events = header->tail_events;
    const char *name = TF_TAIL_SUFFIX;
    switch (tail->state) {
    case TF_TAIL_NONE:
        say(reader, "; the latest events, up to %u, are lost: there was no tail: %.*s",
            4 * TF_CHUNK_EVENTS, (int)header->tail_absent.len,
            header->tail_absent.data);
        break;
    case TF_TAIL_MISSING:
        say(reader,
            "; up to %" PRIu64 " events are lost: beside it there is no %s file",
            events, name);
        break;
    case TF_TAIL_FOREIGN:
    case TF_TAIL_DAMAGED:
        say(reader,
            "; up to %" PRIu64 " events are lost: its %s file cannot be used: %s",
            events, name, tail->fault.message);
        break;
    case TF_TAIL_FOUND:
        if (reader->joined.cut) {
            say(reader,
                "; events after these are lost: they are not in its %s file, or "
                "damaged",
                name);
        }
        if (!tail->same_boot && reader->joined.unsealed) {
            say(reader,
                "; the very last ones have no checksum, and are wrong where the "
                "machine stopped before they were on the disk");
        }
        break;
    }
}

/* The file ends in something else than a part of a frame. */
static bool
is_damaged(const struct tf_reader *reader)
{
    return reader->scan_end != TF_ERR_NOT_FOUND && reader->scan_end != TF_ERR_TRUNCATED;
}

tf_status
tf_reader_unfinished(struct tf_reader *reader, struct tf_tail_found *tail,
                     struct tf_err *err)
{
    tf_status status = TF_OK;
    const struct tf_header *header = &reader->header.header;
    if (header->tail_events == 0 && header->tail_absent.len == 0) {
        return TF_OK; /* made before there were any */
    }
    if (header->tail_events == 0) {
        tail->state = TF_TAIL_NONE;
    }
    if (tail->state == TF_TAIL_FOUND) {
        uint64_t all_bytes = reader->file.size;
        tf_file_put_behind(&reader->file, (uint64_t)reader->reason_off, NULL, 0);
        status = join_all(reader, tail, err);
        if (reader->joined.events == 0 && is_damaged(reader)) {
            tf_file_put_behind(&reader->file, all_bytes, NULL, 0);
        }
    }
    if (status != TF_OK || (reader->joined.events == 0 && is_damaged(reader))) {
        return status;
    }
    reader->joined.runs = still_runs(reader);
    reader->joined.signal =
        tail->state == TF_TAIL_FOUND && tail->signal < 128 ? tail->signal : 0;
    reader->joined.whole = tail->state == TF_TAIL_FOUND && !reader->joined.cut;
    snprintf(reader->reason, sizeof reader->reason, "it was not finished: ");
    say_end(reader, tail);
    say_tail(reader, tail);
    return TF_OK;
}
