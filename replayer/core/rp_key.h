/* Where the entry of one key stands in a large dict, over the run. */
#ifndef RP_KEY_H
#define RP_KEY_H

#include "rp_object.h"

/* A dict of which the entry for one key is followed: `first` is where its entries begin. */
struct rp_key {
    uint64_t object;
    const struct rp_value *key; /* borrowed; as it stands in the dict */
    size_t first;
};

/* Where the key's value stands after the changes up to a place of a chunk; *ret_idx:
 * SIZE_MAX: it is not there. *ret_known false: it cannot be told, for the dict was made
 * before the recording, or moved about too much. Goes through the chunks that changed which
 * keys there are, once a key: the last few are remembered. */
tf_status rp_key_at(struct rp *rp, const struct rp_key *key, size_t chunk,
                    rp_place_no place, bool *ret_known, size_t *ret_idx,
                    struct tf_err *err);
/* The nearest chunk after (before) chunk `from` in which the key comes or goes.
 * TF_ERR_NOT_FOUND: there is none. */
tf_status rp_key_comes(struct rp *rp, const struct rp_key *key, bool forward,
                       size_t from, bool *ret_known, size_t *ret_chunk,
                       struct tf_err *err);
/* Where the key's value stands after a change of the dict that puts it there; SIZE_MAX: the
 * change does not have the key. */
tf_status rp_key_among(const struct rp_key *key, const struct rp_object_change *change,
                       size_t *ret_idx, struct tf_err *err);

#endif
