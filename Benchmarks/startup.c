/* Times whole commands, spawn to exit, in turn: `startup ROUNDS NAME CMD [ARG]... [::: NAME CMD ...]`.
 *
 * Each round runs every contender once and each round begins with another one, so that a busy moment
 * of the machine meets all of them alike; a tool that times one command after the other cannot do
 * that. The first contender is the bare command that the others add to, the second the yardstick.
 * Started as root it becomes the user `nobody` for each contender whose name does not end in "as root";
 * otherwise those are left out. Prints a Markdown table, with the page faults of each beside its times.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 20, NOBODY = 65534 };

struct contender {
  const char *name;
  char **command;
  double *microseconds;
  long faults; /* the least of all rounds */
};

static const char *input = "/dev/null"; /* what every command reads */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int is_for_root(const char *name) {
  size_t length = strlen(name), end = strlen("as root");
  return length >= end && !strcmp(name + length - end, "as root");
}

/* Microseconds from spawn to exit, or less than 0 where the command failed. */
static double once(struct contender *contender) {
  const int becomes_nobody = geteuid() == 0 && !is_for_root(contender->name);
  int status;
  struct rusage usage;
  double start = now();
  pid_t child = vfork();
  if (child == 0) {
    /* By the bare calls: the C library would change the ids of every thread, and this memory is the parent's. */
    if (becomes_nobody && (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) ||
                           syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY)))
      _exit(125);
    dup2(open(input, O_RDONLY | O_CLOEXEC), 0); /* opened anew: each reads it from its beginning */
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, 1);
    dup2(null, 2);
    execvp(contender->command[0], contender->command);
    _exit(127);
  }
  if (child < 0 || wait4(child, &status, 0, &usage) != child || status) return -1;
  double end = now();
  if (!contender->faults || usage.ru_minflt < contender->faults) contender->faults = usage.ru_minflt;
  return end - start;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  int rounds = argc > 3 ? atoi(argv[1]) : 0, count = 0;
  if (rounds < 1) return fprintf(stderr, "usage: startup ROUNDS NAME CMD [ARG]... [::: NAME CMD ...]\n"), 2;

  if (getenv("STARTUP_INPUT")) input = getenv("STARTUP_INPUT");

  struct contender all[MOST];
  for (int i = 2; i + 1 < argc && count < MOST; i++) {
    struct contender c = {argv[i], argv + i + 1, calloc((size_t)rounds, sizeof(double)), 0};
    for (i++; i < argc && strcmp(argv[i], ":::"); i++) {}
    argv[i] = NULL;  /* ends this command; argv[argc] is NULL already */
    if ((is_for_root(c.name) && geteuid()) || once(&c) < 0) {
      printf("%s: cannot run here, left out\n\n", c.name);
      if (count < 2) return 1;
      continue;
    }
    all[count++] = c;
  }

  for (int round = 0; round < rounds; round++)
    for (int i = 0; i < count; i++) {
      struct contender *c = &all[(round + i) % count];
      c->microseconds[round] = once(c);
      if (c->microseconds[round] < 0) return fprintf(stderr, "startup: %s failed in round %d\n", c->name, round), 1;
    }

  double least[MOST], median[MOST];
  for (int i = 0; i < count; i++) {
    qsort(all[i].microseconds, (size_t)rounds, sizeof(double), ascending);
    least[i] = all[i].microseconds[0];
    median[i] = all[i].microseconds[rounds / 2];
  }
  printf("| %d interleaved rounds | min us | median us | added, min | added, median | ratio, min | ratio, median | page faults |\n", rounds);
  printf("|---|---:|---:|---:|---:|---:|---:|---:|\n");
  for (int i = 0; i < count; i++) {
    printf("| %s | %.0f | %.0f |", all[i].name, least[i], median[i]);
    if (i == 0) {
      printf(" | | | | |\n");
      continue;
    }
    double a = least[i] - least[0], b = median[i] - median[0];
    printf(" %.0f | %.0f | %.2f | %.2f | %ld |\n", a, b, a / (least[1] - least[0]), b / (median[1] - median[0]),
           all[i].faults - all[0].faults);
  }
  return 0;
}
