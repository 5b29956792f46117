/* Objects: which are new, which changed since they were last looked at, as changes in the
 * batch. The one door to value capture: rec_frames and rec_trace know nothing of how it is
 * found out.
 *
 * An event looks at its roots (locals, globals, the argument) through the functions below
 * and then calls rec_values_drain(), which follows them breadth first to everything that
 * can be reached and is recorded already, and to what is new within the limits. All of it
 * reads the objects only (rec_read.h). */
#ifndef REC_VALUES_H
#define REC_VALUES_H

#include "rec_delta.h"
#include "rec_scalar.h"
#include "rec_type.h"

/* A new event. `again`: everything that it leads to is looked at again; else only what is
 * new to it, and what rec_values_look() is called for. */
static inline void
rec_values_begin(bool again)
{
    rec.epoch += again;
    rec.left_out = false;
    rec.budget = rec.options->max_objects;
    rec.queue_head = rec.queue_tail = 0;
    rec.event_start_bytes = rec.batch->changes.len;
}

/* Looks at one object that may have changed, at the place of the hint if it has one. */
void rec_values_look(struct rec_obj *obj, struct rec_hint hint);
/* Appends `src` as a value to the changes, and makes it known if it is a new object.
 * `depth`: 1 for a root. */
struct rec_val rec_value_emit(const struct rec_src *src, uint32_t depth);

/* The same of an object, quickly when it is a small scalar. */
static inline struct rec_val
rec_value_emit_obj(PyObject *obj, uint32_t depth)
{
    struct rec_val val;
    if (obj != NULL && !rec.text_rules && rec_py_small_scalar(obj, &val)) {
        rec_small_scalar_emit(&rec.batch->changes, &val);
        return val;
    }
    struct rec_src src = rec_src_obj(obj);
    return rec_value_emit(&src, depth);
}

/* Is `src` what was recorded? Marks the object to be looked at. */
bool rec_value_same(const struct rec_val *old, const struct rec_src *src,
                    uint32_t depth);
/* The value that stands for a secret. `obj` (or NULL) is a secret by its name: it is one
 * wherever else it turns up. */
struct rec_val rec_value_emit_redacted(PyObject *obj);
/* Looks at everything that the roots lead to. */
void rec_values_drain_queue(void);

static inline void
rec_values_drain(void)
{
    if (rec.queue_head < rec.queue_tail) {
        rec_values_drain_queue();
    }
}

/* Forgets what is known of names. */
void rec_values_release(void);

/* --- For the parts of value capture --- */

/* Whether what has this name is a secret. */
bool rec_value_is_secret(const struct rec_src *name);
/* Leaves the value out, and what else it turns up as. */
void rec_value_hide(struct rec_src *src);

/* Marks an object to be looked at, once. */
void rec_values_enqueue(struct rec_obj *obj, uint32_t depth);
/* Marks one that changed unforeseen to be looked at, as late. */
void rec_values_found_late(struct rec_obj *obj);
/* A new object, to be read when its turn comes; NULL when memory ran out. */
struct rec_obj *rec_values_new(PyObject *obj);
/* As rec_value_emit(), for the value of an attribute or key: redacted if its name is that of
 * a secret. */
struct rec_val rec_value_emit_named(const struct rec_src *name,
                                    const struct rec_src *src, uint32_t depth);

#endif
