#include "passing.h"

#include <string.h>
#include <sys/socket.h>

ssize_t receive_passed(int socket, void *data, size_t size, int flags, int *fd) {
  struct iovec part = {.iov_base = data, .iov_len = size};
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control;
  struct msghdr message = {
    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
  struct cmsghdr *header = length < 0 ? NULL : CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return length;
  scoped_fd passed = -1;
  memcpy(&passed, CMSG_DATA(header), sizeof passed);
  if (*fd < 0) *fd = move_fd(&passed);
  return length;
}
