// All state of one supervisor. It lives in one static place: nothing is allocated after the start.
#ifndef SHIM_H
#define SHIM_H

#include "connections.h"
#include "log.h"
#include "options.h"
#include "process.h"
#include "stdio.h"

struct shim {
  struct options options;
  struct process process;
  struct log log;
  struct stdio stdio;
  struct connections connections;
  int signals;   // tells of ended children
  int listener;  // where connections come in, while the process lives
};

// The supervisor's other trade: the first process inside a container. Returns the exit code.
int container_init(int argc, char **argv);

#endif
