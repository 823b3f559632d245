// The supervisor's one loop: waits for what can be done and does it, a piece at a time.
#include "loop.h"

#include <poll.h>
#include <sys/signalfd.h>

#include "control.h"

enum { POLL_SIGNALS, POLL_LISTENER, POLL_CONSOLE, POLL_INPUT, POLL_MEMORY, POLL_SOURCES };
enum { POLL_FIXED = POLL_SOURCES + SOURCES };

static struct pollfd polled[POLL_FIXED + CONNECTIONS_MAX];

static bool may_read(const struct shim *shim, const struct connection *connection) {
  if (!connection->reads) return false;
  if (connection->kind != ATTACH || !(connection->wants & WANTS_STDIN)) return true;
  return shim->process.phase != STARTING && stdin_is_idle(&shim->stdio);
}

static void watch_connection(const struct shim *shim, const struct connection *connection, struct pollfd *entry) {
  short events = may_read(shim, connection) ? POLLIN : 0;
  if (stdio_is_behind(&shim->stdio, connection)) events |= POLLOUT;
  // A hang-up is reported whether asked for or not: one we cannot act on yet would keep us spinning.
  bool deaf = connection->reads && !events;
  *entry = (struct pollfd){.fd = deaf ? -1 : connection->fd, .events = events};
}

static void serve_connection(struct shim *shim, int index, short events) {
  struct connection *connection = &shim->connections.list[index];
  bool alive = true;
  if (events & POLLOUT) stdio_deliver(&shim->stdio, connection, &shim->options.ring);
  if (events & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) {
    if (connection->kind != ATTACH) alive = control_receive(shim, connection);
    else if (may_read(shim, connection)) {
      if (stdin_receive(&shim->stdio, connection)) announce_detached(&shim->connections);
    }
    else if (!connection->reads && (events & (POLLHUP | POLLERR))) connection->writes = false;
  }
  if (connection->kind != ATTACH) alive = alive && connection->writes;
  else alive = connection->reads || connection->writes;
  if (!alive) connection_close(&shim->connections, index);
}

bool somebody_holds(const struct shim *shim) {
  for (int i = 0; i < shim->connections.count; i++)
    if (stdio_holds_chunk(&shim->stdio, &shim->connections.list[i])) return true;
  return false;
}

// Returns the milliseconds until the next reader may have to be cut off, -1 when none holds the chunk.
static int cut_off_stalled(struct shim *shim) {
  int64_t now = now_ms(), next = -1;
  for (int i = shim->connections.count - 1; i >= 0; i--) {
    struct connection *reader = &shim->connections.list[i];
    if (!stdio_holds_chunk(&shim->stdio, reader)) continue;
    int64_t left = reader->progress_ms + shim->options.stall_ms - now;
    if (left <= 0) connection_close(&shim->connections, i);
    else if (next < 0 || left < next) next = left;
  }
  return (int)next;
}

static void watch(int slot, int fd, short events) { polled[slot] = (struct pollfd){.fd = fd, .events = events}; }

static void watch_all(const struct shim *shim, bool held) {
  const struct stdio *stdio = &shim->stdio;
  bool reading = !held && shim->process.phase != STARTING;
  watch(POLL_SIGNALS, shim->signals, POLLIN);
  watch(POLL_LISTENER, shim->listener, POLLIN);
  watch(POLL_CONSOLE, stdio->console, POLLIN);
  watch(POLL_INPUT, stdin_is_idle(stdio) ? -1 : stdio->input_fd, POLLOUT);
  watch(POLL_MEMORY, shim->process.oom_fd, POLLPRI);
  for (int i = 0; i < SOURCES; i++) watch(POLL_SOURCES + i, reading ? stdio->sources[i].fd : -1, POLLIN);
  for (int i = 0; i < shim->connections.count; i++)
    watch_connection(shim, &shim->connections.list[i], &polled[POLL_FIXED + i]);
}

static void reap(struct shim *shim) {
  struct signalfd_siginfo info;
  while (read(shim->signals, &info, sizeof info) == sizeof info) {
  }
  enum phase before = shim->process.phase;
  process_reap(&shim->process);
  enum phase after = shim->process.phase;
  if (before == STARTING && (after == RUNNING || after == ENDED)) {
    if (shim->stdio.console >= 0) stdio_take_console(&shim->stdio);
    announce_started(shim);
  }
  if (before != ENDED && after == ENDED) stdio_process_ended(&shim->stdio);
}

static void serve_all(struct shim *shim, int connections) {
  struct stdio *stdio = &shim->stdio;
  if (polled[POLL_CONSOLE].revents) stdio_take_console(stdio);
  if (polled[POLL_MEMORY].revents) count_oom_kills(&shim->process);
  if (polled[POLL_SIGNALS].revents) reap(shim);
  if (polled[POLL_INPUT].revents) stdin_flush(stdio);
  for (int i = connections - 1; i >= 0; i--)
    if (polled[POLL_FIXED + i].revents) serve_connection(shim, i, polled[POLL_FIXED + i].revents);
  if (polled[POLL_LISTENER].revents) control_accept(shim->listener, &shim->connections);
  for (int i = 0; i < SOURCES; i++)
    if (polled[POLL_SOURCES + i].revents && !somebody_holds(shim))
      stdio_pump(stdio, i, &shim->log, &shim->connections, &shim->options);
  announce_log(shim);
}

bool turn(struct shim *shim, int timeout_ms) {
  int until_cut = cut_off_stalled(shim);
  watch_all(shim, until_cut >= 0);
  if (until_cut >= 0 && (timeout_ms < 0 || until_cut < timeout_ms)) timeout_ms = until_cut;
  int connections = shim->connections.count;
  int ready = poll(polled, (nfds_t)(POLL_FIXED + connections), timeout_ms);
  if (ready > 0) serve_all(shim, connections);
  return ready == 0;
}
