#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>

// Newer than some headers; as include/uapi/linux/seccomp.h has them.
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

int nonet_become_supervisor(int *was_subreaper) {
  if (prctl(PR_GET_CHILD_SUBREAPER, was_subreaper, 0, 0, 0)) return -1;
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) return -1;
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int nonet_set_subreaper(int is_subreaper) {
  return prctl(PR_SET_CHILD_SUBREAPER, is_subreaper, 0, 0, 0);
}

void nonet_note_scheduling(struct nonet_start *start) {
  // Only such a policy is another one for a child (sched_fork in kernel/sched/core.c).
  // The kernel itself is asked: musl's function answers ENOSYS whatever there is.
  long policy = syscall(SYS_sched_getscheduler, 0);
  if (policy < 0 || !(policy & SCHED_RESET_ON_FORK)) return;
  start->has_scheduling = !syscall(SYS_sched_getattr, 0, &start->scheduling,
                                   sizeof start->scheduling, 0);
}

struct nonet_progress *nonet_new_progress(void) {
  void *memory = mmap(NULL, sizeof(struct nonet_progress), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  struct nonet_progress *progress = memory;
  progress->listener = -1;
  return progress;
}

static void fail(struct nonet_progress *progress, int stage) {
  progress->error = errno;
  __atomic_store_n(&progress->failed, stage, __ATOMIC_RELEASE);
  _exit(125);
}

static int install_with_listener(const struct nonet_start *start) {
  struct sock_fprog program = {.len = start->filter_count,
                               .filter = (struct sock_filter *)start->filter};
  unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                              flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
  // Before Linux 5.19 any handled signal takes a call back and makes it again.
  if (listener < 0 && errno == EINVAL)
    listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  return listener;
}

// What the command's process finds on its stack. It shares this process's memory until execve.
struct beginning {
  const struct nonet_start *start;
  struct nonet_progress *progress;
  pid_t parent;
};

// Not one system call after the filter but execve: whatever the policy refuses, nothing else is asked.
static int begin(void *argument) {
  const struct beginning *beginning = argument;
  const struct nonet_start *start = beginning->start;
  struct nonet_progress *progress = beginning->progress;
  if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0)) fail(progress, NONET_STAGE_PARENT);
  errno = ESRCH;
  if (getppid() != beginning->parent) fail(progress, NONET_STAGE_PARENT);
  if (start->is_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    fail(progress, NONET_STAGE_PARENT);
  // The kernel may not let it, as without the privilege that was there when it was set.
  if (start->has_scheduling) syscall(SYS_sched_setattr, 0, &start->scheduling, 0);
  if (start->dropped && nonet_drop_capabilities(start->dropped))
    fail(progress, NONET_STAGE_CAPABILITIES);
  if (start->has_landlock) {
    int ruleset = nonet_landlock_create_ruleset(0, start->handled_net, start->scoped);
    if (ruleset < 0 || nonet_landlock_restrict_self(ruleset) || close(ruleset))
      fail(progress, NONET_STAGE_LANDLOCK);
  }
  if (nonet_unwatch_signals()) fail(progress, NONET_STAGE_SIGNALS);
  int listener = install_with_listener(start);
  if (listener < 0) fail(progress, NONET_STAGE_FILTER);
  __atomic_store_n(&progress->listener, listener, __ATOMIC_RELEASE);
  nonet_execute(start->file, start->arguments);
  fail(progress, NONET_STAGE_EXEC);
  return 0;
}

pid_t nonet_start_supervised(const struct nonet_start *start, struct nonet_progress *progress) {
  // The words are copied to the stack where the file is a script without a first line.
  size_t size = 64 << 10;
  for (char *const *next = start->arguments; *next; next++) size += sizeof *next;
  size = (size + 4095) & ~(size_t)4095;
  char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -1;
  struct beginning beginning = {start, progress, getpid()};
  // This process sleeps until the command has begun or failed (CLONE_VFORK), so both can share memory.
  // The table of descriptors is shared until execve gives the child one of its own (unshare_files in
  // fs/exec.c), so the listener that the child gets is the parent's, and the second holder's, at once.
  pid_t child = clone(begin, stack + size, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &beginning);
  int error = errno;
  munmap(stack, size);
  errno = error;
  return child;
}

int nonet_listener(const struct nonet_progress *progress) {
  return __atomic_load_n(&progress->listener, __ATOMIC_ACQUIRE);
}

int nonet_failed_stage(const struct nonet_progress *progress) {
  return __atomic_load_n(&progress->failed, __ATOMIC_ACQUIRE);
}

int nonet_let_go(pid_t traced, int number) {
  // After execve(2) a traced process stops by a SIGTRAP that nobody sent (ptrace_event in
  // include/linux/ptrace.h).
  return (int)ptrace(PTRACE_DETACH, traced, NULL, (void *)(intptr_t)(number == SIGTRAP ? 0 : number));
}

int nonet_raise_descriptor_limit(unsigned long wanted) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) return -1;
  rlim_t before = limit.rlim_cur;
  if (limit.rlim_max < wanted) wanted = limit.rlim_max;
  if (before >= wanted) return before > INT32_MAX ? INT32_MAX : (int)before;
  limit.rlim_cur = wanted;
  return setrlimit(RLIMIT_NOFILE, &limit) ? (int)before : (int)wanted;
}
