/* The man page, as roff with the man macros (groff_man(7)). */
#include <ctype.h>
#include <string.h>

#include "cl_private.h"
#include "cl_version.h"

/* roff takes a line that begins with . or ' for a request, and a plain hyphen for a
 * typographic one that cannot be searched or pasted. */
static void
put_escaped(FILE *out, const char *text, size_t len)
{
    bool line_start = true;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (line_start && (c == '.' || c == '\'')) {
            fputs("\\&", out);
        }
        switch (c) {
        case '\\': fputs("\\e", out); break;
        case '-': fputs("\\-", out); break;
        case '\'': fputs("\\(aq", out); break;
        case '`': fputs("\\(ga", out); break;
        case '~': fputs("\\(ti", out); break;
        case '^': fputs("\\(ha", out); break;
        default: fputc(c, out);
        }
        line_start = c == '\n';
    }
}

static void
put_line(FILE *out, const char *text)
{
    put_escaped(out, text, strlen(text));
    fputc('\n', out);
}

static void
put_text(FILE *out, const char *text)
{
    bool first = true;
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
        bool verbatim = *text == ' ';
        fputs(verbatim ? ".PP\n.nf\n" : first ? "" : ".PP\n", out);
        put_escaped(out, text, len);
        fputs(verbatim ? "\n.fi\n" : "\n", out);
        text += len;
        text += strspn(text, "\n");
        first = false;
    }
}

static void
put_heading(FILE *out, const char *title)
{
    fputs(".SH ", out);
    for (const char *c = title; *c != '\0'; c++) {
        fputc(toupper((unsigned char)*c), out);
    }
    fputc('\n', out);
}

/* "pyreplay dump" is the page pyreplay-dump. */
static void
put_page_name(FILE *out, const char *name, bool upper)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == ' ' || *c == '-') {
            fputs("\\-", out);
        }
        else {
            fputc(upper ? toupper((unsigned char)*c) : *c, out);
        }
    }
}

static void
put_names(FILE *out, const struct cl_program *program, size_t idx)
{
    size_t first = idx;
    fputs(".TP\n", out);
    for (struct cl_option o = cl_option_at(program, idx);
         o.id != 0 && (idx == first || (o.help == NULL && !o.hidden));
         o = cl_option_at(program, ++idx)) {
        fputs(idx != first ? ", " : "", out);
        if (o.short_name != 0) {
            fprintf(out, "\\fB\\-%c\\fR", o.short_name);
        }
        if (o.long_name != NULL) {
            fprintf(out, "%s\\fB\\-\\-", o.short_name != 0 ? ", " : "");
            put_escaped(out, o.long_name, strlen(o.long_name));
            fputs("\\fR", out);
        }
        if (o.argument != NULL) {
            fprintf(out, "%s\\fI", o.long_name != NULL ? "=" : " ");
            put_escaped(out, o.argument, strlen(o.argument));
            fputs("\\fR", out);
        }
    }
    fputc('\n', out);
}

static void
put_options(FILE *out, const struct cl_program *program)
{
    struct cl_option option;
    put_heading(out, "Options");
    for (size_t i = 0; option = cl_option_at(program, i), option.id != 0; i++) {
        if (option.hidden || option.help == NULL) {
            continue;
        }
        if (option.group != NULL) {
            fputs(".SS ", out);
            put_line(out, option.group);
        }
        put_names(out, program, i);
        put_line(out, option.help);
    }
}

static void
put_head(FILE *out, const struct cl_program *program)
{
    fputs(".TH ", out);
    put_page_name(out, program->name, true);
    fprintf(out, " 1 \"\" \"%.*s %s\"\n", (int)strcspn(program->name, " "),
            program->name, CL_VERSION);
    put_heading(out, "Name");
    put_page_name(out, program->name, false);
    fputs(" \\- ", out);
    put_line(out, program->summary);
    put_heading(out, "Synopsis");
    for (size_t i = 0; program->usage[i] != NULL; i++) {
        fprintf(out, "%s\\fB", i == 0 ? "" : ".br\n");
        put_escaped(out, program->name, strlen(program->name));
        fputs("\\fR ", out);
        put_line(out, program->usage[i]);
    }
}

void
cl_print_man(const struct cl_program *program, FILE *out)
{
    put_head(out, program);
    if (program->description != NULL) {
        put_heading(out, "Description");
        put_text(out, program->description);
    }
    put_options(out, program);
    for (const struct cl_section *s = program->sections; s != NULL && s->title; s++) {
        put_heading(out, s->title);
        put_text(out, s->text);
    }
    if (program->examples != NULL) {
        put_heading(out, "Examples");
    }
    for (const struct cl_example *e = program->examples; e != NULL && e->command; e++) {
        fputs(".TP\n\\fB", out);
        put_escaped(out, e->command, strlen(e->command));
        fputs("\\fR\n", out);
        put_line(out, e->what);
    }
}
