// One supervisor for one process: runs the OCI runtime, owns the process's streams, keeps its log, and tells how it
// ended. See protocol.md.
#include "shim.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "control.h"
#include "loop.h"

#define SOCKET_NAME "supervisor.sock"
// When the process has ended but somebody it left behind keeps its output open: how long to wait for more.
#define QUIET_MS 100
#define DRAIN_MS 2000

static struct shim shim;

// ── start ───────────────────────────────────────────────────────────────────

// Inherited descriptors go no further, and what the command line does not name is closed.
static void own_descriptors(const struct options *options) {
  int highest = options->control_fd > options->runtime_fd ? options->control_fd : options->runtime_fd;
  for (int i = 0; i < options->attach_count; i++)
    if (options->attach[i].fd > highest) highest = options->attach[i].fd;
  for (int fd = 3; fd <= highest; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
  syscall(SYS_close_range, (unsigned)highest + 1, ~0u, 0);
}

// Every signal is blocked: nobody but SIGKILL ends a supervisor while its process lives.
static int take_signals(struct error *error) {
  sigset_t all, children;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  signal(SIGCHLD, SIG_DFL);
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  shim.signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  return shim.signals < 0 ? fail(error, "watch for ended children") : 0;
}

static void take_inherited_connections(void) {
  const struct options *options = &shim.options;
  connection_add(&shim.connections, options->control_fd, CONTROL, WANTS_DETACHED);
  for (int i = 0; i < options->attach_count; i++) {
    const struct attach_option *attach = &options->attach[i];
    connection_add(&shim.connections, attach->fd, ATTACH, attach->wants)->detach = attach->detach;
  }
}

static int open_all(struct child_ends *ends, struct error *error) {
  struct log *log = &shim.log;
  const struct options *options = &shim.options;
  log->path = options->log_path;
  log->attrs = options->log_attrs;
  log->max_bytes = options->log_max_bytes;
  log->max_files = options->log_max_files;
  log->format = options->log_format;
  log->compressed = options->log_compressed;
  if (chdir(options->directory) < 0) return fail(error, "enter the run directory");
  unlink("pid");
  if (take_signals(error) < 0 || log_open(log, error) < 0) return -1;
  shim.listener = listen_at(SOCKET_NAME, error);
  if (shim.listener < 0) return -1;
  return stdio_open(&shim.stdio, options, ends, error);
}

static int start(struct error *error) {
  struct child_ends ends = {-1, -1, -1};
  shim.signals = shim.listener = shim.process.oom_fd = -1;
  shim.process.oom_counters = shim.options.oom_counters;
  stdio_init(&shim.stdio);
  umask(077);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "wharf-shim");
  if (open_all(&ends, error) < 0) return -1;
  shim.process.runtime = launch_runtime(&shim.options, &ends, error);
  close_fd(&ends.in);
  close_fd(&ends.out);
  close_fd(&ends.err);
  close_fd(&shim.options.runtime_fd);
  return shim.process.runtime < 0 ? -1 : 0;
}

// After the runtime has left, so that the container does not inherit it. Needs a privilege we may not have.
static void avoid_oom_killer(void) {
  scoped_fd fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && write(fd, "-998", 4) < 0) return;
}

// ── end ─────────────────────────────────────────────────────────────────────

static void announce_failed_runtime(void) {
  int status = shim.process.status;
  struct error error = {.code = 0, .what = status == 0 ? "find the runtime's pid file" : "run the OCI runtime"};
  announce_failed(&shim.connections, &error, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static bool output_is_open(void) { return shim.stdio.sources[OUTPUT].fd >= 0 || shim.stdio.sources[ERRORS].fd >= 0; }

// The process has ended; what it wrote is still to be read.
static void drain(void) {
  int64_t deadline = now_ms() + DRAIN_MS;
  while (output_is_open()) {
    bool quiet = turn(&shim, QUIET_MS) && !somebody_holds(&shim);
    bool late = now_ms() >= deadline && !somebody_holds(&shim);
    for (int i = 0; i < SOURCES; i++) {
      struct source *source = &shim.stdio.sources[i];
      if (source->fd >= 0 && (quiet || (late && source->owed == 0))) stdio_end_source(&shim.stdio, i, &shim.log);
    }
  }
}

static void conclude(void) {
  drain();
  char text[384];
  size_t length = exit_record(&shim.process, text, sizeof text);
  if (shim.options.record)
    write_record(shim.options.record, text, length, !control_is_connected(&shim.connections));
  close_fd(&shim.listener);
  control_notify_all(&shim.connections, NOTICE_EXITED, text, length);
}

// A peer that writes to a closed socket, or whose words lie unread in one, may lose what it has not read itself. So its
// end is waited for, and what it still says is thrown away.
static bool is_done(struct connection *connection) {
  if (connection->kind == NOT_GREETED || !connection->reads) return true;
  if (connection->writes) shutdown(connection->fd, SHUT_WR);
  connection->writes = false;
  connection->kind = ATTACH;
  connection->wants = 0;
  return false;
}

// Nothing ran: a connection that waited for it is given back as it was, for the daemon may have words for its client.
static void release_readers(void) {
  for (int i = shim.connections.count - 1; i >= 0; i--)
    if (shim.connections.list[i].kind == ATTACH) connection_close(&shim.connections, i);
}

// Readers get the rest of their rings, and everybody time to hang up.
static void see_off(void) {
  close_fd(&shim.listener);
  stdio_abandon(&shim.stdio);
  for (;;) {
    for (int i = shim.connections.count - 1; i >= 0; i--) {
      struct connection *connection = &shim.connections.list[i];
      if (!stdio_is_behind(&shim.stdio, connection) && is_done(connection)) connection_close(&shim.connections, i);
    }
    if (shim.connections.count == 0) return;
    turn(&shim, -1);
  }
}

static int supervise(int argc, char **argv) {
  struct error error = {0, NULL};
  if (parse_options(argc, argv, &shim.options, &error) < 0) {
    dprintf(STDERR_FILENO, "wharf-shim: cannot %s\n", error.what);
    return 2;
  }
  own_descriptors(&shim.options);
  take_inherited_connections();
  if (start(&error) < 0) {
    release_readers();
    announce_failed(&shim.connections, &error, -1);
    see_off();
    return 1;
  }
  avoid_oom_killer();
  while (shim.process.phase == STARTING || shim.process.phase == RUNNING) turn(&shim, -1);
  if (shim.process.phase == ENDED) conclude();
  else {
    release_readers();
    announce_failed_runtime();
  }
  see_off();
  return 0;
}

int main(int argc, char **argv) {
  const char *slash = strrchr(argv[0], '/');
  if (strcmp(slash ? slash + 1 : argv[0], "docker-init") == 0) return container_init(argc, argv);
  return supervise(argc, argv);
}
