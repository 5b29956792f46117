/* An expression that is worked out at many events.
 *
 * What it reads is noted while it is worked out: the slots of its names in the frame, and
 * every object that was looked at. Until one of these is written its value cannot be
 * another, so a question asks again only then. */
#include "rp_ask.h"
#include "rp_expr.h"

#include <stdlib.h>
#include <string.h>

/* Of more names than this an expression is worked out at every event. */
#define NAMES_MAX 32u

struct probe_code { /* what the names are in a code object */
    bool known;
    bool knows_all;
    uint8_t slot_count;
    uint32_t slot[NAMES_MAX];
};

struct rp_probe {
    struct rp *rp;
    const struct rp_expr *expr;
    struct rp_touched touched;
    size_t name_count;
    bool many;                      /* more than NAMES_MAX */
    struct tf_text name[NAMES_MAX]; /* in the expression */
    bool builtin[NAMES_MAX];
    struct probe_code **by_code; /* [code_count + 1]; NULL: not yet asked */
};

static void
add_name(struct rp_probe *probe, struct tf_text name)
{
    for (size_t i = 0; i < probe->name_count; i++) {
        if (rp_text_equal(probe->name[i], name)) {
            return;
        }
    }
    if (probe->name_count == NAMES_MAX) {
        probe->many = true;
        return;
    }
    probe->builtin[probe->name_count] = rp_expr_is_builtin(name);
    probe->name[probe->name_count++] = name;
}

static tf_status
list_names(struct rp_probe *probe, struct tf_err *err)
{
    struct rp_reads reads;
    tf_status status = rp_expr_reads(probe->expr, &reads, err);
    if (status == TF_OK) {
        for (size_t i = 0; i < reads.count; i++) {
            add_name(probe, reads.read[i].name);
        }
        rp_reads_release(&reads);
    }
    return status;
}

tf_status
rp_probe_new(struct rp *rp, const struct rp_expr *expr, struct rp_probe **ret_probe,
             struct tf_err *err)
{
    struct rp_probe *probe = calloc(1, sizeof *probe);
    if (probe) {
        probe->by_code =
            calloc((size_t)rp->facts.code_count + 1, sizeof *probe->by_code);
    }
    if (!probe || !probe->by_code) {
        free(probe);
        return rp_no_memory(err);
    }
    probe->rp = rp;
    probe->expr = expr;
    tf_status status = list_names(probe, err);
    if (status != TF_OK) {
        rp_probe_free(probe);
        return status;
    }
    *ret_probe = probe;
    return TF_OK;
}

void
rp_probe_free(struct rp_probe *probe)
{
    if (!probe) {
        return;
    }
    for (uint32_t i = 0; i <= probe->rp->facts.code_count; i++) {
        free(probe->by_code[i]);
    }
    free(probe->by_code);
    free(probe->touched.id);
    free(probe);
}

/* --- Names in code objects --- */

static bool
is_global_of(const struct tf_def_code *code, struct tf_text name)
{
    for (uint32_t i = 0; i < code->global_count; i++) {
        if (rp_text_equal(code->global[i], name)) {
            return true;
        }
    }
    return false;
}

static void
find_names(const struct rp_probe *probe, const struct tf_def_code *code,
           struct probe_code *names)
{
    bool mapping =
        code->slot_count && code->slot_kind[code->slot_count - 1] == TF_SLOT_MAPPING;
    names->known = true;
    names->knows_all = true;
    for (size_t i = 0; i < probe->name_count; i++) {
        bool found = false;
        for (uint32_t slot = 0; slot < code->slot_count; slot++) {
            if (code->slot_kind[slot] != TF_SLOT_MAPPING
                && rp_text_equal(code->slot[slot], probe->name[i])
                && names->slot_count < NAMES_MAX) {
                names->slot[names->slot_count++] = slot;
                found = true;
            }
        }
        names->knows_all &=
            found || mapping || is_global_of(code, probe->name[i]) || probe->builtin[i];
    }
}

/* NULL: no memory. */
static const struct probe_code *
code_names(const struct rp_probe *probe, const struct tf_def_code *code)
{
    uint32_t id = code->id <= probe->rp->facts.code_count ? code->id : 0;
    struct probe_code *names = probe->by_code[id];
    if (!names) {
        names = calloc(1, sizeof *names);
        if (names) {
            find_names(probe, code, names);
            probe->by_code[id] = names;
        }
    }
    return names;
}

bool
rp_probe_knows(const struct rp_probe *probe, const struct tf_def_code *code)
{
    const struct probe_code *names = code_names(probe, code);
    return names && names->knows_all;
}

/* --- Working it out --- */

struct scope { /* where names are looked up */
    struct rp_probe *probe;
    struct rp_chunk *chunk;
    uint32_t frame;
    rp_place_no place;
    bool unbound;
};

static bool
known_builtin(const struct rp_probe *probe, struct tf_text name)
{
    for (size_t i = 0; i < probe->name_count; i++) {
        if (probe->builtin[i] && rp_text_equal(probe->name[i], name)) {
            return true;
        }
    }
    return false;
}

static tf_status
find_name(void *ctx, struct tf_text name, struct rp_value *ret_value,
          struct tf_err *err)
{
    struct scope *scope = ctx;
    struct rp_value value;
    if (scope->frame == RP_NONE) {
        return TF_ERR_NOT_FOUND;
    }
    tf_status status = rp_variable_in(scope->probe->rp, scope->chunk, scope->frame,
                                      scope->place, name, &value, err);
    if (status == TF_OK && value.kind == TF_VAL_UNBOUND) {
        scope->unbound |= !known_builtin(scope->probe, name);
        return TF_ERR_NOT_FOUND;
    }
    if (status == TF_OK) {
        *ret_value = value;
    }
    return status;
}

static struct scope
scope_at(struct rp_probe *probe, struct rp_chunk *chunk, uint32_t event)
{
    uint32_t act = chunk->event_act[event];
    return (struct scope){
        .probe = probe,
        .chunk = chunk,
        .frame = act == RP_NONE ? RP_NONE : chunk->act[act].frame,
        .place = chunk->raw->op_end[event],
    };
}

static tf_status
evaluate(struct rp_probe *probe, struct scope *scope, uint64_t seq,
         struct rp_value *ret_value, struct rp_expr_err *ret_error, struct tf_err *err)
{
    struct rp_lookup lookup = {find_name, scope};
    return rp_expr_eval_with(probe->rp, probe->expr, seq, &lookup, ret_value, ret_error,
                             err);
}

tf_status
rp_probe_value(struct rp_probe *probe, struct rp_chunk *chunk, uint32_t event,
               struct rp_value *ret_value, bool *ret_unbound,
               struct rp_expr_err *ret_error, struct tf_err *err)
{
    struct scope scope = scope_at(probe, chunk, event);
    tf_status status = evaluate(probe, &scope, chunk->raw->first_seq + event, ret_value,
                                ret_error, err);
    *ret_unbound = scope.unbound;
    return status;
}

/* --- Until when that holds --- */

/* The first change of the slot after the place; UINT32_MAX: none in this chunk. */
static rp_place_no
next_slot_write(const struct rp_chunk *chunk, uint32_t frame_idx, uint32_t slot,
                rp_place_no place)
{
    const struct rp_cframe *frame = &chunk->frame[frame_idx];
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
    return first < frame->slot_end && chunk->slot[first].slot == slot
               ? chunk->slot[first].place
               : UINT32_MAX;
}

static rp_place_no
next_object_write(const struct rp_chunk *chunk, uint64_t id, rp_place_no place)
{
    uint32_t first, end, idx = rp_chunk_object(chunk, id);
    if (idx == RP_NONE) {
        return UINT32_MAX;
    }
    rp_object_entries(chunk, id, place, &first, &end);
    return end < chunk->object_first[idx + 1] ? chunk->object_place[end] : UINT32_MAX;
}

static rp_place_no
holds_until(struct rp_probe *probe, const struct scope *scope)
{
    const struct rp_chunk *chunk = scope->chunk;
    rp_place_no place = scope->place, until = UINT32_MAX, next;
    if (scope->frame == RP_NONE) {
        return UINT32_MAX;
    }
    const struct tf_def_code *code =
        rp_code(probe->rp, chunk->frame[scope->frame].code);
    const struct probe_code *names = code_names(probe, code);
    if (!names || probe->many || probe->touched.failed) {
        return place + 1;
    }
    for (size_t i = 0; i < names->slot_count; i++) {
        next = next_slot_write(chunk, scope->frame, names->slot[i], place);
        until = next < until ? next : until;
    }
    next = next_slot_write(chunk, scope->frame, RP_SLOT_RESET, place);
    until = next < until ? next : until;
    for (size_t i = 0; i < probe->touched.count; i++) {
        next = next_object_write(chunk, probe->touched.id[i], place);
        until = next < until ? next : until;
    }
    return until;
}

static tf_status
truth_of(struct rp *rp, struct rp_value *value, uint64_t seq, enum rp_truth *ret_truth,
         struct rp_expr_err *ret_error, struct tf_err *err)
{
    struct tf_err why = TF_ERR_INIT;
    bool truth;
    if (value->kind == TF_VAL_TRUE || value->kind == TF_VAL_FALSE) {
        *ret_truth = value->kind == TF_VAL_TRUE ? RP_YES : RP_NO;
        return TF_OK;
    }
    tf_status status = rp_value_truth(rp, value, seq, &truth, &why);
    rp_value_release(value);
    if (status == TF_OK) {
        *ret_truth = truth ? RP_YES : RP_NO;
        return TF_OK;
    }
    if (status == TF_ERR_ARGUMENT) {
        *ret_truth = RP_UNKNOWN;
        if (ret_error) {
            *ret_error = (struct rp_expr_err){0};
            size_t len = strnlen(why.message, sizeof ret_error->message - 1);
            memcpy(ret_error->message, why.message, len);
        }
        return TF_OK;
    }
    if (err) {
        *err = why;
    }
    return status;
}

tf_status
rp_probe_truth(struct rp_probe *probe, struct rp_chunk *chunk, uint32_t event,
               enum rp_truth *ret_truth, rp_place_no *ret_until,
               struct rp_expr_err *ret_error, struct tf_err *err)
{
    struct rp *rp = probe->rp;
    struct scope scope = scope_at(probe, chunk, event);
    uint64_t seq = chunk->raw->first_seq + event;
    struct rp_value value;
    probe->touched.count = 0;
    probe->touched.failed = false;
    rp->touched = ret_until ? &probe->touched : NULL;
    tf_status status = evaluate(probe, &scope, seq, &value, ret_error, err);
    if (status == TF_OK) {
        status = truth_of(rp, &value, seq, ret_truth, ret_error, err);
    }
    else if (status == TF_ERR_ARGUMENT) {
        *ret_truth = scope.unbound ? RP_NO : RP_UNKNOWN;
        status = TF_OK;
    }
    rp->touched = NULL;
    if (status == TF_OK && ret_until) {
        *ret_until = holds_until(probe, &scope);
    }
    return status;
}
