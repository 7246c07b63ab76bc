// Makes COUNT attempts, connect and socket in turn, and prints what one of them took in ns.
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  long count = argc > 1 ? atol(argv[1]) : 100000;
  // A socket that the policy allows; connect is refused whatever it is asked for.
  int stream = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  for (long i = 0; i < count; i++) {
    int result = i & 1 ? socket(AF_INET, SOCK_STREAM, 0)
                       : connect(stream, (struct sockaddr *)&address, sizeof address);
    if (result >= 0 || errno != EACCES) return fprintf(stderr, "storm: attempt %ld was not refused\n", i), 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &after);
  double ns = (after.tv_sec - before.tv_sec) * 1e9 + (after.tv_nsec - before.tv_nsec);
  printf("%.0f\n", ns / count);
  return 0;
}
