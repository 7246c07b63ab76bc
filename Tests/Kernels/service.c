/* What a shell cannot do.
 *   service listen PATH          listens there, as somebody outside would; returns once it does
 *   service connect PATH         connects there; the status is the errno
 *   service hold N COMMAND...    runs the command with a network socket as descriptor N
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static int reach(void) {
  int socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
  return socket_ < 0 || connect(socket_, (struct sockaddr *)&address, sizeof address) ? errno : 0;
}

/* Who listens stays: before Linux 6.16 nobody can be asked for one who has ended. */
static int serve(const char *path) {
  int ends[2];
  if (pipe(ends)) return 1;
  if (fork()) {
    char byte;
    close(ends[1]);
    return read(ends[0], &byte, 1) == 1 ? 0 : 1;
  }
  setsid();
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) ||
      chmod(path, 0777) || listen(listener, 4096) || write(ends[1], "", 1) != 1) {
    perror(path);
    return 1;
  }
  close(ends[0]), close(ends[1]);
  for (;;) close(accept(listener, NULL, NULL));
}

static int hold(int number, char **command) {
  if (dup2(socket(AF_INET, SOCK_STREAM, 0), number) != number) {
    perror("socket");
    return 1;
  }
  execvp(command[0], command);
  perror(command[0]);
  return 1;
}

int main(int argc, char **argv) {
  if (argc == 3 && strlen(argv[2]) < sizeof address.sun_path) {
    strcpy(address.sun_path, argv[2]);
    if (!strcmp(argv[1], "listen")) return serve(argv[2]);
    if (!strcmp(argv[1], "connect")) return reach();
  }
  if (argc > 3 && !strcmp(argv[1], "hold")) return hold(atoi(argv[2]), argv + 3);
  return 2;
}
