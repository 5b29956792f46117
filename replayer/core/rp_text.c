/* The text of a value: the engine. See rp_text.h. */
#include "rp_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp_scalar.h"
#include "rp_unicode.h"

/* --- Paths and notes --- */

void
rp_path_reset(struct rp_text_job *job, const struct rp_text_frame *frame)
{
    if (job->notes && job->path.data) {
        job->path.len = frame->path_len;
        job->path.data[job->path.len] = '\0';
    }
}

void
rp_path_addf(struct rp_text_job *job, const char *format, ...)
{
    if (!job->notes) {
        return;
    }
    char text[256];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len > 0) {
        rp_buf_add(&job->path, text,
                   (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
    }
}

void
rp_path_key(struct rp_text_job *job, const struct rp_value *key, size_t idx)
{
    if (!job->notes) {
        return;
    }
    if (key->kind == TF_VAL_REF) {
        rp_path_addf(job, "[<key %zu>]", idx);
        return;
    }
    rp_buf_add_string(&job->path, "[");
    rp_scalar_text(job->rp, key, 80, &job->path);
    rp_buf_add_string(&job->path, "]");
}

static void
note(struct rp_text_job *job, uint8_t reason, bool damaged, uint64_t events)
{
    if (!job->notes) {
        return;
    }
    char *path = strndup(job->path.data ? job->path.data : "", job->path.len);
    if (!path) {
        job->notes->failed = true;
        return;
    }
    rp_notes_add(job->notes, path, reason, damaged, events);
}

static void
note_scalar(struct rp_text_job *job, const struct rp_value *value)
{
    switch (value->kind) {
    case TF_VAL_ELIDED: note(job, value->note, false, 0); break;
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES_CUT:
    case TF_VAL_BIGINT_CUT: note(job, TF_ELIDE_LENGTH, false, 0); break;
    case RP_VAL_DAMAGED: note(job, TF_ELIDE_UNREADABLE, true, 0); break;
    default: break;
    }
}

bool
rp_is_gap(const struct rp_value *value)
{
    return value->kind == TF_VAL_ELIDED && value->note == TF_ELIDE_ITEMS;
}

bool
rp_has_gap(const struct rp_object *object)
{
    size_t first = 0, end;
    while (rp_object_present(object, &first, &end)) {
        for (; first < end; first++) {
            if (rp_is_gap(&object->item[first])) {
                return true;
            }
        }
    }
    return false;
}

static void
note_object(struct rp_text_job *job, const struct rp_object *object)
{
    if (!job->notes) {
        return;
    }
    if (object->damaged) {
        note(job, TF_ELIDE_UNREADABLE, true, 0);
    }
    else if (object->note != TF_ELIDE_NONE) {
        note(job, object->note, false, 0);
    }
    else if (object->more || rp_has_gap(object)) {
        note(job, TF_ELIDE_ITEMS, false, 0);
    }
    if (object->late_seq && object->late_seq == job->seq) {
        note(job, TF_ELIDE_NONE, false, object->late_events);
    }
}

/* --- Objects that are not gone into --- */

void
rp_text_own_name(const struct rp_object *object, struct rp_buf *out)
{
    if (object->type->module.len) {
        rp_buf_add_text(out, object->type->module);
        rp_buf_add_string(out, ".");
    }
    rp_buf_add_text(out, object->type->name);
    if (object->id) {
        rp_buf_add_string(out, " #");
        rp_buf_add_u64(out, object->id);
    }
}

static bool
is_open(const struct rp_text_job *job, const struct rp_object *object)
{
    for (size_t i = job->count; i-- > 0;) {
        if (job->frame[i].object == object
            || (object->id && job->frame[i].object->id == object->id)) {
            return true;
        }
    }
    return false;
}

static void
add_closed(struct rp_text_job *job, const struct rp_object *object)
{
    const struct rp_text_form *form = rp_text_form_of(object);
    if (form->again && !rp_text_wrapped(object)) {
        rp_buf_add_string(job->out, form->again);
        return;
    }
    rp_buf_add_string(job->out, "<");
    rp_text_own_name(object, job->out);
    rp_buf_add_string(job->out,
                      object->item_count || object->attr_count ? " ...>" : ">");
}

/* A wrapped object that stands in the text already, or too deep in others. */
static bool
is_folded(const struct rp_text_job *job, const struct rp_object *object)
{
    return rp_text_wrapped(object)
           && (job->wrapped >= RP_TEXT_WRAPPED
               || (object->id && rp_map_get(&job->unfolded, object->id) != RP_NONE));
}

static bool
is_empty(const struct rp_object *object)
{
    return object->item_count == 0 && object->attr_count == 0
           && object->note != TF_ELIDE_ITEMS && object->note != TF_ELIDE_LENGTH;
}

/* True when the object is dealt with: there is nothing to go into. */
static bool
add_without_content(struct rp_text_job *job, const struct rp_object *object)
{
    if (object->damaged && is_empty(object)) {
        rp_buf_addf(job->out, "<damaged #%llu>", (unsigned long long)object->id);
        return true;
    }
    if (object->note != TF_ELIDE_NONE && object->note != TF_ELIDE_OPAQUE
        && is_empty(object)) {
        rp_buf_addf(job->out, "<elided: %s, ", tf_elision_name(object->note));
        rp_text_own_name(object, job->out);
        rp_buf_add_string(job->out, ">");
        return true;
    }
    return false;
}

/* --- The engine --- */

static tf_status
push(struct rp_text_job *job, struct rp_object *object, struct tf_err *err)
{
    if (job->count == job->cap) {
        size_t cap = job->cap ? job->cap * 2 : 16;
        struct rp_text_frame *frame = realloc(job->frame, cap * sizeof *frame);
        if (!frame) {
            rp_object_release(object);
            return rp_no_memory(err);
        }
        job->frame = frame;
        job->cap = cap;
    }
    const struct rp_text_form *form = rp_text_form_of(object);
    job->frame[job->count++] = (struct rp_text_frame){
        .object = object,
        .form = form,
        .path_len = job->path.len,
        .own = rp_text_wrapped(object),
        .no_comma = job->no_comma,
        .weight = object->category == TF_CAT_METHOD ? RP_TEXT_WRAPPED
                                                    : rp_text_wrapped(object),
    };
    job->no_comma = false;
    job->wrapped += job->frame[job->count - 1].weight;
    if (rp_text_wrapped(object) && object->id
        && !rp_map_put(&job->unfolded, object->id, 0)) {
        return rp_no_memory(err);
    }
    if (job->frame[job->count - 1].own) {
        rp_buf_add_string(job->out, "<");
        rp_text_own_name(object, job->out);
        if (form->next) {
            rp_buf_add_string(job->out, " ");
        }
    }
    return TF_OK;
}

/* Of a large container, only the items that are shown are made, when they are. */
static tf_status
open_object(struct rp_text_job *job, const struct rp_value *value,
            struct rp_object **ret_object, struct tf_err *err)
{
    if (job->limits.items == 0 && job->limits.chars == 0) {
        return rp_object_at(job->rp, value, job->seq, ret_object, err);
    }
    tf_status status = rp_object_open(job->rp, value, job->seq, ret_object, err);
    if (status == TF_OK && (*ret_object)->partial
        && (*ret_object)->category == TF_CAT_COUNTER) {
        rp_object_release(*ret_object); /* its entries are sorted */
        status = rp_object_at(job->rp, value, job->seq, ret_object, err);
    }
    return status;
}

bool
rp_again_enough(struct rp_again *again, const struct rp_object *object)
{
    if (again->opened < RP_TEXT_OBJECTS) {
        again->opened++;
        return false;
    }
    return object->id
           && (rp_map_get(&again->seen, object->id) != RP_NONE
               || !rp_map_put(&again->seen, object->id, 0));
}

static tf_status
add_object(struct rp_text_job *job, const struct rp_value *value, struct tf_err *err)
{
    struct rp_object *object;
    job->rp->near = job->rp->fold_strays && job->count > 0;
    job->rp->refused = false;
    tf_status status = open_object(job, value, &object, err);
    job->rp->near = false;
    if (status == TF_ERR_NOT_FOUND && job->rp->refused) {
        rp_buf_addf(job->out, "<#%llu ...>", (unsigned long long)value->ref);
        return TF_OK;
    }
    if (status != TF_OK) {
        return status;
    }
    bool open = is_open(job, object) || is_folded(job, object);
    bool enough = !open && rp_again_enough(&job->again, object);
    bool deep = job->count >= RP_TEXT_DEPTH || enough
                || (job->limits.depth && job->count >= job->limits.depth);
    if (!open) {
        note_object(job, object);
    }
    if (open || (deep && !add_without_content(job, object))) {
        add_closed(job, object);
        if (!open && (enough || job->count >= RP_TEXT_DEPTH)) {
            note(job, enough ? TF_ELIDE_BUDGET : TF_ELIDE_DEPTH, false, 0);
        }
    }
    else if (!deep && !add_without_content(job, object)) {
        return push(job, object, err); /* takes it */
    }
    rp_object_release(object);
    return TF_OK;
}

static tf_status
add_value(struct rp_text_job *job, const struct rp_value *value, struct tf_err *err)
{
    if (rp_scalar_text(job->rp, value, job->limits.text, job->out)) {
        note_scalar(job, value);
        return TF_OK;
    }
    return add_object(job, value, err);
}

/* ` attr=value` one after another, then `>`. */
static const struct rp_value *
next_attr(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_object *object = frame->object;
    size_t count = object->attr_count / 2;
    bool cut = job->limits.items && frame->idx >= job->limits.items;
    if (frame->idx >= count || cut) {
        rp_buf_add_string(job->out, frame->idx < count ? " ...>" : ">");
        return NULL;
    }
    struct tf_text name = rp_value_bytes(&object->attr[frame->idx * 2]);
    rp_buf_add_string(job->out, " ");
    rp_buf_add_text(job->out, name);
    rp_buf_add_string(job->out, "=");
    rp_path_reset(job, frame);
    rp_path_addf(job, ".%.*s", (int)(name.len < 200 ? name.len : 200), name.data);
    return &object->attr[frame->idx++ * 2 + 1];
}

static const struct rp_value *
next_child(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (!frame->attrs) {
        const struct rp_value *child =
            frame->form->next ? frame->form->next(job, frame) : NULL;
        if (child || !frame->own) {
            return child;
        }
        frame->attrs = true;
        frame->idx = 0;
    }
    return next_attr(job, frame);
}

static void
pop(struct rp_text_job *job)
{
    struct rp_text_frame *frame = &job->frame[--job->count];
    rp_path_reset(job, frame);
    job->wrapped -= frame->weight;
    rp_object_release(frame->object);
    free(frame->order);
}

static tf_status
run(struct rp_text_job *job, struct tf_err *err)
{
    size_t max = job->limits.chars && job->limits.chars < RP_TEXT_BYTES
                     ? job->limits.chars
                     : RP_TEXT_BYTES;
    while (job->count) {
        if (job->out->len - job->begin > max) {
            if (max == RP_TEXT_BYTES) {
                note(job, TF_ELIDE_LENGTH, false, 0);
            }
            rp_buf_add_string(job->out, "...");
            return TF_OK;
        }
        const struct rp_value *child = next_child(job, &job->frame[job->count - 1]);
        tf_status status = job->status;
        if (status == TF_OK && child) {
            status = add_value(job, child, err);
        }
        else if (status == TF_OK) {
            pop(job);
        }
        if (status == TF_OK && (++job->turns & 0xfff) == 0) {
            status = rp_progress(job->rp, job->turns, 0, err);
        }
        if (status != TF_OK) {
            return status;
        }
    }
    return TF_OK;
}

static tf_status
value_text(struct rp *rp, const struct rp_value *value, uint64_t seq,
           const struct rp_limits *limits, struct rp_buf *out, struct rp_notes *notes,
           const char *root, struct tf_err *err)
{
    struct rp_text_job job = {.rp = rp,
                              .seq = seq,
                              .out = out,
                              .begin = out->len,
                              .notes = notes,
                              .path = RP_BUF_INIT,
                              .err = err};
    if (limits) {
        job.limits = *limits;
    }
    if (notes) {
        rp_buf_add_string(&job.path, root ? root : "");
    }
    tf_status status = add_value(&job, value, err);
    if (status == TF_OK) {
        status = run(&job, err);
    }
    while (job.count) {
        pop(&job);
    }
    free(job.frame);
    rp_map_release(&job.unfolded);
    rp_map_release(&job.again.seen);
    rp_buf_release(&job.path);
    if (status == TF_OK && (out->failed || (notes && notes->failed))) {
        return rp_no_memory(err);
    }
    return status;
}

/* For a row among many: perhaps the text of a row before. */
static tf_status
row_text(struct rp *rp, const struct rp_value *value, uint64_t seq,
         const struct rp_limits *limits, struct rp_buf *out, struct tf_err *err)
{
    struct rp_chunk *chunk;
    uint32_t event;
    tf_status status = rp_chunk_at(rp, seq, &chunk, &event, err);
    if (status != TF_OK) {
        return status;
    }
    rp_place_no place = chunk->raw->op_end[event];
    struct rp_span span = {.chunk = chunk->idx, .last = UINT32_MAX};
    if (!rp_text_remembered(rp, value->ref, limits, chunk->idx, place, out)) {
        size_t before = out->len;
        rp->span = &span;
        status = value_text(rp, value, seq, limits, out, NULL, NULL, err);
        rp->span = NULL;
        if (status == TF_OK) {
            rp_text_remember(rp, value->ref, limits, &span,
                             (struct tf_text){out->data + before, out->len - before});
        }
    }
    rp_chunk_put(rp, chunk);
    return status;
}

tf_status
rp_value_text(struct rp *rp, const struct rp_value *value, uint64_t seq,
              const struct rp_limits *limits, struct rp_buf *out,
              struct rp_notes *notes, const char *root, struct tf_err *err)
{
    bool row = rp->scans > 0 && limits && limits->chars && !notes && !rp->touched;
    return row && value->kind == TF_VAL_REF && !value->object
               ? row_text(rp, value, seq, limits, out, err)
               : value_text(rp, value, seq, limits, out, notes, root, err);
}

tf_status
rp_value_str(struct rp *rp, const struct rp_value *value, uint64_t seq,
             const struct rp_limits *limits, struct rp_buf *out, struct tf_err *err)
{
    struct rp_object *object = NULL;
    tf_status status = TF_OK;
    if (value->kind == TF_VAL_STR || value->kind == TF_VAL_STR_CUT) {
        struct tf_text text = rp_value_bytes(value);
        size_t max =
            limits && limits->text && limits->text < text.len ? limits->text : text.len;
        rp_buf_add(out, text.data, max);
        if (max < text.len || value->kind == TF_VAL_STR_CUT) {
            rp_buf_add_string(out, "...");
        }
        return out->failed ? rp_no_memory(err) : TF_OK;
    }
    if (value->kind == TF_VAL_REF) {
        status = rp_object_at(rp, value, seq, &object, err);
        if (status != TF_OK) {
            return status;
        }
    }
    bool own_str = object && object->type->flags & TF_TYPE_OWN_STR;
    if (object && object->category == TF_CAT_EXCEPTION && !own_str) {
        status = rp_exception_text(rp, object, seq, limits, out, err);
    }
    else if (object && object->item_count == 1 && object->item[0].kind == TF_VAL_STR
             && (object->category == TF_CAT_STR || object->category == TF_CAT_DECIMAL
                 || object->category == TF_CAT_PATH)) {
        rp_buf_add_text(out, rp_value_bytes(&object->item[0]));
    }
    else {
        status = rp_value_text(rp, value, seq, limits, out, NULL, NULL, err);
    }
    rp_object_release(object);
    return status;
}

/* --- Types --- */

void
rp_type_name(const struct tf_def_type *type, struct rp_buf *out)
{
    if (type->module.len && !rp_text_is(type->module, "builtins")) {
        rp_buf_add_text(out, type->module);
        rp_buf_add_string(out, ".");
    }
    rp_buf_add_text(out, type->name);
}

static const char *
scalar_type(const struct rp_value *value)
{
    switch (value->kind) {
    case TF_VAL_NONE: return "NoneType";
    case TF_VAL_FALSE:
    case TF_VAL_TRUE: return "bool";
    case TF_VAL_ELLIPSIS: return "ellipsis";
    case TF_VAL_NOTIMPLEMENTED: return "NotImplementedType";
    case TF_VAL_INT:
    case TF_VAL_BIGINT:
    case TF_VAL_BIGINT_CUT: return "int";
    case TF_VAL_FLOAT: return "float";
    case TF_VAL_COMPLEX: return "complex";
    case TF_VAL_STR:
    case TF_VAL_STR_CUT: return "str";
    case TF_VAL_BYTES:
    case TF_VAL_BYTES_CUT: return "bytes";
    case TF_VAL_UNBOUND: return "<unbound>";
    default: return "<unknown>";
    }
}

tf_status
rp_value_type_name(struct rp *rp, const struct rp_value *value, uint64_t seq,
                   struct rp_buf *out, struct tf_err *err)
{
    if (value->kind == TF_VAL_ELIDED && value->type_id) {
        rp_type_name(rp_type(rp, value->type_id), out);
    }
    else if (value->kind != TF_VAL_REF) {
        rp_buf_add_string(out, scalar_type(value));
    }
    else {
        struct rp_object *object;
        tf_status status = rp_object_at(rp, value, seq, &object, err);
        if (status != TF_OK) {
            return status;
        }
        rp_type_name(object->type, out);
        rp_object_release(object);
    }
    return out->failed ? rp_no_memory(err) : TF_OK;
}

uint64_t
rp_text_length(const struct rp_value *value)
{
    if (value->kind == TF_VAL_STR) {
        return rp_utf8_length(rp_value_bytes(value));
    }
    return value->length;
}
