/* What the instructions of a code object do, in terms that are no version's own. */
#ifndef REC_PYCOMPAT_CODE_H
#define REC_PYCOMPAT_CODE_H

#include "rec_pycompat.h"

/* TOS is the top of the value stack. */
enum rec_act {
    REC_ACT_UNKNOWN,    /* not understood: what the stack holds is not known after it */
    REC_ACT_PLAIN,      /* what it pushes may be any object; changes nothing itself */
    REC_ACT_SCALAR,     /* what it pushes is a str, bool, int or cell of no interest */
    REC_ACT_FRESH,      /* what it pushes was made by it */
    REC_ACT_NULL,       /* pushes a NULL */
    REC_ACT_CONST,      /* co_consts[arg] */
    REC_ACT_FAST,       /* fast local `arg` */
    REC_ACT_FAST_FAST,  /* fast locals `arg` >> 4 and, on top, `arg` & 15 */
    REC_ACT_TAKE_FAST,  /* fast local `arg`, which is unbound then */
    REC_ACT_CELL,       /* what the cell in fast local `arg` holds */
    REC_ACT_GLOBAL,     /* global co_names[arg]; with `pushes` 2 a NULL, too */
    REC_ACT_NAME,       /* local, global or built-in co_names[arg] */
    REC_ACT_ATTR,       /* TOS.co_names[arg] */
    REC_ACT_METHOD,     /* likewise; pushes what a CALL takes: method and self, or NULL
                              and the callable */
    REC_ACT_SUBSCR,     /* TOS1[TOS] */
    REC_ACT_ITER,       /* iter(TOS) */
    REC_ACT_FOR_ITER,   /* next(TOS), pushed */
    REC_ACT_STORE_FAST, /* binds or unbinds fast local `arg` */
    REC_ACT_STORE_FAST_LOAD,  /* binds `arg` >> 4 to TOS, then pushes `arg` & 15 */
    REC_ACT_STORE_FAST_STORE, /* binds `arg` >> 4 to TOS and `arg` & 15 to TOS1 */
    REC_ACT_STORE_CELL,   /* binds or unbinds what the cell in fast local `arg` holds */
    REC_ACT_STORE_NAME,   /* binds or unbinds a global or a name of the mapping */
    REC_ACT_STORE_ATTR,   /* sets or deletes TOS.co_names[arg] */
    REC_ACT_STORE_SUBSCR, /* TOS1[TOS] = TOS2 */
    REC_ACT_STORE_SLICE,  /* TOS2[TOS1:TOS] = TOS3 */
    REC_ACT_DELETE_SUBSCR, /* del TOS1[TOS] */
    REC_ACT_INPLACE,       /* TOS1 op= TOS */
    REC_ACT_SET_ADD,       /* adds TOS to the arg-th below it, a set */
    REC_ACT_CONTAINS,      /* TOS1 in TOS */
    REC_ACT_ITERATE,       /* takes all items from TOS */
    REC_ACT_UNPACK,        /* takes `pushes` items from TOS */
    REC_ACT_CALL,          /* with `arg` arguments */
    REC_ACT_CALL_KW,       /* likewise; TOS holds the names of the last of them */
    REC_ACT_CALL_EX,       /* with a tuple, and perhaps a dict */
    REC_ACT_NAMES,         /* the next call has keyword arguments */
    REC_ACT_SWAP,          /* TOS and the arg-th */
    REC_ACT_COPY,          /* of the arg-th; `pushes` times */
    REC_ACT_ROTATE,        /* TOS goes below the arg-th */
    REC_ACT_END,           /* an event comes: return, yield, exception */
    REC_ACT_OPEN,          /* goes on elsewhere in the frame without an event */
    REC_ACT_RERAISE,       /* to its handler, without an event */
};

struct rec_insn {
    uint8_t act;           /* enum rec_act */
    bool alone;            /* of a call: no NULL or self lies beside the callable */
    bool falls;            /* may go on at `next` */
    uint8_t target_keeps;  /* when it jumps, the stack is as it was before */
    uint8_t target_pops;   /* values popped when it jumps instead of the pushed */
    uint32_t unit;         /* where it stands, behind its EXTENDED_ARGs */
    uint32_t next, target; /* units; `target`: REC_NO_UNIT when it does not jump */
    uint32_t arg, pops, pushes;
    uint32_t oparg;  /* `arg` as the instruction has it */
    uint32_t callee; /* of REC_ACT_CALL_EX: where it lies, from the top (1) */
};

/* `code`: only its count of locals is asked (NULL: 0). `bytes`: co_code, `unit_count` units of
 * it. `unit`: its first, EXTENDED_ARG included. */
void rec_py_code_decode(PyCodeObject *code, const uint8_t *bytes, uint32_t unit_count,
                        uint32_t unit, struct rec_insn *ret);
/* Does a line event certainly come when the instruction at `unit` follows the one at `from`?
 * `begins`: the frame's latest event came at `from`. */
bool rec_py_code_fires(PyCodeObject *code, uint32_t from, uint32_t unit, bool begins);

struct rec_handler {
    uint32_t start, count; /* units that it is for */
    uint32_t unit;         /* where it begins */
    uint32_t depth;        /* of the value stack there, the exception on top */
};

/* The next of the code's handlers, from 3.11 on; *pos begins with 0. */
bool rec_py_code_handler_next(PyCodeObject *code, size_t *pos, struct rec_handler *ret);
/* Where the frame goes on when the instruction at `unit` has raised: a unit, or one of these. */
#define REC_NO_HANDLER      (-1)
#define REC_HANDLER_UNKNOWN (-2)
int64_t rec_py_code_handler(PyCodeObject *code, uint32_t unit);

/* Where a callable has no self, a NULL lies above it, not below. */
#define REC_NULL_LAST (PY_VERSION_HEX >= 0x030d0000)

#endif
