// The control socket: newcomers, their hello, and the daemon's requests. See protocol.md.
#ifndef CONTROL_H
#define CONTROL_H

#include "connections.h"

struct shim;

// A listening stream socket in the current directory, mode 0600.
int listen_at(const char *name, struct error *error);

void control_accept(int listener, struct connections *all);
// Reads a hello or a request. Returns false when the connection must be closed.
bool control_receive(struct shim *shim, struct connection *connection);

enum notice { NOTICE_STARTED = 128, NOTICE_EXITED = 129, NOTICE_FAILED = 130, NOTICE_ROTATED = 131, NOTICE_LOG = 132,
  NOTICE_DETACHED = 133 };

void control_notify_all(struct connections *all, enum notice notice, const char *text, size_t length);
void announce_started(struct shim *shim);
// `status` is the runtime's exit code, -1 when it did not run.
void announce_failed(struct connections *all, const struct error *error, int status);
// To daemons that know the notice; the next one hears of it when none is there.
void announce_detached(struct connections *all);
// Tells what happened to the log since the last time.
void announce_log(struct shim *shim);
bool control_is_connected(const struct connections *all);

#endif
