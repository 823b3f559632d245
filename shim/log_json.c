// Docker's json-file format: one JSON object for each line.
#include <string.h>

#include "json.h"
#include "log.h"

#define SPARE 32  // escaping writes whole blocks

static void put_escaped(struct log *log, const uint8_t *text, size_t length) {
  const uint8_t *end = text + length;
  while (text < end) {
    const size_t piece = sizeof log->out / JSON_GROWTH / 2;
    const uint8_t *stop = text + least((size_t)(end - text), piece);
    if (log->out_length + (piece + 3) * JSON_GROWTH + SPARE > sizeof log->out) log_flush(log);
    uint8_t *from = log->out + log->out_length;
    uint8_t *to = json_escape(from, &text, stop, end);
    log->out_length += (size_t)(to - from);
    log->size += to - from;
  }
}

static inline uint8_t *append(uint8_t *to, const void *bytes, size_t length) {
  memcpy(to, bytes, length);
  return to + length;
}

#define APPEND(to, literal) append(to, literal, sizeof(literal) - 1)
#define PUT(log, literal) log_put(log, literal, sizeof(literal) - 1)
#define HEAD "{\"log\":\""
#define OUT "\",\"stream\":\"stdout\""
#define ERR "\",\"stream\":\"stderr\""
#define TIME ",\"time\":\""
#define END "\"}\n"
#define FRAME_MAX (sizeof HEAD + sizeof ERR + sizeof TIME + sizeof END + sizeof(struct stamp) + SPARE)

// The usual entry, short and without attributes, in one go.
static void put_short(struct log *log, int stream, const uint8_t *text, size_t length, const struct stamp *stamp) {
  const uint8_t *end = text + length;
  uint8_t *from = log->out + log->out_length;
  uint8_t *to = json_escape(APPEND(from, HEAD), &text, end, end);
  to = stream == STREAM_STDOUT ? APPEND(to, OUT) : APPEND(to, ERR);
  to = append(APPEND(to, TIME), stamp->text, stamp->length);
  to = APPEND(to, END);
  log->out_length += (size_t)(to - from);
  log->size += to - from;
}

static void put_long(struct log *log, int stream, const uint8_t *text, size_t length, const struct stamp *stamp) {
  PUT(log, HEAD);
  put_escaped(log, text, length);
  if (stream == STREAM_STDOUT) PUT(log, OUT);
  else PUT(log, ERR);
  if (log->attrs) {
    PUT(log, ",\"attrs\":");
    log_put(log, log->attrs, strlen(log->attrs));
  }
  PUT(log, TIME);
  log_put(log, stamp->text, stamp->length);
  PUT(log, END);
}

static void put_entry(struct log *log, int stream, const uint8_t *text, size_t length, const struct stamp *stamp) {
  log_begin_entry(log);
  size_t longest = length * JSON_GROWTH + FRAME_MAX;
  bool is_short = !log->attrs && longest <= sizeof log->out / 2;
  if (is_short && log->out_length + longest > sizeof log->out) log_flush(log);
  if (is_short) put_short(log, stream, text, length, stamp);
  else put_long(log, stream, text, length, stamp);
  log_end_entry(log);
}

// Lines that were read at once came at once.
static void end_line(struct log *log, int stream, const uint8_t *text, size_t length, const struct stamp *now) {
  struct partial_line *line = &log->partial[stream - STREAM_STDOUT];
  put_entry(log, stream, text, length, line->continues ? &line->began : now);
  line->continues = false;
  line->length = 0;
}

static void split_line(struct log *log, int stream, const struct stamp *now) {
  struct partial_line *line = &log->partial[stream - STREAM_STDOUT];
  if (!line->continues) line->began = *now;
  put_entry(log, stream, line->text, line->length, &line->began);
  line->continues = true;
  line->length = 0;
}

// Takes the next line, or what is there of it. Returns the bytes used.
static size_t take_line(struct log *log, int stream, const uint8_t *data, size_t length, const struct stamp *now) {
  struct partial_line *line = &log->partial[stream - STREAM_STDOUT];
  size_t room = sizeof line->text - line->length;
  const uint8_t *newline = memchr(data, '\n', least(length, room));
  size_t used = newline ? (size_t)(newline - data) + 1 : least(length, room);
  if (newline && line->length == 0) {
    end_line(log, stream, data, used, now);
    return used;
  }
  memcpy(line->text + line->length, data, used);
  line->length += used;
  if (newline) end_line(log, stream, line->text, line->length, now);
  else if (line->length == sizeof line->text) split_line(log, stream, now);
  return used;
}

void json_write(struct log *log, int stream, const uint8_t *data, size_t length) {
  struct stamp now;
  stamp_now(&now);
  while (length > 0) {
    size_t used = take_line(log, stream, data, length, &now);
    data += used;
    length -= used;
  }
}

void json_end(struct log *log, int stream) {
  struct partial_line *line = &log->partial[stream - STREAM_STDOUT];
  if (line->length == 0) return;
  struct stamp now;
  stamp_now(&now);
  end_line(log, stream, line->text, line->length, &now);
}
