/* Exceptions: their parts, and str() of them by the rules of Objects/exceptions.c. */
#include "rp_private.h"
#include "rp_unicode.h"

static const struct rp_value *
part(const struct rp_object *object, size_t idx)
{
    return idx < object->item_count ? &object->item[idx] : NULL;
}

tf_status
rp_exception_of(const struct rp_object *object, struct rp_exception *ret_exception,
                struct tf_err *err)
{
    if (object->category != TF_CAT_EXCEPTION) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "the object is no exception");
    }
    const struct rp_value *suppress = part(object, 3);
    *ret_exception = (struct rp_exception){
        .type = object->type,
        .id = object->id,
        .args = part(object, 0),
        .cause = part(object, 1),
        .context = part(object, 2),
        .suppress_context = suppress && suppress->kind == TF_VAL_TRUE,
    };
    return TF_OK;
}

bool
rp_type_is(const struct rp *rp, const struct tf_def_type *type, const char *name)
{
    if (rp_text_is(type->name, name)) {
        return true;
    }
    for (uint32_t i = 0; i < type->base_count; i++) {
        if (rp_text_is(rp_type(rp, type->base[i])->name, name)) {
            return true;
        }
    }
    return false;
}

/* What a __str__ works on. */
struct message {
    struct rp *rp;
    const struct rp_object *object, *args;
    uint64_t seq;
    const struct rp_limits *limits;
    struct rp_buf *out;
    struct tf_err *err;
};

static const struct rp_value *
arg(const struct message *message, size_t idx)
{
    static const struct rp_value none = {.kind = TF_VAL_NONE};
    return idx < message->args->item_count ? &message->args->item[idx] : &none;
}

static tf_status
add_str(const struct message *message, const struct rp_value *value)
{
    return rp_value_str(message->rp, value, message->seq, message->limits, message->out,
                        message->err);
}

static tf_status
add_repr(const struct message *message, const struct rp_value *value)
{
    return rp_value_text(message->rp, value, message->seq, message->limits,
                         message->out, NULL, NULL, message->err);
}

/* SyntaxError_str: the last part of the file's path, and the line, as far as known. */
static tf_status
add_syntax_error(const struct message *message)
{
    struct rp_object *details = NULL;
    tf_status status = add_str(message, arg(message, 0));
    if (status != TF_OK || arg(message, 1)->kind != TF_VAL_REF) {
        return status;
    }
    status = rp_object_at(message->rp, arg(message, 1), message->seq, &details,
                          message->err);
    if (status != TF_OK) {
        return status;
    }
    bool has_file = details->item_count > 0 && details->item[0].kind == TF_VAL_STR;
    bool has_line = details->item_count > 1 && details->item[1].kind == TF_VAL_INT;
    if (has_file || has_line) {
        rp_buf_add_string(message->out, " (");
    }
    if (has_file) {
        struct tf_text path = rp_value_bytes(&details->item[0]);
        size_t begin = path.len;
        while (begin > 0 && path.data[begin - 1] != '/') {
            begin--;
        }
        rp_buf_add(message->out, path.data + begin, path.len - begin);
    }
    if (has_line) {
        rp_buf_addf(message->out, "%sline %lld", has_file ? ", " : "",
                    (long long)details->item[1].integer);
    }
    if (has_file || has_line) {
        rp_buf_add_string(message->out, ")");
    }
    rp_object_release(details);
    return TF_OK;
}

/* The byte or character at which decoding or encoding failed. */
static void
add_culprit(const struct message *message, const struct rp_value *object, int64_t at)
{
    struct tf_text text = rp_value_bytes(object);
    if (object->kind == TF_VAL_BYTES) {
        unsigned byte = (size_t)at < text.len ? (unsigned char)text.data[at] : 0;
        rp_buf_addf(message->out, "byte 0x%02x", byte);
        return;
    }
    size_t off = rp_utf8_off(text, (size_t)at);
    uint32_t code = off < text.len ? rp_utf8_next(text, &off) : 0;
    rp_buf_addf(message->out,
                code <= 0xff     ? "character '\\x%02x'"
                : code <= 0xffff ? "character '\\u%04x'"
                                 : "character '\\U%08x'",
                code);
}

/* UnicodeDecodeError_str and its two sisters; `first`: where object, start, end and reason
 * stand among the arguments. */
static tf_status
add_unicode_error(const struct message *message, const char *verb, size_t first)
{
    const struct rp_value *object = arg(message, first),
                          *start = arg(message, first + 1),
                          *end = arg(message, first + 2);
    if (start->kind != TF_VAL_INT || end->kind != TF_VAL_INT
        || (object->kind != TF_VAL_STR && object->kind != TF_VAL_BYTES)) {
        return TF_ERR_NOT_FOUND;
    }
    tf_status status = TF_OK;
    if (first) {
        rp_buf_add_string(message->out, "'");
        status = add_str(message, arg(message, 0));
        rp_buf_add_string(message->out, "' codec ");
    }
    rp_buf_addf(message->out, "can't %s ", verb);
    if (end->integer == start->integer + 1 && start->integer >= 0
        && (uint64_t)start->integer < rp_text_length(object)) {
        add_culprit(message, object, start->integer);
        rp_buf_addf(message->out, " in position %lld: ", (long long)start->integer);
    }
    else {
        rp_buf_addf(message->out, "%s in position %lld-%lld: ",
                    object->kind == TF_VAL_BYTES ? "bytes" : "characters",
                    (long long)start->integer, (long long)end->integer - 1);
    }
    return status == TF_OK ? add_str(message, arg(message, first + 3)) : status;
}

/* OSError_str: "[Errno 2] No such file or directory: 'x'". The file names are no arguments,
 * but they may be recorded as attributes. */
static tf_status
add_os_error(const struct message *message)
{
    rp_buf_add_string(message->out, "[Errno ");
    tf_status status = add_str(message, arg(message, 0));
    rp_buf_add_string(message->out, "] ");
    if (status == TF_OK) {
        status = add_str(message, arg(message, 1));
    }
    const char *const names[] = {"filename", "filename2"};
    for (size_t i = 0; i < 2 && status == TF_OK; i++) {
        struct tf_text name = {names[i], i ? 9 : 8};
        const struct rp_value *file = rp_object_attr(message->object, name);
        if (!file || file->kind == TF_VAL_NONE || file->kind == TF_VAL_UNBOUND) {
            break;
        }
        rp_buf_add_string(message->out, i ? " -> " : ": ");
        status = add_repr(message, file);
    }
    return status;
}

/* BaseException.__str__ and KeyError's: nothing, the one argument, or all as a tuple. */
static tf_status
add_plain(const struct message *message, const struct rp_value *args)
{
    size_t count = message->args->item_count;
    if (count == 1 && !message->args->more) {
        return rp_type_is(message->rp, message->object->type, "KeyError")
                   ? add_repr(message, arg(message, 0))
                   : add_str(message, arg(message, 0));
    }
    return count || message->args->more ? add_repr(message, args) : TF_OK;
}

static tf_status
add_message(const struct message *message, const struct rp_value *args)
{
    const struct tf_def_type *type = message->object->type;
    size_t count = message->args->item_count;
    tf_status status = TF_ERR_NOT_FOUND;
    if (count == 2 && rp_type_is(message->rp, type, "SyntaxError")) {
        status = add_syntax_error(message);
    }
    else if (count == 2 && rp_type_is(message->rp, type, "OSError")) {
        status = add_os_error(message);
    }
    else if (count == 5 && rp_type_is(message->rp, type, "UnicodeDecodeError")) {
        status = add_unicode_error(message, "decode", 1);
    }
    else if (count == 5 && rp_type_is(message->rp, type, "UnicodeEncodeError")) {
        status = add_unicode_error(message, "encode", 1);
    }
    else if (count == 4 && rp_type_is(message->rp, type, "UnicodeTranslateError")) {
        status = add_unicode_error(message, "translate", 0);
    }
    return status == TF_ERR_NOT_FOUND ? add_plain(message, args) : status;
}

tf_status
rp_exception_text(struct rp *rp, const struct rp_object *object, uint64_t seq,
                  const struct rp_limits *limits, struct rp_buf *out,
                  struct tf_err *err)
{
    struct rp_exception exception;
    tf_status status = rp_exception_of(object, &exception, err);
    if (status != TF_OK) {
        return status;
    }
    const struct rp_value *text = part(object, 4);
    if (text && (text->kind == TF_VAL_STR || text->kind == TF_VAL_STR_CUT)) {
        return rp_value_str(rp, text, seq, limits, out, err);
    }
    if (!exception.args || exception.args->kind != TF_VAL_REF) {
        return exception.args ? rp_value_text(rp, exception.args, seq, limits, out,
                                              NULL, NULL, err)
                              : TF_OK;
    }
    struct rp_object *args;
    status = rp_object_at(rp, exception.args, seq, &args, err);
    if (status == TF_OK) {
        struct message message = {rp, object, args, seq, limits, out, err};
        status = add_message(&message, exception.args);
        rp_object_release(args);
    }
    return status;
}
