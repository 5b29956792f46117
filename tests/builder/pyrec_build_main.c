/* pyrec-build IN.txt OUT.pyrec: makes a recording from the builder's language, which
 * README.md beside this file explains. IN.txt may be - for standard input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tb_build.h"

static char *
read_all(FILE *in, size_t *ret_len)
{
    size_t len = 0, cap = 65536;
    char *text = malloc(cap + 1);
    while (text != NULL) {
        size_t n = fread(text + len, 1, cap - len, in);
        len += n;
        if (n == 0) {
            text[len] = 0;
            *ret_len = len;
            return text;
        }
        if (len == cap) {
            char *more = realloc(text, cap * 2 + 1);
            if (more == NULL) {
                free(text);
            }
            text = more;
            cap *= 2;
        }
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    struct tf_err err = TF_ERR_INIT;
    size_t len;
    if (argc != 3) {
        fprintf(stderr, "usage: pyrec-build IN.txt OUT.pyrec\n");
        return 2;
    }
    FILE *in = strcmp(argv[1], "-") == 0 ? stdin : fopen(argv[1], "r");
    if (in == NULL) {
        perror(argv[1]);
        return 2;
    }
    char *text = read_all(in, &len);
    if (text == NULL) {
        fprintf(stderr, "pyrec-build: out of memory\n");
        return 4;
    }
    if (tb_build_file(text, len, argv[2], &err) != TF_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], err.message);
        free(text);
        return 1;
    }
    free(text);
    return 0;
}
