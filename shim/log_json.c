// Docker's json-file format: one JSON object for each line.
#include <string.h>

#include "json.h"
#include "log.h"

static void put_escaped(struct log *log, const uint8_t *text, size_t length) {
  const uint8_t *end = text + length;
  while (text < end) {
    const size_t piece = sizeof log->out / JSON_GROWTH / 2;
    const uint8_t *stop = text + least((size_t)(end - text), piece);
    if (log->out_length + (piece + 3) * JSON_GROWTH > sizeof log->out) log_flush(log);
    uint8_t *from = log->out + log->out_length;
    uint8_t *to = json_escape(from, &text, stop, end);
    log->out_length += (size_t)(to - from);
    log->size += to - from;
  }
}

#define PUT(log, literal) log_put(log, literal, sizeof(literal) - 1)

static void put_entry(struct log *log, int stream, const uint8_t *text, size_t length, const struct stamp *stamp) {
  log_begin_entry(log);
  PUT(log, "{\"log\":\"");
  put_escaped(log, text, length);
  if (stream == STREAM_STDOUT) PUT(log, "\",\"stream\":\"stdout\"");
  else PUT(log, "\",\"stream\":\"stderr\"");
  if (log->attrs) {
    PUT(log, ",\"attrs\":");
    log_put(log, log->attrs, strlen(log->attrs));
  }
  PUT(log, ",\"time\":\"");
  log_put(log, stamp->text, stamp->length);
  PUT(log, "\"}\n");
  log_end_entry(log);
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

void json_write(struct log *log, int stream, const uint8_t *data, size_t length) {
  while (length > 0) {
    size_t used = take_line(log, stream, data, length);
    data += used;
    length -= used;
  }
}

void json_end(struct log *log, int stream) {
  struct partial_line *line = &log->partial[stream - STREAM_STDOUT];
  if (line->length > 0) end_line(log, stream, line->text, line->length);
}
