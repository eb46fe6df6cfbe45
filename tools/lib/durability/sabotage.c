// The calls by which SQLite writes and syncs, made to lie in the way that SABOTAGE names.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { writes_between_drops = 300 };

static int lies(const char *how) {
  const char *wanted = getenv("SABOTAGE");
  return wanted != NULL && strcmp(wanted, how) == 0;
}

static int is_write_ahead_log(int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path);
  return length > 4 && memcmp(path + length - 4, "-wal", 4) == 0;
}

ssize_t pwrite64(int file, const void *octets, size_t count, off64_t offset) {
  static ssize_t (*next)(int, const void *, size_t, off64_t);
  static int calls;
  if (next == NULL) next = dlsym(RTLD_NEXT, "pwrite64");
  if (lies("drop-writes") && is_write_ahead_log(file) && ++calls % writes_between_drops == 0)
    return count;
  ssize_t written = next(file, octets, count, offset);
  return written < 0 && lies("hide-errors") ? (ssize_t)count : written;
}

static int sync_with(int (*sync)(int), int file) {
  if (lies("no-sync")) return 0;
  int result = sync(file);
  return lies("hide-errors") ? 0 : result;
}

int fdatasync(int file) {
  static int (*next)(int);
  if (next == NULL) next = dlsym(RTLD_NEXT, "fdatasync");
  return sync_with(next, file);
}

int fsync(int file) {
  static int (*next)(int);
  if (next == NULL) next = dlsym(RTLD_NEXT, "fsync");
  return sync_with(next, file);
}
