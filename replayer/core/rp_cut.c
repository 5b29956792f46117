/* A part of a recording as one of its own.
 *
 * It begins with a checkpoint: the stacks, followed up to the first event, and every object
 * that they lead to or that is named later (an object may be held by what is not recorded,
 * and come back). What does not fit into a checkpoint follows as images in chunks without
 * events. After that the changes are copied. Where events are left out a chunk ends and the
 * next, behind a gap, begins with the stacks as they are then; changes of objects are copied
 * all the same. */
#include "rp_cut.h"

#include <stdlib.h>
#include <string.h>

static const char CUT[] = "cut";

/* --- Writing batches --- */

static void
batch_begin(struct rp_cutter *cutter)
{
    tf_batch_clear(&cutter->batch);
    cutter->first_object = cutter->follow.next_object;
}

/* The keyframe is that of the stacks now, unless there is one. */
static void
batch_keyframe(struct rp_cutter *cutter)
{
    if (!cutter->has_keyframe) {
        rp_follow_put(&cutter->follow, &cutter->batch.keyframe, cutter->chunk_no);
        cutter->has_keyframe = true;
    }
}

tf_status
rp_cut_flush(struct rp_cutter *cutter, struct tf_err *err)
{
    batch_keyframe(cutter);
    cutter->next_seq += cutter->batch.changes.event_count;
    tf_status status = tf_writer_batch(cutter->writer, &cutter->batch, err);
    cutter->chunk_no++;
    cutter->has_keyframe = false;
    batch_begin(cutter);
    return status;
}

/* Events before `seq` are missing; the chunk that is being made comes after them. */
static tf_status
skip_to(struct rp_cutter *cutter, uint64_t seq, const char *reason, struct tf_err *err)
{
    uint64_t events = seq - cutter->next_seq;
    cutter->next_seq = seq;
    return tf_writer_skip(cutter->writer, events, reason, cutter->first_object,
                          cutter->follow.next_frame, err);
}

/* --- Events --- */

static void
forget_left(struct rp_cutter *cutter)
{
    while (cutter->left_count > 0) {
        tf_chunk_free(cutter->left[--cutter->left_count].chunk);
    }
    cutter->left_bytes = 0;
}

/* The code object of the frame that the event is in, after its changes. */
static uint32_t
code_of(const struct rp_cutter *cutter, const struct tf_chunk *chunk, uint32_t event,
        uint32_t first_op)
{
    size_t gone = 0;
    uint32_t code =
        rp_follow_pushed(&chunk->changes, first_op, chunk->op_end[event], &gone);
    for (size_t i = cutter->left_count; i-- > 0 && !code;) {
        const struct tf_ops *ops = &cutter->left[i].chunk->changes;
        code = rp_follow_pushed(ops, cutter->left[i].first, ops->op_count, &gone);
    }
    return code ? code : rp_follow_code(&cutter->follow, chunk->thread[event], gone);
}

static bool
is_kept(const struct rp_cutter *cutter, const struct tf_chunk *chunk, uint32_t event,
        uint32_t first_op)
{
    const struct rp_cut *cut = &cutter->cut;
    if (cut->thread && chunk->thread[event] != cut->thread) {
        return false;
    }
    uint32_t code = cut->code_count ? code_of(cutter, chunk, event, first_op) : 0;
    bool kept = cut->code_count == 0;
    for (size_t i = 0; i < cut->code_count && !kept; i++) {
        kept = cut->code[i] == code;
    }
    return kept;
}

static void
mark_code(struct rp_cutter *cutter, uint32_t code)
{
    uint32_t file = rp_code(cutter->rp, code)->file;
    if (file <= cutter->rp->facts.file_count) {
        cutter->file_used[file] = true;
    }
}

/* A frame that goes on, of which the written chunk knows nothing, brings its slots. */
static void
put_resumed(struct rp_cutter *cutter, const struct tf_ops *ops, const struct tf_op *op)
{
    struct tf_rows *rows = &cutter->batch.changes;
    const struct rp_follow_frame *frame = rp_follow_frame(&cutter->follow, op->id);
    struct tf_op full = *op;
    if (op->kind != TF_OP_RESUME || (frame && frame->known == cutter->chunk_no + 1)) {
        rp_rows_op(rows, ops, op);
        return;
    }
    full.kind = TF_OP_RESUME_FULL;
    rp_rows_op(rows, ops, &full);
    for (size_t i = 0; frame && i < frame->slot_count; i++) {
        if (frame->slot[i].value.kind != TF_VAL_UNBOUND
            && tf_rows_op(rows, TF_OP_LOCAL)) {
            tf_rows_u64(rows, frame->slot[i].slot);
            rp_rows_value(rows, &frame->slot[i].value);
        }
    }
}

static tf_status
keep_op(struct rp_cutter *cutter, uint32_t thread, const struct tf_ops *ops,
        const struct tf_op *op, struct tf_err *err)
{
    bool pushes = op->kind >= TF_OP_ENTER && op->kind <= TF_OP_RESUME_FULL;
    if (pushes) {
        put_resumed(cutter, ops, op);
        mark_code(cutter, op->a);
    }
    else {
        rp_rows_op(&cutter->batch.changes, ops, op);
    }
    tf_status status = rp_follow_op(&cutter->follow, thread, ops, op, err);
    if (pushes && status == TF_OK) {
        rp_follow_top(&cutter->follow, thread)->known = cutter->chunk_no + 1;
    }
    return status;
}

/* The change of an event that is left out. */
static tf_status
drop_op(struct rp_cutter *cutter, uint32_t thread, const struct tf_ops *ops,
        const struct tf_op *op, struct tf_err *err)
{
    if (rp_op_is_of_object(op->kind)) {
        rp_rows_op(&cutter->batch.changes, ops, op);
    }
    return rp_follow_op(&cutter->follow, thread, ops, op, err);
}

typedef tf_status op_fn(struct rp_cutter *cutter, uint32_t thread,
                        const struct tf_ops *ops, const struct tf_op *op,
                        struct tf_err *err);

/* All changes of an event: those that the chunks before left for it, then its own. */
static tf_status
event_ops(struct rp_cutter *cutter, const struct tf_chunk *chunk, uint32_t event,
          uint32_t first_op, op_fn *take, struct tf_err *err)
{
    uint32_t thread = chunk->thread[event];
    tf_status status = TF_OK;
    for (size_t i = 0; i < cutter->left_count; i++) {
        const struct tf_ops *ops = &cutter->left[i].chunk->changes;
        for (uint32_t k = cutter->left[i].first; k < ops->op_count && status == TF_OK;
             k++) {
            if (!rp_op_is_of_object(ops->op[k].kind)) { /* those were copied */
                status = take(cutter, thread, ops, &ops->op[k], err);
            }
        }
    }
    forget_left(cutter);
    for (uint32_t i = first_op; i < chunk->op_end[event] && status == TF_OK; i++) {
        status = take(cutter, thread, &chunk->changes, &chunk->changes.op[i], err);
    }
    return status;
}

static tf_status
keep_event(struct rp_cutter *cutter, const struct tf_chunk *chunk, uint32_t event,
           uint32_t first_op, struct tf_err *err)
{
    uint64_t seq = chunk->first_seq + event;
    tf_status status = TF_OK;
    if (seq != cutter->next_seq + cutter->batch.changes.event_count) {
        status = skip_to(cutter, seq, CUT, err);
    }
    batch_keyframe(cutter);
    if (status == TF_OK) {
        status = event_ops(cutter, chunk, event, first_op, keep_op, err);
    }
    uint64_t ns = chunk->time_ns[event];
    tf_rows_event(&cutter->batch.changes, (enum tf_event_kind)chunk->kind[event],
                  chunk->thread[event], chunk->lineno[event],
                  chunk->instruction ? chunk->instruction[event] : 0,
                  ns != cutter->last_ns ? ns : 0);
    cutter->last_ns = ns;
    cutter->event_count++;
    cutter->dropping = false;
    cutter->failure_kept |= seq == cutter->failure_seq;
    return status;
}

static tf_status
drop_event(struct rp_cutter *cutter, const struct tf_chunk *chunk, uint32_t event,
           uint32_t first_op, struct tf_err *err)
{
    tf_status status = TF_OK;
    if (cutter->batch.changes.event_count > 0) {
        status = rp_cut_flush(cutter, err);
    }
    cutter->dropping = true;
    return status == TF_OK ? event_ops(cutter, chunk, event, first_op, drop_op, err)
                           : status;
}

/* A chunk of changes alone is for the events left out so far. */
static tf_status
flush_if_full(struct rp_cutter *cutter, uint64_t next_seq, struct tf_err *err)
{
    tf_status status = TF_OK;
    if (cutter->batch.changes.len < TF_CHUNK_ROW_BYTES
        && cutter->batch.changes.event_count < TF_CHUNK_EVENTS) {
        return TF_OK;
    }
    if (cutter->dropping) {
        status = skip_to(cutter, next_seq, CUT, err);
    }
    return status == TF_OK ? rp_cut_flush(cutter, err) : status;
}

static tf_status
one_event(struct rp_cutter *cutter, const struct tf_chunk *chunk, uint32_t event,
          uint32_t first_op, struct tf_err *err)
{
    uint64_t seq = chunk->first_seq + event;
    tf_status status = is_kept(cutter, chunk, event, first_op)
                           ? keep_event(cutter, chunk, event, first_op, err)
                           : drop_event(cutter, chunk, event, first_op, err);
    if (status != TF_OK) {
        return status;
    }
    rp_follow_event(&cutter->follow, chunk->thread[event], chunk->kind[event],
                    chunk->lineno[event], seq);
    return flush_if_full(cutter, seq + 1, err);
}

/* --- Chunks --- */

#define LEFT_BYTES_MAX (96u << 20)

/* Changes after a chunk's last event: those of objects are copied at once, those of a stack
 * wait for the event. Takes the chunk. */
static tf_status
leave(struct rp_cutter *cutter, struct tf_chunk *chunk, uint32_t first,
      struct tf_err *err)
{
    bool waits = false;
    for (uint32_t i = first; i < chunk->changes.op_count; i++) {
        const struct tf_op *op = &chunk->changes.op[i];
        if (!rp_op_is_of_object(op->kind)) {
            waits = true;
            continue;
        }
        rp_rows_op(&cutter->batch.changes, &chunk->changes, op);
        rp_follow_op(&cutter->follow, 0, &chunk->changes, op, NULL);
    }
    uint64_t next_seq = chunk->first_seq + chunk->event_count;
    cutter->left_bytes += waits ? chunk->memory_bytes : 0;
    bool room = cutter->left_count < sizeof cutter->left / sizeof *cutter->left
                && cutter->left_bytes <= LEFT_BYTES_MAX;
    if (waits && room) {
        cutter->left[cutter->left_count++] = (struct rp_cut_left){chunk, first};
    }
    else {
        tf_chunk_free(chunk);
    }
    if (waits && !room) {
        return tf_err_set(err, TF_ERR_LIMIT, -1,
                          "the changes of one event are spread over too many chunks");
    }
    return flush_if_full(cutter, next_seq, err);
}

/* After a gap the chunk's keyframe says what became of the stacks. */
static tf_status
pass_gap(struct rp_cutter *cutter, const struct tf_chunk *chunk,
         const struct tf_gap *gap, struct tf_err *err)
{
    char reason[256];
    size_t len = gap->reason.len < 255 ? gap->reason.len : 255;
    tf_status status = TF_OK;
    if (cutter->batch.changes.event_count > 0) {
        status = rp_cut_flush(cutter, err);
    }
    forget_left(cutter);
    if (status == TF_OK) {
        status = rp_follow_keyframe(&cutter->follow, chunk, err);
    }
    if (len) {
        memcpy(reason, gap->reason.data, len);
    }
    reason[len] = '\0';
    if (status == TF_OK && !cutter->dropping) {
        status = skip_to(cutter, chunk->first_seq, reason, err);
    }
    return status;
}

/* Ids that no chunk creates: the batch cannot hold objects from both sides. */
static tf_status
sync_ids(struct rp_cutter *cutter, const struct tf_chunk *chunk, struct tf_err *err)
{
    struct rp_follow *follow = &cutter->follow;
    tf_status status = TF_OK;
    if (chunk->first_object == follow->next_object
        && chunk->first_frame == follow->next_frame) {
        return TF_OK;
    }
    if (cutter->batch.changes.len > 0) {
        if (cutter->dropping) {
            status = skip_to(cutter, chunk->first_seq, CUT, err);
        }
        if (status == TF_OK) {
            status = rp_cut_flush(cutter, err);
        }
    }
    rp_follow_ids(follow, chunk);
    cutter->first_object = follow->next_object;
    return status == TF_OK ? tf_writer_skip(
               cutter->writer, 0, NULL, follow->next_object, follow->next_frame, err)
                           : status;
}

/* Takes the chunk. */
static tf_status
one_chunk(struct rp_cutter *cutter, struct tf_chunk *chunk, uint32_t event, uint32_t op,
          struct tf_err *err)
{
    tf_status status = TF_OK;
    for (; event < chunk->event_count && status == TF_OK; event++) {
        if (chunk->first_seq + event > cutter->cut.last_seq) {
            tf_chunk_free(chunk);
            return TF_OK;
        }
        status = one_event(cutter, chunk, event, op, err);
        op = chunk->op_end[event];
    }
    rp_follow_forget(&cutter->follow);
    if (status == TF_OK && op < chunk->changes.op_count) {
        return leave(cutter, chunk, op, err);
    }
    tf_chunk_free(chunk);
    return status;
}

static tf_status
next_chunk(struct rp_cutter *cutter, size_t idx, struct tf_err *err)
{
    struct rp *rp = cutter->rp;
    struct tf_chunk *chunk;
    const struct tf_gap *gap = rp_gap_before(rp, idx);
    tf_status status = rp_progress(rp, idx, rp->facts.chunk_count, err);
    if (status == TF_OK) {
        status = tf_reader_chunk(rp->reader, idx, &chunk, err);
    }
    if (status != TF_OK) {
        return status;
    }
    status = sync_ids(cutter, chunk, err);
    if (status == TF_OK && gap) {
        status = pass_gap(cutter, chunk, gap, err);
    }
    if (status != TF_OK) {
        tf_chunk_free(chunk);
        return status;
    }
    return one_chunk(cutter, chunk, 0, 0, err);
}

/* --- The place to begin --- */

/* The first event at or after the wanted one is in chunk *ret_chunk; false: there is none. */
static bool
chunk_from(const struct rp *rp, uint64_t seq, size_t *ret_chunk)
{
    size_t idx = 0;
    for (; idx < rp->facts.chunk_count; idx++) { /* cheap: the index only */
        const struct tf_chunk_info *info = tf_reader_chunk_info(rp->reader, idx);
        if (info->event_count && info->first_seq + info->event_count > seq) {
            *ret_chunk = idx;
            return true;
        }
    }
    return false;
}

/* Right after the event before `seq`: the changes between are those of `seq`. */
static tf_status
find_place(struct rp_cutter *cutter, uint64_t seq, struct rp_cut_place *ret_place,
           struct tf_chunk **ret_chunk, struct tf_err *err)
{
    struct rp *rp = cutter->rp;
    struct rp_cut_place place = {0};
    const struct tf_chunk_info *info;
    tf_status status;
    if (!chunk_from(rp, seq, &place.chunk)) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "there is no event to keep");
    }
    info = tf_reader_chunk_info(rp->reader, place.chunk);
    if (info->first_seq >= seq) { /* what is left over before it is its own */
        while (place.chunk > 0) {
            info = tf_reader_chunk_info(rp->reader, --place.chunk);
            if (info->event_count) {
                break;
            }
        }
    }
    status = tf_reader_chunk(rp->reader, place.chunk, ret_chunk, err);
    if (status != TF_OK) {
        return status;
    }
    while (place.event < (*ret_chunk)->event_count
           && (*ret_chunk)->first_seq + place.event < seq) {
        place.op = (*ret_chunk)->op_end[place.event++];
    }
    *ret_place = place;
    return TF_OK;
}

/* Follows the stacks from the chunk's start to the place in it. */
static tf_status
follow_to(struct rp_cutter *cutter, const struct tf_chunk *chunk,
          const struct rp_cut_place *place, struct tf_err *err)
{
    struct rp_follow *follow = &cutter->follow;
    uint32_t op = 0;
    tf_status status = rp_follow_keyframe(follow, chunk, err);
    for (uint32_t event = 0; event < place->event; event++) {
        for (; op < chunk->op_end[event] && status == TF_OK; op++) {
            status = rp_follow_op(follow, chunk->thread[event], &chunk->changes,
                                  &chunk->changes.op[op], err);
        }
        if (status != TF_OK) {
            return status;
        }
        rp_follow_event(follow, chunk->thread[event], chunk->kind[event],
                        chunk->lineno[event], chunk->first_seq + event);
    }
    return status;
}

static void
mark_stacks(struct rp_cutter *cutter)
{
    for (size_t i = 0; i < cutter->follow.frame_count; i++) {
        mark_code(cutter, cutter->follow.frame[i]->code);
    }
}

/* --- The whole --- */

static tf_status
write_definitions(struct rp_cutter *cutter, struct tf_err *err)
{
    tf_status status = rp_copy_definitions(cutter->rp, &cutter->batch, NULL, err);
    if (status == TF_OK) {
        status = tf_writer_batch(cutter->writer, &cutter->batch, err);
    }
    tf_batch_clear(&cutter->batch);
    return status;
}

/* Sources last: only then is it known of which files something is kept. */
static tf_status
write_sources(struct rp_cutter *cutter, uint32_t *ret_count, struct tf_err *err)
{
    static const char unused[] = "nothing of it is in this part of the recording";
    tf_status status = TF_OK;
    for (uint32_t id = 1; id <= cutter->rp->facts.file_count && status == TF_OK; id++) {
        if (cutter->file_used[id]) {
            status = rp_copy_source(cutter->rp, id, &cutter->batch, NULL, err);
            *ret_count += status == TF_OK;
        }
        else {
            tf_batch_add_source(
                &cutter->batch,
                &(struct tf_def_source){.file = id,
                                        .text = {"", 0},
                                        .absent = {unused, sizeof unused - 1}});
        }
        if (status == TF_OK) {
            status = tf_writer_batch(cutter->writer, &cutter->batch, err);
        }
        tf_batch_clear(&cutter->batch);
    }
    return status;
}

/* The events after the last one kept are a gap at the end. */
static tf_status
write_rest(struct rp_cutter *cutter, struct tf_err *err)
{
    tf_status status = TF_OK;
    if (cutter->batch.changes.event_count > 0) {
        status = rp_cut_flush(cutter, err);
    }
    tf_batch_clear(&cutter->batch); /* what only events left out wrote */
    uint64_t end = cutter->rp->facts.last_seq + 1;
    if (status == TF_OK && cutter->next_seq < end) {
        cutter->first_object = cutter->follow.next_object;
        status = skip_to(cutter, end, CUT, err);
        if (status == TF_OK) {
            status = rp_cut_flush(cutter, err);
        }
    }
    return status;
}

static tf_status
close_cut(struct rp_cutter *cutter, struct rp_cut_result *ret_result,
          struct tf_err *err)
{
    struct tf_footer footer = rp_copy_footer(cutter->rp);
    struct tf_writer_stats stats;
    uint32_t sources = 0;
    if (!cutter->failure_kept) {
        footer.failure_seq = footer.failure_object = 0;
    }
    tf_status status = write_rest(cutter, err);
    if (status == TF_OK) {
        status = write_sources(cutter, &sources, err);
    }
    if (status != TF_OK) {
        return status;
    }
    struct tf_writer *writer = cutter->writer;
    cutter->writer = NULL;
    status = tf_writer_close(writer, &footer, &stats, err);
    if (status == TF_OK) {
        *ret_result = (struct rp_cut_result){.event_count = stats.events,
                                             .file_bytes = stats.file_bytes,
                                             .source_count = sources};
    }
    return status;
}

static tf_status
begin_cut(struct rp_cutter *cutter, struct tf_chunk **ret_chunk,
          struct rp_cut_place *ret_place, size_t *ret_last, struct tf_err *err)
{
    struct rp *rp = cutter->rp;
    uint64_t seq = cutter->cut.first_seq;
    tf_status status = find_place(cutter, seq, ret_place, ret_chunk, err);
    if (status == TF_OK) {
        status = follow_to(cutter, *ret_chunk, ret_place, err);
    }
    if (status != TF_OK) {
        return status;
    }
    if (!chunk_from(rp, cutter->cut.last_seq, ret_last)) {
        *ret_last = rp->facts.chunk_count - 1;
    }
    mark_stacks(cutter);
    cutter->first_object = cutter->follow.next_object;
    bool whole = seq <= rp->facts.first_seq && seq <= 1
                 && tf_reader_checkpoint_count(rp->reader) == 0;
    status = tf_writer_skip(cutter->writer, 0, NULL, cutter->follow.next_object,
                            cutter->follow.next_frame, err);
    if (status == TF_OK && !whole) {
        status = skip_to(cutter, seq, CUT, err);
        if (status == TF_OK) {
            status = rp_cut_state(cutter, ret_place, *ret_last, err);
        }
    }
    return status;
}

static tf_status
run_cut(struct rp_cutter *cutter, struct rp_cut_result *ret_result, struct tf_err *err)
{
    struct tf_chunk *chunk = NULL;
    struct rp_cut_place place;
    size_t last = 0;
    tf_status status = write_definitions(cutter, err);
    if (status == TF_OK) {
        status = begin_cut(cutter, &chunk, &place, &last, err);
    }
    if (status != TF_OK) {
        tf_chunk_free(chunk);
        return status;
    }
    status = one_chunk(cutter, chunk, place.event, place.op, err);
    for (size_t idx = place.chunk + 1; idx <= last && status == TF_OK; idx++) {
        status = next_chunk(cutter, idx, err);
    }
    if (status == TF_OK && cutter->event_count == 0) {
        status = tf_err_set(err, TF_ERR_NOT_FOUND, -1, "there is no event to keep");
    }
    return status == TF_OK ? close_cut(cutter, ret_result, err) : status;
}

static void
fill_bounds(struct rp_cutter *cutter)
{
    const struct rp_facts *facts = &cutter->rp->facts;
    struct rp_cut *cut = &cutter->cut;
    if (cut->first_seq < facts->first_seq) {
        cut->first_seq = facts->first_seq;
    }
    if (cut->last_seq == 0 || cut->last_seq > facts->last_seq) {
        cut->last_seq = facts->last_seq;
    }
}

tf_status
rp_cut(struct rp *rp, const struct rp_cut *cut, int fd,
       struct rp_cut_result *ret_result, struct tf_err *err)
{
    struct rp_cutter cutter = {.rp = rp, .cut = *cut, .next_seq = 1};
    struct tf_sink_fd sink;
    if (rp->facts.event_count == 0) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "the recording has no event");
    }
    fill_bounds(&cutter);
    if (cutter.cut.first_seq > cutter.cut.last_seq) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "there is no event to keep");
    }
    tf_sink_fd_init(&sink, fd);
    cutter.failure_seq = rp->facts.footer ? rp->facts.footer->failure_seq : 0;
    cutter.file_used = calloc((size_t)rp->facts.file_count + 1, 1);
    rp_follow_init(&cutter.follow, rp);
    tf_batch_init(&cutter.batch);
    tf_status status = cutter.file_used ? tf_writer_open(&sink.sink, rp->facts.header,
                                                         0, &cutter.writer, err)
                                        : rp_no_memory(err);
    if (status == TF_OK) {
        status = run_cut(&cutter, ret_result, err);
    }
    tf_writer_abandon(cutter.writer);
    forget_left(&cutter);
    tf_batch_release(&cutter.batch);
    rp_follow_release(&cutter.follow);
    free(cutter.file_used);
    return status;
}
