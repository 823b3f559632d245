// Everybody who is connected: the daemon's control connections and the attached readers and writers.
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <stdbool.h>

#include "ring.h"

#define CONNECTIONS_MAX 1024
// Of these no attach connection gets.
#define CONNECTIONS_FOR_DAEMON 16
#define FRAME_HEAD 8
#define CONTROL_PAYLOAD_MAX 8
// Of the sequence that lets go of a terminal; longer ones are watched for by the daemon.
#define DETACH_KEYS_MAX 16
// Of those who let go while no daemon was there.
#define UNTOLD_MAX 16

enum connection_kind { NOT_GREETED, CONTROL, ATTACH };
enum { WANTS_STDIN = 1, WANTS_STDOUT = 2, WANTS_STDERR = 4 };
// Of a control connection: the daemon knows the notice "detached".
enum { WANTS_DETACHED = 1 };

// What somebody at a terminal types to let go.
struct detach_keys {
  uint8_t bytes[DETACH_KEYS_MAX];
  size_t length;   // 0: nobody watches
  size_t matched;  // typed already, and held back
};

struct connection {
  int fd;
  enum connection_kind kind;
  int wants;
  bool reads;   // the peer may still send
  bool writes;  // the peer still takes what we send
  uint8_t head[FRAME_HEAD + CONTROL_PAYLOAD_MAX];  // a hello or a control frame, as far as it came
  size_t head_length;
  int handed;  // came with a hello: the client's connection to take over; -1: none
  struct detach_keys detach;
  struct ring ring;
  size_t taken;         // of the chunk in hand, by socket or ring
  int64_t progress_ms;  // when the peer last took something, or began to hold the chunk
};

// Kept without gaps, so that only memory in use is touched. Closing moves the last one into the place:
// walk from the end.
struct connections {
  struct connection list[CONNECTIONS_MAX];
  int count;
  int untold_detaches;  // nobody was there to tell
};

// Returns NULL when there is no place; the caller still owns `fd` then.
struct connection *connection_add(struct connections *all, int fd, enum connection_kind kind, int wants);
void connection_close(struct connections *all, int index);

// Sends all or gives the connection up: for the small messages of the protocol, which fit an empty socket buffer.
void connection_tell(struct connection *connection, const void *message, size_t length);
// Sends what the socket takes now. Returns the bytes taken; a dead peer clears `writes`.
size_t connection_send(struct connection *connection, const void *data, size_t length);

#endif
