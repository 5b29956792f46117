#include "cli_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_session.h"
#include "cli_utf8.h"

/* A column is not made wider than this: what is longer pushes the others aside. */
#define WIDTH_MAX 48u

void
cli_table_init(struct cli_table *table, struct cli_out *out)
{
    memset(table, 0, sizeof *table);
    table->out = out;
}

void
cli_table_release(struct cli_table *table)
{
    rp_buf_release(&table->kept);
    free(table->cell_end);
    table->cell_end = NULL;
}

bool
cli_table_column(struct cli_table *table, const char *heading, bool right)
{
    if (table->columns == CLI_TABLE_COLUMNS) {
        return false;
    }
    table->heading[table->columns] = heading;
    table->right[table->columns] = right;
    table->width[table->columns] = heading ? strlen(heading) : 0;
    table->headed |= heading != NULL;
    table->columns++;
    return true;
}

/* --- Printing --- */

static void
put_cell(struct cli_table *table, size_t column, const char *data, size_t len)
{
    struct cli_out *out = table->out;
    bool last = column + 1 == table->columns;
    if (table->right[column]) {
        size_t columns = cli_out_text_columns(out, data, len);
        cli_out_pad(out, columns < table->width[column] ? table->width[column] - columns
                                                        : 0);
        cli_out_text(out, data, len);
    }
    else {
        size_t columns = cli_out_text(out, data, len);
        if (!last && columns < table->width[column]) {
            cli_out_pad(out, table->width[column] - columns);
        }
    }
    cli_out_str(out, last ? "\n" : "  ");
}

static void
put_heading(struct cli_table *table)
{
    if (!table->headed) {
        return;
    }
    cli_out_style(table->out, CLI_DIM);
    for (size_t i = 0; i < table->columns; i++) {
        const char *heading = table->heading[i] ? table->heading[i] : "";
        put_cell(table, i, heading, strlen(heading));
    }
    cli_out_style(table->out, CLI_PLAIN);
}

void
cli_table_flush(struct cli_table *table)
{
    size_t off = 0;
    if (table->rows == 0 || table->at != 0) {
        return;
    }
    if (!table->begun) {
        put_heading(table);
        table->begun = true;
    }
    for (size_t i = 0; i < table->cells; i++) {
        put_cell(table, i % table->columns, table->kept.data + off,
                 table->cell_end[i] - off);
        off = table->cell_end[i];
    }
    rp_buf_clear(&table->kept);
    table->cells = table->rows = 0;
}

/* --- Cells --- */

static void
end_cell(struct cli_table *table, size_t begin)
{
    if (table->cells == table->cell_cap) {
        size_t cap = table->cell_cap ? table->cell_cap * 2 : 256;
        size_t *bigger = realloc(table->cell_end, cap * sizeof *bigger);
        if (!bigger) {
            return;
        }
        table->cell_end = bigger;
        table->cell_cap = cap;
    }
    size_t width = cli_utf8_count(table->kept.data ? table->kept.data + begin : "",
                                  table->kept.len - begin);
    if (!table->begun && width > table->width[table->at] && width <= WIDTH_MAX) {
        table->width[table->at] = width;
    }
    table->cell_end[table->cells++] = table->kept.len;
    table->at++;
}

void
cli_table_text(struct cli_table *table, const char *data, size_t len)
{
    size_t begin = table->kept.len;
    rp_buf_add(&table->kept, data ? data : "", len);
    end_cell(table, begin);
}

void
cli_table_str(struct cli_table *table, const char *text)
{
    cli_table_text(table, text, strlen(text));
}

void
cli_table_u64(struct cli_table *table, uint64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    cli_table_text(table, digits, (size_t)len);
}

void
cli_table_duration(struct cli_table *table, uint64_t duration_ns)
{
    char text[32];
    cli_duration_text(duration_ns, text, sizeof text);
    cli_table_str(table, text);
}

void
cli_table_place(struct cli_table *table, const struct rp *rp,
                const struct tf_def_file *file, uint32_t lineno)
{
    size_t begin = table->kept.len;
    struct tf_text path = cli_short_path(rp, file);
    rp_buf_add(&table->kept, path.data ? path.data : "", path.len);
    if (lineno) {
        rp_buf_addf(&table->kept, ":%" PRIu32, lineno);
    }
    end_cell(table, begin);
}

void
cli_table_function(struct cli_table *table, const struct tf_def_code *code)
{
    size_t begin = table->kept.len, len = code->qualname.len;
    rp_buf_add(&table->kept, code->qualname.data ? code->qualname.data : "", len);
    if (len > 0 && code->qualname.data[len - 1] != '>') {
        rp_buf_add(&table->kept, "()", 2);
    }
    end_cell(table, begin);
}

void
cli_table_end_row(struct cli_table *table)
{
    table->at = 0;
    table->rows++;
    if (table->begun || table->rows >= CLI_TABLE_KEPT) {
        cli_table_flush(table);
    }
}

/* --- JSON --- */

void
cli_rows_text(struct cli_json *json, const char *key, struct tf_text text)
{
    cli_json_key(json, key);
    cli_json_text(json, text.data ? text.data : "", text.len);
}

void
cli_rows_u64(struct cli_json *json, const char *key, uint64_t number)
{
    cli_json_key(json, key);
    cli_json_u64(json, number);
}

void
cli_rows_event(struct cli_json *json, const struct rp_event *event)
{
    cli_rows_u64(json, "seq", event->seq);
    cli_rows_u64(json, "time_ns", event->time_ns);
    cli_rows_u64(json, "thread", event->thread);
    cli_rows_u64(json, "frame", event->frame);
    cli_rows_u64(json, "depth", event->depth);
    cli_rows_text(json, "file", event->file->path);
    cli_rows_text(json, "function", event->code->qualname);
    cli_rows_u64(json, "line", event->lineno);
}

tf_status
cli_rows_value(struct cli_json *json, const char *key, struct rp *rp,
               const struct rp_value *value, uint64_t seq, struct tf_err *err)
{
    struct rp_buf text = RP_BUF_INIT;
    cli_json_key(json, key);
    if (!value) {
        cli_json_null(json);
        return TF_OK;
    }
    tf_status status = rp_value_text(rp, value, seq, NULL, &text, NULL, NULL, err);
    cli_json_text(json, text.data ? text.data : "", text.len);
    rp_buf_release(&text);
    return status;
}

void
cli_rows_exception(struct cli_json *json, const char *key, struct rp *rp,
                   const struct rp_value *value, uint64_t seq)
{
    struct rp_object *object = NULL;
    struct rp_buf type = RP_BUF_INIT, text = RP_BUF_INIT;
    cli_json_key(json, key);
    if (!value || value->kind != TF_VAL_REF
        || rp_object_at(rp, value, seq, &object, NULL) != TF_OK) {
        cli_json_null(json);
        return;
    }
    rp_type_name(object->type, &type);
    rp_exception_text(rp, object, seq, NULL, &text, NULL);
    cli_json_open(json, '{');
    cli_rows_text(json, "type", (struct tf_text){type.data, type.len});
    cli_rows_text(json, "text", (struct tf_text){text.data, text.len});
    cli_rows_u64(json, "id", object->id);
    cli_json_close(json, '}');
    rp_buf_release(&type);
    rp_buf_release(&text);
    rp_object_release(object);
}
