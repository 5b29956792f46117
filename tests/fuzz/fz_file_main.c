/* Between a recording and what the fuzzers change.
 *
 *     fz-file join NAME.pyrec [BYTE]   its content, behind BYTE where one is given
 *     fz-file part NAME.pyrec FIELD... the same, of these fields of it only
 *     fz-file make INPUT [HEAD]        the recording that an input makes, without its first
 *                                      HEAD bytes */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fz_frames.h"
#include "tt_file.h"

static int
usage(void)
{
    fprintf(stderr,
            "fz-file: join FILE [BYTE] | part FILE FIELD... | make INPUT [HEAD]\n");
    return 2;
}

static void
print_part(const struct tt_bytes *joined, int count, char **field_number)
{
    const uint8_t *at = joined->data, *end = at + joined->len;
    struct fz_field field;
    while (fz_field_next(&at, end, &field)) {
        for (int i = 0; i < count; i++) {
            if (field.number == strtoul(field_number[i], NULL, 10)) {
                fwrite(field.at, 1, field.len, stdout);
            }
        }
    }
}

int
main(int argc, char **argv)
{
    struct tt_bytes out = {NULL, 0};
    size_t len;
    if (argc < 3) {
        return usage();
    }
    uint8_t *data = tt_read(argv[2], &len);
    if (strcmp(argv[1], "make") == 0) {
        size_t head = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
        fz_frames_put(&out, data + head, len - head);
        fwrite(out.data, 1, out.len, stdout);
    }
    else if (!fz_frames_join(data, len, &out)) {
        fprintf(stderr, "fz-file: %s is no whole recording\n", argv[2]);
        return 1;
    }
    else if (strcmp(argv[1], "part") == 0) {
        print_part(&out, argc - 3, argv + 3);
    }
    else {
        if (argc > 3) {
            putchar((int)strtoul(argv[3], NULL, 10));
        }
        fwrite(out.data, 1, out.len, stdout);
    }
    tt_bytes_free(&out);
    free(data);
    return 0;
}
