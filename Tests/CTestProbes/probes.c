#define _GNU_SOURCE
#include "CTestProbes.h"
#include "child.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The end of `probe_raw_call` has a name: the kernel reports that address as the instruction
// pointer, and the interpreter has to be told the same.
extern const char probe_after_call[] __attribute__((visibility("hidden")));

#if defined __x86_64__
__asm__(
    ".text\n"
    ".hidden probe_raw_call\n.hidden probe_after_call\n"
    ".globl probe_raw_call\n.type probe_raw_call, @function\n"
    "probe_raw_call:\n"
    "  movq %rdi, %rax\n"
    "  movq %rsi, %rdi\n"
    "  movq %rdx, %rsi\n"
    "  movq %rcx, %rdx\n"
    "  movq %r8, %r10\n"
    "  movq %r9, %r8\n"
    "  movq 8(%rsp), %r9\n"
    "  syscall\n"
    ".globl probe_after_call\n"
    "probe_after_call:\n"
    "  ret\n"
    ".size probe_raw_call, . - probe_raw_call\n");
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
__asm__(
    ".text\n"
    ".hidden probe_raw_call\n.hidden probe_after_call\n"
    ".globl probe_raw_call\n.type probe_raw_call, %function\n"
    "probe_raw_call:\n"
    "  mov x8, x0\n"
    "  mov x0, x1\n"
    "  mov x1, x2\n"
    "  mov x2, x3\n"
    "  mov x3, x4\n"
    "  mov x4, x5\n"
    "  mov x5, x6\n"
    "  svc #0\n"
    ".globl probe_after_call\n"
    "probe_after_call:\n"
    "  ret\n"
    ".size probe_raw_call, . - probe_raw_call\n");
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

uint64_t probe_instruction_pointer(void) { return (uintptr_t)probe_after_call; }
uint32_t probe_arch(void) { return NATIVE_ARCH; }

void prepare_child(void) {
  const int fatal[] = {SIGILL, SIGTRAP, SIGSYS, SIGALRM, SIGSEGV};
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) signal(fatal[i], SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  alarm(20);
}

static int install(const void *filter, uint16_t length) {
  struct sock_fprog program = {.len = length, .filter = (struct sock_filter *)filter};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : errno;
}

void *shared(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

int wait_for(pid_t child, int *status) {
  while (waitpid(child, status, 0) < 0)
    if (errno != EINTR) return -errno;
  return 0;
}

struct conversation {
  volatile struct probe_report report;
  volatile int64_t answers[];
};

UNDER_ANY_FILTER static void speak(struct conversation *talk, const uint8_t *filter,
                                   uint16_t length, const uint64_t *calls, size_t count) {
  prepare_child();
  if (filter) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
      talk->report.error = errno;
      __builtin_trap();
    }
    int error = install(filter, length);
    if (error) {
      talk->report.error = error;
      __builtin_trap();
    }
  }
  talk->report.installed = 1;
  for (size_t i = 0; i < count; i++, calls += PROBE_CALL_WORDS) {
    talk->answers[i] = probe_raw_call(calls[0], calls[1], calls[2], calls[3], calls[4], calls[5],
                                      calls[6]);
    talk->report.answered = i + 1;
  }
  __builtin_trap();
}

int probe_filter(const uint8_t *filter, uint16_t length, const uint64_t *calls, size_t count,
                 int64_t *answers, struct probe_report *report) {
  memset(report, 0, sizeof *report);
  size_t size = sizeof(struct conversation) + count * sizeof(int64_t);
  struct conversation *talk = shared(size);
  if (!talk) return -errno;
  pid_t child = fork();
  if (child == 0) speak(talk, filter, length, calls, count);
  int status = 0;
  int result = child < 0 ? -errno : wait_for(child, &status);
  report->installed = talk->report.installed;
  report->error = talk->report.error;
  report->answered = talk->report.answered;
  report->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  for (size_t i = 0; i < report->answered; i++) answers[i] = talk->answers[i];
  munmap(talk, size);
  return result;
}

// What the child learns about a code, and that it came to it at all.
enum { ASKED = 0x80 };

int probe_codes(uint8_t jt, uint8_t jf, uint32_t k, uint8_t *errors) {
  uint8_t *found = shared(65536);
  if (!found) return -errno;
  pid_t child = fork();
  if (child == 0) {
    prepare_child();
    // So many filters take an emulated machine long, where others compute beside it.
    alarm(240);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(1);
    for (uint32_t code = 0; code < 65536; code++) {
      const struct sock_filter filter[] = {
          {BPF_ST, 0, 0, k & 15},
          {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
          {(uint16_t)code, jt, jf, k},
          {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
      };
      found[code] = ASKED | (uint8_t)install(filter, 4);
    }
    _exit(0);
  }
  int status = 0;
  int result = child < 0 ? -errno : wait_for(child, &status);
  if (result == 0 && status != 0) result = -ECHILD;
  for (uint32_t code = 0; code < 65536; code++) {
    if (result == 0 && !(found[code] & ASKED)) result = -ECHILD;
    errors[code] = found[code] & ~ASKED;
  }
  munmap(found, 65536);
  return result;
}
