/* The events of CPython, as they come in, become events of the recording. */
#ifndef REC_TRACE_H
#define REC_TRACE_H

#include "rec_state.h"

/* From here on there are events. `running`: the program has begun. */
tf_status rec_trace_install(bool running, struct tf_err *err);

/* What CPython calls: a trace function, a profile function, and what rec_py_watch_with()
 * wants. */
int rec_trace_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg);
int rec_profile_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg);
bool rec_instruction_event(PyCodeObject *code, uint32_t unit);

#endif
