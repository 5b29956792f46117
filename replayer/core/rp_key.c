/* Where the entry of one key stands in a large dict, over the run.
 *
 * Its keys are in the changes that made them, so whether a key is there, and where, could be
 * told at any one event only by making all of them. Followed forward from the dict's birth,
 * one key needs no other: a change puts it in, moves it, or takes it away. What is kept is
 * the place at the end of each chunk in which it became another; where it stands within
 * such a chunk is found by following the chunk's own changes. */
#include "rp_key.h"

#include <stdlib.h>

#define TRACKS      4u
#define ENTRIES_MAX (1u << 20)

struct entry {
    size_t chunk;
    size_t idx;  /* at its end; SIZE_MAX: not there */
    bool passed; /* it came or went there, perhaps both */
};

struct track {
    struct rp_key key;     /* object 0: none */
    struct rp_value value; /* what key.key is */
    size_t born;
    struct entry *entry; /* by chunk */
    size_t count, cap;
    size_t passed; /* 1 + the last of these in which it came or went; 0: none */
    size_t done;   /* the chunks before this one are known */
    bool unknown;  /* it cannot be followed */
};

struct rp_key_tracks {
    struct track track[TRACKS];
    unsigned next; /* whose place the next one takes */
};

static void
track_release(struct track *track)
{
    rp_value_release(&track->value);
    free(track->entry);
    *track = (struct track){0};
}

void
rp_key_tracks_free(struct rp_key_tracks *tracks)
{
    for (unsigned i = 0; tracks && i < TRACKS; i++) {
        track_release(&tracks->track[i]);
    }
    free(tracks);
}

/* --- One change --- */

/* Where the value stands. While an entry moves it may stand in two places. */
struct stand {
    size_t idx[2]; /* SIZE_MAX: none */
    bool passed;   /* it came or went */
};

static tf_status
is_key(const struct rp_key *key, const struct rp_object_change *change, uint32_t n,
       bool *ret_is, struct tf_err *err)
{
    uint32_t idx = change->op->value_first + n;
    struct rp_value value;
    *ret_is = false;
    if (idx >= change->ops->value_count
        || change->ops->value[idx].kind != key->key->kind) {
        return TF_OK;
    }
    tf_status status = rp_ops_value(change->ops, change->text, idx, &value, err);
    if (status == TF_OK) {
        *ret_is = rp_value_same(&value, key->key);
        rp_value_release(&value);
    }
    return status;
}

/* Where among the values that a change puts at item `at` the key's value is. */
static tf_status
look_among(const struct rp_key *key, const struct rp_object_change *change, uint64_t at,
           uint32_t count, size_t *ret_idx, struct tf_err *err)
{
    *ret_idx = SIZE_MAX;
    uint32_t n = at < key->first ? (uint32_t)(key->first - at) : 0;
    for (n += (at + n) % 2; n < count; n += 2) {
        bool is;
        tf_status status = is_key(key, change, n, &is, err);
        if (status != TF_OK) {
            return status;
        }
        if (is) {
            *ret_idx = (size_t)at + n + 1;
            return TF_OK;
        }
    }
    return TF_OK;
}

static void
put(struct stand *stand, size_t idx)
{
    if (idx != SIZE_MAX) {
        stand->idx[stand->idx[0] == SIZE_MAX ? 0 : 1] = idx;
    }
}

/* Items [first, first + removed) became `added` others. */
static void
move(struct stand *stand, uint64_t first, uint64_t removed, uint64_t added)
{
    for (int i = 0; i < 2; i++) {
        size_t *idx = &stand->idx[i];
        if (*idx == SIZE_MAX || *idx - 1 < first) {
            continue;
        }
        *idx = *idx - 1 < first + removed ? SIZE_MAX : (size_t)(*idx - removed + added);
    }
    if (stand->idx[0] == SIZE_MAX) {
        stand->idx[0] = stand->idx[1];
        stand->idx[1] = SIZE_MAX;
    }
}

tf_status
rp_key_among(const struct rp_key *key, const struct rp_object_change *change,
             size_t *ret_idx, struct tf_err *err)
{
    const struct tf_op *op = change->op;
    *ret_idx = SIZE_MAX;
    switch (op->kind) {
    case TF_OP_NEW:
    case TF_OP_IMAGE: return look_among(key, change, 0, op->item_count, ret_idx, err);
    case TF_OP_ITEM_SET: return look_among(key, change, op->index, 1, ret_idx, err);
    case TF_OP_ITEM_SPLICE:
        return look_among(key, change, op->index, op->value_count, ret_idx, err);
    default: return TF_OK;
    }
}

static tf_status
follow_change(const struct track *track, const struct rp_object_change *change,
              struct stand *stand, struct tf_err *err)
{
    const struct tf_op *op = change->op;
    size_t before = stand->idx[0], found;
    tf_status status = rp_key_among(&track->key, change, &found, err);
    switch (op->kind) {
    case TF_OP_NEW:
    case TF_OP_IMAGE: stand->idx[0] = stand->idx[1] = SIZE_MAX; break;
    case TF_OP_ITEM_SET:
        move(stand, op->index, op->index % 2 == 0, op->index % 2 == 0);
        break;
    case TF_OP_ITEM_SPLICE: move(stand, op->index, op->count, op->value_count); break;
    default: break;
    }
    put(stand, found);
    stand->passed |= (before == SIZE_MAX) != (stand->idx[0] == SIZE_MAX);
    return status;
}

/* Follows what the chunk did, up to a place. */
static tf_status
follow_chunk(struct rp *rp, const struct track *track, size_t idx, rp_place_no place,
             struct stand *stand, struct tf_err *err)
{
    struct rp_chunk *chunk;
    struct rp_object_changes changes;
    struct rp_object_change change;
    tf_status status = rp_chunk_get_raw(rp, idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    rp_object_changes_begin(&changes, chunk, track->key.object, 0);
    while (status == TF_OK && rp_object_changes_next(&changes, &change)
           && change.place <= place) {
        status = follow_change(track, &change, stand, err);
    }
    rp_chunk_put(rp, chunk);
    return status;
}

/* --- The whole way --- */

static tf_status
note(struct track *track, struct entry entry, struct tf_err *err)
{
    if (track->count == track->cap) {
        size_t cap = track->cap ? track->cap * 2 : 16;
        if (cap > ENTRIES_MAX) {
            track->unknown = true;
            return TF_OK;
        }
        struct entry *bigger = realloc(track->entry, cap * sizeof *bigger);
        if (!bigger) {
            return rp_no_memory(err);
        }
        track->entry = bigger;
        track->cap = cap;
    }
    track->entry[track->count++] = entry;
    return TF_OK;
}

/* One more chunk, of those up to `last`. */
static tf_status
extend_once(struct rp *rp, struct track *track, size_t last, struct tf_err *err)
{
    const struct tf_part part = {.object = track->key.object, .sort = TF_PART_KEYS};
    size_t idx = track->born;
    size_t before = track->count ? track->entry[track->count - 1].idx : SIZE_MAX;
    struct stand stand = {.idx = {before, SIZE_MAX}};
    tf_status status = TF_OK;
    if (track->done > idx) {
        status = tf_reader_part_after(rp->reader, &part, track->done - 1, &idx, err);
    }
    if (status == TF_ERR_NOT_FOUND || (status == TF_OK && idx > last)) {
        track->done = last + 1;
        return TF_OK;
    }
    if (status == TF_OK) {
        status = rp_progress(rp, idx, last, err);
    }
    if (status == TF_OK) {
        status = follow_chunk(rp, track, idx, UINT32_MAX - 1, &stand, err);
    }
    if (status == TF_OK && (stand.passed || stand.idx[0] != before)) {
        status = note(track, (struct entry){idx, stand.idx[0], stand.passed}, err);
    }
    track->passed = status == TF_OK && stand.passed ? idx + 1 : track->passed;
    track->done = status == TF_OK ? idx + 1 : track->done;
    return status;
}

/* Up to a chunk, or until it comes or goes after chunk `enough`. */
static tf_status
extend(struct rp *rp, struct track *track, size_t last, size_t enough,
       struct tf_err *err)
{
    tf_status status = TF_OK;
    while (status == TF_OK && track->done <= last && !track->unknown
           && (enough == SIZE_MAX || track->passed <= enough + 1)) {
        status = extend_once(rp, track, last, err);
    }
    return status;
}

/* The first entry at or after a chunk. */
static size_t
entry_at(const struct track *track, size_t chunk)
{
    size_t low = 0, high = track->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (track->entry[mid].chunk < chunk) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    return low;
}

static tf_status
track_of(struct rp *rp, const struct rp_key *key, struct track **ret_track,
         struct tf_err *err)
{
    if (!rp->key_tracks) {
        rp->key_tracks = calloc(1, sizeof *rp->key_tracks);
    }
    if (!rp->key_tracks) {
        return rp_no_memory(err);
    }
    for (unsigned i = 0; i < TRACKS; i++) {
        struct track *track = &rp->key_tracks->track[i];
        if (track->key.object == key->object
            && rp_value_same(&track->value, key->key)) {
            *ret_track = track;
            return TF_OK;
        }
    }
    struct track *track = &rp->key_tracks->track[rp->key_tracks->next++ % TRACKS];
    track_release(track);
    track->key = (struct rp_key){key->object, &track->value, key->first};
    track->unknown = !tf_reader_chunk_of_object(rp->reader, key->object, &track->born);
    rp_value_copy(&track->value, key->key);
    *ret_track = track;
    return TF_OK;
}

tf_status
rp_key_at(struct rp *rp, const struct rp_key *key, size_t chunk, rp_place_no place,
          bool *ret_known, size_t *ret_idx, struct tf_err *err)
{
    struct track *track;
    tf_status status = track_of(rp, key, &track, err);
    if (status == TF_OK) {
        status = extend(rp, track, chunk, SIZE_MAX, err);
    }
    if (status != TF_OK || track->unknown) {
        *ret_known = false;
        return status;
    }
    size_t at = entry_at(track, chunk);
    struct stand stand = {.idx = {at ? track->entry[at - 1].idx : SIZE_MAX, SIZE_MAX}};
    if (at < track->count && track->entry[at].chunk == chunk) {
        status = follow_chunk(rp, track, chunk, place, &stand, err);
    }
    *ret_known = true;
    *ret_idx = stand.idx[0];
    return status;
}

tf_status
rp_key_comes(struct rp *rp, const struct rp_key *key, bool forward, size_t from,
             bool *ret_known, size_t *ret_chunk, struct tf_err *err)
{
    struct track *track;
    size_t count = rp->facts.chunk_count;
    tf_status status = track_of(rp, key, &track, err);
    if (status == TF_OK) {
        status = forward ? extend(rp, track, count - 1, from, err)
                         : extend(rp, track, from, SIZE_MAX, err);
    }
    *ret_known = status == TF_OK && !track->unknown;
    if (!*ret_known) {
        return status;
    }
    size_t at = entry_at(track, forward ? from + 1 : from);
    if (forward) {
        while (at < track->count && !track->entry[at].passed) {
            at++;
        }
    }
    else {
        while (at > 0 && !track->entry[at - 1].passed) {
            at--;
        }
        at--; /* below 0: beyond the count */
    }
    if (at >= track->count) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "the key does not come or go");
    }
    *ret_chunk = track->entry[at].chunk;
    return TF_OK;
}
