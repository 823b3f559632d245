// The run of the OCI runtime that starts the supervised process.
#ifndef LAUNCH_H
#define LAUNCH_H

#include <sys/types.h>

#include "options.h"

// The runtime's standard streams, which the process inherits.
struct child_ends {
  int in;
  int out;
  int err;
};

// Returns the runtime's process id, -1 when it could not be run.
pid_t launch_runtime(const struct options *options, const struct child_ends *ends, struct error *error);

// The process id the runtime left in its pid file, 0 when there is none.
pid_t read_pid_file(void);

#endif
