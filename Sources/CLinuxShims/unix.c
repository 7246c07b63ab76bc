#define _GNU_SOURCE
#include "CLinuxShims.h"
#include "statx.h"
#include "text.h"

#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>

// Newer than some headers: include/uapi/asm-generic/socket.h, linux/pidfd.h, linux/magic.h.
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

_Static_assert(sizeof(ino_t) == 8, "the number of a process in pidfs has 64 bits");
_Static_assert(NONET_RESOLVE_IN_ROOT == (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), "openat2.h");
_Static_assert(NONET_RESOLVE_PLAIN == RESOLVE_NO_MAGICLINKS, "openat2.h");
_Static_assert(NONET_RESOLVE_BENEATH == (RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS), "openat2.h");

static int closed(int descriptor, int result) {
  int error = errno;
  close(descriptor);
  errno = error;
  return result;
}

static int number_in_pidfs(int handle, uint64_t *number) {
  struct statfs system;
  struct stat status;
  if (fstatfs(handle, &system) || fstat(handle, &status)) return -1;
  if (system.f_type != PID_FS_MAGIC) {
    errno = EOPNOTSUPP;
    return -1;
  }
  *number = status.st_ino;
  return 0;
}

int nonet_process_number(pid_t process, uint64_t *number) {
  int handle = (int)syscall(SYS_pidfd_open, process, 0);
  return handle < 0 ? -1 : closed(handle, number_in_pidfs(handle, number));
}

int nonet_peer_handle(int socket) {
  int handle = -1;
  socklen_t size = sizeof handle;
  return getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &handle, &size) ? -1 : handle;
}

int nonet_peer_number(int socket, uint64_t *number) {
  int handle = nonet_peer_handle(socket);
  return handle < 0 ? -1 : closed(handle, number_in_pidfs(handle, number));
}


int nonet_duplicate_by(int *handle, pid_t thread, pid_t process, int descriptor) {
  if (*handle >= 0) {
    int copy = (int)syscall(SYS_pidfd_getfd, *handle, descriptor, 0);
    // It is of somebody who had the number before.
    if (copy >= 0 || errno != ESRCH) return copy;
    close(*handle);
  }
  *handle = (int)syscall(SYS_pidfd_open, thread, PIDFD_THREAD);
  if (*handle >= 0) return (int)syscall(SYS_pidfd_getfd, *handle, descriptor, 0);
  if (errno != EINVAL) return -1;
  // Before Linux 6.9 there are handles of whole processes only, which know nothing of a thread's end: none is kept.
  int whole = (int)syscall(SYS_pidfd_open, process, 0);
  return whole < 0 ? -1 : closed(whole, (int)syscall(SYS_pidfd_getfd, whole, descriptor, 0));
}

int nonet_duplicate_of_thread(pid_t thread, pid_t process, int descriptor) {
  int handle = -1, copy = nonet_duplicate_by(&handle, thread, process, descriptor);
  return handle < 0 ? -1 : closed(handle, copy);
}

int nonet_is_own_root(int folder) {
  unsigned mask = NONET_STATX_INODE | NONET_STATX_MOUNT;
  struct nonet_statx ours, other;
  if (nonet_statx(AT_FDCWD, "/", 0, mask, &ours) ||
      nonet_statx(folder, "", NONET_STATX_EMPTY_PATH | NONET_STATX_DO_NOT_SYNC, mask, &other))
    return -1;
  return (ours.mask & other.mask & mask) == mask && ours.inode == other.inode &&
         ours.mount == other.mount && ours.device_major == other.device_major &&
         ours.device_minor == other.device_minor;
}

int nonet_look_at(int file, struct nonet_file *found) {
  // What the kernel has of the file already: its server, if it has one, is not asked.
  unsigned mask = NONET_STATX_BASIC | NONET_STATX_MADE | NONET_STATX_MOUNT;
  unsigned times = NONET_STATX_MADE | NONET_STATX_CHANGED;
  struct nonet_statx status;
  if (nonet_statx(file, "", NONET_STATX_EMPTY_PATH | NONET_STATX_DO_NOT_SYNC, mask, &status))
    return -1;
  *found = (struct nonet_file){
      .device = (uint64_t)status.device_major << 32 | status.device_minor,
      .inode = status.inode,
      .mount = status.mask & NONET_STATX_MOUNT ? status.mount : 0,
      .mode = status.mode,
      .owner = status.user,
      .names = status.names,
      .has_times = (status.mask & times) == times,
      .made = {status.made.seconds, status.made.nanoseconds},
      .changed = {status.changed.seconds, status.changed.nanoseconds}};
  return 0;
}

int nonet_unix_socket_like(int model, int type, int *lost) {
  int made = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made >= 0) *lost = nonet_carry_options(model, made, AF_UNIX);
  return made;
}

int nonet_connect_pinned(int socket, int file) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  nonet_append_number(nonet_append(address.sun_path, "/proc/self/fd/"), (unsigned)file);
  return nonet_connect_patiently(socket, &address, sizeof address);
}

int nonet_put_descriptor(int listener, uint64_t id, int source, int number, int closes_on_exec) {
  struct seccomp_notif_addfd put = {.id = id,
                                    .flags = SECCOMP_ADDFD_FLAG_SETFD,
                                    .srcfd = (uint32_t)source,
                                    .newfd = (uint32_t)number,
                                    .newfd_flags = closes_on_exec ? O_CLOEXEC : 0};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &put);
}

int nonet_succeed(int listener, uint64_t id) {
  struct seccomp_notif_resp answer = {.id = id};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}
