#include "tf_columns.h"

#include <stddef.h>

struct names {
    const char *name, *second; /* `second`: the kind, or the operands */
};

#define NAME_X(id, number, name, ...)    [number] = {name, NULL},
#define PAIR_X(id, number, name, second) [number] = {name, second},
static const struct names events[] = {TF_EVENT_KINDS(PAIR_X)};
static const struct names ops[] = {TF_OP_KINDS(PAIR_X)};
static const struct names values[] = {TF_VALUE_KINDS(PAIR_X)};
static const struct names elisions[] = {TF_ELISIONS(NAME_X)};
static const struct names categories[] = {TF_CATEGORIES(NAME_X)};

#define OPERANDS_X(id, number, name, operands) [number] = operands,
const char *const tf_op_letters[TF_OP_COUNT] = {TF_OP_KINDS(OPERANDS_X)};
const char *const tf_value_letters[TF_VAL_COUNT] = {TF_VALUE_KINDS(OPERANDS_X)};

#define COUNT(table) (sizeof(table) / sizeof *(table))
_Static_assert(COUNT(events) == TF_EV_COUNT, "TF_EV_COUNT");
_Static_assert(COUNT(ops) == TF_OP_COUNT, "TF_OP_COUNT");
_Static_assert(COUNT(values) == TF_VAL_COUNT, "TF_VAL_COUNT");
_Static_assert(COUNT(elisions) == TF_ELIDE_COUNT, "TF_ELIDE_COUNT");
_Static_assert(COUNT(categories) == TF_CAT_COUNT, "TF_CAT_COUNT");

const char *
tf_event_name(unsigned kind)
{
    return kind < COUNT(events) ? events[kind].name : NULL;
}

const char *
tf_event_kind_name(unsigned kind)
{
    return kind < COUNT(events) ? events[kind].second : NULL;
}

const char *
tf_op_name(unsigned op)
{
    return op < COUNT(ops) ? ops[op].name : NULL;
}

const char *
tf_op_operands(unsigned op)
{
    return op < COUNT(ops) ? ops[op].second : NULL;
}

const char *
tf_value_name(unsigned value)
{
    return value < COUNT(values) ? values[value].name : NULL;
}

const char *
tf_value_operands(unsigned value)
{
    return value < COUNT(values) ? values[value].second : NULL;
}

const char *
tf_elision_name(unsigned reason)
{
    return reason < COUNT(elisions) ? elisions[reason].name : NULL;
}

const char *
tf_category_name(unsigned category)
{
    return category < COUNT(categories) ? categories[category].name : NULL;
}
