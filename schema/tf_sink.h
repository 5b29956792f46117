/* Where a writer's bytes go: a file, memory, or (in tests) something that fails. */
#ifndef TF_SINK_H
#define TF_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tf_err.h"

struct tf_sink {
    /* Takes all `len` bytes or fails. */
    tf_status (*write)(struct tf_sink *sink, const void *bytes, size_t len,
                       struct tf_err *err);
    /* After a failure: back to the first `bytes` bytes, with what was kept free for the end
     * of the recording. NULL: it cannot. */
    bool (*cut)(struct tf_sink *sink, uint64_t bytes);
    uint64_t written_bytes;
};

struct tf_sink_fd {
    struct tf_sink sink;
    int fd; /* borrowed */
};

struct tf_sink_memory {
    struct tf_sink sink;
    uint8_t *data; /* owned by the sink */
    size_t cap;
    size_t fail_after_bytes; /* fails once so many would be exceeded; SIZE_MAX: never */
    bool cut_fails;
};

void tf_sink_fd_init(struct tf_sink_fd *sink, int fd);
void tf_sink_memory_init(struct tf_sink_memory *sink);
void tf_sink_memory_release(struct tf_sink_memory *sink);

#endif
