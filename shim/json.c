#include "json.h"

#include <stdbool.h>
#include <string.h>

static const char hex[] = "0123456789abcdef";

// Copied as they are. A table: this is the supervisor's innermost loop.
static const bool plain[256] = {
  [0x20 ... 0x21] = true, [0x23 ... 0x25] = true, [0x27 ... 0x3b] = true, [0x3d] = true,
  [0x3f ... 0x5b] = true, [0x5d ... 0x7f] = true,
};

typedef uint8_t block __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t halves __attribute__((vector_size(16)));

// Copies blocks of 16 as long as every byte of one is plain; returns how many bytes that were. The compiler makes SSE2
// or NEON of it: most of what containers write is plain text.
static size_t copy_plain_blocks(uint8_t *out, const uint8_t *p, const uint8_t *stop) {
  const uint8_t *begin = p;
  for (; stop - p >= 16; p += 16, out += 16) {
    block text = *(const block *)p;
    *(block *)out = text;
    block special = (block)(text < 0x20) | (block)(text > 0x7f) | (block)(text == '"') | (block)(text == '\\') |
                    (block)(text == '&') | (block)(text == '<') | (block)(text == '>');
    halves found = (halves)special;
    if (found[0] | found[1]) break;
  }
  return (size_t)(p - begin);
}

static bool continues(uint8_t c) { return (c & 0xc0) == 0x80; }

// Length of the valid UTF-8 sequence at p, 0 when there is none: overlong forms and surrogates are invalid.
static int utf8_length(const uint8_t *p, const uint8_t *end) {
  uint8_t c = p[0];
  long room = end - p;
  if (c >= 0xc2 && c < 0xe0) return room >= 2 && continues(p[1]) ? 2 : 0;
  if (c >= 0xe0 && c < 0xf0) {
    if (room < 3 || !continues(p[1]) || !continues(p[2])) return 0;
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f)) return 0;
    return 3;
  }
  if (c >= 0xf0 && c < 0xf5) {
    if (room < 4 || !continues(p[1]) || !continues(p[2]) || !continues(p[3])) return 0;
    if ((c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f)) return 0;
    return 4;
  }
  return 0;
}

static uint8_t *escape_ascii(uint8_t *out, uint8_t c) {
  *out++ = '\\';
  if (c == '"' || c == '\\') *out++ = c;
  else if (c == '\n') *out++ = 'n';
  else if (c == '\r') *out++ = 'r';
  else {
    memcpy(out, "u00", 3);
    out[3] = (uint8_t)hex[c >> 4];
    out[4] = (uint8_t)hex[c & 15];
    out += 5;
  }
  return out;
}

// Also U+2028 and U+2029, which end a line in JavaScript.
static uint8_t *copy_character(uint8_t *out, const uint8_t *p, int length) {
  if (length == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9)) {
    memcpy(out, p[2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
    return out + 6;
  }
  memcpy(out, p, (size_t)length);
  return out + length;
}

uint8_t *json_escape(uint8_t *out, const uint8_t **from, const uint8_t *stop, const uint8_t *end) {
  const uint8_t *p = *from;
  while (p < stop) {
    size_t copied = copy_plain_blocks(out, p, stop);
    p += copied;
    out += copied;
    while (p < stop && plain[*p]) *out++ = *p++;
    if (p == stop) break;
    if (*p < 0x80) {
      out = escape_ascii(out, *p++);
      continue;
    }
    int length = utf8_length(p, end);
    if (length > 0) {
      out = copy_character(out, p, length);
      p += length;
    } else {
      memcpy(out, "\\ufffd", 6);
      out += 6;
      p++;
    }
  }
  *from = p;
  return out;
}
