/* Source from the recording: list, longlist. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

#define LIST_LINES 11

/* The first breakpoint of that line, 0: none. */
static uint32_t
break_at(const struct rp *rp, uint32_t file_id, uint32_t lineno)
{
    for (size_t i = 0; i < rp_break_count(rp); i++) {
        const struct rp_break *b = rp_break_idx(rp, i);
        if (b->sort == RP_BREAK_LINE && b->file == file_id && b->lineno == lineno) {
            return b->id;
        }
    }
    return 0;
}

static void
put_source_line(struct cli_session *session, uint32_t file_id, uint32_t lineno,
                struct tf_text line, bool is_mark)
{
    struct cli_out *out = session->out;
    uint32_t break_id = break_at(session->rp, file_id, lineno);
    cli_out_style(out, is_mark ? CLI_CURRENT : CLI_DIM);
    cli_out_format(out, "%s%c%5" PRIu32 "  ", is_mark ? "->" : "  ",
                   break_id ? 'B' : ' ', lineno);
    if (!is_mark) {
        cli_out_style(out, CLI_PLAIN);
    }
    cli_out_source_line(out, line.data, line.len);
    if (is_mark) {
        cli_out_style(out, CLI_PLAIN);
    }
    cli_out_char(out, '\n');
}

uint32_t
cli_show_source(struct cli_session *session, uint32_t file_id, uint32_t first,
                uint32_t last, uint32_t mark)
{
    struct tf_err err = TF_ERR_INIT;
    uint32_t shown = 0;
    for (uint32_t lineno = first ? first : 1; lineno <= last; lineno++) {
        struct tf_text line;
        if (rp_source_line(session->rp, file_id, lineno, &line, &err) != TF_OK) {
            break;
        }
        put_source_line(session, file_id, lineno, line, lineno == mark);
        shown = lineno;
    }
    if (!shown) {
        cli_out_style(session->out, CLI_DIM);
        cli_out_str(session->out, "   (no source: ");
        cli_out_text(session->out, err.message, strlen(err.message));
        cli_out_str(session->out, ")\n");
        cli_out_style(session->out, CLI_PLAIN);
    }
    return shown;
}

static enum cli_answer
list_from(struct cli_session *session, uint32_t file_id, uint32_t first, uint32_t last)
{
    uint32_t count;
    struct tf_err err = TF_ERR_INIT;
    if (rp_source_line_count(session->rp, file_id, &count, &err) != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    if (first > count) {
        return cli_refuse(session, "the file ends at line %" PRIu32 "; l . comes back",
                          count);
    }
    uint32_t mark = session->frame.frame && session->frame.file->id == file_id
                        ? session->frame.lineno
                        : 0;
    uint32_t shown = cli_show_source(session, file_id, first, last, mark);
    session->list_file = file_id;
    session->list_lineno = shown + 1;
    return shown ? CLI_YES : CLI_NO;
}

static enum cli_answer
list_around(struct cli_session *session, uint32_t file_id, uint32_t lineno)
{
    uint32_t first = lineno > LIST_LINES / 2 ? lineno - LIST_LINES / 2 : 1;
    return list_from(session, file_id, first, first + LIST_LINES - 1);
}

/* "10", "10,20", "10 20"; a last number below the first is a count, as pdb has it. */
static bool
parse_range(const char *args, uint32_t *ret_first, uint32_t *ret_last)
{
    char *end;
    if (!isdigit((unsigned char)*args)) {
        return false;
    }
    unsigned long first = strtoul(args, &end, 10), last = 0;
    end += strspn(end, " \t,");
    if (*end && isdigit((unsigned char)*end)) {
        last = strtoul(end, &end, 10);
    }
    if (*end || first > TF_LINE_MAX || last > TF_LINE_MAX) {
        return false;
    }
    *ret_first = (uint32_t)first;
    *ret_last = (uint32_t)(last && last < first ? first + last : last);
    return true;
}

static enum cli_answer
list_named(struct cli_session *session, const char *args)
{
    struct rp_break_spec spec;
    struct tf_err err = TF_ERR_INIT;
    uint32_t own_file = session->frame.frame ? session->frame.file->id : 0, id;
    if (rp_break_parse(session->rp, args, own_file, &spec, &err) != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    if (spec.sort == RP_BREAK_LINE) {
        if (spec.file.len == 0) {
            return list_around(session, spec.file_id, spec.lineno);
        }
        size_t found = rp_files_named(session->rp, spec.file, &id, 1);
        return found ? list_around(session, id, spec.lineno)
                     : cli_refuse(session, "the recording has no file %s", args);
    }
    if (!rp_codes_named(session->rp, spec.name, &id, 1)) {
        return cli_refuse(session, "the recording has no function or file %s", args);
    }
    const struct tf_def_code *code = rp_code(session->rp, id);
    uint32_t first = code->first_lineno > 1 ? code->first_lineno - 1 : 1;
    return list_from(session, code->file, first, first + LIST_LINES - 1);
}

enum cli_answer
cli_do_list(struct cli_session *session, const char *args)
{
    uint32_t first = 0, last = 0;
    bool here = strcmp(args, ".") == 0;
    if (*args && !here && !parse_range(args, &first, &last)) {
        return list_named(session, args);
    }
    if (!cli_has_frame(session)) {
        return CLI_NO;
    }
    uint32_t file_id = session->frame.file->id;
    if (*args && !here) {
        return last ? list_from(session, file_id, first ? first : 1, last)
                    : list_around(session, file_id, first);
    }
    if (!here && session->list_lineno && session->list_file) {
        return list_from(session, session->list_file, session->list_lineno,
                         session->list_lineno + LIST_LINES - 1);
    }
    return list_around(session, file_id, session->frame.lineno);
}

static uint32_t
last_line(const struct tf_def_code *code)
{
    return code->line_count ? code->line[code->line_count - 1] : code->first_lineno;
}

/* The last line of a function, functions inside it included. Definitions come in the
 * order in which they first ran, so one pass may miss a nested one: until nothing grows. */
static uint32_t
function_end(const struct rp *rp, const struct tf_def_code *code)
{
    uint32_t end = last_line(code), before;
    do {
        before = end;
        for (uint32_t id = 1; id <= rp_facts(rp)->code_count; id++) {
            const struct tf_def_code *inner = rp_code(rp, id);
            if (inner->file == code->file && inner->first_lineno > code->first_lineno
                && inner->first_lineno <= end && last_line(inner) > end) {
                end = last_line(inner);
            }
        }
    } while (end != before);
    return end;
}

enum cli_answer
cli_do_longlist(struct cli_session *session, const char *args)
{
    if (!cli_no_args(session, args) || !cli_has_frame(session)) {
        return CLI_NO;
    }
    const struct tf_def_code *code = session->frame.code;
    bool whole_file =
        code->qualname.len == 8 && memcmp(code->qualname.data, "<module>", 8) == 0;
    uint32_t first = whole_file ? 1 : code->first_lineno;
    uint32_t last = whole_file ? TF_LINE_MAX : function_end(session->rp, code);
    uint32_t file_id = session->frame.file->id;
    return cli_show_source(session, file_id, first, last, session->frame.lineno)
               ? CLI_YES
               : CLI_NO;
}
