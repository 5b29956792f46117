/* Pages of large containers, written whole again from time to time, so that a reader finds
 * what is on the screen in a few chunks (tf_renew.h). */
#ifndef REC_RENEW_H
#define REC_RENEW_H

#include "rec_state.h"
#include "tf_renew.h"

void rec_renew_item_slow(struct rec_obj *obj, uint32_t idx);
/* The object was written whole. */
void rec_renew_image(const struct rec_obj *obj);

/* Item `idx` was written by an OP_ITEM_SET, and obj->val tells so. */
static inline void
rec_renew_item(struct rec_obj *obj, uint32_t idx)
{
    if (__builtin_expect(obj->item_count >= TF_RENEW_ITEMS, 0)) {
        rec_renew_item_slow(obj, idx);
    }
}

#endif
