/* Code objects: what the recorder must know of one at each event, worked out once and kept
 * in the code object itself. */
#ifndef REC_CODE_H
#define REC_CODE_H

#include "rec_flow.h"

struct rec_code {
    uint32_t id;          /* 0: left out by the filter */
    uint32_t slot_count;  /* fast locals, cells and free variables */
    uint8_t *slot_secret; /* one a slot: its value is not recorded */
    bool name_secret;     /* what it returns is not recorded */
    bool is_main;         /* may be the outermost frame of the program itself */
    bool has_mapping;     /* its locals are a mapping: the slot after the last */
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

#endif
