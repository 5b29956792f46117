/* What a person needs to read a function's instructions, for recordings with opcode
 * events. */
#ifndef REC_BYTECODE_H
#define REC_BYTECODE_H

#include <Python.h>

#include "tf_writer.h"

/* What a definition points to; all 0 is empty. */
struct rec_bytecode {
    PyObject *bytes; /* owned */
    struct tf_text *name, *constant;
    uint32_t name_count, constant_count;
    uint32_t *line_off, *line;
    uint32_t line_count, line_cap;
};

/* Fills the bytecode fields of `def`, which stay valid until `space` is released. What
 * memory does not suffice for is left out. May leave a Python exception set. */
void rec_bytecode_read(PyCodeObject *code, struct rec_bytecode *space,
                       struct tf_def_code *def);
void rec_bytecode_release(struct rec_bytecode *space);

#endif
