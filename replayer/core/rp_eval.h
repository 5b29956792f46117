/* The evaluator: the parts in which rp_eval*.c meet.
 *
 * Functions return false when they failed; the reason is in `eval`. Results are owned. */
#ifndef RP_EVAL_H
#define RP_EVAL_H

#include "rp_expr.h"
#include "rp_int.h"

/* Work and memory are bounded: what Python would be at for ever, or would need gigabytes
 * for, is refused. */
#define RP_EVAL_DEPTH 400u
#define RP_EVAL_STEPS 4000000u
#define RP_EVAL_BYTES ((size_t)64 << 20)  /* of texts and ints made, together */
#define RP_EVAL_TEXT  ((size_t)16 << 20)  /* of one */
#define RP_EVAL_BITS  ((uint64_t)1 << 20) /* of one int */

/* The variables of the comprehensions and lambdas around; counted. */
struct rp_scope {
    struct rp_scope *up;
    uint32_t refs, count;

    struct rp_binding {
        uint32_t name;
        struct rp_value value;
    } binding[];
};

struct rp_eval {
    struct rp *rp;
    uint64_t seq, frame;
    const struct rp_lookup *lookup; /* NULL: rp_variable */
    const struct rp_expr *expr;
    struct rp_expr_err *error;
    struct tf_err *err;
    tf_status status;   /* not TF_OK: why it ended */
    const char *raised; /* the exception's type, if it is one of Python's */
    size_t column;      /* of the node that is being worked on */
    unsigned depth;
    uint32_t steps;
    size_t bytes;
    struct rp_scope *scope;
    struct rp_value *cache; /* by name: variables that were looked up; may be NULL */
};

/* --- Failing (rp_eval_fail.c) --- */

/* What Python would raise: "TypeError", and the message. */
bool rp_eval_raise(struct rp_eval *eval, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What cannot be told. */
bool rp_eval_fail(struct rp_eval *eval, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool rp_eval_status(struct rp_eval *eval, tf_status status);
bool rp_eval_memory(struct rp_eval *eval);
/* Counts work: fails when there was too much, or the caller's progress says stop. */
bool rp_eval_step_slow(struct rp_eval *eval);
bool rp_eval_steps(struct rp_eval *eval, uint64_t count);
/* Counts memory; fails when it is too much. */
bool rp_eval_room(struct rp_eval *eval, uint64_t bytes);

static inline bool
rp_eval_step(struct rp_eval *eval)
{
    return (++eval->steps & 0xfff) != 0 || rp_eval_step_slow(eval);
}

/* eval->depth-- leaves. */
static inline bool
rp_eval_enter(struct rp_eval *eval)
{
    return ++eval->depth <= RP_EVAL_DEPTH || rp_eval_fail(eval, "nested too deeply");
}

/* Whether `value` may be worked on; else fails with what is missing. */
bool rp_eval_known(struct rp_eval *eval, const struct rp_value *value);
/* All items of it are recorded; else fails. */
bool rp_eval_whole(struct rp_eval *eval, const struct rp_object *object);

/* The name of a type as messages have it, cut to fit. */
struct rp_label {
    char text[80];
};

struct rp_label rp_eval_label(struct rp_eval *eval, const struct rp_value *value);
struct rp_label rp_eval_label_of(const struct rp_object *object);
bool rp_eval_needs_code(struct rp_eval *eval, const char *what,
                        const struct rp_object *object);

/* --- Values (rp_eval_value.c) --- */

bool rp_eval_object(struct rp_eval *eval, const struct rp_value *value,
                    struct rp_object **ret_object);
/* For a look at some of it: a large container's items are absent until rp_eval_load. */
bool rp_eval_open(struct rp_eval *eval, const struct rp_value *value,
                  struct rp_object **ret_object);
bool rp_eval_load(struct rp_eval *eval, const struct rp_object *object, size_t first,
                  size_t end);
bool rp_eval_load_keys(struct rp_eval *eval, const struct rp_object *object);
/* The built-in value that an instance of a subclass, or an IntEnum's member, is; any other
 * value itself. The result is owned. */
bool rp_eval_plain(struct rp_eval *eval, const struct rp_value *value,
                   struct rp_value *ret_value);
/* Borrowed from `object` or `value`. `object` may be NULL. */
const struct rp_value *rp_plain_of(const struct rp *rp, const struct rp_object *object,
                                   const struct rp_value *value);
void rp_value_set_bool(struct rp_value *value, bool truth);
void rp_value_set_float(struct rp_value *value, double real);
void rp_value_set_object(struct rp_value *value, struct rp_object *object);
void rp_value_set_none(struct rp_value *value);
bool rp_eval_text(struct rp_eval *eval, enum tf_value_kind kind, const char *bytes,
                  size_t len, struct rp_value *ret_value);
/* Takes what is in `buf`, and releases it. */
bool rp_eval_text_of(struct rp_eval *eval, enum tf_value_kind kind, struct rp_buf *buf,
                     struct rp_value *ret_value);
bool rp_eval_make(struct rp_eval *eval, enum tf_category category,
                  struct rp_object **ret_object);
/* Takes `item`. */
bool rp_eval_add(struct rp_eval *eval, struct rp_object *object, struct rp_value *item);
bool rp_eval_add_copy(struct rp_eval *eval, struct rp_object *object,
                      const struct rp_value *item);
/* Takes both. */
bool rp_eval_pair(struct rp_eval *eval, struct rp_value *a, struct rp_value *b,
                  struct rp_value *ret_value);
bool rp_eval_int(struct rp_eval *eval, struct rp_int *n, struct rp_value *ret_value);

static inline bool
rp_is_tuple(const struct rp_object *object)
{
    return object->category == TF_CAT_TUPLE || object->category == TF_CAT_NAMEDTUPLE;
}

static inline bool
rp_is_set(const struct rp_object *object)
{
    return object->category == TF_CAT_SET || object->category == TF_CAT_FROZENSET;
}

static inline bool
rp_is_int(const struct rp_value *value)
{
    return value->kind == TF_VAL_INT || value->kind == TF_VAL_TRUE
           || value->kind == TF_VAL_FALSE || value->kind == TF_VAL_BIGINT;
}

/* dict_keys, dict_values, dict_items: lists of a type of their own. */
enum rp_view { RP_VIEW_NONE, RP_VIEW_KEYS, RP_VIEW_VALUES, RP_VIEW_ITEMS };
enum rp_view rp_view_of(const struct rp_object *object);
bool rp_eval_view(struct rp_eval *eval, const struct rp_object *dict, enum rp_view view,
                  struct rp_value *ret_value);

/* Numbers */
struct rp_number {
    bool is_float;
    int64_t integer;
    double real;
};

bool rp_number_of(const struct rp_value *value, struct rp_number *ret_number);
/* operator.index(), clipped to 64 bits. `message` with one %s: the type. */
bool rp_eval_index_of(struct rp_eval *eval, const struct rp_value *value,
                      const char *message, int64_t *ret_index);

/* --- The tree (rp_eval.c) --- */

bool rp_eval_node(struct rp_eval *eval, uint32_t node, struct rp_value *ret_value);
bool rp_eval_variable(struct rp_eval *eval, const struct rp_node *node,
                      struct rp_value *ret_value, bool *ret_found);
struct rp_scope *rp_scope_new(struct rp_scope *up, uint32_t count);
void rp_scope_unref(struct rp_scope *scope);
/* Binds `target` (names, tuples, stars) to a value, which is taken. */
bool rp_scope_bind(struct rp_eval *eval, struct rp_scope *scope, uint32_t target,
                   struct rp_value *value);

/* --- Things that only an evaluation has (rp_eval_made.c) --- */

enum rp_made_sort { RP_MADE_ITER, RP_MADE_FUNCTION, RP_MADE_METHOD, RP_MADE_LAMBDA };

struct rp_method;
struct rp_function;

struct rp_callable {
    struct rp_made made;
    const struct rp_function *function;
    const struct rp_method *method;
    const char *owner;    /* METHOD of a type: its name */
    struct rp_value self; /* METHOD: unbound (kind 0) when it is a type's */
    uint32_t node;        /* LAMBDA */
    struct rp_scope *scope;
};

/* --- Iteration (rp_eval_iter.c) --- */

struct rp_iter;
/* iter(value). `value` is borrowed. */
bool rp_is_iterable_kind(const struct rp_value *value); /* it may have items */
bool rp_iter_of(struct rp_eval *eval, const struct rp_value *value,
                struct rp_iter **ret_iter);
/* At the end *ret_more is false. */
bool rp_iter_next(struct rp_eval *eval, struct rp_iter *iter, struct rp_value *ret_item,
                  bool *ret_more);
void rp_iter_free(struct rp_iter *iter); /* counts down; NULL is fine */
/* As a value. Takes it. */
void rp_value_set_iter(struct rp_value *value, struct rp_iter *iter);
/* Whole, as a new list. */
bool rp_eval_list_of(struct rp_eval *eval, const struct rp_value *value,
                     struct rp_object **ret_list);
/* A generator expression, evaluated on demand in the scope as it is now. */
bool rp_eval_generator(struct rp_eval *eval, const struct rp_node *comp,
                       struct rp_iter **ret_iter);

/* map, filter, zip, enumerate, reversed: `source` are iterators, taken. */
enum rp_iter_sort {
    RP_ITER_RUN,
    RP_ITER_REVERSED,
    RP_ITER_TEXT,
    RP_ITER_RANGE,
    RP_ITER_GENERATOR,
    RP_ITER_MAP,
    RP_ITER_FILTER,
    RP_ITER_ZIP,
    RP_ITER_ENUMERATE,
};

bool rp_iter_over(struct rp_eval *eval, enum rp_iter_sort sort,
                  const struct rp_value *function, struct rp_iter **source,
                  size_t count, struct rp_iter **ret_iter);
void rp_iter_start(struct rp_iter *iter, int64_t start); /* of enumerate */
void rp_iter_strict(struct rp_iter *iter);               /* of zip */
bool rp_iter_reversed(struct rp_eval *eval, const struct rp_value *value,
                      struct rp_iter **ret_iter);
const char *rp_iter_type(const struct rp_iter *iter);
struct rp_iter *rp_iter_of_value(const struct rp_value *value); /* NULL: none */

/* range(): start, stop, step as 64-bit ints, and how many. */
struct rp_range_of {
    int64_t start, step;
    uint64_t count;
};

bool rp_eval_range(struct rp_eval *eval, const struct rp_object *range,
                   struct rp_range_of *ret_range);

/* --- Hashes and tables (rp_eval_hash.c) --- */

/* hash(value). *ret_known: it is CPython's number; else one of our own that is the same
 * for equal values. Raises for what is not hashable. */
bool rp_eval_hash(struct rp_eval *eval, const struct rp_value *value,
                  uint64_t *ret_hash, bool *ret_known);

/* Finds items of a list, set or dict by value. The items are the object's own: */
struct rp_table {
    const struct rp_object *object;
    struct rp_run run;
    uint32_t *slot; /* place in the run + 1 */
    uint64_t *hash; /* by place */
    size_t cap, hash_cap, count;
};

bool rp_table_of(struct rp_eval *eval, const struct rp_object *object,
                 struct rp_table *ret_table);
/* *ret_idx in the run; SIZE_MAX: not there. */
bool rp_table_find(struct rp_eval *eval, struct rp_table *table,
                   const struct rp_value *key, uint64_t hash, size_t *ret_idx);
/* Says that the run has one more item. */
bool rp_table_grow(struct rp_eval *eval, struct rp_table *table, uint64_t hash);
void rp_table_release(struct rp_table *table);

/* Sets and dicts in the making: the first of equal keys stays, the last value holds. */
struct rp_maker {
    struct rp_object *object;
    struct rp_table table;
};

bool rp_maker_begin(struct rp_eval *eval, enum tf_category category,
                    struct rp_maker *ret_maker);
/* Takes key and value; `value` NULL in a set. */
bool rp_maker_put(struct rp_eval *eval, struct rp_maker *maker, struct rp_value *key,
                  struct rp_value *value);
bool rp_maker_has(struct rp_eval *eval, struct rp_maker *maker,
                  const struct rp_value *key, bool *ret_has);
/* All of an iterable; of a dict, mapping or pairs for a dict. */
bool rp_maker_update(struct rp_eval *eval, struct rp_maker *maker,
                     const struct rp_value *from);
bool rp_maker_merge(struct rp_eval *eval, struct rp_maker *maker,
                    const struct rp_object *dict);
/* A set's items get the order that CPython's table gives them, where that is known. */
bool rp_maker_end(struct rp_eval *eval, struct rp_maker *maker,
                  struct rp_value *ret_value);
void rp_maker_release(struct rp_maker *maker);

/* --- Operators --- */

const char *rp_op_text(enum rp_op op);
/* rp_eval_ops.c */
bool rp_eval_unary(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                   struct rp_value *ret_value);
bool rp_eval_binary(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                    const struct rp_value *b, struct rp_value *ret_value);
bool rp_eval_unsupported(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                         const struct rp_value *b);
/* rp_eval_number.c: both are numbers. */
bool rp_eval_numbers(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                     const struct rp_value *b, struct rp_value *ret_value);
/* pow(a, b, c): `arg` are the plain values of what was given. */
bool rp_eval_power_mod(struct rp_eval *eval, const struct rp_value *const given[3],
                       const struct rp_value arg[3], struct rp_value *ret_value);
bool rp_eval_real(struct rp_eval *eval, const struct rp_value *value, double *ret_real);
/* rp_eval_compare.c */
bool rp_eval_compare(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                     const struct rp_value *b, bool *ret_result);
bool rp_eval_truth(struct rp_eval *eval, const struct rp_value *value, bool *ret_truth);
/* rp_eval_sets.c: | & - ^ of sets and views; *ret_done: it was one. */
bool rp_eval_set_op(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
                    const struct rp_value *b, bool *ret_done,
                    struct rp_value *ret_value);
/* `b` any iterable, as the methods take it. */
bool rp_eval_set_with(struct rp_eval *eval, enum rp_op op, const struct rp_object *a,
                      const struct rp_value *b, struct rp_value *ret_value);
/* rp_eval_get.c */
bool rp_eval_attr(struct rp_eval *eval, const struct rp_value *value,
                  struct tf_text name, struct rp_value *ret_value, bool *ret_found);
bool rp_eval_no_attr(struct rp_eval *eval, const struct rp_value *value,
                     struct tf_text name);
bool rp_eval_index(struct rp_eval *eval, const struct rp_value *value,
                   const struct rp_value *key, struct rp_value *ret_value);

/* Bounds of a slice of so many items. */
struct rp_bounds {
    int64_t start, step;
    uint64_t count;
};

bool rp_eval_bounds(struct rp_eval *eval, const struct rp_value part[3], int64_t length,
                    struct rp_bounds *ret_bounds);
bool rp_eval_slice(struct rp_eval *eval, const struct rp_value *value,
                   const struct rp_value part[3], struct rp_value *ret_value);
/* Place of the key's value in a dict's items, which may be partial: the key is made, the
 * value is not. SIZE_MAX: it has none. */
bool rp_eval_find_key(struct rp_eval *eval, const struct rp_object *object,
                      const struct rp_value *key, size_t *ret_item);
bool rp_eval_length(struct rp_eval *eval, const struct rp_value *value,
                    uint64_t *ret_length, bool *ret_has);

/* --- Calls (rp_eval_call.c) --- */

struct rp_calling {
    struct rp_eval *eval;
    const char *name;
    struct rp_value *arg;
    size_t count, cap;

    struct rp_named {
        struct tf_text name;
        struct rp_value value, key; /* `key` holds the name of a **mapping */
        bool used;
    } * named;

    size_t named_count, named_cap;
};

typedef bool (*rp_function_fn)(struct rp_calling *call, struct rp_value *ret_value);
/* `self` is a plain value, or a REF whose object is `object`. */
typedef bool (*rp_method_fn)(struct rp_calling *call, const struct rp_value *self,
                             const struct rp_object *object,
                             struct rp_value *ret_value);

struct rp_function {
    const char *name;
    rp_function_fn run;
    unsigned min, max; /* positional arguments */
    bool type;
    const char *words; /* names of keyword arguments, " a b " */
};

struct rp_method {
    const char *name;
    rp_method_fn run;
    unsigned min, max;
    const char *words;
};

const struct rp_function *rp_function_named(struct tf_text name);
/* Tables end with a NULL name. */
extern const struct rp_function rp_functions[], rp_text_functions[],
    rp_number_functions[], rp_type_functions[], rp_container_functions[];
/* What sorted(), min(), max() compare: function(item), or the item. */
bool rp_eval_key(struct rp_eval *eval, const struct rp_value *function,
                 const struct rp_value *item, struct rp_value *ret_key);
/* Sorts a list's items in place (rp_eval_sort.c). */
bool rp_eval_sort(struct rp_eval *eval, struct rp_object *list,
                  const struct rp_value *function, bool reverse);
extern const struct rp_method rp_str_methods[], rp_bytes_methods[], rp_list_methods[],
    rp_tuple_methods[], rp_dict_methods[], rp_set_methods[], rp_int_methods[],
    rp_float_methods[], rp_complex_methods[], rp_range_methods[], rp_counter_methods[],
    rp_deque_methods[];
/* The method of a value's built-in type; NULL: none. */
const struct rp_method *rp_method_of(const struct rp_value *value,
                                     const struct rp_object *object,
                                     struct tf_text name);
const struct rp_method *rp_method_of_type(struct tf_text type, struct tf_text name);

bool rp_eval_call(struct rp_eval *eval, const struct rp_node *call,
                  struct rp_value *ret_value);
/* Calls a value with `count` arguments, borrowed. */
bool rp_eval_call_value(struct rp_eval *eval, const struct rp_value *function,
                        const struct rp_value *arg, size_t count,
                        struct rp_value *ret_value);
/* The argument of that name, marked as used; NULL: not there. */
const struct rp_value *rp_call_named(struct rp_calling *call, const char *name);
/* Argument `idx`, or the named one; NULL: neither. */
const struct rp_value *rp_call_arg(struct rp_calling *call, size_t idx,
                                   const char *name);
bool rp_call_type(struct rp_calling *call, struct rp_value *ret_value);
bool rp_call_isinstance(struct rp_calling *call, struct rp_value *ret_value);
bool rp_call_issubclass(struct rp_calling *call, struct rp_value *ret_value);
bool rp_eval_whole_number(struct rp_eval *eval, double real,
                          struct rp_value *ret_value);
/* The built-in type or function of that name; false: none. */
bool rp_eval_builtin(struct rp_eval *eval, struct tf_text name,
                     struct rp_value *ret_value);
bool rp_eval_class(struct rp_eval *eval, const char *module, const char *name,
                   struct rp_value *ret_value);

/* --- Text --- */

bool rp_eval_repr(struct rp_eval *eval, const struct rp_value *value,
                  struct rp_buf *out);
bool rp_eval_str(struct rp_eval *eval, const struct rp_value *value,
                 struct rp_buf *out);
bool rp_eval_ascii(struct rp_eval *eval, const struct rp_value *value,
                   struct rp_buf *out);
/* bytes as a str, and the other way round; `encoding`, `errors` may be NULL. */
bool rp_eval_decode(struct rp_calling *call, struct tf_text bytes,
                    const struct rp_value *encoding, const struct rp_value *errors,
                    struct rp_value *ret_value);
bool rp_eval_encode(struct rp_calling *call, struct tf_text text,
                    const struct rp_value *encoding, const struct rp_value *errors,
                    struct rp_value *ret_value);
/* A str's digits of any script as ASCII, without blanks around; false: other characters. */
bool rp_digits_of(struct tf_text text, struct rp_buf *out);
/* format(value, spec) (rp_eval_format.c) */
bool rp_eval_format(struct rp_eval *eval, const struct rp_value *value,
                    struct tf_text spec, struct rp_buf *out);
/* str % value, bytes % value (rp_eval_percent.c) */
bool rp_eval_percent(struct rp_eval *eval, const struct rp_value *format,
                     const struct rp_value *args, struct rp_value *ret_value);
/* str.format (rp_eval_template.c) */
bool rp_eval_template(struct rp_calling *call, struct tf_text format, bool is_map,
                      struct rp_value *ret_value);
/* A float as PyOS_double_to_string writes it: type e E f F g G r %. */
void rp_float_format(double real, char type, int precision, bool alternate,
                     struct rp_buf *out);

#endif
