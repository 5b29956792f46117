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
        size_t next = posts->post[i].next;
        if (next != SIZE_MAX
            && (best == SIZE_MAX || (forward ? next < best : next > best))) {
            best = next;
        }
    }
    *ret_idx = best;
    return TF_OK;
}
