/* What the table of commands calls. */
#ifndef CLI_HANDLERS_H
#define CLI_HANDLERS_H

#include "cli_command.h"

/* cli_move.c */
enum cli_answer cli_do_step(struct cli_session *session, const char *args);
enum cli_answer cli_do_next(struct cli_session *session, const char *args);
enum cli_answer cli_do_return(struct cli_session *session, const char *args);
enum cli_answer cli_do_until(struct cli_session *session, const char *args);
enum cli_answer cli_do_continue(struct cli_session *session, const char *args);
enum cli_answer cli_do_rstep(struct cli_session *session, const char *args);
enum cli_answer cli_do_rnext(struct cli_session *session, const char *args);
enum cli_answer cli_do_rfinish(struct cli_session *session, const char *args);
enum cli_answer cli_do_rcontinue(struct cli_session *session, const char *args);
enum cli_answer cli_do_out(struct cli_session *session, const char *args);
enum cli_answer cli_do_rout(struct cli_session *session, const char *args);
enum cli_answer cli_do_stepi(struct cli_session *session, const char *args);
enum cli_answer cli_do_rstepi(struct cli_session *session, const char *args);
enum cli_answer cli_do_nexti(struct cli_session *session, const char *args);
enum cli_answer cli_do_rnexti(struct cli_session *session, const char *args);
enum cli_answer cli_do_advance(struct cli_session *session, const char *args);
enum cli_answer cli_do_radvance(struct cli_session *session, const char *args);
enum cli_answer cli_do_runtil(struct cli_session *session, const char *args);
enum cli_answer cli_do_iteration(struct cli_session *session, const char *args);
enum cli_answer cli_do_riteration(struct cli_session *session, const char *args);
enum cli_answer cli_do_nextcall(struct cli_session *session, const char *args);
enum cli_answer cli_do_previouscall(struct cli_session *session, const char *args);

/* cli_goto.c */
enum cli_answer cli_do_goto(struct cli_session *session, const char *args);

/* cli_break.c */
enum cli_answer cli_do_break(struct cli_session *session, const char *args);
enum cli_answer cli_do_tbreak(struct cli_session *session, const char *args);
enum cli_answer cli_do_clear(struct cli_session *session, const char *args);
enum cli_answer cli_do_enable(struct cli_session *session, const char *args);
enum cli_answer cli_do_disable(struct cli_session *session, const char *args);
enum cli_answer cli_do_condition(struct cli_session *session, const char *args);
enum cli_answer cli_do_catch(struct cli_session *session, const char *args);
enum cli_answer cli_do_ignore(struct cli_session *session, const char *args);
enum cli_answer cli_do_hit(struct cli_session *session, const char *args);

/* cli_watch.c */
enum cli_answer cli_do_watch(struct cli_session *session, const char *args);
enum cli_answer cli_do_unwatch(struct cli_session *session, const char *args);

/* cli_stack.c */
enum cli_answer cli_do_where(struct cli_session *session, const char *args);
enum cli_answer cli_do_up(struct cli_session *session, const char *args);
enum cli_answer cli_do_down(struct cli_session *session, const char *args);
enum cli_answer cli_do_threads(struct cli_session *session, const char *args);
enum cli_answer cli_do_thread(struct cli_session *session, const char *args);

/* cli_listing.c */
enum cli_answer cli_do_list(struct cli_session *session, const char *args);
enum cli_answer cli_do_longlist(struct cli_session *session, const char *args);

/* cli_dis.c */
enum cli_answer cli_do_dis(struct cli_session *session, const char *args);

/* cli_values.c */
enum cli_answer cli_do_print(struct cli_session *session, const char *args);
enum cli_answer cli_do_pp(struct cli_session *session, const char *args);
enum cli_answer cli_do_expand(struct cli_session *session, const char *args);
enum cli_answer cli_do_locals(struct cli_session *session, const char *args);
enum cli_answer cli_do_args(struct cli_session *session, const char *args);
enum cli_answer cli_do_globals(struct cli_session *session, const char *args);

/* cli_display.c */
enum cli_answer cli_do_display(struct cli_session *session, const char *args);
enum cli_answer cli_do_undisplay(struct cli_session *session, const char *args);

/* cli_exceptions.c, cli_ask_*.c */
enum cli_answer cli_do_exceptions(struct cli_session *session, const char *args);
enum cli_answer cli_do_marks(struct cli_session *session, const char *args);
enum cli_answer cli_do_when(struct cli_session *session, const char *args);
enum cli_answer cli_do_hits(struct cli_session *session, const char *args);
enum cli_answer cli_do_calls(struct cli_session *session, const char *args);
enum cli_answer cli_do_tree(struct cli_session *session, const char *args);
enum cli_answer cli_do_search(struct cli_session *session, const char *args);
enum cli_answer cli_do_who(struct cli_session *session, const char *args);

/* cli_questions.c */
enum cli_answer cli_do_info(struct cli_session *session, const char *args);

/* cli_writes.c */
enum cli_answer cli_do_last(struct cli_session *session, const char *args);
enum cli_answer cli_do_nextwrite(struct cli_session *session, const char *args);
enum cli_answer cli_do_history(struct cli_session *session, const char *args);

/* cli_session.c */
enum cli_answer cli_do_help(struct cli_session *session, const char *args);
enum cli_answer cli_do_quit(struct cli_session *session, const char *args);

#endif
