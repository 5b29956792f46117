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
        [RP_SEEK_THREAD] = TF_POSTING_THREAD,
        [RP_SEEK_KIND] = TF_POSTING_KIND,
    };

    return (forward ? tf_reader_posting_after : tf_reader_posting_before)(
        rp->reader, sort[seek->sort], (uint32_t)seek->id, (uint32_t)seek->second, from,
        ret_idx, err);
}

static tf_status
seek_part(struct rp *rp, const struct rp_seek *seek, bool forward, size_t from,
          size_t *ret_idx, struct tf_err *err)
{
    struct tf_part part = {
        .object = seek->id, .sort = TF_PART_ATTR, .idx = seek->second};
    if (seek->sort == RP_SEEK_ITEM) {
        part.sort = TF_PART_ITEMS;
        part.items = UINT64_C(1) << seek->second % 64;
        part.idx = seek->second / 64 * 64;
    }
    return (forward ? tf_reader_part_after : tf_reader_part_before)(rp->reader, &part,
                                                                    from, ret_idx, err);
}

tf_status
rp_chunk_seek(struct rp *rp, const struct rp_seek *seek, bool forward, size_t from,
              size_t *ret_idx, struct tf_err *err)
{
    switch (seek->sort) {
    case RP_SEEK_OBJECT:
        return (forward ? tf_reader_object_after : tf_reader_object_before)(
            rp->reader, seek->id, TF_POSTING_ANY, from, ret_idx, err);
    case RP_SEEK_ITEM:
    case RP_SEEK_ATTR: return seek_part(rp, seek, forward, from, ret_idx, err);
    case RP_SEEK_SLOT:
        return (forward ? tf_reader_slot_after : tf_reader_slot_before)(
            rp->reader, seek->id, (uint32_t)seek->second, from, ret_idx, err);
    default: return seek_posting(rp, seek, forward, from, ret_idx, err);
    }
}
