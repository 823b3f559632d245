/* Peers of the network benchmark.
 *   peer sink PORT                           takes all bytes of every connection
 *   peer greet PORT                          one byte for every connection, and the end
 *   peer push ADDR PORT SECONDS              prints megabytes a second through one connection
 *   peer connect ADDR PORT SECONDS CLIENTS   prints connections a second, each with its byte
 *   peer refuse PORT                         a name server that knows no name
 *   peer ask ADDR PORT NAME SECONDS CLIENTS  prints answers a second and the 99th percentile in microseconds;
 *                                            each %d of NAME is another number for each question
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1 << 17, MOST_SAMPLES = 1 << 18, MOST_CLIENTS = 64 };

struct tally {
  long count[MOST_CLIENTS];
  long samples;
  unsigned micros[MOST_SAMPLES];
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in to(const char *address, int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, address, &a.sin_addr) != 1) die(address);
  return a;
}

static int listener(int type, int port) {
  struct sockaddr_in a = to("0.0.0.0", port);
  int s = socket(AF_INET, type, 0), one = 1;
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(s, (struct sockaddr *)&a, sizeof a)) die("bind");
  if (type == SOCK_STREAM && listen(s, 4096)) die("listen");
  return s;
}

static void sink(int port) {
  static char bytes[CHUNK];
  for (int s = listener(SOCK_STREAM, port), c; (c = accept(s, 0, 0)) >= 0; close(c))
    while (read(c, bytes, sizeof bytes) > 0) continue;
}

static void greet(int port) {
  for (int s = listener(SOCK_STREAM, port), c; (c = accept(s, 0, 0)) >= 0; close(c))
    if (write(c, "!", 1) < 0) continue;
}

/* A reset at the end leaves no TIME_WAIT: the ports of a benchmark would run out. */
static int dial(struct sockaddr_in a) {
  struct linger reset = {1, 0};
  struct timeval patience = {.tv_sec = 5};
  int s = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(s, (struct sockaddr *)&a, sizeof a)) die("connect");
  return s;
}

static void push(const char *address, int port, double seconds) {
  static char bytes[CHUNK];
  int s = dial(to(address, port));
  double begin = now(), sent = 0;
  while (now() - begin < seconds) {
    ssize_t n = write(s, bytes, sizeof bytes);
    if (n < 0) die("write");
    sent += n;
  }
  printf("%.1f\n", sent / 1e6 / (now() - begin));
}

static void connecting(struct tally *all, int client, struct sockaddr_in a, double end) {
  char byte;
  while (now() < end) {
    int s = dial(a);
    if (read(s, &byte, 1) != 1) die("no greeting");
    close(s);
    all->count[client]++;
  }
}

static int question(unsigned char *out, const char *name, int id) {
  unsigned char *at = out + 12;
  memset(out, 0, 12);
  out[0] = id >> 8, out[1] = id, out[2] = 1, out[5] = 1;
  for (const char *label = name; *label;) {
    size_t n = strcspn(label, ".");
    *at++ = n;
    memcpy(at, label, n);
    at += n, label += n + (label[n] == '.');
  }
  memcpy(at, "\0\0\1\0\1", 5);
  return at + 5 - out;
}

static void asking(struct tally *all, int client, struct sockaddr_in a, const char *pattern, double end) {
  struct timeval patience = {.tv_sec = 5};
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(s, (struct sockaddr *)&a, sizeof a)) die("connect");
  for (int n = 0; now() < end; n++) {
    unsigned char out[512], in[1500];
    char name[256];
    int id = (client << 10 ^ n) & 0xffff;
    snprintf(name, sizeof name, pattern, client * 1000000 + n);
    int length = question(out, name, id);
    double begin = now();
    if (send(s, out, length, 0) < 0) die("send");
    do
      if (recv(s, in, sizeof in, 0) < 12) break;
    while (in[0] != out[0] || in[1] != out[1]);
    long sample = __atomic_fetch_add(&all->samples, 1, __ATOMIC_RELAXED);
    if (sample < MOST_SAMPLES) all->micros[sample] = (now() - begin) * 1e6;
    all->count[client]++;
  }
}

static void refuse(int port) {
  unsigned char message[1500];
  struct sockaddr_in from;
  for (int s = listener(SOCK_DGRAM, port);;) {
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(s, message, sizeof message, 0, (struct sockaddr *)&from, &size);
    if (n < 12) continue;
    message[2] |= 0x84, message[3] = 0x83; /* an answer, with authority: no such name */
    sendto(s, message, n, 0, (struct sockaddr *)&from, size);
  }
}

static int ascending(const void *a, const void *b) {
  return *(const unsigned *)a < *(const unsigned *)b ? -1 : 1;
}

int main(int argc, char **argv) {
  const char *what = argc > 2 ? argv[1] : "";
  if (!strcmp(what, "sink")) sink(atoi(argv[2]));
  if (!strcmp(what, "greet")) greet(atoi(argv[2]));
  if (!strcmp(what, "refuse")) refuse(atoi(argv[2]));
  if (!strcmp(what, "push") && argc == 5) return push(argv[2], atoi(argv[3]), atof(argv[4])), 0;
  int isAsking = !strcmp(what, "ask") && argc == 7;
  if (!isAsking && !(!strcmp(what, "connect") && argc == 6)) return fprintf(stderr, "usage: see the source\n"), 2;
  double seconds = atof(argv[argc - 2]), begin = now();
  int clients = atoi(argv[argc - 1]);
  if (clients > MOST_CLIENTS) clients = MOST_CLIENTS;
  struct sockaddr_in a = to(argv[2], atoi(argv[3]));
  struct tally *all = mmap(0, sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int client = 0; client < clients; client++)
    if (fork() == 0) {
      if (isAsking) asking(all, client, a, argv[4], begin + seconds);
      else connecting(all, client, a, begin + seconds);
      exit(0);
    }
  int failed = 0, status;
  while (wait(&status) > 0) failed |= status;
  double elapsed = now() - begin;
  long count = 0;
  for (int client = 0; client < clients; client++) count += all->count[client];
  long samples = all->samples < MOST_SAMPLES ? all->samples : MOST_SAMPLES;
  qsort(all->micros, samples, sizeof *all->micros, ascending);
  printf("%.1f %u\n", count / elapsed, samples ? all->micros[samples * 99 / 100] : 0);
  return failed ? 1 : 0;
}
