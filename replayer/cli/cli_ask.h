/* Questions about the whole run: what they have in common at the prompt and in the shell.
 *
 * Each is a row of a table with the options that it takes; the same function answers both.
 * At the prompt options come first (`when --last total < 0`), in the shell after the
 * recording (`pyreplay when FILE --last 'total < 0'`). */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli_rows.h"
#include "cli_session.h"

enum cli_ask_option {
    ASK_FORMAT = 1,
    ASK_LIMIT,
    ASK_THREAD,
    ASK_FROM,
    ASK_TO,
    ASK_WITHIN,
    ASK_WHERE,
    ASK_AT,
    ASK_FIRST,
    ASK_LAST,
    ASK_COUNT,
    ASK_ALL,
    ASK_DEPTH,
    ASK_FULL,
};

/* The options that all have. */
#define CLI_ASK_OPTIONS                                                    \
 {.id = ASK_FORMAT,                                                        \
  .long_name = "format",                                                   \
  .argument = "FORMAT",                                                    \
  .help = "text (the default), or json: one JSON object a row",            \
  .group = "Options"},                                                     \
 {                                                                         \
  .id = ASK_LIMIT, .long_name = "limit", .argument = "COUNT",              \
  .help = "so many rows at most (at the prompt 100 when not said; 0: all)" \
 }

#define CLI_ASK_FULL                                                       \
 {                                                                         \
  .id = ASK_FULL, .long_name = "full",                                     \
  .help = "values in full, however long (when not said: what suits a row)" \
 }

#define CLI_ASK_RANGE                                                                 \
 {.id = ASK_THREAD,                                                                   \
  .long_name = "thread",                                                              \
  .argument = "NUMBER",                                                               \
  .help = "of this thread only (1: the first)"},                                      \
     {.id = ASK_FROM,                                                                 \
      .long_name = "from",                                                            \
      .argument = "EVENT",                                                            \
      .help = "begin with this event"},                                               \
 {                                                                                    \
  .id = ASK_TO, .long_name = "to", .argument = "EVENT", .help = "end with this event" \
 }

#define CLI_ASK_AT                                                              \
 {                                                                              \
  .id = ASK_AT, .long_name = "at", .argument = "EVENT",                         \
  .help = "at this event (when not said: where one is; in the shell where the " \
          "recording opens)"                                                    \
 }

struct cli_question;

struct cli_ask {
    const struct cli_question *question;
    struct cli_env *env;
    struct cli_out *out;
    struct rp *rp;
    struct cli_session *session; /* NULL: asked from the shell */
    const char *file;            /* NULL: from the prompt */
    /* what was asked */
    char *first;        /* the first operand, or the first word at the prompt; "" */
    char *rest;         /* what follows it */
    char *whole;        /* both: for an expression */
    struct rp_buf made; /* hits: a FORMAT that is a text, as an f-string */
    bool json, backward, count_only, all, limited, full;
    uint64_t limit, from_seq, to_seq, at_seq, depth;
    uint32_t thread;
    const char *where_text, *within_text; /* borrowed; NULL: not said */
    uint64_t seq, frame;                  /* where one is */
    /* what it takes to answer */
    struct rp_expr *where;
    uint32_t *code;
    size_t code_count;
    struct cli_table table;
    struct cli_json to_json;
    struct rp_buf text; /* scratch */
    uint64_t shown;
    bool more; /* the limit ended it */
    struct tf_err err;
    uint64_t started_ns, told_ns;
    bool due;        /* rows are to be shown as soon as the present one is whole */
    uint64_t strays; /* rp_strays() when it began */
    bool folds;      /* rows fold what was written long before */
};

/* Answers: TF_OK, TF_ERR_NOT_FOUND with `err` filled when there is nothing, or a failure. */
typedef tf_status (*cli_ask_run)(struct cli_ask *ask, struct tf_err *err);

struct cli_question {
    const char *name;
    const struct cl_program *program;
    cli_ask_run run;
    bool operand;           /* needs something to ask about ... */
    const char *operand_is; /* ... namely "an expression, such as total < 0" */
};

extern const struct cli_question cli_question_when, cli_question_hits,
    cli_question_calls, cli_question_exceptions, cli_question_tree, cli_question_search,
    cli_question_who, cli_question_history, cli_question_last, cli_question_next_write,
    cli_question_breakpoints, cli_question_marks;

/* The two ways to ask. */
int cli_ask_shell(struct cli_env *env, const struct cli_question *question, int argc,
                  char **argv);
enum cli_answer cli_ask_prompt(struct cli_session *session,
                               const struct cli_question *question, const char *args);

/* --- For those who answer --- */

/* Cuts `text` where ` WORD ` stands outside strings and brackets (`last`: the last of
 * them); returns what follows it, NULL when it does not stand there. */
char *cli_ask_cut(char *text, const char *word, bool last);
/* Parses, with a caret in the message when it cannot. */
tf_status cli_ask_parse(struct cli_ask *ask, const char *text,
                        struct rp_expr **ret_expr, struct tf_err *err);
/* `where_text`, `within_text` and the numbers as the core wants them. */
tf_status cli_ask_range(struct cli_ask *ask, struct rp_range *ret_range,
                        struct tf_err *err);
/* At the end of a row: counts it, and says whether another one is wanted. */
bool cli_ask_row(struct cli_ask *ask);
/* The text of a value, cut to what suits a row unless --full was said; in ask->text. */
tf_status cli_ask_value(struct cli_ask *ask, const struct rp_value *value, uint64_t seq,
                        bool as_str, struct tf_err *err);
/* "key": the same text; null with `value` NULL */
tf_status cli_ask_json_value(struct cli_ask *ask, const char *key,
                             const struct rp_value *value, uint64_t seq,
                             struct tf_err *err);
/* A place: sort, name, object, type, index and key as JSON; "list #12 [3]" as text. */
tf_status cli_ask_holder_json(struct cli_ask *ask, const struct rp_holder *at,
                              uint64_t seq, struct tf_err *err);
void cli_ask_holder_text(struct cli_ask *ask, const struct rp_holder *at, uint64_t seq,
                         struct rp_buf *out);
/* seq, thread when there are several, place and function: the columns that rows begin
 * with, and their cells. */
void cli_ask_event_columns(struct cli_ask *ask);
void cli_ask_event_cells(struct cli_ask *ask, const struct rp_event *event);

#endif
