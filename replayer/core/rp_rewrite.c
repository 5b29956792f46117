#include "rp_rewrite.h"

#include <stdlib.h>
#include <string.h>

/* --- Rows --- */

void
rp_rows_value(struct tf_rows *rows, const struct rp_value *value)
{
    struct tf_text text = rp_value_bytes(value);
    switch (value->kind) {
    case TF_VAL_INT: tf_rows_int(rows, value->integer); break;
    case TF_VAL_REF: tf_rows_ref(rows, value->ref); break;
    case TF_VAL_FLOAT: tf_rows_float(rows, value->real); break;
    case TF_VAL_COMPLEX: tf_rows_complex(rows, value->real, value->imag); break;
    case TF_VAL_BIGINT:
    case TF_VAL_STR:
    case TF_VAL_BYTES:
        tf_rows_text(rows, (enum tf_value_kind)value->kind, text.data, text.len);
        break;
    case TF_VAL_BIGINT_CUT:
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES_CUT:
        tf_rows_text_cut(rows, (enum tf_value_kind)value->kind, text.data, text.len,
                         value->length);
        break;
    case TF_VAL_ELIDED:
        tf_rows_elided(rows, (enum tf_elision)value->note, value->type_id);
        break;
    default:
        if (value->kind < TF_VAL_COUNT) {
            tf_rows_value(rows, (enum tf_value_kind)value->kind);
        }
        else { /* damaged */
            tf_rows_elided(rows, TF_ELIDE_UNREADABLE, 0);
        }
        break;
    }
}

void
rp_rows_raw_value(struct tf_rows *rows, const struct tf_ops *ops,
                  const struct tf_value *value)
{
    enum tf_value_kind kind = (enum tf_value_kind)value->kind;
    struct tf_text text = {"", 0};
    if (rp_kind_has_text(value->kind)) {
        text = ops->text[value->text];
    }
    switch (value->kind) {
    case TF_VAL_INT: tf_rows_int(rows, value->integer); break;
    case TF_VAL_REF: tf_rows_ref(rows, value->ref); break;
    case TF_VAL_FLOAT: tf_rows_float(rows, value->real); break;
    case TF_VAL_COMPLEX: tf_rows_complex(rows, value->real, value->imag); break;
    case TF_VAL_BIGINT:
    case TF_VAL_STR:
    case TF_VAL_BYTES: tf_rows_text(rows, kind, text.data, text.len); break;
    case TF_VAL_BIGINT_CUT:
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES_CUT:
        tf_rows_text_cut(rows, kind, text.data, text.len, value->length);
        break;
    case TF_VAL_ELIDED:
        tf_rows_elided(rows, (enum tf_elision)value->note, value->type_id);
        break;
    default: tf_rows_value(rows, kind); break;
    }
}

/* The operands in the order of the letters of TF_OP_KINDS. */
bool
rp_rows_op_head(struct tf_rows *rows, const struct tf_op *op)
{
    if (!tf_rows_op(rows, (enum tf_op_kind)op->kind)) {
        return false;
    }
    switch (op->kind) {
    case TF_OP_LOCAL:
    case TF_OP_ENTER: tf_rows_u64(rows, op->a); break;
    case TF_OP_RESUME:
    case TF_OP_RESUME_FULL:
        tf_rows_u64(rows, op->id);
        tf_rows_u64(rows, op->a);
        break;
    case TF_OP_IMAGE: tf_rows_u64(rows, op->id); /* fall through */
    case TF_OP_NEW:
        tf_rows_u64(rows, op->a);
        tf_rows_u64(rows, op->note);
        tf_rows_u64(rows, op->item_count);
        tf_rows_u64(rows, op->count);
        tf_rows_u64(rows, op->value_count - op->item_count);
        break;
    case TF_OP_ITEM_SET:
    case TF_OP_ATTR_SET:
        tf_rows_u64(rows, op->id);
        tf_rows_u64(rows, op->index);
        break;
    case TF_OP_ITEM_SPLICE:
    case TF_OP_ATTR_SPLICE:
        tf_rows_u64(rows, op->id);
        tf_rows_u64(rows, op->index);
        tf_rows_u64(rows, op->count);
        tf_rows_u64(rows, op->value_count);
        break;
    case TF_OP_MORE:
    case TF_OP_LATE:
        tf_rows_u64(rows, op->id);
        tf_rows_u64(rows, op->count);
        break;
    case TF_OP_THREAD: tf_rows_u64(rows, op->id); break;
    case TF_OP_FRAME:
        tf_rows_u64(rows, op->id);
        tf_rows_u64(rows, op->a);
        tf_rows_u64(rows, op->index);
        tf_rows_u64(rows, op->count);
        tf_rows_u64(rows, op->note);
        break;
    case TF_OP_SAME: tf_rows_u64(rows, op->count); break;
    default: break;
    }
    return true;
}

void
rp_rows_op(struct tf_rows *rows, const struct tf_ops *ops, const struct tf_op *op)
{
    if (rp_rows_op_head(rows, op)) {
        for (uint32_t i = 0; i < op->value_count; i++) {
            rp_rows_raw_value(rows, ops, &ops->value[op->value_first + i]);
        }
    }
}

/* --- Definitions --- */

static struct tf_text
retold(const struct rp_retext *retext, struct tf_text text)
{
    return retext ? retext->text(retext->ctx, text) : text;
}

/* A list of texts in `*at`, which moves on. */
static const struct tf_text *
retold_list(const struct rp_retext *retext, const struct tf_text *list, uint32_t count,
            struct tf_text **at)
{
    struct tf_text *first = *at;
    for (uint32_t i = 0; i < count; i++) {
        *(*at)++ = retold(retext, list[i]);
    }
    return first;
}

static bool
copy_code(struct rp *rp, uint32_t id, struct tf_batch *batch,
          const struct rp_retext *retext)
{
    struct tf_def_code def = *rp_code(rp, id);
    size_t count = (size_t)def.slot_count + def.global_count + def.bytecode_name_count
                   + def.bytecode_const_count;
    struct tf_text *list = malloc((count + 1) * sizeof *list), *at = list;
    if (!list) {
        return false;
    }
    def.id = id;
    def.name = retold(retext, def.name);
    def.qualname = retold(retext, def.qualname);
    def.slot = retold_list(retext, def.slot, def.slot_count, &at);
    def.global = retold_list(retext, def.global, def.global_count, &at);
    def.bytecode_name =
        retold_list(retext, def.bytecode_name, def.bytecode_name_count, &at);
    def.bytecode_const =
        retold_list(retext, def.bytecode_const, def.bytecode_const_count, &at);
    tf_batch_add_code(batch, &def);
    free(list);
    return true;
}

static bool
copy_type(struct rp *rp, uint32_t id, struct tf_batch *batch,
          const struct rp_retext *retext)
{
    struct tf_def_type def = *rp_type(rp, id);
    struct tf_text *list = malloc(((size_t)def.field_count + 1) * sizeof *list),
                   *at = list;
    if (!list) {
        return false;
    }
    def.id = id;
    def.module = retold(retext, def.module);
    def.name = retold(retext, def.name);
    def.field = retold_list(retext, def.field, def.field_count, &at);
    tf_batch_add_type(batch, &def);
    free(list);
    return true;
}

static bool
copy_file(struct rp *rp, uint32_t id, struct tf_batch *batch,
          const struct rp_retext *retext)
{
    struct tf_def_file def = *rp_file(rp, id);
    def.id = id;
    def.path = retold(retext, def.path);
    tf_batch_add_file(batch, &def);
    return true;
}

static bool
copy_thread(struct rp *rp, uint32_t id, struct tf_batch *batch,
            const struct rp_retext *retext)
{
    struct tf_def_thread def = *rp_thread(rp, id);
    def.id = id;
    def.name = retold(retext, def.name);
    tf_batch_add_thread(batch, &def);
    return true;
}

tf_status
rp_copy_definitions(struct rp *rp, struct tf_batch *batch,
                    const struct rp_retext *retext, struct tf_err *err)
{
    typedef bool copy_fn(struct rp *, uint32_t, struct tf_batch *,
                         const struct rp_retext *);

    const struct {
        copy_fn *copy;
        uint32_t count;
    } sorts[] = {
        {copy_file, rp->facts.file_count},
        {copy_code, rp->facts.code_count},
        {copy_type, rp->facts.type_count},
        {copy_thread, rp->facts.thread_count},
    };

    bool fine = true;
    for (size_t sort = 0; sort < sizeof sorts / sizeof *sorts; sort++) {
        for (uint32_t id = 1; id <= sorts[sort].count && fine; id++) {
            fine = sorts[sort].copy(rp, id, batch, retext);
            if (retext) {
                retext->next(retext->ctx);
            }
        }
    }
    return fine && !batch->failed ? TF_OK : rp_no_memory(err);
}

tf_status
rp_copy_source(struct rp *rp, uint32_t file, struct tf_batch *batch,
               const struct rp_retext *retext, struct tf_err *err)
{
    static const char none[] = "the recording has no source text of it";
    struct tf_err fault = TF_ERR_INIT;
    struct tf_def_source def = {.file = file, .text = {"", 0}, .absent = {"", 0}};
    tf_status status = tf_reader_source(rp->reader, file, &def.text, &fault);
    if (status == TF_ERR_NOT_FOUND) {
        const char *why = strncmp(fault.message, none, sizeof none - 1) == 0
                                  && fault.message[sizeof none - 1] == ':'
                              ? fault.message + sizeof none + 1
                              : "";
        def.absent = (struct tf_text){why, strlen(why)};
        if (!*why) {
            return TF_OK;
        }
    }
    else if (status != TF_OK) {
        if (err) {
            *err = fault;
        }
        return status;
    }
    def.text = retold(retext, def.text);
    def.absent = retold(retext, def.absent);
    tf_batch_add_source(batch, &def);
    if (retext) {
        retext->next(retext->ctx);
    }
    return batch->failed ? rp_no_memory(err) : TF_OK;
}

tf_status
rp_copy_header(struct rp *rp, const struct rp_retext *retext,
               struct tf_header *ret_header, struct tf_text **ret_list,
               struct tf_err *err)
{
    struct tf_header header = *rp->facts.header;
    struct tf_limits *limits = &header.limits;
    size_t count = (size_t)header.argv_count + header.library_dir_count
                   + limits->include_count + limits->exclude_count
                   + limits->include_function_count + limits->exclude_function_count;
    struct tf_text *list = malloc((count + 1) * sizeof *list), *at = list;
    if (!list) {
        return rp_no_memory(err);
    }
    struct tf_text *const one[] = {&header.recorder,   &header.python, &header.platform,
                                   &header.executable, &header.cwd,    &header.script};
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        *one[i] = retold(retext, *one[i]);
    }
    header.argv = retold_list(retext, header.argv, header.argv_count, &at);
    header.library_dir =
        retold_list(retext, header.library_dir, header.library_dir_count, &at);
    limits->include = retold_list(retext, limits->include, limits->include_count, &at);
    limits->exclude = retold_list(retext, limits->exclude, limits->exclude_count, &at);
    limits->include_function = retold_list(retext, limits->include_function,
                                           limits->include_function_count, &at);
    limits->exclude_function = retold_list(retext, limits->exclude_function,
                                           limits->exclude_function_count, &at);
    *ret_header = header;
    *ret_list = list;
    return TF_OK;
}

struct tf_footer
rp_copy_footer(struct rp *rp)
{
    static const char unfinished[] = "the recording was not finished";
    if (rp->facts.footer) {
        return *rp->facts.footer;
    }
    return (struct tf_footer){.end_ns = rp->facts.duration_ns,
                              .end_reason = {unfinished, sizeof unfinished - 1}};
}

const struct tf_gap *
rp_gap_before(struct rp *rp, size_t chunk)
{
    uint64_t seq = tf_reader_chunk_info(rp->reader, chunk)->first_seq;
    size_t first = 0, end = rp->facts.gap_count;
    if (chunk > 0 && tf_reader_chunk_info(rp->reader, chunk - 1)->first_seq == seq) {
        return NULL;
    }
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (tf_reader_gap(rp->reader, middle)->before_seq < seq) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    const struct tf_gap *gap =
        first < rp->facts.gap_count ? tf_reader_gap(rp->reader, first) : NULL;
    return gap && gap->before_seq == seq ? gap : NULL;
}

tf_status
rp_next_thread(struct rp *rp, size_t chunk, uint32_t *ret_thread, struct tf_err *err)
{
    *ret_thread = 0;
    for (size_t i = chunk + 1; i < rp->facts.chunk_count; i++) {
        struct tf_chunk *next;
        struct tf_err fault = TF_ERR_INIT;
        if (tf_reader_chunk_info(rp->reader, i)->event_count == 0) {
            continue;
        }
        tf_status status = tf_reader_chunk(rp->reader, i, &next, &fault);
        if (status == TF_ERR_MEMORY || status == TF_ERR_IO) {
            if (err) {
                *err = fault;
            }
            return status;
        }
        if (status == TF_OK) {
            *ret_thread = next->event_count ? next->thread[0] : 0;
            tf_chunk_free(next);
        }
        return TF_OK;
    }
    return TF_OK;
}

/* --- Sets of ids --- */

static uint64_t *
ids_word(const struct rp_ids *ids, uint64_t id)
{
    uint32_t page = rp_map_get(&ids->page_of, id >> 12);
    return page == RP_NONE ? NULL : &ids->page[page][id >> 6 & 63];
}

bool
rp_ids_has(const struct rp_ids *ids, uint64_t id)
{
    const uint64_t *word = ids_word(ids, id);
    return word && (*word >> (id & 63) & 1);
}

static bool
ids_add_page(struct rp_ids *ids, uint64_t id)
{
    if (ids->count == ids->cap) {
        size_t cap = ids->cap ? ids->cap * 2 : 16;
        void *page = realloc(ids->page, cap * sizeof *ids->page);
        if (!page) {
            return false;
        }
        ids->page = page;
        ids->cap = cap;
    }
    memset(ids->page[ids->count], 0, sizeof *ids->page);
    return rp_map_put(&ids->page_of, id >> 12, (uint32_t)ids->count++);
}

bool
rp_ids_add(struct rp_ids *ids, uint64_t id)
{
    uint64_t *word = ids_word(ids, id), bit = UINT64_C(1) << (id & 63);
    if (!word) {
        if (!ids_add_page(ids, id)) {
            ids->failed = true;
            return false;
        }
        word = ids_word(ids, id);
    }
    bool fresh = !(*word & bit);
    *word |= bit;
    return fresh;
}

void
rp_ids_remove(struct rp_ids *ids, uint64_t id)
{
    uint64_t *word = ids_word(ids, id);
    if (word) {
        *word &= ~(UINT64_C(1) << (id & 63));
    }
}

static int
compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

bool
rp_ids_list(const struct rp_ids *ids, uint64_t **ret_list, size_t *ret_count)
{
    size_t count = 0, at = 0;
    for (size_t i = 0; i < ids->count; i++) {
        for (int k = 0; k < 64; k++) {
            count += (size_t)__builtin_popcountll(ids->page[i][k]);
        }
    }
    uint64_t *list = malloc((count + 1) * sizeof *list);
    if (!list) {
        return false;
    }
    for (size_t e = 0; e < ids->page_of.cap; e++) {
        const struct rp_map_entry *entry = &ids->page_of.entry[e];
        for (uint64_t k = 0; entry->value != RP_NONE && k < 4096; k++) {
            if (ids->page[entry->value][k >> 6] >> (k & 63) & 1) {
                list[at++] = entry->key << 12 | k;
            }
        }
    }
    qsort(list, count, sizeof *list, compare_ids);
    *ret_list = list;
    *ret_count = count;
    return true;
}

void
rp_ids_release(struct rp_ids *ids)
{
    rp_map_release(&ids->page_of);
    free(ids->page);
    *ids = (struct rp_ids){0};
}
