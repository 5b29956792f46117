#include <stdlib.h>

#include "rec_frames.h"
#include "rec_scalar.h"

static bool
is_alive(const struct rec_thread *thread)
{
    PyThreadState *at = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    while (at != NULL
           && (at != thread->tstate || rec_py_thread_id(at) != thread->tstate_id)) {
        at = PyThreadState_Next(at);
    }
    return at != NULL;
}

static void
free_thread(struct rec_thread *thread)
{
    free(thread->stack);
    free(thread);
}

/* Threads that have ended leave nothing on their stack, and their entry until many more have
 * come. */
static void
drop_ended(void)
{
    struct rec_thread **link = &rec.threads;
    unsigned count = 0;
    while (*link != NULL) {
        struct rec_thread *thread = *link;
        if (thread->depth == 0 && thread != rec.thread && !is_alive(thread)) {
            *link = thread->next;
            free_thread(thread);
            continue;
        }
        count++;
        link = &thread->next;
    }
    rec.threads_kept = 2 * count + 64;
}

void
rec_threads_release(void)
{
    while (rec.threads != NULL) {
        struct rec_thread *next = rec.threads->next;
        free_thread(rec.threads);
        rec.threads = next;
    }
    rec.thread = NULL;
}

struct rec_thread *
rec_thread_find(PyThreadState *tstate)
{
    uint64_t id = rec_py_thread_id(tstate);
    unsigned count = 0;
    for (struct rec_thread *at = rec.threads; at != NULL; at = at->next) {
        if (at->tstate == tstate && at->tstate_id == id) {
            return at;
        }
        count++;
    }
    if (count > rec.threads_kept) {
        drop_ended();
    }
    struct rec_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL) {
        return NULL;
    }
    thread->tstate = tstate;
    thread->tstate_id = id;
    thread->next = rec.threads;
    rec.threads = thread;
    return thread;
}

/* `name` in a dict whose keys are strs. */
static PyObject *
dict_get(PyObject *dict, const char *name)
{
    PyObject *key, *value;
    Py_ssize_t pos = 0;
    while (dict != NULL && PyDict_Check(dict)
           && PyDict_Next(dict, &pos, &key, &value)) {
        if (PyUnicode_CheckExact(key) && PyUnicode_IS_READY(key)
            && rec_py_str_is(key, name)) {
            return value;
        }
    }
    return NULL;
}

static PyObject *
attr_get(PyObject *obj, const char *name)
{
    PyObject *key, *value, *dict = rec_py_instance_dict(obj);
    Py_ssize_t pos = 0;
    if (dict != NULL) {
        return dict_get(dict, name);
    }
    while (rec_py_inline_attr_next(obj, &pos, &key, &value)) {
        if (PyUnicode_CheckExact(key) && rec_py_str_is(key, name)) {
            return value;
        }
    }
    return NULL;
}

/* threading._active[ident]._name (Lib/threading.py), read without running any of it. */
static PyObject *
thread_name(uint64_t ident)
{
    PyObject *module = dict_get(PyImport_GetModuleDict(), "threading");
    PyObject *dict =
        module != NULL && PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
    PyObject *key, *value, *active = dict_get(dict, "_active");
    Py_ssize_t pos = 0;
    int64_t n;
    while (active != NULL && PyDict_CheckExact(active)
           && PyDict_Next(active, &pos, &key, &value)) {
        if (PyLong_CheckExact(key) && rec_py_int64(key, &n) && (uint64_t)n == ident) {
            PyObject *name = attr_get(value, "_name");
            return name != NULL && PyUnicode_CheckExact(name) ? name : NULL;
        }
    }
    return NULL;
}

/* A thread enters itself into threading._active some calls after its first. */
#define NAME_TRIES 32

void
rec_thread_define(struct rec_thread *thread)
{
    if (thread->named || thread->name_tries >= NAME_TRIES) {
        return;
    }
    thread->name_tries++;
    uint64_t ident = rec_py_thread_ident(thread->tstate);
    PyObject *name = thread_name(ident);
    bool is_new = thread->id == 0;
    if (!is_new && name == NULL) {
        return;
    }
    if (is_new) {
        thread->id = ++rec.thread_count;
    }
    thread->named = name != NULL;
    struct tf_def_thread def = {.id = thread->id,
                                .native_id = rec_py_thread_native_id(thread->tstate),
                                .ident = ident,
                                .name = rec_text_dup(name)};
    const char *text = def.name.data;
    if (thread->tstate_id == rec.main_tstate_id && text == NULL) {
        def.name = (struct tf_text){"MainThread", strlen("MainThread")};
        thread->named = true; /* before threading is imported */
    }
    tf_batch_add_thread(rec.batch, &def);
    free((char *)text);
}
