// A null device for one container alone.
#ifndef NULL_H
#define NULL_H

#include "scope.h"

// Opens a null device with an inode of its own, where the kernel can do that; else the host's.
//
// crun gives its container's user what it finds as standard streams, and leaves the container the descriptor: of the
// host's /dev/null both would let a container take it away from everybody.
int open_private_null(struct error *error);

#endif
