#include "rec_bytecode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rec_pycompat.h"
#include "rec_scalar.h"

#define CONSTANT_CHARS 100
#define CONSTANT_ITEMS 20
#define CONSTANT_DEPTH 3

/* --- Texts of constants --- */

/* repr() of what has one without running code of anybody's, and without objects that the
 * garbage collector counts. */
static void
put_repr(FILE *out, PyObject *value)
{
    PyObject *text = PyObject_Repr(value);
    const char *utf8 = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    fputs(utf8 != NULL ? utf8 : "...", out);
    PyErr_Clear();
    Py_XDECREF(text);
}

/* The same for a long text's beginning. */
static void
put_text(FILE *out, PyObject *value)
{
    PyObject *part = NULL;
    bool is_str = PyUnicode_CheckExact(value);
    Py_ssize_t len = is_str ? PyUnicode_GET_LENGTH(value) : PyBytes_GET_SIZE(value);
    if (len <= CONSTANT_CHARS) {
        put_repr(out, value);
        return;
    }
    part = is_str ? PyUnicode_Substring(value, 0, CONSTANT_CHARS)
                  : PyBytes_FromStringAndSize(PyBytes_AS_STRING(value), CONSTANT_CHARS);
    if (part != NULL) {
        put_repr(out, part);
    }
    fputs("...", out);
    Py_XDECREF(part);
}

static void
put_constant(FILE *out, PyObject *value, int depth)
{
    if (PyUnicode_CheckExact(value) || PyBytes_CheckExact(value)) {
        put_text(out, value);
    }
    else if (value == Py_None || value == Py_Ellipsis || PyBool_Check(value)
             || PyLong_CheckExact(value) || PyFloat_CheckExact(value)
             || PyComplex_CheckExact(value)) {
        put_repr(out, value);
    }
    else if (PyCode_Check(value)) {
        struct tf_text name = rec_text_dup(((PyCodeObject *)value)->co_name);
        fprintf(out, "<code %s>", name.data != NULL ? name.data : "");
        free((char *)name.data);
    }
    else if (PyTuple_CheckExact(value) && PyTuple_GET_SIZE(value) <= CONSTANT_ITEMS
             && depth < CONSTANT_DEPTH) {
        Py_ssize_t count = PyTuple_GET_SIZE(value);
        for (Py_ssize_t i = 0; i < count; i++) {
            fputs(i == 0 ? "(" : ", ", out);
            put_constant(out, PyTuple_GET_ITEM(value, i), depth + 1);
        }
        fputs(count == 0 ? "()" : count == 1 ? ",)" : ")", out);
    }
    else {
        fprintf(out, "<%s>", Py_TYPE(value)->tp_name);
    }
}

static struct tf_text
constant_text(PyObject *value)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL) {
        return (struct tf_text){NULL, 0};
    }
    put_constant(out, value, 0);
    fclose(out);
    return (struct tf_text){text, text != NULL ? len : 0};
}

/* --- The rest --- */

static void
read_names(PyCodeObject *code, struct rec_bytecode *space)
{
    Py_ssize_t names = PyTuple_GET_SIZE(code->co_names);
    Py_ssize_t constants = PyTuple_GET_SIZE(code->co_consts);
    space->name = calloc((size_t)names + 1, sizeof *space->name);
    space->constant = calloc((size_t)constants + 1, sizeof *space->constant);
    if (space->name == NULL || space->constant == NULL) {
        return;
    }
    for (Py_ssize_t i = 0; i < names; i++) {
        space->name[space->name_count++] =
            rec_text_dup(PyTuple_GET_ITEM(code->co_names, i));
    }
    for (Py_ssize_t i = 0; i < constants; i++) {
        space->constant[space->constant_count++] =
            constant_text(PyTuple_GET_ITEM(code->co_consts, i));
    }
}

static void
add_line(void *ctx, uint32_t lineno, uint32_t off)
{
    struct rec_bytecode *space = ctx;
    uint32_t count = space->line_count;
    bool same =
        count > 0
        && (space->line[count - 1] == lineno || space->line_off[count - 1] >= off);
    if (same || off >= (uint32_t)PyBytes_GET_SIZE(space->bytes)) {
        return;
    }
    if (count == space->line_cap) {
        uint32_t cap = count * 2 + 32;
        uint32_t *offs = realloc(space->line_off, cap * sizeof *offs);
        space->line_off = offs != NULL ? offs : space->line_off;
        uint32_t *lines = realloc(space->line, cap * sizeof *lines);
        space->line = lines != NULL ? lines : space->line;
        if (offs == NULL || lines == NULL) {
            return;
        }
        space->line_cap = cap;
    }
    space->line_off[count] = off;
    space->line[count] = lineno;
    space->line_count++;
}

void
rec_bytecode_read(PyCodeObject *code, struct rec_bytecode *space,
                  struct tf_def_code *def)
{
    space->bytes = rec_py_code_object_bytes(code);
    if (space->bytes == NULL) {
        return;
    }
    read_names(code, space);
    rec_py_code_lines(code, add_line, space);
    def->bytecode = (struct tf_text){PyBytes_AS_STRING(space->bytes),
                                     (size_t)PyBytes_GET_SIZE(space->bytes)};
    def->bytecode_name = space->name;
    def->bytecode_name_count = space->name_count;
    def->bytecode_const = space->constant;
    def->bytecode_const_count = space->constant_count;
    def->bytecode_line_off = space->line_off;
    def->bytecode_line = space->line;
    def->bytecode_line_count = space->line_count;
}

void
rec_bytecode_release(struct rec_bytecode *space)
{
    for (uint32_t i = 0; i < space->name_count; i++) {
        free((char *)space->name[i].data);
    }
    for (uint32_t i = 0; i < space->constant_count; i++) {
        free((char *)space->constant[i].data);
    }
    free(space->name);
    free(space->constant);
    free(space->line_off);
    free(space->line);
    Py_XDECREF(space->bytes);
    *space = (struct rec_bytecode){0};
}
