/* What C code can change when it is called. */
#ifndef REC_CALLEE_H
#define REC_CALLEE_H

#include "rec_delta.h"
#include "rec_frames.h"

/* What a callable can change by itself; what Python code that it calls does is seen there. */
enum rec_calls {
    REC_CALLS_UNJUDGED,
    REC_CALLS_NOTHING,
    REC_CALLS_SCALAR, /* nothing, and the result is a scalar */
    REC_CALLS_CLASS,  /* nothing: the result is an instance of it */
    REC_CALLS_SELF,   /* the object that it is a method of */
    REC_CALLS_FIRST,  /* its first argument */
    REC_CALLS_ARGS,   /* what those of its arguments do that are callables of C */
    REC_CALLS_ALL,    /* it takes its arguments to find out: rec_callee_touch() */
};

/* `self`: of a method that is not bound yet, else NULL. `names`: it gets keyword
 * arguments. `memory`: of the place that calls, to be quick the next time. */
struct rec_judged {
    const void *def;  /* of C code that lives as long as its module does; or a class */
    uint64_t version; /* of the class */
    uint8_t habit;
};

enum rec_calls rec_callee_judge(PyObject *callable, PyObject *self, bool names,
                                struct rec_judged *memory);
/* Where in the receiver, for REC_CALLS_SELF. `first`: its first argument, NULL: not known. */
struct rec_hint rec_callee_hint(PyObject *callable, PyObject *self, PyObject *first,
                                size_t arg_count);
/* Where in its first argument, for REC_CALLS_FIRST. */
struct rec_hint rec_callee_first_hint(PyObject *function);
/* Can never change, and has no method that changes anything else. */
bool rec_callee_is_immutable(PyObject *obj);

/* Notes what a call can change, for the frame that calls. `arg`: self first, where the
 * callable is no bound method. */
void rec_callee_touch(struct rec_frame *frame, PyObject *callable, PyObject *const *arg,
                      size_t arg_count);
/* Notes what taking items from an iterator can change: C code that it calls. */
void rec_callee_touch_iterator(struct rec_frame *frame, PyObject *iterator);

#endif
