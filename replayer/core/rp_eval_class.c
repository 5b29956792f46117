/* type(), isinstance(), issubclass(): by the types that the recording knows. */
#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"

struct class {
    struct tf_text module, name;
    const struct tf_def_type *type; /* NULL: not known but by name */
};

bool
rp_call_type(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    const struct rp_value *value = &call->arg[0];
    char module[256], name[256];
    struct rp_buf scalar = RP_BUF_INIT;
    struct tf_text text[2] = {{"builtins", 8}, {"", 0}};
    struct rp_object *object = NULL;
    bool cut = value->kind == TF_VAL_STR_CUT || value->kind == TF_VAL_BYTES_CUT
               || value->kind == TF_VAL_BIGINT_CUT;
    bool fine = value->kind != RP_VAL_MADE
                    ? cut || rp_eval_known(eval, value)
                    : rp_eval_fail(eval, "type() of this is not supported");
    if (fine && value->kind == TF_VAL_REF) {
        fine = rp_eval_object(eval, value, &object);
        if (fine) {
            text[0] = object->type->module;
            text[1] = object->type->name;
        }
    }
    else if (fine) {
        fine = rp_eval_status(
            eval, rp_value_type_name(eval->rp, value, eval->seq, &scalar, eval->err));
        text[1] = (struct tf_text){scalar.data ? scalar.data : "", scalar.len};
    }
    if (fine && (text[0].len >= sizeof module || text[1].len >= sizeof name)) {
        fine = rp_eval_fail(eval, "the type's name is too long");
    }
    if (fine) {
        memcpy(module, text[0].data, text[0].len);
        module[text[0].len] = '\0';
        memcpy(name, text[1].data, text[1].len);
        name[text[1].len] = '\0';
        fine = rp_eval_class(eval, module, name, ret_value);
    }
    rp_buf_release(&scalar);
    rp_object_release(object);
    return fine;
}

static bool
is_named(const struct tf_def_type *type, const struct class *class)
{
    return rp_text_equal(type->name, class->name)
           && rp_text_equal(type->module, class->module);
}

/* A type whose instances are found by more than their bases: it may say so in code. */
static bool
is_abstract(const struct class *class)
{
    static const char *const modules[] = {"collections.abc",
                                          "_collections_abc",
                                          "typing",
                                          "numbers",
                                          "abc",
                                          "types",
                                          "io",
                                          "_io"};
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        if (rp_text_is(class->module, modules[i])) {
            return true;
        }
    }
    return false;
}

static bool
type_extends(struct rp_eval *eval, const struct tf_def_type *type,
             const struct class *class, bool *ret_yes)
{
    *ret_yes = is_named(type, class);
    for (uint32_t i = 0; i < type->base_count && !*ret_yes; i++) {
        *ret_yes = is_named(rp_type(eval->rp, type->base[i]), class);
    }
    return *ret_yes || !is_abstract(class)
           || rp_eval_fail(eval, "whether it is a '%.*s' its code says",
                           (int)(class->name.len < 60 ? class->name.len : 60),
                           class->name.data);
}

static bool
is_object_class(const struct class *class)
{
    return rp_text_is(class->module, "builtins") && rp_text_is(class->name, "object");
}

static bool
instance_of(struct rp_eval *eval, const struct rp_value *value,
            const struct class *class, bool *ret_yes)
{
    struct rp_object *object;
    *ret_yes = is_object_class(class);
    if (*ret_yes) {
        return true;
    }
    if (value->kind == TF_VAL_REF) {
        if (!rp_eval_object(eval, value, &object)) {
            return false;
        }
        bool fine = type_extends(eval, object->type, class, ret_yes);
        rp_object_release(object);
        return fine;
    }
    struct rp_buf name = RP_BUF_INIT;
    bool fine = rp_eval_status(
        eval, rp_value_type_name(eval->rp, value, eval->seq, &name, eval->err));
    struct tf_text text = {name.data ? name.data : "", name.len};
    bool boolean = value->kind == TF_VAL_TRUE || value->kind == TF_VAL_FALSE;
    *ret_yes = fine && rp_text_is(class->module, "builtins")
               && (rp_text_equal(text, class->name)
                   || (boolean && rp_text_is(class->name, "int")));
    rp_buf_release(&name);
    return fine
           && (*ret_yes || !is_abstract(class)
               || rp_eval_fail(eval, "whether it is one its code says"));
}

static bool
no_class(struct rp_calling *call)
{
    bool old = call->eval->rp->facts.header->python_hex < 0x030a0000;
    return rp_eval_raise(
        call->eval, "TypeError",
        old ? "%s() arg 2 must be a type or tuple of types"
        : strcmp(call->name, "isinstance") == 0
            ? "%s() arg 2 must be a type, a tuple of types, or a union"
            : "%s() arg 2 must be a class, a tuple of classes, or a union",
        call->name);
}

/* The class that a value is; false without an error: it is none. */
static bool
class_of(struct rp_eval *eval, const struct rp_object *object, struct class *ret_class)
{
    if (object->category != TF_CAT_CLASS || object->item_count < 2) {
        return false;
    }
    *ret_class = (struct class){.module = rp_value_bytes(&object->item[0]),
                                .name = rp_value_bytes(&object->item[1])};
    if (object->item_count > 2 && object->item[2].kind == TF_VAL_INT
        && object->item[2].integer > 0) {
        ret_class->type = rp_type(eval->rp, (uint32_t)object->item[2].integer);
    }
    return true;
}

/* A class or a tuple of such: `ask` is put to each until one says yes. */
static bool
any_class(struct rp_calling *call, const struct rp_value *value,
          const struct rp_value *of,
          bool (*ask)(struct rp_eval *, const struct rp_value *, const struct class *,
                      bool *),
          bool *ret_yes)
{
    struct rp_object *object;
    struct class class;
    *ret_yes = false;
    if (of->kind != TF_VAL_REF) {
        return rp_eval_known(call->eval, of) && no_class(call);
    }
    if (!rp_eval_enter(call->eval) || !rp_eval_object(call->eval, of, &object)) {
        return false;
    }
    bool fine = true;
    if (rp_is_tuple(object)) {
        for (size_t i = 0; i < object->item_count && fine && !*ret_yes; i++) {
            fine = any_class(call, value, &object->item[i], ask, ret_yes);
        }
    }
    else if (class_of(call->eval, object, &class)) {
        fine = ask(call->eval, value, &class, ret_yes);
    }
    else {
        fine = object->category <= TF_CAT_INSTANCE
                   ? rp_eval_needs_code(call->eval, "the type", object)
                   : no_class(call);
    }
    rp_object_release(object);
    call->eval->depth--;
    return fine;
}

bool
rp_call_isinstance(struct rp_calling *call, struct rp_value *ret_value)
{
    bool yes;
    if (call->arg[0].kind == RP_VAL_MADE) {
        return rp_eval_fail(call->eval, "isinstance() of this is not supported");
    }
    if (!rp_eval_known(call->eval, &call->arg[0])
        || !any_class(call, &call->arg[0], &call->arg[1], instance_of, &yes)) {
        return false;
    }
    rp_value_set_bool(ret_value, yes);
    return true;
}

static bool
subclass_of(struct rp_eval *eval, const struct rp_value *value,
            const struct class *class, bool *ret_yes)
{
    struct rp_object *object;
    struct class own;
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool fine = class_of(eval, object, &own);
    *ret_yes =
        fine
        && (is_object_class(class)
            || (rp_text_equal(own.name, class->name)
                && rp_text_equal(own.module, class->module))
            || (rp_text_is(own.module, "builtins") && rp_text_is(own.name, "bool")
                && rp_text_is(class->module, "builtins")
                && rp_text_is(class->name, "int")));
    bool built_in = fine && rp_text_is(own.module, "builtins");
    bool exception = built_in && rp_text_is(class->module, "builtins")
                     && own.name.len > 5 && own.name.data[0] >= 'A'
                     && own.name.data[0] <= 'Z';
    if (fine && !*ret_yes && own.type) {
        fine = type_extends(eval, own.type, class, ret_yes);
    }
    else if (fine && !*ret_yes && (!built_in || exception || is_abstract(class))) {
        fine = rp_eval_fail(eval, "what this class extends is not recorded");
    }
    rp_object_release(object);
    return fine;
}

bool
rp_call_issubclass(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_object *object = NULL;
    bool yes;
    if (!rp_eval_known(call->eval, &call->arg[0])
        || (call->arg[0].kind == TF_VAL_REF
            && !rp_eval_object(call->eval, &call->arg[0], &object))) {
        return false;
    }
    bool class = object && object->category == TF_CAT_CLASS;
    rp_object_release(object);
    if (!class) {
        return rp_eval_raise(call->eval, "TypeError",
                             "issubclass() arg 1 must be a class");
    }
    if (!any_class(call, &call->arg[0], &call->arg[1], subclass_of, &yes)) {
        return false;
    }
    rp_value_set_bool(ret_value, yes);
    return true;
}
