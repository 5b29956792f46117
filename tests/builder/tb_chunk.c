/* Chunk breaks: keyframes and checkpoints from the builder's state. */
#include <stdlib.h>
#include <string.h>

#include "tb_inside.h"

static void
open_writer(struct tb *tb)
{
    tb->header.argv = tb->argv.at;
    tb->header.argv_count = (uint32_t)tb->argv.count;
    tb->header.library_dir = tb->library.at;
    tb->header.library_dir_count = (uint32_t)tb->library.count;
    tf_status status = tf_writer_open(tb->sink, &tb->header, 0, &tb->writer, tb->err);
    if (status != TF_OK) {
        tb_fail_writer(tb, status);
    }
}

void
tb_flush(struct tb *tb)
{
    if (tb->writer == NULL) {
        open_writer(tb);
    }
    bool chunk = tb->batch.changes.len > 0 || tb->batch.lost_events > 0;
    tf_status status = tf_writer_batch(tb->writer, &tb->batch, tb->err);
    tf_batch_clear(&tb->batch);
    if (status != TF_OK) {
        tb_fail_writer(tb, status);
    }
    tb->chunk += chunk;
}

static void
put_frame(struct tb *tb, struct tf_rows *rows, uint64_t id, bool same)
{
    struct tb_frame *frame = &tb->frame.at[id - 1];
    tf_rows_op(rows, TF_OP_FRAME);
    tf_rows_u64(rows, id);
    tf_rows_u64(rows, frame->code + 1);
    tf_rows_u64(rows, frame->lineno);
    tf_rows_u64(rows, frame->call_seq);
    tf_rows_u64(rows, frame->call_kind);
    tb_put_value(rows, &frame->globals);
    if (same && frame->chunk_full > 0) {
        tf_rows_op(rows, TF_OP_SAME);
        tf_rows_u64(rows, frame->chunk_full - 1);
        return;
    }
    for (uint32_t i = 0; i < tb->code.at[frame->code].slot_count; i++) {
        if (frame->local[i].kind != TF_VAL_UNBOUND) {
            tf_rows_op(rows, TF_OP_LOCAL);
            tf_rows_u64(rows, i);
            tb_put_value(rows, &frame->local[i]);
        }
    }
}

/* What the top frame shows, where it is small. */
static void
put_images(struct tb *tb, struct tf_rows *rows, uint64_t id)
{
    const struct tb_frame *frame = &tb->frame.at[id - 1];
    for (uint32_t i = 0; i < tb->code.at[frame->code].slot_count; i++) {
        uint64_t object = frame->local[i].ref;
        if (frame->local[i].kind == TF_VAL_REF
            && tb->object.at[object - 1].item.count
                       + tb->object.at[object - 1].attr.count
                   <= 16) {
            tb_put_object(tb, rows, object, false);
        }
    }
}

static void
put_stacks(struct tb *tb, struct tf_rows *rows, bool same, bool images)
{
    for (uint64_t t = 1; t <= tb->thread.count; t++) {
        const struct tb_thread *thread = &tb->thread.at[t - 1];
        if (thread->stack.count == 0) {
            continue;
        }
        tf_rows_op(rows, TF_OP_THREAD);
        tf_rows_u64(rows, t);
        for (size_t i = 0; i < thread->stack.count; i++) {
            put_frame(tb, rows, thread->stack.at[i], same);
        }
        if (images) {
            put_images(tb, rows, thread->stack.at[thread->stack.count - 1]);
        }
    }
}

/* Ends the chunk; the next begins with a keyframe. `same`: frames unchanged since an
 * earlier keyframe refer to it. */
void
tb_chunk(struct tb *tb, bool same)
{
    tb_flush(tb);
    put_stacks(tb, &tb->batch.keyframe, same, tb->images);
    for (uint64_t t = 1; t <= tb->thread.count; t++) {
        const struct tb_thread *thread = &tb->thread.at[t - 1];
        for (size_t i = 0; i < thread->stack.count; i++) {
            struct tb_frame *frame = &tb->frame.at[thread->stack.at[i] - 1];
            frame->chunk_seen = tb->chunk + 1;
            if (!same || frame->chunk_full == 0) {
                frame->chunk_full = tb->chunk + 1;
            }
        }
    }
}

/* --- checkpoints --- */
static void
mark_value(struct tb *tb, const struct tb_value *value, uint8_t *reached)
{
    if (value->kind != TF_VAL_REF || reached[value->ref]) {
        return;
    }
    const struct tb_object *object = &tb->object.at[value->ref - 1];
    reached[value->ref] = 1;
    for (size_t i = 0; i < object->item.count; i++) {
        mark_value(tb, &object->item.at[i], reached);
    }
    for (size_t i = 0; i < object->attr.count; i++) {
        mark_value(tb, &object->attr.at[i], reached);
    }
}

static void
mark_stacks(struct tb *tb, uint8_t *reached)
{
    for (size_t t = 0; t < tb->thread.count; t++) {
        for (size_t i = 0; i < tb->thread.at[t].stack.count; i++) {
            const struct tb_frame *frame =
                &tb->frame.at[tb->thread.at[t].stack.at[i] - 1];
            mark_value(tb, &frame->globals, reached);
            for (uint32_t s = 0; s < tb->code.at[frame->code].slot_count; s++) {
                mark_value(tb, &frame->local[s], reached);
            }
        }
    }
}

/* Ends the chunk, too, and the next has a keyframe. */
void
tb_checkpoint(struct tb *tb)
{
    struct tf_rows state;
    tb_flush(tb);
    uint8_t *reached = tb_get(tb, tb->object.count + 1);
    mark_stacks(tb, reached);
    tf_rows_init(&state);
    put_stacks(tb, &state, false, false);
    for (uint64_t id = 1; id <= tb->object.count; id++) {
        if (reached[id]) {
            tb_put_object(tb, &state, id, false);
        }
    }
    tf_status status = tf_writer_checkpoint(tb->writer, &state, tb->err);
    tf_rows_release(&state);
    if (status != TF_OK) {
        tb_fail_writer(tb, status);
    }
    tb_chunk(tb, false);
}
