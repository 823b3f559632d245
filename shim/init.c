// The first process inside a container started with --init: runs the program, passes signals on, reaps orphans, and
// ends as the program ends.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim.h"

// Raised by what a process does itself; blocking them would turn a crash of ours into a hang.
static const int own_faults[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS};

static void block_signals(sigset_t *blocked, sigset_t *before) {
  sigfillset(blocked);
  for (size_t i = 0; i < sizeof own_faults / sizeof *own_faults; i++) sigdelset(blocked, own_faults[i]);
  sigprocmask(SIG_SETMASK, blocked, before);
}

// In a process group of its own and, where there is a terminal, in front of it, as a shell would start it.
static int run_program(char **program, const sigset_t *mask) {
  setpgid(0, 0);
  tcsetpgrp(STDIN_FILENO, getpgrp());  // still with SIGTTOU blocked
  sigprocmask(SIG_SETMASK, mask, NULL);
  execvp(program[0], program);
  int code = errno == ENOENT ? 127 : 126;
  dprintf(STDERR_FILENO, "docker-init: %s: %s\n", program[0], strerror(errno));
  return code;
}

static int exit_code(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

// Returns whether the program itself has ended.
static bool reap(pid_t program, int *code) {
  int status;
  bool ended = false;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != program) continue;
    *code = exit_code(status);
    ended = true;
  }
  return ended;
}

int container_init(int argc, char **argv) {
  char **program = argv + (argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1);
  if (!program[0]) {
    dprintf(STDERR_FILENO, "usage: docker-init -- PROGRAM [ARGUMENT...]\n");
    return 126;
  }
  sigset_t blocked, before;
  block_signals(&blocked, &before);
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // for containers that share a pid namespace
  pid_t child = fork();
  if (child < 0) {
    dprintf(STDERR_FILENO, "docker-init: fork: %s\n", strerror(errno));
    return 126;
  }
  if (child == 0) _exit(run_program(program, &before));
  int code = 0;
  for (;;) {
    int number = sigwaitinfo(&blocked, NULL);
    if (number == SIGCHLD) {
      if (reap(child, &code)) return code;
    } else if (number > 0) {
      kill(child, number);
    }
  }
}
