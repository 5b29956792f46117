#include "rec_code.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rec_bytecode.h"
#include "rec_facts.h"
#include "rec_redact.h"
#include "rec_scalar.h"
#include "rec_session.h"
#include "tf_limits.h"

/* --- Files --- */
struct rec_file {
    struct rec_file *next;
    uint32_t id;
    bool own;
    struct tf_text path;
};

/* Reads what stands in the file now; `absent` says why there is nothing. */
static char *
read_source(const char *path, size_t *ret_len, const char **ret_absent)
{
    struct stat st;
    char *text = NULL;
    int fd = path[0] == '<' ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *ret_absent = path[0] == '<' ? "not from a file" : strerror(errno);
        return NULL;
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        *ret_absent = "not a regular file";
    }
    else if (st.st_size > (off_t)TF_SOURCE_BYTES_MAX) {
        *ret_absent = "too large";
    }
    else if ((text = malloc((size_t)st.st_size + 1)) == NULL) {
        *ret_absent = "out of memory";
    }
    else {
        size_t len = 0;
        ssize_t n;
        while (len < (size_t)st.st_size
               && (n = read(fd, text + len, (size_t)st.st_size - len)) > 0) {
            len += (size_t)n;
        }
        *ret_len = len;
    }
    close(fd);
    return text;
}

static void
define_file(const struct rec_file *file)
{
    struct tf_def_file def = {.id = file->id, .path = file->path, .own = file->own};
    tf_batch_add_file(rec.batch, &def);

    const char *absent = NULL;
    size_t len = 0;
    struct tf_def_source source = {.file = file->id};
    char *text = NULL;
    if (strcmp(file->path.data, "<string>") == 0
        && rec.options->run_kind == REC_RUN_CODE) {
        source.text =
            (struct tf_text){rec.options->target, strlen(rec.options->target)};
    }
    else {
        text = read_source(file->path.data, &len, &absent);
        source.text = (struct tf_text){text, len};
        if (absent != NULL) {
            source.absent = (struct tf_text){absent, strlen(absent)};
        }
    }
    char *scrubbed = tf_rules_scrub(rec.options->rules, &source.text);
    tf_batch_add_source(rec.batch, &source);
    free(scrubbed);
    free(text);
}

static struct rec_file *
file_of(PyObject *path)
{
    struct tf_text text = rec_text_dup(path);
    if (text.data == NULL) {
        return NULL;
    }
    for (struct rec_file *at = rec.files; at != NULL; at = at->next) {
        if (at->path.len == text.len
            && memcmp(at->path.data, text.data, text.len) == 0) {
            free((char *)text.data);
            return at;
        }
    }
    struct rec_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        free((char *)text.data);
        return NULL;
    }
    *file = (struct rec_file){.next = rec.files,
                              .id = ++rec.file_count,
                              .own = rec_facts_is_own(rec.facts, text.data, text.len),
                              .path = text};
    rec.files = file;
    define_file(file);
    return file;
}

/* --- Code --- */
static void
code_free(void *extra)
{
    struct rec_code *code = extra;
    if (code != NULL) {
        if (code->link != NULL) {
            *code->link = code->next;
        }
        if (code->next != NULL) {
            code->next->link = code->link;
        }
        rec_flow_release(&code->flow);
        free(code->slot_secret);
        free(code->global_name);
        free(code->global_place);
        free(code);
    }
}

tf_status
rec_code_init(struct tf_err *err)
{
    if (!rec.code_extra_ready && rec_py_code_extra_init(code_free) < 0) {
        return tf_err_set(
            err, TF_ERR_MEMORY, -1,
            "this interpreter has no room for another user of code objects");
    }
    rec.code_extra_ready = 1;
    return TF_OK;
}

struct line_list {
    uint32_t *line;
    uint32_t count, cap;
};

static void
add_line(void *ctx, uint32_t lineno, uint32_t off)
{
    struct line_list *list = ctx;
    (void)off;
    if (lineno == 0) {
        return;
    }
    if (list->count == list->cap) {
        uint32_t cap = list->cap * 2 + 64;
        uint32_t *more = realloc(list->line, cap * sizeof *more);
        if (more == NULL) {
            return;
        }
        list->line = more;
        list->cap = cap;
    }
    list->line[list->count++] = lineno;
}

static int
compare_lines(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void
collect_lines(PyCodeObject *code, struct line_list *list)
{
    rec_py_code_lines(code, add_line, list);
    if (list->count > 0) {
        qsort(list->line, list->count, sizeof *list->line, compare_lines);
        uint32_t kept = 1;
        for (uint32_t i = 1; i < list->count; i++) {
            if (list->line[i] != list->line[kept - 1]) {
                list->line[kept++] = list->line[i];
            }
        }
        list->count = kept;
    }
}

static bool
find_globals(PyCodeObject *code, struct rec_code *entry)
{
    size_t names = (size_t)PyTuple_GET_SIZE(code->co_names);
    uint8_t *used = calloc(names + 1, 1);
    entry->global_name = calloc(names + 1, sizeof *entry->global_name);
    entry->global_place = calloc(names + 1, sizeof *entry->global_place);
    bool ok = used != NULL && entry->global_name != NULL && entry->global_place != NULL
              && rec_py_code_globals(code, used);
    for (size_t i = 0; ok && i < names; i++) {
        if (used[i]) {
            entry->global_place[entry->global_count] = -1;
            entry->global_name[entry->global_count++] =
                PyTuple_GET_ITEM(code->co_names, (Py_ssize_t)i);
        }
    }
    free(used);
    return ok;
}

/* Texts of a definition: filled one after the other, freed together. */
struct texts {
    struct tf_text *text;
    size_t count;
};

static struct tf_text
texts_add(struct texts *texts, PyObject *str)
{
    struct tf_text text = rec_text_dup(str);
    texts->text[texts->count++] = text;
    return text;
}

/* `for key, value in ...`, `def __setitem__(self, key, value)` */
static void
find_pair(struct rec_code *entry, const struct tf_text *slot)
{
    uint32_t key = 0;
    while (key < entry->slot_count
           && !rec_redact_is_key(slot[key].data, slot[key].len)) {
        key++;
    }
    entry->key_slot = key;
    for (uint32_t i = 0;
         rec.options->redact && key < entry->slot_count && i < entry->slot_count; i++) {
        if (entry->slot_secret[i] == REC_SLOT_PLAIN
            && rec_redact_is_value(slot[i].data, slot[i].len)) {
            entry->slot_secret[i] = REC_SLOT_VALUE;
        }
    }
}

static bool
define_code(PyCodeObject *code, struct rec_code *entry, uint32_t file_id)
{
    uint32_t slots = entry->slot_count + entry->has_mapping;
    struct texts texts = {
        calloc((size_t)slots + entry->global_count + 4, sizeof(struct tf_text)), 0};
    struct tf_text *slot = calloc((size_t)slots + 1, sizeof *slot);
    struct tf_text *global = calloc((size_t)entry->global_count + 1, sizeof *global);
    uint32_t *kind = calloc((size_t)slots + 1, sizeof *kind);
    struct line_list lines = {0};
    struct rec_bytecode bytecode = {0};
    bool ok = texts.text != NULL && slot != NULL && global != NULL && kind != NULL;
    if (ok) {
        for (uint32_t i = 0; i < entry->slot_count; i++) {
            slot[i] = texts_add(&texts, rec_py_code_slot_name(code, i));
            kind[i] = rec_py_code_slot_kind(code, i);
            entry->slot_secret[i] =
                rec_redact_name(rec.options->rules, slot[i].data, slot[i].len);
        }
        find_pair(entry, slot);
        if (entry->has_mapping) {
            slot[entry->slot_count] = (struct tf_text){"<locals>", 8};
            kind[entry->slot_count] = TF_SLOT_MAPPING;
        }
        for (uint32_t i = 0; i < entry->global_count; i++) {
            global[i] = texts_add(&texts, entry->global_name[i]);
        }
        collect_lines(code, &lines);
        struct tf_def_code def = {.id = entry->id,
                                  .file = file_id,
                                  .first_lineno = (uint32_t)code->co_firstlineno,
                                  .flags = (uint32_t)code->co_flags,
                                  .arg_count = rec_py_code_arg_count(code),
                                  .name = texts_add(&texts, code->co_name),
                                  .qualname =
                                      texts_add(&texts, rec_py_code_qualname(code)),
                                  .slot = slot,
                                  .slot_kind = kind,
                                  .slot_count = slots,
                                  .line = lines.line,
                                  .line_count = lines.count,
                                  .global = global,
                                  .global_count = entry->global_count};
        entry->arg_count = def.arg_count;
        entry->is_main =
            entry->has_mapping
            || strcmp(def.name.data != NULL ? def.name.data : "", "_run_module_as_main")
                   == 0;
        entry->name_secret =
            rec_redact_name(rec.options->rules, def.name.data, def.name.len);
        if (rec.options->events & 1u << TF_EV_OPCODE) {
            rec_bytecode_read(code, &bytecode, &def);
        }
        tf_batch_add_code(rec.batch, &def);
    }
    rec_bytecode_release(&bytecode);
    PyErr_Clear();
    for (size_t i = 0; i < texts.count; i++) {
        free((char *)texts.text[i].data);
    }
    free(texts.text);
    free(slot);
    free(global);
    free(kind);
    free(lines.line);
    return ok;
}

/* The package by which the program talks to us. */
static bool
is_ours(const char *file)
{
    static const char OURS[] = "/pyrecord/__init__.py";
    size_t len = strlen(file);
    return len >= sizeof OURS && strcmp(file + len - (sizeof OURS - 1), OURS) == 0;
}

/* Is the code wanted? */
static bool
is_included(PyCodeObject *code)
{
    struct tf_text file = rec_text_dup(code->co_filename);
    struct tf_text name = rec_text_dup(rec_py_code_qualname(code));
    bool included =
        file.data == NULL || name.data == NULL
        || (rec_filter_code(&rec.filter, file.data, name.data) && !is_ours(file.data));
    free((char *)file.data);
    free((char *)name.data);
    return included;
}

static bool
code_fill(PyCodeObject *code, struct rec_code *entry)
{
    entry->slot_count = rec_py_code_slot_count(code);
    entry->has_mapping = rec_py_code_has_mapping(code);
    entry->is_generator = rec_py_code_is_generator(code);
    entry->slot_secret = calloc(entry->slot_count + 1, 1);
    if (entry->slot_secret == NULL) {
        return false;
    }
    if (!is_included(code)) {
        return true;
    }
    struct rec_file *file = file_of(code->co_filename);
    if (file == NULL
        || (rec.options->values
            && (!find_globals(code, entry) || !rec_flow_init(&entry->flow, code)))) {
        return false;
    }
    entry->own = file->own;
    entry->id = ++rec.code_count;
    return define_code(code, entry, file->id);
}

static struct rec_code *
code_make(PyCodeObject *code)
{
    PyObject *error[3];
    PyErr_Fetch(&error[0], &error[1], &error[2]);
    int gc = rec_py_gc_pause();
    struct rec_code *entry = calloc(1, sizeof *entry);
    if (entry != NULL
        && (!code_fill(code, entry) || !rec_py_code_set_extra(code, entry))) {
        code_free(entry);
        entry = NULL;
    }
    else if (entry != NULL) {
        entry->object = code;
        entry->next = rec.codes;
        entry->link = &rec.codes;
        if (entry->next != NULL) {
            entry->next->link = &entry->next;
        }
        rec.codes = entry;
    }
    rec_py_gc_restore(gc);
    PyErr_Restore(error[0], error[1], error[2]);
    return entry;
}

void
rec_code_release(void)
{
    while (rec.codes != NULL) {
        struct rec_code *code = rec.codes;
        rec_py_code_set_extra(code->object, NULL);
        if (rec.codes == code) { /* CPython did not call code_free() */
            code_free(code);
        }
    }
    while (rec.files != NULL) {
        struct rec_file *next = rec.files->next;
        free((char *)rec.files->path.data);
        free(rec.files);
        rec.files = next;
    }
}

struct rec_code *
rec_code_of(PyCodeObject *code)
{
    struct rec_code *entry = rec_py_code_extra(code);
    return entry != NULL ? entry : code_make(code);
}
