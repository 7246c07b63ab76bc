/* Runs a command under ptrace, for what only a tracer can do or see. x86_64.
 *
 *   tracer skip CMD [ARG]...       turns its getpgid(MAGIC) into nr -1, as tracers do to skip a call
 *   tracer filter CMD [ARG]...     copies each filter it gives to seccomp(2) to descriptor 3
 *
 * The kernel asks the tracer first and the filter second, so the filter meets nr -1. A filter that
 * allows it leaves the tracer's result in place; any other answer overwrites it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAGIC = 0x6e6f6e65, SKIPPED = 77, COPY = 3 };

static int read_from(pid_t child, unsigned long address, void *into, size_t size) {
  struct iovec here = {into, size}, there = {(void *)address, size};
  return process_vm_readv(child, &here, 1, &there, 1, 0) == (ssize_t)size;
}

static void copy_filter(pid_t child, const struct user_regs_struct *regs) {
  static struct sock_filter code[BPF_MAXINSNS];
  struct sock_fprog program;
  if (regs->orig_rax != SYS_seccomp || regs->rdi != SECCOMP_SET_MODE_FILTER) return;
  if (!read_from(child, regs->rdx, &program, sizeof program) || program.len > BPF_MAXINSNS) _exit(3);
  size_t size = program.len * sizeof *code;
  if (!read_from(child, (unsigned long)program.filter, code, size)) _exit(3);
  if (write(COPY, code, size) != (ssize_t)size) _exit(3);
}

static void skip_call(pid_t child, struct user_regs_struct *regs) {
  if (regs->orig_rax != SYS_getpgid || regs->rdi != MAGIC) return;
  regs->orig_rax = (unsigned long)-1;
  regs->rax = SKIPPED;
  ptrace(PTRACE_SETREGS, child, 0, regs);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  int skips = !strcmp(argv[1], "skip");
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    close(COPY);
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  int status, entering = 1;
  if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return 2;
  ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  long deliver = 0;
  while (!ptrace(PTRACE_SYSCALL, child, 0, deliver) && waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    int signal = WSTOPSIG(status);
    deliver = signal == (SIGTRAP | 0x80) || signal == SIGTRAP ? 0 : signal;
    if (signal != (SIGTRAP | 0x80)) continue;
    struct user_regs_struct regs;
    ptrace(PTRACE_GETREGS, child, 0, &regs);
    if (entering && skips) skip_call(child, &regs);
    if (entering && !skips) copy_filter(child, &regs);
    entering = !entering;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
