/* Counts what a program does up to its first execve(2) that succeeds, one instruction at a time: no other program's
 * work is in the count, and it is the same in each run. x86_64.
 *
 *   steps CMD [ARG]...                prints INSTRUCTIONS SYSTEM-CALLS
 *   steps --addresses CMD [ARG]...    prints every address of the program's own once, as it is reached; a supervisor's
 *                                   up to its end
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BASE = 0x200000, ROOM = 16 << 20, PLAIN = 1, CALL = 2 };
static unsigned char seen[ROOM];

int main(int argc, char **argv) {
  int lists = argc > 2 && !strcmp(argv[1], "--addresses");
  char **command = argv + (lists ? 2 : 1);
  if (argc < 2) return fprintf(stderr, "usage: steps [--addresses] CMD [ARG]...\n"), 2;
  pid_t child = fork();
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++) dup2(null, i);
    close(null);
    if (lists) epoll_create1(0); /* a file without a name, which hosts of agents leave open and nonet looks at longer */
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execvp(command[0], command);
    _exit(127);
  }
  long instructions = 0, calls = 0;
  int status;
  if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return 1;
  ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
  for (int signal = 0;;) {
    struct user_regs_struct registers;
    if (!signal) {
      ptrace(PTRACE_GETREGS, child, 0, &registers);
      unsigned long at = registers.rip - BASE;
      int kind = PLAIN;
      if (at >= ROOM || !seen[at]) {
        long word = ptrace(PTRACE_PEEKTEXT, child, registers.rip, 0);
        if ((word & 0xffff) == 0x050f) kind = CALL;
        if (at < ROOM) seen[at] = (unsigned char)kind;
        if (at < ROOM && lists) printf("%llx\n", registers.rip);
      } else {
        kind = seen[at];
      }
      instructions++;
      if (kind == CALL) calls++;
    }
    if (ptrace(PTRACE_SINGLESTEP, child, 0, signal)) return 1;
    if (waitpid(child, &status, 0) != child) return 1;
    /* Who supervises its command ends without becoming it: there is no such count. */
    if (!WIFSTOPPED(status)) return lists && WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : 1;
    if (status >> 16 == PTRACE_EVENT_EXEC) break;
    signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
  }
  if (!lists) printf("%ld %ld\n", instructions, calls);
  return 0;
}
