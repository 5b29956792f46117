/* Answers in rows: as columns for a person, and what all rows have in common as JSON.
 *
 * A table keeps its first rows back until it knows how wide the columns are, or until
 * somebody says that they shall be seen now. What comes later is only padded. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include "cli_json.h"
#include "rp.h"

#define CLI_TABLE_COLUMNS 40u
#define CLI_TABLE_KEPT    32u

struct cli_table {
    struct cli_out *out;
    size_t columns;
    const char *heading[CLI_TABLE_COLUMNS]; /* borrowed; NULL: none */
    bool right[CLI_TABLE_COLUMNS];
    size_t width[CLI_TABLE_COLUMNS];
    struct rp_buf kept; /* cells of rows that are kept back, one after the other */
    size_t *cell_end;   /* in `kept` */
    size_t cells, cell_cap;
    size_t rows; /* kept */
    size_t at;   /* column of the next cell */
    bool begun;  /* the heading is printed, and the widths are settled */
    bool headed; /* some column has a heading */
};

void cli_table_init(struct cli_table *table, struct cli_out *out);
void cli_table_release(struct cli_table *table);
/* Before the first row. `heading` may be NULL; `right`: numbers. False: too many. */
bool cli_table_column(struct cli_table *table, const char *heading, bool right);

/* Cells of a row, in order; text may be anything that was recorded. */
void cli_table_text(struct cli_table *table, const char *data, size_t len);
void cli_table_str(struct cli_table *table, const char *text);
void cli_table_u64(struct cli_table *table, uint64_t number);
void cli_table_duration(struct cli_table *table, uint64_t duration_ns);
/* "shop.py:23", and "Cart.add()" */
void cli_table_place(struct cli_table *table, const struct rp *rp,
                     const struct tf_def_file *file, uint32_t lineno);
void cli_table_function(struct cli_table *table, const struct tf_def_code *code);
void cli_table_end_row(struct cli_table *table);
/* Prints what was kept back. */
void cli_table_flush(struct cli_table *table);

/* --- JSON --- */

/* "key": "text" */
void cli_rows_text(struct cli_json *json, const char *key, struct tf_text text);
void cli_rows_u64(struct cli_json *json, const char *key, uint64_t number);
/* seq, time_ns, thread, frame, depth, file, function, line: as in a dump */
void cli_rows_event(struct cli_json *json, const struct rp_event *event);
/* "key": the text of the value as repr() prints it; null with `value` NULL */
tf_status cli_rows_value(struct cli_json *json, const char *key, struct rp *rp,
                         const struct rp_value *value, uint64_t seq,
                         struct tf_err *err);
/* "key": {"type", "text", "id"}; null without an object */
void cli_rows_exception(struct cli_json *json, const char *key, struct rp *rp,
                        const struct rp_value *value, uint64_t seq);

#endif
