/* The passes before the writing one: which objects only secrets lead to, and which sequences
 * have items that make up a secret together. */
#include "rp_redact.h"

#include <stdlib.h>
#include <string.h>

#define PASSES_MAX 8
/* Items on either side of a change that are looked at together with it. */
#define WINDOW 64u

/* --- Who leads to an object --- */

static bool
is_hidden(const struct rp_redactor *redactor, uint64_t id)
{
    return rp_ids_has(&redactor->forced, id)
           || (rp_ids_has(&redactor->hidden, id)
               && !rp_ids_has(&redactor->visible, id));
}

static void
take_ref(struct rp_redactor *redactor, const struct tf_ops *ops,
         const struct tf_value *value, const struct rp_redact_place *place)
{
    (void)ops;
    if (value->kind != TF_VAL_REF) {
        return;
    }
    if (!place->secret && (place->holder == 0 || !is_hidden(redactor, place->holder))) {
        rp_ids_add(&redactor->seen, value->ref);
    }
    else if (!rp_ids_has(&redactor->visible, value->ref)) {
        redactor->found_more |= rp_ids_add(&redactor->hidden, value->ref);
    }
}

/* --- Secrets in pieces --- */

/* The text that an item adds to its sequence; false: none. */
static bool
piece_of(unsigned kind, int64_t integer, struct tf_text text, char *one,
         struct tf_text *ret)
{
    if (kind == TF_VAL_STR || kind == TF_VAL_BYTES) {
        *ret = text;
        return true;
    }
    if (kind == TF_VAL_INT && integer >= 32 && integer < 127) {
        *one = (char)integer;
        *ret = (struct tf_text){one, 1};
        return true;
    }
    return false;
}

static void
join_clear(struct rp_redactor *redactor)
{
    rp_buf_clear(&redactor->join);
    rp_buf_clear(&redactor->piece_end);
}

static void
join_add(struct rp_redactor *redactor, struct tf_text piece)
{
    rp_buf_add_text(&redactor->join, piece);
    size_t end = redactor->join.len;
    rp_buf_add_text(&redactor->piece_end,
                    (struct tf_text){(const char *)&end, sizeof end});
}

static size_t
piece_end(const struct rp_redactor *redactor, size_t i)
{
    size_t end;
    memcpy(&end, redactor->piece_end.data + i * sizeof end, sizeof end);
    return end;
}

/* A match that begins in one piece and ends in another. */
static bool
join_matches(const struct rp_redactor *redactor)
{
    size_t count = redactor->piece_end.len / sizeof(size_t), piece = 0, at = 0, end;
    while (count > 1
           && tf_rules_text(redactor->rules, redactor->join.data, redactor->join.len,
                            false, &at, &end)) {
        while (piece + 1 < count && piece_end(redactor, piece) <= at) {
            piece++;
        }
        if (end > piece_end(redactor, piece)) {
            return true;
        }
        at++;
    }
    return false;
}

static void
look_at_image(struct rp_redactor *redactor, const struct tf_ops *ops,
              const struct tf_op *op)
{
    bool found = false;
    join_clear(redactor);
    for (uint32_t k = 0; k < op->item_count && !found; k++) {
        const struct tf_value *value = &ops->value[op->value_first + k];
        struct tf_text piece, text = {"", 0};
        char one;
        if (rp_kind_has_text(value->kind)) {
            text = ops->text[value->text];
        }
        if (piece_of(value->kind, value->kind == TF_VAL_INT ? value->integer : 0, text,
                     &one, &piece)) {
            join_add(redactor, piece);
            continue;
        }
        found = join_matches(redactor);
        join_clear(redactor);
    }
    if (found || join_matches(redactor)) {
        rp_ids_add(&redactor->split, op->id);
    }
}

static tf_status
look_around(struct rp_redactor *redactor, const struct tf_op *op, size_t chunk,
            uint32_t place, struct tf_err *err)
{
    struct rp_object *object;
    size_t first = op->index > WINDOW ? (size_t)op->index - WINDOW : 0;
    tf_status status = rp_state_open(redactor->rp, op->id, chunk, place, &object, err);
    if (status != TF_OK) {
        return status;
    }
    size_t end = (size_t)op->index + op->value_count + WINDOW;
    end = end < object->item_count ? end : object->item_count;
    status = rp_object_load(redactor->rp, object, first, end, err);
    bool found = false;
    join_clear(redactor);
    for (size_t i = first; i < end && status == TF_OK && !found; i++) {
        const struct rp_value *value = &object->item[i];
        struct tf_text piece;
        char one;
        if (piece_of(value->kind, value->kind == TF_VAL_INT ? value->integer : 0,
                     rp_value_bytes(value), &one, &piece)) {
            join_add(redactor, piece);
            continue;
        }
        found = join_matches(redactor);
        join_clear(redactor);
    }
    if (status == TF_OK && (found || join_matches(redactor))) {
        rp_ids_add(&redactor->split, op->id);
    }
    rp_object_release(object);
    return status;
}

static tf_status
look_for_pieces(struct rp_redactor *redactor, const struct tf_ops *ops,
                const struct tf_op *op, size_t chunk, uint32_t place,
                struct tf_err *err)
{
    bool piece = false;
    if ((op->kind == TF_OP_NEW || op->kind == TF_OP_IMAGE) && op->item_count > 1) {
        look_at_image(redactor, ops, op);
        return TF_OK;
    }
    if ((op->kind != TF_OP_ITEM_SET && op->kind != TF_OP_ITEM_SPLICE)
        || rp_ids_has(&redactor->split, op->id)
        || rp_ids_has(&redactor->dicts, op->id)) {
        return TF_OK;
    }
    for (uint32_t k = 0; k < op->value_count; k++) {
        const struct tf_value *value = &ops->value[op->value_first + k];
        piece |= value->kind == TF_VAL_STR || value->kind == TF_VAL_BYTES
                 || (value->kind == TF_VAL_INT && value->integer >= 32
                     && value->integer < 127);
    }
    return piece ? look_around(redactor, op, chunk, place, err) : TF_OK;
}

/* --- Passes --- */

static tf_status
pass_chunk(struct rp_redactor *redactor, size_t idx, bool pieces, struct tf_err *err)
{
    struct rp *rp = redactor->rp;
    struct tf_chunk *chunk;
    tf_status status = tf_reader_chunk(rp->reader, idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    const struct tf_ops *ops = &chunk->changes;
    uint32_t op = 0;
    rp_redact_keyframe(redactor, &chunk->keyframe);
    for (uint32_t event = 0; event <= chunk->event_count && status == TF_OK; event++) {
        bool last = event == chunk->event_count;
        uint32_t end = last ? ops->op_count : chunk->op_end[event];
        uint32_t thread = last ? 0 : chunk->thread[event];
        if (last && op < end) {
            status = rp_next_thread(rp, idx, &thread, err);
        }
        for (; op < end && status == TF_OK; op++) {
            rp_redact_op(redactor, thread, ops, &ops->op[op]);
            if (pieces) {
                rp_redact_see(redactor, thread, ops, &ops->op[op]);
                status = look_for_pieces(redactor, ops, &ops->op[op], idx, op + 1, err);
            }
        }
        if (!last) {
            rp_redact_event(redactor, thread, chunk->kind[event]);
        }
    }
    tf_chunk_free(chunk);
    return status;
}

static tf_status
pass_checkpoints(struct rp_redactor *redactor, bool pieces, struct tf_err *err)
{
    struct rp *rp = redactor->rp;
    tf_status status = TF_OK;
    for (size_t i = 0; i < tf_reader_checkpoint_count(rp->reader) && status == TF_OK;
         i++) {
        struct tf_checkpoint *checkpoint;
        status = tf_reader_checkpoint(rp->reader, i, &checkpoint, err);
        for (uint32_t k = 0; status == TF_OK && k < checkpoint->state.op_count; k++) {
            const struct tf_op *op = &checkpoint->state.op[k];
            if (op->kind != TF_OP_IMAGE) {
                continue;
            }
            rp_redact_op(redactor, 0, &checkpoint->state, op);
            if (pieces) {
                rp_redact_see(redactor, 0, &checkpoint->state, op);
            }
            if (pieces && op->item_count > 1) {
                look_at_image(redactor, &checkpoint->state, op);
            }
        }
        if (status == TF_OK) {
            tf_checkpoint_free(checkpoint);
        }
    }
    return status;
}

static tf_status
one_pass(struct rp_redactor *redactor, bool pieces, struct tf_err *err)
{
    struct rp *rp = redactor->rp;
    rp_redact_restart(redactor);
    redactor->take = take_ref;
    tf_status status = pass_checkpoints(redactor, pieces, err);
    for (size_t i = 0; i < rp->facts.chunk_count && status == TF_OK; i++) {
        status = pass_chunk(redactor, i, pieces, err);
        if (status == TF_OK) {
            status = rp_progress(rp, i, rp->facts.chunk_count, err);
        }
    }
    return status == TF_OK && redactor->failed ? rp_no_memory(err) : status;
}

/* Those that something shown leads to are shown: and what they lead to, in the next pass. */
static bool
settle(struct rp_redactor *redactor)
{
    uint64_t *list;
    size_t count;
    bool changed = redactor->found_more;
    if (!rp_ids_list(&redactor->hidden, &list, &count)) {
        redactor->failed = true;
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (rp_ids_has(&redactor->seen, list[i])
            && rp_ids_add(&redactor->visible, list[i])) {
            changed = true;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (rp_ids_has(&redactor->visible, list[i])) {
            rp_ids_remove(&redactor->hidden, list[i]);
        }
    }
    free(list);
    rp_ids_release(&redactor->seen);
    redactor->found_more = false;
    return changed;
}

tf_status
rp_redact_find(struct rp_redactor *redactor, struct tf_err *err)
{
    bool pieces = tf_rules_has_texts(redactor->rules), more = true;
    tf_status status = TF_OK;
    for (int pass = 0; pass < PASSES_MAX && more && status == TF_OK; pass++) {
        status = one_pass(redactor, pieces && pass == 0, err);
        rp_redact_grown_done(redactor);
        more = status == TF_OK && settle(redactor);
    }
    return status;
}
