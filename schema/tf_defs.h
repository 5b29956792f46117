/* The definitions of a recording, by id. */
#ifndef TF_DEFS_H
#define TF_DEFS_H

#include "tf_arena.h"
#include "tf_cursor.h"
#include "tf_reader.h"

struct tf_id_table {
    void **at;      /* by id; NULL: not defined */
    uint32_t count; /* the greatest id */
    uint32_t cap;
    uint32_t defined;
};

struct tf_defs {
    struct tf_arena arena;
    struct tf_id_table file, code, type, thread;
};

void tf_defs_release(struct tf_defs *defs);
/* Takes one message `Definitions`. */
tf_status tf_defs_add(struct tf_defs *defs, struct tf_cursor bytes, int64_t file_off,
                      struct tf_err *err);

static inline const void *
tf_id_table_get(const struct tf_id_table *table, uint32_t id)
{
    return id <= table->count && table->count > 0 ? table->at[id] : NULL;
}

#endif
