// Two sides of a user namespace's map.
//
//   mapper wait COUNT   so many processes of nobody, each in a new user namespace without a map; prints
//                       their numbers, and "hit" with what it can do for each that gets a map
//   mapper map          what a program does that takes its own number for a name in /proc: the instrument
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for_a_map(void) {
  char map[128];
  if (unshare(CLONE_NEWUSER)) _exit(1);
  printf("waits %d\n", getpid());
  fflush(stdout);
  for (int i = 0; i < 400; i++) {
    int file = open("/proc/self/uid_map", O_RDONLY);
    ssize_t length = read(file, map, sizeof map - 1);
    close(file);
    if (length > 0) {
      printf("hit %d: setresuid answers %d\n", getpid(), setresuid(0, 0, 0));
      fflush(stdout);
      _exit(0);
    }
    usleep(25000);
  }
  _exit(0);
}

static int map_by_number(void) {
  char name[64];
  int gate[2];
  pid_t parent = getpid();
  if (pipe(gate)) return 1;
  pid_t child = fork();
  if (child == 0) {
    char byte;
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 1) _exit(1);
    snprintf(name, sizeof name, "/proc/%d/uid_map", parent);
    int file = open(name, O_WRONLY);
    _exit(write(file, "0 0 4294967295\n", 15) != 15);
  }
  if (unshare(CLONE_NEWUSER) || write(gate[1], "", 1) != 1) return 1;
  int status;
  return waitpid(child, &status, 0) != child || status != 0;
}

int main(int count, char **words) {
  if (count == 2 && !strcmp(words[1], "map")) return map_by_number();
  if (count != 3 || strcmp(words[1], "wait")) return 2;
  if (setgid(65534) || setuid(65534)) return 1;
  for (int i = atoi(words[2]); i > 0; i--)
    if (fork() == 0) wait_for_a_map();
  while (wait(NULL) > 0) {}
  return 0;
}
