/* How the objects of each category are written: repr() as CPython writes it for the
 * built-in types (Objects/, Modules/_datetimemodule.c, Lib/collections, Lib/enum
 * ...; tests/e2e/test_rp_repr.py compares with the Python at hand), ours for the rest. */
#include "rp_text.h"

#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"
#include "rp_scalar.h"

/* --- Parts in a row: range, slice, date ... --- */

static const struct rp_value *
next_parts(struct rp_text_job *job, struct rp_text_frame *frame, size_t first,
           size_t count)
{
    if (frame->stage == 0) {
        frame->stage = 1;
        rp_text_add_before(job, frame);
    }
    if (frame->idx >= count) {
        return NULL;
    }
    size_t at = first + frame->idx;
    const char *name = rp_part_name(frame->object->category, at);
    rp_buf_add_string(job->out, frame->idx ? ", " : "");
    rp_path_reset(job, frame);
    rp_path_addf(job, ".%s", name ? name : "?");
    frame->idx++;
    return rp_text_item(frame->object, at);
}

static const struct rp_value *
end_parts(struct rp_text_job *job, const struct rp_text_frame *frame,
          const struct rp_value *child)
{
    if (!child) {
        rp_text_add_after(job, frame, false);
    }
    return child;
}

static const struct rp_value *
next_one(struct rp_text_job *job, struct rp_text_frame *frame)
{
    frame->count = 1;
    return end_parts(job, frame, next_parts(job, frame, 0, 1));
}

static const struct rp_value *
next_three(struct rp_text_job *job, struct rp_text_frame *frame)
{
    return end_parts(job, frame, next_parts(job, frame, 0, 3));
}

static const struct rp_value *
next_range(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *step = rp_text_item(frame->object, 2);
    bool one = step->kind == TF_VAL_INT && step->integer == 1;
    return end_parts(job, frame, next_parts(job, frame, 0, one ? 2 : 3));
}

static bool
is_zero(const struct rp_object *object, size_t idx)
{
    const struct rp_value *value = rp_text_item(object, idx);
    return value->kind == TF_VAL_INT && value->integer == 0;
}

/* Seconds and microseconds are left out when they are 0; `first` is the minute's place. */
static size_t
time_parts(const struct rp_object *object, size_t minute)
{
    return minute
           + (!is_zero(object, minute + 2)   ? 3
              : !is_zero(object, minute + 1) ? 2
                                             : 1);
}

/* datetime and time: `, fold=1, tzinfo=...` (_datetimemodule.c, append_keyword_*: time puts
 * tzinfo first). */
static const struct rp_value *
next_time(struct rp_text_job *job, struct rp_text_frame *frame)
{
    bool full = frame->object->category == TF_CAT_DATETIME;
    size_t minute = full ? 4 : 1, fold = full ? 7 : 4, tzinfo = fold + 1;
    if (frame->stage < 2) {
        const struct rp_value *child =
            next_parts(job, frame, 0, time_parts(frame->object, minute));
        if (child) {
            return child;
        }
        frame->stage = 2;
        bool folded = !is_zero(frame->object, fold);
        if (folded && full) {
            rp_buf_add_string(job->out, ", fold=1");
        }
        if (rp_text_item(frame->object, tzinfo)->kind != TF_VAL_NONE) {
            rp_buf_add_string(job->out, ", tzinfo=");
            rp_path_reset(job, frame);
            rp_path_addf(job, ".tzinfo");
            return rp_text_item(frame->object, tzinfo);
        }
    }
    if (!full && !is_zero(frame->object, fold)) {
        rp_buf_add_string(job->out, ", fold=1");
    }
    rp_text_add_after(job, frame, false);
    return NULL;
}

static const struct rp_value *
next_timedelta(struct rp_text_job *job, struct rp_text_frame *frame)
{
    static const char *const names[] = {"days=", "seconds=", "microseconds="};
    rp_text_add_before(job, frame);
    bool any = false;
    for (size_t i = 0; i < 3; i++) {
        if (!is_zero(frame->object, i)) {
            rp_buf_add_string(job->out, any ? ", " : "");
            rp_buf_add_string(job->out, names[i]);
            if (!rp_scalar_text(job->rp, rp_text_item(frame->object, i), 0, job->out)) {
                rp_buf_add_string(job->out, "<damaged>");
            }
            any = true;
        }
    }
    rp_buf_add_string(job->out, any ? "" : "0");
    rp_text_add_after(job, frame, false);
    return NULL;
}

/* timezone.utc prints as that; it is the one with offset 0 and no name. */
static const struct rp_value *
next_timezone(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *name = rp_text_item(frame->object, 1);
    if (frame->stage == 0 && name->kind != TF_VAL_STR) {
        struct rp_object *offset = NULL;
        bool utc = rp_text_item(frame->object, 0)->kind == TF_VAL_REF
                   && rp_object_at(job->rp, rp_text_item(frame->object, 0), job->seq,
                                   &offset, NULL)
                          == TF_OK
                   && is_zero(offset, 0) && is_zero(offset, 1) && is_zero(offset, 2);
        rp_object_release(offset);
        if (utc) {
            rp_buf_add_string(job->out, "datetime.timezone.utc");
            return NULL;
        }
    }
    return end_parts(job, frame,
                     next_parts(job, frame, 0, name->kind == TF_VAL_STR ? 2 : 1));
}

static const struct rp_value *
next_path(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0 && !frame->own) {
        rp_buf_add_text(job->out, rp_text_short_name(frame->object->type));
    }
    return next_one(job, frame);
}

static const struct rp_value *
next_uuid(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *number = rp_text_item(frame->object, 0);
    uint8_t byte[16] = {0}; /* lowest first */
    struct tf_text text = rp_value_bytes(number);
    for (size_t i = 0; i < 16; i++) {
        if (number->kind == TF_VAL_INT && i < 8) {
            uint64_t bits = (uint64_t)number->integer >> (8 * i);
            byte[i] = (uint8_t)(bits & 0xff);
        }
        else if (i < text.len) {
            byte[i] = (uint8_t)text.data[i];
        }
    }
    rp_text_add_before(job, frame);
    rp_buf_add_string(job->out, "'");
    for (size_t i = 16; i-- > 0;) {
        bool dash = i == 11 || i == 9 || i == 7 || i == 5;
        rp_buf_addf(job->out, "%s%02x", dash ? "-" : "", byte[i]);
    }
    rp_buf_add_string(job->out, "'");
    rp_text_add_after(job, frame, false);
    return NULL;
}

/* Modules/_sre.c, pattern_repr: flag names by bit; UNICODE is not said of a str pattern. */
static void
add_pattern_flags(struct rp_text_job *job, int64_t flags, bool is_str)
{
    static const struct {
        int64_t bit;
        const char *name;
    } names[] = {{1, "re.TEMPLATE"},  {2, "re.IGNORECASE"}, {4, "re.LOCALE"},
                 {8, "re.MULTILINE"}, {16, "re.DOTALL"},    {32, "re.UNICODE"},
                 {64, "re.VERBOSE"},  {128, "re.DEBUG"},    {256, "re.ASCII"}};

    const char *separator = ", ";
    if (is_str && (flags & (4 | 32 | 256)) == 32) {
        flags &= ~(int64_t)32;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (flags & names[i].bit) {
            rp_buf_addf(job->out, "%s%s", separator, names[i].name);
            flags &= ~names[i].bit;
            separator = "|";
        }
    }
    if (flags) {
        rp_buf_addf(job->out, "%s0x%llx", separator, (unsigned long long)flags);
    }
}

static const struct rp_value *
next_pattern(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *child = next_parts(job, frame, 0, 1);
    if (!child) {
        const struct rp_value *flags = rp_text_item(frame->object, 1);
        if (flags->kind == TF_VAL_INT) {
            add_pattern_flags(job, flags->integer,
                              rp_text_item(frame->object, 0)->kind == TF_VAL_STR);
        }
        rp_text_add_after(job, frame, false);
    }
    return child;
}

/* BaseException_repr (Objects/exceptions.c): one argument stands in parentheses without
 * the comma of a tuple. */
static const struct rp_value *
next_exception(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0 && !frame->own) {
        rp_buf_add_text(job->out, rp_text_short_name(frame->object->type));
        job->no_comma = true;
    }
    return next_one(job, frame);
}

/* --- Enumerations --- */

/* global_enum_repr, global_flag_repr (Lib/enum.py): "re.IGNORECASE|re.MULTILINE". */
static void
add_global_enum(struct rp_text_job *job, const struct rp_object *object)
{
    struct tf_text module = object->type->module,
                   name = rp_value_bytes(rp_text_item(object, 0));
    for (size_t i = module.len; i-- > 0;) {
        if (module.data[i] == '.') {
            module = (struct tf_text){module.data + i + 1, module.len - i - 1};
            break;
        }
    }
    for (size_t i = 0, begin = 0; i <= name.len; i++) {
        if (i < name.len && name.data[i] != '|') {
            continue;
        }
        bool digit = begin < i && name.data[begin] >= '0' && name.data[begin] <= '9';
        rp_buf_add_string(job->out, begin ? "|" : "");
        if (!digit) {
            rp_buf_add_text(job->out, module);
            rp_buf_add_string(job->out, ".");
        }
        rp_buf_add(job->out, name.data + begin, i - begin);
        begin = i + 1;
    }
}

static const struct rp_value *
next_enum(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_object *object = frame->object;
    const struct rp_value *name = rp_text_item(object, 0);
    bool global = object->type->flags & TF_TYPE_ENUM_GLOBAL;
    if (frame->stage == 1) {
        rp_buf_add_string(job->out, ">");
        return NULL;
    }
    frame->stage = 1;
    if (global && name->kind == TF_VAL_STR) {
        add_global_enum(job, object);
        return NULL;
    }
    rp_buf_add_string(job->out, "<");
    if (object->type->flags & TF_TYPE_ENUM_STD) {
        rp_buf_add_text(job->out, rp_text_short_name(object->type));
    }
    else {
        rp_text_own_name(object, job->out);
    }
    if (name->kind == TF_VAL_STR) {
        rp_buf_add_string(job->out, object->type->flags & TF_TYPE_ENUM_STD ? "." : " ");
        rp_buf_add_text(job->out, rp_value_bytes(name));
    }
    rp_buf_add_string(job->out, ": ");
    rp_path_reset(job, frame);
    rp_path_addf(job, ".value");
    return rp_text_item(object, 1);
}

/* --- Functions, classes, modules --- */

static void
add_text_item(struct rp_text_job *job, const struct rp_object *object, size_t idx)
{
    const struct rp_value *value = rp_text_item(object, idx);
    if (value->kind == TF_VAL_STR || value->kind == TF_VAL_STR_CUT) {
        rp_buf_add_text(job->out, rp_value_bytes(value));
    }
    else {
        rp_buf_add_string(job->out, "?");
    }
}

static void
add_id(struct rp_text_job *job, const struct rp_object *object)
{
    rp_buf_addf(job->out, " #%llu>", (unsigned long long)object->id);
}

static const struct rp_value *
next_function(struct rp_text_job *job, struct rp_text_frame *frame)
{
    rp_buf_add_string(job->out, "<function ");
    add_text_item(job, frame->object, 0);
    add_id(job, frame->object);
    return NULL;
}

static const struct rp_value *
next_builtin(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *self = rp_text_item(frame->object, 1);
    bool method = self->kind != TF_VAL_NONE && self->kind != RP_VAL_DAMAGED;
    struct rp_object *owner = NULL;
    if (self->kind == TF_VAL_REF
        && rp_object_at(job->rp, self, job->seq, &owner, NULL) == TF_OK) {
        method = owner->category != TF_CAT_MODULE;
    }
    rp_buf_add_string(job->out, method ? "<built-in method " : "<built-in function ");
    add_text_item(job, frame->object, 0);
    if (method && owner) {
        rp_buf_add_string(job->out, " of ");
        rp_type_name(owner->type, job->out);
        rp_buf_addf(job->out, " object #%llu", (unsigned long long)owner->id);
    }
    rp_buf_add_string(job->out, ">");
    rp_object_release(owner);
    return NULL;
}

static const struct rp_value *
next_method(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 1) {
        rp_buf_add_string(job->out, ">");
        return NULL;
    }
    frame->stage = 1;
    rp_buf_add_string(job->out, "<bound method ");
    struct rp_object *function = NULL;
    if (rp_text_item(frame->object, 0)->kind == TF_VAL_REF
        && rp_object_at(job->rp, rp_text_item(frame->object, 0), job->seq, &function,
                        NULL)
               == TF_OK) {
        add_text_item(job, function, 0);
    }
    else {
        rp_buf_add_string(job->out, "?");
    }
    rp_object_release(function);
    rp_buf_add_string(job->out, " of ");
    rp_path_reset(job, frame);
    rp_path_addf(job, ".__self__");
    return rp_text_item(frame->object, 1);
}

static const struct rp_value *
next_partial(struct rp_text_job *job, struct rp_text_frame *frame)
{
    static const char *const before[] = {"functools.partial(", ", *", ", **"};
    if (frame->idx == 3) {
        rp_buf_add_string(job->out, ")");
        return NULL;
    }
    rp_buf_add_string(job->out, before[frame->idx]);
    rp_path_reset(job, frame);
    rp_path_addf(job, ".%s", rp_part_name(TF_CAT_PARTIAL, frame->idx));
    return rp_text_item(frame->object, frame->idx++);
}

static const struct rp_value *
next_module(struct rp_text_job *job, struct rp_text_frame *frame)
{
    rp_buf_add_string(job->out, "<module '");
    add_text_item(job, frame->object, 0);
    rp_buf_add_string(job->out, "'>");
    return NULL;
}

static const struct rp_value *
next_class(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *module = rp_text_item(frame->object, 0);
    rp_buf_add_string(job->out, "<class '");
    if (module->kind == TF_VAL_STR && !rp_text_is(rp_value_bytes(module), "builtins")) {
        rp_buf_add_text(job->out, rp_value_bytes(module));
        rp_buf_add_string(job->out, ".");
    }
    add_text_item(job, frame->object, 1);
    rp_buf_add_string(job->out, "'>");
    return NULL;
}

static const struct rp_value *
next_generator(struct rp_text_job *job, struct rp_text_frame *frame)
{
    rp_buf_add_string(job->out, "<");
    rp_type_name(frame->object->type, job->out);
    rp_buf_add_string(job->out, " ");
    add_text_item(job, frame->object, 0);
    add_id(job, frame->object);
    return NULL;
}

static const struct rp_value *
next_named(struct rp_text_job *job, struct rp_text_frame *frame)
{
    rp_buf_add_string(job->out, "<");
    rp_text_own_name(frame->object, job->out);
    rp_buf_add_string(job->out, ">");
    return NULL;
}

/* dtype, shape, then the leading elements in a row. */
static const struct rp_value *
next_array(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0) {
        add_text_item(job, frame->object, 0);
        rp_buf_add_string(job->out, " ");
        add_text_item(job, frame->object, 1);
        rp_buf_add_string(job->out, " ");
    }
    return rp_text_next_run(job, frame);
}

/* --- The table --- */

static const struct rp_text_form forms[TF_CAT_COUNT] = {
    [TF_CAT_OPAQUE] = {NULL, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_INSTANCE] = {NULL, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_LIST] = {rp_text_next_run, "[...]", "", "[", "]", "", RP_WRAP_SUBCLASS},
    [TF_CAT_TUPLE] = {rp_text_next_run, "(...)", "", "(", ")", "", RP_WRAP_SUBCLASS},
    [TF_CAT_NAMEDTUPLE] = {rp_text_next_namedtuple, "(...)", "", "(", ")", "",
                           RP_WRAP_SUBCLASS},
    [TF_CAT_DICT] = {rp_text_next_dict, "{...}", "", "{", "}", "", RP_WRAP_SUBCLASS},
    [TF_CAT_SET] = {rp_text_next_set, "set(...)", "", "{", "}", "", RP_WRAP_SUBCLASS},
    [TF_CAT_FROZENSET] = {rp_text_next_set, "frozenset(...)", "frozenset(", "{", "}",
                          ")", RP_WRAP_SUBCLASS},
    [TF_CAT_DEQUE] = {rp_text_next_deque, "[...]", "deque(", "[", "]", "",
                      RP_WRAP_SUBCLASS},
    [TF_CAT_DEFAULTDICT] = {rp_text_next_defaultdict, "defaultdict(...)", "", "{", "}",
                            ")", RP_WRAP_SUBCLASS},
    [TF_CAT_ORDEREDDICT] = {rp_text_next_ordereddict, "...", "", "{", "}", ")",
                            RP_WRAP_SUBCLASS},
    [TF_CAT_COUNTER] = {rp_text_next_counter, "Counter(...)", "Counter(", "{", "}", ")",
                        RP_WRAP_SUBCLASS},
    [TF_CAT_BYTEARRAY] = {next_one, "bytearray(...)", "bytearray(", "", "", ")",
                          RP_WRAP_SUBCLASS},
    [TF_CAT_RANGE] = {next_range, "range(...)", "range(", "", "", ")",
                      RP_WRAP_SUBCLASS},
    [TF_CAT_SLICE] = {next_three, "slice(...)", "slice(", "", "", ")",
                      RP_WRAP_SUBCLASS},
    [TF_CAT_CELL] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_FUNCTION] = {next_function, "<function ...>", "", "", "", "",
                         RP_WRAP_NEVER},
    [TF_CAT_BUILTIN] = {next_builtin, "<built-in ...>", "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_METHOD] = {next_method, "<bound method ...>", "", "", "", "",
                       RP_WRAP_NEVER},
    [TF_CAT_PARTIAL] = {next_partial, "functools.partial(...)", "", "", "", "",
                        RP_WRAP_NEVER},
    [TF_CAT_MODULE] = {next_module, "<module ...>", "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_CLASS] = {next_class, "<class ...>", "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_EXCEPTION] = {next_exception, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_ENUM] = {next_enum, "<...>", "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_INT] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_FLOAT] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_COMPLEX] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_STR] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_BYTES] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_DATE] = {next_three, NULL, "datetime.date(", "", "", ")", RP_WRAP_SUBCLASS},
    [TF_CAT_TIME] = {next_time, NULL, "datetime.time(", "", "", ")", RP_WRAP_SUBCLASS},
    [TF_CAT_DATETIME] = {next_time, NULL, "datetime.datetime(", "", "", ")",
                         RP_WRAP_SUBCLASS},
    [TF_CAT_TIMEDELTA] = {next_timedelta, NULL, "datetime.timedelta(", "", "", ")",
                          RP_WRAP_SUBCLASS},
    [TF_CAT_TIMEZONE] = {next_timezone, NULL, "datetime.timezone(", "", "", ")",
                         RP_WRAP_SUBCLASS},
    [TF_CAT_DECIMAL] = {next_one, NULL, "Decimal(", "", "", ")", RP_WRAP_SUBCLASS},
    [TF_CAT_UUID] = {next_uuid, NULL, "UUID(", "", "", ")", RP_WRAP_SUBCLASS},
    [TF_CAT_PATH] = {next_path, NULL, "(", "", "", ")", RP_WRAP_SUBCLASS},
    [TF_CAT_PATTERN] = {next_pattern, NULL, "re.compile(", "", "", ")", RP_WRAP_NEVER},
    [TF_CAT_ARRAY] = {next_array, NULL, "", "[", "]", "", RP_WRAP_ALWAYS},
    [TF_CAT_NAMESPACE] = {next_named, "{...}", "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_GENERATOR] = {next_generator, NULL, "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_MAPPINGPROXY] = {next_one, NULL, "mappingproxy(", "", "", ")",
                             RP_WRAP_NEVER},
    [TF_CAT_MEMORYVIEW] = {next_array, NULL, "", "[", "]", "", RP_WRAP_ALWAYS},
    [TF_CAT_FLAG] = {next_enum, "<...>", "", "", "", "", RP_WRAP_NEVER},
};

bool
rp_text_wrapped(const struct rp_object *object)
{
    uint8_t wrap = rp_text_form_of(object)->wrap;
    if (object->category == TF_CAT_EXCEPTION) {
        return object->attr_count || !rp_text_is(object->type->module, "builtins")
               || object->type->flags & TF_TYPE_OWN_REPR;
    }
    return wrap == RP_WRAP_ALWAYS
           || (wrap == RP_WRAP_SUBCLASS && !(object->type->flags & TF_TYPE_EXACT));
}

/* dict_keys([...]): an expression made it (rp_eval_value.c). */
static const struct rp_text_form view_forms[] = {
    {rp_text_next_run, "dict_keys([...])", "", "dict_keys([", "])", "", RP_WRAP_NEVER},
    {rp_text_next_run, "dict_values([...])", "", "dict_values([", "])", "",
     RP_WRAP_NEVER},
    {rp_text_next_run, "dict_items([...])", "", "dict_items([", "])", "",
     RP_WRAP_NEVER},
};

const struct rp_text_form *
rp_text_form_of(const struct rp_object *object)
{
    enum rp_view view = rp_view_of(object);
    if (view) {
        return &view_forms[view - RP_VIEW_KEYS];
    }
    bool nothing = object->note != TF_ELIDE_NONE && object->item_count == 0;
    return &forms[nothing || object->category >= TF_CAT_COUNT ? TF_CAT_OPAQUE
                                                              : object->category];
}
