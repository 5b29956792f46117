/* Why an evaluation ends, and the bounds that it is held to. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rp_eval.h"

static bool
fail(struct rp_eval *eval, const char *type, const char *format, va_list args)
{
    if (eval->status != TF_OK) {
        return false;
    }
    eval->status = TF_ERR_ARGUMENT;
    eval->raised = type;
    if (!eval->error && !eval->err) {
        return false; /* a scan: nobody asks */
    }
    char message[200];
    size_t len = type ? (size_t)snprintf(message, sizeof message, "%s: ", type) : 0;
    vsnprintf(message + len, sizeof message - len, format, args);
    rp_expr_fail(eval->error, eval->column, "%s", message);
    tf_err_set(eval->err, TF_ERR_ARGUMENT, -1, "%s", message);
    return false;
}

bool
rp_eval_raise(struct rp_eval *eval, const char *type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(eval, type, format, args);
    va_end(args);
    return false;
}

bool
rp_eval_fail(struct rp_eval *eval, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(eval, NULL, format, args);
    va_end(args);
    return false;
}

bool
rp_eval_status(struct rp_eval *eval, tf_status status)
{
    if (status != TF_OK && eval->status == TF_OK) {
        eval->status = status;
    }
    return status == TF_OK;
}

bool
rp_eval_memory(struct rp_eval *eval)
{
    return rp_eval_status(eval, rp_no_memory(eval->err));
}

bool
rp_eval_step_slow(struct rp_eval *eval)
{
    return eval->steps <= RP_EVAL_STEPS
               ? rp_eval_status(
                   eval, rp_progress(eval->rp, eval->steps, RP_EVAL_STEPS, eval->err))
               : rp_eval_fail(eval, "the expression takes too long");
}

bool
rp_eval_steps(struct rp_eval *eval, uint64_t count)
{
    uint32_t before = eval->steps;
    if (count > RP_EVAL_STEPS || before + count > RP_EVAL_STEPS) {
        return rp_eval_fail(eval, "the expression takes too long");
    }
    eval->steps += (uint32_t)count;
    return before >> 12 == eval->steps >> 12
           || rp_eval_status(
               eval, rp_progress(eval->rp, eval->steps, RP_EVAL_STEPS, eval->err));
}

bool
rp_eval_room(struct rp_eval *eval, uint64_t bytes)
{
    if (bytes > RP_EVAL_TEXT || eval->bytes + bytes > RP_EVAL_BYTES) {
        return rp_eval_fail(eval, "the result is too long");
    }
    eval->bytes += (size_t)bytes;
    return rp_eval_steps(eval, bytes / 256);
}

bool
rp_eval_known(struct rp_eval *eval, const struct rp_value *value)
{
    switch (value->kind) {
    case TF_VAL_ELIDED:
        return rp_eval_fail(eval, "the value is not recorded (%s)",
                            tf_elision_name(value->note) ? tf_elision_name(value->note)
                                                         : "unknown");
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES_CUT:
    case TF_VAL_BIGINT_CUT:
        return rp_eval_fail(eval, "only the beginning of the value is recorded");
    case TF_VAL_UNBOUND: return rp_eval_fail(eval, "the value is not bound");
    case RP_VAL_DAMAGED: return rp_eval_fail(eval, "the recording is damaged here");
    default: return true;
    }
}

bool
rp_eval_whole(struct rp_eval *eval, const struct rp_object *object)
{
    if (object->damaged) {
        return rp_eval_fail(eval, "the recording is damaged here");
    }
    if (object->more) {
        return rp_eval_fail(eval, "not all items are recorded");
    }
    if (object->note != TF_ELIDE_NONE) {
        return rp_eval_fail(
            eval, "not all of the value is recorded (%s)",
            tf_elision_name(object->note) ? tf_elision_name(object->note) : "unknown");
    }
    return true;
}

/* --- Names of types --- */

/* tp_name of the static types that are not of `builtins`. */
static const char *
static_module(const struct rp_object *object)
{
    if (!(object->type->flags & TF_TYPE_EXACT)) {
        return "";
    }
    switch (object->category) {
    case TF_CAT_DEQUE:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT: return "collections.";
    case TF_CAT_DATE:
    case TF_CAT_TIME:
    case TF_CAT_DATETIME:
    case TF_CAT_TIMEDELTA:
    case TF_CAT_TIMEZONE: return "datetime.";
    case TF_CAT_DECIMAL: return "decimal.";
    case TF_CAT_PATTERN: return "re.";
    case TF_CAT_PARTIAL: return "functools.";
    default: return "";
    }
}

struct rp_label
rp_eval_label_of(const struct rp_object *object)
{
    struct rp_label label;
    struct tf_text name = object->type->name;
    for (size_t i = name.len; i-- > 0;) {
        if (name.data[i] == '.') {
            name = (struct tf_text){name.data + i + 1, name.len - i - 1};
            break;
        }
    }
    snprintf(label.text, sizeof label.text, "%s%.*s", static_module(object),
             (int)(name.len < 60 ? name.len : 60), name.data);
    return label;
}

struct rp_label
rp_eval_label(struct rp_eval *eval, const struct rp_value *value)
{
    struct rp_label label = {"?"};
    struct rp_object *object;
    if (!eval->error && !eval->err) {
        return label;
    }
    if (value->kind == RP_VAL_MADE) {
        const struct rp_iter *iter = rp_iter_of_value(value);
        snprintf(label.text, sizeof label.text, "%s",
                 iter ? rp_iter_type(iter) : "builtin_function_or_method");
        return label;
    }
    if (value->kind == TF_VAL_REF) {
        tf_status status = rp_object_at(eval->rp, value, eval->seq, &object, eval->err);
        if (rp_eval_status(eval, status)) {
            label = rp_eval_label_of(object);
            rp_object_release(object);
        }
        return label;
    }
    struct rp_buf name = RP_BUF_INIT;
    tf_status status = rp_value_type_name(eval->rp, value, eval->seq, &name, eval->err);
    if (rp_eval_status(eval, status) && name.data) {
        snprintf(label.text, sizeof label.text, "%.60s", name.data);
    }
    rp_buf_release(&name);
    return label;
}

bool
rp_eval_needs_code(struct rp_eval *eval, const char *what,
                   const struct rp_object *object)
{
    return rp_eval_fail(eval, "%s of '%s' may need the program's own code", what,
                        rp_eval_label_of(object).text);
}
