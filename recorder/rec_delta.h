/* One object: writing it whole, finding and writing what changed in it since it was last
 * recorded, and finding out quickly that nothing did. */
#ifndef REC_DELTA_H
#define REC_DELTA_H

#include "rec_scalar.h"
#include "rec_type.h"

/* Where in an object a change can be. */
struct rec_hint {
    enum {
        REC_HINT_NONE, /* anywhere */
        REC_HINT_TAIL, /* a list or dict: what comes after those that are recorded, and
                          `index` of these from the end */
        REC_HINT_ITEM, /* a list: item `index`; a dict: the value of entry `index` */
        REC_HINT_ATTR, /* an instance: its attribute `name`, kept in its dict or a slot */
        REC_HINT_HEAD, /* a deque: one item more or less at its beginning; TAIL: at its end */
        REC_HINT_GONE, /* as ITEM: that one is deleted */
        REC_HINT_COME, /* a list: a new item `index` */
        REC_HINT_MOVE, /* an OrderedDict: one item goes, or moves, to or from an end */
        REC_HINT_ONE,  /* a set: one member more or less */
        REC_HINT_HASH, /* likewise, one with the hash `index` */
        REC_HINT_HEAP, /* a list: what a function of heapq does with it, but heapify() */
    } sort;

    union {
        int64_t index;
        PyObject *name; /* interned; borrowed from the code that names it */
    };
};

/* Looks at the place of the hint only. False when that does not do: look at all of it. */
bool rec_obj_look_there(struct rec_obj *obj, struct rec_hint hint);
/* Values at the end of the items, up to `count` of these, stand as not recorded from now on;
 * so many more do not. False when memory ran out. */
bool rec_obj_fill_gap(struct rec_obj *obj, uint64_t count, uint64_t more);
#define GAP_ITEMS_MAX (4u << 20)
/* For an OrderedDict: what popitem() or move_to_end() does. */
bool rec_look_at_odict(struct rec_obj *obj);
/* Where the key stands among the values: at `likely`, or wherever it is found. */
uint32_t rec_odict_place(const struct rec_obj *obj, PyObject *key, uint32_t likely);
/* For a deque: one item, at the end that the hint names. */
bool rec_look_at_deque(struct rec_obj *obj, struct rec_hint hint);
/* For a list that is a heap. */
bool rec_look_at_heap(struct rec_obj *obj);
/* Item `i` of a list, which is `value` now. */
void rec_obj_look_at_item(struct rec_obj *obj, uint32_t i, PyObject *value);
/* After that, for one of which the first items are recorded: the others get their places, if
 * the hint tells which of them may have changed. */
void rec_obj_fill_more(struct rec_obj *obj, struct rec_hint hint);
/* For a deque. */
void rec_deque_fill_gap(struct rec_obj *obj, struct rec_hint hint);
/* Takes `gone` values away at item `from` and makes room for `come` new ones: the caller
 * emits and stores them, in order. False when memory ran out. */
bool rec_obj_open(struct rec_obj *obj, uint32_t from, uint32_t gone, uint32_t come);
/* Is `item` the value that was recorded, as far as that can be told from its address? Of what
 * takes the place of another member of a set at most one is equal to it. */
bool rec_value_is_there(const struct rec_val *old, PyObject *item, uint32_t depth);
/* Marks what an unchanged object refers to, at its present depth. False when something was
 * left out of it that could be taken in now. */
bool rec_obj_follow(struct rec_obj *obj);

/* Its items are keys and values in turn. */
bool rec_obj_has_keys(const struct rec_obj *obj);
/* How many of these there are, whether recorded or not. */
int64_t rec_obj_keys(const struct rec_obj *obj);
/* OP_NEW or OP_IMAGE from what rec_read() found. */
void rec_obj_write(struct rec_obj *obj, enum tf_op_kind op);
/* OP_NEW of an exact list or tuple, read as it is written. False: it is none, or has more
 * items than are read at first sight. */
bool rec_obj_begin_sequence(struct rec_obj *obj);
/* Writes how what rec_read() found differs from what is recorded. */
void rec_obj_compare(struct rec_obj *obj);
/* How many items rec_read() is to read of a known object: all, or as many as at first
 * sight. */
uint64_t rec_obj_items_wanted(const struct rec_obj *obj);
/* Its changes lie in so many chunks that it is better written whole. */
bool rec_obj_wants_image(const struct rec_obj *obj);
/* Looks at all of a large dict or set in its place, and writes what changed. False when that does
 * not do: read and compare it; then everything that changed since is still to be found. */
bool rec_obj_look_through(struct rec_obj *obj);
/* So many values of it were written as changes. */
void rec_obj_changed(struct rec_obj *obj, size_t values);
/* True: it is as recorded, and what it refers to is marked to be looked at. False: not
 * known, read all of it. */
bool rec_obj_is_same(struct rec_obj *obj);
/* Everything of it was compared or written just now. */
void rec_obj_note_version(struct rec_obj *obj);

/* Room for so many values; false when memory ran out. */
static inline bool
rec_obj_reserve(struct rec_obj *obj, size_t count)
{
    return count <= obj->val_cap || rec_obj_grow(&rec.shadow, obj, count);
}

/* Begins a change with its object and index. */
void rec_delta_op(enum tf_op_kind op, uint64_t id, uint64_t index);

#endif
