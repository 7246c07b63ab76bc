/* Stays behind, and stands above.
 *
 *   orphan leave COMMAND...        leaves a process that runs COMMAND once this one's parent has ended; ends with 0
 *   orphan above HOW COMMAND...    runs COMMAND, which stands for a supervisor, and when the process that `leave`
 *                                  left behind is ready: `end` waits for COMMAND's end, `kill` ends it by SIGKILL
 *                                  after 0.2 s, `kill-at-once` without waiting, `both` ends its children that are
 *                                  called nonet too. Then waits until nothing that COMMAND started is left, and
 *                                  ends with 0; after 15 s it ends them, and itself with 9
 *   orphan threads                 three threads and a socket attempt each millisecond; a line for each change of
 *                                  its answer; TERM ends it as it ends any program
 *   orphan storm                   six threads that attempt without a pause for 0.8 s, whoever ends meanwhile;
 *                                  `ERRNO COUNT` for each answer, and `hung` threads whose call nobody answered
 *   orphan handler                 the same, but its handler of TERM calls exit(3)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gone.h"

enum { STORM = 6 };

static int leave(char **command) {
  pid_t supervisor = getppid(), here = getpid();
  const char *ready = getenv("ORPHAN_READY"), *how = getenv("ORPHAN_HOW");
  if (fork() == 0) {
    signal(SIGTERM, SIG_IGN), signal(SIGHUP, SIG_IGN);
    int is_ending = how && !strcmp(how, "end");
    for (int i = 0; is_ending && i < 5000 && !is_gone(here); i++) usleep(1000);
    if (ready && write(atoi(ready), "r", 1) < 0) _exit(1);
    for (int i = 0; i < 5000 && !is_gone(supervisor); i++) usleep(1000);
    if (ready) close(atoi(ready));
    signal(SIGTERM, SIG_DFL), signal(SIGHUP, SIG_DFL);
    execvp(command[0], command);
    _exit(127);
  }
  if (!how || !strcmp(how, "end")) return 0;
  for (int i = 0; i < 5000 && !is_gone(supervisor); i++) usleep(1000); /* SIGTERM comes before that */
  return 0;
}

static void end_children(pid_t process) {
  char name[80], comm[32];
  snprintf(name, sizeof name, "/proc/%d/task/%d/children", process, process);
  FILE *children = fopen(name, "r");
  int child;
  while (children && fscanf(children, "%d", &child) == 1) {
    snprintf(name, sizeof name, "/proc/%d/comm", child);
    FILE *file = fopen(name, "r");
    if (file && fgets(comm, sizeof comm, file) && !strncmp(comm, "nonet", 5)) kill(child, SIGKILL);
    if (file) fclose(file);
  }
  if (children) fclose(children);
}

static pid_t first;

/* Somebody does not end: says who, and ends all of them. */
static void too_long(int number) {
  char name[80], comm[32];
  (void)number;
  for (int round = 0; round < 20; round++) {
    snprintf(name, sizeof name, "/proc/%d/task/%d/children", getpid(), getpid());
    FILE *children = fopen(name, "r");
    int child, count = 0;
    while (children && fscanf(children, "%d", &child) == 1) {
      snprintf(name, sizeof name, "/proc/%d/comm", child);
      FILE *file = fopen(name, "r");
      if (file && fgets(comm, sizeof comm, file) && !round)
        fprintf(stderr, "after 15 s this process had not ended: %d%s %s", child, child == first ? ", the supervisor," : "", comm);
      if (file) fclose(file);
      snprintf(name, sizeof name, "/proc/%d/wchan", child);
      file = fopen(name, "r");
      if (file && fgets(comm, sizeof comm, file) && !round) fprintf(stderr, "it waits in %s\n", comm);
      if (file) fclose(file);
      kill(child, SIGKILL), count++;
    }
    if (children) fclose(children);
    while (waitpid(-1, NULL, WNOHANG) > 0) {}
    if (!count) break;
    usleep(10000);
  }
  _exit(9);
}

static int above(const char *how, char **command) {
  int ends[2];
  char text[12], byte;
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  if (pipe(ends)) return 1;
  snprintf(text, sizeof text, "%d", ends[1]);
  setenv("ORPHAN_READY", text, 1), setenv("ORPHAN_HOW", how, 1);
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    execvp(command[0], command);
    _exit(127);
  }
  first = child;
  signal(SIGALRM, too_long), alarm(15);
  close(ends[1]);
  if (strcmp(how, "end") && read(ends[0], &byte, 1) == 1) {
    if (strcmp(how, "kill-at-once")) usleep(200000); /* a second holder may come a little later */
    kill(child, SIGSTOP); /* so that the one cannot see the other's end */
    if (!strcmp(how, "both")) end_children(child);
    kill(child, SIGKILL);
  }
  while (wait(NULL) > 0 || errno == EINTR) {}
  return 0;
}

static void *rest(void *unused) { return pause(), unused; }
static void leave_now(int number) { exit(number == SIGTERM ? 3 : 4); }

_Noreturn static void threads(int has_handler) {
  pthread_t other;
  int before = -1;
  if (has_handler) signal(SIGTERM, leave_now);
  for (int i = 0; i < 3; i++) pthread_create(&other, NULL, rest, NULL);
  for (;;) {
    int s = socket(AF_INET, SOCK_STREAM, 0), number = s < 0 ? errno : 0;
    if (s >= 0) close(s);
    if (number != before) printf("%d\n", before = number), fflush(stdout);
    usleep(1000);
  }
}

static volatile int is_over;
static unsigned answers[140];

static void *ask(void *done) {
  while (!is_over) {
    int s = socket(AF_INET, SOCK_STREAM, 0), number = s < 0 ? errno : 0;
    if (s >= 0) close(s);
    __atomic_add_fetch(&answers[number < 140 ? number : 139], 1, __ATOMIC_RELAXED);
  }
  *(volatile int *)done = 1;
  return NULL;
}

static int storm(void) {
  static int done[STORM];
  pthread_t other;
  int hung = 0;
  signal(SIGTERM, SIG_IGN), signal(SIGHUP, SIG_IGN);
  printf("storm\n"), fflush(stdout);
  for (int i = 0; i < STORM; i++) pthread_create(&other, NULL, ask, &done[i]);
  usleep(800000);
  is_over = 1;
  for (int round = 0; round < 80; round++) { /* whose call is answered sees it at once */
    hung = 0;
    for (int i = 0; i < STORM; i++) hung += !done[i];
    if (!hung) break;
    usleep(50000);
  }
  for (int number = 0; number < 140; number++) if (answers[number]) printf("%d %u\n", number, answers[number]);
  printf("hung %d\n", hung), fflush(stdout);
  _exit(0);
}

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "storm")) return storm();
  if (argc > 2 && !strcmp(argv[1], "leave")) return leave(argv + 2);
  if (argc > 3 && !strcmp(argv[1], "above")) return above(argv[2], argv + 3);
  if (argc == 2 && !strcmp(argv[1], "threads")) threads(0);
  if (argc == 2 && !strcmp(argv[1], "handler")) threads(1);
  return 2;
}
