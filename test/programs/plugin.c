/* A plugin for tests that needs nothing but itself, so that its root file system is one file: volumes are tmpfs mounts
 * below /data, its authorization denies what holds the text of $DENY, its logs are appended to /data/log.
 *   plugin SOCKET KIND...      KINDs are what Plugin.Activate tells: VolumeDriver, authz, LogDriver
 *   plugin sleep               never listens
 * Every call is a line of /data/calls: the method and the Name asked for. $DATA is another place for /data.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char kinds[256];

/* The text of a field, by the simplest means that do for what the engine sends. */
static void field(const char *body, const char *name, char *out, size_t size) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":\"", name);
  const char *at = strstr(body, key);
  *out = 0;
  if (!at) return;
  at += strlen(key);
  for (size_t n = 0; *at && *at != '"' && n + 1 < size; n++) out[n] = *at++, out[n + 1] = 0;
}

static void note(const char *path, const char *first, const char *second) {
  FILE *file = fopen(path, "a");
  if (!file) return;
  fprintf(file, "%s %s\n", first, second);
  fclose(file);
}

static int is_mounted(const char *path) {
  struct stat here, above;
  char parent[512];
  snprintf(parent, sizeof parent, "%s/..", path);
  return !stat(path, &here) && !stat(parent, &above) && here.st_dev != above.st_dev;
}

static void describe(const char *name, char *out, size_t size) {
  snprintf(out, size, "{\"Name\":\"%s\",\"Mountpoint\":\"/data/volumes/%s\",\"Status\":{\"mark\":\"%s\"}}", name, name,
           getenv("MARK") ? getenv("MARK") : "");
}

static void list(char *out, size_t size) {
  DIR *directory = opendir("volumes");
  size_t used = (size_t)snprintf(out, size, "{\"Volumes\":[");
  for (struct dirent *entry; directory && (entry = readdir(directory)) && used < size - 600;) {
    if (entry->d_name[0] == '.') continue;
    if (out[used - 1] != '[') out[used++] = ',';
    describe(entry->d_name, out + used, size - used);
    used += strlen(out + used);
  }
  if (directory) closedir(directory);
  snprintf(out + used, size - used, "]}");
}

static void volume(const char *method, const char *body, char *out, size_t size) {
  char name[200], path[256], shown[512];
  struct stat status;
  field(body, "Name", name, sizeof name);
  snprintf(path, sizeof path, "volumes/%s", name);
  if (!strcmp(method, "Capabilities")) {
    snprintf(out, size, "{\"Capabilities\":{\"Scope\":\"global\"}}");
    return;
  }
  if (!strcmp(method, "List")) {
    list(out, size);
    return;
  }
  if (!strcmp(method, "Create")) mkdir(path, 0755);
  if (stat(path, &status)) {
    snprintf(out, size, "{\"Err\":\"no volume %s\"}", name);
    return;
  }
  if (!strcmp(method, "Remove") && rmdir(path)) snprintf(out, size, "{\"Err\":\"%s\"}", strerror(errno));
  if (!strcmp(method, "Mount")) {
    if (!is_mounted(path) && mount(name, path, "tmpfs", 0, "size=1m"))
      snprintf(out, size, "{\"Err\":\"mount: %s\"}", strerror(errno));
    else
      snprintf(out, size, "{\"Mountpoint\":\"/data/%s\"}", path);
  }
  if (!strcmp(method, "Unmount") && is_mounted(path) && umount2(path, MNT_DETACH))
    snprintf(out, size, "{\"Err\":\"umount: %s\"}", strerror(errno));
  if (!strcmp(method, "Get")) {
    describe(name, shown, sizeof shown);
    snprintf(out, size, "{\"Volume\":%s}", shown);
  }
}

/* Follows a log until its writer ends, in a process of its own. */
static void follow(const char *fifo) {
  if (fork()) return;
  int from = open(fifo, O_RDONLY), to = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644);
  char piece[4096];
  for (ssize_t n; from >= 0 && (n = read(from, piece, sizeof piece)) > 0;)
    if (write(to, piece, (size_t)n) < 0) break;
  note("calls", "end", fifo);
  _exit(0);
}

static void answer(const char *path, const char *body, char *out, size_t size) {
  char name[512];
  field(body, strncmp(path, "/LogDriver", 10) ? "Name" : "File", name, sizeof name);
  note("calls", path + 1, name);
  snprintf(out, size, "{}");
  if (!strcmp(path, "/Plugin.Activate")) snprintf(out, size, "{\"Implements\":[%s]}", kinds);
  if (!strncmp(path, "/VolumeDriver.", 14)) volume(path + 14, body, out, size);
  if (!strncmp(path, "/AuthZPlugin.", 13)) {
    const char *deny = getenv("DENY");
    int is_denied = deny && *deny && strstr(body, deny);
    snprintf(out, size, is_denied ? "{\"Allow\":false,\"Msg\":\"%s\"}" : "{\"Allow\":true}", "by its rule");
  }
  if (!strcmp(path, "/LogDriver.StartLogging")) follow(name);
}

static void serve(int client) {
  static char in[1 << 20], out[1 << 16];
  size_t have = 0;
  char *end = NULL;
  for (ssize_t n; !end && have < sizeof in - 1 && (n = read(client, in + have, sizeof in - 1 - have)) > 0;)
    have += (size_t)n, in[have] = 0, end = strstr(in, "\r\n\r\n");
  if (!end) return;
  char *length = strcasestr(in, "content-length:"), *path = strchr(in, ' ');
  size_t wanted = length && length < end ? (size_t)atol(length + 15) : 0, head = (size_t)(end + 4 - in);
  for (ssize_t n; have < head + wanted && have < sizeof in - 1 && (n = read(client, in + have, sizeof in - 1 - have)) > 0;)
    have += (size_t)n, in[have] = 0;
  if (!path) return;
  *strchr(++path, ' ') = 0;
  answer(path, end + 4, out, sizeof out);
  dprintf(client, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
          strlen(out), out);
}

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (argc < 2) return 2;
  while (!strcmp(argv[1], "sleep")) pause();
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, _exit);
  for (int i = 2; i < argc; i++) {
    size_t used = strlen(kinds);
    snprintf(kinds + used, sizeof kinds - used, "%s\"%s\"", i > 2 ? "," : "", argv[i]);
  }
  if (chdir(getenv("DATA") ? getenv("DATA") : "/data")) return 1;
  mkdir("volumes", 0755);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
  unlink(argv[1]);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 16)) return 1;
  for (int client; (client = accept(listener, NULL, NULL)) >= 0 || errno == EINTR;) {
    if (client < 0) continue;
    serve(client);
    close(client);
  }
  return 1;
}
