#define _GNU_SOURCE
#include "CLinuxShims.h"
#include "raw.h"

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
  pid_t second = aside(fork(), &progress->second);
  if (second > 0) nonet_renew_next_wait();
  return second;
}

// What the first second holder finds on its stack, which nobody else uses.
struct waiting {
  struct nonet_progress *progress;
  int handle;
  pid_t parent;
  nonet_performer *performer;
  void *context;
};

static int wait_beside(void *argument) {
  struct waiting *waiting = argument;
  nonet_raw(SYS_setsid, 0, 0, 0, 0);
  struct pollfd request = {.fd = waiting->handle, .events = POLLIN};
  // Where no file may be open any more (nonet_wait) the parent is looked at now and then.
  const struct timespec pause = {.tv_nsec = 1000000};
  while (nonet_raw(SYS_ppoll, (long)&request, 1, 0, 0) != 1 || !(request.revents & POLLIN)) {
    nonet_raw(SYS_nanosleep, (long)&pause, 0, 0, 0);
    if (nonet_raw(SYS_getppid, 0, 0, 0, 0) != waiting->parent) break;
  }
  // The memory is this process's alone now.
  waiting->performer(waiting->context);
  return 0;
}

pid_t nonet_begin_second(struct nonet_progress *progress, int handle, nonet_performer *performer,
                         void *context) {
  enum { SIZE = 256 << 10 };
  char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -1;
  struct waiting *waiting = (struct waiting *)(stack + SIZE) - 1;
  *waiting = (struct waiting){progress, handle, getpid(), performer, context};
  void *top = (void *)((uintptr_t)waiting & ~(uintptr_t)15);
  pid_t second = clone(wait_beside, top, CLONE_VM | CLONE_FILES | SIGCHLD, waiting);
  if (second > 0) __atomic_store_n(&progress->second, second, __ATOMIC_RELEASE);
  return second;
}

pid_t nonet_fork_successor(struct nonet_progress *progress) {
  pid_t successor = fork();
  return successor < 0 ? -1 : aside(successor, &progress->successor);
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
