/* The hooks: a C trace function in every thread, and what keeps it there. */
#ifndef REC_TRACE_H
#define REC_TRACE_H

#include "rec_state.h"

/* Installs the hooks in all threads, those that start later included. `running`: the
 * program has begun. */
tf_status rec_trace_install(bool running, struct tf_err *err);
/* Takes them away, as if they had never been there. */
void rec_trace_remove(void);

#endif
