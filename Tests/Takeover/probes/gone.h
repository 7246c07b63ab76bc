#include <stdio.h>
#include <string.h>
#include <sys/types.h>

/* Whether a process has ended, its zombie included. */
static int is_gone(pid_t process) {
  char name[40], line[200];
  snprintf(name, sizeof name, "/proc/%d/stat", process);
  FILE *file = fopen(name, "r");
  if (!file) return 1;
  size_t length = fread(line, 1, sizeof line - 1, file);
  fclose(file);
  line[length] = 0;
  const char *state = strrchr(line, ')');
  return state && state[2] == 'Z';
}
