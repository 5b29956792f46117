/* What a keyframe or a checkpoint says of stacks, variables and objects, against what the
 * changes before it left. */
#include <inttypes.h>
#include <stdlib.h>

#include "rp_verify.h"

struct stated { /* by whom, and where it stands */
    const char *what;
    uint64_t no, off;
};

/* --- Stacks --- */

static const struct rp_follow_thread *
thread_of(const struct rp_follow *follow, uint32_t id)
{
    static const struct rp_follow_thread none;
    uint32_t idx = rp_map_get(&follow->thread_of, id);
    return idx == RP_NONE ? &none : &follow->thread[idx];
}

static bool
same_slots(const struct rp_follow_frame *a, const struct rp_follow_frame *b,
           uint32_t *ret_slot)
{
    size_t i = 0, k = 0;
    while (i < a->slot_count || k < b->slot_count) {
        const struct rp_follow_slot *x = i < a->slot_count ? &a->slot[i] : NULL;
        const struct rp_follow_slot *y = k < b->slot_count ? &b->slot[k] : NULL;
        if (x && x->value.kind == TF_VAL_UNBOUND) {
            i++;
        }
        else if (y && y->value.kind == TF_VAL_UNBOUND) {
            k++;
        }
        else if (!x || !y || x->slot != y->slot
                 || !rp_value_same(&x->value, &y->value)) {
            *ret_slot = !y || (x && x->slot < y->slot) ? x->slot : y->slot;
            return false;
        }
        else {
            i++;
            k++;
        }
    }
    return true;
}

/* False: it was told. */
static bool
check_frame(struct rp_verifier *verifier, const struct stated *by,
            const struct rp_follow_frame *frame, const struct rp_follow_frame *stated)
{
    uint32_t slot;
    if (!same_slots(frame, stated, &slot)) {
        const struct tf_def_code *code = rp_code(verifier->rp, frame->code);
        struct tf_text name =
            slot < code->slot_count ? code->slot[slot] : (struct tf_text){"?", 1};
        rp_verify_found(verifier, by->off,
                        "%s %" PRIu64 " has another value of %.*s in frame %" PRIu64
                        " than the changes before it left",
                        by->what, by->no, (int)(name.len < 60 ? name.len : 60),
                        name.data, frame->id);
        return false;
    }
    if (!rp_value_same(&frame->globals, &stated->globals)) {
        rp_verify_found(verifier, by->off,
                        "%s %" PRIu64 " has other globals of frame %" PRIu64
                        " than the changes before it left",
                        by->what, by->no, frame->id);
        return false;
    }
    if (frame->lineno != stated->lineno || frame->call_seq != stated->call_seq
        || frame->call_kind != stated->call_kind) {
        rp_verify_found(verifier, by->off,
                        "%s %" PRIu64 " has another line or call of frame %" PRIu64
                        " than the events before it",
                        by->what, by->no, frame->id);
        return false;
    }
    return true;
}

/* Other frames than those that are there are told of by whoever knows only the file. */
static void
check_stacks(struct rp_verifier *verifier, const struct stated *by,
             const struct rp_follow *follow, const struct rp_follow *stated,
             bool and_frames)
{
    for (size_t i = 0; i < follow->thread_count + stated->thread_count; i++) {
        uint32_t id = i < follow->thread_count
                          ? follow->thread[i].id
                          : stated->thread[i - follow->thread_count].id;
        const struct rp_follow_thread *a = thread_of(follow, id),
                                      *b = thread_of(stated, id);
        bool same = a->count == b->count;
        for (size_t k = 0; same && k < a->count; k++) {
            same = a->frame[k]->id == b->frame[k]->id
                   && a->frame[k]->code == b->frame[k]->code;
            if (same && !check_frame(verifier, by, a->frame[k], b->frame[k])) {
                return;
            }
        }
        if (!same && and_frames) {
            rp_verify_found(verifier, by->off,
                            "%s %" PRIu64 " has another stack of thread %u than the "
                            "changes before it left",
                            by->what, by->no, id);
            return;
        }
    }
}

/* Variables that the functions have. */
static void
check_slots(struct rp_verifier *verifier, const struct stated *by,
            const struct rp_follow *stated)
{
    for (size_t i = 0; i < stated->frame_count; i++) {
        const struct rp_follow_frame *frame = stated->frame[i];
        const struct tf_def_code *code = rp_code(verifier->rp, frame->code);
        if (frame->slot_count > 0
            && frame->slot[frame->slot_count - 1].slot >= code->slot_count) {
            rp_verify_found(verifier, by->off,
                            "%s %" PRIu64 " has a variable of frame %" PRIu64
                            " that its function has not",
                            by->what, by->no, frame->id);
            return;
        }
    }
}

/* --- Objects --- */

static tf_status
same_values(const struct tf_ops *ops, uint32_t first, const struct rp_value *value,
            size_t count, bool *ret_same, struct tf_err *err)
{
    for (size_t i = 0; i < count && *ret_same; i++) {
        struct rp_value stated;
        tf_status status = rp_ops_value(ops, NULL, first + (uint32_t)i, &stated, err);
        if (status != TF_OK) {
            return status;
        }
        *ret_same = rp_value_same(&stated, &value[i]);
        rp_value_release(&stated);
    }
    return TF_OK;
}

static tf_status
check_image(struct rp_verifier *verifier, const struct stated *by,
            const struct tf_ops *ops, const struct tf_op *op, size_t chunk,
            uint32_t place, struct tf_err *err)
{
    struct rp_object *object;
    tf_status status = rp_state_at(verifier->rp, op->id, chunk, place, &object, err);
    if (status != TF_OK) {
        return status;
    }
    bool same = object->type->id == op->a && object->note == op->note
                && object->more == op->count && object->item_count == op->item_count
                && object->attr_count == op->value_count - op->item_count;
    if (same) {
        status = same_values(ops, op->value_first, object->item, object->item_count,
                             &same, err);
    }
    if (same && status == TF_OK) {
        status = same_values(ops, op->value_first + op->item_count, object->attr,
                             object->attr_count, &same, err);
    }
    if (status == TF_OK && !same) {
        rp_verify_found(verifier, by->off,
                        "%s %" PRIu64 " has other content of object %" PRIu64
                        " than the changes before it left",
                        by->what, by->no, op->id);
    }
    rp_object_release(object);
    return status;
}

static tf_status
check_images(struct rp_verifier *verifier, const struct stated *by,
             const struct tf_ops *ops, size_t chunk, uint32_t place, struct tf_err *err)
{
    tf_status status = TF_OK;
    uint64_t before = verifier->findings;
    for (uint32_t i = 0;
         i < ops->op_count && status == TF_OK && verifier->findings == before; i++) {
        if (ops->op[i].kind == TF_OP_IMAGE) {
            status = check_image(verifier, by, ops, &ops->op[i], chunk, place, err);
        }
    }
    return status;
}

/* --- Both --- */

tf_status
rp_verify_keyframe(struct rp_verifier *verifier, const struct tf_chunk *chunk,
                   size_t idx, uint32_t places, struct tf_err *err)
{
    const struct stated by = {"the keyframe of chunk", idx,
                              rp_verify_chunk_off(verifier, idx)};
    struct rp_follow stated;
    rp_follow_init(&stated, verifier->rp);
    tf_status status = rp_follow_keyframe(&stated, chunk, err);
    if (status == TF_OK) {
        check_slots(verifier, &by, &stated);
    }
    if (status == TF_OK && verifier->follows) {
        check_stacks(verifier, &by, &verifier->follow, &stated, false);
        status = check_images(verifier, &by, &chunk->keyframe, idx - 1, places, err);
    }
    rp_follow_release(&verifier->follow);
    verifier->follow = stated;
    return status;
}

tf_status
rp_verify_checkpoint(struct rp_verifier *verifier,
                     const struct tf_checkpoint *checkpoint, uint64_t off,
                     const struct tf_chunk *chunk, size_t idx, uint32_t places,
                     struct tf_err *err)
{
    const struct stated by = {"the checkpoint before chunk", idx, off};
    struct rp_follow stated, keyframe;
    bool at_chunk = checkpoint->seq == chunk->first_seq; /* else events are missing */
    if (checkpoint->next_object > chunk->first_object
        || checkpoint->next_frame > chunk->first_frame
        || (at_chunk
            && (checkpoint->next_object != chunk->first_object
                || checkpoint->next_frame != chunk->first_frame))) {
        rp_verify_found(
            verifier, off,
            "the checkpoint before chunk %zu names other ids than the chunk "
            "begins with",
            idx);
    }
    rp_follow_init(&stated, verifier->rp);
    rp_follow_init(&keyframe, verifier->rp);
    tf_status status = rp_follow_state(&stated, &checkpoint->state, err);
    if (status == TF_OK) {
        status = rp_follow_keyframe(&keyframe, chunk, err);
    }
    if (status == TF_OK) {
        check_slots(verifier, &by, &stated);
    }
    if (status == TF_OK && at_chunk) {
        check_stacks(verifier, &by, &keyframe, &stated, true);
    }
    if (status == TF_OK && at_chunk && verifier->follows) {
        status = check_images(verifier, &by, &checkpoint->state, idx - 1, places, err);
    }
    rp_follow_release(&keyframe);
    rp_follow_release(&stated);
    return status;
}
