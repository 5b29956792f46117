/* Who wrote it: the last write of a place before a position, the next after it.
 *
 * The postings name the chunks in which the frame's slot or the object was written. In a
 * chunk the changes are gone through in order; one that may concern the place is settled by
 * comparing the value before its event with the value after it. Which may concern it is
 * told from the changes alone, by following where the value stands among the items. */
#include "rp_object.h"
#include "rp_place.h"

#include <stdlib.h>

struct seeker {
    struct rp *rp;
    const struct rp_place *place;
    bool forward;
    uint64_t bound; /* look no further than this event */
    struct tf_err *err;
};

/* Where the value stands, as far as the search has come. */
struct standing {
    size_t idx;   /* among the items or attributes; SIZE_MAX: not there, or not known */
    size_t items; /* how many the object has; SIZE_MAX: not known */
    struct rp_key key; /* an entry of a large dict; else object 0 */
};

void
rp_write_release(struct rp_write *write)
{
    rp_value_release(&write->before);
    rp_value_release(&write->after);
}

/* --- The value at a place of a chunk --- */

/* Before a generator goes on in a chunk where it was not yet, its slots are what they were
 * in the last chunk that wrote them. */
static tf_status
slot_value_before(const struct seeker *seeker, size_t chunk_idx,
                  struct rp_value *ret_value)
{
    size_t older;
    struct rp *rp = seeker->rp;
    *ret_value = (struct rp_value){0};
    for (;;) {
        tf_status status =
            tf_reader_slot_before(rp->reader, seeker->place->id, seeker->place->slot,
                                  chunk_idx, &older, seeker->err);
        if (status == TF_ERR_NOT_FOUND) {
            return TF_OK;
        }
        if (status != TF_OK) {
            return status;
        }
        struct rp_chunk *chunk;
        status = rp_chunk_get(rp, older, &chunk, seeker->err);
        if (status != TF_OK) {
            return status;
        }
        uint32_t frame = rp_chunk_frame(chunk, seeker->place->id);
        if (frame != RP_NONE) {
            status = rp_slot_value(rp, chunk, frame, seeker->place->slot,
                                   UINT32_MAX - 1, ret_value, seeker->err);
            rp_chunk_put(rp, chunk);
            return status;
        }
        rp_chunk_put(rp, chunk);
        chunk_idx = older;
    }
}

/* `*standing`: where it stood nearby; then, where it stands. */
static tf_status
value_at(const struct seeker *seeker, struct rp_chunk *chunk, rp_place_no at,
         struct rp_value *ret_value, struct standing *standing)
{
    *ret_value = (struct rp_value){0};
    if (seeker->place->sort == RP_PLACE_SLOT) {
        uint32_t frame = rp_chunk_frame(chunk, seeker->place->id);
        return frame == RP_NONE
                   ? TF_OK
                   : rp_slot_value(seeker->rp, chunk, frame, seeker->place->slot, at,
                                   ret_value, seeker->err);
    }
    struct rp_object *object;
    const struct rp_value *found = NULL;
    tf_status status = rp_state_open(seeker->rp, seeker->place->id, chunk->idx, at,
                                     &object, seeker->err);
    if (status == TF_OK) {
        status = rp_place_find(seeker->rp, seeker->place, object, standing->idx, &found,
                               &standing->idx, seeker->err);
        standing->items = object->item_count;
        if (object->partial && seeker->place->sort == RP_PLACE_ENTRY) {
            standing->key = rp_place_key(seeker->place, object);
        }
        if (status == TF_OK && found) {
            rp_value_copy(ret_value, found);
        }
        rp_object_release(object);
    }
    return status;
}

/* --- One event's changes --- */

static rp_place_no
event_begin(const struct rp_chunk *chunk, uint32_t event)
{
    return event ? chunk->raw->op_end[event - 1] : 0;
}

static rp_place_no
event_end(const struct rp_chunk *chunk, uint32_t event)
{
    return event < chunk->raw->event_count ? chunk->raw->op_end[event] : UINT32_MAX - 1;
}

/* A frame that is set up anew in this event brought its values with it. */
static bool
brings_slots(const struct seeker *seeker, const struct rp_chunk *chunk, uint32_t event)
{
    uint32_t frame = seeker->place->sort == RP_PLACE_SLOT
                         ? rp_chunk_frame(chunk, seeker->place->id)
                         : RP_NONE;
    if (frame == RP_NONE) {
        return false;
    }
    for (uint32_t i = chunk->frame[frame].slot_end;
         i-- > chunk->frame[frame].slot_first;) {
        const struct rp_cslot *slot = &chunk->slot[i];
        if (slot->slot != RP_SLOT_RESET) {
            break; /* resets sort last */
        }
        if (slot->place > event_begin(chunk, event)
            && slot->place <= event_end(chunk, event)) {
            return true;
        }
    }
    return false;
}

static tf_status
find_writer(const struct seeker *seeker, struct rp_write *write)
{
    struct rp_event event;
    size_t idx;
    if (!tf_reader_chunk_of_seq(seeker->rp->reader, write->seq, &idx)) {
        return TF_OK; /* changes after the last event that was kept */
    }
    tf_status status = rp_event_at(seeker->rp, write->seq, &event, seeker->err);
    if (status != TF_OK) {
        return status;
    }
    struct rp_filter filter = {.thread = event.thread};
    status = rp_find(seeker->rp, &filter, write->seq, false, &write->by_seq, NULL);
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

/* Whether the event put the entry there that stands at `idx` after it: it inserted the key,
 * and as nothing was taken away, the key was not there before. Without this all keys of the
 * dict would be gone through to find none. */
static bool
inserts_key(const struct seeker *seeker, const struct rp_chunk *chunk, uint32_t event,
            size_t idx)
{
    uint32_t first, end;
    bool inserted = false;
    if (seeker->place->sort != RP_PLACE_ENTRY || idx == SIZE_MAX || idx == 0) {
        return false;
    }
    rp_object_entries(chunk, seeker->place->id, event_begin(chunk, event), &first,
                      &end);
    uint32_t begin = end;
    rp_object_entries(chunk, seeker->place->id, event_end(chunk, event), &first, &end);
    for (uint64_t at = idx - 1; end-- > begin;) {
        const struct tf_op *op = rp_object_op(chunk, end);
        bool splice = op->kind == TF_OP_ITEM_SPLICE;
        bool set = op->kind == TF_OP_ITEM_SET && op->index % 2 == 1;
        if ((!splice && !set && op->kind != TF_OP_MORE && op->kind != TF_OP_LATE)
            || (splice && op->count > 0)) {
            return false;
        }
        if (splice && op->index <= at) {
            inserted |= at - op->index < op->value_count;
            at -= inserted ? 0 : op->value_count;
        }
    }
    return inserted;
}

/* Whether the event wrote the place; then fills `write`. */
static tf_status
check_event(const struct seeker *seeker, struct rp_chunk *chunk, uint32_t event,
            struct standing near, bool *ret_wrote, struct rp_write *ret_write)
{
    struct rp_write write = {.seq = chunk->raw->first_seq + event};
    tf_status status =
        value_at(seeker, chunk, event_end(chunk, event), &write.after, &near);
    bool brought = brings_slots(seeker, chunk, event);
    bool inserted = status == TF_OK && write.after.kind != TF_VAL_UNBOUND
                    && inserts_key(seeker, chunk, event, near.idx);
    if (status == TF_OK && !inserted) {
        status = brought ? slot_value_before(seeker, chunk->idx, &write.before)
                         : value_at(seeker, chunk, event_begin(chunk, event),
                                    &write.before, &near);
    }
    /* A change of a slot is an assignment, of an equal value, too. */
    bool assigned = seeker->place->sort == RP_PLACE_SLOT && !brought;
    *ret_wrote =
        status == TF_OK && (assigned || !rp_value_same(&write.before, &write.after));
    if (*ret_wrote) {
        write.created = write.before.kind == TF_VAL_UNBOUND;
        write.removed = write.after.kind == TF_VAL_UNBOUND;
        status = find_writer(seeker, &write);
    }
    if (status != TF_OK || !*ret_wrote) {
        rp_write_release(&write);
        return status;
    }
    *ret_write = write;
    return TF_OK;
}

/* --- Changes in a chunk, in the direction of the search --- */

struct changes { /* those of the slot or the object: places, ascending */
    const rp_place_no *place;
    const struct rp_cslot *slot;
    uint32_t first, end;
};

static rp_place_no
change_place(const struct changes *changes, uint32_t i)
{
    return changes->slot ? changes->slot[i].place : changes->place[i];
}

static struct changes
changes_of(const struct seeker *seeker, const struct rp_chunk *chunk)
{
    struct changes changes = {0};
    if (seeker->place->sort == RP_PLACE_SLOT) {
        uint32_t frame = rp_chunk_frame(chunk, seeker->place->id);
        changes.slot = chunk->slot;
        if (frame != RP_NONE) {
            uint32_t end = chunk->frame[frame].slot_end;
            changes.first = chunk->frame[frame].slot_first;
            while (changes.first < end
                   && chunk->slot[changes.first].slot < seeker->place->slot) {
                changes.first++;
            }
            changes.end = changes.first;
            while (changes.end < end
                   && chunk->slot[changes.end].slot == seeker->place->slot) {
                changes.end++;
            }
        }
        return changes;
    }
    uint32_t idx = rp_chunk_object(chunk, seeker->place->id);
    changes.place = chunk->object_place;
    if (idx != RP_NONE) {
        changes.first = chunk->object_first[idx];
        changes.end = chunk->object_first[idx + 1];
    }
    return changes;
}

/* Whether a change may concern the value that stands there on the near side of it (as seen
 * in the direction of the search); else that becomes where it stands on the far side. */
static bool
may_concern(const struct seeker *seeker, const struct tf_op *op,
            struct standing *standing)
{
    const struct rp_place *place = seeker->place;
    size_t *idx = &standing->idx;
    bool attr = place->sort == RP_PLACE_ATTR;
    if (op->kind == TF_OP_NEW || op->kind == TF_OP_IMAGE) {
        return true;
    }
    if (op->kind == (attr ? TF_OP_ATTR_SET : TF_OP_ITEM_SET)) {
        return op->index == *idx
               || (place->sort != RP_PLACE_ITEM && op->index % 2 == 0);
    }
    if (op->kind != (attr ? TF_OP_ATTR_SPLICE : TF_OP_ITEM_SPLICE)) {
        return false;
    }
    uint64_t near = seeker->forward ? op->count : op->value_count;
    uint64_t far = seeker->forward ? op->value_count : op->count;
    if (place->sort == RP_PLACE_ITEM && standing->items <= place->index
        && near <= standing->items) { /* not there, until there are so many */
        standing->items = (size_t)(standing->items - near + far);
        return standing->items > place->index;
    }
    if (place->sort == RP_PLACE_ITEM) {
        standing->items = SIZE_MAX;
        return op->index <= place->index;
    }
    if (*idx == SIZE_MAX) {
        return far > 0;
    }
    if (op->index > *idx) {
        return false;
    }
    if (op->index + near <= *idx) {
        *idx = (size_t)(*idx - near + far);
        return false;
    }
    return true;
}

/* The same of any change; what does not bring the key of a large dict does not concern it
 * as long as it is not there. */
static tf_status
concerns(const struct seeker *seeker, const struct rp_chunk *chunk, uint32_t entry,
         struct standing *standing, bool *ret_concerns)
{
    const struct tf_op *op = rp_object_op(chunk, entry);
    if (seeker->forward && standing->key.object && standing->idx == SIZE_MAX) {
        const struct rp_object_change change = {chunk->object_place[entry], op,
                                                &chunk->raw->changes, chunk->text};
        size_t found;
        tf_status status = rp_key_among(&standing->key, &change, &found, seeker->err);
        *ret_concerns = status == TF_OK && found != SIZE_MAX;
        return status;
    }
    *ret_concerns = may_concern(seeker, op, standing);
    return TF_OK;
}

/* Where the value stands at the side from which the search comes. */
static tf_status
stands_at(const struct seeker *seeker, struct rp_chunk *chunk, rp_place_no at,
          struct standing *standing)
{
    struct rp_value value;
    tf_status status = value_at(seeker, chunk, at, &value, standing);
    rp_value_release(&value);
    return status;
}

/* Searches the changes at places in (low, high]. */
static tf_status
search_chunk(const struct seeker *seeker, struct rp_chunk *chunk, rp_place_no low,
             rp_place_no high, struct standing *standing, bool *ret_wrote,
             struct rp_write *ret_write)
{
    struct changes changes = changes_of(seeker, chunk);
    uint32_t count = changes.end - changes.first;
    *ret_wrote = false;
    tf_status status = stands_at(seeker, chunk, seeker->forward ? low : high, standing);
    uint32_t done = UINT32_MAX; /* the event that was looked at last */
    for (uint32_t n = 0; n < count && status == TF_OK && !*ret_wrote; n++) {
        uint32_t i = seeker->forward ? changes.first + n : changes.end - 1 - n;
        rp_place_no at = change_place(&changes, i);
        if (at <= low || at > high || at == 0) {
            continue;
        }
        uint32_t event = rp_chunk_event_of(chunk, at);
        bool concerned = event != done;
        if (concerned && seeker->place->sort != RP_PLACE_SLOT) {
            status = concerns(seeker, chunk, i, standing, &concerned);
        }
        if (!concerned) {
            continue;
        }
        done = event;
        status = check_event(seeker, chunk, event, *standing, ret_wrote, ret_write);
        if (status == TF_OK && !*ret_wrote) {
            rp_place_no side =
                seeker->forward ? event_end(chunk, event) : event_begin(chunk, event);
            status = stands_at(seeker, chunk, side, standing);
        }
        if (status == TF_OK) {
            status = rp_progress(seeker->rp, n, count, seeker->err);
        }
    }
    return status;
}

/* What the lists of writes are asked for: the value and its key or name where it stands, or
 * anything that may bring it. */
static struct tf_part
part_of(const struct rp_place *place, size_t at)
{
    struct tf_part part = {.object = place->id, .sort = TF_PART_ITEMS, .idx = at};
    if (place->sort == RP_PLACE_ATTR) {
        part.sort = at == SIZE_MAX ? TF_PART_ATTRS : TF_PART_ATTR;
        return part;
    }
    if (place->sort == RP_PLACE_ENTRY && at == SIZE_MAX) {
        part.sort = TF_PART_KEYS;
        return part;
    }
    part.idx = place->sort == RP_PLACE_ITEM ? place->index : at;
    part.items = UINT64_C(1) << part.idx % TF_PAGE_ITEMS;
    if (place->sort == RP_PLACE_ENTRY) {
        part.items |= part.items >> 1; /* a key is before its value, on the same page */
    }
    part.idx = part.idx / TF_PAGE_ITEMS * TF_PAGE_ITEMS;
    return part;
}

static tf_status
next_chunk(const struct seeker *seeker, const struct standing *standing, size_t *idx)
{
    struct tf_reader *reader = seeker->rp->reader;
    const struct rp_place *place = seeker->place;
    if (place->sort == RP_PLACE_SLOT) {
        return (seeker->forward ? tf_reader_slot_after : tf_reader_slot_before)(
            reader, place->id, place->slot, *idx, idx, seeker->err);
    }
    if (place->sort == RP_PLACE_ITEM && standing->items <= place->index) {
        uint64_t items = standing->items; /* it is not there: where it comes to be */
        return tf_reader_items_reach(reader, place->id, place->index, seeker->forward,
                                     *idx, &items, idx, seeker->err);
    }
    if (standing->key.object && standing->idx == SIZE_MAX) {
        bool known;
        tf_status status = rp_key_comes(seeker->rp, &standing->key, seeker->forward,
                                        *idx, &known, idx, seeker->err);
        if (status != TF_OK || known) {
            return status;
        }
    }
    struct tf_part part = part_of(place, standing->idx);
    return (seeker->forward ? tf_reader_part_after : tf_reader_part_before)(
        reader, &part, *idx, idx, seeker->err);
}

/* All of the chunk lies beyond the event that bounds the search. */
static bool
beyond_bound(const struct seeker *seeker, size_t idx)
{
    const struct tf_chunk_info *info = tf_reader_chunk_info(seeker->rp->reader, idx);
    return seeker->forward ? info->first_seq > seeker->bound
                           : info->first_seq + info->event_count < seeker->bound;
}

static tf_status
search_writes(const struct seeker *seeker, uint64_t seq, struct rp_write *ret_write)
{
    struct rp *rp = seeker->rp;
    struct rp_chunk *chunk;
    uint32_t event;
    tf_status status = rp_chunk_at(rp, seq, &chunk, &event, seeker->err);
    if (status != TF_OK) {
        return status;
    }
    rp_place_no here = chunk->raw->op_end[event];
    rp_place_no low = seeker->forward ? here : 0;
    rp_place_no high = seeker->forward ? UINT32_MAX - 1 : here;
    bool hint = seeker->place->sort == RP_PLACE_ENTRY && seeker->place->index > 0;
    struct standing standing = {
        .idx = hint ? seeker->place->index : SIZE_MAX,
        .items = SIZE_MAX,
    };
    size_t idx = chunk->idx, before;
    for (;;) {
        bool wrote;
        status = search_chunk(seeker, chunk, low, high, &standing, &wrote, ret_write);
        rp_chunk_put(rp, chunk);
        if (status != TF_OK || wrote) {
            return status;
        }
        before = idx;
        status = next_chunk(seeker, &standing, &idx);
        if (status == TF_ERR_NOT_FOUND
            || (status == TF_OK
                && (beyond_bound(seeker, idx)
                    || (seeker->forward ? idx <= before : idx >= before)))) {
            return tf_err_set(seeker->err, TF_ERR_NOT_FOUND, -1,
                              "no write %s this event",
                              seeker->forward ? "after" : "at or before");
        }
        if (status == TF_OK) {
            status = rp_chunk_get(rp, idx, &chunk, seeker->err);
        }
        if (status != TF_OK) {
            return status;
        }
        low = 0;
        high = UINT32_MAX - 1;
    }
}

tf_status
rp_write_within(struct rp *rp, const struct rp_place *place, uint64_t seq, bool forward,
                uint64_t bound, struct rp_write *ret_write, struct tf_err *err)
{
    struct seeker seeker = {rp, place, forward, bound, err};
    struct rp_write write;
    tf_status status = search_writes(&seeker, seq, &write);
    if (status == TF_OK && (forward ? write.seq > bound : write.seq < bound)) {
        rp_write_release(&write);
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no write on the way");
    }
    if (status == TF_OK) {
        *ret_write = write;
    }
    return status;
}

tf_status
rp_write_last(struct rp *rp, const struct rp_place *place, uint64_t seq,
              struct rp_write *ret_write, struct tf_err *err)
{
    return rp_write_within(rp, place, seq, false, 0, ret_write, err);
}

tf_status
rp_write_next(struct rp *rp, const struct rp_place *place, uint64_t seq,
              struct rp_write *ret_write, struct tf_err *err)
{
    return rp_write_within(rp, place, seq, true, UINT64_MAX, ret_write, err);
}
