/* search and who, row by row, on a small recording that has every sort of place, and with
 * each allocation failing in turn. */
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

static const char FOUND[] =
    "file app.py own\n"
    "    | def f(): pass\n"
    "type Box instance\n"
    "type Pair namedtuple fields=left,right flags=4\n"
    "type Oops exception bases=Exception,BaseException\n"
    "code <module> app.py:1 slots=<mapping> kinds=mapping lines=1\n"
    "code f app.py:1 slots=x,y,c kinds=local,local,cell lines=1,2\n"
    "code g app.py:1 slots=z lines=1 flags=32\n"
    "thread 1\n"
    "call <module> 0 globals=$g:namespace[\"text\", \"a needle\", \"n\", 42] <mapping>=$g\n"
    "call g as gen z=$held:[\"held\"]\n"                                      /* 2 */
    "yield 1 => 42\n"                                                         /* 3 */
    "call f globals=$g x=\"needle\" y=$l:[1, \"needle\", $held]\n"            /* 4 */
    "line 1 x=42 c=$c:cell[\"needle in a cell\"]\n"                           /* 5 */
    "line 2 x=$d:{\"needle\": 1, \"k\": \"needles\", 3: $l, ($held, 1): 0}\n" /* 6 */
    "line 2 $l[+]=1.5 $d{\"new\"}=\"needle\" $c[0]=$l\n"                      /* 7 */
    "line 2 y=$b:Box(name=\"needle\", n=42, l=$l) mark \"needle mark\"\n"     /* 8 */
    "chunk\n"
    "line 2 $b.more=\"a needle\" $l[0]=\"needle\" x=$p:Pair[$l, 42.0]\n"  /* 9 */
    "line 2 $l[0:2]=[\"needle\", \"x\"] x=b\"needle\" $g{\"later\"}=$b\n" /* 10 */
    "line 2 x=[$d, {7, \"needle\"}] image $l\n"                           /* 11 */
    "exception 2 => $e:Oops[(\"the needle\", ), None, None, False, \"the needle\"]\n"
    "return 2 => \"needle\"\n" /* 13 */
    "thread 2\n"
    "call f x=1e22 y=$m:module[\"needle\", None](at=$l)\n"           /* 14 */
    "line 1 x=type[\"__main__\", \"Box\", None](kinds=$l) y=$held\n" /* 15 */
    "checkpoint\n"
    "line 2 x=mappingproxy[{\"a\": $l}] y=123456789012345678901234567890\n" /* 16 */
    "return 2 => $l\n"                                                      /* 17 */
    "@1 resume gen\n"                                                       /* 18 */
    "return 1 => None\n"                                                    /* 19 */
    "return 1 => None\n"                                                    /* 20 */
    "exit 0\n";

static void
say_holder(struct tt_answer *answer, const struct rp_holder *at)
{
    static const char sorts[] = "lrikegacm"; /* local, result, item ... */
    tt_say(answer, "%c%llu", sorts[at->sort],
           (unsigned long long)(at->sort == RP_AT_LOCAL ? at->frame : at->object));
    if (at->sort == RP_AT_ITEM) {
        tt_say(answer, "[%llu]", (unsigned long long)at->index);
    }
    if (at->name.len) {
        tt_say(answer, ".%.*s", (int)at->name.len, at->name.data);
    }
}

static bool
say_found(void *ctx, const struct rp_found *found)
{
    tt_say(ctx, "%s%llu:", ((struct tt_answer *)ctx)->len ? " " : "",
           (unsigned long long)found->event.seq);
    say_holder(ctx, &found->at);
    return true;
}

static tf_status
ask_search(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_search search = {.text = {asked->text, strlen(asked->text)}};
    if (asked->seq) {
        search.range = (struct rp_range){.from_seq = asked->seq, .to_seq = 14};
    }
    return rp_search(asked->rp, &search, say_found, asked->answer, err);
}

static bool
say_referrer(void *ctx, const struct rp_referrer *referrer)
{
    tt_say(ctx, "%s", ((struct tt_answer *)ctx)->len ? " " : "");
    say_holder(ctx, &referrer->at);
    tt_say(ctx, "%s%.*s", referrer->reached ? "=" : "?", (int)referrer->path.len,
           referrer->path.len ? referrer->path.data : "");
    return true;
}

static tf_status
ask_who(const struct tt_asked *asked, struct tf_err *err)
{
    return rp_who(asked->rp, asked->seq, strtoull(asked->text, NULL, 10), say_referrer,
                  asked->answer, err);
}

static const struct {
    tt_question_fn ask;
    const char *text;
    uint64_t seq;
    const char *rows;
} QUESTIONS[] = {
    {ask_search, "needle", 0,
     "1:g1.text 4:l3.x 4:i3[1] 5:c4 6:k6 6:e6 7:e6 8:a7.name 8:m0 9:a7.more 9:i3[0] 10:l3.x 11:i9[1] 12:i11[0] 12:i12[4] 13:r0"},
    {ask_search, "needle", 9,
     "9:a7.more 9:i3[0] 10:l3.x 11:i9[1] 12:i11[0] 12:i12[4] 13:r0"},
    {ask_search, "42", 0, "1:g1.n 3:r0 5:l3.x 8:a7.n"},
    {ask_search, "42.0", 0, "9:i8[1]"},
    {ask_search, "1.5", 0, "7:i3[3]"},
    {ask_search, "1e22", 0, "14:l4.x"},
    {ask_search, "1e+22", 0, "14:l4.x"},
    {ask_search, "held", 0, "2:i2[0]"},
    {ask_search, "nowhere", 0, ""},
    {ask_search, "0x2a", 0, ""},
    {ask_search, "042", 0, ""},
    {ask_search, "nan", 0, ""},
    {ask_search, "123456789012345678901234567890", 0, ""},
    {ask_who, "2", 7, "i3[2]=y[2] l2.z? i5[0]="},
    {ask_who, "2", 3, "l2.z=z"},
    {ask_who, "2", 15, "l4.y=y l2.z? i3[2]=x.kinds[2] i5[0]?"},
    {ask_who, "3", 7, "l3.y=y c4=c e6=x[3]"},
    {ask_who, "3", 11, "a7.l=y.l c4=c e6=x[0][3] i8[0]?"},
    {ask_who, "3", 16, "a14.kinds=Box.kinds a13.at= e15= a7.l=later.l i8[0]? c4? e6?"},
    {ask_who, "3", 20, "a14.kinds=Box.kinds a13.at= a7.l=later.l e15? i8[0]? c4? e6?"},
    {ask_who, "7", 10, "l3.y=y g1.later=later"},
    {ask_who, "1", 9, ""},
    {ask_who, "8", 9, "l3.x=x"},
    {ask_who, "5", 11, "k6="},
};

static struct rp *
build(void)
{
    struct tf_sink_memory sink;
    struct rp *rp;
    tt_build(FOUND, &sink);
    tt_write(tt_path("found.pyrec"), sink.data, (size_t)sink.sink.written_bytes);
    tf_sink_memory_release(&sink);
    assert_int_equal(rp_open(tt_path("found.pyrec"), NULL, &rp, NULL), TF_OK);
    return rp;
}

static void
test_rows(void **state)
{
    static struct tt_answer answer;
    struct rp *rp = build();
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof QUESTIONS / sizeof *QUESTIONS; i++) {
        struct tt_asked asked = {.rp = rp,
                                 .text = QUESTIONS[i].text,
                                 .seq = QUESTIONS[i].seq,
                                 .answer = &answer};
        struct tf_err err = TF_ERR_INIT;
        answer = (struct tt_answer){0};
        tf_status status = QUESTIONS[i].ask(&asked, &err);
        if (status != TF_OK || strcmp(answer.text, QUESTIONS[i].rows) != 0) {
            print_message("%zu %s %d: \"%s\" %s\n", i, QUESTIONS[i].text,
                          (int)QUESTIONS[i].seq, answer.text, err.message);
            wrong++;
        }
    }
    rp_close(rp);
    assert_int_equal(wrong, 0);
}

static void
test_refused(void **state)
{
    static struct tt_answer answer;
    struct rp *rp = build();
    struct tf_err err = TF_ERR_INIT;
    struct tt_asked asked = {.rp = rp, .text = "", .answer = &answer};
    (void)state;
    assert_int_equal(ask_search(&asked, &err), TF_ERR_ARGUMENT);
    assert_string_equal(err.message, "there is no text to search");
    asked.text = "99";
    asked.seq = 7;
    assert_int_equal(ask_who(&asked, &err), TF_OK); /* nothing refers to what is not */
    assert_string_equal(answer.text, "");
    rp_close(rp);
}

static void
test_no_memory(void **state)
{
    size_t tried = 0;
    char path[300];
    (void)state;
    if (!tt_alloc_possible()) {
        skip();
    }
    rp_close(build());
    snprintf(path, sizeof path, "%s", tt_path("found.pyrec"));
    for (size_t i = 0; i < sizeof QUESTIONS / sizeof *QUESTIONS; i++) {
        tried += tt_ask_all(QUESTIONS[i].ask, "rows", path, QUESTIONS[i].text,
                            QUESTIONS[i].seq, false);
    }
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(tt_ask_faults(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
