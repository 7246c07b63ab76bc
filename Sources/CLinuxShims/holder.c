#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>

// In a session of its own: no key and no hang-up of the terminal is meant for it.
static pid_t aside(pid_t process, int *number) {
  if (process == 0) setsid();
  int known = process == 0 ? getpid() : process;
  __atomic_store_n(number, known, __ATOMIC_RELEASE);
  return process;
}

pid_t nonet_fork_second(struct nonet_progress *progress) {
  if (nonet_listener(progress) >= 0) return aside(fork(), &progress->second);
  // The listener is to come. It is everybody's at once who shares the table of descriptors then.
  pid_t second = aside((pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0),
                       &progress->second);
  if (second) syscall(SYS_futex, &progress->second, FUTEX_WAKE, 1, NULL, NULL, 0);
  return second;
}

int nonet_await_second(struct nonet_progress *progress, pid_t first) {
  struct timespec most = {.tv_nsec = 10 * 1000 * 1000};
  while (!__atomic_load_n(&progress->second, __ATOMIC_ACQUIRE)) {
    errno = ESRCH;
    if (getppid() != first) return -1;
    syscall(SYS_futex, &progress->second, FUTEX_WAIT, 0, &most, NULL, 0);
  }
  return 0;
}

pid_t nonet_fork_successor(struct nonet_progress *progress) {
  pid_t successor = fork();
  return successor < 0 ? -1 : aside(successor, &progress->successor);
}

void nonet_tell_listener(struct nonet_progress *progress) {
  syscall(SYS_futex, &progress->listener, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

int nonet_await_listener(struct nonet_progress *progress, pid_t first) {
  // Whoever is killed in these microseconds may leave behind a command that is about to begin.
  for (int patience = 10; patience > 0;) {
    int listener = nonet_listener(progress);
    if (listener >= 0) return listener;
    if (nonet_failed_stage(progress)) return -1;
    if (getppid() != first) patience--;
    struct timespec most = {.tv_nsec = 20 * 1000 * 1000};
    syscall(SYS_futex, &progress->listener, FUTEX_WAIT, -1, &most, NULL, 0);
  }
  return -1;
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
