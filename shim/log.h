// The container's log in Docker's json-file format, with rotation.
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "scope.h"
#include "stamp.h"

// Docker splits longer lines; readers of the log expect the same places.
#define LOG_LINE_MAX 16384

enum { STREAM_STDOUT = 1, STREAM_STDERR = 2 };

// The beginning of a line whose end has not come yet.
struct partial_line {
  uint8_t text[LOG_LINE_MAX];
  size_t length;
  bool continues;      // earlier parts of this line are in the log
  struct stamp began;  // all parts of a line carry the time of the first
};

struct log {
  const char *path;  // NULL: no log
  const char *attrs;  // JSON object or NULL
  int64_t max_bytes;  // 0: never rotate
  int max_files;
  int fd;
  int64_t size;      // of the file and of what waits in `out`
  int64_t boundary;  // `size` after the last whole entry
  int64_t complete;  // the file holds whole entries up to here
  bool torn;         // the entry being written lost a part: its rest is dropped
  struct partial_line partial[2];
  uint8_t out[32768];
  size_t out_length;
};

int log_open(struct log *log, struct error *error);
// Closes the file and opens it again at its path. Keeps the old one when that fails.
void log_reopen(struct log *log);
// A failure to write loses entries, never blocks, and never leaves half an entry in the file.
void log_write(struct log *log, int stream, const uint8_t *data, size_t length);
// The stream has ended: a line without its newline is written as it is.
void log_end(struct log *log, int stream);

#endif
