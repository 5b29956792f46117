/* The built-in functions and types that an expression may call. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"
#include "rp_unicode.h"

#define ARGS_MAX 16u

struct call {
    struct rp_eval *eval;
    struct rp_value arg[ARGS_MAX];
    unsigned count;
    bool reverse; /* sorted(..., reverse=True) */
    bool is_max;
};

typedef bool (*call_fn)(struct call *call, struct rp_value *ret_value);

/* --- Iteration --- */

static bool
add_copy(struct rp_eval *eval, struct rp_object *list, const struct rp_value *item)
{
    struct rp_value copy;
    rp_value_copy(&copy, item);
    return rp_object_add_item(list, &copy) || rp_eval_memory(eval);
}

static bool
range_items(struct rp_eval *eval, const struct rp_object *range, struct rp_object *list)
{
    struct rp_number n[3];
    for (size_t i = 0; i < 3; i++) {
        if (i >= range->item_count || !rp_number_of(&range->item[i], &n[i])) {
            return rp_eval_fail(eval, "the range is beyond 64 bits");
        }
    }
    int64_t at = n[0].integer, stop = n[1].integer, step = n[2].integer;
    while (step > 0 ? at < stop : step < 0 && at > stop) {
        struct rp_value value;
        rp_value_set_int(&value, at);
        if (list->item_count >= 1000000) {
            return rp_eval_fail(eval, "the range is too long");
        }
        if (!rp_object_add_item(list, &value)) {
            return rp_eval_memory(eval);
        }
        if (__builtin_add_overflow(at, step, &at)) {
            break;
        }
    }
    return true;
}

static bool
text_items(struct rp_eval *eval, const struct rp_value *value, struct rp_object *list)
{
    struct tf_text text = rp_value_bytes(value);
    for (size_t off = 0; off < text.len;) {
        size_t begin = off;
        struct rp_value item = {0};
        if (value->kind == TF_VAL_BYTES) {
            rp_value_set_int(&item, (unsigned char)text.data[off++]);
        }
        else {
            rp_utf8_next(text, &off);
            if (!rp_value_set_text(&item, TF_VAL_STR, text.data + begin, off - begin)) {
                return rp_eval_memory(eval);
            }
        }
        if (!rp_object_add_item(list, &item)) {
            return rp_eval_memory(eval);
        }
    }
    return true;
}

static bool
object_items(struct rp_eval *eval, const struct rp_value *value, struct rp_object *list)
{
    struct rp_object *object;
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    struct rp_run run = rp_object_run(object);
    bool fine = true;
    uint64_t length;
    if (object->category == TF_CAT_RANGE) {
        fine = range_items(eval, object, list);
    }
    else if ((object->category == TF_CAT_STR || object->category == TF_CAT_BYTES
              || object->category == TF_CAT_BYTEARRAY)
             && object->item_count) {
        fine = text_items(eval, &object->item[0], list);
    }
    else if (!rp_object_length(object, &length)) {
        fine = rp_eval_fail(eval, "the value cannot be gone through");
    }
    else {
        for (size_t i = 0; i < run.count && fine; i++) {
            fine = add_copy(eval, list, &object->item[run.first + i * run.stride]);
        }
        list->more = object->more;
    }
    rp_object_release(object);
    return fine;
}

/* `what_for`: RP_OP_IN bears that not all are recorded; anything else does not. */
bool
rp_eval_items(struct rp_eval *eval, const struct rp_value *value, enum rp_op what_for,
              struct rp_object **ret_list)
{
    if (!rp_eval_known(eval, value)) {
        return false;
    }
    struct rp_object *list =
        rp_object_make(rp_builtin_type(TF_CAT_LIST), TF_CAT_LIST, 0);
    if (!list) {
        return rp_eval_memory(eval);
    }
    bool text = value->kind == TF_VAL_STR || value->kind == TF_VAL_BYTES;
    bool fine = text ? text_items(eval, value, list)
                : value->kind == TF_VAL_REF
                    ? object_items(eval, value, list)
                    : rp_eval_fail(eval, "the value cannot be gone through");
    if (fine && list->more && what_for != RP_OP_IN) {
        fine = rp_eval_fail(eval, "not all items are recorded");
    }
    if (!fine) {
        rp_object_release(list);
        return false;
    }
    *ret_list = list;
    return true;
}

/* --- Functions --- */

static bool
call_len(struct call *call, struct rp_value *ret_value)
{
    const struct rp_value *value = &call->arg[0];
    uint64_t length = 0;
    bool has = true;
    if (value->kind == TF_VAL_STR || value->kind == TF_VAL_BYTES
        || value->kind == TF_VAL_STR_CUT || value->kind == TF_VAL_BYTES_CUT) {
        length = rp_text_length(value);
    }
    else if (value->kind == TF_VAL_REF) {
        struct rp_object *object, *items;
        if (!rp_eval_object(call->eval, value, &object)) {
            return false;
        }
        has = rp_object_length(object, &length);
        if (object->category == TF_CAT_RANGE
            && rp_eval_items(call->eval, value, RP_OP_NONE, &items)) {
            length = items->item_count;
            has = true;
            rp_object_release(items);
        }
        rp_object_release(object);
    }
    else {
        has = false;
    }
    if (!has) {
        return call->eval->status == TF_OK && rp_eval_known(call->eval, value)
               && rp_eval_fail(call->eval,
                               "the value has no len() without its own code");
    }
    rp_value_set_int(ret_value, (int64_t)length);
    return true;
}

static bool
call_extreme(struct call *call, struct rp_value *ret_value)
{
    struct rp_object *items = NULL;
    const struct rp_value *item = call->arg;
    size_t count = call->count;
    if (count == 1) {
        if (!rp_eval_items(call->eval, &call->arg[0], RP_OP_NONE, &items)) {
            return false;
        }
        item = items->item;
        count = items->item_count;
    }
    bool fine = count > 0 || rp_eval_fail(call->eval, "there are no items");
    size_t best = 0;
    for (size_t i = 1; i < count && fine; i++) {
        bool better;
        fine = rp_eval_compare(call->eval, call->is_max ? RP_OP_GT : RP_OP_LT, &item[i],
                               &item[best], &better);
        best = fine && better ? i : best;
    }
    if (fine) {
        rp_value_copy(ret_value, &item[best]);
    }
    rp_object_release(items);
    return fine;
}

static bool
call_max(struct call *call, struct rp_value *ret_value)
{
    call->is_max = true;
    return call_extreme(call, ret_value);
}

static bool
call_sum(struct call *call, struct rp_value *ret_value)
{
    struct rp_object *items;
    struct rp_value total;
    if (!rp_eval_items(call->eval, &call->arg[0], RP_OP_NONE, &items)) {
        return false;
    }
    if (call->count > 1) {
        rp_value_copy(&total, &call->arg[1]);
    }
    else {
        rp_value_set_int(&total, 0);
    }
    bool fine = true;
    for (size_t i = 0; i < items->item_count && fine; i++) {
        struct rp_value next;
        fine = rp_eval_binary(call->eval, RP_OP_ADD, &total, &items->item[i], &next);
        if (fine) {
            rp_value_release(&total);
            total = next;
        }
    }
    rp_object_release(items);
    if (!fine) {
        rp_value_release(&total);
        return false;
    }
    *ret_value = total;
    return true;
}

static bool
any_or_all(struct call *call, bool any, struct rp_value *ret_value)
{
    struct rp_object *items;
    if (!rp_eval_items(call->eval, &call->arg[0], RP_OP_NONE, &items)) {
        return false;
    }
    bool truth = !any, fine = true;
    for (size_t i = 0; i < items->item_count && fine && truth != any; i++) {
        fine = rp_eval_truth(call->eval, &items->item[i], &truth);
    }
    rp_object_release(items);
    rp_value_set_bool(ret_value, truth);
    return fine;
}

static bool
call_any(struct call *call, struct rp_value *ret_value)
{
    return any_or_all(call, true, ret_value);
}

static bool
call_all(struct call *call, struct rp_value *ret_value)
{
    return any_or_all(call, false, ret_value);
}

static bool
call_repr(struct call *call, struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    bool fine =
        rp_eval_known(call->eval, &call->arg[0])
        && rp_eval_status(call->eval,
                          rp_value_text(call->eval->rp, &call->arg[0], call->eval->seq,
                                        NULL, &buf, NULL, NULL, call->eval->err))
        && (rp_value_set_text(ret_value, TF_VAL_STR, buf.data ? buf.data : "", buf.len)
            || rp_eval_memory(call->eval));
    rp_buf_release(&buf);
    return fine;
}

/* Types whose str() is not worked out here: it is neither repr() nor in the recording. */
static bool
has_str(struct rp_eval *eval, const struct rp_value *value)
{
    struct rp_object *object;
    if (value->kind != TF_VAL_REF) {
        return rp_eval_known(eval, value);
    }
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    unsigned category = object->category;
    bool own = object->type->flags & (TF_TYPE_OWN_STR | TF_TYPE_OWN_REPR)
               || category == TF_CAT_INSTANCE || category == TF_CAT_OPAQUE
               || category == TF_CAT_ENUM || category == TF_CAT_FLAG
               || (category >= TF_CAT_DATE && category <= TF_CAT_TIMEZONE)
               || category == TF_CAT_UUID || category == TF_CAT_ARRAY;
    rp_object_release(object);
    return !own
           || rp_eval_fail(eval,
                           "str() of it would need its own code; repr() shows it");
}

static bool
call_str(struct call *call, struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    bool fine = call->count == 0 || has_str(call->eval, &call->arg[0]);
    fine =
        fine
        && (call->count == 0
            || rp_eval_status(call->eval, rp_value_str(call->eval->rp, &call->arg[0],
                                                       call->eval->seq, NULL, &buf,
                                                       call->eval->err)))
        && (rp_value_set_text(ret_value, TF_VAL_STR, buf.data ? buf.data : "", buf.len)
            || rp_eval_memory(call->eval));
    rp_buf_release(&buf);
    return fine;
}

static bool
call_bool(struct call *call, struct rp_value *ret_value)
{
    bool truth = false;
    if (call->count && !rp_eval_truth(call->eval, &call->arg[0], &truth)) {
        return false;
    }
    rp_value_set_bool(ret_value, truth);
    return true;
}

static bool
call_abs(struct call *call, struct rp_value *ret_value)
{
    struct rp_number number;
    const struct rp_value *value = &call->arg[0];
    if (value->kind == TF_VAL_COMPLEX) {
        rp_value_set_float(ret_value, hypot(value->real, value->imag));
        return true;
    }
    if (!rp_number_of(value, &number)) {
        return rp_eval_known(call->eval, value)
               && rp_eval_fail(call->eval, "abs() needs a number of up to 64 bits");
    }
    if (number.is_float) {
        rp_value_set_float(ret_value, fabs(number.real));
        return true;
    }
    return number.integer < 0 ? rp_eval_unary(call->eval, RP_OP_NEG, value, ret_value)
                              : (rp_value_set_int(ret_value, number.integer), true);
}

/* The text of a number without blanks around it and underscores between digits. */
static bool
number_text(const struct rp_value *value, char *out, size_t max)
{
    struct tf_text text = rp_value_bytes(value);
    size_t count = 0, first = 0, end = text.len;
    while (first < end && strchr(" \t\n\r\f\v", text.data[first])) {
        first++;
    }
    while (end > first && strchr(" \t\n\r\f\v", text.data[end - 1])) {
        end--;
    }
    for (size_t i = first; i < end && count + 1 < max; i++) {
        bool between = text.data[i] == '_' && i > first && i + 1 < end
                       && text.data[i - 1] != '_' && text.data[i + 1] != '_';
        if (!between) {
            out[count++] = text.data[i];
        }
    }
    out[count] = '\0';
    return first < end && end - first < max;
}

static bool
int_of_text(struct call *call, struct rp_value *ret_value)
{
    char text[80], *end;
    if (number_text(&call->arg[0], text, sizeof text)
        && strspn(text, "+-0123456789") == strlen(text)) {
        long long n = strtoll(text, &end, 10);
        if (*end == '\0' && n != INT64_MAX && n != INT64_MIN) {
            rp_value_set_int(ret_value, n);
            return true;
        }
    }
    return rp_eval_fail(call->eval, "the text is no int of up to 64 bits");
}

static bool
call_int(struct call *call, struct rp_value *ret_value)
{
    struct rp_number number;
    if (call->count == 0) {
        rp_value_set_int(ret_value, 0);
        return true;
    }
    if (call->arg[0].kind == TF_VAL_STR) {
        return int_of_text(call, ret_value);
    }
    if (call->arg[0].kind == TF_VAL_BIGINT) {
        rp_value_copy(ret_value, &call->arg[0]);
        return true;
    }
    if (!rp_number_of(&call->arg[0], &number)) {
        return rp_eval_known(call->eval, &call->arg[0])
               && rp_eval_fail(call->eval, "int() needs a number or a str");
    }
    if (number.is_float && !(fabs(number.real) < 9.2e18)) {
        return rp_eval_fail(call->eval, "the float is too large for 64 bits, or none");
    }
    rp_value_set_int(ret_value,
                     number.is_float ? (int64_t)number.real : number.integer);
    return true;
}

static bool
call_float(struct call *call, struct rp_value *ret_value)
{
    struct rp_number number;
    char text[400], *end;
    if (call->count == 0) {
        rp_value_set_float(ret_value, 0);
        return true;
    }
    if (call->arg[0].kind == TF_VAL_STR && number_text(&call->arg[0], text, sizeof text)
        && !strpbrk(text, "xX")) {
        double real = strtod(text, &end);
        if (*end == '\0') {
            rp_value_set_float(ret_value, real);
            return true;
        }
    }
    if (!rp_number_of(&call->arg[0], &number)) {
        return rp_eval_known(call->eval, &call->arg[0])
               && rp_eval_fail(call->eval,
                               "float() needs a number of up to 64 bits or its text");
    }
    rp_value_set_float(ret_value, number.real);
    return true;
}

static bool
call_sequence(struct call *call, enum tf_category category, struct rp_value *ret_value)
{
    struct rp_object *items, *result;
    if (call->count == 0) {
        items = rp_object_make(rp_builtin_type(TF_CAT_LIST), TF_CAT_LIST, 0);
        if (!items) {
            return rp_eval_memory(call->eval);
        }
    }
    else if (!rp_eval_items(call->eval, &call->arg[0], RP_OP_NONE, &items)) {
        return false;
    }
    result = items;
    result->category = (uint8_t)category;
    result->type = rp_builtin_type(category);
    rp_value_set_object(ret_value, result);
    return true;
}

static bool
call_list(struct call *call, struct rp_value *ret_value)
{
    return call_sequence(call, TF_CAT_LIST, ret_value);
}

static bool
call_tuple(struct call *call, struct rp_value *ret_value)
{
    return call_sequence(call, TF_CAT_TUPLE, ret_value);
}

/* Merge sort: stable, as sorted() is; comparisons may fail. */
static bool
merge(struct call *call, struct rp_value *from, struct rp_value *to, size_t begin,
      size_t middle, size_t end)
{
    size_t left = begin, right = middle;
    for (size_t i = begin; i < end; i++) {
        bool take_right = left >= middle;
        if (left < middle && right < end) {
            const struct rp_value *a = call->reverse ? &from[left] : &from[right];
            const struct rp_value *b = call->reverse ? &from[right] : &from[left];
            if (!rp_eval_compare(call->eval, RP_OP_LT, a, b, &take_right)) {
                return false;
            }
        }
        to[i] = take_right ? from[right++] : from[left++];
    }
    return true;
}

static bool
sort_items(struct call *call, struct rp_object *list)
{
    size_t count = list->item_count;
    struct rp_value *spare = malloc((count + 1) * sizeof *spare);
    if (!spare) {
        return rp_eval_memory(call->eval);
    }
    bool fine = true;
    for (size_t width = 1; width < count && fine; width *= 2) {
        memcpy(spare, list->item, count * sizeof *spare);
        for (size_t begin = 0; begin < count && fine; begin += 2 * width) {
            size_t middle = begin + width < count ? begin + width : count;
            size_t end = begin + 2 * width < count ? begin + 2 * width : count;
            fine = merge(call, spare, list->item, begin, middle, end);
        }
        if (!fine) { /* every value once again */
            memcpy(list->item, spare, count * sizeof *spare);
        }
    }
    free(spare);
    return fine;
}

static bool
call_sorted(struct call *call, struct rp_value *ret_value)
{
    if (!call_sequence(call, TF_CAT_LIST, ret_value)) {
        return false;
    }
    if (sort_items(call, ret_value->object)) {
        return true;
    }
    rp_value_release(ret_value);
    return false;
}

/* --- Types --- */

static bool
make_class(struct rp_eval *eval, struct tf_text module, struct tf_text name,
           struct rp_value *ret_value)
{
    struct rp_object *class =
        rp_object_make(rp_builtin_type(TF_CAT_CLASS), TF_CAT_CLASS, 2);
    struct rp_value text = {0};
    bool fine = class && rp_value_set_text(&text, TF_VAL_STR, module.data, module.len)
                && rp_object_add_item(class, &text)
                && rp_value_set_text(&text, TF_VAL_STR, name.data, name.len)
                && rp_object_add_item(class, &text);
    if (!fine) {
        rp_object_release(class);
        return rp_eval_memory(eval);
    }
    rp_value_set_object(ret_value, class);
    return true;
}

static bool
call_type(struct call *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    if (!rp_eval_known(eval, &call->arg[0]) && call->arg[0].kind != TF_VAL_STR_CUT) {
        return false;
    }
    if (call->arg[0].kind == TF_VAL_REF) {
        struct rp_object *object;
        if (!rp_eval_object(eval, &call->arg[0], &object)) {
            return false;
        }
        bool fine =
            make_class(eval, object->type->module, object->type->name, ret_value);
        rp_object_release(object);
        return fine;
    }
    struct rp_buf name = RP_BUF_INIT;
    bool fine = rp_eval_type_name(eval, &call->arg[0], &name)
                && make_class(eval, (struct tf_text){"builtins", 8},
                              (struct tf_text){name.data ? name.data : "", name.len},
                              ret_value);
    rp_buf_release(&name);
    return fine;
}

static bool
is_type(const struct tf_def_type *type, struct tf_text module, struct tf_text name)
{
    return rp_text_equal(type->name, name) && rp_text_equal(type->module, module);
}

static bool
instance_of(struct rp_eval *eval, const struct rp_value *value, struct tf_text module,
            struct tf_text name, bool *ret_yes)
{
    *ret_yes = rp_text_is(module, "builtins") && rp_text_is(name, "object");
    if (*ret_yes) {
        return true;
    }
    if (value->kind != TF_VAL_REF) {
        struct rp_buf type = RP_BUF_INIT;
        bool fine = rp_eval_type_name(eval, value, &type);
        *ret_yes =
            fine && rp_text_is(module, "builtins")
            && (rp_text_equal((struct tf_text){type.data, type.len}, name)
                || (rp_text_is(name, "int")
                    && (value->kind == TF_VAL_TRUE || value->kind == TF_VAL_FALSE)));
        rp_buf_release(&type);
        return fine;
    }
    struct rp_object *object;
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    *ret_yes = is_type(object->type, module, name);
    for (uint32_t i = 0; i < object->type->base_count && !*ret_yes; i++) {
        *ret_yes = is_type(rp_type(eval->rp, object->type->base[i]), module, name);
    }
    rp_object_release(object);
    return true;
}

static bool
check_instance(struct rp_eval *eval, const struct rp_value *value,
               const struct rp_value *class, bool *ret_yes)
{
    struct rp_object *object = NULL;
    if (class->kind != TF_VAL_REF || !rp_eval_object(eval, class, &object)) {
        return rp_eval_fail(eval, "isinstance() needs a type or a tuple of types");
    }
    bool fine = true;
    if (object->category == TF_CAT_TUPLE) {
        *ret_yes = false;
        for (size_t i = 0; i < object->item_count && fine && !*ret_yes; i++) {
            fine = object->item[i].kind == TF_VAL_REF && ++eval->depth < 200
                   && check_instance(eval, value, &object->item[i], ret_yes);
        }
    }
    else if (object->category == TF_CAT_CLASS && object->item_count >= 2) {
        fine = instance_of(eval, value, rp_value_bytes(&object->item[0]),
                           rp_value_bytes(&object->item[1]), ret_yes);
    }
    else {
        fine = rp_eval_fail(eval, "isinstance() needs a type or a tuple of types");
    }
    rp_object_release(object);
    return fine
           || (eval->status == TF_OK
               && rp_eval_fail(eval, "isinstance() needs a type or a tuple of types"));
}

static bool
call_isinstance(struct call *call, struct rp_value *ret_value)
{
    bool yes;
    if (!rp_eval_known(call->eval, &call->arg[0])
        || !check_instance(call->eval, &call->arg[0], &call->arg[1], &yes)) {
        return false;
    }
    rp_value_set_bool(ret_value, yes);
    return true;
}

/* Our own identity: the number behind '#'. */
static bool
call_id(struct call *call, struct rp_value *ret_value)
{
    if (call->arg[0].kind != TF_VAL_REF || !call->arg[0].ref) {
        return rp_eval_fail(call->eval, "only recorded objects have an identity");
    }
    rp_value_set_int(ret_value, (int64_t)call->arg[0].ref);
    return true;
}

/* --- Which there are --- */

static const struct function {
    const char *name;
    call_fn run;
    unsigned min, max;
    bool type;
} functions[] = {
    {"len", call_len, 1, 1, false},        {"min", call_extreme, 1, ARGS_MAX, false},
    {"max", call_max, 1, ARGS_MAX, false}, {"sum", call_sum, 1, 2, false},
    {"any", call_any, 1, 1, false},        {"all", call_all, 1, 1, false},
    {"type", call_type, 1, 1, true},       {"isinstance", call_isinstance, 2, 2, false},
    {"repr", call_repr, 1, 1, false},      {"str", call_str, 0, 1, true},
    {"sorted", call_sorted, 1, 1, false},  {"abs", call_abs, 1, 1, false},
    {"int", call_int, 0, 1, true},         {"float", call_float, 0, 1, true},
    {"bool", call_bool, 0, 1, true},       {"list", call_list, 0, 1, true},
    {"tuple", call_tuple, 0, 1, true},     {"id", call_id, 1, 1, false},
};

/* Types that can be named but not called. */
static const char *const types[] = {"dict",   "set",       "frozenset",
                                    "bytes",  "bytearray", "complex",
                                    "object", "range",     "slice"};

bool
rp_expr_is_builtin(struct tf_text name)
{
    bool known = false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        known |= rp_text_is(name, types[i]);
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        known |= rp_text_is(name, functions[i].name);
    }
    return known;
}

bool
rp_eval_builtin(struct rp_eval *eval, struct tf_text name, struct rp_value *ret_value)
{
    bool type = false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        type |= rp_text_is(name, types[i]);
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        type |= functions[i].type && rp_text_is(name, functions[i].name);
    }
    return type && make_class(eval, (struct tf_text){"builtins", 8}, name, ret_value);
}

static bool
eval_keyword(struct call *call, const struct rp_node *node)
{
    struct rp_value value;
    if (!rp_text_is(node->text, "reverse")) {
        return rp_eval_fail(call->eval, "the argument '%.*s' is not supported",
                            (int)(node->text.len < 60 ? node->text.len : 60),
                            node->text.data);
    }
    if (!rp_eval_node(call->eval, node->a, &value)) {
        return false;
    }
    bool fine = rp_eval_truth(call->eval, &value, &call->reverse);
    rp_value_release(&value);
    return fine;
}

static bool
eval_arguments(struct call *call, const struct rp_node *node)
{
    const struct rp_expr *expr = call->eval->expr;
    for (uint32_t i = node->list; i != RP_NONE; i = expr->node[i].next) {
        if (expr->node[i].kind == RP_NODE_KEYWORD) {
            if (!eval_keyword(call, &expr->node[i])) {
                return false;
            }
            continue;
        }
        if (call->count == ARGS_MAX) {
            return rp_eval_fail(call->eval, "too many arguments");
        }
        if (!rp_eval_node(call->eval, i, &call->arg[call->count])) {
            return false;
        }
        call->count++;
    }
    return true;
}

static const struct function *
function_of(const struct rp_node *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (name->kind == RP_NODE_NAME && rp_text_is(name->text, functions[i].name)) {
            return &functions[i];
        }
    }
    return NULL;
}

bool
rp_eval_call(struct rp_eval *eval, const struct rp_node *node,
             struct rp_value *ret_value)
{
    const struct rp_node *name = &eval->expr->node[node->a];
    const struct function *function = function_of(name);
    struct rp_value shadow;
    bool bound = function
                 && (eval->lookup ? eval->lookup->variable(eval->lookup->ctx,
                                                           name->text, &shadow, NULL)
                                  : rp_variable(eval->rp, eval->seq, eval->frame,
                                                name->text, &shadow, NULL))
                        == TF_OK;
    if (bound) {
        rp_value_release(&shadow);
    }
    if (!function || bound) {
        return rp_eval_fail(eval,
                            "the program's code is not run: only built-in functions "
                            "such as len, max, sorted can be called");
    }
    struct call call = {.eval = eval};
    bool fine = eval_arguments(&call, node);
    eval->column = node->column;
    if (fine && (call.count < function->min || call.count > function->max)) {
        fine = rp_eval_fail(eval, "%s() takes %u to %u arguments", function->name,
                            function->min, function->max);
    }
    fine = fine && function->run(&call, ret_value);
    while (call.count) {
        rp_value_release(&call.arg[--call.count]);
    }
    return fine;
}
