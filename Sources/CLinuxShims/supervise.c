#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

// Newer than some headers; as include/uapi/linux/seccomp.h has them.
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1
#endif

_Static_assert(SECCOMP_RET_USER_NOTIF == 0x7fc00000, "Program.notifying");

// The signals that the supervisor reads and passes on, and those that must not stop or end it.
static const int watched[] = {SIGTERM, SIGINT,  SIGHUP,  SIGQUIT, SIGUSR1, SIGUSR2,
                              SIGWINCH, SIGTSTP, SIGCONT, SIGCHLD, SIGTTIN, SIGTTOU};

// As the caller had them; the command gets them back.
static sigset_t callers_mask;
static struct sigaction callers_child_action;

int nonet_watch_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) sigaddset(&set, watched[i]);
  // Whoever ignores SIGCHLD never learns a child's status.
  struct sigaction plain = {.sa_handler = SIG_DFL};
  if (sigaction(SIGCHLD, &plain, &callers_child_action)) return -1;
  if (sigprocmask(SIG_BLOCK, &set, &callers_mask)) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int nonet_unwatch_signals(void) {
  if (sigaction(SIGCHLD, &callers_child_action, NULL)) return -1;
  return sigprocmask(SIG_SETMASK, &callers_mask, NULL);
}

void nonet_stop_self(int number) {
  struct sigaction plain = {.sa_handler = SIG_DFL}, before;
  sigset_t set, mask;
  sigemptyset(&set);
  sigaddset(&set, number);
  int is_changed = !sigaction(number, &plain, &before); // SIGSTOP needs no change and takes none
  kill(getpid(), number);
  sigprocmask(SIG_UNBLOCK, &set, &mask); // here the process stops, and here it goes on
  sigprocmask(SIG_SETMASK, &mask, NULL);
  if (is_changed) sigaction(number, &before, NULL);
}

int nonet_become_supervisor(int *was_subreaper) {
  if (prctl(PR_GET_CHILD_SUBREAPER, was_subreaper, 0, 0, 0)) return -1;
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) return -1;
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int nonet_set_subreaper(int is_subreaper) {
  return prctl(PR_SET_CHILD_SUBREAPER, is_subreaper, 0, 0, 0);
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

// Not one system call after the filter but execve: whatever the policy refuses, nothing else is asked.
static void begin(const struct nonet_start *start, struct nonet_progress *progress, pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0)) fail(progress, NONET_STAGE_PARENT);
  errno = ESRCH;
  if (getppid() != parent) fail(progress, NONET_STAGE_PARENT);
  if (nonet_unwatch_signals()) fail(progress, NONET_STAGE_SIGNALS);
  if (start->has_landlock) {
    int ruleset = nonet_landlock_create_ruleset(start->handled_net, start->scoped);
    if (ruleset < 0 || nonet_landlock_restrict_self(ruleset) || close(ruleset))
      fail(progress, NONET_STAGE_LANDLOCK);
  }
  int listener = install_with_listener(start);
  if (listener < 0) fail(progress, NONET_STAGE_FILTER);
  __atomic_store_n(&progress->listener, listener, __ATOMIC_RELEASE);
  execvp(start->file, start->arguments);
  fail(progress, NONET_STAGE_EXEC);
}

pid_t nonet_start_supervised(const struct nonet_start *start, struct nonet_progress *progress) {
  pid_t parent = getpid();
  // The table of descriptors is shared until execve gives the child one of its own (unshare_files in
  // fs/exec.c), so the listener that the child gets is the parent's at once.
  pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) begin(start, progress, parent);
  return child;
}

int nonet_listener(const struct nonet_progress *progress) {
  return __atomic_load_n(&progress->listener, __ATOMIC_ACQUIRE);
}

int nonet_failed_stage(const struct nonet_progress *progress) {
  return __atomic_load_n(&progress->failed, __ATOMIC_ACQUIRE);
}

int nonet_wake_synchronously(int listener) {
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

int nonet_receive(int listener, struct nonet_notification *notification) {
  struct seccomp_notif raw = {0}; // the kernel takes nothing but zeros
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &raw)) return -1;
  notification->id = raw.id;
  notification->thread = (pid_t)raw.pid;
  notification->number = (uint32_t)raw.data.nr;
  notification->arch = raw.data.arch;
  for (int i = 0; i < 6; i++) notification->arguments[i] = raw.data.args[i];
  return 0;
}

int nonet_refuse(int listener, uint64_t id, int number) {
  struct seccomp_notif_resp answer = {.id = id, .error = -number};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

int nonet_continue(int listener, uint64_t id) {
  struct seccomp_notif_resp answer = {.id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

int nonet_is_waiting(int listener, uint64_t id) {
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
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
