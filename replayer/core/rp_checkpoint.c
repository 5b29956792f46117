/* The state that a recording begins with when it is a part of another one. */
#include "rp_private.h"

#include <stdlib.h>

void
rp_checkpoint_free(struct rp_checkpoint *checkpoint)
{
    if (checkpoint) {
        tf_checkpoint_free(checkpoint->raw);
        rp_map_release(&checkpoint->image);
        free(checkpoint);
    }
}

static tf_status
load(struct rp *rp, size_t idx, struct rp_checkpoint **ret_checkpoint,
     struct tf_err *err)
{
    struct rp_checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    if (!checkpoint) {
        return rp_no_memory(err);
    }
    checkpoint->idx = idx;
    tf_status status = tf_reader_checkpoint(rp->reader, idx, &checkpoint->raw, err);
    for (uint32_t i = 0; status == TF_OK && i < checkpoint->raw->state.op_count; i++) {
        const struct tf_op *op = &checkpoint->raw->state.op[i];
        if ((op->kind == TF_OP_IMAGE || op->kind == TF_OP_NEW)
            && rp_map_get(&checkpoint->image, op->id) == RP_NONE
            && !rp_map_put(&checkpoint->image, op->id, i)) {
            status = rp_no_memory(err);
        }
    }
    if (status != TF_OK) {
        rp_checkpoint_free(checkpoint);
        return status;
    }
    *ret_checkpoint = checkpoint;
    return TF_OK;
}

tf_status
rp_checkpoint_before(struct rp *rp, size_t chunk,
                     const struct rp_checkpoint **ret_checkpoint, struct tf_err *err)
{
    for (size_t i = tf_reader_checkpoint_count(rp->reader); i-- > 0;) {
        if (!rp->checkpoint || rp->checkpoint->idx != i) {
            struct rp_checkpoint *loaded = NULL;
            rp_checkpoint_free(rp->checkpoint);
            rp->checkpoint = NULL;
            tf_status status = load(rp, i, &loaded, err);
            if (status != TF_OK) {
                return status;
            }
            rp->checkpoint = loaded;
        }
        if (rp->checkpoint->raw->chunk <= chunk) {
            *ret_checkpoint = rp->checkpoint;
            return TF_OK;
        }
    }
    *ret_checkpoint = NULL;
    return TF_OK;
}
