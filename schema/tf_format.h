/* The numbers of the format: what kinds of events, changes and values there are.
 *
 * Each table is the only place where its facts stand: enum, names and decoding are made
 * from it here, and a test holds FORMAT.md against it. A number, once released, keeps
 * its meaning; new ones are added at the end. */
#ifndef TF_FORMAT_H
#define TF_FORMAT_H

#define TF_FORMAT_VERSION 1

/* The tables are read as tables. */
/* clang-format off */

/* Event kinds: id, number, `event` and `kind` in the dump. */
#define TF_EVENT_KINDS(X)                    \
    X(EV_START, 1, "call", "start")          \
    X(EV_RESUME, 2, "call", "resume")        \
    X(EV_THROW, 3, "call", "throw")          \
    X(EV_LINE, 4, "line", 0)                 \
    X(EV_RETURN, 5, "return", "return")      \
    X(EV_YIELD, 6, "return", "yield")        \
    X(EV_UNWIND, 7, "return", "unwind")      \
    X(EV_EXCEPTION, 8, "exception", 0)       \
    X(EV_OPCODE, 9, "opcode", 0)             \
    X(EV_C_CALL, 10, "c_call", 0)            \
    X(EV_C_RETURN, 11, "c_return", 0)        \
    X(EV_C_EXCEPTION, 12, "c_exception", 0)

/* Changes: id, number, name, operands.
 *
 * Operand letters, in the order in which they are taken from the columns of `Ops`:
 *   s slot   c code   f frame   o object   t type   i index   n count
 *   1  one value
 *   N  a count that so many values follow, after all letters; several N add up
 *
 * The *current frame* of a thread is the top of its stack. A change applies to the stack of
 * the thread of the event that it belongs to (in a keyframe or checkpoint: of the latest
 * OP_THREAD). */
#define TF_OP_KINDS(X)                                                                \
    /* slot := value, in the current frame; VAL_UNBOUND unbinds */                    \
    X(OP_LOCAL, 1, "local", "s1")                                                     \
    /* push a new frame of `code`; its id is the next one; value: REF of the globals  \
       object, or NONE */                                                             \
    X(OP_ENTER, 2, "enter", "c1")                                                     \
    /* push frame f (code c, globals 1) again: a generator that goes on. Its slots are as \
       they were. Only when f was on a stack earlier in the same chunk. */            \
    X(OP_RESUME, 3, "resume", "fc1")                                                  \
    /* likewise, but all its slots are unbound first: OP_LOCALs follow for each */    \
    X(OP_RESUME_FULL, 4, "resume_full", "fc1")                                        \
    /* pop the current frame: it ended without an event that was seen */              \
    X(OP_LEAVE, 5, "leave", "")                                                       \
    /* a new object, its id the next one: type, note (ELIDE_*), items, how many more  \
       items it has that are not recorded, attributes (2 values each: name, value) */ \
    X(OP_NEW, 6, "new", "tnNnN")                                                      \
    /* all of object o anew; operands as OP_NEW */                                    \
    X(OP_IMAGE, 7, "image", "otnNnN")                                                 \
    /* item i := value */                                                             \
    X(OP_ITEM_SET, 8, "item_set", "oi1")                                              \
    /* at item i: take n away, put N values in */                                     \
    X(OP_ITEM_SPLICE, 9, "item_splice", "oinN")                                       \
    /* the same on the attributes' values (name, value, name, value ...) */           \
    X(OP_ATTR_SET, 10, "attr_set", "oi1")                                             \
    X(OP_ATTR_SPLICE, 11, "attr_splice", "oinN")                                      \
    /* so many more items there are that are not recorded */                          \
    X(OP_MORE, 12, "more", "on")                                                      \
    /* the changes of object o in this event were found late: at most n events ago */ \
    X(OP_LATE, 13, "late", "on")                                                      \
    /* keyframe: the stack of thread n follows, outermost frame first */              \
    X(OP_THREAD, 14, "thread", "n")                                                   \
    /* keyframe: push frame f of code c: line i, seq of its call event n, kind of that \
       event n, globals 1; all slots unbound */                                       \
    X(OP_FRAME, 15, "frame", "fcinn1")                                                \
    /* keyframe: the slots of the current frame are those of the same frame in the    \
       keyframe of chunk n, which has them in full */                                 \
    X(OP_SAME, 16, "same", "n")                                                       \
    /* the event's argument: value returned, yielded or raised; the C function */     \
    X(OP_ARG, 17, "arg", "1")                                                         \
    /* a mark that the program set: VAL_STR */                                        \
    X(OP_MARK, 18, "mark", "1")

/* Values: id, number, name, operands: d integer, r ref, x real, s text, n count, t type. */
#define TF_VALUE_KINDS(X)                                                  \
    X(VAL_UNBOUND, 0, "unbound", "")                                       \
    X(VAL_NONE, 1, "none", "")                                             \
    X(VAL_FALSE, 2, "false", "")                                           \
    X(VAL_TRUE, 3, "true", "")                                             \
    X(VAL_ELLIPSIS, 4, "ellipsis", "")                                     \
    X(VAL_NOTIMPLEMENTED, 5, "notimplemented", "")                         \
    X(VAL_INT, 6, "int", "d")                                              \
    /* two's complement, little endian, shortest that keeps the sign */    \
    X(VAL_BIGINT, 7, "bigint", "s")                                        \
    /* too long to be kept: length in bits; negative if the text is "-" */ \
    X(VAL_BIGINT_CUT, 8, "bigint_cut", "sn")                               \
    X(VAL_FLOAT, 9, "float", "x")                                          \
    X(VAL_COMPLEX, 10, "complex", "xx")                                    \
    X(VAL_STR, 11, "str", "s")                                             \
    /* the first characters only, and the true length in characters */     \
    X(VAL_STR_CUT, 12, "str_cut", "sn")                                    \
    X(VAL_BYTES, 13, "bytes", "s")                                         \
    X(VAL_BYTES_CUT, 14, "bytes_cut", "sn")                                \
    /* an object */                                                        \
    X(VAL_REF, 15, "ref", "r")                                             \
    /* not recorded: reason (ELIDE_*), type (0 unknown) */                 \
    X(VAL_ELIDED, 16, "elided", "nt")

/* Why something is not in the recording. */
#define TF_ELISIONS(X)                  \
    X(ELIDE_NONE, 0, "")                \
    X(ELIDE_DEPTH, 1, "depth")          \
    X(ELIDE_ITEMS, 2, "items")          \
    X(ELIDE_LENGTH, 3, "length")        \
    X(ELIDE_BUDGET, 4, "budget")        \
    X(ELIDE_REDACTED, 5, "redacted")    \
    X(ELIDE_OPAQUE, 6, "opaque")        \
    X(ELIDE_UNREADABLE, 7, "unreadable")

/* What the items of an object of a type mean. FORMAT.md says it item by item.
 * A subclass has the category of the built-in that it extends; attributes (the instance's
 * `__dict__` and slots) may be there with any category. */
#define TF_CATEGORIES(X)                                                                 \
    X(CAT_OPAQUE, 0, "opaque")         /* no items */                                    \
    X(CAT_INSTANCE, 1, "instance")     /* attributes only */                             \
    X(CAT_LIST, 2, "list")                                                               \
    X(CAT_TUPLE, 3, "tuple")                                                             \
    X(CAT_NAMEDTUPLE, 4, "namedtuple") /* Type.field names the items */                  \
    X(CAT_DICT, 5, "dict")             /* key, value, key, value ... */                  \
    X(CAT_SET, 6, "set")               /* in iteration order */                          \
    X(CAT_FROZENSET, 7, "frozenset")                                                     \
    X(CAT_DEQUE, 8, "deque")           /* maxlen or None, then the items */              \
    X(CAT_DEFAULTDICT, 9, "defaultdict") /* factory, None, then key, value ... */        \
    X(CAT_ORDEREDDICT, 10, "OrderedDict") /* key, value ... in its own order */          \
    X(CAT_COUNTER, 11, "Counter")      /* key, value ... in dict order */                \
    X(CAT_BYTEARRAY, 12, "bytearray")  /* one VAL_BYTES */                               \
    X(CAT_RANGE, 13, "range")          /* start, stop, step */                           \
    X(CAT_SLICE, 14, "slice")          /* start, stop, step */                           \
    X(CAT_CELL, 15, "cell")            /* the content, or VAL_UNBOUND */                 \
    X(CAT_FUNCTION, 16, "function")    /* qualname, module or None, code id or None,     \
                                          defaults, kwdefaults */                        \
    X(CAT_BUILTIN, 17, "builtin")      /* name, self or None */                          \
    X(CAT_METHOD, 18, "method")        /* function, self */                              \
    X(CAT_PARTIAL, 19, "partial")      /* function, args, keywords */                    \
    X(CAT_MODULE, 20, "module")        /* name, file or None */                          \
    X(CAT_CLASS, 21, "class")          /* module, qualname, type id; data attributes */  \
    X(CAT_EXCEPTION, 22, "exception")  /* args (tuple), cause, context, suppress, text or None */ \
    X(CAT_ENUM, 23, "enum")            /* name, value */                                 \
    X(CAT_INT, 24, "int")              /* a subclass: the value */                       \
    X(CAT_FLOAT, 25, "float")                                                            \
    X(CAT_COMPLEX, 26, "complex")                                                        \
    X(CAT_STR, 27, "str")                                                                \
    X(CAT_BYTES, 28, "bytes")                                                            \
    X(CAT_DATE, 29, "date")            /* year, month, day */                            \
    X(CAT_TIME, 30, "time")            /* hour, minute, second, microsecond, fold, tzinfo */ \
    X(CAT_DATETIME, 31, "datetime")    /* date's, then time's */                         \
    X(CAT_TIMEDELTA, 32, "timedelta")  /* days, seconds, microseconds */                 \
    X(CAT_TIMEZONE, 33, "timezone")    /* offset (timedelta), name or None */            \
    X(CAT_DECIMAL, 34, "Decimal")      /* str(value) */                                  \
    X(CAT_UUID, 35, "UUID")            /* the int */                                     \
    X(CAT_PATH, 36, "Path")            /* the path as str */                             \
    X(CAT_PATTERN, 37, "Pattern")      /* pattern, flags */                              \
    X(CAT_ARRAY, 38, "array")          /* dtype or format, shape: both str, "(3,)"; then leading elements */ \
    X(CAT_NAMESPACE, 39, "namespace")  /* a dict that is a module's variables: name,     \
                                          value ...; may be partial */                   \
    X(CAT_GENERATOR, 40, "generator")  /* qualname, frame id or None */                  \
    X(CAT_MAPPINGPROXY, 41, "mappingproxy") /* the mapping, or elided */                 \
    X(CAT_MEMORYVIEW, 42, "memoryview") /* format, shape (both str), then leading elements */ \
    X(CAT_FLAG, 43, "flag")            /* an enum.Flag member: name or None, value */

/* Code.slot_kind */
#define TF_SLOT_KINDS(X)                                                      \
    X(SLOT_LOCAL, 0, "local")                                                 \
    X(SLOT_CELL, 1, "cell")   /* the slot may hold a cell: show its content */ \
    X(SLOT_FREE, 2, "free")                                                   \
    /* the frame's locals are this mapping (module, class body): one slot, the last */ \
    X(SLOT_MAPPING, 3, "mapping")

/* clang-format on */

/* Type.flags */
#define TF_TYPE_OWN_REPR    0x1u  /* its repr is Python code, or C code of its own */
#define TF_TYPE_OWN_STR     0x2u  /* exceptions: __str__ is not a built-in one */
#define TF_TYPE_EXACT       0x4u  /* the very type that the category is named for */
#define TF_TYPE_ENUM_STD    0x8u  /* enum: the standard repr, "<Color.RED: 1>" */
#define TF_TYPE_ENUM_GLOBAL 0x10u /* enum: repr is "module.NAME" (global_enum) */

#define TF_ENUM_X(id, number, ...) TF_##id = number,

enum tf_event_kind { TF_EVENT_KINDS(TF_ENUM_X) TF_EV_COUNT = 13 };

/* Where events are counted by kind: EV_UNWIND events of frames that nobody called. */
#define TF_COUNT_LAST_UNWIND 0

enum tf_op_kind { TF_OP_KINDS(TF_ENUM_X) TF_OP_COUNT = 19 };

enum tf_value_kind { TF_VALUE_KINDS(TF_ENUM_X) TF_VAL_COUNT = 17 };

enum tf_elision { TF_ELISIONS(TF_ENUM_X) TF_ELIDE_COUNT = 8 };

enum tf_category { TF_CATEGORIES(TF_ENUM_X) TF_CAT_COUNT = 44 };

enum tf_slot_kind { TF_SLOT_KINDS(TF_ENUM_X) TF_SLOT_COUNT = 4 };

#undef TF_ENUM_X

/* Names and operands by number; NULL for a number that has no meaning here. */
const char *tf_event_name(unsigned kind);      /* "call" */
const char *tf_event_kind_name(unsigned kind); /* "start", or NULL */
const char *tf_op_name(unsigned op);
const char *tf_op_operands(unsigned op);
const char *tf_value_name(unsigned value);
const char *tf_value_operands(unsigned value);
const char *tf_elision_name(unsigned reason);
const char *tf_category_name(unsigned category);

/* Items of a large object are listed, and made whole, by pages of so many. */
#define TF_PAGE_ITEMS 64u

#endif
