/* Chunks decoded and indexed ahead by other threads, while the first works on the one
 * before. */
#ifndef RP_ASK_AHEAD_H
#define RP_ASK_AHEAD_H

#include "rp_private.h"

#define RP_AHEAD 8u /* chunks at a time */

struct rp_ahead;

/* NULL when there can be no other thread: then nothing is read ahead. */
struct rp_ahead *rp_ahead_start(struct rp *rp);
void rp_ahead_stop(struct rp_ahead *ahead); /* NULL is fine */
/* At most RP_AHEAD are asked for and not yet taken. */
void rp_ahead_ask(struct rp_ahead *ahead, size_t idx);
/* The one that was asked for first, in the cache and counted as by rp_chunk_get(). */
tf_status rp_ahead_take(struct rp_ahead *ahead, struct rp_chunk **ret_chunk,
                        struct tf_err *err);

#endif
