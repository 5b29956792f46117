/* When a page of a large object is to be written whole again.
 *
 * Whoever writes a recording asks here for each item that it sets in an object of
 * TF_RENEW_ITEMS items or more. Once the writes to a page lie in so many chunks that a
 * reader would have to visit all of them to show it, the page is due: then it is written
 * as it is, by an `item_splice` of as many values as it takes away (or by several, or by
 * `item_set`s, where some values cannot be had). Nothing here knows the values; losing what is
 * kept here costs a reader time, no more. So it is bounded: 8 bytes a page. */
#ifndef TF_RENEW_H
#define TF_RENEW_H

#include <stdbool.h>
#include <stdint.h>

/* Objects with fewer items are imaged whole. */
#define TF_RENEW_ITEMS 128u
/* A page is due when the changes to it since it was whole lie in so many chunks. A page
 * costs 64 values, so at most 64 / 10 values are written for one that changed. */
#define TF_RENEW_CHUNKS 10u

struct tf_renew;

/* NULL: out of memory. */
struct tf_renew *tf_renew_new(void);
void tf_renew_free(struct tf_renew *renew); /* NULL is fine */
/* Item `idx` of the object is set in chunk number `chunk`. True: its page, the items from
 * idx / 64 * 64 on, is to be written whole now; it counts as written. */
bool tf_renew_item(struct tf_renew *renew, uint64_t object, uint64_t idx,
                   uint64_t chunk);
/* The object was written whole. */
void tf_renew_image(struct tf_renew *renew, uint64_t object);

#endif
