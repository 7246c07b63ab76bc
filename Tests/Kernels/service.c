/* `service PATH`: listens on a socket of that path, as somebody outside would, until it is killed.
 * Returns once it listens. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, argv[1]);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) ||
      chmod(argv[1], 0777) || listen(listener, 4096)) {
    perror(argv[1]);
    return 1;
  }
  if (fork()) return 0;
  setsid();
  for (;;) close(accept(listener, NULL, NULL));
}
