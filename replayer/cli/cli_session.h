/* A debugger session: one recording, a place in time, and what the person set up. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli.h"
#include "cli_command.h"
#include "rp.h"

struct cli_editor;

/* An expression that is shown at every stop. */
struct cli_display {
    uint32_t id;
    char *text;
    char *shown; /* at the stop before; NULL: not yet */
};

/* What the locals of a frame were when we last stopped in it. */
struct cli_seen {
    char *name;
    uint64_t hash; /* of the text, and of when it was written if that is long */
    char *text;    /* its beginning, or all of it */
};

struct cli_snapshot {
    uint64_t frame; /* 0: free */
    uint64_t used;  /* when, for the oldest to give way */
    struct cli_seen *seen;
    size_t count;
};

#define CLI_SNAPSHOTS 16

struct cli_session {
    struct cli_env *env;
    struct cli_out *out;
    struct rp *rp;
    const struct rp_facts *facts;
    const char *file;
    bool batch;
    bool echo; /* print each command before its answer */

    /* where we are */
    uint64_t seq; /* 0: the recording has no event */
    struct rp_event event;
    uint32_t thread;       /* looked at; the event's until `thread` says otherwise */
    size_t frame_idx;      /* 0: the newest; `up` adds */
    struct rp_frame frame; /* looked at; `frame.frame` 0: the stack is empty */
    struct rp_opening opening;

    /* for `list` without arguments */
    uint32_t list_file, list_lineno;

    struct cli_display *display;
    size_t display_count;
    uint32_t display_next_id;
    struct cli_snapshot snapshot[CLI_SNAPSHOTS];
    uint64_t stop_count;

    /* `last` again, from where it left us, goes on with the same object */
    struct rp_place *last_place;
    char *last_text;
    uint64_t last_seq;

    const char *command; /* the word being run, as typed */
    char *repeat;        /* what an empty line does; NULL: nothing */
    bool stepping;       /* progress: see cli_session_progress */
    uint64_t started_ns;
    bool progress_shown;
};

/* --- cli_session.c --- */
tf_status cli_session_init(struct cli_session *session, struct cli_env *env,
                           const char *file, struct tf_err *err);
void cli_session_release(struct cli_session *session);
/* What rp_set_progress() is given, with the session. */
bool cli_session_progress(void *session, uint64_t done, uint64_t total);
/* One line as typed; `;;` separates commands. */
enum cli_answer cli_session_line(struct cli_session *session, const char *line);
/* The last of the commands that `;;` separates. */
const char *cli_last_command(const char *line);
/* Says why a command has no answer, and is that answer: CLI_NO. */
enum cli_answer cli_refuse(struct cli_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum cli_answer cli_refuse_err(struct cli_session *session, const struct tf_err *err);
/* An expression that failed, with a caret below `text`. */
enum cli_answer cli_refuse_expr(struct cli_session *session, const char *text,
                                const struct rp_expr_err *error,
                                const struct tf_err *err);
/* A count, `fallback` when nothing is there; false: refused. */
bool cli_count_arg(struct cli_session *session, const char *args, uint64_t fallback,
                   uint64_t *ret_count);
/* False, refused, when there is something. */
bool cli_no_args(struct cli_session *session, const char *args);
/* Whether there is an event to look at; false: refused. */
bool cli_has_event(struct cli_session *session);
/* Whether there is a frame to look at; false: refused. */
bool cli_has_frame(struct cli_session *session);

/* --- cli_stop.c --- */
/* Goes to the event and forgets which frame and thread were looked at. */
tf_status cli_go(struct cli_session *session, uint64_t seq, struct tf_err *err);
/* Prints where we are and why, what changed, and the displays. */
void cli_show_stop(struct cli_session *session, const char *reason, unsigned context);

/* --- cli_stack.c --- */
/* The frame `idx` steps up from the newest becomes the one that is looked at. */
tf_status cli_select_frame(struct cli_session *session, size_t idx, struct tf_err *err);
void cli_show_stack(struct cli_session *session, size_t max);

/* --- cli_place.c: names of places, short --- */
/* A file's path as the person thinks of it: relative to where the program was started. */
struct tf_text cli_short_path(const struct rp *rp, const struct tf_def_file *file);
/* "shop.py:23" */
size_t cli_put_place(struct cli_out *out, const struct rp *rp,
                     const struct tf_def_file *file, uint32_t lineno);
/* "Cart.total()", or "<module>" */
size_t cli_put_function(struct cli_out *out, const struct tf_def_code *code);
/* The same for comparing lengths: columns that the two would take. */
size_t cli_place_columns(const struct rp *rp, const struct tf_def_file *file,
                         uint32_t lineno);
size_t cli_put_tf(struct cli_out *out, struct tf_text text);
/* 12345 as "12,345" */
void cli_put_count(struct cli_out *out, uint64_t number);
/* "12,345 events", "1 event" */
void cli_put_counted(struct cli_out *out, uint64_t number, const char *noun);
/* "1.23 s", "45 us" */
void cli_put_duration(struct cli_out *out, uint64_t duration_ns);
void cli_duration_text(uint64_t duration_ns, char *ret_text, size_t size);
/* "Type: text" of an exception, at most `columns` of it; 0: all. */
void cli_put_exception(struct cli_out *out, struct rp *rp, uint64_t object_id,
                       uint64_t seq, size_t columns);

/* --- cli_listing.c --- */
/* Lines first..last of a file, `mark` with an arrow. Returns the last one printed, 0 when
 * there was none (and says why). */
uint32_t cli_show_source(struct cli_session *session, uint32_t file_id, uint32_t first,
                         uint32_t last, uint32_t mark);

/* --- cli_dis.c --- */
/* At an event that is about to run an instruction: that one and its neighbours. */
void cli_show_instruction(struct cli_session *session);

/* --- cli_values.c --- */
/* Limits for one line of a terminal; none when the output is no terminal. */
const struct rp_limits *cli_line_limits(const struct cli_session *session,
                                        struct rp_limits *space);
/* "name = value" */
void cli_show_vars(struct cli_session *session, const struct rp_vars *vars,
                   bool arguments_only, size_t max);
/* The text of an expression here; false: refused. */
bool cli_eval_text(struct cli_session *session, const char *text,
                   struct rp_buf *ret_text);

/* --- cli_display.c --- */
void cli_show_displays(struct cli_session *session);

/* --- cli_break.c --- */
/* A row of the list of breakpoints. */
void cli_put_break(struct cli_session *session, const struct rp_break *b);
/* Cuts "PLACE if EXPR" (and "PLACE, EXPR") in two; the condition, or NULL. */
char *cli_split_condition(char *text, bool comma_too);

/* --- cli_watch.c --- */
/* What changed there for the watchpoint. */
void cli_show_watch_change(struct cli_session *session, uint32_t id, uint64_t seq);

/* --- cli_writes.c --- */
/* "x: 3 -> 7  (seen at event 12)" */
void cli_show_change(struct cli_session *session, const char *name,
                     const struct rp_change *change);
/* The line that wrote, given the event before the write was seen: that event's own, or its
 * caller's when its function ended there. */
tf_status cli_find_writer(struct rp *rp, const struct rp_event *event,
                          struct rp_frame *ret_frame, struct tf_err *err);
/* What `last`, `history` and `watch` are about; false: refused. */
bool cli_parse_place(struct cli_session *session, const char *text,
                     struct rp_place **ret_place);

/* --- cli_changes.c --- */
/* Says which locals of the event's frame are different from when we last stopped in it,
 * and remembers them. */
void cli_show_changes(struct cli_session *session);
/* Two texts as "A -> B"; long ones from where they begin to differ. */
void cli_put_both(struct cli_out *out, const char *before, const char *after);
void cli_snapshots_release(struct cli_session *session);

/* --- cli_screen.c --- */
void cli_show_opening(struct cli_session *session);

/* --- cli_info.c --- */
void cli_info_text(struct cli_out *out, struct rp *rp);
/* "ended with status 1", "killed by signal 9", ... */
void cli_put_outcome(struct cli_out *out, struct rp *rp);
/* What was lost, or nothing; one line each. Returns whether there was something. */
bool cli_put_losses(struct cli_out *out, const struct rp *rp);
/* The command line as it was typed. */
void cli_put_command(struct cli_out *out, const struct rp *rp);

/* --- cli_complete.c --- */
struct cli_choices;
void cli_complete_line(void *session, const char *line, struct cli_choices *choices);

#endif
