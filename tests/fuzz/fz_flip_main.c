/* Every bit of recordings flipped, and every length of them cut: whatever is wrong, a right
 * answer or a clear error, within a second (fz_look.h).
 *
 *     fz-flip [--every N] [--from I] RECORDING...     every Nth case, from the Ith on
 *
 * A right answer: the dump of the events is that of the whole recording. Else somebody who
 * reads the dump must hear of it: rows that are there are right, stderr or the exit status
 * says that there should be more, and `verify` finds what is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fz_look.h"
#include "tt_file.h"

static const char *const dump_command[] = {"dump",      "--format", "jsonl",
                                           "--globals", "FILE",     NULL};
static const char *const verify_command[] = {"verify", "FILE", NULL};

struct whole {
    const char *name;
    char *dump;
    size_t dump_len;
};

static struct {
    size_t cases, right, partial, refused, unseen;
} count;

static void
fail(const struct whole *whole, const char *what, size_t idx, const char *why,
     const char *out)
{
    fprintf(stderr, "%s: %s %zu: %s\n%.400s\n", whole->name, what, idx, why, out);
    abort();
}

/* Whether every line of the one stands in the other, in this order. */
static bool
rows_of(const char *part, const char *whole)
{
    while (*part != 0) {
        size_t len = strcspn(part, "\n") + 1;
        for (;; whole += strcspn(whole, "\n") + 1) {
            if (*whole == 0) {
                return false;
            }
            if (strncmp(part, whole, len) == 0) {
                break;
            }
        }
        part += len;
        whole += len;
    }
    return true;
}

static void
look(const struct whole *whole, const uint8_t *data, size_t len, const char *what,
     size_t idx)
{
    const char *out, *err, *path = fz_path(data, len);
    size_t out_len;
    int status = fz_run(path, dump_command, &out, &out_len, &err);
    bool right = out_len == whole->dump_len && memcmp(out, whole->dump, out_len) == 0;
    bool quiet = status == 0 && err[0] == 0;
    if (!right && quiet) {
        fail(whole, what, idx, "other rows, and not a word", out);
    }
    if (!right && !rows_of(out, whole->dump)) {
        fail(whole, what, idx, "rows that the recording has not", out);
    }
    count.cases++;
    count.right += right;
    count.partial += !right && out_len > 0;
    count.refused += !right && out_len == 0;
    status = fz_run(path, verify_command, &out, &out_len, &err);
    if (status == 0 && !right) {
        fail(whole, what, idx, "verify found nothing", out);
    }
    count.unseen += status == 0;
    fz_run(path, fz_command(idx), NULL, NULL, NULL);
}

static void
try_recording(const char *name, size_t every, size_t from)
{
    const char *out, *err;
    size_t len, out_len;
    uint8_t *data = tt_read(name, &len), *changed = malloc(len);
    struct whole whole = {.name = name};
    if (fz_run(fz_path(data, len), dump_command, &out, &out_len, &err) != 0
        || fz_run(fz_path(data, len), dump_command, &out, &out_len, &err) != 0) {
        fail(&whole, "whole", 0, err, "");
    }
    whole.dump = strdup(out);
    whole.dump_len = out_len;
    for (size_t bit = from; bit < len * 8; bit += every) {
        memcpy(changed, data, len);
        changed[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        look(&whole, changed, len, "bit", bit);
    }
    for (size_t cut = from; cut < len; cut += every) {
        look(&whole, data, cut, "length", cut);
    }
    free(whole.dump);
    free(changed);
    free(data);
}

int
main(int argc, char **argv)
{
    size_t every = 1, from = 0;
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        size_t number = strtoul(argv[i + 1], NULL, 0);
        *(strcmp(argv[i], "--every") == 0 ? &every : &from) = number;
    }
    if (i == argc || every == 0) {
        fprintf(stderr, "fz-flip: [--every N] [--from I] RECORDING...\n");
        return 2;
    }
    for (; i < argc; i++) {
        try_recording(argv[i], every, from);
    }
    printf("%zu damaged recordings: %zu dumped right, %zu in part, %zu not at all; %zu "
           "without a finding of verify\n",
           count.cases, count.right, count.partial, count.refused, count.unseen);
    return 0;
}
