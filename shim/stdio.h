// The process's streams: from pipes or a terminal to the log and the readers, and from writers to stdin.
// Included as "stdio.h"; the C library's header of that name is <stdio.h>.
#ifndef SHIM_STDIO_H
#define SHIM_STDIO_H

#include "connections.h"
#include "launch.h"
#include "log.h"
#include "options.h"

// Large enough that system calls hardly count, small enough that all buffers touched stay well under 200 KB.
#define CHUNK_MAX 32768
#define INPUT_MAX 16384

enum { OUTPUT, ERRORS, SOURCES };

struct source {
  int fd;       // -1: ended
  size_t owed;  // bytes that were there when the process ended: they are read whatever happens
};

struct stdio {
  bool terminal;
  struct source sources[SOURCES];
  int console;     // listens for the runtime that hands over the terminal
  int slave_hold;  // our own hold on the terminal: its reader sees no end while the process lives

  // What was read last, behind room for its frame head. A reader that could not take all of it holds it, and nothing
  // more is read until all have it.
  uint8_t buffer[FRAME_HEAD + CHUNK_MAX];
  const uint8_t *chunk;
  size_t chunk_length;
  int chunk_wanted_by;  // the WANTS_… bit of the chunk's stream

  int input_fd;  // -1: closed or never there
  bool input_once;
  bool input_closing;  // as soon as what waits is written
  uint8_t input[INPUT_MAX];
  size_t input_begin, input_end;
};

// Nothing is open yet.
void stdio_init(struct stdio *stdio);
// Makes pipes, or a socket to receive the terminal on. The caller closes `ends` after the launch.
int stdio_open(struct stdio *stdio, const struct options *options, struct child_ends *ends, struct error *error);
// Receives the terminal from the runtime, when it has connected.
void stdio_take_console(struct stdio *stdio);
void stdio_resize(const struct stdio *stdio, unsigned rows, unsigned columns);

// Reads one chunk of a source and gives it to the log and to everybody who wants it.
void stdio_pump(struct stdio *stdio, int source, struct log *log, struct connections *readers,
                const struct options *options);
// Goes on giving a reader what it has not taken yet.
void stdio_deliver(struct stdio *stdio, struct connection *reader, const struct ring_limits *limits);
bool stdio_is_behind(const struct stdio *stdio, const struct connection *reader);
bool stdio_holds_chunk(const struct stdio *stdio, const struct connection *reader);
void stdio_end_source(struct stdio *stdio, int source, struct log *log);

// Notes how much output is owed, and lets the terminal end.
void stdio_process_ended(struct stdio *stdio);

// Nothing is read or written any more, and what waits is dropped.
void stdio_abandon(struct stdio *stdio);

static inline bool stdin_is_idle(const struct stdio *stdio) { return stdio->input_begin == stdio->input_end; }
void stdin_flush(struct stdio *stdio);
void stdin_close(struct stdio *stdio);
// Moves what an attached client sent to the process; clears the client's `reads` at its end. A client that asked for
// stdin is read only while stdin is idle. Returns whether the client has let go by its detach keys.
bool stdin_receive(struct stdio *stdio, struct connection *writer);

#endif
