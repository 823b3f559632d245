// The compact format of the driver "local": what was read at once is one record, byte for byte. See protocol.md.
#include <string.h>
#include <time.h>

#include "log.h"

enum { CONTINUES_LINE = 0x80 };

static void put_number(uint8_t *to, uint64_t value, int size) {
  for (int i = size - 1; i >= 0; i--, value >>= 8) to[i] = (uint8_t)value;
}

static uint64_t number_at(const uint8_t *from, int size) {
  uint64_t value = 0;
  for (int i = 0; i < size; i++) value = value << 8 | from[i];
  return value;
}

static void begin_file(struct log *log) {
  uint8_t head[LOCAL_FILE_HEAD];
  memcpy(head, LOCAL_MAGIC, 8);
  put_number(head + 8, (uint64_t)log->base, 8);
  log_put(log, head, sizeof head);
  log->boundary = log->size;
  log_flush(log);
}

// A crash of the machine may have left half a record at the end: then nothing may be appended to it.
static bool ends_with_record(const struct log *log) {
  uint8_t tail[LOCAL_RECORD_TAIL], head[LOCAL_RECORD_HEAD];
  if (log->size == LOCAL_FILE_HEAD) return true;
  if (pread(log->fd, tail, sizeof tail, log->size - LOCAL_RECORD_TAIL) != sizeof tail) return false;
  int64_t length = (int64_t)number_at(tail, 4);
  int64_t begin = log->size - LOCAL_RECORD_TAIL - length - LOCAL_RECORD_HEAD;
  if (length > LOCAL_RECORD_MAX || begin < LOCAL_FILE_HEAD) return false;
  return pread(log->fd, head, sizeof head, begin) == sizeof head && (int64_t)number_at(head, 4) == length;
}

bool local_adopt(struct log *log) {
  uint8_t head[LOCAL_FILE_HEAD];
  if (log->size == 0) {
    begin_file(log);
    return true;
  }
  if (pread(log->fd, head, sizeof head, 0) != sizeof head || memcmp(head, LOCAL_MAGIC, 8) != 0) return false;
  log->base = (int64_t)number_at(head + 8, 8);
  return ends_with_record(log);
}

void local_write(struct log *log, int stream, const uint8_t *data, size_t length) {
  bool *continues = &log->partial[stream - STREAM_STDOUT].continues;
  uint8_t head[LOCAL_RECORD_HEAD] = {0}, tail[LOCAL_RECORD_TAIL];
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  log_begin_entry(log);
  if (log->size == 0) begin_file(log);  // the disk was full when the file was begun
  put_number(head, length, 4);
  head[4] = (uint8_t)(stream | (*continues ? CONTINUES_LINE : 0));
  put_number(head + 8, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, 8);
  put_number(tail, length, 4);
  log_put(log, head, sizeof head);
  log_put(log, data, length);
  log_put(log, tail, sizeof tail);
  log_end_entry(log);
  *continues = data[length - 1] != '\n';
}
