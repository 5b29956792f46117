/* What --help and --version print. */
#include <string.h>

#include "cl_private.h"
#include "cl_version.h"

#define WIDTH       79
#define HELP_COLUMN 28

static void
put_spaces(FILE *out, size_t count)
{
    fprintf(out, "%*s", (int)count, "");
}

/* Fills `len` bytes of text between `indent` and WIDTH; the cursor stands at `column`. */
static void
put_filled(FILE *out, const char *text, size_t len, size_t indent, size_t column)
{
    const char *end = text + len;
    bool first = true;
    while (text < end) {
        size_t word = strcspn(text, " \n");
        if (word > (size_t)(end - text)) {
            word = (size_t)(end - text);
        }
        if (word > 0) {
            if (!first && column + 1 + word > WIDTH) {
                fputc('\n', out);
                put_spaces(out, indent);
                column = indent;
            }
            else if (!first) {
                fputc(' ', out);
                column++;
            }
            fwrite(text, 1, word, out);
            column += word;
            first = false;
        }
        text += word + (text + word < end);
    }
    fputc('\n', out);
}

static void
put_text(FILE *out, const char *text, size_t indent)
{
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
        if (*text == ' ') {
            fprintf(out, "%.*s\n", (int)len, text);
        }
        else {
            put_spaces(out, indent);
            put_filled(out, text, len, indent, indent);
        }
        text += len;
        if (end != NULL) {
            fputc('\n', out);
            text += strspn(text, "\n");
        }
    }
}

/* "-o, --output=FILE" and the entries that share its line. Returns how many columns. */
static size_t
put_names(FILE *out, const struct cl_program *program, size_t idx)
{
    int len = 0;
    size_t first = idx;
    for (struct cl_option o = cl_option_at(program, idx);
         o.id != 0 && (idx == first || (o.help == NULL && !o.hidden));
         o = cl_option_at(program, ++idx)) {
        const char *lead = idx != first ? ", " : o.short_name == 0 ? "      " : "  ";
        len += fprintf(out, "%s", lead);
        if (o.short_name != 0) {
            len += fprintf(out, "-%c", o.short_name);
        }
        if (o.long_name != NULL) {
            len += fprintf(out, "%s--%s", o.short_name != 0 ? ", " : "", o.long_name);
        }
        if (o.argument != NULL) {
            len += fprintf(out, "%s%s", o.long_name != NULL ? "=" : " ", o.argument);
        }
    }
    return (size_t)len;
}

static void
put_option(FILE *out, const struct cl_program *program, size_t idx)
{
    struct cl_option option = cl_option_at(program, idx);
    if (option.group != NULL) {
        fprintf(out, "\n%s:\n", option.group);
    }
    size_t column = put_names(out, program, idx);
    if (column + 2 > HELP_COLUMN) {
        fputc('\n', out);
        column = 0;
    }
    put_spaces(out, HELP_COLUMN - column);
    put_filled(out, option.help, strlen(option.help), HELP_COLUMN, HELP_COLUMN);
}

void
cl_print_help(const struct cl_program *program, FILE *out)
{
    for (size_t i = 0; program->usage[i] != NULL; i++) {
        fprintf(out, "%s %s%s%s\n", i == 0 ? "Usage:" : "   or:", program->name,
                program->usage[i][0] != '\0' ? " " : "", program->usage[i]);
    }
    if (program->description != NULL) {
        fputc('\n', out);
        put_text(out, program->description, 0);
    }
    struct cl_option option;
    for (size_t i = 0; option = cl_option_at(program, i), option.id != 0; i++) {
        if (!option.hidden && option.help != NULL) {
            put_option(out, program, i);
        }
    }
    for (const struct cl_section *s = program->sections; s != NULL && s->title; s++) {
        fprintf(out, "\n%s:\n", s->title);
        put_text(out, s->text, 2);
    }
    if (program->examples != NULL) {
        fputs("\nExamples:\n", out);
    }
    for (const struct cl_example *e = program->examples; e != NULL && e->command; e++) {
        fprintf(out, "  %s\n      ", e->command);
        put_filled(out, e->what, strlen(e->what), 6, 6);
    }
}

void
cl_answer(const struct cl_program *program, enum cl_request request, FILE *out)
{
    switch (request) {
    case CL_RUN: break;
    case CL_HELP: cl_print_help(program, out); break;
    case CL_VERSION_TEXT:
        fprintf(out, "%.*s %s\n", (int)strcspn(program->name, " "), program->name,
                CL_VERSION);
        break;
    case CL_MAN: cl_print_man(program, out); break;
    }
}

void
cl_try_help(const struct cl_program *program, FILE *out)
{
    fprintf(out, "Try '%s --help'.\n", program->name);
}
