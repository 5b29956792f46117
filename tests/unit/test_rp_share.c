/* Cutting, redacting and repairing: what is kept is as it was, what is to go is gone, and
 * each allocation may fail. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rp_share.h"
#include "tf_sink.h"
#include "tt_alloc.h"
#include "tt_ask.h"
#include "tt_file.h"
#include "tt_model.h"

enum { EVENTS = 200 };

static struct rp *
open_file(const char *path)
{
    struct rp *rp = NULL;
    struct tf_err err = TF_ERR_INIT;
    if (rp_open(path, NULL, &rp, &err) != TF_OK) {
        fail_msg("%s: %s", path, err.message);
    }
    return rp;
}

static void
build_file(const char *name, const char *text)
{
    struct tf_sink_memory sink;
    tt_build(text, &sink);
    tt_write(tt_path(name), sink.data, (size_t)sink.sink.written_bytes);
    tf_sink_memory_release(&sink);
}

static int
out_file(void)
{
    int fd = open(tt_path("out.pyrec"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void
show_finding(void *ctx, const struct tf_err *finding)
{
    (void)ctx;
    print_message("%s\n", finding->message);
}

/* What was written, found sound. */
static struct rp *
open_out(int fd)
{
    struct tf_verify verify = {.finding = show_finding};
    uint64_t findings = 1;
    close(fd);
    assert_int_equal(rp_verify(tt_path("out.pyrec"), &verify, &findings, NULL), TF_OK);
    assert_int_equal(findings, 0);
    return open_file(tt_path("out.pyrec"));
}

/* --- Cut --- */

/* Code objects are numbered as the model defines them; thread and code 0: all. */
static const struct rp_cut CUTS[] = {
    {.first_seq = 0},
    {.first_seq = 50, .last_seq = 150},
    {.first_seq = 120},
    {.last_seq = 30},
    {.first_seq = 77, .last_seq = 77},
    {.first_seq = 40, .last_seq = 160, .thread = 2},
    {.thread = 1},
    {.first_seq = 30,
     .last_seq = 190,
     .code = (const uint32_t[]){2, 3},
     .code_count = 2},
    {.first_seq = EVENTS, .last_seq = EVENTS + 99},
};

/* The state at each event that was kept is what it was. */
static size_t
compare_states(struct rp *whole, struct rp *part, const struct rp_cut *cut)
{
    struct rp_buf before = RP_BUF_INIT, after = RP_BUF_INIT;
    size_t kept = 0;
    for (uint64_t seq = 1; seq <= EVENTS; seq++) {
        struct rp_event a, b;
        assert_int_equal(rp_event_at(whole, seq, &a, NULL), TF_OK);
        bool in = seq >= cut->first_seq && (!cut->last_seq || seq <= cut->last_seq)
                  && (!cut->thread || a.thread == cut->thread);
        bool of_code = cut->code_count == 0;
        for (size_t i = 0; i < cut->code_count; i++) {
            of_code |= a.code->id == cut->code[i];
        }
        tf_status status = rp_event_at(part, seq, &b, NULL);
        assert_int_equal(status, in && of_code ? TF_OK : TF_ERR_NOT_FOUND);
        if (status != TF_OK) {
            continue;
        }
        kept++;
        assert_int_equal(a.kind, b.kind);
        assert_int_equal(a.frame, b.frame);
        tt_state_text(whole, seq, &before);
        tt_state_text(part, seq, &after);
        if (strcmp(before.data, after.data) != 0) {
            fail_msg("event %llu: %s\nnot %s", (unsigned long long)seq, after.data,
                     before.data);
        }
    }
    rp_buf_release(&before);
    rp_buf_release(&after);
    return kept;
}

static void
test_cuts(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 3; seed++) {
        struct tt_model *model = tt_model_new(seed, EVENTS);
        size_t len;
        const char *text = tt_model_text(model, &len);
        char *path = tt_model_file(text, len);
        struct rp *whole = open_file(path);
        for (size_t i = 0; i < sizeof CUTS / sizeof *CUTS; i++) {
            struct rp_cut_result result;
            struct tf_err err = TF_ERR_INIT;
            int fd = out_file();
            if (rp_cut(whole, &CUTS[i], fd, &result, &err) != TF_OK) {
                fail_msg("cut %zu: %s", i, err.message);
            }
            struct rp *part = open_out(fd);
            assert_int_equal(rp_facts(part)->file_bytes, result.file_bytes);
            assert_int_equal(rp_facts(part)->event_count, result.event_count);
            assert_int_equal(compare_states(whole, part, &CUTS[i]), result.event_count);
            rp_close(part);
        }
        rp_close(whole);
        unlink(path);
        free(path);
        tt_model_free(model);
    }
}

static void
test_cuts_refused(void **state)
{
    static const struct {
        const char *file;
        struct rp_cut cut;
        const char *message;
    } cases[] = {
        {"sample", {.first_seq = 100000}, "there is no event to keep"},
        {"sample", {.first_seq = 9, .last_seq = 3}, "there is no event to keep"},
        {"sample", {.thread = 77}, "there is no event to keep"},
        {"empty", {.first_seq = 0}, "the recording has no event"},
    };

    (void)state;
    build_file("empty.pyrec", "file app.py own\n    | f\nexit 0\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tf_err err = TF_ERR_INIT;
        struct rp_cut_result result;
        struct rp *rp =
            open_file(strcmp(cases[i].file, "sample") == 0 ? tt_sample_file()
                                                           : tt_path("empty.pyrec"));
        int fd = out_file();
        assert_int_equal(rp_cut(rp, &cases[i].cut, fd, &result, &err),
                         TF_ERR_NOT_FOUND);
        assert_string_equal(err.message, cases[i].message);
        close(fd);
        rp_close(rp);
    }
}

/* --- Redact --- */

static const char SECRETS[] =
    "header argv \"app.py\" \"--token=hunter2\" \"/home/me/x\"\n"
    "header cwd \"/home/me/work\"\n"
    "file /home/me/work/app.py own\n"
    "    | def f(password):\n"
    "    |     key = 'hunter2'  # hunter2\n"
    "    |     return 'hun' 'ter2'\n"
    "type Vault instance module=app\n"
    "type Deep instance module=app bases=Vault\n"
    "type Box instance module=app\n"
    "type Oops exception module=app bases=Exception,BaseException\n"
    "code f /home/me/work/app.py:1 slots=password,key,box,l,d,s,e,keep,t args=1 lines=2,3\n"
    "code g /home/me/work/app.py:1 slots=token lines=2\n"
    "thread 1 \"MainThread\"\n"
    "thread 2 \"hunter2 thread\"\n"
    "@1 call f globals=$g:namespace[\"api_key\", \"in a global\", \"plain\", 1] "
    "password=\"first\"\n"
    "line 2 key=\"my hunter2!\" box=$b:Box(name=\"n\", secret=$sec:[1, \"below\"], pwd=$sh:[\"shown elsewhere\"])\n"
    "line 2 l=$l:[\"h\", \"u\", \"n\"] d=$d:{\"token\": \"of a key\", \"x\": {\"pwd\": 5}, "
    "\"hunter2 key\": 1}\n"
    "line 2 $l[+]=\"t\" $d{\"cookie\"}=\"later\" $b.auth_token=\"also later\"\n"
    "line 2 $l[+]=\"e\" s={\"hunter2\", 5}\n"
    "line 2 $l[+]=\"r\" e=$e:Oops[(\"it is hunter2\", 1), None, None, False, \"says hunter2\"]\n"
    "chunk\n"
    "line 2 $l[+]=\"2\" password=\"second\" t=(\"hun\", \"ter2\")\n"
    "line 2 key=$v:Deep(data=\"of a type\") keep=[$v, $sh]\n"
    "call g token=$t:[\"a list\"]\n"
    "return 2 => \"hunter2\"\n"
    "line 2 key=\"cut hunter2 here\"...500 s=b\"hunter2\" del $b.auth_token mark \"hunter2\"\n"
    "exception 3 => $e\n"
    "checkpoint\n"
    "@2 call g token=7\n"
    "line 2 token=[1, 2, 3]\n"
    "images\n"
    "chunk\n"
    "@1 line 3 keep=\"/home/me/file\" key=bytearray[b\"hunter2\"]\n"
    "line 3 $l[2]=\"N\" t=None\n"
    "unwind 3 => $e\n"
    "failure 12 $e\n"
    "end_reason \"hunter2\"\n"
    "exit 1\n";

static struct tf_rules *
secret_rules(void)
{
    struct tf_rules *rules = tf_rules_new(true);
    if (rules && tf_rules_add(rules, TF_RULE_TEXT, "hunter2", NULL) == TF_OK
        && tf_rules_add(rules, TF_RULE_TYPE, "app.Vault", NULL) == TF_OK) {
        return rules;
    }
    tf_rules_free(rules);
    return NULL;
}

static void
expect_local(struct rp *rp, uint64_t seq, const char *name, const char *expected)
{
    struct rp_event event;
    struct rp_value value;
    struct rp_buf buf = RP_BUF_INIT;
    struct tf_text text = {name, strlen(name)};
    assert_int_equal(rp_event_at(rp, seq, &event, NULL), TF_OK);
    assert_int_equal(rp_variable(rp, seq, event.frame, text, &value, NULL), TF_OK);
    assert_int_equal(rp_value_text(rp, &value, seq, NULL, &buf, NULL, NULL, NULL),
                     TF_OK);
    if (strcmp(buf.data, expected) != 0) {
        fail_msg("event %llu, %s: %s\nnot %s", (unsigned long long)seq, name, buf.data,
                 expected);
    }
    rp_value_release(&value);
    rp_buf_release(&buf);
}

static bool
any_hit(void *ctx, const struct rp_found *found)
{
    (void)found;
    ++*(size_t *)ctx;
    return true;
}

static size_t
count_found(struct rp *rp, const char *text)
{
    size_t hits = 0;
    struct rp_search search = {.text = {text, strlen(text)}};
    assert_int_equal(rp_search(rp, &search, any_hit, &hits, NULL), TF_OK);
    return hits;
}

static const struct {
    uint64_t seq;
    const char *name, *text;
} SHOWN[] = {
    {1, "password", "<elided: redacted>"},
    {2, "key", "<elided: redacted>"},
};

static void
assert_text(struct tf_text text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
}

static void
test_redact(void **state)
{
    struct tf_rules *rules = secret_rules();
    struct rp_redact redact = {.rules = rules, .home = {"/home/me"}};
    struct rp_redact_result result;
    struct tf_err err = TF_ERR_INIT;
    (void)state;
    build_file("secrets.pyrec", SECRETS);
    struct rp *whole = open_file(tt_path("secrets.pyrec"));
    assert_true(count_found(whole, "hunter2") >= 8);
    int fd = out_file();
    if (rp_redact(whole, &redact, fd, &result, &err) != TF_OK) {
        fail_msg("%s", err.message);
    }
    struct rp *rp = open_out(fd);
    assert_int_equal(rp_facts(rp)->event_count, rp_facts(whole)->event_count);
    assert_int_equal(rp_facts(rp)->file_bytes, result.file_bytes);
    for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++) {
        expect_local(rp, SHOWN[i].seq, SHOWN[i].name, SHOWN[i].text);
    }
    static const char *const gone[] = {"hunter2", "first",    "second", "in a global",
                                       "below",   "of a key", "later",  "of a type",
                                       "a list",  "/home/me"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        if (count_found(rp, gone[i]) != 0) {
            fail_msg("%s is still there", gone[i]);
        }
    }
    assert_true(count_found(rp, "shown elsewhere") > 0);
    struct tf_text text;
    assert_int_equal(rp_source(rp, 1, &text, &err), TF_OK);
    assert_null(memmem(text.data, text.len, "hunter2", 7));
    const struct tf_header *header = rp_facts(rp)->header;
    assert_text(header->argv[1], "--token=<redacted>");
    assert_text(header->argv[2], "~/x");
    assert_text(header->cwd, "~/work");
    assert_text(rp_file(rp, 1)->path, "~/work/app.py");
    assert_true(result.redacted > 20);
    rp_close(rp);
    rp_close(whole);
    tf_rules_free(rules);
}

/* --- Repair, and what looks secret --- */

static void
test_repair(void **state)
{
    struct rp_repair_result result;
    struct rp *broken = open_file(tt_golden_file("unfinished"));
    struct tf_err err = TF_ERR_INIT;
    int fd = out_file();
    (void)state;
    assert_false(rp_facts(broken)->complete);
    assert_int_equal(rp_repair(broken, fd, &result, &err), TF_OK);
    struct rp *rp = open_out(fd);
    assert_true(rp_facts(rp)->complete);
    assert_int_equal(rp_facts(rp)->event_count, result.event_count);
    assert_int_equal(rp_facts(rp)->event_count, rp_facts(broken)->event_count);
    assert_int_equal(rp_facts(rp)->file_bytes, result.file_bytes);
    struct rp_buf before = RP_BUF_INIT, after = RP_BUF_INIT;
    for (uint64_t seq = 1; seq <= result.event_count; seq++) {
        tt_state_text(broken, seq, &before);
        tt_state_text(rp, seq, &after);
        assert_string_equal(before.data, after.data);
    }
    rp_buf_release(&before);
    rp_buf_release(&after);
    rp_close(rp);
    rp_close(broken);
}

static void
say_suspect(void *ctx, const char *what, struct tf_text text)
{
    tt_say(ctx, "%s: %.*s\n", what, (int)text.len, text.data);
}

static const char SUSPICIOUS[] =
    "header argv \"app.py\" \"--x=AKIA0123456789ABCDEF\"\n"
    "file app.py own\n"
    "    | url = 'https://me:pw@host/'\n"
    "    | plain = 'nothing'\n"
    "file absent.py absent \"gone\"\n"
    "code f app.py:1 slots=x lines=1\n"
    "thread 1\n"
    "call f x=\"Authorization: Bearer abcdefgh1234\"\n"
    "line 1 x=\"xoxb-1234567890123 and more text that goes on and on, and on, and on\"\n"
    "checkpoint\n"
    "line 1 x=\"-----BEGIN RSA PRIVATE KEY-----\"\n"
    "return 1 => \"plain text\"\n"
    "exit 0\n";

static const char SUSPECTS[] = "an AWS access key: AKIA0123456789ABCDEF\n"
                               "a password in a URL: ://me:pw@host/\n"
                               "a Slack token: xoxb-1234567890123\n"
                               "a bearer token: Bearer abcdefgh1234\n"
                               "a Slack token: xoxb-1234567890123\n"
                               "a Slack token: xoxb-1234567890123\n"
                               "a private key: PRIVATE KEY-----\n";

static void
test_suspects(void **state)
{
    static struct tt_answer answer;
    struct tf_err err = TF_ERR_INIT;
    (void)state;
    build_file("suspicious.pyrec", SUSPICIOUS);
    struct rp *rp = open_file(tt_path("suspicious.pyrec"));
    assert_int_equal(rp_suspects(rp, say_suspect, &answer, &err), TF_OK);
    assert_string_equal(answer.text, SUSPECTS);
    rp_close(rp);
}

/* --- No room, and no memory --- */

static tf_status
share(const struct tt_asked *asked, struct rp *rp, int fd, struct tf_err *err)
{
    tf_status status;
    if (asked->text[0] == 'c') {
        struct rp_cut_result result = {0};
        struct rp_cut cut = {.first_seq = asked->seq, .last_seq = asked->seq + 12};
        status = rp_cut(rp, &cut, fd, &result, err);
        tt_say(asked->answer, "%llu %llu", (unsigned long long)result.event_count,
               (unsigned long long)result.file_bytes);
    }
    else if (asked->text[0] == 'r') {
        struct rp_redact_result result = {0};
        struct tf_rules *rules = secret_rules();
        struct rp_redact redact = {.rules = rules, .home = {"/home/me"}};
        status = rules ? rp_redact(rp, &redact, fd, &result, err)
                       : tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
        tt_say(asked->answer, "%llu %llu", (unsigned long long)result.redacted,
               (unsigned long long)result.file_bytes);
        tf_rules_free(rules);
    }
    else if (asked->text[0] == 's') {
        status = rp_suspects(rp, say_suspect, asked->answer, err);
    }
    else {
        struct rp_repair_result result = {0};
        status = rp_repair(rp, fd, &result, err);
        tt_say(asked->answer, "%llu %llu", (unsigned long long)result.event_count,
               (unsigned long long)result.file_bytes);
    }
    return status;
}

static tf_status
ask_share(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp *rp;
    tf_status status = rp_open(asked->path, NULL, &rp, err);
    if (status == TF_OK) {
        int fd = open(tt_path("asked.pyrec"), O_RDWR | O_CREAT | O_TRUNC, 0600);
        status = share(asked, rp, fd, err);
        close(fd);
        rp_close(rp);
    }
    return status;
}

static void
test_no_room(void **state)
{
    static struct tt_answer answer;
    static const char *const sorts[] = {"cut", "redact", "wrong"};
    (void)state;
    build_file("secrets.pyrec", SECRETS);
    struct rp *rp = open_file(tt_path("secrets.pyrec"));
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
        struct tt_asked asked = {.text = sorts[i], .seq = 3, .answer = &answer};
        struct tf_err err = TF_ERR_INIT;
        int fd = open("/dev/full", O_RDWR);
        assert_int_equal(share(&asked, rp, fd, &err), TF_ERR_IO);
        assert_non_null(strstr(err.message, "No space left on device"));
        close(fd);
    }
    rp_close(rp);
}

static void
test_no_memory(void **state)
{
    (void)state;
    if (!tt_alloc_possible()) {
        skip();
    }
    size_t tried = 0;
    char secrets[300], suspicious[300];
    build_file("secrets.pyrec", SECRETS);
    snprintf(secrets, sizeof secrets, "%s", tt_path("secrets.pyrec"));
    build_file("suspicious.pyrec", SUSPICIOUS);
    snprintf(suspicious, sizeof suspicious, "%s", tt_path("suspicious.pyrec"));
    tried += tt_ask_all(ask_share, "cut", tt_sample_file(), "cut", 2, true);
    tried += tt_ask_all(ask_share, "cut", tt_sample_file(), "cut", 14, true);
    tried += tt_ask_all(ask_share, "cut", secrets, "cut", 9, true);
    tried += tt_ask_all(ask_share, "redact", secrets, "redact", 0, true);
    tried += tt_ask_all(ask_share, "redact", tt_sample_file(), "redact", 0, true);
    tried += tt_ask_all(ask_share, "suspects", suspicious, "suspects", 0, true);
    tried +=
        tt_ask_all(ask_share, "repair", tt_golden_file("unfinished"), "fix", 0, true);
    tried += tt_ask_all(ask_share, "repair", tt_sample_file(), "fix", 0, true);
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(tt_ask_faults(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),      cmocka_unit_test(test_cuts_refused),
        cmocka_unit_test(test_redact),    cmocka_unit_test(test_repair),
        cmocka_unit_test(test_suspects),  cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
