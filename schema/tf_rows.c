#include "tf_rows.h"

#include <stdlib.h>

#define ROWS_FIRST_BYTES 4096u

void
tf_rows_init(struct tf_rows *rows)
{
    *rows = (struct tf_rows){0};
}

void
tf_rows_release(struct tf_rows *rows)
{
    if (rows->memory == NULL) {
        free(rows->data);
    }
    *rows = (struct tf_rows){0};
}

void
tf_rows_clear(struct tf_rows *rows)
{
    rows->len = 0;
    rows->event_count = rows->object_count = rows->frame_count = 0;
    rows->failed = false;
}

/* After a failure there is room for nothing more, so that every later row fails as well
 * and the rows end with a whole one at most followed by a part. */
static bool
rows_fail(struct tf_rows *rows)
{
    rows->failed = true;
    rows->cap = rows->len;
    return false;
}

bool
tf_rows_grow(struct tf_rows *rows, size_t need)
{
    size_t cap = rows->cap > ROWS_FIRST_BYTES ? rows->cap : ROWS_FIRST_BYTES;
    if (rows->failed || need > SIZE_MAX / 4 || rows->len > SIZE_MAX / 4) {
        return rows_fail(rows);
    }
    if (rows->memory != NULL) {
        return rows->memory->grow(rows->memory, &rows->data, rows->len, &rows->cap,
                                  need)
               || rows_fail(rows);
    }
    while (cap - rows->len < need) {
        cap *= 2;
    }
    uint8_t *data = realloc(rows->data, cap);
    if (data == NULL) {
        return rows_fail(rows);
    }
    rows->data = data;
    rows->cap = cap;
    return true;
}

void
tf_rows_append(struct tf_rows *rows, const struct tf_rows *more)
{
    rows->failed |= more->failed;
    if (more->len == 0 || rows->failed || !tf_rows_reserve(rows, more->len)) {
        return;
    }
    memcpy(rows->data + rows->len, more->data, more->len);
    rows->len += more->len;
    rows->event_count += more->event_count;
    rows->object_count += more->object_count;
    rows->frame_count += more->frame_count;
}
