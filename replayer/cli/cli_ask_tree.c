/* `tree`: the call tree, folded. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_ask.h"
#include "cli_handlers.h"

/* At the prompt, where a tree shall fit a screen or two. */
#define PROMPT_DEPTH 8u

static const struct cl_option OPTIONS[] = {
    {.id = ASK_DEPTH,
     .long_name = "depth",
     .argument = "COUNT",
     .help = "so many levels below the root (at the prompt 8 when not said; 0: all)",
     .group = "Which tree"},
    {.id = ASK_ALL,
     .long_name = "all",
     .help = "of the whole run, rather than of one function"},
    {.id = ASK_THREAD,
     .long_name = "thread",
     .argument = "NUMBER",
     .help = "with --all: of this thread only (1: the first)"},
    CLI_ASK_AT,
    CLI_ASK_OPTIONS,
    {0},
};

static const char *const USAGE[] = {"[OPTION...] FILE", NULL};

static const struct cl_section SECTIONS[] = {
    {"What it shows",
     "What the function called in which one is, from its call to its end, and what that "
     "called in turn. All calls of one function from one place of the tree are one row: "
     "how many, how long in all, how long without what they called. A function that calls "
     "itself is one row. In the shell the whole run is shown when --at is not given. Times "
     "are of the recorded run, which recording made slower."},
    {"JSON lines",
     "The root first, each function before what it called: level, function, file, line, "
     "calls, resumes (of generators), unwinds (ended by an exception), total_ns, self_ns, "
     "first_seq, left_out (calls below --depth). The root of a whole run has no function: "
     "null."},
    {0},
};

static const struct cl_example EXAMPLES[] = {
    {"pyreplay tree shop.pyrec", "where did the time go?"},
    {"pyreplay tree --depth 2 --at 1234 shop.pyrec", "what did this call do?"},
    {0},
};

const struct cl_program cli_tree_program = {
    .name = "pyreplay tree",
    .summary = "the call tree, folded: who called whom how often, and how long",
    .usage = USAGE,
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
    .options_anywhere = true,
};

static void
put_json(struct cli_ask *ask, const struct rp_tree_node *node)
{
    struct cli_json *json = &ask->to_json;
    bool known = node->code->id != 0;
    cli_json_open(json, '{');
    cli_rows_u64(json, "level", node->depth);
    cli_json_key(json, "function");
    if (known) {
        const struct tf_def_file *file = rp_file(ask->rp, node->code->file);
        cli_json_text(json, node->code->qualname.data, node->code->qualname.len);
        cli_rows_text(json, "file", file->path);
        cli_rows_u64(json, "line", node->code->first_lineno);
    }
    else {
        cli_json_null(json);
    }
    cli_rows_u64(json, "calls", node->calls);
    cli_rows_u64(json, "resumes", node->resumes);
    cli_rows_u64(json, "unwinds", node->unwinds);
    cli_rows_u64(json, "total_ns", node->total_ns);
    cli_rows_u64(json, "self_ns", node->self_ns);
    cli_rows_u64(json, "first_seq", node->first_seq);
    cli_rows_u64(json, "left_out", node->left_out);
    cli_json_close(json, '}');
}

static void
put_text(struct cli_ask *ask, const struct rp_tree_node *node)
{
    struct cli_table *table = &ask->table;
    struct rp_buf *text = &ask->text;
    cli_table_duration(table, node->total_ns);
    cli_table_duration(table, node->self_ns);
    cli_table_u64(table, node->calls + (node->calls ? 0 : node->resumes));
    rp_buf_clear(text);
    for (uint32_t i = 0; i < node->depth && i < 60; i++) {
        rp_buf_add_string(text, "  ");
    }
    if (node->code->id) {
        struct tf_text name = node->code->qualname;
        rp_buf_add(text, name.data, name.len);
        rp_buf_add_string(text, name.len && name.data[name.len - 1] == '>' ? "" : "()");
        struct tf_text path =
            cli_short_path(ask->rp, rp_file(ask->rp, node->code->file));
        rp_buf_addf(text, "  %.*s:%" PRIu32, (int)path.len, path.data,
                    node->code->first_lineno);
    }
    else {
        rp_buf_add_string(text, "(the run)");
    }
    if (node->unwinds) {
        rp_buf_addf(text, "  (%" PRIu64 " by an exception)", node->unwinds);
    }
    if (node->left_out) {
        rp_buf_addf(text, "  (... %" PRIu64 " calls below)", node->left_out);
    }
    cli_table_text(table, text->data, text->len);
}

static void
put_tree(struct cli_ask *ask, const struct rp_tree *tree)
{
    bool more = true;
    for (size_t i = 0; i < tree->count && more; i++) {
        if (ask->json) {
            put_json(ask, &tree->node[i]);
        }
        else {
            put_text(ask, &tree->node[i]);
        }
        more = cli_ask_row(ask);
    }
    ask->more &= ask->shown < tree->count;
    cli_table_flush(&ask->table);
    if (tree->cut && !ask->json) {
        cli_out_str(ask->out, "(the tree is too large: --depth makes it smaller)\n");
    }
}

static tf_status
run(struct cli_ask *ask, struct tf_err *err)
{
    struct rp_tree tree;
    struct rp_tree_spec spec = {.seq = ask->seq, .frame = ask->frame};
    bool shown_whole = ask->depth == UINT64_MAX;
    if (ask->all || (!ask->session && !ask->at_seq)) {
        spec.frame = 0;
        spec.thread = ask->thread;
    }
    else if (!spec.frame) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no function is running here");
    }
    spec.depth_max = shown_whole                  ? 0
                     : ask->depth                 ? (uint32_t)ask->depth
                     : ask->session && !ask->json ? PROMPT_DEPTH
                                                  : 0;
    tf_status status = rp_tree(ask->rp, &spec, &tree, err);
    if (status != TF_OK) {
        return status;
    }
    cli_table_column(&ask->table, "total", true);
    cli_table_column(&ask->table, "self", true);
    cli_table_column(&ask->table, "calls", true);
    cli_table_column(&ask->table, NULL, false);
    put_tree(ask, &tree);
    rp_tree_release(&tree);
    return TF_OK;
}

const struct cli_question cli_question_tree = {"tree", &cli_tree_program, run, false,
                                               NULL};

enum cli_answer
cli_do_tree(struct cli_session *session, const char *args)
{
    return cli_ask_prompt(session, &cli_question_tree, args);
}
