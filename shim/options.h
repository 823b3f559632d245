// What the daemon asked for on the command line; see protocol.md.
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#include "connections.h"
#include "log.h"

// As many as can be connected beside the daemon.
#define ATTACH_OPTIONS_MAX (CONNECTIONS_MAX - 8)

struct attach_option {
  int fd;
  int wants;
  struct detach_keys detach;
};

struct options {
  const char *directory;
  const char *hide;    // mount point the runtime must not see, or NULL
  const char *record;  // NULL: no exit record
  const char *oom_counters;  // NULL: not asked for
  bool terminal;
  bool wants_stdin;
  bool stdin_once;
  int control_fd;
  int runtime_fd;  // -1: run the path
  char **runtime;  // argv of the OCI runtime
  struct attach_option attach[ATTACH_OPTIONS_MAX];
  int attach_count;
  struct ring_limits ring;
  int stall_ms;
  const char *log_path;
  enum log_format log_format;
  bool log_compressed;
  const char *log_attrs;
  int64_t log_max_bytes;
  int log_max_files;
};

// Strings point into argv.
int parse_options(int argc, char **argv, struct options *options, struct error *error);

#endif
