#include "rec_mark.h"

#include "rec_scalar.h"
#include "rec_session.h"

bool
rec_mark(PyObject *text)
{
    if (!rec.active || (rec.batch == NULL && !rec_session_wait_batch())) {
        return false;
    }
    struct rec_src src = rec_src_obj(text);
    struct rec_val val;
    if (!rec_scalar_make(&src, &val) || !tf_rows_op(&rec.batch->changes, TF_OP_MARK)) {
        return false;
    }
    rec_scalar_emit(&rec.batch->changes, &src, &val);
    return true;
}
