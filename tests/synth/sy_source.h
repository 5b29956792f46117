/* The program that the synthetic recording tells: its text, line by line, and its code
 * objects. A line's number is its place here. */
#ifndef SY_SOURCE_H
#define SY_SOURCE_H

/* clang-format off */

/* Lines: id, code object that has it (NONE: no code), text. */
#define SY_LINES(X)                                                                      \
    X(MODULE_DOC, MODULE, "\"\"\"A bank whose books do not add up.\"\"\"")               \
    X(IMPORT_RANDOM, MODULE, "import random")                                            \
    X(IMPORT_THREADING, MODULE, "import threading")                                      \
    X(IMPORT_TIME, MODULE, "import time")                                                  \
    X(BLANK_1, NONE, "")                                                                 \
    X(SET_CLOSING, MODULE, "CLOSING = 9000.0")                                           \
    X(SET_SERVED, MODULE, "served = 0")                                                  \
    X(BLANK_2, NONE, "")                                                                 \
    X(BLANK_3, NONE, "")                                                                 \
    X(ACCOUNT_CLASS, MODULE, "class Account:")                                           \
    X(ACCOUNT_DEF, NONE, "    def __init__(self, number, owner):")                       \
    X(ACCOUNT_NUMBER, ACCOUNT, "        self.number = number")                           \
    X(ACCOUNT_OWNER, ACCOUNT, "        self.owner = owner")                              \
    X(ACCOUNT_BALANCE, ACCOUNT, "        self.balance = 0")                              \
    X(BLANK_4, NONE, "")                                                                 \
    X(BLANK_5, NONE, "")                                                                 \
    X(ORDER_CLASS, MODULE, "class Order:")                                               \
    X(ORDER_DEF, NONE, "    def __init__(self, number, account):")                       \
    X(ORDER_NUMBER, ORDER, "        self.number = number")                               \
    X(ORDER_ACCOUNT, ORDER, "        self.account = account")                            \
    X(ORDER_HOPS, ORDER, "        self.hops = 0")                                        \
    X(ORDER_TOTAL, ORDER, "        self.total = 0.0")                                    \
    X(ORDER_STATE, ORDER, "        self.state = \"new\"")                                \
    X(ORDER_LINES, ORDER, "        self.lines = []")                                     \
    X(BLANK_6, NONE, "")                                                                 \
    X(BLANK_7, NONE, "")                                                                 \
    X(BANK_CLASS, MODULE, "class Bank:")                                                 \
    X(BANK_DEF, NONE, "    def __init__(self):")                                         \
    X(BANK_ACCOUNTS, BANK, "        self.accounts = []")                                 \
    X(BANK_JOURNAL, BANK, "        self.journal = []")                                   \
    X(BANK_LEDGER, BANK, "        self.ledger = {}")                                     \
    X(BANK_RATE, BANK, "        self.rate = 0")                                          \
    X(BANK_LIMITS, BANK, "        self.limits = [0, 0, 0, 0]")                           \
    X(BANK_SETTINGS, BANK, "        self.settings = {}")                                 \
    X(BLANK_8, NONE, "")                                                                 \
    X(BLANK_9, NONE, "")                                                                 \
    X(OPEN_DEF, MODULE, "def open_accounts(bank, count):")                               \
    X(OPEN_FOR, OPEN, "    for number in range(count):")                                 \
    X(OPEN_ACCOUNT, OPEN, "        account = Account(number, \"owner %d\" % (number % 9973))") \
    X(OPEN_APPEND, OPEN, "        bank.accounts.append(account)")                        \
    X(OPEN_LEDGER, OPEN, "        bank.ledger[number] = 0")                              \
    X(BLANK_10, NONE, "")                                                                \
    X(BLANK_11, NONE, "")                                                                \
    X(CALIBRATE_DEF, MODULE, "def calibrate(bank):")                                     \
    X(CALIBRATE_RATE, CALIBRATE, "    bank.rate = 7")                                    \
    X(CALIBRATE_LIMIT, CALIBRATE, "    bank.limits[2] = 99")                             \
    X(CALIBRATE_MODE, CALIBRATE, "    bank.settings[\"mode\"] = \"strict\"")             \
    X(CALIBRATE_LEDGER, CALIBRATE, "    bank.ledger[17] = 4242")                         \
    X(CALIBRATE_RETURN, CALIBRATE, "    return bank.rate * 6")                           \
    X(BLANK_12, NONE, "")                                                                \
    X(BLANK_13, NONE, "")                                                                \
    X(ORDERS_DEF, MODULE, "def orders(bank):")                                           \
    X(ORDERS_NUMBER, ORDERS, "    number = 0")                                           \
    X(ORDERS_WHILE, ORDERS, "    while time.monotonic() < CLOSING:")                     \
    X(ORDERS_COUNT, ORDERS, "        number += 1")                                       \
    X(ORDERS_ACCOUNT, ORDERS, "        account = bank.accounts[random.randrange(100, len(bank.accounts))]") \
    X(ORDERS_YIELD, ORDERS, "        yield Order(number, account)")                      \
    X(BLANK_14, NONE, "")                                                                \
    X(BLANK_15, NONE, "")                                                                \
    X(SCORE_DEF, MODULE, "def score(order):")                                            \
    X(SCORE_CELLS, SCORE, "    cells = [0, 0, 0, 0]")                                    \
    X(SCORE_X, SCORE, "    x = order.number")                                            \
    X(SCORE_FOR, SCORE, "    for i in range(20):")                                       \
    X(SCORE_STEP, SCORE, "        x = (x * 31 + 7) % 65521")                             \
    X(SCORE_CELL, SCORE, "        cells[i % 4] = x")                                     \
    X(SCORE_RETURN, SCORE, "    return max(cells)")                                      \
    X(BLANK_16, NONE, "")                                                                \
    X(BLANK_17, NONE, "")                                                                \
    X(POST_DEF, MODULE, "def post(bank, order, amount):")                                \
    X(POST_BALANCE, POST, "    order.account.balance += amount")                         \
    X(POST_JOURNAL, POST, "    bank.journal.append((order.number, amount))")             \
    X(POST_TOTAL, POST, "    order.total += amount")                                     \
    X(POST_LINES, POST, "    order.lines.append(amount)")                                \
    X(BLANK_18, NONE, "")                                                                \
    X(BLANK_19, NONE, "")                                                                \
    X(SETTLE_DEF, MODULE, "def settle(bank, order):")                                    \
    X(SETTLE_OPEN, SETTLE, "    order.state = \"open\"")                                 \
    X(SETTLE_POINTS, SETTLE, "    points = score(order)")                                \
    X(SETTLE_CHECK, SETTLE, "    if points % 64 == 0:")                                  \
    X(SETTLE_RAISE, SETTLE, "        raise ValueError(\"order %d: %d points\" % (order.number, points))") \
    X(SETTLE_FOR, SETTLE, "    for place in range(2 + points % 5):")                     \
    X(SETTLE_AMOUNT, SETTLE, "        amount = (points * place) % 1009 + 1")             \
    X(SETTLE_POST, SETTLE, "        post(bank, order, amount)")                          \
    X(SETTLE_LEDGER, SETTLE, "    bank.ledger[order.account.number] = order.total")      \
    X(SETTLE_DONE, SETTLE, "    order.state = \"done\"")                                 \
    X(SETTLE_RETURN, SETTLE, "    return order.total")                                   \
    X(BLANK_20, NONE, "")                                                                \
    X(BLANK_21, NONE, "")                                                                \
    X(ROUTE_DEF, MODULE, "def route(bank, order, level):")                               \
    X(ROUTE_IF, ROUTE, "    if level == 0:")                                             \
    X(ROUTE_SETTLE, ROUTE, "        return settle(bank, order)")                         \
    X(ROUTE_DEEPER, ROUTE, "    total = route(bank, order, level - 1)")                  \
    X(ROUTE_HOPS, ROUTE, "    order.hops += 1")                                          \
    X(ROUTE_RETURN, ROUTE, "    return total")                                           \
    X(BLANK_22, NONE, "")                                                                \
    X(BLANK_23, NONE, "")                                                                \
    X(WORKER_DEF, MODULE, "def worker(bank, name):")                                     \
    X(WORKER_GLOBAL, NONE, "    global served")                                          \
    X(WORKER_FOR, WORKER, "    for order in orders(bank):")                              \
    X(WORKER_TRY, WORKER, "        try:")                                                \
    X(WORKER_ROUTE, WORKER, "            total = route(bank, order, random.randrange(23, 29))") \
    X(WORKER_SERVED, WORKER, "            served += 1")                                  \
    X(WORKER_EXCEPT, WORKER, "        except ValueError as error:")                      \
    X(WORKER_FAILED, WORKER, "            failed = str(error)")                          \
    X(BLANK_24, NONE, "")                                                                \
    X(BLANK_25, NONE, "")                                                                \
    X(EXPLORE_DEF, MODULE, "def explore(bank, depth):")                                  \
    X(EXPLORE_IF, EXPLORE, "    if depth == 0:")                                         \
    X(EXPLORE_WORKER, EXPLORE, "        return worker(bank, \"deep\")")                  \
    X(EXPLORE_DEEPER, EXPLORE, "    return explore(bank, depth - 1)")                    \
    X(BLANK_26, NONE, "")                                                                \
    X(BLANK_27, NONE, "")                                                                \
    X(MAIN_DEF, MODULE, "def main(count):")                                              \
    X(MAIN_BANK, MAIN, "    bank = Bank()")                                              \
    X(MAIN_FIRST, MAIN, "    open_accounts(bank, 100)")                                  \
    X(MAIN_SEED, MAIN, "    seed = calibrate(bank)")                                     \
    X(MAIN_OPEN, MAIN, "    open_accounts(bank, count)")                                 \
    X(MAIN_THREADS, MAIN, "    threads = [threading.Thread(target=worker, args=(bank, name)) for name in \"abc\"]") \
    X(MAIN_START, MAIN, "    for thread in threads: thread.start()")                     \
    X(MAIN_WORKER, MAIN, "    worker(bank, \"main\")")                                   \
    X(MAIN_EXPLORE, MAIN, "    explore(bank, 1000)")                                     \
    X(MAIN_AGAIN, MAIN, "    worker(bank, \"again\")")                                   \
    X(MAIN_JOIN, MAIN, "    for thread in threads: thread.join()")                       \
    X(MAIN_RAISE, MAIN, "    raise RuntimeError(\"%d orders, seed %d\" % (served, seed))") \
    X(BLANK_28, NONE, "")                                                                \
    X(BLANK_29, NONE, "")                                                                \
    X(CALL_MAIN, MODULE, "main(1000000)")

/* Code objects: id, qualified name, line where it begins, number of arguments, slots. */
#define SY_CODES(X)                                                                      \
    X(MODULE, "<module>", MODULE_DOC, 0, "<mapping>", "served,main")                          \
    X(ACCOUNT, "Account.__init__", ACCOUNT_DEF, 3, "self,number,owner", "")              \
    X(ORDER, "Order.__init__", ORDER_DEF, 3, "self,number,account", "")                  \
    X(BANK, "Bank.__init__", BANK_DEF, 1, "self", "")                                    \
    X(OPEN, "open_accounts", OPEN_DEF, 2, "bank,count,number,account", "Account")        \
    X(CALIBRATE, "calibrate", CALIBRATE_DEF, 1, "bank", "")                              \
    X(ORDERS, "orders", ORDERS_DEF, 1, "bank,number,account", "CLOSING,Order")           \
    X(SCORE, "score", SCORE_DEF, 1, "order,cells,x,i", "")                               \
    X(POST, "post", POST_DEF, 3, "bank,order,amount", "")                                \
    X(SETTLE, "settle", SETTLE_DEF, 2, "bank,order,points,place,amount", "score,post")   \
    X(ROUTE, "route", ROUTE_DEF, 3, "bank,order,level,total", "settle,route")            \
    X(WORKER, "worker", WORKER_DEF, 2, "bank,name,order,total,error,failed",             \
      "served,orders,route")                                                             \
    X(EXPLORE, "explore", EXPLORE_DEF, 2, "bank,depth", "explore,worker")                \
    X(MAIN, "main", MAIN_DEF, 1, "count,bank,seed,threads", "Bank,worker,served")

/* Types: id, module, name, category, flags. */
#define SY_TYPES(X)                                                                      \
    X(LIST, "builtins", "list", TF_CAT_LIST, TF_TYPE_EXACT)                              \
    X(TUPLE, "builtins", "tuple", TF_CAT_TUPLE, TF_TYPE_EXACT)                           \
    X(DICT, "builtins", "dict", TF_CAT_DICT, TF_TYPE_EXACT)                              \
    X(NAMESPACE, "builtins", "dict", TF_CAT_NAMESPACE, TF_TYPE_EXACT)                    \
    X(FUNCTION, "builtins", "function", TF_CAT_FUNCTION, TF_TYPE_EXACT)                  \
    X(VALUE_ERROR, "builtins", "ValueError", TF_CAT_EXCEPTION, TF_TYPE_EXACT)            \
    X(RUNTIME_ERROR, "builtins", "RuntimeError", TF_CAT_EXCEPTION, TF_TYPE_EXACT)        \
    X(ACCOUNT, "__main__", "Account", TF_CAT_INSTANCE, 0)                                \
    X(ORDER, "__main__", "Order", TF_CAT_INSTANCE, 0)                                    \
    X(BANK, "__main__", "Bank", TF_CAT_INSTANCE, 0)

/* clang-format on */

enum sy_line {
    SY_L_NONE,

#define SY_X(id, code, text) SY_L_##id,
    SY_LINES(SY_X)
#undef SY_X
        SY_L_COUNT
};

enum sy_code {
    SY_C_NONE,

#define SY_X(id, name, line, args, slots, globals) SY_C_##id,
    SY_CODES(SY_X)
#undef SY_X
        SY_C_COUNT
};

enum sy_type {
    SY_T_NONE,

#define SY_X(id, module, name, category, flags) SY_T_##id,
    SY_TYPES(SY_X)
#undef SY_X
        SY_T_COUNT
};

#endif
