#include "null.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

// From linux/mount.h, which musl does not ship. Calls since Linux 5.2.
#define FSOPEN_CLOEXEC 0x1
#define FSCONFIG_CMD_CREATE 6
#define FSMOUNT_CLOEXEC 0x1
#define MOUNT_ATTR_NOSUID 0x2
#define MOUNT_ATTR_NOEXEC 0x8

// A file system nobody else sees: it lives as long as something in it is open.
static int mount_nowhere(void) {
  scoped_fd context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
  if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) return -1;
  return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
}

int open_private_null(struct error *error) {
  scoped_fd directory = mount_nowhere();
  if (directory >= 0 && mknodat(directory, "null", S_IFCHR | 0600, makedev(1, 3)) == 0 &&
      fchmodat(directory, "null", 0666, 0) == 0) {
    int fd = openat(directory, "null", O_RDWR | O_CLOEXEC);
    if (fd >= 0) return fd;
  }
  int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  return fd < 0 ? fail(error, "open /dev/null") : fd;
}
