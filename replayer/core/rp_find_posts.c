/* Chunks by what was run in them. */
#include "rp_find_posts.h"

#include <stdlib.h>

void
rp_posts_release(struct rp_posts *posts)
{
    free(posts->post);
    *posts = (struct rp_posts){0};
}

bool
rp_posts_add(struct rp_posts *posts, enum tf_posting_sort sort, uint32_t id,
             uint32_t lineno)
{
    if (posts->count == posts->cap) {
        size_t cap = posts->cap ? posts->cap * 2 : 16;
        struct rp_post *post = realloc(posts->post, cap * sizeof *post);
        if (!post) {
            return false;
        }
        posts->post = post;
        posts->cap = cap;
    }
    posts->post[posts->count++] = (struct rp_post){
        .sort = sort, .id = id, .lineno = lineno, .last = SIZE_MAX, .next = SIZE_MAX};
    return true;
}

void
rp_posts_bound(struct rp_posts *posts, size_t first, size_t last)
{
    posts->post[posts->count - 1].first = first;
    posts->post[posts->count - 1].last = last;
}

static tf_status
ask(struct rp *rp, struct rp_post *post, bool forward, size_t idx, struct tf_err *err)
{
    bool passed =
        post->next != SIZE_MAX && (forward ? post->next <= idx : post->next >= idx);
    if (post->known && !passed) {
        return TF_OK;
    }
    size_t found = SIZE_MAX;
    if (forward && idx + 1 < post->first) {
        idx = post->first - 1;
    }
    else if (!forward && idx > post->last) {
        idx = post->last + 1;
    }
    struct tf_err none = TF_ERR_INIT;
    tf_status status = (forward ? tf_reader_posting_after : tf_reader_posting_before)(
        rp->reader, post->sort, post->id, post->lineno, idx, &found, &none);
    if (status != TF_OK && status != TF_ERR_NOT_FOUND) {
        if (err) {
            *err = none;
        }
        return status;
    }
    bool inside = status == TF_OK && found >= post->first && found <= post->last;
    post->known = true;
    post->next = inside ? found : SIZE_MAX;
    return TF_OK;
}

static void
nearest(size_t found, bool forward, size_t *best)
{
    if (found != SIZE_MAX
        && (*best == SIZE_MAX || (forward ? found < *best : found > *best))) {
        *best = found;
    }
}

/* The nearest chunk that has one of the listed events. */
static size_t
next_of_seqs(const struct rp *rp, const struct rp_posts *posts, bool forward,
             size_t idx)
{
    size_t first = 0, end = posts->seq_count, found = SIZE_MAX;
    while (first
           < end) { /* the first of them in a chunk after `idx`, or not before it */
        size_t middle = first + (end - first) / 2, at = SIZE_MAX;
        tf_reader_chunk_of_seq(rp->reader, posts->seq[middle], &at);
        if (forward ? idx == SIZE_MAX || at > idx : at >= idx) {
            end = middle;
        }
        else {
            first = middle + 1;
        }
    }
    if (forward ? first < posts->seq_count : first > 0) {
        tf_reader_chunk_of_seq(rp->reader, posts->seq[forward ? first : first - 1],
                               &found);
    }
    return found;
}

tf_status
rp_posts_next(struct rp *rp, struct rp_posts *posts, bool forward, size_t idx,
              size_t *ret_idx, struct tf_err *err)
{
    size_t best = SIZE_MAX;
    if (posts->every) {
        best = forward ? idx + 1 : idx - 1; /* SIZE_MAX before the first */
        *ret_idx = best < rp->facts.chunk_count ? best : SIZE_MAX;
        return TF_OK;
    }
    for (size_t i = 0; i < posts->count; i++) {
        tf_status status = ask(rp, &posts->post[i], forward, idx, err);
        if (status != TF_OK) {
            return status;
        }
        nearest(posts->post[i].next, forward, &best);
    }
    nearest(next_of_seqs(rp, posts, forward, idx), forward, &best);
    *ret_idx = best;
    return TF_OK;
}
