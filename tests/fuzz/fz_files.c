/* What is read beside a recording's own content. The first byte says what the rest is:
 *
 *     0  a recording and its tail, in parts (below)
 *     1  a packed recording, byte for byte
 *     2  a file of rules, for `redact` of a recording that is right
 *     3  lines for the prompt over such a recording
 *
 * A part: a byte (what it is in the low 3 bits, the slot above), a length (2 bytes, little
 * endian), and so many bytes. The tail made of them has checksums that hold. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_zip.h"
#include "fz_frames.h"
#include "fz_look.h"
#include "fz_parts.h"
#include "fz_target.h"
#include "tf_rules.h"
#include "tt_file.h"

const struct fz_target fz_target = {.text = true};

static const char *
beside(const char *suffix)
{
    static char path[96];
    snprintf(path, sizeof path, "%s/fz-file-%d%s",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid(),
             suffix);
    return path;
}

/* --- recordings and tails --- */
static void
look_unfinished(const struct tt_bytes *recording, const struct tt_bytes *tail,
                uint8_t which)
{
    static const char *const asked[][6] = {
        {"info", "FILE"},
        {"dump", "--format", "jsonl", "FILE"},
        {"verify", "FILE"},
        {"repair", "FILE", "-o", "OUT", "--force"},
        {"--batch", "--no-rc", "FILE", "-c", "goto end"},
    };
    char path[96];
    snprintf(path, sizeof path, "%s", beside(".pyrec"));
    tt_write(path, recording->data, recording->len);
    tt_write(beside(".pyrec.tail"), tail->data, tail->len);
    fz_run(path, asked[which % 5], NULL, NULL, NULL);
    unlink(beside(".pyrec.tail"));
    unlink(path);
}

static void
try_parts(const uint8_t *data, size_t len)
{
    struct tt_bytes recording = {NULL, 0}, tail = {NULL, 0};
    uint8_t which = len > 0 ? data[0] : 0;
    fz_parts_make(data + (len > 0), len - (len > 0), &recording, &tail);
    look_unfinished(&recording, &tail, which);
    tt_bytes_free(&recording);
    tt_bytes_free(&tail);
}

/* --- what was packed --- */
static void
try_archive(const uint8_t *data, size_t len)
{
    static const char *const info[] = {"info", "FILE", NULL};
    struct tf_err err = TF_ERR_INIT;
    char name[32];
    tf_status status = cli_zip_open(fz_path(data, len), name, &err);
    if (status == TF_OK) {
        fz_run(name, info, NULL, NULL, NULL);
        close(atoi(strrchr(name, '/') + 1));
    }
    else if (err.message[0] == 0) {
        abort();
    }
}

/* --- rules, and lines --- */
static const char *
right_recording(void)
{
    struct tt_bytes file = {NULL, 0};
    fz_frames_put(&file, fz_base()->data, fz_base()->len);
    const char *path = fz_path(file.data, file.len);
    tt_bytes_free(&file);
    return path;
}

static void
try_rules(const uint8_t *data, size_t len)
{
    char path[96];
    snprintf(path, sizeof path, "%s", beside(".rules"));
    const char *const redact[] = {"redact",  "FILE",    "-o", "OUT",
                                  "--force", "--rules", path, NULL};
    tt_write(path, data, len);
    fz_run(right_recording(), redact, NULL, NULL, NULL);
    unlink(path);
}

#define LINES_MAX 8

static void
try_lines(const uint8_t *data, size_t len)
{
    const char *argument[4 + 2 * LINES_MAX] = {"--batch", "--no-rc", "FILE"};
    char *text = strndup((const char *)data, len), *save = NULL;
    size_t count = 3;
    for (char *line = strtok_r(text, "\n", &save);
         line != NULL && count < 3 + 2 * LINES_MAX;
         line = strtok_r(NULL, "\n", &save)) {
        argument[count++] = "-c";
        argument[count++] = line;
    }
    argument[count] = NULL;
    fz_run(right_recording(), argument, NULL, NULL, NULL);
    free(text);
}

void
fz_try(const uint8_t *data, size_t len)
{
    static void (*const sorts[])(const uint8_t *, size_t) = {try_parts, try_archive,
                                                             try_rules, try_lines};
    if (len > 0) {
        sorts[data[0] % 4](data + 1, len - 1);
    }
}
