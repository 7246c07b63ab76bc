#define _GNU_SOURCE
#include "CLinuxShims.h"
#include "text.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

// Whether a child that nobody has reaped is stopped (proc_pid_stat(5), the state behind the name).
static int is_stopped(const char *stat) {
  char text[256];
  int file = open(stat, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 1; // not to be known here
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  text[count > 0 ? count : 0] = 0;
  const char *state = strrchr(text, ')');
  return !state || state[1] != ' ' || state[2] == 'T' || state[2] == 't';
}

pid_t nonet_watch_stopped(pid_t command, int listener) {
  enum { SHORTEST = 20, LONGEST = 500 }; // ms between two looks at a state that nobody reports
  pid_t supervisor = getpid();
  pid_t watcher = fork();
  if (watcher) return watcher;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  setsid(); // no stop of the job is meant for it
  char stat[40];
  nonet_append(nonet_append_number(nonet_append(stat, "/proc/"), (unsigned)command), "/stat");
  struct pollfd requests[2] = {{.fd = nonet_handle(command), .events = POLLIN},
                               {.fd = listener, .events = POLLIN}};
  for (int pause = SHORTEST; getppid() == supervisor; pause = pause < LONGEST ? 2 * pause : LONGEST) {
    int ready = poll(requests, 2, pause);
    if (ready < 0) ready = poll(NULL, 0, pause); // no file may be open any more (nonet_wait)
    if (ready == 0 && is_stopped(stat)) continue;
    kill(supervisor, SIGCONT);
    // Should that one not have stopped yet, it is told again.
    poll(NULL, 0, SHORTEST);
  }
  _exit(0);
}

void nonet_end_watcher(pid_t watcher) {
  if (watcher <= 0) return;
  kill(watcher, SIGKILL);
  waitpid(watcher, NULL, 0);
}

int nonet_is_own_thread(pid_t thread) {
  // Signal 0 asks only whether there is such a thread in the process (tgkill(2)).
  return thread > 0 && syscall(SYS_tgkill, getpid(), thread, 0) == 0;
}
