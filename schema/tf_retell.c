#include "tf_retell.h"

tf_status
tf_retell_types(const struct tf_reader *reader, struct tf_tally *tally,
                struct tf_err *err)
{
    for (uint32_t id = 1; id <= tf_reader_type_count(reader); id++) {
        const struct tf_def_type *type = tf_reader_type(reader, id);
        if (type != NULL && type->category == TF_CAT_EXCEPTION
            && !tf_tally_exception_type(tally, id)) {
            return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
        }
    }
    return TF_OK;
}

static tf_status
retell_op(const struct tf_ops *ops, uint32_t i, struct tf_tally *tally,
          struct tf_err *err)
{
    const struct tf_op *op = &ops->op[i];
    struct tf_op_facts facts = {
        .a = op->a, .id = op->id, .count = op->count, .index = op->index};
    facts.values = op->kind == TF_OP_IMAGE ? op->item_count : op->value_count;
    if (op->kind == TF_OP_THREAD) {
        facts.count = op->id;
    }
    if (op->kind == TF_OP_ARG) {
        const struct tf_value *value = &ops->value[op->value_first];
        facts.value_kind = value->kind;
        facts.value_id = value->kind == TF_VAL_REF ? value->ref : value->type_id;
    }
    return tf_tally_op(tally, op->kind, &facts, err);
}

tf_status
tf_retell_state(const struct tf_ops *state, struct tf_tally *tally, struct tf_err *err)
{
    tf_status status = TF_OK;
    tf_tally_keyframe(tally);
    for (uint32_t i = 0; i < state->op_count && status == TF_OK; i++) {
        status = retell_op(state, i, tally, err);
    }
    return status;
}

tf_status
tf_retell_chunk(const struct tf_chunk *chunk, uint32_t tail_thread,
                struct tf_tally *tally, struct tf_err *err)
{
    uint32_t op = 0;
    tf_status status = tf_retell_state(&chunk->keyframe, tally, err);
    tf_tally_begin(tally, chunk->number, chunk->first_object, chunk->first_frame);
    for (uint32_t i = 0; i < chunk->event_count && status == TF_OK; i++) {
        for (; op < chunk->op_end[i] && status == TF_OK; op++) {
            status = retell_op(&chunk->changes, op, tally, err);
        }
        if (status == TF_OK) {
            status = tf_tally_event(tally, chunk->kind[i], chunk->thread[i],
                                    chunk->lineno[i], err);
        }
    }
    for (; op < chunk->changes.op_count && status == TF_OK; op++) {
        status = retell_op(&chunk->changes, op, tally, err);
    }
    if (status == TF_OK && tail_thread != 0) {
        status = tf_tally_tail(tally, tail_thread, err);
    }
    tally->pending_count = 0;
    return status;
}
