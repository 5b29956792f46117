/* The state at the first event of a cut: which objects, and as images. */
#include "rp_cut.h"

#include <stdlib.h>

/* What a checkpoint holds at most: a reader takes it into memory whole. */
#define CHECKPOINT_BYTES (4u << 20)
/* An image larger than that is written in pieces. */
#define IMAGE_BYTES  (1u << 20)
#define IMAGE_VALUES 16384u

struct wanted {
    struct rp_ids ids; /* found so far */
    uint64_t *wave;    /* those whose content was not looked at */
    size_t count, cap;
    uint64_t below; /* objects from here on come later */
};

static void
want(struct wanted *wanted, uint64_t id)
{
    if (id == 0 || id >= wanted->below || !rp_ids_add(&wanted->ids, id)) {
        return;
    }
    if (wanted->count == wanted->cap) {
        size_t cap = wanted->cap ? wanted->cap * 2 : 1024;
        uint64_t *wave = realloc(wanted->wave, cap * sizeof *wave);
        if (!wave) {
            wanted->ids.failed = true;
            return;
        }
        wanted->wave = wave;
        wanted->cap = cap;
    }
    wanted->wave[wanted->count++] = id;
}

static void
want_value(struct wanted *wanted, const struct rp_value *value)
{
    if (value->kind == TF_VAL_REF) {
        want(wanted, value->ref);
    }
}

/* --- The roots: the stacks, and what is named later --- */

static void
want_stacks(struct wanted *wanted, const struct rp_follow *follow)
{
    for (size_t i = 0; i < follow->frame_count; i++) { /* suspended ones, too */
        const struct rp_follow_frame *frame = follow->frame[i];
        want_value(wanted, &frame->globals);
        for (size_t k = 0; k < frame->slot_count; k++) {
            want_value(wanted, &frame->slot[k].value);
        }
    }
}

static void
want_ops(struct wanted *wanted, const struct tf_ops *ops, uint32_t first)
{
    for (uint32_t i = first; i < ops->op_count; i++) {
        const struct tf_op *op = &ops->op[i];
        if (rp_op_is_of_object(op->kind) && op->kind != TF_OP_NEW) {
            want(wanted, op->id);
        }
        for (uint32_t k = 0; k < op->value_count; k++) {
            const struct tf_value *value = &ops->value[op->value_first + k];
            if (value->kind == TF_VAL_REF) {
                want(wanted, value->ref);
            }
        }
    }
}

static tf_status
want_later(struct wanted *wanted, struct rp *rp, const struct rp_cut_place *place,
           size_t last_chunk, struct tf_err *err)
{
    tf_status status = TF_OK;
    for (size_t idx = place->chunk; idx <= last_chunk && status == TF_OK; idx++) {
        struct tf_chunk *chunk;
        status = tf_reader_chunk(rp->reader, idx, &chunk, err);
        if (status == TF_OK) {
            want_ops(wanted, &chunk->changes, idx == place->chunk ? place->op : 0);
            want_ops(wanted, &chunk->keyframe, 0);
            tf_chunk_free(chunk);
            status = rp_progress(rp, idx, last_chunk, err);
        }
    }
    return status;
}

/* --- Images --- */

static size_t
bytes_of(const struct rp_value *value, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += 10 + rp_value_bytes(&value[i]).len;
    }
    return bytes;
}

static void
put_values(struct tf_rows *rows, const struct rp_value *value, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rp_rows_value(rows, &value[i]);
    }
}

static void
put_image(struct tf_rows *rows, const struct rp_object *object, size_t items,
          size_t attrs)
{
    const struct tf_op op = {
        .kind = TF_OP_IMAGE,
        .id = object->id,
        .a = object->type->id,
        .note = object->note,
        .count = object->more,
        .item_count = (uint32_t)items,
        .value_count = (uint32_t)(items + attrs),
    };
    if (rp_rows_op_head(rows, &op)) {
        put_values(rows, object->item, items);
        put_values(rows, object->attr, attrs);
    }
}

/* A large object: empty, then filled piece by piece. */
static tf_status
put_pieces(struct rp_cutter *cutter, const struct rp_object *object, struct tf_err *err)
{
    struct tf_rows *rows = &cutter->batch.changes;

    const struct {
        const struct rp_value *value;
        size_t count;
        enum tf_op_kind kind;
    } lists[] = {{object->item, object->item_count, TF_OP_ITEM_SPLICE},
                 {object->attr, object->attr_count, TF_OP_ATTR_SPLICE}};

    tf_status status = TF_OK;
    put_image(rows, object, 0, 0);
    for (size_t list = 0; list < 2; list++) {
        size_t at = 0;
        while (at < lists[list].count && status == TF_OK) {
            size_t end = at, bytes = 0;
            while (end < lists[list].count && end - at < IMAGE_VALUES
                   && bytes < IMAGE_BYTES) {
                bytes += bytes_of(&lists[list].value[end++], 1);
            }
            const struct tf_op op = {.kind = (uint8_t)lists[list].kind,
                                     .id = object->id,
                                     .index = at,
                                     .value_count = (uint32_t)(end - at)};
            if (rp_rows_op_head(rows, &op)) {
                put_values(rows, &lists[list].value[at], end - at);
            }
            at = end;
            if (rows->len >= TF_CHUNK_ROW_BYTES) {
                status = rp_cut_flush(cutter, err);
            }
        }
    }
    return status;
}

struct images {
    struct rp_cutter *cutter;
    struct tf_rows state; /* of the checkpoint */
    bool full;            /* it was written, the rest goes into chunks */
};

static tf_status
write_checkpoint(struct images *images, struct tf_err *err)
{
    images->full = true;
    return tf_writer_checkpoint(images->cutter->writer, &images->state, err);
}

static tf_status
add_image(struct images *images, const struct rp_object *object, struct tf_err *err)
{
    size_t bytes = bytes_of(object->item, object->item_count)
                   + bytes_of(object->attr, object->attr_count);
    bool large = bytes > IMAGE_BYTES;
    struct tf_rows *rows = &images->cutter->batch.changes;
    tf_status status = TF_OK;
    if (object->damaged) {
        return TF_OK; /* nothing creates it: nothing is known of it there either */
    }
    if (!images->full && (large || images->state.len + bytes > CHECKPOINT_BYTES)) {
        status = write_checkpoint(images, err);
    }
    if (status != TF_OK || !images->full) {
        put_image(&images->state, object, object->item_count, object->attr_count);
        return status;
    }
    if (large) {
        return put_pieces(images->cutter, object, err);
    }
    put_image(rows, object, object->item_count, object->attr_count);
    return rows->len >= TF_CHUNK_ROW_BYTES ? rp_cut_flush(images->cutter, err) : TF_OK;
}

/* --- What they lead to --- */

struct visit { /* an object, and the chunk that says most of it */
    uint64_t id;
    size_t chunk;
};

static int
compare(const void *a, const void *b)
{
    const struct visit *x = a, *y = b;
    return x->chunk != y->chunk ? (x->chunk < y->chunk ? -1 : 1)
                                : (x->id > y->id) - (x->id < y->id);
}

static tf_status
visit_object(struct images *images, struct wanted *wanted, uint64_t id,
             const struct rp_cut_place *place, struct tf_err *err)
{
    struct rp_object *object;
    tf_status status =
        rp_state_at(images->cutter->rp, id, place->chunk, place->op, &object, err);
    if (status != TF_OK) {
        return status;
    }
    for (size_t i = 0; i < object->item_count; i++) {
        want_value(wanted, &object->item[i]);
    }
    for (size_t i = 0; i < object->attr_count; i++) {
        want_value(wanted, &object->attr[i]);
    }
    status = add_image(images, object, err);
    rp_object_release(object);
    return status;
}

/* Takes the objects that were found so far, ordered by where they were last written. The
 * caller frees *ret_visit. */
static tf_status
take_wave(struct wanted *wanted, struct rp *rp, const struct rp_cut_place *place,
          struct visit **ret_visit, size_t *ret_count, struct tf_err *err)
{
    size_t count = wanted->count;
    struct visit *visit = malloc(count * sizeof *visit);
    tf_status status = visit ? TF_OK : rp_no_memory(err);
    for (size_t i = 0; status == TF_OK && i < count; i++) {
        visit[i] = (struct visit){.id = wanted->wave[i]};
        status = tf_reader_object_before(rp->reader, visit[i].id, TF_POSTING_ANY,
                                         place->chunk + 1, &visit[i].chunk, err);
        status = status == TF_ERR_NOT_FOUND ? TF_OK : status;
    }
    if (status != TF_OK) {
        free(visit);
        return status;
    }
    qsort(visit, count, sizeof *visit, compare);
    wanted->count = 0;
    *ret_visit = visit;
    *ret_count = count;
    return TF_OK;
}

/* In waves, each by the chunks that have to be read for it, so that none is read for every
 * object anew. */
static tf_status
write_reachable(struct images *images, struct wanted *wanted,
                const struct rp_cut_place *place, struct tf_err *err)
{
    struct rp *rp = images->cutter->rp;
    tf_status status = TF_OK;
    while (wanted->count > 0 && status == TF_OK) {
        size_t count;
        struct visit *visit;
        status = take_wave(wanted, rp, place, &visit, &count, err);
        if (status != TF_OK) {
            return status;
        }
        for (size_t i = 0; i < count && status == TF_OK; i++) {
            status = visit_object(images, wanted, visit[i].id, place, err);
            if (status == TF_OK && i % 256 == 0) {
                status = rp_progress(rp, i, count, err);
            }
        }
        free(visit);
    }
    if (status == TF_OK && wanted->ids.failed) {
        return rp_no_memory(err);
    }
    return status == TF_OK && !images->full ? write_checkpoint(images, err) : status;
}

tf_status
rp_cut_state(struct rp_cutter *cutter, const struct rp_cut_place *place,
             size_t last_chunk, struct tf_err *err)
{
    struct wanted wanted = {.below = cutter->follow.next_object};
    struct images images = {.cutter = cutter};
    tf_rows_init(&images.state);
    cutter->rp->many_objects = true;
    want_stacks(&wanted, &cutter->follow);
    tf_status status = want_later(&wanted, cutter->rp, place, last_chunk, err);
    if (status == TF_OK) {
        rp_follow_put(&cutter->follow, &images.state, UINT64_MAX);
        status = write_reachable(&images, &wanted, place, err);
    }
    cutter->rp->many_objects = false;
    tf_rows_release(&images.state);
    rp_ids_release(&wanted.ids);
    free(wanted.wave);
    return status;
}
