#include "detach.h"

#include <string.h>

size_t detach_filter(struct detach_keys *keys, const uint8_t *from, size_t length, uint8_t *to, bool *detached) {
  size_t out = 0;
  for (size_t i = 0; i < length; i++) {
    uint8_t byte = from[i];
    if (byte != keys->bytes[keys->matched]) {
      memcpy(to + out, keys->bytes, keys->matched);
      out += keys->matched;
      keys->matched = 0;
    }
    if (byte != keys->bytes[keys->matched]) to[out++] = byte;
    else if (++keys->matched == keys->length) {
      *detached = true;
      return out;
    }
  }
  return out;
}
