// The supervisor's one loop: waits for what can be done and does it, a piece at a time.
#ifndef LOOP_H
#define LOOP_H

#include "shim.h"

// One turn. Returns whether nothing happened within the time (-1: no limit).
bool turn(struct shim *shim, int timeout_ms);

// Whether a reader still needs the chunk in hand: nothing more is read until it has it.
bool somebody_holds(const struct shim *shim);

#endif
