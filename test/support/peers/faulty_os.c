/*
 * An operating system that fails as told: preloaded (LD_PRELOAD) into a process, it sets its wall clock and has the
 * writes and syncs of its databases fail. What it is told stands in the file FAULTY_OS, which the test changes while
 * the process runs (faulty-os.ts has the same layout).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct orders {
  volatile int64_t clock_offset_ms;
  volatile int32_t sync_errno;
  volatile int32_t write_errno;
  /* The process is killed before the write of this number; 0: never. */
  volatile int32_t kill_at_write;
  volatile int32_t writes;
};

static struct orders nothing;
static struct orders *orders = &nothing;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAULTY_OS");
  int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *shared = mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (shared != MAP_FAILED) orders = shared;
  close(fd);
}

/* Logs and pages are written on: only what SQLite has open fails. */
static int is_database(int fd) {
  char link[32], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 4) return 0;
  path[length] = 0;
  return strcmp(path + length - 3, ".db") == 0 || strcmp(path + length - 4, "-wal") == 0;
}

#define NEXT(name) \
  static __typeof__(name) *next; \
  if (!next) next = dlsym(RTLD_NEXT, #name)

static int fails(int fd, int error) {
  if (!error || !is_database(fd)) return 0;
  errno = error;
  return 1;
}

static int write_fails(int fd) {
  if (orders->kill_at_write && is_database(fd) && __sync_add_and_fetch(&orders->writes, 1) >= orders->kill_at_write)
    kill(getpid(), SIGKILL);
  return fails(fd, orders->write_errno);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  NEXT(write);
  return write_fails(fd) ? -1 : next(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  NEXT(pwrite64);
  return write_fails(fd) ? -1 : next(fd, bytes, count, at);
}

int fsync(int fd) {
  NEXT(fsync);
  return fails(fd, orders->sync_errno) ? -1 : next(fd);
}

int fdatasync(int fd) {
  NEXT(fdatasync);
  return fails(fd, orders->sync_errno) ? -1 : next(fd);
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  NEXT(gettimeofday);
  int result = next(now, zone);
  if (result == 0) now->tv_sec += orders->clock_offset_ms / 1000;
  return result;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  NEXT(clock_gettime);
  int result = next(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += orders->clock_offset_ms / 1000;
  return result;
}
