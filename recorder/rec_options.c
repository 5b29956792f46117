#include "rec_options.h"

#include <stdlib.h>
#include <string.h>

#include "tf_format.h"
#include "tf_limits.h"

enum {
    OPT_FORCE = 0x200,
    OPT_INCLUDE,
    OPT_EXCLUDE,
    OPT_INCLUDE_FUNCTION,
    OPT_EXCLUDE_FUNCTION,
    OPT_EVENTS,
    OPT_MAX_TEXT,
    OPT_MAX_ITEMS,
    OPT_MAX_DEPTH,
    OPT_MAX_OBJECTS,
    OPT_VALUES,
    OPT_NO_REDACT,
    OPT_REDACT,
    OPT_REDACT_TYPE,
    OPT_REDACT_FILE,
    OPT_NO_TAIL,
    OPT_NO_FORKS,
    OPT_PYTHON,
    OPT_CHECK_PYCS,
    OPT_PYTHON_FLAG, /* one of Python's own that takes no argument */
};

static const struct cl_option OPTIONS[] = {
    {.id = 'm',
     .short_name = 'm',
     .argument = "MODULE",
     .help = "run a library module as the program; the rest of the line is its",
     .group = "Program",
     .ends_options = true},
    {.id = 'c',
     .short_name = 'c',
     .argument = "CODE",
     .help = "run CODE; the rest of the line is its",
     .ends_options = true},
    {.id = OPT_PYTHON,
     .long_name = "python",
     .argument = "PATH",
     .help =
         "run it as PATH would: the python of a virtual environment (default: that of "
         "$VIRTUAL_ENV, else the Python that pyrecord was built with)"},
    {.id = 'o',
     .short_name = 'o',
     .long_name = "output",
     .argument = "FILE",
     .help = "write to FILE (default: NAME.pyrec in the directory where it starts, "
             "NAME.2.pyrec if that is taken)",
     .group = "Recording"},
    {.id = OPT_FORCE,
     .long_name = "force",
     .help = "replace an older recording, unless it is still being written"},
    {.id = OPT_NO_TAIL,
     .long_name = "no-tail",
     .help = "make no FILE.tail: the last events are lost if the program is killed"},
    {.id = OPT_NO_FORKS,
     .long_name = "no-forks",
     .help = "do not record forked children; else each goes on in a recording of its "
             "own beside FILE, NAME.PID.pyrec"},
    {.id = 'q',
     .short_name = 'q',
     .long_name = "quiet",
     .help = "no summary line at the end"},
    {.id = OPT_INCLUDE,
     .long_name = "include",
     .argument = "GLOB",
     .help = "record only code in files that match (repeatable)",
     .group = "What is recorded"},
    {.id = OPT_EXCLUDE,
     .long_name = "exclude",
     .argument = "GLOB",
     .help = "leave out code in files that match (repeatable)"},
    {.id = OPT_INCLUDE_FUNCTION,
     .long_name = "include-function",
     .argument = "GLOB",
     .help = "record only functions whose qualified name matches (repeatable)"},
    {.id = OPT_EXCLUDE_FUNCTION,
     .long_name = "exclude-function",
     .argument = "GLOB",
     .help = "leave out functions whose qualified name matches (repeatable)"},
    {.id = OPT_EVENTS,
     .long_name = "events",
     .argument = "LIST",
     .help = "kinds of events, separated by commas: line, exception, opcode, c_call, "
             "c_return, c_exception, all (default: " REC_EVENTS_DEFAULT
             "; +KIND adds to the default). call and return are always recorded: the "
             "stack is made of them"},
    {.id = OPT_VALUES,
     .long_name = "values",
     .argument = "LEVEL",
     .help =
         "off: none. exact: every change, at the very next event (the default). fast: "
         "where it cannot be foreseen which objects a line changes, only what the "
         "function's variables hold is looked at after it; a change deeper inside is "
         "recorded when the object is next touched",
     .group = "Values"},
    {.id = OPT_REDACT,
     .long_name = "redact",
     .argument = "PATTERN",
     .help =
         "leave out the values of what is called so, too: words as in card_number, which "
         "is also cardNumber and my_card_number2, or a glob (repeatable)",
     .group = "Secrets"},
    {.id = OPT_REDACT_TYPE,
     .long_name = "redact-type",
     .argument = "PATTERN",
     .help =
         "leave out the content of the instances of these classes and of those derived "
         "from them: a glob over module.Class or Class (repeatable)"},
    {.id = OPT_REDACT_FILE,
     .long_name = "redact-file",
     .argument = "FILE",
     .help = "rules from a file that a team can share (repeatable)"},
    {.id = OPT_NO_REDACT,
     .long_name = "no-redact",
     .help =
         "record also values whose name looks secret (password, token, ...); rules of "
         "your own hold all the same"},
    {.id = OPT_MAX_TEXT,
     .long_name = "max-text",
     .argument = "N",
     .help = "characters of a text (default 4096)"},
    {.id = OPT_MAX_ITEMS,
     .long_name = "max-items",
     .argument = "N",
     .help = "items of a container when it is first seen (default 256)"},
    {.id = OPT_MAX_DEPTH,
     .long_name = "max-depth",
     .argument = "N",
     .help = "levels of nesting (default 8)"},
    {.id = OPT_MAX_OBJECTS,
     .long_name = "max-objects",
     .argument = "N",
     .help = "new objects an event (default 10000)"},
    {.id = 'X',
     .short_name = 'X',
     .argument = "OPT",
     .help = "implementation-specific option",
     .group = "Python's own (see python3 --help)"},
    {.id = 'W', .short_name = 'W', .argument = "ARG", .help = "warning control"},
    {.id = OPT_CHECK_PYCS,
     .long_name = "check-hash-based-pycs",
     .argument = "MODE",
     .help = "validation of hash-based .pyc files"},
#define FLAG(letter, text)                                                 \
 {                                                                         \
  .id = OPT_PYTHON_FLAG + (letter), .short_name = (letter), .help = (text) \
 }
    FLAG('b', "warnings about str(bytes); -bb: errors"),
    FLAG('B', "do not write .pyc files"),
    FLAG('d', "debug output from the parser"),
    FLAG('E', "ignore PYTHON* environment variables"),
    FLAG('i', "interactive prompt after the program"),
    FLAG('I', "isolated: -E, -P and -s"),
    FLAG('O', "no assert statements; -OO: no docstrings"),
    FLAG('P', "no unsafe first entry in sys.path"),
    FLAG('R', "hash randomisation, also when PYTHONHASHSEED=0"),
    FLAG('s', "no user site directory"),
    FLAG('S', "no import of site"),
    FLAG('u', "unbuffered stdout and stderr"),
    FLAG('v', "trace import statements"),
    FLAG('x', "skip the first line of the script"),
#undef FLAG
    {0},
};

static const char *const USAGE[] = {
    "[OPTION...] SCRIPT [ARG...]",
    "[OPTION...] -m MODULE [ARG...]",
    "[OPTION...] -c CODE [ARG...]",
    NULL,
};

static const struct cl_section SECTIONS[] = {
    {"Globs",
     "An excluded file or function is left out whatever is included. `*` matches any "
     "characters, `/` too; `?` one; `[a-z]` one of a set. A file glob that begins with /, * "
     "or < is held against the whole path, any other against its end: `myapp/*` matches "
     "/home/me/myapp/views.py, and `views.py` any file of that name."},
    {"Secrets",
     "What is called as if it was a secret is not recorded: variables, attributes, keys of "
     "dicts (os.environ, keyword arguments), fields, results of functions of such a name, at "
     "any depth, and the command line's. Whole words count: password, dbPassword2, api_key, "
     "X-Auth-Token and cookie are secret, company, author, passed and tokenizer are not. The "
     "same str or bytes object is left out under any other name, too, once it was met.\n\n"
     "What is made from a secret is not known to be one (an f-string, a repr, a part of it): "
     "pyreplay redact takes texts out of a recording afterwards, those too that came about "
     "piece by piece.\n\nA file of rules has one a line: `name`, `type`, `text` or `keep`, "
     "and a pattern; `keep` names what is no secret after all, `text` leaves out the str and "
     "bytes objects and the ints of 4 to 19 digits that hold it, and replaces it in source "
     "text and the command line:\n\n"
     "    # rules of the shop\n    name card_number\n    name *_iban\n    type vault.*\n"
     "    text sk_live_*\n    keep token_kind"},
    {"Files",
     "FILE.tail, beside the recording while it is being made, holds the events that are not in "
     "it yet: after SIGKILL, a crash or a power cut pyreplay shows the recording with it, and "
     "pyreplay repair makes one file of both. Both are brought to the disk once a second. "
     "NAME.PID.pyrec is the recording of the forked child PID, from its first event on. Files "
     "have mode 0600."},
    {"Exit status",
     "That of the program; if a signal ended it, pyrecord ends by the same. 125: the "
     "recording could not start (wrong options, no such script, unwritable place); the "
     "program has not run then."},
    {"Environment",
     "VIRTUAL_ENV names the virtual environment to run in. Python's own variables "
     "(PYTHONPATH ...) have their usual effect."},
    {NULL, NULL},
};

static const struct cl_example EXAMPLES[] = {
    {"pyrecord app.py --port 8000", "Record app.py into app.pyrec."},
    {"pyrecord -m pytest tests/test_api.py", "Record a module into pytest.pyrec."},
    {"pyrecord --redact card_number --redact-type 'vault.*' app.py",
     "Leave more out than what looks secret."},
    {"pyrecord --exclude '*/site-packages/*' -o slow.pyrec app.py",
     "Leave out the code of installed packages."},
    {NULL, NULL},
};

static const struct cl_program PROGRAM = {
    .name = "pyrecord",
    .summary = "record everything that a Python program does",
    .usage = USAGE,
    .description =
        "Runs a Python program as python3 would and records every call, line, return and "
        "exception, with the values of all variables, into one file. pyreplay opens it "
        "and steps through it forward and backward.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .examples = EXAMPLES,
};

void
rec_options_answer(enum cl_request request, FILE *out)
{
    cl_answer(&PROGRAM, request, out);
}

static tf_status
add_glob(struct rec_globs *globs, const char *glob, struct tf_err *err)
{
    const char **grown = realloc(globs->glob, (globs->count + 1) * sizeof *grown);
    if (grown == NULL) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    globs->glob = grown;
    globs->glob[globs->count++] = glob;
    return TF_OK;
}

/* All event numbers that go by this name in the dump; 0 for an unknown one. */
static uint32_t
event_bits(const char *name, size_t len)
{
    uint32_t bits = 0;
    bool all = len == 3 && memcmp(name, "all", 3) == 0;
    for (unsigned kind = 0; kind < TF_EV_COUNT; kind++) {
        const char *known = tf_event_name(kind);
        if (known != NULL
            && (all || (strlen(known) == len && memcmp(known, name, len) == 0))) {
            bits |= 1u << kind;
        }
    }
    return bits;
}

static tf_status
parse_events(const char *list, uint32_t *ret_events, struct tf_err *err)
{
    uint32_t events = 0;
    bool adds = false, names = false;
    for (const char *word = list;; word++) {
        size_t len = strcspn(word, ",");
        bool plus = *word == '+';
        uint32_t bits = event_bits(word + plus, len - plus);
        if (bits == 0) {
            return tf_err_set(
                err, TF_ERR_ARGUMENT, -1,
                "--events: unknown kind '%.*s' (there are: call, line, "
                "return, exception, opcode, c_call, c_return, c_exception, "
                "all)",
                (int)(len < 40 ? len : 40), word);
        }
        events |= bits;
        adds |= plus;
        names |= !plus;
        word += len;
        if (*word == '\0') {
            break;
        }
    }
    if (adds && !names) {
        uint32_t defaults = 0;
        parse_events(REC_EVENTS_DEFAULT, &defaults, NULL);
        events |= defaults;
    }
    *ret_events = events | event_bits("call", 4) | event_bits("return", 6);
    return TF_OK;
}

static tf_status
parse_values(const char *word, enum rec_values_level *ret_level, struct tf_err *err)
{
    static const char *const words[] = {"off", "fast", "exact"};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0) {
            *ret_level = (enum rec_values_level)i;
            return TF_OK;
        }
    }
    return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                      "--values: '%.40s' is not off, fast or exact", word);
}

static tf_status
parse_number(const char *option, const char *value, unsigned long long max,
             uint64_t *ret_number, struct tf_err *err)
{
    unsigned long long number;
    tf_status status = cl_number(option, value, max, &number, err);
    if (status == TF_OK) {
        *ret_number = number;
    }
    return status;
}

static tf_status
set_option(void *context, int id, const char *value, struct tf_err *err)
{
    struct rec_options *options = context;
    switch (id) {
    case 'm':
        options->run_kind = REC_RUN_MODULE;
        options->target = value;
        break;
    case 'c':
        options->run_kind = REC_RUN_CODE;
        options->target = value;
        break;
    case 'o': options->output = value; break;
    case 'q': options->quiet = true; break;
    case OPT_FORCE: options->force = true; break;
    case OPT_PYTHON: options->python = value; break;
    case OPT_VALUES: return parse_values(value, &options->values, err);
    case OPT_NO_REDACT:
        options->redact = false;
        tf_rules_set_built_in(options->rules, false);
        break;
    case OPT_REDACT:
        options->own_rules = true;
        return tf_rules_add(options->rules, TF_RULE_NAME, value, err);
    case OPT_REDACT_TYPE:
        options->own_rules = true;
        return tf_rules_add(options->rules, TF_RULE_TYPE, value, err);
    case OPT_REDACT_FILE:
        options->own_rules = true;
        return tf_rules_read(options->rules, value, err);
    case OPT_NO_TAIL: options->tail = false; break;
    case OPT_NO_FORKS: options->forks = false; break;
    case OPT_INCLUDE: return add_glob(&options->include, value, err);
    case OPT_EXCLUDE: return add_glob(&options->exclude, value, err);
    case OPT_INCLUDE_FUNCTION: return add_glob(&options->include_function, value, err);
    case OPT_EXCLUDE_FUNCTION: return add_glob(&options->exclude_function, value, err);
    case OPT_EVENTS: return parse_events(value, &options->events, err);
    case OPT_MAX_TEXT:
        /* a character takes at most 4 bytes */
        return parse_number("--max-text", value, TF_TEXT_BYTES_MAX / 4,
                            &options->max_text, err);
    case OPT_MAX_ITEMS:
        return parse_number("--max-items", value, TF_VALUES_MAX / 4,
                            &options->max_items, err);
    case OPT_MAX_DEPTH:
        return parse_number("--max-depth", value, 1000, &options->max_depth, err);
    case OPT_MAX_OBJECTS:
        return parse_number("--max-objects", value, TF_OPS_MAX / 4,
                            &options->max_objects, err);
    default: break; /* Python's own: copied by python_words() */
    }
    return TF_OK;
}

/* --- Python's command line: ours without our own options. --- */

static bool
is_pythons(const struct cl_option *option)
{
    return option->id >= OPT_PYTHON_FLAG || option->id == OPT_CHECK_PYCS
           || option->id == 'X' || option->id == 'W' || option->id == 'm'
           || option->id == 'c';
}

/* The entry for "name" or "name=value"; as getopt_long takes them, also shortened. */
static const struct cl_option *
find_long(const char *word)
{
    size_t len = strcspn(word, "=");
    const struct cl_option *found = NULL;
    for (const struct cl_option *o = OPTIONS; o->id != 0; o++) {
        if (o->long_name != NULL && strncmp(o->long_name, word, len) == 0
            && (found == NULL || o->long_name[len] == '\0')) {
            found = o;
        }
    }
    return found;
}

static const struct cl_option *
find_short(char letter)
{
    for (const struct cl_option *o = OPTIONS; o->id != 0; o++) {
        if (o->short_name == letter) {
            return o;
        }
    }
    return NULL;
}

/* Bytes that a word's copy needs at most. */
static size_t
word_room(const char *word)
{
    return strlen(word) + sizeof "--check-hash-based-pycs";
}

/* Handles the word at `idx` (and the next if that is its value); returns the idx after.
 * CPython knows neither shortened long options nor `--name=value`. */
static int
copy_long(struct rec_options *options, char **argv, int idx, char *to)
{
    const struct cl_option *option = find_long(argv[idx] + 2);
    if (option == NULL || option->argument == NULL) {
        return idx + 1;
    }
    char *attached = strchr(argv[idx], '=');
    if (is_pythons(option)) {
        options->python_argv[options->python_argc++] = to;
        sprintf(to, "--%s", option->long_name);
        options->python_argv[options->python_argc++] =
            attached != NULL ? attached + 1 : argv[idx + 1];
    }
    return idx + (attached != NULL ? 1 : 2);
}

/* Likewise for "-abc": `to` gets the word without the letters that are ours. */
static int
copy_cluster(struct rec_options *options, char **argv, int idx, char *to)
{
    const char *word = argv[idx];
    const char *next =
        NULL; /* the value of Python's option, when it is the next word */
    int words = 1;
    size_t kept = 0;
    to[kept++] = '-';
    for (size_t i = 1; word[i] != '\0'; i++) {
        const struct cl_option *option = find_short(word[i]);
        bool keep = option != NULL && is_pythons(option);
        if (keep && (word[i] == 'm' || word[i] == 'c')) {
            options->program_word = options->python_argc;
            options->program_letters = (int)kept;
        }
        if (keep) {
            to[kept++] = word[i];
        }
        if (option == NULL || option->argument == NULL) {
            continue;
        }
        size_t attached = strlen(word + i + 1);
        if (attached == 0) {
            words = 2;
            next = keep ? argv[idx + 1] : NULL;
        }
        else if (keep) {
            memcpy(to + kept, word + i + 1, attached);
            kept += attached;
        }
        break;
    }
    to[kept] = '\0';
    if (kept > 1) {
        options->python_argv[options->python_argc++] = to;
    }
    if (next != NULL) {
        options->python_argv[options->python_argc++] = argv[idx + 1];
    }
    return idx + words;
}

static void
copy_words(struct rec_options *options, char **argv, int argc, int operand_idx)
{
    char *to = options->words;
    options->python_argc = 1;
    int idx = 1;
    while (idx < operand_idx) {
        char *word = to;
        to += word_room(argv[idx]);
        if (strcmp(argv[idx], "--") == 0) {
            options->python_argv[options->python_argc++] = argv[idx++];
        }
        else if (strncmp(argv[idx], "--", 2) == 0) {
            idx = copy_long(options, argv, idx, word);
        }
        else {
            idx = copy_cluster(options, argv, idx, word);
        }
    }
    if (options->run_kind == REC_RUN_SCRIPT) {
        options->program_word = options->python_argc;
    }
    for (; idx < argc; idx++) {
        options->python_argv[options->python_argc++] = argv[idx];
    }
}

static tf_status
take_program(struct rec_options *options, int argc, char **argv, int operand_idx,
             struct tf_err *err)
{
    if (options->target == NULL) {
        if (operand_idx >= argc) {
            return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                              "nothing to run: give SCRIPT, -m MODULE or -c CODE");
        }
        options->run_kind = REC_RUN_SCRIPT;
        options->target = argv[operand_idx];
    }
    if (options->run_kind != REC_RUN_CODE && options->target[0] == '\0') {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "nothing to run: the name is empty");
    }
    size_t words_bytes = 1;
    for (int i = 1; i < operand_idx; i++) {
        words_bytes += word_room(argv[i]);
    }
    options->words = malloc(words_bytes);
    options->python_argv = calloc((size_t)argc * 2 + 2, sizeof *options->python_argv);
    if (options->words == NULL || options->python_argv == NULL) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    copy_words(options, argv, argc, operand_idx);
    return TF_OK;
}

tf_status
rec_options_parse(int argc, char **argv, struct rec_options *ret_options,
                  enum cl_request *ret_request, struct tf_err *err)
{
    struct cl_result result;
    struct rec_options options = {
        .values = REC_VALUES_EXACT,
        .redact = true,
        .tail = true,
        .forks = true,
        .max_text = 4096,
        .max_items = 256,
        .max_depth = 8,
        .max_objects = 10000,
    };
    parse_events(REC_EVENTS_DEFAULT, &options.events, NULL);
    options.rules = tf_rules_new(true);
    if (options.rules == NULL) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    tf_status status =
        cl_parse(&PROGRAM, argc, argv, set_option, &options, &result, err);
    options.redact |= options.own_rules;
    if (status == TF_OK && result.request == CL_RUN) {
        status = take_program(&options, argc, argv, result.operand_idx, err);
    }
    if (status != TF_OK || result.request != CL_RUN) {
        rec_options_release(&options);
    }
    if (status == TF_OK) {
        *ret_request = result.request;
        *ret_options = options;
    }
    return status;
}

void
rec_options_release(struct rec_options *options)
{
    free(options->include.glob);
    free(options->exclude.glob);
    free(options->include_function.glob);
    free(options->exclude_function.glob);
    tf_rules_free(options->rules);
    free(options->python_argv);
    free(options->words);
    *options = (struct rec_options){0};
}
