#define _GNU_SOURCE
#include "CLinuxShims.h"
#include "raw.h"

#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// A process in another network, which makes sockets there for this one: in an empty one of its own, or in that
// which this process was started in and has left. It shares memory and the table of descriptors, so a socket that
// it makes is this process's at once, and nothing is sent.

enum state { RESTING, ASKED, ANSWERED };

enum { MOST_GROUPS = 1024 };

// By which a firewall tells whose a socket is.
struct owner {
  unsigned user, group;
  const gid_t *groups;
  int group_count;
};

static struct {
  int alive; // its number; the kernel clears it when it ends (CLONE_CHILD_CLEARTID)
  int state; // enum state
  int family, type, protocol;
  const struct owner *owner; // NULL for this process
  int result; // a descriptor, or a negative errno
} maker;

// Whether a socket like the last one has been asked for that nobody wanted yet.
static int is_ahead;

static void wait_for_change(int *word, int known, const struct timespec *time) {
  nonet_raw(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, known, (long)time);
}

static void tell_change(int *word) {
  nonet_raw(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, 1, 0);
}

static void end_with_parent(void) { nonet_raw(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0); }

static long make(void) { return nonet_raw(SYS_socket, maker.family, maker.type, maker.protocol, 0); }

// Answers what was (setfsuid(2), setfsgid(2)); -1 changes nothing.
static unsigned set_file_id(long call, unsigned wanted) { return (unsigned)nonet_raw(call, wanted, 0, 0, 0); }

// Takes the groups of a file's maker, and its ids: the user last, and first when they are taken back.
static int is_owner(const struct owner *owner, int takes) {
  if (!takes) set_file_id(SYS_setfsuid, owner->user);
  if (nonet_raw(SYS_setgroups, owner->group_count, (long)owner->groups, 0, 0)) return 0;
  set_file_id(SYS_setfsgid, owner->group);
  if (takes) set_file_id(SYS_setfsuid, owner->user);
  return set_file_id(SYS_setfsgid, -1U) == owner->group && set_file_id(SYS_setfsuid, -1U) == owner->user;
}

// Answers 0 where this process cannot go on as who it was.
static int make_as(const struct owner *owner, int *result) {
  static gid_t groups[MOST_GROUPS];
  long count = nonet_raw(SYS_getgroups, MOST_GROUPS, (long)groups, 0, 0);
  struct owner own = {set_file_id(SYS_setfsuid, -1U), set_file_id(SYS_setfsgid, -1U), groups, (int)count};
  if (count < 0) return *result = -EPERM, 1;
  *result = is_owner(owner, 1) ? (int)make() : -EPERM;
  int is_back = is_owner(&own, 0);
  // A change of ids takes both back (commit_creds in kernel/cred.c).
  nonet_raw(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0);
  end_with_parent();
  return is_back;
}

// Calls nothing of the C library: errno and all else of its thread belong to the parent.
static int make_sockets(void *argument) {
  long parent = (long)argument;
  end_with_parent();
  nonet_raw(SYS_setsid, 0, 0, 0, 0);
  while (nonet_raw(SYS_getppid, 0, 0, 0, 0) == parent) {
    int state = __atomic_load_n(&maker.state, __ATOMIC_ACQUIRE);
    if (state != ASKED) {
      wait_for_change(&maker.state, state, NULL);
      continue;
    }
    if (!maker.owner)
      maker.result = (int)make();
    else if (!make_as(maker.owner, &maker.result))
      break;
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
  maker.alive = is_ahead = 0;
  maker.state = RESTING;
  // Of a network without a user namespace of its own nobody inside has any capability; only root makes one.
  pid_t process = clone_into(CLONE_NEWNET);
  return process < 0 ? clone_into(CLONE_NEWUSER | CLONE_NEWNET) : process;
}

pid_t nonet_start_outside_maker(void) {
  maker.alive = is_ahead = 0;
  maker.state = RESTING;
  return clone_into(0);
}

void nonet_forget_maker(void) { maker.alive = is_ahead = 0; }

static void begin(int family, int type, int protocol, const struct owner *owner) {
  maker.family = family;
  maker.type = type;
  maker.protocol = protocol;
  maker.owner = owner;
  __atomic_store_n(&maker.state, ASKED, __ATOMIC_RELEASE);
  tell_change(&maker.state);
}

// Waits for what was begun: a descriptor, or a negative errno.
static int end(void) {
  struct timespec time = {.tv_nsec = 100 * 1000 * 1000};
  while (__atomic_load_n(&maker.state, __ATOMIC_ACQUIRE) != ANSWERED) {
    if (!__atomic_load_n(&maker.alive, __ATOMIC_ACQUIRE)) return -ESRCH;
    wait_for_change(&maker.state, ASKED, &time);
  }
  return maker.result;
}

static int ask(int family, int type, int protocol, const struct owner *owner) {
  if (is_ahead) {
    int made = end();
    int is_same = family == maker.family && type == maker.type && protocol == maker.protocol && !owner;
    is_ahead = 0;
    if (is_same && made >= 0) return made;
    if (made >= 0) close(made);
  }
  if (!__atomic_load_n(&maker.alive, __ATOMIC_ACQUIRE)) return errno = ESRCH, -1;
  begin(family, type, protocol, owner);
  int made = end();
  return made < 0 ? (errno = -made, -1) : made;
}

void nonet_prepare_socket(void) {
  if (is_ahead || maker.state != ANSWERED || !__atomic_load_n(&maker.alive, __ATOMIC_ACQUIRE)) return;
  begin(maker.family, maker.type, maker.protocol, NULL);
  is_ahead = 1;
}

int nonet_make_nowhere(int family, int type, int protocol) { return ask(family, type, protocol, NULL); }

int nonet_make_outside(int family, const struct nonet_ids *ids, const gid_t *groups, int group_count) {
  struct owner owner;
  if (ids) owner = (struct owner){ids->file_user, ids->file_group, groups, group_count};
  return ask(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ids ? &owner : NULL);
}

int nonet_give_descriptor(int listener, uint64_t id, int source, int closes_on_exec) {
  struct seccomp_notif_addfd give = {.id = id,
                                     .flags = SECCOMP_ADDFD_FLAG_SEND,
                                     .srcfd = (uint32_t)source,
                                     .newfd_flags = closes_on_exec ? O_CLOEXEC : 0};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give);
}
