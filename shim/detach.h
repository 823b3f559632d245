// The keys that let go of a terminal, watched for in what a client types.
#ifndef DETACH_H
#define DETACH_H

#include <stdbool.h>

#include "connections.h"

// Copies what goes to the process from `from` to `to`, which may overlap if it begins DETACH_KEYS_MAX earlier: bytes
// that begin the sequence are held back until the next one decides. Returns how many bytes go; `detached` tells that
// the sequence is complete, and what was typed behind it is dropped.
size_t detach_filter(struct detach_keys *keys, const uint8_t *from, size_t length, uint8_t *to, bool *detached);

#endif
