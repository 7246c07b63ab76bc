#define _GNU_SOURCE
#include "CLinuxShims.h"
#include "raw.h"

#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// A process in an empty network of its own, which makes sockets there for this one. It shares memory and
// the table of descriptors, so a socket that it makes is this process's at once, and nothing is sent.

enum state { RESTING, ASKED, ANSWERED };

static struct {
  int alive; // its number; the kernel clears it when it ends (CLONE_CHILD_CLEARTID)
  int state; // enum state
  int family, type, protocol;
  int result; // a descriptor, or a negative errno
} maker;

static void wait_for_change(int *word, int known, const struct timespec *time) {
  nonet_raw(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, known, (long)time);
}

static void tell_change(int *word) {
  nonet_raw(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, 1, 0);
}

// Calls nothing of the C library: errno and all else of its thread belong to the parent.
static int make_sockets(void *argument) {
  long parent = (long)argument;
  nonet_raw(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
  nonet_raw(SYS_setsid, 0, 0, 0, 0);
  while (nonet_raw(SYS_getppid, 0, 0, 0, 0) == parent) {
    int state = __atomic_load_n(&maker.state, __ATOMIC_ACQUIRE);
    if (state != ASKED) {
      wait_for_change(&maker.state, state, NULL);
      continue;
    }
    maker.result = (int)nonet_raw(SYS_socket, maker.family, maker.type, maker.protocol, 0);
    __atomic_store_n(&maker.state, ANSWERED, __ATOMIC_RELEASE);
    tell_change(&maker.state);
  }
  return 0;
}

static pid_t clone_into(int namespaces) {
  enum { SIZE = 16 << 10 };
  char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -1;
  pid_t process = clone(make_sockets, stack + SIZE,
                        namespaces | CLONE_VM | CLONE_FILES | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
                        (void *)(long)getpid(), &maker.alive, NULL, &maker.alive);
  int error = errno;
  if (process < 0) munmap(stack, SIZE);
  errno = error;
  return process;
}

pid_t nonet_start_maker(void) {
  maker.alive = 0;
  maker.state = RESTING;
  // Of a network without a user namespace of its own nobody inside has any capability; only root makes one.
  pid_t process = clone_into(CLONE_NEWNET);
  return process < 0 ? clone_into(CLONE_NEWUSER | CLONE_NEWNET) : process;
}

int nonet_make_nowhere(int family, int type, int protocol) {
  struct timespec time = {.tv_nsec = 100 * 1000 * 1000};
  maker.family = family;
  maker.type = type;
  maker.protocol = protocol;
  __atomic_store_n(&maker.state, ASKED, __ATOMIC_RELEASE);
  tell_change(&maker.state);
  while (__atomic_load_n(&maker.state, __ATOMIC_ACQUIRE) != ANSWERED) {
    if (!__atomic_load_n(&maker.alive, __ATOMIC_ACQUIRE)) return errno = ESRCH, -1;
    wait_for_change(&maker.state, ASKED, &time);
  }
  return maker.result < 0 ? (errno = -maker.result, -1) : maker.result;
}

int nonet_give_descriptor(int listener, uint64_t id, int source, int closes_on_exec) {
  struct seccomp_notif_addfd give = {.id = id,
                                     .flags = SECCOMP_ADDFD_FLAG_SEND,
                                     .srcfd = (uint32_t)source,
                                     .newfd_flags = closes_on_exec ? O_CLOEXEC : 0};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give);
}
