/* Makes one system call of a command fail, before the command becomes another program. x86_64.
 *
 *   inject list FILE CMD [ARG]...              writes a line `PROCESS INDEX NUMBER` for each call
 *   inject PROCESS INDEX ERRNO CMD [ARG]...    makes that one fail, and then lets everything run free
 *
 * PROCESS is 0 for the command and counts on for each process that it makes; INDEX counts the calls
 * of one process from its execve on, so that the same call has the same name in each run. (strace -f
 * counts occurrences in all processes at once, and goes on tracing what the probes must find untraced.)
 * The status is the command's, or 99 where the call did not come.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 32, NOT_REACHED = 99 };

static struct tracee {
  pid_t pid;
  int calls, failing;
} tracees[MOST];
static int count;

static struct tracee *tracee_of(pid_t pid) {
  for (int i = 0; i < count; i++)
    if (tracees[i].pid == pid) return &tracees[i];
  if (count == MOST) _exit(98);
  tracees[count] = (struct tracee){.pid = pid};
  return &tracees[count++];
}

/* The C library takes futex(2) and a thread's exit(2) for calls that cannot fail, as they cannot. Threads do not make
 * the same ones in each run, so the next call fails instead. */
static int can_fail(unsigned long long number) { return number != SYS_futex && number != SYS_exit; }

int main(int argc, char **argv) {
  int lists = argc > 3 && !strcmp(argv[1], "list");
  if (argc < 5 && !lists) return 2;
  FILE *list = lists ? fopen(argv[2], "we") : NULL;
  char **command = argv + (lists ? 3 : 4);
  int process = atoi(argv[1]), index = lists ? -1 : atoi(argv[2]), error = lists ? 0 : atoi(argv[3]);

  pid_t first = fork();
  if (first == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    execvp(command[0], command);
    _exit(127);
  }
  int status, execs = 0, done = 0;
  if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status)) return 98;
  tracee_of(first);
  ptrace(PTRACE_SETOPTIONS, first, 0,
         PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK);
  ptrace(PTRACE_CONT, first, 0, 0);  /* up to the first exec */

  for (;;) {
    pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0) return 98;
    if (!WIFSTOPPED(status)) {
      if (pid != first) continue;
      if (!done && !lists) return fprintf(stderr, "inject: the call did not come\n"), NOT_REACHED;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    struct tracee *one = tracee_of(pid);
    int signal = WSTOPSIG(status), event = status >> 16, deliver = 0;
    if (event == PTRACE_EVENT_EXEC && ++execs == 2) {  /* the command's own program from here on */
      ptrace(PTRACE_DETACH, pid, 0, 0);
      continue;
    }
    if (signal == (SIGTRAP | 0x80)) {
      struct user_regs_struct regs;
      struct __ptrace_syscall_info info;
      ptrace(PTRACE_GETREGS, pid, 0, &regs);
      ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
      if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        if (list) fprintf(list, "%d %d %lld\n", (int)(one - tracees), one->calls, (long long)regs.orig_rax);
        one->failing = !lists && !done && one - tracees == process && one->calls >= index && can_fail(regs.orig_rax);
        one->calls++;
        if (one->failing) regs.orig_rax = (unsigned long long)-1, ptrace(PTRACE_SETREGS, pid, 0, &regs);
      } else if (one->failing) {
        regs.rax = (unsigned long long)-error;
        ptrace(PTRACE_SETREGS, pid, 0, &regs);
        one->failing = 0, done = 1;
      }
    } else if (!event && signal != SIGSTOP && signal != SIGTRAP) {
      deliver = signal;
    }
    if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
      unsigned long child;
      ptrace(PTRACE_GETEVENTMSG, pid, 0, &child);
      tracee_of((pid_t)child);
    }
    ptrace(done ? PTRACE_CONT : PTRACE_SYSCALL, pid, 0, deliver);
  }
}
