/* Any recording, and any bytes. The first byte: 0 a file as it is; else its content. */
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
    if (data[0] == 0) {
        tt_put(&file, data + 1, len - 1);
    }
    else {
        fz_frames_put(&file, data + 1, len - 1);
    }
    const char *path = fz_path(file.data, file.len);
    fz_look_reader(path);
    fz_look_core(path);
    tt_bytes_free(&file);
}
