#include "tt_dump.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

static void
put_text(FILE *out, struct tf_text text)
{
    putc('"', out);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\' || !isprint(c)) {
            fprintf(out, "\\x%02x", c);
        }
        else {
            putc(c, out);
        }
    }
    putc('"', out);
}

static void
put_texts(FILE *out, const char *name, const struct tf_text *text, uint32_t count)
{
    fprintf(out, " %s=[", name);
    for (uint32_t i = 0; i < count; i++) {
        fputs(i > 0 ? " " : "", out);
        put_text(out, text[i]);
    }
    putc(']', out);
}

static void
put_named(FILE *out, const char *name, struct tf_text text)
{
    fprintf(out, " %s=", name);
    put_text(out, text);
}

/* A double by its bits: NaNs too. */
static void
put_real(FILE *out, double x)
{
    fprintf(out, "%a", x);
    if (x != x) {
        uint64_t bits;
        __builtin_memcpy(&bits, &x, sizeof bits);
        fprintf(out, ":%" PRIx64, bits);
    }
}

static void
put_value(FILE *out, const struct tf_ops *ops, const struct tf_value *value)
{
    fprintf(out, " %s", tf_value_name(value->kind));
    switch (value->kind) {
    case TF_VAL_INT: fprintf(out, " %" PRId64, value->integer); break;
    case TF_VAL_REF: fprintf(out, " #%" PRIu64, value->ref); break;
    case TF_VAL_FLOAT:
        putc(' ', out);
        put_real(out, value->real);
        break;
    case TF_VAL_COMPLEX:
        putc(' ', out);
        put_real(out, value->real);
        putc(' ', out);
        put_real(out, value->imag);
        break;
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES_CUT:
    case TF_VAL_BIGINT_CUT:
        fprintf(out, " of %" PRIu64, value->length); /* fall through */
    case TF_VAL_STR:
    case TF_VAL_BYTES:
    case TF_VAL_BIGINT:
        putc(' ', out);
        put_text(out, ops->text[value->text]);
        break;
    case TF_VAL_ELIDED:
        fprintf(out, " %s type %u", tf_elision_name(value->note), value->type_id);
        break;
    default: break;
    }
}

static void
put_op(FILE *out, const struct tf_ops *ops, const struct tf_op *op)
{
    fprintf(out, "  %s", tf_op_name(op->kind));
    for (const char *letter = tf_op_operands(op->kind); *letter != 0; letter++) {
        switch (*letter) {
        case 's':
        case 'c':
        case 't': fprintf(out, " %c=%u", *letter, op->a); break;
        case 'f':
        case 'o': fprintf(out, " %c=%" PRIu64, *letter, op->id); break;
        case 'i': fprintf(out, " i=%" PRIu64, op->index); break;
        default: break;
        }
    }
    if (op->kind == TF_OP_NEW || op->kind == TF_OP_ENTER || op->kind == TF_OP_THREAD) {
        fprintf(out, " id=%" PRIu64, op->id);
    }
    fprintf(out, " note=%u count=%" PRIu64 " items=%u:", op->note, op->count,
            op->item_count);
    for (uint32_t i = 0; i < op->value_count; i++) {
        put_value(out, ops, &ops->value[op->value_first + i]);
    }
    putc('\n', out);
}

static void
put_chunk(FILE *out, const struct tf_chunk *chunk)
{
    uint32_t op = 0;
    for (uint32_t i = 0; i < chunk->keyframe.op_count; i++) {
        fputs(" key", out);
        put_op(out, &chunk->keyframe, &chunk->keyframe.op[i]);
    }
    for (uint32_t i = 0; i < chunk->event_count; i++) {
        for (; op < chunk->op_end[i]; op++) {
            put_op(out, &chunk->changes, &chunk->changes.op[op]);
        }
        fprintf(out,
                "%" PRIu64 " thread %u %s:%s line %u at %" PRIu64 " instruction %u\n",
                chunk->first_seq + i, chunk->thread[i], tf_event_name(chunk->kind[i]),
                tf_event_kind_name(chunk->kind[i]) ? tf_event_kind_name(chunk->kind[i])
                                                   : "",
                chunk->lineno[i], chunk->time_ns[i],
                chunk->instruction ? chunk->instruction[i] : 0);
    }
    for (; op < chunk->changes.op_count; op++) {
        fputs(" tail", out);
        put_op(out, &chunk->changes, &chunk->changes.op[op]);
    }
}

tf_status
tt_dump_chunks(struct tf_reader *reader, FILE *out, struct tf_err *err)
{
    for (size_t i = 0; i < tf_reader_chunk_count(reader); i++) {
        struct tf_chunk *chunk;
        tf_status status = tf_reader_chunk(reader, i, &chunk, err);
        if (status != TF_OK) {
            return status;
        }
        fprintf(out, "chunk %" PRIu64 "\n", chunk->number);
        put_chunk(out, chunk);
        tf_chunk_free(chunk);
    }
    return TF_OK;
}

static void
put_header(FILE *out, const struct tf_header *header)
{
    fputs("header", out);
    for (int i = 0; i < 16; i++) {
        fprintf(out, "%s%02x", i ? "" : " ", header->uuid[i]);
    }
    for (int i = 0; i < 16; i++) {
        fprintf(out, "%s%02x", i ? "" : " ", header->parent_uuid[i]);
    }
    put_named(out, "recorder", header->recorder);
    put_named(out, "python", header->python);
    put_named(out, "platform", header->platform);
    put_named(out, "executable", header->executable);
    put_named(out, "cwd", header->cwd);
    put_named(out, "script", header->script);
    put_texts(out, "argv", header->argv, header->argv_count);
    put_texts(out, "library", header->library_dir, header->library_dir_count);
    const struct tf_limits *limits = &header->limits;
    fprintf(out,
            " hex=%x pid=%" PRIu64 " start=%" PRId64 " limits %" PRIu64 " %" PRIu64
            " %" PRIu64 " %" PRIu64 " %x %d %d",
            header->python_hex, header->pid, header->start_unix_ns, limits->text_chars,
            limits->items, limits->depth, limits->objects_an_event, limits->events,
            limits->redact, limits->values);
    put_texts(out, "include", limits->include, limits->include_count);
    put_texts(out, "exclude", limits->exclude, limits->exclude_count);
    put_texts(out, "include_function", limits->include_function,
              limits->include_function_count);
    put_texts(out, "exclude_function", limits->exclude_function,
              limits->exclude_function_count);
    putc('\n', out);
}

static void
put_numbers(FILE *out, const char *name, const uint32_t *number, uint32_t count)
{
    fprintf(out, " %s=[", name);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, "%s%u", i > 0 ? " " : "", number[i]);
    }
    putc(']', out);
}

static void
put_code(FILE *out, const struct tf_def_code *code)
{
    fprintf(out, "code %u file=%u line=%u flags=%x args=%u", code->id, code->file,
            code->first_lineno, code->flags, code->arg_count);
    put_named(out, "name", code->name);
    put_named(out, "qualname", code->qualname);
    put_named(out, "bytecode", code->bytecode);
    put_texts(out, "slots", code->slot, code->slot_count);
    put_numbers(out, "kinds", code->slot_kind, code->slot_count);
    put_numbers(out, "lines", code->line, code->line_count);
    put_texts(out, "globals", code->global, code->global_count);
    if (code->bytecode_name_count + code->bytecode_const_count > 0) {
        put_texts(out, "names", code->bytecode_name, code->bytecode_name_count);
        put_texts(out, "consts", code->bytecode_const, code->bytecode_const_count);
    }
    if (code->bytecode_line_count > 0) {
        uint32_t count = code->bytecode_line_count;
        put_numbers(out, "line_offs", code->bytecode_line_off, count);
        put_numbers(out, "off_lines", code->bytecode_line, count);
    }
    putc('\n', out);
}

static void
put_definitions(FILE *out, const struct tf_reader *reader)
{
    for (uint32_t id = 1; id <= tf_reader_file_count(reader); id++) {
        const struct tf_def_file *file = tf_reader_file(reader, id);
        if (file == NULL) {
            continue;
        }
        fprintf(out, "file %u own=%d", file->id, file->own);
        put_named(out, "path", file->path);
        putc('\n', out);
    }
    for (uint32_t id = 1; id <= tf_reader_code_count(reader); id++) {
        if (tf_reader_code(reader, id) != NULL) {
            put_code(out, tf_reader_code(reader, id));
        }
    }
    for (uint32_t id = 1; id <= tf_reader_type_count(reader); id++) {
        const struct tf_def_type *type = tf_reader_type(reader, id);
        if (type == NULL) {
            continue;
        }
        fprintf(out, "type %u %s flags=%x", type->id, tf_category_name(type->category),
                type->flags);
        put_named(out, "module", type->module);
        put_named(out, "name", type->name);
        put_numbers(out, "base", type->base, type->base_count);
        put_texts(out, "field", type->field, type->field_count);
        putc('\n', out);
    }
    for (uint32_t id = 1; id <= tf_reader_thread_count(reader); id++) {
        const struct tf_def_thread *thread = tf_reader_thread(reader, id);
        if (thread == NULL) {
            continue;
        }
        fprintf(out, "thread %u native=%" PRIu64 " ident=%" PRIu64, thread->id,
                thread->native_id, thread->ident);
        put_named(out, "name", thread->name);
        putc('\n', out);
    }
}

static tf_status
put_sources(FILE *out, struct tf_reader *reader, struct tf_err *err)
{
    for (uint32_t id = 1; id <= tf_reader_file_count(reader); id++) {
        struct tf_err fault = TF_ERR_INIT;
        struct tf_text text;
        tf_status status = tf_reader_source(reader, id, &text, &fault);
        if (status == TF_ERR_NOT_FOUND) {
            fprintf(out, "source %u: %s\n", id, fault.message);
        }
        else if (status != TF_OK) {
            *err = fault;
            return status;
        }
        else {
            fprintf(out, "source %u", id);
            put_named(out, "text", text);
            putc('\n', out);
        }
    }
    return TF_OK;
}

static tf_status
put_checkpoints(FILE *out, struct tf_reader *reader, struct tf_err *err)
{
    for (size_t i = 0; i < tf_reader_checkpoint_count(reader); i++) {
        struct tf_checkpoint *checkpoint;
        tf_status status = tf_reader_checkpoint(reader, i, &checkpoint, err);
        if (status != TF_OK) {
            return status;
        }
        fprintf(out, "checkpoint %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
                checkpoint->seq, checkpoint->chunk, checkpoint->next_object,
                checkpoint->next_frame);
        for (uint32_t k = 0; k < checkpoint->state.op_count; k++) {
            put_op(out, &checkpoint->state, &checkpoint->state.op[k]);
        }
        tf_checkpoint_free(checkpoint);
    }
    return TF_OK;
}

static void
put_end(FILE *out, const struct tf_reader *reader)
{
    const struct tf_footer *footer = tf_reader_footer(reader);
    for (size_t i = 0; i < tf_reader_gap_count(reader); i++) {
        const struct tf_gap *gap = tf_reader_gap(reader, i);
        fprintf(out, "gap before %" PRIu64 " events %" PRIu64, gap->before_seq,
                gap->events);
        put_named(out, "reason", gap->reason);
        putc('\n', out);
    }
    fprintf(out, "events %" PRIu64 " first %" PRIu64 " last %" PRIu64 " kinds",
            tf_reader_event_count(reader), tf_reader_first_seq(reader),
            tf_reader_last_seq(reader));
    for (int kind = 0; kind < TF_EV_COUNT; kind++) {
        fprintf(out, " %" PRIu64, tf_reader_events_by_kind(reader)[kind]);
    }
    if (footer != NULL) {
        fprintf(out,
                "\nfooter end=%" PRIu64 " status %d %d failure %" PRIu64 " #%" PRIu64
                " elided %" PRIu64,
                footer->end_ns, footer->has_exit_status, footer->exit_status,
                footer->failure_seq, footer->failure_object, footer->elided_count);
        put_named(out, "reason", footer->end_reason);
    }
    putc('\n', out);
}

tf_status
tt_dump(struct tf_reader *reader, FILE *out, struct tf_err *err)
{
    put_header(out, tf_reader_header(reader));
    put_definitions(out, reader);
    tf_status status = put_sources(out, reader, err);
    if (status == TF_OK) {
        status = put_checkpoints(out, reader, err);
    }
    if (status == TF_OK) {
        status = tt_dump_chunks(reader, out, err);
    }
    put_end(out, reader);
    return status;
}

char *
tt_dump_file(const char *path, struct tf_err *err)
{
    struct tf_reader *reader;
    char *text = NULL;
    size_t len;
    if (tf_reader_open(path, NULL, NULL, &reader, err) != TF_OK) {
        return NULL;
    }
    FILE *out = open_memstream(&text, &len);
    tf_status status = tt_dump(reader, out, err);
    fclose(out);
    tf_reader_close(reader);
    if (status != TF_OK) {
        free(text);
        return NULL;
    }
    return text;
}
