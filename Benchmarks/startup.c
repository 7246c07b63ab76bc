/* Times whole commands, spawn to exit, in turn: `startup ROUNDS NAME CMD [ARG]... [::: NAME CMD ...]`.
 *
 * Each round runs every contender once and each round begins with another one, so that a busy moment
 * of the machine meets all of them alike; a tool that times one command after the other cannot do
 * that. The first contender is the bare command that the others add to, the second the yardstick.
 * Prints a Markdown table.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

enum { MOST = 16 };

struct contender {
  const char *name;
  char **command;
  double *microseconds;
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Microseconds from spawn to exit, or less than 0 where the command failed. */
static double once(char **command, const posix_spawn_file_actions_t *quiet) {
  pid_t child;
  int status;
  double start = now();
  if (posix_spawnp(&child, command[0], quiet, NULL, command, environ)) return -1;
  if (waitpid(child, &status, 0) != child || status) return -1;
  return now() - start;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  int rounds = argc > 3 ? atoi(argv[1]) : 0, count = 0;
  if (rounds < 1) return fprintf(stderr, "usage: startup ROUNDS NAME CMD [ARG]... [::: NAME CMD ...]\n"), 2;

  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  const char *input = getenv("STARTUP_INPUT");  /* what every command reads, where it is set */
  if (input) posix_spawn_file_actions_addopen(&quiet, 0, input, O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);

  struct contender all[MOST];
  for (int i = 2; i + 1 < argc && count < MOST; i++) {
    struct contender c = {argv[i], argv + i + 1, calloc((size_t)rounds, sizeof(double))};
    for (i++; i < argc && strcmp(argv[i], ":::"); i++) {}
    argv[i] = NULL;  /* ends this command; argv[argc] is NULL already */
    if (once(c.command, &quiet) < 0) {
      printf("%s: cannot run here, left out\n\n", c.name);
      if (count < 2) return 1;
      continue;
    }
    all[count++] = c;
  }

  for (int round = 0; round < rounds; round++)
    for (int i = 0; i < count; i++) {
      struct contender *c = &all[(round + i) % count];
      c->microseconds[round] = once(c->command, &quiet);
      if (c->microseconds[round] < 0) return fprintf(stderr, "startup: %s failed in round %d\n", c->name, round), 1;
    }

  double least[MOST], median[MOST];
  for (int i = 0; i < count; i++) {
    qsort(all[i].microseconds, (size_t)rounds, sizeof(double), ascending);
    least[i] = all[i].microseconds[0];
    median[i] = all[i].microseconds[rounds / 2];
  }
  printf("| %d interleaved rounds | min us | median us | added, min | added, median | ratio, min | ratio, median |\n", rounds);
  printf("|---|---:|---:|---:|---:|---:|---:|\n");
  for (int i = 0; i < count; i++) {
    printf("| %s | %.0f | %.0f |", all[i].name, least[i], median[i]);
    if (i == 0) {
      printf(" | | | |\n");
      continue;
    }
    double a = least[i] - least[0], b = median[i] - median[0];
    printf(" %.0f | %.0f | %.2f | %.2f |\n", a, b, a / (least[1] - least[0]), b / (median[1] - median[0]));
  }
  return 0;
}
