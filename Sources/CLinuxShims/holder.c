#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <sys/syscall.h>

// In a session of its own: no key and no hang-up of the terminal is meant for it.
static pid_t fork_aside(int *number) {
  pid_t process = fork();
  if (process == 0) setsid();
  if (process > 0) __atomic_store_n(number, process, __ATOMIC_RELEASE);
  return process;
}

pid_t nonet_fork_second(struct nonet_progress *progress) { return fork_aside(&progress->second); }

pid_t nonet_fork_successor(struct nonet_progress *progress) {
  return fork_aside(&progress->successor);
}

int nonet_close_all_but(const int *kept, int count) {
  int next = 0;
  for (int i = 0; i < count; i++) {
    if (kept[i] < next) continue;
    if (kept[i] > next && syscall(SYS_close_range, next, kept[i] - 1, 0)) return -1;
    next = kept[i] + 1;
  }
  return (int)syscall(SYS_close_range, next, ~0U, 0);
}

int nonet_close_inherited(int descriptor) {
  int flags = fcntl(descriptor, F_GETFD);
  if (flags < 0) return errno == EBADF ? 0 : -1;
  return flags & FD_CLOEXEC ? 0 : close(descriptor);
}

int nonet_handle(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }
