// Time as text: RFC 3339 in UTC, up to nine digits, trailing zeros dropped (Go's RFC3339Nano, as Docker writes it).
#ifndef STAMP_H
#define STAMP_H

struct stamp {
  char text[32];
  unsigned length;
};

void stamp_now(struct stamp *stamp);

#endif
