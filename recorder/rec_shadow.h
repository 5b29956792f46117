/* What the recording holds of the program's live objects: ids, and the values as last
 * recorded, to be compared with what is there now.
 *
 * Nothing here holds a reference to an object of the program: an entry goes when its
 * object dies (rec_shadow_died, fed by rec_py_watch_deaths), so that an address that is
 * used again is a new object with a new id. All of it needs the GIL. */
#ifndef REC_SHADOW_H
#define REC_SHADOW_H

#include <string.h>

#include "rec_pycompat.h"

struct rec_type;
struct rec_slab;

/* A kind that equals no value's. */
#define REC_VAL_ASSIGNED 0xff

/* A value as last recorded. */
struct rec_val {
    uint8_t kind;  /* enum tf_value_kind */
    uint8_t note;  /* VAL_ELIDED: enum tf_elision */
    uint32_t hash; /* texts and big ints: of what was recorded, and of the length */
    uint64_t
        data; /* VAL_INT: the value; VAL_FLOAT: the bits; VAL_REF: object id; else the
                      address, which is compared but never followed */
};

/* What an index finds: an entry begins with it. */
struct rec_link {
    struct rec_link *next; /* in its bucket; of an unused entry: the next unused one */
    uintptr_t base;
};

struct rec_obj {
    struct rec_link link;
    uint64_t id;
    PyObject *addr; /* borrowed; valid as long as the entry exists */
    struct rec_type *type;
    struct rec_val *val; /* items, then attributes (name, value, ...) */
    uint64_t more;       /* items that are not recorded */

    union {
        uint64_t version;        /* of the dict, when it was last compared; 0 never */
        struct rec_slots *slots; /* by_slot (rec_set.h) */
    };

    uint32_t item_count, attr_count; /* values */
    uint32_t val_cap;
    uint32_t front;   /* unused values before `val`, in the same block */
    uint32_t epoch;   /* rec_state.epoch when it was last looked at */
    uint32_t changes; /* counts the times that it was found changed */
    uint32_t
        deep_mark; /* walk over all that can be reached, in which it was met last */
    uint32_t delta_count; /* values in changes since the last image */
    uint32_t delta_chunk; /* the last chunk with such changes (its lower bits) */
    uint16_t depth;       /* the least at which it was met: how far its items may go */
    uint8_t delta_chunks; /* how many such chunks, at most UINT8_MAX */
    uint8_t note;         /* enum tf_elision */
    bool fresh;           /* has an id, but its OP_NEW is still to come */
    bool no_refs;         /* none of its values is an object, or might become one */
    bool leaf;            /* can neither change nor reach what can */
    bool whole : 1;       /* a frame's variables: no limit holds for its items */
    bool namespace : 1;   /* a module's variables */
    bool partial : 1;     /* of these, only some names */
    bool by_slot : 1;     /* a set: its values stand where its table has them */
};

#define REC_DEPTH_UNKNOWN UINT16_MAX

/* None, a bool, a float, or an int of one digit; false for anything else. Inline: it is asked
 * of nearly every local of every event. */
static inline bool
rec_py_small_scalar(PyObject *obj, struct rec_val *ret)
{
    PyTypeObject *type = Py_TYPE(obj);
    ret->note = 0;
    ret->hash = 0;
    if (type == &PyLong_Type && rec_py_is_one_digit(obj)) {
        ret->kind = TF_VAL_INT;
        ret->data = (uint64_t)rec_py_one_digit(obj);
    }
    else if (type == &PyFloat_Type) {
        ret->kind = TF_VAL_FLOAT;
        memcpy(&ret->data, &((PyFloatObject *)obj)->ob_fval, sizeof ret->data);
    }
    else if (obj == Py_None || type == &PyBool_Type) {
        ret->kind = obj == Py_None   ? TF_VAL_NONE
                    : obj == Py_True ? TF_VAL_TRUE
                                     : TF_VAL_FALSE;
        ret->data = 0;
    }
    else {
        return false;
    }
    return true;
}

/* A reference to an object. */
static inline struct rec_val
rec_val_ref(const struct rec_obj *obj)
{
    return (struct rec_val){
        .kind = TF_VAL_REF, .hash = (uint32_t)obj->id, .data = (uintptr_t)obj};
}

/* The object of a VAL_REF, or NULL when it died: entries stay readable after that, until
 * they are used for another object, which has another id. */
static inline struct rec_obj *
rec_val_obj(const struct rec_val *val)
{
    struct rec_obj *obj = (struct rec_obj *)(uintptr_t)val->data;
    return obj->addr != NULL && (uint32_t)obj->id == val->hash ? obj : NULL;
}

/* Entries by base, in chains. Add only what is not there. */
struct rec_index {
    struct rec_link **head;
    size_t mask, count;
};

struct rec_table { /* open addressing by address */

    struct rec_entry {
        uintptr_t base;
        void *value;
    } * entry;

    size_t mask, used;
};

/* Sizes of blocks of values that are kept for reuse. */
#define REC_VAL_SIZES 6

struct rec_shadow {
    struct rec_index objects; /* struct rec_obj */
    struct rec_index frames;  /* struct rec_frame, by the frame object */
    struct rec_table types;   /* base -> struct rec_type */
    struct rec_table owners;  /* base of an instance's __dict__ -> struct rec_obj */

    struct rec_seen {
        uint8_t objects, others; /* entries with that hash of the base */
    } * filter;

    uint64_t next_id;
    struct rec_slab
        *slabs; /* of entries and values, never given back while recording */
    struct rec_link *free_obj;
    struct rec_val *free_val[REC_VAL_SIZES]; /* linked by `data` */
    void (*type_died)(struct rec_type *type);
    void (*frame_died)(void *frame);
};

/* Blocks are 16-byte aligned; the multiplication spreads what is left. */
static inline size_t
rec_base_hash(uintptr_t base)
{
    return (size_t)((base >> 4) * 0x9E3779B97F4A7C15u >> 20);
}

static inline void *
rec_index_find(const struct rec_index *index, uintptr_t base)
{
    struct rec_link *link = index->head[rec_base_hash(base) & index->mask];
    while (link != NULL && link->base != base) {
        link = link->next;
    }
    return link;
}

/* False when memory ran out. */
bool rec_frames_index_add(struct rec_shadow *shadow, struct rec_link *link);
/* Does nothing when it is not in it. */
void rec_frames_index_remove(struct rec_shadow *shadow, struct rec_link *link);

bool rec_shadow_init(struct rec_shadow *shadow);

/* NULL when the object was never recorded. */
static inline struct rec_obj *
rec_shadow_find(const struct rec_shadow *shadow, PyObject *obj)
{
    return rec_index_find(&shadow->objects, rec_py_base(obj));
}

/* A new entry with the next id; NULL when memory ran out. */
struct rec_obj *rec_shadow_add(struct rec_shadow *shadow, PyObject *obj);
/* Room for so many values; false when memory ran out. What is before them may go. */
bool rec_obj_grow(struct rec_shadow *shadow, struct rec_obj *obj, size_t count);

/* The block at `base` is gone. Called for every block that is freed: fast when it is none
 * of ours. */
void rec_shadow_died(struct rec_shadow *shadow, uintptr_t base);

/* Empties a table; each value goes to `release`. */
void rec_shadow_drop_all(struct rec_table *table, void (*release)(void *value));
void rec_index_drop_all(struct rec_index *index, void (*release)(void *entry));
/* Frees all but the values in `types` and `frames`, which others own. */
void rec_shadow_release(struct rec_shadow *shadow);

void *rec_shadow_get(const struct rec_shadow *shadow, const struct rec_table *table,
                     uintptr_t base);
bool rec_shadow_put(struct rec_shadow *shadow, struct rec_table *table, uintptr_t base,
                    void *value);
/* Likewise; *value becomes what was there before, or NULL. */
bool rec_shadow_swap(struct rec_shadow *shadow, struct rec_table *table, uintptr_t base,
                     void **value);
void *rec_shadow_take(struct rec_shadow *shadow, struct rec_table *table,
                      uintptr_t base);
/* Only if it is `only`. */
void *rec_shadow_take_if(struct rec_shadow *shadow, struct rec_table *table,
                         uintptr_t base, const void *only);

#endif
