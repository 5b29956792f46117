#include "cli_editor.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <wchar.h>

#include "cli_history.h"
#include "cli_pager.h"
#include "cli_rc.h"
#include "cli_utf8.h"

#define CHOICES_MAX 2000u

struct cli_editor {
    struct cli_env *env;
    EditLine *edit; /* NULL: input is no terminal */
    History *history;
    const char *history_path;
    cli_complete_fn complete;
    void *context;
    const char *prompt;
    bool interrupted;
    int signal_fd; /* -1: none; else it tells of Ctrl-Z and of a window's new size */
    char *line;
    size_t cap;
};

void
cli_choices_add(struct cli_choices *choices, const char *word, const char *text,
                size_t len)
{
    size_t word_len = strlen(word);
    if (len < word_len || memcmp(text, word, word_len) != 0
        || choices->count >= CHOICES_MAX) {
        return;
    }
    for (const char *at = text; at < text + len;) {
        if (cli_utf8_unsafe(cli_utf8_next(&at, text + len))) {
            return;
        }
    }
    if (choices->count == choices->cap) {
        size_t cap = choices->cap ? choices->cap * 2 : 32;
        char **grown = realloc(choices->text, cap * sizeof *grown);
        if (!grown) {
            return;
        }
        choices->text = grown;
        choices->cap = cap;
    }
    char *copy = strndup(text, len);
    if (copy) {
        choices->text[choices->count++] = copy;
    }
}

static int
compare_choices(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
choices_sort(struct cli_choices *choices)
{
    if (choices->count == 0) {
        return;
    }
    qsort(choices->text, choices->count, sizeof *choices->text, compare_choices);
    size_t kept = 1;
    for (size_t i = 1; i < choices->count; i++) {
        if (strcmp(choices->text[i], choices->text[kept - 1]) == 0) {
            free(choices->text[i]);
        }
        else {
            choices->text[kept++] = choices->text[i];
        }
    }
    choices->count = kept;
}

static void
choices_release(struct cli_choices *choices)
{
    for (size_t i = 0; i < choices->count; i++) {
        free(choices->text[i]);
    }
    free(choices->text);
}

static size_t
common_prefix(const struct cli_choices *choices)
{
    size_t len = strlen(choices->text[0]);
    for (size_t i = 1; i < choices->count; i++) {
        size_t same = 0;
        while (same < len && choices->text[i][same] == choices->text[0][same]) {
            same++;
        }
        len = same;
    }
    while (len > 0 && ((unsigned char)choices->text[0][len] & 0xc0) == 0x80) {
        len--; /* not in the middle of a character */
    }
    return len;
}

/* In columns, sorted downwards; as many as the screen holds. */
static void
show_choices(struct cli_out *out, const struct cli_choices *choices)
{
    size_t width = 0, count = choices->count;
    unsigned screen_rows = 24, screen_columns;
    cli_pager_window(out->fd, &screen_rows, &screen_columns);
    for (size_t i = 0; i < count; i++) {
        size_t len =
            cli_out_text_columns(out, choices->text[i], strlen(choices->text[i]));
        width = len > width ? len : width;
    }
    size_t columns = cli_out_columns(out) / (width + 2);
    columns = columns ? columns : 1;
    size_t rows = (count + columns - 1) / columns,
           room = screen_rows > 6 ? screen_rows : 6;
    if (rows > room - 3) {
        rows = room - 3;
        count = rows * columns;
    }
    cli_out_char(out, '\n');
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = row; i < count; i += rows) {
            const char *text = choices->text[i];
            size_t used = cli_out_text(out, text, strlen(text));
            cli_out_pad(out, i + rows < count ? width + 2 - used : 0);
        }
        cli_out_char(out, '\n');
    }
    if (count < choices->count) {
        cli_out_format(out, "... %zu more\n", choices->count - count);
    }
    cli_out_flush(out);
}

static struct cli_editor *
editor_of(EditLine *edit)
{
    struct cli_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    return editor;
}

static unsigned char
apply_choices(struct cli_editor *editor, EditLine *edit,
              const struct cli_choices *choices)
{
    size_t len = common_prefix(choices);
    if (len > choices->word_len) {
        char *rest =
            strndup(choices->text[0] + choices->word_len, len - choices->word_len);
        int inserted = rest ? el_insertstr(edit, rest) : -1;
        free(rest);
        return inserted == 0 ? CC_REFRESH : CC_ERROR;
    }
    if (choices->count == 1) {
        const char *after = choices->is_name ? "" : " ";
        return el_insertstr(edit, after) == 0 ? CC_REFRESH : CC_ERROR;
    }
    show_choices(editor->env->out, choices);
    return CC_REDISPLAY;
}

static unsigned char
on_tab(EditLine *edit, int ch)
{
    (void)ch;
    struct cli_editor *editor = editor_of(edit);
    const LineInfo *info = el_line(edit);
    char *line = strndup(info->buffer, (size_t)(info->cursor - info->buffer));
    if (!line) {
        return CC_ERROR;
    }
    struct cli_choices choices = {0};
    editor->complete(editor->context, line, &choices);
    choices_sort(&choices);
    unsigned char result =
        choices.count ? apply_choices(editor, edit, &choices) : CC_REFRESH_BEEP;
    choices_release(&choices);
    free(line);
    return result;
}

static char *
get_prompt(EditLine *edit)
{
    return (char *)editor_of(edit)->prompt;
}

/* Ctrl-Z gives the terminal back as it was, and takes it again afterwards. */
static void
suspend(EditLine *edit)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    el_set(edit, EL_PREP_TERM, 0);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here it stops */
    sigprocmask(SIG_BLOCK, &stop, NULL);
    el_set(edit, EL_PREP_TERM, 1);
}

static void
on_signal(struct cli_editor *editor, EditLine *edit)
{
    struct signalfd_siginfo info;
    if (read(editor->signal_fd, &info, sizeof info) != (ssize_t)sizeof info) {
        return;
    }
    if (info.ssi_signo == SIGTSTP) {
        suspend(edit);
    }
    el_resize(edit);
    cli_out_char(editor->env->out, '\r'); /* the line is written anew, over itself */
    cli_out_flush(editor->env->out);
    el_set(edit, EL_REFRESH);
}

/* Waits for a byte; 0 at the end, -1 after Ctrl-C. */
static int
read_byte(struct cli_editor *editor, EditLine *edit, char *ret_byte)
{
    struct pollfd wait[] = {{.fd = editor->env->in_fd, .events = POLLIN},
                            {.fd = editor->signal_fd, .events = POLLIN}};
    for (;;) {
        int ready = poll(wait, 2, -1);
        if (*editor->env->interrupts) {
            editor->interrupted = true;
            return -1;
        }
        if (ready < 0 && errno != EINTR) {
            return -1;
        }
        if (ready > 0 && wait[1].revents & POLLIN) {
            on_signal(editor, edit);
        }
        if (ready > 0 && wait[0].revents) {
            ssize_t got = read(editor->env->in_fd, ret_byte, 1);
            if (got >= 0 || errno != EINTR) {
                return (int)got;
            }
        }
    }
}

/* libedit's own reader tries again after a signal; ours lets Ctrl-C end the line. */
static int
read_character(EditLine *edit, wchar_t *ret_character)
{
    struct cli_editor *editor = editor_of(edit);
    mbstate_t state;
    memset(&state, 0, sizeof state);
    for (;;) {
        char byte;
        int got = read_byte(editor, edit, &byte);
        if (got <= 0) {
            return got;
        }
        size_t used = mbrtowc(ret_character, &byte, 1, &state);
        if (used == (size_t)-1) {
            memset(&state, 0, sizeof state); /* not UTF-8: as if it was not typed */
        }
        else if (used != (size_t)-2) {
            return 1;
        }
    }
}

static void
add_history(void *ctx, const char *line)
{
    struct cli_editor *editor = ctx;
    HistEvent event;
    history(editor->history, &event, H_ENTER, line);
}

/* The user's ~/.editrc. Left to itself, libedit would look for one beside the recording
 * when there is no home. */
static void
read_editrc(EditLine *edit)
{
    char *path = cli_home_path(".editrc");
    if (path) {
        el_source(edit, path);
    }
    free(path);
}

static bool
edit_init(struct cli_editor *editor)
{
    HistEvent event;
    EditLine *edit = el_init("pyreplay", stdin, stdout, stderr);
    editor->edit = edit;
    editor->history = history_init();
    if (!edit || !editor->history) {
        return false;
    }
    el_set(edit, EL_CLIENTDATA, editor);
    el_set(edit, EL_PROMPT, get_prompt);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_GETCFN, read_character);
    history(editor->history, &event, H_SETSIZE, CLI_HISTORY_LINES);
    history(editor->history, &event, H_SETUNIQUE, 1);
    el_set(edit, EL_HIST, history, editor->history);
    el_set(edit, EL_ADDFN, "pyreplay-complete", "complete the word", on_tab);
    el_set(edit, EL_BIND, "^I", "pyreplay-complete", NULL);
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    read_editrc(edit);
    if (editor->history_path) {
        cli_history_load(editor->history_path, add_history, editor);
    }
    return true;
}

struct cli_editor *
cli_editor_open(struct cli_env *env, const char *history_path, cli_complete_fn complete,
                void *context)
{
    struct cli_editor *editor = calloc(1, sizeof *editor);
    if (!editor) {
        return NULL;
    }
    editor->env = env;
    editor->history_path = history_path;
    editor->complete = complete;
    editor->context = context;
    editor->signal_fd = -1;
    if (isatty(env->in_fd) && isatty(env->out->fd) && !edit_init(editor)) {
        cli_editor_close(editor);
        return NULL;
    }
    return editor;
}

void
cli_editor_close(struct cli_editor *editor)
{
    if (!editor) {
        return;
    }
    if (editor->edit) {
        el_end(editor->edit);
    }
    if (editor->history) {
        history_end(editor->history);
    }
    free(editor->line);
    free(editor);
}

static bool
keep_line(struct cli_editor *editor, const char *line, size_t len)
{
    if (len + 1 > editor->cap) {
        char *grown = realloc(editor->line, len + 1);
        if (!grown) {
            return false;
        }
        editor->line = grown;
        editor->cap = len + 1;
    }
    memcpy(editor->line, line, len);
    editor->line[len] = 0;
    return true;
}

/* While a line is typed, Ctrl-Z and a window's new size are told to the editor. */
static const char *
get_line(struct cli_editor *editor, int *ret_count)
{
    sigset_t told, before;
    sigemptyset(&told);
    sigaddset(&told, SIGTSTP);
    sigaddset(&told, SIGCONT);
    sigaddset(&told, SIGWINCH);
    sigprocmask(SIG_BLOCK, &told, &before);
    editor->signal_fd = signalfd(-1, &told, SFD_CLOEXEC | SFD_NONBLOCK);
    el_resize(editor->edit);
    const char *line = el_gets(editor->edit, ret_count);
    if (editor->signal_fd >= 0) {
        close(editor->signal_fd);
    }
    editor->signal_fd = -1;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return line;
}

static void
remember(struct cli_editor *editor, const char *line)
{
    HistEvent event;
    bool again = history(editor->history, &event, H_FIRST) >= 0 && event.str
                 && strcmp(event.str, line) == 0;
    history(editor->history, &event, H_ENTER, line);
    if (editor->history_path && !again) {
        cli_history_append(editor->history_path, line);
    }
}

static enum cli_editor_got
read_edited(struct cli_editor *editor, const char **ret_line)
{
    int count = 0;
    editor->interrupted = false;
    *editor->env->interrupts = 0;
    const char *line = get_line(editor, &count);
    if (editor->interrupted) {
        *editor->env->interrupts = 0;
        return CLI_EDITOR_INTERRUPTED;
    }
    if (!line || count <= 0) {
        return CLI_EDITOR_END;
    }
    size_t len = strcspn(line, "\r\n");
    if (!keep_line(editor, line, len)) {
        return CLI_EDITOR_END;
    }
    if (len > 0) {
        remember(editor, editor->line);
    }
    *ret_line = editor->line;
    return CLI_EDITOR_LINE;
}

enum cli_editor_got
cli_editor_read(struct cli_editor *editor, const char *prompt, const char **ret_line)
{
    cli_out_flush(editor->env->out);
    editor->prompt = prompt;
    if (editor->edit) {
        return read_edited(editor, ret_line);
    }
    if (isatty(editor->env->in_fd)) {
        cli_out_str(editor->env->out, prompt);
        cli_out_flush(editor->env->out);
    }
    ssize_t len = getline(&editor->line, &editor->cap, stdin);
    if (len < 0) {
        return CLI_EDITOR_END;
    }
    editor->line[strcspn(editor->line, "\r\n")] = 0;
    *ret_line = editor->line;
    return CLI_EDITOR_LINE;
}
