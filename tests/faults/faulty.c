/* Preloaded into pyrecord: makes one of the recorder's own system calls or allocations fail,
 * or all from there on. The program's own are left alone.
 *
 * FAULT_OP     which: write, fallocate, mmap, thread, malloc
 * FAULT_FROM   the first call to fail, counted from 1
 * FAULT_COUNT  so many fail (0: all that follow)
 * FAULT_ERRNO  with this errno
 * FAULT_CODE   for malloc and mmap: "first-last", addresses of the recorder's code in the
 *              program's file */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct {
    char op[16];
    long from, count;
    int error;
    uintptr_t code_first, code_last;
    bool ready;
} fault;

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
    uintptr_t base = 0;
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

/* The recording and its tail. */
static bool
is_recording(int fd)
{
    char link[40], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len < 0) {
        return false;
    }
    path[len] = '\0';
    return strstr(path, ".pyrec") != NULL;
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
