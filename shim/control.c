#include "control.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "passing.h"
#include "shim.h"

#define MAGIC "whrf"
#define VERSION 1
// The head of an answer that a client waits for.
#define HAND_OVER_WORDS_MAX 1024

enum { HELLO_VERSION = 4, HELLO_KIND = 5, HELLO_STREAMS = 6, HELLO_KEYS = 7, ANSWER_STATUS = 5 };
enum { KIND_CONTROL = 1, KIND_ATTACH = 2, KIND_HAND_OVER = 3 };
enum { ACCEPTED = 0, TOO_MANY = 1, NOT_UNDERSTOOD = 2 };
enum { RESIZE = 1, SIGNAL = 2, CLOSE_STDIN = 3, REOPEN_LOG = 4, ADOPT_COMPRESSED = 5 };

// The name is relative: a path of any length fits. The mode is set before the name exists.
int listen_at(const char *name, struct error *error) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  scoped_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(error, "make a socket");
  strncpy(address.sun_path, name, sizeof address.sun_path - 1);
  unlink(name);
  fchmod(fd, 0600);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) return fail(error, "bind a socket");
  if (listen(fd, 128) < 0) return fail(error, "listen on a socket");
  return move_fd(&fd);
}

static void make_answer(uint8_t answer[FRAME_HEAD], int status) {
  memset(answer, 0, FRAME_HEAD);
  memcpy(answer, MAGIC, 4);
  answer[HELLO_VERSION] = VERSION;
  answer[ANSWER_STATUS] = (uint8_t)status;
}

void control_accept(int listener, struct connections *all) {
  for (;;) {
    scoped_fd fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    if (connection_add(all, fd, NOT_GREETED, 0)) {
      fd = -1;
    } else {
      uint8_t answer[FRAME_HEAD];
      make_answer(answer, TOO_MANY);
      send(fd, answer, sizeof answer, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
  }
}

static void control_notify(struct connection *connection, enum notice notice, const char *text, size_t length) {
  uint8_t frame[FRAME_HEAD + 512] = {(uint8_t)notice};
  length = least(length, sizeof frame - FRAME_HEAD);
  frame[6] = (uint8_t)(length >> 8);
  frame[7] = (uint8_t)length;
  memcpy(frame + FRAME_HEAD, text, length);
  connection_tell(connection, frame, FRAME_HEAD + length);
}

void control_notify_all(struct connections *all, enum notice notice, const char *text, size_t length) {
  for (int i = 0; i < all->count; i++)
    if (all->list[i].kind == CONTROL) control_notify(&all->list[i], notice, text, length);
}

static void tell_started(const struct process *process, struct connection *connection) {
  char text[96];
  int length =
    snprintf(text, sizeof text, "{\"pid\":%d,\"startedAt\":\"%s\"}", (int)process->pid, process->started.text);
  control_notify(connection, NOTICE_STARTED, text, (size_t)length);
}

void announce_started(struct shim *shim) {
  for (int i = 0; i < shim->connections.count; i++)
    if (shim->connections.list[i].kind == CONTROL) tell_started(&shim->process, &shim->connections.list[i]);
}

void announce_failed(struct connections *all, const struct error *error, int status) {
  char text[256];
  int length = snprintf(text, sizeof text, "{\"what\":\"%s\",\"errno\":%d,\"status\":%d}", error->what, error->code,
                        status);
  control_notify_all(all, NOTICE_FAILED, text, (size_t)length);
}

void announce_detached(struct connections *all) {
  bool told = false;
  for (int i = 0; i < all->count; i++) {
    struct connection *daemon = &all->list[i];
    if (daemon->kind != CONTROL || !daemon->reads || !(daemon->wants & WANTS_DETACHED)) continue;
    control_notify(daemon, NOTICE_DETACHED, "{}", 2);
    told = true;
  }
  if (!told && all->untold_detaches < UNTOLD_MAX) all->untold_detaches++;
}

static void tell_missed(struct connections *all, struct connection *daemon) {
  if (!(daemon->wants & WANTS_DETACHED)) return;
  for (; all->untold_detaches > 0; all->untold_detaches--) control_notify(daemon, NOTICE_DETACHED, "{}", 2);
}

static void tell_log_failure(struct connections *all, const struct log *log, int code) {
  char text[64];
  int length = snprintf(text, sizeof text, "{\"errno\":%d,\"lost\":%llu}", code, (unsigned long long)log->lost);
  control_notify_all(all, NOTICE_LOG, text, (size_t)length);
}

void announce_log(struct shim *shim) {
  struct log *log = &shim->log;
  if (log->rotated && log->compressed) control_notify_all(&shim->connections, NOTICE_ROTATED, "{}", 2);
  log->rotated = false;
  if (log->failure == 0) return;
  if (!log->told) tell_log_failure(&shim->connections, log, log->failure);
  log->told = true;
  if (log->torn) return;
  tell_log_failure(&shim->connections, log, 0);
  log->failure = 0;
  log->lost = 0;
  log->told = false;
}

bool control_is_connected(const struct connections *all) {
  for (int i = 0; i < all->count; i++)
    if (all->list[i].kind == CONTROL && all->list[i].reads) return true;
  return false;
}

// Readers outlive a daemon whose clients' own connections they are: the next daemon must find a place all the same.
static int hello_status(const uint8_t *hello, int connections) {
  bool known = hello[HELLO_KIND] >= KIND_CONTROL && hello[HELLO_KIND] <= KIND_HAND_OVER;
  if (memcmp(hello, MAGIC, 4) != 0 || hello[HELLO_VERSION] != VERSION || !known) return NOT_UNDERSTOOD;
  bool is_full = connections > CONNECTIONS_MAX - CONNECTIONS_FOR_DAEMON;
  return hello[HELLO_KIND] != KIND_CONTROL && is_full ? TOO_MANY : ACCEPTED;
}

static uint64_t number_at(const uint8_t *bytes, int size) {
  uint64_t number = 0;
  for (int i = 0; i < size; i++) number = number << 8 | bytes[i];
  return number;
}

// A chunk in hand is from before this reader's time.
static void join_readers(const struct shim *shim, struct connection *reader) {
  reader->kind = ATTACH;
  reader->taken = shim->stdio.chunk_length;
}

// A client that is cut off from the network must not keep its place for ever. No effect on local sockets.
static void notice_death(int fd) {
  const int on = 1, idle = 60, interval = 15, probes = 4;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

// The connection that came with a hello becomes a reader of its own. What follows the hello was sent with it in one
// call, so it is there as a whole: LENGTH(2) of the words for the client, the keys, the words.
static int take_over(struct shim *shim, struct connection *ticket) {
  uint8_t rest[2 + DETACH_KEYS_MAX + HAND_OVER_WORDS_MAX];
  size_t keys = ticket->head[HELLO_KEYS];
  ssize_t length = recv(ticket->fd, rest, sizeof rest, MSG_DONTWAIT);
  if (ticket->handed < 0 || keys > DETACH_KEYS_MAX || length < (ssize_t)(2 + keys)) return NOT_UNDERSTOOD;
  size_t words = (size_t)length - 2 - keys;
  if (number_at(rest, 2) != words) return NOT_UNDERSTOOD;
  struct connection *client = connection_add(&shim->connections, ticket->handed, ATTACH, ticket->head[HELLO_STREAMS]);
  if (!client) return TOO_MANY;
  ticket->handed = -1;
  client->detach.length = keys;
  memcpy(client->detach.bytes, rest + 2, keys);
  join_readers(shim, client);
  notice_death(client->fd);
  connection_tell(client, rest + 2 + keys, words);
  return ACCEPTED;
}

static bool greet(struct shim *shim, struct connection *connection) {
  const uint8_t *hello = connection->head;
  uint8_t answer[FRAME_HEAD];
  int status = hello_status(hello, shim->connections.count);
  bool hands_over = hello[HELLO_KIND] == KIND_HAND_OVER;
  if (status == ACCEPTED && hands_over) status = take_over(shim, connection);
  make_answer(answer, status);
  connection_tell(connection, answer, sizeof answer);
  if (status != ACCEPTED || hands_over) return false;
  connection->wants = hello[HELLO_STREAMS];
  if (hello[HELLO_KIND] == KIND_ATTACH) join_readers(shim, connection);
  else connection->kind = CONTROL;
  if (connection->kind == CONTROL && shim->process.phase == RUNNING) {
    tell_started(&shim->process, connection);
    tell_missed(&shim->connections, connection);
  }
  return true;
}

static bool obey(struct shim *shim, const uint8_t *frame, unsigned length) {
  const uint8_t *payload = frame + FRAME_HEAD;
  if (frame[0] == RESIZE && length == 4)
    stdio_resize(&shim->stdio, (unsigned)number_at(payload, 2), (unsigned)number_at(payload + 2, 2));
  else if (frame[0] == SIGNAL && length == 4) {
    if (shim->process.phase == RUNNING) kill(shim->process.pid, (int)number_at(payload, 4));
  } else if (frame[0] == CLOSE_STDIN && length == 0) stdin_close(&shim->stdio);
  else if (frame[0] == REOPEN_LOG && length == 0) log_reopen(&shim->log);
  else if (frame[0] == ADOPT_COMPRESSED && length == 8) log_adopt_compressed(&shim->log, number_at(payload, 8));
  else return false;
  return true;
}

bool control_receive(struct shim *shim, struct connection *connection) {
  for (;;) {
    bool in_payload = connection->head_length >= FRAME_HEAD;
    unsigned length = in_payload ? (unsigned)number_at(connection->head + 4, 4) : 0;
    size_t wanted = FRAME_HEAD + length - connection->head_length;
    ssize_t got = receive_passed(connection->fd, connection->head + connection->head_length, wanted, MSG_DONTWAIT,
                                 &connection->handed);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    connection->head_length += (size_t)got;
    if (connection->head_length < FRAME_HEAD) continue;
    if (connection->kind == NOT_GREETED) {
      connection->head_length = 0;
      if (!greet(shim, connection)) return false;
      if (connection->kind == ATTACH) return true;
      continue;
    }
    length = (unsigned)number_at(connection->head + 4, 4);
    if (length > CONTROL_PAYLOAD_MAX) return false;
    if (connection->head_length < FRAME_HEAD + length) continue;
    connection->head_length = 0;
    if (!obey(shim, connection->head, length)) return false;
  }
}
