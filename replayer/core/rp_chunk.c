/* Questions to a chunk's index: each a look-up or a binary search. */
#include "rp_private.h"

#include <stdlib.h>

static void
free_texts(struct rp_str **text, uint32_t count)
{
    for (uint32_t i = 0; text && i < count; i++) {
        rp_str_unref(text[i]);
    }
    free(text);
}

void
rp_chunk_free(struct rp_chunk *chunk)
{
    if (!chunk) {
        return;
    }
    rp_chunk_release_index(chunk);
    free_texts(chunk->text, chunk->raw->changes.text_count);
    free_texts(chunk->keyframe_text, chunk->raw->keyframe.text_count);
    tf_chunk_free(chunk->raw);
    free(chunk);
}

/* Everything but the decoded chunk itself; as rp_chunk_new() made it. */
void
rp_chunk_release_index(struct rp_chunk *chunk)
{
    struct rp_chunk bare = {
        .raw = chunk->raw,
        .idx = chunk->idx,
        .text = chunk->text,
        .keyframe_text = chunk->keyframe_text,
        .memory_bytes = chunk->memory_bytes,
        .refs = chunk->refs,
        .newer = chunk->newer,
        .older = chunk->older,
    };
    rp_map_release(&chunk->old_frames);
    rp_map_release(&chunk->old_objects);
    rp_map_release(&chunk->threads);
    free(chunk->frame);
    free(chunk->act);
    free(chunk->slot);
    free(chunk->thread);
    free(chunk->event_act);
    free(chunk->act_event);
    free(chunk->thread_event);
    free(chunk->object_first);
    free(chunk->object_place);
    free(chunk->object_op);
    *chunk = bare;
}

uint32_t
rp_chunk_frame(const struct rp_chunk *chunk, uint64_t id)
{
    uint64_t idx = id - chunk->raw->first_frame;
    return idx < chunk->new_frames ? (uint32_t)idx : rp_map_get(&chunk->old_frames, id);
}

uint32_t
rp_chunk_object(const struct rp_chunk *chunk, uint64_t id)
{
    uint64_t idx = id - chunk->raw->first_object;
    return idx < chunk->new_objects ? (uint32_t)idx
                                    : rp_map_get(&chunk->old_objects, id);
}

const struct rp_cthread *
rp_chunk_thread(const struct rp_chunk *chunk, uint32_t thread)
{
    uint32_t idx = rp_map_get(&chunk->threads, thread);
    return idx == RP_NONE ? NULL : &chunk->thread[idx];
}

uint32_t
rp_last_event(const uint32_t *list, uint32_t first, uint32_t end, uint32_t event)
{
    uint32_t begin = first;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (list[middle] <= event) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    return first == begin ? RP_NONE : list[first - 1];
}

uint32_t
rp_chunk_top(const struct rp_chunk *chunk, uint32_t thread_id, uint32_t event)
{
    const struct rp_cthread *thread = rp_chunk_thread(chunk, thread_id);
    if (!thread) {
        return RP_NONE;
    }
    uint32_t last = rp_last_event(chunk->thread_event, thread->event_first,
                                  thread->event_end, event);
    if (last == RP_NONE) {
        return thread->first_top;
    }
    uint32_t act = chunk->event_act[last];
    bool popped = last < event && rp_kind_is_return(chunk->raw->kind[last]);
    return popped && act != RP_NONE ? chunk->act[act].parent : act;
}

/* The last entry with that slot at or before the place, RP_NONE; *ret_until is where the
 * next one stands. */
static uint32_t
last_entry(const struct rp_chunk *chunk, const struct rp_cframe *frame, uint32_t slot,
           rp_place_no place, rp_place_no *ret_until)
{
    uint32_t first = frame->slot_first, end = frame->slot_end;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        const struct rp_cslot *entry = &chunk->slot[middle];
        if (entry->slot < slot || (entry->slot == slot && entry->place <= place)) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    *ret_until = first < frame->slot_end && chunk->slot[first].slot == slot
                     ? chunk->slot[first].place
                     : UINT32_MAX;
    if (first == frame->slot_first || chunk->slot[first - 1].slot != slot) {
        return RP_NONE;
    }
    return first - 1;
}

uint32_t
rp_chunk_slot(const struct rp_chunk *chunk, uint32_t frame_idx, uint32_t slot,
              rp_place_no place, bool *ret_same)
{
    rp_place_no until;
    return rp_chunk_slot_until(chunk, frame_idx, slot, place, ret_same, &until);
}

uint32_t
rp_chunk_slot_until(const struct rp_chunk *chunk, uint32_t frame_idx, uint32_t slot,
                    rp_place_no place, bool *ret_same, rp_place_no *ret_until)
{
    const struct rp_cframe *frame = &chunk->frame[frame_idx];
    uint32_t entry = last_entry(chunk, frame, slot, place, ret_until);
    uint32_t reset = RP_NONE;
    rp_place_no reset_until;
    *ret_same = false;
    if (frame->slot_end > frame->slot_first /* resets stand behind all others */
        && chunk->slot[frame->slot_end - 1].slot == RP_SLOT_RESET) {
        reset = last_entry(chunk, frame, RP_SLOT_RESET, place, &reset_until);
        *ret_until = reset_until < *ret_until ? reset_until : *ret_until;
    }
    if (reset != RP_NONE
        && (entry == RP_NONE || chunk->slot[entry].place < chunk->slot[reset].place)) {
        return RP_NONE;
    }
    *ret_same = entry == RP_NONE && frame->same;
    return entry;
}

uint32_t
rp_chunk_event_of(const struct rp_chunk *chunk, rp_place_no place)
{
    uint32_t first = 0, end = chunk->raw->event_count;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (chunk->raw->op_end[middle] < place) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    return first;
}

static tf_status
shared_text(struct rp_str **cache, const struct tf_ops *ops, uint32_t text,
            struct rp_str **ret_str, struct tf_err *err)
{
    struct tf_text bytes =
        text < ops->text_count ? ops->text[text] : (struct tf_text){"", 0};
    struct rp_str *str = cache && text < ops->text_count ? cache[text] : NULL;
    if (!str) {
        str = rp_str_new(bytes.data, bytes.len);
        if (!str) {
            return rp_no_memory(err);
        }
        if (cache && text < ops->text_count) {
            cache[text] = str;
        }
        else {
            str->refs--; /* the caller's is the only one */
        }
    }
    str->refs++;
    *ret_str = str;
    return TF_OK;
}

tf_status
rp_ops_value(const struct tf_ops *ops, struct rp_str **text, uint32_t value_idx,
             struct rp_value *ret_value, struct tf_err *err)
{
    struct rp_value value = {.kind = RP_VAL_DAMAGED};
    if (value_idx >= ops->value_count) {
        *ret_value = value;
        return TF_OK;
    }
    const struct tf_value *raw = &ops->value[value_idx];
    value.kind = raw->kind;
    if (rp_kind_has_text(raw->kind)) {
        tf_status status = shared_text(text, ops, raw->text, &value.str, err);
        if (status != TF_OK) {
            return status;
        }
        bool cut = raw->kind == TF_VAL_BIGINT_CUT || raw->kind == TF_VAL_STR_CUT
                   || raw->kind == TF_VAL_BYTES_CUT;
        value.length = cut ? raw->length : value.str->len;
        *ret_value = value;
        return TF_OK;
    }
    switch (raw->kind) {
    case TF_VAL_INT: value.integer = raw->integer; break;
    case TF_VAL_REF: value.ref = raw->ref; break;
    case TF_VAL_COMPLEX: value.imag = raw->imag; /* fall through */
    case TF_VAL_FLOAT: value.real = raw->real; break;
    case TF_VAL_ELIDED:
        value.note = raw->note;
        value.type_id = raw->type_id;
        break;
    default: break;
    }
    *ret_value = value;
    return TF_OK;
}

tf_status
rp_chunk_value(struct rp_chunk *chunk, bool keyframe, uint32_t value_idx,
               struct rp_value *ret_value, struct tf_err *err)
{
    return keyframe ? rp_ops_value(&chunk->raw->keyframe, chunk->keyframe_text,
                                   value_idx, ret_value, err)
                    : rp_ops_value(&chunk->raw->changes, chunk->text, value_idx,
                                   ret_value, err);
}
