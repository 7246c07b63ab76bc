#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <linux/filter.h>
#include <sys/ptrace.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

int nonet_stop_thread(pid_t thread, int *signal) {
  enum { PATIENCE = 5000 }; // ms; a thread that waits uninterruptibly does not stop
  int status;
  if (ptrace(PTRACE_SEIZE, thread, 0, 0) || ptrace(PTRACE_INTERRUPT, thread, 0, 0)) return -1;
  for (int waited = 0; waited < PATIENCE; waited++) {
    pid_t seen = waitpid(thread, &status, __WALL | WNOHANG);
    if (seen < 0) return -1;
    if (seen == 0) {
      poll(NULL, 0, 1);
      continue;
    }
    if (!WIFSTOPPED(status)) return errno = ESRCH, -1;
    // A signal that was about to be delivered is handed over when the thread is let go.
    *signal = status >> 16 ? 0 : WSTOPSIG(status);
    return 0;
  }
  // The kernel lets go of it when this process ends.
  return errno = ETIMEDOUT, -1;
}

int nonet_read_filter(pid_t thread, unsigned long index, void *instructions) {
  return (int)ptrace(PTRACE_SECCOMP_GET_FILTER, thread, index, instructions);
}
