/* pyreplay: opens a recording and steps through it. All that is global is here. */
#include <langinfo.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static volatile sig_atomic_t interrupts;
static struct cli_out standard_out, standard_err;

static void
on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupts = 1;
}

/* Without SA_RESTART, so that a read at the prompt comes back. */
static void
catch_interrupts(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, NULL);
}

/* Of a locale that this machine does not have, as when one comes by ssh. */
static bool
asks_for_utf8(void)
{
    static const char *const variable[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof variable / sizeof *variable; i++) {
        const char *name = getenv(variable[i]);
        if (name && *name) {
            return strcasestr(name, ".utf-8") || strcasestr(name, ".utf8");
        }
    }
    return false;
}

/* Recorded text is UTF-8 whatever the locale says; whether a terminal shows it so is the
 * locale's to say, which is returned. */
static bool
use_utf8(void)
{
    bool is_utf8 = setlocale(LC_CTYPE, "") ? strcmp(nl_langinfo(CODESET), "UTF-8") == 0
                                           : asks_for_utf8();
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
    return is_utf8;
}

/* A decoded chunk is a few arrays of a megabyte, made and dropped all the time: they come
 * from the heap, which is half the time of a jump. What is larger goes back to the system,
 * and a container of which little is looked at takes no memory for the rest (mallopt(3)).
 * One heap for all threads: what those that read ahead make the first one frees, and it
 * would lie in their heaps until they are in need again. */
static void
tune_heap(void)
{
    mallopt(M_MMAP_THRESHOLD, 6 << 20);
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
    mallopt(M_TOP_PAD, 1 << 20);
    mallopt(M_ARENA_MAX, 1);
}

int
main(int argc, char **argv)
{
    tune_heap();
    struct cli_env env = {
        .out = &standard_out,
        .err = &standard_err,
        .in_fd = STDIN_FILENO,
        .interrupts = &interrupts,
        .interrupts_catch = catch_interrupts,
    };
    bool is_utf8 = use_utf8();
    signal(SIGPIPE,
           SIG_IGN); /* a closed pipe is an error of write() and ends quietly */
    cli_out_init(&standard_out, STDOUT_FILENO, is_utf8);
    cli_out_init(&standard_err, STDERR_FILENO, is_utf8);
    return cli_run(&env, argc, argv);
}
