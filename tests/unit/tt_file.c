#include "tt_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tb_build.h"

const char tt_sample_text[] =
    "header argv \"app.py\" \"-v\"\n"
    "header library \"/usr/lib/python3.11\"\n"
    "header events 8190\n"
    "file app.py own\n"
    " | def gen(n):\n"
    " |     yield n\n"
    "file lib.py absent \"No such file\"\n"
    "type Point instance module=app bases=object\n"
    "type Pair namedtuple fields=a,b flags=4\n"
    "type Oops exception module=app bases=Exception,BaseException\n"
    "code <module> app.py:1 slots=<mapping> kinds=mapping lines=1,2,9 globals=x\n"
    "code gen app.py:1 slots=n,.0,cell args=1 kinds=local,free,cell lines=1,2 flags=32\n"
    "code other lib.py:5 slots=a,b,c name=o bytecode=\"\\x64\\x00\\x09\\x00\" "
    "names=x consts=1,None line_offs=0,2 off_lines=5,6\n"
    "thread 1 \"MainThread\"\n"
    "call <module> 0 as top globals=$g:namespace[\"__name__\", \"__main__\"] <mapping>=$g\n"
    "line 1 $g{\"x\"}=1 at 1500\n"
    "call gen 1 as g1 globals=$g n=3 cell=$c:cell[unbound]\n"
    "line 2 .0=complex(1.5, -0.0) $c[0]=\"text \\ud800 \\u20ac\"\n"
    "opcode 2 16 n=unbound\n"
    "yield 2 => 123456789012345678901234567890\n"
    "call gen 1 as g2 n=0\n"
    "yield 2 => 0\n"
    "line 2 $g{\"l\"}=$l:[1, 2.5, nan, -inf, None, True, False, Ellipsis, NotImplemented]\n"
    "thread 2 \"worker\"\n"
    "call other 5 a=b\"\\x00\\xff\" b=\"cut\"...5000 c=b\"cut\"...77\n"
    "line 6 a=huge(5000) b=huge(-6000) c=?depth:list\n"
    "@1 resume g1 n=-7\n"
    "line 2 $l[+]=$p:Point(x=1, y=[?redacted, ...5]) $l[0:2]=[] late $l 3\n"
    "chunk\n"
    "@2 line 7 a=$d:{\"k\": 1, 2: $p} b=$s:{1, 2} more $s 9 $p.z=Pair[1, 2] $p.z=3 del $p.x\n"
    "@1 throw g2 2\n"
    "yield 2 => None\n"
    "@1 exception 2 => $e:Oops[($p, 1), None, None, False, \"bad\"]\n"
    "unwind 2 => $e\n"
    "c_call 9 => builtin_function_or_method[\"len\", None]\n"
    "c_exception 9\n"
    "exception 9 => $e\n"
    "chunk same\n"
    "@2 call other 5 as lost\n"
    "@2 line 8 leave $d{\"k\"}=2 del $d{2} image $d mark \"here\"\n"
    "return 8 => $d\n"
    "changes $l[+]=8\n"
    "checkpoint\n"
    "@1 line 9 at 90000\n"
    "images\n"
    "gap 100 \"ring\"\n"
    "@1 line 9 new Point(q=1)!unreadable\n"
    "c_return 9\n"
    "unwind 9 => $e\n"
    "failure 17 $e\n"
    "exit -9\n"
    "end_reason \"disk full\"\n";

void
tt_build(const char *text, struct tf_sink_memory *sink)
{
    struct tf_err err = TF_ERR_INIT;
    tf_sink_memory_init(sink);
    if (tb_build(text, strlen(text), &sink->sink, &err) != TF_OK) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
}

/* In memory where there is such a place: some tests write tens of thousands of files. */
static char folder[40];

static void
remove_folder(void)
{
    char command[80];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0) {
        fprintf(stderr, "cannot remove %s\n", folder);
    }
}

const char *
tt_path(const char *name)
{
    static char path[256];
    if (folder[0] == 0) {
        bool memory = access("/dev/shm", W_OK) == 0;
        snprintf(folder, sizeof folder, "%s/pyrec-test-XXXXXX",
                 memory ? "/dev/shm" : "/tmp");
        if (mkdtemp(folder) == NULL) {
            abort();
        }
        atexit(remove_folder);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

void
tt_write(const char *path, const void *data, size_t len)
{
    FILE *out = fopen(path, "wb");
    if (out == NULL || fwrite(data, 1, len, out) != len || fclose(out) != 0) {
        perror(path);
        abort();
    }
}

uint8_t *
tt_read(const char *path, size_t *ret_len)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL || fseek(in, 0, SEEK_END) != 0) {
        perror(path);
        abort();
    }
    size_t len = (size_t)ftell(in);
    uint8_t *data = malloc(len + 1);
    rewind(in);
    if (data == NULL || fread(data, 1, len, in) != len) {
        abort();
    }
    data[len] = 0;
    fclose(in);
    *ret_len = len;
    return data;
}

const char *
tt_root(void)
{
    const char *root = getenv("PYREC_ROOT");
    return root != NULL ? root : ".";
}
