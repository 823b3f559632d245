/* What Testcontainers runs beside tests to clean up after them, for tests: the protocol of its reaper's image.
 * Listens on port 8080. Each line of a client is a filter of labels (label=NAME=VALUE, several joined by &) and is
 * answered with ACK. When no client has been connected for RYUK_RECONNECTION_TIMEOUT (10s, 200ms), what the filters
 * match is removed through /var/run/docker.sock: containers, networks, volumes, images. Then it ends.
 */
#include <ctype.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS = 8, FILTERS = 32, LINE = 512, ANSWER = 1 << 20 };

static char filters[FILTERS][LINE];
static int filter_count;

static int fail(const char *what) {
  perror(what);
  return 1;
}

/* One request; the answer with its head, or "". */
static const char *ask(const char *method, const char *path) {
  static char answer[ANSWER];
  char request[4 * LINE];
  struct sockaddr_un engine = {.sun_family = AF_UNIX, .sun_path = "/var/run/docker.sock"};
  int s = socket(AF_UNIX, SOCK_STREAM, 0), size = 0, n;
  answer[0] = 0;
  if (s < 0 || connect(s, (struct sockaddr *)&engine, sizeof engine)) {
    perror("docker.sock");
  } else {
    n = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n", method, path);
    if (write(s, request, n) == n)
      while (size < ANSWER - 1 && (n = read(s, answer + size, ANSWER - 1 - size)) > 0) size += n;
    answer[size] = 0;
  }
  close(s);
  return answer;
}

/* "label=a=b&label=c=d" as the value of the API's parameter: {"label":["a=b","c=d"]}, percent-encoded. */
static void encode(const char *filter, char *to, size_t size) {
  char json[2 * LINE] = "{\"label\":[", copy[LINE], *rest = copy, *one;
  snprintf(copy, sizeof copy, "%s", filter);
  for (int first = 1; (one = strsep(&rest, "&")); first = 0) {
    if (strncmp(one, "label=", 6)) continue;
    size_t at = strlen(json);
    snprintf(json + at, sizeof json - at, "%s\"%s\"", first ? "" : ",", one + 6);
  }
  strcat(json, "]}");
  for (char *c = json; *c && size > 4; c++) {
    int n = isalnum((unsigned char)*c) ? sprintf(to, "%c", *c) : sprintf(to, "%%%02X", (unsigned char)*c);
    to += n;
    size -= n;
  }
}

/* Removes what a list names but this container, whose labels are those of the tests. The names are copied first: asking
 * again overwrites the answer. */
static void reap(const char *list, const char *key, const char *path, const char *options) {
  char names[64][128], request[LINE], self[64] = "?";
  int count = 0;
  gethostname(self, sizeof self - 1);
  for (const char *at = ask("GET", list); count < 64 && (at = strstr(at, key)); count++) {
    at += strlen(key);
    snprintf(names[count], sizeof names[count], "%.*s", (int)strcspn(at, "\""), at);
  }
  for (int i = 0; i < count; i++) {
    if (!strncmp(names[i], self, strlen(self))) continue;
    snprintf(request, sizeof request, "%s/%s%s", path, names[i], options);
    printf("%s: %.12s\n", request, ask("DELETE", request));
  }
}

static void reap_all(void) {
  for (int i = 0; i < filter_count; i++) {
    char query[3 * LINE], list[4 * LINE];
    encode(filters[i], query, sizeof query);
    snprintf(list, sizeof list, "/containers/json?all=1&filters=%s", query);
    reap(list, "\"Id\":\"", "/containers", "?force=1&v=1");
    snprintf(list, sizeof list, "/networks?filters=%s", query);
    reap(list, "\"Id\":\"", "/networks", "");
    snprintf(list, sizeof list, "/volumes?filters=%s", query);
    reap(list, "\"Name\":\"", "/volumes", "?force=1");
    snprintf(list, sizeof list, "/images/json?filters=%s", query);
    reap(list, "\"Id\":\"", "/images", "?force=1");
  }
}

/* Whole lines of what came; the rest stays. Returns what is left. */
static int take_lines(int client, char *buffer, int size) {
  for (char *end; (end = memchr(buffer, '\n', size));) {
    int length = end + 1 - buffer;
    *end = 0;
    if (end > buffer && end[-1] == '\r') end[-1] = 0;
    if (*buffer && filter_count < FILTERS) snprintf(filters[filter_count++], LINE, "%s", buffer);
    if (write(client, "ACK\n", 4) < 0) perror("ACK");
    memmove(buffer, buffer + length, size - length);
    size -= length;
  }
  return size < LINE ? size : 0;
}

static int patience_ms(void) {
  const char *text = getenv("RYUK_RECONNECTION_TIMEOUT");
  char *unit;
  long n = text ? strtol(text, &unit, 10) : 10000;
  return text && strcmp(unit, "ms") ? n * 1000 : n;
}

int main(void) {
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(8080)};
  static char buffers[CLIENTS][2 * LINE];
  int sizes[CLIENTS] = {0}, connected = 0, came = 0, listener = socket(AF_INET, SOCK_STREAM, 0);
  struct pollfd polled[CLIENTS + 1];
  for (int i = 0; i < CLIENTS; i++) polled[i] = (struct pollfd){.fd = -1, .events = POLLIN};
  polled[CLIENTS] = (struct pollfd){.fd = listener, .events = POLLIN};
  setlinebuf(stdout);
  if (bind(listener, (struct sockaddr *)&any, sizeof any) || listen(listener, 8)) return fail("bind");
  puts("Started");
  while (poll(polled, CLIENTS + 1, came && !connected ? patience_ms() : -1) != 0) {
    for (int i = 0; i < CLIENTS; i++) {
      if (polled[i].fd < 0 || !polled[i].revents) continue;
      int n = read(polled[i].fd, buffers[i] + sizes[i], sizeof buffers[i] - sizes[i]);
      if (n > 0) {
        sizes[i] = take_lines(polled[i].fd, buffers[i], sizes[i] + n);
      } else {
        close(polled[i].fd);
        polled[i].fd = -1;
        connected--;
      }
    }
    if (!polled[CLIENTS].revents) continue;
    for (int i = 0; i < CLIENTS; i++) {
      if (polled[i].fd >= 0) continue;
      polled[i] = (struct pollfd){.fd = accept(listener, NULL, NULL), .events = POLLIN};
      sizes[i] = 0;
      came = 1;
      connected += polled[i].fd >= 0;
      break;
    }
  }
  reap_all();
  return 0;
}
