#define _GNU_SOURCE
#include "CLinuxShims.h"
#include "text.h"

#include <sys/ioctl.h>
#include <sys/un.h>

// include/uapi/linux/un.h
#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE 0x89E0
#endif

// The flag that makes a connect wait belongs to the file, which the command has too: it is taken away for the
// moment of the call, in which the socket is not connected, so that others find nothing to wait for.
int nonet_connect_in_place(int socket, const void *address, socklen_t size) {
  int flags = fcntl(socket, F_GETFL);
  if (flags < 0) return -1;
  int waits = !(flags & O_NONBLOCK);
  if (nonet_step_out()) return -1;
  if (waits) fcntl(socket, F_SETFL, flags | O_NONBLOCK);
  int result = connect(socket, address, size);
  // Asked again, the kernel tells what has become of it; through lo that is decided at once, mostly.
  if (waits && result < 0 && errno == EINPROGRESS) {
    result = connect(socket, address, size);
    if (result < 0 && errno == EISCONN) result = 0;
  }
  int error = errno;
  if (waits) fcntl(socket, F_SETFL, flags);
  errno = error;
  nonet_step_in();
  return result;
}

int nonet_connect_pinned_in_place(int socket, int file) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  nonet_append_number(nonet_append(address.sun_path, "/proc/self/fd/"), (unsigned)file);
  return nonet_connect_in_place(socket, &address, sizeof address);
}

int nonet_file_of_socket(int socket) { return ioctl(socket, SIOCUNIXFILE); }

uint64_t nonet_own_network(void) {
  uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // SO_NETNS_COOKIE of asm-generic/socket.h.
  if (probe < 0 || getsockopt(probe, SOL_SOCKET, 71, &cookie, &size)) cookie = 0;
  if (probe >= 0) close(probe);
  return cookie;
}
