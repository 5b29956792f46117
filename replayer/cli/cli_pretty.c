#include "cli_pretty.h"

#include <string.h>

#include "cli_utf8.h"

#define DEPTH_MAX 32
/* What refers to itself many times over could be unfolded without end. */
#define LINES_MAX 20000u

struct pretty {
    struct cli_out *out;
    struct rp *rp;
    uint64_t seq;
    size_t width;
    uint64_t open_id[DEPTH_MAX]; /* objects that we are inside of: cycles end there */
    size_t depth;
    size_t lines;
};

/* How a container's children stand between brackets. NULL: it goes on one line. */
struct brackets {
    const char *open, *close;
};

static struct brackets
brackets_of(const struct rp_object *object)
{
    bool exact = (object->type->flags & TF_TYPE_EXACT) != 0;
    if (exact && object->item_count > 0) {
        switch (object->category) {
        case TF_CAT_LIST: return (struct brackets){"[", "]"};
        case TF_CAT_TUPLE:
            return (struct brackets){"(", object->item_count == 1 ? ",)" : ")"};
        case TF_CAT_DICT:
        case TF_CAT_SET: return (struct brackets){"{", "}"};
        default: break;
        }
    }
    if (object->category == TF_CAT_INSTANCE && object->attr_count > 0) {
        return (struct brackets){"<", ">"};
    }
    return (struct brackets){NULL, NULL};
}

static tf_status pretty_value(struct pretty *pretty, const struct rp_value *value,
                              size_t indent, size_t after, struct tf_err *err);

static tf_status
put_line_text(struct pretty *pretty, const struct rp_value *value, struct tf_err *err)
{
    struct rp_buf text = RP_BUF_INIT;
    tf_status status =
        rp_value_text(pretty->rp, value, pretty->seq, NULL, &text, NULL, NULL, err);
    if (status == TF_OK) {
        cli_out_text(pretty->out, text.data ? text.data : "", text.len);
    }
    rp_buf_release(&text);
    return status;
}

/* Writes it when it fits the line. Asks for little more text than that. */
static bool
put_if_fits(struct pretty *pretty, const struct rp_value *value, size_t room)
{
    struct rp_limits limits = {.chars = 4 * room + 16};
    struct rp_buf text = RP_BUF_INIT;
    tf_status status =
        rp_value_text(pretty->rp, value, pretty->seq, &limits, &text, NULL, NULL, NULL);
    const char *data = text.data ? text.data : "";
    bool fits = status == TF_OK && text.len < limits.chars
                && cli_utf8_count(data, text.len) <= room;
    if (fits) {
        cli_out_text(pretty->out, data, text.len);
    }
    rp_buf_release(&text);
    return fits;
}

static tf_status
pretty_child(struct pretty *pretty, const struct rp_child *child, size_t indent,
             bool is_last, struct tf_err *err)
{
    size_t used = 0;
    tf_status status = TF_OK;
    if (child->sort == RP_CHILD_ENTRY) {
        struct rp_buf key = RP_BUF_INIT;
        status = rp_value_text(pretty->rp, child->key, pretty->seq, NULL, &key, NULL,
                               NULL, err);
        used = 2 + cli_out_text(pretty->out, key.data ? key.data : "", key.len);
        cli_out_str(pretty->out, ": ");
        rp_buf_release(&key);
    }
    else if (child->sort == RP_CHILD_ATTR || child->sort == RP_CHILD_PART) {
        used = 1 + cli_out_text(pretty->out, child->name.data, child->name.len);
        cli_out_char(pretty->out, '=');
    }
    if (status == TF_OK) {
        status = pretty_value(pretty, child->value, indent + used, 1, err);
    }
    cli_out_str(pretty->out, is_last ? "" : ",");
    return status;
}

static size_t
put_opening(struct pretty *pretty, const struct rp_object *object, const char *open)
{
    size_t columns = 1;
    cli_out_str(pretty->out, open);
    if (*open == '<') {
        struct rp_buf name = RP_BUF_INIT;
        rp_type_name(object->type, &name);
        cli_out_text(pretty->out, name.data ? name.data : "", name.len);
        cli_out_format(pretty->out, " #%llu", (unsigned long long)object->id);
        rp_buf_release(&name);
        columns = 4;
    }
    return columns;
}

static tf_status
pretty_object(struct pretty *pretty, const struct rp_object *object,
              struct brackets brackets, size_t indent, struct tf_err *err)
{
    size_t count = rp_object_child_count(object);
    tf_status status = TF_OK;
    size_t inner = indent + put_opening(pretty, object, brackets.open);
    bool breaks = *brackets.open == '<';
    pretty->open_id[pretty->depth++] = object->id;
    for (size_t i = 0; i < count && status == TF_OK; i++) {
        struct rp_child child;
        if (!rp_object_child(object, i, &child)) {
            break;
        }
        if (++pretty->lines > LINES_MAX) {
            cli_out_str(pretty->out, "...");
            break;
        }
        if (i > 0 || breaks) {
            cli_out_char(pretty->out, '\n');
            cli_out_pad(pretty->out, inner);
        }
        status = pretty_child(pretty, &child, inner, i + 1 == count, err);
    }
    pretty->depth--;
    if (object->more) {
        cli_out_format(pretty->out, ",\n");
        cli_out_pad(pretty->out, inner);
        cli_out_format(pretty->out, "... %llu more, not recorded",
                       (unsigned long long)object->more);
    }
    cli_out_str(pretty->out, brackets.close);
    return status;
}

static bool
is_open(const struct pretty *pretty, uint64_t id)
{
    for (size_t i = 0; i < pretty->depth; i++) {
        if (id && pretty->open_id[i] == id) {
            return true;
        }
    }
    return false;
}

/* `after`: columns that must stay free behind it. */
static tf_status
pretty_value(struct pretty *pretty, const struct rp_value *value, size_t indent,
             size_t after, struct tf_err *err)
{
    size_t taken = indent + after;
    size_t room = pretty->width > taken + 20 ? pretty->width - taken : 20;
    struct rp_object *object;
    if (put_if_fits(pretty, value, room)) {
        return TF_OK;
    }
    if (value->kind != TF_VAL_REF || pretty->depth == DEPTH_MAX) {
        return put_line_text(pretty, value, err);
    }
    tf_status status = rp_object_at(pretty->rp, value, pretty->seq, &object, err);
    if (status != TF_OK) {
        return status;
    }
    struct brackets brackets = brackets_of(object);
    if (is_open(pretty, object->id)) {
        cli_out_str(pretty->out, "...");
    }
    else if (brackets.open) {
        status = pretty_object(pretty, object, brackets, indent, err);
    }
    else {
        status = put_line_text(pretty, value, err);
    }
    rp_object_release(object);
    return status;
}

tf_status
cli_pretty(struct cli_out *out, struct rp *rp, const struct rp_value *value,
           uint64_t seq, struct tf_err *err)
{
    struct pretty pretty = {
        .out = out, .rp = rp, .seq = seq, .width = cli_out_columns(out)};
    tf_status status = pretty_value(&pretty, value, 0, 0, err);
    cli_out_char(out, '\n');
    return status;
}
