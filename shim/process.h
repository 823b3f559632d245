// The supervised process: from the runtime's end over the process's own to its exit record.
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "scope.h"
#include "stamp.h"

enum phase { STARTING, RUNNING, FAILED, ENDED };

struct process {
  enum phase phase;
  pid_t runtime;
  pid_t pid;
  int status;  // as wait(2) gives it: the process's, or the runtime's when the start failed
  struct stamp started;
  struct stamp finished;
  const char *oom_counters;  // NULL: nobody asks
  int oom_fd;                // the same, open since the start; -1 when there is nothing more to learn from it
  bool oom_killed;
};

// Takes in what ended. Children other than the runtime are left alone until the runtime is done: crun's intermediate
// child becomes ours, and the process itself may end before the runtime has said who it is.
void process_reap(struct process *process);

// Reads the counters. Called whenever they change, too: systemd removes a group as soon as it is empty, and at the end
// there may be nothing left to ask.
void count_oom_kills(struct process *process);

// The record of protocol.md as text. Returns its length.
size_t exit_record(struct process *process, char *text, size_t size);
// Writes under a temporary name and renames. A failure leaves no record: the daemon then counts the process as lost.
void write_record(const char *path, const char *text, size_t length, bool sync);

#endif
