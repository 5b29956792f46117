#include <stdlib.h>
#include <string.h>

#include "tb_inside.h"

static struct tf_text
text_of(const char *s)
{
    return (struct tf_text){s, s != NULL ? strlen(s) : 0};
}

/* a,b,c into texts of the arena */
static struct tf_text *
word_list(struct tb *tb, uint32_t *ret_count)
{
    TF_LIST(struct tf_text) list = {0};
    do {
        if (!tf_list_next(&list)) {
            tb_fail(tb, "out of memory");
        }
        list.at[list.count++] = text_of(tb_word(tb));
    } while (tb->at < tb->end && *tb->at == ',' && tb->at++);
    struct tf_text *text = tb_get(tb, list.count * sizeof *text);
    memcpy(text, list.at, list.count * sizeof *text);
    *ret_count = (uint32_t)list.count;
    free(list.at);
    return text;
}

static uint32_t *
number_list(struct tb *tb, uint32_t *ret_count)
{
    TF_LIST(uint32_t) list = {0};
    do {
        if (!tf_list_next(&list)) {
            tb_fail(tb, "out of memory");
        }
        list.at[list.count++] = (uint32_t)tb_number(tb);
    } while (tb->at < tb->end && *tb->at == ',' && tb->at++);
    uint32_t *number = tb_get(tb, list.count * sizeof *number);
    memcpy(number, list.at, list.count * sizeof *number);
    *ret_count = (uint32_t)list.count;
    free(list.at);
    return number;
}

/* The indented lines that follow, without "    | ". */
static struct tf_text
source_lines(struct tb *tb)
{
    char *out = tb_get(tb, (size_t)(tb->end - tb->at) + 1);
    size_t len = 0;
    for (;;) {
        const char *line = tb->at < tb->end ? tb->at + 1 : tb->end;
        while (line < tb->end && *line == ' ') {
            line++;
        }
        if (line >= tb->end || *line != '|') {
            return (struct tf_text){out, len};
        }
        line += line + 1 < tb->end && line[1] == ' ' ? 2 : 1;
        const char *to = line;
        while (to < tb->end && *to != '\n') {
            to++;
        }
        memcpy(out + len, line, (size_t)(to - line));
        len += (size_t)(to - line);
        out[len++] = '\n';
        tb->at = to;
        tb->lineno++;
    }
}

/* file PATH [own] [absent "why"], then lines of source */
void
tb_define_file(struct tb *tb)
{
    const char *path = tb_path(tb);
    if (!tf_list_next(&tb->file)) {
        tb_fail(tb, "out of memory");
    }
    tb->file.at[tb->file.count++] = path;
    uint32_t id = (uint32_t)tb->file.count;
    struct tf_def_file file = {.id = id, .path = text_of(path)};
    struct tf_def_source source = {.file = id};
    bool has_source = false;
    while (!tb_at_end(tb)) {
        if (tb_peek_word(tb, "own")) {
            tb_word(tb);
            file.own = true;
        }
        else {
            tb_expect(tb, "absent");
            source.absent = tb_string(tb);
            has_source = true;
        }
    }
    source.text = source_lines(tb);
    tf_batch_add_file(&tb->batch, &file);
    if (has_source || source.text.len > 0) {
        tf_batch_add_source(&tb->batch, &source);
    }
}

static uint32_t
file_at(struct tb *tb, const char *path)
{
    for (size_t i = 0; i < tb->file.count; i++) {
        if (strcmp(tb->file.at[i], path) == 0) {
            return (uint32_t)i + 1;
        }
    }
    tb_fail(tb, "file %s is not defined", path);
}

static const char *
option(struct tb *tb)
{
    const char *word = tb_word(tb);
    tb_expect(tb, "=");
    return word;
}

static void
slot_kinds(struct tb *tb, struct tb_code *code, const struct tf_text *kind,
           uint32_t count)
{
    static const char *const names[] = {"local", "cell", "free", "mapping"};
    for (uint32_t i = 0; i < count && i < code->slot_count; i++) {
        for (uint32_t k = 0; k < TF_SLOT_COUNT; k++) {
            if (strcmp(kind[i].data, names[k]) == 0) {
                code->slot_kind[i] = k;
            }
        }
    }
    (void)tb;
}

static void
code_option(struct tb *tb, struct tf_def_code *def, struct tb_code *code)
{
    const char *word = option(tb);
    uint32_t count;
    if (strcmp(word, "slots") == 0) {
        def->slot = code->slot = word_list(tb, &def->slot_count);
        code->slot_count = def->slot_count;
        def->slot_kind = code->slot_kind =
            tb_get(tb, (def->slot_count + 1) * sizeof *code->slot_kind);
    }
    else if (strcmp(word, "kinds") == 0) {
        struct tf_text *kind = word_list(tb, &count);
        slot_kinds(tb, code, kind, count);
    }
    else if (strcmp(word, "args") == 0) {
        def->arg_count = (uint32_t)tb_number(tb);
    }
    else if (strcmp(word, "flags") == 0) {
        def->flags = (uint32_t)tb_number(tb);
    }
    else if (strcmp(word, "name") == 0) {
        def->name = text_of(tb_word(tb));
    }
    else if (strcmp(word, "lines") == 0) {
        def->line = number_list(tb, &def->line_count);
    }
    else if (strcmp(word, "globals") == 0) {
        def->global = word_list(tb, &def->global_count);
    }
    else if (strcmp(word, "bytecode") == 0) {
        def->bytecode = tb_string(tb);
    }
    else if (strcmp(word, "names") == 0) {
        def->bytecode_name = word_list(tb, &def->bytecode_name_count);
    }
    else if (strcmp(word, "consts") == 0) {
        def->bytecode_const = word_list(tb, &def->bytecode_const_count);
    }
    else if (strcmp(word, "line_offs") == 0) {
        def->bytecode_line_off = number_list(tb, &def->bytecode_line_count);
    }
    else if (strcmp(word, "off_lines") == 0) {
        def->bytecode_line = number_list(tb, &def->bytecode_line_count);
    }
    else {
        tb_fail(tb, "code has no option %s", word);
    }
}

/* code NAME FILE:LINE [slots=...] [kinds=...] [args=N] [lines=...] ... */
void
tb_define_code(struct tb *tb)
{
    struct tb_code code = {.name = tb_word(tb)};
    uint32_t file = file_at(tb, tb_path(tb));
    tb_expect(tb, ":");
    code.first_lineno = (uint32_t)tb_number(tb);
    const char *dot = strrchr(code.name, '.');
    struct tf_def_code def = {
        .id = (uint32_t)tb->code.count + 1,
        .file = file,
        .first_lineno = code.first_lineno,
        .qualname = text_of(code.name),
        .name = text_of(dot != NULL ? dot + 1 : code.name),
    };
    while (!tb_at_end(tb)) {
        code_option(tb, &def, &code);
    }
    if (!tf_list_next(&tb->code)) {
        tb_fail(tb, "out of memory");
    }
    code.id = def.id;
    tb->code.at[tb->code.count++] = code;
    tf_batch_add_code(&tb->batch, &def);
}

uint32_t
tb_new_type(struct tb *tb, const char *module, const char *name, uint32_t category,
            uint32_t flags, const struct tf_text *field, uint32_t field_count,
            const uint32_t *base, uint32_t base_count)
{
    struct tf_def_type def = {
        .id = (uint32_t)tb->type.count + 1,
        .category = category,
        .flags = flags,
        .module = text_of(module),
        .name = text_of(name),
        .field = field,
        .field_count = field_count,
        .base = base,
        .base_count = base_count,
    };
    if (!tf_list_next(&tb->type)) {
        tb_fail(tb, "out of memory");
    }
    tb->type.at[tb->type.count++] = (struct tb_type){name, category};
    tf_batch_add_type(&tb->batch, &def);
    return def.id;
}

static uint32_t
category_named(struct tb *tb, const char *name)
{
    for (unsigned i = 0; i < TF_CAT_COUNT; i++) {
        if (strcmp(tf_category_name(i), name) == 0) {
            return i;
        }
    }
    tb_fail(tb, "no category %s", name);
}

/* type NAME CATEGORY [module=...] [fields=...] [flags=N] [bases=...] */
void
tb_define_type(struct tb *tb)
{
    const char *name = tb_word(tb), *module = "__main__";
    uint32_t category = category_named(tb, tb_word(tb)), flags = 0, fields = 0,
             bases = 0;
    struct tf_text *field = NULL, *base = NULL;
    while (!tb_at_end(tb)) {
        const char *word = option(tb);
        if (strcmp(word, "module") == 0) {
            module = tb_word(tb);
        }
        else if (strcmp(word, "fields") == 0) {
            field = word_list(tb, &fields);
        }
        else if (strcmp(word, "bases") == 0) {
            base = word_list(tb, &bases);
        }
        else if (strcmp(word, "flags") == 0) {
            flags = (uint32_t)tb_number(tb);
        }
        else {
            tb_fail(tb, "type has no option %s", word);
        }
    }
    uint32_t *base_id = tb_get(tb, (bases + 1) * sizeof *base_id);
    for (uint32_t i = 0; i < bases; i++) {
        base_id[i] = tb_type_named(tb, base[i].data);
    }
    tb_new_type(tb, module, name, category, flags, field, fields, base_id, bases);
}

/* thread N ["name"]: defines it and makes it the current one */
void
tb_define_thread(struct tb *tb)
{
    uint64_t id = tb_number(tb);
    struct tf_def_thread def = {
        .id = (uint32_t)id, .native_id = 1000 + id, .ident = 140000000000000 + id};
    if (id == 0 || id > tb->thread.count + 1) {
        tb_fail(tb, "threads are numbered 1, 2, 3 ...");
    }
    if (!tb_at_end(tb)) {
        def.name = tb_string(tb);
    }
    if (id == tb->thread.count + 1) {
        if (!tf_list_next(&tb->thread)) {
            tb_fail(tb, "out of memory");
        }
        tb->thread.at[tb->thread.count++] = (struct tb_thread){0};
    }
    tf_batch_add_thread(&tb->batch, &def);
    tb->current = (uint32_t)id;
}

static void
header_list(struct tb *tb, bool argv)
{
    while (!tb_at_end(tb)) {
        struct tf_text text = tb_string(tb);
        if (!tf_list_next(&tb->argv) || !tf_list_next(&tb->library)) {
            tb_fail(tb, "out of memory");
        }
        if (argv) {
            tb->argv.at[tb->argv.count++] = text;
        }
        else {
            tb->library.at[tb->library.count++] = text;
        }
    }
}

/* header FIELD VALUE */
void
tb_define_header(struct tb *tb)
{
    const char *word = tb_word(tb);
    struct tf_header *header = &tb->header;
    if (tb->writer != NULL) {
        tb_fail(tb, "the header is written already");
    }
    if (strcmp(word, "argv") == 0 || strcmp(word, "library") == 0) {
        header_list(tb, *word == 'a');
    }
    else if (strcmp(word, "python_hex") == 0) {
        header->python_hex = (uint32_t)tb_number(tb);
    }
    else if (strcmp(word, "python") == 0) {
        header->python = tb_string(tb);
    }
    else if (strcmp(word, "cwd") == 0) {
        header->cwd = tb_string(tb);
    }
    else if (strcmp(word, "script") == 0) {
        header->script = tb_string(tb);
    }
    else if (strcmp(word, "events") == 0) {
        header->limits.events = (uint32_t)tb_number(tb);
    }
    else {
        tb_fail(tb, "header has no field %s", word);
    }
}
