// What a connect takes: connect serve, which prints its port and answers until it is ended; connect PORT COUNT, which
// prints the median of COUNT connects to it, in nanoseconds. Making and closing the socket are not counted.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int serve(void) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof own;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&own, size) || listen(listener, 4096) ||
      getsockname(listener, (struct sockaddr *)&own, &size))
    return 1;
  printf("%d\n", ntohs(own.sin_port));
  fflush(stdout);
  for (;;) close(accept(listener, NULL, NULL));
}

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000 + time.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  long one = *(const long *)a, other = *(const long *)b;
  return (one > other) - (one < other);
}

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "serve")) return serve();
  if (argc != 3) return 2;
  struct sockaddr_in there = {.sin_family = AF_INET,
                              .sin_port = htons((unsigned short)atoi(argv[1])),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  size_t count = strtoul(argv[2], NULL, 10);
  long *times = calloc(count, sizeof *times);
  for (size_t i = 0; i < count; i++) {
    int one = socket(AF_INET, SOCK_STREAM, 0);
    long begin = now();
    if (connect(one, (struct sockaddr *)&there, sizeof there)) return perror("connect"), 1;
    times[i] = now() - begin;
    close(one);
  }
  qsort(times, count, sizeof *times, ascending);
  printf("%ld\n", times[count / 2]);
  return 0;
}
