#include "fz_look.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "cli_utf8.h"
#include "fz_frames.h"
#include "tf_reader.h"
#include "tt_file.h"

const char *
fz_path(const uint8_t *data, size_t len)
{
    static char path[40];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("recording", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, len, 0) != (ssize_t)len) {
        perror("memfd");
        abort();
    }
    return path;
}

/* --- time --- */
static struct timespec started;

void
fz_clock_start(void)
{
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &started);
}

void
fz_clock_stop(const char *what)
{
    struct timespec now;
    const char *limit = getenv("FZ_LIMIT_MS");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    long ms = (now.tv_sec - started.tv_sec) * 1000
              + (now.tv_nsec - started.tv_nsec) / 1000000;
    if (ms > (limit != NULL ? atol(limit) : 1000)) {
        fprintf(stderr, "%s took %ld ms\n", what, ms);
        abort();
    }
}

/* --- the format library --- */
static void
look_postings(struct tf_reader *reader)
{
    size_t idx, count = tf_reader_chunk_count(reader);
    uint64_t hits;
    int64_t items;
    for (uint32_t i = 1; i < 8; i++) {
        struct tf_part part = {
            .object = i, .sort = i % 5, .idx = i / 2 * 64, .items = ~0u};
        tf_reader_object_before(reader, i, TF_POSTING_ANY, count, &idx, NULL);
        tf_reader_object_before(reader, i, TF_POSTING_IMAGE, count, &idx, NULL);
        tf_reader_object_after(reader, i, TF_POSTING_ANY, 0, &idx, NULL);
        tf_reader_slot_before(reader, i, i % 3, count, &idx, NULL);
        tf_reader_slot_after(reader, i, i % 3, 0, &idx, NULL);
        tf_reader_part_before(reader, &part, count, &idx, NULL);
        tf_reader_part_after(reader, &part, 0, &idx, NULL);
        if (count > 0) {
            tf_reader_object_items(reader, i, count - 1, &items, &idx, NULL);
        }
        for (int sort = TF_POSTING_LINE; sort <= TF_POSTING_KIND; sort++) {
            tf_reader_posting_after(reader, sort, i, sort ? 0 : i, 0, &idx, NULL);
            tf_reader_posting_before(reader, sort, i, sort ? 0 : i, count, &idx, NULL);
            tf_reader_posting_hits(reader, sort, i, sort ? 0 : i, &hits, NULL);
            tf_reader_posting_hits_before(reader, sort, i, sort ? 0 : i, count / 2,
                                          &hits, NULL);
        }
        tf_reader_chunk_of_seq(reader, (uint64_t)i * 7, &idx);
        tf_reader_chunk_of_object(reader, i, &idx);
        tf_reader_chunk_of_frame(reader, i, &idx);
    }
}

static void
look_parts(struct tf_reader *reader)
{
    struct tf_err err = TF_ERR_INIT;
    for (size_t i = 0; i < tf_reader_chunk_count(reader); i++) {
        struct tf_chunk *chunk;
        if (tf_reader_chunk(reader, i, &chunk, &err) == TF_OK) {
            tf_chunk_free(chunk);
        }
        else if (err.message[0] == 0) {
            abort();
        }
    }
    for (size_t i = 0; i < tf_reader_checkpoint_count(reader); i++) {
        struct tf_checkpoint *checkpoint;
        if (tf_reader_checkpoint(reader, i, &checkpoint, &err) == TF_OK) {
            tf_checkpoint_free(checkpoint);
        }
    }
    for (uint32_t i = 0; i <= tf_reader_file_count(reader) && i < 100; i++) {
        struct tf_text text;
        tf_reader_source(reader, i, &text, &err);
    }
}

void
fz_look_reader(const char *path)
{
    struct tf_err err = TF_ERR_INIT;
    struct tf_reader *reader;
    struct tf_verify verify = {.quick = false};
    uint64_t findings;
    fz_clock_start();
    tf_status status = tf_reader_open(path, NULL, NULL, &reader, &err);
    fz_clock_stop("opening");
    if (status != TF_OK) {
        if (err.message[0] == 0) {
            abort();
        }
        return;
    }
    fz_clock_start();
    look_parts(reader);
    look_postings(reader);
    tf_reader_close(reader);
    fz_clock_stop("looking into the file");
    fz_clock_start();
    tf_verify_file(path, &verify, &findings, &err);
    fz_clock_stop("verification");
}

/* --- the program --- */
static struct cli_out outputs[2];
static char *printed[2];
static size_t printed_len[2], printed_cap[2];

static int
sink_fd(int which)
{
    static int fds[2] = {-1, -1};
    if (fds[which] < 0) {
        fds[which] = memfd_create("output", MFD_CLOEXEC);
    }
    if (fds[which] < 0 || ftruncate(fds[which], 0) != 0
        || lseek(fds[which], 0, SEEK_SET) != 0) {
        perror("memfd");
        abort();
    }
    return fds[which];
}

static void
take_printed(int which)
{
    off_t size = lseek(outputs[which].fd, 0, SEEK_CUR);
    if ((size_t)size + 1 > printed_cap[which]) {
        printed_cap[which] = (size_t)size * 2 + 4096;
        free(printed[which]);
        printed[which] = malloc(printed_cap[which]);
    }
    if (printed[which] == NULL
        || pread(outputs[which].fd, printed[which], (size_t)size, 0) != size) {
        abort();
    }
    printed[which][size] = 0;
    printed_len[which] = (size_t)size;
}

/* Nothing that moves a cursor, hides text, turns it around, or is no UTF-8 at all. */
static bool
obeyed(const char *at, const char *end, const char **ret_where)
{
    while (at < end) {
        const unsigned char *u = (const unsigned char *)at;
        size_t len = u[0] < 0x80 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
        *ret_where = at;
        if (u[0] < 0x20 ? u[0] != '\n' && u[0] != '\t' : u[0] == 0x7f) {
            return true;
        }
        if (u[0] >= 0x80 && (u[0] < 0xc2 || u[0] > 0xf4 || (size_t)(end - at) < len)) {
            return true;
        }
        for (size_t i = 1; i < len; i++) {
            if ((u[i] & 0xc0) != 0x80) {
                return true;
            }
        }
        uint32_t c = len == 1   ? u[0]
                     : len == 2 ? (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu)
                     : len == 3
                         ? (u[0] & 0xfu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu)
                         : 0x10000;
        if ((c >= 0x80 && c < 0xa0) || (c >= 0xd800 && c < 0xe000) || c == 0x61c
            || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e)
            || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029 || c == 0xfeff
            || (len == 3 && c < 0x800)) {
            return true;
        }
        at += len;
    }
    return false;
}

static void
check_printed(int which)
{
    const char *where;
    if (obeyed(printed[which], printed[which] + printed_len[which], &where)) {
        fprintf(stderr, "byte %td of what was printed is %02x\n",
                where - printed[which], (unsigned char)*where);
        abort();
    }
}

static void
catch_nothing(void)
{
}

/* What a subcommand wrote is a recording, too. */
static void
look_at_written(const char *path)
{
    static const char *const verify[] = {"verify", "FILE", NULL};
    const char *out, *err;
    size_t len;
    if (access(path, F_OK) == 0) {
        fz_run(path, verify, &out, &len, &err);
    }
}

int
fz_run(const char *path, const char *const *argument, const char **ret_out,
       size_t *ret_out_len, const char **ret_err)
{
    static volatile sig_atomic_t interrupts;
    char *argv[24] = {(char *)(uintptr_t) "pyreplay"}, out_path[64];
    snprintf(out_path, sizeof out_path, "%s/fz-out-%d.pyrec",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
    int argc = 1;
    struct cli_env env = {.out = &outputs[0],
                          .err = &outputs[1],
                          .in_fd = -1,
                          .interrupts = &interrupts,
                          .interrupts_catch = catch_nothing};
    for (; *argument != NULL && argc < 23; argument++) {
        argv[argc++] = strdup(strcmp(*argument, "FILE") == 0  ? path
                              : strcmp(*argument, "OUT") == 0 ? out_path
                                                              : *argument);
    }
    for (int i = 0; i < 2; i++) {
        cli_out_init(&outputs[i], sink_fd(i), true);
    }
    fz_clock_start();
    int status = cli_run(&env, argc, argv);
    fz_clock_stop(argv[1]);
    for (int i = 0; i < 2; i++) {
        cli_out_flush(&outputs[i]);
        take_printed(i);
        check_printed(i);
    }
    if (status != 0 && status != 1 && printed_len[1] == 0) {
        fprintf(stderr, "exit status %d without a word\n", status);
        abort();
    }
    if (ret_out == NULL) {
        look_at_written(out_path);
    }
    unlink(out_path);
    for (int i = 1; i < argc; i++) {
        free(argv[i]);
    }
    if (ret_out != NULL) {
        *ret_out = printed[0];
        *ret_out_len = printed_len[0];
        *ret_err = printed[1];
    }
    return status;
}

/* What is asked of a file: every subcommand and every command of the prompt. */
#define PROMPT "--batch", "--no-rc", "FILE", "-c"
static const char *const commands[][20] = {
    {"info", "FILE"},
    {"info", "--format", "json", "FILE"},
    {"dump", "FILE"},
    {"dump", "--format", "jsonl", "--globals", "FILE"},
    {"dump", "--format", "jsonl", "--values", "structured", "FILE"},
    {"verify", "FILE"},
    {"verify", "--quick", "FILE"},
    {"when", "FILE", "n > 0 or len(str(x)) > 3"},
    {"when", "FILE", "--last", "l[0] == 1 and d"},
    {"hits", "FILE", "app.py:2", "n, cell, x, l"},
    {"hits", "FILE", "app.py:2", "--where", "n != 7", "repr(globals())"},
    {"calls", "FILE", "gen"},
    {"calls", "FILE", "*", "--format", "json"},
    {"exceptions", "FILE", "--all"},
    {"exceptions", "FILE", "--format", "json"},
    {"tree", "FILE"},
    {"tree", "FILE", "--format", "json"},
    {"search", "FILE", "e"},
    {"search", "FILE", "--format", "json", "1"},
    {"who", "FILE", "l", "--at", "9"},
    {"history", "FILE", "l"},
    {"history", "FILE", "d['k']", "--at", "14"},
    {"last", "FILE", "p.z"},
    {"next-write", "FILE", "l[0]", "--at", "1"},
    {"breakpoints", "FILE"},
    {PROMPT, "s", "-c", "s", "-c", "n", "-c", "r", "-c", "out", "-c", "w", "-c", "rs"},
    {PROMPT, "goto start", "-c", "s all 9", "-c", "locals", "-c", "globals", "-c",
     "ll"},
    {PROMPT, "goto end", "-c", "rs 3", "-c", "rn", "-c", "rf", "-c", "rout", "-c", "w"},
    {PROMPT, "b gen", "-c", "b app.py:2 if n > 0", "-c", "rc", "-c", "c", "-c",
     "info b"},
    {PROMPT, "watch l", "-c", "goto start", "-c", "c", "-c", "c", "-c", "rc"},
    {PROMPT, "catch", "-c", "goto start", "-c", "c", "-c", "p l", "-c", "pp d"},
    {PROMPT, "goto 12", "-c", "display l", "-c", "expand d", "-c", "dis", "-c", "si"},
    {PROMPT, "threads", "-c", "thread 2", "-c", "u", "-c", "d", "-c", "a", "-c", "l"},
    {PROMPT, "goto 5", "-c", "it", "-c", "rit", "-c", "nc", "-c", "pc", "-c", "adv 2"},
    {PROMPT, "info files", "-c", "info threads", "-c", "unt", "-c", "runt", "-c", "ni"},
    {"cut", "FILE", "-o", "OUT", "--force", "--from", "3", "--to", "12"},
    {"cut", "FILE", "-o", "OUT", "--force", "--function", "gen"},
    {"redact", "FILE", "-o", "OUT", "--force", "--name", "x", "--text", "t?xt"},
    {"repair", "FILE", "-o", "OUT", "--force"},
    {PROMPT, "goto failure", "-c", "p e, e.args, e.__cause__", "-c", "who l", "-c",
     "last l", "-c", "history l 5"},
    {"pack", "FILE", "-o", "OUT", "--force", "--last", "9", "--text", "t?xt"},
    {"redact", "FILE", "-o", "OUT", "--force", "--type", "*.C*", "--text", "e*",
     "--name", "l", "--keep", "password"},
    {"cut", "FILE", "-o", "OUT", "--force", "--thread", "1", "--file", "*.py"},
};

size_t
fz_command_count(void)
{
    return sizeof commands / sizeof *commands;
}

const char *const *
fz_command(size_t idx)
{
    return commands[idx % fz_command_count()];
}

/* --- what is changed --- */
const struct tt_bytes *
fz_base(void)
{
    static struct tt_bytes base;
    if (base.len == 0) {
        struct tf_sink_memory sink;
        tt_build(tt_sample_text, &sink);
        if (!fz_frames_join(sink.data, (size_t)sink.sink.written_bytes, &base)) {
            abort();
        }
        tf_sink_memory_release(&sink);
    }
    return &base;
}
