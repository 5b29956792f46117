/* What can happen in a frame between one event and its next, worked out once from the
 * instructions: which locals may be bound, and which objects may be changed, as paths that
 * can be followed before any of it runs (`self.items` for `self.items.append(x)`).
 *
 * A plan begins at the instruction where the frame stands at an event and covers what can
 * run until the next event of the frame, as line events are defined. Paths lead from locals,
 * cells, globals and what lies on the value stack at the event. */
#ifndef REC_PLAN_H
#define REC_PLAN_H

#include "rec_pycompat_code.h"

/* A value as far as the instructions tell. */
enum rec_sym_sort {
    REC_SYM_UNKNOWN,
    REC_SYM_SCALAR,
    REC_SYM_FRESH, /* a container made by one of the instructions */
    REC_SYM_NULL,
    REC_SYM_CONST,  /* co_consts[arg] */
    REC_SYM_FAST,   /* fast local */
    REC_SYM_CELL,   /* content of the cell in a fast local */
    REC_SYM_GLOBAL, /* co_names[arg] */
    REC_SYM_NAME,
    REC_SYM_ATTR,   /* base.co_names[arg] */
    REC_SYM_SUBSCR, /* base[key] */
    REC_SYM_STACK,  /* arg-th from the top of the value stack at the event */
    REC_SYM_RESULT, /* of the call of site `arg` */
};

/* What was found out when a symbol was followed, and holds as long as the versions do. */
struct rec_sym_cache {
    const void *owner; /* type or dict */
    uint64_t version, version_below;
    PyObject *found; /* borrowed; NULL: nothing */
    int32_t place;   /* enum or index, as rec_sites.c has it */
};

struct rec_sym {
    uint8_t sort;
    bool late; /* loaded after something that may have run other code */
    int16_t base, key;
    uint32_t arg;
    struct rec_sym_cache cache;
};

enum rec_site_sort {
    REC_SITE_ATTR,     /* attributes of `a` change */
    REC_SITE_ITEM,     /* a[b] changes */
    REC_SITE_INPLACE,  /* a op= b */
    REC_SITE_CELL,     /* the cell in fast local `arg` */
    REC_SITE_CALL,     /* `a` is called; with `b`, too, a method: `b` is self */
    REC_SITE_CALL_ANY, /* `a` is called with arguments that are not told */
};

struct rec_site {
    uint8_t sort;
    bool late, names; /* names: there are keyword arguments */
    bool afterwards;  /* what it changes is found when it has run as well as before */
    bool settled;     /* what it called last cannot become something else */
    int16_t a, b;
    uint32_t arg;
    uint32_t operand, operand_count; /* arguments: places in rec_plan.operand */
    PyObject *callable;              /* the latest; borrowed */
    struct rec_sym_cache cache;      /* REC_SITE_ATTR: what assigning does */
    uint8_t verdict;                 /* on it: enum rec_calls */
    const void *def;                 /* struct rec_judged */
    uint64_t version;
    uint8_t habit;
};

struct rec_plan_store {
    uint32_t unit, slot;
};

struct rec_plan {
    struct rec_sym *sym;
    struct rec_site *site;
    int16_t *operand;
    struct rec_plan_store *store; /* by unit */
    uint32_t sym_count, site_count, operand_count, store_count;
    uint32_t afterwards_count; /* of the sites */
    uint32_t first_jump;       /* the instructions before run one after the other */
    bool straight; /* no jumps: all stores before the next event's instruction ran */
    bool open; /* what runs is not known: any local may be bound, any object changed */
    bool hard; /* locals are known, but not the paths of the changed objects */
    bool late; /* some path is followed after other code may have run */
};

/* `bytes`: co_code. `raised`: it begins with a handler, the value stack is not known. NULL when
 * memory ran out. */
struct rec_plan *rec_plan_make(PyCodeObject *code, const uint8_t *bytes,
                               uint32_t unit_count, uint32_t unit, bool raised);
void rec_plan_free(struct rec_plan *plan);

#endif
