#include "ring.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

void ring_init(struct ring *ring) {
  ring->fd = -1;
  ring->head = ring->tail = 0;
}

void ring_close(struct ring *ring) {
  close_fd(&ring->fd);
  ring->head = ring->tail = 0;
}

// Not every file system can make a file without a name.
static int open_named(const char *directory) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/.reader-%d", directory, (int)getpid());
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) unlink(path);
  return fd;
}

static int open_unlinked(const char *directory) {
  int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  return fd >= 0 ? fd : open_named(directory);
}

size_t ring_put(struct ring *ring, const struct ring_limits *limits, const void *data, size_t length) {
  if (ring->fd < 0) ring->fd = open_unlinked(limits->directory);
  if (ring->fd < 0) return 0;
  size_t stored = 0;
  while (stored < length) {
    uint64_t offset = ring->tail % limits->bytes;
    size_t room = least(limits->bytes - ring_used(ring), limits->bytes - offset);
    size_t part = least(length - stored, room);
    ssize_t written = part ? pwrite(ring->fd, (const char *)data + stored, part, (off_t)offset) : 0;
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    ring->tail += (uint64_t)written;
    stored += (size_t)written;
  }
  return stored;
}

size_t ring_peek(const struct ring *ring, const struct ring_limits *limits, void *data, size_t length) {
  uint64_t offset = ring->head % limits->bytes;
  size_t part = least(length, least(ring_used(ring), limits->bytes - offset));
  ssize_t read = pread(ring->fd, data, part, (off_t)offset);
  return read > 0 ? (size_t)read : 0;
}

void ring_drop(struct ring *ring, size_t length) {
  ring->head += length;
  if (ring->head != ring->tail) return;
  ring->head = ring->tail = 0;
  if (ftruncate(ring->fd, 0) < 0) ring_close(ring);
}
