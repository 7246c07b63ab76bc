#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1U << 1)
#endif

pid_t nonet_fork_second(struct nonet_progress *progress) {
  pid_t second = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (second == 0) setsid(); // no key and no hang-up of the terminal is meant for it
  // Written on both sides, so that the command's process waits for neither.
  __atomic_store_n(&progress->second, second > 0 ? second : second < 0 ? -1 : getpid(),
                   __ATOMIC_RELEASE);
  return second;
}

pid_t nonet_fork_successor(struct nonet_progress *progress) {
  pid_t successor = fork();
  if (successor == 0) setsid();
  if (successor > 0) __atomic_store_n(&progress->successor, successor, __ATOMIC_RELEASE);
  return successor;
}

static void wait_for_change(const int *word, int value) {
  struct timespec most = {.tv_nsec = 20 * 1000 * 1000};
  syscall(SYS_futex, word, FUTEX_WAIT, value, &most, NULL, 0);
}

void nonet_tell_listener(struct nonet_progress *progress) {
  syscall(SYS_futex, &progress->listener, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

int nonet_await_listener(struct nonet_progress *progress, pid_t first) {
  for (;;) {
    int listener = nonet_listener(progress);
    if (listener >= 0) return listener;
    if (nonet_failed_stage(progress) || getppid() != first) return -1;
    wait_for_change(&progress->listener, -1);
  }
}

int nonet_close_all_but(const int *kept, int count) {
  if (unshare(CLONE_FILES)) return -1;
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
