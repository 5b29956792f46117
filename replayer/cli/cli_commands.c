#include "cli_command.h"

#include <ctype.h>
#include <string.h>

#include "cli_handlers.h"

const char *const cli_group_titles[CLI_GROUP_COUNT] = {
    [CLI_GROUP_FORWARD] = "Forward in time",
    [CLI_GROUP_BACKWARD] = "Backward in time",
    [CLI_GROUP_BREAKPOINTS] = "Breakpoints",
    [CLI_GROUP_LOOKING] = "Looking at this moment",
    [CLI_GROUP_RECORDING] = "Questions about the whole run",
    [CLI_GROUP_SESSION] = "The session",
};

/* clang-format off */
const struct cli_command cli_commands[] = {
    {"step s", CLI_GROUP_FORWARD, CLI_COMPLETE_NOTHING, true, cli_do_step, "[all] [COUNT]",
     "go to this thread's next event, into calls",
     "With COUNT, so many times. With `all`, to the next event of whichever thread.",
     "s 5", "five events on"},
    {"next n", CLI_GROUP_FORWARD, CLI_COMPLETE_NOTHING, true, cli_do_next, "[all] [COUNT]",
     "go to this frame's next event, over calls and awaits",
     "At the end of the frame it goes on in the caller. Recursion, generators and callbacks "
     "are told apart by the frame's identity, so it never stops in another run of the same "
     "function; a breakpoint or watchpoint in what is called does stop it. With `all`, "
     "events of the other threads count, too.",
     "n", "over the call on this line"},
    {"return r finish fin", CLI_GROUP_FORWARD, CLI_COMPLETE_NOTHING, true, cli_do_return, "",
     "run to this frame's return event",
     "There the returned value is known; `n` or `s` then goes on in the caller. The way back "
     "to the call is `rf`.",
     "r", "what will this function return?"},
    {"out", CLI_GROUP_FORWARD, CLI_COMPLETE_NOTHING, true, cli_do_out, "",
     "go into the caller: its first event after this frame ends",
     "The way back is `rout`, to where the caller made the call. A coroutine's awaits are "
     "not its end; its caller is who awaited it last.",
     "out", "what does the caller do next?"},
    {"until unt", CLI_GROUP_FORWARD, CLI_COMPLETE_NOTHING, true, cli_do_until, "[LINE]",
     "run to a greater line of this frame, or to LINE",
     "Gets out of a loop: jumps backward do not stop it. The frame's return does.",
     "until 40", "to line 40 of this file, or the frame's return"},
    {"next-iteration it", CLI_GROUP_FORWARD, CLI_COMPLETE_NOTHING, true, cli_do_iteration,
     "[LINE]",
     "go to where this frame comes to this line again",
     "The next line event of this very frame at the present line, or at LINE, such as the "
     "loop's head: calls of the same function do not count, and a generator's or "
     "coroutine's suspensions do not end it.",
     "it", "the same line, one turn of the loop later"},
    {"next-call nc", CLI_GROUP_FORWARD, CLI_COMPLETE_PLACES, true, cli_do_nextcall,
     "[FUNCTION]",
     "go to the next call of this function, or of FUNCTION",
     "By whichever thread. FUNCTION may be qualified, and a glob.",
     "nc Cart.add", "where is that method called next?"},
    {"advance adv", CLI_GROUP_FORWARD, CLI_COMPLETE_PLACES, true, cli_do_advance,
     "[FILE:]LINE | FUNCTION",
     "run to a place, as if a breakpoint were there",
     "Other breakpoints and watchpoints stop it earlier.",
     "advance shop.py:23", "to that line's next execution"},
    {"continue c cont", CLI_GROUP_FORWARD, CLI_COMPLETE_NOTHING, true, cli_do_continue,
     "[thread] [COUNT]",
     "run to the next breakpoint or watchpoint, or the end",
     "Those of all threads stop it; with `thread`, only what happens in the thread that is "
     "looked at. With COUNT, to the COUNT-th stop.",
     "c", "to the next breakpoint"},
    {"stepi si", CLI_GROUP_FORWARD, CLI_COMPLETE_NOTHING, true, cli_do_stepi, "[all] [COUNT]",
     "go to this thread's next instruction",
     "Only in a recording with opcode events: pyrecord --events +opcode. Shows the "
     "instructions around; `dis` shows the whole function.",
     "si", "one instruction on"},
    {"nexti ni", CLI_GROUP_FORWARD, CLI_COMPLETE_NOTHING, true, cli_do_nexti, "[all] [COUNT]",
     "go to this frame's next instruction, over calls", NULL,
     "ni", "over the call that this instruction makes"},
    {"goto", CLI_GROUP_FORWARD, CLI_COMPLETE_TIMES, false, cli_do_goto,
     "EVENT | +N | -N | N% | TIME | start | end | failure | mark TEXT",
     "go to an event, however far away",
     "EVENT is the number in the prompt; N% counts events, too. TIME is since the start of "
     "the recording: 1.5s, 300ms, 20us, 2min. `failure` (or `crash`) is where the uncaught "
     "exception was raised; `mark TEXT` where the program set that mark.",
     "goto 1234", "to event 1234"},

    {"reverse-step rs", CLI_GROUP_BACKWARD, CLI_COMPLETE_NOTHING, true, cli_do_rstep,
     "[all] [COUNT]",
     "go to this thread's event before, into calls",
     "With COUNT, so many times. With `all`, to the event before of whichever thread.",
     "rs", "one event back"},
    {"reverse-next rn", CLI_GROUP_BACKWARD, CLI_COMPLETE_NOTHING, true, cli_do_rnext,
     "[all] [COUNT]",
     "go to this frame's event before, over calls and awaits",
     "At the frame's call it goes on in the caller.",
     "rn", "back over the call on the line before"},
    {"reverse-finish rf reverse-return", CLI_GROUP_BACKWARD, CLI_COMPLETE_NOTHING, true,
     cli_do_rfinish, "",
     "go back to this frame's call event",
     "There its arguments are as they were passed.",
     "rf", "what was this function called with?"},
    {"reverse-out rout", CLI_GROUP_BACKWARD, CLI_COMPLETE_NOTHING, true, cli_do_rout, "",
     "go back into the caller: its event that made the call", NULL,
     "rout", "who called this, before the call?"},
    {"reverse-until runt", CLI_GROUP_BACKWARD, CLI_COMPLETE_NOTHING, true, cli_do_runtil,
     "[LINE]",
     "run back to a smaller line of this frame, or to LINE",
     "Gets out of a loop at its top. The frame's call stops it.",
     "runt", "before the loop"},
    {"previous-iteration rit", CLI_GROUP_BACKWARD, CLI_COMPLETE_NOTHING, true,
     cli_do_riteration, "[LINE]",
     "go back to where this frame was at this line before",
     "The mirror image of `it`.",
     "rit", "the same line, one turn of the loop earlier"},
    {"previous-call pc", CLI_GROUP_BACKWARD, CLI_COMPLETE_PLACES, true, cli_do_previouscall,
     "[FUNCTION]",
     "go back to the call before of this function, or of FUNCTION",
     "This frame's own call does not count; `rf` goes there.",
     "pc", "how was it called the time before?"},
    {"reverse-advance radv", CLI_GROUP_BACKWARD, CLI_COMPLETE_PLACES, true, cli_do_radvance,
     "[FILE:]LINE | FUNCTION",
     "run back to a place, as if a breakpoint were there", NULL,
     "radv Cart.add", "to the last call of that method"},
    {"reverse-continue rc", CLI_GROUP_BACKWARD, CLI_COMPLETE_NOTHING, true, cli_do_rcontinue,
     "[thread] [COUNT]",
     "run back to the breakpoint or watchpoint before, or the start",
     NULL,
     "rc", "to the last time a breakpoint was passed"},
    {"reverse-stepi rsi", CLI_GROUP_BACKWARD, CLI_COMPLETE_NOTHING, true, cli_do_rstepi,
     "[all] [COUNT]",
     "go to this thread's instruction before", NULL,
     "rsi", "one instruction back"},
    {"reverse-nexti rni", CLI_GROUP_BACKWARD, CLI_COMPLETE_NOTHING, true, cli_do_rnexti,
     "[all] [COUNT]",
     "go to this frame's instruction before, over calls", NULL,
     "rni", "back over a call"},

    {"break b", CLI_GROUP_BREAKPOINTS, CLI_COMPLETE_PLACES, false, cli_do_break,
     "[PLACE [exit] [thread N] [, CONDITION]]",
     "stop at a line or function; alone: list breakpoints",
     "PLACE is LINE, FILE:LINE or FUNCTION. A short file name will do where it is unique, a "
     "function's name with or without its class, or a glob. `exit` stops where the function "
     "is left. It says at once when no code is there or the run never came by, and how often "
     "it did. With a CONDITION (or `if CONDITION`) it stops only where that expression is "
     "true.",
     "b shop.py:23, total < 0", "stop at that line when total is negative"},
    {"catch", CLI_GROUP_BREAKPOINTS, CLI_COMPLETE_EXCEPTIONS, false, cli_do_catch,
     "[uncaught] [TYPE] [if CONDITION]",
     "stop where an exception is raised",
     "TYPE is a type's name, of a base as well, or a glob; alone: any exception. It stops "
     "where it begins, not at each frame that it passes. With `uncaught`, only those that "
     "nobody catches.",
     "catch KeyError", "then c or rc: where is one raised?"},
    {"tbreak", CLI_GROUP_BREAKPOINTS, CLI_COMPLETE_PLACES, false, cli_do_tbreak,
     "[FILE:]LINE | FUNCTION [, CONDITION]",
     "a breakpoint that goes away at its first stop",
     NULL,
     "tbreak Cart.add", "stop once in that method"},
    {"clear cl delete", CLI_GROUP_BREAKPOINTS, CLI_COMPLETE_NOTHING, false, cli_do_clear,
     "[NUMBER... | FILE:LINE]",
     "remove breakpoints; alone: all of them",
     NULL,
     "cl 1 3", "remove breakpoints 1 and 3"},
    {"enable", CLI_GROUP_BREAKPOINTS, CLI_COMPLETE_NOTHING, false, cli_do_enable, "[NUMBER...]",
     "let breakpoints stop again", NULL,
     "enable 2", "breakpoint 2 stops again"},
    {"disable", CLI_GROUP_BREAKPOINTS, CLI_COMPLETE_NOTHING, false, cli_do_disable, "[NUMBER...]",
     "keep breakpoints, but do not stop there", NULL,
     "disable 2", "pass breakpoint 2 without a stop"},
    {"condition", CLI_GROUP_BREAKPOINTS, CLI_COMPLETE_NAMES, false, cli_do_condition,
     "NUMBER [EXPR]",
     "stop only where EXPR is true; without EXPR: always", NULL,
     "condition 1 len(items) > 3", "breakpoint 1 stops only for more than three items"},

    {"ignore", CLI_GROUP_BREAKPOINTS, CLI_COMPLETE_NOTHING, false, cli_do_ignore,
     "NUMBER COUNT",
     "pass a breakpoint so many times more", NULL,
     "ignore 1 10", "breakpoint 1 stops at its eleventh time from here"},
    {"hit", CLI_GROUP_BREAKPOINTS, CLI_COMPLETE_NOTHING, false, cli_do_hit, "NUMBER COUNT[+]",
     "stop only at its COUNT-th time of the whole run",
     "Counted from the start of the recording by the index, whichever way one goes, "
     "conditions aside. `COUNT+`: and later; 0: every time again.",
     "hit 1 1000", "then c or rc: the thousandth execution"},

    {"watch", CLI_GROUP_BREAKPOINTS, CLI_COMPLETE_NAMES, false, cli_do_watch,
     "[EXPR [if CONDITION]]",
     "c and rc stop where this changes; alone: list them",
     "EXPR is a name, an attribute or an element: of that object, whatever name it goes by "
     "elsewhere; a local of this frame. What a list, dict, set or the like contains counts "
     "as its value; of an instance, its own attributes.",
     "watch self.total", "then rc: who changed it?"},
    {"unwatch", CLI_GROUP_BREAKPOINTS, CLI_COMPLETE_NAMES, false, cli_do_unwatch,
     "[EXPR | NUMBER]",
     "no longer watch it; alone: nothing at all", NULL,
     "unwatch 1", "forget the first one"},

    {"where w bt backtrace", CLI_GROUP_LOOKING, CLI_COMPLETE_NOTHING, false, cli_do_where, "[COUNT]",
     "the stack of this thread, the newest frame last",
     "The frame that is looked at has an arrow. With COUNT, so many of the newest frames.",
     "w", "how did we get here?"},
    {"up u", CLI_GROUP_LOOKING, CLI_COMPLETE_NOTHING, true, cli_do_up, "[COUNT]",
     "look at the caller",
     "Time stays where it is; expressions and listings are those of that frame.",
     "u", "what does the caller see?"},
    {"down d", CLI_GROUP_LOOKING, CLI_COMPLETE_NOTHING, true, cli_do_down, "[COUNT]",
     "look at the frame that was called", NULL,
     "d", "one frame newer again"},
    {"list l", CLI_GROUP_LOOKING, CLI_COMPLETE_PLACES, true, cli_do_list,
     "[FIRST[, LAST] | . | FUNCTION]",
     "source around here; again: further on",
     "The text is the one that the program ran, out of the recording. `l .` comes back to "
     "the current line.",
     "l 10, 20", "lines 10 to 20 of this file"},
    {"longlist ll", CLI_GROUP_LOOKING, CLI_COMPLETE_NOTHING, false, cli_do_longlist, "",
     "source of the whole function", NULL,
     "ll", "the function that we are in"},
    {"dis disassemble", CLI_GROUP_LOOKING, CLI_COMPLETE_PLACES, false, cli_do_dis, "[FUNCTION]",
     "the instructions of this function, or of FUNCTION",
     "An arrow is at the current one, `>>` where something jumps to. The bytecode is there "
     "when opcode events were recorded (pyrecord --events with opcode).",
     "dis Cart.add", "what that method is compiled to"},
    {"print p", CLI_GROUP_LOOKING, CLI_COMPLETE_NAMES, false, cli_do_print, "EXPR",
     "the value of an expression",
     "A Python expression on the recorded values; nothing of the program is run. `!EXPR` is "
     "the same, and so is EXPR alone when it does not begin with a command.",
     "p order.items[0]", "the first item, at this moment"},
    {"pp", CLI_GROUP_LOOKING, CLI_COMPLETE_NAMES, false, cli_do_pp, "EXPR",
     "the value of an expression, over several lines",
     "At the prompt, what is long or deep is folded, with the expression behind it that "
     "unfolds it: pp orders[3].items.",
     "pp config", "a long dict, one entry a line"},
    {"expand", CLI_GROUP_LOOKING, CLI_COMPLETE_NAMES, false, cli_do_expand, "EXPR",
     "likewise, and all of it", NULL,
     "expand log[-1]", "a text of a million characters, to the end"},
    {"locals", CLI_GROUP_LOOKING, CLI_COMPLETE_NOTHING, false, cli_do_locals, "",
     "the local variables of this frame", NULL,
     "locals", "all names and values"},
    {"args a", CLI_GROUP_LOOKING, CLI_COMPLETE_NOTHING, false, cli_do_args, "",
     "the arguments of this frame, as they are now",
     "`rf` goes to where they are as they were passed.",
     "a", "the arguments"},
    {"globals", CLI_GROUP_LOOKING, CLI_COMPLETE_NOTHING, false, cli_do_globals, "",
     "the globals that functions of this module use", NULL,
     "globals", "what was recorded of the module"},
    {"display", CLI_GROUP_LOOKING, CLI_COMPLETE_NAMES, false, cli_do_display, "[EXPR]",
     "show an expression at every stop; alone: show all now",
     "It says what the value was at the stop before when it is different.",
     "display len(queue)", "the queue's length at every stop"},
    {"undisplay", CLI_GROUP_LOOKING, CLI_COMPLETE_NAMES, false, cli_do_undisplay, "[EXPR | NUMBER]",
     "no longer show it; alone: none at all", NULL,
     "undisplay len(queue)", "stop showing it"},
    {"threads", CLI_GROUP_LOOKING, CLI_COMPLETE_NOTHING, false, cli_do_threads, "",
     "all threads and where each of them is", NULL,
     "threads", "where is everybody at this moment?"},
    {"thread", CLI_GROUP_LOOKING, CLI_COMPLETE_NOTHING, false, cli_do_thread, "[NUMBER]",
     "look at another thread; steps follow it then", NULL,
     "thread 2", "look at thread 2"},

    {"when", CLI_GROUP_RECORDING, CLI_COMPLETE_NAMES, false, cli_do_when,
     "[--first | --last | --count] EXPR [within PLACE]",
     "the events at which an expression holds",
     "Each event is looked at in its own frame, in functions that know all names of EXPR. "
     "PLACE is a function or a file. `pyreplay when --help` has all options; they come "
     "first.",
     "when --first total < 0", "when did it go wrong first?"},
    {"hits", CLI_GROUP_RECORDING, CLI_COMPLETE_PLACES, false, cli_do_hits,
     "[FILE:]LINE [FORMAT] [where EXPR]",
     "a print statement added afterwards",
     "A row each time that the line ran, with the values of FORMAT: expressions with commas "
     "in between, each a column, or an f-string (its f and quotes can be left out).",
     "hits shop.py:14 name, price * rate where price > 5", "what did that line see?"},
    {"calls", CLI_GROUP_RECORDING, CLI_COMPLETE_PLACES, false, cli_do_calls,
     "FUNC [where EXPR]",
     "the calls of a function: arguments, result, duration, depth",
     "FUNC is a name or a glob. EXPR is looked at where the call begins.",
     "calls total where rate > 1", "what was it given, what came of it?"},
    {"exceptions", CLI_GROUP_RECORDING, CLI_COMPLETE_EXCEPTIONS, false, cli_do_exceptions,
     "[--all] [TYPE | COUNT | all]",
     "the exceptions of the run: raised where, how far they went",
     "Each once, with the function that caught it. Those that the library raises and catches "
     "by itself are counted only, unless --all.",
     "exceptions", "which exceptions were there, caught ones too?"},
    {"tree", CLI_GROUP_RECORDING, CLI_COMPLETE_NOTHING, false, cli_do_tree,
     "[--all] [--depth N]",
     "what this function called, folded, with counts and times",
     "From its call to its end; with --all of the whole run.",
     "tree --depth 3", "what happened below here, and how long?"},
    {"search", CLI_GROUP_RECORDING, CLI_COMPLETE_NOTHING, false, cli_do_search, "TEXT",
     "values in which a text stands, where they were written",
     "Strings and bytes with TEXT somewhere in them; numbers that are TEXT.",
     "search order 42", "where does this text come from?"},
    {"marks", CLI_GROUP_RECORDING, CLI_COMPLETE_NOTHING, false, cli_do_marks, "[TEXT]",
     "marks that the program set while it was recorded",
     "Those of pyrecord.mark(text); with TEXT, which have TEXT in them. `goto mark TEXT` goes "
     "to one.",
     "marks", "where did it say where it is?"},
    {"who", CLI_GROUP_LOOKING, CLI_COMPLETE_NAMES, false, cli_do_who, "EXPR",
     "the names and containers that refer to an object at this moment",
     "Variables of all running functions, and whatever holds it, with an expression by "
     "which one gets there.",
     "who self.items", "who shares this list?"},
    {"last", CLI_GROUP_RECORDING, CLI_COMPLETE_NAMES, true, cli_do_last, "EXPR",
     "go back to where a variable, attribute or element was written",
     "EXPR is a name, an attribute or an element. What counts is the object: a write through "
     "any other name is found too.",
     "last self.total", "who wrote self.total?"},
    {"next-write", CLI_GROUP_RECORDING, CLI_COMPLETE_NAMES, true, cli_do_nextwrite, "EXPR",
     "go on to where a variable, attribute or element is written",
     "The mirror image of `last`.",
     "next-write self.total", "who writes self.total next?"},
    {"history", CLI_GROUP_RECORDING, CLI_COMPLETE_NAMES, false, cli_do_history, "EXPR [COUNT]",
     "every value that it had up to now, newest last",
     "One row a change, with event, place and thread. COUNT rows at most (50 when not said). "
     "What a list, dict, set or the like contains counts as its value.",
     "history balance", "how did balance get its value?"},
    {"info", CLI_GROUP_RECORDING, CLI_COMPLETE_TOPICS, false, cli_do_info, "[TOPIC]",
     "the recording as a whole, or one topic of the session",
     "Topics: recording, breakpoints, display, threads, locals, args, frame, exceptions, "
     "line (how often the current one ran in the whole run), event (its number, thread, "
     "frame and time).",
     "info", "what was recorded, and how it ended"},

    {"help h ?", CLI_GROUP_SESSION, CLI_COMPLETE_COMMANDS, false, cli_do_help, "[COMMAND | TOPIC]",
     "the commands, or one of them with an example",
     "Topics: forward, backward, breakpoints, values, questions, session, expressions; all.",
     "help last", "what `last` does"},
    {"quit q exit EOF", CLI_GROUP_SESSION, CLI_COMPLETE_NOTHING, false, cli_do_quit, "",
     "leave; Ctrl-D does it too", NULL,
     "q", "leave"},
    {0},
};
/* clang-format on */

#define RUNS_CODE "the run is over and nothing is executed"
#define CHANGES   "a recording cannot be changed"

const struct cli_refusal cli_refusals[] = {
    {"jump j",
     RUNS_CODE "; to be at another moment: goto, until, or a breakpoint and c"},
    {"run restart start", RUNS_CODE "; for its beginning: goto start"},
    {"interact", RUNS_CODE "; p EXPR evaluates on the recorded values"},
    {"exec call", RUNS_CODE "; p EXPR evaluates on the recorded values"},
    {"debug", RUNS_CODE "; s steps into what the program called"},
    {"commands",
     "it would run a script at each stop; use: pyreplay --batch -c COMMAND ..."},
    {"set", CHANGES "; p EXPR shows a value, last EXPR who wrote it"},
    {"del", CHANGES "; to remove a breakpoint: cl NUMBER"},
    {"import from",
     RUNS_CODE "; p EXPR knows the recorded names and the usual functions"},
    {"kill detach attach", RUNS_CODE "; to leave: q"},
    {"alias unalias", "there are no aliases; ~/.pyreplayrc is read at the start"},
    {"source", "the program's text: ll, or l FUNCTION"},
    {"retval rv", "at a return event the listing shows the value; go there with r"},
    {"whatis ptype", "p type(EXPR) says it"},
    {"file load", "one recording a session: pyreplay OTHER.pyrec"},
    {0},
};

bool
cli_command_has_name(const char *names, const char *name, size_t len)
{
    while (len > 0 && *names) {
        size_t word = strcspn(names, " ");
        if (word == len && memcmp(names, name, len) == 0) {
            return true;
        }
        names += word + (names[word] == ' ');
    }
    return false;
}

const struct cli_command *
cli_command_find(const char *name, size_t len)
{
    for (const struct cli_command *c = cli_commands; c->names; c++) {
        if (cli_command_has_name(c->names, name, len)) {
            return c;
        }
    }
    return NULL;
}

const char *
cli_command_refusal(const char *name, size_t len)
{
    for (const struct cli_refusal *r = cli_refusals; r->names; r++) {
        if (cli_command_has_name(r->names, name, len)) {
            return r->why;
        }
    }
    return NULL;
}

/* `p(x)` and `print(x)` are what fingers type; no other name is called like that. */
static bool
is_print_call(const char *line, size_t len)
{
    return line[len] == '(' && cli_command_find(line, len) == cli_command_find("p", 1);
}

size_t
cli_command_word(const char *line)
{
    size_t len = strcspn(line, " \t(");
    if (line[len] == '(') {
        return len > 0 && is_print_call(line, len) ? len : 0;
    }
    return cli_command_find(line, len) ? len : 0;
}
