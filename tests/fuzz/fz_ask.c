/* The program itself: the first byte picks the subcommand, the rest is a recording's
 * content. */
#include "fz_frames.h"
#include "fz_look.h"
#include "fz_target.h"

const struct fz_target fz_target = {.head = 1};

void
fz_try(const uint8_t *data, size_t len)
{
    struct tt_bytes file = {NULL, 0};
    if (len < 1) {
        return;
    }
    fz_frames_put(&file, data + 1, len - 1);
    fz_run(fz_path(file.data, file.len), fz_command(data[0]), NULL, NULL, NULL);
    tt_bytes_free(&file);
}
