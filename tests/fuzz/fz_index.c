/* An index, a footer, postings, summaries and lists of writes that lie about chunks that
 * are right. */
#include "fz_frames.h"
#include "fz_look.h"
#include "fz_target.h"

const struct fz_target fz_target = {.head = 0};

static bool
is_derived(uint32_t number)
{
    return number == 5 || number == 6 || number >= 8;
}

void
fz_try(const uint8_t *data, size_t len)
{
    const struct tt_bytes *base = fz_base();
    struct tt_bytes joined = {NULL, 0}, file = {NULL, 0};
    const uint8_t *at = base->data, *end = at + base->len;
    struct fz_field field;
    while (fz_field_next(&at, end, &field)) {
        if (!is_derived(field.number)) {
            tt_put(&joined, field.at, field.len);
        }
    }
    tt_put(&joined, data, len);
    fz_frames_put(&file, joined.data, joined.len);
    const char *path = fz_path(file.data, file.len);
    fz_look_reader(path);
    fz_look_core(path);
    tt_bytes_free(&joined);
    tt_bytes_free(&file);
}
