#include "connections.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

struct connection *connection_add(struct connections *all, int fd, enum connection_kind kind, int wants) {
  if (all->count == CONNECTIONS_MAX) return NULL;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  struct connection *connection = &all->list[all->count++];
  *connection = (struct connection){
    .fd = fd, .kind = kind, .wants = wants, .reads = true, .writes = true, .handed = -1};
  ring_init(&connection->ring);
  return connection;
}

// The daemon that gave us a client's TCP connection may have closed its own hold in the way that throws away what is
// not sent yet: a property of the socket, not of the hold.
static void allow_delivery(int fd) {
  struct linger none = {0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void connection_close(struct connections *all, int index) {
  struct connection *connection = &all->list[index];
  ring_close(&connection->ring);
  close_fd(&connection->handed);
  allow_delivery(connection->fd);
  close(connection->fd);
  *connection = all->list[--all->count];
}

size_t connection_send(struct connection *connection, const void *data, size_t length) {
  for (;;) {
    ssize_t sent = send(connection->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      connection->progress_ms = now_ms();
      return (size_t)sent;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) connection->writes = false;
    return 0;
  }
}

void connection_tell(struct connection *connection, const void *message, size_t length) {
  if (connection_send(connection, message, length) < length) connection->writes = false;
}
