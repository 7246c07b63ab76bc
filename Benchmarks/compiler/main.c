// Prints what parsing, compiling and proving a policy costs, in the Embedded build.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void benchmark_choose(int policy);
int benchmark_parse(void);
int benchmark_compile(void);
int benchmark_prove(void);

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

// Runs a step once, and keeps its least time.
static int measure(int (*step)(void), double *least) {
  double start = now();
  int result = step();
  double time = now() - start;
  if (time < *least) *least = time;
  return result;
}

int main(void) {
  const char *policies[] = {"default", "strict", "unix", "loopback", "400 rules, 400 calls",
                            "400 rules of two conditions, one call"};
  printf("| policy, for x86_64 | rules | instructions | parse, us | compile, us | proof, us |\n");
  printf("|---|---:|---:|---:|---:|---:|\n");
  for (int policy = 0; policy < 6; policy++) {
    double parse = 1e9, compile = 1e9, prove = 1e9;
    int rules = 0, length = 0, steps = 0;
    benchmark_choose(policy);
    for (int i = 0; i < (policy < 4 ? 1000 : 100); i++) {
      rules = measure(benchmark_parse, &parse);
      length = measure(benchmark_compile, &compile);
      steps = measure(benchmark_prove, &prove);
      if (rules == 0 || length == 0 || steps == 0) return 1;
    }
    printf("| %s | %d | %d | %.0f | %.0f | %.0f |\n", policies[policy], rules, length, parse, compile,
           prove);
  }
  return 0;
}
