#include "cli_dump_row.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_json.h"

void
cli_dumper_release(struct cli_dumper *dumper)
{
    rp_buf_release(&dumper->text);
    rp_notes_release(&dumper->notes);
}

/* What is to be read by people is cut; JSON never is. */
static const struct rp_limits TEXT_LIMITS = {.chars = 300};

/* Into `dumper->text`; what is elided or late is added to the notes, under `root`. */
static tf_status
make_text(struct cli_dumper *dumper, const struct rp_value *value, uint64_t seq,
          const char *root, struct tf_err *err)
{
    rp_buf_clear(&dumper->text);
    tf_status status =
        rp_value_text(dumper->rp, value, seq, dumper->jsonl ? NULL : &TEXT_LIMITS,
                      &dumper->text, &dumper->notes, root, err);
    if (status == TF_OK && (dumper->text.failed || dumper->notes.failed)) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    return status;
}

/* --- JSON --- */

static tf_status
json_value(struct cli_dumper *dumper, struct cli_json *json,
           const struct rp_value *value, uint64_t seq, const char *root,
           struct tf_err *err)
{
    tf_status status = make_text(dumper, value, seq, root, err);
    if (status != TF_OK) {
        return status;
    }
    if (dumper->structured) {
        return cli_dump_structured(json, dumper->rp, value, seq, err);
    }
    cli_json_text(json, dumper->text.data ? dumper->text.data : "", dumper->text.len);
    return TF_OK;
}

/* `wrap`: how a path begins, "%.*s" for the name. A name may hold anything; one with a
 * zero in it is cut there, in the path only. */
static tf_status
json_vars(struct cli_dumper *dumper, struct cli_json *json, const struct rp_vars *vars,
          uint64_t seq, const char *before, const char *after, struct tf_err *err)
{
    tf_status status = TF_OK;
    struct rp_buf root = RP_BUF_INIT;
    cli_json_open(json, '{');
    for (size_t i = 0; i < vars->count && status == TF_OK; i++) {
        const struct rp_var *var = &vars->var[i];
        rp_buf_clear(&root);
        rp_buf_add_string(&root, before);
        rp_buf_add(&root, var->name.data, var->name.len);
        rp_buf_add_string(&root, after);
        cli_json_key_text(json, var->name.data, var->name.len);
        status =
            json_value(dumper, json, &var->value, seq, root.data ? root.data : "", err);
    }
    cli_json_close(json, '}');
    rp_buf_release(&root);
    return status;
}

static tf_status
json_locals(struct cli_dumper *dumper, struct cli_json *json,
            const struct rp_event *event, struct tf_err *err)
{
    struct rp_vars vars;
    tf_status status = TF_OK;
    if (!dumper->no_locals) {
        cli_json_key(json, "locals");
        status = rp_locals(dumper->rp, event->seq, event->frame, &vars, err);
        if (status == TF_OK) {
            status = json_vars(dumper, json, &vars, event->seq, "", "", err);
            rp_vars_release(&vars);
        }
        else if (status == TF_ERR_NOT_FOUND) {
            cli_json_null(json);
            status = TF_OK;
        }
    }
    if (status == TF_OK && dumper->globals) {
        cli_json_key(json, "globals");
        status = rp_globals(dumper->rp, event->seq, event->frame, false, &vars, err);
        if (status == TF_OK) {
            status =
                json_vars(dumper, json, &vars, event->seq, "globals()['", "']", err);
            rp_vars_release(&vars);
        }
        else if (status == TF_ERR_NOT_FOUND) {
            cli_json_null(json);
            status = TF_OK;
        }
    }
    return status;
}

static void
json_reference(struct cli_json *json, const char *key, const struct rp_value *value)
{
    cli_json_key(json, key);
    if (value && value->kind == TF_VAL_REF && value->ref) {
        cli_json_u64(json, value->ref);
    }
    else {
        cli_json_null(json);
    }
}

static tf_status
json_exception(struct cli_dumper *dumper, struct cli_json *json,
               const struct rp_value *value, uint64_t seq, struct tf_err *err)
{
    struct rp_object *object;
    struct rp_exception facts;
    struct rp_buf *text = &dumper->text;
    if (value->kind != TF_VAL_REF) {
        return TF_OK;
    }
    tf_status status = rp_object_at(dumper->rp, value, seq, &object, err);
    if (status != TF_OK) {
        return status;
    }
    cli_json_key(json, "exception");
    cli_json_open(json, '{');
    rp_buf_clear(text);
    rp_type_name(object->type, text);
    cli_json_key(json, "type");
    cli_json_text(json, text->data ? text->data : "", text->len);
    rp_buf_clear(text);
    status = rp_exception_text(dumper->rp, object, seq, NULL, text, err);
    cli_json_key(json, "text");
    cli_json_text(json, text->data ? text->data : "", status == TF_OK ? text->len : 0);
    bool known = rp_exception_of(object, &facts, NULL) == TF_OK;
    cli_json_key(json, "id");
    cli_json_u64(json, object->id);
    json_reference(json, "cause", known ? facts.cause : NULL);
    json_reference(json, "context", known ? facts.context : NULL);
    cli_json_close(json, '}');
    rp_object_release(object);
    return status == TF_ERR_ARGUMENT ? TF_OK : status;
}

static tf_status
json_arg(struct cli_dumper *dumper, struct cli_json *json, const struct rp_event *event,
         struct tf_err *err)
{
    struct rp_value value;
    bool has = false;
    cli_json_key(json, "arg");
    tf_status status = rp_event_arg(dumper->rp, event->seq, &has, &value, err);
    if (status != TF_OK) {
        return status;
    }
    if (!has) {
        cli_json_null(json);
        return TF_OK;
    }
    status = json_value(dumper, json, &value, event->seq, "return", err);
    if (status == TF_OK && event->kind == TF_EV_EXCEPTION) {
        status = json_exception(dumper, json, &value, event->seq, err);
    }
    rp_value_release(&value);
    return status;
}

static void
json_notes(struct cli_json *json, const struct rp_notes *notes, bool late)
{
    bool open = false;
    for (size_t i = 0; i < notes->count; i++) {
        const struct rp_note *note = &notes->note[i];
        bool is_late = note->reason == TF_ELIDE_NONE && !note->damaged;
        if (is_late != late || !note->path) {
            continue;
        }
        if (!open) {
            cli_json_key(json, late ? "late" : "elided");
            cli_json_open(json, '{');
            open = true;
        }
        cli_json_key_text(json, note->path, strlen(note->path));
        if (late) {
            cli_json_u64(json, note->events);
        }
        else {
            const char *reason =
                note->damaged ? "damaged" : tf_elision_name(note->reason);
            cli_json_str(json, reason ? reason : "damaged");
        }
    }
    if (open) {
        cli_json_close(json, '}');
    }
}

static void
json_number_or_null(struct cli_json *json, const char *key, uint64_t number)
{
    cli_json_key(json, key);
    if (number) {
        cli_json_u64(json, number);
    }
    else {
        cli_json_null(json);
    }
}

static void
json_event(struct cli_json *json, const struct rp_event *event)
{
    const char *sub = tf_event_kind_name(event->kind),
               *name = tf_event_name(event->kind);
    cli_json_key(json, "seq");
    cli_json_u64(json, event->seq);
    cli_json_key(json, "time_ns");
    cli_json_u64(json, event->time_ns);
    cli_json_key(json, "thread");
    cli_json_u64(json, event->thread);
    cli_json_key(json, "task");
    cli_json_null(json);
    json_number_or_null(json, "frame", event->frame);
    json_number_or_null(json, "parent", event->parent);
    json_number_or_null(json, "call_seq", event->call_seq);
    cli_json_key(json, "depth");
    cli_json_u64(json, event->depth);
    cli_json_key(json, "event");
    cli_json_str(json, name ? name : "?");
    cli_json_key(json, "kind");
    if (sub) {
        cli_json_str(json, sub);
    }
    else {
        cli_json_null(json);
    }
    cli_json_key(json, "file");
    cli_json_text(json, event->file->path.data, event->file->path.len);
    cli_json_key(json, "function");
    cli_json_text(json, event->code->qualname.data, event->code->qualname.len);
    cli_json_key(json, "line");
    cli_json_u64(json, event->lineno);
    if (event->instruction >= 0) {
        cli_json_key(json, "instruction");
        cli_json_i64(json, event->instruction);
    }
}

static tf_status
dump_json(struct cli_dumper *dumper, const struct rp_event *event, struct tf_err *err)
{
    struct cli_json json;
    cli_json_init(&json, dumper->out);
    rp_notes_clear(&dumper->notes);
    cli_json_open(&json, '{');
    json_event(&json, event);
    tf_status status = json_arg(dumper, &json, event, err);
    if (status == TF_OK) {
        status = json_locals(dumper, &json, event, err);
    }
    json_notes(&json, &dumper->notes, false);
    json_notes(&json, &dumper->notes, true);
    cli_json_close(&json, '}');
    if (status != TF_OK) {
        cli_json_drop(&json);
        return status;
    }
    cli_json_end(&json);
    return status;
}

/* --- Text --- */

static tf_status
text_vars(struct cli_dumper *dumper, const struct rp_vars *vars, uint64_t seq,
          const char *lead, struct tf_err *err)
{
    tf_status status = TF_OK;
    for (size_t i = 0; i < vars->count && status == TF_OK; i++) {
        const struct rp_var *var = &vars->var[i];
        status = make_text(dumper, &var->value, seq, "", err);
        cli_out_str(dumper->out, lead);
        cli_out_text(dumper->out, var->name.data, var->name.len);
        cli_out_str(dumper->out, " = ");
        cli_out_text(dumper->out, dumper->text.data ? dumper->text.data : "",
                     dumper->text.len);
        cli_out_char(dumper->out, '\n');
    }
    return status;
}

/* `status`: of finding them. A frame that is not there has none. */
static tf_status
text_vars_of(struct cli_dumper *dumper, tf_status status, struct rp_vars *vars,
             uint64_t seq, const char *lead, struct tf_err *err)
{
    if (status != TF_OK) {
        return status == TF_ERR_NOT_FOUND ? TF_OK : status;
    }
    status = text_vars(dumper, vars, seq, lead, err);
    rp_vars_release(vars);
    return status;
}

static tf_status
text_arg(struct cli_dumper *dumper, const struct rp_event *event, struct tf_err *err)
{
    struct rp_value value;
    bool has = false;
    tf_status status = rp_event_arg(dumper->rp, event->seq, &has, &value, err);
    if (status != TF_OK || !has) {
        return status;
    }
    status = make_text(dumper, &value, event->seq, "", err);
    cli_out_str(dumper->out, "  ");
    cli_out_text(dumper->out, dumper->text.data ? dumper->text.data : "",
                 dumper->text.len);
    rp_value_release(&value);
    return status;
}

static tf_status
dump_text(struct cli_dumper *dumper, const struct rp_event *event, struct tf_err *err)
{
    struct cli_out *out = dumper->out;
    struct rp_vars vars;
    const char *sub = tf_event_kind_name(event->kind),
               *name = tf_event_name(event->kind);
    rp_notes_clear(&dumper->notes);
    cli_out_format(out, "%8" PRIu64 " t%" PRIu32 " ", event->seq, event->thread);
    cli_out_pad(out, event->depth < 40 ? event->depth : 40);
    cli_out_str(out, sub ? sub : name ? name : "?");
    cli_out_char(out, ' ');
    cli_out_text(out, event->file->path.data, event->file->path.len);
    cli_out_format(out, ":%" PRIu32 " ", event->lineno);
    cli_out_text(out, event->code->qualname.data, event->code->qualname.len);
    tf_status status = text_arg(dumper, event, err);
    cli_out_char(out, '\n');
    if (status == TF_OK && !dumper->no_locals) {
        status = rp_locals(dumper->rp, event->seq, event->frame, &vars, err);
        status = text_vars_of(dumper, status, &vars, event->seq, "            ", err);
    }
    if (status == TF_OK && dumper->globals) {
        status = rp_globals(dumper->rp, event->seq, event->frame, false, &vars, err);
        status = text_vars_of(dumper, status, &vars, event->seq, "     global ", err);
    }
    return status;
}

tf_status
cli_dump_row(struct cli_dumper *dumper, uint64_t seq, struct tf_err *err)
{
    struct rp_event event;
    tf_status status = rp_event_at(dumper->rp, seq, &event, err);
    if (status != TF_OK) {
        return status;
    }
    return dumper->jsonl ? dump_json(dumper, &event, err)
                         : dump_text(dumper, &event, err);
}
