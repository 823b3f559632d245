#include "log.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int open_file(const char *path, int flags) {
  return open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0640);
}

static void adopt(struct log *log, int fd) {
  close_fd(&log->fd);
  struct stat status;
  log->fd = fd;
  log->size = fstat(fd, &status) == 0 ? status.st_size : 0;
  log->boundary = log->complete = log->size;
  if (log->format == LOG_LOCAL && !local_adopt(log)) log_rotate(log);
}

int log_open(struct log *log, struct error *error) {
  log->fd = -1;
  if (!log->path) return 0;
  int fd = open_file(log->path, 0);
  if (fd < 0) return fail(error, "open the log file");
  adopt(log, fd);
  return 0;
}

// Returns the bytes written: fewer than `length` when the disk is full, with errno set.
static size_t write_all(int fd, const uint8_t *data, size_t length) {
  size_t done = 0;
  while (done < length) {
    ssize_t written = write(fd, data + done, length - done);
    if (written < 0 && errno == EINTR) continue;
    if (written == 0) errno = EIO;
    if (written <= 0) break;
    done += (size_t)written;
  }
  return done;
}

// A full disk must not make the log unreadable: the file is cut back to whole entries, the rest is lost.
static void drop_torn_entry(struct log *log) {
  struct stat status;
  if (log->failure == 0) log->failure = errno ? errno : EIO;
  if (fstat(log->fd, &status) == 0 && status.st_size > log->complete && ftruncate(log->fd, log->complete) < 0)
    log->complete = status.st_size;
  log->size = log->boundary = log->complete;
  log->torn = true;
}

// The last whole entry in the first `written` bytes of `out` ends here.
static void keep_whole_entries(struct log *log, size_t written) {
  if (log->format != LOG_JSON) return;
  const uint8_t *last = memrchr(log->out, '\n', written);  // ends an entry: inside one it is escaped
  if (last) log->complete = log->size - (int64_t)log->out_length + (last - log->out) + 1;
}

void log_flush(struct log *log) {
  size_t written = log->torn ? log->out_length : write_all(log->fd, log->out, log->out_length);
  if (written < log->out_length) {
    keep_whole_entries(log, written);
    drop_torn_entry(log);
  } else if (!log->torn) {
    log->complete = log->boundary;
  }
  log->out_length = 0;
}

// A rotated file is plain or compressed: whichever it is moves on.
static void shift(const char *path, int from, int to, const char *suffix) {
  char source[PATH_MAX], target[PATH_MAX];
  if (from == 0) snprintf(source, sizeof source, "%s", path);
  else snprintf(source, sizeof source, "%s.%d%s", path, from, suffix);
  snprintf(target, sizeof target, "%s.%d%s", path, to, suffix);
  if (rename(source, target) < 0 && from > 0) unlink(target);
}

void log_rotate(struct log *log) {
  log_flush(log);
  for (int i = log->max_files - 1; i > 0; i--) {
    shift(log->path, i - 1, i, "");
    if (log->compressed && i > 1) shift(log->path, i - 1, i, ".gz");
  }
  int64_t base = log->base + log->size - LOCAL_FILE_HEAD;
  int fd = open_file(log->path, O_TRUNC);
  if (fd < 0) return;
  log->base = base > 0 ? base : 0;
  log->rotated = log->max_files > 1;
  adopt(log, fd);
}

void log_reopen(struct log *log) {
  if (log->fd < 0) return;
  log_flush(log);
  int fd = open_file(log->path, 0);
  if (fd >= 0) adopt(log, fd);
}

void log_adopt_compressed(struct log *log, uint64_t inode) {
  char from[PATH_MAX], plain[PATH_MAX], to[PATH_MAX];
  struct stat status;
  snprintf(from, sizeof from, "%s.compressed", log->path ? log->path : "");
  for (int i = 1; log->path && i < log->max_files; i++) {
    snprintf(plain, sizeof plain, "%s.%d", log->path, i);
    if (stat(plain, &status) < 0 || status.st_ino != inode) continue;
    snprintf(to, sizeof to, "%s.%d.gz", log->path, i);
    if (rename(from, to) == 0) unlink(plain);
    return;
  }
  unlink(from);  // rotated away meanwhile
}

void log_put(struct log *log, const void *bytes, size_t length) {
  const uint8_t *p = bytes;
  while (length > 0) {
    if (log->out_length == sizeof log->out) log_flush(log);
    size_t part = least(length, sizeof log->out - log->out_length);
    memcpy(log->out + log->out_length, p, part);
    log->out_length += part;
    log->size += (int64_t)part;
    p += part;
    length -= part;
  }
}

void log_begin_entry(struct log *log) {
  log->torn = false;
  if (log->max_bytes > 0 && log->size >= log->max_bytes) log_rotate(log);
}

void log_end_entry(struct log *log) {
  if (log->torn) {
    log->out_length = 0;
    log->size = log->complete;
    log->lost++;
  }
  log->boundary = log->size;
}

void log_write(struct log *log, int stream, const uint8_t *data, size_t length) {
  if (log->fd < 0) return;
  if (log->format == LOG_LOCAL) local_write(log, stream, data, length);
  else json_write(log, stream, data, length);
  log_flush(log);
}

void log_end(struct log *log, int stream) {
  if (log->fd < 0 || log->format != LOG_JSON) return;
  json_end(log, stream);
  log_flush(log);
}
