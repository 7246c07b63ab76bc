#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <sys/prctl.h>

int nonet_scratch_file(char *template) { return mkostemp(template, O_CLOEXEC); }

// The terminal sends these to the whole group, the child among it.
static int is_of_terminal(const siginfo_t *signal) {
  return signal->si_code == SI_KERNEL || signal->si_signo == SIGTSTP || signal->si_signo == SIGTTIN ||
         signal->si_signo == SIGTTOU || signal->si_signo == SIGPIPE || signal->si_signo == SIGCONT;
}

int nonet_stay_beside(int output, int *status) {
  sigset_t all, before;
  sigfillset(&all);
  if (sigprocmask(SIG_SETMASK, &all, &before)) return -1;
  // A child whose end nobody wants to know (SIGCHLD ignored) has no status.
  struct sigaction children = {.sa_handler = SIG_DFL}, children_before;
  sigaction(SIGCHLD, &children, &children_before);
  // A shell outside that ends takes the shell inside with it, which stands for the same one.
  pid_t self = getpid(), shell = getppid();
  if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0)) return -1;
  if (getppid() != shell) raise(SIGTERM);
  pid_t child = fork();
  if (child < 0) {
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return -1;
  }
  if (child == 0) {
    if (dup2(output, STDOUT_FILENO) < 0 || close(output)) _exit(125);
    // Like the command of a supervised run: whoever kills this process by SIGKILL means both.
    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) || getppid() != self) _exit(125);
    sigaction(SIGCHLD, &children_before, NULL);
    if (sigprocmask(SIG_SETMASK, &before, NULL)) _exit(125);
    return 0;
  }
  close(output);
  for (;;) {
    pid_t ended = waitpid(child, status, WNOHANG);
    if (ended == child) return 1;
    if (ended < 0 && errno != EINTR) return -1;
    siginfo_t signal;
    if (sigwaitinfo(&all, &signal) < 0) continue;
    if (signal.si_signo == SIGCHLD || is_of_terminal(&signal)) continue;
    kill(child, signal.si_signo);
  }
}

int nonet_memory_file(void) { return memfd_create("nonet", MFD_CLOEXEC); }

int nonet_run_program(char *const *arguments, int input, int output, int *status) {
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0) _exit(127);
    execvp(arguments[0], arguments);
    _exit(127);
  }
  while (waitpid(child, status, 0) < 0)
    if (errno != EINTR) return -1;
  return 0;
}
