/* Types: which category of the format an object belongs to, decided once a type from what
 * the type is made of; no attribute of a type is looked up through Python. */
#ifndef REC_TYPE_H
#define REC_TYPE_H

#include "rec_state.h"

struct rec_slot_member {
    PyObject *interned; /* its name, as code names it; owned by the interpreter */
    Py_ssize_t offset;
};

struct rec_type {
    PyTypeObject *type; /* borrowed; the entry dies with it */
    PyTypeObject
        *base; /* the class of the MRO that the category comes from; borrowed */
    uint32_t id;
    uint8_t category; /* enum tf_category */
    uint32_t flags;   /* TF_TYPE_* */
    bool fixed;       /* its items cannot change while the object lives */
    bool has_dict;
    bool secret;           /* its content is not recorded */
    uint64_t secret_items; /* namedtuple: bit i: field i has the name of a secret */
    Py_ssize_t member[3];  /* offsets that the category needs, from tp_members */
    struct rec_slot_member *slot;
    uint32_t slot_count;
};

/* The entry for a type, made and defined in the batch on first sight. NULL when memory ran
 * out. */
struct rec_type *rec_type_of(PyTypeObject *type);
/* The type of the objects that hold a module's or class body's variables. */
struct rec_type *rec_type_namespace(void);
void rec_type_died(struct rec_type *type);
/* Forgets all types. */
void rec_type_release(void);
/* The entry `name` in the type's or its bases' dicts; borrowed, NULL if there is none. */
PyObject *rec_type_lookup(PyTypeObject *type, const char *name);
/* True for a type that is made in C and has this tp_name. */
bool rec_type_is_c(PyTypeObject *type, const char *tp_name);

#endif
