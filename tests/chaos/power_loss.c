/* Writes down, in order, all that a process does to a folder and what it says to the world: see power_loss.py.
 *
 * LD_PRELOAD. A record is a kind, two numbers and a payload; it is written before its effect can be seen by anybody
 * else, and flushes have one record at their beginning and one at their end.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))
#define PLACE (PATH_MAX + 64)

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;
static const char *folder, *outside;
static long delay;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    const char *place = getenv("POWER_LOSS_LOG");
    folder = getenv("POWER_LOSS_FOLDER");
    outside = getenv("POWER_LOSS_OUTSIDE");
    delay = 1000L * atol(getenv("POWER_LOSS_MICROSECONDS") ? getenv("POWER_LOSS_MICROSECONDS") : "0");
    if (place && folder && outside) journal = REAL(open)(place, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static void note(char kind, uint64_t one, uint64_t two, const struct iovec *parts, int count) {
    struct __attribute__((packed)) { char kind; uint64_t one, two; uint32_t size; } head = {kind, one, two, 0};
    struct iovec all[IOV_MAX] = {{&head, sizeof head}};
    for (int i = 0; i < count; i++) {
        all[i + 1] = parts[i];
        head.size += parts[i].iov_len;
    }
    size_t wanted = sizeof head + head.size;
    if (REAL(writev)(journal, all, count + 1) != (ssize_t)wanted) abort(); /* nothing may be missing unseen */
}

static void note_bytes(char kind, uint64_t one, uint64_t two, const void *data, size_t size) {
    struct iovec part = {(void *)data, size};
    note(kind, one, two, &part, 1);
}

static void note_places(char kind, const char *one, const char *two) {
    struct iovec parts[] = {{(void *)one, strlen(one) + 1}, {(void *)two, strlen(two)}};
    note(kind, 0, 0, parts, 2);
}

static int within(const char *place) {
    size_t size = journal < 0 ? 0 : strlen(folder);
    return size && !strncmp(place, folder, size) && (place[size] == '/' || !place[size]);
}

static int place_of(int file, char *place) { /* 0: nowhere */
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, place, PATH_MAX);
    if (size < 0) size = 0;
    place[size] = 0;
    return size > 10 && !strcmp(place + size - 10, " (deleted)") ? 0 : size > 0;
}

static int is_watched(int file) {
    char place[PLACE];
    return journal >= 0 && place_of(file, place) && within(place);
}

static uint64_t number_of(int file) {
    struct stat facts;
    return fstat(file, &facts) ? 0 : facts.st_ino;
}

static void whole(int at, const char *name, char *place) {
    char base[PLACE] = "";
    if (name[0] == '/') {
        snprintf(place, PLACE, "%s", name);
        return;
    }
    if (at == AT_FDCWD) { if (!getcwd(base, PATH_MAX)) base[0] = 0; }
    else place_of(at, base);
    if (snprintf(place, PLACE, "%s/%s", base, name) >= PLACE) abort();
}

/* Opening. */

static int opened(int at, const char *name, int flags, mode_t mode) {
    char place[PLACE];
    whole(at, name, place);
    if (!within(place) || !(flags & (O_CREAT | O_TRUNC)) || (flags & O_TMPFILE) == O_TMPFILE)
        return REAL(openat)(at, name, flags, mode);
    pthread_mutex_lock(&gate);
    int is_new = faccessat(at, name, F_OK, 0) != 0;
    int file = REAL(openat)(at, name, flags, mode), error = errno;
    if (file >= 0 && is_new) note_bytes('C', number_of(file), 0, place, strlen(place));
    else if (file >= 0 && flags & O_TRUNC) note('T', number_of(file), 0, NULL, 0);
    pthread_mutex_unlock(&gate);
    errno = error;
    return file;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, int); va_end(rest); }

int open(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int openat(int at, const char *name, int flags, ...) { MODE(flags) return opened(at, name, flags, mode); }
int openat64(int at, const char *name, int flags, ...) { MODE(flags) return opened(at, name, flags, mode); }

/* Writing. */

static int says(int file, const struct iovec *parts, int count) { /* what leaves this machine, before it does */
    char place[PLACE];
    if (journal < 0 || !place_of(file, place)) return 0;
    if (!strcmp(place, outside)) {
        note('O', 0, 0, parts, count);
        return 1;
    }
    if (!strncmp(place, "socket:", 7) && count && parts[0].iov_len > 12 && !memcmp(parts[0].iov_base, "HTTP/1.1 ", 9))
        note_bytes('A', 0, 0, parts[0].iov_base, 12);
    return 0;
}

static ssize_t wrote(int file, const struct iovec *parts, int count, off_t at) { /* at -1: where the file is */
    if (!is_watched(file)) {
        pthread_mutex_lock(&gate);
        says(file, parts, count);
        pthread_mutex_unlock(&gate);
        return at < 0 ? REAL(writev)(file, parts, count) : REAL(pwritev)(file, parts, count, at);
    }
    pthread_mutex_lock(&gate);
    ssize_t done = at < 0 ? REAL(writev)(file, parts, count) : REAL(pwritev)(file, parts, count, at);
    int error = errno;
    if (done > 0) {
        struct iovec kept[IOV_MAX];
        size_t left = done;
        int used = 0;
        for (; used < count && left; used++) {
            kept[used] = parts[used];
            if (kept[used].iov_len > left) kept[used].iov_len = left;
            left -= kept[used].iov_len;
        }
        note('W', number_of(file), at < 0 ? lseek(file, 0, SEEK_CUR) - done : at, kept, used);
    }
    pthread_mutex_unlock(&gate);
    errno = error;
    return done;
}

ssize_t write(int file, const void *data, size_t size) {
    struct iovec part = {(void *)data, size};
    return journal < 0 ? REAL(write)(file, data, size) : wrote(file, &part, 1, -1);
}
ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
    struct iovec part = {(void *)data, size};
    return wrote(file, &part, 1, at);
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) { return pwrite(file, data, size, at); }
ssize_t writev(int file, const struct iovec *parts, int count) {
    return count >= IOV_MAX - 1 ? REAL(writev)(file, parts, count) : wrote(file, parts, count, -1);
}

static void says_it(int file, const struct iovec *parts, int count) {
    pthread_mutex_lock(&gate);
    says(file, parts, count);
    pthread_mutex_unlock(&gate);
}

ssize_t send(int file, const void *data, size_t size, int flags) {
    struct iovec part = {(void *)data, size};
    says_it(file, &part, 1);
    return REAL(send)(file, data, size, flags);
}
ssize_t sendmsg(int file, const struct msghdr *message, int flags) {
    says_it(file, message->msg_iov, message->msg_iovlen);
    return REAL(sendmsg)(file, message, flags);
}

/* What a kernel copies is read back. */

static void note_copied(int file, off_t at, ssize_t size) {
    char link[64], data[1 << 16];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    int again = REAL(open)(link, O_RDONLY | O_CLOEXEC);
    for (ssize_t left = size, got; left > 0; left -= got, at += got) {
        got = pread(again, data, left < (ssize_t)sizeof data ? (size_t)left : sizeof data, at);
        if (got <= 0) abort();
        note_bytes('W', number_of(file), at, data, got);
    }
    close(again);
}

ssize_t sendfile(int to, int from, off_t *at, size_t size) {
    if (!is_watched(to)) return REAL(sendfile)(to, from, at, size);
    pthread_mutex_lock(&gate);
    ssize_t done = REAL(sendfile)(to, from, at, size);
    int error = errno;
    if (done > 0) note_copied(to, lseek(to, 0, SEEK_CUR) - done, done);
    pthread_mutex_unlock(&gate);
    errno = error;
    return done;
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t size) { return sendfile(to, from, at, size); }

static int changed_size(int file, off_t size) {
    if (!is_watched(file)) return REAL(ftruncate)(file, size);
    pthread_mutex_lock(&gate);
    int failed = REAL(ftruncate)(file, size), error = errno;
    if (!failed) note('T', number_of(file), size, NULL, 0);
    pthread_mutex_unlock(&gate);
    errno = error;
    return failed;
}
int ftruncate(int file, off_t size) { return changed_size(file, size); }
int ftruncate64(int file, off64_t size) { return changed_size(file, size); }

/* What nothing here does yet, so that the disk is not made up wrongly should that change. */

static void unknown(int file, const char *what) {
    char place[PLACE];
    if (journal < 0 || !place_of(file, place) || !within(place)) return;
    pthread_mutex_lock(&gate);
    note_places('X', what, place);
    pthread_mutex_unlock(&gate);
}

void *mmap(void *address, size_t size, int protection, int flags, int file, off_t at) {
    if (file >= 0 && flags & MAP_SHARED && protection & PROT_WRITE) unknown(file, "mmap");
    return REAL(mmap)(address, size, protection, flags, file, at);
}
void *mmap64(void *address, size_t size, int protection, int flags, int file, off64_t at) {
    return mmap(address, size, protection, flags, file, at);
}
ssize_t pwritev(int file, const struct iovec *parts, int count, off_t at) {
    unknown(file, "pwritev");
    return REAL(pwritev)(file, parts, count, at);
}
ssize_t copy_file_range(int from, off64_t *a, int to, off64_t *b, size_t size, unsigned flags) {
    unknown(to, "copy_file_range");
    return REAL(copy_file_range)(from, a, to, b, size, flags);
}
int fallocate(int file, int mode, off_t at, off_t size) {
    unknown(file, "fallocate");
    return REAL(fallocate)(file, mode, at, size);
}
int posix_fallocate(int file, off_t at, off_t size) {
    unknown(file, "posix_fallocate");
    return REAL(posix_fallocate)(file, at, size);
}

/* Flushing: what was written before its beginning is on the disk at its end. It takes its time, as disks do. */

static int flushed(int file) {
    char place[PLACE];
    if (journal < 0 || !place_of(file, place) || !within(place)) return 0;
    pthread_mutex_lock(&gate);
    struct stat facts;
    uint64_t begun = fstat(journal, &facts) ? 0 : facts.st_size;
    pthread_mutex_unlock(&gate);
    struct timespec time = {0, delay};
    nanosleep(&time, NULL);
    pthread_mutex_lock(&gate);
    note_bytes('S', number_of(file), begun, place, strlen(place));
    pthread_mutex_unlock(&gate);
    return 1;
}
int fsync(int file) { return flushed(file) ? 0 : REAL(fsync)(file); }
int fdatasync(int file) { return flushed(file) ? 0 : REAL(fdatasync)(file); }

/* Names. */

#define NAMED(kind, one, two, call) \
    if (!within(one) && !within(two)) return call; \
    pthread_mutex_lock(&gate); \
    int failed = call, error = errno; \
    if (!failed) note_places(kind, one, two); \
    pthread_mutex_unlock(&gate); \
    errno = error; \
    return failed;

static int renamed(int from, const char *old, int to, const char *new) {
    char one[PLACE], two[PLACE];
    whole(from, old, one);
    whole(to, new, two);
    NAMED('R', one, two, REAL(renameat)(from, old, to, new))
}
int rename(const char *old, const char *new) { return renamed(AT_FDCWD, old, AT_FDCWD, new); }
int renameat(int from, const char *old, int to, const char *new) { return renamed(from, old, to, new); }

static int linked(int from, const char *old, int to, const char *new, int flags) {
    char one[PLACE], two[PLACE];
    whole(from, old, one);
    whole(to, new, two);
    NAMED('L', one, two, REAL(linkat)(from, old, to, new, flags))
}
int link(const char *old, const char *new) { return linked(AT_FDCWD, old, AT_FDCWD, new, 0); }
int linkat(int a, const char *old, int b, const char *new, int flags) { return linked(a, old, b, new, flags); }

static int removed(int at, const char *name, int flags) {
    char one[PLACE];
    whole(at, name, one);
    NAMED('U', one, "", REAL(unlinkat)(at, name, flags))
}
int unlink(const char *name) { return removed(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return removed(AT_FDCWD, name, AT_REMOVEDIR); }
int unlinkat(int at, const char *name, int flags) { return removed(at, name, flags); }

static int made(int at, const char *name, mode_t mode) {
    char one[PLACE];
    whole(at, name, one);
    NAMED('D', one, "", REAL(mkdirat)(at, name, mode))
}
int mkdir(const char *name, mode_t mode) { return made(AT_FDCWD, name, mode); }
int mkdirat(int at, const char *name, mode_t mode) { return made(at, name, mode); }
