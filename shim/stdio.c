#include "stdio.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#include "control.h"
#include "detach.h"
#include "null.h"
#include "passing.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

#define CONSOLE_SOCKET "console.sock"
// Fewer changes of process for those that write or are written much.
#define PIPE_BYTES (256 << 10)
// Bytes of a ring given to one reader before the others get their turn.
#define DRAIN_PIECES 32

static int open_output_pipes(struct stdio *stdio, struct child_ends *ends, struct error *error) {
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) return fail(error, "make a pipe");
  stdio->sources[OUTPUT].fd = out[0];
  stdio->sources[ERRORS].fd = err[0];
  ends->out = out[1];
  ends->err = err[1];
  fcntl(out[0], F_SETFL, O_NONBLOCK);
  fcntl(err[0], F_SETFL, O_NONBLOCK);
  fcntl(out[0], F_SETPIPE_SZ, PIPE_BYTES);
  return 0;
}

static int open_input_pipe(struct stdio *stdio, struct child_ends *ends, struct error *error) {
  int in[2];
  if (pipe2(in, O_CLOEXEC) < 0) return fail(error, "make a pipe");
  ends->in = in[0];
  stdio->input_fd = in[1];
  fcntl(in[1], F_SETFL, O_NONBLOCK);
  fcntl(in[1], F_SETPIPE_SZ, PIPE_BYTES);
  return 0;
}

// The runtime itself gets no streams: it hands the terminal over by a socket.
static int open_console(struct stdio *stdio, struct child_ends *ends, struct error *error) {
  ends->in = open_private_null(error);
  if (ends->in < 0) return -1;
  ends->out = fcntl(ends->in, F_DUPFD_CLOEXEC, 3);
  ends->err = fcntl(ends->in, F_DUPFD_CLOEXEC, 3);
  stdio->console = listen_at(CONSOLE_SOCKET, error);
  return stdio->console < 0 ? -1 : 0;
}

void stdio_init(struct stdio *stdio) {
  stdio->sources[OUTPUT].fd = stdio->sources[ERRORS].fd = -1;
  stdio->console = stdio->slave_hold = stdio->input_fd = -1;
}

int stdio_open(struct stdio *stdio, const struct options *options, struct child_ends *ends, struct error *error) {
  stdio->terminal = options->terminal;
  stdio->input_once = options->stdin_once;
  if (options->terminal) return open_console(stdio, ends, error);
  if (open_output_pipes(stdio, ends, error) < 0) return -1;
  if (options->wants_stdin) return open_input_pipe(stdio, ends, error);
  ends->in = open_private_null(error);
  return ends->in < 0 ? -1 : 0;
}

// The runtime says the terminal's name along with it, which nobody needs.
static int receive_console(int socket) {
  char name[256];
  int fd = -1;
  receive_passed(socket, name, sizeof name, 0, &fd);
  return fd;
}

void stdio_take_console(struct stdio *stdio) {
  scoped_fd runtime = accept4(stdio->console, NULL, NULL, SOCK_CLOEXEC);
  int master = runtime < 0 ? -1 : receive_console(runtime);
  if (master < 0) return;
  fcntl(master, F_SETFL, O_NONBLOCK);
  stdio->sources[OUTPUT].fd = master;
  stdio->input_fd = fcntl(master, F_DUPFD_CLOEXEC, 3);
  stdio->slave_hold = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  close_fd(&stdio->console);
  unlink(CONSOLE_SOCKET);
}

void stdio_resize(const struct stdio *stdio, unsigned rows, unsigned columns) {
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  if (stdio->terminal && stdio->input_fd >= 0) ioctl(stdio->input_fd, TIOCSWINSZ, &size);
}

bool stdio_holds_chunk(const struct stdio *stdio, const struct connection *reader) {
  return reader->writes && (reader->wants & stdio->chunk_wanted_by) && reader->taken < stdio->chunk_length;
}

bool stdio_is_behind(const struct stdio *stdio, const struct connection *reader) {
  return reader->writes && (ring_used(&reader->ring) > 0 || stdio_holds_chunk(stdio, reader));
}

static void drain_ring(struct connection *reader, const struct ring_limits *limits) {
  uint8_t piece[8192];
  for (int i = 0; i < DRAIN_PIECES && ring_used(&reader->ring) > 0; i++) {
    size_t length = ring_peek(&reader->ring, limits, piece, sizeof piece);
    size_t sent = length > 0 ? connection_send(reader, piece, length) : 0;
    if (length == 0) reader->writes = false;  // its bytes are lost: better no stream than a wrong one
    if (sent > 0) ring_drop(&reader->ring, sent);
    if (sent < length || length == 0) return;
  }
}

void stdio_deliver(struct stdio *stdio, struct connection *reader, const struct ring_limits *limits) {
  drain_ring(reader, limits);
  while (stdio_holds_chunk(stdio, reader)) {
    const uint8_t *rest = stdio->chunk + reader->taken;
    size_t length = stdio->chunk_length - reader->taken, taken = 0;
    if (ring_used(&reader->ring) == 0) taken = connection_send(reader, rest, length);
    if (taken == 0 && reader->writes) taken = ring_put(&reader->ring, limits, rest, length);
    if (taken == 0) return;
    reader->taken += taken;
  }
}

static void frame_chunk(struct stdio *stdio, int stream, size_t length) {
  uint8_t *data = stdio->buffer + FRAME_HEAD;
  stdio->chunk_wanted_by = stream == STREAM_STDOUT ? WANTS_STDOUT : WANTS_STDERR;
  stdio->chunk = stdio->terminal ? data : stdio->buffer;
  stdio->chunk_length = stdio->terminal ? length : FRAME_HEAD + length;
  memset(stdio->buffer, 0, FRAME_HEAD);
  stdio->buffer[0] = (uint8_t)stream;
  for (int i = 0; i < 4; i++) stdio->buffer[4 + i] = (uint8_t)(length >> (24 - 8 * i));
}

static void give_to_readers(struct stdio *stdio, struct connections *readers, const struct options *options) {
  for (int i = 0; i < readers->count; i++) {
    struct connection *reader = &readers->list[i];
    if (reader->kind != ATTACH) continue;
    reader->taken = 0;
    if (!stdio_holds_chunk(stdio, reader)) continue;
    stdio_deliver(stdio, reader, &options->ring);
    if (stdio_holds_chunk(stdio, reader)) reader->progress_ms = now_ms();
  }
}

void stdio_end_source(struct stdio *stdio, int source, struct log *log) {
  log_end(log, source == OUTPUT ? STREAM_STDOUT : STREAM_STDERR);
  close_fd(&stdio->sources[source].fd);
}

void stdio_pump(struct stdio *stdio, int source, struct log *log, struct connections *readers,
                const struct options *options) {
  struct source *from = &stdio->sources[source];
  int stream = source == OUTPUT ? STREAM_STDOUT : STREAM_STDERR;
  ssize_t length = read(from->fd, stdio->buffer + FRAME_HEAD, CHUNK_MAX);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) {  // a terminal ends with EIO
    stdio_end_source(stdio, source, log);
    return;
  }
  from->owed -= least(from->owed, (size_t)length);
  log_write(log, stream, stdio->buffer + FRAME_HEAD, (size_t)length);
  frame_chunk(stdio, stream, (size_t)length);
  give_to_readers(stdio, readers, options);
}

void stdio_abandon(struct stdio *stdio) {
  for (int i = 0; i < SOURCES; i++) close_fd(&stdio->sources[i].fd);
  close_fd(&stdio->input_fd);
  stdio->input_begin = stdio->input_end = 0;
}

void stdio_process_ended(struct stdio *stdio) {
  close_fd(&stdio->slave_hold);
  for (int i = 0; i < SOURCES; i++) {
    int waiting = 0;
    if (stdio->sources[i].fd >= 0 && ioctl(stdio->sources[i].fd, FIONREAD, &waiting) == 0 && waiting > 0)
      stdio->sources[i].owed = (size_t)waiting;
  }
}

void stdin_flush(struct stdio *stdio) {
  while (!stdin_is_idle(stdio) && stdio->input_fd >= 0) {
    ssize_t written =
      write(stdio->input_fd, stdio->input + stdio->input_begin, stdio->input_end - stdio->input_begin);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) close_fd(&stdio->input_fd);
    else stdio->input_begin += (size_t)written;
  }
  stdio->input_begin = stdio->input_end = 0;
  if (stdio->input_closing) close_fd(&stdio->input_fd);
}

void stdin_close(struct stdio *stdio) {
  if (stdio->terminal) return;
  stdio->input_closing = true;
  stdin_flush(stdio);
}

// As if the client had ended its half; what it still types is thrown away, and it sees the end of the output.
static void let_go(struct connection *client) {
  client->wants = 0;
  client->detach.length = 0;
  ring_close(&client->ring);
  shutdown(client->fd, SHUT_WR);
  client->writes = false;
}

static void end_writer(struct stdio *stdio, struct connection *writer, bool broken) {
  writer->reads = false;
  if (broken) writer->writes = false;
  if ((writer->wants & WANTS_STDIN) && stdio->input_once) stdin_close(stdio);
}

// Room in front: what was held back may be released before it.
static bool receive_typed(struct stdio *stdio, struct connection *writer, ssize_t *length) {
  bool detached = false;
  uint8_t *typed = stdio->input + DETACH_KEYS_MAX;
  *length = recv(writer->fd, typed, sizeof stdio->input - DETACH_KEYS_MAX, MSG_DONTWAIT);
  if (*length <= 0) return false;
  stdio->input_end = detach_filter(&writer->detach, typed, (size_t)*length, stdio->input, &detached);
  return detached;
}

static ssize_t receive_plain(struct stdio *stdio, const struct connection *writer) {
  ssize_t length = recv(writer->fd, stdio->input, sizeof stdio->input, MSG_DONTWAIT);
  if (length > 0) stdio->input_end = (size_t)length;
  return length;
}

static ssize_t discard(const struct connection *writer) {
  uint8_t unwanted[4096];
  return recv(writer->fd, unwanted, sizeof unwanted, MSG_DONTWAIT);
}

bool stdin_receive(struct stdio *stdio, struct connection *writer) {
  bool wanted = writer->wants & WANTS_STDIN, detached = false;
  ssize_t length;
  if (!wanted) length = discard(writer);
  else if (writer->detach.length > 0) detached = receive_typed(stdio, writer, &length);
  else length = receive_plain(stdio, writer);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (length <= 0) end_writer(stdio, writer, length < 0);
  else if (wanted) stdin_flush(stdio);
  if (detached) let_go(writer);
  return detached;
}
