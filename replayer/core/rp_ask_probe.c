/* An expression that is worked out at many events.
 *
 * What it reads is noted while it is worked out: the slots of its names in the frame, and
 * every object that was looked at. Until one of these is written its value cannot be
 * another, so a question asks again only then; and another frame of the same function in
 * which the names have the same values meanwhile need not be asked at all. */
#include "rp_ask.h"
#include "rp_expr.h"

#include <stdlib.h>
#include <string.h>

/* Of more names than this an expression is worked out at every event. */
#define NAMES_MAX 32u
/* With more names than this what was found is not kept for other frames. */
#define MEMO_NAMES 6u

/* What was found in a frame: it holds in any frame in which the names stand for the same
 * values in variables of the same kind, from `place` up to before `until`. */
struct memo {
    bool known;
    uint8_t truth, count;
    uint8_t name[MEMO_NAMES], slot_kind[MEMO_NAMES]; /* place in the probe's names */
    size_t chunk;
    rp_place_no place, until;
    struct tf_value globals, value[MEMO_NAMES];
};

#define MEMOS 64u /* by what the names stand for */

struct probe_code { /* what the names are in a code object */
    bool known;
    bool knows_all;
    bool mapping; /* its names are those of an object */
    uint8_t slot_count;
    uint32_t slot[NAMES_MAX];
    uint8_t name[NAMES_MAX]; /* whose slot it is: place in the probe's names */
    uint8_t slot_kind[NAMES_MAX];
};

struct rp_probe {
    struct rp *rp;
    const struct rp_expr *expr;
    struct rp_touched touched;   /* objects that were looked into */
    struct rp_touched looked_up; /* those that hold variables: globals, cells */
    bool deep;                   /* it reads all that is below something ... */
    bool bare;                   /* ... which may be what a name alone stands for */
    size_t attr_count;           /* of the attributes that it reads */
    struct tf_text attr[NAMES_MAX];
    size_t name_count;
    bool many;                      /* more than NAMES_MAX */
    struct tf_text name[NAMES_MAX]; /* in the expression */
    bool builtin[NAMES_MAX];
    struct probe_code **by_code; /* [code_count + 1]; NULL: not yet asked */
    struct memo memo[MEMOS];
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

static void
add_attrs(struct rp_probe *probe, const struct rp_read *read)
{
    probe->deep |= read->depth == RP_READ_DEEP;
    probe->bare |= read->step_count == 0;
    for (size_t i = 0; i < read->step_count; i++) {
        if (read->step[i].attr && probe->attr_count < NAMES_MAX) {
            probe->attr[probe->attr_count++] = read->step[i].name;
        }
        else if (read->step[i].attr) {
            probe->deep = true;
        }
    }
}

static tf_status
list_names(struct rp_probe *probe, struct tf_err *err)
{
    struct rp_reads reads;
    tf_status status = rp_expr_reads(probe->expr, &reads, err);
    if (status == TF_OK) {
        for (size_t i = 0; i < reads.count; i++) {
            add_name(probe, reads.read[i].name);
            add_attrs(probe, &reads.read[i]);
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
    free(probe->looked_up.id);
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
    names->mapping = mapping;
    for (size_t i = 0; i < probe->name_count; i++) {
        bool found = false;
        for (uint32_t slot = 0; slot < code->slot_count; slot++) {
            if (code->slot_kind[slot] != TF_SLOT_MAPPING
                && rp_text_equal(code->slot[slot], probe->name[i])
                && names->slot_count < NAMES_MAX) {
                names->name[names->slot_count] = (uint8_t)i;
                names->slot_kind[names->slot_count] = (uint8_t)code->slot_kind[slot];
                names->slot[names->slot_count++] = slot;
                found = true;
            }
        }
        names->knows_all &=
            found || mapping || is_global_of(code, probe->name[i]) || probe->builtin[i];
    }
}

/* NULL: no memory. */
static struct probe_code *
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
rp_probe_knows(const struct rp_probe *probe, const struct tf_def_code *code,
               bool *ret_no_memory)
{
    const struct probe_code *names = code_names(probe, code);
    *ret_no_memory |= names == NULL;
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
    struct rp *rp = scope->probe->rp;
    struct rp_touched *touched = rp->touched;
    rp->touched = touched ? &scope->probe->looked_up : NULL;
    tf_status status =
        rp_variable_in(rp, scope->chunk, scope->frame, scope->place, name, &value, err);
    rp->touched = touched;
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

/* Whether the expression may read the attribute whose value has that index. */
static bool
reads_attr(const struct rp_probe *probe, const struct rp_object *object, uint64_t index)
{
    if (index == 0 || index >= object->attr_count
        || object->attr[index - 1].kind != TF_VAL_STR) {
        return true;
    }
    struct tf_text name = rp_value_bytes(&object->attr[index - 1]);
    for (size_t i = 0; i < probe->attr_count; i++) {
        if (rp_text_equal(probe->attr[i], name)) {
            return true;
        }
    }
    return false;
}

/* Whether the object is looked into for its attributes alone, and these are no objects
 * themselves: then nothing is below what is read. */
static bool
is_flat(const struct rp_probe *probe, const struct rp_object *object)
{
    bool flat = !probe->bare;
    for (size_t i = 0; i < probe->touched.count && flat; i++) {
        flat = probe->touched.id[i] == object->id;
    }
    for (size_t i = 0; i < probe->attr_count && flat; i++) {
        const struct rp_value *value = rp_object_attr(object, probe->attr[i]);
        flat = value && value->kind != TF_VAL_REF;
    }
    return flat;
}

/* The first change after the place of an object that was looked into. Assignments to
 * attributes that the expression does not name are passed over. */
static rp_place_no
next_object_write(const struct rp_probe *probe, const struct rp_chunk *chunk,
                  uint64_t id, rp_place_no place, bool any)
{
    uint32_t first, at, end;
    struct rp_object *object = NULL;
    rp_place_no next = UINT32_MAX;
    rp_object_entries(chunk, id, place, &first, &at);
    rp_object_entries(chunk, id, UINT32_MAX, &first, &end);
    for (; at < end && next == UINT32_MAX; at++) {
        const struct tf_op *op = rp_object_op(chunk, at);
        bool other = false;
        if (!any && op->kind == TF_OP_ATTR_SET) {
            other = object
                    || rp_state_open(probe->rp, id, chunk->idx, place, &object, NULL)
                           == TF_OK;
            other = other && (!probe->deep || is_flat(probe, object))
                    && !reads_attr(probe, object, op->index);
        }
        next = other ? UINT32_MAX : chunk->object_place[at];
    }
    rp_object_release(object);
    return next;
}

/* Until when none of the objects is written. */
static rp_place_no
objects_until(const struct rp_probe *probe, const struct scope *scope)
{
    rp_place_no until = UINT32_MAX, next;
    if (probe->many || probe->touched.failed || probe->looked_up.failed) {
        return scope->place + 1;
    }
    for (size_t i = 0; i < probe->touched.count; i++) {
        next = next_object_write(probe, scope->chunk, probe->touched.id[i],
                                 scope->place, false);
        until = next < until ? next : until;
    }
    for (size_t i = 0; i < probe->looked_up.count; i++) {
        next = next_object_write(probe, scope->chunk, probe->looked_up.id[i],
                                 scope->place, true);
        until = next < until ? next : until;
    }
    return until;
}

/* --- The same in another frame --- */

/* The slot as it stands in the chunk; false: it does not stand there. Texts are told apart
 * by their place in the table of the changes, so one of the keyframe's will not do.
 * *until: brought down to where it is written next. */
static bool
slot_as_written(const struct scope *scope, uint32_t slot, struct tf_value *ret_value,
                rp_place_no *until)
{
    const struct rp_chunk *chunk = scope->chunk;
    bool same;
    rp_place_no next;
    uint32_t entry =
        rp_chunk_slot_until(chunk, scope->frame, slot, scope->place, &same, &next);
    *until = next < *until ? next : *until;
    *ret_value = (struct tf_value){.kind = TF_VAL_UNBOUND};
    if (entry == RP_NONE) {
        return !same;
    }
    bool keyframe = chunk->slot[entry].place == 0;
    const struct tf_ops *ops = keyframe ? &chunk->raw->keyframe : &chunk->raw->changes;
    if (chunk->slot[entry].value >= ops->value_count) {
        return false;
    }
    *ret_value = ops->value[chunk->slot[entry].value];
    return !keyframe || !rp_kind_has_text(ret_value->kind);
}

static bool
globals_as_written(const struct scope *scope, struct tf_value *ret_value)
{
    const struct rp_cframe *frame = &scope->chunk->frame[scope->frame];
    const struct tf_ops *ops = frame->globals_keyframe ? &scope->chunk->raw->keyframe
                                                       : &scope->chunk->raw->changes;
    *ret_value = (struct tf_value){.kind = TF_VAL_UNBOUND};
    if (frame->globals != RP_NONE && frame->globals < ops->value_count) {
        *ret_value = ops->value[frame->globals];
    }
    return !rp_kind_has_text(ret_value->kind);
}

/* What the names stand for, and until when none of the frame's own variables is written.
 * False: it cannot be told apart from what they stand for elsewhere. */
static bool
values_as_written(const struct scope *scope, const struct probe_code *names,
                  struct memo *memo, rp_place_no *ret_until)
{
    struct tf_value spare;
    bool few = names->slot_count <= MEMO_NAMES;
    bool known = !names->mapping && few && globals_as_written(scope, &memo->globals);
    *ret_until = UINT32_MAX;
    memo->count = few ? names->slot_count : 0;
    for (size_t i = 0; i < names->slot_count; i++) {
        struct tf_value *value = few ? &memo->value[i] : &spare;
        known &= slot_as_written(scope, names->slot[i], value, ret_until);
        if (few) {
            memo->name[i] = names->name[i];
            memo->slot_kind[i] = names->slot_kind[i];
        }
    }
    return known;
}

static struct memo *
memo_of(struct rp_probe *probe, const struct memo *now)
{
    uint64_t hash = now->globals.ref;
    for (size_t i = 0; i < now->count; i++) {
        hash = (hash ^ now->value[i].ref) * UINT64_C(0x9e3779b97f4a7c15);
    }
    return &probe->memo[(hash >> 32) % MEMOS];
}

static bool
same_as_written(const struct tf_value *a, const struct tf_value *b)
{
    return a->kind == b->kind && a->note == b->note && a->type_id == b->type_id
           && a->ref == b->ref && a->length == b->length;
}

static bool
memo_fits(const struct memo *memo, const struct memo *now, const struct scope *scope)
{
    bool fits = memo->known && memo->chunk == scope->chunk->idx
                && memo->place <= scope->place && scope->place < memo->until
                && memo->count == now->count
                && same_as_written(&memo->globals, &now->globals);
    for (size_t i = 0; i < now->count && fits; i++) {
        fits = memo->name[i] == now->name[i] && memo->slot_kind[i] == now->slot_kind[i]
               && same_as_written(&memo->value[i], &now->value[i]);
    }
    return fits;
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

static tf_status
work_out(struct rp_probe *probe, struct scope *scope, uint64_t seq,
         enum rp_truth *ret_truth, struct rp_expr_err *ret_error, struct tf_err *err)
{
    struct rp_value value;
    tf_status status = evaluate(probe, scope, seq, &value, ret_error, err);
    if (status == TF_OK) {
        status = truth_of(probe->rp, &value, seq, ret_truth, ret_error, err);
    }
    else if (status == TF_ERR_ARGUMENT) {
        *ret_truth = scope->unbound ? RP_NO : RP_UNKNOWN;
        status = TF_OK;
    }
    return status;
}

static tf_status
work_out_noting(struct rp_probe *probe, struct scope *scope, uint64_t seq,
                enum rp_truth *ret_truth, rp_place_no *ret_until,
                struct rp_expr_err *ret_error, struct tf_err *err)
{
    probe->touched.count = probe->looked_up.count = 0;
    probe->touched.failed = probe->looked_up.failed = false;
    probe->rp->touched = &probe->touched;
    tf_status status = work_out(probe, scope, seq, ret_truth, ret_error, err);
    probe->rp->touched = NULL;
    if (status == TF_OK) {
        *ret_until = objects_until(probe, scope);
    }
    return status;
}

tf_status
rp_probe_truth(struct rp_probe *probe, struct rp_chunk *chunk, uint32_t event,
               enum rp_truth *ret_truth, rp_place_no *ret_until,
               struct rp_expr_err *ret_error, struct tf_err *err)
{
    struct scope scope = scope_at(probe, chunk, event);
    uint64_t seq = chunk->raw->first_seq + event;
    if (!ret_until) {
        return work_out(probe, &scope, seq, ret_truth, ret_error, err);
    }
    if (scope.frame == RP_NONE) {
        *ret_until = UINT32_MAX;
        return work_out(probe, &scope, seq, ret_truth, ret_error, err);
    }
    struct probe_code *names =
        code_names(probe, rp_code(probe->rp, chunk->frame[scope.frame].code));
    if (!names) {
        return rp_no_memory(err);
    }
    struct memo now;
    rp_place_no slots;
    bool written = values_as_written(&scope, names, &now, &slots);
    struct memo *memo = written ? memo_of(probe, &now) : NULL;
    if (memo && memo_fits(memo, &now, &scope)) {
        *ret_truth = memo->truth;
        *ret_until = memo->until;
    }
    else {
        tf_status status =
            work_out_noting(probe, &scope, seq, ret_truth, ret_until, ret_error, err);
        if (status != TF_OK) {
            return status;
        }
        if (memo) {
            now.known = *ret_truth != RP_UNKNOWN;
            now.truth = (uint8_t)*ret_truth;
            now.chunk = chunk->idx;
            now.place = scope.place;
            now.until = *ret_until;
            *memo = now;
        }
    }
    slots = probe->many ? scope.place + 1 : slots;
    *ret_until = slots < *ret_until ? slots : *ret_until;
    return TF_OK;
}
