// Tries to get from an allowed port of 127.0.0.1 to another one: network WAY ALLOWED OTHER SECONDS.
// It sends $TOKEN wherever it may, and prints how often a connect worked and how often it did not.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in allowed, other, shared, nobody = {.sin_family = AF_UNSPEC};
static const char *token;
static volatile int over;
static int descriptor = 400;
static unsigned long worked, failed;

static struct sockaddr_in at(const char *port) {
  return (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons((unsigned short)atoi(port)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int go(int socket, const struct sockaddr_in *where) {
  int result = connect(socket, (const struct sockaddr *)where, sizeof *where);
  __atomic_add_fetch(result ? &failed : &worked, 1, __ATOMIC_RELAXED);
  return result;
}

static void say(int socket) { (void)!send(socket, token, strlen(token), MSG_NOSIGNAL | MSG_DONTWAIT); }

// Sends without a connect to the port that is not allowed.
static void fast_open(int socket) {
  sendto(socket, token, strlen(token), MSG_FASTOPEN | MSG_NOSIGNAL | MSG_DONTWAIT,
         (struct sockaddr *)&other, sizeof other);
}

static int fresh(void) { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

static void *swap_address(void *unused) {
  for (int turn = 0; !over; turn = !turn) {
    __atomic_store_n(&shared.sin_port, turn ? other.sin_port : allowed.sin_port, __ATOMIC_RELAXED);
    for (volatile int i = 0; i < 300; i++) continue;
  }
  return unused;
}

static void *connect_shared(void *unused) {
  while (!over) {
    int one = fresh();
    if (!go(one, &shared)) say(one);
    close(one);
  }
  return unused;
}

// One number, under which a fresh socket and others come and go.
static void *swap_descriptor(void *unused) {
  while (!over) {
    int one = fresh();
    if (one < 0) continue;
    dup2(one, descriptor);
    close(one);
  }
  return unused;
}

static void *connect_descriptor(void *argument) {
  while (!over) {
    if (!go(descriptor, argument)) say(descriptor);
  }
  return argument;
}

static void *disconnect(void *unused) {
  while (!over) go(descriptor, &nobody);
  return unused;
}

static void *open_fast(void *unused) {
  while (!over) {
    fast_open(descriptor);
    say(descriptor);
  }
  return unused;
}

static void *shut(void *unused) {
  while (!over) shutdown(descriptor, SHUT_RDWR);
  return unused;
}

static void *listen_there(void *unused) {
  while (!over)
    if (!listen(descriptor, 4)) failed += 0;
  return unused;
}

// One number, under which there is in turn a socket whose connect has failed and one of AF_UNIX.
static void *swap_failed(void *unused) {
  for (int turn = 0; !over; turn = !turn) {
    int one = turn ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)
                   : socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (one < 0) continue;
    if (!turn) go(one, &allowed);
    dup2(one, descriptor);
    close(one);
  }
  return unused;
}

static void *swap_family(void *unused) {
  for (int turn = 0; !over; turn = !turn) {
    __atomic_store_n(&shared.sin_family, turn ? AF_INET : AF_UNIX, __ATOMIC_RELAXED);
    for (volatile int i = 0; i < 300; i++) continue;
  }
  return unused;
}

static void *bind_there(void *unused) {
  while (!over)
    if (!bind(descriptor, (struct sockaddr *)&shared, sizeof shared)) {
      int kept = dup(descriptor);
      usleep(2000);
      close(kept);
    }
  return unused;
}

static void together(double seconds, void *(**ways)(void *), void **arguments, int count) {
  pthread_t threads[8];
  for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, ways[i], arguments[i]);
  usleep((useconds_t)(seconds * 1e6));
  over = 1;
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

// Begins to connect where nobody answers, gives up, and would be free to go elsewhere.
static void give_up(void) {
  int one = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), copy = dup(one);
  if (!go(one, &allowed) || errno != EINPROGRESS) {
    printf("not connecting: %s\n", strerror(errno));
    exit(3);
  }
  int again = dup(one);
  shutdown(one, SHUT_RDWR);
  int sockets[3] = {one, copy, again};
  for (int i = 0; i < 3; i++) {
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    fast_open(sockets[i]);
    if (listen(sockets[i], 4)) continue;
    if (!getsockname(sockets[i], (struct sockaddr *)&own, &size)) printf("listens %d\n", ntohs(own.sin_port));
  }
  fflush(stdout);
  usleep(1500 * 1000);
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  const char *way = argv[1];
  token = getenv("TOKEN");
  allowed = shared = at(argv[2]);
  other = at(argv[3]);
  double seconds = atof(argv[4]);
  if (!strcmp(way, "address")) {
    together(seconds, (void *(*[])(void *)){swap_address, connect_shared, connect_shared, connect_shared},
             (void *[]){NULL, NULL, NULL, NULL}, 4);
  } else if (!strcmp(way, "descriptor")) {
    together(seconds, (void *(*[])(void *)){swap_descriptor, connect_descriptor, connect_descriptor, open_fast},
             (void *[]){NULL, &allowed, &other, NULL}, 4);
  } else if (!strcmp(way, "disconnect")) {
    dup2(fresh(), descriptor);
    together(seconds, (void *(*[])(void *)){disconnect, connect_descriptor, open_fast, listen_there},
             (void *[]){NULL, &allowed, NULL, NULL}, 4);
  } else if (!strcmp(way, "shutdown")) {
    dup2(fresh(), descriptor);
    together(seconds, (void *(*[])(void *)){shut, swap_descriptor, connect_descriptor, open_fast},
             (void *[]){NULL, NULL, &allowed, NULL}, 4);
  } else if (!strcmp(way, "bind")) {
    shared = other;
    together(seconds, (void *(*[])(void *)){swap_failed, swap_family, bind_there, bind_there},
             (void *[]){NULL, NULL, NULL, NULL}, 4);
  } else if (!strcmp(way, "give-up")) {
    give_up();
  } else {
    return 2;
  }
  printf("worked %lu failed %lu\n", worked, failed);
  return 0;
}
