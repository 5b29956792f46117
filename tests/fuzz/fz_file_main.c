/* Between a recording and what the fuzzers change.
 *
 *     fz-file join NAME.pyrec [BYTE]   its content, behind BYTE where one is given
 *     fz-file part NAME.pyrec FIELD... the same, of these fields of it only
 *     fz-file make INPUT [HEAD]        the recording that an input makes, without its first
 *                                      HEAD bytes
 *     fz-file tail NAME.pyrec BYTE     it and its tail, in parts, behind a byte 0 and BYTE
 *     fz-file split INPUT NAME.pyrec   the other way */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fz_frames.h"
#include "fz_parts.h"
#include "tt_file.h"

static int
usage(void)
{
    fprintf(stderr,
            "fz-file: join FILE [BYTE] | part FILE FIELD... | make INPUT [HEAD] | "
            "tail FILE BYTE | split INPUT FILE\n");
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

static void
put_tail(const char *name, const uint8_t *data, size_t len, const char *which,
         struct tt_bytes *out)
{
    char path[4096];
    size_t tail_len;
    const uint8_t head[2] = {0, (uint8_t)strtoul(which, NULL, 10)};
    snprintf(path, sizeof path, "%s.tail", name);
    uint8_t *tail = tt_read(path, &tail_len);
    tt_put(out, head, sizeof head);
    fz_parts_take(data, len, tail, tail_len, out);
    free(tail);
}

static void
split(const uint8_t *data, size_t len, const char *name)
{
    char path[4096];
    struct tt_bytes recording = {NULL, 0}, tail = {NULL, 0};
    snprintf(path, sizeof path, "%s.tail", name);
    fz_parts_make(data + 2, len > 2 ? len - 2 : 0, &recording, &tail);
    tt_write(name, recording.data, recording.len);
    tt_write(path, tail.data, tail.len);
    tt_bytes_free(&recording);
    tt_bytes_free(&tail);
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
    else if (strcmp(argv[1], "tail") == 0 && argc == 4) {
        put_tail(argv[2], data, len, argv[3], &out);
        fwrite(out.data, 1, out.len, stdout);
    }
    else if (strcmp(argv[1], "split") == 0 && argc == 4) {
        split(data, len, argv[3]);
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
