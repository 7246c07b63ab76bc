#define _GNU_SOURCE
#include "CTestProbes.h"
#include "child.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined __x86_64__
int64_t probe_int80_call(uint64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                         uint64_t f) __attribute__((visibility("hidden")));

// Whole registers: what a 64-bit program leaves above an i386 argument is part of the question.
__asm__(
    ".text\n"
    ".hidden probe_int80_call\n"
    ".globl probe_int80_call\n.type probe_int80_call, @function\n"
    "probe_int80_call:\n"
    "  pushq %rbx\n"
    "  pushq %rbp\n"
    "  movq %rdi, %rax\n"
    "  movq %rsi, %rbx\n"
    "  xchgq %rcx, %rdx\n"
    "  movq %r8, %rsi\n"
    "  movq %r9, %rdi\n"
    "  movq 24(%rsp), %rbp\n"
    "  int $0x80\n"
    "  popq %rbp\n"
    "  popq %rbx\n"
    "  ret\n"
    ".size probe_int80_call, . - probe_int80_call\n");
#endif

// The sixth argument of the only call that the lower filter lets happen; seccomp(2) has three.
static const uint64_t cookie = 0x6e6f6e6574737570;

static const struct sock_filter answers_nothing[] = {
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 7, SYS_seccomp},
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch)},
#if defined __x86_64__
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 5, AUDIT_ARCH_X86_64},
#elif defined __aarch64__
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 5, AUDIT_ARCH_AARCH64},
#endif
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args[5])},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, (uint32_t)cookie},
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args[5]) + 4},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)(cookie >> 32)},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 0},
};

struct talk {
  struct probe_report report;
  const uint8_t *filter;
  uint16_t length;
  const uint64_t *calls;
  size_t count;
  struct probe_outcome outcomes[];
};

static int install(const void *filter, uint16_t length) {
  struct sock_fprog program = {.len = length, .filter = (struct sock_filter *)filter};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program, 0, 0, cookie) == 0 ? 0 : errno;
}

static int64_t make(const uint64_t *call) {
#if defined __x86_64__
  if (call[0] == PROBE_INT80)
    return probe_int80_call(call[1], call[2], call[3], call[4], call[5], call[6], call[7]);
#endif
  return probe_raw_call(call[1], call[2], call[3], call[4], call[5], call[6], call[7]);
}

// Asks on from the first call that has no outcome. No call comes through from here on, so an
// illegal instruction ends the child.
static int ask(void *argument) {
  struct talk *talk = argument;
  volatile struct probe_report *report = &talk->report;
  // Timers are not inherited.
  alarm(10);
  report->error = install(answers_nothing, sizeof answers_nothing / sizeof *answers_nothing);
  if (!report->error && talk->filter) report->error = install(talk->filter, talk->length);
  if (report->error) __builtin_trap();
  report->installed = 1;
  while (report->answered < talk->count) {
    size_t index = report->answered;
    const int64_t value = make(talk->calls + index * PROBE_WITNESS_WORDS);
    volatile struct probe_outcome *outcome = &talk->outcomes[index];
    outcome->value = (int32_t)value;
    outcome->state = PROBE_RETURNED;
    report->answered = index + 1;
  }
  __builtin_trap();
}

// A filter cannot be taken off, so each death costs a process: one that borrows this one's memory,
// which is many times cheaper than a copy.
static void ask_all(struct talk *talk) {
  static char stack[65536] __attribute__((aligned(16)));
  // Before Linux 5.16 a core dump, even one of no size, ended all who share the memory.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    talk->report.error = errno;
    return;
  }
  while (talk->report.answered < talk->count) {
    talk->report.installed = 0;
    int status = 0;
    const pid_t child = clone(ask, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, talk);
    if (child < 0 || wait_for(child, &status) != 0) {
      talk->report.error = errno;
      return;
    }
    talk->report.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (!talk->report.installed || talk->report.answered == talk->count) return;
    if (talk->report.signal != SIGSYS) return;
    talk->outcomes[talk->report.answered].state = PROBE_KILLED;
    talk->report.answered += 1;
  }
}

int probe_verdicts(const uint8_t *filter, uint16_t length, const uint64_t *calls, size_t count,
                   struct probe_outcome *outcomes, struct probe_report *report) {
  memset(report, 0, sizeof *report);
  const size_t size = sizeof(struct talk) + count * sizeof *outcomes;
  struct talk *talk = shared(size);
  if (!talk) return -errno;
  talk->filter = filter;
  talk->length = length;
  talk->calls = calls;
  talk->count = count;
  const pid_t child = fork();
  if (child == 0) {
    prepare_child();
    ask_all(talk);
    _exit(0);
  }
  int status = 0;
  int result = child < 0 ? -errno : wait_for(child, &status);
  if (result == 0 && status != 0) result = -ECHILD;
  *report = talk->report;
  memcpy(outcomes, talk->outcomes, count * sizeof *outcomes);
  munmap(talk, size);
  return result;
}
