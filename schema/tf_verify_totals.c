/* Verification: what is counted over all chunks, and what one chunk says of its events. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tf_columns.h"
#include "tf_reader_inside.h"
#include "tf_verify_inside.h"

const struct tf_gap *
tf_verify_gap(const struct tf_reader *reader, uint64_t first_seq)
{
    size_t first = 0, end = tf_reader_gap_count(reader), count = end;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (tf_reader_gap(reader, middle)->before_seq < first_seq) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    const struct tf_gap *gap = first < count ? tf_reader_gap(reader, first) : NULL;
    return gap != NULL && gap->before_seq == first_seq ? gap : NULL;
}

/* --- One chunk --- */

void
tf_verify_table(struct tf_verifier *verify, const struct tf_ops *ops, uint64_t off)
{
    uint8_t *used = calloc((size_t)ops->text_count + 1, 1);
    uint32_t unused = 0;
    for (uint32_t i = 0; used != NULL && i < ops->value_count; i++) {
        if (strchr(tf_value_letters[ops->value[i].kind], 's') != NULL) {
            used[ops->value[i].text] = 1;
        }
    }
    for (uint32_t i = 0; used != NULL && i < ops->text_count; i++) {
        unused += used[i] == 0;
    }
    free(used);
    if (unused > 0) {
        tf_verify_found_at(verify, off,
                           "%u texts in the field at offset %" PRIu64
                           " that nothing uses",
                           unused, off);
    }
}

static void
check_seq(struct tf_verifier *verify, const struct tf_verify_totals *totals,
          const struct tf_chunk *chunk, size_t idx, uint64_t off)
{
    const struct tf_gap *gap = tf_verify_gap(verify->reader, chunk->first_seq);
    uint64_t missing = chunk->first_seq - totals->next_seq;
    if (chunk->first_seq < totals->next_seq || (missing > 0 && gap == NULL)
        || (missing > 0 && gap->events > 0 && gap->events != missing)) {
        tf_verify_found_at(verify, off,
                           "chunk %zu begins with event %" PRIu64
                           " after event %" PRIu64 ", and no gap says so",
                           idx, chunk->first_seq, totals->next_seq - 1);
    }
}

void
tf_verify_totals_add(struct tf_verifier *verify, struct tf_verify_totals *totals,
                     const struct tf_chunk *chunk, size_t idx)
{
    uint64_t off = (uint64_t)verify->reader->index.chunk.at[idx].file_off;
    totals->events += chunk->event_count;
    for (uint32_t i = 0; i < chunk->event_count; i++) {
        totals->kinds[chunk->kind[i]]++;
    }
    if (idx > 0
        && (chunk->first_object < totals->next_object
            || chunk->first_frame < totals->next_frame)) {
        tf_verify_found_at(verify, off,
                           "chunk %zu creates objects or frames that are there already",
                           idx);
    }
    if (!totals->unsure) {
        check_seq(verify, totals, chunk, idx, off);
    }
    if (!totals->unsure && idx > 0 && chunk->start_ns != totals->last_ns) {
        tf_verify_found_at(verify, off,
                           "chunk %zu begins at another time than the one before ends",
                           idx);
    }
    tf_verify_table(verify, &chunk->keyframe, off);
    tf_verify_table(verify, &chunk->changes, off);
    totals->unsure = false;
    totals->next_seq = chunk->first_seq + chunk->event_count;
    totals->last_ns = chunk->event_count > 0 ? chunk->time_ns[chunk->event_count - 1]
                                             : chunk->start_ns;
    totals->next_object = chunk->first_object + chunk->object_count;
    totals->next_frame = chunk->first_frame + chunk->frame_count;
}

/* --- All chunks --- */

/* The header says which kinds of events were recorded. */
static void
check_kinds(struct tf_verifier *verify, const struct tf_verify_totals *totals)
{
    uint32_t recorded = verify->reader->header.header.limits.events;
    for (int kind = 1; kind < TF_EV_COUNT; kind++) {
        if (totals->kinds[kind] > 0 && (recorded >> kind & 1) == 0) {
            tf_verify_found_at(verify, 0,
                               "there are events of kind %d, which by the header were "
                               "not recorded",
                               kind);
        }
    }
}

/* "3.11.2 (main ...)" and 0x030b02f0 */
static void
check_python(struct tf_verifier *verify)
{
    const struct tf_header *header = &verify->reader->header.header;
    char text[16] = "";
    unsigned major, minor;
    size_t len = header->python.len;
    if (len > 0) {
        memcpy(text, header->python.data,
               len < sizeof text - 1 ? len : sizeof text - 1);
    }
    if (header->python_hex != 0 && sscanf(text, "%3u.%3u", &major, &minor) == 2
        && header->python_hex >> 16 != (major << 8 | minor)) {
        tf_verify_found_at(verify, 0, "the header names two versions of Python");
    }
}

void
tf_verify_totals_check(struct tf_verifier *verify,
                       const struct tf_verify_totals *totals)
{
    const struct tf_reader *reader = verify->reader;
    uint64_t off = tf_reader_footer_off(reader);
    check_kinds(verify, totals);
    check_python(verify);
    if (!reader->has_footer) {
        return;
    }
    const struct tf_totals *stated = &reader->footer.totals;
    if (stated->event_count != totals->events
        || memcmp(stated->kind_events, totals->kinds, sizeof totals->kinds) != 0
        || stated->chunk_count != reader->index.chunk.count) {
        tf_verify_found_at(verify, off,
                           "the footer counts other events than there are");
    }
    if (reader->index.chunk.count > 0
        && (reader->index.chunk.at[0].first_object + stated->object_count
                != totals->next_object
            || reader->index.chunk.at[0].first_frame + stated->frame_count
                   != totals->next_frame)) {
        tf_verify_found_at(verify, off,
                           "the footer counts other objects or frames than there are");
    }
    if (reader->footer.footer.end_ns < totals->last_ns) {
        tf_verify_found_at(verify, off, "the footer says an end before the last event");
    }
    if (stated->event_count > 0
        && reader->footer.footer.failure_seq > tf_reader_last_seq(reader)) {
        tf_verify_found_at(verify, off,
                           "the footer names a failure at an event that is not there");
    }
}
