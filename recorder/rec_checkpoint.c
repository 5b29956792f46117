#include "rec_checkpoint.h"

#include <stdlib.h>

#include "rec_frames.h"
#include "rec_read.h"
#include "rec_values.h"
#include "rec_view.h"

static int
compare_ids(const void *a, const void *b)
{
    uint64_t x = (*(struct rec_obj *const *)a)->id,
             y = (*(struct rec_obj *const *)b)->id;
    return x < y ? -1 : x > y;
}

/* All recorded objects by id; NULL when memory ran out. */
static struct rec_obj **
all_objects(size_t *ret_count)
{
    const struct rec_index *index = &rec.shadow.objects;
    struct rec_obj **all = malloc((index->count + 1) * sizeof *all);
    size_t count = 0;
    for (size_t i = 0; all != NULL && i <= index->mask; i++) {
        for (struct rec_link *link = index->head[i]; link != NULL; link = link->next) {
            all[count++] = (struct rec_obj *)link; /* its first member */
        }
    }
    if (all != NULL) {
        qsort(all, count, sizeof *all, compare_ids);
    }
    *ret_count = count;
    return all;
}

/* Of a namespace that is not kept whole, the names that are. */
static void
read_partial(const struct rec_obj *obj)
{
    rec.view.item_count = rec.view.attr_count = 0;
    rec.view.more = 0;
    rec.view.note = TF_ELIDE_NONE;
    rec.view.failed = false;
    for (uint32_t i = 0; i + 1 < obj->item_count; i += 2) {
        PyObject *name = (PyObject *)(uintptr_t)obj->val[i].data;
        rec_view_put_obj(name);
        rec_view_put_obj(rec_py_dict_get_str(obj->addr, name));
    }
}

static void
write_image(struct rec_obj *obj)
{
    if (obj->namespace && obj->partial) {
        read_partial(obj);
    }
    else if (obj->namespace) {
        rec_read_namespace(obj->addr);
    }
    else {
        rec_read(obj->addr, obj->type, rec_obj_items_wanted(obj));
    }
    rec_obj_write(obj, TF_OP_IMAGE);
}

void
rec_checkpoint_write(void)
{
    struct tf_batch *batch = rec.batch;
    struct tf_rows changes =
        batch->changes; /* images are made in the place of changes */
    size_t count;
    struct rec_obj **all = all_objects(&count);
    if (all == NULL) {
        rec.out_of_memory = true;
        return;
    }
    tf_rows_init(&batch->changes);
    rec_values_begin(false);
    rec.budget = 0;
    for (size_t i = 0; i < count; i++) {
        if (!all[i]->fresh) {
            write_image(all[i]);
        }
    }
    rec.queue_head = rec.queue_tail = 0;
    tf_rows_append(&batch->checkpoint, &batch->keyframe);
    tf_rows_append(&batch->checkpoint, &batch->changes);
    tf_rows_release(&batch->changes);
    batch->changes = changes;
    batch->next_object = rec.shadow.next_id;
    batch->next_frame = rec.frame_count + 1;
    free(all);
}

/* In the order in which they began. */
static PyThreadState *
next_thread(uint64_t after_id)
{
    PyThreadState *next = NULL;
    PyThreadState *at = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    for (; at != NULL; at = PyThreadState_Next(at)) {
        uint64_t id = rec_py_thread_id(at);
        if (id > after_id && (next == NULL || id < rec_py_thread_id(next))) {
            next = at;
        }
    }
    return next;
}

static bool
take_stack(PyThreadState *tstate, PyFrameObject *innermost)
{
    struct rec_thread *thread = rec_thread_of(tstate);
    return thread != NULL && rec_frames_sync(thread, innermost);
}

static bool
take_all_stacks(void)
{
    bool ok = true;
    for (PyThreadState *tstate = next_thread(0); ok && tstate != NULL;
         tstate = next_thread(rec_py_thread_id(tstate))) {
        ok = take_stack(tstate, rec_py_thread_frame(tstate));
    }
    return ok;
}

static tf_status
begin(bool child, PyFrameObject *innermost, struct tf_err *err)
{
    PyObject *error[3];
    PyErr_Fetch(&error[0], &error[1], &error[2]);
    int gc = rec_py_gc_pause();
    rec_values_begin(true);
    bool ok = child ? take_stack(PyThreadState_Get(), innermost) : take_all_stacks();
    rec_values_drain();
    tf_rows_clear(&rec.batch->changes);
    rec_frames_keyframe();
    rec_checkpoint_write();
    rec.look_again = true;
    rec_py_gc_restore(gc);
    PyErr_Restore(error[0], error[1], error[2]);
    return ok && !rec.out_of_memory
               ? TF_OK
               : tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
}

tf_status
rec_checkpoint_begin(struct tf_err *err)
{
    return begin(false, NULL, err);
}

tf_status
rec_checkpoint_begin_child(PyFrameObject *innermost, struct tf_err *err)
{
    return begin(true, innermost, err);
}
