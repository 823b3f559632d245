#include "log.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"

static int open_file(const char *path, int flags) {
  return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0640);
}

static void adopt(struct log *log, int fd) {
  close_fd(&log->fd);
  struct stat status;
  log->fd = fd;
  log->size = fstat(fd, &status) == 0 ? status.st_size : 0;
  log->boundary = log->complete = log->size;
}

int log_open(struct log *log, struct error *error) {
  log->fd = -1;
  if (!log->path) return 0;
  int fd = open_file(log->path, 0);
  if (fd < 0) return fail(error, "open the log file");
  adopt(log, fd);
  return 0;
}

// Returns the bytes written: fewer than `length` when the disk is full.
static size_t write_all(int fd, const uint8_t *data, size_t length) {
  size_t done = 0;
  while (done < length) {
    ssize_t written = write(fd, data + done, length - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += (size_t)written;
  }
  return done;
}

// A full disk must not make the log unreadable: the file is cut back to whole entries, the rest is lost.
static void drop_torn_entry(struct log *log) {
  struct stat status;
  if (fstat(log->fd, &status) == 0 && status.st_size > log->complete && ftruncate(log->fd, log->complete) < 0)
    log->complete = status.st_size;
  log->size = log->boundary = log->complete;
  log->torn = true;
}

static void flush(struct log *log) {
  size_t written = log->torn ? log->out_length : write_all(log->fd, log->out, log->out_length);
  if (written < log->out_length) {
    const uint8_t *last = memrchr(log->out, '\n', written);  // ends an entry: inside one it is escaped
    if (last) log->complete = log->size - (int64_t)log->out_length + (last - log->out) + 1;
    drop_torn_entry(log);
  } else if (!log->torn) {
    log->complete = log->boundary;
  }
  log->out_length = 0;
}

static void rotate(struct log *log) {
  flush(log);
  char from[PATH_MAX], to[PATH_MAX];
  for (int i = log->max_files - 1; i > 0; i--) {
    snprintf(to, sizeof to, "%s.%d", log->path, i);
    if (i > 1) snprintf(from, sizeof from, "%s.%d", log->path, i - 1);
    rename(i > 1 ? from : log->path, to);
  }
  int fd = open_file(log->path, O_TRUNC);
  if (fd >= 0) adopt(log, fd);
}

void log_reopen(struct log *log) {
  if (log->fd < 0) return;
  flush(log);
  int fd = open_file(log->path, 0);
  if (fd >= 0) adopt(log, fd);
}

static void put(struct log *log, const void *bytes, size_t length) {
  const uint8_t *p = bytes;
  while (length > 0) {
    if (log->out_length == sizeof log->out) flush(log);
    size_t part = least(length, sizeof log->out - log->out_length);
    memcpy(log->out + log->out_length, p, part);
    log->out_length += part;
    log->size += (int64_t)part;
    p += part;
    length -= part;
  }
}

static void put_escaped(struct log *log, const uint8_t *text, size_t length) {
  const uint8_t *end = text + length;
  while (text < end) {
    const size_t piece = sizeof log->out / JSON_GROWTH / 2;
    const uint8_t *stop = text + least((size_t)(end - text), piece);
    if (log->out_length + (piece + 3) * JSON_GROWTH > sizeof log->out) flush(log);
    uint8_t *from = log->out + log->out_length;
    uint8_t *to = json_escape(from, &text, stop, end);
    log->out_length += (size_t)(to - from);
    log->size += to - from;
  }
}

#define PUT(log, literal) put(log, literal, sizeof(literal) - 1)

static void put_entry(struct log *log, int stream, const uint8_t *text, size_t length, const struct stamp *stamp) {
  log->torn = false;
  if (log->max_bytes > 0 && log->size >= log->max_bytes) rotate(log);
  PUT(log, "{\"log\":\"");
  put_escaped(log, text, length);
  if (stream == STREAM_STDOUT) PUT(log, "\",\"stream\":\"stdout\"");
  else PUT(log, "\",\"stream\":\"stderr\"");
  if (log->attrs) {
    PUT(log, ",\"attrs\":");
    put(log, log->attrs, strlen(log->attrs));
  }
  PUT(log, ",\"time\":\"");
  put(log, stamp->text, stamp->length);
  PUT(log, "\"}\n");
  if (log->torn) {
    log->out_length = 0;
    log->size = log->complete;
  }
  log->boundary = log->size;
}

static void end_line(struct log *log, int stream, const uint8_t *text, size_t length) {
  struct partial_line *line = &log->partial[stream - STREAM_STDOUT];
  struct stamp now;
  if (!line->continues) stamp_now(&now);
  put_entry(log, stream, text, length, line->continues ? &line->began : &now);
  line->continues = false;
  line->length = 0;
}

static void split_line(struct log *log, int stream) {
  struct partial_line *line = &log->partial[stream - STREAM_STDOUT];
  if (!line->continues) stamp_now(&line->began);
  put_entry(log, stream, line->text, line->length, &line->began);
  line->continues = true;
  line->length = 0;
}

// Takes the next line, or what is there of it. Returns the bytes used.
static size_t take_line(struct log *log, int stream, const uint8_t *data, size_t length) {
  struct partial_line *line = &log->partial[stream - STREAM_STDOUT];
  size_t room = sizeof line->text - line->length;
  const uint8_t *newline = memchr(data, '\n', least(length, room));
  size_t used = newline ? (size_t)(newline - data) + 1 : least(length, room);
  if (newline && line->length == 0) {
    end_line(log, stream, data, used);
    return used;
  }
  memcpy(line->text + line->length, data, used);
  line->length += used;
  if (newline) end_line(log, stream, line->text, line->length);
  else if (line->length == sizeof line->text) split_line(log, stream);
  return used;
}

void log_write(struct log *log, int stream, const uint8_t *data, size_t length) {
  if (log->fd < 0) return;
  while (length > 0) {
    size_t used = take_line(log, stream, data, length);
    data += used;
    length -= used;
  }
  flush(log);
}

void log_end(struct log *log, int stream) {
  struct partial_line *line = &log->partial[stream - STREAM_STDOUT];
  if (log->fd < 0 || line->length == 0) return;
  end_line(log, stream, line->text, line->length);
  flush(log);
}
