// Looks for servers at PATH.0, PATH.1 and so on as they come, and connects to each. With `race` it makes and
// leaves listening files of its own without pause, and connects only where a server has got the number of one of these:
//     numbers PATH SECONDS race|free
// Prints how many servers came, how many of them were tried, and how many answered.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 64 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Who asks for more than the number makes the file's next time an exact one (Linux 6.13), which would tell it apart.
static unsigned long number_of(const char *path) {
  struct statx file;
  return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_INO, &file) ? 0 : file.stx_ino;
}

static struct sockaddr_un at(const char *path, const char *end) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s.%s", path, end);
  return address;
}

// A file whose number the supervisor hears of once nobody has it any more.
static unsigned long leave_number(const char *path) {
  struct sockaddr_un own = at(path, "own");
  int one = socket(AF_UNIX, SOCK_STREAM, 0);
  unsigned long number = 0;
  if (!bind(one, (struct sockaddr *)&own, sizeof own)) {
    number = number_of(own.sun_path);
    unlink(own.sun_path);
    listen(one, 1);
  }
  close(one);
  return number;
}

static int answers(struct sockaddr_un *server) {
  char answer[8];
  int one = socket(AF_UNIX, SOCK_STREAM, 0);
  int is_there = !connect(one, (struct sockaddr *)server, sizeof *server) && write(one, "x", 1) == 1 && read(one, answer, sizeof answer) > 0;
  close(one);
  return is_there;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  int is_race = !strcmp(argv[3], "race"), came = 0, tried = 0, answered = 0;
  unsigned long own[KEPT] = {0};
  unsigned turn = 0;
  for (double end = now() + atof(argv[2]); now() < end;) {
    if (is_race)
      own[turn++ % KEPT] = leave_number(argv[1]);
    else
      usleep(1000);
    char next[12];
    snprintf(next, sizeof next, "%d", came);
    struct sockaddr_un server = at(argv[1], next);
    unsigned long number = number_of(server.sun_path);
    if (!number) continue;
    came++;
    int is_own = !is_race;
    for (int i = 0; i < KEPT; i++) is_own |= own[i] == number;
    if (!is_own) continue;
    tried++;
    answered += answers(&server);
  }
  printf("%d %d %d\n", came, tried, answered);
  return 0;
}
