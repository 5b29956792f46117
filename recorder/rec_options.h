/* What the user asked of pyrecord. */
#ifndef REC_OPTIONS_H
#define REC_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cl_options.h"
#include "tf_err.h"
#include "tf_rules.h"

enum rec_run_kind {
    REC_RUN_SCRIPT, /* a file, directory, zip or - for stdin */
    REC_RUN_MODULE, /* -m */
    REC_RUN_CODE,   /* -c */
};

/* Strings from the command line; they live as long as argv. */
struct rec_globs {
    const char **glob;
    uint32_t count;
};

/* How hard it is looked for changes of values. */
enum rec_values_level {
    REC_VALUES_OFF,
    REC_VALUES_FAST,
    REC_VALUES_EXACT,
};

struct rec_options {
    const char *output; /* -o, or NULL */
    const char *python; /* --python, or NULL */
    bool force;
    bool quiet;
    enum rec_values_level values;
    bool redact; /* anything at all: `rules` has the rest */
    bool own_rules;
    struct tf_rules *rules;
    bool tail;  /* keep what is not written yet in a file beside the recording */
    bool forks; /* a forked child goes on in a recording of its own */
    struct rec_globs include, exclude, include_function, exclude_function;
    uint32_t events;   /* bit 1 << TF_EV_... */
    uint64_t max_text; /* characters */
    uint64_t max_items;
    uint64_t max_depth;
    uint64_t max_objects; /* new ones an event */

    enum rec_run_kind run_kind;
    const char *target; /* the argument of SCRIPT, -m or -c */
    /* Python's own command line: its options as typed, then SCRIPT, -m MODULE or -c CODE and
     * the program's arguments. [0] is left empty for the name of the interpreter. */
    char **python_argv;
    int python_argc;
    /* Python's own options end before this word; of that, the first letters (with the `-`)
     * are options, too, if there is more than one. */
    int program_word, program_letters;
    char *words; /* owned: those of python_argv that stand nowhere else */
};

/* Events with their default sets of tf_event_kind. */
#define REC_EVENTS_DEFAULT "call,line,return,exception"

/* Reads the command line. When `ret_request` is not CL_RUN, there is nothing to run and the
 * rest is not filled in: call rec_options_answer(). */
tf_status rec_options_parse(int argc, char **argv, struct rec_options *ret_options,
                            enum cl_request *ret_request, struct tf_err *err);
void rec_options_release(struct rec_options *options);

/* Prints help, version or man page. */
void rec_options_answer(enum cl_request request, FILE *out);

#endif
