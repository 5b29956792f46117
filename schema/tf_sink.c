#include "tf_sink.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static tf_status
sink_fd_write(struct tf_sink *base, const void *bytes, size_t len, struct tf_err *err)
{
    struct tf_sink_fd *sink = (struct tf_sink_fd *)base;
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = write(sink->fd, at, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return tf_err_set_errno(err, n < 0 ? errno : EIO,
                                    "cannot write the recording");
        }
        at += n;
        len -= (size_t)n;
        base->written_bytes += (uint64_t)n;
    }
    return TF_OK;
}

void
tf_sink_fd_init(struct tf_sink_fd *sink, int fd)
{
    *sink = (struct tf_sink_fd){{.write = sink_fd_write}, fd};
}

static bool
sink_memory_reserve(struct tf_sink_memory *sink, size_t need)
{
    size_t len = (size_t)sink->sink.written_bytes;
    size_t cap = sink->cap > 0 ? sink->cap : 4096;
    if (need > SIZE_MAX / 4 || len > SIZE_MAX / 4) {
        return false;
    }
    while (cap - len < need) {
        cap *= 2;
    }
    if (cap == sink->cap) {
        return true;
    }
    uint8_t *data = realloc(sink->data, cap);
    if (data == NULL) {
        return false;
    }
    sink->data = data;
    sink->cap = cap;
    return true;
}

static tf_status
sink_memory_write(struct tf_sink *base, const void *bytes, size_t len,
                  struct tf_err *err)
{
    struct tf_sink_memory *sink = (struct tf_sink_memory *)base;
    size_t room = sink->fail_after_bytes - (size_t)base->written_bytes;
    size_t taken = len < room ? len : room; /* like a disk that fills up */
    if (!sink_memory_reserve(sink, taken)) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    if (taken > 0) {
        memcpy(sink->data + base->written_bytes, bytes, taken);
        base->written_bytes += taken;
    }
    if (taken < len) {
        return tf_err_set_errno(err, ENOSPC, "cannot write the recording");
    }
    return TF_OK;
}

static bool
sink_memory_cut(struct tf_sink *base, uint64_t bytes)
{
    struct tf_sink_memory *sink = (struct tf_sink_memory *)base;
    if (sink->cut_fails) {
        return false;
    }
    base->written_bytes = bytes;
    sink->fail_after_bytes = SIZE_MAX;
    return true;
}

void
tf_sink_memory_init(struct tf_sink_memory *sink)
{
    *sink = (struct tf_sink_memory){
        .sink = {.write = sink_memory_write, .cut = sink_memory_cut},
        .fail_after_bytes = SIZE_MAX,
    };
}

void
tf_sink_memory_release(struct tf_sink_memory *sink)
{
    free(sink->data);
    tf_sink_memory_init(sink);
}
