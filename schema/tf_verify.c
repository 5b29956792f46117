/* Verification: the file's own claims, held against each other.
 *
 * First pass: every frame from the start, as they lie, so that a fault in one does not hide
 * those behind it. Second pass: through the reader, everything that is derived (postings,
 * summaries, index, footer) is made anew from the chunks and compared. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tf_limits.h"
#include "tf_reader_inside.h"
#include "tf_retell.h"
#include "tf_summaries.h"
#include "tf_verify_inside.h"

/* --- second pass: what is derived --- */
/* Where the index stands, for what it lacks; the end of the file when there is none. */
static uint64_t
index_off(const struct tf_verifier *verify)
{
    const struct tf_file *file = &verify->reader->file;
    return verify->reader->scanned || file->list.count < 2
               ? file->size
               : file->list.place[file->list.count - 2].off;
}

static bool
same_entries(const struct tf_entry *a, const struct tf_entry *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (a[i].key != b[i].key || a[i].hits != b[i].hits || a[i].calls != b[i].calls
            || a[i].groups != b[i].groups) {
            return false;
        }
    }
    return true;
}

static tf_status
compare_postings(struct tf_verifier *verify, const struct tf_postings *postings,
                 struct tf_postings_set *set, uint64_t off)
{
    static const char *const names[TF_POST_LISTS] = {"lines", "codes", "exceptions",
                                                     "threads"};
    for (int list = 0; list < TF_POST_LISTS; list++) {
        if (!tf_map_sort(&set->map[list])) {
            return tf_err_set(verify->err, TF_ERR_MEMORY, -1, "out of memory");
        }
        if (set->map[list].count != postings->count[list]
            || !same_entries(set->map[list].entry, postings->entry[list],
                             postings->count[list])) {
            tf_verify_found_at(verify, off,
                               "the %s in the postings at offset %" PRIu64
                               " are not what the chunks have",
                               names[list], off);
        }
    }
    if (postings->chunk_count != set->chunk_count
        || memcmp(postings->kind_events, set->kind_events, sizeof set->kind_events)
               != 0) {
        tf_verify_found_at(verify, off,
                           "the counts in the postings at offset %" PRIu64
                           " are not what the chunks have",
                           off);
    }
    return TF_OK;
}

static tf_status
check_summary(void *ctx, struct tf_postings_set *set, struct tf_err *err)
{
    struct tf_verifier *verify = ctx;
    struct tf_err fault = TF_ERR_INIT;
    const struct tf_postings *postings;
    const struct tf_index_summary *summary =
        tf_index_summary(&verify->reader->index, set->level, set->first_chunk);
    (void)err;
    if (summary == NULL) {
        /* without room for an index there was none for what comes before it */
        if (tf_reader_complete(verify->reader) && !verify->reader->scanned) {
            tf_verify_found_at(verify, index_off(verify),
                               "chunk %" PRIu64 " has no summary of level %u",
                               set->first_chunk, set->level);
        }
        return TF_OK;
    }
    tf_status status = tf_reader_summary(verify->reader, summary, &postings, &fault);
    if (status == TF_OK) {
        return compare_postings(verify, postings, set, summary->off);
    }
    return tf_verify_fault(verify, status, &fault);
}

static tf_status
check_chunk_postings(struct tf_verifier *verify, size_t idx, struct tf_tally *tally)
{
    struct tf_err fault = TF_ERR_INIT;
    const struct tf_postings *postings;
    if (idx >= verify->reader->index.postings.count) {
        return TF_OK;
    }
    tf_status status = tf_reader_chunk_postings(verify->reader, idx, &postings, &fault);
    if (status == TF_OK) {
        return compare_postings(verify, postings, &tally->set,
                                verify->reader->index.postings.at[idx]);
    }
    return tf_verify_fault(verify, status, &fault);
}

/* --- lists of writes --- */
struct derived { /* what is made anew on the way */
    struct tf_summaries *summaries;
    struct tf_writes_group writes;
    size_t block;   /* the next one in the index */
    bool uncertain; /* a chunk of the group could not be read */
};

static bool
same_write(const struct tf_write *a, const struct tf_write *b)
{
    return a->id == b->id && a->page == b->page && a->chunk == b->chunk
           && a->flags == b->flags && a->items == b->items && a->attrs == b->attrs
           && a->from == b->from && a->grown == b->grown && a->risen == b->risen;
}

/* The entries of a block against those that the chunks gave, from *at on. */
static void
compare_block(struct tf_verifier *verify, const struct tf_writes_block *block,
              uint64_t off, const struct tf_writes_group *made, size_t *at)
{
    const struct tf_write *write = made->list[block->list].write;
    size_t left = made->list[block->list].count - *at;
    bool same = block->count <= left;
    for (size_t i = 0; same && i < block->count; i++) {
        same = same_write(&block->write[i], &write[*at + i]);
    }
    if (!same) {
        tf_verify_found_at(verify, off,
                           "the list of writes at offset %" PRIu64
                           " is not what the chunks have",
                           off);
    }
    *at += block->count < left ? block->count : left;
}

/* All blocks of the group that ends with the chunk. */
static tf_status
compare_group(struct tf_verifier *verify, struct derived *derived)
{
    const struct tf_index *index = &verify->reader->index;
    struct tf_writes_group *made = &derived->writes;
    size_t at[TF_WRITES_LISTS] = {0};
    bool faulty = derived->uncertain;
    if (!tf_writes_group_sort(made)) {
        return tf_err_set(verify->err, TF_ERR_MEMORY, -1, "out of memory");
    }
    for (; derived->block < index->writes.count
           && index->writes.at[derived->block].first_chunk == made->first_chunk;
         derived->block++) {
        struct tf_err fault = TF_ERR_INIT;
        const struct tf_writes_block *block;
        const struct tf_index_writes *place = &index->writes.at[derived->block];
        tf_status status =
            tf_reader_writes(verify->reader, derived->block, &block, &fault);
        faulty = faulty || status != TF_OK;
        if (status == TF_OK && !faulty) {
            compare_block(verify, block, place->off, made, &at[block->list]);
        }
        status = tf_verify_fault(verify, status, &fault);
        if (status != TF_OK) {
            return status;
        }
    }
    if (!faulty
        && (at[TF_WRITES_OBJECTS] != made->list[TF_WRITES_OBJECTS].count
            || at[TF_WRITES_FRAMES] != made->list[TF_WRITES_FRAMES].count)) {
        tf_verify_found_at(verify, index_off(verify),
                           "the lists of writes of the chunks from %" PRIu64
                           " on are not whole",
                           made->first_chunk);
    }
    return TF_OK;
}

/* Adds a chunk's; `tally` NULL: it could not be read. */
static tf_status
check_writes(struct tf_verifier *verify, struct derived *derived,
             const struct tf_tally *tally)
{
    static const struct tf_writes_set none;
    const struct tf_index *index = &verify->reader->index;
    if (derived->block >= index->writes.count) {
        return TF_OK; /* an unfinished recording has none for its end */
    }
    const struct tf_index_writes *place = &index->writes.at[derived->block];
    derived->uncertain |= tally == NULL;
    if (!tf_writes_group_add(&derived->writes, tally ? &tally->objects : &none,
                             tally ? &tally->frames : &none)) {
        return tf_err_set(verify->err, TF_ERR_MEMORY, -1, "out of memory");
    }
    tf_status status = TF_OK;
    if (derived->writes.chunk_count == place->chunk_count) {
        status = compare_group(verify, derived);
        tf_writes_group_next(&derived->writes);
        derived->uncertain = false;
    }
    return status;
}

/* It must be the state before the first event of the chunk that follows. */
static void
check_checkpoint(struct tf_verifier *verify, const struct tf_checkpoint *checkpoint,
                 uint64_t off, uint64_t chunk)
{
    const struct tf_reader *reader = verify->reader;
    tf_verify_table(verify, &checkpoint->state, off);
    if (checkpoint->chunk != chunk) {
        tf_verify_found_at(verify, off,
                           "a checkpoint before chunk %" PRIu64 " names chunk %" PRIu64,
                           chunk, checkpoint->chunk);
    }
    if (chunk < reader->index.chunk.count) {
        uint64_t first_seq = reader->index.chunk.at[chunk].first_seq;
        if (checkpoint->seq != first_seq && tf_verify_gap(reader, first_seq) == NULL) {
            tf_verify_found_at(verify, off,
                               "a checkpoint before event %" PRIu64
                               " names event %" PRIu64,
                               first_seq, checkpoint->seq);
        }
    }
}

/* Checkpoints tell the tally of exceptions, too, when they stand before a chunk. */
static tf_status
retell_checkpoints(struct tf_verifier *verify, size_t *next, uint64_t chunk,
                   struct tf_tally *tally)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_reader *reader = verify->reader;
    uint64_t before = chunk < reader->index.chunk.count
                          ? (uint64_t)reader->index.chunk.at[chunk].file_off
                          : UINT64_MAX;
    tf_status status = TF_OK;
    for (; *next < reader->index.checkpoint.count && status == TF_OK
           && reader->index.checkpoint.at[*next].off < before;
         ++*next) {
        struct tf_checkpoint *checkpoint;
        status = tf_reader_checkpoint(reader, *next, &checkpoint, &fault);
        if (status == TF_OK) {
            check_checkpoint(verify, checkpoint, reader->index.checkpoint.at[*next].off,
                             chunk);
            status = tf_retell_state(&checkpoint->state, tally, &fault);
            tf_checkpoint_free(checkpoint);
        }
        status = tf_verify_fault(verify, status, &fault);
    }
    return status;
}

/* The stacks that a keyframe states must be those that the chunks before it left. */
static bool
same_stacks(const struct tf_tally *tally, const struct tf_stack *before, size_t count)
{
    static const struct tf_stack none;
    size_t most = count > tally->stack_count ? count : tally->stack_count;
    for (size_t i = 0; i < most; i++) {
        const struct tf_stack *a = i < count ? &before[i] : &none;
        const struct tf_stack *b = i < tally->stack_count ? &tally->stack[i] : &none;
        if (a->count != b->count) {
            return false;
        }
        for (size_t j = 0; j < a->count; j++) {
            if (a->frame[j].frame != b->frame[j].frame
                || a->frame[j].code != b->frame[j].code) {
                return false;
            }
        }
    }
    return true;
}

/* Takes the stacks out of the tally, which is to be told a keyframe, and compares. */
static tf_status
check_keyframe(struct tf_verifier *verify, const struct tf_chunk *chunk, size_t idx,
               struct tf_tally *tally, bool follows)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_stack *before = tally->stack;
    size_t count = tally->stack_count;
    tally->stack = NULL;
    tally->stack_count = 0;
    tf_status status = tf_retell_state(&chunk->keyframe, tally, &fault);
    if (status == TF_OK && follows && !same_stacks(tally, before, count)) {
        uint64_t off = (uint64_t)verify->reader->index.chunk.at[idx].file_off;
        tf_verify_found_at(
            verify, off,
            "the stacks at the start of chunk %zu are not those that the chunk before "
            "left",
            idx);
    }
    for (size_t i = 0; i < count; i++) {
        free(before[i].frame);
    }
    free(before);
    return tf_verify_fault(verify, status, &fault);
}

/* Thread of the event that changes at a chunk's end belong to. */
static uint32_t
thread_after(struct tf_reader *reader, size_t idx)
{
    uint32_t thread = 0;
    for (idx++; idx < reader->index.chunk.count && thread == 0; idx++) {
        struct tf_chunk *chunk;
        if (reader->index.chunk.at[idx].event_count == 0) {
            continue;
        }
        if (tf_reader_chunk(reader, idx, &chunk, NULL) != TF_OK) {
            break;
        }
        thread = chunk->thread[0];
        tf_chunk_free(chunk);
    }
    return thread;
}

static tf_status
check_one_chunk(struct tf_verifier *verify, size_t idx, struct tf_tally *tally,
                struct derived *derived, struct tf_verify_totals *totals, bool *follows)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_reader *reader = verify->reader;
    struct tf_chunk *chunk;
    uint32_t tail = 0;
    tf_status status = tf_reader_chunk(reader, idx, &chunk, &fault);
    if (status != TF_OK) {
        *follows = false;
        totals->unsure = true;
        status = tf_verify_fault(verify, status, &fault);
        return status == TF_OK ? check_writes(verify, derived, NULL) : status;
    }
    status =
        check_keyframe(verify, chunk, idx, tally,
                       *follows && tf_verify_gap(reader, chunk->first_seq) == NULL);
    *follows = true;
    uint32_t last = chunk->event_count > 0 ? chunk->op_end[chunk->event_count - 1] : 0;
    if (last < chunk->changes.op_count) {
        tail = thread_after(reader, idx);
    }
    if (status == TF_OK) {
        status = tf_verify_fault(verify, tf_retell_chunk(chunk, tail, tally, &fault),
                                 &fault);
    }
    tf_verify_totals_add(verify, totals, chunk, idx);
    tf_chunk_free(chunk);
    if (status == TF_OK) {
        status = check_chunk_postings(verify, idx, tally);
    }
    if (status == TF_OK) {
        status = check_writes(verify, derived, tally);
    }
    if (status == TF_OK) {
        status = tf_summaries_add(derived->summaries, &tally->set, verify->err);
    }
    return status;
}

static tf_status
check_sources(struct tf_verifier *verify)
{
    struct tf_err fault = TF_ERR_INIT;
    const struct tf_index *index = &verify->reader->index;
    struct tf_text text;
    tf_status status = TF_OK;
    for (size_t i = 0; i < index->source.count && status == TF_OK; i++) {
        if (tf_reader_file(verify->reader, index->source.at[i].file) == NULL) {
            tf_verify_found_at(verify, index->source.at[i].off,
                               "a source of file %u, which is not defined",
                               index->source.at[i].file);
        }
        status =
            tf_reader_source(verify->reader, index->source.at[i].file, &text, &fault);
        status = status == TF_ERR_NOT_FOUND ? TF_OK
                                            : tf_verify_fault(verify, status, &fault);
        tf_reader_drop_sources(verify->reader);
    }
    return status;
}

static tf_status
second_pass(struct tf_verifier *verify)
{
    struct tf_reader *reader = verify->reader;
    struct tf_summaries summaries;
    struct derived derived = {.summaries = &summaries};
    struct tf_tally tally;
    struct tf_verify_totals totals = {.next_object = 1, .next_frame = 1, .next_seq = 1};
    size_t checkpoint = 0;
    bool follows = false;
    tf_tally_init(&tally);
    tf_summaries_init(&summaries, check_summary, verify);
    tf_status status = tf_retell_types(reader, &tally, verify->err);
    for (size_t i = 0; i < reader->index.chunk.count && status == TF_OK; i++) {
        status = retell_checkpoints(verify, &checkpoint, i, &tally);
        if (status == TF_OK) {
            status = check_one_chunk(verify, i, &tally, &derived, &totals, &follows);
        }
        if (status == TF_OK) {
            status = tf_verify_step(
                verify, tf_frame_list_find(&reader->file.list,
                                           (uint64_t)reader->index.chunk.at[i].file_off)
                            ->compressed_bytes);
        }
    }
    if (status == TF_OK) {
        status =
            retell_checkpoints(verify, &checkpoint, reader->index.chunk.count, &tally);
    }
    if (status == TF_OK && tf_reader_complete(reader)) {
        status = tf_summaries_close(&summaries, reader->index.chunk.count, verify->err);
    }
    if (status == TF_OK) {
        tf_verify_totals_check(verify, &totals);
        tf_verify_ids(verify);
        status = check_sources(verify);
    }
    tf_summaries_release(&summaries);
    tf_writes_group_release(&derived.writes);
    tf_tally_release(&tally);
    return status;
}

/* The index in the file against one made by a scan. */
static tf_status
compare_index(struct tf_verifier *verify, const struct tf_index *made)
{
    struct tf_blob x = {0}, y = {0};
    bool put = tf_index_put(&verify->reader->index, &x, 1) && tf_index_put(made, &y, 1);
    bool same = put && x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
    tf_blob_release(&x);
    tf_blob_release(&y);
    if (!put) {
        return tf_err_set(verify->err, TF_ERR_MEMORY, -1, "out of memory");
    }
    if (!same) {
        tf_verify_found_at(verify, index_off(verify),
                           "the index is not what the file has");
    }
    return TF_OK;
}

/* Those that the footer names against those that the chunks have. */
static void
compare_gaps(struct tf_verifier *verify, const struct tf_reader *made)
{
    const struct tf_totals *stated = &verify->reader->footer.totals;
    bool same = stated->gap_count == made->gap.count;
    for (size_t i = 0; same && i < made->gap.count; i++) {
        const struct tf_gap *a = &stated->gap[i], *b = &made->gap.at[i];
        same = a->before_seq == b->before_seq && a->events == b->events
               && a->reason.len == b->reason.len
               && (a->reason.len == 0
                   || memcmp(a->reason.data, b->reason.data, a->reason.len) == 0);
    }
    if (!same) {
        tf_verify_found_at(verify, tf_reader_footer_off(verify->reader),
                           "the footer names other gaps than there are");
    }
}

static tf_status
check_index(struct tf_verifier *verify, const char *path)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_reader *reader = verify->reader;
    struct tf_reader *other = calloc(1, sizeof *other);
    if (other == NULL) {
        return tf_err_set(verify->err, TF_ERR_MEMORY, -1, "out of memory");
    }
    tf_status status = tf_file_open(&other->file, path, &fault);
    if (status == TF_OK) {
        status = tf_reader_scan(other, NULL, NULL, &fault);
    }
    if (status == TF_OK && reader->scanned && reader->has_footer && other->has_index) {
        tf_verify_found_at(verify, reader->file.size,
                           "the index or the seek table cannot be used");
    }
    if (status == TF_OK && !reader->has_footer && !reader->joined.whole) {
        tf_verify_found_at(verify, (uint64_t)reader->reason_off, "not complete: %.240s",
                           reader->reason);
    }
    if (status == TF_OK && reader->has_footer) {
        compare_gaps(verify, other);
    }
    if (status == TF_OK && !reader->scanned) {
        status = compare_index(verify, &other->index);
        if (status != TF_OK) {
            tf_reader_close(other);
            return status;
        }
    }
    tf_reader_close(other);
    return tf_verify_fault(verify, status, &fault);
}

tf_status
tf_verify_file(const char *path, const struct tf_verify *options,
               uint64_t *ret_findings, struct tf_err *err)
{
    struct tf_verifier verify = {.options = options, .err = err};
    tf_status status = tf_reader_open(path, NULL, NULL, &verify.reader, err);
    if (status != TF_OK) {
        return status;
    }
    verify.total = verify.reader->file.size * (options->quick ? 1 : 2);
    status = tf_verify_frames(&verify, path);
    if (status == TF_OK && !options->quick) {
        status = check_index(&verify, path);
    }
    if (status == TF_OK && !options->quick) {
        status = second_pass(&verify);
    }
    tf_reader_close(verify.reader);
    if (status == TF_OK) {
        *ret_findings = verify.findings;
    }
    return status;
}
