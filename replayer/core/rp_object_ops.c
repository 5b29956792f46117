/* One object's changes in a chunk, in either direction. */
#include "rp_object.h"

static bool
concerns(const struct tf_op *op, uint64_t id)
{
    return op->id == id && op->kind >= TF_OP_NEW && op->kind <= TF_OP_LATE;
}

static const struct tf_op *
keyframe_image(const struct rp_object_changes *changes)
{
    const struct tf_ops *ops = &changes->chunk->raw->keyframe;
    for (uint32_t i = ops->op_count; i-- > 0;) {
        if (ops->op[i].kind == TF_OP_IMAGE && ops->op[i].id == changes->id) {
            return &ops->op[i];
        }
    }
    return NULL;
}

void
rp_object_changes_begin(struct rp_object_changes *changes, const struct rp_chunk *chunk,
                        uint64_t id, rp_place_no place)
{
    uint32_t count = chunk->raw->changes.op_count;
    *changes = (struct rp_object_changes){.chunk = chunk, .id = id};
    if (chunk->built) {
        rp_object_entries(chunk, id, place, &changes->first, &changes->entry);
        uint32_t idx = rp_chunk_object(chunk, id);
        changes->end = idx == RP_NONE ? changes->entry : chunk->object_first[idx + 1];
        return;
    }
    changes->at = place < count ? place : count;
    changes->keyframe = keyframe_image(changes) != NULL;
}

static void
fill(const struct rp_object_changes *changes, rp_place_no place, const struct tf_op *op,
     struct rp_object_change *ret_change)
{
    const struct rp_chunk *chunk = changes->chunk;
    *ret_change =
        (struct rp_object_change){place, op, &chunk->raw->changes, chunk->text};
    if (place == 0) {
        ret_change->ops = &chunk->raw->keyframe;
        ret_change->text = chunk->keyframe_text;
    }
}

bool
rp_object_changes_prev(struct rp_object_changes *changes,
                       struct rp_object_change *ret_change)
{
    const struct rp_chunk *chunk = changes->chunk;
    if (chunk->built) {
        if (changes->entry == changes->first) {
            return false;
        }
        changes->entry--;
        fill(changes, chunk->object_place[changes->entry],
             rp_object_op(chunk, changes->entry), ret_change);
        return true;
    }
    const struct tf_op *op = chunk->raw->changes.op;
    while (changes->at > 0) {
        changes->at--;
        if (concerns(&op[changes->at], changes->id)) {
            fill(changes, changes->at + 1, &op[changes->at], ret_change);
            return true;
        }
    }
    if (changes->keyframe) {
        changes->keyframe = false;
        fill(changes, 0, keyframe_image(changes), ret_change);
        return true;
    }
    return false;
}

/* The keyframe is never ahead: whoever moves forward begins at a place in the chunk. */
bool
rp_object_changes_next(struct rp_object_changes *changes,
                       struct rp_object_change *ret_change)
{
    const struct rp_chunk *chunk = changes->chunk;
    if (chunk->built) {
        if (changes->entry >= changes->end) {
            return false;
        }
        fill(changes, chunk->object_place[changes->entry],
             rp_object_op(chunk, changes->entry), ret_change);
        changes->entry++;
        return true;
    }
    const struct tf_ops *ops = &chunk->raw->changes;
    while (changes->at < ops->op_count) {
        const struct tf_op *op = &ops->op[changes->at++];
        if (concerns(op, changes->id)) {
            fill(changes, changes->at, op, ret_change);
            return true;
        }
    }
    return false;
}
