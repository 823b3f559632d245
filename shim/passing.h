// Descriptors that come over a socket.
#ifndef PASSING_H
#define PASSING_H

#include "scope.h"

// As recv(2), with its flags; a descriptor that came along goes to `fd`, close-on-exec, unless there is one already.
ssize_t receive_passed(int socket, void *data, size_t size, int flags, int *fd);

#endif
