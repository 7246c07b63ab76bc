/* Makes a tracer of its parent, and stops.
 *
 *   traceme HOW     says what it saw, and ends with status 7 where nobody kept it
 *
 *   signal          PTRACE_TRACEME, then raises SIGUSR1, which it handles
 *   exec            PTRACE_TRACEME, then an exec, which stops with SIGTRAP
 *   thread          a second thread of this process does `signal`
 *   thread-exec     a second thread does `exec`
 *   every-signal    PTRACE_TRACEME, then raises every signal that can be handled
 *   orphan          a process whose parent has ended, so whose parent is a subreaper, does `every-signal`
 *   orphans         fifty of them, half of which exec
 *   child           a child of this process is traced by it: what a debugger does, which must go on
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *self;
static volatile int handled;

static void note(int number) { (void)number, handled++; }

/* EPERM is an answer too: who stands above does not want to trace. */
static void trace_me(void) {
  if (ptrace(PTRACE_TRACEME, 0, 0, 0) && errno != EPERM && errno != EACCES) perror("traceme"), exit(3);
}

static void by_signal(void) {
  signal(SIGUSR1, note);
  trace_me();
  raise(SIGUSR1);
  puts(handled == 1 ? "handled" : "not handled");
}

static void by_exec(void) {
  trace_me();
  execl(self, self, "say", NULL);
  exit(4);
}

static int every(void) {
  int raised = 0;
  for (int number = 1; number <= 64; number++) {
    if (number == SIGKILL || number == SIGSTOP || number == SIGCHLD || number == 32 || number == 33) continue;
    signal(number, note);
  }
  trace_me();
  for (int number = 1; number <= 64; number++) {
    if (number == SIGKILL || number == SIGSTOP || number == SIGCHLD || number == 32 || number == 33) continue;
    raise(number), raised++;
  }
  return handled == raised;
}

static void orphan(int does_exec) {
  int ends[2];
  char word[20] = "";
  if (pipe(ends)) exit(3);
  if (fork() == 0) {
    pid_t parent = getpid();
    if (fork() == 0) {
      while (getppid() == parent) usleep(1000);
      dup2(ends[1], 1);
      if (does_exec) by_exec();
      puts(every() ? "handled" : "not handled");
      fflush(stdout);
      _exit(0);
    }
    _exit(0);
  }
  wait(NULL);
  close(ends[1]);
  ssize_t length = read(ends[0], word, sizeof word - 1);
  close(ends[0]);
  printf("%.*s", length > 0 ? (int)length : 0, word);
}

static void *in_thread(void *work) {
  ((void (*)(void))work)();
  return NULL;
}

static void threaded(void (*work)(void)) {
  pthread_t other;
  pthread_create(&other, NULL, in_thread, (void *)work);
  pthread_join(other, NULL);
}

static void child(void) {
  int status;
  pid_t traced = fork();
  if (traced == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0)) _exit(errno);
    raise(SIGUSR1);
    _exit(5);
  }
  waitpid(traced, &status, 0);
  printf("%s\n", WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1 ? "stopped" : "not stopped");
  ptrace(PTRACE_CONT, traced, 0, 0);
  waitpid(traced, &status, 0);
  printf("%s\n", WIFEXITED(status) && WEXITSTATUS(status) == 5 ? "ended" : "not ended");
}

int main(int argc, char **argv) {
  const char *how = argc == 2 ? argv[1] : "";
  self = argv[0];
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (!strcmp(how, "signal")) by_signal();
  else if (!strcmp(how, "exec")) by_exec();
  else if (!strcmp(how, "say")) puts("handled");
  else if (!strcmp(how, "thread")) threaded(by_signal);
  else if (!strcmp(how, "thread-exec")) threaded(by_exec);
  else if (!strcmp(how, "every-signal")) puts(every() ? "handled" : "not handled");
  else if (!strcmp(how, "orphan")) orphan(0);
  else if (!strcmp(how, "orphans")) for (int i = 0; i < 50; i++) orphan(i & 1);
  else if (!strcmp(how, "child")) child();
  else return 2;
  return 7;
}
