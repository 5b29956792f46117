/* Tries every file of the folders and files that are named once: a corpus, without a
 * fuzzer. With `--mutate COUNT SEED` first, so many changed inputs as well. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fz_mutate.h"
#include "fz_target.h"
#include "tt_file.h"

#define INPUT_MAX (64u << 10)

static size_t tried;
static unsigned long mutants, seed;

static void
try_mutants(const uint8_t *data, size_t len)
{
    static uint8_t input[INPUT_MAX];
    size_t head = fz_target.head;
    for (unsigned long i = 0; i < mutants && len > head && len < INPUT_MAX; i++) {
        memcpy(input, data, len);
        size_t now = head
                     + fz_mutate(input + head, len - head, INPUT_MAX - head,
                                 seed + tried * 7919 + i, NULL);
        fz_try(input, now);
    }
}

static void
try_file(const char *path)
{
    size_t len;
    uint8_t *data = tt_read(path, &len);
    printf("%s\n", path);
    fflush(stdout);
    fz_try(data, len);
    tried++;
    if (mutants > 0 && !fz_target.text) {
        try_mutants(data, len);
    }
    free(data);
}

static void
try_path(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
        try_file(path);
        return;
    }
    struct dirent **entry;
    int count = scandir(path, &entry, NULL, alphasort);
    if (count < 0) {
        perror(path);
        exit(1);
    }
    for (int i = 0; i < count; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entry[i]->d_name);
        if (entry[i]->d_name[0] != '.') {
            try_file(name);
        }
        free(entry[i]);
    }
    free(entry);
}

int
main(int argc, char **argv)
{
    int i = 1;
    if (argc > 3 && strcmp(argv[1], "--mutate") == 0) {
        mutants = strtoul(argv[2], NULL, 0);
        seed = strtoul(argv[3], NULL, 0);
        i = 4;
    }
    for (; i < argc; i++) {
        try_path(argv[i]);
    }
    printf("%zu inputs, %lu changed ones of each\n", tried, mutants);
    return tried > 0 ? 0 : 1;
}
