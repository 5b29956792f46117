#include "rec_signals.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static struct {
    struct rec_writer *writer;
    pid_t pid;
} signals;

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
    if (info->si_code <= 0) {
        raise(number);
    }
    errno = before;
}

void
rec_signals_watch(struct rec_writer *writer)
{
    static const int watched[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL, SIGABRT,
                                  SIGSYS,  SIGTERM, SIGHUP, SIGQUIT};
    signals.pid = getpid();
    __atomic_store_n(&signals.writer, writer, __ATOMIC_RELEASE);
    if (signals.pid == 1) {
        return; /* signals do not end it by default (pid_namespaces(7)) */
    }
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        struct sigaction now,
            ours = {.sa_sigaction = on_signal,
                    .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK};
        sigemptyset(&ours.sa_mask);
        if (sigaction(watched[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
            sigaction(watched[i], &ours, NULL);
        }
    }
}

void
rec_signals_forget(void)
{
    __atomic_store_n(&signals.writer, NULL, __ATOMIC_RELEASE);
}
