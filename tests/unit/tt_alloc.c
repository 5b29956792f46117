#include "tt_alloc.h"

#include <errno.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

bool
tt_alloc_possible(void)
{
    return false;
}

void
tt_alloc_fail(size_t nth, bool onward)
{
    (void)nth, (void)onward;
}

size_t
tt_alloc_end(void)
{
    return 0;
}

long
tt_alloc_kept(void)
{
    return 0;
}

#else

/* glibc's own names for what a program may replace:
 * https://www.gnu.org/software/libc/manual/html_node/Replacing-malloc.html */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void __libc_free(void *at);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *at, size_t size);
void free(void *at);

static struct {
    size_t done, nth;
    long kept;
    bool on, onward;
} failing;

bool
tt_alloc_possible(void)
{
    return true;
}

void
tt_alloc_fail(size_t nth, bool onward)
{
    failing.done = 0;
    failing.kept = 0;
    failing.nth = nth;
    failing.onward = onward;
    failing.on = true;
}

size_t
tt_alloc_end(void)
{
    failing.on = false;
    return failing.done;
}

long
tt_alloc_kept(void)
{
    return failing.kept;
}

static bool
fails(void)
{
    if (!failing.on) {
        return false;
    }
    failing.done++;
    bool now = failing.nth > 0
               && (failing.done == failing.nth
                   || (failing.onward && failing.done > failing.nth));
    if (now) {
        errno = ENOMEM;
    }
    return now;
}

static void *
counted(void *at)
{
    failing.kept += failing.on && at != NULL;
    return at;
}

void *
malloc(size_t size)
{
    return fails() ? NULL : counted(__libc_malloc(size));
}

void *
calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(__libc_calloc(count, size));
}

void *
realloc(void *at, size_t size)
{
    if (fails()) {
        return NULL;
    }
    return at == NULL ? counted(__libc_malloc(size)) : __libc_realloc(at, size);
}

void
free(void *at)
{
    failing.kept -= failing.on && at != NULL;
    __libc_free(at);
}

#endif
