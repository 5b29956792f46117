/* Verification, first pass: what definitions and sources say, each by itself and of those
 * before it. */
#include <inttypes.h>

#include "tf_limits.h"
#include "tf_reader_inside.h"
#include "tf_verify_inside.h"

#define TYPE_FLAGS                                                      \
 (TF_TYPE_OWN_REPR | TF_TYPE_OWN_STR | TF_TYPE_EXACT | TF_TYPE_ENUM_STD \
  | TF_TYPE_ENUM_GLOBAL)

static void
code_does_not_hold(struct tf_verifier *verify, uint64_t off, uint32_t id,
                   const char *what)
{
    tf_verify_found_at(verify, off, "function %u, defined at offset %" PRIu64 ": %s",
                       id, off, what);
}

static bool
ascends(const uint32_t *number, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (number[i] < number[i - 1]) {
            return false;
        }
    }
    return true;
}

static void
check_code(struct tf_verifier *verify, const struct tf_def_code *code, uint64_t off)
{
    if (tf_reader_file(verify->reader, code->file) == NULL) {
        code_does_not_hold(verify, off, code->id, "its file is not defined");
    }
    if (code->arg_count > code->slot_count) {
        code_does_not_hold(verify, off, code->id,
                           "it has more arguments than variables");
    }
    for (uint32_t i = 0; i < code->slot_count; i++) {
        if (code->slot_kind[i] >= TF_SLOT_COUNT) {
            code_does_not_hold(verify, off, code->id, "a variable of no known kind");
            break;
        }
    }
    if (!ascends(code->line, code->line_count)) {
        code_does_not_hold(verify, off, code->id, "its lines do not ascend");
    }
    if (!ascends(code->bytecode_line_off, code->bytecode_line_count)
        || (code->bytecode_line_count > 0
            && code->bytecode_line_off[code->bytecode_line_count - 1]
                   >= code->bytecode.len)) {
        code_does_not_hold(verify, off, code->id,
                           "the lines of its bytecode do not ascend within it");
    }
}

static void
check_type(struct tf_verifier *verify, const struct tf_def_type *type, uint64_t off)
{
    bool holds = type->category < TF_CAT_COUNT && (type->flags & ~TYPE_FLAGS) == 0
                 && (type->field_count == 0 || type->category == TF_CAT_NAMEDTUPLE);
    for (uint32_t i = 0; i < type->base_count; i++) {
        holds = holds && tf_reader_type(verify->reader, type->base[i]) != NULL
                && type->base[i] != type->id;
    }
    if (!holds) {
        tf_verify_found_at(verify, off,
                           "type %u, defined at offset %" PRIu64
                           ", has a category, flags, fields or bases that no type has",
                           type->id, off);
    }
}

static tf_status
check_definitions(struct tf_verifier *verify, struct tf_cursor bytes, uint64_t off)
{
    struct tf_err fault = TF_ERR_INIT;
    struct tf_defs defs = {0};
    tf_status status = tf_defs_add(&defs, bytes, (int64_t)off, &fault);
    for (uint32_t id = 1; id <= defs.code.count; id++) {
        const struct tf_def_code *code = tf_id_table_get(&defs.code, id);
        if (code != NULL) {
            check_code(verify, code, off);
        }
    }
    for (uint32_t id = 1; id <= defs.type.count; id++) {
        const struct tf_def_type *type = tf_id_table_get(&defs.type, id);
        if (type != NULL) {
            check_type(verify, type, off);
        }
    }
    tf_defs_release(&defs);
    verify->definitions_off = off;
    return tf_verify_fault(verify, status, &fault);
}

void
tf_verify_ids(struct tf_verifier *verify)
{
    const struct tf_defs *defs = &verify->reader->defs;

    const struct {
        const struct tf_id_table *table;
        const char *what;
    } tables[] = {{&defs->file, "files"},
                  {&defs->code, "functions"},
                  {&defs->type, "types"},
                  {&defs->thread, "threads"}};

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (tables[i].table->defined < tables[i].table->count) {
            tf_verify_found_at(verify, verify->definitions_off,
                               "%u of %u %s have no definition",
                               tables[i].table->count - tables[i].table->defined,
                               tables[i].table->count, tables[i].what);
        }
    }
}

/* Source.text, .sha256, .absent */
static void
check_source(struct tf_verifier *verify, struct tf_cursor bytes, uint64_t off)
{
    struct tf_wire wire;
    size_t len[5] = {0};
    while (tf_wire_next(&bytes, &wire) == TF_WIRE_FIELD) {
        if (wire.number < 5 && wire.type == TF_WIRE_BYTES) {
            len[wire.number] = tf_cursor_left(&wire.bytes);
        }
    }
    if (len[4] > 0 && (len[2] > 0 || len[3] > 0)) {
        tf_verify_found_at(verify, off,
                           "the source at offset %" PRIu64
                           " has a text and a reason why there is none",
                           off);
    }
    else if (len[4] == 0 && len[3] == 0) {
        tf_verify_found_at(verify, off,
                           "the source at offset %" PRIu64 " has no checksum", off);
    }
}

static void
check_gap(struct tf_verifier *verify, struct tf_cursor bytes, uint64_t off)
{
    struct tf_chunk_view view;
    struct tf_gap gap;
    if (tf_chunk_view_get(bytes, &view) && view.has_gap && tf_gap_get(view.gap, &gap)
        && gap.before_seq != view.first_seq) {
        tf_verify_found_at(verify, off,
                           "the gap before event %" PRIu64
                           " says that it is before event %" PRIu64,
                           view.first_seq, gap.before_seq);
    }
}

tf_status
tf_verify_part(struct tf_verifier *verify, uint32_t number, struct tf_cursor bytes,
               uint64_t off)
{
    switch (number) {
    case TF_REC_DEFINITIONS: return check_definitions(verify, bytes, off);
    case TF_REC_SOURCE: check_source(verify, bytes, off); return TF_OK;
    case TF_REC_CHUNK: check_gap(verify, bytes, off); return TF_OK;
    default: return TF_OK;
    }
}
