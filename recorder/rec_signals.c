#include "rec_signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

static struct {
    struct rec_writer *writer;
    pid_t pid;
} signals;

/* By an instruction, not by somebody (sigaction(2), si_code). */
static bool
is_fault(int number, const siginfo_t *info)
{
    return info->si_code > 0
           && (number == SIGSEGV || number == SIGBUS || number == SIGFPE
               || number == SIGILL);
}

/* Its disposition is the default again (SA_RESETHAND). A fault comes anew when the handler
 * returns to the instruction; what was sent must be sent again. */
static void
on_signal(int number, siginfo_t *info, void *context)
{
    int before = errno;
    struct rec_writer *writer = __atomic_load_n(&signals.writer, __ATOMIC_ACQUIRE);
    (void)context;
    if (writer != NULL && getpid() == signals.pid) {
        rec_writer_note_signal(writer, number);
    }
    if (!is_fault(number, info)) {
        raise(number);
    }
    errno = before;
}

/* Those that end a process by default (signal(7)), as far as they can be caught. */
static const int WATCHED[] = {SIGSEGV,   SIGBUS,  SIGFPE,  SIGILL,  SIGABRT,
                              SIGSYS,    SIGTRAP, SIGTERM, SIGHUP,  SIGQUIT,
                              SIGINT,    SIGALRM, SIGPIPE, SIGUSR1, SIGUSR2,
                              SIGVTALRM, SIGPROF, SIGPOLL, SIGXCPU, SIGXFSZ};

void
rec_signals_watch_again(void)
{
    if (signals.writer == NULL || signals.pid == 1) {
        return; /* 1: signals do not end it by default (pid_namespaces(7)) */
    }
    for (size_t i = 0; i < sizeof WATCHED / sizeof *WATCHED; i++) {
        struct sigaction now,
            ours = {.sa_sigaction = on_signal,
                    .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK};
        sigemptyset(&ours.sa_mask);
        if (sigaction(WATCHED[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
            sigaction(WATCHED[i], &ours, NULL);
        }
    }
}

void
rec_signals_watch(struct rec_writer *writer)
{
    signals.pid = getpid();
    __atomic_store_n(&signals.writer, writer, __ATOMIC_RELEASE);
    rec_signals_watch_again();
}

void
rec_signals_forget(void)
{
    __atomic_store_n(&signals.writer, NULL, __ATOMIC_RELEASE);
}
