#include "stamp.h"

#include <string.h>
#include <time.h>

// Most lines share their second with the line before; formatting it costs more than all the rest.
static void write_second(char *text, time_t second) {
  static time_t cached_second = -1;
  static char cached[24];
  if (second != cached_second) {
    struct tm utc;
    gmtime_r(&second, &utc);
    strftime(cached, sizeof cached, "%Y-%m-%dT%H:%M:%S", &utc);
    cached_second = second;
  }
  memcpy(text, cached, 19);
}

void stamp_now(struct stamp *stamp) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  write_second(stamp->text, now.tv_sec);
  unsigned length = 19;
  if (now.tv_nsec > 0) {
    stamp->text[19] = '.';
    long rest = now.tv_nsec;
    for (int i = 28; i > 19; i--, rest /= 10) stamp->text[i] = (char)('0' + rest % 10);
    length = 29;
    while (stamp->text[length - 1] == '0') length--;
  }
  stamp->text[length++] = 'Z';
  stamp->text[length] = 0;
  stamp->length = length;
}
