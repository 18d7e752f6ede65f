/* Preloaded into a process: fsync answers EIO while the file named by SHIM_EIO exists, and writes answer
   ENOSPC while the one named by SHIM_ENOSPC does; while the one named by SHIM_HANG does, fsync does not return. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int on(const char *variable) {
    const char *flag = getenv(variable);
    return flag && access(flag, F_OK) == 0;
}
static int is_file(int fd) {
    struct stat s;
    return fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
}
#define FAIL(variable, code) if (on(variable) && is_file(fd)) { errno = code; return -1; }

static void hang(int fd) {
    while (on("SHIM_HANG") && is_file(fd)) usleep(1000);
}

int fsync(int fd) {
    hang(fd);
    FAIL("SHIM_EIO", EIO)
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}
int fdatasync(int fd) {
    hang(fd);
    FAIL("SHIM_EIO", EIO)
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
ssize_t write(int fd, const void *p, size_t n) {
    FAIL("SHIM_ENOSPC", ENOSPC)
    return ((ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write"))(fd, p, n);
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t at) {
    FAIL("SHIM_ENOSPC", ENOSPC)
    return ((ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite"))(fd, p, n, at);
}
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) {
    FAIL("SHIM_ENOSPC", ENOSPC)
    return ((ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64"))(fd, p, n, at);
}
