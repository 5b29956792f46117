#include "cli_pretty.h"

#include <string.h>

#include "cli_utf8.h"

#define DEPTH_MAX 32
/* What refers to itself many times over could be unfolded without end. */
#define LINES_MAX   2000000u
#define OBJECTS_MAX 15000u
#define TEXT_MAX    ((size_t)32 << 20) /* of what is too deep for lines of its own */

/* Where folding begins. */
#define FOLD_DEPTH 2
#define FOLD_ITEMS 20u
#define FOLD_LINES 60u

struct pretty {
    struct cli_out *out;
    struct rp *rp;
    uint64_t seq;
    size_t width;
    uint64_t open_id[DEPTH_MAX]; /* objects that we are inside of: cycles end there */
    size_t depth;
    size_t lines, objects, text_bytes;
    const volatile sig_atomic_t *interrupts;
    bool folds;
    struct rp_buf path; /* folds: the expression of the value at hand; empty: none */
    struct rp_buf hint; /* what unfolds the latest value: for the end of its line */
};

static void
end_line(struct pretty *pretty)
{
    if (pretty->hint.len) {
        cli_out_style(pretty->out, CLI_DIM);
        cli_out_str(pretty->out, "  # ");
        cli_out_text(pretty->out, pretty->hint.data, pretty->hint.len);
        cli_out_style(pretty->out, CLI_PLAIN);
        rp_buf_clear(&pretty->hint);
    }
    cli_out_char(pretty->out, '\n');
}

/* How a container's children stand between brackets. NULL: it goes on one line. */
struct brackets {
    const char *open, *close;
};

static struct brackets
brackets_of(const struct rp_object *object)
{
    bool exact = (object->type->flags & TF_TYPE_EXACT) != 0;
    if (rp_object_child_count(object) == 0) {
        return (struct brackets){NULL, NULL};
    }
    switch (object->category) {
    case TF_CAT_LIST:
        if (exact) {
            return (struct brackets){"[", "]"};
        }
        break;
    case TF_CAT_TUPLE:
        if (exact) {
            return (struct brackets){"(", object->item_count == 1 ? ",)" : ")"};
        }
        break;
    case TF_CAT_DICT:
    case TF_CAT_SET:
        if (exact) {
            return (struct brackets){"{", "}"};
        }
        break;
    case TF_CAT_INSTANCE:
    case TF_CAT_NAMEDTUPLE:
    case TF_CAT_FROZENSET:
    case TF_CAT_DEQUE:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER: break;
    default: return (struct brackets){NULL, NULL};
    }
    return (struct brackets){"<", ">"};
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
        pretty->text_bytes += text.len;
    }
    rp_buf_release(&text);
    return status;
}

/* Writes it when it fits the line. Asks for little more text than that. */
static bool
put_if_fits(struct pretty *pretty, const struct rp_value *value, size_t room)
{
    struct rp_limits limits = {.chars = 4 * room + 16, .items = room + 16};
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

/* One line of it, and how to see the rest. */
static tf_status
put_folded(struct pretty *pretty, const struct rp_value *value, size_t indent,
           struct tf_err *err)
{
    size_t hint = pretty->path.len ? pretty->path.len + 5 : 0;
    hint = hint < pretty->width / 2 ? hint : 0;
    size_t taken = indent + 1 + pretty->depth + hint;
    size_t room = pretty->width > taken + 20 ? pretty->width - taken : 20;
    struct rp_limits limits = {.chars = 4 * room, .items = 2 * room};
    struct rp_buf text = RP_BUF_INIT;
    tf_status status =
        rp_value_text(pretty->rp, value, pretty->seq, &limits, &text, NULL, NULL, err);
    if (status == TF_OK) {
        cli_out_text_cut(pretty->out, text.data ? text.data : "", text.len, room);
    }
    rp_buf_release(&text);
    if (status == TF_OK && hint) {
        rp_buf_add(&pretty->hint, pretty->path.data, pretty->path.len);
    }
    return status;
}

/* Appends what leads from the object to its child. False: no expression does. */
static bool
path_to_child(struct pretty *pretty, const struct rp_child *child)
{
    struct rp_buf *path = &pretty->path;
    if (path->len == 0 || path->len > 200) {
        return false;
    }
    switch (child->sort) {
    case RP_CHILD_ITEM:
        rp_buf_addf(path, "[%llu]", (unsigned long long)child->index);
        break;
    case RP_CHILD_ATTR:
    case RP_CHILD_PART:
        rp_buf_add_string(path, ".");
        rp_buf_add(path, child->name.data, child->name.len);
        break;
    case RP_CHILD_ENTRY:
        if (child->key->kind == TF_VAL_REF) {
            return false;
        }
        rp_buf_add_string(path, "[");
        rp_value_text(pretty->rp, child->key, pretty->seq, NULL, path, NULL, NULL,
                      NULL);
        rp_buf_add_string(path, "]");
        break;
    case RP_CHILD_MEMBER: return false;
    }
    return !path->failed;
}

static size_t
put_child_name(struct pretty *pretty, const struct rp_child *child,
               tf_status *ret_status, struct tf_err *err)
{
    size_t used = 0;
    if (child->sort == RP_CHILD_ENTRY) {
        struct rp_buf key = RP_BUF_INIT;
        *ret_status = rp_value_text(pretty->rp, child->key, pretty->seq, NULL, &key,
                                    NULL, NULL, err);
        used = 2 + cli_out_text(pretty->out, key.data ? key.data : "", key.len);
        cli_out_str(pretty->out, ": ");
        rp_buf_release(&key);
    }
    else if (child->sort == RP_CHILD_ATTR || child->sort == RP_CHILD_PART) {
        used = 1 + cli_out_text(pretty->out, child->name.data, child->name.len);
        cli_out_char(pretty->out, '=');
    }
    return used;
}

static tf_status
pretty_child(struct pretty *pretty, const struct rp_child *child, size_t indent,
             bool is_last, struct tf_err *err)
{
    tf_status status = TF_OK;
    size_t used = put_child_name(pretty, child, &status, err);
    size_t path_len = pretty->path.len;
    if (!path_to_child(pretty, child)) {
        pretty->path.len = 0; /* nothing below it has an expression either */
    }
    if (status == TF_OK) {
        status = pretty_value(pretty, child->value, indent + used, 1, err);
    }
    pretty->path.len = path_len;
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

static bool
is_enough(const struct pretty *pretty)
{
    return pretty->lines > LINES_MAX || pretty->objects > OBJECTS_MAX
           || pretty->text_bytes > TEXT_MAX || cli_out_failed(pretty->out)
           || (pretty->interrupts && *pretty->interrupts);
}

/* What was left out of it, by us or by the recording. */
static void
put_missing(struct pretty *pretty, const struct rp_object *object, size_t shown,
            size_t count, size_t indent)
{
    if (shown < count) {
        end_line(pretty);
        cli_out_pad(pretty->out, indent);
        cli_out_format(pretty->out, "... %zu more", count - shown);
        if (pretty->path.len) {
            bool sliced =
                object->category == TF_CAT_LIST || object->category == TF_CAT_TUPLE;
            cli_out_str(pretty->out, sliced ? ": pp " : ": expand ");
            cli_out_text(pretty->out, pretty->path.data, pretty->path.len);
            if (sliced) {
                cli_out_format(pretty->out, "[%zu:]", shown);
            }
        }
    }
    if (object->more) {
        end_line(pretty);
        cli_out_pad(pretty->out, indent);
        cli_out_format(pretty->out, "... %llu more, not recorded",
                       (unsigned long long)object->more);
    }
}

#define LOAD_CHILDREN 64u

/* Of a large container, the items of the next children. */
static tf_status
load_children(struct pretty *pretty, struct rp_object *object, size_t from,
              struct tf_err *err)
{
    bool entries = object->category == TF_CAT_DICT || object->category == TF_CAT_COUNTER
                   || object->category == TF_CAT_DEFAULTDICT
                   || object->category == TF_CAT_ORDEREDDICT;
    if (!object->partial || from % LOAD_CHILDREN != 0) {
        return TF_OK;
    }
    size_t each = entries ? 2 : 1, parts = 2; /* maxlen, default_factory */
    size_t first = from > 0 ? from * each - parts : 0;
    return rp_object_load(pretty->rp, object, first,
                          (from + LOAD_CHILDREN) * each + parts, err);
}

static tf_status
pretty_object(struct pretty *pretty, struct rp_object *object, struct brackets brackets,
              size_t indent, struct tf_err *err)
{
    size_t count = rp_object_child_count(object), shown = 0;
    size_t max = pretty->folds && count > FOLD_ITEMS + 2 ? FOLD_ITEMS : count;
    tf_status status = TF_OK;
    size_t inner = indent + put_opening(pretty, object, brackets.open);
    bool breaks = *brackets.open == '<';
    pretty->open_id[pretty->depth++] = object->id;
    pretty->objects++;
    for (; shown < max && status == TF_OK && !is_enough(pretty); shown++) {
        struct rp_child child;
        status = load_children(pretty, object, shown, err);
        if (status != TF_OK || !rp_object_child(object, shown, &child)) {
            break;
        }
        pretty->lines++;
        if (shown > 0 || breaks) {
            end_line(pretty);
            cli_out_pad(pretty->out, inner);
        }
        status = pretty_child(pretty, &child, inner, shown + 1 == count, err);
    }
    pretty->depth--;
    put_missing(pretty, object, shown, count, inner);
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
    bool folded =
        pretty->folds && (pretty->depth >= FOLD_DEPTH || pretty->lines > FOLD_LINES);
    if (folded || (pretty->folds && value->kind != TF_VAL_REF)) {
        return put_folded(pretty, value, indent, err);
    }
    if (value->kind != TF_VAL_REF || pretty->depth == DEPTH_MAX) {
        return put_line_text(pretty, value, err);
    }
    tf_status status = rp_object_open(pretty->rp, value, pretty->seq, &object, err);
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
    else if (pretty->folds) {
        status = put_folded(pretty, value, indent, err);
    }
    else {
        status = put_line_text(pretty, value, err);
    }
    rp_object_release(object);
    return status;
}

/* `a + b` has to stand in brackets before something follows it. */
static bool
is_operand(const char *text)
{
    bool named = *text && !strchr("0123456789.", *text);
    for (; *text && named; text++) {
        named = !strchr(" \t+-*/%<>=!&|^~,:@;", *text);
    }
    return named;
}

tf_status
cli_pretty(struct cli_out *out, struct rp *rp, const struct rp_value *value,
           uint64_t seq, const struct cli_pretty *how, struct tf_err *err)
{
    struct pretty pretty = {
        .out = out,
        .rp = rp,
        .seq = seq,
        .width = cli_out_columns(out),
        .interrupts = how->interrupts,
        .folds = how->folds_as != NULL,
        .path = RP_BUF_INIT,
        .hint = RP_BUF_INIT,
    };
    if (how->folds_as) {
        bool plain = is_operand(how->folds_as);
        rp_buf_addf(&pretty.path, plain ? "%s" : "(%s)", how->folds_as);
    }
    tf_status status = pretty_value(&pretty, value, 0, 0, err);
    end_line(&pretty);
    rp_buf_release(&pretty.path);
    rp_buf_release(&pretty.hint);
    return status;
}
