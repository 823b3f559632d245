// Scope attributes, the error value, and two small helpers every part uses.
#ifndef SCOPE_H
#define SCOPE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

// Filled once, where the failure happened; `code` is an errno value, or 0 when the kernel has no part in it.
struct error {
  int code;
  const char *what;
};

// For the line that found the failure: `return fail(error, "open log");`
static inline int fail(struct error *error, const char *what) {
  error->code = errno;
  error->what = what;
  return -1;
}

static inline void close_scoped(int *fd) {
  if (*fd >= 0) close(*fd);
}

// Closed at the end of the scope unless moved away.
#define scoped_fd __attribute__((cleanup(close_scoped))) int

static inline int move_fd(int *fd) {
  int moved = *fd;
  *fd = -1;
  return moved;
}

static inline void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static inline size_t least(size_t a, size_t b) { return a < b ? a : b; }

static inline int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
