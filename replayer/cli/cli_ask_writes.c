/* `history`, `last`, `next-write` and `breakpoints` as questions from the shell, and as
 * rows at the prompt. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_ask.h"

#define WRITE_FIELDS                                                                    \
 "Fields: seq, time_ns, thread, frame, depth, file, function, line of the event that "  \
 "wrote; by (frame, file, function, line: the caller's where a function ended there); " \
 "seen (number of the first event that shows it), before, after (texts; null: not "     \
 "there), content (true: what it refers to was changed, not what it is)."

#define AT_HELP                                                                         \
 "The names mean what they mean at the event of --at, in its frame; when not said: at " \
 "the failure, or at the end of a run that did not fail, in its outermost frame."

static const struct cl_option HISTORY_OPTIONS[] = {
    {.id = ASK_ALL,
     .long_name = "all",
     .help = "those after that event, too",
     .group = "Which rows"},
    CLI_ASK_AT,
    CLI_ASK_OPTIONS,
    {0},
};

static const struct cl_option WRITE_OPTIONS[] = {
    CLI_ASK_AT,
    CLI_ASK_OPTIONS,
    {0},
};

static const struct cl_option BREAK_OPTIONS[] = {CLI_ASK_OPTIONS, {0}};

static const char *const WRITE_USAGE[] = {"[OPTION...] FILE EXPR", NULL};
static const char *const BREAK_USAGE[] = {"[OPTION...] FILE PLACE...", NULL};

static const struct cl_section HISTORY_SECTIONS[] = {
    {"What it prints",
     "A row a change, oldest first, up to the event of --at. EXPR is a variable, an "
     "attribute or an element; what counts is the object, whatever name it goes by. What a "
     "list, dict, set or the like contains counts as its value; of an instance, its own "
     "attributes. " AT_HELP},
    {"JSON lines", WRITE_FIELDS},
    {"Exit status",
     "0 done, 1 when there was no change, 2 when EXPR is nothing that can be written, 3 when "
     "the file cannot be read."},
    {0},
};

static const struct cl_section WRITE_SECTIONS[] = {
    {"What it prints",
     "One row: the event that wrote it, what it was before and after. " AT_HELP},
    {"JSON lines", WRITE_FIELDS},
    {"Exit status",
     "0 done, 1 when there was none, 2 when EXPR is nothing that can be written, 3 when the "
     "file cannot be read."},
    {0},
};

static const struct cl_section BREAK_SECTIONS[] = {
    {"What it prints",
     "How often the whole run came by each PLACE: a line (SOURCE:LINE) or a function (name, "
     "qualified name or glob). From the index, whatever the run's length."},
    {"JSON lines",
     "Fields: place (as asked for), sort (line, function), file, line, functions (how many "
     "code objects it means), hits."},
    {"Exit status",
     "0 done, 1 when the run came by none of them, 2 when there is no such place, 3 when the "
     "file cannot be read."},
    {0},
};

static const struct cl_example HISTORY_EXAMPLES[] = {
    {"pyreplay history shop.pyrec cart.total", "every value of that attribute"},
    {"pyreplay history shop.pyrec total --at 1234 --format json",
     "of the variable of that event's frame, for other programs"},
    {0},
};
static const struct cl_example LAST_EXAMPLES[] = {
    {"pyreplay last shop.pyrec cart.owner", "who wrote it before the failure?"},
    {0},
};
static const struct cl_example NEXT_EXAMPLES[] = {
    {"pyreplay next-write shop.pyrec cart.owner --at 100",
     "who writes it after event 100?"},
    {0},
};
static const struct cl_example BREAK_EXAMPLES[] = {
    {"pyreplay breakpoints shop.pyrec shop.py:14 'Cart.*'", "how often were they run?"},
    {0},
};

const struct cl_program cli_history_program = {
    .name = "pyreplay history",
    .summary = "every value of a variable, attribute or element",
    .usage = WRITE_USAGE,
    .options = HISTORY_OPTIONS,
    .sections = HISTORY_SECTIONS,
    .examples = HISTORY_EXAMPLES,
    .options_anywhere = true,
};
const struct cl_program cli_last_program = {
    .name = "pyreplay last",
    .summary = "the last write of a variable, attribute or element",
    .usage = WRITE_USAGE,
    .options = WRITE_OPTIONS,
    .sections = WRITE_SECTIONS,
    .examples = LAST_EXAMPLES,
    .options_anywhere = true,
};
const struct cl_program cli_next_write_program = {
    .name = "pyreplay next-write",
    .summary = "the next write of a variable, attribute or element",
    .usage = WRITE_USAGE,
    .options = WRITE_OPTIONS,
    .sections = WRITE_SECTIONS,
    .examples = NEXT_EXAMPLES,
    .options_anywhere = true,
};
const struct cl_program cli_breakpoints_program = {
    .name = "pyreplay breakpoints",
    .summary = "how often lines and functions were run",
    .usage = BREAK_USAGE,
    .options = BREAK_OPTIONS,
    .sections = BREAK_SECTIONS,
    .examples = BREAK_EXAMPLES,
    .options_anywhere = true,
};

/* --- Rows --- */

static tf_status
put_side(struct cli_ask *ask, const char *key, const struct rp_value *value,
         uint64_t seq, struct tf_err *err)
{
    return cli_rows_value(&ask->to_json, key, ask->rp,
                          value->kind == TF_VAL_UNBOUND ? NULL : value, seq, err);
}

static tf_status
put_json(struct cli_ask *ask, const struct rp_change *change,
         const struct rp_event *event, const struct rp_frame *by, struct tf_err *err)
{
    struct cli_json *json = &ask->to_json;
    cli_json_open(json, '{');
    cli_rows_event(json, event);
    cli_json_key(json, "by");
    cli_json_open(json, '{');
    cli_rows_u64(json, "frame", by->frame);
    cli_rows_text(json, "file", by->file->path);
    cli_rows_text(json, "function", by->code->qualname);
    cli_rows_u64(json, "line", by->lineno);
    cli_json_close(json, '}');
    cli_rows_u64(json, "seen", change->seq);
    tf_status status =
        put_side(ask, "before", &change->before, change->before_seq, err);
    if (status == TF_OK) {
        status = put_side(ask, "after", &change->after, change->seq, err);
    }
    cli_json_key(json, "content");
    cli_json_bool(json, !change->bound);
    cli_json_close(json, '}');
    return status;
}

static tf_status
put_value(struct cli_ask *ask, const struct rp_value *value, uint64_t seq,
          struct tf_err *err)
{
    if (value->kind == TF_VAL_UNBOUND) {
        cli_table_str(&ask->table, "(not there)");
        return TF_OK;
    }
    tf_status status = cli_ask_value(ask, value, seq, false, err);
    cli_table_text(&ask->table, ask->text.data ? ask->text.data : "", ask->text.len);
    return status;
}

/* `both`: what it was before, too. */
static tf_status
put_text(struct cli_ask *ask, const struct rp_change *change,
         const struct rp_event *event, const struct rp_frame *by, bool both,
         struct tf_err *err)
{
    struct rp_event shown = *event;
    shown.file = by->file;
    shown.code = by->code;
    shown.lineno = by->lineno;
    cli_ask_event_cells(ask, &shown);
    tf_status status = TF_OK;
    if (both) {
        status = put_value(ask, &change->before, change->before_seq, err);
    }
    return status == TF_OK ? put_value(ask, &change->after, change->seq, err) : status;
}

static tf_status
put_change(struct cli_ask *ask, const struct rp_change *change, bool both,
           struct tf_err *err)
{
    struct rp_event event;
    struct rp_frame by;
    tf_status status = rp_event_at(
        ask->rp, change->by_seq ? change->by_seq : change->seq, &event, err);
    if (status == TF_OK) {
        status = cli_find_writer(ask->rp, &event, &by, err);
    }
    if (status != TF_OK) {
        return status;
    }
    return ask->json ? put_json(ask, change, &event, &by, err)
                     : put_text(ask, change, &event, &by, both, err);
}

static void
columns(struct cli_ask *ask, bool both)
{
    cli_ask_event_columns(ask);
    if (both) {
        cli_table_column(&ask->table, "before", false);
    }
    cli_table_column(&ask->table, both ? "after" : "value", false);
}

static bool
is_own(void *ctx, const struct rp_event *event)
{
    (void)ctx;
    return event->file->own;
}

/* A run that did not fail opens at its first line, where nothing was written yet: then
 * names mean what they mean at its end, in the outermost frame. */
static tf_status
stand_at_end(struct cli_ask *ask, struct tf_err *err)
{
    struct rp_opening opening;
    struct rp_event event;
    struct rp_stack stack;
    tf_status status = rp_opening(ask->rp, &opening, err);
    if (status != TF_OK || opening.failure) {
        return status;
    }
    uint64_t last;
    struct rp_filter filter = {.accept = is_own};
    status = rp_find(ask->rp, &filter, UINT64_MAX, false, &last, err);
    if (status == TF_ERR_NOT_FOUND) {
        return TF_OK;
    }
    if (status == TF_OK) {
        status = rp_event_at(ask->rp, last, &event, err);
    }
    if (status == TF_OK) {
        status = rp_stack_at(ask->rp, last, event.thread, event.depth, 1, &stack, err);
    }
    if (status == TF_OK) {
        ask->seq = last;
        ask->frame = stack.count ? stack.frame[0].frame : event.frame;
        rp_stack_release(&stack);
    }
    return status;
}

static tf_status
parse_place(struct cli_ask *ask, struct rp_place **ret_place, struct tf_err *err)
{
    bool next = ask->question == &cli_question_next_write;
    if (!ask->session && !ask->at_seq && !next) {
        tf_status status = stand_at_end(ask, err);
        if (status != TF_OK) {
            return status;
        }
    }
    return rp_place_parse(ask->rp, ask->whole, ask->seq, ask->frame, ret_place, err);
}

/* --- history --- */

/* What there is at the very first event; then all others follow it. */
static tf_status
first_change(struct cli_ask *ask, const struct rp_place *place, bool *ret_more,
             struct tf_err *err)
{
    uint64_t first = rp_facts(ask->rp)->first_seq;
    struct rp_changes *changes = NULL;
    struct rp_change change;
    struct tf_err none = TF_ERR_INIT;
    tf_status status =
        rp_changes_begin(ask->rp, place, first + 1, false, true, &changes, err);
    if (status == TF_OK) {
        status = rp_changes_next(changes, &change, &none);
    }
    rp_changes_free(changes);
    *ret_more = true;
    if (status == TF_ERR_NOT_FOUND) {
        return TF_OK;
    }
    if (status == TF_OK) {
        status = put_change(ask, &change, false, err);
        rp_change_release(&change);
        *ret_more = cli_ask_row(ask);
    }
    return status;
}

static tf_status
history_rows(struct cli_ask *ask, const struct rp_place *place, struct tf_err *err)
{
    struct rp_changes *changes = NULL;
    uint64_t last = ask->all ? UINT64_MAX : ask->seq;
    bool more;
    tf_status status = first_change(ask, place, &more, err);
    if (status == TF_OK) {
        status = rp_changes_begin(ask->rp, place, rp_facts(ask->rp)->first_seq, true,
                                  true, &changes, err);
    }
    while (status == TF_OK && more) {
        struct rp_change change;
        status = rp_changes_next(changes, &change, err);
        if (status != TF_OK) {
            break;
        }
        more = change.seq <= last;
        if (more) {
            status = put_change(ask, &change, false, err);
            more = cli_ask_row(ask);
        }
        rp_change_release(&change);
    }
    rp_changes_free(changes);
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

static tf_status
run_history(struct cli_ask *ask, struct tf_err *err)
{
    struct rp_place *place;
    tf_status status = parse_place(ask, &place, err);
    if (status != TF_OK) {
        return status;
    }
    columns(ask, false);
    status = history_rows(ask, place, err);
    rp_place_free(place);
    return status != TF_OK || ask->shown
               ? status
               : tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                            "no write of %.100s up to event %" PRIu64, ask->whole,
                            ask->seq);
}

/* --- last, next-write --- */

static tf_status
find_write(struct cli_ask *ask, const struct rp_place *place, bool forward,
           struct rp_write *ret_write, struct tf_err *err)
{
    uint64_t from = ask->seq;
    for (;;) {
        struct rp_write write;
        tf_status status = (forward ? rp_write_next : rp_write_last)(ask->rp, place,
                                                                     from, &write, err);
        uint64_t by = status == TF_OK && write.by_seq ? write.by_seq : write.seq;
        if (status != TF_OK || !forward || by > ask->seq) {
            *ret_write = write;
            return status;
        }
        from = write.seq; /* written by this event, or before it in another thread */
        rp_write_release(&write);
    }
}

static tf_status
run_write(struct cli_ask *ask, bool forward, struct tf_err *err)
{
    struct rp_place *place;
    struct rp_write write = {0};
    tf_status status = parse_place(ask, &place, err);
    if (status != TF_OK) {
        return status;
    }
    status = find_write(ask, place, forward, &write, err);
    rp_place_free(place);
    if (status == TF_ERR_NOT_FOUND) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                          "no write of %.100s %s event %" PRIu64, ask->whole,
                          forward ? "after" : "up to", ask->seq);
    }
    if (status != TF_OK) {
        return status;
    }
    struct rp_change change = {
        .seq = write.seq,
        .by_seq = write.by_seq,
        .before_seq = rp_clamp(ask->rp, write.seq - (write.seq > 1)),
        .bound = true,
        .before = write.before,
        .after = write.after,
    };
    columns(ask, true);
    status = put_change(ask, &change, true, err);
    cli_ask_row(ask);
    rp_write_release(&write);
    return status;
}

static tf_status
run_last(struct cli_ask *ask, struct tf_err *err)
{
    return run_write(ask, false, err);
}

static tf_status
run_next_write(struct cli_ask *ask, struct tf_err *err)
{
    return run_write(ask, true, err);
}

/* --- breakpoints --- */

static void
put_break_row(struct cli_ask *ask, const struct rp_break *b)
{
    const struct tf_def_file *file = rp_file(ask->rp, b->file);
    if (!ask->json) {
        cli_table_str(&ask->table, b->text);
        cli_table_place(&ask->table, ask->rp, file, b->lineno);
        cli_table_u64(&ask->table, b->run_hits);
        return;
    }
    struct cli_json *json = &ask->to_json;
    cli_json_open(json, '{');
    cli_json_key(json, "place");
    cli_json_str(json, b->text);
    cli_json_key(json, "sort");
    cli_json_str(json, b->sort == RP_BREAK_LINE ? "line" : "function");
    cli_rows_text(json, "file", file->path);
    cli_rows_u64(json, "line", b->lineno);
    cli_rows_u64(json, "functions", b->code_count);
    cli_rows_u64(json, "hits", b->run_hits);
    cli_json_close(json, '}');
}

static tf_status
one_break(struct cli_ask *ask, const char *text, uint64_t *hits, struct tf_err *err)
{
    struct rp_break_spec spec;
    struct rp_event here;
    uint32_t id;
    tf_status status = rp_event_at(ask->rp, ask->seq, &here, err);
    if (status == TF_OK) {
        status = rp_break_parse(ask->rp, text, here.file->id, &spec, err);
    }
    if (status == TF_OK) {
        status = rp_break_add(ask->rp, &spec, &id, err);
    }
    if (status == TF_OK) {
        *hits += rp_break_get(ask->rp, id)->run_hits;
        put_break_row(ask, rp_break_get(ask->rp, id));
        status = rp_break_remove(ask->rp, id, err);
    }
    return status;
}

static tf_status
run_breakpoints(struct cli_ask *ask, struct tf_err *err)
{
    uint64_t hits = 0;
    tf_status status = TF_OK;
    cli_table_column(&ask->table, "asked", false);
    cli_table_column(&ask->table, "place", false);
    cli_table_column(&ask->table, "hits", true);
    char *text = ask->whole;
    bool more = true;
    while (status == TF_OK && more && *(text += strspn(text, " \t"))) {
        size_t len = strcspn(text, " \t");
        bool last = !text[len];
        text[len] = 0;
        status = one_break(ask, text, &hits, err);
        if (status == TF_OK) {
            more = cli_ask_row(ask);
        }
        text += len + !last;
    }
    return status != TF_OK || hits
               ? status
               : tf_err_set(err, TF_ERR_NOT_FOUND, -1, "the run never came by");
}

#define A_PLACE "a variable, an attribute or an element, such as cart.total,"

const struct cli_question cli_question_history = {"history", &cli_history_program,
                                                  run_history, true, A_PLACE};
const struct cli_question cli_question_last = {"last", &cli_last_program, run_last,
                                               true, A_PLACE};
const struct cli_question cli_question_next_write = {
    "next-write", &cli_next_write_program, run_next_write, true, A_PLACE};
const struct cli_question cli_question_breakpoints = {
    "breakpoints", &cli_breakpoints_program, run_breakpoints, true,
    "a place, such as shop.py:14 or Cart.add,"};
