/* Following a frame by its identity: through its suspensions, and from line to line. */
#include "rp_find_posts.h"
#include "rp_move_search.h"

/* co_flags, the same in all versions of CPython 3 (Include/cpython/code.h). */
#define CODE_GENERATOR          0x0020u
#define CODE_COROUTINE          0x0080u
#define CODE_ITERABLE_COROUTINE 0x0100u
#define CODE_ASYNC_GENERATOR    0x0200u

bool
rp_code_awaits(const struct tf_def_code *code)
{
    return (code->flags & CODE_COROUTINE) != 0;
}

bool
rp_code_suspends(const struct tf_def_code *code)
{
    return (code->flags
            & (CODE_GENERATOR | CODE_COROUTINE | CODE_ITERABLE_COROUTINE
               | CODE_ASYNC_GENERATOR))
           != 0;
}

tf_status
rp_frame_resumed(struct rp *rp, const struct rp_event *event, bool forward,
                 uint64_t *ret_seq, struct tf_err *err)
{
    struct rp_filter filter = {
        .kinds = forward ? 1u << TF_EV_RESUME | 1u << TF_EV_THROW : 1u << TF_EV_YIELD,
        .code = &event->code->id,
        .code_count = 1,
        .frame = event->frame,
    };
    return rp_find(rp, &filter, event->seq, forward, ret_seq, err);
}

/* --- From line to line --- */

static bool
ends_frame(unsigned kind, bool forward)
{
    return forward ? kind == TF_EV_RETURN || kind == TF_EV_UNWIND : kind == TF_EV_START;
}

struct line_walk {
    struct rp *rp;
    const struct rp_line_search *search;
    struct rp_posts posts;
    uint64_t found, end;
};

/* From an event on (inclusive). */
static void
look_through(struct line_walk *walk, const struct rp_chunk *chunk, uint32_t event)
{
    const struct rp_line_search *search = walk->search;
    const struct tf_chunk *raw = chunk->raw;
    uint32_t frame = rp_chunk_frame(chunk, search->frame);
    for (; frame != RP_NONE && event < raw->event_count;
         event += search->forward ? 1u : UINT32_MAX) {
        uint32_t act = chunk->event_act[event];
        if (act == RP_NONE || chunk->act[act].frame != frame) {
            continue;
        }
        if (raw->kind[event] == TF_EV_LINE && raw->lineno[event] >= search->low
            && raw->lineno[event] <= search->high) {
            walk->found = raw->first_seq + event;
            return;
        }
        if (ends_frame(raw->kind[event], search->forward)) {
            walk->end = raw->first_seq + event;
            return;
        }
    }
}

static bool
add_lines(struct line_walk *walk)
{
    const struct tf_def_code *code = walk->search->code;
    for (uint32_t i = 0; i < code->line_count; i++) {
        uint32_t lineno = code->line[i];
        if (lineno >= walk->search->low && lineno <= walk->search->high
            && !rp_posts_add(&walk->posts, TF_POSTING_LINE, code->id, lineno)) {
            return false;
        }
    }
    return true;
}

static tf_status
walk_chunks(struct line_walk *walk, uint64_t from, struct tf_err *err)
{
    struct rp *rp = walk->rp;
    const struct rp_line_search *search = walk->search;
    size_t idx;
    uint64_t seq;
    bool begun = rp_search_begin(rp, from, search->forward, &idx, &seq);
    bool first = true;
    while (begun && idx != SIZE_MAX) {
        struct rp_chunk *chunk;
        tf_status status = rp_chunk_get(rp, idx, &chunk, err);
        if (status != TF_OK) {
            return status;
        }
        uint32_t event = first             ? (uint32_t)(seq - chunk->raw->first_seq)
                         : search->forward ? 0
                                           : chunk->raw->event_count - 1;
        look_through(walk, chunk, event);
        /* Only what can be suspended comes back after it is on no stack. */
        bool gone = !first && !rp_code_suspends(search->code)
                    && rp_chunk_frame(chunk, search->frame) == RP_NONE;
        rp_chunk_put(rp, chunk);
        first = false;
        if (walk->found || walk->end || gone) {
            return TF_OK;
        }
        status = rp_progress(rp, search->forward ? idx : rp->facts.chunk_count - idx,
                             rp->facts.chunk_count, err);
        if (status == TF_OK) {
            status = rp_posts_next(rp, &walk->posts, search->forward, idx, &idx, err);
        }
        if (status != TF_OK) {
            return status;
        }
    }
    return TF_OK;
}

tf_status
rp_line_find(struct rp *rp, const struct rp_line_search *search, uint64_t from,
             uint64_t *ret_seq, uint64_t *ret_end, struct tf_err *err)
{
    struct line_walk walk = {.rp = rp, .search = search};
    tf_status status =
        add_lines(&walk) ? walk_chunks(&walk, from, err) : rp_no_memory(err);
    rp_posts_release(&walk.posts);
    *ret_end = walk.end;
    if (status == TF_OK && !walk.found) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "the line is not met again");
    }
    if (status == TF_OK) {
        *ret_seq = walk.found;
    }
    return status;
}
