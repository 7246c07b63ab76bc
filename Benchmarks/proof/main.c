// Prints what compiling and proving each preset costs, in the Embedded build.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int benchmark_compile(int preset, int native);
int benchmark_prove(void);

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(void) {
  enum { rounds = 1000 };
  static double compile[rounds], prove[rounds];
  const char *presets[] = {"default", "strict", "unix", "loopback"};
  const char *natives[] = {"x86_64", "aarch64"};
  printf("| preset | for | instructions | steps | parse and compile, us | proof, us, first | min | p50 |\n");
  printf("|---|---|---|---|---|---|---|---|\n");
  for (int preset = 0; preset < 4; preset++)
    for (int native = 0; native < 2; native++) {
      int length = 0, steps = 0;
      for (int i = 0; i < rounds; i++) {
        double start = now();
        length = benchmark_compile(preset, native);
        double middle = now();
        steps = benchmark_prove();
        compile[i] = middle - start;
        prove[i] = now() - middle;
      }
      if (length == 0 || steps == 0) return 1;
      double first = prove[0];
      qsort(compile, rounds, sizeof *compile, ascending);
      qsort(prove, rounds, sizeof *prove, ascending);
      printf("| %s | %s | %d | %d | %.0f | %.0f | %.0f | %.0f |\n", presets[preset], natives[native],
             length, steps, compile[0], first, prove[0], prove[rounds / 2]);
    }
  return 0;
}
