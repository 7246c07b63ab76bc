#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <sys/syscall.h>
#include <sys/time.h>

// What the caller of the supervisor had set, and the command gets back.
static uint64_t callers_mask;
static struct sigaction callers_child_action;
static struct itimerval callers_timers[3]; // ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF
static siginfo_t waiting[64];
static int waiting_count;

// The C library keeps signals 32 and 33 to itself and leaves them out of its sets.
static int set_mask(uint64_t mask, uint64_t *before) {
  return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, before, sizeof mask);
}

int nonet_block_signals(void) {
  // Whoever ignores SIGCHLD never learns a child's status.
  struct sigaction plain = {.sa_handler = SIG_DFL};
  if (sigaction(SIGCHLD, &plain, &callers_child_action)) return -1;
  if (set_mask(~0ull, &callers_mask)) return -1;
  // A timer that runs out belongs to the command; fork(2) gives it none, execve(2) keeps those of
  // its process.
  static const struct itimerval none;
  for (int i = 0; i < 3; i++) {
    if (getitimer(i, &callers_timers[i])) return -1;
    if (callers_timers[i].it_value.tv_sec || callers_timers[i].it_value.tv_usec)
      setitimer(i, &none, NULL);
  }
  return 0;
}

void nonet_block_signals_here(void) { set_mask(~0ull, NULL); }

// sigaction(2) itself: the C library's refuses the signals that it keeps to itself.
static int set_handler(int number, void (*handler)(int)) {
  struct {
    void (*handler)(int);
    uint64_t rest[3];
  } action = {.handler = handler};
  return (int)syscall(SYS_rt_sigaction, number, &action, NULL, sizeof(uint64_t));
}

void nonet_outlive_library_signals(void) {
  for (int number = 32; number <= 34; number++) set_handler(number, SIG_IGN);
}

int nonet_read_signals(void) {
  sigset_t all;
  memset(&all, 0xff, sizeof all);
  return nonet_above_standard(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
}

int nonet_is_own_failure(const struct signalfd_siginfo *signal) {
  return (signal->ssi_signo == SIGPIPE || signal->ssi_signo == SIGXFSZ) &&
         signal->ssi_pid == (uint32_t)getpid();
}

static siginfo_t information(const struct signalfd_siginfo *signal) {
  siginfo_t one;
  memset(&one, 0, sizeof one);
  one.si_signo = (int)signal->ssi_signo;
  one.si_code = signal->ssi_code;
  one.si_errno = signal->ssi_errno;
  one.si_pid = (pid_t)signal->ssi_pid;
  one.si_uid = signal->ssi_uid;
  one.si_value.sival_ptr = (void *)(uintptr_t)signal->ssi_ptr;
  return one;
}

void nonet_note_waiting_signals(int reader, int has_children) {
  struct signalfd_siginfo signal;
  while (read(reader, &signal, sizeof signal) == sizeof signal)
    if (!nonet_is_own_failure(&signal) && waiting_count < 64 &&
        !(has_children && signal.ssi_signo == SIGCHLD))
      waiting[waiting_count++] = information(&signal);
}

int nonet_unwatch_signals(void) {
  // To oneself a signal may be sent with anything that it carried (do_rt_sigqueueinfo in
  // kernel/signal.c); those that are blocked wait on, through execve(2).
  for (int i = 0; i < waiting_count; i++)
    syscall(SYS_rt_sigqueueinfo, getpid(), waiting[i].si_signo, &waiting[i]);
  for (int i = 0; i < 3; i++)
    if (callers_timers[i].it_value.tv_sec || callers_timers[i].it_value.tv_usec)
      setitimer(i, &callers_timers[i], NULL);
  if (sigaction(SIGCHLD, &callers_child_action, NULL)) return -1;
  return set_mask(callers_mask, NULL);
}

int nonet_pass_signal(pid_t process, const struct signalfd_siginfo *signal) {
  // Only what sigqueue(3) and its like sent carries a value, and only such a one can be sent on as it
  // was; the others say who sent them, which is this process then.
  if (signal->ssi_code < 0 && signal->ssi_code != SI_TKILL) {
    siginfo_t one = information(signal);
    if (!syscall(SYS_rt_sigqueueinfo, process, one.si_signo, &one)) return 0;
  }
  return kill(process, (int)signal->ssi_signo);
}

void nonet_stop_self(int number) {
  struct sigaction plain = {.sa_handler = SIG_DFL}, before;
  int is_changed = !sigaction(number, &plain, &before); // SIGSTOP needs no change and takes none
  kill(getpid(), number);
  uint64_t mask;
  set_mask(~(1ull << (number - 1)), &mask); // here the process stops, and here it goes on
  set_mask(mask, NULL);
  if (is_changed) sigaction(number, &before, NULL);
}

void nonet_end_by(int number) {
  set_handler(number, SIG_DFL);
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
  set_mask(~(1ull << (number - 1)), NULL);
  // Still here: the first process of a pid namespace is not ended by signals without a handler.
}
