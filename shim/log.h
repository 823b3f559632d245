// The container's log: a file with rotation, in Docker's json-file format or in the compact one of the driver "local".
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "scope.h"
#include "stamp.h"

// Docker splits longer lines; readers of the json-file log expect the same places.
#define LOG_LINE_MAX 16384
// First bytes of a local log file; see protocol.md.
#define LOCAL_MAGIC "whrflog1"
#define LOCAL_FILE_HEAD 16
#define LOCAL_RECORD_HEAD 16
#define LOCAL_RECORD_TAIL 4
#define LOCAL_RECORD_MAX (1 << 20)

enum { STREAM_STDOUT = 1, STREAM_STDERR = 2 };
enum log_format { LOG_JSON, LOG_LOCAL };

// The beginning of a line whose end has not come yet.
struct partial_line {
  uint8_t text[LOG_LINE_MAX];
  size_t length;
  bool continues;      // json: earlier parts of this line are in the log; local: the last record did not end its line
  struct stamp began;  // all parts of a line carry the time of the first
};

struct log {
  const char *path;  // NULL: no log
  enum log_format format;
  const char *attrs;  // JSON object or NULL
  int64_t max_bytes;  // 0: never rotate
  int max_files;
  bool compressed;  // somebody turns rotated files into .gz: they are told of each
  int fd;
  int64_t size;      // of the file and of what waits in `out`
  int64_t boundary;  // `size` after the last whole entry
  int64_t complete;  // the file holds whole entries up to here
  int64_t base;      // local: bytes of records in all files before this one
  bool torn;         // the entry being written lost a part: its rest is dropped

  // What the daemon should hear of; the loop clears it.
  bool rotated;
  int failure;    // errno of the first entry lost since the last one written; 0: writing works
  uint64_t lost;  // entries lost since then
  bool told;      // the daemon knows of `failure`

  struct partial_line partial[2];
  uint8_t out[24576];
  size_t out_length;
};

int log_open(struct log *log, struct error *error);
// Closes the file and opens it again at its path. Keeps the old one when that fails.
void log_reopen(struct log *log);
// A failure to write loses entries, never blocks, and never leaves half an entry in the file.
void log_write(struct log *log, int stream, const uint8_t *data, size_t length);
// The stream has ended: a line without its newline is written as it is.
void log_end(struct log *log, int stream);
// The rotated file with this inode was compressed to PATH.compressed: puts that in its place.
void log_adopt_compressed(struct log *log, uint64_t inode);

// For the formats.

void log_rotate(struct log *log);
void log_flush(struct log *log);
void log_put(struct log *log, const void *bytes, size_t length);
// An entry begins: rotates where one is due.
void log_begin_entry(struct log *log);
void log_end_entry(struct log *log);

void json_write(struct log *log, int stream, const uint8_t *data, size_t length);
void json_end(struct log *log, int stream);
void local_write(struct log *log, int stream, const uint8_t *data, size_t length);
// Takes over a file that an earlier run left, or begins a new one. Returns false when the file cannot be continued.
bool local_adopt(struct log *log);

#endif
