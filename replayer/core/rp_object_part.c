/* A large container of which only some items are looked at.
 *
 * Its items stand in one array, as those of any object, but are absent (unbound, in memory
 * that was never touched) until they are asked for. Those that are asked for are followed
 * backward through the changes from where the state holds: each has the place at which it
 * stood, which a change before it may move, until a change tells its value. The lists of
 * writes name the chunks that can matter for these places; all others are passed over. So
 * the cost is that of the items on the screen, not of the container. */
#include "rp_object.h"

#include <stdlib.h>
#include <string.h>

/* So many chunks with changes since the last image are as well gone through whole. */
#define PART_CHUNKS 6

/* --- Which items may be present --- */
#define WORD_PAGES 64u

bool
rp_part_reserve(struct rp_state *state)
{
    size_t words = state->item_cap / (TF_PAGE_ITEMS * WORD_PAGES) + 1;
    if (words <= state->page_cap) {
        return true;
    }
    uint64_t *page = realloc(state->page, words * sizeof *page);
    if (!page) {
        return false;
    }
    memset(page + state->page_cap, 0, (words - state->page_cap) * sizeof *page);
    state->page = page;
    state->page_cap = words;
    return true;
}

void
rp_part_mark(struct rp_state *state, size_t first, size_t end)
{
    for (size_t page = first / TF_PAGE_ITEMS; page * TF_PAGE_ITEMS < end; page++) {
        uint64_t bit = UINT64_C(1) << page % WORD_PAGES;
        if (page / WORD_PAGES < state->page_cap) {
            state->page_count += (state->page[page / WORD_PAGES] & bit) == 0;
            state->page[page / WORD_PAGES] |= bit;
        }
    }
}

bool
rp_part_run(const struct rp_state *state, size_t *idx, size_t *ret_end)
{
    size_t page = *idx / TF_PAGE_ITEMS, pages = state->page_cap * WORD_PAGES;
    while (page < pages
           && (state->page[page / WORD_PAGES] >> page % WORD_PAGES & 1) == 0) {
        page +=
            state->page[page / WORD_PAGES] == 0 ? WORD_PAGES - page % WORD_PAGES : 1;
    }
    size_t first = page * TF_PAGE_ITEMS, end = first + TF_PAGE_ITEMS;
    first = first > *idx ? first : *idx;
    if (page >= pages || first >= state->object.item_count) {
        return false;
    }
    *idx = first;
    *ret_end = end < state->object.item_count ? end : state->object.item_count;
    return true;
}

bool
rp_object_present(const struct rp_object *object, size_t *first, size_t *ret_end)
{
    if (object->partial) {
        return rp_part_run((const struct rp_state *)object, first, ret_end);
    }
    *ret_end = object->item_count;
    return *first < object->item_count;
}

/* --- Whether to --- */
tf_status
rp_part_pays(struct rp *rp, uint64_t id, size_t chunk_idx,
             const struct rp_state *cached, bool *ret_pays, struct tf_err *err)
{
    size_t image, base, at = chunk_idx;
    int64_t items;
    *ret_pays = false;
    tf_status status = tf_reader_object_before(rp->reader, id, TF_POSTING_IMAGE,
                                               chunk_idx, &image, err);
    for (int n = 0; n < PART_CHUNKS && status == TF_OK; n++) {
        size_t before = at;
        status =
            tf_reader_object_before(rp->reader, id, TF_POSTING_ANY, before, &at, err);
        bool near = cached
                    && ((cached->valid_last == UINT32_MAX && cached->valid_chunk >= at
                         && cached->valid_chunk < before)
                        || (cached->written && cached->write_chunk == at));
        if (status == TF_OK && (at <= image || near)) {
            return TF_OK;
        }
    }
    if (status == TF_OK) {
        status = tf_reader_object_items(rp->reader, id, chunk_idx, &items, &base, err);
    }
    if (status == TF_OK) {
        *ret_pays = base != SIZE_MAX || items >= (int64_t)RP_PART_ITEMS;
    }
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

/* --- Opening --- */
struct opening {
    struct rp *rp;
    uint64_t id;
    const struct tf_op *image; /* the last one; owned by `chunk` */
    struct rp_chunk *chunk;
    uint64_t more;
    int64_t items; /* at the end of `chunk` */
    bool attrs;    /* it has attributes: it is made whole */
    struct tf_err *err;
};

/* The last image at or before the end of the chunk, and what followed in it. */
static tf_status
open_image(struct opening *opening, size_t chunk_idx)
{
    struct rp_object_changes changes;
    struct rp_object_change change;
    tf_status status =
        rp_chunk_get_raw(opening->rp, chunk_idx, &opening->chunk, opening->err);
    if (status != TF_OK) {
        return status;
    }
    rp_object_changes_begin(&changes, opening->chunk, opening->id, UINT32_MAX - 1);
    while (!opening->image && rp_object_changes_prev(&changes, &change)) {
        bool image = change.op->kind == TF_OP_NEW || change.op->kind == TF_OP_IMAGE;
        opening->image = image ? change.op : NULL;
    }
    if (!opening->image) {
        return TF_OK;
    }
    opening->items = opening->image->item_count;
    opening->more = opening->image->count;
    opening->attrs = opening->image->value_count > opening->image->item_count;
    rp_object_changes_begin(&changes, opening->chunk, opening->id, change.place);
    while (rp_object_changes_next(&changes, &change)) {
        const struct tf_op *op = change.op;
        opening->attrs |= op->kind == TF_OP_ATTR_SET || op->kind == TF_OP_ATTR_SPLICE;
        opening->more = op->kind == TF_OP_MORE ? op->count : opening->more;
        opening->items += op->kind == TF_OP_ITEM_SPLICE
                              ? (int64_t)((uint64_t)op->value_count - op->count)
                              : 0;
    }
    return TF_OK;
}

/* The latest `more` and any attribute between the image and the chunk. */
static tf_status
open_between(struct opening *opening, size_t chunk_idx)
{
    struct rp *rp = opening->rp;
    struct tf_part part = {.object = opening->id, .sort = TF_PART_ATTRS};
    struct rp_chunk *chunk;
    size_t at;
    tf_status status =
        tf_reader_part_before(rp->reader, &part, chunk_idx, &at, opening->err);
    if (status != TF_OK) {
        return status;
    }
    opening->attrs |= at != opening->chunk->idx;
    part.sort = TF_PART_MORE;
    status = tf_reader_part_before(rp->reader, &part, chunk_idx, &at, opening->err);
    if (status != TF_OK || at == opening->chunk->idx || opening->attrs) {
        return status;
    }
    status = rp_chunk_get_raw(rp, at, &chunk, opening->err);
    if (status == TF_OK) {
        struct rp_object_changes changes;
        struct rp_object_change change;
        rp_object_changes_begin(&changes, chunk, opening->id, UINT32_MAX - 1);
        while (rp_object_changes_prev(&changes, &change)) {
            if (change.op->kind == TF_OP_MORE) {
                opening->more = change.op->count;
                break;
            }
        }
        rp_chunk_put(rp, chunk);
    }
    return status;
}

static struct rp_state *
bare_state(const struct opening *opening, size_t items)
{
    struct rp_state *state = rp_state_new();
    if (!state) {
        return NULL;
    }
    const struct tf_op *image = opening->image;
    state->object = (struct rp_object){
        .id = opening->id,
        .type = rp_type(opening->rp, image->a),
        .note = image->note < TF_ELIDE_COUNT ? image->note : TF_ELIDE_OPAQUE,
        .more = opening->more,
        .partial = true,
        .item = calloc(items + 1, sizeof(struct rp_value)),
    };
    state->object.category = (uint8_t)(state->object.type->category < TF_CAT_COUNT
                                           ? state->object.type->category
                                           : TF_CAT_OPAQUE);
    if (state->object.item) {
        state->object.item_count = items;
        state->item_cap = items + 1;
    }
    if (!state->object.item || !rp_part_reserve(state)) {
        rp_state_unref(state);
        return NULL;
    }
    return state;
}

/* What the chunk itself did to it, up to the place. */
static tf_status
open_here(struct opening *opening, struct rp_state *state, size_t chunk_idx,
          rp_place_no place)
{
    struct rp_chunk *chunk;
    struct rp_object_changes changes;
    struct rp_object_change change;
    tf_status status = rp_chunk_get_raw(opening->rp, chunk_idx, &chunk, opening->err);
    if (status != TF_OK) {
        return status;
    }
    rp_object_changes_begin(&changes, chunk, opening->id, 0);
    while (status == TF_OK && rp_object_changes_next(&changes, &change)
           && change.place <= place) {
        opening->attrs |=
            change.op->kind == TF_OP_ATTR_SET || change.op->kind == TF_OP_ATTR_SPLICE;
        status =
            rp_state_apply_change(opening->rp, state, chunk, &change, opening->err);
        state->written = true;
        state->write_chunk = chunk_idx;
        state->write_place = change.place;
    }
    rp_chunk_put(opening->rp, chunk);
    return status;
}

static tf_status
open_state(struct opening *opening, size_t chunk_idx, rp_place_no place, int64_t items,
           struct rp_state **ret_state)
{
    struct rp_state *state = bare_state(opening, (size_t)items);
    if (!state) {
        return rp_no_memory(opening->err);
    }
    tf_status status = open_here(opening, state, chunk_idx, place);
    if (status == TF_OK) {
        status =
            rp_state_set_validity(opening->rp, state, chunk_idx, place, opening->err);
    }
    if (status != TF_OK || opening->attrs) {
        rp_state_unref(state);
        return status;
    }
    *ret_state = state;
    return TF_OK;
}

tf_status
rp_part_open(struct rp *rp, uint64_t id, size_t chunk_idx, rp_place_no place,
             struct rp_state **ret_state, struct tf_err *err)
{
    struct opening opening = {.rp = rp, .id = id, .err = err};
    size_t image, base;
    int64_t items;
    *ret_state = NULL;
    tf_status status =
        tf_reader_object_items(rp->reader, id, chunk_idx, &items, &base, err);
    if (status == TF_OK) {
        status = tf_reader_object_before(rp->reader, id, TF_POSTING_IMAGE, chunk_idx,
                                         &image, err);
    }
    if (status == TF_OK) {
        status = open_image(&opening, image);
    }
    if (status == TF_OK && opening.image && !opening.attrs) {
        status = open_between(&opening, chunk_idx);
    }
    items += base != SIZE_MAX ? opening.items : 0;
    if (status == TF_OK && opening.image && !opening.attrs
        && items >= (int64_t)RP_PART_ITEMS && items <= (int64_t)RP_OBJECT_VALUES) {
        status = open_state(&opening, chunk_idx, place, items, ret_state);
    }
    rp_chunk_put(rp, opening.chunk);
    if (status == TF_OK && *ret_state) { /* maxlen, default_factory: always there */
        status = rp_part_load(rp, *ret_state, 0,
                              rp_object_run(&(*ret_state)->object).first, err);
        if (status != TF_OK) {
            rp_state_unref(*ret_state);
            *ret_state = NULL;
        }
    }
    return status;
}

void
rp_part_shrink(const struct rp *rp, struct rp_state *state)
{
    struct rp_object *object = &state->object;
    size_t named = rp_object_run(object).first; /* maxlen, default_factory: they stay */
    if (rp_state_bytes(state) <= rp->state_bytes_max / 2 || state->bound
        || state->refs > 1 || object->item_count <= RP_PART_WHOLE || object->attr_count
        || object->damaged || object->note != TF_ELIDE_NONE) {
        return;
    }
    struct rp_value *item = calloc(object->item_count + 1, sizeof *item);
    if (!item || !rp_part_reserve(state)) {
        free(item);
        return;
    }
    for (size_t i = 0; i < named; i++) {
        rp_value_copy(&item[i], &object->item[i]);
    }
    rp_state_drop_items(state);
    free(object->item);
    object->item = item;
    object->partial = true;
    state->item_cap = object->item_count + 1;
    memset(state->page, 0, state->page_cap * sizeof *state->page);
    state->page_count = 0;
    rp_part_mark(state, 0, named);
    for (size_t i = 0; i < named; i++) {
        state->text_bytes += rp_value_bytes(&item[i]).len;
    }
}

/* --- Following items backward --- */
struct wanted {
    uint64_t at;   /* where it stands at this time */
    uint32_t item; /* of the state; ITEM_FOUND: no longer wanted */
};

#define ITEM_FOUND UINT32_MAX

struct loader {
    struct rp *rp;
    struct rp_state *state;
    struct wanted *wanted; /* by `at`, ascending */
    size_t count;
    size_t found; /* so many of them are ITEM_FOUND: they go away when they are half */
    bool keys;    /* so many that single pages are not asked for */
    struct tf_err *err;
};

/* The first wanted at or after a place. */
static size_t
rank(const struct loader *loader, uint64_t at)
{
    size_t low = 0, high = loader->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (loader->wanted[mid].at < at) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    return low;
}

static void
drop_found(struct loader *loader)
{
    size_t kept = 0;
    for (size_t i = 0; i < loader->count; i++) {
        if (loader->wanted[i].item != ITEM_FOUND) {
            loader->wanted[kept++] = loader->wanted[i];
        }
    }
    loader->count = kept;
    loader->found = 0;
}

/* The values that a change put at [first, first + count) are those of wanted items. */
static tf_status
resolve(struct loader *loader, const struct rp_object_change *change, uint64_t first,
        uint64_t count)
{
    struct rp_state *state = loader->state;
    size_t low = rank(loader, first);
    size_t high =
        count > UINT64_MAX - first ? loader->count : rank(loader, first + count);
    for (size_t i = low; i < high; i++) {
        struct wanted *wanted = &loader->wanted[i];
        if (wanted->item == ITEM_FOUND) {
            continue;
        }
        struct rp_value *value = &state->object.item[wanted->item];
        tf_status status =
            rp_ops_value(change->ops, change->text,
                         change->op->value_first + (uint32_t)(wanted->at - first),
                         value, loader->err);
        if (status != TF_OK) {
            return status;
        }
        state->text_bytes += rp_value_bytes(value).len;
        rp_part_mark(state, wanted->item, (size_t)wanted->item + 1);
        wanted->item = ITEM_FOUND;
        loader->found++;
    }
    if (loader->found > loader->count / 2) {
        drop_found(loader);
    }
    return TF_OK;
}

/* What stood behind `added` values at `first` stood elsewhere when there were `removed`;
 * the added ones are found. */
static void
shift(struct loader *loader, uint64_t first, uint64_t added, uint64_t removed)
{
    size_t low = rank(loader, first);
    size_t high =
        added > UINT64_MAX - first ? loader->count : rank(loader, first + added);
    memmove(loader->wanted + low, loader->wanted + high,
            (loader->count - high) * sizeof *loader->wanted);
    loader->count -= high - low;
    loader->found -= high - low;
    for (size_t i = low; i < loader->count; i++) {
        loader->wanted[i].at += removed - added;
    }
}

/* Undoes a change: what it wrote is found, what stood behind it stood elsewhere before. */
static tf_status
undo(struct loader *loader, const struct rp_object_change *change)
{
    const struct tf_op *op = change->op;
    tf_status status;
    switch (op->kind) {
    case TF_OP_NEW:
    case TF_OP_IMAGE:
        status = resolve(loader, change, 0, op->item_count);
        loader->state->object.damaged |= loader->count > loader->found;
        loader->count = loader->found = 0;
        return status;
    case TF_OP_ITEM_SET: return resolve(loader, change, op->index, 1);
    case TF_OP_ITEM_SPLICE:
        status = resolve(loader, change, op->index, op->value_count);
        if (status == TF_OK && op->count != op->value_count) {
            shift(loader, op->index, op->value_count, op->count);
        }
        return status;
    default: return TF_OK;
    }
}

static tf_status
undo_chunk(struct loader *loader, size_t chunk_idx, rp_place_no place)
{
    struct rp_chunk *chunk;
    struct rp_object_changes changes;
    struct rp_object_change change;
    tf_status status = rp_chunk_get_raw(loader->rp, chunk_idx, &chunk, loader->err);
    if (status != TF_OK) {
        return status;
    }
    rp_object_changes_begin(&changes, chunk, loader->state->object.id, place);
    while (loader->count > loader->found && status == TF_OK
           && rp_object_changes_prev(&changes, &change)) {
        status = undo(loader, &change);
    }
    rp_chunk_put(loader->rp, chunk);
    return status;
}

/* The last chunk before one that may have written any of the wanted. */
static tf_status
chunk_before(const struct loader *loader, size_t chunk_idx, size_t *ret_idx)
{
    struct tf_part part = {.object = loader->state->object.id, .sort = TF_PART_KEYS};
    bool found = false;
    if (loader->keys) {
        return tf_reader_part_before(loader->rp->reader, &part, chunk_idx, ret_idx,
                                     loader->err);
    }
    part.sort = TF_PART_ITEMS;
    for (size_t i = 0; i < loader->count;) {
        part.idx = loader->wanted[i].at / TF_PAGE_ITEMS * TF_PAGE_ITEMS;
        part.items = 0;
        for (; i < loader->count && loader->wanted[i].at - part.idx < TF_PAGE_ITEMS;
             i++) {
            part.items |= (uint64_t)(loader->wanted[i].item != ITEM_FOUND)
                          << (loader->wanted[i].at - part.idx);
        }
        if (part.items == 0) {
            continue;
        }
        size_t at;
        tf_status status = tf_reader_part_before(loader->rp->reader, &part, chunk_idx,
                                                 &at, loader->err);
        if (status != TF_OK && status != TF_ERR_NOT_FOUND) {
            return status;
        }
        if (status == TF_OK && (!found || at > *ret_idx)) {
            *ret_idx = at;
            found = true;
        }
    }
    return found ? TF_OK : TF_ERR_NOT_FOUND;
}

static tf_status
follow(struct loader *loader)
{
    const struct rp_state *state = loader->state;
    size_t idx = state->valid_chunk;
    tf_status status = undo_chunk(loader, idx, state->valid_first);
    while (status == TF_OK && loader->count > loader->found) {
        size_t before;
        status = chunk_before(loader, idx, &before);
        if (status == TF_OK) {
            status = rp_progress(loader->rp, state->valid_chunk - before,
                                 state->valid_chunk, loader->err);
        }
        if (status == TF_OK) {
            idx = before;
            status = undo_chunk(loader, idx, UINT32_MAX - 1);
        }
    }
    if (status == TF_ERR_NOT_FOUND) {
        loader->state->object.damaged = true;
        status = TF_OK;
    }
    return status;
}

static tf_status
load(struct rp *rp, struct rp_state *state, size_t first, size_t end, size_t step,
     struct tf_err *err)
{
    struct loader loader = {.rp = rp, .state = state, .keys = step > 1, .err = err};
    const struct rp_value *item = state->object.item;
    loader.wanted = malloc(((end - first) / step + 1) * sizeof *loader.wanted);
    if (!loader.wanted) {
        return rp_no_memory(err);
    }
    for (size_t i = first; i < end; i += step) {
        if (item[i].kind == TF_VAL_UNBOUND) {
            loader.wanted[loader.count++] = (struct wanted){i, (uint32_t)i};
        }
    }
    tf_status status = loader.count ? follow(&loader) : TF_OK;
    free(loader.wanted);
    if (status == TF_OK) {
        rp_state_measure(rp, state);
    }
    return status;
}

tf_status
rp_part_load(struct rp *rp, struct rp_state *state, size_t first, size_t end,
             struct tf_err *err)
{
    end = end < state->object.item_count ? end : state->object.item_count;
    if (!state->object.partial || first >= end) {
        return TF_OK;
    }
    return load(rp, state, first, end, 1, err);
}

tf_status
rp_part_load_keys(struct rp *rp, struct rp_state *state, struct tf_err *err)
{
    if (!state->object.partial) {
        return TF_OK;
    }
    struct rp_run run = rp_object_run(&state->object);
    return load(rp, state, run.first, run.first + run.count * run.stride, run.stride,
                err);
}

tf_status
rp_object_load(struct rp *rp, struct rp_object *object, size_t first, size_t end,
               struct tf_err *err)
{
    struct rp_state *state = (struct rp_state *)object;
    state->refs++; /* measuring may drop it from the cache */
    tf_status status = rp_part_load(rp, state, first, end, err);
    rp_state_unref(state);
    return status;
}

tf_status
rp_object_load_keys(struct rp *rp, struct rp_object *object, struct tf_err *err)
{
    struct rp_state *state = (struct rp_state *)object;
    state->refs++;
    tf_status status = rp_part_load_keys(rp, state, err);
    rp_state_unref(state);
    return status;
}

tf_status
rp_object_last_write(struct rp *rp, struct rp_object *object, uint64_t *ret_seq,
                     struct tf_err *err)
{
    const struct rp_state *state = (const struct rp_state *)object;
    struct rp_object_changes changes;
    struct rp_object_change change;
    struct rp_chunk *chunk;
    size_t at;
    *ret_seq = object->write_seq;
    if (!object->partial || object->write_seq > 0) {
        return TF_OK;
    }
    tf_status status = tf_reader_object_before(rp->reader, object->id, TF_POSTING_ANY,
                                               state->valid_chunk, &at, err);
    if (status == TF_OK) {
        status = rp_chunk_get_raw(rp, at, &chunk, err);
    }
    if (status != TF_OK) {
        return status == TF_ERR_NOT_FOUND ? TF_OK : status;
    }
    rp_object_changes_begin(&changes, chunk, object->id, UINT32_MAX - 1);
    if (rp_object_changes_prev(&changes, &change) && change.place > 0) {
        object->write_seq =
            chunk->raw->first_seq + rp_chunk_event_of(chunk, change.place);
    }
    rp_chunk_put(rp, chunk);
    *ret_seq = object->write_seq;
    return TF_OK;
}
