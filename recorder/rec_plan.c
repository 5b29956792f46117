#include "rec_plan.h"

#include <stdlib.h>
#include <string.h>

/* A region that is larger, or whose stack is deeper, is not followed. */
#define INSNS_MAX  600u
#define STACK_MAX  64
#define STACK_BASE 24 /* values below the event's top that may be reached */
#define BOUND_MAX  24
#define SYMS_MAX   2000
#define NO_SYM     INT16_MIN

struct state {
    int16_t stack[STACK_MAX];
    int depth; /* of stack, from 0 */

    struct {
        uint32_t slot;
        int16_t sym;
    } bound[BOUND_MAX]; /* locals that were stored to */

    unsigned bound_count;
    bool lost;  /* the stack is not known */
    bool ran;   /* other code may have run */
    bool names; /* keyword arguments for the next call */
    bool named; /* a global or a cell was stored to */
};

struct pending {
    uint32_t unit;
    struct state state;
};

struct maker {
    struct rec_plan *plan;
    PyCodeObject *code;
    const uint8_t *bytes;
    uint32_t unit_count;
    uint8_t *seen; /* one a unit */
    struct pending *pending;
    size_t pending_count, pending_cap;
    uint32_t sym_cap, site_cap, operand_cap, store_cap;
    bool failed; /* memory */
};

static bool
grow(void **array, uint32_t count, uint32_t *cap, size_t size)
{
    if (count < *cap) {
        return true;
    }
    uint32_t more = *cap * 2 + 8;
    void *bigger = realloc(*array, more * size);
    if (bigger == NULL) {
        return false;
    }
    *array = bigger;
    *cap = more;
    return true;
}

/* --- Symbols --- */
static int16_t
sym(struct maker *maker, struct rec_sym want)
{
    struct rec_plan *plan = maker->plan;
    for (uint32_t i = 0; i < plan->sym_count; i++) {
        const struct rec_sym *at = &plan->sym[i];
        if (at->sort == want.sort && at->arg == want.arg && at->base == want.base
            && at->key == want.key && at->late == want.late) {
            return (int16_t)i;
        }
    }
    if (plan->sym_count >= SYMS_MAX) {
        return 0; /* not known */
    }
    if (!grow((void **)&plan->sym, plan->sym_count, &maker->sym_cap,
              sizeof *plan->sym)) {
        maker->failed = true;
        return 0;
    }
    plan->sym[plan->sym_count] = want;
    return (int16_t)plan->sym_count++;
}

static int16_t
simple(struct maker *maker, enum rec_sym_sort sort, uint32_t arg)
{
    return sym(maker, (struct rec_sym){
                          .sort = (uint8_t)sort, .arg = arg, .base = -1, .key = -1});
}

/* What lies on the value stack at the event has no symbol until it is used: -1 is the top,
 * -2 what is below it. */
static int16_t
used(struct maker *maker, int16_t number)
{
    return number >= 0 ? number : simple(maker, REC_SYM_STACK, (uint32_t)(-1 - number));
}

/* A path that is followed where the program does it; `base` and `key`: NO_SYM for none. */
static int16_t
path(struct maker *maker, const struct state *state, enum rec_sym_sort sort,
     uint32_t arg, int16_t base, int16_t key)
{
    base = base == NO_SYM ? -1 : used(maker, base);
    key = key == NO_SYM ? -1 : used(maker, key);
    const struct rec_sym *syms = maker->plan->sym;
    if ((base >= 0 && syms[base].sort == REC_SYM_UNKNOWN)
        || (key >= 0 && syms[key].sort == REC_SYM_UNKNOWN)) {
        return 0;
    }
    bool late = state->ran || (base >= 0 && syms[base].late);
    return sym(
        maker,
        (struct rec_sym){
            .sort = (uint8_t)sort, .arg = arg, .base = base, .key = key, .late = late});
}

/* A global or cell; not known any more where one was stored to. */
static int16_t
named(struct maker *maker, const struct state *state, enum rec_sym_sort sort,
      uint32_t arg)
{
    return state->named ? 0 : path(maker, state, sort, arg, NO_SYM, NO_SYM);
}

/* --- The stack --- */
static void
push(struct state *state, int16_t value)
{
    if (state->depth >= STACK_MAX) {
        state->lost = true;
    }
    if (!state->lost) {
        state->stack[state->depth++] = value;
    }
}

static int16_t
pop(struct state *state)
{
    if (state->depth <= 0) {
        state->lost = true;
    }
    return state->lost ? 0 : state->stack[--state->depth];
}

static int16_t
peek(const struct state *state, uint32_t from_top)
{
    return state->lost || (int)from_top > state->depth || from_top == 0
               ? 0
               : state->stack[state->depth - (int)from_top];
}

static int16_t
load_fast(struct maker *maker, const struct state *state, uint32_t slot)
{
    for (unsigned i = 0; i < state->bound_count; i++) {
        if (state->bound[i].slot == slot) {
            return state->bound[i].sym;
        }
    }
    return state->bound_count == BOUND_MAX ? 0 : simple(maker, REC_SYM_FAST, slot);
}

static void
bind_fast(struct state *state, uint32_t slot, int16_t value)
{
    unsigned i = 0;
    while (i < state->bound_count && state->bound[i].slot != slot) {
        i++;
    }
    if (i == BOUND_MAX) {
        return;
    }
    if (i == state->bound_count) {
        state->bound_count++;
    }
    state->bound[i].slot = slot;
    state->bound[i].sym = value;
}

/* --- Sites and stores --- */
static struct rec_site *
site(struct maker *maker, const struct state *state, enum rec_site_sort sort, int16_t a,
     int16_t b, uint32_t arg)
{
    struct rec_plan *plan = maker->plan;
    a = a == NO_SYM ? -1 : used(maker, a);
    b = b == NO_SYM ? -1 : used(maker, b);
    if (!grow((void **)&plan->site, plan->site_count, &maker->site_cap,
              sizeof *plan->site)) {
        maker->failed = true;
        return NULL;
    }
    bool late = (a >= 0 && plan->sym[a].late) || (b >= 0 && plan->sym[b].late);
    struct rec_site *made = &plan->site[plan->site_count++];
    *made = (struct rec_site){.sort = (uint8_t)sort,
                              .a = a,
                              .b = b,
                              .arg = arg,
                              .late = late,
                              .names = state->names};
    plan->late |= late;
    plan->hard |= a == 0;
    return made;
}

static void
store(struct maker *maker, uint32_t unit, uint32_t slot)
{
    struct rec_plan *plan = maker->plan;
    if (!grow((void **)&plan->store, plan->store_count, &maker->store_cap,
              sizeof *plan->store)) {
        maker->failed = true;
        return;
    }
    uint32_t i = plan->store_count++;
    for (; i > 0 && plan->store[i - 1].unit > unit; i--) {
        plan->store[i] = plan->store[i - 1];
    }
    plan->store[i] = (struct rec_plan_store){unit, slot};
}

static void
call(struct maker *maker, struct state *state, const struct rec_insn *insn)
{
    struct rec_plan *plan = maker->plan;
    uint32_t first = plan->operand_count;
    for (uint32_t i = 0; i < insn->arg; i++) {
        if (!grow((void **)&plan->operand, plan->operand_count, &maker->operand_cap,
                  sizeof *plan->operand)) {
            maker->failed = true;
            return;
        }
        plan->operand[plan->operand_count++] = used(maker, peek(state, insn->arg - i));
    }
    int16_t self = used(maker, peek(state, insn->arg + 1));
    int16_t callee = insn->alone ? simple(maker, REC_SYM_NULL, 0)
                                 : used(maker, peek(state, insn->arg + 2));
    bool below = plan->sym[callee].sort == REC_SYM_NULL;
    bool method = !below && plan->sym[self].sort != REC_SYM_NULL;
    struct rec_site *made =
        method ? site(maker, state, REC_SITE_CALL, callee, self, 0)
               : site(maker, state, REC_SITE_CALL, below ? self : callee, NO_SYM, 0);
    if (made != NULL) {
        made->operand = first;
        made->operand_count = insn->arg;
        for (uint32_t i = 0; i < insn->arg; i++) {
            made->late |= plan->sym[plan->operand[first + i]].late;
        }
        plan->late |= made->late;
    }
    for (uint32_t i = 0; i < insn->arg + (insn->alone ? 1 : 2); i++) {
        pop(state);
    }
    push(state, simple(maker, REC_SYM_RESULT, plan->site_count - 1));
    state->names = false;
}

static void
call_any(struct maker *maker, struct state *state, const struct rec_insn *insn)
{
    site(maker, state, REC_SITE_CALL_ANY, peek(state, insn->callee), NO_SYM, 0);
    for (uint32_t i = 0; i < insn->pops; i++) {
        pop(state);
    }
    push(state, 0);
}

/* --- One instruction --- */
/* From 3.14 on the body of a module or class adds to `__conditional_annotations__` in this
 * way (Python/codegen.c, codegen_annassign); else it is a comprehension's, which has no name
 * yet. */
static void
set_add(struct maker *maker, struct state *state, const struct rec_insn *insn)
{
    int16_t set = peek(state, insn->arg + 1);
    if (rec_py_code_has_mapping(maker->code) && set >= 0
        && maker->plan->sym[set].sort != REC_SYM_FRESH) {
        site(maker, state, REC_SITE_INPLACE, set, NO_SYM, 0);
    }
    pop(state);
}

static void
plain(struct state *state, const struct rec_insn *insn, int16_t result)
{
    for (uint32_t i = 0; i < insn->pops; i++) {
        pop(state);
    }
    for (uint32_t i = 0; i < insn->pushes; i++) {
        push(state, result);
    }
}

static void
method(struct maker *maker, struct state *state, const struct rec_insn *insn)
{
    int16_t self = pop(state);
    int16_t found = path(maker, state, REC_SYM_ATTR, insn->arg, self, NO_SYM);
    push(state, found);
    push(state, found == 0 ? 0 : self);
}

static void
swap(struct state *state, uint32_t n)
{
    if (state->lost || n == 0 || (int)n > state->depth) {
        state->lost = true;
        return;
    }
    int16_t *top = &state->stack[state->depth - 1];
    int16_t *other = &state->stack[state->depth - (int)n];
    int16_t value = *top;
    *top = *other;
    *other = value;
}

static void
push_global(struct maker *maker, struct state *state, const struct rec_insn *insn)
{
    int16_t null = insn->pushes == 2 ? simple(maker, REC_SYM_NULL, 0) : NO_SYM;
    if (null != NO_SYM && !REC_NULL_LAST) {
        push(state, null);
    }
    push(state, named(maker, state, REC_SYM_GLOBAL, insn->arg));
    if (null != NO_SYM && REC_NULL_LAST) {
        push(state, null);
    }
}

/* Two of the usual instructions in one. */
static void
store_two(struct maker *maker, struct state *state, const struct rec_insn *insn)
{
    store(maker, insn->unit, insn->arg >> 4);
    bind_fast(state, insn->arg >> 4, pop(state));
    if (insn->act == REC_ACT_STORE_FAST_LOAD) {
        push(state, load_fast(maker, state, insn->arg & 15));
        return;
    }
    store(maker, insn->unit, insn->arg & 15);
    bind_fast(state, insn->arg & 15, pop(state));
}

/* Python code: operators, properties, __del__ of what is dropped. */
static bool
may_run_code(const struct rec_insn *insn)
{
    switch ((enum rec_act)insn->act) {
    case REC_ACT_FRESH:
    case REC_ACT_NULL:
    case REC_ACT_CONST:
    case REC_ACT_FAST:
    case REC_ACT_FAST_FAST:
    case REC_ACT_TAKE_FAST:
    case REC_ACT_CELL:
    case REC_ACT_GLOBAL:
    case REC_ACT_NAME:
    case REC_ACT_NAMES:
    case REC_ACT_SWAP:
    case REC_ACT_ROTATE:
    case REC_ACT_COPY: return false;
    default: return insn->pops > 0;
    }
}

static void
step(struct maker *maker, struct state *state, const struct rec_insn *insn)
{
    int16_t a, b;
    switch ((enum rec_act)insn->act) {
    case REC_ACT_UNKNOWN:
        state->lost = true;
        state->ran = true;
        break;
    case REC_ACT_SCALAR: plain(state, insn, simple(maker, REC_SYM_SCALAR, 0)); break;
    case REC_ACT_FRESH: plain(state, insn, simple(maker, REC_SYM_FRESH, 0)); break;
    case REC_ACT_NULL: push(state, simple(maker, REC_SYM_NULL, 0)); break;
    case REC_ACT_CONST: push(state, simple(maker, REC_SYM_CONST, insn->arg)); break;
    case REC_ACT_FAST: push(state, load_fast(maker, state, insn->arg)); break;
    case REC_ACT_FAST_FAST:
        push(state, load_fast(maker, state, insn->arg >> 4));
        push(state, load_fast(maker, state, insn->arg & 15));
        break;
    case REC_ACT_TAKE_FAST:
        push(state, load_fast(maker, state, insn->arg));
        store(maker, insn->unit, insn->arg);
        bind_fast(state, insn->arg, 0);
        break;
    case REC_ACT_CELL: push(state, named(maker, state, REC_SYM_CELL, insn->arg)); break;
    case REC_ACT_GLOBAL: push_global(maker, state, insn); break;
    case REC_ACT_NAME: push(state, named(maker, state, REC_SYM_NAME, insn->arg)); break;
    case REC_ACT_ATTR:
        a = pop(state);
        push(state, path(maker, state, REC_SYM_ATTR, insn->arg, a, NO_SYM));
        break;
    case REC_ACT_METHOD: method(maker, state, insn); break;
    case REC_ACT_SUBSCR:
        b = pop(state);
        a = pop(state);
        push(state, path(maker, state, REC_SYM_SUBSCR, 0, a, b));
        break;
    case REC_ACT_STORE_FAST:
        store(maker, insn->unit, insn->arg);
        bind_fast(state, insn->arg, insn->pops > 0 ? pop(state) : 0);
        break;
    case REC_ACT_STORE_FAST_LOAD:
    case REC_ACT_STORE_FAST_STORE: store_two(maker, state, insn); break;
    case REC_ACT_STORE_CELL:
        site(maker, state, REC_SITE_CELL, NO_SYM, NO_SYM, insn->arg);
        plain(state, insn, 0);
        state->named = true;
        break;
    case REC_ACT_STORE_NAME:
        plain(state, insn, 0);
        state->named = true;
        break;
    case REC_ACT_STORE_ATTR:
        site(maker, state, REC_SITE_ATTR, peek(state, 1), NO_SYM, insn->arg);
        plain(state, insn, 0);
        break;
    case REC_ACT_STORE_SUBSCR:
    case REC_ACT_DELETE_SUBSCR:
        site(maker, state, REC_SITE_ITEM, peek(state, 2), peek(state, 1),
             insn->act == REC_ACT_DELETE_SUBSCR);
        plain(state, insn, 0);
        break;
    case REC_ACT_SET_ADD: set_add(maker, state, insn); break;
    case REC_ACT_STORE_SLICE:
        site(maker, state, REC_SITE_ITEM, peek(state, 3),
             simple(maker, REC_SYM_FRESH, 0), 0);
        plain(state, insn, 0);
        break;
    case REC_ACT_INPLACE:
        site(maker, state, REC_SITE_INPLACE, peek(state, 2), peek(state, 1), 0);
        plain(state, insn, 0);
        break;
    case REC_ACT_CALL_KW:
        pop(state);
        state->names = true;
        call(maker, state, insn);
        break;
    case REC_ACT_CALL: call(maker, state, insn); break;
    case REC_ACT_CALL_EX: call_any(maker, state, insn); break;
    case REC_ACT_NAMES: state->names = true; break;
    case REC_ACT_SWAP: swap(state, insn->arg); break;
    case REC_ACT_COPY:
        for (uint32_t i = 0; i < insn->pushes; i++) {
            push(state, peek(state, insn->arg));
        }
        break;
    case REC_ACT_ROTATE:
        for (uint32_t i = insn->arg; i > 1; i--) {
            swap(state, i);
        }
        break;
    case REC_ACT_OPEN: maker->plan->open = true; break;
    case REC_ACT_FOR_ITER:
    case REC_ACT_UNPACK:
    case REC_ACT_ITERATE:
    case REC_ACT_CONTAINS:
    case REC_ACT_ITER:
    case REC_ACT_PLAIN:
    default: plain(state, insn, 0); break;
    }
    state->ran |= may_run_code(insn);
}

/* --- The region --- */
static void
merge(struct state *into, const struct state *from)
{
    into->ran |= from->ran;
    into->named |= from->named;
    into->lost |= from->lost || into->depth != from->depth;
    for (int i = 0; i < into->depth && !into->lost; i++) {
        if (into->stack[i] != from->stack[i]) {
            into->stack[i] = 0;
        }
    }
    for (unsigned i = 0; i < from->bound_count; i++) {
        bind_fast(into, from->bound[i].slot, 0);
    }
    for (unsigned i = 0; i < into->bound_count; i++) {
        into->bound[i].sym = 0; /* stored to on one of the ways */
    }
}

static void
add_pending(struct maker *maker, uint32_t to, const struct state *state)
{
    if (maker->seen[to]) {
        maker->plan->hard = true; /* round again, with another stack */
        return;
    }
    for (size_t i = 0; i < maker->pending_count; i++) {
        if (maker->pending[i].unit == to) {
            merge(&maker->pending[i].state, state);
            return;
        }
    }
    if (maker->pending_count == maker->pending_cap) {
        size_t cap = maker->pending_cap * 2 + 4;
        struct pending *more = realloc(maker->pending, cap * sizeof *more);
        if (more == NULL) {
            maker->failed = true;
            return;
        }
        maker->pending = more;
        maker->pending_cap = cap;
    }
    maker->pending[maker->pending_count++] = (struct pending){to, *state};
}

static void
go_on(struct maker *maker, uint32_t from, uint32_t to, const struct state *state,
      bool begins)
{
    if (!rec_py_code_fires(maker->code, from, to, begins)) {
        add_pending(maker, to, state);
    }
}

/* The one that stands first, so that all ways to it have been followed. */
static struct pending
take_first(struct maker *maker)
{
    size_t first = 0;
    for (size_t i = 1; i < maker->pending_count; i++) {
        if (maker->pending[i].unit < maker->pending[first].unit) {
            first = i;
        }
    }
    struct pending taken = maker->pending[first];
    maker->pending[first] = maker->pending[--maker->pending_count];
    return taken;
}

/* Where RERAISE goes: on, if it stays in the frame. With an operand it makes the frame stand
 * where the exception was raised, and whether a line event comes depends on that. */
static void
reraise(struct maker *maker, const struct rec_insn *insn, struct state state,
        bool begins)
{
    int64_t handler = rec_py_code_handler(maker->code, insn->unit);
    if (handler == REC_HANDLER_UNKNOWN || handler >= maker->unit_count) {
        maker->plan->open = true;
    }
    else if (handler != REC_NO_HANDLER) {
        maker->plan->straight = false;
        state.lost = state.ran = true;
        if (insn->arg > 0
            || !rec_py_code_fires(maker->code, insn->unit, (uint32_t)handler, begins)) {
            add_pending(maker, (uint32_t)handler, &state);
        }
    }
}

static void
follow(struct maker *maker, uint32_t unit, bool raised)
{
    struct state begin = {.depth = STACK_BASE, .lost = raised, .ran = raised};
    for (int i = 0; i < STACK_BASE; i++) {
        begin.stack[i] = (int16_t)(i - STACK_BASE);
    }
    maker->plan->straight = true;
    maker->pending = malloc(4 * sizeof *maker->pending);
    maker->pending_cap = maker->pending != NULL ? 4 : 0;
    maker->failed |= maker->pending == NULL;
    if (maker->failed) {
        return;
    }
    maker->pending[maker->pending_count++] = (struct pending){unit, begin};
    for (unsigned steps = 0; maker->pending_count > 0 && !maker->failed; steps++) {
        struct pending at = take_first(maker);
        struct rec_insn insn;
        rec_py_code_decode(maker->code, maker->bytes, maker->unit_count, at.unit,
                           &insn);
        maker->seen[at.unit] = 1;
        if (steps > INSNS_MAX) {
            maker->plan->open = true;
            return;
        }
        struct state jumped = at.state;
        step(maker, &at.state, &insn);
        if (insn.target != REC_NO_UNIT) {
            maker->plan->straight = false;
            if (insn.target_keeps > 0 || insn.target_pops > 0) {
                if (insn.target_pops > 0) {
                    pop(&jumped);
                }
                jumped.ran = at.state.ran;
            }
            else {
                jumped = at.state;
            }
            go_on(maker, insn.unit, insn.target, &jumped, at.unit == unit);
        }
        if (insn.act == REC_ACT_RERAISE) {
            reraise(maker, &insn, at.state, at.unit == unit);
        }
        if (insn.falls) {
            go_on(maker, insn.unit, insn.next, &at.state, at.unit == unit);
        }
    }
}

/* A value that is the same before and after. */
static bool
is_kept(const struct rec_plan *plan, int16_t number)
{
    const struct rec_sym *sym = &plan->sym[number];
    if (sym->sort != REC_SYM_FAST) {
        return sym->sort == REC_SYM_CONST;
    }
    for (uint32_t i = 0; i < plan->store_count; i++) {
        if (plan->store[i].slot == sym->arg) {
            return false;
        }
    }
    return true;
}

static void
find_afterwards(struct rec_plan *plan)
{
    for (uint32_t i = 0; i < plan->site_count; i++) {
        struct rec_site *site = &plan->site[i];
        switch ((enum rec_site_sort)site->sort) {
        case REC_SITE_ATTR: site->afterwards = is_kept(plan, site->a); break;
        case REC_SITE_ITEM:
            site->afterwards =
                site->arg == 0 && is_kept(plan, site->a) && is_kept(plan, site->b);
            break;
        case REC_SITE_CELL: site->afterwards = true; break;
        default: break;
        }
        plan->afterwards_count += site->afterwards;
    }
}

/* There is a plan for each line that ran. */
static void
shrink(void **array, uint32_t count, size_t size)
{
    void *smaller = count > 0 ? realloc(*array, count * size) : NULL;
    if (count == 0) {
        free(*array);
        *array = NULL;
    }
    else if (smaller != NULL) {
        *array = smaller;
    }
}

struct rec_plan *
rec_plan_make(PyCodeObject *code, const uint8_t *bytes, uint32_t unit_count,
              uint32_t unit, bool raised)
{
    struct maker maker = {.code = code, .bytes = bytes, .unit_count = unit_count};
    maker.plan = calloc(1, sizeof *maker.plan);
    maker.seen = calloc((size_t)unit_count + 1, 1);
    maker.failed = maker.plan == NULL || maker.seen == NULL;
    if (!maker.failed && unit < unit_count) {
        simple(&maker, REC_SYM_UNKNOWN, 0); /* has number 0 */
        follow(&maker, unit, raised);
    }
    else if (!maker.failed) {
        maker.plan->open = true;
    }
    free(maker.seen);
    free(maker.pending);
    if (maker.failed) {
        rec_plan_free(maker.plan);
        return NULL;
    }
    struct rec_plan *plan = maker.plan;
    plan->hard |= plan->open;
    if (plan->hard) { /* nothing is followed */
        plan->site_count = plan->sym_count = plan->operand_count = 0;
    }
    find_afterwards(plan);
    shrink((void **)&plan->sym, plan->sym_count, sizeof *plan->sym);
    shrink((void **)&plan->site, plan->site_count, sizeof *plan->site);
    shrink((void **)&plan->operand, plan->operand_count, sizeof *plan->operand);
    shrink((void **)&plan->store, plan->store_count, sizeof *plan->store);
    return plan;
}

void
rec_plan_free(struct rec_plan *plan)
{
    if (plan != NULL) {
        free(plan->sym);
        free(plan->site);
        free(plan->operand);
        free(plan->store);
        free(plan);
    }
}
