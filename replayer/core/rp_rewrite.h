/* Making another recording of one: decoded changes and values back into rows, definitions
 * and facts into another writer. What cutting and redacting share. */
#ifndef RP_REWRITE_H
#define RP_REWRITE_H

#include "rp_private.h"

/* --- Rows --- */

void rp_rows_value(struct tf_rows *rows, const struct rp_value *value);
void rp_rows_raw_value(struct tf_rows *rows, const struct tf_ops *ops,
                       const struct tf_value *value);
/* The operands of a change without its values. False: out of memory. */
bool rp_rows_op_head(struct tf_rows *rows, const struct tf_op *op);
/* A change as it is. */
void rp_rows_op(struct tf_rows *rows, const struct tf_ops *ops, const struct tf_op *op);

/* A change of an object, whoever's frame it was found in. */
static inline bool
rp_op_is_of_object(unsigned kind)
{
    return kind >= TF_OP_NEW && kind <= TF_OP_LATE;
}

/* --- Definitions and facts --- */

/* What to put in the place of a text; the result lives until the next definition. */
struct rp_retext {
    struct tf_text (*text)(void *ctx, struct tf_text text);
    void (*next)(void *ctx); /* the texts given so far are not needed any more */
    void *ctx;
};

/* All definitions without sources. `retext` NULL: as they are. */
tf_status rp_copy_definitions(struct rp *rp, struct tf_batch *batch,
                              const struct rp_retext *retext, struct tf_err *err);
/* The source of one file, or why there is none; nothing if the recording says neither. */
tf_status rp_copy_source(struct rp *rp, uint32_t file, struct tf_batch *batch,
                         const struct rp_retext *retext, struct tf_err *err);
/* The header with other texts; `ret_list` (freed by the caller) holds its lists. */
tf_status rp_copy_header(struct rp *rp, const struct rp_retext *retext,
                         struct tf_header *ret_header, struct tf_text **ret_list,
                         struct tf_err *err);
/* What the footer would say of the whole recording, if it has none, too. */
struct tf_footer rp_copy_footer(struct rp *rp);

/* The gap before the chunk, told once where chunks without events stand before it; NULL: there
 * is none. */
const struct tf_gap *rp_gap_before(struct rp *rp, size_t chunk);

/* Thread of the first event after a chunk, whose changes end it; 0: there is none, or it is
 * damaged. */
tf_status rp_next_thread(struct rp *rp, size_t chunk, uint32_t *ret_thread,
                         struct tf_err *err);

/* --- A set of ids: pages of bits --- */
struct rp_ids {
    struct rp_map page_of; /* id / 4096 -> page */
    uint64_t (*page)[64];
    size_t count, cap;
    bool failed;
};

/* False: it was there already (or out of memory: `failed`). */
bool rp_ids_add(struct rp_ids *ids, uint64_t id);
bool rp_ids_has(const struct rp_ids *ids, uint64_t id);
void rp_ids_remove(struct rp_ids *ids, uint64_t id);
/* All of them, ascending: the caller frees *ret_list. False: out of memory. */
bool rp_ids_list(const struct rp_ids *ids, uint64_t **ret_list, size_t *ret_count);
void rp_ids_release(struct rp_ids *ids);

#endif
