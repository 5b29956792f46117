/* The program of sy_source.h, function by function: what each would do, and what a
 * recorder would see of it. */
#include "sy_bank.h"

#include <stdlib.h>

#define FIRST_ACCOUNTS 100u
#define DEEP           1000u

/* Places of attributes among the values of the objects. */
enum { ACCOUNT_BALANCE_AT = 5 };

enum { ORDER_HOPS_AT = 5, ORDER_TOTAL_AT = 7, ORDER_STATE_AT = 9 };

enum { BANK_RATE_AT = 7 };

enum { LIMIT_AT = 2, LEDGER_KEY = 17, LEDGER_TOTAL = 4242, SERVED_AT = 5 };

struct order {
    struct sy_object object, lines;
    uint64_t account, number;
    int64_t hops;
    double total;
};

/* The generator orders(). */
struct orders {
    struct sy_frame frame;
    uint64_t number;
    bool begun;
};

/* How a function ended. */
struct outcome {
    uint64_t exception; /* 0: it returned */
    uint64_t number, points;
    double value;
};

static struct sy_thread *
self(struct sy_bank *bank)
{
    return &bank->sy.thread[bank->current];
}

static uint64_t
line(struct sy_bank *bank, enum sy_line lineno)
{
    return sy_line(&bank->sy, self(bank), lineno);
}

static void
local(struct sy_bank *bank, unsigned slot, struct sy_value value)
{
    sy_local(&bank->sy, self(bank), slot, value);
}

static void
enter(struct sy_bank *bank, struct sy_frame *frame, enum sy_code code)
{
    sy_enter(&bank->sy, self(bank), frame, code);
}

static void
call(struct sy_bank *bank)
{
    sy_call(&bank->sy, self(bank), TF_EV_START);
}

static void
leave(struct sy_bank *bank, struct sy_value value)
{
    sy_return(&bank->sy, self(bank), value);
}

static void
note_write(struct sy_bank *bank, bool old)
{
    bank->facts.object_writes++;
    bank->facts.old_writes += old && bank->sy.seq > bank->event_goal / 5;
}

/* --- Containers that grow to a million --- */
static void
list_append(struct sy_bank *bank, uint64_t id, uint64_t *count, struct sy_value value)
{
    sy_item_insert(&bank->sy, id, (*count)++, &value, 1);
    note_write(bank, true);
}

static struct sy_value
ledger_value(const struct sy_bank *bank, uint64_t key)
{
    return key == LEDGER_KEY          ? sy_int(LEDGER_TOTAL)
           : bank->ledger[key] == 0.0 ? sy_int(0)
                                      : sy_float(bank->ledger[key]);
}

/* A page of the dict, whole: keys and values in turn. */
static void
ledger_page(struct sy_bank *bank, uint64_t first_key)
{
    struct sy_value entry[64];
    size_t count = 0;
    for (uint64_t key = first_key; key < first_key + 32 && key < bank->facts.ledger;
         key++) {
        entry[count++] = sy_int((int64_t)key);
        entry[count++] = ledger_value(bank, key);
    }
    sy_item_replace(&bank->sy, bank->ledger_id, first_key * 2, entry, count);
}

static void
ledger_set(struct sy_bank *bank, uint64_t key, struct sy_value value)
{
    uint64_t idx = key * 2 + 1;
    sy_item_set(&bank->sy, bank->ledger_id, idx, value);
    if (value.kind == TF_VAL_FLOAT) {
        bank->ledger[key] = value.real;
    }
    if (bank->facts.ledger * 2 >= TF_RENEW_ITEMS
        && tf_renew_item(bank->renew, bank->ledger_id, idx, bank->sy.chunk)) {
        ledger_page(bank, key / 32 * 32);
    }
    note_write(bank, true);
}

static void
ledger_add(struct sy_bank *bank, uint64_t key)
{
    struct sy_value entry[2] = {sy_int((int64_t)key), sy_int(0)};
    sy_item_insert(&bank->sy, bank->ledger_id, key * 2, entry, 2);
    bank->facts.ledger++;
    note_write(bank, true);
}

/* --- Accounts --- */
static void
account_image(struct sy_bank *bank, uint64_t number)
{
    const struct sy_account *account = &bank->account[number];
    struct sy_value attr[6] = {
        sy_str("number"),  sy_int((int64_t)number),
        sy_str("owner"),   sy_str("owner %d", (int)(number % 9973)),
        sy_str("balance"), sy_int(account->balance),
    };
    sy_image(&bank->sy, account->id, SY_T_ACCOUNT, NULL, 0, attr, 6);
}

static void
account_pay(struct sy_bank *bank, uint64_t number, int64_t amount)
{
    struct sy_account *account = &bank->account[number];
    account->balance += amount;
    if (sy_spread_due(&bank->sy, &account->spread)) {
        account_image(bank, number);
    }
    else {
        sy_attr_set(&bank->sy, account->id, ACCOUNT_BALANCE_AT,
                    sy_int(account->balance));
    }
    note_write(bank, true);
}

static void
account_init(struct sy_bank *bank, uint64_t number)
{
    struct sy *sy = &bank->sy;
    struct sy_frame frame;
    struct sy_account *account = &bank->account[number];
    struct sy_value owner = sy_str("owner %d", (int)(number % 9973));
    enter(bank, &frame, SY_C_ACCOUNT);
    account->id = sy_new(sy, SY_T_ACCOUNT, NULL, 0, NULL, 0);
    local(bank, 0, sy_ref(account->id));
    local(bank, 1, sy_int((int64_t)number));
    local(bank, 2, owner);
    call(bank);
    line(bank, SY_L_ACCOUNT_NUMBER);
    sy_attr_add(sy, account->id, 0, "number", sy_int((int64_t)number));
    line(bank, SY_L_ACCOUNT_OWNER);
    sy_attr_add(sy, account->id, 2, "owner", owner);
    line(bank, SY_L_ACCOUNT_BALANCE);
    sy_attr_add(sy, account->id, 4, "balance", sy_int(0));
    account->spread.chunk = (uint32_t)sy->chunk;
    leave(bank, sy_none());
}

static void
open_accounts(struct sy_bank *bank, uint64_t from, uint64_t to)
{
    struct sy_frame frame;
    enter(bank, &frame, SY_C_OPEN);
    local(bank, 0, sy_ref(bank->bank.id));
    local(bank, 1, sy_int((int64_t)to));
    call(bank);
    for (uint64_t number = from; number < to; number++) {
        line(bank, SY_L_OPEN_FOR);
        local(bank, 2, sy_int((int64_t)number));
        line(bank, SY_L_OPEN_ACCOUNT);
        account_init(bank, number);
        local(bank, 3, sy_ref(bank->account[number].id));
        line(bank, SY_L_OPEN_APPEND);
        list_append(bank, bank->accounts_id, &bank->account_count,
                    sy_ref(bank->account[number].id));
        line(bank, SY_L_OPEN_LEDGER);
        ledger_add(bank, number);
    }
    line(bank, SY_L_OPEN_FOR);
    leave(bank, sy_none());
}

/* --- Orders --- */
static void
order_attr(struct sy_bank *bank, struct order *order, enum sy_line lineno,
           const char *name, struct sy_value value)
{
    line(bank, lineno);
    sy_object_add_attr(&bank->sy, &order->object, name, value);
    note_write(bank, false);
}

static void
order_init(struct sy_bank *bank, struct order *order)
{
    struct sy_frame frame;
    struct sy_value account = sy_ref(bank->account[order->account].id);
    order->object.type = SY_T_ORDER;
    order->object.item_count = order->object.attr_count = 0;
    order->lines.type = SY_T_LIST;
    order->lines.item_count = order->lines.attr_count = 0;
    enter(bank, &frame, SY_C_ORDER);
    sy_object_new(&bank->sy, &order->object);
    local(bank, 0, sy_ref(order->object.id));
    local(bank, 1, sy_int((int64_t)order->number));
    local(bank, 2, account);
    call(bank);
    order_attr(bank, order, SY_L_ORDER_NUMBER, "number",
               sy_int((int64_t)order->number));
    order_attr(bank, order, SY_L_ORDER_ACCOUNT, "account", account);
    order_attr(bank, order, SY_L_ORDER_HOPS, "hops", sy_int(0));
    order_attr(bank, order, SY_L_ORDER_TOTAL, "total", sy_float(0.0));
    order_attr(bank, order, SY_L_ORDER_STATE, "state", sy_str("new"));
    line(bank, SY_L_ORDER_LINES);
    sy_object_new(&bank->sy, &order->lines);
    sy_object_add_attr(&bank->sy, &order->object, "lines", sy_ref(order->lines.id));
    leave(bank, sy_none());
}

static void
order_set(struct sy_bank *bank, struct order *order, unsigned at, struct sy_value value)
{
    sy_object_set(&bank->sy, &order->object, at, value);
    note_write(bank, false);
}

/* The next order; false: there is none. */
static bool
orders_next(struct sy_bank *bank, struct orders *orders, struct order *order, bool more)
{
    struct sy *sy = &bank->sy;
    if (orders->begun) {
        sy_resume(sy, self(bank), &orders->frame);
        sy_call(sy, self(bank), TF_EV_RESUME);
    }
    else {
        enter(bank, &orders->frame, SY_C_ORDERS);
        local(bank, 0, sy_ref(bank->bank.id));
        call(bank);
        line(bank, SY_L_ORDERS_NUMBER);
        local(bank, 1, sy_int(0));
        orders->begun = true;
    }
    line(bank, SY_L_ORDERS_WHILE);
    if (!more) {
        leave(bank, sy_none());
        return false;
    }
    line(bank, SY_L_ORDERS_COUNT);
    local(bank, 1, sy_int((int64_t)++orders->number));
    line(bank, SY_L_ORDERS_ACCOUNT);
    *order = (struct order){.number = orders->number};
    order->account =
        FIRST_ACCOUNTS + sy_random(bank, bank->account_count - FIRST_ACCOUNTS);
    local(bank, 2, sy_ref(bank->account[order->account].id));
    line(bank, SY_L_ORDERS_YIELD);
    order_init(bank, order);
    sy_yield(sy, self(bank), sy_ref(order->object.id));
    return true;
}

static uint64_t
score(struct sy_bank *bank, const struct order *order)
{
    struct sy_frame frame;
    struct sy_object cells = {.type = SY_T_LIST, .item_count = 4};
    uint64_t x = order->number + 1000 * bank->current, most = 0, cell[4] = {0};
    enter(bank, &frame, SY_C_SCORE);
    local(bank, 0, sy_ref(order->object.id));
    call(bank);
    line(bank, SY_L_SCORE_CELLS);
    for (unsigned i = 0; i < 4; i++) {
        cells.value[i] = sy_int(0);
    }
    sy_object_new(&bank->sy, &cells);
    local(bank, 1, sy_ref(cells.id));
    line(bank, SY_L_SCORE_X);
    local(bank, 2, sy_int((int64_t)x));
    for (unsigned i = 0; i < 20; i++) {
        line(bank, SY_L_SCORE_FOR);
        local(bank, 3, sy_int(i));
        line(bank, SY_L_SCORE_STEP);
        x = (x * 31 + 7) % 65521;
        local(bank, 2, sy_int((int64_t)x));
        line(bank, SY_L_SCORE_CELL);
        cell[i % 4] = x;
        sy_object_set(&bank->sy, &cells, i % 4, sy_int((int64_t)x));
        note_write(bank, false);
    }
    line(bank, SY_L_SCORE_FOR);
    line(bank, SY_L_SCORE_RETURN);
    for (unsigned i = 0; i < 4; i++) {
        most = cell[i] > most ? cell[i] : most;
    }
    leave(bank, sy_int((int64_t)most));
    return most;
}

static void
post(struct sy_bank *bank, struct order *order, int64_t amount)
{
    struct sy_frame frame;
    struct sy_value entry[2] = {sy_int((int64_t)order->number), sy_int(amount)};
    enter(bank, &frame, SY_C_POST);
    local(bank, 0, sy_ref(bank->bank.id));
    local(bank, 1, sy_ref(order->object.id));
    local(bank, 2, sy_int(amount));
    call(bank);
    line(bank, SY_L_POST_BALANCE);
    account_pay(bank, order->account, amount);
    bank->facts.last_post_seq = line(bank, SY_L_POST_JOURNAL);
    if (bank->facts.posts++ == 0) {
        bank->facts.first_post_seq = bank->facts.last_post_seq;
    }
    list_append(bank, bank->journal_id, &bank->journal_count,
                sy_ref(sy_new(&bank->sy, SY_T_TUPLE, entry, 2, NULL, 0)));
    line(bank, SY_L_POST_TOTAL);
    order->total += (double)amount;
    order_set(bank, order, ORDER_TOTAL_AT, sy_float(order->total));
    line(bank, SY_L_POST_LINES);
    sy_object_append(&bank->sy, &order->lines, sy_int(amount));
    note_write(bank, false);
    leave(bank, sy_none());
}

static uint64_t
exception_new(struct sy_bank *bank, enum sy_type type, struct sy_value text)
{
    uint64_t args = sy_new(&bank->sy, SY_T_TUPLE, &text, 1, NULL, 0);
    struct sy_value item[5] = {
        sy_ref(args), sy_none(), sy_none(), {.kind = TF_VAL_FALSE}, text};
    bank->facts.raised++;
    return sy_new(&bank->sy, type, item, 5, NULL, 0);
}

/* The exception passes the frame at its present line. */
static void
pass_exception(struct sy_bank *bank, uint64_t exception)
{
    sy_exception(&bank->sy, self(bank), exception);
    sy_unwind(&bank->sy, self(bank));
}

static struct sy_value
failure_text(const struct outcome *outcome)
{
    return sy_str("order %d: %d points", (int)outcome->number, (int)outcome->points);
}

static struct outcome
settle_raise(struct sy_bank *bank, const struct order *order, uint64_t points)
{
    struct outcome outcome = {.number = order->number, .points = points};
    line(bank, SY_L_SETTLE_RAISE);
    outcome.exception = exception_new(bank, SY_T_VALUE_ERROR, failure_text(&outcome));
    pass_exception(bank, outcome.exception);
    return outcome;
}

static struct outcome
settle(struct sy_bank *bank, struct order *order)
{
    struct sy_frame frame;
    enter(bank, &frame, SY_C_SETTLE);
    local(bank, 0, sy_ref(bank->bank.id));
    local(bank, 1, sy_ref(order->object.id));
    call(bank);
    line(bank, SY_L_SETTLE_OPEN);
    order_set(bank, order, ORDER_STATE_AT, sy_str("open"));
    line(bank, SY_L_SETTLE_POINTS);
    uint64_t points = score(bank, order);
    local(bank, 2, sy_int((int64_t)points));
    line(bank, SY_L_SETTLE_CHECK);
    if (points % 64 == 0) {
        return settle_raise(bank, order, points);
    }
    for (uint64_t place = 0; place < 2 + points % 5; place++) {
        line(bank, SY_L_SETTLE_FOR);
        local(bank, 3, sy_int((int64_t)place));
        line(bank, SY_L_SETTLE_AMOUNT);
        int64_t amount = (int64_t)(points * place % 1009 + 1);
        local(bank, 4, sy_int(amount));
        line(bank, SY_L_SETTLE_POST);
        post(bank, order, amount);
    }
    line(bank, SY_L_SETTLE_FOR);
    line(bank, SY_L_SETTLE_LEDGER);
    ledger_set(bank, order->account, sy_float(order->total));
    line(bank, SY_L_SETTLE_DONE);
    order_set(bank, order, ORDER_STATE_AT, sy_str("done"));
    line(bank, SY_L_SETTLE_RETURN);
    leave(bank, sy_float(order->total));
    return (struct outcome){.value = order->total};
}

static struct outcome
route(struct sy_bank *bank, struct order *order, uint64_t level)
{
    struct sy_frame frame;
    enter(bank, &frame, SY_C_ROUTE);
    local(bank, 0, sy_ref(bank->bank.id));
    local(bank, 1, sy_ref(order->object.id));
    local(bank, 2, sy_int((int64_t)level));
    call(bank);
    line(bank, SY_L_ROUTE_IF);
    line(bank, level == 0 ? SY_L_ROUTE_SETTLE : SY_L_ROUTE_DEEPER);
    struct outcome outcome =
        level == 0 ? settle(bank, order) : route(bank, order, level - 1);
    if (outcome.exception != 0) {
        pass_exception(bank, outcome.exception);
        return outcome;
    }
    if (level > 0) {
        local(bank, 3, sy_float(outcome.value));
        line(bank, SY_L_ROUTE_HOPS);
        order_set(bank, order, ORDER_HOPS_AT, sy_int(++order->hops));
        line(bank, SY_L_ROUTE_RETURN);
    }
    leave(bank, sy_float(outcome.value));
    return outcome;
}

static void
caught(struct sy_bank *bank, const struct outcome *outcome)
{
    sy_exception(&bank->sy, self(bank), outcome->exception);
    line(bank, SY_L_WORKER_EXCEPT);
    local(bank, 4, sy_ref(outcome->exception));
    line(bank, SY_L_WORKER_FAILED);
    local(bank, 5, failure_text(outcome));
    local(bank, 4, (struct sy_value){.kind = TF_VAL_UNBOUND});
}

/* Serves orders until the recording has `end` events. */
static void
worker(struct sy_bank *bank, const char *name, uint64_t end)
{
    struct sy_frame frame;
    struct orders orders = {.begun = false};
    struct order order;
    enter(bank, &frame, SY_C_WORKER);
    local(bank, 0, sy_ref(bank->bank.id));
    local(bank, 1, sy_str("%s", name));
    call(bank);
    line(bank, SY_L_WORKER_FOR);
    while (orders_next(bank, &orders, &order, bank->sy.seq < end)) {
        local(bank, 2, sy_ref(order.object.id));
        line(bank, SY_L_WORKER_TRY);
        line(bank, SY_L_WORKER_ROUTE);
        struct outcome outcome = route(bank, &order, 23 + sy_random(bank, 6));
        if (outcome.exception != 0) {
            caught(bank, &outcome);
        }
        else {
            local(bank, 3, sy_float(outcome.value));
            line(bank, SY_L_WORKER_SERVED);
            int64_t served = bank->globals.value[SERVED_AT].integer + 1;
            sy_object_set(&bank->sy, &bank->globals, SERVED_AT, sy_int(served));
        }
        line(bank, SY_L_WORKER_FOR);
    }
    leave(bank, sy_none());
}

static void
explore(struct sy_bank *bank, uint64_t depth, uint64_t events)
{
    struct sy_frame frame;
    enter(bank, &frame, SY_C_EXPLORE);
    local(bank, 0, sy_ref(bank->bank.id));
    local(bank, 1, sy_int((int64_t)depth));
    call(bank);
    line(bank, SY_L_EXPLORE_IF);
    if (depth == 0) {
        bank->facts.deep_first_seq = line(bank, SY_L_EXPLORE_WORKER);
        worker(bank, "deep", bank->sy.seq + events);
        bank->facts.deep_last_seq = bank->sy.seq - 1;
    }
    else {
        line(bank, SY_L_EXPLORE_DEEPER);
        explore(bank, depth - 1, events);
    }
    leave(bank, sy_none());
}

/* --- main() --- */
static void
bank_attr(struct sy_bank *bank, enum sy_line lineno, const char *name,
          struct sy_value value)
{
    line(bank, lineno);
    sy_object_add_attr(&bank->sy, &bank->bank, name, value);
}

static uint64_t
empty(struct sy_bank *bank, enum sy_type type)
{
    return sy_new(&bank->sy, type, NULL, 0, NULL, 0);
}

static void
bank_init(struct sy_bank *bank)
{
    struct sy_frame frame;
    enter(bank, &frame, SY_C_BANK);
    bank->bank.type = SY_T_BANK;
    sy_object_new(&bank->sy, &bank->bank);
    local(bank, 0, sy_ref(bank->bank.id));
    call(bank);
    line(bank, SY_L_BANK_ACCOUNTS);
    bank->accounts_id = empty(bank, SY_T_LIST);
    sy_object_add_attr(&bank->sy, &bank->bank, "accounts", sy_ref(bank->accounts_id));
    line(bank, SY_L_BANK_JOURNAL);
    bank->journal_id = empty(bank, SY_T_LIST);
    sy_object_add_attr(&bank->sy, &bank->bank, "journal", sy_ref(bank->journal_id));
    line(bank, SY_L_BANK_LEDGER);
    bank->ledger_id = empty(bank, SY_T_DICT);
    sy_object_add_attr(&bank->sy, &bank->bank, "ledger", sy_ref(bank->ledger_id));
    bank_attr(bank, SY_L_BANK_RATE, "rate", sy_int(0));
    line(bank, SY_L_BANK_LIMITS);
    bank->limits = (struct sy_object){.type = SY_T_LIST, .item_count = 4};
    for (unsigned i = 0; i < 4; i++) {
        bank->limits.value[i] = sy_int(0);
    }
    sy_object_new(&bank->sy, &bank->limits);
    sy_object_add_attr(&bank->sy, &bank->bank, "limits", sy_ref(bank->limits.id));
    line(bank, SY_L_BANK_SETTINGS);
    bank->settings = (struct sy_object){.type = SY_T_DICT};
    sy_object_new(&bank->sy, &bank->settings);
    sy_object_add_attr(&bank->sy, &bank->bank, "settings", sy_ref(bank->settings.id));
    leave(bank, sy_none());
}

static void
calibrate(struct sy_bank *bank)
{
    struct sy *sy = &bank->sy;
    struct sy_frame frame;
    enter(bank, &frame, SY_C_CALIBRATE);
    local(bank, 0, sy_ref(bank->bank.id));
    call(bank);
    line(bank, SY_L_CALIBRATE_RATE);
    sy_object_set(sy, &bank->bank, BANK_RATE_AT, sy_int(7));
    bank->facts.rate_seq = line(bank, SY_L_CALIBRATE_LIMIT);
    sy_object_set(sy, &bank->limits, LIMIT_AT, sy_int(99));
    bank->facts.limit_seq = line(bank, SY_L_CALIBRATE_MODE);
    bank->settings.value[0] = sy_str("mode");
    bank->settings.value[1] = sy_str("strict");
    bank->settings.item_count = 2;
    sy_item_insert(sy, bank->settings.id, 0, bank->settings.value, 2);
    bank->facts.mode_seq = line(bank, SY_L_CALIBRATE_LEDGER);
    ledger_set(bank, LEDGER_KEY, sy_int(LEDGER_TOTAL));
    bank->facts.ledger_seq = bank->facts.breakpoint_seq =
        line(bank, SY_L_CALIBRATE_RETURN);
    leave(bank, sy_int(42));
}

static void
start_threads(struct sy_bank *bank)
{
    line(bank, SY_L_MAIN_THREADS);
    local(bank, 3, sy_ref(empty(bank, SY_T_LIST)));
    for (size_t i = 1; i < SY_THREADS; i++) {
        line(bank, SY_L_MAIN_START);
        sy_thread_start(bank, i);
    }
    bank->facts.workers_seq = line(bank, SY_L_MAIN_START);
}

static void
join_threads(struct sy_bank *bank)
{
    for (size_t i = 1; i < SY_THREADS; i++) {
        line(bank, SY_L_MAIN_JOIN);
        sy_thread_join(bank, i);
    }
    line(bank, SY_L_MAIN_JOIN);
}

static uint64_t
main_function(struct sy_bank *bank)
{
    struct sy_frame frame;
    enter(bank, &frame, SY_C_MAIN);
    local(bank, 0, sy_int((int64_t)bank->account_goal));
    call(bank);
    line(bank, SY_L_MAIN_BANK);
    bank_init(bank);
    local(bank, 1, sy_ref(bank->bank.id));
    line(bank, SY_L_MAIN_FIRST);
    open_accounts(bank, 0, FIRST_ACCOUNTS);
    line(bank, SY_L_MAIN_SEED);
    calibrate(bank);
    local(bank, 2, sy_int(42));
    bank->facts.seed_seq = line(bank, SY_L_MAIN_OPEN);
    open_accounts(bank, FIRST_ACCOUNTS, bank->account_goal);
    start_threads(bank);
    line(bank, SY_L_MAIN_WORKER);
    worker(bank, "main", bank->event_goal / 2);
    line(bank, SY_L_MAIN_EXPLORE);
    explore(bank, DEEP, bank->event_goal / 250);
    line(bank, SY_L_MAIN_AGAIN);
    worker(bank, "again", bank->event_goal);
    join_threads(bank);
    bank->facts.failure_seq = line(bank, SY_L_MAIN_RAISE) + 1;
    uint64_t exception = exception_new(
        bank, SY_T_RUNTIME_ERROR,
        sy_str("%d orders, seed 42", (int)bank->globals.value[SERVED_AT].integer));
    pass_exception(bank, exception);
    return exception;
}

static uint64_t
module(struct sy_bank *bank)
{
    static const enum sy_line defs[] = {
        SY_L_MODULE_DOC,  SY_L_IMPORT_RANDOM, SY_L_IMPORT_THREADING, SY_L_IMPORT_TIME,
        SY_L_SET_CLOSING, SY_L_SET_SERVED,    SY_L_ACCOUNT_CLASS,    SY_L_ORDER_CLASS,
        SY_L_BANK_CLASS,  SY_L_OPEN_DEF,      SY_L_CALIBRATE_DEF,    SY_L_ORDERS_DEF,
        SY_L_SCORE_DEF,   SY_L_POST_DEF,      SY_L_SETTLE_DEF,       SY_L_ROUTE_DEF,
        SY_L_WORKER_DEF,  SY_L_EXPLORE_DEF,   SY_L_MAIN_DEF,         SY_L_CALL_MAIN,
    };
    struct sy_frame frame;
    bank->globals = (struct sy_object){
        .type = SY_T_NAMESPACE,
        .item_count = 6,
        .value = {sy_str("__name__"), sy_str("__main__"), sy_str("CLOSING"),
                  sy_float(9000.0), sy_str("served"), sy_int(0)},
    };
    sy_object_new(&bank->sy, &bank->globals);
    bank->sy.globals = bank->globals.id;
    enter(bank, &frame, SY_C_MODULE);
    local(bank, 0, sy_ref(bank->globals.id));
    call(bank);
    for (size_t i = 0; i < sizeof defs / sizeof *defs; i++) {
        line(bank, defs[i]);
    }
    uint64_t exception = main_function(bank);
    pass_exception(bank, exception);
    return exception;
}

static void
thread_body(struct sy_bank *bank, size_t thread)
{
    static const char *const names[SY_THREADS] = {"", "a", "b", "c"};
    if (thread == 0) {
        module(bank);
    }
    else {
        worker(bank, names[thread], bank->event_goal);
    }
}

static void
release(struct sy_bank *bank)
{
    free(bank->account);
    free(bank->ledger);
    tf_renew_free(bank->renew);
}

bool
sy_bank_run(struct sy_bank *bank, uint64_t events, uint64_t seed, struct tf_sink *sink,
            struct tf_writer_stats *ret_stats)
{
    bank->event_goal = events;
    bank->random = seed * 2654435761u + 88172645463325252u;
    bank->account_goal = events / 100 + FIRST_ACCOUNTS;
    bank->account = calloc(bank->account_goal, sizeof *bank->account);
    bank->ledger = calloc(bank->account_goal, sizeof *bank->ledger);
    bank->renew = tf_renew_new();
    if (bank->account == NULL || bank->ledger == NULL || bank->renew == NULL
        || !sy_begin(&bank->sy, sink, seed)) {
        release(bank);
        return false;
    }
    bool ok = sy_threads_run(bank, thread_body);
    struct tf_footer footer = {.has_exit_status = true,
                               .exit_status = 1,
                               .failure_seq = bank->facts.failure_seq,
                               .failure_object = bank->sy.next_object - 1};
    bank->facts.last_seq = bank->sy.seq - 1;
    bank->facts.accounts = bank->account_count;
    bank->facts.journal = bank->journal_count;
    release(bank);
    return sy_end(&bank->sy, &footer, ret_stats) && ok;
}
