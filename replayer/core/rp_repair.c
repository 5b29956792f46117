/* A whole recording out of one that is not. */
#include "rp_private.h"
#include "rp_share.h"
#include "tf_repair.h"
#include "tf_sink.h"

tf_status
rp_repair(struct rp *rp, int fd, struct rp_repair_result *ret_result,
          struct tf_err *err)
{
    struct tf_sink_fd sink;
    struct tf_writer_stats stats;
    tf_sink_fd_init(&sink, fd);
    tf_status status = tf_repair(rp->reader, &sink.sink, &stats, err);
    if (status == TF_OK) {
        *ret_result = (struct rp_repair_result){stats.events, stats.file_bytes};
    }
    return status;
}
