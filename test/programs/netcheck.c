/* Talks over the network for tests, without a libc's name resolution (a static busybox crashes in it).
 *   netcheck serve tcp|udp PORT TEXT   answers every connection or packet with TEXT and the peer's address, for ever
 *   netcheck get tcp|udp ADDR PORT     prints the answer; exit 1 when none comes within two seconds
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int fail(const char *what) {
  perror(what);
  return 1;
}

static int serve(int type, int port, const char *text) {
  int s = socket(AF_INET6, type, 0), one = 1;
  struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any};
  struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (s >= 0) setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (s < 0 || bind(s, (struct sockaddr *)&any6, sizeof any6)) { /* no IPv6 here */
    if (s >= 0) close(s);
    s = socket(AF_INET, type, 0);
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(s, (struct sockaddr *)&any4, sizeof any4)) return fail("bind");
  }
  if (type == SOCK_STREAM && listen(s, 64)) return fail("listen");
  for (;;) {
    char in[2048], reply[512], name[64] = "?";
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    int c = type == SOCK_STREAM ? accept(s, (struct sockaddr *)&peer, &length) : s;
    if (c < 0 || (type == SOCK_DGRAM && recvfrom(s, in, sizeof in, 0, (struct sockaddr *)&peer, &length) < 0)) continue;
    const void *address = peer.ss_family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)&peer)->sin6_addr
                                                     : (void *)&((struct sockaddr_in *)&peer)->sin_addr;
    inet_ntop(peer.ss_family, address, name, sizeof name);
    int n = snprintf(reply, sizeof reply, "%s %s\n", text, name);
    if (type == SOCK_DGRAM) {
      sendto(s, reply, n, 0, (struct sockaddr *)&peer, length);
    } else {
      if (write(c, reply, n) < 0) perror("write");
      shutdown(c, SHUT_WR);
      close(c);
    }
  }
}

static int get(int type, const char *to, int port) {
  struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  int is6 = inet_pton(AF_INET6, to, &a6.sin6_addr) == 1;
  if (!is6 && inet_pton(AF_INET, to, &a4.sin_addr) != 1) return fail("address");
  int s = socket(is6 ? AF_INET6 : AF_INET, type, 0);
  struct timeval two = {.tv_sec = 2};
  char reply[512];
  setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &two, sizeof two);
  setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &two, sizeof two); /* bounds connect too */
  if (connect(s, is6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4, is6 ? sizeof a6 : sizeof a4)) return fail("connect");
  if (type == SOCK_DGRAM && send(s, "?", 1, 0) < 0) return fail("send");
  ssize_t n = recv(s, reply, sizeof reply, 0);
  if (n <= 0) return fail("no answer");
  fwrite(reply, 1, n, stdout);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int type = strcmp(argv[2], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
  if (strcmp(argv[1], "serve") == 0) return serve(type, atoi(argv[3]), argv[4]);
  return get(type, argv[3], atoi(argv[4]));
}
