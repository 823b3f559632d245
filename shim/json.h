// Text as the inside of a JSON string, escaped as Docker's json-file driver does it.
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdint.h>

// The longest output for one byte of input.
#define JSON_GROWTH 6

// Encodes whole characters that begin in [from, stop); one may reach beyond `stop`, never beyond `end`.
// Writes at most JSON_GROWTH bytes for each byte read, and may leave anything in the 16 bytes behind. Returns the end of what was written and moves `from`.
uint8_t *json_escape(uint8_t *out, const uint8_t **from, const uint8_t *stop, const uint8_t *end);

#endif
