#include <Python.h>

#include "rec_facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cl_version.h"
#include "rec_redact.h"

/* A list that is being filled: `texts` may move until all lists are complete, so a list is
 * kept as where it begins. */
struct list {
    size_t begin, end;
};

static bool
add_text(struct rec_facts *facts, struct tf_text text)
{
    if (facts->text_count == facts->text_cap) {
        size_t cap = facts->text_cap * 2 + 16;
        struct tf_text *grown = realloc(facts->texts, cap * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        facts->texts = grown;
        facts->text_cap = cap;
    }
    facts->texts[facts->text_count++] = text;
    return true;
}

/* A copy that lives as long as `facts`; empty when memory ran out, and *failed is set. */
static struct tf_text
copy_text(struct rec_facts *facts, const char *data, size_t len, bool *failed)
{
    struct rec_fact *fact = malloc(sizeof *fact + len + 1);
    if (fact == NULL) {
        *failed = true;
        return (struct tf_text){"", 0};
    }
    memcpy(fact->text, data, len);
    fact->text[len] = '\0';
    fact->next = facts->copies;
    facts->copies = fact;
    return (struct tf_text){fact->text, len};
}

/* A str as UTF-8 with lone surrogates passed on; empty for anything else. */
static struct tf_text
copy_str(struct rec_facts *facts, PyObject *str, bool *failed)
{
    struct tf_text text = {"", 0};
    if (str == NULL || !PyUnicode_Check(str)) {
        return text;
    }
    PyObject *bytes = PyUnicode_AsEncodedString(str, "utf-8", "surrogatepass");
    if (bytes == NULL) {
        PyErr_Clear();
        *failed = true;
        return text;
    }
    text = copy_text(facts, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes),
                     failed);
    Py_DECREF(bytes);
    return text;
}

static struct tf_text
sys_text(struct rec_facts *facts, const char *name, bool *failed)
{
    return copy_str(facts, PySys_GetObject(name), failed);
}

static void
set_platform(struct rec_facts *facts, bool *failed)
{
    struct utsname name;
    if (uname(&name) != 0) {
        return;
    }
    char text[sizeof name.sysname + sizeof name.release + sizeof name.machine + 3];
    int len = snprintf(text, sizeof text, "%s %s %s", name.sysname, name.release,
                       name.machine);
    facts->header.platform = copy_text(facts, text, (size_t)len, failed);
}

/* Bytes of the system (a path, an argument) as Python sees them. */
static struct tf_text
copy_fs(struct rec_facts *facts, const char *bytes, bool *failed)
{
    PyObject *str = PyUnicode_DecodeFSDefault(bytes);
    if (str == NULL) {
        PyErr_Clear();
        return (struct tf_text){"", 0};
    }
    struct tf_text text = copy_str(facts, str, failed);
    Py_DECREF(str);
    return text;
}

static void
set_cwd(struct rec_facts *facts, bool *failed)
{
    char *cwd = getcwd(NULL, 0);
    if (cwd != NULL) {
        facts->header.cwd = copy_fs(facts, cwd, failed);
        free(cwd);
    }
}

/* sys.orig_argv, with its secrets taken out unless the user wants them. */
static void
add_argv(struct rec_facts *facts, const struct tf_rules *rules, bool *failed)
{
    PyObject *argv = PySys_GetObject("orig_argv"); /* borrowed */
    size_t count =
        argv != NULL && PyList_Check(argv) ? (size_t)PyList_GET_SIZE(argv) : 0;
    char **plain = calloc(count + 1, sizeof *plain);
    if (plain == NULL) {
        *failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct tf_text text =
            copy_str(facts, PyList_GET_ITEM(argv, (Py_ssize_t)i), failed);
        plain[i] = (char *)text.data;
    }
    char **shown = rules != NULL ? tf_redact_argv(rules, plain, count) : NULL;
    *failed |= rules != NULL && shown == NULL;
    for (size_t i = 0; i < count && !*failed; i++) {
        const char *word = shown != NULL ? shown[i] : plain[i];
        *failed |= !add_text(facts, copy_text(facts, word, strlen(word), failed));
    }
    tf_redact_argv_free(shown);
    free(plain);
}

static void
add_globs(struct rec_facts *facts, const struct rec_globs *globs, bool *failed)
{
    for (uint32_t i = 0; i < globs->count; i++) {
        *failed |= !add_text(facts, copy_fs(facts, globs->glob[i], failed));
    }
}

static bool
ends_with(struct tf_text text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.data + text.len - len, end, len) == 0;
}

static void
add_dir(struct rec_facts *facts, size_t begin, struct tf_text dir, bool *failed)
{
    if (dir.len == 0) {
        return;
    }
    for (size_t i = begin; i < facts->text_count; i++) {
        if (facts->texts[i].len == dir.len
            && memcmp(facts->texts[i].data, dir.data, dir.len) == 0) {
            return;
        }
    }
    *failed |= !add_text(facts, dir);
}

/* The standard library and what holds installed packages. sys._stdlib_dir is where getpath
 * found `os.py` (3.11+); before it, and for the directories of packages, sys.path has them
 * as site left it. */
static void
add_library_dirs(struct rec_facts *facts, bool *failed)
{
    size_t begin = facts->text_count;
    struct tf_text stdlib = sys_text(facts, "_stdlib_dir", failed);
    add_dir(facts, begin, stdlib, failed);
    PyObject *path = PySys_GetObject("path"); /* borrowed */
    Py_ssize_t count = path != NULL && PyList_Check(path) ? PyList_GET_SIZE(path) : 0;
    char versioned[40], zipped[40];
    snprintf(versioned, sizeof versioned, "/python%d.%d", PY_MAJOR_VERSION,
             PY_MINOR_VERSION);
    snprintf(zipped, sizeof zipped, "/python%d%d.zip", PY_MAJOR_VERSION,
             PY_MINOR_VERSION);
    for (Py_ssize_t i = 0; i < count; i++) {
        struct tf_text dir = copy_str(facts, PyList_GET_ITEM(path, i), failed);
        if (ends_with(dir, "-packages") || ends_with(dir, "/lib-dynload")
            || ends_with(dir, versioned) || ends_with(dir, zipped)) {
            add_dir(facts, begin, dir, failed);
        }
    }
}

static const struct tf_text *
list_at(const struct rec_facts *facts, struct list list, uint32_t *ret_count)
{
    *ret_count = (uint32_t)(list.end - list.begin);
    return facts->texts + list.begin;
}

static void
set_lists(struct rec_facts *facts, const struct rec_options *options, bool *failed)
{
    struct tf_header *header = &facts->header;
    struct list list[6];
    size_t n = 0;
#define LIST(call)                   \
 do {                                \
  list[n].begin = facts->text_count; \
  call;                              \
  list[n++].end = facts->text_count; \
 } while (0)
    LIST(add_argv(facts, options->redact ? options->rules : NULL, failed));
    LIST(add_library_dirs(facts, failed));
    LIST(add_globs(facts, &options->include, failed));
    LIST(add_globs(facts, &options->exclude, failed));
    LIST(add_globs(facts, &options->include_function, failed));
    LIST(add_globs(facts, &options->exclude_function, failed));
#undef LIST
    struct tf_limits *limits = &header->limits;
    header->argv = list_at(facts, list[0], &header->argv_count);
    header->library_dir = list_at(facts, list[1], &header->library_dir_count);
    limits->include = list_at(facts, list[2], &limits->include_count);
    limits->exclude = list_at(facts, list[3], &limits->exclude_count);
    limits->include_function = list_at(facts, list[4], &limits->include_function_count);
    limits->exclude_function = list_at(facts, list[5], &limits->exclude_function_count);
}

static void
set_limits(struct tf_limits *limits, const struct rec_options *options)
{
    limits->text_chars = options->max_text;
    limits->items = options->max_items;
    limits->depth = options->max_depth;
    limits->objects_an_event = options->max_objects;
    limits->events = options->events;
    limits->redact = options->redact;
    limits->values = options->values != REC_VALUES_OFF;
    limits->values_fast = options->values == REC_VALUES_FAST;
}

static tf_status
set_identity(struct tf_header *header, struct tf_err *err)
{
    struct timespec now;
    if (getrandom(header->uuid, sizeof header->uuid, 0) != sizeof header->uuid) {
        return tf_err_set_errno(err, errno, "no random numbers for the recording's id");
    }
    /* RFC 9562: version 4, variant 10 */
    header->uuid[6] = (uint8_t)((header->uuid[6] & 0x0f) | 0x40);
    header->uuid[8] = (uint8_t)((header->uuid[8] & 0x3f) | 0x80);
    clock_gettime(CLOCK_REALTIME, &now);
    header->start_unix_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    header->pid = (uint64_t)getpid();
    return TF_OK;
}

tf_status
rec_facts_init(struct rec_facts *facts, const struct rec_options *options,
               struct tf_err *err)
{
    *facts = (struct rec_facts){0};
    struct tf_header *header = &facts->header;
    bool failed = false;
    tf_status status = set_identity(header, err);
    if (status != TF_OK) {
        return status;
    }
    header->recorder =
        (struct tf_text){"pyrecord " CL_VERSION, sizeof "pyrecord " CL_VERSION - 1};
    header->python = sys_text(facts, "version", &failed);
    header->python_hex = PY_VERSION_HEX;
    header->executable = sys_text(facts, "executable", &failed);
    header->script = copy_fs(facts, options->target, &failed);
    set_platform(facts, &failed);
    set_cwd(facts, &failed);
    set_limits(&header->limits, options);
    set_lists(facts, options, &failed);
    if (failed) {
        rec_facts_release(facts);
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    return TF_OK;
}

tf_status
rec_facts_fork(struct rec_facts *facts, uint64_t parent_seq, struct tf_err *err)
{
    struct tf_header *header = &facts->header;
    bool failed = false;
    memcpy(header->parent_uuid, header->uuid, sizeof header->parent_uuid);
    header->parent_pid = header->pid;
    header->parent_seq = parent_seq;
    set_cwd(facts, &failed);
    return failed ? tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory")
                  : set_identity(header, err);
}

void
rec_facts_release(struct rec_facts *facts)
{
    while (facts->copies != NULL) {
        struct rec_fact *next = facts->copies->next;
        free(facts->copies);
        facts->copies = next;
    }
    free(facts->texts);
    *facts = (struct rec_facts){0};
}

static bool
has_component(const char *path, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    const char *at = path;
    while ((at = memmem(at, len - (size_t)(at - path), name, name_len)) != NULL) {
        const char *behind = at + name_len;
        if (at > path && at[-1] == '/' && behind < path + len && *behind == '/') {
            return true;
        }
        at = behind;
    }
    return false;
}

bool
rec_facts_is_own(const struct rec_facts *facts, const char *path, size_t len)
{
    const struct tf_header *header = &facts->header;
    if (len >= 8 && memcmp(path, "<frozen ", 8) == 0) {
        return false;
    }
    for (uint32_t i = 0; i < header->library_dir_count; i++) {
        struct tf_text dir = header->library_dir[i];
        if (len > dir.len && path[dir.len] == '/'
            && memcmp(path, dir.data, dir.len) == 0) {
            return false;
        }
    }
    return !has_component(path, len, "site-packages")
           && !has_component(path, len, "dist-packages");
}
