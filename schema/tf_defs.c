#include "tf_defs.h"

#include <stdlib.h>

#include "tf_limits.h"
#include "tf_proto.h"

/* Ids are handed out in order, and one batch may define them in any order. */
#define ID_SLACK 65536u

struct taker {
    struct tf_defs *defs;
    int64_t file_off;
    struct tf_err *err;
};

void
tf_defs_release(struct tf_defs *defs)
{
    free(defs->file.at);
    free(defs->code.at);
    free(defs->type.at);
    free(defs->thread.at);
    tf_arena_release(&defs->arena);
    *defs = (struct tf_defs){0};
}

static tf_status
defs_damaged(const struct taker *taker, const char *what, uint32_t id)
{
    return tf_err_set(taker->err, TF_ERR_DAMAGED, taker->file_off,
                      "damaged recording: %s %u, defined at offset %lld, does not hold",
                      what, id, (long long)taker->file_off);
}

static tf_status
defs_full(const struct taker *taker)
{
    if (taker->defs->arena.no_memory) {
        return tf_err_set(taker->err, TF_ERR_MEMORY, -1, "out of memory");
    }
    return tf_err_set(taker->err, TF_ERR_LIMIT, taker->file_off,
                      "the definitions take too much memory");
}

static bool
table_room(struct tf_id_table *table, uint32_t id)
{
    if (id < table->cap) {
        return true;
    }
    uint32_t cap = (id + 1) * 2;
    void **at = realloc(table->at, cap * sizeof *at);
    if (at == NULL) {
        return false;
    }
    memset(at + table->cap, 0, (cap - table->cap) * sizeof *at);
    table->at = at;
    table->cap = cap;
    return true;
}

/* A new struct in its place of the table. A thread may be defined again, with the name
 * that it has got. */
static tf_status
table_new(const struct taker *taker, struct tf_id_table *table, const char *what,
          uint32_t id, size_t size, void **ret)
{
    bool again = table == &taker->defs->thread;
    if (id == 0 || id > TF_DEFINITIONS_MAX || id > table->defined + ID_SLACK
        || (!again && tf_id_table_get(table, id) != NULL)) {
        return defs_damaged(taker, what, id);
    }
    void *def = tf_arena_get(&taker->defs->arena, size, TF_DEFINITION_BYTES_MAX);
    if (def != NULL && !table_room(table, id)) {
        return tf_err_set(taker->err, TF_ERR_MEMORY, -1, "out of memory");
    }
    if (def == NULL) {
        return defs_full(taker);
    }
    table->defined += table->at[id] == NULL;
    table->at[id] = def;
    table->count = id > table->count ? id : table->count;
    *ret = def;
    return TF_OK;
}

/* Copies into the arena. Sets *full when there is no room. */
static struct tf_text
copy_text(const struct taker *taker, const ProtobufCBinaryData *data, bool *full)
{
    char *at =
        tf_arena_get(&taker->defs->arena, data->len + 1, TF_DEFINITION_BYTES_MAX);
    if (at == NULL) {
        *full = true;
        return (struct tf_text){"", 0};
    }
    if (data->len > 0) {
        memcpy(at, data->data, data->len);
    }
    return (struct tf_text){at, data->len};
}

static const struct tf_text *
copy_texts(const struct taker *taker, const ProtobufCBinaryData *data, size_t count,
           bool *full)
{
    struct tf_text *text = tf_arena_get(&taker->defs->arena, count * sizeof *text,
                                        TF_DEFINITION_BYTES_MAX);
    if (text == NULL) {
        *full = true;
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        text[i] = copy_text(taker, &data[i], full);
    }
    return text;
}

static uint32_t *
copy_numbers(const struct taker *taker, const uint32_t *number, size_t count,
             bool *full)
{
    uint32_t *at =
        tf_arena_get(&taker->defs->arena, count * sizeof *at, TF_DEFINITION_BYTES_MAX);
    if (at == NULL) {
        *full = true;
        return NULL;
    }
    if (count > 0) {
        memcpy(at, number, count * sizeof *at);
    }
    return at;
}

static tf_status
take_file(const struct taker *taker, const Pyrec__File *file)
{
    void *at;
    bool full = false;
    tf_status status = table_new(taker, &taker->defs->file, "file", file->id,
                                 sizeof(struct tf_def_file), &at);
    if (status != TF_OK) {
        return status;
    }
    struct tf_def_file *def = at;
    def->id = file->id;
    def->path = copy_text(taker, &file->path, &full);
    def->own = file->own;
    return full ? defs_full(taker) : TF_OK;
}

static bool
code_holds(const Pyrec__Code *code)
{
    int64_t lineno = 0;
    for (size_t i = 0; i < code->n_slot_kind; i++) {
        if (code->slot_kind[i] >= TF_SLOT_COUNT) {
            return false;
        }
    }
    for (size_t i = 0; i < code->n_line; i++) {
        lineno += code->line[i];
        if (lineno < 0 || lineno > TF_LINE_MAX || (i > 0 && code->line[i] <= 0)) {
            return false;
        }
    }
    return code->n_slot <= TF_SLOTS_MAX && code->arg_count <= code->n_slot
           && (code->n_slot_kind == code->n_slot || code->n_slot_kind == 0);
}

static bool
bytecode_holds(const Pyrec__Code *code)
{
    int64_t lineno = 0;
    uint64_t off = 0;
    if (code->n_bytecode_line != code->n_bytecode_line_off) {
        return false;
    }
    for (size_t i = 0; i < code->n_bytecode_line; i++) {
        lineno += code->bytecode_line[i];
        off += code->bytecode_line_off[i];
        if (lineno < 0 || lineno > TF_LINE_MAX || off >= code->bytecode.len
            || (i > 0 && code->bytecode_line_off[i] == 0)) {
            return false;
        }
    }
    return true;
}

static void
sum_up(uint32_t *number, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        number[i] += number[i - 1];
    }
}

static void
take_bytecode(const struct taker *taker, const Pyrec__Code *code,
              struct tf_def_code *def, bool *full)
{
    size_t count = code->n_bytecode_line;
    uint32_t *off = copy_numbers(taker, code->bytecode_line_off, count, full);
    uint32_t *lineno =
        copy_numbers(taker, (const uint32_t *)code->bytecode_line, count, full);
    if (off != NULL && lineno != NULL) {
        sum_up(off, count);
        sum_up(lineno, count);
    }
    def->bytecode = copy_text(taker, &code->bytecode, full);
    def->bytecode_line_off = off;
    def->bytecode_line = lineno;
    def->bytecode_line_count = (uint32_t)count;
    def->bytecode_name =
        copy_texts(taker, code->bytecode_name, code->n_bytecode_name, full);
    def->bytecode_name_count = (uint32_t)code->n_bytecode_name;
    def->bytecode_const =
        copy_texts(taker, code->bytecode_const, code->n_bytecode_const, full);
    def->bytecode_const_count = (uint32_t)code->n_bytecode_const;
}

static tf_status
take_code(const struct taker *taker, const Pyrec__Code *code)
{
    void *at;
    bool full = false;
    uint32_t *lineno, *kind;
    tf_status status = table_new(taker, &taker->defs->code, "code", code->id,
                                 sizeof(struct tf_def_code), &at);
    if (status != TF_OK) {
        return status;
    }
    if (!code_holds(code) || !bytecode_holds(code)) {
        return defs_damaged(taker, "code", code->id);
    }
    struct tf_def_code *def = at;
    def->id = code->id;
    def->file = code->file;
    def->first_lineno = code->first_line;
    def->flags = code->flags;
    def->arg_count = code->arg_count;
    def->name = copy_text(taker, &code->name, &full);
    def->qualname = copy_text(taker, &code->qualname, &full);
    def->slot = copy_texts(taker, code->slot, code->n_slot, &full);
    def->slot_count = (uint32_t)code->n_slot;
    def->global = copy_texts(taker, code->global, code->n_global, &full);
    def->global_count = (uint32_t)code->n_global;
    def->slot_kind = kind = tf_arena_get(
        &taker->defs->arena, code->n_slot * sizeof *kind, TF_DEFINITION_BYTES_MAX);
    def->line = lineno =
        copy_numbers(taker, (const uint32_t *)code->line, code->n_line, &full);
    def->line_count = (uint32_t)code->n_line;
    take_bytecode(taker, code, def, &full);
    if (full || kind == NULL) {
        return defs_full(taker);
    }
    if (code->n_slot_kind > 0) {
        memcpy(kind, code->slot_kind, code->n_slot_kind * sizeof *kind);
    }
    sum_up(lineno, code->n_line);
    return TF_OK;
}

static tf_status
take_type(const struct taker *taker, const Pyrec__Type *type)
{
    void *at;
    bool full = false;
    tf_status status = table_new(taker, &taker->defs->type, "type", type->id,
                                 sizeof(struct tf_def_type), &at);
    if (status != TF_OK) {
        return status;
    }
    if (type->category >= TF_CAT_COUNT) {
        return defs_damaged(taker, "type", type->id);
    }
    struct tf_def_type *def = at;
    def->id = type->id;
    def->category = type->category;
    def->flags = type->flags;
    def->module = copy_text(taker, &type->module, &full);
    def->name = copy_text(taker, &type->name, &full);
    def->base = copy_numbers(taker, type->base_type, type->n_base_type, &full);
    def->base_count = (uint32_t)type->n_base_type;
    def->field = copy_texts(taker, type->field, type->n_field, &full);
    def->field_count = (uint32_t)type->n_field;
    return full ? defs_full(taker) : TF_OK;
}

static tf_status
take_thread(const struct taker *taker, const Pyrec__Thread *thread)
{
    void *at;
    bool full = false;
    if (thread->id > TF_THREADS_MAX) {
        return defs_damaged(taker, "thread", thread->id);
    }
    tf_status status = table_new(taker, &taker->defs->thread, "thread", thread->id,
                                 sizeof(struct tf_def_thread), &at);
    if (status != TF_OK) {
        return status;
    }
    struct tf_def_thread *def = at;
    def->id = thread->id;
    def->native_id = thread->native_id;
    def->ident = thread->ident;
    def->name = copy_text(taker, &thread->name, &full);
    return full ? defs_full(taker) : TF_OK;
}

tf_status
tf_defs_add(struct tf_defs *defs, struct tf_cursor bytes, int64_t file_off,
            struct tf_err *err)
{
    struct taker taker = {defs, file_off, err};
    ProtobufCMessage *base;
    tf_status status =
        tf_proto_get(&pyrec__definitions__descriptor, bytes, file_off, &base, err);
    if (status != TF_OK) {
        return status;
    }
    const Pyrec__Definitions *message = (Pyrec__Definitions *)base;
    for (size_t i = 0; i < message->n_file && status == TF_OK; i++) {
        status = take_file(&taker, message->file[i]);
    }
    for (size_t i = 0; i < message->n_code && status == TF_OK; i++) {
        status = take_code(&taker, message->code[i]);
    }
    for (size_t i = 0; i < message->n_type && status == TF_OK; i++) {
        status = take_type(&taker, message->type[i]);
    }
    for (size_t i = 0; i < message->n_thread && status == TF_OK; i++) {
        status = take_thread(&taker, message->thread[i]);
    }
    tf_proto_free(base);
    return status;
}
