/* Which chunk to look into next: the postings, under one roof. */
#include "rp_private.h"

static tf_status
seek_posting(struct rp *rp, const struct rp_seek *seek, bool forward, size_t from,
             size_t *ret_idx, struct tf_err *err)
{
    static const enum tf_posting_sort sort[] = {
        [RP_SEEK_LINE] = TF_POSTING_LINE,
        [RP_SEEK_CODE] = TF_POSTING_CODE,
        [RP_SEEK_EXCEPTION] = TF_POSTING_EXCEPTION,
    };

    return (forward ? tf_reader_posting_after : tf_reader_posting_before)(
        rp->reader, sort[seek->sort], (uint32_t)seek->id, (uint32_t)seek->second, from,
        ret_idx, err);
}

static tf_status
seek_any(struct rp *rp, bool forward, size_t from, size_t *ret_idx, struct tf_err *err)
{
    if (forward ? from + 1 >= rp->facts.chunk_count : from == 0) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "nothing in the recording");
    }
    *ret_idx = forward ? from + 1 : from - 1;
    return TF_OK;
}

tf_status
rp_chunk_seek(struct rp *rp, const struct rp_seek *seek, bool forward, size_t from,
              size_t *ret_idx, struct tf_err *err)
{
    switch (seek->sort) {
    case RP_SEEK_LINE:
    case RP_SEEK_CODE:
    case RP_SEEK_EXCEPTION:
        return seek_posting(rp, seek, forward, from, ret_idx, err);
    case RP_SEEK_OBJECT:
    case RP_SEEK_ITEM:
    case RP_SEEK_ATTR:
        return (forward ? tf_reader_object_after : tf_reader_object_before)(
            rp->reader, seek->id, TF_POSTING_ANY, from, ret_idx, err);
    case RP_SEEK_SLOT:
        return (forward ? tf_reader_slot_after : tf_reader_slot_before)(
            rp->reader, seek->id, (uint32_t)seek->second, from, ret_idx, err);
    case RP_SEEK_KIND: break;
    }
    return seek_any(rp, forward, from, ret_idx, err);
}
