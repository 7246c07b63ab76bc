#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <linux/openat2.h>
#include <sys/syscall.h>

// What may wait for the command, each made out of turn as a whole: while another thread works nothing here
// touches but the caller's own memory.

static int closed(int descriptor, int result) {
  int error = errno;
  close(descriptor);
  errno = error;
  return result;
}

int nonet_read_memory(pid_t thread, uint64_t address, void *bytes, size_t count) {
  struct iovec here = {.iov_base = bytes, .iov_len = count};
  struct iovec there = {.iov_base = (void *)(uintptr_t)address, .iov_len = count};
  if (nonet_step_out()) return -1;
  ssize_t result = process_vm_readv(thread, &here, 1, &there, 1, 0);
  nonet_step_in();
  return result == (ssize_t)count ? 0 : -1;
}

// The page of an epoll set, for one, is written under the set's own lock (ep_show_fdinfo in fs/eventpoll.c),
// which epoll_wait(2) holds while it writes into a page that may never come.
int nonet_read_patiently(const char *path, void *bytes, size_t count) {
  if (nonet_step_out()) return -1;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  int result = file < 0 ? -1 : closed(file, (int)read(file, bytes, count));
  nonet_step_in();
  return result;
}

int nonet_connect_patiently(int socket, const void *address, socklen_t size) {
  if (nonet_step_out()) return -1;
  int result = connect(socket, address, size);
  nonet_step_in();
  return result;
}

// Files ------------------------------------------------------------------------------------------

int nonet_pin_here(const char *path) {
  if (nonet_step_out()) return -1;
  int file = open(path, O_PATH | O_CLOEXEC);
  nonet_step_in();
  return file;
}

int nonet_pin(int folder, const char *path, int follows, uint64_t resolve) {
  struct open_how how = {.flags = O_PATH | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW),
                         .resolve = resolve};
  int file = -1;
  // EAGAIN: something was renamed on the way of a `..`.
  for (int i = 0; i < 16 && file < 0; i++) {
    if (nonet_step_out()) return -1;
    file = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
    nonet_step_in();
    if (file < 0 && errno != EAGAIN && errno != EINTR) break;
  }
  return file;
}

int nonet_may_write(int folder) {
  if (nonet_step_out()) return -1;
  int result = faccessat(folder, ".", W_OK, AT_EACCESS);
  nonet_step_in();
  return result;
}

ssize_t nonet_read_link(int link, char *bytes, size_t count) {
  if (nonet_step_out()) return -1;
  ssize_t result = readlinkat(link, "", bytes, count);
  nonet_step_in();
  return result;
}

// Descriptors ------------------------------------------------------------------------------------

// A descriptor may be anything when it is copied, whatever it was before. The copy itself waits for an
// execve(2) of the process's that closes files (exec_update_lock); fstat(2) may ask the server of a file
// system, close(2) tells it (flush), and the last one of a socket may wait for what was sent (SO_LINGER).
int nonet_copy_socket_by(int *handle, pid_t thread, pid_t process, int number, int *family, int *type,
                         uint64_t *inode) {
  int copy = nonet_duplicate_by(handle, thread, process, number);
  if (copy < 0) return -1;
  struct stat status;
  socklen_t size = sizeof *family;
  if (!fstat(copy, &status) && S_ISSOCK(status.st_mode) &&
      !getsockopt(copy, SOL_SOCKET, SO_DOMAIN, family, &size) &&
      !getsockopt(copy, SOL_SOCKET, SO_TYPE, type, &size)) {
    *inode = status.st_ino;
    return copy;
  }
  errno = ENOTSOCK;
  return closed(copy, -1);
}

int nonet_copy_socket_stepped_out(pid_t thread, pid_t process, int number, int *family, int *type) {
  uint64_t inode;
  int handle = -1, copy = nonet_copy_socket_by(&handle, thread, process, number, family, type, &inode);
  return handle < 0 ? copy : closed(handle, copy);
}

int nonet_copy_unix_socket(pid_t thread, pid_t process, int number, int *type) {
  int family = 0;
  if (nonet_step_out()) return -1;
  int copy = nonet_copy_socket_stepped_out(thread, process, number, &family, type);
  if (copy >= 0 && (family != AF_UNIX || (*type != SOCK_STREAM && *type != SOCK_SEQPACKET))) {
    errno = ENOTSOCK;
    copy = closed(copy, -1);
  }
  nonet_step_in();
  return copy;
}

int nonet_copy_socket(pid_t thread, pid_t process, int number, int *family, int *type) {
  uint64_t inode;
  int handle = nonet_take_handle(thread);
  if (nonet_step_out()) return nonet_keep_handle(thread, handle), -1;
  int copy = nonet_copy_socket_by(&handle, thread, process, number, family, type, &inode);
  nonet_step_in();
  nonet_keep_handle(thread, handle);
  return copy;
}

int nonet_close_patiently(int descriptor) {
  // It stays open where too many threads were left behind.
  if (nonet_step_out()) return -1;
  int result = close(descriptor);
  nonet_step_in();
  return result;
}

// A send holds the socket's own lock while it reads what is sent, and getpeername(2) takes it (lock_sock
// in inet_getname).
int nonet_look_at_peer(pid_t thread, pid_t process, int number, struct nonet_peer *peer) {
  int family = 0;
  *peer = (struct nonet_peer){.size = sizeof peer->address};
  if (nonet_step_out()) return -1;
  int copy = nonet_copy_socket_stepped_out(thread, process, number, &family, &peer->type), result = -1;
  if (copy >= 0) {
    result = family == AF_INET || family == AF_INET6 ? 0 : -1;
    if (!result && getpeername(copy, (struct sockaddr *)peer->address, &peer->size)) peer->size = 0;
    close(copy);
  }
  nonet_step_in();
  return result;
}
