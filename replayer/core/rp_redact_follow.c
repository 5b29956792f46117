/* Which name a value stands under: the slot of the frame that is on top, the key beside it,
 * the attribute, the field. */
#include "rp_redact.h"

#include <stdlib.h>
#include <string.h>

static bool
is_secret_text(const struct rp_redactor *redactor, struct tf_text text)
{
    return tf_rules_name(redactor->rules, text.data, text.len);
}

static bool
is_secret_value(const struct rp_redactor *redactor, const struct tf_ops *ops,
                const struct tf_value *value)
{
    return (value->kind == TF_VAL_STR || value->kind == TF_VAL_BYTES)
           && is_secret_text(redactor, ops->text[value->text]);
}

/* --- Stacks of code objects --- */

static struct rp_redact_stack *
stack_at(struct rp_redactor *redactor, uint32_t thread)
{
    uint32_t idx = rp_map_get(&redactor->stack_of, thread);
    if (idx != RP_NONE) {
        return &redactor->stack[idx];
    }
    struct rp_redact_stack *more =
        realloc(redactor->stack, (redactor->stack_count + 1) * sizeof *more);
    if (!more) {
        redactor->failed = true;
        return NULL;
    }
    redactor->stack = more;
    more[redactor->stack_count] = (struct rp_redact_stack){.thread = thread};
    if (!rp_map_put(&redactor->stack_of, thread, (uint32_t)redactor->stack_count)) {
        redactor->failed = true;
        return NULL;
    }
    return &redactor->stack[redactor->stack_count++];
}

static void
push(struct rp_redactor *redactor, uint32_t thread, uint32_t code)
{
    struct rp_redact_stack *stack = stack_at(redactor, thread);
    if (stack && stack->count == stack->cap) {
        size_t cap = stack->cap ? stack->cap * 2 : 64;
        uint32_t *more = realloc(stack->code, cap * sizeof *more);
        if (!more) {
            redactor->failed = true;
            return;
        }
        stack->code = more;
        stack->cap = cap;
    }
    if (stack) {
        stack->code[stack->count++] = code;
    }
}

static void
pop(struct rp_redactor *redactor, uint32_t thread)
{
    struct rp_redact_stack *stack = stack_at(redactor, thread);
    if (stack && stack->count) {
        stack->count--;
    }
}

size_t
rp_redact_depth(struct rp_redactor *redactor, uint32_t thread)
{
    const struct rp_redact_stack *stack = stack_at(redactor, thread);
    return stack ? stack->count : 0;
}

static const struct tf_def_code *
top_code(struct rp_redactor *redactor, uint32_t thread)
{
    const struct rp_redact_stack *stack = stack_at(redactor, thread);
    return rp_code(redactor->rp,
                   stack && stack->count ? stack->code[stack->count - 1] : 0);
}

static void
clear_stacks(struct rp_redactor *redactor)
{
    for (size_t i = 0; i < redactor->stack_count; i++) {
        redactor->stack[i].count = 0;
    }
}

void
rp_redact_event(struct rp_redactor *redactor, uint32_t thread, uint8_t kind)
{
    if (rp_kind_is_return(kind)) {
        pop(redactor, thread);
    }
}

/* --- Flags of items --- */

static struct rp_redact_flags *
flags_of(struct rp_redactor *redactor, uint64_t id, bool make)
{
    uint32_t idx = rp_map_get(&redactor->flags_of, id);
    if (idx != RP_NONE || !make) {
        return idx == RP_NONE ? NULL : &redactor->flags[idx];
    }
    if (redactor->flags_count == redactor->flags_cap) {
        size_t cap = redactor->flags_cap * 2 + 16;
        void *more = realloc(redactor->flags, cap * sizeof *redactor->flags);
        if (!more) {
            redactor->failed = true;
            return NULL;
        }
        redactor->flags = more;
        redactor->flags_cap = cap;
    }
    if (!rp_map_put(&redactor->flags_of, id, (uint32_t)redactor->flags_count)) {
        redactor->failed = true;
        return NULL;
    }
    redactor->flags[redactor->flags_count] = (struct rp_redact_flags){0};
    return &redactor->flags[redactor->flags_count++];
}

/* As a splice does: takes `gone` away at `at` and puts `come` there. */
static void
splice(struct rp_redactor *redactor, uint8_t **list, size_t *count, size_t at,
       size_t gone, const uint8_t *flag, size_t come)
{
    size_t limit = (size_t)1 << 26;
    if (at > limit || come > limit) {
        return;
    }
    size_t old = *count > at ? *count : at;
    gone = at + gone < old ? gone : old - at;
    uint8_t *more = realloc(*list, old + come + 1);
    if (!more) {
        redactor->failed = true;
        return;
    }
    memset(more + *count, 0, old - *count);
    memmove(more + at + come, more + at + gone, old - at - gone);
    if (come) {
        memcpy(more + at, flag, come);
    }
    *list = more;
    *count = old + come - gone;
}

static bool
flag_at(const uint8_t *list, size_t count, uint64_t at)
{
    return list && at < count && list[at];
}

void
rp_redact_restart(struct rp_redactor *redactor)
{
    for (size_t i = 0; i < redactor->flags_count; i++) {
        free(redactor->flags[i].item);
        free(redactor->flags[i].attr);
    }
    redactor->flags_count = 0;
    rp_map_release(&redactor->flags_of);
    rp_ids_release(&redactor->dicts);
    clear_stacks(redactor);
}

/* --- Values of a change --- */

static void
take(struct rp_redactor *redactor, const struct tf_ops *ops, const struct tf_op *op,
     uint32_t k, struct rp_redact_place place)
{
    redactor->take(redactor, ops, &ops->value[op->value_first + k], &place);
}

/* Pairs of name and value, from `index` of a list that has them so. */
static void
take_pairs(struct rp_redactor *redactor, const struct tf_ops *ops,
           const struct tf_op *op, uint32_t first, uint32_t end, uint64_t index,
           bool attrs, bool replaces)
{
    struct rp_redact_flags *flags = flags_of(redactor, op->id, false);
    uint8_t *fresh = calloc((size_t)(end - first) + 1, 1);
    bool any = flags != NULL, next = false;
    if (!fresh) {
        redactor->failed = true;
        return;
    }
    for (uint32_t k = first; k < end; k++) {
        uint64_t at = index + (k - first);
        bool is_value = at & 1, secret = false;
        if (is_value) {
            secret = k > first ? next
                     : flags   ? (attrs ? flag_at(flags->attr, flags->attr_count, at)
                                        : flag_at(flags->item, flags->item_count, at))
                               : false;
            fresh[k - first] = secret;
            any |= secret;
        }
        else {
            next = is_secret_value(redactor, ops, &ops->value[op->value_first + k]);
        }
        take(redactor, ops, op, k,
             (struct rp_redact_place){
                 .holder = op->id, .secret = secret, .name = !is_value});
    }
    flags = any ? flags_of(redactor, op->id, true) : NULL;
    if (flags) {
        uint8_t **list = attrs ? &flags->attr : &flags->item;
        size_t *count = attrs ? &flags->attr_count : &flags->item_count;
        splice(redactor, list, count, replaces ? 0 : (size_t)index,
               replaces ? *count
               : op->kind == TF_OP_ITEM_SET || op->kind == TF_OP_ATTR_SET
                   ? 1
                   : (size_t)op->count,
               fresh, end - first);
        if (end == first + 1 && !(index & 1) && *count > index + 1) {
            (*list)[index + 1] = next; /* a key alone was replaced */
        }
    }
    free(fresh);
}

static bool
has_named_parts(unsigned category)
{
    switch (category) {
    case TF_CAT_LIST:
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE:
    case TF_CAT_SET:
    case TF_CAT_FROZENSET:
    case TF_CAT_DEQUE:
    case TF_CAT_CELL:
    case TF_CAT_PARTIAL:
    case TF_CAT_METHOD:
    case TF_CAT_INT:
    case TF_CAT_FLOAT: return false;
    default: return true;
    }
}

static bool
has_secret_default(struct rp_redactor *redactor, const struct tf_value *code_id)
{
    if (code_id->kind != TF_VAL_INT || code_id->integer <= 0) {
        return false;
    }
    const struct tf_def_code *code = rp_code(redactor->rp, (uint32_t)code_id->integer);
    bool secret = false;
    for (uint32_t i = 0; i < code->arg_count && i < code->slot_count; i++) {
        secret |= is_secret_text(redactor, code->slot[i]);
    }
    return secret;
}

/* Items that stand by their place. */
static void
take_items(struct rp_redactor *redactor, const struct tf_ops *ops,
           const struct tf_op *op, const struct tf_def_type *type)
{
    const struct tf_value *item = &ops->value[op->value_first];
    for (uint32_t k = 0; k < op->item_count; k++) {
        bool array =
            type->category == TF_CAT_ARRAY || type->category == TF_CAT_MEMORYVIEW;
        struct rp_redact_place place = {
            .holder = op->id,
            .name = array ? k < 2 : has_named_parts(type->category),
            .item = !has_named_parts(type->category) || (array && k >= 2)};
        switch (type->category) {
        case TF_CAT_TUPLE:
            place.secret = op->item_count == 2 && k == 1
                           && is_secret_value(redactor, ops, &item[0]);
            break;
        case TF_CAT_NAMEDTUPLE:
            place.secret =
                k < type->field_count && is_secret_text(redactor, type->field[k]);
            break;
        case TF_CAT_ENUM:
        case TF_CAT_FLAG:
            place.secret = k == 1 && is_secret_value(redactor, ops, &item[0]);
            place.name = k == 0;
            break;
        case TF_CAT_FUNCTION:
            place.secret = k == 3 && has_secret_default(redactor, &item[2]);
            break;
        default: break;
        }
        take(redactor, ops, op, k, place);
    }
}

static void
take_image(struct rp_redactor *redactor, const struct tf_ops *ops,
           const struct tf_op *op)
{
    const struct tf_def_type *type = rp_type(redactor->rp, op->a);
    bool pairs =
        rp_category_is_dict(type->category) || type->category == TF_CAT_NAMESPACE;
    if (op->a <= redactor->rp->facts.type_count && redactor->type_secret[op->a]) {
        rp_ids_add(&redactor->forced, op->id);
    }
    if (pairs) {
        rp_ids_add(&redactor->dicts, op->id);
        take_pairs(redactor, ops, op, 0, op->item_count, 0, false, true);
    }
    else {
        take_items(redactor, ops, op, type);
    }
    take_pairs(redactor, ops, op, op->item_count, op->value_count, 0, true, true);
}

static void
take_slot(struct rp_redactor *redactor, uint32_t thread, const struct tf_ops *ops,
          const struct tf_op *op)
{
    const struct tf_def_code *code = top_code(redactor, thread);
    bool secret =
        op->a < code->slot_count && is_secret_text(redactor, code->slot[op->a]);
    take(redactor, ops, op, 0, (struct rp_redact_place){.secret = secret});
}

void
rp_redact_op(struct rp_redactor *redactor, uint32_t thread, const struct tf_ops *ops,
             const struct tf_op *op)
{
    const struct rp_redact_place plain = {.holder = 0};
    switch (op->kind) {
    case TF_OP_LOCAL: take_slot(redactor, thread, ops, op); break;
    case TF_OP_ENTER:
    case TF_OP_RESUME:
    case TF_OP_RESUME_FULL:
        push(redactor, thread, op->a);
        take(redactor, ops, op, 0, plain);
        break;
    case TF_OP_LEAVE: pop(redactor, thread); break;
    case TF_OP_NEW:
    case TF_OP_IMAGE: take_image(redactor, ops, op); break;
    case TF_OP_ATTR_SET:
    case TF_OP_ATTR_SPLICE:
        take_pairs(redactor, ops, op, 0, op->value_count, op->index, true, false);
        break;
    case TF_OP_ITEM_SET:
    case TF_OP_ITEM_SPLICE:
        if (rp_ids_has(&redactor->dicts, op->id)) {
            take_pairs(redactor, ops, op, 0, op->value_count, op->index, false, false);
            break;
        }
        for (uint32_t k = 0; k < op->value_count; k++) {
            take(redactor, ops, op, k,
                 (struct rp_redact_place){.holder = op->id, .item = true});
        }
        break;
    case TF_OP_ARG: {
        const struct tf_def_code *code = top_code(redactor, thread);
        take(redactor, ops, op, 0,
             (struct rp_redact_place){.secret = is_secret_text(redactor, code->name)
                                                && ops->value[op->value_first].kind
                                                       != TF_VAL_REF});
        break;
    }
    case TF_OP_MARK:
        take(redactor, ops, op, 0, (struct rp_redact_place){.name = true});
        break;
    default: break;
    }
}

void
rp_redact_keyframe(struct rp_redactor *redactor, const struct tf_ops *keyframe)
{
    uint32_t thread = 0;
    clear_stacks(redactor);
    for (uint32_t i = 0; i < keyframe->op_count; i++) {
        const struct tf_op *op = &keyframe->op[i];
        if (op->kind == TF_OP_THREAD) {
            thread = (uint32_t)op->id;
        }
        else if (op->kind == TF_OP_FRAME) {
            push(redactor, thread, op->a);
        }
    }
}
