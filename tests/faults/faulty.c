/* Preloaded into pyrecord: makes one of the recorder's own system calls or allocations fail,
 * or all from there on. The program's own are left alone.
 *
 * FAULT_OP     which: write, fallocate, mmap, thread, malloc, open, ftruncate, fdatasync;
 *              clock_back, clock_forward (from the call on, by an hour)
 * FAULT_FROM   the first call to fail, counted from 1
 * FAULT_COUNT  so many fail (0: all that follow)
 * FAULT_ERRNO  with this errno
 * FAULT_CODE   for those but write and fallocate: "first-last", addresses of the recorder's
 *              code in the program's file
 * FAULT_DELAY  fdatasync takes so many milliseconds
 * FAULT_SHADOW a directory: what a power cut would leave. Each fdatasync of a recording or
 *              tail puts a copy of it there, and before the recording's, a copy of
 * FAULT_SIDE   a file that the program writes, as NAME.at; once the tail's is done, too, that
 *              becomes NAME
 * FAULT_BOOT   a file that stands for the kernel's boot_id */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct {
    char op[20];
    long from, count;
    int error;
    uintptr_t code_first, code_last;
    bool ready;
} fault;

static struct {
    const char *shadow, *side, *boot;
    long delay_ms;
} power;

static long calls;

static int
find_base(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    *(uintptr_t *)data = info->dlpi_addr;
    return 1; /* the first is the program */
}

__attribute__((constructor)) static void
read_environment(void)
{
    const char *op = getenv("FAULT_OP"), *code = getenv("FAULT_CODE");
    const char *delay = getenv("FAULT_DELAY");
    uintptr_t base = 0;
    power.shadow = getenv("FAULT_SHADOW");
    power.side = getenv("FAULT_SIDE");
    power.boot = getenv("FAULT_BOOT");
    power.delay_ms = delay != NULL ? atol(delay) : 0;
    if (op == NULL) {
        return;
    }
    snprintf(fault.op, sizeof fault.op, "%s", op);
    fault.from = atol(getenv("FAULT_FROM"));
    fault.count = atol(getenv("FAULT_COUNT"));
    fault.error = atoi(getenv("FAULT_ERRNO"));
    if (code != NULL) {
        char *end;
        dl_iterate_phdr(find_base, &base);
        fault.code_first = base + strtoull(code, &end, 16);
        fault.code_last = base + strtoull(end + 1, NULL, 16);
    }
    fault.ready = true;
}

static bool
is_due(const char *op)
{
    if (!fault.ready || strcmp(op, fault.op) != 0) {
        return false;
    }
    long n = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    return n >= fault.from && (fault.count == 0 || n < fault.from + fault.count);
}

static bool
is_recorders(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    return at >= fault.code_first && at < fault.code_last;
}

static bool
path_of(int fd, char path[512])
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, 511);
    path[len > 0 ? len : 0] = '\0';
    return len > 0;
}

/* The recording and its tail. */
static bool
is_recording(int fd)
{
    char path[512];
    return path_of(fd, path) && strstr(path, ".pyrec") != NULL;
}

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

ssize_t
write(int fd, const void *bytes, size_t len)
{
    if (fault.ready && strcmp(fault.op, "write") == 0 && is_recording(fd)
        && is_due("write")) {
        errno = fault.error;
        return -1;
    }
    return REAL(write)(fd, bytes, len);
}

int
fallocate(int fd, int mode, off_t off, off_t len)
{
    if (is_due("fallocate")) {
        errno = fault.error;
        return -1;
    }
    return REAL(fallocate)(fd, mode, off, len);
}

void *
mmap(void *at, size_t len, int access, int how, int fd, off_t off)
{
    if (fault.ready && is_recorders(__builtin_return_address(0)) && is_due("mmap")) {
        errno = fault.error;
        return MAP_FAILED;
    }
    return REAL(mmap)(at, len, access, how, fd, off);
}

int
pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
               void *arg)
{
    if (fault.ready && is_recorders((const void *)start) && is_due("thread")) {
        return fault.error;
    }
    return REAL(pthread_create)(thread, attr, start, arg);
}

extern void *__libc_malloc(size_t len);
extern void *__libc_calloc(size_t count, size_t len);
extern void *__libc_realloc(void *at, size_t len);

void *
malloc(size_t len)
{
    if (fault.ready && is_recorders(__builtin_return_address(0)) && is_due("malloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_malloc(len);
}

void *
calloc(size_t count, size_t len)
{
    if (fault.ready && is_recorders(__builtin_return_address(0)) && is_due("malloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_calloc(count, len);
}

void *
realloc(void *at, size_t len)
{
    if (fault.ready && is_recorders(__builtin_return_address(0)) && is_due("malloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_realloc(at, len);
}

int
open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (fault.ready && is_recorders(__builtin_return_address(0)) && is_due("open")) {
        errno = fault.error;
        return -1;
    }
    if (power.boot != NULL && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0) {
        path = power.boot;
    }
    return REAL(open)(path, flags, mode);
}

int
ftruncate(int fd, off_t len)
{
    if (fault.ready && is_recording(fd) && is_due("ftruncate")) {
        errno = fault.error;
        return -1;
    }
    return REAL(ftruncate)(fd, len);
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = REAL(clock_gettime)(clock, now);
    if (fault.ready && is_recorders(__builtin_return_address(0))) {
        now->tv_sec += is_due("clock_forward") ? 3600 : 0;
        now->tv_sec -= is_due("clock_back") ? 3600 : 0;
    }
    return failed;
}

/* --- Power cuts --- */
static void
copy(const char *from, const char *name, const char *suffix)
{
    static char block[65536]; /* the thread that calls has a small stack */
    char to[600];
    const char *base = strrchr(name, '/');
    snprintf(to, sizeof to, "%s/%s%s.new", power.shadow, base != NULL ? base + 1 : name,
             suffix);
    int in = REAL(open)(from, O_RDONLY | O_CLOEXEC),
        out = REAL(open)(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (ssize_t len; (len = read(in, block, sizeof block)) > 0;) {
        if (REAL(write)(out, block, (size_t)len) != len) {
            abort();
        }
    }
    close(in);
    close(out);
    char whole[600];
    snprintf(whole, sizeof whole, "%.*s", (int)strlen(to) - 4, to);
    rename(to, whole);
}

int
fdatasync(int fd)
{
    char path[512];
    if (fault.ready && is_due("fdatasync")) {
        errno = fault.error;
        return -1;
    }
    bool known = power.shadow != NULL && path_of(fd, path);
    bool tail = known && strstr(path, ".tail") != NULL;
    if (known && !tail) {
        copy(power.side, power.side, ".at");
    }
    if (known) {
        copy(path, path, "");
    }
    if (power.delay_ms > 0) {
        usleep((useconds_t)power.delay_ms * 1000);
    }
    if (tail) {
        char from[600], base[512];
        snprintf(base, sizeof base, "%s", strrchr(power.side, '/') + 1);
        snprintf(from, sizeof from, "%s/%s.at", power.shadow, base);
        copy(from, base, "");
    }
    return known || power.delay_ms > 0 ? 0 : REAL(fdatasync)(fd);
}
