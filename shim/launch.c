#include "launch.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

// Ignored signals survive exec, and the daemon ignores some: the container must see none of that.
static void reset_signals(void) {
  for (int number = 1; number < _NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// In a mount namespace of the runtime's own. Only the parent mount leaves its peer group, so that the unmount stays
// here while shared volumes stay shared.
static int hide_mount(const char *target) {
  char parent[PATH_MAX];
  snprintf(parent, sizeof parent, "%s", target);
  char *slash = strrchr(parent, '/');
  if (!slash) return -1;
  slash[slash == parent ? 1 : 0] = 0;
  if (unshare(CLONE_NEWNS) < 0) return -1;
  if (mount(NULL, parent, NULL, MS_SLAVE, NULL) < 0 && mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0) return -1;
  // Gone already is as good as hidden.
  return umount2(target, MNT_DETACH) == 0 || errno == EINVAL || errno == ENOENT ? 0 : -1;
}

static int use_streams(const struct child_ends *ends) {
  return dup2(ends->in, 0) < 0 || dup2(ends->out, 1) < 0 || dup2(ends->err, 2) < 0 ? -1 : 0;
}

// After vfork: the memory is the parent's, so a failure is told by filling its error.
__attribute__((noreturn)) static void become_runtime(const struct options *options, const struct child_ends *ends,
                                                     volatile struct error *error) {
  extern char **environ;
  const char *what = "hide the mount from the runtime";
  reset_signals();
  umask(022);
  if (!options->hide || hide_mount(options->hide) == 0) {
    what = "run the OCI runtime";
    if (use_streams(ends) == 0) {
      if (options->runtime_fd >= 0) fexecve(options->runtime_fd, options->runtime, environ);
      else execve(options->runtime[0], options->runtime, environ);
    }
  }
  error->code = errno;
  error->what = what;
  _exit(127);
}

pid_t launch_runtime(const struct options *options, const struct child_ends *ends, struct error *error) {
  volatile struct error failure = {0, NULL};
  pid_t child = vfork();
  if (child == 0) become_runtime(options, ends, &failure);
  if (child < 0) return fail(error, "fork the OCI runtime");
  if (failure.what) {
    *error = (struct error){.code = failure.code, .what = failure.what};
    return -1;
  }
  return child;
}

pid_t read_pid_file(void) {
  scoped_fd fd = open("pid", O_RDONLY | O_CLOEXEC);
  char text[16] = {0};
  if (fd < 0 || read(fd, text, sizeof text - 1) <= 0) return 0;
  return (pid_t)atoi(text);
}
