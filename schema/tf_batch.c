#include <stdlib.h>

#include "sha256.h"
#include "tf_limits.h"
#include "tf_proto.h"
#include "tf_tail.h"
#include "tf_writer.h"

/* Field numbers of `Definitions` and, for the source, of `Recording`. */
enum { DEF_FILE = 1, DEF_CODE = 2, DEF_TYPE = 3, DEF_THREAD = 4, REC_SOURCE = 3 };

void
tf_batch_init(struct tf_batch *batch)
{
    *batch = (struct tf_batch){.check_at = TF_CHUNK_ROW_BYTES};
    batch->published = &batch->own_published;
}

void
tf_batch_clear(struct tf_batch *batch)
{
    batch->definitions.len = 0;
    batch->sources.len = 0;
    batch->exception_types.len = 0;
    tf_rows_clear(&batch->keyframe);
    tf_rows_clear(&batch->changes);
    tf_rows_clear(&batch->checkpoint);
    batch->tail_thread = 0;
    batch->lost_events = 0;
    batch->lost_reason = NULL;
    batch->failed = false;
    batch->check_at = TF_CHUNK_ROW_BYTES;
}

void
tf_batch_release(struct tf_batch *batch)
{
    tf_blob_release(&batch->definitions);
    tf_blob_release(&batch->sources);
    tf_blob_release(&batch->exception_types);
    tf_rows_release(&batch->keyframe);
    tf_rows_release(&batch->changes);
    tf_rows_release(&batch->checkpoint);
    tf_batch_init(batch);
}

static void
batch_put(struct tf_batch *batch, struct tf_blob *blob, uint32_t number,
          const ProtobufCMessage *message)
{
    if (batch->failed || !tf_proto_put(blob, number, message)) {
        batch->failed = true;
        return;
    }
    if (blob == &batch->definitions) {
        tf_tail_seal_definitions(batch);
    }
    else {
        tf_tail_seal_sources(batch);
    }
}

/* protobuf-c wants an array of its own sort; NULL when there is none or no memory. */
static ProtobufCBinaryData *
batch_texts(struct tf_batch *batch, const struct tf_text *text, uint32_t count)
{
    if (count == 0) {
        return NULL;
    }
    ProtobufCBinaryData *data = calloc(count, sizeof *data);
    if (data == NULL) {
        batch->failed = true;
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        data[i] = tf_proto_text(text[i]);
    }
    return data;
}

void
tf_batch_add_file(struct tf_batch *batch, const struct tf_def_file *def)
{
    Pyrec__File file = PYREC__FILE__INIT;
    file.id = def->id;
    file.path = tf_proto_text(def->path);
    file.own = def->own;
    batch_put(batch, &batch->definitions, DEF_FILE, &file.base);
}

void
tf_batch_add_source(struct tf_batch *batch, const struct tf_def_source *def)
{
    static const char too_long[] = "longer than 16 MiB";
    Pyrec__Source source = PYREC__SOURCE__INIT;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    source.file = def->file;
    if (def->absent.len > 0) {
        source.absent = tf_proto_text(def->absent);
    }
    else if (def->text.len > TF_SOURCE_BYTES_MAX) {
        source.absent = tf_proto_text((struct tf_text){too_long, sizeof too_long - 1});
    }
    else {
        SHA2_CTX sha;
        SHA256Init(&sha);
        SHA256Update(&sha, (const uint8_t *)def->text.data, def->text.len);
        SHA256Final(digest, &sha);
        source.text = tf_proto_text(def->text);
        source.sha256 = (ProtobufCBinaryData){sizeof digest, digest};
    }
    batch_put(batch, &batch->sources, REC_SOURCE, &source.base);
}

static int32_t *
line_deltas(struct tf_batch *batch, const uint32_t *line, size_t count)
{
    uint32_t before = 0;
    if (count == 0) {
        return NULL;
    }
    int32_t *delta = calloc(count, sizeof *delta);
    if (delta == NULL) {
        batch->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        delta[i] = (int32_t)(line[i] - before);
        before = line[i];
    }
    return delta;
}

void
tf_batch_add_code(struct tf_batch *batch, const struct tf_def_code *def)
{
    Pyrec__Code code = PYREC__CODE__INIT;
    code.id = def->id;
    code.file = def->file;
    code.name = tf_proto_text(def->name);
    code.qualname = tf_proto_text(def->qualname);
    code.first_line = def->first_lineno;
    code.flags = def->flags;
    code.arg_count = def->arg_count;
    code.bytecode = tf_proto_text(def->bytecode);
    code.slot = batch_texts(batch, def->slot, def->slot_count);
    code.n_slot = def->slot_count;
    code.slot_kind = (uint32_t *)(uintptr_t)def->slot_kind;
    code.n_slot_kind = def->slot_kind != NULL ? def->slot_count : 0;
    code.line = line_deltas(batch, def->line, def->line_count);
    code.n_line = def->line_count;
    code.global = batch_texts(batch, def->global, def->global_count);
    code.n_global = def->global_count;
    code.bytecode_name =
        batch_texts(batch, def->bytecode_name, def->bytecode_name_count);
    code.n_bytecode_name = def->bytecode_name_count;
    code.bytecode_const =
        batch_texts(batch, def->bytecode_const, def->bytecode_const_count);
    code.n_bytecode_const = def->bytecode_const_count;
    int32_t *offs =
        line_deltas(batch, def->bytecode_line_off, def->bytecode_line_count);
    code.bytecode_line_off = (uint32_t *)offs; /* they ascend */
    code.n_bytecode_line_off = def->bytecode_line_count;
    code.bytecode_line =
        line_deltas(batch, def->bytecode_line, def->bytecode_line_count);
    code.n_bytecode_line = def->bytecode_line_count;
    batch_put(batch, &batch->definitions, DEF_CODE, &code.base);
    free(code.slot);
    free(code.line);
    free(code.global);
    free(code.bytecode_name);
    free(code.bytecode_const);
    free(offs);
    free(code.bytecode_line);
}

void
tf_batch_add_type(struct tf_batch *batch, const struct tf_def_type *def)
{
    Pyrec__Type type = PYREC__TYPE__INIT;
    type.id = def->id;
    type.module = tf_proto_text(def->module);
    type.name = tf_proto_text(def->name);
    type.category = def->category;
    type.flags = def->flags;
    type.base_type = (uint32_t *)(uintptr_t)def->base;
    type.n_base_type = def->base_count;
    type.field = batch_texts(batch, def->field, def->field_count);
    type.n_field = def->field_count;
    batch_put(batch, &batch->definitions, DEF_TYPE, &type.base);
    free(type.field);
    if (def->category == TF_CAT_EXCEPTION
        && !tf_blob_bytes(&batch->exception_types, &def->id, sizeof def->id)) {
        batch->failed = true;
    }
}

void
tf_batch_add_thread(struct tf_batch *batch, const struct tf_def_thread *def)
{
    Pyrec__Thread thread = PYREC__THREAD__INIT;
    thread.id = def->id;
    thread.native_id = def->native_id;
    thread.ident = def->ident;
    thread.name = tf_proto_text(def->name);
    batch_put(batch, &batch->definitions, DEF_THREAD, &thread.base);
}
