/* The columns of `Ops` to changes and values. */
#include "tf_ops.h"

#include <endian.h>
#include <stdlib.h>

#include "tf_limits.h"

/* One loop over all changes, measured: a call for each operand doubles its time. */
#define FAST static inline __attribute__((always_inline))

struct decoder {
    struct tf_cursor column[TF_COL_KINDS];
    struct tf_ops *ops;
    const struct tf_ops_context *context;
    uint64_t frame, object, ref; /* the previous entries of these columns */
    uint32_t value_count;        /* decoded so far */
    const char *fault;
};

static bool
fail(struct decoder *decoder, const char *fault)
{
    decoder->fault = fault;
    return false;
}

FAST bool
take(struct decoder *decoder, enum tf_ops_column column, uint64_t max, uint64_t *ret)
{
    if (!tf_cursor_u64(&decoder->column[column], ret)) {
        return fail(decoder, "a column is too short");
    }
    return *ret <= max || fail(decoder, "a number is too large");
}

/* A delta; the sum is an id. */
FAST bool
take_id(struct decoder *decoder, enum tf_ops_column column, uint64_t *before,
        uint64_t *ret)
{
    uint64_t n;
    if (!tf_cursor_u64(&decoder->column[column], &n)) {
        return fail(decoder, "a column is too short");
    }
    *before += (uint64_t)tf_unzigzag(n);
    *ret = *before;
    return (*ret > 0 && *ret < TF_ID_MAX) || fail(decoder, "an id is out of range");
}

static bool
take_real(struct decoder *decoder, double *ret)
{
    uint64_t bits;
    const uint8_t *at;
    if (!tf_cursor_take(&decoder->column[TF_COL_REAL], sizeof bits, &at)) {
        return fail(decoder, "a column is too short");
    }
    memcpy(&bits, at, sizeof bits);
    bits = le64toh(bits);
    memcpy(ret, &bits, sizeof *ret);
    return true;
}

FAST bool
take_value_operand(struct decoder *decoder, char letter, bool second,
                   struct tf_value *value)
{
    uint64_t n = 0;
    bool ok = true;
    bool elided = value->kind == TF_VAL_ELIDED;
    switch (letter) {
    case 'd':
        ok = take(decoder, TF_COL_INTEGER, UINT64_MAX, &n);
        value->integer = tf_unzigzag(n);
        break;
    case 'r': ok = take_id(decoder, TF_COL_REF, &decoder->ref, &value->ref); break;
    case 'x': ok = take_real(decoder, second ? &value->imag : &value->real); break;
    case 's':
        ok = take(decoder, TF_COL_TEXT, UINT32_MAX, &n)
             && (n < decoder->ops->text_count || fail(decoder, "a text is not there"));
        value->text = (uint32_t)n;
        break;
    case 'n':
        ok = take(decoder, TF_COL_COUNT, elided ? TF_ELIDE_COUNT - 1 : UINT64_MAX, &n);
        if (elided) {
            value->note = (uint8_t)n;
        }
        else {
            value->length = n;
        }
        break;
    case 't':
        ok = take(decoder, TF_COL_TYPE, decoder->context->bounds.type_count, &n);
        value->type_id = (uint32_t)n;
        break;
    default: ok = false; break;
    }
    return ok;
}

/* A kind: an entry of a column that is one byte each, as nearly always (`bytes`). */
FAST bool
take_kind(struct decoder *decoder, enum tf_ops_column column, bool bytes, uint64_t max,
          uint64_t *ret)
{
    if (!bytes) {
        return take(decoder, column, max, ret);
    }
    *ret = *decoder->column[column].at++;
    return *ret <= max || fail(decoder, "a number is too large");
}

FAST bool
take_value(struct decoder *decoder, bool bytes, struct tf_value *value)
{
    uint64_t kind;
    if (!take_kind(decoder, TF_COL_VALUE, bytes, TF_VAL_COUNT - 1, &kind)) {
        return false;
    }
    *value = (struct tf_value){.kind = (uint8_t)kind};
    switch (kind) { /* the frequent ones, without a look at their letters */
    case TF_VAL_UNBOUND:
    case TF_VAL_NONE:
    case TF_VAL_FALSE:
    case TF_VAL_TRUE: return true;
    case TF_VAL_INT: return take_value_operand(decoder, 'd', false, value);
    case TF_VAL_FLOAT: return take_value_operand(decoder, 'x', false, value);
    case TF_VAL_STR: return take_value_operand(decoder, 's', false, value);
    case TF_VAL_REF: return take_value_operand(decoder, 'r', false, value);
    default: break;
    }
    const char *letters = tf_value_letters[kind];
    for (const char *letter = letters; *letter != 0; letter++) {
        if (!take_value_operand(decoder, *letter, letter > letters, value)) {
            return false;
        }
    }
    return true;
}

/* `nth`: how many letters n were there before; an op's meaning of each differs. */
static bool
take_count(struct decoder *decoder, struct tf_op *op, unsigned nth)
{
    uint64_t n;
    bool made = op->kind == TF_OP_NEW || op->kind == TF_OP_IMAGE;
    if (made && nth == 0) {
        bool ok = take(decoder, TF_COL_COUNT, TF_ELIDE_COUNT - 1, &n);
        op->note = (uint8_t)n;
        return ok;
    }
    if (op->kind == TF_OP_FRAME && nth == 1) {
        bool ok = take(decoder, TF_COL_COUNT, TF_EV_THROW, &n);
        op->note = (uint8_t)n;
        return ok && (n >= TF_EV_START || fail(decoder, "no kind of call"));
    }
    if (op->kind == TF_OP_THREAD) {
        bool ok =
            take(decoder, TF_COL_COUNT, decoder->context->bounds.thread_count, &op->id);
        return ok && (op->id > 0 || fail(decoder, "no such thread"));
    }
    return take(decoder, TF_COL_COUNT, UINT64_MAX, &op->count);
}

static bool
take_values_count(struct decoder *decoder, struct tf_op *op, unsigned nth)
{
    uint64_t n,
        left = decoder->ops->value_count - decoder->value_count - op->value_count;
    if (!take(decoder, TF_COL_COUNT, left, &n)) {
        return false;
    }
    op->value_count += (uint32_t)n;
    if (nth == 0 && (op->kind == TF_OP_NEW || op->kind == TF_OP_IMAGE)) {
        op->item_count = (uint32_t)n;
        return true;
    }
    return op->kind == TF_OP_ITEM_SPLICE || n % 2 == 0 || op->kind == TF_OP_ATTR_SPLICE
           || fail(decoder, "an attribute without its value");
}

struct seen {
    unsigned n, values;
};

FAST bool
take_operand(struct decoder *decoder, char letter, struct tf_op *op, struct seen *seen)
{
    const struct tf_id_bounds *bounds = &decoder->context->bounds;
    uint64_t n = 0;
    bool ok;
    switch (letter) {
    case '1': op->value_count = 1; return true;
    case 's': ok = take(decoder, TF_COL_SLOT, TF_SLOTS_MAX - 1, &n); break;
    case 'c': ok = take(decoder, TF_COL_CODE, bounds->code_count, &n) && n > 0; break;
    case 't': ok = take(decoder, TF_COL_TYPE, bounds->type_count, &n) && n > 0; break;
    case 'f': return take_id(decoder, TF_COL_FRAME, &decoder->frame, &op->id);
    case 'o': return take_id(decoder, TF_COL_OBJECT, &decoder->object, &op->id);
    case 'i':
        return take(decoder, TF_COL_INDEX,
                    op->kind == TF_OP_FRAME ? TF_LINE_MAX : UINT64_MAX, &op->index);
    case 'n': return take_count(decoder, op, seen->n++);
    case 'N': return take_values_count(decoder, op, seen->values++);
    default: return fail(decoder, "an operand that is not known");
    }
    op->a = (uint32_t)n;
    return ok || (decoder->fault == NULL ? fail(decoder, "an id is 0") : false);
}

/* The frequent changes, without a look at their letters. */
FAST bool
take_operands(struct decoder *decoder, struct tf_op *op, struct seen *seen)
{
    switch (op->kind) {
    case TF_OP_LOCAL: op->value_count = 1; return take_operand(decoder, 's', op, seen);
    case TF_OP_ENTER: op->value_count = 1; return take_operand(decoder, 'c', op, seen);
    case TF_OP_ARG: op->value_count = 1; return true;
    case TF_OP_ITEM_SET:
    case TF_OP_ATTR_SET:
        op->value_count = 1;
        return take_operand(decoder, 'o', op, seen)
               && take_operand(decoder, 'i', op, seen);
    default: break;
    }
    for (const char *letter = tf_op_letters[op->kind]; *letter != 0; letter++) {
        if (!take_operand(decoder, *letter, op, seen)) {
            return false;
        }
    }
    return true;
}

FAST bool
take_op(struct decoder *decoder, bool bytes, struct tf_op *op)
{
    struct seen seen = {0, 0};
    uint64_t kind;
    if (!take_kind(decoder, TF_COL_OP, bytes, TF_OP_COUNT - 1, &kind)) {
        return false;
    }
    *op = (struct tf_op){.kind = (uint8_t)kind, .value_first = decoder->value_count};
    if (!tf_op_allowed(decoder->context->place, (unsigned)kind)) {
        return fail(decoder, "a change that may not stand there");
    }
    if (!take_operands(decoder, op, &seen)) {
        return false;
    }
    if (op->value_count > decoder->ops->value_count - decoder->value_count) {
        return fail(decoder, "a column is too short");
    }
    for (uint32_t i = 0; i < op->value_count; i++) {
        if (!take_value(decoder, bytes, &decoder->ops->value[decoder->value_count++])) {
            return false;
        }
    }
    return true;
}

FAST bool
take_each(struct decoder *decoder, bool bytes)
{
    struct tf_ops *ops = decoder->ops;
    uint64_t object = decoder->context->first_object,
             frame = decoder->context->first_frame;
    for (uint32_t i = 0; i < ops->op_count; i++) {
        if (!take_op(decoder, bytes, &ops->op[i])) {
            return false;
        }
        if (ops->op[i].kind == TF_OP_NEW) {
            ops->op[i].id = object++;
        }
        else if (ops->op[i].kind == TF_OP_ENTER) {
            ops->op[i].id = frame++;
        }
    }
    for (int i = 0; i < TF_COL_KINDS; i++) {
        if (decoder->column[i].at != decoder->column[i].end) {
            return fail(decoder, "a column is too long");
        }
    }
    if (object - decoder->context->first_object != decoder->context->object_count
        || frame - decoder->context->first_frame != decoder->context->frame_count) {
        return fail(decoder,
                    "it creates another number of objects or frames than it says");
    }
    return true;
}

/* As many kinds as there are entries, so nothing is read beyond a column of bytes. */
static bool
take_all(struct decoder *decoder)
{
    bool bytes =
        tf_cursor_left(&decoder->column[TF_COL_OP]) == decoder->ops->op_count
        && tf_cursor_left(&decoder->column[TF_COL_VALUE]) == decoder->ops->value_count;
    return bytes ? take_each(decoder, true) : take_each(decoder, false);
}

/* First walk: where the columns are, and how many texts there are. */
static bool
find_columns(struct decoder *decoder, struct tf_cursor bytes, size_t *ret_texts)
{
    struct tf_wire wire;
    enum tf_wire_step step;
    *ret_texts = 0;
    while ((step = tf_wire_next(&bytes, &wire)) == TF_WIRE_FIELD) {
        if (wire.number > TF_OPS_TABLE) {
            continue;
        }
        if (wire.type != TF_WIRE_BYTES) {
            return fail(decoder, "a column is not packed");
        }
        if (wire.number == TF_OPS_TABLE) {
            ++*ret_texts;
            continue;
        }
        /* the fields 1 to 13 are the columns, in this order */
        struct tf_cursor *column = &decoder->column[wire.number - 1];
        if (column->at != NULL) {
            return fail(decoder, "a column stands twice");
        }
        *column = wire.bytes;
    }
    return step == TF_WIRE_END || fail(decoder, "a field cannot be read");
}

static void
take_texts(struct tf_ops *ops, struct tf_cursor bytes)
{
    struct tf_wire wire;
    size_t i = 0;
    while (i < ops->text_count && tf_wire_next(&bytes, &wire) == TF_WIRE_FIELD) {
        if (wire.number == TF_OPS_TABLE) {
            ops->text[i++] = (struct tf_text){(const char *)wire.bytes.at,
                                              tf_cursor_left(&wire.bytes)};
        }
    }
}

static tf_status
allocate(struct tf_ops *ops, size_t op_count, size_t value_count, size_t text_count,
         int64_t file_off, size_t *memory_bytes, struct tf_err *err)
{
    size_t bytes = op_count * sizeof *ops->op + value_count * sizeof *ops->value
                   + text_count * sizeof *ops->text;
    if (op_count > TF_OPS_MAX || value_count > TF_VALUES_MAX
        || text_count > TF_VALUES_MAX || bytes > TF_DECODED_BYTES_MAX - *memory_bytes) {
        return tf_err_set(err, TF_ERR_LIMIT, file_off,
                          "the chunk at offset %lld is larger than this program takes",
                          (long long)file_off);
    }
    *memory_bytes += bytes;
    ops->op = malloc(op_count * sizeof *ops->op + 1);
    ops->value = malloc(value_count * sizeof *ops->value + 1);
    ops->text = malloc(text_count * sizeof *ops->text + 1);
    ops->op_count = (uint32_t)op_count;
    ops->value_count = (uint32_t)value_count;
    ops->text_count = (uint32_t)text_count;
    if (ops->op == NULL || ops->value == NULL || ops->text == NULL) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    return TF_OK;
}

void
tf_ops_release(struct tf_ops *ops)
{
    free(ops->op);
    free(ops->value);
    free(ops->text);
    *ops = (struct tf_ops){0};
}

tf_status
tf_ops_decode(struct tf_cursor bytes, int64_t file_off,
              const struct tf_ops_context *context, struct tf_ops *ops,
              size_t *memory_bytes, struct tf_err *err)
{
    struct decoder decoder = {.ops = ops, .context = context};
    size_t text_count;
    tf_status status = TF_OK;
    bool ok = find_columns(&decoder, bytes, &text_count);
    if (ok) {
        status = allocate(ops, tf_cursor_count_varints(decoder.column[TF_COL_OP]),
                          tf_cursor_count_varints(decoder.column[TF_COL_VALUE]),
                          text_count, file_off, memory_bytes, err);
    }
    if (ok && status == TF_OK) {
        take_texts(ops, bytes);
        ok = take_all(&decoder);
    }
    if (!ok) {
        return tf_err_set(err, TF_ERR_DAMAGED, file_off,
                          "damaged recording: changes at offset %lld: %s",
                          (long long)file_off, decoder.fault);
    }
    return status;
}
