/* Texts of objects that were made last by a question that goes through the chunks in order.
 * Row after row shows the same `self`: as long as nothing that its text was made of was
 * written, the text is the same. */
#include "rp_text.h"

#include <stdlib.h>
#include <string.h>

#define MEMOS      64u   /* by the object's id */
#define TEXT_BYTES 4096u /* of a text that is worth keeping, at most */

struct memo {
    uint64_t id; /* 0: none */
    struct rp_limits limits;
    struct rp_span span;
    struct rp_buf text;
};

struct rp_text_memos {
    struct memo memo[MEMOS];
};

static bool
same_limits(const struct rp_limits *a, const struct rp_limits *b)
{
    return a->chars == b->chars && a->text == b->text && a->items == b->items
           && a->depth == b->depth;
}

bool
rp_text_remembered(struct rp *rp, uint64_t id, const struct rp_limits *limits,
                   size_t chunk, rp_place_no place, struct rp_buf *out)
{
    if (!rp->text_memos) {
        return false;
    }
    const struct memo *memo = &rp->text_memos->memo[id % MEMOS];
    if (memo->id != id || memo->span.chunk != chunk || place < memo->span.first
        || place > memo->span.last || !same_limits(&memo->limits, limits)) {
        return false;
    }
    rp_buf_add(out, memo->text.data, memo->text.len);
    return true;
}

void
rp_text_remember(struct rp *rp, uint64_t id, const struct rp_limits *limits,
                 const struct rp_span *span, struct tf_text text)
{
    if (span->broken || text.len > TEXT_BYTES) {
        return;
    }
    if (!rp->text_memos) {
        rp->text_memos = calloc(1, sizeof *rp->text_memos);
    }
    if (!rp->text_memos) {
        return; /* it is made again */
    }
    struct memo *memo = &rp->text_memos->memo[id % MEMOS];
    rp_buf_clear(&memo->text);
    rp_buf_add(&memo->text, text.data, text.len);
    memo->id = memo->text.failed ? 0 : id;
    memo->limits = *limits;
    memo->span = *span;
}

void
rp_text_memos_free(struct rp_text_memos *memos)
{
    for (size_t i = 0; memos && i < MEMOS; i++) {
        rp_buf_release(&memos->memo[i].text);
    }
    free(memos);
}
