/* Verification, first pass: frames, checksums and the seek table. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tf_reader_inside.h"
#include "tf_verify_inside.h"

void
tf_verify_found(struct tf_verifier *verify, const struct tf_err *finding)
{
    verify->findings++;
    if (verify->options->finding != NULL) {
        verify->options->finding(verify->options->ctx, finding);
    }
}

void
tf_verify_found_at(struct tf_verifier *verify, uint64_t off, const char *format, ...)
{
    struct tf_err finding = {TF_ERR_DAMAGED, 0, (int64_t)off, ""};
    va_list args;
    va_start(args, format);
    vsnprintf(finding.message, sizeof finding.message, format, args);
    va_end(args);
    tf_verify_found(verify, &finding);
}

tf_status
tf_verify_fault(struct tf_verifier *verify, tf_status status,
                const struct tf_err *fault)
{
    if (status == TF_ERR_IO || status == TF_ERR_MEMORY
        || status == TF_ERR_INTERRUPTED) {
        if (verify->err != NULL) {
            *verify->err = *fault;
        }
        return status;
    }
    if (status != TF_OK) {
        tf_verify_found(verify, fault);
    }
    return TF_OK;
}

tf_status
tf_verify_step(struct tf_verifier *verify, uint64_t bytes)
{
    verify->done += bytes;
    if (verify->options->progress != NULL
        && !verify->options->progress(verify->options->ctx, verify->done,
                                      verify->total)) {
        return tf_err_set(verify->err, TF_ERR_INTERRUPTED, -1, "interrupted");
    }
    return TF_OK;
}

/* --- first pass: frames --- */
static void
check_seek_entry(struct tf_verifier *verify, const struct tf_frame_list *table,
                 const struct tf_frame_place *place)
{
    const struct tf_frame_place *entry = tf_frame_list_find(table, place->off);
    if (table->count == 0) {
        return;
    }
    if (entry == NULL || entry->compressed_bytes != place->compressed_bytes
        || entry->content_bytes != place->content_bytes) {
        tf_verify_found_at(verify, place->off,
                           "the seek table disagrees with the frame at offset %" PRIu64,
                           place->off);
    }
}

/* RFC 8878, 3.1.1.1.1: of the frame header's descriptor, behind the magic number. */
#define ZSTD_CHECKSUM_FLAG 0x04u

static tf_status
check_frame(struct tf_verifier *verify, struct tf_file *file,
            const struct tf_frame_place *place)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_cursor bytes;
    uint8_t *content = NULL;
    uint32_t number;
    size_t len;
    tf_status status = tf_file_frame(file, place, &content, &len, &fault);
    if (status == TF_OK && (file->window[4] & ZSTD_CHECKSUM_FLAG) == 0) {
        tf_verify_found_at(verify, place->off,
                           "the frame at offset %" PRIu64 " has no checksum",
                           place->off);
    }
    if (status == TF_OK) {
        status =
            tf_frame_field(content, len, (int64_t)place->off, &number, &bytes, &fault);
    }
    if (status == TF_OK && !verify->options->quick) {
        status = tf_verify_part(verify, number, bytes, place->off);
    }
    free(content);
    return tf_verify_fault(verify, status, &fault);
}

static tf_status
check_frames(struct tf_verifier *verify, struct tf_file *file)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_frame_list table = file->list;
    struct tf_frame_place place;
    size_t frames = 0;
    bool skippable;
    file->list = (struct tf_frame_list){0};
    tf_status status = TF_OK, probed;
    for (uint64_t off = 0; status == TF_OK; off += place.compressed_bytes) {
        probed = tf_file_probe(file, off, &place, &skippable, &fault);
        if (probed == TF_ERR_NOT_FOUND) {
            break;
        }
        if (probed != TF_OK) {
            status = tf_verify_fault(verify, probed, &fault);
            break; /* where the next frame begins is not known */
        }
        if (!skippable) {
            frames++;
            check_seek_entry(verify, &table, &place);
            status = check_frame(verify, file, &place);
        }
        if (status == TF_OK) {
            status = tf_verify_step(verify, place.compressed_bytes);
        }
    }
    if (status == TF_OK && table.count > 0 && table.count != frames) {
        tf_verify_found_at(verify, file->size,
                           "the seek table has %zu frames, the file %zu", table.count,
                           frames);
    }
    tf_frame_list_release(&table);
    return status;
}

tf_status
tf_verify_frames(struct tf_verifier *verify, const char *path)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_file file;
    tf_status status = tf_file_open(&file, path, verify->err);
    if (status != TF_OK) {
        return status;
    }
    if (verify->reader->joined.events > 0 || verify->reader->joined.whole) {
        const struct tf_file *joined = &verify->reader->file;
        tf_file_put_behind(&file, joined->own_bytes, joined->behind,
                           (size_t)(joined->size - joined->own_bytes));
    }
    status = tf_file_seek_table(&file, &fault);
    if (status != TF_ERR_NOT_FOUND) {
        status = tf_verify_fault(verify, status, &fault);
    }
    else {
        status = TF_OK;
    }
    if (status == TF_OK) {
        status = check_frames(verify, &file);
    }
    tf_file_close(&file);
    return status;
}
