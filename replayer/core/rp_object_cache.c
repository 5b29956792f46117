/* Which states of objects stay in memory: the most recently used, up to a number of bytes;
 * one an object as it was where it was asked for last, and of a large one also the state
 * at the start of a chunk. */
#include "rp_object.h"

#include <stdlib.h>

static size_t
bucket_of(uint64_t id)
{
    return (size_t)((id * 0x9e3779b97f4a7c15u) >> 40) % RP_STATE_BUCKETS;
}

struct rp_state *
rp_state_cached(const struct rp *rp, uint64_t id, bool start)
{
    struct rp_state *state = rp->state_bucket[bucket_of(id)];
    while (state && (state->object.id != id || state->start != start)) {
        state = state->next_in_bucket;
    }
    return state;
}

void
rp_state_uncache(struct rp *rp, struct rp_state *state)
{
    struct rp_state **at = &rp->state_bucket[bucket_of(state->object.id)];
    while (*at != state) {
        at = &(*at)->next_in_bucket;
    }
    *at = state->next_in_bucket;
    *(state->newer ? &state->newer->older : &rp->state_newest) = state->older;
    *(state->older ? &state->older->newer : &rp->state_oldest) = state->newer;
    state->newer = state->older = state->next_in_bucket = NULL;
    rp->state_bytes -= state->cached_bytes;
    state->cached = false;
}

static void
trim(struct rp *rp)
{
    while (rp->state_oldest && rp->state_bytes > rp->state_bytes_max) {
        struct rp_state *state = rp->state_oldest;
        rp_state_uncache(rp, state);
        rp_state_unref(state);
    }
}

/* Items that are absent take no memory: their place was never touched. */
static size_t
item_places(const struct rp_state *state)
{
    return state->object.partial
               ? state->page_count * TF_PAGE_ITEMS + state->object.item_count / 512
               : state->item_cap;
}

size_t
rp_state_bytes(const struct rp_state *state)
{
    return sizeof *state + state->text_bytes
           + (item_places(state) + state->attr_cap) * sizeof(struct rp_value);
}

static void
link_state(struct rp *rp, struct rp_state *state)
{
    struct rp_state **at = &rp->state_bucket[bucket_of(state->object.id)];
    state->next_in_bucket = *at;
    *at = state;
    state->older = rp->state_newest;
    *(state->older ? &state->older->newer : &rp->state_oldest) = state;
    rp->state_newest = state;
    state->cached_bytes = rp_state_bytes(state);
    rp->state_bytes += state->cached_bytes;
    state->cached = true;
    state->refs++;
}

void
rp_state_measure(struct rp *rp, struct rp_state *state)
{
    if (state->cached) {
        rp->state_bytes -= state->cached_bytes;
        state->cached_bytes = rp_state_bytes(state);
        rp->state_bytes += state->cached_bytes;
        trim(rp);
    }
}

void
rp_state_keep(struct rp *rp, struct rp_state *state)
{
    struct rp_state *old = rp_state_cached(rp, state->object.id, state->start);
    if (old) {
        rp_state_uncache(rp, old);
        rp_state_unref(old);
    }
    if (rp->state_bytes_max) {
        link_state(rp, state);
        trim(rp);
    }
}

void
rp_states_clear(struct rp *rp)
{
    while (rp->state_oldest) {
        struct rp_state *state = rp->state_oldest;
        rp_state_uncache(rp, state);
        rp_state_unref(state);
    }
}

/* --- Copies --- */
static void
copy_run(struct rp_value *to, const struct rp_value *from, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        rp_value_copy(&to[i], &from[i]);
    }
}

static bool
clone_items(const struct rp_state *from, struct rp_state *to)
{
    size_t count = from->object.item_count, end;
    to->object.item = calloc(count + 1, sizeof *to->object.item);
    if (!to->object.item) {
        return false;
    }
    to->object.item_count = count;
    to->item_cap = count + 1;
    if (!from->object.partial) {
        copy_run(to->object.item, from->object.item, 0, count);
        return true;
    }
    if (!rp_part_reserve(to)) {
        return false;
    }
    for (size_t idx = 0; rp_part_run(from, &idx, &end); idx = end) {
        copy_run(to->object.item, from->object.item, idx, end);
        rp_part_mark(to, idx, end);
    }
    return true;
}

static bool
clone_attrs(const struct rp_state *from, struct rp_state *to)
{
    size_t count = from->object.attr_count;
    to->object.attr = malloc((count + 1) * sizeof *to->object.attr);
    if (!to->object.attr) {
        return false;
    }
    copy_run(to->object.attr, from->object.attr, 0, count);
    to->object.attr_count = count;
    to->attr_cap = count + 1;
    return true;
}

tf_status
rp_state_clone(const struct rp_state *from, struct rp_state **ret_state,
               struct tf_err *err)
{
    struct rp_state *state = rp_state_new();
    if (!state) {
        return rp_no_memory(err);
    }
    *state = *from;
    state->refs = 1;
    state->cached = state->start = false;
    state->newer = state->older = state->next_in_bucket = NULL;
    state->object.item = state->object.attr = NULL;
    state->object.item_count = state->object.attr_count = 0;
    state->item_cap = state->attr_cap = 0;
    state->page = NULL;
    state->page_cap = state->page_count = 0;
    if (!clone_items(from, state) || !clone_attrs(from, state)) {
        rp_state_unref(state);
        return rp_no_memory(err);
    }
    *ret_state = state;
    return TF_OK;
}
