/* The hooks: a C trace function in every thread, and what keeps it there. */
#ifndef REC_TRACE_H
#define REC_TRACE_H

#include "rec_state.h"

/* Installs the hooks in the calling thread and in all that start later. */
tf_status rec_trace_install(struct tf_err *err);

#endif
