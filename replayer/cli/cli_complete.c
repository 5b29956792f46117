/* What the TAB key offers. */
#include <ctype.h>
#include <string.h>

#include "cli_editor.h"
#include "cli_help.h"
#include "cli_session.h"

static bool
is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static void
add_text(struct cli_choices *choices, const char *word, struct tf_text text)
{
    cli_choices_add(choices, word, text.data, text.len);
}

static void
add_commands(struct cli_choices *choices, const char *word)
{
    for (const struct cli_command *c = cli_commands; c->names; c++) {
        for (const char *name = c->names; *name;) {
            size_t len = strcspn(name, " ");
            if (len > 1) {
                cli_choices_add(choices, word, name, len);
            }
            name += len + (name[len] == ' ');
        }
    }
}

static struct tf_text
last_part(struct tf_text path)
{
    const char *slash = path.len ? memrchr(path.data, '/', path.len) : NULL;
    size_t skip = slash ? (size_t)(slash + 1 - path.data) : 0;
    return (struct tf_text){path.data + skip, path.len - skip};
}

static void
add_places(const struct cli_session *session, struct cli_choices *choices,
           const char *word)
{
    bool with_folder = strchr(word, '/') != NULL;
    for (uint32_t id = 1; id <= session->facts->file_count; id++) {
        const struct tf_def_file *file = rp_file(session->rp, id);
        add_text(choices, word,
                 with_folder ? cli_short_path(session->rp, file)
                             : last_part(file->path));
    }
    for (uint32_t id = 1; id <= session->facts->code_count; id++) {
        const struct tf_def_code *code = rp_code(session->rp, id);
        bool named =
            code->qualname.len && code->qualname.data[code->qualname.len - 1] != '>';
        if (named) {
            add_text(choices, word, code->qualname);
        }
        if (named && *word) {
            add_text(choices, word, code->name); /* without its class */
        }
    }
}

static void
add_vars(struct cli_choices *choices, const char *word, struct rp_vars *vars)
{
    for (size_t i = 0; i < vars->count; i++) {
        struct tf_text name = vars->var[i].name;
        bool furniture = name.len > 1 && memcmp(name.data, "__", 2) == 0;
        if (*word == '_' || !furniture) {
            add_text(choices, word, name);
        }
    }
    rp_vars_release(vars);
}

static void
add_names(struct cli_session *session, struct cli_choices *choices, const char *word)
{
    struct rp_vars vars;
    uint64_t frame = session->frame.frame;
    if (rp_locals(session->rp, session->seq, frame, &vars, NULL) == TF_OK) {
        add_vars(choices, word, &vars);
    }
    if (rp_globals(session->rp, session->seq, frame, true, &vars, NULL) == TF_OK) {
        add_vars(choices, word, &vars);
    }
}

/* Built-in functions, once a letter of them is there. */
static void
add_functions(struct cli_choices *choices, const char *word)
{
    const char *name;
    for (size_t i = 0; *word && (name = rp_expr_function(i)); i++) {
        cli_choices_add(choices, word, name, strlen(name));
    }
}

/* --- Expressions --- */

/* Where the cursor stands in what was typed of an expression. */
struct cursor {
    size_t word;  /* where the word begins that is to be completed */
    size_t owner; /* of an attribute or key: where its object's expression begins */
    size_t owner_end;
    bool after_dot, in_key; /* else it is a name */
    bool in_text;           /* in a string that is no key */
};

#define NESTING_MAX 32
#define NOWHERE     SIZE_MAX

struct scanner {
    struct cursor cursor;
    size_t primary;           /* where the operand begins that goes on here */
    size_t open[NESTING_MAX]; /* of each bracket that is open: what stands before it */
    size_t depth;
    bool is_index; /* the innermost bracket is one, and nothing but a key follows it */
};

static size_t
skip_string(const char *line, size_t at)
{
    char quote = line[at++];
    while (line[at] && line[at] != quote) {
        at += line[at] == '\\' && line[at + 1] ? 2 : 1;
    }
    return line[at] ? at + 1 : NOWHERE;
}

static void
open_bracket(struct scanner *scanner, char bracket, size_t at)
{
    bool indexes = bracket == '[' && scanner->primary != NOWHERE;
    if (scanner->depth < NESTING_MAX) {
        scanner->open[scanner->depth] = scanner->primary;
    }
    scanner->depth++;
    scanner->is_index = indexes;
    scanner->cursor.owner = scanner->primary;
    scanner->cursor.owner_end = at;
    scanner->primary = NOWHERE;
}

static void
close_bracket(struct scanner *scanner)
{
    if (scanner->depth > 0) {
        scanner->depth--;
    }
    size_t before =
        scanner->depth < NESTING_MAX ? scanner->open[scanner->depth] : NOWHERE;
    scanner->primary = before;
    scanner->is_index = false;
}

/* One token at `at`; returns where the next one begins. */
static size_t
scan_token(struct scanner *scanner, const char *line, size_t at)
{
    size_t end = at + 1;
    char c = line[at];
    if (c == '"' || c == '\'') {
        end = skip_string(line, at);
        scanner->primary = NOWHERE;
        scanner->is_index = scanner->is_index && end == NOWHERE;
    }
    else if (is_word_char(c)) {
        while (is_word_char(line[end])) {
            end++;
        }
        scanner->primary = scanner->primary == NOWHERE ? at : scanner->primary;
        scanner->is_index = scanner->is_index && !line[end];
    }
    else if (strchr("([{", c)) {
        open_bracket(scanner, c, at);
    }
    else if (strchr(")]}", c)) {
        close_bracket(scanner);
    }
    else if (c != '.') {
        scanner->primary = NOWHERE;
        scanner->is_index = false;
    }
    return end;
}

static struct cursor
find_cursor(const char *line)
{
    struct scanner scanner = {.primary = NOWHERE};
    struct cursor *cursor = &scanner.cursor;
    for (size_t at = 0, next; line[at]; at = next) {
        bool dotted = at > 0 && line[at - 1] == '.';
        size_t primary = scanner.primary;
        next = scan_token(&scanner, line, at);
        cursor->in_text = next == NOWHERE;
        cursor->word = at;
        if (next == NOWHERE) {
            break;
        }
        if (!line[next] && !is_word_char(line[at])) {
            cursor->word = next; /* nothing is typed of the word yet */
            dotted = line[at] == '.';
            primary = scanner.primary;
        }
        if (!line[next] && dotted && primary != NOWHERE) {
            cursor->after_dot = true;
            cursor->owner = primary;
            cursor->owner_end = cursor->word - 1;
        }
    }
    cursor->in_key = scanner.is_index && !cursor->after_dot && cursor->owner != NOWHERE;
    if ((cursor->after_dot || cursor->in_key)
        && memchr(line + cursor->owner, '(', cursor->owner_end - cursor->owner)) {
        cursor->after_dot = cursor->in_key =
            false; /* a call: not at the press of a key */
        cursor->in_text = true;
    }
    return *cursor;
}

/* The object that the expression stands for; NULL: none. */
static struct rp_object *
find_object(struct cli_session *session, const char *text, size_t len)
{
    struct rp_expr *expr;
    struct rp_value value;
    struct rp_object *object = NULL;
    if (rp_expr_parse(text, len, &expr, NULL, NULL) != TF_OK) {
        return NULL;
    }
    tf_status status = rp_expr_eval(session->rp, expr, session->seq,
                                    session->frame.frame, &value, NULL, NULL);
    rp_expr_free(expr);
    if (status != TF_OK) {
        return NULL;
    }
    if (value.kind == TF_VAL_REF
        && rp_object_open(session->rp, &value, session->seq, &object, NULL) != TF_OK) {
        object = NULL;
    }
    rp_value_release(&value);
    return object;
}

/* The key as it is typed, with the quotes that the word begins with, and the bracket. */
static void
add_key(struct cli_session *session, struct cli_choices *choices, const char *word,
        const struct rp_value *key)
{
    struct rp_limits limits = {.chars = 200};
    struct rp_buf text = RP_BUF_INIT;
    tf_status status =
        rp_value_text(session->rp, key, session->seq, &limits, &text, NULL, NULL, NULL);
    bool scalar = key->kind == TF_VAL_INT || key->kind == TF_VAL_STR;
    if (status == TF_OK && scalar && text.len > 0 && text.len < limits.chars) {
        bool plain = !memchr(text.data, '"', text.len);
        if (*word == '"' && *text.data == '\'' && plain) {
            text.data[0] = text.data[text.len - 1] = '"';
        }
        rp_buf_add_string(&text, "]");
        cli_choices_add(choices, word, text.data, text.len);
    }
    rp_buf_release(&text);
}

#define CHILDREN_MAX 20000u

/* Attributes, or keys of a dict, of what stands before the dot or bracket. */
static void
add_children(struct cli_session *session, struct cli_choices *choices,
             const struct cursor *cursor, const char *line)
{
    const char *word = line + cursor->word;
    struct rp_object *object =
        find_object(session, line + cursor->owner, cursor->owner_end - cursor->owner);
    size_t count = object ? rp_object_child_count(object) : 0;
    if (cursor->in_key && object && object->partial
        && (count > CHILDREN_MAX
            || rp_object_load_keys(session->rp, object, NULL) != TF_OK)) {
        count = 0;
    }
    for (size_t i = 0; i < count && i <= CHILDREN_MAX; i++) {
        struct rp_child child;
        if (!rp_object_child(object, i, &child)) {
            break;
        }
        bool named = child.sort == RP_CHILD_ATTR || child.sort == RP_CHILD_PART;
        if (cursor->after_dot && named) {
            add_text(choices, word, child.name);
        }
        else if (cursor->in_key && child.sort == RP_CHILD_ENTRY) {
            add_key(session, choices, word, child.key);
        }
    }
    rp_object_release(object);
}

static void
complete_expression(struct cli_session *session, const char *line,
                    struct cli_choices *choices)
{
    struct cursor cursor = find_cursor(line);
    choices->word_len = strlen(line + cursor.word);
    choices->is_name = true;
    if (cursor.after_dot || cursor.in_key) {
        add_children(session, choices, &cursor, line);
    }
    if (!cursor.after_dot && !cursor.in_text) {
        add_names(session, choices, line + cursor.word);
        if (choices->count == 0) {
            add_functions(choices, line + cursor.word);
        }
    }
}

static void
add_list(struct cli_choices *choices, const char *word, const char *list)
{
    while (*list) {
        size_t len = strcspn(list, " ");
        cli_choices_add(choices, word, list, len);
        list += len + (list[len] == ' ');
    }
}

static void
add_exceptions(const struct cli_session *session, struct cli_choices *choices,
               const char *word)
{
    for (uint32_t id = 1; id <= session->facts->type_count; id++) {
        const struct tf_def_type *type = rp_type(session->rp, id);
        if (type->category == TF_CAT_EXCEPTION) {
            add_text(choices, word, type->name);
        }
    }
}

static void
complete_argument(struct cli_session *session, enum cli_complete what, const char *args,
                  struct cli_choices *choices)
{
    const char *comma = strrchr(args, ',');
    if (what == CLI_COMPLETE_NAMES || (what == CLI_COMPLETE_PLACES && comma)) {
        complete_expression(session, args, choices);
        return;
    }
    const char *blank = strrchr(args, ' ');
    const char *word = blank ? blank + 1 : args;
    choices->word_len = strlen(word);
    switch (what) {
    case CLI_COMPLETE_COMMANDS:
        add_commands(choices, word);
        add_list(choices, word, cli_help_topics);
        break;
    case CLI_COMPLETE_PLACES: add_places(session, choices, word); break;
    case CLI_COMPLETE_TIMES: add_list(choices, word, "start end failure"); break;
    case CLI_COMPLETE_EXCEPTIONS: add_exceptions(session, choices, word); break;
    case CLI_COMPLETE_TOPICS:
        add_list(
            choices, word,
            "recording breakpoints display threads locals args frame exceptions line event");
        break;
    default: break;
    }
}

void
cli_complete_line(void *context, const char *line, struct cli_choices *choices)
{
    struct cli_session *session = context;
    line = cli_last_command(line);
    line += strspn(line, " \t");
    size_t word = cli_command_word(line);
    if (word && (line[word] == ' ' || line[word] == '\t' || line[word] == '(')) {
        const struct cli_command *command = cli_command_find(line, word);
        const char *args = line + word + strspn(line + word, " \t");
        complete_argument(session, command->complete, args, choices);
        return;
    }
    bool reverse = strncmp(line, "reverse-", 8) == 0; /* the only ones with a hyphen */
    if (!reverse) {
        complete_expression(session, line + (*line == '!'), choices);
    }
    if (reverse || choices->word_len == strlen(line)) {
        choices->word_len = strlen(line);
        choices->is_name = false;
        add_commands(choices, line);
    }
}
