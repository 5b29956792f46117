/* A place that can be written, as rp_place.c makes and rp_write.c searches it. */
#ifndef RP_PLACE_H
#define RP_PLACE_H

#include "rp_key.h"

enum rp_place_sort {
    RP_PLACE_SLOT,  /* `slot` of frame `id` */
    RP_PLACE_ITEM,  /* item `index` of object `id` */
    RP_PLACE_ENTRY, /* the value for `key` in object `id` */
    RP_PLACE_ATTR,  /* the value for `key` among its attributes */
};

struct rp_place {
    enum rp_place_sort sort;
    uint64_t id;
    uint32_t slot;
    size_t index; /* ENTRY: of its value when the place was made; 0: not known */
    struct rp_value key;
};

/* The same in a state that may be partial: makes present what is looked at. `hint`: where
 * the value stood in a state nearby; SIZE_MAX: not known. *ret_found: borrowed; NULL: it
 * is not there. */
tf_status rp_place_find(struct rp *rp, const struct rp_place *place,
                        struct rp_object *object, size_t hint,
                        const struct rp_value **ret_found, size_t *ret_idx,
                        struct tf_err *err);
/* An ENTRY, to be followed through the changes of its dict. */
struct rp_key rp_place_key(const struct rp_place *place,
                           const struct rp_object *object);
/* The value in a state of the object; *ret_idx: where it stands among the items or
 * attributes. NULL: it is not there (or beyond what is recorded). */
const struct rp_value *rp_place_in(const struct rp_place *place,
                                   const struct rp_object *object, size_t *ret_idx);

/* As rp_write_last and rp_write_next, but looks no further than the event `bound`
 * (inclusive). TF_ERR_NOT_FOUND: none up to there; chunks beyond it are not decoded. */
tf_status rp_write_within(struct rp *rp, const struct rp_place *place, uint64_t seq,
                          bool forward, uint64_t bound, struct rp_write *ret_write,
                          struct tf_err *err);

#endif
