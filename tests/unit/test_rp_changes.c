/* Where a place changes, what cannot be watched, how exceptions read, and steps through
 * coroutines: exact answers, and each allocation failing in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rp.h"
#include "tf_sink.h"
#include "tt_alloc.h"
#include "tt_ask.h"
#include "tt_file.h"

static struct rp *
build(const char *name, const char *text)
{
    struct tf_sink_memory sink;
    struct tf_err err = TF_ERR_INIT;
    struct rp *rp;
    tt_build(text, &sink);
    tt_write(tt_path(name), sink.data, (size_t)sink.sink.written_bytes);
    tf_sink_memory_release(&sink);
    if (rp_open(tt_path(name), NULL, &rp, &err) != TF_OK) {
        fail_msg("%s", err.message);
    }
    return rp;
}

/* --- Changes of a place --- */

static const char CHANGES[] =
    "file app.py own\n"
    "    | def f(): pass\n"
    "type Box instance\n"
    "type Pair namedtuple fields=left,right flags=4\n"
    "code <module> app.py:1 slots=<mapping> kinds=mapping lines=1\n"
    "code f app.py:1 slots=x,l,d,b,dq,p,c,s,n args=1 kinds=local,local,local,local,local,"
    "local,cell,local,local lines=1,2,3\n"
    "thread 1\n"
    "call <module> 0 globals=$g:namespace[\"G\", 1] <mapping>=$g\n" /* 1 */
    "call f globals=$g x=1\n"                                       /* 2 */
    "line 1 l=$l:[1, 2, 3] d=$d:{\"k\": 1, 2: \"two\", True: 0}\n"  /* 3 */
    "line 2 x=2 b=$b:Box(v=1, w=$w:[0])\n"                          /* 4 */
    "line 2 $l[1]=20 dq=$dq:deque[None, 7, 8]\n"                    /* 5 */
    "line 2 x=2 $l[+]=4 p=$p:Pair[1, 2]\n"                          /* 6 */
    "line 3 $d{\"k\"}=5 $b.v=2 c=$c:cell[1]\n"                      /* 7 */
    "chunk\n"
    "line 1 del $l[0] $c[0]=2 s=$s:{1, 2}\n"  /* 8 */
    "line 1 $d{\"new\"}=1 $dq[1]=9 $w[+]=1\n" /* 9 */
    "line 2 del $d{\"k\"} x=None image $l\n"  /* 10 */
    "chunk\n"
    "line 2 $d{\"k\"}=6 $b.new=1 del x $g{\"G\"}=2\n" /* 11 */
    "line 2 $l[0:3]=[1] x=3 b=$b2:Box(v=9)\n"         /* 12 */
    "line 3 n=[[1], 2] $s[+]=3 $g{\"H\"}=1\n"         /* 13 */
    "chunk\n"
    "line 3 $b2.v=10 del $b2.v l=[1]\n" /* 14 */
    "return 3 => $d\n"                  /* 15 */
    "return 1 => None\n"                /* 16 */
    "exit 0\n";

/* Where it changes from event 3 of f on, as it is named at event 7. */
static const struct {
    const char *place, *seqs;
} PLACES[] = {
    {"x", "4 10 11 12"},
    {"l", "5 6 8 12 14"},
    {"l[0]", "8 12"},
    {"l[1]", "5 8 12"},
    {"l[-1]", "6 8"},
    {"l[9]", ""},
    {"d", "7 9 10 11"},
    {"d['k']", "7 10 11"},
    {"d[2]", ""},
    {"d[1]", ""},
    {"d['new']", "9"},
    {"d['never']", ""},
    {"b", "4 7 9 11 12 14"},
    {"b.v", "4 7"},
    {"b.w", "4 9"},
    {"b.w[0]", "4"},
    {"b.w[1]", "9"},
    {"b.new", "11"},
    {"b.never", ""},
    {"dq", "5 9"},
    {"dq[0]", "5 9"},
    {"p", "6"},
    {"p.left", "6"},
    {"p[1]", "6"},
    {"c", "7 8"},
    {"s", "8 13"},
    {"n", "13"},
    {"G", "11"},
};

static tf_status
all_changes(const struct tt_asked *asked, bool forward, struct tf_err *err)
{
    struct rp_event event;
    struct rp_place *place;
    struct rp_changes *changes;
    struct rp_change change;
    tf_status status = rp_event_at(asked->rp, 7, &event, err);
    if (status == TF_OK) {
        status = rp_place_parse(asked->rp, asked->text, 7, event.frame, &place, err);
    }
    if (status != TF_OK) {
        return status;
    }
    status = rp_changes_begin(asked->rp, place, forward ? 3 : UINT64_MAX, forward,
                              false, &changes, err);
    if (status == TF_OK) {
        while ((status = rp_changes_next(changes, &change, err)) == TF_OK
               && change.seq > 3) {
            tt_say(asked->answer, "%s%llu", asked->answer->len ? " " : "",
                   (unsigned long long)change.seq);
            rp_change_release(&change);
        }
        if (status == TF_OK) {
            rp_change_release(&change);
        }
        rp_changes_free(changes);
    }
    rp_place_free(place);
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

static tf_status
ask_forward(const struct tt_asked *asked, struct tf_err *err)
{
    return all_changes(asked, true, err);
}

static tf_status
ask_backward(const struct tt_asked *asked, struct tf_err *err)
{
    return all_changes(asked, false, err);
}

/* The numbers the other way round. */
static void
turn_round(const char *seqs, char to[100])
{
    size_t end = strlen(seqs), len = 0;
    to[0] = 0;
    for (size_t i = end; i-- > 0;) {
        if (i == 0 || seqs[i - 1] == ' ') {
            len += (size_t)snprintf(to + len, 100 - len, "%s%.*s", len ? " " : "",
                                    (int)(end - i), seqs + i);
            end = i - (i > 0);
        }
    }
}

static void
test_changes(void **state)
{
    static struct tt_answer answer;
    struct rp *rp = build("changes.pyrec", CHANGES);
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        for (int forward = 0; forward < 2; forward++) {
            struct tt_asked asked = {
                .rp = rp, .text = PLACES[i].place, .answer = &answer};
            struct tf_err err = TF_ERR_INIT;
            char expected[100];
            answer = (struct tt_answer){0};
            turn_round(PLACES[i].seqs, expected);
            tf_status status = all_changes(&asked, forward, &err);
            const char *right = forward ? PLACES[i].seqs : expected;
            if (status != TF_OK || strcmp(answer.text, right) != 0) {
                print_message("%s %d: '%s', not '%s'; %s\n", PLACES[i].place, forward,
                              answer.text, right, err.message);
                wrong++;
            }
        }
    }
    rp_close(rp);
    assert_int_equal(wrong, 0);
}

static const struct {
    const char *place, *message;
} NO_PLACES[] = {
    {"x + 1",
     "a variable, an attribute or an element expected, such as x, self.total, d[\"k\"], items[3]"},
    {"1",
     "a variable, an attribute or an element expected, such as x, self.total, d[\"k\"], items[3]"},
    {"nothing", "there is no variable 'nothing' here"},
    {"x.", "the name of an attribute expected"},
    {"s[0]", "only elements of lists and dicts can be watched"},
    {"l['a']", "only elements of lists and dicts can be watched"},
    {"l[-9]", "the index is out of range"},
    {"l[0:1]",
     "a variable, an attribute or an element expected, such as x, self.total, d[\"k\"], items[3]"},
    {"x.real", "the value is no recorded object"},
    {"'a'.x", "the value is no recorded object"},
    {"[1][0]", "the value is no recorded object"},
    {"l[nothing]", "NameError: name 'nothing' is not defined"},
    {"f()",
     "a variable, an attribute or an element expected, such as x, self.total, d[\"k\"], items[3]"},
    {"l[1.5]", "only elements of lists and dicts can be watched"},
    {"nothing.x", "NameError: name 'nothing' is not defined"},
};

static void
test_no_places(void **state)
{
    struct rp *rp = build("changes.pyrec", CHANGES);
    struct rp_event event;
    size_t wrong = 0;
    (void)state;
    assert_int_equal(rp_event_at(rp, 8, &event, NULL), TF_OK);
    for (size_t i = 0; i < sizeof NO_PLACES / sizeof *NO_PLACES; i++) {
        struct tf_err err = TF_ERR_INIT;
        struct rp_place *place = NULL;
        tf_status status =
            rp_place_parse(rp, NO_PLACES[i].place, 8, event.frame, &place, &err);
        if (status == TF_OK || strcmp(err.message, NO_PLACES[i].message) != 0) {
            print_message("    {\"%s\", \"%s\"}, %d\n", NO_PLACES[i].place, err.message,
                          status);
            wrong++;
        }
        rp_place_free(place);
    }
    rp_close(rp);
    assert_int_equal(wrong, 0);
}

/* --- What cannot be a breakpoint --- */

static const struct {
    const char *text, *message;
} NO_BREAKS[] = {
    {"", "'' is neither FILE:LINE, LINE nor the name of a function"},
    {"app.py:77", "app.py has 1 lines, not 77"},
    {"none.py:1", "no recorded code comes from a file named 'none.py'"},
    {"app.py:", "'app.py:' is neither FILE:LINE, LINE nor the name of a function"},
    {"app.py:0", "'0' is no line number"},
    {"nothing", "no recorded function is named 'nothing'"},
    {"99", "app.py has 1 lines, not 99"},
    {"app.py:x", "'app.py:x' is neither FILE:LINE, LINE nor the name of a function"},
    {"app.py:-1", "'app.py:-1' is neither FILE:LINE, LINE nor the name of a function"},
    {"99999999999", "'99999999999' is no line number"},
    {"[x", "no recorded function is named '[x'"},
    {"app.py:4", "app.py has 1 lines, not 4"},
};

static void
test_no_breaks(void **state)
{
    struct rp *rp = build("changes.pyrec", CHANGES);
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof NO_BREAKS / sizeof *NO_BREAKS; i++) {
        struct tf_err err = TF_ERR_INIT;
        struct rp_break_spec spec = {0};
        uint32_t id = 0;
        tf_status status = rp_break_parse(rp, NO_BREAKS[i].text, 1, &spec, &err);
        if (status == TF_OK) {
            status = rp_break_add(rp, &spec, &id, &err);
        }
        if (status != TF_ERR_ARGUMENT
            || strcmp(err.message, NO_BREAKS[i].message) != 0) {
            print_message("    {\"%s\", \"%s\"}, %d\n", NO_BREAKS[i].text, err.message,
                          status);
            wrong++;
        }
    }
    assert_int_equal(rp_break_count(rp), 0);
    rp_close(rp);
    assert_int_equal(wrong, 0);
}

/* --- Exceptions --- */

static const char EXCEPTIONS[] =
    "file app.py own\n"
    "type BaseExceptionX exception module=builtins\n"
    "type LookupError exception module=builtins bases=Exception,BaseException\n"
    "type OSError exception module=builtins bases=Exception,BaseException\n"
    "type FileNotFoundError exception module=builtins "
    "bases=OSError,Exception,BaseException\n"
    "type SyntaxError exception module=builtins bases=Exception,BaseException\n"
    "type UnicodeDecodeError exception module=builtins bases=ValueError,Exception,"
    "BaseException\n"
    "type UnicodeEncodeError exception module=builtins bases=ValueError,Exception,"
    "BaseException\n"
    "type UnicodeTranslateError exception module=builtins bases=ValueError,Exception,"
    "BaseException\n"
    "type Own exception module=app bases=Exception,BaseException flags=2\n"
    "code f app.py:1 slots=e lines=1\n"
    "thread 1\n"
    "call f\n"
    "line 1 e=ValueError[(), None, None, False, None]\n"
    "line 1 e=ValueError[(\"bad\", ), None, None, False, None]\n"
    "line 1 e=ValueError[(\"bad\", 3), None, None, False, None]\n"
    "line 1 e=KeyError[(\"k\", ), None, None, False, None]\n"
    "line 1 e=KeyError[(\"k\", 2), None, None, False, None]\n"
    "line 1 e=FileNotFoundError[(2, \"No such file\"), None, None, False, None]"
    "(filename=\"a\", filename2=None)\n"
    "line 1 e=OSError[(2, \"No such file\"), None, None, False, None]"
    "(filename=\"a\", filename2=\"b\")\n"
    "line 1 e=OSError[(2, \"No such file\"), None, None, False, None]\n"
    "line 1 e=OSError[(\"only\", ), None, None, False, None]\n"
    "line 1 e=SyntaxError[(\"invalid syntax\", (\"/tmp/x.py\", 3, 1, \"a b\")), None, "
    "None, False, None]\n"
    "line 1 e=SyntaxError[(\"invalid syntax\", (None, 3, 1, \"a b\")), None, None, False, "
    "None]\n"
    "line 1 e=SyntaxError[(\"invalid syntax\", (\"x.py\", None)), None, None, False, "
    "None]\n"
    "line 1 e=SyntaxError[(\"invalid syntax\", (None, None)), None, None, False, None]\n"
    "line 1 e=SyntaxError[(\"invalid syntax\", 5), None, None, False, None]\n"
    "line 1 e=UnicodeDecodeError[(\"utf-8\", b\"a\\xff\", 1, 2, \"invalid start byte\"), "
    "None, None, False, None]\n"
    "line 1 e=UnicodeDecodeError[(\"utf-8\", b\"a\\xff\", 0, 2, \"why\"), None, None, "
    "False, None]\n"
    "line 1 e=UnicodeEncodeError[(\"ascii\", \"a\\u00e9\", 1, 2, \"why\"), None, None, "
    "False, None]\n"
    "line 1 e=UnicodeEncodeError[(\"ascii\", \"\\u20ac\", 0, 1, \"why\"), None, None, "
    "False, None]\n"
    "line 1 e=UnicodeEncodeError[(\"ascii\", \"\\U0001f600\", 0, 1, \"why\"), None, None, "
    "False, None]\n"
    "line 1 e=UnicodeEncodeError[(\"ascii\", \"abc\", 0, 3, \"why\"), None, None, False, "
    "None]\n"
    "line 1 e=UnicodeEncodeError[(\"ascii\", 5, 0, 3, \"why\"), None, None, False, None]\n"
    "line 1 e=UnicodeTranslateError[(\"a\\u00e9\", 1, 2, \"why\"), None, None, False, "
    "None]\n"
    "line 1 e=Own[(1, ), None, None, False, \"its own words\"]\n"
    "line 1 e=Own[(1, ), None, None, False, \"cut\"...500]\n"
    "line 1 e=ValueError[([1, {\"a\": 2}], ), None, None, False, None]\n"
    "line 1 e=ValueError[?budget, None, None, False, None]\n"
    "line 1 e=ValueError[(1, ...3), None, None, False, None]\n"
    "return 1 => None\n"
    "exit 0\n";

static const char *const MESSAGES[] = {
    "",
    "bad",
    "('bad', 3)",
    "'k'",
    "('k', 2)",
    "[Errno 2] No such file: 'a'",
    "[Errno 2] No such file: 'a' -> 'b'",
    "[Errno 2] No such file",
    "only",
    "invalid syntax (x.py, line 3)",
    "invalid syntax (line 3)",
    "invalid syntax (x.py)",
    "invalid syntax",
    "invalid syntax",
    "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte",
    "'utf-8' codec can't decode bytes in position 0-1: why",
    "'ascii' codec can't encode character '\\xe9' in position 1: why",
    "'ascii' codec can't encode character '\\u20ac' in position 0: why",
    "'ascii' codec can't encode character '\\U0001f600' in position 0: why",
    "'ascii' codec can't encode characters in position 0-2: why",
    "('ascii', 5, 0, 3, 'why')",
    "can't translate character '\\xe9' in position 1: why",
    "its own words",
    "cut...",
    "[1, {'a': 2}]",
    "<elided: budget>",
    "(1, ...)",
};

static tf_status
ask_message(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_event event;
    struct rp_value value;
    struct rp_object *object;
    struct rp_buf text = RP_BUF_INIT;
    struct tf_text name = {"e", 1};
    tf_status status = rp_event_at(asked->rp, asked->seq, &event, err);
    if (status == TF_OK) {
        status = rp_variable(asked->rp, asked->seq, event.frame, name, &value, err);
    }
    if (status != TF_OK) {
        return status;
    }
    status = rp_object_at(asked->rp, &value, asked->seq, &object, err);
    if (status == TF_OK) {
        status = rp_exception_text(asked->rp, object, asked->seq, NULL, &text, err);
        rp_object_release(object);
    }
    if (status == TF_OK) {
        status =
            text.failed ? tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory") : TF_OK;
        tt_say(asked->answer, "%s", text.data ? text.data : "");
    }
    rp_buf_release(&text);
    rp_value_release(&value);
    return status;
}

static void
test_messages(void **state)
{
    static struct tt_answer answer;
    struct rp *rp = build("exceptions.pyrec", EXCEPTIONS);
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof MESSAGES / sizeof *MESSAGES; i++) {
        struct tt_asked asked = {.rp = rp, .seq = i + 2, .answer = &answer};
        struct tf_err err = TF_ERR_INIT;
        answer = (struct tt_answer){0};
        if (ask_message(&asked, &err) != TF_OK
            || strcmp(answer.text, MESSAGES[i]) != 0) {
            print_message("%s, not %s; %s\n", answer.text, MESSAGES[i], err.message);
            wrong++;
        }
    }
    rp_close(rp);
    assert_int_equal(wrong, 0);
}

/* --- Steps where frames are suspended --- */

static const char AWAITS[] = "file app.py own\n"
                             "    | async def main():\n"
                             "    |     await sleep()\n"
                             "    |     return 1\n"
                             "    | async def sleep():\n"
                             "    |     yield\n"
                             "    |     return 2\n"
                             "code main app.py:1 slots=x flags=128 lines=2,3\n"
                             "code sleep app.py:4 slots=y flags=128 lines=5,6\n"
                             "code gen app.py:4 slots=z flags=32 lines=5,6\n"
                             "code loop app.py:7 slots=a lines=7,8\n"
                             "thread 1\n"
                             "call loop\n"       /* 1 */
                             "line 7\n"          /* 2 */
                             "call main as m\n"  /* 3 */
                             "line 2\n"          /* 4 */
                             "call sleep as s\n" /* 5 */
                             "line 5\n"          /* 6 */
                             "yield 5 => None\n" /* 7 */
                             "yield 2 => None\n" /* 8 */
                             "line 8\n"          /* 9 */
                             "thread 2\n"
                             "call gen as g\n" /* 10 */
                             "line 5\n"        /* 11 */
                             "yield 5 => 1\n"  /* 12 */
                             "chunk\n"
                             "@1 line 7\n"        /* 13 */
                             "resume m\n"         /* 14 */
                             "resume s\n"         /* 15 */
                             "line 6\n"           /* 16 */
                             "return 6 => 2\n"    /* 17 */
                             "line 3\n"           /* 18 */
                             "return 3 => 1\n"    /* 19 */
                             "@2 resume g\n"      /* 20 */
                             "line 6\n"           /* 21 */
                             "unwind 6\n"         /* 22 */
                             "@1 line 8\n"        /* 23 */
                             "return 8 => None\n" /* 24 */
                             "exit 0\n";

static tf_status
ask_moves(const struct tt_asked *asked, struct tf_err *err)
{
    static const char reasons[] = "mbrcsen";
    tf_status status = TF_OK;
    for (int any = 0; any < 2; any++) {
        for (int move = RP_STEP; move <= RP_NEXT_CALL_BACK && status == TF_OK; move++) {
            struct rp_moving moving = {
                .move = move, .seq = asked->seq, .any_thread = any == 1};
            struct rp_stop stop;
            status = rp_move(asked->rp, &moving, &stop, err);
            if (status == TF_OK) {
                tt_say(asked->answer, "%s%llu%c", asked->answer->len ? " " : "",
                       (unsigned long long)stop.seq, reasons[stop.reason]);
            }
        }
    }
    return status;
}

/* One line an event: where each movement ends and why, in this thread, then in any. */
static const char *const MOVES[] = {
    "2m 2m 24m 1s 1s 1s 24e 1s 9m 1s 1n 1n 2m 1s 2m 1s 2m 1n 1n 1n "
    "2m 2m 24m 1s 1s 1s 24e 1s 9m 1s 1n 1n 2m 1s 2m 1s 2m 1n 1n 1n",
    "3m 9m 24m 1m 1m 1m 24e 1s 9m 1c 2n 2n 3m 1m 9m 1m 13m 2n 2n 2n "
    "3m 9m 24m 1m 1m 1m 24e 1s 9m 1c 2n 2n 3m 1m 9m 1m 13m 2n 2n 2n",
    "4m 4m 19m 2m 2m 1m 24e 1s 4m 2m 23m 2m 4m 2m 4m 2m 3n 3n 3n 3n "
    "4m 4m 19m 2m 2m 1m 24e 1s 4m 2m 23m 2m 4m 2m 4m 2m 3n 3n 3n 3n",
    "5m 18m 19m 3m 3m 3m 24e 1s 18m 3c 23m 2m 5m 3m 18m 3m 4n 4n 4n 4n "
    "5m 10m 19m 3m 3m 3m 24e 1s 18m 3c 23m 2m 5m 3m 10m 3m 4n 4n 4n 4n",
    "6m 6m 17m 4m 4m 3m 24e 1s 6m 4m 18m 4m 6m 4m 6m 4m 5n 5n 5n 5n "
    "6m 6m 17m 4m 4m 3m 24e 1s 6m 4m 18m 4m 6m 4m 6m 4m 5n 5n 5n 5n",
    "7m 16m 17m 5m 5m 5m 24e 1s 16m 5c 18m 4m 7m 5m 16m 5m 6n 6n 6n 6n "
    "7m 10m 17m 5m 5m 5m 24e 1s 16m 5c 18m 4m 7m 5m 10m 5m 6n 6n 6n 6n",
    "8m 8m 19m 6m 6m 5m 24e 1s 8m 5c 8m 4m 8m 6m 8m 6m 7n 7n 7n 7n "
    "8m 8m 19m 6m 6m 5m 24e 1s 8m 5c 8m 4m 8m 6m 8m 6m 7n 7n 7n 7n",
    "9m 9m 24m 7m 4m 3m 24e 1s 9m 3c 9m 2m 9m 7m 9m 4m 8n 8n 8n 8n "
    "9m 9m 24m 7m 4m 3m 24e 1s 9m 3c 9m 2m 9m 7m 9m 4m 8n 8n 8n 8n",
    "13m 13m 24m 8m 2m 1m 24e 1s 24r 2m 9n 9n 13m 8m 13m 2m 23m 9n 9n 9n "
    "10m 10m 24m 8m 2m 1m 24e 1s 24r 2m 9n 9n 10m 8m 10m 2m 23m 9n 9n 9n",
    "11m 11m 12m 10s 10s 10s 24e 1s 11m 10s 10n 10n 11m 10s 11m 10s 10n 10n 10n 10n "
    "11m 11m 12m 9m 9m 10s 24e 1s 11m 9m 10n 10n 11m 9m 11m 9m 10n 10n 10n 10n",
    "12m 12m 12m 10m 10m 10m 24e 1s 21m 10c 11n 11n 12m 10m 12m 10m 11n 11n 11n 11n "
    "12m 12m 12m 10m 10m 10m 24e 1s 21m 10c 11n 11n 12m 10m 12m 10m 11n 11n 11n 11n",
    "20m 20m 22e 11m 11m 10m 24e 1s 20m 10c 12n 12n 20m 11m 20m 11m 12n 12n 12n 12n "
    "13m 13m 22e 11m 11m 10m 24e 1s 13m 10c 12n 12n 13m 11m 13m 11m 12n 12n 12n 12n",
    "14m 23m 24m 9m 9m 1m 24e 1s 23m 1c 13n 13n 14m 9m 23m 9m 13n 2m 13n 13n "
    "14m 20m 24m 12m 12m 1m 24e 1s 23m 1c 13n 13n 14m 12m 20m 12m 13n 2m 13n 13n",
    "15m 18m 19m 13m 13m 3m 24e 1s 18m 13m 23m 13m 15m 13m 18m 13m 14n 14n 14n 14n "
    "15m 18m 19m 13m 13m 3m 24e 1s 18m 13m 23m 13m 15m 13m 18m 13m 14n 14n 14n 14n",
    "16m 16m 17m 14m 14m 5m 24e 1s 16m 14m 18m 14m 16m 14m 16m 14m 15n 15n 15n 15n "
    "16m 16m 17m 14m 14m 5m 24e 1s 16m 14m 18m 14m 16m 14m 16m 14m 15n 15n 15n 15n",
    "17m 17m 17m 15m 6m 5m 24e 1s 17r 6m 18m 14m 17m 15m 17m 6m 16n 16n 16n 16n "
    "17m 17m 17m 15m 12m 5m 24e 1s 17r 6m 18m 14m 17m 15m 17m 12m 16n 16n 16n 16n",
    "18m 18m 19m 16m 16m 5m 24e 1s 18m 6m 18m 14m 18m 16m 18m 16m 17n 17n 17n 17n "
    "18m 18m 19m 16m 16m 5m 24e 1s 18m 6m 18m 14m 18m 16m 18m 16m 17n 17n 17n 17n",
    "19m 19m 19m 17m 4m 3m 24e 1s 19r 4m 23m 13m 19m 17m 19m 4m 18n 18n 18n 18n "
    "19m 19m 19m 17m 12m 3m 24e 1s 19r 4m 23m 13m 19m 17m 19m 12m 18n 18n 18n 18n",
    "23m 23m 24m 18m 18m 3m 24e 1s 23m 4m 23m 13m 23m 18m 23m 18m 19n 19n 19n 19n "
    "20m 20m 24m 18m 18m 3m 24e 1s 20m 4m 23m 13m 20m 18m 20m 18m 19n 19n 19n 19n",
    "21m 21m 22m 12m 12m 10s 24e 1s 21m 12m 20n 20n 21m 12m 21m 12m 20n 20n 20n 20n "
    "21m 21m 22m 19m 19m 10s 24e 1s 21m 19m 20n 20n 21m 19m 21m 19m 20n 20n 20n 20n",
    "22m 22m 22m 20m 20m 20m 24e 1s 22r 11m 21n 21n 22m 20m 22m 20m 21n 21n 21n 21n "
    "22m 22m 22m 20m 20m 20m 24e 1s 22r 11m 21n 21n 22m 20m 22m 20m 21n 21n 21n 21n",
    "22e 22e 22e 21m 21m 20m 24e 1s 22e 11m 22n 22n 22e 21m 22e 21m 22n 22n 22n 22n "
    "23m 23m 22e 21m 21m 20m 24e 1s 23m 11m 22n 22n 23m 21m 23m 21m 22n 22n 22n 22n",
    "24m 24m 24m 19m 13m 1m 24e 1s 24r 13m 23n 23n 24m 19m 24m 13m 23n 9m 23n 23n "
    "24m 24m 24m 22m 22m 1m 24e 1s 24r 13m 23n 23n 24m 22m 24m 22m 23n 9m 23n 23n",
    "24e 24e 24e 23m 23m 1m 24e 1s 24e 13m 24n 24n 24e 23m 24e 23m 24n 9m 24n 24n "
    "24e 24e 24e 23m 23m 1m 24e 1s 24e 13m 24n 24n 24e 23m 24e 23m 24n 9m 24n 24n",
};

static void
test_moves(void **state)
{
    static struct tt_answer answer;
    struct rp *rp = build("awaits.pyrec", AWAITS);
    size_t wrong = 0;
    (void)state;
    for (uint64_t seq = 1; seq <= sizeof MOVES / sizeof *MOVES; seq++) {
        struct tt_asked asked = {.rp = rp, .seq = seq, .answer = &answer};
        struct tf_err err = TF_ERR_INIT;
        answer = (struct tt_answer){0};
        if (ask_moves(&asked, &err) != TF_OK
            || strcmp(answer.text, MOVES[seq - 1]) != 0) {
            print_message("    \"%s\", %s\n", answer.text, err.message);
            wrong++;
        }
    }
    rp_close(rp);
    assert_int_equal(wrong, 0);
}

/* --- Memory --- */

static void
test_no_memory(void **state)
{
    size_t tried = 0;
    char path[300];
    (void)state;
    if (!tt_alloc_possible()) {
        skip();
    }
    rp_close(build("changes.pyrec", CHANGES));
    snprintf(path, sizeof path, "%s", tt_path("changes.pyrec"));
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        tried += tt_ask_all(ask_forward, "changes", path, PLACES[i].place, 0, false);
        tried += tt_ask_all(ask_backward, "changes", path, PLACES[i].place, 0, false);
    }
    rp_close(build("exceptions.pyrec", EXCEPTIONS));
    snprintf(path, sizeof path, "%s", tt_path("exceptions.pyrec"));
    for (size_t i = 0; i < sizeof MESSAGES / sizeof *MESSAGES; i++) {
        tried += tt_ask_all(ask_message, "message", path, NULL, i + 2, false);
    }
    rp_close(build("awaits.pyrec", AWAITS));
    snprintf(path, sizeof path, "%s", tt_path("awaits.pyrec"));
    for (uint64_t seq = 4; seq <= 24; seq += 6) {
        tried += tt_ask_all(ask_moves, "moves", path, NULL, seq, false);
    }
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(tt_ask_faults(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),   cmocka_unit_test(test_no_places),
        cmocka_unit_test(test_no_breaks), cmocka_unit_test(test_messages),
        cmocka_unit_test(test_moves),     cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
