/* Values in which a text stands.
 *
 * A chunk has each distinct text once, so that one look at its table says whether the
 * chunk matters at all. Where it does, the changes are gone through and each value is
 * given the place that it was written to. */
#include "rp_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tf_aside.h"

struct search_job {
    struct rp *rp;
    const struct rp_search *search;
    bool is_int, is_real; /* the text is a number: values that are it count, too */
    int64_t integer;
    double real;
    uint8_t *wanted; /* by code */
    struct tf_aside *aside;
    uint8_t *hit; /* of the present chunk, by text */
    size_t hit_cap;
    bool (*row)(void *ctx, const struct rp_found *found);
    void *ctx;
    bool stopped;
};

static bool
holds_text(const struct search_job *job, struct tf_text text)
{
    struct tf_text wanted = job->search->text;
    return text.len >= wanted.len
           && memmem(text.data, text.len, wanted.data, wanted.len) != NULL;
}

/* Fills `hit`. */
static tf_status
look_at_texts(struct search_job *job, const struct tf_ops *ops, struct tf_err *err)
{
    if (ops->text_count > job->hit_cap || !job->hit) {
        free(job->hit);
        job->hit_cap = (size_t)ops->text_count + 64;
        job->hit = malloc(job->hit_cap);
        if (!job->hit) {
            return rp_no_memory(err);
        }
    }
    for (uint32_t i = 0; i < ops->text_count; i++) {
        job->hit[i] = holds_text(job, ops->text[i]);
    }
    return TF_OK;
}

static bool
is_meant(const struct search_job *job, const struct tf_value *value)
{
    switch (value->kind) {
    case TF_VAL_STR:
    case TF_VAL_BYTES:
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES_CUT: return job->hit[value->text];
    case TF_VAL_INT: return job->is_int && value->integer == job->integer;
    case TF_VAL_FLOAT:
        return job->is_real && memcmp(&value->real, &job->real, sizeof job->real) == 0;
    default: return false;
    }
}

/* --- Places --- */

struct spot { /* a value that is meant, in its change */
    struct rp_chunk *chunk;
    uint32_t op, nth; /* the nth value of the change */
    uint32_t event;
};

/* The frame that a change of a local is about: the event's, or another of its stack. */
static uint32_t
frame_of_local(const struct rp_chunk *chunk, uint32_t event, uint32_t slot,
               rp_place_no place)
{
    uint32_t act = event < chunk->raw->event_count ? chunk->event_act[event] : RP_NONE;
    for (unsigned i = 0; act != RP_NONE && i < 3; act = chunk->act[act].parent, i++) {
        bool same;
        uint32_t entry =
            rp_chunk_slot(chunk, chunk->act[act].frame, slot, place, &same);
        if (entry != RP_NONE && chunk->slot[entry].place == place) {
            return chunk->act[act].frame;
        }
    }
    for (uint32_t i = 0; i < chunk->slot_count; i++) {
        if (chunk->slot[i].place == place) {
            return chunk->slot[i].frame;
        }
    }
    return RP_NONE;
}

static bool
local_spot(const struct search_job *job, const struct spot *spot, struct rp_holder *at)
{
    const struct tf_op *op = &spot->chunk->raw->changes.op[spot->op];
    uint32_t frame = frame_of_local(spot->chunk, spot->event, op->a, spot->op + 1);
    if (frame == RP_NONE) {
        return false;
    }
    at->sort = RP_AT_LOCAL;
    at->frame = spot->chunk->frame[frame].id;
    at->code = rp_code(job->rp, spot->chunk->frame[frame].code);
    if (op->a < at->code->slot_count) {
        at->name = at->code->slot[op->a];
    }
    return true;
}

bool
rp_category_tells(unsigned category)
{
    switch (category) {
    case TF_CAT_FUNCTION:
    case TF_CAT_BUILTIN:
    case TF_CAT_METHOD:
    case TF_CAT_MODULE:
    case TF_CAT_CLASS:
    case TF_CAT_GENERATOR: return false;
    default: return true;
    }
}

/* Where item `index` of an object is; false: it is no value of the program's. */
bool
rp_item_spot(const struct rp_object *object, size_t index, struct rp_holder *at)
{
    struct rp_run run = rp_object_run(object);
    at->index = index;
    if (object->category == TF_CAT_CELL) {
        at->sort = RP_AT_CELL;
        return true;
    }
    if (run.stride != 2 || index < run.first) {
        at->sort = RP_AT_ITEM;
        at->index = index >= run.first ? index - run.first : index;
        return rp_category_tells(object->category);
    }
    bool is_key = (index - run.first) % 2 == 0;
    at->key = is_key || index == 0 || index > object->item_count
                  ? NULL
                  : &object->item[index - 1];
    at->index = (index - run.first) / 2;
    if (object->category == TF_CAT_NAMESPACE) {
        at->sort = RP_AT_GLOBAL;
        if (at->key && at->key->kind == TF_VAL_STR) {
            at->name = rp_value_bytes(at->key);
        }
        return !is_key;
    }
    at->sort = is_key ? RP_AT_KEY : RP_AT_ENTRY;
    return true;
}

bool
rp_attr_spot(const struct rp_object *object, size_t index, struct rp_holder *at)
{
    at->sort = RP_AT_ATTR;
    at->index = index / 2;
    if (index % 2 == 0 || index > object->attr_count) {
        return false;
    }
    if (object->attr[index - 1].kind == TF_VAL_STR) {
        at->name = rp_value_bytes(&object->attr[index - 1]);
    }
    return true;
}

/* Which of the object's items or attributes the value becomes. */
static bool
index_in_object(const struct spot *spot, size_t *ret_index, bool *ret_attr)
{
    const struct tf_op *op = &spot->chunk->raw->changes.op[spot->op];
    *ret_attr = op->kind == TF_OP_ATTR_SET || op->kind == TF_OP_ATTR_SPLICE;
    switch (op->kind) {
    case TF_OP_NEW:
    case TF_OP_IMAGE:
        *ret_attr = spot->nth >= op->item_count;
        *ret_index = spot->nth - (*ret_attr ? op->item_count : 0);
        return true;
    case TF_OP_ITEM_SET:
    case TF_OP_ITEM_SPLICE:
    case TF_OP_ATTR_SET:
    case TF_OP_ATTR_SPLICE: *ret_index = (size_t)op->index + spot->nth; return true;
    default: return false;
    }
}

/* An image, or a splice that puts as many as it takes, may only say again what was there. */
static tf_status
is_news(const struct search_job *job, const struct spot *spot, size_t index, bool attr,
        const struct rp_value *value, bool *ret_news, struct tf_err *err)
{
    const struct tf_op *op = &spot->chunk->raw->changes.op[spot->op];
    struct rp_object *before;
    *ret_news = true;
    if (op->kind != TF_OP_IMAGE
        && !(op->kind == TF_OP_ITEM_SPLICE && op->count == op->value_count)) {
        return TF_OK;
    }
    tf_status status =
        rp_state_at(job->rp, op->id, spot->chunk->idx, spot->op, &before, err);
    if (status == TF_OK) {
        size_t count = attr ? before->attr_count : before->item_count;
        const struct rp_value *old = attr ? before->attr : before->item;
        *ret_news = index >= count || !rp_value_same(&old[index], value);
        rp_object_release(before);
    }
    return status;
}

static tf_status
tell_object(struct search_job *job, const struct spot *spot, struct rp_found *found,
            struct tf_err *err)
{
    const struct tf_op *op = &spot->chunk->raw->changes.op[spot->op];
    struct rp_object *object;
    size_t index;
    bool attr, news;
    if (!index_in_object(spot, &index, &attr)) {
        return TF_OK;
    }
    tf_status status = is_news(job, spot, index, attr, found->value, &news, err);
    if (status != TF_OK || !news) {
        return status;
    }
    status = rp_state_at(job->rp, op->id, spot->chunk->idx, spot->op + 1, &object, err);
    if (status != TF_OK) {
        return status;
    }
    found->at.object = op->id;
    found->at.type = object->type;
    if (attr ? rp_attr_spot(object, index, &found->at)
             : rp_item_spot(object, index, &found->at)) {
        job->stopped = !job->row(job->ctx, found);
    }
    rp_object_release(object);
    return TF_OK;
}

/* The event that shows it; false: it is not asked about. */
static tf_status
find_event(const struct search_job *job, const struct spot *spot,
           struct rp_event *ret_event, bool *ret_wanted, struct tf_err *err)
{
    const struct tf_chunk *raw = spot->chunk->raw;
    const struct rp_range *range = &job->search->range;
    *ret_wanted = true;
    if (spot->event < raw->event_count) {
        rp_fill_event(job->rp, spot->chunk, spot->event, ret_event);
    }
    else { /* the first of the chunks that follow */
        uint64_t seq = rp_clamp(job->rp, raw->first_seq + raw->event_count);
        tf_status status = rp_event_at(job->rp, seq, ret_event, err);
        if (status != TF_OK) {
            return status;
        }
    }
    uint32_t code = ret_event->code->id;
    *ret_wanted = (!range->thread || ret_event->thread == range->thread)
                  && ret_event->seq >= range->from_seq
                  && (!range->to_seq || ret_event->seq <= range->to_seq)
                  && job->wanted[code <= job->rp->facts.code_count ? code : 0];
    return TF_OK;
}

static tf_status
tell(struct search_job *job, const struct spot *spot, struct tf_err *err)
{
    const struct tf_op *op = &spot->chunk->raw->changes.op[spot->op];
    struct rp_found found = {
        .at = {.type = rp_type(job->rp, 0), .code = rp_code(job->rp, 0)}};
    struct rp_value value = {0};
    bool wanted = false;
    tf_status status = find_event(job, spot, &found.event, &wanted, err);
    if (status == TF_OK && wanted) {
        status = rp_chunk_value(spot->chunk, false, op->value_first + spot->nth, &value,
                                err);
    }
    if (status != TF_OK || !wanted) {
        return status;
    }
    found.value = &value;
    bool plain = op->kind == TF_OP_LOCAL
                     ? local_spot(job, spot, &found.at)
                     : op->kind == TF_OP_ARG || op->kind == TF_OP_MARK;
    if (op->kind != TF_OP_LOCAL) {
        found.at.sort = op->kind == TF_OP_MARK ? RP_AT_MARK : RP_AT_RESULT;
    }
    if (plain) {
        job->stopped = !job->row(job->ctx, &found);
    }
    else {
        status = tell_object(job, spot, &found, err);
    }
    rp_value_release(&value);
    return status;
}

static bool
is_asked(const struct search_job *job, const struct tf_op *op)
{
    return !job->search->marks || op->kind == TF_OP_MARK;
}

static tf_status
sweep(struct search_job *job, struct rp_chunk *chunk, struct tf_err *err)
{
    const struct tf_ops *ops = &chunk->raw->changes;
    struct spot spot = {.chunk = chunk};
    tf_status status = TF_OK;
    for (uint32_t i = 0; i < ops->op_count && status == TF_OK; i++) {
        while (spot.event < chunk->raw->event_count
               && chunk->raw->op_end[spot.event] <= i) {
            spot.event++;
        }
        uint32_t values = is_asked(job, &ops->op[i]) ? ops->op[i].value_count : 0;
        for (uint32_t n = 0; n < values && status == TF_OK; n++) {
            if (is_meant(job, &ops->value[ops->op[i].value_first + n])) {
                spot.op = i;
                spot.nth = n;
                status = tell(job, &spot, err);
            }
            if (job->stopped) {
                return status;
            }
        }
    }
    return status;
}

/* Whether the chunk can matter: by its texts, and by all that it holds for a number. */
static tf_status
may_hold(struct search_job *job, size_t idx, bool *ret_may, struct tf_err *err)
{
    struct tf_glance glance;
    struct tf_text text;
    *ret_may = job->is_int || job->is_real || job->search->text.len == 0;
    if (*ret_may) {
        return TF_OK;
    }
    tf_status status = tf_aside_glance(job->aside, idx, &glance, err);
    while (status == TF_OK && !*ret_may && tf_glance_text(&glance, &text)) {
        *ret_may = holds_text(job, text);
    }
    return status;
}

static bool
has_meant(const struct search_job *job, const struct tf_ops *ops)
{
    if (job->search->marks) {
        uint32_t i = 0;
        while (i < ops->op_count && ops->op[i].kind != TF_OP_MARK) {
            i++;
        }
        return i < ops->op_count;
    }
    for (uint32_t i = 0; i < ops->value_count; i++) {
        if (is_meant(job, &ops->value[i])) {
            return true;
        }
    }
    return false;
}

static tf_status
search_chunk(struct search_job *job, size_t idx, struct tf_err *err)
{
    struct tf_chunk *raw;
    struct rp_chunk *chunk;
    bool may;
    tf_status status = may_hold(job, idx, &may, err);
    if (status != TF_OK || !may) {
        return status;
    }
    status = tf_aside_chunk(job->aside, idx, &raw, err);
    if (status == TF_OK) {
        status = look_at_texts(job, &raw->changes, err);
    }
    if (status != TF_OK) {
        return status;
    }
    if (!has_meant(job, &raw->changes)) {
        tf_chunk_free(raw);
        return TF_OK;
    }
    status = rp_chunk_new(raw, idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    status = rp_chunk_build(job->rp, job->aside, chunk, err);
    if (status != TF_OK) {
        rp_chunk_free(chunk);
        return status;
    }
    status = rp_chunk_adopt(job->rp, chunk, &chunk, err);
    if (status == TF_OK) {
        status = sweep(job, chunk, err);
        rp_chunk_put(job->rp, chunk);
    }
    return status;
}

static void
read_number(struct search_job *job)
{
    char copy[48], *end, again[48];
    struct tf_text text = job->search->text;
    if (text.len == 0 || text.len >= sizeof copy) {
        return;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    job->integer = strtoll(copy, &end, 10);
    snprintf(again, sizeof again, "%lld", (long long)job->integer);
    job->is_int = !*end && strcmp(again, copy) == 0;
    job->real = strtod(copy, &end);
    job->is_real =
        !*end && !job->is_int && strpbrk(copy, ".en") && !strpbrk(copy, "xX");
}

tf_status
rp_search(struct rp *rp, const struct rp_search *search,
          bool (*row)(void *ctx, const struct rp_found *found), void *ctx,
          struct tf_err *err)
{
    struct search_job job = {.rp = rp, .search = search, .row = row, .ctx = ctx};
    struct rp_range range = search->range;
    struct rp_scan scan = {.rp = rp, .range = &range};
    if (search->text.len == 0 && !search->marks) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "there is no text to search");
    }
    job.wanted = rp_range_codes(rp, &range);
    if (!job.wanted) {
        return rp_no_memory(err);
    }
    if (!search->marks) {
        read_number(&job);
    }
    tf_status status = tf_aside_open(rp->reader, &job.aside, err);
    if (status == TF_OK) {
        status = rp_scan_begin(&scan, err);
    }
    while (status == TF_OK && !job.stopped) {
        size_t idx;
        status = rp_scan_next_idx(&scan, &idx, err);
        if (status == TF_OK) {
            status = search_chunk(&job, idx, err);
        }
    }
    rp_scan_end(&scan);
    tf_aside_close(job.aside);
    free(job.wanted);
    free(job.hit);
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}
