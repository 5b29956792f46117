/* Code objects: what the recorder must know of one at each event, worked out once and kept
 * in the code object itself. */
#ifndef REC_CODE_H
#define REC_CODE_H

#include "rec_flow.h"

enum {
    REC_SLOT_PLAIN,
    REC_SLOT_SECRET, /* has the name of a secret: its value is not recorded */
    REC_SLOT_VALUE,  /* nor is this one's while the key's slot holds such a name */
};

struct rec_code {
    struct rec_code *next, **link; /* all of the recording's; `link` points here */
    PyCodeObject *object;          /* borrowed; it keeps this entry */
    uint32_t id;                   /* 0: left out by the filter */
    uint32_t slot_count;           /* fast locals, cells and free variables */
    uint8_t *slot_secret;          /* one a slot: REC_SLOT_* */
    uint32_t key_slot;             /* holds the name of what is in a REC_SLOT_VALUE */
    uint32_t arg_count;
    bool name_secret; /* what it returns is not recorded */
    bool is_main;     /* may be the outermost frame of the program itself */
    bool has_mapping; /* its locals are a mapping: the slot after the last */
    bool is_generator;
    bool own; /* the program's own, not a library's */
    struct rec_flow flow;
    uint32_t global_count;
    PyObject **global_name;    /* borrowed from co_names */
    int64_t *global_place;     /* in the namespace `global_namespace`, or -1 */
    struct rec_obj *namespace; /* of the latest frame; compare its id before use */
    uint64_t global_namespace;
    uint64_t global_version; /* of the dict, when all of them were last compared */
};

tf_status rec_code_init(struct tf_err *err);
/* Decides and defines on first sight. NULL when memory ran out. */
struct rec_code *rec_code_of(PyCodeObject *code);
/* Forgets all code objects and files. */
void rec_code_release(void);

#endif
