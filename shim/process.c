#include "process.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"

// As wait(2) gives it: exit code 255.
#define LOST_STATUS (255 << 8)

void count_oom_kills(struct process *process) {
  if (process->oom_fd < 0) return;
  char text[512];
  ssize_t length = pread(process->oom_fd, text, sizeof text - 1, 0);
  if (length > 0) {
    text[length] = 0;
    const char *count = strstr(text, "oom_kill ");
    process->oom_killed = count && atol(count + sizeof "oom_kill") > 0;
  }
  if (length >= 0 && !process->oom_killed) return;
  close(process->oom_fd);  // nothing more to learn; a group that is gone would be reported for ever
  process->oom_fd = -1;
}

static void process_ended(struct process *process, int status) {
  process->status = status;
  process->phase = ENDED;
  stamp_now(&process->finished);
  count_oom_kills(process);
}

static void runtime_ended(struct process *process, int status) {
  process->pid = status == 0 ? read_pid_file() : 0;
  process->runtime = 0;
  process->phase = process->pid > 0 ? RUNNING : FAILED;
  process->status = status;
  stamp_now(&process->started);
  if (process->phase != RUNNING) return;
  if (process->oom_counters) process->oom_fd = open(process->oom_counters, O_RDONLY | O_CLOEXEC);
  count_oom_kills(process);  // the kernel tells of changes since it was read
  // A process that is gone without being ours to reap would be waited for in vain.
  if (kill(process->pid, 0) < 0 && errno == ESRCH) process_ended(process, LOST_STATUS);
}

void process_reap(struct process *process) {
  int status;
  if (process->phase == STARTING) {
    if (waitpid(process->runtime, &status, WNOHANG) != process->runtime) return;
    runtime_ended(process, status);
  }
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    if (pid == process->pid) process_ended(process, status);
}

size_t exit_record(struct process *process, char *text, size_t size) {
  count_oom_kills(process);
  int signal = WIFSIGNALED(process->status) ? WTERMSIG(process->status) : 0;
  int length = snprintf(
    text, size,
    "{\"pid\":%d,\"startedAt\":\"%s\",\"code\":%d,\"signal\":%d,\"oomKilled\":%s,\"finishedAt\":\"%s\"}",
    (int)process->pid, process->started.text, signal ? 128 + signal : WEXITSTATUS(process->status), signal,
    process->oom_killed ? "true" : "false", process->finished.text);
  return (size_t)length;
}

static void sync_directory_of(const char *path) {
  char parent[PATH_MAX];
  snprintf(parent, sizeof parent, "%s", path);
  char *slash = strrchr(parent, '/');
  if (!slash) return;
  *slash = 0;
  scoped_fd fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) fsync(fd);
}

void write_record(const char *path, const char *text, size_t length, bool sync) {
  char temporary[PATH_MAX];
  snprintf(temporary, sizeof temporary, "%s.tmp", path);
  scoped_fd fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, text, length) != (ssize_t)length) return;
  if (sync) fsync(fd);
  if (rename(temporary, path) == 0 && sync) sync_directory_of(path);
}
