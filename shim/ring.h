// What a slow reader has not taken yet: a bounded ring in an unlinked file, made when first needed.
#ifndef RING_H
#define RING_H

#include <stdint.h>

#include "scope.h"

struct ring_limits {
  const char *directory;
  uint64_t bytes;
};

struct ring {
  int fd;
  uint64_t head;  // bytes ever taken out
  uint64_t tail;  // bytes ever put in
};

void ring_init(struct ring *ring);
void ring_close(struct ring *ring);

static inline uint64_t ring_used(const struct ring *ring) { return ring->tail - ring->head; }

// Returns the bytes stored: less than `length` when the ring is full or the disk is.
size_t ring_put(struct ring *ring, const struct ring_limits *limits, const void *data, size_t length);
// Copies the oldest bytes, without taking them out. Returns how many, 0 when the file cannot be read.
size_t ring_peek(const struct ring *ring, const struct ring_limits *limits, void *data, size_t length);
// Takes out `length` bytes; an empty ring gives its disk space back.
void ring_drop(struct ring *ring, size_t length);

#endif
